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
#include "util/names.h"

typedef struct MigrateAtlasSum MigrateAtlasSum;

/*
 * The scripts of a change of sqitch.
 */
typedef enum MigrateScriptKind
{
	SCRIPT_DEPLOY,
	SCRIPT_REVERT,
	SCRIPT_VERIFY,
} MigrateScriptKind;

#define MIGRATE_SCRIPT_KINDS	3

/*
 * What a tool's settings file says about the files of a directory.
 */
typedef struct MigrateLayout
{
	const char *file;			/* the settings file, NULL: there is none */
	const char *manifest;		/* the file about the others, NULL: as usual */
	int			manifest_line;	/* where it says so, 0: nowhere */
	const char *folders[MIGRATE_SCRIPT_KINDS];	/* of scripts, with a slash,
												 * or "" */
	const char *reworked[MIGRATE_SCRIPT_KINDS]; /* of those of older changes */
	const char *suffix;			/* of scripts */
	List	   *up_vars;		/* of MigrateVariable: for going up ... */
	List	   *down_vars;		/* ... and for going down */
	bool		verifies;		/* verify scripts run, too */
	const struct MigrateFlywaySettings *flyway; /* for Flyway, all of it */
} MigrateLayout;

typedef char *(*MigrateReadFile) (void *arg, const char *file, int *length);

/* in atlas_sum.c */
extern MigrateAtlasSum *migrate_atlas_sum_begin(const char *file, const char *str, int length);
extern MigrateNames *migrate_atlas_sums(const char *str);
extern void migrate_atlas_sum_add(MigrateAtlasSum *atlas_sum, const char *file,
								  const char *sql, int length);
extern void migrate_atlas_sum_add_bytes(MigrateAtlasSum *atlas_sum, const char *file,
										const char *bytes, int length);
extern void migrate_atlas_sum_end(MigrateAtlasSum *atlas_sum, MigrateReadFile read, void *arg);

/* in graphile.c */
extern void migrate_parse_graphile_header(Migration *migration, const char *sql, int length);
extern void migrate_check_graphile(Migration *migration, const char *sql, int length);

/* in sqitch_plan.c */
extern char *migrate_ordinal_key(int ordinal, const char *name);
pg_noreturn extern void migrate_refuse_missing_file(const char *file, const char *manifest, int line,
													List *names);
extern char *migrate_sqitch_plan_project(const char *plan);
extern List *migrate_sqitch_plan_files(const MigrateLayout *layout, const char *manifest,
									   const char *str, List *names);

/* in sqitch_conf.c */
extern const MigrateLayout migrate_sqitch_layout;
extern MigrateLayout *migrate_sqitch_conf(const char *file, const char *str);

/* in play.c */
extern char *migrate_play_hash(const char *bytes, int length);

/* in drizzle_journal.c */
extern List *migrate_drizzle_journal_times(const char *journal);
extern List *migrate_drizzle_journal_files(const MigrateLayout *layout, const char *manifest,
										   const char *str, List *names);

#endif							/* MIGRATE_FORMAT_MANIFEST_H */
