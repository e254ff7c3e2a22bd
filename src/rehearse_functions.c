/*-------------------------------------------------------------------------
 *
 * rehearse_functions.c
 *		The SQL-callable function that runs migrations and undoes them: arguments in,
 *		rows out, no logic.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rehearse_functions.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "arguments.h"
#include "run/rehearse.h"
#include "run/run.h"

PG_FUNCTION_INFO_V1(migrate_rehearse);

/*
 * The columns of rehearse() after those of migrate_put_preview().
 */
enum RehearseColumn
{
	REHEARSE_OUTCOME = 7,
	REHEARSE_DURATION,
	REHEARSE_ROWS,
	REHEARSE_WAL_BYTES,
	REHEARSE_LOCKS,
	REHEARSE_REWRITTEN,
	REHEARSE_SCANNED,
	REHEARSE_HELD,
	REHEARSE_FINDINGS,
	REHEARSE_ERROR,
	REHEARSE_COLUMNS
};

static Datum
text_array(const List *texts)
{
	Datum	   *values = palloc(Max(list_length(texts), 1) * sizeof(Datum));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, texts)
		values[n++] = CStringGetTextDatum(lfirst(lc));
	return PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
put_interval(Datum *values, bool *nulls, int n, int64 usecs)
{
	Interval   *interval = palloc0(sizeof(Interval));

	nulls[n] = usecs < 0;
	interval->time = usecs;
	values[n] = IntervalPGetDatum(interval);
}

static void
put_rehearsed(ReturnSetInfo *rsinfo, const MigrateRehearsed *row)
{
	Datum		values[REHEARSE_COLUMNS] = {0};
	bool		nulls[REHEARSE_COLUMNS] = {0};

	migrate_put_preview(values, nulls, &row->statement);
	migrate_put_text(values, nulls, REHEARSE_OUTCOME, row->outcome);
	put_interval(values, nulls, REHEARSE_DURATION, row->measured ? row->duration : -1);
	values[REHEARSE_ROWS] = Int64GetDatum(row->rows);
	nulls[REHEARSE_ROWS] = row->rows < 0;
	values[REHEARSE_WAL_BYTES] = Int64GetDatum(row->wal_bytes);
	values[REHEARSE_LOCKS] = text_array(row->locks);
	values[REHEARSE_REWRITTEN] = text_array(row->rewritten);
	values[REHEARSE_SCANNED] = text_array(row->scanned);
	put_interval(values, nulls, REHEARSE_HELD, row->held);
	values[REHEARSE_FINDINGS] = text_array(row->findings);
	if (!row->measured)
	{
		nulls[REHEARSE_WAL_BYTES] = nulls[REHEARSE_LOCKS] = nulls[REHEARSE_REWRITTEN] = true;
		nulls[REHEARSE_SCANNED] = nulls[REHEARSE_FINDINGS] = true;
	}
	migrate_put_text(values, nulls, REHEARSE_ERROR, row->error);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* rehearse(dir, target, steps, versions, project, schema, format, vars, files, budget) */
Datum
migrate_rehearse(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "rehearse"};
	int64		budget;
	ListCell   *lc;

	migrate_choice_arguments(fcinfo, 8, &request);
	budget = migrate_interval_argument(fcinfo, 9, "budget");
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_run_rehearsal(&request, budget))
		put_rehearsed((ReturnSetInfo *) fcinfo->resultinfo, lfirst(lc));
	return (Datum) 0;
}
