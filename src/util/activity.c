/*-------------------------------------------------------------------------
 *
 * activity.c
 *		What pg_stat_activity shows of a run: one form, written and read here.
 *
 *		migrate.up("default", ""): migration "003" "index" (up), statement 2 of 5,
 *		file "003_index.sql", line 7, CREATE INDEX: CREATE INDEX ...
 *		migrate.up("default", ""): waiting for process 4711: CALL migrate.up()
 *
 * on one line.  The end may be cut off, see track_activity_query_size.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/activity.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "lib/stringinfo.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"

#include "util/activity.h"
#include "util/printable.h"

/*
 * The run of this backend, NULL for none.  The texts are the request's, which lives
 * until migrate_activity_end(), also after an error.
 */
static const char *run_routine = NULL;
static const char *run_project;
static const char *run_schema;

/*
 * From here on, what is reported is about this run; "routine" is the name of an SQL
 * routine.  Nothing is copied.
 */
void
migrate_activity_begin(const char *routine, const char *project, const char *schema)
{
	run_routine = routine;
	run_project = project;
	run_schema = schema;
}

static void
append_quoted(StringInfo buf, const char *str)
{
	const char *quote;

	appendStringInfoChar(buf, '"');
	for (; (quote = strchr(str, '"')) != NULL; str = quote + 1)
	{
		appendBinaryStringInfo(buf, str, quote + 1 - str);
		appendStringInfoChar(buf, '"');
	}
	appendStringInfoString(buf, str);
	appendStringInfoChar(buf, '"');
}

static void
append_number(StringInfo buf, int number)
{
	char		digits[12];

	appendBinaryStringInfo(buf, digits, pg_ltoa(number, digits));
}

static void
append_run(StringInfo buf)
{
	initStringInfo(buf);
	appendStringInfoString(buf, "migrate.");
	appendStringInfoString(buf, run_routine);
	appendStringInfoChar(buf, '(');
	append_quoted(buf, run_project);
	appendStringInfoString(buf, ", ");
	append_quoted(buf, run_schema);
	appendStringInfoString(buf, "): ");
}

/*
 * Report what was put together, followed by "query" as it is.
 */
static void
report(StringInfo buf, const char *query)
{
	char	   *shown = migrate_shown(buf->data);

	if (shown != buf->data)
	{
		resetStringInfo(buf);
		appendStringInfoString(buf, shown);
		pfree(shown);
	}
	appendStringInfoString(buf, ": ");
	appendBinaryStringInfo(buf, query, strnlen(query, pgstat_track_activity_query_size));
	pgstat_report_activity(STATE_RUNNING, buf->data);
	pfree(buf->data);
}

/*
 * Show the statement that is going to run, which errctx is about.
 */
void
migrate_activity_statement(MigrateErrorContext *errctx, const char *command)
{
	StringInfoData buf;
	const char *file;
	int			line;

	if (!pgstat_track_activities || run_routine == NULL)
		return;
	line = migrate_map_line(errctx, errctx->line, &file);
	append_run(&buf);
	appendStringInfoString(&buf, "migration ");
	append_quoted(&buf, errctx->version);
	appendStringInfoChar(&buf, ' ');
	append_quoted(&buf, errctx->name);
	appendStringInfoString(&buf, errctx->direction == MIGRATE_UP ? " (up), statement " : " (down), statement ");
	append_number(&buf, errctx->statement);
	appendStringInfoString(&buf, " of ");
	append_number(&buf, errctx->nstatements);
	appendStringInfoString(&buf, ", file ");
	append_quoted(&buf, file);
	appendStringInfoString(&buf, ", line ");
	append_number(&buf, line);
	appendStringInfoString(&buf, ", ");
	appendStringInfoString(&buf, command);
	report(&buf, errctx->query);
	if (file != errctx->file)
		pfree(unconstify(char *, file));
}

/*
 * Show that this run waits for that of another process.
 */
void
migrate_activity_waiting(int pid)
{
	StringInfoData buf;

	if (!pgstat_track_activities || run_routine == NULL)
		return;
	append_run(&buf);
	appendStringInfo(&buf, "waiting for process %d", pid);
	report(&buf, debug_query_string ? debug_query_string : "");
}

/*
 * Show the caller's own statement again.
 */
void
migrate_activity_resume(void)
{
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
}

/*
 * The run has ended; to be called after an error, too.
 */
void
migrate_activity_end(void)
{
	run_routine = run_project = run_schema = NULL;
	migrate_activity_resume();
}

/*
 * Move *p after "word", if that is what is there.
 */
static bool
skip(const char **p, const char *word)
{
	size_t		length = strlen(word);

	if (*p == NULL || strncmp(*p, word, length) != 0)
		return false;
	*p += length;
	return true;
}

/*
 * A text in quotes, palloc'd.  NULL, and *p is NULL as well, if it is not complete.
 */
static char *
parse_quoted(const char **p)
{
	StringInfoData buf;

	if (!skip(p, "\""))
	{
		*p = NULL;
		return NULL;
	}
	initStringInfo(&buf);
	for (const char *c = *p; *c != '\0'; c++)
	{
		if (*c == '"' && c[1] != '"')
		{
			*p = c + 1;
			return buf.data;
		}
		if (*c == '"')
			c++;
		appendStringInfoChar(&buf, *c);
	}
	*p = NULL;
	return NULL;
}

/*
 * A number that something follows; 0, and *p is NULL, if there is none.
 */
static int
parse_number(const char **p)
{
	char	   *end;
	long		number;

	if (*p == NULL || **p < '0' || **p > '9')
	{
		*p = NULL;
		return 0;
	}
	number = strtol(*p, &end, 10);
	*p = *end == '\0' || number > INT_MAX ? NULL : end;
	return *p == NULL ? 0 : (int) number;
}

/*
 * The text up to "end", palloc'd; NULL, and *p is NULL, if that does not come.
 */
static char *
parse_until(const char **p, const char *end)
{
	const char *found = *p ? strstr(*p, end) : NULL;
	char	   *str = found ? pnstrdup(*p, found - *p) : NULL;

	*p = found ? found + strlen(end) : NULL;
	return str;
}

static void
parse_statement(MigrateActivity *activity, const char *p)
{
	activity->version = parse_quoted(&p);
	if (activity->version != NULL && *activity->version == '\0')
		activity->version = NULL;	/* a callback has none */
	(void) skip(&p, " ");
	activity->name = parse_quoted(&p);
	if (!skip(&p, " (up), statement ") && !skip(&p, " (down), statement "))
		return;
	activity->statement = parse_number(&p);
	if (!skip(&p, " of "))
		return;
	activity->nstatements = parse_number(&p);
	if (!skip(&p, ", file "))
		return;
	activity->file = parse_quoted(&p);
	if (!skip(&p, ", line "))
		return;
	activity->line = parse_number(&p);
	if (!skip(&p, ", "))
		return;
	activity->command = parse_until(&p, ": ");
	if (p != NULL)
		activity->query = pstrdup(p);
}

/*
 * What such a text says, palloc'd; NULL if it does not have that form.  Anybody can
 * write one: the caller has to compare it with the locks.
 */
MigrateActivity *
migrate_activity_parse(const char *str)
{
	MigrateActivity *activity = palloc0(sizeof(MigrateActivity));
	const char *p = str;

	if (!skip(&p, "migrate."))
		return NULL;
	activity->routine = parse_until(&p, "(");
	activity->project = parse_quoted(&p);
	(void) skip(&p, ", ");
	activity->schema = parse_quoted(&p);
	if (!skip(&p, "): "))
		return NULL;
	if (skip(&p, "migration "))
		parse_statement(activity, p);
	return activity;
}
