/*-------------------------------------------------------------------------
 *
 * sync.c
 *		sync(): undo what is applied and not in the directory, then apply what is
 *		pending.  For development, where a directory changes with its branch.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/sync.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "files/files.h"
#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/apply.h"
#include "run/callback.h"
#include "run/check.h"
#include "run/findings.h"
#include "run/in_step.h"
#include "run/known.h"
#include "run/match.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/step.h"
#include "run/steps.h"
#include "util/guc.h"
#include "util/printable.h"

static void
require_allowed(void)
{
	if (migrate_allow_sync)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("migrate.sync() is not allowed in this database"),
			 errdetail("It undoes every migration that is not in the directory, and is for development only."),
			 errhint("A superuser can allow it with ALTER DATABASE ... SET migrate.allow_sync = on.")));
}

/*
 * Is the applied migration of an item not in the directory?  Another one may have its
 * version by now.
 */
static bool
is_foreign(const MigrateItem *item)
{
	return item->file == NULL ||
		(item->state == STATE_MODIFIED && strcmp(item->file->name, item->applied->name) != 0);
}

/*
 * 55000 unless at least one applied migration is in the directory: most likely it is
 * not the one that was meant.
 */
static void
require_common_migration(const MigrateRun *run)
{
	ListCell   *lc;

	foreach(lc, run->applied)
	{
		if (!is_foreign(((AppliedMigration *) lfirst(lc))->item))
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s has none of the applied migrations",
					migrate_directory_label(migrate_source_directory(run->source))),
			 errdetail("Everything would be undone."),
			 errhint("If that is what you want, use migrate.reset() and migrate.apply() for the same project and schema.")));
}

/*
 * The steps that undo what is not in the directory, last applied first; *remaining are
 * the other rows.  What baseline() has recorded stays: migrate does not know what
 * created it.
 */
static List *
plan_undoing(const MigrateRun *run, List **remaining)
{
	List	   *steps = NIL;
	ListCell   *lc;

	*remaining = NIL;
	foreach(lc, run->applied)
	{
		AppliedMigration *row = lfirst(lc);
		MigrateStep *step;

		if (row->baseline || !is_foreign(row->item))
		{
			*remaining = lappend(*remaining, row);
			continue;
		}
		step = palloc0(sizeof(MigrateStep));
		step->direction = MIGRATE_DOWN;
		step->applied = row;
		steps = lcons(step, steps);
	}
	return steps;
}

/*
 * sync(): make the database that of the directory.  Everything is checked before the
 * first migration is undone.  Returns a list of MigrateResult, those undone first.
 *
 * Errors: 55000 if the setting does not allow it, if no applied migration is in the
 * directory, or if one to be undone has no down script; else as apply() and rollback().
 */
List *
migrate_run_sync(MigrateRun *run)
{
	List	   *remaining;
	List	   *downs;
	List	   *ups;

	require_allowed();
	run->request->cache_texts = true;
	migrate_require_source(run);
	migrate_report_ignored(run);
	migrate_lock_and_load(run);
	if (run->applied != NIL)
		require_common_migration(run);
	migrate_plan_require_uninterrupted(run->items, run->request);
	downs = migrate_add_callbacks(run, plan_undoing(run, &remaining), MIGRATE_DOWN);
	migrate_enter_schema(run->request->history.schema, GUC_ACTION_SAVE);
	migrate_check_down_steps(run, downs);

	/* what is pending then, and in which order */
	run->applied = remaining;
	run->items = migrate_match(migrate_source_set(run->source), remaining);
	migrate_check_changes(run);
	ups = migrate_add_callbacks(run, migrate_plan_apply(run->items, run->request), MIGRATE_UP);
	migrate_check_up_steps(run, ups, downs != NIL);
	migrate_check_findings(run, downs, ups);
	migrate_replace_downs(run, migrate_changed_downs(run));
	migrate_refresh_digests(run);
	migrate_in_step_begin(run, downs, ups);
	downs = migrate_run_steps(run, downs);
	return list_concat(downs, migrate_run_steps(run, ups));
}
