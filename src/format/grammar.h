/*-------------------------------------------------------------------------
 *
 * grammar.h
 *		Markers of sections, by format.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/grammar.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_GRAMMAR_H
#define MIGRATE_FORMAT_GRAMMAR_H

#include "util/lines.h"

/*
 * What a line is to a grammar.
 */
typedef enum MigrateMarker
{
	MARK_NONE,
	MARK_UP,
	MARK_UP_NO_TRANSACTION,		/* ... of a section without a transaction */
	MARK_DOWN,
	MARK_DOWN_NO_TRANSACTION,
	MARK_NO_TRANSACTION,		/* the section around it has no transaction */
	MARK_BOTH_NO_TRANSACTION,	/* nor has any of the file */
	MARK_STOP,					/* what follows belongs to no section */
	MARK_BEGIN,					/* of a statement; the parser needs no telling */
	MARK_END,
	MARK_SEPARATOR,				/* between statements */
	MARK_VARIABLES_ON,			/* variables are substituted from here on */
	MARK_VARIABLES_OFF,
	MARK_UNKNOWN,				/* looks like a marker but is not one */
} MigrateMarker;

/*
 * A grammar: what a line says, and what becomes of several sections.
 */
typedef struct MigrateGrammar
{
	MigrateMarker (*mark) (MigrateLine *line);	/* NULL: there are none */
	bool		(*is_text) (const char *sql);	/* what identifies the
												 * grammar, if that is no
												 * marker */
	const char *up_marker;		/* how they are written, for messages; or NULL */
	const char *down_marker;
	const char *no_transaction_marker;	/* a section without a transaction */
	bool		(*has_odd_option) (const MigrateLine *line);
	bool		needs_down;		/* a file has a down section */
	bool		whole_file;		/* the file is a section without any marker */
	bool		skips_prelude;	/* text before the first marker is skipped,
								 * otherwise only comments may be there */
	bool		repeats;		/* there may be several sections of a kind */
	bool		down_backwards; /* several downs are undone in reverse */
	bool		no_transaction_for_all; /* one section without a transaction
										 * makes all so */
	bool		any_order;		/* the down may come first */
	bool		doubled_semicolons; /* ";;" is a semicolon within a statement */
	bool		down_tells;		/* a down section is enough to detect the
								 * format */
	bool		ambiguous;		/* too common as a comment to identify the
								 * format */
} MigrateGrammar;

/* in grammar.c */
extern const MigrateGrammar migrate_grammar_none;
extern const MigrateGrammar migrate_grammar_plain;
extern const MigrateGrammar migrate_grammar_goose;
extern const MigrateGrammar migrate_grammar_updown;
extern const MigrateGrammar migrate_grammar_sql_migrate;
extern const MigrateGrammar migrate_grammar_dbmate;
extern const MigrateGrammar migrate_grammar_tern;
extern const MigrateGrammar migrate_grammar_rambler;
extern const MigrateGrammar migrate_grammar_node_pg;
extern const MigrateGrammar migrate_grammar_graphile;
extern const MigrateGrammar migrate_grammar_hasura;
extern const MigrateGrammar migrate_grammar_yoyo;
extern const MigrateGrammar migrate_grammar_play;
extern const MigrateGrammar migrate_grammar_drizzle;
extern const MigrateGrammar migrate_grammar_liquibase;
extern int	migrate_grammar_first(const MigrateGrammar *const *grammars, int n,
								  const char *sql);
extern bool migrate_grammar_is_ambiguous(const MigrateGrammar *grammar);

/* in yoyo.c */
extern bool migrate_is_yoyo_text(const char *sql);

/* in play.c */
extern MigrateMarker migrate_play_mark(MigrateLine *line);

#endif							/* MIGRATE_FORMAT_GRAMMAR_H */
