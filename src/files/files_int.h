/*-------------------------------------------------------------------------
 *
 * files_int.h
 *		What the files of this folder share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/files_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FILES_FILES_INT_H
#define MIGRATE_FILES_FILES_INT_H

#include <fcntl.h>

#include "files/files.h"
#include "util/compat.h"

#define MIGRATE_LIST_FLAGS	(O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* for a directory that the server does not have: often the client has it */
#define MIGRATE_HINT_WHERE	\
	"Give the absolute path of a directory on the server, or send the files as \"files\", where there is such an argument."

/*
 * Our own reasons for not opening something travel in errno, as values that
 * the system calls do not give.
 */
#define MIGRATE_E_OUTSIDE		EXDEV	/* resolves to something outside of
										 * the root */
#define MIGRATE_E_CONFINED		EDOM	/* the same, of a directory whose
										 * files are stored without running */
#define MIGRATE_E_NOT_REGULAR	ENXIO	/* FIFO, socket, device */

/*
 * What a place for files has to do: all that depends on where they are.
 */
typedef struct MigrateFilesMethods
{
	/*
	 * the bytes of a file, in UTF-8, palloc'd and NUL-terminated, and how
	 * many
	 */
	char	   *(*bytes) (MigrateDirectory *dir, const char *name, int *length);
	/* the same as text in the database encoding, without a byte order mark */
	char	   *(*text) (MigrateDirectory *dir, const char *name, int *length);
	bool		fixed;			/* nothing changes while it is open */
} MigrateFilesMethods;

struct MigrateDirectory
{
	const MigrateFilesMethods *methods;
	const char *label;			/* for messages */
	List	   *names;			/* of all files in it, relative to it, sorted
								 * bytewise */
};

/* more are a mistake */
#define MIGRATE_MAX_FILES		1000000

/*
 * A directory of the server.
 */
typedef struct MigrateServerDirectory
{
	MigrateDirectory base;
	char	   *path;			/* as given, canonical */
	char	   *resolved;		/* where it led when it was opened */
	char	   *root;			/* resolved; no file outside it is read */
	bool		confined;		/* which is the directory itself */
	int			fd;				/* the open directory */
	MemoryContextCallback close;	/* closes fd */
	int			links;			/* so many of the names are of links to
								 * folders */
	struct MigrateNames *others;	/* names that were not known to be those
									 * of regular files when they were listed;
									 * NULL: none */
} MigrateServerDirectory;

/* in walk.c */
pg_noreturn extern void migrate_could_not_open(const char *kind, const char *name);
extern int	migrate_walk_down(int fd, const char *path);
extern int	migrate_walk(const char *root, const char *path);

/* in listing.c */
extern void migrate_server_list(MigrateServerDirectory *dir);

/* in directory.c */
extern MigrateDirectory *migrate_server_open(const char *path, bool confined);
extern int	migrate_directory_folder(const MigrateDirectory *dir, const char *folder);

/* in client.c */
extern MigrateDirectory *migrate_client_open(struct varlena *files);

/* in permission.c */
extern bool migrate_path_is_below(const char *path, const char *root);
extern char *migrate_path_resolve(const char *path);
extern char *migrate_permitted_root(const char *path, char **target);

#endif							/* MIGRATE_FILES_FILES_INT_H */
