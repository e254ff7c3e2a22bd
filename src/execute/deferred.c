/*-------------------------------------------------------------------------
 *
 * deferred.c
 *		Checks deferred constraints where a transaction of the file ends but the
 *		transaction of the run does not.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/deferred.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "commands/trigger.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "lib/qunique.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/relcache.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "execute/execute_int.h"
#include "util/compat.h"
#include "util/printable.h"

/*
 * Does a table have pending deferred checks?  A table that this transaction has not
 * written to has none, and checking for the lock is faster than searching the list
 * of events.
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
 * The deferrable constraints of the database that this transaction sees.
 *
 * Each script that may leave deferred checks needs them, and no index finds them.
 * So they are read once, and later only for the tables whose relcache entries have
 * been invalidated: creating, changing or dropping a constraint, or aborting that,
 * invalidates the entry of the table.
 */
typedef struct Deferrable
{
	Oid			table;			/* hash key: that has the constraints */
	List	   *constraints;	/* of DeferrableConstraint */
} Deferrable;

typedef struct DeferrableConstraint
{
	Oid			referenced;		/* by a foreign key, else InvalidOid */
	Oid			schema;
	bool		deferred;		/* from the start */
	NameData	name;
} DeferrableConstraint;

/* what changes more has it all read again */
#define MAX_CHANGED		1024

static HTAB *deferrables = NULL;

static MemoryContext deferrable_context = NULL;

static bool deferrables_complete = false;

static bool all_changed = false;

static Oid	changed[MAX_CHANGED];

static int	nchanged = 0;

/*
 * A relation has changed, or with InvalidOid any may have.  This may be called at
 * any time, so it only records the relation.
 */
static void
note_changed(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || nchanged == MAX_CHANGED)
		all_changed = true;
	else if (nchanged == 0 || changed[nchanged - 1] != relid)
		changed[nchanged++] = relid;
}

static void
forget_all(void)
{
	static bool registered = false;
	HASHCTL		control = {.keysize = sizeof(Oid),.entrysize = sizeof(Deferrable)};

	if (!registered)
		CacheRegisterRelcacheCallback(note_changed, (Datum) 0);
	registered = true;
	if (deferrable_context == NULL)
		deferrable_context = AllocSetContextCreate(CacheMemoryContext, "migrate constraints",
												   ALLOCSET_DEFAULT_SIZES);
	deferrables = NULL;
	MemoryContextReset(deferrable_context);
	control.hcxt = deferrable_context;
	deferrables = hash_create("migrate constraints", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
add_constraint(Form_pg_constraint form)
{
	MemoryContext old = MemoryContextSwitchTo(deferrable_context);
	DeferrableConstraint *constraint = palloc(sizeof(DeferrableConstraint));
	bool		found;
	Deferrable *entry = hash_search(deferrables, &form->conrelid, HASH_ENTER, &found);

	if (!found)
		entry->constraints = NIL;
	constraint->referenced = form->confrelid;
	constraint->schema = form->connamespace;
	constraint->deferred = form->condeferred;
	constraint->name = form->conname;
	entry->constraints = lappend(entry->constraints, constraint);
	MemoryContextSwitchTo(old);
}

/*
 * Read the deferrable constraints of a table, or with InvalidOid all, from pg_constraint.
 */
static void
read_constraints(Relation rel, Oid table)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(table));
	scan = OidIsValid(table) ?
		systable_beginscan(rel, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key) :
		systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		CHECK_FOR_INTERRUPTS();
		if (form->condeferrable && OidIsValid(form->conrelid))
			add_constraint(form);
	}
	systable_endscan(scan);
}

static void
reread_constraints(Relation rel, Oid table)
{
	Deferrable *entry = hash_search(deferrables, &table, HASH_FIND, NULL);

	if (entry != NULL)
	{
		list_free_deep(entry->constraints);
		entry->constraints = NIL;
		(void) hash_search(deferrables, &table, HASH_REMOVE, NULL);
	}
	read_constraints(rel, table);
}

/*
 * The tables that have changed, each once, into "tables"; returns how many.  Most change
 * more than once: a new table, for one, with each of its catalog rows.
 */
static int
take_changed(Oid *tables)
{
	int			n = nchanged;

	memcpy(tables, changed, n * sizeof(Oid));
	nchanged = 0;
	qsort(tables, n, sizeof(Oid), oid_cmp);
	return qunique(tables, n, sizeof(Oid), oid_cmp);
}

/*
 * Bring the constraints up to date.  What changes while they are read is read again;
 * after an error, all.
 */
static void
update_constraints(void)
{
	while (!deferrables_complete || all_changed || nchanged > 0)
	{
		bool		all = !deferrables_complete || all_changed;
		Oid			tables[MAX_CHANGED];
		int			n = take_changed(tables);
		Relation	rel;

		all_changed = false;
		deferrables_complete = false;
		rel = table_open(ConstraintRelationId, AccessShareLock);
		if (all)
		{
			forget_all();
			read_constraints(rel, InvalidOid);
		}
		for (int i = 0; i < n && !all; i++)
			reread_constraints(rel, tables[i]);
		table_close(rel, AccessShareLock);
		deferrables_complete = true;
	}
}

/*
 * The names of the constraints with deferred checks pending that SET CONSTRAINTS may
 * name, and in *deferred of those among them that are deferred from the start.
 * *pending, unless it is NULL, becomes one that has any, whoever may name it.
 *
 * Only tables that this transaction has written to can have any, so no other
 * session can drop them meanwhile.  A name refers to all constraints of that name
 * in its schema.
 */
static List *
pending_constraints(List **deferred, DeferrableConstraint *pending)
{
	List	   *names = NIL;
	HASH_SEQ_STATUS status;
	Deferrable *entry;

	*deferred = NIL;
	update_constraints();
	hash_seq_init(&status, deferrables);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		bool		table_pending = has_pending(entry->table);
		ListCell   *lc;

		foreach(lc, entry->constraints)
		{
			const DeferrableConstraint *constraint = lfirst(lc);
			RangeVar   *name;

			if (!table_pending && !has_pending(constraint->referenced))
				continue;
			if (pending != NULL)
				*pending = *constraint;
			if (!migrate_schema_usable(constraint->schema))
				continue;
			name = makeRangeVar(get_namespace_name(constraint->schema),
								pstrdup(NameStr(constraint->name)), -1);
			names = lappend(names, name);
			if (constraint->deferred)
				*deferred = lappend(*deferred, name);
		}
	}
	return names;
}

static int
compare_relations(const ListCell *a, const ListCell *b)
{
	const RangeVar *x = lfirst(a);
	const RangeVar *y = lfirst(b);
	int			order = strcmp(x->schemaname, y->schemaname);

	return order != 0 ? order : strcmp(x->relname, y->relname);
}

/*
 * The list sorted, each name once.
 */
static List *
unique_names(List *names)
{
	List	   *result = NIL;
	ListCell   *lc;

	list_sort(names, compare_relations);
	foreach(lc, names)
	{
		ListCell	last = {.ptr_value = result == NIL ? NULL : llast(result)};

		if (result == NIL || compare_relations(&last, lc) != 0)
			result = lappend(result, lfirst(lc));
	}
	return result;
}

/*
 * Has a name a constraint that cannot be deferred?
 */
static bool
has_namesake(Relation rel, const RangeVar *name)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&keys[0], Anum_pg_constraint_conname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(name->relname));
	ScanKeyInit(&keys[1], Anum_pg_constraint_connamespace, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(get_namespace_oid(name->schemaname, false)));
	scan = systable_beginscan(rel, ConstraintNameNspIndexId, true, NULL, 2, keys);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = !((Form_pg_constraint) GETSTRUCT(tuple))->condeferrable;
	systable_endscan(scan);
	return found;
}

/*
 * Leave out names that another constraint has which cannot be deferred: SET
 * CONSTRAINTS DEFERRED would fail at it.
 */
static List *
without_namesakes(List *names)
{
	List	   *result = NIL;
	Relation	rel = table_open(ConstraintRelationId, AccessShareLock);
	ListCell   *lc;

	foreach(lc, names)
	{
		if (!has_namesake(rel, lfirst(lc)))
			result = lappend(result, lfirst(lc));
	}
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
	while ((names = unique_names(pending_constraints(&deferred, NULL))) != NIL &&
		   !equal(names, previous))
	{
		ConstraintsSetStmt *stmt = makeNode(ConstraintsSetStmt);

		stmt->constraints = names;
		AfterTriggerSetState(stmt);
		CommandCounterIncrement();
		stmt->constraints = without_namesakes(unique_names(deferred));
		stmt->deferred = true;
		if (stmt->constraints != NIL)
			AfterTriggerSetState(stmt);
		previous = names;
	}
}

/*
 * Refuse deferred triggers that are still to fire, as they would fire with another
 * role than is right: 42501, with that detail.
 */
void
migrate_refuse_pending(const char *detail)
{
	DeferrableConstraint left = {0};
	List	   *deferred;

	CommandCounterIncrement();
	(void) pending_constraints(&deferred, &left);
	if (OidIsValid(left.schema))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to fire the deferred trigger or constraint \"%s\" of schema \"%s\"",
						NameStr(left.name), get_namespace_name(left.schema)),
				 errdetail("%s", detail)));
}

/*
 * A cursor that is open.
 */
typedef struct OpenCursor
{
	const char *name;
	const char *statement;
	TimestampTz created;
} OpenCursor;

static bool
is_among_cursors(const OpenCursor *cursor, List *cursors)
{
	ListCell   *lc;

	foreach(lc, cursors)
	{
		const OpenCursor *other = lfirst(lc);

		if (strcmp(cursor->name, other->name) == 0 && cursor->created == other->created &&
			strcmp(cursor->statement, other->statement) == 0)
			return true;
	}
	return false;
}

/*
 * The cursors that a query finds, palloc'd.
 */
static List *
list_cursors(const char *query)
{
	List	   *cursors = NIL;
	MemoryContext context = CurrentMemoryContext;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(query, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not list the cursors");
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		OpenCursor *cursor = palloc(sizeof(OpenCursor));
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
 * The cursors WITH HOLD that are open, for migrate_end_other_role().  palloc'd.
 */
List *
migrate_held_cursors(void)
{
	return list_cursors("SELECT name, statement, creation_time FROM pg_catalog.pg_cursors WHERE is_holdable");
}

/*
 * The cursors that are open, for migrate_close_cursors(): without HOLD, or with "all" each
 * of them.  palloc'd.
 */
List *
migrate_open_cursors(bool all)
{
	return list_cursors(all ? "SELECT name, statement, creation_time FROM pg_catalog.pg_cursors" :
						"SELECT name, statement, creation_time FROM pg_catalog.pg_cursors WHERE NOT is_holdable");
}

/*
 * Close the cursors without HOLD, as a commit does, or with "all" each of them, as the end of
 * a session does; but not those listed in "cursors".
 */
void
migrate_close_cursors(List *cursors, bool all)
{
	ListCell   *lc;

	foreach(lc, migrate_open_cursors(all))
	{
		const OpenCursor *cursor = lfirst(lc);
		Portal		portal = GetPortalByName(cursor->name);

		if (PortalIsValid(portal) && !is_among_cursors(cursor, cursors))
			PortalDrop(portal, false);
	}
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

	/* which leaves those of schemas that the role may not use */
	migrate_check_constraints();
	migrate_refuse_pending("The migration has changed the role, which may not use that schema.");
	foreach(lc, migrate_held_cursors())
	{
		const OpenCursor *cursor = lfirst(lc);
		Portal		portal = GetPortalByName(cursor->name);

		if (is_among_cursors(cursor, cursors) || !PortalIsValid(portal))
			continue;
		PortalDrop(portal, false);
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("closed cursor \"%s\"", cursor->name),
				 errdetail("The migration has changed the role, and rows of a cursor WITH HOLD would be fetched with another one.")));
	}
}
