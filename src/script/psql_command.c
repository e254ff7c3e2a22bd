/*-------------------------------------------------------------------------
 *
 * psql_command.c
 *		Lines for psql, which begin with a backslash.
 *
 * Those that only change what psql shows are skipped; they are in the output of
 * pg_dump and in many files that were written for psql.
 *
 * Follows core's psql: command.c for the commands, psqlscanslash.l for how a line is
 * divided into arguments.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/psql_command.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "script/script_int.h"

typedef enum PsqlUse
{
	PSQL_SKIP,
	PSQL_SKIP_ENCODING,			/* if it names UTF8 */
	PSQL_SKIP_VARIABLE,			/* if only psql reads that variable */
	PSQL_REFUSE,
} PsqlUse;

typedef struct PsqlCommand
{
	const char *name;
	PsqlUse		use;
	const char *hint;			/* what to do instead, or NULL */
} PsqlCommand;

static const char in_database[] = "A migration runs in the database that migrate is called in.";

static const char in_do[] = "Use the control structures of PL/pgSQL in a DO block.";

static const char write_value[] = "Write the value into the statements, or use set_config() and current_setting().";

static const char semicolon[] = "End the statement with a semicolon.";

static const char own_line[] = "It must be on a line of its own between two statements.";

static const PsqlCommand commands[] = {
	{"a", PSQL_SKIP},
	{"echo", PSQL_SKIP},
	{"encoding", PSQL_SKIP_ENCODING, "The files of migrations are in UTF-8."},
	{"pset", PSQL_SKIP},
	{"qecho", PSQL_SKIP},
	{"restrict", PSQL_SKIP},
	{"set", PSQL_SKIP_VARIABLE, write_value},
	{"t", PSQL_SKIP},
	{"timing", PSQL_SKIP},
	{"unrestrict", PSQL_SKIP},
	{"warn", PSQL_SKIP},
	{"x", PSQL_SKIP},
	{"c", PSQL_REFUSE, in_database},
	{"connect", PSQL_REFUSE, in_database},
	{"copy", PSQL_REFUSE, "Use COPY ... FROM stdin, followed by the rows."},
	{"crosstabview", PSQL_REFUSE, semicolon},
	{"elif", PSQL_REFUSE, in_do},
	{"else", PSQL_REFUSE, in_do},
	{"endif", PSQL_REFUSE, in_do},
	{"g", PSQL_REFUSE, semicolon},
	{"gdesc", PSQL_REFUSE, semicolon},
	{"gexec", PSQL_REFUSE, "Use EXECUTE in a DO block."},
	{"gset", PSQL_REFUSE, "Use variables in a DO block."},
	{"gx", PSQL_REFUSE, semicolon},
	{"i", PSQL_REFUSE, own_line},
	{"if", PSQL_REFUSE, in_do},
	{"include", PSQL_REFUSE, own_line},
	{"include_relative", PSQL_REFUSE, own_line},
	{"ir", PSQL_REFUSE, own_line},
	{"prompt", PSQL_REFUSE, write_value},
	{"unset", PSQL_REFUSE, write_value},
	{";", PSQL_REFUSE, semicolon},
	{".", PSQL_REFUSE, "It ends the rows of COPY ... FROM stdin, and there are none before it."},
};

/*
 * Variables of psql that do not affect the statements.  AUTOCOMMIT,
 * ON_ERROR_ROLLBACK, SINGLELINE and SINGLESTEP do.
 */
static const char *const variables[] = {
	"COMP_KEYWORD_CASE", "ECHO", "ECHO_HIDDEN", "FETCH_COUNT", "HIDE_TABLEAM",
	"HIDE_TOAST_COMPRESSION", "HISTCONTROL", "HISTFILE", "HISTSIZE", "IGNOREEOF",
	"ON_ERROR_STOP", "PROMPT1", "PROMPT2", "PROMPT3", "QUIET", "SHOW_ALL_RESULTS",
	"SHOW_CONTEXT", "VERBOSITY", "WATCH_INTERVAL",
};

static const PsqlCommand *
find_command(const char *name)
{
	for (int i = 0; i < lengthof(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/*
 * The name of the command that begins with a backslash at *at, which is moved past
 * it. palloc'd; "" for a backslash by itself.
 */
char *
migrate_psql_name(const char **at, const char *end)
{
	const char *start = ++*at;

	if (*at < end && **at == ';')
		++* at;
	else
		while (*at < end && !is_blank(**at) && **at != '\n' && **at != '\\' && **at != ';')
			++* at;
	return pnstrdup(start, *at - start);
}

/*
 * The next argument of a command, palloc'd; *at is moved past it.  NULL at the end
 * of the line or the command.  In single quotes a quote is doubled, or follows a
 * backslash; other quotes belong to the argument.
 */
char *
migrate_psql_argument(const char **at, const char *end)
{
	StringInfoData argument;
	const char *p = *at;
	char		quote = '\0';

	while (p < end && is_blank(*p))
		p++;
	*at = p;
	if (p == end || *p == '\\')
		return NULL;
	initStringInfo(&argument);
	for (; p < end && (quote || !(is_blank(*p) || *p == '\\')); p++)
	{
		if (quote == '\0' && (*p == '\'' || *p == '"' || *p == '`'))
		{
			quote = *p;
			if (quote == '\'')
				continue;
		}
		else if (quote == '\'' && p + 1 < end && (*p == '\\' || (p[0] == '\'' && p[1] == '\'')))
			p++;
		else if (quote != '\0' && *p == quote)
		{
			quote = '\0';
			if (*p == '\'')
				continue;
		}
		appendStringInfoChar(&argument, *p);
	}
	*at = p;
	return argument.data;
}

/*
 * May a command be skipped, with this first argument (NULL: none)?
 */
static bool
may_skip(const PsqlCommand *command, const char *first)
{
	switch (command->use)
	{
		case PSQL_SKIP:
			return true;
		case PSQL_SKIP_ENCODING:
			return first != NULL && pg_char_to_encoding(first) == PG_UTF8;
		case PSQL_SKIP_VARIABLE:
			for (int i = 0; first != NULL && i < lengthof(variables); i++)
				if (strcmp(variables[i], first) == 0)
					return true;
			return false;
		case PSQL_REFUSE:
			return false;
	}
	return false;				/* keep compiler quiet */
}

/*
 * The first command of a line that cannot be skipped, palloc'd, or NULL if all can;
 * the names of those that can are added to *skipped, palloc'd.
 */
char *
migrate_psql_skip(const char *line, int length, List **skipped)
{
	const char *at = line;
	const char *end = line + length;

	while (at < end)
	{
		char	   *name = migrate_psql_name(&at, end);
		const PsqlCommand *command = find_command(name);
		char	   *first = migrate_psql_argument(&at, end);
		char	   *other;

		if (command == NULL || !may_skip(command, first))
			return name;
		*skipped = lappend(*skipped, name);
		while ((other = migrate_psql_argument(&at, end)) != NULL)
			pfree(other);
	}
	return NULL;
}

/*
 * What to do instead of a command that cannot be used.  In the middle of a
 * statement that is so for all of them.
 */
const char *
migrate_psql_hint(const char *name, bool in_statement)
{
	const PsqlCommand *command = find_command(name);

	if (in_statement && command != NULL && command->use != PSQL_REFUSE)
		return own_line;
	if (command != NULL && command->hint != NULL)
		return command->hint;
	return "The server runs the file, not psql.";
}
