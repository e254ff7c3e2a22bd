/*-------------------------------------------------------------------------
 *
 * repair.c
 *		repair(): accept changed files, or say what an interrupted migration is.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/repair.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/apply.h"
#include "run/configuration.h"
#include "run/match.h"
#include "run/reversible.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/step.h"
#include "run/variable_values.h"
#include "util/guc.h"
#include "util/printable.h"

/*
 * Is there a changed file to accept?  That of an interrupted migration is still
 * being worked on, that of a repeatable one is to run again.
 */
static bool
needs_repair(const MigrateItem *item)
{
	return (item->up_changed || item->down_changed) && item->state != STATE_INTERRUPTED &&
		item->state != STATE_OUTDATED;
}

/*
 * The caller's own files do not replace what belongs to others.  Warns of that if
 * "warn".
 */
static void
exclude_others_scripts(MigrateRun *run, bool warn)
{
	ListCell   *lc;

	foreach(lc, run->items)
	{
		MigrateItem *item = lfirst(lc);

		if (!needs_repair(item))
			continue;
		if (item->up_changed && !migrate_may_replace(run, item->applied->up_role))
		{
			if (warn)
				migrate_warn_not_replaced(item, "up", item->applied->up_role);
			item->up_changed = false;
		}
		if (item->down_changed && !migrate_may_replace(run, migrate_down_author(item)))
		{
			if (warn)
				migrate_warn_not_replaced(item, "down", migrate_down_author(item));
			item->down_changed = false;
		}
	}
}

static MigrateRepair *
repair_item(MigrateRun *run, MigrateItem *item)
{
	MigrateRepair *repair = palloc0(sizeof(MigrateRepair));
	Migration  *file = item->file;
	char	   *up = NULL;
	char	   *down = NULL;
	List	   *up_vars = NIL;
	List	   *vars;
	char	   *error;
	bool		reversible;

	if (item->up_changed)
	{
		up = migrate_source_text(run->source, &file->up);
		up_vars = migrate_configured_values(run, file, up);
	}
	if (up_vars == NIL)
		up_vars = migrate_own_variables(item->applied->up_vars, item->applied->up_role);
	if (item->down_changed && file->down.present)
		down = migrate_source_text(run->source, &file->down);
	reversible = migrate_is_reversible(run, file, item->applied, &vars, &error);
	migrate_warn_down(error);
	migrate_source_digest(run->source, file);
	migrate_record_replace(&run->request->history, item->file, item->applied, item->down_changed, up,
						   up_vars, down, vars, reversible, error);
	repair->version = file->version;
	repair->name = file->name;
	repair->action = item->up_changed && item->down_changed ? "up and down script replaced" :
		item->up_changed ? "up script replaced" :
		file->down.present ? "down script replaced" : "down script removed";
	return repair;
}

/*
 * Set the state of one migration as the caller says, without running anything.  For
 * a repeatable one that has changed, "applied" means the current file, with the values that
 * it has now.
 */
static List *
repair_state(MigrateRun *run)
{
	MigrateRepair *repair = palloc0(sizeof(MigrateRepair));
	bool		applied = strcmp(run->request->state, "applied") == 0;
	MigrateItem *item;

	if (!applied && strcmp(run->request->state, "pending") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized state: \"%s\"", run->request->state),
				 errhint("Valid states are \"applied\" and \"pending\".")));
	migrate_load_source(run, migrate_location_or_setting(run->request));
	migrate_lock_and_load(run);
	item = migrate_match_find(run->items, run->request->target);
	if (applied && item->state == STATE_OUTDATED)
		item->up_changed |= migrate_configured_values_changed(run, item);
	if (applied && item->state == STATE_OUTDATED && item->up_changed)
	{
		if (migrate_may_replace(run, item->applied->up_role) &&
			(!item->down_changed || migrate_may_replace(run, migrate_down_author(item))))
			return list_make1(repair_item(run, item));
		migrate_warn_not_replaced(item, "up", item->applied->up_role);
		return NIL;
	}
	if (applied ? item->applied && !item->applied->interrupted : !item->applied)
		return NIL;				/* it is so already */
	if (item->applied != NULL)
		migrate_record_repaired(&run->request->history, item->applied, applied);
	else
		migrate_record_unrun(run, item->file, migrate_new_unrun_result(run, item->file), GetCurrentTimestamp(),
							 "repaired");
	repair->version = migrate_item_version(item);
	repair->name = migrate_item_name(item);
	repair->action = applied ? "recorded as applied" : "recorded as pending";
	return list_make1(repair);
}

/*
 * The objects are recorded as they are, even if no file has changed.
 */
static void
accept_objects(MigrateRun *run)
{
	PreventCommandDuringRecovery("migrate.repair()");
	PreventCommandIfReadOnly("migrate.repair()");
	migrate_require_version();
	run->has_changed = true;
}

/*
 * repair(): accept changed files of applied migrations, or set the state of one.
 * Returns a list of MigrateRepair.
 */
List *
migrate_run_repair(MigrateRun *run)
{
	List	   *repairs = NIL;
	bool		needed = false;
	ListCell   *lc;

	run->request->confined = true;
	if (migrate_record_objects)
		accept_objects(run);
	if ((run->request->target == NULL) != (run->request->state == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"version\" and \"state\" must be given together"),
				 errhint("For example: migrate.repair(version => '%s', state => 'applied').", "001")));
	if (run->request->state != NULL)
		return repair_state(run);

	migrate_require_source(run);
	migrate_load_state(run);
	migrate_check_changes(run);
	exclude_others_scripts(run, true);
	foreach(lc, run->items)
		needed |= needs_repair(lfirst(lc));
	if (!needed)
		return NIL;
	migrate_lock_and_load(run);
	exclude_others_scripts(run, false);
	foreach(lc, run->items)
	{
		MigrateItem *item = lfirst(lc);

		if (needs_repair(item))
			repairs = lappend(repairs, repair_item(run, item));
	}
	return repairs;
}
