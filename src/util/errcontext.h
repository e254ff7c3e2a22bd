/*-------------------------------------------------------------------------
 *
 * errcontext.h
 *		Where an error happens, for its CONTEXT.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/errcontext.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_UTIL_ERRCONTEXT_H
#define MIGRATE_UTIL_ERRCONTEXT_H

#include "nodes/pg_list.h"

#include "util/line_map.h"

typedef enum MigrateDirection
{
	MIGRATE_UP,
	MIGRATE_DOWN,
} MigrateDirection;

/*
 * Where an error happens, for its CONTEXT.
 */
typedef struct MigrateErrorContext
{
	const char *version;
	const char *name;
	MigrateDirection direction;
	const char *file;
	bool		verifies;		/* it is a verify script, which is undone */
	bool		stored;			/* the script comes from the history */
	const char *no_transaction_marker;	/* how a migration without a
										 * transaction is marked, or NULL */
	bool		commits;		/* statement_timeout is for each statement */
	int			line;			/* 0: not known */
	int			statement;		/* from 1; 0: none in particular */
	int			nstatements;	/* 0: not counted yet */
	bool		executing;		/* that statement, not checking it */
	const char *source;			/* what error positions count in, or NULL */
	int			source_line;	/* line of its first byte */
	const char *query;			/* the statement, a part of source */
	const char *str;			/* the script if it has markers of lines, or
								 * NULL */
	int			text_line;		/* line of its first byte */
	MigrateLines mapped;		/* the position of migrate_map_line() */
} MigrateErrorContext;

/* in errcontext.c */
extern int	migrate_map_line(MigrateErrorContext *errctx, int line, const char **file);
extern const char *migrate_label(const char *version, const char *name);
extern void migrate_errcontext_callback(void *arg);

#endif							/* MIGRATE_UTIL_ERRCONTEXT_H */
