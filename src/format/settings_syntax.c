/*-------------------------------------------------------------------------
 *
 * settings_syntax.c
 *		How settings files are written: as git's configuration, which sqitch has, and as
 *		INI, which tern has.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/settings_syntax.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "format/settings_file.h"
#include "util/lines.h"
#include "util/printable.h"

#define BLANK	" \t\r"

/*
 * A text of settings that is being parsed.
 */
typedef struct SettingsReader
{
	const char *file;
	const char *at;
	int			line;			/* of "at", from 1 */
} SettingsReader;

/*
 * The text up to "end", without blanks at its end, palloc'd.
 */
static char *
copy_trimmed(const char *start, const char *end)
{
	while (end > start && strchr(BLANK, end[-1]) != NULL)
		end--;
	return pnstrdup(start, end - start);
}

/*
 * The character that a backslash stands for with the next one, '\0' for none.
 */
static char
escaped(char c)
{
	switch (c)
	{
		case 'n':
			return '\n';
		case 't':
			return '\t';
		case 'b':
			return '\b';
		case '\\':
		case '"':
		case '\'':
			return c;
		default:
			return '\0';
	}
}

/*
 * Does a line continue in the next one?  Then its end is passed over.
 */
static bool
skip_continuation(SettingsReader *reader)
{
	int			n = reader->at[1] == '\r' ? 2 : 1;

	if (reader->at[0] != '\\' || reader->at[n] != '\n')
		return false;
	reader->at += n + 1;
	reader->line++;
	return true;
}

/*
 * A value as git writes it (Config::GitLike 1.18, parse_content()): parts in quotes,
 * backslashes, a comment after a blank, white space that counts as one blank, and lines
 * that continue.
 */
static char *
git_value(SettingsReader *reader)
{
	StringInfoData value;
	bool		quoted = false;
	bool		in_word = false;	/* of characters that are as they are
									 * written */
	int			line = reader->line;
	int			kept = 0;		/* without white space at the end */

	initStringInfo(&value);
	while (*reader->at != '\0' && (quoted || *reader->at != '\n'))
	{
		char		c = *reader->at;

		CHECK_FOR_INTERRUPTS();
		if (c == '\n')
			break;
		if (skip_continuation(reader))
			continue;
		if (!quoted && !in_word && (c == '#' || c == ';'))
		{
			reader->at += strcspn(reader->at, "\n");
			break;
		}
		reader->at++;
		if (c == '"')
			quoted = !quoted;
		else if (!quoted && strchr(BLANK, c) != NULL)
		{
			if (value.len > 0 && value.len == kept)
				appendStringInfoChar(&value, ' ');
			in_word = false;
			continue;
		}
		else if (c == '\\')
		{
			c = escaped(*reader->at);
			if (c == '\0')
				migrate_bad_file(reader->file, reader->line, "invalid escape sequence in a value",
								 "Write a backslash as \"\\\\\".");
			appendStringInfoChar(&value, c);
			reader->at++;
			c = '\\';
		}
		else
			appendStringInfoChar(&value, c);
		in_word = c != '"' && c != '\\';
		kept = value.len;
	}
	if (quoted)
		migrate_bad_file(reader->file, line, "quoted value is not closed", NULL);
	value.data[kept] = '\0';
	return value.data;
}

/*
 * The name between "[" and "]", in lower case, and after a period what is in quotes
 * there.
 */
static char *
git_section(SettingsReader *reader)
{
	StringInfoData name;
	const char *p = reader->at + 1;
	const char *end = p + strcspn(p, " \t\r\n[]\"");

	initStringInfo(&name);
	for (const char *c = p; c < end; c++)
		appendStringInfoChar(&name, pg_tolower((unsigned char) *c));
	end += strspn(end, " \t");
	if (name.len > 0 && *end == '"')
	{
		appendStringInfoChar(&name, '.');
		for (end++; *end != '"' && *end != '\n' && *end != '\0'; end++)
		{
			if (*end == '\\' && (end[1] == '\\' || end[1] == '"'))
				end++;
			else if (*end == '\\')
				migrate_bad_file(reader->file, reader->line, "invalid escape sequence in the name of a section", NULL);
			appendStringInfoChar(&name, *end);
		}
		if (*end == '"')
			end++;
	}
	if (name.len == 0 || *end != ']')
		migrate_bad_file(reader->file, reader->line, "invalid section",
						 "Write it as [section] or [section \"subsection\"].");
	reader->at = end + 1;
	return name.data;
}

/*
 * Parse settings as git writes them.  A section is called "section" or
 * "section.subsection", of which the first is in lower case.  Errors: 42601 with file and
 * line.
 */
MigrateSettingsFile *
migrate_settings_parse_git(const char *file, const char *str)
{
	MigrateSettingsFile *settings = palloc0(sizeof(MigrateSettingsFile));
	SettingsReader reader = {.file = file,.at = str,.line = 1};
	const char *section = NULL;

	settings->file = file;
	while (*reader.at != '\0')
	{
		const char *start = reader.at;
		int			line = reader.line;

		CHECK_FOR_INTERRUPTS();
		if (*start == '\n')
		{
			reader.line++;
			reader.at++;
		}
		else if (strchr(BLANK, *start) != NULL)
			reader.at++;
		else if (*start == '#' || *start == ';')
			reader.at += strcspn(start, "\n");
		else if (*start == '[')
			section = git_section(&reader);
		else
		{
			const char *end = start + strcspn(start, "=#;\n");
			char	   *key = copy_trimmed(start, end);

			if (section == NULL || *key == '\0')
				migrate_bad_file(file, line, section == NULL ? "setting is in no section" :
								 "setting has no name", NULL);
			reader.at = end + (*end == '=');
			migrate_settings_add(settings, section, key, *end == '=' ? git_value(&reader) : NULL, line);
		}
	}
	return settings;
}

/*
 * Parse settings as lines "key = value" in sections "[name]", with comments in lines that
 * begin with ";" or "#" (go-ini).  Errors: 42601 with file and line.
 */
MigrateSettingsFile *
migrate_settings_parse_ini(const char *file, const char *str)
{
	MigrateSettingsFile *settings = palloc0(sizeof(MigrateSettingsFile));
	const char *section = "";
	MigrateLineReader lines;

	settings->file = file;
	migrate_lines_start(&lines, str, strlen(str));
	while (migrate_lines_next(&lines))
	{
		const char *start = lines.line.str;
		const char *end = start + lines.line.length;
		const char *equals;

		start += migrate_skip_spaces(start, end - start);
		while (end > start && strchr(BLANK, end[-1]) != NULL)
			end--;
		if (start == end || *start == '#' || *start == ';')
			continue;
		equals = memchr(start, '=', end - start);
		if (*start == '[' && end[-1] == ']')
			section = pnstrdup(start + 1, end - start - 2);
		else if (equals == NULL || equals == start)
			migrate_bad_file(file, lines.line.number, "line is neither a setting nor a section",
							 "Write \"key = value\" or \"[section]\".");
		else
			migrate_settings_add(settings, section, copy_trimmed(start, equals),
								 copy_trimmed(equals + 1 + migrate_skip_spaces(equals + 1, end - equals - 1), end),
								 lines.line.number);
	}
	return settings;
}
