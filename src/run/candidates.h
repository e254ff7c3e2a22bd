/*-------------------------------------------------------------------------
 *
 * candidates.h
 *		Which migrations the rows of a tool's table are about.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/candidates.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_CANDIDATES_H
#define MIGRATE_RUN_CANDIDATES_H

#include "nodes/pg_list.h"

#include "run/run.h"
#include "tools/tools.h"

/*
 * A migration that a row may be about.
 */
typedef struct MigrateCandidate
{
	const char *key;			/* what the tool knows it by */
	MigrateItem *item;
	int			ordinal;		/* in the order of migrations */
	bool		matched;		/* a row is about it */
} MigrateCandidate;

typedef struct MigrateCandidates MigrateCandidates;

/* in candidates.c */
extern MigrateCandidates *migrate_candidates(List *items, const MigrateToolTable *tool_table,
											 const char *manifest);
extern MigrateCandidate *migrate_candidate_find(MigrateCandidates *candidates,
												const MigrateToolRow *row, bool *repeated);
extern List *migrate_candidates_before(MigrateCandidates *candidates, const MigrateToolRow *row);

#endif							/* MIGRATE_RUN_CANDIDATES_H */
