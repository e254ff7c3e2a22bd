/*-------------------------------------------------------------------------
 *
 * section.c
 *		The text of a section, from the pieces of a file that it consists of.
 *
 * Nearly all sections are one piece, and their text is that of the file.  Where
 * it is put together from several, comments "--#line N "file"" tell which line
 * of the file the next one is; see migrate_map_line().
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/section.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"

#include "migrate.h"

/*
 * The pieces of a section are complete.  One that is a single piece has no list
 * of them.
 */
void
migrate_section_settle(MigrateSection *section)
{
	const		MigratePiece *first = linitial(section->pieces);

	section->offset = first->offset;
	section->length = first->length;
	section->line = first->line;
	if (list_length(section->pieces) == 1)
		section->pieces = NIL;
}

/*
 * Append bytes of a file, with semicolons where statements of the section end
 * without one.  Those places are in the order of the file.
 */
static void
append_bytes(StringInfo text, const MigrateSection *section, const char *sql, int offset, int length)
{
	int			end = offset + length;
	ListCell   *lc;

	foreach(lc, section->ends)
	{
		const		MigrateEnd *mark = lfirst(lc);

		if (mark->offset < offset || mark->offset + mark->length > end)
			continue;
		appendBinaryStringInfo(text, sql + offset, mark->offset - offset);
		appendStringInfoChar(text, ';');
		appendStringInfoSpaces(text, mark->length - 1);
		offset = mark->offset + mark->length;
	}
	appendBinaryStringInfo(text, sql + offset, end - offset);
}

/*
 * Append a piece; *line is the line of the file that would be next, -1 if there
 * is none such.
 */
static void
append_piece(StringInfo text, const MigrateSection *section, const MigratePiece * piece,
			 const char *sql, int *line)
{
	if (piece->wrapped)
		appendStringInfoString(text, "BEGIN;\n");
	if (piece->wrapped || piece->line != *line)
		appendStringInfo(text, "--#line %d \"%s\"\n", piece->line, section->file);
	append_bytes(text, section, sql, piece->offset, piece->length);
	*line = piece->line + migrate_count_lines(sql + piece->offset, piece->length) - 1;
	if (piece->unfinished)
		return;

	/* the next piece is no part of its last statement */
	appendStringInfoString(text, piece->wrapped ? "\n;COMMIT;\n" : "\n;\n");
	*line = -1;
}

/*
 * The text of a section, palloc'd, with *length bytes.  "sql" is that of its file.
 */
char *
migrate_section_text(const MigrateSection *section, const char *sql, int *length)
{
	StringInfoData text;
	int			line = section->line;
	ListCell   *lc;

	if (section->pieces == NIL && section->ends == NIL)
	{
		*length = section->length;
		return pnstrdup(sql + section->offset, section->length);
	}
	initStringInfo(&text);
	if (section->pieces == NIL)
		append_bytes(&text, section, sql, section->offset, section->length);
	foreach(lc, section->pieces)
		append_piece(&text, section, lfirst(lc), sql, &line);
	*length = text.len;
	return text.data;
}

/*
 * The end of what a section takes of its file, in bytes.
 */
int
migrate_section_end(const MigrateSection *section)
{
	int			end = section->offset + section->length;
	ListCell   *lc;

	foreach(lc, section->pieces)
	{
		const		MigratePiece *piece = lfirst(lc);

		end = Max(end, piece->offset + piece->length);
	}
	return end;
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
