/*-------------------------------------------------------------------------
 *
 * source_detect.c
 *		The format of a directory, from the names and the texts of its files.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/source_detect.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "files/files.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/source.h"
#include "format/source_int.h"
#include "util/names.h"
#include "util/printable.h"

/*
 * A file may turn out to be evidence for another format than the one that the
 * files so far were read as.  True then, with set->format that one.
 */
bool
migrate_source_found_better(MigrateSource *source, const char *file)
{
	MigrationSet *set = source->set;
	const MigrateFormat *better;

	if (!source->detect || set->flyway != NULL)
		return false;
	better = migrate_format_detect(set->format, file, source->sql);
	if (better == set->format)
		return false;
	set->format = better;
	set->format_evidence = pstrdup(file);
	return true;
}

/*
 * The format is known from the names.  Markers in the first file may be better evidence
 * for another one, and then there is no need to begin in this one.
 */
static void
check_first_file(MigrateSource *source, List *names)
{
	const MigrateFormat *format = source->set->format;
	ListCell   *lc;

	if (format->parse_manifest != NULL || format->settings_file != NULL || format->choose != NULL)
		return;
	foreach(lc, names)
	{
		if (!migrate_format_reads(format, lfirst(lc)))
			continue;
		if (migrate_source_read_file(source, lfirst(lc)))
			(void) migrate_source_found_better(source, lfirst(lc));
		return;
	}
}

/*
 * Find the format of a directory, where it is not given: look for any format's evidence,
 * file by file.
 */
void
migrate_source_find_format(MigrateSource *source)
{
	MigrationSet *set = source->set;
	List	   *names = migrate_directory_names(source->dir);
	const char *evidence;
	const MigrateFormat *by_names = migrate_format_by_names(names, &evidence);
	bool		atlas_sum = by_names != NULL && migrate_format_has_file_sums(by_names);
	ListCell   *lc;

	/* the tool that keeps sums also keeps those of other tools' files */
	set->format = atlas_sum ? NULL : by_names;
	foreach(lc, names)
	{
		const char *file = lfirst(lc);

		if (set->format != NULL)
			break;
		if (!migrate_format_reads(NULL, file))
		{
			if (migrate_is_sql_file(file) && strchr(file, '/') == NULL)
				set->ignored = lappend(set->ignored, pstrdup(file));
		}
		else if (migrate_source_read_file(source, file) && !migrate_source_found_better(source, file) &&
				 strchr(file, '/') == NULL)
			set->ignored = lappend(set->ignored, pstrdup(file));
	}
	if (set->format == NULL || (atlas_sum && migrate_format_may_be(set->format, by_names)))
		set->format = by_names;
	if (set->format != NULL && set->format == by_names)
	{
		set->format_evidence = evidence;
		check_first_file(source, names);
	}
}

/*
 * The same as migrate_source_found_better(), where the history has decided about the
 * format of a directory that looks like another one: true if a file is evidence for yet
 * another one than that, which the history then decides about again.
 */
bool
migrate_source_shows_better(MigrateSource *source, const char *file)
{
	MigrationSet *set = source->set;
	const MigrateFormat *better;

	if (source->shown_files == NULL || !migrate_names_have(source->shown_files, file))
		return false;
	better = migrate_format_detect(source->shown, file, source->sql);
	if (better == source->shown)
		return false;
	set->format = better;
	set->format_evidence = pstrdup(file);
	source->shown = NULL;
	source->shown_files = NULL;
	source->detect = true;
	return true;
}

/*
 * Names of files may be those of several formats.  If the history has been applied in
 * another one than set->format, which has been detected, and the files may be of that,
 * they are read in it at once, and only compared with what has been detected.  Of a format
 * that is given, find out what it would be taken for, for the digests.  "remembered" is
 * the format of the history, or NULL.
 */
void
migrate_source_decide(MigrateSource *source, const char *remembered)
{
	MigrationSet *set = source->set;
	List	   *names = migrate_directory_names(source->dir);
	const MigrateFormat *shown = set->format;
	const MigrateFormat *format = set->format;
	List	   *callbacks;
	List	   *ignored = NIL;
	const char *evidence;
	ListCell   *lc;

	if (set->flyway != NULL || (source->detect ? remembered == NULL : format->like == NULL))
		return;
	if (source->detect)
		for (format = migrate_formats; format->name != NULL && strcmp(format->name, remembered) != 0; format++);
	else
		shown = migrate_format_by_names(names, &evidence);
	if (format->name == NULL || shown == NULL || strcmp(format->name, shown->name) == 0 ||
		!migrate_format_may_be(shown, format))
		return;
	source->shown = shown;
	set->format = format;
	if (!source->detect)
		return;
	source->detect = false;
	source->shown_files = migrate_names_create();
	foreach(lc, migrate_format_files(shown, names, NULL, NULL, &callbacks, &ignored))
		(void) migrate_names_add(source->shown_files, ((MigrateFileName *) lfirst(lc))->file, NULL);
}
