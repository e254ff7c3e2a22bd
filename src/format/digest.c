/*-------------------------------------------------------------------------
 *
 * digest.c
 *		The digest of everything that is read for a migration.
 *
 * A migration whose digest is the one that has been recorded for it need not be
 * parsed: it would come out as it did then.  So the digest has every input of the
 * reading:
 *
 *	- READER_VERSION, since another version may read the same text in another way;
 *	- the format, and which of its layouts; and where the history or the caller decides
 *	  which of several formats it is, the one that the names look like, since this text
 *	  must not be evidence for yet another one;
 *	- for each of its files, an up and a down one: what its name, or the manifest,
 *	  says of it, that is MigrateFileName but for the tags, which are not recorded;
 *	- the text of the file;
 *	- the file with its settings: its text, or that there is none;
 *	- of the settings of the directory, those that decide how this text is read;
 *	- for each line that may include a file, and each template of tern that is included:
 *	  the names that are tried, and the text of the first that exists.  Such a line may be
 *	  part of a literal, and then more is
 *	  read than is included; a migration for which that is so gets no digest.
 *
 *	- of a file of changesets, how many there are, so that the history is known to have all
 *	  of them, and the properties that files before it define.  The digest is that of each
 *	  of them.
 *
 * Texts are those of the files, in UTF-8, without a byte order mark, and with LF for
 * CRLF.  migrate_script_same() does not distinguish these either.  Only of a format whose
 * files have a hash of all their bytes, CRLF stays what it is.
 *
 * These are no inputs, though they decide what runs:
 *
 *	- values of variables: they are put into the text after it has been compared;
 *	- migrate.contexts and migrate.labels: they decide about pending migrations;
 *	- the argument "format", and what has been detected otherwise: a migration gets a
 *	  digest only if the format is the one that its text shows, or may be meant where it
 *	  shows another, and a warning is given for it in neither case; see is_plain() in
 *	  known.c;
 *	- the version of the server, whose lexer finds the lines that include files, and
 *	  whose parser says whether a migration can be undone: the first has been checked
 *	  when the digest was recorded, the second is recorded;
 *	- the other files of the directory: what depends on them is found from names, or is
 *	  compared at each reading (see migrate_known_file() in known.c: hashes of the file
 *	  before, dependencies, atlas.sum, changesets of the same name), or the migration has
 *	  no digest.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/digest.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/sha2.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "format/digest.h"
#include "format/filename.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/tern.h"
#include "script/script.h"
#include "util/hash.h"
#include "util/subtransaction.h"

/*
 * To be raised whenever the same files would be read in another way: other sections,
 * other hashes of them, another description, a new warning or error.
 */
#define READER_VERSION	"4"

/* a migration that includes more has no digest */
#define MAX_INCLUDED_FILES	1000
#define MAX_INCLUDED_DEPTH	16
#define MAX_INCLUDED_BYTES	(64 * 1024 * 1024)

struct MigrateDigester
{
	MigrateDirectory *dir;
	const MigrateFormat *format;
	const MigrateFlywaySettings *flyway;	/* or NULL */
	const MigrateFormat *shown; /* or NULL */
	pg_cryptohash_ctx *hash;
	StringInfoData said;		/* all but the texts */
	int			common;			/* so much of that is the same for all files */
	MigrateNames *included;		/* by the file that is digested, or NULL */
	int			count;			/* so many of them ... */
	int64		nbytes;			/* ... of that size */
	int			depth;
	bool		failed;			/* there is no digest */
};

/*
 * Append a text or NULL, so that its end is known.
 */
static void
say(MigrateDigester *digester, const char *str)
{
	appendStringInfoChar(&digester->said, str == NULL ? '-' : '+');
	if (str != NULL)
		appendBinaryStringInfo(&digester->said, str, strlen(str) + 1);
}

/*
 * Append a number, in an order of bytes that all machines share.
 */
static void
say_number(MigrateDigester *digester, uint32 number)
{
	char		bytes[4] = {number >> 24, number >> 16, number >> 8, number};

	appendBinaryStringInfo(&digester->said, bytes, sizeof(bytes));
}

/*
 * Which of the layouts of its name a format is: '0', '1', ...
 */
static char
layout_of(const MigrateFormat *format)
{
	char		layout = '0';

	for (; format > migrate_formats && strcmp(format[-1].name, format->name) == 0; format--)
		layout++;
	return layout;
}

/*
 * Prepare to digest files of a directory in a format, with the configuration of Flyway or
 * NULL.  "shown" is the format that the directory looks like, NULL for that one.  Until
 * migrate_digester_end(), in the same transaction.
 */
MigrateDigester *
migrate_digester_begin(MigrateDirectory *dir, const MigrateFormat *format,
					   const MigrateFlywaySettings *flyway, const MigrateFormat *shown)
{
	MigrateDigester *digester = palloc0(sizeof(MigrateDigester));

	digester->dir = dir;
	digester->format = format;
	digester->flyway = flyway;
	digester->shown = shown;
	digester->hash = migrate_hash_create(PG_SHA256);
	initStringInfo(&digester->said);
	say(digester, READER_VERSION);
	say(digester, format->name);
	appendStringInfoChar(&digester->said, layout_of(format));
	if (shown != NULL)
	{
		say(digester, shown->name);
		appendStringInfoChar(&digester->said, layout_of(shown));
	}
	digester->common = digester->said.len;
	return digester;
}

const MigrateFormat *
migrate_digester_format(const MigrateDigester *digester)
{
	return digester->format;
}

/*
 * The format that the texts have to show.
 */
const MigrateFormat *
migrate_digester_shown(const MigrateDigester *digester)
{
	return digester->shown ? digester->shown : digester->format;
}

void
migrate_digester_end(MigrateDigester *digester)
{
	migrate_hash_free(digester->hash);
	pfree(digester->said.data);
	pfree(digester);
}

/*
 * How long the byte order mark is that a file begins with.
 */
int
migrate_bom_length(const char *bytes)
{
	return strncmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/*
 * Add the text of a file, and how long it is.
 */
static void
add_text(MigrateDigester *digester, const char *bytes, int length)
{
	const char *cr = digester->format->hashed ? NULL : memchr(bytes, '\r', length);
	const char *end = bytes + length;
	char	   *copy;
	char	   *to;

	bytes += migrate_bom_length(bytes);
	length = end - bytes;
	if (cr == NULL)
	{
		migrate_hash_add(digester->hash, bytes, length);
		say_number(digester, length);
		return;
	}
	to = copy = palloc_extended(length, MCXT_ALLOC_HUGE);
	for (; cr != NULL; cr = memchr(bytes, '\r', end - bytes))
	{
		const char *next = cr + (cr + 1 == end || cr[1] != '\n');

		CHECK_FOR_INTERRUPTS();
		memcpy(to, bytes, next - bytes);
		to += next - bytes;
		bytes = cr + 1;
	}
	memcpy(to, bytes, end - bytes);
	to += end - bytes;
	migrate_hash_add(digester->hash, copy, to - copy);
	say_number(digester, to - copy);
	pfree(copy);
}

/*
 * A file to read, as the argument of read_bytes().
 */
typedef struct FileToRead
{
	MigrateDigester *digester;
	const char *file;
	char	   *bytes;
	int			length;
} FileToRead;

static void
read_bytes(void *arg)
{
	FileToRead *to_read = arg;

	to_read->bytes = migrate_directory_bytes(to_read->digester->dir, to_read->file, &to_read->length);
}

/*
 * Add a file of the directory, or that it does not exist.  Its bytes, palloc'd, or
 * NULL.  If it cannot be read there is no digest: it may be one that is not needed.
 */
static char *
add_file(MigrateDigester *digester, const char *file)
{
	FileToRead	to_read = {digester, file};
	ErrorData  *error = NULL;

	say(digester, file);
	if (migrate_may_have_name(migrate_directory_names(digester->dir), file))
		error = migrate_try(read_bytes, &to_read);
	if (error != NULL)
	{
		if (!migrate_is_error_of_input(error->sqlerrcode))
			ReThrowError(error);
		FreeErrorData(error);
		digester->failed = true;
	}
	appendStringInfoChar(&digester->said, to_read.bytes == NULL ? '-' : '+');
	if (to_read.bytes != NULL)
		add_text(digester, to_read.bytes, to_read.length);
	digester->nbytes += to_read.length;
	return to_read.bytes;
}

static void add_included_files(MigrateDigester *digester, const char *file, const char *bytes);

/*
 * Add a file that a line may include; false if there is none of that name.  For
 * migrate_includes_visit().
 */
static bool
add_included_file(void *arg, const char *file)
{
	MigrateDigester *digester = arg;
	char	   *bytes;

	CHECK_FOR_INTERRUPTS();
	if (++digester->count > MAX_INCLUDED_FILES || digester->nbytes > MAX_INCLUDED_BYTES)
		digester->failed = true;
	if (digester->failed)
		return false;
	bytes = add_file(digester, file);
	if (bytes == NULL)
		return false;
	if (digester->included == NULL)
		digester->included = migrate_names_create();
	(void) migrate_names_add(digester->included, pstrdup(file), NULL);
	add_included_files(digester, file, bytes);
	pfree(bytes);
	return true;
}

static void
add_included_files(MigrateDigester *digester, const char *file, const char *bytes)
{
	bool		is_template = digester->format->templates && migrate_may_have_action(bytes);

	bytes += migrate_bom_length(bytes);
	if (!is_template && !migrate_may_include(bytes))
		return;
	if (digester->depth == MAX_INCLUDED_DEPTH)
	{
		digester->failed = true;
		return;
	}
	digester->depth++;
	if (is_template)
		migrate_templates_visit(bytes, add_included_file, digester);
	else
		migrate_includes_visit(bytes, file, add_included_file, digester);
	digester->depth--;
}

/*
 * The digest of what is read for one file of a migration, whose bytes, in UTF-8, end
 * with a NUL, into PG_SHA256_DIGEST_LENGTH bytes.  "changesets" is what there is to say
 * about these, NULL in other formats.  *included has the files of the
 * directory that it may include, NULL for none.  False if these cannot be read, or are
 * too many or too large.
 */
bool
migrate_digest_part(MigrateDigester *digester, const MigrateFileName *file,
					const MigrateChangesetsRead *changesets,
					const char *bytes, int length, uint8 *digest, MigrateNames **included)
{
	StringInfo	said = &digester->said;
	char	   *metadata_file = migrate_format_metadata_file(digester->format, file->file);

	migrate_hash_restart(digester->hash);
	said->len = digester->common;
	digester->included = NULL;
	digester->count = 0;
	digester->nbytes = 0;
	digester->depth = 0;
	digester->failed = false;
	appendStringInfoChar(said, file->part == PART_BOTH ? 'b' : file->part == PART_UP ? 'u' : 'd');
	appendStringInfoChar(said, file->kind == KIND_REPEATABLE ? 'r' : 'v');
	say(digester, file->file);
	say(digester, file->version);
	say(digester, file->name);
	say(digester, file->sort_key);
	say(digester, file->description);
	say(digester, file->author);
	if (digester->flyway != NULL)
		migrate_flyway_settings_say(digester->flyway, said);
	if (changesets != NULL)
	{
		say_number(digester, changesets->count);
		appendStringInfoChar(said, changesets->properties ? '+' : '-');
		if (changesets->properties)
			appendBinaryStringInfo(said, (const char *) changesets->properties, PG_SHA256_DIGEST_LENGTH);
	}
	add_text(digester, bytes, length);
	if (metadata_file != NULL)
		(void) add_file(digester, metadata_file);
	add_included_files(digester, file->file, bytes);
	*included = digester->included;

	/* the texts are before it; from its end, it says where they end */
	say_number(digester, said->len);
	migrate_hash_add(digester->hash, said->data, said->len);
	migrate_hash_finish(digester->hash, digest, PG_SHA256_DIGEST_LENGTH);
	return !digester->failed;
}

/*
 * The digest of a migration in two files: that of the up one, which it replaces, with
 * that of the down one.
 */
void
migrate_digest_join(uint8 *digest, const uint8 *down)
{
	char		both[2 * PG_SHA256_DIGEST_LENGTH];

	memcpy(both, digest, PG_SHA256_DIGEST_LENGTH);
	memcpy(both + PG_SHA256_DIGEST_LENGTH, down, PG_SHA256_DIGEST_LENGTH);
	migrate_sha256(both, sizeof(both), digest);
}
