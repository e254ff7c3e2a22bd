/*-------------------------------------------------------------------------
 *
 * markers.c
 *		Lines that mark what a file holds -> the sections of a migration.
 *
 * Each tool's grammar is a row of the table at the end: what a line says, and
 * how the tool takes several sections and text before the first one.  To add a
 * grammar, add a function for its lines and a row.
 *
 * Tools look at lines only, also in the middle of a string, and so does this.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/markers.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "migrate.h"

/*
 * What a line is to a grammar.
 */
typedef enum Marker
{
	MARK_NONE,
	MARK_UP,
	MARK_UP_ALONE,				/* ... of a section without a transaction */
	MARK_DOWN,
	MARK_DOWN_ALONE,
	MARK_ALONE,					/* the section it stands in has no transaction */
	MARK_BOTH_ALONE,			/* nor has any of the file */
	MARK_STOP,					/* what follows belongs to no section */
	MARK_BEGIN,					/* of a statement; the parser needs no telling */
	MARK_END,
	MARK_SEPARATOR,				/* between statements */
	MARK_VARIABLES_ON,			/* values are put in, from here on */
	MARK_VARIABLES_OFF,
	MARK_UNKNOWN,				/* looks like a marker and is none */
	MARK_TEMPLATE,				/* asks for a template engine */
} Marker;

struct MigrateMarkers
{
	Marker		(*mark) (MigrateLine * line);
	const char *up_marker;		/* how it is written, for messages */
	bool		whole;			/* the file is a section without any marker */
	bool		loose;			/* text before the first marker is left out,
								 * else only comments may stand there */
	bool		repeats;		/* there may be several sections of a kind */
	bool		down_backwards; /* several downs are undone in reverse */
	bool		alone_for_all;	/* one section without a transaction makes all
								 * so */
	bool		any_order;		/* the down may come first */
	bool		weak;			/* too common a comment to tell one format
								 * from another */
};

/*
 * Is the text, without white space around it, this word in any case?
 */
bool
migrate_is_word(const char *sql, int length, const char *word)
{
	while (length > 0 && strchr(" \t\r", sql[length - 1]) != NULL)
		length--;
	while (length > 0 && strchr(" \t", *sql) != NULL)
	{
		sql++;

		length--;
	}
	return length == strlen(word) && pg_strncasecmp(sql, word, length) == 0;
}

/*
 * Where "what" first stands in a line, or NULL.
 */
static const char *
find_in_line(const MigrateLine * line, const char *what)
{
	const char *end = line->text +line->length;
	int			n = strlen(what);

	for (const char *p = line->text; p + n <= end; p++)
	{
		p = memchr(p, *what, end - n + 1 - p);
		if (p == NULL)
			break;
		if (memcmp(p, what, n) == 0)
			return p;
	}
	return NULL;
}

/*
 * What follows "prefix" in a line that begins with it, and its length; else NULL.
 */
static const char *
behind(const MigrateLine * line, const char *prefix, int *length)
{
	int			n = strlen(prefix);

	if (line->length < n || memcmp(line->text, prefix, n) != 0)
		return NULL;
	*length = line->length - n;
	return line->text +n;
}

static int
skip_spaces(const char *text, int length)
{
	int			n = 0;

	while (n < length && (text[n] == ' ' || text[n] == '\t'))
		n++;
	return n;
}

/*
 * The length of the word a text begins with.
 */
static int
word_length(const char *text, int length)
{
	int			n = 0;

	while (n < length && strchr(" \t\r", text[n]) == NULL)
		n++;
	return n;
}

/*
 * Is one of the words of a text "option"?
 */
static bool
has_option(const char *text, int length, const char *option)
{
	while (length > 0)
	{
		int			blank = skip_spaces(text, length);
		int			word = word_length(text +blank, length - blank);

		if (word == strlen(option) && memcmp(text +blank, option, word) == 0)
			return true;
		text	  +=blank + Max(word, 1);

		length -= blank + Max(word, 1);
	}
	return false;
}

/*
 * goose: a comment with "+goose" and a command in any case; v3.27, parser.go.
 * What goose refuses is MARK_UNKNOWN.
 */
static Marker
goose_mark(MigrateLine * line)
{
	static const struct
	{
		const char *word;
		Marker		marker;
	}			commands[] = {
		{"Up", MARK_UP},
		{"Down", MARK_DOWN},
		{"StatementBegin", MARK_BEGIN},
		{"StatementEnd", MARK_END},
		{"NO TRANSACTION", MARK_BOTH_ALONE},
		{"ENVSUB ON", MARK_VARIABLES_ON},
		{"ENVSUB OFF", MARK_VARIABLES_OFF},
	};
	const char *end = line->text +line->length;
	int			indent = skip_spaces(line->text, line->length);
	const char *tag;
	const char *command;

	if (line->length - indent < 2 || memcmp(line->text +indent, "--", 2) != 0)
		return MARK_NONE;
	tag = find_in_line(line, "+goose");
	if (tag == NULL)
		return MARK_NONE;
	if (indent > 0)
		return MARK_UNKNOWN;
	command = tag + strlen("+goose");
	for (int i = 0; i < lengthof(commands); i++)
		if (migrate_is_word(command, end - command, commands[i].word) &&
			migrate_is_word(line->text +2, tag - line->text -2, ""))
			return commands[i].marker;
	return MARK_UNKNOWN;
}

/*
 * updown: "-- UP" and "-- DOWN", alone on their line.
 */
static Marker
updown_mark(MigrateLine * line)
{
	int			length;
	const char *rest = behind(line, "--", &length);

	if (rest == NULL)
		return MARK_NONE;
	if (migrate_is_word(rest, length, "UP"))
		return MARK_UP;
	if (migrate_is_word(rest, length, "DOWN"))
		return MARK_DOWN;
	return MARK_NONE;
}

/*
 * sql-migrate: exactly "-- +migrate ", a command, options; v1.8, sqlparse.go.
 * What it would take for nothing without a word is MARK_UNKNOWN.
 */
static Marker
sql_migrate_mark(MigrateLine * line)
{
	static const struct
	{
		const char *word;
		Marker		marker;
		Marker		alone;
	}			commands[] = {
		{"Up", MARK_UP, MARK_UP_ALONE},
		{"Down", MARK_DOWN, MARK_DOWN_ALONE},
		{"StatementBegin", MARK_BEGIN, MARK_BEGIN},
		{"StatementEnd", MARK_END, MARK_END},
	};
	int			length;
	const char *rest = behind(line, "-- +migrate ", &length);
	int			blank;
	int			word;

	if (rest == NULL)
		return MARK_NONE;
	blank = skip_spaces(rest, length);
	word = word_length(rest + blank, length - blank);
	for (int i = 0; i < lengthof(commands); i++)
		if (word == strlen(commands[i].word) && memcmp(rest + blank, commands[i].word, word) == 0)
			return has_option(rest + blank + word, length - blank - word, "notransaction") ?
				commands[i].alone : commands[i].marker;
	return MARK_UNKNOWN;
}

/*
 * dbmate: "--", spaces, "migrate:up" or "migrate:down", options; v2.35,
 * parsing.go.
 */
static Marker
dbmate_mark(MigrateLine * line)
{
	int			length;
	const char *rest = behind(line, "--", &length);
	int			blank;
	bool		up;
	int			word;
	bool		alone;

	if (rest == NULL)
		return MARK_NONE;
	blank = skip_spaces(rest, length);
	rest += blank;
	length -= blank;
	word = word_length(rest, length);
	up = word == strlen("migrate:up") && memcmp(rest, "migrate:up", word) == 0;
	if (!up && (word != strlen("migrate:down") || memcmp(rest, "migrate:down", word) != 0))
		return MARK_NONE;
	alone = has_option(rest + word, length - word, "transaction:false");
	if (up)
		return alone ? MARK_UP_ALONE : MARK_UP;
	return alone ? MARK_DOWN_ALONE : MARK_DOWN;
}

/*
 * tern: a line between up and down; v2.4, migrate.go.
 */
static Marker
tern_mark(MigrateLine * line)
{
	int			length;
	const char *rest;

	if (find_in_line(line, "---- create above / drop below ----") != NULL)
		return MARK_DOWN;
	if (find_in_line(line, "{{") != NULL)
		return MARK_TEMPLATE;
	rest = behind(line, "---- tern: disable-tx ----", &length);
	return rest != NULL && migrate_is_word(rest, length, "") ? MARK_ALONE : MARK_NONE;
}

/*
 * rambler: "-- rambler up" and "-- rambler down"; v5.4.  Any other word ends a
 * section.
 */
static Marker
rambler_mark(MigrateLine * line)
{
	int			length;
	const char *rest = behind(line, "-- rambler", &length);

	if (rest == NULL)
		return MARK_NONE;
	if (migrate_is_word(rest, length, "up"))
		return MARK_UP;
	return migrate_is_word(rest, length, "down") ? MARK_DOWN : MARK_STOP;
}

/*
 * node-pg-migrate: "-- Up Migration" and "-- Down Migration" in any case, with
 * hyphens and spaces before; v10, sqlMigration.ts.
 */
static Marker
node_pg_mark(MigrateLine * line)
{
	const char *p = line->text;
	const char *end = line->text +line->length;
	bool		up;

	p += skip_spaces(p, end - p);
	if (end - p < 2 || memcmp(p, "--", 2) != 0)
		return MARK_NONE;
	while (p < end && strchr(" \t-", *p) != NULL)
		p++;
	up = end - p > 2 && pg_strncasecmp(p, "up", 2) == 0;
	if (!up && (end - p <= 4 || pg_strncasecmp(p, "down", 4) != 0))
		return MARK_NONE;
	p += up ? 2 : 4;
	if (skip_spaces(p, end - p) == 0)
		return MARK_NONE;
	p += skip_spaces(p, end - p);
	if (end - p < 9 || pg_strncasecmp(p, "migration", 9) != 0)
		return MARK_NONE;
	return up ? MARK_UP : MARK_DOWN;
}

/*
 * graphile-migrate 2: a committed file begins with the hash of the one before;
 * "--! no-transaction" is the first line behind that header.
 */
static Marker
graphile_mark(MigrateLine * line)
{
	int			length;
	const char *rest = behind(line, "--!", &length);

	if (rest == NULL)
		return MARK_NONE;
	if (line->number == 1 && behind(line, "--! Previous:", &length) != NULL)
		return MARK_UP;
	return has_option(rest, length, "no-transaction") ? MARK_ALONE : MARK_NONE;
}

/*
 * drizzle: what separates statements, wherever it stands.
 */
static Marker
drizzle_mark(MigrateLine * line)
{
	static const char separator[] = "--> statement-breakpoint";
	const char *p = find_in_line(line, separator);

	if (p == NULL)
		return MARK_NONE;
	line->mark = p - line->text;
	line->mark_length = strlen(separator);
	return MARK_SEPARATOR;
}

/*
 * The ways of tools without sections to say that a file wants no transaction:
 * sqlx in the first line, postgres-migrations and supabase anywhere.
 */
static Marker
plain_mark(MigrateLine * line)
{
	int			length;
	const char *rest;

	if (line->length < 2 || memcmp(line->text, "--", 2) != 0)
		return MARK_NONE;
	if (line->number == 1 && behind(line, "-- no-transaction", &length) != NULL)
		return MARK_ALONE;
	if (find_in_line(line, "-- postgres-migrations disable-transaction") != NULL)
		return MARK_ALONE;
	rest = behind(line, "-- supabase:disable-transaction", &length);
	return rest != NULL && migrate_is_word(rest, length, "") ? MARK_ALONE : MARK_NONE;
}

/*
 * liquibase: the line that a formatted file begins with, "-- liquibase formatted",
 * in any case and with any white space; v5, FormattedSqlChangeLogParser.java.
 * What else such a file holds is for changesets.c.
 */
static Marker
liquibase_mark(MigrateLine * line)
{
	static const char *const words[] = {"--", "liquibase", "formatted"};
	const char *p = line->text;
	const char *end = line->text +line->length;

	for (int i = 0; i < lengthof(words); i++)
	{
		int			n = strlen(words[i]);

		p += skip_spaces(p, end - p);
		if (end - p < n || pg_strncasecmp(p, words[i], n) != 0)
			return MARK_NONE;
		p += n;
	}
	return MARK_UP;
}

/*
 * Start a pass over a text, line by line.
 */
void
migrate_lines_start(MigrateLineReader * lines, const char *sql, int length)
{
	memset(lines, 0, sizeof(MigrateLineReader));
	lines->next = sql;
	lines->end = sql + length;
}

/*
 * Make lines->line the next one; false if there is none.
 */
bool
migrate_lines_next(MigrateLineReader * lines)
{
	MigrateLine *line = &lines->line;
	const char *newline;

	if (lines->next == NULL)
		return false;
	newline = memchr(lines->next, '\n', lines->end - lines->next);
	line->text = lines->next;
	line->length = (newline ? newline : lines->end) - lines->next;
	line->number++;
	line->mark = 0;
	line->mark_length = line->length;
	lines->next = newline ? newline + 1 : NULL;
	return true;
}

/*
 * Does a line begin as a comment, as all that tells a grammar do?
 */
static bool
is_comment(const MigrateLine * line)
{
	int			blank = skip_spaces(line->text, line->length);

	return line->length - blank >= 2 && memcmp(line->text +blank, "--", 2) == 0;
}

/*
 * The first of "n" grammars that a text is marked by: it has a section marked so.
 * -1 if there is none.
 */
int
migrate_markers_first(const MigrateMarkers *const *markers, int n, const char *sql)
{
	MigrateLineReader lines;
	int			found = n;

	if (n == 0)
		return -1;
	migrate_lines_start(&lines, sql, strlen(sql));
	while (migrate_lines_next(&lines))
	{
		for (int i = 0; i < found && is_comment(&lines.line); i++)
		{
			Marker		marker = markers[i]->mark(&lines.line);

			if (marker == MARK_UP || marker == MARK_UP_ALONE ||
				(markers[i]->whole && marker == MARK_DOWN))
				found = i;
		}
	}
	return found < n ? found : -1;
}

/*
 * Is a grammar's up marker a comment that others may write as well?
 */
bool
migrate_markers_are_weak(const MigrateMarkers *markers)
{
	return markers->weak;
}

/*
 * The value of "key = value" in a text of such lines (TOML, Java properties),
 * without quotes, palloc'd; NULL if there is none.
 */
char *
migrate_setting(const char *text, const char *key)
{
	MigrateLineReader lines;
	size_t		n = strlen(key);

	migrate_lines_start(&lines, text, strlen(text));
	while (migrate_lines_next(&lines))
	{
		const char *p = lines.line.text;
		const char *end = p + lines.line.length;

		p += skip_spaces(p, end - p);
		if ((size_t) (end - p) <= n || memcmp(p, key, n) != 0)
			continue;
		p += n + skip_spaces(p + n, end - p - n);
		if (p == end || *p != '=')
			continue;
		p += 1 + skip_spaces(p + 1, end - p - 1);
		while (end > p && strchr(" \t\r", end[-1]) != NULL)
			end--;
		if (end - p >= 2 && *p == '"' && end[-1] == '"')
			return pnstrdup(p + 1, end - p - 2);
		return pnstrdup(p, end - p);
	}
	return NULL;
}

/*
 * An error about a line of a file: 42601.  "hint" may be NULL.
 */
void
migrate_bad_file(const char *file, int line, const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("%s", message),
			 hint ? errhint("%s", hint) : 0,
			 errcontext("file \"%s\", line %d", file, line)));
}

/*
 * State of finding the sections of a file.
 */
typedef struct SectionParser
{
	const MigrateMarkers *markers;
	const char *file;
	const char *sql;
	Migration  *migration;
	MigrateSection *open;		/* the section that the line is in, or NULL */
	MigratePiece *piece;		/* its piece there, or NULL */
	const		MigrateLine *line;
	bool		marked;			/* there has been an up or down marker */
	bool		unmarked_up;	/* the up section is what no marker stands
								 * before */
	bool		in_statement;	/* between a statement's begin and end */
	bool		alone;			/* all of the file, without a transaction */
	bool		variables;		/* goose's ENVSUB is on */
} SectionParser;

static void
open_piece(SectionParser *parser, MigrateSection *section, bool transactional, const char *start,
		   int line)
{
	MigratePiece *piece = palloc0(sizeof(MigratePiece));

	piece->offset = start - parser->sql;
	piece->line = line;
	piece->transactional = transactional;
	section->present = true;
	section->file = parser->migration->file;
	if (parser->variables && section->pieces == NIL)
		section->syntax = SYNTAX_GOOSE_ON;
	section->pieces = lappend(section->pieces, piece);
	parser->open = section;
	parser->piece = piece;
}

static void
close_piece(SectionParser *parser, const char *end)
{
	if (parser->piece != NULL)
		parser->piece->length = Max((int) (end - parser->sql) - parser->piece->offset, 0);
	parser->open = NULL;
	parser->piece = NULL;
}

/*
 * The first marker stands behind text that is in no section, or in the one that
 * an unmarked file is.
 */
static void
judge_prelude(SectionParser *parser, bool up)
{
	const		MigrateLine *line = parser->line;

	if (parser->markers->whole && !up)
		return;					/* it is the up section */
	if (!parser->markers->loose && !migrate_script_is_blank(parser->sql, line->text -parser->sql))
		migrate_bad_file(parser->file, line->number, "migration has statements before its up section",
						 psprintf("Only comments may stand before \"%s\".",
								  parser->markers->up_marker));
}

static void
begin_section(SectionParser *parser, bool up, bool alone, const char *after)
{
	Migration  *migration = parser->migration;
	MigrateSection *section = up ? &migration->up : &migration->down;
	const MigrateMarkers *markers = parser->markers;
	int			number = parser->line->number;

	if (!up && !migration->up.present && !markers->any_order)
		migrate_bad_file(parser->file, number,
						 "down section of migration stands before its up section", NULL);
	if (!parser->marked)
		judge_prelude(parser, up);
	parser->marked = true;
	if (up && parser->unmarked_up)
		memset(section, 0, sizeof(MigrateSection));
	parser->unmarked_up &= !up;
	if (section->present && !markers->repeats)
		migrate_bad_file(parser->file, number, up ? "migration has two up sections" :
						 "migration has two down sections", NULL);
	if (parser->in_statement)
		migrate_bad_file(parser->file, number, up ? "statement is not ended before the up section" :
						 "statement is not ended before the down section", NULL);
	close_piece(parser, parser->line->text);
	open_piece(parser, section, !alone, after, number + 1);
}

/*
 * Has the text that ends at "end" a statement there that wants its semicolon?
 * Lines of comments do not count; if in doubt it does, which does no harm.
 */
bool
migrate_lacks_semicolon(const char *start, const char *end)
{
	while (end > start)
	{
		const char *line = end;

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
	const char *mark = parser->line->text +parser->line->mark;
	MigrateEnd *end;

	if (parser->piece == NULL || parser->line->mark_length == 0 ||
		!migrate_lacks_semicolon(parser->sql + parser->piece->offset, mark))
		return;
	end = palloc(sizeof(MigrateEnd));
	end->offset = mark - parser->sql;
	end->length = parser->line->mark_length;
	parser->open->ends = lappend(parser->open->ends, end);
}

static void
refuse_template(SectionParser *parser)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("templates are not supported"),
			 errhint("Write the statements out; tern's \"print-migrations\" shows them."),
			 errcontext("file \"%s\", line %d", parser->file, parser->line->number)));
}

/*
 * Take a line that is a marker.  "after" is where the next line starts.
 */
static void
take_marker(SectionParser *parser, Marker marker, const char *after)
{
	const		MigrateLine *line = parser->line;

	switch (marker)
	{
		case MARK_NONE:
			break;
		case MARK_UP:
		case MARK_UP_ALONE:
			begin_section(parser, true, marker == MARK_UP_ALONE, after);
			break;
		case MARK_DOWN:
		case MARK_DOWN_ALONE:
			begin_section(parser, false, marker == MARK_DOWN_ALONE, after);
			break;
		case MARK_ALONE:
			if (parser->piece != NULL)
				parser->piece->transactional = false;
			break;
		case MARK_BOTH_ALONE:
			parser->alone = true;
			break;
		case MARK_STOP:
			close_piece(parser, line->text);
			break;
		case MARK_BEGIN:
			if (parser->in_statement)
				migrate_bad_file(parser->file, line->number, "statement is begun twice", NULL);
			parser->in_statement = true;
			break;
		case MARK_END:
			if (!parser->in_statement)
				migrate_bad_file(parser->file, line->number,
								 "statement is ended that was not begun", NULL);
			parser->in_statement = false;
			end_statement(parser);
			break;
		case MARK_SEPARATOR:
			end_statement(parser);
			break;
		case MARK_VARIABLES_ON:
			parser->variables = true;
			if (parser->open != NULL && parser->open->syntax == SYNTAX_PSQL)
				parser->open->syntax = SYNTAX_GOOSE;
			break;
		case MARK_VARIABLES_OFF:
			parser->variables = false;
			break;
		case MARK_UNKNOWN:
			migrate_bad_file(parser->file, line->number,
							 psprintf("unrecognized marker: \"%.*s\"",
									  (int) strcspn(line->text, "\r\n"), line->text), NULL);
			break;
		case MARK_TEMPLATE:
			refuse_template(parser);
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
	foreach(lc, section->pieces)
	{
		MigratePiece *piece = lfirst(lc);

		piece->transactional &= !parser->alone;
		all &= piece->transactional;
		none &= !piece->transactional;
	}
	section->transactional = all;
	foreach(lc, section->pieces)
	{
		MigratePiece *piece = lfirst(lc);

		/* what stays a transaction of its own among others */
		piece->wrapped = piece->transactional && !all && !none && !parser->markers->alone_for_all;
	}
	if (backwards)
	{
		List	   *reversed = NIL;

		foreach(lc, section->pieces)
			reversed = lcons(lfirst(lc), reversed);
		section->pieces = reversed;
	}
	migrate_section_settle(section);
}

/*
 * The line that an up section begins with, for messages.
 */
const char *
migrate_markers_up(const MigrateMarkers *markers)
{
	return markers->up_marker;
}

/*
 * Find the sections of a file: of both directions by its markers, or the part
 * that the file is.  False if there should be an up section and is none.  Errors:
 * 42601 with file and line.
 */
bool
migrate_markers_parse(const MigrateMarkers *markers, Migration *migration, MigratePart part,
					  const char *sql, int length)
{
	SectionParser parser = {.markers = markers,.file = migration->file,.sql = sql,
	.migration = migration};
	MigrateLineReader reader;

	parser.line = &reader.line;
	parser.unmarked_up = markers->whole && part != PART_DOWN;
	if (markers->whole)
		open_piece(&parser, part == PART_DOWN ? &migration->down : &migration->up, true, sql, 1);
	migrate_lines_start(&reader, sql, length);
	while (markers->mark != NULL && migrate_lines_next(&reader))
		take_marker(&parser, markers->mark(&reader.line),
					reader.next ? reader.next : reader.end);
	if (!migration->up.present && !(markers->whole && part == PART_DOWN))
		return false;
	if (parser.in_statement)
		migrate_bad_file(migration->file, reader.line.number, "statement is begun and not ended", NULL);
	close_piece(&parser, sql + length);
	end_section(&parser, &migration->up, false);
	end_section(&parser, &migration->down, markers->down_backwards);
	return true;
}

/*
 * The grammars.
 */
const MigrateMarkers migrate_markers_none = {.whole = true};
const MigrateMarkers migrate_markers_plain = {.mark = plain_mark,.whole = true};
const MigrateMarkers migrate_markers_goose = {.mark = goose_mark,.up_marker = "-- +goose Up"};
const MigrateMarkers migrate_markers_updown = {.mark = updown_mark,.up_marker = "-- UP",.weak = true};
const MigrateMarkers migrate_markers_sql_migrate = {
	.mark = sql_migrate_mark,.up_marker = "-- +migrate Up",
	.loose = true,.repeats = true,.alone_for_all = true,.any_order = true,
};
const MigrateMarkers migrate_markers_dbmate = {
	.mark = dbmate_mark,.up_marker = "-- migrate:up",.repeats = true,.down_backwards = true,
};
const MigrateMarkers migrate_markers_tern = {
	.mark = tern_mark,.up_marker = "---- create above / drop below ----",.whole = true,
};
const MigrateMarkers migrate_markers_rambler = {
	.mark = rambler_mark,.up_marker = "-- rambler up",
	.loose = true,.repeats = true,.down_backwards = true,.any_order = true,
};
const MigrateMarkers migrate_markers_node_pg = {
	.mark = node_pg_mark,.up_marker = "-- Up Migration",
	.whole = true,.loose = true,.any_order = true,.weak = true,
};
const MigrateMarkers migrate_markers_graphile = {.mark = graphile_mark,.whole = true};
const MigrateMarkers migrate_markers_drizzle = {.mark = drizzle_mark,.whole = true};
const MigrateMarkers migrate_markers_liquibase = {
	.mark = liquibase_mark,.up_marker = "--liquibase formatted sql",
};
