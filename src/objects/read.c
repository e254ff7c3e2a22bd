/*-------------------------------------------------------------------------
 *
 * read.c
 *		Reads the rows of one kind of object, also while others drop some.
 *
 * The functions of the server that show definitions read the catalogs as they are, not as
 * the snapshot sees them, and raise an internal error for what is not there any more.  So
 * rows are read in subtransactions.  After such an error, the rest of a kind is read by
 * numbers, without what is gone by then: in portions, of which those with an error are
 * halved, down to the object that has it.  That one is read as it is now, or left out if it
 * is gone, too.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/read.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/snapmgr.h"

#include "objects/objects.h"
#include "objects/objects_int.h"
#include "util/names.h"
#include "util/printable.h"
#include "util/subtransaction.h"

/* rows in memory at a time */
#define FETCH 500
/* so often an object is read that changes each time */
#define MAX_TRIES 10

/*
 * The rows that are still to be read, by number.
 */
typedef struct Rest
{
	const MigrateObjectRows *rows;
	SPIPlanPtr	plan;
	int			count;
	Oid		   *ids;
	char	  **names;			/* in this order */
} Rest;

/*
 * A part of them that is read at once.
 */
typedef struct Range
{
	Rest	   *rest;
	int			first;
	int			end;			/* after the last one */
	bool		now;			/* as they are now, not as the active snapshot
								 * sees them */
} Range;

static char *
name_of(const SPITupleTable *table, uint64 row)
{
	return SPI_getvalue(table->vals[row], table->tupdesc, 1);
}

static Oid
number_of(const SPITupleTable *table, uint64 row, int column)
{
	bool		isnull;

	return DatumGetObjectId(SPI_getbinval(table->vals[row], table->tupdesc, column, &isnull));
}

/*
 * Hand a row to the receiver.
 */
static void
visit_row(const MigrateObjectRows *rows, const SPITupleTable *table, uint64 row)
{
	MigrateNumberedObject object = {.kind = rows->kind->kind};

	object.name = name_of(table, row);
	object.definition = SPI_getvalue(table->vals[row], table->tupdesc, 2);
	object.of_id = number_of(table, row, 3);
	object.id = number_of(table, row, 4);
	/* null if somebody has dropped it meanwhile */
	if (object.name == NULL)
		return;
	rows->visit(&object, rows->arg);
	pfree((void *) object.definition);
	pfree((void *) object.name);
}

/*
 * Raise an error that is not due to what others have changed.
 */
static void
forget_internal_error(ErrorData *error)
{
	if (error->sqlerrcode != ERRCODE_INTERNAL_ERROR)
		ReThrowError(error);
	FreeErrorData(error);
}

static void
fetch(void *arg)
{
	SPI_cursor_fetch((Portal) arg, true, FETCH);
}

/*
 * Hand the rows of a query to the receiver, up to an internal error.  Returns whether that
 * was the end, and in *count how many rows there were.
 */
static bool
read_portal(const MigrateObjectRows *rows, Portal portal, uint64 *count)
{
	uint64		processed;

	*count = 0;
	do
	{
		ErrorData  *error = migrate_try(fetch, portal);
		SPITupleTable *table = SPI_tuptable;

		if (error != NULL)
		{
			forget_internal_error(error);
			return false;
		}
		processed = SPI_processed;
		for (uint64 i = 0; i < processed; i++)
			visit_row(rows, table, i);
		SPI_freetuptable(table);
		*count += processed;
	} while (processed == FETCH);
	return true;
}

/*
 * Prepare a query, which is planned once.
 */
static SPIPlanPtr
prepare(const char *query)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(query, MIGRATE_OBJECT_PARAMETERS, migrate_object_types,
										  CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL)
		elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * Read the rows of a range.
 */
static void
read_range(void *arg)
{
	const Range *range = arg;
	const Rest *rest = range->rest;
	Datum		values[MIGRATE_OBJECT_PARAMETERS];

	memcpy(values, rest->rows->values, sizeof(values));
	values[MIGRATE_OBJECT_PARAMETERS - 1] =
		PointerGetDatum(migrate_object_numbers(&rest->ids[range->first], range->end - range->first));
	if (range->now)
		PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute_plan(rest->plan, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the objects");
	if (range->now)
		PopActiveSnapshot();
}

/*
 * Hand the rows of a range to the receiver.  A number may be that of objects of several
 * catalogs, of which some are in another range; and one may have another name by now.
 */
static void
visit_range(const Range *range)
{
	SPITupleTable *table = SPI_tuptable;
	uint64		processed = SPI_processed;
	int			next = range->first;

	for (uint64 i = 0; i < processed && next < range->end; i++)
	{
		const char *name = name_of(table, i);

		if (name == NULL || strcmp(name, range->rest->names[next]) != 0)
			continue;
		visit_row(range->rest->rows, table, i);
		next++;
	}
	SPI_freetuptable(table);
}

/*
 * Read an object that has been changed or dropped meanwhile, as it is now.
 */
static void
read_changed(Rest *rest, int number)
{
	Range		range = {rest, number, number + 1,.now = true};
	ErrorData  *error;

	for (int tries = 1; (error = migrate_try(read_range, &range)) != NULL; tries++)
	{
		CHECK_FOR_INTERRUPTS();
		if (tries == MAX_TRIES)
			ReThrowError(error);
		forget_internal_error(error);
	}
	visit_range(&range);
}

/*
 * Read a range, in parts where it has an error.
 */
static void
read_parts(Rest *rest, int first, int end)
{
	Range		range = {rest, first, end};
	ErrorData  *error;
	int			middle = first + (end - first) / 2;

	CHECK_FOR_INTERRUPTS();
	error = migrate_try(read_range, &range);
	if (error == NULL)
	{
		visit_range(&range);
		return;
	}
	forget_internal_error(error);
	if (end - first == 1)
		read_changed(rest, first);
	else
	{
		read_parts(rest, first, middle);
		read_parts(rest, middle, end);
	}
}

/*
 * List the names and numbers of the rows; they are in SPI_tuptable then.
 */
static uint64
list_rows(const MigrateObjectRows *rows, SPIPlanPtr plan)
{
	if (SPI_execute_plan(plan, rows->values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the objects");
	return SPI_processed;
}

/*
 * The names of those that are there now.
 */
static MigrateNames *
names_now(const MigrateObjectRows *rows, SPIPlanPtr plan)
{
	MigrateNames *names = migrate_names_create();
	uint64		processed;

	PushActiveSnapshot(GetLatestSnapshot());
	processed = list_rows(rows, plan);
	PopActiveSnapshot();
	for (uint64 i = 0; i < processed; i++)
	{
		char	   *name = name_of(SPI_tuptable, i);

		if (name != NULL)
			(void) migrate_names_add(names, name, NULL);
	}
	SPI_freetuptable(SPI_tuptable);
	return names;
}

/*
 * Which rows that are not gone are there after so many?
 */
static void
list_rest(Rest *rest, uint64 skip)
{
	const MigrateObjectRows *rows = rest->rows;
	SPIPlanPtr	plan = prepare(migrate_object_list_query(rows->kind, rows->common, rows->condition));
	MigrateNames *now = names_now(rows, plan);
	uint64		processed = list_rows(rows, plan);

	rest->ids = palloc_extended(Max(processed, 1) * sizeof(Oid), MCXT_ALLOC_HUGE);
	rest->names = palloc_extended(Max(processed, 1) * sizeof(char *), MCXT_ALLOC_HUGE);
	for (uint64 i = skip; i < processed; i++)
	{
		char	   *name = name_of(SPI_tuptable, i);

		if (name == NULL || !migrate_names_have(now, name))
			continue;
		rest->names[rest->count] = name;
		rest->ids[rest->count++] = number_of(SPI_tuptable, i, 2);
	}
	SPI_freetuptable(SPI_tuptable);
	SPI_freeplan(plan);
}

/*
 * Read the rows of a kind after the first so many.
 */
static void
read_rest(const MigrateObjectRows *rows, uint64 skip)
{
	Rest		rest = {rows};

	list_rest(&rest, skip);
	rest.plan = prepare(migrate_object_query(rows->kind, rows->common, MIGRATE_OBJECTS_BY_NUMBER));
	for (int first = 0; first < rest.count; first += FETCH)
		read_parts(&rest, first, Min(first + FETCH, rest.count));
	SPI_freeplan(rest.plan);
}

/*
 * Hand the rows of a kind to the receiver, in the order of names, as the active snapshot
 * sees them.  An object that another session drops meanwhile may be left out.  "portal"
 * has them, and is closed.  To be called inside of an SPI connection.
 */
void
migrate_object_rows(const MigrateObjectRows *rows, Portal portal)
{
	uint64		count;
	bool		complete = read_portal(rows, portal, &count);

	SPI_cursor_close(portal);
	if (!complete)
		read_rest(rows, count);
}
