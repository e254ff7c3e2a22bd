/*-------------------------------------------------------------------------
 *
 * section_text.c
 *		The text of a section, put together from its spans.
 *
 * Nearly all sections are one span, and their text is that part of the file.
 * Where a text is put together from several spans, a comment "--#line N "file""
 * before each gives the line that follows; see migrate_map_line().
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/section_text.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "format/format_int.h"
#include "format/source.h"

/*
 * The pieces of a section are complete.  One that is a single piece has no list
 * of them.
 */
void
migrate_section_finish(MigrateSection *section)
{
	const MigrateSpan *first = linitial(section->spans);

	section->offset = first->offset;
	section->length = first->length;
	section->line = first->line;
	if (list_length(section->spans) == 1)
	{
		list_free_deep(section->spans);
		section->spans = NIL;
	}
}

/*
 * The number of the first place where a statement of the section ends without a semicolon
 * that is not before "offset".  They are in the order of the file.
 */
static int
first_end(const MigrateSection *section, int offset)
{
	int			low = 0;
	int			high = list_length(section->ends);

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (((MigrateTerminator *) list_nth(section->ends, middle))->offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Append bytes of a file, with semicolons where statements of the section end
 * without one.
 */
static void
append_bytes(StringInfo buf, const MigrateSection *section, const char *sql, int offset, int length)
{
	int			end = offset + length;

	for (int i = first_end(section, offset); i < list_length(section->ends); i++)
	{
		const MigrateTerminator *mark = list_nth(section->ends, i);

		CHECK_FOR_INTERRUPTS();
		if (mark->offset + mark->length > end)
			break;
		appendBinaryStringInfo(buf, sql + offset, mark->offset - offset);
		appendStringInfoChar(buf, ';');
		appendStringInfoSpaces(buf, mark->length - 1);
		offset = mark->offset + mark->length;
	}
	appendBinaryStringInfo(buf, sql + offset, end - offset);
}

/*
 * Append a piece; *line is the line of the file that would be next, or -1.
 */
static void
append_span(StringInfo buf, const MigrateSection *section, const MigrateSpan *span,
			const char *sql, int *line)
{
	if (span->wrapped)
		appendStringInfoString(buf, "BEGIN;\n");
	if (span->wrapped || span->line != *line)
		migrate_append_line_marker(buf, section->file, span->line);
	append_bytes(buf, section, sql, span->offset, span->length);
	*line = span->line + migrate_count_lines(sql + span->offset, span->length) - 1;
	if (span->unfinished)
		return;

	/* the next piece is no part of its last statement */
	appendStringInfoString(buf, span->wrapped ? "\n;COMMIT;\n" : "\n;\n");
	*line = -1;
}

/*
 * Replace each ";;" by ";", from the left.  Returns the new length.
 */
static int
halve_semicolons(char *str)
{
	char	   *to = str;

	for (const char *p = str; *p != '\0'; p++)
	{
		*to++ = *p;
		p += *p == ';' && p[1] == ';';
	}
	*to = '\0';
	return to - str;
}

/*
 * The text of a section before that, palloc'd.
 */
static char *
text_as_written(const MigrateSection *section, const char *sql, int *length)
{
	StringInfoData buf;
	int			line = section->line;
	ListCell   *lc;

	if (section->spans == NIL && section->ends == NIL)
	{
		*length = section->length;
		return pnstrdup(sql + section->offset, section->length);
	}
	initStringInfo(&buf);
	if (section->spans == NIL)
		append_bytes(&buf, section, sql, section->offset, section->length);
	foreach(lc, section->spans)
		append_span(&buf, section, lfirst(lc), sql, &line);
	*length = buf.len;
	return buf.data;
}

/*
 * The text of a section, palloc'd, with *length bytes.  "sql" is that of its file.
 */
char *
migrate_section_text(const MigrateSection *section, const char *sql, int *length)
{
	char	   *str = text_as_written(section, sql, length);

	if (section->doubled_semicolons)
		*length = halve_semicolons(str);
	return str;
}

/*
 * The end of what a section takes of its file, in bytes.
 */
int
migrate_section_end(const MigrateSection *section)
{
	int			end = section->offset + section->length;
	ListCell   *lc;

	foreach(lc, section->spans)
	{
		const MigrateSpan *span = lfirst(lc);

		end = Max(end, span->offset + span->length);
	}
	return end;
}

/*
 * The bytes of a text as its file has them, which tools hash: what was read is in the
 * database encoding.
 */
const char *
migrate_file_bytes(const char *sql, int *length)
{
	char	   *bytes = pg_server_to_any(sql, *length, PG_UTF8);

	if (bytes != sql)
		*length = strlen(bytes);
	return bytes;
}

/*
 * Why a section is broken, palloc'd, in one line: the message and where it is from.
 */
char *
migrate_broken_reason(const MigrateSection *section)
{
	const ErrorData *error = section->broken;

	if (error->context == NULL)
		return pstrdup(error->message);
	return psprintf("%s, %.*s", error->message, (int) strcspn(error->context, "\n"),
					error->context);
}
