/*-------------------------------------------------------------------------
 *
 * progress.c
 *		The transactions of an attempt at a migration that commits: where each
 *		begins and ends, and the row that says how far it is.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/progress.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "tcop/pquery.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "format/source.h"
#include "history/history.h"
#include "run/callback.h"
#include "run/commit.h"
#include "run/in_step.h"
#include "run/lock.h"
#include "run/notify.h"
#include "run/progress.h"
#include "run/table_locks.h"
#include "util/compat.h"
#include "util/guc.h"

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
void
migrate_progress_relock(const MigrateAttempt *attempt)
{
	const MigrateHistory *history = &attempt->run->request->history;

	migrate_lock_reacquire(history->project, history->schema);
	migrate_in_step_relock(attempt->run);
}

/*
 * Begin a transaction of a migration, which has not read anything yet.
 */
void
migrate_progress_begin(MigrateAttempt *attempt)
{
	if (is_fresh_transaction())
		InvalidateCatalogSnapshot();
	else
		migrate_commit(attempt->context);
	migrate_progress_relock(attempt);
}

/*
 * Likewise for the statements from "first" on, perhaps with the locks that they need.
 */
void
migrate_progress_begin_at(MigrateAttempt *attempt, int first)
{
	migrate_progress_begin(attempt);
	if (migrate_lock_wait == LOCK_WAIT_POLL &&
		!migrate_poll_locks(attempt->run, attempt->step, first, attempt->sql,
							&attempt->execution.errctx, attempt->context))
		migrate_progress_begin(attempt);
}

/*
 * Commit a transaction of a migration.  If that fails, SPI has begun another one
 * by the time the error is caught.
 */
void
migrate_progress_end(MigrateAttempt *attempt)
{
	int64		ncommands = GetCurrentCommandId(false);

	attempt->committing = migrate_local_transaction();
	migrate_commit(attempt->context);
	attempt->run->ncommands += ncommands;
	attempt->committing = InvalidLocalTransactionId;
	attempt->run->has_changed = true;
}

/*
 * Record, in the current transaction, how far the migration is once that is
 * committed, and commit it.
 */
void
migrate_progress_commit(MigrateAttempt *attempt, int done, bool started, List *indexes)
{
	MigrateStep *step = attempt->step;
	char	   *down = NULL;

	migrate_progress_relock(attempt);
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
	migrate_progress_end(attempt);
	step->in_progress = true;
	step->done = done;
	attempt->recorded = true;
	attempt->next_started = started;
	attempt->invalid_indexes = indexes;
}

/*
 * Record what a worker has committed, after an error came in between.
 */
void
migrate_progress_worker_done(MigrateAttempt *attempt)
{
	migrate_progress_commit(attempt, attempt->step->done + 1, false, NIL);
	attempt->unrecorded = false;
}

/*
 * The migration is passed over: end its transaction, in which nothing has happened that is
 * to stay.
 */
void
migrate_progress_pass_over(MigrateAttempt *attempt)
{
	MigrateRun *run = attempt->run;

	attempt->step->passed_over = true;
	migrate_progress_relock(attempt);
	if (run->ndone + 1 == run->nsteps && run->nmigrations > 0)
		migrate_notify(run, attempt->step->direction, "done", run->nmigrations, &run->last);
	migrate_progress_end(attempt);
	attempt->finished = true;
}
