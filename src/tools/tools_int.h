/*-------------------------------------------------------------------------
 *
 * tools_int.h
 *		What the files of this folder share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/tools/tools_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_TOOLS_TOOLS_INT_H
#define MIGRATE_TOOLS_TOOLS_INT_H

#include "nodes/pg_list.h"
#include "utils/relcache.h"

#include "tools/tools.h"

/* in tool_list.c */
extern const MigrateTool migrate_tools[];
extern const int migrate_ntools;

/* in tool_lock.c */
extern int	migrate_keys_golang_migrate(const MigrateToolTable *tool_table, int64 *keys);
extern int	migrate_keys_flyway(const MigrateToolTable *tool_table, int64 *keys);
extern int	migrate_keys_sqlx(const MigrateToolTable *tool_table, int64 *keys);

/* in tool_rows.c */
extern void migrate_lock_liquibase(const MigrateToolTable *tool_table);
extern void migrate_lock_play(const MigrateToolTable *tool_table);
extern void migrate_lock_yoyo(const MigrateToolTable *tool_table);
extern List *migrate_tool_rows(const MigrateToolTable *tool_table, Relation rel,
							   const char *project);

/* in tool_checksums.c */
extern MigrateChecked migrate_checksum_sqitch(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_checksum_flyway(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_checksum_liquibase(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_checksum_sqlx(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_checksum_refinery(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_checksum_prisma(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_checksum_drizzle(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_checksum_graphile(const MigrateChecksumInput *in,
												const char *recorded);
extern MigrateChecked migrate_checksum_postgres_migrations(const MigrateChecksumInput *in,
														   const char *recorded);
extern MigrateChecked migrate_checksum_play(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_checksum_postgrator(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_checksum_atlas(const MigrateChecksumInput *in, const char *recorded);
extern char *migrate_make_checksum_flyway(const MigrateChecksumInput *in);
extern char *migrate_make_checksum_sqlx(const MigrateChecksumInput *in);
extern char *migrate_make_checksum_prisma(const MigrateChecksumInput *in);
extern uint32 migrate_crc32(const char *bytes, int length);

#endif							/* MIGRATE_TOOLS_TOOLS_INT_H */
