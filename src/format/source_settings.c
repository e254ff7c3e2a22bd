/*-------------------------------------------------------------------------
 *
 * source_settings.c
 *		The configuration that a tool has for a whole directory, and what it decides.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/source_settings.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "files/files.h"
#include "format/flyway_settings.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/source.h"
#include "format/source_int.h"

/*
 * Read the configuration of a tool.  If the directory has one, its format is that of the
 * tool, unless another one is given (else NULL).  True if it is known now.  Errors: those of
 * flyway_settings.c.
 */
bool
migrate_source_read_settings(MigrateSource *source, const char *format)
{
	static const char flyway[] = "flyway";
	MigrationSet *set = source->set;

	if (format != NULL && strcmp(format, flyway) != 0)
		return false;
	set->flyway = migrate_flyway_settings_read(source->dir);
	if (set->flyway == NULL)
		return false;
	set->format = migrate_format_named(flyway, NIL);
	set->format_evidence = format == NULL ? set->flyway->file : NULL;
	return true;
}

/*
 * Parse the name of a file of a set whose format has no manifest; false if it is no
 * migration, nor a part of one.
 */
bool
migrate_set_parse_name(const MigrationSet *set, const char *file, MigrateFileName *parsed)
{
	if (set->flyway != NULL)
		return migrate_flyway_parse_name(set->flyway, file, parsed);
	return set->format->parse_name != NULL && set->format->parse_name(file, parsed);
}

/*
 * How a new migration of a set looks, whose format is known.
 */
const MigrateTemplate *
migrate_set_template(const MigrationSet *set)
{
	if (set->flyway != NULL)
		return migrate_template_flyway_named(set->flyway->versioned_prefix, set->flyway->separator,
											 set->flyway->suffixes ? linitial(set->flyway->suffixes) : ".sql");
	return migrate_format_template(set->format);
}

/*
 * The path of a new file of a set, which is where migrations are.
 */
char *
migrate_set_new_file(const MigrationSet *set, char *file)
{
	if (set->flyway == NULL || migrate_flyway_relative(set->flyway->locations, file) != NULL)
		return file;
	return migrate_flyway_new_file(set->flyway, file);
}
