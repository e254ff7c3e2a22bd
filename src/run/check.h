/*-------------------------------------------------------------------------
 *
 * check.h
 *		Checks of all steps before any of them runs.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/check.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_CHECK_H
#define MIGRATE_RUN_CHECK_H

#include "nodes/pg_list.h"

#include "run/run_int.h"
#include "script/script.h"
#include "util/errcontext.h"

/* in check.c */
extern void migrate_require_runnable(const MigrateStep *step);
extern MigrateScript *migrate_prepare_up(MigrateRun *run, MigrateStep *step,
										 MigrateErrorContext *errctx, char **str, char **sql);
extern bool migrate_begins_transaction(const MigrateScript *script, int number, int done);
extern void migrate_check_own_callbacks(MigrateRun *run, const MigrateStep *step);
extern void migrate_check_up_steps(MigrateRun *run, List *steps, bool afresh);
extern void migrate_check_down_steps(MigrateRun *run, List *steps);

#endif							/* MIGRATE_RUN_CHECK_H */
