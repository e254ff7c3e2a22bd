/*-------------------------------------------------------------------------
 *
 * apply.c
 *		The sequence of a run: load, lock, load again, check, then execute and
 *		record each step.
 *
 * Everything happens in the caller's transaction.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/apply.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "history/history.h"
#include "run/apply.h"
#include "run/callback.h"
#include "run/check.h"
#include "run/drift.h"
#include "run/findings.h"
#include "run/in_step.h"
#include "run/known.h"
#include "run/lock.h"
#include "run/notify.h"
#include "run/report.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/step.h"
#include "run/step_script.h"
#include "run/steps.h"
#include "run/verify_script.h"
#include "util/printable.h"

/*
 * Take the run lock, and look again at the history.  40001 if that is one which
 * the transaction's snapshot cannot see.
 */
void
migrate_lock_and_load(MigrateRun *run)
{
	char	   *routine = psprintf("migrate.%s()", run->request->routine);

	PreventCommandDuringRecovery(routine);
	PreventCommandIfReadOnly(routine);
	if (run->request->undoes)
		migrate_lock_acquire_now(run->request->history.project, run->request->history.schema);
	else
		migrate_lock_acquire(run->request->history.project, run->request->history.schema);
	migrate_require_version();
	run->is_read = false;
	migrate_load_state(run);
	if (!migrate_history_is_current(&run->request->history, run->applied))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent migration"),
				 errhint("Retry the transaction.")));
	migrate_history_warn_subscribed();
	migrate_check_changes(run);
	if (run->request->tool == NULL)
		migrate_change_format(run);
}

/*
 * Run and record a checked step, in a memory context that the caller resets.
 */
static void
run_step(MigrateRun *run, MigrateStep *step, MigrateResult *result)
{
	MigrateExecution execution;
	ErrorContextCallback callback;
	TimestampTz started = GetCurrentTimestamp();
	instr_time	start;
	bool		executed;
	char	   *script;
	char	   *sql;
	ErrorData  *failure;

	INSTR_TIME_SET_CURRENT(start);
	migrate_execution_begin(&execution, &callback, run, step);
	script = migrate_read_step(run, step, &sql, &execution.errctx);
	executed = migrate_execute_if_due(run, step, sql, &execution, &failure);
	if (executed)
		migrate_run_verify_script(run, step, NIL, NULL);
	migrate_measure(result, start, executed ? step->script->nstatements : 0);
	if (!step->passed_over)
		migrate_record_step(run, step, executed, result, started, script);
	migrate_errcontext_end(&callback);
	if (failure != NULL)
	{
		migrate_recorder_flush();
		migrate_record_failed(&run->request->history, step, result, started, failure);
		migrate_report_ignored_failure(result, failure);
	}
	if (execution.other_timeout && !run->other_timeout)
		ereport(NOTICE,
				(errmsg("statement_timeout in migration \"%s\" has no effect", migrate_label(result->version, result->name)),
				 errdetail("The statement that runs the migrations is bounded by the setting of its caller.")));
	run->other_timeout |= execution.other_timeout;
}

/*
 * Run and record checked steps in order.  Returns a list of MigrateResult, of those that
 * are migrations.
 */
List *
migrate_run_steps(MigrateRun *run, List *steps)
{
	List	   *results = NIL;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate step",
												  ALLOCSET_DEFAULT_SIZES);
	int			total = migrate_count_migrations(steps);
	ListCell   *lc;

	if (steps != NIL)
		migrate_fire_callers_events(run);
	run->has_changed |= steps != NIL;
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		MigrateResult *result = migrate_new_result(run, step);
		MemoryContext old = MemoryContextSwitchTo(context);

		run_step(run, step, result);
		if (!step->passed_over)
			migrate_report_step(step, result, list_length(results) + 1, total);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
		total -= step->passed_over;
		if (!migrate_is_callback(step) && !step->passed_over)
			results = lappend(results, result);
	}
	MemoryContextDelete(context);
	if (results != NIL)
	{
		MigrateDirection direction = ((MigrateStep *) linitial(steps))->direction;

		migrate_report_run(run->request, direction, total);
		migrate_notify(run, direction, "done", total, llast(results));
	}
	return results;
}

/*
 * Run a routine in the caller's transaction.  Returns its results.  The session
 * keeps nothing of what it changes: neither settings, nor the flag that a run is
 * active.  Errors leave everything to the abort of the transaction.
 */
List *
migrate_run(MigrateRequest *request, MigrateRoutine routine)
{
	MigrateRun	run = {.request = request,.context = CurrentMemoryContext};
	List	   *volatile results = NIL;
	int			guc_level;

	run.callers_path = pstrdup(namespace_search_path);
	migrate_run_begin(request);
	guc_level = NewGUCNestLevel();
	PG_TRY();
	{
		migrate_recorder_begin();
		results = routine(&run);
		if (results == NIL)
			migrate_warn_version();
		migrate_recorder_flush();
		if (run.has_changed)
			(void) migrate_record_objects_of_run(&run);
	}
	PG_FINALLY();
	{
		migrate_recorder_end();
		migrate_run_end();
	}
	PG_END_TRY();
	AtEOXact_GUC(false, guc_level);
	return results;
}

/*
 * Under the run lock, what is pending, as apply() runs it: a list of MigrateStep, not
 * checked yet, with the schema of the run entered.  Returns false if it was known before
 * the lock that there is nothing to do.
 */
bool
migrate_load_pending(MigrateRun *run, List **steps)
{
	run->request->cache_texts = true;
	run->request->skips_known = true;
	if (!migrate_load_before_up(run))
		return false;
	migrate_lock_and_load(run);
	*steps = migrate_plan_apply(run->items, run->request);
	migrate_enter_schema(run->request->history.schema, GUC_ACTION_SAVE);
	return true;
}

/*
 * apply(): run what is pending.  Returns a list of MigrateResult, one for each
 * migration that ran, in that order; so do those below.
 */
List *
migrate_run_apply(MigrateRun *run)
{
	List	   *steps;

	if (!migrate_load_pending(run, &steps))
		return NIL;
	steps = migrate_add_callbacks(run, steps, MIGRATE_UP);
	migrate_check_up_steps(run, steps, false);
	migrate_check_findings(run, NIL, steps);
	migrate_in_step_begin(run, NIL, steps);
	migrate_replace_downs(run, migrate_changed_downs(run));
	migrate_refresh_digests(run);
	return migrate_run_steps(run, steps);
}

/*
 * rollback(): undo applied migrations.
 */
List *
migrate_run_rollback(MigrateRun *run)
{
	List	   *steps;

	if (!migrate_load_before_down(run))
		return NIL;
	migrate_lock_and_load(run);
	steps = migrate_plan_rollback(run->items, run->applied, run->request);
	steps = migrate_add_callbacks(run, steps, MIGRATE_DOWN);
	migrate_enter_schema(run->request->history.schema, GUC_ACTION_SAVE);
	migrate_check_down_steps(run, steps);
	migrate_in_step_begin(run, steps, NIL);
	return migrate_run_steps(run, steps);
}

/*
 * Undo the last migration, or all of them, and apply again.  With a directory,
 * a refresh applies all that is in it.
 */
static List *
reapply(MigrateRun *run)
{
	bool		everything = run->request->everything;
	List	   *downs;
	List	   *ups;

	migrate_load_source(run, migrate_location_or_setting(run->request));
	if (run->source != NULL)
		migrate_require_migrations(run);
	migrate_load_state(run);
	if (run->applied == NIL && !(everything && run->source != NULL))
		return NIL;
	migrate_lock_and_load(run);
	downs = migrate_plan_rollback(run->items, run->applied, run->request);
	ups = everything && run->source != NULL ? migrate_plan_all(run->items) :
		migrate_plan_reapply(downs);
	downs = migrate_add_callbacks(run, downs, MIGRATE_DOWN);
	ups = migrate_add_callbacks(run, ups, MIGRATE_UP);
	migrate_enter_schema(run->request->history.schema, GUC_ACTION_SAVE);
	migrate_check_down_steps(run, downs);
	migrate_check_up_steps(run, ups, true);
	migrate_check_findings(run, downs, ups);
	migrate_in_step_begin(run, downs, ups);
	(void) migrate_run_steps(run, downs);
	return migrate_run_steps(run, ups);
}

/*
 * redo(): undo the last applied migration and apply it again; returns what was
 * applied.
 */
List *
migrate_run_redo(MigrateRun *run)
{
	run->request->steps = 1;
	return reapply(run);
}

/*
 * refresh(): undo all migrations and apply them again; returns what was applied.
 */
List *
migrate_run_refresh(MigrateRun *run)
{
	run->request->everything = true;
	return reapply(run);
}
