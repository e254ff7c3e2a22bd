/*-------------------------------------------------------------------------
 *
 * nothing.c
 *		Why a directory has no migrations: what is there instead.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/nothing.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/source.h"
#include "format/source_int.h"

/* so many folders are named */
#define MAX_FOLDERS		3

/*
 * Why a file is no migration, as the end of a sentence about it.
 */
static char *
reason(const MigrationSet *set, const char *file)
{
	const MigrateFormat *format = set->format;
	MigrateFileName parsed = {0};
	char	   *example = format ? migrate_template_example(migrate_set_template(set)) : NULL;

	/* of a client on Windows */
	if (strchr(file, '\\') != NULL)
		return pstrdup("whose name has a backslash, which does not separate folders as \"/\" does");
	if (format == NULL && isdigit((unsigned char) *file))
		return pstrdup("whose name is that of no format");
	if (format == NULL)
		return pstrdup("whose name does not begin with a number, and whose text has no markers");
	if (format->parse_manifest != NULL)
		return psprintf("which file \"%s\" does not name", format->manifest);
	if (format->changesets)
		return psprintf("which does not begin with a line \"%s\"", migrate_grammar_up(format->grammar));
	if (format->parse_name(file, &parsed) && parsed.part == PART_NONE)
		return pstrdup("which is for another database system");
	if (parsed.sort_key != NULL && parsed.part == PART_DOWN)
		return pstrdup("which undoes a migration that is not there");
	if (example == NULL)
		return pstrdup("whose name is not that of a migration");
	return psprintf("whose name is not like \"%s\"", example);
}

/*
 * Is it a changelog of Liquibase that is not written in SQL?
 */
static bool
is_changelog(const char *file)
{
	static const char *const suffixes[] = {".xml", ".yaml", ".yml", ".json"};
	const char *base = migrate_base_name(file);
	bool		is_ours = false;

	for (int i = 0; i < lengthof(suffixes); i++)
		is_ours |= migrate_has_suffix(base, suffixes[i]);
	for (; is_ours && *base != '\0'; base++)
		if (pg_strncasecmp(base, "changelog", strlen("changelog")) == 0 ||
			pg_strncasecmp(base, "changeset", strlen("changeset")) == 0)
			return true;
	return false;
}

/*
 * What is said of the *.sql files below a folder.  "names" are sorted, so those of a
 * folder follow each other.
 */
static void
add_folders(StringInfo buf, List *names)
{
	const char *folder = NULL;
	int			length = 0;
	int			nfiles = 0;
	int			nfolders = 0;
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i <= list_length(names); i++)
	{
		const char *file = i < list_length(names) ? list_nth(names, i) : "";
		int			slash = strcspn(file, "/");

		CHECK_FOR_INTERRUPTS();
		if (i < list_length(names) && (file[slash] == '\0' || !migrate_is_sql_file(file)))
			continue;
		if (folder != NULL && slash == length && strncmp(file, folder, length) == 0)
		{
			nfiles++;
			continue;
		}
		if (folder != NULL && nfolders++ < MAX_FOLDERS)
			appendStringInfo(&list, "%s\"%.*s\" (%d)", nfolders > 1 ? ", " : "", length, folder, nfiles);
		folder = file;
		length = slash;
		nfiles = 1;
	}
	if (nfolders == 1)
		appendStringInfo(buf, " Folder %s has *.sql files.", list.data);
	else if (nfolders > 1)
		appendStringInfo(buf, " Folders %s%s have *.sql files.", list.data,
						 nfolders > MAX_FOLDERS ? " and others" : "");
	pfree(list.data);
}

/*
 * What a directory without migrations has instead, as sentences, palloc'd: *.sql files,
 * with the reason why one of them is no migration, folders with such files, and a
 * changelog.
 */
char *
migrate_source_describe_nothing(const MigrateSource *source)
{
	const MigrateFormat *format = source->set->format;
	List	   *names = migrate_directory_names(source->dir);
	const char *example = NULL;
	const char *changelog = NULL;
	const char *other = NULL;
	int			nfiles = 0;
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	if (format != NULL)
		appendStringInfo(&buf, "It was read in the format \"%s\". ", format->name);
	foreach(lc, names)
	{
		const char *file = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (changelog == NULL && is_changelog(file))
			changelog = file;
		if (other == NULL && migrate_before_other_suffix(file) >= 0)
			other = file;
		if (strchr(file, '/') != NULL || !migrate_is_sql_file(file))
			continue;
		nfiles++;
		/* one that looks like a migration says more */
		if (example == NULL || (!isdigit((unsigned char) *example) && isdigit((unsigned char) *file)))
			example = file;
	}
	if (nfiles == 0)
	{
		appendStringInfoString(&buf, "It has no *.sql files.");
		if (other != NULL)
			appendStringInfo(&buf, " Names of migrations end in \".sql\"; that of \"%s\" does not.", other);
	}
	else if (nfiles == 1)
		appendStringInfo(&buf, "It has one *.sql file, \"%s\", %s.", example, reason(source->set, example));
	else
		appendStringInfo(&buf, "It has %d *.sql files, such as \"%s\", %s.", nfiles, example,
						 reason(source->set, example));
	add_folders(&buf, names);
	if (source->set->flyway != NULL && source->set->flyway->locations != NIL)
		appendStringInfo(&buf, " File \"%s\" says that migrations are in \"%s\".", source->set->flyway->file,
						 (char *) linitial(source->set->flyway->locations));
	if (changelog != NULL)
		appendStringInfo(&buf, " It has a changelog, \"%s\", which is not written in SQL.", changelog);
	return buf.data;
}
