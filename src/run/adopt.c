/*-------------------------------------------------------------------------
 *
 * adopt.c
 *		Takes over the history of another tool.
 *
 * The tool's table has what has been applied, and the directory has the text of it.
 * Both are matched by what identifies a migration to the tool, and recorded.  The
 * table is not changed.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/adopt.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "format/format.h"
#include "format/manifest.h"
#include "format/source.h"
#include "history/history.h"
#include "run/adopt.h"
#include "run/apply.h"
#include "run/candidates.h"
#include "run/configuration.h"
#include "run/reversible.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/step.h"
#include "run/state.h"
#include "run/variable_values.h"
#include "tools/tools.h"
#include "util/printable.h"
#include "variables/variables.h"

/* one beyond is kept as any other: the next numbers are above it */
#define MAX_TOOL_BATCH	1000000000

/*
 * What is known while a history is taken over.
 */
typedef struct Adoption
{
	MigrateRun *run;
	MigrateToolTable *tool_table;
	const char *manifest;		/* text of the file about the others, or NULL */
	MigrateNames *sums;			/* that it has of them, or NULL */
	MigrateCandidates *candidates;
	int			tool_batch;		/* the last one, and the one it is here */
	List	   *results;		/* of MigrateAdopted */
	MemoryContext scratch;		/* of one migration */
} Adoption;

/*
 * The number of the batch that a row is recorded in: all that is adopted at once
 * is one, unless the tool has batches.  Those keep their numbers as long as nothing
 * else has had them.
 */
static int
batch_of(Adoption *adoption, const MigrateToolRow *row)
{
	MigrateRun *run = adoption->run;

	if (run->batch == 0)
		run->batch = migrate_history_next_batch(&run->request->history);
	if (row->batch > 0 && row->batch < MAX_TOOL_BATCH && row->batch != adoption->tool_batch)
	{
		if (adoption->tool_batch != 0)
			run->batch = migrate_batch_after(run->batch);
		run->batch = Max(row->batch, run->batch);
		adoption->tool_batch = row->batch;
	}
	return run->batch;
}

/*
 * Record a migration as applied, with the texts of its file.
 */
static void
record(Adoption *adoption, Migration *file, const MigrateToolRow *row)
{
	MigrateRun *run = adoption->run;
	MigrateResult result = {
		.version = file->version,
		.name = file->name,
		.batch = batch_of(adoption, row),
		.duration = row->duration,
		.applied_at = row->has_time ? row->applied_at : 0,
		.applied_by = row->applied_by
	};
	MemoryContext old = MemoryContextSwitchTo(adoption->scratch);

	migrate_record_unrun(run, file, &result,
						 row->has_time ? row->applied_at : GetCurrentTimestamp(), "adopted");
	MemoryContextSwitchTo(old);
	MemoryContextReset(adoption->scratch);
}

static void
report(Adoption *adoption, const char *version, const char *name, const MigrateToolRow *row,
	   const char *note)
{
	MigrateAdopted *result = palloc0(sizeof(MigrateAdopted));

	result->version = version;
	result->name = name;
	result->has_time = row->has_time;
	result->applied_at = row->applied_at;
	result->note = note;
	adoption->results = lappend(adoption->results, result);
}

/*
 * Flyway's checksum of a repeatable migration is that of its text with values.
 */
static bool
is_same_with_values(Adoption *adoption, const Migration *file, const MigrateChecksumInput *in, const char *recorded)
{
	MigrateChecksumInput with_values = *in;
	List	   *used;
	char	   *sql;

	if (adoption->tool_table->tool->key != KEY_DOTTED || file->kind != KIND_REPEATABLE)
		return false;
	sql = migrate_text_with_values(adoption->run, file, NULL, in->sql, &used);
	if (sql == NULL)
		return false;
	with_values.length = strlen(sql);
	with_values.bytes = migrate_file_bytes(sql, &with_values.length);
	return adoption->tool_table->tool->check(&with_values, recorded) == CHECKED_SAME;
}

/*
 * Is the file the one that the tool has applied?
 */
static MigrateChecked
check_file(Adoption *adoption, const Migration *file, const MigrateToolRow *row)
{
	const MigrateTool *tool = adoption->tool_table->tool;
	MigrateChecksumInput in = {.file = file,.sums = adoption->sums};
	MemoryContext old;
	MigrateChecked checked;

	if (tool->check == NULL || row->checksum == NULL)
		return CHECKED_SAME;
	old = MemoryContextSwitchTo(adoption->scratch);
	in.bytes = migrate_source_bytes(adoption->run->source, file->up.file, &in.length, &in.sql);
	checked = in.bytes == NULL ? CHECKED_CHANGED : tool->check(&in, row->checksum);
	if (checked == CHECKED_CHANGED && in.bytes != NULL && is_same_with_values(adoption, file, &in, row->checksum))
		checked = CHECKED_SAME;
	MemoryContextSwitchTo(old);
	return checked;
}

/*
 * A migration that the tool has applied.
 */
static void
adopt_item(Adoption *adoption, MigrateCandidate *candidate, const MigrateToolRow *row)
{
	Migration  *file = candidate->item->file;
	MigrateChecked checked;

	CHECK_FOR_INTERRUPTS();
	if (candidate->matched)
		return;
	candidate->matched = true;
	if (candidate->item->applied != NULL)
		return;					/* it is known here already */
	if (candidate->item->state == STATE_SKIPPED && !candidate->item->replaced)
	{
		report(adoption, file->version, file->name, row,
			   "skipped by its contexts or labels: not recorded");
		return;
	}
	checked = check_file(adoption, file, row);
	if (checked == CHECKED_CHANGED && file->kind == KIND_REPEATABLE)
	{
		report(adoption, file->version, file->name, row,
			   "its file has changed since: not recorded, so that it runs again");
		return;
	}
	record(adoption, file, row);
	report(adoption, file->version, file->name, row,
		   checked == CHECKED_CHANGED ? "its file has changed since: the checksum is another one" :
		   checked == CHECKED_UNKNOWN ? "its checksum cannot be compared" : NULL);
}

/*
 * A row for all migrations up to one: those before.
 */
static void
adopt_through(Adoption *adoption, const MigrateToolRow *row)
{
	MigrateToolRow before = {.has_time = row->has_time,.applied_at = row->applied_at};
	ListCell   *lc;

	foreach(lc, migrate_candidates_before(adoption->candidates, row))
		adopt_item(adoption, lfirst(lc), &before);
}

static void
adopt_row(Adoption *adoption, const MigrateToolRow *row)
{
	const MigrateTool *tool = adoption->tool_table->tool;
	MigrateCandidate *candidate;
	bool		repeated;

	if (row->through)
		adopt_through(adoption, row);
	candidate = migrate_candidate_find(adoption->candidates, row, &repeated);
	if (candidate != NULL)
		adopt_item(adoption, candidate, row);
	else if (row->through && tool->checksum != NULL)
		return;					/* a baseline is not a migration itself */
	else if (!repeated || tool->key == KEY_CHANGE)
		report(adoption, row->id ? row->id : tool->key == KEY_DOTTED ? "R" : "", row->title ? row->title : "", row,
			   "there is no such file: not recorded");
}

/*
 * Is a word one of those in a list?
 */
static bool
has_word(const char *list, const char *word)
{
	int			n = strlen(word);

	for (const char *p = strstr(list, word); p != NULL; p = strstr(p + 1, word))
		if ((p == list || p[-1] == ' ') && (p[n] == '\0' || p[n] == ' '))
			return true;
	return false;
}

/*
 * A version that is no number, NaN or Infinity would count as beyond all of the
 * directory where a row says that all up to it is applied, and its digits as
 * another version elsewhere: 55000.
 */
static void
refuse_no_number(const MigrateToolTable *tool_table, const MigrateToolRow *row)
{
	const MigrateTool *tool = tool_table->tool;
	const char *id = row->id ? row->id : "";
	const char *digits = *id == '-' ? id + 1 : id;
	const char *valid = "0123456789";

	if (!has_word(tool->columns, psprintf("%s:N", tool->id)))
	{
		if (!row->through || tool->key != KEY_DOTTED)
			return;
		digits = id;
		valid = "0123456789.";
	}
	if (*digits >= '0' && *digits <= '9' && strspn(digits, valid) == strlen(digits))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("version \"%s\" in table \"%s\" is not a valid version number", id, tool_table->table),
			 errhint("Repair it with what applied it, then try again.")));
}

/*
 * 55000 if one of the rows (MigrateToolRow) is a migration that the tool has begun but
 * not completed, which the tool has to resolve first; or has no valid version.
 */
void
migrate_require_finished(const MigrateToolTable *tool_table, List *rows)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		const MigrateToolRow *row = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (row->failure != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("migration \"%s\" is in an unfinished state in table \"%s\"",
							row->id ? row->id : row->title ? row->title : "", tool_table->table),
					 errdetail("%s", row->failure),
					 errhint("Repair it with what applied it, then try again.")));
		refuse_no_number(tool_table, row);
	}
}

/*
 * Read the directory as that of the tool: if the caller has not named it, what the
 * files look like counts as well, as long as it fits.
 */
static void
read_directory(Adoption *adoption)
{
	MigrateRun *run = adoption->run;
	const MigrateTool *tool = adoption->tool_table->tool;
	char	   *usual = pnstrdup(tool->formats, strcspn(tool->formats, " "));
	const char *found;

	run->request->format = run->request->tool && strcmp(usual, tool->formats) == 0 ? usual : NULL;
	migrate_require_source(run);
	found = migrate_format_name(migrate_source_set(run->source)->format);
	if (!has_word(tool->formats, found))
	{
		run->request->format = usual;
		migrate_require_source(run);
	}
}

/*
 * The file about the others, if the tool has one that matters.
 */
static void
read_manifest(Adoption *adoption)
{
	const MigrateLayout *layout = migrate_source_set(adoption->run->source)->layout;
	const char *manifest = adoption->tool_table->tool->manifest;
	const char *sql;
	int			length;

	if (manifest != NULL && layout != NULL && layout->manifest != NULL)
		manifest = layout->manifest;
	if (manifest != NULL &&
		migrate_source_bytes(adoption->run->source, manifest, &length, &sql) != NULL)
		adoption->manifest = pstrdup(sql);
	if (adoption->manifest != NULL && adoption->tool_table->tool->check != NULL)
		adoption->sums = migrate_atlas_sums(adoption->manifest);
}

/*
 * adopt(): record what another tool has applied: request->tool and request->tool_table
 * say which, and request->location has the files.  Returns a list of MigrateAdopted, one
 * for each migration that was recorded, or that there is something to say about.
 *
 * Errors: those of tool_table.c, and 55000 if the tool has one that is neither
 * applied nor not.
 */
List *
migrate_run_adopt(MigrateRun *run)
{
	Adoption	adoption = {.run = run};
	MigrateRequest *request = run->request;
	List	   *rows;
	ListCell   *lc;

	request->cache_texts = true;
	request->confined = true;
	adoption.tool_table = migrate_tool_table_find(request->tool, request->tool_table, request->history.schema,
												  migrate_table_in_configuration(request));
	ereport(NOTICE,
			(errmsg("adopting from table \"%s.%s\" (%s)", adoption.tool_table->schema,
					adoption.tool_table->table, adoption.tool_table->tool->name)));
	adoption.scratch = AllocSetContextCreate(CurrentMemoryContext, "migrate adoption",
											 ALLOCSET_DEFAULT_SIZES);
	read_directory(&adoption);
	read_manifest(&adoption);
	migrate_lock_and_load(run);
	migrate_tool_table_lock(adoption.tool_table);
	rows = migrate_tool_table_read(adoption.tool_table,
								   adoption.tool_table->tool->key == KEY_CHANGE && adoption.manifest != NULL ?
								   migrate_sqitch_plan_project(adoption.manifest) : NULL);
	migrate_require_finished(adoption.tool_table, rows);
	adoption.candidates = migrate_candidates(run->items, adoption.tool_table, adoption.manifest);
	foreach(lc, rows)
		adopt_row(&adoption, lfirst(lc));
	run->has_changed = rows != NIL;
	return adoption.results;
}
