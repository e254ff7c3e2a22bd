/*-------------------------------------------------------------------------
 *
 * contexts.c
 *		Liquibase's contexts and labels: which changesets are to run.
 *
 * Liquibase takes them from its command line; here they are the settings
 * migrate.contexts and migrate.labels.  Each is empty (undecided), "*" (as Liquibase runs
 * without any), or an expression.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/contexts.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "format/contexts.h"
#include "format/expression.h"
#include "format/format.h"
#include "util/guc.h"
#include "util/printable.h"

/*
 * What a setting says, parsed once for all changesets.
 */
typedef struct Setting
{
	MemoryContext context;		/* of all that follows; NULL: nothing yet */
	char	   *source;			/* the setting itself */
	MigrateExpressions *expressions;
} Setting;

static Setting contexts_setting;
static Setting labels_setting;

/*
 * Parse what a changeset has.  The parser of its file has checked it.
 */
static MigrateExpressions *
parse(const char *list)
{
	const char *error = NULL;
	MigrateExpressions *expressions = migrate_expressions_parse(list, &error);

	if (expressions == NULL)
		elog(ERROR, "invalid contexts or labels \"%s\"", list);
	return expressions;
}

/*
 * Parse a setting, unless it is the one that was parsed last.  "*" is as Liquibase without
 * any.
 */
static const MigrateExpressions *
read_setting(Setting *setting, const char *source)
{
	MemoryContext context;
	MemoryContext old;

	if (setting->context != NULL && strcmp(setting->source, source) == 0)
		return setting->expressions;
	if (setting->context != NULL)
		MemoryContextDelete(setting->context);
	memset(setting, 0, sizeof(Setting));
	context = AllocSetContextCreate(CurrentMemoryContext, "migrate contexts", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	setting->expressions = parse(strcmp(source, "*") == 0 ? NULL : source);
	setting->source = pstrdup(source);
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, TopMemoryContext);
	setting->context = context;
	return setting->expressions;
}

static bool
is_empty(const char *source)
{
	return source[strspn(source, " \t\r\n,")] == '\0';
}

/*
 * The choice by contexts: each side may be an expression, of which the other has the names
 * (ContextChangeSetFilter.java, ChangeSet.java).
 */
static MigrateChoice
choose_by_contexts(const char *contexts)
{
	const MigrateExpressions *own = parse(contexts);
	const MigrateExpressions *own_names = own;
	const MigrateExpressions *given;

	CHECK_FOR_INTERRUPTS();
	if (is_empty(migrate_contexts))
		return own->items == NIL ? CHOICE_RUNS : CHOICE_UNDECIDED;
	given = read_setting(&contexts_setting, migrate_contexts);

	/* more than a word is a single name, in parentheses, which nothing equals */
	if (own->items != NIL && strpbrk(contexts, ", ") != NULL)
		own_names = parse(psprintf("(%s)", contexts));
	for (int i = 0; i < 2; i++)
	{
		const MigrateExpressions *expressions = i == 0 ? given : own;
		const MigrateExpressions *names = i == 0 ? own_names : given;

		if (expressions->items == NIL && !names->has_required ? !names->has_nocontexts :
			migrate_expressions_match(expressions, names))
			return CHOICE_RUNS;
	}
	return CHOICE_SKIPPED;
}

/*
 * The choice by labels: the setting is the expression (LabelChangeSetFilter.java).
 */
static MigrateChoice
choose_by_labels(const char *labels)
{
	const MigrateExpressions *own = parse(labels);
	const MigrateExpressions *given;

	CHECK_FOR_INTERRUPTS();
	if (is_empty(migrate_labels))
		return own->items == NIL ? CHOICE_RUNS : CHOICE_UNDECIDED;
	given = read_setting(&labels_setting, migrate_labels);
	return given->items == NIL || migrate_expressions_match(given, own) ? CHOICE_RUNS : CHOICE_SKIPPED;
}

static MigrateChoice
choose(const char *contexts, const char *labels, const char **setting)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "migrate changeset",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	MigrateChoice by_contexts = choose_by_contexts(contexts);
	MigrateChoice by_labels = choose_by_labels(labels);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	*setting = by_contexts == CHOICE_UNDECIDED ? "migrate.contexts" : "migrate.labels";
	if (by_contexts == CHOICE_SKIPPED || by_labels == CHOICE_SKIPPED)
		return CHOICE_SKIPPED;
	return by_contexts == CHOICE_UNDECIDED ? by_contexts : by_labels;
}

/*
 * Has a property its value?  Unlike for a changeset, its contexts alone are the expression
 * (ChangeLogParameters.java).  *setting as for migrate_choose().
 */
MigrateChoice
migrate_choose_property(const char *contexts, const char *labels, const char **setting)
{
	const MigrateExpressions *own = parse(contexts);
	MigrateChoice by_labels = choose_by_labels(labels);
	const MigrateExpressions *given;

	*setting = "migrate.contexts";
	if (own->items != NIL && is_empty(migrate_contexts))
		return CHOICE_UNDECIDED;
	given = read_setting(&contexts_setting, is_empty(migrate_contexts) ? "*" : migrate_contexts);
	if (!(own->items == NIL && !given->has_required ? !given->has_nocontexts :
		  migrate_expressions_match(own, given)))
		return CHOICE_SKIPPED;
	*setting = "migrate.labels";
	return by_labels;
}

/*
 * Why contexts or labels cannot be parsed, as the rest of a sentence; NULL if they can.
 */
const char *
migrate_contexts_error(const char *contexts)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate contexts",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	const char *error = NULL;

	(void) migrate_expressions_parse(contexts, &error);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return error;
}

/*
 * Is a migration to run, as far as its contexts and labels go?  If that is not
 * decided, *setting is the name of the setting that decides it.  Only changesets, which
 * share a file, have any; one without them does not run where a context is required.
 */
MigrateChoice
migrate_choose(const Migration *migration, const char **setting)
{
	bool		any = migration->contexts != NULL || migration->labels != NULL;

	if (!migration->shares_file ||
		(!any && (is_empty(migrate_contexts) || strcmp(migrate_contexts, "*") == 0)))
		return CHOICE_RUNS;
	return choose(migration->contexts, migration->labels, setting);
}

/*
 * Refuse a pending migration if the settings do not decide whether it runs: 55000.
 */
void
migrate_require_choice(const Migration *migration)
{
	const char *setting;

	if (migrate_choose(migration, &setting) != CHOICE_UNDECIDED)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("\"%s\" does not decide whether changeset \"%s\" runs", setting, migration->version),
			 strcmp(setting, "migrate.contexts") == 0 ?
			 errdetail("It has the contexts \"%s\".", migrate_excerpt(migration->contexts)) :
			 errdetail("It has the labels \"%s\".", migrate_excerpt(migration->labels)),
			 errhint("Set \"%s\" to a list of names or an expression, or to \"*\" to run all.", setting),
			 errcontext("file \"%s\", line %d", migration->file, migration->up.line - 1)));
}
