/*-------------------------------------------------------------------------
 *
 * source_digest.c
 *		The digests of migrations that have been parsed, and the bytes that tools hash.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/source_digest.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/sha2.h"
#include "utils/memutils.h"

#include "files/files.h"
#include "format/changelog.h"
#include "format/digest.h"
#include "format/filename.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/manifest.h"
#include "format/source.h"
#include "format/source_int.h"
#include "format/tern.h"
#include "script/script.h"
#include "util/hash.h"
#include "util/names.h"
#include "util/printable.h"
#include "util/subtransaction.h"

/*
 * The digest of a file that has just been read, and parsed.  While all files are read,
 * one digester is enough.
 */
static bool
digest_file(MigrateSource *source, MigrateDigestPart *part)
{
	MigrateDigester *digester = source->digester ? source->digester :
		migrate_digester_begin(source->dir, source->set->format, source->set->flyway, source->shown);

	part->is_digested = migrate_digest_parsed(digester, part, source->sql, source->length,
											  source->detect, source->including, part->digest);
	part->has_failed = !part->is_digested;
	if (digester != source->digester)
		migrate_digester_end(digester);
	return part->is_digested;
}

/*
 * A hash of the text that has just been read.
 */
static uint64
hash_text(const MigrateSource *source)
{
	return hash_bytes_extended((const unsigned char *) source->sql, source->length, 0);
}

/*
 * Can a migration have a digest?
 */
static bool
may_have_digest(const Migration *migration)
{
	return migration->doubt == NULL && !migration->always &&
		migration->up.broken == NULL && migration->down.broken == NULL;
}

/*
 * The same of the changesets of a file that has just been parsed: what else they depend on,
 * into *read.  No digest has a file that others depend on, one that depends on others than
 * by properties, and one of which it is left open what it depends on.
 */
static bool
may_changesets_have_digest(const MigrateSource *source, List *migrations, const char *file,
						   MigrateChangesetsRead *read)
{
	const MigrateChangelog *changelog = source->changelog;
	ListCell   *lc;

	if (changelog->undecided != NIL || changelog->refers || changelog->needs_all ||
		migrate_changelog_has_properties_of(changelog, file))
		return false;
	foreach(lc, migrations)
	{
		const Migration *migration = lfirst(lc);
		const char *path = migrate_changeset_key_path(migration->sort_key);

		/* a key that does not have all that is needed later */
		if (path == NULL ? migration->logical_path != NULL :
			migration->logical_path == NULL || strcmp(path, migration->logical_path) != 0)
			return false;
	}
	read->count = list_length(migrations);
	read->properties = changelog->properties_hash;
	return true;
}

/*
 * What the digests of the migrations of a file, which has just been parsed, will have of it.
 * If other files are read for it, they are digested now, since they may change before the
 * migration is recorded.  The file itself is if most of them will be recorded; else
 * that is done then.
 */
void
migrate_source_note_digest(MigrateSource *source, List *migrations, MigrateFileName *file, bool is_alone)
{
	MigrateDigestPart *part;
	MigrateChangesetsRead changesets = {0};
	ListCell   *lc;

	foreach(lc, migrations)
		if (!may_have_digest(lfirst(lc)))
		return;
	if (migrations == NIL || (source->set->format->changesets &&
							  !may_changesets_have_digest(source, migrations, file->file, &changesets)))
		return;
	part = palloc0(sizeof(MigrateDigestPart));
	part->file = file;
	part->changesets = changesets;
	part->is_alone = is_alone;
	if (is_alone && source->digester == NULL)
		part->text_hash = hash_text(source);
	else if (!digest_file(source, part))
		return;
	foreach(lc, migrations)
	{
		Migration  *migration = lfirst(lc);

		migration->digest_part = part;
		if (!is_alone || !part->is_digested || file->part != PART_BOTH)
			continue;
		migration->digest_part = NULL;
		migration->has_digest = true;
		memcpy(migration->digest, part->digest, PG_SHA256_DIGEST_LENGTH);
	}
	if (((Migration *) linitial(migrations))->has_digest)
		pfree(part);
}

/*
 * Digest the files of a migration, of which the first comes with its up section.  False
 * if it has no digest, or a file is not the one any more that was parsed.
 */
static bool
digest_parts(MigrateSource *source, MigrateDigestPart *first, uint8 *digest)
{
	for (MigrateDigestPart *part = first; part != NULL; part = part->down)
	{
		if (part->has_failed)
			return false;
		if (!part->is_digested)
		{
			part->has_failed = true;
			source->including = NULL;
			if (!migrate_source_read_file(source, part->file->file) || hash_text(source) != part->text_hash ||
				!digest_file(source, part))
				return false;
		}
		if (part == first)
			memcpy(digest, part->digest, PG_SHA256_DIGEST_LENGTH);
		else
			migrate_digest_join(digest, part->digest);
	}
	return true;
}

/*
 * Fill in migration->has_digest and its digest, for a migration that is about to be
 * recorded: most of those that are parsed never are.  Errors: those of reading files.
 */
void
migrate_source_digest(MigrateSource *source, Migration *migration)
{
	MigrateDigestPart *first = migration->digest_part;

	if (first == NULL)
		return;
	migration->digest_part = NULL;
	migration->has_digest = digest_parts(source, first, migration->digest);
}

/*
 * The bytes of a file, as the tools hash them; NULL if there is no such file.  *sql
 * is its text, in the database encoding and without a byte order mark.  Both belong
 * to the source, until another file is read.
 */
char *
migrate_source_bytes(MigrateSource *source, const char *file, int *length, const char **sql)
{
	char	   *copy;
	MemoryContext old;

	if (source->bytes == NULL || source->file == NULL || strcmp(source->file, file) != 0)
	{
		source->file = NULL;
		source->bytes = NULL;
		MemoryContextReset(source->scratch);
		if (!migrate_has_name(migrate_directory_names(source->dir), file))
			return NULL;
		old = MemoryContextSwitchTo(source->scratch);
		source->bytes = migrate_directory_bytes(source->dir, file, &source->bytes_length);
		if (source->bytes != NULL)
		{
			source->length = source->bytes_length;
			copy = MemoryContextAllocHuge(source->scratch, (size_t) source->length + 1);
			memcpy(copy, source->bytes, source->length + 1);
			source->sql = migrate_directory_decode(file, copy, &source->length);
			source->may_include = migrate_may_include(source->sql) || migrate_may_have_action(source->sql);
			source->file = pstrdup(file);
		}
		MemoryContextSwitchTo(old);
	}
	*length = source->bytes_length;
	*sql = source->sql;
	return source->bytes;
}
