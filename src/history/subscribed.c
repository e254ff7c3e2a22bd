/*-------------------------------------------------------------------------
 *
 * subscribed.c
 *		Do our tables get rows from another server?
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/subscribed.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_subscription_rel.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "history/history.h"
#include "util/printable.h"

static bool
is_subscribed(Relation subscription_rel, Oid relid)
{
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	ScanKeyInit(&key, Anum_pg_subscription_rel_srrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(subscription_rel, SubscriptionRelSrrelidSrsubidIndexId, true, NULL,
							  1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	return found;
}

/*
 * Warn if a subscription of this database fills tables of the history: it says of a
 * migration that another server has applied that it is applied here, or stops at a
 * row that both have.
 */
void
migrate_history_warn_subscribed(void)
{
	const char *const tables[] = {"applied", "history", "script", "object"};
	Oid			schema = get_namespace_oid("migrate", false);
	Relation	subscription_rel = table_open(SubscriptionRelRelationId, AccessShareLock);
	const char *found = NULL;

	for (int i = 0; i < lengthof(tables) && found == NULL; i++)
	{
		if (is_subscribed(subscription_rel, get_relname_relid(tables[i], schema)))
			found = tables[i];
	}
	table_close(subscription_rel, AccessShareLock);
	if (found != NULL)
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table migrate.%s is filled by a subscription", found),
				 errdetail("The history of this database and that of the publisher are mixed."),
				 errhint("Leave the schema \"migrate\" out of the publication, for example with FOR TABLES IN SCHEMA, and refresh the subscription.")));
}
