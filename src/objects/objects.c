/*-------------------------------------------------------------------------
 *
 * objects.c
 *		Reads the objects of the database, kind by kind.
 *
 * Each kind is one query, however many objects there are.  It runs as the
 * caller and read-only, with the snapshot of the caller's statement, so it works
 * on a standby, and all kinds see the same rows.
 *
 * Names in the queries are not qualified: the search_path has no schema but
 * pg_catalog while they run, and the temporary one only for relations and
 * types, after it.  So nobody else's function or operator can be meant.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/objects.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "objects/objects.h"
#include "objects/objects_int.h"
#include "util/printable.h"

/* rows in memory at a time */
#define FETCH 500

#define PARAMETERS 4

/*
 * Settings on which the text of an expression depends, and what would make the
 * queries slower than they are.
 */
static const struct
{
	const char *name;
	const char *value;
}			settings[] =

{
	{"search_path", "pg_catalog, pg_temp"},
	{"bytea_output", "hex"},
	{"DateStyle", "ISO, YMD"},
	{"extra_float_digits", "3"},
	{"IntervalStyle", "postgres"},
	{"jit", "off"},
	{"lc_monetary", "C"},
	{"max_parallel_workers_per_gather", "0"},
	{"quote_all_identifiers", "off"},
	{"standard_conforming_strings", "on"},
	{"TimeZone", "UTC"},
};

/*
 * Make the settings those above; returns the GUC nest level that ends them.
 */
int
migrate_objects_pin_settings(void)
{
	int			level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i].name, settings[i].value, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/*
 * Is it a schema of the server or ours?  SQL_USER_SCHEMA() says the same.
 */
static bool
is_system_schema(const char *name)
{
	return strncmp(name, "pg_", 3) == 0 || strcmp(name, "information_schema") == 0 ||
		strcmp(name, "migrate") == 0;
}

/*
 * The numbers of the schemas as an array: of those named, each of which must
 * exist (3F000), or of all; none of them is the server's or ours.
 */
Datum
migrate_objects_schemas(List *names)
{
	int			n = 0;
	Datum	   *oids;
	bool		isnull;
	ListCell   *lc;

	if (names != NIL)
	{
		oids = palloc(list_length(names) * sizeof(Datum));
		foreach(lc, names)
		{
			Oid			oid = get_namespace_oid(lfirst(lc), false);

			if (!is_system_schema(lfirst(lc)))
				oids[n++] = ObjectIdGetDatum(oid);
		}
		return PointerGetDatum(construct_array(oids, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
	}
	if (SPI_execute("SELECT coalesce(array_agg(n.oid), '{}') FROM pg_namespace n "
					"WHERE " SQL_USER_SCHEMA("n"), true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not read the schemas");
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
}

/*
 * The query of a kind with what all kinds have in common: members of extensions
 * are not objects of their own; owner, comment, labels and privileges are the
 * last lines of a definition.  Parameters: $1 schemas, $2 whether objects that
 * are in no schema count, $3 owners, $4 privileges.  "condition" is what else the
 * rows "o" have to fulfil.
 */
char *
migrate_object_query(const MigrateObjectKind *kind, bool common, const char *condition)
{
	return psprintf("SELECT o.name, concat_ws(E'\\n', o.definition, "
					"CASE WHEN $3 AND o.owner <> 0 THEN 'OWNER TO ' || quote_ident(pg_get_userbyid(o.owner)) END, "
					"(SELECT string_agg('DEPENDS ON EXTENSION ' || quote_ident(x.extname), E'\\n' ORDER BY x.extname COLLATE \"C\") "
					"FROM pg_depend dx JOIN pg_extension x ON x.oid = dx.refobjid "
					"WHERE dx.classid = o.class AND dx.objid = o.id AND dx.refclassid = 'pg_extension'::regclass AND dx.deptype = 'x'), "
					"'COMMENT IS ' || quote_literal(t.description), "
					"(SELECT string_agg('SECURITY LABEL FOR ' || quote_ident(s.provider) || ' IS ' || quote_literal(s.label), E'\\n' "
					"ORDER BY s.provider COLLATE \"C\") "
					"FROM pg_seclabel s WHERE s.classoid = o.class AND s.objoid = o.id AND s.objsubid = 0), "
					"CASE WHEN $4 AND o.acl IS NOT NULL THEN " SQL_PRIVILEGES("o.acl", "o.base", "o.owner", "o.kind", "") "END), "
					"o.of_id, o.id "
					"FROM (%s) o "
					"LEFT JOIN pg_description t ON t.classoid = o.class AND t.objoid = o.id AND t.objsubid = 0 "
					"WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.of_class AND d.objid = o.of_id AND d.deptype = 'e') "
					"AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.id AND d.deptype = 'e') %s"
					"ORDER BY o.name COLLATE \"C\"",
					common && kind->common_query != NULL ? kind->common_query : kind->query, condition);
}

/*
 * Error context callback.  Core's functions read what is committed now, not the
 * snapshot, and raise an internal error for what is not there any more.
 */
static void
hint_at_change(void *arg)
{
	if (geterrcode() == ERRCODE_INTERNAL_ERROR)
		migrate_callback_hint("If another session has dropped an object meanwhile, call the function again, in a new transaction if this one keeps its snapshot.");
}

/*
 * Hand the rows of a query to the receiver.  A kind that would take much memory
 * does not: rows are fetched in portions.
 */
static void
read_kind(const MigrateObjectKind *kind, bool common, Datum *values,
		  MigrateObjectReceiver receive, void *arg)
{
	Oid			types[PARAMETERS] = {OIDARRAYOID, BOOLOID, BOOLOID, BOOLOID};
	ErrorContextCallback callback = {.callback = hint_at_change,.previous = error_context_stack};
	Portal		portal;

	error_context_stack = &callback;
	portal = SPI_cursor_open_with_args(NULL, migrate_object_query(kind, common, ""), PARAMETERS, types, values, NULL, true, 0);
	do
	{
		SPI_cursor_fetch(portal, true, FETCH);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			HeapTuple	row = SPI_tuptable->vals[i];
			char	   *name = SPI_getvalue(row, SPI_tuptable->tupdesc, 1);
			char	   *definition = SPI_getvalue(row, SPI_tuptable->tupdesc, 2);

			/* null if somebody has dropped it meanwhile */
			if (name != NULL)
			{
				receive(kind->kind, name, definition, arg);
				pfree(definition);
				pfree(name);
			}
		}
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	SPI_cursor_close(portal);
	error_context_stack = callback.previous;
}

/*
 * Hand each object to the receiver, in the order of kind and name, bytewise.
 * Raises 3F000 if a schema of the filter does not exist.  The receiver is called
 * with an SPI connection open.
 */
void
migrate_objects(const MigrateObjectFilter *filter, MigrateObjectReceiver receive, void *arg)
{
	Datum		values[PARAMETERS];
	int			level = migrate_objects_pin_settings();

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	values[0] = migrate_objects_schemas(filter->schemas);
	values[1] = BoolGetDatum(filter->schemas == NIL);
	values[2] = BoolGetDatum(filter->owners);
	values[3] = BoolGetDatum(filter->privileges);
	for (const MigrateObjectKind *kind = migrate_object_kinds; kind->kind != NULL; kind++)
	{
		bool		common = filter->common && kind->common_query != NULL;

		if (!kind->superuser || common || superuser())
			read_kind(kind, common, values, receive, arg);
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(false, level);
}
