/*-------------------------------------------------------------------------
 *
 * names.h
 *		A table of names.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/names.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_UTIL_NAMES_H
#define MIGRATE_UTIL_NAMES_H

#include "nodes/pg_list.h"

/*
 * Names and what they refer to; see names.c.
 */
typedef struct MigrateNames MigrateNames;

/* in names.c */
extern MigrateNames *migrate_names_create(void);
extern void migrate_names_free(MigrateNames *names);
extern bool migrate_names_add(MigrateNames *names, const char *name, void *value);
extern void *migrate_names_get(const MigrateNames *names, const char *name);
extern bool migrate_names_have(const MigrateNames *names, const char *name);
extern void migrate_names_remove(MigrateNames *names, const char *name);
extern List *migrate_names_list(const MigrateNames *names);
extern char *migrate_fold_name(const char *name, int length);

#endif							/* MIGRATE_UTIL_NAMES_H */
