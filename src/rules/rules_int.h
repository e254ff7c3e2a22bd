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

#include "catalog/objectaddress.h"
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
	bool		published;
	bool		has_policy;
	bool		row_security;
	char		identity;		/* REPLICA IDENTITY as in pg_class */
	bool		inspected;		/* for what earlier runs have left */
	int64		bytes;
	double		rows;
	int64		reads;
	List	   *constraints;	/* of PlannedConstraint */
	List	   *indexes;		/* new ones: Lists of the names of columns */
	List	   *points;			/* of OpenPoint, about it */
	List	   *handled;		/* names of indexes and constraints that the
								 * plan drops, validates or builds anew */

	/* of the current transaction of the plan */
	LOCKMODE	held;			/* strongest so far, if it is large */
	int			scanned_in;		/* number of the one in which ALTER TABLE has
								 * scanned it */

	/* of the current statement */
	int			statement;
	MigrateRelationFact *fact;
} PlannedRelation;

/*
 * What may become a finding at the end of the plan, unless a later statement makes
 * up for it.
 */
typedef struct OpenPoint
{
	int			statement;		/* as in MigrateFinding */
	Oid			relid;			/* InvalidOid: none that existed */
	MigrateActions action;
	const char *name;			/* of what it is about, or NULL */
	List	   *columns;		/* their names, of ACTION_UNINDEXED_KEY */
	bool		closed;
	bool		allowed;
} OpenPoint;

struct MigrateForesight
{
	MemoryContext context;
	HTAB	   *relations;		/* of PlannedRelation */
	MigrateNames *renamed;		/* new names, to a PlannedRelation */
	MigrateNames *made;			/* new tables with foreign keys, to a List of
								 * the relations (Oid) that they refer to */
	int			guc_level;		/* of the current transaction, 0: none */
	List	   *settings;		/* VariableSetStmts of the session */

	int			statement;		/* number of the current one */
	List	   *points;			/* of OpenPoint */
	Oid			role;			/* of SET ROLE, InvalidOid: the current one */
	MigrateNames *owners;		/* schemas, to the role (Oid *) that owns all
								 * of its tables, or InvalidOid */
	MigrateNames *unowned;		/* new tables, to an OpenPoint about the owner */
	bool		publishes_all;	/* there is a publication FOR ALL TABLES ... */
	bool		publications_known; /* ... if that has been looked up */
	bool		single;			/* all runs in one transaction, the caller's */

	/* of the current transaction of the plan */
	int			transaction;
	List	   *large;			/* PlannedRelations, large ones locked in it */
};

/*
 * The statement whose facts are determined.
 */
typedef struct Producer
{
	MigrateForesight *foresight;
	MigrateFacts *facts;
} Producer;

/* in facts.c */
extern void migrate_foresight_release(MigrateForesight *foresight);

/* in trust.c */
extern bool migrate_trusts_type(Oid type);
extern bool migrate_trusts_expression(const Node *expr, Oid type, Relation rel);
extern bool migrate_trusts_checks(Relation rel);
extern bool migrate_trusts_partitions(Relation rel);
extern void migrate_fact_untrusted(Producer *producer);

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
extern List *migrate_relations_with(AttrNumber column, Oid value);
extern List *migrate_relations_of_schema(const char *name);
extern void migrate_fact_rename(Producer *producer, Oid relid, const char *schema, const char *name);
extern void migrate_fact_other(Producer *producer, MigrateActions action, const char *name,
							   const MigrateRelationFact *relation);
extern bool migrate_fact_is_large(const MigrateRelationFact *fact);
extern void migrate_fact_unknown(Producer *producer, const char *reason);

/* in open_point.c */
extern void migrate_open_point(Producer *producer, const MigrateRelationFact *fact, MigrateActions action,
							   const char *name, List *columns);
extern OpenPoint *migrate_open_other_point(Producer *producer, MigrateActions action, const char *name);
extern void migrate_close_points(Producer *producer, Oid relid, MigrateActions action, const char *name);
extern void migrate_close_all_points(Producer *producer, MigrateActions action);
extern bool migrate_point_is_closed(MigrateForesight *foresight, const OpenPoint *point);
extern void migrate_note_index(Producer *producer, Oid relid, List *columns);
extern void migrate_note_handled(Producer *producer, Oid relid, const char *name);
extern bool migrate_is_handled(const PlannedRelation *planned, const char *name);
extern void migrate_inspect_relations(Producer *producer);

/* in cascade.c */
extern void migrate_facts_cascade(Producer *producer, const ObjectAddress *object);
extern void migrate_facts_cascade_from(Producer *producer, ObjectType type, Node *object);

/* in access.c */
extern bool migrate_has_policy(Oid relid);
extern void migrate_facts_grant(Producer *producer, const GrantStmt *stmt);
extern void migrate_facts_policy(Producer *producer, const CreatePolicyStmt *stmt);
extern void migrate_facts_row_security(Producer *producer, MigrateRelationFact *fact, bool enable);
extern void migrate_facts_function(Producer *producer, const CreateFunctionStmt *stmt);
extern void migrate_facts_view(Producer *producer, const ViewStmt *stmt);
extern void migrate_facts_change_owner(Producer *producer, const RangeVar *name);
extern void migrate_facts_owner(Producer *producer, const RangeVar *name);

/* in identity.c */
extern bool migrate_is_published(MigrateForesight *foresight, Oid relid);
extern void migrate_facts_key_dropped(Producer *producer, MigrateRelationFact *fact);
extern void migrate_facts_replica_identity(Producer *producer, MigrateRelationFact *fact,
										   const ReplicaIdentityStmt *stmt);

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
