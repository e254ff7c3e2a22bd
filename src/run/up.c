/*-------------------------------------------------------------------------
 *
 * up.c
 *		The committing path: CALL up and CALL down.
 *
 * What outlives a commit is allocated in the context of the routine, see
 * commit.c.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/up.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "history/history.h"
#include "run/attempt.h"
#include "run/callback.h"
#include "run/check.h"
#include "run/commit.h"
#include "run/findings.h"
#include "run/in_step.h"
#include "run/known.h"
#include "run/lock.h"
#include "run/report.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/step.h"
#include "run/step_script.h"
#include "run/steps.h"
#include "run/up.h"

/*
 * Decide under the lock what is to run, and check it.  No other session runs a
 * migration of this history any more, so one that seemed to be in progress before
 * has been interrupted.
 */
static List *
plan_locked(MigrateRun *run, MigrateDirection direction)
{
	List	   *steps;
	ListCell   *lc;

	migrate_require_version();
	migrate_load_state(run);
	migrate_history_warn_subscribed();
	if (direction == MIGRATE_UP)
	{
		migrate_check_changes(run);
		migrate_change_format(run);
		steps = migrate_add_callbacks(run, migrate_plan_apply(run->items, run->request), MIGRATE_UP);
		migrate_check_up_steps(run, steps, false);
		migrate_check_findings(run, NIL, steps);
	}
	else
	{
		steps = migrate_add_callbacks(run, migrate_plan_rollback(run->items, run->applied, run->request),
									  MIGRATE_DOWN);
		migrate_check_down_steps(run, steps);
	}

	/*
	 * The session's power cannot be kept from stored scripts and values
	 * across their commits.
	 */
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);

		if (migrate_runs_stored(step) && !migrate_is_single_transaction(step))
			migrate_require_own_script(step);
	}
	migrate_in_step_begin(run, direction == MIGRATE_DOWN ? steps : NIL,
						  direction == MIGRATE_UP ? steps : NIL);
	return steps;
}

/*
 * Take the run lock, with nothing read, and decide what is to run.  Without "waits",
 * returns false if another process has it.  *locked is set as soon as the lock may have
 * been taken.
 */
static bool
lock_and_plan(MigrateRun *run, MigrateDirection direction, bool waits, volatile bool *locked,
			  List **steps)
{
	const MigrateHistory *history = &run->request->history;

	PreventCommandDuringRecovery("CALL");
	PreventCommandIfReadOnly("CALL");
	migrate_commit(run->context);
	*locked = true;
	if (waits)
		migrate_lock_acquire_session(history->project, history->schema, migrate_commit, run->context);
	else if (!migrate_lock_try_session(history->project, history->schema))
	{
		*locked = false;
		return false;
	}
	*steps = plan_locked(run, direction);
	if (direction == MIGRATE_UP)
	{
		migrate_replace_downs(run, migrate_changed_downs(run));
		migrate_refresh_digests(run);
	}
	return true;
}

/*
 * Run and record steps, with a commit after each.
 */
static void
run_steps(MigrateRun *run, MigrateDirection direction, List *steps)
{
	MemoryContext context = AllocSetContextCreate(run->context, "migrate step", ALLOCSET_DEFAULT_SIZES);
	int			total;
	ListCell   *lc;

	run->nsteps = list_length(steps);
	total = migrate_count_migrations(steps);
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		MigrateResult *result;

		MemoryContextSwitchTo(context);
		result = migrate_new_result(run, step);
		migrate_attempt_step(run, step, result);
		run->ndone++;
		total -= step->passed_over;
		if (!migrate_is_callback(step) && !step->passed_over)
		{
			run->nmigrations++;
			run->last = *result;
		}
		if (!run->is_tenant && !step->passed_over)
			migrate_report_step(step, result, run->nmigrations, total);
		migrate_report_statistics(run->context);
		MemoryContextSwitchTo(run->context);
		MemoryContextReset(context);
	}
	if (steps != NIL)
		migrate_report_run(run->request, direction, run->nmigrations);
}

/*
 * The run of one history, with a commit after each migration: run->nmigrations is how many.
 * Returns false if another process runs migrations of it, and "waits" is false; nothing
 * has happened then.
 *
 * To be called from a CALL that may commit, with run->context, which outlives commits,
 * as the memory context.
 */
bool
migrate_run_history(MigrateRun *run, MigrateDirection direction, bool waits)
{
	MigrateRequest *request = run->request;
	volatile bool locked = false;
	volatile bool is_free = true;

	request->cache_texts = direction == MIGRATE_UP;
	request->skips_known = direction == MIGRATE_UP;
	migrate_run_begin(request);
	PG_TRY();
	{
		List	   *steps = NIL;

		if (direction == MIGRATE_UP ? migrate_load_before_up(run) : migrate_load_before_down(run))
			is_free = lock_and_plan(run, direction, waits, &locked, &steps);
		else
			migrate_warn_version();
		run_steps(run, direction, steps);
		if (run->has_changed && !run->is_tenant)
			migrate_record_objects_committing(run);
	}
	PG_FINALLY();
	{
		migrate_run_end();
		migrate_in_step_end(run);
		if (locked)
			migrate_lock_release(request->history.project, request->history.schema);
	}
	PG_END_TRY();
	return is_free;
}

/*
 * Apply what is pending, or undo what is applied, with a commit after each
 * migration; returns how many.
 *
 * To be called from a CALL that may commit, in a memory context that outlives
 * commits.  After an error, what was committed before stays, and the failed
 * attempt is in the history.
 */
int
migrate_run_committing(MigrateRequest *request, MigrateDirection direction)
{
	MigrateRun	run = {.request = request,.context = CurrentMemoryContext};

	(void) migrate_run_history(&run, direction, true);
	return run.nmigrations;
}
