/*-------------------------------------------------------------------------
 *
 * migrate.h
 *		What the files of this extension share.
 *
 * Data goes one way: directory -> format -> plan -> run -> history.  The
 * declarations stand in that order, grouped by the file that defines them.
 * A file may use what stands in a lower layer (see CONTRIBUTING.md), never
 * what stands above it.
 *
 * Everything is allocated in CurrentMemoryContext of the caller unless the
 * comment on the function says otherwise, and is freed with that context.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/migrate.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_H
#define MIGRATE_H

#include "common/sha2.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "portability/instr_time.h"
#include "tcop/utility.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"
#include "utils/tuplestore.h"

#include "compat.h"

/*
 * What we say may contain names from disk and from tables of other tools, which
 * may contain anything: a line end with a forged message behind it, what a terminal
 * obeys.  So each of our messages goes through migrate_printable(), in report.c.
 * What is to stay as it is, such as the text of a statement, has errmsg_internal()
 * and errcontext_msg().
 */
extern char *migrate_printable(const char *format,...) pg_attribute_printf(1, 2);
extern char *migrate_shown(const char *text);

#undef errcontext
#define errmsg(...)		errmsg_internal("%s", migrate_printable(__VA_ARGS__))
#define errdetail(...)	errdetail_internal("%s", migrate_printable(__VA_ARGS__))
#define errhint(...)	errhint("%s", migrate_printable(__VA_ARGS__))
#define errcontext(...) errcontext_msg("%s", migrate_printable(__VA_ARGS__))
#define errmsg_plural(one, many, n, ...) \
	errmsg_internal("%s", migrate_printable((n) == 1 ? (one) : (many), __VA_ARGS__))

/* settings, in migrate.c */
typedef enum MigrateOnModified
{
	ON_MODIFIED_ERROR,
	ON_MODIFIED_WARN,
	ON_MODIFIED_IGNORE,
} MigrateOnModified;

typedef enum MigrateOutOfOrder
{
	OUT_OF_ORDER_ERROR,
	OUT_OF_ORDER_APPLY,
} MigrateOutOfOrder;

extern char *migrate_directory;
extern char *migrate_allowed_directories;
extern int	migrate_on_modified;
extern int	migrate_out_of_order;
extern char *migrate_contexts;
extern char *migrate_labels;
extern int	migrate_lock_retries;
extern int	migrate_lock_retry_delay;

/*
 * Names and what they stand for; see names.c.
 */
typedef struct MigrateNames MigrateNames;

/*
 * A directory of the server that the caller may read; see directory.c.
 */
typedef struct MigrateDirectory MigrateDirectory;

/*
 * How a text refers to variables.
 */
typedef enum MigrateSyntax
{
	SYNTAX_PSQL,				/* :name, :'name', :"name" */
	SYNTAX_GOOSE,				/* $name after a line "ENVSUB ON" */
	SYNTAX_GOOSE_ON,			/* ... which stands before the text */
	SYNTAX_FLYWAY,				/* ${name} */
	SYNTAX_LIQUIBASE,			/* likewise, left alone without a value */
	SYNTAX_GRAPHILE,			/* :NAME */
	SYNTAX_NONE,
} MigrateSyntax;

/*
 * Where the value of a variable comes from.
 */
typedef enum MigrateOrigin
{
	VARIABLE_GIVEN,				/* by the caller */
	VARIABLE_STORED,			/* with a script of the history */
	VARIABLE_FORBIDDEN,			/* ... of a role that it may not run as */
	VARIABLE_BUILT_IN,			/* by the tool that has the syntax */
} MigrateOrigin;

typedef struct MigrateVariable
{
	const char *name;
	const char *value;			/* NULL: one that is not put into SQL */
	MigrateOrigin origin;
	const char *author;			/* of a stored one */
} MigrateVariable;

/*
 * A piece of a file that belongs to a section.
 */
typedef struct MigratePiece
{
	int			offset;			/* bytes before it in the file's text */
	int			length;
	int			line;			/* of its first byte, from 1 */
	bool		transactional;	/* false: marked "no transaction" */
	bool		wrapped;		/* is a transaction, and others are none */
	bool		unfinished;		/* its last statement may go on in the next */
} MigratePiece;

/*
 * A place in a file where a statement ends without a semicolon: so many bytes of
 * it give way to one, perhaps none.
 */
typedef struct MigrateEnd
{
	int			offset;
	int			length;
} MigrateEnd;

/*
 * One direction of a migration: a piece of a file, or several.
 */
typedef struct MigrateSection
{
	bool		present;		/* does the file have it at all? */
	bool		nothing;		/* it says that there is nothing to undo */
	char	   *file;			/* name relative to the directory */
	int			offset;			/* bytes before it in the file's text */
	int			length;			/* its bytes */
	int			line;			/* line of its first byte, from 1 */
	List	   *pieces;			/* of MigratePiece, if it is not just that */
	List	   *ends;			/* of MigrateEnd */
	bool		transactional;	/* false: marked "no transaction" */
	MigrateSyntax syntax;
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];	/* of its text */
} MigrateSection;

/*
 * A line of a file that may have been meant as something else.
 */
typedef struct MigrateDoubt
{
	const char *file;
	int			line;
	bool		refuses;		/* the migration must not run so */
	const char *message;
	const char *hint;			/* or NULL */
}			MigrateDoubt;

typedef enum MigrateKind
{
	KIND_VERSIONED,				/* runs once */
	KIND_REPEATABLE,			/* runs after those, again when it has changed */
} MigrateKind;

/*
 * A migration as a directory has it, whatever tool wrote that.
 */
typedef struct Migration
{
	char	   *file;			/* that it was found in */
	MigrateKind kind;
	bool		always;			/* repeatable, changed or not */
	bool		shares_file;	/* with others */
	char	   *version;		/* as written in the file name */
	char	   *name;			/* the rest of the file name, may be "" */
	char	   *sort_key;		/* bytewise order = the format's order */
	List	   *tags;			/* of char *: other names for it as a target */
	char	   *description;	/* from header comments, or NULL */
	char	   *author;			/* likewise */
	char	   *created;		/* likewise */
	bool		said_reversible;	/* likewise; decides nothing */
	char	   *hash;			/* of itself, from its header, or NULL ... */
	char	   *previous;		/* ... and of the one before */
	List	   *properties;		/* of MigrateVariable: values from the file */
	char	   *logical_path;	/* that the file is recorded with, or NULL */
	const char *format;			/* its directory's */
	MigrateDoubt *doubt;		/* or NULL */
	const char *alone_marker;	/* of its format, or NULL */
	char	   *contexts;		/* in which it runs, or NULL */
	char	   *labels;			/* likewise */
	MigrateSection up;
	MigrateSection down;
} Migration;

typedef struct MigrateFormat MigrateFormat;

/*
 * A directory read through its format.
 */
typedef struct MigrationSet
{
	const MigrateFormat *format;	/* NULL for a directory without migrations */
	const char *format_evidence;	/* the file it was detected from, or NULL */
	List	   *migrations;		/* of Migration, in the format's order */
	bool		unique_versions;	/* by which they are known, too */
	List	   *ignored;		/* names of *.sql files that are none */
} MigrationSet;

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
 * States, as status() shows them.
 */
typedef enum MigrateState
{
	STATE_PENDING,
	STATE_OUT_OF_ORDER,
	STATE_SKIPPED,				/* pending, and not to run */
	STATE_APPLIED,
	STATE_BASELINE,				/* applied, by the word of baseline() */
	STATE_MODIFIED,
	STATE_OUTDATED,				/* repeatable, and changed */
	STATE_MISSING,
	STATE_INTERRUPTED,
	STATE_IN_PROGRESS,				/* it would be, if nobody had the run lock */
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
	bool		chosen;			/* by the request, among those pending */
	bool		reversible;		/* for status() */
	char	   *detail;			/* likewise: what there is to say, or NULL */
} MigrateItem;

/*
 * What the caller asks for.  Unused fields are zero.
 */
typedef struct MigrateRequest
{
	char	   *dir;			/* NULL: none given */
	char	   *role;			/* the current role when it began ... */
	char	   *login;			/* ... the session's ... */
	char	   *application;	/* ... and its application_name */
	char	   *project;
	char	   *schema;
	char	   *format;			/* NULL: detect */
	char	   *target;			/* NULL: none */
	char	   *state;			/* what repair() makes of it, NULL: nothing */
	char	   *script;			/* that runs instead of a baseline, or NULL */
	char	   *tool;			/* whose history is adopted, NULL: as found */
	Oid			tracking;		/* the table of that, InvalidOid: look for it */
	int			steps;			/* 0: none */
	List	   *versions;		/* of char *, NIL: none */
	List	   *vars;			/* of MigrateVariable, NIL: none */
	bool		adopt_existing;
	bool		everything;
	bool		force;
	bool		commits;		/* after each migration: CALL */
	bool		quiet;			/* only a look: no messages, no verdicts */
	bool		passes_busy;	/* what is on its way elsewhere stops nothing */
	bool		own_snapshot;	/* only shows: what the transaction sees */
	bool		keep;			/* all texts of files will be needed */
	bool		contained;		/* they are stored without being run */
} MigrateRequest;

/*
 * One call of a routine, and what it knows.
 */
typedef struct MigrateSource MigrateSource;

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

typedef enum MigrateDirection
{
	MIGRATE_UP,
	MIGRATE_DOWN,
} MigrateDirection;

/*
 * What it takes to run a statement where it commits on its own, and what is
 * known about it after a crash.
 */
typedef enum MigrateTopLevel
{
	TOP_NONE,					/* runs in a transaction with others */
	TOP_TRANSACTIONAL,			/* its effect is committed at its end, at once */
	TOP_REPEATABLE,				/* may as well run twice */
	TOP_UNKNOWN,				/* may have done anything of what it does */
} MigrateTopLevel;

/*
 * A statement of a script, by its place in the text.  The parse tree is not
 * kept: it takes 13 times the text, and each statement is parsed again by
 * what runs it.
 */
typedef struct MigrateStatement
{
	int			offset;			/* bytes before its first token */
	int			length;
	int			line;			/* in the file */
	int			transaction;	/* number of its transaction in the script */
	LogStmtLevel log_level;		/* for log_statement */
	NodeTag		tag;			/* of its parse tree */
	const char *command;		/* what it does, for messages */
	bool		outside_block;	/* core wants it outside a transaction block */
	MigrateTopLevel top_level;	/* if it is to run outside of one */
	bool		maybe_outside;	/* the catalogs tell whether core wants it */
	bool		set_transaction;	/* SET TRANSACTION, before any snapshot */
	bool		set_session;	/* SET or RESET for what comes after it */
	bool		resets_path;	/* search_path to what the session began with */
	bool		is_local;		/* ... until the end of the transaction */
	bool		sets_timeout;	/* statement_timeout */
	bool		may_defer;		/* may leave deferred constraint checks */
	bool		makes_unknown;	/* may create relations, nobody knows which */
	List	   *relations;		/* RangeVars of those that it changes */
	char	   *subscription;	/* that it drops */
	char	   *schema;			/* that it reindexes */
	List	   *needs;			/* RangeVars that an outside_block one names */
	List	   *makes;			/* names of relations that it creates */
	char	   *temporary;		/* name of a temporary table it makes ... */
	OnCommitAction on_commit;	/* ... and what a commit does to that */
	char	   *named_index;	/* that it creates if there is none */
	char	   *cursor;			/* name of a cursor it opens until the commit */
	int			rows;			/* of COPY: bytes before its rows, 0: has none */
	int			rows_length;
} MigrateStatement;

typedef struct MigrateScript
{
	int			nstatements;
	MigrateStatement *statements;
	int			line;			/* of the text's first byte */
	bool		has_markers;	/* see migrate_map_line() */
	List	   *skipped;		/* names (char *) of psql's commands in it */
	int			lone_commit;	/* line of a COMMIT that ends nothing, 0: none */
} MigrateScript;

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
 * One migration to run in one direction.
 */
typedef struct MigrateStep
{
	MigrateDirection direction;
	Migration  *file;			/* NULL: runs from the store */
	AppliedMigration *applied;	/* NULL: was pending */
	MigrateScript *script;		/* set when checked */
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];	/* of a stored script,
													 * when checked */
	List	   *vars;			/* MigrateVariables in it, when checked */
	List	   *down_vars;		/* of an up: those in its down */
	bool		forced;			/* undone without running anything */
	bool		in_progress;	/* has a row already, of an interrupted one */
	bool		again;			/* likewise, of a repeatable one */
	bool		reversible;		/* of an up: what its down turned out to be */
	char	   *down_error;		/* of an up: why its down cannot run */
} MigrateStep;

/*
 * What came of a step: a row of apply() and its kin.
 */
typedef struct MigrateResult
{
	const char *version;
	const char *name;
	int			batch;
	int			statements;
	int64		duration;		/* microseconds */
	TimestampTz applied_at;		/* 0: now */
	const char *applied_by;		/* NULL: the current role */
} MigrateResult;

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

/*
 * The last attempt at a migration, if it failed.
 */
typedef struct MigrateFailure
{
	const char *version;
	const char *name;
	const char *reason;			/* when and why */
} MigrateFailure;

/*
 * A walk over the lines of a text.
 */
typedef struct MigrateLines
{
	const char *at;				/* begin of the current line, NULL behind the
								 * last */
	const char *file;			/* that the text comes from ... */
	const char *marker;			/* ... but for what stands behind this marker
								 * of another, NULL: none yet */
	int			line;			/* of the current line, in its file */
	int			number;			/* ... and in the text, see migrate_map_line() */
} MigrateLines;

/*
 * Where an error happens, for its CONTEXT.
 */
typedef struct MigratePlace
{
	const char *version;
	const char *name;
	MigrateDirection direction;
	const char *file;
	bool		stored;			/* the script comes from the history */
	MemoryContext context;		/* outlives commits */
	const char *alone_marker;	/* how a migration without a transaction is
								 * marked, or NULL */
	bool		checks_deferred;	/* nothing of it may fire later */
	bool		commits;		/* statement_timeout is for each statement */
	Oid			user;			/* when its script began */
	List	   *cursors;		/* WITH HOLD, left open by the caller */
	const char *search_path;	/* of the run, which RESET gives back, or NULL */
	bool		own_session;	/* its temporary tables end with it ... */
	List	   *temporaries;	/* ... these (Oid) ... */
	bool		makes_table;	/* ... and the one of this statement */
	int			timeout;		/* of the caller, for the script */
	bool		other_timeout;	/* which the script wants to be another one */
	int			line;			/* 0: not known */
	int			statement;		/* from 1; 0: none in particular */
	int			nstatements;	/* 0: not counted yet */
	bool		executing;		/* that statement, not checking it */
	const char *source;			/* what error positions count in, or NULL */
	int			source_line;	/* line of its first byte */
	const char *query;			/* the statement, a part of source */
	const char *text;			/* the script if it has markers of lines, or
								 * NULL */
	int			text_line;		/* line of its first byte */
	MigrateLines mapped;		/* where migrate_map_line() has come to */
} MigratePlace;

/*
 * Substitution in one text.
 */
typedef struct MigrateSubstitution
{
	const char *sql;
	int			first_line;		/* line of the text's first byte in its file */
	List	   *vars;			/* of MigrateVariable */
	List	   *used;			/* those of them that were put in */
	MigrateNames *used_names;	/* and their names */
	int			searches;		/* so many times a variable was looked for ... */
	MigrateNames *by_name;		/* ... and once there are many, this helps ... */
	bool		folded;			/* ... with names in lower case */
	int			longest;		/* of those, in bytes */
	MigratePlace *place;
	bool		lenient;		/* only look for references, refuse nothing */
	bool		found;			/* any reference, with a value or not */
	const char *copied;			/* what stands before is in the result */
	StringInfoData result;
} MigrateSubstitution;

/* in adopt.c */
extern List *migrate_run_adopt(MigrateRequest *request);

/* in run.c */
extern void migrate_lock_and_look(MigrateRun *run, const char *routine);
extern List *migrate_run_guarded(MigrateRequest *request, List *(*body) (MigrateRun *run));
extern List *migrate_run_apply(MigrateRequest *request);
extern List *migrate_run_rollback(MigrateRequest *request);
extern List *migrate_run_redo(MigrateRequest *request);
extern List *migrate_run_refresh(MigrateRequest *request);
extern List *migrate_run_repair(MigrateRequest *request);
extern List *migrate_run_baseline(MigrateRequest *request);
extern int	migrate_run_up(MigrateRequest *request);
extern int	migrate_run_down(MigrateRequest *request);

/* in create.c */
extern char *migrate_create_files(MigrateRequest *request, const char *name);

/* in preview.c */

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

extern List *migrate_preview(MigrateRequest *request);

/* in step.c */
extern void migrate_run_begin(void);
extern void migrate_run_end(void);
extern void migrate_enter_schema(const char *schema, GucAction action);
extern bool migrate_runs_stored(const MigrateStep *step);
extern void migrate_require_own_script(const MigrateStep *step);
extern void migrate_place_in_run(MigratePlace *place, const MigrateRun *run, const MigrateStep *step);
extern MigrateResult *migrate_new_result(MigrateRun *run, const MigrateStep *step);
extern bool migrate_execute_step(MigrateRun *run, MigrateStep *step, const char *sql,
								 MigratePlace *place);
extern void migrate_measure(MigrateResult *result, instr_time start, int statements);
extern void migrate_record_step(MigrateRun *run, MigrateStep *step, bool executed,
								const MigrateResult *result, TimestampTz started,
								const char *sql);
extern void migrate_replace_downs(MigrateRun *run, List *items);

/* in check.c */
extern void migrate_place_begin(MigratePlace *place, ErrorContextCallback *callback,
								MigrateDirection direction, const Migration *file,
								const AppliedMigration *applied);
extern void migrate_place_end(ErrorContextCallback *callback);
extern char *migrate_step_text(MigrateRun *run, MigrateStep *step);
extern char *migrate_step_sql(MigrateRun *run, MigrateStep *step, char *text,
							  MigratePlace *place);
extern MigrateScript *migrate_parse_up_step(MigrateRun *run, const MigrateStep *step,
											const char *sql, MigratePlace *place);
extern bool migrate_is_reversible(MigrateRun *run, const Migration *file,
								  const AppliedMigration *applied, List **used,
								  char **error);
extern void migrate_warn_down(const char *error);
extern void migrate_check_up_steps(MigrateRun *run, List *steps, bool afresh);
extern void migrate_check_down_steps(MigrateRun *run, List *steps);

/* in look.c */
extern const char *migrate_directory_or_setting(const MigrateRequest *request);
extern void migrate_look_source(MigrateRun *run, const char *dir);
extern void migrate_require_migrations(MigrateRun *run, const char *dir);
extern const char *migrate_require_directory(const MigrateRequest *request);
extern void migrate_require_source(MigrateRun *run);
extern void migrate_report_ignored(MigrateRun *run);
extern void migrate_look(MigrateRun *run);
extern void migrate_judge_changes(MigrateRun *run);
extern void migrate_change_format(MigrateRun *run);
extern int	migrate_mark_running(MigrateRun *run);
extern List *migrate_changed_downs(List *items);
extern bool migrate_look_first_up(MigrateRun *run);
extern bool migrate_look_first_down(MigrateRun *run);
extern List *migrate_status_items(MigrateRequest *request);
extern const char *migrate_highest_version(MigrateRequest *request);

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

/* in tracking.c */

/*
 * What a tool knows a migration by.
 */
typedef enum MigrateKey
{
	KEY_NUMBER,					/* a number, which gives the order */
	KEY_DOTTED,					/* several numbers; NULL: the title of one
								 * that is repeatable */
	KEY_VERSION,				/* the version as it is written */
	KEY_FILE,					/* the name of the file */
	KEY_STEM,					/* the same without a suffix */
	KEY_FOLDER,					/* the folder of the file */
	KEY_CHANGE,					/* sqitch: the name, each time that it comes */
	KEY_CHANGESET,				/* liquibase: author and id, in a file */
	KEY_WHEN,					/* drizzle: the time in the journal, or in the
								 * folder's name */
} MigrateKey;

/*
 * Another tool, and how its table is asked.  Expressions are SQL.
 */
typedef struct MigrateChecksumInput MigrateChecksumInput;

typedef struct MigrateTracking MigrateTracking;

typedef enum MigrateChecked
{
	CHECKED_SAME,
	CHECKED_CHANGED,
	CHECKED_UNKNOWN,			/* it cannot be computed here */
} MigrateChecked;

typedef struct MigrateTool
{
	const char *name;
	const char *formats;		/* that its directories have, the usual one
								 * first */
	const char *schema;			/* of its table, NULL: as search_path says */
	const char *tables;			/* names that it may have */
	const char *columns;		/* that it has, with the categories of their
								 * types */
	bool		only;			/* and no others */
	const char *refusal;		/* why its history cannot be adopted, or NULL */
	const char *index;			/* a file about the others */

	/* rows, of which the last one counts that is equal in "newest_by" */
	const char *newest_by;
	const char *where;
	const char *order;

	/* what a row has */
	MigrateKey	key;
	const char *id;
	const char *title;
	const char *path;
	const char *through;		/* all up to it are applied too */
	const char *failure;		/* a sentence, if it is not just applied */
	const char *checksum;
	MigrateChecked (*check) (const MigrateChecksumInput *in, const char *recorded);
	const char *applied_at;
	const char *applied_by;		/* a column, which need not be there */
	const char *duration;		/* microseconds */
	const char *batch;

	/* its lock: an advisory one, or what takes it */
	int64		lock_key;
	void		(*lock) (const MigrateTracking *tracking);
} MigrateTool;

/*
 * A table of a tool, found.
 */
struct MigrateTracking
{
	const MigrateTool *tool;
	Oid			relid;
	char	   *schema;
	char	   *table;
	bool		has_applied_by;
	bool		named;			/* by the caller: may be a view as well */
};

/*
 * A row of it.
 */
typedef struct MigrateTracked
{
	char	   *id;				/* NULL: has none, for KEY_DOTTED */
	char	   *title;			/* or NULL, as all below */
	char	   *path;
	bool		through;
	char	   *failure;
	char	   *checksum;
	bool		has_time;
	TimestampTz applied_at;
	char	   *applied_by;
	int64		duration;		/* 0: not known */
	int			batch;			/* 0: has none */
} MigrateTracked;

extern bool migrate_tracking_counts(Oid relid, bool decides);
extern char *migrate_tracking_of_format(const char *format, const char *tenant);
extern MigrateTracking *migrate_tracking_find(const char *tool, Oid relid, const char *schema);
extern List *migrate_tracking_read(const MigrateTracking *tracking, const char *project);

/* in tracked.c */
extern void migrate_lock_golang_migrate(const MigrateTracking *tracking);
extern void migrate_lock_flyway(const MigrateTracking *tracking);
extern void migrate_lock_sqlx(const MigrateTracking *tracking);
extern void migrate_lock_liquibase(const MigrateTracking *tracking);
extern void migrate_tracking_lock(const MigrateTracking *tracking);
extern List *migrate_tracked_rows(const MigrateTracking *tracking, Relation rel,
								  const char *project);

/*
 * A migration that a row may be about.
 */
typedef struct MigrateCandidate
{
	const char *key;			/* what the tool knows it by */
	MigrateItem *item;
	int			place;			/* in the order of migrations */
	bool		taken;			/* a row is about it */
}			MigrateCandidate;

typedef struct MigrateCandidates MigrateCandidates;

/* in candidates.c */
extern MigrateCandidates * migrate_candidates(List *items, const MigrateTracking *tracking,
											  const char *index);
extern MigrateCandidate * migrate_candidate_find(MigrateCandidates * candidates,
												 const MigrateTracked *row, bool *again);
extern List *migrate_candidates_before(MigrateCandidates * candidates, const MigrateTracked *row);

/* in plan.c */
extern const MigrateItem *migrate_plan_busy(List *items, bool with_file);
extern List *migrate_plan_apply(List *items, MigrateRequest *request);
extern List *migrate_plan_baseline(List *items, const MigrateRequest *request);
extern List *migrate_plan_all(List *items);
extern List *migrate_plan_rollback(List *items, List *applied, MigrateRequest *request);
extern List *migrate_plan_reapply(List *undone);

/* in source.c */
typedef bool (*MigrateTableExists) (const char *table, const char *column);

extern MigrateSource *migrate_source_read(const char *path, const char *format,
										  const char *remembered,
										  MigrateTableExists exists, bool keep,
										  bool contained);
extern MigrationSet *migrate_source_set(MigrateSource *source);
extern const MigrateDirectory *migrate_source_directory(const MigrateSource *source);
extern void migrate_source_script(MigrateSource *source, const char *file,
								  MigrateSection *section);
extern char *migrate_source_text(MigrateSource *source, const MigrateSection *section);
extern char *migrate_source_bytes(MigrateSource *source, const char *file, int *length,
								  const char **sql);

/* in format.c */
typedef enum MigratePart
{
	PART_BOTH,
	PART_UP,
	PART_DOWN,
} MigratePart;

/*
 * What a file is to a migration, by its name or by a file about it.
 */
typedef struct MigrateFileName
{
	char	   *file;
	MigratePart part;
	MigrateKind kind;
	char	   *version;
	char	   *name;
	char	   *sort_key;
	char	   *description;	/* or NULL */
	char	   *author;			/* or NULL */
	List	   *tags;			/* of char * */
} MigrateFileName;

typedef struct MigrateSkeleton MigrateSkeleton;

extern const MigrateFormat *migrate_format_named(const char *name, List *names);
extern const MigrateFormat *migrate_format_by_names(List *names, const char **evidence);
extern const MigrateFormat *migrate_format_detect(const MigrateFormat *best,
												  const char *file, const char *sql);
extern bool migrate_format_may_be(const MigrateFormat *format, const MigrateFormat *other);
extern const MigrateFormat *migrate_format_by_table(const MigrateFormat *format,
													MigrateTableExists exists);
extern void migrate_format_judge_ignored(const MigrateFormat *format, const char *evidence,
										 const char *file, const char *sql);
extern bool migrate_format_parse_name(const MigrateFormat *format, const char *file,
									  MigrateFileName *parsed);
extern const MigrateSkeleton *migrate_format_skeleton(const MigrateFormat *format);
extern bool migrate_format_claims(const MigrateFormat *format, const char *file);
extern const char *migrate_format_name(const MigrateFormat *format);
extern const char *migrate_format_index(const MigrateFormat *format);
extern bool migrate_format_has_sums(const MigrateFormat *format);
extern bool migrate_format_has_unique_versions(const MigrateFormat *format);
extern List *migrate_format_arrange(const MigrateFormat *format, List *names,
									const char *index, List **ignored);
extern char *migrate_format_companion(const MigrateFormat *format, const char *file);
extern List *migrate_format_parse(const MigrateFormat *format, const char *evidence,
								  const MigrateFileName *parsed,
								  const char *sql, int length);
extern List *migrate_format_assemble(const MigrateFormat *format, List *parts,
									 List **ignored);

/* in assemble.c */
extern List *migrate_assemble(List *parts, List **ignored);
extern void migrate_refuse_equal_versions(List *migrations);
extern void migrate_refuse_gaps(List *migrations, const char *format);
extern void migrate_check_chain(List *migrations);

/* in metadata.c */
extern void migrate_parse_header(Migration *migration, const char *sql, int length);
extern void migrate_check_provider(const char *index, const char *text);
extern void migrate_take_companion(Migration *migration, const char *companion,
								   const char *text);

/* in sums.c */
typedef struct MigrateSums MigrateSums;
typedef char *(*MigrateReadFile) (void *arg, const char *file, int *length);

extern MigrateSums *migrate_sums_begin(const char *file, const char *text, int length);
extern void migrate_sums_add(MigrateSums *sums, const char *file,
							 const char *sql, int length);
extern void migrate_sums_end(MigrateSums *sums, MigrateReadFile read, void *arg);
extern void migrate_check_graphile(Migration *migration, const char *sql, int length);

/* in atlas.c */
extern void migrate_take_atlas_head(Migration *migration, const char *sql, int length);

/* in changesets.c */
extern List *migrate_changesets_parse(const MigrateFileName *file,
									  const char *sql, int length);

/* in names.c */
extern MigrateNames *migrate_names_create(void);
extern bool migrate_names_add(MigrateNames *names, const char *name, void *value);
extern void *migrate_names_get(const MigrateNames *names, const char *name);
extern bool migrate_names_have(const MigrateNames *names, const char *name);
extern void migrate_names_remove(MigrateNames *names, const char *name);

/* in lines.c */

/* so many bytes at once go to what cannot be interrupted */
#define MIGRATE_BLOCK		(1024 * 1024)

/*
 * A line of a text, without its end.
 */
typedef struct MigrateLine
{
	const char *text;
	int			length;
	int			number;			/* from 1 */
	int			mark;			/* where in it a marker begins ... */
	int			mark_length;	/* ... and its bytes, if it is not all */
} MigrateLine;

typedef struct MigrateLineReader
{
	const char *next;			/* NULL: no more */
	const char *end;
	MigrateLine line;
} MigrateLineReader;

extern const char *migrate_find_text(const char *sql, const char *what);
extern int	migrate_skip_spaces(const char *text, int length);
extern void migrate_lines_start(MigrateLineReader *lines, const char *sql, int length);
extern bool migrate_lines_next(MigrateLineReader *lines);
extern bool migrate_is_word(const char *sql, int length, const char *word);
extern char *migrate_setting(const char *text, const char *key);
pg_noreturn extern void migrate_bad_file(const char *file, int line, const char *message,
										 const char *hint);

/* in markers.c */

/*
 * What a line is to a grammar.
 */
typedef enum MigrateMarker
{
	MARK_NONE,
	MARK_UP,
	MARK_UP_ALONE,				/* ... of a section without a transaction */
	MARK_DOWN,
	MARK_DOWN_ALONE,
	MARK_ALONE,					/* the section it stands in has no transaction */
	MARK_BOTH_ALONE,			/* nor has any of the file */
	MARK_STOP,					/* what follows belongs to no section */
	MARK_BEGIN,					/* of a statement; the parser needs no telling */
	MARK_END,
	MARK_SEPARATOR,				/* between statements */
	MARK_VARIABLES_ON,			/* values are put in, from here on */
	MARK_VARIABLES_OFF,
	MARK_UNKNOWN,				/* looks like a marker and is none */
	MARK_TEMPLATE,				/* asks for a template engine */
} MigrateMarker;

/*
 * A grammar: what a line says, and what becomes of several sections.
 */
typedef struct MigrateMarkers
{
	MigrateMarker (*mark) (MigrateLine *line);
	const char *up_marker;		/* how they are written, for messages: NULL if
								 * there is none */
	const char *down_marker;
	const char *alone_marker;	/* a section without a transaction */
	bool		(*has_odd_option) (const MigrateLine *line);
	bool		needs_down;		/* a file has a down section */
	bool		whole;			/* the file is a section without any marker */
	bool		loose;			/* text before the first marker is left out,
								 * else only comments may stand there */
	bool		repeats;		/* there may be several sections of a kind */
	bool		down_backwards; /* several downs are undone in reverse */
	bool		alone_for_all;	/* one section without a transaction makes all
								 * so */
	bool		any_order;		/* the down may come first */
	bool		down_tells;		/* a down section alone tells the format */
	bool		weak;			/* too common a comment to tell one format
								 * from another */
} MigrateMarkers;

extern const MigrateMarkers migrate_markers_none;
extern const MigrateMarkers migrate_markers_plain;
extern const MigrateMarkers migrate_markers_goose;
extern const MigrateMarkers migrate_markers_updown;
extern const MigrateMarkers migrate_markers_sql_migrate;
extern const MigrateMarkers migrate_markers_dbmate;
extern const MigrateMarkers migrate_markers_tern;
extern const MigrateMarkers migrate_markers_rambler;
extern const MigrateMarkers migrate_markers_node_pg;
extern const MigrateMarkers migrate_markers_graphile;
extern const MigrateMarkers migrate_markers_drizzle;
extern const MigrateMarkers migrate_markers_liquibase;

extern int	migrate_markers_first(const MigrateMarkers *const *markers, int n,
								  const char *sql);
extern bool migrate_markers_are_weak(const MigrateMarkers *markers);
extern const char *migrate_markers_up(const MigrateMarkers *markers);

/* in skeleton.c */

/*
 * A file that is to be written.
 */
typedef struct MigrateNewFile
{
	char	   *file;			/* relative to the directory */
	const char *text;
	bool		new_folder;		/* its folder is new as well */
} MigrateNewFile;

extern const MigrateSkeleton migrate_skeleton_sqitch;
extern const MigrateSkeleton migrate_skeleton_drizzle;
extern const MigrateSkeleton migrate_skeleton_prisma;
extern const MigrateSkeleton migrate_skeleton_diesel;
extern const MigrateSkeleton migrate_skeleton_atlas;
extern const MigrateSkeleton migrate_skeleton_graphile;
extern const MigrateSkeleton migrate_skeleton_liquibase;
extern const MigrateSkeleton migrate_skeleton_refinery;
extern const MigrateSkeleton migrate_skeleton_flyway;
extern const MigrateSkeleton migrate_skeleton_pairs;
extern const MigrateSkeleton migrate_skeleton_goose;
extern const MigrateSkeleton migrate_skeleton_sql_migrate;
extern const MigrateSkeleton migrate_skeleton_dbmate;
extern const MigrateSkeleton migrate_skeleton_tern;
extern const MigrateSkeleton migrate_skeleton_rambler;
extern const MigrateSkeleton migrate_skeleton_node_pg;
extern const MigrateSkeleton migrate_skeleton_updown;
extern const MigrateSkeleton migrate_skeleton_plain;
extern const MigrateSkeleton migrate_skeleton_sqlx;
extern const MigrateSkeleton migrate_skeleton_supabase;
extern const MigrateSkeleton migrate_skeleton_postgres_migrations;

extern List *migrate_skeleton_files(const MigrateSkeleton *skeleton, List *migrations,
									const char *name, TimestampTz now);

/* in order.c */
extern List *migrate_arrange_sqitch(const char *index, const char *text, List *names);
extern List *migrate_arrange_drizzle(const char *index, const char *text, List *names);

/* in unread.c */
extern void migrate_refuse_unread(bool (*claims) (const char *file, MigrateFileName *parsed),
								  const char *file, List *names);
extern void migrate_refuse_down_names(List *files, const char *example);
extern void migrate_refuse_lone_downs(List *files);

/* in flyway.c */
extern bool migrate_claims_flyway(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_refinery(const char *file, MigrateFileName *parsed);
extern void migrate_refuse_flyway(const char *file);
extern bool migrate_looks_like_refinery(List *names);

/* in layout.c */
#define MIGRATE_DIGITS		"0123456789"
/* as many as a sort key can count */
#define MIGRATE_MAX_DIGITS	255

extern bool migrate_claims_goose(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_updown(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_plain(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_pairs(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_sqlx(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_sql_migrate(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_dbmate(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_tern(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_rambler(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_node_pg(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_supabase(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_postgres_migrations(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_atlas(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_liquibase(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_prisma(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_diesel(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_graphile(const char *file, MigrateFileName *parsed);
extern bool migrate_claims_graphile_committed(const char *file, MigrateFileName *parsed);
extern bool migrate_looks_like_sqitch(List *names);
extern bool migrate_looks_like_drizzle(List *names);
extern bool migrate_looks_like_drizzle_folders(List *names);
extern bool migrate_looks_like_prisma(List *names);
extern bool migrate_looks_like_diesel(List *names);
extern bool migrate_looks_like_atlas(List *names);
extern bool migrate_looks_like_graphile(List *names);
extern bool migrate_is_sql_file(const char *name);
extern const char *migrate_base_name(const char *file);
pg_noreturn extern void migrate_refuse_closed(const char *folder);
extern char *migrate_numeric_key(const char *digits, int length);
extern char *migrate_dotted_key(const char *version);
extern int	migrate_find_name(List *names, const char *name);
extern bool migrate_has_name(List *names, const char *name);
extern List *migrate_other_files(List *names, List *files);

/* in checksums.c */

/*
 * What a checksum may be about.
 */
struct MigrateChecksumInput
{
	const Migration *file;
	const char *bytes;			/* of the file with its up section ... */
	int			length;
	const char *sql;			/* ... and their text, in the database
								 * encoding */
	const char *index;			/* that of the file about the others, or NULL */
};

extern MigrateChecked migrate_check_sqitch(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_check_flyway(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_check_liquibase(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_check_sqlx(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_check_refinery(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_check_prisma(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_check_drizzle(const MigrateChecksumInput *in, const char *recorded);
extern MigrateChecked migrate_check_graphile_hash(const MigrateChecksumInput *in,
												  const char *recorded);
extern MigrateChecked migrate_check_postgres_migrations(const MigrateChecksumInput *in,
														const char *recorded);
extern MigrateChecked migrate_check_atlas(const MigrateChecksumInput *in, const char *recorded);
extern uint32 migrate_crc32(const char *bytes, int length);

/* in contexts.c */
typedef enum MigrateChoice
{
	CHOICE_RUNS,
	CHOICE_SKIPPED,
	CHOICE_UNDECIDED,
}			MigrateChoice;

extern MigrateChoice migrate_choose(const Migration *migration, const char **setting);
extern void migrate_require_choice(const Migration *migration);

/* in doubt.c */
extern bool migrate_looks_like_down(const MigrateLine *line);
extern bool migrate_looks_like_no_transaction(const MigrateLine *line);
extern bool migrate_has_statements(const char *sql, int length);
extern bool migrate_line_allows(const MigrateLine *line, const char *name);
extern void migrate_add_doubt(Migration *migration, int line, bool refuses, const char *message,
							  const char *hint);
extern void migrate_raise_doubt(const Migration *migration, bool pending);

/* in section.c */
extern bool migrate_markers_parse(const MigrateMarkers *markers, Migration *migration,
								  MigratePart part, const char *sql, int length);
extern bool migrate_lacks_semicolon(const char *start, const char *end);
extern void migrate_section_settle(MigrateSection *section);
extern char *migrate_section_text(const MigrateSection *section, const char *sql,
								  int *length);
extern int	migrate_section_end(const MigrateSection *section);
extern void migrate_sha256(const char *sql, int length, uint8 *sha256);

/* in include.c */
extern char *migrate_include_files(const char *sql, const char *file, int first_line,
								   char *(*read) (void *arg, const char *file), void *arg);

/* in script.c */
extern MigrateScript *migrate_script_parse(const char *sql, bool transactional,
										   int line, MigratePlace *place);
extern int	migrate_statements_end(const MigrateScript *script, int count);
extern bool migrate_script_is_blank(const char *sql, int length);
extern bool migrate_script_same(const char *one, const char *other);
extern bool migrate_is_script_error(int sqlerrcode);

/* in variables.c */
extern const char *migrate_syntax_name(MigrateSyntax syntax);
extern MigrateSyntax migrate_syntax_named(const char *name);
extern char *migrate_substitute(MigrateSyntax syntax, const char *sql, int line, List *vars,
								List **used, MigratePlace *place);
extern bool migrate_has_variables(MigrateSyntax syntax, const char *sql);
extern bool migrate_variables_come_from(List *vars, MigrateOrigin origin);
extern List *migrate_variables_read(Datum object, MigrateOrigin origin);
extern char *migrate_variables_write(List *vars);

/* in lexer.c */

/* what the lexer has no number for: a line that begins with a backslash */
#define MIGRATE_COMMAND_LINE	(-1)

/*
 * The current token of a text.
 */
typedef struct MigrateToken
{
	int			kind;			/* core's number, 0 at the end, or the above */
	int			location;		/* bytes before it */
	const char *text;			/* as written */
	bool		in_statement;	/* it or one before it belongs to a statement */
	bool		ends_statement;
	bool		around_rows;	/* rows of COPY are in the middle of that */
	int			rows;			/* of a COPY that ends: bytes before its rows */
	int			rows_length;
	int			line_length;	/* of a line for psql, from its backslash on */
} MigrateToken;

typedef struct MigrateLexer MigrateLexer;

extern MigrateLexer *migrate_lexer_start(const char *sql);
extern const MigrateToken *migrate_lexer_next(MigrateLexer *lexer);
extern void migrate_lexer_set_conforming(MigrateLexer *lexer, bool conforming);
extern const char *migrate_lexer_text(const MigrateLexer *lexer);
extern const char *migrate_lexer_missing_end(const MigrateLexer *lexer);
extern void migrate_lexer_end(MigrateLexer *lexer);

/* in psql.c */
extern char *migrate_psql_name(const char **at, const char *end);
extern char *migrate_psql_argument(const char **at, const char *end);
extern char *migrate_psql_skip(const char *line, int length, List **skipped);
extern const char *migrate_psql_hint(const char *name, bool in_statement);

/* in psql_variables.c */
extern void migrate_substitute_psql(MigrateSubstitution *s);

/* in goose_variables.c */
extern void migrate_substitute_goose(MigrateSubstitution *s, bool on);

/* in statement.c */
extern void migrate_statement_alone(MigrateStatement *statement, Node *node);
extern void migrate_statement_classify(MigrateStatement *statement, Node *node);

/* in execute.c */
extern MigrateInBlock migrate_execute_judge(const MigrateStatement *statement, MigrateNames *made,
											bool *made_unknown, const RangeVar **relation);
extern void migrate_execute_check(const MigrateScript *script, const char *sql,
								  MigratePlace *place, MigrateNames *made, bool *made_unknown);
extern void migrate_end_session(MigratePlace *place);
extern void migrate_execute_script(const MigrateScript *script, const char *sql,
								   MigratePlace *place);

/* in concurrently.c */
extern bool migrate_change_tree(Node *node);

/* in execute.c, too */
extern List *migrate_analyze(RawStmt *raw, const char *query);
extern void migrate_begin_statement(const MigrateStatement *statement, const char *query,
									MigratePlace *place);
extern void migrate_end_statement(const MigrateStatement *statement, MigratePlace *place);
extern void migrate_run_statement(const MigrateStatement *statement, const char *sql,
								  MigratePlace *place);

/* in copy.c */
extern void migrate_copy_rows(const char *query, const char *sql, int length, bool commits);

/* in deferred.c */
extern void migrate_check_constraints(void);
extern List *migrate_held_cursors(void);
extern void migrate_end_other_role(List *cursors);

/* in toplevel.c */
extern bool migrate_execute_is_top_level(const MigrateStatement *statement);
extern int	migrate_execute_group(const MigrateScript *script, int first, const char *sql,
								  MigratePlace *place);
extern void migrate_forget_snapshot(void);
extern void migrate_run_top_level(const char *query);
extern void migrate_execute_top_level(const MigrateScript *script, int number,
									  const char *sql, MigratePlace *place);

/* in residue.c */
extern bool migrate_leaves_residue(const MigrateStatement *statement);
extern List *migrate_invalid_indexes(const MigrateStatement *statement);
extern List *migrate_leftovers(const MigrateStatement *statement, List *before, char **finalize);
extern void migrate_drop_leftover(Oid index);

/* in settings.c */
extern void migrate_settings_end_transaction(int guc_level);
extern void migrate_settings_end_at_commit(int guc_level);
extern void migrate_settings_restore_at_commit(List *saved);
extern List *migrate_settings_save(void);
extern void migrate_settings_restore(List *saved);

/* in values.c */
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

/* in history.c */
extern List *migrate_history_read(const MigrateRequest *request, bool latest);
extern bool migrate_history_is_current(const MigrateRequest *request, List *applied);
extern char *migrate_history_script(const uint8 *sha256);
extern void migrate_history_attempts(const MigrateRequest *request,
									 Tuplestorestate *store);
extern char *migrate_history_lockers(List *relations);
extern List *migrate_history_failures(const MigrateRequest *request);
extern int	migrate_history_next_batch(const MigrateRequest *request);

/* in record.c */
extern void migrate_record_up(const MigrateRequest *request, const MigrateStep *step,
							  const char *outcome, const MigrateResult *result,
							  TimestampTz started, const char *up, const char *down);
extern void migrate_record_down(const MigrateRequest *request, const MigrateStep *step,
								const MigrateResult *result, TimestampTz started);
extern void migrate_record_progress(const MigrateRequest *request, const MigrateStep *step,
									const MigrateResult *result, int done, bool started,
									List *indexes, const char *up, const char *down);
extern void migrate_record_failed(const MigrateRequest *request, const MigrateStep *step,
								  const MigrateResult *result, TimestampTz started,
								  const ErrorData *error);
extern void migrate_record_no_progress(const MigrateRequest *request,
									   const MigrateStep *step);
extern void migrate_record_settle(const MigrateRequest *request,
								  const AppliedMigration *row, bool applied);
extern void migrate_record_keys(const MigrateRequest *request, List *rows, const char *format);
extern void migrate_record_replace(const MigrateRequest *request, const MigrateItem *item,
								   const char *up, List *up_vars,
								   const char *down, List *down_vars,
								   bool reversible, const char *down_error);

/*
 * A migration to record that has been applied elsewhere.
 */
typedef struct MigrateRecord
{
	MigrateStep step;
	MigrateResult *result;
	char	   *up;				/* its scripts */
	char	   *down;			/* NULL: none */
} MigrateRecord;

extern void migrate_record_adopted(const MigrateRequest *request, List *records);

/* in query.c */

/* which history: the first two parameters of a statement, see migrate_bind_key() */
#define MIGRATE_KEY_TYPES	TEXTOID, TEXTOID
#define MIGRATE_KEY_MATCHES \
	"project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
#define MIGRATE_MAX_PARAMETERS		32

/* what a statement for many rows reads them from, see migrate_query_rows() */
#define MIGRATE_ROWS	"migrate_rows"

/*
 * A statement, planned once in each backend.
 */
typedef struct MigrateQuery
{
	const char *sql;
	int			nargs;
	Oid			types[MIGRATE_MAX_PARAMETERS];
	struct _SPI_plan *plan;		/* filled in at first use */
} MigrateQuery;

/*
 * The values bound to a statement, in order.
 */
typedef struct MigrateParameters
{
	int			n;
	Datum		values[MIGRATE_MAX_PARAMETERS];
	char		nulls[MIGRATE_MAX_PARAMETERS];
} MigrateParameters;

extern void migrate_bind(MigrateParameters *p, Datum value);
extern void migrate_bind_null(MigrateParameters *p);
extern void migrate_bind_oids(MigrateParameters *p, List *oids);
extern void migrate_bind_key(MigrateParameters *p, const MigrateRequest *request);
extern void migrate_bind_text(MigrateParameters *p, const char *text);
extern void migrate_bind_vars(MigrateParameters *p, List *vars);
extern void migrate_bind_name(MigrateParameters *p, const char *name);
extern void migrate_bind_sha256(MigrateParameters *p, const uint8 *sha256);
extern void migrate_bind_duration(MigrateParameters *p, int64 microseconds);

/*
 * What a statement sees.
 */
typedef enum MigrateSnapshot
{
	SNAPSHOT_STATEMENT,			/* what SPI finds right */
	SNAPSHOT_TRANSACTION,		/* what the transaction sees */
	SNAPSHOT_LATEST,			/* what is committed, also where the
								 * transaction's own snapshot is older */
}			MigrateSnapshot;

extern void migrate_query(MigrateQuery *query, MigrateParameters *p, MigrateSnapshot which,
						  int expected, void (*take) (void *arg), void *arg);
extern void migrate_query_rows(MigrateQuery *query, const MigrateParameters *rows, int nrows,
							   int expected, void (*take) (void *arg), void *arg);

/* in directory.c */
extern MigrateDirectory *migrate_directory_open(const char *path, bool contained);
extern List *migrate_directory_names(const MigrateDirectory *dir);
extern char *migrate_directory_bytes(MigrateDirectory *dir, const char *name, int *length);
extern char *migrate_directory_decode(const char *name, char *data, int *length);
extern char *migrate_directory_read(MigrateDirectory *dir, const char *name, int *length);
extern const char *migrate_directory_path(const MigrateDirectory *dir);
extern int	migrate_directory_folder(const MigrateDirectory *dir, const char *folder);

/* in write.c */
extern const char *migrate_directory_write(const MigrateDirectory *dir, List *files);

/* in lock.c */
extern void migrate_sleep(double ms, uint32 wait_event);
extern void migrate_lock_acquire(const char *project, const char *schema);
extern void migrate_lock_acquire_session(const char *project, const char *schema,
										 void (*commit) (void *arg), void *arg);
extern void migrate_lock_keep(const char *project, const char *schema);
extern void migrate_lock_release(const char *project, const char *schema);
extern void migrate_lock_create(void);
extern void migrate_unlock_create(void);
extern int	migrate_lock_runner(const char *project, const char *schema);
extern bool migrate_lock_foreign(int64 key);

/* in substitution.c */
extern bool migrate_is_variable_char(char c);
extern void migrate_refuse_undefined(MigrateSubstitution *s, const char *at,
									 const char *name, int length, const char *detail);
extern void migrate_refuse_reference(MigrateSubstitution *s, const char *at,
									 const char *message, const char *hint);
extern const MigrateVariable *migrate_find_variable(MigrateSubstitution *s, const char *at,
													const char *name, int length, bool fold);
extern void migrate_put_in(MigrateSubstitution *s, const char *from, const char *to,
						   const char *value);

/* in report.c */

/* the comment that tells file and line of the next line of a text */
#define MIGRATE_LINE_MARKER		"--#line "

extern void migrate_append_line_marker(StringInfo text, const char *file, int line);
extern void migrate_next_line(MigrateLines *lines);
extern const char *migrate_line_file(const MigrateLines *lines);
extern int	migrate_map_line(MigratePlace *place, int line, const char **file);
extern int	migrate_count_lines(const char *sql, int length);
extern void migrate_begin_script(const MigrateScript *script, const char *sql,
								 MigratePlace *place);
extern void migrate_end_script(MigratePlace *place);
extern char *migrate_skipped_names(const MigrateScript *script);
extern void migrate_report_oddities(const MigrateScript *script, MigratePlace *place);
extern const char *migrate_label(const char *version, const char *name);
extern const char *migrate_state_name(MigrateState state);
extern void migrate_report_done(const MigrateStep *step, const MigrateResult *result,
								int number, int total);
extern void migrate_report_activity(const MigratePlace *place);
extern void migrate_report_waiting(int pid);
extern void migrate_report_activity_end(void);
extern void migrate_report_run(const MigrateRequest *request, MigrateDirection direction,
							   int count);
extern void migrate_error_context(void *arg);

#endif							/* MIGRATE_H */
