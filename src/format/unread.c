/*-------------------------------------------------------------------------
 *
 * unread.c
 *		Files that may be meant as migrations but are not of the format, or are not
 *		what they seem.
 *
 * No file that could be a migration is ignored in silence: it is read, or an error
 * names it.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/unread.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/format.h"
#include "format/format_int.h"
#include "util/printable.h"

typedef bool (*ParseName) (const char *file, MigrateFileName *parsed);

/*
 * The bytes before a suffix, in any case; -1 if the name does not end so.
 */
static int
before_suffix(const char *name, const char *suffix)
{
	int			length = strlen(name) - strlen(suffix);

	return length > 0 && pg_strcasecmp(name + length, suffix) == 0 ? length : -1;
}

/*
 * Would the format read a file of that name, if it ended in ".sql"?  For formats
 * that read any name, only names that begin like a version count.
 */
static bool
would_be_read(ParseName parse_name, const char *file, int length, List *names)
{
	MigrateFileName parsed = {0};
	const char *base = migrate_base_name(file);
	char	   *sql = psprintf("%.*s.sql", length, file);

	return (isdigit((unsigned char) *file) || isdigit((unsigned char) base[0]) ||
			isdigit((unsigned char) base[1])) &&
		parse_name(sql, &parsed) && !migrate_has_name(names, sql);
}

/*
 * 0A000 for a migration that is written in another language: it has a migration's
 * name, and no SQL file has the same.
 */
static void
refuse_code(ParseName parse_name, const char *file, List *names)
{
	static const char *const suffixes[] = {
		".go", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".py", ".rb", ".rs", ".java", ".kt", ".sh",
		".php", ".ex", ".exs", ".pl", ".cs", ".fizz",
	};
	static const char *const others[] = {"_test", "_spec", ".test", ".spec", ".d"};

	for (int i = 0; i < lengthof(suffixes); i++)
	{
		int			length = before_suffix(file, suffixes[i]);
		bool		other = false;

		if (length < 0)
			continue;
		for (int k = 0; k < lengthof(others); k++)
			other |= before_suffix(pnstrdup(file, length), others[k]) >= 0;
		if (!other && would_be_read(parse_name, file, length, names))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("migration \"%s\" is not written in SQL", file),
					 errhint("Rewrite it in SQL; code cannot run inside the server.")));
	}
}

/*
 * The bytes before the end of a name that is one of SQL, but not that of a migration:
 * ".SQL", ".pgsql"; -1 for any other.
 */
int
migrate_before_other_suffix(const char *file)
{
	static const char *const suffixes[] = {".sql", ".pgsql", ".psql", ".ddl"};

	for (int i = 0; i < lengthof(suffixes); i++)
	{
		int			length = before_suffix(file, suffixes[i]);

		if (length >= 0 && strcmp(file + length, ".sql") != 0)
			return length;
	}
	return -1;
}

/*
 * 0A000 for SQL whose name ends in another way than the format reads.
 */
static void
refuse_suffix(ParseName parse_name, const char *file, List *names)
{
	int			length = migrate_before_other_suffix(file);

	if (length >= 0 && would_be_read(parse_name, file, length, names))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("file \"%s\" is not read", file),
				 errdetail("Names of migrations end in \".sql\"."),
				 errhint("Rename it, or move it out of the directory.")));
}

/*
 * 0A000 for a migration of Hasura that has statements only in its metadata.
 */
static void
refuse_yaml(ParseName parse_name, const char *file, List *names)
{
	int			length = Max(before_suffix(file, ".yaml"), before_suffix(file, ".yml"));
	const char *base = migrate_base_name(file);
	char	   *stem = length > 0 ? pnstrdup(file, length) : NULL;

	if (stem != NULL && (strncmp(base, "up.", 3) == 0 || before_suffix(stem, ".up") > 0) &&
		would_be_read(parse_name, file, length, names))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("migration \"%s\" is not written in SQL", file),
				 errhint("Write its SQL into \"%s.sql\"; metadata of Hasura are not for the database.", stem)));
}

/*
 * Refuse a file that a format does not read, if it may be meant as a migration.
 */
void
migrate_refuse_unread(ParseName parse_name, const char *file, List *names)
{
	refuse_code(parse_name, file, names);
	refuse_yaml(parse_name, file, names);
	refuse_suffix(parse_name, file, names);
}

/*
 * Does the name of a file look like that of a down script?  *sure is false for a
 * name that a migration may have, too.
 */
static bool
looks_like_down(const char *name, bool *sure)
{
	static const char *const words[] = {"down", "rollback", "undo", "revert"};

	for (int i = 0; i < lengthof(words); i++)
	{
		int			length = strlen(name) - strlen(words[i]);

		if (length < 0 || pg_strcasecmp(name + length, words[i]) != 0)
			continue;
		*sure = length == 0 || name[length - 1] == '.';
		if (*sure || name[length - 1] == '_' || name[length - 1] == '-')
			return true;
	}
	return false;
}

/*
 * The same of the name of a file.
 */
bool
migrate_looks_like_down_file(const char *file)
{
	const char *base = migrate_base_name(file);
	int			length = before_suffix(base, ".sql");
	bool		sure;

	return length > 0 && looks_like_down(pnstrdup(base, length), &sure);
}

static int
compare_keys(const ListCell *a, const ListCell *b)
{
	return strcmp(((MigrateFileName *) lfirst(a))->sort_key, ((MigrateFileName *) lfirst(b))->sort_key);
}

/*
 * Refuse up files (MigrateFileName) whose names say that they undo something: with
 * another number, they would run as migrations.  "example" is the name of a down
 * script in this format, with %s for the version.
 */
void
migrate_refuse_down_names(List *files, const char *example)
{
	List	   *by_key = list_copy(files);

	list_sort(by_key, compare_keys);
	for (int i = 0; i < list_length(by_key); i++)
	{
		const MigrateFileName *file = list_nth(by_key, i);
		bool		sure;
		bool		twin = false;

		CHECK_FOR_INTERRUPTS();
		if (file->part != PART_UP || file->kind != KIND_VERSIONED ||
			!looks_like_down(file->name, &sure))
			continue;
		for (int k = Max(i - 1, 0); k <= i + 1 && k < list_length(by_key); k++)
		{
			const MigrateFileName *other = list_nth(by_key, k);

			/* several files of one day have different keys */
			twin |= k != i && other->part == PART_UP &&
				(strcmp(other->sort_key, file->sort_key) == 0 || strcmp(other->version, file->version) == 0);
		}
		if (sure || twin)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("file \"%s\" looks like a down script, and would run as a migration", file->file),
					 errhint("A down script is called \"%s\".",
							 psprintf(migrate_begins_with_date(file->file) ? "%s-name.down.sql" : example,
									  file->version))));
	}
	list_free(by_key);
}

/*
 * 58P01 for a folder that has a down file but no up file.
 */
void
migrate_refuse_lone_downs(List *files)
{
	List	   *by_key = list_copy(files);
	const MigrateFileName *up = NULL;
	ListCell   *lc;

	list_sort(by_key, compare_keys);
	foreach(lc, by_key)
	{
		const MigrateFileName *file = lfirst(lc);
		const MigrateFileName *next = lnext(by_key, lc) ? lfirst(lnext(by_key, lc)) : NULL;

		if (file->part == PART_UP)
			up = file;
		else if ((up == NULL || strcmp(up->sort_key, file->sort_key) != 0) &&
				 (next == NULL || strcmp(next->sort_key, file->sort_key) != 0))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FILE),
					 errmsg("migration \"%s\" has no file \"up.sql\"", file->file)));
	}
	list_free(by_key);
}
