/*-------------------------------------------------------------------------
 *
 * precondition.h
 *		What must hold before a changeset runs.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/precondition.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_PRECONDITION_H
#define MIGRATE_RUN_PRECONDITION_H

#include "execute/execute.h"
#include "history/history.h"
#include "run/run_int.h"

/*
 * What the preconditions of a step decide.
 */
typedef enum MigrateVerdict
{
	VERDICT_RUN,
	VERDICT_MARK,				/* it is recorded as applied, without running */
	VERDICT_PASS,				/* it stays pending */
} MigrateVerdict;

/* in precondition.c */
extern void migrate_parse_preconditions(MigrateRun *run, MigrateStep *step,
										MigrateErrorContext *errctx);
extern MigrateVerdict migrate_check_preconditions(MigrateRun *run, const MigrateStep *step,
												  MigrateExecution *execution, bool quiet);
extern ErrorData *migrate_try_preconditions(MigrateRun *run, MigrateStep *step, bool checked,
											MigrateVerdict *verdict);
extern bool migrate_ignores(const MigrateStep *step, const ErrorData *error);
extern const char *migrate_describe_preconditions(const Migration *file);

#endif							/* MIGRATE_RUN_PRECONDITION_H */
