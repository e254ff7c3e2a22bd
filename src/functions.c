/*-------------------------------------------------------------------------
 *
 * functions.c
 *		The SQL-callable functions that change something, and the procedures:
 *		arguments in, rows out, no logic.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/functions.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "arguments.h"
#include "format/format.h"
#include "history/history.h"
#include "run/match.h"
#include "run/run.h"
#include "run/tenants.h"
#include "util/printable.h"
#include "variables/variables.h"

PG_FUNCTION_INFO_V1(migrate_apply);

PG_FUNCTION_INFO_V1(migrate_up);

PG_FUNCTION_INFO_V1(migrate_down);

PG_FUNCTION_INFO_V1(migrate_rollback);

PG_FUNCTION_INFO_V1(migrate_up_schemas);

PG_FUNCTION_INFO_V1(migrate_reset);

PG_FUNCTION_INFO_V1(migrate_baseline);

PG_FUNCTION_INFO_V1(migrate_create);

PG_FUNCTION_INFO_V1(migrate_redo);

PG_FUNCTION_INFO_V1(migrate_refresh);

PG_FUNCTION_INFO_V1(migrate_sync);

PG_FUNCTION_INFO_V1(migrate_repair);

PG_FUNCTION_INFO_V1(migrate_adopt);

PG_FUNCTION_INFO_V1(migrate_wait_for);

#define RESULT_COLUMNS 6

/*
 * The rows of apply(); those of sync() have one column more.
 */
static Datum
return_results(FunctionCallInfo fcinfo, List *results)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *lc;

	foreach(lc, results)
	{
		MigrateResult *result = lfirst(lc);
		Interval	duration = {.time = result->duration};
		Datum		values[RESULT_COLUMNS];
		bool		nulls[RESULT_COLUMNS] = {0};

		values[0] = CStringGetTextDatum(result->version);
		values[1] = CStringGetTextDatum(result->name);
		values[2] = Int32GetDatum(result->batch);
		values[3] = Int32GetDatum(result->statements);
		values[4] = IntervalPGetDatum(&duration);
		values[5] = CStringGetTextDatum(result->direction == MIGRATE_UP ? "up" : "down");
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

#undef RESULT_COLUMNS

/* dir, target, steps, versions, project, schema, format, vars; files at "files" */
static void
apply_arguments(FunctionCallInfo fcinfo, MigrateRequest *request)
{
	migrate_choice_arguments(fcinfo, 9, request);
	request->adopt_existing = migrate_bool_argument(fcinfo, 8);
}

/* apply(dir, target, steps, versions, project, schema, format, vars, adopt_existing, files) */
Datum
migrate_apply(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "apply"};

	apply_arguments(fcinfo, &request);
	InitMaterializedSRF(fcinfo, 0);
	return return_results(fcinfo, migrate_run(&request, migrate_run_apply));
}

static void
rollback_arguments(FunctionCallInfo fcinfo, MigrateRequest *request)
{
	request->steps = migrate_steps_argument(fcinfo, 0);
	request->target = migrate_text_argument(fcinfo, 1);
	request->everything = migrate_bool_argument(fcinfo, 2);
	request->force = migrate_bool_argument(fcinfo, 3);
	migrate_location_arguments(fcinfo, 4, 7, request);
	migrate_history_arguments(fcinfo, 5, request);
}

/* rollback(steps, target, everything, force, dir, project, schema, files) */
Datum
migrate_rollback(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "rollback"};

	rollback_arguments(fcinfo, &request);
	InitMaterializedSRF(fcinfo, 0);
	return return_results(fcinfo, migrate_run(&request, migrate_run_rollback));
}

/* reset(force, project, schema) */
Datum
migrate_reset(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "reset",.everything = true};

	request.force = migrate_bool_argument(fcinfo, 0);
	migrate_history_arguments(fcinfo, 1, &request);
	InitMaterializedSRF(fcinfo, 0);
	return return_results(fcinfo, migrate_run(&request, migrate_run_rollback));
}

/*
 * Error context callback: what to do in a transaction block.  "arg" is the function
 * that works there, NULL if none does.
 */
static void
hint_at_block(void *arg)
{
	const char *function = arg;

	if (geterrcode() != ERRCODE_ACTIVE_SQL_TRANSACTION)
		return;
	if (function == NULL)
		migrate_callback_hint("Turn on autocommit in the client, or send it as a statement of its own.");
	else
		migrate_callback_hint("Turn on autocommit in the client, send it as a statement of its own, or use SELECT * FROM migrate.%s().",
							  function);
}

/*
 * Is a procedure called where it may commit?  Core's own words if not.
 *
 * Called from another procedure or a DO block, atomic is false as well, but the
 * server does not survive a statement at top level there.
 */
static void
require_commit(FunctionCallInfo fcinfo, const char *routine, const char *function)
{
	bool		atomic = fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic;

	ErrorContextCallback callback = {.callback = hint_at_block,.previous = error_context_stack};

	callback.arg = unconstify(char *, function);
	error_context_stack = &callback;
	PreventInTransactionBlock(!atomic && !SPI_inside_nonatomic_context(), routine);
	error_context_stack = callback.previous;
}

#define MAX_COUNTS 2

/*
 * The row type of the INOUT arguments of a procedure, which come last; palloc'd.  To be
 * called before anything runs: a migration may replace the procedure, as ALTER EXTENSION
 * ... UPDATE does.
 */
static TupleDesc
counts_type(FunctionCallInfo fcinfo)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return BlessTupleDesc(desc);
}

static Datum
return_counts(TupleDesc desc, const int *counts, int n)
{
	Datum		values[MAX_COUNTS];
	bool		nulls[MAX_COUNTS] = {0};

	Assert(n <= MAX_COUNTS && n == desc->natts);
	for (int i = 0; i < n; i++)
		values[i] = Int32GetDatum(counts[i]);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

#undef MAX_COUNTS

/*
 * The body of a procedure: what lives in its memory context outlives commits.
 */
static Datum
call_procedure(FunctionCallInfo fcinfo, const char *routine,
			   void (*arguments) (FunctionCallInfo fcinfo, MigrateRequest *request),
			   MigrateDirection direction)
{
	MigrateRequest request = {.commits = true};
	MemoryContext context;
	MemoryContext old;
	TupleDesc	desc;
	Datum		result;
	int			count;

	request.routine = direction == MIGRATE_UP ? "up" : "down";
	require_commit(fcinfo, routine, direction == MIGRATE_UP ? "apply" : "rollback");
	context = AllocSetContextCreate(PortalContext, "migrate run", MIGRATE_RUN_SIZES);
	old = MemoryContextSwitchTo(context);
	desc = counts_type(fcinfo);
	arguments(fcinfo, &request);
	count = migrate_run_committing(&request, direction);
	MemoryContextSwitchTo(old);
	result = return_counts(desc, &count, 1);
	MemoryContextDelete(context);
	return result;
}

/* up(dir, target, steps, versions, project, schema, format, vars, adopt_existing, files, applied) */
Datum
migrate_up(PG_FUNCTION_ARGS)
{
	return call_procedure(fcinfo, "CALL migrate.up", apply_arguments, MIGRATE_UP);
}

/* down(steps, target, everything, force, dir, project, schema, files, undone) */
Datum
migrate_down(PG_FUNCTION_ARGS)
{
	return call_procedure(fcinfo, "CALL migrate.down", rollback_arguments, MIGRATE_DOWN);
}

/* the arguments of redo, refresh and sync: dir, project, schema, format, vars, files */
static void
reapply_arguments(FunctionCallInfo fcinfo, MigrateRequest *request)
{
	migrate_location_arguments(fcinfo, 0, 5, request);
	migrate_history_arguments(fcinfo, 1, request);
	request->format = migrate_text_argument(fcinfo, 3);
	request->vars = migrate_vars_argument(fcinfo, 4);
	InitMaterializedSRF(fcinfo, 0);
}

Datum
migrate_redo(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "redo"};

	reapply_arguments(fcinfo, &request);
	return return_results(fcinfo, migrate_run(&request, migrate_run_redo));
}

Datum
migrate_refresh(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "refresh"};

	reapply_arguments(fcinfo, &request);
	return return_results(fcinfo, migrate_run(&request, migrate_run_refresh));
}

/*
 * The schemas of a call: 22004 if they are not given, or one is null.
 */
static List *
schemas_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", "schemas")));
	return migrate_texts_argument(fcinfo, n, "schemas");
}

/* on_error and canary, at n and n + 1 */
static void
failure_arguments(FunctionCallInfo fcinfo, int n, MigrateRequest *request)
{
	char	   *on_error = migrate_text_argument(fcinfo, n);

	if (on_error == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", "on_error")));
	if (strcmp(on_error, "stop") != 0 && strcmp(on_error, "continue") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized value of \"%s\": \"%s\"", "on_error", on_error),
				 errhint("Valid values are \"stop\" and \"continue\".")));
	request->passes_failures = strcmp(on_error, "continue") == 0;
	if (PG_ARGISNULL(n + 1))
		return;
	request->canary = PG_GETARG_INT32(n + 1);
	if (request->canary < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be greater than zero", "canary")));
	if (!request->passes_failures)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" needs on_error => 'continue'", "canary"),
				 errdetail("With \"stop\", the first failure ends the call anyway.")));
}

/* up_schemas(dir, schemas, target, project, format, vars, files, on_error, canary, applied, failed) */
Datum
migrate_up_schemas(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "up_schemas",.commits = true};
	MemoryContext context;
	MemoryContext old;
	TupleDesc	desc;
	Datum		result;
	int			counts[2];

	require_commit(fcinfo, "CALL migrate.up_schemas", NULL);
	context = AllocSetContextCreate(PortalContext, "migrate run", MIGRATE_RUN_SIZES);
	old = MemoryContextSwitchTo(context);
	desc = counts_type(fcinfo);
	migrate_location_arguments(fcinfo, 0, 6, &request);
	request.schemas = schemas_argument(fcinfo, 1);
	request.target = migrate_text_argument(fcinfo, 2);
	migrate_project_argument(fcinfo, 3, &request);
	request.format = migrate_text_argument(fcinfo, 4);
	request.vars = migrate_vars_argument(fcinfo, 5);
	failure_arguments(fcinfo, 7, &request);
	migrate_run_tenants(&request, &counts[0], &counts[1]);
	MemoryContextSwitchTo(old);
	result = return_counts(desc, counts, lengthof(counts));
	MemoryContextDelete(context);
	return result;
}

/* sync(dir, project, schema, format, vars, files) */
Datum
migrate_sync(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "sync"};

	reapply_arguments(fcinfo, &request);
	return return_results(fcinfo, migrate_run(&request, migrate_run_sync));
}

/* baseline(dir, version, script, project, schema, format, files) */
Datum
migrate_baseline(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "baseline"};

	migrate_location_arguments(fcinfo, 0, 6, &request);
	request.target = migrate_text_argument(fcinfo, 1);
	request.script = migrate_text_argument(fcinfo, 2);
	migrate_history_arguments(fcinfo, 3, &request);
	request.format = migrate_text_argument(fcinfo, 5);
	InitMaterializedSRF(fcinfo, 0);
	return return_results(fcinfo, migrate_run(&request, migrate_run_baseline));
}

/* create(name, dir, format) */
Datum
migrate_create(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "create"};
	char	   *name = migrate_text_argument(fcinfo, 0);

	request.location.dir = migrate_text_argument(fcinfo, 1);
	request.format = migrate_text_argument(fcinfo, 2);
	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", "name")));
	PG_RETURN_TEXT_P(cstring_to_text(migrate_create_files(&request, name)));
}

#define REPAIR_COLUMNS 3

/* repair(dir, version, state, project, schema, format, files) */
Datum
migrate_repair(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigrateRequest request = {.routine = "repair"};
	ListCell   *lc;

	migrate_location_arguments(fcinfo, 0, 6, &request);
	request.target = migrate_text_argument(fcinfo, 1);
	request.state = migrate_text_argument(fcinfo, 2);
	migrate_history_arguments(fcinfo, 3, &request);
	request.format = migrate_text_argument(fcinfo, 5);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_run(&request, migrate_run_repair))
	{
		MigrateRepair *repair = lfirst(lc);
		Datum		values[REPAIR_COLUMNS];
		bool		nulls[REPAIR_COLUMNS] = {0};

		values[0] = CStringGetTextDatum(repair->version);
		values[1] = CStringGetTextDatum(repair->name);
		values[2] = CStringGetTextDatum(repair->action);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

#undef REPAIR_COLUMNS

#define ADOPT_COLUMNS 4

/* adopt(dir, tool, tracking, project, schema, files) */
Datum
migrate_adopt(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigrateRequest request = {.routine = "adopt"};
	ListCell   *lc;

	migrate_location_arguments(fcinfo, 0, 5, &request);
	request.tool = migrate_text_argument(fcinfo, 1);
	request.tool_table = PG_ARGISNULL(2) ? InvalidOid : PG_GETARG_OID(2);
	migrate_history_arguments(fcinfo, 3, &request);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_run(&request, migrate_run_adopt))
	{
		MigrateAdopted *adopted = lfirst(lc);
		Datum		values[ADOPT_COLUMNS] = {0};
		bool		nulls[ADOPT_COLUMNS] = {0};

		migrate_put_text(values, nulls, 0, adopted->version);
		migrate_put_text(values, nulls, 1, adopted->name);
		values[2] = TimestampTzGetDatum(adopted->applied_at);
		nulls[2] = !adopted->has_time;
		migrate_put_text(values, nulls, 3, adopted->note);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

#undef ADOPT_COLUMNS

/* wait_for(version, timeout, project, schema) */
Datum
migrate_wait_for(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "wait_for",.commits = true};
	MemoryContext old;
	int64		timeout;

	require_commit(fcinfo, "CALL migrate.wait_for", NULL);
	old = MemoryContextSwitchTo(PortalContext);
	request.target = migrate_version_argument(fcinfo, 0);
	timeout = migrate_interval_argument(fcinfo, 1, "timeout");
	migrate_history_arguments(fcinfo, 2, &request);
	migrate_wait_for_version(&request, timeout);
	MemoryContextSwitchTo(old);
	PG_RETURN_VOID();
}
