/*-------------------------------------------------------------------------
 *
 * attempt.h
 *		One attempt at a migration that commits.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/attempt.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_ATTEMPT_H
#define MIGRATE_RUN_ATTEMPT_H

#include "run/run_int.h"

/* in attempt.c */
extern void migrate_attempt_step(MigrateRun *run, MigrateStep *step, MigrateResult *result);

#endif							/* MIGRATE_RUN_ATTEMPT_H */
