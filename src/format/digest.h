/*-------------------------------------------------------------------------
 *
 * digest.h
 *		Digests of what is read for a migration, and files that are recorded with one.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/digest.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_DIGEST_H
#define MIGRATE_FORMAT_DIGEST_H

#include "files/files.h"
#include "format/flyway_settings.h"
#include "format/format.h"
#include "format/source.h"
#include "util/names.h"

struct MigrateChangelog;
struct MigrateAtlasSum;

typedef struct MigrateDigester MigrateDigester;

/* in digest.c */
extern MigrateDigester *migrate_digester_begin(MigrateDirectory *dir, const MigrateFormat *format,
											   const MigrateFlywaySettings *flyway,
											   const MigrateFormat *shown);
extern bool migrate_digest_part(MigrateDigester *digester, const MigrateFileName *file,
								const MigrateChangesetsRead *changesets,
								const char *bytes, int length, uint8 *digest,
								MigrateNames **included);
extern void migrate_digest_join(uint8 *digest, const uint8 *down);
extern int	migrate_bom_length(const char *bytes);
extern const MigrateFormat *migrate_digester_format(const MigrateDigester *digester);
extern const MigrateFormat *migrate_digester_shown(const MigrateDigester *digester);
extern void migrate_digester_end(MigrateDigester *digester);

/* in known.c */
typedef struct MigrateKnownSearch MigrateKnownSearch;
extern bool migrate_digest_parsed(MigrateDigester *digester, const MigrateDigestPart *part,
								  const char *sql, int length, bool detected,
								  const MigrateNames *included, uint8 *digest);
extern MigrateKnownSearch *migrate_known_begin(MigrateDirectory *dir, MigrateDigester *digester, List *files,
											   const MigrateKnown *known, MigrateNames *included,
											   struct MigrateChangelog *changelog,
											   struct MigrateAtlasSum *atlas_sum);
extern bool migrate_known_file(MigrateKnownSearch *search, MigrateFileName *file, List **migrations);
extern void migrate_known_end(MigrateKnownSearch *search);

#endif							/* MIGRATE_FORMAT_DIGEST_H */
