/*-------------------------------------------------------------------------
 *
 * errcontext.c
 *		What the user sees while migrations run: notices, activity, context.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/errcontext.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/string.h"
#include "mb/pg_wchar.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"

#include "util/errcontext.h"
#include "util/line_map.h"
#include "util/printable.h"

/*
 * Map a line of a script to its file and line.  A script assembled from several
 * files or spans has a line marker before each of them.  Returns the line in *file.
 *
 * Messages of a script are about increasing lines, so the search continues from the
 * last one.
 */
int
migrate_map_line(MigrateErrorContext *errctx, int line, const char **file)
{
	MigrateLines *lines = &errctx->mapped;

	*file = errctx->file;
	if (errctx->str == NULL || line <= 0)
		return line;
	if (lines->file == NULL || lines->number > line)
	{
		memset(lines, 0, sizeof(MigrateLines));
		lines->at = errctx->str;
		lines->file = errctx->file;
		lines->line = lines->number = errctx->text_line;
	}
	while (lines->number < line && lines->at != NULL)
		migrate_next_line(lines);
	*file = migrate_line_file(lines);
	return lines->line;
}

/*
 * How a migration is called: version and name, as in its file name.  A callback has no
 * version, and its name is that of its file.
 */
const char *
migrate_label(const char *version, const char *name)
{
	return *name == '\0' ? version : *version == '\0' ? name : psprintf("%s_%s", version, name);
}

static const char *
direction_name(MigrateDirection direction)
{
	return direction == MIGRATE_UP ? "up" : "down";
}

/*
 * May the message have a hint of ours?  It may if it is an error of the server itself:
 * who raises one in a function knows better what to do.  A hint that it has stays, but
 * for those that ours say as well: on new enum values and on the lock table.
 */
static bool
may_hint(void)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	ErrorData  *error = CopyErrorData();
	bool		replaced = error->filename != NULL &&
		(strcmp(error->filename, "enum.c") == 0 || strcmp(error->filename, "lock.c") == 0);
	bool		result = error->elevel >= ERROR && (error->hint == NULL || replaced) &&
		error->domain != NULL && strcmp(error->domain, PG_TEXTDOMAIN("postgres")) == 0;

	FreeErrorData(error);
	MemoryContextSwitchTo(old);
	return result;
}

/*
 * A colon that makes no sense to the parser is most often that of a variable
 * without a value, and two braces are those of a template.
 */
static void
hint_at_variable(const char *at)
{
	int			n = 1;

	if (geterrcode() != ERRCODE_SYNTAX_ERROR || (*at != ':' && *at != '{') || !may_hint())
		return;
	if (strncmp(at, "{{", 2) == 0)
		migrate_callback_hint("Templates are read only in the format \"tern\": write the statements out.");
	if (*at != ':')
		return;
	while (isalnum((unsigned char) at[n]) || at[n] == '_' || IS_HIGHBIT_SET(at[n]))
		n++;
	if (n > 1)
		migrate_callback_hint("If \"%.*s\" is a variable, give it a value in \"vars\".", n, at);
}

/*
 * Turn a position in errctx->source into one in errctx->query, and find its
 * line.
 */
static void
convert_position(MigrateErrorContext *errctx)
{
	int			position = geterrposition();	/* in characters, from 1 */
	const char *query;
	char	   *clipped = NULL;
	int			before;
	int			bytes;

	if (position <= 0 || errctx->source == NULL)
		return;
	bytes = pg_mbcharcliplen(errctx->source, strlen(errctx->source), position - 1);
	errctx->line = errctx->source_line + migrate_count_lines(errctx->source, bytes) - 1;
	hint_at_variable(errctx->source + bytes);

	/* an error of the lexer: the end of the statement is unknown */
	query = errctx->query;
	if (query > errctx->source + bytes)
		query = errctx->source + bytes;
	if (query != errctx->source)
		query = clipped = pnstrdup(query, errctx->source + bytes - query +
								   strcspn(errctx->source + bytes, "\r\n"));
	before = pg_mbstrlen_with_len(errctx->source,
								  Min(errctx->query - errctx->source, bytes));
	errposition(0);
	internalerrposition(position - before);
	internalerrquery(query);
	if (clipped != NULL)
		pfree(clipped);
}

/*
 * Where each migration is committed, it is a commit in the middle of it that helps:
 * say how the format has it.
 */
static void
hint_at_marker(const MigrateErrorContext *errctx, const char *reason)
{
	if (errctx->no_transaction_marker != NULL)
		migrate_callback_hint("%s Put it into another migration, or mark this one with \"%s\".", reason,
							  errctx->no_transaction_marker);
	else
		migrate_callback_hint("%s Put it into another migration, or write \"COMMIT;\" before it.", reason);
}

static void
hint_in_commits(const MigrateErrorContext *errctx)
{
	switch (geterrcode())
	{
		case ERRCODE_INVALID_TRANSACTION_TERMINATION:
			if (errctx->executing && errctx->no_transaction_marker != NULL)
				migrate_callback_hint("What commits has to run outside a transaction: mark the migration with \"%s\".",
									  errctx->no_transaction_marker);
			else if (errctx->executing)
				migrate_callback_hint("What commits has to run outside a transaction: make \"COMMIT;\" the first statement of the file.");
			break;
		case ERRCODE_ACTIVE_SQL_TRANSACTION:
			hint_at_marker(errctx, "The statement has to run outside a transaction.");
			break;
		case ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE:
			hint_at_marker(errctx, "New enum values must be committed before they can be used.");
			break;
		case ERRCODE_OUT_OF_MEMORY:
			migrate_callback_hint("If it is the lock table that is full, increase max_locks_per_transaction, "
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
hint_in_block(const MigrateErrorContext *errctx)
{
	const char *routine = errctx->direction == MIGRATE_UP ? "up" : "down";

	switch (geterrcode())
	{
		case ERRCODE_INVALID_TRANSACTION_TERMINATION:
			if (errctx->executing)
				migrate_callback_hint("A procedure that commits needs CALL migrate.%s(), and a migration marked as one without a transaction.", routine);
			break;
		case ERRCODE_ACTIVE_SQL_TRANSACTION:
			if (errctx->direction == MIGRATE_UP)
				migrate_callback_hint("Use CALL migrate.up(), which commits after each migration.");
			else
				migrate_callback_hint("Use CALL migrate.down(), which commits after each migration, with as many \"steps\" as are meant: by default it undoes the last batch.");
			break;
		case ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE:
			migrate_callback_hint("New enum values must be committed before they can be used. "
								  "Use CALL migrate.%s(), which commits after each migration.", routine);
			break;
		case ERRCODE_OUT_OF_MEMORY:
			migrate_callback_hint("If it is the lock table that is full, increase max_locks_per_transaction, "
								  "or use CALL migrate.%s(), which commits after each migration.", routine);
			break;
		default:
			break;
	}
}

/*
 * What to do about an error that depends on how a migration runs.
 */
static void
hint_at_transaction(const MigrateErrorContext *errctx)
{
	switch (geterrcode())
	{
		case ERRCODE_INVALID_TRANSACTION_TERMINATION:
		case ERRCODE_ACTIVE_SQL_TRANSACTION:
		case ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE:
		case ERRCODE_OUT_OF_MEMORY:
			break;
		default:
			return;
	}
	if (!may_hint())
		return;
	if (errctx->commits)
		hint_in_commits(errctx);
	else
		hint_in_block(errctx);
}

/*
 * Error context callback; "arg" is a MigrateErrorContext.  It runs for each NOTICE
 * as well, in a context that is not reset then, so it frees what it allocates.
 */
void
migrate_errcontext_callback(void *arg)
{
	MigrateErrorContext *errctx = arg;
	const char *file;
	int			line;
	StringInfoData buf;

	convert_position(errctx);
	hint_at_transaction(errctx);
	line = migrate_map_line(errctx, errctx->line, &file);

	initStringInfo(&buf);
	if (*errctx->version == '\0')
		appendStringInfo(&buf, "callback (%s)", direction_name(errctx->direction));
	else
		appendStringInfo(&buf, "migration %s \"%s\" (%s)", errctx->version, errctx->name,
						 errctx->verifies ? "verify" : direction_name(errctx->direction));
	if (errctx->statement > 0 && errctx->nstatements > 0)
		appendStringInfo(&buf, ", statement %d of %d", errctx->statement, errctx->nstatements);
	else if (errctx->statement > 0)
		appendStringInfo(&buf, ", statement %d", errctx->statement);
	appendStringInfo(&buf, ", %s \"%s\"",
					 errctx->stored ? "stored script of file" : "file", file);
	if (errctx->line > 0)
		appendStringInfo(&buf, ", line %d", line);
	migrate_callback_context("%s", buf.data);
	pfree(buf.data);
	if (file != errctx->file)
		pfree(unconstify(char *, file));
}
