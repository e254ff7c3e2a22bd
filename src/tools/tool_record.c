/*-------------------------------------------------------------------------
 *
 * tool_record.c
 *		Records in another tool's table what has been applied or undone here.
 *
 * A tool is a row of recordings[]: the statement for each direction, as the tool
 * itself writes its table.  To keep another tool in step, add a row.
 *
 * The caller writes: with its own privileges, to a table that brings no code of
 * roles that the caller has no reason to trust.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/tools/tool_record.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "tools/tools.h"
#include "tools/tools_int.h"
#include "util/printable.h"

/*
 * What the statements are given, in this order.
 */
enum RecordParameter
{
	R_ID, R_TITLE, R_PATH, R_CHECKSUM, R_LAST, R_DURATION, R_STARTED,
	R_COUNT
};

static const Oid record_types[R_COUNT] = {
	[R_ID] = TEXTOID,
	[R_TITLE] = TEXTOID,
	[R_PATH] = TEXTOID,
	[R_CHECKSUM] = TEXTOID,
	[R_LAST] = TEXTOID,
	[R_DURATION] = INT8OID,
	[R_STARTED] = TIMESTAMPTZOID,
};

typedef struct MigrateToolRecording
{
	const char *tool;
	char	   *(*make_checksum) (const MigrateChecksumInput *in);
	const char *up;				/* "%s" is the table, each time */
	const char *down;
} MigrateToolRecording;

/* $1 id, $2 title, $3 path, $4 checksum, $5 last, $6 duration, $7 started */
static const MigrateToolRecording recordings[] = {
	{
		.tool = "goose",		/* v3.27, internal/dialects/postgres.go */
		.up = "INSERT INTO %s (version_id, is_applied) VALUES ($1::bigint, true)",
		.down = "DELETE FROM %s WHERE version_id = $1::bigint"
	},
	{
		/* v4, database/postgres: one row, or none where nothing is applied */
		.tool = "golang-migrate",
		.up = "WITH others AS (DELETE FROM %s WHERE version <> $5::bigint)"
		" INSERT INTO %s (version, dirty) VALUES ($5::bigint, false)"
		" ON CONFLICT (version) DO UPDATE SET dirty = false",
		.down = "WITH others AS (DELETE FROM %s WHERE version <> $5::bigint OR $5 IS NULL)"
		" INSERT INTO %s (version, dirty) SELECT $5::bigint, false WHERE $5 IS NOT NULL"
		" ON CONFLICT (version) DO UPDATE SET dirty = false"
	},
	{
		.tool = "dbmate",		/* v2, pkg/driver/postgres */
		.up = "INSERT INTO %s (version) VALUES ($1)",
		.down = "DELETE FROM %s WHERE version = $1"
	},
	{
		.tool = "sql-migrate",	/* v1, migrate.go */
		.up = "INSERT INTO %s (id, applied_at) VALUES ($1, pg_catalog.now())",
		.down = "DELETE FROM %s WHERE id = $1"
	},
	{
		/*
		 * Flyway 13, JdbcTableSchemaHistory.java.  What is undone gets a row
		 * as from "repair" for a file that is gone: rows of "undo" stop
		 * editions that do not have it.
		 */
		.tool = "flyway",
		.make_checksum = migrate_make_checksum_flyway,
		.up = "INSERT INTO %s (installed_rank, version, description, type, script, checksum,"
		" installed_by, execution_time, success)"
		" SELECT coalesce(max(installed_rank), 0) + 1, replace($1, '_', '.'), replace($2, '_', ' '),"
		" CASE WHEN $3 ~ '(^|/)B[0-9._]+[^/]*$' THEN 'SQL_BASELINE' ELSE 'SQL' END, $3, $4::integer, current_user, ($6 / 1000)::integer, true FROM %s",
		.down = "INSERT INTO %s (installed_rank, version, description, type, script, checksum,"
		" installed_by, execution_time, success)"
		" SELECT (SELECT max(installed_rank) FROM %s) + 1, version, description, 'DELETE', script,"
		" checksum, current_user, 0, success FROM %s WHERE version = replace($1, '_', '.')"
		" OR ($1 IS NULL AND version IS NULL AND description = replace($2, '_', ' '))"
		" ORDER BY installed_rank DESC LIMIT 1"
	},
	{
		.tool = "sqlx",			/* 0.9, sqlx-postgres/src/migrate.rs */
		.make_checksum = migrate_make_checksum_sqlx,
		.up = "INSERT INTO %s (version, description, success, checksum, execution_time)"
		" VALUES ($1::bigint, replace($2, '_', ' '), true, decode($4, 'hex'), $6 * 1000)",
		.down = "DELETE FROM %s WHERE version = $1::bigint"
	},
	{
		/*
		 * prisma-engines,
		 * sql-schema-connector/src/sql_migration_persistence.rs
		 */
		.tool = "prisma",
		.make_checksum = migrate_make_checksum_prisma,
		.up = "INSERT INTO %s (id, checksum, started_at, finished_at, migration_name, applied_steps_count)"
		" VALUES (gen_random_uuid()::text, $4, $7, clock_timestamp(), $1, 1)",
		.down = "DELETE FROM %s WHERE migration_name = $1"
	},
};

static const MigrateToolRecording *
recording_of(const char *tool)
{
	for (int i = 0; i < lengthof(recordings); i++)
		if (strcmp(recordings[i].tool, tool) == 0)
			return &recordings[i];
	return NULL;
}

/*
 * Is it known how a tool records what it applies?
 */
bool
migrate_tool_can_record(const char *tool)
{
	return recording_of(tool) != NULL;
}

/*
 * The names of these tools, for a hint.
 */
char *
migrate_tools_recorded(void)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < lengthof(recordings); i++)
		appendStringInfo(&list, "%s\"%s\"", i > 0 ? ", " : "", recordings[i].tool);
	return list.data;
}

/*
 * The checksum that a tool records of a file, NULL if it records none.
 */
char *
migrate_tool_checksum(const MigrateTool *tool, const MigrateChecksumInput *in)
{
	const MigrateToolRecording *recording = recording_of(tool->name);

	return recording->make_checksum == NULL ? NULL : recording->make_checksum(in);
}

/*
 * Does it record one?
 */
bool
migrate_tool_has_checksum(const MigrateTool *tool)
{
	return recording_of(tool->name)->make_checksum != NULL;
}

/*
 * 42501 unless writing the table runs no code but that of its owner, and the owner
 * is "role" or a superuser.
 */
static void
require_plain(Relation rel, Oid role)
{
	Oid			owner = rel->rd_rel->relowner;

	if (owner != role && !superuser_arg(owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot keep table \"%s\" in step: it belongs to role \"%s\"",
						RelationGetRelationName(rel), GetUserNameFromId(owner, true)),
				 errhint("Only a table of the current role or of a superuser is written.")));
	if (rel->rd_rel->relkind != RELKIND_RELATION ||
		find_inheritance_children(RelationGetRelid(rel), NoLock) != NIL || rel->trigdesc != NULL || rel->rd_rel->relhasrules || rel->rd_rel->relrowsecurity)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot keep table \"%s\" of role \"%s\" in step: it is not a plain table",
						RelationGetRelationName(rel), GetUserNameFromId(owner, true)),
				 errdetail("It must not have triggers, foreign keys, rules, row security or child tables.")));
}

/*
 * Open the table to write it; 42P01 if it is gone, 42501 as require_plain().
 */
static Relation
open_to_write(const MigrateToolTable *tool_table, Oid role)
{
	Relation	rel;

	LockRelationOid(tool_table->relid, RowExclusiveLock);
	rel = try_relation_open(tool_table->relid, NoLock);
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" of %s does not exist any more", tool_table->table,
						tool_table->tool->name)));
	require_plain(rel, role);
	return rel;
}

/*
 * Check, before anything runs, that "role" may keep the table in step: 42501 or
 * 42P01.
 */
void
migrate_tool_require_plain(const MigrateToolTable *tool_table, Oid role)
{
	relation_close(open_to_write(tool_table, role), RowExclusiveLock);
}

/*
 * The statement, with the name of the table in all places.
 */
static char *
statement_for(const char *format, const char *table)
{
	StringInfoData buf;
	const char *rest;

	initStringInfo(&buf);
	while ((rest = strstr(format, "%s")) != NULL)
	{
		appendBinaryStringInfo(&buf, format, rest - format);
		appendStringInfoString(&buf, table);
		format = rest + 2;
	}
	appendStringInfoString(&buf, format);
	return buf.data;
}

static void
set_text(Datum *values, char *nulls, enum RecordParameter i, const char *str)
{
	nulls[i] = str != NULL ? ' ' : 'n';
	values[i] = str != NULL ? CStringGetTextDatum(str) : (Datum) 0;
}

static void
run_statement(Relation rel, const MigrateToolTable *tool_table, bool up,
			  const MigrateToolRecord *record)
{
	const MigrateToolRecording *recording = recording_of(tool_table->tool->name);
	char	   *table = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
												   RelationGetRelationName(rel));
	Oid			types[R_COUNT];
	Datum		values[R_COUNT];
	char		nulls[R_COUNT];
	int			result;

	memcpy(types, record_types, sizeof(types));
	set_text(values, nulls, R_ID, record->id);
	set_text(values, nulls, R_TITLE, record->title);
	set_text(values, nulls, R_PATH, record->path);
	set_text(values, nulls, R_CHECKSUM, record->checksum);
	set_text(values, nulls, R_LAST, record->last);
	values[R_DURATION] = Int64GetDatum(record->duration);
	nulls[R_DURATION] = ' ';
	values[R_STARTED] = TimestampTzGetDatum(record->started);
	nulls[R_STARTED] = ' ';

	/* a CALL that has committed holds none, and toasted values need one */
	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_with_args(statement_for(up ? recording->up : recording->down, table), R_COUNT, types, values, nulls,
								   false, 0);
	if (result < 0)
		elog(ERROR, "unexpected SPI result: %s", SPI_result_code_string(result));
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	PopActiveSnapshot();
}

/*
 * Record in the table of a tool, which migrate_tool_can_record(), that a migration
 * has been applied ("up") or undone, as "role", in the current transaction.
 *
 * Errors: 42501, 42P01, and what the statement raises.
 */
void
migrate_tool_record(const MigrateToolTable *tool_table, bool up, const MigrateToolRecord *record,
					Oid role)
{
	int			guc_level = NewGUCNestLevel();
	Relation	rel = open_to_write(tool_table, role);
	Oid			user;
	int			security;

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(role, security | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	PG_TRY();
	{
		run_statement(rel, tool_table, up, record);
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(user, security);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, guc_level);
	relation_close(rel, NoLock);
}
