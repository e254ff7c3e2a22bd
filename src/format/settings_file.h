/*-------------------------------------------------------------------------
 *
 * settings_file.h
 *		A tool's file with settings for a whole directory: keys and values, with the
 *		lines that they are in.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/settings_file.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_SETTINGS_FILE_H
#define MIGRATE_FORMAT_SETTINGS_FILE_H

#include "nodes/pg_list.h"

#include "util/compat.h"

/*
 * A setting.
 */
typedef struct MigrateSetting
{
	const char *section;		/* "" before the first one */
	const char *key;			/* as it is written */
	const char *value;			/* NULL: the key only, or an array ... */
	bool		is_array;		/* ... of these values (char *) */
	List	   *elements;
	int			line;
} MigrateSetting;

/*
 * All settings of a file, in their order.
 */
typedef struct MigrateSettingsFile
{
	const char *file;
	List	   *settings;		/* of MigrateSetting */
} MigrateSettingsFile;

/* in settings_file.c */
extern MigrateSetting *migrate_settings_add(MigrateSettingsFile *settings, const char *section,
											const char *key, const char *value, int line);
extern const MigrateSetting *migrate_settings_find(const MigrateSettingsFile *settings,
												   const char *section, const char *key);
extern List *migrate_settings_variables(const MigrateSettingsFile *settings, const char *section,
										List *vars);
extern bool migrate_setting_boolean(const MigrateSettingsFile *settings, const MigrateSetting *setting);
extern char *migrate_setting_path(const MigrateSettingsFile *settings, const MigrateSetting *setting);
pg_noreturn extern void migrate_bad_setting(const MigrateSettingsFile *settings,
											const MigrateSetting *setting, int sqlerrcode,
											const char *message, const char *hint);

/* in settings_properties.c */
extern MigrateSettingsFile *migrate_settings_parse_properties(const char *file, const char *str,
															  const char *prefix);

/* in settings_toml.c */
extern MigrateSettingsFile *migrate_settings_parse_toml(const char *file, const char *str);

/* in settings_syntax.c */
extern MigrateSettingsFile *migrate_settings_parse_git(const char *file, const char *str);
extern MigrateSettingsFile *migrate_settings_parse_ini(const char *file, const char *str);

#endif							/* MIGRATE_FORMAT_SETTINGS_FILE_H */
