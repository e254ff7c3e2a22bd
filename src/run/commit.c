/*-------------------------------------------------------------------------
 *
 * commit.c
 *		Transactions of a CALL that commits: their end, also after an error.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/commit.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "pgstat.h"
#include "tcop/pquery.h"
#include "utils/portal.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "run/commit.h"
#include "run/drift.h"
#include "run/run_int.h"

/* as often as the server does so itself, in ms */
#define REPORT_INTERVAL	1000

/*
 * SPI_commit() begins a transaction whose now() is its own.
 */
static void
commit_and_begin(void)
{
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_commit();
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/*
 * Commit, and begin the next transaction.  "context" is the memory context to be
 * in, which outlives it.
 */
void
migrate_commit(void *context)
{
	commit_and_begin();
	MemoryContextSwitchTo((MemoryContext) context);
}

/*
 * If a second has passed since the last time: commit, as migrate_commit() does, and report what
 * has been counted of relations.  The server does so between the statements of a client; in a
 * long CALL, the counts of each relation would stay in memory until its end, and autovacuum
 * would not know of them.
 *
 * This is for between migrations: an error here must not count as one of a commit.
 *
 * Reporting takes a moment without a transaction.  SPI has none, but there is no connection
 * of SPI around a CALL that commits, see require_commit() in functions.c.
 */
void
migrate_report_statistics(void *context)
{
	static TimestampTz reported = 0;
	TimestampTz now = GetCurrentTransactionStartTimestamp();

	if (!TimestampDifferenceExceeds(reported, now, REPORT_INTERVAL))
		return;
	reported = now;
	commit_and_begin();
	CommitTransactionCommand();
	(void) pgstat_report_stat(true);
	StartTransactionCommand();
	migrate_commit(context);
}

/*
 * Abort, and begin the next transaction, as migrate_commit().
 */
void
migrate_abort(void *context)
{
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_rollback();
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	MemoryContextSwitchTo((MemoryContext) context);
}

/*
 * Abort, after an error, and begin the next transaction.
 *
 * Follows core's PostgresMain() after an error, and exec_simple_query().
 */
void
migrate_abort_now(MemoryContext context)
{
	ActivePortal->portalSnapshot = NULL;
	AbortCurrentTransaction();
	StartTransactionCommand();
	MemoryContextSwitchTo(context);
}

/*
 * In a catch block of a run that commits: abort, begin a new transaction, and return the
 * error, in "context", which outlives both and is the current one then.
 */
ErrorData *
migrate_recover(MemoryContext context)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	disable_timeout(STATEMENT_TIMEOUT, false);
	migrate_abort_now(context);
	return error;
}

/*
 * Record the objects of the database in a transaction of its own: the last migration's
 * has locks that others wait for.
 */
void
migrate_record_objects_committing(MigrateRun *run)
{
	disable_timeout(STATEMENT_TIMEOUT, false);
	if (migrate_record_objects_of_run(run))
		migrate_commit(run->context);
}

/*
 * After an error that is going to be raised again, in a new transaction: record the
 * objects of the database as far as that can be done.  The first error is the one that
 * counts.
 */
void
migrate_record_objects_after_error(MigrateRun *run)
{
	PG_TRY();
	{
		migrate_record_objects_committing(run);
	}
	PG_CATCH();
	{
		(void) migrate_recover(run->context);
	}
	PG_END_TRY();
}
