/*-------------------------------------------------------------------------
 *
 * verify.c
 *		verify(): does the way back of each migration undo it, and can it be applied again?
 *
 * Everything runs in a subtransaction that is rolled back (undone.c).  In it, each
 * migration is tried: up, down and up again, in a subtransaction that is rolled back, too,
 * so that one that is not undone well does not spoil the trials of others.  Those objects
 * that these statements have touched (touched.c) are compared.  Then it is applied for
 * those after it.
 *
 * Callbacks run at their moments, and those of each migration each time that it does.
 * What they touch is not compared.
 *
 * So the time is linear in the number of migrations.  What core does not report of
 * dependent objects is seen in the end: what is reversible is undone and applied once
 * more, and all objects are compared.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/verify.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "history/history.h"
#include "run/apply.h"
#include "run/callback.h"
#include "run/check.h"
#include "run/known.h"
#include "run/report.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/step.h"
#include "run/step_script.h"
#include "run/steps.h"
#include "run/touched.h"
#include "run/undone.h"
#include "run/verification.h"
#include "run/verify.h"
#include "script/script.h"
#include "util/names.h"
#include "util/printable.h"
#include "util/subtransaction.h"

#define REVERSIBLE		"reversible"
#define IRREVERSIBLE	"irreversible"
#define FAILS			"fails"
#define NOT_TRIED		"not tried"


/*
 * A migration that is verified.
 */
typedef struct Candidate
{
	MigrateStep *up;			/* or a callback before migrations */
	MigrateStep *down;			/* NULL: there is no way back */
	bool		reversible;		/* as far as is known */
	bool		skipped;		/* its preconditions do not let it run */
} Candidate;

typedef struct Verification
{
	MemoryContext context;		/* of the rows */
	List	   *rows;			/* of MigrateVerified */
	MigrateRun *run;
	Candidate  *candidates;
	int			count;
	List	   *last;			/* callbacks (MigrateStep) after all of them */
	int			current;		/* that is verified, -1: none yet */
	bool		complete;		/* its rows are there */
	const char *missing;		/* says which is the first one that has not
								 * been applied, or NULL */
	MigrateNames *reported;		/* objects with a row */
} Verification;

static void
add_row(Verification *verification, const Migration *file, const char *result, const char *object,
		const char *detail)
{
	MemoryContext old = MemoryContextSwitchTo(verification->context);
	MigrateVerified *row = palloc0(sizeof(MigrateVerified));

	if (file != NULL)
	{
		row->version = file->kind == KIND_CALLBACK ? NULL : file->version;
		row->name = file->name;
	}
	row->result = result;
	row->object = object ? pstrdup(object) : NULL;
	row->detail = detail ? pstrdup(detail) : NULL;
	verification->rows = lappend(verification->rows, row);
	if (object != NULL)
		(void) migrate_names_add(verification->reported, row->object, row);
	MemoryContextSwitchTo(old);
}

/*
 * Whom a difference is about.
 */
typedef struct Finding
{
	Verification *verification;
	const Migration *file;		/* NULL: all together */
	const char *prefix;			/* of details, or NULL */
} Finding;

static void
report_difference(const char *result, const char *object, const char *detail, void *arg)
{
	Finding    *finding = arg;

	add_row(finding->verification, finding->file, result, object,
			finding->prefix ? psprintf("%s%s", finding->prefix, detail) : detail);
}

/*
 * A row for an error, or for what has not been tried: "reason" is why, NULL if it is an
 * error of what has run.
 */
static void
add_error(Verification *verification, const Migration *file, const char *reason, const ErrorData *error,
		  const char *phase)
{
	const char *message = reason ? reason : error->message;

	if (phase != NULL)
		message = psprintf("%s: %s", phase, message);
	if (reason == NULL && verification->missing != NULL && (phase == NULL || strcmp(phase, VERIFY_AGAIN) != 0))
	{
		reason = verification->missing;
		message = psprintf("%s; %s", message, reason);
	}

	/* what ALTER TYPE ... ADD VALUE adds cannot be used before a commit */
	if (reason == NULL && error->sqlerrcode == ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE)
		reason = error->message;
	add_row(verification, file, reason ? NOT_TRIED : FAILS, NULL, message);
}

/*
 * Why a migration has no way back.
 */
static const char *
reason_irreversible(const Migration *file, const MigrateStep *step)
{
	if (file->kind == KIND_REPEATABLE)
		return "it is repeatable";
	if (step->down_error != NULL)
		return step->down_error;
	return file->down.present ? "its down section has no statement" : "it has no down script";
}

/*
 * Try a migration that has a way back.
 */
static void
try_way_back(Verification *verification, Candidate *candidate)
{
	const Migration *file = candidate->up->file;
	Finding		finding = {verification, file};
	MigrateTrialResult result = migrate_trial(verification->run, candidate->up, candidate->down,
											  report_difference, &finding);

	candidate->reversible = result.differences == 0 && result.error == NULL;
	if (result.error != NULL && strcmp(result.phase, VERIFY_UP) != 0)
		add_error(verification, file, result.refused, result.error, result.phase);
	if (candidate->reversible)
		add_row(verification, file, REVERSIBLE, NULL, NULL);
}

/*
 * Verify a migration, and apply it for those after it.
 */
static void
verify_candidate(Verification *verification, Candidate *candidate)
{
	const Migration *file = candidate->up->file;
	ErrorData  *error;
	const char *reason;

	if (!migrate_verify_is_due(verification->run, candidate->up, &error))
	{
		candidate->skipped = true;
		if (error != NULL)
			add_error(verification, file, NULL, error, NULL);
		else
			add_row(verification, file, NOT_TRIED, NULL, "its preconditions do not let it run");
		return;
	}
	if (candidate->down != NULL)
		try_way_back(verification, candidate);
	reason = migrate_verify_run(verification->run, candidate->up, &error);
	if (error != NULL)
	{
		add_error(verification, file, reason, error, NULL);
		candidate->reversible = false;
		if (verification->missing == NULL)
			verification->missing =
				MemoryContextStrdup(verification->context,
									file->kind == KIND_CALLBACK ? psprintf("callback \"%s\" has not run", file->name) :
									psprintf("migration \"%s\" has not been applied",
											 migrate_label(file->version, file->name)));
	}
	else if (candidate->down == NULL && !migrate_is_callback(candidate->up))
		add_row(verification, file, IRREVERSIBLE, NULL, reason_irreversible(file, candidate->up));
}

/*
 * The way back of a checked step up, NULL if there is none.
 */
static MigrateStep *
step_down(MigrateRun *run, const MigrateStep *up)
{
	MigrateStep *step;
	AppliedMigration *applied;
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	char	   *str;
	char	   *sql;

	if (!up->reversible)
		return NULL;
	applied = palloc0(sizeof(AppliedMigration));
	applied->version = up->file->version;
	applied->name = up->file->name;
	applied->format = pstrdup(up->file->format);
	step = palloc0(sizeof(MigrateStep));
	step->direction = MIGRATE_DOWN;
	step->file = up->file;
	step->applied = applied;
	migrate_errcontext_begin(&errctx, &callback, MIGRATE_DOWN, step->file, step->applied);
	str = migrate_step_text(run, step);
	sql = migrate_step_sql(run, step, str, &errctx);
	step->script = migrate_parse_step(step, sql, &errctx);
	migrate_errcontext_end(&callback);
	if (sql != str)
		pfree(sql);
	pfree(str);
	return step;
}

/*
 * Add the callbacks of an undo to each way back, also those of a run, which a single one
 * would be.
 */
static void
add_undo_callbacks(Verification *verification)
{
	List	   *downs = NIL;
	List	   *all;
	List	   *before = NIL;
	List	   *after = NIL;
	ListCell   *lc;

	for (int i = 0; i < verification->count; i++)
		if (verification->candidates[i].down != NULL)
			downs = lappend(downs, verification->candidates[i].down);
	all = migrate_add_callbacks(verification->run, downs, MIGRATE_DOWN);
	foreach(lc, all)
	{
		MigrateStep *step = lfirst(lc);

		if (migrate_is_callback(step) && step->file->event == EVENT_BEFORE_RUN)
			before = lappend(before, step);
		else if (migrate_is_callback(step))
			after = lappend(after, step);
	}
	foreach(lc, downs)
	{
		MigrateStep *step = lfirst(lc);

		step->before = list_concat_copy(before, step->before);
		step->after = list_concat_copy(step->after, after);
		migrate_check_own_callbacks(verification->run, step);
	}
}

/*
 * The number of the first migration from which on all have a way back.
 */
static int
first_of_tail(const Verification *verification)
{
	int			first = verification->count;

	while (first > 0 && verification->candidates[first - 1].down != NULL)
		first--;
	return first;
}

/*
 * All of the tail at once.
 */
typedef struct Tail
{
	Verification *verification;
	int			first;
	int			current;		/* that runs */
	const char *phase;
	MigratePicture *before;		/* the first one */
	MigratePicture *applied;
} Tail;

static void
report_new_difference(const char *result, const char *object, const char *detail, void *arg)
{
	Finding    *finding = arg;

	if (!migrate_names_have(finding->verification->reported, object))
		report_difference(result, object, detail, arg);
}

/*
 * Undo all migrations of the tail, and apply them again; after each, compare everything.
 */
static void
try_tail(void *arg)
{
	Tail	   *tail = arg;
	Verification *verification = tail->verification;
	Finding		finding = {verification, NULL};

	tail->phase = VERIFY_DOWN;
	for (tail->current = verification->count - 1; tail->current >= tail->first; tail->current--)
		if (!verification->candidates[tail->current].skipped)
			migrate_verify_step(verification->run, verification->candidates[tail->current].down);
	migrate_picture_compare(tail->before, migrate_picture_all(), report_new_difference, &finding);
	tail->phase = VERIFY_AGAIN;
	for (tail->current = tail->first; tail->current < verification->count; tail->current++)
		if (!verification->candidates[tail->current].skipped)
			migrate_verify_step(verification->run, verification->candidates[tail->current].up);
	finding.prefix = VERIFY_AFTER_AGAIN;
	migrate_picture_compare(tail->applied, migrate_picture_all(), report_new_difference, &finding);
}

/*
 * Verify the migrations of the tail together, if each one is reversible on its own.
 */
static void
verify_tail(Verification *verification, int first, MigratePicture *before)
{
	Tail		tail = {verification, first,.before = before};
	ErrorData  *error;

	for (int i = first; i < verification->count; i++)
	{
		if (!verification->candidates[i].reversible && !verification->candidates[i].skipped)
			return;
	}
	tail.applied = migrate_picture_all();
	error = migrate_verify_try(try_tail, &tail, true);
	if (error != NULL)
		add_error(verification, verification->candidates[tail.current].up->file, migrate_verify_refused(), error,
				  psprintf("%s, all together", tail.phase));
}

/*
 * Read and check the migrations that are to be verified.
 */
static void
load_candidates(Verification *verification, MigrateRun *run, List *steps)
{
	int			nmigrations = migrate_count_migrations(steps);
	ListCell   *lc;

	verification->candidates = palloc0(Max(list_length(steps), 1) * sizeof(Candidate));
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		Candidate  *candidate = &verification->candidates[verification->count];

		CHECK_FOR_INTERRUPTS();
		if (nmigrations == 0)
		{
			verification->last = lappend(verification->last, step);
			continue;
		}
		verification->count++;
		candidate->up = step;
		if (migrate_is_callback(step))
			continue;
		candidate->down = step_down(run, step);
		nmigrations--;
	}
	add_undo_callbacks(verification);
}

/*
 * Run the callbacks after the last migration.
 */
static void
run_last_callbacks(Verification *verification)
{
	ListCell   *lc;

	foreach(lc, verification->last)
	{
		Candidate	candidate = {.up = lfirst(lc)};

		verify_candidate(verification, &candidate);
	}
}

/*
 * What migrate_run_undone() runs.
 */
static void
verify(MigrateRun *run, void *arg)
{
	Verification *verification = arg;
	MigratePicture *before = NULL;
	MemoryContext context;
	List	   *steps;
	int			first;

	if (!migrate_load_pending(run, &steps) || steps == NIL)
		return;
	steps = migrate_add_callbacks(run, steps, MIGRATE_UP);
	migrate_check_up_steps(run, steps, false);
	verification->run = run;
	load_candidates(verification, run, steps);
	migrate_fire_callers_events(run);
	migrate_touched_begin();
	first = first_of_tail(verification);
	context = AllocSetContextCreate(CurrentMemoryContext, "migrate step", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < verification->count; i++)
	{
		MemoryContext old;

		verification->current = i;
		verification->complete = false;
		if (i == first)
			before = migrate_picture_all();
		old = MemoryContextSwitchTo(context);
		verify_candidate(verification, &verification->candidates[i]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
		verification->complete = true;
	}
	if (before != NULL)
		verify_tail(verification, first, before);
	verification->current = verification->count;
	run_last_callbacks(verification);
	MemoryContextDelete(context);
}

/*
 * verify(): does the way back of each migration that is pending undo it?  Nothing of it is
 * left.  "budget" as for migrate_run_undone().  Returns a list of MigrateVerified.
 *
 * Raised are the errors of apply() before its first statement, 55P03 if migrations are
 * running, and what migrate_run_undone() raises, or a deadlock.  When the budget is spent,
 * the rest has not been tried.
 */
List *
migrate_run_verification(MigrateRequest *request, int64 budget)
{
	Verification verification = {.context = CurrentMemoryContext,.current = -1};
	MigrateUndone undone = {0};

	verification.reported = migrate_names_create();
	PG_TRY();
	{
		undone = migrate_run_undone(request, budget, verify, &verification);
	}
	PG_FINALLY();
	{
		migrate_touched_end();
	}
	PG_END_TRY();
	if (undone.error != NULL && (undone.stopped == NULL || verification.current < 0))
		ReThrowError(undone.error);
	if (undone.error == NULL)
	{
		if (verification.count == 0)
			migrate_warn_version();
		return verification.rows;
	}
	if (verification.complete)
		verification.current++;
	for (int i = verification.current; i < verification.count; i++)
		add_row(&verification, verification.candidates[i].up->file, NOT_TRIED, NULL, undone.stopped);
	return verification.rows;
}
