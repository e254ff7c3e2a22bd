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
extern MigrateLocation migrate_location_or_setting(const MigrateRequest *request);
extern void migrate_load_source(MigrateRun *run, MigrateLocation location);
extern void migrate_require_migrations(MigrateRun *run);
extern MigrateLocation migrate_require_location(const MigrateRequest *request);
extern void migrate_require_source(MigrateRun *run);
extern void migrate_report_ignored(MigrateRun *run);
extern void migrate_load_state(MigrateRun *run);
extern void migrate_check_changes(MigrateRun *run);
extern void migrate_change_format(MigrateRun *run);
extern int	migrate_mark_running(MigrateRun *run);
extern bool migrate_may_replace(const MigrateRun *run, const char *author);
extern void migrate_warn_not_replaced(const MigrateItem *item, const char *what, const char *author);
extern const char *migrate_down_author(const MigrateItem *item);
extern List *migrate_changed_downs(MigrateRun *run);
extern bool migrate_is_up_to_date(MigrateRun *run);
extern bool migrate_has_nothing_to_do(MigrateRun *run, List *steps);
extern bool migrate_load_before_up(MigrateRun *run);
extern bool migrate_load_before_down(MigrateRun *run);

#endif							/* MIGRATE_RUN_STATE_H */
