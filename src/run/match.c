/*-------------------------------------------------------------------------
 *
 * match.c
 *		Files and history side by side.
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

#include "miscadmin.h"

#include "format/contexts.h"
#include "format/format.h"
#include "format/source.h"
#include "format/stand_in.h"
#include "history/history.h"
#include "run/match.h"
#include "run/run.h"
#include "util/errcontext.h"
#include "util/names.h"

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
 *
 * Returns the key of the last item of the run: that of the target, or of the script that
 * stands for it and comes right after it.
 */
const char *
migrate_match_up_to(List *items, const MigrateItem *target)
{
	const char *last = migrate_item_sort_key(target);
	const char *stand_in = NULL;
	ListCell   *lc;

	if (!target->replaced)
		return last;
	foreach(lc, items)
	{
		const MigrateItem *item = lfirst(lc);

		if (item->applied != NULL && !migrate_item_is_repeatable(item))
			return last;
		if (item->applied == NULL && !migrate_item_is_repeatable(item) && migrate_item_is_stand_in(item) &&
			migrate_stand_in_is_up_to(item->file->sort_key, last))
			stand_in = item->file->sort_key;
	}
	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);

		if (item->applied == NULL)
			set_pending_state(item, NULL, stand_in);
	}
	return stand_in != NULL && strcmp(stand_in, last) > 0 ? stand_in : last;
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
