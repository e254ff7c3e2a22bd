/*-------------------------------------------------------------------------
 *
 * toplevel.c
 *		Runs statements of a migration that commits: in transactions of their own,
 *		and at top level.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/toplevel.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_subscription.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "execute/execute.h"
#include "execute/execute_int.h"
#include "script/script.h"
#include "util/errcontext.h"

/*
 * Has a subscription a slot, which DROP SUBSCRIPTION would drop as well?
 */
static bool
has_slot(const char *subscription)
{
	HeapTuple	tuple = SearchSysCache2(SUBSCRIPTIONNAME, ObjectIdGetDatum(MyDatabaseId),
										CStringGetDatum(subscription));
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return false;
	(void) SysCacheGetAttr(SUBSCRIPTIONNAME, tuple, Anum_pg_subscription_subslotname, &isnull);
	ReleaseSysCache(tuple);
	return !isnull;
}

/*
 * Must a statement run on its own, outside a transaction block?  Where its tree
 * does not decide that, the current contents of the catalogs do.
 */
bool
migrate_execute_is_top_level(const MigrateStatement *statement)
{
	ListCell   *lc;

	if (!statement->maybe_outside || statement->outside_block)
		return statement->top_level != TOP_NONE;
	if (statement->tag == T_DropSubscriptionStmt)
		return has_slot(statement->object);
	foreach(lc, statement->relations)
	{
		RangeVar   *relation = lfirst(lc);
		Oid			relid;
		char		kind;

		relid = RangeVarGetRelid(relation, NoLock, true);
		kind = OidIsValid(relid) ? get_rel_relkind(relid) : 0;
		if (kind == RELKIND_PARTITIONED_TABLE || kind == RELKIND_PARTITIONED_INDEX)
			return true;
	}
	return false;
}

/*
 * Run the statements from "first" on that are one transaction of the file, as
 * the whole of a transaction of their own, which the caller begins and ends.
 * Returns the number of the first one that is not, because the file says so or
 * because it is to run at top level.
 */
int
migrate_execute_group(const MigrateScript *script, int first, const char *sql, MigrateExecution *execution)
{
	int			next = first;
	int			number = script->statements[first].transaction;
	MemoryContext old = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(old, "migrate statement",
												  ALLOCSET_DEFAULT_SIZES);

	migrate_begin_script(script, sql, &execution->errctx);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	do
	{
		execution->errctx.statement = next + 1;
		MemoryContextSwitchTo(context);
		migrate_run_statement(&script->statements[next], sql, execution);
		MemoryContextReset(context);
		next++;
	} while (next < script->nstatements &&
			 script->statements[next].transaction == number &&
			 !migrate_execute_is_top_level(&script->statements[next]));
	MemoryContextSwitchTo(old);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	migrate_end_script(&execution->errctx);
	return next;
}

/*
 * Forget the portal's snapshot after a statement that may have committed.
 *
 * Follows core's PortalRunUtility().
 */
void
migrate_forget_snapshot(void)
{
	if (ActivePortal->portalSnapshot != NULL && ActiveSnapshotSet())
		PopActiveSnapshot();
	ActivePortal->portalSnapshot = NULL;
}

/*
 * Run a utility statement at top level, as if a client had sent it: it may begin
 * and end transactions.
 *
 * The caller has just committed, has no SPI connection open, and is called from a
 * CALL that may commit.  Returns in an open transaction, whose commit makes the
 * statement's effect permanent.  CurrentMemoryContext has to outlive commits.
 */
void
migrate_run_top_level(const char *query)
{
	MemoryContext old = CurrentMemoryContext;

	/* pgAudit's stack goes with this context, and has to before the next one */
	MemoryContext context = AllocSetContextCreate(old, "migrate statement",
												  ALLOCSET_DEFAULT_SIZES);
	QueryCompletion completion;
	PlannedStmt *plan;
	RawStmt    *raw;

	MemoryContextSwitchTo(context);
	raw = linitial_node(RawStmt, pg_parse_query(query));
	plan = linitial_node(PlannedStmt, migrate_analyze(raw, query));
	if (PlannedStmtRequiresSnapshot(plan))
		EnsurePortalSnapshotExists();
	InitializeQueryCompletion(&completion);
	ProcessUtility(plan, query, false, PROCESS_UTILITY_TOPLEVEL, NULL, NULL,
				   None_Receiver, &completion);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);

	migrate_forget_snapshot();
}

/*
 * Begin a statement that runs alone, not with others of its transaction.  Returns its
 * text, palloc'd, for migrate_end_alone().
 */
char *
migrate_begin_alone(const MigrateScript *script, int number, const char *sql, MigrateExecution *execution)
{
	const MigrateStatement *statement = &script->statements[number];
	char	   *query = pnstrdup(sql + statement->offset, statement->length);

	migrate_begin_script(script, sql, &execution->errctx);
	execution->errctx.statement = number + 1;
	migrate_begin_statement(statement, query, execution);
	execution->errctx.source = query;
	execution->errctx.source_line = execution->errctx.line;
	return query;
}

/*
 * End it, after it has run.
 */
void
migrate_end_alone(const MigrateScript *script, int number, char *query, MigrateExecution *execution)
{
	migrate_end_statement(&script->statements[number], execution);
	migrate_end_script(&execution->errctx);
	pfree(query);
}

/*
 * Run a statement of a script at top level, see migrate_run_top_level().
 */
void
migrate_execute_top_level(const MigrateScript *script, int number, const char *sql,
						  MigrateExecution *execution)
{
	char	   *query = migrate_begin_alone(script, number, sql, execution);

	migrate_run_top_level(query);
	migrate_end_alone(script, number, query, execution);
}
