/*-------------------------------------------------------------------------
 *
 * step_script.h
 *		The script of a step.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/step_script.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_STEP_SCRIPT_H
#define MIGRATE_RUN_STEP_SCRIPT_H

#include "history/history.h"
#include "run/run_int.h"
#include "script/script.h"
#include "util/compat.h"
#include "util/errcontext.h"

/* in step_script.c */
extern char *migrate_step_text(MigrateRun *run, MigrateStep *step);
extern char *migrate_step_sql(MigrateRun *run, MigrateStep *step, char *str,
							  MigrateErrorContext *errctx);
extern char *migrate_read_step(MigrateRun *run, MigrateStep *step, char **sql,
							   MigrateErrorContext *errctx);
extern MigrateScript *migrate_parse_step(const MigrateStep *step, const char *sql,
										 MigrateErrorContext *errctx);
pg_noreturn extern void migrate_refuse_unknown(MigrateErrorContext *errctx, const MigrateStatement *statement,
											   int number);
extern void migrate_check_resumed(MigrateRun *run, const MigrateStep *step,
								  const MigrateScript *script, const char *sql,
								  MigrateErrorContext *errctx);
extern MigrateScript *migrate_parse_up_step(MigrateRun *run, const MigrateStep *step,
											const char *sql, MigrateErrorContext *errctx);
extern bool migrate_is_single_transaction(const MigrateStep *step);

#endif							/* MIGRATE_RUN_STEP_SCRIPT_H */
