/*-------------------------------------------------------------------------
 *
 * worker_main.c
 *		A statement that a background worker runs: the side of the worker.
 *
 * See worker.c.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/worker_main.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "libpq/pqmq.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "execute/execute_int.h"
#include "execute/worker.h"
#include "util/compat.h"
#include "util/printable.h"

/* this process runs a statement of a migration */
static bool is_worker = false;

/*
 * Does this process run a statement of a migration, for a session?
 */
bool
migrate_is_worker(void)
{
	return is_worker;
}

/*
 * From here on, errors and notices go to the session.
 */
static void
redirect_messages(dsm_segment *segment, shm_toc *toc)
{
	shm_mq	   *queue = shm_toc_lookup(toc, WORKER_KEY_QUEUE, false);

	shm_mq_set_sender(queue, MyProc);
	pq_redirect_to_shm_mq(segment, shm_mq_attach(queue, segment, NULL));
}

/*
 * Become as the session is.
 *
 * The session's role is its own, but ALTER ROLE and ALTER DATABASE may have set another
 * one for new sessions: that one is left, and 0A000 where it cannot be.
 */
static void
take_over(const MigrateWorkerTask *task, const char *settings)
{
	StartTransactionCommand();
	process_session_preload_libraries();
	SetConfigOption("role", "none", PGC_USERSET, PGC_S_SESSION);
	if (GetUserId() != task->user || GetSessionUserId() != task->user)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("statement cannot run in a background worker"),
				 errdetail("New sessions of the role begin with another one."),
				 errhint("Reset migrate.top_level.")));
	migrate_settings_apply(settings);
	CommitTransactionCommand();
	(void) LockAcquire(&task->lock, ShareLock, true, false);
}

/*
 * Run the statement as if a client had sent it: it may begin and end transactions.
 *
 * Follows core's exec_simple_query() (postgres.c).
 */
static void
run_statement(MigrateWorkerTask *task, const char *query)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "migrate statement",
												  ALLOCSET_DEFAULT_SIZES);
	RawStmt    *raw;
	Portal		portal;
	QueryCompletion completion;

	StartTransactionCommand();
	MemoryContextSwitchTo(context);
	raw = linitial_node(RawStmt, pg_parse_query(query));
	portal = CreatePortal("", true, true);
	portal->visible = false;
	PortalDefineQuery(portal, NULL, query, CreateCommandTag(raw->stmt), migrate_analyze(raw, query), NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	pg_atomic_write_u32(&task->state, WORKER_RUNNING);
	migrate_portal_run(portal, &completion);
	PortalDrop(portal, false);
	pg_atomic_write_u32(&task->state, WORKER_COMMITTING);
	CommitTransactionCommand();
	pg_atomic_write_u32(&task->state, WORKER_DONE);
}

/*
 * The worker, which finds its task in the segment of that handle.
 *
 * An error ends it, as any background worker: core reports it, and aborts.
 */
void
migrate_worker_main(Datum main_arg)
{
	dsm_segment *segment;
	shm_toc    *toc;
	MigrateWorkerTask *task;
	char	   *query;

	is_worker = true;
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	segment = dsm_attach(DatumGetUInt32(main_arg));
	toc = segment == NULL ? NULL : shm_toc_attach(MIGRATE_WORKER_MAGIC, dsm_segment_address(segment));
	if (toc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not attach the segment of a migration run")));
	redirect_messages(segment, toc);
	task = shm_toc_lookup(toc, WORKER_KEY_TASK, false);
	query = shm_toc_lookup(toc, WORKER_KEY_QUERY, false);

	/* what core and extensions expect of a process that runs statements */
	MessageContext = AllocSetContextCreate(TopMemoryContext, "MessageContext", ALLOCSET_DEFAULT_SIZES);
	BackgroundWorkerInitializeConnectionByOid(task->database, task->user, 0);

	/* the session has messages in the database's encoding */
	(void) SetClientEncoding(GetDatabaseEncoding());
	SetCurrentStatementStartTimestamp();
	debug_query_string = query;
	take_over(task, shm_toc_lookup(toc, WORKER_KEY_SETTINGS, false));
	pgstat_report_activity(STATE_RUNNING, shm_toc_lookup(toc, WORKER_KEY_SHOWN, false));
	run_statement(task, query);
	pgstat_report_activity(STATE_IDLE, NULL);
}
