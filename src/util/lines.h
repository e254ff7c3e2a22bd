/*-------------------------------------------------------------------------
 *
 * lines.h
 *		Reading a text line by line.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/lines.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_UTIL_LINES_H
#define MIGRATE_UTIL_LINES_H

#include "util/compat.h"

/* so many bytes at once go to what cannot be interrupted */
#define MIGRATE_BLOCK		(1024 * 1024)

/*
 * A line of a text, without its end.
 */
typedef struct MigrateLine
{
	const char *str;
	int			length;
	int			number;			/* from 1 */
	int			mark;			/* where in it a marker begins ... */
	int			mark_length;	/* ... and its bytes, if it is not all */
} MigrateLine;

typedef struct MigrateLineReader
{
	const char *next;			/* NULL: no more */
	const char *end;
	MigrateLine line;
} MigrateLineReader;

/* in lines.c */
extern const char *migrate_find_text(const char *sql, const char *what);
extern int	migrate_skip_spaces(const char *str, int length);
extern void migrate_lines_start(MigrateLineReader *lines, const char *sql, int length);
extern bool migrate_lines_next(MigrateLineReader *lines);
extern bool migrate_is_word(const char *sql, int length, const char *word);
extern const char *migrate_line_after(const MigrateLine *line, const char *prefix, int *length);
extern char *migrate_line_value(const MigrateLine *line, const char *prefix);
extern const char *migrate_line_directive(const MigrateLine *line, const char *word);
extern bool migrate_line_allowance(const MigrateLine *line, const char **name, const char **reason);
extern char *migrate_setting(const char *str, const char *key);
pg_noreturn extern void migrate_bad_file(const char *file, int line, const char *message,
										 const char *hint);

#endif							/* MIGRATE_UTIL_LINES_H */
