/*-------------------------------------------------------------------------
 *
 * drizzle_journal.c
 *		The journal that gives the order of drizzle's migrations.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/drizzle_journal.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "format/filename.h"
#include "format/format.h"
#include "format/manifest.h"
#include "util/compat.h"
#include "util/printable.h"

static JsonbValue *
json_field(JsonbContainer *object, const char *key)
{
	return getKeyJsonValueFromContainer(object, key, strlen(key), NULL);
}

static void
journal_context(void *arg)
{
	migrate_callback_context("file \"%s\"", (const char *) arg);
}

pg_noreturn static void bad_journal(void);

static void
bad_journal(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("journal has no list \"entries\" of objects with a \"tag\"")));
}

/*
 * The list "entries" of a journal; NULL if it has none.
 */
static JsonbContainer *
journal_entries(const char *str)
{
	Jsonb	   *journal = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(str)));
	JsonbValue *entries = JB_ROOT_IS_OBJECT(journal) ? json_field(&journal->root, "entries") : NULL;

	return entries != NULL && entries->type == jbvBinary &&
		JsonContainerIsArray(entries->val.binary.data) ? entries->val.binary.data : NULL;
}

/*
 * The file of an entry of drizzle's journal.
 */
static MigrateFileName *
drizzle_file(JsonbValue *entry, int ordinal, const char *manifest, List *names)
{
	MigrateFileName *parsed = palloc0(sizeof(MigrateFileName));
	JsonbValue *tag;
	int			digits;

	if (entry == NULL || entry->type != jbvBinary || !JsonContainerIsObject(entry->val.binary.data))
		bad_journal();
	tag = json_field(entry->val.binary.data, "tag");
	if (tag == NULL || tag->type != jbvString)
		bad_journal();
	parsed->version = pnstrdup(tag->val.string.val, tag->val.string.len);
	parsed->file = psprintf("%s.sql", parsed->version);
	parsed->sort_key = migrate_ordinal_key(ordinal, parsed->version);
	parsed->name = pstrdup("");
	parsed->part = PART_UP;
	digits = strspn(parsed->version, "0123456789");
	if (digits > 0 && parsed->version[digits] == '_')
	{
		parsed->name = pstrdup(parsed->version + digits + 1);
		parsed->version = pnstrdup(parsed->version, digits);
	}
	if (!migrate_has_name(names, parsed->file))
		migrate_refuse_missing_file(parsed->file, manifest, 0, names);
	return parsed;
}

static int
compare_files(const ListCell *a, const ListCell *b)
{
	return strcmp(((MigrateFileName *) lfirst(a))->file, ((MigrateFileName *) lfirst(b))->file);
}

static void
refuse_repeated_files(List *files, const char *manifest)
{
	List	   *by_file = list_copy(files);

	list_sort(by_file, compare_files);
	for (int i = 1; i < list_length(by_file); i++)
	{
		const MigrateFileName *file = list_nth(by_file, i);

		if (strcmp(file->file, ((MigrateFileName *) list_nth(by_file, i - 1))->file) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("file \"%s\" is listed twice in \"%s\"", file->file, manifest),
					 errhint("Remove one of the entries.")));
	}
	list_free(by_file);
}

/*
 * The files of drizzle's meta/_journal.json (drizzle-orm 0.44, migrator.ts), as a
 * list of MigrateFileName.  Errors: 22P02 for one that makes no sense, 58P01 for a
 * file that is not there, 42710 for one that is listed twice.
 */
List *
migrate_drizzle_journal_files(const MigrateLayout *layout, const char *manifest,
							  const char *str, List *names)
{
	ErrorContextCallback callback = {.callback = journal_context,.arg = unconstify(char *, manifest)};
	List	   *files = NIL;
	JsonbContainer *entries;

	callback.previous = error_context_stack;
	error_context_stack = &callback;
	entries = journal_entries(str);
	if (entries == NULL)
		bad_journal();
	for (int i = 0; i < JsonContainerSize(entries); i++)
	{
		CHECK_FOR_INTERRUPTS();
		files = lappend(files, drizzle_file(getIthJsonbValueFromContainer(entries, i),
											i, manifest, names));
	}
	error_context_stack = callback.previous;
	refuse_repeated_files(files, manifest);
	return files;
}

/*
 * The times (char *) of the entries of a journal, which are in the order of its files;
 * NULL for an entry without.
 */
List *
migrate_drizzle_journal_times(const char *str)
{
	JsonbContainer *entries = journal_entries(str);
	List	   *times = NIL;

	for (int i = 0; entries != NULL && i < JsonContainerSize(entries); i++)
	{
		JsonbValue *entry = getIthJsonbValueFromContainer(entries, i);
		JsonbValue *when = entry->type == jbvBinary ? json_field(entry->val.binary.data, "when") : NULL;

		CHECK_FOR_INTERRUPTS();
		times = lappend(times, when == NULL || when->type != jbvNumeric ? NULL :
						DatumGetCString(DirectFunctionCall1(numeric_out,
															NumericGetDatum(when->val.numeric))));
	}
	return times;
}
