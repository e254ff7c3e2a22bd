/*-------------------------------------------------------------------------
 *
 * script.h
 *		A script: transactions of statements.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/script.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_SCRIPT_SCRIPT_H
#define MIGRATE_SCRIPT_SCRIPT_H

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "tcop/utility.h"

#include "script/lexer.h"
#include "util/errcontext.h"

/*
 * How a statement runs where it commits on its own, and what is known about it
 * after a crash.
 */
typedef enum MigrateTopLevel
{
	TOP_NONE,					/* runs in a transaction with others */
	TOP_TRANSACTIONAL,			/* its effect is committed at its end, at once */
	TOP_REPEATABLE,				/* may run twice */
	TOP_UNKNOWN,				/* may have had part of its effect */
} MigrateTopLevel;

/*
 * A statement of a script, by its position in the text.  The parse tree is not
 * kept: it takes 13 times the size of the text, and whatever runs the statement
 * parses it again.
 */
typedef struct MigrateStatement
{
	int			offset;			/* bytes before its first token */
	int			length;
	int			line;			/* in the file */
	int			transaction;	/* number of its transaction in the script */
	LogStmtLevel log_level;		/* for log_statement */
	NodeTag		tag;			/* of its parse tree */
	const char *command;		/* what it does, for messages */
	bool		outside_block;	/* core refuses it in a transaction block */
	MigrateTopLevel top_level;	/* if it is to run outside of one */
	bool		maybe_outside;	/* the catalogs decide whether core does */
	bool		set_transaction;	/* SET TRANSACTION, before any snapshot */
	bool		set_session;	/* SET or RESET for what comes after it */
	bool		resets_path;	/* search_path to what the session began with */
	bool		is_local;		/* ... until the end of the transaction */
	bool		sets_timeout;	/* statement_timeout */
	bool		may_defer;		/* may leave deferred constraint checks */
	bool		makes_unknown;	/* may create unknown relations */
	List	   *relations;		/* RangeVars of those that it changes */
	char	   *object;			/* subscription that it drops, extension that
								 * it creates, or schema that it reindexes */
	List	   *needs;			/* RangeVars that an outside_block one names */
	List	   *makes;			/* names of relations that it creates */
	char	   *temporary;		/* name of a temporary table it makes ... */
	OnCommitAction on_commit;	/* ... and what a commit does to that */
	char	   *named_index;	/* that it creates if it does not exist */
	char	   *cursor;			/* name of a cursor it opens until the commit */
	int			rows;			/* of COPY: bytes before its rows, 0: has none */
	int			rows_length;
} MigrateStatement;

typedef struct MigrateScript
{
	int			nstatements;
	MigrateStatement *statements;
	int			line;			/* of the text's first byte */
	bool		has_markers;	/* see migrate_map_line() */
	List	   *skipped;		/* names (char *) of psql's commands in it */
	int			lone_commit;	/* line of a COMMIT that ends nothing, 0: none */
} MigrateScript;

/* in include.c */
extern bool migrate_may_include(const char *sql);
extern char *migrate_include_files(const char *sql, const char *file, int first_line,
								   char *(*read) (void *arg, const char *file), void *arg);
extern void migrate_includes_visit(const char *sql, const char *file,
								   bool (*visit) (void *arg, const char *file), void *arg);

/* in script.c */
extern bool migrate_is_script_error(int sqlerrcode);
extern ErrorData *migrate_try_to_lex(void (*body) (void *arg), void *arg);
extern MigrateScript *migrate_script_parse(const char *sql, bool transactional,
										   int line, MigrateErrorContext *errctx);
extern int	migrate_statements_end(const MigrateScript *script, int count);
extern bool migrate_script_is_blank(const char *sql, int length);

/* in compare.c */
extern bool migrate_script_same(const char *one, const char *other);

/* in notices.c */
extern void migrate_begin_script(const MigrateScript *script, const char *sql,
								 MigrateErrorContext *errctx);
extern void migrate_end_script(MigrateErrorContext *errctx);
extern char *migrate_skipped_names(const MigrateScript *script);
extern void migrate_report_oddities(const MigrateScript *script, MigrateErrorContext *errctx);

#endif							/* MIGRATE_SCRIPT_SCRIPT_H */
