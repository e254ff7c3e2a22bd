/*-------------------------------------------------------------------------
 *
 * doubt.h
 *		Lines that look like a marker but are not one.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/doubt.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_DOUBT_H
#define MIGRATE_FORMAT_DOUBT_H

#include "format/format.h"
#include "util/lines.h"

/* in doubt.c */
extern bool migrate_line_is_down(const MigrateLine *line);
extern bool migrate_line_is_like_marker(const MigrateLine *line);
extern bool migrate_line_is_no_transaction(const MigrateLine *line);
extern int	migrate_first_statement(const char *sql, int length);
extern bool migrate_line_allows(const MigrateLine *line, const char *name);
extern void migrate_add_doubt(Migration *migration, int line, bool refuses, const char *message,
							  const char *hint);
extern void migrate_raise_doubt(const Migration *migration, bool pending);

#endif							/* MIGRATE_FORMAT_DOUBT_H */
