/*-------------------------------------------------------------------------
 *
 * tenants.c
 *		CALL up_schemas: the migrations of a directory in many schemas, each of which
 *		has a history of its own.
 *
 * The directory is read once, and one reading of all histories finds the schemas that
 * have something to do; these then run as CALL up does, in the order given.  What a
 * schema needs is released before the next one, so memory does not grow with their
 * number.
 *
 * Several sessions that send the same statement share the work: a schema whose run lock
 * is taken is left for later, and then waited for.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/tenants.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_namespace.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "format/doubt.h"
#include "format/source.h"
#include "history/history.h"
#include "run/callback.h"
#include "run/commit.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/tenants.h"
#include "run/up.h"
#include "util/names.h"
#include "util/printable.h"

/*
 * The server's caches are emptied after so many commands, and a schema counts as some, see
 * release_caches().
 */
#define CACHED_COMMANDS		2000
#define SCHEMA_COMMANDS		10

/*
 * A schema of the call.
 */
typedef struct TenantRun
{
	const char *schema;
	bool		has_work;
} TenantRun;

/*
 * A call, in the memory context of the routine, which outlives commits.
 */
typedef struct Tenants
{
	MigrateRequest *request;
	MemoryContext context;
	MemoryContext scratch;		/* of the schema that is at work */
	MigrateSource *source;
	TenantRun  *runs;
	MigrateNames *names;		/* of the runs, until they are found to have
								 * work */
	int			nruns;
	int			nwork;			/* so many of them have something to do ... */
	int			ndone;			/* ... and so many have ended */
	int64		ncached;		/* commands since the caches were emptied */
	bool		has_changed;	/* something is committed, perhaps of one that
								 * failed */
	int			applied;		/* migrations */
	int			failed;			/* schemas */
} Tenants;

/*
 * Does the schema exist?  pg_namespace is read without the cache, which would keep an entry
 * for each schema of the call before the first one runs.
 */
static bool
schema_exists(Relation namespaces, const char *schema)
{
	ScanKeyData key;
	SysScanDesc scan;
	bool		exists;

	ScanKeyInit(&key, Anum_pg_namespace_nspname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(schema));
	scan = systable_beginscan(namespaces, NamespaceNameIndexId, true, NULL, 1, &key);
	exists = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	return exists;
}

/*
 * The schemas of the request, none of which comes twice (22023), and all of which
 * exist (3F000).
 */
static void
set_schemas(Tenants *tenants)
{
	Relation	namespaces = table_open(NamespaceRelationId, AccessShareLock);
	ListCell   *lc;

	tenants->names = migrate_names_create();
	tenants->nruns = list_length(tenants->request->schemas);
	tenants->runs = palloc0(Max(tenants->nruns, 1) * sizeof(TenantRun));
	foreach(lc, tenants->request->schemas)
	{
		const char *schema = lfirst(lc);
		TenantRun  *tenant = &tenants->runs[foreach_current_index(lc)];

		CHECK_FOR_INTERRUPTS();
		if (!migrate_names_add(tenants->names, schema, tenant))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("schema \"%s\" is given twice", schema)));
		if (!schema_exists(namespaces, schema))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_SCHEMA),
					 errmsg("schema \"%s\" does not exist", schema)));
		tenant->schema = schema;
		tenant->has_work = true;
	}
	table_close(namespaces, AccessShareLock);
}

/*
 * Read the directory, and report what concerns its files.  The histories do not decide
 * about its format.
 */
static void
read_source(Tenants *tenants)
{
	MigrateRequest request = *tenants->request;
	MigrateRun	run = {.request = &request,.context = tenants->context};
	ListCell   *lc;

	request.cache_texts = true;
	request.history.project = NULL;
	migrate_require_source(&run);
	migrate_report_ignored(&run);
	foreach(lc, migrate_source_set(run.source)->migrations)
		migrate_raise_doubt(lfirst(lc), false);
	tenants->source = run.source;
}

/*
 * The request and the run of a schema, in the scratch context.
 */
static void
begin_run(Tenants *tenants, const char *schema, MigrateRequest *request, MigrateRun *run)
{
	*request = *tenants->request;
	request->history.schema = unconstify(char *, schema);
	memset(run, 0, sizeof(MigrateRun));
	run->request = request;
	run->context = tenants->scratch;
	run->source = tenants->source;
	run->is_tenant = true;
}

/*
 * Find the schemas that have something to do, or about which there is something to
 * say, or whose callbacks always run.  One that has no history yet has all.
 */
static void
find_work(Tenants *tenants)
{
	MigrateHistoryScan *scan;
	const char *schema;

	scan = migrate_history_scan_begin(tenants->request->history.project, true);
	MemoryContextSwitchTo(tenants->scratch);
	while ((schema = migrate_history_scan_next(scan)) != NULL)
	{
		TenantRun  *tenant = migrate_names_get(tenants->names, schema);
		MigrateRequest request;
		MigrateRun	run;

		if (tenant == NULL)
			continue;
		begin_run(tenants, tenant->schema, &request, &run);
		run.applied = migrate_history_scan_rows(scan);
		run.is_read = true;
		tenant->has_work = !migrate_is_up_to_date(&run) || migrate_callbacks_are_due(&run);
		MemoryContextReset(tenants->scratch);
	}
	MemoryContextSwitchTo(tenants->context);
	migrate_history_scan_end(scan);
	migrate_names_free(tenants->names);
	for (int i = 0; i < tenants->nruns; i++)
		tenants->nwork += tenants->runs[i].has_work;
}

/*
 * Error context callback.
 */
static void
add_schema(void *arg)
{
	migrate_callback_context("schema \"%s\"", (const char *) arg);
}

/*
 * Has the whole call to end because of an error in the schema with that number?  A
 * cancel is not for one schema.
 */
static bool
ends_call(const Tenants *tenants, int number, const ErrorData *error)
{
	return !tenants->request->passes_failures || number < tenants->request->canary ||
		ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION;
}

/*
 * The detail of an error, and where it happened: clients do not show the context of a
 * WARNING.
 */
static char *
failure_detail(const ErrorData *error)
{
	StringInfoData buf;
	const char *place = error->context ? strstr(error->context, "migration ") : NULL;

	initStringInfo(&buf);
	if (error->detail != NULL)
		appendStringInfoString(&buf, error->detail);
	while (place != NULL && place > error->context && place[-1] != '\n')
		place = strstr(place + 1, "migration ");
	if (place != NULL)
		appendStringInfo(&buf, "%sIt happened in %.*s.", buf.len > 0 ? " " : "",
						 (int) strcspn(place, "\n"), place);
	return buf.data;
}

/*
 * A schema has failed, in a new transaction: raise the error, or warn.
 */
static void
handle_failure(Tenants *tenants, int number, MigrateRun *run, ErrorData *error)
{
	char	   *detail;

	if (ends_call(tenants, number, error))
	{
		if (tenants->has_changed)
			migrate_record_objects_after_error(run);
		ReThrowError(error);
	}
	tenants->failed++;
	detail = failure_detail(error);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("migrations of schema \"%s\" have failed: %s", tenants->runs[number].schema, error->message),
			 *detail == '\0' ? 0 : errdetail("%s", detail),
			 error->hint == NULL ? 0 : errhint("%s", error->hint)));
	migrate_commit(tenants->context);
}

/*
 * A schema is done, with so many commands.  The server keeps what it has looked up in the
 * catalogs as long as the session lasts, mostly of objects and names of one schema, some
 * hundred bytes for a command: so it has to forget that from time to time, and looks up
 * again what all schemas share, which takes as long as a quarter of a small migration.
 */
static void
release_caches(Tenants *tenants, int64 ncommands)
{
	tenants->ncached += ncommands + SCHEMA_COMMANDS;
	if (tenants->ncached < CACHED_COMMANDS)
		return;
	ResetCatalogCaches();
	tenants->ncached = 0;
}

/*
 * Run the migrations of a schema.  Returns false if another process does, and "waits"
 * is false.
 */
static bool
run_schema(Tenants *tenants, int number, bool waits)
{
	const char *schema = tenants->runs[number].schema;
	ErrorContextCallback callback = {.callback = add_schema,.previous = error_context_stack};
	ErrorData  *volatile error = NULL;
	volatile bool has_ended = true;
	MigrateRequest request;
	MigrateRun	run;

	begin_run(tenants, schema, &request, &run);
	callback.arg = unconstify(char *, schema);
	error_context_stack = &callback;
	MemoryContextSwitchTo(tenants->scratch);
	PG_TRY();
	{
		has_ended = migrate_run_history(&run, MIGRATE_UP, waits);
	}
	PG_CATCH();
	{
		error = migrate_recover(tenants->scratch);
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(tenants->scratch);
	tenants->applied += run.nmigrations;
	tenants->has_changed |= run.has_changed;
	tenants->ndone += has_ended;
	if (error != NULL)
		handle_failure(tenants, number, &run, error);
	else if (run.nmigrations > 0)
		ereport(NOTICE,
				(errmsg_plural("applied %d migration in schema \"%s\" [%d/%d]",
							   "applied %d migrations in schema \"%s\" [%d/%d]",
							   run.nmigrations, run.nmigrations, schema, tenants->ndone, tenants->nwork)));
	MemoryContextSwitchTo(tenants->context);
	MemoryContextReset(tenants->scratch);
	release_caches(tenants, run.ncommands);
	return has_ended;
}

/*
 * Run the schemas with these numbers that have something to do: those that other
 * processes are running last.
 */
static void
run_schemas(Tenants *tenants, int from, int to)
{
	List	   *later = NIL;
	ListCell   *lc;

	for (int i = from; i < to; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (tenants->runs[i].has_work && !run_schema(tenants, i, false))
			later = lappend_int(later, i);
	}
	foreach(lc, later)
		(void) run_schema(tenants, lfirst_int(lc), true);
	list_free(later);
}

/*
 * CALL up_schemas: apply what is pending in each of request->schemas, with a commit
 * after each migration.  *applied becomes the number of migrations, *failed that of
 * schemas that were passed over.
 *
 * To be called from a CALL that may commit, in a memory context that outlives commits.
 * Errors: 22023 and 3F000 for the schemas; those of migrate_run_committing() of the
 * first schema that fails, unless the request passes over failures.
 */
void
migrate_run_tenants(MigrateRequest *request, int *applied, int *failed)
{
	Tenants		tenants = {.request = request,.context = CurrentMemoryContext};
	int			canary = Min(request->canary, list_length(request->schemas));

	migrate_warn_version();
	tenants.scratch = AllocSetContextCreate(tenants.context, "migrate schema", MIGRATE_RUN_SIZES);
	set_schemas(&tenants);
	read_source(&tenants);
	find_work(&tenants);
	run_schemas(&tenants, 0, canary);
	run_schemas(&tenants, canary, tenants.nruns);
	if (tenants.has_changed)
	{
		MigrateRequest last;
		MigrateRun	run;

		begin_run(&tenants, llast(request->schemas), &last, &run);
		run.context = tenants.context;
		migrate_record_objects_committing(&run);
	}
	*applied = tenants.applied;
	*failed = tenants.failed;
}
