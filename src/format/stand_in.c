/*-------------------------------------------------------------------------
 *
 * stand_in.c
 *		Scripts that stand for all migrations before them: Flyway's baseline files and
 *		atlas's checkpoints.  Their keys say that they are such.
 *
 * Nothing here does I/O or reads a catalog.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/stand_in.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "format/format.h"
#include "format/stand_in.h"

/*
 * What ends the key of such a script: it comes right after the migration of its version.
 * No other key of these formats ends so.
 */
#define FLYWAY_END	"!"
#define ATLAS_END	"\t!"

static bool
ends_with(const char *str, const char *end)
{
	size_t		n = strlen(str);
	size_t		m = strlen(end);

	return n > m && strcmp(str + n - m, end) == 0;
}

/*
 * The key of Flyway's baseline file whose version has that key.
 */
char *
migrate_flyway_stand_in_key(const char *key)
{
	return psprintf("%s" FLYWAY_END, key);
}

/*
 * Give the checkpoints among the migrations of a directory, which are in order, keys of
 * their own.  The order stays.
 */
void
migrate_mark_stand_ins(List *migrations)
{
	ListCell   *lc;

	foreach(lc, migrations)
	{
		Migration  *migration = lfirst(lc);

		if (migration->stands_for_all)
			migration->sort_key = psprintf("%s" ATLAS_END, migration->sort_key);
	}
}

/*
 * Is the key of such a script not higher than another one, or does it come right after it?
 */
bool
migrate_stand_in_is_up_to(const char *stand_in_key, const char *key)
{
	size_t		n = strlen(key);

	return strcmp(stand_in_key, key) <= 0 ||
		(strncmp(stand_in_key, key, n) == 0 &&
		 (strcmp(stand_in_key + n, FLYWAY_END) == 0 || strcmp(stand_in_key + n, ATLAS_END) == 0));
}

/*
 * Is that the key of such a script, in a format, by its name?
 */
bool
migrate_is_stand_in_key(const char *format, const char *sort_key)
{
	if (format == NULL || !ends_with(sort_key, FLYWAY_END))
		return false;
	if (strcmp(format, "flyway") == 0)
		return *sort_key >= '0' && *sort_key <= '9';
	return ends_with(sort_key, ATLAS_END);
}
