/*-------------------------------------------------------------------------
 *
 * up.h
 *		The run of one history that commits.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/up.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_UP_H
#define MIGRATE_RUN_UP_H

#include "run/run_int.h"

/* in up.c */
extern bool migrate_run_history(MigrateRun *run, MigrateDirection direction, bool waits);

#endif							/* MIGRATE_RUN_UP_H */
