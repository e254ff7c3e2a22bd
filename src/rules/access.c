/*-------------------------------------------------------------------------
 *
 * access.c
 *		Who may see what: row security, privileges, owners, functions and views that
 *		run as their owner.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/access.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_policy.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

/*
 * Has a table a policy?
 */
bool
migrate_has_policy(Oid relid)
{
	Relation	policies = table_open(PolicyRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool		has;

	ScanKeyInit(&key, Anum_pg_policy_polrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(policies, PolicyPolrelidPolnameIndexId, true, NULL, 1, &key);
	has = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(policies, AccessShareLock);
	return has;
}

/*
 * ENABLE and DISABLE ROW LEVEL SECURITY.
 */
void
migrate_facts_row_security(Producer *producer, MigrateRelationFact *fact, bool enable)
{
	PlannedRelation *planned = migrate_planned_relation(producer->foresight, fact->relid);

	planned->row_security = enable;
	migrate_close_points(producer, fact->relid, enable ? ACTION_POLICY_OFF : ACTION_HIDES_ROWS, NULL);
	if (enable && !planned->has_policy)
		migrate_open_point(producer, fact, ACTION_HIDES_ROWS, NULL, NIL);
}

/*
 * CREATE POLICY.
 */
void
migrate_facts_policy(Producer *producer, const CreatePolicyStmt *stmt)
{
	MigrateRelationFact *fact = migrate_fact_name(producer, stmt->table, AccessExclusiveLock, 0);
	PlannedRelation *planned;

	if (fact == NULL)
		return;
	planned = migrate_planned_relation(producer->foresight, fact->relid);
	planned->has_policy = true;
	migrate_close_points(producer, fact->relid, ACTION_HIDES_ROWS, NULL);
	if (!planned->row_security)
		migrate_open_point(producer, fact, ACTION_POLICY_OFF, NULL, NIL);
}

/*
 * The privileges of a GRANT on tables that matter here.
 */
static AclMode
granted(const GrantStmt *stmt)
{
	static const struct
	{
		const char *name;
		AclMode		mode;
	}			privileges[] =

	{
		{"select", ACL_SELECT}, {"insert", ACL_INSERT}, {"update", ACL_UPDATE},
		{"delete", ACL_DELETE}, {"truncate", ACL_TRUNCATE},
	};
	AclMode		mode = 0;
	ListCell   *lc;

	for (int i = 0; i < lengthof(privileges); i++)
	{
		if (stmt->privileges == NIL)
			mode |= privileges[i].mode;
		foreach(lc, stmt->privileges)
		{
			const char *name = lfirst_node(AccessPriv, lc)->priv_name;

			if (name != NULL && pg_strcasecmp(name, privileges[i].name) == 0)
				mode |= privileges[i].mode;
		}
	}
	return mode;
}

static void
grant_on(Producer *producer, Oid relid, AclMode mode)
{
	if (OidIsValid(relid) &&
		pg_class_aclmask(relid, ACL_ID_PUBLIC, mode, ACLMASK_ALL) != mode)
		(void) migrate_fact_add(producer, relid, AccessShareLock, ACTION_GRANT_PUBLIC);
}

/*
 * GRANT to PUBLIC of what it had not.
 */
void
migrate_facts_grant(Producer *producer, const GrantStmt *stmt)
{
	AclMode		mode = granted(stmt);
	bool		public = false;
	ListCell   *lc;

	foreach(lc, stmt->grantees)
		public |= lfirst_node(RoleSpec, lc)->roletype == ROLESPEC_PUBLIC;
	if (!stmt->is_grant || !public || stmt->objtype != OBJECT_TABLE || mode == 0)
		return;
	foreach(lc, stmt->objects)
	{
		List	   *relids = NIL;
		ListCell   *lc2;

		if (stmt->targtype == ACL_TARGET_OBJECT)
			relids = list_make1_oid(migrate_fact_lookup(producer, lfirst_node(RangeVar, lc)));
		else if (stmt->targtype == ACL_TARGET_ALL_IN_SCHEMA)
			relids = migrate_relations_of_schema(strVal(lfirst(lc)));
		foreach(lc2, relids)
			grant_on(producer, lfirst_oid(lc2), mode);
	}
}

/*
 * CREATE FUNCTION with SECURITY DEFINER, whose names the caller's search_path would
 * resolve.
 */
void
migrate_facts_function(Producer *producer, const CreateFunctionStmt *stmt)
{
	bool		definer = false;
	bool		path = stmt->sql_body != NULL;
	ListCell   *lc;

	foreach(lc, stmt->options)
	{
		const DefElem *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "security") == 0)
			definer = boolVal(option->arg);
		if (strcmp(option->defname, "set") == 0)
		{
			const char *name = castNode(VariableSetStmt, option->arg)->name;

			path |= name != NULL && pg_strcasecmp(name, "search_path") == 0;
		}
	}
	if (definer && !path)
		migrate_fact_other(producer, ACTION_DEFINER, NameListToQuotedString(stmt->funcname), NULL);
}

/*
 * The tables that a view reads, for raw_expression_tree_walker().
 */
typedef struct Reading
{
	Producer   *producer;
	const char *view;
} Reading;

static bool
read_table(Node *node, void *context)
{
	Reading    *reading = context;
	PlannedRelation *planned;
	MigrateRelationFact *fact;
	Oid			relid;

	check_stack_depth();
	if (node == NULL)
		return false;
	if (!IsA(node, RangeVar))
		return raw_expression_tree_walker(node, read_table, context);
	relid = migrate_fact_lookup(reading->producer, (RangeVar *) node);
	planned = OidIsValid(relid) ? migrate_planned_relation(reading->producer->foresight, relid) : NULL;
	if (planned == NULL || !planned->row_security)
		return false;
	/* none of a temporary table */
	fact = migrate_fact_add(reading->producer, relid, AccessShareLock, 0);
	if (fact != NULL)
		migrate_fact_other(reading->producer, ACTION_OWNER_VIEW, reading->view, fact);
	return false;
}

/*
 * CREATE VIEW: it reads tables as its owner, and with the row security of that role,
 * unless it has security_invoker.
 */
void
migrate_facts_view(Producer *producer, const ViewStmt *stmt)
{
	Reading		reading = {producer, quote_identifier(stmt->view->relname)};
	ListCell   *lc;

	(void) migrate_fact_name(producer, stmt->view, AccessExclusiveLock, 0);
	foreach(lc, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "security_invoker") == 0 && defGetBoolean(option))
			return;
	}
	(void) read_table(stmt->query, &reading);
}

/*
 * The owner of the tables of a schema; InvalidOid if they have several, or it has none.
 */
static Oid
owner_of_tables(Oid namespace)
{
	Relation	relations = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			owner = InvalidOid;

	ScanKeyInit(&key, Anum_pg_class_relnamespace, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(namespace));
	scan = systable_beginscan(relations, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		CHECK_FOR_INTERRUPTS();
		if (form->relkind != RELKIND_RELATION && form->relkind != RELKIND_PARTITIONED_TABLE)
			continue;
		if (OidIsValid(owner) && owner != form->relowner)
		{
			owner = InvalidOid;
			break;
		}
		owner = form->relowner;
	}
	systable_endscan(scan);
	table_close(relations, AccessShareLock);
	return owner;
}

/*
 * The same, looked up once for each schema.
 */
static Oid
known_owner(MigrateForesight *foresight, Oid namespace)
{
	char	   *name = get_namespace_name(namespace);
	Oid		   *owner = name ? migrate_names_get(foresight->owners, name) : NULL;
	MemoryContext old;

	if (name == NULL)
		return InvalidOid;
	if (owner != NULL)
		return *owner;
	old = MemoryContextSwitchTo(foresight->context);
	owner = palloc(sizeof(Oid));
	*owner = owner_of_tables(namespace);
	(void) migrate_names_add(foresight->owners, pstrdup(name), owner);
	MemoryContextSwitchTo(old);
	return *owner;
}

/*
 * A new table: does another role own those that are in its schema?
 */
void
migrate_facts_owner(Producer *producer, const RangeVar *name)
{
	MigrateForesight *foresight = producer->foresight;
	Oid			role = OidIsValid(foresight->role) ? foresight->role : GetUserId();
	Oid			owner;
	char	   *key;
	OpenPoint  *point;
	MemoryContext old;

	if (name->relpersistence == RELPERSISTENCE_TEMP ||
		(name->schemaname != NULL && !OidIsValid(get_namespace_oid(name->schemaname, true))))
		return;
	owner = known_owner(foresight, RangeVarGetCreationNamespace(name));
	if (!OidIsValid(owner) || owner == role)
		return;
	key = migrate_fact_key(name);
	point = migrate_open_other_point(producer, ACTION_OTHER_OWNER, key);
	old = MemoryContextSwitchTo(foresight->context);
	migrate_names_remove(foresight->unowned, key);
	(void) migrate_names_add(foresight->unowned, point->name, point);
	MemoryContextSwitchTo(old);
}

/*
 * OWNER TO of a table, which may be a new one.
 */
void
migrate_facts_change_owner(Producer *producer, const RangeVar *name)
{
	OpenPoint  *point = migrate_names_get(producer->foresight->unowned, migrate_fact_key(name));

	if (point != NULL)
		point->closed = true;
}
