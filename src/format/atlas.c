/*-------------------------------------------------------------------------
 *
 * atlas.c
 *		Directives for atlas (v0.36) in the comment at the head of a file: txmode,
 *		checkpoint, delimiter.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/atlas.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "format/format.h"
#include "format/format_int.h"
#include "util/compat.h"
#include "util/lines.h"
#include "util/printable.h"
#include "variables/variables.h"

/*
 * The value of a line "-- atlas:name value", palloc'd, "" without one; NULL for
 * another line.
 */
static char *
atlas_directive(const MigrateLine *line, const char *name)
{
	char	   *prefix = psprintf("-- atlas:%s", name);
	int			n = strlen(prefix);

	if (line->length > n && strchr(" \t\r", line->str[n]) == NULL)
		return NULL;
	return migrate_line_value(line, prefix);
}

/*
 * A delimiter is written with \n, \r and \t for what does not fit on its line.
 */
static char *
unescape(const char *written)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (; *written != '\0'; written++)
	{
		const char *letter = *written == '\\' && written[1] != '\0' ? strchr("nrt", written[1]) : NULL;

		appendStringInfoChar(&buf, letter == NULL ? *written :
							 *letter == 'n' ? '\n' : *letter == 'r' ? '\r' : '\t');
		written += letter != NULL;
	}
	return buf.data;
}

/*
 * The end of a string in single or double quotes, with backslashes if it begins
 * with E.
 */
static const char *
skip_quoted(const char *start, bool escapes)
{
	const char *p = start + 1;

	while (*p != '\0' && *p != *start)
		p += escapes && *p == '\\' && p[1] != '\0' ? 2 : 1;
	return *p == '\0' ? p : p + 1;
}

/*
 * The end of the string, quoted name or comment that begins at "p"; "p" itself if
 * none does.  "before" is the character before it.
 */
static const char *
skip_token(const char *p, char before)
{
	if (*p == '\'' || *p == '"')
		return skip_quoted(p, *p == '\'' && (before == 'E' || before == 'e'));
	if (*p == '$' && !migrate_is_variable_char(before))
		return migrate_skip_dollar_quote(p);
	if (p[0] == '-' && p[1] == '-')
		return p + strcspn(p, "\n");
	if (p[0] == '/' && p[1] == '*')
	{
		const char *end = strstr(p + 2, "*/");

		return end == NULL ? p + strlen(p) : end + 2;
	}
	return p;
}

/*
 * The part of a delimiter at "at" that a semicolon replaces: its first word.  If
 * the delimiter is only white space, nothing is replaced, and the semicolon is
 * inserted after the first newline, which may end a comment.
 */
static MigrateTerminator *
make_end(const char *sql, const char *at, const char *delimiter)
{
	MigrateTerminator *end = palloc(sizeof(MigrateTerminator));
	int			blank = strspn(delimiter, " \t\r\n");
	int			newline = strcspn(delimiter, "\n");

	if (delimiter[blank] != '\0')
	{
		end->offset = at + blank - sql;
		end->length = strcspn(delimiter + blank, "\n");
		return end;
	}
	end->offset = at + (delimiter[newline] == '\0' ? 0 : newline + 1) - sql;
	end->length = 0;
	return end;
}

/*
 * End statements of a section wherever the delimiter occurs outside strings and
 * comments.
 */
static void
end_statements(MigrateSection *section, const char *sql, const char *start, const char *delimiter)
{
	int			n = strlen(delimiter);
	const char *p = start;

	while (*p != '\0')
	{
		const char *behind;

		CHECK_FOR_INTERRUPTS();
		if (strncmp(p, delimiter, n) == 0)
		{
			if (migrate_lacks_semicolon(start, p))
				section->ends = lappend(section->ends, make_end(sql, p, delimiter));
			p += n;
			start = p;
			continue;
		}
		behind = skip_token(p, p > sql ? p[-1] : '\0');
		p = behind > p ? behind : p + 1;
	}
}

/*
 * Do what the comment lines at the head of a file say.  The section that the file
 * is has been found.  A checkpoint is one only if an empty line follows these, or
 * nothing (sql/migrate/dir.go); its tag is another name for it.  Errors: 42601 for a
 * delimiter that is empty.
 */
void
migrate_parse_atlas_directives(Migration *migration, const char *sql, int length)
{
	MigrateSection *section = migration->up.present ? &migration->up : &migration->down;
	MigrateLineReader lines;
	char	   *checkpoint = NULL;
	bool		more;

	migrate_lines_start(&lines, sql, length);
	while ((more = migrate_lines_next(&lines)) && lines.line.length >= 2 &&
		   memcmp(lines.line.str, "--", 2) == 0)
	{
		const MigrateLine *line = &lines.line;
		char	   *value;

		if (checkpoint == NULL)
			checkpoint = atlas_directive(line, "checkpoint");
		if ((value = atlas_directive(line, "txmode")) != NULL && strcmp(value, "none") == 0)
			section->transactional = false;
		if (line->number > 1 || (value = atlas_directive(line, "delimiter")) == NULL)
			continue;
		if (*value == '\0')
			migrate_bad_file(migration->file, line->number, "delimiter is empty", NULL);
		if (strcmp(value, ";") != 0 && lines.next != NULL)
			end_statements(section, sql, lines.next, unescape(value));
	}
	if (checkpoint == NULL || !migration->up.present || (more && !migrate_is_word(lines.line.str, lines.line.length, "")))
		return;
	migration->stands_for_all = true;
	if (*checkpoint != '\0')
		migration->tags = lappend(migration->tags, checkpoint);
}
