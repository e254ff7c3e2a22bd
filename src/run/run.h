/*-------------------------------------------------------------------------
 *
 * run.h
 *		The routines: requests and results.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/run.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_RUN_H
#define MIGRATE_RUN_RUN_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "format/format.h"
#include "history/history.h"

/*
 * States, as status() shows them.
 */
typedef enum MigrateState
{
	STATE_PENDING,
	STATE_OUT_OF_ORDER,
	STATE_SKIPPED,				/* pending, and not to run: its contexts and
								 * labels, or a baseline file, decide so */
	STATE_APPLIED,
	STATE_BASELINE,				/* applied, by the word of baseline() */
	STATE_MODIFIED,
	STATE_OUTDATED,				/* repeatable, and changed */
	STATE_MISSING,
	STATE_INTERRUPTED,
	STATE_IN_PROGRESS,			/* it would be, but a process has the run lock */
} MigrateState;

/*
 * A version, with what the directory and the history have of it; one of the
 * two may be NULL.
 */
typedef struct MigrateItem
{
	Migration  *file;
	AppliedMigration *applied;
	MigrateState state;
	bool		up_changed;		/* other tokens than those that ran */
	bool		down_changed;
	bool		replaced;		/* by a baseline file; or it is one, and there
								 * is a history */
	bool		chosen;			/* by the request, among those pending */
	bool		reversible;		/* for status() */
	char	   *detail;			/* likewise: what there is to say, or NULL */
} MigrateItem;

/*
 * A request of the caller.  Unused fields are zero.
 */
typedef struct MigrateRequest
{
	const char *routine;		/* the SQL routine that was called */
	MigrateLocation location;	/* none given: perhaps the setting */
	MigrateHistory history;		/* its history */
	char	   *format;			/* NULL: detect */
	char	   *target;			/* NULL: none */
	char	   *state;			/* what repair() makes of it, NULL: nothing */
	char	   *script;			/* that runs instead of a baseline, or NULL */
	char	   *tool;			/* whose history is adopted, NULL: as found */
	Oid			tool_table;		/* the table of that, InvalidOid: look for it */
	int			steps;			/* 0: none */
	List	   *versions;		/* of char *, NIL: none */
	List	   *vars;			/* of MigrateVariable, NIL: none */
	List	   *schemas;		/* of tenants (char *) */
	bool		finds_schemas;	/* all that have a history, instead */
	int			canary;			/* a failure in so many first ones ends it */
	bool		passes_failures;	/* of schemas, but for those */
	bool		adopt_existing;
	bool		everything;
	bool		force;
	bool		commits;		/* after each migration: CALL */
	bool		undoes;			/* all that it does, at its end */
	bool		quiet;			/* no messages, no errors about the state */
	bool		ignores_interrupted;	/* those of files not in the directory */
	bool		applies_late;	/* out of order, as the directory says */
	bool		own_snapshot;	/* read with the transaction's snapshot */
	bool		cache_texts;	/* all texts of files will be needed */
	bool		confined;		/* files are stored without running them */
	bool		skips_known;	/* those of the history that are as they were
								 * recorded will not run: no need to parse */
} MigrateRequest;

/*
 * Of the memory context of a run: of blocks that double, half would be unused.
 */
#define MIGRATE_RUN_SIZES	ALLOCSET_DEFAULT_MINSIZE, ALLOCSET_DEFAULT_INITSIZE, (32 * 1024)

/*
 * What adopt() did about a migration that another tool has applied.
 */
typedef struct MigrateAdopted
{
	const char *version;
	const char *name;
	bool		has_time;		/* the tool knows when */
	TimestampTz applied_at;
	const char *note;			/* what there is to say about it, or NULL */
} MigrateAdopted;

/*
 * What repair() did about a migration.
 */
typedef struct MigrateRepair
{
	const char *version;
	const char *name;
	const char *action;
} MigrateRepair;

typedef struct MigrateRun MigrateRun;

/*
 * What a routine does in the caller's transaction.  Returns its results.
 */
typedef List *(*MigrateRoutine) (MigrateRun *run);

/* in apply.c */
extern List *migrate_run(MigrateRequest *request, MigrateRoutine routine);
extern List *migrate_run_apply(MigrateRun *run);
extern List *migrate_run_rollback(MigrateRun *run);
extern List *migrate_run_redo(MigrateRun *run);
extern List *migrate_run_refresh(MigrateRun *run);

/* in sync.c */
extern List *migrate_run_sync(MigrateRun *run);

/* in adopt.c */
extern List *migrate_run_adopt(MigrateRun *run);

/* in baseline.c */
extern List *migrate_run_baseline(MigrateRun *run);

/* in repair.c */
extern List *migrate_run_repair(MigrateRun *run);

/* in up.c */
extern int	migrate_run_committing(MigrateRequest *request, MigrateDirection direction);

/* in create.c */
extern char *migrate_create_files(MigrateRequest *request, const char *name);

/*
 * A statement that is going to run, or what there is to say of a migration
 * without: a row of plan().
 */
typedef struct MigratePreview
{
	const char *version;
	const char *name;
	int			transaction;	/* counted over all rows, 0: none */
	int			statement;		/* of the migration, 0: none */
	const char *file;
	int			line;			/* 0: none */
	const char *command;		/* or NULL */
	const char *note;			/* or NULL */
} MigratePreview;

/*
 * What a rule finds about a statement that is going to run: a row of check().
 */
typedef struct MigrateRuleRow
{
	const MigratePreview *statement;
	int			order;			/* number of that among all of the plan */
	const char *rule;
	const char *severity;
	const char *relation;		/* or NULL */
	const char *message;
	const char *hint;			/* or NULL */
} MigrateRuleRow;

/* in plan.c */
extern List *migrate_preview(MigrateRequest *request);

/* in findings.c */
extern List *migrate_check_rules(MigrateRequest *request);

/* in ready.c */
extern bool migrate_nothing_to_apply(MigrateRequest *request);
extern bool migrate_has_version(const MigrateRequest *request);
extern void migrate_wait_for_version(const MigrateRequest *request, int64 timeout);

/* in status.c */
extern List *migrate_status_items(MigrateRequest *request);
extern const char *migrate_highest_version(MigrateRequest *request);
extern const char *migrate_state_name(MigrateState state);

#endif							/* MIGRATE_RUN_RUN_H */
