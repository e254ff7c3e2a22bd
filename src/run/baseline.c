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

#include "utils/guc.h"
#include "utils/timestamp.h"

#include "format/format.h"
#include "history/history.h"
#include "run/apply.h"
#include "run/check.h"
#include "run/report.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/step.h"
#include "run/steps.h"
#include "util/errcontext.h"
#include "util/printable.h"

/*
 * Run the script of a baseline, which replaces all migrations up to "last" and runs
 * under its name.  It is checked and executed like a migration.
 */
static void
run_script(MigrateRun *run, const Migration *last, MigrateResult *result)
{
	Migration	migration = *last;
	MigrateStep step = {.direction = MIGRATE_UP,.file = &migration};
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	bool		executed;

	migrate_source_script(run->source, run->request->script, &migration.up);
	memset(&migration.down, 0, sizeof(MigrateSection));
	migration.said_reversible = false;
	migration.properties = NIL;
	migrate_check_up_steps(run, list_make1(&step), false);
	migrate_fire_callers_events(run);
	migrate_errcontext_begin(&errctx, &callback, MIGRATE_UP, &migration, NULL);
	(void) migrate_execute_timed(run, &step, result, &errctx, &executed);
	if (migrate_history_read(&run->request->history, true) != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("script has changed the history of migrations"),
				 errhint("Leave the schema \"migrate\" out of it; pg_dump does with --exclude-schema.")));
	migrate_errcontext_end(&callback);
}

static void
require_empty_history(const MigrateRun *run)
{
	if (run->applied != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("history is not empty"),
				 errdetail("A script replaces migrations of which none has been applied."),
				 errhint("To record more migrations as applied, leave \"script\" out.")));
}

/*
 * Record the pending migrations up to one as applied, after the script that
 * replaces them, if there is one.
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
	migrate_lock_and_load(run, "migrate.baseline()");
	if (run->request->script != NULL)
		require_empty_history(run);
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
	if (chosen != NIL)
		ereport(NOTICE,
				(errmsg_plural("recorded %d migration as applied without running it",
							   "recorded %d migrations as applied without running them",
							   list_length(chosen), list_length(chosen))));
	return results;
}

/*
 * Record migrations as applied without running them.
 */
List *
migrate_run_baseline(MigrateRequest *request)
{
	request->confined = true;
	return migrate_run_guarded(request, baseline);
}
