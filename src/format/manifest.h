/*-------------------------------------------------------------------------
 *
 * manifest.h
 *		Files about the other files of a directory.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/manifest.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_MANIFEST_H
#define MIGRATE_FORMAT_MANIFEST_H

#include "nodes/pg_list.h"

#include "format/format.h"
#include "util/compat.h"

typedef struct MigrateAtlasSum MigrateAtlasSum;

typedef char *(*MigrateReadFile) (void *arg, const char *file, int *length);

/* in atlas_sum.c */
extern MigrateAtlasSum *migrate_atlas_sum_begin(const char *file, const char *str, int length);
extern void migrate_atlas_sum_add(MigrateAtlasSum *atlas_sum, const char *file,
								  const char *sql, int length);
extern void migrate_atlas_sum_end(MigrateAtlasSum *atlas_sum, MigrateReadFile read, void *arg);

/* in graphile.c */
extern void migrate_check_graphile(Migration *migration, const char *sql, int length);

/* in sqitch_plan.c */
extern char *migrate_ordinal_key(int ordinal, const char *name);
pg_noreturn extern void migrate_refuse_missing_file(const char *file, const char *manifest, int line,
													List *names);
extern char *migrate_sqitch_plan_project(const char *plan);
extern List *migrate_sqitch_plan_files(const char *manifest, const char *str, List *names);

/* in play.c */
extern char *migrate_play_hash(const char *bytes, int length);

/* in drizzle_journal.c */
extern List *migrate_drizzle_journal_times(const char *journal);
extern List *migrate_drizzle_journal_files(const char *manifest, const char *str, List *names);

#endif							/* MIGRATE_FORMAT_MANIFEST_H */
