/*-------------------------------------------------------------------------
 *
 * hash.c
 *		Cryptographic hashes of texts of any size.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/hash.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/sha2.h"
#include "miscadmin.h"

#include "util/hash.h"
#include "util/lines.h"

/*
 * Begin another hash of the same type, which is cheaper than a new one, or the first
 * one of migrate_hash_create().
 */
void
migrate_hash_restart(pg_cryptohash_ctx *hash)
{
	if (pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not compute hash: %s", pg_cryptohash_error(hash));
}

/*
 * Prepare for hashes, each of which migrate_hash_restart() begins.  An error frees it with
 * its resource owner.
 */
pg_cryptohash_ctx *
migrate_hash_create(pg_cryptohash_type type)
{
	return pg_cryptohash_create(type);
}

/*
 * Begin a hash.  An error frees it with its resource owner.
 */
pg_cryptohash_ctx *
migrate_hash_begin(pg_cryptohash_type type)
{
	pg_cryptohash_ctx *hash = migrate_hash_create(type);

	migrate_hash_restart(hash);
	return hash;
}

void
migrate_hash_add(pg_cryptohash_ctx *hash, const char *bytes, int length)
{
	for (int done = 0; done < length; done += MIGRATE_BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		if (pg_cryptohash_update(hash, (const uint8 *) bytes + done,
								 Min(length - done, MIGRATE_BLOCK)) < 0)
			elog(ERROR, "could not compute hash: %s", pg_cryptohash_error(hash));
	}
}

/*
 * Finish a hash, with its digest of "length" bytes.  migrate_hash_restart() has to
 * follow, or migrate_hash_free().
 */
void
migrate_hash_finish(pg_cryptohash_ctx *hash, uint8 *digest, int length)
{
	if (pg_cryptohash_final(hash, digest, length) < 0)
		elog(ERROR, "could not compute hash: %s", pg_cryptohash_error(hash));
}

void
migrate_hash_free(pg_cryptohash_ctx *hash)
{
	pg_cryptohash_free(hash);
}

/*
 * End a hash, with its digest of "length" bytes.
 */
void
migrate_hash_end(pg_cryptohash_ctx *hash, uint8 *digest, int length)
{
	migrate_hash_finish(hash, digest, length);
	migrate_hash_free(hash);
}

/*
 * A digest in hexadecimal digits, palloc'd.
 */
char *
migrate_hex(const uint8 *digest, int length)
{
	char	   *digits = palloc(2 * length + 1);

	for (int i = 0; i < length; i++)
		sprintf(digits + 2 * i, "%02x", digest[i]);
	return digits;
}

/*
 * The SHA-256 of "length" bytes, into PG_SHA256_DIGEST_LENGTH bytes.
 */
void
migrate_sha256(const char *sql, int length, uint8 *sha256)
{
	pg_cryptohash_ctx *hash = migrate_hash_begin(PG_SHA256);

	migrate_hash_add(hash, sql, length);
	migrate_hash_end(hash, sha256, PG_SHA256_DIGEST_LENGTH);
}
