/*-------------------------------------------------------------------------
 *
 * drift.c
 *		drift(): what has changed in the database since the last run, which has
 *		recorded its objects; and that record.
 *
 * Only what every role may read is recorded and compared.  So the answer does not
 * depend on who runs migrations and who asks, and nothing secret is in the record.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/drift.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "history/history.h"
#include "history/object.h"
#include "objects/objects.h"
#include "run/drift.h"
#include "run/lock.h"
#include "run/run.h"
#include "run/run_int.h"
#include "util/guc.h"
#include "util/printable.h"
#include "util/subtransaction.h"

/* so many bytes of objects are kept before they are written */
#define MAX_BYTES	(8 * 1024 * 1024)

/*
 * The objects of the database beside those that are recorded; both come in the same
 * order.
 */
typedef struct ObjectComparison
{
	MigrateObjectScan *scan;	/* NULL: nothing is recorded */
	const MigrateObject *recorded;	/* the next one, NULL after the last */
	MigrateDriftReceiver receive;
	void	   *arg;
} ObjectComparison;

static void
report_dropped(ObjectComparison *comparison)
{
	const MigrateObject *object = comparison->recorded;

	comparison->receive("dropped", object->kind, object->name, NULL, object->definition,
						comparison->arg);
	comparison->recorded = migrate_object_scan_next(comparison->scan);
}

/*
 * The next object of the database.
 */
static void
compare_object(const char *kind, const char *name, const char *definition, void *arg)
{
	ObjectComparison *comparison = arg;
	int			order = -1;

	while (comparison->recorded != NULL)
	{
		order = strcmp(kind, comparison->recorded->kind);
		if (order == 0)
			order = strcmp(name, comparison->recorded->name);
		if (order <= 0)
			break;
		report_dropped(comparison);
		order = -1;
	}
	if (order < 0)
	{
		comparison->receive("added", kind, name, definition, NULL, comparison->arg);
		return;
	}
	if (strcmp(definition, comparison->recorded->definition) != 0)
		comparison->receive("changed", kind, name, definition, comparison->recorded->definition,
							comparison->arg);
	comparison->recorded = migrate_object_scan_next(comparison->scan);
}

/*
 * Hand each difference between what is recorded and the database, as the active
 * snapshot sees it, to the receiver.
 */
static void
compare_objects(MigrateObjectScan *scan, MigrateDriftReceiver receive, void *arg)
{
	const MigrateObjectFilter filter = {.owners = true,.privileges = true,.common = true};
	ObjectComparison comparison = {scan, NULL, receive, arg};

	if (scan != NULL)
		comparison.recorded = migrate_object_scan_next(scan);
	migrate_objects(&filter, compare_object, &comparison);
	while (comparison.recorded != NULL)
		report_dropped(&comparison);
}

/*
 * drift(): hand each object that has been added, dropped or changed since the last run
 * that has recorded them to the receiver, in the order of kind and name.  55000 if none
 * has.
 */
void
migrate_drift(MigrateDriftReceiver receive, void *arg)
{
	MigrateObjectScan *scan;

	migrate_warn_version();
	scan = migrate_object_scan_begin(false);
	if (scan == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no run has recorded the objects of the database"),
				 migrate_record_objects ?
				 errhint("The next run that applies or undoes something records them, and so does migrate.repair().") :
				 errhint("Set \"%s\" to \"on\" for the database. The next run that applies or undoes something then records them, and so does migrate.repair().",
						 "migrate.record_objects")));
	if (strcmp(migrate_object_scan_server(scan), PG_MAJORVERSION) != 0)
		ereport(WARNING,
				(errmsg("objects have been recorded by another version of the server"),
				 errdetail("It was PostgreSQL %s. Definitions that the two versions show differently seem to have changed.",
						   migrate_object_scan_server(scan)),
				 errhint("The next run records them again.")));
	compare_objects(scan, receive, arg);
	migrate_object_scan_end(scan);
}

/*
 * The differences that are to be written.
 */
typedef struct ObjectRecording
{
	const MigrateHistory *history;
	MemoryContext context;		/* of the lists and what is in them */
	List	   *gone;			/* of MigrateObject */
	List	   *found;			/* likewise */
	size_t		bytes;
} ObjectRecording;

static void
write_differences(ObjectRecording *recording)
{
	MemoryContext old = MemoryContextSwitchTo(recording->context);

	if (recording->gone != NIL || recording->found != NIL)
		migrate_record_object_changes(recording->history, recording->gone, recording->found);
	MemoryContextSwitchTo(old);
	MemoryContextReset(recording->context);
	recording->gone = NIL;
	recording->found = NIL;
	recording->bytes = 0;
}

static List *
keep_object(ObjectRecording *recording, List *objects, const char *kind, const char *name,
			const char *definition)
{
	MigrateObject *object = palloc(sizeof(MigrateObject));

	object->kind = pstrdup(kind);
	object->name = pstrdup(name);
	object->definition = pstrdup(definition);
	recording->bytes += sizeof(MigrateObject) + strlen(kind) + strlen(name) + strlen(definition);
	return lappend(objects, object);
}

static void
keep_difference(const char *change, const char *kind, const char *name, const char *definition,
				const char *before, void *arg)
{
	ObjectRecording *recording = arg;
	MemoryContext old = MemoryContextSwitchTo(recording->context);

	if (before != NULL)
		recording->gone = keep_object(recording, recording->gone, kind, name, before);
	if (definition != NULL)
		recording->found = keep_object(recording, recording->found, kind, name, definition);
	MemoryContextSwitchTo(old);
	if (recording->bytes >= MAX_BYTES)
		write_differences(recording);
}

/*
 * Make the record that of the database as it is.  Only the differences are written.
 */
static void
record_objects(void *arg)
{
	ObjectRecording *recording = arg;
	MigrateObjectScan *scan;

	/*
	 * What another run has recorded before it gave the lock back is seen
	 * below, also if the transaction's own snapshot is older.
	 */
	migrate_lock_objects();
	scan = migrate_object_scan_begin(true);
	if (scan == NULL || strcmp(migrate_object_scan_server(scan), PG_MAJORVERSION) != 0)
		migrate_record_object_server(recording->history, scan != NULL);
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	compare_objects(scan, keep_difference, recording);
	PopActiveSnapshot();
	write_differences(recording);
	if (scan != NULL)
		migrate_object_scan_end(scan);
}

/*
 * Error context callback.
 */
static void
add_context(void *arg)
{
	migrate_callback_context("recording the objects of the database");
}

/*
 * At the end of a run: record the objects of the database, if migrate.record_objects
 * says so; returns whether there is something to commit.
 *
 * What the run has done does not depend on it: an error that is not one of resources,
 * of the session or of the transaction, for example lock_timeout at a table that a view
 * refers to, is a WARNING.
 */
bool
migrate_record_objects_of_run(const MigrateRun *run)
{
	ErrorContextCallback callback = {.callback = add_context,.previous = error_context_stack};
	ObjectRecording recording = {.history = &run->request->history};
	ErrorData  *error;

	if (!migrate_record_objects)
		return false;
	recording.context = AllocSetContextCreate(CurrentMemoryContext, "migrate objects",
											  ALLOCSET_DEFAULT_SIZES);
	error_context_stack = &callback;
	error = migrate_try(record_objects, &recording);
	error_context_stack = callback.previous;
	MemoryContextDelete(recording.context);
	if (error == NULL)
		return true;
	if (!migrate_is_error_of_input(error->sqlerrcode) && error->sqlerrcode != ERRCODE_INTERNAL_ERROR)
		ReThrowError(error);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("the objects of the database are not recorded: %s", error->message),
			 errdetail("Until a later run records them, migrate.drift() shows what this one has changed.")));
	FreeErrorData(error);
	return true;
}
