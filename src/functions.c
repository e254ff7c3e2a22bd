/*-------------------------------------------------------------------------
 *
 * functions.c
 *		The SQL-callable functions: arguments in, rows out, no logic.
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

#include "format/format.h"
#include "history/history.h"
#include "run/activity.h"
#include "run/match.h"
#include "run/run.h"
#include "util/printable.h"
#include "variables/variables.h"

PG_FUNCTION_INFO_V1(migrate_apply);

PG_FUNCTION_INFO_V1(migrate_up);

PG_FUNCTION_INFO_V1(migrate_down);

PG_FUNCTION_INFO_V1(migrate_rollback);

PG_FUNCTION_INFO_V1(migrate_reset);

PG_FUNCTION_INFO_V1(migrate_plan);

PG_FUNCTION_INFO_V1(migrate_baseline);

PG_FUNCTION_INFO_V1(migrate_create);

PG_FUNCTION_INFO_V1(migrate_redo);

PG_FUNCTION_INFO_V1(migrate_refresh);

PG_FUNCTION_INFO_V1(migrate_repair);

PG_FUNCTION_INFO_V1(migrate_adopt);

PG_FUNCTION_INFO_V1(migrate_status);

PG_FUNCTION_INFO_V1(migrate_history);

PG_FUNCTION_INFO_V1(migrate_version);

PG_FUNCTION_INFO_V1(migrate_is_current);

PG_FUNCTION_INFO_V1(migrate_at_least);

PG_FUNCTION_INFO_V1(migrate_wait_for);

PG_FUNCTION_INFO_V1(migrate_activity);

static char *
text_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static bool
bool_argument(FunctionCallInfo fcinfo, int n)
{
	return !PG_ARGISNULL(n) && PG_GETARG_BOOL(n);
}

/*
 * A number of steps: 0 if none is given, negative if it makes no sense.
 */
static int
steps_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return 0;
	return PG_GETARG_INT32(n) > 0 ? PG_GETARG_INT32(n) : -1;
}

static List *
versions_argument(FunctionCallInfo fcinfo, int n)
{
	List	   *versions = NIL;
	Datum	   *values;
	bool	   *nulls;
	int			count;

	if (PG_ARGISNULL(n))
		return NIL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false, TYPALIGN_INT,
					  &values, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" must not contain nulls", "versions")));
		versions = lappend(versions, TextDatumGetCString(values[i]));
	}
	if (versions == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be empty", "versions")));
	return versions;
}

/*
 * Where the files are: "dir" and "files".  What the client has sent is used where
 * it is, except by a run that commits: it has a copy in its own memory context,
 * which outlives commits.
 */
static void
location_arguments(FunctionCallInfo fcinfo, int dir, int files, MigrateRequest *request)
{
	request->location.dir = text_argument(fcinfo, dir);
	if (PG_ARGISNULL(files))
		return;
	if (request->location.dir != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" and \"%s\" cannot be given together", "dir", "files")));
	request->location.files = request->commits ?
		PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(files)) : PG_DETOAST_DATUM(PG_GETARG_DATUM(files));
}

/*
 * Which history: project and schema, at n and n + 1.
 */
static void
history_arguments(FunctionCallInfo fcinfo, int n, MigrateRequest *request)
{
	request->history.project = text_argument(fcinfo, n);
	request->history.schema = text_argument(fcinfo, n + 1);
	request->history.role = GetUserNameFromId(GetUserId(), false);
	request->history.login = GetUserNameFromId(GetSessionUserId(), false);
	request->history.application = pstrdup(application_name ? application_name : "");
	if (request->history.project == NULL || request->history.schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null",
						request->history.project == NULL ? "project" : "schema")));
}

static List *
vars_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NIL : migrate_variables_read(PG_GETARG_DATUM(n), VARIABLE_GIVEN);
}

#define RESULT_COLUMNS 5

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
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

#undef RESULT_COLUMNS

/* dir, target, steps, versions, project, schema, format, vars; files at "files" */
static void
choice_arguments(FunctionCallInfo fcinfo, int files, MigrateRequest *request)
{
	location_arguments(fcinfo, 0, files, request);
	request->target = text_argument(fcinfo, 1);
	request->steps = steps_argument(fcinfo, 2);
	request->versions = versions_argument(fcinfo, 3);
	history_arguments(fcinfo, 4, request);
	request->format = text_argument(fcinfo, 6);
	request->vars = vars_argument(fcinfo, 7);
}

static void
apply_arguments(FunctionCallInfo fcinfo, MigrateRequest *request)
{
	choice_arguments(fcinfo, 9, request);
	request->adopt_existing = bool_argument(fcinfo, 8);
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
	request->steps = steps_argument(fcinfo, 0);
	request->target = text_argument(fcinfo, 1);
	request->everything = bool_argument(fcinfo, 2);
	request->force = bool_argument(fcinfo, 3);
	location_arguments(fcinfo, 4, 7, request);
	history_arguments(fcinfo, 5, request);
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

	request.force = bool_argument(fcinfo, 0);
	history_arguments(fcinfo, 1, &request);
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

/*
 * The INOUT argument of a procedure.
 */
static Datum
return_count(FunctionCallInfo fcinfo, int count)
{
	TupleDesc	desc;
	Datum		value = Int32GetDatum(count);
	bool		isnull = false;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), &value, &isnull));
}

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
	int			count;

	request.routine = direction == MIGRATE_UP ? "up" : "down";
	require_commit(fcinfo, routine, direction == MIGRATE_UP ? "apply" : "rollback");
	context = AllocSetContextCreate(PortalContext, "migrate run", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	arguments(fcinfo, &request);
	count = migrate_run_committing(&request, direction);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return return_count(fcinfo, count);
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

/* the arguments of redo and refresh: dir, project, schema, format, vars, files */
static void
reapply_arguments(FunctionCallInfo fcinfo, MigrateRequest *request)
{
	location_arguments(fcinfo, 0, 5, request);
	history_arguments(fcinfo, 1, request);
	request->format = text_argument(fcinfo, 3);
	request->vars = vars_argument(fcinfo, 4);
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

/* baseline(dir, version, script, project, schema, format, files) */
Datum
migrate_baseline(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "baseline"};

	location_arguments(fcinfo, 0, 6, &request);
	request.target = text_argument(fcinfo, 1);
	request.script = text_argument(fcinfo, 2);
	history_arguments(fcinfo, 3, &request);
	request.format = text_argument(fcinfo, 5);
	InitMaterializedSRF(fcinfo, 0);
	return return_results(fcinfo, migrate_run(&request, migrate_run_baseline));
}

/* create(name, dir, format) */
Datum
migrate_create(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "create"};
	char	   *name = text_argument(fcinfo, 0);

	request.location.dir = text_argument(fcinfo, 1);
	request.format = text_argument(fcinfo, 2);
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

	location_arguments(fcinfo, 0, 6, &request);
	request.target = text_argument(fcinfo, 1);
	request.state = text_argument(fcinfo, 2);
	history_arguments(fcinfo, 3, &request);
	request.format = text_argument(fcinfo, 5);
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

static void
put_text(Datum *values, bool *nulls, int n, const char *value)
{
	nulls[n] = value == NULL;
	if (value != NULL)
		values[n] = CStringGetTextDatum(value);
}

#define PLAN_COLUMNS 8

/* plan(dir, target, steps, versions, project, schema, format, vars, files) */
Datum
migrate_plan(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigrateRequest request = {.routine = "plan"};
	ListCell   *lc;

	choice_arguments(fcinfo, 8, &request);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_preview(&request))
	{
		MigratePreview *row = lfirst(lc);
		Datum		values[PLAN_COLUMNS];
		bool		nulls[PLAN_COLUMNS] = {0};

		put_text(values, nulls, 0, row->version);
		put_text(values, nulls, 1, row->name);
		values[2] = Int32GetDatum(row->transaction);
		nulls[2] = row->transaction == 0;
		values[3] = Int32GetDatum(row->statement);
		nulls[3] = row->statement == 0;
		put_text(values, nulls, 4, row->file);
		values[5] = Int32GetDatum(row->line);
		nulls[5] = row->line == 0;
		put_text(values, nulls, 6, row->command);
		put_text(values, nulls, 7, row->note);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

#undef PLAN_COLUMNS

#define ADOPT_COLUMNS 4

/* adopt(dir, tool, tracking, project, schema, files) */
Datum
migrate_adopt(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigrateRequest request = {.routine = "adopt"};
	ListCell   *lc;

	location_arguments(fcinfo, 0, 5, &request);
	request.tool = text_argument(fcinfo, 1);
	request.tool_table = PG_ARGISNULL(2) ? InvalidOid : PG_GETARG_OID(2);
	history_arguments(fcinfo, 3, &request);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_run(&request, migrate_run_adopt))
	{
		MigrateAdopted *adopted = lfirst(lc);
		Datum		values[ADOPT_COLUMNS] = {0};
		bool		nulls[ADOPT_COLUMNS] = {0};

		put_text(values, nulls, 0, adopted->version);
		put_text(values, nulls, 1, adopted->name);
		values[2] = TimestampTzGetDatum(adopted->applied_at);
		nulls[2] = !adopted->has_time;
		put_text(values, nulls, 3, adopted->note);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

#undef ADOPT_COLUMNS

/*
 * The columns of status().
 */
enum StatusColumn
{
	STATUS_VERSION,
	STATUS_NAME,
	STATUS_STATE,
	STATUS_BATCH,
	STATUS_APPLIED_AT,
	STATUS_APPLIED_BY,
	STATUS_DURATION,
	STATUS_STATEMENTS,
	STATUS_REVERSIBLE,
	STATUS_DESCRIPTION,
	STATUS_AUTHOR,
	STATUS_FILE,
	STATUS_DETAIL,
	STATUS_COLUMNS
};

static void
put_status(ReturnSetInfo *rsinfo, const MigrateItem *item)
{
	const Migration *file = item->file;
	const AppliedMigration *applied = item->applied;
	Interval	duration = {.time = applied ? applied->duration : 0};
	Datum		values[STATUS_COLUMNS] = {0};
	bool		nulls[STATUS_COLUMNS] = {0};

	put_text(values, nulls, STATUS_VERSION, migrate_item_version(item));
	put_text(values, nulls, STATUS_NAME, migrate_item_name(item));
	put_text(values, nulls, STATUS_STATE, migrate_state_name(item->state));
	for (int n = STATUS_BATCH; n <= STATUS_STATEMENTS; n++)
		nulls[n] = applied == NULL;
	if (applied != NULL)
	{
		values[STATUS_BATCH] = Int32GetDatum(applied->batch);
		values[STATUS_APPLIED_AT] = TimestampTzGetDatum(applied->applied_at);
		values[STATUS_APPLIED_BY] = CStringGetTextDatum(applied->applied_by);
		values[STATUS_DURATION] = IntervalPGetDatum(&duration);
		values[STATUS_STATEMENTS] = Int32GetDatum(applied->interrupted ? applied->done : applied->statements);
	}
	values[STATUS_REVERSIBLE] = BoolGetDatum(item->reversible);
	put_text(values, nulls, STATUS_DESCRIPTION, file ? file->description : applied->description);
	put_text(values, nulls, STATUS_AUTHOR, file ? file->author : applied->author);
	put_text(values, nulls, STATUS_FILE, file ? file->up.file : applied->file);
	put_text(values, nulls, STATUS_DETAIL, item->detail);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* status(dir, project, schema, format, files) */
Datum
migrate_status(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "status",.quiet = true};
	ListCell   *lc;

	location_arguments(fcinfo, 0, 4, &request);
	history_arguments(fcinfo, 1, &request);
	request.format = text_argument(fcinfo, 3);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_status_items(&request))
		put_status((ReturnSetInfo *) fcinfo->resultinfo, lfirst(lc));
	return (Datum) 0;
}

/* history(project, schema) */
Datum
migrate_history(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "history"};

	history_arguments(fcinfo, 0, &request);
	InitMaterializedSRF(fcinfo, 0);
	migrate_history_attempts(&request.history, ((ReturnSetInfo *) fcinfo->resultinfo)->setResult);
	return (Datum) 0;
}

/* version(project, schema) */
Datum
migrate_version(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "version"};
	const char *version;

	history_arguments(fcinfo, 0, &request);
	version = migrate_highest_version(&request);
	if (version == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(version));
}

/* is_current(dir, project, schema, format, files) */
Datum
migrate_is_current(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "is_current"};

	location_arguments(fcinfo, 0, 4, &request);
	history_arguments(fcinfo, 1, &request);
	request.format = text_argument(fcinfo, 3);
	PG_RETURN_BOOL(migrate_nothing_to_apply(&request));
}

/*
 * The version that the caller asks for.
 */
static char *
version_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", "version")));
	return text_argument(fcinfo, n);
}

/* at_least(version, project, schema) */
Datum
migrate_at_least(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "at_least"};

	request.target = version_argument(fcinfo, 0);
	history_arguments(fcinfo, 1, &request);
	PG_RETURN_BOOL(migrate_has_version(&request));
}

/*
 * An interval in microseconds, a month as 30 days; PG_INT64_MAX for null and what is
 * longer.  22023 if it is negative.
 */
static int64
timeout_argument(FunctionCallInfo fcinfo, int n)
{
	const Interval *interval;
	double		usecs;

	if (PG_ARGISNULL(n))
		return PG_INT64_MAX;
	interval = PG_GETARG_INTERVAL_P(n);
	usecs = (double) interval->time +
		((double) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY;
	if (usecs < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be negative", "timeout")));
	return usecs < (double) PG_INT64_MAX / 2 ? (int64) usecs : PG_INT64_MAX;
}

/* wait_for(version, timeout, project, schema) */
Datum
migrate_wait_for(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "wait_for",.commits = true};
	MemoryContext old;
	int64		timeout;

	require_commit(fcinfo, "CALL migrate.wait_for", NULL);
	old = MemoryContextSwitchTo(PortalContext);
	request.target = version_argument(fcinfo, 0);
	timeout = timeout_argument(fcinfo, 1);
	history_arguments(fcinfo, 2, &request);
	migrate_wait_for_version(&request, timeout);
	MemoryContextSwitchTo(old);
	PG_RETURN_VOID();
}

/*
 * The columns of activity().
 */
enum ActivityColumn
{
	ACTIVITY_PID,
	ACTIVITY_PROJECT,
	ACTIVITY_SCHEMA,
	ACTIVITY_ROUTINE,
	ACTIVITY_VERSION,
	ACTIVITY_NAME,
	ACTIVITY_STATEMENT,
	ACTIVITY_STATEMENTS,
	ACTIVITY_FILE,
	ACTIVITY_LINE,
	ACTIVITY_COMMAND,
	ACTIVITY_RUN_STARTED_AT,
	ACTIVITY_STATEMENT_STARTED_AT,
	ACTIVITY_STATE,
	ACTIVITY_BLOCKED_BY,
	ACTIVITY_PERCENT,
	ACTIVITY_QUERY,
	ACTIVITY_COLUMNS
};

static void
put_number(Datum *values, bool *nulls, int n, int value)
{
	nulls[n] = value == 0;
	values[n] = Int32GetDatum(value);
}

static void
put_time(Datum *values, bool *nulls, int n, TimestampTz value)
{
	nulls[n] = value == 0;
	values[n] = TimestampTzGetDatum(value);
}

static void
put_run_activity(ReturnSetInfo *rsinfo, const MigrateRunActivity *run)
{
	const MigrateActivity *said = run->activity;
	Datum		values[ACTIVITY_COLUMNS] = {0};
	bool		nulls[ACTIVITY_COLUMNS] = {0};

	values[ACTIVITY_PID] = Int32GetDatum(run->pid);
	put_text(values, nulls, ACTIVITY_PROJECT, said ? said->project : NULL);
	put_text(values, nulls, ACTIVITY_SCHEMA, said ? said->schema : NULL);
	put_text(values, nulls, ACTIVITY_ROUTINE, said ? said->routine : NULL);
	put_text(values, nulls, ACTIVITY_VERSION, said ? said->version : NULL);
	put_text(values, nulls, ACTIVITY_NAME, said ? said->name : NULL);
	put_number(values, nulls, ACTIVITY_STATEMENT, said ? said->statement : 0);
	put_number(values, nulls, ACTIVITY_STATEMENTS, said ? said->nstatements : 0);
	put_text(values, nulls, ACTIVITY_FILE, said ? said->file : NULL);
	put_number(values, nulls, ACTIVITY_LINE, said ? said->line : 0);
	put_text(values, nulls, ACTIVITY_COMMAND, said ? said->command : NULL);
	put_time(values, nulls, ACTIVITY_RUN_STARTED_AT, run->run_started_at);
	put_time(values, nulls, ACTIVITY_STATEMENT_STARTED_AT, run->statement_started_at);
	put_text(values, nulls, ACTIVITY_STATE, run->state);
	values[ACTIVITY_BLOCKED_BY] = run->blocked_by;
	values[ACTIVITY_PERCENT] = run->percent;
	nulls[ACTIVITY_PERCENT] = !run->has_percent;
	put_text(values, nulls, ACTIVITY_QUERY, said ? said->query : NULL);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* activity() */
Datum
migrate_activity(PG_FUNCTION_ARGS)
{
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_run_activities())
		put_run_activity((ReturnSetInfo *) fcinfo->resultinfo, lfirst(lc));
	return (Datum) 0;
}
