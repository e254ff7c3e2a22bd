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

typedef struct MigrateDigester MigrateDigester;

/* in digest.c */
extern MigrateDigester *migrate_digester_begin(MigrateDirectory *dir, const MigrateFormat *format,
											   const MigrateFlywaySettings *flyway);
extern bool migrate_digest_part(MigrateDigester *digester, const MigrateFileName *file,
								const char *bytes, int length, uint8 *digest,
								MigrateNames **included);
extern void migrate_digest_join(uint8 *digest, const uint8 *down);
extern const MigrateFormat *migrate_digester_format(const MigrateDigester *digester);
extern void migrate_digester_end(MigrateDigester *digester);

/* in known.c */
extern bool migrate_digest_parsed(MigrateDigester *digester, const MigrateFileName *parsed,
								  const char *sql, int length, bool detected,
								  const MigrateNames *included, uint8 *digest);
extern List *migrate_known_migrations(MigrateDirectory *dir, const MigrateFormat *format,
									  const MigrateFlywaySettings *flyway,
									  List **files, const MigrateKnown *known,
									  MigrateNames *included);

#endif							/* MIGRATE_FORMAT_DIGEST_H */
