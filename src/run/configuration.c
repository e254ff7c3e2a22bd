/*-------------------------------------------------------------------------
 *
 * configuration.c
 *		What a tool's configuration of the directory decides about a run.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/configuration.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "format/flyway_settings.h"
#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/callback.h"
#include "run/configuration.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/variable_values.h"
#include "util/names.h"
#include "util/printable.h"
#include "variables/variables.h"

static const MigrateFlywaySettings *
settings_of(const MigrateRun *run)
{
	return run->source ? migrate_source_set(run->source)->flyway : NULL;
}

/*
 * Take over what the directory, which has been read, says about all runs.
 */
void
migrate_use_configuration(MigrateRun *run)
{
	const MigrateFlywaySettings *settings = settings_of(run);

	run->request->applies_late = settings != NULL && settings->out_of_order;
}

/*
 * What is between "flyway" and a name in the variables that Flyway defines; NULL for
 * ":".
 */
const char *
migrate_configured_separator(const MigrateRun *run)
{
	const MigrateFlywaySettings *settings = settings_of(run);

	return settings == NULL || strcmp(settings->variable_separator, ":") == 0 ? NULL :
		settings->variable_separator;
}

/*
 * The name of the tool's own table, NULL for the usual one.
 */
const char *
migrate_configured_table(const MigrateRun *run)
{
	const MigrateFlywaySettings *settings = settings_of(run);

	return settings ? settings->table : NULL;
}

/*
 * The same for a request that has not read its directory yet: for adopt(), which finds the
 * table first.  Errors: those of files.c and flyway_settings.c.
 */
const char *
migrate_table_in_configuration(const MigrateRequest *request)
{
	MigrateLocation location = migrate_location_or_setting(request);
	const MigrateFlywaySettings *settings;

	if (!migrate_location_is_given(&location) || OidIsValid(request->tool_table) ||
		(request->tool != NULL && strcmp(request->tool, "flyway") != 0))
		return NULL;
	settings = migrate_flyway_settings_read(migrate_directory_open(&location, request->confined));
	return settings ? settings->table : NULL;
}

/*
 * The name of a file as the tool has it, relative to where it looks for migrations.
 */
const char *
migrate_configured_path(const MigrateRun *run, const char *file)
{
	const MigrateFlywaySettings *settings = settings_of(run);
	const char *relative = settings ? migrate_flyway_relative(settings->locations, file) : NULL;

	return relative ? relative : file;
}

static char *
lower_name(const MigrateVariable *var)
{
	return migrate_fold_name(var->name, strlen(var->name));
}

/*
 * The variables of a run by their names in lower case: those of the call, else those of
 * the configuration, of which the last one of a name counts.
 */
static MigrateNames *
variables_of(MigrateRun *run, const MigrateFlywaySettings *settings)
{
	MemoryContext old;
	ListCell   *lc;

	if (run->configured != NULL)
		return run->configured;
	old = MemoryContextSwitchTo(run->context);
	run->configured = migrate_names_create();
	foreach(lc, run->request->vars)
		(void) migrate_names_add(run->configured, lower_name(lfirst(lc)), lfirst(lc));
	for (int i = list_length(settings->variables) - 1; i >= 0; i--)
	{
		MigrateVariable *var = list_nth(settings->variables, i);

		CHECK_FOR_INTERRUPTS();
		(void) migrate_names_add(run->configured, lower_name(var), var);
	}
	MemoryContextSwitchTo(old);
	return run->configured;
}

/*
 * Would a repeatable migration that is applied now run with another value of a variable,
 * since the configuration has changed?  To Flyway such a one has changed, too
 * (SqlMigrationResolver.java).
 */
bool
migrate_configured_values_changed(MigrateRun *run, const MigrateItem *item)
{
	const MigrateFlywaySettings *settings = settings_of(run);
	ListCell   *lc;

	if (settings == NULL || item->file->kind != KIND_REPEATABLE || item->applied->up_syntax.kind == SYNTAX_NONE)
		return false;
	foreach(lc, item->applied->up_vars)
	{
		const MigrateVariable *stored = lfirst(lc);
		char	   *name = lower_name(stored);
		const MigrateVariable *now = migrate_names_get(variables_of(run, settings), name);

		CHECK_FOR_INTERRUPTS();
		pfree(name);
		if (now != NULL && stored->value != NULL && strcmp(now->value, stored->value) != 0)
			return true;
	}
	return false;
}

/*
 * The variables (MigrateVariable) that an up script, of text "sql", is recorded with when it
 * does not run: as if it had run now, if a change of the configuration matters later.
 */
List *
migrate_configured_values(MigrateRun *run, const Migration *file, const char *sql)
{
	List	   *used;

	if (settings_of(run) == NULL || file->kind != KIND_REPEATABLE)
		return NIL;
	(void) migrate_text_with_values(run, file, NULL, sql, &used);
	return used;
}

/*
 * Has a schema an object of a catalog that is no part of an extension?
 */
static bool
has_object(Oid schema, Oid catalog, AttrNumber schema_column, AttrNumber oid_column)
{
	Relation	rel = table_open(catalog, AccessShareLock);
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, schema_column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(schema));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Oid			oid = DatumGetObjectId(heap_getattr(tuple, oid_column, RelationGetDescr(rel), &isnull));

		found = !OidIsValid(getExtensionOfObject(catalog, oid));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

static bool
is_empty(Oid schema)
{
	return !has_object(schema, RelationRelationId, Anum_pg_class_relnamespace, Anum_pg_class_oid) &&
		!has_object(schema, ProcedureRelationId, Anum_pg_proc_pronamespace, Anum_pg_proc_oid) &&
		!has_object(schema, TypeRelationId, Anum_pg_type_typnamespace, Anum_pg_type_oid);
}

/*
 * The first of the steps that goes up to a version up to that one; NULL if there is none.
 */
static const MigrateStep *
first_up_to(List *steps, const char *version)
{
	char	   *key = migrate_dotted_key(version);
	ListCell   *lc;

	foreach(lc, steps)
	{
		const MigrateStep *step = lfirst(lc);

		if (!migrate_is_callback(step) && step->file != NULL && step->file->kind == KIND_VERSIONED &&
			strcmp(step->file->sort_key, key) <= 0)
			return step;
	}
	return NULL;
}

/*
 * Flyway would record the first migrations as applied where it finds objects and no
 * history.
 */
static void
refuse_baseline(const MigrateRun *run, const MigrateFlywaySettings *settings, Oid schema, List *steps)
{
	const char *version = settings->baseline_version ? settings->baseline_version : "1";

	if (run->applied != NIL || !OidIsValid(schema) || strspn(version, "0123456789._") != strlen(version) ||
		first_up_to(steps, version) == NULL || is_empty(schema))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("setting \"%s\" is not supported where there are objects and no history",
					"flyway.baselineOnMigrate"),
			 errdetail("Schema \"%s\" is not empty: Flyway would record all up to version \"%s\" as applied.",
					   get_namespace_name(schema), version),
			 errhint("Do that with migrate.baseline(), or take over Flyway's history with migrate.adopt(); or remove the setting, if all are to run."),
			 errcontext("file \"%s\", line %d", settings->file, settings->baselines_line)));
}

/*
 * 0A000 if the steps of a run, which is in the schema that it has been given, would not do
 * what the tool would do with its configuration.
 */
void
migrate_require_configuration(const MigrateRun *run, List *steps)
{
	const MigrateFlywaySettings *settings = settings_of(run);
	List	   *path;
	Oid			schema;
	const char *name;

	if (settings == NULL || migrate_count_migrations(steps) == 0)
		return;
	path = fetch_search_path(false);
	schema = path == NIL ? InvalidOid : linitial_oid(path);
	name = OidIsValid(schema) ? get_namespace_name(schema) : NULL;
	if (settings->schema != NULL && *run->request->history.schema == '\0' &&
		(name == NULL || strcmp(name, settings->schema) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("migrations are for schema \"%s\"", settings->schema),
				 name == NULL ? errdetail("There is no current schema.") :
				 errdetail("The current schema is \"%s\".", name),
				 errhint("Create the schema, and put it first into search_path, or give \"schema\" in the call."),
				 errcontext("file \"%s\", line %d", settings->file, settings->schema_line)));
	if (settings->baselines)
		refuse_baseline(run, settings, schema, steps);
}
