/*-------------------------------------------------------------------------
 *
 * trust.c
 *		Would core call functions of other roles while it only analyzes a statement?
 *
 * It reads literals, which checks the values of domains in arrays and in composite types,
 * and it evaluates immutable functions in expressions of domains, of checks and of keys
 * of partitioned tables.  Nothing of a statement is to run, so these functions are not
 * called unless they belong to the current role or to a superuser.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/trust.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

/*
 * Does a function belong to a role that is not trusted?  For check_functions_in_node().
 */
static bool
is_of_others(Oid funcid, void *context)
{
	HeapTuple	tuple;
	Oid			owner;

	if (funcid < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(funcid));
	if (!HeapTupleIsValid(tuple))
		return true;
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner != GetUserId() && !superuser_arg(owner);
}

/*
 * For expression_tree_walker().
 */
static bool
has_others_code(Node *node, void *context)
{
	Oid			type = InvalidOid;

	if (node == NULL)
		return false;
	check_stack_depth();
	if (IsA(node, CoerceToDomain) || IsA(node, CoerceViaIO) || IsA(node, ArrayCoerceExpr))
		type = exprType(node);
	return (OidIsValid(type) && !migrate_trusts_type(type)) ||
		check_functions_in_node(node, is_of_others, context) ||
		expression_tree_walker(node, has_others_code, context);
}

/*
 * Are the checks of a domain trusted?  They are read from the catalog: core plans them when
 * it looks a domain up.
 */
static bool
trusts_checks_of_domain(Oid domain)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		trusted = true;

	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(domain));
	scan = systable_beginscan(constraints, ConstraintTypidIndexId, true, NULL, 1, &key);
	while (trusted && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, Anum_pg_constraint_conbin, RelationGetDescr(constraints), &isnull);

		trusted = isnull || !has_others_code(stringToNode(TextDatumGetCString(value)), NULL);
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return trusted;
}

static bool
trusts_columns(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	AttrNumber	natts;

	if (!HeapTupleIsValid(tuple))
		return false;
	natts = ((Form_pg_class) GETSTRUCT(tuple))->relnatts;
	ReleaseSysCache(tuple);
	for (AttrNumber i = 1; i <= natts; i++)
	{
		Oid			type = get_atttype(relid, i);

		CHECK_FOR_INTERRUPTS();
		if (OidIsValid(type) && !migrate_trusts_type(type))
			return false;
	}
	return true;
}

static bool
trusts_range(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(type));
	Oid			canonical;

	if (!HeapTupleIsValid(tuple))
		return false;
	canonical = ((Form_pg_range) GETSTRUCT(tuple))->rngcanonical;
	ReleaseSysCache(tuple);
	return !is_of_others(canonical, NULL) && migrate_trusts_type(get_range_subtype(type));
}

/*
 * Can a literal of a type be read, and the type be looked up, without calling functions of
 * other roles?
 */
bool
migrate_trusts_type(Oid type)
{
	check_stack_depth();
	if (type < FirstNormalObjectId)
		return true;
	switch (get_typtype(type))
	{
		case TYPTYPE_DOMAIN:
			{
				HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
				Oid			base;

				if (!HeapTupleIsValid(tuple))
					return false;
				base = ((Form_pg_type) GETSTRUCT(tuple))->typbasetype;
				ReleaseSysCache(tuple);
				return trusts_checks_of_domain(type) && migrate_trusts_type(base);
			}
		case TYPTYPE_COMPOSITE:
			return trusts_columns(get_typ_typrelid(type));
		case TYPTYPE_RANGE:
			return trusts_range(type);
		case TYPTYPE_MULTIRANGE:
			return trusts_range(get_multirange_range(type));
		default:
			return !OidIsValid(get_element_type(type)) || migrate_trusts_type(get_element_type(type));
	}
}

/*
 * Are the types of functions, or of operators, of a name trusted?  Literals may become
 * values of these.
 */
static bool
trusts_candidates(FuncCandidateList candidates, bool operators)
{
	for (FuncCandidateList c = candidates; c != NULL; c = c->next)
	{
		Oid			result;

		CHECK_FOR_INTERRUPTS();
		if (c->oid < FirstNormalObjectId)
			continue;
		for (int i = 0; i < c->nargs; i++)
			if (OidIsValid(c->args[i]) && !migrate_trusts_type(c->args[i]))
				return false;
		result = get_func_rettype(operators ? get_opcode(c->oid) : c->oid);
		if (!migrate_trusts_type(result))
			return false;
	}
	return true;
}

/*
 * For raw_expression_tree_walker(); "context" is the table that columns are of, or NULL.
 */
static bool
may_call_others(Node *node, void *context)
{
	Relation	rel = context;
	Type		type;

	if (node == NULL)
		return false;
	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_TypeName:
			type = LookupTypeName(NULL, (TypeName *) node, NULL, true);
			if (type == NULL)
				return false;
			ReleaseSysCache(type);
			return !migrate_trusts_type(typeTypeId(type));
		case T_FuncCall:
			if (!trusts_candidates(FuncnameGetCandidates(((FuncCall *) node)->funcname, -1, NIL, false, false,
														 false, true), false))
				return true;
			break;
		case T_A_Expr:
			if (!trusts_candidates(OpernameGetCandidates(((A_Expr *) node)->name, '\0', true), true))
				return true;
			break;
		case T_ColumnRef:
			return rel != NULL && !trusts_columns(RelationGetRelid(rel));
		default:
			break;
	}
	return raw_expression_tree_walker(node, may_call_others, context);
}

/*
 * Can an expression that is parsed be analyzed as one of a type without calling functions
 * of other roles?  "rel" is the table that its columns are of, or NULL; "expr" may be NULL.
 */
bool
migrate_trusts_expression(const Node *expr, Oid type, Relation rel)
{
	return migrate_trusts_type(type) && !may_call_others(unconstify(Node *, expr), rel);
}

/*
 * Can core look whether the checks of a table imply something?
 */
bool
migrate_trusts_checks(Relation rel)
{
	TupleConstr *constr = rel->rd_att->constr;

	for (int i = 0; constr != NULL && i < constr->num_check; i++)
		if (has_others_code(stringToNode(constr->check[i].ccbin), NULL))
			return false;
	return true;
}

static bool
trusts_key(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(relid));
	Form_pg_partitioned_table form;
	bool		isnull;
	Datum		value;
	List	   *exprs = NIL;
	bool		trusted = true;
	ListCell   *lc;

	if (!HeapTupleIsValid(tuple))
		return true;
	form = (Form_pg_partitioned_table) GETSTRUCT(tuple);
	for (int i = 0; i < form->partnatts; i++)
		if (form->partattrs.values[i] > 0)
			trusted &= migrate_trusts_type(get_atttype(relid, form->partattrs.values[i]));
	value = SysCacheGetAttr(PARTRELID, tuple, Anum_pg_partitioned_table_partexprs, &isnull);
	if (!isnull)
		exprs = (List *) stringToNode(TextDatumGetCString(value));
	ReleaseSysCache(tuple);
	foreach(lc, exprs)
		trusted &= migrate_trusts_type(exprType(lfirst(lc))) && !has_others_code(lfirst(lc), NULL);
	return trusted;
}

/*
 * Can the key of a partitioned table, and its bounds, be looked at, and those of the tables
 * that it is itself a partition of?
 */
bool
migrate_trusts_partitions(Relation rel)
{
	List	   *ancestors = rel->rd_rel->relispartition ? get_partition_ancestors(RelationGetRelid(rel)) : NIL;
	ListCell   *lc;

	if (!trusts_key(RelationGetRelid(rel)))
		return false;
	foreach(lc, ancestors)
	{
		if (!trusts_key(lfirst_oid(lc)))
			return false;
	}
	return true;
}

/*
 * Note that the facts of a statement are not known, because these functions are not called.
 */
void
migrate_fact_untrusted(Producer *producer)
{
	migrate_fact_unknown(producer, "functions of other roles would have to be called");
}
