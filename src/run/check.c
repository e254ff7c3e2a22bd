/*-------------------------------------------------------------------------
 *
 * check.c
 *		Parses and checks the scripts of all steps, before any of them runs.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/check.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "execute/execute.h"
#include "format/contexts.h"
#include "format/doubt.h"
#include "history/history.h"
#include "run/callback.h"
#include "run/check.h"
#include "run/configuration.h"
#include "run/precondition.h"
#include "run/report.h"
#include "run/reversible.h"
#include "run/run_int.h"
#include "run/step_script.h"
#include "run/verify_script.h"
#include "script/script.h"
#include "util/errcontext.h"
#include "util/names.h"
#include "util/printable.h"

/*
 * Refuse a step up from a file that may not mean what it says, or if the settings
 * do not decide whether it runs.
 */
void
migrate_require_runnable(const MigrateStep *step)
{
	if (step->file == NULL || migrate_is_callback(step))
		return;
	migrate_raise_doubt(step->file, step->applied == NULL || step->repeated);
	if (step->applied == NULL)
		migrate_require_choice(step->file);
}

/*
 * The parsed script of a step up.  *str is its text, *sql the same with the values
 * of variables, or *str itself; both palloc'd.  A down script that has no text is an
 * error here, before anything runs: it could not be stored.
 */
MigrateScript *
migrate_prepare_up(MigrateRun *run, MigrateStep *step, MigrateErrorContext *errctx,
				   char **str, char **sql)
{
	*str = migrate_step_text(run, step);
	if (step->file != NULL && step->file->down.broken != NULL)
		ReThrowError(step->file->down.broken);
	migrate_parse_preconditions(run, step, errctx);
	*sql = migrate_step_sql(run, step, *str, errctx);
	return migrate_parse_up_step(run, step, *sql, errctx);
}

/*
 * Does a statement, from 0, begin a transaction of the plan?  "done" statements of
 * the script are committed.
 */
bool
migrate_begins_transaction(const MigrateScript *script, int number, int done)
{
	const MigrateStatement *statement = &script->statements[number];

	return number == done || migrate_execute_is_top_level(statement) ||
		migrate_execute_is_top_level(statement - 1) ||
		statement->transaction != (statement - 1)->transaction;
}

/*
 * Parse and check a callback, unless that is done: it may be one of many migrations.
 */
static void
check_callback(MigrateRun *run, MigrateStep *step, MigrateNames *made, bool *made_unknown)
{
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	char	   *str;
	char	   *sql;

	if (step->script != NULL)
		return;
	migrate_errcontext_begin(&errctx, &callback, step->direction, step->file, NULL);
	str = migrate_step_text(run, step);
	sql = migrate_step_sql(run, step, str, &errctx);
	step->script = migrate_parse_step(step, sql, &errctx);
	migrate_report_oddities(step->script, &errctx);
	migrate_check_callback(step);
	if (!run->request->commits && !run->request->undoes)
		migrate_execute_check(step->script, sql, &errctx, made, made_unknown);
	if (sql != str)
		pfree(sql);
	pfree(str);
	migrate_errcontext_end(&callback);
}

static void
check_callbacks(MigrateRun *run, List *callbacks, MigrateNames *made, bool *made_unknown)
{
	ListCell   *lc;

	foreach(lc, callbacks)
		check_callback(run, lfirst(lc), made, made_unknown);
}

/*
 * Parse and check the callbacks in the transaction of a step; errors as below.
 */
void
migrate_check_own_callbacks(MigrateRun *run, const MigrateStep *step)
{
	MigrateNames *made = migrate_names_create();
	bool		made_unknown = false;

	check_callbacks(run, step->before, made, &made_unknown);
	check_callbacks(run, step->after, made, &made_unknown);
}

static void
check_up_step(MigrateRun *run, MigrateStep *step, MigrateNames *made, bool *made_unknown)
{
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	char	   *str;
	char	   *sql;

	migrate_require_runnable(step);
	migrate_errcontext_begin(&errctx, &callback, MIGRATE_UP, step->file, step->applied);
	step->script = migrate_prepare_up(run, step, &errctx, &str, &sql);
	migrate_report_oddities(step->script, &errctx);
	if (!run->request->commits && !run->request->undoes)
		migrate_execute_check(step->script, sql, &errctx, made, made_unknown);
	if (sql != str)
		pfree(sql);
	pfree(str);
	migrate_errcontext_end(&callback);
	migrate_check_way_down(run, step);
	migrate_check_verify_script(run, step);
}

/*
 * Check all steps of a run, each with "check", and the callbacks around them.
 */
static void
check_steps(MigrateRun *run, List *steps, bool made_unknown,
			void (*check) (MigrateRun *run, MigrateStep *step, MigrateNames *made, bool *made_unknown))
{
	MigrateNames *made = migrate_names_create();
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);

		check_callbacks(run, step->before, made, &made_unknown);
		if (migrate_is_callback(step))
			check_callback(run, step, made, &made_unknown);
		else
			check(run, step, made, &made_unknown);
		check_callbacks(run, step->after, made, &made_unknown);
	}
	check_callbacks(run, run->on_error, made, &made_unknown);
}

/*
 * Parse and check all migrations of a run, before any of them runs, and store the
 * scripts in the steps.  "afresh" is set if other steps run before, which may drop
 * objects that exist now.  Errors: those of script.c, and 25001 for what cannot run
 * inside a transaction block.
 */
void
migrate_check_up_steps(MigrateRun *run, List *steps, bool afresh)
{
	migrate_require_configuration(run, steps);
	check_steps(run, steps, afresh, check_up_step);
}

/*
 * Raise an error in a down script again, and say what helps: force does not.
 */
static void
rethrow_broken_down(MemoryContext context)
{
	ErrorData  *error;

	if (!migrate_is_script_error(geterrcode()) || geterrcode() == ERRCODE_INSUFFICIENT_PRIVILEGE)
		PG_RE_THROW();
	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	if (error->hint == NULL)
		error->hint = pstrdup("Correct the down section in the file, and give \"dir\" or accept the file with migrate.repair(); force does not pass over it.");
	ReThrowError(error);
}

/*
 * The script of a down step, NULL if it has none.
 */
static MigrateScript *
parse_down_step(MigrateRun *run, MigrateStep *step, MigrateNames *made, bool *made_unknown)
{
	MemoryContext context = CurrentMemoryContext;
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	char	   *str;
	char	   *volatile sql = NULL;
	MigrateScript *volatile script = NULL;

	migrate_errcontext_begin(&errctx, &callback, MIGRATE_DOWN, step->file, step->applied);
	str = migrate_step_text(run, step);

	PG_TRY();
	{
		if (str != NULL)
		{
			sql = migrate_step_sql(run, step, str, &errctx);
			script = migrate_parse_step(step, sql, &errctx);
			migrate_report_oddities(script, &errctx);
		}
	}
	PG_CATCH();
	{
		rethrow_broken_down(context);
	}
	PG_END_TRY();
	if (script != NULL && step->in_progress)
		migrate_check_resumed(run, step, script, sql, &errctx);
	if (script != NULL && !run->request->commits)
		migrate_execute_check(script, sql, &errctx, made, made_unknown);
	migrate_errcontext_end(&callback);
	if (sql != NULL && sql != str)
		pfree(sql);
	if (str != NULL)
		pfree(str);
	return script;
}

static void
check_down_step(MigrateRun *run, MigrateStep *step, MigrateNames *made, bool *made_unknown)
{
	step->script = parse_down_step(run, step, made, made_unknown);
}

/*
 * Is the script of a down step one that undoes something, or one that says that
 * there is nothing to undo?
 */
static bool
has_way_back(const MigrateStep *step)
{
	if (step->script == NULL)
		return false;
	return step->script->nstatements > 0 ||
		(step->file ? step->file->down.nothing : step->applied->reversible);
}

/*
 * What to do about a migration without a way back.
 */
static char *
hint_without_way_back(const MigrateRequest *request, const AppliedMigration *applied)
{
	static const char *const with_force[] = {"rollback", "reset", "down"};

	for (int i = 0; i < lengthof(with_force); i++)
		if (strcmp(request->routine, with_force[i]) == 0)
			return "With force => true, it is recorded as undone without running anything.";
	return psprintf("Undo it by hand, and record that with %s.",
					migrate_repair_call(&request->history, applied->version, "pending"));
}

/*
 * Parse and check all that is about to be undone, before any of it runs, and store
 * the scripts in the steps.  Errors as migrate_check_up_steps(), and 55000 for a
 * migration without a usable down script, unless the request has "force".
 */
void
migrate_check_down_steps(MigrateRun *run, List *steps)
{
	ListCell   *lc;

	check_steps(run, steps, false, check_down_step);

	/* what is broken has been named before what is only missing */
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		const AppliedMigration *applied = step->applied;
		bool		missing = step->script == NULL;

		if (migrate_is_callback(step))
			continue;
		step->forced = !has_way_back(step);
		if (step->forced)
			step->script = NULL;
		if (step->forced && !run->request->force && applied->kind != KIND_REPEATABLE)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("migration \"%s\" cannot be undone",
							migrate_label(applied->version, applied->name)),
					 missing ? errdetail("It has no down script.") :
					 errdetail("Its down section has no statement."),
					 errhint("%s", hint_without_way_back(run->request, applied))));
	}
}
