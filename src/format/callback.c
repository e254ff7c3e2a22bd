/*-------------------------------------------------------------------------
 *
 * callback.c
 *		Flyway's callbacks: SQL files that run at a moment of a run.
 *
 * The names are those of Flyway 13, Event.java.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/callback.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "files/files.h"
#include "format/callback.h"
#include "format/flyway_settings.h"
#include "format/format.h"
#include "format/format_int.h"
#include "format/source_int.h"
#include "util/printable.h"

/*
 * The events of Flyway, and when they happen.  Those of other commands, as clean and
 * info, are not events here.
 */
typedef struct EventName
{
	const char *name;
	MigrateDirection direction;
	MigrateEvent event;
} EventName;

static const EventName event_names[] = {
	{"beforeValidate", MIGRATE_UP, EVENT_BEFORE_VALIDATE},
	{"afterValidate", MIGRATE_UP, EVENT_AFTER_VALIDATE},
	{"beforeMigrate", MIGRATE_UP, EVENT_BEFORE_RUN},
	{"beforeEachMigrate", MIGRATE_UP, EVENT_BEFORE_EACH},
	{"afterEachMigrate", MIGRATE_UP, EVENT_AFTER_EACH},
	{"afterEachMigrateError", MIGRATE_UP, EVENT_AFTER_EACH_ERROR},
	{"beforeRepeatables", MIGRATE_UP, EVENT_BEFORE_REPEATABLES},
	{"afterVersioned", MIGRATE_UP, EVENT_AFTER_VERSIONED},
	{"afterMigrateApplied", MIGRATE_UP, EVENT_AFTER_APPLIED},
	{"afterMigrate", MIGRATE_UP, EVENT_AFTER_RUN},
	{"afterMigrateError", MIGRATE_UP, EVENT_AFTER_ERROR},
	{"beforeUndo", MIGRATE_DOWN, EVENT_BEFORE_RUN},
	{"beforeEachUndo", MIGRATE_DOWN, EVENT_BEFORE_EACH},
	{"afterEachUndo", MIGRATE_DOWN, EVENT_AFTER_EACH},
	{"afterEachUndoError", MIGRATE_DOWN, EVENT_AFTER_EACH_ERROR},
	{"afterUndo", MIGRATE_DOWN, EVENT_AFTER_RUN},
	{"afterUndoError", MIGRATE_DOWN, EVENT_AFTER_ERROR},
	{"beforeEachMigrateStatement", MIGRATE_UP, EVENT_UNSUPPORTED},
	{"afterEachMigrateStatement", MIGRATE_UP, EVENT_UNSUPPORTED},
	{"afterEachMigrateStatementError", MIGRATE_UP, EVENT_UNSUPPORTED},
	{"beforeEachUndoStatement", MIGRATE_DOWN, EVENT_UNSUPPORTED},
	{"afterEachUndoStatement", MIGRATE_DOWN, EVENT_UNSUPPORTED},
	{"afterEachUndoStatementError", MIGRATE_DOWN, EVENT_UNSUPPORTED},
	{"beforeConnect", MIGRATE_UP, EVENT_UNSUPPORTED},
	{"afterConnect", MIGRATE_UP, EVENT_UNSUPPORTED},
	{"createSchema", MIGRATE_UP, EVENT_UNSUPPORTED},
	{"beforeCreateSchema", MIGRATE_UP, EVENT_UNSUPPORTED},
};

/*
 * How long the name of an event is that a name begins with, the longest one; 0 if it
 * begins with none.
 */
int
migrate_callback_prefix(const char *base)
{
	int			longest = 0;

	if (*base != 'a' && *base != 'b' && *base != 'c')
		return 0;
	for (int i = 0; i < lengthof(event_names); i++)
	{
		int			n = strlen(event_names[i].name);

		if (n > longest && strncmp(base, event_names[i].name, n) == 0)
			longest = n;
	}
	return longest;
}

static const EventName *
event_named(const char *name, int length)
{
	for (int i = 0; i < lengthof(event_names); i++)
		if (strlen(event_names[i].name) == length && strncmp(event_names[i].name, name, length) == 0)
			return &event_names[i];
	return NULL;
}

/*
 * What a file is as a callback, by its name: <event>.sql or <event>__name.sql, in
 * folders of any depth; false if it is none.  The name becomes parsed->description.
 * 0A000 for an event that does not exist here.
 */
bool
migrate_callback_parse_name(const MigrateFlywaySettings *settings, const char *file, MigrateFileName *parsed)
{
	const char *base = migrate_base_name(file);
	const char *end = migrate_flyway_suffix(settings, base);
	int			n = end ? Min(migrate_callback_prefix(base), end - base) : 0;
	const EventName *event = n > 0 ? event_named(base, n) : NULL;
	int			separator = strlen(settings->separator);

	if (event == NULL ||
		(base + n != end && (base + n + separator > end || strncmp(base + n, settings->separator, separator) != 0)))
		return false;
	if (event->event == EVENT_UNSUPPORTED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("callback \"%s\" cannot be run", file),
				 errdetail("There is no event \"%s\" here.", event->name),
				 errhint("Move its statements into migrations, or the file out of the directory.")));
	parsed->kind = KIND_CALLBACK;
	parsed->part = event->direction == MIGRATE_UP ? PART_UP : PART_DOWN;
	parsed->event = event->event;
	parsed->version = pstrdup("");
	parsed->name = pstrdup(file);
	parsed->description = base + n == end ? pstrdup("") : pnstrdup(base + n + separator, end - base - n - separator);
	for (char *c = parsed->description; *c != '\0'; c++)
		if (*c == '_')
			*c = ' ';
	parsed->sort_key = pnstrdup(base, end - base);
	return true;
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	const MigrateFileName *x = lfirst(a);
	const MigrateFileName *y = lfirst(b);
	int			order = strcmp(x->description, y->description);

	return order != 0 ? order : strcmp(x->file, y->file);
}

static int
compare_bases(const ListCell *a, const ListCell *b)
{
	return strcmp(((MigrateFileName *) lfirst(a))->sort_key, ((MigrateFileName *) lfirst(b))->sort_key);
}

/*
 * Put callbacks (MigrateFileName) into the order in which those of one event run.
 * 42710 if two files, in different folders, have the same name.
 */
void
migrate_callbacks_sort(List *files)
{
	List	   *by_base = list_copy(files);

	list_sort(by_base, compare_bases);
	for (int i = 1; i < list_length(by_base); i++)
	{
		const MigrateFileName *one = list_nth(by_base, i - 1);
		const MigrateFileName *other = list_nth(by_base, i);

		if (strcmp(one->sort_key, other->sort_key) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("two callbacks have the same name"),
					 errdetail("The files are \"%s\" and \"%s\".",
							   strcmp(one->file, other->file) < 0 ? one->file : other->file,
							   strcmp(one->file, other->file) < 0 ? other->file : one->file),
					 errhint("Give one of them another name, such as \"%s__name.sql\".",
							 pnstrdup(one->sort_key, strcspn(one->sort_key, "_")))));
	}
	list_free(by_base);
	list_sort(files, compare_names);
}

/*
 * Has the directory callbacks of a run in that direction, whatever their moment?
 */
bool
migrate_source_has_callbacks(const MigrateSource *source, MigrateDirection direction)
{
	ListCell   *lc;

	foreach(lc, source->set->callbacks)
	{
		if (((MigrateFileName *) lfirst(lc))->part == (direction == MIGRATE_UP ? PART_UP : PART_DOWN))
			return true;
	}
	return false;
}

/*
 * The callbacks of a run in that direction: a list of Migration of KIND_CALLBACK, in
 * the order in which those of one event run, which belongs to the source.  They are
 * read here, and not with the migrations: most calls find nothing to run.  Errors are
 * those of reading and parsing files.
 */
List *
migrate_source_callbacks(MigrateSource *source, MigrateDirection direction)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(source));
	List	   *callbacks = NIL;
	ListCell   *lc;

	foreach(lc, source->set->callbacks)
	{
		MigrateFileName *file = lfirst(lc);
		Migration  *callback;

		CHECK_FOR_INTERRUPTS();
		if (file->part != (direction == MIGRATE_UP ? PART_UP : PART_DOWN))
			continue;
		callback = migrate_source_parse_callback(source, file);
		callback->event = file->event;
		callbacks = lappend(callbacks, callback);
	}
	MemoryContextSwitchTo(old);
	return callbacks;
}

/*
 * The verify script of a migration, as if it were a migration that goes up, which belongs
 * to the source; NULL if there is no such file.  Errors are those of reading and parsing
 * files.
 */
Migration *
migrate_source_verify_script(MigrateSource *source, const Migration *migration)
{
	MigrateFileName *file;
	MemoryContext old;
	Migration  *script;

	if (!migrate_may_have_name(migrate_directory_names(source->dir), migration->verify))
		return NULL;
	old = MemoryContextSwitchTo(GetMemoryChunkContext(source));
	file = palloc0(sizeof(MigrateFileName));
	file->file = migration->verify;
	file->part = PART_UP;
	file->version = migration->version;
	file->name = migration->name;
	file->sort_key = migration->sort_key;
	script = migrate_source_parse_callback(source, file);
	MemoryContextSwitchTo(old);
	return script;
}
