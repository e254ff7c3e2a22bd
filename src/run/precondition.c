/*-------------------------------------------------------------------------
 *
 * precondition.c
 *		What must hold before a changeset runs, and what happens if it does not.
 *
 * The rules are those of Liquibase 5.0: SqlPrecondition.java, PreconditionContainer.java,
 * ChangeSet.java.  The queries run as the caller, in the transaction of the changeset or
 * in one just before, and whatever they do is undone.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/precondition.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timeout.h"

#include "execute/execute.h"
#include "format/contexts.h"
#include "format/preconditions.h"
#include "history/history.h"
#include "run/precondition.h"
#include "run/report.h"
#include "run/run_int.h"
#include "run/step.h"
#include "run/survivors.h"
#include "run/variable_values.h"
#include "script/script.h"
#include "util/errcontext.h"
#include "util/printable.h"
#include "util/subtransaction.h"
#include "variables/variables.h"

/*
 * A precondition that is parsed.
 */
typedef struct Check
{
	const MigratePrecondition *precondition;
	char	   *expected;		/* with the values of variables, as ... */
	char	   *sql;
	MigrateScript *script;		/* one query */
} Check;

static char *
substitute(MigrateRun *run, const MigrateStep *step, const MigratePrecondition *precondition,
		   const char *str, MigrateErrorContext *errctx)
{
	MigrateSyntax syntax = step->file->up.syntax;
	List	   *used;

	return migrate_substitute(syntax, str, precondition->line,
							  migrate_step_variables(run, step, syntax, precondition->file),
							  &used, errctx);
}

/*
 * Is a kind of statement one that can return rows?
 */
static bool
is_query(NodeTag tag)
{
	switch (tag)
	{
		case T_SelectStmt:
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_VariableShowStmt:
		case T_ExplainStmt:
			return true;
		default:
			return false;
	}
}

static Check *
parse(MigrateRun *run, const MigrateStep *step, const MigratePrecondition *precondition,
	  MigrateErrorContext *errctx)
{
	Check	   *check = palloc0(sizeof(Check));

	check->precondition = precondition;
	check->expected = substitute(run, step, precondition, precondition->expected, errctx);
	check->sql = substitute(run, step, precondition, precondition->sql, errctx);
	check->script = migrate_script_parse(check->sql, true, precondition->line, errctx);
	if (check->script->nstatements != 1 || !is_query(check->script->statements[0].tag) ||
		check->script->statements[0].rows > 0)
	{
		errctx->line = precondition->line;
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("precondition is not a single query"),
				 errhint("It has to return one row with one column.")));
	}
	return check;
}

/*
 * Parse the preconditions of a step up, before anything runs.  Errors: those of parsing a
 * script, and 0A000 for what is no query.
 */
void
migrate_parse_preconditions(MigrateRun *run, MigrateStep *step, MigrateErrorContext *errctx)
{
	const MigratePreconditions *preconditions = step->file ? step->file->preconditions : NULL;
	ListCell   *lc;

	step->preconditions = NIL;
	foreach(lc, preconditions && !step->in_progress ? preconditions->checks : NIL)
		step->preconditions = lappend(step->preconditions, parse(run, step, lfirst(lc), errctx));
	errctx->line = 0;
	errctx->statement = 0;
	errctx->nstatements = 0;
}

/*
 * A query that runs, for migrate_try_traceless().
 */
typedef struct RunningQuery
{
	const Check *check;
	MigrateExecution *execution;
	char	   *value;			/* that it has returned, NULL: a null */
} RunningQuery;

static void
run_query(void *arg)
{
	RunningQuery *query = arg;

	query->value = migrate_run_query(query->check->script->statements, query->check->sql,
									 query->execution);
}

static char *
shown(const char *value)
{
	if (value == NULL)
		return pstrdup("NULL");
	return psprintf("\"%s\"", migrate_excerpt(value));
}

/*
 * The error of a precondition that does not hold.
 */
static void
refuse(const MigrateStep *step, const Check *check, const char *value)
{
	const MigratePreconditions *preconditions = step->file->preconditions;

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("precondition of changeset \"%s\" does not hold", step->file->version),
			 errdetail("The query returned %s instead of \"%s\": %s", shown(value),
					   migrate_excerpt(check->expected), migrate_excerpt(check->sql)),
			 preconditions->fail_message ? errhint("%s", preconditions->fail_message) : 0));
}

/*
 * What comes of a precondition that does not hold ("error" is NULL), or that has failed.
 */
static MigrateVerdict
react(const MigrateStep *step, const Check *check, const char *value, ErrorData *error, bool quiet)
{
	const MigratePreconditions *preconditions = step->file->preconditions;
	MigrateReaction reaction = error ? preconditions->on_error : preconditions->on_fail;
	const char *label = migrate_label(step->file->version, step->file->name);
	const char *message = error ? preconditions->error_message : preconditions->fail_message;
	char	   *reason;

	if (reaction == REACTION_HALT && error == NULL)
		refuse(step, check, value);
	if (reaction == REACTION_HALT)
	{
		if (message != NULL)
			error->hint = pstrdup(message);
		ReThrowError(error);
	}
	if (error != NULL)
		reason = psprintf("The precondition in file \"%s\", line %d, has failed: %s.",
						  check->precondition->file, check->precondition->line, error->message);
	else
		reason = psprintf("The precondition in file \"%s\", line %d, does not hold: its query returned %s instead of \"%s\".",
						  check->precondition->file, check->precondition->line, shown(value),
						  migrate_excerpt(check->expected));
	if (reaction == REACTION_WARN && !quiet)
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("migration \"%s\" runs though a precondition does not hold", label),
				 errdetail("%s", reason),
				 message ? errhint("%s", message) : 0));
	else if (!quiet)
		ereport(NOTICE,
				(reaction == REACTION_CONTINUE ? errmsg("migration \"%s\" is passed over, and stays pending", label) :
				 errmsg("migration \"%s\" is recorded as applied without having run", label),
				 errdetail("%s", reason),
				 message ? errhint("%s", message) : 0));
	return reaction == REACTION_CONTINUE ? VERDICT_PASS :
		reaction == REACTION_MARK_RAN ? VERDICT_MARK : VERDICT_RUN;
}

/*
 * Check the preconditions of a checked step in the current transaction, up to the first
 * that does not hold.  What they do is undone.  Unless "quiet", a message says what the
 * changeset makes of that.  Errors: 55000, or that of the query.
 */
MigrateVerdict
migrate_check_preconditions(MigrateRun *run, const MigrateStep *step, MigrateExecution *execution,
							bool quiet)
{
	ListCell   *lc;

	foreach(lc, step->preconditions)
	{
		const Check *check = lfirst(lc);
		RunningQuery query = {check, execution};
		ErrorData  *error;
		MigrateVerdict verdict = VERDICT_RUN;
		bool		holds = false;

		error = migrate_try_traceless(run_query, &query);
		migrate_forget_statement(execution);
		if (execution->errctx.commits)
			disable_timeout(STATEMENT_TIMEOUT, false);
		if (error != NULL && !migrate_is_error_of_statement(error->sqlerrcode))
			ReThrowError(error);
		if (error == NULL)
			holds = query.value != NULL && strcmp(query.value, check->expected) == 0;
		execution->errctx.line = check->precondition->line;
		if (!holds)
			verdict = react(step, check, query.value, error, quiet);
		execution->errctx.line = 0;
		if (!holds)
			return verdict;
	}
	return VERDICT_RUN;
}

/*
 * The arguments of migrate_try_preconditions().
 */
typedef struct DueStep
{
	MigrateRun *run;
	MigrateStep *step;
	bool		checked;
	MigrateVerdict *verdict;
} DueStep;

static void
check_due(void *arg)
{
	const DueStep *due = arg;
	MigrateExecution execution;
	ErrorContextCallback callback;
	const char *setting;

	if (!due->checked)
		migrate_enter_schema(due->run->request->history.schema, GUC_ACTION_SAVE);
	migrate_execution_begin(&execution, &callback, due->run, due->step);
	if (due->checked || migrate_choose(due->step->file, &setting) == CHOICE_RUNS)
	{
		if (!due->checked)
			migrate_parse_preconditions(due->run, due->step, &execution.errctx);
		*due->verdict = migrate_check_preconditions(due->run, due->step, &execution, true);
	}
	migrate_errcontext_end(&callback);
}

/*
 * What would the preconditions of a step decide, without a word?  Without "checked", the
 * step has not been checked: it is read, and it may not be due for another reason.  All is
 * undone.  Returns the error of what was read, or NULL; others are raised.
 */
ErrorData *
migrate_try_preconditions(MigrateRun *run, MigrateStep *step, bool checked, MigrateVerdict *verdict)
{
	DueStep		due = {run, step, checked, verdict};
	ErrorData  *error;

	*verdict = VERDICT_RUN;
	error = migrate_try_undone(check_due, &due);
	if (error != NULL && !migrate_is_error_of_input(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

/*
 * Does a changeset, with failOnError:false, let the run go on after this error?
 */
bool
migrate_ignores(const MigrateStep *step, const ErrorData *error)
{
	return step->direction == MIGRATE_UP && step->file != NULL && step->file->ignores_failure &&
		migrate_is_error_of_statement(error->sqlerrcode);
}

/*
 * What plan() and status() say of a file whose preconditions, or whose failure, decide
 * about it when it runs; NULL if there is nothing to say.
 */
const char *
migrate_describe_preconditions(const Migration *file)
{
	const MigratePreconditions *preconditions = file->preconditions;

	if (preconditions == NULL || preconditions->checks == NIL)
		return file->ignores_failure ? "a failure of it does not end the run" : NULL;
	if (migrate_may_pass_over(preconditions))
		return "has preconditions, which are checked when it runs, and may be passed over";
	if (preconditions->on_fail == REACTION_MARK_RAN || preconditions->on_error == REACTION_MARK_RAN)
		return "has preconditions, which are checked when it runs, and may be recorded as applied without running";
	return "has preconditions, which are checked when it runs";
}
