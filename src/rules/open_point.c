/*-------------------------------------------------------------------------
 *
 * open_point.c
 *		What a later statement of the plan may make up for.
 *
 * A foreign key without an index is no finding if the plan makes the index, be it
 * before or in a later migration.  So such points stay open until the end of the plan.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/open_point.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "rules/rules_int.h"
#include "util/compat.h"

static OpenPoint *
new_point(MigrateForesight *foresight, MigrateActions action, const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(foresight->context);
	OpenPoint  *point = palloc0(sizeof(OpenPoint));

	point->statement = foresight->statement;
	point->action = action;
	point->name = name ? pstrdup(name) : NULL;
	foresight->points = lappend(foresight->points, point);
	MemoryContextSwitchTo(old);
	return point;
}

static List *
copy_names(MemoryContext context, const List *names)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	List	   *copy = copyObject(unconstify(List *, names));

	MemoryContextSwitchTo(old);
	return copy;
}

static bool
same_name(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

/*
 * Has the current statement opened this point already?  Several constraints without a
 * name differ in their columns.
 */
static bool
is_open(const MigrateForesight *foresight, Oid relid, MigrateActions action, const char *name,
		const List *columns)
{
	for (int n = list_length(foresight->points); n > 0; n--)
	{
		const OpenPoint *point = list_nth(foresight->points, n - 1);

		if (point->statement != foresight->statement)
			break;
		if (point->relid == relid && point->action == action &&
			same_name(point->name, name) && (name != NULL || equal(point->columns, columns)))
			return true;
	}
	return false;
}

/*
 * A point about a relation, if that is large.  "name" may be NULL; "columns" are
 * Strings.
 */
void
migrate_open_point(Producer *producer, const MigrateRelationFact *fact, MigrateActions action,
				   const char *name, List *columns)
{
	OpenPoint  *point;
	PlannedRelation *planned;
	MemoryContext old;

	if (fact == NULL || !migrate_fact_is_large(fact) ||
		is_open(producer->foresight, fact->relid, action, name, columns))
		return;
	point = new_point(producer->foresight, action, name);
	point->relid = fact->relid;
	point->columns = copy_names(producer->foresight->context, columns);
	planned = migrate_planned_relation(producer->foresight, fact->relid);
	old = MemoryContextSwitchTo(producer->foresight->context);
	planned->points = lappend(planned->points, point);
	MemoryContextSwitchTo(old);
}

/*
 * A point about something new.
 */
OpenPoint *
migrate_open_other_point(Producer *producer, MigrateActions action, const char *name)
{
	return new_point(producer->foresight, action, name);
}

/*
 * A statement makes up for the points about a relation that have one of the actions,
 * and that name unless it is NULL.
 */
void
migrate_close_points(Producer *producer, Oid relid, MigrateActions action, const char *name)
{
	PlannedRelation *planned = OidIsValid(relid) ?
		migrate_planned_relation(producer->foresight, relid) : NULL;
	ListCell   *lc;

	foreach(lc, planned ? planned->points : NIL)
	{
		OpenPoint  *point = lfirst(lc);

		if ((point->action & action) != 0 &&
			(name == NULL || (point->name != NULL && strcmp(point->name, name) == 0)))
			point->closed = true;
	}
}

/*
 * The same for all relations.
 */
void
migrate_close_all_points(Producer *producer, MigrateActions action)
{
	ListCell   *lc;

	foreach(lc, producer->foresight->points)
	{
		OpenPoint  *point = lfirst(lc);

		point->closed |= (point->action & action) != 0;
	}
}

/*
 * Remember an index that the plan makes, by its columns (Strings).
 */
void
migrate_note_index(Producer *producer, Oid relid, List *columns)
{
	PlannedRelation *planned = migrate_planned_relation(producer->foresight, relid);
	MemoryContext old;

	if (planned == NULL)
		return;
	columns = copy_names(producer->foresight->context, columns);
	old = MemoryContextSwitchTo(producer->foresight->context);
	planned->indexes = lappend(planned->indexes, columns);
	MemoryContextSwitchTo(old);
}

/*
 * Remember an index or a constraint that the plan drops, validates or builds anew.
 */
void
migrate_note_handled(Producer *producer, Oid relid, const char *name)
{
	PlannedRelation *planned = migrate_planned_relation(producer->foresight, relid);
	MemoryContext old;

	if (planned == NULL || name == NULL)
		return;
	old = MemoryContextSwitchTo(producer->foresight->context);
	planned->handled = lappend(planned->handled, pstrdup(name));
	MemoryContextSwitchTo(old);
}

bool
migrate_is_handled(const PlannedRelation *planned, const char *name)
{
	ListCell   *lc;

	foreach(lc, planned->handled)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * Does an index begin with these columns, in any order?
 */
static bool
begins_with(const List *index, const List *columns)
{
	ListCell   *lc;

	if (list_length(index) < list_length(columns))
		return false;
	foreach(lc, columns)
	{
		bool		found = false;

		for (int i = 0; i < list_length(columns); i++)
			found |= equal(list_nth(index, i), lfirst(lc));
		if (!found)
			return false;
	}
	return true;
}

/*
 * The names of the columns of an index, as far as they are columns; NIL for a partial
 * or an invalid one.
 */
static List *
columns_of(Oid relid, Oid index)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	List	   *columns = NIL;

	if (!HeapTupleIsValid(tuple))
		return NIL;
	form = (Form_pg_index) GETSTRUCT(tuple);
	if (form->indisvalid && heap_attisnull(tuple, Anum_pg_index_indpred, NULL))
	{
		for (int i = 0; i < form->indnkeyatts && form->indkey.values[i] > 0; i++)
			columns = lappend(columns, makeString(get_attname(relid, form->indkey.values[i], false)));
	}
	ReleaseSysCache(tuple);
	return columns;
}

/*
 * Is there an index that begins with the columns of a point, and that the plan does
 * not drop, or one that the plan makes?
 */
static bool
has_index(PlannedRelation *planned, const OpenPoint *point)
{
	Relation	rel;
	bool		has = false;
	ListCell   *lc;

	foreach(lc, planned->indexes)
	{
		if (begins_with(lfirst(lc), point->columns))
			return true;
	}
	rel = migrate_fact_open(planned->relid);
	if (rel == NULL)
		return true;			/* not known */
	foreach(lc, RelationGetIndexList(rel))
	{
		const char *name = get_rel_name(lfirst_oid(lc));

		has |= name != NULL && !migrate_is_handled(planned, name) &&
			begins_with(columns_of(planned->relid, lfirst_oid(lc)), point->columns);
	}
	table_close(rel, AccessShareLock);
	return has;
}

/*
 * Has the plan, which is complete, made up for a point?
 */
bool
migrate_point_is_closed(MigrateForesight *foresight, const OpenPoint *point)
{
	PlannedRelation *planned;

	if (point->closed || point->allowed)
		return true;
	if (!OidIsValid(point->relid))
		return false;
	planned = migrate_planned_relation(foresight, point->relid);
	if (planned == NULL || planned->dropped || planned->emptied)
		return true;
	if (point->action == ACTION_UNINDEXED_KEY)
		return has_index(planned, point);
	return point->name != NULL && migrate_is_handled(planned, point->name);
}

/*
 * Constraints that are not valid.
 */
static void
inspect_constraints(Producer *producer, const MigrateRelationFact *fact)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(fact->relid));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		if (!form->convalidated && migrate_constraint_is_enforced(form))
			migrate_open_point(producer, fact, ACTION_NOT_VALID, NameStr(form->conname), NIL);
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
}

/*
 * What earlier runs have left of a large table that the plan changes: INVALID indexes
 * and constraints that are not valid.
 */
static void
inspect(Producer *producer, const MigrateRelationFact *fact)
{
	Relation	rel = migrate_fact_open(fact->relid);
	ListCell   *lc;

	if (rel == NULL)
		return;
	foreach(lc, RelationGetIndexList(rel))
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(lc)));

		if (!HeapTupleIsValid(tuple))
			continue;
		if (!((Form_pg_index) GETSTRUCT(tuple))->indisvalid)
			migrate_open_point(producer, fact, ACTION_INVALID_INDEX, get_rel_name(lfirst_oid(lc)), NIL);
		ReleaseSysCache(tuple);
	}
	table_close(rel, AccessShareLock);
	inspect_constraints(producer, fact);
}

/*
 * The same for all relations that a statement changes and no statement before has.
 */
void
migrate_inspect_relations(Producer *producer)
{
	ListCell   *lc;

	foreach(lc, producer->facts->relations)
	{
		const MigrateRelationFact *fact = lfirst(lc);
		PlannedRelation *planned;

		CHECK_FOR_INTERRUPTS();
		if (fact->lock < ShareUpdateExclusiveLock || fact->recursed || !migrate_fact_is_large(fact) ||
			fact->kind != RELKIND_RELATION)
			continue;
		planned = migrate_planned_relation(producer->foresight, fact->relid);
		if (!planned->inspected)
			inspect(producer, fact);
		planned->inspected = true;
	}
}
