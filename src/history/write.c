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

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "format/format.h"
#include "history/history.h"
#include "history/history_int.h"
#include "history/owner_query.h"
#include "history/recorder.h"
#include "history/table.h"
#include "util/errcontext.h"
#include "variables/variables.h"

/* more bytes of an error message would not be read */
#define MAX_STORED_MESSAGE	8192

/*
 * The columns of the tables, as the install script has them.
 */
static const MigrateColumn applied_columns[] = {
	{"project", TEXTOID, true}, {"schema", TEXTOID, true}, {"version", TEXTOID, true},
	{"name", TEXTOID, true}, {"kind", TEXTOID, true}, {"state", TEXTOID, true},
	{"baseline", BOOLOID, true}, {"done", INT4OID, true}, {"started", BOOLOID, true},
	{"invalid_indexes", OIDARRAYOID, false}, {"sort_key", TEXTOID, true},
	{"file", TEXTOID, true}, {"format", TEXTOID, false}, {"digest", BYTEAOID, false},
	{"batch", INT4OID, true}, {"history_id", INT8OID, true}, {"up_sha256", BYTEAOID, true},
	{"down_sha256", BYTEAOID, false}, {"up_role", NAMEOID, true}, {"down_role", NAMEOID, false},
	{"up_line", INT4OID, true}, {"down_line", INT4OID, true},
	{"up_transactional", BOOLOID, true}, {"down_transactional", BOOLOID, true},
	{"up_syntax", TEXTOID, true}, {"down_syntax", TEXTOID, true}, {"up_vars", JSONBOID, false},
	{"down_vars", JSONBOID, false}, {"reversible", BOOLOID, true},
	{"down_error", TEXTOID, false}, {"description", TEXTOID, false}, {"author", TEXTOID, false},
	{"created", TEXTOID, false}, {"applied_at", TIMESTAMPTZOID, true},
	{"applied_by", NAMEOID, true}, {"duration", INTERVALOID, true},
	{"statements", INT4OID, true}, {NULL}
};

/* of these: the key, and what else is read here */
#define APPLIED_PROJECT		1
#define APPLIED_SCHEMA		2
#define APPLIED_SORT_KEY	11
#define APPLIED_HISTORY_ID	16

static const MigrateColumn history_columns[] = {
	{"id", INT8OID, true}, {"project", TEXTOID, true}, {"schema", TEXTOID, true},
	{"kind", TEXTOID, true}, {"version", TEXTOID, true}, {"name", TEXTOID, true},
	{"direction", TEXTOID, true}, {"outcome", TEXTOID, true}, {"batch", INT4OID, false},
	{"started_at", TIMESTAMPTZOID, true}, {"duration", INTERVALOID, true},
	{"statements", INT4OID, true}, {"login", NAMEOID, true}, {"role", NAMEOID, true},
	{"application_name", TEXTOID, false}, {"client_addr", INETOID, false},
	{"sqlstate", TEXTOID, false}, {"error", TEXTOID, false}, {"error_context", TEXTOID, false},
	{"allowed", TEXTARRAYOID, false}, {NULL}
};

const MigrateTableDef migrate_applied_table = {
	"applied", "applied_pkey", {APPLIED_PROJECT, APPLIED_SCHEMA, APPLIED_SORT_KEY}, NULL, applied_columns
};
const MigrateTableDef migrate_history_table = {"history", NULL, {0}, "history_id_seq", history_columns};

/* the same to read it: rows are inserted without looking for others */
const MigrateTableDef migrate_history_by_key = {
	"history", "history_pkey", {HISTORY_PROJECT, HISTORY_SCHEMA, HISTORY_ID}, NULL, history_columns
};

static MigrateQuery delete_applied = {
	"DELETE FROM migrate.applied"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	3, {MIGRATE_KEY_TYPES, TEXTOID},
	&migrate_applied_table
};

/* a row that is still as its step has left it: another run may have gone on with it */
static MigrateQuery delete_own = {
	"DELETE FROM migrate.applied"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3"
	" AND state OPERATOR(pg_catalog.=) $4 AND done OPERATOR(pg_catalog.=) $5",
	5, {MIGRATE_KEY_TYPES, TEXTOID, TEXTOID, INT4OID},
	&migrate_applied_table
};

static MigrateQuery update_progress = {
	"UPDATE migrate.applied SET state = $4, done = $5, started = $6, invalid_indexes = $7"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3"
	" AND state OPERATOR(pg_catalog.=) $8 AND done OPERATOR(pg_catalog.=) $9",
	9, {MIGRATE_KEY_TYPES, TEXTOID, TEXTOID, INT4OID, BOOLOID, OIDARRAYOID, TEXTOID, INT4OID},
	&migrate_applied_table
};

static MigrateQuery update_repaired = {
	"UPDATE migrate.applied SET state = 'applied', done = 0, started = false,"
	" invalid_indexes = NULL, history_id = $4"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	4, {MIGRATE_KEY_TYPES, TEXTOID, INT8OID},
	&migrate_applied_table
};

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
 * A row of migrate.history, whose number is for put_attempt() to give.  A callback has
 * no version, and no batch (0) in a run that applies nothing.
 */
static void
bind_attempt(MigrateParameters *p, const MigrateHistory *history, const char *version,
			 const char *name, const char *direction, const char *outcome, int batch,
			 TimestampTz started, int64 duration, int statements, const ErrorData *error,
			 List *allowed)
{
	p->n = 0;
	migrate_bind(p, Int64GetDatum(0));
	migrate_bind_text(p, history->project);
	migrate_bind_text(p, history->schema);
	migrate_bind_text(p, *version == '\0' ? "callback" : "migration");
	migrate_bind_text(p, version);
	migrate_bind_text(p, name);
	migrate_bind_text(p, direction);
	migrate_bind_text(p, outcome);
	if (batch == 0)
		migrate_bind_null(p);
	else
		migrate_bind(p, Int32GetDatum(batch));
	migrate_bind(p, TimestampTzGetDatum(started));
	migrate_bind_duration(p, duration);
	migrate_bind(p, Int32GetDatum(statements));
	migrate_bind_name(p, history->login);
	migrate_bind_name(p, history->role);
	migrate_bind_text(p, history->application);
	migrate_bind_client_address(p);
	migrate_bind_text(p, error ? unpack_sql_state(error->sqlerrcode) : NULL);
	migrate_bind_text(p, error ? clip(error->message) : NULL);
	migrate_bind_text(p, error ? clip(error->context) : NULL);
	migrate_bind_texts(p, allowed);
}

/*
 * Insert a row of migrate.history, which gets the next number.
 */
static void
put_attempt(MigrateTable *table, MigrateParameters *row)
{
	row->values[HISTORY_ID - 1] = Int64GetDatum(migrate_table_next_id(table));
	migrate_table_insert(table, row);
}

static void
write_attempt(void *arg)
{
	MigrateTable *table = migrate_table_open(&migrate_history_table);

	put_attempt(table, arg);
	migrate_table_close(table);
}

/*
 * Record only an attempt; returns its number.
 */
static int64
add_attempt(const MigrateHistory *history, const char *version, const char *name,
			const char *direction, const char *outcome, int batch,
			TimestampTz started, int64 duration, int statements, const ErrorData *error,
			List *allowed)
{
	MigrateParameters row;

	bind_attempt(&row, history, version, name, direction, outcome, batch, started, duration,
				 statements, error, allowed);
	migrate_write_tables(write_attempt, &row);
	return DatumGetInt64(row.values[HISTORY_ID - 1]);
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
 * The row of migrate.applied of a completed step, without the number of its
 * attempt.
 */
static void
bind_applied(MigrateParameters *p, const MigrateHistory *history, const MigrateStep *step,
			 const char *outcome, const MigrateResult *result)
{
	const Migration *file = step->file;
	const AppliedMigration *old = step->applied;
	bool		has_down = file ? file->down.present : old->has_down;

	migrate_bind_key(p, history);
	migrate_bind_text(p, result->version);
	migrate_bind_text(p, result->name);
	migrate_bind_text(p, (file ? file->kind : old->kind) == KIND_REPEATABLE ? "repeatable" : "versioned");
	migrate_bind_text(p, "applied");
	migrate_bind(p, BoolGetDatum(strcmp(outcome, "baseline") == 0));
	migrate_bind(p, Int32GetDatum(0));
	migrate_bind(p, BoolGetDatum(false));
	migrate_bind_null(p);
	migrate_bind_text(p, file ? file->sort_key : old->sort_key);
	migrate_bind_text(p, file ? file->up.file : old->file);
	migrate_bind_text(p, file ? file->format : old->format);
	migrate_bind_sha256(p, file ? (file->has_digest ? file->digest : NULL) :
						old->has_digest ? old->digest : NULL);
	migrate_bind(p, Int32GetDatum(result->batch));
	migrate_bind(p, Int64GetDatum(0));
	migrate_bind_sha256(p, file ? file->up.sha256 : old->up_sha256);
	migrate_bind_sha256(p, !has_down ? NULL : file ? file->down.sha256 : old->down_sha256);
	migrate_bind_name(p, author_of(history, step, step->vars, old ? old->up_role : NULL));
	migrate_bind_name(p, !has_down ? NULL :
					  author_of(history, step, step->down_vars, old ? old->down_role : NULL));
	migrate_bind(p, Int32GetDatum(file ? file->up.line : old->up_line));
	migrate_bind(p, Int32GetDatum(file ? file->down.line : old->down_line));
	migrate_bind(p, BoolGetDatum(file ? file->up.transactional : old->up_transactional));
	migrate_bind(p, BoolGetDatum(file ? file->down.transactional : old->down_transactional));
	migrate_bind_text(p, migrate_syntax_name(file ? file->up.syntax : old->up_syntax));
	migrate_bind_text(p, migrate_syntax_name(file ? file->down.syntax : old->down_syntax));
	migrate_bind_vars(p, step->vars);
	migrate_bind_vars(p, has_down ? step->down_vars : NIL);
	migrate_bind(p, BoolGetDatum(file ? step->reversible : old->reversible));
	migrate_bind_text(p, file ? step->down_error : old->down_error);
	migrate_bind_text(p, file ? file->description : old->description);
	migrate_bind_text(p, file ? file->author : old->author);
	migrate_bind_text(p, file ? file->created : old->created);
	migrate_bind(p, TimestampTzGetDatum(result->applied_at ? result->applied_at : GetCurrentTimestamp()));
	migrate_bind_name(p, result->applied_by ? result->applied_by : history->role);
	migrate_bind_duration(p, result->duration);
	migrate_bind(p, Int32GetDatum(result->statements));
}

/*
 * The scripts of a step up from a file; "up" and "down" are their texts.
 */
static void
set_scripts(MigrateRecord *record, const Migration *file, const char *up, const char *down)
{
	memcpy(record->up_sha256, file->up.sha256, PG_SHA256_DIGEST_LENGTH);
	memcpy(record->down_sha256, file->down.sha256, PG_SHA256_DIGEST_LENGTH);
	record->up = pstrdup(up);
	record->down = file->down.present ? pstrdup(down) : NULL;
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
 * The state and the number of committed statements that the row of a step has, as
 * far as its own run knows.
 */
static void
bind_own_state(MigrateParameters *p, const MigrateStep *step)
{
	migrate_bind_text(p, !step->in_progress ? "applied" :
					  step->direction == MIGRATE_UP ? "interrupted up" : "interrupted down");
	migrate_bind(p, Int32GetDatum(step->in_progress ? step->done : 0));
}

/*
 * Replace the existing row of a step up, if there is one.
 */
static void
delete_old_row(const MigrateHistory *history, const MigrateStep *step)
{
	MigrateParameters p;

	if (!step->in_progress && !step->repeated)
		return;
	migrate_bind_key(&p, history);
	migrate_bind_text(&p, step_key(step));
	bind_own_state(&p, step);
	migrate_query(&delete_own, &p, SNAPSHOT_STATEMENT, SPI_OK_DELETE, NULL, NULL);
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
	MigrateRecord *record;

	delete_old_row(history, step);
	record = migrate_recorder_next(MIGRATE_UP);
	bind_attempt(&record->attempt, history, result->version, result->name, "up", outcome,
				 result->batch, started, result->duration, result->statements, NULL, step->allowed);
	bind_applied(&record->applied, history, step, outcome, result);
	if (step->file != NULL)
		set_scripts(record, step->file, up, down);
	migrate_recorder_add((up ? strlen(up) : 0) + (down ? strlen(down) : 0));
	if (step->applied != NULL && step->file != NULL)
		step->applied->stored_key = step->file->sort_key;
}

static void
put_scripts(MigrateScriptStore *store, const MigrateRecord *record)
{
	if (record->up != NULL)
		migrate_put_script(store, record->up_sha256, record->up);
	if (record->down != NULL)
		migrate_put_script(store, record->down_sha256, record->down);
}

/*
 * Delete the row of migrate.applied that has the key of this one.
 */
static void
delete_applied_row(MigrateTable *table, const MigrateParameters *row)
{
	const AttrNumber columns[] = {APPLIED_PROJECT, APPLIED_SCHEMA, APPLIED_SORT_KEY};
	const Datum values[] = {row->values[0], row->values[1], row->values[2]};

	migrate_require_row(migrate_table_delete(table, columns, values, lengthof(columns)));
}

/*
 * Records to write, as the argument of write_records().
 */
typedef struct Records
{
	MigrateDirection direction;
	MigrateRecord *records;
	int			count;
} Records;

static void
write_records(void *arg)
{
	const Records *records = arg;
	bool		up = records->direction == MIGRATE_UP;
	MigrateScriptStore *scripts = up ? migrate_script_store_open(2 * records->count) : NULL;
	MigrateTable *history = migrate_table_open(&migrate_history_table);
	MigrateTable *applied = migrate_table_open(&migrate_applied_table);

	for (int i = 0; i < records->count; i++)
	{
		MigrateRecord *record = &records->records[i];

		CHECK_FOR_INTERRUPTS();
		put_attempt(history, &record->attempt);
		if (record->attempt_only)
			continue;
		if (!up)
		{
			delete_applied_row(applied, &record->applied);
			continue;
		}
		put_scripts(scripts, record);
		record->applied.values[APPLIED_HISTORY_ID - 1] = record->attempt.values[HISTORY_ID - 1];
		migrate_table_insert(applied, &record->applied);
	}
	migrate_table_close(applied);
	migrate_table_close(history);
	if (up)
		migrate_script_store_close(scripts);
	CommandCounterIncrement();
}

/*
 * Write records of one direction, as migrate_record_up() and migrate_record_down()
 * have bound them.
 */
void
migrate_record_write(MigrateDirection direction, MigrateRecord *records, int count)
{
	Records		arg = {direction, records, count};

	migrate_write_tables(write_records, &arg);
}

/*
 * A record without an attempt, of a migration that is running.
 */
static void
write_interrupted(void *arg)
{
	MigrateRecord *record = arg;
	MigrateScriptStore *scripts = migrate_script_store_open(2);
	MigrateTable *applied = migrate_table_open(&migrate_applied_table);

	put_scripts(scripts, record);
	migrate_table_insert(applied, &record->applied);
	migrate_table_close(applied);
	migrate_script_store_close(scripts);
	CommandCounterIncrement();
}

/*
 * Record that a migration is running, with "done" statements committed or about to
 * be committed by this transaction.  "started" and "indexes" (of Oid) are needed
 * for the next one if it is interrupted.
 *
 * "sql" is the script that runs, which may differ from that of an earlier attempt;
 * "down" is the down script of a step up, or NULL.  If this attempt has recorded
 * them before, both are NULL: there may be thousands of commits, and each should
 * write only its progress.
 */
void
migrate_record_progress(const MigrateHistory *history, const MigrateStep *step,
						const MigrateResult *result, int done, bool started,
						List *indexes, const char *sql, const char *down)
{
	bool		is_new = sql != NULL && step->direction == MIGRATE_UP;
	MigrateParameters p;

	if (is_new)
	{
		MigrateRecord record = {0};

		delete_old_row(history, step);
		bind_applied(&record.applied, history, step, "", result);
		if (step->file != NULL)
			set_scripts(&record, step->file, sql, down);
		migrate_write_tables(write_interrupted, &record);
		if (step->applied != NULL && step->file != NULL)
			step->applied->stored_key = step->file->sort_key;
	}
	else if (sql != NULL && step->file != NULL)
		migrate_replace_down(history, step_key(step), step->file, sql, step->vars, true, NULL, NULL);
	migrate_bind_key(&p, history);
	migrate_bind_text(&p, step_key(step));
	migrate_bind_text(&p, step->direction == MIGRATE_UP ? "interrupted up" : "interrupted down");
	migrate_bind(&p, Int32GetDatum(done));
	migrate_bind(&p, BoolGetDatum(started));
	migrate_bind_oids(&p, indexes);
	if (is_new)
	{
		migrate_bind_text(&p, "applied");
		migrate_bind(&p, Int32GetDatum(0));
	}
	else
		bind_own_state(&p, step);
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
					   result->batch, started, result->duration, result->statements, error,
					   step->allowed);
}

/*
 * Record that a callback has run.
 */
void
migrate_record_callback(const MigrateHistory *history, const MigrateStep *step,
						const MigrateResult *result, TimestampTz started)
{
	MigrateRecord *record = migrate_recorder_next(step->direction);

	record->attempt_only = true;
	bind_attempt(&record->attempt, history, "", result->name,
				 step->direction == MIGRATE_UP ? "up" : "down", "done", result->batch, started,
				 result->duration, result->statements, NULL, step->allowed);
	migrate_recorder_add(0);
}

/*
 * Record that an interrupted migration has had no effect: its state is what it was
 * before.
 */
void
migrate_record_no_progress(const MigrateHistory *history, const MigrateStep *step)
{
	MigrateParameters p;

	if (step->direction == MIGRATE_UP)
	{
		delete_old_row(history, step);
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
								 "repaired", row->batch, GetCurrentTimestamp(), 0, 0, NULL, NIL);
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
	const char *outcome = step->forced ? "forced" : "done";
	MigrateRecord *record;

	if (step->in_progress)
	{
		(void) add_attempt(history, result->version, result->name, "down", outcome, result->batch,
						   started, result->duration, result->statements, NULL, NIL);
		delete_old_row(history, step);
		return;
	}
	record = migrate_recorder_next(MIGRATE_DOWN);
	bind_attempt(&record->attempt, history, result->version, result->name, "down", outcome,
				 result->batch, started, result->duration, result->statements, NULL, NIL);
	migrate_bind_key(&record->applied, history);
	migrate_bind_text(&record->applied, step_key(step));
	migrate_recorder_add(0);
}
