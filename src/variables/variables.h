/*-------------------------------------------------------------------------
 *
 * variables.h
 *		Variables and their values.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables/variables.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_VARIABLES_VARIABLES_H
#define MIGRATE_VARIABLES_VARIABLES_H

#include "nodes/pg_list.h"

#include "util/errcontext.h"

/*
 * How a text refers to variables.
 */
typedef enum MigrateSyntaxKind
{
	SYNTAX_PSQL,				/* :name, :'name', :"name" */
	SYNTAX_GOOSE,				/* $name after a line "ENVSUB ON" */
	SYNTAX_GOOSE_ON,			/* ... which precedes the text */
	SYNTAX_FLYWAY,				/* ${name} */
	SYNTAX_LIQUIBASE,			/* likewise, kept without a value */
	SYNTAX_GRAPHILE,			/* :NAME */
	SYNTAX_TERN,				/* {{.name}} */
	SYNTAX_NONE,
} MigrateSyntaxKind;

typedef struct MigrateSyntax
{
	MigrateSyntaxKind kind;
	const char *prefix;			/* of a reference of Flyway's, and ... */
	const char *suffix;			/* ... what ends it; NULL: as above */
} MigrateSyntax;

/*
 * Where the value of a variable comes from.
 */
typedef enum MigrateOrigin
{
	VARIABLE_GIVEN,				/* by the caller */
	VARIABLE_STORED,			/* with a script of the history */
	VARIABLE_FORBIDDEN,			/* ... of a role that it may not run as */
	VARIABLE_BUILT_IN,			/* by the tool that has the syntax */
} MigrateOrigin;

typedef struct MigrateVariable
{
	const char *name;
	const char *value;			/* NULL: one that is not allowed in SQL */
	MigrateOrigin origin;
	const char *author;			/* of a stored one */
	int			number;			/* of a property: its place in its list */
} MigrateVariable;

/*
 * Variables that are searched together: once that has been done often, by name.
 */
typedef struct MigrateVariableSet
{
	List	   *vars;			/* of MigrateVariable */
	int			searches;		/* so many times, one was looked for in the
								 * list */
	struct MigrateNames *by_name;	/* NULL: not yet */
	struct MigrateNames *by_lower_name;
	int			longest;		/* of their names, in bytes */
	struct MigrateVariableSet *whole;	/* the variables are the first "count"
										 * of this set ... */
	int			count;
	bool		last_counts;	/* ... of which the last of a name counts */
	struct MigrateNames *lists; /* of such a whole: a List of MigrateVariable
								 * by name; NULL: not yet */
} MigrateVariableSet;

/* in variables.c */
extern const char *migrate_syntax_name(MigrateSyntax syntax);
extern MigrateSyntax migrate_syntax_named(const char *name, int length);
extern char *migrate_substitute(MigrateSyntax syntax, const char *sql, int line, List *sets,
								List **used, MigrateErrorContext *errctx);
extern bool migrate_has_variables(MigrateSyntax syntax, const char *sql);
extern bool migrate_variables_come_from(List *vars, MigrateOrigin origin);
extern List *migrate_variables_read(Datum object, MigrateOrigin origin);
extern char *migrate_variables_write(List *vars);

/* in substitution.c */
extern bool migrate_is_variable_char(char c);
extern List *migrate_variable_sets_add(List *sets, List *vars);
extern List *migrate_variable_sets_add_first(List *sets, MigrateVariableSet *whole, int count,
											 bool last_counts);

/* in psql.c */
extern const char *migrate_skip_dollar_quote(const char *p);

#endif							/* MIGRATE_VARIABLES_VARIABLES_H */
