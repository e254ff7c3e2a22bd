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

#include "access/xact.h"
#include "executor/spi.h"
#include "portability/instr_time.h"
#include "tcop/pquery.h"
#include "utils/guc.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "format/source.h"
#include "history/history.h"
#include "run/attempt.h"
#include "run/callback.h"
#include "run/commit.h"
#include "run/in_step.h"
#include "run/lock.h"
#include "run/notify.h"
#include "run/precondition.h"
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
 * A migration that is running.
 */
typedef struct Attempt
{
	MigrateRun *run;
	MigrateStep *step;
	MigrateResult *result;
	MigrateExecution execution;
	char	   *script;			/* the script as written, NULL if forced ... */
	char	   *sql;			/* ... and with the values of variables */
	MemoryContext context;		/* outlives commits */
	TimestampTz started;
	instr_time	start;
	bool		settings_saved;
	List	   *settings;		/* the session's own, if they were saved */
	bool		recorded;		/* its row has the scripts that run */
	bool		next_started;	/* the next one may have left something ... */
	List	   *invalid_indexes;	/* ... beside these (Oid) */
	LocalTransactionId transaction; /* in which that was begun */
	LocalTransactionId committing;	/* that is being committed, or 0 */
	bool		finished;		/* it is committed, and recorded */
} Attempt;

/*
 * Has the transaction neither read nor written anything since the last commit?
 */
static bool
is_fresh_transaction(void)
{
	return !FirstSnapshotSet && !ActiveSnapshotSet() && ActivePortal->portalSnapshot == NULL &&
		!TransactionIdIsValid(GetTopTransactionIdIfAny());
}

/*
 * A migration may have given the run lock away; see migrate_lock_reacquire().
 */
static void
require_lock(const Attempt *attempt)
{
	const MigrateHistory *history = &attempt->run->request->history;

	migrate_lock_reacquire(history->project, history->schema);
	migrate_in_step_relock(attempt->run);
}

/*
 * Begin a transaction of a migration, which has not read anything yet.
 */
static void
begin_transaction(Attempt *attempt)
{
	if (is_fresh_transaction())
		InvalidateCatalogSnapshot();
	else
		migrate_commit(attempt->context);
	require_lock(attempt);
}

/*
 * Likewise for the statements from "first" on, perhaps with the locks that they need.
 */
static void
begin_transaction_of(Attempt *attempt, int first)
{
	begin_transaction(attempt);
	if (migrate_lock_wait == LOCK_WAIT_POLL &&
		!migrate_poll_locks(attempt->run, attempt->step, first, attempt->sql,
							&attempt->execution.errctx, attempt->context))
		begin_transaction(attempt);
}

/*
 * Commit a transaction of a migration.  If that fails, SPI has begun another one
 * by the time the error is caught.
 */
static void
commit_attempt(Attempt *attempt)
{
	attempt->committing = migrate_local_transaction();
	migrate_commit(attempt->context);
	attempt->committing = InvalidLocalTransactionId;
	attempt->run->has_changed = true;
}

/*
 * The migration is complete: record it, with the commit of its last transaction.
 */
static void
finish(Attempt *attempt, bool executed)
{
	MigrateRun *run = attempt->run;
	MigrateStep *step = attempt->step;
	bool		is_last = run->ndone + 1 == run->nsteps && !run->failing;

	require_lock(attempt);
	migrate_measure(attempt->result, attempt->start,
					executed && step->script ? step->script->nstatements : 0);
	migrate_record_step(run, step, executed, attempt->result, attempt->started, attempt->script);
	if (is_last && !migrate_is_callback(step))
		migrate_notify(run, step->direction, "done", run->nmigrations + 1, attempt->result);
	else if (is_last && run->nmigrations > 0)
		migrate_notify(run, step->direction, "done", run->nmigrations, &run->last);
	commit_attempt(attempt);
	attempt->finished = true;
}

/*
 * The migration is passed over: end its transaction, in which nothing has happened that is
 * to stay.
 */
static void
pass_over(Attempt *attempt)
{
	MigrateRun *run = attempt->run;

	attempt->step->passed_over = true;
	require_lock(attempt);
	if (run->ndone + 1 == run->nsteps && run->nmigrations > 0)
		migrate_notify(run, attempt->step->direction, "done", run->nmigrations, &run->last);
	commit_attempt(attempt);
	attempt->finished = true;
}

/*
 * End a migration that its preconditions do not let run.
 */
static void
finish_unrun(Attempt *attempt, MigrateVerdict verdict)
{
	if (verdict == VERDICT_PASS)
		pass_over(attempt);
	else
		finish(attempt, false);
}

/*
 * Record, in the current transaction, how far the migration is once that is
 * committed, and commit it.
 */
static void
commit_progress(Attempt *attempt, int done, bool started, List *indexes)
{
	MigrateStep *step = attempt->step;
	char	   *down = NULL;

	require_lock(attempt);
	if (!attempt->recorded && step->direction == MIGRATE_UP && step->file->down.present)
		down = migrate_source_text(attempt->run->source, &step->file->down);

	/*
	 * a callback that is interrupted does not go on: the next run runs it
	 * again
	 */
	if (!migrate_is_callback(step))
		migrate_record_progress(&attempt->run->request->history, step, attempt->result, done, started,
								indexes, attempt->recorded ? NULL : attempt->script, down);
	if (down != NULL)
		pfree(down);
	commit_attempt(attempt);
	step->in_progress = true;
	step->done = done;
	attempt->recorded = true;
	attempt->next_started = started;
	attempt->invalid_indexes = indexes;
}

/*
 * End a migration of several transactions, in its last one or that of callbacks after it.
 */
static void
end_transactions(Attempt *attempt)
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
end_transaction(Attempt *attempt, int done)
{
	if (done < attempt->step->script->nstatements || attempt->step->after != NIL ||
		attempt->step->verify != NULL)
		commit_progress(attempt, done, false, NIL);
	else
		end_transactions(attempt);
}

/*
 * Run a migration in one transaction, or only record one that is forced.
 */
static void
run_single_transaction(Attempt *attempt)
{
	bool		executed = false;
	MigrateVerdict verdict = VERDICT_RUN;

	if (attempt->step->forced)
		begin_transaction(attempt);
	else
	{
		List	   *settings = attempt->step->verify ? migrate_settings_save() : NIL;
		int			guc_level;

		begin_transaction_of(attempt, 0);
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
preconditions_hold(Attempt *attempt)
{
	MigrateVerdict verdict;

	if (attempt->step->preconditions == NIL)
		return true;
	begin_transaction(attempt);
	verdict = migrate_check_preconditions(attempt->run, attempt->step, &attempt->execution, false);
	if (verdict == VERDICT_RUN)
		return true;
	migrate_settings_restore_at_commit(attempt->settings);
	finish_unrun(attempt, verdict);
	return false;
}

/*
 * Run the next statement of a migration at top level.
 */
static void
run_top_level(Attempt *attempt)
{
	const MigrateScript *script = attempt->step->script;
	const MigrateStatement *statement = &script->statements[attempt->step->done];
	int			done = attempt->step->done + 1;

	if (migrate_lock_wait == LOCK_WAIT_POLL)
		begin_transaction_of(attempt, attempt->step->done);
	if (statement->top_level == TOP_UNKNOWN || migrate_may_leave_something(statement))
	{
		commit_progress(attempt, attempt->step->done, true, migrate_invalid_indexes(statement));
		require_lock(attempt);
	}
	else
		begin_transaction(attempt);
	attempt->transaction = migrate_local_transaction();
	migrate_execute_top_level(script, attempt->step->done, attempt->sql, &attempt->execution);
	end_transaction(attempt, done);
}

/*
 * Run the next transaction of a migration that has several.
 */
static void
run_next_transaction(Attempt *attempt)
{
	const MigrateScript *script = attempt->step->script;
	int			done;

	begin_transaction_of(attempt, attempt->step->done);
	done = migrate_execute_group(script, attempt->step->done, attempt->sql, &attempt->execution);
	end_transaction(attempt, done);
}

/*
 * Repeat the SET statements that were committed: another session never had them,
 * and after an error they were reset.
 */
static void
repeat_settings(Attempt *attempt)
{
	const MigrateScript *script = attempt->step->script;

	begin_transaction(attempt);
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
 * Remove what the statement has left that was interrupted last.
 */
static void
drop_leftover(Attempt *attempt)
{
	const MigrateStatement *statement = &attempt->step->script->statements[attempt->step->done];
	char	   *finalize;
	List	   *indexes;
	ListCell   *lc;

	begin_transaction(attempt);
	indexes = migrate_leftovers(statement, attempt->invalid_indexes, &finalize);
	foreach(lc, indexes)
	{
		begin_transaction(attempt);
		migrate_drop_leftover(lfirst_oid(lc));
		MemoryContextSwitchTo(attempt->context);
	}
	if (finalize != NULL)
	{
		begin_transaction(attempt);
		migrate_run_top_level(finalize);
	}
	commit_progress(attempt, finalize ? attempt->step->done + 1 : attempt->step->done, false, NIL);
}

static void
run_transactions(Attempt *attempt)
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
		begin_transaction(attempt);
		migrate_execute_callbacks(attempt->run, attempt->step->before, &attempt->execution, true);
		commit_attempt(attempt);
	}
	if (attempt->step->done > 0)
		repeat_settings(attempt);
	if (attempt->next_started)
		drop_leftover(attempt);
	while (attempt->step->done < script->nstatements)
	{
		if (migrate_execute_is_top_level(&script->statements[attempt->step->done]))
			run_top_level(attempt);
		else
			run_next_transaction(attempt);
	}
	if (!attempt->finished)
	{
		begin_transaction(attempt);
		end_transactions(attempt);
	}
}

/*
 * After an error, in the catch block: abort, begin a new transaction, restore the
 * settings, and return the error.
 */
static ErrorData *
recover(Attempt *attempt)
{
	ErrorData  *error;

	MemoryContextSwitchTo(attempt->context);
	error = CopyErrorData();
	FlushErrorState();
	migrate_explain_pgaudit(error);

	disable_timeout(STATEMENT_TIMEOUT, false);

	/* unless it has committed, a failed statement has left nothing */
	if (attempt->committing == InvalidLocalTransactionId)
		attempt->committing = migrate_local_transaction();
	if (attempt->next_started && attempt->transaction == attempt->committing)
		attempt->next_started = false;
	attempt->committing = InvalidLocalTransactionId;

	migrate_abort_now(attempt->context);
	if (attempt->settings_saved)
	{
		migrate_settings_restore(attempt->settings);
		/* whatever becomes of what is recorded now, they stay so */
		migrate_commit(attempt->context);
	}
	return error;
}

/*
 * Record a failed attempt, and raise its error again.  If recording fails too,
 * it is the first error that counts.
 */
pg_noreturn static void fail(Attempt *attempt, ErrorData *error);

static void
fail(Attempt *attempt, ErrorData *error)
{
	MigrateRun *run = attempt->run;
	const MigrateStep *step = attempt->step;
	bool		continues = step->in_progress && !attempt->next_started && !migrate_is_callback(step);

	PG_TRY();
	{
		migrate_measure(attempt->result, attempt->start, step->done);
		migrate_record_failed(&run->request->history, step, attempt->result, attempt->started, error);
		if (!run->failing)
			migrate_notify(run, step->direction, "failed", run->nmigrations,
						   migrate_is_callback(step) && run->nmigrations > 0 ? &run->last : attempt->result);
		if (continues && step->done == 0)
			migrate_record_no_progress(&run->request->history, step);
		if (continues && step->done > 0)
			commit_progress(attempt, step->done, false, NIL);
		else
			migrate_commit(attempt->context);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(attempt->context);
		FlushErrorState();
		migrate_abort_now(attempt->context);
	}
	PG_END_TRY();
	migrate_hint_at_interruption(step, attempt->next_started, error);
	migrate_run_error_callbacks(attempt->run, step);

	/*
	 * also what the callbacks have made; those of a failing one are not the
	 * end
	 */
	if (run->has_changed && !run->failing && !run->is_tenant)
		migrate_record_objects_after_error(run);
	ReThrowError(error);
}

/*
 * Record a failed attempt that is not the end of the run, and say so.
 */
static void
ignore_failure(Attempt *attempt, const ErrorData *error)
{
	MigrateRun *run = attempt->run;

	migrate_measure(attempt->result, attempt->start, 0);
	migrate_record_failed(&run->request->history, attempt->step, attempt->result, attempt->started, error);
	if (attempt->step->in_progress)
		migrate_record_no_progress(&run->request->history, attempt->step);
	attempt->step->in_progress = false;
	pass_over(attempt);
	migrate_report_ignored_failure(attempt->result, error);
}

/*
 * The statement that an attempt has failed at, NULL if at none.
 */
static const MigrateStatement *
failed_statement(const Attempt *attempt)
{
	int			number = attempt->execution.errctx.statement;

	return number > 0 ? &attempt->step->script->statements[number - 1] : NULL;
}

/*
 * Run and record one step, with as many tries as migrate.lock_retries allows.
 */
void
migrate_attempt_step(MigrateRun *run, MigrateStep *step, MigrateResult *result)
{
	Attempt		attempt = {.run = run,.step = step,.result = result};
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
			error = recover(&attempt);
		}
		PG_END_TRY();
		if (error == NULL)
			break;
		if (!migrate_is_lock_failure(error->sqlerrcode) || tries >= migrate_lock_retries)
		{
			/* only what has left nothing can be passed over */
			if (!migrate_ignores(step, error) || step->done > 0 || attempt.next_started)
				fail(&attempt, error);
			ignore_failure(&attempt, error);
			break;
		}
		PG_TRY();
		{
			migrate_wait_for_retry(run, result, failed_statement(&attempt),
								   error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED, tries++,
								   attempt.context);
		}
		PG_CATCH();
		{
			error = recover(&attempt);
			fail(&attempt, error);
		}
		PG_END_TRY();
	} while (true);
	migrate_errcontext_end(&callback);
}
