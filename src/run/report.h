/*-------------------------------------------------------------------------
 *
 * report.h
 *		What the user sees of a step.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/report.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_REPORT_H
#define MIGRATE_RUN_REPORT_H

#include "format/format.h"
#include "history/history.h"
#include "run/run.h"
#include "script/script.h"
#include "util/errcontext.h"

/* in report.c */
extern void migrate_errcontext_begin(MigrateErrorContext *errctx, ErrorContextCallback *callback,
									 MigrateDirection direction, const Migration *file,
									 const AppliedMigration *applied);
extern void migrate_errcontext_end(ErrorContextCallback *callback);
extern void migrate_report_step(const MigrateStep *step, const MigrateResult *result,
								int number, int total);
extern void migrate_explain_refusal(const MigrateStatement *statement, bool top_level, ErrorData *error);
extern char *migrate_continuing_call(const MigrateHistory *history, bool down);
extern char *migrate_repair_call(const MigrateHistory *history, const char *version, const char *state);
extern void migrate_hint_at_interruption(const MigrateHistory *history, const MigrateStep *step, bool started,
										 ErrorData *error);
extern void migrate_report_ignored_failure(const MigrateResult *result, const ErrorData *error);
extern void migrate_report_run(const MigrateRequest *request, MigrateDirection direction,
							   int count);

#endif							/* MIGRATE_RUN_REPORT_H */
