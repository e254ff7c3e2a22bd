/*-------------------------------------------------------------------------
 *
 * lines.c
 *		Reading a text line by line.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/lines.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "util/lines.h"
#include "util/printable.h"

/*
 * The first occurrence of "what" in a text, or NULL: strstr() that checks for
 * interrupts at each occurrence of its first byte.
 */
const char *
migrate_find_text(const char *sql, const char *what)
{
	size_t		n = strlen(what);

	while ((sql = strchr(sql, *what)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (strncmp(sql, what, n) == 0)
			return sql;
		sql++;
	}
	return NULL;
}

/*
 * How many blanks a text begins with.
 */
int
migrate_skip_spaces(const char *str, int length)
{
	int			n = 0;

	while (n < length && (str[n] == ' ' || str[n] == '\t'))
		n++;
	return n;
}

/*
 * Start a pass over a text, line by line.
 */
void
migrate_lines_start(MigrateLineReader *lines, const char *sql, int length)
{
	memset(lines, 0, sizeof(MigrateLineReader));
	lines->next = sql;
	lines->end = sql + length;
}

/*
 * Make lines->line the next one; false at the end of the text.
 */
bool
migrate_lines_next(MigrateLineReader *lines)
{
	MigrateLine *line = &lines->line;
	const char *newline;

	CHECK_FOR_INTERRUPTS();
	if (lines->next == NULL)
		return false;
	newline = memchr(lines->next, '\n', lines->end - lines->next);
	line->str = lines->next;
	line->length = (newline ? newline : lines->end) - lines->next;
	line->number++;
	line->mark = 0;
	line->mark_length = line->length;
	lines->next = newline ? newline + 1 : NULL;
	return true;
}

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
 * What follows "prefix" in a line that begins with it, and its length; NULL for any
 * other line.
 */
const char *
migrate_line_after(const MigrateLine *line, const char *prefix, int *length)
{
	int			n = strlen(prefix);

	if (line->length < n || memcmp(line->str, prefix, n) != 0)
		return NULL;
	*length = line->length - n;
	return line->str + n;
}

/*
 * The same without white space around it, palloc'd.
 */
char *
migrate_line_value(const MigrateLine *line, const char *prefix)
{
	int			length;
	const char *value = migrate_line_after(line, prefix, &length);
	int			blank;

	if (value == NULL)
		return NULL;
	blank = migrate_skip_spaces(value, length);
	while (length > blank && strchr(" \t\r", value[length - 1]) != NULL)
		length--;
	return pnstrdup(value + blank, length - blank);
}

/*
 * What follows a word, in any case, in a line that is a comment and begins with it:
 * "-- word".  NULL for any other line.
 */
const char *
migrate_line_directive(const MigrateLine *line, const char *word)
{
	const char *p = line->str;
	const char *end = p + line->length;
	int			n = strlen(word);

	p += migrate_skip_spaces(p, end - p);
	if (end - p < 2 || memcmp(p, "--", 2) != 0)
		return NULL;
	p += 2;
	p += migrate_skip_spaces(p, end - p);
	return end - p >= n && pg_strncasecmp(p, word, n) == 0 ? p + n : NULL;
}

/*
 * Is a line "-- migrate: allow NAME REASON"?  If so, the name, empty if there is
 * none, and the reason, or NULL; both palloc'd.
 */
bool
migrate_line_allowance(const MigrateLine *line, const char **name, const char **reason)
{
	static const char *const words[] = {"--", "migrate:", "allow"};
	const char *p = line->str;
	const char *end = line->str + line->length;
	const char *start;

	for (int i = 0; i < lengthof(words); i++)
	{
		int			n = strlen(words[i]);

		p += migrate_skip_spaces(p, end - p);
		if (end - p < n || memcmp(p, words[i], n) != 0)
			return false;
		p += n;
	}
	if (p < end && strchr(" \t\r", *p) == NULL)
		return false;
	p += migrate_skip_spaces(p, end - p);
	start = p;
	while (p < end && strchr(" \t\r", *p) == NULL)
		p++;
	*name = pnstrdup(start, p - start);
	p += migrate_skip_spaces(p, end - p);
	while (end > p && strchr(" \t\r", end[-1]) != NULL)
		end--;
	*reason = end > p ? pnstrdup(p, end - p) : NULL;
	return true;
}

/*
 * The value of "key = value" in a text of such lines (TOML, Java properties),
 * without quotes, palloc'd; NULL if there is none.
 */
char *
migrate_setting(const char *str, const char *key)
{
	MigrateLineReader lines;
	size_t		n = strlen(key);

	migrate_lines_start(&lines, str, strlen(str));
	while (migrate_lines_next(&lines))
	{
		const char *p = lines.line.str;
		const char *end = p + lines.line.length;

		p += migrate_skip_spaces(p, end - p);
		if ((size_t) (end - p) <= n || memcmp(p, key, n) != 0)
			continue;
		p += n + migrate_skip_spaces(p + n, end - p - n);
		if (p == end || *p != '=')
			continue;
		p += 1 + migrate_skip_spaces(p + 1, end - p - 1);
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
