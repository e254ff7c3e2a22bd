/*-------------------------------------------------------------------------
 *
 * ready.c
 *		Is the database what an application needs?  is_current(), at_least() and
 *		wait_for(), which change nothing.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/ready.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "format/preconditions.h"
#include "history/history.h"
#include "run/commit.h"
#include "run/lock.h"
#include "run/precondition.h"
#include "run/report.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/steps.h"
#include "util/compat.h"
#include "util/guc.h"
#include "util/printable.h"

#define FIRST_PAUSE_MS	20
#define LONGEST_PAUSE_MS	1000

/*
 * Would apply() pass over a step, since its preconditions say so?  That is the only thing
 * here that runs what is in a file, as the caller; it is undone.
 */
static bool
is_passed_over(MigrateRun *run, MigrateStep *step)
{
	MigrateVerdict verdict;

	return migrate_try_preconditions(run, step, false, &verdict) == NULL && verdict == VERDICT_PASS;
}

/*
 * Would apply() return no row, and no error because of the state of its migrations?
 * Errors in the arguments and in the files are raised, as apply() raises them.
 */
bool
migrate_nothing_to_apply(MigrateRequest *request)
{
	MigrateRun	run = {.request = request,.context = CurrentMemoryContext};
	List	   *steps;
	ListCell   *lc;

	migrate_warn_version();
	request->own_snapshot = true;
	request->quiet = true;
	request->skips_known = true;
	migrate_require_source(&run);
	migrate_load_state(&run);
	migrate_check_changes(&run);
	if (migrate_plan_busy(run.items, true) != NULL)
		return false;
	foreach(lc, run.items)
	{
		if (((MigrateItem *) lfirst(lc))->state == STATE_MODIFIED &&
			migrate_on_modified == ON_MODIFIED_ERROR)
			return false;
	}
	steps = migrate_plan_apply(run.items, request);
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);

		if (step->file != NULL && (step->in_progress || !migrate_may_pass_over(step->file->preconditions)))
			return false;
	}
	foreach(lc, steps)
	{
		if (((MigrateStep *) lfirst(lc))->file != NULL && !is_passed_over(&run, lfirst(lc)))
			return false;
	}
	list_free(steps);
	steps = NIL;
	return migrate_plan_busy(run.items, false) == NULL || migrate_has_nothing_to_do(&run, steps);
}

/*
 * Is the version request->target applied, and neither on its way up nor down?  A
 * baseline counts, and so does another form of the same number.
 */
bool
migrate_has_version(const MigrateRequest *request)
{
	migrate_warn_version();
	return migrate_history_has_version(&request->history, request->target);
}

/*
 * The same, in a memory context that is emptied.
 */
static bool
is_applied_by_now(const MigrateRequest *request, MemoryContext look)
{
	MemoryContext old = MemoryContextSwitchTo(look);
	bool		applied = migrate_history_has_version(&request->history, request->target);

	MemoryContextSwitchTo(old);
	MemoryContextReset(look);
	return applied;
}

/*
 * Wait until it is, at most so many microseconds, PG_INT64_MAX for ever; 55P03 if that
 * is not enough.
 *
 * To be called from a CALL that may commit, in a memory context that outlives
 * commits.  Each look has a snapshot of its own, and there is none while it sleeps.
 */
void
migrate_wait_for_version(const MigrateRequest *request, int64 timeout)
{
	MemoryContext context = CurrentMemoryContext;
	TimestampTz start = GetCurrentTimestamp();
	MemoryContext look = AllocSetContextCreate(context, "migrate look", ALLOCSET_SMALL_SIZES);
	double		pause = FIRST_PAUSE_MS;
	bool		said = false;

	migrate_warn_version();
	while (!is_applied_by_now(request, look))
	{
		int64		left = timeout == PG_INT64_MAX ? timeout :
			timeout - (GetCurrentTimestamp() - start);

		if (left <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("timeout while waiting for version \"%s\" to be applied", request->target)));
		if (!said)
			ereport(NOTICE,
					(errmsg("waiting for version \"%s\" to be applied", request->target)));
		said = true;
		migrate_commit(context);
		migrate_sleep(Min(pause, left / 1000.0), migrate_wait_event(MIGRATE_WAIT_VERSION));
		migrate_commit(context);
		pause = Min(2 * pause, LONGEST_PAUSE_MS);
	}
}
