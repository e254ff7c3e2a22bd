/*-------------------------------------------------------------------------
 *
 * trial.c
 *		A migration is tried: up, down and up again, and everything is undone.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/trial.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "execute/execute.h"
#include "run/budget.h"
#include "run/plan.h"
#include "run/precondition.h"
#include "run/report.h"
#include "run/step.h"
#include "run/step_script.h"
#include "run/survivors.h"
#include "run/touched.h"
#include "run/undone.h"
#include "run/verify.h"
#include "run/verify_script.h"
#include "script/script.h"
#include "util/printable.h"
#include "util/subtransaction.h"

/* why a statement has not run: set before it raises an error */
static const char *refused;

/*
 * Run a statement of a callback: what it touches is not the migration's.
 */
static void
run_of_callback(const MigrateStatement *statement, const char *sql, MigrateExecution *execution)
{
	migrate_touched_pause(true);
	PG_TRY();
	{
		migrate_run_statement(statement, sql, execution);
	}
	PG_FINALLY();
	{
		migrate_touched_pause(false);
	}
	PG_END_TRY();
}

/*
 * Run a statement in place of migrate_run_statement(), and note what it touches.
 */
static void
run_statement(const MigrateStatement *statement, const char *sql, MigrateExecution *execution)
{
	const char *reason;

	migrate_budget_before();
	/* the transaction has begun */
	if (statement->set_transaction)
		return;
	reason = migrate_reason_not_to_run(statement, sql);
	if (reason != NULL)
	{
		refused = MemoryContextStrdup(execution->context, psprintf("%s: %s", migrate_command_of(statement), reason));
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s", refused)));
	}
	if (execution->is_callback)
		run_of_callback(statement, sql, execution);
	else
	{
		migrate_run_statement(statement, sql, execution);
		migrate_touched_statement(statement, sql);
	}
	migrate_budget_after();
}

/*
 * The arguments of migrate_verify_step(), for migrate_try().
 */
typedef struct StepToTry
{
	MigrateRun *run;
	MigrateStep *step;
} StepToTry;

/*
 * Run a checked step, without recording it or its callbacks.  Errors are raised; migrate_verify_refused()
 * distinguishes them.
 */
void
migrate_verify_step(MigrateRun *run, MigrateStep *step)
{
	MigrateExecution execution;
	ErrorContextCallback callback;
	char	   *sql;

	migrate_execution_begin(&execution, &callback, run, step);
	execution.run = run_statement;
	execution.is_trial = true;
	(void) migrate_read_step(run, step, &sql, &execution.errctx);
	(void) migrate_execute_step(run, step, sql, &execution);
	migrate_run_verify_script(run, step, NIL, run_statement);
	migrate_errcontext_end(&callback);
}

static void
run_step_body(void *arg)
{
	const StepToTry *try = arg;

	migrate_verify_step(try->run, try->step);
}

/*
 * Call "body" in a subtransaction, of which nothing is left if "undo".  Returns its error if it
 * is one of what has run, or NULL; others are raised, also the one that ends the budget.
 */
ErrorData *
migrate_verify_try(void (*body) (void *arg), void *arg, bool undo)
{
	ErrorData  *error;

	refused = NULL;
	error = undo ? migrate_try_traceless(body, arg) : migrate_try(body, arg);
	if (error != NULL && !migrate_is_error_of_input(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

/*
 * Do the preconditions of a checked step let it run?  *error is theirs, or NULL.
 */
bool
migrate_verify_is_due(MigrateRun *run, MigrateStep *step, ErrorData **error)
{
	MigrateVerdict verdict;

	refused = NULL;
	*error = migrate_try_preconditions(run, step, true, &verdict);
	return *error == NULL && verdict == VERDICT_RUN;
}

/*
 * Why the last error was raised, if it is not one of what has run; else NULL.
 */
const char *
migrate_verify_refused(void)
{
	return refused;
}

/*
 * Run a checked step; what it has done stays.  Returns why it has not run, if that is not
 * due to an error of it, else NULL; and the error in *error.
 */
const char *
migrate_verify_run(MigrateRun *run, MigrateStep *step, ErrorData **error)
{
	StepToTry	try = {run, step};

	*error = migrate_verify_try(run_step_body, &try, false);
	return *error == NULL ? NULL : refused;
}

/*
 * The trial of a migration.
 */
typedef struct Trial
{
	MigrateRun *run;
	MigrateStep *up;
	MigrateStep *down;
	const char *phase;
	ObjectAddress *touched;		/* by the first step ... */
	int			ntouched;
	ObjectAddress *undone_touched;	/* ... and by the first two */
	int			nundone_touched;
	MigratePicture *applied;	/* those, after it */
	MigratePicture *undone;		/* after the second */
	MigratePicture *again;		/* after the third */
} Trial;

static void
try_body(void *arg)
{
	Trial	   *trial = arg;
	ObjectAddress *all;
	int			count;

	trial->phase = VERIFY_UP;
	migrate_verify_step(trial->run, trial->up);
	trial->touched = migrate_touched(&trial->ntouched);
	trial->applied = migrate_picture_of(trial->touched, trial->ntouched);
	trial->phase = VERIFY_DOWN;
	migrate_verify_step(trial->run, trial->down);
	trial->undone_touched = migrate_touched(&trial->nundone_touched);
	trial->undone = migrate_picture_of(trial->undone_touched, trial->nundone_touched);
	trial->phase = VERIFY_AGAIN;
	migrate_verify_step(trial->run, trial->up);
	all = migrate_touched(&count);
	trial->again = migrate_picture_of(all, count);
}

/*
 * A set of numbers: those of what was touched, and of the objects that a picture has.
 */
static HTAB *
scope_of(const ObjectAddress *addresses, int count, const MigratePicture *picture)
{
	HASHCTL		ctl = {.keysize = sizeof(Oid),.entrysize = sizeof(Oid),.hcxt = CurrentMemoryContext};
	HTAB	   *scope = hash_create("migrate objects", 128, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	ListCell   *lc;

	for (int i = 0; i < count; i++)
		(void) hash_search(scope, &addresses[i].objectId, HASH_ENTER, NULL);
	foreach(lc, picture->objects)
		(void) hash_search(scope, &((const MigratePictured *) lfirst(lc))->id, HASH_ENTER, NULL);
	return scope;
}

/*
 * Add those objects of a picture to another one that are in a scope, or a part of one that
 * is, and not in "except", which may be NULL.
 */
static void
add_objects(MigratePicture *picture, const MigratePicture *from, HTAB *scope, HTAB *except)
{
	ListCell   *lc;

	foreach(lc, from->objects)
	{
		const MigratePictured *object = lfirst(lc);

		if (hash_search(scope, &object->id, HASH_FIND, NULL) == NULL &&
			hash_search(scope, &object->of_id, HASH_FIND, NULL) == NULL)
			continue;
		if (except == NULL || (hash_search(except, &object->id, HASH_FIND, NULL) == NULL &&
							   hash_search(except, &object->of_id, HASH_FIND, NULL) == NULL))
			migrate_picture_add(picture, object);
	}
}

/*
 * Everything that a trial has touched or seen, as it was before; to be called after it was
 * rolled back.
 */
static MigratePicture *
picture_before(const Trial *trial)
{
	int			count;
	ObjectAddress *touched = migrate_touched(&count);
	MigratePicture *seen = migrate_picture_empty();
	const MigratePicture *pictures[] = {trial->applied, trial->undone, trial->again};
	ListCell   *lc;

	for (int i = 0; i < lengthof(pictures) && pictures[i] != NULL; i++)
		seen->objects = list_concat(seen->objects, pictures[i]->objects);
	touched = repalloc(touched, (count + list_length(seen->objects) + 1) * sizeof(ObjectAddress));

	/*
	 * a part is seen with its table; of other objects, the catalogs have been
	 * touched
	 */
	foreach(lc, seen->objects)
		ObjectAddressSet(touched[count + foreach_current_index(lc)], RelationRelationId,
						 ((const MigratePictured *) lfirst(lc))->of_id);
	return migrate_picture_of(touched, count + list_length(seen->objects));
}

/*
 * What gets the differences that compare_trial() finds.
 */
typedef struct Reporting
{
	MigrateDifference report;
	void	   *arg;
	const char *prefix;			/* of details, or NULL */
	int			count;
} Reporting;

static void
report_difference(const char *result, const char *object, const char *detail, void *arg)
{
	Reporting  *reporting = arg;

	reporting->report(result, object,
					  reporting->prefix ? psprintf("%s%s", reporting->prefix, detail) : detail,
					  reporting->arg);
	reporting->count++;
}

/*
 * Report how what the trial has seen differs.
 */
static void
compare_trial(const Trial *trial, Reporting *reporting)
{
	ObjectAddress *touched;
	int			count;
	MigratePicture *before;
	MigratePicture *expected;
	HTAB	   *scope;

	if (trial->undone == NULL)
		return;
	before = picture_before(trial);
	scope = scope_of(trial->undone_touched, trial->nundone_touched, trial->undone);
	expected = migrate_picture_empty();
	add_objects(expected, before, scope, NULL);
	migrate_picture_compare(expected, trial->undone, report_difference, reporting);
	if (trial->again == NULL || reporting->count > 0)
		return;

	/* what only later steps have touched was as before after the first one */
	touched = migrate_touched(&count);
	scope = scope_of(touched, count, trial->again);
	expected = migrate_picture_empty();
	add_objects(expected, trial->applied, scope, NULL);
	add_objects(expected, before, scope, scope_of(trial->touched, trial->ntouched, trial->applied));
	reporting->prefix = VERIFY_AFTER_AGAIN;
	migrate_picture_compare(expected, trial->again, report_difference, reporting);
}

/*
 * Run a checked step, the one that undoes it, and the first one again, and roll all of it
 * back.  "report" gets the differences: of the second from before, or if there are none of
 * the third from the first.
 */
MigrateTrialResult
migrate_trial(MigrateRun *run, MigrateStep *up, MigrateStep *down, MigrateDifference report, void *arg)
{
	Trial		trial = {run, up, down};
	Reporting	reporting = {report, arg};
	MigrateTrialResult result = {0};

	migrate_touched_forget();
	result.error = migrate_verify_try(try_body, &trial, true);
	result.refused = result.error ? refused : NULL;
	result.phase = trial.phase;
	compare_trial(&trial, &reporting);
	result.differences = reporting.count;
	return result;
}
