/*-------------------------------------------------------------------------
 *
 * attempts.h
 *		What the history says of attempts at migrations.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/attempts.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_HISTORY_ATTEMPTS_H
#define MIGRATE_HISTORY_ATTEMPTS_H

#include "utils/tuplestore.h"

#include "history/history.h"

/*
 * The last attempt at a migration, if it failed.
 */
typedef struct MigrateFailure
{
	const char *version;
	const char *name;
	const char *reason;			/* when and why */
} MigrateFailure;

extern void migrate_history_attempts(const MigrateHistory *history, Tuplestorestate *store);
extern List *migrate_history_failures(const MigrateHistory *history);
extern void migrate_history_last_failures(const MigrateHistory *history,
										  void (*receive) (const char *schema, TimestampTz failed_at,
														   const char *error, void *arg),
										  void *arg);

#endif							/* MIGRATE_HISTORY_ATTEMPTS_H */
