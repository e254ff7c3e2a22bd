/*-------------------------------------------------------------------------
 *
 * copy.c
 *		Runs COPY ... FROM STDIN on rows that are in the script.
 *
 * Core would ask the client for the rows.  So this does what core does around
 * BeginCopyFrom() and CopyFrom(), with a source of its own.  Extensions that hook
 * into utility statements do not see it.  Where one keeps the rows of a table
 * elsewhere, they are written with INSERT, see distributed.c.
 *
 * Follows core's DoCopy().
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/copy.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/copy.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "execute/execute_int.h"
#include "util/compat.h"
#include "util/printable.h"

/*
 * The rows not read yet.  Core's callback that reads them has no argument for
 * private data.
 */
typedef struct Rows
{
	const char *next;
	const char *end;
} Rows;

static Rows rows =
{
	NULL, NULL
};

static int
read_rows(void *buffer, int minimum, int maximum)
{
	int			length = Min(maximum, rows.end - rows.next);

	CHECK_FOR_INTERRUPTS();
	memcpy(buffer, rows.next, length);
	rows.next += length;
	return length;
}

/*
 * The rows have the encoding of the database, like the rest of the script, whatever
 * client_encoding or the statement says.
 *
 * FREEZE requires that no snapshot is held, but the caller's statement holds one
 * unless the run commits.  FREEZE is then ignored; the rows are the same.
 */
static List *
change_options(List *options, bool commits)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "encoding") != 0 &&
			(commits || strcmp(option->defname, "freeze") != 0))
			result = lappend(result, option);
	}
	return lappend(result, makeDefElem("encoding",
									   (Node *) makeString(pstrdup(GetDatabaseEncodingName())), -1));
}

/*
 * Generated columns are not computed yet when the condition is tested.
 */
static void
refuse_generated_columns(Relation rel, Node *condition)
{
	Bitmapset  *attributes = NULL;
	TupleDesc	desc = RelationGetDescr(rel);
	bool		whole_row;

	pull_varattnos(condition, 1, &attributes);
	whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attributes);
	for (int i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attgenerated &&
			(whole_row || bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, attributes)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
					 errmsg("generated columns are not supported in COPY FROM WHERE conditions"),
					 errdetail("Column \"%s\" is a generated column.",
							   NameStr(TupleDescAttr(desc, i)->attname))));
	}
}

/*
 * The condition of WHERE, in the form that BeginCopyFrom() expects; NULL for none.
 */
static Node *
transform_condition(ParseState *pstate, ParseNamespaceItem *item, Relation rel, Node *where)
{
	Node	   *condition;

	if (where == NULL)
		return NULL;
	addNSItemToQuery(pstate, item, false, true, true);
	condition = transformExpr(pstate, where, EXPR_KIND_COPY_WHERE);
	condition = coerce_to_boolean(pstate, condition, "WHERE");
	assign_expr_collations(pstate, condition);
	refuse_generated_columns(rel, condition);
	condition = eval_const_expressions(NULL, condition);
	condition = (Node *) canonicalize_qual((Expr *) condition, false);
	return (Node *) make_ands_implicit((Expr *) condition);
}

/*
 * Refuse what the current role may not do, or not in this transaction.
 */
static void
check_permissions(ParseState *pstate, ParseNamespaceItem *item, Relation rel, const CopyStmt *stmt)
{
	Bitmapset  *columns = NULL;
	ListCell   *lc;

	foreach(lc, CopyGetAttnums(RelationGetDescr(rel), rel, stmt->attlist))
	{
		columns = bms_add_member(columns, lfirst_int(lc) - FirstLowInvalidHeapAttributeNumber);
	}
	migrate_check_insert(pstate, item, columns);
	if (check_enable_rls(RelationGetRelid(rel), InvalidOid, false) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("COPY FROM not supported with row-level security"),
				 errhint("Use INSERT statements instead.")));
	if (XactReadOnly && !rel->rd_islocaltemp)
		PreventCommandIfReadOnly("COPY FROM");
}

/*
 * Read all rows into an opened table.
 */
static uint64
copy_from(ParseState *pstate, Relation rel, Node *condition, const CopyStmt *stmt, List *options,
		  const char *sql, int length)
{
	Rows		outer = rows;
	bool		distributed = migrate_is_distributed(RelationGetRelid(rel));
	volatile uint64 processed = 0;

	if (distributed)
		migrate_refuse_distributed_copy(rel, stmt);

	rows.next = sql;
	rows.end = sql + length;
	PG_TRY();
	{
		CopyFromState state = BeginCopyFrom(pstate, rel, condition, NULL, false, read_rows,
											stmt->attlist, options);

		processed = distributed ? migrate_insert_copied(state, rel, stmt->attlist) : CopyFrom(state);
		EndCopyFrom(state);
	}
	PG_FINALLY();
	{
		rows = outer;
	}
	PG_END_TRY();
	return processed;
}

/*
 * Run COPY ... FROM STDIN, in the current transaction and memory context, inside of an
 * SPI connection.  Returns the number of rows.
 *
 * "query" is its text, "sql" its rows, which are "length" bytes.  "commits" as
 * in MigrateErrorContext.  Errors: those of core's COPY.
 */
uint64
migrate_copy_rows(const char *query, const char *sql, int length, bool commits)
{
	CopyStmt   *stmt = castNode(CopyStmt, linitial_node(RawStmt, pg_parse_query(query))->stmt);
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *item;
	Node	   *condition;
	Relation	rel;
	uint64		processed;

	CommandCounterIncrement();
	pstate->p_sourcetext = query;
	PushActiveSnapshot(GetTransactionSnapshot());
	rel = table_openrv(stmt->relation, RowExclusiveLock);
	item = addRangeTableEntryForRelation(pstate, rel, RowExclusiveLock, NULL, false, false);
	migrate_require_insert(item);
	condition = transform_condition(pstate, item, rel, stmt->whereClause);
	check_permissions(pstate, item, rel, stmt);
	processed = copy_from(pstate, rel, condition, stmt, change_options(stmt->options, commits), sql, length);
	table_close(rel, NoLock);
	free_parsestate(pstate);
	PopActiveSnapshot();
	CommandCounterIncrement();
	return processed;
}
