/*-------------------------------------------------------------------------
 *
 * held.h
 *		The locks that this transaction holds on relations which others see.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/held.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_HELD_H
#define MIGRATE_RUN_HELD_H

#include "nodes/pg_list.h"
#include "storage/lock.h"

/*
 * A relation that existed when migrate_held_begin() was called, as it was then.
 */
typedef struct MigrateHeldRelation
{
	Oid			relid;
	const char *name;			/* quoted, with its schema */
	char		kind;			/* as in pg_class */
	Oid			filenode;		/* relfilenode */
	LOCKMODE	taken;			/* strongest since the last call of
								 * migrate_held_next(), also once more; or
								 * NoLock */

	/* for held.c */
	LOCKMASK	before;			/* the caller's */
	LOCKMASK	held;
	PROCLOCK   *proclock;		/* NULL: none but by the fast path */
	LOCALLOCK  *local[AccessExclusiveLock + 1];
	int64		counts[AccessExclusiveLock + 1];
} MigrateHeldRelation;

/* in held.c */
extern void migrate_held_begin(void);
extern void migrate_held_end(void);
extern void migrate_held_update(void);
extern void migrate_held_next(void);
extern List *migrate_held_relations(void);
extern bool migrate_held_strongly(void);
extern bool migrate_held_has_waiters(void);

#endif							/* MIGRATE_RUN_HELD_H */
