/*-------------------------------------------------------------------------
 *
 * match.c
 *		Files and history side by side, and finding in them what a caller names.
 *
 * Nothing here does I/O, asks a catalog or changes anything.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/match.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/varlena.h"

#include "migrate.h"

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

static int
compare_applied_keys(const ListCell *a, const ListCell *b)
{
	return strcmp(((AppliedMigration *) lfirst(a))->sort_key,
				  ((AppliedMigration *) lfirst(b))->sort_key);
}

/*
 * The file of a row that has none of the same key: of the same version, and if
 * versions alone do not tell, of the same name.
 */
static Migration *
find_renamed(const MigrationSet *set, List *files, const AppliedMigration *row)
{
	ListCell   *lc;

	foreach(lc, files)
	{
		Migration  *file = lfirst(lc);

		if (strcmp(file->version, row->version) == 0 &&
			(set->unique_versions || strcmp(file->file, row->file) == 0))
			return file;
	}
	return NULL;
}

/*
 * A key says where a migration stands in the order.  That may change without the
 * migration being another one: a line comes into the plan before it, or the
 * directory is read in another format.  Give such rows their key of now.
 *
 * "applied" is sorted by key.  That it is sorted so afterwards is for the caller.
 */
static void
take_new_keys(const MigrationSet *set, List *applied)
{
	List	   *files = NIL;
	List	   *rows = NIL;
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
	foreach(lc, rows)
	{
		AppliedMigration *row = lfirst(lc);
		Migration  *file;

		CHECK_FOR_INTERRUPTS();
		file = find_renamed(set, files, row);
		if (file == NULL)
		{
			MigrateFileName parsed = {0};

			if (row->format != NULL && strcmp(row->format, migrate_format_name(set->format)) != 0 &&
				migrate_format_parse_name(set->format, row->file, &parsed) && parsed.sort_key != NULL)
				row->sort_key = parsed.sort_key;
			continue;
		}
		row->sort_key = file->sort_key;
		files = list_delete_ptr(files, file);
	}
}

static MigrateItem *
match(Migration *file, AppliedMigration *row, const char *highest)
{
	MigrateItem *item = palloc0(sizeof(MigrateItem));
	const char *setting;

	item->file = file;
	item->applied = row;
	if (row != NULL)
		item->state = row->interrupted ? STATE_INTERRUPTED : row->baseline ? STATE_BASELINE :
			file ? STATE_APPLIED : STATE_MISSING;
	else if (file != NULL && migrate_choose(file, &setting) == CHOICE_SKIPPED)
		item->state = STATE_SKIPPED;
	else if (file != NULL)
		item->state = file->kind == KIND_VERSIONED && highest != NULL &&
			strcmp(file->sort_key, highest) < 0 ? STATE_OUT_OF_ORDER : STATE_PENDING;
	if (file == NULL || row == NULL)
		return item;
	item->up_changed = memcmp(file->up.sha256, row->up_sha256, PG_SHA256_DIGEST_LENGTH) != 0;
	item->down_changed = file->down.present != row->has_down ||
		(row->has_down && memcmp(file->down.sha256, row->down_sha256,
								 PG_SHA256_DIGEST_LENGTH) != 0);
	return item;
}

/*
 * Bring files and history (AppliedMigration, any order) together: a list of
 * MigrateItem in the format's order, with states as far as versions alone tell.
 * "set" is NULL if there are no files.  Whether a file has changed is for the
 * caller to find out; until then bytes that differ count as changed.
 */
List *
migrate_match(const MigrationSet *set, List *applied)
{
	List	   *migrations = set ? set->migrations : NIL;
	List	   *by_key = list_copy(applied);
	List	   *items = NIL;
	const char *highest = NULL;
	int			f = 0;
	int			a = 0;
	ListCell   *lc;

	list_sort(by_key, compare_applied_keys);
	if (set != NULL)
	{
		take_new_keys(set, by_key);
		list_sort(by_key, compare_applied_keys);
	}
	foreach(lc, by_key)
	{
		if (((AppliedMigration *) lfirst(lc))->kind == KIND_VERSIONED)
			highest = ((AppliedMigration *) lfirst(lc))->sort_key;
	}
	while (f < list_length(migrations) || a < list_length(by_key))
	{
		Migration  *file = f < list_length(migrations) ? list_nth(migrations, f) : NULL;
		AppliedMigration *row = a < list_length(by_key) ? list_nth(by_key, a) : NULL;
		int			order = file == NULL ? 1 : row == NULL ? -1 :
			strcmp(file->sort_key, row->sort_key);

		items = lappend(items, match(order <= 0 ? file : NULL, order >= 0 ? row : NULL, highest));
		f += order <= 0;
		a += order >= 0;
	}
	return items;
}

/*
 * Are both numbers, and the same but for leading zeros?
 */
static bool
same_number(const char *one, const char *other)
{
	if (strspn(one, "0123456789") != strlen(one) ||
		strspn(other, "0123456789") != strlen(other) || *one == '\0' || *other == '\0')
		return false;
	while (*one == '0')
		one++;
	while (*other == '0')
		other++;
	return strcmp(one, other) == 0;
}

/*
 * Is it the one name of an item: the full one, that of its file, both of them, a
 * tag?
 */
static bool
item_is(const MigrateItem *item, const char *wanted)
{
	const char *file = migrate_item_file(item);
	size_t		length = strlen(file);
	ListCell   *lc;

	if (strcmp(migrate_item_label(item), wanted) == 0)
		return true;
	if (strncmp(file, wanted, length) == 0 &&
		(wanted[length] == '\0' ||
		 (wanted[length] == ':' && strcmp(migrate_item_label(item), wanted + length + 1) == 0)))
		return true;
	if (item->file == NULL)
		return false;
	foreach(lc, item->file->tags)
	{
		if (strcmp(lfirst(lc), wanted) == 0)
			return true;
	}
	return false;
}

static bool
item_has_version(const MigrateItem *item, const char *wanted)
{
	return strcmp(migrate_item_version(item), wanted) == 0 || same_number(migrate_item_version(item), wanted);
}

static int
distance(const char *wanted, const char *name)
{
	int			wanted_length = pg_mbcliplen(wanted, strlen(wanted), MAX_COMPARED_NAME);
	int			name_length = pg_mbcliplen(name, strlen(name), MAX_COMPARED_NAME);

	return varstr_levenshtein(wanted, wanted_length, name, name_length, 1, 1, 1, true);
}

/*
 * Of the items, the three most like what was asked for.
 */
static char *
nearest(List *items, const char *wanted)
{
	StringInfoData list;
	List	   *taken = NIL;

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

			if (!list_member_ptr(taken, item) && (best == NULL || d < best_distance))
			{
				best = item;
				best_distance = d;
			}
		}
		taken = lappend(taken, best);
		appendStringInfo(&list, "%s\"%s\"", n > 0 ? ", " : "", migrate_item_label(best));
	}
	return list.data;
}

pg_noreturn static void refuse_several(const char *wanted, const MigrateItem *one,
									   const MigrateItem *other);

/*
 * What the caller names is two items: say how to tell them apart.
 */
static void
refuse_several(const char *wanted, const MigrateItem *one, const MigrateItem *other)
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
 * The one of "items" that "is" what the caller names, or NULL; 22023 if there are
 * several.
 */
static MigrateItem *
find_one(List *items, const char *wanted, bool (*is) (const MigrateItem *item, const char *wanted))
{
	MigrateItem *found = NULL;
	ListCell   *lc;

	foreach(lc, items)
	{
		if (!is(lfirst(lc), wanted))
			continue;
		if (found != NULL)
			refuse_several(wanted, found, lfirst(lc));
		found = lfirst(lc);
	}
	return found;
}

/*
 * The item that the caller names by version, full name or file name; 42704 with
 * the nearest if there is none, 22023 if there are several.
 */
MigrateItem *
migrate_match_find(List *items, const char *wanted)
{
	MigrateItem *found;

	CHECK_FOR_INTERRUPTS();
	found = find_one(items, wanted, item_is);
	if (found == NULL)
		found = find_one(items, wanted, item_has_version);
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("migration \"%s\" does not exist", wanted),
				 *wanted == '@' ? errhint("Tags are known where the directory is given.") :
				 items == NIL ? 0 : errhint("Those like it: %s.", nearest(items, wanted))));
	return found;
}
