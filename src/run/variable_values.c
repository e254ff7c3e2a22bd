/*-------------------------------------------------------------------------
 *
 * variable_values.c
 *		Which variables a script has, and whose values they may be.
 *
 * A value is put into SQL as it is, so it is a part of the script, and the rule
 * for stored scripts holds for stored values too: whoever recorded them must be
 * the current role, or a superuser.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/variable_values.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "format/format.h"
#include "format/manifest.h"
#include "format/source.h"
#include "history/history.h"
#include "run/configuration.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/variable_values.h"
#include "util/errcontext.h"
#include "util/subtransaction.h"
#include "variables/variables.h"

/*
 * What is stored never runs with more power than its author had: the author must be
 * the current role, or a superuser.
 */
bool
migrate_may_run_for(const char *author)
{
	return author != NULL &&
		(strcmp(author, GetUserNameFromId(GetUserId(), false)) == 0 ||
		 superuser_arg(get_role_oid(author, true)));
}

/*
 * The stored values of variables that the current role may use as its own.
 */
List *
migrate_own_variables(List *stored, const char *author)
{
	return migrate_may_run_for(author) ? stored : NIL;
}

/*
 * The others: they are named in an error if nothing else has a value.
 */
static List *
forbidden_variables(List *stored, const char *author)
{
	List	   *vars = NIL;
	ListCell   *lc;

	if (migrate_may_run_for(author))
		return NIL;
	foreach(lc, stored)
	{
		MigrateVariable *var = palloc(sizeof(MigrateVariable));

		*var = *(MigrateVariable *) lfirst(lc);
		var->origin = VARIABLE_FORBIDDEN;
		var->author = author;
		vars = lappend(vars, var);
	}
	return vars;
}

static List *
add_built_in(List *vars, const char *name, const char *value)
{
	MigrateVariable *var = palloc0(sizeof(MigrateVariable));

	var->name = name;
	var->value = value;
	var->origin = VARIABLE_BUILT_IN;
	return lappend(vars, var);
}

/*
 * A name that another role has chosen, as text for use in SQL without quotes: NULL
 * if that could be read as more than a name.
 */
static const char *
plain_name(const char *name)
{
	if (name == NULL || strstr(name, "--") != NULL)
		return NULL;
	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char) *p) && !IS_HIGHBIT_SET(*p) && strchr("_-.", *p) == NULL)
			return NULL;
	return pstrdup(name);
}

static const char *
database_owner(void)
{
	HeapTuple	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	const char *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
	name = GetUserNameFromId(((Form_pg_database) GETSTRUCT(tuple))->datdba, false);
	ReleaseSysCache(tuple);
	return name;
}

/*
 * The schema of the run, else that in which the caller creates.
 */
static const char *
default_schema(const MigrateRequest *request)
{
	List	   *path;

	if (*request->history.schema != '\0')
		return request->history.schema;
	path = fetch_search_path(false);
	return path == NIL ? NULL : get_namespace_name(linitial_oid(path));
}

static const char *
run_timestamp(void)
{
	char	   *now = pstrdup(timestamptz_to_str(GetCurrentTimestamp()));

	now[strlen("2000-01-01 00:00:00")] = '\0';
	return now;
}

/*
 * What Flyway calls a variable of its own.
 */
static const char *
flyway_name(const MigrateRun *run, const char *name)
{
	const char *separator = migrate_configured_separator(run);

	return psprintf("flyway%s%s", separator ? separator : ":", name);
}

/*
 * Those that have other names, as the directory says, are recorded with a script, as if
 * they were given: it may run without the directory.
 */
static void
set_origin(const MigrateRun *run, List *vars)
{
	ListCell   *lc;

	foreach(lc, migrate_configured_separator(run) ? vars : NIL)
		((MigrateVariable *) lfirst(lc))->origin = VARIABLE_GIVEN;
}

/*
 * The variables that Flyway and graphile-migrate define themselves.  They are read
 * once, since a script has to be the same when it runs as when it was checked.
 *
 * Flyway's environment, working directory and list of schemas are not known here.
 */
List *
migrate_built_in_variables(MigrateRun *run, MigrateSyntax syntax, const char *file)
{
	const char *base = strrchr(file, '/');
	const char *database;
	List	   *vars = NIL;

	if (syntax.kind != SYNTAX_FLYWAY && syntax.kind != SYNTAX_GRAPHILE)
		return NIL;
	if (run->built_in == NIL)
	{
		MemoryContext old = MemoryContextSwitchTo(run->context);

		database = plain_name(get_database_name(MyDatabaseId));
		vars = add_built_in(vars, flyway_name(run, "defaultSchema"), plain_name(default_schema(run->request)));
		vars = add_built_in(vars, flyway_name(run, "user"), plain_name(run->request->history.role));
		vars = add_built_in(vars, flyway_name(run, "database"), database);
		vars = add_built_in(vars, flyway_name(run, "timestamp"), run_timestamp());
		vars = add_built_in(vars, flyway_name(run, "table"), migrate_configured_table(run) ?
							migrate_configured_table(run) : "flyway_schema_history");
		set_origin(run, vars);
		vars = add_built_in(vars, "DATABASE_NAME", database);
		vars = add_built_in(vars, "DATABASE_OWNER", plain_name(database_owner()));
		run->built_in = vars;
		MemoryContextSwitchTo(old);
	}
	vars = list_copy(run->built_in);
	vars = add_built_in(vars, flyway_name(run, "filename"), plain_name(base ? base + 1 : file));
	set_origin(run, vars);
	return vars;
}

/*
 * The set of variables that many scripts have, as a list that belongs to the run and is
 * kept in *set, so that they need be put into order only once.
 */
static List *
kept_set(MigrateRun *run, List **set, List *vars)
{
	if (vars == NIL)
		return NIL;
	if (*set == NIL || ((MigrateVariableSet *) linitial(*set))->vars != vars)
	{
		MemoryContext old = MemoryContextSwitchTo(run->context);

		*set = migrate_variable_sets_add(NIL, vars);
		MemoryContextSwitchTo(old);
	}
	return *set;
}

/*
 * Add the properties that a changeset has values of: those before its end.
 */
static List *
add_properties(List *sets, MigrateRun *run, const Migration *migration)
{
	List	   *whole = kept_set(run, &run->from_properties, migration->properties);
	List	   *local = kept_set(run, &run->from_local_properties, migration->local_properties);

	if (whole != NIL)
		sets = migrate_variable_sets_add_first(sets, linitial(whole), migration->nproperties, false);
	if (local != NIL)
		sets = migrate_variable_sets_add_first(sets, linitial(local), migration->nlocal_properties, true);
	return sets;
}

/*
 * The variables (MigrateVariableSet) of a script that is not to run yet: what is given,
 * in the call, in the file or in the tool's settings file, then what is stored for it,
 * then what is built in.
 * "migration" and "applied" may be NULL.
 */
List *
migrate_variables_of(MigrateRun *run, MigrateDirection direction, const Migration *migration,
					 const AppliedMigration *applied, MigrateSyntax syntax, const char *file)
{
	List	   *sets = list_copy(kept_set(run, &run->given, run->request->vars));
	List	   *stored = applied == NULL ? NIL :
		direction == MIGRATE_UP ? applied->up_vars : applied->down_vars;
	const char *author = applied == NULL ? NULL :
		direction == MIGRATE_UP ? applied->up_role : applied->down_role;

	if (migration != NULL)
	{
		const MigrateLayout *layout = migrate_source_set(run->source)->layout;

		sets = add_properties(sets, run, migration);
		if (layout != NULL)
			sets = list_concat(sets, direction == MIGRATE_UP ?
							   kept_set(run, &run->from_layout, layout->up_vars) :
							   kept_set(run, &run->from_layout_down, layout->down_vars));
	}
	if (stored != NIL)
		sets = migrate_variable_sets_add(migrate_variable_sets_add(sets, migrate_own_variables(stored, author)),
										 forbidden_variables(stored, author));
	return migrate_variable_sets_add(sets, migrate_built_in_variables(run, syntax, file));
}

/*
 * The variables of a script that is to run.  A down script undoes what its up
 * script did, so the values stored for that come first.
 */
List *
migrate_step_variables(MigrateRun *run, const MigrateStep *step, MigrateSyntax syntax, const char *file)
{
	List	   *sets = migrate_variables_of(run, step->direction, step->file, step->applied, syntax,
											file);

	if (step->direction == MIGRATE_UP || step->applied == NULL || step->applied->down_vars == NIL)
		return sets;
	return list_concat(migrate_variable_sets_add(NIL, migrate_own_variables(step->applied->down_vars,
																			step->applied->down_role)),
					   sets);
}

/*
 * A text with values of variables, for migrate_try().
 */
typedef struct Substitution
{
	MigrateRun *run;
	const Migration *file;
	const AppliedMigration *applied;
	const char *sql;
	char	   *result;
	List	   *used;
} Substitution;

static void
substitute_body(void *arg)
{
	Substitution *substitution = arg;
	const MigrateSection *up = &substitution->file->up;
	MigrateErrorContext errctx = {0};

	substitution->result = migrate_substitute(up->syntax, substitution->sql, 1,
											  migrate_variables_of(substitution->run, MIGRATE_UP, substitution->file,
																   substitution->applied, up->syntax, up->file),
											  &substitution->used, &errctx);
}

/*
 * A text of an up script, which does not run, with the values that it would have: "sql"
 * itself or palloc'd, NULL if one is missing.  "applied" may be NULL.  *used are the
 * variables (MigrateVariable) that have been put in.
 */
char *
migrate_text_with_values(MigrateRun *run, const Migration *file, const AppliedMigration *applied,
						 const char *sql, List **used)
{
	Substitution substitution = {run, file, applied, sql};
	ErrorData  *error = migrate_try(substitute_body, &substitution);

	if (error != NULL && !migrate_is_error_of_input(error->sqlerrcode))
		ReThrowError(error);
	*used = error ? NIL : substitution.used;
	return error ? NULL : substitution.result;
}
