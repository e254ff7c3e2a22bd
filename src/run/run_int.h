/*-------------------------------------------------------------------------
 *
 * run_int.h
 *		What the files of this folder share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/run_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_RUN_INT_H
#define MIGRATE_RUN_RUN_INT_H

#include "nodes/pg_list.h"

#include "format/format.h"
#include "format/source.h"
#include "run/run.h"

struct MigrateRun
{
	MigrateRequest *request;
	MemoryContext context;		/* what lives as long as this is here */
	MigrateSource *source;		/* NULL: only the history is needed */
	const char *callers_path;	/* search_path, of a run in one transaction */
	List	   *applied;		/* of AppliedMigration, as applied */
	struct MigrateNames *rows;	/* the same by their keys, see known.c ... */
	struct MigrateNames *files; /* ... and by their files, once it is needed */
	MigrateKnown known;			/* what "source" has of them */
	bool		is_read;		/* that has just been read */
	List	   *items;			/* of MigrateItem, in order of versions */
	int			batch;			/* of what is applied now, 0: not known yet */
	List	   *given;			/* a MigrateVariableSet, once one is needed,
								 * of request->vars, and ... */
	List	   *from_layout;	/* ... of what a settings file says, and ... */
	List	   *from_layout_down;
	List	   *from_properties;	/* ... of the last changeset's properties */
	List	   *from_local_properties;
	List	   *built_in;		/* of MigrateVariable, once they are needed */
	struct MigrateNames *configured;	/* variables by name, likewise;
										 * configuration.c */
	List	   *cursors;		/* WITH HOLD, see migrate_end_other_role() */
	bool		applies_nothing;	/* only callbacks run */
	List	   *on_error;		/* MigrateSteps of callbacks after a failure */
	int			nsteps;			/* of a run with commits, in all ... */
	int			ndone;			/* ... and so many are done */
	int			nmigrations;	/* so many of these are not callbacks ... */
	MigrateResult last;			/* ... and this is the last one's result */
	bool		failing;		/* callbacks after a failure are running */
	struct MigrateInStep *in_step;	/* a tool's table that is written too, or
									 * NULL; see in_step.c */
	bool		other_timeout;	/* that it has no effect has been said */
	bool		has_changed;	/* something: its objects are to be recorded */
	int64		ncommands;		/* that have been committed, as transactions
								 * count them: DDL has several for a statement */
	bool		is_tenant;		/* one of many with the same source, see
								 * tenants.c */
};

#endif							/* MIGRATE_RUN_RUN_INT_H */
