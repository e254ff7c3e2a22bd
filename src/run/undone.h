/*-------------------------------------------------------------------------
 *
 * undone.h
 *		A run that is undone, whatever becomes of it.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/undone.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_UNDONE_H
#define MIGRATE_RUN_UNDONE_H

#include "run/run.h"
#include "script/script.h"

/*
 * How a run that was undone has ended.
 */
typedef struct MigrateUndone
{
	ErrorData  *error;			/* NULL: it came to its end */
	const char *stopped;		/* the budget has ended it, for this reason;
								 * "error" says no more.  NULL: it has not */
} MigrateUndone;

/*
 * What is to run: a sequence as those of apply.c.  It is called in a subtransaction that
 * is always rolled back, in the memory context of the caller of migrate_run_undone(), so
 * that what it allocates there outlives it; run->context is that context as well.  It
 * may load and lock with migrate_lock_and_load(), which does not wait for another run.
 * Its steps may be recorded with migrate_record_step().  See budget.h for what it has to
 * call before and after each statement.
 */
typedef void (*MigrateBody) (MigrateRun *run, void *arg);

/* in undone.c */
extern const char *migrate_reason_not_to_run(const MigrateStatement *statement, const char *sql);
extern MigrateUndone migrate_run_undone(MigrateRequest *request, int64 budget,
										MigrateBody body, void *arg);

#endif							/* MIGRATE_RUN_UNDONE_H */
