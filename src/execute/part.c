/*-------------------------------------------------------------------------
 *
 * part.c
 *		Statements that are one transaction in the file, run inside of the caller's:
 *		what its end would end is ended here.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/part.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/dependency.h"
#include "catalog/heap.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/tablecmds.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "execute/execute.h"
#include "execute/execute_int.h"
#include "util/printable.h"

/*
 * The temporary table of that name, or InvalidOid.
 */
Oid
migrate_temporary_table(const char *name)
{
	return RangeVarGetRelid(makeRangeVar("pg_temp", pstrdup(name), -1), NoLock, true);
}

static bool
is_open_cursor(const char *name)
{
	return PortalIsValid(GetPortalByName(name));
}

/*
 * What a statement that is going to run may make.
 */
MigrateMade
migrate_may_make(const MigrateStatement *statement)
{
	MigrateMade made = {statement->temporary, statement->cursor};

	if (made.temporary != NULL &&
		((statement->on_commit != ONCOMMIT_DROP && statement->on_commit != ONCOMMIT_DELETE_ROWS) ||
		 OidIsValid(migrate_temporary_table(made.temporary))))
		made.temporary = NULL;
	if (made.cursor != NULL && is_open_cursor(made.cursor))
		made.cursor = NULL;
	return made;
}

/*
 * It has run: remember what it has made.
 */
void
migrate_note_made(MigrateInnerTransaction *part, const MigrateStatement *statement, const MigrateMade *made)
{
	if (made->cursor != NULL)
		part->cursors = lappend(part->cursors, unconstify(char *, made->cursor));
	if (made->temporary == NULL)
		return;
	CommandCounterIncrement();
	if (part->dropped == NIL && part->emptied == NIL)
		part->others = migrate_open_cursors(false);
	if (statement->on_commit == ONCOMMIT_DROP)
		part->dropped = lappend_oid(part->dropped, migrate_temporary_table(made->temporary));
	else
		part->emptied = lappend_oid(part->emptied, migrate_temporary_table(made->temporary));
}

/*
 * Drop a temporary table, unless the migration has dropped it.
 */
void
migrate_drop_temporary_table(Oid relid)
{
	ObjectAddress object;

	CommandCounterIncrement();
	ObjectAddressSet(object, RelationRelationId, relid);
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		performDeletion(&object, DROP_CASCADE,
						PERFORM_DELETION_INTERNAL | PERFORM_DELETION_QUIETLY);
}

/*
 * Those of the tables that exist.  55006 if one of them is being read: core does not
 * expect that where it truncates them at the end of a transaction.
 */
static List *
existing_tables(List *tables)
{
	List	   *existing = NIL;
	ListCell   *lc;

	foreach(lc, tables)
	{
		Relation	rel = try_relation_open(lfirst_oid(lc), AccessExclusiveLock);

		if (rel == NULL)
			continue;
		if (rel->rd_refcnt > 1)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("temporary table \"%s\" is in use at the end of its transaction", RelationGetRelationName(rel)),
					 errhint("Close the cursors WITH HOLD that read it, or use CALL migrate.up().")));
		CheckTableNotInUse(rel, "TRUNCATE");
		relation_close(rel, NoLock);
		existing = lappend_oid(existing, lfirst_oid(lc));
	}
	return existing;
}

/*
 * End what the end of a transaction would end, of the migration's own: also cursors that
 * functions have opened, if they may read tables that end.
 */
static void
end_at_commit(const MigrateInnerTransaction *part)
{
	List	   *emptied;
	ListCell   *lc;

	foreach(lc, part->cursors)
	{
		Portal		portal = GetPortalByName(lfirst(lc));

		/* a later one of that name may be there to stay */
		if (PortalIsValid(portal) && !(portal->cursorOptions & CURSOR_OPT_HOLD))
			PortalDrop(portal, false);
	}
	if (part->emptied == NIL && part->dropped == NIL)
		return;
	migrate_close_cursors(part->others, false);
	emptied = existing_tables(part->emptied);
	if (emptied != NIL)
		heap_truncate(emptied);
	foreach(lc, existing_tables(part->dropped))
		migrate_drop_temporary_table(lfirst_oid(lc));
}

/*
 * Begin a part of a script, with an SPI connection of its own.
 */
MigrateInnerTransaction
migrate_begin_part(void)
{
	MigrateInnerTransaction part = {0};

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	part.guc_level = NewGUCNestLevel();
	part.context = AllocSetContextCreate(CurrentMemoryContext, "migrate statement",
										 ALLOCSET_DEFAULT_SIZES);
	return part;
}

/*
 * End a part of a script; "is_last" if no other one follows.
 */
void
migrate_end_part(MigrateInnerTransaction *part, bool is_last, MigrateExecution *execution)
{
	/* where a commit follows, that will do it */
	if ((part->may_defer && !execution->errctx.commits) || execution->checks_deferred)
		migrate_check_constraints();
	if (!execution->errctx.commits)
		end_at_commit(part);
	if (!execution->errctx.commits && GetUserId() != execution->user)
		migrate_end_other_role(execution->cursors);
	if (!is_last)
		migrate_settings_end_transaction(part->guc_level);
	MemoryContextDelete(part->context);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}
