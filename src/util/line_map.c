/*-------------------------------------------------------------------------
 *
 * line_map.c
 *		Which file and line a line of an assembled text comes from.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/line_map.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/string.h"

#include "util/line_map.h"

/*
 * The line that "length" bytes of "sql" end in, from 1.
 */
int
migrate_count_lines(const char *sql, int length)
{
	const char *end = sql + length;
	int			line = 1;

	while ((sql = memchr(sql, '\n', end - sql)) != NULL)
	{
		sql++;

		line++;
	}
	return line;
}

/*
 * Is the line a marker, and what does it say about the next line?  The name of the
 * file is not NUL-terminated.
 */
static bool
read_marker(const char *line, const char **file, int *length, int *number)
{
	const char *end;
	const char *name;
	char	   *digits_end;

	if (strncmp(line, MIGRATE_LINE_MARKER, strlen(MIGRATE_LINE_MARKER)) != 0)
		return false;
	end = line + strcspn(line, "\r\n");
	line += strlen(MIGRATE_LINE_MARKER);
	*number = strtoint(line, &digits_end, 10);
	name = digits_end + 2;
	if (digits_end == line || name >= end || digits_end[0] != ' ' || digits_end[1] != '"' ||
		end[-1] != '"')
		return false;
	*file = name;
	*length = end - 1 - name;
	return true;
}

/*
 * Append a marker, on a line of its own, which says that the next line is "line" of
 * "file".  Line ends in its name must not end the comment.
 */
void
migrate_append_line_marker(StringInfo buf, const char *file, int line)
{
	if (buf->len > 0 && buf->data[buf->len - 1] != '\n')
		appendStringInfoChar(buf, '\n');
	appendStringInfo(buf, "%s%d \"", MIGRATE_LINE_MARKER, line);
	for (; *file != '\0'; file++)
		appendStringInfoChar(buf, *file == '\n' || *file == '\r' ? '?' : *file);
	appendStringInfoString(buf, "\"\n");
}

/*
 * The file of the current line; palloc'd unless it is that of the text.
 */
const char *
migrate_line_file(const MigrateLines *lines)
{
	const char *file;
	int			length;
	int			line;

	if (lines->marker == NULL || !read_marker(lines->marker, &file, &length, &line))
		return lines->file;
	return pnstrdup(file, length);
}

/*
 * Go to the next line of a text, and keep track of its file and line.
 */
void
migrate_next_line(MigrateLines *lines)
{
	const char *newline = strchr(lines->at, '\n');
	const char *file;
	int			length;

	if (read_marker(lines->at, &file, &length, &lines->line))
		lines->marker = lines->at;
	else
		lines->line++;
	lines->at = newline ? newline + 1 : NULL;
	lines->number++;
}
