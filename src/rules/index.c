/*-------------------------------------------------------------------------
 *
 * index.c
 *		Indexes that are built.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/index.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "catalog/pg_index.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

static Oid
collation_of(Oid relid, AttrNumber attnum)
{
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(relid, attnum, &type, &typmod, &collation);
	return collation;
}

/*
 * Is an index of this access method, and has each of its columns the default operator class, collation and order?
 */
static bool
has_default_options(Oid index, Oid am)
{
	Relation	rel = migrate_fact_open(index);
	bool		has;

	if (rel == NULL)
		return false;
	has = rel->rd_rel->relam == am;
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(rel); i++)
	{
		AttrNumber	attnum = rel->rd_index->indkey.values[i];
		Oid			type = get_atttype(rel->rd_index->indrelid, attnum);
		Oid			class = GetDefaultOpClass(type, rel->rd_rel->relam);

		has &= rel->rd_indoption[i] == 0 && OidIsValid(class) &&
			get_opclass_family(class) == rel->rd_opfamily[i] &&
			rel->rd_indcollation[i] == collation_of(rel->rd_index->indrelid, attnum);
	}
	relation_close(rel, AccessShareLock);
	return has;
}

/*
 * The names of the columns of a new index; NIL if it has expressions, or options that
 * make it another than a plain one.
 */
static List *
plain_columns(const IndexStmt *stmt)
{
	List	   *columns = NIL;
	ListCell   *lc;

	if (stmt->whereClause != NULL)
		return NIL;
	foreach(lc, stmt->indexParams)
	{
		const IndexElem *element = lfirst_node(IndexElem, lc);

		if (element->name == NULL)
			return columns;
		columns = lappend(columns, makeString(element->name));
	}
	return columns;
}

/*
 * Is a new index the same as one that is there?
 */
static bool
is_same_index(const IndexStmt *stmt, const List *columns, Oid index, Oid am)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	bool		same;
	ListCell   *lc;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_index) GETSTRUCT(tuple);
	same = form->indisvalid && form->indnatts == list_length(columns) &&
		(form->indisunique || !stmt->unique) &&
		heap_attisnull(tuple, Anum_pg_index_indexprs, NULL) &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
	foreach(lc, same ? columns : NIL)
	{
		const char *name = get_attname(form->indrelid, form->indkey.values[foreach_current_index(lc)], true);
		const IndexElem *element = list_nth_node(IndexElem, stmt->indexParams, foreach_current_index(lc));

		same &= name != NULL && strcmp(name, strVal(lfirst(lc))) == 0 && element->collation == NIL &&
			element->opclass == NIL && element->ordering == SORTBY_DEFAULT &&
			element->nulls_ordering == SORTBY_NULLS_DEFAULT;
	}
	ReleaseSysCache(tuple);
	return same && has_default_options(index, am);
}

/*
 * Remember the columns of a new index, and whether there is one like it.
 */
static void
note_columns(Producer *producer, const MigrateRelationFact *fact, const IndexStmt *stmt)
{
	List	   *columns = plain_columns(stmt);
	Relation	rel;
	ListCell   *lc;

	if (columns == NIL)
		return;
	migrate_note_index(producer, fact->relid, columns);
	if (list_length(columns) != list_length(stmt->indexParams) || stmt->indexIncludingParams != NIL)
		return;
	rel = migrate_fact_open(fact->relid);
	if (rel == NULL)
		return;
	foreach(lc, RelationGetIndexList(rel))
	{
		if (is_same_index(stmt, columns, lfirst_oid(lc), get_index_am_oid(stmt->accessMethod, true)))
			migrate_open_point(producer, fact, ACTION_DUPLICATE_INDEX, get_rel_name(lfirst_oid(lc)), NIL);
	}
	table_close(rel, AccessShareLock);
}

/*
 * CREATE INDEX.
 */
void
migrate_facts_index(Producer *producer, const IndexStmt *stmt)
{
	Oid			relid = migrate_fact_lookup(producer, stmt->relation);
	LOCKMODE	lock = stmt->concurrent ? ShareUpdateExclusiveLock : ShareLock;
	MigrateRelationFact *fact = migrate_fact_add(producer, relid, lock, 0);
	bool		only;

	if (fact == NULL)
		return;
	if (stmt->if_not_exists && stmt->idxname != NULL &&
		OidIsValid(get_relname_relid(stmt->idxname, get_rel_namespace(relid))))
		return;
	note_columns(producer, fact, stmt);
	only = fact->kind == RELKIND_PARTITIONED_TABLE && !stmt->relation->inh;
	if (fact->kind != RELKIND_PARTITIONED_TABLE)
		fact->scanned = !fact->emptied;
	if (!stmt->concurrent && !only)
		fact->actions |= ACTION_INDEX;
	if (fact->kind == RELKIND_PARTITIONED_TABLE && !only)
		migrate_fact_children(producer, relid, lock, false, true);
}

static bool
has_option(const List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, name) == 0)
			return defGetBoolean(option);
	}
	return false;
}

/*
 * REINDEX of an index or of a table.
 */
void
migrate_facts_reindex(Producer *producer, const ReindexStmt *stmt)
{
	bool		concurrently = has_option(stmt->params, "concurrently");
	MigrateRelationFact *fact;
	Oid			relid;

	if (stmt->relation == NULL)
	{
		migrate_fact_unknown(producer, "many relations");
		return;
	}
	relid = stmt->kind == REINDEX_OBJECT_INDEX ?
		RangeVarGetRelid(stmt->relation, NoLock, true) : migrate_fact_lookup(producer, stmt->relation);
	if (stmt->kind == REINDEX_OBJECT_INDEX && OidIsValid(relid))
	{
		const char *name = get_rel_name(relid);

		relid = IndexGetRelation(relid, true);
		migrate_note_handled(producer, relid, name);
	}
	else
		migrate_close_points(producer, relid, ACTION_INVALID_INDEX, NULL);
	fact = migrate_fact_add(producer, relid, concurrently ? ShareUpdateExclusiveLock : ShareLock,
							concurrently ? 0 : ACTION_REINDEX);
	if (fact == NULL)
		return;
	fact->scanned = fact->kind != RELKIND_PARTITIONED_TABLE && !fact->emptied;
	if (fact->kind == RELKIND_PARTITIONED_TABLE)
		migrate_fact_children(producer, relid, fact->lock, false, true);
}
