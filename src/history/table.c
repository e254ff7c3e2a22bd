/*-------------------------------------------------------------------------
 *
 * table.c
 *		Inserts and deletes rows of the tables of the schema "migrate".
 *
 * A run records every migration, and starting the executor for a statement takes
 * longer than writing its rows.  So they are written as the apply worker of logical
 * replication writes rows, which keeps constraints, indexes and triggers; and many as
 * COPY FROM does, which fills a page at a time.
 *
 * Follows core's src/backend/replication/logical/worker.c, and for many rows
 * CopyMultiInsertBufferFlush() in src/backend/commands/copyfrom.c (PostgreSQL 15).
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
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "history/history.h"
#include "history/owner_query.h"
#include "history/table.h"
#include "history/table_check.h"
#include "util/compat.h"
#include "util/printable.h"

/* so many rows are inserted together */
#define MAX_ROWS	64

struct MigrateTable
{
	Relation	rel;
	Oid			index;			/* InvalidOid: none that can be used */
	Oid			sequence;
	EState	   *estate;
	ResultRelInfo *info;
	TupleTableSlot *slots[MAX_ROWS];	/* NULL: has not been needed */
	int			nrows;			/* so many have rows to insert */
	IndexScanDesc lookup;		/* of migrate_table_has(), or NULL */
};

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

/*
 * 55000 because a table is another one than the install script makes.
 */
void
migrate_refuse_table(const MigrateTableDef *def)
{
	migrate_require_version();
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"migrate.%s\" is not as the extension has created it", def->name),
			 errhint("Undo what ALTER TABLE has changed, and leave the tables of the extension as it creates them.")));
}

/*
 * Its columns are those that we know, and their values what we take them for; a later
 * version may have added some at the end.
 */
static void
check_columns(const MigrateTableDef *def, TupleDesc desc)
{
	for (int i = 0; def->columns[i].name != NULL; i++)
	{
		const MigrateColumn *column = &def->columns[i];
		Form_pg_attribute found = i < desc->natts ? TupleDescAttr(desc, i) : NULL;

		if (found == NULL || found->attisdropped || found->atttypid != column->type ||
			(column->not_null && !found->attnotnull) ||
			strcmp(NameStr(found->attname), column->name) != 0)
			migrate_refuse_table(def);
	}
}

/*
 * A row has values where its table must have them: 18 has NOT NULL constraints that are
 * not valid, which look as the others do.
 */
static void
check_nulls(const MigrateTableDef *def, const bool *nulls)
{
	for (int i = 0; def->columns[i].name != NULL; i++)
	{
		if (nulls[i] && def->columns[i].not_null)
			migrate_refuse_table(def);
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
	/* rows that a policy hides from the owner would count as none */
	if (rel->rd_rel->relkind != RELKIND_RELATION ||
		(rel->rd_rel->relrowsecurity &&
		 check_enable_rls(relid, rel->rd_rel->relowner, true) == RLS_ENABLED))
		migrate_refuse_table(def);
	check_columns(def, RelationGetDescr(rel));
	return rel;
}

/*
 * A statement is going to read a table, or to change it.  Errors are those of
 * migrate_table_open().
 */
void
migrate_table_require(const MigrateTableDef *def)
{
	table_close(open_relation(get_namespace_oid("migrate", false), def, AccessShareLock), NoLock);
}

/*
 * Has an index all rows of a table, in the order of its columns as they are?
 */
static bool
is_usable(Relation index, Relation rel, const MigrateTableDef *def)
{
	if (index->rd_rel->relam != BTREE_AM_OID || !index->rd_index->indisvalid ||
		RelationGetIndexPredicate(index) != NIL)
		return false;
	for (int i = 0; i < MIGRATE_TABLE_KEYS && def->key[i] != 0; i++)
	{
		if (i >= index->rd_index->indnkeyatts || index->rd_index->indkey.values[i] != def->key[i] ||
			index->rd_indoption[i] != 0 ||
			index->rd_indcollation[i] != TupleDescAttr(RelationGetDescr(rel), def->key[i] - 1)->attcollation)
			return false;
	}
	return true;
}

/*
 * The index of a table by which rows are found; InvalidOid if there is none, or not as the
 * extension has created it.
 */
static Oid
index_of(Relation rel, Oid schema, const MigrateTableDef *def)
{
	Oid			relid = relation_of(schema, def->index);
	List	   *indexes = RelationGetIndexList(rel);
	Relation	index;
	bool		usable;

	if (!list_member_oid(indexes, relid))
		return InvalidOid;
	list_free(indexes);
	index = index_open(relid, AccessShareLock);
	usable = is_usable(index, rel, def);
	index_close(index, AccessShareLock);
	return usable ? relid : InvalidOid;
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
	table->index = index_of(table->rel, schema, def);
	table->sequence = relation_of(schema, def->sequence);
	table->estate = CreateExecutorState();
	table->info = makeNode(ResultRelInfo);
	InitResultRelInfo(table->info, table->rel, 0, NULL, 0);
	ExecOpenIndices(table->info, false);
	/* where triggers find it */
	table->estate->es_opened_result_relations = list_make1(table->info);
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

/*
 * May rows be inserted together?  Not if triggers or generated columns change them before,
 * or if it is a partition: nobody but the owner of the table could have made it so.
 */
static bool
inserts_many(const MigrateTable *table)
{
	const TriggerDesc *triggers = table->rel->trigdesc;
	const TupleConstr *constr = RelationGetDescr(table->rel)->constr;

	return table->nrows > 1 && !(triggers && triggers->trig_insert_before_row) &&
		!(constr && constr->has_generated_stored) && !table->rel->rd_rel->relispartition;
}

static void
insert_many(MigrateTable *table)
{
	for (int i = 0; i < table->nrows; i++)
	{
		if (RelationGetDescr(table->rel)->constr)
			ExecConstraints(table->info, table->slots[i], table->estate);
		ResetPerTupleExprContext(table->estate);
	}
	table_multi_insert(table->rel, table->slots, table->nrows, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < table->nrows; i++)
	{
		List	   *recheck = migrate_insert_index_tuples(table->info, table->slots[i], table->estate);

		ExecARInsertTriggers(table->estate, table->info, table->slots[i], recheck, NULL);
		list_free(recheck);
		ResetPerTupleExprContext(table->estate);
	}
}

/*
 * Write the rows that migrate_table_insert() has kept.
 */
void
migrate_table_flush(MigrateTable *table)
{
	bool		many = inserts_many(table);

	if (table->nrows > 0 && *migrate_check_exprs(table->info) == NULL)
		migrate_prepare_checks(table->info, table->estate);
	if (many)
		insert_many(table);
	for (int i = 0; i < table->nrows; i++)
	{
		if (!many)
			ExecSimpleRelationInsert(table->info, table->estate, table->slots[i]);
		ResetPerTupleExprContext(table->estate);
		ExecClearTuple(table->slots[i]);
	}
	table->nrows = 0;
}

/*
 * A slot without a row.
 */
static TupleTableSlot *
free_slot(MigrateTable *table)
{
	if (table->nrows == MAX_ROWS)
		migrate_table_flush(table);
	if (table->slots[table->nrows] == NULL)
		table->slots[table->nrows] = table_slot_create(table->rel, &table->estate->es_tupleTable);
	return table->slots[table->nrows];
}

/*
 * Insert a row: values for the columns that we know, others are null.  It may be written
 * with others, at migrate_table_flush() or migrate_table_close(); until then, the values
 * have to stay where they are.
 */
void
migrate_table_insert(MigrateTable *table, const MigrateParameters *row)
{
	TupleTableSlot *slot = free_slot(table);

	memset(slot->tts_isnull, true, RelationGetDescr(table->rel)->natts * sizeof(bool));
	for (int i = 0; i < row->n; i++)
	{
		slot->tts_values[i] = row->values[i];
		slot->tts_isnull[i] = row->nulls[i] == 'n';
	}
	ExecStoreVirtualTuple(slot);
	table->nrows++;
}

/*
 * Has the table never had a row, as far as this session can see?
 */
bool
migrate_table_is_empty(const MigrateTable *table)
{
	return RelationGetNumberOfBlocks(table->rel) == 0;
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
	Assert(ncolumns <= MIGRATE_TABLE_KEYS);
	for (int i = 0; i < ncolumns; i++)
		init_key(&keys[i], rel, columns[i], values[i]);
}

/*
 * Begin to look for rows, as fill_keys(), with an index of index_of() or none.
 */
static SysScanDesc
begin_scan(Relation rel, Oid index, Snapshot snapshot, const AttrNumber *columns, const Datum *values,
		   int ncolumns)
{
	ScanKeyData keys[MIGRATE_TABLE_KEYS];

	fill_keys(keys, rel, columns, values, ncolumns);
	return systable_beginscan(rel, index, OidIsValid(index), snapshot, ncolumns, keys);
}

/*
 * The index of an open table, if it finds rows by the value of a column; NULL else.
 */
static Relation
index_on(const MigrateTable *table, AttrNumber column)
{
	for (int i = 0; i < table->info->ri_NumIndices; i++)
	{
		Relation	index = table->info->ri_IndexRelationDescs[i];

		if (RelationGetRelid(index) == table->index)
			return index->rd_index->indkey.values[0] == column ? index : NULL;
	}
	return NULL;
}

/*
 * Is there a row that has such a value, text or bytea, in the column, the first of the
 * index?  Rows that this transaction has just written count.
 */
bool
migrate_table_has(MigrateTable *table, AttrNumber column, Datum value)
{
	ScanKeyData key;
	Relation	index = index_on(table, column);
	TupleTableSlot *slot = free_slot(table);
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
	found = index_getnext_slot(table->lookup, ForwardScanDirection, slot);
	ExecClearTuple(slot);
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
	TupleTableSlot *slot = free_slot(table);
	EPQState	epqstate;

	if (HeapTupleIsValid(tuple))
	{
		ExecForceStoreHeapTuple(tuple, slot, false);
		slot->tts_tid = tuple->t_self;
		migrate_epq_init(&epqstate, table->estate);
		ExecSimpleRelationDelete(table->info, table->estate, &epqstate, slot);
		EvalPlanQualEnd(&epqstate);
		ExecClearTuple(slot);
		ResetPerTupleExprContext(table->estate);
	}
	systable_endscan(scan);
	return HeapTupleIsValid(tuple);
}

/*
 * All is done with a table, whose rows are written; it stays locked until the end of the transaction.
 */
void
migrate_table_close(MigrateTable *table)
{
	migrate_table_flush(table);
	AfterTriggerEndQuery(table->estate);
	if (table->lookup != NULL)
		index_endscan(table->lookup);
	ExecCloseResultRelations(table->estate);
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
	scan = begin_scan(rel, index_of(rel, schema, def), GetActiveSnapshot(), columns, values,
					  ncolumns);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		heap_deform_tuple(tuple, desc, row, nulls);
		check_nulls(def, nulls);
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
	const MigrateTableDef *def;
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
 * not as it was created.
 */
MigrateTableScan *
migrate_table_scan_begin(const MigrateTableDef *def, const AttrNumber *columns, const Datum *values,
						 int ncolumns, bool latest)
{
	ScanKeyData keys[MIGRATE_TABLE_KEYS];
	MigrateTableScan *scan = palloc0(sizeof(MigrateTableScan));
	Oid			schema = get_namespace_oid("migrate", false);
	Oid			index;

	scan->def = def;
	scan->rel = open_relation(schema, def, AccessShareLock);
	index = index_of(scan->rel, schema, def);
	if (!OidIsValid(index))
		migrate_refuse_table(def);
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
	check_nulls(scan->def, scan->nulls);
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
