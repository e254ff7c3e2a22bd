/*-------------------------------------------------------------------------
 *
 * format.c
 *		The formats: how a directory of each tool is detected, laid out and marked.
 *
 * A format is a row of migrate_formats[]: which files are its migrations
 * (filename.c, sqitch_plan.c), and how they mark what they hold (grammar.c,
 * liquibase.c).  Rows are in order of detection; the first one with evidence in the
 * directory is taken.  To add a format, add a row, with a function for its layout
 * and one for its markers if the ones there do not fit.
 *
 * Nothing here does I/O or reads a catalog.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/format.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "files/files.h"
#include "format/callback.h"
#include "format/filename.h"
#include "format/flyway_settings.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/grammar.h"
#include "format/manifest.h"
#include "format/stand_in.h"
#include "format/tern.h"
#include "format/template.h"
#include "script/script.h"
#include "util/line_map.h"
#include "util/lines.h"
#include "util/printable.h"
#include "variables/variables.h"

const MigrateFormat migrate_formats[] = {
	{
		.name = "sqitch",.looks_like = migrate_directory_is_sqitch,
		.manifest = "sqitch.plan",.parse_manifest = migrate_sqitch_plan_files,
		.settings_file = "sqitch.conf",.parse_settings = migrate_sqitch_conf,.grammar = &migrate_grammar_none,
		.own_session = true,
		.template = &migrate_template_sqitch
	},
	{
		.name = "drizzle",.looks_like = migrate_directory_is_drizzle,
		.manifest = "meta/_journal.json",.parse_manifest = migrate_drizzle_journal_files,
		.grammar = &migrate_grammar_drizzle,
		.template = &migrate_template_drizzle
	},
	{
		.name = "drizzle",.looks_like = migrate_directory_is_drizzle_folders,
		.parse_name = migrate_filename_prisma,.nested = true,.grammar = &migrate_grammar_drizzle,
		.template = &migrate_template_drizzle
	},
	{
		.name = "prisma",.looks_like = migrate_directory_is_prisma,
		.parse_name = migrate_filename_prisma,.nested = true,.manifest = "migration_lock.toml",
		.grammar = &migrate_grammar_none,
		.template = &migrate_template_prisma
	},
	{
		.name = "hasura",.looks_like = migrate_directory_is_hasura,
		.parse_name = migrate_filename_hasura,.nested = true,.metadata_file = "/up.yaml",
		.grammar = &migrate_grammar_hasura,
		.template = &migrate_template_hasura
	},
	{
		.name = "diesel",.looks_like = migrate_directory_is_diesel,
		.parse_name = migrate_filename_diesel,.nested = true,.needs_up = true,.metadata_file = "/metadata.toml",
		.grammar = &migrate_grammar_none,.twin = "hasura",.is_sure = migrate_directory_is_surely_diesel,
		.like = "hasura",.table = "__diesel_schema_migrations",.column = "run_on",
		.template = &migrate_template_diesel
	},
	{
		.name = "atlas",.looks_like = migrate_directory_is_atlas,
		.parse_name = migrate_filename_atlas,.manifest = "atlas.sum",.file_sums = true,.unique_versions = true,
		.grammar = &migrate_grammar_plain,.atlas_directives = true,
		.like = "plain",.table = "atlas_schema_revisions.atlas_schema_revisions",
		.column = "operator_version",
		.template = &migrate_template_atlas
	},
	{
		.name = "graphile-migrate",.by_markers = true,
		.parse_name = migrate_filename_graphile,.hashed = true,.grammar = &migrate_grammar_graphile,
		.syntax = SYNTAX_GRAPHILE,
		.template = &migrate_template_graphile
	},
	{
		.name = "graphile-migrate",.looks_like = migrate_directory_is_graphile,
		.parse_name = migrate_filename_graphile_committed,.hashed = true,
		.grammar = &migrate_grammar_graphile,
		.syntax = SYNTAX_GRAPHILE,
		.template = &migrate_template_graphile
	},
	{
		.name = "liquibase",.by_markers = true,
		.parse_name = migrate_filename_liquibase,.nested = true,.changesets = true,
		.grammar = &migrate_grammar_liquibase,
		.template = &migrate_template_liquibase
	},
	{
		.name = "refinery",.looks_like = migrate_directory_is_refinery,
		.parse_name = migrate_filename_refinery,.nested = true,
		.grammar = &migrate_grammar_none,
		.like = "flyway",.table = "refinery_schema_history",.column = "applied_on",
		.template = &migrate_template_refinery
	},
	{
		.name = "flyway",.by_name = true,
		.parse_name = migrate_filename_flyway,.nested = true,.callbacks = true,
		.metadata_file = ".conf",.grammar = &migrate_grammar_none,.syntax = SYNTAX_FLYWAY,
		.template = &migrate_template_flyway
	},
	{
		.name = "pop",.looks_like = migrate_directory_is_pop,
		.parse_name = migrate_filename_pop,.nested = true,.choose = migrate_choose_dialect,
		.wider = "golang-migrate",.twin = "golang-migrate",.grammar = &migrate_grammar_none,
		.template = &migrate_template_pairs
	},
	{
		.name = "postgrator",.by_name = true,
		.parse_name = migrate_filename_postgrator,.grammar = &migrate_grammar_none,
		.template = &migrate_template_postgrator
	},
	{
		.name = "golang-migrate",.by_name = true,
		.parse_name = migrate_filename_pairs,.wider = "sqlx",.like = "pop",
		.grammar = &migrate_grammar_plain,.atlas_directives = true,
		.template = &migrate_template_pairs
	},
	{
		.name = "goose",.by_markers = true,
		.parse_name = migrate_filename_goose,.from_one = true,.is_default = true,
		.grammar = &migrate_grammar_goose,
		.template = &migrate_template_goose
	},
	{
		.name = "sql-migrate",.by_markers = true,
		.parse_name = migrate_filename_sql_migrate,.grammar = &migrate_grammar_sql_migrate,
		.template = &migrate_template_sql_migrate
	},
	{
		.name = "dbmate",.by_markers = true,
		.parse_name = migrate_filename_dbmate,.unique_versions = true,.grammar = &migrate_grammar_dbmate,
		.template = &migrate_template_dbmate
	},
	{
		.name = "tern",.by_markers = true,
		.parse_name = migrate_filename_tern,.from_one = true,.consecutive = true,
		.settings_file = "tern.conf",.parse_settings = migrate_tern_conf,.templates = true,
		.grammar = &migrate_grammar_tern,
		.like = "plain",.table = "public.schema_version",.column = "version",
		.template = &migrate_template_tern
	},
	{
		.name = "rambler",.by_markers = true,
		.parse_name = migrate_filename_rambler,.grammar = &migrate_grammar_rambler,
		.template = &migrate_template_rambler
	},
	{
		.name = "node-pg-migrate",.by_markers = true,
		.parse_name = migrate_filename_node_pg,
		.grammar = &migrate_grammar_node_pg,
		.like = "golang-migrate plain",.table = "pgmigrations",.column = "run_on",
		.template = &migrate_template_node_pg
	},
	{
		.name = "updown",.by_markers = true,
		.parse_name = migrate_filename_updown,.header = true,.grammar = &migrate_grammar_updown,
		.template = &migrate_template_updown
	},
	{
		.name = "play",.by_markers = true,
		.parse_name = migrate_filename_play,.from_one = true,.consecutive = true,
		.grammar = &migrate_grammar_play,
		.template = &migrate_template_play
	},
	{
		.name = "yoyo",.looks_like = migrate_directory_is_yoyo,.by_markers = true,
		.parse_name = migrate_filename_yoyo,.refuse = migrate_refuse_yoyo,
		.parse_hook = migrate_yoyo_hook,.depends = true,.twin = "plain",
		.grammar = &migrate_grammar_yoyo,
		.like = "plain",.table = "_yoyo_migration",.column = "migration_hash",
		.template = &migrate_template_yoyo
	},
	{
		.name = "plain",.by_name = true,.like = "yoyo",
		.parse_name = migrate_filename_plain,.down_name = "%s_rollback.sql",.header = true,
		.grammar = &migrate_grammar_plain,.atlas_directives = true,
		.template = &migrate_template_plain
	},
	{
		.name = "sqlx",
		.parse_name = migrate_filename_sqlx,.down_name = "%s_name.down.sql",
		.grammar = &migrate_grammar_plain,.atlas_directives = true,
		.like = "golang-migrate plain",.table = "_sqlx_migrations",.column = "execution_time",
		.template = &migrate_template_sqlx
	},
	{
		.name = "supabase",
		.parse_name = migrate_filename_supabase,.unique_versions = true,
		.grammar = &migrate_grammar_plain,.atlas_directives = true,
		.like = "plain",.table = "supabase_migrations.schema_migrations",.column = "statements",
		.template = &migrate_template_supabase
	},
	{
		.name = "postgres-migrations",
		.parse_name = migrate_filename_postgres_migrations,.from_one = true,.consecutive = true,
		.grammar = &migrate_grammar_plain,.atlas_directives = true,
		.like = "plain",.table = "migrations",.column = "executed_at",
		.template = &migrate_template_postgres_migrations
	},
	{0}
};

StaticAssertDecl(lengthof(migrate_formats) <= MIGRATE_MAX_FORMATS,
				 "too many formats");

/*
 * The format of that name for a directory with "names": where the tool has had
 * two layouts, the one that they look like.  22023 with a list for an unknown
 * name.
 */
const MigrateFormat *
migrate_format_named(const char *name, List *names)
{
	const MigrateFormat *first = NULL;
	StringInfoData valid;

	initStringInfo(&valid);
	for (const MigrateFormat *f = migrate_formats; f->name != NULL; f++)
	{
		if (f == migrate_formats || strcmp(f->name, f[-1].name) != 0)
			appendStringInfo(&valid, "%s\"%s\"", valid.len > 0 ? ", " : "", f->name);
		if (strcmp(f->name, name) != 0)
			continue;
		if (f->looks_like != NULL && f->looks_like(names))
			return f;
		first = first ? first : f;
	}
	if (first == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized format: \"%s\"", name),
				 errhint("Valid formats are %s.", valid.data)));
	return first;
}

const char *
migrate_format_name(const MigrateFormat *format)
{
	return format->name;
}

/*
 * The format of a new migration in an empty directory.
 */
const MigrateFormat *
migrate_format_default(void)
{
	const MigrateFormat *format = migrate_formats;

	while (!format->is_default)
		format++;
	return format;
}

/*
 * Does the tool of a format, by its name, run each migration in a session of its
 * own?  "name" may be NULL, or that of a format which a later version has added.
 */
bool
migrate_format_has_own_session(const char *name)
{
	for (const MigrateFormat *f = migrate_formats; name != NULL && f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f->own_session;
	return false;
}

/*
 * How new migrations of a format look.
 */
const MigrateTemplate *
migrate_format_template(const MigrateFormat *format)
{
	return format->template;
}

/*
 * The name of the manifest; NULL if the format has none.  "layout" may be NULL.
 */
const char *
migrate_format_manifest(const MigrateFormat *format, const MigrateLayout *layout)
{
	return layout != NULL && layout->manifest != NULL ? layout->manifest : format->manifest;
}

/*
 * Does the manifest have checksums of the other files?
 */
bool
migrate_format_has_file_sums(const MigrateFormat *format)
{
	return format->file_sums;
}

/*
 * Does the version identify a migration, whatever the rest of its file name is?
 */
bool
migrate_format_has_unique_versions(const MigrateFormat *format)
{
	return format->unique_versions;
}

/*
 * Has the text of a file something that others matter for, and that is compared with them
 * also if the file is as it was recorded?
 */
bool
migrate_format_needs_head(const MigrateFormat *format)
{
	return format->hashed || format->depends;
}

/*
 * Fill in that, from the text of a file that has been parsed without an error before.
 */
void
migrate_format_parse_head(const MigrateFormat *format, Migration *migration, const char *sql, int length)
{
	if (format->hashed)
		migrate_parse_graphile_header(migration, sql, length);
	if (format->depends)
		migrate_parse_yoyo_directives(migration, sql, length);
}

static void
check_version_zero(const MigrateFormat *format, const MigrateFileName *parsed)
{
	if (format->from_one && strcmp(parsed->sort_key, "0001:0") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("version of migration \"%s\" is zero", parsed->file),
				 errdetail("Versions of the format \"%s\" start at 1.", format->name)));
}

/*
 * What each file of a directory is to a format: a list of MigrateFileName, in the
 * order of their names or of "manifest", the text of the manifest (NULL without
 * one); "layout" is what a settings file says of them, or NULL.  *callbacks becomes the
 * same of its callbacks, in the order in which they run.  *.sql files that are neither are
 * added to *ignored.
 *
 * Errors: 0A000 for what would have to run and cannot, 42501 for a folder that
 * cannot be read, and those of sqitch_plan.c and callback.c.
 */
List *
migrate_format_files(const MigrateFormat *format, List *names, const MigrateLayout *layout,
					 const char *manifest, List **callbacks, List **ignored)
{
	const char *manifest_file = migrate_format_manifest(format, layout);
	const MigrateFlywaySettings *flyway = layout ? layout->flyway : NULL;
	List	   *files = NIL;
	ListCell   *lc;

	*callbacks = NIL;
	if (format->parse_manifest != NULL && manifest == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("directory has no file \"%s\"", manifest_file),
				 errdetail("It gives the order of migrations of format \"%s\".", format->name),
				 layout == NULL || layout->manifest_line == 0 ? 0 :
				 errcontext("file \"%s\", line %d", layout->file, layout->manifest_line)));
	if (format->parse_manifest != NULL)
		files = format->parse_manifest(layout, manifest_file, manifest, names);
	else if (manifest != NULL && !migrate_format_has_file_sums(format))
		migrate_check_provider(manifest_file, manifest);
	if (flyway != NULL)
		files = migrate_flyway_files(flyway, names, callbacks, ignored);
	foreach(lc, flyway == NULL ? names : NIL)
	{
		char	   *file = lfirst(lc);
		MigrateFileName parsed = {.file = file};

		CHECK_FOR_INTERRUPTS();
		if (format->refuse != NULL)
			format->refuse(file);
		if (format->nested && file[strlen(file) - 1] == '/')
			migrate_refuse_unreadable(file);
		if (format->parse_name != NULL && format->parse_name(file, &parsed))
		{
			MigrateFileName *copy;

			if (parsed.part == PART_NONE)
				continue;
			copy = palloc(sizeof(MigrateFileName));
			check_version_zero(format, &parsed);
			*copy = parsed;
			files = lappend(files, copy);
		}
		else if ((format->callbacks && migrate_callback_parse_name(&migrate_flyway_defaults, file, &parsed)) ||
				 (format->parse_hook != NULL && format->parse_hook(file, &parsed)))
		{
			MigrateFileName *copy = palloc(sizeof(MigrateFileName));

			*copy = parsed;
			*callbacks = lappend(*callbacks, copy);
		}
		else if (format->parse_name != NULL)
			migrate_refuse_unread(format->parse_name, file, names);
		if (format->parse_name != NULL && parsed.sort_key != NULL)
			continue;
		if (format->parse_manifest == NULL && migrate_is_sql_file(file) &&
			(format->nested || strchr(file, '/') == NULL))
			*ignored = lappend(*ignored, file);
	}
	if (format->parse_manifest != NULL)
		*ignored = migrate_other_files(names, files);
	if (format->choose != NULL)
		files = format->choose(files);
	if (format->down_name != NULL)
		migrate_refuse_down_names(files, format->down_name);
	if (format->needs_up)
		migrate_refuse_lone_downs(files);
	migrate_callbacks_sort(*callbacks);
	return files;
}

/*
 * The name that a file with settings of this migration would have; NULL if the
 * format has no such files.
 */
char *
migrate_format_metadata_file(const MigrateFormat *format, const char *file)
{
	bool		in_folder = format->metadata_file != NULL && *format->metadata_file == '/';

	if (format->metadata_file == NULL || (in_folder && migrate_is_flat(file)))
		return NULL;
	if (in_folder)
		return psprintf("%.*s%s", (int) (migrate_base_name(file) - file) - 1, file, format->metadata_file);
	return psprintf("%s%s", file, format->metadata_file);
}

/*
 * A file has no up section: it may be one of another format, then say so.
 */
static void
refuse_unmarked(const MigrateFormat *format, const char *evidence, const char *file,
				const char *sql, int length)
{
	const MigrateFormat *other = migrate_format_marked(format, sql, true);
	const char *marker = migrate_grammar_up(format->grammar);
	char	   *hint;

	if (other != NULL && evidence != NULL)
		migrate_format_refuse_foreign(format, evidence, file, other);
	if (other != NULL)
		hint = psprintf("The format \"%s\" marks it by a line \"%s\"; the file looks like one of format \"%s\".",
						format->name, marker, other->name);
	else if (evidence == NULL)
		hint = psprintf("The format \"%s\" marks it by a line \"%s\".", format->name, marker);
	else
		hint = psprintf("The format \"%s\", detected from file \"%s\", marks it by a line \"%s\".",
						format->name, evidence, marker);
	migrate_bad_file(file, migrate_count_lines(sql, length), "migration has no up section", hint);
}

/*
 * The changesets of a file; 0A000 for a file that has statements but no changesets:
 * other tools, and Liquibase itself if configured so, would run them.
 */
static List *
parse_changesets(const MigrateFormat *format, const MigrateFileName *parsed, const char *sql,
				 int length, struct MigrateChangelog *changelog)
{
	List	   *migrations = migrate_changesets_parse(parsed, sql, length, changelog);

	/* one that is marked for another tool is reported as that */
	if (migrations == NIL && !migrate_script_is_blank(sql, length) &&
		migrate_format_marked(format, sql, false) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("file \"%s\" has no changesets", parsed->file),
				 errhint("Begin it with \"--liquibase formatted sql\" and a line \"--changeset author:id\", or move it out of the directory.")));
	return migrations;
}

/*
 * Parse one file: a list of Migration, each with those sections that the file has;
 * migrate_format_assemble() puts together what is spread over files.  NIL for a
 * file that is not a migration after all.
 *
 * "evidence" is the file that the format was detected from, NULL if it was given.
 * "sql" is only read.  "changelog" is what the changesets of several files share.  Errors:
 * 42601 with file and line, and those of atlas_sum.c.
 */
List *
migrate_format_parse(const MigrateFormat *format, const MigrateFlywaySettings *flyway, const char *evidence,
					 const MigrateFileName *parsed, const char *sql, int length,
					 struct MigrateChangelog *changelog)
{
	Migration  *migration;
	const MigrateFormat *other;

	if (format->changesets)
		return parse_changesets(format, parsed, sql, length, changelog);
	other = migrate_format_foreign(format, evidence, sql);
	if (other != NULL)
		migrate_format_refuse_foreign(format, evidence, parsed->file, other);

	migration = palloc0(sizeof(Migration));
	migration->file = parsed->file;
	migration->kind = parsed->kind;
	migration->version = parsed->version;
	migration->name = parsed->name;
	migration->sort_key = parsed->sort_key;
	migration->description = parsed->description;
	migration->author = parsed->author;
	migration->tags = parsed->tags;
	migration->verify = parsed->verify;
	if (format->header && parsed->part != PART_DOWN)
		migrate_parse_header(migration, sql, length);
	if (format->hashed)
		migrate_check_graphile(migration, sql, length);
	if (!migrate_grammar_parse(format->grammar, migration, parsed->part, sql, length))
		refuse_unmarked(format, evidence, parsed->file, sql, length);
	if (format->atlas_directives)
		migrate_parse_atlas_directives(migration, sql, length);
	if (format->depends)
		migrate_parse_yoyo_directives(migration, sql, length);
	if (parsed->no_transaction)
		migration->up.transactional = migration->down.transactional = false;
	if (format->templates && migrate_may_have_action(sql))
		migration->up.syntax.kind = migration->down.syntax.kind = SYNTAX_TERN;
	if (flyway != NULL && flyway->without_transaction)
		migration->up.transactional = migration->down.transactional = false;
	if (flyway != NULL)
		migration->up.syntax = migration->down.syntax = migrate_flyway_syntax(flyway);
	else if (format->syntax != SYNTAX_PSQL)
		migration->up.syntax.kind = migration->down.syntax.kind = format->syntax;
	return list_make1(migration);
}

/*
 * Merge the parts (Migration) of the same migration, sort all, and check the rules
 * of the format.  Names of down files without an up are added to *ignored.  Errors:
 * those of assemble.c and yoyo.c.
 */
List *
migrate_format_assemble(const MigrateFormat *format, List *parts, List **ignored)
{
	List	   *migrations = migrate_assemble(parts, ignored);

	if (format->unique_versions)
		migrate_refuse_equal_versions(migrations);
	if (format->consecutive)
		migrate_refuse_gaps(migrations, format->name);
	if (format->hashed)
		migrate_check_chain(migrations);
	if (format->atlas_directives)
		migrate_mark_stand_ins(migrations);
	return format->depends ? migrate_order_by_dependencies(migrations) : migrations;
}
