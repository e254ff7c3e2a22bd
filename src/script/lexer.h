/*-------------------------------------------------------------------------
 *
 * lexer.h
 *		Tokens of a script.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/lexer.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_SCRIPT_LEXER_H
#define MIGRATE_SCRIPT_LEXER_H

/* what the lexer has no number for: a line that begins with a backslash */
#define MIGRATE_COMMAND_LINE	(-1)

/*
 * The current token of a text.
 */
typedef struct MigrateToken
{
	int			kind;			/* core's number, 0 at the end, or the above */
	int			location;		/* bytes before it */
	const char *str;			/* as written */
	bool		in_statement;	/* it or one before it belongs to a statement */
	bool		ends_statement;
	bool		around_rows;	/* rows of COPY are in the middle of that */
	int			rows;			/* of a COPY that ends: bytes before its rows */
	int			rows_length;
	int			line_length;	/* of a line for psql, from its backslash on */
} MigrateToken;

typedef struct MigrateLexer MigrateLexer;

/* in lexer.c */
extern MigrateLexer *migrate_lexer_start(const char *sql);
extern const MigrateToken *migrate_lexer_next(MigrateLexer *lexer);
extern void migrate_lexer_end(MigrateLexer *lexer);
extern void migrate_lexer_set_conforming(MigrateLexer *lexer, bool conforming);
extern const char *migrate_lexer_text(const MigrateLexer *lexer);
extern const char *migrate_lexer_missing_end(const MigrateLexer *lexer);

#endif							/* MIGRATE_SCRIPT_LEXER_H */
