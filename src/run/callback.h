/*-------------------------------------------------------------------------
 *
 * callback.h
 *		Callbacks among the steps of a run.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/callback.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_CALLBACK_H
#define MIGRATE_RUN_CALLBACK_H

#include "nodes/pg_list.h"

#include "execute/execute.h"
#include "run/run_int.h"

/* in callback.c */
extern bool migrate_is_callback(const MigrateStep *step);
extern int	migrate_count_migrations(List *steps);
extern bool migrate_callbacks_are_due(const MigrateRun *run);
extern List *migrate_add_callbacks(MigrateRun *run, List *steps, MigrateDirection direction);
extern List *migrate_with_own_callbacks(List *steps);
extern void migrate_check_callback(const MigrateStep *step);
extern void migrate_execute_callbacks(MigrateRun *run, List *callbacks, const MigrateExecution *of,
									  bool settings_last);
extern List *migrate_callbacks_after_error(const MigrateRun *run, const MigrateStep *step);
extern void migrate_run_error_callbacks(MigrateRun *run, const MigrateStep *failed);

#endif							/* MIGRATE_RUN_CALLBACK_H */
