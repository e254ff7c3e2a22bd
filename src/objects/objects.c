/*-------------------------------------------------------------------------
 *
 * objects.c
 *		Reads the objects of the database, kind by kind.
 *
 * Each kind is one query, however many objects there are.  It runs as the
 * caller and read-only, with the snapshot of the caller's statement, so it works
 * on a standby, and all kinds see the same rows, but for what others drop meanwhile
 * (read.c).
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

/* of the parameters of the queries */
Oid			migrate_object_types[MIGRATE_OBJECT_PARAMETERS] = {OIDARRAYOID, BOOLOID, BOOLOID, BOOLOID, OIDARRAYOID};

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
 * Numbers as the value of a parameter.
 */
ArrayType *
migrate_object_numbers(const Oid *ids, int count)
{
	Datum	   *values = palloc(Max(count, 1) * sizeof(Datum));

	for (int i = 0; i < count; i++)
		values[i] = ObjectIdGetDatum(ids[i]);
	return construct_array(values, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT);
}

/*
 * The rows "o" of a kind that fulfil a condition, in their order: members of extensions
 * are not objects of their own.
 */
static char *
rows_of(const MigrateObjectKind *kind, bool common, const char *condition)
{
	return psprintf("FROM (%s) o "
					"LEFT JOIN pg_description t ON t.classoid = o.class AND t.objoid = o.id AND t.objsubid = 0 "
					"WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.of_class AND d.objid = o.of_id AND d.deptype = 'e') "
					"AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.id AND d.deptype = 'e') %s"
					"ORDER BY o.name COLLATE \"C\"",
					common && kind->common_query != NULL ? kind->common_query : kind->query, condition);
}

/*
 * The query of a kind with what all kinds have in common: owner, comment, labels and
 * privileges are the last lines of a definition.  Parameters: $1 schemas, $2 whether
 * objects that are in no schema count, $3 owners, $4 privileges, $5 numbers of objects.
 * "condition" is what else the rows "o" have to fulfil.
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
					"o.of_id, o.id %s", rows_of(kind, common, condition));
}

/*
 * The query of the same rows with name and number alone.
 */
char *
migrate_object_list_query(const MigrateObjectKind *kind, bool common, const char *condition)
{
	return psprintf("SELECT o.name, o.id %s", rows_of(kind, common, condition));
}

/*
 * What gets the objects of migrate_objects().
 */
typedef struct Receiver
{
	MigrateObjectReceiver receive;
	void	   *arg;
} Receiver;

static void
receive_object(const MigrateNumberedObject *object, void *arg)
{
	const Receiver *receiver = arg;

	receiver->receive(object->kind, object->name, object->definition, receiver->arg);
}

/*
 * Hand each object to the receiver, in the order of kind and name, bytewise.
 * Raises 3F000 if a schema of the filter does not exist.  The receiver is called
 * with an SPI connection open.
 */
void
migrate_objects(const MigrateObjectFilter *filter, MigrateObjectReceiver receive, void *arg)
{
	Datum		values[MIGRATE_OBJECT_PARAMETERS];
	Receiver	receiver = {receive, arg};
	int			level = migrate_objects_pin_settings();

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	values[0] = migrate_objects_schemas(filter->schemas);
	values[1] = BoolGetDatum(filter->schemas == NIL);
	values[2] = BoolGetDatum(filter->owners);
	values[3] = BoolGetDatum(filter->privileges);
	values[4] = PointerGetDatum(migrate_object_numbers(NULL, 0));
	for (const MigrateObjectKind *kind = migrate_object_kinds; kind->kind != NULL; kind++)
	{
		bool		common = filter->common && kind->common_query != NULL;
		const MigrateObjectRows rows = {kind, common, "", values, receive_object, &receiver};

		if (!kind->superuser || common || superuser())
			migrate_object_rows(&rows, SPI_cursor_open_with_args(NULL, migrate_object_query(kind, common, ""),
																 MIGRATE_OBJECT_PARAMETERS, migrate_object_types,
																 values, NULL, true, 0));
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(false, level);
}
