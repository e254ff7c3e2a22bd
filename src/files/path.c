/*-------------------------------------------------------------------------
 *
 * path.c
 *		Names of files.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/path.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "files/files.h"

bool
migrate_has_suffix(const char *name, const char *suffix)
{
	size_t		n = strlen(name);
	size_t		s = strlen(suffix);

	return n > s && strcmp(name + n - s, suffix) == 0;
}

/*
 * Is a file, by its name, one of SQL?
 */
bool
migrate_is_sql_file(const char *name)
{
	return migrate_has_suffix(name, ".sql");
}

/*
 * Is a file, by its name, one that a tool keeps settings or a list of migrations in?
 */
bool
migrate_is_settings_file(const char *name)
{
	static const char *const suffixes[] = {".toml", ".conf", ".plan", ".sum", ".json"};

	for (int i = 0; i < lengthof(suffixes); i++)
		if (migrate_has_suffix(name, suffixes[i]))
			return true;
	return false;
}

/*
 * The name of a file without its folder.
 */
const char *
migrate_base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}
