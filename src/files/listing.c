/*-------------------------------------------------------------------------
 *
 * listing.c
 *		The names in a directory and in the folders below it.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/listing.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/stat.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "files/files_int.h"
#include "util/names.h"
#include "util/printable.h"

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
 * Folders in folders are looked into so deep; what is below counts as folders that
 * cannot be read.  A loop of links ends there.
 */
#define MAX_FOLDER_DEPTH		8

/* links to folders with links to folders multiply */
#define MAX_LINKS		1000

static int
compare_paths(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/*
 * Check a name that cannot be stored, shown and dumped.  That is an error if it may
 * be a migration; otherwise the name is ignored.  Within a folder this depends on
 * the format, so the folder counts as one that cannot be read.
 */
static void
add_invalid_name(MigrateServerDirectory *dir, const char *name, const char *prefix)
{
	if (!migrate_is_sql_file(name))
		return;
	if (*prefix == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("invalid byte sequence for encoding \"%s\" in a file name",
						GetDatabaseEncodingName()),
				 errdetail("The directory is \"%s\".", dir->path)));
	dir->base.names = lappend(dir->base.names, pstrdup(prefix));
}

/*
 * Is an entry of an open directory a folder?  Links are not followed.
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
is_loop(MigrateServerDirectory *dir, const Folder *folder, int fd)
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
 * Open a folder in another to list it, through a link if need be.  -1 if the name
 * is not that of a folder; *closed is set if the folder cannot be read, a link must
 * not reveal where it leads and has not the name of a settings file, or a link leads in a
 * circle.
 */
static int
open_folder(MigrateServerDirectory *dir, const Folder *folder, const char *name, const char *path,
			bool *closed)
{
	struct stat st;
	int			dirfd = folder->fd;
	int			fd = openat(dirfd, name, MIGRATE_LIST_FLAGS | O_NOFOLLOW);
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
		*closed = strcmp(dir->root, "/") != 0 && !migrate_is_settings_file(name);
		return -1;
	}
	fd = migrate_walk(dir->root, resolved);
	if (fd >= 0)
	{
		int			list = openat(fd, ".", MIGRATE_LIST_FLAGS);

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

static void list_folder(MigrateServerDirectory *dir, int fd, const char *prefix, const Folder *outer);

/*
 * Add an entry of a folder to dir->base.names, with what is below it.  An entry whose
 * name is that of a file is not examined.
 */
static void
add_entry(MigrateServerDirectory *dir, const Folder *folder, const struct dirent *entry)
{
	const char *prefix = folder->prefix;
	char	   *path = *prefix ? psprintf("%s%s", prefix, entry->d_name) : pstrdup(entry->d_name);
	bool		closed = false;
	bool		regular = false;
	int			fd = -1;

	if (!pg_verifymbstr(entry->d_name, strlen(entry->d_name), true))
	{
		add_invalid_name(dir, entry->d_name, prefix);
		return;
	}
#ifdef DT_REG
	regular = entry->d_type == DT_REG;
#endif
	if (!regular)
	{
		if (dir->others == NULL)
			dir->others = migrate_names_create();
		(void) migrate_names_add(dir->others, path, NULL);
		if (!migrate_is_sql_file(entry->d_name) || is_folder(folder->fd, entry->d_name))
			fd = open_folder(dir, folder, entry->d_name, path, &closed);
	}
	if (fd >= 0 && folder->depth < MAX_FOLDER_DEPTH)
		list_folder(dir, fd, psprintf("%s/", path), folder);
	else if (fd >= 0)
	{
		close(fd);
		dir->base.names = lappend(dir->base.names, psprintf("%s/", path));
	}
	else
		dir->base.names = lappend(dir->base.names, closed ? psprintf("%s/", path) : path);
	if (list_length(dir->base.names) > MIGRATE_MAX_FILES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("directory \"%s\" has more than %d files", dir->path, MIGRATE_MAX_FILES)));
}

/*
 * Add the names in an open folder, which this closes, to dir->base.names, each with
 * "prefix" before it; hidden names are skipped.  "outer" is the folder that it is
 * in, NULL for the directory itself.
 */
static void
list_folder(MigrateServerDirectory *dir, int fd, const char *prefix, const Folder *outer)
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
		migrate_could_not_open("directory", path);
	}
	ReserveExternalFD();
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
				add_entry(dir, &folder, entry);
		}
	}
	PG_FINALLY();
	{
		closedir(stream);
		ReleaseExternalFD();
	}
	PG_END_TRY();
}

/*
 * Fill dir->base.names, which are of all that is below the open directory.
 */
void
migrate_server_list(MigrateServerDirectory *dir)
{
	list_folder(dir, openat(dir->fd, ".", MIGRATE_LIST_FLAGS), "", NULL);
	list_sort(dir->base.names, compare_paths);
}
