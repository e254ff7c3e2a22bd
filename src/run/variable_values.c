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

#include "format/changelog.h"
#include "format/format.h"
#include "format/manifest.h"
#include "format/source.h"
#include "history/history.h"
#include "run/configuration.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/variable_values.h"
#include "util/errcontext.h"
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
 * What is given in the call, as a list that belongs to the run.  It is the same for all
 * scripts, so that it need be put into order only once.
 */
static List *
given_variables(MigrateRun *run)
{
	if (run->given == NIL && run->request->vars != NIL)
	{
		MemoryContext old = MemoryContextSwitchTo(run->context);

		run->given = migrate_variable_sets_add(NIL, run->request->vars);
		MemoryContextSwitchTo(old);
	}
	return run->given;
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
	List	   *sets = list_copy(given_variables(run));
	List	   *stored = applied == NULL ? NIL :
		direction == MIGRATE_UP ? applied->up_vars : applied->down_vars;
	const char *author = applied == NULL ? NULL :
		direction == MIGRATE_UP ? applied->up_role : applied->down_role;

	if (migration != NULL)
	{
		const MigrateLayout *layout = migrate_source_set(run->source)->layout;

		sets = migrate_variable_sets_add(sets, migrate_changeset_properties(migration));
		if (layout != NULL)
			sets = migrate_variable_sets_add(sets, direction == MIGRATE_UP ? layout->up_vars : layout->down_vars);
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
