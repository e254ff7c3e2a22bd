/*-------------------------------------------------------------------------
 *
 * variables_int.h
 *		What the syntaxes share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables/variables_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_VARIABLES_VARIABLES_INT_H
#define MIGRATE_VARIABLES_VARIABLES_INT_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "util/errcontext.h"
#include "util/names.h"
#include "variables/variables.h"

/*
 * Substitution in one text.
 */
typedef struct MigrateSubstitution
{
	const char *sql;
	int			first_line;		/* line of the text's first byte in its file */
	List	   *sets;			/* of MigrateVariableSet */
	List	   *used;			/* those of them that were used */
	MigrateNames *used_names;	/* and their names */
	MigrateErrorContext *errctx;
	bool		lenient;		/* only look for references, refuse nothing */
	bool		found;			/* any reference, with a value or not */
	const char *copied;			/* the text before this is in the result */
	StringInfoData result;
} MigrateSubstitution;

/* in psql.c */
extern void migrate_substitute_psql(MigrateSubstitution *s);

/* in goose.c */
extern void migrate_substitute_goose(MigrateSubstitution *s, bool on);

/* in flyway.c */
extern void migrate_substitute_flyway(MigrateSubstitution *s, MigrateSyntax syntax);

/* in graphile.c */
extern void migrate_substitute_graphile(MigrateSubstitution *s);

/* in tern.c */
extern void migrate_substitute_tern(MigrateSubstitution *s);

/* in river.c */
extern void migrate_substitute_river(MigrateSubstitution *s);

/* in substitution.c */
extern void migrate_refuse_undefined(MigrateSubstitution *s, const char *at,
									 const char *name, int length, const char *detail);
extern void migrate_refuse_reference(MigrateSubstitution *s, const char *at,
									 const char *message, const char *hint);
extern const MigrateVariable *migrate_find_variable(MigrateSubstitution *s, const char *at,
													const char *name, int length, bool fold);
extern void migrate_substitute_value(MigrateSubstitution *s, const char *from, const char *to,
									 const char *value);

#endif							/* MIGRATE_VARIABLES_VARIABLES_INT_H */
