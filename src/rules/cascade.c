/*-------------------------------------------------------------------------
 *
 * cascade.c
 *		What goes with an object that is dropped with CASCADE.
 *
 * Follows core's findDependentObjects() (catalog/dependency.c).
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/cascade.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

/*
 * The objects that are dropped, as far as they are known.
 */
typedef struct Cascade
{
	Producer   *producer;
	HTAB	   *seen;			/* of ObjectAddress */
	List	   *todo;			/* likewise, palloc'd */
} Cascade;

/*
 * Add an object.  "asked" if it would not go without CASCADE, so that it is named.
 */
static void
add_object(Cascade *cascade, const ObjectAddress *object, bool asked)
{
	ObjectAddress whole = {object->classId, object->objectId, 0};
	ObjectAddress *copy;
	char	   *description;
	bool		found;

	if (hash_search(cascade->seen, &whole, HASH_FIND, NULL) != NULL)
		return;
	(void) hash_search(cascade->seen, object, HASH_ENTER, &found);
	if (found)
		return;
	copy = palloc(sizeof(ObjectAddress));
	*copy = *object;
	cascade->todo = lappend(cascade->todo, copy);
	description = asked ? getObjectDescription(object, true) : NULL;
	if (description != NULL)
		cascade->producer->facts->cascaded = lappend(cascade->producer->facts->cascaded, description);
}

/*
 * Begin to read what an object depends on.
 */
static SysScanDesc
begin_scan_of(Relation depend, const ObjectAddress *object)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(object->classId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(object->objectId));
	return systable_beginscan(depend, DependDependerIndexId, true, NULL, 2, keys);
}

/*
 * The object that one is a part of, which is dropped instead of it: a view instead of
 * its rule, a constraint instead of its index.
 */
static ObjectAddress
owner_of(Relation depend, const ObjectAddress *object)
{
	ObjectAddress owner = *object;
	SysScanDesc scan = begin_scan_of(depend, object);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->deptype != DEPENDENCY_INTERNAL || form->objsubid != object->objectSubId)
			continue;
		ObjectAddressSubSet(owner, form->refclassid, form->refobjid, form->refobjsubid);
	}
	systable_endscan(scan);
	return owner;
}

/*
 * Add the objects that depend on one.
 */
static void
add_dependents(Cascade *cascade, Relation depend, const ObjectAddress *object)
{
	ScanKeyData keys[3];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(object->classId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(object->objectId));
	ScanKeyInit(&keys[2], Anum_pg_depend_refobjsubid, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(object->objectSubId));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  object->objectSubId != 0 ? 3 : 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		bool		asked = form->deptype == DEPENDENCY_NORMAL;
		ObjectAddress dependent;
		ObjectAddress owner;

		CHECK_FOR_INTERRUPTS();
		ObjectAddressSubSet(dependent, form->classid, form->objid, form->objsubid);
		if (form->classid == object->classId && form->objid == object->objectId)
			continue;
		owner = form->deptype == DEPENDENCY_INTERNAL ? dependent : owner_of(depend, &dependent);
		add_object(cascade, &owner, asked);
	}
	systable_endscan(scan);
}

/*
 * A constraint goes: it is locked where its table stays.
 */
static void
drop_constraint(Cascade *cascade, Oid oid)
{
	Producer   *producer = cascade->producer;
	ObjectAddress table = {RelationRelationId, InvalidOid, 0};
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(oid));
	Form_pg_constraint form;

	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	table.objectId = form->conrelid;
	if (hash_search(cascade->seen, &table, HASH_FIND, NULL) == NULL)
		(void) migrate_fact_add(producer, form->conrelid, AccessExclusiveLock,
								form->contype == CONSTRAINT_FOREIGN ? ACTION_DROP_FOREIGN_KEY : 0);
	if (form->contype == CONSTRAINT_FOREIGN)
		(void) migrate_fact_add(producer, form->confrelid, AccessExclusiveLock, ACTION_DROP_FOREIGN_KEY);
	ReleaseSysCache(tuple);
}

/*
 * A trigger, a rule, a policy, a default or statistics go: the table that they are of is
 * locked where it stays.  Each depends on it, and goes with it.
 */
static void
drop_part(Cascade *cascade, Relation depend, const ObjectAddress *object)
{
	LOCKMODE	lock = object->classId == StatisticExtRelationId ? ShareUpdateExclusiveLock : AccessExclusiveLock;
	SysScanDesc scan = begin_scan_of(depend, object);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		ObjectAddress table = {form->refclassid, form->refobjid, 0};

		if (form->deptype == DEPENDENCY_AUTO && form->refclassid == RelationRelationId &&
			hash_search(cascade->seen, &table, HASH_FIND, NULL) == NULL)
			(void) migrate_fact_add(cascade->producer, form->refobjid, lock, 0);
	}
	systable_endscan(scan);
}

/*
 * What dropping an object does to relations.
 */
static void
drop_object(Cascade *cascade, Relation depend, const ObjectAddress *object)
{
	Producer   *producer = cascade->producer;
	char		kind;

	switch (object->classId)
	{
		case TriggerRelationId:
		case RewriteRelationId:
		case PolicyRelationId:
		case AttrDefaultRelationId:
		case StatisticExtRelationId:
			drop_part(cascade, depend, object);
			return;
		default:
			break;
	}
	if (object->classId == ConstraintRelationId)
		drop_constraint(cascade, object->objectId);
	if (object->classId != RelationRelationId)
		return;
	kind = get_rel_relkind(object->objectId);
	if (kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX)
		(void) migrate_fact_add(producer, IndexGetRelation(object->objectId, true), AccessExclusiveLock, 0);
	else if (object->objectSubId > 0)
		(void) migrate_fact_add(producer, object->objectId, AccessExclusiveLock, ACTION_DROP_COLUMN);
	else
	{
		PlannedRelation *planned;

		(void) migrate_fact_add(producer, object->objectId, AccessExclusiveLock,
								kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE ?
								ACTION_DROP_TABLE : 0);
		planned = migrate_planned_relation(producer->foresight, object->objectId);
		if (planned != NULL)
			planned->dropped = true;
	}
}

/*
 * An object is dropped with CASCADE: what goes with it.
 */
void
migrate_facts_cascade(Producer *producer, const ObjectAddress *object)
{
	HASHCTL		ctl = {
		.keysize = sizeof(ObjectAddress),
		.entrysize = sizeof(ObjectAddress),
		.hcxt = CurrentMemoryContext,
	};
	Cascade		cascade = {.producer = producer};
	Relation	depend = table_open(DependRelationId, AccessShareLock);

	cascade.seen = hash_create("migrate cascade", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	add_object(&cascade, object, false);
	for (int i = 0; i < list_length(cascade.todo); i++)
		add_dependents(&cascade, depend, list_nth(cascade.todo, i));

	/*
	 * a table comes before what belongs to it, which then is not judged on
	 * its own
	 */
	for (int i = 1; i < list_length(cascade.todo); i++)
		drop_object(&cascade, depend, list_nth(cascade.todo, i));
	hash_destroy(cascade.seen);
	table_close(depend, AccessShareLock);
}

/*
 * The object that DROP names.  InvalidOid if it does not exist; false if its kind is
 * not handled here.
 */
static bool
find_object(ObjectType type, Node *name, ObjectAddress *object)
{
	switch (type)
	{
		case OBJECT_SCHEMA:
			ObjectAddressSet(*object, NamespaceRelationId, get_namespace_oid(strVal(name), true));
			return true;
		case OBJECT_EXTENSION:
			ObjectAddressSet(*object, ExtensionRelationId, get_extension_oid(strVal(name), true));
			return true;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			ObjectAddressSet(*object, TypeRelationId,
							 LookupTypeNameOid(NULL, castNode(TypeName, name), true));
			return true;
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
		case OBJECT_AGGREGATE:
			ObjectAddressSet(*object, ProcedureRelationId,
							 LookupFuncWithArgs(type, castNode(ObjectWithArgs, name), true));
			return true;
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			ObjectAddressSet(*object, RelationRelationId,
							 RangeVarGetRelid(makeRangeVarFromNameList(castNode(List, name)), NoLock, true));
			return true;
		default:
			return false;
	}
}

/*
 * DROP ... CASCADE of something other than a table, a view or an index.
 */
void
migrate_facts_cascade_from(Producer *producer, ObjectType type, Node *name)
{
	ObjectAddress object;

	if (!find_object(type, name, &object))
		migrate_fact_unknown(producer, "CASCADE may drop more");
	else if (OidIsValid(object.objectId))
		migrate_facts_cascade(producer, &object);
}
