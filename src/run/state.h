/*-------------------------------------------------------------------------
 *
 * state.h
 *		Files and history side by side.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/state.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_STATE_H
#define MIGRATE_RUN_STATE_H

#include "nodes/pg_list.h"

#include "run/run.h"
#include "run/run_int.h"

/* in state.c */
extern const char *migrate_directory_or_setting(const MigrateRequest *request);
extern void migrate_load_source(MigrateRun *run, const char *dir);
extern void migrate_require_migrations(MigrateRun *run, const char *dir);
extern const char *migrate_require_directory(const MigrateRequest *request);
extern void migrate_require_source(MigrateRun *run);
extern void migrate_report_ignored(MigrateRun *run);
extern void migrate_load_state(MigrateRun *run);
extern void migrate_check_changes(MigrateRun *run);
extern void migrate_change_format(MigrateRun *run);
extern int	migrate_mark_running(MigrateRun *run);
extern List *migrate_changed_downs(List *items);
extern bool migrate_load_before_up(MigrateRun *run);
extern bool migrate_load_before_down(MigrateRun *run);

#endif							/* MIGRATE_RUN_STATE_H */
