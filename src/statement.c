/*-------------------------------------------------------------------------
 *
 * statement.c
 *		What a parse tree tells about running its statement.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/statement.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"

#include "migrate.h"

static bool
option_is_true(List *options, const char *name)
{
	bool		result = false;
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, name) == 0)
			result = defGetBoolean(option);
	}
	return result;
}

/*
 * The relations that a statement names that core wants outside a transaction
 * block; NIL if it may stand in one.
 *
 * "always" is set for those that name none, or whose relation does not matter.
 * After the callers of core's PreventInTransactionBlock(), 15 to 18.  What
 * depends on the catalogs (REINDEX of a partitioned table and the like) is not
 * seen here: core refuses it when it runs.
 */
static List *
outside_block(Node *node, bool *always)
{
	List	   *relations = NIL;
	ListCell   *lc;

	*always = false;
	switch (nodeTag(node))
	{
		case T_CreatedbStmt:
		case T_DropdbStmt:
		case T_CreateTableSpaceStmt:
		case T_DropTableSpaceStmt:
		case T_AlterSystemStmt:
		case T_TransactionStmt: /* COMMIT and ROLLBACK PREPARED */
			*always = true;
			break;
		case T_AlterDatabaseStmt:
			foreach(lc, ((AlterDatabaseStmt *) node)->options)
				* always |= strcmp(lfirst_node(DefElem, lc)->defname, "tablespace") == 0;
			break;
		case T_DiscardStmt:
			*always = ((DiscardStmt *) node)->target == DISCARD_ALL;
			break;
		case T_ClusterStmt:
			*always = ((ClusterStmt *) node)->relation == NULL;
			break;
		case T_IndexStmt:
			if (((IndexStmt *) node)->concurrent)
				relations = list_make1(((IndexStmt *) node)->relation);
			break;
		case T_DropStmt:
			if (((DropStmt *) node)->concurrent)
				foreach(lc, ((DropStmt *) node)->objects)
					relations = lappend(relations, makeRangeVarFromNameList(lfirst(lc)));
			break;
		case T_ReindexStmt:
			{
				ReindexStmt *stmt = (ReindexStmt *) node;

				if (stmt->kind != REINDEX_OBJECT_INDEX && stmt->kind != REINDEX_OBJECT_TABLE)
					*always = true;
				else if (option_is_true(stmt->params, "concurrently"))
					relations = list_make1(stmt->relation);
				break;
			}
		case T_VacuumStmt:
			if (((VacuumStmt *) node)->is_vacuumcmd)
			{
				foreach(lc, ((VacuumStmt *) node)->rels)
					relations = lappend(relations, lfirst_node(VacuumRelation, lc)->relation);
				*always = relations == NIL;
			}
			break;
		case T_AlterTableStmt:
			foreach(lc, ((AlterTableStmt *) node)->cmds)
			{
				AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

				if (cmd->subtype == AT_DetachPartition && ((PartitionCmd *) cmd->def)->concurrent)
					relations = list_make2(((AlterTableStmt *) node)->relation,
										   ((PartitionCmd *) cmd->def)->name);
			}
			break;
		default:
			break;
	}
	return relations;
}

/*
 * Note the names of relations that a statement creates, those that go at
 * commit, and whether it may create others.
 */
static void
note_creations(MigrateStatement *statement, Node *node)
{
	RangeVar   *relation = NULL;
	OnCommitAction on_commit = ONCOMMIT_NOOP;

	switch (nodeTag(node))
	{
		case T_CreateStmt:
			relation = ((CreateStmt *) node)->relation;
			on_commit = ((CreateStmt *) node)->oncommit;
			break;
		case T_CreateTableAsStmt:
			relation = ((CreateTableAsStmt *) node)->into->rel;
			on_commit = ((CreateTableAsStmt *) node)->into->onCommit;
			break;
		case T_IndexStmt:
			if (((IndexStmt *) node)->idxname != NULL)
				relation = makeRangeVar(NULL, ((IndexStmt *) node)->idxname, -1);
			else
				statement->makes_unknown = true;
			break;
		case T_RenameStmt:
			relation = makeRangeVar(NULL, ((RenameStmt *) node)->newname, -1);
			break;
		case T_AlterTableStmt:	/* ADD CONSTRAINT makes indexes */
		case T_AlterObjectSchemaStmt:
		case T_CallStmt:
		case T_CreateExtensionStmt:
		case T_CreateSchemaStmt:
		case T_DoStmt:
		case T_ExecuteStmt:
		case T_ImportForeignSchemaStmt:
		case T_SelectStmt:
		case T_VariableSetStmt: /* another search_path */
			statement->makes_unknown = true;
			break;
		default:
			break;
	}
	if (relation != NULL)
		statement->makes = lappend(statement->makes, pstrdup(relation->relname));
	if (on_commit == ONCOMMIT_DROP)
		statement->drops_at_commit = pstrdup(relation->relname);
}

/*
 * Can a statement leave deferred constraint checks behind?  Whatever writes rows
 * can, and whatever may call a function that does; only what surely does
 * neither cannot.
 */
static bool
may_defer(Node *node)
{
	switch (nodeTag(node))
	{
		case T_AlterEnumStmt:
		case T_AlterObjectSchemaStmt:
		case T_AlterOwnerStmt:
		case T_CommentStmt:
		case T_CompositeTypeStmt:
		case T_CreateEnumStmt:
		case T_CreateFunctionStmt:
		case T_CreateSeqStmt:
		case T_CreateStmt:
		case T_CreateTrigStmt:
		case T_DropStmt:
		case T_GrantStmt:
		case T_IndexStmt:
		case T_RenameStmt:
		case T_VariableSetStmt:
		case T_ViewStmt:
			return false;
		default:
			return true;
	}
}

/*
 * Note what the raw parse tree of a statement tells about running it.
 *
 * "statement" has its place in the text already.  What is kept is copied, so
 * the tree may be freed.
 */
void
migrate_statement_classify(MigrateStatement *statement, Node *node)
{
	bool		always;
	List	   *needs = outside_block(node, &always);

	statement->command = CreateCommandName(node);
	statement->log_level = GetCommandLogLevel(node);
	statement->outside_block = always || needs != NIL;
	statement->needs = copyObject(needs);
	statement->may_defer = may_defer(node);
	note_creations(statement, node);
}
