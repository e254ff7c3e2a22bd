/*-------------------------------------------------------------------------
 *
 * small_locks.c
 *		Locks for what one session at a time does: making files, recording objects.
 *
 * Advisory locks as that of a run, see lock.c, which has the other classes.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/small_locks.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lock.h"

#include "run/lock.h"

/*
 * In all databases of the server, one session at a time makes files: two that find
 * the same last number would take the same next one.
 */
void
migrate_lock_create(void)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, InvalidOid, 0, 0, CREATE_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, true, false);
}

/*
 * Give that lock back, also after an error.
 */
void
migrate_unlock_create(void)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, InvalidOid, 0, 0, CREATE_CLASS);
	(void) LockRelease(&tag, ExclusiveLock, true);
}

/*
 * Until the end of the transaction, one session at a time records the objects of the
 * database.  lock_timeout and the deadlock detector are core's.
 */
void
migrate_lock_objects(void)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, 0, OBJECTS_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}
