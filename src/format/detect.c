/*-------------------------------------------------------------------------
 *
 * detect.c
 *		Which format a directory is of, from names, markers and tables, and which
 *		of its files are of another one.
 *
 * Names of folders and of manifests are looked at first, then the names and markers of
 * all files; a file with markers is better evidence than one with a name.  A bare
 * number, "1.sql", is a name in several formats.  If any of the files has a marker of
 * one of these, as Play's "!Ups" or dbmate's "migrate:up", the directory is of that
 * format, and a file there that lacks them is an error.  If none has, it is plain.
 *
 * Nothing here does I/O or reads a catalog.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/detect.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "format/filename.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/grammar.h"
#include "format/source.h"
#include "util/printable.h"

/*
 * The first of "names" in the directory itself, or "in_folders", too, by which it is
 * of a format; NULL if none is.
 */
static const char *
first_of_format(const MigrateFormat *format, List *names, bool in_folders)
{
	ListCell   *lc;

	foreach(lc, names)
	{
		MigrateFileName parsed = {0};

		if ((in_folders || strchr(lfirst(lc), '/') == NULL) && format->parse_name(lfirst(lc), &parsed) &&
			parsed.part == PART_UP)
			return lfirst(lc);
	}
	return NULL;
}

/*
 * Detect the format by the names of a directory; NULL if they are those of no
 * format.  *evidence is set to an existing file that shows the format.  Markers may
 * be better evidence.
 */
const MigrateFormat *
migrate_format_by_names(List *names, const char **evidence)
{
	for (const MigrateFormat *f = migrate_formats; f->name != NULL; f++)
	{
		if (f->looks_like == NULL || !f->looks_like(names))
			continue;
		/* the manifest may be missing */
		*evidence = f->manifest != NULL && migrate_has_name(names, f->manifest) ? f->manifest :
			f->settings_file != NULL && migrate_has_name(names, f->settings_file) ? f->settings_file :
			f->parse_name != NULL ? first_of_format(f, names, true) : NULL;
		return f;
	}
	for (const MigrateFormat *f = migrate_formats; f->name != NULL; f++)
		if (f->by_name && (*evidence = first_of_format(f, names, false)) != NULL)
			return f;
	return NULL;
}

/*
 * The rows of migrate_formats[] that have evidence of a kind, and their grammars.
 */
typedef struct Evidence
{
	int			n;
	const MigrateFormat *formats[MIGRATE_MAX_FORMATS];
	const MigrateGrammar *grammars[MIGRATE_MAX_FORMATS];
} Evidence;

static void
add_evidence(Evidence *evidence, const MigrateFormat *format)
{
	evidence->formats[evidence->n] = format;
	evidence->grammars[evidence->n++] = format->grammar;
}

static void
remove_evidence(Evidence *evidence, int number)
{
	evidence->n--;
	for (int i = number; i < evidence->n; i++)
	{
		evidence->formats[i] = evidence->formats[i + 1];
		evidence->grammars[i] = evidence->grammars[i + 1];
	}
}

/*
 * Detection, file by file: the best format that the files so far are evidence
 * for.  "best" is the result for those before, NULL for the first one.
 *
 * The name of a file matters only if it has markers of the format, as few have.
 */
const MigrateFormat *
migrate_format_detect(const MigrateFormat *best, const char *file, const char *sql)
{
	Evidence	evidence = {0};
	MigrateFileName parsed = {0};
	int			found;

	for (const MigrateFormat *f = migrate_formats; f->name != NULL && f != best; f++)
	{
		if (f->by_markers)
			add_evidence(&evidence, f);
		if (f->by_name && f->parse_name(file, &parsed) && parsed.part == PART_UP)
		{
			best = f;
			break;
		}
	}
	while ((found = migrate_grammar_first(evidence.grammars, evidence.n, sql)) >= 0 &&
		   !evidence.formats[found]->parse_name(file, &parsed))
		remove_evidence(&evidence, found);
	return found < 0 ? best : evidence.formats[found];
}

/*
 * May a directory that looks like "format" be one of "other"?
 */
bool
migrate_format_may_be(const MigrateFormat *format, const MigrateFormat *other)
{
	return other->like != NULL && strstr(other->like, format->name) != NULL;
}

/*
 * The format of a directory that looks like "format", but also like other formats:
 * the one whose tool's table exists.  NULL if none does.
 */
const MigrateFormat *
migrate_format_by_table(const MigrateFormat *format, MigrateTableExists exists)
{
	for (const MigrateFormat *f = migrate_formats; f->name != NULL; f++)
		if (migrate_format_may_be(format, f) && f->table != NULL && exists(f->table, f->column))
			return f;
	return NULL;
}

/*
 * The format that a history has been applied in, unless that of the directory is
 * known to be that: 55000 where its files are of another one.
 */
const MigrateFormat *
migrate_format_of_history(const MigrationSet *set, const char *remembered)
{
	const MigrateFormat *format;

	/* some have several layouts under one name */
	if (strcmp(migrate_format_name(set->format), remembered) == 0)
		return NULL;
	format = migrate_format_named(remembered, NIL);
	if (set->flyway != NULL || !migrate_format_may_be(set->format, format))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("directory looks like format \"%s\", but the history was applied in format \"%s\"",
						migrate_format_name(set->format), remembered),
				 set->format_evidence == NULL ? 0 :
				 errdetail("It was detected from \"%s\".", set->format_evidence),
				 errhint("If it is the right directory, format => '%s' changes the format of the history.",
						 migrate_format_name(set->format))));
	return format;
}

/*
 * The place of a migration in the order of a format that may have been meant.  NULL if
 * its name is none there, unless that begins with a number and a period, which only a
 * few formats read.
 */
static const char *
key_in(const MigrateFormat *format, const char *file)
{
	MigrateFileName parsed = {0};
	int			digits = strspn(file, MIGRATE_DIGITS);

	if (format->parse_name(file, &parsed))
		return parsed.sort_key;
	return digits > 0 && file[digits] == '.' ? migrate_numeric_key(file, digits) : NULL;
}

/*
 * 22023 if a directory, whose format has been detected, has the names of another one in
 * which the order is not the same, since one of them orders by number, the other by text,
 * and if nothing else decides.
 */
void
migrate_format_check_order(const MigrationSet *set, List *names, MigrateTableExists exists)
{
	const MigrateFormat *format = set->format;
	const MigrateFormat *twin = format->twin ? migrate_format_named(format->twin, NIL) : NULL;
	const Migration *before = NULL;
	const Migration *wrong = NULL;
	const Migration *last = NULL;
	const char *last_key = NULL;
	ListCell   *lc;

	if (twin == NULL || (format->is_sure != NULL && format->is_sure(names)))
		return;
	foreach(lc, set->migrations)
	{
		const Migration *migration = lfirst(lc);
		const char *key = key_in(twin, migration->file);

		if (key == NULL || migration->depends_line > 0)
			return;
		if (wrong == NULL && last_key != NULL && strcmp(last_key, key) > 0)
		{
			before = last;
			wrong = migration;
		}
		last = migration;
		last_key = key;
	}
	if (wrong != NULL && (format->table == NULL || !exists(format->table, format->column)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("order of the migrations is ambiguous"),
				 errdetail("File \"%s\" comes before \"%s\" in the format \"%s\", and after it in \"%s\".",
						   before->file, wrong->file, format->name, twin->name),
				 errhint("Specify \"format\" as \"%s\" or as \"%s\".", format->name, twin->name)));
}

/*
 * Another format that a file's text is marked as one of, or NULL.  With "ambiguous",
 * also where there is doubt.
 */
const MigrateFormat *
migrate_format_marked(const MigrateFormat *format, const char *sql, bool ambiguous)
{
	Evidence	evidence = {0};
	int			found;

	for (const MigrateFormat *f = migrate_formats; f->name != NULL; f++)
		if (f->by_markers && f->grammar != format->grammar && f->grammar->is_text == NULL &&
			(ambiguous || !migrate_grammar_is_ambiguous(f->grammar)))
			add_evidence(&evidence, f);
	found = migrate_grammar_first(evidence.grammars, evidence.n, sql);
	return found < 0 ? NULL : evidence.formats[found];
}

/*
 * A file has the markers of another format.  "evidence" is the file that the
 * format was detected from, NULL if it was given: a warning then, else an error
 * (22023).
 */
void
migrate_format_refuse_foreign(const MigrateFormat *format, const char *evidence, const char *file,
							  const MigrateFormat *other)
{
	if (evidence == NULL)
		ereport(WARNING,
				(errmsg("file \"%s\" looks like one of format \"%s\"", file, other->name)));
	else if (strcmp(evidence, file) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("format of file \"%s\" is ambiguous", file),
				 errdetail("Its name is one of format \"%s\", its markers are of format \"%s\".",
						   format->name, other->name),
				 errhint("Specify \"format\".")));
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("directory has migrations of two formats"),
				 errdetail("File \"%s\" is one of format \"%s\", file \"%s\" of format \"%s\".",
						   evidence, format->name, file, other->name),
				 errhint("Move the files of one format to another directory, or specify \"format\".")));
}

/*
 * Refuse a file that the directory's format ignores but that its markers show to be
 * a migration in another format.  Otherwise it would be missed in silence.
 */
void
migrate_format_check_ignored(const MigrateFormat *format, const char *evidence,
							 const char *file, const char *sql)
{
	MigrateFileName parsed = {0};
	const MigrateFormat *other = migrate_format_marked(format, sql, true);

	if (other != NULL && other->parse_name(file, &parsed))
		migrate_format_refuse_foreign(format, evidence, file, other);
	else if (format->wider != NULL &&
			 migrate_format_named(format->wider, NIL)->parse_name(file, &parsed))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("format of the directory is ambiguous"),
				 errdetail("File \"%s\" is a migration in the format \"%s\", but not in \"%s\".",
						   file, format->wider, format->name),
				 errhint("Specify \"format\" as \"%s\" to run all of them or as \"%s\" to ignore the file, or rename the file.",
						 format->wider, format->name)));
}

/*
 * Is a file of this name a migration, or a part of one, in a format, or in any
 * if that is NULL?  Only for formats without an order of their own.
 */
bool
migrate_format_reads(const MigrateFormat *format, const char *file)
{
	MigrateFileName parsed = {0};

	if (format != NULL)
		return format->parse_name != NULL && format->parse_name(file, &parsed);
	for (const MigrateFormat *f = migrate_formats; f->name != NULL; f++)
		if ((f->by_markers || f->by_name) && f->parse_name(file, &parsed))
			return true;
	return false;
}

/*
 * The other format that a file seems to have, or NULL.  A file of a format that is
 * detected by its markers may have none of them if the format takes such a file as
 * a whole; then the markers of other formats count, even those that are common
 * comments.
 */
const MigrateFormat *
migrate_format_foreign(const MigrateFormat *format, const char *evidence, const char *sql)
{
	if (!format->by_markers)
		return migrate_format_marked(format, sql, evidence == NULL);
	if (!format->grammar->whole_file || migrate_grammar_first(&format->grammar, 1, sql) >= 0)
		return NULL;
	return migrate_format_marked(format, sql, true);
}
