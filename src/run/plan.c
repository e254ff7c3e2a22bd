/*-------------------------------------------------------------------------
 *
 * plan.c
 *		What a run would do, statement by statement, without doing it.
 *
 * Nothing is changed or executed here, and no lock is taken.  What apply() would
 * stop at is said in a note, so that it does not hide the rest.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/plan.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "execute/execute.h"
#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/callback.h"
#include "run/configuration.h"
#include "run/check.h"
#include "run/match.h"
#include "run/plan.h"
#include "run/precondition.h"
#include "run/report.h"
#include "run/reversible.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/step.h"
#include "run/steps.h"
#include "run/variable_values.h"
#include "script/script.h"
#include "util/errcontext.h"
#include "util/guc.h"
#include "util/line_map.h"
#include "util/names.h"
#include "util/subtransaction.h"

/*
 * The rows so far, and what is known about the statements before.
 */
typedef struct Preview
{
	MigrateRun *run;
	MemoryContext context;		/* of the rows */
	int			runner;			/* process that has the run lock, or 0 */
	bool		is_idle;		/* see migrate_has_nothing_to_do() */
	List	   *rows;			/* of MigratePreview */
	int			transaction;	/* number of the last one */
	bool		joins;			/* the next statement may be in that */
	bool		is_one;			/* all of the last script are in it */
	MigrateNames *made;			/* see migrate_execute_in_block() */
	bool		made_unknown;
	StringInfoData note;		/* for the next row */
	MigrateVisitor *visitor;	/* or NULL */
} Preview;

static void
add_note(Preview *preview, const char *note)
{
	if (note != NULL)
		appendStringInfo(&preview->note, "%s%s", preview->note.len > 0 ? "; " : "", note);
}

/*
 * Append a row about an item, with the notes that were added before.
 */
static MigratePreview *
add_row(Preview *preview, const MigrateItem *item, const char *file, int line)
{
	MemoryContext old = MemoryContextSwitchTo(preview->context);
	MigratePreview *row = palloc0(sizeof(MigratePreview));

	row->version = *migrate_item_version(item) == '\0' ? NULL : migrate_item_version(item);
	row->name = migrate_item_name(item);
	row->file = pstrdup(file);
	row->line = line;
	row->note = preview->note.len > 0 ? pstrdup(preview->note.data) : NULL;
	resetStringInfo(&preview->note);
	preview->rows = lappend(preview->rows, row);
	MemoryContextSwitchTo(old);
	return row;
}

/*
 * What a statement does, as its command tag says, and whether CONCURRENTLY; palloc'd.
 */
char *
migrate_command_of(const MigrateStatement *statement)
{
	if (!statement->outside_block || statement->needs == NIL || statement->tag == T_VacuumStmt)
		return pstrdup(statement->command);
	if (statement->tag == T_AlterTableStmt)
		return pstrdup("ALTER TABLE ... DETACH CONCURRENTLY");
	return psprintf("%s CONCURRENTLY", statement->command);
}

/*
 * Note what apply() does with a statement that core refuses in a transaction block.
 */
static void
note_block(Preview *preview, const MigrateStatement *statement)
{
	MemoryContext old = MemoryContextSwitchTo(preview->context);
	const RangeVar *relation;
	MigrateInBlock result = migrate_execute_in_block(statement, preview->made,
													 &preview->made_unknown, &relation);

	MemoryContextSwitchTo(old);
	switch (result)
	{
		case BLOCK_RUNS:
			if (statement->maybe_outside && migrate_execute_is_top_level(statement))
				add_note(preview, "needs CALL migrate.up()");
			break;
		case BLOCK_CHANGED:
			add_note(preview, statement->tag == T_VacuumStmt ?
					 "apply() does not vacuum a new table" :
					 "apply() runs it without CONCURRENTLY");
			break;
		case BLOCK_UNDECIDED:
			add_note(preview, psprintf("needs CALL migrate.up(), unless relation \"%s\" is created in the same run",
									   relation->relname));
			break;
		case BLOCK_REFUSED:
			add_note(preview, relation == NULL ? "needs CALL migrate.up()" :
					 psprintf("needs CALL migrate.up(), as relation \"%s\" exists",
							  relation->relname));
			break;
	}
}

/*
 * A row for each statement of a script that is still to run, "done" of them being
 * committed.
 */
static void
add_statements(Preview *preview, const MigrateItem *item, const MigrateScript *script,
			   const char *sql, int done)
{
	MigrateLines lines = {.at = sql,.file = item->file->up.file,.line = script->line};
	int			line = script->line;	/* counted in sql */

	for (int i = done; i < script->nstatements; i++)
	{
		const MigrateStatement *statement = &script->statements[i];
		MigratePreview *row;
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		preview->transaction += migrate_begins_transaction(script, i, done) &&
			(i > done || migrate_execute_is_top_level(statement) || !preview->joins);
		preview->joins = false;
		for (; script->has_markers && line < statement->line && lines.at != NULL; line++)
			migrate_next_line(&lines);
		note_block(preview, statement);
		row = add_row(preview, item, migrate_line_file(&lines),
					  script->has_markers ? lines.line : statement->line);
		row->transaction = preview->transaction;
		row->statement = i + 1;
		old = MemoryContextSwitchTo(preview->context);
		row->command = migrate_command_of(statement);
		MemoryContextSwitchTo(old);
		if (preview->visitor != NULL)
			preview->visitor->statement(preview->visitor, row, script, i, sql);
	}
	if (done >= script->nstatements)
		(void) add_row(preview, item, item->file->up.file, 0);
}

/*
 * What apply() says of a migration before it looks at its statements.
 */
static void
note_migration(Preview *preview, const MigrateItem *item)
{
	const Migration *file = item->file;

	switch (item->state)
	{
		case STATE_OUT_OF_ORDER:
			add_note(preview, migrate_out_of_order == OUT_OF_ORDER_APPLY || preview->run->request->applies_late ?
					 "out of order" :
					 "out of order, which stops the run");
			break;
		case STATE_OUTDATED:
			add_note(preview, item->up_changed ? "runs again, since it has changed" :
					 file->always ? "runs again, as always" :
					 "runs again, since a value in the configuration has changed");
			break;
		case STATE_INTERRUPTED:
			add_note(preview, psprintf("interrupted after %d %s; continues with CALL migrate.up()",
									   item->applied->done,
									   item->applied->done == 1 ? "statement" : "statements"));
			break;
		default:
			break;
	}
	add_note(preview, migrate_describe_preconditions(file));
	if (file->kind == KIND_VERSIONED)
	{
		List	   *vars;
		char	   *error;

		if (!migrate_is_reversible(preview->run, file, item->applied, &vars, &error))
			add_note(preview, error ? psprintf("cannot be undone: %s", error) : "cannot be undone");
	}
}

static void
note_oddities(Preview *preview, const MigrateScript *script, MigrateErrorContext *errctx)
{
	char	   *names = migrate_skipped_names(script);

	if (names != NULL)
		add_note(preview, psprintf("skipped: %s", names));
	if (script->lone_commit > 0)
	{
		const char *file;
		int			line = migrate_map_line(errctx, script->lone_commit, &file);

		add_note(preview, psprintf("COMMIT without BEGIN, file \"%s\", line %d", file, line));
	}
}

/*
 * Is it an error that the checks before a run raise, and that plan() reports in
 * its row instead of raising it?
 */
static bool
is_check_error(int sqlerrcode)
{
	return migrate_is_script_error(sqlerrcode) ||
		sqlerrcode == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
}

/*
 * The section of a file that has no text, NULL if both have one.
 */
static const MigrateSection *
broken_section(const Migration *file)
{
	return file->up.broken ? &file->up : file->down.broken ? &file->down : NULL;
}

/*
 * A row with an error instead of raising it.
 */
static void
add_error(Preview *preview, const MigrateItem *item, MigrateErrorContext *errctx, ErrorData *error)
{
	const char *file;
	int			line = migrate_map_line(errctx, errctx->line, &file);
	const MigrateSection *broken = broken_section(item->file);
	const char *message;
	MigratePreview *row;

	message = broken ? migrate_broken_reason(broken) : error->message;
	add_note(preview, psprintf("error: %s", message));
	row = add_row(preview, item, file, line);
	row->statement = errctx->statement;
	if (preview->visitor != NULL)
		preview->visitor->error(preview->visitor, row, message);
	FreeErrorData(error);

	/* whatever it makes, those after it may need */
	preview->made_unknown = true;
}

/*
 * Are the statements of a script one transaction?
 */
static bool
is_one_transaction(const MigrateScript *script)
{
	for (int i = 0; i < script->nstatements; i++)
	{
		if (script->statements[i].transaction != script->statements[0].transaction ||
			script->statements[i].top_level != TOP_NONE)
			return false;
	}
	return true;
}

/*
 * A migration that is to be parsed.
 */
typedef struct Parsing
{
	Preview    *preview;
	const MigrateItem *item;
	MigrateStep *step;
	MigrateErrorContext *errctx;
} Parsing;

/*
 * Parse it and add rows for its statements; for migrate_try(), since it reads the
 * history and the catalogs.
 */
static void
add_statements_of(void *arg)
{
	Parsing    *parsing = arg;
	Preview    *preview = parsing->preview;
	const MigrateItem *item = parsing->item;
	MigrateStep *step = parsing->step;
	bool		joins = preview->joins;
	char	   *str;
	char	   *sql;
	MigrateScript *script;

	note_migration(preview, item);
	migrate_require_runnable(step);
	script = migrate_prepare_up(preview->run, step, parsing->errctx, &str, &sql);
	if (migrate_is_callback(step))
	{
		step->script = script;
		migrate_check_callback(step);
		step->script = NULL;
	}
	note_oddities(preview, script, parsing->errctx);
	if (preview->visitor != NULL)
		preview->visitor->begin(preview->visitor, item->file);
	preview->is_one = is_one_transaction(script);
	preview->joins = joins && preview->is_one;
	add_statements(preview, item, script, sql, step->in_progress ? step->applied->done : 0);
	if (preview->visitor != NULL)
		preview->visitor->end(preview->visitor);
}

/*
 * Rows for a migration that is to run.
 */
static void
add_step(Preview *preview, const MigrateItem *item, MigrateStep *step)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate step",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	MigrateErrorContext errctx;
	Parsing		parsing = {preview, item, step, &errctx};
	ErrorContextCallback callback;
	ErrorData  *error;

	/* the run keeps them, so they are not for the context of the step */
	(void) migrate_built_in_variables(preview->run, item->file->up.syntax, item->file->up.file);
	(void) migrate_built_in_variables(preview->run, item->file->down.syntax, item->file->up.file);
	old = MemoryContextSwitchTo(context);
	migrate_errcontext_begin(&errctx, &callback, MIGRATE_UP, step->file, step->applied);
	error = migrate_try(add_statements_of, &parsing);
	if (error != NULL && broken_section(item->file) == NULL && !is_check_error(error->sqlerrcode))
		ReThrowError(error);
	if (error != NULL)
		add_error(preview, item, &errctx, error);
	migrate_errcontext_end(&callback);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * Rows for callbacks (MigrateSteps).
 */
static void
add_callbacks(Preview *preview, List *callbacks)
{
	ListCell   *lc;

	foreach(lc, callbacks)
	{
		MigrateStep *step = lfirst(lc);
		MigrateItem *item = palloc0(sizeof(MigrateItem));

		item->file = step->file;
		add_note(preview, "callback");
		add_step(preview, item, step);
	}
}

/*
 * Rows for a migration that is to run, with the callbacks of its own.
 */
static void
add_migration(Preview *preview, const MigrateItem *item, MigrateStep *step)
{
	int			transaction = preview->transaction;

	add_callbacks(preview, step->before);
	preview->joins = preview->transaction > transaction;
	add_step(preview, item, step);
	preview->joins = preview->is_one && preview->transaction > transaction;
	add_callbacks(preview, step->after);
	preview->joins = false;
}

/*
 * Rows for the callbacks that the steps have from "next" on, before the next migration.
 */
static int
add_callbacks_from(Preview *preview, List *steps, int next)
{
	while (next < list_length(steps) && migrate_is_callback(list_nth(steps, next)))
		add_callbacks(preview, list_make1(list_nth(steps, next++)));
	return next;
}

/*
 * A row for what prevents a run, though it is not part of it.
 */
static void
add_obstacle(Preview *preview, const MigrateItem *item)
{
	if (item->state == STATE_IN_PROGRESS)
		add_note(preview, psprintf("running in process %d", preview->runner));
	else if (item->state == STATE_INTERRUPTED)
		add_note(preview, psprintf(preview->is_idle ? "interrupted while going %s" :
								   "interrupted while going %s, which stops the run",
								   item->applied->going_down ? "down" : "up"));
	else if (item->state == STATE_MODIFIED && migrate_on_modified != ON_MODIFIED_IGNORE)
		add_note(preview, migrate_on_modified == ON_MODIFIED_WARN ?
				 "modified since it was applied" :
				 "modified since it was applied, which stops the run");
	else if (item->replaced)
		add_note(preview, migrate_item_replaced(item));
	else if (item->state == STATE_SKIPPED)
		add_note(preview, "skipped by its contexts or labels");
	else
		return;
	(void) add_row(preview, item, item->file ? item->file->up.file : item->applied->file, 0);
}

static bool
is_step_of(const MigrateItem *item, const MigrateStep *step)
{
	return item->file != NULL ? step->file == item->file : step->applied == item->applied;
}

/*
 * What a run with this request has to do: a list of MigratePreview, in that order.
 * The only errors are those that leave nothing to show: of the directory, its
 * configuration and format, 42704 for an unknown version, 22023 for a request that makes no sense,
 * 3F000 without the schema.  "visitor", if not NULL, sees each statement.
 */
List *
migrate_preview_visited(MigrateRequest *request, MigrateVisitor *visitor)
{
	MigrateRun	run = {.request = request,.context = CurrentMemoryContext};
	Preview		preview = {.run = &run,.context = CurrentMemoryContext,.made = migrate_names_create(),.visitor = visitor};
	List	   *steps;
	int			next = 0;
	int			guc_level;
	ListCell   *lc;

	migrate_warn_version();
	request->own_snapshot = true;
	request->skips_known = true;
	initStringInfo(&preview.note);
	migrate_require_source(&run);
	migrate_report_ignored(&run);
	migrate_load_state(&run);
	migrate_check_changes(&run);
	preview.runner = migrate_mark_running(&run);
	request->quiet = true;
	steps = migrate_add_callbacks(&run, migrate_plan_apply(run.items, request), MIGRATE_UP);
	request->quiet = false;
	preview.is_idle = migrate_has_nothing_to_do(&run, steps);

	guc_level = NewGUCNestLevel();
	migrate_enter_schema(request->history.schema, GUC_ACTION_SAVE);
	migrate_require_configuration(&run, steps);
	foreach(lc, run.items)
	{
		MigrateItem *item = lfirst(lc);
		MigrateStep *step;
		bool		chosen;

		next = add_callbacks_from(&preview, steps, next);
		step = next < list_length(steps) ? list_nth(steps, next) : NULL;
		chosen = step != NULL && is_step_of(item, step);
		next += chosen;
		if (chosen && item->file != NULL && !(item->applied && item->applied->going_down))
			add_migration(&preview, item, step);
		else
			add_obstacle(&preview, item);
	}
	(void) add_callbacks_from(&preview, steps, next);
	AtEOXact_GUC(false, guc_level);
	return preview.rows;
}

/*
 * The same for nobody else to see.
 */
List *
migrate_preview(MigrateRequest *request)
{
	return migrate_preview_visited(request, NULL);
}
