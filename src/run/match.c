/*-------------------------------------------------------------------------
 *
 * match.c
 *		Files and history side by side, and finding in them what a caller names.
 *
 * Nothing here does I/O, reads a catalog or changes anything.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/match.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/varlena.h"

#include "format/contexts.h"
#include "format/format.h"
#include "format/source.h"
#include "format/stand_in.h"
#include "history/history.h"
#include "run/match.h"
#include "run/run.h"
#include "util/compat.h"
#include "util/errcontext.h"
#include "util/names.h"
#include "util/printable.h"

/* core's Levenshtein distance takes no more characters */
#define MAX_COMPARED_NAME 255

const char *
migrate_item_version(const MigrateItem *item)
{
	return item->file ? item->file->version : item->applied->version;
}

const char *
migrate_item_name(const MigrateItem *item)
{
	return item->file ? item->file->name : item->applied->name;
}

const char *
migrate_item_sort_key(const MigrateItem *item)
{
	return item->file ? item->file->sort_key : item->applied->sort_key;
}

const char *
migrate_item_label(const MigrateItem *item)
{
	return migrate_label(migrate_item_version(item), migrate_item_name(item));
}

bool
migrate_item_is_repeatable(const MigrateItem *item)
{
	return (item->file ? item->file->kind : item->applied->kind) == KIND_REPEATABLE;
}

const char *
migrate_item_file(const MigrateItem *item)
{
	return item->file ? item->file->file : item->applied->file;
}

/*
 * Why a replaced item does not run.
 */
const char *
migrate_item_replaced(const MigrateItem *item)
{
	bool		is_stand_in = migrate_item_is_stand_in(item);

	if (strcmp(item->file->format, "flyway") != 0)
		return is_stand_in ? "checkpoint, of which the last one runs, in an empty history" :
			"replaced by a checkpoint";
	return is_stand_in ? "baseline file, of which the last one runs, in an empty history" :
		"replaced by a baseline file";
}

static int
compare_applied_keys(const ListCell *a, const ListCell *b)
{
	return strcmp(((AppliedMigration *) lfirst(a))->sort_key,
				  ((AppliedMigration *) lfirst(b))->sort_key);
}

/*
 * What identifies a migration when its key has changed: its version, and its file
 * if versions are not enough.
 */
static const char *
lasting_name(const MigrationSet *set, const char *version, const char *file)
{
	return set->unique_versions ? version : psprintf("%s\n%s", version, file);
}

/*
 * The files of a list, each under that name: the first one of several.  A changeset with a
 * path of its own has that, too, wherever its file is; what was recorded may have begun
 * further down.
 */
static MigrateNames *
by_lasting_name(const MigrationSet *set, List *files)
{
	MigrateNames *names = migrate_names_create();
	ListCell   *lc;

	foreach(lc, files)
	{
		Migration  *file = lfirst(lc);

		(void) migrate_names_add(names, lasting_name(set, file->version, file->file), file);
	}
	foreach(lc, files)
	{
		Migration  *file = lfirst(lc);
		const char *slash;

		if (file->logical_path == NULL || strlen(file->logical_path) >= MAXPGPATH)
			continue;
		for (const char *path = file->logical_path; path != NULL; path = slash ? slash + 1 : NULL)
		{
			CHECK_FOR_INTERRUPTS();
			slash = strchr(path, '/');
			(void) migrate_names_add(names, lasting_name(set, file->version, path), file);
		}
	}
	return names;
}

/*
 * The file of a row whose key has changed, NULL for none.  A changeset that had a path of
 * its own when it ran is found by that, which is the end of its key, and else by its file.
 */
static Migration *
file_of_row(const MigrationSet *set, const MigrateNames *names, const AppliedMigration *row)
{
	const char *path = migrate_changeset_key_path(row->sort_key);
	Migration  *file = NULL;

	if (path != NULL)
		file = migrate_names_get(names, lasting_name(set, row->version, path));
	return file ? file : migrate_names_get(names, lasting_name(set, row->version, row->file));
}

/*
 * A key gives the position of a migration in the order.  That may change while the
 * migration stays the same: a line is inserted into the plan before it, or the
 * directory is read in another format.  Give such rows their current key.
 *
 * "applied" is sorted by key.  The caller sorts it again.
 */
static void
assign_new_keys(const MigrationSet *set, List *applied)
{
	List	   *files = NIL;
	List	   *rows = NIL;
	MigrateNames *names;
	MigrateNames *taken = migrate_names_create();
	int			f = 0;
	int			a = 0;
	ListCell   *lc;

	while (f < list_length(set->migrations) || a < list_length(applied))
	{
		Migration  *file = f < list_length(set->migrations) ? list_nth(set->migrations, f) : NULL;
		AppliedMigration *row = a < list_length(applied) ? list_nth(applied, a) : NULL;
		int			order = file == NULL ? 1 : row == NULL ? -1 :
			strcmp(file->sort_key, row->sort_key);

		if (order < 0)
			files = lappend(files, file);
		if (order > 0)
			rows = lappend(rows, row);
		f += order <= 0;
		a += order >= 0;
	}
	if (rows == NIL)
		return;
	names = by_lasting_name(set, files);
	foreach(lc, rows)
	{
		AppliedMigration *row = lfirst(lc);
		Migration  *file;

		CHECK_FOR_INTERRUPTS();
		file = file_of_row(set, names, row);
		if (file == NULL || migrate_names_have(taken, file->sort_key))
		{
			MigrateFileName parsed = {0};

			if (set->format != NULL && row->format != NULL &&
				strcmp(row->format, migrate_format_name(set->format)) != 0 &&
				migrate_set_parse_name(set, row->file, &parsed) && parsed.sort_key != NULL)
				row->sort_key = parsed.sort_key;
			continue;
		}
		row->sort_key = file->sort_key;
		(void) migrate_names_add(taken, file->sort_key, NULL);
	}
}

/*
 * Is it a script that stands for all before it?
 */
bool
migrate_item_is_stand_in(const MigrateItem *item)
{
	return item->file ? migrate_is_stand_in_key(item->file->format, item->file->sort_key) :
		migrate_is_stand_in_key(item->applied->format, item->applied->sort_key);
}

/*
 * Flyway's B files and atlas's checkpoints stand for all migrations before them: in an
 * empty history, the last one runs instead of these; later, none runs.  Returns the key
 * of the one that counts, NULL if none does.  "by_key" are the rows in their order;
 * *highest is the key of the last versioned one.
 */
static const char *
stand_in_key(List *migrations, List *by_key, const char *highest)
{
	const char *key = NULL;
	ListCell   *lc;

	foreach(lc, by_key)
	{
		const AppliedMigration *row = lfirst(lc);

		if (row->kind == KIND_VERSIONED && migrate_is_stand_in_key(row->format, row->sort_key))
			key = row->sort_key;
	}
	if (highest != NULL)
		return key;
	foreach(lc, migrations)
	{
		const Migration *file = lfirst(lc);

		if (file->kind == KIND_VERSIONED && migrate_is_stand_in_key(file->format, file->sort_key))
			key = file->sort_key;
	}
	return key;
}

/*
 * Does the script of that key, NULL for none, stand for a file that has not run; or is it
 * another such script?
 */
static bool
is_replaced(const Migration *file, const char *stand_in)
{
	if (file->kind != KIND_VERSIONED)
		return false;
	if (migrate_is_stand_in_key(file->format, file->sort_key))
		return stand_in == NULL || strcmp(file->sort_key, stand_in) != 0;
	return stand_in != NULL && strcmp(file->sort_key, stand_in) < 0;
}

/*
 * The state of a file that has not run.
 */
static void
set_pending_state(MigrateItem *item, const char *highest, const char *stand_in)
{
	const Migration *file = item->file;
	const char *setting;

	item->replaced = is_replaced(file, stand_in);
	if (item->replaced || migrate_choose(file, &setting) == CHOICE_SKIPPED)
		item->state = STATE_SKIPPED;
	else
		/* what others have run past may be tried again */
		item->state = file->kind == KIND_VERSIONED && highest != NULL && !file->may_be_passed_over &&
			strcmp(file->sort_key, highest) < 0 ? STATE_OUT_OF_ORDER : STATE_PENDING;
}

/*
 * A run up to an item does not see the scripts after it that stand for others: in an
 * empty history, set the states of items to what they are without these.
 */
void
migrate_match_up_to(List *items, const MigrateItem *target)
{
	const char *stand_in = NULL;
	ListCell   *lc;

	foreach(lc, items)
	{
		const MigrateItem *item = lfirst(lc);

		if (item->applied != NULL && !migrate_item_is_repeatable(item))
			return;
		if (item->applied == NULL && !migrate_item_is_repeatable(item) && migrate_item_is_stand_in(item) &&
			migrate_stand_in_is_up_to(item->file->sort_key, migrate_item_sort_key(target)))
			stand_in = item->file->sort_key;
	}
	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);

		if (item->applied == NULL)
			set_pending_state(item, NULL, stand_in);
	}
}

static MigrateItem *
match(Migration *file, AppliedMigration *row, const char *highest, const char *stand_in)
{
	MigrateItem *item = palloc0(sizeof(MigrateItem));

	item->file = file;
	item->applied = row;
	if (row != NULL)
		row->item = item;
	if (row != NULL)
		item->state = row->interrupted ? STATE_INTERRUPTED : row->baseline ? STATE_BASELINE :
			file ? STATE_APPLIED : STATE_MISSING;
	else
		set_pending_state(item, highest, stand_in);
	if (file == NULL || row == NULL)
		return item;
	item->up_changed = memcmp(file->up.sha256, row->up_sha256, PG_SHA256_DIGEST_LENGTH) != 0;
	item->down_changed = file->down.present != row->has_down ||
		(row->has_down && memcmp(file->down.sha256, row->down_sha256,
								 PG_SHA256_DIGEST_LENGTH) != 0);
	return item;
}

/*
 * Match files and history (AppliedMigration, any order): a list of MigrateItem in
 * the format's order, with the states that follow from versions.  "set" is NULL if
 * there are no files.  The caller finds out whether a file has really changed;
 * until then bytes that differ count as changed.
 */
List *
migrate_match(const MigrationSet *set, List *applied)
{
	List	   *migrations = set ? set->migrations : NIL;
	List	   *by_key = list_copy(applied);
	List	   *items = NIL;
	const char *highest = NULL;
	const char *stand_in;
	int			f = 0;
	int			a = 0;
	ListCell   *lc;

	list_sort(by_key, compare_applied_keys);
	if (set != NULL)
	{
		assign_new_keys(set, by_key);
		list_sort(by_key, compare_applied_keys);
	}
	foreach(lc, by_key)
	{
		if (((AppliedMigration *) lfirst(lc))->kind == KIND_VERSIONED)
			highest = ((AppliedMigration *) lfirst(lc))->sort_key;
	}
	stand_in = stand_in_key(migrations, by_key, highest);
	while (f < list_length(migrations) || a < list_length(by_key))
	{
		Migration  *file = f < list_length(migrations) ? list_nth(migrations, f) : NULL;
		AppliedMigration *row = a < list_length(by_key) ? list_nth(by_key, a) : NULL;
		int			order = file == NULL ? 1 : row == NULL ? -1 :
			strcmp(file->sort_key, row->sort_key);

		items = lappend(items, match(order <= 0 ? file : NULL, order >= 0 ? row : NULL, highest,
									 stand_in));
		f += order <= 0;
		a += order >= 0;
	}
	return items;
}

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
