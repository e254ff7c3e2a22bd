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

/*
 * A plan that is being checked, statement by statement.
 */
typedef struct MigrateChecking
{
	MemoryContext context;		/* of what is found */
	MigrateForesight *foresight;
	int			statements;		/* so far */
	List	   *rows;			/* of MigrateRuleRow */
	List	   *open;			/* statements whose findings the end decides */
} MigrateChecking;

/* in findings.c */
extern void migrate_checking_begin(MigrateChecking *checking, bool single);
extern void migrate_checking_migration(MigrateChecking *checking, const Migration *file);
extern void migrate_checking_statement(MigrateChecking *checking, const MigratePreview *row,
									   const MigrateScript *script, int number, const char *sql,
									   List **allowed);
extern List *migrate_checking_end(MigrateChecking *checking);
extern MigrateFacts *migrate_statement_facts(MigrateForesight *foresight, const MigrateStatement *statement,
											 const char *sql, int transaction);
extern List *migrate_findings_of(MigrateForesight *foresight, const MigrateFacts *facts,
								 const MigrateScript *script, int number, const char *sql,
								 List **allowed);

/* in on_findings.c */
extern void migrate_check_findings(MigrateRun *run, List *downs, List *ups);

#endif							/* MIGRATE_RUN_FINDINGS_H */
