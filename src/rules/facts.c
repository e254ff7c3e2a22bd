/*-------------------------------------------------------------------------
 *
 * facts.c
 *		What a statement does to relations that existed before the run.
 *
 * Nothing runs: the parse tree and the catalogs decide.  No lock is stronger than
 * AccessShareLock, and nothing waits: where somebody has a relation locked, the facts
 * are not known.  What earlier statements of the plan do is remembered as far as it
 * changes the answer.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/facts.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "storage/proc.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"
#include "util/subtransaction.h"

/*
 * A plan without a statement, in CurrentMemoryContext.  "single": all of its
 * transactions become parts of the caller's, so that locks are held to its end.
 */
MigrateForesight *
migrate_foresight_create(bool single)
{
	MigrateForesight *foresight = palloc0(sizeof(MigrateForesight));
	HASHCTL		ctl = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(PlannedRelation),
		.hcxt = CurrentMemoryContext,
	};

	foresight->context = CurrentMemoryContext;
	foresight->single = single;
	foresight->relations = hash_create("migrate relations", 64, &ctl,
									   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	foresight->renamed = migrate_names_create();
	foresight->made = migrate_names_create();
	foresight->owners = migrate_names_create();
	foresight->unowned = migrate_names_create();
	return foresight;
}

/*
 * A migration begins.  Its settings end with migrate_foresight_end(), or with an
 * error, which ends the subtransaction around it.
 */
void
migrate_foresight_begin(MigrateForesight *foresight)
{
	foresight->settings = NIL;
	foresight->role = InvalidOid;
	foresight->transaction = 0;
	foresight->guc_level = NewGUCNestLevel();
}

void
migrate_foresight_end(MigrateForesight *foresight)
{
	AtEOXact_GUC(false, foresight->guc_level);
	foresight->guc_level = 0;
}

/*
 * The locks of the statements before are released.
 */
void
migrate_foresight_release(MigrateForesight *foresight)
{
	ListCell   *lc;

	foreach(lc, foresight->large)
		((PlannedRelation *) lfirst(lc))->held = NoLock;
	foresight->large = NIL;
}

/*
 * A transaction of the plan begins: what SET LOCAL has set in the one before ends.
 */
static void
begin_transaction(MigrateForesight *foresight, int transaction)
{
	ListCell   *lc;

	foresight->transaction = transaction;
	if (!foresight->single)
		migrate_foresight_release(foresight);
	AtEOXact_GUC(false, foresight->guc_level);
	foresight->guc_level = NewGUCNestLevel();
	foreach(lc, foresight->settings)
		ExecSetVariableStmt(lfirst_node(VariableSetStmt, lc), false);
}

/*
 * The role that a SET names; InvalidOid if there is none.
 */
static Oid
role_of(const VariableSetStmt *stmt)
{
	Node	   *value = stmt->kind == VAR_SET_VALUE ? (Node *) &linitial_node(A_Const, stmt->args)->val : NULL;

	/* SET role = 5 is for core to refuse */
	return value != NULL && IsA(value, String) ? get_role_oid(strVal(value), true) : InvalidOid;
}

/*
 * SET of what facts depend on.
 */
static void
set_variable(Producer *producer, VariableSetStmt *stmt)
{
	static const char *const names[] = {"lock_timeout", "timezone", "search_path"};
	MigrateForesight *foresight = producer->foresight;
	MemoryContext old;
	ListCell   *lc;
	bool		matters = false;

	if (stmt->name != NULL && pg_strcasecmp(stmt->name, "role") == 0)
		foresight->role = role_of(stmt);
	for (int i = 0; i < lengthof(names); i++)
		matters |= stmt->name != NULL && pg_strcasecmp(stmt->name, names[i]) == 0;
	if (!matters)
		return;
	ExecSetVariableStmt(stmt, false);
	if (stmt->is_local)
		return;
	foreach(lc, foresight->settings)
	{
		if (pg_strcasecmp(lfirst_node(VariableSetStmt, lc)->name, stmt->name) == 0)
			foresight->settings = foreach_delete_current(foresight->settings, lc);
	}
	old = MemoryContextSwitchTo(foresight->context);
	foresight->settings = lappend(foresight->settings, copyObject(stmt));
	MemoryContextSwitchTo(old);
}

/*
 * What migrate_try() calls.
 */
typedef struct Production
{
	Producer	producer;
	const char *query;
} Production;

static void
produce(void *arg)
{
	Production *production = arg;
	List	   *parsed = pg_parse_query(production->query);
	RawStmt    *raw;

	if (parsed == NIL)
		return;
	raw = linitial_node(RawStmt, parsed);
	if (IsA(raw->stmt, VariableSetStmt))
		set_variable(&production->producer, (VariableSetStmt *) raw->stmt);
	else
	{
		migrate_facts_statement(&production->producer, raw->stmt);
		migrate_facts_volume(&production->producer, raw->stmt);
	}
	migrate_facts_names(&production->producer, production->query);
	migrate_inspect_relations(&production->producer);
}

/*
 * The facts of a statement, allocated in CurrentMemoryContext.  "transaction" is the
 * number of its transaction in the plan.  Errors of the statement are not raised:
 * the facts are not known then.
 */
MigrateFacts *
migrate_facts(MigrateForesight *foresight, const char *query, int transaction)
{
	MigrateFacts *facts = palloc0(sizeof(MigrateFacts));
	Production	production = {{foresight, facts}, query};
	ErrorData  *error;

	facts->transaction = transaction;
	facts->known = true;
	foresight->statement++;
	if (transaction != foresight->transaction)
		begin_transaction(foresight, transaction);
	error = migrate_try(produce, &production);
	if (error != NULL)
	{
		if (!migrate_is_error_of_input(error->sqlerrcode))
			ReThrowError(error);
		migrate_fact_unknown(&production.producer, error->message);
	}
	facts->lock_timeout = LockTimeout;
	return facts;
}
