/*-------------------------------------------------------------------------
 *
 * compat.h
 *		Differences between the supported server versions, and only here.
 *
 * Call sites are written for the newest server; this file adapts older ones.  To
 * add a new major version, build against it and fix the errors in this file;
 * CONTRIBUTING.md lists the copies of core's code that may have to change, too.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/compat.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_COMPAT_H
#define MIGRATE_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "migrate needs PostgreSQL 15 or later"
#endif

#include "access/genam.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parse_node.h"
#include "pgstat.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/sinvaladt.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/wait_event.h"

/*
 * 17 numbers backends by ProcNumber, older ones by BackendId.  Gives the
 * backend that a virtual transaction belongs to, or NULL: one that is gone, or
 * a prepared transaction, which keeps the number of the backend that prepared
 * it, so the local transaction is compared too.
 */
static inline PGPROC *
migrate_vxid_proc(const VirtualTransactionId *vxid)
{
	PGPROC	   *proc;

#if PG_VERSION_NUM >= 170000
	if (vxid->procNumber == INVALID_PROC_NUMBER)
		return NULL;
	proc = ProcNumberGetProc(vxid->procNumber);
	if (proc == NULL || proc->vxid.lxid != vxid->localTransactionId)
		return NULL;
#else
	if (vxid->backendId == InvalidBackendId)
		return NULL;
	proc = BackendIdGetProc(vxid->backendId);
	if (proc == NULL || proc->lxid != vxid->localTransactionId)
		return NULL;
#endif
	return proc;
}

/* 17 lets an extension name what it waits for. */
typedef enum MigrateWait
{
	MIGRATE_WAIT_RUN,			/* another run */
	MIGRATE_WAIT_RETRY,			/* the next try after a lock timeout */
	MIGRATE_WAIT_VERSION,		/* a version that is to be applied */
	MIGRATE_WAIT_LOCK,			/* the next try to get locks on relations */
	MIGRATE_WAITS
} MigrateWait;

static inline uint32
migrate_wait_event(MigrateWait wait)
{
#if PG_VERSION_NUM >= 170000
	static const char *const names[MIGRATE_WAITS] = {"MigrateRun", "MigrateRetry", "MigrateVersion", "MigrateLock"};
	static uint32 events[MIGRATE_WAITS];

	if (events[wait] == 0)
		events[wait] = WaitEventExtensionNew(names[wait]);
	return events[wait];
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* 17 renamed a wait event. */
#if PG_VERSION_NUM < 170000
#define WAIT_EVENT_MESSAGE_QUEUE_RECEIVE WAIT_EVENT_MQ_RECEIVE
#endif

/* 18 has pg_noreturn, which precedes the declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 16 declares it in fmgr.h. */
#if PG_VERSION_NUM < 160000
extern PGDLLEXPORT void _PG_init(void);
#endif

/* 17 has an argument for whether a stronger lock counts, too. */
static inline bool
migrate_lock_held(const LOCKTAG *tag, LOCKMODE mode)
{
#if PG_VERSION_NUM >= 170000
	return LockHeldByMe(tag, mode, false);
#else
	return LockHeldByMe(tag, mode);
#endif
}

/*
 * The entry of a lock that this backend holds, which counts how often it does; 18 has
 * an argument for logging.  The lock is taken once more: for the session, or for the
 * current resource owner.
 */
static inline LOCALLOCK *
migrate_lock_again(const LOCKTAG *tag, LOCKMODE mode, bool session)
{
	LOCALLOCK  *local;

#if PG_VERSION_NUM >= 180000
	(void) LockAcquireExtended(tag, mode, session, true, true, &local, false);
#else
	(void) LockAcquireExtended(tag, mode, session, true, true, &local);
#endif
	return local;
}

/*
 * Locks on relations that this backend holds by the fast path: 18 has as many slots
 * as locks are expected.  Each has the modes as bits, 0 for an empty one.  The caller
 * holds MyProc->fpInfoLock.
 */
static inline int
migrate_fast_path_slots(void)
{
#if PG_VERSION_NUM >= 180000
	return FastPathLockSlotsPerBackend();
#else
	return FP_LOCK_SLOTS_PER_BACKEND;
#endif
}

static inline LOCKMASK
migrate_fast_path_modes(int slot)
{
#if PG_VERSION_NUM >= 180000
	uint64		bits = MyProc->fpLockBits[slot / FP_LOCK_SLOTS_PER_GROUP] >> (3 * (slot % FP_LOCK_SLOTS_PER_GROUP));
#else
	uint64		bits = MyProc->fpLockBits >> (3 * slot);
#endif

	/* bit 0 is AccessShareLock */
	return (LOCKMASK) (bits & 7) << AccessShareLock;
}

/*
 * The locks of this backend in a partition of the lock table, from the latest back;
 * 16 has another kind of list.  NULL at the end.  The caller holds the partition's
 * lock.
 */
static inline PROCLOCK *
migrate_lock_before(int partition, PROCLOCK *lock)
{
#if PG_VERSION_NUM >= 160000
	dlist_head *head = &MyProc->myProcLocks[partition];
	dlist_node *node = lock == NULL ? &head->head : &lock->procLink;

	if (dlist_is_empty(head) || !dlist_has_prev(head, node))
		return NULL;
	return dlist_container(PROCLOCK, procLink, dlist_prev_node(head, node));
#else
	SHM_QUEUE  *head = &MyProc->myProcLocks[partition];
	SHM_QUEUE  *node = lock == NULL ? head : &lock->procLink;

	return node->prev == head ? NULL :
		(PROCLOCK *) ((char *) node->prev - offsetof(PROCLOCK, procLink));
#endif
}

/*
 * Sequential scans that this backend has counted of a table and not yet sent, and the
 * rows that they returned; 16 renamed the fields, and 17 and later return a copy.
 */
typedef struct MigrateScans
{
	int64		count;
	int64		rows;
} MigrateScans;

static inline MigrateScans
migrate_pending_scans(Oid relid)
{
	PgStat_TableStatus *status = find_tabstat_entry(relid);
	MigrateScans scans = {0, 0};

	if (status != NULL)
	{
#if PG_VERSION_NUM >= 160000
		scans.count = status->counts.numscans;
		scans.rows = status->counts.tuples_returned;
#else
		scans.count = status->t_counts.t_numscans;
		scans.rows = status->t_counts.t_tuples_returned;
#endif
	}
	return scans;
}

/* 17 keeps the two halves of a virtual transaction id together. */
static inline LocalTransactionId
migrate_local_transaction(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

/* 16 renamed the access to one entry of the backends' status. */
#if PG_VERSION_NUM < 160000
#define pgstat_get_local_beentry_by_index pgstat_fetch_stat_local_beentry
#endif

/* 16 has one function for the privileges on any object, and one for owners. */
static inline bool
migrate_schema_usable(Oid schema)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, GetUserId(), ACL_USAGE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, GetUserId(), ACL_USAGE) == ACLCHECK_OK;
#endif
}

static inline bool
migrate_owns_relation(Oid relation)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(RelationRelationId, relation, GetUserId());
#else
	return pg_class_ownercheck(relation, GetUserId());
#endif
}

/*
 * 16 keeps the privileges that a statement needs beside its range table.  A new
 * entry requires SELECT; this one requires INSERT, and what expressions add to it.
 */
static inline void
migrate_require_insert(ParseNamespaceItem *item)
{
#if PG_VERSION_NUM >= 160000
	item->p_perminfo->requiredPerms = ACL_INSERT;
#else
	item->p_rte->requiredPerms = ACL_INSERT;
#endif
}

/*
 * Raises 42501 if the current role has not all that is required, or may not insert
 * into these columns, given as bits from FirstLowInvalidHeapAttributeNumber on.
 */
static inline void
migrate_check_insert(ParseState *pstate, ParseNamespaceItem *item, Bitmapset *columns)
{
#if PG_VERSION_NUM >= 160000
	item->p_perminfo->insertedCols = columns;
	ExecCheckPermissions(pstate->p_rtable, list_make1(item->p_perminfo), true);
#else
	item->p_rte->insertedCols = columns;
	ExecCheckRTPerms(pstate->p_rtable, true);
#endif
}

/* 18 renamed where the executor keeps the CHECK constraints of a table. */
static inline ExprState ***
migrate_check_exprs(ResultRelInfo *info)
{
#if PG_VERSION_NUM >= 180000
	return &info->ri_CheckConstraintExprs;
#else
	return &info->ri_ConstraintExprs;
#endif
}

/*
 * 18 has constraints that are not enforced, and columns that are computed where they
 * are read.  Is a CHECK constraint without either?
 */
static inline bool
migrate_check_is_plain(const TupleConstr *constr, int number)
{
#if PG_VERSION_NUM >= 180000
	return constr->check[number].ccenforced && !constr->has_generated_virtual;
#else
	return true;
#endif
}

/* 18 can measure index scans. */
static inline IndexScanDesc
migrate_index_beginscan(Relation rel, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(rel, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(rel, index, snapshot, nkeys, 0);
#endif
}

/* 16 can insert into BRIN indexes only. */
static inline List *
migrate_insert_index_tuples(ResultRelInfo *info, TupleTableSlot *slot, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	return ExecInsertIndexTuples(info, slot, estate, false, false, NULL, NIL, false);
#else
	return ExecInsertIndexTuples(info, slot, estate, false, false, NULL, NIL);
#endif
}

/* 16 can pass more result relations to EvalPlanQual. */
static inline void
migrate_epq_init(EPQState *epqstate, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	EvalPlanQualInit(epqstate, estate, NULL, NIL, -1, NIL);
#else
	EvalPlanQualInit(epqstate, estate, NULL, NIL, -1);
#endif
}

/* 16 gives the array of all settings with its length. */
static inline struct config_generic **
migrate_guc_variables(int *count)
{
#if PG_VERSION_NUM >= 160000
	return get_guc_variables(count);
#else
	*count = GetNumConfigOptions();
	return get_guc_variables();
#endif
}

/* 18 does not ask any more whether a portal runs once. */
static inline void
migrate_portal_run(Portal portal, QueryCompletion *completion)
{
#if PG_VERSION_NUM >= 180000
	(void) PortalRun(portal, FETCH_ALL, true, None_Receiver, None_Receiver, completion);
#else
	(void) PortalRun(portal, FETCH_ALL, true, true, None_Receiver, None_Receiver, completion);
#endif
}

/* options of VACUUM, vacuum.c, ExecVacuum() */
#define MIGRATE_VACUUM_OPTIONS_15 \
	"verbose", "skip_locked", "analyze", "freeze", "full", "disable_page_skipping", \
	"index_cleanup", "process_toast", "truncate", "parallel"
#if PG_VERSION_NUM >= 160000
#define MIGRATE_VACUUM_OPTIONS \
	MIGRATE_VACUUM_OPTIONS_15, "buffer_usage_limit", "process_main", "skip_database_stats", \
	"only_database_stats"
#else
#define MIGRATE_VACUUM_OPTIONS MIGRATE_VACUUM_OPTIONS_15
#endif

/*
 * SQL for src/objects: columns of the catalogs that not all versions have.
 *
 * Words about NOT NULL of a column that has it; "a" and "c" are rows of
 * pg_attribute and pg_class.  18 has a constraint, which has a name and may have
 * been inherited; the name is left out if it is the usual one, or comes from a
 * parent.  Older versions do not know who has set it, so pg_dump leaves it to the
 * parents where one has it.
 */
#if PG_VERSION_NUM >= 180000
#define MIGRATE_SQL_NOT_NULL(a, c) \
	"(SELECT CASE WHEN (nn.conname = " c ".relname || '_' || " a ".attname || '_not_null' " \
	"OR NOT nn.conislocal AND EXISTS (SELECT FROM pg_inherits ni JOIN pg_constraint nc ON nc.conrelid = ni.inhparent " \
	"WHERE ni.inhrelid = " a ".attrelid AND nc.contype = 'n' AND nc.conname = nn.conname)) " \
	"AND obj_description(nn.oid, 'pg_constraint') IS NULL THEN '' " \
	"ELSE ' CONSTRAINT ' || quote_ident(nn.conname) END || ' NOT NULL' || " \
	"CASE WHEN nn.connoinherit THEN ' NO INHERIT' ELSE '' END " \
	"FROM pg_constraint nn WHERE nn.conrelid = " a ".attrelid AND nn.contype = 'n' " \
	"AND nn.conkey = ARRAY[" a ".attnum] AND nn.convalidated AND (nn.conislocal OR " c ".relispartition " \
	"OR NOT EXISTS (SELECT FROM pg_inherits ni JOIN pg_attribute na ON na.attrelid = ni.inhparent " \
	"JOIN pg_constraint nc ON nc.conrelid = na.attrelid AND nc.contype = 'n' AND nc.conkey = ARRAY[na.attnum] " \
	"WHERE ni.inhrelid = " a ".attrelid AND na.attname = " a ".attname AND nc.convalidated))) "
#else
#define MIGRATE_SQL_NOT_NULL(a, c) \
	"CASE WHEN " c ".relispartition OR NOT EXISTS (SELECT FROM pg_inherits ni " \
	"JOIN pg_attribute na ON na.attrelid = ni.inhparent " \
	"WHERE ni.inhrelid = " a ".attrelid AND na.attname = " a ".attname AND na.attnotnull AND NOT na.attisdropped) " \
	"THEN ' NOT NULL' END "
#endif

/* 18 has constraints that are not enforced, and columns that are not stored. */
static inline bool
migrate_is_enforced(const Constraint *constraint)
{
#if PG_VERSION_NUM >= 180000
	return constraint->is_enforced;
#else
	return true;
#endif
}

static inline bool
migrate_constraint_is_enforced(Form_pg_constraint constraint)
{
#if PG_VERSION_NUM >= 180000
	return constraint->conenforced;
#else
	return true;
#endif
}

static inline bool
migrate_is_virtual(const Constraint *constraint)
{
#if PG_VERSION_NUM >= 180000
	return constraint->generated_kind == ATTRIBUTE_GENERATED_VIRTUAL;
#else
	return false;
#endif
}

/*
 * ALTER CONSTRAINT: its name; NULL unless it makes the constraint NOT ENFORCED, which
 * drops triggers on both tables.
 */
static inline const char *
migrate_not_enforced_any_more(Node *def)
{
#if PG_VERSION_NUM >= 180000
	const ATAlterConstraint *alter = castNode(ATAlterConstraint, def);

	return alter->alterEnforceability && !alter->is_enforced ? alter->conname : NULL;
#else
	return NULL;
#endif
}

/* 17 changes the expression of a generated column. */
#if PG_VERSION_NUM >= 170000
#define MIGRATE_AT_SET_EXPRESSION AT_SetExpression
#else
#define MIGRATE_AT_SET_EXPRESSION (-1)
#endif

/* 17 has one column for the locales of all providers, 16 has rules. */
#if PG_VERSION_NUM >= 170000
#define MIGRATE_SQL_COLLATION_LOCALE(c) c ".colllocale"
#else
#define MIGRATE_SQL_COLLATION_LOCALE(c) c ".colliculocale"
#endif
#if PG_VERSION_NUM >= 160000
#define MIGRATE_SQL_COLLATION_RULES(c) c ".collicurules"
#else
#define MIGRATE_SQL_COLLATION_RULES(c) "NULL"
#endif

/* 18 publishes generated columns. */
#if PG_VERSION_NUM >= 180000
#define MIGRATE_SQL_PUBLICATION_GENERATED(p) \
	"CASE WHEN " p ".pubgencols <> 'n' THEN '    PUBLISH_GENERATED_COLUMNS stored' END "
#else
#define MIGRATE_SQL_PUBLICATION_GENERATED(p) "NULL "
#endif

/* 16 streams in parallel too, and has more options; 17 has one more. */
#if PG_VERSION_NUM >= 160000
#define MIGRATE_SQL_SUBSCRIPTION_STREAMING(s) \
	"CASE " s ".substream WHEN 't' THEN '    STREAMING on' WHEN 'p' THEN '    STREAMING parallel' END "
#define MIGRATE_SQL_SUBSCRIPTION_OPTIONS_16(s) \
	"CASE WHEN NOT " s ".subpasswordrequired THEN '    PASSWORD_REQUIRED false' END, " \
	"CASE WHEN " s ".subrunasowner THEN '    RUN_AS_OWNER' END, " \
	"CASE WHEN " s ".suborigin <> 'any' THEN '    ORIGIN ' || quote_literal(" s ".suborigin) END"
#else
#define MIGRATE_SQL_SUBSCRIPTION_STREAMING(s) \
	"CASE WHEN " s ".substream THEN '    STREAMING on' END "
#define MIGRATE_SQL_SUBSCRIPTION_OPTIONS_16(s) "NULL"
#endif
#if PG_VERSION_NUM >= 170000
#define MIGRATE_SQL_SUBSCRIPTION_OPTIONS(s) \
	MIGRATE_SQL_SUBSCRIPTION_OPTIONS_16(s) ", CASE WHEN " s ".subfailover THEN '    FAILOVER' END "
#else
#define MIGRATE_SQL_SUBSCRIPTION_OPTIONS(s) MIGRATE_SQL_SUBSCRIPTION_OPTIONS_16(s) " "
#endif

/* 18 takes bytes where older ones take characters. */
#if PG_VERSION_NUM >= 180000
#define migrate_b64_encode(b, l, t, s) pg_b64_encode((b), (l), (t), (s))
#else
#define migrate_b64_encode(b, l, t, s) pg_b64_encode((const char *) (b), (l), (t), (s))
#endif

/* 18 embeds name and version of a module in its library. */
#ifdef PG_MODULE_MAGIC_EXT
#define MIGRATE_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "migrate", .version = MIGRATE_VERSION)
#else
#define MIGRATE_MODULE_MAGIC PG_MODULE_MAGIC
#endif

#endif							/* MIGRATE_COMPAT_H */
