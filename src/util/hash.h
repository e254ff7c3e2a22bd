/*-------------------------------------------------------------------------
 *
 * hash.h
 *		Cryptographic hashes of texts of any size.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/hash.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_UTIL_HASH_H
#define MIGRATE_UTIL_HASH_H

#include "common/cryptohash.h"

/* in hash.c */
extern pg_cryptohash_ctx *migrate_hash_create(pg_cryptohash_type type);
extern pg_cryptohash_ctx *migrate_hash_begin(pg_cryptohash_type type);
extern void migrate_hash_add(pg_cryptohash_ctx *hash, const char *bytes, int length);
extern void migrate_hash_restart(pg_cryptohash_ctx *hash);
extern void migrate_hash_finish(pg_cryptohash_ctx *hash, uint8 *digest, int length);
extern void migrate_hash_free(pg_cryptohash_ctx *hash);
extern void migrate_hash_end(pg_cryptohash_ctx *hash, uint8 *digest, int length);
extern char *migrate_hex(const uint8 *digest, int length);
extern void migrate_sha256(const char *sql, int length, uint8 *sha256);

#endif							/* MIGRATE_UTIL_HASH_H */
