/*-------------------------------------------------------------------------
 *
 * known.c
 *		Files that are as they were recorded, and need not be parsed.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/known.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "format/digest.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/source.h"
#include "util/names.h"

/*
 * Is a migration, or its part, that has been parsed from "sql" nothing but what this text
 * and the format make it?  Not if a warning may be given for it if the format is given or
 * is not, or if another format would be detected from it ("detected": that has been
 * tried).
 */
static bool
is_plain(const MigrateFormat *format, const char *file, const char *sql, bool detected)
{
	return (detected || migrate_format_detect(format, file, sql) == format) &&
		migrate_format_foreign(format, NULL, sql) == NULL;
}

static bool
same_names(const MigrateNames *some, const MigrateNames *others)
{
	List	   *names;
	ListCell   *lc;

	if (some == NULL || others == NULL)
		return some == others;
	names = migrate_names_list(some);
	foreach(lc, names)
	{
		if (!migrate_names_have(others, lfirst(lc)))
			return false;
	}
	return list_length(names) == list_length(migrate_names_list(others));
}

/*
 * The digest of a migration, or of its part, that has been parsed from "sql", of "length"
 * bytes in the database encoding, and includes those files (NULL for none), into
 * PG_SHA256_DIGEST_LENGTH bytes.  False if there is none, for what another reading might
 * say something else about.
 */
bool
migrate_digest_parsed(MigrateDigester *digester, const MigrateFileName *parsed,
					  const char *sql, int length, bool detected,
					  const MigrateNames *included, uint8 *digest)
{
	MigrateNames *may_include;
	const char *bytes;
	bool		has_digest;

	if (!is_plain(migrate_digester_format(digester), parsed->file, sql, detected))
		return false;
	bytes = migrate_file_bytes(sql, &length);
	has_digest = migrate_digest_part(digester, parsed, bytes, length, digest, &may_include) &&
		same_names(may_include, included);
	if (bytes != sql)
		pfree(unconstify(char *, bytes));
	return has_digest;
}

/*
 * The files of a migration with a recorded digest.
 */
typedef struct FileGroup
{
	MigrateFileName *up;		/* or both parts */
	MigrateFileName *down;		/* or NULL */
	bool		odd;			/* not just that */
	const void *row;			/* of the history ... */
	const uint8 *recorded;		/* ... and its digest */
} FileGroup;

typedef struct KnownSearch
{
	MigrateDirectory *dir;
	const MigrateKnown *known;
	const char *format;
	MigrateDigester *digester;
	MemoryContext scratch;		/* of one migration */
	MemoryContext context;		/* of what stays */
	MigrateNames *included;
	MigrateNames *groups;		/* by key; NULL: each file is a migration */
} KnownSearch;

/*
 * Does a migration perhaps consist of two files?
 */
static bool
has_down_files(List *files)
{
	ListCell   *lc;

	foreach(lc, files)
	{
		if (((MigrateFileName *) lfirst(lc))->part == PART_DOWN)
			return true;
	}
	return false;
}

/*
 * Put a file into the group of its migration; false if no digest is recorded for it.
 */
static bool
add_to_group(KnownSearch *search, FileGroup *group, MigrateFileName *file)
{
	if (group->row == NULL)
		group->row = search->known->find(search->known->arg, file->sort_key, search->format,
										 &group->recorded);
	if (group->row == NULL)
		return false;
	if (file->part == PART_DOWN)
	{
		group->odd |= group->down != NULL;
		group->down = file;
	}
	else
	{
		group->odd |= group->up != NULL;
		group->up = file;
	}
	return true;
}

/*
 * The files of migrations whose digests are recorded, in groups, where one may have
 * several.
 */
static void
group_files(KnownSearch *search, List *files)
{
	ListCell   *lc;

	if (!has_down_files(files))
		return;
	search->groups = migrate_names_create();
	foreach(lc, files)
	{
		MigrateFileName *file = lfirst(lc);
		FileGroup  *group = migrate_names_get(search->groups, file->sort_key);

		CHECK_FOR_INTERRUPTS();
		if (group != NULL)
			(void) add_to_group(search, group, file);
		else
		{
			group = palloc0(sizeof(FileGroup));
			if (add_to_group(search, group, file))
				(void) migrate_names_add(search->groups, file->sort_key, group);
			else
				pfree(group);
		}
	}
}

/*
 * The digest of a file, with what it includes; false if it has none.
 */
static bool
digest_file(KnownSearch *search, const MigrateFileName *file, uint8 *digest, MigrateNames **included)
{
	int			length;
	char	   *bytes = migrate_directory_bytes(search->dir, file->file, &length);

	*included = NULL;
	return bytes != NULL &&
		migrate_digest_part(search->digester, file, bytes, length, digest, included);
}

/*
 * Remember the files that a known migration includes.
 */
static void
keep_included(KnownSearch *search, const MigrateNames *included)
{
	MemoryContext old;
	List	   *names = included ? migrate_names_list(included) : NIL;
	ListCell   *lc;

	old = MemoryContextSwitchTo(search->context);
	foreach(lc, names)
	{
		if (!migrate_names_have(search->included, lfirst(lc)))
			(void) migrate_names_add(search->included, pstrdup(lfirst(lc)), NULL);
	}
	MemoryContextSwitchTo(old);
}

/*
 * Are the files of a group as recorded?
 */
static bool
is_known(KnownSearch *search, const FileGroup *group)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	uint8		down[PG_SHA256_DIGEST_LENGTH];
	MigrateNames *included[2] = {NULL, NULL};

	if (group->odd || group->up == NULL ||
		!digest_file(search, group->up, digest, &included[0]))
		return false;
	if (group->down != NULL)
	{
		if (!digest_file(search, group->down, down, &included[1]))
			return false;
		migrate_digest_join(digest, down);
	}
	if (memcmp(digest, group->recorded, sizeof(digest)) != 0)
		return false;
	keep_included(search, included[0]);
	keep_included(search, included[1]);
	return true;
}

/*
 * A migration as its history has it.
 */
static Migration *
known_migration(const FileGroup *group, const MigrateKnown *known)
{
	Migration  *migration = palloc0(sizeof(Migration));
	MigrateFileName *up = group->up;

	migration->file = up->file;
	migration->kind = up->kind;
	migration->version = up->version;
	migration->name = up->name;
	migration->sort_key = up->sort_key;
	migration->tags = up->tags;
	migration->verify = up->verify;
	migration->has_digest = true;
	memcpy(migration->digest, group->recorded, PG_SHA256_DIGEST_LENGTH);
	migration->unread = group->down ? list_make2(up, group->down) : list_make1(up);
	migration->up.present = true;
	migration->up.file = up->file;
	migration->down.file = group->down ? group->down->file : up->file;
	known->restore(group->row, migration);
	return migration;
}

/*
 * The migration of a file, if it is as it was recorded, NULL if it is not.  That of a
 * down file comes with its up file.
 */
static Migration *
known_migration_of(KnownSearch *search, MigrateFileName *file)
{
	FileGroup	alone = {0};
	FileGroup  *group = &alone;
	bool		known;

	if (search->groups != NULL)
		group = migrate_names_get(search->groups, file->sort_key);
	else if (!add_to_group(search, &alone, file))
		return NULL;
	if (group == NULL || file != group->up)
		return NULL;
	MemoryContextSwitchTo(search->scratch);
	known = is_known(search, group);
	MemoryContextSwitchTo(search->context);
	MemoryContextReset(search->scratch);
	return known ? known_migration(group, search->known) : NULL;
}

/*
 * The files that are left when those of known migrations (Migration, in the order of
 * their files) are taken out.
 */
static List *
other_files(List *files, List *migrations)
{
	MigrateNames *downs = migrate_names_create();
	List	   *others = NIL;
	int			next = 0;
	ListCell   *lc;

	foreach(lc, migrations)
	{
		const Migration *migration = lfirst(lc);

		if (list_length(migration->unread) > 1)
			(void) migrate_names_add(downs, migration->down.file, NULL);
	}
	foreach(lc, files)
	{
		MigrateFileName *file = lfirst(lc);

		if (next < list_length(migrations) &&
			file == linitial(((Migration *) list_nth(migrations, next))->unread))
			next++;
		else if (file->part != PART_DOWN || !migrate_names_have(downs, file->file))
			others = lappend(others, file);
	}
	return others;
}

/*
 * Of the files (MigrateFileName) of a directory, the migrations that are as they were
 * recorded: a list of Migration, "unread".  Their files are taken out of *files, and
 * the names of those that they include are added to "included".  Errors: those of
 * reading files.
 */
List *
migrate_known_migrations(MigrateDirectory *dir, const MigrateFormat *format,
						 const MigrateFlywaySettings *flyway, List **files,
						 const MigrateKnown *known, MigrateNames *included)
{
	KnownSearch search = {.dir = dir,.known = known,.format = migrate_format_name(format),
	.context = CurrentMemoryContext,.included = included};
	List	   *migrations = NIL;
	ListCell   *lc;

	group_files(&search, *files);
	search.digester = migrate_digester_begin(dir, format, flyway);
	search.scratch = AllocSetContextCreate(CurrentMemoryContext, "migrate file",
										   ALLOCSET_DEFAULT_SIZES);
	foreach(lc, *files)
	{
		Migration  *migration = known_migration_of(&search, lfirst(lc));

		if (migration != NULL)
			migrations = lappend(migrations, migration);
	}
	migrate_digester_end(search.digester);
	MemoryContextDelete(search.scratch);
	*files = other_files(*files, migrations);
	return migrations;
}
