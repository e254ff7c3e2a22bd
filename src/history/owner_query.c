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
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "history/history.h"
#include "history/owner_query.h"
#include "util/printable.h"
#include "variables/variables.h"

/*
 * The next value of a statement: one function for each type of column.  A NULL
 * pointer binds a null.
 */
void
migrate_bind(MigrateParameters *p, Datum value)
{
	Assert(p->n < MIGRATE_MAX_PARAMETERS);
	p->nulls[p->n] = ' ';
	p->values[p->n++] = value;
}

void
migrate_bind_null(MigrateParameters *p)
{
	Assert(p->n < MIGRATE_MAX_PARAMETERS);
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
	/* not as the caller, whose role may have no USAGE on the schema */
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
	/* the planner would expect the first row to be the one that is looked for */
	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION,
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
 * Rows as a relation MIGRATE_ROWS that a statement can read, as a trigger reads a
 * transition table.  Returns what holds them, which the caller has to end.
 */
static Tuplestorestate *
register_rows(const MigrateQuery *query, const MigrateParameters *rows, int nrows)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));
	TupleDesc	desc = CreateTemplateTupleDesc(query->nargs);
	Tuplestorestate *store = tuplestore_begin_heap(false, false, maintenance_work_mem);

	for (int i = 0; i < query->nargs; i++)
		TupleDescInitEntry(desc, i + 1, psprintf("c%d", i + 1), query->types[i], -1, 0);
	for (int row = 0; row < nrows; row++)
	{
		bool		nulls[MIGRATE_MAX_PARAMETERS];

		Assert(rows[row].n == query->nargs);
		for (int i = 0; i < query->nargs; i++)
			nulls[i] = rows[row].nulls[i] == 'n';
		tuplestore_putvalues(store, desc, (Datum *) rows[row].values, nulls);
	}
	relation->md.name = MIGRATE_ROWS;
	relation->md.tupdesc = desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = nrows;
	relation->reldata = store;
	if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed");
	return store;
}

/*
 * The plan of a statement that reads MIGRATE_ROWS, which is not kept.
 */
static SPIPlanPtr
plan_for_rows(const MigrateQuery *query)
{
	SPIPlanPtr	plan = SPI_prepare(query->sql, 0, NULL);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * 55000 if the statement that has just run has not found "count" rows, which were
 * there when the run began.
 */
void
migrate_require_processed(uint64 count)
{
	if (SPI_processed != count)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has been changed during the run", "migrate.applied")));
}

/*
 * Run a statement as the tables' owner.  Its parameters are "p", or it reads the
 * "rows".
 */
static void
run_query(MigrateQuery *query, const MigrateParameters *rows, int nrows, MigrateParameters *p,
		  MigrateSnapshot which, int expected, void (*receive) (void *arg), void *arg)
{
	OwnerState	state;
	int			result;

	if (!query->of_scripts)
		migrate_recorder_flush();
	become_owner(&state);
	PG_TRY();
	{
		Tuplestorestate *store = NULL;

		/* a CALL that has committed holds none, and toasted values need one */
		PushActiveSnapshot(which == SNAPSHOT_LATEST ? GetLatestSnapshot() : GetTransactionSnapshot());
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		if (rows != NULL)
			store = register_rows(query, rows, nrows);
		result = SPI_execute_snapshot(rows ? plan_for_rows(query) : plan_of(query),
									  rows ? NULL : p->values, rows ? NULL : p->nulls,
									  which == SNAPSHOT_STATEMENT ? InvalidSnapshot : GetActiveSnapshot(),
									  InvalidSnapshot, false, true, 0);
		if (result != expected)
			elog(ERROR, "unexpected SPI result for the history: %s",
				 SPI_result_code_string(result));
		if (expected == SPI_OK_UPDATE || expected == SPI_OK_DELETE)
			migrate_require_processed(1);
		if (receive != NULL)
			receive(arg);
		if (store != NULL)
			tuplestore_end(store);
		if (SPI_finish() != SPI_OK_FINISH)
			elog(ERROR, "SPI_finish failed");
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
 * Run a statement on the tables as their owner, "p" bound to it.  "which" is
 * the snapshot that it reads with.  "receive" is called with
 * its rows in SPI_tuptable, inside the SPI connection.
 */
void
migrate_query(MigrateQuery *query, MigrateParameters *p, MigrateSnapshot which, int expected,
			  void (*receive) (void *arg), void *arg)
{
	Assert(p->n == query->nargs);
	run_query(query, NULL, 0, p, which, expected, receive, arg);
}

/*
 * Run a statement for many rows at once: it reads them from MIGRATE_ROWS, whose
 * columns have the types of the statement, in that order.
 */
void
migrate_query_rows(MigrateQuery *query, const MigrateParameters *rows, int nrows,
				   int expected, void (*receive) (void *arg), void *arg)
{
	run_query(query, rows, nrows, NULL, SNAPSHOT_STATEMENT, expected, receive, arg);
}
