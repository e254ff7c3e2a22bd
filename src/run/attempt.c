/*-------------------------------------------------------------------------
 *
 * attempt.c
 *		One attempt at a migration that commits.
 *
 * Each transaction of a migration is committed as it ends; the migration's row
 * is committed with its last one.  All that outlives a commit is allocated in
 * the context of the routine, a child of PortalContext, which is current
 * wherever a commit happens: StartTransactionCommand() changes
 * CurrentMemoryContext.
 *
 * A query leaves a snapshot with the portal, and only a commit takes it away
 * again; so there is one directly before whatever must not hold any: the wait
 * for the lock, and each transaction of a migration.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/attempt.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "execute/worker.h"
#include "history/history.h"
#include "run/attempt.h"
#include "run/callback.h"
#include "run/commit.h"
#include "run/failure.h"
#include "run/lock.h"
#include "run/notify.h"
#include "run/precondition.h"
#include "run/progress.h"
#include "run/report.h"
#include "run/run_int.h"
#include "run/step.h"
#include "run/step_script.h"
#include "run/table_locks.h"
#include "run/verify_script.h"
#include "script/script.h"
#include "util/compat.h"
#include "util/guc.h"
#include "util/printable.h"

/*
 * The migration is complete: record it, with the commit of its last transaction.
 */
static void
finish(MigrateAttempt *attempt, bool executed)
{
	MigrateRun *run = attempt->run;
	MigrateStep *step = attempt->step;
	bool		is_last = run->ndone + 1 == run->nsteps && !run->failing;

	migrate_progress_relock(attempt);
	migrate_measure(attempt->result, attempt->start,
					executed && step->script ? step->script->nstatements : 0);
	migrate_record_step(run, step, executed, attempt->result, attempt->started, attempt->script);
	if (is_last && !migrate_is_callback(step))
		migrate_notify(run, step->direction, "done", run->nmigrations + 1, attempt->result);
	else if (is_last && run->nmigrations > 0)
		migrate_notify(run, step->direction, "done", run->nmigrations, &run->last);
	migrate_progress_end(attempt);
	attempt->finished = true;
}

/*
 * End a migration that its preconditions do not let run.
 */
static void
finish_unrun(MigrateAttempt *attempt, MigrateVerdict verdict)
{
	if (verdict == VERDICT_PASS)
		migrate_progress_pass_over(attempt);
	else
		finish(attempt, false);
}

/*
 * End a migration of several transactions, in its last one or that of callbacks after it.
 */
static void
end_transactions(MigrateAttempt *attempt)
{
	migrate_execute_callbacks(attempt->run, attempt->step->after, &attempt->execution, true);
	migrate_end_session(&attempt->execution);
	migrate_run_verify_script(attempt->run, attempt->step, attempt->settings, NULL);
	migrate_settings_restore_at_commit(attempt->settings);
	finish(attempt, true);
	attempt->step->done = attempt->step->script->nstatements;
}

/*
 * End a transaction of a migration that has several; with it, "done" statements
 * are committed.
 */
static void
end_transaction(MigrateAttempt *attempt, int done)
{
	if (done < attempt->step->script->nstatements || attempt->step->after != NIL ||
		attempt->step->verify != NULL)
		migrate_progress_commit(attempt, done, false, NIL);
	else
		end_transactions(attempt);
}

/*
 * Run a migration in one transaction, or only record one that is forced.
 */
static void
run_single_transaction(MigrateAttempt *attempt)
{
	bool		executed = false;
	MigrateVerdict verdict = VERDICT_RUN;

	if (attempt->step->forced)
		migrate_progress_begin(attempt);
	else
	{
		List	   *settings = attempt->step->verify ? migrate_settings_save() : NIL;
		int			guc_level;

		migrate_progress_begin_at(attempt, 0);
		guc_level = NewGUCNestLevel();
		migrate_enter_schema(attempt->run->request->history.schema, GUC_ACTION_SAVE);
		verdict = migrate_check_preconditions(attempt->run, attempt->step, &attempt->execution, false);
		if (verdict == VERDICT_RUN)
			executed = migrate_execute_step(attempt->run, attempt->step, attempt->sql, &attempt->execution);
		if (executed)
			migrate_run_verify_script(attempt->run, attempt->step, settings, NULL);
		migrate_settings_end_at_commit(guc_level);
	}
	if (verdict == VERDICT_RUN)
		finish(attempt, executed);
	else
		finish_unrun(attempt, verdict);
}

/*
 * Check the preconditions of a migration that has several transactions, in one of their
 * own.  Returns false if they do not let it run; then it is finished.
 */
static bool
preconditions_hold(MigrateAttempt *attempt)
{
	MigrateVerdict verdict;

	if (attempt->step->preconditions == NIL)
		return true;
	migrate_progress_begin(attempt);
	verdict = migrate_check_preconditions(attempt->run, attempt->step, &attempt->execution, false);
	if (verdict == VERDICT_RUN)
		return true;
	migrate_settings_restore_at_commit(attempt->settings);
	finish_unrun(attempt, verdict);
	return false;
}

/*
 * Run the next statement of a migration in a background worker.  What it commits and
 * the row that says so are two transactions, so the row says before that it begins;
 * InvalidOid among the indexes is the mark of that.
 */
static void
run_in_worker(MigrateAttempt *attempt)
{
	const MigrateHistory *history = &attempt->run->request->history;
	const MigrateScript *script = attempt->step->script;
	const MigrateStatement *statement = &script->statements[attempt->step->done];
	int			done = attempt->step->done + 1;
	LOCKTAG		lock;

	attempt->settled = false;
	attempt->execution.errctx.statement = done;
	attempt->execution.errctx.line = statement->line;
	attempt->execution.errctx.nstatements = script->nstatements;
	migrate_progress_begin(attempt);
	migrate_require_worker(statement);
	migrate_progress_commit(attempt, attempt->step->done, true,
							lcons_oid(InvalidOid, migrate_invalid_indexes(statement)));
	attempt->execution.worker = WORKER_STARTING;
	migrate_progress_relock(attempt);
	/* so that others see whose worker it is */
	migrate_lock_tag(&lock, history->project, history->schema, WORKER_CLASS);
	migrate_execute_in_worker(script, attempt->step->done, attempt->sql, &attempt->execution, &lock,
							  migrate_lock_check_worker);
	end_transaction(attempt, done);
	attempt->execution.worker = WORKER_UNUSED;
}

/*
 * Run the next statement of a migration at top level.
 */
static void
run_top_level(MigrateAttempt *attempt)
{
	const MigrateScript *script = attempt->step->script;
	const MigrateStatement *statement = &script->statements[attempt->step->done];
	int			done = attempt->step->done + 1;

	if (migrate_lock_wait == LOCK_WAIT_POLL)
		migrate_progress_begin_at(attempt, attempt->step->done);
	if (statement->top_level == TOP_UNKNOWN || migrate_may_leave_something(statement))
	{
		migrate_progress_commit(attempt, attempt->step->done, true, migrate_invalid_indexes(statement));
		migrate_progress_relock(attempt);
	}
	else
		migrate_progress_begin(attempt);
	attempt->transaction = migrate_local_transaction();
	attempt->at_top_level = true;
	migrate_execute_top_level(script, attempt->step->done, attempt->sql, &attempt->execution);
	attempt->at_top_level = false;
	end_transaction(attempt, done);
}

/*
 * Run the next transaction of a migration that has several.
 */
static void
run_next_transaction(MigrateAttempt *attempt)
{
	const MigrateScript *script = attempt->step->script;
	int			done;

	migrate_progress_begin_at(attempt, attempt->step->done);
	done = migrate_execute_group(script, attempt->step->done, attempt->sql, &attempt->execution);
	end_transaction(attempt, done);
}

/*
 * Repeat the SET statements that were committed: another session never had them,
 * and after an error they were reset.
 */
static void
repeat_settings(MigrateAttempt *attempt)
{
	const MigrateScript *script = attempt->step->script;

	migrate_progress_begin(attempt);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	migrate_begin_script(script, attempt->sql, &attempt->execution.errctx);
	for (int i = 0; i < attempt->step->done; i++)
	{
		attempt->execution.errctx.statement = i + 1;
		if (script->statements[i].set_session)
			migrate_run_statement(&script->statements[i], attempt->sql, &attempt->execution);
	}
	migrate_end_script(&attempt->execution.errctx);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	migrate_commit(attempt->context);
}

/*
 * Remove what the statement has left that was interrupted last, if the file still has it.
 */
static void
drop_leftover(MigrateAttempt *attempt)
{
	const MigrateStatement *statement = &attempt->step->script->statements[attempt->step->done];
	char	   *finalize;
	List	   *indexes;
	ListCell   *lc;

	migrate_progress_begin(attempt);
	indexes = migrate_leftovers(statement, attempt->invalid_indexes, &finalize);
	if (list_member_oid(attempt->invalid_indexes, InvalidOid) && indexes == NIL && finalize == NULL &&
		!migrate_has_no_effect(statement))
		migrate_refuse_unknown(&attempt->execution.errctx, statement, attempt->step->done + 1);
	foreach(lc, indexes)
	{
		migrate_progress_begin(attempt);
		migrate_drop_leftover(lfirst_oid(lc));
		MemoryContextSwitchTo(attempt->context);
	}
	if (finalize != NULL)
	{
		migrate_progress_begin(attempt);
		migrate_run_top_level(finalize);
	}
	migrate_progress_commit(attempt, finalize ? attempt->step->done + 1 : attempt->step->done, false, NIL);
}

static void
run_transactions(MigrateAttempt *attempt)
{
	const MigrateScript *script = attempt->step->script;

	if (!attempt->settings_saved)
	{
		attempt->settings = migrate_settings_save();
		attempt->settings_saved = true;
	}
	migrate_enter_schema(attempt->run->request->history.schema, GUC_ACTION_SET);
	if (!attempt->step->in_progress && !preconditions_hold(attempt))
		return;
	if (attempt->step->before != NIL)
	{
		migrate_progress_begin(attempt);
		migrate_execute_callbacks(attempt->run, attempt->step->before, &attempt->execution, true);
		migrate_progress_end(attempt);
	}
	if (attempt->step->done > 0)
		repeat_settings(attempt);
	if (attempt->unrecorded)
		migrate_progress_worker_done(attempt);
	if (attempt->next_started && attempt->step->done < script->nstatements)
		drop_leftover(attempt);
	while (attempt->step->done < script->nstatements)
	{
		const MigrateStatement *statement = &script->statements[attempt->step->done];

		if (!migrate_execute_is_top_level(statement) || migrate_stays_in_session(statement))
			run_next_transaction(attempt);
		else if (migrate_runs_in_worker(statement))
			run_in_worker(attempt);
		else
			run_top_level(attempt);
	}
	if (!attempt->finished)
	{
		migrate_progress_begin(attempt);
		end_transactions(attempt);
	}
}

/*
 * Run and record one step, with as many tries as migrate.lock_retries allows.
 */
void
migrate_attempt_step(MigrateRun *run, MigrateStep *step, MigrateResult *result)
{
	MigrateAttempt attempt = {.run = run,.step = step,.result = result};
	ErrorContextCallback callback;
	volatile int tries = 0;
	ErrorData  *volatile error;

	attempt.context = CurrentMemoryContext;
	attempt.started = GetCurrentTimestamp();
	INSTR_TIME_SET_CURRENT(attempt.start);
	migrate_execution_begin(&attempt.execution, &callback, run, step);
	if (step->in_progress)
	{
		step->done = step->applied->done;
		attempt.next_started = step->applied->started;
		attempt.invalid_indexes = step->applied->invalid_indexes;
	}
	do
	{
		error = NULL;
		attempt.execution.errctx.statement = 0;
		PG_TRY();
		{
			if (attempt.script == NULL)
				attempt.script = migrate_read_step(run, step, &attempt.sql, &attempt.execution.errctx);
			if (step->forced || migrate_is_single_transaction(step))
				run_single_transaction(&attempt);
			else
				run_transactions(&attempt);
		}
		PG_CATCH();
		{
			error = migrate_attempt_recover(&attempt);
		}
		PG_END_TRY();
		if (error == NULL)
			break;
		if (!migrate_attempt_may_repeat(&attempt, error, tries))
		{
			migrate_attempt_give_up(&attempt, error);
			break;
		}
		PG_TRY();
		{
			migrate_wait_for_retry(run, result, migrate_failed_statement(&attempt),
								   error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED, tries++,
								   attempt.context);
		}
		PG_CATCH();
		{
			error = migrate_attempt_recover(&attempt);
			migrate_attempt_fail(&attempt, error);
		}
		PG_END_TRY();
	} while (true);
	migrate_errcontext_end(&callback);
}
