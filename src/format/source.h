/*-------------------------------------------------------------------------
 *
 * source.h
 *		A directory that is read as migrations.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/source.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_SOURCE_H
#define MIGRATE_FORMAT_SOURCE_H

#include "files/files.h"
#include "format/format.h"

/*
 * A directory read through its format.
 */
typedef struct MigrationSet
{
	const MigrateFormat *format;	/* NULL for a directory without migrations */
	const char *format_evidence;	/* the file it was detected from, or NULL */
	const struct MigrateFlywaySettings *flyway; /* its configuration, or NULL */
	List	   *migrations;		/* of Migration, in the format's order */
	List	   *callbacks;		/* of MigrateFileName, in order */
	const struct MigrateLayout *layout; /* what the tool's settings file says,
										 * NULL without one */
	bool		unique_versions;	/* by which they are known, too */
	List	   *ignored;		/* names of *.sql files that are not
								 * migrations */
} MigrationSet;

/*
 * What the history knows of files.
 */
typedef struct MigrateKnown
{
	/* the row with that key, and the digest in it; NULL if it has none */
	const void *(*find) (void *arg, const char *sort_key, const char *format, const uint8 **digest);

	/*
	 * the rows of a file of changesets, and the digest that all of them have;
	 * NIL if one has none, or another
	 */
	List	   *(*find_file) (void *arg, const char *file, const char *format, const uint8 **digest);

	/*
	 * fill in what the reading of its files would: the sections, and the
	 * header; without a key, which a file of changesets does not have, its
	 * name and its kind, too
	 */
	void		(*restore) (const void *row, Migration *migration);
	void	   *arg;
} MigrateKnown;

/*
 * One call of a routine, and what it knows.
 */
typedef struct MigrateSource MigrateSource;

typedef bool (*MigrateTableExists) (const char *table, const char *column);

/* in source.c */
extern MigrateSource *migrate_source_read(const MigrateLocation *location, const char *format,
										  const char *remembered,
										  MigrateTableExists exists, bool cache_texts,
										  bool confined, const MigrateKnown *known);
extern void migrate_source_parse(MigrateSource *source, Migration *migration);
extern void migrate_source_digest(MigrateSource *source, Migration *migration);
extern MigrationSet *migrate_source_set(MigrateSource *source);

/* in source_settings.c */
extern bool migrate_set_parse_name(const MigrationSet *set, const char *file, MigrateFileName *parsed);
extern const MigrateTemplate *migrate_set_template(const MigrationSet *set);
extern char *migrate_set_new_file(const MigrationSet *set, char *file);

/* in nothing.c */
extern char *migrate_source_describe_nothing(const MigrateSource *source);

/* in source.c */
extern const MigrateDirectory *migrate_source_directory(const MigrateSource *source);
extern void migrate_source_script(MigrateSource *source, const char *file,
								  MigrateSection *section);
extern char *migrate_source_text(MigrateSource *source, const MigrateSection *section);
extern char *migrate_broken_reason(const MigrateSection *section);
extern char *migrate_source_bytes(MigrateSource *source, const char *file, int *length,
								  const char **sql);

/* in section_text.c */
extern const char *migrate_file_bytes(const char *sql, int *length);

#endif							/* MIGRATE_FORMAT_SOURCE_H */
