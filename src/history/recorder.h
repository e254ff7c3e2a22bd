/*-------------------------------------------------------------------------
 *
 * recorder.h
 *		Records of a run that are written together.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/recorder.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_HISTORY_RECORDER_H
#define MIGRATE_HISTORY_RECORDER_H

#include "history/owner_query.h"
#include "util/errcontext.h"

/* where migrate_record_up() and migrate_record_down() bind the version */
#define RECORD_VERSION	2

/* in recorder.c */
extern MigrateParameters *migrate_recorder_next(MigrateDirection direction);
extern void migrate_recorder_add(size_t bytes);

/* in write.c */
extern void migrate_record_write(MigrateDirection direction, MigrateParameters *records,
								 int count);

#endif							/* MIGRATE_HISTORY_RECORDER_H */
