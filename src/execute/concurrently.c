/*-------------------------------------------------------------------------
 *
 * concurrently.c
 *		Statements that core refuses in a transaction block, on relations of this
 *		transaction: changed to equivalent ones that may run in one.
 *
 * What core refuses CONCURRENTLY is refused here as well, in its words: a migration
 * must not work on an empty database and fail on the next one.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/concurrently.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "utils/lsyscache.h"

#include "execute/execute_int.h"
#include "util/compat.h"
#include "util/printable.h"

/*
 * Follows core's DefineIndex() (indexcmds.c).
 */
static void
check_create_index(const IndexStmt *stmt)
{
	Oid			relid = RangeVarGetRelid(stmt->relation, NoLock, true);

	if (OidIsValid(relid) && get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot create index on partitioned table \"%s\" concurrently",
						stmt->relation->relname)));
	if (stmt->excludeOpNames != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("concurrent index creation for exclusion constraints is not supported")));
}

/*
 * Follows core's RemoveRelations() and RangeVarCallbackForDropRelation() (tablecmds.c).
 */
static void
check_drop_index(const DropStmt *stmt)
{
	ListCell   *lc;

	if (list_length(stmt->objects) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("DROP INDEX CONCURRENTLY does not support dropping multiple objects")));
	if (stmt->behavior == DROP_CASCADE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("DROP INDEX CONCURRENTLY does not support CASCADE")));
	foreach(lc, stmt->objects)
	{
		RangeVar   *name = makeRangeVarFromNameList(lfirst(lc));
		Oid			relid = RangeVarGetRelid(name, NoLock, true);

		if (OidIsValid(relid) && get_rel_relkind(relid) == RELKIND_PARTITIONED_INDEX)
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("cannot drop partitioned index \"%s\" concurrently", name->relname)));
	}
}

/*
 * Follows core's ATExecDetachPartition() (tablecmds.c).
 */
static void
check_detach(const AlterTableStmt *stmt)
{
	Oid			relid = RangeVarGetRelid(stmt->relation, NoLock, true);

	if (OidIsValid(relid) && OidIsValid(get_default_partition_oid(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot detach partitions concurrently when a default partition exists")));
}

/*
 * A list of options without those of one name.
 */
static List *
without_option(List *options, const char *name)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, options)
	{
		if (strcmp(lfirst_node(DefElem, lc)->defname, name) != 0)
			result = lappend(result, lfirst(lc));
	}
	return result;
}

static bool
is_one_of(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/*
 * Make ANALYZE of VACUUM (ANALYZE); false for one that would only vacuum,
 * which new tables do not need.
 */
static bool
change_vacuum(VacuumStmt *stmt)
{
	static const char *const known[] = {MIGRATE_VACUUM_OPTIONS};
	static const char *const allowed[] = {"verbose", "skip_locked", "buffer_usage_limit"};
	List	   *options = NIL;
	bool		analyze = false;
	ListCell   *lc;

	foreach(lc, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (!is_one_of(option->defname, known, lengthof(known)))
			ereport(ERROR,
					(errcode(ERRCODE_SYNTAX_ERROR),
					 errmsg("unrecognized VACUUM option \"%s\"", option->defname)));
		if (strcmp(option->defname, "analyze") == 0)
			analyze = defGetBoolean(option);
		if (is_one_of(option->defname, allowed, lengthof(allowed)))
			options = lappend(options, option);
	}
	stmt->options = options;
	stmt->is_vacuumcmd = false;
	return analyze;
}

/*
 * Change the tree of a statement on new relations to one that may run in a
 * transaction block and does the same.  False if there is nothing to do.
 */
bool
migrate_change_tree(Node *node)
{
	ListCell   *lc;

	switch (nodeTag(node))
	{
		case T_IndexStmt:
			check_create_index((IndexStmt *) node);
			((IndexStmt *) node)->concurrent = false;
			return true;
		case T_DropStmt:
			check_drop_index((DropStmt *) node);
			((DropStmt *) node)->concurrent = false;
			return true;
		case T_ReindexStmt:
			((ReindexStmt *) node)->params =
				without_option(((ReindexStmt *) node)->params, "concurrently");
			return true;
		case T_AlterTableStmt:
			check_detach((AlterTableStmt *) node);
			foreach(lc, ((AlterTableStmt *) node)->cmds)
			{
				AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

				if (cmd->subtype == AT_DetachPartition)
					((PartitionCmd *) cmd->def)->concurrent = false;
			}
			return true;
		case T_VacuumStmt:
			return change_vacuum((VacuumStmt *) node);
		default:
			elog(ERROR, "unexpected node type: %d", (int) nodeTag(node));
			return false;		/* keep compiler quiet */
	}
}
