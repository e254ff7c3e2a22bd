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

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

#include "execute/execute.h"
#include "script/script.h"

/* in concurrently.c */
extern bool migrate_change_tree(Node *node);

/* in execute.c */
extern List *migrate_analyze(RawStmt *raw, const char *query);
extern void migrate_begin_statement(const MigrateStatement *statement, const char *query,
									MigrateExecution *execution);
extern void migrate_end_statement(const MigrateStatement *statement, MigrateExecution *execution);

/* in copy.c */
extern void migrate_copy_rows(const char *query, const char *sql, int length, bool commits);

/* in deferred.c */
extern void migrate_end_other_role(List *cursors);

/* in toplevel.c */
extern void migrate_forget_snapshot(void);

/* in guc_state.c */
extern void migrate_settings_end_transaction(int guc_level);

#endif							/* MIGRATE_EXECUTE_EXECUTE_INT_H */
