/*-------------------------------------------------------------------------
 *
 * object.c
 *		The objects that the last run has recorded: migrate.object.
 *
 * One record for the whole database, not one for each history.  A row without a kind
 * says that there is a record, even of a database without objects, and which major
 * version of the server has written the definitions.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/object.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "history/history.h"
#include "history/history_int.h"
#include "history/object.h"
#include "history/owner_query.h"
#include "history/table.h"
#include "util/compat.h"

/* of the row that is no object */
#define NO_KIND		""

enum ObjectColumn
{
	OBJECT_KIND = 1,
	OBJECT_NAME,
	OBJECT_DEFINITION,
};

static const MigrateColumn object_columns[] = {
	{"kind", TEXTOID, true}, {"name", TEXTOID, true}, {"definition", TEXTOID, true},
	{"project", TEXTOID, true}, {"schema", TEXTOID, true}, {NULL}
};

static const MigrateTableDef object_table = {
	"object", "object_pkey", {OBJECT_KIND, OBJECT_NAME}, NULL, object_columns
};

struct MigrateObjectScan
{
	MigrateTableScan *rows;
	MemoryContext context;		/* of the object that was returned last */
	MigrateObject object;
	char	   *server;
};

/*
 * Read the next row into scan->object; false if there is none.
 */
static bool
read_object(MigrateObjectScan *scan)
{
	const bool *nulls;
	const Datum *values = migrate_table_scan_next(scan->rows, &nulls);
	MemoryContext old;

	if (values == NULL)
		return false;
	MemoryContextReset(scan->context);
	old = MemoryContextSwitchTo(scan->context);
	scan->object.kind = TextDatumGetCString(values[OBJECT_KIND - 1]);
	scan->object.name = TextDatumGetCString(values[OBJECT_NAME - 1]);
	scan->object.definition = TextDatumGetCString(values[OBJECT_DEFINITION - 1]);
	MemoryContextSwitchTo(old);
	return true;
}

/*
 * Begin to read what is recorded; NULL if nothing is.  "latest" is for a run, which
 * reads what is committed; else it is what the active snapshot sees.  Has to be ended
 * by migrate_object_scan_end().  Errors: 55000 if the table is not as it was created.
 */
MigrateObjectScan *
migrate_object_scan_begin(bool latest)
{
	MigrateObjectScan *scan = palloc0(sizeof(MigrateObjectScan));

	scan->rows = migrate_table_scan_begin(&object_table, NULL, NULL, 0, latest);
	scan->context = AllocSetContextCreate(CurrentMemoryContext, "migrate recorded object",
										  ALLOCSET_DEFAULT_SIZES);
	/* the row that is no object comes first */
	if (!read_object(scan) || strcmp(scan->object.kind, NO_KIND) != 0)
	{
		migrate_object_scan_end(scan);
		return NULL;
	}
	scan->server = pstrdup(scan->object.definition);
	return scan;
}

/*
 * The major version of the server that has written the definitions, such as "15".
 */
const char *
migrate_object_scan_server(const MigrateObjectScan *scan)
{
	return scan->server;
}

/*
 * The next object, in the order of kind and name, bytewise; NULL after the last one.
 * It is good until the next call.
 */
const MigrateObject *
migrate_object_scan_next(MigrateObjectScan *scan)
{
	CHECK_FOR_INTERRUPTS();
	return read_object(scan) ? &scan->object : NULL;
}

void
migrate_object_scan_end(MigrateObjectScan *scan)
{
	migrate_table_scan_end(scan->rows);
	MemoryContextDelete(scan->context);
	pfree(scan);
}

/*
 * What to write, as the argument of write_objects().
 */
typedef struct ObjectChanges
{
	const MigrateHistory *history;
	List	   *gone;
	List	   *found;
} ObjectChanges;

static void
insert_object(MigrateTable *table, const MigrateHistory *history, const MigrateObject *object)
{
	MigrateParameters p = {0};

	migrate_bind_text(&p, object->kind);
	migrate_bind_text(&p, object->name);
	migrate_bind_text(&p, object->definition);
	migrate_bind_text(&p, history->project);
	migrate_bind_text(&p, history->schema);
	migrate_table_insert(table, &p);
}

static void
delete_object(MigrateTable *table, const MigrateObject *object)
{
	const AttrNumber columns[] = {OBJECT_KIND, OBJECT_NAME};
	const Datum values[] = {CStringGetTextDatum(object->kind), CStringGetTextDatum(object->name)};

	(void) migrate_table_delete(table, columns, values, lengthof(columns));
}

static void
write_objects(void *arg)
{
	const ObjectChanges *changes = arg;
	MigrateTable *table = migrate_table_open(&object_table);
	ListCell   *lc;

	foreach(lc, changes->gone)
	{
		CHECK_FOR_INTERRUPTS();
		delete_object(table, lfirst(lc));
	}
	foreach(lc, changes->found)
	{
		CHECK_FOR_INTERRUPTS();
		insert_object(table, changes->history, lfirst(lc));
	}
	migrate_table_close(table);
	CommandCounterIncrement();
}

/*
 * Record what has changed: objects (MigrateObject) that are gone, and those found that
 * are new.  One with another definition is in both lists.
 */
void
migrate_record_object_changes(const MigrateHistory *history, List *gone, List *found)
{
	ObjectChanges changes = {history, gone, found};

	migrate_write_tables(write_objects, &changes);
}

/*
 * Record that there is a record, of this server; "exists" if there is one of another.
 */
void
migrate_record_object_server(const MigrateHistory *history, bool exists)
{
	MigrateObject row = {NO_KIND, "", PG_MAJORVERSION};

	migrate_record_object_changes(history, exists ? list_make1(&row) : NIL, list_make1(&row));
}
