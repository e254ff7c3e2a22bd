/*-------------------------------------------------------------------------
 *
 * residue.c
 *		What an interrupted statement has left, and how to be rid of it.
 *
 * CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY leave INVALID indexes,
 * DETACH PARTITION CONCURRENTLY a partition that is half detached.  Which
 * indexes of a table were INVALID before is in the history; any other that is
 * so now, while nobody builds one, is ours.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/residue.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "migrate.h"

/*
 * Can the statement leave something if it is interrupted?
 */
bool
migrate_leaves_residue(const MigrateStatement *statement)
{
	return statement->tag == T_IndexStmt || statement->tag == T_ReindexStmt ||
		statement->tag == T_AlterTableStmt;
}

/*
 * The table that the statement builds an index on; InvalidOid if it names none.
 */
static Oid
table_of(const MigrateStatement *statement)
{
	Oid			relid;

	if (statement->relations == NIL)
		return InvalidOid;
	relid = RangeVarGetRelid(linitial_node(RangeVar, statement->relations), NoLock, true);
	if (OidIsValid(relid) && get_rel_relkind(relid) == RELKIND_INDEX)
		return IndexGetRelation(relid, true);
	return relid;
}

/*
 * The INVALID indexes (Oid) of a table, or of all tables for InvalidOid; dead
 * ones are among them, which RelationGetIndexList() leaves out.
 */
static List *
invalid_indexes(Oid table)
{
	List	   *indexes = NIL;
	Relation	rel = table_open(IndexRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(table));
	scan = systable_beginscan(rel, IndexIndrelidIndexId, OidIsValid(table), NULL,
							  OidIsValid(table) ? 1 : 0, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);

		if (!index->indisvalid)
			indexes = lappend_oid(indexes, index->indexrelid);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return indexes;
}

/*
 * The INVALID indexes (Oid) that there are before a statement runs which may
 * leave others; palloc'd.
 *
 * REINDEX may be about a table with its TOAST table, a partitioned one, or all
 * of a schema, so that all indexes are looked at.
 */
List *
migrate_invalid_indexes(const MigrateStatement *statement)
{
	Oid			table = table_of(statement);

	if (statement->tag == T_ReindexStmt)
		return invalid_indexes(InvalidOid);
	if (statement->tag == T_IndexStmt && OidIsValid(table))
		return invalid_indexes(table);
	return NIL;
}

/*
 * Has the index a name that REINDEX CONCURRENTLY gives to a new or an old one?
 */
static bool
is_transient(const char *name)
{
	size_t		length = strlen(name);

	while (length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9')
		length--;
	return length > 6 && (strncmp(name + length - 6, "_ccnew", 6) == 0 ||
						  strncmp(name + length - 6, "_ccold", 6) == 0);
}

/*
 * Drop an INVALID index of a TOAST table, which DROP INDEX refuses to ordinary
 * owners.
 */
static void
drop_toast_index(Oid index)
{
	ObjectAddress object;

	ObjectAddressSet(object, RelationRelationId, index);
	performDeletion(&object, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
}

/*
 * The statement that drops an index, if it is INVALID and the role's, once nobody
 * builds one on its table any more; NULL if there is none to be run.
 *
 * The lock conflicts with itself, and so with whoever builds an index just now;
 * autovacuum gives way to it.
 */
static char *
index_removal(Oid index)
{
	Oid			table = IndexGetRelation(index, true);
	const char *name;

	if (!OidIsValid(table) || !migrate_owns_relation(table))
		return NULL;
	LockRelationOid(table, ShareUpdateExclusiveLock);
	name = get_rel_name(index);
	if (name == NULL || get_index_isvalid(index))
		return NULL;
	ereport(NOTICE,
			(errmsg("dropping index \"%s\", which an interrupted statement has left invalid",
					name)));
	if (get_rel_relkind(table) == RELKIND_TOASTVALUE)
	{
		drop_toast_index(index);
		return NULL;
	}
	return psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s",
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(index)), name));
}

/*
 * Statements (char *) that drop the indexes that have become INVALID.
 */
static List *
invalid_index_drops(const MigrateStatement *statement, List *before)
{
	List	   *drops = NIL;
	List	   *indexes = migrate_invalid_indexes(statement);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Oid			index = lfirst_oid(lc);
		const char *name = get_rel_name(index);
		char	   *drop;

		if (list_member_oid(before, index) || name == NULL ||
			(statement->tag == T_ReindexStmt && !is_transient(name)))
			continue;
		drop = index_removal(index);
		if (drop != NULL)
			drops = lappend(drops, drop);
	}
	return drops;
}

/*
 * The statement that completes what DETACH PARTITION CONCURRENTLY has begun, NULL
 * if it has begun nothing.
 */
static char *
detach_finalize(const MigrateStatement *statement)
{
	RangeVar   *parent = linitial(statement->needs);
	RangeVar   *partition = lsecond(statement->needs);
	Oid			relid = RangeVarGetRelid(partition, NoLock, true);

	if (!OidIsValid(relid) || !migrate_owns_relation(relid) || !get_rel_relispartition(relid) ||
		!PartitionHasPendingDetach(relid))
		return NULL;
	return psprintf("ALTER TABLE %s DETACH PARTITION %s FINALIZE",
					quote_qualified_identifier(parent->schemaname, parent->relname),
					quote_qualified_identifier(partition->schemaname, partition->relname));
}

/*
 * The statements (char *, palloc'd) that remove what a statement has left that
 * was interrupted.  "before" is what migrate_invalid_indexes() gave before it
 * ran.  *done is set if the statement is done by that.
 *
 * They are to be run one by one, outside of a transaction block, as the current
 * role.  What is not his he cannot have left anything on.
 */
List *
migrate_residue_removal(const MigrateStatement *statement, List *before, bool *done)
{
	char	   *finalize;

	*done = false;
	if (statement->tag != T_AlterTableStmt)
		return invalid_index_drops(statement, before);
	finalize = detach_finalize(statement);
	*done = finalize != NULL;
	return finalize ? list_make1(finalize) : NIL;
}
