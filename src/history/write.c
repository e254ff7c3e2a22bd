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
#include "lib/qunique.h"
#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "format/format.h"
#include "history/history.h"
#include "history/history_int.h"
#include "history/owner_query.h"
#include "util/errcontext.h"
#include "variables/variables.h"

/* a larger text would make pg_dump of the whole database fail */
#define MAX_STORED_SCRIPT	(64 * 1024 * 1024)
/* nobody reads more of an error message, in bytes */
#define MAX_STORED_MESSAGE	8192

/*
 * The insertions have a form for one row, and one for many at once.
 */

static MigrateQuery insert_script = {
	"INSERT INTO migrate.script (sha256, bytes, text)"
	" SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM migrate.script"
	" WHERE sha256 OPERATOR(pg_catalog.=) $1)",
	3, {BYTEAOID, INT8OID, TEXTOID}
};

static MigrateQuery insert_scripts = {
	"INSERT INTO migrate.script (sha256, bytes, text)"
	" SELECT c1, c2, c3 FROM " MIGRATE_ROWS
	" WHERE NOT EXISTS (SELECT FROM migrate.script"
	" WHERE sha256 OPERATOR(pg_catalog.=) c1)",
	3, {BYTEAOID, INT8OID, TEXTOID}
};

#define HISTORY_COLUMNS \
	"project, schema, version, name, direction, outcome, batch," \
	" started_at, duration, statements, login, role, application_name, client_addr," \
	" sqlstate, error, error_context"
#define HISTORY_TYPES \
	16, {MIGRATE_KEY_TYPES, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TIMESTAMPTZOID, \
	INTERVALOID, INT4OID, NAMEOID, NAMEOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}

static MigrateQuery insert_history = {
	"INSERT INTO migrate.history (" HISTORY_COLUMNS ")"
	" SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
	" pg_catalog.inet_client_addr(), $14, $15, $16"
	" RETURNING id",
	HISTORY_TYPES
};

static MigrateQuery insert_histories = {
	"INSERT INTO migrate.history (" HISTORY_COLUMNS ")"
	" SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13,"
	" pg_catalog.inet_client_addr(), c14, c15, c16 FROM " MIGRATE_ROWS
	" RETURNING id",
	HISTORY_TYPES
};

#define APPLIED_COLUMNS \
	"project, schema, version, name, sort_key, file, batch," \
	" history_id, up_sha256, down_sha256, up_role, down_role, up_line, down_line," \
	" up_transactional, down_transactional, reversible, down_error, description, author," \
	" created, applied_at, applied_by, duration, statements, up_syntax, down_syntax, up_vars," \
	" down_vars, kind, format"
#define APPLIED_TYPES \
	31, {MIGRATE_KEY_TYPES, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT8OID, BYTEAOID, \
		BYTEAOID, NAMEOID, NAMEOID, INT4OID, INT4OID, BOOLOID, BOOLOID, BOOLOID, TEXTOID, TEXTOID, \
	TEXTOID, TEXTOID, TIMESTAMPTZOID, NAMEOID, INTERVALOID, INT4OID, TEXTOID, TEXTOID, JSONBOID, JSONBOID, TEXTOID, \
	TEXTOID}

static MigrateQuery insert_applied = {
	"INSERT INTO migrate.applied (" APPLIED_COLUMNS ")"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
	" $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)",
	APPLIED_TYPES
};

static MigrateQuery insert_applieds = {
	"INSERT INTO migrate.applied (" APPLIED_COLUMNS ")"
	" SELECT * FROM " MIGRATE_ROWS,
	APPLIED_TYPES
};

static MigrateQuery mark_baseline = {
	"UPDATE migrate.applied SET baseline = true"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	3, {MIGRATE_KEY_TYPES, TEXTOID}
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

static void
bind_script(MigrateParameters *p, const uint8 *sha256, const char *str)
{
	size_t		length = strlen(str);

	p->n = 0;
	migrate_bind_sha256(p, sha256);
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

	bind_script(&p, sha256, str);
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

static void
bind_history(MigrateParameters *p, const MigrateHistory *history, const char *version,
			 const char *name, const char *direction, const char *outcome, int batch,
			 TimestampTz started, int64 duration, int statements, const ErrorData *error)
{
	migrate_bind_key(p, history);
	migrate_bind_text(p, version);
	migrate_bind_text(p, name);
	migrate_bind_text(p, direction);
	migrate_bind_text(p, outcome);
	migrate_bind(p, Int32GetDatum(batch));
	migrate_bind(p, TimestampTzGetDatum(started));
	migrate_bind_duration(p, duration);
	migrate_bind(p, Int32GetDatum(statements));
	migrate_bind_name(p, history->login);
	migrate_bind_name(p, history->role);
	migrate_bind_text(p, history->application);
	migrate_bind_text(p, error ? unpack_sql_state(error->sqlerrcode) : NULL);
	migrate_bind_text(p, error ? clip(error->message) : NULL);
	migrate_bind_text(p, error ? clip(error->context) : NULL);
}

static int64
add_history(const MigrateHistory *history, const char *version, const char *name,
			const char *direction, const char *outcome, int batch,
			TimestampTz started, int64 duration, int statements, const ErrorData *error)
{
	MigrateParameters p;
	int64		id = 0;

	bind_history(&p, history, version, name, direction, outcome, batch, started, duration,
				 statements, error);
	migrate_query(&insert_history, &p, SNAPSHOT_STATEMENT, SPI_OK_INSERT_RETURNING, get_id, &id);
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
 * The row of a migration.  "id" is the attempt that applied it, 0 as long as it is
 * interrupted.
 */
static void
bind_row(MigrateParameters *p, const MigrateHistory *history, const MigrateStep *step,
		 const MigrateResult *result, int64 id)
{
	const Migration *file = step->file;
	const AppliedMigration *old = step->applied;
	bool		has_down = file ? file->down.present : old->has_down;

	migrate_bind_key(p, history);
	migrate_bind_text(p, result->version);
	migrate_bind_text(p, result->name);
	migrate_bind_text(p, file ? file->sort_key : old->sort_key);
	migrate_bind_text(p, file ? file->up.file : old->file);
	migrate_bind(p, Int32GetDatum(result->batch));
	migrate_bind(p, Int64GetDatum(id));
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
}

static void
insert_row(const MigrateHistory *history, const MigrateStep *step, const MigrateResult *result,
		   int64 id, const char *up, const char *down)
{
	const Migration *file = step->file;
	MigrateParameters p;

	if (file != NULL)
	{
		migrate_store_script(file->up.sha256, up);
		if (file->down.present)
			migrate_store_script(file->down.sha256, down);
	}
	bind_row(&p, history, step, result, id);
	migrate_query(&insert_applied, &p, SNAPSHOT_STATEMENT, SPI_OK_INSERT, NULL, NULL);
	if (step->applied != NULL && file != NULL)
		step->applied->stored_key = file->sort_key;
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
 * Record that a migration is applied.
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
	int64		id = add_history(history, result->version, result->name, "up", outcome,
								 result->batch, started, result->duration,
								 result->statements, NULL);

	if (step->in_progress || step->repeated)
		delete_row(history, step_key(step));
	insert_row(history, step, result, id, up, down);
	if (strcmp(outcome, "baseline") == 0)
	{
		MigrateParameters p;

		migrate_bind_key(&p, history);
		migrate_bind_text(&p, step_key(step));
		migrate_query(&mark_baseline, &p, SNAPSHOT_STATEMENT, SPI_OK_UPDATE, NULL, NULL);
	}
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
		if (step->in_progress || step->repeated)
			delete_row(history, step_key(step));
		insert_row(history, step, result, 0, sql, down);
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
	(void) add_history(history, result->version, result->name,
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
	int64		id = add_history(history, row->version, row->name, applied ? "up" : "down",
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
	(void) add_history(history, result->version, result->name, "down",
					   step->forced ? "forced" : "done", result->batch,
					   started, result->duration, result->statements, NULL);
	delete_row(history, step_key(step));
}

static void
get_ids(void *arg)
{
	int64	   *ids = arg;
	bool		isnull;

	for (uint64 i = 0; i < SPI_processed; i++)
		ids[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
											 1, &isnull));
}

/*
 * A script to store.
 */
typedef struct Script
{
	const uint8 *sha256;
	const char *str;
} Script;

static int
compare_scripts(const void *a, const void *b)
{
	return memcmp(((const Script *) a)->sha256, ((const Script *) b)->sha256,
				  PG_SHA256_DIGEST_LENGTH);
}

/*
 * Store the scripts of migrations (MigrateRecord), each once.  "rows" has room for
 * all of them.
 */
static void
store_scripts(List *records, MigrateParameters *rows)
{
	Script	   *scripts = palloc(2 * list_length(records) * sizeof(Script));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, records)
	{
		const MigrateRecord *record = lfirst(lc);
		const Migration *file = record->step.file;

		scripts[n++] = (Script)
		{
			file->up.sha256, record->up
		};
		if (file->down.present)
			scripts[n++] = (Script)
		{
			file->down.sha256, record->down
		};
	}
	qsort(scripts, n, sizeof(Script), compare_scripts);
	n = qunique(scripts, n, sizeof(Script), compare_scripts);
	for (int i = 0; i < n; i++)
		bind_script(&rows[i], scripts[i].sha256, scripts[i].str);
	migrate_query_rows(&insert_scripts, rows, n, SPI_OK_INSERT, NULL, NULL);
}

/*
 * Record, in that order, migrations (MigrateRecord) that have been applied
 * elsewhere: as many rows in a statement as there are.
 */
void
migrate_record_adopted(const MigrateHistory *history, List *records)
{
	int			n = list_length(records);
	MigrateParameters *rows = palloc(2 * n * sizeof(MigrateParameters));
	int64	   *ids = palloc0(n * sizeof(int64));
	ListCell   *lc;

	store_scripts(records, rows);
	foreach(lc, records)
	{
		const MigrateResult *result = ((MigrateRecord *) lfirst(lc))->result;

		bind_history(&rows[foreach_current_index(lc)], history, result->version, result->name,
					 "up", "adopted", result->batch,
					 result->applied_at ? result->applied_at : GetCurrentTimestamp(),
					 result->duration, result->statements, NULL);
	}
	migrate_query_rows(&insert_histories, rows, n, SPI_OK_INSERT_RETURNING, get_ids, ids);
	foreach(lc, records)
	{
		const MigrateRecord *record = lfirst(lc);
		int			i = foreach_current_index(lc);

		bind_row(&rows[i], history, &record->step, record->result, ids[i]);
	}
	migrate_query_rows(&insert_applieds, rows, n, SPI_OK_INSERT, NULL, NULL);
}
