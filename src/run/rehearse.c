/*-------------------------------------------------------------------------
 *
 * rehearse.c
 *		rehearse(): run what is pending, measure it, and undo it.
 *
 * The statements run as those of apply() do, in a subtransaction that is rolled back
 * (undone.c).  What that would not undo does not run.  From then on the statements may
 * depend on something that is missing, so each runs in a subtransaction of its own, and
 * one that fails has not been rehearsed, either.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/rehearse.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "history/history.h"
#include "rules/rules.h"
#include "run/apply.h"
#include "run/budget.h"
#include "run/callback.h"
#include "run/check.h"
#include "run/findings.h"
#include "run/observe.h"
#include "run/plan.h"
#include "run/rehearse.h"
#include "run/report.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/step.h"
#include "run/step_script.h"
#include "run/steps.h"
#include "run/undone.h"
#include "run/verify_script.h"
#include "script/script.h"
#include "util/printable.h"
#include "util/subtransaction.h"

#define DONE			"done"
#define UNKNOWN			"unknown"
#define FAILED			"failed"
#define NOT_REHEARSED	"not rehearsed"

typedef struct Rehearsal
{
	MemoryContext context;		/* of the rows */
	List	   *rows;			/* of MigrateRehearsed, those of all steps */
	int			next;			/* row of the next statement */
	List	   *facts;			/* of MigrateFacts, of each row, as foreseen */
	List	   *scripts;		/* of MigrateScript, that each row is in */
	MigrateRehearsed *current;	/* of the one that runs, NULL: none has yet */
	int			transaction;	/* number of the last one */
	MigrateForesight *foresight;
	bool		verifies;		/* a verify script runs */
	bool		doubtful;		/* something before has not been rehearsed */
} Rehearsal;

/*
 * A list of strings, copied into the current memory context.
 */
static List *
copy_strings(const List *strings)
{
	List	   *copy = NIL;
	ListCell   *lc;

	foreach(lc, strings)
		copy = lappend(copy, pstrdup(lfirst(lc)));
	return copy;
}

/*
 * Append a row for each statement of a step, whose first one may be in the last
 * transaction ("joins"); none of them has been rehearsed yet.  Their
 * facts are determined as those of check() are, before anything runs: that takes a
 * subtransaction for each, and the more a transaction has made, the more these cost.
 */
static void
add_rows(Rehearsal *rehearsal, MigrateRun *run, MigrateStep *step, bool joins)
{
	MigrateScript *script = step->script;
	bool		is_callback = migrate_is_callback(step);
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	char	   *sql;

	migrate_errcontext_begin(&errctx, &callback, step->direction, step->file, step->applied);
	(void) migrate_read_step(run, step, &sql, &errctx);
	migrate_begin_script(script, sql, &errctx);
	migrate_foresight_begin(rehearsal->foresight);
	for (int i = 0; i < script->nstatements; i++)
	{
		MigrateRehearsed *row = palloc0(sizeof(MigrateRehearsed));
		MigrateFacts *facts;
		List	   *allowed = NIL;

		CHECK_FOR_INTERRUPTS();
		rehearsal->transaction += migrate_begins_transaction(script, i, 0) && !(joins && i == 0);
		row->statement.version = is_callback ? NULL : step->file->version;
		row->statement.name = step->file->name;
		row->statement.transaction = rehearsal->transaction;
		row->statement.statement = i + 1;
		row->statement.line = migrate_map_line(&errctx, script->statements[i].line, &row->statement.file);
		row->statement.command = migrate_command_of(&script->statements[i]);
		row->outcome = NOT_REHEARSED;
		row->rows = row->held = -1;
		rehearsal->rows = lappend(rehearsal->rows, row);
		facts = migrate_statement_facts(rehearsal->foresight, &script->statements[i], sql,
										rehearsal->transaction);
		rehearsal->facts = lappend(rehearsal->facts, facts);
		rehearsal->scripts = lappend(rehearsal->scripts, script);
		(void) migrate_findings_of(rehearsal->foresight, facts, script, i, sql, &allowed);
	}
	migrate_foresight_end(rehearsal->foresight);
	migrate_end_script(&errctx);
	migrate_errcontext_end(&callback);
	pfree(sql);
}

/*
 * The same for a step with the callbacks in its transaction.
 */
static void
add_rows_of_step(Rehearsal *rehearsal, MigrateRun *run, MigrateStep *step)
{
	int			transaction = rehearsal->transaction;
	ListCell   *lc;

	foreach(lc, step->before)
		add_rows(rehearsal, run, lfirst(lc), rehearsal->transaction > transaction);
	add_rows(rehearsal, run, step, rehearsal->transaction > transaction);
	foreach(lc, step->after)
		add_rows(rehearsal, run, lfirst(lc), rehearsal->transaction > transaction);
}

/*
 * Is it a utility statement that is known to lock no relation which others see more than
 * a change of rows does?
 */
static bool
is_harmless(const MigrateStatement *statement, const MigrateFacts *facts)
{
	ListCell   *lc;

	switch (statement->tag)
	{
		case T_SelectStmt:
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
			return false;
		default:
			break;
	}
	foreach(lc, facts->relations)
	{
		const MigrateRelationFact *fact = lfirst(lc);

		if (fact->lock > RowExclusiveLock)
			return false;
	}
	return facts->known;
}

/*
 * A statement as migrate_try() runs it.
 */
typedef struct StatementToTry
{
	const MigrateStatement *statement;
	const char *sql;
	MigrateExecution *execution;
} StatementToTry;

static void
run_body(void *arg)
{
	const StatementToTry *try = arg;

	migrate_run_statement(try->statement, try->sql, try->execution);
}

/*
 * Run a statement that may depend on one that has not been rehearsed.  Returns its error,
 * or NULL.
 */
static ErrorData *
try_statement(const MigrateStatement *statement, const char *sql, MigrateExecution *execution)
{
	StatementToTry try = {statement, sql, execution};
	ErrorData  *error = migrate_try(run_body, &try);

	if (error == NULL)
		return NULL;
	if (!migrate_is_error_of_input(error->sqlerrcode))
		ReThrowError(error);
	migrate_forget_statement(execution);
	return error;
}

/*
 * What the rules find, as text.
 */
static List *
describe_findings(List *findings)
{
	List	   *texts = NIL;
	ListCell   *lc;

	foreach(lc, findings)
	{
		const MigrateFinding *finding = lfirst(lc);

		texts = lappend(texts, psprintf("%s %s: %s", finding->severity, finding->rule, finding->message));
	}
	return texts;
}

/*
 * All statements have run: add what the rules find about the plan as a whole to the
 * statements that it is about.
 */
static void
add_findings_at_end(Rehearsal *rehearsal)
{
	ListCell   *lc;

	foreach(lc, migrate_findings_at_end(rehearsal->foresight))
	{
		const MigrateFinding *finding = lfirst(lc);
		MigrateRehearsed *row = list_nth(rehearsal->rows, finding->statement - 1);

		row->findings = list_concat(row->findings, describe_findings(list_make1(lfirst(lc))));
	}
}

/*
 * Fill in the row of a statement that has run.
 */
static void
fill_in(Rehearsal *rehearsal, const MigrateStatement *statement, MigrateExecution *execution,
		const MigrateObservation *observation, List *findings)
{
	MigrateRehearsed *row = rehearsal->current;
	TimestampTz since = migrate_budget_since();
	MemoryContext old = MemoryContextSwitchTo(rehearsal->context);

	row->outcome = observation->ran_function || statement->tag == T_DoStmt ||
		statement->tag == T_CallStmt ? UNKNOWN : DONE;
	row->measured = true;
	row->duration = observation->duration;
	row->wal_bytes = observation->wal_bytes;
	row->rows = execution->rows;
	row->locks = copy_strings(observation->locks);
	row->rewritten = copy_strings(observation->rewritten);
	row->scanned = copy_strings(observation->scanned);
	row->held = since == 0 ? -1 : GetCurrentTimestamp() - since;
	row->findings = describe_findings(findings);
	MemoryContextSwitchTo(old);
}

/*
 * Run a statement and measure it, in place of migrate_run_statement().
 */
static void
rehearse_statement(const MigrateStatement *statement, const char *sql, MigrateExecution *execution)
{
	Rehearsal  *rehearsal = execution->observer;
	MigrateRehearsed *row = list_nth(rehearsal->rows, rehearsal->next);
	const MigrateScript *script = list_nth(rehearsal->scripts, rehearsal->next);
	MigrateFacts *facts = list_nth(rehearsal->facts, rehearsal->next++);
	const char *reason;
	MigrateObservation observation;
	List	   *allowed = NIL;

	rehearsal->current = row;
	migrate_budget_before();
	reason = migrate_reason_not_to_run(statement, sql);
	if (reason != NULL)
	{
		row->error = reason;
		rehearsal->doubtful |= !statement->set_transaction;
		return;
	}
	if (is_harmless(statement, facts))
		migrate_budget_harmless();
	migrate_observe_start(&observation, statement == script->statements ||
						  statement->transaction != (statement - 1)->transaction);
	if (rehearsal->doubtful)
	{
		ErrorData  *error = try_statement(statement, sql, execution);

		if (error != NULL)
		{
			row->error = MemoryContextStrdup(rehearsal->context, error->message);
			migrate_budget_after();
			return;
		}
	}
	else
		migrate_run_statement(statement, sql, execution);
	migrate_observe_finish(&observation);
	migrate_facts_measured(rehearsal->foresight, facts, observation.measured);
	fill_in(rehearsal, statement, execution, &observation,
			migrate_findings_of(rehearsal->foresight, facts, script, statement - script->statements, sql,
								&allowed));

	/*
	 * the new value cannot be used before a commit, which apply() does not
	 * have, but up()
	 */
	rehearsal->doubtful |= statement->tag == T_AlterEnumStmt;
}

/*
 * Run a statement of a verify script, in place of migrate_run_statement().
 */
static void
verify_statement(const MigrateStatement *statement, const char *sql, MigrateExecution *execution)
{
	const char *reason;

	migrate_budget_before();
	reason = migrate_reason_not_to_run(statement, sql);
	if (reason != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s", reason)));
	migrate_run_statement(statement, sql, execution);
	migrate_budget_after();
}

/*
 * A step has not run, or its failure is ignored, and undone: say so in its rows, the first
 * of which is "next".
 */
static void
mark_unrun(Rehearsal *rehearsal, const MigrateStep *step, int next, const ErrorData *failure)
{
	for (int i = next; i < next + step->script->nstatements; i++)
	{
		MigrateRehearsed *row = list_nth(rehearsal->rows, i);

		if (failure != NULL && row == rehearsal->current)
		{
			row->outcome = FAILED;
			row->error = MemoryContextStrdup(rehearsal->context, failure->message);
		}
		else if (failure == NULL)
			row->error = step->passed_over ? "passed over by its preconditions" :
				"recorded as applied without running, by its preconditions";
	}
	rehearsal->next = next + step->script->nstatements;
}

/*
 * Run and record a step.
 */
static void
rehearse_step(Rehearsal *rehearsal, MigrateRun *run, MigrateStep *step)
{
	MigrateExecution execution;
	ErrorContextCallback callback;
	MigrateResult *result = migrate_new_result(run, step);
	TimestampTz started = GetCurrentTimestamp();
	instr_time	start;
	char	   *script;
	char	   *sql;
	ErrorData  *failure;
	int			next = rehearsal->next;
	bool		executed;

	INSTR_TIME_SET_CURRENT(start);
	if ((step->script->nstatements > 0 || step->before != NIL || step->after != NIL) &&
		rehearsal->next < list_length(rehearsal->rows))
		rehearsal->current = list_nth(rehearsal->rows, rehearsal->next);
	migrate_execution_begin(&execution, &callback, run, step);
	execution.run = rehearse_statement;
	execution.observer = rehearsal;
	script = migrate_read_step(run, step, &sql, &execution.errctx);
	executed = migrate_execute_if_due(run, step, sql, &execution, &failure);
	if (executed && !rehearsal->doubtful)
	{
		rehearsal->verifies = true;
		migrate_run_verify_script(run, step, NIL, verify_statement);
		rehearsal->verifies = false;
	}
	migrate_measure(result, start, step->script->nstatements);
	if (!step->passed_over)
		migrate_record_step(run, step, executed, result, started, script);
	migrate_errcontext_end(&callback);
	if (!executed)
		mark_unrun(rehearsal, step, next, failure);
}

/*
 * What migrate_run_undone() runs.
 */
static void
rehearse(MigrateRun *run, void *arg)
{
	Rehearsal  *rehearsal = arg;
	MemoryContext context;
	List	   *steps;
	ListCell   *lc;

	if (!migrate_load_pending(run, &steps))
		return;
	steps = migrate_add_callbacks(run, steps, MIGRATE_UP);
	if (steps == NIL)
		return;
	migrate_check_up_steps(run, steps, false);
	rehearsal->foresight = migrate_foresight_create(false);
	foreach(lc, steps)
		add_rows_of_step(rehearsal, run, lfirst(lc));
	migrate_foresight_runs(rehearsal->foresight);
	migrate_observe_begin();
	migrate_fire_callers_events(run);
	context = AllocSetContextCreate(CurrentMemoryContext, "migrate step", ALLOCSET_DEFAULT_SIZES);
	foreach(lc, steps)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		rehearse_step(rehearsal, run, lfirst(lc));
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	add_findings_at_end(rehearsal);
}

/*
 * rehearse(): run what is pending, and undo it.  "budget" as for migrate_run_undone().
 * Returns a list of MigrateRehearsed, one for each statement that is pending.
 *
 * Raised are the errors of apply() before its first statement, 55P03 if migrations are
 * running, and what migrate_run_undone() raises, or a deadlock.  Any other error of a
 * statement is in its row; those after it have not been rehearsed.
 */
List *
migrate_run_rehearsal(MigrateRequest *request, int64 budget)
{
	Rehearsal	rehearsal = {.context = CurrentMemoryContext};
	MigrateUndone undone = migrate_run_undone(request, budget, rehearse, &rehearsal);
	MigrateRehearsed *row = rehearsal.current;

	if (undone.error == NULL && rehearsal.rows == NIL)
		migrate_warn_version();
	if (undone.error == NULL)
		return rehearsal.rows;
	if (row == NULL || (undone.stopped == NULL && !migrate_is_error_of_input(undone.error->sqlerrcode)))
		ReThrowError(undone.error);
	row->outcome = undone.stopped ? NOT_REHEARSED : FAILED;
	row->error = undone.stopped ? undone.stopped : rehearsal.verifies ?
		psprintf("verify script: %s", undone.error->message) : undone.error->message;
	return rehearsal.rows;
}
