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

#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "migrate.h"

/*
 * Take the run lock, and look again at the history.  40001 if that is one which
 * the transaction's snapshot cannot see.
 */
void
migrate_lock_and_look(MigrateRun *run, const char *routine)
{
	PreventCommandDuringRecovery(routine);
	PreventCommandIfReadOnly(routine);
	migrate_lock_acquire(run->request->project, run->request->schema);
	run->is_read = false;
	migrate_look(run);
	if (!migrate_history_is_current(run->request, run->applied))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent migration"),
				 errhint("Retry the transaction.")));
	migrate_judge_changes(run);
	if (run->request->tool == NULL)
		migrate_change_format(run);
}

/*
 * Execute a checked step, and note how long it took.  Returns its script as
 * written, NULL for a forced one; *executed is false if it has not run.
 */
static char *
execute_step(MigrateRun *run, MigrateStep *step, MigrateResult *result, MigratePlace *place,
			 bool *executed)
{
	instr_time	start;
	char	   *text = NULL;
	char	   *sql;

	INSTR_TIME_SET_CURRENT(start);
	*executed = !step->forced;
	migrate_place_in_run(place, run, step);
	if (!step->forced)
	{
		text = migrate_step_text(run, step);

		sql = migrate_step_sql(run, step, text, place);
		*executed = migrate_execute_step(run, step, sql, place);
	}
	migrate_measure(result, start, *executed ? step->script->nstatements : 0);
	return text;
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
	bool		executed;
	char	   *text;

	migrate_place_begin(&place, &callback, step->direction, step->file, step->applied);
	text = execute_step(run, step, result, &place, &executed);

	migrate_record_step(run, step, executed, result, started, text);
	migrate_place_end(&callback);
	if (place.other_timeout && !run->other_timeout)
		ereport(NOTICE,
				(errmsg("statement_timeout in migration \"%s\" has no effect", migrate_label(place.version, place.name)),
				 errdetail("The statement that runs the migrations is bounded by the setting of its caller.")));
	run->other_timeout |= place.other_timeout;
}

/*
 * What the caller's transaction has deferred fires before the first migration,
 * with the role that it is now, and not in the middle of one, with any.
 */
static void
fire_callers_events(MigrateRun *run)
{
	migrate_check_constraints();
	run->cursors = migrate_held_cursors();
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

	if (steps != NIL)
		fire_callers_events(run);
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		MigrateResult *result = migrate_new_result(run, step);
		MemoryContext old = MemoryContextSwitchTo(context);

		run_step(run, step, result);
		migrate_report_done(step, result, list_length(results) + 1, list_length(steps));
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
		results = lappend(results, result);
	}
	MemoryContextDelete(context);
	if (steps != NIL)
		migrate_report_run(run->request, ((MigrateStep *) linitial(steps))->direction,
						   list_length(steps));
	return results;
}

static List *
apply(MigrateRun *run)
{
	List	   *steps;

	if (!migrate_look_first_up(run))
		return NIL;
	migrate_lock_and_look(run, "migrate.apply()");
	steps = migrate_plan_apply(run->items, run->request);
	migrate_enter_schema(run->request->schema, GUC_ACTION_SAVE);
	migrate_check_up_steps(run, steps, false);
	migrate_replace_downs(run, migrate_changed_downs(run->items));
	return run_steps(run, steps);
}

static List *
rollback(MigrateRun *run)
{
	List	   *steps;

	if (!migrate_look_first_down(run))
		return NIL;
	migrate_lock_and_look(run, "migrate.rollback()");
	steps = migrate_plan_rollback(run->items, run->applied, run->request);
	migrate_enter_schema(run->request->schema, GUC_ACTION_SAVE);
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
	const char *dir = migrate_directory_or_setting(run->request);
	List	   *downs;
	List	   *ups;

	migrate_look_source(run, dir);
	if (dir != NULL)
		migrate_require_migrations(run, dir);
	migrate_look(run);
	if (run->applied == NIL && !(everything && run->source != NULL))
		return NIL;
	migrate_lock_and_look(run, everything ? "migrate.refresh()" : "migrate.redo()");
	downs = migrate_plan_rollback(run->items, run->applied, run->request);
	ups = everything && run->source != NULL ? migrate_plan_all(run->items) :
		migrate_plan_reapply(downs);
	migrate_enter_schema(run->request->schema, GUC_ACTION_SAVE);
	migrate_check_down_steps(run, downs);
	migrate_check_up_steps(run, ups, true);
	(void) run_steps(run, downs);
	return run_steps(run, ups);
}

/*
 * Is there a changed file to accept?  That of an interrupted migration is still
 * being worked on, that of a repeatable one is to run again.
 */
static bool
needs_repair(const MigrateItem *item)
{
	return (item->up_changed || item->down_changed) && item->state != STATE_INTERRUPTED &&
		item->state != STATE_OUTDATED;
}

static MigrateRepair *
repair_item(MigrateRun *run, MigrateItem *item)
{
	MigrateRepair *repair = palloc0(sizeof(MigrateRepair));
	const Migration *file = item->file;
	char	   *up = NULL;
	char	   *down = NULL;
	List	   *vars;
	char	   *error;
	bool		reversible;

	if (item->up_changed)
		up = migrate_source_text(run->source, &file->up);
	if (item->down_changed && file->down.present)
		down = migrate_source_text(run->source, &file->down);
	reversible = migrate_is_reversible(run, file, item->applied, &vars, &error);
	migrate_warn_down(error);
	migrate_record_replace(run->request, item, up,
						   migrate_own_variables(item->applied->up_vars, item->applied->up_role),
						   down, vars, reversible, error);
	repair->version = file->version;
	repair->name = file->name;
	repair->action = item->up_changed && item->down_changed ? "up and down script replaced" :
		item->up_changed ? "up script replaced" :
		file->down.present ? "down script replaced" : "down script removed";
	return repair;
}

/*
 * Record a pending migration as applied, without running it; "outcome" is that of
 * migrate.history.
 */
static void
record_unrun(MigrateRun *run, const Migration *file, const MigrateResult *result,
			 TimestampTz started, const char *outcome)
{
	MigrateStep step = {.direction = MIGRATE_UP,.file = unconstify(Migration *, file)};
	char	   *down = NULL;

	step.reversible = migrate_is_reversible(run, file, NULL, &step.down_vars, &step.down_error);
	migrate_warn_down(step.down_error);
	if (file->down.present)
		down = migrate_source_text(run->source, &file->down);
	migrate_record_up(run->request, &step, outcome, result, started,
					  migrate_source_text(run->source, &file->up), down);
}

static MigrateResult *
new_unrun_result(MigrateRun *run, Migration *file)
{
	MigrateStep step = {.direction = MIGRATE_UP,.file = file};

	return migrate_new_result(run, &step);
}

/*
 * Settle the state of one migration by the caller's word, without running
 * anything.  A repeatable one that has changed and is applied is so with the file
 * as it is now.
 */
static List *
settle(MigrateRun *run)
{
	MigrateRepair *repair = palloc0(sizeof(MigrateRepair));
	bool		applied = strcmp(run->request->state, "applied") == 0;
	MigrateItem *item;

	if (!applied && strcmp(run->request->state, "pending") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized state: \"%s\"", run->request->state),
				 errhint("Valid states are \"applied\" and \"pending\".")));
	migrate_look_source(run, migrate_directory_or_setting(run->request));
	migrate_lock_and_look(run, "migrate.repair()");
	item = migrate_match_find(run->items, run->request->target);
	if (applied && item->state == STATE_OUTDATED && item->up_changed)
		return list_make1(repair_item(run, item));
	if (applied ? item->applied && !item->applied->interrupted : !item->applied)
		return NIL;				/* it is so already */
	if (item->applied != NULL)
		migrate_record_settle(run->request, item->applied, applied);
	else
		record_unrun(run, item->file, new_unrun_result(run, item->file), GetCurrentTimestamp(),
					 "repaired");
	repair->version = item->file ? item->file->version : item->applied->version;
	repair->name = item->file ? item->file->name : item->applied->name;
	repair->action = applied ? "recorded as applied" : "recorded as pending";
	return list_make1(repair);
}

static List *
repair(MigrateRun *run)
{
	List	   *repairs = NIL;
	bool		needed = false;
	ListCell   *lc;

	if ((run->request->target == NULL) != (run->request->state == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"version\" and \"state\" must be given together")));
	if (run->request->state != NULL)
		return settle(run);

	migrate_require_source(run);
	migrate_look(run);
	migrate_judge_changes(run);
	foreach(lc, run->items)
		needed |= needs_repair(lfirst(lc));
	if (!needed)
		return NIL;
	migrate_lock_and_look(run, "migrate.repair()");
	foreach(lc, run->items)
	{
		MigrateItem *item = lfirst(lc);

		if (needs_repair(item))
			repairs = lappend(repairs, repair_item(run, item));
	}
	return repairs;
}

/*
 * Run the script of a baseline, which stands for all migrations up to "last", in
 * whose name it runs.  It is checked and executed as a migration is.
 */
static void
run_script(MigrateRun *run, const Migration *last, MigrateResult *result)
{
	Migration	migration = *last;
	MigrateStep step = {.direction = MIGRATE_UP,.file = &migration};
	MigratePlace place;
	ErrorContextCallback callback;
	bool		executed;

	migrate_source_script(run->source, run->request->script, &migration.up);
	memset(&migration.down, 0, sizeof(MigrateSection));
	migration.said_reversible = false;
	migration.properties = NIL;
	migrate_check_up_steps(run, list_make1(&step), false);
	fire_callers_events(run);
	migrate_place_begin(&place, &callback, MIGRATE_UP, &migration, NULL);
	(void) execute_step(run, &step, result, &place, &executed);
	if (migrate_history_read(run->request, true) != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("script has changed the history of migrations"),
				 errhint("Leave the schema \"migrate\" out of it; pg_dump does with --exclude-schema.")));
	migrate_place_end(&callback);
}

static void
require_empty_history(const MigrateRun *run)
{
	if (run->applied != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("history is not empty"),
				 errdetail("A script stands for migrations of which none is applied."),
				 errhint("To record more migrations as applied, leave \"script\" out.")));
}

/*
 * Record the pending migrations up to one as applied, after the script that
 * stands for them, if there is one.
 */
static List *
baseline(MigrateRun *run)
{
	List	   *results = NIL;
	List	   *chosen;
	TimestampTz started = GetCurrentTimestamp();
	ListCell   *lc;
	ListCell   *lr;

	migrate_require_source(run);
	migrate_lock_and_look(run, "migrate.baseline()");
	if (run->request->script != NULL)
		require_empty_history(run);
	chosen = migrate_plan_baseline(run->items, run->request);
	foreach(lc, chosen)
		results = lappend(results, new_unrun_result(run, ((MigrateItem *) lfirst(lc))->file));
	if (run->request->script != NULL && chosen != NIL)
	{
		migrate_enter_schema(run->request->schema, GUC_ACTION_SAVE);
		run_script(run, ((MigrateItem *) llast(chosen))->file, llast(results));
	}
	forboth(lc, chosen, lr, results)
		record_unrun(run, ((MigrateItem *) lfirst(lc))->file, lfirst(lr), started, "baseline");
	if (chosen != NIL)
		ereport(NOTICE,
				(errmsg_plural("recorded %d migration as applied without running it",
							   "recorded %d migrations as applied without running them",
							   list_length(chosen), list_length(chosen))));
	return results;
}

/*
 * Run one of the above, or what stands on this file.  Nothing that it changes in
 * the session outlives it: not its settings, nor the flag that a run is going on.
 */
List *
migrate_run_guarded(MigrateRequest *request, List *(*body) (MigrateRun *run))
{
	MigrateRun	run = {.request = request,.context = CurrentMemoryContext};
	List	   *volatile results = NIL;
	int			guc_level;

	migrate_run_begin();
	guc_level = NewGUCNestLevel();
	PG_TRY();
	{
		results = body(&run);
	}
	PG_FINALLY();
	{
		migrate_run_end();
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
	return migrate_run_guarded(request, apply);
}

List *
migrate_run_rollback(MigrateRequest *request)
{
	return migrate_run_guarded(request, rollback);
}

/*
 * Undo and apply again the last applied migration; returns what went up.
 */
List *
migrate_run_redo(MigrateRequest *request)
{
	request->steps = 1;
	return migrate_run_guarded(request, reapply);
}

/*
 * Undo and apply again all; returns what went up.
 */
List *
migrate_run_refresh(MigrateRequest *request)
{
	request->everything = true;
	return migrate_run_guarded(request, reapply);
}

/*
 * Accept changed files of applied migrations.  Returns a list of
 * MigrateRepair.
 */
List *
migrate_run_repair(MigrateRequest *request)
{
	request->contained = true;
	return migrate_run_guarded(request, repair);
}

/*
 * Record migrations as applied without running them.
 */
List *
migrate_run_baseline(MigrateRequest *request)
{
	request->contained = true;
	return migrate_run_guarded(request, baseline);
}
