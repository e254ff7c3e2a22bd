/*-------------------------------------------------------------------------
 *
 * template.c
 *		Names and texts of new migrations, as each tool would make them.
 *
 * Each tool's way is a MigrateTemplate, which rows of migrate_formats[] refer to.
 * The new version follows the last migration of the directory: the current time if
 * that one's looks like a time, otherwise the next number, with as many digits.
 *
 * Nothing here does I/O or reads a catalog.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/template.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/timestamp.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/format.h"
#include "format/template.h"
#include "util/printable.h"

#define DIGITS	"0123456789"

/*
 * In names and texts, %v is the version, %s what separates it from the name, %n the
 * name, and %% a percent sign.
 */
struct MigrateTemplate
{
	const char *instead;		/* hint for a format that needs more than a
								 * new file */
	const char *up_file;
	const char *other_up_file;	/* where the last one has it so */
	const char *down_file;		/* NULL: none of its own ... */
	const char *other_down_file;	/* ... or this, where the last one has it
									 * so */
	const char *single_file;	/* the up where the last one has no down;
								 * NULL: there is always one */
	const char *up_text;
	const char *down_text;
	const char *first;			/* in an empty directory; NULL: the time */
	bool		milliseconds;	/* ... namely those since 1970 */
	bool		hyphens;		/* between the parts of a time */
	bool		words;			/* no hyphen in a name */
	bool		may_be_bare;	/* the name is left out where the last one has
								 * none */
};

/*
 * Is it a number that reads as a date, or as a date and a time, from its first
 * digit on?
 */
static bool
is_date(const char *digits)
{
	int			month;
	int			day;

	return (strncmp(digits, "19", 2) == 0 || strncmp(digits, "20", 2) == 0) &&
		sscanf(digits + 4, "%2d%2d", &month, &day) == 2 &&
		month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static char *
date_and_time(TimestampTz now)
{
	pg_time_t	seconds = timestamptz_to_time_t(now);
	char		str[32];

	pg_strftime(str, sizeof(str), "%Y%m%d%H%M%S", pg_gmtime(&seconds));
	return pstrdup(str);
}

static int64
milliseconds_since_1970(TimestampTz now)
{
	return now / 1000 + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * INT64CONST(86400000);
}

/*
 * The time "now", in UTC, in the form that a number of so many digits has; NULL
 * if that is no time.
 */
static char *
time_like(const char *digits, TimestampTz now)
{
	int64		ms = milliseconds_since_1970(now);

	switch (strlen(digits))
	{
		case 8:
		case 12:
		case 14:
			return is_date(digits) ? date_and_time(now) : NULL;
		case 17:				/* with milliseconds */
			return is_date(digits) ? psprintf("%s%03d", date_and_time(now), (int) (ms % 1000)) : NULL;
		case 18:				/* diesel counts those of a second */
			return is_date(digits) ? psprintf("%s0000", date_and_time(now)) : NULL;
		case 10:
			return *digits == '1' ? psprintf(INT64_FORMAT, ms / 1000) : NULL;
		case 13:
			return *digits == '1' ? psprintf(INT64_FORMAT, ms) : NULL;
		default:
			return NULL;
	}
}

/*
 * The next number, with leading zeros as in this one.
 */
static char *
increment(const char *digits)
{
	char	   *next = psprintf("0%s", digits);
	int			i = strlen(next) - 1;

	for (; next[i] == '9'; i--)
		next[i] = '0';
	next[i]++;
	return *next == '0' ? next + 1 : next;
}

/*
 * Where the last number of a version begins, "10" in "1.10"; NULL if it does not
 * end in one.
 */
static const char *
last_number(const char *version)
{
	const char *dot = strrchr(version, '.');
	const char *digits = dot ? dot + 1 : version;

	return *digits != '\0' && strspn(digits, DIGITS) == strlen(digits) ? digits : NULL;
}

/*
 * Is a version a date with hyphens, as plain files have it?
 */
static bool
is_hyphen_date(const char *version)
{
	return strlen(version) == strlen("2017-06-05") && migrate_begins_with_date(version);
}

/*
 * The last of the migrations that has a number or a date; NULL if none has.
 */
static const Migration *
last_numbered(List *migrations)
{
	for (int i = list_length(migrations) - 1; i >= 0; i--)
	{
		const Migration *migration = list_nth(migrations, i);

		if (migration->kind == KIND_VERSIONED &&
			(last_number(migration->version) != NULL || is_hyphen_date(migration->version)))
			return migration;
	}
	return NULL;
}

static bool
is_higher(const char *digits, const char *other)
{
	return strcmp(migrate_numeric_key(digits, strlen(digits)),
				  migrate_numeric_key(other, strlen(other))) > 0;
}

static char *
next_version(const MigrateTemplate *template, const Migration *last, TimestampTz now)
{
	const char *digits;
	char	   *next;

	if (last == NULL && template->first != NULL)
		return pstrdup(template->first);
	if (last != NULL && is_hyphen_date(last->version))
	{
		next = date_and_time(now);
		next = psprintf("%.4s-%.2s-%.2s", next, next + 4, next + 6);
		return strcmp(next, last->version) < 0 ? pstrdup(last->version) : next;
	}
	if (last == NULL)
		return time_like(template->milliseconds ? "1000000000000" : "20000101000000", now);
	digits = last_number(last->version);
	next = time_like(digits, now);
	if (next == NULL || !is_higher(next, digits))
		next = increment(digits);
	return psprintf("%.*s%s", (int) (digits - last->version), last->version, next);
}

/*
 * diesel writes the time as 2024-03-01-080000 or 2024-03-01-080000-0000.
 */
static char *
with_hyphens(const char *version)
{
	int			length = strlen(version);

	if ((length != 14 && length != 18) || !is_date(version))
		return pstrdup(version);
	return psprintf("%.4s-%.2s-%.2s-%.6s%s%s", version, version + 4, version + 6, version + 8,
					length > 14 ? "-" : "", version + 14);
}

/*
 * The separator of number and name in the last migration.
 */
static char
separator_of(const Migration *last)
{
	const char *base = last ? migrate_base_name(last->file) : "";

	if (last != NULL && is_hyphen_date(last->version))
		return base[strlen(last->version)] == '_' ? '_' : '-';
	return base[strspn(base, DIGITS)] == '-' ? '-' : '_';
}

static char *
expand_pattern(const char *pattern, const char *version, char separator, const char *name)
{
	StringInfoData file;

	initStringInfo(&file);
	for (; *pattern != '\0'; pattern++)
	{
		if (*pattern != '%')
			appendStringInfoChar(&file, *pattern);
		else if (*++pattern == 'v')
			appendStringInfoString(&file, version);
		else if (*pattern == 's')
			appendStringInfoChar(&file, separator);
		else if (*pattern == '%')
			appendStringInfoChar(&file, '%');
		else
			appendStringInfoString(&file, name);
	}
	return file.data;
}

static char *
without_hyphens(const char *name)
{
	char	   *result = pstrdup(name);

	for (char *c = result; *c != '\0'; c++)
		if (*c == '-')
			*c = '_';
	return result;
}

/*
 * A pattern without the name, and what separates it, in a directory of bare numbers.
 */
static char *
bare_pattern(const char *pattern)
{
	const char *name = strstr(pattern, "%n");
	int			separator = name[-1] == 's' ? 2 : 1;

	return psprintf("%.*s%s", (int) (name - separator - pattern), pattern, name + 2);
}

/*
 * The pattern of the down file of a new migration; NULL if it gets none.
 */
static const char *
down_pattern(const MigrateTemplate *template, const Migration *last)
{
	const char *other = template->other_down_file;

	if (template->single_file != NULL &&
		(last == NULL || !last->down.present || strcmp(last->down.file, last->up.file) == 0))
		return NULL;
	if (other != NULL && strstr(last->down.file, other + strlen("%v")) != NULL)
		return other;
	return template->down_file;
}

/*
 * The name of a file that goes up, for messages, as "N_name.sql"; NULL if the tool has
 * to make it.
 */
char *
migrate_template_example(const MigrateTemplate *template)
{
	return template->up_file ? expand_pattern(template->up_file, "N", '_', "name") : NULL;
}

/*
 * Append what is written as it is.
 */
static void
append_plain(StringInfo pattern, const char *str)
{
	for (; *str != '\0'; str++)
		appendStringInfo(pattern, *str == '%' ? "%%%%" : "%c", *str);
}

/*
 * That of Flyway for other names: a prefix, the version, a separator, the name, a suffix.
 */
const MigrateTemplate *
migrate_template_flyway_named(const char *prefix, const char *separator, const char *suffix)
{
	MigrateTemplate *template = palloc(sizeof(MigrateTemplate));
	StringInfoData pattern;

	initStringInfo(&pattern);
	append_plain(&pattern, prefix);
	appendStringInfoString(&pattern, "%v");
	append_plain(&pattern, separator);
	appendStringInfoString(&pattern, "%n");
	append_plain(&pattern, suffix);
	*template = migrate_template_flyway;
	template->up_file = pattern.data;
	return template;
}

/*
 * The files of a new migration (MigrateNewFile) in a directory with these, in
 * their order; the first is the one that goes up.  One whose folder is new is all
 * that this has.  0A000 where the tool has to make it.
 */
List *
migrate_template_files(const MigrateTemplate *template, List *migrations, const char *name,
					   TimestampTz now)
{
	const Migration *last = last_numbered(migrations);
	const char *patterns[2];
	const char *texts[] = {template->up_text, template->down_text};
	char		separator = separator_of(last);
	bool		is_bare = template->may_be_bare && last != NULL && *last->name == '\0' &&
		!is_hyphen_date(last->version);
	char	   *version;
	List	   *files = NIL;

	if (template->instead != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot create migrations in this format"),
				 errhint("%s", template->instead)));
	if (template->words)
		name = without_hyphens(name);
	version = next_version(template, last, now);
	if (template->hyphens && (last == NULL || last->file[4] == '-'))
		version = with_hyphens(version);
	patterns[1] = down_pattern(template, last);
	patterns[0] = patterns[1] == NULL && template->single_file ? template->single_file :
		template->up_file;
	if (template->other_up_file != NULL && last != NULL && migrate_has_suffix(last->up.file, ".up.sql"))
		patterns[0] = template->other_up_file;
	for (int i = 0; i < lengthof(patterns) && patterns[i] != NULL; i++)
	{
		MigrateNewFile *file = palloc(sizeof(MigrateNewFile));
		const char *pattern = is_bare && strstr(patterns[i], "%n") != NULL ? bare_pattern(patterns[i]) : patterns[i];
		bool		beside = last != NULL && strchr(patterns[i], '/') == NULL;

		/* where folders are only for order, in that of the last one */
		file->file = psprintf("%.*s%s", beside ? (int) (migrate_base_name(last->file) - last->file) : 0,
							  beside ? last->file : "",
							  expand_pattern(pattern, version, separator, name));
		file->str = is_bare && i == 0 ? psprintf("-- %s\n", name) : texts[i] ? expand_pattern(texts[i], version, separator, name) : "";
		file->new_folder = strchr(patterns[i], '/') != NULL;
		files = lappend(files, file);
	}
	return files;
}

const MigrateTemplate migrate_template_sqitch = {.instead = "Use \"sqitch add\"."};

const MigrateTemplate migrate_template_drizzle = {.instead = "Use \"drizzle-kit generate\"."};

const MigrateTemplate migrate_template_atlas = {.instead = "Use \"atlas migrate new\"."};

const MigrateTemplate migrate_template_graphile = {.instead = "Use \"graphile-migrate commit\"."};

const MigrateTemplate migrate_template_liquibase = {.instead = "Add a changeset to one of its files."};

const MigrateTemplate migrate_template_prisma = {.up_file = "%v_%n/migration.sql"};

const MigrateTemplate migrate_template_supabase = {.up_file = "%v_%n.sql"};

const MigrateTemplate migrate_template_flyway = {.up_file = "V%v__%n.sql",.first = "1"};

const MigrateTemplate migrate_template_refinery = {
	.up_file = "V%v__%n.sql",.first = "1",.words = true
};

const MigrateTemplate migrate_template_pairs = {
	.up_file = "%v_%n.up.sql",.down_file = "%v_%n.down.sql"
};

const MigrateTemplate migrate_template_diesel = {
	.up_file = "%v_%n/up.sql",.up_text = "-- Your SQL goes here\n",
	.down_file = "%v_%n/down.sql",
	.down_text = "-- This file should undo anything in `up.sql`\n",
	.hyphens = true
};

const MigrateTemplate migrate_template_sqlx = {
	.up_file = "%v_%n.up.sql",.up_text = "-- Add up migration script here\n",
	.down_file = "%v_%n.down.sql",.down_text = "-- Add down migration script here\n",
	.single_file = "%v_%n.sql"
};

const MigrateTemplate migrate_template_goose = {
	.up_file = "%v_%n.sql",.up_text = "-- +goose Up\n\n-- +goose Down\n"
};

const MigrateTemplate migrate_template_sql_migrate = {
	.up_file = "%v%s%n.sql",.up_text = "-- +migrate Up\n\n-- +migrate Down\n"
};

const MigrateTemplate migrate_template_dbmate = {
	.up_file = "%v_%n.sql",.up_text = "-- migrate:up\n\n-- migrate:down\n"
};

const MigrateTemplate migrate_template_tern = {
	.up_file = "%v_%n.sql",.up_text = "\n---- create above / drop below ----\n",.first = "001"
};

const MigrateTemplate migrate_template_rambler = {
	.up_file = "%v%s%n.sql",.up_text = "-- rambler up\n\n-- rambler down\n"
};

const MigrateTemplate migrate_template_node_pg = {
	.up_file = "%v%s%n.sql",.up_text = "-- Up Migration\n\n-- Down Migration\n",
	.milliseconds = true
};

const MigrateTemplate migrate_template_updown = {
	.up_file = "%v%s%n.sql",.up_text = "-- UP\n\n-- DOWN\n",.first = "001"
};

const MigrateTemplate migrate_template_plain = {
	.up_file = "%v%s%n.sql",.other_up_file = "%v%s%n.up.sql",.single_file = "%v%s%n.sql",
	.down_file = "%v%s%n.down.sql",.other_down_file = "%v_rollback.sql",.first = "001",
	.may_be_bare = true
};

const MigrateTemplate migrate_template_hasura = {
	.up_file = "%v_%n/up.sql",.down_file = "%v_%n/down.sql",.milliseconds = true
};

const MigrateTemplate migrate_template_postgrator = {
	.up_file = "%v.do.%n.sql",.down_file = "%v.undo.%n.sql",.first = "001",.may_be_bare = true
};

const MigrateTemplate migrate_template_yoyo = {.instead = "Use \"yoyo new --sql\"."};

const MigrateTemplate migrate_template_play = {
	.up_file = "%v.sql",.up_text = "-- %n\n\n-- !Ups\n\n-- !Downs\n",.first = "1"
};

const MigrateTemplate migrate_template_postgres_migrations = {
	.up_file = "%v%s%n.sql",.first = "1"
};
