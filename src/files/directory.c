/*-------------------------------------------------------------------------
 *
 * directory.c
 *		A directory of the server: opened, and its files read.
 *
 * A caller needs the privileges of pg_read_server_files, or the directory and
 * every file in it lie, with all symbolic links resolved, below an entry of
 * migrate.allowed_directories.  What is checked is what is opened: a resolved
 * path is walked from that entry one component at a time, following no link,
 * so a link that is swapped in after the check ends in an error.  The walk
 * for a privileged caller starts at "/", and is otherwise the same.
 *
 * Hard links cannot be distinguished from files; the administrator can set
 * fs.protected_hardlinks against those.
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
#include "util/lines.h"
#include "util/names.h"
#include "util/printable.h"

#define READ_FLAGS	(O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
/* room for one byte more, to see the end, and for a NUL */
#define MAX_FILE_SIZE	(MaxAllocSize - 2)

/*
 * Open a regular file in an open directory.  Anything else is never opened: opening
 * can block on a FIFO and can affect a device.  Returns a descriptor or -1 with
 * errno; EISDIR for a directory, ELOOP for a link.
 */
static int
open_regular(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISREG(st.st_mode))
		return openat(dirfd, name, READ_FLAGS);
	errno = S_ISLNK(st.st_mode) ? ELOOP : S_ISDIR(st.st_mode) ? EISDIR : MIGRATE_E_NOT_REGULAR;
	return -1;
}

/*
 * The same; "regular" if the name was that of a regular file when the directory was
 * listed, which is not checked again.  If it is another file now, that shows when it is
 * open (a folder, or a FIFO, which does not block) or cannot be opened (a link).
 */
static int
open_listed(int dirfd, const char *name, bool regular)
{
	return regular ? openat(dirfd, name, READ_FLAGS) : open_regular(dirfd, name);
}

/*
 * The same in a folder that is open, and is closed.
 */
static int
open_in(int folder, const char *name, bool regular)
{
	int			fd = open_listed(folder, name, regular);
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
open_direct(MigrateServerDirectory *dir, const char *name)
{
	const char *slash = strrchr(name, '/');
	bool		regular = dir->others == NULL || !migrate_names_have(dir->others, name);
	int			parent;

	if (slash == NULL)
		return open_listed(dir->fd, name, regular);
	parent = migrate_walk_down(dir->fd, pnstrdup(name, slash - name));
	if (parent < 0)
	{
		/* what was a folder when listed and is ENOTDIR now can only be a link */
		errno = errno == ENOTDIR ? ELOOP : errno;
		return -1;
	}
	return open_in(parent, slash + 1, regular);
}

/*
 * Open a regular file of the directory that is reached through a link.  It is
 * resolved, and the result walked to.
 */
static int
open_link(MigrateServerDirectory *dir, const char *name)
{
	char	   *resolved = migrate_path_resolve(psprintf("%s/%s", dir->resolved, name));
	char	   *slash = resolved == NULL ? NULL : strrchr(resolved, '/');
	int			parent;

	if (resolved == NULL && (dir->confined || strcmp(dir->root, "/") == 0))
		return -1;
	if (resolved == NULL || !migrate_path_is_below(resolved, dir->root))
	{
		errno = dir->confined ? MIGRATE_E_CONFINED : MIGRATE_E_OUTSIDE;
		return -1;
	}
	/* the root itself is not below it */
	if (strcmp(resolved, dir->root) == 0)
	{
		errno = EISDIR;
		return -1;
	}
	*slash = '\0';
	parent = migrate_walk(dir->root, resolved);
	if (parent < 0)
		return -1;
	return open_in(parent, slash + 1, false);
}

/*
 * Open a file of the directory for reading; -1 if it is a subdirectory.
 *
 * A link that is switched while it is resolved shows as an error of the walk:
 * once more, then give up.
 */
static int
open_file(MigrateServerDirectory *dir, const char *name)
{
	int			fd = open_direct(dir, name);

	for (int tries = 0; tries < 2 && fd < 0 && errno == ELOOP; tries++)
	{
		fd = open_link(dir, name);
		if (fd < 0 && (errno == ENOTDIR || errno == ENOENT))
			errno = tries == 0 ? ELOOP : errno;
	}
	if (fd < 0 && errno != EISDIR)
		migrate_could_not_open("file", name);
	return fd;
}

static void
close_directory(void *arg)
{
	MigrateServerDirectory *dir = arg;

	close(dir->fd);
	ReleaseExternalFD();
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
		errno = MIGRATE_E_OUTSIDE;
		return -1;
	}
	fd = migrate_walk(root, target);
	/* do not reveal where a link leads */
	if (fd < 0 && strcmp(root, "/") != 0)
	{
		int			save_errno = errno;

		errno = save_errno == ENOTDIR && migrate_path_resolve(path) == NULL ? MIGRATE_E_OUTSIDE : save_errno;
	}
	return fd;
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
 * Read all that an open file has, whatever its size was a moment ago; NULL if it is a
 * folder.
 */
static char *
read_descriptor(int fd, const char *name, int *length)
{
	struct stat st;
	size_t		size;
	size_t		used = 0;
	char	   *data;

	if (fstat(fd, &st) < 0)
		migrate_could_not_open("file", name);
	if (S_ISDIR(st.st_mode))
		return NULL;
	if (!S_ISREG(st.st_mode))
	{
		errno = MIGRATE_E_NOT_REGULAR;
		migrate_could_not_open("file", name);
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
 * Read a file; NULL if it has become a folder meanwhile.
 */
static char *
read_bytes(MigrateDirectory *directory, const char *name, int *length)
{
	MigrateServerDirectory *dir = (MigrateServerDirectory *) directory;
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

static char *
read_text(MigrateDirectory *directory, const char *name, int *length)
{
	char	   *data = read_bytes(directory, name, length);

	return data == NULL ? NULL : migrate_directory_decode(name, data, length);
}

static const MigrateFilesMethods server_methods = {
	.bytes = read_bytes,.text = read_text
};

/*
 * Open a directory of the server for the current role.
 *
 * "path" must be absolute.  Errors: 22023 for a relative path, 42501 without the
 * privilege, 42809 for something else than a directory, else what the operating
 * system says.  If "confined", a privileged role cannot follow a link out of it
 * either: adopt(), baseline() and repair() store files without running them, and a
 * link must not copy any file of the server into the history.  The directory stays
 * open as long as CurrentMemoryContext lives, so switching a link to another
 * release meanwhile does not mix two of them.
 */
MigrateDirectory *
migrate_server_open(const char *path, bool confined)
{
	MigrateServerDirectory *dir = palloc0(sizeof(MigrateServerDirectory));
	char	   *target;

	dir->base.methods = &server_methods;
	dir->base.label = psprintf("directory \"%s\"", path);
	dir->path = pstrdup(path);
	canonicalize_path(dir->path);
	if (!is_absolute_path(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path of directory \"%s\" is not absolute", path),
				 errhint(MIGRATE_HINT_WHERE)));
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
		migrate_could_not_open("directory", dir->path);
	}
	if (confined && strcmp(dir->root, "/") == 0)
	{
		dir->root = dir->resolved;
		dir->confined = true;
	}
	dir->close.func = close_directory;
	dir->close.arg = dir;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &dir->close);

	migrate_server_list(dir);
	return &dir->base;
}

/*
 * A directory that is one of the server, which it has to be.
 */
static const MigrateServerDirectory *
server_directory(const MigrateDirectory *dir)
{
	if (dir->methods != &server_methods)
		elog(ERROR, "files are not those of a directory of the server");
	return (const MigrateServerDirectory *) dir;
}

/*
 * The path of a directory of the server, as it was given.
 */
const char *
migrate_directory_path(const MigrateDirectory *dir)
{
	return server_directory(dir)->path;
}

/*
 * Open a directory of the server once more, or a folder in it, following no link.  Returns a
 * descriptor that the caller has to close, to find names with and no more; -1 with
 * errno if that is not possible.
 */
int
migrate_directory_folder(const MigrateDirectory *dir, const char *folder)
{
	return migrate_walk_down(server_directory(dir)->fd, folder);
}
