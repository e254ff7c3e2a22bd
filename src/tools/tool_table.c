/*-------------------------------------------------------------------------
 *
 * tool_table.c
 *		The tables in which other tools record what they have applied.
 *
 * A tool is a row of tools[]: which table it has, by name and by columns, and how
 * to read it.  To add a tool, add a row.
 *
 * A table that the caller has not named is read only if it is a plain table with
 * columns of built-in types; see tool_rows.c.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/tools/tool_table.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "tools/tools.h"
#include "tools/tools_int.h"
#include "util/printable.h"

static const MigrateTool tools[] = {
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
		.through = "type LIKE '%BASELINE'",
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

/*
 * Has a relation the column, of a built-in type of that category?  Only the
 * catalogs are read, which does not wait for a lock.
 */
static bool
has_column(Oid relid, const char *name, char category)
{
	AttrNumber	number = get_attnum(relid, name);
	Oid			type;
	char		type_category;
	bool		preferred;

	if (number == InvalidAttrNumber)
		return false;
	type = get_atttype(relid, number);
	if (!OidIsValid(type))
		return false;
	type = getBaseType(type);
	get_type_category_preferred(type, &type_category, &preferred);
	return type_category == category && type < FirstUnpinnedObjectId;
}

/*
 * How many columns has it?
 */
static int
count_columns(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	int			natts;
	int			count = 0;

	if (!HeapTupleIsValid(tuple))
		return 0;
	natts = ((Form_pg_class) GETSTRUCT(tuple))->relnatts;
	ReleaseSysCache(tuple);
	for (int i = 1; i <= natts; i++)
		count += get_attname(relid, i, true) != NULL;
	return count;
}

/*
 * Is it a table of the tool, by its columns?  If not, *missing is one that it
 * lacks, or NULL if it has more than it should.
 */
static bool
has_columns(Oid relid, const MigrateTool *tool, char **missing)
{
	char	   *columns = pstrdup(tool->columns);
	char	   *save = NULL;
	int			known = 0;

	*missing = NULL;
	for (char *column = strtok_r(columns, " ", &save); column != NULL;
		 column = strtok_r(NULL, " ", &save))
	{
		char	   *colon = strchr(column, ':');

		*colon = '\0';
		known++;
		if (has_column(relid, column, colon[1]))
			continue;
		*missing = column;
		return false;
	}
	return !tool->only || count_columns(relid) == known;
}

static MigrateToolTable *
new_tool_table(const MigrateTool *tool, Oid relid)
{
	MigrateToolTable *tool_table = palloc0(sizeof(MigrateToolTable));

	tool_table->tool = tool;
	tool_table->relid = relid;
	tool_table->schema = get_namespace_name(get_rel_namespace(relid));
	tool_table->table = get_rel_name(relid);
	tool_table->has_applied_by = tool->applied_by != NULL &&
		has_column(relid, tool->applied_by, TYPCATEGORY_STRING);
	return tool_table;
}

/*
 * Does a relation that the caller has not named count as a table of a tool?  Only a
 * table does: a role that may create objects in a schema could have created
 * anything else under its name.  If it decides what runs ("decides"), it must
 * belong to a superuser or the caller.
 */
bool
migrate_tracking_counts(Oid relid, bool decides)
{
	char		kind = get_rel_relkind(relid);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return false;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE) &&
		(!decides || superuser_arg(owner) || owner == GetUserId());
}

/*
 * Is there a table of the tool, with that name, in that schema?
 */
static MigrateToolTable *
table_in_schema(const MigrateTool *tool, Oid namespace, const char *table)
{
	Oid			relid = OidIsValid(namespace) ? get_relname_relid(table, namespace) : InvalidOid;
	char	   *missing;

	if (!OidIsValid(relid) || !migrate_tracking_counts(relid, false) ||
		!has_columns(relid, tool, &missing))
		return NULL;
	return new_tool_table(tool, relid);
}

/*
 * The tool's table, where it is by default: in the tenant's schema, in its own, in
 * the search_path.  NULL if there is none.
 */
static MigrateToolTable *
find_tool_table(const MigrateTool *tool, Oid tenant)
{
	List	   *namespaces = NIL;
	char	   *save = NULL;
	ListCell   *lc;

	if (OidIsValid(tenant))
		namespaces = lappend_oid(namespaces, tenant);
	if (tool->schema != NULL)
		namespaces = lappend_oid(namespaces, get_namespace_oid(tool->schema, true));
	namespaces = list_concat(namespaces, fetch_search_path(false));
	for (char *table = strtok_r(pstrdup(tool->tables), " ", &save); table != NULL;
		 table = strtok_r(NULL, " ", &save))
	{
		foreach(lc, namespaces)
		{
			MigrateToolTable *tool_table = table_in_schema(tool, lfirst_oid(lc), table);

			if (tool_table != NULL)
				return tool_table;
		}
	}
	return NULL;
}

/*
 * The table of the tool whose directories usually have this format; NULL if there
 * is none.  "tenant" is the schema to look in first, or "".
 */
MigrateToolTable *
migrate_tool_table_of_format(const char *format, const char *tenant)
{
	for (const MigrateTool *tool = tools; tool < tools + lengthof(tools); tool++)
	{
		MigrateToolTable *tool_table = NULL;

		/* the first word of its formats; one that is refused has none */
		if (tool->formats != NULL && strcspn(tool->formats, " ") == strlen(format) &&
			strncmp(tool->formats, format, strlen(format)) == 0)
			tool_table = find_tool_table(tool, *tenant ? get_namespace_oid(tenant, true) : InvalidOid);
		if (tool_table != NULL)
			return tool_table;
	}
	return NULL;
}

/*
 * The tool of that name; 22023 with a list if there is none.
 */
static const MigrateTool *
tool_named(const char *name)
{
	StringInfoData valid;

	initStringInfo(&valid);
	for (int i = 0; i < lengthof(tools); i++)
	{
		if (strcmp(tools[i].name, name) == 0)
			return &tools[i];
		appendStringInfo(&valid, "%s\"%s\"", i > 0 ? ", " : "", tools[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized tool: \"%s\"", name),
			 errhint("Valid tools are %s.", valid.data)));
}

static void
refuse_tool(const MigrateTool *tool)
{
	if (tool->refusal != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("history of \"%s\" cannot be adopted", tool->name),
				 errdetail("%s", tool->refusal),
				 errhint("Write a first migration that makes the schema as it is now, and record it with migrate.baseline().")));
}

/*
 * Without the tables (MigrateToolTable) that say nothing about who applies migrations.
 */
static List *
telling_tables(List *found)
{
	List	   *telling = NIL;
	ListCell   *lc;

	foreach(lc, found)
	{
		if (!((MigrateToolTable *) lfirst(lc))->tool->always_there)
			telling = lappend(telling, lfirst(lc));
	}
	return telling;
}

/*
 * Several tools could be meant: say which.
 */
static void
refuse_several_tools(List *found)
{
	StringInfoData list;
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, found)
	{
		MigrateToolTable *tool_table = lfirst(lc);

		appendStringInfo(&list, "%s\"%s.%s\" is one of %s", list.len > 0 ? ", " : "",
						 tool_table->schema, tool_table->table, tool_table->tool->name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there are tables of several tools"),
			 errdetail("Table %s.", list.data),
			 errhint("Name the tool.")));
}

/*
 * Open a table, without waiting for a lock on it: a role that may only lock it must
 * not be able to keep the caller waiting.  Errors: 55P03, 42P01.
 */
static Relation
open_table(Oid relid)
{
	Relation	rel;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("table \"%s\" is locked by another process",
						get_rel_name(relid) ? get_rel_name(relid) : ""),
				 errhint("Wait until it has ended, and try again.")));
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	return rel;
}

/*
 * What tool the table is of that the caller names.
 */
static MigrateToolTable *
identify(Oid relid, const MigrateTool *wanted)
{
	Relation	rel = open_table(relid);
	List	   *found = NIL;
	char	   *missing = NULL;

	for (int i = 0; i < lengthof(tools); i++)
	{
		if ((wanted == NULL || wanted == &tools[i]) && has_columns(relid, &tools[i], &missing))
			found = lappend(found, new_tool_table(&tools[i], relid));
	}
	if (found == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 wanted ? errmsg("\"%s\" is not a table of %s", RelationGetRelationName(rel), wanted->name) :
				 errmsg("\"%s\" is not a table of any known tool", RelationGetRelationName(rel)),
				 wanted == NULL ? 0 :
				 missing == NULL ? errdetail("It has other columns.") :
				 errdetail("It has no column \"%s\" of the type that it should have.", missing)));
	if (list_length(found) > 1)
		refuse_several_tools(found);
	relation_close(rel, AccessShareLock);
	((MigrateToolTable *) linitial(found))->named = true;
	return linitial(found);
}

/*
 * Find the table of a tool.
 *
 * "tool" is its name, NULL for whichever is there; "relid" the table, InvalidOid
 * to look for it; "schema" the tenant's, "" for none.  Errors: 22023 for an unknown
 * tool, and where there are several; 42P01 if there is none; 42809 for a table with
 * other columns; 0A000 for a tool whose history cannot be taken over; 3F000.
 */
MigrateToolTable *
migrate_tool_table_find(const char *tool, Oid relid, const char *schema)
{
	const MigrateTool *wanted = tool ? tool_named(tool) : NULL;
	Oid			tenant = *schema ? get_namespace_oid(schema, false) : InvalidOid;
	List	   *found = NIL;

	if (wanted != NULL)
		refuse_tool(wanted);
	if (OidIsValid(relid))
		found = list_make1(identify(relid, wanted));
	for (int i = 0; i < lengthof(tools) && !OidIsValid(relid); i++)
	{
		MigrateToolTable *tool_table = wanted == NULL || wanted == &tools[i] ?
			find_tool_table(&tools[i], tenant) : NULL;

		if (tool_table != NULL)
			found = lappend(found, tool_table);
	}
	if (found == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 wanted ? errmsg("there is no table of %s", wanted->name) :
				 errmsg("there is no table of any known tool"),
				 errhint("Put the schema of the table into search_path, or name the table in \"tracking\".")));
	if (list_length(found) > 1)
		found = telling_tables(found);
	if (list_length(found) > 1)
		refuse_several_tools(found);
	refuse_tool(((MigrateToolTable *) linitial(found))->tool);
	return linitial(found);
}

/*
 * The rows of migrate_tool_rows(), if the table still is the one that was found;
 * else 55000.
 */
List *
migrate_tool_table_read(const MigrateToolTable *tool_table, const char *project)
{
	List	   *rows;
	Relation	rel = open_table(tool_table->relid);
	char	   *missing;

	/*
	 * what has not been named by the caller is a table that counts, and stays
	 * one
	 */
	if (!has_columns(tool_table->relid, tool_table->tool, &missing) ||
		(!tool_table->named && !migrate_tracking_counts(tool_table->relid, false)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has been changed during the run", tool_table->table),
				 errhint("Try again.")));
	rows = migrate_tool_rows(tool_table, rel, project);
	relation_close(rel, NoLock);
	return rows;
}
