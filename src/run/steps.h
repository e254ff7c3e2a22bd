/*-------------------------------------------------------------------------
 *
 * steps.h
 *		Which migrations run, and in which order.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/steps.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_STEPS_H
#define MIGRATE_RUN_STEPS_H

#include "nodes/pg_list.h"

#include "run/run.h"

/* in steps.c */
extern const MigrateItem *migrate_plan_busy(List *items, bool with_file);
extern void migrate_plan_require_uninterrupted(List *items, const MigrateRequest *request);
extern List *migrate_plan_apply(List *items, MigrateRequest *request);
extern List *migrate_plan_baseline(List *items, const MigrateRequest *request);
extern List *migrate_plan_all(List *items);
extern List *migrate_plan_rollback(List *items, List *applied, MigrateRequest *request);
extern List *migrate_plan_reapply(List *undone);

#endif							/* MIGRATE_RUN_STEPS_H */
