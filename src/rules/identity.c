/*-------------------------------------------------------------------------
 *
 * identity.c
 *		How rows are identified: primary keys, and what logical replication needs.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/identity.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_publication.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "rules/rules_int.h"

/*
 * Does a publication have a table, its schema, or all tables?  Of a partition, those of
 * the tables that it belongs to count, too.
 */
bool
migrate_is_published(MigrateForesight *foresight, Oid relid)
{
	ListCell   *lc;

	if (!foresight->publications_known)
	{
		List	   *all = GetAllTablesPublications();

		foresight->publishes_all = all != NIL;
		foresight->publications_known = true;
		list_free(all);
	}
	if (foresight->publishes_all)
		return true;
	if (GetRelationPublications(relid) != NIL ||
		GetSchemaPublications(get_rel_namespace(relid)) != NIL)
		return true;
	if (!get_rel_relispartition(relid))
		return false;
	foreach(lc, get_partition_ancestors(relid))
	{
		if (GetRelationPublications(lfirst_oid(lc)) != NIL ||
			GetSchemaPublications(get_rel_namespace(lfirst_oid(lc))) != NIL)
			return true;
	}
	return false;
}

/*
 * The primary key of a table goes, and with it its replica identity, unless that is
 * something else.
 */
void
migrate_facts_key_dropped(Producer *producer, MigrateRelationFact *fact)
{
	if (fact == NULL)
		return;
	migrate_open_point(producer, fact, ACTION_NO_KEY, NULL, NIL);
	if (fact->published && migrate_planned_relation(producer->foresight, fact->relid)->identity ==
		REPLICA_IDENTITY_DEFAULT)
		migrate_open_point(producer, fact, ACTION_NO_IDENTITY, NULL, NIL);
}

/*
 * REPLICA IDENTITY.
 */
void
migrate_facts_replica_identity(Producer *producer, MigrateRelationFact *fact,
							   const ReplicaIdentityStmt *stmt)
{
	migrate_planned_relation(producer->foresight, fact->relid)->identity = stmt->identity_type;
	migrate_close_points(producer, fact->relid, ACTION_NO_IDENTITY, NULL);
	if (fact->published && stmt->identity_type == REPLICA_IDENTITY_NOTHING)
		migrate_open_point(producer, fact, ACTION_NO_IDENTITY, NULL, NIL);
}
