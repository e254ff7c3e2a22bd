/*-------------------------------------------------------------------------
 *
 * index.c
 *		Indexes that are built.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/index.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "utils/lsyscache.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

/*
 * CREATE INDEX.
 */
void
migrate_facts_index(Producer *producer, const IndexStmt *stmt)
{
	Oid			relid = migrate_fact_lookup(producer, stmt->relation);
	LOCKMODE	lock = stmt->concurrent ? ShareUpdateExclusiveLock : ShareLock;
	MigrateRelationFact *fact = migrate_fact_add(producer, relid, lock, 0);
	bool		only;

	if (fact == NULL)
		return;
	if (stmt->if_not_exists && stmt->idxname != NULL &&
		OidIsValid(get_relname_relid(stmt->idxname, get_rel_namespace(relid))))
		return;
	only = fact->kind == RELKIND_PARTITIONED_TABLE && !stmt->relation->inh;
	if (fact->kind != RELKIND_PARTITIONED_TABLE)
		fact->scanned = !fact->emptied;
	if (!stmt->concurrent && !only)
		fact->actions |= ACTION_INDEX;
	if (fact->kind == RELKIND_PARTITIONED_TABLE && !only)
		migrate_fact_children(producer, relid, lock, false, true);
}

static bool
has_option(const List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, name) == 0)
			return defGetBoolean(option);
	}
	return false;
}

/*
 * REINDEX of an index or of a table.
 */
void
migrate_facts_reindex(Producer *producer, const ReindexStmt *stmt)
{
	bool		concurrently = has_option(stmt->params, "concurrently");
	MigrateRelationFact *fact;
	Oid			relid;

	if (stmt->relation == NULL)
	{
		migrate_fact_unknown(producer, "many relations");
		return;
	}
	relid = stmt->kind == REINDEX_OBJECT_INDEX ?
		RangeVarGetRelid(stmt->relation, NoLock, true) : migrate_fact_lookup(producer, stmt->relation);
	if (stmt->kind == REINDEX_OBJECT_INDEX && OidIsValid(relid))
		relid = IndexGetRelation(relid, true);
	fact = migrate_fact_add(producer, relid, concurrently ? ShareUpdateExclusiveLock : ShareLock,
							concurrently ? 0 : ACTION_REINDEX);
	if (fact == NULL)
		return;
	fact->scanned = fact->kind != RELKIND_PARTITIONED_TABLE && !fact->emptied;
	if (fact->kind == RELKIND_PARTITIONED_TABLE)
		migrate_fact_children(producer, relid, fact->lock, false, true);
}
