/*-------------------------------------------------------------------------
 *
 * failure.c
 *		What becomes of an attempt at a migration that has failed.
 *
 * Its transaction is aborted, and the settings of the session are as before it.  Then it
 * is repeated, or recorded as failed.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/failure.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timeout.h"

#include "execute/execute.h"
#include "execute/worker.h"
#include "history/history.h"
#include "run/callback.h"
#include "run/commit.h"
#include "run/failure.h"
#include "run/notify.h"
#include "run/precondition.h"
#include "run/report.h"
#include "run/step.h"
#include "run/table_locks.h"
#include "script/script.h"
#include "util/guc.h"

/*
 * The statement that an attempt has failed at, NULL if at none.
 */
const MigrateStatement *
migrate_failed_statement(const MigrateAttempt *attempt)
{
	int			number = attempt->execution.errctx.statement;

	return number > 0 && attempt->step->script != NULL ?
		&attempt->step->script->statements[number - 1] : NULL;
}

/*
 * After an error: what is known of the statement that a worker ran, which has ended?
 */
static void
settle_worker(MigrateAttempt *attempt)
{
	const MigrateStatement *statement = &attempt->step->script->statements[attempt->step->done];

	switch (attempt->execution.worker)
	{
		case WORKER_STARTING:
			attempt->next_started = false;
			break;
		case WORKER_RUNNING:
			attempt->next_started = statement->top_level == TOP_UNKNOWN || migrate_may_leave_something(statement);
			attempt->invalid_indexes = list_delete_oid(attempt->invalid_indexes, InvalidOid);
			attempt->settled = attempt->next_started;
			break;
		case WORKER_DONE:
			attempt->next_started = false;
			attempt->unrecorded = true;
			break;
		default:
			break;
	}
	attempt->execution.worker = WORKER_UNUSED;
}

/*
 * Restore the settings, in a new transaction, whatever becomes of what is done next.  A
 * cancel request waits until that is done: the session would keep the settings, and the
 * role, of the migration.
 */
static void
restore_settings(MigrateAttempt *attempt)
{
	HOLD_CANCEL_INTERRUPTS();
	migrate_settings_restore(attempt->settings);
	migrate_commit(attempt->context);
	RESUME_CANCEL_INTERRUPTS();
}

/*
 * After an error, in the catch block: abort, begin a new transaction, restore the
 * settings, and return the error.
 */
ErrorData *
migrate_attempt_recover(MigrateAttempt *attempt)
{
	ErrorData  *error;

	MemoryContextSwitchTo(attempt->context);
	error = CopyErrorData();
	FlushErrorState();
	migrate_explain_refusal(migrate_failed_statement(attempt), attempt->at_top_level, error);
	attempt->at_top_level = false;

	disable_timeout(STATEMENT_TIMEOUT, false);

	if (attempt->execution.worker != WORKER_UNUSED)
		settle_worker(attempt);
	else
	{
		/* unless it has committed, a failed statement has left nothing */
		if (attempt->committing == InvalidLocalTransactionId)
			attempt->committing = migrate_local_transaction();
		if (attempt->next_started && attempt->transaction == attempt->committing)
			attempt->next_started = false;
	}
	attempt->committing = InvalidLocalTransactionId;

	migrate_abort_now(attempt->context);
	if (attempt->settings_saved)
		restore_settings(attempt);
	return error;
}

/*
 * Record a failed attempt, and raise its error again.  If recording fails too,
 * it is the first error that counts; but a cancel request is not for that alone, and
 * ends whatever runs next.
 */
void
migrate_attempt_fail(MigrateAttempt *attempt, ErrorData *error)
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
		if (continues && step->done == 0 && !attempt->unrecorded)
			migrate_record_no_progress(&run->request->history, step);
		if (attempt->unrecorded)
			migrate_progress_worker_done(attempt);
		else if (continues && step->done > 0)
			migrate_progress_commit(attempt, step->done, false, NIL);
		else if (attempt->settled)
			migrate_progress_commit(attempt, step->done, true, attempt->invalid_indexes);
		else
			migrate_commit(attempt->context);
	}
	PG_CATCH();
	{
		bool		cancelled = geterrcode() == ERRCODE_QUERY_CANCELED;

		MemoryContextSwitchTo(attempt->context);
		FlushErrorState();
		if (cancelled)
			InterruptPending = QueryCancelPending = true;
		migrate_abort_now(attempt->context);
	}
	PG_END_TRY();
	migrate_hint_at_interruption(&attempt->run->request->history, step, attempt->next_started, error);
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
ignore_failure(MigrateAttempt *attempt, const ErrorData *error)
{
	MigrateRun *run = attempt->run;

	migrate_measure(attempt->result, attempt->start, 0);
	migrate_record_failed(&run->request->history, attempt->step, attempt->result, attempt->started, error);
	if (attempt->step->in_progress)
		migrate_record_no_progress(&run->request->history, attempt->step);
	attempt->step->in_progress = false;
	migrate_progress_pass_over(attempt);
	migrate_report_ignored_failure(attempt->result, error);
}

/*
 * Has a statement failed that may have committed a part of what it does, such as a CALL?
 */
static bool
has_unknown_outcome(const MigrateAttempt *attempt)
{
	const MigrateScript *script = attempt->step->script;
	int			done = attempt->step->done;

	return attempt->next_started && script != NULL && done < script->nstatements &&
		script->statements[done].top_level == TOP_UNKNOWN;
}

/*
 * May an attempt that has failed be repeated, after so many repetitions?
 */
bool
migrate_attempt_may_repeat(const MigrateAttempt *attempt, const ErrorData *error, int tries)
{
	return migrate_is_lock_failure(error->sqlerrcode) && tries < migrate_lock_retries &&
		!has_unknown_outcome(attempt);
}

/*
 * End an attempt that has failed and is not repeated: its error is raised, unless the
 * changeset lets the run go on.
 */
void
migrate_attempt_give_up(MigrateAttempt *attempt, ErrorData *error)
{
	const MigrateStep *step = attempt->step;

	/* only what has left nothing can be passed over */
	if (!migrate_ignores(step, error) || step->done > 0 || attempt->next_started || attempt->unrecorded)
		migrate_attempt_fail(attempt, error);
	ignore_failure(attempt, error);
}
