/*-------------------------------------------------------------------------
 *
 * sqitch_conf.c
 *		sqitch.conf: where a project has its plan and its scripts, and the values of
 *		variables.
 *
 * The rules are those of sqitch 1.6, Target.pm, Config.pm and Command/deploy.pm.  Files
 * of the user and of the system, and the environment, are not read.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/sqitch_conf.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "format/format.h"
#include "format/manifest.h"
#include "format/settings_file.h"
#include "util/printable.h"

const MigrateLayout migrate_sqitch_layout = {
	.folders = {"deploy/", "revert/", "verify/"},
	.reworked = {"deploy/", "revert/", "verify/"},
	.suffix = ".sql"
};

/*
 * A sqitch.conf that is being read.
 */
typedef struct SqitchConf
{
	const MigrateSettingsFile *settings;
	const char *target;			/* section of the target, or NULL */
} SqitchConf;

/*
 * The setting of that section and key, NULL if it has no value.  42601 if it is there
 * twice.
 */
static const MigrateSetting *
find_setting(const SqitchConf *conf, const char *section, const char *key)
{
	const MigrateSetting *setting = migrate_settings_find(conf->settings, section, key);
	ListCell   *lc;

	if (setting == NULL || setting->value == NULL || *setting->value == '\0')
		return NULL;
	foreach(lc, conf->settings->settings)
	{
		const MigrateSetting *other = lfirst(lc);

		if (other != setting && strcmp(other->section, section) == 0 && pg_strcasecmp(other->key, key) == 0)
			migrate_bad_setting(conf->settings, setting, ERRCODE_SYNTAX_ERROR,
								psprintf("setting \"%s.%s\" is given twice", section, key), NULL);
	}
	return setting;
}

/*
 * The setting that counts for the target: its own, that of its engine, or that of the
 * project.
 */
static const MigrateSetting *
fetch(const SqitchConf *conf, const char *key)
{
	const MigrateSetting *setting = conf->target ? find_setting(conf, conf->target, key) : NULL;

	if (setting == NULL)
		setting = find_setting(conf, "engine.pg", key);
	return setting != NULL ? setting : find_setting(conf, "core", key);
}

/*
 * 0A000 unless an engine, or the start of a URI, is that of this server.
 */
static void
require_postgres(const SqitchConf *conf, const MigrateSetting *setting, const char *engine)
{
	int			length;

	if (strncmp(engine, "db:", 3) == 0)
		engine += 3;
	length = strcspn(engine, ": ");
	if (!(length == 2 && strncmp(engine, "pg", 2) == 0) &&
		!(length == 8 && strncmp(engine, "postgres", 8) == 0) &&
		!(length == 10 && strncmp(engine, "postgresql", 10) == 0))
		migrate_bad_setting(conf->settings, setting, ERRCODE_FEATURE_NOT_SUPPORTED,
							psprintf("engine of the project is \"%s\", not PostgreSQL", migrate_excerpt(pnstrdup(engine, length))),
							NULL);
}

/*
 * The target that sqitch deploys to where none is given: its section, if it has a name.
 * That may be in another file, of the user.  0A000 for another database system.
 */
static void
find_target(SqitchConf *conf)
{
	const MigrateSetting *engine = find_setting(conf, "core", "engine");
	const MigrateSetting *target = find_setting(conf, "core", "target");
	const MigrateSetting *uri;

	if (target == NULL && engine != NULL)
		require_postgres(conf, engine, engine->value);
	if (target == NULL)
		target = find_setting(conf, "engine.pg", "target");
	if (target == NULL)
		return;
	if (strchr(target->value, ':') != NULL)
	{
		require_postgres(conf, target, target->value);
		return;
	}
	conf->target = psprintf("target.%s", target->value);
	uri = find_setting(conf, conf->target, "uri");
	if (uri != NULL)
		require_postgres(conf, uri, uri->value);
}

/*
 * The path that a setting gives, as a folder: with a slash at its end, or "".
 */
static char *
folder_path(const SqitchConf *conf, const MigrateSetting *setting)
{
	char	   *path = migrate_setting_path(conf->settings, setting);

	return *path == '\0' ? path : psprintf("%s/", path);
}

/*
 * The folders of a kind of scripts.
 */
static void
find_folders(const SqitchConf *conf, MigrateLayout *layout, MigrateScriptKind kind,
			 const char *top, const char *reworked_top)
{
	static const char *const names[] = {"deploy", "revert", "verify"};
	const MigrateSetting *dir = fetch(conf, psprintf("%s_dir", names[kind]));
	const MigrateSetting *reworked = fetch(conf, psprintf("reworked_%s_dir", names[kind]));

	layout->folders[kind] = dir ? folder_path(conf, dir) : psprintf("%s%s/", top, names[kind]);
	layout->reworked[kind] = reworked ? folder_path(conf, reworked) :
		dir ? psprintf("%s%s", reworked_top, folder_path(conf, dir)) :
		psprintf("%s%s/", reworked_top, names[kind]);
}

/*
 * The values of variables, of which the later sections count.
 */
static List *
find_variables(const SqitchConf *conf, bool down)
{
	List	   *vars = migrate_settings_variables(conf->settings, "core.variables", NIL);

	vars = migrate_settings_variables(conf->settings, "deploy.variables", vars);
	if (down)
		vars = migrate_settings_variables(conf->settings, "revert.variables", vars);
	vars = migrate_settings_variables(conf->settings, "engine.pg.variables", vars);
	if (conf->target != NULL)
		vars = migrate_settings_variables(conf->settings, psprintf("%s.variables", conf->target), vars);
	return vars;
}

/*
 * What a sqitch.conf says about the files of its project.  Errors, with file and line:
 * 42601 for what cannot be parsed, 22023 for a path that leads out of the directory and
 * for other values, 0A000 for another database system.
 */
MigrateLayout *
migrate_sqitch_conf(const char *file, const char *str)
{
	SqitchConf	conf = {.settings = migrate_settings_parse_git(file, str)};
	MigrateLayout *layout = palloc0(sizeof(MigrateLayout));
	const MigrateSetting *setting;
	const char *top;
	const char *reworked_top;

	find_target(&conf);
	layout->file = file;
	setting = fetch(&conf, "top_dir");
	top = setting ? folder_path(&conf, setting) : "";
	layout->manifest_line = setting ? setting->line : 0;
	setting = fetch(&conf, "reworked_dir");
	reworked_top = setting ? folder_path(&conf, setting) : top;
	for (int kind = 0; kind < MIGRATE_SCRIPT_KINDS; kind++)
		find_folders(&conf, layout, kind, top, reworked_top);
	setting = fetch(&conf, "plan_file");
	layout->manifest = setting ? migrate_setting_path(conf.settings, setting) :
		psprintf("%ssqitch.plan", top);
	if (setting != NULL)
		layout->manifest_line = setting->line;
	setting = fetch(&conf, "extension");
	layout->suffix = setting ? psprintf(".%s", setting->value) : ".sql";
	layout->up_vars = find_variables(&conf, false);
	layout->down_vars = find_variables(&conf, true);
	setting = migrate_settings_find(conf.settings, "deploy", "verify");
	layout->verifies = setting != NULL && migrate_setting_boolean(conf.settings, setting);
	return layout;
}
