/*-------------------------------------------------------------------------
 *
 * transaction.c
 *		BEGIN and COMMIT in a script: where its transactions begin and end.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/transaction.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "script/script.h"
#include "script/script_int.h"
#include "util/compat.h"
#include "util/errcontext.h"
#include "util/printable.h"

pg_noreturn static void refuse_transaction(MigrateErrorContext *errctx, int line, const char *message,
										   const char *hint);

static void
refuse_transaction(MigrateErrorContext *errctx, int line, const char *message, const char *hint)
{
	errctx->line = line;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
			 errmsg("%s", message),
			 errhint("%s", hint)));
}

/*
 * Has a script only SET so far?  Many files have such lines before their BEGIN.
 */
static bool
has_only_settings(const MigrateScript *script)
{
	for (int i = 0; i < script->nstatements; i++)
	{
		if (!script->statements[i].set_session)
			return false;
	}
	return true;
}

/*
 * Remember the first COMMIT that has no BEGIN and shapes nothing.
 */
static void
note_lone_commit(MigrateScript *script, int line)
{
	if (script->lone_commit == 0)
		script->lone_commit = line;
}

/*
 * Transaction control: BEGIN and COMMIT shape a migration, everything else is
 * refused.  Returns false for COMMIT PREPARED and ROLLBACK PREPARED, which are
 * ordinary statements here.
 */
bool
migrate_control_transaction(MigrateBlocks *blocks, const TransactionStmt *stmt, MigrateScript *script,
							int line, MigrateErrorContext *errctx)
{
	static const char *const pair_hint =
		"COMMIT and BEGIN may be used in the middle of a migration, or as a pair around some or all of it.";

	if (stmt->chain)
		migrate_refuse_statement(errctx, line, "AND CHAIN", NULL);

	/* the whole of such a script is rolled back */
	if (errctx->verifies && stmt->options == NIL &&
		(stmt->kind == TRANS_STMT_BEGIN || stmt->kind == TRANS_STMT_START ||
		 stmt->kind == TRANS_STMT_COMMIT || stmt->kind == TRANS_STMT_ROLLBACK))
		return true;
	switch (stmt->kind)
	{
		case TRANS_STMT_BEGIN:
		case TRANS_STMT_START:
			if (stmt->options != NIL)
				migrate_refuse_statement(errctx, line, "BEGIN with a transaction mode",
										 "Use SET TRANSACTION as the first statement.");
			if (blocks->begun)
				refuse_transaction(errctx, line,
								   "there is already a transaction in progress", pair_hint);
			blocks->begun = true;
			blocks->pairs_open++;
			/* what was before it in the section's own transaction stays in it */
			blocks->begun_late = blocks->in_transaction && !has_only_settings(script);
			if (blocks->begun_late)
				return true;
			blocks->in_transaction = true;
			break;
		case TRANS_STMT_COMMIT:
			if (!blocks->in_transaction)
			{
				/* there is no transaction to end; the server warns, too */
				note_lone_commit(script, line);
				return true;
			}
			if (!blocks->begun && blocks->unbegun == 0)
				blocks->unbegun = line;
			/* and what comes after such a pair is one of the section's again */
			blocks->in_transaction = blocks->begun_late;
			blocks->begun = blocks->begun_late = false;
			blocks->pairs_open--;
			blocks->committed = script->nstatements;
			break;
		case TRANS_STMT_COMMIT_PREPARED:
		case TRANS_STMT_ROLLBACK_PREPARED:
			return false;
		case TRANS_STMT_PREPARE:
			migrate_refuse_statement(errctx, line, "PREPARE TRANSACTION", NULL);
			break;
		case TRANS_STMT_ROLLBACK:
			migrate_refuse_statement(errctx, line, "ROLLBACK",
									 "Raise an error to have the migration undone.");
			break;
		default:
			migrate_refuse_statement(errctx, line, "SAVEPOINT",
									 "Use the EXCEPTION clause of a PL/pgSQL block.");
	}
	blocks->transaction++;
	return true;
}

/*
 * What was begun has to be committed.  A section may commit its own transaction and
 * stay outside one for statements that cannot run in one; if no such statements
 * follow, the COMMIT is a mistake.
 */
void
migrate_check_blocks(const MigrateBlocks *blocks, MigrateScript *script, int line,
					 MigrateErrorContext *errctx)
{
	static const char *const hint =
		"A migration has to end as it started: inside its transaction, or outside of one if it is marked so.";

	if (blocks->pairs_open > 0)
		refuse_transaction(errctx, line, "BEGIN without COMMIT", hint);
	if (blocks->pairs_open < 0 && blocks->committed == script->nstatements)
		note_lone_commit(script, blocks->unbegun);
}
