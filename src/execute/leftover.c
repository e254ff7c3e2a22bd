/*-------------------------------------------------------------------------
 *
 * leftover.c
 *		What an interrupted statement has left, and how to remove it.
 *
 * CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY leave INVALID indexes, DETACH
 * PARTITION CONCURRENTLY a partition that is half detached.  The history has the
 * indexes of a table that were INVALID before; any other that is INVALID while no
 * session builds one is ours.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/leftover.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "executor/spi.h"
#include "storage/lmgr.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "execute/execute.h"
#include "execute/execute_int.h"
#include "script/script.h"
#include "util/compat.h"
#include "util/printable.h"

/*
 * Can the statement leave something if it is interrupted?
 */
bool
migrate_may_leave_something(const MigrateStatement *statement)
{
	return statement->tag == T_ReindexStmt ||
		(statement->outside_block &&
		 (statement->tag == T_IndexStmt || statement->tag == T_AlterTableStmt));
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
	if (OidIsValid(relid) && (get_rel_relkind(relid) == RELKIND_INDEX ||
							  get_rel_relkind(relid) == RELKIND_PARTITIONED_INDEX))
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
 * REINDEX may be about a table with its TOAST table, a partitioned one, or all of a
 * schema, so all indexes are checked.
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
 * The table that a TOAST table is of.
 */
static Oid
toast_owner(Oid toast)
{
	Oid			table = InvalidOid;
	const char *name = get_rel_name(toast);

	/* pg_toast_OID: names in that schema are core's own */
	if (name != NULL && strncmp(name, "pg_toast_", 9) == 0)
		table = atooid(name + 9);
	return table;
}

/*
 * The name of the index that REINDEX CONCURRENTLY would make of this one: what
 * comes before "_ccnew" or "_ccold"; 0 bytes if the name has neither.
 */
static size_t
original_length(const char *name)
{
	size_t		length = strlen(name);

	while (length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9')
		length--;
	if (length > 6 && (strncmp(name + length - 6, "_ccnew", 6) == 0 ||
					   strncmp(name + length - 6, "_ccold", 6) == 0))
		return length - 6;
	return 0;
}

/*
 * Is the index one that REINDEX CONCURRENTLY has made beside another one of its
 * table?  Long names are cut.
 */
static bool
is_transient(Oid index, Oid table)
{
	const char *name = get_rel_name(index);
	size_t		length = name ? original_length(name) : 0;
	Relation	rel;
	ListCell   *lc;
	bool		found = false;

	if (length == 0 || !ConditionalLockRelationOid(table, AccessShareLock))
		return false;
	rel = try_relation_open(table, NoLock);
	if (rel == NULL)
	{
		UnlockRelationOid(table, AccessShareLock);
		return false;
	}
	foreach(lc, RelationGetIndexList(rel))
	{
		const char *other = get_rel_name(lfirst_oid(lc));

		found |= lfirst_oid(lc) != index && other != NULL && strncmp(other, name, length) == 0;
	}
	relation_close(rel, AccessShareLock);
	return found;
}

/*
 * Is it one of the tables that a REINDEX processes: the one that it names, its
 * partitions, those of the schema, or any of the database; or the TOAST table of
 * one of these?
 */
static bool
is_reindexed(const MigrateStatement *statement, Oid table, List *named)
{
	if (get_rel_relkind(table) == RELKIND_TOASTVALUE)
		table = toast_owner(table);
	if (statement->relations != NIL)
		return list_member_oid(named, table);
	if (statement->object != NULL)
		return get_rel_namespace(table) == get_namespace_oid(statement->object, true);
	return true;
}

/*
 * The INVALID indexes (Oid) that an interrupted statement may have left: they were
 * not INVALID before, and are on tables that the statement processes and the
 * current role owns.
 */
static List *
leftover_indexes(const MigrateStatement *statement, List *before)
{
	List	   *leftovers = NIL;
	Oid			named = table_of(statement);
	List	   *tables = OidIsValid(named) && statement->tag == T_ReindexStmt ?
		find_all_inheritors(named, NoLock, NULL) : NIL;
	ListCell   *lc;

	foreach(lc, migrate_invalid_indexes(statement))
	{
		Oid			index = lfirst_oid(lc);
		Oid			table = IndexGetRelation(index, true);

		if (list_member_oid(before, index) || !OidIsValid(table) || !migrate_owns_relation(table))
			continue;
		if (statement->tag == T_ReindexStmt &&
			(!is_reindexed(statement, table, tables) || !is_transient(index, table)))
			continue;
		leftovers = lappend_oid(leftovers, index);
	}
	return leftovers;
}

/*
 * Is it a table whose rows, and so whose indexes, an extension keeps elsewhere?
 * Leaves no snapshot.
 */
static bool
is_distributed(Oid table)
{
	bool		result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = migrate_is_distributed(table);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	migrate_forget_snapshot();
	return result;
}

/*
 * Drop an index that an interrupted statement has left INVALID, once no session
 * builds one on its table any more.  To be called as migrate_run_top_level() is.
 *
 * The index is chosen under the lock that dropping it needs.  The lock conflicts
 * with itself, and so with a session that is building an index; autovacuum yields
 * to it.
 */
void
migrate_drop_leftover(Oid index)
{
	Oid			table = IndexGetRelation(index, true);
	const char *name;
	bool		distributed;
	ObjectAddress object;
	ObjectAddresses *objects;

	if (!OidIsValid(table))
		return;
	distributed = is_distributed(table);
	LockRelationOid(table, ShareUpdateExclusiveLock);
	name = get_rel_name(index);
	if (name == NULL || IndexGetRelation(index, true) != table || get_index_isvalid(index) ||
		!migrate_owns_relation(table))
		return;
	ereport(NOTICE,
			(errmsg("dropping index \"%s\", which an interrupted statement has left invalid",
					name)));
	if (distributed)
	{
		/*
		 * the extension wants a statement, to drop those of the shards that
		 * exist
		 */
		migrate_run_top_level(psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s",
									   quote_qualified_identifier(get_namespace_name(get_rel_namespace(index)), name)));
		return;
	}
	ObjectAddressSet(object, RelationRelationId, index);
	/* DROP INDEX refuses those of TOAST tables to ordinary owners */
	if (get_rel_relkind(table) == RELKIND_TOASTVALUE)
	{
		performDeletion(&object, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
		return;
	}

	/* for a single one, performDeletion() takes a stronger lock */
	objects = new_object_addresses();
	add_exact_object_address(&object, objects);
	EnsurePortalSnapshotExists();
	performMultipleDeletions(objects, DROP_RESTRICT, PERFORM_DELETION_CONCURRENTLY);
	migrate_forget_snapshot();
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
 * Is it certain that a statement whose outcome is unknown has had no lasting effect but
 * what migrate_leftovers() finds, so that it may run again?
 */
bool
migrate_has_no_effect(const MigrateStatement *statement)
{
	Oid			table = table_of(statement);
	Oid			relid;

	switch (statement->tag)
	{
		case T_IndexStmt:		/* its index does not exist */
			return statement->makes != NIL && OidIsValid(table) &&
				!OidIsValid(get_relname_relid(linitial(statement->makes), get_rel_namespace(table)));
		case T_DropStmt:		/* its index does */
			return OidIsValid(table);
		case T_AlterTableStmt:	/* its partition is one */
			relid = RangeVarGetRelid(lsecond_node(RangeVar, statement->needs), NoLock, true);
			return OidIsValid(relid) && get_rel_relispartition(relid);
		default:
			return statement->top_level == TOP_REPEATABLE;
	}
}

/*
 * What an interrupted statement has left, and how to remove it: a list of Oid of
 * indexes for migrate_drop_leftover(), or in *finalize a statement (palloc'd) that
 * completes it, NULL for none.  "before" is what migrate_invalid_indexes() returned
 * before it ran.
 *
 * A statement of the current role leaves nothing on relations that the role does
 * not own.
 */
List *
migrate_leftovers(const MigrateStatement *statement, List *before, char **finalize)
{
	*finalize = NULL;
	if (statement->tag == T_IndexStmt || statement->tag == T_ReindexStmt)
		return leftover_indexes(statement, before);
	if (statement->tag != T_AlterTableStmt || list_length(statement->needs) != 2)
		return NIL;
	*finalize = detach_finalize(statement);
	return NIL;
}
