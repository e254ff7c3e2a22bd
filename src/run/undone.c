/*-------------------------------------------------------------------------
 *
 * undone.c
 *		A run that is undone, whatever becomes of it.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/undone.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "execute/execute.h"
#include "history/history.h"
#include "run/budget.h"
#include "run/held.h"
#include "run/observe.h"
#include "run/run_int.h"
#include "run/step.h"
#include "run/survivors.h"
#include "run/undone.h"
#include "util/subtransaction.h"

/*
 * The arguments of migrate_run_undone(), for migrate_try_undone().
 */
typedef struct Undoing
{
	MigrateRun	run;
	MigrateBody body;
	void	   *arg;
} Undoing;

static void
run_body(void *arg)
{
	Undoing    *undoing = arg;

	migrate_recorder_begin();
	migrate_held_begin();
	undoing->body(&undoing->run, undoing->arg);
}

/*
 * Must an error be raised, since it is about the server and not about what has run?
 * A deadlock or a serialization failure ends with the rollback.
 */
static bool
is_error_of_server(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
		case ERRCODE_INTERNAL_ERROR:
			return true;
	}
	return false;
}

/*
 * Does COPY read or write something outside of the database?
 */
static bool
copies_outside(const MigrateStatement *statement, const char *sql)
{
	const CopyStmt *copy;

	if (statement->tag != T_CopyStmt || statement->rows > 0)
		return false;
	copy = castNode(CopyStmt, linitial_node(RawStmt, pg_parse_query(pnstrdup(sql + statement->offset,
																			 statement->length)))->stmt);
	return copy->is_program || copy->filename != NULL;
}

/*
 * Why a statement must not run in a run that is undone, or NULL, when its turn has come.
 */
const char *
migrate_reason_not_to_run(const MigrateStatement *statement, const char *sql)
{
	if (!migrate_runs_in_block(statement))
		return "it cannot run inside a transaction block";
	if (copies_outside(statement, sql))
		return "a file or a program cannot be rolled back";
	if (statement->set_transaction)
		return "the transaction has begun";
	return NULL;
}

/*
 * Call "body", which runs migrations in the caller's transaction, and undo all that it
 * has done.  "budget" is in microseconds, or MIGRATE_NO_BUDGET.
 *
 * Nothing of it is left: neither in the database nor in the session, whose settings, run
 * state, records that are kept, advisory locks and prepared statements are as before.  A
 * WARNING says so where that is not possible.  Sequences have moved on, and cursors of the
 * caller that it has closed stay so.
 *
 * Errors of "body" are returned, in the current memory context.  Raised are those that
 * are about the server: a cancel request and other interventions, lack of resources,
 * internal errors; and 55000 if a run is going on in this backend.
 */
MigrateUndone
migrate_run_undone(MigrateRequest *request, int64 budget, MigrateBody body, void *arg)
{
	Undoing		undoing = {
		.run = {.request = request,.context = CurrentMemoryContext},
		.body = body,
		.arg = arg,
	};
	volatile MigrateUndone undone = {0};
	MigrateSurvivors before;
	int			guc_level;

	migrate_run_begin(request);
	guc_level = NewGUCNestLevel();
	PG_TRY();
	{
		request->undoes = true;
		before = migrate_survivors_note();
		migrate_budget_begin(budget);
		undone.error = migrate_try_undone(run_body, &undoing);
		migrate_budget_end();
		if (undone.error != NULL && undone.error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			undone.stopped = migrate_budget_stopped();
		migrate_survivors_restore(&before);
	}
	PG_FINALLY();
	{
		migrate_budget_end();
		migrate_observe_end();
		migrate_held_end();
		migrate_recorder_end();
		migrate_run_end();
	}
	PG_END_TRY();
	AtEOXact_GUC(false, guc_level);
	if (undone.error != NULL && undone.stopped == NULL && is_error_of_server(undone.error))
		ReThrowError(undone.error);
	return undone;
}
