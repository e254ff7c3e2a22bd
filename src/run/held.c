/*-------------------------------------------------------------------------
 *
 * held.c
 *		The locks that this transaction holds on relations which others see.
 *
 * pg_locks copies the lock table, and a run may hold tens of thousands of locks, so
 * that one look for each statement would be quadratic.  Here each look reads only what
 * has come since the one before: the lists of a backend's own locks grow at their
 * end.  Locks that are known are checked by the counters of this backend.
 *
 * Locks are not released before the end of their (sub)transaction, but for those that
 * are released as soon as they have been used.  After a subtransaction was rolled
 * back, the lists are read as a whole.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/held.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "run/held.h"
#include "util/compat.h"

/*
 * A lock that was seen.
 */
typedef struct SeenLock
{
	LOCKTAG		tag;			/* the key */
	bool		in_list;		/* not by the fast path alone */
	MigrateHeldRelation *relation;	/* or NULL */
} SeenLock;

/*
 * A lock that is not on a relation, and for which others may wait.
 */
typedef struct WatchedLock
{
	LOCKTAG		tag;
	PROCLOCK   *proclock;
} WatchedLock;

typedef struct Holdings
{
	MemoryContext context;		/* NULL: nothing is observed */
	Snapshot	snapshot;		/* when it began */
	Oid			own_schema;
	HTAB	   *seen;			/* of SeenLock */
	List	   *relations;		/* of MigrateHeldRelation */
	List	   *watched;		/* of WatchedLock */
	bool		rolled_back;	/* a subtransaction, since the last look */
} Holdings;

static Holdings holdings;

static void
subtransaction_ended(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		holdings.rolled_back = true;
}

/*
 * A row of a catalog by its OID, as it was at the beginning; NULL if there was none.
 */
static HeapTuple
old_row(Oid catalog, Oid index, AttrNumber column, Oid oid)
{
	Relation	rel = table_open(catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	scan = systable_beginscan(rel, index, true, holdings.snapshot, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return tuple;
}

static const char *
old_schema_name(Oid schema)
{
	HeapTuple	tuple = old_row(NamespaceRelationId, NamespaceOidIndexId, Anum_pg_namespace_oid, schema);

	return HeapTupleIsValid(tuple) ? NameStr(((Form_pg_namespace) GETSTRUCT(tuple))->nspname) : NULL;
}

/*
 * Describe a relation that existed when it began; NULL for another one, and for those
 * that do not count: temporary ones and our own.
 */
static MigrateHeldRelation *
describe(Oid relid)
{
	MigrateHeldRelation *relation = NULL;
	MemoryContext old = MemoryContextSwitchTo(holdings.context);
	HeapTuple	tuple = old_row(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, relid);
	Form_pg_class form = HeapTupleIsValid(tuple) ? (Form_pg_class) GETSTRUCT(tuple) : NULL;

	if (form != NULL && form->relpersistence != RELPERSISTENCE_TEMP &&
		form->relnamespace != holdings.own_schema)
	{
		relation = palloc0(sizeof(MigrateHeldRelation));
		relation->relid = relid;
		relation->name = quote_qualified_identifier(old_schema_name(form->relnamespace), NameStr(form->relname));
		relation->kind = form->relkind;
		relation->filenode = form->relfilenode;
		holdings.relations = lappend(holdings.relations, relation);
	}
	MemoryContextSwitchTo(old);
	return relation;
}

static bool
is_relation(const LOCKTAG *tag)
{
	return tag->locktag_type == LOCKTAG_RELATION && tag->locktag_field1 == MyDatabaseId;
}

/*
 * Locks on catalogs come and go.
 */
static bool
is_passing(const LOCKTAG *tag)
{
	return tag->locktag_type == LOCKTAG_RELATION && tag->locktag_field2 < FirstNormalObjectId;
}

/*
 * Locks that are not released before the end of their (sub)transaction.
 */
static bool
is_kept(const LOCKTAG *tag)
{
	return tag->locktag_type == LOCKTAG_RELATION || tag->locktag_type == LOCKTAG_OBJECT;
}

static SeenLock *
see(const LOCKTAG *tag)
{
	bool		found;
	SeenLock   *seen = hash_search(holdings.seen, tag, HASH_ENTER, &found);

	if (!found)
	{
		seen->in_list = false;
		seen->relation = is_relation(tag) ? describe(tag->locktag_field2) : NULL;
	}
	return seen;
}

/*
 * Collect what has been added to the list of a partition.  No error may be raised while
 * its lock is held, so there must be space for it.
 */
static bool
read_partition(int partition, PROCLOCK **locks, int *count, int space)
{
	LWLock	   *lock = LockHashPartitionLockByIndex(partition);
	PROCLOCK   *proclock;

	LWLockAcquire(lock, LW_SHARED);
	for (proclock = migrate_lock_before(partition, NULL); proclock != NULL;
		 proclock = migrate_lock_before(partition, proclock))
	{
		const LOCKTAG *tag = &proclock->tag.myLock->tag;
		const SeenLock *seen;

		if (is_passing(tag))
			continue;
		seen = hash_search(holdings.seen, tag, HASH_FIND, NULL);
		if (seen != NULL && seen->in_list)
		{
			if (!holdings.rolled_back && is_kept(tag))
				break;
			if (seen->relation != NULL)
				seen->relation->proclock = proclock;
			continue;
		}
		if (*count == space)
			break;
		locks[(*count)++] = proclock;
	}
	LWLockRelease(lock);
	return proclock == NULL || *count < space;
}

/*
 * Read the lists of this backend's locks.
 */
static void
read_lists(void)
{
	int			space = 64;
	int			count;
	PROCLOCK  **locks = palloc(space * sizeof(PROCLOCK *));

	for (int partition = 0; partition < NUM_LOCK_PARTITIONS; partition++)
	{
		count = 0;
		while (!read_partition(partition, locks, &count, space))
		{
			space *= 2;
			locks = repalloc_huge(locks, space * sizeof(PROCLOCK *));
			count = 0;
		}
		for (int i = 0; i < count; i++)
		{
			LOCKTAG		tag = locks[i]->tag.myLock->tag;
			SeenLock   *seen = see(&tag);

			seen->in_list = true;
			if (seen->relation != NULL)
				seen->relation->proclock = locks[i];
			else if (tag.locktag_type == LOCKTAG_TRANSACTION ||
					 (tag.locktag_type == LOCKTAG_OBJECT &&
					  (locks[i]->holdMask & LOCKBIT_ON(AccessExclusiveLock)) != 0))
			{
				MemoryContext old = MemoryContextSwitchTo(holdings.context);
				WatchedLock *watched = palloc(sizeof(WatchedLock));

				watched->tag = tag;
				watched->proclock = locks[i];
				holdings.watched = lappend(holdings.watched, watched);
				MemoryContextSwitchTo(old);
			}
		}
	}
	pfree(locks);
}

/*
 * Read the locks by the fast path.
 */
static void
read_fast_path(void)
{
	int			slots = migrate_fast_path_slots();
	Oid		   *relids = palloc(slots * sizeof(Oid));
	LOCKMASK   *modes = palloc(slots * sizeof(LOCKMASK));

	LWLockAcquire(&MyProc->fpInfoLock, LW_SHARED);
	for (int i = 0; i < slots; i++)
	{
		modes[i] = migrate_fast_path_modes(i);
		relids[i] = MyProc->fpRelId[i];
	}
	LWLockRelease(&MyProc->fpInfoLock);
	for (int i = 0; i < slots; i++)
	{
		LOCKTAG		tag;
		SeenLock   *seen;

		if (modes[i] == 0 || relids[i] < FirstNormalObjectId)
			continue;
		SET_LOCKTAG_RELATION(tag, MyDatabaseId, relids[i]);
		seen = see(&tag);
		if (seen->relation != NULL)
			seen->relation->held |= modes[i];
	}
	pfree(relids);
	pfree(modes);
}

/*
 * Is it still the lock of this backend that it was?  Otherwise its memory may belong to
 * another one by now.
 */
static bool
is_mine(const PROCLOCK *proclock, const LOCKTAG *tag)
{
	return proclock != NULL && proclock->tag.myProc == MyProc &&
		memcmp(&proclock->tag.myLock->tag, tag, sizeof(LOCKTAG)) == 0;
}

static bool
is_local(const LOCALLOCK *local, const LOCKTAG *tag, LOCKMODE mode)
{
	return local != NULL && local->nLocks > 0 && local->tag.mode == mode &&
		memcmp(&local->tag.lock, tag, sizeof(LOCKTAG)) == 0;
}

/*
 * Which modes of a relation have been taken since the last look, also once more?
 */
static void
count_locks(MigrateHeldRelation *relation)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation->relid);
	if (!is_mine(relation->proclock, &tag))
		relation->proclock = NULL;
	else
		relation->held |= relation->proclock->holdMask;
	for (LOCKMASK left = relation->held; left != 0; left &= left - 1)
	{
		LOCKMODE	mode = pg_rightmost_one_pos32(left);

		if (!is_local(relation->local[mode], &tag, mode))
		{
			relation->local[mode] = NULL;
			relation->counts[mode] = 0;
			if (!migrate_lock_held(&tag, mode))
			{
				/* rolled back */
				relation->held &= ~LOCKBIT_ON(mode);
				continue;
			}
			relation->local[mode] = migrate_lock_again(&tag, mode, false);
			(void) LockRelease(&tag, mode, false);
		}
		if (relation->local[mode]->nLocks > relation->counts[mode])
			relation->taken = Max(relation->taken, mode);
		relation->counts[mode] = relation->local[mode]->nLocks;
	}
}

/*
 * Look what is held now.
 */
void
migrate_held_update(void)
{
	ListCell   *lc;

	read_fast_path();
	read_lists();
	holdings.rolled_back = false;
	foreach(lc, holdings.relations)
		count_locks(lfirst(lc));
}

/*
 * What has been taken up to now counts no more as taken.
 */
void
migrate_held_next(void)
{
	ListCell   *lc;

	foreach(lc, holdings.relations)
		((MigrateHeldRelation *) lfirst(lc))->taken = NoLock;
}

/*
 * Relations that existed at the beginning, and on which there is or was a lock (of
 * MigrateHeldRelation), in the order in which they were found.
 */
List *
migrate_held_relations(void)
{
	return holdings.relations;
}

/*
 * Is a lock held that is stronger than RowExclusiveLock, on a relation that existed
 * before, and that the caller did not hold already?
 */
bool
migrate_held_strongly(void)
{
	ListCell   *lc;

	foreach(lc, holdings.relations)
	{
		const MigrateHeldRelation *relation = lfirst(lc);

		if ((relation->held & ~relation->before) >= LOCKBIT_ON(ShareUpdateExclusiveLock))
			return true;
	}
	return false;
}

/*
 * Does somebody wait for a lock that conflicts with one of these?  The first look reads
 * a number that others may be changing; where it says yes, the second is exact.
 *
 * Core's LockHasWaiters() cannot be asked about a lock by the fast path that another
 * process has moved to the lock table.
 */
static bool
is_awaited(const PROCLOCK *proclock, const LOCKTAG *tag)
{
	const LOCK *lock = proclock->tag.myLock;
	LWLock	   *partition;
	bool		awaited = false;

	if (*(const volatile LOCKMASK *) &lock->waitMask == 0)
		return false;
	partition = LockHashPartitionLock(LockTagHashCode(tag));
	LWLockAcquire(partition, LW_SHARED);
	for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
	{
		if ((proclock->holdMask & LOCKBIT_ON(mode)) != 0 &&
			(GetLocksMethodTable(lock)->conflictTab[mode] & lock->waitMask) != 0)
			awaited = true;
	}
	LWLockRelease(partition);
	return awaited;
}

/*
 * Does another process wait for a lock that this transaction has taken since the
 * beginning?
 */
bool
migrate_held_has_waiters(void)
{
	ListCell   *lc;

	foreach(lc, holdings.relations)
	{
		const MigrateHeldRelation *relation = lfirst(lc);
		LOCKTAG		tag;

		SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation->relid);
		if ((relation->held & ~relation->before) != 0 && is_mine(relation->proclock, &tag) &&
			is_awaited(relation->proclock, &tag))
			return true;
	}
	foreach(lc, holdings.watched)
	{
		const WatchedLock *watched = lfirst(lc);

		if (is_mine(watched->proclock, &watched->tag) && is_awaited(watched->proclock, &watched->tag))
			return true;
	}
	return false;
}

/*
 * From here on, until migrate_held_end(), locks are observed.  To be called in a
 * subtransaction that is going to be rolled back.
 */
void
migrate_held_begin(void)
{
	HASHCTL		ctl = {.keysize = sizeof(LOCKTAG),.entrysize = sizeof(SeenLock)};
	ListCell   *lc;

	memset(&holdings, 0, sizeof(holdings));
	holdings.context = AllocSetContextCreate(CurrentMemoryContext, "migrate locks",
											 ALLOCSET_DEFAULT_SIZES);
	ctl.hcxt = holdings.context;
	holdings.seen = hash_create("migrate locks", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	holdings.own_schema = get_namespace_oid("migrate", true);
	holdings.snapshot = RegisterSnapshot(GetLatestSnapshot());
	RegisterSubXactCallback(subtransaction_ended, NULL);
	migrate_held_update();
	foreach(lc, holdings.relations)
	{
		MigrateHeldRelation *relation = lfirst(lc);

		relation->before = relation->held;
	}
	list_free(holdings.watched);
	holdings.watched = NIL;
	migrate_held_next();
}

/*
 * Forget everything, after the subtransaction was rolled back, which has released the
 * snapshot.  Also where migrate_held_begin() has not been called.
 */
void
migrate_held_end(void)
{
	UnregisterSubXactCallback(subtransaction_ended, NULL);
	if (holdings.context != NULL)
		MemoryContextDelete(holdings.context);
	memset(&holdings, 0, sizeof(holdings));
}
