/*-------------------------------------------------------------------------
 *
 * execute.h
 *		Running statements.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/execute.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_EXECUTE_EXECUTE_H
#define MIGRATE_EXECUTE_EXECUTE_H

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

#include "script/script.h"
#include "util/errcontext.h"
#include "util/names.h"

/*
 * What becomes of a statement in a run that is a single transaction.
 */
typedef enum MigrateInBlock
{
	BLOCK_RUNS,					/* as it is */
	BLOCK_CHANGED,				/* its relation is a new one: without
								 * CONCURRENTLY, or not at all */
	BLOCK_UNDECIDED,			/* it is seen when its turn comes whether it
								 * is one */
	BLOCK_REFUSED,
} MigrateInBlock;

/*
 * What is known of a statement that a background worker runs.
 */
typedef enum MigrateWorkerState
{
	WORKER_UNUSED,				/* no worker runs it */
	WORKER_STARTING,			/* it has not begun */
	WORKER_RUNNING,				/* it has begun; if its worker has ended, its
								 * last transaction is aborted */
	WORKER_COMMITTING,			/* or that is committed */
	WORKER_DONE,				/* that is committed */
} MigrateWorkerState;

/*
 * How a script runs.  Its first part is set before it does.
 */
typedef struct MigrateExecution MigrateExecution;

struct MigrateExecution
{
	MigrateErrorContext errctx;
	MemoryContext context;		/* outlives commits */
	bool		checks_deferred;	/* nothing of it may fire later */
	List	   *cursors;		/* WITH HOLD, left open by the caller */
	const char *search_path;	/* of the run, which RESET restores, or NULL */
	int			timeout;		/* statement_timeout of the caller */
	Oid			user;			/* when the step began */
	bool		keeps_settings; /* for what runs after it in the transaction */
	bool		is_callback;	/* of a migration */
	bool		is_trial;		/* neither it nor its callbacks are recorded */
	bool		own_session;	/* its temporary tables end with it ... */
	void		(*run) (const MigrateStatement *statement, const char *sql,
						MigrateExecution *execution);	/* a statement; NULL:
														 * migrate_run_statement() */
	void	   *observer;		/* for that function */

	List	   *temporaries;	/* ... these (Oid) ... */
	bool		makes_table;	/* ... and the one of this statement */
	List	   *others;			/* cursors that were open before the first */
	bool		other_timeout;	/* it has changed statement_timeout */
	int64		rows;			/* of the last statement, -1: it has none */
	volatile MigrateWorkerState worker; /* of the last statement */
};

/* in execute.c */
extern MigrateInBlock migrate_execute_in_block(const MigrateStatement *statement, MigrateNames *made,
											   bool *made_unknown, const RangeVar **relation);
extern void migrate_execute_check(const MigrateScript *script, const char *sql,
								  MigrateErrorContext *errctx, MigrateNames *made, bool *made_unknown);
extern bool migrate_runs_in_block(const MigrateStatement *statement);
extern void migrate_forget_statement(MigrateExecution *execution);
extern void migrate_end_session(MigrateExecution *execution);
extern void migrate_execute_script(const MigrateScript *script, const char *sql,
								   MigrateExecution *execution);
extern void migrate_run_statement(const MigrateStatement *statement, const char *sql,
								  MigrateExecution *execution);

extern char *migrate_run_query(const MigrateStatement *statement, const char *sql,
							   MigrateExecution *execution);

/* in deferred.c */
extern void migrate_check_constraints(void);
extern void migrate_refuse_pending(const char *detail);
extern List *migrate_held_cursors(void);

/* in toplevel.c */
extern bool migrate_execute_is_top_level(const MigrateStatement *statement);
extern int	migrate_execute_group(const MigrateScript *script, int first, const char *sql,
								  MigrateExecution *execution);
extern void migrate_run_top_level(const char *query);
extern void migrate_execute_top_level(const MigrateScript *script, int number,
									  const char *sql, MigrateExecution *execution);

/* in leftover.c */
extern bool migrate_may_leave_something(const MigrateStatement *statement);
extern List *migrate_invalid_indexes(const MigrateStatement *statement);
extern bool migrate_has_no_effect(const MigrateStatement *statement);
extern List *migrate_leftovers(const MigrateStatement *statement, List *before, char **finalize);
extern void migrate_drop_leftover(Oid index);

/* in guc_state.c */
extern void migrate_settings_end_at_commit(int guc_level);
extern void migrate_settings_restore_at_commit(List *saved);
extern List *migrate_settings_save(void);
extern void migrate_settings_restore(List *saved);
extern void migrate_setting_require_own(const char *name);

#endif							/* MIGRATE_EXECUTE_EXECUTE_H */
