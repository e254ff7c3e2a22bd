/*-------------------------------------------------------------------------
 *
 * last_failures.c
 *		The schemas whose last attempt has failed.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/last_failures.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/timestamp.h"

#include "history/history.h"
#include "history/history_int.h"
#include "history/owner_query.h"

static MigrateQuery last_failures_query = {
	"SELECT h.schema, h.started_at, h.sqlstate OPERATOR(pg_catalog.||) ': ' OPERATOR(pg_catalog.||) h.error"
	" FROM (SELECT DISTINCT ON (a.schema) a.* FROM migrate.history a"
	" WHERE a.project OPERATOR(pg_catalog.=) $1"
	" ORDER BY a.schema, a.id DESC) h WHERE h.outcome OPERATOR(pg_catalog.=) 'failed'",
	1, {TEXTOID},
	&migrate_history_table
};

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
