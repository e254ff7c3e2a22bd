/*-------------------------------------------------------------------------
 *
 * tool_rows.c
 *		Reads another tool's table, under the tool's lock.
 *
 * These tables belong to other roles.  The caller must be allowed to read them; but
 * they are read as their owner, in a security-restricted operation, as core does
 * for maintenance: an index, a view or a type can bring code along, which must not
 * run with the power of the caller.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/tools/tool_rows.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/snapshot.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "tools/tools.h"
#include "tools/tools_int.h"
#include "util/printable.h"

/*
 * How rows of a query are handed over.
 */
typedef struct ToolRowSink
{
	MemoryContext context;
	const MigrateToolTable *tool_table;
	List	   *rows;
} ToolRowSink;

/*
 * Do statistics of a table have expressions, which the planner evaluates?
 */
static bool
has_statistics_on_expressions(Relation rel)
{
	ListCell   *lc;

	foreach(lc, RelationGetStatExtList(rel))
	{
		HeapTuple	tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(lfirst_oid(lc)));
		bool		plain;

		if (!HeapTupleIsValid(tuple))
			return true;
		plain = heap_attisnull(tuple, Anum_pg_statistic_ext_stxexprs, NULL);
		ReleaseSysCache(tuple);
		if (!plain)
			return true;
	}
	return false;
}

/*
 * Can the table be read without running code of its own: no view, no foreign table,
 * no children, no row security, no expressions or predicates in indexes or
 * statistics, which the planner evaluates?  It does not evaluate those of
 * constraints, see ask().
 */
static bool
is_inert(Relation rel)
{
	ListCell   *lc;

	if (rel->rd_rel->relkind != RELKIND_RELATION || rel->rd_rel->relhassubclass ||
		rel->rd_rel->relrowsecurity || rel->rd_rel->relhasrules)
		return false;
	foreach(lc, RelationGetIndexList(rel))
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(lc)));
		bool		plain;

		if (!HeapTupleIsValid(tuple))
			return false;
		plain = heap_attisnull(tuple, Anum_pg_index_indexprs, NULL) &&
			heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
		ReleaseSysCache(tuple);
		if (!plain)
			return false;
	}
	return !has_statistics_on_expressions(rel);
}

/*
 * The role to read a relation with.  Reading it with the owner's privileges must
 * give the caller nothing that it has not: neither rows that it may not read, nor
 * code that runs with more power than its own.  42501 where that cannot be had.
 */
static Oid
role_to_read(Relation rel)
{
	Oid			owner = rel->rd_rel->relowner;

	if (pg_class_aclcheck(RelationGetRelid(rel), GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(rel->rd_rel->relkind),
					   RelationGetRelationName(rel));
	if (is_inert(rel))
		return has_privs_of_role(GetUserId(), owner) ? owner : GetUserId();
	if (owner != GetUserId())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of relation \"%s\" to adopt from it",
						RelationGetRelationName(rel)),
				 errdetail("It is not a plain table, and reading it could run code of other roles."),
				 has_privs_of_role(GetUserId(), owner) ?
				 errhint("SET ROLE to its owner, \"%s\".", GetUserNameFromId(owner, false)) : 0));
	(void) check_enable_rls(RelationGetRelid(rel), InvalidOid, false);
	return owner;
}

/*
 * The name is resolved once more by the query: has it still been that of the table?
 */
static void
check_same_table(SPIPlanPtr plan, Relation rel)
{
	ListCell   *lc;

	if (rel->rd_rel->relkind == RELKIND_VIEW)
		return;					/* all is its owner's */
	foreach(lc, SPI_plan_get_plan_sources(plan))
	{
		if (!list_member_oid(((CachedPlanSource *) lfirst(lc))->relationOids, RelationGetRelid(rel)))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" has been changed during the run",
							RelationGetRelationName(rel)),
					 errhint("Try again.")));
	}
}

/*
 * Run a query on a table of other people, which is open and locked.  It sees what
 * has been committed last.  $1 is "parameter".  Operators and functions are core's.
 */
static void
ask_as_reader(Relation rel, const char *query, const char *parameter,
			  void (*receive) (ToolRowSink *sink), ToolRowSink *sink)
{
	Oid			type = TEXTOID;
	Datum		value = parameter ? CStringGetTextDatum(parameter) : (Datum) 0;
	char		null = parameter ? ' ' : 'n';
	Snapshot	snapshot;
	SPIPlanPtr	plan;

	CommandCounterIncrement();
	snapshot = GetLatestSnapshot();
	PushActiveSnapshot(snapshot);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare(query, 1, &type);
	if (plan != NULL)
		check_same_table(plan, rel);
	if (plan == NULL || SPI_execute_snapshot(plan, &value, &null, snapshot, InvalidSnapshot,
											 false, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read table \"%s\"", sink->tool_table->table);
	receive(sink);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	PopActiveSnapshot();
}

/*
 * The same, with the role that the caller may read it with.
 */
static void
ask(Relation rel, const char *query, const char *parameter, void (*receive) (ToolRowSink *sink),
	ToolRowSink *sink)
{
	int			guc_level = NewGUCNestLevel();
	Oid			reader;
	Oid			user;
	int			security;

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);

	/* else the planner evaluates expressions of the table's constraints */
	(void) set_config_option("constraint_exclusion", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	reader = role_to_read(rel);
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(reader, security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	PG_TRY();
	{
		ask_as_reader(rel, query, parameter, receive, sink);
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(user, security);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, guc_level);
}

static char *
qualified_name(Relation rel)
{
	return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
									  RelationGetRelationName(rel));
}

static void
check_liquibase_lock(ToolRowSink *sink)
{
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		bool		isnull;
		Datum		locked = SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull);
		char	   *holder = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 2);

		if (isnull || !DatumGetBool(locked))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("another process holds the lock of %s", sink->tool_table->tool->name),
				 holder ? errdetail("It is \"%s\".", holder) : 0,
				 errhint("Wait until it has ended; if it is gone, use \"liquibase release-locks\".")));
	}
}

/*
 * Open the table that a tool has for its lock, beside its own, without waiting: 55P03
 * if that is locked in a conflicting mode.  NULL if there is none, or if it is not a
 * table with that column of that type: with other types, a cast could be a function of
 * any role.
 */
static Relation
open_lock_table(const MigrateToolTable *tool_table, const char *table, const char *column, Oid type,
				LOCKMODE mode)
{
	Oid			relid = get_relname_relid(table, get_rel_namespace(tool_table->relid));
	Relation	rel;

	if (!OidIsValid(relid))
		return NULL;
	if (!ConditionalLockRelationOid(relid, mode))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("table \"%s\" is locked by another process", table),
				 errhint("Wait until it has ended, and try again.")));
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		return NULL;
	if (rel->rd_rel->relkind == RELKIND_RELATION && get_atttype(relid, get_attnum(relid, column)) == type)
		return rel;
	relation_close(rel, NoLock);
	return NULL;
}

static bool
may_change(const char *table, const MigrateToolTable *tool_table, AclMode mode)
{
	Oid			relid = get_relname_relid(table, get_rel_namespace(tool_table->relid));

	return OidIsValid(relid) && pg_class_aclcheck(relid, GetUserId(), mode) == ACLCHECK_OK;
}

/*
 * Liquibase has a row for its lock.  A role that may change that row can keep it
 * from being changed meanwhile.
 */
void
migrate_lock_liquibase(const MigrateToolTable *tool_table)
{
	ToolRowSink sink = {.tool_table = tool_table};
	char	   *table = psprintf("%slock", tool_table->table);
	Relation	rel = open_lock_table(tool_table, table, "locked", BOOLOID, RowShareLock);
	Oid			holder;

	if (rel == NULL)
		return;
	holder = get_atttype(RelationGetRelid(rel), get_attnum(RelationGetRelid(rel), "lockedby"));
	if (holder < FirstUnpinnedObjectId)
		ask(rel, psprintf("SELECT locked::boolean, %s::text FROM %s%s",
						  OidIsValid(holder) ? "lockedby" : "NULL", qualified_name(rel),
						  may_change(table, tool_table, ACL_UPDATE) ? " FOR SHARE NOWAIT" : ""),
			NULL, check_liquibase_lock, &sink);
	relation_close(rel, NoLock);
}

static void
ignore_rows(ToolRowSink *sink)
{
}

/*
 * Play, if it is configured so, locks a row while it runs (3.1,
 * ApplicationEvolutions.scala).  So does a role that may.
 */
void
migrate_lock_play(const MigrateToolTable *tool_table)
{
	ToolRowSink sink = {.tool_table = tool_table};
	char	   *table = psprintf("%s_lock", tool_table->table);
	Relation	rel;

	if (!may_change(table, tool_table, ACL_UPDATE))
		return;
	rel = open_lock_table(tool_table, table, "lock", INT4OID, RowShareLock);
	if (rel == NULL)
		return;
	ask(rel, psprintf("SELECT lock FROM %s FOR UPDATE NOWAIT", qualified_name(rel)), NULL, ignore_rows,
		&sink);
	relation_close(rel, NoLock);
}

static void
check_yoyo_lock(ToolRowSink *sink)
{
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("another process holds the lock of %s", sink->tool_table->tool->name),
				 errdetail("Its process ID is %s, on the machine where it runs.",
						   SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)),
				 errhint("Wait until it has ended; if it is gone, use \"yoyo break-lock\".")));
}

/*
 * yoyo inserts a row while it runs (8.2, backends/base.py).  A role that may write to
 * that table keeps it from doing so meanwhile.
 */
void
migrate_lock_yoyo(const MigrateToolTable *tool_table)
{
	ToolRowSink sink = {.tool_table = tool_table};
	Relation	rel = open_lock_table(tool_table, "yoyo_lock", "pid", INT4OID,
									  may_change("yoyo_lock", tool_table, ACL_INSERT) ? ShareLock :
									  AccessShareLock);

	if (rel == NULL)
		return;
	ask(rel, psprintf("SELECT pid::text FROM %s LIMIT 1", qualified_name(rel)), NULL, check_yoyo_lock,
		&sink);
	relation_close(rel, NoLock);
}

/* the columns that are read from a tool's table, in this order */
enum ToolColumn
{
	T_ID = 1, T_TITLE, T_PATH, T_THROUGH, T_FAILURE, T_CHECKSUM,
	T_APPLIED_AT, T_APPLIED_BY, T_DURATION, T_BATCH
};

static Datum
tool_column(HeapTuple tuple, enum ToolColumn number, bool *isnull)
{
	return SPI_getbinval(tuple, SPI_tuptable->tupdesc, number, isnull);
}

static char *
tool_text(HeapTuple tuple, enum ToolColumn number)
{
	bool		isnull;
	Datum		value = tool_column(tuple, number, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * When it was applied; false if that is not known.
 */
static bool
time_column(HeapTuple tuple, enum ToolColumn number, TimestampTz *time)
{
	bool		isnull;
	Datum		value = tool_column(tuple, number, &isnull);

	if (isnull)
		return false;
	*time = DatumGetTimestampTz(value);
	return !TIMESTAMP_NOT_FINITE(*time);
}

/*
 * The role that applied it; NULL if it is not a role.
 */
static char *
role_column(HeapTuple tuple, enum ToolColumn number)
{
	char	   *name = tool_text(tuple, number);

	return name != NULL && OidIsValid(get_role_oid(name, true)) ? name : NULL;
}

static void
collect_tool_rows(ToolRowSink *sink)
{
	MemoryContext old = MemoryContextSwitchTo(sink->context);

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		MigrateToolRow *row = palloc0(sizeof(MigrateToolRow));
		bool		isnull;
		Datum		value;

		CHECK_FOR_INTERRUPTS();
		row->id = tool_text(tuple, T_ID);
		row->title = tool_text(tuple, T_TITLE);
		row->path = tool_text(tuple, T_PATH);
		value = tool_column(tuple, T_THROUGH, &isnull);
		row->through = !isnull && DatumGetBool(value);
		row->failure = tool_text(tuple, T_FAILURE);
		row->checksum = tool_text(tuple, T_CHECKSUM);
		row->has_time = time_column(tuple, T_APPLIED_AT, &row->applied_at);
		row->applied_by = role_column(tuple, T_APPLIED_BY);
		value = tool_column(tuple, T_DURATION, &isnull);
		row->duration = isnull ? 0 : DatumGetInt64(value);
		value = tool_column(tuple, T_BATCH, &isnull);
		row->batch = isnull ? 0 : DatumGetInt32(value);
		sink->rows = lappend(sink->rows, row);
	}
	MemoryContextSwitchTo(old);
}

static void
add_column(StringInfo query, const char *expression, const char *type)
{
	appendStringInfo(query, "%s(%s)::%s", query->len > 0 ? ", " : "SELECT ",
					 expression ? expression : "NULL", type);
}

/*
 * The query for what a tool has applied.
 */
static char *
tool_table_query(const MigrateToolTable *tool_table, Relation rel)
{
	const MigrateTool *tool = tool_table->tool;
	char	   *name = qualified_name(rel);
	StringInfoData query;

	initStringInfo(&query);
	add_column(&query, tool->id, "text");
	add_column(&query, tool->title, "text");
	add_column(&query, tool->path, "text");
	add_column(&query, tool->through ? tool->through : "false", "boolean");
	add_column(&query, tool->failure, "text");
	add_column(&query, tool->checksum, "text");
	add_column(&query, tool->applied_at, "timestamptz");
	add_column(&query, tool_table->has_applied_by ? tool->applied_by : NULL, "text");
	add_column(&query, tool->duration, "bigint");
	add_column(&query, tool->batch, "integer");
	if (tool->newest_by != NULL)
		appendStringInfo(&query, " FROM (SELECT DISTINCT ON (%s) * FROM %s ORDER BY %s, %s DESC) t",
						 tool->newest_by, name, tool->newest_by, tool->order);
	else
		appendStringInfo(&query, " FROM %s t", name);
	if (tool->each != NULL)
		appendStringInfo(&query, ", %s", tool->each);
	if (tool->where != NULL)
		appendStringInfo(&query, " WHERE %s", tool->where);
	if (tool->order != NULL)
		appendStringInfo(&query, " ORDER BY %s", tool->order);
	return query.data;
}

/*
 * What a tool has recorded as applied or as failed, in the order in which it did
 * so, as a list of MigrateToolRow.
 *
 * "rel" is the table, open and locked.  "project" is which of several the directory
 * is of, NULL for all.  The caller needs SELECT on the table.
 */
List *
migrate_tool_rows(const MigrateToolTable *tool_table, Relation rel, const char *project)
{
	ToolRowSink sink = {.context = CurrentMemoryContext,.tool_table = tool_table};

	ask(rel, tool_table_query(tool_table, rel), project, collect_tool_rows, &sink);
	return sink.rows;
}
