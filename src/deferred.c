/*-------------------------------------------------------------------------
 *
 * deferred.c
 *		Checks deferred constraints where a transaction of a file ends that is none.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/deferred.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/timestamp.h"

#include "migrate.h"

/*
 * Has a table deferred checks pending?  One that this transaction has not
 * written to has none; the lock tells that faster than the list of events.
 */
static bool
has_pending(Oid relid)
{
	LOCKTAG		tag;

	if (!OidIsValid(relid))
		return false;
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	return migrate_lock_held(&tag, RowExclusiveLock) && AfterTriggerPendingOnRel(relid);
}

/*
 * May the constraint be named in SET CONSTRAINTS, and has it deferred checks
 * pending?
 */
static bool
is_pending(Form_pg_constraint constraint)
{
	return constraint->condeferrable &&
		(has_pending(constraint->conrelid) || has_pending(constraint->confrelid)) &&
		migrate_schema_usable(constraint->connamespace);
}

/*
 * The names of the constraints with deferred checks pending, and in *deferred
 * of those among them that are deferred from the start.
 *
 * Only tables that this transaction has written to can have any, so nobody
 * drops them meanwhile.  A name stands for all constraints of that name in its
 * schema.
 */
static List *
pending_constraints(List **deferred)
{
	List	   *names = NIL;
	Relation	rel = table_open(ConstraintRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	*deferred = NIL;
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint constraint = (Form_pg_constraint) GETSTRUCT(tuple);
		RangeVar   *name;

		if (!is_pending(constraint))
			continue;
		name = makeRangeVar(get_namespace_name(constraint->connamespace),
							pstrdup(NameStr(constraint->conname)), -1);
		names = list_append_unique(names, name);
		if (constraint->condeferred)
			*deferred = list_append_unique(*deferred, name);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return names;
}

/*
 * Leave out names that another constraint has which cannot be deferred: SET
 * CONSTRAINTS DEFERRED would fail at it.
 */
static List *
without_namesakes(List *names)
{
	List	   *result = list_copy(names);
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (names == NIL)
		return NIL;
	rel = table_open(ConstraintRelationId, AccessShareLock);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint constraint = (Form_pg_constraint) GETSTRUCT(tuple);
		ListCell   *lc;

		if (constraint->condeferrable)
			continue;
		foreach(lc, result)
		{
			RangeVar   *name = lfirst(lc);

			if (strcmp(name->relname, NameStr(constraint->conname)) == 0 &&
				get_namespace_oid(name->schemaname, true) == constraint->connamespace)
				result = foreach_delete_current(result, lc);
		}
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return result;
}

/*
 * Do what the end of a transaction does with deferred constraints: check them;
 * then defer again those that are so from the start.
 *
 * SET CONSTRAINTS ALL would go for constraints too that are made later, in this
 * run or by the caller, so those with something to check are named.
 */
void
migrate_check_constraints(void)
{
	List	   *names;
	List	   *deferred;
	List	   *previous = NIL;

	CommandCounterIncrement();
	while ((names = pending_constraints(&deferred)) != NIL && !equal(names, previous))
	{
		ConstraintsSetStmt *stmt = makeNode(ConstraintsSetStmt);

		stmt->constraints = names;
		AfterTriggerSetState(stmt);
		CommandCounterIncrement();
		stmt->constraints = without_namesakes(deferred);
		stmt->deferred = true;
		if (stmt->constraints != NIL)
			AfterTriggerSetState(stmt);
		previous = names;
	}
}

/*
 * Refuse deferred triggers that are still to fire: the role that they would have
 * to fire with is about to be given back.  migrate_check_constraints() leaves
 * those of schemas that this role may not use.
 */
static void
refuse_pending(void)
{
	Relation	rel = table_open(ConstraintRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint constraint = (Form_pg_constraint) GETSTRUCT(tuple);

		if (constraint->condeferrable &&
			(has_pending(constraint->conrelid) || has_pending(constraint->confrelid)))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied to fire the deferred trigger or constraint \"%s\"",
							NameStr(constraint->conname)),
					 errdetail("The migration has changed the role, which may not use schema \"%s\".",
							   get_namespace_name(constraint->connamespace))));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/*
 * A cursor WITH HOLD.
 */
typedef struct HeldCursor
{
	const char *name;
	const char *statement;
	TimestampTz created;
}			HeldCursor;

static bool
is_listed(const HeldCursor * cursor, List *cursors)
{
	ListCell   *lc;

	foreach(lc, cursors)
	{
		const		HeldCursor *other = lfirst(lc);

		if (strcmp(cursor->name, other->name) == 0 && cursor->created == other->created &&
			strcmp(cursor->statement, other->statement) == 0)
			return true;
	}
	return false;
}

/*
 * The cursors WITH HOLD that are open, for migrate_end_other_role().  palloc'd.
 */
List *
migrate_held_cursors(void)
{
	List	   *cursors = NIL;
	MemoryContext context = CurrentMemoryContext;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute("SELECT name, statement, creation_time FROM pg_catalog.pg_cursors WHERE is_holdable",
					false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not list the cursors");
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		HeldCursor *cursor = palloc(sizeof(HeldCursor));
		bool		isnull;

		cursor->name = TextDatumGetCString(SPI_getbinval(tuple, desc, 1, &isnull));
		cursor->statement = TextDatumGetCString(SPI_getbinval(tuple, desc, 2, &isnull));
		cursor->created = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 3, &isnull));
		cursors = lappend(cursors, cursor);
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	MemoryContextSwitchTo(context);
	return cursors;
}

/*
 * End what a commit would run, before the role that it would have to run with is
 * given back: deferred triggers fire, cursors WITH HOLD are closed, but for those
 * listed in "cursors", which the caller of the run has left open.
 */
void
migrate_end_other_role(List *cursors)
{
	ListCell   *lc;

	migrate_check_constraints();
	refuse_pending();
	foreach(lc, migrate_held_cursors())
	{
		const		HeldCursor *cursor = lfirst(lc);
		Portal		portal = GetPortalByName(cursor->name);

		if (is_listed(cursor, cursors) || !PortalIsValid(portal))
			continue;
		PortalDrop(portal, false);
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("closed cursor \"%s\"", cursor->name),
				 errdetail("The migration has changed the role, and rows of a cursor WITH HOLD would be fetched with another one.")));
	}
}
