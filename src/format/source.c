/*-------------------------------------------------------------------------
 *
 * source.c
 *		A directory read through its format, one file at a time.
 *
 * Only positions and hashes of the sections are kept, not their text, so memory
 * does not grow with the size of the files.  A text is read again when it is
 * needed, and must then be the same; except if the caller needs all texts.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/source.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "files/files.h"
#include "format/changelog.h"
#include "format/digest.h"
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
 * The file read last is a kept one, if it is that.
 */
static bool
use_cached(MigrateSource *source, const char *file)
{
	const char *name;
	int			length;
	char	   *sql = migrate_text_cache_get(source->cache, file, &length, &source->may_include, &name);

	if (sql == NULL)
		return false;
	source->file = name;
	source->bytes = NULL;
	source->sql = sql;
	source->length = length;
	return true;
}

/*
 * May a text have a line that includes a file?
 */
static bool
may_include_files(const char *sql)
{
	return migrate_may_include(sql) || migrate_may_have_action(sql);
}

/*
 * Read a file unless it is the one read last: sections of one file are usually read
 * one after the other.  False if it has become a folder.
 */
bool
migrate_source_read_file(MigrateSource *source, const char *file)
{
	MemoryContext old;

	if (source->file != NULL && strcmp(source->file, file) == 0)
		return true;
	if (use_cached(source, file))
		return true;
	source->file = NULL;
	source->bytes = NULL;
	MemoryContextReset(source->scratch);
	old = MemoryContextSwitchTo(source->scratch);
	source->sql = migrate_directory_read(source->dir, file, &source->length);
	if (source->sql != NULL)
		source->file = pstrdup(file);
	MemoryContextSwitchTo(old);
	if (source->sql == NULL)
		return false;
	source->may_include = may_include_files(source->sql);
	migrate_text_cache_put(source->cache, source->file, source->sql, source->length,
						   source->may_include);
	return true;
}

/*
 * The text of a manifest or an included file, palloc'd; NULL if the directory has none of
 * that name.  "arg" is the source.
 */
char *
migrate_source_read_other(void *arg, const char *file, int *length)
{
	MigrateSource *source = arg;
	const char *name;
	bool		may_include;
	char	   *str = migrate_text_cache_get(source->cache, file, length, &may_include, &name);

	if (str != NULL)
		return pnstrdup(str, *length);
	if (!migrate_may_have_name(migrate_directory_names(source->dir), file))
		return NULL;
	str = migrate_directory_read(source->dir, file, length);
	if (str != NULL && source->cache != NULL)
		migrate_text_cache_put(source->cache, file, str, *length, may_include_files(str));
	return str;
}

/*
 * The same for an included file.
 */
static char *
read_for_include(void *arg, const char *file)
{
	MigrateSource *source = arg;
	int			length;
	char	   *str = migrate_source_read_other(arg, file, &length);
	MemoryContext old;

	if (str == NULL)
		return NULL;
	old = MemoryContextSwitchTo(GetMemoryChunkContext(source));
	if (!migrate_names_have(source->included, file))
		(void) migrate_names_add(source->included, pstrdup(file), NULL);
	if (source->including == NULL)
		source->including = migrate_names_create();
	if (!migrate_names_have(source->including, file))
		(void) migrate_names_add(source->including, pstrdup(file), NULL);
	MemoryContextSwitchTo(old);
	return str;
}

/*
 * The text of a section, palloc'd, from that of its file, which has been read.
 */
static char *
section_text(MigrateSource *source, const MigrateSection *section, int *length)
{
	char	   *str = migrate_section_text(section, source->sql, length);
	char	   *whole_file = section->syntax.kind == SYNTAX_TERN ?
		migrate_expand_template(str, section->file, section->line, read_for_include, source) :
		migrate_include_files(str, section->file, section->line, read_for_include, source);

	if (whole_file != str)
		*length = strlen(whole_file);
	return whole_file;
}

/*
 * The SHA-256 of a text; of thousands of them, with one context of the library.
 */
static void
sha256_text(MigrateSource *source, const char *str, int length, uint8 *sha256)
{
	if (source->hash == NULL)
	{
		migrate_sha256(str, length, sha256);
		return;
	}
	migrate_hash_restart(source->hash);
	migrate_hash_add(source->hash, str, length);
	migrate_hash_finish(source->hash, sha256, PG_SHA256_DIGEST_LENGTH);
}

/*
 * A section to hash, as the argument of hash_whole().
 */
typedef struct Hashing
{
	MigrateSource *source;
	MigrateSection *section;
} Hashing;

static void
hash_whole(void *arg)
{
	Hashing    *hashing = arg;
	int			length;
	char	   *str = section_text(hashing->source, hashing->section, &length);

	sha256_text(hashing->source, str, length, hashing->section->sha256);
	if (hashing->source->may_include)
		migrate_text_cache_put_whole(hashing->source->cache, hashing->section->file,
									 hashing->section->sha256, str, length);
	pfree(str);
}

/*
 * Fill in the hash of a section's text.  A file that it includes and that cannot be
 * read is the fault of this one migration, which the others need not suffer from.
 */
static void
hash_section(MigrateSource *source, MigrateSection *section)
{
	Hashing		hashing = {source, section};

	if (!section->present)
		return;
	if (!source->may_include)
	{
		hash_whole(&hashing);
		return;
	}
	section->broken = migrate_try(hash_whole, &hashing);
	if (section->broken != NULL && !migrate_is_error_of_input(section->broken->sqlerrcode))
		ReThrowError(section->broken);
}

/*
 * Parse one file, which has been read, and the file with its settings.  Errors: those of
 * parsing.
 */
List *
migrate_source_parse_file(MigrateSource *source, MigrateFileName *parsed)
{
	MigrationSet *set = source->set;
	List	   *migrations = migrate_format_parse(set->format, set->flyway, set->format_evidence,
												  parsed, source->sql, source->length,
												  source->changelog);
	char	   *metadata_file = migrate_format_metadata_file(set->format, parsed->file);
	int			length;
	char	   *settings = metadata_file ? migrate_source_read_other(source, metadata_file, &length) : NULL;
	ListCell   *lc;

	source->including = NULL;
	foreach(lc, migrations)
	{
		Migration  *migration = lfirst(lc);

		if (settings != NULL)
			migrate_parse_metadata_file(migration, metadata_file, settings);
		hash_section(source, &migration->up);
		/* what another file has is hashed already */
		if (!migration->down.present || strcmp(migration->down.file, parsed->file) == 0)
			hash_section(source, &migration->down);
	}
	migrate_source_note_digest(source, migrations, parsed, !source->may_include && settings == NULL);
	return migrations;
}

static void
refuse_changed(const char *file)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("file \"%s\" has changed during the run", file),
			 errhint("Run the migrations again.")));
}

/*
 * Make a migration, which has not been parsed, what parsing its files has found.
 */
static void
replace_unread(MigrateSource *source, Migration *migration, const Migration *parsed)
{
	char	   *key = migration->sort_key;

	*migration = *parsed;
	migration->sort_key = key;	/* others may have a part in that */
	migration->format = migrate_format_name(source->set->format);
	if (source->set->format->depends)
		migration->down.transactional = migration->up.transactional;
}

/*
 * The same for a changeset and the others of its file, as they were with the properties of
 * the files before.
 */
static void
parse_changesets(MigrateSource *source, Migration *migration)
{
	MigrateFileName *file = linitial(migration->unread);
	MigrateChangelog *changelog = source->changelog;
	int			nproperties = migration->nproperties;
	MigrateNames *by_key = migrate_names_create();
	ListCell   *lc;

	source->changelog = migrate_changelog_resume(changelog, nproperties);
	if (!migrate_source_read_file(source, file->file))
		refuse_changed(file->file);
	foreach(lc, migrate_source_parse_file(source, file))
	{
		Migration  *parsed = lfirst(lc);

		(void) migrate_names_add(by_key, parsed->sort_key, parsed);
	}
	source->changelog = changelog;
	foreach(lc, migration->siblings)
	{
		Migration  *sibling = lfirst(lc);
		Migration  *parsed = migrate_names_get(by_key, sibling->sort_key);

		if (parsed == NULL)
			refuse_changed(file->file);
		parsed->nproperties = nproperties;
		replace_unread(source, sibling, parsed);
	}
}

/*
 * Parse a migration that migrate_source_read() has not parsed: its history has another
 * one now, or none.  Errors: those of parsing, and 55000 if its file is not there any
 * more.
 */
void
migrate_source_parse(MigrateSource *source, Migration *migration)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(source));
	List	   *parts = NIL;
	List	   *ignored = NIL;
	List	   *migrations;
	ListCell   *lc;

	if (migration->siblings != NIL)
	{
		parse_changesets(source, migration);
		MemoryContextSwitchTo(old);
		return;
	}
	foreach(lc, migration->unread)
	{
		MigrateFileName *parsed = lfirst(lc);

		if (!migrate_source_read_file(source, parsed->file))
			refuse_changed(parsed->file);
		parts = list_concat(parts, migrate_source_parse_file(source, parsed));
	}
	migrations = migrate_assemble(parts, &ignored);
	if (list_length(migrations) != 1)
		refuse_changed(migration->file);
	replace_unread(source, migration, linitial(migrations));
	MemoryContextSwitchTo(old);
}

/*
 * Parse a callback; the result belongs to the current memory context.  Errors: those of
 * parsing, and 55000 if its file is not there any more.
 */
Migration *
migrate_source_parse_callback(MigrateSource *source, MigrateFileName *file)
{
	Migration  *callback;

	if (!migrate_source_read_file(source, file->file))
		refuse_changed(file->file);
	callback = linitial(migrate_source_parse_file(source, file));
	callback->format = migrate_format_name(source->set->format);
	return callback;
}

/*
 * The migrations; they belong to "source".
 */
MigrationSet *
migrate_source_set(MigrateSource *source)
{
	return source->set;
}

/*
 * Where they were read; it belongs to "source".
 */
const MigrateDirectory *
migrate_source_directory(const MigrateSource *source)
{
	return source->dir;
}

/*
 * Fill in *section as the whole of a file of the directory that is not a migration.
 * Errors: 58P01 if it does not exist, 22023 for a migration.
 */
void
migrate_source_script(MigrateSource *source, const char *file, MigrateSection *section)
{
	ListCell   *lc;

	foreach(lc, source->set->migrations)
	{
		Migration  *migration = lfirst(lc);

		if (strcmp(migration->up.file, file) == 0 ||
			(migration->down.present && strcmp(migration->down.file, file) == 0))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("file \"%s\" is a migration", file),
					 errhint("Give a file that replaces all of them, such as one that pg_dump has written.")));
	}
	if (!migrate_may_have_name(migrate_directory_names(source->dir), file) ||
		!migrate_source_read_file(source, file))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("file \"%s\" does not exist in the directory of migrations", file)));
	memset(section, 0, sizeof(MigrateSection));
	section->present = true;
	section->file = pstrdup(file);
	section->length = source->length;
	section->line = 1;
	section->transactional = true;
	hash_section(source, section);
}

/*
 * The text of a section, palloc'd.  55000 if it is not the one that was read
 * before; for a broken one, the error that was met then.
 */
char *
migrate_source_text(MigrateSource *source, const MigrateSection *section)
{
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];
	const char *name;
	int			cached_length;
	bool		cached_include;
	const char *cached = migrate_text_cache_get(source->cache, section->file, &cached_length,
												&cached_include, &name);
	bool		there;
	char	   *str;
	int			length;

	if (section->broken != NULL)
		ReThrowError(section->broken);
	str = migrate_text_cache_get_whole(source->cache, section->file, section->sha256);
	if (str != NULL)
		return str;
	there = migrate_source_read_file(source, section->file) &&
		migrate_section_end(section) <= source->length;
	if (there)
	{
		str = section_text(source, section, &length);

		if (migrate_directory_is_fixed(source->dir))
			return str;

		/* what it includes is read again */
		if (cached != NULL && cached == source->sql && !source->may_include)
			return str;

		migrate_sha256(str, length, sha256);
	}
	if (!there || memcmp(sha256, section->sha256, sizeof(sha256)) != 0)
		refuse_changed(section->file);
	return str;
}
