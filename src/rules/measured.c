/*-------------------------------------------------------------------------
 *
 * measured.c
 *		The facts of a statement that has run: what it was seen to do.
 *
 * The parse tree says what a statement is for, and so which rules speak of it; whether
 * it costs what they say was measured.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/measured.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "rules/rules_int.h"

/* what costs a scan of the rows, or a new file for them */
#define SCANNING_ACTIONS	(ACTION_KEY_NULLABLE | ACTION_FOREIGN_KEY | ACTION_CHECK | ACTION_NOT_NULL | \
							 ACTION_ATTACH | ACTION_DOMAIN)
#define REWRITING_ACTIONS	(ACTION_DEFAULT | ACTION_TYPE | ACTION_STORAGE)

/* others that give a relation a new file */
#define REPLACING_ACTIONS	(ACTION_TRUNCATE | ACTION_REFRESH)

/*
 * All facts of a plan have been determined, and its statements are going to run: the
 * locks that they take are remembered from here on as they are measured.
 */
void
migrate_foresight_runs(MigrateForesight *foresight)
{
	migrate_foresight_release(foresight);
	foresight->transaction = 0;
}

static MigrateRelationFact *
find_fact(const MigrateFacts *facts, Oid relid)
{
	ListCell   *lc;

	foreach(lc, facts->relations)
	{
		MigrateRelationFact *fact = lfirst(lc);

		if (fact->relid == relid)
			return fact;
	}
	return NULL;
}

/*
 * What the statement did to a relation, as it was measured.
 */
static void
correct(MigrateRelationFact *fact, const MigrateMeasured *measured)
{
	fact->name = measured->name;
	fact->lock = measured->lock;
	fact->rewritten = measured->rewritten;
	fact->scanned = measured->scanned;
	fact->known = true;
	if (!measured->rewritten)
		fact->actions &= ~REWRITING_ACTIONS;
	else if ((fact->actions & (REWRITING_ACTIONS | REPLACING_ACTIONS)) == 0)
		fact->actions |= ACTION_STORAGE;
	if (!measured->rewritten && !measured->scanned)
		fact->actions &= ~SCANNING_ACTIONS;
}

/*
 * Correct the facts of a statement, after migrate_foresight_runs(), by what was measured
 * while it ran (a list of MigrateMeasured: all relations that it has locked and that existed before the run).
 * All of them are known then.
 */
void
migrate_facts_measured(MigrateForesight *foresight, MigrateFacts *facts, List *measured)
{
	Producer	producer = {foresight, facts};
	List	   *relations = NIL;
	ListCell   *lc;

	if (facts->transaction != foresight->transaction)
		migrate_foresight_release(foresight);
	foresight->transaction = facts->transaction;
	foreach(lc, measured)
	{
		const MigrateMeasured *one = lfirst(lc);
		MigrateRelationFact *fact = find_fact(facts, one->relid);

		/* what it has dropped is not there to be described */
		if (fact == NULL && strchr("rpmv", one->kind) != NULL && get_rel_name(one->relid) != NULL)
			fact = migrate_fact_add(&producer, one->relid, one->lock, 0);
		if (fact == NULL)
			continue;
		correct(fact, one);
		relations = lappend(relations, fact);
	}
	facts->relations = relations;
	facts->known = true;
	facts->reason = NULL;
}
