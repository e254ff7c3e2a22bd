/*-------------------------------------------------------------------------
 *
 * replace.c
 *		What is replaced in rows of applied migrations: scripts that have been
 *		changed in their files, and sort keys.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/replace.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "format/format.h"
#include "history/history.h"
#include "history/history_int.h"
#include "history/owner_query.h"
#include "variables/variables.h"

static MigrateQuery update_up = {
	"UPDATE migrate.applied SET up_sha256 = $4, up_role = $5, up_line = $6,"
	" up_transactional = $7, file = $8, description = $9, author = $10, created = $11,"
	" up_syntax = $12, up_vars = $13, format = $14, digest = $15"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	15, {MIGRATE_KEY_TYPES, TEXTOID, BYTEAOID, NAMEOID, INT4OID, BOOLOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
	TEXTOID, JSONBOID, TEXTOID, BYTEAOID},
	&migrate_applied_table
};

static MigrateQuery update_down = {
	"UPDATE migrate.applied SET down_sha256 = $4, down_role = $5, down_line = $6,"
	" down_transactional = $7, reversible = $8, down_error = $9,"
	" down_syntax = $10, down_vars = $11, digest = $12"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	12, {MIGRATE_KEY_TYPES, TEXTOID, BYTEAOID, NAMEOID, INT4OID, BOOLOID, BOOLOID, TEXTOID, TEXTOID, JSONBOID, BYTEAOID},
	&migrate_applied_table
};

static MigrateQuery update_digest = {
	"UPDATE migrate.applied SET digest = $4"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	4, {MIGRATE_KEY_TYPES, TEXTOID, BYTEAOID},
	&migrate_applied_table
};

static MigrateQuery update_key = {
	"UPDATE migrate.applied SET sort_key = $4, format = $5"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND sort_key OPERATOR(pg_catalog.=) $3",
	5, {MIGRATE_KEY_TYPES, TEXTOID, TEXTOID, TEXTOID},
	&migrate_applied_table
};

/*
 * Make "down" the stored down script of a migration, with the values in it; NULL
 * for none.  "digest" is that of the migration then, NULL if it is not known.
 */
void
migrate_replace_down(const MigrateHistory *history, const char *key, const Migration *file,
					 const char *down, List *vars, bool reversible, const char *down_error,
					 const uint8 *digest)
{
	MigrateParameters p;

	if (down != NULL)
		migrate_store_script(file->down.sha256, down);
	migrate_bind_key(&p, history);
	migrate_bind_text(&p, key);
	migrate_bind_sha256(&p, down ? file->down.sha256 : NULL);
	migrate_bind_name(&p, down ? history->role : NULL);
	migrate_bind(&p, Int32GetDatum(file->down.line));
	migrate_bind(&p, BoolGetDatum(file->down.transactional));
	migrate_bind(&p, BoolGetDatum(reversible));
	migrate_bind_text(&p, down_error);
	migrate_bind_text(&p, migrate_syntax_name(file->down.syntax));
	migrate_bind_vars(&p, down ? vars : NIL);
	migrate_bind_sha256(&p, digest);
	migrate_query(&update_down, &p, SNAPSHOT_STATEMENT, SPI_OK_UPDATE, NULL, NULL);
}

static bool
same_text(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

/*
 * Does a row have what status() shows of the file, besides its scripts?  Otherwise the
 * digest of the file is not one of the row.
 */
bool
migrate_has_same_header(const Migration *file, const AppliedMigration *row)
{
	return same_text(file->description, row->description) &&
		same_text(file->author, row->author) && same_text(file->created, row->created) &&
		same_text(file->format, row->format);
}

/*
 * The digest of a row that gets the up script of a file, or its down script, or both;
 * NULL if the row will not be all that the file says.
 */
static const uint8 *
digest_after(const Migration *file, const AppliedMigration *row, bool up, bool down)
{
	if (!file->has_digest || !(up || migrate_has_same_header(file, row)))
		return NULL;
	if (!up && memcmp(file->up.sha256, row->up_sha256, PG_SHA256_DIGEST_LENGTH) != 0)
		return NULL;
	if (!down && (file->down.present != row->has_down ||
				  (row->has_down && memcmp(file->down.sha256, row->down_sha256,
										   PG_SHA256_DIGEST_LENGTH) != 0)))
		return NULL;
	return file->digest;
}

/*
 * Replace changed scripts of an applied migration: "up" and "down" are the new
 * texts, NULL to keep the stored one.  If the file has no down section any more,
 * "down" is NULL and "down_changed" is set.  The current role becomes the author of
 * what is replaced, and of the values with it, "up_vars" and "down_vars".
 */
void
migrate_record_replace(const MigrateHistory *history, const Migration *file, const AppliedMigration *applied,
					   bool down_changed,
					   const char *up, List *up_vars, const char *down, List *down_vars,
					   bool reversible, const char *down_error)
{
	MigrateParameters p;
	const uint8 *digest = digest_after(file, applied, up != NULL, down_changed);

	if (up != NULL)
	{
		migrate_store_script(file->up.sha256, up);
		migrate_bind_key(&p, history);
		migrate_bind_text(&p, applied->stored_key);
		migrate_bind_sha256(&p, file->up.sha256);
		migrate_bind_name(&p, history->role);
		migrate_bind(&p, Int32GetDatum(file->up.line));
		migrate_bind(&p, BoolGetDatum(file->up.transactional));
		migrate_bind_text(&p, file->up.file);
		migrate_bind_text(&p, file->description);
		migrate_bind_text(&p, file->author);
		migrate_bind_text(&p, file->created);
		migrate_bind_text(&p, migrate_syntax_name(file->up.syntax));
		migrate_bind_vars(&p, up_vars);
		migrate_bind_text(&p, file->format);
		migrate_bind_sha256(&p, digest);
		migrate_query(&update_up, &p, SNAPSHOT_STATEMENT, SPI_OK_UPDATE, NULL, NULL);
	}
	if (down_changed)
		migrate_replace_down(history, applied->stored_key, file, down, down_vars, reversible, down_error,
							 digest);
}

/*
 * Record the digest of a migration whose row is what its file says.
 */
void
migrate_record_digest(const MigrateHistory *history, const AppliedMigration *applied,
					  const uint8 *digest)
{
	MigrateParameters p;

	migrate_bind_key(&p, history);
	migrate_bind_text(&p, applied->stored_key);
	migrate_bind_sha256(&p, digest);
	migrate_query(&update_digest, &p, SNAPSHOT_STATEMENT, SPI_OK_UPDATE, NULL, NULL);
}

static void
replace_key(const MigrateHistory *history, const char *old, const char *key, const char *format)
{
	MigrateParameters p;

	migrate_bind_key(&p, history);
	migrate_bind_text(&p, old);
	migrate_bind_text(&p, key);
	migrate_bind_text(&p, format);
	migrate_query(&update_key, &p, SNAPSHOT_STATEMENT, SPI_OK_UPDATE, NULL, NULL);
}

/*
 * Record the sort keys that rows (AppliedMigration) have in a format.  A new key
 * may still be that of another row, so each row first gets a temporary key that no
 * row has.
 */
void
migrate_record_keys(const MigrateHistory *history, List *rows, const char *format)
{
	ListCell   *lc;

	foreach(lc, rows)
		replace_key(history, ((AppliedMigration *) lfirst(lc))->stored_key,
					psprintf("\001%d", foreach_current_index(lc)), format);
	foreach(lc, rows)
	{
		AppliedMigration *row = lfirst(lc);

		replace_key(history, psprintf("\001%d", foreach_current_index(lc)), row->sort_key, format);
		row->stored_key = row->sort_key;
		row->format = unconstify(char *, format);
	}
}
