/*-------------------------------------------------------------------------
 *
 * recorder.h
 *		Records of a run that are written together.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/recorder.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_HISTORY_RECORDER_H
#define MIGRATE_HISTORY_RECORDER_H

#include "history/owner_query.h"
#include "util/errcontext.h"

/*
 * The records of a step.
 */
typedef struct MigrateRecord
{
	MigrateParameters attempt;	/* the row of migrate.history */
	bool		attempt_only;	/* there is nothing else, for a callback */
	MigrateParameters applied;	/* that of migrate.applied; of a step down,
								 * its key */
	uint8		up_sha256[PG_SHA256_DIGEST_LENGTH];
	uint8		down_sha256[PG_SHA256_DIGEST_LENGTH];
	char	   *up;				/* scripts to store, or NULL */
	char	   *down;
} MigrateRecord;

/* the column of "attempt" that identifies a migration in messages */
#define HISTORY_VERSION	5

/* in recorder.c */
extern MigrateRecord *migrate_recorder_next(MigrateDirection direction);
extern void migrate_recorder_add(size_t bytes);

/* in write.c */
extern void migrate_record_write(MigrateDirection direction, MigrateRecord *records,
								 int count);

#endif							/* MIGRATE_HISTORY_RECORDER_H */
