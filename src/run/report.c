/*-------------------------------------------------------------------------
 *
 * report.c
 *		What the user sees of a step: where an error in it happened, and that it
 *		is finished.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/report.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "tcop/tcopprot.h"

#include "history/history.h"
#include "run/report.h"
#include "run/run.h"
#include "util/errcontext.h"
#include "util/printable.h"

/*
 * From here on, errors have this migration in their context: fill *errctx and push
 * *callback, both of which live until migrate_errcontext_end().
 */
void
migrate_errcontext_begin(MigrateErrorContext *errctx, ErrorContextCallback *callback, MigrateDirection direction,
						 const Migration *file, const AppliedMigration *applied)
{
	memset(errctx, 0, sizeof(MigrateErrorContext));
	errctx->direction = direction;
	if (file != NULL)
	{
		errctx->version = file->version;
		errctx->name = file->name;
		errctx->no_transaction_marker = file->no_transaction_marker;
		errctx->file = direction == MIGRATE_DOWN && file->down.present ?
			file->down.file : file->up.file;
	}
	else
	{
		errctx->version = applied->version;
		errctx->name = applied->name;
		errctx->file = applied->file;
		errctx->stored = true;
	}
	callback->callback = migrate_errcontext_callback;
	callback->arg = errctx;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

/*
 * Pop what migrate_errcontext_begin() has pushed.  An error pops it, too.
 */
void
migrate_errcontext_end(ErrorContextCallback *callback)
{
	error_context_stack = callback->previous;
}

/*
 * The NOTICE after each migration.  "number" counts from 1.
 */
void
migrate_report_step(const MigrateStep *step, const MigrateResult *result,
					int number, int total)
{
	const char *label = migrate_label(result->version, result->name);

	if (step->forced)
		ereport(NOTICE,
				(errmsg("recorded %s as undone, without running anything [%d/%d]",
						label, number, total)));
	else if (step->direction == MIGRATE_UP)
		ereport(NOTICE,
				(errmsg_plural("applied %s (%d statement) [%d/%d]",
							   "applied %s (%d statements) [%d/%d]",
							   result->statements,
							   label, result->statements, number, total)));
	else
		ereport(NOTICE,
				(errmsg_plural("undone %s (%d statement) [%d/%d]",
							   "undone %s (%d statements) [%d/%d]",
							   result->statements,
							   label, result->statements, number, total)));
}

/*
 * One line in the log for a run that has done something, where changes of the schema
 * are logged.  In the caller's transaction it may still be rolled back.
 */
void
migrate_report_run(const MigrateRequest *request, MigrateDirection direction, int count)
{
	if (count == 0 || log_statement < LOGSTMT_DDL)
		return;
	ereport(LOG,
			(direction == MIGRATE_UP ?
			 errmsg_plural("migrate: %d migration applied in project \"%s\", schema \"%s\"",
						   "migrate: %d migrations applied in project \"%s\", schema \"%s\"",
						   count, count, request->history.project, request->history.schema) :
			 errmsg_plural("migrate: %d migration undone in project \"%s\", schema \"%s\"",
						   "migrate: %d migrations undone in project \"%s\", schema \"%s\"",
						   count, count, request->history.project, request->history.schema),
			 errhidestmt(true),
			 errhidecontext(true)));
}
