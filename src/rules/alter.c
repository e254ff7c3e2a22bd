/*-------------------------------------------------------------------------
 *
 * alter.c
 *		ALTER TABLE: what it does to the table, its children, and other tables.
 *
 * Follows core's tablecmds.c.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/alter.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "commands/tablespace.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "rules/rules_int.h"
#include "util/compat.h"

/* what rewrites a table, and what scans it */
#define REWRITES	(ACTION_DEFAULT | ACTION_TYPE | ACTION_STORAGE)
#define SCANS		(REWRITES | ACTION_KEY | ACTION_KEY_NULLABLE | ACTION_EXCLUDE | \
					 ACTION_FOREIGN_KEY | ACTION_CHECK | ACTION_NOT_NULL | ACTION_ADD_NOT_NULL | \
					 ACTION_TYPE_CHECKS)

/* what several of in one ALTER TABLE do in one scan */
#define SCANS_ONCE	(ACTION_DEFAULT | ACTION_TYPE | ACTION_CHECK | ACTION_NOT_NULL)

/*
 * The tables that foreign keys of a table refer to are locked when these go: all of
 * them, or those of one column.
 */
void
migrate_facts_references(Producer *producer, Relation rel, const char *column)
{
	AttrNumber	attnum = column ? get_attnum(RelationGetRelid(rel), column) : InvalidAttrNumber;
	ListCell   *lc;

	foreach(lc, RelationGetFKeyList(rel))
	{
		ForeignKeyCacheInfo *fk = lfirst(lc);
		bool		uses = column == NULL;

		for (int i = 0; i < fk->nkeys; i++)
			uses |= fk->conkey[i] == attnum;
		if (uses && fk->confrelid != RelationGetRelid(rel))
			(void) migrate_fact_add(producer, fk->confrelid, AccessExclusiveLock,
									ACTION_DROP_FOREIGN_KEY);
	}
}

/*
 * Does SET LOGGED, SET UNLOGGED, SET TABLESPACE or SET ACCESS METHOD copy the rows?
 */
static bool
moves_rows(Relation rel, const AlterTableCmd *cmd)
{
	char		persistence = rel->rd_rel->relpersistence;
	Oid			tablespace;

	switch (cmd->subtype)
	{
		case AT_SetLogged:
			return persistence != RELPERSISTENCE_PERMANENT;
		case AT_SetUnLogged:
			return persistence != RELPERSISTENCE_UNLOGGED;
		case AT_SetAccessMethod:
			return get_table_am_oid(cmd->name ? cmd->name : default_table_access_method, false) !=
				rel->rd_rel->relam;
		default:
			tablespace = get_tablespace_oid(cmd->name, true);
			return tablespace != (OidIsValid(rel->rd_rel->reltablespace) ?
								  rel->rd_rel->reltablespace : MyDatabaseTableSpace);
	}
}

/*
 * Does a command reach the children of a table as well?
 */
static bool
recurses(const AlterTableCmd *cmd)
{
	switch (cmd->subtype)
	{
		case AT_AddColumn:
		case AT_ColumnDefault:
		case AT_DropNotNull:
		case AT_SetNotNull:
		case AT_DropExpression:
		case AT_SetStatistics:
		case AT_SetStorage:
		case AT_DropColumn:
		case AT_AddConstraint:
		case AT_AlterConstraint:
		case AT_ValidateConstraint:
		case AT_DropConstraint:
		case AT_AlterColumnType:
			return true;
		default:
			return cmd->subtype == MIGRATE_AT_SET_EXPRESSION;
	}
}

/*
 * A partition that is detached, a parent that a table inherits from, and what is not
 * about rows.
 */
static void
other_effects(Producer *producer, MigrateRelationFact *fact, const AlterTableCmd *cmd)
{
	const PartitionCmd *partition = (const PartitionCmd *) cmd->def;

	switch (cmd->subtype)
	{
		case AT_DetachPartition:
			(void) migrate_fact_name(producer, partition->name, partition->concurrent ?
									 ShareUpdateExclusiveLock : AccessExclusiveLock, 0);
			if (!partition->concurrent)
				(void) migrate_fact_add(producer, fact->relid, AccessExclusiveLock, ACTION_DETACH);
			break;
		case AT_AddInherit:
			(void) migrate_fact_name(producer, castNode(RangeVar, cmd->def), ShareUpdateExclusiveLock, 0);
			break;
		case AT_EnableRowSecurity:
		case AT_DisableRowSecurity:
			migrate_facts_row_security(producer, fact, cmd->subtype == AT_EnableRowSecurity);
			break;
		case AT_ReplicaIdentity:
			migrate_facts_replica_identity(producer, fact, castNode(ReplicaIdentityStmt, cmd->def));
			break;
		default:
			break;
	}
}

/*
 * Does a column belong to the primary key?
 */
static bool
is_in_primary_key(Relation rel, AttrNumber attnum)
{
	Bitmapset  *columns = RelationGetIndexAttrBitmap(rel, INDEX_ATTR_BITMAP_PRIMARY_KEY);

	return bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, columns);
}

/*
 * DROP COLUMN.
 */
static MigrateActions
drop_column(Producer *producer, Relation rel, const AlterTableCmd *cmd)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(rel), cmd->name);

	if (attnum == InvalidAttrNumber)
		return 0;
	if (is_in_primary_key(rel, attnum))
		migrate_facts_key_dropped(producer, migrate_fact_add(producer, RelationGetRelid(rel), NoLock, 0));
	if (cmd->behavior == DROP_CASCADE)
	{
		ObjectAddress object = {RelationRelationId, RelationGetRelid(rel), attnum};

		migrate_facts_cascade(producer, &object);
	}
	return ACTION_DROP_COLUMN;
}

static void
cascade_from_constraint(Producer *producer, Oid relid, const AlterTableCmd *cmd)
{
	ObjectAddress object = {ConstraintRelationId, InvalidOid, 0};

	if (cmd->behavior != DROP_CASCADE)
		return;
	object.objectId = get_relation_constraint_oid(relid, cmd->name, true);
	if (OidIsValid(object.objectId))
		migrate_facts_cascade(producer, &object);
}

/*
 * SET of storage parameters: is autovacuum off from now on?
 */
static bool
set_options(const List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (option->defnamespace == NULL && option->arg != NULL &&
			strcmp(option->defname, "autovacuum_enabled") == 0 && !defGetBoolean(option))
			return true;
	}
	return false;
}

/*
 * What a command does that depends on the table itself: actions that rewrite or scan
 * it.
 */
static MigrateActions
actions_on(Producer *producer, Relation rel, const AlterTableCmd *cmd)
{
	Oid			relid = RelationGetRelid(rel);

	switch (cmd->subtype)
	{
		case AT_AddColumn:
			return migrate_facts_add_column(producer, relid, rel, cmd);
		case AT_SetNotNull:
			return migrate_facts_scans_for_not_null(producer, relid, rel, cmd->name) ? ACTION_NOT_NULL : 0;
		case AT_AddConstraint:
			return migrate_facts_constraint(producer, relid, rel, castNode(Constraint, cmd->def));
		case AT_AlterColumnType:
			return migrate_facts_column_type(producer, rel, cmd);
		case AT_DropColumn:
			migrate_facts_references(producer, rel, cmd->name);
			return drop_column(producer, rel, cmd);
		case AT_SetLogged:
		case AT_SetUnLogged:
		case AT_SetAccessMethod:
		case AT_SetTableSpace:
			return moves_rows(rel, cmd) ? ACTION_STORAGE : 0;
		case AT_SetRelOptions:
		case AT_ResetRelOptions:
			return set_options((List *) cmd->def) ? ACTION_AUTOVACUUM_OFF : 0;
		case AT_AttachPartition:
			migrate_facts_attach(producer, rel, castNode(PartitionCmd, cmd->def));
			return 0;
		default:
			if (cmd->subtype != MIGRATE_AT_SET_EXPRESSION || get_attnum(relid, cmd->name) == InvalidAttrNumber)
				return 0;
			return get_attgenerated(relid, get_attnum(relid, cmd->name)) ==
				ATTRIBUTE_GENERATED_STORED ? ACTION_DEFAULT : 0;
	}
}

/*
 * A command of ALTER TABLE.  "rel" is NULL if somebody has the table locked.
 */
static void
alter_command(Producer *producer, MigrateRelationFact *fact, Relation rel, const AlterTableCmd *cmd,
			  LOCKMODE lock, bool inh)
{
	MigrateActions actions = rel != NULL ? actions_on(producer, rel, cmd) : 0;
	bool		scanned = (actions & SCANS) != 0;
	const char *name = NULL;

	if (cmd->subtype == AT_ValidateConstraint)
		scanned = migrate_facts_validate(producer, fact->relid, cmd->name, &actions);
	else if (cmd->subtype == AT_DropConstraint)
	{
		migrate_facts_drop_constraint(producer, fact->relid, cmd->name);
		cascade_from_constraint(producer, fact->relid, cmd);
	}
	else if (cmd->subtype == AT_AlterConstraint)
		name = migrate_not_enforced_any_more(cmd->def);
	else
		other_effects(producer, fact, cmd);
	if (name != NULL)
	{
		migrate_facts_drop_constraint(producer, fact->relid, name);
		fact->lock = AccessExclusiveLock;
	}
	fact->actions |= actions;
	if (fact->kind != RELKIND_PARTITIONED_TABLE && !fact->emptied)
	{
		fact->rewritten |= (actions & REWRITES) != 0;
		fact->scanned |= scanned;
	}
	if (inh && recurses(cmd))
		migrate_fact_children(producer, fact->relid, lock, (actions & REWRITES) != 0,
							  scanned && !(cmd->subtype == AT_AddConstraint &&
										   castNode(Constraint, cmd->def)->is_no_inherit));
}

/*
 * Two statements of a transaction that scan a table could be one that scans it once.
 */
static void
note_scan(Producer *producer, MigrateRelationFact *fact)
{
	PlannedRelation *planned = migrate_planned_relation(producer->foresight, fact->relid);
	int			transaction = producer->foresight->single ? 1 : producer->facts->transaction;

	if ((fact->actions & SCANS_ONCE) == 0)
		return;
	if (planned->scanned_in == transaction)
		fact->actions |= ACTION_SCANS_AGAIN;
	planned->scanned_in = transaction;
}

static void
alter_relation(Producer *producer, const AlterTableStmt *stmt, MigrateRelationFact *fact, LOCKMODE lock)
{
	Relation	rel = migrate_fact_open(fact->relid);
	ListCell   *lc;

	foreach(lc, stmt->cmds)
		alter_command(producer, fact, rel, lfirst_node(AlterTableCmd, lc), lock, stmt->relation->inh);
	note_scan(producer, fact);
	if (rel != NULL)
		table_close(rel, AccessShareLock);
	else
		fact->known = false;
}

/*
 * ALTER TYPE ... CASCADE changes the tables that were made OF a composite type.  No index
 * finds them; core's find_typed_table_dependencies() reads all of pg_class, too.
 */
static void
alter_typed_tables(Producer *producer, const AlterTableStmt *stmt, LOCKMODE lock)
{
	Oid			type = get_rel_type_id(RangeVarGetRelid(stmt->relation, NoLock, true));
	ListCell   *lc;

	if (!OidIsValid(type))
		return;
	foreach(lc, migrate_relations_with(Anum_pg_class_reloftype, type))
	{
		MigrateRelationFact *fact = migrate_fact_add(producer, lfirst_oid(lc), lock, 0);

		if (fact != NULL)
			alter_relation(producer, stmt, fact, lock);
	}
}

/*
 * ALTER TABLE, VIEW and MATERIALIZED VIEW, and ALTER TYPE of a composite type.
 */
void
migrate_facts_alter(Producer *producer, AlterTableStmt *stmt)
{
	LOCKMODE	lock = AlterTableGetLockLevel(stmt->cmds);
	MigrateRelationFact *fact;
	ListCell   *lc;

	if (stmt->objtype == OBJECT_TYPE)
		alter_typed_tables(producer, stmt, lock);
	/* with the name of a table, ALTER INDEX and the like fail */
	if (stmt->objtype != OBJECT_TABLE && stmt->objtype != OBJECT_VIEW && stmt->objtype != OBJECT_MATVIEW)
		return;
	fact = migrate_fact_name(producer, stmt->relation, lock, 0);
	foreach(lc, stmt->cmds)
	{
		if (lfirst_node(AlterTableCmd, lc)->subtype == AT_ChangeOwner)
			migrate_facts_change_owner(producer, stmt->relation);
	}
	if (fact != NULL)
		alter_relation(producer, stmt, fact, lock);
}
