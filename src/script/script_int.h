/*-------------------------------------------------------------------------
 *
 * script_int.h
 *		What the files of this folder share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/script_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_SCRIPT_SCRIPT_INT_H
#define MIGRATE_SCRIPT_SCRIPT_INT_H

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

#include "script/script.h"

/* in psql_command.c */
extern char *migrate_psql_name(const char **at, const char *end);
extern char *migrate_psql_argument(const char **at, const char *end);
extern char *migrate_psql_skip(const char *line, int length, List **skipped);
extern const char *migrate_psql_hint(const char *name, bool in_statement);

/* in classify.c */
extern void migrate_statement_alone(MigrateStatement *statement, Node *node);
extern void migrate_statement_classify(MigrateStatement *statement, Node *node);

#endif							/* MIGRATE_SCRIPT_SCRIPT_INT_H */
