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
	source->may_include = migrate_may_include(source->sql) || migrate_may_have_action(source->sql);
	migrate_text_cache_put(source->cache, source->file, source->sql, source->length,
						   source->may_include);
	return true;
}

/*
 * The text of a manifest, palloc'd; NULL if the directory has none of that name.
 * "arg" is the source.
 */
static char *
read_other(void *arg, const char *file, int *length)
{
	MigrateSource *source = arg;

	if (!migrate_may_have_name(migrate_directory_names(source->dir), file))
		return NULL;
	return migrate_directory_read(source->dir, file, length);
}

/*
 * The same for an included file.
 */
static char *
read_for_include(void *arg, const char *file)
{
	MigrateSource *source = arg;
	int			length;
	char	   *str = read_other(arg, file, &length);
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
 * Parse one file, and the file with its settings.
 */
static List *
parse_file(MigrateSource *source, MigrateFileName *parsed)
{
	MigrationSet *set = source->set;
	List	   *migrations = migrate_format_parse(set->format, set->flyway, set->format_evidence,
												  parsed, source->sql, source->length,
												  source->changelog);
	char	   *metadata_file = migrate_format_metadata_file(set->format, parsed->file);
	int			length;
	char	   *settings = metadata_file ? read_other(source, metadata_file, &length) : NULL;
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
		migrate_source_note_digest(source, migration, parsed, !source->may_include && settings == NULL);
	}
	return migrations;
}

/*
 * Files that the format ignores may be migrations in another format.
 */
static void
check_ignored(MigrateSource *source)
{
	MigrationSet *set = source->set;
	ListCell   *lc;

	if (!source->detect || set->flyway != NULL)
		return;
	foreach(lc, set->ignored)
	{
		const char *file = lfirst(lc);

		if (*file >= '0' && *file <= '9' && strchr(file, '/') == NULL && migrate_source_read_file(source, file))
			migrate_format_check_ignored(set->format, set->format_evidence, file, source->sql);
	}
}

/*
 * What the tool's settings file says; NULL if there is none.
 */
static MigrateLayout *
read_layout(MigrateSource *source)
{
	const MigrateFormat *format = source->set->format;
	int			length;
	char	   *str = format->settings_file ? read_other(source, format->settings_file, &length) : NULL;

	return str ? format->parse_settings(format->settings_file, str) : NULL;
}

/*
 * The files that are going to be parsed in set->format get their digests at once if they
 * will be recorded, until end_digests().
 */
static void
end_digests(MigrateSource *source)
{
	if (source->digester != NULL)
		migrate_digester_end(source->digester);
	source->digester = NULL;
}

static void
begin_digests(MigrateSource *source)
{
	end_digests(source);
	if (source->all_recorded && source->has_digests)
		source->digester = migrate_digester_begin(source->dir, source->set->format, source->set->flyway);
}

/*
 * Read all files in set->format.  False if that has turned out to be another on
 * the way: it is to be done again.
 */
static bool
read_files(MigrateSource *source)
{
	MigrationSet *set = source->set;
	List	   *names = migrate_directory_names(source->dir);
	List	   *parts = NIL;
	const char *manifest;
	int			length;
	char	   *str;
	MigrateAtlasSum *atlas_sum = NULL;
	List	   *files;
	bool		better = false;
	MemoryContext file_names;
	MemoryContext old;
	ListCell   *lc;

	set->ignored = NIL;
	set->layout = set->flyway ? migrate_flyway_layout(set->flyway) : read_layout(source);
	manifest = migrate_format_manifest(set->format, set->layout);
	str = manifest ? read_other(source, manifest, &length) : NULL;
	source->changelog = migrate_changelog_create();
	if (str != NULL && migrate_format_has_file_sums(set->format))
		atlas_sum = migrate_atlas_sum_begin(manifest, str, length);
	file_names = AllocSetContextCreate(CurrentMemoryContext, "migrate file names",
									   ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(file_names);
	files = migrate_format_files(set->format, names, set->layout, str, &set->callbacks, &set->ignored);
	MemoryContextSwitchTo(old);
	source->has_digests = atlas_sum == NULL && migrate_format_has_digests(set->format);
	begin_digests(source);
	if (source->has_digests && source->known != NULL)
		parts = migrate_known_migrations(source->dir, set->format, set->flyway, &files,
										 source->known, source->included);
	foreach(lc, files)
	{
		MigrateFileName *parsed = lfirst(lc);
		List	   *migrations;

		if (!migrate_source_read_file(source, parsed->file))
			continue;
		better = migrate_source_found_better(source, parsed->file);
		if (better)
			break;
		if (atlas_sum != NULL)
			migrate_atlas_sum_add(atlas_sum, parsed->file, source->sql, source->length);
		migrations = parse_file(source, parsed);
		if (migrations == NIL && !migrate_changelog_has_properties_of(source->changelog, parsed->file))
			set->ignored = lappend(set->ignored, parsed->file);
		parts = list_concat(parts, migrations);
		list_free(migrations);
	}
	if (better)
	{
		MemoryContextDelete(file_names);
		return false;
	}
	if (atlas_sum != NULL)
		migrate_atlas_sum_end(atlas_sum, read_other, source);
	set->migrations = migrate_format_assemble(set->format, parts, &set->ignored);
	set->unique_versions = migrate_format_has_unique_versions(set->format);
	return true;
}

/*
 * A file that a migration includes is used, though it is no migration.
 */
static void
forget_included(MigrateSource *source)
{
	List	   *ignored = NIL;
	ListCell   *lc;

	foreach(lc, source->set->ignored)
	{
		if (!migrate_names_have(source->included, lfirst(lc)))
			ignored = lappend(ignored, lfirst(lc));
	}
	source->set->ignored = ignored;
}

/*
 * Read the migrations of a directory.
 *
 * "format" is the name of the format, NULL to detect it; then "remembered" is that
 * of the history, NULL for none, and where there is none, "exists" checks for a
 * tool's table.  With "cache_texts", texts are kept in memory up to a limit, for a
 * caller that needs all of them.  With "known", migrations that are as they were
 * recorded are not parsed, see known.c; it lives as long as the result.  Errors are
 * those of files.c and format.c.  A directory may have no migrations at all.
 */
MigrateSource *
migrate_source_read(const MigrateLocation *location, const char *format, const char *remembered,
					MigrateTableExists exists, bool cache_texts, bool confined,
					const MigrateKnown *known)
{
	MigrateSource *source = palloc0(sizeof(MigrateSource));
	MigrationSet *set = palloc0(sizeof(MigrationSet));
	const MigrateFormat *other;
	ListCell   *lc;

	source->set = set;
	source->included = migrate_names_create();
	source->detect = format == NULL;
	source->all_recorded = cache_texts;
	if (format != NULL)
		(void) migrate_format_named(format, NIL);	/* an error, before
													 * anything is read */
	source->dir = migrate_directory_open(location, confined);
	source->known = known;
	if (cache_texts && !migrate_directory_is_fixed(source->dir))
		source->cache = migrate_text_cache_create(migrate_directory_names(source->dir));
	if (format != NULL)
		set->format = migrate_format_named(format, migrate_directory_names(source->dir));
	source->scratch = AllocSetContextCreate(CurrentMemoryContext, "migrate file",
											ALLOCSET_DEFAULT_SIZES);
	if (!migrate_source_read_settings(source, format) && source->detect)
		migrate_source_find_format(source);
	if (set->format == NULL)
		return source;
	source->hash = migrate_hash_create(PG_SHA256);
	while (!read_files(source))
		CHECK_FOR_INTERRUPTS();
	other = !source->detect ? NULL : remembered != NULL ? migrate_format_of_history(set, remembered) :
		set->flyway == NULL ? migrate_format_by_table(set->format, exists) : NULL;
	if (other != NULL)
	{
		set->format = other;
		source->detect = false;
		(void) read_files(source);
	}
	migrate_hash_free(source->hash);
	source->hash = NULL;
	end_digests(source);
	if (source->detect && remembered == NULL)
		migrate_format_check_order(set, migrate_directory_names(source->dir), exists);
	check_ignored(source);
	forget_included(source);
	foreach(lc, set->migrations)
		((Migration *) lfirst(lc))->format = migrate_format_name(set->format);
	return source;
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

	foreach(lc, migration->unread)
	{
		MigrateFileName *parsed = lfirst(lc);

		if (!migrate_source_read_file(source, parsed->file))
			refuse_changed(parsed->file);
		parts = list_concat(parts, parse_file(source, parsed));
	}
	migrations = migrate_assemble(parts, &ignored);
	if (list_length(migrations) != 1)
		refuse_changed(migration->file);
	*migration = *(Migration *) linitial(migrations);
	migration->format = migrate_format_name(source->set->format);
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
	callback = linitial(parse_file(source, file));
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
	bool		there = migrate_source_read_file(source, section->file) &&
		migrate_section_end(section) <= source->length;
	char	   *str = NULL;
	int			length;

	if (section->broken != NULL)
		ReThrowError(section->broken);
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
