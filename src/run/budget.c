/*-------------------------------------------------------------------------
 *
 * budget.c
 *		How long a run that is undone may be in the way of others.
 *
 * No lock stronger than RowExclusiveLock on a relation that existed before is held
 * longer than the budget.  Between statements the run stops as soon as somebody waits
 * for it.  Within one, a timer cancels it.  The time in which it waits for such a lock
 * itself counts, since others wait after it.
 *
 * Only utility statements take such locks, also those in functions, so the timer runs
 * from the beginning of one; if none has been taken at its end, it stops.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/budget.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/latch.h"
#include "tcop/utility.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "run/budget.h"
#include "run/held.h"
#include "util/compat.h"
#include "util/printable.h"

typedef struct Budget
{
	bool		active;
	int64		limit;			/* microseconds */
	TimestampTz since;			/* when such a lock was taken, 0: none is held */
	TimestampTz statement;		/* when the current statement began */
	bool		ticking;		/* the timer */
	bool		harmless;		/* the next utility statement to run is the
								 * current one, and locks nothing */
	const char *stopped;		/* why, or NULL */
} Budget;

static Budget budget;

/* the timer has cancelled the statement */
static volatile sig_atomic_t expired = false;

/*
 * The value of QueryCancelPending for a request of the timer.  Core only asks whether it
 * is zero; the request of a user makes it 1, then and later, so that it is not taken back
 * with that of the timer.
 */
#define CANCELLED_BY_TIMER	2

static TimeoutId timer = MAX_TIMEOUTS;

static ProcessUtility_hook_type next_utility_hook = NULL;

#define OUT_OF_TIME	"a lock was held for as long as the budget allows"
#define AWAITED		"another process waits for it"
#define OUTSIDE		"COPY from or to a file or a program cannot be rolled back"

/*
 * Of the timer, in a signal handler: as a cancel request, which this one must not
 * hide.
 */
static void
cancel_statement(void)
{
	if (!QueryCancelPending)
	{
		expired = true;
		InterruptPending = true;
		QueryCancelPending = CANCELLED_BY_TIMER;
	}
	SetLatch(MyLatch);
}

static void
stop_timer(void)
{
	if (budget.ticking)
		disable_timeout(timer, false);
	budget.ticking = false;
}

/*
 * Let the timer run, unless it does, for a lock that was or will be taken at that time.
 */
static void
start_timer(TimestampTz since)
{
	if (budget.ticking || budget.limit == MIGRATE_NO_BUDGET)
		return;
	budget.ticking = true;
	enable_timeout_at(timer, since + budget.limit);
}

/*
 * May a utility statement lock relations itself?  Those in functions and scripts that
 * it runs are seen on their own.
 */
static bool
may_lock(const Node *node)
{
	switch (nodeTag(node))
	{
		case T_AlterExtensionStmt:
		case T_CallStmt:
		case T_ClosePortalStmt:
		case T_ConstraintsSetStmt:
		case T_CopyStmt:
		case T_CreateExtensionStmt:
		case T_CreateTableAsStmt:
		case T_DeallocateStmt:
		case T_DeclareCursorStmt:
		case T_DoStmt:
		case T_ExecuteStmt:
		case T_ExplainStmt:
		case T_FetchStmt:
		case T_PrepareStmt:
		case T_TransactionStmt:
		case T_VariableSetStmt:
		case T_VariableShowStmt:
			return false;
		default:
			return true;
	}
}

pg_noreturn static void stop(const char *reason);

/*
 * End the run.  It is like a cancel request, so that no exception handler for all errors
 * catches it.
 */
static void
stop(const char *reason)
{
	budget.stopped = reason;
	ereport(ERROR,
			(errcode(ERRCODE_QUERY_CANCELED),
			 errmsg("run stops: %s", reason)));
}

/*
 * Refuse what would not be undone.
 */
static void
refuse_outside(const Node *node)
{
	if (IsA(node, CopyStmt) && ((const CopyStmt *) node)->filename != NULL)
		stop(OUTSIDE);
}

/*
 * Note what a statement that began at that time has locked.
 */
static void
note_locks(TimestampTz start)
{
	migrate_held_update();
	if (!migrate_held_strongly())
	{
		budget.since = 0;
		stop_timer();
		return;
	}
	if (budget.since == 0)
		budget.since = start;
	start_timer(budget.since);
}

/*
 * ProcessUtility_hook.
 */
static void
process_utility(PlannedStmt *plan, const char *query, bool read_only_tree,
				ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *env,
				DestReceiver *dest, QueryCompletion *completion)
{
	bool		watches = budget.active && budget.since == 0 && !budget.harmless && may_lock(plan->utilityStmt);
	TimestampTz start = watches ? GetCurrentTimestamp() : 0;

	budget.harmless = false;
	if (budget.active)
		refuse_outside(plan->utilityStmt);
	if (watches)
		start_timer(start);
	if (next_utility_hook != NULL)
		next_utility_hook(plan, query, read_only_tree, context, params, env, dest, completion);
	else
		standard_ProcessUtility(plan, query, read_only_tree, context, params, env, dest, completion);
	if (watches && budget.since == 0)
		note_locks(start);
}

/*
 * From here on, until migrate_budget_end(), the budget holds, in microseconds or
 * MIGRATE_NO_BUDGET.  The next statement comes after
 * migrate_held_begin().
 */
void
migrate_budget_begin(int64 limit)
{
	/* once in a session, since others may have been put before it */
	if (timer == MAX_TIMEOUTS)
	{
		timer = RegisterTimeout(USER_TIMEOUT, cancel_statement);
		next_utility_hook = ProcessUtility_hook;
		ProcessUtility_hook = process_utility;
	}
	memset(&budget, 0, sizeof(budget));
	expired = false;
	budget.limit = limit;
	budget.active = true;
}

/*
 * The budget holds no more; also where migrate_budget_begin() has not been called.  What
 * migrate_budget_stopped() says stays.
 */
void
migrate_budget_end(void)
{
	stop_timer();
	budget.active = false;
	budget.since = 0;

	/* it may have come too late to cancel anything */
	if (expired)
	{
		if (QueryCancelPending == CANCELLED_BY_TIMER)
			QueryCancelPending = false;
		budget.stopped = OUT_OF_TIME;
	}
	expired = false;
}

/*
 * Before a statement: an error ends the run if the budget is spent, or if somebody waits
 * for this process.
 */
void
migrate_budget_before(void)
{
	budget.statement = GetCurrentTimestamp();
	if (budget.limit != MIGRATE_NO_BUDGET && budget.since != 0 &&
		budget.statement - budget.since >= budget.limit)
		stop(OUT_OF_TIME);
	if (migrate_held_has_waiters())
		stop(AWAITED);
	budget.harmless = false;
}

/*
 * The statement locks no relation that others see.
 */
void
migrate_budget_harmless(void)
{
	budget.harmless = true;
}

/*
 * After a statement: note what it has locked.
 */
void
migrate_budget_after(void)
{
	note_locks(budget.statement);
}

/*
 * Since when a lock stronger than RowExclusiveLock is held, 0 if none is.
 */
TimestampTz
migrate_budget_since(void)
{
	return budget.since;
}

/*
 * Why the budget has ended the last run, or NULL if it has not.
 */
const char *
migrate_budget_stopped(void)
{
	return budget.stopped;
}
