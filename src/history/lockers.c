/*-------------------------------------------------------------------------
 *
 * lockers.c
 *		Which processes hold locks on relations, as the owner of our tables may see
 *		more of them than the caller.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/lockers.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"

#include "history/history.h"
#include "history/owner_query.h"

/*
 * The text that the query gives, in the caller's memory context.
 */
typedef struct LockerSink
{
	MemoryContext context;
	char	   *pids;
} LockerSink;

static void
collect_pids(void *arg)
{
	LockerSink *sink = arg;
	MemoryContext old = MemoryContextSwitchTo(sink->context);

	if (SPI_processed > 0)
	{
		char	   *pids = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		sink->pids = pids ? MemoryContextStrdup(sink->context, pids) : NULL;
	}
	MemoryContextSwitchTo(old);
}

static MigrateQuery lockers_query = {
	"SELECT pg_catalog.string_agg(DISTINCT l.pid::pg_catalog.text, ', ')"
	" FROM pg_catalog.pg_locks l WHERE l.granted AND l.locktype OPERATOR(pg_catalog.=) 'relation'"
	" AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()"
	" AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d"
	" WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())"
	" AND l.relation OPERATOR(pg_catalog.=) ANY ($1)",
	1, {OIDARRAYOID}
};

/*
 * A relation by its name, InvalidOid if it cannot be found.  RangeVarGetRelid() raises
 * an error for a schema that the current role may not use.
 */
static Oid
find_relation(const RangeVar *relation)
{
	if (relation->schemaname == NULL)
		return RelnameGetRelid(relation->relname);
	return get_relname_relid(relation->relname, get_namespace_oid(relation->schemaname, true));
}

/*
 * The processes that hold locks on relations (RangeVar), listed; NULL if no process
 * does, or the relations cannot be found.  Best effort, for a NOTICE.
 */
char *
migrate_history_lockers(List *relations)
{
	MigrateParameters p = {0};
	LockerSink	sink = {.context = CurrentMemoryContext};
	List	   *oids = NIL;
	ListCell   *lc;

	foreach(lc, relations)
	{
		Oid			relid = find_relation(lfirst_node(RangeVar, lc));

		if (OidIsValid(relid))
			oids = lappend_oid(oids, relid);
	}
	if (oids == NIL)
		return NULL;
	migrate_bind_oids(&p, oids);
	migrate_query(&lockers_query, &p, SNAPSHOT_STATEMENT, SPI_OK_SELECT, collect_pids, &sink);
	return sink.pids;
}
