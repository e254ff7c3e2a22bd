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

/* in lock.c */
extern void migrate_sleep(double ms, uint32 wait_event);
extern void migrate_lock_acquire(const char *project, const char *schema);
extern void migrate_lock_acquire_session(const char *project, const char *schema,
										 void (*commit) (void *arg), void *arg);
extern void migrate_lock_reacquire(const char *project, const char *schema);
extern void migrate_lock_release(const char *project, const char *schema);
extern void migrate_lock_create(void);
extern void migrate_unlock_create(void);
extern int	migrate_lock_runner(const char *project, const char *schema);

#endif							/* MIGRATE_RUN_LOCK_H */
