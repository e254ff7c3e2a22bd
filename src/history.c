/*-------------------------------------------------------------------------
 *
 * history.c
 *		Every statement on the three tables of the schema "migrate".
 *
 * How they run, see query.c.
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
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "migrate.h"

/* a larger text would make pg_dump of the whole database fail */
#define MAX_STORED_SCRIPT	(64 * 1024 * 1024)

#define KEY_TYPES TEXTOID, TEXTOID

static MigrateQuery read_query = {
	"SELECT version, name, sort_key, file, batch, history_id,"
	" up_sha256, down_sha256, up_role, down_role, up_line, down_line,"
	" up_transactional, down_transactional, reversible, down_error,"
	" description, author, created, applied_at, applied_by, duration, statements,"
	" state, done, started, invalid_indexes"
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
	R_DESCRIPTION, R_AUTHOR, R_CREATED, R_APPLIED_AT, R_APPLIED_BY, R_DURATION, R_STATEMENTS,
	R_STATE, R_DONE, R_STARTED, R_INVALID_INDEXES
};

static MigrateQuery script_query = {
	"SELECT text FROM migrate.script WHERE sha256 OPERATOR(pg_catalog.=) $1 LIMIT 1",
	1, {BYTEAOID}
};

static MigrateQuery batch_query = {
	"SELECT pg_catalog.max(batch) FROM migrate.history"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2",
	2, {KEY_TYPES}
};

#define INSERT_HISTORY \
	"INSERT INTO migrate.history (project, schema, version, name, direction, outcome, batch," \
	" started_at, duration, statements, login, role, application_name, client_addr," \
	" sqlstate, error)" \
	" SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, session_user, $11," \
	" pg_catalog.current_setting('application_name'), pg_catalog.inet_client_addr(), $12, $13"

static MigrateQuery insert_script = {
	"INSERT INTO migrate.script (sha256, bytes, text)"
	" SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM migrate.script"
	" WHERE sha256 OPERATOR(pg_catalog.=) $1)",
	3, {BYTEAOID, INT8OID, TEXTOID}
};

static MigrateQuery insert_history = {
	INSERT_HISTORY " RETURNING id",
	13, {KEY_TYPES, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TIMESTAMPTZOID,
	INTERVALOID, INT4OID, NAMEOID, TEXTOID, TEXTOID}
};

static MigrateQuery insert_applied = {
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

static MigrateQuery delete_applied = {
	"DELETE FROM migrate.applied"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	3, {KEY_TYPES, TEXTOID}
};

static MigrateQuery update_progress = {
	"UPDATE migrate.applied SET state = $4, done = $5, started = $6, invalid_indexes = $7"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
	" AND version OPERATOR(pg_catalog.=) $3",
	7, {KEY_TYPES, TEXTOID, TEXTOID, INT4OID, BOOLOID, OIDARRAYOID}
};

static MigrateQuery update_settled = {
	"UPDATE migrate.applied SET state = 'applied', done = 0, started = false,"
	" invalid_indexes = NULL, history_id = $4"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
	" AND version OPERATOR(pg_catalog.=) $3",
	4, {KEY_TYPES, TEXTOID, INT8OID}
};

static MigrateQuery update_up = {
	"UPDATE migrate.applied SET up_sha256 = $4, up_role = $5, up_line = $6,"
	" up_transactional = $7, file = $8, description = $9, author = $10, created = $11"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
	" AND version OPERATOR(pg_catalog.=) $3",
	11, {KEY_TYPES, TEXTOID, BYTEAOID, NAMEOID, INT4OID, BOOLOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
};

static MigrateQuery update_down = {
	"UPDATE migrate.applied SET down_sha256 = $4, down_role = $5, down_line = $6,"
	" down_transactional = $7, reversible = $8, down_error = $9"
	" WHERE project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
	" AND version OPERATOR(pg_catalog.=) $3",
	9, {KEY_TYPES, TEXTOID, BYTEAOID, NAMEOID, INT4OID, BOOLOID, BOOLOID, TEXTOID}
};

static void
add_key(MigrateParameters *p, const MigrateRequest *request)
{
	p->n = 0;
	migrate_bind_text(p, request->project);
	migrate_bind_text(p, request->schema);
}

static ArrayType *
oid_array(List *oids)
{
	int			n = 0;
	Datum	   *values = palloc(Max(list_length(oids), 1) * sizeof(Datum));
	ListCell   *lc;

	foreach(lc, oids)
		values[n++] = ObjectIdGetDatum(lfirst_oid(lc));
	return construct_array(values, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT);
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

static List *
oids_column(HeapTuple tuple, enum ReadColumn number)
{
	List	   *oids = NIL;
	bool		isnull;
	Datum		value = column(tuple, number, &isnull);
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

static AppliedMigration *
applied_from_tuple(HeapTuple tuple)
{
	AppliedMigration *row = palloc0(sizeof(AppliedMigration));
	const char *state;
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
	state = text_column(tuple, R_STATE);
	row->interrupted = strcmp(state, "applied") != 0;
	row->going_down = strcmp(state, "interrupted down") == 0;
	row->done = int_column(tuple, R_DONE);
	row->started = bool_column(tuple, R_STARTED);
	row->invalid_indexes = oids_column(tuple, R_INVALID_INDEXES);
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
	MigrateParameters p;
	RowSink		sink = {.context = CurrentMemoryContext};

	add_key(&p, request);
	CommandCounterIncrement();
	migrate_query(&read_query, &p, latest ? GetLatestSnapshot() : GetTransactionSnapshot(),
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
	MigrateParameters p = {0};
	TextSink	sink = {.context = CurrentMemoryContext};

	migrate_bind_sha256(&p, sha256);
	migrate_query(&script_query, &p, GetLatestSnapshot(), SPI_OK_SELECT, take_text, &sink);
	return sink.text;
}

static MigrateQuery attempts_query = {
	"SELECT id, version, name, direction, outcome, batch, started_at, duration, statements,"
	" login::pg_catalog.text, role::pg_catalog.text, application_name, client_addr,"
	" sqlstate OPERATOR(pg_catalog.||) ': ' OPERATOR(pg_catalog.||) error"
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
	MigrateParameters p;

	add_key(&p, request);
	CommandCounterIncrement();
	migrate_query(&attempts_query, &p, GetTransactionSnapshot(), SPI_OK_SELECT, take_tuples, store);
}

static MigrateQuery lockers_query = {
	"SELECT pg_catalog.string_agg(DISTINCT l.pid::pg_catalog.text, ', ')"
	" FROM pg_catalog.pg_locks l WHERE l.granted AND l.locktype OPERATOR(pg_catalog.=) 'relation'"
	" AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()"
	" AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d"
	" WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())"
	" AND l.relation OPERATOR(pg_catalog.=) ANY ($1)",
	1, {OIDARRAYOID}
};

/*
 * The processes that hold locks on relations (RangeVar), listed; NULL if there
 * are none, or the relations cannot be found.  Best effort, for a NOTICE.
 */
char *
migrate_history_lockers(List *relations)
{
	MigrateParameters p = {0};
	TextSink	sink = {.context = CurrentMemoryContext};
	List	   *oids = NIL;
	ListCell   *lc;

	foreach(lc, relations)
	{
		Oid			relid = RangeVarGetRelid(lfirst_node(RangeVar, lc), NoLock, true);

		if (OidIsValid(relid))
			oids = lappend_oid(oids, relid);
	}
	if (oids == NIL)
		return NULL;
	migrate_bind(&p, PointerGetDatum(oid_array(oids)));
	migrate_query(&lockers_query, &p, InvalidSnapshot, SPI_OK_SELECT, take_text, &sink);
	return sink.text;
}

static MigrateQuery failures_query = {
	"SELECT h.version, pg_catalog.concat('failed at ', h.started_at, ': ', h.sqlstate, ': ', h.error)"
	" FROM (SELECT DISTINCT ON (a.version) a.* FROM migrate.history a"
	" WHERE a.project OPERATOR(pg_catalog.=) $1 AND a.schema OPERATOR(pg_catalog.=) $2"
	" ORDER BY a.version, a.id DESC) h WHERE h.outcome OPERATOR(pg_catalog.=) 'failed'",
	2, {KEY_TYPES}
};

static void
take_failures(void *arg)
{
	RowSink    *sink = arg;
	MemoryContext old = MemoryContextSwitchTo(sink->context);

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MigrateFailure *failure = palloc(sizeof(MigrateFailure));

		failure->version = text_column(SPI_tuptable->vals[i], 1);
		failure->reason = text_column(SPI_tuptable->vals[i], 2);
		sink->rows = lappend(sink->rows, failure);
	}
	MemoryContextSwitchTo(old);
}

/*
 * The migrations of a history whose last attempt failed (MigrateFailure).
 */
List *
migrate_history_failures(const MigrateRequest *request)
{
	MigrateParameters p;
	RowSink		sink = {.context = CurrentMemoryContext};

	add_key(&p, request);
	migrate_query(&failures_query, &p, GetTransactionSnapshot(), SPI_OK_SELECT, take_failures, &sink);
	return sink.rows;
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
	MigrateParameters p;
	int			batch = 0;

	add_key(&p, request);
	migrate_query(&batch_query, &p, GetLatestSnapshot(), SPI_OK_SELECT, take_int, &batch);
	return batch + 1;
}

static void
store_script(const uint8 *sha256, const char *text)
{
	MigrateParameters p = {0};
	size_t		length = strlen(text);

	migrate_bind_sha256(&p, sha256);
	migrate_bind(&p, Int64GetDatum((int64) length));
	migrate_bind_text(&p, length <= MAX_STORED_SCRIPT ? text : NULL);
	migrate_query(&insert_script, &p, InvalidSnapshot, SPI_OK_INSERT, NULL, NULL);
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
			TimestampTz started, int64 duration, int statements, const ErrorData *error)
{
	MigrateParameters p;
	int64		id = 0;

	add_key(&p, request);
	migrate_bind_text(&p, version);
	migrate_bind_text(&p, name);
	migrate_bind_text(&p, direction);
	migrate_bind_text(&p, outcome);
	migrate_bind(&p, Int32GetDatum(batch));
	migrate_bind(&p, TimestampTzGetDatum(started));
	migrate_bind_duration(&p, duration);
	migrate_bind(&p, Int32GetDatum(statements));
	migrate_bind_name(&p, request->role);
	migrate_bind_text(&p, error ? unpack_sql_state(error->sqlerrcode) : NULL);
	migrate_bind_text(&p, error ? error->message : NULL);
	migrate_query(&insert_history, &p, InvalidSnapshot, SPI_OK_INSERT_RETURNING, take_int64, &id);
	return id;
}

/*
 * What a step's row is found by: a file may be renamed to another form of the
 * same version.
 */
static const char *
row_key(const MigrateStep *step)
{
	return step->file ? step->file->sort_key : step->applied->sort_key;
}

/*
 * Insert the row of a migration.  "id" is the attempt that applied it, 0 as
 * long as it is interrupted.
 */
static void
insert_row(const MigrateRequest *request, const MigrateStep *step, const MigrateResult *result,
		   int64 id, const char *up, const char *down)
{
	const Migration *file = step->file;
	const AppliedMigration *old = step->applied;
	bool		has_down = file ? file->down.present : old->has_down;
	MigrateParameters p;

	if (file != NULL)
	{
		store_script(file->up.sha256, up);
		if (has_down)
			store_script(file->down.sha256, down);
	}
	add_key(&p, request);
	migrate_bind_text(&p, result->version);
	migrate_bind_text(&p, result->name);
	migrate_bind_text(&p, file ? file->sort_key : old->sort_key);
	migrate_bind_text(&p, file ? file->up.file : old->file);
	migrate_bind(&p, Int32GetDatum(result->batch));
	migrate_bind(&p, Int64GetDatum(id));
	migrate_bind_sha256(&p, file ? file->up.sha256 : old->up_sha256);
	migrate_bind_sha256(&p, !has_down ? NULL : file ? file->down.sha256 : old->down_sha256);
	migrate_bind_name(&p, file ? request->role : old->up_role);
	migrate_bind_name(&p, !has_down ? NULL : file ? request->role : old->down_role);
	migrate_bind(&p, Int32GetDatum(file ? file->up.line : old->up_line));
	migrate_bind(&p, Int32GetDatum(file ? file->down.line : old->down_line));
	migrate_bind(&p, BoolGetDatum(file ? file->up.transactional : old->up_transactional));
	migrate_bind(&p, BoolGetDatum(file ? file->down.transactional : old->down_transactional));
	migrate_bind(&p, BoolGetDatum(file ? step->reversible : old->reversible));
	migrate_bind_text(&p, file ? step->down_error : old->down_error);
	migrate_bind_text(&p, file ? file->description : old->description);
	migrate_bind_text(&p, file ? file->author : old->author);
	migrate_bind_text(&p, file ? file->created : old->created);
	migrate_bind(&p, TimestampTzGetDatum(GetCurrentTimestamp()));
	migrate_bind_name(&p, request->role);
	migrate_bind_duration(&p, result->duration);
	migrate_bind(&p, Int32GetDatum(result->statements));
	migrate_query(&insert_applied, &p, InvalidSnapshot, SPI_OK_INSERT, NULL, NULL);
}

static void
delete_row(const MigrateRequest *request, const char *sort_key)
{
	MigrateParameters p;

	add_key(&p, request);
	migrate_bind_text(&p, sort_key);
	migrate_query(&delete_applied, &p, InvalidSnapshot, SPI_OK_DELETE, NULL, NULL);
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
	int64		id = add_history(request, result->version, result->name, "up", outcome,
								 result->batch, started, result->duration,
								 result->statements, NULL);

	if (step->in_progress)
		delete_row(request, row_key(step));
	insert_row(request, step, result, id, up, down);
}

/*
 * Make "down" the stored down script of a migration, NULL for none.
 */
static void
replace_down(const MigrateRequest *request, const char *version, const Migration *file,
			 const char *down, bool reversible, const char *down_error)
{
	MigrateParameters p;

	if (down != NULL)
		store_script(file->down.sha256, down);
	add_key(&p, request);
	migrate_bind_text(&p, version);
	migrate_bind_sha256(&p, down ? file->down.sha256 : NULL);
	migrate_bind_name(&p, down ? request->role : NULL);
	migrate_bind(&p, Int32GetDatum(file->down.line));
	migrate_bind(&p, BoolGetDatum(file->down.transactional));
	migrate_bind(&p, BoolGetDatum(reversible));
	migrate_bind_text(&p, down_error);
	migrate_query(&update_down, &p, InvalidSnapshot, SPI_OK_UPDATE, NULL, NULL);
}

/*
 * Record that a migration is on its way, with "done" statements committed or
 * about to be in this transaction.  "started" and "indexes" (of Oid) are what
 * is to be known about the next one if it is interrupted.  "sql" is the script
 * that runs, which may be another one than that of an earlier attempt; "down" is
 * that of a step up, NULL without one.
 */
void
migrate_history_progress(const MigrateRequest *request, const MigrateStep *step,
						 const MigrateResult *result, int done, bool started,
						 List *indexes, const char *sql, const char *down)
{
	MigrateParameters p;

	if (step->direction == MIGRATE_UP)
	{
		if (step->in_progress)
			delete_row(request, row_key(step));
		insert_row(request, step, result, 0, sql, down);
	}
	else if (step->file != NULL)
		replace_down(request, step->applied->version, step->file, sql, true, NULL);
	add_key(&p, request);
	migrate_bind_text(&p, step->direction == MIGRATE_UP ? step->file->version : step->applied->version);
	migrate_bind_text(&p, step->direction == MIGRATE_UP ? "interrupted up" : "interrupted down");
	migrate_bind(&p, Int32GetDatum(done));
	migrate_bind(&p, BoolGetDatum(started));
	migrate_bind(&p, PointerGetDatum(oid_array(indexes)));
	migrate_query(&update_progress, &p, InvalidSnapshot, SPI_OK_UPDATE, NULL, NULL);
}

/*
 * Record an attempt that failed.
 */
void
migrate_history_failed(const MigrateRequest *request, const MigrateStep *step,
					   const MigrateResult *result, TimestampTz started, const ErrorData *error)
{
	(void) add_history(request, result->version, result->name,
					   step->direction == MIGRATE_UP ? "up" : "down", "failed",
					   result->batch, started, result->duration, result->statements, error);
}

/*
 * Record that a migration that was on its way has come nowhere and left nothing:
 * it is what it was before.
 */
void
migrate_history_no_progress(const MigrateRequest *request, const MigrateStep *step)
{
	MigrateParameters p;

	if (step->direction == MIGRATE_UP)
	{
		delete_row(request, row_key(step));
		return;
	}
	add_key(&p, request);
	migrate_bind_text(&p, step->applied->version);
	migrate_bind(&p, Int64GetDatum(step->applied->history_id));
	migrate_query(&update_settled, &p, InvalidSnapshot, SPI_OK_UPDATE, NULL, NULL);
}

/*
 * Settle an interrupted migration by hand: it is applied, or it is not.
 */
void
migrate_history_settle(const MigrateRequest *request, const AppliedMigration *row, bool applied)
{
	int64		id = add_history(request, row->version, row->name, applied ? "up" : "down",
								 "repaired", row->batch, GetCurrentTimestamp(), 0, 0, NULL);
	MigrateParameters p;

	if (!applied)
	{
		delete_row(request, row->sort_key);
		return;
	}
	add_key(&p, request);
	migrate_bind_text(&p, row->version);
	migrate_bind(&p, Int64GetDatum(row->going_down ? row->history_id : id));
	migrate_query(&update_settled, &p, InvalidSnapshot, SPI_OK_UPDATE, NULL, NULL);
}

/*
 * Record that an applied migration has been undone, or is taken to be.
 */
void
migrate_history_record_down(const MigrateRequest *request, const MigrateStep *step,
							const MigrateResult *result, TimestampTz started)
{
	(void) add_history(request, result->version, result->name, "down",
					   step->forced ? "forced" : "done", result->batch,
					   started, result->duration, result->statements, NULL);
	delete_row(request, step->applied->sort_key);
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
	MigrateParameters p;

	if (up != NULL)
	{
		store_script(file->up.sha256, up);
		add_key(&p, request);
		migrate_bind_text(&p, item->applied->version);
		migrate_bind_sha256(&p, file->up.sha256);
		migrate_bind_name(&p, request->role);
		migrate_bind(&p, Int32GetDatum(file->up.line));
		migrate_bind(&p, BoolGetDatum(file->up.transactional));
		migrate_bind_text(&p, file->up.file);
		migrate_bind_text(&p, file->description);
		migrate_bind_text(&p, file->author);
		migrate_bind_text(&p, file->created);
		migrate_query(&update_up, &p, InvalidSnapshot, SPI_OK_UPDATE, NULL, NULL);
	}
	if (item->down_changed)
		replace_down(request, item->applied->version, file, down, reversible, down_error);
}
