/*-------------------------------------------------------------------------
 *
 * expression.h
 *		Expressions of contexts and labels.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/expression.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_EXPRESSION_H
#define MIGRATE_FORMAT_EXPRESSION_H

#include "nodes/pg_list.h"

#include "util/names.h"

/*
 * A list with commas: each of its items is an expression, and it is also a name that the
 * expressions of another list are about.
 */
typedef struct MigrateExpressions
{
	List	   *items;			/* of MigrateExpression */
	List	   *names;			/* of char *: of them, as they are written,
								 * but for "@" ... */
	MigrateNames *by_name;		/* ... and if these are many, or NULL */
	bool		has_required;	/* "@name" */
	bool		has_nocontexts; /* one of them is about whether there are any */
} MigrateExpressions;

/* in expression.c */
extern MigrateExpressions *migrate_expressions_parse(const char *list, const char **error);
extern bool migrate_expressions_match(const MigrateExpressions *expressions,
									  const MigrateExpressions *names);

#endif							/* MIGRATE_FORMAT_EXPRESSION_H */
