/*-------------------------------------------------------------------------
 *
 * activity.h
 *		What pg_stat_activity shows of a run.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/activity.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_UTIL_ACTIVITY_H
#define MIGRATE_UTIL_ACTIVITY_H

#include "util/errcontext.h"

/*
 * A text of pg_stat_activity, taken apart.  What it does not have, or what is cut off,
 * is NULL or 0.
 */
typedef struct MigrateActivity
{
	char	   *routine;
	char	   *project;
	char	   *schema;
	char	   *version;
	char	   *name;
	int			statement;
	int			nstatements;
	char	   *file;
	int			line;
	char	   *command;
	char	   *query;			/* the statement itself */
} MigrateActivity;

/* in activity.c */
extern void migrate_activity_begin(const char *routine, const char *project, const char *schema);
extern void migrate_activity_statement(MigrateErrorContext *errctx, const char *command);
extern void migrate_activity_waiting(int pid);
extern void migrate_activity_resume(void);
extern void migrate_activity_end(void);
extern MigrateActivity *migrate_activity_parse(const char *str);

#endif							/* MIGRATE_UTIL_ACTIVITY_H */
