/*-------------------------------------------------------------------------
 *
 * tool_table.c
 *		Finds the tables in which other tools record what they have applied.
 *
 * tool_list.c has the tools.
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
migrate_tool_table_counts(Oid relid, bool decides)
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

	if (!OidIsValid(relid) || !migrate_tool_table_counts(relid, false) ||
		!has_columns(relid, tool, &missing))
		return NULL;
	return new_tool_table(tool, relid);
}

/*
 * The tool's table, where it is by default: in the tenant's schema, in its own, in
 * the search_path.  NULL if there is none.  "flyway_table" is the name of Flyway's, NULL
 * for the usual ones.
 */
static MigrateToolTable *
find_tool_table(const MigrateTool *tool, Oid tenant, const char *flyway_table)
{
	List	   *namespaces = NIL;
	List	   *tables = NIL;
	char	   *save = NULL;
	ListCell   *table;
	ListCell   *lc;

	if (OidIsValid(tenant))
		namespaces = lappend_oid(namespaces, tenant);
	if (tool->schema != NULL)
		namespaces = lappend_oid(namespaces, get_namespace_oid(tool->schema, true));
	namespaces = list_concat(namespaces, fetch_search_path(false));
	if (flyway_table != NULL && strcmp(tool->name, "flyway") == 0)
		tables = list_make1(unconstify(char *, flyway_table));
	else
		for (char *name = strtok_r(pstrdup(tool->tables), " ", &save); name != NULL;
			 name = strtok_r(NULL, " ", &save))
			tables = lappend(tables, name);
	foreach(table, tables)
	{
		foreach(lc, namespaces)
		{
			MigrateToolTable *tool_table = table_in_schema(tool, lfirst_oid(lc), lfirst(table));

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
migrate_tool_table_of_format(const char *format, const char *tenant, const char *flyway_table)
{
	for (const MigrateTool *tool = migrate_tools; tool < migrate_tools + migrate_ntools; tool++)
	{
		MigrateToolTable *tool_table = NULL;

		/* the first word of its formats; one that is refused has none */
		if (tool->formats != NULL && strcspn(tool->formats, " ") == strlen(format) &&
			strncmp(tool->formats, format, strlen(format)) == 0)
			tool_table = find_tool_table(tool, *tenant ? get_namespace_oid(tenant, true) : InvalidOid,
										 flyway_table);
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
	for (int i = 0; i < migrate_ntools; i++)
	{
		if (strcmp(migrate_tools[i].name, name) == 0)
			return &migrate_tools[i];
		appendStringInfo(&valid, "%s\"%s\"", i > 0 ? ", " : "", migrate_tools[i].name);
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
			 errhint("Name the one that is meant, for example tool => '%s'.",
					 ((MigrateToolTable *) linitial(found))->tool->name)));
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

	for (int i = 0; i < migrate_ntools; i++)
	{
		if ((wanted == NULL || wanted == &migrate_tools[i]) && has_columns(relid, &migrate_tools[i], &missing))
			found = lappend(found, new_tool_table(&migrate_tools[i], relid));
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
 * to look for it; "schema" the tenant's, "" for none; "flyway_table" as
 * above.  Errors: 22023 for an unknown
 * tool, and where there are several; 42P01 if there is none; 42809 for a table with
 * other columns; 0A000 for a tool whose table cannot be adopted; 3F000.
 */
MigrateToolTable *
migrate_tool_table_find(const char *tool, Oid relid, const char *schema, const char *flyway_table)
{
	const MigrateTool *wanted = tool ? tool_named(tool) : NULL;
	Oid			tenant = *schema ? get_namespace_oid(schema, false) : InvalidOid;
	List	   *found = NIL;

	if (wanted != NULL)
		refuse_tool(wanted);
	if (OidIsValid(relid))
		found = list_make1(identify(relid, wanted));
	for (int i = 0; i < migrate_ntools && !OidIsValid(relid); i++)
	{
		MigrateToolTable *tool_table = wanted == NULL || wanted == &migrate_tools[i] ?
			find_tool_table(&migrate_tools[i], tenant, flyway_table) : NULL;

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
		(!tool_table->named && !migrate_tool_table_counts(tool_table->relid, false)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has been changed during the run", tool_table->table),
				 errhint("Try again.")));
	rows = migrate_tool_rows(tool_table, rel, project);
	relation_close(rel, NoLock);
	return rows;
}
