/*-------------------------------------------------------------------------
 *
 * observe.h
 *		What a statement is seen to do while it runs.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/observe.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_OBSERVE_H
#define MIGRATE_RUN_OBSERVE_H

#include "nodes/pg_list.h"
#include "portability/instr_time.h"

/*
 * A statement that is observed.
 */
typedef struct MigrateObservation
{
	instr_time	start;
	uint64		wal_start;

	int64		duration;		/* microseconds */
	int64		wal_bytes;
	List	   *measured;		/* of MigrateMeasured */
	List	   *locks;			/* of char *: "mode on name", sorted */
	List	   *rewritten;		/* of char *, sorted, so the next one */
	List	   *scanned;
	bool		ran_function;	/* that may do something which nobody sees */
} MigrateObservation;

/* in observe.c */
extern void migrate_observe_begin(void);
extern void migrate_observe_end(void);
extern void migrate_observe_start(MigrateObservation *observation, bool begins);
extern void migrate_observe_finish(MigrateObservation *observation);

#endif							/* MIGRATE_RUN_OBSERVE_H */
