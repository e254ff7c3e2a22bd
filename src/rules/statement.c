/*-------------------------------------------------------------------------
 *
 * statement.c
 *		What each kind of statement locks.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/statement.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

static void
lock_names(Producer *producer, const List *names, LOCKMODE lock)
{
	ListCell   *lc;

	foreach(lc, names)
	{
		const RangeVar *name = lfirst(lc);
		MigrateRelationFact *fact;

		if (!IsA(name, RangeVar))
			continue;
		fact = migrate_fact_name(producer, name, lock, 0);
		if (fact == NULL)
			continue;
		if (name->inh)
			migrate_fact_children(producer, fact->relid, lock, false, false);
		if (fact->kind == RELKIND_VIEW)
			migrate_facts_of_view(producer, fact->relid, lock, false);
	}
}

/*
 * The tables that CREATE and ALTER PUBLICATION name.
 */
static void
publish(Producer *producer, const List *objects)
{
	ListCell   *lc;

	foreach(lc, objects)
	{
		const PublicationObjSpec *object = lfirst_node(PublicationObjSpec, lc);
		MigrateRelationFact *fact;

		if (object->pubtable == NULL)
			continue;
		fact = migrate_fact_name(producer, object->pubtable->relation, ShareUpdateExclusiveLock, 0);
		if (fact != NULL && object->pubtable->relation->inh && fact->kind == RELKIND_RELATION)
			migrate_fact_children(producer, fact->relid, ShareUpdateExclusiveLock, false, false);
	}
}

/*
 * A foreign key of a new table; the other one is locked again when it is dropped.
 */
static void
new_reference(Producer *producer, const CreateStmt *stmt, const Constraint *constraint)
{
	MigrateForesight *foresight = producer->foresight;
	MemoryContext old;
	char	   *key;
	List	   *references;

	if (!migrate_facts_foreign_key(producer, constraint, false))
		return;
	old = MemoryContextSwitchTo(foresight->context);
	key = migrate_fact_key(stmt->relation);
	references = migrate_names_get(foresight->made, key);
	migrate_names_remove(foresight->made, key);
	references = list_append_unique_oid(references, migrate_fact_lookup(producer, constraint->pktable));
	(void) migrate_names_add(foresight->made, key, references);
	MemoryContextSwitchTo(old);
}

/*
 * CREATE TABLE: what it refers to, inherits from, or is a partition of.
 */
static void
create_table(Producer *producer, const CreateStmt *stmt)
{
	ListCell   *lc;
	ListCell   *lc2;

	if (stmt->if_not_exists && OidIsValid(migrate_fact_lookup(producer, stmt->relation)))
		return;
	migrate_facts_owner(producer, stmt->relation);
	foreach(lc, stmt->inhRelations)
	{
		if (stmt->partbound == NULL)
			(void) migrate_fact_name(producer, lfirst(lc), ShareUpdateExclusiveLock, 0);
		else
			migrate_facts_new_partition(producer, migrate_fact_lookup(producer, lfirst(lc)));
	}
	foreach(lc, stmt->tableElts)
	{
		List	   *constraints = IsA(lfirst(lc), ColumnDef) ? lfirst_node(ColumnDef, lc)->constraints :
			list_make1(lfirst(lc));

		foreach(lc2, constraints)
		{
			if (IsA(lfirst(lc2), Constraint) && lfirst_node(Constraint, lc2)->contype == CONSTR_FOREIGN)
				new_reference(producer, stmt, lfirst(lc2));
		}
	}
}

/*
 * COMMENT and SECURITY LABEL on a relation or a column of one.
 */
static void
comment(Producer *producer, ObjectType type, Node *object)
{
	List	   *names;

	if (type != OBJECT_TABLE && type != OBJECT_VIEW && type != OBJECT_MATVIEW && type != OBJECT_COLUMN)
		return;
	names = castNode(List, object);
	if (type == OBJECT_COLUMN)
		names = list_copy_head(names, list_length(names) - 1);
	if (names != NIL)
		(void) migrate_fact_name(producer, makeRangeVarFromNameList(names), ShareUpdateExclusiveLock, 0);
}

static void
rewrite(Producer *producer, const RangeVar *name)
{
	MigrateRelationFact *fact = migrate_fact_name(producer, name, AccessExclusiveLock, ACTION_STORAGE);

	if (fact == NULL || fact->emptied)
		return;
	if (fact->kind == RELKIND_PARTITIONED_TABLE)
		migrate_fact_children(producer, fact->relid, AccessExclusiveLock, true, true);
	else
		fact->rewritten = fact->scanned = true;
}

/*
 * VACUUM and ANALYZE without FULL, which treat each partition as a table of its own.
 */
static void
maintain(Producer *producer, const RangeVar *name)
{
	MigrateRelationFact *fact = migrate_fact_name(producer, name, ShareUpdateExclusiveLock, 0);

	if (fact != NULL && fact->kind == RELKIND_PARTITIONED_TABLE)
		migrate_fact_children(producer, fact->relid, ShareUpdateExclusiveLock, false, false);
}

/*
 * VACUUM and ANALYZE of tables that are named.
 */
static void
vacuum(Producer *producer, const VacuumStmt *stmt)
{
	bool		full = false;
	bool		analyze = !stmt->is_vacuumcmd;
	ListCell   *lc;

	foreach(lc, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "full") == 0)
			full = defGetBoolean(option);
		if (strcmp(option->defname, "analyze") == 0)
			analyze = defGetBoolean(option);
	}
	if (stmt->rels == NIL && full)
		migrate_fact_unknown(producer, "many relations");
	if (stmt->rels == NIL && analyze)
		migrate_close_all_points(producer, ACTION_STATISTICS);
	foreach(lc, stmt->rels)
	{
		const VacuumRelation *relation = lfirst_node(VacuumRelation, lc);

		if (analyze)
			migrate_close_points(producer, migrate_fact_lookup(producer, relation->relation),
								 ACTION_STATISTICS, NULL);
		if (full)
			rewrite(producer, relation->relation);
		else
			maintain(producer, relation->relation);
	}
}

/*
 * The relation that a statement changes; NULL if it is not one that changes rows.
 */
static const RangeVar *
changed_relation(const Node *node)
{
	switch (nodeTag(node))
	{
		case T_InsertStmt:
			return ((const InsertStmt *) node)->relation;
		case T_UpdateStmt:
			return ((const UpdateStmt *) node)->relation;
		case T_DeleteStmt:
			return ((const DeleteStmt *) node)->relation;
		case T_MergeStmt:
			return ((const MergeStmt *) node)->relation;
		default:
			return NULL;
	}
}

/*
 * A statement that locks one relation, and no more is known about it.
 */
static bool
locks_one(Producer *producer, Node *node)
{
	const RangeVar *name;
	LOCKMODE	lock = AccessExclusiveLock;

	switch (nodeTag(node))
	{
		case T_CreateTrigStmt:
			name = ((CreateTrigStmt *) node)->relation;
			lock = ShareRowExclusiveLock;
			break;
		case T_AlterPolicyStmt:
			name = ((AlterPolicyStmt *) node)->table;
			break;
		case T_RuleStmt:
			name = ((RuleStmt *) node)->relation;
			break;
		case T_InsertStmt:
		case T_MergeStmt:
			name = changed_relation(node);
			lock = RowExclusiveLock;
			break;
		case T_CopyStmt:
			name = ((CopyStmt *) node)->relation;
			lock = ((CopyStmt *) node)->is_from ? RowExclusiveLock : AccessShareLock;
			break;
		default:
			return false;
	}
	if (name != NULL)
		(void) migrate_fact_name(producer, name, lock, 0);
	return true;
}

/*
 * Statements about relations; false if it is another one.
 */
static bool
about_relations(Producer *producer, Node *node)
{
	switch (nodeTag(node))
	{
		case T_AlterTableStmt:
			migrate_facts_alter(producer, (AlterTableStmt *) node);
			return true;
		case T_RenameStmt:
			migrate_facts_rename(producer, (RenameStmt *) node);
			return true;
		case T_AlterObjectSchemaStmt:
			migrate_facts_set_schema(producer, (AlterObjectSchemaStmt *) node);
			return true;
		case T_IndexStmt:
			migrate_facts_index(producer, (IndexStmt *) node);
			return true;
		case T_ReindexStmt:
			migrate_facts_reindex(producer, (ReindexStmt *) node);
			return true;
		case T_DropStmt:
			migrate_facts_drop(producer, (DropStmt *) node);
			return true;
		case T_TruncateStmt:
			migrate_facts_truncate(producer, (TruncateStmt *) node);
			return true;
		case T_CreateStmt:
			create_table(producer, (CreateStmt *) node);
			return true;
		case T_AlterDomainStmt:
			migrate_facts_domain(producer, (AlterDomainStmt *) node);
			return true;
		case T_UpdateStmt:
			migrate_facts_rows(producer, ((UpdateStmt *) node)->relation, ((UpdateStmt *) node)->whereClause);
			return true;
		case T_DeleteStmt:
			migrate_facts_rows(producer, ((DeleteStmt *) node)->relation, ((DeleteStmt *) node)->whereClause);
			return true;
		case T_RefreshMatViewStmt:
			migrate_facts_refresh(producer, (RefreshMatViewStmt *) node);
			return true;
		case T_CreatePolicyStmt:
			migrate_facts_policy(producer, (CreatePolicyStmt *) node);
			return true;
		case T_ViewStmt:
			migrate_facts_view(producer, (ViewStmt *) node);
			return true;
		case T_GrantStmt:
			migrate_facts_grant(producer, (GrantStmt *) node);
			return true;
		default:
			return locks_one(producer, node);
	}
}

/*
 * The tables of a FROM clause that FOR UPDATE and the like lock.
 */
static void
lock_rows(Producer *producer, const Node *from)
{
	check_stack_depth();
	if (IsA(from, RangeVar))
		(void) migrate_fact_name(producer, (const RangeVar *) from, RowShareLock, 0);
	else if (IsA(from, JoinExpr))
	{
		lock_rows(producer, ((const JoinExpr *) from)->larg);
		lock_rows(producer, ((const JoinExpr *) from)->rarg);
	}
}

/*
 * The statements inside one that reads or changes rows: those of WITH change rows too.
 */
static bool
inner_statements(Node *node, void *context)
{
	Producer   *producer = context;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (changed_relation(node) != NULL)
		(void) about_relations(producer, node);
	if (IsA(node, SelectStmt) && ((SelectStmt *) node)->lockingClause != NIL)
	{
		foreach(lc, ((SelectStmt *) node)->fromClause)
			lock_rows(producer, lfirst(lc));
	}
	return raw_expression_tree_walker(node, inner_statements, context);
}

/*
 * EXPLAIN and PREPARE lock as the statement does, and only EXPLAIN ANALYZE runs it.
 */
static void
explain_or_prepare(Producer *producer, Node *node)
{
	Node	   *query = IsA(node, PrepareStmt) ? ((PrepareStmt *) node)->query : ((ExplainStmt *) node)->query;
	bool		runs = false;
	ListCell   *lc;

	if (IsA(node, ExplainStmt))
	{
		foreach(lc, ((ExplainStmt *) node)->options)
		{
			DefElem    *option = lfirst_node(DefElem, lc);

			if (strcmp(option->defname, "analyze") == 0)
				runs = defGetBoolean(option);
		}
	}
	if (runs)
		migrate_facts_statement(producer, query);
	else if (changed_relation(query) != NULL)
		(void) migrate_fact_name(producer, changed_relation(query), RowExclusiveLock, 0);
}

/*
 * Determine the facts of a parse tree.  May raise any error of parse analysis.
 */
void
migrate_facts_statement(Producer *producer, Node *node)
{
	if (IsA(node, SelectStmt) || changed_relation(node) != NULL)
	{
		(void) inner_statements(node, producer);
		return;
	}
	if (about_relations(producer, node))
		return;
	switch (nodeTag(node))
	{
		case T_ExplainStmt:
		case T_PrepareStmt:
			explain_or_prepare(producer, node);
			break;
		case T_CreatePublicationStmt:
			publish(producer, ((CreatePublicationStmt *) node)->pubobjects);
			break;
		case T_AlterPublicationStmt:
			publish(producer, ((AlterPublicationStmt *) node)->pubobjects);
			break;
		case T_VacuumStmt:
			vacuum(producer, (VacuumStmt *) node);
			break;
		case T_ClusterStmt:
			if (((ClusterStmt *) node)->relation != NULL)
				rewrite(producer, ((ClusterStmt *) node)->relation);
			else
				migrate_fact_unknown(producer, "many relations");
			break;
		case T_CommentStmt:
			comment(producer, ((CommentStmt *) node)->objtype, ((CommentStmt *) node)->object);
			break;
		case T_SecLabelStmt:
			comment(producer, ((SecLabelStmt *) node)->objtype, ((SecLabelStmt *) node)->object);
			break;
		case T_CreateStatsStmt:
			lock_names(producer, ((CreateStatsStmt *) node)->relations, ShareUpdateExclusiveLock);
			break;
		case T_LockStmt:
			lock_names(producer, ((LockStmt *) node)->relations, ((LockStmt *) node)->mode);
			break;
		case T_DoStmt:
		case T_CallStmt:
		case T_ExecuteStmt:
			migrate_fact_unknown(producer, "only running it shows what it does");
			break;
		case T_CreateFunctionStmt:
			migrate_facts_function(producer, (CreateFunctionStmt *) node);
			break;
		case T_AlterExtensionStmt:
			migrate_fact_other(producer, ACTION_EXTENSION,
							   quote_identifier(((AlterExtensionStmt *) node)->extname), NULL);
			break;
		case T_AlterTableMoveAllStmt:
		case T_DropOwnedStmt:
		case T_ReassignOwnedStmt:
			migrate_fact_unknown(producer, "many relations");
			break;
		default:
			break;
	}
}
