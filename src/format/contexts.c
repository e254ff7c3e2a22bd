/*-------------------------------------------------------------------------
 *
 * contexts.c
 *		Liquibase's contexts and labels: which changesets are to run.
 *
 * Liquibase takes them from its command line; here they are the settings
 * migrate.contexts and migrate.labels.  Each is empty (undecided), "*" (all run),
 * or a list of names and of "!name"s.  Only "*" decides an expression with "and",
 * "or" or parentheses.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/contexts.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "utils/formatting.h"

#include "format/contexts.h"
#include "format/format.h"
#include "util/guc.h"
#include "util/printable.h"

/*
 * The items of a list with commas, without white space around them and in lower
 * case: Liquibase compares them so.  palloc'd.
 */
static List *
list_items(const char *list)
{
	List	   *items = NIL;
	char	   *copy = pstrdup(list);
	char	   *save = NULL;

	for (char *item = strtok_r(copy, ",", &save); item != NULL; item = strtok_r(NULL, ",", &save))
	{
		int			length;

		item += strspn(item, " \t\r\n\"'");
		length = strlen(item);
		while (length > 0 && strchr(" \t\r\n\"'", item[length - 1]) != NULL)
			length--;
		if (length > 0)
			items = lappend(items, str_tolower(item, length, C_COLLATION_OID));
	}
	return items;
}

static bool
has_item(List *items, const char *name)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * Is a name one of those that a setting chooses?  Of a setting that only excludes,
 * all that it does not.
 */
static bool
is_chosen(List *setting, const char *name)
{
	bool		excludes_only = true;
	ListCell   *lc;

	foreach(lc, setting)
	{
		excludes_only &= *(char *) lfirst(lc) == '!';
	}
	if (has_item(setting, psprintf("!%s", name)))
		return false;
	return excludes_only || has_item(setting, name);
}

/*
 * Is what a changeset says more than a list of names?
 */
static bool
is_expression(List *items)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		const char *item = lfirst(lc);

		item += *item == '!';
		if (strpbrk(item, " \t()!") != NULL)
			return true;
	}
	return false;
}

/*
 * Does one of the contexts that a changeset has make it run?
 */
static bool
contexts_match(List *items, List *setting)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		const char *item = lfirst(lc);

		if (*item == '!' ? !is_chosen(setting, item + 1) : is_chosen(setting, item))
			return true;
	}
	return false;
}

/*
 * Does one of the items of the setting fit the labels that a changeset has?  There
 * it is the setting that is the expression.
 */
static bool
labels_match(List *items, List *setting)
{
	ListCell   *lc;

	foreach(lc, setting)
	{
		const char *item = lfirst(lc);

		if (*item == '!' ? !has_item(items, item + 1) : has_item(items, item))
			return true;
	}
	return false;
}

static MigrateChoice
choose(const char *said, const char *setting, bool (*match) (List *items, List *setting))
{
	List	   *items = said ? list_items(said) : NIL;
	List	   *chosen;

	if (items == NIL || strcmp(setting, "*") == 0)
		return CHOICE_RUNS;
	chosen = list_items(setting);
	if (chosen == NIL || is_expression(items) || is_expression(chosen))
		return CHOICE_UNDECIDED;
	return match(items, chosen) ? CHOICE_RUNS : CHOICE_SKIPPED;
}

/*
 * Is a migration to run, as far as its contexts and labels go?  If that is not
 * decided, *setting is the name of the setting that decides it.
 */
MigrateChoice
migrate_choose(const Migration *migration, const char **setting)
{
	MigrateChoice contexts = choose(migration->contexts, migrate_contexts, contexts_match);
	MigrateChoice labels = choose(migration->labels, migrate_labels, labels_match);

	*setting = contexts == CHOICE_UNDECIDED ? "migrate.contexts" : "migrate.labels";
	if (contexts == CHOICE_SKIPPED || labels == CHOICE_SKIPPED)
		return CHOICE_SKIPPED;
	return contexts == CHOICE_UNDECIDED ? contexts : labels;
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
			 errdetail("It has the contexts \"%s\".", migration->contexts) :
			 errdetail("It has the labels \"%s\".", migration->labels),
			 errhint("Set \"%s\" to a list of names, or to \"*\" to run all.", setting),
			 errcontext("file \"%s\", line %d", migration->file, migration->up.line - 1)));
}
