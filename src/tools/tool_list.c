/*-------------------------------------------------------------------------
 *
 * tool_list.c
 *		The tables in which other tools record what they have applied.
 *
 * A tool is a row of migrate_tools[]: which table it has, by name and by columns, and
 * how to read it.  To add a tool, add a row.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/tools/tool_list.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "tools/tools.h"
#include "tools/tools_int.h"

const MigrateTool migrate_tools[] = {
	{
		.name = "goose",.formats = "goose",.tables = "goose_db_version",
		.columns = "id:N version_id:N is_applied:B tstamp:D",
		/* going down once added a row that is not applied */
		.newest_by = "version_id",.where = "is_applied AND version_id <> 0",.order = "id",
		.key = KEY_NUMBER,.id = "version_id",.applied_at = "tstamp",
		.lock_key = INT64CONST(4097083626)
	},
	{
		.name = "golang-migrate",.formats = "golang-migrate",.tables = "schema_migrations",
		.columns = "version:N dirty:B",
		.key = KEY_NUMBER,.id = "version",.through = "true",
		.failure = "CASE WHEN dirty THEN 'It is marked as dirty.' END",
		.lock_keys = migrate_keys_golang_migrate
	},
	{
		.name = "dbmate",.formats = "dbmate",.tables = "schema_migrations",
		.columns = "version:S",.only = true,
		.order = "version",.key = KEY_VERSION,.id = "version"
	},
	{
		.name = "supabase",.formats = "supabase",.schema = "supabase_migrations",
		.tables = "schema_migrations",.columns = "version:S statements:A name:S",
		.order = "version",.key = KEY_VERSION,.id = "version",.title = "name"
	},
	{
		.name = "sql-migrate",.formats = "sql-migrate",.tables = "gorp_migrations",
		.columns = "id:S applied_at:D",
		.order = "applied_at, id",.key = KEY_FILE,.id = "id",.applied_at = "applied_at"
	},
	{
		.name = "tern",.formats = "tern",.schema = "public",.tables = "schema_version",
		.columns = "version:N",.only = true,
		.where = "version > 0",.key = KEY_NUMBER,.id = "version",.through = "true",
		.lock_key = INT64CONST(9628173550095224)
	},
	{
		.name = "sqitch",.formats = "sqitch",.schema = "sqitch",.tables = "changes",
		.columns = "change_id:S script_hash:S change:S project:S committed_at:D",
		.manifest = "sqitch.plan",
		.where = "project = coalesce($1, project)",.order = "committed_at",
		.key = KEY_CHANGE,.id = "change",.applied_at = "committed_at",
		/* what was recorded before there was a hash has the change's own */
		.checksum = "nullif(script_hash, change_id)",.check = migrate_checksum_sqitch,
		.lock_key = INT64CONST(75474063)
	},
	{
		.name = "flyway",.formats = "flyway",.tables = "flyway_schema_history schema_version",
		.columns = "installed_rank:N version:S description:S type:S script:S checksum:N"
		" installed_by:S installed_on:D execution_time:N success:B",
		.newest_by = "coalesce(version, ''), CASE WHEN version IS NULL THEN description END",
		.where = "NOT success OR (type NOT IN ('SCHEMA', 'DELETE') AND type NOT LIKE 'UNDO%')",
		.order = "installed_rank",
		.key = KEY_DOTTED,.id = "version",.title = "description",
		.path = "CASE WHEN type = 'SQL_BASELINE' THEN script END",
		.through = "type LIKE '%BASELINE' AND type <> 'SQL_BASELINE'",
		.failure = "CASE WHEN NOT success THEN 'It is marked as failed.' END",
		.checksum = "checksum",.check = migrate_checksum_flyway,
		.applied_at = "installed_on",.applied_by = "installed_by",
		.duration = "execution_time::bigint * 1000",
		.lock_keys = migrate_keys_flyway
	},
	{
		.name = "liquibase",.formats = "liquibase",.tables = "databasechangelog",
		.columns = "id:S author:S filename:S dateexecuted:D orderexecuted:N exectype:S md5sum:S",
		.where = "exectype <> 'SKIPPED'",.order = "orderexecuted, dateexecuted",
		.key = KEY_CHANGESET,.id = "author || ':' || id",.path = "filename",
		.failure = "CASE WHEN exectype = 'FAILED' THEN 'It is marked as failed.' END",
		.checksum = "md5sum",.check = migrate_checksum_liquibase,.applied_at = "dateexecuted",
		.lock = migrate_lock_liquibase
	},
	{
		.name = "sqlx",.formats = "sqlx",.tables = "_sqlx_migrations",
		.columns = "version:N description:S installed_on:D success:B checksum:U execution_time:N",
		.order = "installed_on, version",
		.key = KEY_NUMBER,.id = "version",.title = "description",
		.failure = "CASE WHEN NOT success THEN 'It is marked as not successful.' END",
		.checksum = "encode(checksum, 'hex')",.check = migrate_checksum_sqlx,
		.applied_at = "installed_on",
		.duration = "CASE WHEN execution_time > 0 THEN execution_time / 1000 END",
		.lock_keys = migrate_keys_sqlx
	},
	{
		.name = "diesel",.formats = "diesel",.tables = "__diesel_schema_migrations",
		.columns = "version:S run_on:D",
		.order = "run_on, version",.key = KEY_VERSION,.id = "version",.applied_at = "run_on"
	},
	{
		.name = "refinery",.formats = "refinery",.tables = "refinery_schema_history",
		.columns = "version:N name:S applied_on:S checksum:S",
		.order = "applied_on::timestamptz, version",
		.key = KEY_NUMBER,.id = "version",.title = "name",
		.checksum = "checksum",.check = migrate_checksum_refinery,.applied_at = "applied_on"
	},
	{
		.name = "prisma",.formats = "prisma",.tables = "_prisma_migrations",
		.columns = "id:S checksum:S finished_at:D migration_name:S rolled_back_at:D started_at:D",
		.where = "rolled_back_at IS NULL",.order = "started_at",
		.key = KEY_FOLDER,.id = "migration_name",
		.failure = "CASE WHEN finished_at IS NULL THEN 'It has begun and not ended.' END",
		.checksum = "checksum",.check = migrate_checksum_prisma,.applied_at = "finished_at",
		.duration = "extract(epoch FROM finished_at - started_at) * 1000000",
		.lock_key = INT64CONST(72707369)
	},
	{
		.name = "drizzle",.formats = "drizzle",.schema = "drizzle",
		.tables = "__drizzle_migrations",.columns = "id:N hash:S created_at:N",
		.manifest = "meta/_journal.json",.order = "id",.key = KEY_WHEN,.id = "created_at",
		.path = "to_char(to_timestamp(created_at / 1000) AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISS')",
		.checksum = "hash",.check = migrate_checksum_drizzle
	},
	{
		.name = "node-pg-migrate",.formats = "node-pg-migrate",.schema = "public",
		.tables = "pgmigrations",.columns = "id:N name:S run_on:D",
		.order = "id",.key = KEY_STEM,.id = "name",.applied_at = "run_on",
		.lock_key = INT64CONST(7241865325823964)
	},
	{
		.name = "graphile-migrate",.formats = "graphile-migrate",.schema = "graphile_migrate",
		.tables = "migrations",.columns = "hash:S previous_hash:S filename:S date:D",
		.order = "date, filename",.key = KEY_NUMBER,.id = "filename",.applied_at = "date",
		.checksum = "hash",.check = migrate_checksum_graphile,
		.lock_key = INT64CONST(4727445306447283)
	},
	{
		.name = "postgres-migrations",.formats = "postgres-migrations",.tables = "migrations",
		.columns = "id:N name:S hash:S executed_at:D",
		/* 0 is the tool's own: it makes this table */
		.where = "id > 0",.order = "id",
		.key = KEY_NUMBER,.id = "id",.title = "name",.applied_at = "executed_at",
		.checksum = "hash",.check = migrate_checksum_postgres_migrations,
		.lock_key = INT64CONST(-8525285245963000605)
	},
	{
		.name = "rambler",.formats = "rambler",.tables = "migrations",
		.columns = "migration:S",.only = true,
		.order = "migration",.key = KEY_FILE,.id = "migration"
	},
	{
		.name = "atlas",.formats = "atlas",.schema = "atlas_schema_revisions",
		.tables = "atlas_schema_revisions",
		.columns = "version:S description:S type:N applied:N total:N executed_at:D"
		" execution_time:N error:S hash:S operator_version:S",
		.manifest = "atlas.sum",
		/* a version with a dot is the tool's own */
		.where = "version NOT LIKE '.%'",.order = "executed_at, version",
		.key = KEY_VERSION,.id = "version",.title = "description",.through = "(type & 1) = 1",
		.failure = "CASE WHEN applied < total OR error <> '' THEN"
		" format('It stopped after %s of %s statements.', applied, total) END",
		.checksum = "nullif(hash, '')",.check = migrate_checksum_atlas,
		.applied_at = "executed_at",.duration = "execution_time / 1000",
		.lock_key = INT64CONST(2686470616)
	},
	{
		.name = "hasura",.formats = "hasura",.schema = "hdb_catalog",.tables = "hdb_version",.always_there = true,
		.columns = "hasura_uuid:U version:S upgraded_on:D cli_state:U",
		/* of the source "default", or of the only one */
		.each = "jsonb_each(t.cli_state -> 'migrations') s (source, versions),"
		" jsonb_each_text(s.versions) m (number, dirty)",
		.where = "s.source = CASE WHEN t.cli_state -> 'migrations' ? 'default' THEN 'default'"
		" ELSE (SELECT min(k) FROM jsonb_object_keys(t.cli_state -> 'migrations') k) END",
		.order = "length(m.number), m.number",
		.key = KEY_NUMBER,.id = "m.number",
		.failure = "CASE WHEN m.dirty = 'true' THEN 'It is marked as dirty.' END"
	},
	{
		.name = "pop",.formats = "pop",.tables = "schema_migration",.columns = "version:S",
		.order = "version",.key = KEY_VERSION,.id = "version"
	},
	{
		.name = "postgrator",.formats = "postgrator",.tables = "schemaversion",
		.columns = "version:N name:S md5:S run_at:D",
		/* 0 is the tool's own */
		.where = "t.version > 0",.order = "version",
		.key = KEY_NUMBER,.id = "version",.title = "name",.applied_at = "run_at",
		.checksum = "nullif(nullif(md5, ''), 'undefined')",.check = migrate_checksum_postgrator
	},
	{
		.name = "yoyo",.formats = "yoyo",.tables = "_yoyo_migration",
		.columns = "migration_hash:S migration_id:S applied_at_utc:D",
		.order = "applied_at_utc, migration_id",
		.key = KEY_STEM,.id = "migration_id",.applied_at = "applied_at_utc AT TIME ZONE 'UTC'",
		.lock = migrate_lock_yoyo
	},
	{
		.name = "play",.formats = "play",.tables = "play_evolutions",
		.columns = "id:N hash:S applied_at:D apply_script:S revert_script:S state:S last_problem:S",
		.order = "id",.key = KEY_NUMBER,.id = "id",.applied_at = "applied_at",
		.failure = "CASE WHEN state IS DISTINCT FROM 'applied' THEN"
		" format('Its state is \"%s\".', state) END",
		.checksum = "hash",.check = migrate_checksum_play,.lock = migrate_lock_play
	},
	{
		.name = "updown",.formats = "updown plain",.tables = "_migrations",
		.columns = "id:N name:S batch:N executed_at:D",
		.order = "id",.key = KEY_STEM,.id = "name",.applied_at = "executed_at",.batch = "batch"
	},
	{
		.name = "plain",.formats = "plain updown",.tables = "schema_migrations",
		.columns = "version:N description:S applied_at:D success:B",
		.order = "applied_at, version",.key = KEY_NUMBER,.id = "version",.title = "description",
		.failure = "CASE WHEN success IS NOT TRUE THEN 'It is marked as not successful.' END",
		.applied_at = "applied_at",.applied_by = "applied_by"
	},
	{
		.name = "pgroll",.schema = "pgroll",.tables = "migrations",
		.columns = "schema:S name:S migration:U parent:S done:B",
		.refusal = "Its migrations are not written in SQL."
	},
	{
		.name = "versioning",.schema = "_v",.tables = "patches",
		.columns = "patch_name:S applied_tsz:D applied_by:S requires:A conflicts:A",
		.refusal = "Its patches have no directory and no versions; each registers itself when it is run."
	},
};

const int	migrate_ntools = lengthof(migrate_tools);
