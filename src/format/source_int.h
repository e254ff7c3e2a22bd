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
	bool		has_digests;	/* migrations that are parsed can have one */
	const MigrateKnown *known;	/* or NULL */
	struct MigrateChangelog *changelog; /* what changesets share */
	pg_cryptohash_ctx *hash;	/* while all files are read, else NULL */
	bool		all_recorded;	/* most that are parsed will be recorded */
	MigrateDigester *digester;	/* ... then, while all are read, else NULL */
};

/* in source.c */
extern bool migrate_source_read_file(MigrateSource *source, const char *file);
extern Migration *migrate_source_parse_callback(MigrateSource *source, MigrateFileName *file);

/* in source_detect.c */
extern bool migrate_source_found_better(MigrateSource *source, const char *file);
extern void migrate_source_find_format(MigrateSource *source);

/* in source_settings.c */
extern bool migrate_source_read_settings(MigrateSource *source, const char *format);

/* in source_digest.c */
extern void migrate_source_note_digest(MigrateSource *source, Migration *migration,
									   MigrateFileName *file, bool is_alone);

#endif							/* MIGRATE_FORMAT_SOURCE_INT_H */
