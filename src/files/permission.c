/*-------------------------------------------------------------------------
 *
 * permission.c
 *		Which directories the caller may read.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/permission.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "utils/varlena.h"

#include "files/files_int.h"
#include "util/compat.h"
#include "util/guc.h"
#include "util/printable.h"

/*
 * Is a resolved path below another one, or that one itself?
 */
bool
migrate_path_is_below(const char *path, const char *root)
{
	size_t		len = strlen(root);

	if (strcmp(root, "/") == 0)
		return true;
	return strncmp(path, root, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/*
 * realpath() into palloc'd memory; NULL with errno set if it fails.
 */
char *
migrate_path_resolve(const char *path)
{
	char		buf[PATH_MAX];

	return realpath(path, buf) == NULL ? NULL : pstrdup(buf);
}

static List *
allowed_directories(void)
{
	List	   *entries;

	if (!SplitDirectoriesString(pstrdup(migrate_allowed_directories), ',', &entries))
		elog(ERROR, "invalid list syntax in parameter \"%s\"", "migrate.allowed_directories");
	return entries;
}

/*
 * The directory below which the current role may have "path" read, resolved,
 * and in *target what to walk to from there, NULL if "path" leads nowhere.
 *
 * A role without privileges learns nothing about paths outside the allowed
 * ones, not even whether they exist: where "path" leads nowhere, the target is
 * what it says itself, in which the walk follows no link.
 */
char *
migrate_permitted_root(const char *path, char **target)
{
	char	   *resolved = migrate_path_resolve(path);
	bool		is_named = false;
	ListCell   *lc;

	*target = resolved;
	if (has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		return pstrdup("/");
	foreach(lc, allowed_directories())
	{
		const char *entry = lfirst(lc);
		char	   *root = migrate_path_resolve(entry);

		if (root == NULL)
			continue;
		if (resolved != NULL && migrate_path_is_below(resolved, root))
			return root;
		if (resolved == NULL && migrate_path_is_below(path, entry))
		{
			*target = psprintf("%s%s", root, path + strlen(entry));
			return root;
		}
		is_named |= migrate_path_is_below(path, entry);
	}
	/* as where such a link leads nowhere */
	if (is_named)
	{
		errno = MIGRATE_E_OUTSIDE;
		migrate_could_not_open("directory", path);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for directory \"%s\"", path),
			 errdetail("Only roles with privileges of the \"%s\" role may read any directory of the server.",
					   "pg_read_server_files"),
			 errhint("Ask the administrator to add the directory to \"%s\", or send the files as \"files\", where there is such an argument.",
					 "migrate.allowed_directories")));
}
