/*-------------------------------------------------------------------------
 *
 * column.c
 *		New columns, and columns of another type.
 *
 * Follows core's ATExecAddColumn() and ATPrepAlterColumnType() (tablecmds.c).
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/column.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/heap.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parse_type.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "rules/rules_int.h"
#include "util/compat.h"

/*
 * What the definition of a new column says.
 */
typedef struct NewColumn
{
	bool		has_value;		/* not NULL in the rows that are there */
	bool		rewrites;
	bool		not_null;
	const Node *raw_default;
} NewColumn;

/*
 * serial and the like, which core knows only by these names.
 */
static bool
is_serial(const TypeName *type)
{
	static const char *const names[] = {
		"serial", "serial2", "serial4", "serial8", "smallserial", "bigserial",
	};

	if (list_length(type->names) != 1 || type->pct_type)
		return false;
	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(strVal(linitial(type->names)), names[i]) == 0)
			return true;
	return false;
}

/*
 * What the constraints of a new column do.
 */
static MigrateActions
read_constraints(Producer *producer, Oid relid, const ColumnDef *def, NewColumn *column)
{
	MigrateActions actions = 0;
	ListCell   *lc;

	foreach(lc, def->constraints)
	{
		const Constraint *constraint = lfirst_node(Constraint, lc);

		switch (constraint->contype)
		{
			case CONSTR_NOTNULL:
				column->not_null = true;
				break;
			case CONSTR_DEFAULT:
				column->has_value = true;
				column->raw_default = constraint->raw_expr;
				break;
			case CONSTR_IDENTITY:
				column->has_value = column->rewrites = true;
				break;
			case CONSTR_GENERATED:
				column->has_value = true;
				column->rewrites |= !migrate_is_virtual(constraint);
				break;
			case CONSTR_CHECK:
				if (migrate_is_enforced(constraint))
					actions |= ACTION_CHECK;
				break;
			case CONSTR_PRIMARY:
				column->not_null = true;
				/* FALLTHROUGH */
			case CONSTR_UNIQUE:
				actions |= ACTION_KEY;
				migrate_note_index(producer, relid, list_make1(makeString(def->colname)));
				break;
			default:
				break;
		}
	}
	foreach(lc, def->constraints)
	{
		const Constraint *constraint = lfirst_node(Constraint, lc);
		bool		checks = column->has_value && !constraint->skip_validation &&
			migrate_is_enforced(constraint);

		if (constraint->contype != CONSTR_FOREIGN)
			continue;
		(void) migrate_facts_foreign_key(producer, constraint, checks);
		if (checks)
			actions |= ACTION_FOREIGN_KEY;
		migrate_open_point(producer, migrate_fact_add(producer, relid, ShareRowExclusiveLock, 0),
						   ACTION_UNINDEXED_KEY, def->colname, list_make1(makeString(def->colname)));
	}
	return actions;
}

/*
 * Does a default call nextval()?  The sequence may be one that the plan makes, for which
 * the expression cannot be analyzed.
 */
static bool
calls_nextval(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncCall) && strcmp(strVal(llast(((FuncCall *) node)->funcname)), "nextval") == 0)
		return true;
	return raw_expression_tree_walker(node, calls_nextval, context);
}

/*
 * Does a default have to be computed for each row, or does its type have checks?
 */
static void
read_type(Producer *producer, const ColumnDef *def, NewColumn *column)
{
	Type		type = LookupTypeName(NULL, def->typeName, NULL, true);
	Oid			typid;
	int32		typmod;
	Node	   *expr = NULL;

	if (type == NULL)
	{
		/* the plan makes it: a new domain may have checks, an enum has none */
		migrate_fact_unknown(producer, "the type of the column is not there yet");
		return;
	}
	ReleaseSysCache(type);
	typenameTypeIdAndMod(NULL, def->typeName, &typid, &typmod);
	if (!migrate_trusts_expression(column->raw_default, typid, NULL))
	{
		migrate_fact_untrusted(producer);
		return;
	}
	if (get_typtype(typid) == TYPTYPE_DOMAIN)
	{
		column->rewrites |= DomainHasConstraints(typid);
		expr = get_typdefault(typid);
		column->has_value |= expr != NULL;
	}
	if (calls_nextval((Node *) column->raw_default, NULL))
		column->rewrites = true;
	else if (column->raw_default != NULL)
		expr = cookDefault(make_parsestate(NULL), (Node *) copyObject(column->raw_default),
						   typid, typmod, def->colname, 0);
	if (expr != NULL && contain_volatile_functions(expr))
		column->rewrites = true;
}

/*
 * ADD COLUMN: the actions that rewrite or scan the table.
 */
MigrateActions
migrate_facts_add_column(Producer *producer, Oid relid, Relation rel, const AlterTableCmd *cmd)
{
	const ColumnDef *def = castNode(ColumnDef, cmd->def);
	NewColumn	column = {0};
	MigrateActions actions;

	if (cmd->missing_ok && get_attnum(relid, def->colname) != InvalidAttrNumber)
		return 0;
	actions = read_constraints(producer, relid, def, &column);
	if (is_serial(def->typeName))
		column.has_value = column.rewrites = true;
	else
		read_type(producer, def, &column);
	if (column.rewrites)
		actions |= ACTION_DEFAULT;
	if (column.not_null && !column.has_value)
		actions |= ACTION_ADD_NOT_NULL;
	return actions;
}

/*
 * Does an expression call a function that is not core's?
 */
static bool
is_foreign_function(Oid funcid, void *context)
{
	return funcid >= FirstNormalObjectId;
}

static bool
calls_others(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_foreign_function, context))
		return true;
	return expression_tree_walker(node, calls_others, context);
}

/*
 * Follows core's ATColumnChangeRequiresRewrite().
 */
static bool
requires_rewrite(Node *expr, AttrNumber attnum)
{
	for (;;)
	{
		if (IsA(expr, Var))
			return ((Var *) expr)->varattno != attnum;
		else if (IsA(expr, RelabelType))
			expr = (Node *) ((RelabelType *) expr)->arg;
		else if (IsA(expr, CoerceToDomain))
		{
			if (DomainHasConstraints(((CoerceToDomain *) expr)->resulttype))
				return true;
			expr = (Node *) ((CoerceToDomain *) expr)->arg;
		}
		else if (IsA(expr, FuncExpr))
		{
			FuncExpr   *func = (FuncExpr *) expr;

			if ((func->funcid != F_TIMESTAMPTZ_TIMESTAMP && func->funcid != F_TIMESTAMP_TIMESTAMPTZ) ||
				TimestampTimestampTzRequiresRewrite())
				return true;
			expr = linitial(func->args);
		}
		else
			return true;
	}
}

/*
 * The expression that gives the values of a column its new type.  NULL if there is
 * no such cast.
 */
static Node *
conversion(Relation rel, const ColumnDef *def, Form_pg_attribute attr, Oid typid, int32 typmod)
{
	ParseState *pstate = make_parsestate(NULL);
	Node	   *expr;

	addNSItemToQuery(pstate, addRangeTableEntryForRelation(pstate, rel, AccessShareLock, NULL,
														   false, true), false, true, true);
	if (def->raw_default != NULL)
		expr = transformExpr(pstate, (Node *) copyObject(def->raw_default), EXPR_KIND_ALTER_COL_TRANSFORM);
	else
		expr = (Node *) makeVar(1, attr->attnum, attr->atttypid, attr->atttypmod, attr->attcollation, 0);
	expr = coerce_to_target_type(pstate, expr, exprType(expr), typid, typmod, COERCION_ASSIGNMENT,
								 COERCE_IMPLICIT_CAST, -1);
	if (expr != NULL)
		assign_expr_collations(pstate, expr);
	return expr;
}

/*
 * Is an index on the column built anew though the table is not rewritten?
 *
 * Core compares operator classes and collations, and does not reuse an index with
 * expressions or a predicate.
 */
static bool
rebuilds_index(Oid index, Form_pg_attribute attr, Oid typid, Oid collation)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	HeapTuple	class;
	Form_pg_index form;
	bool		uses = false;
	bool		computes;
	Oid			am;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_index) GETSTRUCT(tuple);
	for (int i = 0; i < form->indnkeyatts; i++)
		uses |= form->indkey.values[i] == attr->attnum;
	computes = !heap_attisnull(tuple, Anum_pg_index_indexprs, NULL) ||
		!heap_attisnull(tuple, Anum_pg_index_indpred, NULL);

	ReleaseSysCache(tuple);
	if (!uses)
		return false;
	class = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
	if (!HeapTupleIsValid(class))
		return false;
	am = ((Form_pg_class) GETSTRUCT(class))->relam;
	ReleaseSysCache(class);
	return computes || collation != attr->attcollation ||
		GetDefaultOpClass(attr->atttypid, am) != GetDefaultOpClass(typid, am);
}

/*
 * Are indexes or checks of a column done again for its new type?
 */
static bool
checks_again(Relation rel, Form_pg_attribute attr, Oid typid, Oid collation)
{
	TupleConstr *constr = rel->rd_att->constr;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		if (rebuilds_index(lfirst_oid(lc), attr, typid, collation))
			return true;
	}
	for (int i = 0; constr != NULL && i < constr->num_check; i++)
	{
		Bitmapset  *columns = NULL;

		pull_varattnos(stringToNode(constr->check[i].ccbin), 1, &columns);
		if (constr->check[i].ccvalid &&
			bms_is_member(attr->attnum - FirstLowInvalidHeapAttributeNumber, columns))
			return true;
	}
	return false;
}

/*
 * The collation of a column's new type.
 */
static Oid
new_collation(const ColumnDef *def, Oid typid)
{
	return GetColumnDefCollation(NULL, unconstify(ColumnDef *, def), typid);
}

/*
 * Are there statistics of a column, which another type removes?
 */
static bool
has_statistics(Oid relid, AttrNumber attnum)
{
	return SearchSysCacheExists3(STATRELATTINH, ObjectIdGetDatum(relid), Int16GetDatum(attnum),
								 BoolGetDatum(false));
}

/*
 * ALTER COLUMN TYPE: the action that rewrites or scans the table.
 */
MigrateActions
migrate_facts_column_type(Producer *producer, Relation rel, const AlterTableCmd *cmd)
{
	const ColumnDef *def = castNode(ColumnDef, cmd->def);
	AttrNumber	attnum = get_attnum(RelationGetRelid(rel), cmd->name);
	Form_pg_attribute attr;
	Oid			typid;
	int32		typmod;
	Node	   *expr;
	Type		type = LookupTypeName(NULL, def->typeName, NULL, true);

	if (attnum <= 0 || type == NULL)
	{
		if (type != NULL)
			ReleaseSysCache(type);
		migrate_fact_unknown(producer, attnum <= 0 ? "the column is not there yet" :
							 "the type of the column is not there yet");
		return 0;
	}
	ReleaseSysCache(type);
	attr = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
	typenameTypeIdAndMod(NULL, def->typeName, &typid, &typmod);
	if (has_statistics(RelationGetRelid(rel), attnum))
		migrate_open_point(producer, migrate_fact_add(producer, RelationGetRelid(rel), NoLock, 0),
						   ACTION_STATISTICS, NULL, NIL);
	if (!migrate_trusts_expression(def->raw_default, typid, rel) || !migrate_trusts_type(attr->atttypid))
	{
		migrate_fact_untrusted(producer);
		return 0;
	}
	expr = conversion(rel, def, attr, typid, typmod);
	if (expr == NULL || rel->rd_rel->relkind == RELKIND_COMPOSITE_TYPE)
		return 0;
	/* another's function is not run, not even on a constant */
	if (calls_others(expr, NULL) || requires_rewrite((Node *) expression_planner((Expr *) expr), attnum))
		return ACTION_TYPE;
	return checks_again(rel, attr, typid, new_collation(def, typid)) ? ACTION_TYPE_CHECKS : 0;
}
