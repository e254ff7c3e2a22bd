/*-------------------------------------------------------------------------
 *
 * status.c
 *		What status() shows of each migration, and version().
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/status.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "format/contexts.h"
#include "format/format.h"
#include "format/source.h"
#include "history/attempts.h"
#include "history/history.h"
#include "run/lock.h"
#include "run/match.h"
#include "run/precondition.h"
#include "run/reversible.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "util/names.h"
#include "util/printable.h"

/*
 * What a failure is looked up by.
 */
static char *
failure_key(const char *version, const char *name)
{
	return psprintf("%zu %s %s", strlen(version), version, name);
}

/*
 * The failures of the history (MigrateFailure), by that key.
 */
static MigrateNames *
failures_by_key(const MigrateHistory *history)
{
	MigrateNames *names = migrate_names_create();
	ListCell   *lc;

	foreach(lc, migrate_history_failures(history))
	{
		MigrateFailure *failure = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		(void) migrate_names_add(names, failure_key(failure->version, failure->name), failure);
	}
	return names;
}

static void
add_detail(MigrateItem *item, const char *detail)
{
	if (detail == NULL)
		return;
	item->detail = item->detail ? psprintf("%s; %s", item->detail, detail) : pstrdup(detail);
}

/*
 * What there is to say about an item, for status().
 */
static void
describe(MigrateRun *run, MigrateItem *item, const MigrateNames *failures, int runner)
{
	const char *version = migrate_item_version(item);
	const char *name = migrate_item_name(item);
	const char *setting;
	const char *created = item->file ? item->file->created : item->applied->created;
	const MigrateFailure *failure = NULL;

	if (item->applied == NULL)
	{
		List	   *vars;
		char	   *error;

		item->reversible = migrate_is_reversible(run, item->file, NULL, &vars, &error);
		add_detail(item, error);
	}
	else
	{
		item->reversible = item->applied->reversible;
		if (item->state == STATE_OUTDATED && item->file->always)
			add_detail(item, "runs always");
		if (item->up_changed && item->file->up.broken == NULL)
			add_detail(item, "up section has changed since it was applied");
		if (item->up_changed && strcmp(item->file->name, item->applied->name) != 0)
			add_detail(item, psprintf("was applied as \"%s\"", item->applied->file));
		if (item->down_changed && item->file->down.broken == NULL)
			add_detail(item, item->file->down.present ?
					   "down section has changed since it was stored" :
					   "down section has been removed from the file");
		add_detail(item, item->applied->down_error);
		if (item->file != NULL && item->file->down.broken != NULL)
			add_detail(item, psprintf("down section: %s", migrate_broken_reason(&item->file->down)));
	}
	if (item->replaced)
		add_detail(item, migrate_item_replaced(item));
	if (item->file != NULL && item->file->up.broken != NULL)
		add_detail(item, psprintf("up section: %s", migrate_broken_reason(&item->file->up)));
	if (item->file != NULL && item->applied == NULL &&
		migrate_choose(item->file, &setting) == CHOICE_UNDECIDED)
		add_detail(item, psprintf("%s does not decide whether it is to run", setting));
	if (item->file != NULL && item->applied == NULL && item->state != STATE_SKIPPED)
		add_detail(item, migrate_describe_preconditions(item->file));
	if (item->file != NULL && item->file->doubt != NULL)
		add_detail(item, psprintf("line %d: %s", item->file->doubt->line, item->file->doubt->message));
	if (item->state == STATE_IN_PROGRESS)
		add_detail(item, psprintf("going %s in process %d, after %d %s",
								  item->applied->going_down ? "down" : "up", runner,
								  item->applied->done,
								  item->applied->done == 1 ? "statement" : "statements"));
	if (item->state == STATE_INTERRUPTED)
		add_detail(item, psprintf("interrupted while going %s, after %d %s",
								  item->applied->going_down ? "down" : "up",
								  item->applied->done,
								  item->applied->done == 1 ? "statement" : "statements"));
	if (item->state == STATE_INTERRUPTED || item->state == STATE_OUTDATED || item->applied == NULL)
		failure = migrate_names_get(failures, failure_key(version, name));
	if (failure != NULL)
		add_detail(item, failure->reason);
	if (created != NULL)
		add_detail(item, psprintf("created %s", created));
}

/*
 * Every migration of directory and history, as a list of MigrateItem in order;
 * without a directory, only those of the history.  Changes nothing.
 */
List *
migrate_status_items(MigrateRequest *request)
{
	MigrateRun	run = {.request = request,.context = CurrentMemoryContext};
	MigrateNames *failures;
	int			runner;
	ListCell   *lc;

	migrate_warn_version();
	request->own_snapshot = true;
	request->skips_known = true;
	migrate_load_source(&run, migrate_location_or_setting(request));
	migrate_load_state(&run);
	migrate_check_changes(&run);
	runner = migrate_mark_running(&run);
	failures = failures_by_key(&request->history);
	foreach(lc, run.items)
	{
		MigrateItem *item = lfirst(lc);

		if (run.source == NULL && item->state == STATE_MISSING)
			item->state = STATE_APPLIED;	/* there is nothing to miss it in */
		describe(&run, item, failures, runner);
	}
	return run.items;
}

/*
 * The highest applied version, NULL if none is.
 */
const char *
migrate_highest_version(MigrateRequest *request)
{
	const AppliedMigration *highest = NULL;
	ListCell   *lc;

	migrate_warn_version();
	foreach(lc, migrate_history_read(&request->history, false))
	{
		const AppliedMigration *row = lfirst(lc);

		if (row->kind == KIND_REPEATABLE || (row->interrupted && !row->going_down))
			continue;
		if (highest == NULL || strcmp(row->sort_key, highest->sort_key) > 0)
			highest = row;
	}
	return highest ? highest->version : NULL;
}

/*
 * A state as status() shows it.
 */
const char *
migrate_state_name(MigrateState state)
{
	switch (state)
	{
		case STATE_PENDING:
			return "pending";
		case STATE_OUT_OF_ORDER:
			return "out of order";
		case STATE_SKIPPED:
			return "skipped";
		case STATE_APPLIED:
			return "applied";
		case STATE_BASELINE:
			return "baseline";
		case STATE_MODIFIED:
			return "modified";
		case STATE_OUTDATED:
			return "outdated";
		case STATE_MISSING:
			return "missing";
		case STATE_INTERRUPTED:
			return "interrupted";
		case STATE_IN_PROGRESS:
			return "running";
	}
	return NULL;				/* keep compiler quiet */
}
