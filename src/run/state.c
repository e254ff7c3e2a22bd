/*-------------------------------------------------------------------------
 *
 * state.c
 *		What a run knows before it does anything: files and history, side by side.
 *
 * Nothing is changed here, except that migrate_change_format() rewrites the keys
 * in the history when the format of the directory has changed.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/state.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "format/contexts.h"
#include "format/doubt.h"
#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/callback.h"
#include "run/configuration.h"
#include "run/known.h"
#include "run/lock.h"
#include "run/match.h"
#include "run/reversible.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/steps.h"
#include "script/script.h"
#include "tools/tools.h"
#include "util/guc.h"
#include "util/names.h"
#include "util/printable.h"

static void
read_history(MigrateRun *run)
{
	run->applied = migrate_history_read(&run->request->history, !run->request->own_snapshot);
	run->is_read = true;
}

/*
 * The format of the migration that was applied last; NULL if that is not known.
 */
static const char *
last_applied_format(const MigrateRun *run)
{
	for (int i = list_length(run->applied) - 1; i >= 0; i--)
	{
		const AppliedMigration *row = list_nth(run->applied, i);

		if (row->format != NULL)
			return row->format;
	}
	return NULL;
}

/*
 * Read the directory's migrations and the history together; fills run->applied and
 * run->items.  A run reads the latest history; a routine that only shows it uses
 * the snapshot of the transaction.
 */
void
migrate_load_state(MigrateRun *run)
{
	if (!run->is_read)
	{
		read_history(run);
		migrate_known_changed(run);
	}
	run->is_read = false;
	run->items = migrate_match(run->source ? migrate_source_set(run->source) : NULL,
							   run->applied);
}

/*
 * Do a section and a stored script differ in more than white space and
 * comments?  Their bytes do.  *accepted, if that is not NULL, is set if they do and one of
 * the checksums in "valid" allows it.
 */
static bool
has_changed(MigrateRun *run, const MigrateSection *section, const uint8 *stored_sha256,
			const List *valid, bool *accepted)
{
	char	   *stored;
	char	   *sql;
	bool		changed;

	if (section->broken != NULL)
		return true;
	stored = migrate_history_script(stored_sha256);
	if (stored == NULL)
		return true;			/* too large to have been kept */
	sql = migrate_source_text(run->source, section);
	changed = !migrate_script_same(stored, sql);
	if (changed && accepted != NULL)
		*accepted = migrate_changeset_is_valid(valid, stored, sql);
	pfree(sql);
	pfree(stored);
	return changed;
}

/*
 * Has an item a file that is applied, and no change in its up script that counts?
 */
static bool
is_unchanged(const MigrateItem *item)
{
	return item->file != NULL &&
		(item->state == STATE_APPLIED || item->state == STATE_BASELINE);
}

/*
 * Examine the items whose bytes differ from those recorded, and set the state of
 * those that have really changed.
 */
void
migrate_check_changes(MigrateRun *run)
{
	ListCell   *lc;

	foreach(lc, run->items)
	{
		MigrateItem *item = lfirst(lc);
		bool		accepted = false;

		if (item->up_changed)
			item->up_changed = has_changed(run, &item->file->up, item->applied->up_sha256,
										   item->file->valid_checksums, &accepted);
		if (item->down_changed && item->file->down.present && item->applied->has_down)
			item->down_changed = has_changed(run, &item->file->down, item->applied->down_sha256,
											 NIL, NULL);
		if (!is_unchanged(item))
			continue;
		if (item->file->kind == KIND_REPEATABLE &&
			(item->up_changed || item->file->always || migrate_configured_values_changed(run, item)))
		{
			item->state = STATE_OUTDATED;
			if (item->file->unread != NIL)
				migrate_source_parse(run->source, item->file);
		}
		else if (item->up_changed && !accepted)
			item->state = STATE_MODIFIED;
	}
}

/*
 * Report, in one NOTICE, which *.sql files of the directory are not migrations.
 */
void
migrate_report_ignored(MigrateRun *run)
{
	StringInfoData names;
	ListCell   *lc;
	MigrationSet *set = migrate_source_set(run->source);

	if (set->ignored == NIL)
		return;
	initStringInfo(&names);
	foreach(lc, set->ignored)
		appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "", (char *) lfirst(lc));
	ereport(NOTICE,
			(errmsg_plural("ignoring file that is not a migration: %s",
						   "ignoring files that are not migrations: %s",
						   list_length(set->ignored), names.data)));
}

/*
 * Where the files are: as requested, otherwise the directory of migrate.directory,
 * otherwise nowhere.
 */
MigrateLocation
migrate_location_or_setting(const MigrateRequest *request)
{
	MigrateLocation location = request->location;

	if (!migrate_location_is_given(&location) && migrate_directory[0] != '\0')
		location.dir = migrate_directory;
	return location;
}

/*
 * Is there a table of that name, in a schema or in the search_path, with that
 * column?  Only used to detect the tool that a directory belongs to.
 */
static bool
table_exists(const char *table, const char *column)
{
	const char *dot = strchr(table, '.');
	Oid			schema = dot ? get_namespace_oid(pnstrdup(table, dot - table), true) : InvalidOid;
	Oid			relid = dot == NULL ? RelnameGetRelid(table) :
		OidIsValid(schema) ? get_relname_relid(dot + 1, schema) : InvalidOid;

	return OidIsValid(relid) && migrate_tool_table_counts(relid, true) &&
		get_attnum(relid, column) != InvalidAttrNumber;
}

/*
 * Read a directory for a run, if there is one.  What the history was applied in
 * decides about its format, where the files leave a doubt.
 */
void
migrate_load_source(MigrateRun *run, MigrateLocation location)
{
	if (!migrate_location_is_given(&location))
		return;
	if (run->request->history.project != NULL)
		read_history(run);
	run->source = migrate_source_read(&location, run->request->format, last_applied_format(run),
									  table_exists, run->request->cache_texts, run->request->confined,
									  migrate_known_rows(run));
	migrate_use_configuration(run);
}

/*
 * If the caller has given another format than that of the history, go on in that
 * one: all rows get their sort keys of it.  55000 if two would have the same.
 */
void
migrate_change_format(MigrateRun *run)
{
	const char *old = last_applied_format(run);
	const char *format;
	const MigrateItem *previous = NULL;
	ListCell   *lc;

	if (run->request->format == NULL || run->source == NULL || old == NULL)
		return;
	format = migrate_format_name(migrate_source_set(run->source)->format);
	if (strcmp(format, old) == 0)
		return;
	foreach(lc, run->items)
	{
		const MigrateItem *item = lfirst(lc);

		if (item->applied == NULL)
			continue;
		if (previous != NULL && strcmp(item->applied->sort_key, previous->applied->sort_key) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("migrations \"%s\" and \"%s\" have the same version in format \"%s\"",
							previous->applied->file, item->applied->file, format)));
		previous = item;
	}
	migrate_record_keys(&run->request->history, run->applied, format);
	ereport(NOTICE,
			(errmsg("format of the history changes from \"%s\" to \"%s\"", old, format)));
}

/*
 * 58P01 if the directory of a run has no migrations: most likely it is not the one
 * that was meant.
 */
void
migrate_require_migrations(MigrateRun *run)
{
	const MigrationSet *set = migrate_source_set(run->source);

	if (set->migrations != NIL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FILE),
			 errmsg("%s has no migrations", migrate_directory_label(migrate_source_directory(run->source))),
			 errdetail("%s", migrate_source_describe_nothing(run->source)),
			 set->format != NULL ? 0 :
			 errhint("A migration has a name such as \"001_create_users.sql\".")));
}

/*
 * Where the files are, for routines that need some; 22023 if that is not given.
 */
MigrateLocation
migrate_require_location(const MigrateRequest *request)
{
	MigrateLocation location = migrate_location_or_setting(request);

	if (!migrate_location_is_given(&location))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no directory of migrations is given"),
				 errhint("Give it as \"%s\", or as \"%s\" where there is such an argument, or set \"%s\".",
						 "dir", "files", "migrate.directory")));
	return location;
}

/*
 * The directory of tenants has been read before.  What their histories were applied in
 * has not decided about its format: 55000 if it is another one.
 */
static void
require_same_format(const MigrateRun *run)
{
	const char *last = last_applied_format(run);
	const char *format = migrate_format_name(migrate_source_set(run->source)->format);

	if (run->request->format == NULL && last != NULL && strcmp(last, format) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("history of schema \"%s\" was applied in format \"%s\", and the directory is read in format \"%s\"",
						run->request->history.schema, last, format),
				 errhint("Give the format as \"%s\", or run the migrations of this schema with CALL migrate.up().",
						 "format")));
}

/*
 * Read the directory for a run that cannot do without.
 */
void
migrate_require_source(MigrateRun *run)
{
	if (run->is_tenant)
	{
		read_history(run);
		require_same_format(run);
		migrate_use_configuration(run);
		return;
	}
	migrate_load_source(run, migrate_require_location(run->request));
	migrate_require_migrations(run);
}

/*
 * May what is stored be replaced, which belongs to "author", NULL if that is not
 * known?  Files of the server are its administrator's, and may replace anything.
 * Those that the caller has sent are what the caller likes.
 */
bool
migrate_may_replace(const MigrateRun *run, const char *author)
{
	Oid			role;

	if (run->request->location.files == NULL)
		return true;
	role = author ? get_role_oid(author, true) : InvalidOid;
	return OidIsValid(role) ? has_privs_of_role(GetUserId(), role) : superuser();
}

/*
 * Warn that a stored script ("up", "down") is not replaced, for that reason.
 */
void
migrate_warn_not_replaced(const MigrateItem *item, const char *what, const char *author)
{
	ereport(WARNING,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("stored %s script of migration \"%s\" is not replaced", what,
					migrate_item_label(item)),
			 errdetail("It belongs to role \"%s\", whose privileges the current role does not have.",
					   author ? author : "(unknown)")));
}

/*
 * The author of a stored down script; where there is none, of the migration.
 */
const char *
migrate_down_author(const MigrateItem *item)
{
	return item->applied->has_down ? item->applied->down_role : item->applied->up_role;
}

/*
 * The items with a down section that apply() stores instead of the old one, or would
 * if it were allowed to ("allowed").  A file that has lost its down section does not
 * replace the stored one.
 */
static List *
changed_downs(MigrateRun *run, bool allowed)
{
	List	   *changed = NIL;
	ListCell   *lc;

	foreach(lc, run->items)
	{
		MigrateItem *item = lfirst(lc);

		if (is_unchanged(item) && item->down_changed && item->file->down.present &&
			item->file->down.broken == NULL &&
			migrate_may_replace(run, migrate_down_author(item)) == allowed)
			changed = lappend(changed, item);
	}
	return changed;
}

/*
 * The items whose stored down script apply() replaces.
 */
List *
migrate_changed_downs(MigrateRun *run)
{
	return changed_downs(run, true);
}

/*
 * Has the directory nothing to do?  Then it does not matter what of a newer one has
 * been interrupted.  "steps" are those of a quiet request.
 */
bool
migrate_has_nothing_to_do(MigrateRun *run, List *steps)
{
	ListCell   *lc;

	foreach(lc, steps)
	{
		if (((MigrateStep *) lfirst(lc))->file != NULL)
			return false;
	}
	return migrate_plan_busy(run->items, true) == NULL && migrate_changed_downs(run) == NIL;
}

/*
 * Warn, where nothing has been applied yet, if the tool that made the directory has
 * been at work in this database: it would all run once more.
 */
static void
warn_other_tool(const MigrateRun *run)
{
	const MigrateFormat *format = migrate_source_set(run->source)->format;
	MigrateToolTable *table;

	if (migrate_keep_in_step)
		return;					/* see in_step.c, which knows exactly */
	table = migrate_tool_table_of_format(migrate_format_name(format), run->request->history.schema,
										 migrate_configured_table(run));
	if (table != NULL)
		ereport(WARNING,
				(errmsg("another tool may have applied migrations to this database"),
				 errdetail("It would remember them in table %s.",
						   quote_qualified_identifier(table->schema, table->table)),
				 errhint("If so, take them over with migrate.adopt() first.")));
}

/*
 * A doubt about what is applied already stops nothing.
 */
static void
warn_doubts(const MigrateRun *run)
{
	ListCell   *lc;

	foreach(lc, run->items)
	{
		const MigrateItem *item = lfirst(lc);

		if (item->file != NULL && item->applied != NULL && !item->applied->interrupted)
			migrate_raise_doubt(item->file, false);
	}
}

/*
 * Would a run find nothing to do, and have nothing to say?  The history is in
 * run->applied, and has just been read.
 */
bool
migrate_is_up_to_date(MigrateRun *run)
{
	const char *last = last_applied_format(run);
	List	   *steps;
	ListCell   *lc;

	if (last != NULL && strcmp(last, migrate_format_name(migrate_source_set(run->source)->format)) != 0)
		return false;
	migrate_load_state(run);
	migrate_check_changes(run);
	foreach(lc, run->items)
	{
		const MigrateItem *item = lfirst(lc);

		if (item->state == STATE_INTERRUPTED ||
			(item->state == STATE_MODIFIED && migrate_on_modified != ON_MODIFIED_IGNORE))
			return false;
	}
	run->request->quiet = true;
	steps = migrate_plan_apply(run->items, run->request);
	run->request->quiet = false;
	foreach(lc, steps)
	{
		if (((MigrateStep *) lfirst(lc))->file != NULL)
			return false;
	}
	return changed_downs(run, true) == NIL && changed_downs(run, false) == NIL;
}

/*
 * Read the state before the lock is taken, so that an up-to-date release starts
 * during a long run.  Returns false if there is nothing to do, after all messages
 * have been sent.  Everything else is decided by reading again under the lock: what
 * is seen here may be changing.
 */
bool
migrate_load_before_up(MigrateRun *run)
{
	List	   *steps = NIL;
	bool		busy;
	bool		is_idle;
	const MigrateItem *unknown;
	ListCell   *lc;

	migrate_require_source(run);
	if (!run->is_tenant)
		migrate_report_ignored(run);
	migrate_load_state(run);
	migrate_check_changes(run);
	if (!run->is_tenant)
		warn_doubts(run);
	foreach(lc, changed_downs(run, false))
		migrate_warn_not_replaced(lfirst(lc), "down", migrate_down_author(lfirst(lc)));
	busy = migrate_plan_busy(run->items, true) != NULL;
	unknown = migrate_plan_busy(run->items, false);
	run->request->ignores_interrupted = unknown != NULL;
	if (!busy)
	{
		run->request->quiet = true;
		steps = migrate_plan_apply(run->items, run->request);
		run->request->quiet = false;
	}
	if (run->applied == NIL && steps != NIL)
		warn_other_tool(run);
	is_idle = migrate_has_nothing_to_do(run, steps);
	list_free_deep(steps);
	if (!is_idle || migrate_callbacks_are_due(run))
	{
		run->request->ignores_interrupted = false;
		return true;
	}
	(void) migrate_plan_apply(run->items, run->request);
	if (unknown != NULL)
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("migration \"%s\" of a newer directory is running or has been interrupted",
						migrate_item_label(unknown)),
				 errdetail("This directory has nothing to apply.")));
	return false;
}

/*
 * The same for undoing.
 */
bool
migrate_load_before_down(MigrateRun *run)
{
	migrate_load_source(run, run->request->location);
	if (run->source != NULL)
		migrate_require_migrations(run);
	migrate_load_state(run);
	return migrate_plan_busy(run->items, true) != NULL || migrate_plan_busy(run->items, false) != NULL ||
		migrate_plan_rollback(run->items, run->applied, run->request) != NIL;
}

/*
 * What looks interrupted is running as long as a process holds the run lock.
 * Returns that process, or 0.
 */
int
migrate_mark_running(MigrateRun *run)
{
	int			runner = 0;
	ListCell   *lc;

	if (migrate_plan_busy(run->items, true) == NULL && migrate_plan_busy(run->items, false) == NULL)
		return 0;
	runner = migrate_lock_runner(run->request->history.project, run->request->history.schema);
	foreach(lc, run->items)
	{
		MigrateItem *item = lfirst(lc);

		if (runner != 0 && item->state == STATE_INTERRUPTED)
			item->state = STATE_IN_PROGRESS;
	}
	return runner;
}
