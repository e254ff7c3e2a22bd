/*-------------------------------------------------------------------------
 *
 * classify.c
 *		What a parse tree shows about running its statement.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/classify.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"

#include "script/script.h"
#include "script/script_int.h"

/*
 * A boolean option of a statement, the last one of that name; "result" if it is not
 * given.
 */
static bool
option_value(List *options, const char *name, bool result)
{
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
 * ALTER SUBSCRIPTION that talks to the publisher.  17 and 18 added options that
 * older servers do not know anyway.
 */
static bool
alters_subscription_outside(AlterSubscriptionStmt *stmt)
{
	ListCell   *lc;

	switch (stmt->kind)
	{
		case ALTER_SUBSCRIPTION_REFRESH:
			return true;
		case ALTER_SUBSCRIPTION_SET_PUBLICATION:
		case ALTER_SUBSCRIPTION_ADD_PUBLICATION:
		case ALTER_SUBSCRIPTION_DROP_PUBLICATION:
			return option_value(stmt->options, "refresh", true);
		case ALTER_SUBSCRIPTION_OPTIONS:
			foreach(lc, stmt->options)
			{
				const char *name = lfirst_node(DefElem, lc)->defname;

				if (strcmp(name, "failover") == 0 || strcmp(name, "two_phase") == 0)
					return true;
			}
			return false;
		default:
			return false;
	}
}

/*
 * Does a WITH clause set an option of an extension?  "toast" is core's own.
 */
static bool
has_foreign_option(List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		const char *namespace = lfirst_node(DefElem, lc)->defnamespace;

		if (namespace != NULL && strcmp(namespace, "toast") != 0)
			return true;
	}
	return false;
}

/*
 * The relations named by a statement that core refuses in a transaction block; NIL
 * if core allows it there.
 *
 * "always" is set for those that name none, or whose relation does not matter; so
 * for indexes and materialized views with options of an extension, which may want
 * to commit on the way, as TimescaleDB does (transaction_per_chunk, continuous).
 * What depends on the catalogs (REINDEX of a partitioned table and the like) is not
 * decided here: core refuses it when it runs.
 *
 * Follows core's callers of PreventInTransactionBlock(), PostgreSQL 15 to 18.
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
		case T_CreateSubscriptionStmt:
			*always = option_value(((CreateSubscriptionStmt *) node)->options, "create_slot",
								   option_value(((CreateSubscriptionStmt *) node)->options,
												"connect", true));
			break;
		case T_AlterSubscriptionStmt:
			*always = alters_subscription_outside((AlterSubscriptionStmt *) node);
			break;
		case T_IndexStmt:
			if (has_foreign_option(((IndexStmt *) node)->options))
				*always = true;
			else if (((IndexStmt *) node)->concurrent)
				relations = list_make1(((IndexStmt *) node)->relation);
			break;
		case T_CreateTableAsStmt:
			*always = ((CreateTableAsStmt *) node)->objtype == OBJECT_MATVIEW &&
				has_foreign_option(((CreateTableAsStmt *) node)->into->options);
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
				else if (option_value(stmt->params, "concurrently", false))
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
	if (on_commit == ONCOMMIT_DROP || on_commit == ONCOMMIT_DELETE_ROWS ||
		(relation != NULL && !IsA(node, RenameStmt) && relation->relpersistence == RELPERSISTENCE_TEMP))
	{
		statement->temporary = pstrdup(relation->relname);
		statement->on_commit = on_commit;
	}
	if (IsA(node, DeclareCursorStmt) && !(((DeclareCursorStmt *) node)->options & CURSOR_OPT_HOLD))
		statement->cursor = pstrdup(((DeclareCursorStmt *) node)->portalname);
}

/*
 * Can a statement leave deferred constraint checks?  Every statement can that
 * writes rows, or may call a function that does.
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
 * The relations that a statement locks to change them, as far as its tree names
 * them: to report which processes have them locked.
 */
static List *
changed_relations(Node *node)
{
	List	   *relations = NIL;
	ListCell   *lc;

	switch (nodeTag(node))
	{
		case T_AlterTableStmt:
			return list_make1(((AlterTableStmt *) node)->relation);
		case T_RenameStmt:
			return ((RenameStmt *) node)->relation ? list_make1(((RenameStmt *) node)->relation) : NIL;
		case T_IndexStmt:
			return list_make1(((IndexStmt *) node)->relation);
		case T_CreateTrigStmt:
			return list_make1(((CreateTrigStmt *) node)->relation);
		case T_ReindexStmt:
			return ((ReindexStmt *) node)->relation ? list_make1(((ReindexStmt *) node)->relation) : NIL;
		case T_ClusterStmt:
			return ((ClusterStmt *) node)->relation ? list_make1(((ClusterStmt *) node)->relation) : NIL;
		case T_TruncateStmt:
			return ((TruncateStmt *) node)->relations;
		case T_LockStmt:
			return ((LockStmt *) node)->relations;
		case T_CopyStmt:
			return ((CopyStmt *) node)->is_from ? list_make1(((CopyStmt *) node)->relation) : NIL;
		case T_InsertStmt:
			return list_make1(((InsertStmt *) node)->relation);
		case T_UpdateStmt:
			return list_make1(((UpdateStmt *) node)->relation);
		case T_DeleteStmt:
			return list_make1(((DeleteStmt *) node)->relation);
		case T_MergeStmt:
			return list_make1(((MergeStmt *) node)->relation);
		case T_DropStmt:
			switch (((DropStmt *) node)->removeType)
			{
				case OBJECT_TABLE:
				case OBJECT_INDEX:
				case OBJECT_VIEW:
				case OBJECT_MATVIEW:
				case OBJECT_SEQUENCE:
					foreach(lc, ((DropStmt *) node)->objects)
						relations = lappend(relations, makeRangeVarFromNameList(lfirst(lc)));
					break;
				default:
					break;
			}
			return relations;
		default:
			return NIL;
	}
}

/*
 * Do the catalogs decide whether core refuses the statement in a transaction block?
 */
static bool
maybe_outside(Node *node)
{
	switch (nodeTag(node))
	{
		case T_ReindexStmt:		/* of a partitioned table or index */
			return ((ReindexStmt *) node)->relation != NULL;
		case T_ClusterStmt:		/* likewise */
			return ((ClusterStmt *) node)->relation != NULL;
		case T_DropSubscriptionStmt:	/* with a slot */
			return true;
		default:
			return false;
	}
}

/*
 * What a crash in the middle of a statement that runs outside of a transaction
 * block means for the next run.
 */
static MigrateTopLevel
restart_of(Node *node)
{
	switch (nodeTag(node))
	{
		case T_VacuumStmt:
		case T_ReindexStmt:
		case T_ClusterStmt:
		case T_AlterSystemStmt:
		case T_DiscardStmt:
			return TOP_REPEATABLE;
		case T_TransactionStmt: /* COMMIT and ROLLBACK PREPARED */
		case T_AlterSubscriptionStmt:
		case T_CreateSubscriptionStmt:
		case T_DropSubscriptionStmt:
			return TOP_UNKNOWN;
		default:
			return TOP_TRANSACTIONAL;
	}
}

/*
 * Which of the settings that matter to a run does a statement change?  Core compares the
 * names of settings without regard to case, also in quotes.
 */
static void
classify_setting(MigrateStatement *statement, Node *node)
{
	VariableSetStmt *stmt = (VariableSetStmt *) node;

	if (IsA(node, DiscardStmt))
		statement->resets_path = ((DiscardStmt *) node)->target == DISCARD_ALL;
	if (!IsA(node, VariableSetStmt))
		return;
	statement->is_local = stmt->is_local;
	statement->resets_path = stmt->kind == VAR_RESET_ALL ||
		((stmt->kind == VAR_RESET || stmt->kind == VAR_SET_DEFAULT) &&
		 pg_strcasecmp(stmt->name, "search_path") == 0);
	statement->sets_timeout = stmt->kind == VAR_SET_VALUE && pg_strcasecmp(stmt->name, "statement_timeout") == 0;
}

/*
 * A statement that is not in a transaction of the file: psql would send it by
 * itself, and so it runs at top level if it is a utility statement.  Extensions
 * decide by that what they may do.  What returns rows to the client, or depends on
 * how it was sent, runs through SPI.
 */
void
migrate_classify_outside(MigrateStatement *statement, Node *node)
{
	switch (nodeTag(node))
	{
		case T_SelectStmt:
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_FetchStmt:
		case T_ExplainStmt:
		case T_ExecuteStmt:
		case T_VariableShowStmt:
			return;
		case T_CopyStmt:
			if (((CopyStmt *) node)->filename == NULL)
				return;
			statement->top_level = TOP_TRANSACTIONAL;
			return;
		case T_CallStmt:
		case T_DoStmt:

			/*
			 * it may commit, and what it has committed is unknown after a
			 * crash
			 */
			statement->top_level = TOP_UNKNOWN;
			return;
		default:
			statement->top_level = restart_of(node);
			statement->maybe_outside = false;
			return;
	}
}

/*
 * Note what the raw parse tree of a statement shows about running it.
 *
 * "statement" already has its position in the text.  What is kept is copied, so the
 * tree may be freed.
 */
void
migrate_statement_classify(MigrateStatement *statement, Node *node)
{
	bool		always;
	List	   *needs = outside_block(node, &always);

	statement->tag = nodeTag(node);
	statement->command = CreateCommandName(node);
	if (IsA(node, DropSubscriptionStmt))
		statement->object = pstrdup(((DropSubscriptionStmt *) node)->subname);
	if (IsA(node, CreateExtensionStmt))
		statement->object = pstrdup(((CreateExtensionStmt *) node)->extname);
	if (IsA(node, ReindexStmt) && ((ReindexStmt *) node)->kind == REINDEX_OBJECT_SCHEMA)
		statement->object = pstrdup(((ReindexStmt *) node)->name);
	statement->log_level = GetCommandLogLevel(node);
	statement->outside_block = always || needs != NIL;
	statement->needs = copyObject(needs);
	statement->relations = copyObject(changed_relations(node));
	statement->maybe_outside = maybe_outside(node);
	statement->set_transaction = IsA(node, VariableSetStmt) &&
		((VariableSetStmt *) node)->kind == VAR_SET_MULTI &&
		strcmp(((VariableSetStmt *) node)->name, "TRANSACTION") == 0;
	statement->set_session = IsA(node, VariableSetStmt) &&
		!((VariableSetStmt *) node)->is_local && !statement->set_transaction;
	classify_setting(statement, node);
	if (statement->outside_block || statement->maybe_outside)
		statement->top_level = restart_of(node);
	if (IsA(node, IndexStmt) && ((IndexStmt *) node)->if_not_exists && ((IndexStmt *) node)->idxname != NULL)
		statement->named_index = pstrdup(((IndexStmt *) node)->idxname);
	statement->may_defer = may_defer(node);
	note_creations(statement, node);
}
