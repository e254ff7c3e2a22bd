/*-------------------------------------------------------------------------
 *
 * stand_in.h
 *		Scripts that stand for all migrations before them.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/stand_in.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_STAND_IN_H
#define MIGRATE_FORMAT_STAND_IN_H

#include "nodes/pg_list.h"

/* in stand_in.c */
extern char *migrate_flyway_stand_in_key(const char *key);
extern void migrate_mark_stand_ins(List *migrations);
extern bool migrate_stand_in_is_up_to(const char *stand_in_key, const char *key);
extern bool migrate_is_stand_in_key(const char *format, const char *sort_key);

#endif							/* MIGRATE_FORMAT_STAND_IN_H */
