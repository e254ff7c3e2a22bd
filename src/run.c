/*-------------------------------------------------------------------------
 *
 * run.c
 *		The sequence of a run: look, lock, look again, check, then for each step
 *		execute and record.
 *
 * Everything happens in the caller's transaction.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "migrate.h"

/*
 * A run is going on in this backend.  Neither the lock nor SPI would notice a
 * migration that calls us again.
 */
static bool running = false;

static bool
same_history(List *one, List *other)
{
	ListCell   *a;
	ListCell   *b;

	if (list_length(one) != list_length(other))
		return false;
	forboth(a, one, b, other)
	{
		AppliedMigration *x = lfirst(a);
		AppliedMigration *y = lfirst(b);

		if (x->history_id != y->history_id || x->has_down != y->has_down ||
			memcmp(x->up_sha256, y->up_sha256, PG_SHA256_DIGEST_LENGTH) != 0 ||
			(x->has_down &&
			 memcmp(x->down_sha256, y->down_sha256, PG_SHA256_DIGEST_LENGTH) != 0))
			return false;
	}
	return true;
}

/*
 * Take the run lock, and look at the history again.  Returns false if it has
 * changed since the last look: what was planned is void then.
 */
static bool
lock_and_look(MigrateRun *run, const char *routine)
{
	List	   *latest;

	PreventCommandDuringRecovery(routine);
	PreventCommandIfReadOnly(routine);
	migrate_lock_acquire(run->request->project, run->request->schema);
	latest = migrate_history_read(run->request, true);
	if (!migrate_history_is_current(run->request, latest))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent migration"),
				 errhint("Retry the transaction.")));
	if (same_history(run->applied, latest))
		return true;
	migrate_look(run);
	migrate_judge_changes(run);
	return false;
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
 * Execute a script in a subtransaction.  If what it creates exists already,
 * undo it and return false.
 */
static bool
execute_unless_existing(const MigrateStep *step, const char *sql, MigratePlace *place)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool executed = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		migrate_execute_script(step->script, sql, place);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (!exists_already(error->sqlerrcode))
			ReThrowError(error);
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("migration \"%s\" is recorded as applied without having run: %s",
						migrate_label(place->version, place->name), error->message)));
		FreeErrorData(error);
		executed = false;
	}
	PG_END_TRY();
	return executed;
}

static void
record_up(MigrateRun *run, const MigrateStep *step, const char *outcome,
		  const MigrateResult *result, TimestampTz started, const char *up)
{
	char	   *down = NULL;

	if (step->file != NULL && step->file->down.present)
		down = migrate_source_text(run->source, &step->file->down);
	migrate_history_record_up(run->request, step, outcome, result, started, up, down);
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
 * Execute a stored script, of a role that may have less power than the session:
 * then core is told to refuse any change of the role, as in a function that is
 * SECURITY DEFINER.
 */
static void
execute_stored(const MigrateStep *step, const char *sql, MigratePlace *place)
{
	const AppliedMigration *applied = step->applied;
	const char *author = step->direction == MIGRATE_UP ? applied->up_role : applied->down_role;
	Oid			user;
	int			security;

	if (superuser_arg(get_role_oid(author, true)) || !has_power_in_reserve())
	{
		migrate_execute_script(step->script, sql, place);
		return;
	}
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(user, security | SECURITY_LOCAL_USERID_CHANGE);
	PG_TRY();
	{
		migrate_execute_script(step->script, sql, place);
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(user, security);
	}
	PG_END_TRY();
}

/*
 * Run and record one step.
 */
static void
run_step(MigrateRun *run, MigrateStep *step, MigrateResult *result)
{
	MigratePlace place;
	ErrorContextCallback callback;
	TimestampTz started = GetCurrentTimestamp();
	instr_time	start;
	instr_time	end;
	bool		executed = !step->forced;
	char	   *sql = NULL;

	INSTR_TIME_SET_CURRENT(start);
	migrate_place_begin(&place, &callback, step->direction, step->file, step->applied);
	if (!step->forced)
		sql = migrate_step_text(run, step);

	if (step->forced)
		 /* nothing to run */ ;
	else if (run->request->adopt_existing && step->direction == MIGRATE_UP)
		executed = execute_unless_existing(step, sql, &place);
	else if (step->file == NULL)
		execute_stored(step, sql, &place);
	else
		migrate_execute_script(step->script, sql, &place);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	result->duration = INSTR_TIME_GET_MICROSEC(end);
	result->statements = executed ? step->script->nstatements : 0;
	if (step->direction == MIGRATE_DOWN)
		migrate_history_record_down(run->request, step, result, started);
	else
		record_up(run, step, executed ? "done" : "adopted", result, started, sql);
	migrate_place_end(&callback);
}

/*
 * Run checked steps in order.  Returns a list of MigrateResult.
 */
static List *
run_steps(MigrateRun *run, List *steps)
{
	List	   *results = NIL;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate step",
												  ALLOCSET_DEFAULT_SIZES);
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		MigrateResult *result = palloc0(sizeof(MigrateResult));
		MemoryContext old = MemoryContextSwitchTo(context);

		if (step->direction == MIGRATE_UP && run->batch == 0)
			run->batch = migrate_history_next_batch(run->request);
		result->version = step->file ? step->file->version : step->applied->version;
		result->name = step->file ? step->file->name : step->applied->name;
		result->batch = step->direction == MIGRATE_UP ? run->batch : step->applied->batch;
		run_step(run, step, result);
		migrate_report_done(step, result, list_length(results) + 1, list_length(steps));
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
		results = lappend(results, result);
	}
	MemoryContextDelete(context);
	return results;
}

/*
 * Take over the down sections that have been changed in applied files: a
 * repaired way back is worth more than the old one.
 */
static void
replace_downs(MigrateRun *run, List *items)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);
		char	   *error;
		bool		reversible = migrate_is_reversible(run, item->file, &error);

		migrate_warn_down(error);
		migrate_history_replace(run->request, item, NULL,
								migrate_source_text(run->source, &item->file->down),
								reversible, error);
		ereport(NOTICE,
				(errmsg("down script of migration \"%s\" has changed and is stored anew",
						migrate_label(item->file->version, item->file->name))));
	}
}

/*
 * The items whose stored down script apply() replaces.  A file that has lost
 * its down section leaves the stored one alone.
 */
static List *
changed_downs(List *items)
{
	List	   *changed = NIL;
	ListCell   *lc;

	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);

		if (item->state == STATE_APPLIED && item->down_changed && item->file->down.present)
			changed = lappend(changed, item);
	}
	return changed;
}

/*
 * Set the search_path of a tenant for the rest of the run.  It ends with the
 * GUC nest level of run_guarded().
 */
static void
enter_schema(const char *schema)
{
	if (*schema == '\0')
		return;
	(void) get_namespace_oid(schema, false);
	(void) set_config_option("search_path", quote_identifier(schema), PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

static List *
apply(MigrateRun *run)
{
	List	   *steps;
	List	   *downs;

	migrate_require_source(run);
	migrate_report_ignored(run);
	migrate_look(run);
	migrate_judge_changes(run);
	steps = migrate_plan_apply(run->items, run->request);
	downs = changed_downs(run->items);
	if (steps == NIL && downs == NIL)
		return NIL;
	if (!lock_and_look(run, "migrate.apply()"))
	{
		steps = migrate_plan_apply(run->items, run->request);
		downs = changed_downs(run->items);
	}
	enter_schema(run->request->schema);
	migrate_check_up_steps(run, steps, false);
	replace_downs(run, downs);
	return run_steps(run, steps);
}

static List *
rollback(MigrateRun *run)
{
	List	   *steps;

	migrate_look_source(run, run->request->dir);
	migrate_look(run);
	steps = migrate_plan_rollback(run->items, run->applied, run->request);
	if (steps == NIL)
		return NIL;
	if (!lock_and_look(run, "migrate.rollback()"))
		steps = migrate_plan_rollback(run->items, run->applied, run->request);
	enter_schema(run->request->schema);
	migrate_check_down_steps(run, steps);
	return run_steps(run, steps);
}

/*
 * Undo the last migration, or all of them, and apply again.  With a directory,
 * a refresh applies all that is in it.
 */
static List *
reapply(MigrateRun *run)
{
	bool		everything = run->request->everything;
	List	   *downs;
	List	   *ups;

	migrate_look_source(run, migrate_directory_or_setting(run->request));
	migrate_look(run);
	if (run->applied == NIL && !(everything && run->source != NULL))
		return NIL;
	(void) lock_and_look(run, everything ? "migrate.refresh()" : "migrate.redo()");
	downs = migrate_plan_rollback(run->items, run->applied, run->request);
	ups = everything && run->source != NULL ? migrate_plan_all(run->items) :
		migrate_plan_reapply(run->items, downs);
	enter_schema(run->request->schema);
	migrate_check_down_steps(run, downs);
	migrate_check_up_steps(run, ups, true);
	(void) run_steps(run, downs);
	return run_steps(run, ups);
}

static MigrateRepair *
repair_item(MigrateRun *run, MigrateItem *item)
{
	MigrateRepair *repair = palloc0(sizeof(MigrateRepair));
	const Migration *file = item->file;
	char	   *up = NULL;
	char	   *down = NULL;
	char	   *error;
	bool		reversible;

	if (item->up_changed)
		up = migrate_source_text(run->source, &file->up);
	if (item->down_changed && file->down.present)
		down = migrate_source_text(run->source, &file->down);
	reversible = migrate_is_reversible(run, file, &error);
	migrate_warn_down(error);
	migrate_history_replace(run->request, item, up, down, reversible, error);
	repair->version = file->version;
	repair->name = file->name;
	repair->action = item->up_changed && item->down_changed ? "up and down script replaced" :
		item->up_changed ? "up script replaced" :
		file->down.present ? "down script replaced" : "down script removed";
	return repair;
}

static List *
repair(MigrateRun *run)
{
	List	   *repairs = NIL;
	bool		needed = false;
	ListCell   *lc;

	migrate_require_source(run);
	migrate_look(run);
	migrate_judge_changes(run);
	foreach(lc, run->items)
		needed |= ((MigrateItem *) lfirst(lc))->up_changed || ((MigrateItem *) lfirst(lc))->down_changed;
	if (!needed)
		return NIL;
	(void) lock_and_look(run, "migrate.repair()");
	foreach(lc, run->items)
	{
		MigrateItem *item = lfirst(lc);

		if (item->up_changed || item->down_changed)
			repairs = lappend(repairs, repair_item(run, item));
	}
	return repairs;
}

/*
 * Run one of the above.  Nothing that it changes in the session outlives it:
 * not its settings, nor the flag that a run is going on.
 */
static List *
run_guarded(MigrateRequest *request, List *(*body) (MigrateRun *run))
{
	MigrateRun	run = {.request = request};
	List	   *volatile results = NIL;
	int			guc_level;

	if (running)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a migration cannot run migrations")));
	guc_level = NewGUCNestLevel();
	running = true;
	PG_TRY();
	{
		results = body(&run);
	}
	PG_FINALLY();
	{
		running = false;
		migrate_report_activity_end();
	}
	PG_END_TRY();
	AtEOXact_GUC(false, guc_level);
	return results;
}

/*
 * The runs.  They return a list of MigrateResult, one for each migration that
 * ran, in that order.  Errors leave everything to the abort of the caller's
 * transaction.
 */
List *
migrate_run_apply(MigrateRequest *request)
{
	return run_guarded(request, apply);
}

List *
migrate_run_rollback(MigrateRequest *request)
{
	return run_guarded(request, rollback);
}

/*
 * Undo and apply again the last applied migration; returns what went up.
 */
List *
migrate_run_redo(MigrateRequest *request)
{
	request->steps = 1;
	return run_guarded(request, reapply);
}

/*
 * Undo and apply again all; returns what went up.
 */
List *
migrate_run_refresh(MigrateRequest *request)
{
	request->everything = true;
	return run_guarded(request, reapply);
}

/*
 * Accept changed files of applied migrations.  Returns a list of
 * MigrateRepair.
 */
List *
migrate_run_repair(MigrateRequest *request)
{
	return run_guarded(request, repair);
}
