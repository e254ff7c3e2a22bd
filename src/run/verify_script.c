/*-------------------------------------------------------------------------
 *
 * verify_script.c
 *		Scripts that check what a migration has done: they run after it, and are undone.
 *
 * sqitch runs such a script in a psql of its own after the deploy script has committed,
 * and reverts the change if it fails (1.6, Engine.pm, deploy_change()).  Here it runs in
 * a subtransaction, always rolled back, of the transaction that completes and records the
 * migration; its error is one of the migration.  Neither the script nor its run is
 * recorded.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/verify_script.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "execute/execute.h"
#include "format/callback.h"
#include "format/manifest.h"
#include "format/source.h"
#include "run/report.h"
#include "run/run_int.h"
#include "run/step.h"
#include "run/step_script.h"
#include "run/survivors.h"
#include "run/verify_script.h"
#include "script/script.h"
#include "util/errcontext.h"
#include "util/guc.h"
#include "util/printable.h"

/*
 * Do verify scripts run?  The setting decides, then the directory.
 */
static bool
are_on(const MigrateRun *run)
{
	const MigrateLayout *layout = migrate_source_set(run->source)->layout;

	if (migrate_verify_scripts != VERIFY_SCRIPTS_AUTO)
		return migrate_verify_scripts == VERIFY_SCRIPTS_ON;
	return layout != NULL && layout->verifies;
}

/*
 * Add to the steps of migrations that go up their verify scripts, if these are to run.  A
 * NOTICE names a script that does not exist.  Errors are those of reading files.
 */
void
migrate_add_verify_scripts(MigrateRun *run, List *steps)
{
	ListCell   *lc;

	if (run->source == NULL || !are_on(run))
		return;
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		Migration  *script;

		if (step->direction == MIGRATE_DOWN || step->file == NULL || step->file->verify == NULL)
			continue;
		script = migrate_source_verify_script(run->source, step->file);
		if (script == NULL)
		{
			ereport(NOTICE,
					(errmsg("verify script \"%s\" does not exist", step->file->verify)));
			continue;
		}
		step->verify = palloc0(sizeof(MigrateStep));
		step->verify->direction = MIGRATE_UP;
		step->verify->file = script;
	}
}

/*
 * Parse and check the verify script of a step, if it has one: 0A000 for what cannot run
 * in the transaction of the migration.
 */
void
migrate_check_verify_script(MigrateRun *run, MigrateStep *step)
{
	MigrateStep *verify = step->verify;
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	char	   *str;
	char	   *sql;

	if (verify == NULL || verify->script != NULL)
		return;
	migrate_errcontext_begin(&errctx, &callback, MIGRATE_UP, verify->file, NULL);
	errctx.verifies = true;
	str = migrate_step_text(run, verify);
	sql = migrate_step_sql(run, verify, str, &errctx);
	verify->script = migrate_parse_step(verify, sql, &errctx);
	migrate_report_oddities(verify->script, &errctx);
	if (!migrate_is_single_transaction(verify))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("verify script \"%s\" is not a single transaction", verify->file->up.file),
				 errdetail("It runs in the transaction that completes its migration, and is rolled back."),
				 errhint("Remove what cannot run in a transaction from it.")));
	if (sql != str)
		pfree(sql);
	pfree(str);
	migrate_errcontext_end(&callback);
}

/*
 * The run of a verify script, for migrate_try_traceless().
 */
typedef struct VerifyScript
{
	MigrateRun *run;
	MigrateStep *step;
	List	   *settings;
	MigrateRunStatement run_statement;
} VerifyScript;

static void
run_body(void *arg)
{
	VerifyScript *verify = arg;
	MigrateExecution execution;
	ErrorContextCallback callback;
	char	   *sql;

	migrate_execution_begin(&execution, &callback, verify->run, verify->step);
	execution.errctx.verifies = true;
	execution.run = verify->run_statement;
	if (execution.errctx.commits)
	{
		migrate_settings_restore(verify->settings);
		migrate_enter_schema(verify->run->request->history.schema, GUC_ACTION_SET);
	}
	(void) migrate_read_step(verify->run, verify->step, &sql, &execution.errctx);
	migrate_execute_script(verify->step->script, sql, &execution);
	migrate_errcontext_end(&callback);
}

/*
 * Run the verify script of a step, if it has one, in the current transaction, and undo
 * what it does.  "settings" are those of the session, which it runs with, where a
 * migration may have changed them since: in a run with commits.  "run_statement" is as in
 * MigrateExecution.  The errors of the script are raised.
 */
void
migrate_run_verify_script(MigrateRun *run, const MigrateStep *step, List *settings,
						  MigrateRunStatement run_statement)
{
	VerifyScript verify = {run, step->verify, settings, run_statement};
	ErrorData  *error;

	if (verify.step == NULL)
		return;
	error = migrate_try_traceless(run_body, &verify);
	if (error != NULL)
		ReThrowError(error);
}
