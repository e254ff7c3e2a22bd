/*-------------------------------------------------------------------------
 *
 * contexts.h
 *		Contexts and labels of changesets.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/contexts.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_CONTEXTS_H
#define MIGRATE_FORMAT_CONTEXTS_H

#include "format/format.h"

typedef enum MigrateChoice
{
	CHOICE_RUNS,
	CHOICE_SKIPPED,
	CHOICE_UNDECIDED,
} MigrateChoice;

/* in contexts.c */
extern MigrateChoice migrate_choose(const Migration *migration, const char **setting);
extern MigrateChoice migrate_choose_property(const char *contexts, const char *labels,
											 const char **setting);
extern void migrate_require_choice(const Migration *migration);
extern const char *migrate_contexts_error(const char *contexts);

#endif							/* MIGRATE_FORMAT_CONTEXTS_H */
