/*-------------------------------------------------------------------------
 *
 * configuration.h
 *		What a tool's configuration of the directory decides about a run.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/configuration.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_CONFIGURATION_H
#define MIGRATE_RUN_CONFIGURATION_H

#include "nodes/pg_list.h"

#include "run/run_int.h"

/* in configuration.c */
extern void migrate_use_configuration(MigrateRun *run);
extern const char *migrate_configured_separator(const MigrateRun *run);
extern const char *migrate_configured_table(const MigrateRun *run);
extern const char *migrate_table_in_configuration(const MigrateRequest *request);
extern const char *migrate_configured_path(const MigrateRun *run, const char *file);
extern bool migrate_configured_values_changed(MigrateRun *run, const MigrateItem *item);
extern List *migrate_configured_values(MigrateRun *run, const Migration *file, const char *sql);
extern void migrate_require_configuration(const MigrateRun *run, List *steps);

#endif							/* MIGRATE_RUN_CONFIGURATION_H */
