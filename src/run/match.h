/*-------------------------------------------------------------------------
 *
 * match.h
 *		Items: which file and which row of the history are the same migration.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/match.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_MATCH_H
#define MIGRATE_RUN_MATCH_H

#include "nodes/pg_list.h"

#include "format/format.h"
#include "format/source.h"
#include "run/run.h"

/* in match.c */
extern const char *migrate_item_version(const MigrateItem *item);
extern const char *migrate_item_name(const MigrateItem *item);
extern const char *migrate_item_sort_key(const MigrateItem *item);
extern const char *migrate_item_label(const MigrateItem *item);
extern const char *migrate_item_file(const MigrateItem *item);
extern bool migrate_item_is_stand_in(const MigrateItem *item);
extern const char *migrate_match_up_to(List *items, const MigrateItem *target);
extern const char *migrate_item_replaced(const MigrateItem *item);
extern bool migrate_item_is_repeatable(const MigrateItem *item);
extern List *migrate_match(const MigrationSet *set, List *applied);

/* in find_item.c */
extern MigrateItem *migrate_match_find(List *items, const char *wanted);
extern List *migrate_match_find_all(List *items, List *wanted);

#endif							/* MIGRATE_RUN_MATCH_H */
