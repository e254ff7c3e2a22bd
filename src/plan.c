/*-------------------------------------------------------------------------
 *
 * plan.c
 *		Files x history x request -> ordered steps, or one clear error.
 *
 * Nothing here does I/O, asks a catalog or changes anything.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/plan.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/varlena.h"

#include "migrate.h"

/* how many names an error lists before it says how many more there are */
#define LISTED_NAMES 5
/* core's Levenshtein distance takes no more characters */
#define MAX_COMPARED_NAME 255

static const char *
item_version(const MigrateItem *item)
{
	return item->file ? item->file->version : item->applied->version;
}

static const char *
item_name(const MigrateItem *item)
{
	return item->file ? item->file->name : item->applied->name;
}

static const char *
item_sort_key(const MigrateItem *item)
{
	return item->file ? item->file->sort_key : item->applied->sort_key;
}

static const char *
item_label(const MigrateItem *item)
{
	return migrate_label(item_version(item), item_name(item));
}

static bool
is_repeatable(const MigrateItem *item)
{
	return (item->file ? item->file->kind : item->applied->kind) == KIND_REPEATABLE;
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
	if (files == NIL)
		return;
	foreach(lc, rows)
	{
		AppliedMigration *row = lfirst(lc);
		Migration  *file;

		CHECK_FOR_INTERRUPTS();
		file = find_renamed(set, files, row);
		if (file == NULL)
			continue;
		row->sort_key = file->sort_key;
		files = list_delete_ptr(files, file);
	}
}

static MigrateItem *
match(Migration *file, AppliedMigration *row, const char *highest)
{
	MigrateItem *item = palloc0(sizeof(MigrateItem));

	item->file = file;
	item->applied = row;
	if (row != NULL)
		item->state = row->interrupted ? STATE_INTERRUPTED : row->baseline ? STATE_BASELINE :
			file ? STATE_APPLIED : STATE_MISSING;
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
migrate_plan_match(const MigrationSet *set, List *applied)
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
 * Append a name to a list for an error, which stops at LISTED_NAMES.
 */
static void
list_name(StringInfo list, int *count, const char *name)
{
	if ((*count)++ < LISTED_NAMES)
		appendStringInfo(list, "%s\"%s\"", list->len > 0 ? ", " : "", name);
}

static char *
end_list(StringInfo list, int count)
{
	if (count > LISTED_NAMES)
		appendStringInfo(list, " and %d more", count - LISTED_NAMES);
	return list->data;
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

static const char *
item_file(const MigrateItem *item)
{
	return item->file ? item->file->file : item->applied->file;
}

/*
 * Is it the one name of an item: the full one, that of its file, both of them, a
 * tag?
 */
static bool
item_is(const MigrateItem *item, const char *wanted)
{
	const char *file = item_file(item);
	size_t		length = strlen(file);
	ListCell   *lc;

	if (strcmp(item_label(item), wanted) == 0)
		return true;
	if (strncmp(file, wanted, length) == 0 &&
		(wanted[length] == '\0' ||
		 (wanted[length] == ':' && strcmp(item_label(item), wanted + length + 1) == 0)))
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
	return strcmp(item_version(item), wanted) == 0 || same_number(item_version(item), wanted);
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
			d = Min(distance(wanted, item_version(item)),
					distance(wanted, item_label(item)));

			if (!list_member_ptr(taken, item) && (best == NULL || d < best_distance))
			{
				best = item;
				best_distance = d;
			}
		}
		taken = lappend(taken, best);
		appendStringInfo(&list, "%s\"%s\"", n > 0 ? ", " : "", item_label(best));
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
	char	   *one_name = pstrdup(item_label(one));
	char	   *other_name = pstrdup(item_label(other));

	if (strcmp(one_name, other_name) == 0)
	{
		one_name = psprintf("%s:%s", item_file(one), one_name);
		other_name = psprintf("%s:%s", item_file(other), other_name);
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
migrate_plan_find(List *items, const char *wanted)
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
				 items == NIL ? 0 : errhint("Those like it: %s.", nearest(items, wanted))));
	return found;
}

static void
check_one_selection(int given, const char *names)
{
	if (given > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("only one of %s may be given", names)));
}

static void
check_steps(const MigrateRequest *request)
{
	if (request->steps < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of steps must be greater than zero")));
}

/*
 * What an error calls the file of an item.
 */
static const char *
file_title(const MigrateItem *item)
{
	const Migration *file = item->file;

	return file->shares_file ? psprintf("%s:%s", file->file, item_label(item)) : file->up.file;
}

/*
 * migrate.on_modified: stop at, report or accept applied files that changed.
 */
static void
judge_modified(List *items, const MigrateRequest *request)
{
	StringInfoData list;
	int			count = 0;
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, items)
	{
		if (((MigrateItem *) lfirst(lc))->state == STATE_MODIFIED)
			list_name(&list, &count, file_title(lfirst(lc)));
	}
	if (count == 0 || request->quiet || migrate_on_modified == ON_MODIFIED_IGNORE)
		return;
	ereport(migrate_on_modified == ON_MODIFIED_WARN ? WARNING : ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg_plural("applied migration %s has been modified",
						   "applied migrations %s have been modified",
						   count, end_list(&list, count)),
			 errhint("Undo the change and write a new migration, or accept it with migrate.repair().")));
}

/*
 * migrate.out_of_order: stop at pending migrations below the highest applied.
 */
static void
judge_order(List *chosen, List *items, const MigrateRequest *request)
{
	StringInfoData list;
	int			count = 0;
	MigrateItem *highest = NULL;
	ListCell   *lc;

	if (request->quiet || migrate_out_of_order == OUT_OF_ORDER_APPLY)
		return;
	initStringInfo(&list);
	foreach(lc, chosen)
	{
		if (((MigrateItem *) lfirst(lc))->state == STATE_OUT_OF_ORDER)
			list_name(&list, &count, file_title(lfirst(lc)));
	}
	if (count == 0)
		return;
	foreach(lc, items)
	{
		if (((MigrateItem *) lfirst(lc))->applied != NULL && !is_repeatable(lfirst(lc)))
			highest = lfirst(lc);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg_plural("pending migration %s is out of order",
						   "pending migrations %s are out of order",
						   count, end_list(&list, count)),
			 errdetail("Migration \"%s\" has been applied.", item_label(highest)),
			 errhint("Give it a higher version, or set \"%s\" to \"apply\".",
					 "migrate.out_of_order")));
}

static void
warn_passed_over(List *pending, List *chosen)
{
	StringInfoData list;
	int			count = 0;
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, pending)
	{
		if (!list_member_ptr(chosen, lfirst(lc)))
			list_name(&list, &count, item_label(lfirst(lc)));
	}
	if (count > 0)
		ereport(WARNING,
				(errmsg_plural("pending migration %s is passed over",
							   "pending migrations %s are passed over",
							   count, end_list(&list, count))));
}

static bool
is_pending(const MigrateItem *item)
{
	return item->state == STATE_PENDING || item->state == STATE_OUT_OF_ORDER ||
		item->state == STATE_OUTDATED || item->state == STATE_INTERRUPTED;
}

/*
 * The pending items that "versions" names, in order.
 */
static List *
choose_versions(List *items, List *pending, const MigrateRequest *request)
{
	List	   *named = NIL;
	List	   *chosen = NIL;
	ListCell   *lc;

	foreach(lc, request->versions)
	{
		MigrateItem *item = migrate_plan_find(items, lfirst(lc));

		if (!is_pending(item) && !request->quiet)
			ereport(NOTICE,
					(errmsg("migration \"%s\" has been applied already", item_label(item))));
		named = lappend(named, item);
	}
	foreach(lc, pending)
	{
		if (list_member_ptr(named, lfirst(lc)))
			chosen = lappend(chosen, lfirst(lc));
	}
	if (!request->quiet)
		warn_passed_over(pending, chosen);
	return chosen;
}

/*
 * Is a migration of the history on its way, or has it been interrupted?  Only
 * who has the run lock can tell which.
 */
bool
migrate_plan_is_busy(List *items)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		if (((MigrateItem *) lfirst(lc))->state == STATE_INTERRUPTED)
			return true;
	}
	return false;
}

static void
refuse_interrupted(const MigrateItem *item)
{
	const char *direction = item->applied->going_down ? "down" : "up";

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("migration \"%s\" has been interrupted while going %s",
					item_label(item), direction),
			 errhint("Go on with CALL migrate.%s(), or settle it with migrate.repair().",
					 direction)));
}

/*
 * Nothing is done before, or without, what has been interrupted: "chosen" has to
 * have it all.
 */
static void
require_interrupted(List *items, List *chosen, const MigrateRequest *request)
{
	ListCell   *lc;

	if (request->quiet)
		return;
	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);

		if (item->state == STATE_INTERRUPTED && !list_member_ptr(chosen, item))
			refuse_interrupted(item);
	}
}

/*
 * An interrupted migration is in the way of everything but of what goes on
 * with it: CALL, in the same direction.
 */
static void
judge_interrupted(List *items, const MigrateRequest *request, MigrateDirection direction)
{
	ListCell   *lc;

	if (request->quiet)
		return;
	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);
		bool		down;

		if (item->state != STATE_INTERRUPTED)
			continue;
		down = item->applied->going_down;
		if (request->commits && down == (direction == MIGRATE_DOWN) &&
			(item->file != NULL || down))
			continue;
		refuse_interrupted(item);
	}
}

static List *
up_steps(List *items)
{
	List	   *steps = NIL;
	ListCell   *lc;

	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);
		MigrateStep *step = palloc0(sizeof(MigrateStep));

		step->direction = MIGRATE_UP;
		step->file = item->file;
		step->in_progress = item->state == STATE_INTERRUPTED;
		step->again = item->state == STATE_OUTDATED;
		if (step->in_progress || step->again)
			step->applied = item->applied;
		steps = lappend(steps, step);
	}
	return steps;
}

/*
 * What apply() has to run: steps in order, NIL if there is nothing to do.
 *
 * "items" are those of migrate_plan_match(), with changes judged.  Errors:
 * 55000 for modified, out-of-order and interrupted migrations unless the request
 * is quiet, 42704 for an unknown version, 22023 for a request that makes no
 * sense.
 */
List *
migrate_plan_apply(List *items, MigrateRequest *request)
{
	List	   *pending = NIL;
	List	   *chosen = NIL;
	ListCell   *lc;

	check_one_selection((request->target != NULL) + (request->steps != 0) +
						(request->versions != NIL),
						"\"target\", \"steps\" and \"versions\"");
	check_steps(request);
	judge_interrupted(items, request, MIGRATE_UP);
	judge_modified(items, request);

	foreach(lc, items)
	{
		if (is_pending(lfirst(lc)))
			pending = lappend(pending, lfirst(lc));
	}

	if (request->versions != NIL)
		chosen = choose_versions(items, pending, request);
	else if (request->target != NULL)
	{
		const char *last = item_sort_key(migrate_plan_find(items, request->target));

		foreach(lc, pending)
		{
			if (strcmp(item_sort_key(lfirst(lc)), last) <= 0)
				chosen = lappend(chosen, lfirst(lc));
		}
	}
	else if (request->steps > 0)
		chosen = list_truncate(list_copy(pending), request->steps);
	else
		chosen = pending;

	require_interrupted(items, chosen, request);
	judge_order(chosen, items, request);
	return up_steps(chosen);
}

/*
 * The pending files (MigrateItem) that a baseline records: those up to the target,
 * or all.  Errors: 42704 for an unknown version, 55000 for a migration that is
 * interrupted.
 */
List *
migrate_plan_baseline(List *items, const MigrateRequest *request)
{
	const char *last = request->target == NULL ? NULL :
		item_sort_key(migrate_plan_find(items, request->target));
	List	   *chosen = NIL;
	ListCell   *lc;

	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);

		if (item->state == STATE_INTERRUPTED)
			refuse_interrupted(item);
		if (item->applied == NULL && (last == NULL || strcmp(item->file->sort_key, last) <= 0))
			chosen = lappend(chosen, item);
	}
	return chosen;
}

/*
 * Steps that apply every file, for a refresh that has undone all.
 */
List *
migrate_plan_all(List *items)
{
	List	   *with_file = NIL;
	ListCell   *lc;

	foreach(lc, items)
	{
		if (((MigrateItem *) lfirst(lc))->file != NULL)
			with_file = lappend(with_file, lfirst(lc));
	}
	return up_steps(with_file);
}

/*
 * How many applied migrations came after one of them.
 */
static int
count_behind(List *applied, const AppliedMigration *row)
{
	int			n = list_length(applied);
	int			last = n - 1;

	while (list_nth(applied, last) != row)
		last--;
	return n - 1 - last;
}

/*
 * From the last one back, how many to undo to have "steps" undone, or if that is
 * 0, the last batch.  Repeatable ones do not count, but those that come after are
 * undone with the others: they rest on them.
 */
static int
count_last(List *applied, int steps)
{
	int			n = list_length(applied);
	int			batch = 0;
	int			undone = 0;
	int			count = 0;

	for (int i = n - 1; i >= 0 && (steps == 0 || count < steps); i--)
	{
		AppliedMigration *row = list_nth(applied, i);

		if (row->kind == KIND_REPEATABLE)
			continue;
		if (count++ == 0)
			batch = row->batch;
		if (steps == 0 && row->batch != batch)
			break;
		undone = n - i;
	}
	return count > 0 ? undone : n;
}

/*
 * How many of the applied migrations, from the last one back, to undo.
 */
static int
count_undone(List *items, List *applied, MigrateRequest *request)
{
	MigrateItem *item;

	if (applied == NIL || request->everything)
		return list_length(applied);
	if (request->target == NULL)
		return count_last(applied, request->steps);
	item = migrate_plan_find(items, request->target);
	if (item->applied == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("migration \"%s\" has not been applied", item_label(item)),
				 errhint("The target of a rollback stays applied; what came after it is undone.")));
	return count_behind(applied, item->applied);
}

/*
 * The item of an applied migration; each has one.
 */
static const MigrateItem *
item_of(List *items, const AppliedMigration *applied)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		if (((MigrateItem *) lfirst(lc))->applied == applied)
			return lfirst(lc);
	}
	elog(ERROR, "applied migration \"%s\" is not in the plan", applied->version);
}

/*
 * A baseline is where the way back ends: what made these objects is not known
 * here.  With force, its down script is as good as any.
 */
static void
judge_baseline(const AppliedMigration *row, const MigrateRequest *request)
{
	if (!row->baseline || row->interrupted || request->force)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("migration \"%s\" is a baseline and has not been run by migrate",
					migrate_label(row->version, row->name)),
			 errhint("To run its down script nevertheless, use migrate.rollback() with force => true.")));
}

/*
 * What rollback() has to undo, last applied first.
 *
 * "applied" is in order of application; "items" bring it together with the
 * files to run, or with none.  A step whose file is NULL runs from the store.
 * Errors as migrate_plan_apply().
 */
List *
migrate_plan_rollback(List *items, List *applied, MigrateRequest *request)
{
	List	   *steps = NIL;
	int			n = list_length(applied);
	int			undone;

	check_one_selection((request->target != NULL) + (request->steps != 0) +
						request->everything,
						"\"steps\", \"target\" and \"everything\"");
	check_steps(request);
	judge_interrupted(items, request, MIGRATE_DOWN);
	undone = count_undone(items, applied, request);
	for (int i = 0; i < n - undone; i++)
	{
		AppliedMigration *row = list_nth(applied, i);

		if (row->interrupted)	/* more would have to be undone */
			refuse_interrupted(item_of(items, row));
	}
	for (int i = 0; i < undone; i++)
	{
		MigrateStep *step = palloc0(sizeof(MigrateStep));

		judge_baseline(list_nth(applied, n - 1 - i), request);
		step->direction = MIGRATE_DOWN;
		step->applied = list_nth(applied, n - 1 - i);
		step->file = item_of(items, step->applied)->file;
		step->in_progress = step->applied->interrupted;
		steps = lappend(steps, step);
	}
	return steps;
}

/*
 * Steps that apply again, in their old order, what "undone" undoes; from the
 * files where there are some, else from the store.
 */
List *
migrate_plan_reapply(List *items, List *undone)
{
	List	   *steps = NIL;

	for (int i = list_length(undone) - 1; i >= 0; i--)
	{
		MigrateStep *down = list_nth(undone, i);
		MigrateStep *step = palloc0(sizeof(MigrateStep));

		step->direction = MIGRATE_UP;
		step->applied = down->applied;
		step->file = item_of(items, down->applied)->file;
		steps = lappend(steps, step);
	}
	return steps;
}
