/*-------------------------------------------------------------------------
 *
 * settings_toml.c
 *		Settings as TOML 1.0: tables, keys and values.
 *
 * All of the syntax is read.  What a value means is kept for strings, for other scalars as
 * they are written, and for arrays of both.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/settings_toml.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "format/settings_file.h"
#include "util/lines.h"
#include "util/names.h"
#include "util/printable.h"

/* bytes of the path of a key */
#define MAX_PATH	1000
#define BARE_KEY	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

typedef struct TomlReader
{
	MigrateSettingsFile *settings;
	const char *at;
	int			line;			/* of "at", from 1 */
	const char *table;			/* that keys are in, "" before the first one */
	MigrateNames *defined;		/* paths of keys and of tables */
	MigrateNames *arrays;		/* paths of arrays of tables: that of the last
								 * table of each (char *) */
	int			nelements;		/* tables in arrays */
} TomlReader;

pg_noreturn static void refuse(const char *message);

static void
refuse(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("%s", message)));
}

/*
 * The file and the line of any error while it is read: too deep a nesting is one of the
 * server.
 */
static void
add_context(void *arg)
{
	const TomlReader *reader = arg;

	migrate_callback_context("file \"%s\", line %d", reader->settings->file, reader->line);
}

static void
skip_blanks(TomlReader *reader)
{
	reader->at += strspn(reader->at, " \t");
}

/*
 * Skip a comment and the end of the line; false if there is something else.
 */
static bool
skip_line_end(TomlReader *reader)
{
	skip_blanks(reader);
	if (*reader->at == '#')
		reader->at += strcspn(reader->at, "\n");
	if (reader->at[0] == '\r' && reader->at[1] == '\n')
		reader->at++;
	if (*reader->at == '\n')
	{
		reader->at++;
		reader->line++;
		return true;
	}
	return *reader->at == '\0';
}

/*
 * Skip blanks, comments and line ends.
 */
static void
skip_lines(TomlReader *reader)
{
	do
	{
		CHECK_FOR_INTERRUPTS();
		skip_blanks(reader);
	} while (*reader->at != '\0' && strchr("#\r\n", *reader->at) != NULL && skip_line_end(reader));
}

/*
 * Append the character of an escape sequence with hexadecimal digits.
 */
static void
append_code_point(TomlReader *reader, StringInfo str, int ndigits)
{
	unsigned char buf[MAX_UNICODE_EQUIVALENT_STRING + 1];
	pg_wchar	code = 0;

	for (int i = 0; i < ndigits; i++)
	{
		char		c = pg_tolower((unsigned char) reader->at[i]);

		if (!isxdigit((unsigned char) c))
			refuse("invalid escape sequence in a string");
		code = code * 16 + (isdigit((unsigned char) c) ? c - '0' : c - 'a' + 10);
	}
	reader->at += ndigits;
	if (code == 0 || !is_valid_unicode_codepoint(code) || is_utf16_surrogate_first(code) ||
		is_utf16_surrogate_second(code))
		refuse("invalid escape sequence in a string");
	pg_unicode_to_server(code, buf);
	appendStringInfoString(str, (char *) buf);
}

/*
 * Append what an escape sequence after a backslash stands for.
 */
static void
append_escaped(TomlReader *reader, StringInfo str, bool multiline)
{
	static const char letters[] = "btnfre\"\\";
	static const char meant[] = "\b\t\n\f\r\033\"\\";
	const char *letter;

	if (multiline && strchr(" \t\r\n", *reader->at) != NULL && *reader->at != '\0')
	{
		/* up to what is not white space, if that is in another line */
		skip_blanks(reader);
		reader->at += reader->at[0] == '\r' && reader->at[1] == '\n';
		if (*reader->at != '\n')
			refuse("invalid escape sequence in a string");
		while (*reader->at != '\0' && strchr(" \t\r\n", *reader->at) != NULL)
			reader->line += *reader->at++ == '\n';
		return;
	}
	letter = *reader->at == '\0' ? NULL : strchr(letters, *reader->at);
	if (letter != NULL)
		appendStringInfoChar(str, meant[letter - letters]);
	else if (*reader->at != 'u' && *reader->at != 'U')
		refuse("invalid escape sequence in a string");
	if (*reader->at != '\0')
		reader->at++;
	if (letter == NULL)
		append_code_point(reader, str, reader->at[-1] == 'u' ? 4 : 8);
}

/*
 * A string in quotes, palloc'd; in three of them, it may have several lines.
 */
static char *
read_string(TomlReader *reader, bool may_be_multiline)
{
	char		quote = *reader->at;
	bool		multiline = may_be_multiline && reader->at[1] == quote && reader->at[2] == quote;
	StringInfoData str;

	initStringInfo(&str);
	reader->at += multiline ? 3 : 1;
	if (multiline && (reader->at[0] == '\n' || (reader->at[0] == '\r' && reader->at[1] == '\n')))
		(void) skip_line_end(reader);
	for (;;)
	{
		char		c = *reader->at;

		CHECK_FOR_INTERRUPTS();
		if (c == quote && (!multiline || (reader->at[1] == quote && reader->at[2] == quote)))
			break;
		if (c == '\0' || (c == '\n' && !multiline))
			refuse("string is not closed");
		reader->at++;
		reader->line += c == '\n';
		if (c == '\\' && quote == '"')
			append_escaped(reader, &str, multiline);
		else if (c != '\r' || *reader->at != '\n')
			appendStringInfoChar(&str, c);
	}
	reader->at += multiline ? 3 : 1;

	/* up to two quotes may come before those that end it */
	for (int i = 0; multiline && i < 2 && *reader->at == quote; i++)
	{
		appendStringInfoChar(&str, quote);
		reader->at++;
	}
	return str.data;
}

static char *
read_key_part(TomlReader *reader)
{
	int			length;

	skip_blanks(reader);
	if (*reader->at == '"' || *reader->at == '\'')
		return read_string(reader, false);
	length = strspn(reader->at, BARE_KEY);
	if (length == 0)
		refuse("invalid key");
	reader->at += length;
	return pnstrdup(reader->at - length, length);
}

/*
 * Each setting has the whole path as its name, so its length is limited.
 */
static char *
join(const char *path, const char *part)
{
	if (strlen(path) + strlen(part) > MAX_PATH)
		refuse(psprintf("name is longer than %d bytes", MAX_PATH));
	return *path == '\0' ? pstrdup(part) : psprintf("%s.%s", path, part);
}

/*
 * The table that a path leads to, the last one of an array of tables.
 */
static const char *
last_table(const TomlReader *reader, const char *path)
{
	const char *last = migrate_names_get(reader->arrays, path);

	return last ? last : path;
}

/*
 * Read a key, of several parts with periods between them: returns the last one.  *table,
 * which it is in, becomes the path of the others.
 */
static char *
read_key(TomlReader *reader, const char **table)
{
	char	   *part = read_key_part(reader);

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		skip_blanks(reader);
		if (*reader->at != '.')
			return part;
		reader->at++;
		*table = last_table(reader, join(*table, part));
		part = read_key_part(reader);
	}
}

static void
define(TomlReader *reader, const char *path)
{
	if (!migrate_names_add(reader->defined, path, NULL))
		refuse(psprintf("\"%s\" is defined twice", path));
}

/*
 * A number, a boolean or a time, as it is written, palloc'd.
 */
static char *
read_scalar(TomlReader *reader)
{
	static const char *const words[] = {"true", "false", "inf", "nan", "+inf", "+nan", "-inf", "-nan"};
	const char *start = reader->at;
	int			length = strcspn(start, " \t\r\n,]}#");
	char	   *scalar;
	bool		valid;

	/* a date, a blank, a time */
	if (length == 10 && start[4] == '-' && start[10] == ' ' && isdigit((unsigned char) start[11]))
		length += 1 + strcspn(start + 11, " \t\r\n,]}#");
	scalar = pnstrdup(start, length);
	valid = isdigit((unsigned char) *scalar) ||
		((*scalar == '-' || *scalar == '+') && isdigit((unsigned char) scalar[1]));
	for (int i = 0; i < lengthof(words); i++)
		valid |= strcmp(scalar, words[i]) == 0;
	if (!valid || strspn(scalar, BARE_KEY "+.: ") != length)
		refuse("invalid value");
	reader->at += length;
	return scalar;
}

static void read_inline_table(TomlReader *reader, const char *table);
static void read_value(TomlReader *reader, const char *table, const char *key, MigrateSetting *array);

/*
 * The values of an array, as elements of a setting.
 */
static void
read_array(TomlReader *reader, MigrateSetting *array)
{
	reader->at++;
	for (;;)
	{
		skip_lines(reader);
		if (*reader->at == ']')
			break;
		if (*reader->at == '\0')
			refuse("array is not closed");
		read_value(reader, "", "", array);
		skip_lines(reader);
		if (*reader->at == ',')
			reader->at++;
		else if (*reader->at != ']')
			refuse("array is not closed");
	}
	reader->at++;
}

/*
 * Read a value: that of a key, or an element of an array, of which those that are not
 * scalar become NULL.
 */
static void
read_value(TomlReader *reader, const char *table, const char *key, MigrateSetting *array)
{
	MigrateSetting *setting = array;
	int			line = reader->line;
	char	   *value = NULL;

	check_stack_depth();
	skip_blanks(reader);
	switch (*reader->at)
	{
		case '{':
			reader->at++;
			if (array == NULL)
			{
				read_inline_table(reader, join(table, key));
				return;
			}
			/* tables in arrays are read, but not kept */
			read_inline_table(reader, psprintf("[%d]", ++reader->nelements));
			break;
		case '[':
			setting = array ? palloc0(sizeof(MigrateSetting)) :
				migrate_settings_add(reader->settings, table, key, NULL, line);
			setting->is_array = true;
			read_array(reader, setting);
			if (array == NULL)
				return;
			break;
		case '"':
		case '\'':
			value = read_string(reader, true);
			break;
		default:
			value = read_scalar(reader);
	}
	if (array != NULL)
		array->elements = lappend(array->elements, value);
	else
		(void) migrate_settings_add(reader->settings, table, key, value, line);
}

/*
 * Read the keys and values of an inline table.
 */
static void
read_inline_table(TomlReader *reader, const char *table)
{
	for (bool first = true;; first = false)
	{
		const char *inner = table;
		char	   *key;

		skip_blanks(reader);
		if (first && *reader->at == '}')
			break;
		key = read_key(reader, &inner);
		define(reader, join(inner, key));
		if (*reader->at != '=')
			refuse("key without a value");
		reader->at++;
		read_value(reader, inner, key, NULL);
		skip_blanks(reader);
		if (*reader->at == '}')
			break;
		if (*reader->at != ',')
			refuse("inline table is not closed");
		reader->at++;
	}
	reader->at++;
}

/*
 * Read the header of a table, or of one of an array of tables.
 */
static void
read_header(TomlReader *reader)
{
	bool		is_array = reader->at[1] == '[';
	const char *table = "";
	char	   *path;

	reader->at += is_array ? 2 : 1;
	path = read_key(reader, &table);
	path = join(table, path);
	if (*reader->at != ']' || (is_array && reader->at[1] != ']'))
		refuse("name of a table is not closed");
	reader->at += is_array ? 2 : 1;
	if (is_array)
	{
		char	   *element = psprintf("%s[%d]", path, ++reader->nelements);

		migrate_names_remove(reader->arrays, path);
		(void) migrate_names_add(reader->arrays, path, element);
		path = element;
	}
	define(reader, path);
	reader->table = path;
	if (!skip_line_end(reader))
		refuse("unexpected text after the name of a table");
}

/*
 * Read all tables, keys and values.
 */
static void
read_all(TomlReader *reader)
{
	for (skip_lines(reader); *reader->at != '\0'; skip_lines(reader))
	{
		const char *table = reader->table;
		char	   *key;

		if (*reader->at == '[')
		{
			read_header(reader);
			continue;
		}
		key = read_key(reader, &table);
		define(reader, join(table, key));
		if (*reader->at != '=')
			refuse("key without a value");
		reader->at++;
		read_value(reader, table, key, NULL);
		if (!skip_line_end(reader))
			refuse("unexpected text after a value");
	}
}

/*
 * Parse TOML.  The section of a setting is the table that it is in: names with periods
 * between them.  Errors, with file and line: 42601, and 54001 for too deep a nesting.
 */
MigrateSettingsFile *
migrate_settings_parse_toml(const char *file, const char *str)
{
	MigrateSettingsFile *settings = palloc0(sizeof(MigrateSettingsFile));
	TomlReader	reader = {.settings = settings,.at = str,.line = 1,.table = ""};
	ErrorContextCallback callback = {.callback = add_context,.arg = &reader,.previous = error_context_stack};

	settings->file = file;
	reader.defined = migrate_names_create();
	reader.arrays = migrate_names_create();
	error_context_stack = &callback;
	read_all(&reader);
	error_context_stack = callback.previous;
	return settings;
}
