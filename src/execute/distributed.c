/*-------------------------------------------------------------------------
 *
 * distributed.c
 *		Tables whose rows an extension keeps elsewhere: those of Citus.
 *
 * On its coordinator, such a table is an empty shell.  Citus hooks into statements to
 * get their rows to other servers.  What core's functions write into the shell without
 * a statement is never seen again.
 *
 * Nothing of Citus is needed to compile this: it has a row in pg_dist_partition for
 * each such table, since version 5.0 and up to 14.0 at least.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/distributed.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/copy.h"
#include "commands/copyfrom_internal.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "execute/execute_int.h"
#include "util/printable.h"

#define BATCH_ROWS			100
#define BATCH_PARAMETERS	1000	/* but at least one row */

/*
 * Rows on their way from COPY into an INSERT.
 */
typedef struct Batch
{
	Relation	rel;
	uint64		first_line;		/* of the rows, as COPY counts them */
	uint64		last_line;
	int			ncolumns;		/* that are written ... */
	int		   *columns;		/* ... their numbers, from 0 */
	int			capacity;		/* in rows */
	int			nrows;
	Oid		   *types;			/* of ncolumns * nrows values */
	Datum	   *values;
	char	   *nulls;			/* as SPI has them */
} Batch;

/*
 * Does Citus keep the rows of the table?  To be called inside of an SPI connection.
 */
bool
migrate_is_distributed(Oid relid)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(relid)};
	bool		found;

	if (!OidIsValid(get_extension_oid("citus", true)))
		return false;
	if (SPI_execute_with_args("SELECT FROM pg_catalog.pg_dist_partition"
							  " WHERE logicalrelid OPERATOR(pg_catalog.=) $1",
							  1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read pg_dist_partition");
	found = SPI_processed > 0;
	SPI_freetuptable(SPI_tuptable);
	return found;
}

/*
 * Refuse what the COPY of such a table cannot do: 0A000.  Citus itself has no WHERE
 * either, and ignores FREEZE.
 */
void
migrate_refuse_distributed_copy(Relation rel, const CopyStmt *stmt)
{
	const char *refused = stmt->whereClause != NULL ? "WHERE" : NULL;
	bool		freeze = false;
	ListCell   *lc;

	foreach(lc, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "on_error") == 0 && strcmp(defGetString(option), "stop") != 0)
			refused = "ON_ERROR";
		else if (strcmp(option->defname, "freeze") == 0 && defGetBoolean(option))
			freeze = true;
	}
	if (refused != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("COPY FROM with %s is not supported for distributed table \"%s\"",
						refused, RelationGetRelationName(rel)),
				 errhint("Use INSERT statements instead.")));
	if (freeze)
		ereport(NOTICE,
				(errmsg("option FREEZE of COPY is ignored for distributed table \"%s\"",
						RelationGetRelationName(rel))));
}

/*
 * A batch for the columns of a COPY; NIL for all.
 */
static Batch *
new_batch(Relation rel, List *names)
{
	List	   *numbers = CopyGetAttnums(RelationGetDescr(rel), rel, names);
	Batch	   *batch = palloc0(sizeof(Batch));
	int			n;
	ListCell   *lc;

	batch->rel = rel;
	batch->columns = palloc(Max(list_length(numbers), 1) * sizeof(int));
	foreach(lc, numbers)
		batch->columns[batch->ncolumns++] = lfirst_int(lc) - 1;
	if (batch->ncolumns == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("distributed table \"%s\" has no column to copy into",
						RelationGetRelationName(rel))));
	batch->capacity = Max(Min(BATCH_ROWS, BATCH_PARAMETERS / batch->ncolumns), 1);
	n = batch->capacity * batch->ncolumns;
	batch->types = palloc(n * sizeof(Oid));
	batch->values = palloc(n * sizeof(Datum));
	batch->nulls = palloc(n);
	return batch;
}

/*
 * The INSERT for the rows of the batch, palloc'd; "shown" is the length of what precedes
 * its parameters.  COPY gives values to identity columns, too.
 */
static char *
insert_statement(const Batch *batch, int *shown)
{
	TupleDesc	desc = RelationGetDescr(batch->rel);
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "INSERT INTO %s (",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(batch->rel)),
												RelationGetRelationName(batch->rel)));
	for (int i = 0; i < batch->ncolumns; i++)
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(NameStr(TupleDescAttr(desc, batch->columns[i])->attname)));
	appendStringInfoString(&buf, ") OVERRIDING SYSTEM VALUE VALUES ");
	*shown = buf.len;
	for (int row = 0; row < batch->nrows; row++)
	{
		for (int i = 0; i < batch->ncolumns; i++)
			appendStringInfo(&buf, "%s$%d", i > 0 ? ", " : row > 0 ? "), (" : "(",
							 row * batch->ncolumns + i + 1);
	}
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

/*
 * Add a row, which has a value for each of these columns.
 */
static void
add_row(Batch *batch, uint64 line, const Datum *values, const bool *nulls)
{
	int			first = batch->nrows * batch->ncolumns;

	if (batch->nrows == 0)
		batch->first_line = line;
	batch->last_line = line;
	for (int i = 0; i < batch->ncolumns; i++)
	{
		int			column = batch->columns[i];

		batch->types[first + i] = TupleDescAttr(RelationGetDescr(batch->rel), column)->atttypid;
		batch->values[first + i] = values[column];
		batch->nulls[first + i] = nulls[column] ? 'n' : ' ';
	}
	batch->nrows++;
}

/*
 * Error context callback for the INSERT of a batch, which is "arg".
 */
static void
batch_callback(void *arg)
{
	const Batch *batch = arg;

	if (batch->first_line == batch->last_line)
		migrate_callback_context("COPY %s, line " UINT64_FORMAT,
								 RelationGetRelationName(batch->rel), batch->first_line);
	else
		migrate_callback_context("COPY %s, lines " UINT64_FORMAT " to " UINT64_FORMAT,
								 RelationGetRelationName(batch->rel), batch->first_line, batch->last_line);
}

/*
 * Raise the current error again, without the parameters of the statement, of which there
 * are up to BATCH_PARAMETERS, in its context.
 */
static void
rethrow_without_parameters(const char *statement, int shown)
{
	ErrorData  *error = CopyErrorData();
	char	   *found = error->context != NULL ? strstr(error->context, statement) : NULL;

	FlushErrorState();
	if (found != NULL)
		error->context = psprintf("%.*s...%s", (int) (found + shown - error->context),
								  error->context, found + strlen(statement));
	ReThrowError(error);
}

static void
write_batch(Batch *batch)
{
	ErrorContextCallback callback = {
		.callback = batch_callback,
		.arg = batch,
		.previous = error_context_stack
	};
	MemoryContext context = CurrentMemoryContext;
	char	   *statement;
	int			shown;

	if (batch->nrows == 0)
		return;
	statement = insert_statement(batch, &shown);
	error_context_stack = &callback;
	PG_TRY();
	{
		if (SPI_execute_with_args(statement, batch->nrows * batch->ncolumns, batch->types,
								  batch->values, batch->nulls, false, 0) != SPI_OK_INSERT)
			elog(ERROR, "could not insert rows");
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		rethrow_without_parameters(statement, shown);
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
	batch->nrows = 0;
}

/*
 * Read the next row as COPY does, whose errors name the line.
 */
static bool
next_row(CopyFromState state, ExprContext *econtext, Datum *values, bool *nulls)
{
	ErrorContextCallback callback = {
		.callback = CopyFromErrorCallback,
		.arg = state,
		.previous = error_context_stack
	};
	MemoryContext old = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
	bool		found;

	CHECK_FOR_INTERRUPTS();
	error_context_stack = &callback;
	found = NextCopyFrom(state, econtext, values, nulls);
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(old);
	return found;
}

/*
 * Write the rows of a COPY that has begun with INSERT; returns how many.  "names" are its
 * columns, NIL for all.  To be called inside of an SPI connection.
 *
 * INSERT has only these columns, so that it needs the privileges that COPY needs; and so it
 * is INSERT that computes the defaults of the others.
 */
uint64
migrate_insert_copied(CopyFromState state, Relation rel, List *names)
{
	EState	   *estate = CreateExecutorState();
	ExprContext *econtext = GetPerTupleExprContext(estate);
	int			natts = RelationGetDescr(rel)->natts;
	Datum	   *values = palloc(natts * sizeof(Datum));
	bool	   *nulls = palloc(natts * sizeof(bool));
	Batch	   *batch = new_batch(rel, names);
	uint64		processed = 0;
	bool		found;

	/* a sequence must not go on twice */
	state->num_defaults = 0;
	do
	{
		found = next_row(state, econtext, values, nulls);
		if (found)
		{
			add_row(batch, state->cur_lineno, values, nulls);
			processed++;
		}
		if (!found || batch->nrows == batch->capacity)
		{
			MemoryContext old = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);

			write_batch(batch);
			MemoryContextSwitchTo(old);
			ResetPerTupleExprContext(estate);
		}
	} while (found);
	FreeExecutorState(estate);
	return processed;
}
