/*-------------------------------------------------------------------------
 *
 * source_int.h
 *		A directory that is read as migrations.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/source_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_SOURCE_INT_H
#define MIGRATE_FORMAT_SOURCE_INT_H

#include "files/files.h"
#include "format/digest.h"
#include "format/filename.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/manifest.h"
#include "format/source.h"
#include "script/script.h"
#include "util/hash.h"
#include "util/names.h"
#include "util/printable.h"
#include "util/subtransaction.h"

struct MigrateSource
{
	MigrateDirectory *dir;
	MigrationSet *set;
	bool		detect;			/* the format has not been given */
	MemoryContext scratch;		/* of the file read last */
	const char *file;			/* its name, or NULL */
	char	   *sql;
	int			length;
	bool		may_include;	/* some line of it may include a file */
	char	   *bytes;			/* of it, as they are in the file, or NULL */
	int			bytes_length;
	MigrateTextCache *cache;	/* texts that need not be read again, or NULL */
	MigrateNames *included;		/* files that others include */
	MigrateNames *including;	/* those that the file being parsed includes */
	const MigrateKnown *known;	/* or NULL */
	const MigrateFormat *shown; /* what the directory looks like, if the
								 * history or the caller decides on another
								 * format, else NULL ... */
	struct MigrateNames *shown_files;	/* ... the files that show it, while
										 * they are read: else NULL */
	struct MigrateChangelog *changelog; /* what changesets share */
	pg_cryptohash_ctx *hash;	/* while all files are read, else NULL */
	bool		all_recorded;	/* most that are parsed will be recorded */
	MigrateDigester *digester;	/* ... then, while all are read, else NULL */
};

/* in source.c */
extern bool migrate_source_read_file(MigrateSource *source, const char *file);
extern Migration *migrate_source_parse_callback(MigrateSource *source, MigrateFileName *file);

extern List *migrate_source_parse_file(MigrateSource *source, MigrateFileName *parsed);
extern char *migrate_source_read_other(void *arg, const char *file, int *length);

/* in source_detect.c */
extern bool migrate_source_shows_better(MigrateSource *source, const char *file);
extern void migrate_source_decide(MigrateSource *source, const char *remembered);
extern bool migrate_source_found_better(MigrateSource *source, const char *file);
extern void migrate_source_find_format(MigrateSource *source);

/* in source_settings.c */
extern bool migrate_source_read_settings(MigrateSource *source, const char *format);

/* in source_digest.c */
extern void migrate_source_note_digest(MigrateSource *source, List *migrations,
									   MigrateFileName *file, bool is_alone);

#endif							/* MIGRATE_FORMAT_SOURCE_INT_H */
