/*-------------------------------------------------------------------------
 *
 * show_functions.c
 *		The SQL-callable functions that only show: arguments in, rows out, no logic.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/show_functions.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "arguments.h"
#include "format/format.h"
#include "history/attempts.h"
#include "history/history.h"
#include "run/activity.h"
#include "run/match.h"
#include "run/run.h"
#include "run/tenants.h"
#include "util/printable.h"

PG_FUNCTION_INFO_V1(migrate_plan);

PG_FUNCTION_INFO_V1(migrate_check);

PG_FUNCTION_INFO_V1(migrate_status);

PG_FUNCTION_INFO_V1(migrate_status_schemas);

PG_FUNCTION_INFO_V1(migrate_history);

PG_FUNCTION_INFO_V1(migrate_version);

PG_FUNCTION_INFO_V1(migrate_is_current);

PG_FUNCTION_INFO_V1(migrate_at_least);

PG_FUNCTION_INFO_V1(migrate_activity);

#define PLAN_COLUMNS 8

/* plan(dir, target, steps, versions, project, schema, format, vars, files) */
Datum
migrate_plan(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigrateRequest request = {.routine = "plan"};
	ListCell   *lc;

	migrate_choice_arguments(fcinfo, 8, &request);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_preview(&request))
	{
		MigratePreview *row = lfirst(lc);
		Datum		values[PLAN_COLUMNS];
		bool		nulls[PLAN_COLUMNS] = {0};

		migrate_put_preview(values, nulls, row);
		migrate_put_text(values, nulls, 7, row->note);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

#undef PLAN_COLUMNS

#define CHECK_COLUMNS 12

/* check(dir, target, steps, versions, project, schema, format, vars, files) */
Datum
migrate_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigrateRequest request = {.routine = "check"};
	ListCell   *lc;

	migrate_choice_arguments(fcinfo, 8, &request);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_check_rules(&request))
	{
		MigrateRuleRow *row = lfirst(lc);
		Datum		values[CHECK_COLUMNS];
		bool		nulls[CHECK_COLUMNS] = {0};

		migrate_put_preview(values, nulls, row->statement);
		migrate_put_text(values, nulls, 7, row->rule);
		migrate_put_text(values, nulls, 8, row->severity);
		migrate_put_text(values, nulls, 9, row->relation);
		migrate_put_text(values, nulls, 10, row->message);
		migrate_put_text(values, nulls, 11, row->hint);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

#undef CHECK_COLUMNS

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

	migrate_put_text(values, nulls, STATUS_VERSION, migrate_item_version(item));
	migrate_put_text(values, nulls, STATUS_NAME, migrate_item_name(item));
	migrate_put_text(values, nulls, STATUS_STATE, migrate_state_name(item->state));
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
	migrate_put_text(values, nulls, STATUS_DESCRIPTION, file ? file->description : applied->description);
	migrate_put_text(values, nulls, STATUS_AUTHOR, file ? file->author : applied->author);
	migrate_put_text(values, nulls, STATUS_FILE, file ? file->up.file : applied->file);
	migrate_put_text(values, nulls, STATUS_DETAIL, item->detail);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* status(dir, project, schema, format, files) */
Datum
migrate_status(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "status",.quiet = true};
	ListCell   *lc;

	migrate_location_arguments(fcinfo, 0, 4, &request);
	migrate_history_arguments(fcinfo, 1, &request);
	request.format = migrate_text_argument(fcinfo, 3);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_status_items(&request))
		put_status((ReturnSetInfo *) fcinfo->resultinfo, lfirst(lc));
	return (Datum) 0;
}

#define TENANT_COLUMNS 7

/* status_schemas(dir, schemas, project, format, files) */
Datum
migrate_status_schemas(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigrateRequest request = {.routine = "status_schemas"};
	ListCell   *lc;

	migrate_location_arguments(fcinfo, 0, 4, &request);
	request.finds_schemas = PG_ARGISNULL(1);
	if (!request.finds_schemas)
		request.schemas = migrate_texts_argument(fcinfo, 1, "schemas");
	migrate_project_argument(fcinfo, 2, &request);
	request.format = migrate_text_argument(fcinfo, 3);
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, migrate_tenant_statuses(&request))
	{
		const MigrateTenantStatus *status = lfirst(lc);
		Datum		values[TENANT_COLUMNS] = {0};
		bool		nulls[TENANT_COLUMNS] = {0};

		migrate_put_text(values, nulls, 0, status->schema);
		migrate_put_text(values, nulls, 1, status->version);
		values[2] = Int32GetDatum(status->applied);
		values[3] = Int32GetDatum(status->pending);
		nulls[3] = !status->knows_pending;
		migrate_put_text(values, nulls, 4, status->state);
		values[5] = TimestampTzGetDatum(status->failed_at);
		nulls[5] = status->error == NULL;
		migrate_put_text(values, nulls, 6, status->error);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

#undef TENANT_COLUMNS

/* history(project, schema) */
Datum
migrate_history(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "history"};

	migrate_history_arguments(fcinfo, 0, &request);
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

	migrate_history_arguments(fcinfo, 0, &request);
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

	migrate_location_arguments(fcinfo, 0, 4, &request);
	migrate_history_arguments(fcinfo, 1, &request);
	request.format = migrate_text_argument(fcinfo, 3);
	PG_RETURN_BOOL(migrate_nothing_to_apply(&request));
}

/* at_least(version, project, schema) */
Datum
migrate_at_least(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "at_least"};

	request.target = migrate_version_argument(fcinfo, 0);
	migrate_history_arguments(fcinfo, 1, &request);
	PG_RETURN_BOOL(migrate_has_version(&request));
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

	put_number(values, nulls, ACTIVITY_PID, run->pid);
	migrate_put_text(values, nulls, ACTIVITY_PROJECT, said ? said->project : NULL);
	migrate_put_text(values, nulls, ACTIVITY_SCHEMA, said ? said->schema : NULL);
	migrate_put_text(values, nulls, ACTIVITY_ROUTINE, said ? said->routine : NULL);
	migrate_put_text(values, nulls, ACTIVITY_VERSION, said ? said->version : NULL);
	migrate_put_text(values, nulls, ACTIVITY_NAME, said ? said->name : NULL);
	put_number(values, nulls, ACTIVITY_STATEMENT, said ? said->statement : 0);
	put_number(values, nulls, ACTIVITY_STATEMENTS, said ? said->nstatements : 0);
	migrate_put_text(values, nulls, ACTIVITY_FILE, said ? said->file : NULL);
	put_number(values, nulls, ACTIVITY_LINE, said ? said->line : 0);
	migrate_put_text(values, nulls, ACTIVITY_COMMAND, said ? said->command : NULL);
	put_time(values, nulls, ACTIVITY_RUN_STARTED_AT, run->run_started_at);
	put_time(values, nulls, ACTIVITY_STATEMENT_STARTED_AT, run->statement_started_at);
	migrate_put_text(values, nulls, ACTIVITY_STATE, run->state);
	values[ACTIVITY_BLOCKED_BY] = run->blocked_by;
	values[ACTIVITY_PERCENT] = run->percent;
	nulls[ACTIVITY_PERCENT] = !run->has_percent;
	migrate_put_text(values, nulls, ACTIVITY_QUERY, said ? said->query : NULL);
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
