/*-------------------------------------------------------------------------
 *
 * section.c
 *		The sections of a file, from the markers that its format's grammar finds.
 *
 * A section consists of one or more spans of the file.  Text that looks like a
 * marker, but is not one, becomes a doubt of the migration.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/section.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "format/doubt.h"
#include "format/format_int.h"
#include "script/script.h"
#include "util/printable.h"

/*
 * State of finding the sections of a file.
 */
typedef struct SectionParser
{
	const MigrateGrammar *grammar;
	const char *file;
	const char *sql;
	Migration  *migration;
	MigrateSection *open;		/* the section that the line is in, or NULL */
	MigrateSpan *span;			/* its piece there, or NULL */
	const MigrateLine *line;
	bool		marked;			/* there has been an up or down marker */
	bool		unmarked_up;	/* the up section is the text before any
								 * marker */
	int			statement;		/* line where one that has no end yet begins,
								 * 0: none */
	bool		no_transaction; /* all of the file, without a transaction */
	bool		allowed;		/* the line before allows what looks like one */
	int			suspect;		/* line that looks like a down marker, 0: none
								 * ... */
	bool		suspect_is_marker;	/* ... in the spelling of one */
	const char *after_suspect;	/* ... and the text after it */
	MigrateSection *suspect_no_transaction; /* with a line like "no
											 * transaction" ... */
	int			suspect_no_transaction_line;	/* ... which is that one */
	int			odd_option;		/* line of a marker with an unknown option */
	bool		prelude_allowed;
	int			prelude;		/* first line before the first marker that is
								 * left out */
	List	   *separators;		/* bytes before each of them (int) */
	bool		variables;		/* goose's ENVSUB is on */
	const char *ended;			/* statements before this have their
								 * semicolons */
} SectionParser;

static void
open_span(SectionParser *parser, MigrateSection *section, bool transactional, const char *start,
		  int line)
{
	MigrateSpan *span = palloc0(sizeof(MigrateSpan));

	span->offset = start - parser->sql;
	span->line = line;
	span->transactional = transactional;
	section->present = true;
	section->file = parser->migration->file;
	section->doubled_semicolons = parser->grammar->doubled_semicolons;
	if (parser->variables && section->spans == NIL)
		section->syntax.kind = SYNTAX_GOOSE_ON;
	section->spans = lappend(section->spans, span);
	parser->open = section;
	parser->span = span;
}

static void
close_span(SectionParser *parser, const char *end)
{
	if (parser->span != NULL)
		parser->span->length = Max((int) (end - parser->sql) - parser->span->offset, 0);
	parser->open = NULL;
	parser->span = NULL;
}

/*
 * Check the text before the first marker, which is in no section, or in the one
 * that an unmarked file is.
 */
static void
check_prelude(SectionParser *parser, bool up)
{
	const MigrateLine *line = parser->line;

	if (parser->grammar->whole_file && !up)
		return;					/* it is the up section */
	if (migrate_script_is_blank(parser->sql, line->str - parser->sql))
		return;
	if (parser->grammar->skips_prelude)
		parser->prelude = parser->prelude_allowed ? 0 :
			migrate_first_statement(parser->sql, line->str - parser->sql);
	else
		migrate_bad_file(parser->file, line->number, "migration has statements before its up section",
						 psprintf("Only comments may precede \"%s\".",
								  parser->grammar->up_marker));
}

/* the formats that mark statements have the same words for it */
#define STATEMENT_HINT	"Each \"StatementBegin\" needs a \"StatementEnd\". Where a semicolon ends the statement, both can be left out."

static void
begin_section(SectionParser *parser, bool up, bool no_transaction, const char *after)
{
	Migration  *migration = parser->migration;
	MigrateSection *section = up ? &migration->up : &migration->down;
	const MigrateGrammar *grammar = parser->grammar;
	int			number = parser->line->number;

	if (!up && !migration->up.present && !grammar->any_order)
		migrate_bad_file(parser->file, number,
						 "down section of migration precedes its up section",
						 psprintf("The up section begins at a line \"%s\".", grammar->up_marker));
	if (!parser->marked)
		check_prelude(parser, up);
	parser->marked = true;
	if (up && parser->unmarked_up)
		memset(section, 0, sizeof(MigrateSection));
	parser->unmarked_up &= !up;
	if (section->present && !grammar->repeats)
		migrate_bad_file(parser->file, number, up ? "migration has two up sections" :
						 "migration has two down sections", NULL);
	if (parser->statement != 0)
		migrate_bad_file(parser->file, number, up ? "statement does not end before the up section" :
						 "statement does not end before the down section", STATEMENT_HINT);
	close_span(parser, parser->line->str);
	open_span(parser, section, !no_transaction, after, number + 1);
}

/*
 * Does the text end at "end" with a statement that lacks its semicolon?  Lines of
 * comments do not count.  If in doubt the answer is yes, which does no harm.
 */
bool
migrate_lacks_semicolon(const char *start, const char *end)
{
	while (end > start)
	{
		const char *line = end;

		CHECK_FOR_INTERRUPTS();
		while (line > start && line[-1] != '\n')
			line--;
		while (end > line && strchr(" \t\r\n", end[-1]) != NULL)
			end--;
		while (line < end && (*line == ' ' || *line == '\t'))
			line++;
		if (end > line && !(end - line >= 2 && line[0] == '-' && line[1] == '-'))
			return end[-1] != ';';
		while (line > start && line[-1] != '\n')
			line--;
		end = line > start ? line - 1 : start;
	}
	return false;
}

/*
 * A statement ends at a marker, with or without a semicolon.
 */
static void
end_statement(SectionParser *parser)
{
	const char *mark = parser->line->str + parser->line->mark;
	const char *start;
	MigrateTerminator *end;

	if (parser->span == NULL || parser->line->mark_length == 0)
		return;
	start = parser->sql + parser->span->offset;
	if (parser->ended != NULL && parser->ended > start)
		start = parser->ended;
	parser->ended = mark + parser->line->mark_length;
	if (!migrate_lacks_semicolon(start, mark))
		return;
	end = palloc(sizeof(MigrateTerminator));
	end->offset = mark - parser->sql;
	end->length = parser->line->mark_length;
	parser->open->ends = lappend(parser->open->ends, end);
}

/*
 * Take a line that is a marker.  "after" is where the next line starts.
 */
static void
apply_marker(SectionParser *parser, MigrateMarker marker, const char *after)
{
	const MigrateLine *line = parser->line;

	switch (marker)
	{
		case MARK_NONE:
			break;
		case MARK_UP:
		case MARK_UP_NO_TRANSACTION:
			begin_section(parser, true, marker == MARK_UP_NO_TRANSACTION, after);
			break;
		case MARK_DOWN:
		case MARK_DOWN_NO_TRANSACTION:
			begin_section(parser, false, marker == MARK_DOWN_NO_TRANSACTION, after);
			break;
		case MARK_NO_TRANSACTION:
			if (parser->span != NULL)
				parser->span->transactional = false;
			break;
		case MARK_BOTH_NO_TRANSACTION:
			parser->no_transaction = true;
			break;
		case MARK_STOP:
			close_span(parser, line->str);
			break;
		case MARK_BEGIN:
			if (parser->statement != 0)
				migrate_bad_file(parser->file, line->number, "duplicate start of statement", STATEMENT_HINT);
			parser->statement = line->number;
			break;
		case MARK_END:
			if (parser->statement == 0)
				migrate_bad_file(parser->file, line->number,
								 "end of statement without a start", STATEMENT_HINT);
			parser->statement = 0;
			end_statement(parser);
			break;
		case MARK_SEPARATOR:
			parser->separators = lappend_int(parser->separators, line->str + line->mark - parser->sql);
			end_statement(parser);
			break;
		case MARK_VARIABLES_ON:
			parser->variables = true;
			if (parser->open != NULL && parser->open->syntax.kind == SYNTAX_PSQL)
				parser->open->syntax.kind = SYNTAX_GOOSE;
			break;
		case MARK_VARIABLES_OFF:
			parser->variables = false;
			break;
		case MARK_UNKNOWN:
			migrate_bad_file(parser->file, line->number,
							 psprintf("unrecognized marker: \"%s\"",
									  migrate_excerpt(pnstrdup(line->str, strcspn(line->str, "\r\n")))), NULL);
			break;
	}
}

/*
 * All pieces of a section are known.
 */
static void
end_section(const SectionParser *parser, MigrateSection *section, bool backwards)
{
	bool		all = true;
	bool		none = true;
	ListCell   *lc;

	if (!section->present)
		return;
	foreach(lc, section->spans)
	{
		MigrateSpan *span = lfirst(lc);

		span->transactional &= !parser->no_transaction;
		all &= span->transactional;
		none &= !span->transactional;
	}
	section->transactional = all;
	foreach(lc, section->spans)
	{
		MigrateSpan *span = lfirst(lc);

		/* what stays a transaction of its own among others */
		span->wrapped = span->transactional && !all && !none && !parser->grammar->no_transaction_for_all;
	}
	if (backwards)
	{
		List	   *reversed = NIL;

		for (int i = list_length(section->spans) - 1; i >= 0; i--)
			reversed = lappend(reversed, list_nth(section->spans, i));
		section->spans = reversed;
	}
	migrate_section_finish(section);
}

/*
 * The line that an up section begins with, for messages.
 */
const char *
migrate_grammar_up(const MigrateGrammar *grammar)
{
	return grammar->up_marker;
}

#define ALLOW	"If this is intended, write \"-- migrate: allow misspelt-marker\" and a reason on the line above it."

/*
 * A file without a down section has statements after such a line: they would undo
 * what the ones before do.
 */
static void
doubt_down(const SectionParser *parser, const char *end)
{
	const MigrateGrammar *grammar = parser->grammar;

	if (parser->suspect == 0 || parser->migration->down.present ||
		migrate_script_is_blank(parser->after_suspect, end - parser->after_suspect))
		return;
	migrate_add_doubt(parser->migration, parser->suspect,
					  grammar->down_marker != NULL || parser->suspect_is_marker,
					  "line looks like a down marker but is not one",
					  grammar->down_marker == NULL && !parser->suspect_is_marker ?
					  "What follows it runs with the rest." :
					  grammar->down_marker == NULL ?
					  "What follows it would run with the rest. Correct the markers of the file. " ALLOW :
					  psprintf("What follows it would run with the rest. Write the line as \"%s\". " ALLOW,
							   grammar->down_marker));
}

/*
 * What a line that is no marker may have been meant as.  "after" is where the next
 * one starts.
 */
static void
note_suspect(SectionParser *parser, const char *after)
{
	const MigrateGrammar *grammar = parser->grammar;
	const MigrateLine *line = parser->line;

	if (parser->open == &parser->migration->up && parser->suspect == 0 && !parser->allowed &&
		migrate_line_is_down(line))
	{
		parser->suspect = line->number;
		parser->suspect_is_marker = migrate_line_is_like_marker(line);
		parser->after_suspect = after;
	}
	if (grammar->no_transaction_marker != NULL && parser->open != NULL && !parser->allowed &&
		parser->span->transactional && migrate_line_is_no_transaction(line))
	{
		parser->suspect_no_transaction = parser->open;
		parser->suspect_no_transaction_line = line->number;
	}
}

/*
 * A separator inside of a literal would be taken out of it.  For migrate_try_to_lex().
 */
static void
find_separators(void *arg)
{
	SectionParser *parser = arg;
	MigrateLexer *lexer = migrate_lexer_start(parser->sql);
	const MigrateToken *token;
	ListCell   *lc = list_head(parser->separators);

	/* the first doubt counts */
	while (lc != NULL && parser->migration->doubt == NULL &&
		   (token = migrate_lexer_next(lexer))->kind != 0)
	{
		int			end = token->location + strlen(token->str);

		while (lc != NULL && lfirst_int(lc) < end && parser->migration->doubt == NULL)
		{
			if (lfirst_int(lc) > token->location)
				migrate_add_doubt(parser->migration,
								  migrate_count_lines(parser->sql, lfirst_int(lc)), true,
								  "statement-breakpoint is inside of a literal or a function body",
								  "It would be cut out of the text. Remove it.");
			lc = lnext(parser->separators, lc);
		}
	}
	migrate_lexer_end(lexer);
}

/*
 * What the lexer refuses is no doubt: it stops this migration when it is parsed, not the
 * reading of all.
 */
static void
doubt_separators(SectionParser *parser)
{
	if (parser->separators != NIL)
		(void) migrate_try_to_lex(find_separators, parser);
}

/*
 * Add the doubts that depend on all markers of the file.
 */
static void
doubt_file(SectionParser *parser, const char *end)
{
	Migration  *migration = parser->migration;
	const MigrateGrammar *grammar = parser->grammar;

	doubt_down(parser, end);
	doubt_separators(parser);
	if (parser->suspect_no_transaction != NULL && parser->suspect_no_transaction->transactional)
		migrate_add_doubt(migration, parser->suspect_no_transaction_line, true,
						  "line looks like a \"no transaction\" marker but is not one",
						  psprintf("Write it as \"%s\". " ALLOW, grammar->no_transaction_marker));
	if (parser->odd_option > 0)
		migrate_add_doubt(migration, parser->odd_option, true, "marker has an unrecognized option",
						  psprintf("The marker for \"no transaction\" is \"%s\". " ALLOW,
								   grammar->no_transaction_marker));
	if (parser->prelude > 0 && grammar->skips_prelude)
		migrate_add_doubt(migration, parser->prelude, true,
						  "statements before the first marker would be left out",
						  psprintf("Move them after \"%s\". " ALLOW, grammar->up_marker));
	if (grammar->needs_down && migration->up.present && !migration->down.present)
		migrate_add_doubt(migration, migration->up.line, true, "migration has no down section",
						  psprintf("Add a line \"%s\", with nothing after it if the migration cannot be undone.",
								   grammar->down_marker));
}

/*
 * May a line raise a doubt, so that a comment above it has reason to allow it?
 */
static bool
may_be_doubted(const SectionParser *parser, MigrateMarker marker)
{
	const MigrateGrammar *grammar = parser->grammar;

	if (marker != MARK_NONE && marker != MARK_STOP)
		return grammar->has_odd_option != NULL && grammar->has_odd_option(parser->line);
	return migrate_line_is_down(parser->line) || migrate_line_is_no_transaction(parser->line) ||
		(grammar->skips_prelude && !parser->marked);
}

/*
 * Find the sections of a file: of both directions by its markers, or the part that
 * the file is.  False if an up section is missing.  Errors: 42601 with file and
 * line.
 */
bool
migrate_grammar_parse(const MigrateGrammar *grammar, Migration *migration, MigratePart part,
					  const char *sql, int length)
{
	SectionParser parser = {.grammar = grammar,.file = migration->file,.sql = sql,
	.migration = migration};
	MigrateLineReader reader;

	parser.line = &reader.line;
	parser.unmarked_up = grammar->whole_file && part != PART_DOWN;
	if (grammar->whole_file)
		open_span(&parser, part == PART_DOWN ? &migration->down : &migration->up, true, sql, 1);
	migrate_lines_start(&reader, sql, length);
	while (migrate_lines_next(&reader))
	{
		const char *after = reader.next ? reader.next : reader.end;

		MigrateMarker marker = grammar->mark ? grammar->mark(&reader.line) : MARK_NONE;

		if (parser.allowed && migration->idle_allowance == 0 && !may_be_doubted(&parser, marker))
			migration->idle_allowance = reader.line.number - 1;
		if (marker == MARK_NONE || marker == MARK_STOP)
			note_suspect(&parser, after);
		if (marker != MARK_NONE)
			apply_marker(&parser, marker, after);
		if (marker != MARK_NONE && grammar->has_odd_option != NULL && !parser.allowed &&
			grammar->has_odd_option(&reader.line))
			parser.odd_option = reader.line.number;
		parser.allowed = migrate_line_allows(&reader.line, "misspelt-marker");
		parser.prelude_allowed |= parser.allowed && !parser.marked;
	}
	if (parser.allowed && migration->idle_allowance == 0)
		migration->idle_allowance = reader.line.number;
	if (!migration->up.present && !(grammar->whole_file && part == PART_DOWN))
		return false;
	if (parser.statement != 0)
		migrate_bad_file(migration->file, parser.statement, "start of statement without an end", STATEMENT_HINT);
	close_span(&parser, sql + length);
	end_section(&parser, &migration->up, false);
	end_section(&parser, &migration->down, grammar->down_backwards);
	doubt_file(&parser, sql + length);
	migration->no_transaction_marker = grammar->no_transaction_marker;
	return true;
}
