/*-------------------------------------------------------------------------
 *
 * touched.c
 *		Reads those objects that are given by their catalogs and numbers, and what
 *		belongs to them.
 *
 * The time depends on how many these are, not on how many objects the database has:
 * the queries of the kinds find their rows by index, and are planned once in a session.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/touched.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/guc.h"

#include "objects/objects.h"
#include "objects/objects_int.h"

#define MAX_KINDS	64

/* those of the numbers themselves, and what belongs to them */
static SPIPlanPtr plans[MAX_KINDS];
static SPIPlanPtr part_plans[MAX_KINDS];
static SPIPlanPtr owner_plan;

/*
 * The objects whose rows have what is a part of them without a row of its own, such as
 * a default.  A number of another catalog does no harm.
 */
static const char owner_query[] =
"SELECT ev_class FROM pg_rewrite WHERE oid = ANY ($1) "
"UNION SELECT adrelid FROM pg_attrdef WHERE oid = ANY ($1) "
"UNION SELECT conrelid FROM pg_constraint WHERE oid = ANY ($1) "
"UNION SELECT contypid FROM pg_constraint WHERE oid = ANY ($1) "
"UNION SELECT tgrelid FROM pg_trigger WHERE oid = ANY ($1) "
"UNION SELECT polrelid FROM pg_policy WHERE oid = ANY ($1) "
"UNION SELECT indrelid FROM pg_index WHERE indexrelid = ANY ($1) "
"UNION SELECT reltype FROM pg_class WHERE oid = ANY ($1) AND relkind = 'c' "
"UNION SELECT enumtypid FROM pg_enum WHERE oid = ANY ($1) "
"UNION SELECT prpubid FROM pg_publication_rel WHERE oid = ANY ($1) "
"UNION SELECT pnpubid FROM pg_publication_namespace WHERE oid = ANY ($1) "
"UNION SELECT amopfamily FROM pg_amop WHERE oid = ANY ($1) "
"UNION SELECT amprocfamily FROM pg_amproc WHERE oid = ANY ($1)";

/* of which catalogs they are */
static const struct
{
	Oid			part;
	Oid			owner;
}			owners[] =

{
	{RewriteRelationId, RelationRelationId},
	{AttrDefaultRelationId, RelationRelationId},
	{ConstraintRelationId, RelationRelationId},
	{ConstraintRelationId, TypeRelationId},
	{TriggerRelationId, RelationRelationId},
	{PolicyRelationId, RelationRelationId},
	{RelationRelationId, TypeRelationId},
	{EnumRelationId, TypeRelationId},
	{PublicationRelRelationId, PublicationRelationId},
	{PublicationNamespaceRelationId, PublicationRelationId},
	{AccessMethodOperatorRelationId, OperatorFamilyRelationId},
	{AccessMethodProcedureRelationId, OperatorFamilyRelationId},
};

static SPIPlanPtr
plan_of(SPIPlanPtr *plan, const char *query, int nargs, Oid *types)
{
	if (*plan == NULL)
	{
		*plan = SPI_prepare_cursor(query, nargs, types, CURSOR_OPT_GENERIC_PLAN);
		if (*plan == NULL || SPI_keepplan(*plan) != 0)
			elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
	}
	return *plan;
}

static Datum
number_array(List *ids)
{
	Oid		   *values = palloc(Max(list_length(ids), 1) * sizeof(Oid));
	ListCell   *lc;

	foreach(lc, ids)
		values[foreach_current_index(lc)] = lfirst_oid(lc);
	return PointerGetDatum(migrate_object_numbers(values, list_length(ids)));
}

/*
 * Add the catalogs in whose rows objects of these catalogs are seen.
 */
static List *
add_owner_catalogs(List *catalogs)
{
	for (int i = 0; i < lengthof(owners); i++)
	{
		if (list_member_oid(catalogs, owners[i].part))
			catalogs = list_append_unique_oid(catalogs, owners[i].owner);
	}
	return catalogs;
}

/*
 * Add the objects in whose rows the given ones are seen.
 */
static List *
add_owners(List *ids)
{
	Oid			types[] = {OIDARRAYOID};
	Datum		values[] = {number_array(ids)};

	if (SPI_execute_plan(plan_of(&owner_plan, owner_query, 1, types), values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalogs");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Oid			id = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));

		if (OidIsValid(id))
			ids = lappend_oid(ids, id);
	}
	SPI_freetuptable(SPI_tuptable);
	return ids;
}

static void
visit_rows(SPIPlanPtr *plan, const MigrateObjectRows *rows)
{
	if (*plan == NULL)
		(void) plan_of(plan, migrate_object_query(rows->kind, rows->common, rows->condition),
					   MIGRATE_OBJECT_PARAMETERS, migrate_object_types);
	migrate_object_rows(rows, SPI_cursor_open(NULL, *plan, rows->values, NULL, true));
}

/*
 * Hand each of these objects to "visit", if it exists, and their indexes, constraints and
 * the like, all with owners and privileges; the same in which objects() shows them.  Objects
 * of the server, of "migrate" and of extensions are left out.  The visitor is called
 * with an SPI connection open.  What is seen is what the active snapshot sees.
 */
void
migrate_objects_touched(const ObjectAddress *addresses, int count, MigrateObjectVisitor visit, void *arg)
{
	Datum		values[MIGRATE_OBJECT_PARAMETERS];
	int			level = migrate_objects_pin_settings();
	List	   *catalogs = NIL;
	List	   *ids = NIL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	for (int i = 0; i < count; i++)
	{
		catalogs = list_append_unique_oid(catalogs, addresses[i].classId);
		ids = lappend_oid(ids, addresses[i].objectId);
	}
	catalogs = add_owner_catalogs(catalogs);
	values[0] = migrate_objects_schemas(NIL);
	values[1] = values[2] = values[3] = BoolGetDatum(true);
	values[4] = number_array(add_owners(ids));
	for (int i = 0; migrate_object_kinds[i].kind != NULL; i++)
	{
		const MigrateObjectKind *kind = &migrate_object_kinds[i];
		MigrateObjectRows rows;

		Assert(i < MAX_KINDS);
		if (kind->superuser && !superuser())
			continue;
		rows = (MigrateObjectRows)
		{
			kind, false, MIGRATE_OBJECTS_BY_NUMBER, values, visit, arg
		};
		if (list_member_oid(catalogs, kind->class))
			visit_rows(&plans[i], &rows);
		rows.condition = "AND o.of_id = ANY ($5) AND o.id <> ALL ($5) ";
		if (OidIsValid(kind->of_class) && list_member_oid(catalogs, kind->of_class))
			visit_rows(&part_plans[i], &rows);
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(false, level);
}
