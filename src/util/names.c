/*-------------------------------------------------------------------------
 *
 * names.c
 *		A table of names, for what would else search a list again and again.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/names.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "util/names.h"

typedef struct NameEntry
{
	const char *name;
	void	   *value;
	uint32		hash;
	char		status;			/* for simplehash */
} NameEntry;

static uint32
hash_name(const char *name)
{
	return hash_bytes((const unsigned char *) name, strlen(name));
}

#define SH_PREFIX			names
#define SH_ELEMENT_TYPE		NameEntry
#define SH_KEY_TYPE			const char *
#define SH_KEY				name
#define SH_HASH_KEY(tb, key) hash_name(key)
#define SH_EQUAL(tb, a, b)	(strcmp((a), (b)) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)	((a)->hash)
#define SH_SCOPE			static inline
#define SH_DECLARE
#define SH_DEFINE

#include "lib/simplehash.h"

struct MigrateNames
{
	names_hash *hash;
};

/*
 * A table without a name, in CurrentMemoryContext, where it also grows.
 */
MigrateNames *
migrate_names_create(void)
{
	MigrateNames *names = palloc(sizeof(MigrateNames));

	names->hash = names_create(CurrentMemoryContext, 64, NULL);
	return names;
}

/*
 * Free the table, but not the names.
 */
void
migrate_names_free(MigrateNames *names)
{
	names_destroy(names->hash);
	pfree(names);
}

/*
 * Add a name to the table; false if it is there already.  Neither the name nor the
 * value is copied.
 */
bool
migrate_names_add(MigrateNames *names, const char *name, void *value)
{
	bool		found;
	NameEntry  *entry = names_insert(names->hash, name, &found);

	if (!found)
		entry->value = value;
	return !found;
}

/*
 * The value of a name, or NULL.
 */
void *
migrate_names_get(const MigrateNames *names, const char *name)
{
	NameEntry  *entry = names_lookup(names->hash, name);

	return entry ? entry->value : NULL;
}

/*
 * Is the name in the table?
 */
bool
migrate_names_have(const MigrateNames *names, const char *name)
{
	return names_lookup(names->hash, name) != NULL;
}

/*
 * Take a name out of the table, if it is there.
 */
void
migrate_names_remove(MigrateNames *names, const char *name)
{
	(void) names_delete(names->hash, name);
}

/*
 * All names in the table (char *), in any order; they are not copied.
 */
List *
migrate_names_list(const MigrateNames *names)
{
	List	   *list = NIL;
	names_iterator iterator;
	NameEntry  *entry;

	names_start_iterate(names->hash, &iterator);
	while ((entry = names_iterate(names->hash, &iterator)) != NULL)
		list = lappend(list, unconstify(char *, entry->name));
	return list;
}

/*
 * The first "length" bytes of a name in small letters, palloc'd: for names whose case does
 * not matter.
 */
char *
migrate_fold_name(const char *name, int length)
{
	char	   *folded = pnstrdup(name, length);

	for (char *p = folded; *p != '\0'; p++)
		*p = pg_tolower((unsigned char) *p);
	return folded;
}
