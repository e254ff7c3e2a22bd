/*-------------------------------------------------------------------------
 *
 * in_step.c
 *		Keeps the table of the tool whose format a directory has in step with the
 *		history: migrate.keep_in_step.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/in_step.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/guc.h"

#include "format/format.h"
#include "format/source.h"
#include "run/adopt.h"
#include "run/callback.h"
#include "run/candidates.h"
#include "run/configuration.h"
#include "run/in_step.h"
#include "run/match.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/variable_values.h"
#include "tools/tools.h"
#include "util/guc.h"
#include "util/printable.h"

/*
 * What is known while a tool's table is kept in step.
 */
typedef struct MigrateInStep
{
	MigrateToolTable *tool_table;
	Oid			role;			/* that writes it: the one that has called */
	bool		session;		/* the tool's lock is held for the session */
	MigrateItem **items;		/* versioned ones, in their order ... */
	bool	   *applied;		/* ... and which of them are now */
	int			n;
	int			highest;		/* index of the highest that is; -1: none is */
} MigrateInStep;

/*
 * The item of a step.
 */
static MigrateItem
item_of(const MigrateStep *step)
{
	return (MigrateItem)
	{
		.file = step->file,.applied = step->applied
	};
}

/*
 * The index of the versioned migration with that key, -1 if there is none.
 */
static int
find_index(const MigrateInStep *in_step, const char *sort_key)
{
	int			low = 0;
	int			high = in_step->n - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		int			order = strcmp(migrate_item_sort_key(in_step->items[middle]), sort_key);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

static void
set_applied(MigrateInStep *in_step, const MigrateStep *step)
{
	MigrateItem item = item_of(step);
	int			i = migrate_item_is_repeatable(&item) ? -1 : find_index(in_step, migrate_item_sort_key(&item));

	if (i < 0)
		return;
	in_step->applied[i] = step->direction == MIGRATE_UP;
	if (in_step->applied[i])
		in_step->highest = Max(in_step->highest, i);
	while (in_step->highest >= 0 && !in_step->applied[in_step->highest])
		in_step->highest--;
}

/*
 * The versioned items of a run, and which of them are applied.
 */
static void
set_items(MigrateInStep *in_step, List *items)
{
	ListCell   *lc;

	in_step->items = palloc(Max(list_length(items), 1) * sizeof(MigrateItem *));
	in_step->applied = palloc(Max(list_length(items), 1) * sizeof(bool));
	in_step->n = 0;
	in_step->highest = -1;
	foreach(lc, items)
	{
		MigrateItem *item = lfirst(lc);

		if (migrate_item_is_repeatable(item))
			continue;
		in_step->items[in_step->n] = item;
		in_step->applied[in_step->n] = item->applied != NULL;
		if (item->applied != NULL)
			in_step->highest = in_step->n;
		in_step->n++;
	}
}

/*
 * 55000 if the run would leave a migration that is not applied below one that is,
 * in the table of a tool to which a version means all up to it.
 */
static void
refuse_gaps(const MigrateInStep *in_step, List *downs, List *ups)
{
	MigrateInStep after = *in_step;
	ListCell   *lc;

	after.applied = palloc(Max(in_step->n, 1) * sizeof(bool));
	memcpy(after.applied, in_step->applied, in_step->n * sizeof(bool));
	foreach(lc, downs)
		set_applied(&after, lfirst(lc));
	foreach(lc, ups)
		set_applied(&after, lfirst(lc));
	for (int i = 0; i < after.highest; i++)
	{
		if (after.applied[i])
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot keep table \"%s\" in step: migration \"%s\" would stay pending below \"%s\"",
						in_step->tool_table->table, migrate_item_label(after.items[i]),
						migrate_item_label(after.items[after.highest])),
				 errdetail("To %s, a version is applied with all before it.",
						   in_step->tool_table->tool->name)));
	}
}

/*
 * Is a migration of that key undone by one of the steps?
 */
static bool
is_undone(List *downs, const char *sort_key)
{
	ListCell   *lc;

	foreach(lc, downs)
	{
		const MigrateStep *step = lfirst(lc);

		if (step->applied != NULL && strcmp(step->applied->sort_key, sort_key) == 0)
			return true;
	}
	return false;
}

/*
 * 55000 if the tool has applied one of the steps already, which is not undone before:
 * sync() replaces a migration by another one of the same version.
 */
static void
refuse_applied_by_tool(const MigrateInStep *in_step, const MigrateCandidate *candidate, List *downs,
					   List *ups)
{
	const MigrateToolTable *tool_table = in_step->tool_table;
	ListCell   *lc;

	/* what is repeatable may well run again */
	if (candidate == NULL || candidate->item->applied != NULL || candidate->item->file == NULL ||
		migrate_item_is_repeatable(candidate->item) ||
		is_undone(downs, migrate_item_sort_key(candidate->item)))
		return;
	foreach(lc, ups)
	{
		if (((MigrateStep *) lfirst(lc))->file != candidate->item->file)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s has already applied migration \"%s\"", tool_table->tool->name,
						migrate_item_label(candidate->item)),
				 errdetail("It is in table \"%s.%s\".", tool_table->schema, tool_table->table),
				 errhint("Take over what it has applied with migrate.adopt().")));
	}
}

/*
 * Do the rows of the tool's table allow the steps?  It has completed what it began,
 * and what is pending here is pending there.
 */
static void
check_rows(const MigrateRun *run, List *downs, List *ups)
{
	const MigrateInStep *in_step = run->in_step;
	const MigrateToolTable *tool_table = in_step->tool_table;
	List	   *rows = migrate_tool_table_read(tool_table, NULL);
	MigrateCandidates *candidates;
	ListCell   *lc;

	migrate_require_finished(tool_table, rows);
	candidates = migrate_candidates(run->items, tool_table, NULL);
	foreach(lc, rows)
	{
		const MigrateToolRow *row = lfirst(lc);
		MigrateCandidate *candidate;
		bool		repeated;
		ListCell   *before;

		CHECK_FOR_INTERRUPTS();
		if (row->through)
		{
			foreach(before, migrate_candidates_before(candidates, row))
				refuse_applied_by_tool(in_step, lfirst(before), downs, ups);
		}
		candidate = migrate_candidate_find(candidates, row, &repeated);
		refuse_applied_by_tool(in_step, candidate, downs, ups);
		if (candidate != NULL)
			candidate->matched = true;
	}
}

/*
 * The format of a step's directory; NULL if that is not known.
 */
static const char *
format_of(const MigrateStep *step)
{
	return step->file ? step->file->format : step->applied->format;
}

/*
 * The table of the tool, found as adopt() finds it: with the search_path of the caller,
 * also if the run has entered a schema.  NULL if there is none.
 */
static MigrateToolTable *
find_table(const MigrateRun *run, const char *format)
{
	int			guc_level = NewGUCNestLevel();
	MigrateToolTable *tool_table;

	if (run->callers_path != NULL)
		(void) set_config_option("search_path", run->callers_path, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	tool_table = migrate_tool_table_of_format(format, run->request->history.schema, migrate_configured_table(run));
	AtEOXact_GUC(true, guc_level);
	return tool_table;
}

/*
 * If migrate.keep_in_step is on, and there are steps, find the table of the tool
 * whose format they have, take its lock, and check that the run can be recorded
 * there: before anything runs, under the run lock, and in a memory context that lives
 * as long as the run.
 *
 * Errors: 0A000 for a format that has no such tool; 42P01 without the table; 42501 if
 * it must not be written; 55P03 if the tool runs; 55000 if the tool has applied one
 * of the steps, or cannot record them.
 */
void
migrate_in_step_begin(MigrateRun *run, List *downs, List *ups)
{
	const MigrateStep *first = ups != NIL ? linitial(ups) : downs != NIL ? linitial(downs) : NULL;
	MemoryContext old;
	MigrateInStep *in_step;
	MigrateToolTable *tool_table;
	const char *format;

	/* callbacks are not recorded there */
	if (!migrate_keep_in_step || migrate_count_migrations(downs) + migrate_count_migrations(ups) == 0)
		return;
	format = format_of(first);
	if (format == NULL || !migrate_tool_can_record(format))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 format == NULL ? errmsg("cannot keep another tool in step: the format of the migrations is not known") :
				 errmsg("cannot keep another tool in step with format \"%s\"", format),
				 errhint("Formats that can be are %s. Else turn migrate.keep_in_step off.",
						 migrate_tools_recorded())));
	old = MemoryContextSwitchTo(run->context);
	tool_table = find_table(run, format);
	if (tool_table == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no table of %s to keep in step", format),
				 errhint("Put its schema into search_path, let the tool create it, or turn migrate.keep_in_step off.")));
	migrate_tool_require_plain(tool_table, GetUserId());
	in_step = palloc0(sizeof(MigrateInStep));
	in_step->tool_table = tool_table;
	in_step->role = GetUserId();
	in_step->session = run->request->commits;
	set_items(in_step, run->items);

	/* set first: what is locked for the session must be unlocked */
	run->in_step = in_step;
	if (in_step->session)
		migrate_tool_table_lock_session(tool_table);
	else
		migrate_tool_table_lock(tool_table);
	check_rows(run, downs, ups);
	if (tool_table->tool->through != NULL && tool_table->tool->checksum == NULL)
		refuse_gaps(in_step, downs, ups);
	MemoryContextSwitchTo(old);
}

/*
 * A migration that commits may have dropped the session's locks.
 */
void
migrate_in_step_relock(const MigrateRun *run)
{
	if (run->in_step != NULL && run->in_step->session)
		migrate_tool_table_relock_session(run->in_step->tool_table);
}

/*
 * What the tool knows the migration of a step by; NULL for a repeatable one, which
 * has only a title.
 */
static const char *
tool_id(const MigrateTool *tool, const MigrateItem *item)
{
	const char *file = migrate_item_file(item);

	switch (tool->key)
	{
		case KEY_FILE:
			return migrate_base_name(file);
		case KEY_FOLDER:
			return pnstrdup(file, strcspn(file, "/"));
		default:
			return migrate_item_is_repeatable(item) ? NULL : migrate_item_version(item);
	}
}

/*
 * What the tool's checksum of a step is about: its file, or the stored script, as it is
 * written, which the tools that have one record of whole files.
 */
static MigrateChecksumInput
checksum_input(MigrateRun *run, const MigrateStep *step, const char *script)
{
	MigrateChecksumInput in = {.file = step->file};

	if (step->file != NULL)
		in.bytes = migrate_source_bytes(run->source, step->file->up.file, &in.length, &in.sql);
	else if (script != NULL)
	{
		in.bytes = pg_server_to_any(script, strlen(script), PG_UTF8);
		in.length = strlen(in.bytes);
		in.sql = script;
	}
	return in;
}

/*
 * Flyway's checksum of a repeatable migration is that of its text with values.
 */
static void
put_in_values(MigrateRun *run, const MigrateStep *step, MigrateChecksumInput *in)
{
	List	   *used;
	char	   *sql = migrate_text_with_values(run, step->file, step->applied, in->sql, &used);

	if (sql == NULL || sql == in->sql)
		return;
	in->sql = sql;
	in->length = strlen(sql);
	in->bytes = migrate_file_bytes(sql, &in->length);
}

/*
 * Record a step in the tool's table, if one is kept in step, in the transaction that
 * records it in the history.  "script" is its text as it is written, NULL if nothing ran.
 */
void
migrate_in_step_record(MigrateRun *run, const MigrateStep *step, const MigrateResult *result,
					   TimestampTz started, const char *script)
{
	MigrateInStep *in_step = run->in_step;
	const MigrateTool *tool;
	MigrateItem item = item_of(step);
	MigrateToolRecord record = {.duration = result->duration,.started = started};

	if (in_step == NULL)
		return;
	tool = in_step->tool_table->tool;
	set_applied(in_step, step);
	record.id = tool_id(tool, &item);
	record.title = migrate_item_name(&item);
	record.path = migrate_configured_path(run, migrate_item_file(&item));
	if (in_step->highest >= 0)
		record.last = migrate_item_version(in_step->items[in_step->highest]);
	if (step->direction == MIGRATE_UP && migrate_tool_has_checksum(tool))
	{
		MigrateChecksumInput in = checksum_input(run, step, script);

		if (in.bytes != NULL && tool->key == KEY_DOTTED && step->file != NULL &&
			step->file->kind == KIND_REPEATABLE)
			put_in_values(run, step, &in);
		if (in.bytes != NULL)
			record.checksum = migrate_tool_checksum(tool, &in);
	}
	migrate_tool_record(in_step->tool_table, step->direction == MIGRATE_UP, &record, in_step->role);
}

/*
 * Give the tool's lock back, also after an error.
 */
void
migrate_in_step_end(const MigrateRun *run)
{
	if (run->in_step != NULL && run->in_step->session)
		migrate_tool_table_unlock_session(run->in_step->tool_table);
}
