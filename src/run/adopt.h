/*-------------------------------------------------------------------------
 *
 * adopt.h
 *		Rows of another tool's table.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/adopt.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_ADOPT_H
#define MIGRATE_RUN_ADOPT_H

#include "nodes/pg_list.h"

#include "tools/tools.h"

/* in adopt.c */
extern void migrate_require_finished(const MigrateToolTable *tool_table, List *rows);

#endif							/* MIGRATE_RUN_ADOPT_H */
