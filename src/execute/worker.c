/*-------------------------------------------------------------------------
 *
 * worker.c
 *		A statement that a background worker runs, because an extension refuses it
 *		in a CALL: the side of the session.
 *
 * The worker is a process of its own, in which the statement is at top level as if a
 * client had sent it: with the role and the settings of the session, and nothing else
 * of it.  What it commits is not committed with the session's transaction, so the
 * caller has recorded that the statement begins, and records afterwards what has become
 * of it.
 *
 * The session holds the run lock all the time, and no snapshot.  It does not go on
 * before the worker has ended: not after an error, not after a cancel request, and not
 * even when it is terminated, which happens when its transaction is aborted and the
 * shared segment detached.  So nobody gets the run lock while a worker is still there.
 * Where a session ends without that, it has crashed, and the postmaster ends all others.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/worker.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "libpq/pqmq.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/shm_mq.h"
#include "utils/backend_status.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "execute/execute.h"
#include "execute/execute_int.h"
#include "execute/worker.h"
#include "script/script.h"
#include "util/compat.h"
#include "util/guc.h"
#include "util/printable.h"

#define QUEUE_BYTES			65536	/* an error and some notices fit */
#define FIRST_CHECK_MS		250 /* the first look for a deadlock ... */
#define LONGEST_CHECK_MS	4000	/* ... and what they are apart in the end */

/*
 * The worker of this session; all NULL if there is none.
 */
typedef struct Worker
{
	MemoryContext context;		/* of what follows; no transaction ends it */
	dsm_segment *segment;
	shm_mq_handle *queue;
	BackgroundWorkerHandle *handle;
	bool		has_failed;		/* it has sent an error, and not committed */
} Worker;

static Worker worker;

/*
 * May a worker run the statement?  Only what core refuses in a transaction block, and
 * so depends on nothing of the session but its role and its settings.
 */
bool
migrate_may_run_in_worker(const MigrateStatement *statement)
{
	switch (statement->tag)
	{
		case T_DiscardStmt:
			return false;
		case T_ReindexStmt:		/* the catalogs may decide whether core does */
		case T_ClusterStmt:
		case T_DropSubscriptionStmt:
			return true;
		default:
			return statement->outside_block;
	}
}

/*
 * Is it to, by the setting in force?
 */
bool
migrate_runs_in_worker(const MigrateStatement *statement)
{
	return migrate_top_level == TOP_LEVEL_WORKER && migrate_may_run_in_worker(statement);
}

/*
 * Where workers run what has to be at top level, does the statement run like an ordinary
 * one in the session, in a transaction of its own?  The others are procedures and DO,
 * which may commit, and DISCARD ALL.
 */
bool
migrate_stays_in_session(const MigrateStatement *statement)
{
	return migrate_top_level == TOP_LEVEL_WORKER && !migrate_may_run_in_worker(statement) &&
		statement->tag != T_CallStmt && statement->tag != T_DoStmt && !statement->outside_block;
}

static void
refuse_role(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("statement cannot run in a background worker"),
			 errdetail("%s", detail),
			 errhint("Log in as the role that runs the migrations, or reset migrate.top_level.")));
}

/*
 * A worker logs in as the session has.  Another current role would be one that its
 * settings, or a function, could leave again.
 */
static void
require_own_role(void)
{
	Oid			user;
	int			context;
	HeapTuple	tuple;
	bool		may_log_in;

	GetUserIdAndSecContext(&user, &context);
	if (context != 0 || user != GetSessionUserId() || user != GetAuthenticatedUserId())
		refuse_role("The current role is not the one that the session has logged in as.");
	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(user));
	may_log_in = HeapTupleIsValid(tuple) && ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	if (!may_log_in)
		refuse_role("The current role is not permitted to log in.");
}

static void
refuse_temporary(List *relations)
{
	ListCell   *lc;

	foreach(lc, relations)
	{
		RangeVar   *relation = lfirst(lc);
		Oid			relid = RangeVarGetRelid(relation, NoLock, true);

		if (OidIsValid(relid) && get_rel_persistence(relid) == RELPERSISTENCE_TEMP)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("statement cannot run in a background worker"),
					 errdetail("Relation \"%s\" is a temporary one of this session.", relation->relname),
					 errhint("Reset migrate.top_level for this statement.")));
	}
}

/*
 * Refuse a statement that cannot run in a worker as it would in the session: 0A000.
 */
void
migrate_require_worker(const MigrateStatement *statement)
{
	require_own_role();
	refuse_temporary(statement->relations);
	refuse_temporary(statement->needs);
}

/*
 * End the worker, and wait until it has ended.
 *
 * The queue is detached first: the worker would wait for its error to be read.
 *
 * Follows core's DestroyParallelContext() (parallel.c).
 */
static void
stop_worker(dsm_segment *segment, Datum arg)
{
	BgwHandleStatus status;

	if (worker.queue != NULL)
		shm_mq_detach(worker.queue);
	worker.queue = NULL;
	if (worker.handle == NULL)
		return;
	TerminateBackgroundWorker(worker.handle);
	HOLD_INTERRUPTS();
	status = WaitForBackgroundWorkerShutdown(worker.handle);
	RESUME_INTERRUPTS();
	worker.handle = NULL;
	if (status == BGWH_POSTMASTER_DIED && !proc_exit_inprogress)
		ereport(FATAL,
				(errcode(ERRCODE_ADMIN_SHUTDOWN),
				 errmsg("postmaster exited while a background worker was running")));
}

/*
 * Forget the worker, which has ended.
 */
static void
forget_worker(void)
{
	if (worker.segment != NULL)
		dsm_detach(worker.segment);
	if (worker.context != NULL)
		MemoryContextDelete(worker.context);
	memset(&worker, 0, sizeof(worker));
}

static void
put_text(shm_toc *toc, uint64 key, const char *data, Size length)
{
	char	   *copy = shm_toc_allocate(toc, length);

	memcpy(copy, data, length);
	shm_toc_insert(toc, key, copy);
}

/*
 * Make the segment that the worker shares with the session, with all that it needs.
 */
static MigrateWorkerTask *
create_segment(const char *query, const char *shown, const LOCKTAG *lock)
{
	StringInfoData settings;
	shm_toc_estimator estimator;
	shm_toc    *toc;
	shm_mq	   *queue;
	MigrateWorkerTask *task;
	Size		size;

	migrate_settings_serialize(&settings);
	shm_toc_initialize_estimator(&estimator);
	shm_toc_estimate_chunk(&estimator, sizeof(MigrateWorkerTask));
	shm_toc_estimate_chunk(&estimator, strlen(query) + 1);
	shm_toc_estimate_chunk(&estimator, strlen(shown) + 1);
	shm_toc_estimate_chunk(&estimator, settings.len);
	shm_toc_estimate_chunk(&estimator, QUEUE_BYTES);
	shm_toc_estimate_keys(&estimator, 5);
	size = shm_toc_estimate(&estimator);
	worker.segment = dsm_create(size, 0);
	toc = shm_toc_create(MIGRATE_WORKER_MAGIC, dsm_segment_address(worker.segment), size);

	task = shm_toc_allocate(toc, sizeof(MigrateWorkerTask));
	task->database = MyDatabaseId;
	task->user = GetUserId();
	task->lock = *lock;
	pg_atomic_init_u32(&task->state, WORKER_STARTING);
	shm_toc_insert(toc, WORKER_KEY_TASK, task);
	put_text(toc, WORKER_KEY_QUERY, query, strlen(query) + 1);
	put_text(toc, WORKER_KEY_SHOWN, shown, strlen(shown) + 1);
	put_text(toc, WORKER_KEY_SETTINGS, settings.data, settings.len);
	queue = shm_mq_create(shm_toc_allocate(toc, QUEUE_BYTES), QUEUE_BYTES);
	shm_toc_insert(toc, WORKER_KEY_QUEUE, queue);
	shm_mq_set_receiver(queue, MyProc);
	worker.queue = shm_mq_attach(queue, worker.segment, NULL);
	return task;
}

/*
 * Have the postmaster start the worker.  From here on, the end of the segment, which
 * the end of the transaction is too, ends the worker first.
 */
static void
start_worker(void)
{
	BackgroundWorker registration = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_notify_pid = MyProcPid
	};

	snprintf(registration.bgw_name, BGW_MAXLEN, "migrate worker for process %d", MyProcPid);
	snprintf(registration.bgw_type, BGW_MAXLEN, "migrate worker");
	snprintf(registration.bgw_library_name, sizeof(registration.bgw_library_name), "$libdir/migrate");
	snprintf(registration.bgw_function_name, BGW_MAXLEN, "migrate_worker_main");
	registration.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(worker.segment));
	on_dsm_detach(worker.segment, stop_worker, (Datum) 0);
	if (!RegisterDynamicBackgroundWorker(&registration, &worker.handle))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("no background worker is free for the statement"),
				 errhint("You may need to increase max_worker_processes.")));
	shm_mq_set_handle(worker.queue, worker.handle);
}

/*
 * Raise an error of the worker, or show one of its notices, as the session's own.  Its
 * end is not that of the session.
 */
static void
raise_message(StringInfo message)
{
	ErrorData	error;
	char		type = pq_getmsgbyte(message);

	if (type != 'E' && type != 'N')
		return;
	pq_parse_errornotice(message, &error);
	worker.has_failed |= error.elevel == ERROR;
	error.elevel = Min(error.elevel, ERROR);
	ThrowErrorData(&error);
}

/*
 * Wait for the next message of the worker; false after the last one.  Meanwhile "check"
 * is called now and then, in the current memory context.
 *
 * Core's deadlock detector does not know that this session waits for the worker.
 */
static bool
next_message(Size *length, void **data, MigrateWorkerCheck check)
{
	long		pause = FIRST_CHECK_MS;
	shm_mq_result result;

	while ((result = shm_mq_receive(worker.queue, length, data, true)) == SHM_MQ_WOULD_BLOCK)
	{
		int			events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, pause,
									   WAIT_EVENT_MESSAGE_QUEUE_RECEIVE);
		pid_t		pid;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if ((events & WL_TIMEOUT) == 0)
			continue;
		if (GetBackgroundWorkerPid(worker.handle, &pid) == BGWH_STARTED)
			check(pid);
		pause = Min(2 * pause, LONGEST_CHECK_MS);
	}
	return result == SHM_MQ_SUCCESS;
}

/*
 * Show what the worker sends, until it detaches its queue or is gone.
 */
static void
receive_messages(MigrateWorkerCheck check)
{
	MemoryContext context = AllocSetContextCreate(worker.context, "migrate worker message",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	void	   *data;
	Size		length;

	while (next_message(&length, &data, check))
	{
		StringInfoData message;

		initStringInfo(&message);
		appendBinaryStringInfo(&message, data, length);
		raise_message(&message);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old);
}

/*
 * The worker has ended by itself: well, or without a word.
 */
static void
check_end(MigrateWorkerTask *task)
{
	MigrateWorkerState state = pg_atomic_read_u32(&task->state);

	if (state == WORKER_STARTING)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("could not start a background worker for the statement"),
				 errhint("More details may be available in the server log.")));
	if (state != WORKER_DONE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("lost connection to the background worker that ran the statement"),
				 errhint("More details may be available in the server log.")));
}

/*
 * The outcome of a worker that has been stopped.
 */
static MigrateWorkerState
final_state(MigrateWorkerTask *task)
{
	MigrateWorkerState state = pg_atomic_read_u32(&task->state);

	if (state == WORKER_COMMITTING && worker.has_failed)
		state = WORKER_RUNNING;
	return state;
}

/*
 * Run a statement in a worker.  *state is kept up to date, also after an error: what is
 * known then of the statement.
 */
static void
run_in_worker(const char *query, const LOCKTAG *lock, MigrateWorkerCheck check,
			  volatile MigrateWorkerState *state)
{
	MigrateWorkerTask *volatile task = NULL;
	MemoryContext old = CurrentMemoryContext;

	*state = WORKER_STARTING;
	worker.context = AllocSetContextCreate(TopMemoryContext, "migrate worker", ALLOCSET_DEFAULT_SIZES);
	PG_TRY();
	{
		MemoryContextSwitchTo(worker.context);
		task = create_segment(query, pgstat_track_activities && MyBEEntry ? MyBEEntry->st_activity_raw : "",
							  lock);
		start_worker();
		MemoryContextSwitchTo(old);

		/* the worker may wait for all snapshots of others */
		InvalidateCatalogSnapshot();
		receive_messages(check);
		if (WaitForBackgroundWorkerShutdown(worker.handle) == BGWH_POSTMASTER_DIED)
			ereport(FATAL,
					(errcode(ERRCODE_ADMIN_SHUTDOWN),
					 errmsg("postmaster exited while a background worker was running")));
		check_end(task);
		*state = WORKER_DONE;
	}
	PG_CATCH();
	{
		stop_worker(worker.segment, (Datum) 0);
		if (task != NULL)
			*state = final_state(task);
		forget_worker();
		PG_RE_THROW();
	}
	PG_END_TRY();
	forget_worker();
}

/*
 * Run a statement of a script in a worker, see migrate_require_worker().
 *
 * The caller has just committed, and recorded that the statement begins; it is called
 * from a CALL that may commit.  execution->worker says what is known of the statement,
 * also after an error.  "lock" is taken by the worker, so that others see whose it is;
 * "check" is called with its process while the session waits for it, and may raise an
 * error.
 */
void
migrate_execute_in_worker(const MigrateScript *script, int number, const char *sql,
						  MigrateExecution *execution, const LOCKTAG *lock, MigrateWorkerCheck check)
{
	char	   *query = migrate_begin_alone(script, number, sql, execution);

	run_in_worker(query, lock, check, &execution->worker);
	migrate_end_alone(script, number, query, execution);
}
