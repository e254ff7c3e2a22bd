/*-------------------------------------------------------------------------
 *
 * table.c
 *		Inserts and deletes rows of the tables of the schema "migrate".
 *
 * A run records every migration, and starting the executor for a statement takes
 * longer than writing its rows.  So they are written as the apply worker of logical
 * replication writes rows, which keeps constraints, indexes and triggers.
 *
 * Follows core's src/backend/replication/logical/worker.c, and for CHECK constraints
 * ExecRelCheck() in src/backend/executor/execMain.c (PostgreSQL 15).
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/table.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "history/history.h"
#include "history/owner_query.h"
#include "history/table.h"
#include "util/compat.h"
#include "util/printable.h"

#define MAX_KEYS	3
/* so many CHECK constraints are kept: all tables together have seven */
#define MAX_CHECKS	16

struct MigrateTable
{
	Relation	rel;
	Oid			index;			/* InvalidOid: none, or it is gone */
	Oid			sequence;
	EState	   *estate;
	ResultRelInfo *info;
	TupleTableSlot *slot;
	IndexScanDesc lookup;		/* of migrate_table_has(), or NULL */
};

/*
 * A CHECK constraint of a table, as pg_constraint has it, and parsed.
 */
typedef struct ParsedCheck
{
	MemoryContext context;
	char	   *source;
	Expr	   *expr;
	ExprState  *state;			/* ready for any row, or NULL */
} ParsedCheck;

/* those that this session has met; one of another text replaces the oldest */
static ParsedCheck checks[MAX_CHECKS];
static int	next_check = 0;
static int	last_check = 0;		/* found last */

/*
 * Call "body", which may open tables and change them, as their owner.  What a run has
 * kept to be written comes first.
 */
void
migrate_write_tables(void (*body) (void *arg), void *arg)
{
	migrate_recorder_flush();
	migrate_as_owner(false, body, arg);
}

static void
refuse_table(const char *name)
{
	migrate_require_version();
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"migrate.%s\" is not as the extension has created it", name),
			 errhint("Undo what ALTER TABLE has changed, and leave the tables of the extension as it creates them.")));
}

/*
 * Its columns are those that we know; a later version may have added some at the end.
 */
static void
check_columns(const MigrateTableDef *def, TupleDesc desc)
{
	for (int i = 0; def->columns[i] != NULL; i++)
	{
		if (i >= desc->natts || TupleDescAttr(desc, i)->attisdropped ||
			strcmp(NameStr(TupleDescAttr(desc, i)->attname), def->columns[i]) != 0)
			refuse_table(def->name);
	}
}

static Oid
relation_of(Oid schema, const char *name)
{
	return name ? get_relname_relid(name, schema) : InvalidOid;
}

static Relation
open_relation(Oid schema, const MigrateTableDef *def, LOCKMODE lock)
{
	Oid			relid = relation_of(schema, def->name);
	Relation	rel;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"migrate.%s\" does not exist", def->name)));
	rel = table_open(relid, lock);
	if (rel->rd_rel->relkind != RELKIND_RELATION)
		refuse_table(def->name);
	check_columns(def, RelationGetDescr(rel));
	return rel;
}

/*
 * Open a table to change it; of several, the last one is closed first.  The
 * executor's state is in the current memory context.  Errors: 55000 if its columns
 * are others than expected, 42P01 if it does not exist.
 */
MigrateTable *
migrate_table_open(const MigrateTableDef *def)
{
	MigrateTable *table = palloc0(sizeof(MigrateTable));
	Oid			schema = get_namespace_oid("migrate", false);

	table->rel = open_relation(schema, def, RowExclusiveLock);
	table->index = relation_of(schema, def->index);
	table->sequence = relation_of(schema, def->sequence);
	table->estate = CreateExecutorState();
	table->info = makeNode(ResultRelInfo);
	InitResultRelInfo(table->info, table->rel, 0, NULL, 0);
	ExecOpenIndices(table->info, false);
	table->slot = table_slot_create(table->rel, &table->estate->es_tupleTable);
	AfterTriggerBeginQuery();
	return table;
}

/*
 * The next number of the column "id".
 */
int64
migrate_table_next_id(const MigrateTable *table)
{
	return nextval_internal(table->sequence, false);
}

static bool
is_not_built_in(Oid function, void *context)
{
	return function >= FirstGenbkiObjectId;
}

/*
 * Is an expression more than functions of the server on columns and constants?  Those do
 * not change, and keep nothing between two calls.
 */
static bool
has_more_than_built_in(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_RelabelType:
		case T_List:
			break;
		default:
			return true;
	}
	return check_functions_in_node(node, is_not_built_in, NULL) ||
		expression_tree_walker(node, has_more_than_built_in, context);
}

/*
 * A CHECK constraint.  It is kept, since a run writes a few rows in each of many
 * transactions, and parsing takes as long as writing them, and so does preparing.
 */
static const ParsedCheck *
parsed_check(const char *source)
{
	ParsedCheck check;
	MemoryContext old;

	/* those of a table come in the same order each time */
	for (int i = 1; i <= MAX_CHECKS; i++)
	{
		int			number = (last_check + i) % MAX_CHECKS;

		if (checks[number].source != NULL && strcmp(checks[number].source, source) == 0)
		{
			last_check = number;
			return &checks[number];
		}
	}
	check.context = AllocSetContextCreate(CurrentMemoryContext, "migrate check",
										  ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(check.context);
	check.source = pstrdup(source);
	check.expr = stringToNode(source);
	check.state = has_more_than_built_in((Node *) check.expr, NULL) ? NULL :
		ExecInitExpr(expression_planner(check.expr), NULL);
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(check.context, TopMemoryContext);
	if (checks[next_check].context != NULL)
		MemoryContextDelete(checks[next_check].context);
	checks[next_check] = check;
	last_check = next_check;
	next_check = (next_check + 1) % MAX_CHECKS;
	return &checks[last_check];
}

/*
 * Prepare the CHECK constraints of a table, as ExecRelCheck() does for the first row, which
 * then finds them.  It does so itself where there is more to it.
 */
static void
prepare_checks(MigrateTable *table)
{
	const TupleConstr *constr = RelationGetDescr(table->rel)->constr;
	int			n = constr ? constr->num_check : 0;
	ExprState **exprs;

	for (int i = 0; i < n; i++)
		if (!migrate_check_is_plain(constr, i))
			return;
	if (n == 0)
		return;
	exprs = MemoryContextAllocZero(table->estate->es_query_cxt, n * sizeof(ExprState *));
	for (int i = 0; i < n; i++)
	{
		const ParsedCheck *check = parsed_check(constr->check[i].ccbin);

		exprs[i] = check->state ? check->state : ExecPrepareExpr(check->expr, table->estate);
	}
	*migrate_check_exprs(table->info) = exprs;
}

/*
 * Insert a row: values for the columns that we know, others are null.
 */
void
migrate_table_insert(MigrateTable *table, const MigrateParameters *row)
{
	int			natts = RelationGetDescr(table->rel)->natts;

	ExecClearTuple(table->slot);
	memset(table->slot->tts_isnull, true, natts * sizeof(bool));
	for (int i = 0; i < row->n; i++)
	{
		table->slot->tts_values[i] = row->values[i];
		table->slot->tts_isnull[i] = row->nulls[i] == 'n';
	}
	ExecStoreVirtualTuple(table->slot);
	if (*migrate_check_exprs(table->info) == NULL)
		prepare_checks(table);
	ExecSimpleRelationInsert(table->info, table->estate, table->slot);
	ResetPerTupleExprContext(table->estate);
}

static void
init_key(ScanKey key, Relation rel, AttrNumber number, Datum value)
{
	Form_pg_attribute column = TupleDescAttr(RelationGetDescr(rel), number - 1);

	ScanKeyEntryInitialize(key, 0, number, BTEqualStrategyNumber, InvalidOid, column->attcollation,
						   column->atttypid == BYTEAOID ? F_BYTEAEQ : F_TEXTEQ, value);
}

/*
 * Fill in keys to look for rows: "values" are those of the columns with these numbers,
 * text or bytea, by which the index finds them.
 */
static void
fill_keys(ScanKeyData *keys, Relation rel, const AttrNumber *columns, const Datum *values, int ncolumns)
{
	Assert(ncolumns <= MAX_KEYS);
	for (int i = 0; i < ncolumns; i++)
		init_key(&keys[i], rel, columns[i], values[i]);
}

/*
 * Begin to look for rows, as fill_keys().
 */
static SysScanDesc
begin_scan(Relation rel, Oid index, Snapshot snapshot, const AttrNumber *columns, const Datum *values,
		   int ncolumns)
{
	ScanKeyData keys[MAX_KEYS];

	fill_keys(keys, rel, columns, values, ncolumns);
	return systable_beginscan(rel, index, OidIsValid(index), snapshot, ncolumns, keys);
}

/*
 * The index of a table, if it is open and finds rows by the value of a column; NULL else.
 */
static Relation
index_on(const MigrateTable *table, AttrNumber column)
{
	for (int i = 0; i < table->info->ri_NumIndices; i++)
	{
		Relation	index = table->info->ri_IndexRelationDescs[i];

		if (RelationGetRelid(index) == table->index)
			return index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisvalid &&
				index->rd_index->indkey.values[0] == column &&
				RelationGetIndexPredicate(index) == NIL ? index : NULL;
	}
	return NULL;
}

/*
 * Is there a row that has such a value, text or bytea, in the column, the first of the
 * index?  Rows that this transaction has just inserted count.
 */
bool
migrate_table_has(MigrateTable *table, AttrNumber column, Datum value)
{
	ScanKeyData key;
	Relation	index = index_on(table, column);
	bool		found;

	if (index == NULL)
	{
		SysScanDesc scan = begin_scan(table->rel, InvalidOid, SnapshotSelf, &column, &value, 1);

		found = HeapTupleIsValid(systable_getnext(scan));
		systable_endscan(scan);
		return found;
	}
	init_key(&key, table->rel, column, value);
	key.sk_attno = 1;
	if (table->lookup == NULL)
		table->lookup = migrate_index_beginscan(table->rel, index, SnapshotSelf, 1);
	index_rescan(table->lookup, &key, 1, NULL, 0);
	found = index_getnext_slot(table->lookup, ForwardScanDirection, table->slot);
	ExecClearTuple(table->slot);
	return found;
}

/*
 * Delete the row with such values; false if it is not there.
 */
bool
migrate_table_delete(MigrateTable *table, const AttrNumber *columns, const Datum *values, int ncolumns)
{
	SysScanDesc scan = begin_scan(table->rel, table->index, NULL, columns, values, ncolumns);
	HeapTuple	tuple = systable_getnext(scan);
	EPQState	epqstate;

	if (HeapTupleIsValid(tuple))
	{
		ExecForceStoreHeapTuple(tuple, table->slot, false);
		table->slot->tts_tid = tuple->t_self;
		migrate_epq_init(&epqstate, table->estate);
		ExecSimpleRelationDelete(table->info, table->estate, &epqstate, table->slot);
		EvalPlanQualEnd(&epqstate);
		ExecClearTuple(table->slot);
		ResetPerTupleExprContext(table->estate);
	}
	systable_endscan(scan);
	return HeapTupleIsValid(tuple);
}

/*
 * All is done with a table; it stays locked until the end of the transaction.
 */
void
migrate_table_close(MigrateTable *table)
{
	AfterTriggerEndQuery(table->estate);
	if (table->lookup != NULL)
		index_endscan(table->lookup);
	ExecCloseIndices(table->info);
	ExecResetTupleTable(table->estate->es_tupleTable, false);
	FreeExecutorState(table->estate);
	table_close(table->rel, NoLock);
	pfree(table);
}

/*
 * Call "receive" with each row that has such values, as the active snapshot sees it and
 * what this transaction has done so far; in no order.  The values of a row are good
 * until the next one.  To be called as the owner of the table; errors are those of
 * migrate_table_open().
 */
void
migrate_table_read(const MigrateTableDef *def, const AttrNumber *columns, const Datum *values,
				   int ncolumns,
				   void (*receive) (void *arg, const Datum *values, const bool *nulls), void *arg)
{
	Oid			schema = get_namespace_oid("migrate", false);
	Relation	rel = open_relation(schema, def, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	Datum	   *row = palloc(desc->natts * sizeof(Datum));
	bool	   *nulls = palloc(desc->natts * sizeof(bool));
	SysScanDesc scan;
	HeapTuple	tuple;

	CommandCounterIncrement();
	PushCopiedSnapshot(GetActiveSnapshot());
	UpdateActiveSnapshotCommandId();
	scan = begin_scan(rel, relation_of(schema, def->index), GetActiveSnapshot(), columns, values,
					  ncolumns);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		heap_deform_tuple(tuple, desc, row, nulls);
		receive(arg, row, nulls);
	}
	systable_endscan(scan);
	PopActiveSnapshot();
	pfree(row);
	pfree(nulls);
	table_close(rel, AccessShareLock);
}

/*
 * A table that is read in the order of its index.
 */
struct MigrateTableScan
{
	Relation	rel;
	Relation	index;
	Snapshot	snapshot;
	SysScanDesc scan;
	MemoryContext context;		/* in which the scan may allocate */
	Datum	   *values;
	bool	   *nulls;
};

/*
 * Begin to read the rows of a table that have such values, which may be none, in the
 * order of its index: what is committed ("latest"), or what the active snapshot sees;
 * either with what this transaction has done so far.  Anybody may call this, and no
 * one's code runs.  Errors are those of migrate_table_open(), and 55000 if the index is
 * gone.
 */
MigrateTableScan *
migrate_table_scan_begin(const MigrateTableDef *def, const AttrNumber *columns, const Datum *values,
						 int ncolumns, bool latest)
{
	ScanKeyData keys[MAX_KEYS];
	MigrateTableScan *scan = palloc0(sizeof(MigrateTableScan));
	Oid			schema = get_namespace_oid("migrate", false);
	Oid			index;

	scan->rel = open_relation(schema, def, AccessShareLock);
	index = relation_of(schema, def->index);
	if (!OidIsValid(index))
		refuse_table(def->name);
	scan->index = index_open(index, AccessShareLock);
	CommandCounterIncrement();
	if (latest)
		scan->snapshot = RegisterSnapshot(GetLatestSnapshot());
	else
	{
		PushCopiedSnapshot(GetActiveSnapshot());
		UpdateActiveSnapshotCommandId();
		scan->snapshot = RegisterSnapshot(GetActiveSnapshot());
		PopActiveSnapshot();
	}
	scan->context = CurrentMemoryContext;
	scan->values = palloc(RelationGetDescr(scan->rel)->natts * sizeof(Datum));
	scan->nulls = palloc(RelationGetDescr(scan->rel)->natts * sizeof(bool));
	fill_keys(keys, scan->rel, columns, values, ncolumns);
	scan->scan = systable_beginscan_ordered(scan->rel, scan->index, scan->snapshot, ncolumns, keys);
	return scan;
}

/*
 * The values of the next row, and which are null (*nulls), good until the next call;
 * NULL after the last one.
 */
const Datum *
migrate_table_scan_next(MigrateTableScan *scan, const bool **nulls)
{
	MemoryContext old = MemoryContextSwitchTo(scan->context);
	HeapTuple	tuple = systable_getnext_ordered(scan->scan, ForwardScanDirection);

	MemoryContextSwitchTo(old);
	if (!HeapTupleIsValid(tuple))
		return NULL;
	heap_deform_tuple(tuple, RelationGetDescr(scan->rel), scan->values, scan->nulls);
	*nulls = scan->nulls;
	return scan->values;
}

void
migrate_table_scan_end(MigrateTableScan *scan)
{
	systable_endscan_ordered(scan->scan);
	UnregisterSnapshot(scan->snapshot);
	index_close(scan->index, AccessShareLock);
	table_close(scan->rel, AccessShareLock);
	pfree(scan->values);
	pfree(scan->nulls);
	pfree(scan);
}
