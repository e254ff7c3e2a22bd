/*-------------------------------------------------------------------------
 *
 * activity.h
 *		The runs in progress.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/activity.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_ACTIVITY_H
#define MIGRATE_RUN_ACTIVITY_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "util/activity.h"

/*
 * A run in progress, or one that waits for its turn.
 */
typedef struct MigrateRunActivity
{
	int			pid;
	MigrateActivity *activity;	/* NULL: not known, or not for the caller */
	TimestampTz run_started_at; /* 0: likewise */
	TimestampTz statement_started_at;	/* 0: likewise, or none is running */
	const char *state;
	Datum		blocked_by;		/* int4[] */
	bool		has_percent;
	Datum		percent;		/* numeric: how much of the statement is done */
} MigrateRunActivity;

/* in activity.c */
extern List *migrate_run_activities(void);

#endif							/* MIGRATE_RUN_ACTIVITY_H */
