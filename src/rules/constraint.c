/*-------------------------------------------------------------------------
 *
 * constraint.c
 *		Constraints that a statement adds, validates or drops.
 *
 * Follows core's tablecmds.c.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/constraint.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "commands/tablecmds.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "rules/rules_int.h"
#include "util/compat.h"

/*
 * The column of "column IS NOT NULL", NULL for any other expression.
 */
static const char *
not_null_column(const Node *expr)
{
	const NullTest *test = (const NullTest *) expr;
	Node	   *field;

	if (expr == NULL || !IsA(expr, NullTest) || test->nulltesttype != IS_NOT_NULL ||
		!IsA(test->arg, ColumnRef))
		return NULL;
	field = llast(((const ColumnRef *) test->arg)->fields);
	return IsA(field, String) ? strVal(field) : NULL;
}

/*
 * The same for the cooked expression of a constraint that exists.
 */
static const char *
not_null_column_of(HeapTuple tuple, Oid relid)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(CONSTROID, tuple, Anum_pg_constraint_conbin, &isnull);
	NullTest   *test;

	if (isnull)
		return NULL;
	test = (NullTest *) stringToNode(TextDatumGetCString(value));
	if (!IsA(test, NullTest) || test->nulltesttype != IS_NOT_NULL || !IsA(test->arg, Var))
		return NULL;
	return get_attname(relid, ((Var *) test->arg)->varattno, true);
}

/*
 * Remember a constraint for the statements after this one.
 */
static void
plan_constraint(Producer *producer, Oid relid, const char *name, char type, bool validated,
				int transaction, Oid referenced, const char *column)
{
	PlannedRelation *planned = migrate_planned_relation(producer->foresight, relid);
	MemoryContext old;
	PlannedConstraint *constraint;

	if (planned == NULL)
		return;
	old = MemoryContextSwitchTo(producer->foresight->context);
	constraint = palloc(sizeof(PlannedConstraint));
	constraint->name = name ? pstrdup(name) : NULL;
	constraint->type = type;
	constraint->validated = validated;
	constraint->transaction = transaction;
	constraint->referenced = referenced;
	constraint->column = column ? pstrdup(column) : NULL;
	planned->constraints = lappend(planned->constraints, constraint);
	MemoryContextSwitchTo(old);
}

static PlannedConstraint *
planned_constraint(Producer *producer, Oid relid, const char *name)
{
	PlannedRelation *planned = migrate_planned_relation(producer->foresight, relid);
	ListCell   *lc;

	foreach(lc, planned ? planned->constraints : NIL)
	{
		PlannedConstraint *constraint = lfirst(lc);

		if (constraint->name != NULL && strcmp(constraint->name, name) == 0)
			return constraint;
	}
	return NULL;
}

/*
 * Must SET NOT NULL scan the table?  Not if a constraint that is valid implies it,
 * or one that the plan adds.
 */
bool
migrate_facts_scans_for_not_null(Producer *producer, Oid relid, Relation rel, const char *column)
{
	PlannedRelation *planned = migrate_planned_relation(producer->foresight, relid);
	AttrNumber	attnum = get_attnum(relid, column);
	HeapTuple	tuple;
	Form_pg_attribute attr;
	NullTest   *test;
	bool		scans;
	ListCell   *lc;

	foreach(lc, planned ? planned->constraints : NIL)
	{
		PlannedConstraint *constraint = lfirst(lc);

		if (constraint->validated && constraint->column != NULL &&
			strcmp(constraint->column, column) == 0)
			return false;
	}
	tuple = attnum == InvalidAttrNumber ? NULL :
		SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attnum));
	if (!HeapTupleIsValid(tuple))
		return true;
	attr = (Form_pg_attribute) GETSTRUCT(tuple);
	test = makeNode(NullTest);
	test->arg = (Expr *) makeVar(1, attnum, attr->atttypid, attr->atttypmod, attr->attcollation, 0);
	test->nulltesttype = IS_NOT_NULL;
	test->location = -1;
	scans = !attr->attnotnull;
	if (scans && rel != NULL && !migrate_trusts_checks(rel))
		migrate_fact_untrusted(producer);
	else if (scans && rel != NULL)
		scans = !PartConstraintImpliedByRelConstraint(rel, list_make1(test));
	ReleaseSysCache(tuple);
	return scans;
}

/*
 * A foreign key locks the table that it refers to.  Returns whether that existed
 * before the run; "checks" says whether rows are compared.
 */
bool
migrate_facts_foreign_key(Producer *producer, const Constraint *constraint, bool checks)
{
	MigrateRelationFact *fact = migrate_fact_name(producer, constraint->pktable, ShareRowExclusiveLock,
												  checks ? ACTION_REFERENCED : ACTION_LOCKS_REFERENCED);

	if (fact != NULL && checks)
		fact->scanned = !fact->emptied;
	return fact != NULL;
}

/*
 * Has a column of the index of a primary key to be made NOT NULL?
 */
static bool
index_is_nullable(Oid relid, const char *name)
{
	Oid			index = get_relname_relid(name, get_rel_namespace(relid));
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	bool		nullable = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	for (int i = 0; i < ((Form_pg_index) GETSTRUCT(tuple))->indnkeyatts; i++)
	{
		AttrNumber	attnum = ((Form_pg_index) GETSTRUCT(tuple))->indkey.values[i];
		HeapTuple	attr = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attnum));

		if (!HeapTupleIsValid(attr))
			continue;
		nullable |= !((Form_pg_attribute) GETSTRUCT(attr))->attnotnull;
		ReleaseSysCache(attr);
	}
	ReleaseSysCache(tuple);
	return nullable;
}

/*
 * A NOT NULL as a constraint of the table, which 18 has.
 */
static MigrateActions
add_not_null(Producer *producer, Oid relid, Relation rel, const Constraint *constraint)
{
	MigrateActions actions = 0;
	ListCell   *lc;

	foreach(lc, constraint->keys)
	{
		const char *column = strVal(lfirst(lc));

		if (!constraint->skip_validation &&
			migrate_facts_scans_for_not_null(producer, relid, rel, column))
			actions |= ACTION_NOT_NULL;
		plan_constraint(producer, relid, constraint->conname, 'n', !constraint->skip_validation,
						producer->facts->transaction, InvalidOid, column);
	}
	return actions;
}

/*
 * ADD CONSTRAINT: the actions that scan the table.  "rel" is NULL if somebody has it
 * locked.
 */
MigrateActions
migrate_facts_constraint(Producer *producer, Oid relid, Relation rel, const Constraint *constraint)
{
	bool		checks = !constraint->skip_validation && migrate_is_enforced(constraint);
	int			transaction = producer->facts->transaction;

	switch (constraint->contype)
	{
		case CONSTR_CHECK:
			plan_constraint(producer, relid, constraint->conname, CONSTRAINT_CHECK, checks,
							transaction, InvalidOid, not_null_column(constraint->raw_expr));
			return checks ? ACTION_CHECK : 0;
		case CONSTR_NOTNULL:
			return add_not_null(producer, relid, rel, constraint);
		case CONSTR_UNIQUE:
			if (constraint->indexname == NULL)
				migrate_note_index(producer, relid, constraint->keys);
			return constraint->indexname == NULL ? ACTION_KEY : 0;
		case CONSTR_PRIMARY:
			migrate_close_points(producer, relid, ACTION_NO_KEY | ACTION_NO_IDENTITY, NULL);
			if (constraint->indexname == NULL)
				migrate_note_index(producer, relid, constraint->keys);
			if (constraint->indexname == NULL)
				return ACTION_KEY;
			return index_is_nullable(relid, constraint->indexname) ? ACTION_KEY_NULLABLE : 0;
		case CONSTR_EXCLUSION:
			return ACTION_EXCLUDE;
		case CONSTR_FOREIGN:
			(void) migrate_facts_foreign_key(producer, constraint, checks);
			migrate_open_point(producer, migrate_fact_add(producer, relid, ShareRowExclusiveLock, 0),
							   ACTION_UNINDEXED_KEY, constraint->conname, constraint->fk_attrs);
			plan_constraint(producer, relid, constraint->conname, CONSTRAINT_FOREIGN, checks, transaction,
							migrate_fact_lookup(producer, constraint->pktable), NULL);
			return checks ? ACTION_FOREIGN_KEY : 0;
		default:
			return 0;
	}
}

/*
 * Both tables of a foreign key that is validated.
 */
static void
scan_referenced(Producer *producer, Oid referenced)
{
	MigrateRelationFact *fact = migrate_fact_add(producer, referenced, RowShareLock, 0);

	if (fact != NULL)
		fact->scanned = !fact->emptied;
}

/*
 * VALIDATE CONSTRAINT.  Returns whether there is something to validate, and adds
 * ACTION_VALIDATE_SAME to *actions if this transaction has added the constraint.
 */
bool
migrate_facts_validate(Producer *producer, Oid relid, const char *name, MigrateActions *actions)
{
	PlannedConstraint *planned = planned_constraint(producer, relid, name);
	HeapTuple	tuple;
	Form_pg_constraint form;

	if (planned != NULL)
	{
		bool		was_validated = planned->validated;

		planned->validated = true;
		if (was_validated)
			return false;
		if (planned->type == CONSTRAINT_FOREIGN)
			scan_referenced(producer, planned->referenced);
		if (planned->transaction == producer->facts->transaction ||
			(producer->foresight->single && planned->transaction > 0))
			*actions |= ACTION_VALIDATE_SAME;
		return true;
	}
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(get_relation_constraint_oid(relid, name, true)));
	if (!HeapTupleIsValid(tuple))
	{
		migrate_fact_unknown(producer, psprintf("constraint \"%s\" is not there yet", name));
		return false;
	}
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	migrate_note_handled(producer, relid, name);
	if (form->convalidated)
	{
		ReleaseSysCache(tuple);
		return false;
	}
	if (form->contype == CONSTRAINT_FOREIGN)
		scan_referenced(producer, form->confrelid);
	plan_constraint(producer, relid, name, form->contype, true, 0, form->confrelid,
					not_null_column_of(tuple, relid));
	ReleaseSysCache(tuple);
	return true;
}

/*
 * DROP CONSTRAINT of a foreign key, or ALTER CONSTRAINT that drops its triggers,
 * locks the other table, too.
 */
void
migrate_facts_drop_constraint(Producer *producer, Oid relid, const char *name)
{
	PlannedConstraint *planned = planned_constraint(producer, relid, name);
	HeapTuple	tuple;

	if (planned != NULL)
	{
		planned->validated = false;
		planned->name = NULL;
		migrate_close_points(producer, relid, ACTION_UNINDEXED_KEY, name);
		if (planned->type == CONSTRAINT_FOREIGN)
			(void) migrate_fact_add(producer, planned->referenced, AccessExclusiveLock,
									ACTION_DROP_FOREIGN_KEY);
		return;
	}
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(get_relation_constraint_oid(relid, name, true)));
	if (!HeapTupleIsValid(tuple))
		return;
	migrate_note_handled(producer, relid, name);
	if (((Form_pg_constraint) GETSTRUCT(tuple))->contype == CONSTRAINT_PRIMARY)
		migrate_facts_key_dropped(producer, migrate_fact_add(producer, relid, AccessExclusiveLock, 0));
	if (((Form_pg_constraint) GETSTRUCT(tuple))->contype == CONSTRAINT_FOREIGN)
		(void) migrate_fact_add(producer, ((Form_pg_constraint) GETSTRUCT(tuple))->confrelid,
								AccessExclusiveLock, ACTION_DROP_FOREIGN_KEY);
	ReleaseSysCache(tuple);
}
