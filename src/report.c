/*-------------------------------------------------------------------------
 *
 * report.c
 *		What the user sees while migrations run: notices, activity, context.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/report.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/string.h"
#include "mb/pg_wchar.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"

#include "migrate.h"

/* a message that is longer is cut: it may quote one of a statement's */
#define MAX_MESSAGE		(1024 * 1024)

/*
 * What a terminal or a reader would not see as it is: control characters, and
 * those that turn the direction of what comes after them.
 */
static bool
is_unprintable(pg_wchar c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/*
 * A text, in the encoding of the database, to be shown on one line: what is not
 * printable is written as an escape.  Returns "text" itself where nothing is to be
 * done.
 */
char *
migrate_shown(const char *text)
{
	bool		is_utf8 = GetDatabaseEncoding() == PG_UTF8;
	StringInfoData shown;
	const char *done = text;
	const char *p = text;

	initStringInfo(&shown);
	while (*p != '\0')
	{
		unsigned char byte = *p;
		int			length = 1;
		pg_wchar	c = IS_HIGHBIT_SET(byte) ? 0xa0 : byte;

		if (IS_HIGHBIT_SET(byte))
		{
			length = strnlen(p, pg_mblen(p));
			if (is_utf8 && length == pg_utf_mblen((const unsigned char *) p))
				c = utf8_to_unicode((const unsigned char *) p);
		}
		if (is_unprintable(c))
		{
			appendBinaryStringInfo(&shown, done, p - done);
			if (c == '\n' || c == '\r' || c == '\t')
				appendStringInfo(&shown, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
			else
				appendStringInfo(&shown, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned int) c);
			done = p + length;
		}
		p += length;
	}
	if (done == text)
	{
		pfree(shown.data);
		return unconstify(char *, text);
	}
	appendStringInfoString(&shown, done);
	return shown.data;
}

/*
 * The text of a message, as psprintf() makes it, to be shown on one line.
 */
char *
migrate_printable(const char *format,...)
{
	int			saved_errno = errno;	/* for %m */
	StringInfoData text;

	initStringInfo(&text);
	for (;;)
	{
		va_list		args;
		int			needed;

		errno = saved_errno;
		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	if (text.len > MAX_MESSAGE)
		text.		data[pg_mbcliplen(text.data, text.len, MAX_MESSAGE)] = '\0';

	return migrate_shown(text.data);
}

/*
 * The line that "length" bytes of "sql" end in, from 1.
 */
int
migrate_count_lines(const char *sql, int length)
{
	const char *end = sql + length;
	int			line = 1;

	while ((sql = memchr(sql, '\n', end - sql)) != NULL)
	{
		sql++;

		line++;
	}
	return line;
}

/*
 * Is the line a marker, and what does it say of the line behind it?  The name of
 * the file is not ended with a NUL.
 */
static bool
read_marker(const char *line, const char **file, int *length, int *number)
{
	const char *end;
	const char *name;
	char	   *digits_end;

	if (strncmp(line, MIGRATE_LINE_MARKER, strlen(MIGRATE_LINE_MARKER)) != 0)
		return false;
	end = line + strcspn(line, "\r\n");
	line += strlen(MIGRATE_LINE_MARKER);
	*number = strtoint(line, &digits_end, 10);
	name = digits_end + 2;
	if (digits_end == line || name >= end || digits_end[0] != ' ' || digits_end[1] != '"' ||
		end[-1] != '"')
		return false;
	*file = name;
	*length = end - 1 - name;
	return true;
}

/*
 * Append a marker, on a line of its own, that tells what the next line is: "line"
 * of "file", whose name must not become SQL.
 */
void
migrate_append_line_marker(StringInfo text, const char *file, int line)
{
	if (text->len > 0 && text->data[text->len - 1] != '\n')
		appendStringInfoChar(text, '\n');
	appendStringInfo(text, "%s%d \"", MIGRATE_LINE_MARKER, line);
	for (; *file != '\0'; file++)
		appendStringInfoChar(text, *file == '\n' || *file == '\r' ? '?' : *file);
	appendStringInfoString(text, "\"\n");
}

/*
 * Go to the next line of a text, and know which file and line it was.
 */
void
migrate_next_line(MigrateLines *lines)
{
	const char *newline = strchr(lines->at, '\n');
	const char *file;
	int			length;

	if (read_marker(lines->at, &file, &length, &lines->line))
		lines->marker = lines->at;
	else
		lines->line++;
	lines->at = newline ? newline + 1 : NULL;
	lines->number++;
}

/*
 * The file of the current line; palloc'd unless it is that of the text.
 */
const char *
migrate_line_file(const MigrateLines *lines)
{
	const char *file;
	int			length;
	int			line;

	if (lines->marker == NULL || !read_marker(lines->marker, &file, &length, &line))
		return lines->file;
	return pnstrdup(file, length);
}

/*
 * Where a line of the text of a place comes from, if that was put together from
 * several files or pieces, with markers before them.  Returns the line in *file.
 *
 * A script that raises many messages asks for one line after the other, so the walk
 * goes on from the last one.
 */
int
migrate_map_line(MigratePlace *place, int line, const char **file)
{
	MigrateLines *lines = &place->mapped;

	*file = place->file;
	if (place->text == NULL || line <= 0)
		return line;
	if (lines->file == NULL || lines->number > line)
	{
		memset(lines, 0, sizeof(MigrateLines));
		lines->at = place->text;
		lines->file = place->file;
		lines->line = lines->number = place->text_line;
	}
	while (lines->number < line && lines->at != NULL)
		migrate_next_line(lines);
	*file = migrate_line_file(lines);
	return lines->line;
}

/*
 * From here on "place" is about a script whose text is "sql".
 */
void
migrate_begin_script(const MigrateScript *script, const char *sql, MigratePlace *place)
{
	place->nstatements = script->nstatements;
	place->text = script->has_markers ? sql : NULL;
	place->text_line = script->line;
	memset(&place->mapped, 0, sizeof(MigrateLines));
}

/*
 * And no longer.  An error leaves in "place" where it was.
 */
void
migrate_end_script(MigratePlace *place)
{
	place->statement = 0;
	place->line = 0;
	place->text = NULL;
}

/*
 * How a migration is called: version and name, as in its file name.
 */
const char *
migrate_label(const char *version, const char *name)
{
	return *name == '\0' ? version : psprintf("%s_%s", version, name);
}

/*
 * A state as status() shows it.
 */
const char *
migrate_state_name(MigrateState state)
{
	switch (state)
	{
		case STATE_PENDING:
			return "pending";
		case STATE_OUT_OF_ORDER:
			return "out of order";
		case STATE_SKIPPED:
			return "skipped";
		case STATE_APPLIED:
			return "applied";
		case STATE_BASELINE:
			return "baseline";
		case STATE_MODIFIED:
			return "modified";
		case STATE_OUTDATED:
			return "outdated";
		case STATE_MISSING:
			return "missing";
		case STATE_INTERRUPTED:
			return "interrupted";
		case STATE_IN_PROGRESS:
			return "running";
	}
	return NULL;				/* keep compiler quiet */
}

/*
 * The NOTICE after each migration.  "number" counts from 1.
 */
void
migrate_report_done(const MigrateStep *step, const MigrateResult *result,
					int number, int total)
{
	const char *label = migrate_label(result->version, result->name);

	if (step->forced)
		ereport(NOTICE,
				(errmsg("recorded %s as undone, without running anything [%d/%d]",
						label, number, total)));
	else if (step->direction == MIGRATE_UP)
		ereport(NOTICE,
				(errmsg_plural("applied %s (%d statement) [%d/%d]",
							   "applied %s (%d statements) [%d/%d]",
							   result->statements,
							   label, result->statements, number, total)));
	else
		ereport(NOTICE,
				(errmsg_plural("undone %s (%d statement) [%d/%d]",
							   "undone %s (%d statements) [%d/%d]",
							   result->statements,
							   label, result->statements, number, total)));
}

/*
 * What a script has that is passed over, listed; NULL for
 * none.
 */
char *
migrate_skipped_names(const MigrateScript *script)
{
	StringInfoData names;
	ListCell   *lc;

	if (script->skipped == NIL)
		return NULL;
	initStringInfo(&names);
	foreach(lc, script->skipped)
	{
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", (char *) lfirst(lc));
	}
	return names.data;
}

/*
 * Tell once what of a script counts for nothing: a NOTICE for what is passed over,
 * a WARNING for a COMMIT that ends no transaction.
 */
void
migrate_report_oddities(const MigrateScript *script, MigratePlace *place)
{
	char	   *names = migrate_skipped_names(script);
	const char *file;
	int			line;

	if (names != NULL)
	{
		ereport(NOTICE,
				(errmsg("skipping in migration \"%s\": %s",
						migrate_label(place->version, place->name), names)));
		pfree(names);
	}
	if (script->lone_commit == 0)
		return;
	line = migrate_map_line(place, script->lone_commit, &file);
	ereport(WARNING,
			(errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION),
			 errmsg("COMMIT without BEGIN in migration \"%s\"",
					migrate_label(place->version, place->name)),
			 errdetail("File \"%s\", line %d.", file, line)));
}

static const char *
direction_name(MigrateDirection direction)
{
	return direction == MIGRATE_UP ? "up" : "down";
}

/*
 * Show migration and statement in pg_stat_activity.
 */
void
migrate_report_activity(const MigratePlace *place)
{
	char	   *activity;

	if (!pgstat_track_activities)
		return;
	activity = psprintf("migration %s (%s), statement %d of %d: %s",
						migrate_shown(migrate_label(place->version, place->name)),
						direction_name(place->direction),
						place->statement, place->nstatements, place->query);
	pgstat_report_activity(STATE_RUNNING, activity);
	pfree(activity);
}

/*
 * Show there whose run is waited for.
 */
void
migrate_report_waiting(int pid)
{
	char	   *activity;

	if (!pgstat_track_activities)
		return;
	activity = psprintf("waiting for the migration run of process %d: %s", pid,
						debug_query_string ? debug_query_string : "");
	pgstat_report_activity(STATE_RUNNING, activity);
	pfree(activity);
}

/*
 * One line in the log for a run that has done something, where changes of the schema
 * are logged.  In the caller's transaction it may still be rolled back.
 */
void
migrate_report_run(const MigrateRequest *request, MigrateDirection direction, int count)
{
	if (count == 0 || log_statement < LOGSTMT_DDL)
		return;
	ereport(LOG,
			(direction == MIGRATE_UP ?
			 errmsg_plural("migrate: %d migration applied in project \"%s\", schema \"%s\"",
						   "migrate: %d migrations applied in project \"%s\", schema \"%s\"",
						   count, count, request->project, request->schema) :
			 errmsg_plural("migrate: %d migration undone in project \"%s\", schema \"%s\"",
						   "migrate: %d migrations undone in project \"%s\", schema \"%s\"",
						   count, count, request->project, request->schema),
			 errhidestmt(true),
			 errhidecontext(true)));
}

/*
 * Show the caller's own statement again.
 */
void
migrate_report_activity_end(void)
{
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
}

/*
 * A colon that makes no sense to the parser is most often that of a variable
 * without a value, and two braces are those of a template.
 */
static void
hint_at_variable(const char *at)
{
	int			n = 1;

	if (geterrcode() == ERRCODE_SYNTAX_ERROR && strncmp(at, "{{", 2) == 0)
		errhint("Templates are not supported: write the statements out.");
	if (geterrcode() != ERRCODE_SYNTAX_ERROR || *at != ':')
		return;
	while (isalnum((unsigned char) at[n]) || at[n] == '_' || IS_HIGHBIT_SET(at[n]))
		n++;
	if (n > 1)
		errhint("If \"%.*s\" is a variable, give it a value in \"vars\".", n, at);
}

/*
 * Turn a position in place->source into one in place->query, and find its
 * line.
 */
static void
convert_position(MigratePlace *place)
{
	int			position = geterrposition();	/* in characters, from 1 */
	const char *query;
	int			before;
	int			bytes;

	if (position <= 0 || place->source == NULL)
		return;
	bytes = pg_mbcharcliplen(place->source, strlen(place->source), position - 1);
	place->line = place->source_line + migrate_count_lines(place->source, bytes) - 1;
	hint_at_variable(place->source + bytes);

	/* an error of the lexer: nobody knows where the statement ends */
	query = place->query;
	if (query > place->source + bytes)
		query = place->source + bytes;
	if (query != place->source)
		query = pnstrdup(query, place->source + bytes - query +
						 strcspn(place->source + bytes, "\r\n"));
	before = pg_mbstrlen_with_len(place->source,
								  Min(place->query - place->source, bytes));
	errposition(0);
	internalerrposition(position - before);
	internalerrquery(query);
}

/*
 * Where each migration is committed, it is a commit in the middle of it that helps:
 * say how the format has it.
 */
static void
hint_at_marker(const MigratePlace *place, const char *reason)
{
	if (place->alone_marker != NULL)
		errhint("%s Put it into another migration, or mark this one with \"%s\".", reason,
				place->alone_marker);
	else
		errhint("%s Put it into another migration, or write \"COMMIT;\" before it.", reason);
}

static void
hint_in_commits(const MigratePlace *place)
{
	switch (geterrcode())
	{
		case ERRCODE_INVALID_TRANSACTION_TERMINATION:
			if (place->executing && place->alone_marker != NULL)
				errhint("What commits has to run outside a transaction: mark the migration with \"%s\".",
						place->alone_marker);
			else if (place->executing)
				errhint("What commits has to run outside a transaction: make \"COMMIT;\" the first statement of the file.");
			break;
		case ERRCODE_ACTIVE_SQL_TRANSACTION:
			hint_at_marker(place, "The statement has to run outside a transaction.");
			break;
		case ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE:
			hint_at_marker(place, "New enum values must be committed before they can be used.");
			break;
		case ERRCODE_OUT_OF_MEMORY:
			errhint("If it is the lock table that is full, increase max_locks_per_transaction, "
					"or divide the migration.");
			break;
		default:
			break;
	}
}

/*
 * What cannot be cured in a single transaction can often be in several.
 */
static void
hint_in_block(const MigratePlace *place)
{
	const char *routine = place->direction == MIGRATE_UP ? "up" : "down";

	switch (geterrcode())
	{
		case ERRCODE_INVALID_TRANSACTION_TERMINATION:
			if (place->executing)
				errhint("A procedure that commits needs CALL migrate.%s(), and a migration marked as one without a transaction.", routine);
			break;
		case ERRCODE_ACTIVE_SQL_TRANSACTION:
			errhint("Use CALL migrate.%s(), which commits after each migration.", routine);
			break;
		case ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE:
			errhint("New enum values must be committed before they can be used. "
					"Use CALL migrate.%s(), which commits after each migration.", routine);
			break;
		case ERRCODE_OUT_OF_MEMORY:
			errhint("If it is the lock table that is full, increase max_locks_per_transaction, "
					"or use CALL migrate.%s(), which commits after each migration.", routine);
			break;
		default:
			break;
	}
}

/*
 * Error context callback; "arg" is a MigratePlace.
 */
void
migrate_error_context(void *arg)
{
	MigratePlace *place = arg;
	const char *file;
	int			line;
	StringInfoData text;

	convert_position(place);
	if (place->commits)
		hint_in_commits(place);
	else
		hint_in_block(place);
	line = migrate_map_line(place, place->line, &file);

	initStringInfo(&text);
	appendStringInfo(&text, "migration %s \"%s\" (%s)", place->version, place->name,
					 direction_name(place->direction));
	if (place->statement > 0 && place->nstatements > 0)
		appendStringInfo(&text, ", statement %d of %d", place->statement, place->nstatements);
	else if (place->statement > 0)
		appendStringInfo(&text, ", statement %d", place->statement);
	appendStringInfo(&text, ", %s \"%s\"",
					 place->stored ? "stored script of file" : "file", file);
	if (place->line > 0)
		appendStringInfo(&text, ", line %d", line);
	errcontext("%s", text.data);
	pfree(text.data);
}
