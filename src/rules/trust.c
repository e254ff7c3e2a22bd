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
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

/*
 * What is looked at.
 */
typedef struct Trust
{
	Relation	rel;			/* that columns of an expression are of, or
								 * NULL */
	HTAB	   *seen;			/* types (Oid) that are trusted so far: each
								 * is gone through once, whatever has columns
								 * of it */
} Trust;

static bool trusts_type(Trust *trust, Oid type);

static Trust
begin_trust(Relation rel)
{
	HASHCTL		ctl = {.keysize = sizeof(Oid),.entrysize = sizeof(Oid),.hcxt = CurrentMemoryContext};

	return (Trust)
	{
		rel, hash_create("migrate types", 32, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT)
	};
}

static bool
end_trust(Trust *trust, bool trusted)
{
	hash_destroy(trust->seen);
	return trusted;
}

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
 * For expression_tree_walker(); "context" is a Trust.
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
	return (OidIsValid(type) && !trusts_type(context, type)) ||
		check_functions_in_node(node, is_of_others, context) ||
		expression_tree_walker(node, has_others_code, context);
}

/*
 * Are the checks of a domain trusted?  They are read from the catalog: core plans them when
 * it looks a domain up.
 */
static bool
trusts_checks_of_domain(Trust *trust, Oid domain)
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

		trusted = isnull || !has_others_code(stringToNode(TextDatumGetCString(value)), trust);
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return trusted;
}

static bool
trusts_columns(Trust *trust, Oid relid)
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
		if (OidIsValid(type) && !trusts_type(trust, type))
			return false;
	}
	return true;
}

static bool
trusts_range(Trust *trust, Oid type)
{
	HeapTuple	tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(type));
	Oid			canonical;

	if (!HeapTupleIsValid(tuple))
		return false;
	canonical = ((Form_pg_range) GETSTRUCT(tuple))->rngcanonical;
	ReleaseSysCache(tuple);
	return !is_of_others(canonical, NULL) && trusts_type(trust, get_range_subtype(type));
}

/*
 * Can a literal of a type be read, and the type be looked up, without calling functions of
 * other roles?
 */
static bool
trusts_type(Trust *trust, Oid type)
{
	bool		found = type < FirstNormalObjectId;
	HeapTuple	tuple;
	Oid			base;

	check_stack_depth();
	if (!found)
		(void) hash_search(trust->seen, &type, HASH_ENTER, &found);
	if (found)
		return true;
	switch (get_typtype(type))
	{
		case TYPTYPE_DOMAIN:
			tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
			if (!HeapTupleIsValid(tuple))
				return false;
			base = ((Form_pg_type) GETSTRUCT(tuple))->typbasetype;
			ReleaseSysCache(tuple);
			return trusts_checks_of_domain(trust, type) && trusts_type(trust, base);
		case TYPTYPE_COMPOSITE:
			return trusts_columns(trust, get_typ_typrelid(type));
		case TYPTYPE_RANGE:
			return trusts_range(trust, type);
		case TYPTYPE_MULTIRANGE:
			return trusts_range(trust, get_multirange_range(type));
		default:
			base = get_element_type(type);
			return !OidIsValid(base) || trusts_type(trust, base);
	}
}

/*
 * The same for a type alone.
 */
bool
migrate_trusts_type(Oid type)
{
	Trust		trust = begin_trust(NULL);

	return end_trust(&trust, trusts_type(&trust, type));
}

/*
 * Are the types of functions, or of operators, of a name trusted?  Literals may become
 * values of these.
 */
static bool
trusts_candidates(Trust *trust, FuncCandidateList candidates, bool operators)
{
	for (FuncCandidateList c = candidates; c != NULL; c = c->next)
	{
		Oid			result;

		CHECK_FOR_INTERRUPTS();
		if (c->oid < FirstNormalObjectId)
			continue;
		for (int i = 0; i < c->nargs; i++)
			if (OidIsValid(c->args[i]) && !trusts_type(trust, c->args[i]))
				return false;
		result = get_func_rettype(operators ? get_opcode(c->oid) : c->oid);
		if (!trusts_type(trust, result))
			return false;
	}
	return true;
}

/*
 * For raw_expression_tree_walker(); "context" is a Trust.
 */
static bool
may_call_others(Node *node, void *context)
{
	Trust	   *trust = context;
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
			return !trusts_type(trust, typeTypeId(type));
		case T_FuncCall:
			if (!trusts_candidates(trust, FuncnameGetCandidates(((FuncCall *) node)->funcname, -1, NIL, false, false,
																false, true), false))
				return true;
			break;
		case T_A_Expr:
			if (!trusts_candidates(trust, OpernameGetCandidates(((A_Expr *) node)->name, '\0', true), true))
				return true;
			break;
		case T_ColumnRef:
			return trust->rel != NULL && !trusts_columns(trust, RelationGetRelid(trust->rel));
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
	Trust		trust = begin_trust(rel);

	return end_trust(&trust, trusts_type(&trust, type) && !may_call_others(unconstify(Node *, expr), &trust));
}

/*
 * Can core look whether the checks of a table imply something?
 */
bool
migrate_trusts_checks(Relation rel)
{
	TupleConstr *constr = rel->rd_att->constr;
	Trust		trust = begin_trust(NULL);
	bool		trusted = true;

	for (int i = 0; trusted && constr != NULL && i < constr->num_check; i++)
		trusted = !has_others_code(stringToNode(constr->check[i].ccbin), &trust);
	return end_trust(&trust, trusted);
}

static bool
trusts_key(Trust *trust, Oid relid)
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
			trusted &= trusts_type(trust, get_atttype(relid, form->partattrs.values[i]));
	value = SysCacheGetAttr(PARTRELID, tuple, Anum_pg_partitioned_table_partexprs, &isnull);
	if (!isnull)
		exprs = (List *) stringToNode(TextDatumGetCString(value));
	ReleaseSysCache(tuple);
	foreach(lc, exprs)
		trusted &= trusts_type(trust, exprType(lfirst(lc))) && !has_others_code(lfirst(lc), trust);
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
	Trust		trust = begin_trust(NULL);
	bool		trusted = trusts_key(&trust, RelationGetRelid(rel));
	ListCell   *lc;

	foreach(lc, ancestors)
		trusted = trusted && trusts_key(&trust, lfirst_oid(lc));
	return end_trust(&trust, trusted);
}

/*
 * Note that the facts of a statement are not known, because these functions are not called.
 */
void
migrate_fact_untrusted(Producer *producer)
{
	migrate_fact_unknown(producer, "functions of other roles would have to be called");
}
