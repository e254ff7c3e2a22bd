/*-------------------------------------------------------------------------
 *
 * format.c
 *		File names and text -> migrations, for each format.
 *
 * A format is a row of formats[]: which file names are its migrations, and
 * how its files mark what they hold.  Rows stand in order of detection; the
 * first whose evidence a directory shows is taken.  To add a format, add a
 * row, with a function for its file names and one for its marker lines if the
 * ones here do not fit.
 *
 * Nothing here does I/O or asks a catalog.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"

#include "migrate.h"

/*
 * What a line is to a format.
 */
typedef enum Marker
{
	MARK_NONE,
	MARK_UP,
	MARK_DOWN,
	MARK_BEGIN,					/* of a statement; the parser needs no telling */
	MARK_END,
	MARK_NO_TRANSACTION,
	MARK_VARIABLES_ON,			/* values are put in, from here on */
	MARK_VARIABLES_OFF,
	MARK_UNKNOWN,				/* looks like a marker and is none */
} Marker;

struct MigrateFormat
{
	const char *name;
	const char *up_marker;		/* how it is written, for messages */
	bool		(*claims) (const char *file, MigrateFileName *parsed);
	Marker		(*mark) (const char *line, int length); /* NULL: no markers */
	const char *evidence;		/* suffix of a file name that tells */
	const char *code_suffix;	/* migrations that are no SQL */
	bool		header;			/* has header comment lines */
};

/*
 * The header lines of home-made scripts, and where each goes.
 */
typedef struct HeaderField
{
	const char *label;
	size_t		field;
} HeaderField;

static const HeaderField header_fields[] = {
	/* a description wins over a title, wherever they stand */
	{"Migration", offsetof(Migration, description)},
	{"Description", offsetof(Migration, description)},
	{"Author", offsetof(Migration, author)},
	{"Created", offsetof(Migration, created)},
	{"Date", offsetof(Migration, created)},
};

static bool
has_suffix(const char *name, const char *suffix)
{
	size_t		n = strlen(name);
	size_t		s = strlen(suffix);

	return n > s && strcmp(name + n - s, suffix) == 0;
}

/*
 * A key that orders decimal numbers of any length bytewise: the number of
 * digits, then the digits.
 */
static char *
numeric_sort_key(const char *digits, int length)
{
	while (length > 1 && *digits == '0')
	{
		digits++;
		length--;
	}
	return psprintf("%04d:%.*s", length, length, digits);
}

/*
 * Take a name apart into digits, one of "separators", and the rest without
 * "suffix".
 */
static bool
numbered_name(const char *file, const char *separators, const char *suffix,
			  MigrateFileName *parsed)
{
	int			digits = strspn(file, "0123456789");
	int			rest;

	if (digits == 0 || digits > 255 || file[digits] == '\0' ||
		strchr(separators, file[digits]) == NULL ||
		!has_suffix(file + digits, suffix))
		return false;
	rest = strlen(file + digits + 1) - strlen(suffix);
	if (rest < 0)
		return false;
	parsed->version = pnstrdup(file, digits);
	parsed->sort_key = numeric_sort_key(file, digits);
	parsed->name = pnstrdup(file + digits + 1, rest);
	return true;
}

/*
 * goose: "*.sql", a number of at least 1, an underscore (v3.27, collect.go).
 */
static bool
goose_claims(const char *file, MigrateFileName *parsed)
{
	parsed->part = PART_BOTH;
	if (!numbered_name(file, "_", ".sql", parsed))
		return false;
	if (strcmp(parsed->sort_key, "0001:0") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("version of migration \"%s\" is zero", file),
				 errdetail("Versions of the format \"%s\" start at 1.", "goose")));
	return true;
}

static bool
updown_claims(const char *file, MigrateFileName *parsed)
{
	parsed->part = PART_BOTH;
	return numbered_name(file, "-_", ".sql", parsed);
}

/*
 * plain: the undo script of N is N_rollback.sql or N_anything.down.sql.
 */
static bool
plain_claims(const char *file, MigrateFileName *parsed)
{
	if (!numbered_name(file, "-_", ".sql", parsed))
		return false;
	parsed->part = strcmp(file + strlen(parsed->version), "_rollback.sql") == 0 ||
		has_suffix(file, ".down.sql") ? PART_DOWN : PART_UP;
	return true;
}

/*
 * pairs: "N_name.up.sql" and "N_name.down.sql" (golang-migrate v4, parse.go).
 */
static bool
pairs_claims(const char *file, MigrateFileName *parsed)
{
	parsed->part = PART_UP;
	if (numbered_name(file, "_", ".up.sql", parsed))
		return true;
	parsed->part = PART_DOWN;
	return numbered_name(file, "_", ".down.sql", parsed);
}

/*
 * Is the text, without white space around it, this word in any case?
 */
static bool
is_word(const char *sql, int length, const char *word)
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

static const char *
find_in_line(const char *line, int length, const char *what)
{
	int			n = strlen(what);

	for (const char *p = line; p + n <= line + length; p++)
	{
		p = memchr(p, *what, line + length - n + 1 - p);
		if (p == NULL)
			break;
		if (memcmp(p, what, n) == 0)
			return p;
	}
	return NULL;
}

/*
 * goose: a comment with "+goose" and a command in any case; v3.27, parser.go.
 * What goose refuses is MARK_UNKNOWN.
 */
static Marker
goose_mark(const char *line, int length)
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
		{"NO TRANSACTION", MARK_NO_TRANSACTION},
		{"ENVSUB ON", MARK_VARIABLES_ON},
		{"ENVSUB OFF", MARK_VARIABLES_OFF},
	};
	int			indent = 0;
	const char *tag;
	const char *command;

	while (indent < length && (line[indent] == ' ' || line[indent] == '\t'))
		indent++;
	if (length - indent < 2 || line[indent] != '-' || line[indent + 1] != '-')
		return MARK_NONE;
	tag = find_in_line(line, length, "+goose");
	if (tag == NULL)
		return MARK_NONE;
	if (indent > 0)
		return MARK_UNKNOWN;
	command = tag + strlen("+goose");
	for (int i = 0; i < lengthof(commands); i++)
		if (is_word(command, line + length - command, commands[i].word) &&
			is_word(line + 2, tag - line - 2, ""))
			return commands[i].marker;
	return MARK_UNKNOWN;
}

/*
 * updown: "-- UP" and "-- DOWN", alone on their line.
 */
static Marker
updown_mark(const char *line, int length)
{
	if (length < 2 || line[0] != '-' || line[1] != '-')
		return MARK_NONE;
	if (is_word(line + 2, length - 2, "UP"))
		return MARK_UP;
	if (is_word(line + 2, length - 2, "DOWN"))
		return MARK_DOWN;
	return MARK_NONE;
}

static const MigrateFormat formats[] = {
	{.name = "pairs",.claims = pairs_claims,.evidence = ".up.sql"},
	{.name = "goose",.claims = goose_claims,.mark = goose_mark,
	.up_marker = "-- +goose Up",.code_suffix = ".go"},
	{.name = "updown",.claims = updown_claims,.mark = updown_mark,
	.up_marker = "-- UP",.header = true},
	{.name = "plain",.claims = plain_claims,.evidence = ".sql",.header = true},
};

/*
 * The format of that name; 22023 with a list of them for an unknown one.
 */
const MigrateFormat *
migrate_format_named(const char *name)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
		appendStringInfo(&names, "%s\"%s\"", i > 0 ? ", " : "", formats[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized format: \"%s\"", name),
			 errhint("Valid formats are %s.", names.data)));
}

/*
 * The next line of a text: its start, and in *length its bytes without the
 * line end.  "*next" is where the one after it starts, NULL after the last.
 */
static const char *
next_line(const char **next, const char *end, int *length)
{
	const char *line = *next;
	const char *newline = memchr(line, '\n', end - line);

	*length = (newline ? newline : end) - line;
	*next = newline ? newline + 1 : NULL;
	return line;
}

static bool
has_marker(const MigrateFormat *format, const char *sql, Marker wanted)
{
	const char *end = sql + strlen(sql);
	const char *next = sql;

	while (next != NULL)
	{
		int			length;
		const char *line = next_line(&next, end, &length);

		if (format->mark(line, length) == wanted)
			return true;
	}
	return false;
}

/*
 * Detection, file by file: the best format that the files so far are evidence
 * for.  "best" is the result for those before, NULL for the first one.
 */
const MigrateFormat *
migrate_format_detect(const MigrateFormat *best, const char *file, const char *sql)
{
	for (const MigrateFormat *f = formats; f < formats + lengthof(formats) && f != best; f++)
	{
		MigrateFileName parsed;

		if (f->evidence != NULL && !has_suffix(file, f->evidence))
			continue;
		if (f->mark != NULL && !has_marker(f, sql, MARK_UP))
			continue;
		if (f->claims(file, &parsed))
			return f;
	}
	return best;
}

/*
 * Refuse a file that the directory's format leaves alone, and that by its
 * markers is a migration of another: nobody would miss it until it is too late.
 * "evidence" is the file that the format was detected from.
 */
void
migrate_format_refuse_other(const MigrateFormat *format, const char *evidence,
							const char *file, const char *sql)
{
	const MigrateFormat *other = migrate_format_detect(NULL, file, sql);

	if (other == NULL || other == format || other->mark == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("directory has migrations of two formats"),
			 errdetail("File \"%s\" is one of format \"%s\", file \"%s\" of format \"%s\".",
					   evidence, format->name, file, other->name),
			 errhint("Move those of one of them, or give the format to read the directory in.")));
}

/*
 * Is a file of this name a migration, or a part of one?  If "format" is NULL,
 * of any format?  A code migration is an error, 0A000.
 */
bool
migrate_format_claims(const MigrateFormat *format, const char *file, MigrateFileName *parsed)
{
	/* every other name of a format is one of these too */
	if (format == NULL)
		return updown_claims(file, parsed);
	if (format->code_suffix != NULL && has_suffix(file, format->code_suffix) &&
		!has_suffix(file, psprintf("_test%s", format->code_suffix)) &&
		numbered_name(file, "_", format->code_suffix, parsed))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("migration \"%s\" is not written in SQL", file),
				 errhint("Rewrite it in SQL; code cannot run inside the server.")));
	return format->claims(file, parsed);
}

pg_noreturn static void bad_file(const char *file, int line, const char *message,
								 const char *hint);

/*
 * An error about a line of a file.
 */
static void
bad_file(const char *file, int line, const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("%s", message),
			 hint ? errhint("%s", hint) : 0,
			 errcontext("file \"%s\", line %d", file, line)));
}

/*
 * Header comment lines, which stand before the first statement.
 */
static void
parse_header(Migration *migration, const char *sql, int length)
{
	const char *end = sql + length;
	const char *next = sql;

	while (next != NULL)
	{
		int			n;
		const char *line = next_line(&next, end, &n);
		const char *colon;

		while (n > 0 && strchr(" \t\r", line[n - 1]) != NULL)
			n--;
		if (n == 0)
			continue;
		if (n < 2 || line[0] != '-' || line[1] != '-')
			break;
		colon = memchr(line, ':', n);
		if (colon != NULL && is_word(line + 2, colon - line - 2, "Reversible"))
			migration->said_reversible = is_word(colon + 1, line + n - colon - 1, "Yes");
		for (int i = 0; colon != NULL && i < lengthof(header_fields); i++)
		{
			const HeaderField *field = &header_fields[i];
			char	  **value = (char **) ((char *) migration + field->field);

			if (!is_word(line + 2, colon - line - 2, field->label))
				continue;
			while (++colon < line + n && (*colon == ' ' || *colon == '\t'))
				;
			if (colon < line + n && (*value == NULL || i > 0))
				*value = pnstrdup(colon, line + n - colon);
			break;
		}
	}
}

/*
 * The SHA-256 of "length" bytes, into PG_SHA256_DIGEST_LENGTH bytes.
 */
void
migrate_sha256(const char *sql, int length, uint8 *sha256)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);

	if (pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, (const uint8 *) sql, length) < 0 ||
		pg_cryptohash_final(hash, sha256, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
}

static void
start_section(MigrateSection *section, const char *file, const char *sql,
			  const char *start, int line)
{
	section->present = true;
	section->file = pstrdup(file);
	section->offset = start - sql;

	section->line = line;
}

static void
end_section(MigrateSection *section, const char *sql, const char *end)
{
	section->length = Max((int) (end - sql) - section->offset, 0);
	migrate_sha256(sql + section->offset, section->length, section->sha256);
}

/*
 * State of finding the sections of a file.
 */
typedef struct SectionParser
{
	const MigrateFormat *format;
	const char *file;
	const char *sql;
	Migration  *migration;
	MigrateSection *open;		/* the section that the line is in, or NULL */
	int			number;			/* of the line, from 1 */
	bool		in_statement;	/* between a statement's begin and end */
	bool		transactional;
	bool		variables;		/* goose's ENVSUB is on */
} SectionParser;

static void
begin_up(SectionParser *parser, const char *line, const char *after)
{
	Migration  *migration = parser->migration;

	if (migration->up.present)
		bad_file(parser->file, parser->number, "migration has two up sections", NULL);
	if (!migrate_script_is_blank(parser->sql, line - parser->sql))
		bad_file(parser->file, parser->number, "migration has statements before its up section",
				 psprintf("Only comments may stand before \"%s\".", parser->format->up_marker));
	parser->open = &migration->up;
	start_section(parser->open, parser->file, parser->sql, after, parser->number + 1);
	parser->open->syntax = parser->variables ? SYNTAX_GOOSE_ON : SYNTAX_PSQL;
}

static void
begin_down(SectionParser *parser, const char *line, const char *after)
{
	Migration  *migration = parser->migration;

	if (!migration->up.present)
		bad_file(parser->file, parser->number,
				 "down section of migration stands before its up section", NULL);
	if (migration->down.present)
		bad_file(parser->file, parser->number, "migration has two down sections", NULL);
	if (parser->in_statement)
		bad_file(parser->file, parser->number,
				 "statement is not ended before the down section", NULL);
	end_section(parser->open, parser->sql, line);
	parser->open = &migration->down;
	start_section(parser->open, parser->file, parser->sql, after, parser->number + 1);
	parser->open->syntax = parser->variables ? SYNTAX_GOOSE_ON : SYNTAX_PSQL;
}

/*
 * Take a line that is a marker.  "after" is where the next line starts.
 */
static void
take_marker(SectionParser *parser, Marker marker, const char *line, const char *after)
{
	switch (marker)
	{
		case MARK_NONE:
			break;
		case MARK_UP:
			begin_up(parser, line, after);
			break;
		case MARK_DOWN:
			begin_down(parser, line, after);
			break;
		case MARK_BEGIN:
			if (parser->in_statement)
				bad_file(parser->file, parser->number, "statement is begun twice", NULL);
			parser->in_statement = true;
			break;
		case MARK_END:
			if (!parser->in_statement)
				bad_file(parser->file, parser->number,
						 "statement is ended that was not begun", NULL);
			parser->in_statement = false;
			break;
		case MARK_NO_TRANSACTION:
			parser->transactional = false;
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
			bad_file(parser->file, parser->number,
					 psprintf("unrecognized marker: \"%.*s\"", (int) strcspn(line, "\r\n"), line),
					 NULL);
			break;
	}
}

/*
 * Find the sections of a file whose format has markers.
 */
static void
parse_markers(const MigrateFormat *format, const char *evidence, Migration *migration,
			  const char *file, const char *sql, int length)
{
	SectionParser parser = {.format = format,.file = file,.sql = sql,
	.migration = migration,.transactional = true};
	const char *end = sql + length;
	const char *next = sql;

	while (next != NULL)
	{
		int			n;
		const char *line = next_line(&next, end, &n);

		parser.number++;
		take_marker(&parser, format->mark(line, n), line, next ? next : end);
	}
	if (parser.open == NULL)
		bad_file(file, parser.number, "migration has no up section",
				 evidence == NULL ?
				 psprintf("The format \"%s\" marks it by a line \"%s\".",
						  format->name, format->up_marker) :
				 psprintf("The format \"%s\", detected from file \"%s\", marks it by a line \"%s\".",
						  format->name, evidence, format->up_marker));
	if (parser.in_statement)
		bad_file(file, parser.number, "statement is begun and not ended", NULL);
	end_section(parser.open, sql, end);
	migration->up.transactional = migration->down.transactional = parser.transactional;
}

/*
 * Take one file apart.
 *
 * Returns a migration with those sections that the file has; for a format
 * that spreads them over files, migrate_format_assemble() puts them together.
 * "evidence" is the file that the format was detected from, NULL if it was
 * given.  "sql" is only read.  Errors: 42601 with file and line.
 */
Migration *
migrate_format_parse(const MigrateFormat *format, const char *evidence, const char *file,
					 const MigrateFileName *parsed, const char *sql, int length)
{
	Migration  *migration = palloc0(sizeof(Migration));

	migration->version = parsed->version;
	migration->name = parsed->name;
	migration->sort_key = parsed->sort_key;
	if (format->header && parsed->part != PART_DOWN)
		parse_header(migration, sql, length);
	if (format->mark != NULL)
		parse_markers(format, evidence, migration, file, sql, length);
	else
	{
		MigrateSection *section = parsed->part == PART_DOWN ? &migration->down : &migration->up;

		start_section(section, file, sql, sql, 1);
		section->transactional = true;
		end_section(section, sql, sql + length);
	}
	return migration;
}

static int
compare_parts(const ListCell *a, const ListCell *b)
{
	const Migration *x = lfirst(a);
	const Migration *y = lfirst(b);
	int			order = strcmp(x->sort_key, y->sort_key);

	/* an up before its down, so that it gives the name */
	return order != 0 ? order : (int) y->up.present - (int) x->up.present;
}

static void
refuse_duplicate(const char *one, const char *other)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("two migrations have the same version"),
			 errdetail("The files are \"%s\" and \"%s\".", one, other),
			 errhint("Give one of them another number.")));
}

/*
 * Put together the parts (Migration) that have the same version, and bring all
 * into order.  Names of down files without an up are added to *ignored.
 * Errors: 42710 for two files that are the same part of the same version.
 */
List *
migrate_format_assemble(List *parts, List **ignored)
{
	List	   *migrations = NIL;
	Migration  *last = NULL;
	ListCell   *lc;

	list_sort(parts, compare_parts);
	foreach(lc, parts)
	{
		Migration  *part = lfirst(lc);

		if (last != NULL && strcmp(last->sort_key, part->sort_key) == 0)
		{
			if (part->up.present)
				refuse_duplicate(last->up.file, part->up.file);
			if (last->down.present)
				refuse_duplicate(last->down.file, part->down.file);
			last->down = part->down;
		}
		else if (part->up.present)
		{
			last = part;
			migrations = lappend(migrations, part);
		}
		else
			*ignored = lappend(*ignored, part->down.file);
	}
	return migrations;
}
