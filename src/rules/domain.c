/*-------------------------------------------------------------------------
 *
 * domain.c
 *		Domains that are changed: their constraints are checked in every table.
 *
 * Follows core's validateDomainConstraint() (typecmds.c).
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/domain.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

/*
 * The relations that have a column of a domain, or of a domain over it, are locked
 * and scanned.
 */
static void
scan_users(Producer *producer, Oid domain)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	check_stack_depth();
	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(domain));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		MigrateRelationFact *fact;

		CHECK_FOR_INTERRUPTS();
		if (form->classid == TypeRelationId && get_typtype(form->objid) == TYPTYPE_DOMAIN)
			scan_users(producer, form->objid);
		if (form->classid != RelationRelationId || form->objsubid <= 0 ||
			(get_rel_relkind(form->objid) != RELKIND_RELATION &&
			 get_rel_relkind(form->objid) != RELKIND_MATVIEW))
			continue;
		fact = migrate_fact_add(producer, form->objid, ShareLock, ACTION_DOMAIN);
		if (fact != NULL)
			fact->scanned = !fact->emptied;
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

/*
 * ALTER DOMAIN that checks values: SET NOT NULL, ADD and VALIDATE CONSTRAINT.
 */
void
migrate_facts_domain(Producer *producer, const AlterDomainStmt *stmt)
{
	Type		type;
	Oid			domain;

	if (strchr("OCV", stmt->subtype) == NULL ||
		(stmt->subtype == 'C' && castNode(Constraint, stmt->def)->skip_validation))
		return;
	type = LookupTypeName(NULL, makeTypeNameFromNameList(stmt->typeName), NULL, true);
	if (type == NULL)
		return;
	domain = typeTypeId(type);
	ReleaseSysCache(type);
	scan_users(producer, domain);
}
