/*-------------------------------------------------------------------------
 *
 * yoyo.c
 *		yoyo's migrations in SQL: names, directives, and the order that they give.
 *
 * The rules are those of yoyo-migrations 8.2, migrations.py and topologicalsort.py.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/yoyo.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/pairingheap.h"
#include "miscadmin.h"

#include "files/files.h"
#include "format/filename.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/grammar.h"
#include "util/lines.h"
#include "util/names.h"
#include "util/printable.h"

#define ROLLBACK	".rollback.sql"
#define HOOK		"post-apply"

/*
 * The length of what "yoyo new" puts before the name, a date, a number of two digits
 * and five random letters or digits; 0 if the name does not begin so.  *random is set if
 * these are no word.
 */
static int
generated_length(const char *stem, bool *random)
{
	if (strspn(stem, MIGRATE_DIGITS) != 8 || stem[8] != '_' ||
		strspn(stem + 9, MIGRATE_DIGITS) != 2 || stem[11] != '_')
		return 0;
	for (int i = 12; i < 17; i++)
	{
		if (!isalnum((unsigned char) stem[i]))
			return 0;
		*random |= !islower((unsigned char) stem[i]);
	}
	return stem[17] == '-' || stem[17] == '\0' ? 17 : 0;
}

/*
 * yoyo: any "*.sql", known by the name of the file without that; what undoes it is
 * in a file ".rollback.sql".
 */
bool
migrate_filename_yoyo(const char *file, MigrateFileName *parsed)
{
	bool		is_down = migrate_has_suffix(file, ROLLBACK);
	int			length = strlen(file) - strlen(is_down ? ROLLBACK : ".sql");
	char	   *stem;
	bool		random;
	int			version;

	if (!migrate_is_flat(file) || !migrate_has_suffix(file, ".sql") || length <= 0 ||
		strncmp(file, HOOK, strlen(HOOK)) == 0)
		return false;
	stem = pnstrdup(file, length);
	version = generated_length(stem, &random);
	if (version == 0)
		version = strspn(stem, MIGRATE_DIGITS);
	if (version == 0)
		version = length;
	parsed->part = is_down ? PART_DOWN : PART_UP;
	parsed->version = pnstrdup(stem, version);
	parsed->name = pstrdup(stem + version + (version < length && strchr("-_.", stem[version]) != NULL));
	parsed->sort_key = psprintf("%s.sql", stem);
	return true;
}

/*
 * It is yoyo if a file has its ".rollback.sql" beside it, or if all names are as "yoyo
 * new" makes them.
 */
bool
migrate_directory_is_yoyo(List *names)
{
	bool		all = true;
	bool		random = false;
	ListCell   *lc;

	foreach(lc, names)
	{
		const char *file = lfirst(lc);
		bool		is_rollback = migrate_has_suffix(file, ROLLBACK);

		if (!(is_rollback || all) || !migrate_is_flat(file) || !migrate_has_suffix(file, ".sql"))
			continue;
		if (is_rollback &&
			migrate_has_name(names, psprintf("%.*s.sql", (int) (strlen(file) - strlen(ROLLBACK)), file)))
			return true;
		if (all)
			all = generated_length(pnstrdup(file, strlen(file) - strlen(".sql")), &random) > 0;
	}
	return all && random;
}

/*
 * What a file is as a hook, "post-apply*.sql": a callback that runs after each run that has
 * applied something (backends/base.py, apply_migrations()); false if it is none.
 */
bool
migrate_yoyo_hook(const char *file, MigrateFileName *parsed)
{
	if (!migrate_is_flat(file) || strncmp(file, HOOK, strlen(HOOK)) != 0 ||
		!migrate_has_suffix(file, ".sql") || migrate_has_suffix(file, ROLLBACK))
		return false;
	parsed->kind = KIND_CALLBACK;
	parsed->part = PART_UP;
	parsed->event = EVENT_AFTER_APPLIED;
	parsed->version = pstrdup("");
	parsed->name = pstrdup(file);
	parsed->description = pstrdup("");
	parsed->sort_key = pstrdup(file);
	return true;
}

/*
 * 0A000 for a hook in Python.
 */
void
migrate_refuse_yoyo(const char *file)
{
	if (migrate_is_flat(file) && strncmp(file, HOOK, strlen(HOOK)) == 0 && migrate_has_suffix(file, ".py"))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("hook \"%s\" cannot be run", file),
				 errhint("Write it in SQL, or move the file out of the directory.")));
}

/*
 * The next line of the comment that a file begins with; false at its end.
 */
static bool
next_leading_line(MigrateLineReader *lines)
{
	const MigrateLine *line = &lines->line;
	int			blank;

	if (!migrate_lines_next(lines))
		return false;
	blank = migrate_skip_spaces(line->str, line->length);
	return migrate_is_word(line->str, line->length, "") ||
		(line->length - blank >= 2 && memcmp(line->str + blank, "--", 2) == 0);
}

/*
 * The value of a line "-- key: value", palloc'd; NULL if it is another line.
 */
static char *
directive(const MigrateLine *line, const char *key)
{
	const char *p = line->str;
	const char *end = line->str + line->length;
	int			n = strlen(key);

	p += migrate_skip_spaces(p, end - p);
	if (end - p < 2 || memcmp(p, "--", 2) != 0)
		return NULL;
	p += 2;
	p += migrate_skip_spaces(p, end - p);
	if (end - p < n || memcmp(p, key, n) != 0)
		return NULL;
	p += n;
	p += migrate_skip_spaces(p, end - p);
	return p < end && *p == ':' ? pnstrdup(p + 1, end - p - 1) : NULL;
}

/*
 * Does the comment at the head of a file say what it depends on?
 */
bool
migrate_is_yoyo_text(const char *sql)
{
	MigrateLineReader lines;

	migrate_lines_start(&lines, sql, strlen(sql));
	while (next_leading_line(&lines))
	{
		char	   *depends = directive(&lines.line, "depends");

		if (depends == NULL)
			continue;
		pfree(depends);
		return true;
	}
	return false;
}

/*
 * Parse the directives at the head of a file.  Errors: 42601 for a value of
 * "transactional" that is none.
 */
void
migrate_parse_yoyo_directives(Migration *migration, const char *sql, int length)
{
	MigrateLineReader lines;

	/* those of the other part have no effect */
	if (!migration->up.present)
		return;
	migrate_lines_start(&lines, sql, length);
	while (next_leading_line(&lines))
	{
		char	   *value = directive(&lines.line, "transactional");
		char	   *save = NULL;

		if (value != NULL && !migrate_is_word(value, strlen(value), "true") &&
			!migrate_is_word(value, strlen(value), "false"))
			migrate_bad_file(migration->file, lines.line.number,
							 "value of \"transactional\" is neither \"true\" nor \"false\"", NULL);
		if (value != NULL)
			migration->up.transactional = migrate_is_word(value, strlen(value), "true");
		value = directive(&lines.line, "depends");
		if (value == NULL)
			continue;
		migration->depends_line = lines.line.number;
		for (char *id = strtok_r(value, " \t\r\f\v", &save); id != NULL; id = strtok_r(NULL, " \t\r\f\v", &save))
			migration->depends = lappend(migration->depends, id);
	}
}

/*
 * A migration among those that are to be ordered.
 */
typedef struct Dependent
{
	pairingheap_node node;
	Migration  *migration;
	int			position;		/* in the order of names */
	int			waits_for;		/* so many that it depends on */
	List	   *dependents;		/* of Dependent: those that depend on it */
} Dependent;

static int
compare_positions(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	return pairingheap_const_container(Dependent, node, b)->position -
		pairingheap_const_container(Dependent, node, a)->position;
}

/*
 * Find what each depends on; true if something comes later in the order of names than
 * what depends on it.  58P01 if it is not there.
 */
static bool
link_dependents(Dependent *dependents, int n)
{
	MigrateNames *by_id = migrate_names_create();
	bool		moved = false;
	ListCell   *lc;

	for (int i = 0; i < n; i++)
		(void) migrate_names_add(by_id, dependents[i].migration->sort_key, &dependents[i]);
	for (int i = 0; i < n; i++)
	{
		Migration  *migration = dependents[i].migration;

		foreach(lc, migration->depends)
		{
			Dependent  *other = migrate_names_get(by_id, psprintf("%s.sql", (char *) lfirst(lc)));

			CHECK_FOR_INTERRUPTS();
			if (other == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_UNDEFINED_FILE),
						 errmsg("migration \"%s\" depends on \"%s\", which does not exist",
								migration->file, migrate_excerpt(lfirst(lc))),
						 errhint("Add file \"%s.sql\", or correct the line. If it is only a comment, specify \"format\".",
								 migrate_excerpt(lfirst(lc))),
						 errcontext("file \"%s\", line %d", migration->file, migration->depends_line)));
			other->dependents = lappend(other->dependents, &dependents[i]);
			dependents[i].waits_for++;
			moved |= other->position >= i;
		}
	}
	return moved;
}

/*
 * Put migrations, in the order of names, into that of their dependencies: each time the
 * first one whose dependencies have come.  The key of one whose own is not higher than
 * those before it has the highest of these and a number in front.  55000 if they depend
 * on each other.
 */
List *
migrate_order_by_dependencies(List *migrations)
{
	int			n = list_length(migrations);
	Dependent  *dependents = palloc_extended(Max(n, 1) * sizeof(Dependent), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	pairingheap *ready = pairingheap_allocate(compare_positions, NULL);
	const char *highest = "";
	List	   *ordered = NIL;

	for (int i = 0; i < n; i++)
	{
		dependents[i].migration = list_nth(migrations, i);
		dependents[i].position = i;

		/* what the head of the up file says is for both */
		dependents[i].migration->down.transactional = dependents[i].migration->up.transactional;
	}
	if (!link_dependents(dependents, n))
		return migrations;
	for (int i = 0; i < n; i++)
		if (dependents[i].waits_for == 0)
			pairingheap_add(ready, &dependents[i].node);
	while (!pairingheap_is_empty(ready))
	{
		Dependent  *first = pairingheap_container(Dependent, node, pairingheap_remove_first(ready));
		Migration  *migration = first->migration;
		ListCell   *lc;

		CHECK_FOR_INTERRUPTS();
		if (strcmp(migration->sort_key, highest) > 0)
			highest = migration->sort_key;
		else
			migration->sort_key = psprintf("%s\t%08d\t%s", highest, list_length(ordered), migration->sort_key);
		ordered = lappend(ordered, migration);
		foreach(lc, first->dependents)
		{
			Dependent  *dependent = lfirst(lc);

			if (--dependent->waits_for == 0)
				pairingheap_add(ready, &dependent->node);
		}
	}
	for (int i = 0; i < n; i++)
		if (dependents[i].waits_for > 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("migration \"%s\" depends on itself, perhaps through others",
							dependents[i].migration->file),
					 errcontext("file \"%s\", line %d", dependents[i].migration->file,
								dependents[i].migration->depends_line)));
	return ordered;
}
