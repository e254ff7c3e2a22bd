/*-------------------------------------------------------------------------
 *
 * findings.c
 *		What the rules find about a run, without it: check().
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/findings.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "rules/rules.h"
#include "run/findings.h"
#include "run/plan.h"
#include "run/run.h"
#include "script/script.h"
#include "util/guc.h"

typedef struct Checking
{
	MigrateVisitor visitor;
	MemoryContext context;		/* of the rows */
	MigrateForesight *foresight;
	List	   *rows;			/* of MigrateRuleRow */
} Checking;

static char *
copy_or_null(const char *str)
{
	return str ? pstrdup(str) : NULL;
}

/*
 * A row about a statement.
 */
static void
add_finding(Checking *checking, const MigratePreview *row, const MigrateFinding *finding)
{
	MemoryContext old = MemoryContextSwitchTo(checking->context);
	MigrateRuleRow *checked = palloc(sizeof(MigrateRuleRow));

	checked->statement = row;
	checked->rule = finding->rule;
	checked->severity = finding->severity;
	checked->relation = copy_or_null(finding->relation);
	checked->message = pstrdup(finding->message);
	checked->hint = finding->hint;
	checking->rows = lappend(checking->rows, checked);
	MemoryContextSwitchTo(old);
}

static void
begin_migration(MigrateVisitor *visitor)
{
	migrate_foresight_begin(((Checking *) visitor)->foresight);
}

static void
end_migration(MigrateVisitor *visitor)
{
	migrate_foresight_end(((Checking *) visitor)->foresight);
}

/*
 * The bytes of a script up to the end of a statement, from 0, with the rows of COPY.
 */
static int
end_of(const MigrateScript *script, int number)
{
	const MigrateStatement *statement = &script->statements[number];

	return Max(statement->offset + statement->length, statement->rows + statement->rows_length);
}

/*
 * What the rules find about a statement, from 0, of a script whose text is "sql";
 * the comments that allow it are before it.  "transaction" is that of the plan.
 * Where migrate.on_findings is "strict", nothing is allowed; else *allowed is as
 * with migrate_findings().
 */
List *
migrate_statement_findings(MigrateForesight *foresight, const MigrateScript *script, int number,
						   const char *sql, int transaction, List **allowed)
{
	const MigrateStatement *statement = &script->statements[number];
	bool		strict = migrate_on_findings == ON_FINDINGS_STRICT;
	int			start = number > 0 ? end_of(script, number - 1) : 0;
	char	   *query = pnstrdup(sql + statement->offset, statement->length);
	MigrateFacts *facts = migrate_facts(foresight, query, transaction);
	List	   *findings = migrate_findings(foresight, facts, sql + start, statement->offset - start,
											strict ? NULL : allowed);

	if (number == script->nstatements - 1 && !strict)
	{
		start = end_of(script, number);
		findings = list_concat(findings, migrate_trailing_findings(sql + start, strlen(sql + start)));
	}
	return findings;
}

static void
check_statement(MigrateVisitor *visitor, const MigratePreview *row, const MigrateScript *script,
				int number, const char *sql)
{
	Checking   *checking = (Checking *) visitor;
	List	   *allowed = NIL;
	ListCell   *lc;

	foreach(lc, migrate_statement_findings(checking->foresight, script, number, sql,
										   row->transaction, &allowed))
		add_finding(checking, row, lfirst(lc));
}

/*
 * A migration that cannot run.
 */
static void
report_error(MigrateVisitor *visitor, const MigratePreview *row, const char *message)
{
	const MigrateFinding finding = {.rule = "error",.severity = "stop",.message = message};

	add_finding((Checking *) visitor, row, &finding);
}

/*
 * Check the statements that a run with this request has to do: a list of
 * MigrateRuleRow.  The errors are those of migrate_preview().
 */
List *
migrate_check_rules(MigrateRequest *request)
{
	Checking	checking = {
		.visitor = {begin_migration, check_statement, end_migration, report_error},
		.context = CurrentMemoryContext,
		.foresight = migrate_foresight_create(false),
	};

	(void) migrate_preview_visited(request, &checking.visitor);
	return checking.rows;
}
