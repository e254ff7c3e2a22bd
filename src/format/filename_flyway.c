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
#include "format/callback.h"
#include "format/filename.h"
#include "format/flyway_settings.h"
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
 * Is it a version: numbers with periods or underscores between them?
 */
static bool
is_version(const char *str, const char *end)
{
	for (;;)
	{
		int			digits = strspn(str, MIGRATE_DIGITS);

		if (digits == 0 || digits > MIGRATE_MAX_DIGITS)
			return false;
		str += digits;
		if (str >= end)
			return str == end;
		if (*str != '.' && *str != '_')
			return false;
		str++;
	}
}

/*
 * The first separator in a text, NULL if there is none.
 */
static const char *
find_separator(const char *str, const char *end, const char *separator)
{
	int			n = strlen(separator);

	for (; str + n <= end; str++)
		if (strncmp(str, separator, n) == 0)
			return str;
	return NULL;
}

/*
 * What follows the prefix in a name of a file: N[.N...], the separator, the name.
 */
static bool
versioned_name(const char *str, const char *end, const char *separator, bool may_be_bare,
			   MigrateFileName *parsed)
{
	const char *middle = find_separator(str, end, separator);

	/* Flyway 12 does without a description, refinery does not */
	if ((middle == NULL && !may_be_bare) || !is_version(str, middle ? middle : end))
		return false;
	parsed->version = pnstrdup(str, (middle ? middle : end) - str);
	for (char *c = parsed->version; *c != '\0'; c++)
		if (*c == '_')
			*c = '.';
	parsed->name = middle == NULL ? pstrdup("") :
		pnstrdup(middle + strlen(separator), end - middle - strlen(separator));
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
 * The end of a name of a file without the suffix, which may be in any case; NULL if it has
 * none of those of migrations.
 */
const char *
migrate_flyway_suffix(const MigrateFlywaySettings *settings, const char *base)
{
	int			length = strlen(base);
	ListCell   *lc;

	if (settings->suffixes == NIL)
	{
		const char *end = base + length - strlen(".sql");

		return end > base && pg_strcasecmp(end, ".sql") == 0 ? end : NULL;
	}
	foreach(lc, settings->suffixes)
	{
		const char *end = base + length - strlen(lfirst(lc));

		if (end > base && pg_strcasecmp(end, lfirst(lc)) == 0)
			return end;
	}
	return NULL;
}

/*
 * What a file is by its name, in folders of any depth: the longest prefix counts, among
 * which are the names of events (Flyway 13, ResourceNameParser.java).  V is versioned, R
 * repeatable, U the undo script of V, B replaces all up to its version in an empty
 * history.
 */
bool
migrate_flyway_parse_name(const MigrateFlywaySettings *settings, const char *file, MigrateFileName *parsed)
{
	const char *const prefixes[] = {
		settings->versioned_prefix, settings->repeatable_prefix, settings->baseline_prefix,
		settings->undo_prefix
	};
	const char *base = migrate_base_name(file);
	const char *end = NULL;
	int			kind = -1;
	int			length = 0;
	const char *rest;

	for (int i = 0; i < lengthof(prefixes); i++)
	{
		int			n = strlen(prefixes[i]);

		if (strncmp(base, prefixes[i], n) != 0)
			continue;
		if (end == NULL && (end = migrate_flyway_suffix(settings, base)) == NULL)
			return false;
		if (n <= end - base && (kind < 0 || n > length))
		{
			kind = i;
			length = n;
		}
	}
	if (kind < 0 || migrate_callback_prefix(base) > length)
		return false;
	rest = base + length;
	parsed->part = kind == 3 ? PART_DOWN : PART_UP;
	if (kind != 1)
	{
		if (!versioned_name(rest, end, settings->separator, true, parsed))
			return false;
		if (kind == 2)
			parsed->sort_key = migrate_flyway_baseline_key(parsed->version);
		return true;
	}
	if (find_separator(rest, end, settings->separator) != rest || rest + strlen(settings->separator) >= end)
		return false;
	parsed->kind = KIND_REPEATABLE;
	parsed->version = pstrdup("R");
	parsed->name = pnstrdup(rest + strlen(settings->separator), end - rest - strlen(settings->separator));
	parsed->sort_key = psprintf("R:%s", parsed->name);
	return true;
}

/*
 * The same with the names that Flyway has by default.
 */
bool
migrate_filename_flyway(const char *file, MigrateFileName *parsed)
{
	return migrate_flyway_parse_name(&migrate_flyway_defaults, file, parsed);
}

/*
 * refinery: V and U, both go forward only, and U may be late (v0.9, lib.rs).
 */
static bool
refinery_name(const char *file, char prefix, MigrateFileName *parsed)
{
	const char *base = migrate_base_name(file);
	const char *end = *base == prefix ? migrate_flyway_suffix(&migrate_flyway_defaults, base) : NULL;

	return end != NULL && versioned_name(base + 1, end, "__", false, parsed);
}

bool
migrate_filename_refinery(const char *file, MigrateFileName *parsed)
{
	parsed->part = PART_UP;
	return refinery_name(file, 'V', parsed) || refinery_name(file, 'U', parsed);
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
		if (!refinery_name(lfirst(lc), 'U', &parsed))
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
		if (refinery_name(lfirst(lc), 'V', &parsed) && migrate_names_have(undos, parsed.sort_key))
			return false;
	}
	return true;
}
