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

/*
 * A finding, and where it is.
 */
typedef struct Found
{
	const char *migration;
	const char *file;
	int			line;
	const char *rule;
	const char *message;
	const char *hint;			/* or NULL */
	bool		stops;
} Found;

typedef struct Check
{
	MigrateRun *run;
	MigrateForesight *foresight;
	int			transaction;	/* number of the last one */
	MemoryContext context;		/* of what is found */
	List	   *found;			/* of Found */
} Check;

static void
add_found(Check *check, const MigrateErrorContext *errctx, const char *file, int line,
		  const MigrateFinding *finding)
{
	MemoryContext old = MemoryContextSwitchTo(check->context);
	Found	   *found = palloc(sizeof(Found));

	found->migration = migrate_label(errctx->version, errctx->name);
	found->file = pstrdup(file);
	found->line = line;
	found->rule = finding->rule;
	found->message = pstrdup(finding->message);
	found->hint = finding->hint;
	found->stops = migrate_finding_stops(finding);
	check->found = lappend(check->found, found);
	MemoryContextSwitchTo(old);
}

/*
 * What is found about the statements of a step that are still to run.  Of a step
 * down, only what it does to those that follow counts.
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
	migrate_foresight_begin(check->foresight);
	for (int i = done; i < script->nstatements; i++)
	{
		List	   *findings;
		const char *file;
		int			line;

		CHECK_FOR_INTERRUPTS();
		errctx->statement = i + 1;
		errctx->line = script->statements[i].line;
		check->transaction += migrate_begins_transaction(script, i, done);
		findings = migrate_statement_findings(check->foresight, script, i, sql, check->transaction,
											  &allowed);
		if (step->direction == MIGRATE_DOWN || findings == NIL)
			continue;
		line = migrate_map_line(errctx, errctx->line, &file);
		foreach(lc, findings)
			add_found(check, errctx, file, line, lfirst(lc));
	}
	migrate_foresight_end(check->foresight);
	migrate_end_script(errctx);

	/* they are recorded with the step, after commits */
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

	foreach(lc, steps)
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
list_further(List *found, const Found *first)
{
	StringInfoData buf;
	int			count = 0;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, found)
	{
		const Found *other = lfirst(lc);

		if (other == first || !other->stops)
			continue;
		if (count++ < MAX_LISTED)
			appendStringInfo(&buf, "%s rule \"%s\", file \"%s\", line %d", buf.len > 0 ? ";" : "",
							 other->rule, other->file, other->line);
	}
	if (count > MAX_LISTED)
		appendStringInfo(&buf, "; and %d more", count - MAX_LISTED);
	return count > 0 ? buf.data : NULL;
}

pg_noreturn static void refuse(List *found, const Found *first);

static void
refuse(List *found, const Found *first)
{
	char	   *further = list_further(found, first);
	const char *hint = first->hint ? first->hint : "";

	if (migrate_on_findings == ON_FINDINGS_ERROR)
		hint = psprintf("%s%sIf this is intended, write \"-- migrate: allow %s\" and a reason on the line above the statement.",
						hint, *hint ? " " : "", first->rule);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("rule \"%s\" stops migration \"%s\": %s", first->rule, first->migration,
					first->message),
			 further == NULL ? errdetail("File \"%s\", line %d.", first->file, first->line) :
			 errdetail("File \"%s\", line %d. Others that stop it:%s.", first->file, first->line, further),
			 *hint ? errhint("%s", hint) : 0));
}

/*
 * Report what was found, and refuse the run if one of it stops it.
 */
static void
report_found(List *found)
{
	const Found *stop = NULL;
	ListCell   *lc;

	foreach(lc, found)
	{
		const Found *one = lfirst(lc);

		if (one->stops && migrate_on_findings != ON_FINDINGS_WARN)
		{
			if (stop == NULL)
				stop = one;
			continue;
		}
		/* psql does not show the context of a warning */
		ereport(WARNING,
				(errmsg("rule \"%s\", migration \"%s\": %s", one->rule, one->migration, one->message),
				 errdetail("File \"%s\", line %d.", one->file, one->line),
				 one->hint ? errhint("%s", one->hint) : 0));
	}
	if (stop != NULL)
		refuse(found, stop);
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
	MemoryContext old;
	bool		pushed;
	int			guc_level;

	if (migrate_on_findings == ON_FINDINGS_IGNORE || ups == NIL)
		return;
	check.context = AllocSetContextCreate(CurrentMemoryContext, "migrate findings",
										  ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(check.context);
	check.foresight = migrate_foresight_create(!run->request->commits);

	/* expressions may be evaluated */
	pushed = !ActiveSnapshotSet();
	if (pushed)
		PushActiveSnapshot(GetTransactionSnapshot());
	guc_level = NewGUCNestLevel();
	migrate_enter_schema(run->request->history.schema, GUC_ACTION_SAVE);
	check_steps(&check, downs);
	check_steps(&check, ups);
	AtEOXact_GUC(false, guc_level);
	if (pushed)
		PopActiveSnapshot();
	report_found(check.found);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(check.context);
}
