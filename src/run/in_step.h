/*-------------------------------------------------------------------------
 *
 * in_step.h
 *		Another tool's table is kept in step with the history.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/in_step.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_IN_STEP_H
#define MIGRATE_RUN_IN_STEP_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "history/history.h"
#include "run/run_int.h"

/* in in_step.c */
extern void migrate_in_step_begin(MigrateRun *run, List *downs, List *ups);
extern void migrate_in_step_relock(const MigrateRun *run);
extern void migrate_in_step_record(MigrateRun *run, const MigrateStep *step,
								   const MigrateResult *result, TimestampTz started,
								   const char *script);
extern void migrate_in_step_end(const MigrateRun *run);

#endif							/* MIGRATE_RUN_IN_STEP_H */
