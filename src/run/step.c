/*-------------------------------------------------------------------------
 *
 * step.c
 *		One step of a run: execute it and record it, in one transaction.
 *
 * What the atomic path (apply.c) and the committing one (up.c) share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/step.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "execute/worker.h"
#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/callback.h"
#include "run/configuration.h"
#include "run/in_step.h"
#include "run/precondition.h"
#include "run/report.h"
#include "run/reversible.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/step.h"
#include "run/step_script.h"
#include "script/script.h"
#include "util/activity.h"
#include "util/client.h"
#include "util/errcontext.h"
#include "util/guc.h"
#include "util/printable.h"
#include "util/subtransaction.h"
#include "variables/variables.h"

/*
 * A run is going on in this backend.  Neither the lock nor SPI would notice a
 * migration that calls us again.
 */
static bool running = false;

/*
 * Begin a run in this backend; 55000 if one is going on, also if it is that of the
 * session whose statement this one runs.
 */
void
migrate_run_begin(const MigrateRequest *request)
{
	if (running || migrate_is_worker())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a migration cannot run migrations")));
	running = true;
	migrate_activity_begin(request->routine, request->history.project, request->history.schema);
	migrate_client_collect();
}

/*
 * End it, also after an error.
 */
void
migrate_run_end(void)
{
	running = false;
	migrate_client_send();
	migrate_activity_end();
}

/*
 * The search_path of a tenant, NULL for none.  If a SECURITY DEFINER function
 * calls, the temporary tables belong to a role with less power, and must not come
 * first; nor may that role name schemas: 42501.
 */
static const char *
path_of(const char *schema)
{
	if (*schema == '\0')
		return NULL;
	if (InLocalUserIdChange() && *migrate_schema_path != '\0')
		migrate_setting_require_own("migrate.schema_path");
	return psprintf("%s%s%s%s", quote_identifier(schema),
					*migrate_schema_path == '\0' ? "" : ", ", migrate_schema_path,
					InLocalUserIdChange() ? ", pg_temp" : "");
}

/*
 * Set the search_path of a tenant, "" for none: with GUC_ACTION_SAVE in the GUC
 * nest level of the caller, with GUC_ACTION_SET for the session.  3F000 if there
 * is no such schema.
 */
void
migrate_enter_schema(const char *schema, GucAction action)
{
	if (*schema == '\0')
		return;
	/* search_path reads it as the role's own schema, even in quotes */
	if (strcmp(schema, "$user") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("schema \"%s\" cannot be that of a run", schema)));
	(void) get_namespace_oid(schema, false);
	(void) set_config_option("search_path", path_of(schema), PGC_USERSET, PGC_S_SESSION,
							 action, true, 0, false);
}

/*
 * Begin the execution of a step: fill in what the run defines, and push its error
 * context, to be popped by migrate_errcontext_end(callback).  What outlives commits
 * is allocated in CurrentMemoryContext.
 */
void
migrate_execution_begin(MigrateExecution *execution, ErrorContextCallback *callback,
						const MigrateRun *run, const MigrateStep *step)
{
	memset(execution, 0, sizeof(MigrateExecution));
	migrate_errcontext_begin(&execution->errctx, callback, step->direction, step->file, step->applied);
	execution->errctx.commits = run->request->commits;
	execution->context = CurrentMemoryContext;
	execution->cursors = run->cursors;
	execution->search_path = path_of(run->request->history.schema);
	execution->timeout = StatementTimeout;
	execution->user = GetUserId();
	execution->own_session =
		migrate_format_has_own_session(step->file ? step->file->format : step->applied->format);
}

/*
 * Has the session more power than the current role, which RESET ROLE would
 * give back?
 */
static bool
has_power_in_reserve(void)
{
	return GetSessionUserId() != GetUserId() || GetAuthenticatedUserId() != GetUserId();
}

/*
 * Does a step run a script, or use a value, that is stored in the history?
 */
bool
migrate_runs_stored(const MigrateStep *step)
{
	return !step->forced &&
		(step->file == NULL || migrate_variables_come_from(step->vars, VARIABLE_STORED));
}

/*
 * May the author of the stored script have less power than the session?
 */
static bool
needs_protection(const MigrateStep *step)
{
	const AppliedMigration *applied = step->applied;
	const char *author = step->direction == MIGRATE_UP ? applied->up_role : applied->down_role;

	return !superuser_arg(get_role_oid(author, true)) && has_power_in_reserve();
}

/*
 * Refuse a stored script, or one with stored values, that commits: it cannot be
 * restricted across commits.
 */
void
migrate_require_own_script(const MigrateStep *step)
{
	if (!needs_protection(step))
		return;
	if (step->file != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to use stored values in a script that commits as another role"),
				 errhint("Log in as the role that stored them, or give them in \"vars\" where there is such an argument.")));
	else
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to run a stored script that commits as another role"),
				 errhint("Log in as its author, or give the directory to run the files instead.")));
}

static bool
exists_already(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_DUPLICATE_TABLE ||
		sqlerrcode == ERRCODE_DUPLICATE_COLUMN ||
		sqlerrcode == ERRCODE_DUPLICATE_OBJECT ||
		sqlerrcode == ERRCODE_DUPLICATE_SCHEMA ||
		sqlerrcode == ERRCODE_DUPLICATE_FUNCTION;
}

/*
 * The arguments of migrate_execute_script(), for migrate_try().
 */
typedef struct ScriptToTry
{
	const MigrateScript *script;
	const char *sql;
	MigrateExecution *execution;
} ScriptToTry;

static void
execute_body(void *arg)
{
	const ScriptToTry *try = arg;

	migrate_execute_script(try->script, try->sql, try->execution);
}

/*
 * Execute a script in a subtransaction.  If what it creates exists already,
 * undo it and return false.
 */
static bool
execute_unless_existing(const MigrateStep *step, const char *sql, MigrateExecution *execution)
{
	ScriptToTry try = {step->script, sql, execution};
	ErrorData  *error = migrate_try(execute_body, &try);

	if (error == NULL)
		return true;
	if (!exists_already(error->sqlerrcode))
		ReThrowError(error);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("migration \"%s\" is recorded as applied without having run: %s",
					migrate_label(execution->errctx.version, execution->errctx.name), error->message)));
	FreeErrorData(error);
	return false;
}

/*
 * Execute "sql", the script of a checked step, in the current transaction.  Returns
 * false for a step that is only recorded: it is forced, or what it creates already
 * existed (adopt_existing); the effects of that are then rolled back.
 *
 * A stored script, by a role that may have less power than the session, runs
 * restricted: core refuses any change of the role, and whatever would run at the
 * commit, without that restriction, is refused as well (WITH HOLD, deferred
 * triggers).  The callbacks of the step run before and after it.
 */
bool
migrate_execute_step(MigrateRun *run, MigrateStep *step, const char *sql, MigrateExecution *execution)
{
	bool		stored = migrate_runs_stored(step);
	bool		protect = stored && needs_protection(step);
	bool		has_callbacks = step->before != NIL || step->after != NIL;
	volatile bool executed = true;
	int			guc_level = 0;
	Oid			user;
	int			security;

	if (step->forced)
		return false;
	if (has_callbacks)
		guc_level = NewGUCNestLevel();
	execution->keeps_settings = has_callbacks;
	migrate_execute_callbacks(run, step->before, execution, false);
	execution->checks_deferred = stored;
	GetUserIdAndSecContext(&user, &security);
	if (protect)
		SetUserIdAndSecContext(user, security | SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_RESTRICTED_OPERATION);
	PG_TRY();
	{
		if (run->request->adopt_existing && step->direction == MIGRATE_UP && !migrate_is_callback(step))
			executed = execute_unless_existing(step, sql, execution);
		else
			migrate_execute_script(step->script, sql, execution);
	}
	PG_FINALLY();
	{
		/* any other script may have changed the role for the session */
		if (protect)
			SetUserIdAndSecContext(user, security);
	}
	PG_END_TRY();
	migrate_execute_callbacks(run, step->after, execution, false);
	if (has_callbacks && !execution->errctx.commits)
		AtEOXact_GUC(false, guc_level);
	return executed;
}

/*
 * The arguments of migrate_execute_step(), for migrate_try().
 */
typedef struct StepToTry
{
	MigrateRun *run;
	MigrateStep *step;
	const char *sql;
	MigrateExecution *execution;
	MigrateVerdict verdict;		/* of its preconditions */
	bool		executed;
} StepToTry;

static void
execute_step_body(void *arg)
{
	StepToTry  *try = arg;

	try->verdict = migrate_check_preconditions(try->run, try->step, try->execution, false);
	if (try->verdict == VERDICT_RUN)
		try->executed = migrate_execute_step(try->run, try->step, try->sql, try->execution);
}

/*
 * The same if the preconditions of the step hold, or let it run.  Otherwise false, and
 * step->passed_over is set if it stays pending; likewise after an error that it ignores,
 * which is *failure then, and has left nothing.
 */
bool
migrate_execute_if_due(MigrateRun *run, MigrateStep *step, const char *sql,
					   MigrateExecution *execution, ErrorData **failure)
{
	StepToTry	try = {run, step, sql, execution};

	/* also a precondition that fails, as in Liquibase's ChangeSet.execute() */
	if (step->direction == MIGRATE_UP && step->file != NULL && step->file->ignores_failure)
		*failure = migrate_try(execute_step_body, &try);
	else
	{
		*failure = NULL;
		execute_step_body(&try);
	}
	if (*failure == NULL)
	{
		step->passed_over = try.verdict == VERDICT_PASS;
		return try.executed;
	}
	if (!migrate_ignores(step, *failure))
		ReThrowError(*failure);
	migrate_forget_statement(execution);
	step->passed_over = true;
	return false;
}

/*
 * What is known about the result of a step before it runs.
 */
MigrateResult *
migrate_new_result(MigrateRun *run, const MigrateStep *step)
{
	MigrateResult *result = palloc0(sizeof(MigrateResult));

	if (step->direction == MIGRATE_UP && run->batch == 0 && !run->applies_nothing)
		run->batch = migrate_history_next_batch(&run->request->history);
	result->direction = step->direction;
	result->version = step->file ? step->file->version : step->applied->version;
	result->name = step->file ? step->file->name : step->applied->name;
	result->batch = step->direction == MIGRATE_UP ? run->batch :
		step->applied ? step->applied->batch : step->batch;
	return result;
}

/*
 * Fill in what is known about the result of a step after it has run.
 */
void
migrate_measure(MigrateResult *result, instr_time start, int statements)
{
	instr_time	end;

	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	result->duration = INSTR_TIME_GET_MICROSEC(end);
	result->statements = statements;
}

/*
 * Is there an extension of that name in that schema?
 */
static bool
is_extension_in(const char *name, Oid schema)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(name));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple) &&
		((Form_pg_extension) GETSTRUCT(tuple))->extnamespace == schema;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

/*
 * An extension is in a database once: other tenants do not find it in the schema of
 * the first.
 */
static void
warn_extensions(const MigrateRun *run, const MigrateStep *step, const MigrateResult *result)
{
	const char *schema = run->request->history.schema;

	for (int i = 0; *schema != '\0' && step->script != NULL && i < step->script->nstatements; i++)
	{
		const MigrateStatement *statement = &step->script->statements[i];
		const char *extension = statement->object;

		if (statement->tag != T_CreateExtensionStmt || !is_extension_in(extension, get_namespace_oid(schema, true)))
			continue;
		ereport(WARNING,
				(errmsg("migration \"%s\" creates extension \"%s\" in schema \"%s\"",
						migrate_label(result->version, result->name), extension, schema),
				 errdetail("A database has an extension once, so migrations of other schemas do not find what it has."),
				 errhint("Create it in a schema of its own, with CREATE EXTENSION ... SCHEMA, and name that in \"%s\".",
						 "migrate.schema_path")));
	}
}

/*
 * Record what came of a step.  "sql" is its script as written, NULL for a forced one;
 * "executed" is false for one that was found to exist already.
 */
void
migrate_record_step(MigrateRun *run, MigrateStep *step, bool executed,
					const MigrateResult *result, TimestampTz started, const char *sql)
{
	char	   *down = NULL;

	if (migrate_is_callback(step))
	{
		migrate_record_callback(&run->request->history, step, result, started);
		return;
	}
	migrate_in_step_record(run, step, result, started, sql);
	if (step->direction == MIGRATE_DOWN)
	{
		migrate_record_down(&run->request->history, step, result, started);
		return;
	}
	warn_extensions(run, step, result);
	if (step->file != NULL && step->file->down.present)
		down = migrate_source_text(run->source, &step->file->down);
	if (step->file != NULL)
		migrate_source_digest(run->source, step->file);
	migrate_record_up(&run->request->history, step, executed ? "done" : "adopted", result,
					  started, sql, down);
}

/*
 * Store the down sections of applied files that have changed: a corrected one is
 * better than the old one.
 */
void
migrate_replace_downs(MigrateRun *run, List *items)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);
		List	   *vars;
		char	   *error;
		bool		reversible = migrate_is_reversible(run, item->file, item->applied, &vars, &error);

		migrate_warn_down(error);
		migrate_source_digest(run->source, item->file);
		migrate_record_replace(&run->request->history, item->file, item->applied, item->down_changed, NULL, NIL,
							   migrate_source_text(run->source, &item->file->down), vars,
							   reversible, error);
		ereport(NOTICE,
				(errmsg("replaced the stored down script of migration \"%s\"",
						migrate_label(item->file->version, item->file->name))));
	}
}

/*
 * What the caller's transaction has deferred fires before the first migration,
 * with the role that it is now, and not in the middle of one, with any.
 */
void
migrate_fire_callers_events(MigrateRun *run)
{
	if (InLocalUserIdChange())
		migrate_refuse_pending("A function with another role has called, with whose privileges it would fire.");
	migrate_check_constraints();
	run->cursors = migrate_held_cursors();
}

/*
 * Record a pending migration as applied, without running it; "outcome" is that of
 * migrate.history.
 */
void
migrate_record_unrun(MigrateRun *run, Migration *file, const MigrateResult *result,
					 TimestampTz started, const char *outcome)
{
	MigrateStep step = {.direction = MIGRATE_UP,.file = file};
	char	   *up = migrate_source_text(run->source, &file->up);
	char	   *down = NULL;

	step.vars = migrate_configured_values(run, file, up);
	step.reversible = migrate_is_reversible(run, file, NULL, &step.down_vars, &step.down_error);
	migrate_warn_down(step.down_error);
	if (file->down.present)
		down = migrate_source_text(run->source, &file->down);
	migrate_source_digest(run->source, file);
	migrate_record_up(&run->request->history, &step, outcome, result, started, up, down);
}

MigrateResult *
migrate_new_unrun_result(MigrateRun *run, Migration *file)
{
	MigrateStep step = {.direction = MIGRATE_UP,.file = file};

	return migrate_new_result(run, &step);
}
