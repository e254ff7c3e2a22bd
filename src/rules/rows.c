/*-------------------------------------------------------------------------
 *
 * rows.c
 *		Statements that read or change many rows.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/rows.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "nodes/parsenodes.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "miscadmin.h"
#include "rewrite/prs2lock.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

/*
 * Does an index of the table begin with the column?
 */
static bool
leads_index(Relation rel, const Node *node)
{
	Node	   *field;
	AttrNumber	attnum;
	bool		leads = false;
	ListCell   *lc;

	if (node == NULL || !IsA(node, ColumnRef))
		return false;
	field = llast(((const ColumnRef *) node)->fields);
	attnum = IsA(field, String) ? get_attnum(RelationGetRelid(rel), strVal(field)) : InvalidAttrNumber;
	if (attnum == InvalidAttrNumber)
		return false;
	foreach(lc, RelationGetIndexList(rel))
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(lc)));

		if (!HeapTupleIsValid(tuple))
			continue;
		leads |= ((Form_pg_index) GETSTRUCT(tuple))->indkey.values[0] == attnum;
		ReleaseSysCache(tuple);
	}
	return leads;
}

/*
 * May an index find the rows of a condition?  The planner is not asked, for it would
 * take the lock of the statement: a comparison of the first column of an index is
 * enough here.
 */
static bool
may_use_index(Relation rel, const Node *where)
{
	ListCell   *lc;

	check_stack_depth();
	if (where == NULL)
		return false;
	if (IsA(where, BoolExpr) && ((const BoolExpr *) where)->boolop == AND_EXPR)
	{
		foreach(lc, ((const BoolExpr *) where)->args)
		{
			if (may_use_index(rel, lfirst(lc)))
				return true;
		}
		return false;
	}
	if (IsA(where, SubLink))
		return leads_index(rel, ((const SubLink *) where)->testexpr);
	return IsA(where, A_Expr) && (leads_index(rel, ((const A_Expr *) where)->lexpr) ||
								  leads_index(rel, ((const A_Expr *) where)->rexpr));
}

/*
 * Views that are gone through, each once: those that join another one several times, and
 * so on, would take twice as long with each level.
 */
typedef struct Views
{
	Producer   *producer;
	LOCKMODE	lock;			/* that their tables get ... */
	bool		scans;			/* ... which are read as a whole */
	HTAB	   *seen;			/* of Oid */
} Views;

static void tables_of_view(Views *views, Oid view);

/*
 * The tables of a view's query.
 */
static void
tables_of_query(Views *views, const Query *query, Oid view)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, query->cteList)
		tables_of_query(views, castNode(Query, lfirst_node(CommonTableExpr, lc)->ctequery), view);
	foreach(lc, query->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		MigrateRelationFact *fact;

		CHECK_FOR_INTERRUPTS();
		if (rte->rtekind == RTE_SUBQUERY && rte->subquery != NULL && !OidIsValid(rte->relid))
			tables_of_query(views, rte->subquery, view);
		if (rte->rtekind != RTE_RELATION || rte->relid == view)
			continue;
		fact = migrate_fact_add(views->producer, rte->relid, views->lock, 0);
		if (fact == NULL)
			continue;
		if (fact->kind == RELKIND_VIEW)
			tables_of_view(views, rte->relid);
		else if (views->scans && !fact->emptied && fact->kind != RELKIND_PARTITIONED_TABLE)
			fact->scanned = true;
	}
}

static void
tables_of_view(Views *views, Oid view)
{
	Relation	rel;
	bool		found;

	(void) hash_search(views->seen, &view, HASH_ENTER, &found);
	rel = found ? NULL : migrate_fact_open(view);
	if (rel == NULL)
		return;
	if (rel->rd_rules != NULL)
	{
		for (int i = 0; i < rel->rd_rules->numLocks; i++)
		{
			if (rel->rd_rules->rules[i]->event == CMD_SELECT)
				tables_of_query(views, linitial_node(Query, rel->rd_rules->rules[i]->actions), view);
		}
	}
	table_close(rel, AccessShareLock);
}

/*
 * Note the relations that the query of a view or a materialized view reads.  Each gets
 * "lock", and is read as a whole if "scans".
 */
void
migrate_facts_of_view(Producer *producer, Oid view, LOCKMODE lock, bool scans)
{
	HASHCTL		ctl = {.keysize = sizeof(Oid),.entrysize = sizeof(Oid),.hcxt = CurrentMemoryContext};
	Views		views = {producer, lock, scans};

	views.seen = hash_create("migrate views", 32, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	tables_of_view(&views, view);
	hash_destroy(views.seen);
}

/*
 * UPDATE and DELETE.
 */
void
migrate_facts_rows(Producer *producer, const RangeVar *relation, const Node *where)
{
	MigrateRelationFact *fact = migrate_fact_name(producer, relation, RowExclusiveLock, 0);
	Relation	rel;
	bool		scans;

	if (fact == NULL)
		return;
	if (fact->kind == RELKIND_VIEW)
		migrate_facts_of_view(producer, fact->relid, RowExclusiveLock, where == NULL);
	rel = migrate_fact_open(fact->relid);
	if (rel == NULL)
		return;
	scans = !may_use_index(rel, where);
	table_close(rel, AccessShareLock);
	if (!scans || fact->emptied)
		return;
	fact->actions |= ACTION_CHANGE_ALL;
	fact->scanned = fact->kind == RELKIND_RELATION;
	if (relation->inh)
		migrate_fact_children(producer, fact->relid, RowExclusiveLock, false, true);
}

static bool
has_index(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool		result = HeapTupleIsValid(tuple) && ((Form_pg_class) GETSTRUCT(tuple))->relhasindex;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

/*
 * REFRESH MATERIALIZED VIEW.
 */
void
migrate_facts_refresh(Producer *producer, const RefreshMatViewStmt *stmt)
{
	MigrateRelationFact *fact =
		migrate_fact_name(producer, stmt->relation, stmt->concurrent ? ExclusiveLock : AccessExclusiveLock,
						  stmt->concurrent ? 0 : ACTION_REFRESH);

	if (fact == NULL)
		return;
	fact->rewritten = !stmt->concurrent;
	/* the new rows are read for an index, or compared with the old ones */
	fact->scanned = !stmt->skipData && (stmt->concurrent || has_index(fact->relid));
	if (stmt->skipData)
		return;
	migrate_facts_of_view(producer, fact->relid, AccessShareLock, true);
}
