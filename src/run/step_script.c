/*-------------------------------------------------------------------------
 *
 * step_script.c
 *		The script of a step: its text, with the values of variables, parsed; that
 *		of an interrupted one has to go on where it was.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/step_script.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"

#include "format/source.h"
#include "history/history.h"
#include "run/run_int.h"
#include "run/step_script.h"
#include "run/variable_values.h"
#include "script/script.h"
#include "util/errcontext.h"
#include "util/hash.h"
#include "util/names.h"
#include "util/printable.h"
#include "variables/variables.h"

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
	{
		if (step->sha256 == NULL)
			step->sha256 = MemoryContextAlloc(GetMemoryChunkContext(step), sizeof(sha256));
		memcpy(step->sha256, sha256, sizeof(sha256));
	}
	else if (memcmp(step->sha256, sha256, sizeof(sha256)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("stored script has changed during the run")));
	return sql;
}

/*
 * The script of a step, palloc'd: from its file, or from the store.  NULL if there
 * is none, which is possible only for a down.
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
 * What to parse and run of "str", the script of a step as it is written: that
 * text itself, or a palloc'd one with the values of variables, which step->vars
 * then lists.  At the run it comes out as it was checked.
 *
 * Errors: those of migrate_substitute().
 */
char *
migrate_step_sql(MigrateRun *run, MigrateStep *step, char *str, MigrateErrorContext *errctx)
{
	const MigrateSection *section = step_section(step);
	MigrateSyntax syntax = section ? section->syntax : stored_syntax(step);
	List	   *used;
	char	   *sql;

	sql = migrate_substitute(syntax, str, section ? section->line : stored_line(step),
							 migrate_step_variables(run, step, syntax, section ? section->file : step->applied->file),
							 &used, errctx);
	if (step->script == NULL)
		step->vars = used;
	return sql;
}

/*
 * Read the script of a checked step, as migrate_step_text(); NULL for a forced one.
 * *sql is what to run of it, as migrate_step_sql().
 */
char *
migrate_read_step(MigrateRun *run, MigrateStep *step, char **sql, MigrateErrorContext *errctx)
{
	char	   *str;

	*sql = NULL;
	if (step->forced)
		return NULL;
	str = migrate_step_text(run, step);
	*sql = migrate_step_sql(run, step, str, errctx);
	return str;
}

/*
 * Parse "sql", the script of a step.  Errors: those of migrate_script_parse().
 */
MigrateScript *
migrate_parse_step(const MigrateStep *step, const char *sql, MigrateErrorContext *errctx)
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
 * The text of a statement, from 0, with what is between it and the one before.
 */
static char *
statement_text(const MigrateScript *script, int number, const char *sql)
{
	int			begin = migrate_statements_end(script, number);

	return pnstrdup(sql + begin, migrate_statements_end(script, number + 1) - begin);
}

/*
 * The number, from 0, of the first of "done" statements that is not what it was
 * before.
 */
static int
first_changed(const MigrateScript *before, const char *before_sql, const MigrateScript *script,
			  const char *sql, int done)
{
	for (int i = 0; i < done; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i >= before->nstatements || i >= script->nstatements ||
			!migrate_script_same(statement_text(before, i, before_sql),
								 statement_text(script, i, sql)))
			return i;
	}
	return done;
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
					 errmsg("value of variable \"%s\" differs from the one the interrupted migration began with",
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
	List	   *sets;
	List	   *used;

	if (stored == NULL)
		return NULL;
	sets = migrate_variable_sets_add(NIL, up ? applied->up_vars : applied->down_vars);
	sets = migrate_variable_sets_add(sets, migrate_built_in_variables(run, syntax, applied->file));
	return migrate_substitute(syntax, stored, stored_line(step), sets, &used, errctx);
}

/*
 * Refuse to go on with the statement of that number, from 1: 55000.
 */
void
migrate_refuse_unknown(MigrateErrorContext *errctx, const MigrateStatement *statement, int number)
{
	errctx->statement = number;
	errctx->line = statement->line;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("outcome of the interrupted statement is unknown"),
			 errhint("Check the database, then call migrate.repair() with state \"applied\" or \"pending\".")));
}

/*
 * An interrupted migration, parsed as "script" from "sql", can go on if the
 * statements that are done are in the file as they were, and if it is known what the
 * next one has done; 55000 if not.
 */
void
migrate_check_resumed(MigrateRun *run, const MigrateStep *step, const MigrateScript *script,
					  const char *sql, MigrateErrorContext *errctx)
{
	const AppliedMigration *applied = step->applied;
	MigrateErrorContext stored_errctx = *errctx;
	char	   *stored;
	MigrateScript *before;

	if (applied->started && applied->done < script->nstatements &&
		script->statements[applied->done].top_level == TOP_UNKNOWN)
		migrate_refuse_unknown(errctx, &script->statements[applied->done], applied->done + 1);
	check_same_values(run, step->direction == MIGRATE_UP ? applied->up_vars : NIL);
	stored = interrupted_sql(run, step, &stored_errctx);
	if (stored == NULL)
		return;
	before = migrate_script_parse(stored, stored_transactional(step), stored_line(step), &stored_errctx);
	if (applied->done > script->nstatements || applied->done > before->nstatements ||
		!migrate_script_same(first_statements(before, applied->done, stored),
							 first_statements(script, applied->done, sql)))
	{
		int			changed = first_changed(before, stored, script, sql, applied->done);

		errctx->statement = changed + 1;
		errctx->line = changed < script->nstatements ? script->statements[changed].line : script->line;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a completed statement of the interrupted migration has been changed"),
				 errdetail("Statements committed: %d.", applied->done),
				 errhint("Undo the change, or set the state of the migration with migrate.repair().")));
	}
}

/*
 * Parse "sql", the script of a step up; if it was interrupted, check that it can
 * continue.  Errors: those of migrate_script_parse(), and 55000.
 */
MigrateScript *
migrate_parse_up_step(MigrateRun *run, const MigrateStep *step, const char *sql,
					  MigrateErrorContext *errctx)
{
	MigrateScript *script = migrate_parse_step(step, sql, errctx);

	if (step->in_progress)
		migrate_check_resumed(run, step, script, sql, errctx);
	return script;
}

/*
 * Is a migration a single transaction, so that a GUC nest level can restore its
 * settings?  Not with SET TRANSACTION, which has to hold until the commit.
 */
bool
migrate_is_single_transaction(const MigrateStep *step)
{
	const MigrateScript *script = step->script;

	if (step->in_progress)
		return false;
	for (int i = 0; i < script->nstatements; i++)
	{
		const MigrateStatement *statement = &script->statements[i];

		if (statement->transaction != script->statements[0].transaction ||
			statement->top_level != TOP_NONE || statement->set_transaction)
			return false;
	}
	return true;
}
