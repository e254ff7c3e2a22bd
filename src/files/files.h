/*-------------------------------------------------------------------------
 *
 * files.h
 *		Files of migrations, of a directory or from the client: listed, read, written.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/files.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FILES_FILES_H
#define MIGRATE_FILES_FILES_H

#include "nodes/pg_list.h"

struct varlena;

/*
 * Where the files are, as the caller says: at most one of these is given.
 */
typedef struct MigrateLocation
{
	const char *dir;			/* path of a directory of the server, or NULL */
	struct varlena *files;		/* jsonb: an object of names and texts, or
								 * NULL */
} MigrateLocation;

/*
 * A directory of migrations that the caller may read, wherever it is; see files.c.
 */
typedef struct MigrateDirectory MigrateDirectory;

/*
 * A file that is to be written.
 */
typedef struct MigrateNewFile
{
	char	   *file;			/* relative to the directory */
	const char *str;
	bool		new_folder;		/* its folder is new as well */
} MigrateNewFile;

/* in path.c */
extern bool migrate_has_suffix(const char *name, const char *suffix);
extern bool migrate_is_sql_file(const char *name);
extern bool migrate_is_settings_file(const char *name);
extern const char *migrate_base_name(const char *file);

/* in files.c */
extern bool migrate_location_is_given(const MigrateLocation *location);
extern MigrateDirectory *migrate_directory_open(const MigrateLocation *location, bool confined);
extern List *migrate_directory_names(const MigrateDirectory *dir);
extern char *migrate_directory_bytes(MigrateDirectory *dir, const char *name, int *length);
extern char *migrate_directory_read(MigrateDirectory *dir, const char *name, int *length);
extern const char *migrate_directory_label(const MigrateDirectory *dir);
extern bool migrate_directory_is_fixed(const MigrateDirectory *dir);

/* in encoding.c */
extern char *migrate_directory_decode(const char *name, char *data, int *length);

/* in directory.c */
extern const char *migrate_directory_path(const MigrateDirectory *dir);

/* in write.c */
extern const char *migrate_directory_write(const MigrateDirectory *dir, List *files);

#endif							/* MIGRATE_FILES_FILES_H */
