/*-------------------------------------------------------------------------
 *
 * play.c
 *		Play's evolutions: the markers of their two parts, and the hash of them.
 *
 * The rules are those of Play 3.1, EvolutionsApi.scala.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/play.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/sha1.h"
#include "lib/stringinfo.h"

#include "format/grammar.h"
#include "format/manifest.h"
#include "util/hash.h"
#include "util/lines.h"

/*
 * Leave out what Play leaves out at both ends: all characters up to the space.
 */
static void
trim(const char **str, int *length)
{
	while (*length > 0 && (unsigned char) (*str)[*length - 1] <= ' ')
		(*length)--;
	while (*length > 0 && (unsigned char) **str <= ' ')
	{
		(*str)++;
		(*length)--;
	}
}

static bool
contains(const char *str, int length, const char *what)
{
	int			n = strlen(what);

	for (int i = 0; i + n <= length; i++)
		if (memcmp(str + i, what, n) == 0)
			return true;
	return false;
}

/*
 * A line that begins with "#" or "--" and has "!Ups" or "!Downs", in this case.
 */
MigrateMarker
migrate_play_mark(MigrateLine *line)
{
	const char *str = line->str;
	int			length = line->length;

	trim(&str, &length);
	if (length == 0 || (*str != '#' && (length < 2 || memcmp(str, "--", 2) != 0)))
		return MARK_NONE;
	if (contains(str, length, "!Ups"))
		return MARK_UP;
	return contains(str, length, "!Downs") ? MARK_DOWN : MARK_NONE;
}

/*
 * Append the lines of all parts of a kind, without the white space around them.
 */
static void
append_part(StringInfo buf, MigrateMarker kind, const char *bytes, int length)
{
	MigrateLineReader lines;
	MigrateMarker part = MARK_NONE;
	StringInfoData text;
	const char *str;
	int			left;

	initStringInfo(&text);
	migrate_lines_start(&lines, bytes, length);
	while (migrate_lines_next(&lines))
	{
		MigrateMarker marker = migrate_play_mark(&lines.line);

		if (marker != MARK_NONE)
			part = marker;
		else if (part == kind)
		{
			str = lines.line.str;
			left = lines.line.length;
			trim(&str, &left);
			appendBinaryStringInfo(&text, str, left);
			appendStringInfoChar(&text, '\n');
		}
	}
	str = text. data;
	left = text.len;

	trim(&str, &left);
	appendBinaryStringInfo(buf, str, left);
	pfree(text.data);
}

/*
 * The hash that Play records of a file with these bytes, palloc'd: SHA-1 of the part
 * that goes down and the one that goes up.
 */
char *
migrate_play_hash(const char *bytes, int length)
{
	StringInfoData buf;
	uint8		digest[SHA1_DIGEST_LENGTH];
	pg_cryptohash_ctx *hash = migrate_hash_begin(PG_SHA1);

	initStringInfo(&buf);
	append_part(&buf, MARK_DOWN, bytes, length);
	append_part(&buf, MARK_UP, bytes, length);
	migrate_hash_add(hash, buf.data, buf.len);
	migrate_hash_end(hash, digest, sizeof(digest));
	pfree(buf.data);
	return migrate_hex(digest, sizeof(digest));
}
