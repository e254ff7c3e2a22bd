/*-------------------------------------------------------------------------
 *
 * filename_flyway.c
 *		Names of files -> what each is to a migration, for Flyway and refinery.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/filename_flyway.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/format.h"
#include "format/stand_in.h"
#include "util/names.h"
#include "util/printable.h"

/*
 * The key of a version of several numbers, "1.10": part by part, and 1.0 is the
 * same as 1 (Flyway 13, MigrationVersion.java).
 */
char *
migrate_dotted_key(const char *version)
{
	StringInfoData key;
	int			last = 0;

	initStringInfo(&key);
	for (const char *part = version; *part != '\0';)
	{
		int			digits = strspn(part, MIGRATE_DIGITS);

		appendStringInfo(&key, "%s%s", key.len > 0 ? "." : "", migrate_numeric_key(part, digits));
		if (strspn(part, "0") < digits || last == 0)
			last = key.len;
		part += digits;
		part += *part == '.';
	}
	key.data[last] = '\0';
	return key.data;
}

/*
 * Flyway: <prefix>N[.N...]__name.sql, in folders of any depth; the suffix in any
 * case.
 */
static bool
flyway_name(const char *file, char prefix, bool may_be_bare, MigrateFileName *parsed)
{
	bool		bare;
	const char *base = migrate_base_name(file);
	int			length;
	const char *rest = base + 1;
	int			digits;

	if (*base != prefix)
		return false;
	length = strlen(base) - strlen(".sql");
	if (length <= 0 || pg_strcasecmp(base + length, ".sql") != 0)
		return false;
	while ((digits = strspn(rest, MIGRATE_DIGITS)) > 0 && digits <= MIGRATE_MAX_DIGITS)
	{
		rest += digits;
		if ((*rest != '.' && *rest != '_') || strspn(rest + 1, MIGRATE_DIGITS) == 0)
			break;
		rest++;
	}
	if (digits == 0 || digits > MIGRATE_MAX_DIGITS)
		return false;
	/* Flyway 12 does without a description, refinery does not */
	bare = may_be_bare && rest == base + length;
	if (!bare && strncmp(rest, "__", 2) != 0)
		return false;
	parsed->version = pnstrdup(base + 1, rest - base - 1);
	for (char *c = parsed->version; *c != '\0'; c++)
		if (*c == '_')
			*c = '.';
	parsed->name = bare ? pstrdup("") : pnstrdup(rest + 2, base + length - rest - 2);
	parsed->sort_key = migrate_dotted_key(parsed->version);
	return true;
}

/*
 * The key of the B file of a version.
 */
char *
migrate_flyway_baseline_key(const char *version)
{
	return migrate_flyway_stand_in_key(migrate_dotted_key(version));
}

/*
 * Flyway 13: V is versioned, R repeatable, U the undo script of V, B replaces all up
 * to its version in an empty history.
 */
bool
migrate_filename_flyway(const char *file, MigrateFileName *parsed)
{
	const char *base = migrate_base_name(file);
	int			length = strlen(base) - strlen(".sql");

	parsed->part = PART_UP;
	if (flyway_name(file, 'V', true, parsed))
		return true;
	if (flyway_name(file, 'B', true, parsed))
	{
		parsed->sort_key = migrate_flyway_baseline_key(parsed->version);
		return true;
	}
	if (strncmp(base, "R__", 3) == 0 && length > 3 && pg_strcasecmp(base + length, ".sql") == 0)
	{
		parsed->kind = KIND_REPEATABLE;
		parsed->version = pstrdup("R");
		parsed->name = pnstrdup(base + 3, length - 3);
		parsed->sort_key = psprintf("R:%s", parsed->name);
		return true;
	}
	parsed->part = PART_DOWN;
	return flyway_name(file, 'U', true, parsed);
}

/*
 * refinery: V and U, both go forward only, and U may be late (v0.9, lib.rs).
 */
bool
migrate_filename_refinery(const char *file, MigrateFileName *parsed)
{
	parsed->part = PART_UP;
	return flyway_name(file, 'V', false, parsed) || flyway_name(file, 'U', false, parsed);
}

/*
 * It is refinery and not Flyway if it has U files, and none of them has a V: for
 * Flyway those would be undo scripts of nothing.
 */
bool
migrate_directory_is_refinery(List *names)
{
	MigrateNames *undos = NULL;
	ListCell   *lc;
	MigrateFileName parsed;

	foreach(lc, names)
	{
		CHECK_FOR_INTERRUPTS();
		if (!flyway_name(lfirst(lc), 'U', false, &parsed))
			continue;
		if (undos == NULL)
			undos = migrate_names_create();
		migrate_names_add(undos, parsed.sort_key, NULL);
	}
	if (undos == NULL)
		return false;
	foreach(lc, names)
	{
		CHECK_FOR_INTERRUPTS();
		if (flyway_name(lfirst(lc), 'V', false, &parsed) && migrate_names_have(undos, parsed.sort_key))
			return false;
	}
	return true;
}
