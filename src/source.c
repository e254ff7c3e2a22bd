/*-------------------------------------------------------------------------
 *
 * source.c
 *		A directory read through its format, one file at a time.
 *
 * Only places and hashes of the sections are kept, not their text, so memory
 * does not grow with the size of the files.  A text is read again when it is
 * needed, and must then be the same.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/source.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "migrate.h"

struct MigrateSource
{
	MigrateDirectory *dir;
	MigrationSet *set;
	MemoryContext scratch;		/* of the file read last */
	const char *file;			/* its name, or NULL */
	char	   *sql;
	int			length;
};

/*
 * Read a file unless it is the one read last: sections of one file are asked
 * for one after the other.  False if the name is that of a subdirectory.
 */
static bool
read_file(MigrateSource *source, const char *file)
{
	MemoryContext old;

	if (source->file != NULL && strcmp(source->file, file) == 0)
		return true;
	source->file = NULL;
	MemoryContextReset(source->scratch);
	old = MemoryContextSwitchTo(source->scratch);
	source->sql = migrate_directory_read(source->dir, file, &source->length);
	if (source->sql != NULL)
		source->file = pstrdup(file);
	MemoryContextSwitchTo(old);
	return source->sql != NULL;
}

/*
 * One pass over the files.  If "detect", the format may turn out to be another
 * than set->format, on which the files so far were read as something else:
 * false then, with set->format the better one, and the pass is to be repeated.
 */
static bool
read_files(MigrateSource *source, bool detect)
{
	MigrationSet *set = source->set;
	List	   *parts = NIL;
	ListCell   *lc;

	set->ignored = NIL;
	foreach(lc, migrate_directory_names(source->dir))
	{
		const char *file = lfirst(lc);
		MigrateFileName parsed;
		bool		claimed = migrate_format_claims(set->format, file, &parsed);

		if (claimed && !read_file(source, file))
			continue;
		if (claimed && detect)
		{
			const MigrateFormat *better = migrate_format_detect(set->format, file, source->sql);

			if (better != set->format)
			{
				set->format = better;
				set->format_evidence = pstrdup(file);
				return false;
			}
		}
		if (claimed && !detect &&
			migrate_format_detect(set->format, file, source->sql) != set->format)
			ereport(WARNING,
					(errmsg("file \"%s\" looks like one of another format", file)));
		if (claimed && set->format != NULL)
			parts = lappend(parts, migrate_format_parse(set->format, set->format_evidence,
														file, &parsed,
														source->sql, source->length));
		else if (migrate_is_sql_file(file))
		{
			if (detect && set->format != NULL &&
				migrate_format_claims(NULL, file, &parsed) && read_file(source, file))
				migrate_format_refuse_other(set->format, set->format_evidence,
											file, source->sql);
			set->ignored = lappend(set->ignored, pstrdup(file));
		}
	}
	set->migrations = migrate_format_assemble(parts, &set->ignored);
	return true;
}

/*
 * Read the migrations of a directory.
 *
 * "format" is the name of the format, NULL to detect it.  Errors are those of
 * directory.c and format.c.  A directory may have no migrations at all.
 */
MigrateSource *
migrate_source_read(const char *path, const char *format)
{
	MigrateSource *source = palloc0(sizeof(MigrateSource));

	source->set = palloc0(sizeof(MigrationSet));
	if (format != NULL)
		source->set->format = migrate_format_named(format);
	source->dir = migrate_directory_open(path);
	source->scratch = AllocSetContextCreate(CurrentMemoryContext, "migrate file",
											ALLOCSET_DEFAULT_SIZES);
	while (!read_files(source, format == NULL))
		CHECK_FOR_INTERRUPTS();
	return source;
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
 * The text of a section, palloc'd.  55000 if it is not the one that was read
 * before.
 */
char *
migrate_source_text(MigrateSource *source, const MigrateSection *section)
{
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];
	bool		there = read_file(source, section->file) &&
		section->offset + section->length <= source->length;

	if (there)
		migrate_sha256(source->sql + section->offset, section->length, sha256);
	if (!there || memcmp(sha256, section->sha256, sizeof(sha256)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("file \"%s\" has changed during the run", section->file),
				 errhint("Run the migrations again.")));
	return pnstrdup(source->sql + section->offset, section->length);
}
