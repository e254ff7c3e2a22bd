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

#include "rules/actions.h"

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
	LOCKMODE	held;			/* strongest that the transaction has had,
								 * noted if it is large */
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
	const MigrateRelationFact *relation;	/* to which that belongs, or NULL */
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
 * What a statement that has run did to a relation that existed before the run.
 */
typedef struct MigrateMeasured
{
	Oid			relid;
	const char *name;			/* quoted, with its schema */
	char		kind;			/* as in pg_class */
	LOCKMODE	lock;			/* strongest that it has taken */
	bool		rewritten;
	bool		scanned;
} MigrateMeasured;

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
	int			statement;		/* about which it is: the calls of
								 * migrate_facts() up to it */
} MigrateFinding;

/* in facts.c */
extern MigrateForesight *migrate_foresight_create(bool single);
extern void migrate_foresight_begin(MigrateForesight *foresight);
extern void migrate_foresight_end(MigrateForesight *foresight);
extern MigrateFacts *migrate_facts(MigrateForesight *foresight, const char *query, int transaction);

/* in measured.c */
extern void migrate_foresight_runs(MigrateForesight *foresight);
extern void migrate_facts_measured(MigrateForesight *foresight, MigrateFacts *facts, List *measured);

/* in findings.c */
extern List *migrate_findings(MigrateForesight *foresight, const MigrateFacts *facts,
							  const char *comments, int length, List **allowed);
extern bool migrate_left_open(const MigrateForesight *foresight);
extern List *migrate_findings_at_end(MigrateForesight *foresight);
extern bool migrate_severity_stops(const char *severity);

/* in allowance.c */
extern MigrateFinding *migrate_idle_allowance_finding(void);
extern List *migrate_trailing_findings(const char *comments, int length);

#endif							/* MIGRATE_RULES_RULES_H */
