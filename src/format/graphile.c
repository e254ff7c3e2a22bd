/*-------------------------------------------------------------------------
 *
 * graphile.c
 *		The header of committed files of graphile-migrate, and the hash in it.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/graphile.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/sha1.h"

#include "format/format.h"
#include "format/format_int.h"
#include "format/manifest.h"
#include "util/hash.h"
#include "util/lines.h"
#include "util/printable.h"

static void
trim(const char **body, int *length)
{
	while (*length > 0 && strchr(" \t\r\n\f\v", **body) != NULL)
	{
		(*body)++;
		(*length)--;
	}
	while (*length > 0 && strchr(" \t\r\n\f\v", (*body)[*length - 1]) != NULL)
		(*length)--;
}

/*
 * "sha1:" and the hash of a committed file: of the one before, and its own text
 * without the header (graphile-migrate 2, hash.ts).
 */
static char *
graphile_hash(const char *previous, const char *body, int length)
{
	uint8		digest[SHA1_DIGEST_LENGTH];
	pg_cryptohash_ctx *hash = migrate_hash_begin(PG_SHA1);

	trim(&body, &length);
	if (strcmp(previous, "-") != 0)
	{
		migrate_hash_add(hash, previous, strlen(previous));
		migrate_hash_add(hash, "\n", 1);
	}
	body = migrate_file_bytes(body, &length);
	migrate_hash_add(hash, body, length);
	migrate_hash_add(hash, "\n", 1);
	migrate_hash_end(hash, digest, sizeof(digest));
	return psprintf("sha1:%s", migrate_hex(digest, sizeof(digest)));
}

/*
 * Fill in what the header of a committed file says: the hashes and the message.  *changed:
 * that the text need not be the one of the hash.  Returns what follows, NULL for nothing.
 */
static const char *
parse_header(Migration *migration, const char *sql, int length, bool *changed)
{
	MigrateLineReader lines;

	migrate_lines_start(&lines, sql, length);
	while (migrate_lines_next(&lines) && lines.line.length > 0)
	{
		const MigrateLine *line = &lines.line;
		char	   *value;

		if ((value = migrate_line_value(line, "--! Previous:")) != NULL)
			migration->previous = value;
		else if ((value = migrate_line_value(line, "--! Hash:")) != NULL)
			migration->hash = value;
		else if ((value = migrate_line_value(line, "--! Message:")) != NULL)
			migration->description = value;
		*changed |= strncmp(line->str, "--! AllowInvalidHash", strlen("--! AllowInvalidHash")) == 0;
	}
	return lines.next;
}

/*
 * The header of a file that need not be checked.
 */
void
migrate_parse_graphile_header(Migration *migration, const char *sql, int length)
{
	bool		changed = false;

	(void) parse_header(migration, sql, length, &changed);
}

/*
 * Check a committed file of graphile-migrate against its header, which has the
 * hashes and the message.  Errors: 42601 for a header that is not
 * complete, 55000 for a text that has been changed; with the file.
 */
void
migrate_check_graphile(Migration *migration, const char *sql, int length)
{
	const char *end = sql + length;
	bool		changed = false;
	const char *body = parse_header(migration, sql, length, &changed);

	if (migration->previous == NULL || migration->hash == NULL)
		migrate_bad_file(migration->file, 1, "header has no \"Previous\" or no \"Hash\"",
						 "Only files that \"graphile-migrate commit\" has written are migrations.");
	if (body == NULL)
		body = end;
	if (!changed && strcmp(graphile_hash(migration->previous, body, end - body), migration->hash) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("file \"%s\" does not match the hash in its header", migration->file),
				 errhint("Undo the change, or accept it with a header line \"--! AllowInvalidHash\".")));
}
