/*-------------------------------------------------------------------------
 *
 * arguments.h
 *		Arguments of the SQL-callable functions: into a request.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/arguments.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_ARGUMENTS_H
#define MIGRATE_ARGUMENTS_H

#include "fmgr.h"
#include "nodes/pg_list.h"

#include "run/run.h"

/* in arguments.c; each takes the number of its argument, or of the first */
extern char *migrate_text_argument(FunctionCallInfo fcinfo, int n);
extern bool migrate_bool_argument(FunctionCallInfo fcinfo, int n);
extern int	migrate_steps_argument(FunctionCallInfo fcinfo, int n);
extern List *migrate_texts_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern List *migrate_versions_argument(FunctionCallInfo fcinfo, int n);
extern void migrate_location_arguments(FunctionCallInfo fcinfo, int dir, int files, MigrateRequest *request);
extern void migrate_project_argument(FunctionCallInfo fcinfo, int n, MigrateRequest *request);
extern void migrate_history_arguments(FunctionCallInfo fcinfo, int n, MigrateRequest *request);
extern List *migrate_vars_argument(FunctionCallInfo fcinfo, int n);
extern void migrate_choice_arguments(FunctionCallInfo fcinfo, int files, MigrateRequest *request);
extern char *migrate_version_argument(FunctionCallInfo fcinfo, int n);
extern int64 migrate_interval_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern void migrate_put_preview(Datum *values, bool *nulls, const MigratePreview *row);
extern void migrate_put_text(Datum *values, bool *nulls, int n, const char *value);

#endif							/* MIGRATE_ARGUMENTS_H */
