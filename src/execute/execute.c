/*-------------------------------------------------------------------------
 *
 * execute.c
 *		Runs the statements of a script inside the caller's transaction.
 *
 * Statements run through SPI one at a time, each from its own text.  Those that
 * core refuses in a transaction block are allowed where that makes no difference:
 * no other session sees a relation that was created in this transaction or is
 * temporary, so CONCURRENTLY is removed from the tree and VACUUM has nothing to do.
 * SPI takes only text, so a changed tree is run as extension.c runs a script.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/execute.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "parser/analyze.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "execute/execute.h"
#include "execute/execute_int.h"
#include "script/script.h"
#include "util/activity.h"
#include "util/errcontext.h"
#include "util/names.h"
#include "util/printable.h"

/*
 * Was the relation created in this transaction, or is it a temporary one of this
 * session?  For an index, its table counts.
 *
 * This transaction has a lock on every relation that it created, so this never
 * waits: a relation that cannot be locked at once is not one of them.  Locks on
 * other relations are released.
 */
static bool
is_new_relation(Oid relid)
{
	Relation	rel;
	Oid			table = InvalidOid;
	bool		is_new;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return false;
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
	{
		UnlockRelationOid(relid, AccessShareLock);
		return false;
	}
	if (rel->rd_rel->relkind == RELKIND_INDEX || rel->rd_rel->relkind == RELKIND_PARTITIONED_INDEX)
		table = rel->rd_index->indrelid;
	is_new = rel->rd_createSubid != InvalidSubTransactionId || RELATION_IS_LOCAL(rel);
	relation_close(rel, AccessShareLock);
	return OidIsValid(table) ? is_new_relation(table) : is_new;
}

/*
 * Refuse a statement because of a relation, or altogether.  The error context adds
 * the hint that says what can run it.
 */
static void
refuse_outside_block(const MigrateStatement *statement, const char *sql, const RangeVar *relation)
{
	bool		concurrently = relation != NULL && statement->tag != T_VacuumStmt;

	ereport(ERROR,
			(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
			 errmsg("%s%s cannot run inside a transaction block",
					statement->command, concurrently ? " CONCURRENTLY" : ""),
			 relation == NULL ? 0 :
			 errdetail("Relation \"%s\" was not created in this transaction.", relation->relname),
			 errcontext_msg("SQL statement \"%.*s\"", statement->length, sql + statement->offset)));
}

/*
 * What happens to a statement in a run that is a single transaction, as far as that
 * is known before the run.
 *
 * "made" and "made_unknown" collect the relations that the statements of all
 * pending scripts create; names are copied into CurrentMemoryContext, which has to
 * live as long as "made".  *relation is set to the relation that decides, or NULL.
 */
MigrateInBlock
migrate_execute_in_block(const MigrateStatement *statement, MigrateNames *made, bool *made_unknown,
						 const RangeVar **relation)
{
	MigrateInBlock result = !statement->outside_block ? BLOCK_RUNS :
		statement->needs == NIL ? BLOCK_REFUSED : BLOCK_CHANGED;
	ListCell   *lc;

	*relation = NULL;
	foreach(lc, statement->needs)
	{
		RangeVar   *needed = lfirst(lc);
		Oid			relid;

		if (result == BLOCK_REFUSED)
			break;
		if (migrate_names_have(made, needed->relname))
			continue;
		relid = RangeVarGetRelid(needed, NoLock, true);
		if (OidIsValid(relid) && is_new_relation(relid))
			continue;
		result = OidIsValid(relid) && !*made_unknown ? BLOCK_REFUSED : BLOCK_UNDECIDED;
		*relation = needed;
	}
	foreach(lc, statement->makes)
	{
		if (!migrate_names_have(made, lfirst(lc)))
			(void) migrate_names_add(made, pstrdup(lfirst(lc)), NULL);
	}
	*made_unknown |= statement->makes_unknown;
	return result;
}

/*
 * Refuse, before anything has run, a statement that cannot run in one
 * transaction with the others.  What it needs and an earlier one may still make
 * is decided when its turn comes.  "errctx" is for the error context; for "made"
 * and "made_unknown" see migrate_execute_in_block().
 */
void
migrate_execute_check(const MigrateScript *script, const char *sql,
					  MigrateErrorContext *errctx, MigrateNames *made, bool *made_unknown)
{
	migrate_begin_script(script, sql, errctx);
	for (int i = 0; i < script->nstatements; i++)
	{
		const MigrateStatement *statement = &script->statements[i];
		const RangeVar *relation;

		CHECK_FOR_INTERRUPTS();
		errctx->statement = i + 1;
		errctx->line = statement->line;
		if (migrate_execute_in_block(statement, made, made_unknown, &relation) == BLOCK_REFUSED)
			refuse_outside_block(statement, sql, relation);
	}
	migrate_end_script(errctx);
}

/*
 * Analyze and plan a utility statement from its tree, which was parsed from
 * "query".  Returns a list of PlannedStmt.
 */
List *
migrate_analyze(RawStmt *raw, const char *query)
{
	bool		snapshot = analyze_requires_snapshot(raw);
	List	   *queries;

	if (snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	queries = pg_analyze_and_rewrite_fixedparams(raw, query, NULL, 0, NULL);
	if (snapshot)
		PopActiveSnapshot();
	return pg_plan_queries(queries, query, CURSOR_OPT_PARALLEL_OK, NULL);
}

/*
 * Analyze and run a utility statement from its tree.
 *
 * Follows core's execute_sql_string() (extension.c).
 */
static void
run_tree(RawStmt *raw, const char *query)
{
	ListCell   *lc;

	CommandCounterIncrement();
	foreach(lc, migrate_analyze(raw, query))
	{
		PlannedStmt *plan = lfirst_node(PlannedStmt, lc);
		bool		snapshot = PlannedStmtRequiresSnapshot(plan);
		QueryCompletion completion;

		InitializeQueryCompletion(&completion);
		if (snapshot)
			PushActiveSnapshot(GetTransactionSnapshot());
		ProcessUtility(plan, query, false, PROCESS_UTILITY_QUERY, NULL, NULL,
					   None_Receiver, &completion);
		if (snapshot)
			PopActiveSnapshot();
	}
}

/*
 * Run SET TRANSACTION, for which SPI would take a snapshot too early.
 */
static void
run_set_transaction(const char *query, MigrateExecution *execution)
{
	execution->errctx.source = query;
	execution->errctx.source_line = execution->errctx.line;
	run_tree(linitial_node(RawStmt, pg_parse_query(query)), query);
	execution->errctx.source = NULL;
}

/*
 * Run a statement that core refuses in a transaction block.
 */
static void
run_outside_block(const MigrateStatement *statement, const char *sql, const char *query,
				  MigrateExecution *execution)
{
	RawStmt    *raw;
	ListCell   *lc;

	foreach(lc, statement->needs)
	{
		RangeVar   *relation = lfirst(lc);

		/*
		 * one that is not there is for core to complain about, if it runs at
		 * all
		 */
		bool		skip = statement->tag == T_VacuumStmt;
		Oid			relid = RangeVarGetRelid(relation, NoLock, !skip);

		if (OidIsValid(relid) && !is_new_relation(relid))
			refuse_outside_block(statement, sql, relation);
	}
	raw = linitial_node(RawStmt, pg_parse_query(query));
	execution->errctx.source = query;
	execution->errctx.source_line = execution->errctx.line;
	if (migrate_change_tree(raw->stmt))
		run_tree(raw, query);
	else
		ereport(NOTICE,
				(errmsg("skipping VACUUM of a table created in the same transaction")));
	execution->errctx.source = NULL;
}

/*
 * Can a statement run in the current transaction, now that its turn has come?  One that
 * core refuses in a transaction block can if its relations are new.
 */
bool
migrate_runs_in_block(const MigrateStatement *statement)
{
	ListCell   *lc;

	if (!statement->outside_block)
		return !statement->maybe_outside || !migrate_execute_is_top_level(statement);
	foreach(lc, statement->needs)
	{
		Oid			relid = RangeVarGetRelid(lfirst(lc), NoLock, true);

		if (OidIsValid(relid) && !is_new_relation(relid))
			return false;
	}
	return statement->needs != NIL;
}

/*
 * Run COPY ... FROM STDIN, whose rows are in the script.
 */
static void
run_copy(const MigrateStatement *statement, const char *sql, const char *query,
		 MigrateExecution *execution)
{
	execution->errctx.source = query;
	execution->errctx.source_line = execution->errctx.line;
	execution->rows = migrate_copy_rows(query, sql + statement->rows, statement->rows_length, execution->errctx.commits);
	execution->errctx.source = NULL;
}

/*
 * core logs only what a client sends, so log_statement = ddl would lose every
 * change of the schema.
 */
static void
log_query(const MigrateStatement *statement, const char *query)
{
	if (log_statement != LOGSTMT_NONE && statement->log_level <= log_statement)
		ereport(LOG,
				(errmsg_internal("statement: %s", query),
				 errhidestmt(true),
				 errhidecontext(true)));
}

/*
 * Warn if CREATE INDEX IF NOT EXISTS found an INVALID index, which counts as
 * existing.
 */
static void
warn_invalid_index(const MigrateStatement *statement)
{
	Oid			table = RangeVarGetRelid(linitial_node(RangeVar, statement->relations), NoLock, true);
	Oid			index = OidIsValid(table) ?
		get_relname_relid(statement->named_index, get_rel_namespace(table)) : InvalidOid;

	if (OidIsValid(index) && get_rel_relkind(index) == RELKIND_INDEX && !get_index_isvalid(index))
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" exists, and is not valid", statement->named_index),
				 errdetail("An interrupted CREATE INDEX CONCURRENTLY has left it; queries do not use it."),
				 errhint("Drop it and create it again, or use REINDEX INDEX CONCURRENTLY.")));
}

/*
 * Note the effects of a statement that later statements depend on.
 */
static void
note_effects(const MigrateStatement *statement, MigrateExecution *execution)
{
	/* what the run has set is the default of a tenant */
	if (statement->resets_path && execution->search_path != NULL)
		(void) set_config_option("search_path", execution->search_path, PGC_USERSET, PGC_S_SESSION,
								 statement->is_local ? GUC_ACTION_LOCAL : GUC_ACTION_SET,
								 true, 0, false);
	if (statement->named_index != NULL)
		warn_invalid_index(statement);
	if (statement->sets_timeout && !execution->errctx.commits && StatementTimeout != execution->timeout)
		execution->other_timeout = true;
	if (execution->makes_table)
	{
		MemoryContext old = MemoryContextSwitchTo(execution->context);

		CommandCounterIncrement();
		if (execution->temporaries == NIL)
			execution->others = migrate_open_cursors(true);
		execution->temporaries = lappend_oid(execution->temporaries, migrate_temporary_table(statement->temporary));
		MemoryContextSwitchTo(old);
	}
}

/*
 * The current statement is none any more: it has run, or its error was caught.
 */
void
migrate_forget_statement(MigrateExecution *execution)
{
	execution->errctx.executing = false;
	execution->errctx.source = NULL;
	execution->errctx.query = NULL;
}

/*
 * What comes after each statement that has not failed.
 */
void
migrate_end_statement(const MigrateStatement *statement, MigrateExecution *execution)
{
	note_effects(statement, execution);
	migrate_forget_statement(execution);
	if (execution->errctx.commits)
		disable_timeout(STATEMENT_TIMEOUT, false);
}

/*
 * What comes before each statement, however it runs.
 */
void
migrate_begin_statement(const MigrateStatement *statement, const char *query, MigrateExecution *execution)
{
	CHECK_FOR_INTERRUPTS();
	execution->errctx.executing = true;
	execution->errctx.line = statement->line;
	execution->errctx.query = query;
	execution->makes_table = execution->own_session && statement->temporary != NULL &&
		!OidIsValid(migrate_temporary_table(statement->temporary));
	migrate_activity_statement(&execution->errctx, statement->command);
	log_query(statement, query);

	/* psql would send each on its own */
	if (execution->errctx.commits)
	{
		disable_timeout(STATEMENT_TIMEOUT, false);
		if (StatementTimeout > 0)
			enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
	}
}

/*
 * Run one statement in the current transaction, inside of an SPI connection, in
 * a memory context that the caller resets.  "sql" is the text of its script.
 */
void
migrate_run_statement(const MigrateStatement *statement, const char *sql, MigrateExecution *execution)
{
	char	   *query = pnstrdup(sql + statement->offset, statement->length);
	SPIExecuteOptions options = {.dest = None_Receiver};
	int			result = 0;

	migrate_begin_statement(statement, query, execution);
	execution->rows = -1;
	if (statement->outside_block)
		run_outside_block(statement, sql, query, execution);
	else if (statement->set_transaction)
		run_set_transaction(query, execution);
	else if (statement->rows > 0)
		run_copy(statement, sql, query, execution);
	else
		result = SPI_execute_extended(query, &options);

	/* some errors are returned, not raised */
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("statement cannot run in a migration: %s",
						SPI_result_code_string(result))));
	if (result > 0 && (result != SPI_OK_UTILITY || SPI_processed > 0))
		execution->rows = SPI_processed;
	migrate_end_statement(statement, execution);
}

/*
 * Run a query in the current transaction, and return the only value of its only row,
 * palloc'd, NULL for a null.  "sql" is the text of its script.  Errors: those of the query,
 * 0A000 for what is none, and 21000 for another number of values.  After an error, use
 * migrate_forget_statement().
 */
char *
migrate_run_query(const MigrateStatement *statement, const char *sql, MigrateExecution *execution)
{
	MemoryContext context = CurrentMemoryContext;
	char	   *query = pnstrdup(sql + statement->offset, statement->length);
	char	   *value;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	migrate_begin_statement(statement, query, execution);
	if (SPI_execute(query, false, 2) < 0 || SPI_tuptable == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("statement is not a query")));
	if (SPI_tuptable->tupdesc->natts != 1 || SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("query does not return one row with one column")));
	value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (value != NULL)
		value = MemoryContextStrdup(context, value);
	migrate_end_statement(statement, execution);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	return value;
}

/*
 * End what the end of a session would, for tools that give each migration one of
 * its own: its temporary tables, and before them cursors that may read them.
 */
void
migrate_end_session(MigrateExecution *execution)
{
	ListCell   *lc;

	if (execution->temporaries == NIL)
		return;
	migrate_close_cursors(execution->others, true);
	foreach(lc, execution->temporaries)
		migrate_drop_temporary_table(lfirst_oid(lc));
	execution->temporaries = NIL;
}

/*
 * Run a script in the caller's transaction, as the current role.
 *
 * "sql" is what it was parsed from.  The error context of *execution is kept up to
 * date.  On return all settings are as before, unless the caller is going to
 * commit, or keeps them for what runs next: then it gives them back after that.  After an error the abort of the
 * (sub)transaction does.
 */
void
migrate_execute_script(const MigrateScript *script, const char *sql, MigrateExecution *execution)
{
	int			guc_level = NewGUCNestLevel();
	int			next = 0;

	migrate_begin_script(script, sql, &execution->errctx);
	while (next < script->nstatements)
	{
		int			number = script->statements[next].transaction;
		MigrateInnerTransaction part = migrate_begin_part();

		for (; next < script->nstatements && script->statements[next].transaction == number; next++)
		{
			const MigrateStatement *statement = &script->statements[next];
			MigrateMade made = migrate_may_make(statement);
			MemoryContext old = MemoryContextSwitchTo(part.context);

			execution->errctx.statement = next + 1;
			if (execution->run != NULL)
				execution->run(statement, sql, execution);
			else
				migrate_run_statement(statement, sql, execution);
			MemoryContextSwitchTo(old);
			MemoryContextReset(part.context);
			/* what a commit ends by itself need not be remembered */
			if (!execution->errctx.commits)
				migrate_note_made(&part, statement, &made);
			part.may_defer |= statement->may_defer;
		}
		migrate_end_part(&part, next == script->nstatements, execution);
	}
	migrate_end_session(execution);
	if (!execution->errctx.commits && !execution->keeps_settings)
		AtEOXact_GUC(false, guc_level);
	migrate_end_script(&execution->errctx);
}
