/*-------------------------------------------------------------------------
 *
 * filename.c
 *		Names of files -> what each is to a migration, for each tool's layout.
 *
 * Where the names say all, a function says whether a file is a migration, and parses
 * its name.  Where a manifest gives the order, see manifest.h.
 * To add a layout, add one function; format.c lists them.
 *
 * The rules are those of the tools, in the versions named at each.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/filename.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/datetime.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/format.h"
#include "util/printable.h"

/*
 * Is a file in the directory itself?
 */
bool
migrate_is_flat(const char *file)
{
	return strchr(file, '/') == NULL;
}

/*
 * A folder, a name that ends in "/", may hold migrations and cannot be read: 42501.
 */
void
migrate_refuse_unreadable(const char *folder)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("could not read all of directory \"%.*s\"", (int) strlen(folder) - 1, folder),
			 errdetail("The server has no permission, it is a link to somewhere outside of \"%s\", it is nested too deep, or there are names in it that are invalid in the encoding of the database.",
					   "migrate.allowed_directories"),
			 errhint("Correct that, or move the folder out of the directory of migrations.")));
}

/*
 * A key that orders decimal numbers of any length bytewise: the number of
 * digits, then the digits.
 */
char *
migrate_numeric_key(const char *digits, int length)
{
	char	   *key;

	while (length > 1 && *digits == '0')
	{
		digits++;
		length--;
	}
	if (length > 9999)
		return psprintf("%d:%.*s", length, length, digits);
	/* for each file: psprintf() takes several times as long */
	key = palloc(length + 6);
	key[0] = '0' + length / 1000;
	key[1] = '0' + length / 100 % 10;
	key[2] = '0' + length / 10 % 10;
	key[3] = '0' + length % 10;
	key[4] = ':';
	memcpy(key + 5, digits, length);
	key[length + 5] = '\0';
	return key;
}

/*
 * Take a name apart into digits, one of "separators", and the rest without
 * "suffix".
 */
bool
migrate_numbered_name(const char *file, const char *separators, const char *suffix,
					  MigrateFileName *parsed)
{
	int			digits = strspn(file, MIGRATE_DIGITS);
	int			rest;

	if (digits == 0 || digits > MIGRATE_MAX_DIGITS || file[digits] == '\0' || !migrate_is_flat(file) ||
		strchr(separators, file[digits]) == NULL ||
		!migrate_has_suffix(file + digits, suffix))
		return false;
	rest = strlen(file + digits + 1) - strlen(suffix);
	if (rest < 0)
		return false;
	parsed->version = pnstrdup(file, digits);
	parsed->sort_key = migrate_numeric_key(file, digits);
	parsed->name = pnstrdup(file + digits + 1, rest);
	return true;
}

/*
 * Split a name of "length" bytes: the digits at its start are the version, what
 * follows a separator is the name.  Without digits, all of it is the version.
 */
void
migrate_split_name(const char *name, int length, MigrateFileName *parsed)
{
	int			digits = Min((int) strspn(name, MIGRATE_DIGITS), length);
	int			rest = digits;

	if (digits == 0)
		rest = digits = length;
	else if (rest < length && (name[rest] == '_' || name[rest] == '-'))
		rest++;
	parsed->version = pnstrdup(name, digits);
	parsed->name = pnstrdup(name + rest, length - rest);
}

/*
 * A flat name with "suffix", to be split, ordered by the bytes of the name.
 */
static bool
text_name(const char *file, const char *suffix, MigrateFileName *parsed)
{
	if (!migrate_is_flat(file) || !migrate_has_suffix(file, suffix))
		return false;
	migrate_split_name(file, strlen(file) - strlen(suffix), parsed);
	parsed->sort_key = pstrdup(file);
	return true;
}

/*
 * goose: "*.sql", a number, an underscore (v3.27, collect.go).
 */
bool
migrate_filename_goose(const char *file, MigrateFileName *parsed)
{
	return migrate_numbered_name(file, "_", ".sql", parsed);
}

/*
 * sql-migrate: any "*.sql"; those that begin with a number come first, in the
 * order of numbers.  A migration is known by the name of its file, so several
 * may have the same number (v1.8, migrate.go).
 */
bool
migrate_filename_sql_migrate(const char *file, MigrateFileName *parsed)
{
	int			digits = strspn(file, MIGRATE_DIGITS);

	if (digits > MIGRATE_MAX_DIGITS || !text_name(file, ".sql", parsed))
		return false;
	parsed->sort_key = digits > 0 ?
		psprintf("%s/%s", migrate_numeric_key(file, digits), file) : psprintf("~%s", file);
	return true;
}

/*
 * dbmate: begins with a number, and is ordered by the name of the file (v2.35,
 * migration.go).
 */
bool
migrate_filename_dbmate(const char *file, MigrateFileName *parsed)
{
	return strspn(file, MIGRATE_DIGITS) > 0 && text_name(file, ".sql", parsed);
}

/*
 * tern: "N_name.sql" (v2.4, migrate.go).
 */
bool
migrate_filename_tern(const char *file, MigrateFileName *parsed)
{
	return migrate_numbered_name(file, "_", ".sql", parsed) && *parsed->name != '\0';
}

/*
 * rambler: any "*.sql", in the order of names (v5.4).
 */
bool
migrate_filename_rambler(const char *file, MigrateFileName *parsed)
{
	return text_name(file, ".sql", parsed);
}

/*
 * node-pg-migrate takes 17 digits for a time in UTC, yyyymmddhhmmssmmm, and
 * compares it with others as milliseconds since 1970 (v10, migration.ts).
 */
static char *
milliseconds_of(const char *digits)
{
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			ms;
	int64		days;

	if (sscanf(digits, "%4d%2d%2d%2d%2d%5d", &year, &month, &day, &hour, &minute, &ms) != 6 ||
		month < 1 || month > 12 || day < 1 || day > 31)
		return pnstrdup(digits, 17);
	days = date2j(year, month, day) - UNIX_EPOCH_JDATE;
	return psprintf(INT64_FORMAT, ((days * 24 + hour) * 60 + minute) * INT64CONST(60000) + ms);
}

/*
 * node-pg-migrate: begins with a number, which gives the order, and then the
 * name; "suffix" is that of its kind.
 */
static bool
node_pg_name(const char *file, const char *suffix, MigrateFileName *parsed)
{
	int			digits = strspn(file, MIGRATE_DIGITS);
	char	   *number;

	if (digits == 0 || digits > MIGRATE_MAX_DIGITS || !text_name(file, suffix, parsed))
		return false;
	number = digits == 17 ? milliseconds_of(file) : pnstrdup(file, digits);
	parsed->sort_key = psprintf("%s/%.*s", migrate_numeric_key(number, strlen(number)),
								(int) (strlen(file) - strlen(suffix)), file);
	return true;
}

bool
migrate_filename_node_pg(const char *file, MigrateFileName *parsed)
{
	parsed->part = PART_UP;
	if (node_pg_name(file, ".up.sql", parsed))
		return true;
	parsed->part = PART_DOWN;
	if (node_pg_name(file, ".down.sql", parsed))
		return true;
	parsed->part = PART_BOTH;
	return node_pg_name(file, ".sql", parsed);
}

/*
 * supabase: "N_name.sql" in the order of names; one from before the tool had
 * migrations of its own is left out (v2, list.go).
 */
bool
migrate_filename_supabase(const char *file, MigrateFileName *parsed)
{
	if (strspn(file, MIGRATE_DIGITS) == 14 && strcmp(file + 14, "_init.sql") == 0 &&
		strncmp(file, "20211209000000", 14) < 0)
		return false;
	if (!migrate_numbered_name(file, "_", ".sql", parsed))
		return false;
	parsed->sort_key = pstrdup(file);
	return true;
}

/*
 * postgres-migrations: a number, perhaps a separator, the name (v5.3,
 * file-name-parser.ts).
 */
bool
migrate_filename_postgres_migrations(const char *file, MigrateFileName *parsed)
{
	int			digits = strspn(file, MIGRATE_DIGITS);

	if (digits == 0 || digits > MIGRATE_MAX_DIGITS || !text_name(file, ".sql", parsed))
		return false;
	parsed->sort_key = migrate_numeric_key(file, digits);
	return true;
}

/*
 * atlas: any "*.sql" in the order of names; the version is the part before the
 * first underscore (v0.36, dir.go).
 */
bool
migrate_filename_atlas(const char *file, MigrateFileName *parsed)
{
	int			length = strlen(file) - strlen(".sql");
	const char *underscore = strchr(file, '_');
	int			version;

	if (!text_name(file, ".sql", parsed))
		return false;
	version = underscore && underscore - file < length ? underscore - file : length;
	parsed->version = pnstrdup(file, version);
	parsed->name = version < length ? pnstrdup(file + version + 1, length - version - 1) : pstrdup("");
	return true;
}

/*
 * liquibase: any "*.sql", which has to say in its first line that it is one;
 * ordered by path, as includeAll does.  Its changesets are the migrations.
 */
bool
migrate_filename_liquibase(const char *file, MigrateFileName *parsed)
{
	parsed->version = pstrdup("");
	parsed->name = pstrdup("");
	parsed->sort_key = pstrdup(file);
	return migrate_is_sql_file(file);
}

/*
 * graphile-migrate 2: "N.sql" or "N-name.sql".
 */
bool
migrate_filename_graphile(const char *file, MigrateFileName *parsed)
{
	parsed->part = PART_UP;
	return migrate_numbered_name(file, "-", ".sql", parsed) ||
		(file[strspn(file, MIGRATE_DIGITS)] == '.' && migrate_filename_postgres_migrations(file, parsed));
}

/*
 * The same in the folder "committed", beside which are other files.
 */
bool
migrate_filename_graphile_committed(const char *file, MigrateFileName *parsed)
{
	static const char committed[] = "committed/";

	return strncmp(file, committed, strlen(committed)) == 0 &&
		migrate_filename_graphile(file + strlen(committed), parsed);
}

bool
migrate_directory_is_graphile(List *names)
{
	ListCell   *lc;
	MigrateFileName parsed;

	foreach(lc, names)
	{
		if (migrate_filename_graphile_committed(lfirst(lc), &parsed))
			return true;
	}
	return false;
}

bool
migrate_directory_is_sqitch(List *names)
{
	return migrate_has_name(names, "sqitch.plan") || migrate_has_name(names, "sqitch.conf");
}

bool
migrate_directory_is_drizzle(List *names)
{
	return migrate_has_name(names, "meta/_journal.json");
}

bool
migrate_directory_is_atlas(List *names)
{
	return migrate_has_name(names, "atlas.sum");
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * The index of "name" in "names", which are sorted bytewise; -1 if it is not there.
 */
int
migrate_find_name(List *names, const char *name)
{
	int			low = 0;
	int			high = list_length(names);

	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = strcmp(list_nth(names, middle), name);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

bool
migrate_has_name(List *names, const char *name)
{
	return migrate_find_name(names, name) >= 0;
}

/*
 * The outermost of the folders that a file is in that cannot be read, palloc'd, as it is
 * in "names"; NULL if there is none.
 */
char *
migrate_unreadable_folder(List *names, const char *file)
{
	for (const char *slash = strchr(file, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
	{
		char	   *folder = pnstrdup(file, slash + 1 - file);

		if (migrate_has_name(names, folder))
			return folder;
		pfree(folder);
	}
	return NULL;
}

/*
 * Is a file there, or might it be, in a folder that cannot be read?  To read it is an
 * error then that says why.
 */
bool
migrate_may_have_name(List *names, const char *file)
{
	return migrate_has_name(names, file) || migrate_unreadable_folder(names, file) != NULL;
}

/*
 * The *.sql files of a directory itself that are not among "files"
 * (MigrateFileName).
 */
List *
migrate_other_files(List *names, List *files)
{
	List	   *others = NIL;
	int			n = list_length(files);
	char	  **known = palloc(Max(n, 1) * sizeof(char *));
	ListCell   *lc;

	for (int i = 0; i < n; i++)
		known[i] = ((MigrateFileName *) list_nth(files, i))->file;
	qsort(known, n, sizeof(char *), compare_strings);
	foreach(lc, names)
	{
		char	   *name = lfirst(lc);

		if (migrate_is_flat(name) && migrate_is_sql_file(name) &&
			bsearch(&name, known, n, sizeof(char *), compare_strings) == NULL)
			others = lappend(others, name);
	}
	return others;
}
