/*-------------------------------------------------------------------------
 *
 * table_locks.c
 *		Locks on the relations of a migration that commits, and waiting for them.
 *
 * Whoever waits in the queue for a strong lock makes others wait that come later,
 * even for a SELECT.  With migrate.lock_wait = poll, the locks that a transaction
 * needs are taken before its first statement, without waiting, in the order of the
 * relations' OIDs: all of them, or none.  Each try is a transaction of its own, since
 * a standby holds ACCESS EXCLUSIVE until the end of the transaction, and begins with
 * nothing held, so that nobody waits for this one and no order of tables deadlocks.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/table_locks.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "common/pg_prng.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "execute/execute.h"
#include "history/history.h"
#include "rules/rules.h"
#include "run/attempt.h"
#include "run/commit.h"
#include "run/lock.h"
#include "run/step.h"
#include "run/step_script.h"
#include "run/table_locks.h"
#include "util/compat.h"
#include "util/guc.h"
#include "util/printable.h"
#include "util/subtransaction.h"

#define MAX_RETRY_DELAY_MS	60000
#define POLL_MS				5	/* between two tries at first ... */
#define LONG_POLL_MS		20	/* ... and later */
#define SHORT_POLLS			50
#define REPORT_AFTER_MS		200 /* who blocks, if it still does */
#define QUEUE_TIMEOUT_MS	200 /* at most so long in the queue ... */
#define QUEUE_PAUSE_MS		300 /* ... with as long a pause after it ... */
#define MANY_KB				64	/* of text is many rows, or
								 * migrate.large_table if that is more */
#define QUEUE_TRIES			5	/* ... and so often */

/*
 * A lock that a transaction needs.
 */
typedef struct NeededLock
{
	Oid			relid;			/* the key */
	LOCKMODE	mode;
	const char *name;			/* quoted, with its schema */
} NeededLock;

/*
 * The locks of a transaction of a migration.
 */
typedef struct Polling
{
	const MigrateRun *run;
	const MigrateStep *step;
	int			first;			/* of its statements */
	const char *sql;
	MigrateErrorContext *errctx;
	MemoryContext context;		/* of what follows */
	HTAB	   *needed;			/* of NeededLock */
	NeededLock *locks;			/* the same, in order of OIDs */
	int			nlocks;
	bool		complete;		/* false: somebody has a relation locked, of
								 * which not everything is known */
	bool		reported;		/* what queues has been */
	int			timeout;		/* in the queue, ms */
	const NeededLock *missing;	/* the last one that was not to be had */
} Polling;

/*
 * Do others that only read or change rows wait for it?
 */
static bool
is_strong(LOCKMODE mode)
{
	return mode >= ShareLock;
}

/*
 * May the current role have such a lock before the statement that needs it checks its
 * privileges?  The owner may; others may if LOCK TABLE would allow it, or a foreign
 * key or a trigger that they make.
 */
static bool
may_lock(Oid relid, LOCKMODE mode)
{
	AclMode		any = ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE;

	if (mode == AccessShareLock)
		any |= ACL_SELECT;
	if (mode <= RowExclusiveLock)
		any |= ACL_INSERT;
	if (mode <= ShareRowExclusiveLock)
		any |= ACL_REFERENCES | ACL_TRIGGER;
	return migrate_owns_relation(relid) || pg_class_aclcheck(relid, GetUserId(), any) == ACLCHECK_OK;
}

/*
 * A NOTICE about locks that a statement takes itself, once for each transaction.
 */
static void
report_queue(const Polling *polling, int number, const char *names, const char *reason)
{
	const char *label = migrate_label(polling->errctx->version, polling->errctx->name);

	if (polling->reported)
		return;
	ereport(NOTICE,
			(names == NULL ?
			 errmsg("statement %d of migration \"%s\" may queue for its locks", number + 1, label) :
			 errmsg("statement %d of migration \"%s\" queues for its locks on %s", number + 1, label, names),
			 errdetail("%s", reason)));
}

/*
 * Add a lock of a statement to those of its transaction.  Returns whether the
 * statement has to take it itself: "late" is set if it comes after one that keeps
 * it from being taken first.
 */
static bool
add_lock(Polling *polling, const MigrateRelationFact *fact, bool late, bool *forbidden)
{
	NeededLock *lock = hash_search(polling->needed, &fact->relid, HASH_FIND, NULL);

	if (lock != NULL && lock->mode >= fact->lock)
		return false;
	if (late)
		return true;
	if (!may_lock(fact->relid, fact->lock))
	{
		*forbidden = true;
		return true;
	}
	if (lock == NULL)
	{
		lock = hash_search(polling->needed, &fact->relid, HASH_ENTER, NULL);
		lock->name = pstrdup(fact->name);
	}
	lock->mode = fact->lock;
	return false;
}

/*
 * Add the locks of a statement, whose facts these are.
 */
static void
add_locks(Polling *polling, int number, const MigrateFacts *facts, bool late)
{
	bool		top_level = migrate_execute_is_top_level(&polling->step->script->statements[number]);
	bool		forbidden = false;
	StringInfoData names;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, facts->relations)
	{
		const MigrateRelationFact *fact = lfirst(lc);

		polling->complete &= fact->known;
		if (add_lock(polling, fact, late || top_level, &forbidden) && is_strong(fact->lock))
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", fact->name);
	}
	if (names.len > 0)
		report_queue(polling, number, names.data,
					 top_level ? "It cannot run inside a transaction block." :
					 forbidden ? "The current role may not lock them before it runs." :
					 "A statement before it in the same transaction may write or read many rows.");
	else if (!facts->known && facts->relations == NIL)
		report_queue(polling, number, NULL, psprintf("They are not known: %s.", facts->reason));
}

/*
 * Find the locks of the statements of the transaction.
 */
static void
find_locks_of(Polling *polling)
{
	const MigrateScript *script = polling->step->script;
	MigrateForesight *foresight = migrate_foresight_create(false);
	int			number = polling->first;
	bool		late = false;

	migrate_foresight_begin(foresight);
	do
	{
		const MigrateStatement *statement = &script->statements[number];
		MigrateFacts *facts = migrate_facts(foresight, pnstrdup(polling->sql + statement->offset,
																statement->length), 1);

		if (facts->lock_timeout > 0)
			polling->timeout = Min(polling->timeout, facts->lock_timeout);
		add_locks(polling, number, facts, late);
		late |= facts->many_rows ||
			statement->length + statement->rows_length >= (int64) Max(migrate_large_table, MANY_KB) * 1024;
		number++;
	} while (number < script->nstatements &&
			 script->statements[number].transaction == script->statements[number - 1].transaction &&
			 !migrate_execute_is_top_level(&script->statements[number]));
	migrate_foresight_end(foresight);
}

static int
compare_locks(const void *one, const void *other)
{
	Oid			left = ((const NeededLock *) one)->relid;
	Oid			right = ((const NeededLock *) other)->relid;

	return left < right ? -1 : left > right;
}

/*
 * Put the locks in the order of OIDs.
 */
static void
sort_locks(Polling *polling)
{
	HASH_SEQ_STATUS status;
	NeededLock *lock;

	polling->locks = palloc(Max(hash_get_num_entries(polling->needed), 1) * sizeof(NeededLock));
	hash_seq_init(&status, polling->needed);
	while ((lock = hash_seq_search(&status)) != NULL)
		polling->locks[polling->nlocks++] = *lock;
	qsort(polling->locks, polling->nlocks, sizeof(NeededLock), compare_locks);
}

/*
 * Find the locks of the transaction, in a transaction that reads nothing else.
 */
static void
find_locks(Polling *polling)
{
	int			guc_level = NewGUCNestLevel();
	HASHCTL		ctl = {.keysize = sizeof(Oid),.entrysize = sizeof(NeededLock)};
	MemoryContext old;

	MemoryContextReset(polling->context);
	old = MemoryContextSwitchTo(polling->context);
	ctl.hcxt = polling->context;
	polling->needed = hash_create("migrate table locks", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	polling->nlocks = 0;
	polling->complete = true;
	polling->timeout = QUEUE_TIMEOUT_MS;
	polling->missing = NULL;
	PushActiveSnapshot(GetTransactionSnapshot());
	/* else the migration has set it itself */
	if (migrate_is_single_transaction(polling->step))
		migrate_enter_schema(polling->run->request->history.schema, GUC_ACTION_SAVE);
	find_locks_of(polling);
	PopActiveSnapshot();
	sort_locks(polling);
	polling->reported = true;
	AtEOXact_GUC(false, guc_level);
	MemoryContextSwitchTo(old);
}

static bool
has_strong_lock(const Polling *polling)
{
	for (int i = 0; i < polling->nlocks; i++)
	{
		if (is_strong(polling->locks[i].mode))
			return true;
	}
	return false;
}

/*
 * Take all locks that are to be had at once.  Returns false at the first one that is
 * not; those before it are held then.
 */
static bool
try_locks(Polling *polling)
{
	for (int i = 0; i < polling->nlocks; i++)
	{
		const NeededLock *lock = &polling->locks[i];

		polling->missing = lock;
		if (!ConditionalLockRelationOid(lock->relid, lock->mode))
			return false;
	}
	return true;
}

/*
 * Cancel a worker of autovacuum, unless it prevents a wraparound, as core does for
 * those that wait in the queue.
 *
 * Follows core's ProcSleep().
 */
static void
cancel_autovacuum(PGPROC *proc)
{
	uint8		flags;
	int			pid = proc->pid;

	LWLockAcquire(ProcArrayLock, LW_SHARED);
	flags = ProcGlobal->statusFlags[proc->pgxactoff];
	LWLockRelease(ProcArrayLock);
	if ((flags & PROC_IS_AUTOVACUUM) && !(flags & PROC_VACUUM_FOR_WRAPAROUND))
		(void) kill(pid, SIGINT);
}

/*
 * Who has the relation locked whose lock was not to be had: a sentence, NULL if it is
 * not known (any more).  "cancels" is set if that goes for autovacuum, too.
 */
static char *
blockers(const Polling *polling, bool cancels)
{
	const NeededLock *lock = polling->missing;
	LOCKTAG		tag;
	VirtualTransactionId *holders;
	int			count;
	StringInfoData buf;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, lock->relid);
	holders = GetLockConflicts(&tag, lock->mode, &count);
	initStringInfo(&buf);
	for (int i = 0; i < count; i++)
	{
		PGPROC	   *proc = migrate_vxid_proc(&holders[i]);

		appendStringInfo(&buf, "%s", i > 0 ? ", " : "");
		if (proc == NULL)
			appendStringInfoString(&buf, "a transaction that is prepared or has just ended");
		else
			appendStringInfo(&buf, "process %d", proc->pid);
		if (proc != NULL && cancels)
			cancel_autovacuum(proc);
	}
	return count == 0 ? NULL : psprintf("%s is locked by %s.", lock->name, buf.data);
}

static void
report_blockers(const Polling *polling)
{
	const char *sentence = blockers(polling, false);

	ereport(NOTICE,
			(errmsg("polling for the locks of migration \"%s\"",
					migrate_label(polling->errctx->version, polling->errctx->name)),
			 sentence == NULL ? 0 : errdetail("%s", sentence)));
}

static void
pause_polling(double ms)
{
	disable_timeout(STATEMENT_TIMEOUT, false);
	migrate_sleep(ms * (0.5 + pg_prng_double(&pg_global_prng_state)),
				  migrate_wait_event(MIGRATE_WAIT_LOCK));
}

/*
 * Poll until all locks are held, then returns true in a transaction that has done
 * nothing else; false when migrate.lock_poll_limit has passed.
 */
static bool
poll(Polling *polling, MemoryContext context)
{
	TimestampTz start = GetCurrentTimestamp();
	TimestampTz cancelled = start;
	bool		said = false;

	for (int tries = 0;; tries++)
	{
		TimestampTz now;

		migrate_commit(context);
		if (!polling->complete)
		{
			find_locks(polling);
			migrate_commit(context);
		}
		if (try_locks(polling))
			return true;
		migrate_abort(context);
		now = GetCurrentTimestamp();
		if (!said && TimestampDifferenceExceeds(start, now, REPORT_AFTER_MS))
		{
			report_blockers(polling);
			said = true;
		}
		if (TimestampDifferenceExceeds(cancelled, now, DeadlockTimeout))
		{
			(void) blockers(polling, true);
			cancelled = now;
		}
		if (TimestampDifferenceExceeds(start, now, migrate_lock_poll_limit))
			return false;
		pause_polling(tries < SHORT_POLLS ? POLL_MS : LONG_POLL_MS);
	}
}

/*
 * Take all locks in the queue, for migrate_try().
 */
static void
queue_body(void *arg)
{
	Polling    *polling = arg;
	int			guc_level = NewGUCNestLevel();

	(void) set_config_option("lock_timeout", psprintf("%d", polling->timeout), PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	for (int i = 0; i < polling->nlocks; i++)
	{
		const NeededLock *lock = &polling->locks[i];

		polling->missing = lock;
		LockRelationOid(lock->relid, lock->mode);
	}
	AtEOXact_GUC(true, guc_level);
}

/*
 * Queue for the locks, a short time and several times.  Returns in a transaction that
 * has done nothing else than take them; 55P03 if it could not.
 */
static void
queue(Polling *polling, MemoryContext context)
{
	char	   *sentence = blockers(polling, false);

	ereport(NOTICE,
			(errmsg("could not get the locks of migration \"%s\" within %d ms of polling, queueing for them",
					migrate_label(polling->errctx->version, polling->errctx->name), migrate_lock_poll_limit),
			 sentence == NULL ? 0 : errdetail("%s", sentence)));
	for (int tries = 1;; tries++)
	{
		ErrorData  *error;

		migrate_commit(context);
		error = migrate_try(queue_body, polling);
		if (error == NULL)
			return;
		sentence = blockers(polling, false);
		if (tries == QUEUE_TRIES || !migrate_is_lock_failure(error->sqlerrcode))
		{
			if (error->detail == NULL)
				error->detail = sentence;
			ReThrowError(error);
		}
		FreeErrorData(error);
		migrate_abort(context);
		pause_polling(QUEUE_PAUSE_MS);
	}
}

/*
 * Take the locks that the transaction of a migration needs which begins with statement
 * "first", without that anybody has to wait in the queue behind this process.
 *
 * Returns true with the locks held, in a transaction that has done nothing else, and
 * false if there are none to take: then the transaction has read catalogs.  The caller
 * has just begun one, and "context" outlives commits.  "errctx" names the migration.
 *
 * Only locks that no statement needs before which many rows may be written or read:
 * they would be held meanwhile.  A NOTICE names those that are left to the statements.
 * When migrate.lock_poll_limit has passed, the locks are waited for in the queue, for a
 * short time and five times; then the error is 55P03.
 */
bool
migrate_poll_locks(const MigrateRun *run, const MigrateStep *step, int first, const char *sql,
				   MigrateErrorContext *errctx, MemoryContext context)
{
	Polling		polling = {.run = run,.step = step,.first = first,.sql = sql,.errctx = errctx};
	bool		needed;

	polling.context = AllocSetContextCreate(context, "migrate table locks", ALLOCSET_DEFAULT_SIZES);
	find_locks(&polling);
	needed = has_strong_lock(&polling);
	if (needed && !poll(&polling, context))
		queue(&polling, context);
	MemoryContextDelete(polling.context);
	return needed;
}

/*
 * May what failed with this error succeed when it is repeated?  It waited too long for
 * a lock, or core chose it to end a deadlock.
 */
bool
migrate_is_lock_failure(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE || sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
}

/*
 * Who holds locks on the relations of a statement, as migrate_history_lockers().  Its
 * transaction is gone with its settings, but the schema of the run is known.
 */
static const char *
lockers_of(const MigrateRun *run, const MigrateStatement *statement)
{
	int			guc_level = NewGUCNestLevel();
	const char *lockers;

	migrate_enter_schema(run->request->history.schema, GUC_ACTION_SAVE);
	lockers = migrate_history_lockers(statement->relations);
	AtEOXact_GUC(false, guc_level);
	return lockers;
}

/*
 * Wait, without a snapshot or a lock on anything, before trying again what ran
 * into lock_timeout or a deadlock: ever longer, and never all waiters at the same
 * time.  "statement" is the one that failed, or NULL; "tries" counts from 0, and
 * "context" outlives commits.
 */
void
migrate_wait_for_retry(const MigrateRun *run, const MigrateResult *result,
					   const MigrateStatement *statement, bool deadlock, int tries,
					   MemoryContext context)
{
	double		delay = migrate_lock_retry_delay;
	const char *holders = statement ? lockers_of(run, statement) : NULL;

	for (int i = 0; i < tries && delay < MAX_RETRY_DELAY_MS; i++)
		delay *= 2;
	delay = Min(delay, MAX_RETRY_DELAY_MS);
	delay *= 0.5 + 0.5 * pg_prng_double(&pg_global_prng_state);
	ereport(NOTICE,
			(errmsg(deadlock ? "deadlock in migration \"%s\", trying again" :
					"lock timeout in migration \"%s\", trying again",
					migrate_label(result->version, result->name)),
			 holders == NULL ? 0 :
			 errdetail("The relations of the statement are locked by process %s.", holders)));
	migrate_commit(context);
	disable_timeout(STATEMENT_TIMEOUT, false);
	migrate_sleep(delay, migrate_wait_event(MIGRATE_WAIT_RETRY));

	/* the next transaction begins now, not when the wait did */
	migrate_commit(context);
}
