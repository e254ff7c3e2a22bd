/*-------------------------------------------------------------------------
 *
 * flyway_locations.c
 *		Flyway's locations: the folders that have migrations, perhaps with wildcards.
 *
 * A location is a path relative to the directory, as names of files are; "" is all of it.
 * The rules are those of Flyway 13, LocationParser.java.
 *
 * Nothing here does I/O or reads a catalog.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/flyway_locations.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "files/files.h"
#include "format/callback.h"
#include "format/filename.h"
#include "format/flyway_settings.h"
#include "util/printable.h"

/*
 * A path without empty parts and ".", palloc'd; NULL if it leads out by "..".
 */
static char *
normalize(const char *path)
{
	StringInfoData clean;

	initStringInfo(&clean);
	while (*path != '\0')
	{
		int			length = strcspn(path, "/");

		if (length == 2 && strncmp(path, "..", 2) == 0)
			return NULL;
		if (length > 0 && (length != 1 || *path != '.'))
			appendStringInfo(&clean, "%s%.*s", clean.len > 0 ? "/" : "", length, path);
		path += length + (path[length] == '/');
	}
	return clean.data;
}

/*
 * What a location of Flyway's configuration is below the directory, palloc'd; NULL if it
 * cannot be read there, with *why_not as a sentence.
 */
char *
migrate_flyway_location(const MigrateDirectory *dir, const char *location, const char **why_not)
{
	static const char prefix[] = "filesystem:";
	const char *path = location + strlen(prefix);
	char	   *clean;

	if (pg_strncasecmp(location, prefix, strlen(prefix)) != 0)
	{
		*why_not = strchr(location, ':') == NULL || pg_strncasecmp(location, "classpath:", strlen("classpath:")) == 0 ?
			"It is on Java's class path." : "It is not in the file system.";
		return NULL;
	}
	*why_not = "It is not below the directory.";
	if (*path == '/')
	{
		const char *base = migrate_directory_is_fixed(dir) ? NULL : migrate_directory_path(dir);
		int			length = base ? strlen(base) : 0;

		path = psprintf("/%s", normalize(path) ? normalize(path) : "..");
		if (base == NULL || strncmp(path, base, length) != 0 || (path[length] != '/' && path[length] != '\0'))
			return NULL;
		path += length;
	}
	clean = normalize(path);
	if (clean == NULL || (isalpha((unsigned char) *clean) && clean[1] == ':'))
		return NULL;
	return clean;
}

static bool
has_wildcards(const char *location)
{
	return strpbrk(location, "*?") != NULL;
}

/*
 * Does a path match wildcards: "**" for any folders, "*" for one or more characters, "?"
 * for one?  *rest is what follows the last folder of the pattern; with "whole" nothing
 * may follow.
 */
static bool
matches(const char *pattern, const char *path, bool whole, const char **rest)
{
	const char *start = pattern;
	const char *star = NULL;	/* the pattern after the last "*" ... */
	const char *star_path = NULL;	/* ... and the path after what it is for */
	const char *folders = NULL; /* the same for the last double one */
	const char *folders_path = NULL;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (*pattern == '\0' && *path == (whole ? '\0' : '/'))
		{
			*rest = whole ? migrate_base_name(path) : path + 1;
			return true;
		}
		if (strncmp(pattern, "**/", 3) == 0 && (pattern == start || pattern[-1] == '/'))
		{
			pattern = folders = pattern + 3;
			folders_path = path;
			star = NULL;
		}
		else if (*pattern == '*' && *path != '\0' && *path != '/')
		{
			star = ++pattern;
			star_path = ++path;
		}
		else if (*path != '\0' && *pattern != '\0' && (*pattern == '?' ? *path != '/' : *pattern == *path))
		{
			pattern++;
			path++;
		}
		else if (star != NULL && *star_path != '\0' && *star_path != '/')
		{
			pattern = star;
			path = ++star_path;
		}
		else if (folders != NULL && strchr(folders_path, '/') != NULL)
		{
			pattern = folders;
			path = folders_path = strchr(folders_path, '/') + 1;
			star = NULL;
		}
		else
			return false;
	}
}

/*
 * The name of a file relative to the location that it is in, a pointer into it; NULL if
 * it is in none of them.
 */
static const char *
relative_to(const char *location, const char *file)
{
	int			length = strlen(location);
	const char *slash = strrchr(location, '/');
	const char *rest;

	/* a last part with a period is the name of a file */
	if (has_wildcards(location))
		return matches(location, file, strchr(slash ? slash : location, '.') != NULL, &rest) ? rest : NULL;
	if (length == 0)
		return file;
	return strncmp(file, location, length) == 0 && file[length] == '/' ? file + length + 1 : NULL;
}

/*
 * The same for several, of which NIL means all of the directory.
 */
const char *
migrate_flyway_relative(List *locations, const char *file)
{
	ListCell   *lc;

	foreach(lc, locations)
	{
		const char *relative = relative_to(lfirst(lc), file);

		if (relative != NULL)
			return relative;
	}
	return locations == NIL ? file : NULL;
}

/*
 * A location in which no file is, of those without wildcards; NULL if there is none.
 */
const char *
migrate_flyway_missing(List *locations, List *names)
{
	ListCell   *lc;
	ListCell   *name;

	foreach(lc, locations)
	{
		bool		found = has_wildcards(lfirst(lc));

		foreach(name, names)
		{
			CHECK_FOR_INTERRUPTS();
			found = found || relative_to(lfirst(lc), lfirst(name)) != NULL;
		}
		if (!found)
			return lfirst(lc);
	}
	return NULL;
}

/*
 * May a folder that cannot be read, a name that ends in "/", have files of a location?
 */
bool
migrate_flyway_looks_into(List *locations, const char *folder)
{
	int			length = strlen(folder);
	ListCell   *lc;

	foreach(lc, locations)
	{
		const char *location = lfirst(lc);
		const char *wildcard = strpbrk(location, "*?");
		int			fixed = wildcard ? wildcard - location : strlen(location);

		/* one of both is the beginning of the other */
		if (strncmp(folder, location, Min(fixed, length)) == 0 &&
			(wildcard != NULL || fixed == 0 || fixed >= length - 1 || folder[fixed] == '/'))
			return true;
	}
	return locations == NIL;
}

static MigrateFileName *
copy_name(const MigrateFileName *parsed)
{
	MigrateFileName *copy = palloc(sizeof(MigrateFileName));

	*copy = *parsed;
	return copy;
}

/*
 * What each file is, as migrate_format_files() says: those of the locations.  Errors:
 * 42501 for a folder that cannot be read, and those of callback.c.
 */
List *
migrate_flyway_files(const MigrateFlywaySettings *settings, List *names, List **callbacks, List **ignored)
{
	List	   *callback_locations = settings->callback_locations != NIL ? settings->callback_locations :
		settings->locations;
	List	   *files = NIL;
	ListCell   *lc;

	foreach(lc, names)
	{
		char	   *file = lfirst(lc);
		MigrateFileName parsed = {.file = file};
		bool		in_location = migrate_flyway_relative(settings->locations, file) != NULL;

		CHECK_FOR_INTERRUPTS();
		if (file[strlen(file) - 1] == '/' &&
			(migrate_flyway_looks_into(settings->locations, file) ||
			 migrate_flyway_looks_into(callback_locations, file)))
			migrate_refuse_unreadable(file);
		if (in_location && migrate_flyway_parse_name(settings, file, &parsed))
			files = lappend(files, copy_name(&parsed));
		else if (!settings->ignores_callbacks && migrate_flyway_relative(callback_locations, file) != NULL &&
				 migrate_callback_parse_name(settings, file, &parsed))
			*callbacks = lappend(*callbacks, copy_name(&parsed));
		else if (in_location && migrate_is_sql_file(file))
			*ignored = lappend(*ignored, file);
	}
	return files;
}

/*
 * The path of a new file: in the first location without wildcards.
 */
char *
migrate_flyway_new_file(const MigrateFlywaySettings *settings, const char *name)
{
	ListCell   *lc;

	foreach(lc, settings->locations)
	{
		const char *location = lfirst(lc);

		if (!has_wildcards(location))
			return *location == '\0' ? pstrdup(name) : psprintf("%s/%s", location, name);
	}
	return pstrdup(name);
}
