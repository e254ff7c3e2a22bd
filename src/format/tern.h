/*-------------------------------------------------------------------------
 *
 * tern.h
 *		tern's templates.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/tern.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_TERN_H
#define MIGRATE_FORMAT_TERN_H

#include "format/manifest.h"

typedef char *(*MigrateReadTemplate) (void *arg, const char *file);

/* in tern.c */
extern bool migrate_may_have_action(const char *sql);
extern char *migrate_expand_template(const char *str, const char *file, int line,
									 MigrateReadTemplate read, void *arg);
extern void migrate_templates_visit(const char *sql, bool (*visit) (void *arg, const char *file),
									void *arg);
extern MigrateLayout *migrate_tern_conf(const char *file, const char *str);

#endif							/* MIGRATE_FORMAT_TERN_H */
