/*-------------------------------------------------------------------------
 *
 * progress.h
 *		The transactions of an attempt at a migration that commits, and its row.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/progress.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_PROGRESS_H
#define MIGRATE_RUN_PROGRESS_H

#include "nodes/pg_list.h"
#include "portability/instr_time.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "run/run_int.h"

/*
 * A migration that is running.
 */
typedef struct MigrateAttempt
{
	MigrateRun *run;
	MigrateStep *step;
	MigrateResult *result;
	MigrateExecution execution;
	char	   *script;			/* the script as written, NULL if forced ... */
	char	   *sql;			/* ... and with the values of variables */
	MemoryContext context;		/* outlives commits */
	TimestampTz started;
	instr_time	start;
	bool		settings_saved;
	List	   *settings;		/* the session's own, if they were saved */
	bool		recorded;		/* its row has the scripts that run */
	bool		next_started;	/* the next one may have left something ... */
	List	   *invalid_indexes;	/* ... beside these (Oid) */
	bool		settled;		/* its worker has failed, which its row does
								 * not say */
	bool		unrecorded;		/* or its worker has committed it */
	LocalTransactionId transaction; /* in which that was begun */
	LocalTransactionId committing;	/* that is being committed, or 0 */
	bool		at_top_level;	/* a statement is running there */
	bool		finished;		/* it is committed, and recorded */
} MigrateAttempt;

/* in progress.c */
extern void migrate_progress_relock(const MigrateAttempt *attempt);
extern void migrate_progress_begin(MigrateAttempt *attempt);
extern void migrate_progress_begin_at(MigrateAttempt *attempt, int first);
extern void migrate_progress_end(MigrateAttempt *attempt);
extern void migrate_progress_commit(MigrateAttempt *attempt, int done, bool started, List *indexes);
extern void migrate_progress_worker_done(MigrateAttempt *attempt);
extern void migrate_progress_pass_over(MigrateAttempt *attempt);

#endif							/* MIGRATE_RUN_PROGRESS_H */
