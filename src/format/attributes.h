/*-------------------------------------------------------------------------
 *
 * attributes.h
 *		Attributes in the lines of Liquibase's formatted SQL.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/attributes.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_ATTRIBUTES_H
#define MIGRATE_FORMAT_ATTRIBUTES_H

#include "util/lines.h"

/* in attributes.c */
extern char *migrate_attribute_word(const char **p, const char *end, const char *stops);
extern char *migrate_attribute(const MigrateLine *line, const char *after, const char *key);
extern int	migrate_word_length(const char *str);
extern bool migrate_attribute_is_true(const char *value, bool otherwise);
extern bool migrate_dbms_is_ours(const char *dbms);
extern const char *migrate_plain_delimiter(const char *delimiter);

#endif							/* MIGRATE_FORMAT_ATTRIBUTES_H */
