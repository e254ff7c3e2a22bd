/*-------------------------------------------------------------------------
 *
 * failure.h
 *		What becomes of an attempt at a migration that has failed.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/failure.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_FAILURE_H
#define MIGRATE_RUN_FAILURE_H

#include "run/progress.h"
#include "util/compat.h"

/*
 * In the catch block comes migrate_attempt_recover(), then, outside of it, either another
 * attempt or one of those that end this one.
 */

/* in failure.c */
extern const MigrateStatement *migrate_failed_statement(const MigrateAttempt *attempt);
extern ErrorData *migrate_attempt_recover(MigrateAttempt *attempt);
pg_noreturn extern void migrate_attempt_fail(MigrateAttempt *attempt, ErrorData *error);
extern bool migrate_attempt_may_repeat(const MigrateAttempt *attempt, const ErrorData *error, int tries);
extern void migrate_attempt_give_up(MigrateAttempt *attempt, ErrorData *error);

#endif							/* MIGRATE_RUN_FAILURE_H */
