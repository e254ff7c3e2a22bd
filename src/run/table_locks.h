/*-------------------------------------------------------------------------
 *
 * table_locks.h
 *		Locks on the relations of a migration that commits.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/table_locks.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_TABLE_LOCKS_H
#define MIGRATE_RUN_TABLE_LOCKS_H

#include "run/run_int.h"
#include "script/script.h"
#include "util/errcontext.h"

/* in table_locks.c */
extern bool migrate_poll_locks(const MigrateRun *run, const MigrateStep *step, int first,
							   const char *sql, MigrateErrorContext *errctx, MemoryContext context);
extern bool migrate_is_lock_failure(int sqlerrcode);
extern void migrate_wait_for_retry(const MigrateRun *run, const MigrateResult *result,
								   const MigrateStatement *statement, bool deadlock, int tries,
								   MemoryContext context);

#endif							/* MIGRATE_RUN_TABLE_LOCKS_H */
