/*-------------------------------------------------------------------------
 *
 * table_check.c
 *		The CHECK constraints of the tables of the schema "migrate", kept in a session.
 *
 * Follows core's ExecRelCheck() in src/backend/executor/execMain.c (PostgreSQL 15).
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/table_check.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "history/table_check.h"
#include "util/compat.h"

/* so many CHECK constraints are kept: all tables together have seven */
#define MAX_CHECKS	16

/*
 * A CHECK constraint of a table, as pg_constraint has it, and parsed.
 */
typedef struct ParsedCheck
{
	char	   *source;
	Expr	   *expr;			/* planned, if it is ready */
	ExprState  *state;			/* ready for any row, or NULL */
} ParsedCheck;

/* those that this session has met first, in a context of their own */
static MemoryContext checks_context = NULL;
static ParsedCheck checks[MAX_CHECKS];
static int	nchecks = 0;
static int	last_check = 0;		/* found last */

static bool
is_not_built_in(Oid function, void *context)
{
	return function >= FirstGenbkiObjectId;
}

/*
 * Is an expression more than functions of the server on columns and constants?  Those do
 * not change, and keep nothing between two calls.
 */
static bool
has_more_than_built_in(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
			/* a whole row keeps its descriptor */
			return ((Var *) node)->varattno <= 0;
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_RelabelType:
		case T_List:
			break;
		default:
			return true;
	}
	return check_functions_in_node(node, is_not_built_in, NULL) ||
		expression_tree_walker(node, has_more_than_built_in, context);
}

/*
 * A CHECK constraint.  It is kept, since a run writes a few rows in each of many
 * transactions, and parsing takes as long as writing them, and so does preparing.  NULL if
 * there is no more room: what has been handed out stays in use as long as a table is open.
 */
static const ParsedCheck *
parsed_check(const char *source)
{
	ParsedCheck check;
	Expr	   *expr;
	bool		plain;
	MemoryContext scratch;
	MemoryContext old;

	/* those of a table come in the same order each time */
	for (int i = 1; i <= nchecks; i++)
	{
		int			number = (last_check + i) % nchecks;

		if (strcmp(checks[number].source, source) == 0)
		{
			last_check = number;
			return &checks[number];
		}
	}
	if (nchecks == MAX_CHECKS)
		return NULL;
	if (checks_context == NULL)
		checks_context = AllocSetContextCreate(TopMemoryContext, "migrate check", ALLOCSET_SMALL_SIZES);
	scratch = AllocSetContextCreate(CurrentMemoryContext, "migrate parsed check", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(scratch);
	expr = stringToNode(source);
	plain = !has_more_than_built_in((Node *) expr, NULL);
	if (plain)
		expr = expression_planner(expr);
	MemoryContextSwitchTo(checks_context);
	check.source = pstrdup(source);
	check.expr = copyObject(expr);
	check.state = plain ? ExecInitExpr(check.expr, NULL) : NULL;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	last_check = nchecks++;
	checks[last_check] = check;
	return &checks[last_check];
}

/*
 * Prepare the CHECK constraints of a table, as ExecRelCheck() does for the first row, which
 * then finds them.  It does so itself where there is more to it.
 */
void
migrate_prepare_checks(ResultRelInfo *info, EState *estate)
{
	const TupleConstr *constr = RelationGetDescr(info->ri_RelationDesc)->constr;
	int			n = constr ? constr->num_check : 0;
	ExprState **exprs;

	for (int i = 0; i < n; i++)
		if (!migrate_check_is_plain(constr, i))
			return;
	if (n == 0)
		return;
	exprs = MemoryContextAllocZero(estate->es_query_cxt, n * sizeof(ExprState *));
	for (int i = 0; i < n; i++)
	{
		const ParsedCheck *check = parsed_check(constr->check[i].ccbin);

		if (check != NULL && check->state != NULL)
			exprs[i] = check->state;
		else
			exprs[i] = ExecPrepareExpr(check ? check->expr : stringToNode(constr->check[i].ccbin), estate);
	}
	*migrate_check_exprs(info) = exprs;
}
