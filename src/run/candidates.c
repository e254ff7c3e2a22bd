/*-------------------------------------------------------------------------
 *
 * candidates.c
 *		Which migration a row of another tool's table is about.
 *
 * A tool identifies a migration by a number, a name or a path, which several
 * migrations may share: each row gets the next of them.  The time is proportional
 * to the number of rows and migrations, however many share a name.
 *
 * Nothing here does I/O, reads a catalog or changes anything.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/candidates.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "format/format.h"
#include "format/manifest.h"
#include "run/candidates.h"
#include "run/match.h"
#include "run/run.h"
#include "tools/tools.h"

/*
 * The migrations that are called so, in their order.
 */
typedef struct Called
{
	char	   *name;			/* see name_of() */
	List	   *candidates;		/* of MigrateCandidate */
	int			next;			/* those before are matched */
	char		status;			/* for simplehash */
} Called;

#define SH_PREFIX		called
#define SH_ELEMENT_TYPE	Called
#define SH_KEY_TYPE		char *
#define SH_KEY			name
#define SH_HASH_KEY(tb, key)	hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b)		(strcmp(a, b) == 0)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE

#include "lib/simplehash.h"

struct MigrateCandidates
{
	const MigrateTool *tool;
	const char *manifest;		/* text of the file about the others, or NULL */
	MigrateCandidate *ordered;	/* in the order of migrations ... */
	MigrateCandidate **sorted;	/* ... and of keys */
	int			n;
	int			passed;			/* so many of "sorted" are before a row */
	called_hash *called;
	size_t		longest;		/* path of a file */
};

/*
 * What is compared of a migration and a row: only the key, or also a path.
 */
typedef enum Aspect
{
	ASPECT_KEY = 'k',
	ASPECT_FILE = 'f',			/* all of its path */
	ASPECT_END = 'e',			/* what the path ends with */
	ASPECT_LOGICAL = 'l',		/* a path that the file names itself */
} Aspect;

/*
 * The title of a repeatable migration of Flyway, as a key.
 */
static char *
repeatable_key(const char *title)
{
	char	   *key = psprintf("R:%s", title);

	for (char *c = key + 2; *c != '\0'; c++)
		if (*c == '_')
			*c = ' ';
	return key;
}

/*
 * The name of a file without the part that shows its kind.
 */
static char *
stem(const char *file)
{
	static const char *const suffixes[] = {".up.sql", ".sql"};
	int			length = strlen(file);

	for (int i = 0; i < lengthof(suffixes); i++)
	{
		int			n = strlen(suffixes[i]);

		if (length > n && strcmp(file + length - n, suffixes[i]) == 0)
			return pnstrdup(file, length - n);
	}
	return pstrdup(file);
}

/*
 * What the tool knows a migration by.
 */
static const char *
item_key(MigrateKey kind, const MigrateItem *item)
{
	const char *file = migrate_item_file(item);

	switch (kind)
	{
		case KEY_DOTTED:
			if (migrate_item_is_repeatable(item))
				return repeatable_key(migrate_item_name(item));
			/* FALLTHROUGH */
		case KEY_NUMBER:
			return migrate_item_sort_key(item);
		case KEY_VERSION:
		case KEY_CHANGESET:
			return migrate_item_version(item);
		case KEY_FILE:
			return file;
		case KEY_STEM:
			return stem(file);
		case KEY_FOLDER:
			return pnstrdup(file, strcspn(file, "/"));
		case KEY_CHANGE:
			return pnstrdup(migrate_item_version(item), strcspn(migrate_item_version(item), "@"));
		case KEY_WHEN:
			/* of folders; a journal has it in its entries */
			return pnstrdup(file, Min(strcspn(file, "/"), 14));
	}
	pg_unreachable();
}

/*
 * The same of a row of its table.
 */
static const char *
row_key(const MigrateCandidates *candidates, const MigrateToolRow *row)
{
	int			digits = row->id ? strspn(row->id, "0123456789") : 0;

	if (row->id == NULL && candidates->tool->key != KEY_DOTTED)
		return NULL;
	switch (candidates->tool->key)
	{
		case KEY_NUMBER:
			return digits > 0 ? migrate_numeric_key(row->id, digits) : row->id;
		case KEY_DOTTED:
			if (row->id == NULL)
				return repeatable_key(row->title ? row->title : "");
			if (strspn(row->id, "0123456789.") != strlen(row->id) || digits == 0)
				return row->id;
			return row->path ? migrate_flyway_baseline_key(row->id) : migrate_dotted_key(row->id);
		case KEY_STEM:
			return stem(row->id);
		case KEY_WHEN:
			return candidates->manifest ? row->id : row->path;
		default:
			return row->id;
	}
}

/*
 * drizzle's journal: the time of each entry is the key of the migration whose file it
 * names, in that order.
 */
static void
set_journal_keys(MigrateCandidates *candidates)
{
	List	   *times = migrate_drizzle_journal_times(candidates->manifest);
	ListCell   *lc = list_head(times);

	for (int i = 0; i < candidates->n && lc != NULL; i++)
	{
		MigrateCandidate *candidate = &candidates->ordered[i];

		if (candidate->item->file == NULL)
			continue;
		if (lfirst(lc) != NULL)
			candidate->key = lfirst(lc);
		lc = lnext(times, lc);
	}
}

static int
compare_candidates(const void *a, const void *b)
{
	const MigrateCandidate *x = *(MigrateCandidate *const *) a;
	const MigrateCandidate *y = *(MigrateCandidate *const *) b;
	int			order = strcmp(x->key, y->key);

	return order != 0 ? order : x->ordinal - y->ordinal;
}

static int
compare_ordinals(const ListCell *a, const ListCell *b)
{
	return ((MigrateCandidate *) lfirst(a))->ordinal - ((MigrateCandidate *) lfirst(b))->ordinal;
}

static char *
name_of(Aspect aspect, const char *key, const char *path)
{
	return psprintf("%c%s\n%s", aspect, key, path);
}

static void
call(MigrateCandidates *candidates, MigrateCandidate *candidate, Aspect aspect, const char *path)
{
	bool		found;
	Called	   *called = called_insert(candidates->called,
									   name_of(aspect, candidate->key, path), &found);

	if (!found)
	{
		called->candidates = NIL;
		called->next = 0;
	}
	called->candidates = lappend(called->candidates, candidate);
}

/*
 * What follows the first folder of a path, or the first colon, as in "classpath:a";
 * NULL if there is nothing.
 */
static const char *
next_part(const char *path)
{
	const char *next = strpbrk(path, "/:");

	return next ? next + 1 : NULL;
}

/*
 * Call a changeset by the path of its file, in all ways.  Liquibase and we may have
 * started from other folders.
 */
static void
call_by_path(MigrateCandidates *candidates, MigrateCandidate *candidate)
{
	const char *file = migrate_item_file(candidate->item);
	const Migration *migration = candidate->item->file;

	candidates->longest = Max(candidates->longest, strlen(file));
	call(candidates, candidate, ASPECT_FILE, file);
	for (const char *end = file; end != NULL; end = next_part(end))
		call(candidates, candidate, ASPECT_END, end);
	if (migration != NULL && migration->logical_path != NULL)
		call(candidates, candidate, ASPECT_LOGICAL, migration->logical_path);
}

/*
 * Prepare to find the migrations (items, a list of MigrateItem in order) that rows
 * of a tool's table are about.  "manifest" is the text of the tool's manifest, or
 * NULL.  The result refers to all of them.
 */
MigrateCandidates *
migrate_candidates(List *items, const MigrateToolTable *tool_table, const char *manifest)
{
	MigrateCandidates *candidates = palloc0(sizeof(MigrateCandidates));
	int			n = list_length(items);

	candidates->tool = tool_table->tool;
	candidates->manifest = manifest;
	candidates->ordered = palloc_extended(Max(n, 1) * sizeof(MigrateCandidate),
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	candidates->sorted = palloc(Max(n, 1) * sizeof(MigrateCandidate *));
	candidates->n = n;
	for (int i = 0; i < n; i++)
	{
		MigrateCandidate *candidate = &candidates->ordered[i];

		candidate->item = list_nth(items, i);
		candidate->ordinal = i;
		candidate->key = item_key(candidates->tool->key, candidate->item);
		candidates->sorted[i] = candidate;
	}
	if (candidates->tool->key == KEY_WHEN && manifest != NULL)
		set_journal_keys(candidates);
	qsort(candidates->sorted, n, sizeof(MigrateCandidate *), compare_candidates);
	candidates->called = called_create(CurrentMemoryContext, n, NULL);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		call(candidates, &candidates->ordered[i], ASPECT_KEY, "");
		if (candidates->tool->key == KEY_CHANGESET)
			call_by_path(candidates, &candidates->ordered[i]);
	}
	return candidates;
}

/*
 * Of the migrations that are called so the first one that is not matched, if it comes
 * before "best" (or that is NULL); "best" else.  *repeated is set if there are any, and
 * all are matched.
 */
static MigrateCandidate *
first_called(MigrateCandidates *candidates, Aspect aspect, const char *key, const char *path,
			 MigrateCandidate *best, bool *repeated)
{
	char	   *name = name_of(aspect, key, path);
	Called	   *called = called_lookup(candidates->called, name);
	MigrateCandidate *first = NULL;

	pfree(name);
	if (called == NULL)
		return best;
	while (called->next < list_length(called->candidates))
	{
		first = list_nth(called->candidates, called->next);
		if (!first->matched)
			break;
		called->next++;
		first = NULL;
	}
	if (first == NULL)
		*repeated = true;
	return first != NULL && (best == NULL || first->ordinal < best->ordinal) ? first : best;
}

/*
 * The same for a changeset that has been recorded with a path: the file of that
 * path, the one that names it as its own, and then one whose path is the end of
 * that path, or the other way round.
 */
static MigrateCandidate *
find_by_path(MigrateCandidates *candidates, const char *key, const char *path, bool *repeated)
{
	MigrateCandidate *found = first_called(candidates, ASPECT_FILE, key, path, NULL, repeated);
	size_t		length = strlen(path);

	if (found == NULL)
		found = first_called(candidates, ASPECT_LOGICAL, key, path, NULL, repeated);
	if (found != NULL)
		return found;
	if (length <= candidates->longest)
		found = first_called(candidates, ASPECT_END, key, path, NULL, repeated);
	for (const char *end = next_part(path); end != NULL; end = next_part(end))
	{
		if (length - (end - path) <= candidates->longest)
			found = first_called(candidates, ASPECT_FILE, key, end, found, repeated);
	}
	return found;
}

/*
 * The migration that a row is about, NULL if all such migrations are matched
 * already; *repeated is set if another row matched it.  The caller marks it as
 * matched.
 */
MigrateCandidate *
migrate_candidate_find(MigrateCandidates *candidates, const MigrateToolRow *row, bool *repeated)
{
	const char *key = row_key(candidates, row);
	MigrateCandidate *found = NULL;

	*repeated = false;
	if (key == NULL)
		return NULL;
	found = candidates->tool->key == KEY_CHANGESET && row->path != NULL ?
		find_by_path(candidates, key, row->path, repeated) :
		first_called(candidates, ASPECT_KEY, key, "", NULL, repeated);
	return found;
}

/*
 * The versioned migrations (MigrateCandidate) before the one that a row is about,
 * in their order, except those that have been returned before.
 */
List *
migrate_candidates_before(MigrateCandidates *candidates, const MigrateToolRow *row)
{
	const char *key = row_key(candidates, row);
	List	   *before = NIL;

	while (key != NULL && candidates->passed < candidates->n &&
		   strcmp(candidates->sorted[candidates->passed]->key, key) < 0)
	{
		MigrateCandidate *candidate = candidates->sorted[candidates->passed++];

		if (!migrate_item_is_repeatable(candidate->item) && !migrate_item_is_stand_in(candidate->item))
			before = lappend(before, candidate);
	}
	list_sort(before, compare_ordinals);
	return before;
}
