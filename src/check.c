/*-------------------------------------------------------------------------
 *
 * check.c
 *		Parses and checks the scripts of all steps, before any of them runs.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/check.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/memutils.h"

#include "migrate.h"

/*
 * From here on errors tell that they are about this migration: fill *place, and
 * push *callback, both of which live until migrate_place_end().
 */
void
migrate_place_begin(MigratePlace *place, ErrorContextCallback *callback, MigrateDirection direction,
					const Migration *file, const AppliedMigration *applied)
{
	memset(place, 0, sizeof(MigratePlace));
	place->direction = direction;
	if (file != NULL)
	{
		place->version = file->version;
		place->name = file->name;
		place->file = direction == MIGRATE_DOWN && file->down.present ?
			file->down.file : file->up.file;
	}
	else
	{
		place->version = applied->version;
		place->name = applied->name;
		place->file = applied->file;
		place->stored = true;
	}
	callback->callback = migrate_error_context;
	callback->arg = place;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

/*
 * Pop what migrate_place_begin() has pushed.  An error pops it by itself.
 */
void
migrate_place_end(ErrorContextCallback *callback)
{
	error_context_stack = callback->previous;
}

/*
 * A stored script never runs with more power than its author had: he must be
 * the current role, or a superuser.
 */
static void
check_author(const char *author)
{
	if (author != NULL &&
		(strcmp(author, GetUserNameFromId(GetUserId(), false)) == 0 ||
		 superuser_arg(get_role_oid(author, true))))
		return;
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

static MigrateScript *
parse_step(const MigrateStep *step, const char *sql, MigratePlace *place)
{
	bool		up = step->direction == MIGRATE_UP;
	const MigrateSection *section = step->file == NULL ? NULL :
		up ? &step->file->up : &step->file->down;
	MigrateScript *script;

	if (section != NULL)
		script = migrate_script_parse(sql, section->transactional, section->line, place);
	else
		script = migrate_script_parse(sql,
									  up ? step->applied->up_transactional : step->applied->down_transactional,
									  up ? step->applied->up_line : step->applied->down_line,
									  place);
	migrate_report_skipped(script, place);
	return script;
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
 * An interrupted migration can go on if the statements that are done stand in
 * the file as they were; and if it is known what the next one has done.
 */
static void
check_resumed(const MigrateStep *step, const MigrateScript *script, const char *sql,
			  MigratePlace *place)
{
	const AppliedMigration *applied = step->applied;
	bool		up = step->direction == MIGRATE_UP;
	char	   *stored = migrate_history_script(up ? applied->up_sha256 : applied->down_sha256);
	MigratePlace stored_place = *place;
	MigrateScript *before;

	if (applied->started && applied->done < script->nstatements &&
		script->statements[applied->done].top_level == TOP_UNKNOWN)
	{
		place->statement = applied->done + 1;
		place->line = script->statements[applied->done].line;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("it cannot be known what the interrupted statement has done"),
				 errhint("Look, and then tell migrate.repair() whether the migration is \"applied\" or \"pending\".")));
	}
	if (stored == NULL)
		return;					/* too large to have been kept */
	before = migrate_script_parse(stored, up ? applied->up_transactional : applied->down_transactional,
								  up ? applied->up_line : applied->down_line, &stored_place);
	if (applied->done > script->nstatements || applied->done > before->nstatements ||
		!migrate_script_same(first_statements(before, applied->done, stored),
							 first_statements(script, applied->done, sql)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("statements of an interrupted migration have been changed that are done already"),
				 errhint("Undo the change, or settle the migration with migrate.repair().")));
}

/*
 * Can the down section of a file be run?  If not, *error (palloc'd) says why
 * when there is more to say than that it has no statement; NULL else.
 */
bool
migrate_is_reversible(MigrateRun *run, const Migration *file, char **error)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext scratch;
	volatile bool reversible = false;
	MigratePlace place;
	ErrorContextCallback callback;
	char	   *sql;

	*error = NULL;
	if (!file->down.present)
		return false;
	migrate_place_begin(&place, &callback, MIGRATE_DOWN, file, NULL);
	scratch = AllocSetContextCreate(context, "migrate down section", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(scratch);
	sql = migrate_source_text(run->source, &file->down);
	PG_TRY();
	{
		reversible = migrate_script_parse(sql, file->down.transactional,
										  file->down.line, &place)->nstatements > 0;
	}
	PG_CATCH();
	{
		ErrorData  *data;
		const char *name = place.file;
		int			line;

		if (!migrate_is_script_error(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		data = CopyErrorData();
		FlushErrorState();
		line = migrate_map_line(place.text, place.text_line, place.file, place.line, &name);
		*error = psprintf("down section: %s, file \"%s\", line %d", data->message, name, line);
		FreeErrorData(data);
	}
	PG_END_TRY();
	migrate_place_end(&callback);
	MemoryContextSwitchTo(context);
	MemoryContextDelete(scratch);
	return reversible;
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

/*
 * Parse and check all that is about to be applied, before any of it runs, and
 * leave the scripts in the steps.  "afresh" if other steps run before that may
 * drop what is there now.  Errors: those of script.c, and 25001 for what cannot
 * run inside a transaction block.
 */
void
migrate_check_up_steps(MigrateRun *run, List *steps, bool afresh)
{
	List	   *made = NIL;
	bool		made_unknown = afresh;
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		MigratePlace place;
		ErrorContextCallback callback;
		char	   *sql;

		migrate_place_begin(&place, &callback, MIGRATE_UP, step->file, step->applied);
		sql = migrate_step_text(run, step);

		step->script = parse_step(step, sql, &place);
		if (step->in_progress)
			check_resumed(step, step->script, sql, &place);
		if (!run->request->commits)
			migrate_execute_check(step->script, sql, &place, &made, &made_unknown);
		pfree(sql);
		migrate_place_end(&callback);
		if (step->file != NULL)
		{
			step->reversible = migrate_is_reversible(run, step->file, &step->down_error);
			migrate_warn_down(step->down_error);
			if (step->file->said_reversible && !step->reversible)
				ereport(NOTICE,
						(errmsg("migration \"%s\" is said to be reversible, and has no undo script",
								migrate_label(step->file->version, step->file->name))));
		}
	}
}

/*
 * The script of a down step, NULL if it has no statement.  With force, one
 * that cannot be parsed is none.
 */
static MigrateScript *
parse_down_step(MigrateRun *run, MigrateStep *step, List **made, bool *made_unknown)
{
	MemoryContext context = CurrentMemoryContext;
	MigratePlace place;
	ErrorContextCallback callback;
	char	   *sql;
	MigrateScript *volatile script = NULL;

	migrate_place_begin(&place, &callback, MIGRATE_DOWN, step->file, step->applied);
	sql = migrate_step_text(run, step);

	PG_TRY();
	{
		if (sql != NULL)
			script = parse_step(step, sql, &place);
	}
	PG_CATCH();
	{
		if (!run->request->force || !migrate_is_script_error(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();
	if (script != NULL && step->in_progress)
		check_resumed(step, script, sql, &place);
	if (script != NULL && !run->request->commits)
		migrate_execute_check(script, sql, &place, made, made_unknown);
	migrate_place_end(&callback);
	if (sql != NULL)
		pfree(sql);
	return script != NULL && script->nstatements > 0 ? script : NULL;
}

/*
 * Parse and check all that is about to be undone, before any of it runs, and
 * leave the scripts in the steps.  Errors as migrate_check_up_steps(), and 55000
 * for a migration that has no way back, unless the request has "force".
 */
void
migrate_check_down_steps(MigrateRun *run, List *steps)
{
	List	   *made = NIL;
	bool		made_unknown = false;
	ListCell   *lc;

	foreach(lc, steps)
	{
		MigrateStep *step = lfirst(lc);
		const AppliedMigration *applied = step->applied;

		step->script = parse_down_step(run, step, &made, &made_unknown);
		step->forced = step->script == NULL;
		if (step->forced && !run->request->force)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("migration \"%s\" cannot be undone",
							migrate_label(applied->version, applied->name)),
					 errdetail("It has no down script."),
					 errhint("With force => true, it is recorded as undone without running anything.")));
	}
}
