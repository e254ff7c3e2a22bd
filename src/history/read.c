/*-------------------------------------------------------------------------
 *
 * read.c
 *		Reads the tables of the schema "migrate".
 *
 * For how the statements run, see owner_query.c.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/read.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "format/format.h"
#include "history/history.h"
#include "history/history_int.h"
#include "history/owner_query.h"
#include "history/recorder.h"
#include "history/table.h"
#include "util/printable.h"
#include "variables/variables.h"

/*
 * The columns of migrate.applied, in their order; see migrate_applied_table.
 */
enum ReadColumn
{
	R_PROJECT = 1, R_SCHEMA, R_VERSION, R_NAME, R_KIND, R_STATE, R_BASELINE, R_DONE, R_STARTED,
	R_INVALID_INDEXES, R_SORT_KEY, R_FILE, R_FORMAT, R_DIGEST, R_BATCH, R_HISTORY_ID,
	R_UP_SHA256, R_DOWN_SHA256, R_UP_ROLE, R_DOWN_ROLE, R_UP_LINE, R_DOWN_LINE,
	R_UP_TRANSACTIONAL, R_DOWN_TRANSACTIONAL, R_UP_SYNTAX, R_DOWN_SYNTAX, R_UP_VARS, R_DOWN_VARS,
	R_REVERSIBLE, R_DOWN_ERROR, R_DESCRIPTION, R_AUTHOR, R_CREATED, R_APPLIED_AT, R_APPLIED_BY,
	R_DURATION, R_STATEMENTS,
	R_LAST = R_STATEMENTS
};

/*
 * What collect_row() and the like hand over, built in the caller's memory context.
 */
typedef struct RowSink
{
	MemoryContext context;
	List	   *rows;
} RowSink;

/*
 * A row, taken apart.
 */
typedef struct Row
{
	const Datum *values;
	const bool *nulls;
} Row;

static Datum
column(const Row *row, int number, bool *isnull)
{
	*isnull = row->nulls[number - 1];
	return row->values[number - 1];
}

static char *
text_column(const Row *columns, int number)
{
	bool		isnull;
	Datum		value = column(columns, number, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * Is the text of a column that one?
 */
static bool
text_is(const Row *columns, int number, const char *str)
{
	bool		isnull;
	Datum		datum = column(columns, number, &isnull);
	text	   *value = isnull ? NULL : DatumGetTextPP(datum);
	size_t		length = strlen(str);

	return value != NULL && VARSIZE_ANY_EXHDR(value) == length && memcmp(VARDATA_ANY(value), str, length) == 0;
}

/*
 * A text that most rows share: "last" is that of the row before, or NULL.
 */
static char *
shared_text_column(const Row *columns, int number, char *last)
{
	return last != NULL && text_is(columns, number, last) ? last : text_column(columns, number);
}

/*
 * Likewise of type name.
 */
static char *
shared_name_column(const Row *columns, int number, char *last)
{
	bool		isnull;
	Datum		value = column(columns, number, &isnull);

	if (isnull)
		return NULL;
	return last != NULL && strcmp(NameStr(*DatumGetName(value)), last) == 0 ? last :
		pstrdup(NameStr(*DatumGetName(value)));
}

static MigrateSyntax
syntax_column(const Row *columns, int number)
{
	bool		isnull;
	text	   *value = DatumGetTextPP(column(columns, number, &isnull));

	return migrate_syntax_named(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

static int
int_column(const Row *columns, int number)
{
	bool		isnull;
	Datum		value = column(columns, number, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

static bool
bool_column(const Row *columns, int number)
{
	bool		isnull;
	Datum		value = column(columns, number, &isnull);

	return !isnull && DatumGetBool(value);
}

/*
 * XX001 because of a value that no run has written.
 */
static void
refuse_value(int number)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid value in column \"%s\" of table \"%s\"",
					migrate_applied_table.columns[number - 1].name, "migrate.applied"),
			 errhint("Undo what has been changed in the table by hand. To set the state of a migration, use migrate.repair().")));
}

/*
 * A number of statements.
 */
static int
count_column(const Row *columns, int number)
{
	int			count = int_column(columns, number);

	if (count < 0)
		refuse_value(number);
	return count;
}

/*
 * Copy a hash; false for none.
 */
static bool
sha256_column(const Row *columns, int number, uint8 *sha256)
{
	bool		isnull;
	Datum		value = column(columns, number, &isnull);
	bytea	   *bytes;

	if (isnull)
		return false;
	bytes = DatumGetByteaPP(value);
	if (VARSIZE_ANY_EXHDR(bytes) != PG_SHA256_DIGEST_LENGTH)
		refuse_value(number);
	memcpy(sha256, VARDATA_ANY(bytes), PG_SHA256_DIGEST_LENGTH);
	return true;
}

static List *
oids_column(const Row *columns, int number)
{
	List	   *oids = NIL;
	bool		isnull;
	Datum		value = column(columns, number, &isnull);
	Datum	   *values;
	int			count;

	if (isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(value), OIDOID, sizeof(Oid), true, TYPALIGN_INT,
					  &values, NULL, &count);
	for (int i = 0; i < count; i++)
		oids = lappend_oid(oids, DatumGetObjectId(values[i]));
	return oids;
}

static List *
vars_column(const Row *columns, int number)
{
	bool		isnull;
	Datum		value = column(columns, number, &isnull);

	return isnull ? NIL : migrate_variables_read(value, VARIABLE_STORED);
}

/*
 * A row as the history has it; "last" is the one before, NULL for none, whose texts it may
 * share.
 */
static AppliedMigration *
applied_from_row(const Row *columns, const AppliedMigration *last)
{
	static const AppliedMigration none = {0};
	AppliedMigration *row = palloc0(sizeof(AppliedMigration));
	bool		isnull;

	if (last == NULL)
		last = &none;

	row->version = text_column(columns, R_VERSION);
	row->name = text_column(columns, R_NAME);
	row->kind = text_is(columns, R_KIND, "repeatable") ? KIND_REPEATABLE : KIND_VERSIONED;
	row->sort_key = row->stored_key = text_column(columns, R_SORT_KEY);
	row->file = text_column(columns, R_FILE);
	row->format = shared_text_column(columns, R_FORMAT, last->format);
	row->has_digest = sha256_column(columns, R_DIGEST, row->digest);
	row->batch = int_column(columns, R_BATCH);
	row->history_id = DatumGetInt64(column(columns, R_HISTORY_ID, &isnull));
	(void) sha256_column(columns, R_UP_SHA256, row->up_sha256);
	row->has_down = sha256_column(columns, R_DOWN_SHA256, row->down_sha256);
	row->up_role = shared_name_column(columns, R_UP_ROLE, last->up_role);
	row->down_role = shared_name_column(columns, R_DOWN_ROLE, last->down_role);
	row->up_line = int_column(columns, R_UP_LINE);
	row->down_line = int_column(columns, R_DOWN_LINE);
	row->up_transactional = bool_column(columns, R_UP_TRANSACTIONAL);
	row->down_transactional = bool_column(columns, R_DOWN_TRANSACTIONAL);
	row->reversible = bool_column(columns, R_REVERSIBLE);
	row->down_error = text_column(columns, R_DOWN_ERROR);
	row->description = text_column(columns, R_DESCRIPTION);
	row->author = text_column(columns, R_AUTHOR);
	row->created = text_column(columns, R_CREATED);
	row->applied_at = DatumGetTimestampTz(column(columns, R_APPLIED_AT, &isnull));
	row->applied_by = shared_name_column(columns, R_APPLIED_BY, last->applied_by);
	row->duration = DatumGetIntervalP(column(columns, R_DURATION, &isnull))->time;
	row->statements = int_column(columns, R_STATEMENTS);
	row->baseline = bool_column(columns, R_BASELINE);
	row->interrupted = !text_is(columns, R_STATE, "applied");
	row->going_down = text_is(columns, R_STATE, "interrupted down");
	row->done = count_column(columns, R_DONE);
	row->started = bool_column(columns, R_STARTED);
	row->invalid_indexes = oids_column(columns, R_INVALID_INDEXES);
	row->up_syntax = syntax_column(columns, R_UP_SYNTAX);
	row->down_syntax = syntax_column(columns, R_DOWN_SYNTAX);
	row->up_vars = vars_column(columns, R_UP_VARS);
	row->down_vars = vars_column(columns, R_DOWN_VARS);
	return row;
}

static void
collect_row(void *arg, const Datum *values, const bool *nulls)
{
	RowSink    *sink = arg;
	MemoryContext old = MemoryContextSwitchTo(sink->context);
	Row			row = {values, nulls};

	sink->rows = lappend(sink->rows, applied_from_row(&row, sink->rows == NIL ? NULL : llast(sink->rows)));
	MemoryContextSwitchTo(old);
}

/*
 * The rows of a history, as the argument of read_rows().
 */
typedef struct RowRead
{
	const MigrateHistory *history;
	RowSink		sink;
} RowRead;

static void
read_rows(void *arg)
{
	RowRead    *read = arg;
	const AttrNumber columns[] = {R_PROJECT, R_SCHEMA};
	const Datum values[] = {
		CStringGetTextDatum(read->history->project), CStringGetTextDatum(read->history->schema)
	};

	migrate_table_read(&migrate_applied_table, columns, values, lengthof(columns), collect_row,
					   &read->sink);
}

static int
compare_application(const ListCell *a, const ListCell *b)
{
	const AppliedMigration *x = lfirst(a);
	const AppliedMigration *y = lfirst(b);

	if (x->history_id != y->history_id)
		return x->history_id < y->history_id ? -1 : 1;
	return strcmp(x->stored_key, y->stored_key);
}

/*
 * The applied migrations of a history (AppliedMigration), in order of
 * application.
 *
 * With "latest", as last committed, also where the transaction's own snapshot
 * is older (as ri_triggers.c looks); else as that snapshot has it.
 */
List *
migrate_history_read(const MigrateHistory *history, bool latest)
{
	RowRead		read = {history, {.context = CurrentMemoryContext}};

	migrate_recorder_flush();
	migrate_as_owner(latest, read_rows, &read);
	list_sort(read.sink.rows, compare_application);
	return read.sink.rows;
}

/*
 * The histories of a project, one for each schema, in one reading.
 */
struct MigrateHistoryScan
{
	MigrateTableScan *table;
	Row			row;			/* the next one; no values: there is none */
	char	   *schema;			/* that of the history that is read */
};

/*
 * Begin to read the applied migrations of all histories of a project: as last
 * committed ("latest"), or as the active snapshot has them.
 */
MigrateHistoryScan *
migrate_history_scan_begin(const char *project, bool latest)
{
	const AttrNumber columns[] = {R_PROJECT};
	const Datum values[] = {CStringGetTextDatum(project)};
	MigrateHistoryScan *scan = palloc0(sizeof(MigrateHistoryScan));

	migrate_recorder_flush();
	scan->table = migrate_table_scan_begin(&migrate_applied_table, columns, values, lengthof(columns),
										   latest);
	scan->row.values = migrate_table_scan_next(scan->table, &scan->row.nulls);
	return scan;
}

static bool
is_of_schema(const Row *row, const char *schema)
{
	text	   *value = row->values ? DatumGetTextPP(row->values[R_SCHEMA - 1]) : NULL;
	bool		same = value != NULL && VARSIZE_ANY_EXHDR(value) == strlen(schema) &&
		memcmp(VARDATA_ANY(value), schema, strlen(schema)) == 0;

	if (value != NULL && PointerGetDatum(value) != row->values[R_SCHEMA - 1])
		pfree(value);
	return same;
}

/*
 * Go on to the next history; returns its schema, good until the next call, NULL after
 * the last one.
 */
const char *
migrate_history_scan_next(MigrateHistoryScan *scan)
{
	char	   *schema = scan->schema;

	while (schema != NULL && is_of_schema(&scan->row, schema))
	{
		CHECK_FOR_INTERRUPTS();
		scan->row.values = migrate_table_scan_next(scan->table, &scan->row.nulls);
	}
	if (schema != NULL)
		pfree(schema);
	scan->schema = NULL;
	if (scan->row.values != NULL)
		scan->schema = MemoryContextStrdup(GetMemoryChunkContext(scan), TextDatumGetCString(scan->row.values[R_SCHEMA - 1]));
	return scan->schema;
}

/*
 * The applied migrations of this history, as migrate_history_read(); to be called once.
 */
List *
migrate_history_scan_rows(MigrateHistoryScan *scan)
{
	List	   *rows = NIL;

	while (is_of_schema(&scan->row, scan->schema))
	{
		CHECK_FOR_INTERRUPTS();
		rows = lappend(rows, applied_from_row(&scan->row, rows == NIL ? NULL : llast(rows)));
		scan->row.values = migrate_table_scan_next(scan->table, &scan->row.nulls);
	}
	list_sort(rows, compare_application);
	return rows;
}

void
migrate_history_scan_end(MigrateHistoryScan *scan)
{
	migrate_table_scan_end(scan->table);
	if (scan->schema != NULL)
		pfree(scan->schema);
	pfree(scan);
}

/*
 * Can the transaction's snapshot see "applied", the history as last committed?
 * If not, what it would do next rests on an older state.
 */
bool
migrate_history_is_current(const MigrateHistory *history, List *applied)
{
	List	   *seen;
	ListCell   *a;
	ListCell   *b;

	if (!IsolationUsesXactSnapshot())
		return true;
	seen = migrate_history_read(history, false);
	if (list_length(seen) != list_length(applied))
		return false;
	forboth(a, seen, b, applied)
	{
		AppliedMigration *x = lfirst(a);
		AppliedMigration *y = lfirst(b);

		if (x->history_id != y->history_id || strcmp(x->version, y->version) != 0)
			return false;
	}
	return true;
}

/*
 * The highest batch of a history, as the argument of read_batch().
 */
typedef struct BatchRead
{
	const MigrateHistory *history;
	int			batch;			/* 0: none */
} BatchRead;

static void
note_batch(void *arg, const Datum *values, const bool *nulls)
{
	BatchRead  *read = arg;

	if (!nulls[HISTORY_BATCH - 1])
		read->batch = Max(read->batch, DatumGetInt32(values[HISTORY_BATCH - 1]));
}

/*
 * A statement would do, but its plan would be kept, for what each session needs only once
 * for a history.
 */
static void
read_batch(void *arg)
{
	BatchRead  *read = arg;
	const AttrNumber columns[] = {HISTORY_PROJECT, HISTORY_SCHEMA};
	const Datum values[] = {
		CStringGetTextDatum(read->history->project), CStringGetTextDatum(read->history->schema)
	};

	migrate_table_read(&migrate_history_by_key, columns, values, lengthof(columns), note_batch, read);
}

/*
 * The number of the batch after one; 22003 if it is the last number.
 */
int
migrate_batch_after(int batch)
{
	if (batch == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of the batch is out of range")));
	return batch + 1;
}

/*
 * The number of the next batch of a history.  Numbers are not used again: the highest need
 * not be that of the last attempt, which may be one of a migration that is undone, or of
 * repair().
 */
int
migrate_history_next_batch(const MigrateHistory *history)
{
	BatchRead	read = {history};

	migrate_recorder_flush();
	migrate_as_owner(true, read_batch, &read);
	return migrate_batch_after(read.batch);
}
