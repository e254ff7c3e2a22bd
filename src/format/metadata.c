/*-------------------------------------------------------------------------
 *
 * metadata.c
 *		What a file says about a migration besides its SQL: header comments, and
 *		files with settings.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/metadata.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "format/format.h"
#include "format/format_int.h"
#include "util/lines.h"
#include "util/printable.h"
#include "variables/variables.h"

/*
 * The header lines of home-made scripts, and where each goes.
 */
typedef struct HeaderField
{
	const char *label;
	size_t		field;
} HeaderField;

static const HeaderField header_fields[] = {
	/* a description takes precedence over a title in any order */
	{"Migration", offsetof(Migration, description)},
	{"Description", offsetof(Migration, description)},
	{"Author", offsetof(Migration, author)},
	{"Created", offsetof(Migration, created)},
	{"Date", offsetof(Migration, created)},
};

/*
 * Header comment lines, which precede the first statement.
 */
void
migrate_parse_header(Migration *migration, const char *sql, int length)
{
	MigrateLineReader lines;

	migrate_lines_start(&lines, sql, length);
	while (migrate_lines_next(&lines))
	{
		int			n = lines.line.length;
		const char *line = lines.line.str;
		const char *colon;

		while (n > 0 && strchr(" \t\r", line[n - 1]) != NULL)
			n--;
		if (n == 0)
			continue;
		if (n < 2 || line[0] != '-' || line[1] != '-')
			break;
		colon = memchr(line, ':', n);
		if (colon != NULL && migrate_is_word(line + 2, colon - line - 2, "Reversible"))
			migration->said_reversible = migrate_is_word(colon + 1, line + n - colon - 1, "Yes");
		for (int i = 0; colon != NULL && i < lengthof(header_fields); i++)
		{
			const HeaderField *field = &header_fields[i];
			char	  **value = (char **) ((char *) migration + field->field);

			if (!migrate_is_word(line + 2, colon - line - 2, field->label))
				continue;
			while (++colon < line + n && (*colon == ' ' || *colon == '\t'))
				;
			if (colon < line + n && (*value == NULL || i > 0))
				*value = pnstrdup(colon, line + n - colon);
			break;
		}
	}
}

/*
 * prisma: "provider" in migration_lock.toml has to be this server.
 */
void
migrate_check_provider(const char *manifest, const char *str)
{
	char	   *provider = migrate_setting(str, "provider");

	if (provider != NULL && strcmp(provider, "postgresql") != 0 && strcmp(provider, "postgres") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("migrations are for \"%s\", not for PostgreSQL", migrate_excerpt(provider)),
				 errcontext("file \"%s\"", manifest)));
}

/*
 * Has a setting "key = value" of a metadata file this value, in any letter case?
 */
static bool
setting_is(const char *str, const char *key, const char *wanted)
{
	char	   *value = migrate_setting(str, key);

	return value != NULL && pg_strcasecmp(value, wanted) == 0;
}

/*
 * Settings beside a migration: diesel's metadata.toml, Flyway's .conf, Hasura's
 * up.yaml.  Errors:
 * 0A000 for what cannot be done.
 */
void
migrate_parse_metadata_file(Migration *migration, const char *metadata_file, const char *str)
{
	MigrateSection *section = migration->up.present ? &migration->up : &migration->down;

	if (migrate_has_suffix(metadata_file, ".yaml"))
	{
		/* Hasura's own, which do not concern the database, except for this */
		if (strstr(str, "run_sql") != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("metadata of migration \"%s\" have statements", migration->file),
					 errhint("Move the SQL of \"run_sql\" into \"up.sql\"."),
					 errcontext("file \"%s\"", metadata_file)));
		return;
	}
	if (setting_is(str, "run_in_transaction", "false") ||
		setting_is(str, "executeInTransaction", "false"))
		section->transactional = false;
	else if (setting_is(str, "executeInTransaction", "true"))
		section->transactional = true;
	if (setting_is(str, "placeholderReplacement", "false"))
		section->syntax.kind = SYNTAX_NONE;
	else if (setting_is(str, "placeholderReplacement", "true"))
		section->syntax.kind = SYNTAX_FLYWAY;
	if (migrate_setting(str, "encoding") != NULL && !setting_is(str, "encoding", "UTF-8") &&
		!setting_is(str, "encoding", "UTF8"))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("encoding of migration \"%s\" is not UTF-8", migration->file),
				 errhint("Convert the file to UTF-8, and remove the setting."),
				 errcontext("file \"%s\"", metadata_file)));
	if (migrate_setting(str, "shouldExecute") != NULL && !setting_is(str, "shouldExecute", "true"))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("setting \"%s\" of migration \"%s\" is not supported", "shouldExecute",
						migration->file),
				 errhint("Decide it beforehand: remove the setting, or move the file out of the directory."),
				 errcontext("file \"%s\"", metadata_file)));
}
