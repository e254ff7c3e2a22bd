/*-------------------------------------------------------------------------
 *
 * step.h
 *		One step of a run.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/step.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_STEP_H
#define MIGRATE_RUN_STEP_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "portability/instr_time.h"
#include "utils/guc.h"

#include "execute/execute.h"
#include "format/format.h"
#include "history/history.h"
#include "run/run_int.h"

/* in step.c */
extern void migrate_record_unrun(MigrateRun *run, Migration *file, const MigrateResult *result,
								 TimestampTz started, const char *outcome);
extern MigrateResult *migrate_new_unrun_result(MigrateRun *run, Migration *file);
extern void migrate_fire_callers_events(MigrateRun *run);
extern void migrate_run_begin(const MigrateRequest *request);
extern void migrate_run_end(void);
extern void migrate_enter_schema(const char *schema, GucAction action);
extern bool migrate_runs_stored(const MigrateStep *step);
extern void migrate_require_own_script(const MigrateStep *step);
extern void migrate_execution_begin(MigrateExecution *execution, ErrorContextCallback *callback,
									const MigrateRun *run, const MigrateStep *step);
extern MigrateResult *migrate_new_result(MigrateRun *run, const MigrateStep *step);
extern bool migrate_execute_step(MigrateRun *run, MigrateStep *step, const char *sql,
								 MigrateExecution *execution);
extern bool migrate_execute_if_due(MigrateRun *run, MigrateStep *step, const char *sql,
								   MigrateExecution *execution, ErrorData **failure);
extern void migrate_measure(MigrateResult *result, instr_time start, int statements);
extern void migrate_record_step(MigrateRun *run, MigrateStep *step, bool executed,
								const MigrateResult *result, TimestampTz started,
								const char *sql);
extern void migrate_replace_downs(MigrateRun *run, List *items);

#endif							/* MIGRATE_RUN_STEP_H */
