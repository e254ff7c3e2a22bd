/*-------------------------------------------------------------------------
 *
 * worker.h
 *		Statements that a background worker runs.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/worker.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_EXECUTE_WORKER_H
#define MIGRATE_EXECUTE_WORKER_H

#include "fmgr.h"
#include "port/atomics.h"
#include "storage/dsm.h"
#include "storage/lock.h"
#include "storage/shm_toc.h"

#include "execute/execute.h"
#include "script/script.h"

#define MIGRATE_WORKER_MAGIC	0x6d696772

/* what the segment has */
#define WORKER_KEY_TASK			1
#define WORKER_KEY_QUERY		2	/* the statement */
#define WORKER_KEY_SHOWN		3	/* what pg_stat_activity is to show */
#define WORKER_KEY_SETTINGS		4	/* see migrate_settings_serialize() */
#define WORKER_KEY_QUEUE		5	/* messages for the session */

/*
 * What a worker is to do, in a segment that it shares with the session.
 */
typedef struct MigrateWorkerTask
{
	Oid			database;
	Oid			user;
	LOCKTAG		lock;			/* which shows whose worker it is */
	pg_atomic_uint32 state;		/* a MigrateWorkerState */
} MigrateWorkerTask;

/*
 * Called now and then while the session waits for its worker.
 */
typedef void (*MigrateWorkerCheck) (int pid);

/* in worker.c */
extern bool migrate_may_run_in_worker(const MigrateStatement *statement);
extern bool migrate_runs_in_worker(const MigrateStatement *statement);
extern bool migrate_stays_in_session(const MigrateStatement *statement);
extern void migrate_require_worker(const MigrateStatement *statement);
extern void migrate_execute_in_worker(const MigrateScript *script, int number, const char *sql,
									  MigrateExecution *execution, const LOCKTAG *lock,
									  MigrateWorkerCheck check);

/* in worker_main.c */
extern bool migrate_is_worker(void);
extern PGDLLEXPORT void migrate_worker_main(Datum main_arg);

#endif							/* MIGRATE_EXECUTE_WORKER_H */
