/*-------------------------------------------------------------------------
 *
 * script_int.h
 *		What the files of this folder share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/script_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_SCRIPT_SCRIPT_INT_H
#define MIGRATE_SCRIPT_SCRIPT_INT_H

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

#include "script/script.h"
#include "util/compat.h"

/* in psql_command.c */
extern char *migrate_psql_name(const char **at, const char *end);
extern char *migrate_psql_argument(const char **at, const char *end);
extern char *migrate_psql_skip(const char *line, int length, List **skipped);
extern const char *migrate_psql_hint(const char *name, bool in_statement);

/*
 * What BEGIN and COMMIT have made of a script so far.
 */
typedef struct MigrateBlocks
{
	bool		in_transaction;
	bool		begun;			/* the current transaction has a BEGIN ... */
	bool		begun_late;		/* ... after other statements of it */
	int			pairs_open;		/* BEGIN seen, less COMMIT seen */
	int			committed;		/* statements before the last COMMIT */
	int			unbegun;		/* line of the first COMMIT of a transaction
								 * that no BEGIN began, 0: none */
	int			transaction;	/* number of the current transaction */
} MigrateBlocks;

/* in transaction.c */
extern bool migrate_control_transaction(MigrateBlocks *blocks, const TransactionStmt *stmt,
										MigrateScript *script, int line,
										MigrateErrorContext *errctx);
extern void migrate_check_blocks(const MigrateBlocks *blocks, MigrateScript *script, int line,
								 MigrateErrorContext *errctx);

/* in script.c */
pg_noreturn extern void migrate_refuse_statement(MigrateErrorContext *errctx, int line,
												 const char *what, const char *hint);

/* in classify.c */
extern void migrate_classify_outside(MigrateStatement *statement, Node *node);
extern void migrate_statement_classify(MigrateStatement *statement, Node *node);

#endif							/* MIGRATE_SCRIPT_SCRIPT_INT_H */
