/*-------------------------------------------------------------------------
 *
 * recorder.c
 *		Keeps the records of a run, to write many at once.
 *
 * A run in a single transaction has no reason to write each of them as it comes: no
 * other session sees them before its end.  A migration itself may read them, by
 * migrate.status() and the like; so whatever reads or writes the tables first writes all that are kept.
 * If the subtransaction in which that happens is rolled back, as that of a DO block
 * with an exception handler is, they are to be written again.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/recorder.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "history/history.h"
#include "history/owner_query.h"
#include "history/recorder.h"
#include "util/printable.h"

/* what is kept at most: so many records, or so many bytes of scripts */
#define MAX_RECORDS		1000
#define MAX_BYTES		(8 * 1024 * 1024)

/*
 * The first "count" records have been written in a subtransaction, which may yet be
 * rolled back.
 */
typedef struct Written
{
	int			count;
	SubTransactionId subid;
} Written;

typedef struct Recorder
{
	MemoryContext context;		/* of records and what they point to; NULL:
								 * each record is written at once */
	MemoryContext caller;		/* while a record is bound */
	SubTransactionId subid;		/* of the run itself */
	MigrateDirection direction; /* of the records */
	MigrateRecord *records;
	int			count;
	size_t		bytes;
	List	   *written;		/* of Written, of ever more records */
	bool		writing;
} Recorder;

static Recorder recorder;

static int
written_count(void)
{
	return recorder.written == NIL ? 0 : ((Written *) llast(recorder.written))->count;
}

/*
 * A subtransaction of a migration has ended: what has been written in it counts as
 * its parent's now, or has to be written again.
 */
static void
subtransaction_ended(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	ListCell   *lc;

	if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	foreach(lc, recorder.written)
	{
		Written    *written = lfirst(lc);

		if (written->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			written->subid = parent;
		else
		{
			recorder.written = list_truncate(recorder.written, foreach_current_index(lc));
			break;
		}
	}
}

static void
forget_records(void)
{
	recorder.records = NULL;
	recorder.written = NIL;
	recorder.count = 0;
	recorder.bytes = 0;
	MemoryContextReset(recorder.context);
}

/*
 * From here on, until migrate_recorder_end(), records are kept; in the context of
 * the caller, a run in one transaction.
 */
void
migrate_recorder_begin(void)
{
	memset(&recorder, 0, sizeof(recorder));
	recorder.context = AllocSetContextCreate(CurrentMemoryContext, "migrate records",
											 ALLOCSET_DEFAULT_SIZES);
	recorder.subid = GetCurrentSubTransactionId();
	RegisterSubXactCallback(subtransaction_ended, NULL);
}

/*
 * Keep no more, and forget what is kept: after an error, or when it has been written
 * by migrate_recorder_flush().  Must follow migrate_recorder_begin(), also where that
 * has failed.
 */
void
migrate_recorder_end(void)
{
	UnregisterSubXactCallback(subtransaction_ended, NULL);
	if (recorder.context != NULL)
		MemoryContextDelete(recorder.context);
	memset(&recorder, 0, sizeof(recorder));
}

/*
 * Error context: the migration whose record is written.
 */
static void
add_context(void *arg)
{
	const MigrateRecord *first = &recorder.records[written_count()];
	const MigrateRecord *last = &recorder.records[recorder.count - 1];
	char	   *version = TextDatumGetCString(first->attempt.values[HISTORY_VERSION - 1]);

	if (first == last)
		migrate_callback_context("recording migration \"%s\"", version);
	else
		migrate_callback_context("recording migrations \"%s\" to \"%s\"", version,
								 TextDatumGetCString(last->attempt.values[HISTORY_VERSION - 1]));
}

/*
 * Write what is kept.
 */
void
migrate_recorder_flush(void)
{
	ErrorContextCallback callback = {.callback = add_context,.previous = error_context_stack};
	Written    *written;
	MemoryContext old;

	if (recorder.context == NULL || recorder.writing || recorder.count == written_count())
		return;
	recorder.writing = true;
	error_context_stack = &callback;
	PG_TRY();
	{
		migrate_record_write(recorder.direction, recorder.records + written_count(),
							 recorder.count - written_count());
	}
	PG_FINALLY();
	{
		recorder.writing = false;
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
	if (GetCurrentSubTransactionId() == recorder.subid)
	{
		forget_records();
		return;
	}
	old = MemoryContextSwitchTo(recorder.context);
	written = palloc(sizeof(Written));
	written->count = recorder.count;
	written->subid = GetCurrentSubTransactionId();
	recorder.written = lappend(recorder.written, written);
	MemoryContextSwitchTo(old);
}

/*
 * Where to bind the next record, one of a step of that direction.  Until
 * migrate_recorder_add(), which has to follow, the current memory context is that of
 * the records.
 */
MigrateRecord *
migrate_recorder_next(MigrateDirection direction)
{
	MigrateRecord *record;

	/* those of the other direction come before, perhaps of the same migration */
	if (recorder.direction != direction)
		migrate_recorder_flush();
	recorder.direction = direction;
	recorder.caller = CurrentMemoryContext;
	if (recorder.context == NULL)
		recorder.records = palloc(sizeof(MigrateRecord));
	else
	{
		MemoryContextSwitchTo(recorder.context);
		if (recorder.records == NULL)
			recorder.records = palloc(MAX_RECORDS * sizeof(MigrateRecord));
	}
	record = &recorder.records[recorder.count];
	memset(record, 0, sizeof(MigrateRecord));
	return record;
}

/*
 * The record is bound, with so many bytes of scripts: write it if none are to be
 * kept, or there are enough of them.  Those that are kept are of the run itself: what a
 * subtransaction adds would outlive its rollback, and what is written in one is not
 * forgotten, so there would be no end of them.
 */
void
migrate_recorder_add(size_t bytes)
{
	MemoryContextSwitchTo(recorder.caller);
	if (recorder.context == NULL)
	{
		migrate_record_write(recorder.direction, recorder.records, 1);
		pfree(recorder.records);
		recorder.records = NULL;
		return;
	}
	if (GetCurrentSubTransactionId() != recorder.subid)
		elog(ERROR, "a subtransaction of a run cannot add a record");
	recorder.count++;
	recorder.bytes += bytes;
	if (recorder.count == MAX_RECORDS || recorder.bytes >= MAX_BYTES)
		migrate_recorder_flush();
}
