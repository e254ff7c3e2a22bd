/*-------------------------------------------------------------------------
 *
 * filename_pairs.c
 *		Names of files -> what each is to a migration, where up and down are files of their own.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/filename_pairs.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/format.h"
#include "util/names.h"
#include "util/printable.h"

/*
 * golang-migrate: "N_name.up.sql" and "N_name.down.sql" (v4, parse.go).
 */
bool
migrate_filename_pairs(const char *file, MigrateFileName *parsed)
{
	static const char *const suffixes[] = {".sql", ".pgsql", ".psql"};
	const char *dot = strrchr(file, '.');
	const char *before = dot;
	bool		is_sql = false;
	char	   *name;

	if (dot == NULL)
		return false;
	while (before > file && before[-1] != '.')
		before--;
	if (before == file || !(strncmp(before, "up.", 3) == 0 || strncmp(before, "down.", 5) == 0))
		return false;
	/* the tool reads any suffix */
	for (int i = 0; i < lengthof(suffixes); i++)
		is_sql |= pg_strcasecmp(dot, suffixes[i]) == 0;
	if (!is_sql)
		return false;
	name = psprintf("%.*s.sql", (int) (dot - file), file);
	parsed->part = PART_UP;
	if (migrate_numbered_name(name, "_", ".up.sql", parsed))
		return true;
	parsed->part = PART_DOWN;
	return migrate_numbered_name(name, "_", ".down.sql", parsed);
}

/*
 * sqlx: pairs, and up files by themselves (v0.9, migrate/source.rs).
 */
bool
migrate_filename_sqlx(const char *file, MigrateFileName *parsed)
{
	if (migrate_filename_pairs(file, parsed))
		return true;
	parsed->part = PART_UP;
	return migrate_numbered_name(file, "_", ".sql", parsed);
}

/*
 * The dialects of pop, in which a file of a migration may be written, and which of
 * them is the one of PostgreSQL (v6, dialect.go, and the files of each).
 */
static const struct
{
	const char *name;
	bool		is_ours;
}			dialects[] =

{
	{"postgres", true}, {"postgresql", true}, {"pg", true}, {"pgx", true},
	{"cockroach", false}, {"cockroachdb", false}, {"crdb", false}, {"mysql", false},
	{"mariadb", false}, {"sqlite", false}, {"sqlite3", false}, {"mssql", false},
	{"sqlserver", false}, {"oracle", false}, {"ydb", false}, {"yugabyte", false}, {"yugabytedb", false},
};

/*
 * Is this word, of "length" bytes, the name of a dialect?
 */
bool
migrate_is_dialect(const char *word, int length, bool *is_ours)
{
	for (int i = 0; i < lengthof(dialects); i++)
	{
		if (strlen(dialects[i].name) != length || pg_strncasecmp(word, dialects[i].name, length) != 0)
			continue;
		*is_ours = dialects[i].is_ours;
		return true;
	}
	return false;
}

/*
 * pop: "N_name.up.sql" and "N_name.down.sql", with a dialect before "up", with
 * "autocommit" for no transaction; ordered by N as text (v6, match.go and
 * migration_info.go, and popx, which adds "autocommit").
 */
static bool
pop_name(const char *file, MigrateFileName *parsed, bool *has_dialect)
{
	static const char autocommit[] = ".autocommit";
	const char *base = migrate_base_name(file);
	int			digits = strspn(base, MIGRATE_DIGITS);
	bool		is_up;
	int			length;
	const char *dot;
	bool		is_ours = true;

	*has_dialect = false;
	if (digits == 0 || base[digits] != '_')
		return false;
	/* most names of other formats have one period */
	dot = strchr(base + digits, '.');
	if (dot == NULL || strchr(dot + 1, '.') == NULL)
		return false;
	is_up = migrate_has_suffix(base, ".up.sql");
	if (!is_up && !migrate_has_suffix(base, ".down.sql"))
		return false;
	length = strlen(base) - strlen(is_up ? ".up.sql" : ".down.sql");
	parsed->no_transaction = length > strlen(autocommit) &&
		strncmp(base + length - strlen(autocommit), autocommit, strlen(autocommit)) == 0;
	if (parsed->no_transaction)
		length -= strlen(autocommit);
	dot = memchr(base, '.', length);
	if (dot != NULL)
	{
		const char *word = dot + 1;
		int			rest = base + length - word;

		length = dot - base;
		*has_dialect = migrate_is_dialect(word, rest, &is_ours);
		if (!*has_dialect)
			return false;
	}
	if (length <= digits + 1)
		return false;
	parsed->part = !is_ours ? PART_NONE : is_up ? PART_UP : PART_DOWN;
	parsed->version = pnstrdup(base, digits);
	parsed->name = pnstrdup(base + digits + 1, length - digits - 1);
	parsed->sort_key = pstrdup(parsed->version);
	return true;
}

bool
migrate_filename_pop(const char *file, MigrateFileName *parsed)
{
	bool		has_dialect;

	return pop_name(file, parsed, &has_dialect);
}

bool
migrate_directory_is_pop(List *names)
{
	ListCell   *lc;

	foreach(lc, names)
	{
		MigrateFileName parsed;
		bool		has_dialect;

		if (migrate_is_flat(lfirst(lc)) && pop_name(lfirst(lc), &parsed, &has_dialect) && has_dialect)
			return true;
	}
	return false;
}

/*
 * Of the files of a version (MigrateFileName), those for PostgreSQL, in each direction,
 * take the place of those for all dialects.
 */
List *
migrate_choose_dialect(List *files)
{
	MigrateNames *ours[] = {migrate_names_create(), migrate_names_create()};
	List	   *chosen = NIL;
	ListCell   *lc;

	for (int pass = 0; pass < 2; pass++)
	{
		foreach(lc, files)
		{
			MigrateFileName *file = lfirst(lc);
			MigrateNames *names = ours[file->part == PART_DOWN];
			MigrateFileName parsed;
			bool		has_dialect;

			CHECK_FOR_INTERRUPTS();
			(void) pop_name(file->file, &parsed, &has_dialect);
			if (pass == 0 && has_dialect)
				(void) migrate_names_add(names, file->sort_key, NULL);
			if (pass == 1 && (has_dialect || !migrate_names_have(names, file->sort_key)))
				chosen = lappend(chosen, file);
		}
	}
	return chosen;
}

/*
 * postgrator: "N.do.sql" and "N.undo.sql", with a name after "do" (v8, postgrator.js).
 */
bool
migrate_filename_postgrator(const char *file, MigrateFileName *parsed)
{
	int			digits = strspn(file, MIGRATE_DIGITS);
	const char *rest = file + digits;
	int			length;

	if (digits == 0 || digits > MIGRATE_MAX_DIGITS || *rest != '.' || !migrate_is_flat(file) ||
		!migrate_has_suffix(file, ".sql"))
		return false;
	if (strncmp(rest, ".do.", 4) == 0)
		parsed->part = PART_UP;
	else if (strncmp(rest, ".undo.", 6) == 0)
		parsed->part = PART_DOWN;
	else
		return false;
	rest += parsed->part == PART_UP ? 4 : 6;
	length = (int) strlen(rest) - (int) strlen(".sql");
	parsed->version = pnstrdup(file, digits);
	parsed->name = length > 0 ? pnstrdup(rest, length) : pstrdup("");
	parsed->sort_key = migrate_numeric_key(file, digits);
	return true;
}
