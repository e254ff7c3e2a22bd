/*-------------------------------------------------------------------------
 *
 * partition.c
 *		Partitions that a statement attaches or makes.
 *
 * Follows core's ATExecAttachPartition() (tablecmds.c).
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/partition.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "commands/tablecmds.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_node.h"
#include "parser/parse_utilcmd.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#include "rules/rules_int.h"

/*
 * Core evaluates the expressions of a bound at once.  Only constants are evaluated
 * here, for nothing of a migration is to run.
 */
static bool
is_constant(const Node *node)
{
	if (IsA(node, TypeCast))
		node = ((const TypeCast *) node)->arg;
	return IsA(node, A_Const) || IsA(node, ColumnRef) || IsA(node, PartitionRangeDatum);
}

static bool
is_constant_bound(const PartitionBoundSpec *bound)
{
	List	   *values = list_concat_copy(bound->listdatums,
										  list_concat_copy(bound->lowerdatums, bound->upperdatums));
	ListCell   *lc;

	foreach(lc, values)
	{
		if (!is_constant(lfirst(lc)))
			return false;
	}
	return true;
}

/*
 * The default partition is locked, and scanned unless a constraint proves that
 * it has no row for the new one.
 */
static void
add_default_partition(Producer *producer, Relation parent, List *constraint)
{
	Oid			relid = get_default_oid_from_partdesc(RelationGetPartitionDesc(parent, true));
	MigrateRelationFact *fact = migrate_fact_add(producer, relid, AccessExclusiveLock, 0);
	Relation	rel;

	if (fact == NULL)
		return;
	rel = migrate_fact_open(relid);
	if (rel == NULL)
		return;
	if (constraint != NIL)
		constraint = map_partition_varattnos(get_proposed_default_constraint(constraint), 1, rel, parent);
	if (!fact->emptied && !migrate_trusts_checks(rel))
		migrate_fact_untrusted(producer);
	else if (!fact->emptied && (constraint == NIL || !PartConstraintImpliedByRelConstraint(rel, constraint)))
	{
		fact->scanned = true;
		fact->actions |= ACTION_ATTACH;
	}
	table_close(rel, AccessShareLock);
}

/*
 * The constraint that a partition has to satisfy, in the columns of its parent; NIL
 * if it has none, or if it is not "known".
 */
static List *
partition_constraint(Relation parent, const PartitionBoundSpec *bound, bool *known)
{
	ParseState *pstate = make_parsestate(NULL);
	PartitionBoundSpec *spec;
	List	   *constraint;

	*known = is_constant_bound(bound);
	if (!*known)
		return NIL;
	spec = transformPartitionBound(pstate, parent, copyObject(unconstify(PartitionBoundSpec *, bound)));
	constraint = list_concat_copy(get_qual_from_partbound(parent, spec), RelationGetPartitionQual(parent));
	if (constraint == NIL)
		return NIL;
	constraint = (List *) eval_const_expressions(NULL, (Node *) constraint);
	return list_make1(make_ands_explicit(constraint));
}

/*
 * ATTACH PARTITION.
 */
void
migrate_facts_attach(Producer *producer, Relation rel, const PartitionCmd *cmd)
{
	Oid			relid = migrate_fact_lookup(producer, cmd->name);
	MigrateRelationFact *fact = migrate_fact_add(producer, relid, AccessExclusiveLock, 0);
	List	   *constraint;
	bool		known;
	Relation	partition;

	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return;
	if (!migrate_trusts_partitions(rel))
	{
		migrate_fact_untrusted(producer);
		return;
	}
	constraint = partition_constraint(rel, cmd->bound, &known);
	partition = fact == NULL ? NULL : migrate_fact_open(relid);
	if (partition != NULL)
	{
		List	   *mapped = constraint == NIL ? NIL :
			map_partition_varattnos(constraint, 1, partition, rel);

		if (!migrate_trusts_checks(partition))
			migrate_fact_untrusted(producer);
		else if (!fact->emptied && (!known || !PartConstraintImpliedByRelConstraint(partition, mapped)))
		{
			fact->actions |= ACTION_ATTACH;
			fact->scanned = fact->kind != RELKIND_PARTITIONED_TABLE;
			migrate_fact_children(producer, relid, AccessExclusiveLock, false, true);
		}
		table_close(partition, AccessShareLock);
	}
	add_default_partition(producer, rel, constraint);
}

/*
 * CREATE TABLE ... PARTITION OF.
 */
void
migrate_facts_new_partition(Producer *producer, Oid parent)
{
	MigrateRelationFact *fact = migrate_fact_add(producer, parent, AccessExclusiveLock, 0);
	Relation	rel = fact == NULL ? NULL : migrate_fact_open(parent);

	if (rel == NULL)
		return;
	if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE && !migrate_trusts_partitions(rel))
		migrate_fact_untrusted(producer);
	else if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		add_default_partition(producer, rel, NIL);
	table_close(rel, AccessShareLock);
}
