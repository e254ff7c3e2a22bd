/*-------------------------------------------------------------------------
 *
 * files.c
 *		Files of migrations, wherever they are.
 *
 * Names are relative paths, so what is beside a file, or above it, is found by its
 * name alone.  Nothing outside of this folder knows where the files are.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/files.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "files/files.h"
#include "files/files_int.h"

bool
migrate_location_is_given(const MigrateLocation *location)
{
	return location->dir != NULL || location->files != NULL;
}

/*
 * Open the directory at a location, which is given, for the current role: see
 * directory.c and client.c, also for errors.  It stays open as long as
 * CurrentMemoryContext lives.  If "confined", no link is followed out of it.
 */
MigrateDirectory *
migrate_directory_open(const MigrateLocation *location, bool confined)
{
	if (location->files != NULL)
		return migrate_client_open(location->files);
	return migrate_server_open(location->dir, confined);
}

/*
 * The names (char *) of the files in the directory and in folders below it when
 * it was opened, sorted bytewise, without hidden ones.  They are relative to it;
 * one that ends in "/" is a folder that cannot be read.  They belong to "dir".
 */
List *
migrate_directory_names(const MigrateDirectory *dir)
{
	return dir->names;
}

/*
 * Read a file of the directory, "name" being one of its names.
 *
 * Returns its bytes, in UTF-8, palloc'd and NUL-terminated, and how many there are;
 * NULL if it is a file no more.
 */
char *
migrate_directory_bytes(MigrateDirectory *dir, const char *name, int *length)
{
	CHECK_FOR_INTERRUPTS();
	return dir->methods->bytes(dir, name, length);
}

/*
 * Read a file of the directory as text in the database encoding, without a byte
 * order mark; else as the above.
 */
char *
migrate_directory_read(MigrateDirectory *dir, const char *name, int *length)
{
	CHECK_FOR_INTERRUPTS();
	return dir->methods->text(dir, name, length);
}

/*
 * What the directory is called in messages, at the beginning of one or in it; it
 * belongs to "dir".
 */
const char *
migrate_directory_label(const MigrateDirectory *dir)
{
	return dir->label;
}

/*
 * Do all files stay as they are while the directory is open, at hand in memory?
 */
bool
migrate_directory_is_fixed(const MigrateDirectory *dir)
{
	return dir->methods->fixed;
}
