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

/* in drift.c */
extern bool migrate_record_objects_of_run(const MigrateRun *run);

#endif							/* MIGRATE_RUN_DRIFT_H */
