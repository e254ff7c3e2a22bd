/*-------------------------------------------------------------------------
 *
 * picture.c
 *		The objects of the database at a time, and how two times differ.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/picture.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

#include "objects/objects.h"
#include "run/verify.h"
#include "util/names.h"

/*
 * What a receiver of objects adds to.
 */
typedef struct Painter
{
	MigratePicture *picture;
	MemoryContext context;
} Painter;

/*
 * A picture without an object, in CurrentMemoryContext, which has to live as long as
 * objects are added.
 */
MigratePicture *
migrate_picture_empty(void)
{
	MigratePicture *picture = palloc0(sizeof(MigratePicture));

	picture->names = migrate_names_create();
	return picture;
}

/*
 * Add an object, which is not copied.
 */
void
migrate_picture_add(MigratePicture *picture, const MigratePictured *object)
{
	if (migrate_names_add(picture->names, object->object, (void *) object))
		picture->objects = lappend(picture->objects, (void *) object);
}

static void
paint(const MigrateNumberedObject *object, void *arg)
{
	Painter    *painter = arg;
	MemoryContext old = MemoryContextSwitchTo(painter->context);
	MigratePictured *pictured = palloc(sizeof(MigratePictured));

	pictured->object = psprintf("%s %s", object->kind, object->name);
	pictured->definition = pstrdup(object->definition);
	pictured->id = object->id;
	pictured->of_id = object->of_id;
	migrate_picture_add(painter->picture, pictured);
	MemoryContextSwitchTo(old);
}

static void
paint_row(const char *kind, const char *name, const char *definition, void *arg)
{
	const MigrateNumberedObject object = {.kind = kind,.name = name,.definition = definition};

	paint(&object, arg);
}

/*
 * A snapshot that sees what has just been done.
 */
static void
push_snapshot(void)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
}

/*
 * All objects of the database, in CurrentMemoryContext.
 */
MigratePicture *
migrate_picture_all(void)
{
	Painter		painter = {migrate_picture_empty(), CurrentMemoryContext};
	const MigrateObjectFilter filter = {.owners = true,.privileges = true};

	push_snapshot();
	migrate_objects(&filter, paint_row, &painter);
	PopActiveSnapshot();
	return painter.picture;
}

/*
 * These objects, if they exist, and what belongs to them, in CurrentMemoryContext.
 */
MigratePicture *
migrate_picture_of(const ObjectAddress *addresses, int count)
{
	Painter		painter = {migrate_picture_empty(), CurrentMemoryContext};

	push_snapshot();
	migrate_objects_touched(addresses, count, paint, &painter);
	PopActiveSnapshot();
	return painter.picture;
}

/*
 * The lines of a text, as a list, and their numbers by their text.
 */
static List *
split_lines(const char *text, MigrateNames *names)
{
	List	   *lines = NIL;
	char	   *rest = pstrdup(text);

	while (rest != NULL)
	{
		char	   *line = rest;

		rest = strchr(line, '\n');
		if (rest != NULL)
			*rest++ = '\0';
		lines = lappend(lines, line);
		(void) migrate_names_add(names, line, line);
	}
	return lines;
}

/*
 * The lines that the other text does not have, each with a mark before it.
 */
static void
append_lines(StringInfo buf, const List *lines, const MigrateNames *others, char mark)
{
	ListCell   *lc;

	foreach(lc, lines)
	{
		if (!migrate_names_have(others, lfirst(lc)))
			appendStringInfo(buf, "%s%c %s", buf->len > 0 ? "\n" : "", mark, (char *) lfirst(lc));
	}
}

/*
 * How a definition differs from what it was before: lines that are gone with "-", new
 * ones with "+".
 */
static char *
difference(const char *before, const char *after)
{
	MigrateNames *before_names = migrate_names_create();
	MigrateNames *after_names = migrate_names_create();
	List	   *before_lines = split_lines(before, before_names);
	List	   *after_lines = split_lines(after, after_names);
	StringInfoData buf;

	initStringInfo(&buf);
	append_lines(&buf, before_lines, after_names, '-');
	append_lines(&buf, after_lines, before_names, '+');
	if (buf.len == 0)
		appendStringInfoString(&buf, "the order of lines, such as columns");
	return buf.data;
}

/*
 * Report each difference of the objects "after" from those "before": what it leaves, what
 * it lacks, and what differs, in the order of the pictures.
 */
void
migrate_picture_compare(const MigratePicture *before, const MigratePicture *after,
						MigrateDifference report, void *arg)
{
	ListCell   *lc;

	foreach(lc, after->objects)
	{
		const MigratePictured *now = lfirst(lc);
		const MigratePictured *then = migrate_names_get(before->names, now->object);

		CHECK_FOR_INTERRUPTS();
		if (then == NULL)
			report("leaves", now->object, now->definition, arg);
		else if (strcmp(then->definition, now->definition) != 0)
			report("differs", now->object, difference(then->definition, now->definition), arg);
	}
	foreach(lc, before->objects)
	{
		const MigratePictured *then = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (!migrate_names_have(after->names, then->object))
			report("lacks", then->object, then->definition, arg);
	}
}
