/*-------------------------------------------------------------------------
 *
 * directory.c
 *		Who may read which directory; its names; its files as text.
 *
 * Only this file and write.c touch the file system.
 *
 * A caller needs the privileges of pg_read_server_files, or the directory and
 * every file in it lie, with all symbolic links resolved, below an entry of
 * migrate.allowed_directories.  What is checked is what is opened: a resolved
 * path is walked from that entry one component at a time, following no link,
 * so a link that is swapped in after the check ends in an error.  The walk
 * for a privileged caller starts at "/", and is otherwise the same.
 *
 * Hard links cannot be told from files; fs.protected_hardlinks is the
 * administrator's means against those.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/directory.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/stat.h>

#include "mb/pg_wchar.h"

#include "files/files_int.h"
#include "util/compat.h"
#include "util/lines.h"
#include "util/printable.h"

/* to pass through a directory takes less than to list it */
#if defined(O_SEARCH)

#define O_PASS		O_SEARCH

#elif defined(O_PATH)

#define O_PASS		O_PATH

#else

#define O_PASS		O_RDONLY

#endif

#define WALK_FLAGS	(O_PASS | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define LIST_FLAGS	(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define READ_FLAGS	(O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
/*
 * Folders in folders are looked into so deep; what is below counts as folders that
 * cannot be read.  A loop of links ends there.
 */
#define MAX_DEPTH		8
/* who has more has given the wrong directory */
#define MAX_NAMES		1000000
/* links to folders with links to folders multiply */
#define MAX_LINKS		1000
/* room for one byte more, to see the end, and for a NUL */
#define MAX_FILE_SIZE	(MaxAllocSize - 2)

struct MigrateDirectory
{
	char	   *path;			/* as given, canonical */
	char	   *resolved;		/* where it led when it was opened */
	char	   *root;			/* resolved; no file outside it is read */
	int			fd;				/* the open directory */
	MemoryContextCallback close;	/* closes fd */
	List	   *names;			/* of all below it, sorted bytewise */
	int			links;			/* so many of them to folders */
};

/*
 * A folder that is being listed, and the one that it is in.
 */
typedef struct Folder
{
	const struct Folder *outer;
	int			fd;
	const char *prefix;			/* of the names in it */
	int			depth;
	dev_t		dev;
	ino_t		ino;
} Folder;

/*
 * Our own reasons for not opening something travel in errno, as values that
 * the system calls below do not give.
 */
#define E_OUTSIDE		EXDEV	/* resolves to something outside of the root */
#define E_NOT_REGULAR	ENXIO	/* FIFO, socket, device */

pg_noreturn static void could_not_open(const char *kind, const char *name);

static void
could_not_open(const char *kind, const char *name)
{
	if (errno == E_OUTSIDE)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for %s \"%s\"", kind, name),
				 errdetail("It is a link that leads out of the directory, and not to a file below an entry of \"%s\".",
						   "migrate.allowed_directories")));
	if (errno == E_NOT_REGULAR)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a regular file", name)));
	if (errno == ENOTDIR)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a directory", name)));
	ereport(ERROR,
			(migrate_errcode_for_file(),
			 errmsg("could not open %s \"%s\": %m", kind, name)));
}

/*
 * From the open directory "fd", which stays open, down the components of a path,
 * following no link.  Returns a descriptor that the caller has to close, or -1
 * with errno.
 */
static int
walk_down(int fd, const char *path)
{
	char	   *rest = pstrdup(path);
	char	   *save = NULL;
	int			at = fd;

	for (char *component = strtok_r(rest, "/", &save);
		 at >= 0 && component != NULL;
		 component = strtok_r(NULL, "/", &save))
	{
		int			below = openat(at, component, WALK_FLAGS);
		int			save_errno = errno;

		if (at != fd)
			close(at);
		errno = save_errno;
		at = below;
	}
	pfree(rest);
	return at == fd ? openat(fd, ".", WALK_FLAGS) : at;
}

/*
 * Open the directory "path", which is resolved and below "root", likewise.
 */
static int
walk(const char *root, const char *path)
{
	int			top = open(root, WALK_FLAGS);
	int			fd;
	int			save_errno;

	if (top < 0)
		return -1;
	fd = walk_down(top, path + (strcmp(root, "/") == 0 ? 0 : strlen(root)));
	save_errno = errno;
	close(top);
	errno = save_errno;
	return fd;
}

/*
 * Open a regular file in an open directory.  Anything else is never opened:
 * opening alone can block on a FIFO and act on a device.  Returns a descriptor
 * or -1 with errno; EISDIR for a directory, ELOOP for a link.
 */
static int
open_regular(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISREG(st.st_mode))
		return openat(dirfd, name, READ_FLAGS);
	errno = S_ISLNK(st.st_mode) ? ELOOP : S_ISDIR(st.st_mode) ? EISDIR : E_NOT_REGULAR;
	return -1;
}

/*
 * The same in a folder that is open, and is closed.
 */
static int
open_in(int folder, const char *name)
{
	int			fd = open_regular(folder, name);
	int			save_errno = errno;

	close(folder);
	errno = save_errno;
	return fd;
}

/*
 * Open a regular file of the directory, or of a folder in it; ELOOP if there is
 * a link on the way.
 */
static int
open_direct(MigrateDirectory *dir, const char *name)
{
	const char *slash = strrchr(name, '/');
	int			parent;

	if (slash == NULL)
		return open_regular(dir->fd, name);
	parent = walk_down(dir->fd, pnstrdup(name, slash - name));
	if (parent < 0)
	{
		/* what else than a link should a folder have become? */
		errno = errno == ENOTDIR ? ELOOP : errno;
		return -1;
	}
	return open_in(parent, slash + 1);
}

/*
 * Open a regular file of the directory that is reached through a link.  It is
 * resolved, and the result walked to.
 */
static int
open_link(MigrateDirectory *dir, const char *name)
{
	char	   *resolved = migrate_path_resolve(psprintf("%s/%s", dir->resolved, name));
	char	   *slash = resolved == NULL ? NULL : strrchr(resolved, '/');
	int			parent;

	if (resolved == NULL && strcmp(dir->root, "/") == 0)
		return -1;
	if (resolved == NULL || !migrate_path_is_below(resolved, dir->root))
	{
		errno = E_OUTSIDE;
		return -1;
	}
	*slash = '\0';
	parent = walk(dir->root, resolved);
	if (parent < 0)
		return -1;
	return open_in(parent, slash + 1);
}

/*
 * Open a file of the directory for reading; -1 if it is a subdirectory.
 *
 * A link that is switched while it is resolved shows as an error of the walk:
 * once more, then give up.
 */
static int
open_file(MigrateDirectory *dir, const char *name)
{
	int			fd = open_direct(dir, name);

	for (int tries = 0; tries < 2 && fd < 0 && errno == ELOOP; tries++)
	{
		fd = open_link(dir, name);
		if (fd < 0 && (errno == ENOTDIR || errno == ENOENT))
			errno = tries == 0 ? ELOOP : errno;
	}
	if (fd < 0 && errno != EISDIR)
		could_not_open("file", name);
	return fd;
}

static void
close_directory(void *arg)
{
	MigrateDirectory *dir = arg;

	close(dir->fd);
	ReleaseExternalFD();
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/*
 * A name that cannot be stored, shown and dumped.  It is an error for one that may
 * be a migration; any other is left alone.  In a folder that depends on the
 * format, so the folder counts as one that cannot be read.
 */
static void
take_invalid_name(MigrateDirectory *dir, const char *name, const char *prefix)
{
	if (!migrate_is_sql_file(name))
		return;
	if (*prefix == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("invalid byte sequence for encoding \"%s\" in a file name",
						GetDatabaseEncodingName()),
				 errdetail("The directory is \"%s\".", dir->path)));
	dir->names = lappend(dir->names, pstrdup(prefix));
}

/*
 * Is an entry of an open directory a folder, as far as can be told without
 * following a link?
 */
static bool
is_folder(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/*
 * Does an open folder, which a link has led to, lead back to itself: is it one of
 * those that are being listed?
 */
static bool
is_loop(MigrateDirectory *dir, const Folder *folder, int fd)
{
	struct stat st;

	if (++dir->links > MAX_LINKS)
	{
		close(fd);
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("directory \"%s\" has more than %d links to folders", dir->path, MAX_LINKS)));
	}
	if (fstat(fd, &st) < 0)
		return false;
	for (; folder != NULL; folder = folder->outer)
		if (folder->dev == st.st_dev && folder->ino == st.st_ino)
			return true;
	return false;
}

/*
 * Open a folder in another to list it, through a link if need be.  -1 if the name is
 * not that of a folder; *closed if it is one that cannot be read, or where a link
 * leads is not to be told, or it leads in a circle.
 */
static int
open_folder(MigrateDirectory *dir, const Folder *folder, const char *name, const char *path,
			bool *closed)
{
	struct stat st;
	int			dirfd = folder->fd;
	int			fd = openat(dirfd, name, LIST_FLAGS | O_NOFOLLOW);
	char	   *resolved;

	*closed = false;
	if (fd >= 0)
		return fd;
	if (is_folder(dirfd, name))
	{
		*closed = true;
		return -1;
	}
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK(st.st_mode))
		return -1;
	resolved = migrate_path_resolve(psprintf("%s/%s", dir->resolved, path));
	if (resolved == NULL || !migrate_path_is_below(resolved, dir->root))
	{
		*closed = strcmp(dir->root, "/") != 0;
		return -1;
	}
	fd = walk(dir->root, resolved);
	if (fd >= 0)
	{
		int			list = openat(fd, ".", LIST_FLAGS);

		close(fd);
		fd = list;
	}
	*closed = fd < 0 && errno != ENOTDIR;
	if (fd >= 0 && is_loop(dir, folder, fd))
	{
		close(fd);
		*closed = true;
		return -1;
	}
	return fd;
}

static void list_folder(MigrateDirectory *dir, int fd, const char *prefix, const Folder *outer);

/*
 * Take an entry of a folder into dir->names, with what is below it.  What its
 * name says to be a file is not looked at.
 */
static void
take_entry(MigrateDirectory *dir, const Folder *folder, const struct dirent *entry)
{
	const char *prefix = folder->prefix;
	char	   *path = *prefix ? psprintf("%s%s", prefix, entry->d_name) : pstrdup(entry->d_name);
	bool		closed = false;
	int			fd = -1;

	if (!pg_verifymbstr(entry->d_name, strlen(entry->d_name), true))
	{
		take_invalid_name(dir, entry->d_name, prefix);
		return;
	}
#ifdef DT_REG
	if (entry->d_type != DT_REG)
#endif
		if (!migrate_is_sql_file(entry->d_name) || is_folder(folder->fd, entry->d_name))
			fd = open_folder(dir, folder, entry->d_name, path, &closed);
	if (fd >= 0 && folder->depth < MAX_DEPTH)
		list_folder(dir, fd, psprintf("%s/", path), folder);
	else if (fd >= 0)
	{
		close(fd);
		dir->names = lappend(dir->names, psprintf("%s/", path));
	}
	else
		dir->names = lappend(dir->names, closed ? psprintf("%s/", path) : path);
	if (list_length(dir->names) > MAX_NAMES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("directory \"%s\" has more than %d files", dir->path, MAX_NAMES)));
}

/*
 * Add the names in an open folder, which is closed, to dir->names, without
 * hidden ones, each behind "prefix".  "outer" is the folder that it is in, NULL for
 * the directory itself.
 */
static void
list_folder(MigrateDirectory *dir, int fd, const char *prefix, const Folder *outer)
{
	Folder		folder = {.outer = outer,.fd = fd,.prefix = prefix,.depth = outer ? outer->depth + 1 : 0};
	struct stat st;
	char	   *path = *prefix ? psprintf("%s/%s", dir->path, prefix) : dir->path;
	DIR		   *stream = fd < 0 ? NULL : fdopendir(fd);

	if (stream == NULL)
	{
		int			save_errno = errno;

		if (fd >= 0)
			close(fd);
		errno = save_errno;
		could_not_open("directory", path);
	}
	if (fstat(fd, &st) == 0)
	{
		folder.dev = st.st_dev;
		folder.ino = st.st_ino;
	}
	PG_TRY();
	{
		struct dirent *entry;

		while ((entry = ReadDir(stream, path)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			if (entry->d_name[0] != '.')
				take_entry(dir, &folder, entry);
		}
	}
	PG_FINALLY();
	{
		closedir(stream);
	}
	PG_END_TRY();
}

/*
 * Open what migrate_permitted_root() has found; -1 with errno set if that is not possible.
 */
static int
open_target(const char *root, const char *target, const char *path)
{
	int			fd;

	if (target == NULL)
	{
		target = migrate_path_resolve(path);	/* says once more why not */
		if (target == NULL)
			return -1;
	}
	if (!migrate_path_is_below(target, root))
	{
		errno = E_OUTSIDE;
		return -1;
	}
	fd = walk(root, target);
	/* a link where the path leads nowhere: where to is none of their business */
	if (fd < 0 && strcmp(root, "/") != 0)
	{
		int			save_errno = errno;

		errno = save_errno == ENOTDIR && migrate_path_resolve(path) == NULL ? E_OUTSIDE : save_errno;
	}
	return fd;
}

/*
 * Open a directory of the server for the current role.
 *
 * "path" must be absolute.  Errors: 22023 for a relative path, 42501 without
 * the privilege, 42809 for something else than a directory, else what the
 * operating system says.  If "contained", no link leads out of it for a privileged
 * role either: what is not run but stored shall not be any file of the server.  The
 * directory stays open as long as
 * CurrentMemoryContext lives, so a link that is switched to another release
 * meanwhile does not mix two of them.
 */
MigrateDirectory *
migrate_directory_open(const char *path, bool contained)
{
	MigrateDirectory *dir = palloc0(sizeof(MigrateDirectory));
	char	   *target;

	dir->path = pstrdup(path);
	canonicalize_path(dir->path);
	if (!is_absolute_path(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path of directory \"%s\" is not absolute", path)));
	dir->root = migrate_permitted_root(dir->path, &target);

	if (!AcquireExternalFD())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("could not open directory \"%s\": %m", dir->path)));
	dir->resolved = target;
	dir->fd = open_target(dir->root, target, dir->path);
	if (dir->fd < 0)
	{
		int			save_errno = errno;

		ReleaseExternalFD();
		errno = save_errno;
		could_not_open("directory", dir->path);
	}
	if (contained && strcmp(dir->root, "/") == 0)
		dir->root = dir->resolved;
	dir->close.func = close_directory;
	dir->close.arg = dir;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &dir->close);

	list_folder(dir, openat(dir->fd, ".", LIST_FLAGS), "", NULL);
	list_sort(dir->names, compare_names);
	return dir;
}

/*
 * The names (char *) of the files in the directory and in folders below it when
 * it was opened, sorted bytewise, without hidden ones.  They are relative to it;
 * one that ends in "/" is a folder that cannot be read.  They belong to "dir".
 */
List *
migrate_directory_names(const MigrateDirectory *dir)
{
	return dir->names;
}

static void
check_size(const char *name, size_t size)
{
	if (size > MAX_FILE_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("file \"%s\" is too large", name),
				 errdetail("A migration file may have at most %zu bytes.",
						   (size_t) MAX_FILE_SIZE)));
}

/*
 * Read all that an open file has, whatever its size was a moment ago.
 */
static char *
read_descriptor(int fd, const char *name, int *length)
{
	struct stat st;
	size_t		size;
	size_t		used = 0;
	char	   *data;

	if (fstat(fd, &st) < 0)
		could_not_open("file", name);
	if (!S_ISREG(st.st_mode))
	{
		errno = E_NOT_REGULAR;
		could_not_open("file", name);
	}
	check_size(name, st.st_size);
	size = st.st_size + 1;
	data = palloc(size + 1);
	for (;;)
	{
		size_t		wanted = Min(size - used, MIGRATE_BLOCK);
		ssize_t		got;

		CHECK_FOR_INTERRUPTS();
		got = read(fd, data + used, wanted);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			ereport(ERROR,
					(migrate_errcode_for_file(),
					 errmsg("could not read file \"%s\": %m", name)));
		used += got;
		check_size(name, used);
		if (got < wanted)
			break;				/* a regular file gives less only at its end */
		if (used == size)
		{
			size = Min(size * 2, MAX_FILE_SIZE + 1);
			data = repalloc(data, size + 1);
		}
	}
	data[used] = '\0';
	*length = (int) used;
	return data;
}

/*
 * Read a file of the directory, "name" being one of its names.
 *
 * Returns its bytes, palloc'd and NUL-terminated, and how many there are; NULL if
 * it has become a folder meanwhile.
 */
char *
migrate_directory_bytes(MigrateDirectory *dir, const char *name, int *length)
{
	char	   *volatile data = NULL;
	volatile int fd = -1;

	CHECK_FOR_INTERRUPTS();
	if (!AcquireExternalFD())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("could not open file \"%s\": %m", name)));
	PG_TRY();
	{
		fd = open_file(dir, name);
		if (fd >= 0)
			data = read_descriptor(fd, name, length);
	}
	PG_FINALLY();
	{
		if (fd >= 0)
			close(fd);
		ReleaseExternalFD();
	}
	PG_END_TRY();

	return data;
}

/*
 * Read a file of the directory as text in the database encoding, without a byte
 * order mark; else as the above.
 */
char *
migrate_directory_read(MigrateDirectory *dir, const char *name, int *length)
{
	char	   *data = migrate_directory_bytes(dir, name, length);

	return data == NULL ? NULL : migrate_directory_decode(name, data, length);
}

/*
 * The path of the directory, as it was given.
 */
const char *
migrate_directory_path(const MigrateDirectory *dir)
{
	return dir->path;
}

/*
 * Open the directory once more, or a folder in it, following no link.  Returns a
 * descriptor that the caller has to close, to find names with and no more; -1 with
 * errno if that is not possible.
 */
int
migrate_directory_folder(const MigrateDirectory *dir, const char *folder)
{
	return walk_down(dir->fd, folder);
}
