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

#include "format/attributes.h"
#include "format/changelog.h"
#include "format/contexts.h"
#include "format/doubt.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/grammar.h"
#include "format/preconditions.h"
#include "util/lines.h"
#include "util/printable.h"

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
	MigrateReference reference; /* to the changeset that is its way back */
	MigrateChangelog *changelog;	/* what the files share */
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
	section->syntax.kind = SYNTAX_LIQUIBASE;
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
	if (parser->skipped)
		return;
	migrate_section_finish(&current->up);
	if (current->down.present)
		migrate_section_finish(&current->down);
	migrate_changelog_add(parser->changelog, current);
	if (parser->reference.line > 0)
		migrate_changelog_refer(parser->changelog, current, &parser->reference);
	current->properties = parser->changelog->properties;
	current->nproperties = list_length(current->properties);
	current->local_properties = parser->changelog->local_properties;
	current->nlocal_properties = list_length(current->local_properties);
	current->may_be_passed_over = current->ignores_failure || migrate_may_pass_over(current->preconditions);
	if (parser->changelog->undecided != NIL)
		migrate_changelog_doubt(parser->changelog, current, parser->sql + current->up.offset, end);
	parser->migrations = lappend(parser->migrations, current);
}

/*
 * The value of an attribute, with those of properties in it; NULL if it has none.  In a
 * changeset that is to run, all of them must have one.
 */
static char *
changeset_attribute(const ChangesetParser *parser, const char *after, const char *key)
{
	const MigrateLine *line = &parser->lines.line;
	char	   *value = migrate_changelog_expand(parser->changelog, migrate_attribute(line, after, key),
												 parser->file->file, line);

	if (value != NULL && strstr(value, "${") != NULL)
		migrate_add_doubt(parser->current, line->number, true,
						  psprintf("attribute \"%s\" has a variable without a value", key),
						  "Define it in a line \"--property\" before it.");
	return value;
}

static bool
changeset_flag(const ChangesetParser *parser, const char *after, const char *key, bool otherwise)
{
	return migrate_attribute_is_true(changeset_attribute(parser, after, key), otherwise);
}

/*
 * Contexts or labels, which must be a list of expressions.
 */
static void
check_expression(const ChangesetParser *parser, const char *list, const char *what)
{
	const char *error = list == NULL ? NULL : migrate_contexts_error(list);

	if (error != NULL)
		migrate_bad_file(parser->file->file, parser->lines.line.number,
						 psprintf("%s \"%s\" cannot be read: %s", what, migrate_excerpt(list), error), NULL);
}

static void
parse_contexts(const ChangesetParser *parser, const char *after)
{
	Migration  *migration = parser->current;

	migration->contexts = changeset_attribute(parser, after, "contextFilter");
	if (migration->contexts == NULL || *migration->contexts == '\0')
		migration->contexts = changeset_attribute(parser, after, "context");
	migration->labels = changeset_attribute(parser, after, "labels");
	check_expression(parser, migration->contexts, "context");
	check_expression(parser, migration->labels, "list of labels");
}

/*
 * The path that a changeset gives itself, from its key; NULL if it has none, or for another
 * migration.
 */
const char *
migrate_changeset_key_path(const char *sort_key)
{
	const char *p = sort_key;

	for (int i = 0; i < 4; i++)
	{
		p = strchr(p, '\t');
		if (p == NULL)
			return NULL;
		p++;
	}
	return p;
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
	char	   *author = migrate_attribute_word(&p, end, ":");
	char	   *id;
	int			prelude;

	p = skip_spaces(p, end);
	if (p == after || p >= end || *p != ':')
		migrate_bad_file(parser->file->file, line->number, "changeset has no \"author:id\"", NULL);
	p = skip_spaces(p + 1, end);
	id = migrate_attribute_word(&p, end, " \t\r");
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
	memset(&parser->reference, 0, sizeof(MigrateReference));
	parser->transactional = changeset_flag(parser, p, "runInTransaction", true);
	parser->skipped = changeset_flag(parser, p, "ignore", false) ||
		!migrate_dbms_is_ours(changeset_attribute(parser, p, "dbms"));
	parser->delimiter = migrate_plain_delimiter(migrate_attribute(line, p, "endDelimiter"));
	parser->down_delimiter = migrate_plain_delimiter(migrate_attribute(line, p, "rollbackEndDelimiter"));
	migration->logical_path = changeset_attribute(parser, p, "logicalFilePath");
	if (migration->logical_path == NULL || *migration->logical_path == '\0')
		migration->logical_path = parser->logical_path;
	migration->shares_file = true;
	author = migrate_changelog_expand(parser->changelog, author, parser->file->file, line);
	migration->author = author;
	id = migrate_changelog_expand(parser->changelog, id, parser->file->file, line);
	parse_contexts(parser, p);
	migration->ignores_failure = !changeset_flag(parser, p, "failOnError", true);
	migration->version = psprintf("%s:%s", author, id);
	migration->name = pstrdup("");
	migration->always = changeset_flag(parser, p, "runAlways", false);
	migration->kind = migration->always || changeset_flag(parser, p, "runOnChange", false) ?
		KIND_REPEATABLE : KIND_VERSIONED;
	migration->sort_key = psprintf("%s\t%s\t%06d\t%s%s%s",
								   migration->kind == KIND_REPEATABLE ? "R" : "0",
								   parser->file->sort_key,
								   list_length(parser->migrations), migration->version,
								   migration->logical_path ? "\t" : "",
								   migration->logical_path ? migration->logical_path : "");
	if (migration->logical_path != NULL)
		migration->tags = list_make1(psprintf("%s:%s", migration->logical_path, migration->version));
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
 * Does a rollback say that there is nothing to do?
 */
static bool
is_nothing(const char *str, const char *end)
{
	static const char *const words[] = {"empty", "not required"};

	for (int i = 0; i < lengthof(words); i++)
	{
		int			n = strlen(words[i]);

		if (end - str >= n && pg_strncasecmp(str, words[i], n) == 0)
			return true;
	}
	return false;
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
	if (migrate_changelog_parse_reference(&parser->reference, line, sql))
		return;
	if (is_nothing(sql, end))
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
	else if (pg_strncasecmp(value, "end", 3) == 0)
		parser->ignored = 0;
	else if (isdigit((unsigned char) *value))
		parser->ignored = atoi(value);
	else
		migrate_bad_file(parser->file->file, line->number, "number of lines to ignore is missing",
						 "Write \"--ignoreLines:2\", or \"--ignoreLines:start\" and \"--ignoreLines:end\".");
	if (parser->current == NULL)
		return;
	if (parser->ignored != 0)
		close_changeset_span(parser, &parser->up, line->str);
	else if (parser->up == NULL)
		parser->up = open_changeset_span(parser, &parser->current->up, next, line->number + 1);
}

/*
 * A line is ignored.
 */
static void
skip_ignored(ChangesetParser *parser)
{
	const char *next = parser->lines.next ? parser->lines.next : parser->lines.end;

	if (parser->ignored > 0 && --parser->ignored == 0 && parser->current != NULL)
		parser->up = open_changeset_span(parser, &parser->current->up, next,
										 parser->lines.line.number + 1);
}

/*
 * Take a line of a rollback block.
 */
static void
parse_block_line(ChangesetParser *parser)
{
	const MigrateLine *line = &parser->lines.line;
	bool		ends = ends_rollback_block(line);
	const char *end = ends ? end_of_block(line) : line->str + line->length;
	const char *begin = parser->sql + parser->down->offset;
	MigrateSection *down = &parser->current->down;

	(void) migrate_changelog_parse_reference(&parser->reference, line, line->str);
	if (!ends)
	{
		note_delimiter(parser, down, parser->down_delimiter, line->str);
		return;
	}
	while (begin < end && isspace((unsigned char) *begin))
		begin++;
	while (end > begin && isspace((unsigned char) end[-1]))
		end--;
	if (is_nothing(begin, end) && memchr(begin, '\n', end - begin) == NULL)
	{
		down->nothing = list_length(down->spans) == 1;
		parser->down->offset = end - parser->sql;
	}
	else
	{
		down->nothing = false;
		end = end_of_block(line);
	}
	close_changeset_span(parser, &parser->down, end);
}

/*
 * "--validCheckSum: ...": a checksum that what has run may have.
 */
static void
parse_checksum(ChangesetParser *parser, const char *rest)
{
	const MigrateLine *line = &parser->lines.line;
	const char *end = line->str + line->length;
	const char *p = skip_spaces(rest + (rest < end && *rest == ':'), end);
	char	   *checksum = migrate_attribute_word(&p, end, " \t\r");

	if (*checksum != '\0')
		parser->current->valid_checksums = lappend(parser->current->valid_checksums, checksum);
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
	else if ((rest = migrate_line_directive(line, "validCheckSum")) != NULL && (is_space(*rest) || *rest == ':'))
		parse_checksum(parser, rest);
	else if (parser->skipped ||
			 !migrate_parse_precondition(&parser->current->preconditions, parser->file->file, line))
		note_delimiter(parser, &parser->current->up, parser->delimiter, line->str);
}

/*
 * The first line of a file, which may have the path of its changesets.
 */
static void
parse_header(ChangesetParser *parser, const char *rest)
{
	char	   *path = migrate_attribute(&parser->lines.line, rest, "logicalFilePath");

	if (path != NULL && *path != '\0')
		parser->logical_path = migrate_changelog_expand(parser->changelog, path, parser->file->file,
														&parser->lines.line);
}

/*
 * Take a line.
 */
static void
parse_line(ChangesetParser *parser)
{
	const MigrateLine *line = &parser->lines.line;
	const char *rest;

	if (parser->down != NULL)
		parse_block_line(parser);
	else if ((rest = migrate_line_directive(line, "ignoreLines:")) != NULL)
		parse_ignored(parser, rest);
	else if (parser->ignored != 0)
		skip_ignored(parser);
	else if ((rest = migrate_line_directive(line, "changeset")) != NULL)
		begin_changeset(parser, rest);
	else if ((rest = migrate_line_directive(line, "property")) != NULL && is_space(*rest))
		migrate_changelog_add_property(parser->changelog, parser->file->file, line, rest);
	else if (!parser->begun && parser->logical_path == NULL &&
			 (rest = migrate_line_directive(line, "liquibase")) != NULL)
		parse_header(parser, rest);
	else
	{
		if (!parser->skipped || parser->current == NULL)
			migrate_changelog_refuse_commercial(parser->file->file, line);
		if (parser->current != NULL)
			parse_changeset_line(parser);
	}
}

/*
 * The changesets of a file, as a list of Migration; NIL for a file that does not
 * begin as formatted SQL.  "changelog" is what it shares with the files before it, and
 * those after it.
 *
 * Errors, with file and line: 42601 for a line that is no changeset or cannot be read,
 * 42710 for one that is defined twice, 42704 for a rollback that names a changeset that
 * is not there, 0A000 for preconditions of other kinds and for lines of the commercial
 * edition.
 */
List *
migrate_changesets_parse(const MigrateFileName *file, const char *sql, int length,
						 MigrateChangelog *changelog)
{
	ChangesetParser parser = {.file = file,.sql = sql,.changelog = changelog};
	const MigrateGrammar *grammar = &migrate_grammar_liquibase;

	if (migrate_grammar_first(&grammar, 1, sql) < 0)
		return NIL;
	migrate_changelog_next_file(changelog);
	changelog->refers = false;
	migrate_lines_start(&parser.lines, sql, length);
	while (migrate_lines_next(&parser.lines))
		parse_line(&parser);
	end_changeset(&parser, sql + length);
	return parser.migrations;
}
