/*-------------------------------------------------------------------------
 *
 * owner_query.c
 *		Runs one statement on the tables of the schema "migrate", as their owner.
 *
 * Whoever calls: search_path is pinned, all values are bound, and nothing else
 * in this extension gains power by changing the user.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/owner_query.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "history/history.h"
#include "history/owner_query.h"
#include "history/table.h"
#include "util/printable.h"
#include "variables/variables.h"

/*
 * The next value of a statement: one function for each type of column.  A NULL
 * pointer binds a null.
 */
void
migrate_bind(MigrateParameters *p, Datum value)
{
	if (p->n >= MIGRATE_MAX_PARAMETERS)
		elog(ERROR, "too many parameters of a query");
	p->nulls[p->n] = ' ';
	p->values[p->n++] = value;
}

void
migrate_bind_null(MigrateParameters *p)
{
	if (p->n >= MIGRATE_MAX_PARAMETERS)
		elog(ERROR, "too many parameters of a query");
	p->nulls[p->n++] = 'n';
}

void
migrate_bind_text(MigrateParameters *p, const char *str)
{
	if (str == NULL)
		migrate_bind_null(p);
	else
		migrate_bind(p, CStringGetTextDatum(str));
}

/*
 * An array of the texts (char *) in a list, a null for an empty one.
 */
void
migrate_bind_texts(MigrateParameters *p, List *texts)
{
	int			n = 0;
	Datum	   *values;
	ListCell   *lc;

	if (texts == NIL)
	{
		migrate_bind_null(p);
		return;
	}
	values = palloc(list_length(texts) * sizeof(Datum));
	foreach(lc, texts)
		values[n++] = CStringGetTextDatum(lfirst(lc));
	migrate_bind(p, PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT)));
}

void
migrate_bind_vars(MigrateParameters *p, List *vars)
{
	char	   *str = migrate_variables_write(vars);

	if (str == NULL)
		migrate_bind_null(p);
	else
		migrate_bind(p, DirectFunctionCall1(jsonb_in, CStringGetDatum(str)));
}

void
migrate_bind_name(MigrateParameters *p, const char *name)
{
	if (name == NULL)
		migrate_bind_null(p);
	else
		migrate_bind(p, DirectFunctionCall1(namein, CStringGetDatum(name)));
}

void
migrate_bind_sha256(MigrateParameters *p, const uint8 *sha256)
{
	bytea	   *value;

	if (sha256 == NULL)
	{
		migrate_bind_null(p);
		return;
	}
	value = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	SET_VARSIZE(value, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	memcpy(VARDATA(value), sha256, PG_SHA256_DIGEST_LENGTH);
	migrate_bind(p, PointerGetDatum(value));
}

/*
 * Where the client is; a null on a socket of this machine.
 */
void
migrate_bind_client_address(MigrateParameters *p)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum		value;

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	value = inet_client_addr(fcinfo);
	if (fcinfo->isnull)
		migrate_bind_null(p);
	else
		migrate_bind(p, value);
}

void
migrate_bind_duration(MigrateParameters *p, int64 microseconds)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = microseconds;
	migrate_bind(p, IntervalPGetDatum(interval));
}

void
migrate_bind_oids(MigrateParameters *p, List *oids)
{
	int			n = 0;
	Datum	   *values = palloc(Max(list_length(oids), 1) * sizeof(Datum));
	ListCell   *lc;

	foreach(lc, oids)
		values[n++] = ObjectIdGetDatum(lfirst_oid(lc));
	migrate_bind(p, PointerGetDatum(construct_array(values, n, OIDOID, sizeof(Oid), true,
													TYPALIGN_INT)));
}

/*
 * Which history: always the first two values, MIGRATE_KEY_TYPES.
 */
void
migrate_bind_key(MigrateParameters *p, const MigrateHistory *history)
{
	p->n = 0;
	migrate_bind_text(p, history->project);
	migrate_bind_text(p, history->schema);
}

/*
 * What is different while a statement on the tables runs.
 */
typedef struct OwnerState
{
	Oid			user;
	int			security;
	bool		read_only;
	int			guc_level;
} OwnerState;

/*
 * The owner of the tables, looked up each time: an ALTER EXTENSION or a
 * restore may have changed it.
 */
static Oid
table_owner(void)
{
	/* not as the caller, which may have no USAGE on the schema */
	Oid			relid = get_relname_relid("applied", get_namespace_oid("migrate", false));
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" does not exist", "migrate.applied")));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
become_owner(OwnerState *state)
{
	GetUserIdAndSecContext(&state->user, &state->security);
	state->read_only = XactReadOnly;
	state->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	SetUserIdAndSecContext(table_owner(), state->security | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);

	/* a migration may have made its own transaction read only */
	if (!RecoveryInProgress())
		XactReadOnly = false;
}

static void
become_caller(const OwnerState *state)
{
	XactReadOnly = state->read_only;
	SetUserIdAndSecContext(state->user, state->security);
}

static SPIPlanPtr
plan_of(MigrateQuery *query)
{
	if (query->plan == NULL)
	{
		/* the values do not matter: each finds its rows by a key */
		SPIPlanPtr	plan = SPI_prepare_cursor(query->sql, query->nargs, query->types,
											  CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		query->plan = plan;
	}
	return query->plan;
}

/*
 * 55000 if a statement, or what changes tables, has not found the one row that was
 * there when the run began.
 */
void
migrate_require_row(bool found)
{
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has been changed during the run", "migrate.applied")));
}

/*
 * Call "body" as the owner of the tables, in an operation that is restricted to
 * reading and writing them, with an active snapshot: the latest, or that of the
 * transaction.
 */
void
migrate_as_owner(bool latest, void (*body) (void *arg), void *arg)
{
	OwnerState	state;

	become_owner(&state);
	PG_TRY();
	{
		/* a CALL that has committed holds none, and toasted values need one */
		PushActiveSnapshot(latest ? GetLatestSnapshot() : GetTransactionSnapshot());
		body(arg);
		PopActiveSnapshot();
	}
	PG_FINALLY();
	{
		become_caller(&state);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, state.guc_level);
}

/*
 * A statement to run, as the argument of run_query().
 */
typedef struct QueryRun
{
	MigrateQuery *query;
	MigrateParameters *p;
	MigrateSnapshot which;
	int			expected;
	void		(*receive) (void *arg);
	void	   *arg;
} QueryRun;

static void
run_query(void *arg)
{
	QueryRun   *run = arg;
	int			result;

	/*
	 * Where one row is enough, the planner may choose a sequential scan
	 * because it expects to find one early.  If no row qualifies, that reads
	 * all of a table that only grows.  migrate_as_owner() restores it.
	 */
	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (run->query->table != NULL)
		migrate_table_require(run->query->table);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_snapshot(plan_of(run->query), run->p->values, run->p->nulls,
								  run->which == SNAPSHOT_STATEMENT ? InvalidSnapshot : GetActiveSnapshot(),
								  InvalidSnapshot, false, true, 0);
	if (result == SPI_OK_REWRITTEN && run->query->table != NULL)
		migrate_refuse_table(run->query->table);
	if (result != run->expected)
		elog(ERROR, "unexpected SPI result for the history: %s", SPI_result_code_string(result));
	if (result == SPI_OK_UPDATE || result == SPI_OK_DELETE)
		migrate_require_row(SPI_processed == 1);
	if (run->receive != NULL)
		run->receive(run->arg);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/*
 * Run a statement on the tables as their owner, "p" bound to it.  "which" is
 * the snapshot that it reads with.  "receive" is called with
 * its rows in SPI_tuptable, inside the SPI connection.
 */
void
migrate_query(MigrateQuery *query, MigrateParameters *p, MigrateSnapshot which, int expected,
			  void (*receive) (void *arg), void *arg)
{
	QueryRun	run = {query, p, which, expected, receive, arg};

	Assert(p->n == query->nargs);
	migrate_recorder_flush();
	migrate_as_owner(which == SNAPSHOT_LATEST, run_query, &run);
}
