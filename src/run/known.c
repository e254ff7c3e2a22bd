/*-------------------------------------------------------------------------
 *
 * known.c
 *		Files that are as the history has them: their digests are the same.
 *
 * A run that finds nothing to do reads and hashes the files, and parses none of them.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/known.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/known.h"
#include "run/run.h"
#include "util/names.h"

/*
 * Make run->rows the rows of the history by their keys.
 */
static void
name_rows(MigrateRun *run)
{
	ListCell   *lc;

	run->rows = migrate_names_create();
	foreach(lc, run->applied)
	{
		AppliedMigration *row = lfirst(lc);

		(void) migrate_names_add(run->rows, row->stored_key, row);
	}
}

/*
 * The row of that key, and its digest, if it has one in that format, and its migration
 * is not on its way; NULL else.  "arg" is the run.
 */
static const void *
find_row(void *arg, const char *sort_key, const char *format, const uint8 **digest)
{
	const MigrateRun *run = arg;
	const AppliedMigration *row = migrate_names_get(run->rows, sort_key);

	if (row == NULL || !row->has_digest || row->interrupted || row->format == NULL ||
		strcmp(row->format, format) != 0)
		return NULL;
	*digest = row->digest;
	return row;
}

/*
 * Make run->files the rows of the history by their files: lists of AppliedMigration.
 */
static void
name_files(MigrateRun *run)
{
	ListCell   *lc;

	run->files = migrate_names_create();
	foreach(lc, run->applied)
	{
		AppliedMigration *row = lfirst(lc);
		List	   *rows = migrate_names_get(run->files, row->file);

		if (rows == NIL)
			(void) migrate_names_add(run->files, row->file, list_make1(row));
		else
			rows = lappend(rows, row);	/* in place */
	}
}

/*
 * All rows of a file of changesets, if they have the same digest in that format, and none
 * is on its way; NIL else.  "arg" is the run.
 */
static List *
find_file(void *arg, const char *name, const char *format, const uint8 **digest)
{
	MigrateRun *run = arg;
	List	   *rows;
	ListCell   *lc;

	if (run->files == NULL)
		name_files(run);
	rows = migrate_names_get(run->files, name);
	foreach(lc, rows)
	{
		const AppliedMigration *row = lfirst(lc);

		if (!row->has_digest || row->interrupted || row->format == NULL || strcmp(row->format, format) != 0)
			return NIL;
		if (foreach_current_index(lc) > 0 && memcmp(row->digest, *digest, PG_SHA256_DIGEST_LENGTH) != 0)
			return NIL;
		*digest = row->digest;
	}
	return rows;
}

/*
 * Fill in what a row has of a migration.
 */
static void
restore_from_row(const void *known, Migration *migration)
{
	const AppliedMigration *row = known;

	if (migration->sort_key == NULL)
	{
		migration->kind = row->kind;
		migration->version = row->version;
		migration->name = row->name;
		migration->sort_key = row->stored_key;
	}
	migration->description = row->description;
	migration->author = row->author;
	migration->created = row->created;
	memcpy(migration->up.sha256, row->up_sha256, PG_SHA256_DIGEST_LENGTH);
	migration->down.present = row->has_down;
	memcpy(migration->down.sha256, row->down_sha256, PG_SHA256_DIGEST_LENGTH);
}

/*
 * What the history of a run knows of files, for reading them; NULL if all are to be
 * parsed.
 */
const MigrateKnown *
migrate_known_rows(MigrateRun *run)
{
	if (!run->request->skips_known || run->applied == NIL)
		return NULL;
	name_rows(run);
	run->files = NULL;
	run->known.find = find_row;
	run->known.find_file = find_file;
	run->known.restore = restore_from_row;
	run->known.arg = run;
	return &run->known;
}

/*
 * The history has been read again: parse the files that it does not have any more as
 * they are.
 */
void
migrate_known_changed(MigrateRun *run)
{
	ListCell   *lc;

	if (run->rows == NULL)
		return;
	name_rows(run);
	foreach(lc, migrate_source_set(run->source)->migrations)
	{
		Migration  *migration = lfirst(lc);
		const void *row;
		const uint8 *digest;

		CHECK_FOR_INTERRUPTS();
		if (migration->unread == NIL)
			continue;
		row = find_row(run, migration->sort_key, migration->format, &digest);
		if (row != NULL && memcmp(digest, migration->digest, PG_SHA256_DIGEST_LENGTH) == 0)
			restore_from_row(row, migration);
		else
			migrate_source_parse(run->source, migration);
	}
}

/*
 * Is the digest of an item's file another one than that of its row, though nothing else
 * is?
 */
static bool
needs_digest(MigrateRun *run, const MigrateItem *item)
{
	Migration  *file = item->file;
	const AppliedMigration *row = item->applied;

	if (file == NULL || row == NULL || file->unread != NIL ||
		(item->state != STATE_APPLIED && item->state != STATE_BASELINE) ||
		item->up_changed || item->down_changed || strcmp(row->stored_key, file->sort_key) != 0 ||
		!migrate_has_same_header(file, row))
		return false;

	/* other files may have changed since they were compared */
	for (const MigrateDigestPart *part = file->digest_part; part != NULL; part = part->down)
		if (!part->is_alone)
			return false;
	migrate_source_digest(run->source, file);
	return file->has_digest &&
		!(row->has_digest && memcmp(file->digest, row->digest, PG_SHA256_DIGEST_LENGTH) == 0);
}

/*
 * Record the digests of files that differ from what has been recorded in comments and
 * white space only, or that another version of this extension has read, so that they
 * are parsed once and not at each start.  For a run that writes anyway: one that finds
 * nothing to do writes nothing, and runs on a standby.
 */
void
migrate_refresh_digests(MigrateRun *run)
{
	ListCell   *lc;

	foreach(lc, run->items)
	{
		const MigrateItem *item = lfirst(lc);

		if (needs_digest(run, item))
			migrate_record_digest(&run->request->history, item->applied, item->file->digest);
	}
}
