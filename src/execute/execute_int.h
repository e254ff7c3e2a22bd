/*-------------------------------------------------------------------------
 *
 * execute_int.h
 *		What the files of this folder share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/execute/execute_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_EXECUTE_EXECUTE_INT_H
#define MIGRATE_EXECUTE_EXECUTE_INT_H

#include "commands/copy.h"
#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"

#include "execute/execute.h"
#include "script/script.h"

/*
 * Statements of a script that are one transaction in the file, run inside of the
 * caller's.
 */
typedef struct MigrateInnerTransaction
{
	int			guc_level;
	MemoryContext context;		/* of one statement */
	bool		may_defer;		/* one of them can have left deferred checks */

	/* what the end of the transaction would end */
	List	   *dropped;		/* of Oid: ON COMMIT DROP tables */
	List	   *emptied;		/* of Oid: ON COMMIT DELETE ROWS tables */
	List	   *cursors;		/* of char *: without HOLD */
	List	   *others;			/* those that were open when the first of
								 * these tables was made, which cannot read
								 * them */
} MigrateInnerTransaction;

/*
 * What a statement may make that the end of its transaction ends: names, or NULL if
 * there is one already, which is the caller's.
 */
typedef struct MigrateMade
{
	const char *temporary;
	const char *cursor;
} MigrateMade;

/* in part.c */
extern Oid	migrate_temporary_table(const char *name);
extern MigrateMade migrate_may_make(const MigrateStatement *statement);
extern void migrate_note_made(MigrateInnerTransaction *part, const MigrateStatement *statement, const MigrateMade *made);
extern void migrate_drop_temporary_table(Oid relid);
extern MigrateInnerTransaction migrate_begin_part(void);
extern void migrate_end_part(MigrateInnerTransaction *part, bool is_last, MigrateExecution *execution);

/* in concurrently.c */
extern bool migrate_change_tree(Node *node);

/* in execute.c */
extern List *migrate_analyze(RawStmt *raw, const char *query);
extern void migrate_begin_statement(const MigrateStatement *statement, const char *query,
									MigrateExecution *execution);
extern void migrate_end_statement(const MigrateStatement *statement, MigrateExecution *execution);

/* in copy.c */
extern uint64 migrate_copy_rows(const char *query, const char *sql, int length, bool commits);

/* in distributed.c */
extern bool migrate_is_distributed(Oid relid);
extern void migrate_refuse_distributed_copy(Relation rel, const CopyStmt *stmt);
extern uint64 migrate_insert_copied(CopyFromState state, Relation rel, List *names);

/* in deferred.c */
extern void migrate_end_other_role(List *cursors);
extern List *migrate_open_cursors(bool all);
extern void migrate_close_cursors(List *cursors, bool all);

/* in toplevel.c */
extern void migrate_forget_snapshot(void);
extern char *migrate_begin_alone(const MigrateScript *script, int number, const char *sql,
								 MigrateExecution *execution);
extern void migrate_end_alone(const MigrateScript *script, int number, char *query,
							  MigrateExecution *execution);

/* in guc_state.c */
extern void migrate_settings_end_transaction(int guc_level);
extern void migrate_settings_serialize(StringInfo buf);
extern void migrate_settings_apply(const char *data);

#endif							/* MIGRATE_EXECUTE_EXECUTE_INT_H */
