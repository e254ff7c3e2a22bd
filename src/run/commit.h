/*-------------------------------------------------------------------------
 *
 * commit.h
 *		Transactions of a CALL that commits.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/commit.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_COMMIT_H
#define MIGRATE_RUN_COMMIT_H

#include "run/run_int.h"

/* in commit.c */
extern void migrate_commit(void *context);
extern void migrate_report_statistics(void *context);
extern void migrate_abort(void *context);
extern void migrate_abort_now(MemoryContext context);
extern ErrorData *migrate_recover(MemoryContext context);
extern void migrate_record_objects_committing(MigrateRun *run);
extern void migrate_record_objects_after_error(MigrateRun *run);

#endif							/* MIGRATE_RUN_COMMIT_H */
