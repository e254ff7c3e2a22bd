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
#include "run/plan.h"
#include "run/run.h"
#include "script/script.h"

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
 * What the rules find about a statement; the comments that allow it are before it.
 */
static void
check_statement(MigrateVisitor *visitor, const MigratePreview *row, const MigrateScript *script,
				int number, const char *sql)
{
	Checking   *checking = (Checking *) visitor;
	const MigrateStatement *statement = &script->statements[number];
	const MigrateStatement *before = number > 0 ? statement - 1 : NULL;
	int			start = before == NULL ? 0 : Max(before->offset + before->length,
												 before->rows + before->rows_length);
	char	   *query = pnstrdup(sql + statement->offset, statement->length);
	MigrateFacts *facts = migrate_facts(checking->foresight, query, row->transaction);
	ListCell   *lc;

	foreach(lc, migrate_findings(checking->foresight, facts, sql + start, statement->offset - start))
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
		.foresight = migrate_foresight_create(),
	};

	(void) migrate_preview_visited(request, &checking.visitor);
	return checking.rows;
}
