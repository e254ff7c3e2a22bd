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

#include "format/changelog.h"
#include "format/digest.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/manifest.h"
#include "format/source.h"
#include "util/names.h"

/*
 * Is a migration, or its part, that has been parsed from "sql" nothing but what this text
 * and the format make it?  Not if a warning may be given for it if the format is given or
 * is not, or if another format than "shown" would be detected from it ("detected": that
 * has been tried).
 */
static bool
is_plain(const MigrateFormat *format, const MigrateFormat *shown, const char *file, const char *sql,
		 bool detected)
{
	return (detected || migrate_format_detect(shown, file, sql) == shown) &&
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
migrate_digest_parsed(MigrateDigester *digester, const MigrateDigestPart *part,
					  const char *sql, int length, bool detected,
					  const MigrateNames *included, uint8 *digest)
{
	MigrateNames *may_include;
	const char *bytes;
	bool		has_digest;

	if (!is_plain(migrate_digester_format(digester), migrate_digester_shown(digester),
				  part->file->file, sql, detected))
		return false;
	bytes = migrate_file_bytes(sql, &length);
	has_digest = migrate_digest_part(digester, part->file, part->changesets.count > 0 ? &part->changesets : NULL,
									 bytes, length, digest, &may_include) &&
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
	bool		is_changeset;	/* one of those in "up" */
	const void *row;			/* of the history ... */
	const uint8 *recorded;		/* ... and its digest */
	bool		is_compared;	/* and the result is known: */
	Migration  *migration;		/* NULL: they are not as recorded */
} FileGroup;

struct MigrateKnownSearch
{
	MigrateDirectory *dir;
	const MigrateKnown *known;
	const MigrateFormat *format;
	MigrateDigester *digester;
	MemoryContext scratch;		/* of one migration */
	MemoryContext context;		/* of what stays */
	MigrateNames *included;
	MigrateNames *groups;		/* by key; NULL: each file is a migration */
	MigrateChangelog *changelog;
	MigrateAtlasSum *atlas_sum; /* or NULL */
	char	   *bytes;			/* of the file that was digested last */
	int			length;
};

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
add_to_group(const MigrateKnownSearch *search, FileGroup *group, MigrateFileName *file)
{
	if (group->row == NULL)
		group->row = search->known->find(search->known->arg, file->sort_key,
										 search->format->name, &group->recorded);
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
group_files(MigrateKnownSearch *search, List *files)
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
 * The digest of a file, with what it includes; false if it has none.  "changesets" is NULL
 * in formats without them.
 */
static bool
digest_file(MigrateKnownSearch *search, const MigrateFileName *file,
			const MigrateChangesetsRead *changesets, uint8 *digest, MigrateNames **included)
{
	search->bytes = migrate_directory_bytes(search->dir, file->file, &search->length);
	*included = NULL;
	return search->bytes != NULL &&
		migrate_digest_part(search->digester, file, changesets, search->bytes, search->length, digest,
							included);
}

/*
 * Remember the files that a known migration includes.
 */
static void
keep_included(MigrateKnownSearch *search, const MigrateNames *included)
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
 * Are the files of a group as recorded?  Then search->bytes is the text of the up file.
 */
static bool
is_known(MigrateKnownSearch *search, const FileGroup *group)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	uint8		down[PG_SHA256_DIGEST_LENGTH];
	MigrateNames *included[2] = {NULL, NULL};

	if (group->odd || group->up == NULL)
		return false;
	if (group->down != NULL && !digest_file(search, group->down, NULL, down, &included[1]))
		return false;
	if (!digest_file(search, group->up, NULL, digest, &included[0]))
		return false;
	if (group->down != NULL)
		migrate_digest_join(digest, down);
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
	if (!group->is_changeset)
	{
		migration->kind = up->kind;
		migration->version = up->version;
		migration->name = up->name;
		migration->sort_key = up->sort_key;
		migration->tags = up->tags;
	}
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
 * What other files matter for, of a migration that is as recorded, whose text is in
 * search->bytes.
 */
static void
note_known(MigrateKnownSearch *search, Migration *migration)
{
	char	   *sql;

	if (search->atlas_sum != NULL)
		migrate_atlas_sum_add_bytes(search->atlas_sum, migration->file, search->bytes, search->length);
	if (!migrate_format_needs_head(search->format))
		return;
	MemoryContextSwitchTo(search->scratch);
	sql = migrate_directory_decode(migration->file, search->bytes, &search->length);
	MemoryContextSwitchTo(search->context);
	migrate_format_parse_head(search->format, migration, sql, search->length);
}

/*
 * The changesets of a file, if all are recorded and it is as it was.
 */
static List *
known_changesets(MigrateKnownSearch *search, MigrateFileName *file)
{
	const uint8 *recorded;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	MigrateNames *included;
	MigrateChangelog *changelog = search->changelog;
	List	   *rows = search->known->find_file(search->known->arg, file->file, search->format->name, &recorded);
	MigrateChangesetsRead changesets = {list_length(rows), changelog->properties_hash};
	List	   *migrations = NIL;
	ListCell   *lc;
	bool		known;

	if (rows == NIL || changelog->undecided != NIL)
		return NIL;
	MemoryContextSwitchTo(search->scratch);
	known = digest_file(search, file, &changesets, digest, &included) &&
		memcmp(digest, recorded, sizeof(digest)) == 0;
	MemoryContextSwitchTo(search->context);
	if (known)
		keep_included(search, included);
	foreach(lc, known ? rows : NIL)
	{
		FileGroup	group = {.up = file,.is_changeset = true,.row = lfirst(lc),.recorded = recorded};
		Migration  *migration = known_migration(&group, search->known);

		CHECK_FOR_INTERRUPTS();
		migrate_known_changeset(search->changelog, migration);
		migrations = lappend(migrations, migration);
	}
	foreach(lc, migrations)
		((Migration *) lfirst(lc))->siblings = migrations;
	return migrations;
}

/*
 * The group of a file that belongs to a migration that is as it was recorded, NULL for
 * another one.
 */
static const FileGroup *
known_group(MigrateKnownSearch *search, FileGroup *alone, MigrateFileName *file)
{
	FileGroup  *group = alone;

	if (search->groups != NULL)
		group = migrate_names_get(search->groups, file->sort_key);
	else if (!add_to_group(search, alone, file))
		return NULL;
	if (group == NULL)
		return NULL;
	if (!group->is_compared)
	{
		bool		known;

		MemoryContextSwitchTo(search->scratch);
		known = is_known(search, group);
		MemoryContextSwitchTo(search->context);
		group->is_compared = true;
		if (known)
		{
			group->migration = known_migration(group, search->known);
			note_known(search, group->migration);
		}
		MemoryContextReset(search->scratch);
	}
	return group->migration ? group : NULL;
}

/*
 * Is a file as it was recorded?  Then it need not be parsed, and *migrations becomes a
 * list of Migration, "unread": those that it has an up section of.  Files have to come in
 * their order.  Errors: those of reading files.
 */
bool
migrate_known_file(MigrateKnownSearch *search, MigrateFileName *file, List **migrations)
{
	FileGroup	alone = {0};
	const FileGroup *group;

	*migrations = NIL;
	if (search->format->changesets)
	{
		*migrations = known_changesets(search, file);
		MemoryContextReset(search->scratch);
		return *migrations != NIL;
	}
	group = known_group(search, &alone, file);
	if (group != NULL && file == group->up)
		*migrations = list_make1(group->migration);
	return group != NULL;
}

/*
 * Prepare to find those of the files (MigrateFileName) of a directory that are as they were
 * recorded.  The names of files that they include are added to "included", and what matters
 * to other files to "changelog" and "atlas_sum" (or NULL).
 */
MigrateKnownSearch *
migrate_known_begin(MigrateDirectory *dir, MigrateDigester *digester, List *files,
					const MigrateKnown *known, MigrateNames *included,
					MigrateChangelog *changelog, MigrateAtlasSum *atlas_sum)
{
	MigrateKnownSearch *search = palloc0(sizeof(MigrateKnownSearch));

	search->dir = dir;
	search->known = known;
	search->format = migrate_digester_format(digester);
	search->digester = digester;
	search->context = CurrentMemoryContext;
	search->included = included;
	search->changelog = changelog;
	search->atlas_sum = atlas_sum;
	search->scratch = AllocSetContextCreate(CurrentMemoryContext, "migrate file",
											ALLOCSET_DEFAULT_SIZES);
	group_files(search, files);
	return search;
}

void
migrate_known_end(MigrateKnownSearch *search)
{
	MemoryContextDelete(search->scratch);
	pfree(search);
}
