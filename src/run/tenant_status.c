/*-------------------------------------------------------------------------
 *
 * tenant_status.c
 *		status_schemas(): which schemas are up to date, and which have failed.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/tenant_status.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "format/source.h"
#include "history/attempts.h"
#include "history/history.h"
#include "run/run.h"
#include "run/run_int.h"
#include "run/state.h"
#include "run/tenants.h"
#include "util/names.h"

/*
 * The statuses that are found, by their schemas.
 */
typedef struct TenantStatuses
{
	MigrateNames *names;
	List	   *statuses;		/* of MigrateTenantStatus */
	bool		finds;			/* also schemas that are not given */
} TenantStatuses;

/*
 * The status of a schema; NULL if it is not to be shown.
 */
static MigrateTenantStatus *
status_of(TenantStatuses *all, const char *schema)
{
	MigrateTenantStatus *status = migrate_names_get(all->names, schema);

	if (status != NULL || !all->finds || *schema == '\0')
		return status;
	status = palloc0(sizeof(MigrateTenantStatus));
	status->schema = pstrdup(schema);
	(void) migrate_names_add(all->names, status->schema, status);
	all->statuses = lappend(all->statuses, status);
	return status;
}

/*
 * Of several states, the one that needs attention first.
 */
static int
urgency(MigrateState state)
{
	switch (state)
	{
		case STATE_INTERRUPTED:
			return 5;
		case STATE_IN_PROGRESS:
			return 4;
		case STATE_MODIFIED:
			return 3;
		case STATE_OUT_OF_ORDER:
			return 2;
		case STATE_PENDING:
		case STATE_OUTDATED:
			return 1;
		default:
			return 0;
	}
}

/*
 * Would a run apply it, or go on with it?
 */
static bool
is_pending(const MigrateItem *item)
{
	if (item->state == STATE_INTERRUPTED || item->state == STATE_IN_PROGRESS)
		return item->file != NULL && !item->applied->going_down;
	return item->state == STATE_PENDING || item->state == STATE_OUT_OF_ORDER ||
		item->state == STATE_OUTDATED;
}

/*
 * What there is to show of a history, run->applied.
 */
static void
summarize(MigrateRun *run, MigrateTenantStatus *status)
{
	const char *highest = NULL;
	MigrateState state = STATE_APPLIED;
	ListCell   *lc;

	run->is_read = true;
	migrate_load_state(run);
	migrate_check_changes(run);
	(void) migrate_mark_running(run);
	foreach(lc, run->items)
	{
		const MigrateItem *item = lfirst(lc);
		const AppliedMigration *row = item->applied;

		if (urgency(item->state) > urgency(state))
			state = item->state == STATE_OUTDATED ? STATE_PENDING : item->state;
		status->pending += is_pending(item);
		if (row == NULL || (row->interrupted && !row->going_down))
			continue;
		status->applied++;
		/* the items are in the order of versions */
		if (row->kind != KIND_REPEATABLE)
			highest = row->version;
	}
	status->state = migrate_state_name(state);
	status->knows_pending = run->source != NULL;
	status->version = highest;
}

/*
 * Summarize a history in a context that is emptied: only what is shown of it is copied.
 */
static void
add_history(const MigrateRequest *request, MigrateSource *source, List *applied,
			MigrateTenantStatus *status, MemoryContext context)
{
	MigrateRequest own = *request;
	MigrateRun	run = {.request = &own,.context = CurrentMemoryContext,.source = source,.applied = applied,.is_tenant = true};

	own.history.schema = unconstify(char *, status->schema);
	summarize(&run, status);
	if (status->version != NULL)
		status->version = MemoryContextStrdup(context, status->version);
}

/*
 * Receives the last attempt in a schema, if it has failed.
 */
static void
add_failure(const char *schema, TimestampTz failed_at, const char *error, void *arg)
{
	MigrateTenantStatus *status = status_of(arg, schema);

	if (status == NULL)
		return;
	status->failed_at = failed_at;
	status->error = pstrdup(error);
}

static int
compare_schemas(const ListCell *a, const ListCell *b)
{
	return strcmp(((MigrateTenantStatus *) lfirst(a))->schema, ((MigrateTenantStatus *) lfirst(b))->schema);
}

/*
 * status_schemas(): a MigrateTenantStatus for each of request->schemas, in that order,
 * or for each schema that has a history in the project, in the order of names.  Changes nothing, and waits for nothing.
 */
List *
migrate_tenant_statuses(MigrateRequest *request)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(context, "migrate schema", ALLOCSET_DEFAULT_SIZES);
	TenantStatuses all = {.names = migrate_names_create(),.finds = true};
	MigrateRequest files = *request;
	MigrateRun	run = {.request = &files,.context = context};
	MigrateHistoryScan *scan;
	MigrateTenantStatus *status;
	const char *schema;
	ListCell   *lc;

	migrate_warn_version();
	request->own_snapshot = true;
	files.history.project = NULL;
	migrate_load_source(&run, migrate_location_or_setting(request));
	foreach(lc, request->schemas)
		(void) status_of(&all, lfirst(lc));
	all.finds = request->finds_schemas;
	migrate_history_last_failures(&request->history, add_failure, &all);
	scan = migrate_history_scan_begin(request->history.project, false);
	while ((schema = migrate_history_scan_next(scan)) != NULL)
	{
		status = status_of(&all, schema);
		if (status == NULL)
			continue;
		MemoryContextSwitchTo(scratch);
		add_history(request, run.source, migrate_history_scan_rows(scan), status, context);
		MemoryContextSwitchTo(context);
		MemoryContextReset(scratch);
	}
	migrate_history_scan_end(scan);
	foreach(lc, all.statuses)
	{
		CHECK_FOR_INTERRUPTS();
		status = lfirst(lc);
		if (status->state == NULL)
			add_history(request, run.source, NIL, status, context);
	}
	if (all.finds)
		list_sort(all.statuses, compare_schemas);
	return all.statuses;
}
