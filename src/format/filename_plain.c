/*-------------------------------------------------------------------------
 *
 * filename_plain.c
 *		Names of files -> what each is to a migration, for plain files and updown.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/filename_plain.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/format.h"
#include "util/printable.h"

/*
 * Does a name begin with a date with hyphens, as "2017-06-05-add-x.sql" does?
 */
bool
migrate_begins_with_date(const char *file)
{
	int			month;
	int			day;

	if (strspn(file, MIGRATE_DIGITS) != 4 || file[4] != '-' ||
		strspn(file + 5, MIGRATE_DIGITS) != 2 || file[7] != '-' ||
		strspn(file + 8, MIGRATE_DIGITS) != 2 || strchr("-_.T ", file[10]) == NULL)
		return false;
	month = atoi(file + 5);
	day = atoi(file + 8);
	return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/*
 * A name that begins with a date: all of it is the version.  Those of one day are
 * ordered by their names.
 */
static bool
dated_name(const char *file, MigrateFileName *parsed)
{
	static const struct
	{
		const char *suffix;
		MigratePart part;
	}			kinds[] = {
		{"_rollback.sql", PART_DOWN}, {".rollback.sql", PART_DOWN}, {".down.sql", PART_DOWN},
		{".up.sql", PART_UP}, {".sql", PART_UP},
	};
	const int	date = strlen("2017-06-05");
	int			length;

	if (!migrate_is_flat(file) || !migrate_begins_with_date(file))
		return false;
	for (int i = 0; i < lengthof(kinds); i++)
	{
		char	   *day;

		length = strlen(file) - strlen(kinds[i].suffix);
		if (length < date || strcmp(file + length, kinds[i].suffix) != 0)
			continue;
		day = psprintf("%.4s%.2s%.2s", file, file + 5, file + 8);
		parsed->part = kinds[i].part;
		parsed->version = pnstrdup(file, date);
		parsed->name = length > date ? pnstrdup(file + date + 1, length - date - 1) : pstrdup("");
		parsed->sort_key = psprintf("%s/%.*s", migrate_numeric_key(day, strlen(day)), length, file);
		return true;
	}
	return false;
}

/*
 * updown: "N_name.sql", "N-name.sql", or a date and a name.
 */
bool
migrate_filename_updown(const char *file, MigrateFileName *parsed)
{
	if (dated_name(file, parsed))
	{
		parsed->part = PART_BOTH;
		return true;
	}
	return migrate_numbered_name(file, "-_", ".sql", parsed);
}

/*
 * A number and nothing else: "N.sql" or "N.up.sql", and "N.down.sql".
 */
static bool
bare_number(const char *file, MigrateFileName *parsed)
{
	int			digits = strspn(file, MIGRATE_DIGITS);
	const char *suffix = file + digits;

	if (digits == 0 || digits > MIGRATE_MAX_DIGITS)
		return false;
	if (strcmp(suffix, ".sql") == 0 || strcmp(suffix, ".up.sql") == 0)
		parsed->part = PART_UP;
	else if (strcmp(suffix, ".down.sql") == 0 || strcmp(suffix, ".rollback.sql") == 0)
		parsed->part = PART_DOWN;
	else
		return false;
	parsed->version = pnstrdup(file, digits);
	parsed->name = pstrdup("");
	parsed->sort_key = migrate_numeric_key(file, digits);
	return true;
}

/*
 * plain: the undo script of N is N_rollback.sql, N_anything.down.sql, or
 * N_anything.rollback.sql.
 */
bool
migrate_filename_plain(const char *file, MigrateFileName *parsed)
{
	if (dated_name(file, parsed) || bare_number(file, parsed))
		return true;
	if (!migrate_numbered_name(file, "-_", ".sql", parsed))
		return false;
	parsed->part = strcmp(file + strlen(parsed->version), "_rollback.sql") == 0 ||
		migrate_has_suffix(file, ".down.sql") || migrate_has_suffix(file, ".rollback.sql") ?
		PART_DOWN : PART_UP;
	return true;
}

/*
 * Play: "N.sql" (v3.1, EvolutionsApi.scala).
 */
bool
migrate_filename_play(const char *file, MigrateFileName *parsed)
{
	return bare_number(file, parsed) && strcmp(file + strlen(parsed->version), ".sql") == 0;
}
