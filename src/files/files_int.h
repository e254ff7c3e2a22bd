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

#include "files/files.h"

/* in directory.c */
extern int	migrate_directory_folder(const MigrateDirectory *dir, const char *folder);

/* in permission.c */
extern bool migrate_path_is_below(const char *path, const char *root);
extern char *migrate_path_resolve(const char *path);
extern char *migrate_permitted_root(const char *path, char **target);

#endif							/* MIGRATE_FILES_FILES_INT_H */
