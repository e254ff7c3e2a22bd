/*-------------------------------------------------------------------------
 *
 * verify_script.h
 *		Scripts that check what a migration has done.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/verify_script.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_VERIFY_SCRIPT_H
#define MIGRATE_RUN_VERIFY_SCRIPT_H

#include "nodes/pg_list.h"

#include "execute/execute.h"
#include "run/run_int.h"

typedef void (*MigrateRunStatement) (const MigrateStatement *statement, const char *sql,
									 MigrateExecution *execution);

/* in verify_script.c */
extern void migrate_add_verify_scripts(MigrateRun *run, List *steps);
extern void migrate_check_verify_script(MigrateRun *run, MigrateStep *step);
extern void migrate_run_verify_script(MigrateRun *run, const MigrateStep *step, List *settings,
									  MigrateRunStatement run_statement);

#endif							/* MIGRATE_RUN_VERIFY_SCRIPT_H */
