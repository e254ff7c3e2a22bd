/*-------------------------------------------------------------------------
 *
 * history.c
 *		Every statement on the three tables of the schema "migrate".
 *
 * They run as the owner of the tables, whoever calls, with search_path pinned
 * and all values bound.  Nothing else in this extension changes the user.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "migrate.h"

/* a larger text would make pg_dump of the whole database fail */
#define MAX_STORED_SCRIPT	(64 * 1024 * 1024)

#define MAX_PARAMETERS		25

/*
 * A statement, planned once in each backend.
 */
typedef struct HistoryQuery
{
	const char *sql;
	int			nargs;
	Oid			types[MAX_PARAMETERS];
	SPIPlanPtr	plan;
} HistoryQuery;

#define KEY_TYPES TEXTOID, TEXTOID

static HistoryQuery read_query = {
	"SELECT version, name, sort_key, file, batch, history_id,"
	" up_sha256, down_sha256, up_role, down_role, up_line, down_line,"
	" up_transactional, down_transactional, reversible, down_error,"
	" description, author, created, applied_at, applied_by, duration, statements"
	" FROM migrate.applied"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
	" ORDER BY history_id",
	2, {KEY_TYPES}
};

enum ReadColumn
{
	R_VERSION = 1, R_NAME, R_SORT_KEY, R_FILE, R_BATCH, R_HISTORY_ID,
	R_UP_SHA256, R_DOWN_SHA256, R_UP_ROLE, R_DOWN_ROLE, R_UP_LINE, R_DOWN_LINE,
	R_UP_TRANSACTIONAL, R_DOWN_TRANSACTIONAL, R_REVERSIBLE, R_DOWN_ERROR,
	R_DESCRIPTION, R_AUTHOR, R_CREATED, R_APPLIED_AT, R_APPLIED_BY, R_DURATION, R_STATEMENTS
};

static HistoryQuery script_query = {
	"SELECT text FROM migrate.script WHERE sha256 OPERATOR(pg_catalog.=) $1",
	1, {BYTEAOID}
};

static HistoryQuery batch_query = {
	"SELECT pg_catalog.max(batch) FROM migrate.history"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2",
	2, {KEY_TYPES}
};

#define INSERT_HISTORY \
	"INSERT INTO migrate.history (project, schema, version, name, direction, outcome, batch," \
	" started_at, duration, statements, login, role, application_name, client_addr)" \
	" SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, session_user, $11," \
	" pg_catalog.current_setting('application_name'), pg_catalog.inet_client_addr()"

static HistoryQuery insert_script = {
	"INSERT INTO migrate.script (sha256, bytes, text)"
	" SELECT $1, $2, $3 ON CONFLICT (sha256) DO NOTHING",
	3, {BYTEAOID, INT8OID, TEXTOID}
};

static HistoryQuery insert_history = {
	INSERT_HISTORY " RETURNING id",
	11, {KEY_TYPES, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TIMESTAMPTZOID,
	INTERVALOID, INT4OID, NAMEOID}
};

static HistoryQuery insert_applied = {
	"INSERT INTO migrate.applied (project, schema, version, name, sort_key, file, batch,"
	" history_id, up_sha256, down_sha256, up_role, down_role, up_line, down_line,"
	" up_transactional, down_transactional, reversible, down_error, description, author,"
	" created, applied_at, applied_by, duration, statements)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
	" $18, $19, $20, $21, $22, $23, $24, $25)",
	25, {KEY_TYPES, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT8OID, BYTEAOID, BYTEAOID,
		NAMEOID, NAMEOID, INT4OID, INT4OID, BOOLOID, BOOLOID, BOOLOID, TEXTOID, TEXTOID,
	TEXTOID, TEXTOID, TIMESTAMPTZOID, NAMEOID, INTERVALOID, INT4OID}
};

static HistoryQuery delete_applied = {
	"DELETE FROM migrate.applied"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
	" AND version OPERATOR(pg_catalog.=) $3",
	3, {KEY_TYPES, TEXTOID}
};

static HistoryQuery update_up = {
	"UPDATE migrate.applied SET up_sha256 = $4, up_role = $5, up_line = $6,"
	" up_transactional = $7, file = $8, description = $9, author = $10, created = $11"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
	" AND version OPERATOR(pg_catalog.=) $3",
	11, {KEY_TYPES, TEXTOID, BYTEAOID, NAMEOID, INT4OID, BOOLOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
};

static HistoryQuery update_down = {
	"UPDATE migrate.applied SET down_sha256 = $4, down_role = $5, down_line = $6,"
	" down_transactional = $7, reversible = $8, down_error = $9"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
	" AND version OPERATOR(pg_catalog.=) $3",
	9, {KEY_TYPES, TEXTOID, BYTEAOID, NAMEOID, INT4OID, BOOLOID, BOOLOID, TEXTOID}
};

/*
 * The values bound to a statement, in order.
 */
typedef struct Parameters
{
	int			n;
	Datum		values[MAX_PARAMETERS];
	char		nulls[MAX_PARAMETERS];
} Parameters;

static void
add_value(Parameters *p, Datum value)
{
	Assert(p->n < MAX_PARAMETERS);
	p->nulls[p->n] = ' ';
	p->values[p->n++] = value;
}

static void
add_null(Parameters *p)
{
	Assert(p->n < MAX_PARAMETERS);
	p->nulls[p->n++] = 'n';
}

static void
add_text(Parameters *p, const char *text)
{
	if (text == NULL)
		add_null(p);
	else
		add_value(p, CStringGetTextDatum(text));
}

static void
add_name(Parameters *p, const char *name)
{
	if (name == NULL)
		add_null(p);
	else
		add_value(p, DirectFunctionCall1(namein, CStringGetDatum(name)));
}

static void
add_sha256(Parameters *p, const uint8 *sha256)
{
	bytea	   *value;

	if (sha256 == NULL)
	{
		add_null(p);
		return;
	}
	value = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	SET_VARSIZE(value, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	memcpy(VARDATA(value), sha256, PG_SHA256_DIGEST_LENGTH);
	add_value(p, PointerGetDatum(value));
}

static void
add_duration(Parameters *p, int64 microseconds)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = microseconds;
	add_value(p, IntervalPGetDatum(interval));
}

static void
add_key(Parameters *p, const MigrateRequest *request)
{
	p->n = 0;
	add_text(p, request->project);
	add_text(p, request->schema);
}

/*
 * The role whose power a script has that is stored now.
 */
static const char *
author(void)
{
	return GetUserNameFromId(GetUserId(), false);
}

/*
 * What is different while a statement on the tables runs.
 */
typedef struct OwnerState
{
	Oid			user;
	int			security;
	int			guc_level;
} OwnerState;

/*
 * The owner of the tables, looked up each time: an ALTER EXTENSION or a
 * restore may have changed it.
 */
static Oid
table_owner(void)
{
	Oid			relid = RangeVarGetRelid(makeRangeVar("migrate", "applied", -1), NoLock, false);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
become_owner(OwnerState *state)
{
	GetUserIdAndSecContext(&state->user, &state->security);
	state->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	SetUserIdAndSecContext(table_owner(), state->security | SECURITY_LOCAL_USERID_CHANGE);
}

static void
become_caller(const OwnerState *state)
{
	SetUserIdAndSecContext(state->user, state->security);
}

static SPIPlanPtr
plan_of(HistoryQuery *query)
{
	if (query->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(query->sql, query->nargs, query->types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		query->plan = plan;
	}
	return query->plan;
}

/*
 * Run a statement on the tables as their owner.  "snapshot" is what it sees,
 * InvalidSnapshot for what SPI finds right.  "take" is called with its rows
 * in SPI_tuptable, inside the SPI connection.
 */
static void
run_query(HistoryQuery *query, Parameters *p, Snapshot snapshot, int expected,
		  void (*take) (void *arg), void *arg)
{
	OwnerState	state;
	int			result;

	Assert(p->n == query->nargs);
	become_owner(&state);
	PG_TRY();
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		result = SPI_execute_snapshot(plan_of(query), p->values, p->nulls, snapshot,
									  InvalidSnapshot, false, true, 0);
		if (result != expected)
			elog(ERROR, "unexpected SPI result for the history: %s",
				 SPI_result_code_string(result));
		if (take != NULL)
			take(arg);
		if (SPI_finish() != SPI_OK_FINISH)
			elog(ERROR, "SPI_finish failed");
	}
	PG_FINALLY();
	{
		become_caller(&state);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, state.guc_level);
}

/*
 * What take_rows() hands over, built in the caller's memory context.
 */
typedef struct RowSink
{
	MemoryContext context;
	List	   *rows;
} RowSink;

static Datum
column(HeapTuple tuple, enum ReadColumn number, bool *isnull)
{
	return SPI_getbinval(tuple, SPI_tuptable->tupdesc, number, isnull);
}

static char *
text_column(HeapTuple tuple, enum ReadColumn number)
{
	bool		isnull;
	Datum		value = column(tuple, number, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static char *
name_column(HeapTuple tuple, enum ReadColumn number)
{
	bool		isnull;
	Datum		value = column(tuple, number, &isnull);

	return isnull ? NULL : pstrdup(NameStr(*DatumGetName(value)));
}

static int
int_column(HeapTuple tuple, enum ReadColumn number)
{
	bool		isnull;
	Datum		value = column(tuple, number, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

static bool
bool_column(HeapTuple tuple, enum ReadColumn number)
{
	bool		isnull;
	Datum		value = column(tuple, number, &isnull);

	return !isnull && DatumGetBool(value);
}

/*
 * Copy a hash; false for none.
 */
static bool
sha256_column(HeapTuple tuple, enum ReadColumn number, uint8 *sha256)
{
	bool		isnull;
	Datum		value = column(tuple, number, &isnull);
	bytea	   *bytes;

	if (isnull)
		return false;
	bytes = DatumGetByteaPP(value);
	if (VARSIZE_ANY_EXHDR(bytes) != PG_SHA256_DIGEST_LENGTH)
		elog(ERROR, "invalid hash in table \"%s\"", "migrate.applied");
	memcpy(sha256, VARDATA_ANY(bytes), PG_SHA256_DIGEST_LENGTH);
	return true;
}

static AppliedMigration *
applied_from_tuple(HeapTuple tuple)
{
	AppliedMigration *row = palloc0(sizeof(AppliedMigration));
	bool		isnull;

	row->version = text_column(tuple, R_VERSION);
	row->name = text_column(tuple, R_NAME);
	row->sort_key = text_column(tuple, R_SORT_KEY);
	row->file = text_column(tuple, R_FILE);
	row->batch = int_column(tuple, R_BATCH);
	row->history_id = DatumGetInt64(column(tuple, R_HISTORY_ID, &isnull));
	(void) sha256_column(tuple, R_UP_SHA256, row->up_sha256);
	row->has_down = sha256_column(tuple, R_DOWN_SHA256, row->down_sha256);
	row->up_role = name_column(tuple, R_UP_ROLE);
	row->down_role = name_column(tuple, R_DOWN_ROLE);
	row->up_line = int_column(tuple, R_UP_LINE);
	row->down_line = int_column(tuple, R_DOWN_LINE);
	row->up_transactional = bool_column(tuple, R_UP_TRANSACTIONAL);
	row->down_transactional = bool_column(tuple, R_DOWN_TRANSACTIONAL);
	row->reversible = bool_column(tuple, R_REVERSIBLE);
	row->down_error = text_column(tuple, R_DOWN_ERROR);
	row->description = text_column(tuple, R_DESCRIPTION);
	row->author = text_column(tuple, R_AUTHOR);
	row->created = text_column(tuple, R_CREATED);
	row->applied_at = DatumGetTimestampTz(column(tuple, R_APPLIED_AT, &isnull));
	row->applied_by = name_column(tuple, R_APPLIED_BY);
	row->duration = DatumGetIntervalP(column(tuple, R_DURATION, &isnull))->time;
	row->statements = int_column(tuple, R_STATEMENTS);
	return row;
}

static void
take_rows(void *arg)
{
	RowSink    *sink = arg;
	MemoryContext old = MemoryContextSwitchTo(sink->context);

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		CHECK_FOR_INTERRUPTS();
		sink->rows = lappend(sink->rows, applied_from_tuple(SPI_tuptable->vals[i]));
	}
	MemoryContextSwitchTo(old);
}

/*
 * The applied migrations of a history (AppliedMigration), in order of
 * application.
 *
 * With "latest", as last committed, also where the transaction's own snapshot
 * is older (as ri_triggers.c looks); else as that snapshot has it.
 */
List *
migrate_history_read(const MigrateRequest *request, bool latest)
{
	Parameters	p;
	RowSink		sink = {.context = CurrentMemoryContext};

	add_key(&p, request);
	CommandCounterIncrement();
	run_query(&read_query, &p, latest ? GetLatestSnapshot() : GetTransactionSnapshot(),
			  SPI_OK_SELECT, take_rows, &sink);
	return sink.rows;
}

/*
 * Can the transaction's snapshot see "applied", the history as last committed?
 * If not, what it would do next rests on an older state.
 */
bool
migrate_history_is_current(const MigrateRequest *request, List *applied)
{
	List	   *seen;
	ListCell   *a;
	ListCell   *b;

	if (!IsolationUsesXactSnapshot())
		return true;
	seen = migrate_history_read(request, false);
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
 * A single text that a query gives.
 */
typedef struct TextSink
{
	MemoryContext context;
	char	   *text;
} TextSink;

static void
take_text(void *arg)
{
	TextSink   *sink = arg;
	MemoryContext old = MemoryContextSwitchTo(sink->context);

	if (SPI_processed > 0)
		sink->text = text_column(SPI_tuptable->vals[0], 1);
	MemoryContextSwitchTo(old);
}

/*
 * A stored script, palloc'd; NULL if only its hash has been stored.
 */
char *
migrate_history_script(const uint8 *sha256)
{
	Parameters	p = {0};
	TextSink	sink = {.context = CurrentMemoryContext};

	add_sha256(&p, sha256);
	run_query(&script_query, &p, GetLatestSnapshot(), SPI_OK_SELECT, take_text, &sink);
	return sink.text;
}

static HistoryQuery attempts_query = {
	"SELECT id, version, name, direction, outcome, batch, started_at, duration, statements,"
	" login::pg_catalog.text, role::pg_catalog.text, application_name, client_addr, error"
	" FROM migrate.history"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
	" ORDER BY id DESC",
	2, {KEY_TYPES}
};

static void
take_tuples(void *arg)
{
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(arg, SPI_tuptable->vals[i]);
}

/*
 * Put the attempts of a history, newest first, into a tuplestore, with the
 * columns of migrate.history().
 */
void
migrate_history_attempts(const MigrateRequest *request, Tuplestorestate *store)
{
	Parameters	p;

	add_key(&p, request);
	CommandCounterIncrement();
	run_query(&attempts_query, &p, GetTransactionSnapshot(), SPI_OK_SELECT, take_tuples, store);
}

static void
take_int(void *arg)
{
	*(int *) arg = int_column(SPI_tuptable->vals[0], 1);
}

/*
 * The number of the next batch of a history.  Numbers are not used again.
 */
int
migrate_history_next_batch(const MigrateRequest *request)
{
	Parameters	p;
	int			batch = 0;

	add_key(&p, request);
	run_query(&batch_query, &p, GetLatestSnapshot(), SPI_OK_SELECT, take_int, &batch);
	return batch + 1;
}

static void
store_script(const uint8 *sha256, const char *text)
{
	Parameters	p = {0};
	size_t		length = strlen(text);

	add_sha256(&p, sha256);
	add_value(&p, Int64GetDatum((int64) length));
	add_text(&p, length <= MAX_STORED_SCRIPT ? text : NULL);
	run_query(&insert_script, &p, InvalidSnapshot, SPI_OK_INSERT, NULL, NULL);
}

static void
take_int64(void *arg)
{
	bool		isnull;

	*(int64 *) arg = DatumGetInt64(column(SPI_tuptable->vals[0], 1, &isnull));
}

static int64
add_history(const MigrateRequest *request, const char *version, const char *name,
			const char *direction, const char *outcome, int batch,
			TimestampTz started, int64 duration, int statements)
{
	Parameters	p;
	int64		id = 0;

	add_key(&p, request);
	add_text(&p, version);
	add_text(&p, name);
	add_text(&p, direction);
	add_text(&p, outcome);
	add_value(&p, Int32GetDatum(batch));
	add_value(&p, TimestampTzGetDatum(started));
	add_duration(&p, duration);
	add_value(&p, Int32GetDatum(statements));
	add_name(&p, author());
	run_query(&insert_history, &p, InvalidSnapshot, SPI_OK_INSERT_RETURNING, take_int64, &id);
	return id;
}

/*
 * Record that a migration is applied.
 *
 * "outcome" says how it came to be so, see migrate.history.  "up" and "down"
 * are its scripts, "down" NULL without one.  The current role becomes their
 * author, unless the step runs from the store, whose authors stay.
 */
void
migrate_history_record_up(const MigrateRequest *request, const MigrateStep *step,
						  const char *outcome, const MigrateResult *result,
						  TimestampTz started, const char *up, const char *down)
{
	const Migration *file = step->file;
	const AppliedMigration *old = step->applied;
	bool		has_down = file ? file->down.present : old->has_down;
	Parameters	p;
	int64		id;

	if (file != NULL)
	{
		store_script(file->up.sha256, up);
		if (has_down)
			store_script(file->down.sha256, down);
	}
	id = add_history(request, result->version, result->name, "up", outcome, result->batch,
					 started, result->duration, result->statements);
	add_key(&p, request);
	add_text(&p, result->version);
	add_text(&p, result->name);
	add_text(&p, file ? file->sort_key : old->sort_key);
	add_text(&p, file ? file->up.file : old->file);
	add_value(&p, Int32GetDatum(result->batch));
	add_value(&p, Int64GetDatum(id));
	add_sha256(&p, file ? file->up.sha256 : old->up_sha256);
	add_sha256(&p, !has_down ? NULL : file ? file->down.sha256 : old->down_sha256);
	add_name(&p, file ? author() : old->up_role);
	add_name(&p, !has_down ? NULL : file ? author() : old->down_role);
	add_value(&p, Int32GetDatum(file ? file->up.line : old->up_line));
	add_value(&p, Int32GetDatum(file ? file->down.line : old->down_line));
	add_value(&p, BoolGetDatum(file ? file->up.transactional : old->up_transactional));
	add_value(&p, BoolGetDatum(file ? file->down.transactional : old->down_transactional));
	add_value(&p, BoolGetDatum(file ? step->reversible : old->reversible));
	add_text(&p, file ? step->down_error : old->down_error);
	add_text(&p, file ? file->description : old->description);
	add_text(&p, file ? file->author : old->author);
	add_text(&p, file ? file->created : old->created);
	add_value(&p, TimestampTzGetDatum(GetCurrentTimestamp()));
	add_name(&p, author());
	add_duration(&p, result->duration);
	add_value(&p, Int32GetDatum(result->statements));
	run_query(&insert_applied, &p, InvalidSnapshot, SPI_OK_INSERT, NULL, NULL);
}

/*
 * Record that an applied migration has been undone, or is taken to be.
 */
void
migrate_history_record_down(const MigrateRequest *request, const MigrateStep *step,
							const MigrateResult *result, TimestampTz started)
{
	Parameters	p;

	(void) add_history(request, result->version, result->name, "down",
					   step->forced ? "forced" : "done", result->batch,
					   started, result->duration, result->statements);
	add_key(&p, request);
	add_text(&p, step->applied->version);
	run_query(&delete_applied, &p, InvalidSnapshot, SPI_OK_DELETE, NULL, NULL);
}

/*
 * Take over changed scripts of an applied migration: "up" and "down" are the
 * new texts, NULL to leave that one as it is.  A down that the file does not
 * have any more is told by item->down_changed alone.  The current role becomes
 * the author of what is replaced.
 */
void
migrate_history_replace(const MigrateRequest *request, const MigrateItem *item,
						const char *up, const char *down,
						bool reversible, const char *down_error)
{
	const Migration *file = item->file;
	Parameters	p;

	if (up != NULL)
	{
		store_script(file->up.sha256, up);
		add_key(&p, request);
		add_text(&p, item->applied->version);
		add_sha256(&p, file->up.sha256);
		add_name(&p, author());
		add_value(&p, Int32GetDatum(file->up.line));
		add_value(&p, BoolGetDatum(file->up.transactional));
		add_text(&p, file->up.file);
		add_text(&p, file->description);
		add_text(&p, file->author);
		add_text(&p, file->created);
		run_query(&update_up, &p, InvalidSnapshot, SPI_OK_UPDATE, NULL, NULL);
	}
	if (item->down_changed)
	{
		if (down != NULL)
			store_script(file->down.sha256, down);
		add_key(&p, request);
		add_text(&p, item->applied->version);
		add_sha256(&p, down ? file->down.sha256 : NULL);
		add_name(&p, down ? author() : NULL);
		add_value(&p, Int32GetDatum(file->down.line));
		add_value(&p, BoolGetDatum(file->down.transactional));
		add_value(&p, BoolGetDatum(reversible));
		add_text(&p, down_error);
		run_query(&update_down, &p, InvalidSnapshot, SPI_OK_UPDATE, NULL, NULL);
	}
}
