/*-------------------------------------------------------------------------
 *
 * up.c
 *		The committing path: CALL up and CALL down.
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
 *		src/run/up.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/pg_prng.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "tcop/pquery.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "format/format.h"
#include "history/history.h"
#include "run/run.h"
#include "run/run_int.h"
#include "script/script.h"
#include "util/compat.h"
#include "util/errcontext.h"
#include "util/guc.h"
#include "util/printable.h"

#define MAX_RETRY_DELAY_MS	60000

/*
 * One migration on its way.
 */
typedef struct Attempt
{
	MigrateRun *run;
	MigrateStep *step;
	MigrateResult *result;
	MigrateErrorContext errctx;
	char	   *text;			/* the script as written, NULL if forced ... */
	char	   *sql;			/* ... and with the values of variables */
	MemoryContext context;		/* outlives commits */
	TimestampTz started;
	instr_time	start;
	bool		settings_saved;
	List	   *settings;		/* the session's own, if they were saved */
	int			done;			/* statements committed */
	bool		recorded;		/* its row has the scripts that run */
	bool		next_started;	/* the next one may have left something ... */
	List	   *invalid_indexes;	/* ... beside these (Oid) */
	LocalTransactionId transaction; /* in which that was begun */
	LocalTransactionId committing;	/* that is being committed, or 0 */
} Attempt;

/*
 * Commit, and begin the next transaction.  "arg" is the memory context to be
 * in, which outlives it.
 */
static void
commit_now(void *arg)
{
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_commit();
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	MemoryContextSwitchTo((MemoryContext) arg);
}

/*
 * Begin a transaction of a migration: nothing has been looked at in it yet.
 */
static void
begin_transaction(Attempt *attempt)
{
	const MigrateRequest *request = attempt->run->request;

	commit_now(attempt->context);
	migrate_lock_keep(request->history.project, request->history.schema);
}

/*
 * Abort, after an error, and begin the next transaction.
 */
static void
abort_now(MemoryContext context)
{
	ActivePortal->portalSnapshot = NULL;
	AbortCurrentTransaction();
	StartTransactionCommand();
	MemoryContextSwitchTo(context);
}

/*
 * Commit a transaction of a migration.  If that fails, SPI has begun another one
 * by the time the error is caught.
 */
static void
commit_attempt(Attempt *attempt)
{
	attempt->committing = migrate_local_transaction();
	commit_now(attempt->context);
	attempt->committing = InvalidLocalTransactionId;
}

/*
 * The migration is through: record it, and commit that with its last
 * transaction.
 */
static void
finish(Attempt *attempt, bool executed)
{
	migrate_measure(attempt->result, attempt->start,
					executed && attempt->step->script ? attempt->step->script->nstatements : 0);
	migrate_record_step(attempt->run, attempt->step, executed, attempt->result,
						attempt->started, attempt->text);
	commit_attempt(attempt);
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

	if (!attempt->recorded && step->direction == MIGRATE_UP && step->file->down.present)
		down = migrate_source_text(attempt->run->source, &step->file->down);
	migrate_record_progress(&attempt->run->request->history, step, attempt->result, done, started,
							indexes, attempt->recorded ? NULL : attempt->text, down);
	if (down != NULL)
		pfree(down);
	commit_attempt(attempt);
	step->in_progress = true;
	attempt->recorded = true;
	attempt->done = done;
	attempt->next_started = started;
	attempt->invalid_indexes = indexes;
}

/*
 * End a transaction of a migration that has several; with it, "done" statements
 * are committed.
 */
static void
end_transaction(Attempt *attempt, int done)
{
	if (done < attempt->step->script->nstatements)
	{
		commit_progress(attempt, done, false, NIL);
		return;
	}
	migrate_end_session(&attempt->errctx);
	migrate_settings_restore_at_commit(attempt->settings);
	finish(attempt, true);
	attempt->done = done;
}

/*
 * Is a migration a single transaction, whose settings a GUC nest level can give
 * back?  Not so those of SET TRANSACTION: they have to hold until the commit.
 */
static bool
is_single_transaction(const MigrateStep *step)
{
	const MigrateScript *script = step->script;

	if (step->in_progress)
		return false;
	for (int i = 0; i < script->nstatements; i++)
	{
		const MigrateStatement *statement = &script->statements[i];

		if (statement->transaction != script->statements[0].transaction ||
			statement->top_level != TOP_NONE || statement->set_transaction)
			return false;
	}
	return true;
}

static void
run_single_transaction(Attempt *attempt)
{
	bool		executed;
	int			guc_level;

	begin_transaction(attempt);
	guc_level = NewGUCNestLevel();
	migrate_enter_schema(attempt->run->request->history.schema, GUC_ACTION_SAVE);
	executed = migrate_execute_step(attempt->run, attempt->step, attempt->sql, &attempt->errctx);
	migrate_settings_end_at_commit(guc_level);
	finish(attempt, executed);
}

/*
 * Run the next statement of a migration at top level.
 */
static void
run_top_level(Attempt *attempt)
{
	const MigrateScript *script = attempt->step->script;
	const MigrateStatement *statement = &script->statements[attempt->done];
	int			done = attempt->done + 1;

	if (statement->top_level == TOP_UNKNOWN || migrate_may_leave_something(statement))
	{
		commit_progress(attempt, attempt->done, true, migrate_invalid_indexes(statement));
		migrate_lock_keep(attempt->run->request->history.project, attempt->run->request->history.schema);
	}
	else
		begin_transaction(attempt);
	attempt->transaction = migrate_local_transaction();
	migrate_execute_top_level(script, attempt->done, attempt->sql, &attempt->errctx);
	end_transaction(attempt, done);
}

/*
 * Run the next transaction of a migration that has several.
 */
static void
run_transaction(Attempt *attempt)
{
	const MigrateScript *script = attempt->step->script;
	int			done;

	begin_transaction(attempt);
	done = migrate_execute_group(script, attempt->done, attempt->sql, &attempt->errctx);
	end_transaction(attempt, done);
}

/*
 * What the statements have SET that are done, another session does not know,
 * nor this one after an error: again, then.
 */
static void
repeat_settings(Attempt *attempt)
{
	const MigrateScript *script = attempt->step->script;

	begin_transaction(attempt);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	migrate_begin_script(script, attempt->sql, &attempt->errctx);
	for (int i = 0; i < attempt->done; i++)
	{
		attempt->errctx.statement = i + 1;
		if (script->statements[i].set_session)
			migrate_run_statement(&script->statements[i], attempt->sql, &attempt->errctx);
	}
	migrate_end_script(&attempt->errctx);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	commit_now(attempt->context);
}

/*
 * Remove what the statement has left that was interrupted last.
 */
static void
drop_leftover(Attempt *attempt)
{
	const MigrateStatement *statement = &attempt->step->script->statements[attempt->done];
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
	commit_progress(attempt, finalize ? attempt->done + 1 : attempt->done, false, NIL);
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
	if (attempt->done > 0)
		repeat_settings(attempt);
	if (attempt->next_started)
		drop_leftover(attempt);
	if (attempt->done == script->nstatements)
	{
		begin_transaction(attempt);
		end_transaction(attempt, attempt->done);
	}
	while (attempt->done < script->nstatements)
	{
		if (migrate_execute_is_top_level(&script->statements[attempt->done]))
			run_top_level(attempt);
		else
			run_transaction(attempt);
	}
}

static void
try_attempt(Attempt *attempt)
{
	if (!attempt->step->forced && attempt->text == NULL)
	{
		attempt->text = migrate_step_text(attempt->run, attempt->step);
		attempt->sql = migrate_step_sql(attempt->run, attempt->step, attempt->text, &attempt->errctx);
	}
	if (attempt->step->forced)
	{
		begin_transaction(attempt);
		finish(attempt, false);
	}
	else if (is_single_transaction(attempt->step))
		run_single_transaction(attempt);
	else
		run_transactions(attempt);
}

/*
 * pgAudit up to 1.7.0 (Debian 12) takes a statement at top level inside of a
 * CALL for a fault of its own.
 */
static void
explain_pgaudit(ErrorData *error)
{
	if (error->sqlerrcode != ERRCODE_INTERNAL_ERROR || error->message == NULL ||
		strcmp(error->message, "pgaudit stack is not empty") != 0)
		return;
	error->sqlerrcode = ERRCODE_FEATURE_NOT_SUPPORTED;
	error->message = pstrdup("this version of pgaudit does not allow the statement in a CALL");
	error->hint = pstrdup("Use pgaudit 1.7.1, 16.1 or later, or run the statement by hand and tell migrate.repair().");
}

/*
 * After an error, in the catch block: abort, begin a new transaction, put the
 * settings back, and return the error.
 */
static ErrorData *
recover(Attempt *attempt)
{
	ErrorData  *error;

	MemoryContextSwitchTo(attempt->context);
	error = CopyErrorData();
	FlushErrorState();
	explain_pgaudit(error);

	disable_timeout(STATEMENT_TIMEOUT, false);

	/* unless it has committed on its way, a failed statement has left nothing */
	if (attempt->committing == InvalidLocalTransactionId)
		attempt->committing = migrate_local_transaction();
	if (attempt->next_started && attempt->transaction == attempt->committing)
		attempt->next_started = false;
	attempt->committing = InvalidLocalTransactionId;

	abort_now(attempt->context);
	if (attempt->settings_saved)
	{
		migrate_settings_restore(attempt->settings);
		/* whatever becomes of what is recorded now, they stay so */
		commit_now(attempt->context);
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
	PG_TRY();
	{
		migrate_measure(attempt->result, attempt->start, attempt->done);
		migrate_record_failed(&attempt->run->request->history, attempt->step, attempt->result,
							  attempt->started, error);
		if (attempt->step->in_progress && !attempt->next_started && attempt->done == 0)
			migrate_record_no_progress(&attempt->run->request->history, attempt->step);
		if (attempt->step->in_progress && !attempt->next_started && attempt->done > 0)
			commit_progress(attempt, attempt->done, false, NIL);
		else
			commit_now(attempt->context);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(attempt->context);
		FlushErrorState();
		abort_now(attempt->context);
	}
	PG_END_TRY();
	ReThrowError(error);
}

/*
 * May an attempt that has failed so succeed when it is made again?  It had to wait for
 * a lock for too long, or was the one that core chose to end a deadlock.
 */
static bool
is_lock_failure(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
}

/*
 * Wait, without a snapshot or a lock on anything, before trying again what ran
 * into lock_timeout or a deadlock: ever longer, and never all waiters at the same
 * time.
 */
static void
wait_for_retry(Attempt *attempt, const MigrateStatement *statement, bool deadlock, int tries)
{
	double		delay = migrate_lock_retry_delay;
	const char *holders = statement ? migrate_history_lockers(statement->relations) : NULL;

	for (int i = 0; i < tries && delay < MAX_RETRY_DELAY_MS; i++)
		delay *= 2;
	delay = Min(delay, MAX_RETRY_DELAY_MS);
	delay *= 0.5 + 0.5 * pg_prng_double(&pg_global_prng_state);
	ereport(NOTICE,
			(errmsg(deadlock ? "deadlock in migration \"%s\", trying again" :
					"lock timeout in migration \"%s\", trying again",
					migrate_label(attempt->result->version, attempt->result->name)),
			 holders == NULL ? 0 :
			 errdetail("The relations of the statement are locked by process %s.", holders)));
	commit_now(attempt->context);
	disable_timeout(STATEMENT_TIMEOUT, false);
	migrate_sleep(delay, migrate_wait_event(MIGRATE_WAIT_RETRY));
}

/*
 * The statement that an attempt has failed at, NULL if at none.
 */
static const MigrateStatement *
failed_statement(const Attempt *attempt)
{
	int			number = attempt->errctx.statement;

	return number > 0 ? &attempt->step->script->statements[number - 1] : NULL;
}

/*
 * Run and record one step, with as many tries as migrate.lock_retries allows.
 */
static void
run_step(MigrateRun *run, MigrateStep *step, MigrateResult *result)
{
	Attempt		attempt = {.run = run,.step = step,.result = result};
	ErrorContextCallback callback;
	volatile int tries = 0;
	ErrorData  *volatile error;

	attempt.context = CurrentMemoryContext;
	attempt.started = GetCurrentTimestamp();
	INSTR_TIME_SET_CURRENT(attempt.start);
	migrate_errcontext_begin(&attempt.errctx, &callback, step->direction,
							 step->file, step->applied);
	migrate_place_in_run(&attempt.errctx, run, step);
	attempt.errctx.commits = true;
	if (step->in_progress)
	{
		attempt.done = step->applied->done;
		attempt.next_started = step->applied->started;
		attempt.invalid_indexes = step->applied->invalid_indexes;
	}
	do
	{
		error = NULL;
		attempt.errctx.statement = 0;
		PG_TRY();
		{
			try_attempt(&attempt);
		}
		PG_CATCH();
		{
			error = recover(&attempt);
		}
		PG_END_TRY();
		if (error == NULL)
			break;
		if (!is_lock_failure(error) || tries >= migrate_lock_retries)
			fail(&attempt, error);
		PG_TRY();
		{
			wait_for_retry(&attempt, failed_statement(&attempt),
						   error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED, tries++);
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

static int
run_steps(MigrateRun *run, List *steps)
{
	int			count = 0;
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(outer, "migrate step", ALLOCSET_DEFAULT_SIZES);
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		MigrateResult *result;

		MemoryContextSwitchTo(context);
		result = migrate_new_result(run, step);
		run_step(run, step, result);
		count++;
		migrate_report_step(step, result, count, list_length(steps));
		MemoryContextSwitchTo(outer);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	if (steps != NIL)
		migrate_report_run(run->request, ((MigrateStep *) linitial(steps))->direction, count);
	return count;
}

/*
 * Refuse, before anything runs, stored scripts and values that could not be kept
 * from the session's power across their commits.
 */
static void
check_stored_scripts(List *steps)
{
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);

		if (migrate_runs_stored(step) && !is_single_transaction(step))
			migrate_require_own_script(step);
	}
}

/*
 * What a run does under the lock, up or down.  Nobody is on his way any more, so
 * what looked so before has been interrupted.
 */
static int
up_locked(MigrateRun *run)
{
	List	   *steps;

	migrate_load_state(run);
	migrate_check_changes(run);
	migrate_change_format(run);
	steps = migrate_plan_apply(run->items, run->request);
	migrate_check_up_steps(run, steps, false);
	check_stored_scripts(steps);
	migrate_replace_downs(run, migrate_changed_downs(run->items));
	return run_steps(run, steps);
}

static int
down_locked(MigrateRun *run)
{
	List	   *steps;

	migrate_load_state(run);
	steps = migrate_plan_rollback(run->items, run->applied, run->request);
	migrate_check_down_steps(run, steps);
	check_stored_scripts(steps);
	return run_steps(run, steps);
}

/*
 * Take the lock for the session, run "body", and give the lock back, whatever
 * happens.
 */
static int
run_locked(MigrateRun *run, int (*body) (MigrateRun *run))
{
	MemoryContext context = CurrentMemoryContext;
	const MigrateRequest *request = run->request;
	volatile int count = 0;

	PreventCommandDuringRecovery("CALL");
	PreventCommandIfReadOnly("CALL");
	commit_now(context);
	PG_TRY();
	{
		migrate_lock_acquire_session(request->history.project, request->history.schema, commit_now, context);
		count = body(run);
		MemoryContextSwitchTo(context);
	}
	PG_FINALLY();
	{
		migrate_lock_release(request->history.project, request->history.schema);
	}
	PG_END_TRY();
	return count;
}

static int
up(MigrateRun *run)
{
	if (!migrate_load_before_up(run))
		return 0;
	return run_locked(run, up_locked);
}

static int
down(MigrateRun *run)
{
	if (!migrate_load_before_down(run))
		return 0;
	return run_locked(run, down_locked);
}

static int
run_guarded(MigrateRequest *request, int (*body) (MigrateRun *run))
{
	MigrateRun	run = {.request = request,.context = CurrentMemoryContext};
	volatile int count = 0;

	migrate_run_begin();
	PG_TRY();
	{
		count = body(&run);
	}
	PG_FINALLY();
	{
		migrate_run_end();
	}
	PG_END_TRY();
	return count;
}

/*
 * Apply what is pending, with a commit after each migration; returns how many.
 *
 * To be called from a CALL that may commit, in a memory context that outlives
 * commits.  After an error, what was committed before stays, and the failed
 * attempt is in the history.
 */
int
migrate_run_up(MigrateRequest *request)
{
	return run_guarded(request, up);
}

/*
 * Undo, likewise.
 */
int
migrate_run_down(MigrateRequest *request)
{
	return run_guarded(request, down);
}
