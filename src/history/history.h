/*-------------------------------------------------------------------------
 *
 * history.h
 *		The history: what is remembered of migrations, and writing it.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/history.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_HISTORY_HISTORY_H
#define MIGRATE_HISTORY_HISTORY_H

#include "common/sha2.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "format/format.h"
#include "util/errcontext.h"
#include "variables/variables.h"

/*
 * A migration as the history has it: one row of migrate.applied.
 */
typedef struct AppliedMigration
{
	MigrateKind kind;
	char	   *version;
	char	   *name;
	char	   *sort_key;		/* of its file now, where there is one */
	char	   *stored_key;		/* as recorded: what its row is found by */
	char	   *file;
	char	   *format;			/* of the directory that it was applied from,
								 * or NULL */
	bool		has_digest;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];	/* of what was read for it */
	int			batch;
	int64		history_id;		/* order of application */
	uint8		up_sha256[PG_SHA256_DIGEST_LENGTH];
	uint8		down_sha256[PG_SHA256_DIGEST_LENGTH];
	bool		has_down;
	char	   *up_role;		/* author of the stored script */
	char	   *down_role;		/* likewise, NULL without one */
	int			up_line;		/* line in its file */
	int			down_line;
	bool		up_transactional;
	bool		down_transactional;
	MigrateSyntax up_syntax;	/* of variables */
	MigrateSyntax down_syntax;
	List	   *up_vars;		/* of MigrateVariable: those in the text */
	List	   *down_vars;
	bool		reversible;
	char	   *down_error;		/* why the down script cannot run, or NULL */
	char	   *description;
	char	   *author;
	char	   *created;
	TimestampTz applied_at;
	char	   *applied_by;
	int64		duration;		/* microseconds */
	int			statements;
	bool		baseline;		/* recorded without having run */
	bool		interrupted;	/* some of its transactions are committed */
	bool		going_down;		/* ... of its down script */
	int			done;			/* ... namely those of so many statements */
	bool		started;		/* the next statement may have left something */
	List	   *invalid_indexes;	/* of Oid: of its table, before that */
	struct MigrateItem *item;	/* its item, see migrate_match() */
} AppliedMigration;

/*
 * A history, and the role that works on it.
 */
typedef struct MigrateHistory
{
	char	   *project;
	char	   *schema;			/* of the tenant, "" for none */
	char	   *role;			/* the current one when the routine was
								 * called, */
	char	   *login;			/* the session's, */
	char	   *application;	/* and its application_name */
} MigrateHistory;

/*
 * One migration to run in one direction.
 */
typedef struct MigrateStep
{
	MigrateDirection direction;
	int			batch;			/* of a callback down: the run's */
	Migration  *file;			/* NULL: runs from the store */
	AppliedMigration *applied;	/* NULL: was pending */
	struct MigrateScript *script;	/* set when checked */
	uint8	   *sha256;			/* of a stored script, when checked */
	List	   *vars;			/* MigrateVariables in it, when checked */
	List	   *down_vars;		/* of an up: those in its down */
	List	   *before;			/* MigrateSteps of callbacks, in its
								 * transaction */
	List	   *after;
	struct MigrateStep *verify; /* of an up: a script that checks it, or NULL */
	bool		forced;			/* undone without running anything */
	bool		reversible;		/* of an up: what its down turned out to be */
	bool		repeated;		/* has a row already, of a repeatable one */
	bool		passed_over;	/* of an up: it has not run, and stays pending */
	bool		in_progress;	/* has a row already, of an interrupted one */
	int			done;			/* ... and so many statements are committed */
	char	   *down_error;		/* of an up: why its down cannot run */
	List	   *allowed;		/* comments (char *) that allow findings of it */
	List	   *preconditions;	/* of an up, when checked, see precondition.c */
} MigrateStep;

/* A run has one for each script, and memory comes in powers of two. */
StaticAssertDecl(sizeof(MigrateStep) <= 128, "a MigrateStep needs twice the memory");

/*
 * What came of a step: a row of apply() and its kin.
 */
typedef struct MigrateResult
{
	const char *version;
	const char *name;
	MigrateDirection direction;
	int			batch;
	int			statements;
	int64		duration;		/* microseconds */
	TimestampTz applied_at;		/* 0: now */
	const char *applied_by;		/* NULL: the current role */
} MigrateResult;

/* in read.c */
extern List *migrate_history_read(const MigrateHistory *history, bool latest);
extern bool migrate_history_is_current(const MigrateHistory *history, List *applied);
extern char *migrate_history_script(const uint8 *sha256);
extern bool migrate_history_has_version(const MigrateHistory *history, const char *version);
extern char *migrate_history_lockers(List *relations);
extern int	migrate_batch_after(int batch);
extern int	migrate_history_next_batch(const MigrateHistory *history);

typedef struct MigrateHistoryScan MigrateHistoryScan;

extern MigrateHistoryScan *migrate_history_scan_begin(const char *project, bool latest);
extern const char *migrate_history_scan_next(MigrateHistoryScan *scan);
extern List *migrate_history_scan_rows(MigrateHistoryScan *scan);
extern void migrate_history_scan_end(MigrateHistoryScan *scan);

/* in subscribed.c */
extern void migrate_history_warn_subscribed(void);

/* in version.c */
extern void migrate_warn_version(void);
extern void migrate_require_version(void);

/* in recorder.c */
extern void migrate_recorder_begin(void);
extern void migrate_recorder_flush(void);
extern void migrate_recorder_end(void);

/* in write.c */
extern void migrate_record_up(const MigrateHistory *history, const MigrateStep *step,
							  const char *outcome, const MigrateResult *result,
							  TimestampTz started, const char *up, const char *down);
extern void migrate_record_down(const MigrateHistory *history, const MigrateStep *step,
								const MigrateResult *result, TimestampTz started);
extern void migrate_record_progress(const MigrateHistory *history, const MigrateStep *step,
									const MigrateResult *result, int done, bool started,
									List *indexes, const char *sql, const char *down);
extern void migrate_record_failed(const MigrateHistory *history, const MigrateStep *step,
								  const MigrateResult *result, TimestampTz started,
								  const ErrorData *error);
extern void migrate_record_callback(const MigrateHistory *history, const MigrateStep *step,
									const MigrateResult *result, TimestampTz started);
extern void migrate_record_no_progress(const MigrateHistory *history,
									   const MigrateStep *step);
extern void migrate_record_repaired(const MigrateHistory *history,
									const AppliedMigration *row, bool applied);

/* in replace.c */
extern bool migrate_has_same_header(const Migration *file, const AppliedMigration *row);
extern void migrate_record_digest(const MigrateHistory *history, const AppliedMigration *applied,
								  const uint8 *digest);
extern void migrate_record_keys(const MigrateHistory *history, List *rows, const char *format);
extern void migrate_record_replace(const MigrateHistory *history, const Migration *file,
								   const AppliedMigration *applied, bool down_changed,
								   const char *up, List *up_vars,
								   const char *down, List *down_vars,
								   bool reversible, const char *down_error);

#endif							/* MIGRATE_HISTORY_HISTORY_H */
