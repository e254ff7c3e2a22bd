/*-------------------------------------------------------------------------
 *
 * fingerprint.c
 *		One hash of all objects.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/fingerprint.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/sha2.h"
#include "mb/pg_wchar.h"

#include "objects/objects.h"
#include "util/hash.h"

/*
 * A text in UTF-8, whatever the encoding of the database, and the zero byte that
 * no text has.
 */
static void
add_text(pg_cryptohash_ctx *hash, const char *str)
{
	char	   *utf8 = pg_server_to_any(str, strlen(str), PG_UTF8);

	migrate_hash_add(hash, utf8, strlen(utf8) + 1);
	if (utf8 != str)
		pfree(utf8);
}

static void
add_object(const char *kind, const char *name, const char *definition, void *arg)
{
	add_text(arg, kind);
	add_text(arg, name);
	add_text(arg, definition);
}

/*
 * The SHA-256 of all rows in hexadecimal: kind, name and definition, each
 * followed by a zero byte.  Errors as migrate_objects().
 */
char *
migrate_objects_fingerprint(const MigrateObjectFilter *filter)
{
	pg_cryptohash_ctx *hash = migrate_hash_begin(PG_SHA256);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	migrate_objects(filter, add_object, hash);
	migrate_hash_end(hash, digest, sizeof(digest));
	return migrate_hex(digest, sizeof(digest));
}
