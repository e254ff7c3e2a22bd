/*-------------------------------------------------------------------------
 *
 * settings_file.c
 *		What a tool's settings file says: values by section and key, whatever its
 *		syntax is (settings_syntax.c).
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/settings_file.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "format/settings_file.h"
#include "util/names.h"
#include "util/printable.h"
#include "variables/variables.h"

/*
 * Append a setting, and return it.  The texts are not copied.
 */
MigrateSetting *
migrate_settings_add(MigrateSettingsFile *settings, const char *section, const char *key,
					 const char *value, int line)
{
	MigrateSetting *setting = palloc0(sizeof(MigrateSetting));

	setting->section = section;
	setting->key = key;
	setting->value = value;
	setting->line = line;
	settings->settings = lappend(settings->settings, setting);
	return setting;
}

/*
 * The last setting of that section and key, this in any case; NULL if there is none.
 * "settings" may be NULL.
 */
const MigrateSetting *
migrate_settings_find(const MigrateSettingsFile *settings, const char *section, const char *key)
{
	for (int i = settings == NULL ? -1 : list_length(settings->settings) - 1; i >= 0; i--)
	{
		const MigrateSetting *setting = list_nth(settings->settings, i);

		if (strcmp(setting->section, section) == 0 && pg_strcasecmp(setting->key, key) == 0)
			return setting;
	}
	return NULL;
}

/*
 * The settings of a section as variables (MigrateVariable), and those of "vars" that it
 * does not have: a new list.  The last one of a name counts.
 */
List *
migrate_settings_variables(const MigrateSettingsFile *settings, const char *section, List *vars)
{
	MigrateNames *names = migrate_names_create();
	List	   *own = NIL;
	List	   *all = NIL;
	ListCell   *lc;

	for (int i = list_length(settings->settings) - 1; i >= 0; i--)
	{
		const MigrateSetting *setting = list_nth(settings->settings, i);
		MigrateVariable *var;

		CHECK_FOR_INTERRUPTS();
		if (strcmp(setting->section, section) != 0 || setting->value == NULL ||
			!migrate_names_add(names, setting->key, NULL))
			continue;
		var = palloc0(sizeof(MigrateVariable));
		var->name = setting->key;
		var->value = setting->value;
		var->origin = VARIABLE_GIVEN;
		own = lappend(own, var);
	}
	foreach(lc, vars)
	{
		if (!migrate_names_have(names, ((MigrateVariable *) lfirst(lc))->name))
			all = lappend(all, lfirst(lc));
	}
	for (int i = list_length(own) - 1; i >= 0; i--)
		all = lappend(all, list_nth(own, i));
	return all;
}

/*
 * An error about a setting, with file and line.  "hint" may be NULL.
 */
void
migrate_bad_setting(const MigrateSettingsFile *settings, const MigrateSetting *setting,
					int sqlerrcode, const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(sqlerrcode),
			 errmsg("%s", message),
			 hint ? errhint("%s", hint) : 0,
			 errcontext("file \"%s\", line %d", settings->file, setting->line)));
}

/*
 * A setting that is true or false; a key without a value is true.  22023 for another
 * value.
 */
bool
migrate_setting_boolean(const MigrateSettingsFile *settings, const MigrateSetting *setting)
{
	bool		value;

	if (setting->value == NULL)
		return true;
	if (*setting->value == '\0')
		return false;
	if (!parse_bool(setting->value, &value))
		migrate_bad_setting(settings, setting, ERRCODE_INVALID_PARAMETER_VALUE,
							psprintf("invalid value for setting \"%s\": \"%s\"", migrate_excerpt(setting->key), migrate_excerpt(setting->value)),
							"Use \"true\" or \"false\".");
	return value;
}

/*
 * A setting that is the path of a file or a folder below the directory, palloc'd: as names
 * of the directory are, without "." and doubled slashes; "" is the directory itself.
 * 22023 for an absolute path and one that leads out of the directory.
 */
char *
migrate_setting_path(const MigrateSettingsFile *settings, const MigrateSetting *setting)
{
	StringInfoData path;
	const char *value = setting->value ? setting->value : "";

	initStringInfo(&path);
	if (*value == '/' || *value == '~' || (isalpha((unsigned char) *value) && value[1] == ':'))
		migrate_bad_setting(settings, setting, ERRCODE_INVALID_PARAMETER_VALUE,
							psprintf("path \"%s\" is absolute", migrate_excerpt(value)),
							"Give it relative to the directory that the file is in.");
	while (*value != '\0')
	{
		int			length = strcspn(value, "/");

		if (length == 2 && strncmp(value, "..", 2) == 0)
			migrate_bad_setting(settings, setting, ERRCODE_INVALID_PARAMETER_VALUE,
								psprintf("path \"%s\" leads out of the directory", migrate_excerpt(setting->value)),
								"Give a directory that has all of the files.");
		if (length > 0 && (length > 1 || *value != '.'))
			appendStringInfo(&path, "%s%.*s", path.len > 0 ? "/" : "", length, value);
		value += length + (value[length] == '/');
	}
	return path.data;
}
