/*-------------------------------------------------------------------------
 *
 * find_item.c
 *		Finding the item that a caller names by its version or its name.
 *
 * Nothing here does I/O, reads a catalog or changes anything.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/find_item.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/varlena.h"

#include "format/format.h"
#include "run/match.h"
#include "run/run.h"
#include "util/compat.h"
#include "util/names.h"
#include "util/printable.h"

/* core's Levenshtein distance takes no more characters */
#define MAX_COMPARED_NAME 255

/*
 * A number without its leading zeros; NULL if it is not a number.
 */
static const char *
plain_number(const char *version)
{
	if (*version == '\0' || strspn(version, "0123456789") != strlen(version))
		return NULL;
	return version + strspn(version, "0");
}

static int
distance(const char *wanted, const char *name)
{
	int			wanted_length = pg_mbcliplen(wanted, strlen(wanted), MAX_COMPARED_NAME);
	int			name_length = pg_mbcliplen(name, strlen(name), MAX_COMPARED_NAME);

	return varstr_levenshtein(wanted, wanted_length, name, name_length, 1, 1, 1, true);
}

/*
 * The three items with names most similar to the given one.
 */
static char *
nearest(List *items, const char *wanted)
{
	StringInfoData list;
	List	   *used = NIL;

	initStringInfo(&list);
	for (int n = 0; n < 3 && n < list_length(items); n++)
	{
		MigrateItem *best = NULL;
		int			best_distance = 0;
		ListCell   *lc;

		foreach(lc, items)
		{
			MigrateItem *item = lfirst(lc);
			int			d;

			CHECK_FOR_INTERRUPTS();
			d = Min(distance(wanted, migrate_item_version(item)),
					distance(wanted, migrate_item_label(item)));

			if (!list_member_ptr(used, item) && (best == NULL || d < best_distance))
			{
				best = item;
				best_distance = d;
			}
		}
		used = lappend(used, best);
		appendStringInfo(&list, "%s\"%s\"", n > 0 ? ", " : "", migrate_item_label(best));
	}
	return list.data;
}

pg_noreturn static void refuse_several_migrations(const char *wanted, const MigrateItem *one,
												  const MigrateItem *other);

/*
 * What the caller names is two items: say how to distinguish them.
 */
static void
refuse_several_migrations(const char *wanted, const MigrateItem *one, const MigrateItem *other)
{
	char	   *one_name = pstrdup(migrate_item_label(one));
	char	   *other_name = pstrdup(migrate_item_label(other));

	if (strcmp(one_name, other_name) == 0)
	{
		one_name = psprintf("%s:%s", migrate_item_file(one), one_name);
		other_name = psprintf("%s:%s", migrate_item_file(other), other_name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("several migrations are called \"%s\"", wanted),
			 strcmp(one_name, other_name) == 0 ?
			 errhint("Give the directory, whose files may tell them apart.") :
			 errhint("Give the full name, such as \"%s\" or \"%s\".", one_name, other_name)));
}

/*
 * What items are called, for finding them.
 */
typedef struct ItemNames
{
	MigrateNames *names;		/* in full: an item ... */
	MigrateNames *others;		/* ... and a second one of that name */
	MigrateNames *versions;		/* likewise for versions ... */
	MigrateNames *other_versions;
	MigrateNames *numbers;		/* ... and for those that are numbers, without
								 * their leading zeros */
	MigrateNames *other_numbers;
} ItemNames;

static void
add_name(MigrateNames *names, MigrateNames *others, const char *name, MigrateItem *item)
{
	/* a replaced one is not what is meant */
	if (item->replaced && migrate_names_have(names, name))
		return;
	if (!migrate_names_add(names, name, item) && migrate_names_get(names, name) != item)
		(void) migrate_names_add(others, name, item);
}

/*
 * An item is called by its full name, that of its file, both of them, and its tags;
 * and by its version, where no name is the same.
 */
static void
add_item(ItemNames *lookup, MigrateItem *item)
{
	const char *label = migrate_item_label(item);
	const char *file = migrate_item_file(item);
	const char *version = migrate_item_version(item);
	const char *number = plain_number(version);
	ListCell   *lc;

	add_name(lookup->names, lookup->others, label, item);
	add_name(lookup->names, lookup->others, file, item);
	add_name(lookup->names, lookup->others, psprintf("%s:%s", file, label), item);
	foreach(lc, item->file ? item->file->tags : NIL)
		add_name(lookup->names, lookup->others, lfirst(lc), item);
	add_name(lookup->versions, lookup->other_versions, version, item);
	if (number != NULL)
		add_name(lookup->numbers, lookup->other_numbers, number, item);
}

static bool
begins_with(const char *str, const char *start)
{
	return strncmp(str, start, strlen(start)) == 0;
}

/*
 * Is one of the names of an item perhaps that one?
 */
static bool
may_be_called(const MigrateItem *item, const char *wanted, const char *wanted_number)
{
	const char *version = migrate_item_version(item);
	const char *number = wanted_number ? plain_number(version) : NULL;

	/*
	 * its full name begins with its version, and both names with that of the
	 * file
	 */
	return begins_with(wanted, version) || begins_with(wanted, migrate_item_file(item)) ||
		(number != NULL && strcmp(number, wanted_number) == 0) ||
		(item->file != NULL && item->file->tags != NIL);
}

/*
 * Name the items, or those that a single name may be one of, if "only" is not NULL.
 */
static void
name_items(ItemNames *lookup, List *items, const char *only)
{
	const char *number = only ? plain_number(only) : NULL;
	ListCell   *lc;

	lookup->names = migrate_names_create();
	lookup->others = migrate_names_create();
	lookup->versions = migrate_names_create();
	lookup->other_versions = migrate_names_create();
	lookup->numbers = migrate_names_create();
	lookup->other_numbers = migrate_names_create();
	for (int replaced = 0; replaced <= 1; replaced++)
	{
		foreach(lc, items)
		{
			MigrateItem *item = lfirst(lc);

			CHECK_FOR_INTERRUPTS();
			if (item->replaced == replaced && (only == NULL || may_be_called(item, only, number)))
				add_item(lookup, item);
		}
	}
}

/*
 * The one item of a name, NULL if there is none; 22023 if there are several.
 */
static MigrateItem *
find_one(const MigrateNames *names, const MigrateNames *others, const char *name,
		 const char *wanted)
{
	MigrateItem *found = migrate_names_get(names, name);

	if (found != NULL && migrate_names_have(others, name))
		refuse_several_migrations(wanted, found, migrate_names_get(others, name));
	return found;
}

static MigrateItem *
find(const ItemNames *lookup, List *items, const char *wanted)
{
	const char *number = plain_number(wanted);
	MigrateItem *found;

	CHECK_FOR_INTERRUPTS();
	found = find_one(lookup->names, lookup->others, wanted, wanted);
	if (found == NULL && number != NULL)
		found = find_one(lookup->numbers, lookup->other_numbers, number, wanted);
	else if (found == NULL)
		found = find_one(lookup->versions, lookup->other_versions, wanted, wanted);
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("migration \"%s\" does not exist", wanted),
				 *wanted == '@' ? errhint("Tags are known only if the directory is given.") :
				 items == NIL ? 0 : errhint("Similar migrations are: %s.", nearest(items, wanted))));
	return found;
}

/*
 * The items, in that order, that the caller names by version, full name or file
 * name (char *); 42704 with the nearest if there is none, 22023 if there are
 * several.
 */
List *
migrate_match_find_all(List *items, List *wanted)
{
	ItemNames	lookup;
	List	   *found = NIL;
	ListCell   *lc;

	name_items(&lookup, items, list_length(wanted) == 1 ? linitial(wanted) : NULL);
	foreach(lc, wanted)
		found = lappend(found, find(&lookup, items, lfirst(lc)));
	return found;
}

/*
 * The same for a single one.
 */
MigrateItem *
migrate_match_find(List *items, const char *wanted)
{
	return linitial(migrate_match_find_all(items, list_make1(unconstify(char *, wanted))));
}
