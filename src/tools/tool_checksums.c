/*-------------------------------------------------------------------------
 *
 * tool_checksums.c
 *		The checksums that other tools record of a migration, to find out whether
 *		its file is still the one that they applied.
 *
 * Each is computed as the tool does it, from the bytes of the file.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/tools/tool_checksums.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/md5.h"
#include "common/sha1.h"
#include "common/sha2.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/pg_crc.h"

#include "files/files.h"
#include "format/format.h"
#include "format/manifest.h"
#include "tools/tools.h"
#include "tools/tools_int.h"
#include "util/hash.h"
#include "util/lines.h"

#define BYTE_ORDER_MARK		"\xEF\xBB\xBF"
#define MAX_DIGEST_LENGTH	PG_SHA384_DIGEST_LENGTH

/*
 * The digest of a hash in hexadecimal digits, palloc'd; ends the hash.
 */
static char *
end_in_hex(pg_cryptohash_ctx *hash, int length)
{
	uint8		digest[MAX_DIGEST_LENGTH];

	migrate_hash_end(hash, digest, length);
	return migrate_hex(digest, length);
}

static char *
hash_of(pg_cryptohash_type type, int digest_length, const char *bytes, int length)
{
	pg_cryptohash_ctx *hash = migrate_hash_begin(type);

	migrate_hash_add(hash, bytes, length);
	return end_in_hex(hash, digest_length);
}

static MigrateChecked
compare_checksum(const char *computed, const char *recorded)
{
	return pg_strcasecmp(computed, recorded) == 0 ? CHECKED_SAME : CHECKED_CHANGED;
}

/*
 * sqitch: SHA-1 of the deploy script (sqitch 1.6, Plan/Change.pm).
 */
MigrateChecked
migrate_checksum_sqitch(const MigrateChecksumInput *in, const char *recorded)
{
	return compare_checksum(hash_of(PG_SHA1, SHA1_DIGEST_LENGTH, in->bytes, in->length), recorded);
}

/*
 * sqlx: SHA-384 of the file (sqlx 0.9, migrate/migration.rs).
 */
char *
migrate_make_checksum_sqlx(const MigrateChecksumInput *in)
{
	return hash_of(PG_SHA384, PG_SHA384_DIGEST_LENGTH, in->bytes, in->length);
}

MigrateChecked
migrate_checksum_sqlx(const MigrateChecksumInput *in, const char *recorded)
{
	return compare_checksum(migrate_make_checksum_sqlx(in), recorded);
}

/*
 * drizzle: SHA-256 of the file (drizzle-orm 0.44, migrator.ts).
 */
MigrateChecked
migrate_checksum_drizzle(const MigrateChecksumInput *in, const char *recorded)
{
	return compare_checksum(hash_of(PG_SHA256, PG_SHA256_DIGEST_LENGTH, in->bytes, in->length), recorded);
}

/*
 * Old versions of prisma left out the zero before a single digit.
 */
static char *
without_padding(const char *digits)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (; digits[0] != '\0'; digits += 2)
		appendStringInfo(&buf, "%s", digits[0] == '0' ? pnstrdup(digits + 1, 1) : pnstrdup(digits, 2));
	return buf.data;
}

/*
 * The SHA-256 of the bytes, with every line end replaced by "line_end".
 */
static char *
hash_with_line_ends(const char *bytes, int length, const char *line_end)
{
	pg_cryptohash_ctx *hash = migrate_hash_begin(PG_SHA256);
	const char *end = bytes + length;
	const char *newline;

	while ((newline = memchr(bytes, '\n', end - bytes)) != NULL)
	{
		bool		has_return = newline > bytes && newline[-1] == '\r';

		migrate_hash_add(hash, bytes, newline - bytes - (has_return ? 1 : 0));
		migrate_hash_add(hash, line_end, strlen(line_end));
		bytes = newline + 1;
	}
	migrate_hash_add(hash, bytes, end - bytes);
	return end_in_hex(hash, PG_SHA256_DIGEST_LENGTH);
}

static bool
is_recorded(char *hash, const char *recorded)
{
	return strcmp(hash, recorded) == 0 || strcmp(without_padding(hash), recorded) == 0;
}

/*
 * prisma: SHA-256 of the file, whatever its line ends (prisma-engines).
 */
char *
migrate_make_checksum_prisma(const MigrateChecksumInput *in)
{
	return hash_of(PG_SHA256, PG_SHA256_DIGEST_LENGTH, in->bytes, in->length);
}

MigrateChecked
migrate_checksum_prisma(const MigrateChecksumInput *in, const char *recorded)
{
	if (is_recorded(migrate_make_checksum_prisma(in), recorded) ||
		is_recorded(hash_with_line_ends(in->bytes, in->length, "\n"), recorded) ||
		is_recorded(hash_with_line_ends(in->bytes, in->length, "\r\n"), recorded))
		return CHECKED_SAME;
	return CHECKED_CHANGED;
}

/*
 * postgres-migrations: SHA-1 of the file's name and its text (5.3).
 */
MigrateChecked
migrate_checksum_postgres_migrations(const MigrateChecksumInput *in, const char *recorded)
{
	pg_cryptohash_ctx *hash = migrate_hash_begin(PG_SHA1);
	const char *name = migrate_base_name(in->file->up.file);

	migrate_hash_add(hash, name, strlen(name));
	migrate_hash_add(hash, in->bytes, in->length);
	return compare_checksum(end_in_hex(hash, SHA1_DIGEST_LENGTH), recorded);
}

/*
 * postgrator: MD5 of the file, perhaps with other line ends (8.0).
 */
MigrateChecked
migrate_checksum_postgrator(const MigrateChecksumInput *in, const char *recorded)
{
	static const char *const line_ends[] = {"\n", "\r\n", "\r"};

	if (compare_checksum(hash_of(PG_MD5, MD5_DIGEST_LENGTH, in->bytes, in->length), recorded) == CHECKED_SAME)
		return CHECKED_SAME;
	for (int i = 0; i < lengthof(line_ends); i++)
	{
		StringInfoData buf;

		initStringInfo(&buf);
		for (const char *p = in->bytes; p < in->bytes + in->length; p++)
		{
			if (*p != '\r' && *p != '\n')
				appendStringInfoChar(&buf, *p);
			else if (*p == '\r' || p == in->bytes || p[-1] != '\r')
				appendStringInfoString(&buf, line_ends[i]);
		}
		if (compare_checksum(hash_of(PG_MD5, MD5_DIGEST_LENGTH, buf.data, buf.len), recorded) == CHECKED_SAME)
			return CHECKED_SAME;
		pfree(buf.data);
	}
	return CHECKED_CHANGED;
}

/*
 * Play: SHA-1 of both parts, see play.c.
 */
MigrateChecked
migrate_checksum_play(const MigrateChecksumInput *in, const char *recorded)
{
	return compare_checksum(migrate_play_hash(in->bytes, in->length), recorded);
}

/*
 * graphile-migrate: the hash in the header, which has been checked against the
 * text.
 */
MigrateChecked
migrate_checksum_graphile(const MigrateChecksumInput *in, const char *recorded)
{
	return in->file->hash == NULL ? CHECKED_UNKNOWN : compare_checksum(in->file->hash, recorded);
}

/*
 * atlas: the file's line in atlas.sum, which has been checked against the text.
 */
MigrateChecked
migrate_checksum_atlas(const MigrateChecksumInput *in, const char *recorded)
{
	const char *sum = in->sums ? migrate_names_get(in->sums, in->file->up.file) : NULL;

	if (sum == NULL)
		return CHECKED_UNKNOWN;
	return strcmp(sum, recorded) == 0 ? CHECKED_SAME : CHECKED_CHANGED;
}

/*
 * Flyway: CRC-32 of the lines without their ends, as a signed number (Flyway 13,
 * ChecksumCalculator.java).
 */
char *
migrate_make_checksum_flyway(const MigrateChecksumInput *in)
{
	const char *p = in->bytes;
	const char *end = p + in->length;
	pg_crc32	crc;

	if (in->length >= 3 && memcmp(p, BYTE_ORDER_MARK, 3) == 0)
		p += 3;
	INIT_TRADITIONAL_CRC32(crc);
	while (p < end)
	{
		const char *start = p;

		CHECK_FOR_INTERRUPTS();
		while (p < end && *p != '\r' && *p != '\n')
			p++;
		COMP_TRADITIONAL_CRC32(crc, start, p - start);
		p++;
	}
	FIN_TRADITIONAL_CRC32(crc);
	return psprintf("%d", (int32) crc);
}

MigrateChecked
migrate_checksum_flyway(const MigrateChecksumInput *in, const char *recorded)
{
	return compare_checksum(migrate_make_checksum_flyway(in), recorded);
}

/*
 * State of SipHash-1-3 with the key 0, as Rust's SipHasher13 has it.
 */
typedef struct SipHash
{
	uint64		v[4];
	uint64		tail;			/* the last bytes, less than eight ... */
	int			length;			/* ... and how many there have been in all */
} SipHash;

static uint64
rotate(uint64 x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static void
sip_round(uint64 *v)
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void
sip_begin(SipHash *sip)
{
	sip->v[0] = UINT64CONST(0x736f6d6570736575);
	sip->v[1] = UINT64CONST(0x646f72616e646f6d);
	sip->v[2] = UINT64CONST(0x6c7967656e657261);
	sip->v[3] = UINT64CONST(0x7465646279746573);
	sip->tail = 0;
	sip->length = 0;
}

static void
sip_add(SipHash *sip, const char *bytes, int length)
{
	for (int i = 0; i < length; i++)
	{
		if (i % MIGRATE_BLOCK == 0)
			CHECK_FOR_INTERRUPTS();
		sip->tail |= (uint64) (unsigned char) bytes[i] << (8 * (sip->length % 8));
		if (++sip->length % 8 != 0)
			continue;
		sip->v[3] ^= sip->tail;
		sip_round(sip->v);
		sip->v[0] ^= sip->tail;
		sip->tail = 0;
	}
}

static uint64
sip_end(SipHash *sip)
{
	sip->tail |= (uint64) (sip->length & 0xff) << 56;
	sip->v[3] ^= sip->tail;
	sip_round(sip->v);
	sip->v[0] ^= sip->tail;
	sip->v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(sip->v);
	return sip->v[0] ^ sip->v[1] ^ sip->v[2] ^ sip->v[3];
}

/*
 * refinery: SipHash-1-3 of name, version in four bytes or in eight, and text
 * (refinery 0.9, runner.rs).
 */
MigrateChecked
migrate_checksum_refinery(const MigrateChecksumInput *in, const char *recorded)
{
	uint64		version = strtoull(in->file->version, NULL, 10);

	for (int width = 4; width <= 8; width += 4)
	{
		SipHash		sip;
		char		number[8] = {0};

		for (int i = 0; i < width; i++)
			number[i] = (char) (version >> (8 * i));
		sip_begin(&sip);
		sip_add(&sip, in->file->name, strlen(in->file->name));
		sip_add(&sip, "\xff", 1);
		sip_add(&sip, number, width);
		sip_add(&sip, in->bytes, in->length);
		sip_add(&sip, "\xff", 1);
		if (strcmp(psprintf(UINT64_FORMAT, sip_end(&sip)), recorded) == 0)
			return CHECKED_SAME;
	}
	return CHECKED_CHANGED;
}

/*
 * Is a line of a changeset none of its SQL?
 */
static bool
is_directive(const MigrateLine *line)
{
	const char *rest;

	/* of ours, in a text put together from pieces */
	if (strncmp(line->str, "--#line ", strlen("--#line ")) == 0)
		return true;
	if ((rest = migrate_line_directive(line, "rollback")) != NULL)
		return *rest == ' ';
	if ((rest = migrate_line_directive(line, "comment")) != NULL ||
		(rest = migrate_line_directive(line, "validCheckSum")) != NULL)
		return *line->str == '-' && (*rest == ' ' || *rest == ':');
	return migrate_line_directive(line, "precondition") != NULL ||
		((rest = migrate_line_directive(line, "property")) != NULL && (*rest == ' ' || *rest == '\t'));
}

/*
 * The SQL of a piece of a changeset, all white space left out.
 */
static void
add_changeset_sql(StringInfo buf, const char *sql, int length)
{
	MigrateLineReader lines;
	bool		in_rollback = false;

	migrate_lines_start(&lines, sql, length);
	while (migrate_lines_next(&lines))
	{
		const char *line = lines.line.str;
		int			start = buf->len;

		if (!in_rollback && is_directive(&lines.line))
			continue;
		for (int i = 0; i < lines.line.length; i++)
			if (strchr(" \t\r\n", line[i]) == NULL)
				appendStringInfoChar(buf, line[i]);
		if (in_rollback || pg_strcasecmp(buf->data + start, "/*liquibaserollback") == 0)
		{
			in_rollback = buf->len < start + 2 || strcmp(buf->data + buf->len - 2, "*/") != 0;
			buf->len = start;
			buf->data[start] = '\0';
		}
	}
}

/*
 * The MD5 of the MD5 of such SQL, as Liquibase since 4.22 writes it; palloc'd.  NULL if it
 * has parameters, on whose values the checksum depends.
 */
static char *
changeset_checksum(const StringInfo sql)
{
	char	   *bytes;
	char	   *hash;

	if (strstr(sql->data, "${") != NULL)
		return NULL;
	bytes = pg_server_to_any(sql->data, sql->len, PG_UTF8);
	hash = psprintf("9:%s:", hash_of(PG_MD5, MD5_DIGEST_LENGTH, bytes, strlen(bytes)));
	return psprintf("9:%s", hash_of(PG_MD5, MD5_DIGEST_LENGTH, hash, strlen(hash)));
}

/*
 * Is a checksum, or NULL, one of those that "validCheckSum" lists (ChangeSet.java)?
 */
static bool
is_listed(const List *valid, const char *checksum)
{
	static const char *const all[] = {"any", "all", "*", "1:any", "1:all", "1:*"};
	ListCell   *lc;

	foreach(lc, valid)
	{
		if (checksum != NULL && pg_strcasecmp(lfirst(lc), checksum) == 0)
			return true;
		for (int i = 0; i < lengthof(all); i++)
			if (pg_strcasecmp(lfirst(lc), all[i]) == 0)
				return true;
	}
	return false;
}

/*
 * Is a changeset that has run with other SQL than it has now accepted by its lines
 * "validCheckSum" (a list of char *)?  They have the checksum of one or the other.
 */
bool
migrate_changeset_is_valid(const List *valid, const char *ran, const char *now)
{
	const char *texts[] = {ran, now};

	for (int i = 0; valid != NIL && i < lengthof(texts); i++)
	{
		StringInfoData buf;

		initStringInfo(&buf);
		add_changeset_sql(&buf, texts[i], strlen(texts[i]));
		if (is_listed(valid, changeset_checksum(&buf)))
			return true;
		pfree(buf.data);
	}
	return false;
}

/*
 * Liquibase: that of older versions than 4.22, or with parameters, depends on more than the
 * file.
 */
MigrateChecked
migrate_checksum_liquibase(const MigrateChecksumInput *in, const char *recorded)
{
	const MigrateSection *up = &in->file->up;
	StringInfoData buf;
	char	   *checksum;
	ListCell   *lc;

	if (is_listed(in->file->valid_checksums, recorded))
		return CHECKED_SAME;
	if (strncmp(recorded, "9:", 2) != 0)
		return CHECKED_UNKNOWN;
	initStringInfo(&buf);
	if (up->spans == NIL)
		add_changeset_sql(&buf, in->sql + up->offset, up->length);
	foreach(lc, up->spans)
	{
		const MigrateSpan *span = lfirst(lc);

		add_changeset_sql(&buf, in->sql + span->offset, span->length);
	}
	checksum = changeset_checksum(&buf);
	if (checksum == NULL)
		return CHECKED_UNKNOWN;
	return is_listed(in->file->valid_checksums, checksum) ? CHECKED_SAME :
		compare_checksum(checksum, recorded);
}

/*
 * CRC-32 of bytes, as in zlib: part of the keys of some tools' locks.
 */
uint32
migrate_crc32(const char *bytes, int length)
{
	pg_crc32	crc;

	INIT_TRADITIONAL_CRC32(crc);
	COMP_TRADITIONAL_CRC32(crc, bytes, length);
	FIN_TRADITIONAL_CRC32(crc);
	return crc;
}
