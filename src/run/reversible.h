/*-------------------------------------------------------------------------
 *
 * reversible.h
 *		Can a migration be undone?
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/reversible.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_REVERSIBLE_H
#define MIGRATE_RUN_REVERSIBLE_H

#include "nodes/pg_list.h"

#include "format/format.h"
#include "history/history.h"
#include "run/run_int.h"

/* in reversible.c */
extern bool migrate_is_reversible(MigrateRun *run, const Migration *file,
								  const AppliedMigration *applied, List **used,
								  char **error);
extern void migrate_check_way_down(MigrateRun *run, MigrateStep *step);
extern void migrate_warn_down(const char *error);

#endif							/* MIGRATE_RUN_REVERSIBLE_H */
