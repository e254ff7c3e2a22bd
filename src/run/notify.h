/*-------------------------------------------------------------------------
 *
 * notify.h
 *		The NOTIFY at the end of a run.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/notify.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_NOTIFY_H
#define MIGRATE_RUN_NOTIFY_H

#include "run/run_int.h"
#include "util/errcontext.h"

/* in notify.c */
extern void migrate_notify(const MigrateRun *run, MigrateDirection direction, const char *outcome,
						   int count, const MigrateResult *last);

#endif							/* MIGRATE_RUN_NOTIFY_H */
