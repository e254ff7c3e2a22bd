/*-------------------------------------------------------------------------
 *
 * tenants.h
 *		Many schemas, each of which has a history of its own.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/tenants.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_TENANTS_H
#define MIGRATE_RUN_TENANTS_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "run/run.h"

/*
 * The history of a schema: a row of status_schemas().
 */
typedef struct MigrateTenantStatus
{
	const char *schema;
	const char *version;		/* the highest, NULL: none */
	int			applied;
	int			pending;
	bool		knows_pending;	/* there is a directory */
	const char *state;
	TimestampTz failed_at;		/* the last attempt has failed then, 0: not */
	const char *error;			/* and why, or NULL */
} MigrateTenantStatus;

/* in tenants.c */
extern void migrate_run_tenants(MigrateRequest *request, int *applied, int *failed);

/* in tenant_status.c */
extern List *migrate_tenant_statuses(MigrateRequest *request);

#endif							/* MIGRATE_RUN_TENANTS_H */
