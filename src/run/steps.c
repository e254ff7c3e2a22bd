/*-------------------------------------------------------------------------
 *
 * steps.c
 *		Files x history x request -> ordered steps, or one clear error.
 *
 * Nothing here does I/O, reads a catalog or changes anything.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/steps.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/match.h"
#include "run/report.h"
#include "run/run.h"
#include "run/steps.h"
#include "util/errcontext.h"
#include "util/guc.h"
#include "util/printable.h"

/* how many names an error lists before it says how many more there are */
#define LISTED_NAMES 5

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

	return file->shares_file ? psprintf("%s:%s", file->file, migrate_item_label(item)) : file->up.file;
}

/*
 * migrate.on_modified: stop at, report or accept applied files that changed.
 */
static void
check_modified(List *items, const MigrateRequest *request)
{
	StringInfoData list;
	int			count = 0;
	const MigrateItem *other = NULL;	/* whose version was another file */
	const MigrateItem *broken = NULL;	/* that cannot be compared */
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, items)
	{
		const MigrateItem *item = lfirst(lc);

		if (item->state != STATE_MODIFIED)
			continue;
		list_name(&list, &count, file_title(item));
		if (other == NULL && strcmp(item->file->name, item->applied->name) != 0)
			other = item;
		if (broken == NULL && item->file->up.broken != NULL)
			broken = item;
	}
	if (count == 0 || request->quiet || migrate_on_modified == ON_MODIFIED_IGNORE)
		return;
	ereport(migrate_on_modified == ON_MODIFIED_WARN ? WARNING : ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg_plural("applied migration %s has been modified",
						   "applied migrations %s have been modified",
						   count, end_list(&list, count)),
			 other ? errdetail("Version %s has been applied as \"%s\"; what is in file \"%s\" has not run.",
							   other->applied->version, other->applied->file, other->file->up.file) :
			 broken ? errdetail("File \"%s\" cannot be compared with what has run: %s.",
								broken->file->up.file, migrate_broken_reason(&broken->file->up)) : 0,
			 other ? errhint("If it is another migration, give it another number; else undo the change.") :
			 errhint("Undo the change and write a new migration, or accept it with migrate.repair().")));
}

/*
 * migrate.out_of_order: stop at pending migrations below the highest applied.
 */
static void
check_order(List *chosen, List *items, const MigrateRequest *request)
{
	StringInfoData list;
	int			count = 0;
	MigrateItem *highest = NULL;
	ListCell   *lc;

	if (request->quiet || request->applies_late || migrate_out_of_order == OUT_OF_ORDER_APPLY)
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
		if (((MigrateItem *) lfirst(lc))->applied != NULL && !migrate_item_is_repeatable(lfirst(lc)))
			highest = lfirst(lc);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg_plural("pending migration %s is out of order",
						   "pending migrations %s are out of order",
						   count, end_list(&list, count)),
			 errdetail("Migration \"%s\" has been applied.", migrate_item_label(highest)),
			 errhint_plural("Give it a higher version, or set \"%s\" to \"apply\".",
							"Give them higher versions, or set \"%s\" to \"apply\".",
							count, "migrate.out_of_order")));
}

static void
warn_passed_over(List *pending)
{
	StringInfoData list;
	int			count = 0;
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, pending)
	{
		if (!((MigrateItem *) lfirst(lc))->chosen)
			list_name(&list, &count, migrate_item_label(lfirst(lc)));
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
	List	   *chosen = NIL;
	ListCell   *lc;

	foreach(lc, items)
		((MigrateItem *) lfirst(lc))->chosen = false;
	foreach(lc, migrate_match_find_all(items, request->versions))
	{
		MigrateItem *item = lfirst(lc);

		if (!is_pending(item) && !request->quiet)
			ereport(NOTICE,
					(item->state == STATE_SKIPPED ?
					 errmsg("migration \"%s\" is skipped", migrate_item_label(item)) :
					 errmsg("migration \"%s\" has been applied already", migrate_item_label(item))));
		item->chosen = true;
	}
	foreach(lc, pending)
	{
		if (((MigrateItem *) lfirst(lc))->chosen)
			chosen = lappend(chosen, lfirst(lc));
	}
	if (!request->quiet)
		warn_passed_over(pending);
	return chosen;
}

/*
 * A migration of the history that is running or has been interrupted; NULL for
 * none.  Only a process with the run lock can distinguish these.  "with_file": one
 * that the directory has, otherwise one that it does not know.
 */
const MigrateItem *
migrate_plan_busy(List *items, bool with_file)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		const MigrateItem *item = lfirst(lc);

		if (item->state == STATE_INTERRUPTED && (item->file != NULL) == with_file)
			return item;
	}
	return NULL;
}

static void
refuse_interrupted(const MigrateItem *item, const MigrateRequest *request)
{
	bool		down = item->applied->going_down;

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("migration \"%s\" has been interrupted while going %s",
					migrate_item_label(item), down ? "down" : "up"),
			 errhint("Continue it with CALL %s, or set its state with %s, or with state => 'pending'.",
					 migrate_continuing_call(&request->history, down),
					 migrate_repair_call(&request->history, migrate_item_version(item), "applied"))));
}

/*
 * 55000 if one of the items is interrupted.
 */
void
migrate_plan_require_uninterrupted(List *items, const MigrateRequest *request)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		const MigrateItem *item = lfirst(lc);

		if (item->state == STATE_INTERRUPTED)
			refuse_interrupted(item, request);
	}
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

		if (item->state == STATE_INTERRUPTED && !list_member_ptr(chosen, item) &&
			!(request->ignores_interrupted && item->file == NULL))
			refuse_interrupted(item, request);
	}
}

/*
 * An interrupted migration prevents everything but CALL in the same direction,
 * which continues it.
 */
static void
check_interrupted(List *items, const MigrateRequest *request, MigrateDirection direction)
{
	ListCell   *lc;

	if (request->quiet)
		return;
	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);
		bool		down;

		if (item->state != STATE_INTERRUPTED || (request->ignores_interrupted && item->file == NULL))
			continue;
		down = item->applied->going_down;
		if (request->commits && down == (direction == MIGRATE_DOWN) &&
			(item->file != NULL || down))
			continue;
		refuse_interrupted(item, request);
	}
}

/*
 * "afresh" if all that is applied is undone before.
 */
static List *
up_steps(List *items, bool afresh)
{
	List	   *steps = NIL;
	ListCell   *lc;

	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);
		MigrateStep *step = palloc0(sizeof(MigrateStep));

		step->direction = MIGRATE_UP;
		step->file = item->file;
		step->in_progress = !afresh && item->state == STATE_INTERRUPTED;
		step->repeated = !afresh && item->state == STATE_OUTDATED;
		if (step->in_progress || step->repeated)
			step->applied = item->applied;
		steps = lappend(steps, step);
	}
	return steps;
}

/*
 * What apply() has to run: steps in order, NIL if there is nothing to do.
 *
 * "items" are those of migrate_match(), with changes found.  Errors:
 * 55000 for modified, out-of-order and interrupted migrations unless the request
 * is quiet, 42704 for an unknown version, 22023 for a request that makes no
 * sense.
 */
List *
migrate_plan_apply(List *items, MigrateRequest *request)
{
	List	   *pending = NIL;
	List	   *chosen = NIL;
	const char *last = NULL;
	ListCell   *lc;

	check_one_selection((request->target != NULL) + (request->steps != 0) +
						(request->versions != NIL),
						"\"target\", \"steps\" and \"versions\"");
	check_steps(request);
	check_interrupted(items, request, MIGRATE_UP);
	check_modified(items, request);
	if (request->target != NULL && request->versions == NIL)
		last = migrate_match_up_to(items, migrate_match_find(items, request->target));

	foreach(lc, items)
	{
		if (is_pending(lfirst(lc)))
			pending = lappend(pending, lfirst(lc));
	}

	if (request->versions != NIL)
		chosen = choose_versions(items, pending, request);
	else if (last != NULL)
	{
		foreach(lc, pending)
		{
			if (strcmp(migrate_item_sort_key(lfirst(lc)), last) <= 0)
				chosen = lappend(chosen, lfirst(lc));
		}
	}
	else if (request->steps > 0)
		chosen = list_truncate(list_copy(pending), request->steps);
	else
		chosen = pending;

	require_interrupted(items, chosen, request);
	check_order(chosen, items, request);
	return up_steps(chosen, false);
}

/*
 * The pending files (MigrateItem) that a baseline records: those up to the target,
 * or all.  Errors: 42704 for an unknown version, 55000 for a migration that is
 * interrupted.
 */
List *
migrate_plan_baseline(List *items, const MigrateRequest *request)
{
	const char *last = NULL;
	List	   *chosen = NIL;
	ListCell   *lc;

	if (request->target != NULL)
		last = migrate_match_up_to(items, migrate_match_find(items, request->target));
	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);

		if (item->state == STATE_INTERRUPTED)
			refuse_interrupted(item, request);
		if (item->applied == NULL && !item->replaced && (last == NULL || strcmp(item->file->sort_key, last) <= 0))
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
		MigrateItem *item = lfirst(lc);

		if (item->file != NULL && item->state != STATE_SKIPPED)
			with_file = lappend(with_file, item);
	}
	return up_steps(with_file, true);
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
	item = migrate_match_find(items, request->target);
	if (item->applied == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("migration \"%s\" has not been applied", migrate_item_label(item)),
				 errhint("The target of a rollback stays applied; what came after it is undone.")));
	return count_behind(applied, item->applied);
}

/*
 * The item of an applied migration; each has one.
 */
static const MigrateItem *
item_of(const AppliedMigration *applied)
{
	if (applied->item == NULL || applied->item->applied != applied)
		elog(ERROR, "applied migration \"%s\" is not in the plan", applied->version);
	return applied->item;
}

/*
 * A rollback ends at a baseline: what created its objects is not known here.  With
 * force, its down script runs like any other.
 */
static void
check_baseline(const AppliedMigration *row, const MigrateRequest *request)
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
 * "applied" is in order of application; "items" match it with the files to run, if
 * there are any.  A step whose file is NULL runs from the store.  Errors as
 * migrate_plan_apply().
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
	check_interrupted(items, request, MIGRATE_DOWN);
	undone = count_undone(items, applied, request);
	for (int i = 0; i < n - undone; i++)
	{
		AppliedMigration *row = list_nth(applied, i);

		if (row->interrupted)	/* more would have to be undone */
			refuse_interrupted(item_of(row), request);
	}
	for (int i = 0; i < undone; i++)
	{
		MigrateStep *step = palloc0(sizeof(MigrateStep));

		check_baseline(list_nth(applied, n - 1 - i), request);
		step->direction = MIGRATE_DOWN;
		step->applied = list_nth(applied, n - 1 - i);
		step->file = item_of(step->applied)->file;
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
migrate_plan_reapply(List *undone)
{
	List	   *steps = NIL;

	for (int i = list_length(undone) - 1; i >= 0; i--)
	{
		MigrateStep *down = list_nth(undone, i);
		MigrateStep *step = palloc0(sizeof(MigrateStep));

		step->direction = MIGRATE_UP;
		step->applied = down->applied;
		step->file = item_of(down->applied)->file;
		steps = lappend(steps, step);
	}
	return steps;
}
