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

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "portability/instr_time.h"
#include "utils/guc.h"

#include "format/format.h"
#include "history/history.h"
#include "run/run.h"
#include "script/script.h"
#include "tools/tools.h"
#include "util/errcontext.h"
#include "variables/variables.h"

typedef struct MigrateRun
{
	MigrateRequest *request;
	MemoryContext context;		/* what lives as long as this is here */
	MigrateSource *source;		/* NULL: only the history is asked */
	List	   *applied;		/* of AppliedMigration, as applied */
	bool		is_read;		/* that has just been read */
	List	   *items;			/* of MigrateItem, in order of versions */
	int			batch;			/* of what is applied now, 0: not known yet */
	List	   *built_in;		/* of MigrateVariable, once they are asked for */
	List	   *cursors;		/* WITH HOLD, see migrate_end_other_role() */
	bool		other_timeout;	/* that it has no effect has been said */
} MigrateRun;

/* in apply.c */
extern void migrate_lock_and_load(MigrateRun *run, const char *routine);
extern List *migrate_run_guarded(MigrateRequest *request, List *(*body) (MigrateRun *run));

/* in step.c */
extern char *migrate_execute_timed(MigrateRun *run, MigrateStep *step, MigrateResult *result,
								   MigrateErrorContext *errctx, bool *executed);
extern void migrate_record_unrun(MigrateRun *run, const Migration *file, const MigrateResult *result,
								 TimestampTz started, const char *outcome);
extern MigrateResult *migrate_new_unrun_result(MigrateRun *run, Migration *file);
extern void migrate_fire_callers_events(MigrateRun *run);
extern void migrate_run_begin(void);
extern void migrate_run_end(void);
extern void migrate_enter_schema(const char *schema, GucAction action);
extern bool migrate_runs_stored(const MigrateStep *step);
extern void migrate_require_own_script(const MigrateStep *step);
extern void migrate_errcontext_set_run(MigrateErrorContext *errctx, const MigrateRun *run, const MigrateStep *step);
extern MigrateResult *migrate_new_result(MigrateRun *run, const MigrateStep *step);
extern bool migrate_execute_step(MigrateRun *run, MigrateStep *step, const char *sql,
								 MigrateErrorContext *errctx);
extern void migrate_measure(MigrateResult *result, instr_time start, int statements);
extern void migrate_record_step(MigrateRun *run, MigrateStep *step, bool executed,
								const MigrateResult *result, TimestampTz started,
								const char *sql);
extern void migrate_replace_downs(MigrateRun *run, List *items);

/* in step_script.c */
extern char *migrate_step_text(MigrateRun *run, MigrateStep *step);
extern char *migrate_step_sql(MigrateRun *run, MigrateStep *step, char *str,
							  MigrateErrorContext *errctx);
extern MigrateScript *migrate_parse_step(const MigrateStep *step, const char *sql,
										 MigrateErrorContext *errctx);
extern void migrate_check_resumed(MigrateRun *run, const MigrateStep *step,
								  const MigrateScript *script, const char *sql,
								  MigrateErrorContext *errctx);
extern MigrateScript *migrate_parse_up_step(MigrateRun *run, const MigrateStep *step,
											const char *sql, MigrateErrorContext *errctx);

/* in reversible.c */
extern bool migrate_is_reversible(MigrateRun *run, const Migration *file,
								  const AppliedMigration *applied, List **used,
								  char **error);
extern void migrate_check_way_down(MigrateRun *run, MigrateStep *step);
extern void migrate_warn_down(const char *error);

/* in check.c */
extern void migrate_check_up_steps(MigrateRun *run, List *steps, bool afresh);
extern void migrate_check_down_steps(MigrateRun *run, List *steps);

/* in state.c */
extern const char *migrate_directory_or_setting(const MigrateRequest *request);
extern void migrate_load_source(MigrateRun *run, const char *dir);
extern void migrate_require_migrations(MigrateRun *run, const char *dir);
extern const char *migrate_require_directory(const MigrateRequest *request);
extern void migrate_require_source(MigrateRun *run);
extern void migrate_report_ignored(MigrateRun *run);
extern void migrate_load_state(MigrateRun *run);
extern void migrate_check_changes(MigrateRun *run);
extern void migrate_change_format(MigrateRun *run);
extern int	migrate_mark_running(MigrateRun *run);
extern List *migrate_changed_downs(List *items);
extern bool migrate_load_before_up(MigrateRun *run);
extern bool migrate_load_before_down(MigrateRun *run);

/* in match.c */
extern const char *migrate_item_version(const MigrateItem *item);
extern const char *migrate_item_name(const MigrateItem *item);
extern const char *migrate_item_sort_key(const MigrateItem *item);
extern const char *migrate_item_label(const MigrateItem *item);
extern const char *migrate_item_file(const MigrateItem *item);
extern bool migrate_item_is_repeatable(const MigrateItem *item);
extern List *migrate_match(const MigrationSet *set, List *applied);
extern MigrateItem *migrate_match_find(List *items, const char *wanted);
extern List *migrate_match_find_all(List *items, List *wanted);

/*
 * A migration that a row may be about.
 */
typedef struct MigrateCandidate
{
	const char *key;			/* what the tool knows it by */
	MigrateItem *item;
	int			ordinal;		/* in the order of migrations */
	bool		matched;		/* a row is about it */
} MigrateCandidate;

typedef struct MigrateCandidates MigrateCandidates;

/* in candidates.c */
extern MigrateCandidates *migrate_candidates(List *items, const MigrateToolTable *tool_table,
											 const char *index);
extern MigrateCandidate *migrate_candidate_find(MigrateCandidates *candidates,
												const MigrateToolRow *row, bool *repeated);
extern List *migrate_candidates_before(MigrateCandidates *candidates, const MigrateToolRow *row);

/* in steps.c */
extern const MigrateItem *migrate_plan_busy(List *items, bool with_file);
extern List *migrate_plan_apply(List *items, MigrateRequest *request);
extern List *migrate_plan_baseline(List *items, const MigrateRequest *request);
extern List *migrate_plan_all(List *items);
extern List *migrate_plan_rollback(List *items, List *applied, MigrateRequest *request);
extern List *migrate_plan_reapply(List *undone);

/* in variable_values.c */
extern bool migrate_may_run_for(const char *author);
extern List *migrate_own_variables(List *stored, const char *author);
extern List *migrate_built_in_variables(MigrateRun *run, MigrateSyntax syntax,
										const char *file);
extern List *migrate_variables_of(MigrateRun *run, MigrateDirection direction,
								  const Migration *migration,
								  const AppliedMigration *applied,
								  MigrateSyntax syntax, const char *file);
extern List *migrate_step_variables(MigrateRun *run, const MigrateStep *step,
									MigrateSyntax syntax, const char *file);

/* in lock.c */
extern void migrate_sleep(double ms, uint32 wait_event);
extern void migrate_lock_acquire(const char *project, const char *schema);
extern void migrate_lock_acquire_session(const char *project, const char *schema,
										 void (*commit) (void *arg), void *arg);
extern void migrate_lock_reacquire(const char *project, const char *schema);
extern void migrate_lock_release(const char *project, const char *schema);
extern void migrate_lock_create(void);
extern void migrate_unlock_create(void);
extern int	migrate_lock_runner(const char *project, const char *schema);

/* in report.c */
extern void migrate_errcontext_begin(MigrateErrorContext *errctx, ErrorContextCallback *callback,
									 MigrateDirection direction, const Migration *file,
									 const AppliedMigration *applied);
extern void migrate_errcontext_end(ErrorContextCallback *callback);
extern void migrate_report_step(const MigrateStep *step, const MigrateResult *result,
								int number, int total);
extern void migrate_report_run(const MigrateRequest *request, MigrateDirection direction,
							   int count);

#endif							/* MIGRATE_RUN_RUN_INT_H */
