/*-------------------------------------------------------------------------
 *
 * attempts.c
 *		Reads what the history says of attempts: all of them, and those that were the last
 *		and have failed, of each migration or of each schema.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/attempts.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "history/attempts.h"
#include "history/history.h"
#include "history/history_int.h"
#include "history/owner_query.h"

static MigrateQuery attempts_query = {
	"SELECT id, CASE WHEN kind OPERATOR(pg_catalog.=) 'migration' THEN version END, name, direction, outcome, batch, started_at, duration, statements,"
	" login::pg_catalog.text, role::pg_catalog.text, application_name, client_addr,"
	" sqlstate OPERATOR(pg_catalog.||) ': ' OPERATOR(pg_catalog.||) error, error_context"
	" FROM migrate.history"
	" WHERE " MIGRATE_KEY_MATCHES
	" ORDER BY id DESC",
	2, {MIGRATE_KEY_TYPES},
	&migrate_history_table
};

static MigrateQuery failures_query = {
	"SELECT h.version, h.name, pg_catalog.concat('failed at ', h.started_at, ': ', h.sqlstate, ': ', h.error,"
	" '; ' OPERATOR(pg_catalog.||) pg_catalog.replace(h.error_context, pg_catalog.chr(10), '; '))"
	" FROM (SELECT DISTINCT ON (a.version COLLATE pg_catalog.\"C\", a.name COLLATE pg_catalog.\"C\") a.* FROM migrate.history a"
	" WHERE " MIGRATE_KEY_MATCHES " AND a.kind OPERATOR(pg_catalog.=) 'migration'"
	" ORDER BY a.version COLLATE pg_catalog.\"C\", a.name COLLATE pg_catalog.\"C\", a.id DESC) h WHERE h.outcome OPERATOR(pg_catalog.=) 'failed'",
	2, {MIGRATE_KEY_TYPES},
	&migrate_history_table
};

static MigrateQuery last_failures_query = {
	"SELECT h.schema, h.started_at, h.sqlstate OPERATOR(pg_catalog.||) ': ' OPERATOR(pg_catalog.||) h.error"
	" FROM (SELECT DISTINCT ON (a.schema) a.* FROM migrate.history a"
	" WHERE a.project OPERATOR(pg_catalog.=) $1"
	" ORDER BY a.schema, a.id DESC) h WHERE h.outcome OPERATOR(pg_catalog.=) 'failed'",
	1, {TEXTOID},
	&migrate_history_table
};

/*
 * Where the failures of migrations go.
 */
typedef struct Failures
{
	MemoryContext context;
	List	   *failures;
} Failures;

/*
 * Where the failures of migrate_history_last_failures() go.
 */
typedef struct LastAttempt
{
	MemoryContext context;
	void		(*receive) (const char *schema, TimestampTz failed_at, const char *error, void *arg);
	void	   *arg;
} LastAttempt;

static void
collect_tuples(void *arg)
{
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(arg, SPI_tuptable->vals[i]);
}

/*
 * Store the attempts of a history, newest first, in a tuplestore, with the columns
 * of migrate.history().
 */
void
migrate_history_attempts(const MigrateHistory *history, Tuplestorestate *store)
{
	MigrateParameters p;

	migrate_warn_version();
	migrate_bind_key(&p, history);
	CommandCounterIncrement();
	migrate_query(&attempts_query, &p, SNAPSHOT_TRANSACTION, SPI_OK_SELECT, collect_tuples, store);
}

static void
collect_failures(void *arg)
{
	Failures   *all = arg;
	MemoryContext old = MemoryContextSwitchTo(all->context);

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MigrateFailure *failure = palloc(sizeof(MigrateFailure));

		failure->version = SPI_getvalue(row, desc, 1);
		failure->name = SPI_getvalue(row, desc, 2);
		failure->reason = SPI_getvalue(row, desc, 3);
		all->failures = lappend(all->failures, failure);
	}
	MemoryContextSwitchTo(old);
}

/*
 * The migrations of a history whose last attempt failed (MigrateFailure), in the current
 * memory context.
 */
List *
migrate_history_failures(const MigrateHistory *history)
{
	MigrateParameters p;
	Failures	all = {.context = CurrentMemoryContext};

	migrate_bind_key(&p, history);
	migrate_query(&failures_query, &p, SNAPSHOT_TRANSACTION, SPI_OK_SELECT, collect_failures, &all);
	return all.failures;
}

static void
hand_over_failures(void *arg)
{
	LastAttempt *last = arg;
	MemoryContext old = MemoryContextSwitchTo(last->context);

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;

		last->receive(SPI_getvalue(row, desc, 1),
					  DatumGetTimestampTz(SPI_getbinval(row, desc, 2, &isnull)),
					  SPI_getvalue(row, desc, 3), last->arg);
	}
	MemoryContextSwitchTo(old);
}

/*
 * Hand the last attempt in each schema of the project to "receive", if it has failed;
 * in the current memory context.
 */
void
migrate_history_last_failures(const MigrateHistory *history,
							  void (*receive) (const char *schema, TimestampTz failed_at,
											   const char *error, void *arg),
							  void *arg)
{
	MigrateParameters p = {0};
	LastAttempt last = {CurrentMemoryContext, receive, arg};

	migrate_bind_text(&p, history->project);
	migrate_query(&last_failures_query, &p, SNAPSHOT_TRANSACTION, SPI_OK_SELECT, hand_over_failures,
				  &last);
}
