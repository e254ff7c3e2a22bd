/*-------------------------------------------------------------------------
 *
 * write.c
 *		What is written into the tables of the schema "migrate".
 *
 * How the statements run, see owner_query.c.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/write.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "format/format.h"
#include "history/history.h"
#include "history/history_int.h"
#include "history/owner_query.h"
#include "history/recorder.h"
#include "util/errcontext.h"
#include "variables/variables.h"

/* a larger text would make pg_dump of the whole database fail */
#define MAX_STORED_SCRIPT	(64 * 1024 * 1024)
/* nobody reads more of an error message, in bytes */
#define MAX_STORED_MESSAGE	8192

/*
 * What is written about a step, in the order of bind_record(): the columns of its
 * row of migrate.applied, what else migrate.history has, and its scripts.
 */
#define APPLIED_COLUMNS \
	"project, schema, version, name, sort_key, file, batch," \
	" up_sha256, down_sha256, up_role, down_role, up_line, down_line," \
	" up_transactional, down_transactional, reversible, down_error, description, author," \
	" created, applied_at, applied_by, duration, statements, up_syntax, down_syntax, up_vars," \
	" down_vars, kind, format, baseline"
#define RECORD_COLUMNS \
	APPLIED_COLUMNS ", direction, outcome, started_at, login, role, application_name," \
	" up_bytes, up_text, down_bytes, down_text"
#define RECORD_PARAMETERS \
	"$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19," \
	" $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36," \
	" $37, $38, $39, $40, $41"
#define RECORD_TYPES \
	41, {MIGRATE_KEY_TYPES, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, \
		BYTEAOID, BYTEAOID, NAMEOID, NAMEOID, INT4OID, INT4OID, \
		BOOLOID, BOOLOID, BOOLOID, TEXTOID, TEXTOID, TEXTOID, \
		TEXTOID, TIMESTAMPTZOID, NAMEOID, INTERVALOID, INT4OID, TEXTOID, TEXTOID, JSONBOID, \
		JSONBOID, TEXTOID, TEXTOID, BOOLOID, \
		TEXTOID, TEXTOID, TIMESTAMPTZOID, NAMEOID, NAMEOID, TEXTOID, \
	INT8OID, TEXTOID, INT8OID, TEXTOID}

/* the records: one that is bound, or many */
#define ONE_RECORD		"SELECT " RECORD_PARAMETERS
#define MANY_RECORDS	"SELECT * FROM " MIGRATE_ROWS

/* they get their numbers in history in this order */
#define WITH_RECORDS(records) \
	"WITH record AS MATERIALIZED (" \
	"SELECT pg_catalog.nextval('migrate.history_id_seq') AS id, r.*" \
	" FROM (" records ") r (" RECORD_COLUMNS "))"

/* each script once, of which "bytes" is null where it is there */
#define INSERT_SCRIPTS \
	" script AS (INSERT INTO migrate.script (sha256, bytes, text)" \
	" SELECT DISTINCT ON (s.sha256) s.sha256, s.bytes, s.text" \
	" FROM (SELECT up_sha256, up_bytes, up_text FROM record" \
	" UNION ALL SELECT down_sha256, down_bytes, down_text FROM record) s (sha256, bytes, text)" \
	" WHERE s.bytes IS NOT NULL AND NOT EXISTS (SELECT FROM migrate.script t" \
	" WHERE t.sha256 OPERATOR(pg_catalog.=) s.sha256))"

#define INSERT_ATTEMPTS \
	"INSERT INTO migrate.history (id, project, schema, version, name, direction, outcome, batch," \
	" started_at, duration, statements, login, role, application_name, client_addr)" \
	" SELECT id, project, schema, version, name, direction, outcome, batch," \
	" started_at, duration, statements, login, role, application_name," \
	" pg_catalog.inet_client_addr() FROM record"

#define RECORD_UP(records) \
	WITH_RECORDS(records) "," INSERT_SCRIPTS ", attempt AS (" INSERT_ATTEMPTS ")" \
	" INSERT INTO migrate.applied (history_id, " APPLIED_COLUMNS ")" \
	" SELECT id, " APPLIED_COLUMNS " FROM record"

#define RECORD_DOWN(records) \
	WITH_RECORDS(records) ", gone AS (DELETE FROM migrate.applied a USING record r" \
	" WHERE a.project OPERATOR(pg_catalog.=) r.project" \
	" AND a.schema OPERATOR(pg_catalog.=) r.schema" \
	" AND a.sort_key OPERATOR(pg_catalog.=) r.sort_key RETURNING r.id AS gone_id) " \
	INSERT_ATTEMPTS " JOIN gone ON id OPERATOR(pg_catalog.=) gone_id"

static MigrateQuery record_up = {RECORD_UP(ONE_RECORD), RECORD_TYPES};
static MigrateQuery record_ups = {RECORD_UP(MANY_RECORDS), RECORD_TYPES};
static MigrateQuery record_down = {RECORD_DOWN(ONE_RECORD), RECORD_TYPES};
static MigrateQuery record_downs = {RECORD_DOWN(MANY_RECORDS), RECORD_TYPES};

/* the row of one that is on its way, which no attempt has applied yet */
static MigrateQuery record_interrupted = {
	"WITH record AS (SELECT r.* FROM (" ONE_RECORD ") r (" RECORD_COLUMNS ")),"
	INSERT_SCRIPTS
	" INSERT INTO migrate.applied (history_id, " APPLIED_COLUMNS ")"
	" SELECT 0, " APPLIED_COLUMNS " FROM record",
	RECORD_TYPES
};

static MigrateQuery insert_script = {
	"INSERT INTO migrate.script (sha256, bytes, text)"
	" SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM migrate.script"
	" WHERE sha256 OPERATOR(pg_catalog.=) $1)",
	3, {BYTEAOID, INT8OID, TEXTOID}
};

static MigrateQuery insert_attempt = {
	"INSERT INTO migrate.history (project, schema, version, name, direction, outcome, batch,"
	" started_at, duration, statements, login, role, application_name, client_addr,"
	" sqlstate, error, error_context)"
	" SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
	" pg_catalog.inet_client_addr(), $14, $15, $16"
	" RETURNING id",
	16, {MIGRATE_KEY_TYPES, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TIMESTAMPTZOID,
	INTERVALOID, INT4OID, NAMEOID, NAMEOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
};

static MigrateQuery delete_applied = {
	"DELETE FROM migrate.applied"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	3, {MIGRATE_KEY_TYPES, TEXTOID}
};

static MigrateQuery update_progress = {
	"UPDATE migrate.applied SET state = $4, done = $5, started = $6, invalid_indexes = $7"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	7, {MIGRATE_KEY_TYPES, TEXTOID, TEXTOID, INT4OID, BOOLOID, OIDARRAYOID}
};

static MigrateQuery update_repaired = {
	"UPDATE migrate.applied SET state = 'applied', done = 0, started = false,"
	" invalid_indexes = NULL, history_id = $4"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	4, {MIGRATE_KEY_TYPES, TEXTOID, INT8OID}
};

/*
 * The text of a script, and its length; nulls for NULL, which is there already.
 */
static void
bind_script(MigrateParameters *p, const char *str)
{
	size_t		length = str ? strlen(str) : 0;

	if (str == NULL)
		migrate_bind_null(p);
	else
		migrate_bind(p, Int64GetDatum((int64) length));
	migrate_bind_text(p, length <= MAX_STORED_SCRIPT ? str : NULL);
}

/*
 * Store a script, unless it is there.
 */
void
migrate_store_script(const uint8 *sha256, const char *str)
{
	MigrateParameters p;

	p.n = 0;
	migrate_bind_sha256(&p, sha256);
	bind_script(&p, str);
	migrate_query(&insert_script, &p, SNAPSHOT_STATEMENT, SPI_OK_INSERT, NULL, NULL);
}

static void
get_id(void *arg)
{
	bool		isnull;

	*(int64 *) arg = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
												 1, &isnull));
}

/*
 * A message as it is stored: statements and values in it can be of any size.
 */
static const char *
clip(const char *message)
{
	int			length;

	if (message == NULL || strlen(message) <= MAX_STORED_MESSAGE)
		return message;
	length = pg_mbcliplen(message, strlen(message), MAX_STORED_MESSAGE);
	return psprintf("%.*s...", length, message);
}

/*
 * Record an attempt alone; returns its number.
 */
static int64
add_attempt(const MigrateHistory *history, const char *version, const char *name,
			const char *direction, const char *outcome, int batch,
			TimestampTz started, int64 duration, int statements, const ErrorData *error)
{
	MigrateParameters p;
	int64		id = 0;

	migrate_bind_key(&p, history);
	migrate_bind_text(&p, version);
	migrate_bind_text(&p, name);
	migrate_bind_text(&p, direction);
	migrate_bind_text(&p, outcome);
	migrate_bind(&p, Int32GetDatum(batch));
	migrate_bind(&p, TimestampTzGetDatum(started));
	migrate_bind_duration(&p, duration);
	migrate_bind(&p, Int32GetDatum(statements));
	migrate_bind_name(&p, history->login);
	migrate_bind_name(&p, history->role);
	migrate_bind_text(&p, history->application);
	migrate_bind_text(&p, error ? unpack_sql_state(error->sqlerrcode) : NULL);
	migrate_bind_text(&p, error ? clip(error->message) : NULL);
	migrate_bind_text(&p, error ? clip(error->context) : NULL);
	migrate_query(&insert_attempt, &p, SNAPSHOT_STATEMENT, SPI_OK_INSERT_RETURNING, get_id, &id);
	return id;
}

/*
 * What a step's row is found by: its key may be another now.
 */
static const char *
step_key(const MigrateStep *step)
{
	return step->applied ? step->applied->stored_key : step->file->sort_key;
}

/*
 * The author of a script of a step, which stays that of the store unless text or
 * values are new: whoever gave them answers for them.
 */
static const char *
author_of(const MigrateHistory *history, const MigrateStep *step, List *vars, const char *stored)
{
	return step->file || migrate_variables_come_from(vars, VARIABLE_GIVEN) ? history->role : stored;
}

/*
 * What is to be written about a step; "up" and "down" are its scripts, of a step
 * up from a file.
 */
static void
bind_record(MigrateParameters *p, const MigrateHistory *history, const MigrateStep *step,
			const char *outcome, const MigrateResult *result, TimestampTz started,
			const char *up, const char *down)
{
	const Migration *file = step->file;
	const AppliedMigration *old = step->applied;
	bool		is_up = step->direction == MIGRATE_UP;
	bool		has_down = file ? file->down.present : old->has_down;

	migrate_bind_key(p, history);
	migrate_bind_text(p, result->version);
	migrate_bind_text(p, result->name);
	migrate_bind_text(p, !is_up ? step_key(step) : file ? file->sort_key : old->sort_key);
	migrate_bind_text(p, file ? file->up.file : old->file);
	migrate_bind(p, Int32GetDatum(result->batch));
	migrate_bind_sha256(p, file ? file->up.sha256 : old->up_sha256);
	migrate_bind_sha256(p, !has_down ? NULL : file ? file->down.sha256 : old->down_sha256);
	migrate_bind_name(p, author_of(history, step, step->vars, old ? old->up_role : NULL));
	migrate_bind_name(p, !has_down ? NULL :
					  author_of(history, step, step->down_vars, old ? old->down_role : NULL));
	migrate_bind(p, Int32GetDatum(file ? file->up.line : old->up_line));
	migrate_bind(p, Int32GetDatum(file ? file->down.line : old->down_line));
	migrate_bind(p, BoolGetDatum(file ? file->up.transactional : old->up_transactional));
	migrate_bind(p, BoolGetDatum(file ? file->down.transactional : old->down_transactional));
	migrate_bind(p, BoolGetDatum(file ? step->reversible : old->reversible));
	migrate_bind_text(p, file ? step->down_error : old->down_error);
	migrate_bind_text(p, file ? file->description : old->description);
	migrate_bind_text(p, file ? file->author : old->author);
	migrate_bind_text(p, file ? file->created : old->created);
	migrate_bind(p, TimestampTzGetDatum(result->applied_at ? result->applied_at : GetCurrentTimestamp()));
	migrate_bind_name(p, result->applied_by ? result->applied_by : history->role);
	migrate_bind_duration(p, result->duration);
	migrate_bind(p, Int32GetDatum(result->statements));
	migrate_bind_text(p, migrate_syntax_name(file ? file->up.syntax : old->up_syntax));
	migrate_bind_text(p, migrate_syntax_name(file ? file->down.syntax : old->down_syntax));
	migrate_bind_vars(p, step->vars);
	migrate_bind_vars(p, has_down ? step->down_vars : NIL);
	migrate_bind_text(p, (file ? file->kind : old->kind) == KIND_REPEATABLE ? "repeatable" : "versioned");
	migrate_bind_text(p, file ? file->format : old->format);
	migrate_bind(p, BoolGetDatum(strcmp(outcome, "baseline") == 0));

	migrate_bind_text(p, is_up ? "up" : "down");
	migrate_bind_text(p, outcome);
	migrate_bind(p, TimestampTzGetDatum(started));
	migrate_bind_name(p, history->login);
	migrate_bind_name(p, history->role);
	migrate_bind_text(p, history->application);

	bind_script(p, is_up && file ? up : NULL);
	bind_script(p, is_up && has_down && file ? down : NULL);
}

static void
delete_row(const MigrateHistory *history, const char *sort_key)
{
	MigrateParameters p;

	migrate_bind_key(&p, history);
	migrate_bind_text(&p, sort_key);
	migrate_query(&delete_applied, &p, SNAPSHOT_STATEMENT, SPI_OK_DELETE, NULL, NULL);
}

/*
 * The row of a step up that there is already gives way to the new one.
 */
static void
delete_old_row(const MigrateHistory *history, const MigrateStep *step)
{
	if (step->in_progress || step->repeated)
		delete_row(history, step_key(step));
}

/*
 * Record that a migration is applied: now, or as one of many where a run has begun
 * to keep them, see recorder.c.
 *
 * "outcome" says how it came to be so, see migrate.history.  "up" and "down"
 * are its scripts, "down" NULL without one.  The current role becomes their
 * author, unless the step runs from the store, whose authors stay.
 */
void
migrate_record_up(const MigrateHistory *history, const MigrateStep *step,
				  const char *outcome, const MigrateResult *result,
				  TimestampTz started, const char *up, const char *down)
{
	MigrateParameters *p;

	delete_old_row(history, step);
	p = migrate_recorder_next(MIGRATE_UP);
	bind_record(p, history, step, outcome, result, started, up, down);
	migrate_recorder_add((up ? strlen(up) : 0) + (down ? strlen(down) : 0));
	if (step->applied != NULL && step->file != NULL)
		step->applied->stored_key = step->file->sort_key;
}

static void
check_written(void *arg)
{
	migrate_require_processed(*(int *) arg);
}

/*
 * Write records of one direction, as migrate_record_up() and migrate_record_down()
 * have bound them.
 */
void
migrate_record_write(MigrateDirection direction, MigrateParameters *records, int count)
{
	bool		up = direction == MIGRATE_UP;

	if (count == 1)
		migrate_query(up ? &record_up : &record_down, records, SNAPSHOT_STATEMENT,
					  SPI_OK_INSERT, check_written, &count);
	else
		migrate_query_rows(up ? &record_ups : &record_downs, records, count, SPI_OK_INSERT,
						   check_written, &count);
}

/*
 * Record that a migration is on its way, with "done" statements committed or
 * about to be in this transaction.  "started" and "indexes" (of Oid) are what
 * is to be known about the next one if it is interrupted.
 *
 * "sql" is the script that runs, which may be another one than that of an earlier
 * attempt; "down" is that of a step up, NULL without one.  Where this attempt has
 * recorded them before, both are NULL: there may be thousands of commits, and each
 * should write no more than how far it is.
 */
void
migrate_record_progress(const MigrateHistory *history, const MigrateStep *step,
						const MigrateResult *result, int done, bool started,
						List *indexes, const char *sql, const char *down)
{
	MigrateParameters p;

	if (sql != NULL && step->direction == MIGRATE_UP)
	{
		delete_old_row(history, step);
		bind_record(&p, history, step, "", result, GetCurrentTimestamp(), sql, down);
		migrate_query(&record_interrupted, &p, SNAPSHOT_STATEMENT, SPI_OK_INSERT, NULL, NULL);
		if (step->applied != NULL && step->file != NULL)
			step->applied->stored_key = step->file->sort_key;
	}
	else if (sql != NULL && step->file != NULL)
		migrate_replace_down(history, step_key(step), step->file, sql, step->vars, true, NULL);
	migrate_bind_key(&p, history);
	migrate_bind_text(&p, step_key(step));
	migrate_bind_text(&p, step->direction == MIGRATE_UP ? "interrupted up" : "interrupted down");
	migrate_bind(&p, Int32GetDatum(done));
	migrate_bind(&p, BoolGetDatum(started));
	migrate_bind_oids(&p, indexes);
	migrate_query(&update_progress, &p, SNAPSHOT_STATEMENT, SPI_OK_UPDATE, NULL, NULL);
}

/*
 * Record an attempt that failed.
 */
void
migrate_record_failed(const MigrateHistory *history, const MigrateStep *step,
					  const MigrateResult *result, TimestampTz started, const ErrorData *error)
{
	(void) add_attempt(history, result->version, result->name,
					   step->direction == MIGRATE_UP ? "up" : "down", "failed",
					   result->batch, started, result->duration, result->statements, error);
}

/*
 * Record that a migration that was on its way has come nowhere and left nothing:
 * it is what it was before.
 */
void
migrate_record_no_progress(const MigrateHistory *history, const MigrateStep *step)
{
	MigrateParameters p;

	if (step->direction == MIGRATE_UP)
	{
		delete_row(history, step_key(step));
		return;
	}
	migrate_bind_key(&p, history);
	migrate_bind_text(&p, step_key(step));
	migrate_bind(&p, Int64GetDatum(step->applied->history_id));
	migrate_query(&update_repaired, &p, SNAPSHOT_STATEMENT, SPI_OK_UPDATE, NULL, NULL);
}

/*
 * Record what repair() says of an interrupted migration: it is applied, or it is not.
 */
void
migrate_record_repaired(const MigrateHistory *history, const AppliedMigration *row, bool applied)
{
	int64		id = add_attempt(history, row->version, row->name, applied ? "up" : "down",
								 "repaired", row->batch, GetCurrentTimestamp(), 0, 0, NULL);
	MigrateParameters p;

	if (!applied)
	{
		delete_row(history, row->stored_key);
		return;
	}
	migrate_bind_key(&p, history);
	migrate_bind_text(&p, row->stored_key);
	migrate_bind(&p, Int64GetDatum(row->going_down ? row->history_id : id));
	migrate_query(&update_repaired, &p, SNAPSHOT_STATEMENT, SPI_OK_UPDATE, NULL, NULL);
}

/*
 * Record that an applied migration has been undone, or is taken to be.
 */
void
migrate_record_down(const MigrateHistory *history, const MigrateStep *step,
					const MigrateResult *result, TimestampTz started)
{
	MigrateParameters *p = migrate_recorder_next(MIGRATE_DOWN);

	bind_record(p, history, step, step->forced ? "forced" : "done", result, started, NULL, NULL);
	migrate_recorder_add(0);
}
