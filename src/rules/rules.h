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
typedef enum MigrateAction
{
	ACTION_INDEX = 1 << 0,		/* builds an index while writes wait */
	ACTION_DROP_INDEX = 1 << 1,
	ACTION_REINDEX = 1 << 2,
	ACTION_KEY = 1 << 3,		/* builds the index of a constraint */
	ACTION_KEY_NULLABLE = 1 << 4,	/* primary key, its columns are checked */
	ACTION_EXCLUDE = 1 << 5,
	ACTION_FOREIGN_KEY = 1 << 6,	/* checks one */
	ACTION_REFERENCED = 1 << 7, /* the other table of it */
	ACTION_LOCKS_REFERENCED = 1 << 8,	/* likewise, without a check */
	ACTION_DROP_FOREIGN_KEY = 1 << 9,	/* the other table */
	ACTION_CHECK = 1 << 10,
	ACTION_NOT_NULL = 1 << 11,
	ACTION_ADD_NOT_NULL = 1 << 12,	/* a column without a value */
	ACTION_DEFAULT = 1 << 13,	/* rewrites for new values */
	ACTION_TYPE = 1 << 14,		/* rewrites for another type */
	ACTION_TYPE_CHECKS = 1 << 15,	/* only indexes and checks */
	ACTION_STORAGE = 1 << 16,	/* rewrites the same rows */
	ACTION_ATTACH = 1 << 17,	/* scans the partition */
	ACTION_DETACH = 1 << 18,
	ACTION_DROP_COLUMN = 1 << 19,
	ACTION_DROP_TABLE = 1 << 20,
	ACTION_TRUNCATE = 1 << 21,
	ACTION_REFRESH = 1 << 22,
	ACTION_DOMAIN = 1 << 23,	/* checks its columns of a domain */
	ACTION_VALIDATE_SAME = 1 << 24, /* in the transaction that added it */
	ACTION_CHANGE_ALL = 1 << 25,	/* UPDATE or DELETE that scans all */
} MigrateAction;

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
	int			actions;		/* bits of MigrateAction */
	int64		bytes;			/* with children */
	double		rows;			/* estimate, -1: never analyzed */
} MigrateRelationFact;

typedef struct MigrateFacts
{
	int			transaction;	/* of the plan */
	int			lock_timeout;	/* in force, ms; 0: none */
	bool		known;			/* false: only running it shows */
	const char *reason;			/* why it is not known, or NULL */
	List	   *relations;		/* of MigrateRelationFact */
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
extern MigrateForesight *migrate_foresight_create(void);
extern void migrate_foresight_begin(MigrateForesight *foresight);
extern void migrate_foresight_end(MigrateForesight *foresight);
extern MigrateFacts *migrate_facts(MigrateForesight *foresight, const char *query, int transaction);

/* in findings.c */
extern List *migrate_findings(MigrateForesight *foresight, const MigrateFacts *facts,
							  const char *comments, int length);

#endif							/* MIGRATE_RULES_RULES_H */
