/*-------------------------------------------------------------------------
 *
 * known.h
 *		Files that are as the history has them.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/known.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_KNOWN_H
#define MIGRATE_RUN_KNOWN_H

#include "format/source.h"
#include "run/run_int.h"

/* in known.c */
extern const MigrateKnown *migrate_known_rows(MigrateRun *run);
extern void migrate_known_changed(MigrateRun *run);
extern void migrate_refresh_digests(MigrateRun *run);

#endif							/* MIGRATE_RUN_KNOWN_H */
