/*-------------------------------------------------------------------------
 *
 * filename.h
 *		What the names of files say, by format.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/filename.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_FILENAME_H
#define MIGRATE_FORMAT_FILENAME_H

#include "nodes/pg_list.h"

#include "format/format.h"
#include "util/compat.h"

/* in filename_flyway.c */
extern bool migrate_filename_flyway(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_refinery(const char *file, MigrateFileName *parsed);
extern bool migrate_directory_is_refinery(List *names);

#define MIGRATE_DIGITS		"0123456789"

/* as many as a sort key can count */
#define MIGRATE_MAX_DIGITS	255

/* in filename_folders.c */
extern bool migrate_filename_prisma(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_diesel(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_hasura(const char *file, MigrateFileName *parsed);
extern bool migrate_directory_is_hasura(List *names);
extern bool migrate_directory_is_drizzle_folders(List *names);
extern bool migrate_directory_is_prisma(List *names);
extern bool migrate_directory_is_diesel(List *names);
extern bool migrate_directory_is_surely_diesel(List *names);

/* in filename_pairs.c */
extern bool migrate_filename_pairs(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_sqlx(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_pop(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_postgrator(const char *file, MigrateFileName *parsed);
extern bool migrate_directory_is_pop(List *names);
extern bool migrate_is_dialect(const char *word, int length, bool *is_ours);
extern List *migrate_choose_dialect(List *files);

/* in yoyo.c */
extern bool migrate_filename_yoyo(const char *file, MigrateFileName *parsed);
extern bool migrate_directory_is_yoyo(List *names);
extern bool migrate_yoyo_hook(const char *file, MigrateFileName *parsed);
extern void migrate_refuse_yoyo(const char *file);

/* in filename_plain.c */
extern bool migrate_begins_with_date(const char *file);
extern bool migrate_filename_updown(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_plain(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_play(const char *file, MigrateFileName *parsed);

/* in filename.c */
extern bool migrate_is_flat(const char *file);
extern bool migrate_numbered_name(const char *file, const char *separators, const char *suffix,
								  MigrateFileName *parsed);
extern void migrate_split_name(const char *name, int length, MigrateFileName *parsed);
extern bool migrate_filename_goose(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_sql_migrate(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_dbmate(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_tern(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_rambler(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_node_pg(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_supabase(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_postgres_migrations(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_atlas(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_liquibase(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_graphile(const char *file, MigrateFileName *parsed);
extern bool migrate_filename_graphile_committed(const char *file, MigrateFileName *parsed);
extern bool migrate_directory_is_sqitch(List *names);
extern bool migrate_directory_is_drizzle(List *names);
extern bool migrate_directory_is_atlas(List *names);
extern bool migrate_directory_is_graphile(List *names);
pg_noreturn extern void migrate_refuse_unreadable(const char *folder);
extern int	migrate_find_name(List *names, const char *name);
extern bool migrate_has_name(List *names, const char *name);
extern char *migrate_unreadable_folder(List *names, const char *file);
extern bool migrate_may_have_name(List *names, const char *file);
extern List *migrate_other_files(List *names, List *files);

#endif							/* MIGRATE_FORMAT_FILENAME_H */
