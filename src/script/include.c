/*-------------------------------------------------------------------------
 *
 * include.c
 *		Puts the files that \i and \ir name into the text of a migration.
 *
 * The lexer finds the lines that are for psql.  Comments mark where each piece
 * comes from, so that a line of the whole can be reported as one of its file; see
 * migrate_map_line().
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/include.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "script/lexer.h"
#include "script/script.h"
#include "script/script_int.h"
#include "util/line_map.h"
#include "util/lines.h"
#include "util/printable.h"

/* more of one migration are a mistake, or meant to fill the memory */
#define MAX_INCLUDE_DEPTH		16
#define MAX_INCLUDES	10000
#define MAX_BYTES		(512 * 1024 * 1024)

/*
 * A file that is being included, and the one that includes it.
 */
typedef struct Includer
{
	const char *file;
	const struct Includer *outer;
	int			depth;
} Includer;

/*
 * A line of a text that names a file.
 */
typedef struct IncludeLine
{
	int			begin;			/* bytes before the line */
	int			end;			/* and before the next one */
	bool		relative;		/* to the folder of the text */
	char	   *path;			/* as written, or NULL */
	bool		rest;			/* something follows it */
} IncludeLine;

typedef struct Flattener
{
	StringInfoData out;
	char	   *(*read) (void *arg, const char *file);
	void	   *arg;
	int			included;		/* so many files so far */
	int			own;			/* bytes of the migration's own file */
} Flattener;

/*
 * Might a text have a line with \i or \ir?  Most have none, and need not be lexed.
 */
bool
migrate_may_include(const char *sql)
{
	for (const char *found = sql; (found = migrate_find_text(found, "\\i")) != NULL; found++)
	{
		const char *p = found;

		while (p > sql && (p[-1] == ' ' || p[-1] == '\t'))
			p--;
		if (p == sql || p[-1] == '\n')
			return true;
	}
	return false;
}

/*
 * The bytes before the line of an offset if only blanks are between, or -1.
 */
static int
line_begin(const char *sql, int offset)
{
	while (offset > 0 && (sql[offset - 1] == ' ' || sql[offset - 1] == '\t'))
		offset--;
	return offset == 0 || sql[offset - 1] == '\n' ? offset : -1;
}

/*
 * What a line for psql includes, from its backslash to its end; NULL if it is another
 * command.
 */
static IncludeLine *
parse_line(const char *at, const char *end)
{
	char	   *command = migrate_psql_name(&at, end);
	bool		relative = strcmp(command, "ir") == 0 || strcmp(command, "include_relative") == 0;
	IncludeLine *line;
	int			length;

	if (!(relative || strcmp(command, "i") == 0 || strcmp(command, "include") == 0))
		return NULL;
	line = palloc0(sizeof(IncludeLine));
	line->relative = relative;
	line->path = migrate_psql_argument(&at, end);

	/* psql takes off semicolons */
	for (length = line->path ? strlen(line->path) : 0;
		 length > 0 && line->path[length - 1] == ';'; length--)
		line->path[length - 1] = '\0';
	if (length == 0)
		line->path = NULL;
	line->rest = migrate_psql_argument(&at, end) != NULL || at < end;
	return line;
}

/*
 * Take a line for psql if it includes a file.
 */
static List *
note_line(List *lines, const char *sql, const MigrateToken *token)
{
	const char *at = sql + token->location;
	const char *end = at + token->line_length;
	int			begin = line_begin(sql, token->location);
	IncludeLine *line = begin < 0 ? NULL : parse_line(at, end);

	if (line == NULL)
		return lines;
	line->begin = begin;
	if (*end == '\r')
		end++;
	if (*end == '\n')
		end++;
	line->end = end - sql;
	return lappend(lines, line);
}

/*
 * Raise an error that the lexer has raised as one of an included file.  Otherwise
 * the text that follows the file would be parsed as the rest of an open quote.
 */
static void
refuse_broken(const char *sql, const Includer *self, const ErrorData *error)
{
	/* within a function, SPI has moved the position to internalpos */
	int			position = Max(error->cursorpos, error->internalpos);
	int			bytes = pg_mbcharcliplen(sql, strlen(sql), Max(position - 1, 0));

	ereport(ERROR,
			(errcode(error->sqlerrcode),
			 errmsg_internal("%s", error->message),
			 errcontext("file \"%s\", line %d", self->file,
						migrate_count_lines(sql, bytes))));
}

/*
 * A text that is searched for lines that include files.
 */
typedef struct IncludeSearch
{
	const char *sql;
	MigrateLexer *lexer;
	List	   *lines;
	const char *missing_end;
} IncludeSearch;

static void
search_includes(void *arg)
{
	IncludeSearch *search = arg;
	const MigrateToken *token;

	search->lexer = migrate_lexer_start(search->sql);
	do
	{
		token = migrate_lexer_next(search->lexer);
		if (token->kind == MIGRATE_COMMAND_LINE)
			search->lines = note_line(search->lines, search->sql, token);
	} while (token->kind != 0);
	search->missing_end = migrate_lexer_missing_end(search->lexer);
	migrate_lexer_end(search->lexer);
}

/*
 * The lines of a text that include a file, and what its end lacks.  None are found
 * after an error of the lexer in the migration itself, which is raised when the
 * whole is parsed.
 */
static List *
include_lines(const char *sql, const Includer *self, const char **missing_end)
{
	IncludeSearch search = {.sql = sql,.missing_end = ""};
	ErrorData  *error = migrate_try_to_lex(search_includes, &search);

	if (error != NULL && self->outer != NULL && search.lexer != NULL)
		refuse_broken(migrate_lexer_text(search.lexer), self, error);
	*missing_end = search.missing_end;
	return search.lines;
}

/*
 * A path below "folder", "" for the directory of migrations itself, without
 * "." and "..".  palloc'd; NULL if it leads out of the directory.
 */
static char *
normalise(const char *folder, const char *path)
{
	char	   *whole = psprintf("%s/%s", folder, path);
	char	   *result = palloc(strlen(whole) + 1);
	char	   *end = result;

	if (*path == '/')
		return NULL;
	for (const char *part = whole; *part != '\0';)
	{
		int			length = strcspn(part, "/");

		CHECK_FOR_INTERRUPTS();
		if (length == 2 && strncmp(part, "..", 2) == 0)
		{
			if (end == result)
				return NULL;
			do
				end--;
			while (end > result && *end != '/');
		}
		else if (length > 0 && !(length == 1 && *part == '.'))
		{
			if (end > result)
				*end++ = '/';
			memcpy(end, part, length);
			end += length;
		}
		part += length;
		part += strspn(part, "/");
	}
	*end = '\0';
	return result;
}

static char *
folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? pnstrdup(file, slash - file) : pstrdup("");
}

/*
 * Read the file that a line names; *file is what it is called in the directory.
 * As psql does it from the directory of migrations, \i takes a path from there;
 * and, if there is no such file, from the folder of the text.
 */
static char *
read_included_file(Flattener *flattener, const IncludeLine *line, const MigrateLines *lines,
				   const Includer *self, char **file)
{
	const char *folders[] = {"", folder_of(self->file)};
	bool		inside = false;

	if (line->path == NULL || line->rest)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 line->path == NULL ? errmsg("missing file name in \"%s\"", line->relative ? "\\ir" : "\\i") :
				 errmsg("extra argument after file name"),
				 errcontext("file \"%s\", line %d", migrate_line_file(lines), lines->line)));
	for (int i = line->relative ? 1 : 0; i < lengthof(folders); i++)
	{
		char	   *sql;

		*file = normalise(folders[i], line->path);
		if (*file == NULL)
			continue;
		inside = true;
		sql = flattener->read(flattener->arg, *file);
		if (sql != NULL)
			return sql;
	}
	if (!inside)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("included file \"%s\" is outside of the directory of migrations", line->path),
				 errhint("Copy it into the directory, or a folder there, and include it by its path from the directory."),
				 errcontext("file \"%s\", line %d", migrate_line_file(lines), lines->line)));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FILE),
			 errmsg("included file \"%s\" does not exist in the directory of migrations", line->path),
			 errcontext("file \"%s\", line %d", migrate_line_file(lines), lines->line)));
	return NULL;				/* keep compiler quiet */
}

/*
 * Refuse a file that includes itself, and too deep a nesting.
 */
static void
check_nesting(const char *file, const MigrateLines *lines, const Includer *self)
{
	for (const Includer *outer = self; outer != NULL; outer = outer->outer)
		if (strcmp(outer->file, file) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_RECURSION),
					 errmsg("file \"%s\" includes itself", file),
					 errcontext("file \"%s\", line %d", migrate_line_file(lines), lines->line)));
	if (self->depth == MAX_INCLUDE_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				 errmsg("too many files include one another, the last one \"%s\"", file),
				 errdetail("At most %d can.", MAX_INCLUDE_DEPTH),
				 errcontext("file \"%s\", line %d", migrate_line_file(lines), lines->line)));
}

/*
 * Refuse more for one migration than can be meant.
 */
static void
check_amount(Flattener *flattener, const char *str, const MigrateLines *lines)
{
	if (++flattener->included <= MAX_INCLUDES &&
		(size_t) flattener->out.len + strlen(str) <= (size_t) MAX_BYTES + flattener->own)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("migration includes too many files or too much text"),
			 errdetail("The limits are %d files and %d MB.", MAX_INCLUDES, MAX_BYTES / (1024 * 1024)),
			 errcontext("file \"%s\", line %d", migrate_line_file(lines), lines->line)));
}

static void append_text(Flattener *flattener, const char *sql, int first_line,
						const Includer *self, bool included);

/*
 * Append the file that a line names, in a memory context of its own.
 */
static void
append_included(Flattener *flattener, const IncludeLine *line, const MigrateLines *lines,
				const Includer *self)
{
	Includer	inner = {NULL, self, self->depth + 1};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate include",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	char	   *file;
	char	   *str = read_included_file(flattener, line, lines, self, &file);

	check_nesting(file, lines, self);
	check_amount(flattener, str, lines);
	inner.file = file;
	migrate_append_line_marker(&flattener->out, file, 1);
	append_text(flattener, str, 1, &inner, true);
	migrate_append_line_marker(&flattener->out, migrate_line_file(lines), lines->line + 1);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * Append a text, with what it includes instead of the lines that say so, and
 * with its last statement ended if "included".
 */
static void
append_text(Flattener *flattener, const char *sql, int first_line, const Includer *self,
			bool included)
{
	StringInfo	out = &flattener->out;
	MigrateLines lines = {.at = sql,.file = self->file,.line = first_line};
	const char *missing_end;
	int			done = 0;
	ListCell   *lc;

	foreach(lc, include_lines(sql, self, &missing_end))
	{
		IncludeLine *line = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		appendBinaryStringInfo(out, sql + done, line->begin - done);
		while (lines.at != NULL && lines.at < sql + line->begin)
			migrate_next_line(&lines);
		append_included(flattener, line, &lines, self);
		done = line->end;
	}
	appendStringInfoString(out, sql + done);
	if (included && *missing_end != '\0')
	{
		if (out->len > 0 && out->data[out->len - 1] != '\n')
			appendStringInfoChar(out, '\n');
		appendStringInfoString(out, missing_end);
	}
}

/*
 * The text of a file with the files that it includes by \i and \ir, and those
 * that they include.
 *
 * "file" is its path in the directory of migrations, "first_line" the line there
 * that the text begins with.  read() gives the text of
 * another one there, palloc'd, or NULL if there is none.  Returns sql itself if
 * it includes none, else a new text, palloc'd.  Errors: those of read(); 58P01
 * if there is no such file, 42501 for one outside of the directory, 42P19 for
 * one that includes itself, 54001 for too many in one another, 54000 for too many or
 * too much in all, 42601 for a line without
 * a file or with more, or for an included file with an open quote or comment;
 * all with file and line.
 */
char *
migrate_include_files(const char *sql, const char *file, int first_line,
					  char *(*read) (void *arg, const char *file), void *arg)
{
	Flattener	flattener = {.read = read,.arg = arg,.own = strlen(sql)};
	Includer	self = {file, NULL, 0};

	if (!migrate_may_include(sql))
		return unconstify(char *, sql);
	initStringInfo(&flattener.out);
	append_text(&flattener, sql, first_line, &self, false);
	return flattener.out.data;
}

/*
 * The files that the lines of a text may include, a superset: lines that belong to a
 * literal or a comment count as well, so that the text need not be lexed.
 *
 * "file" is its path.  For each such line visit() is called with the paths that
 * migrate_include_files() would try, in that order, up to the first for which it
 * returns true.
 */
void
migrate_includes_visit(const char *sql, const char *file,
					   bool (*visit) (void *arg, const char *file), void *arg)
{
	const char *folders[] = {"", folder_of(file)};

	for (const char *at = sql; (at = migrate_find_text(at, "\\i")) != NULL; at++)
	{
		const char *end;
		IncludeLine *line;
		bool		found = false;

		CHECK_FOR_INTERRUPTS();
		if (line_begin(sql, at - sql) < 0)
			continue;
		end = at + strcspn(at, "\n");
		line = parse_line(at, end > at && end[-1] == '\r' ? end - 1 : end);
		if (line == NULL || line->path == NULL)
			continue;
		for (int i = line->relative ? 1 : 0; i < lengthof(folders) && !found; i++)
		{
			char	   *path = normalise(folders[i], line->path);

			found = path != NULL && visit(arg, path);
		}
	}
}
