/*-------------------------------------------------------------------------
 *
 * apply.h
 *		Runs in the caller's transaction, and what is built on them.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/apply.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_APPLY_H
#define MIGRATE_RUN_APPLY_H

#include "nodes/pg_list.h"

#include "run/run.h"
#include "run/run_int.h"

/* in apply.c */
extern void migrate_lock_and_load(MigrateRun *run);
extern bool migrate_load_pending(MigrateRun *run, List **steps);
extern List *migrate_run_steps(MigrateRun *run, List *steps);

/* in baseline.c */
extern void migrate_use_script(MigrateRun *run, const Migration *last, Migration *migration);
extern void migrate_require_empty_history(const MigrateRun *run);

#endif							/* MIGRATE_RUN_APPLY_H */
