/*-------------------------------------------------------------------------
 *
 * rules_int.h
 *		For the files of rules/ alone.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/rules_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RULES_RULES_INT_H
#define MIGRATE_RULES_RULES_INT_H

#include "utils/hsearch.h"
#include "utils/relcache.h"

#include "rules/rules.h"
#include "util/names.h"

/*
 * A constraint that the plan adds or validates.
 */
typedef struct PlannedConstraint
{
	const char *name;			/* NULL: core chooses it */
	char		type;			/* as in pg_constraint */
	bool		validated;
	int			transaction;	/* of the plan, that adds it; 0: it was there */
	Oid			referenced;		/* of a foreign key */
	const char *column;			/* that it makes not null, or NULL */
} PlannedConstraint;

/*
 * What is known of a relation that exists, and what the plan does to it.
 */
typedef struct PlannedRelation
{
	Oid			relid;			/* the key */
	const char *name;			/* its own, without schema */
	const char *shown;
	char		kind;
	bool		known;
	bool		dropped;
	bool		emptied;
	bool		renamed;
	int64		bytes;
	double		rows;
	List	   *constraints;	/* of PlannedConstraint */
} PlannedRelation;

struct MigrateForesight
{
	MemoryContext context;
	HTAB	   *relations;		/* of PlannedRelation */
	MigrateNames *renamed;		/* new names, to a PlannedRelation */
	MigrateNames *made;			/* new tables with foreign keys, to a List of
								 * the relations (Oid) that they refer to */
	int			guc_level;		/* of the current transaction, 0: none */
	List	   *settings;		/* VariableSetStmts of the session */

	bool		single;			/* all runs in one transaction, the caller's */

	/* of the current transaction of the plan */
	int			transaction;
	List	   *large;			/* large relations (Oid) locked in it */
};

/*
 * The statement whose facts are determined.
 */
typedef struct Producer
{
	MigrateForesight *foresight;
	MigrateFacts *facts;
} Producer;

/* in relation.c */
extern PlannedRelation *migrate_planned_relation(MigrateForesight *foresight, Oid relid);
extern char *migrate_fact_key(const RangeVar *name);
extern Oid	migrate_fact_lookup(Producer *producer, const RangeVar *name);
extern Relation migrate_fact_open(Oid relid);
extern MigrateRelationFact *migrate_fact_add(Producer *producer, Oid relid, LOCKMODE lock, MigrateActions actions);
extern MigrateRelationFact *migrate_fact_name(Producer *producer, const RangeVar *name,
											  LOCKMODE lock, MigrateActions actions);
extern void migrate_fact_children(Producer *producer, Oid relid, LOCKMODE lock,
								  bool rewritten, bool scanned);
extern void migrate_fact_rename(Producer *producer, Oid relid, const char *schema, const char *name);
extern void migrate_fact_unknown(Producer *producer, const char *reason);

/* in alter.c */
extern void migrate_facts_alter(Producer *producer, AlterTableStmt *stmt);
extern void migrate_facts_references(Producer *producer, Relation rel, const char *column);

/* in constraint.c */
extern bool migrate_facts_foreign_key(Producer *producer, const Constraint *constraint, bool checks);
extern MigrateActions migrate_facts_constraint(Producer *producer, Oid relid, Relation rel,
											   const Constraint *constraint);
extern bool migrate_facts_validate(Producer *producer, Oid relid, const char *name,
								   MigrateActions *actions);
extern void migrate_facts_drop_constraint(Producer *producer, Oid relid, const char *name);
extern bool migrate_facts_scans_for_not_null(Producer *producer, Oid relid, Relation rel,
											 const char *column);

/* in column.c */
extern MigrateActions migrate_facts_add_column(Producer *producer, Oid relid, Relation rel, const AlterTableCmd *cmd);
extern MigrateActions migrate_facts_column_type(Producer *producer, Relation rel, const AlterTableCmd *cmd);

/* in partition.c */
extern void migrate_facts_attach(Producer *producer, Relation rel, const PartitionCmd *cmd);
extern void migrate_facts_new_partition(Producer *producer, Oid parent);

#endif							/* MIGRATE_RULES_RULES_INT_H */
