/*-------------------------------------------------------------------------
 *
 * table_check.h
 *		CHECK constraints of our tables.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/table_check.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_HISTORY_TABLE_CHECK_H
#define MIGRATE_HISTORY_TABLE_CHECK_H

#include "nodes/execnodes.h"

/* in table_check.c */
extern void migrate_prepare_checks(ResultRelInfo *info, EState *estate);

#endif							/* MIGRATE_HISTORY_TABLE_CHECK_H */
