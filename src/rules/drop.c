/*-------------------------------------------------------------------------
 *
 * drop.c
 *		Relations that are dropped, emptied or renamed.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/drop.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/heap.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_statistic_ext.h"
#include "pgstat.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

static void
drop_index(Producer *producer, const DropStmt *stmt, Oid index)
{
	Oid			relid = IndexGetRelation(index, true);
	const PgStat_StatTabEntry *entry = pgstat_fetch_stat_tabentry(index);
	const char *name = get_rel_name(index);
	MigrateRelationFact *fact = migrate_fact_add(producer, relid, stmt->concurrent ?
												 ShareUpdateExclusiveLock : AccessExclusiveLock,
												 stmt->concurrent ? 0 : ACTION_DROP_INDEX);

	if (fact == NULL || name == NULL)
		return;
	migrate_note_handled(producer, relid, name);
	if (entry != NULL && entry->numscans > 0)
		migrate_fact_other(producer, ACTION_DROP_USED_INDEX, quote_identifier(name), fact);
}

/*
 * DROP STATISTICS locks the table that they are of.
 */
static void
drop_statistics(Producer *producer, List *names)
{
	Oid			statistics = get_statistics_object_oid(names, true);
	HeapTuple	tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(statistics));

	if (!HeapTupleIsValid(tuple))
		return;
	(void) migrate_fact_add(producer, ((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxrelid,
							ShareUpdateExclusiveLock, 0);
	ReleaseSysCache(tuple);
}

/*
 * Drop a table, a view or the like, with foreign keys in both directions.
 */
static void
drop_relation(Producer *producer, const DropStmt *stmt, Oid relid)
{
	MigrateRelationFact *fact = migrate_fact_add(producer, relid, AccessExclusiveLock,
												 stmt->removeType == OBJECT_TABLE ? ACTION_DROP_TABLE : 0);
	Relation	rel;
	ListCell   *lc;

	if (fact == NULL)
		return;
	rel = migrate_fact_open(relid);
	if (rel != NULL)
	{
		migrate_facts_references(producer, rel, NULL);
		table_close(rel, AccessShareLock);
	}
	if (stmt->behavior == DROP_CASCADE && stmt->removeType == OBJECT_TABLE)
	{
		foreach(lc, heap_truncate_find_FKs(list_make1_oid(relid)))
			(void) migrate_fact_add(producer, lfirst_oid(lc), AccessExclusiveLock, ACTION_DROP_FOREIGN_KEY);
	}
	if (stmt->behavior == DROP_CASCADE)
	{
		ObjectAddress object = {RelationRelationId, relid, 0};

		migrate_facts_cascade(producer, &object);
	}
	migrate_fact_children(producer, relid, AccessExclusiveLock, false, false);
	migrate_planned_relation(producer->foresight, relid)->dropped = true;
}

/*
 * A table that the plan has made: the relations that it refers to are locked.
 */
static void
drop_new(Producer *producer, const RangeVar *name)
{
	char	   *key = migrate_fact_key(name);
	ListCell   *lc;

	foreach(lc, (List *) migrate_names_get(producer->foresight->made, key))
		(void) migrate_fact_add(producer, lfirst_oid(lc), AccessExclusiveLock, ACTION_DROP_FOREIGN_KEY);
	migrate_names_remove(producer->foresight->made, key);
}

/*
 * DROP of what has a name of its own, or of what belongs to a table.
 */
void
migrate_facts_drop(Producer *producer, const DropStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		List	   *names = IsA(lfirst(lc), List) ? lfirst(lc) : NIL;
		RangeVar   *name;

		switch (stmt->removeType)
		{
			case OBJECT_INDEX:
				drop_index(producer, stmt,
						   RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true));
				break;
			case OBJECT_TABLE:
			case OBJECT_VIEW:
			case OBJECT_MATVIEW:
				name = makeRangeVarFromNameList(names);
				if (OidIsValid(migrate_fact_lookup(producer, name)))
					drop_relation(producer, stmt, migrate_fact_lookup(producer, name));
				else
					drop_new(producer, name);
				break;
			case OBJECT_STATISTIC_EXT:
				drop_statistics(producer, names);
				break;
			case OBJECT_TRIGGER:
			case OBJECT_POLICY:
			case OBJECT_RULE:
				names = list_copy_head(names, list_length(names) - 1);
				(void) migrate_fact_name(producer, makeRangeVarFromNameList(names),
										 AccessExclusiveLock, 0);
				break;
			default:
				if (stmt->behavior == DROP_CASCADE)
					migrate_facts_cascade_from(producer, stmt->removeType, lfirst(lc));
				break;
		}
	}
}

static void
truncate_relation(Producer *producer, Oid relid, bool inh)
{
	MigrateRelationFact *fact = migrate_fact_add(producer, relid, AccessExclusiveLock, ACTION_TRUNCATE);

	if (fact == NULL)
		return;
	fact->rewritten = fact->kind != RELKIND_PARTITIONED_TABLE;
	if (inh)
		migrate_fact_children(producer, relid, AccessExclusiveLock, true, false);
}

/*
 * From now on, a table has no rows.
 */
static void
mark_empty(Producer *producer)
{
	ListCell   *lc;

	foreach(lc, producer->facts->relations)
	{
		MigrateRelationFact *fact = lfirst(lc);

		migrate_planned_relation(producer->foresight, fact->relid)->emptied = true;
	}
}

/*
 * TRUNCATE, and the tables that CASCADE reaches.
 */
void
migrate_facts_truncate(Producer *producer, const TruncateStmt *stmt)
{
	List	   *relids = NIL;
	List	   *only = NIL;
	ListCell   *lc;

	foreach(lc, stmt->relations)
	{
		const RangeVar *name = lfirst_node(RangeVar, lc);
		Oid			relid = migrate_fact_lookup(producer, name);

		if (!OidIsValid(relid))
			continue;
		relids = list_append_unique_oid(relids, relid);
		if (!name->inh)
			only = lappend_oid(only, relid);
	}
	while (relids != NIL && stmt->behavior == DROP_CASCADE)
	{
		List	   *more = list_difference_oid(heap_truncate_find_FKs(relids), relids);

		if (more == NIL)
			break;
		relids = list_concat_unique_oid(relids, more);
	}
	foreach(lc, relids)
		truncate_relation(producer, lfirst_oid(lc), !list_member_oid(only, lfirst_oid(lc)));
	mark_empty(producer);
}

/*
 * Is the name one that statements of applications have?
 */
static bool
renames_what_is_used(const RenameStmt *stmt)
{
	return stmt->renameType == OBJECT_TABLE || stmt->renameType == OBJECT_COLUMN ||
		stmt->renameType == OBJECT_MATVIEW;
}

/*
 * RENAME of a schema, and so of all that is in it.
 */
static void
rename_schema(Producer *producer, const RenameStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, migrate_relations_of_schema(stmt->subname))
	{
		Oid			relid = lfirst_oid(lc);

		if (migrate_fact_add(producer, relid, AccessShareLock, ACTION_RENAME) != NULL)
			migrate_fact_rename(producer, relid, stmt->newname,
								migrate_planned_relation(producer->foresight, relid)->name);
	}
}

/*
 * RENAME of a relation, or of a part of one.
 */
void
migrate_facts_rename(Producer *producer, const RenameStmt *stmt)
{
	Oid			relid;
	bool		column = stmt->renameType == OBJECT_COLUMN;

	if (stmt->renameType == OBJECT_SCHEMA)
		rename_schema(producer, stmt);
	if (stmt->relation == NULL || stmt->renameType == OBJECT_INDEX)
		return;
	relid = migrate_fact_lookup(producer, stmt->relation);
	if (migrate_fact_add(producer, relid, AccessExclusiveLock, renames_what_is_used(stmt) ?
						 ACTION_RENAME : 0) == NULL)
		return;
	if (column && stmt->relation->inh)
		migrate_fact_children(producer, relid, AccessExclusiveLock, false, false);
	if (stmt->renameType == OBJECT_TABLE || stmt->renameType == OBJECT_VIEW ||
		stmt->renameType == OBJECT_MATVIEW)
		migrate_fact_rename(producer, relid, stmt->relation->schemaname, stmt->newname);
}

/*
 * SET SCHEMA.
 */
void
migrate_facts_set_schema(Producer *producer, const AlterObjectSchemaStmt *stmt)
{
	Oid			relid = stmt->relation ? migrate_fact_lookup(producer, stmt->relation) : InvalidOid;

	if (migrate_fact_add(producer, relid, AccessExclusiveLock, ACTION_RENAME) != NULL)
		migrate_fact_rename(producer, relid, stmt->newschema,
							migrate_planned_relation(producer->foresight, relid)->name);
}
