/*-------------------------------------------------------------------------
 *
 * create.c
 *		Makes the files of a new migration.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/create.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_authid.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

#include "files/files.h"
#include "format/format.h"
#include "format/source.h"
#include "history/history.h"
#include "run/lock.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "util/printable.h"

/* with number, suffix and folder it has to fit into a file name */
#define MAX_NAME	200
/* so often another one of that name may have come in between */
#define MAX_TRIES	5

/*
 * Allowed directories are only for reading: a role that could write there could
 * have other roles run anything.
 */
static void
require_write_privilege(const char *dir)
{
	if (has_privs_of_role(GetUserId(), ROLE_PG_WRITE_SERVER_FILES))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to write into directory \"%s\"", dir),
			 errdetail("Only roles with privileges of the \"%s\" role may create files on the server.",
					   "pg_write_server_files")));
}

/*
 * What a migration is called, as part of a file name: ASCII letters, digits,
 * underscores and hyphens; each other character becomes an underscore.  22023 for
 * what is no name.
 */
static char *
clean_name(const char *name)
{
	char	   *result = palloc(strlen(name) + 1);
	char	   *to = result;
	bool		has_letter = false;

	if (strchr(name, '/') != NULL || *name == '.')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid name of a migration: \"%s\"", name),
				 errdetail("A name cannot contain a slash or begin with a period."),
				 errhint("Give the directory as \"dir\".")));
	if (strlen(name) > MAX_NAME)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("name of a migration is longer than %d bytes", MAX_NAME)));
	for (; *name != '\0'; name += pg_mblen(name))
	{
		bool		letter = !IS_HIGHBIT_SET(*name) && isalnum((unsigned char) *name);

		has_letter |= letter;
		*to++ = letter || *name == '-' ? *name : '_';
	}
	*to = '\0';
	if (!has_letter)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("name of a migration must have a letter or a digit")));
	return result;
}

/*
 * Will the new file be read as what it is to be, the last migration?  55000 if
 * not.
 */
static void
check_comes_last(const MigrationSet *set, const char *file)
{
	MigrateFileName parsed = {0};
	const Migration *last = NULL;
	ListCell   *lc;

	if (!migrate_set_parse_name(set, file, &parsed) || parsed.part == PART_DOWN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file \"%s\" would not be a migration that goes up", file),
				 errhint("Give another name.")));
	foreach(lc, set->migrations)
	{
		if (((Migration *) lfirst(lc))->kind == KIND_VERSIONED)
			last = lfirst(lc);
	}
	if (last != NULL && strcmp(parsed.sort_key, last->sort_key) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("file \"%s\" would not be the last migration", file),
				 errdetail("The last one is \"%s\".", last->file),
				 errhint("Write the file by hand, with a name that sorts last.")));
}

/*
 * Refuse a format in which the directory has no migration, though it has files that
 * look like some: they would not be read any more.  55000.
 */
static void
check_fits(const MigrationSet *set)
{
	ListCell   *lc;

	if (set->migrations != NIL || set->format == NULL)
		return;
	foreach(lc, set->ignored)
	{
		const char *file = lfirst(lc);

		if (isdigit((unsigned char) *file) || (*file == 'V' && isdigit((unsigned char) file[1])))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("directory has migrations in another format than \"%s\"",
							migrate_format_name(set->format)),
					 errdetail("In that format, file \"%s\" is not a migration.", file),
					 errhint("Leave \"format\" out, or give another directory.")));
	}
}

/*
 * Write the files of the next migration.  Returns the path of the up file; NULL if
 * a name, *existing, is in use: another session may have created it just now.
 */
static char *
try_create(MigrateRequest *request, MigrateLocation location, const char *name, const char **existing)
{
	MigrateRun	run = {.request = request,.context = CurrentMemoryContext};
	MigrationSet *set;
	const MigrateDirectory *directory;
	List	   *files;
	const char *up;
	ListCell   *lc;

	migrate_load_source(&run, location);
	set = migrate_source_set(run.source);
	check_fits(set);
	if (set->format == NULL)
		set->format = migrate_format_default();
	files = migrate_template_files(migrate_set_template(set), set->migrations, name,
								   GetCurrentTimestamp());
	foreach(lc, files)
	{
		MigrateNewFile *file = lfirst(lc);

		file->file = migrate_set_new_file(set, file->file);
	}
	up = ((MigrateNewFile *) linitial(files))->file;
	check_comes_last(set, up);
	directory = migrate_source_directory(run.source);
	*existing = migrate_directory_write(directory, files);
	return *existing ? NULL : psprintf("%s/%s", migrate_directory_path(directory), up);
}

/*
 * Create the files of a new migration, the last one of its directory, in the
 * directory's format; goose's if the directory is empty.  Returns the path of the
 * up file, palloc'd.
 *
 * Errors: 42501 without the privilege to write files, 22023 for an invalid name,
 * 0A000 for a format whose tool has to create it, 58P02 if the names are taken,
 * those of the directory and of the operating system.
 */
char *
migrate_create_files(MigrateRequest *request, const char *name)
{
	MigrateLocation location = migrate_require_location(request);
	const char *clean = clean_name(name);
	char	   *volatile path = NULL;
	const char *existing = NULL;

	PreventCommandIfReadOnly("migrate.create()");
	migrate_require_version();
	require_write_privilege(location.dir);
	migrate_lock_create();
	PG_TRY();
	{
		for (int tries = 0; tries < MAX_TRIES && path == NULL; tries++)
		{
			CHECK_FOR_INTERRUPTS();
			path = try_create(request, location, clean, &existing);
		}
	}
	PG_FINALLY();
	{
		migrate_unlock_create();
	}
	PG_END_TRY();
	if (path == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_FILE),
				 errmsg("file \"%s\" already exists", existing)));
	return path;
}
