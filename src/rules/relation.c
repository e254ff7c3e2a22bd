/*-------------------------------------------------------------------------
 *
 * relation.c
 *		Relations that existed before the run, found without waiting for anybody.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/relation.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "rules/rules_int.h"
#include "util/guc.h"

/*
 * Open a relation under AccessShareLock, which the caller releases when it closes
 * it.  NULL if somebody else has it locked, or it is gone.
 */
Relation
migrate_fact_open(Oid relid)
{
	Relation	rel;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return NULL;
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		UnlockRelationOid(relid, AccessShareLock);
	return rel;
}

/*
 * Scans of a table or an index since its statistics were reset.
 */
static int64
count_scans(Oid relid)
{
	const PgStat_StatTabEntry *entry = pgstat_fetch_stat_tabentry(relid);

	return entry ? entry->numscans : 0;
}

/*
 * Add what is known of one relation; false if that is not to be had.
 */
static bool
count_size(PlannedRelation *planned, Oid relid)
{
	Relation	rel = migrate_fact_open(relid);
	ListCell   *lc;

	if (rel == NULL)
		return false;
	if (RELKIND_HAS_STORAGE(rel->rd_rel->relkind))
		planned->bytes += (int64) RelationGetNumberOfBlocks(rel) * BLCKSZ;
	if (rel->rd_rel->reltuples > 0)
		planned->rows += rel->rd_rel->reltuples;
	planned->reads += count_scans(relid);
	if (rel->rd_rel->relkind == RELKIND_RELATION)
	{
		foreach(lc, RelationGetIndexList(rel))
			planned->reads += count_scans(lfirst_oid(lc));
	}
	if (relid == planned->relid)
	{
		planned->row_security = rel->rd_rel->relrowsecurity;
		planned->identity = rel->rd_rel->relreplident;
	}
	relation_close(rel, AccessShareLock);
	return true;
}

/*
 * Fill in what the catalogs have of a relation, its children included.
 */
static void
describe(MigrateForesight *foresight, PlannedRelation *planned)
{
	List	   *children;
	ListCell   *lc;

	planned->known = true;
	if (planned->kind != RELKIND_RELATION && planned->kind != RELKIND_PARTITIONED_TABLE &&
		planned->kind != RELKIND_MATVIEW)
		return;
	children = has_subclass(planned->relid) ?
		find_all_inheritors(planned->relid, NoLock, NULL) : list_make1_oid(planned->relid);
	foreach(lc, children)
	{
		CHECK_FOR_INTERRUPTS();
		planned->known &= count_size(planned, lfirst_oid(lc));
	}
	list_free(children);
	planned->published = migrate_is_published(foresight, planned->relid);
	planned->has_policy = migrate_has_policy(planned->relid);
}

/*
 * What is known of a relation; it lives as long as "foresight".  NULL if it does
 * not exist.
 */
PlannedRelation *
migrate_planned_relation(MigrateForesight *foresight, Oid relid)
{
	bool		found;
	char	   *name;
	PlannedRelation *planned = hash_search(foresight->relations, &relid, HASH_FIND, NULL);
	MemoryContext old;

	if (planned != NULL)
		return planned;
	name = get_rel_name(relid);
	if (name == NULL)
		return NULL;
	planned = hash_search(foresight->relations, &relid, HASH_ENTER, &found);
	memset((char *) planned + sizeof(Oid), 0, sizeof(PlannedRelation) - sizeof(Oid));
	old = MemoryContextSwitchTo(foresight->context);
	planned->name = pstrdup(name);
	planned->shown = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), name);
	MemoryContextSwitchTo(old);
	planned->kind = get_rel_relkind(relid);
	describe(foresight, planned);
	return planned;
}

/*
 * A name as a key of the tables of names, palloc'd.
 */
char *
migrate_fact_key(const RangeVar *name)
{
	return name->schemaname == NULL ? pstrdup(name->relname) :
		psprintf("%s.%s", name->schemaname, name->relname);
}

/*
 * The relation that a name means at this point of the plan: InvalidOid if the plan
 * makes it, or if there is none.  Raises 42501 for a schema without USAGE.
 */
Oid
migrate_fact_lookup(Producer *producer, const RangeVar *name)
{
	PlannedRelation *planned = migrate_names_get(producer->foresight->renamed, migrate_fact_key(name));
	Oid			relid;

	if (planned != NULL && !planned->dropped)
		return planned->relid;
	relid = RangeVarGetRelid(name, NoLock, true);
	if (!OidIsValid(relid))
		return InvalidOid;
	planned = hash_search(producer->foresight->relations, &relid, HASH_FIND, NULL);
	if (planned != NULL && (planned->dropped || planned->renamed))
		return InvalidOid;
	return relid;
}

/*
 * Note that a statement locks a relation, and what it does to it.  Returns NULL for
 * relations that are none of the facts: new ones, indexes, sequences and the like.
 */
MigrateRelationFact *
migrate_fact_add(Producer *producer, Oid relid, LOCKMODE lock, MigrateActions actions)
{
	PlannedRelation *planned;
	MigrateRelationFact *fact;

	if (!OidIsValid(relid) || get_rel_persistence(relid) == RELPERSISTENCE_TEMP)
		return NULL;
	planned = migrate_planned_relation(producer->foresight, relid);
	if (planned == NULL || planned->dropped ||
		strchr("rpmv", planned->kind) == NULL)
		return NULL;
	if (planned->statement == producer->foresight->statement)
	{
		fact = planned->fact;
		fact->lock = Max(fact->lock, lock);
		fact->actions |= actions;
		return fact;
	}
	fact = palloc0(sizeof(MigrateRelationFact));
	fact->relid = relid;
	fact->name = planned->shown;
	fact->kind = planned->kind;
	fact->lock = lock;
	fact->actions = actions;
	fact->known = planned->known;
	fact->emptied = planned->emptied;
	fact->bytes = planned->emptied ? 0 : planned->bytes;
	fact->rows = planned->rows;
	fact->reads = planned->reads;
	fact->published = planned->published;
	fact->held = planned->held;
	planned->statement = producer->foresight->statement;
	planned->fact = fact;
	producer->facts->relations = lappend(producer->facts->relations, fact);
	return fact;
}

/*
 * The same for a relation by name.
 */
MigrateRelationFact *
migrate_fact_name(Producer *producer, const RangeVar *name, LOCKMODE lock, MigrateActions actions)
{
	return migrate_fact_add(producer, migrate_fact_lookup(producer, name), lock, actions);
}

/*
 * The same for all children of a relation, which are not judged on their own.
 */
void
migrate_fact_children(Producer *producer, Oid relid, LOCKMODE lock, bool rewritten, bool scanned)
{
	ListCell   *lc;

	if (!has_subclass(relid))
		return;
	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
	{
		MigrateRelationFact *fact;

		CHECK_FOR_INTERRUPTS();
		if (lfirst_oid(lc) == relid)
			continue;
		fact = migrate_fact_add(producer, lfirst_oid(lc), lock, 0);
		if (fact == NULL)
			continue;
		fact->recursed = true;
		if (fact->kind != RELKIND_PARTITIONED_TABLE && !fact->emptied)
		{
			fact->rewritten |= rewritten;
			fact->scanned |= scanned;
		}
	}
}

/*
 * The relations (Oid) that have this Oid in a column of pg_class, in a fixed order.
 */
List *
migrate_relations_with(AttrNumber column, Oid value)
{
	List	   *relids = NIL;
	Relation	relations = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
	scan = systable_beginscan(relations, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		relids = lappend_oid(relids, ((Form_pg_class) GETSTRUCT(tuple))->oid);
	}
	systable_endscan(scan);
	table_close(relations, AccessShareLock);
	list_sort(relids, list_oid_cmp);
	return relids;
}

/*
 * The relations (Oid) of a schema in a fixed order, NIL if it does not exist.
 */
List *
migrate_relations_of_schema(const char *name)
{
	Oid			namespace = get_namespace_oid(name, true);

	return OidIsValid(namespace) ? migrate_relations_with(Anum_pg_class_relnamespace, namespace) : NIL;
}

/*
 * From now on, the relation has another name, perhaps in another schema.
 */
void
migrate_fact_rename(Producer *producer, Oid relid, const char *schema, const char *name)
{
	MigrateForesight *foresight = producer->foresight;
	PlannedRelation *planned = migrate_planned_relation(foresight, relid);
	MemoryContext old;

	if (planned == NULL)
		return;
	old = MemoryContextSwitchTo(foresight->context);
	planned->renamed = true;
	planned->name = pstrdup(name);
	migrate_names_remove(foresight->renamed, planned->name);
	(void) migrate_names_add(foresight->renamed, planned->name, planned);
	if (schema == NULL)
		schema = get_namespace_name(get_rel_namespace(relid));
	if (schema != NULL)
	{
		char	   *full = psprintf("%s.%s", schema, name);

		migrate_names_remove(foresight->renamed, full);
		(void) migrate_names_add(foresight->renamed, full, planned);
	}
	MemoryContextSwitchTo(old);
}

/*
 * Is a relation so large that rules find something about it?
 */
bool
migrate_fact_is_large(const MigrateRelationFact *fact)
{
	return fact->known && !fact->emptied && fact->bytes > 0 &&
		fact->bytes >= (int64) migrate_large_table * 1024;
}

/*
 * Note what a statement does that is not about a relation as a whole; "relation" may
 * be NULL.
 */
void
migrate_fact_other(Producer *producer, MigrateActions action, const char *name,
				   const MigrateRelationFact *relation)
{
	MigrateOtherFact *other = palloc(sizeof(MigrateOtherFact));

	other->action = action;
	other->name = name;
	other->relation = relation;
	producer->facts->others = lappend(producer->facts->others, other);
}

/*
 * Note that only running the statement would show all that it does.
 */
void
migrate_fact_unknown(Producer *producer, const char *reason)
{
	if (producer->facts->known)
		producer->facts->reason = reason;
	producer->facts->known = false;
}
