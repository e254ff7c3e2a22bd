/*-------------------------------------------------------------------------
 *
 * survivors.c
 *		What of a session survives the rollback of a subtransaction: session advisory
 *		locks and prepared statements.
 *
 * What a run has added is released; what it has released is taken again, or reported if
 * that is not possible.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/survivors.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/prepare.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "run/survivors.h"
#include "util/compat.h"
#include "util/names.h"
#include "util/printable.h"
#include "util/subtransaction.h"

/* those of SQL functions, see pg_locks.objsubid */
#define KEY_CLASS			1
#define TWO_KEYS_CLASS		2

/*
 * An advisory lock of the session.
 */
typedef struct SessionLock
{
	LOCKTAG		tag;
	LOCKMODE	mode;
	int64		count;			/* how often it is held */
} SessionLock;

typedef struct PreparedName
{
	const char *name;
	TimestampTz prepared_at;
} PreparedName;

/*
 * How often the session holds a lock, of which this backend has some hold.
 */
static int64
session_count(const LOCKTAG *tag, LOCKMODE mode)
{
	LOCALLOCK  *local = migrate_lock_again(tag, mode, true);
	int64		count = 0;

	for (int i = 0; i < local->numLockOwners; i++)
	{
		if (local->lockOwners[i].owner == NULL)
			count = local->lockOwners[i].nLocks;
	}
	(void) LockRelease(tag, mode, true);
	return count - 1;
}

/*
 * Is it an advisory lock that SQL functions reach?
 */
static bool
is_of_functions(const LOCKTAG *tag)
{
	return tag->locktag_type == LOCKTAG_ADVISORY && tag->locktag_field1 == MyDatabaseId &&
		(tag->locktag_field4 == KEY_CLASS || tag->locktag_field4 == TWO_KEYS_CLASS);
}

/*
 * Collect those of this backend in a partition of the lock table, as far as there is space;
 * returns how many there are.  No error may be raised while the partition's lock is held.
 */
static int
read_partition(int partition, PROCLOCK **locks, int space)
{
	LWLock	   *lock = LockHashPartitionLockByIndex(partition);
	int			count = 0;

	LWLockAcquire(lock, LW_SHARED);
	for (PROCLOCK *proclock = migrate_lock_before(partition, NULL); proclock != NULL;
		 proclock = migrate_lock_before(partition, proclock))
	{
		if (!is_of_functions(&proclock->tag.myLock->tag))
			continue;
		if (count < space)
			locks[count] = proclock;
		count++;
	}
	LWLockRelease(lock);
	return count;
}

/*
 * Add the modes in which the session holds a lock.
 */
static List *
add_modes(List *locks, const PROCLOCK *proclock)
{
	LOCKTAG		tag = proclock->tag.myLock->tag;
	LOCKMASK	held = proclock->holdMask;

	for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
	{
		SessionLock *lock;

		if ((held & LOCKBIT_ON(mode)) == 0)
			continue;
		lock = palloc(sizeof(SessionLock));
		lock->tag = tag;
		lock->mode = mode;
		lock->count = session_count(&tag, mode);
		locks = lappend(locks, lock);
	}
	return locks;
}

/*
 * The session's advisory locks.  Not from a copy of the lock table, which has those of all
 * sessions.
 */
static List *
session_locks(void)
{
	int			space = 16;
	PROCLOCK  **found = palloc(space * sizeof(PROCLOCK *));
	List	   *locks = NIL;

	for (int partition = 0; partition < NUM_LOCK_PARTITIONS; partition++)
	{
		int			count = read_partition(partition, found, space);

		if (count > space)
		{
			space = count;
			found = repalloc_huge(found, space * sizeof(PROCLOCK *));
			count = read_partition(partition, found, space);
		}
		for (int i = 0; i < count; i++)
			locks = add_modes(locks, found[i]);
	}
	pfree(found);
	return locks;
}

static List *
prepared_statements(void)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *statements = NIL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute("SELECT s.name, s.prepare_time FROM pg_catalog.pg_prepared_statement() AS s", ActiveSnapshotSet(), 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the prepared statements");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);
		PreparedName *statement = palloc(sizeof(PreparedName));
		bool		isnull;

		statement->name = TextDatumGetCString(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		statement->prepared_at = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));
		statements = lappend(statements, statement);
		MemoryContextSwitchTo(old);
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	return statements;
}

/*
 * What is there now, in the current memory context.
 */
MigrateSurvivors
migrate_survivors_note(void)
{
	MigrateSurvivors survivors = {
		.locks = session_locks(),
		.statements = prepared_statements(),
	};

	return survivors;
}

/*
 * A key for a lock, palloc'd.
 */
static char *
lock_key(const SessionLock *lock)
{
	return psprintf("%u %u %u %d", lock->tag.locktag_field2, lock->tag.locktag_field3,
					lock->tag.locktag_field4, lock->mode);
}

/*
 * Take a lock again so often; a WARNING if another session has taken it.
 */
static void
retake(const SessionLock *lock, int64 times)
{
	for (int64 i = 0; i < times; i++)
	{
		if (LockAcquire(&lock->tag, lock->mode, true, true) != LOCKACQUIRE_NOT_AVAIL)
			continue;
		ereport(WARNING,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("an advisory lock of the session was released by a migration, and another session has taken it")));
		return;
	}
}

static void
restore_locks(const List *before)
{
	MigrateNames *counts = migrate_names_create();
	ListCell   *lc;

	foreach(lc, before)
		(void) migrate_names_add(counts, lock_key(lfirst(lc)), lfirst(lc));
	foreach(lc, session_locks())
	{
		const SessionLock *now = lfirst(lc);
		const SessionLock *then = migrate_names_get(counts, lock_key(now));

		for (int64 i = then ? then->count : 0; i < now->count; i++)
			(void) LockRelease(&now->tag, now->mode, true);
		if (then == NULL)
			continue;
		retake(then, then->count - now->count);
		migrate_names_remove(counts, lock_key(now));
	}
	foreach(lc, before)
	{
		const SessionLock *then = lfirst(lc);

		if (migrate_names_have(counts, lock_key(then)))
			retake(then, then->count);
	}
}

static void
restore_statements(const List *before)
{
	MigrateNames *names = migrate_names_create();
	ListCell   *lc;

	foreach(lc, before)
		(void) migrate_names_add(names, ((PreparedName *) lfirst(lc))->name, lfirst(lc));
	foreach(lc, prepared_statements())
	{
		const PreparedName *now = lfirst(lc);
		const PreparedName *then = migrate_names_get(names, now->name);

		if (then != NULL && then->prepared_at == now->prepared_at)
			migrate_names_remove(names, now->name);
		else
			DropPreparedStatement(now->name, false);
	}
	foreach(lc, before)
	{
		const PreparedName *then = lfirst(lc);

		if (migrate_names_have(names, then->name))
			ereport(WARNING,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("prepared statement \"%s\" of the session was deallocated by a migration",
							migrate_shown(then->name))));
	}
}

/*
 * Make it so again, after the rollback.  What cannot be is a WARNING.
 *
 * A cancel request waits until it is done: nobody else would do the rest, since both
 * outlive the transaction that it aborts.  With a session that is terminated both end.
 */
void
migrate_survivors_restore(const MigrateSurvivors *before)
{
	HOLD_CANCEL_INTERRUPTS();
	restore_locks(before->locks);
	restore_statements(before->statements);
	RESUME_CANCEL_INTERRUPTS();
}

/*
 * As migrate_try_undone(), and what survives a rollback is as before, too.
 */
ErrorData *
migrate_try_traceless(void (*body) (void *arg), void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate survivors", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	MigrateSurvivors before = migrate_survivors_note();
	ErrorData  *error;

	MemoryContextSwitchTo(old);
	error = migrate_try_undone(body, arg);
	MemoryContextSwitchTo(context);
	migrate_survivors_restore(&before);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return error;
}
