/*-------------------------------------------------------------------------
 *
 * lock.c
 *		The run lock: one runner for each history of a database.
 *
 * An advisory lock, with a class (objsubid 3) that no SQL function reaches, so
 * that it never collides with an application's own.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/lock.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "run/lock.h"
#include "util/activity.h"
#include "util/compat.h"
#include "util/printable.h"

#define SLEEP_MS			10	/* most runs are short ... */
#define LONG_SLEEP_MS		50	/* ... and this is for those that are not */
#define SHORT_TRIES			100
#define CYCLE_CHECK_MS		250 /* the first look for a deadlock ... */
#define MAX_CYCLE_CHECK_MS	4000	/* ... and what they are apart in the end */

/*
 * The lock of a history that has such a class.
 */
void
migrate_lock_tag(LOCKTAG *tag, const char *project, const char *schema, MigrateLockClass class)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId,
						 hash_bytes((const unsigned char *) project, strlen(project)),
						 hash_bytes((const unsigned char *) schema, strlen(schema)),
						 class);
}

/*
 * The process that holds the lock.  0 if none can be named: it has just gone,
 * is between two transactions, or is a prepared transaction, and then *prepared
 * is set.
 */
static int
lock_holder(const LOCKTAG *tag, bool *prepared)
{
	int			count;
	VirtualTransactionId *holders = GetLockConflicts(tag, ExclusiveLock, &count);
	PGPROC	   *proc = count > 0 ? migrate_vxid_proc(&holders[0]) : NULL;

	*prepared = false;
	if (count > 0 && proc == NULL)
	{
		/* a transaction that has just ended is not found a second time */
		int			count_now;
		VirtualTransactionId *holders_now = GetLockConflicts(tag, ExclusiveLock, &count_now);

		*prepared = count_now > 0 && VirtualTransactionIdEquals(holders[0], holders_now[0]);
		pfree(holders_now);
	}
	pfree(holders);
	return proc ? proc->pid : 0;
}

/*
 * May the caller see what a session of this role does?  As pg_stat_activity.
 */
static bool
may_see(Oid role)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) || has_privs_of_role(GetUserId(), role);
}

/*
 * When the transaction of another process began, 0 if not known, or not to the caller.
 */
static TimestampTz
transaction_start(int pid)
{
	TimestampTz start = 0;

	for (int i = 1; i <= pgstat_fetch_stat_numbackends(); i++)
	{
		LocalPgBackendStatus *local = pgstat_get_local_beentry_by_index(i);

		if (local != NULL && local->backendStatus.st_procpid == pid && may_see(local->backendStatus.st_userid))
			start = local->backendStatus.st_xact_start_timestamp;
	}
	/* else this transaction would not see pg_stat_activity change any more */
	pgstat_clear_backend_activity_snapshot();
	return start;
}

/*
 * Report, once, the process that this one waits for.  Returns whether there was
 * anything to report.
 */
static bool
report_wait(int pid, bool prepared)
{
	TimestampTz since;

	if (prepared)
		ereport(NOTICE,
				(errmsg("waiting for the migration run of a prepared transaction"),
				 errhint("It ends with COMMIT PREPARED or ROLLBACK PREPARED.")));
	if (pid == 0)
		return prepared;
	since = transaction_start(pid);
	if (since == 0)
		ereport(NOTICE,
				(errmsg("waiting for the migration run of process %d", pid)));
	else
		ereport(NOTICE,
				(errmsg("waiting for the migration run of process %d, whose transaction began at %s",
						pid, timestamptz_to_str(since))));
	return true;
}

/*
 * Sleep for so many milliseconds, at least one, or until the latch is set;
 * "wait_event" shows the reason.  An interrupt raises its error.
 */
void
migrate_sleep(double ms, uint32 wait_event)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 Max((long) ms, 1), wait_event);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/*
 * Sleep a little, a random time so that many waiters spread out.
 */
static void
pause_waiting(int tries)
{
	double		ms = tries < SHORT_TRIES ? SLEEP_MS : LONG_SLEEP_MS;

	migrate_sleep(ms * (0.5 + pg_prng_double(&pg_global_prng_state)),
				  migrate_wait_event(MIGRATE_WAIT_RUN));
}

/*
 * Report, once, the run that this one waits for.  Returns whether there was
 * anything to report.
 */
static bool
report_wait_for(const LOCKTAG *tag)
{
	bool		prepared;
	int			pid = lock_holder(tag, &prepared);

	if (!report_wait(pid, prepared))
		return false;
	if (pid != 0)
		migrate_activity_waiting(pid);
	return true;
}

/*
 * 40P01 if the holder of the lock waits for this transaction.
 */
static void
refuse_cycle(const LOCKTAG *tag)
{
	bool		prepared;
	int			pid = lock_holder(tag, &prepared);

	if (pid != 0)
		migrate_lock_refuse_cycle(pid);
}

/*
 * lock_timeout has passed: 55P03.
 */
static void
refuse_to_wait(const LOCKTAG *tag)
{
	bool		prepared;
	int			pid = lock_holder(tag, &prepared);

	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("canceling statement due to lock timeout"),
			 pid == 0 ? 0 :
			 errdetail("Process %d holds the lock for migration runs.", pid)));
}

/*
 * Take the run lock of a history until the end of the transaction.
 *
 * The caller holds a snapshot, and CREATE INDEX CONCURRENTLY waits for
 * snapshots, so a blocking wait could deadlock with the run that is waited
 * for, and would do so unseen where that waits for no lock.  Hence polling;
 * and since polling hides the wait from the deadlock detector, a look now and
 * then whether the other one waits for us.
 *
 * Errors: 40P01 if it does, 55P03 when lock_timeout has passed.
 */
void
migrate_lock_acquire(const char *project, const char *schema)
{
	TimestampTz start = GetCurrentTimestamp();
	TimestampTz checked = start;
	int			interval = CYCLE_CHECK_MS;
	bool		said = false;
	LOCKTAG		tag;
	LOCKTAG		wait_tag;
	MemoryContext context;
	MemoryContext old;

	migrate_lock_tag(&tag, project, schema, RUN_CLASS);
	if (LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL)
		return;

	migrate_lock_tag(&wait_tag, project, schema, WAIT_CLASS);
	(void) LockAcquire(&wait_tag, ShareLock, false, false);
	context = AllocSetContextCreate(CurrentMemoryContext, "migrate lock",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	for (int tries = 0;
		 LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL;
		 tries++)
	{
		TimestampTz now = GetCurrentTimestamp();

		if (!said)
			said = report_wait_for(&tag);
		if (TimestampDifferenceExceeds(checked, now, interval))
		{
			checked = now;
			interval = Min(2 * interval, MAX_CYCLE_CHECK_MS);
			refuse_cycle(&tag);
		}
		if (LockTimeout > 0 && TimestampDifferenceExceeds(start, now, LockTimeout))
			refuse_to_wait(&tag);
		pause_waiting(tries);
		MemoryContextReset(context);
	}
	if (said)
		migrate_activity_resume();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	(void) LockRelease(&wait_tag, ShareLock, false);
}

/*
 * The same without waiting: 55P03 if a run goes on.
 */
void
migrate_lock_acquire_now(const char *project, const char *schema)
{
	LOCKTAG		tag;
	bool		prepared;
	int			pid;

	migrate_lock_tag(&tag, project, schema, RUN_CLASS);
	if (LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL)
		return;
	pid = lock_holder(&tag, &prepared);
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("migrations are running"),
			 pid != 0 ? errdetail("Process %d holds the lock for migration runs.", pid) :
			 prepared ? errdetail("A prepared transaction holds the lock for migration runs.") : 0,
			 errhint("Try again when that run has ended.")));
}

/*
 * Take the run lock of a history for the session, as a run that commits needs it.
 *
 * The caller holds no snapshot, and is in a transaction of its own that has done
 * nothing: after the NOTICE, "commit" is called to return to that state.  So this
 * may block: the deadlock detector and lock_timeout are core's.
 */
void
migrate_lock_acquire_session(const char *project, const char *schema,
							 void (*commit) (void *arg), void *arg)
{
	LOCKTAG		tag;
	bool		said;

	migrate_lock_tag(&tag, project, schema, RUN_CLASS);
	if (LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL)
		return;
	said = report_wait_for(&tag);
	commit(arg);
	(void) LockAcquire(&tag, ExclusiveLock, true, false);
	if (said)
		migrate_activity_resume();
}

/*
 * The same without waiting; false if another process has the lock.
 */
bool
migrate_lock_try_session(const char *project, const char *schema)
{
	LOCKTAG		tag;

	migrate_lock_tag(&tag, project, schema, RUN_CLASS);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * A migration may have dropped the session's locks (DISCARD ALL,
 * pg_advisory_unlock_all): take it again unless another session has it by now,
 * which is 55000.
 */
void
migrate_lock_reacquire(const char *project, const char *schema)
{
	LOCKTAG		tag;

	migrate_lock_tag(&tag, project, schema, RUN_CLASS);
	if (migrate_lock_held(&tag, ExclusiveLock) ||
		LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a migration has released the lock for migration runs, and another run has taken it"),
			 errhint("Run the migrations again.")));
}

/*
 * Give back the session's run lock.  A session's locks are not released by an
 * abort, so this has to be called after an error too.
 */
void
migrate_lock_release(const char *project, const char *schema)
{
	LOCKTAG		tag;

	migrate_lock_tag(&tag, project, schema, RUN_CLASS);
	if (migrate_lock_held(&tag, ExclusiveLock))
		(void) LockRelease(&tag, ExclusiveLock, true);
}
