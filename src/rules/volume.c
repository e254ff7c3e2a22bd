/*-------------------------------------------------------------------------
 *
 * volume.c
 *		Statements that may write or read many rows: as many as a large table has.
 *
 * A lock that the same transaction holds is held meanwhile.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/volume.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/namespace.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"
#include "util/guc.h"

/*
 * May one of the functions of that name return a set, or is one not core's?
 */
static bool
is_any_function(List *names)
{
	FuncCandidateList candidates = FuncnameGetCandidates(names, -1, NIL, false, false, false, true);

	if (candidates == NULL)
		return true;
	for (; candidates != NULL; candidates = candidates->next)
	{
		if (candidates->oid >= FirstNormalObjectId || get_func_retset(candidates->oid))
			return true;
	}
	return false;
}

/*
 * Does a query read a relation, or call a function that may do anything?
 */
static bool
reads_rows(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_RangeVar:
		case T_RangeFunction:
		case T_RangeTableFunc:
			return true;
		case T_FuncCall:
			if (is_any_function(((FuncCall *) node)->funcname))
				return true;
			break;
		default:
			break;
	}
	return raw_expression_tree_walker(node, reads_rows, context);
}

/*
 * Is a relation, for which the statement has facts, a large one?  If somebody has it
 * locked, it may be.
 */
static bool
is_large(const MigrateRelationFact *fact)
{
	return !fact->known || (fact->bytes > 0 && fact->bytes >= (int64) migrate_large_table * 1024);
}

static bool
changes_large(const Producer *producer)
{
	return producer->facts->relations != NIL && is_large(linitial(producer->facts->relations));
}

/*
 * Does a statement of this kind write or read many rows, apart from what its facts say?
 */
static bool
has_volume(const Producer *producer, Node *node)
{
	switch (nodeTag(node))
	{
		case T_SelectStmt:
			return reads_rows(node, NULL);
		case T_InsertStmt:
			return ((InsertStmt *) node)->withClause != NULL ||
				reads_rows(((InsertStmt *) node)->selectStmt, NULL);
		case T_UpdateStmt:
			return changes_large(producer) && (reads_rows((Node *) ((UpdateStmt *) node)->fromClause, NULL) ||
											   reads_rows(((UpdateStmt *) node)->whereClause, NULL));
		case T_DeleteStmt:
			return changes_large(producer) && (reads_rows((Node *) ((DeleteStmt *) node)->usingClause, NULL) ||
											   reads_rows(((DeleteStmt *) node)->whereClause, NULL));
		case T_CreateTableAsStmt:
			if (((CreateTableAsStmt *) node)->into->skipData)
				return false;
			node = ((CreateTableAsStmt *) node)->query;
			return !IsA(node, SelectStmt) || reads_rows(node, NULL);
		case T_CopyStmt:
			return ((CopyStmt *) node)->filename != NULL;
		case T_MergeStmt:
		case T_ExplainStmt:
			return true;
		default:
			return !producer->facts->known && producer->facts->relations == NIL;
	}
}

/*
 * Note whether a statement, whose other facts are there, may write or read many rows.
 * Rows of COPY ... FROM STDIN are not in its tree.
 */
void
migrate_facts_volume(Producer *producer, Node *node)
{
	MigrateFacts *facts = producer->facts;
	ListCell   *lc;

	foreach(lc, facts->relations)
	{
		const MigrateRelationFact *fact = lfirst(lc);

		if ((fact->scanned || fact->rewritten) && !fact->emptied && is_large(fact))
			facts->many_rows = true;
	}
	if (!facts->many_rows)
		facts->many_rows = has_volume(producer, node);
}
