/*-------------------------------------------------------------------------
 *
 * adopt.c
 *		Taking over the history of another tool.
 *
 * Its table tells what has been applied, and the directory what that was: both are
 * brought together by what the tool knows a migration by, and recorded.  Nothing
 * of the tool's is changed.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/adopt.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "migrate.h"

/* one beyond is kept as any other: the next numbers are above it */
#define MAX_TOOL_BATCH	1000000000

/* what is recorded at once: so many migrations, or so many bytes of them */
#define CHUNK_RECORDS	10000
#define CHUNK_BYTES		(8 * 1024 * 1024)

/*
 * A migration, by what the tool knows it by.
 */
typedef struct Candidate
{
	const char *key;
	MigrateItem *item;
	int			place;			/* in the order of migrations */
	bool		taken;			/* a row is about it */
} Candidate;

/*
 * What is known while a history is taken over.
 */
typedef struct Adoption
{
	MigrateRun *run;
	MigrateTracking *tracking;
	const char *index;			/* text of the file about the others, or NULL */
	Candidate  *candidates;		/* in the order of keys ... */
	Candidate **ordered;		/* ... and of migrations */
	int			ncandidates;
	int			tool_batch;		/* the last one, and the one it is here */
	List	   *results;		/* of MigrateAdopted */
	List	   *records;		/* of MigrateRecord: the current chunk */
	size_t		bytes;			/* of texts in it */
	MemoryContext chunk;
} Adoption;

/*
 * The title of a repeatable migration of Flyway, as a key.
 */
static char *
repeatable_key(const char *title)
{
	char	   *key = psprintf("R:%s", title);

	for (char *c = key + 2; *c != '\0'; c++)
		if (*c == '_')
			*c = ' ';
	return key;
}

/*
 * The name of a file without what tells its kind.
 */
static char *
stem(const char *file)
{
	static const char *const suffixes[] = {".up.sql", ".sql"};
	int			length = strlen(file);

	for (int i = 0; i < lengthof(suffixes); i++)
	{
		int			n = strlen(suffixes[i]);

		if (length > n && strcmp(file + length - n, suffixes[i]) == 0)
			return pnstrdup(file, length - n);
	}
	return pstrdup(file);
}

/*
 * What the tool knows a migration by.
 */
static const char *
item_key(MigrateKey kind, const MigrateItem *item)
{
	const char *file = migrate_item_file(item);

	switch (kind)
	{
		case KEY_DOTTED:
			if (migrate_item_is_repeatable(item))
				return repeatable_key(migrate_item_name(item));
			/* FALLTHROUGH */
		case KEY_NUMBER:
			return migrate_item_sort_key(item);
		case KEY_VERSION:
		case KEY_CHANGESET:
			return migrate_item_version(item);
		case KEY_FILE:
			return file;
		case KEY_STEM:
			return stem(file);
		case KEY_FOLDER:
			return pnstrdup(file, strcspn(file, "/"));
		case KEY_CHANGE:
			return pnstrdup(migrate_item_version(item), strcspn(migrate_item_version(item), "@"));
		case KEY_WHEN:
			/* of folders; a journal tells it otherwise */
			return pnstrdup(file, Min(strcspn(file, "/"), 14));
	}
	pg_unreachable();
}

/*
 * The same of a row of its table.
 */
static const char *
row_key(const Adoption *adoption, const MigrateTracked *row)
{
	int			digits = row->id ? strspn(row->id, "0123456789") : 0;

	if (row->id == NULL && adoption->tracking->tool->key != KEY_DOTTED)
		return NULL;
	switch (adoption->tracking->tool->key)
	{
		case KEY_NUMBER:
			return digits > 0 ? migrate_numeric_key(row->id, digits) : row->id;
		case KEY_DOTTED:
			if (row->id == NULL)
				return repeatable_key(row->title ? row->title : "");
			return strspn(row->id, "0123456789.") == strlen(row->id) && digits > 0 ?
				migrate_dotted_key(row->id) : row->id;
		case KEY_STEM:
			return stem(row->id);
		case KEY_WHEN:
			return adoption->index ? row->id : row->path;
		default:
			return row->id;
	}
}

/*
 * drizzle's journal: the time of each entry, which is the key of the migration at
 * that place (whose file it names; see order.c).
 */
static void
take_journal(Adoption *adoption)
{
	Jsonb	   *journal = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(adoption->index)));
	JsonbValue *entries = JB_ROOT_IS_OBJECT(journal) ?
		getKeyJsonValueFromContainer(&journal->root, "entries", 7, NULL) : NULL;
	int			n = 0;

	if (entries == NULL || entries->type != jbvBinary)
		return;
	for (int i = 0; i < adoption->ncandidates; i++)
	{
		Candidate  *candidate = &adoption->candidates[i];
		JsonbValue *entry;
		JsonbValue *when;

		if (candidate->item->file == NULL || n >= JsonContainerSize(entries->val.binary.data))
			continue;
		entry = getIthJsonbValueFromContainer(entries->val.binary.data, n++);
		if (entry == NULL || entry->type != jbvBinary)
			continue;
		when = getKeyJsonValueFromContainer(entry->val.binary.data, "when", 4, NULL);
		if (when != NULL && when->type == jbvNumeric)
			candidate->key = DatumGetCString(DirectFunctionCall1(numeric_out,
																 NumericGetDatum(when->val.numeric)));
	}
}

static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;
	int			order = strcmp(x->key, y->key);

	return order != 0 ? order : x->place - y->place;
}

static void
list_candidates(Adoption *adoption)
{
	List	   *items = adoption->run->items;
	int			n = list_length(items);

	adoption->candidates = palloc0(Max(n, 1) * sizeof(Candidate));
	adoption->ordered = palloc(Max(n, 1) * sizeof(Candidate *));
	adoption->ncandidates = n;
	for (int i = 0; i < n; i++)
	{
		Candidate  *candidate = &adoption->candidates[i];

		candidate->item = list_nth(items, i);
		candidate->place = i;
		candidate->key = item_key(adoption->tracking->tool->key, candidate->item);
	}
	if (adoption->tracking->tool->key == KEY_WHEN && adoption->index != NULL)
		take_journal(adoption);
	qsort(adoption->candidates, n, sizeof(Candidate), compare_candidates);
	for (int i = 0; i < n; i++)
		adoption->ordered[adoption->candidates[i].place] = &adoption->candidates[i];
}

/*
 * Is one path the end of the other?  Liquibase and we may have started from other
 * folders.
 */
static bool
same_path(const char *one, const char *other)
{
	int			n = strlen(one) - strlen(other);
	const char *longer = n < 0 ? other : one;
	const char *shorter = n < 0 ? one : other;

	n = abs(n);
	return strcmp(longer + n, shorter) == 0 &&
		(n == 0 || longer[n - 1] == '/' || longer[n - 1] == ':');
}

/*
 * Is a changeset the one that is recorded with that path?  It may be a logical one,
 * which the file names.
 */
static bool
is_in_file(const Adoption *adoption, const MigrateItem *item, const char *path)
{
	int			length;
	const char *sql;

	if (same_path(path, migrate_item_file(item)))
		return true;
	return item->file != NULL &&
		migrate_source_bytes(adoption->run->source, item->file->file, &length, &sql) != NULL &&
		strstr(sql, psprintf("logicalFilePath:%s", path)) != NULL;
}

/*
 * The migration that a row is about, NULL if there is none.  *again is set if
 * another row has been about it.
 */
static Candidate *
find_candidate(Adoption *adoption, const MigrateTracked *row, bool *again)
{
	const char *key = row_key(adoption, row);
	int			low = 0;
	int			high = adoption->ncandidates;

	*again = false;
	while (key != NULL && low < high)
	{
		int			middle = (low + high) / 2;

		if (strcmp(adoption->candidates[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; key != NULL && low < adoption->ncandidates; low++)
	{
		Candidate  *candidate = &adoption->candidates[low];

		if (strcmp(candidate->key, key) != 0)
			break;
		if (adoption->tracking->tool->key == KEY_CHANGESET && row->path != NULL &&
			!is_in_file(adoption, candidate->item, row->path))
			continue;
		if (!candidate->taken)
			return candidate;
		*again = true;
	}
	return NULL;
}

/*
 * The number of the batch that a row is recorded in: all that is adopted at once
 * is one, unless the tool has batches.  Those keep their numbers as long as nothing
 * else has had them.
 */
static int
batch_of(Adoption *adoption, const MigrateTracked *row)
{
	MigrateRun *run = adoption->run;

	if (run->batch == 0)
		run->batch = migrate_history_next_batch(run->request);
	if (row->batch > 0 && row->batch < MAX_TOOL_BATCH && row->batch != adoption->tool_batch)
	{
		run->batch = Max(row->batch, run->batch + (adoption->tool_batch != 0));
		adoption->tool_batch = row->batch;
	}
	return run->batch;
}

static void
flush_records(Adoption *adoption)
{
	if (adoption->records != NIL)
		migrate_record_adopted(adoption->run->request, adoption->records);
	adoption->records = NIL;
	adoption->bytes = 0;
	MemoryContextReset(adoption->chunk);
}

/*
 * Record a migration as applied, with the texts of its file.
 */
static void
record(Adoption *adoption, Migration *file, const MigrateTracked *row)
{
	MigrateRun *run = adoption->run;
	MemoryContext old = MemoryContextSwitchTo(adoption->chunk);
	MigrateRecord *record = palloc0(sizeof(MigrateRecord));
	MigrateResult *result = palloc0(sizeof(MigrateResult));

	record->step.file = file;
	record->result = result;
	record->step.reversible = migrate_is_reversible(run, file, NULL, &record->step.down_vars,
													&record->step.down_error);
	migrate_warn_down(record->step.down_error);
	result->version = file->version;
	result->name = file->name;
	result->batch = batch_of(adoption, row);
	result->duration = row->duration;
	result->applied_at = row->has_time ? row->applied_at : 0;
	result->applied_by = row->applied_by;
	record->up = migrate_source_text(run->source, &file->up);
	if (file->down.present)
		record->down = migrate_source_text(run->source, &file->down);
	adoption->bytes += strlen(record->up) + (record->down ? strlen(record->down) : 0);
	adoption->records = lappend(adoption->records, record);
	MemoryContextSwitchTo(old);
	if (list_length(adoption->records) >= CHUNK_RECORDS || adoption->bytes >= CHUNK_BYTES)
		flush_records(adoption);
}

static void
report(Adoption *adoption, const char *version, const char *name, const MigrateTracked *row,
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
 * Is the file the one that the tool has applied?
 */
static MigrateChecked
check_file(Adoption *adoption, const Migration *file, const MigrateTracked *row)
{
	const MigrateTool *tool = adoption->tracking->tool;
	MigrateChecksumInput in = {.file = file,.index = adoption->index};
	MemoryContext old;
	MigrateChecked checked;

	if (tool->check == NULL || row->checksum == NULL)
		return CHECKED_SAME;
	old = MemoryContextSwitchTo(adoption->chunk);
	in.bytes = migrate_source_bytes(adoption->run->source, file->up.file, &in.length, &in.sql);
	checked = in.bytes == NULL ? CHECKED_CHANGED : tool->check(&in, row->checksum);
	MemoryContextSwitchTo(old);
	return checked;
}

/*
 * A migration that the tool has applied.
 */
static void
adopt_item(Adoption *adoption, Candidate *candidate, const MigrateTracked *row)
{
	Migration  *file = candidate->item->file;
	MigrateChecked checked;

	CHECK_FOR_INTERRUPTS();
	if (candidate->taken)
		return;
	candidate->taken = true;
	if (candidate->item->applied != NULL)
		return;					/* it is known here already */
	if (candidate->item->state == STATE_SKIPPED)
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
adopt_through(Adoption *adoption, const MigrateTracked *row)
{
	const char *key = row_key(adoption, row);
	MigrateTracked before = {.has_time = row->has_time,.applied_at = row->applied_at};

	for (int i = 0; i < adoption->ncandidates; i++)
	{
		Candidate  *candidate = adoption->ordered[i];

		if (!migrate_item_is_repeatable(candidate->item) && strcmp(candidate->key, key) < 0)
			adopt_item(adoption, candidate, &before);
	}
}

static void
adopt_row(Adoption *adoption, const MigrateTracked *row)
{
	const MigrateTool *tool = adoption->tracking->tool;
	Candidate  *candidate;
	bool		again;

	if (row->through && row_key(adoption, row) != NULL)
		adopt_through(adoption, row);
	candidate = find_candidate(adoption, row, &again);
	if (candidate != NULL)
		adopt_item(adoption, candidate, row);
	else if (row->through && tool->checksum != NULL)
		return;					/* a baseline is none itself */
	else if (!again || tool->key == KEY_CHANGE)
		report(adoption, row->id ? row->id : tool->key == KEY_DOTTED ? "R" : "", row->title ? row->title : "", row,
			   "there is no such file: not recorded");
}

/*
 * A migration that is neither applied nor not has to be settled first, by what
 * made it so: 55000.
 */
static void
refuse_failed(const MigrateTracking *tracking, List *rows)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		const MigrateTracked *row = lfirst(lc);

		if (row->failure != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("migration \"%s\" is not settled in table \"%s\"",
							row->id ? row->id : row->title ? row->title : "", tracking->table),
					 errdetail("%s", row->failure),
					 errhint("Repair it with what applied it, then try again.")));
	}
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
 * Read the directory as that of the tool: if the caller has not named it, what the
 * files look like counts as well, as long as it fits.
 */
static void
read_directory(Adoption *adoption)
{
	MigrateRun *run = adoption->run;
	const MigrateTool *tool = adoption->tracking->tool;
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
read_index(Adoption *adoption)
{
	const char *index = adoption->tracking->tool->index;
	const char *sql;
	int			length;

	if (index != NULL &&
		migrate_source_bytes(adoption->run->source, index, &length, &sql) != NULL)
		adoption->index = pstrdup(sql);
}

/*
 * The project that a sqitch.plan is of; NULL if it does not say.
 */
static char *
plan_project(const Adoption *adoption)
{
	static const char pragma[] = "%project=";
	MigrateLineReader lines;

	if (adoption->tracking->tool->key != KEY_CHANGE || adoption->index == NULL)
		return NULL;
	migrate_lines_start(&lines, adoption->index, strlen(adoption->index));
	while (migrate_lines_next(&lines))
	{
		int			n = strlen(pragma);
		char	   *value;

		if (lines.line.length <= n || strncmp(lines.line.text, pragma, n) != 0)
			continue;
		value = pnstrdup(lines.line.text +n, lines.line.length - n);
		value[strcspn(value, " \t\r")] = '\0';
		return value;
	}
	return NULL;
}

static List *
adopt(MigrateRun *run)
{
	Adoption	adoption = {.run = run};
	MigrateRequest *request = run->request;
	List	   *rows;
	ListCell   *lc;

	adoption.tracking = migrate_tracking_find(request->tool, request->tracking, request->schema);
	ereport(NOTICE,
			(errmsg("adopting from table \"%s.%s\" (%s)", adoption.tracking->schema,
					adoption.tracking->table, adoption.tracking->tool->name)));
	adoption.chunk = AllocSetContextCreate(CurrentMemoryContext, "migrate adoption",
										   ALLOCSET_DEFAULT_SIZES);
	read_directory(&adoption);
	read_index(&adoption);
	migrate_lock_and_look(run, "migrate.adopt()");
	migrate_tracking_lock(adoption.tracking);
	rows = migrate_tracking_read(adoption.tracking, plan_project(&adoption));
	refuse_failed(adoption.tracking, rows);
	list_candidates(&adoption);
	foreach(lc, rows)
		adopt_row(&adoption, lfirst(lc));
	flush_records(&adoption);
	return adoption.results;
}

/*
 * Take over what another tool has applied: request->tool and request->tracking
 * say which, and request->dir has the files.  Returns a list of MigrateAdopted, one
 * for each migration that was recorded, or that there is something to say about.
 *
 * Errors: those of tracking.c, and 55000 if the tool has one that is neither
 * applied nor not.
 */
List *
migrate_run_adopt(MigrateRequest *request)
{
	request->keep = true;
	request->contained = true;
	return migrate_run_guarded(request, adopt);
}
