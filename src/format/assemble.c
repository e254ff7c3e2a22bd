/*-------------------------------------------------------------------------
 *
 * assemble.c
 *		The parts of migrations, from many files -> migrations in order.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/assemble.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/format.h"
#include "format/format_int.h"
#include "util/printable.h"

static int
compare_parts(const ListCell *a, const ListCell *b)
{
	const Migration *x = lfirst(a);
	const Migration *y = lfirst(b);
	int			order = strcmp(x->sort_key, y->sort_key);

	/* an up before its down, so that it gives the name */
	if (order == 0)
		order = (int) y->up.present - (int) x->up.present;
	return order != 0 ? order : strcmp(x->file, y->file);
}

/*
 * Has a name the name of a dialect between two periods, hyphens or underscores?
 */
static bool
has_dialect(const char *file)
{
	bool		is_ours;

	for (const char *p = migrate_base_name(file); *p != '\0';)
	{
		int			length = strcspn(p, "._-");

		if (p[length] != '\0' && migrate_is_dialect(p, length, &is_ours))
			return true;
		p += length + (p[length] != '\0');
	}
	return false;
}

/*
 * Does a name begin with a year and a month, of which a format takes the year only?
 */
static bool
is_dated(const Migration *migration)
{
	const char *base = migrate_base_name(migration->file);

	return strlen(migration->version) == 4 && strncmp(base, migration->version, 4) == 0 &&
		strchr("-_.", base[4]) != NULL && strspn(base + 5, MIGRATE_DIGITS) >= 2;
}

/*
 * What to do about two files of one version.
 */
static char *
hint_for_duplicate(const Migration *migration, const char *one, const char *other)
{
	const char *down = migrate_looks_like_down_file(one) ? one :
		migrate_looks_like_down_file(other) ? other : NULL;

	if (migration->kind == KIND_REPEATABLE)
		return pstrdup("Give one of them another name.");
	if (has_dialect(one) || has_dialect(other))
		return pstrdup("If they are for different database systems, specify \"format\" as \"pop\", which reads \"N_name.postgres.up.sql\", or move the others out of the directory.");
	if (down != NULL)
		return psprintf("If file \"%s\" undoes the other one, give it the name that a down script has in this format, or specify \"format\".",
						down);
	if (is_dated(migration))
		return pstrdup("If the names begin with dates, write these as \"20170605\", or, in plain files, as \"2017-06-05\"; only then the whole date is the version.");
	return pstrdup("Give one of them another number.");
}

static void
refuse_duplicate(const Migration *migration, const char *one, const char *other)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("two migrations have the same version"),
			 errdetail("The files are \"%s\" and \"%s\".", one, other),
			 errhint("%s", hint_for_duplicate(migration, one, other))));
}

static int
compare_versions(const ListCell *a, const ListCell *b)
{
	return strcmp(((Migration *) lfirst(a))->version, ((Migration *) lfirst(b))->version);
}

/*
 * 42710 if two files have the same version, wherever they are in the order.
 */
void
migrate_refuse_equal_versions(List *migrations)
{
	List	   *by_version = list_copy(migrations);

	list_sort(by_version, compare_versions);
	for (int i = 1; i < list_length(by_version); i++)
	{
		Migration  *one = list_nth(by_version, i - 1);
		Migration  *other = list_nth(by_version, i);

		if (strcmp(one->version, other->version) == 0)
			refuse_duplicate(one, one->file, other->file);
	}
	list_free(by_version);
}

/*
 * 58P01 unless the numbers, from 1, follow each other without a gap; "format" is
 * the name of the format that requires this.
 */
void
migrate_refuse_gaps(List *migrations, const char *format)
{
	int			number = 0;
	ListCell   *lc;

	foreach(lc, migrations)
	{
		Migration  *migration = lfirst(lc);
		char	   *wanted = psprintf("%d", ++number);

		if (strcmp(migration->sort_key, migrate_numeric_key(wanted, strlen(wanted))) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FILE),
					 errmsg("migration %d is missing", number),
					 errdetail("The next file is \"%s\"; the format \"%s\" has no gaps.",
							   migration->file, format)));
		pfree(wanted);
	}
}

/*
 * graphile-migrate: 55000 unless each file names the hash of the one before.
 */
void
migrate_check_chain(List *migrations)
{
	const Migration *last = NULL;
	ListCell   *lc;

	foreach(lc, migrations)
	{
		Migration  *migration = lfirst(lc);

		if (strcmp(migration->previous, last ? last->hash : "-") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 last ? errmsg("file \"%s\" does not follow file \"%s\"",
								   migration->file, last->file) :
					 errmsg("file \"%s\" is not the first one", migration->file),
					 errdetail("Its \"Previous\" is not the \"Hash\" of the file before it."),
					 errhint("Restore the files as \"graphile-migrate commit\" has written them.")));
		last = migration;
	}
}

/*
 * Merge the parts (Migration) of the same migration, and sort all.  Names of down
 * files without an up are added to *ignored.  Errors: 42710 for two files that are
 * the same part of the same version.
 */
List *
migrate_assemble(List *parts, List **ignored)
{
	List	   *migrations = NIL;
	Migration  *last = NULL;
	ListCell   *lc;

	list_sort(parts, compare_parts);
	foreach(lc, parts)
	{
		Migration  *part = lfirst(lc);

		if (last != NULL && strcmp(last->sort_key, part->sort_key) == 0)
		{
			if (part->up.present)
				refuse_duplicate(last, last->up.file, part->up.file);
			if (last->down.present)
				refuse_duplicate(last, last->down.file, part->down.file);
			last->down = part->down;
			if (last->digest_part != NULL && part->digest_part != NULL)
				last->digest_part->down = part->digest_part;
			else
				last->digest_part = NULL;
			last->has_digest = false;
		}
		else if (part->up.present)
		{
			last = part;
			migrations = lappend(migrations, part);
		}
		else
			*ignored = lappend(*ignored, part->down.file);
	}
	return migrations;
}
