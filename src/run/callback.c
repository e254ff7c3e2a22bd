/*-------------------------------------------------------------------------
 *
 * callback.c
 *		Callbacks among the steps of a run.
 *
 * A callback is a step of its own, with a file that is no migration, or runs in the
 * transaction of each migration.  The moments are those of Flyway 13, DbMigrate.java.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/callback.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "format/callback.h"
#include "format/format.h"
#include "history/history.h"
#include "run/attempt.h"
#include "run/callback.h"
#include "run/commit.h"
#include "run/report.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/step.h"
#include "run/step_script.h"
#include "run/verify_script.h"
#include "script/script.h"
#include "util/errcontext.h"
#include "util/guc.h"
#include "util/printable.h"

/*
 * Is a step no migration, but a callback?
 */
bool
migrate_is_callback(const MigrateStep *step)
{
	return step->file != NULL && step->file->kind == KIND_CALLBACK;
}

/*
 * How many of the steps are migrations.
 */
int
migrate_count_migrations(List *steps)
{
	int			count = 0;
	ListCell   *lc;

	foreach(lc, steps)
		count += !migrate_is_callback(lfirst(lc));
	return count;
}

/*
 * Do callbacks run though no migration is pending?
 */
bool
migrate_callbacks_are_due(const MigrateRun *run)
{
	return migrate_callbacks_always && migrate_source_has_callbacks(run->source, MIGRATE_UP);
}

/*
 * The steps of the callbacks of an event.
 */
static List *
steps_of(List *callbacks, MigrateEvent event, MigrateDirection direction, int batch)
{
	List	   *steps = NIL;
	ListCell   *lc;

	foreach(lc, callbacks)
	{
		Migration  *callback = lfirst(lc);
		MigrateStep *step;

		if (callback->event != event)
			continue;
		step = palloc0(sizeof(MigrateStep));
		step->direction = direction;
		step->file = callback;
		step->batch = batch;
		steps = lappend(steps, step);
	}
	return steps;
}

static bool
is_repeatable(const MigrateStep *step)
{
	return (step->file ? step->file->kind : step->applied->kind) == KIND_REPEATABLE;
}

/*
 * The steps of a run, with those of the directory's callbacks among them; those that
 * belong to each migration are in its step, as its verify script is.  Errors are those of reading their files.
 */
List *
migrate_add_callbacks(MigrateRun *run, List *steps, MigrateDirection direction)
{
	List	   *callbacks;
	List	   *all;
	List	   *before;
	List	   *after;
	bool		versioned = direction == MIGRATE_UP;
	int			batch = 0;
	ListCell   *lc;

	if (direction == MIGRATE_UP)
		migrate_add_verify_scripts(run, steps);
	if (run->source == NULL || (steps == NIL && (direction == MIGRATE_DOWN || !migrate_callbacks_always)))
		return steps;
	callbacks = migrate_source_callbacks(run->source, direction);
	if (callbacks == NIL)
		return steps;
	if (direction == MIGRATE_DOWN)
		batch = ((MigrateStep *) linitial(steps))->applied->batch;
	run->applies_nothing = steps == NIL;
	all = steps_of(callbacks, EVENT_BEFORE_VALIDATE, direction, batch);
	all = list_concat(all, steps_of(callbacks, EVENT_AFTER_VALIDATE, direction, batch));
	all = list_concat(all, steps_of(callbacks, EVENT_BEFORE_RUN, direction, batch));
	before = steps_of(callbacks, EVENT_BEFORE_EACH, direction, batch);
	after = steps_of(callbacks, EVENT_AFTER_EACH, direction, batch);
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);

		if (versioned && is_repeatable(step))
		{
			all = list_concat(all, steps_of(callbacks, EVENT_AFTER_VERSIONED, direction, batch));
			all = list_concat(all, steps_of(callbacks, EVENT_BEFORE_REPEATABLES, direction, batch));
			versioned = false;
		}
		step->before = before;
		step->after = after;
		all = lappend(all, step);
	}
	if (versioned)
		all = list_concat(all, steps_of(callbacks, EVENT_AFTER_VERSIONED, direction, batch));
	if (steps != NIL)
		all = list_concat(all, steps_of(callbacks, EVENT_AFTER_APPLIED, direction, batch));
	all = list_concat(all, steps_of(callbacks, EVENT_AFTER_RUN, direction, batch));
	if (run->request->commits)
		run->on_error = list_concat(steps_of(callbacks, EVENT_AFTER_EACH_ERROR, direction, batch),
									steps_of(callbacks, EVENT_AFTER_ERROR, direction, batch));
	return all;
}

/*
 * The steps with the callbacks of each migration among them.
 */
List *
migrate_with_own_callbacks(List *steps)
{
	List	   *all = NIL;
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);

		all = list_concat(all, step->before);
		all = lappend(all, step);
		all = list_concat(all, step->after);
	}
	return all;
}

/*
 * Refuse a parsed callback that would end the transaction of the migration that it
 * runs in, or needs to be outside of one: 0A000.
 */
void
migrate_check_callback(const MigrateStep *step)
{
	MigrateEvent event = step->file->event;

	if ((event != EVENT_BEFORE_EACH && event != EVENT_AFTER_EACH) || migrate_is_single_transaction(step))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("callback \"%s\" is not a single transaction", step->file->file),
			 errdetail("It runs in the transaction of each migration."),
			 errhint("Remove what ends a transaction, or cannot run in one, from it.")));
}

/*
 * Run a callback in the transaction of a migration, and record it, unless the migration
 * is not recorded.
 */
static void
execute_callback(MigrateRun *run, MigrateStep *step, const MigrateExecution *of, bool settings_last)
{
	MigrateResult *result = migrate_new_result(run, step);
	MigrateExecution execution;
	ErrorContextCallback callback;
	TimestampTz started = GetCurrentTimestamp();
	instr_time	start;
	char	   *sql;

	INSTR_TIME_SET_CURRENT(start);
	migrate_execution_begin(&execution, &callback, run, step);
	(void) migrate_read_step(run, step, &sql, &execution.errctx);
	execution.user = of->user;
	execution.keeps_settings = true;
	execution.is_callback = true;
	execution.run = of->run;
	execution.observer = of->observer;
	if (!settings_last)
		migrate_execute_script(step->script, sql, &execution);
	else if (step->script->nstatements > 0)
		(void) migrate_execute_group(step->script, 0, sql, &execution);
	migrate_measure(result, start, step->script->nstatements);
	if (!of->is_trial)
		migrate_record_callback(&run->request->history, step, result, started);
	migrate_errcontext_end(&callback);
}

/*
 * Run callbacks (MigrateSteps) in the current transaction of a migration, whose execution
 * is "of".  What they set is set for the migration, too: up to the end of a GUC nest level
 * of the caller, or for the session ("settings_last"), if the migration has several
 * transactions.
 */
void
migrate_execute_callbacks(MigrateRun *run, List *callbacks, const MigrateExecution *of,
						  bool settings_last)
{
	MemoryContext context;
	MemoryContext old;
	ListCell   *lc;

	if (callbacks == NIL)
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "migrate callback", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	foreach(lc, callbacks)
	{
		execute_callback(run, lfirst(lc), of, settings_last);
		MemoryContextSwitchTo(context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * The callbacks (MigrateSteps) that run after a step has failed: not after those that
 * run before all migrations, or after all.
 */
List *
migrate_callbacks_after_error(const MigrateRun *run, const MigrateStep *step)
{
	List	   *steps = NIL;
	ListCell   *lc;

	if (run->failing ||
		(migrate_is_callback(step) && step->file->event != EVENT_AFTER_VERSIONED &&
		 step->file->event != EVENT_BEFORE_REPEATABLES))
		return NIL;
	foreach(lc, run->on_error)
	{
		MigrateStep *callback = lfirst(lc);

		if (callback->file->event == EVENT_AFTER_ERROR || !migrate_is_callback(step))
			steps = lappend(steps, callback);
	}
	return steps;
}

/*
 * Was a statement cancelled by somebody, and not by its timeout?  Core has one SQLSTATE for
 * both, so it is the text that tells, before it is translated.
 */
static bool
is_cancelled_by_request(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_QUERY_CANCELED && error->message_id != NULL &&
		strcmp(error->message_id, "canceling statement due to user request") == 0;
}

/*
 * Run the callbacks after a failure of a step of a run that commits, in a memory context that
 * outlives commits.  If they fail, too, it is the first error that counts; but a cancel
 * request is not for one of them alone, and ends whatever runs next.
 */
void
migrate_run_error_callbacks(MigrateRun *run, const MigrateStep *failed)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool cancelled = false;
	ListCell   *lc;

	foreach(lc, migrate_callbacks_after_error(run, failed))
	{
		MigrateStep *step = lfirst(lc);

		run->failing = true;
		PG_TRY();
		{
			migrate_attempt_step(run, step, migrate_new_result(run, step));
		}
		PG_CATCH();
		{
			ErrorData  *error;

			MemoryContextSwitchTo(context);
			error = CopyErrorData();
			FlushErrorState();
			migrate_abort_now(context);
			cancelled = is_cancelled_by_request(error);
			ereport(WARNING,
					(errcode(error->sqlerrcode),
					 errmsg("callback \"%s\" has failed: %s", step->file->file, error->message)));
		}
		PG_END_TRY();
		MemoryContextSwitchTo(context);
		run->failing = false;
		if (cancelled)
		{
			InterruptPending = QueryCancelPending = true;
			break;
		}
	}
}
