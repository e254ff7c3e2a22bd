/*-------------------------------------------------------------------------
 *
 * walk.c
 *		Opens what a path leads to, following no link.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/walk.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "files/files_int.h"
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

/*
 * Raise the error for something that could not be opened, for the reason in errno.
 */
void
migrate_could_not_open(const char *kind, const char *name)
{
	bool		missing = errno == ENOENT && strcmp(kind, "directory") == 0;

	if (errno == MIGRATE_E_OUTSIDE)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for %s \"%s\"", kind, name),
				 errdetail("It is a link that leads out of the directory, and not to a file below an entry of \"%s\".",
						   "migrate.allowed_directories")));
	if (errno == MIGRATE_E_CONFINED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for %s \"%s\"", kind, name),
				 errdetail("It is a link that leads out of the directory.")));
	if (errno == MIGRATE_E_NOT_REGULAR)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a regular file", name)));
	if (errno == ENOTDIR)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a directory", name)));
	ereport(ERROR,
			(migrate_errcode_for_file(),
			 errmsg("could not open %s \"%s\": %m", kind, name),
			 missing ? errhint(MIGRATE_HINT_WHERE) :
			 migrate_errhint_for_file("read it, and to search the folders above it")));
}

/*
 * From the open directory "fd", which stays open, down the components of a path,
 * following no link.  Returns a descriptor that the caller has to close, or -1
 * with errno.
 */
int
migrate_walk_down(int fd, const char *path)
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
 * Open the directory "path", which is resolved and below "root", following no link
 * either.  Returns as migrate_walk_down().
 */
int
migrate_walk(const char *root, const char *path)
{
	int			top = open(root, WALK_FLAGS);
	int			fd;
	int			save_errno;

	if (top < 0)
		return -1;
	fd = migrate_walk_down(top, path + (strcmp(root, "/") == 0 ? 0 : strlen(root)));
	save_errno = errno;
	close(top);
	errno = save_errno;
	return fd;
}
