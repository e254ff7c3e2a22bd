/*-------------------------------------------------------------------------
 *
 * observe.c
 *		What a statement is seen to do while it runs: its duration and WAL, the relations
 *		that it locks, rewrites and scans, and whether it calls functions.
 *
 * Rewrites are new files of relations; scans are those that the statistics of this
 * transaction count.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/observe.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "rules/rules.h"
#include "run/budget.h"
#include "run/held.h"
#include "run/observe.h"
#include "util/compat.h"

/*
 * What the statistics have counted so far of a table, by this backend.
 */
typedef struct CountedScans
{
	Oid			relid;			/* the key */
	MigrateScans scans;
} CountedScans;

static HTAB *counted = NULL;	/* of CountedScans; NULL: nothing is observed */

static bool ran_function = false;

static needs_fmgr_hook_type next_needs_fmgr_hook = NULL;
static fmgr_hook_type next_fmgr_hook = NULL;

/*
 * Is a function there to do something, or to describe an access method and the like?
 */
static bool
is_handler(Oid result_type)
{
	switch (result_type)
	{
		case INDEX_AM_HANDLEROID:
		case TABLE_AM_HANDLEROID:
		case TSM_HANDLEROID:
		case FDW_HANDLEROID:
			return true;
		default:
			return false;
	}
}

/*
 * A function is going to run.  Those that are not volatile promise to change nothing,
 * and those of the server are known.
 */
static void
note_function(Oid function)
{
	HeapTuple	tuple;

	if (counted == NULL || ran_function || function < FirstNormalObjectId)
		return;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return;
	ran_function = ((Form_pg_proc) GETSTRUCT(tuple))->provolatile == PROVOLATILE_VOLATILE &&
		!is_handler(((Form_pg_proc) GETSTRUCT(tuple))->prorettype);
	ReleaseSysCache(tuple);
}

/*
 * needs_fmgr_hook: the manager asks about each function that it is to call, but not
 * about those with another reason to go through ...
 */
static bool
needs_hook(Oid function)
{
	note_function(function);
	return next_needs_fmgr_hook != NULL && next_needs_fmgr_hook(function);
}

/*
 * ... fmgr_hook.
 */
static void
call_function(FmgrHookEventType event, FmgrInfo *flinfo, Datum *arg)
{
	if (event == FHET_START)
		note_function(flinfo->fn_oid);
	if (next_fmgr_hook != NULL)
		next_fmgr_hook(event, flinfo, arg);
}

static CountedScans *
counted_scans(Oid relid)
{
	bool		found;
	CountedScans *scans = hash_search(counted, &relid, HASH_ENTER, &found);

	if (!found)
		memset(&scans->scans, 0, sizeof(scans->scans));
	return scans;
}

/*
 * The statistics of earlier transactions may not have been sent yet, and would count as
 * those of this one.
 */
static void
note_pending_statistics(void)
{
	Relation	rel = table_open(RelationRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_catalog(rel, 0, NULL);
	HeapTuple	tuple;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
		MigrateScans scans;

		CHECK_FOR_INTERRUPTS();
		if ((form->relkind != RELKIND_RELATION && form->relkind != RELKIND_MATVIEW) ||
			form->oid < FirstNormalObjectId)
			continue;
		scans = migrate_pending_scans(form->oid);
		if (scans.count > 0)
			counted_scans(form->oid)->scans = scans;
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
}

/*
 * From here on, until migrate_observe_end(), statements can be observed.  To be called
 * after migrate_held_begin().
 */
void
migrate_observe_begin(void)
{
	static bool has_hooks = false;
	HASHCTL		ctl = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(CountedScans),
		.hcxt = CurrentMemoryContext,
	};

	/* once in a session, since others may have been put before them */
	if (!has_hooks)
	{
		next_needs_fmgr_hook = needs_fmgr_hook;
		needs_fmgr_hook = needs_hook;
		next_fmgr_hook = fmgr_hook;
		fmgr_hook = call_function;
		has_hooks = true;
	}
	(void) set_config_option("track_counts", "on", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	counted = hash_create("migrate scans", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	note_pending_statistics();
}

/*
 * Also where migrate_observe_begin() has not been called.
 */
void
migrate_observe_end(void)
{
	if (counted != NULL)
		hash_destroy(counted);
	counted = NULL;
	ran_function = false;
}

/*
 * A statement begins.  What has been locked up to now is not its doing; that can be
 * something only where a transaction of the script begins, since deferred checks may have
 * run at the end of the one before.
 */
void
migrate_observe_start(MigrateObservation *observation, bool begins)
{
	memset(observation, 0, sizeof(MigrateObservation));
	ran_function = false;
	if (begins)
		migrate_held_update();
	migrate_held_next();
	observation->wal_start = pgWalUsage.wal_bytes;
	INSTR_TIME_SET_CURRENT(observation->start);
}

/*
 * Has a relation another file than at the beginning, or after the statement that gave it
 * the one before?
 */
static bool
has_new_file(MigrateHeldRelation *relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation->relid));
	Oid			before = relation->filenode;

	if (!HeapTupleIsValid(tuple))
		return false;
	relation->filenode = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
	ReleaseSysCache(tuple);
	return relation->filenode != before;
}

/*
 * Has this process scanned it, and was there anything to scan?  If it was parallel
 * workers that read all rows, its own number of rows is 0.
 */
static bool
was_scanned(const MigrateHeldRelation *relation)
{
	CountedScans *before = counted_scans(relation->relid);
	MigrateScans now = migrate_pending_scans(relation->relid);
	bool		scanned = now.count > before->scans.count;
	bool		rows = now.rows > before->scans.rows;

	before->scans = now;
	if (scanned && !rows)
	{
		Relation	rel = try_relation_open(relation->relid, NoLock);

		rows = rel != NULL && RelationGetNumberOfBlocks(rel) > 0;
		if (rel != NULL)
			relation_close(rel, NoLock);
	}
	return scanned && rows;
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/*
 * Note what has been done to a relation.
 */
static void
observe_relation(MigrateObservation *observation, MigrateHeldRelation *relation)
{
	MigrateMeasured *measured = palloc0(sizeof(MigrateMeasured));

	measured->relid = relation->relid;
	measured->name = relation->name;
	measured->kind = relation->kind;
	measured->lock = relation->taken;
	if (RELKIND_HAS_STORAGE(relation->kind) && relation->taken >= ShareLock)
		measured->rewritten = has_new_file(relation);
	if (relation->kind == RELKIND_RELATION || relation->kind == RELKIND_MATVIEW)
		measured->scanned = was_scanned(relation);
	observation->measured = lappend(observation->measured, measured);
	if (relation->taken > AccessShareLock && relation->kind != RELKIND_INDEX &&
		relation->kind != RELKIND_PARTITIONED_INDEX && relation->kind != RELKIND_TOASTVALUE)
		observation->locks = lappend(observation->locks,
									 psprintf("%s on %s", GetLockmodeName(DEFAULT_LOCKMETHOD, relation->taken),
											  relation->name));
	if (measured->rewritten && relation->kind != RELKIND_TOASTVALUE)
		observation->rewritten = lappend(observation->rewritten, pstrdup(relation->name));
	if (measured->scanned)
		observation->scanned = lappend(observation->scanned, pstrdup(relation->name));
}

/*
 * A statement has ended without an error: fill in the rest, in the current memory
 * context.
 */
void
migrate_observe_finish(MigrateObservation *observation)
{
	instr_time	end;
	ListCell   *lc;

	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, observation->start);
	observation->duration = INSTR_TIME_GET_MICROSEC(end);
	observation->wal_bytes = pgWalUsage.wal_bytes - observation->wal_start;
	observation->ran_function = ran_function;
	CommandCounterIncrement();
	migrate_budget_after();
	foreach(lc, migrate_held_relations())
	{
		MigrateHeldRelation *relation = lfirst(lc);

		if (relation->taken != NoLock)
			observe_relation(observation, relation);
	}
	list_sort(observation->locks, compare_names);
	list_sort(observation->rewritten, compare_names);
	list_sort(observation->scanned, compare_names);
}
