/*-------------------------------------------------------------------------
 *
 * tool_lock.c
 *		Advisory locks of other tools.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/tools/tool_lock.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lmgr.h"

#include "tools/tools_int.h"

#define ONE_KEY_CLASS		1	/* SQL functions with one key; 2: with two */

/*
 * Take, until the end of the transaction, an advisory lock of another tool, that is
 * pg_try_advisory_xact_lock(key).  False if another session has it.
 */
bool
migrate_lock_foreign(int64 key)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) ((uint64) key >> 32), (uint32) key,
						 ONE_KEY_CLASS);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}
