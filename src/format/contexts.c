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
#include "miscadmin.h"
#include "utils/formatting.h"
#include "utils/memutils.h"

#include "format/contexts.h"
#include "format/format.h"
#include "util/guc.h"
#include "util/names.h"
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

		CHECK_FOR_INTERRUPTS();
		item += strspn(item, " \t\r\n\"'");
		length = strlen(item);
		while (length > 0 && strchr(" \t\r\n\"'", item[length - 1]) != NULL)
			length--;
		if (length > 0)
			items = lappend(items, str_tolower(item, length, C_COLLATION_OID));
	}
	return items;
}

/*
 * What a setting says, taken apart once for all changesets.
 */
typedef struct Setting
{
	MemoryContext context;		/* of all that follows; NULL: nothing yet */
	char	   *source;			/* the setting itself */
	MigrateNames *names;		/* its items, with "!" where they have it */
	int			included;		/* of them without it ... */
	int			excluded;		/* ... and with it */
	bool		is_expression;
}			Setting;

static Setting contexts_setting;
static Setting labels_setting;

/*
 * Is what a changeset or a setting says more than a list of names?
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
 * Take a setting apart, unless it is the one that was taken apart last.
 */
static void
read_setting(Setting * setting, const char *source)
{
	MemoryContext old;
	List	   *items;
	ListCell   *lc;

	if (setting->context != NULL && strcmp(setting->source, source) == 0)
		return;
	if (setting->context != NULL)
		MemoryContextDelete(setting->context);
	memset(setting, 0, sizeof(Setting));
	old = MemoryContextSwitchTo(AllocSetContextCreate(CurrentMemoryContext, "migrate contexts",
													  ALLOCSET_SMALL_SIZES));
	setting->names = migrate_names_create();
	items = list_items(source);
	foreach(lc, items)
	{
		const char *item = lfirst(lc);

		if (!migrate_names_add(setting->names, item, NULL))
			continue;
		if (*item == '!')
			setting->excluded++;
		else
			setting->included++;
	}
	setting->is_expression = is_expression(items);
	setting->source = pstrdup(source);
	setting->context = MemoryContextSwitchTo(old);
	MemoryContextSetParent(setting->context, TopMemoryContext);
}

static bool
excludes(const Setting * setting, const char *name)
{
	return setting->excluded > 0 && migrate_names_have(setting->names, psprintf("!%s", name));
}

/*
 * Is a name one of those that a setting chooses?  Of a setting that only excludes,
 * all that it does not.
 */
static bool
is_chosen(const Setting * setting, const char *name)
{
	return !excludes(setting, name) &&
		(setting->included == 0 || migrate_names_have(setting->names, name));
}

/*
 * Does one of the contexts that a changeset has make it run?
 */
static bool
contexts_match(List *items, const Setting * setting)
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
 * it is the setting that is the expression: one that excludes fits unless the
 * changeset has that label.
 */
static bool
labels_match(List *items, const Setting * setting)
{
	MigrateNames *seen = migrate_names_create();
	int			had = 0;
	ListCell   *lc;

	foreach(lc, items)
	{
		const char *item = lfirst(lc);

		if (!migrate_names_add(seen, item, NULL))
			continue;
		if (migrate_names_have(setting->names, item))
			return true;
		had += excludes(setting, item);
	}
	return setting->excluded > had;
}

static MigrateChoice
choose(const char *said, const char *source, Setting * setting,
	   bool (*match) (List *items, const Setting * setting))
{
	List	   *items = said ? list_items(said) : NIL;

	CHECK_FOR_INTERRUPTS();
	if (items == NIL || strcmp(source, "*") == 0)
		return CHOICE_RUNS;
	read_setting(setting, source);
	if (setting->included + setting->excluded == 0 || is_expression(items) || setting->is_expression)
		return CHOICE_UNDECIDED;
	return match(items, setting) ? CHOICE_RUNS : CHOICE_SKIPPED;
}

/*
 * Is a migration to run, as far as its contexts and labels go?  If that is not
 * decided, *setting is the name of the setting that decides it.
 */
MigrateChoice
migrate_choose(const Migration *migration, const char **setting)
{
	MigrateChoice contexts = choose(migration->contexts, migrate_contexts, &contexts_setting, contexts_match);
	MigrateChoice labels = choose(migration->labels, migrate_labels, &labels_setting, labels_match);

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
