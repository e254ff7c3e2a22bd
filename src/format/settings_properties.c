/*-------------------------------------------------------------------------
 *
 * settings_properties.c
 *		Settings as Java properties, which Flyway's .conf files are.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/settings_properties.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "format/settings_file.h"
#include "util/lines.h"
#include "util/printable.h"

/* what Java's trim() removes */
#define IS_SPACE(c)		((unsigned char) (c) <= ' ')

static void
trim(const char **start, const char **end)
{
	while (*start < *end && IS_SPACE(**start))
		(*start)++;
	while (*end > *start && IS_SPACE((*end)[-1]))
		(*end)--;
}

/*
 * Does a line that ends in a backslash continue in the next one?  Not where that is
 * empty, or a setting itself (Flyway 13, ConfigUtils.java).
 */
static bool
continues(const MigrateLineReader *lines, const char *prefix)
{
	MigrateLineReader ahead = *lines;
	const char *start;
	const char *end;

	if (!migrate_lines_next(&ahead))
		return false;
	start = ahead.line.str;
	end = start + ahead.line.length;
	if (end > start && end[-1] == '\r')
		end--;
	if (start == end)
		return false;
	trim(&start, &end);
	return end - start < strlen(prefix) || strncmp(start, prefix, strlen(prefix)) != 0 ||
		memchr(start, '=', end - start) == NULL;
}

/*
 * Add a setting from a line, of which those before are a part: a key, "=", ":" or a
 * space, a value.
 */
static void
add_line(MigrateSettingsFile *settings, char *str, int line)
{
	char	   *end = str + strcspn(str, "=: \t\f");
	char	   *value = end + strspn(end, " \t\f");
	char	   *key;

	if (*value == '=' || *value == ':')
		value++;
	value += strspn(value, " \t\f");
	key = pnstrdup(str, end - str);
	(void) migrate_settings_add(settings, "", key, pstrdup(value), line);
}

/*
 * Parse Java properties in UTF-8 as Flyway does, for which a backslash is one, unless it
 * ends a line that continues in the next; that may not begin with "prefix" as a setting
 * does.  All settings are in the section "", their keys as they are written.
 */
MigrateSettingsFile *
migrate_settings_parse_properties(const char *file, const char *str, const char *prefix)
{
	MigrateSettingsFile *settings = palloc0(sizeof(MigrateSettingsFile));
	MigrateLineReader lines;
	StringInfoData logical;
	int			first = 0;		/* line of its begin, 0: there is none */

	settings->file = file;
	initStringInfo(&logical);
	migrate_lines_start(&lines, str, strlen(str));
	while (migrate_lines_next(&lines))
	{
		const char *start = lines.line.str;
		const char *end = start + lines.line.length;
		bool		goes_on;

		CHECK_FOR_INTERRUPTS();
		trim(&start, &end);
		if (first == 0 && (start == end || *start == '#' || *start == '!'))
			continue;
		goes_on = end > start && end[-1] == '\\' && continues(&lines, prefix);
		if (first == 0)
			first = lines.line.number;
		appendBinaryStringInfo(&logical, start, end - start - goes_on);
		if (goes_on)
			continue;
		add_line(settings, logical.data, first);
		resetStringInfo(&logical);
		first = 0;
	}
	return settings;
}
