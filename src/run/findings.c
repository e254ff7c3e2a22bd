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
	MigrateChecking findings;
} Checking;

/*
 * A statement that may become a finding at the end of the plan.
 */
typedef struct OpenStatement
{
	int			statement;		/* as in MigrateFinding */
	const MigratePreview *row;
} OpenStatement;

/*
 * Begin to check a plan.  What is found is allocated in CurrentMemoryContext; for
 * "single" see migrate_foresight_create().
 */
void
migrate_checking_begin(MigrateChecking *checking, bool single)
{
	memset(checking, 0, sizeof(MigrateChecking));
	checking->context = CurrentMemoryContext;
	checking->foresight = migrate_foresight_create(single);
}

static char *
copy_or_null(const char *str)
{
	return str ? pstrdup(str) : NULL;
}

/*
 * A row about a statement.
 */
static MigrateRuleRow *
new_row(MigrateChecking *checking, const MigratePreview *row, const MigrateFinding *finding)
{
	MemoryContext old = MemoryContextSwitchTo(checking->context);
	MigrateRuleRow *checked = palloc(sizeof(MigrateRuleRow));

	checked->statement = row;
	checked->order = checking->statements;
	checked->rule = finding->rule;
	checked->severity = finding->severity;
	checked->relation = copy_or_null(finding->relation);
	checked->message = pstrdup(finding->message);
	checked->hint = finding->hint;
	MemoryContextSwitchTo(old);
	return checked;
}

static void
add_finding(MigrateChecking *checking, const MigratePreview *row, const MigrateFinding *finding)
{
	MigrateRuleRow *checked = new_row(checking, row, finding);
	MemoryContext old = MemoryContextSwitchTo(checking->context);

	checking->rows = lappend(checking->rows, checked);
	MemoryContextSwitchTo(old);
}

/*
 * Begin to check the statements of a migration; "file" may be NULL.
 */
void
migrate_checking_migration(MigrateChecking *checking, const Migration *file)
{
	migrate_foresight_begin(checking->foresight);
	if (file != NULL && file->idle_allowance > 0 && migrate_on_findings != ON_FINDINGS_STRICT)
	{
		MigratePreview *row = MemoryContextAllocZero(checking->context, sizeof(MigratePreview));

		row->version = file->version;
		row->name = file->name;
		row->file = file->file;
		row->line = file->idle_allowance;
		add_finding(checking, row, migrate_idle_allowance_finding());
	}
}

static void
begin_migration(MigrateVisitor *visitor, const Migration *file)
{
	migrate_checking_migration(&((Checking *) visitor)->findings, file);
}

static void
end_migration(MigrateVisitor *visitor)
{
	migrate_foresight_end(((Checking *) visitor)->findings.foresight);
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
 * The facts of a statement of a script whose text is "sql".  "transaction" is that of
 * the plan.
 */
MigrateFacts *
migrate_statement_facts(MigrateForesight *foresight, const MigrateStatement *statement, const char *sql,
						int transaction)
{
	return migrate_facts(foresight, pnstrdup(sql + statement->offset, statement->length), transaction);
}

/*
 * What the rules find about a statement, from 0, with these facts; the comments that
 * allow it are before it.  Where migrate.on_findings is "strict", nothing is allowed;
 * else *allowed is as with migrate_findings().
 */
List *
migrate_findings_of(MigrateForesight *foresight, const MigrateFacts *facts, const MigrateScript *script,
					int number, const char *sql, List **allowed)
{
	const MigrateStatement *statement = &script->statements[number];
	bool		strict = migrate_on_findings == ON_FINDINGS_STRICT;
	int			start = number > 0 ? end_of(script, number - 1) : 0;
	List	   *findings = migrate_findings(foresight, facts, sql + start, statement->offset - start,
											strict ? NULL : allowed);

	if (number == script->nstatements - 1 && !strict)
	{
		start = end_of(script, number);
		findings = list_concat(findings, migrate_trailing_findings(sql + start, strlen(sql + start)));
	}
	return findings;
}

/*
 * Check a statement of the plan, which "row" describes as long as the plan is checked.
 * The comments that allow something are added to *allowed.
 */
void
migrate_checking_statement(MigrateChecking *checking, const MigratePreview *row,
						   const MigrateScript *script, int number, const char *sql, List **allowed)
{
	const MigrateFacts *facts = migrate_statement_facts(checking->foresight, &script->statements[number],
														sql, row->transaction);
	OpenStatement *open;
	MemoryContext old;
	ListCell   *lc;

	checking->statements++;
	foreach(lc, migrate_findings_of(checking->foresight, facts, script, number, sql, allowed))
		add_finding(checking, row, lfirst(lc));
	if (!migrate_left_open(checking->foresight))
		return;
	old = MemoryContextSwitchTo(checking->context);
	open = palloc(sizeof(OpenStatement));
	open->statement = checking->statements;
	open->row = row;
	checking->open = lappend(checking->open, open);
	MemoryContextSwitchTo(old);
}

/*
 * The plan is complete: a list of MigrateRuleRow, in the order of its statements.
 */
List *
migrate_checking_end(MigrateChecking *checking)
{
	List	   *rows = NIL;
	ListCell   *next = list_head(checking->rows);
	ListCell   *open = list_head(checking->open);
	ListCell   *lc;

	foreach(lc, migrate_findings_at_end(checking->foresight))
	{
		const MigrateFinding *finding = lfirst(lc);
		MigrateRuleRow *row;

		while (((OpenStatement *) lfirst(open))->statement != finding->statement)
			open = lnext(checking->open, open);
		for (; next != NULL && ((MigrateRuleRow *) lfirst(next))->order <= finding->statement;
			 next = lnext(checking->rows, next))
			rows = lappend(rows, lfirst(next));
		row = new_row(checking, ((OpenStatement *) lfirst(open))->row, finding);
		row->order = finding->statement;
		rows = lappend(rows, row);
	}
	for (; next != NULL; next = lnext(checking->rows, next))
		rows = lappend(rows, lfirst(next));
	return rows;
}

static void
check_statement(MigrateVisitor *visitor, const MigratePreview *row, const MigrateScript *script,
				int number, const char *sql)
{
	List	   *allowed = NIL;

	migrate_checking_statement(&((Checking *) visitor)->findings, row, script, number, sql, &allowed);
}

/*
 * A migration that cannot run.
 */
static void
report_error(MigrateVisitor *visitor, const MigratePreview *row, const char *message)
{
	const MigrateFinding finding = {.rule = "error",.severity = "stop",.message = message};
	MigrateChecking *checking = &((Checking *) visitor)->findings;

	add_finding(checking, row, &finding);
	((MigrateRuleRow *) llast(checking->rows))->order++;
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
	};

	migrate_checking_begin(&checking.findings, false);
	(void) migrate_preview_visited(request, &checking.visitor);
	return migrate_checking_end(&checking.findings);
}
