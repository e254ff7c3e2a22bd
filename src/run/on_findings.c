/*-------------------------------------------------------------------------
 *
 * on_findings.c
 *		What a run does about what the rules find: migrate.on_findings.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/on_findings.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "rules/rules.h"
#include "run/callback.h"
#include "run/check.h"
#include "run/findings.h"
#include "run/report.h"
#include "run/step.h"
#include "run/step_script.h"
#include "util/compat.h"
#include "util/errcontext.h"
#include "util/guc.h"
#include "util/printable.h"

/* an error names so many more findings */
#define MAX_LISTED	10

typedef struct Check
{
	MigrateRun *run;
	MigrateChecking findings;
	int			transaction;	/* number of the last one */
} Check;

/*
 * Where a statement is, for what is found about it.
 */
static MigratePreview *
new_preview(Check *check, MigrateErrorContext *errctx)
{
	MemoryContext old = MemoryContextSwitchTo(check->findings.context);
	MigratePreview *row = palloc0(sizeof(MigratePreview));

	row->version = errctx->version;
	row->name = errctx->name;
	row->transaction = check->transaction;
	row->line = migrate_map_line(errctx, errctx->line, &row->file);
	MemoryContextSwitchTo(old);
	return row;
}

/*
 * Check the statements of a step that are still to run.
 */
static void
check_script(Check *check, MigrateStep *step, const char *sql, MigrateErrorContext *errctx)
{
	const MigrateScript *script = step->script;
	int			done = step->in_progress ? step->applied->done : 0;
	List	   *allowed = NIL;
	MemoryContext old;
	ListCell   *lc;

	migrate_begin_script(script, sql, errctx);
	migrate_checking_migration(&check->findings, step->direction == MIGRATE_UP ? step->file : NULL);
	for (int i = done; i < script->nstatements; i++)
	{
		CHECK_FOR_INTERRUPTS();
		errctx->statement = i + 1;
		errctx->line = script->statements[i].line;
		check->transaction += migrate_begins_transaction(script, i, done);
		migrate_checking_statement(&check->findings, new_preview(check, errctx), script, i, sql, &allowed);
	}
	migrate_foresight_end(check->findings.foresight);
	migrate_end_script(errctx);

	/* recorded with the step, after commits */
	old = MemoryContextSwitchTo(check->run->context);
	foreach(lc, allowed)
		step->allowed = lappend(step->allowed, pstrdup(lfirst(lc)));
	MemoryContextSwitchTo(old);
}

static void
check_steps(Check *check, List *steps)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate check step",
												  ALLOCSET_DEFAULT_SIZES);
	ListCell   *lc;

	foreach(lc, migrate_with_own_callbacks(steps))
	{
		MigrateStep *step = lfirst(lc);
		MemoryContext old = MemoryContextSwitchTo(context);
		MigrateErrorContext errctx;
		ErrorContextCallback callback;
		char	   *sql;

		migrate_errcontext_begin(&errctx, &callback, step->direction, step->file, step->applied);
		(void) migrate_read_step(check->run, step, &sql, &errctx);
		if (sql != NULL)
			check_script(check, step, sql, &errctx);
		migrate_errcontext_end(&callback);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
}

/*
 * The findings besides the first one that stop a run; NULL if none do.
 */
static char *
list_further(List *found, const MigrateRuleRow *first, int passed)
{
	StringInfoData buf;
	int			count = 0;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, found)
	{
		const MigrateRuleRow *other = lfirst(lc);

		if (other == first || other->order <= passed || !migrate_severity_stops(other->severity))
			continue;
		if (count++ < MAX_LISTED)
			appendStringInfo(&buf, "%s rule \"%s\", file \"%s\", line %d", buf.len > 0 ? ";" : "",
							 other->rule, other->statement->file, other->statement->line);
	}
	if (count > MAX_LISTED)
		appendStringInfo(&buf, "; and %d more", count - MAX_LISTED);
	return count > 0 ? buf.data : NULL;
}

pg_noreturn static void refuse(List *found, const MigrateRuleRow *first, int passed);

static void
refuse(List *found, const MigrateRuleRow *first, int passed)
{
	char	   *further = list_further(found, first, passed);
	const char *hint = first->hint ? first->hint : "";

	if (migrate_on_findings == ON_FINDINGS_ERROR)
		hint = psprintf("%s%sIf this is intended, write \"-- migrate: allow %s\" and a reason on the line above the statement.",
						hint, *hint ? " " : "", first->rule);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("rule \"%s\" stops migration \"%s\": %s", first->rule, migrate_label(first->statement->version, first->statement->name),
					first->message),
			 further == NULL ? errdetail("File \"%s\", line %d.", first->statement->file, first->statement->line) :
			 errdetail("File \"%s\", line %d. Others that stop it:%s.", first->statement->file, first->statement->line, further),
			 *hint ? errhint("%s", hint) : 0));
}

/*
 * Report what was found, and refuse the run if one of it stops it.  What the first
 * "passed" statements do, which are undone, is not reported.
 */
static void
report_found(List *found, int passed)
{
	const MigrateRuleRow *stop = NULL;
	ListCell   *lc;

	foreach(lc, found)
	{
		const MigrateRuleRow *one = lfirst(lc);

		if (one->order <= passed)
			continue;
		if (migrate_severity_stops(one->severity) && migrate_on_findings != ON_FINDINGS_WARN)
		{
			if (stop == NULL)
				stop = one;
			continue;
		}
		/* psql does not show the context of a warning */
		ereport(WARNING,
				(errmsg("rule \"%s\", migration \"%s\": %s", one->rule, migrate_label(one->statement->version, one->statement->name), one->message),
				 errdetail("File \"%s\", line %d.", one->statement->file, one->statement->line),
				 one->hint ? errhint("%s", one->hint) : 0));
	}
	if (stop != NULL)
		refuse(found, stop, passed);
}

/*
 * Check the scripts of a run before any of them runs, if migrate.on_findings asks for it:
 * report what the rules find about those of "ups", which have been checked as scripts and
 * run after "downs".  Errors: 55000 for what has to stop the run.  The comments that
 * allow something are added to the steps.
 */
void
migrate_check_findings(MigrateRun *run, List *downs, List *ups)
{
	Check		check = {.run = run};
	MemoryContext context;
	MemoryContext old;
	List	   *found;
	bool		pushed;
	int			guc_level;
	int			done;

	if (migrate_on_findings == ON_FINDINGS_IGNORE || ups == NIL)
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "migrate findings", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	migrate_checking_begin(&check.findings, !run->request->commits);

	/* expressions may be evaluated */
	pushed = !ActiveSnapshotSet();
	if (pushed)
		PushActiveSnapshot(GetTransactionSnapshot());
	guc_level = NewGUCNestLevel();
	migrate_enter_schema(run->request->history.schema, GUC_ACTION_SAVE);
	check_steps(&check, downs);
	done = check.findings.statements;
	check_steps(&check, ups);
	AtEOXact_GUC(false, guc_level);
	found = migrate_checking_end(&check.findings);
	if (pushed)
		PopActiveSnapshot();
	report_found(found, done);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
