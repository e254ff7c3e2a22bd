/*-------------------------------------------------------------------------
 *
 * drift.h
 *		The objects of the database at the end of a run.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/drift.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_DRIFT_H
#define MIGRATE_RUN_DRIFT_H

#include "run/run_int.h"

/*
 * Gets a change ("added", "dropped", "changed") of an object: its definition now and
 * before, NULL where it has none.  The texts are valid during the call only.
 */
typedef void (*MigrateDriftReceiver) (const char *change, const char *kind, const char *name,
									  const char *definition, const char *before, void *arg);

/* in drift.c */
extern void migrate_drift(MigrateDriftReceiver receive, void *arg);
extern bool migrate_record_objects_of_run(const MigrateRun *run);

#endif							/* MIGRATE_RUN_DRIFT_H */
