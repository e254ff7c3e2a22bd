/*-------------------------------------------------------------------------
 *
 * lock_waits.c
 *		Who runs migrations, and who waits for whom because of it.
 *
 * The deadlock detector sees neither that a process polls for the run lock, nor that a
 * session waits for its background worker.  Each of them looks now and then itself, and
 * finds the other.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/lock_waits.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/wait_event.h"

#include "run/lock.h"
#include "util/compat.h"
#include "util/names.h"
#include "util/printable.h"

#define WAIT_CLASS_MASK		0xFF000000

/*
 * Is it an advisory lock of ours?
 */
static bool
is_ours(const LOCKTAG *tag, int class)
{
	return tag->locktag_type == LOCKTAG_ADVISORY && tag->locktag_field1 == MyDatabaseId &&
		tag->locktag_field4 == class;
}

/*
 * The process that is running migrations of a history, or waits to do so for no
 * other; 0 if there is none, or on a standby, which does not see the lock.
 */
int
migrate_lock_runner(const char *project, const char *schema)
{
	LOCKTAG		tag;
	LockData   *locks;

	if (RecoveryInProgress())
		return 0;
	migrate_lock_tag(&tag, project, schema, RUN_CLASS);
	locks = GetLockStatusData();
	for (int i = 0; i < locks->nelements; i++)
	{
		const LockInstanceData *lock = &locks->locks[i];

		if (lock->holdMask != 0 && memcmp(&lock->locktag, &tag, sizeof(LOCKTAG)) == 0)
			return lock->pid;
	}
	return 0;
}

/*
 * The process that runs a statement for the run of "pid", which waits for it; 0 if none
 * does.
 */
static int
worker_of(const LockData *locks, int pid)
{
	for (int i = 0; i < locks->nelements; i++)
	{
		const LockInstanceData *run = &locks->locks[i];

		if (run->pid != pid || run->holdMask == 0 || !is_ours(&run->locktag, RUN_CLASS))
			continue;
		for (int k = 0; k < locks->nelements; k++)
		{
			const LockInstanceData *held = &locks->locks[k];

			if (is_ours(&held->locktag, WORKER_CLASS) &&
				held->locktag.locktag_field2 == run->locktag.locktag_field2 &&
				held->locktag.locktag_field3 == run->locktag.locktag_field3)
				return held->pid;
		}
	}
	return 0;
}

/*
 * Which processes hold the run locks that a process polls for? pg_blocking_pids()
 * does not know: polling is not waiting for a lock.
 */
static List *
polled_holders(const LockData *locks, int pid, List *pids)
{
	for (int i = 0; i < locks->nelements; i++)
	{
		const LockInstanceData *wait = &locks->locks[i];

		if (wait->pid != pid || !is_ours(&wait->locktag, WAIT_CLASS))
			continue;
		for (int k = 0; k < locks->nelements; k++)
		{
			const LockInstanceData *held = &locks->locks[k];

			if (is_ours(&held->locktag, RUN_CLASS) && held->holdMask != 0 &&
				held->locktag.locktag_field2 == wait->locktag.locktag_field2 &&
				held->locktag.locktag_field3 == wait->locktag.locktag_field3)
				pids = list_append_unique_int(pids, held->pid);
		}
	}
	return pids;
}

static List *
blocking_pids(int pid, List *pids)
{
	Datum		blockers = DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid));
	ArrayType  *array = DatumGetArrayTypeP(blockers);
	int		   *values = (int *) ARR_DATA_PTR(array);

	for (int i = 0; i < ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)); i++)
		pids = list_append_unique_int(pids, values[i]);
	return pids;
}

/*
 * The processes of this database that have a run lock, or want one (MigrateRunLock),
 * one for each process; and prepared transactions that have one, with pid 0.
 */
List *
migrate_lock_runs(void)
{
	LockData   *locks = GetLockStatusData();
	MigrateNames *seen = migrate_names_create();
	List	   *runs = NIL;

	/* a process that holds one is not waiting for another */
	for (int held = 1; held >= 0; held--)
	{
		for (int i = 0; i < locks->nelements; i++)
		{
			const LockInstanceData *lock = &locks->locks[i];
			bool		is_run = is_ours(&lock->locktag, RUN_CLASS);
			MigrateRunLock *run;

			CHECK_FOR_INTERRUPTS();
			if ((!is_run && !is_ours(&lock->locktag, WAIT_CLASS)) ||
				(is_run && lock->holdMask != 0) != held ||
				(lock->pid != 0 && !migrate_names_add(seen, psprintf("%d", lock->pid), NULL)))
				continue;
			run = palloc(sizeof(MigrateRunLock));
			run->pid = lock->pid;
			run->project_hash = lock->locktag.locktag_field2;
			run->schema_hash = lock->locktag.locktag_field3;
			run->is_held = held;
			run->worker = held ? worker_of(locks, lock->pid) : 0;
			run->blockers = polled_holders(locks, lock->pid, blocking_pids(lock->pid, NIL));
			if (run->worker != 0)
				run->blockers = blocking_pids(run->worker, run->blockers);
			runs = lappend(runs, run);
		}
	}
	return runs;
}

/*
 * Is it the lock of this history?  Either may be NULL, for not known.
 */
bool
migrate_lock_is_of(const MigrateRunLock *lock, const char *project, const char *schema)
{
	LOCKTAG		tag;

	if (project == NULL || schema == NULL)
		return false;
	migrate_lock_tag(&tag, project, schema, RUN_CLASS);
	return lock->project_hash == tag.locktag_field2 && lock->schema_hash == tag.locktag_field3;
}

/*
 * Might a process poll for a run lock, as this one does?  Between two pauses it does
 * not seem so, then the next look finds it.
 */
static bool
may_poll(int pid)
{
	PGPROC	   *proc = BackendPidGetProc(pid);

	return proc != NULL && (proc->wait_event_info & WAIT_CLASS_MASK) == PG_WAIT_EXTENSION;
}

/*
 * Might it wait for a process that runs a statement for it?
 */
static bool
may_have_worker(int pid)
{
	PGPROC	   *proc = BackendPidGetProc(pid);

	return proc != NULL && (proc->wait_event_info == WAIT_EVENT_MESSAGE_QUEUE_RECEIVE ||
							proc->wait_event_info == WAIT_EVENT_BGWORKER_SHUTDOWN);
}

/*
 * Does the process wait, directly or not, for this one?  A breadth-first walk.  Without
 * "polled", waits for a run lock by polling do not count.
 *
 * A process that is at work is seen to be so at no cost.  Only one that polls, or has
 * a worker, makes a copy of the lock table necessary, which a long run fills.
 */
static bool
waits_for_me(int pid, bool polled)
{
	LockData   *locks = NULL;
	List	   *pids = list_make1_int(pid);

	/* the list grows while it is walked */
	for (int i = 0; i < list_length(pids) && i < MaxBackends; i++)
	{
		int			next = list_nth_int(pids, i);

		CHECK_FOR_INTERRUPTS();
		pids = blocking_pids(next, pids);
		if ((polled && may_poll(next)) || may_have_worker(next))
		{
			int			worker;

			if (locks == NULL)
				locks = GetLockStatusData();
			if (polled)
				pids = polled_holders(locks, next, pids);
			worker = worker_of(locks, next);
			if (worker != 0)
				pids = list_append_unique_int(pids, worker);
		}
		if (list_member_int(pids, MyProcPid))
			return true;
	}
	return false;
}

/*
 * 40P01 if a process whose run lock this one polls for waits for this transaction.
 */
void
migrate_lock_refuse_cycle(int holder)
{
	if (waits_for_me(holder, true))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_DEADLOCK_DETECTED),
				 errmsg("deadlock detected"),
				 errdetail("The migration run of process %d waits for this transaction.", holder),
				 errhint("Try again, or use CALL migrate.up().")));
}

/*
 * 40P01 if the worker that this session waits for waits for a lock of this session.
 *
 * Between transactions, a session keeps only advisory locks, and the run lock.  One that
 * polls for the run lock gives way itself.
 */
void
migrate_lock_check_worker(int worker)
{
	if (waits_for_me(worker, false))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_DEADLOCK_DETECTED),
				 errmsg("deadlock detected"),
				 errdetail("The background worker that runs the statement, process %d, waits for a lock of this session.",
						   worker),
				 errhint("Release the session's advisory locks before, or reset migrate.top_level.")));
}
