/*-------------------------------------------------------------------------
 *
 * lock.h
 *		The run lock.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/lock.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_LOCK_H
#define MIGRATE_RUN_LOCK_H

#include "nodes/pg_list.h"
#include "storage/lock.h"

/*
 * Classes of our advisory locks; SQL functions use 1 and 2.
 */
typedef enum MigrateLockClass
{
	RUN_CLASS = 3,
	WAIT_CLASS,					/* shows that a process polls for a run lock */
	CREATE_CLASS,				/* files are being made */
	OBJECTS_CLASS,				/* objects are being recorded */
	WORKER_CLASS,				/* shows that a process runs a statement for a
								 * run */
} MigrateLockClass;

/*
 * The run lock of a process, or its wait for one.
 */
typedef struct MigrateRunLock
{
	int			pid;
	uint32		project_hash;
	uint32		schema_hash;
	bool		is_held;
	int			worker;			/* process that runs a statement for it, or 0 */
	List	   *blockers;		/* processes (int) that it waits for */
} MigrateRunLock;

/* in lock.c */
extern void migrate_lock_tag(LOCKTAG *tag, const char *project, const char *schema, MigrateLockClass class);
extern void migrate_sleep(double ms, uint32 wait_event);
extern void migrate_lock_acquire(const char *project, const char *schema);
extern void migrate_lock_acquire_now(const char *project, const char *schema);
extern void migrate_lock_acquire_session(const char *project, const char *schema,
										 void (*commit) (void *arg), void *arg);
extern bool migrate_lock_try_session(const char *project, const char *schema);
extern void migrate_lock_reacquire(const char *project, const char *schema);
extern void migrate_lock_release(const char *project, const char *schema);

/* in lock_waits.c */
extern List *migrate_lock_runs(void);
extern bool migrate_lock_is_of(const MigrateRunLock *lock, const char *project, const char *schema);
extern int	migrate_lock_runner(const char *project, const char *schema);
extern void migrate_lock_refuse_cycle(int holder);
extern void migrate_lock_check_worker(int worker);

/* in small_locks.c */
extern void migrate_lock_create(void);
extern void migrate_unlock_create(void);
extern void migrate_lock_objects(void);

#endif							/* MIGRATE_RUN_LOCK_H */
