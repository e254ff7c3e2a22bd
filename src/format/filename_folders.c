/*-------------------------------------------------------------------------
 *
 * filename_folders.c
 *		Names of files -> what each is to a migration, where each migration is a folder.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/filename_folders.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/format.h"
#include "util/printable.h"

/*
 * A folder for each migration: "folder/file", and nothing below that.  Returns
 * the length of the folder's name, 0 for another name.
 */
static int
folder_length(const char *path, const char *file)
{
	const char *slash = strchr(path, '/');

	return slash != NULL && strcmp(slash + 1, file) == 0 ? slash - path : 0;
}

/*
 * Does a folder have that file, and is there no numbered file beside the folders,
 * which would be a migration of another layout?
 */
static bool
folders_have(List *names, const char *file)
{
	bool		found = false;
	ListCell   *lc;

	foreach(lc, names)
	{
		const char *name = lfirst(lc);

		if (strspn(name, MIGRATE_DIGITS) > 0 && migrate_is_flat(name) && migrate_is_sql_file(name))
			return false;
		found |= folder_length(name, file) > 0;
	}
	return found;
}

/*
 * prisma 6: "<folder>/migration.sql", in the order of the folders' names.
 * drizzle 1.0 has the same, with a snapshot beside.
 */
bool
migrate_filename_prisma(const char *file, MigrateFileName *parsed)
{
	int			length = folder_length(file, "migration.sql");

	if (length == 0)
		return false;
	migrate_split_name(file, length, parsed);
	parsed->part = PART_UP;
	parsed->sort_key = pnstrdup(file, length);
	return true;
}

bool
migrate_directory_is_drizzle_folders(List *names)
{
	return folders_have(names, "migration.sql") && folders_have(names, "snapshot.json") &&
		!migrate_has_name(names, "migration_lock.toml");
}

bool
migrate_directory_is_prisma(List *names)
{
	return folders_have(names, "migration.sql");
}

/*
 * diesel 2: "<folder>/up.sql" and "down.sql"; the version is the folder's name up
 * to the first underscore without hyphens, in the order of text
 * (diesel_migrations, file_based_migrations.rs).
 */
bool
migrate_filename_diesel(const char *file, MigrateFileName *parsed)
{
	int			length = folder_length(file, "up.sql");
	int			version;
	char	   *out;

	parsed->part = length > 0 ? PART_UP : PART_DOWN;
	if (length == 0)
		length = folder_length(file, "down.sql");
	if (length == 0)
		return false;
	version = Min((int) strcspn(file, "_"), length);
	out = parsed->version = palloc(version + 1);
	for (int i = 0; i < version; i++)
		if (file[i] != '-')
			*out++ = file[i];
	*out = '\0';
	parsed->name = version < length ? pnstrdup(file + version + 1, length - version - 1) : pstrdup("");
	parsed->sort_key = pstrdup(parsed->version);
	return true;
}

/*
 * The length of a folder's name if it has "file", and begins with a number and an
 * underscore; else 0.
 */
static int
numbered_folder(const char *path, const char *file)
{
	int			length = folder_length(path, file);
	int			digits = strspn(path, MIGRATE_DIGITS);

	return digits > 0 && digits <= MIGRATE_MAX_DIGITS && path[digits] == '_' ? length : 0;
}

/*
 * Hasura: "<N>_<name>/up.sql" and "down.sql", in the order of numbers; in older projects
 * "N_name.up.sql" (CLI v2, source/file/file.go).
 */
bool
migrate_filename_hasura(const char *file, MigrateFileName *parsed)
{
	int			length = numbered_folder(file, "up.sql");
	int			digits = strspn(file, MIGRATE_DIGITS);

	parsed->part = length > 0 ? PART_UP : PART_DOWN;
	if (length == 0)
		length = numbered_folder(file, "down.sql");
	if (length == 0)
		return migrate_is_flat(file) && migrate_has_suffix(file, ".sql") && migrate_filename_pairs(file, parsed);
	parsed->version = pnstrdup(file, digits);
	parsed->name = pnstrdup(file + digits + 1, length - digits - 1);
	parsed->sort_key = migrate_numeric_key(file, digits);
	return true;
}

/*
 * It is Hasura and not diesel if all folders begin with a number and an underscore, and
 * either one of these is the number of milliseconds since 1970, as its tools write it, or
 * there are files that only Hasura has.
 */
bool
migrate_directory_is_hasura(List *names)
{
	bool		only_hasura = false;
	bool		found = false;
	MigrateFileName parsed;
	ListCell   *lc;

	foreach(lc, names)
	{
		const char *file = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		only_hasura |= numbered_folder(file, "up.yaml") > 0 || numbered_folder(file, "down.yaml") > 0;
		if (folder_length(file, "metadata.toml") > 0)
			return false;
		if (migrate_is_flat(file))
		{
			bool		is_pair = migrate_filename_pairs(file, &parsed);

			only_hasura |= is_pair;
			if (strspn(file, MIGRATE_DIGITS) > 0 && migrate_is_sql_file(file) && !is_pair)
				return false;
		}
		if (folder_length(file, "up.sql") == 0)
			continue;
		if (numbered_folder(file, "up.sql") == 0)
			return false;
		found = true;
		only_hasura |= *file == '1' && strspn(file, MIGRATE_DIGITS) == strlen("1500000000000");
	}
	return found && only_hasura;
}

bool
migrate_directory_is_diesel(List *names)
{
	return folders_have(names, "up.sql");
}

/*
 * Has a directory a file that no other tool than diesel has?
 */
bool
migrate_directory_is_surely_diesel(List *names)
{
	return folders_have(names, "metadata.toml");
}
