/*-------------------------------------------------------------------------
 *
 * line_map.h
 *		Which file and line a line of an assembled text comes from.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/line_map.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_UTIL_LINE_MAP_H
#define MIGRATE_UTIL_LINE_MAP_H

#include "lib/stringinfo.h"

/*
 * A walk over the lines of a text.
 */
typedef struct MigrateLines
{
	const char *at;				/* begin of the current line, NULL after the
								 * last */
	const char *file;			/* that the text comes from ... */
	const char *marker;			/* ... up to this marker of another, NULL:
								 * none yet */
	int			line;			/* of the current line, in its file */
	int			number;			/* ... and in the text, see migrate_map_line() */
} MigrateLines;

/* the comment with file and line of the next line of a text */
#define MIGRATE_LINE_MARKER		"--#line "

/* in line_map.c */
extern void migrate_append_line_marker(StringInfo buf, const char *file, int line);
extern void migrate_next_line(MigrateLines *lines);
extern const char *migrate_line_file(const MigrateLines *lines);
extern int	migrate_count_lines(const char *sql, int length);

#endif							/* MIGRATE_UTIL_LINE_MAP_H */
