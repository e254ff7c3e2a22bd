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

#include "access/relation.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

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
 * The INVALID indexes of a table and of its TOAST table.
 */
static List *
invalid_indexes_of(Relation rel)
{
	List	   *invalid = NIL;
	List	   *indexes;
	ListCell   *lc;

	if (rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_MATVIEW &&
		rel->rd_rel->relkind != RELKIND_TOASTVALUE)
		return NIL;
	indexes = RelationGetIndexList(rel);
	foreach(lc, indexes)
	{
		if (!get_index_isvalid(lfirst_oid(lc)))
			invalid = lappend_oid(invalid, lfirst_oid(lc));
	}
	if (OidIsValid(rel->rd_rel->reltoastrelid))
	{
		Relation	toast = relation_open(rel->rd_rel->reltoastrelid, AccessShareLock);

		invalid = list_concat(invalid, invalid_indexes_of(toast));
		relation_close(toast, AccessShareLock);
	}
	return invalid;
}

/*
 * The INVALID indexes (Oid) that the table of a statement has now; NIL if it is
 * not there, or the statement makes none.  palloc'd.
 */
List *
migrate_invalid_indexes(const MigrateStatement *statement)
{
	Oid			table = table_of(statement);
	List	   *indexes;
	Relation	rel;

	if (!OidIsValid(table) || statement->tag == T_AlterTableStmt)
		return NIL;
	rel = try_relation_open(table, AccessShareLock);
	if (rel == NULL)
		return NIL;
	indexes = invalid_indexes_of(rel);
	relation_close(rel, AccessShareLock);
	return indexes;
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
 * Statements (char *) that drop the indexes of a table that have become INVALID.
 *
 * The lock conflicts with itself, and so with whoever builds an index just now;
 * autovacuum gives way to it.
 */
static List *
invalid_index_drops(Oid table, List *before)
{
	List	   *drops = NIL;
	List	   *indexes;
	ListCell   *lc;
	Relation	rel = try_relation_open(table, ShareUpdateExclusiveLock);

	if (rel == NULL)
		return NIL;
	indexes = invalid_indexes_of(rel);
	foreach(lc, indexes)
	{
		Oid			index = lfirst_oid(lc);
		const char *schema = get_namespace_name(get_rel_namespace(index));

		if (list_member_oid(before, index))
			continue;
		ereport(NOTICE,
				(errmsg("dropping index \"%s\", which an interrupted statement has left invalid",
						get_rel_name(index))));
		if (IndexGetRelation(index, false) != table)
			drop_toast_index(index);
		else
			drops = lappend(drops, psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s",
											quote_qualified_identifier(schema, get_rel_name(index))));
	}
	relation_close(rel, NoLock);
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

	if (!OidIsValid(relid) || !get_rel_relispartition(relid) ||
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
	Oid			table = table_of(statement);
	char	   *finalize;

	*done = false;
	if (!OidIsValid(table) || !migrate_owns_relation(table))
		return NIL;
	if (statement->tag != T_AlterTableStmt)
		return invalid_index_drops(table, before);
	finalize = detach_finalize(statement);
	*done = finalize != NULL;
	return finalize ? list_make1(finalize) : NIL;
}
