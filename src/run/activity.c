/*-------------------------------------------------------------------------
 *
 * activity.c
 *		activity(): the runs in progress, and those that wait.
 *
 * The lock table says which processes these are, pg_stat_activity what they do.
 * Anybody can send a statement that reads as a run of ours; the text counts only if
 * the run that it names is the one whose lock the process has or wants.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/activity.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "pgstat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "run/activity.h"
#include "run/lock.h"

/*
 * The columns of what follows.
 */
enum SessionColumn
{
	S_QUERY = 1,
	S_QUERY_START,
	S_STATE_CHANGE,
	S_WAITS_FOR_LOCK,
	S_PERCENT,
};

static const char session_query[] =
"SELECT a.query, a.query_start, a.state_change, a.wait_event_type = 'Lock'"
" OR a.wait_event IN ('Extension', 'MigrateLock', 'MigrateRetry')"		/* between two tries */
" OR EXISTS (SELECT FROM pg_catalog.pg_stat_activity w WHERE w.pid = $2 AND w.wait_event_type = 'Lock'),"
" pg_catalog.round(100.0 * p.done / p.total, 1)"
" FROM pg_catalog.pg_stat_activity a LEFT JOIN LATERAL ("
"SELECT CASE WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END,"
" CASE WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END"
" FROM pg_catalog.pg_stat_progress_create_index WHERE pid IN (a.pid, $2)"
" UNION ALL SELECT heap_blks_scanned, heap_blks_total FROM pg_catalog.pg_stat_progress_vacuum WHERE pid IN (a.pid, $2)"
" UNION ALL SELECT heap_blks_scanned, heap_blks_total FROM pg_catalog.pg_stat_progress_cluster WHERE pid IN (a.pid, $2)"
" UNION ALL SELECT sample_blks_scanned, sample_blks_total FROM pg_catalog.pg_stat_progress_analyze WHERE pid IN (a.pid, $2)"
" UNION ALL SELECT bytes_processed, bytes_total FROM pg_catalog.pg_stat_progress_copy WHERE pid IN (a.pid, $2)"
") p(done, total) ON p.total > 0"
" WHERE a.pid = $1";

static Datum
column(enum SessionColumn number, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number, isnull);
}

static TimestampTz
time_column(enum SessionColumn number)
{
	bool		isnull;
	Datum		value = column(number, &isnull);

	return isnull ? 0 : DatumGetTimestampTz(value);
}

/*
 * Fill in what the row of pg_stat_activity says, in "context".
 */
static void
read_session(MigrateRunActivity *run, const MigrateRunLock *lock, MemoryContext context)
{
	MemoryContext old;
	bool		isnull;
	Datum		query = column(S_QUERY, &isnull);
	Datum		value;

	if (isnull)
		return;
	old = MemoryContextSwitchTo(context);
	run->activity = migrate_activity_parse(TextDatumGetCString(query));
	if (run->activity != NULL &&
		!migrate_lock_is_of(lock, run->activity->project, run->activity->schema))
		run->activity = NULL;
	if (run->activity != NULL)
	{
		run->run_started_at = time_column(S_QUERY_START);
		if (run->activity->statement > 0)
			run->statement_started_at = time_column(S_STATE_CHANGE);
		value = column(S_PERCENT, &isnull);
		run->has_percent = !isnull;
		run->percent = isnull ? (Datum) 0 : datumCopy(value, false, -1);
	}
	value = column(S_WAITS_FOR_LOCK, &isnull);
	if (lock->is_held && !isnull && DatumGetBool(value))
		run->state = "waiting for a lock";
	MemoryContextSwitchTo(old);
}

static Datum
pids_array(List *pids)
{
	Datum	   *values = palloc(Max(list_length(pids), 1) * sizeof(Datum));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, pids)
		values[n++] = Int32GetDatum(lfirst_int(lc));
	return PointerGetDatum(construct_array(values, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/*
 * What a process is doing; of a worker that runs a statement for it ($2, or 0), the
 * progress.
 */
static MigrateRunActivity *
run_activity(const MigrateRunLock *lock, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	MigrateRunActivity *run = palloc0(sizeof(MigrateRunActivity));
	Oid			types[] = {INT4OID, INT4OID};
	Datum		values[] = {Int32GetDatum(lock->pid), Int32GetDatum(lock->worker)};

	run->pid = lock->pid;
	run->state = lock->pid == 0 ? "prepared" : lock->is_held ? "running" : "waiting for a run";
	run->blocked_by = pids_array(lock->blockers);
	MemoryContextSwitchTo(old);
	if (SPI_execute_with_args(session_query, 2, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read pg_stat_activity");
	if (SPI_processed > 0)
		read_session(run, lock, context);
	SPI_freetuptable(SPI_tuptable);
	return run;
}

/*
 * The runs of this database, in progress or waiting (MigrateRunActivity), in the
 * caller's memory context.  What pg_stat_activity does not show to the current role is
 * left out.
 */
List *
migrate_run_activities(void)
{
	MemoryContext context = CurrentMemoryContext;
	int			guc_level = NewGUCNestLevel();
	List	   *runs = NIL;
	ListCell   *lc;

	/* in a transaction, core shows what it was at the first look */
	pgstat_clear_backend_activity_snapshot();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	foreach(lc, migrate_lock_runs())
	{
		MigrateRunActivity *run = run_activity(lfirst(lc), context);
		MemoryContext old = MemoryContextSwitchTo(context);

		runs = lappend(runs, run);
		MemoryContextSwitchTo(old);
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(true, guc_level);
	return runs;
}
