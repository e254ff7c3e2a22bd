/*-------------------------------------------------------------------------
 *
 * liquibase.c
 *		Liquibase's formatted SQL: a file of changesets -> migrations.
 *
 * The rules are those of Liquibase 5.0, AbstractFormattedChangeLogParser.java.
 * Directives are comments to SQL, so the text of a changeset runs unchanged; only
 * its delimiter and its rollback lines have to be found.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/liquibase.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "format/doubt.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/grammar.h"
#include "util/lines.h"
#include "util/printable.h"
#include "variables/variables.h"

/*
 * State of going through a file.
 */
typedef struct ChangesetParser
{
	const MigrateFileName *file;
	const char *sql;
	MigrateLineReader lines;
	List	   *migrations;
	Migration  *current;		/* the changeset that the line is in, or NULL */
	MigrateSpan *up;			/* open pieces, or NULL */
	MigrateSpan *down;
	bool		transactional;
	bool		skipped;		/* not for this server */
	bool		begun;			/* there has been a changeset */
	const char *delimiter;		/* what ends its statements, NULL: as usual
								 * ... */
	const char *down_delimiter; /* ... and those of its rollback */
	List	   *properties;		/* of MigrateVariable */
	char	   *logical_path;	/* of all changesets, or NULL */
	int			ignored;		/* number of lines to skip, -1: up to an end
								 * marker */
} ChangesetParser;

static const char *
skip_spaces(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r", *p) != NULL)
		p++;
	return p;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Parse a word, or a text in double quotes, that ends before one of "stops"; *p is
 * moved past it.
 */
static char *
parse_word(const char **p, const char *end, const char *stops)
{
	const char *start = *p;
	const char *quote;

	if (start < end && *start == '"' &&
		(quote = memchr(start + 1, '"', end - start - 1)) != NULL)
	{
		*p = quote + 1;
		return pnstrdup(start + 1, quote - start - 1);
	}
	while (*p < end && strchr(stops, **p) == NULL)
		(*p)++;
	return pnstrdup(start, *p - start);
}

/*
 * The value of an attribute, "key:value" somewhere in a changeset's line, palloc'd;
 * NULL if it has none.
 */
static char *
attribute(const MigrateLine *line, const char *after, const char *key)
{
	const char *end = line->str + line->length;
	int			n = strlen(key);

	for (const char *p = after; p + n < end; p++)
	{
		if (strchr(" \t", p[-1]) == NULL || pg_strncasecmp(p, key, n) != 0 || p[n] != ':')
			continue;
		p += n + 1;
		return parse_word(&p, end, " \t\r");
	}
	return NULL;
}

static bool
flag(const MigrateLine *line, const char *after, const char *key, bool otherwise)
{
	char	   *value = attribute(line, after, key);

	return value == NULL ? otherwise : pg_strcasecmp(value, "true") == 0;
}

/*
 * Is a changeset for this server?  "dbms" lists those it is for, or with "!" those
 * it is not for.
 */
static bool
is_for_postgresql(char *dbms)
{
	char	   *save = NULL;
	bool		excludes = false;

	if (dbms == NULL)
		return true;
	for (char *name = strtok_r(dbms, ", ", &save); name != NULL;
		 name = strtok_r(NULL, ", ", &save))
	{
		if (pg_strcasecmp(name, "postgresql") == 0 || pg_strcasecmp(name, "all") == 0)
			return true;
		if (pg_strcasecmp(name, "!postgresql") == 0)
			return false;
		excludes |= *name == '!';
	}
	return excludes;
}

/*
 * The delimiter as a piece of text at the end of a line: a regular expression for
 * line ends and white space adds nothing to that.  NULL for the usual one.
 */
static const char *
plain_delimiter(const char *delimiter)
{
	static const char *const nothing[] = {"\\r", "\\n", "\\s*", "\\s+", "\\s", "^", "$", "?"};
	StringInfoData buf;

	if (delimiter == NULL)
		return NULL;
	initStringInfo(&buf);
	while (*delimiter != '\0')
	{
		int			skip = 0;

		for (int i = 0; i < lengthof(nothing) && skip == 0; i++)
			if (strncmp(delimiter, nothing[i], strlen(nothing[i])) == 0)
				skip = strlen(nothing[i]);
		if (skip == 0)
			appendStringInfoChar(&buf, *delimiter);
		delimiter += Max(skip, 1);
	}
	return buf.len == 0 || strcmp(buf.data, ";") == 0 ? "" : buf.data;
}

static MigrateSpan *
open_changeset_span(ChangesetParser *parser, MigrateSection *section, const char *start, int line)
{
	MigrateSpan *span = palloc0(sizeof(MigrateSpan));

	span->offset = start - parser->sql;
	span->line = line;
	span->transactional = parser->transactional;
	span->unfinished = true;
	section->present = true;
	section->file = parser->current->file;
	section->transactional = parser->transactional;
	section->syntax = SYNTAX_LIQUIBASE;
	section->spans = lappend(section->spans, span);
	return span;
}

static void
close_changeset_span(ChangesetParser *parser, MigrateSpan **span, const char *end)
{
	if (*span != NULL)
		(*span)->length = end - parser->sql - (*span)->offset;
	*span = NULL;
}

static void
end_changeset(ChangesetParser *parser, const char *end)
{
	Migration  *current = parser->current;

	if (current == NULL)
		return;
	close_changeset_span(parser, &parser->up, end);
	if (parser->down != NULL)
		migrate_bad_file(current->file, parser->lines.line.number, "rollback block is not ended", NULL);
	parser->current = NULL;
	parser->ignored = 0;
	if (parser->skipped)
		return;
	migrate_section_finish(&current->up);
	if (current->down.present)
		migrate_section_finish(&current->down);
	parser->migrations = lappend(parser->migrations, current);
}

/*
 * What a changeset's line says.  Its version is "author:id"; that of several
 * files may be the same.
 */
static void
begin_changeset(ChangesetParser *parser, const char *after)
{
	const MigrateLine *line = &parser->lines.line;
	const char *end = line->str + line->length;
	Migration  *migration = palloc0(sizeof(Migration));
	const char *p = skip_spaces(after, end);
	char	   *author = parse_word(&p, end, ":");
	char	   *id;
	int			prelude;

	p = skip_spaces(p, end);
	if (p == after || p >= end || *p != ':')
		migrate_bad_file(parser->file->file, line->number, "changeset has no \"author:id\"", NULL);
	p = skip_spaces(p + 1, end);
	id = parse_word(&p, end, " \t\r");
	if (*id == '\0')
		migrate_bad_file(parser->file->file, line->number, "changeset has no \"author:id\"", NULL);
	end_changeset(parser, line->str);

	migration->file = parser->file->file;
	prelude = parser->begun ? 0 : migrate_first_statement(parser->sql, line->str - parser->sql);
	if (prelude > 0)
		migrate_add_doubt(migration, prelude, true, "statements before the first changeset would be left out",
						  "Move them after a line \"--changeset author:id\".");
	parser->begun = true;
	parser->current = migration;
	parser->transactional = flag(line, p, "runInTransaction", true);
	parser->skipped = flag(line, p, "ignore", false) ||
		!is_for_postgresql(attribute(line, p, "dbms"));
	parser->delimiter = plain_delimiter(attribute(line, p, "endDelimiter"));
	parser->down_delimiter = plain_delimiter(attribute(line, p, "rollbackEndDelimiter"));
	migration->logical_path = attribute(line, p, "logicalFilePath");
	if (migration->logical_path == NULL)
		migration->logical_path = parser->logical_path;
	migration->properties = parser->properties;
	migration->shares_file = true;
	migration->author = author;
	migration->contexts = attribute(line, p, "contextFilter");
	if (migration->contexts == NULL)
		migration->contexts = attribute(line, p, "context");
	migration->labels = attribute(line, p, "labels");
	migration->version = psprintf("%s:%s", author, id);
	migration->name = pstrdup("");
	migration->always = flag(line, p, "runAlways", false);
	migration->kind = migration->always || flag(line, p, "runOnChange", false) ?
		KIND_REPEATABLE : KIND_VERSIONED;
	migration->sort_key = psprintf("%s\t%s\t%06d\t%s",
								   migration->kind == KIND_REPEATABLE ? "R" : "0",
								   parser->file->sort_key,
								   list_length(parser->migrations), migration->version);
	parser->up = open_changeset_span(parser, &migration->up, parser->lines.next ? parser->lines.next : end,
									 line->number + 1);
}

/*
 * A line, from "p" on, may end with the changeset's delimiter, or, without a
 * delimiter of its own, consist of "go" or "/".
 */
static void
note_delimiter(ChangesetParser *parser, MigrateSection *section, const char *delimiter,
			   const char *p)
{
	const MigrateLine *line = &parser->lines.line;
	const char *end = line->str + line->length;
	MigrateTerminator *mark;
	int			n;

	p = skip_spaces(p, end);
	while (end > p && strchr(" \t\r", end[-1]) != NULL)
		end--;
	if (delimiter == NULL)
	{
		n = end - p;
		if (!migrate_is_word(p, n, "go") && !migrate_is_word(p, n, "/"))
			return;
	}
	else
	{
		n = strlen(delimiter);
		if (n == 0 || end - p < n || pg_strncasecmp(end - n, delimiter, n) != 0)
			return;
	}
	mark = palloc(sizeof(MigrateTerminator));
	mark->offset = end - n - parser->sql;
	mark->length = n;
	section->ends = lappend(section->ends, mark);
}

/*
 * "--rollback SQL": lines that together are the script.  What names another
 * changeset, or says that there is nothing to do, is no script.
 */
static void
parse_rollback(ChangesetParser *parser, const char *sql)
{
	const MigrateLine *line = &parser->lines.line;
	const char *end = line->str + line->length;
	MigrateSpan *span;

	sql = skip_spaces(sql, end);
	if (attribute(line, sql, "changesetId") != NULL)
		return;
	if (migrate_is_word(sql, end - sql, "empty") || migrate_is_word(sql, end - sql, "not required"))
	{
		span = open_changeset_span(parser, &parser->current->down, end, line->number);
		close_changeset_span(parser, &span, end);
		parser->current->down.nothing = list_length(parser->current->down.spans) == 1;
		return;
	}
	parser->current->down.nothing = false;
	span = open_changeset_span(parser, &parser->current->down, sql, line->number);
	close_changeset_span(parser, &span, parser->lines.next ? parser->lines.next : end);
	note_delimiter(parser, &parser->current->down, parser->down_delimiter, sql);
}

/*
 * A comment "/" "* liquibase rollback", up to the line that ends it.
 */
static bool
begins_rollback_block(const MigrateLine *line)
{
	static const char *const words[] = {"/*", "liquibase", "rollback"};
	const char *end = line->str + line->length;
	const char *p = line->str;

	for (int i = 0; i < lengthof(words); i++)
	{
		int			n = strlen(words[i]);

		p = skip_spaces(p, end);
		if (end - p < n || pg_strncasecmp(p, words[i], n) != 0)
			return false;
		p += n;
	}
	return skip_spaces(p, end) == end;
}

/*
 * Where the comment ends that a line ends: there may be others in the line.
 */
static const char *
end_of_block(const MigrateLine *line)
{
	const char *end = line->str + line->length;

	while (end > line->str + 2 && memcmp(end - 2, "*/", 2) != 0)
		end--;
	return end - 2;
}

static bool
ends_rollback_block(const MigrateLine *line)
{
	int			n = line->length;

	while (n > 0 && strchr(" \t\r", line->str[n - 1]) != NULL)
		n--;
	return n >= 2 && memcmp(line->str + n - 2, "*/", 2) == 0;
}

/*
 * "--ignoreLines:start", "end", or how many.
 */
static void
parse_ignored(ChangesetParser *parser, const char *value)
{
	const MigrateLine *line = &parser->lines.line;
	const char *next = parser->lines.next ? parser->lines.next : parser->lines.end;

	if (pg_strncasecmp(value, "start", 5) == 0)
		parser->ignored = -1;
	else
		parser->ignored = pg_strncasecmp(value, "end", 3) == 0 ? 0 : atoi(value);
	if (parser->ignored != 0)
		close_changeset_span(parser, &parser->up, line->str);
	else if (parser->up == NULL)
		parser->up = open_changeset_span(parser, &parser->current->up, next, line->number + 1);
}

static void
refuse_preconditions(ChangesetParser *parser)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("preconditions are not supported"),
			 errhint("Write the condition into the statements, as IF EXISTS or in a DO block."),
			 errcontext("file \"%s\", line %d", parser->file->file, parser->lines.line.number)));
}

/*
 * Take a line inside of a changeset.
 */
static void
parse_changeset_line(ChangesetParser *parser)
{
	const MigrateLine *line = &parser->lines.line;
	const char *next = parser->lines.next ? parser->lines.next : parser->lines.end;
	const char *rest;

	if (parser->down != NULL)
	{
		if (ends_rollback_block(line))
			close_changeset_span(parser, &parser->down, end_of_block(line));
		else
			note_delimiter(parser, &parser->current->down, parser->down_delimiter, line->str);
		return;
	}
	if ((rest = migrate_line_directive(line, "ignoreLines:")) != NULL)
	{
		parse_ignored(parser, rest);
		return;
	}
	if (parser->ignored != 0)
	{
		if (parser->ignored > 0 && --parser->ignored == 0)
			parser->up = open_changeset_span(parser, &parser->current->up, next, line->number + 1);
		return;
	}
	if ((rest = migrate_line_directive(line, "rollback")) != NULL && is_space(*rest))
		parse_rollback(parser, rest);
	else if (begins_rollback_block(line))
		parser->down = open_changeset_span(parser, &parser->current->down, next, line->number + 1);
	else if ((rest = migrate_line_directive(line, "comment")) != NULL && (is_space(*rest) || *rest == ':'))
	{
		const char *end = line->str + line->length;

		rest = skip_spaces(rest + (*rest == ':'), end);
		while (end > rest && strchr(" \t\r", end[-1]) != NULL)
			end--;
		if (end > rest)
			parser->current->description = pnstrdup(rest, end - rest);
	}
	else if (migrate_line_directive(line, "precondition") != NULL && !parser->skipped)
		refuse_preconditions(parser);
	else
		note_delimiter(parser, &parser->current->up, parser->delimiter, line->str);
}

/*
 * "--property name:x value:y dbms:z": a value for ${x}.
 */
static void
parse_property(ChangesetParser *parser, const char *rest)
{
	const MigrateLine *line = &parser->lines.line;
	MigrateVariable *variable = palloc0(sizeof(MigrateVariable));

	variable->name = attribute(line, rest, "name");
	variable->value = attribute(line, rest, "value");
	variable->origin = VARIABLE_GIVEN;
	if (variable->name == NULL || variable->value == NULL)
		migrate_bad_file(parser->file->file, line->number, "property has no name or no value", NULL);
	if (is_for_postgresql(attribute(line, rest, "dbms")))
		parser->properties = lappend(parser->properties, variable);
}

static int
compare_ids(const ListCell *a, const ListCell *b)
{
	const Migration *x = lfirst(a);
	const Migration *y = lfirst(b);
	int			order = strcmp(x->version, y->version);

	return order != 0 ? order : x->up.line - y->up.line;
}

/*
 * A file may not have the same author and id twice.
 */
static void
refuse_repeated_ids(List *migrations)
{
	List	   *by_id = list_copy(migrations);

	list_sort(by_id, compare_ids);
	for (int i = 1; i < list_length(by_id); i++)
	{
		const Migration *one = list_nth(by_id, i - 1);
		const Migration *other = list_nth(by_id, i);

		if (strcmp(one->version, other->version) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("changeset \"%s\" is defined twice", other->version),
					 errdetail("The other one is in line %d.", one->up.line - 1),
					 errhint("Give one of them another id."),
					 errcontext("file \"%s\", line %d", other->file, other->up.line - 1)));
	}
	list_free(by_id);
}

/*
 * The changesets of a file, as a list of Migration; NIL for a file that does not
 * begin as formatted SQL.
 *
 * Errors, with file and line: 42601 for a line that is no changeset, 42710 for one
 * that is defined twice, 0A000 for preconditions.
 */
List *
migrate_changesets_parse(const MigrateFileName *file, const char *sql, int length)
{
	ChangesetParser parser = {.file = file,.sql = sql};
	const MigrateGrammar *grammar = &migrate_grammar_liquibase;

	if (migrate_grammar_first(&grammar, 1, sql) < 0)
		return NIL;
	migrate_lines_start(&parser.lines, sql, length);
	while (migrate_lines_next(&parser.lines))
	{
		const char *rest = migrate_line_directive(&parser.lines.line, "changeset");

		if (rest != NULL && parser.ignored == 0 && parser.down == NULL)
			begin_changeset(&parser, rest);
		else if (parser.down == NULL && (rest = migrate_line_directive(&parser.lines.line, "property")) != NULL &&
				 is_space(*rest))
			parse_property(&parser, rest);
		else if (!parser.begun && (rest = migrate_line_directive(&parser.lines.line, "liquibase")) != NULL)
			parser.logical_path = attribute(&parser.lines.line, rest, "logicalFilePath");
		else if (parser.current != NULL)
			parse_changeset_line(&parser);
	}
	end_changeset(&parser, sql + length);
	refuse_repeated_ids(parser.migrations);
	return parser.migrations;
}
