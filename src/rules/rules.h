/*-------------------------------------------------------------------------
 *
 * rules.h
 *		What a statement does to a database in use, and which rules speak of it.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/rules.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RULES_RULES_H
#define MIGRATE_RULES_RULES_H

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "storage/lockdefs.h"

/*
 * What a statement does to a relation, as far as rules ask for it.  A bit is set
 * only if it costs what its rule says: ACTION_NOT_NULL if rows are scanned for it.
 */
typedef uint64 MigrateActions;

#define MIGRATE_ACTION(bit)	(UINT64CONST(1) << (bit))
#define ACTION_INDEX					MIGRATE_ACTION(0)	/* builds an index while
															 * writes wait */
#define ACTION_DROP_INDEX				MIGRATE_ACTION(1)
#define ACTION_REINDEX					MIGRATE_ACTION(2)
#define ACTION_KEY						MIGRATE_ACTION(3)	/* builds the index of a
															 * constraint */
#define ACTION_KEY_NULLABLE				MIGRATE_ACTION(4)	/* primary key, its
															 * columns are checked */
#define ACTION_EXCLUDE					MIGRATE_ACTION(5)
#define ACTION_FOREIGN_KEY				MIGRATE_ACTION(6)	/* checks one */
#define ACTION_REFERENCED				MIGRATE_ACTION(7)	/* the other table of it */
#define ACTION_LOCKS_REFERENCED			MIGRATE_ACTION(8)	/* likewise, without a
															 * check */
#define ACTION_DROP_FOREIGN_KEY			MIGRATE_ACTION(9)	/* the other table */
#define ACTION_CHECK					MIGRATE_ACTION(10)
#define ACTION_NOT_NULL					MIGRATE_ACTION(11)
#define ACTION_ADD_NOT_NULL				MIGRATE_ACTION(12)	/* a column without a
															 * value */
#define ACTION_DEFAULT					MIGRATE_ACTION(13)	/* rewrites for new
															 * values */
#define ACTION_TYPE						MIGRATE_ACTION(14)	/* rewrites for another
															 * type */
#define ACTION_TYPE_CHECKS				MIGRATE_ACTION(15)	/* only indexes and
															 * checks */
#define ACTION_STORAGE					MIGRATE_ACTION(16)	/* rewrites the same
															 * rows */
#define ACTION_ATTACH					MIGRATE_ACTION(17)	/* scans the partition */
#define ACTION_DETACH					MIGRATE_ACTION(18)
#define ACTION_DROP_COLUMN				MIGRATE_ACTION(19)
#define ACTION_DROP_TABLE				MIGRATE_ACTION(20)
#define ACTION_TRUNCATE					MIGRATE_ACTION(21)
#define ACTION_REFRESH					MIGRATE_ACTION(22)
#define ACTION_DOMAIN					MIGRATE_ACTION(23)	/* checks its columns of
															 * a domain */
#define ACTION_VALIDATE_SAME			MIGRATE_ACTION(24)	/* in the transaction
															 * that added it */
#define ACTION_CHANGE_ALL				MIGRATE_ACTION(25)	/* UPDATE or DELETE that
															 * scans all */

/*
 * A relation that existed before the run.
 */
typedef struct MigrateRelationFact
{
	Oid			relid;
	const char *name;			/* quoted, with its schema */
	char		kind;			/* as in pg_class */
	LOCKMODE	lock;			/* strongest */
	bool		rewritten;
	bool		scanned;		/* all of its rows, for the statement itself */
	bool		known;			/* false: locked by somebody */
	bool		recursed;		/* as a child of another one here */
	bool		emptied;		/* by this run, or it is empty */
	bool		published;		/* by a publication for logical replication */
	LOCKMODE	held;			/* strongest that statements before hold */
	MigrateActions actions;
	int64		bytes;			/* with children */
	double		rows;			/* estimate, -1: never analyzed */
	int64		reads;			/* scans that statistics count, -1: not known */
} MigrateRelationFact;

/*
 * What a statement does that is not about a relation.
 */
typedef struct MigrateOtherFact
{
	MigrateActions action;
	const char *name;			/* of what it does it to, quoted */
} MigrateOtherFact;

typedef struct MigrateFacts
{
	int			transaction;	/* of the plan */
	int			lock_timeout;	/* in force, ms; 0: none */
	bool		known;			/* false: only running it shows */
	const char *reason;			/* why it is not known, or NULL */
	bool		many_rows;		/* may write or read as many as a large table
								 * has */
	List	   *relations;		/* of MigrateRelationFact */
	List	   *others;			/* of MigrateOtherFact */
	List	   *cascaded;		/* descriptions (char *) of the objects that
								 * go with a CASCADE */
} MigrateFacts;

/*
 * What earlier statements of a plan do; see facts.c.
 */
typedef struct MigrateForesight MigrateForesight;

typedef struct MigrateFinding
{
	const char *rule;
	const char *severity;
	const char *relation;		/* or NULL */
	const char *message;
	const char *hint;			/* or NULL */
} MigrateFinding;

/* in facts.c */
extern MigrateForesight *migrate_foresight_create(bool single);
extern void migrate_foresight_begin(MigrateForesight *foresight);
extern void migrate_foresight_end(MigrateForesight *foresight);
extern MigrateFacts *migrate_facts(MigrateForesight *foresight, const char *query, int transaction);

/* in findings.c */
extern List *migrate_findings(MigrateForesight *foresight, const MigrateFacts *facts,
							  const char *comments, int length, List **allowed);
extern bool migrate_finding_stops(const MigrateFinding *finding);

/* in allowance.c */
extern List *migrate_trailing_findings(const char *comments, int length);

#endif							/* MIGRATE_RULES_RULES_H */
