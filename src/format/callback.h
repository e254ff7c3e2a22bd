/*-------------------------------------------------------------------------
 *
 * callback.h
 *		Callbacks: SQL files that run at a moment of a run.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/callback.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_CALLBACK_H
#define MIGRATE_FORMAT_CALLBACK_H

#include "nodes/pg_list.h"

#include "format/flyway_settings.h"
#include "format/format.h"
#include "format/source.h"
#include "util/errcontext.h"

/* in callback.c */
extern int	migrate_callback_prefix(const char *base);
extern bool migrate_callback_parse_name(const MigrateFlywaySettings *settings, const char *file,
										MigrateFileName *parsed);
extern void migrate_callbacks_sort(List *files);
extern bool migrate_source_has_callbacks(const MigrateSource *source, MigrateDirection direction);
extern List *migrate_source_callbacks(MigrateSource *source, MigrateDirection direction);
extern Migration *migrate_source_verify_script(MigrateSource *source, const Migration *migration);

#endif							/* MIGRATE_FORMAT_CALLBACK_H */
