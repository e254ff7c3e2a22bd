/*-------------------------------------------------------------------------
 *
 * proof.c
 *		verify() with a script: does the script of a baseline make what the migrations
 *		make?
 *
 * Both run on the database as it is, each in a subtransaction that is rolled back
 * (undone.c), and all objects are compared, and how many rows tables have.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/proof.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "format/source.h"
#include "history/history.h"
#include "run/apply.h"
#include "run/check.h"
#include "run/known.h"
#include "run/report.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/step.h"
#include "run/steps.h"
#include "run/undone.h"
#include "run/verification.h"
#include "run/verify.h"
#include "util/names.h"
#include "util/printable.h"

/*
 * What one of the two has made.
 */
typedef struct Made
{
	MigratePicture *objects;
	List	   *tables;			/* names (char *) of those with rows ... */
	MigrateNames *rows;			/* ... and their numbers of rows, as text */
} Made;

typedef struct Proof
{
	MemoryContext context;
	List	   *rows;			/* of MigrateVerified */
	const char *version;		/* of the last migration, and its name */
	const char *name;
	const char *running;		/* label of what runs, or NULL */
	Made		migrations;
	Made		script;
} Proof;

/*
 * Tables in which this transaction has inserted or deleted rows, as statistics say, if the
 * current role may read all of them: a policy would be somebody else's code.
 */
static const char tables_query[] =
"SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname)"
" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
" WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND c.relpersistence OPERATOR(pg_catalog.<>) 't'"
" AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')"
" AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{information_schema,migrate}'::pg_catalog.name[])"
" AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND NOT pg_catalog.row_security_active(c.oid)"
" AND (NOT pg_catalog.current_setting('track_counts')::pg_catalog.bool"
" OR pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) OPERATOR(pg_catalog.>) 0"
" OR pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) OPERATOR(pg_catalog.>) 0)"
" ORDER BY 2";

/*
 * The number of rows of a table, 0 if it is gone.
 *
 * It is not read by its name: another role could meanwhile give this name to a view, whose
 * functions would be called.
 */
static uint64
rows_of_table(Oid relid)
{
	Relation	rel = try_relation_open(relid, AccessShareLock);
	TableScanDesc scan;
	TupleTableSlot *slot;
	uint64		rows = 0;

	if (rel == NULL)
		return 0;

	/*
	 * before 16, a rule makes a view of a table, which an older snapshot
	 * still sees
	 */
	if (rel->rd_rel->relkind != RELKIND_RELATION)
	{
		relation_close(rel, NoLock);
		return 0;
	}
	scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	slot = table_slot_create(rel, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		rows++;
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	relation_close(rel, NoLock);
	return rows;
}

/*
 * Count the rows of the tables that the current role may read.
 */
static void
count_rows(Made *made)
{
	MemoryContext context = CurrentMemoryContext;

	made->rows = migrate_names_create();
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(tables_query, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the tables");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		uint64		rows = rows_of_table(DatumGetObjectId(SPI_getbinval(tuple, desc, 1, &isnull)));
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (rows == 0)
			continue;
		old = MemoryContextSwitchTo(context);
		made->tables = lappend(made->tables, TextDatumGetCString(SPI_getbinval(tuple, desc, 2, &isnull)));
		(void) migrate_names_add(made->rows, llast(made->tables), psprintf(UINT64_FORMAT, rows));
		MemoryContextSwitchTo(old);
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	PopActiveSnapshot();
}

static void
note_made(Made *made)
{
	made->objects = migrate_picture_all();
	count_rows(made);
}

static void
add_row(Proof *proof, const char *result, const char *object, const char *detail)
{
	MigrateVerified *row = palloc0(sizeof(MigrateVerified));

	row->version = proof->version;
	row->name = proof->name;
	row->result = result;
	row->object = object;
	row->detail = detail;
	proof->rows = lappend(proof->rows, row);
}

static void
report_difference(const char *result, const char *object, const char *detail, void *arg)
{
	add_row(arg, result, object, detail);
}

/*
 * Run a checked step; an error is that of the migration.
 */
static void
run_step(Proof *proof, MigrateRun *run, MigrateStep *step, const char *label)
{
	ErrorData  *error;

	proof->running = label;
	(void) migrate_verify_run(run, step, &error);
	if (error != NULL)
		ReThrowError(error);
	proof->running = NULL;
}

/*
 * The history must be empty, as for the script of a baseline.
 */
static void
load(MigrateRun *run)
{
	run->request->cache_texts = true;
	migrate_require_source(run);
	migrate_lock_and_load(run);
	migrate_require_empty_history(run);
	migrate_enter_schema(run->request->history.schema, GUC_ACTION_SAVE);
}

/*
 * All migrations up to the version.
 */
static void
run_migrations(MigrateRun *run, void *arg)
{
	Proof	   *proof = arg;
	List	   *steps;
	ListCell   *lc;

	load(run);
	steps = migrate_plan_apply(run->items, run->request);
	migrate_check_up_steps(run, steps, false);
	migrate_fire_callers_events(run);
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);

		proof->version = step->file->version;
		proof->name = step->file->name;
		run_step(proof, run, step, migrate_label(proof->version, proof->name));
	}
	note_made(&proof->migrations);
}

/*
 * The script that replaces them, under the name of the last one, as baseline() runs it.
 */
static void
run_script(MigrateRun *run, void *arg)
{
	Proof	   *proof = arg;
	List	   *steps;
	Migration	migration;
	MigrateStep step = {.direction = MIGRATE_UP,.file = &migration};

	load(run);
	steps = migrate_plan_apply(run->items, run->request);
	if (steps != NIL)
	{
		migrate_use_script(run, ((MigrateStep *) llast(steps))->file, &migration);
		migrate_check_up_steps(run, list_make1(&step), false);
		migrate_fire_callers_events(run);
		run_step(proof, run, &step, run->request->script);
	}
	note_made(&proof->script);
}

/*
 * The tables that have not as many rows in both.
 */
static void
compare_rows(Proof *proof)
{
	ListCell   *lc;

	foreach(lc, proof->migrations.tables)
	{
		const char *count = migrate_names_get(proof->migrations.rows, lfirst(lc));
		const char *other = migrate_names_get(proof->script.rows, lfirst(lc));

		if (other == NULL || strcmp(count, other) != 0)
			add_row(proof, other == NULL ? "lacks" : "differs", psprintf("rows of %s", (char *) lfirst(lc)),
					psprintf("%s with the migrations, %s with the script", count, other ? other : "none"));
	}
	foreach(lc, proof->script.tables)
	{
		if (!migrate_names_have(proof->migrations.rows, lfirst(lc)))
			add_row(proof, "leaves", psprintf("rows of %s", (char *) lfirst(lc)),
					psprintf("none with the migrations, %s with the script", (char *) migrate_names_get(proof->script.rows, lfirst(lc))));
	}
}

/*
 * Run one of the two; returns false, with a row, if it does not come to its end.
 */
static bool
run_undone(Proof *proof, MigrateRequest request, int64 budget, MigrateBody body)
{
	MigrateUndone undone = migrate_run_undone(&request, budget, body, proof);

	if (undone.error == NULL)
		return true;
	if (proof->running == NULL)
		ReThrowError(undone.error);
	add_row(proof, undone.stopped ? "not tried" : "fails", proof->running,
			undone.stopped ? undone.stopped : undone.error->message);
	return false;
}

/*
 * verify(script): does a script make exactly what the migrations up to request->target,
 * or all, make?  Nothing of either is left.  "budget" holds for each of them.  Returns a list
 * of MigrateVerified: the differences of the script, or one that it makes the same.
 *
 * Errors: those of baseline() with a script, and of migrate_run_verification().
 */
List *
migrate_run_proof(MigrateRequest *request, int64 budget)
{
	Proof		proof = {.context = CurrentMemoryContext};

	if (!run_undone(&proof, *request, budget, run_migrations) ||
		!run_undone(&proof, *request, budget, run_script))
		return proof.rows;
	migrate_picture_compare(proof.migrations.objects, proof.script.objects, report_difference, &proof);
	compare_rows(&proof);
	if (proof.rows == NIL)
		add_row(&proof, "same", NULL, NULL);
	return proof.rows;
}
