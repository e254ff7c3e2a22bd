/*-------------------------------------------------------------------------
 *
 * atlas_sum.c
 *		atlas.sum: the hashes that Atlas keeps of its files, to find changed ones.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/atlas_sum.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/base64.h"
#include "common/sha2.h"
#include "miscadmin.h"

#include "format/digest.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/manifest.h"
#include "util/compat.h"
#include "util/hash.h"
#include "util/lines.h"
#include "util/names.h"
#include "util/printable.h"

/* of 32 bytes in base64, with a NUL and room to spare */
#define SUM_LENGTH	64

/*
 * Is it the SHA-256 that is written as "sum"?  Ends the hash.
 */
static bool
sum_is(pg_cryptohash_ctx *hash, const char *sum)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char		encoded[SUM_LENGTH];
	int			length;

	migrate_hash_end(hash, digest, sizeof(digest));
	length = migrate_b64_encode(digest, sizeof(digest), encoded, sizeof(encoded) - 1);
	if (length < 0)
		elog(ERROR, "could not encode hash");
	encoded[length] = '\0';

	return strcmp(encoded, sum) == 0;
}

/*
 * A line of atlas.sum.
 */
typedef struct SumLine
{
	char	   *file;
	char	   *sum;
} SumLine;

struct MigrateAtlasSum
{
	const char *file;
	const char *total;			/* what the first line says */
	List	   *lines;			/* of SumLine */
	List	   *files;			/* of char *: read so far, in order ... */
	List	   *counted;		/* ... those of them that have a line ... */
	List	   *names;			/* ... those since the last of these */
	pg_cryptohash_ctx *hash;	/* of all that was read so far; an error frees
								 * it with its resource owner */
};

pg_noreturn static void mismatch(const MigrateAtlasSum *atlas_sum, const char *detail);

static void
mismatch(const MigrateAtlasSum *atlas_sum, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("directory does not match its \"%s\"", atlas_sum->file),
			 errdetail("%s", detail),
			 errhint("Undo the change, or accept it with \"atlas migrate hash\".")));
}

/*
 * Parse atlas.sum: "h1:" and the sum of all, then for each file its name and
 * the sum up to it (atlas 0.36, dir.go).  migrate_atlas_sum_end() has to follow.
 * Errors: 42601 with file and line, 55000 if its first line is not that of the
 * others.
 */
MigrateAtlasSum *
migrate_atlas_sum_begin(const char *file, const char *str, int length)
{
	MigrateAtlasSum *atlas_sum = palloc0(sizeof(MigrateAtlasSum));
	pg_cryptohash_ctx *hash = migrate_hash_begin(PG_SHA256);
	MigrateLineReader lines;

	atlas_sum->file = pstrdup(file);
	atlas_sum->hash = migrate_hash_begin(PG_SHA256);
	migrate_lines_start(&lines, str, length);
	while (migrate_lines_next(&lines))
	{
		char	   *line = pnstrdup(lines.line.str, lines.line.length);
		char	   *sum = strstr(line, "h1:");
		SumLine    *entry;

		line[strcspn(line, "\r")] = '\0';
		if (*line == '\0')
			continue;
		if (sum == NULL || (atlas_sum->total == NULL) != (sum == line) || (sum > line && sum[-1] != ' '))
			migrate_bad_file(file, lines.line.number, "line has no hash", NULL);
		if (atlas_sum->total == NULL)
		{
			atlas_sum->total = sum + 3;
			continue;
		}
		entry = palloc(sizeof(SumLine));
		entry->file = pnstrdup(line, sum - line - 1);
		entry->sum = sum + 3;
		atlas_sum->lines = lappend(atlas_sum->lines, entry);
		migrate_hash_add(hash, entry->file, strlen(entry->file));
		migrate_hash_add(hash, entry->sum, strlen(entry->sum));
	}
	if (atlas_sum->total == NULL || !sum_is(hash, atlas_sum->total))
		mismatch(atlas_sum, "Its first line is not the hash of the others.");
	return atlas_sum;
}

/*
 * The sums (char *) of such a text by the names of the files, the first of several.
 */
MigrateNames *
migrate_atlas_sums(const char *str)
{
	MigrateNames *sums = migrate_names_create();
	MigrateLineReader lines;

	migrate_lines_start(&lines, str, strlen(str));
	while (migrate_lines_next(&lines))
	{
		char	   *line = pnstrdup(lines.line.str, lines.line.length);
		char	   *sum = strstr(line, " h1:");

		if (sum == NULL)
			continue;
		line[strcspn(line, "\r")] = '\0';
		*sum = '\0';
		(void) migrate_names_add(sums, line, sum + strlen(" h1:"));
	}
	return sums;
}

/*
 * Does a file say that it is not counted?  Then it adds only its name.
 */
static bool
is_uncounted(const char *sql)
{
	static const char ignore[] = "-- atlas:sum ignore";

	return strncmp(sql, ignore, strlen(ignore)) == 0;
}

static void
add_file(pg_cryptohash_ctx *hash, const char *file, const char *sql, int length)
{
	migrate_hash_add(hash, file, strlen(file));
	if (!is_uncounted(sql))
	{
		const char *bytes = migrate_file_bytes(sql, &length);

		migrate_hash_add(hash, bytes, length);
	}
}

/*
 * The next file of the directory.  Its name is a part of the sum of the next one that is
 * counted: there need not be any.  True if it is counted itself.
 */
static bool
add_name(MigrateAtlasSum *atlas_sum, const char *file, const char *sql)
{
	char	   *name = pstrdup(file);
	ListCell   *lc;

	atlas_sum->files = lappend(atlas_sum->files, name);
	atlas_sum->names = lappend(atlas_sum->names, name);
	if (is_uncounted(sql))
		return false;
	atlas_sum->counted = lappend(atlas_sum->counted, name);
	foreach(lc, atlas_sum->names)
		migrate_hash_add(atlas_sum->hash, lfirst(lc), strlen(lfirst(lc)));
	list_free(atlas_sum->names);
	atlas_sum->names = NIL;
	return true;
}

/*
 * The next file of the directory has been read.
 */
void
migrate_atlas_sum_add(MigrateAtlasSum *atlas_sum, const char *file, const char *sql, int length)
{
	const char *bytes;

	if (!add_name(atlas_sum, file, sql))
		return;
	bytes = migrate_file_bytes(sql, &length);
	migrate_hash_add(atlas_sum->hash, bytes, length);
}

/*
 * The same for one whose bytes have been read, in UTF-8, and that end with a NUL.
 */
void
migrate_atlas_sum_add_bytes(MigrateAtlasSum *atlas_sum, const char *file, const char *bytes, int length)
{
	int			bom = migrate_bom_length(bytes);

	if (add_name(atlas_sum, file, bytes + bom))
		migrate_hash_add(atlas_sum->hash, bytes + bom, length - bom);
}

/*
 * Is the sum of the files up to line "n" the one written there?
 */
static bool
matches_up_to(const MigrateAtlasSum *atlas_sum, int n, MigrateReadFile read, void *arg)
{
	const SumLine *line = list_nth(atlas_sum->lines, n);
	pg_cryptohash_ctx *hash = migrate_hash_begin(PG_SHA256);
	ListCell   *lc;

	foreach(lc, atlas_sum->files)
	{
		int			length = 0;
		char	   *sql;

		CHECK_FOR_INTERRUPTS();
		sql = read(arg, lfirst(lc), &length);
		add_file(hash, lfirst(lc), sql ? sql : "", length);
		if (strcmp(lfirst(lc), line->file) == 0)
			break;
	}
	return sum_is(hash, line->sum);
}

/*
 * All files have been read: compare.  55000 with the first one that is not as it
 * was; "read" gives the text of a file again, to find it.
 */
void
migrate_atlas_sum_end(MigrateAtlasSum *atlas_sum, MigrateReadFile read, void *arg)
{
	int			n = list_length(atlas_sum->lines);
	int			low = 0;
	int			high = n - 1;

	for (int i = 0; i < Max(n, list_length(atlas_sum->counted)); i++)
	{
		const char *there = i < list_length(atlas_sum->counted) ? list_nth(atlas_sum->counted, i) : NULL;
		const char *listed = i < n ? ((SumLine *) list_nth(atlas_sum->lines, i))->file : NULL;

		if (there != NULL && listed != NULL && strcmp(there, listed) == 0)
			continue;
		if (listed == NULL || (there != NULL && strcmp(there, listed) < 0))
			mismatch(atlas_sum, psprintf("File \"%s\" is not listed in it.", there));
		mismatch(atlas_sum, psprintf("File \"%s\" is missing.", listed));
	}
	if (n == 0)
	{
		migrate_hash_free(atlas_sum->hash);
		return;
	}
	if (sum_is(atlas_sum->hash, ((SumLine *) llast(atlas_sum->lines))->sum))
		return;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (matches_up_to(atlas_sum, middle, read, arg))
			low = middle + 1;
		else
			high = middle;
	}
	mismatch(atlas_sum, psprintf(list_length(atlas_sum->files) == list_length(atlas_sum->counted) ?
								 "File \"%s\" has been changed." :
								 "File \"%s\" has been changed, or the names of files before it that have no hash.",
								 ((SumLine *) list_nth(atlas_sum->lines, low))->file));
}
