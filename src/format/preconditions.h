/*-------------------------------------------------------------------------
 *
 * preconditions.h
 *		Preconditions of changesets.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/preconditions.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_PRECONDITIONS_H
#define MIGRATE_FORMAT_PRECONDITIONS_H

#include "nodes/pg_list.h"

#include "util/lines.h"

/*
 * What happens to a changeset whose precondition does not hold, or cannot be checked.
 */
typedef enum MigrateReaction
{
	REACTION_HALT,				/* an error */
	REACTION_CONTINUE,			/* it stays pending */
	REACTION_MARK_RAN,			/* it is recorded as applied, without running */
	REACTION_WARN,				/* it runs nevertheless */
} MigrateReaction;

/*
 * A query, and what it has to return.
 */
typedef struct MigratePrecondition
{
	const char *file;
	int			line;
	char	   *expected;
	char	   *sql;
} MigratePrecondition;

typedef struct MigratePreconditions
{
	List	   *checks;			/* of MigratePrecondition */
	MigrateReaction on_fail;
	MigrateReaction on_error;
	char	   *fail_message;	/* or NULL */
	char	   *error_message;	/* or NULL */
} MigratePreconditions;

/* in preconditions.c */
extern bool migrate_parse_precondition(MigratePreconditions **preconditions, const char *file,
									   const MigrateLine *line);
extern bool migrate_may_pass_over(const MigratePreconditions *preconditions);

#endif							/* MIGRATE_FORMAT_PRECONDITIONS_H */
