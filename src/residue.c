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

#include "access/xact.h"
#include "access/relation.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/spi.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "migrate.h"

/*
 * Can the statement leave something if it is interrupted?
 */
bool
migrate_leaves_residue(const MigrateStatement *statement)
{
	return strcmp(statement->command, "CREATE INDEX") == 0 ||
		strcmp(statement->command, "REINDEX") == 0 ||
		strcmp(statement->command, "ALTER TABLE") == 0;
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

	if (!OidIsValid(table) || strcmp(statement->command, "ALTER TABLE") == 0)
		return NIL;
	rel = try_relation_open(table, AccessShareLock);
	if (rel == NULL)
		return NIL;
	indexes = invalid_indexes_of(rel);
	relation_close(rel, AccessShareLock);
	return indexes;
}

/*
 * Drop the indexes that have become INVALID.
 */
static void
drop_invalid_indexes(Oid table, List *before)
{
	Relation	rel;
	List	   *indexes;
	ListCell   *lc;

	/* conflicts with itself: then somebody builds one, and waiting is wrong */
	if (!ConditionalLockRelationOid(table, ShareUpdateExclusiveLock))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("could not obtain lock on relation \"%s\"", get_rel_name(table)),
				 errhint("Try again when nobody changes its indexes.")));
	rel = try_relation_open(table, NoLock);
	if (rel == NULL)
		return;
	indexes = invalid_indexes_of(rel);
	relation_close(rel, NoLock);
	foreach(lc, indexes)
	{
		ObjectAddress index;

		if (list_member_oid(before, lfirst_oid(lc)))
			continue;
		ereport(NOTICE,
				(errmsg("dropping index \"%s\", which an interrupted statement has left invalid",
						get_rel_name(lfirst_oid(lc)))));
		ObjectAddressSet(index, RelationRelationId, lfirst_oid(lc));
		performDeletion(&index, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
	}
}

/*
 * Complete what DETACH PARTITION CONCURRENTLY has begun.  Returns whether the
 * partition is detached now.
 */
static bool
finish_detach(const MigrateStatement *statement)
{
	RangeVar   *parent = linitial(statement->needs);
	RangeVar   *partition = lsecond(statement->needs);
	Oid			relid = RangeVarGetRelid(partition, NoLock, true);
	const char *sql;

	if (!OidIsValid(relid) || !get_rel_relispartition(relid) ||
		!PartitionHasPendingDetach(relid))
		return false;
	sql = psprintf("ALTER TABLE %s DETACH PARTITION %s FINALIZE",
				   quote_qualified_identifier(parent->schemaname, parent->relname),
				   quote_qualified_identifier(partition->schemaname, partition->relname));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(sql, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "unexpected SPI result for: %s", sql);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	return true;
}

/*
 * Remove what a statement has left that was interrupted, in the current
 * transaction.  "before" is what migrate_invalid_indexes() gave before it ran.
 * Returns true if the statement is done by that.
 *
 * Errors: 55P03 if somebody else changes the indexes of the table.
 */
bool
migrate_clear_residue(const MigrateStatement *statement, List *before)
{
	Oid			table = table_of(statement);
	bool		done = false;

	/* what is not his the role cannot have left anything on */
	if (!OidIsValid(table) || !migrate_owns_relation(table))
		return false;
	PushActiveSnapshot(GetTransactionSnapshot());
	if (strcmp(statement->command, "ALTER TABLE") == 0)
		done = finish_detach(statement);
	else
		drop_invalid_indexes(table, before);
	PopActiveSnapshot();
	return done;
}
