/*-------------------------------------------------------------------------
 *
 * findings.h
 *		What the rules find about a run.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/findings.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_FINDINGS_H
#define MIGRATE_RUN_FINDINGS_H

#include "nodes/pg_list.h"

#include "rules/rules.h"
#include "run/run_int.h"
#include "script/script.h"

/* in findings.c */
extern List *migrate_statement_findings(MigrateForesight *foresight, const MigrateScript *script,
										int number, const char *sql, int transaction,
										List **allowed);

/* in on_findings.c */
extern void migrate_check_findings(MigrateRun *run, List *downs, List *ups);

#endif							/* MIGRATE_RUN_FINDINGS_H */
