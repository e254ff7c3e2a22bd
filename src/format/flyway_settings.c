/*-------------------------------------------------------------------------
 *
 * flyway_settings.c
 *		What Flyway's configuration of a directory, flyway.toml or flyway.conf, decides.
 *
 * Those settings are read that decide which files run, in which order, and what they say.
 * Others that would change what runs are refused, and the rest is for Flyway only.  Rules
 * and names are those of Flyway 13: ConfigUtils.java, FlywayModel.java,
 * ClassicConfiguration.java.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/flyway_settings.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/flyway_settings.h"
#include "format/format.h"
#include "format/manifest.h"
#include "format/settings_file.h"
#include "util/printable.h"
#include "variables/variables.h"

const MigrateFlywaySettings migrate_flyway_defaults = {
	.versioned_prefix = "V",
	.repeatable_prefix = "R",
	.undo_prefix = "U",
	.baseline_prefix = "B",
	.separator = "__",
	.variable_prefix = "${",
	.variable_suffix = "}",
	.variable_separator = ":",
};

/*
 * A setting, in the section "flyway", and what is done with it.
 */
typedef enum SettingUse
{
	USE_NONE,
	USE_TEXT,					/* const char * at "offset" */
	USE_LIST,					/* List * of char * */
	USE_LOCATIONS,				/* the same, each a location */
	USE_BOOLEAN,				/* bool */
	USE_OPPOSITE,				/* the same, which it is not */
	USE_REFUSED,				/* unless it is "harmless", as by default */
} SettingUse;

typedef struct KnownSetting
{
	const char *name;
	SettingUse	use;
	size_t		offset;
	const char *harmless;
	const char *hint;
	size_t		line_offset;	/* of an int for its line, 0: none */
	bool		needs_text;		/* it must not be empty */
} KnownSetting;

#define FIELD(field)	offsetof(MigrateFlywaySettings, field)

static const KnownSetting known_settings[] = {
	{"sqlMigrationPrefix", USE_TEXT, FIELD(versioned_prefix)},
	{"repeatableSqlMigrationPrefix", USE_TEXT, FIELD(repeatable_prefix)},
	{"undoSqlMigrationPrefix", USE_TEXT, FIELD(undo_prefix)},
	{"baselineMigrationPrefix", USE_TEXT, FIELD(baseline_prefix)},
	{"sqlMigrationSeparator", USE_TEXT, FIELD(separator),.needs_text = true},
	{"sqlMigrationSuffixes", USE_LIST, FIELD(suffixes)},
	{"skipDefaultCallbacks", USE_BOOLEAN, FIELD(ignores_callbacks)},
	{"locations", USE_LOCATIONS, FIELD(locations)},
	{"callbackLocations", USE_LOCATIONS, FIELD(callback_locations)},
	{"failOnMissingLocations", USE_BOOLEAN, FIELD(needs_locations)},
	{"executeInTransaction", USE_OPPOSITE, FIELD(without_transaction)},
	{"placeholderReplacement", USE_OPPOSITE, FIELD(without_variables)},
	{"placeholderPrefix", USE_TEXT, FIELD(variable_prefix),.needs_text = true},
	{"placeholderSuffix", USE_TEXT, FIELD(variable_suffix),.needs_text = true},
	{"placeholderSeparator", USE_TEXT, FIELD(variable_separator)},
	{"outOfOrder", USE_BOOLEAN, FIELD(out_of_order)},
	{"baselineOnMigrate", USE_BOOLEAN, FIELD(baselines),.line_offset = FIELD(baselines_line)},
	{"baselineVersion", USE_TEXT, FIELD(baseline_version)},
	{"defaultSchema", USE_TEXT, FIELD(schema),.line_offset = FIELD(schema_line)},
	{"table", USE_TEXT, FIELD(table)},
	{"target", USE_REFUSED, 0, "latest", "Remove it, and give \"target\" in the call."},
	{"cherryPick", USE_REFUSED, 0, "", "Remove it, and give \"versions\" in the call."},
	{"initSql", USE_REFUSED, 0, "", "Remove it, and run it before the migrations, or in a callback \"beforeMigrate.sql\"."},
	{"callbacks", USE_REFUSED, 0, "", "Java callbacks cannot run inside the server: write them in SQL."},
	{"migrationResolvers", USE_REFUSED, 0, "", "Java code cannot run inside the server."},
	{"resolvers", USE_REFUSED, 0, "", "Java code cannot run inside the server."},
	{"skipDefaultResolvers", USE_REFUSED, 0, "false", "Without it, the files of the locations are migrations."},
	{"skipExecutingMigrations", USE_REFUSED, 0, "false", "Remove it, and record migrations with migrate.baseline() or migrate.repair()."},
	{"errorOverrides", USE_REFUSED, 0, "", "Remove it: errors of the server are errors here."},
	{"dryRunOutput", USE_REFUSED, 0, "", "Remove it, and see migrate.plan()."},
	{"encoding", USE_REFUSED, 0, "UTF-8", "Convert the files to UTF-8, and remove the setting."},
};

/* what concerns the connection, the output, or checks that are others here */
static const char *const other_settings[] = {
	"url", "user", "password", "driver", "connectRetries", "connectRetriesInterval", "environment", "id",
	"provisionMode", "environmentProvisionMode", "licenseKey", "token", "email", "offlinePermitPath", "edition",
	"installedBy", "tablespace", "createSchemas", "lockRetryCount", "kerberosConfigFile", "jarDirs",
	"configFiles", "configFileEncoding", "workingDirectory", "configurations", "loggers", "color", "outputType",
	"outputProgress", "outputLogsInJson", "outputQueryResults", "reportEnabled", "reportFilename", "pipelineId",
	"publishResult", "powershellExecutable", "scriptPlaceholderPrefix", "scriptPlaceholderSuffix",
	"group", "mixed", "allowMixedMigrations", "batch", "stream", "detectEncoding", "communityDBSupportEnabled",
	"cleanDisabled", "cleanOnValidationError", "validateOnMigrate", "validateMigrationNaming",
	"ignoreMigrationPatterns", "ignoreMissingMigrations", "ignoreIgnoredMigrations", "ignorePendingMigrations",
	"ignoreFutureMigrations", "ignoreFailedFutureMigration", "failOnMissingTarget", "checkDriftOnMigrate",
	"baselineDescription", "schemaModelLocation", "schemaModelSchemas", "conservativeLoggingEnabled",
};

/*
 * What is read, and what from.
 */
typedef struct SettingsReader
{
	const MigrateDirectory *dir;
	const MigrateSettingsFile *settings_file;
	bool		is_toml;
	MigrateFlywaySettings *settings;
} SettingsReader;

/*
 * Refuse a setting: 0A000, or another code.  "detail" and "hint" may be NULL.
 */
static void
refuse(const SettingsReader *reader, const MigrateSetting *setting, int sqlerrcode, const char *message,
	   const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(sqlerrcode),
			 errmsg("%s", message),
			 detail ? errdetail("%s", detail) : 0,
			 hint ? errhint("%s", hint) : 0,
			 errcontext("file \"%s\", line %d", reader->settings_file->file, setting->line)));
}

/*
 * What a setting is called in messages, as it is in a .conf file.
 */
static const char *
name_of(const MigrateSetting *setting)
{
	return *setting->section == '\0' ? setting->key : psprintf("%s.%s", setting->section, setting->key);
}

static char *
shown_name(const MigrateSetting *setting)
{
	return migrate_excerpt(name_of(setting));
}

/*
 * Is it !{value}, which stands for what is in it, whatever that is?
 */
static bool
is_verbatim(const SettingsReader *reader, const char *value, int length)
{
	return reader->is_toml && length >= 3 && strncmp(value, "!{", 2) == 0 && value[length - 1] == '}';
}

/*
 * Does a value refer to something outside of the file: in a .conf file to a variable of
 * the environment, as ${NAME}, in TOML to a resolver, as ${env.NAME}?
 */
static bool
is_indirect(const SettingsReader *reader, const char *value)
{
	const char *p = value;
	const char *end = NULL;
	const char *dot = NULL;

	if (is_verbatim(reader, value, strlen(value)))
		return false;
	while ((p = strstr(p, "${")) != NULL)
	{
		const char *name = p + 2;
		int			word = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

		CHECK_FOR_INTERRUPTS();
		if (end == NULL || end < name)
			end = strchr(name, '}');
		if (dot == NULL || dot < name)
			dot = strchr(name, '.');
		if (end == NULL || (reader->is_toml && dot == NULL))
			return false;
		if (reader->is_toml ? dot > name && end > dot + 1 : word > 0 && name[word] == '}')
			return true;
		p = name;
	}
	return false;
}

/*
 * A value as Flyway takes it, palloc'd.  Errors: 0A000 for one that is not in the file.
 */
static char *
resolve(const SettingsReader *reader, const MigrateSetting *setting, const char *value)
{
	int			length;

	while (*value != '\0' && isspace((unsigned char) *value))
		value++;
	length = strlen(value);
	while (length > 0 && isspace((unsigned char) value[length - 1]))
		length--;
	if (is_verbatim(reader, value, length))
		return pnstrdup(value + 2, length - 3);
	if (is_indirect(reader, value))
		refuse(reader, setting, ERRCODE_FEATURE_NOT_SUPPORTED,
			   psprintf("value of setting \"%s\" is not in the file", shown_name(setting)),
			   "The server's environment is not read.", "Write it into the file.");
	return pnstrdup(value, length);
}

/*
 * The text of a setting; 42601 for an array.
 */
static char *
text_of(const SettingsReader *reader, const MigrateSetting *setting)
{
	if (setting->is_array)
		refuse(reader, setting, ERRCODE_SYNTAX_ERROR,
			   psprintf("setting \"%s\" must be a string", shown_name(setting)), NULL, NULL);
	return resolve(reader, setting, setting->value);
}

static bool
boolean_of(const SettingsReader *reader, const MigrateSetting *setting)
{
	const char *text = text_of(reader, setting);

	if (pg_strcasecmp(text, "true") == 0)
		return true;
	if (pg_strcasecmp(text, "false") != 0)
		refuse(reader, setting, ERRCODE_SYNTAX_ERROR,
			   psprintf("setting \"%s\" must be true or false", shown_name(setting)), NULL, NULL);
	return false;
}

/*
 * The texts of a setting that is a list: an array of strings in TOML, with commas between
 * them in a .conf file.
 */
static List *
list_of(const SettingsReader *reader, const MigrateSetting *setting)
{
	List	   *list = NIL;
	ListCell   *lc;

	if (reader->is_toml && !setting->is_array)
		refuse(reader, setting, ERRCODE_SYNTAX_ERROR,
			   psprintf("setting \"%s\" must be an array of strings", shown_name(setting)), NULL, NULL);
	foreach(lc, setting->elements)
	{
		if (lfirst(lc) == NULL)
			refuse(reader, setting, ERRCODE_SYNTAX_ERROR,
				   psprintf("setting \"%s\" must be an array of strings", shown_name(setting)), NULL, NULL);
		list = lappend(list, resolve(reader, setting, lfirst(lc)));
	}
	if (!reader->is_toml)
	{
		const char *rest = setting->value;

		for (;;)
		{
			int			length = strcspn(rest, ",");
			char	   *element = resolve(reader, setting, pnstrdup(rest, length));

			CHECK_FOR_INTERRUPTS();
			if (*element != '\0')
				list = lappend(list, element);
			if (rest[length] == '\0')
				break;
			rest += length + 1;
		}
	}
	return list;
}

/*
 * The same for a list of locations, as paths below the directory.
 */
static List *
locations_of(const SettingsReader *reader, const MigrateSetting *setting)
{
	List	   *locations = NIL;
	List	   *list = list_of(reader, setting);
	ListCell   *lc;

	foreach(lc, list)
	{
		const char *why_not;
		char	   *location = migrate_flyway_location(reader->dir, lfirst(lc), &why_not);

		if (location == NULL)
			refuse(reader, setting, ERRCODE_FEATURE_NOT_SUPPORTED,
				   psprintf("location \"%s\" cannot be read", migrate_excerpt(lfirst(lc))), why_not,
				   "Locations are folders below the directory, such as \"filesystem:sql\": give the directory that has both the folder and this file, or the folder without the file.");
		locations = lappend(locations, location);
	}
	return locations;
}

/*
 * Add a variable.  One whose value is not in the file has none: where it is needed, the
 * caller gives it.
 */
static void
add_variable(SettingsReader *reader, const MigrateSetting *setting, const char *name)
{
	MigrateVariable *var;

	if (setting->value != NULL && is_indirect(reader, setting->value))
		return;
	var = palloc0(sizeof(MigrateVariable));
	var->name = name;
	var->value = text_of(reader, setting);
	var->origin = VARIABLE_GIVEN;

	reader->settings->variables = lappend(reader->settings->variables, var);
}

static void
require_harmless(const SettingsReader *reader, const MigrateSetting *setting, const KnownSetting *known)
{
	bool		harmless;

	if (setting->is_array)
		harmless = setting->elements == NIL;
	else
		harmless = pg_strcasecmp(setting->value, known->harmless) == 0 || *setting->value == '\0';
	if (strcmp(known->name, "encoding") == 0 && !setting->is_array && pg_strcasecmp(setting->value, "UTF8") == 0)
		harmless = true;
	if (!harmless)
		refuse(reader, setting, ERRCODE_FEATURE_NOT_SUPPORTED,
			   psprintf("setting \"%s\" is not supported", shown_name(setting)), NULL, known->hint);
}

/*
 * Fill in the field of a known setting.
 */
static void
set_field(SettingsReader *reader, const MigrateSetting *setting, const KnownSetting *known)
{
	char	   *field = (char *) reader->settings + known->offset;

	switch (known->use)
	{
		case USE_NONE:
			break;
		case USE_TEXT:
			*(const char **) field = text_of(reader, setting);
			if (known->needs_text && **(const char **) field == '\0')
				refuse(reader, setting, ERRCODE_INVALID_PARAMETER_VALUE,
					   psprintf("setting \"%s\" is empty", shown_name(setting)), NULL, NULL);
			break;
		case USE_LIST:
			*(List **) field = list_of(reader, setting);
			break;
		case USE_LOCATIONS:
			*(List **) field = locations_of(reader, setting);
			break;
		case USE_BOOLEAN:
			*(bool *) field = boolean_of(reader, setting);
			break;
		case USE_OPPOSITE:
			*(bool *) field = !boolean_of(reader, setting);
			break;
		case USE_REFUSED:
			require_harmless(reader, setting, known);
			break;
	}
	if (known->line_offset != 0)
		*(int *) ((char *) reader->settings + known->line_offset) = setting->line;
}

/*
 * A setting of the section "flyway"; those in sections of it are for Flyway only.
 */
static void
add_setting(SettingsReader *reader, const MigrateSetting *setting, const char *name)
{
	static const char placeholders[] = "placeholders.";

	if (strncmp(name, placeholders, strlen(placeholders)) == 0)
	{
		add_variable(reader, setting, name + strlen(placeholders));
		return;
	}
	if (strchr(name, '.') != NULL)
		return;
	for (int i = 0; i < lengthof(known_settings); i++)
	{
		if (strcmp(known_settings[i].name, name) == 0)
		{
			set_field(reader, setting, &known_settings[i]);
			return;
		}
	}
	if (strcmp(name, "schemas") == 0)
	{
		List	   *schemas = list_of(reader, setting);

		if (schemas != NIL && reader->settings->schema == NULL)
		{
			reader->settings->schema = linitial(schemas);
			reader->settings->schema_line = setting->line;
		}
		return;
	}
	for (int i = 0; i < lengthof(other_settings); i++)
		if (strcmp(other_settings[i], name) == 0)
			return;
	refuse(reader, setting, ERRCODE_FEATURE_NOT_SUPPORTED,
		   psprintf("setting \"%s\" is not known", shown_name(setting)),
		   NULL, "It may decide what runs: remove it, or correct its name.");
}

/*
 * Read a file with settings, which replace those of files before.
 */
static void
read_file(MigrateDirectory *dir, const char *file, bool is_toml, MigrateFlywaySettings *settings)
{
	static const char prefix[] = "flyway.";
	int			length;
	char	   *str = migrate_directory_read(dir, file, &length);
	MigrateSettingsFile *settings_file;
	SettingsReader reader = {.dir = dir,.is_toml = is_toml,.settings = settings};
	ListCell   *lc;

	if (str == NULL)
		return;
	settings_file = is_toml ? migrate_settings_parse_toml(file, str) :
		migrate_settings_parse_properties(file, str, prefix);
	reader.settings_file = settings_file;
	settings->file = file;
	foreach(lc, settings_file->settings)
	{
		const MigrateSetting *setting = lfirst(lc);
		const char *name = name_of(setting);

		CHECK_FOR_INTERRUPTS();
		if (strncmp(name, prefix, strlen(prefix)) == 0)
			add_setting(&reader, setting, name + strlen(prefix));
	}
}

/* TOML, of which the second file is the user's, or else a .conf file */
static const char *const toml_files[] = {"flyway.toml", "flyway.user.toml"};

#define CONF_FILE	"flyway.conf"

/*
 * Has a directory with these names a configuration of Flyway?
 */
bool
migrate_has_flyway_settings(List *names)
{
	return migrate_has_name(names, toml_files[0]) || migrate_has_name(names, CONF_FILE) ||
		migrate_has_name(names, toml_files[1]);
}

/*
 * The settings of a directory, palloc'd; NULL if it has none.  Errors, with file and
 * line: 42601 for a file that cannot be parsed, and a value that is not of the setting's
 * type; 0A000 for a setting that would change what runs and is not supported, and for a
 * value that is not in the file.
 */
const MigrateFlywaySettings *
migrate_flyway_settings_read(MigrateDirectory *dir)
{
	List	   *names = migrate_directory_names(dir);
	MigrateFlywaySettings *settings;

	if (!migrate_has_flyway_settings(names))
		return NULL;
	settings = palloc(sizeof(MigrateFlywaySettings));
	*settings = migrate_flyway_defaults;
	for (int i = 0; i < lengthof(toml_files); i++)
		if (migrate_has_name(names, toml_files[i]))
			read_file(dir, toml_files[i], true, settings);

	/* if there is any TOML, Flyway does not look at the other */
	if (settings->file == NULL)
		read_file(dir, CONF_FILE, false, settings);
	if (settings->file == NULL)
		return NULL;
	if (settings->needs_locations)
	{
		const char *missing = migrate_flyway_missing(settings->locations, names);

		if (missing != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FILE),
					 errmsg("location \"%s\" has no files", missing),
					 errdetail("The setting \"%s\" is on.", "flyway.failOnMissingLocations"),
					 errcontext("file \"%s\"", settings->file)));
	}
	return settings;
}

/*
 * What other formats have of such files as well, palloc'd.
 */
MigrateLayout *
migrate_flyway_layout(const MigrateFlywaySettings *settings)
{
	MigrateLayout *layout = palloc0(sizeof(MigrateLayout));

	layout->file = settings->file;

	/* the last one of a name counts, and the first one is found */
	for (int i = list_length(settings->variables) - 1; i >= 0; i--)
		layout->up_vars = lappend(layout->up_vars, list_nth(settings->variables, i));
	layout->down_vars = layout->up_vars;
	layout->flyway = settings;
	return layout;
}

/*
 * How scripts refer to variables.
 */
MigrateSyntax
migrate_flyway_syntax(const MigrateFlywaySettings *settings)
{
	MigrateSyntax syntax = {.kind = settings->without_variables ? SYNTAX_NONE : SYNTAX_FLYWAY};

	/* a script may have them after all */
	if (strcmp(settings->variable_prefix, migrate_flyway_defaults.variable_prefix) != 0 ||
		strcmp(settings->variable_suffix, migrate_flyway_defaults.variable_suffix) != 0)
	{
		syntax.prefix = settings->variable_prefix;
		syntax.suffix = settings->variable_suffix;
	}
	return syntax;
}

/*
 * Append what of the settings decides how a file is read, once its name has been.
 */
void
migrate_flyway_settings_say(const MigrateFlywaySettings *settings, StringInfo buf)
{
	MigrateSyntax syntax = migrate_flyway_syntax(settings);

	appendStringInfoChar(buf, settings->without_transaction ? 't' : 'T');
	appendStringInfoChar(buf, settings->without_variables ? 'v' : 'V');
	if (syntax.prefix != NULL)
	{
		appendBinaryStringInfo(buf, syntax.prefix, strlen(syntax.prefix) + 1);
		appendBinaryStringInfo(buf, syntax.suffix, strlen(syntax.suffix) + 1);
	}
}
