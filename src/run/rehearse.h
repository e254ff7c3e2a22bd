/*-------------------------------------------------------------------------
 *
 * rehearse.h
 *		A run that is measured and undone.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/rehearse.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_REHEARSE_H
#define MIGRATE_RUN_REHEARSE_H

#include "nodes/pg_list.h"

#include "run/run.h"

/*
 * What came of a statement: a row of rehearse().
 */
typedef struct MigrateRehearsed
{
	MigratePreview statement;
	const char *outcome;
	bool		measured;		/* the next five are known */
	int64		duration;		/* microseconds */
	int64		wal_bytes;
	List	   *locks;			/* of char *, so the next three */
	List	   *rewritten;
	List	   *scanned;
	List	   *findings;
	int64		rows;			/* -1: none */
	int64		held;			/* microseconds, -1: no such lock */
	const char *error;			/* or NULL */
} MigrateRehearsed;

/* in rehearse.c */
extern List *migrate_run_rehearsal(MigrateRequest *request, int64 budget);

#endif							/* MIGRATE_RUN_REHEARSE_H */
