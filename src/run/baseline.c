/*-------------------------------------------------------------------------
 *
 * baseline.c
 *		baseline(): record migrations without running them.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/baseline.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "portability/instr_time.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/apply.h"
#include "run/check.h"
#include "run/report.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/step.h"
#include "run/step_script.h"
#include "run/steps.h"
#include "util/printable.h"

/*
 * Make *migration the script of a baseline, request->script, under the name of "last".
 */
void
migrate_use_script(MigrateRun *run, const Migration *last, Migration *migration)
{
	*migration = *last;
	migrate_source_script(run->source, run->request->script, &migration->up);
	memset(&migration->down, 0, sizeof(MigrateSection));
	migration->said_reversible = false;
	migration->properties = NIL;
	migration->nproperties = 0;
	migration->nlocal_properties = 0;
	migration->preconditions = NULL;
	migration->ignores_failure = false;
}

/*
 * Run the script of a baseline, which replaces all migrations up to "last" and runs
 * under its name.  It is checked and executed like a migration.
 */
static void
run_script(MigrateRun *run, const Migration *last, MigrateResult *result)
{
	Migration	migration;
	MigrateStep step = {.direction = MIGRATE_UP,.file = &migration};
	MigrateExecution execution;
	ErrorContextCallback callback;
	instr_time	start;
	char	   *sql;

	INSTR_TIME_SET_CURRENT(start);
	migrate_use_script(run, last, &migration);
	migrate_check_up_steps(run, list_make1(&step), false);
	migrate_fire_callers_events(run);
	migrate_execution_begin(&execution, &callback, run, &step);
	(void) migrate_read_step(run, &step, &sql, &execution.errctx);
	(void) migrate_execute_step(run, &step, sql, &execution);
	migrate_measure(result, start, step.script->nstatements);
	if (migrate_history_read(&run->request->history, true) != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("script has changed the history of migrations"),
				 errhint("Leave the schema \"migrate\" out of it; pg_dump does with --exclude-schema.")));
	migrate_errcontext_end(&callback);
}

/*
 * A script replaces all migrations: 55000 if one has been applied.
 */
void
migrate_require_empty_history(const MigrateRun *run)
{
	if (run->applied != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("history is not empty"),
				 errdetail("A script replaces migrations of which none has been applied."),
				 errhint("To record more migrations as applied, leave \"script\" out.")));
}

/*
 * baseline(): record the pending migrations up to one as applied, after the script
 * that replaces them, if there is one.  Returns a list of MigrateResult.
 */
List *
migrate_run_baseline(MigrateRun *run)
{
	List	   *results = NIL;
	List	   *chosen;
	TimestampTz started = GetCurrentTimestamp();
	ListCell   *lc;
	ListCell   *lr;

	run->request->confined = true;
	migrate_require_source(run);
	migrate_lock_and_load(run);
	if (run->request->script != NULL)
		migrate_require_empty_history(run);
	chosen = migrate_plan_baseline(run->items, run->request);
	foreach(lc, chosen)
		results = lappend(results, migrate_new_unrun_result(run, ((MigrateItem *) lfirst(lc))->file));
	if (run->request->script != NULL && chosen != NIL)
	{
		migrate_enter_schema(run->request->history.schema, GUC_ACTION_SAVE);
		run_script(run, ((MigrateItem *) llast(chosen))->file, llast(results));
	}
	forboth(lc, chosen, lr, results)
		migrate_record_unrun(run, ((MigrateItem *) lfirst(lc))->file, lfirst(lr), started, "baseline");
	run->has_changed = chosen != NIL;
	if (chosen != NIL)
		ereport(NOTICE,
				(errmsg_plural("recorded %d migration as applied without running it",
							   "recorded %d migrations as applied without running them",
							   list_length(chosen), list_length(chosen))));
	return results;
}
