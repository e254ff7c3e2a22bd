/*-------------------------------------------------------------------------
 *
 * survivors.h
 *		What of a session survives the rollback of a subtransaction.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/survivors.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_SURVIVORS_H
#define MIGRATE_RUN_SURVIVORS_H

#include "nodes/pg_list.h"

/*
 * Session advisory locks and prepared statements.
 */
typedef struct MigrateSurvivors
{
	List	   *locks;			/* of SessionLock */
	List	   *statements;		/* of PreparedName */
} MigrateSurvivors;

/* in survivors.c */
extern MigrateSurvivors migrate_survivors_note(void);
extern void migrate_survivors_restore(const MigrateSurvivors *before);
extern ErrorData *migrate_try_traceless(void (*body) (void *arg), void *arg);

#endif							/* MIGRATE_RUN_SURVIVORS_H */
