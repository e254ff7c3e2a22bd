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

#include "lib/stringinfo.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"

#include "history/history.h"
#include "run/callback.h"
#include "run/report.h"
#include "run/run.h"
#include "script/script.h"
#include "util/errcontext.h"
#include "util/guc.h"
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
 * The NOTICE after each migration, and after each callback that is not part of one.
 * "number" counts the migrations, from 1.
 */
void
migrate_report_step(const MigrateStep *step, const MigrateResult *result,
					int number, int total)
{
	const char *label = migrate_label(result->version, result->name);

	if (migrate_is_callback(step))
		ereport(NOTICE,
				(errmsg_plural("ran callback %s (%d statement)",
							   "ran callback %s (%d statements)",
							   result->statements,
							   label, result->statements)));
	else if (step->forced)
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
 * Where in a migration an error was: a line of its context, palloc'd, NULL if there is
 * none.
 */
static char *
place_of(const ErrorData *error)
{
	static const char begin[] = "migration ";

	for (const char *p = error->context; p != NULL; p = strchr(p, '\n'))
	{
		p += *p == '\n';
		if (strncmp(p, begin, strlen(begin)) == 0)
			return pnstrdup(p, strcspn(p, "\n"));
	}
	return NULL;
}

/*
 * The WARNING after a migration that has failed, which does not end the run.
 */
void
migrate_report_ignored_failure(const MigrateResult *result, const ErrorData *error)
{
	char	   *place = place_of(error);

	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("migration \"%s\" has failed, and stays pending: %s",
					migrate_label(result->version, result->name), error->message),
			 place ? errdetail("It happened in %s.", place) : 0,
			 errhint("It says \"failOnError:false\", so that the run goes on.")));
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

/*
 * What to do about an extension that refuses a statement at top level in a CALL.
 */
static char *
refusal_hint(const MigrateStatement *statement, const char *first)
{
	bool		in_session = migrate_top_level == TOP_LEVEL_SESSION;
	bool		may_be_elsewhere = statement != NULL && statement->tag != T_CallStmt &&
		statement->tag != T_DoStmt && statement->tag != T_DiscardStmt;

	return psprintf("%s%srun the statement by hand and record it with migrate.repair().", first,
					in_session && may_be_elsewhere ? "set migrate.top_level to \"worker\", or " : "");
}

/*
 * An extension may refuse a statement in a CALL that core allows there at top level:
 * say so in its error.  pgAudit up to 1.7.0 (Debian 12) takes it for a fault of its own;
 * others say that they are in a transaction block, with the SQLSTATE of core.
 */
void
migrate_explain_refusal(const MigrateStatement *statement, bool top_level, ErrorData *error)
{
	if (error->sqlerrcode == ERRCODE_INTERNAL_ERROR && error->message != NULL &&
		strcmp(error->message, "pgaudit stack is not empty") == 0)
	{
		error->sqlerrcode = ERRCODE_FEATURE_NOT_SUPPORTED;
		error->message = pstrdup("this version of pgaudit does not allow the statement in a CALL");
		error->hint = refusal_hint(statement, "Use pgaudit 1.7.1, 16.1 or later, or ");
	}
	else if (error->sqlerrcode == ERRCODE_ACTIVE_SQL_TRANSACTION && top_level)
		error->hint = refusal_hint(statement, "An extension may refuse the statement in a CALL: ");
}

/*
 * The end of a call for "history": the arguments that it needs, and a parenthesis.
 */
static void
end_call(StringInfo call, const MigrateHistory *history, bool first)
{
	if (strcmp(history->project, "default") != 0)
	{
		appendStringInfo(call, "%sproject => %s", first ? "" : ", ", quote_literal_cstr(history->project));
		first = false;
	}
	if (*history->schema != '\0')
		appendStringInfo(call, "%sschema => %s", first ? "" : ", ", quote_literal_cstr(history->schema));
	appendStringInfoChar(call, ')');
}

/*
 * The CALL that continues an interrupted migration, for a hint; palloc'd.  Whoever
 * copies it must not hit another history.
 */
char *
migrate_continuing_call(const MigrateHistory *history, bool down)
{
	StringInfoData call;

	initStringInfo(&call);
	appendStringInfoString(&call, down ? "migrate.down(steps => 1" : "migrate.up(");
	end_call(&call, history, !down);
	return call.data;
}

/*
 * Likewise the call of repair() that sets the state of a migration.
 */
char *
migrate_repair_call(const MigrateHistory *history, const char *version, const char *state)
{
	StringInfoData call;

	initStringInfo(&call);
	appendStringInfo(&call, "migrate.repair(version => %s, state => '%s'", quote_literal_cstr(version), state);
	end_call(&call, history, false);
	return call.data;
}

/*
 * Say in an error what can be done about a step of which a part is committed, or may have
 * left something ("started").
 */
void
migrate_hint_at_interruption(const MigrateHistory *history, const MigrateStep *step, bool started,
							 ErrorData *error)
{
	char	   *hint;

	if (migrate_is_callback(step) || !step->in_progress || (step->done == 0 && !started))
		return;
	hint = psprintf("The migration is interrupted after %d of %d statements. Once the cause is removed, CALL %s continues it.",
					step->done, step->script->nstatements,
					migrate_continuing_call(history, step->direction == MIGRATE_DOWN));
	error->hint = error->hint ? psprintf("%s %s", error->hint, hint) : hint;
}
