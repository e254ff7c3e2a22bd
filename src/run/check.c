/*-------------------------------------------------------------------------
 *
 * check.c
 *		Parses and checks the scripts of all steps, before any of them runs.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/check.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

<<<<<<< HEAD
=======
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/memutils.h"

>>>>>>> 6cf7225 (A file that cannot be included is the fault of its migration, not of the directory; messages survive a client encoding that lacks a character; who is denied a file)
#include "execute/execute.h"
#include "format/contexts.h"
#include "format/doubt.h"
#include "format/format.h"
#include "history/history.h"
#include "run/run_int.h"
#include "script/script.h"
#include "util/errcontext.h"
#include "util/names.h"
#include "util/printable.h"
<<<<<<< HEAD
=======
#include "util/subtransaction.h"
#include "variables/variables.h"

/*
 * From here on errors tell that they are about this migration: fill *errctx, and
 * push *callback, both of which live until migrate_errcontext_end().
 */
void
migrate_errcontext_begin(MigrateErrorContext *errctx, ErrorContextCallback *callback, MigrateDirection direction,
						 const Migration *file, const AppliedMigration *applied)
{
	memset(errctx, 0, sizeof(MigrateErrorContext));
	errctx->context = CurrentMemoryContext;
	errctx->direction = direction;
	if (file != NULL)
	{
		errctx->version = file->version;
		errctx->name = file->name;
		errctx->alone_marker = file->alone_marker;
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
 * Pop what migrate_errcontext_begin() has pushed.  An error pops it by itself.
 */
void
migrate_errcontext_end(ErrorContextCallback *callback)
{
	error_context_stack = callback->previous;
}

static void
check_author(const char *author)
{
	if (migrate_may_run_for(author))
		return;
	if (author != NULL && !OidIsValid(get_role_oid(author, true)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to run a stored script of role \"%s\"", author),
				 errdetail("The role does not exist; it may have been renamed or dropped."),
				 errhint("Give the directory to run the files instead.")));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to run a stored script of role \"%s\"",
					author ? author : "(unknown)"),
			 errhint("Log in as its author or use SET ROLE, or give the directory to run the files instead.")));
}

/*
 * Read a stored script.  At the run it has to be the one that was checked.
 */
static char *
stored_text(MigrateStep *step, const uint8 *key)
{
	char	   *sql = migrate_history_script(key);
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];

	if (sql == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("script has not been stored, because of its size"),
				 errhint("Give the directory to run the files instead.")));
	migrate_sha256(sql, strlen(sql), sha256);
	if (step->script == NULL)
		memcpy(step->sha256, sha256, sizeof(sha256));
	else if (memcmp(step->sha256, sha256, sizeof(sha256)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("stored script has changed during the run")));
	return sql;
}

/*
 * The script of a step, palloc'd: from its file, or from the store.  NULL if
 * there is none, which only a down can be.
 *
 * Errors: 42501 for a stored script that the current role may not run, 55000
 * for one that is not there or not the one that was checked.
 */
char *
migrate_step_text(MigrateRun *run, MigrateStep *step)
{
	bool		up = step->direction == MIGRATE_UP;
	const AppliedMigration *applied = step->applied;

	if (step->file != NULL)
	{
		const MigrateSection *section = up ? &step->file->up : &step->file->down;

		return section->present ? migrate_source_text(run->source, section) : NULL;
	}
	if (!up && !applied->has_down)
		return NULL;
	check_author(up ? applied->up_role : applied->down_role);
	return stored_text(step, up ? applied->up_sha256 : applied->down_sha256);
}

static const MigrateSection *
step_section(const MigrateStep *step)
{
	if (step->file == NULL)
		return NULL;
	return step->direction == MIGRATE_UP ? &step->file->up : &step->file->down;
}

static int
stored_line(const MigrateStep *step)
{
	return step->direction == MIGRATE_UP ? step->applied->up_line : step->applied->down_line;
}

static bool
stored_transactional(const MigrateStep *step)
{
	return step->direction == MIGRATE_UP ? step->applied->up_transactional :
		step->applied->down_transactional;
}

static MigrateSyntax
stored_syntax(const MigrateStep *step)
{
	return step->direction == MIGRATE_UP ? step->applied->up_syntax : step->applied->down_syntax;
}

/*
 * What to parse and run of "text", the script of a step as it is written: that
 * text itself, or a palloc'd one with the values of variables, which step->vars
 * then lists.  At the run it comes out as it was checked.
 *
 * Errors: those of migrate_substitute().
 */
char *
migrate_step_sql(MigrateRun *run, MigrateStep *step, char *text, MigrateErrorContext *errctx)
{
	const MigrateSection *section = step_section(step);
	MigrateSyntax syntax = section ? section->syntax : stored_syntax(step);
	List	   *used;
	char	   *sql;

	sql = migrate_substitute(syntax, text, section ? section->line : stored_line(step),
							 migrate_step_variables(run, step, syntax, section ? section->file : step->applied->file),
							 &used, errctx);
	if (step->script == NULL)
		step->vars = used;
	return sql;
}

static MigrateScript *
parse_step(const MigrateStep *step, const char *sql, MigrateErrorContext *errctx)
{
	const MigrateSection *section = step_section(step);

	if (section != NULL)
		return migrate_script_parse(sql, section->transactional, section->line, errctx);
	return migrate_script_parse(sql, stored_transactional(step), stored_line(step), errctx);
}

/*
 * The text of the first statements of a script, palloc'd.
 */
static char *
first_statements(const MigrateScript *script, int count, const char *sql)
{
	return pnstrdup(sql, migrate_statements_end(script, count));
}

/*
 * The variables of an interrupted migration have to keep their values.
 */
static void
check_same_values(const MigrateRun *run, List *stored)
{
	MigrateNames *names = migrate_names_create();
	ListCell   *lc;

	foreach(lc, run->request->vars)
		(void) migrate_names_add(names, ((MigrateVariable *) lfirst(lc))->name, lfirst(lc));
	foreach(lc, stored)
	{
		const MigrateVariable *old = lfirst(lc);
		const MigrateVariable *given = migrate_names_get(names, old->name);

		if (given != NULL && strcmp(given->value, old->value) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("variable \"%s\" of an interrupted migration has another value now",
							old->name),
					 errhint("Give it the value that the migration began with, or leave it out.")));
	}
}

/*
 * The stored text of an interrupted migration, with the values that it ran with;
 * NULL if it was too large to be kept.  It is only compared, whoever wrote it.
 */
static char *
interrupted_sql(MigrateRun *run, const MigrateStep *step, MigrateErrorContext *errctx)
{
	const AppliedMigration *applied = step->applied;
	bool		up = step->direction == MIGRATE_UP;
	char	   *stored = migrate_history_script(up ? applied->up_sha256 : applied->down_sha256);
	MigrateSyntax syntax = stored_syntax(step);
	List	   *used;

	if (stored == NULL)
		return NULL;
	return migrate_substitute(syntax, stored, stored_line(step),
							  list_concat_copy(up ? applied->up_vars : applied->down_vars,
											   migrate_built_in_variables(run, syntax, applied->file)),
							  &used, errctx);
}

/*
 * An interrupted migration can go on if the statements that are done stand in
 * the file as they were; and if it is known what the next one has done.
 */
static void
check_resumed(MigrateRun *run, const MigrateStep *step, const MigrateScript *script,
			  const char *sql, MigrateErrorContext *errctx)
{
	const AppliedMigration *applied = step->applied;
	MigrateErrorContext stored_place = *errctx;
	char	   *stored;
	MigrateScript *before;

	if (applied->started && applied->done < script->nstatements &&
		script->statements[applied->done].top_level == TOP_UNKNOWN)
	{
		errctx->statement = applied->done + 1;
		errctx->line = script->statements[applied->done].line;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("it cannot be known what the interrupted statement has done"),
				 errhint("Look, and then tell migrate.repair() whether the migration is \"applied\" or \"pending\".")));
	}
	check_same_values(run, step->direction == MIGRATE_UP ? applied->up_vars : NIL);
	stored = interrupted_sql(run, step, &stored_place);
	if (stored == NULL)
		return;
	before = migrate_script_parse(stored, stored_transactional(step), stored_line(step), &stored_place);
	if (applied->done > script->nstatements || applied->done > before->nstatements ||
		!migrate_script_same(first_statements(before, applied->done, stored),
							 first_statements(script, applied->done, sql)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("statements of an interrupted migration have been changed that are done already"),
				 errhint("Undo the change, or settle the migration with migrate.repair().")));
}

/*
 * Parse "sql", what is to run of a step up; one that was interrupted has to be
 * one that can go on.  Errors: those of migrate_script_parse(), and 55000.
 */
MigrateScript *
migrate_parse_up_step(MigrateRun *run, const MigrateStep *step, const char *sql,
					  MigrateErrorContext *errctx)
{
	MigrateScript *script = parse_step(step, sql, errctx);

	if (step->in_progress)
		check_resumed(run, step, script, sql, errctx);
	return script;
}

/*
 * A down section to parse; see migrate_is_reversible().
 */
typedef struct DownParsing
{
	const MigrateSection *section;
	MigrateErrorContext *errctx;
	List	   *vars;
	char	   *text;
	MigrateScript *script;
	List	   *used;			/* of "vars" */
}			DownParsing;

static void
parse_down_section(void *arg)
{
	DownParsing *parsing = arg;
	const MigrateSection *section = parsing->section;
	char	   *sql = migrate_substitute(section->syntax, parsing->text, section->line, parsing->vars,
										 &parsing->used, parsing->errctx);

	parsing->script = migrate_script_parse(sql, section->transactional, section->line,
										   parsing->errctx);
}

/*
 * Can the down section of a file be run?  If not, *error (palloc'd) says why
 * when there is more to say than that it has no statement; NULL else.
 *
 * "applied" is the row of the migration, NULL if it has none.  *used becomes a
 * list of the variables (MigrateVariable) in the section.  A quiet request, which
 * has no values, takes a section that refers to any at its word.
 */
bool
migrate_is_reversible(MigrateRun *run, const Migration *file, const AppliedMigration *applied,
					  List **used, char **error)
{
	MemoryContext context = CurrentMemoryContext;
	const MigrateSection *section = &file->down;
	MemoryContext scratch;
	bool		reversible;
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	DownParsing parsing = {section, &errctx};
	ErrorData  *data;

	*error = NULL;
	*used = NIL;
	if (!section->present)
		return false;
	if (section->nothing)
		return true;
	if (section->broken != NULL)
	{
		*error = psprintf("down section: %s", migrate_broken_reason(section));
		return false;
	}
	parsing.vars = migrate_variables_of(run, MIGRATE_DOWN, file, applied, section->syntax, section->file);
	migrate_errcontext_begin(&errctx, &callback, MIGRATE_DOWN, file, NULL);
	scratch = AllocSetContextCreate(context, "migrate down section", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(scratch);

	parsing.text = migrate_source_text(run->source, section);
	data = migrate_try(parse_down_section, &parsing);
	if (data != NULL && !migrate_is_script_error(data->sqlerrcode))
		ReThrowError(data);
	reversible = data == NULL && parsing.script->nstatements > 0;
	MemoryContextSwitchTo(context);
	if (data != NULL && run->request->quiet && migrate_has_variables(section->syntax, parsing.text))
		reversible = !migrate_script_is_blank(parsing.text, strlen(parsing.text));
	else if (data != NULL)
	{
		const char *name = errctx.file;
		int			line = migrate_map_line(&errctx, errctx.line, &name);

		*error = psprintf("down section: %s, file \"%s\", line %d", data->message, name, line);
	}
	migrate_errcontext_end(&callback);
	MemoryContextSwitchTo(context);
	*used = list_copy(parsing.used);
	MemoryContextDelete(scratch);
	return reversible;
}

/*
 * A stored down script, and the values that it may have.
 */
typedef struct StoredParsing
{
	const AppliedMigration *applied;
	MigrateErrorContext *errctx;
	char	   *text;
	List	   *vars;
	List	   *used;			/* of them */
}			StoredParsing;

static void
substitute_down(void *arg)
{
	StoredParsing *parsing = arg;

	(void) migrate_substitute(parsing->applied->down_syntax, parsing->text,
							  parsing->applied->down_line, parsing->vars, &parsing->used,
							  parsing->errctx);
}

/*
 * The variables of a stored down script, now that its up runs from the store with
 * the values given: those that were stored for it, where they are all it needs or
 * the new ones do not do.
 */
static List *
stored_down_variables(MigrateRun *run, const AppliedMigration *applied)
{
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	StoredParsing parsing = {applied, &errctx};
	ErrorData  *error;

	if (!applied->has_down || run->request->vars == NIL ||
		(parsing.text = migrate_history_script(applied->down_sha256)) == NULL)
		return applied->down_vars;
	migrate_errcontext_begin(&errctx, &callback, MIGRATE_DOWN, NULL, applied);
	parsing.vars = migrate_variables_of(run, MIGRATE_DOWN, NULL, applied, applied->down_syntax,
										applied->file);
	error = migrate_try(substitute_down, &parsing);
	if (error != NULL && !migrate_is_script_error(error->sqlerrcode))
		ReThrowError(error);
	if (error != NULL)
		parsing.used = applied->down_vars;
	migrate_errcontext_end(&callback);
	return parsing.used;
}

/*
 * What is to be known about the way down of what is about to be applied.
 */
static void
check_way_down(MigrateRun *run, MigrateStep *step)
{
	const Migration *file = step->file;

	if (file == NULL)
	{
		step->down_vars = stored_down_variables(run, step->applied);
		return;
	}
	step->reversible = migrate_is_reversible(run, file, step->applied, &step->down_vars,
											 &step->down_error);
	migrate_warn_down(step->down_error);
	if (file->said_reversible && !step->reversible)
		ereport(NOTICE,
				(errmsg("migration \"%s\" is said to be reversible, and has no undo script",
						migrate_label(file->version, file->name))));
}

/*
 * Warn of a down section that cannot be run, for the reason that
 * migrate_is_reversible() gave; nothing for NULL.
 */
void
migrate_warn_down(const char *error)
{
	if (error != NULL)
		ereport(WARNING,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("migration cannot be undone: %s", error)));
}
>>>>>>> 6cf7225 (A file that cannot be included is the fault of its migration, not of the directory; messages survive a client encoding that lacks a character; who is denied a file)

/*
 * Parse and check all that is about to be applied, before any of it runs, and
 * leave the scripts in the steps.  "afresh" if other steps run before that may
 * drop what is there now.  Errors: those of script.c, and 25001 for what cannot
 * run inside a transaction block.
 */
void
migrate_check_up_steps(MigrateRun *run, List *steps, bool afresh)
{
	MigrateNames *made = migrate_names_create();
	bool		made_unknown = afresh;
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		MigrateErrorContext errctx;
		ErrorContextCallback callback;
		char	   *text;
		char	   *sql;

		if (step->file != NULL)
		{
			migrate_raise_doubt(step->file, step->applied == NULL || step->again);
			if (step->applied == NULL)
				migrate_require_choice(step->file);
		}
		migrate_errcontext_begin(&errctx, &callback, MIGRATE_UP, step->file, step->applied);
		text = migrate_step_text(run, step);

		sql = migrate_step_sql(run, step, text, &errctx);
		step->script = migrate_parse_up_step(run, step, sql, &errctx);
		migrate_report_oddities(step->script, &errctx);
		if (!run->request->commits)
			migrate_execute_check(step->script, sql, &errctx, made, &made_unknown);
		if (sql != text)
			pfree(sql);
		pfree(text);
		migrate_errcontext_end(&callback);
		migrate_check_way_down(run, step);
	}
}

/*
 * Raise an error in a down script again, and say what helps: force does not.
 */
static void
rethrow_broken_down(MemoryContext context)
{
	ErrorData  *error;

	if (!migrate_is_script_error(geterrcode()) || geterrcode() == ERRCODE_INSUFFICIENT_PRIVILEGE)
		PG_RE_THROW();
	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	if (error->hint == NULL)
		error->hint = pstrdup("Correct the down section in the file, and give \"dir\" or accept the file with migrate.repair(); force does not pass over it.");
	ReThrowError(error);
}

/*
 * The script of a down step, NULL if it has none.
 */
static MigrateScript *
parse_down_step(MigrateRun *run, MigrateStep *step, MigrateNames *made, bool *made_unknown)
{
	MemoryContext context = CurrentMemoryContext;
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	char	   *text;
	char	   *volatile sql = NULL;
	MigrateScript *volatile script = NULL;

	migrate_errcontext_begin(&errctx, &callback, MIGRATE_DOWN, step->file, step->applied);
	text = migrate_step_text(run, step);

	PG_TRY();
	{
		if (text !=NULL)
		{
			sql = migrate_step_sql(run, step, text, &errctx);
			script = migrate_parse_step(step, sql, &errctx);
			migrate_report_oddities(script, &errctx);
		}
	}
	PG_CATCH();
	{
		rethrow_broken_down(context);
	}
	PG_END_TRY();
	if (script != NULL && step->in_progress)
		migrate_check_resumed(run, step, script, sql, &errctx);
	if (script != NULL && !run->request->commits)
		migrate_execute_check(script, sql, &errctx, made, made_unknown);
	migrate_errcontext_end(&callback);
	if (sql != NULL && sql != text)
		pfree(sql);
	if (text !=NULL)
		pfree(text);
	return script;
}

/*
 * Is the script of a down step one that undoes something, or one that says that
 * there is nothing to undo?
 */
static bool
has_way_back(const MigrateStep *step)
{
	if (step->script == NULL)
		return false;
	return step->script->nstatements > 0 ||
		(step->file ? step->file->down.nothing : step->applied->reversible);
}

/*
 * Parse and check all that is about to be undone, before any of it runs, and
 * leave the scripts in the steps.  Errors as migrate_check_up_steps(), and 55000
 * for a migration that has no way back, unless the request has "force".
 */
void
migrate_check_down_steps(MigrateRun *run, List *steps)
{
	MigrateNames *made = migrate_names_create();
	bool		made_unknown = false;
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);

		step->script = parse_down_step(run, step, made, &made_unknown);
	}

	/* what is broken has been named before what is only missing */
	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		const AppliedMigration *applied = step->applied;
		bool		missing = step->script == NULL;

		step->forced = !has_way_back(step);
		if (step->forced)
			step->script = NULL;
		if (step->forced && !run->request->force && applied->kind != KIND_REPEATABLE)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("migration \"%s\" cannot be undone",
							migrate_label(applied->version, applied->name)),
					 missing ? errdetail("It has no down script.") :
					 errdetail("Its down section has no statement."),
					 errhint("With force => true, it is recorded as undone without running anything.")));
	}
}
