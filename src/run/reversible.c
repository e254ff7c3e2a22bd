/*-------------------------------------------------------------------------
 *
 * reversible.c
 *		Can a migration be undone?  Its down section, parsed with the values that it
 *		would have.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/reversible.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/report.h"
#include "run/reversible.h"
#include "run/run_int.h"
#include "run/variable_values.h"
#include "script/script.h"
#include "util/errcontext.h"
#include "util/printable.h"
#include "util/subtransaction.h"
#include "variables/variables.h"

/*
 * A down section to parse; see migrate_is_reversible().
 */
typedef struct DownParsing
{
	const MigrateSection *section;
	MigrateErrorContext *errctx;
	List	   *sets;			/* of MigrateVariableSet */
	char	   *str;
	MigrateScript *script;
	List	   *used;			/* of their variables */
} DownParsing;

static void
parse_down_section(void *arg)
{
	DownParsing *parsing = arg;
	const MigrateSection *section = parsing->section;
	char	   *sql = migrate_substitute(section->syntax, parsing->str, section->line, parsing->sets,
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
	parsing.sets = migrate_variables_of(run, MIGRATE_DOWN, file, applied, section->syntax, section->file);
	migrate_errcontext_begin(&errctx, &callback, MIGRATE_DOWN, file, NULL);
	scratch = AllocSetContextCreate(context, "migrate down section", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(scratch);

	parsing.str = migrate_source_text(run->source, section);
	data = migrate_try(parse_down_section, &parsing);
	if (data != NULL && !migrate_is_script_error(data->sqlerrcode))
		ReThrowError(data);
	reversible = data == NULL && parsing.script->nstatements > 0;
	MemoryContextSwitchTo(context);
	if (data != NULL && run->request->quiet && migrate_has_variables(section->syntax, parsing.str))
		reversible = !migrate_script_is_blank(parsing.str, strlen(parsing.str));
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
	char	   *str;
	List	   *sets;			/* of MigrateVariableSet */
	List	   *used;			/* of their variables */
} StoredParsing;

static void
substitute_down(void *arg)
{
	StoredParsing *parsing = arg;

	(void) migrate_substitute(parsing->applied->down_syntax, parsing->str,
							  parsing->applied->down_line, parsing->sets, &parsing->used,
							  parsing->errctx);
}

/*
 * The variables of a stored down script, when its up script runs from the store
 * with given values.  If the given values are not sufficient for it, the stored
 * ones are kept.
 */
static List *
stored_down_variables(MigrateRun *run, const AppliedMigration *applied)
{
	MigrateErrorContext errctx;
	ErrorContextCallback callback;
	StoredParsing parsing = {applied, &errctx};
	ErrorData  *error;

	if (!applied->has_down || run->request->vars == NIL ||
		(parsing.str = migrate_history_script(applied->down_sha256)) == NULL)
		return applied->down_vars;
	migrate_errcontext_begin(&errctx, &callback, MIGRATE_DOWN, NULL, applied);
	parsing.sets = migrate_variables_of(run, MIGRATE_DOWN, NULL, applied, applied->down_syntax,
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
 * Find out whether a migration that is about to be applied can be undone, and with
 * which variables.
 */
void
migrate_check_way_down(MigrateRun *run, MigrateStep *step)
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
				(errmsg("migration \"%s\" is marked as reversible but has no down script",
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
