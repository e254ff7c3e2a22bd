/*-------------------------------------------------------------------------
 *
 * source_read.c
 *		Reading the files of a directory: those that are to be parsed, in its format.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/source_read.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

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
#include "util/hash.h"
#include "util/names.h"
#include "util/printable.h"

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
	char	   *str = format->settings_file ? migrate_source_read_other(source, format->settings_file, &length) : NULL;

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

static MigrateDigester *
make_digester(MigrateSource *source)
{
	return migrate_digester_begin(source->dir, source->set->format, source->set->flyway, source->shown);
}

static void
begin_digests(MigrateSource *source)
{
	end_digests(source);
	if (source->all_recorded)
		source->digester = make_digester(source);
}

/*
 * Files that only another format reads, which the directory looks like, may be evidence
 * for yet another one: then true.
 */
static bool
others_show_better(MigrateSource *source)
{
	ListCell   *lc;

	if (source->shown_files == NULL)
		return false;
	foreach(lc, migrate_names_list(source->shown_files))
	{
		CHECK_FOR_INTERRUPTS();
		if (migrate_source_read_file(source, lfirst(lc)) && migrate_source_shows_better(source, lfirst(lc)))
			return true;
	}
	source->shown_files = NULL;
	return false;
}

/*
 * Parse a file of a directory, and add its migrations to *parts.  False if the files turn
 * out to be of another format.
 */
static bool
read_file(MigrateSource *source, MigrateFileName *parsed, MigrateAtlasSum *atlas_sum, List **parts)
{
	MigrationSet *set = source->set;
	List	   *migrations;

	if (!migrate_source_read_file(source, parsed->file))
		return true;
	if (migrate_source_found_better(source, parsed->file) || migrate_source_shows_better(source, parsed->file))
		return false;
	if (atlas_sum != NULL)
		migrate_atlas_sum_add(atlas_sum, parsed->file, source->sql, source->length);
	migrations = migrate_source_parse_file(source, parsed);
	if (migrations == NIL && !migrate_changelog_has_properties_of(source->changelog, parsed->file))
		set->ignored = lappend(set->ignored, parsed->file);
	*parts = list_concat(*parts, migrations);
	list_free(migrations);
	return true;
}

/*
 * Read files in set->format: *parts becomes what is in them.  False if that has turned out
 * to be another, or if those are needed that the history knows.
 */
static bool
read_parts(MigrateSource *source, List *files, MigrateAtlasSum *atlas_sum, List **parts)
{
	MigrateChangelog *changelog = source->changelog;
	MigrateDigester *digester = source->known ? make_digester(source) : NULL;
	MigrateKnownSearch *search = digester == NULL ? NULL :
		migrate_known_begin(source->dir, digester, files, source->known, source->included, changelog, atlas_sum);
	bool		done = true;
	ListCell   *lc;

	foreach(lc, files)
	{
		MigrateFileName *parsed = lfirst(lc);
		List	   *known;

		if (search != NULL && migrate_known_file(search, parsed, &known))
		{
			*parts = list_concat(*parts, known);
			if (source->shown_files != NULL)
				migrate_names_remove(source->shown_files, parsed->file);
		}
		else if (!read_file(source, parsed, atlas_sum, parts))
			done = false;
		if (changelog->needs_all)
			source->known = NULL;
		if (!done || changelog->needs_all)
			break;
	}
	if (search != NULL)
	{
		migrate_known_end(search);
		migrate_digester_end(digester);
	}
	return done && !changelog->needs_all && !others_show_better(source);
}

/*
 * Read all files in set->format.  False if it is to be done again, see read_parts().
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
	MemoryContext file_names;
	MemoryContext old;

	set->ignored = NIL;
	set->layout = set->flyway ? migrate_flyway_layout(set->flyway) : read_layout(source);
	manifest = migrate_format_manifest(set->format, set->layout);
	str = manifest ? migrate_source_read_other(source, manifest, &length) : NULL;
	source->changelog = migrate_changelog_create();
	if (str != NULL && migrate_format_has_file_sums(set->format))
		atlas_sum = migrate_atlas_sum_begin(manifest, str, length);
	file_names = AllocSetContextCreate(CurrentMemoryContext, "migrate file names",
									   ALLOCSET_START_SMALL_SIZES);
	old = MemoryContextSwitchTo(file_names);
	files = migrate_format_files(set->format, names, set->layout, str, &set->callbacks, &set->ignored);
	MemoryContextSwitchTo(old);
	begin_digests(source);
	if (!read_parts(source, files, atlas_sum, &parts))
	{
		MemoryContextDelete(file_names);
		return false;
	}
	if (atlas_sum != NULL)
		migrate_atlas_sum_end(atlas_sum, migrate_source_read_other, source);
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
	migrate_source_decide(source, remembered);
	while (!read_files(source))
		CHECK_FOR_INTERRUPTS();
	other = !source->detect ? NULL : remembered != NULL ? migrate_format_of_history(set, remembered) :
		set->flyway == NULL ? migrate_format_by_table(set->format, exists) : NULL;
	if (other != NULL)
	{
		source->shown = set->format;
		set->format = other;
		source->detect = false;
		while (!read_files(source))
			CHECK_FOR_INTERRUPTS();
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
