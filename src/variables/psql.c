/*-------------------------------------------------------------------------
 *
 * psql.c
 *		psql's variables in a script: :name, :'name', :"name" and :{?name}.
 *
 * Quoted text and comments are skipped as core's lexer would do.  The lexer itself
 * would raise errors of its own, before there is an error context for them.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables/psql.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "utils/builtins.h"

#include "util/lines.h"
#include "variables/variables.h"
#include "variables/variables_int.h"

/*
 * Where in a script we are.
 */
typedef struct PsqlScan
{
	int			parentheses;
	int			brackets;
	int			words;			/* of the statement */
	bool		copy;			/* the first one is COPY */
	bool		from;			/* the last one was FROM */
	bool		rows;			/* COPY FROM STDIN: rows follow */
} PsqlScan;

static bool
starts_word(char c)
{
	return isalpha((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}

static int
identifier_length(const char *p)
{
	int			n = 0;

	while (migrate_is_variable_char(p[n]) || p[n] == '$')
		n++;
	return n;
}

static const char *
skip_line(const char *p)
{
	return p + strcspn(p, "\r\n");
}

/*
 * Where a literal continues after its closing quote: at a quote after white space
 * with a line end; NULL if it does not.
 */
static const char *
continuation(const char *p)
{
	bool		newline = false;

	while (scanner_isspace(*p) || (p[0] == '-' && p[1] == '-'))
	{
		newline |= *p == '\n' || *p == '\r';
		p = *p == '-' ? skip_line(p) : p + 1;
	}
	return newline && *p == '\'' ? p : NULL;
}

/*
 * The end of a literal, from its opening quote.
 */
static const char *
skip_literal(const char *p, bool escapes)
{
	p++;
	while (*p != '\0')
	{
		if (escapes && p[0] == '\\' && p[1] != '\0')
			p += 2;
		else if (p[0] == '\'' && p[1] == '\'')
			p += 2;
		else if (*p == '\'')
		{
			const char *next = continuation(++p);

			if (next == NULL)
				return p;
			p = next + 1;
		}
		else
			p++;
	}
	return p;
}

/*
 * The end of a string in dollar quotes, the end of the text if it is not ended; "p"
 * itself if none begins there.
 */
const char *
migrate_skip_dollar_quote(const char *p)
{
	int			n = 1;
	char	   *delimiter;
	const char *end;

	if (starts_word(p[1]))
		while (migrate_is_variable_char(p[n]))
			n++;
	if (p[n] != '$')
		return p;
	delimiter = pnstrdup(p, n + 1);
	end = strstr(p + n + 1, delimiter);
	pfree(delimiter);
	return end ? end + n + 1 : p + strlen(p);
}

static const char *
skip_block_comment(const char *p)
{
	int			depth = 0;

	do
	{
		if (p[0] == '/' && p[1] == '*')
		{
			depth++;
			p += 2;
		}
		else if (p[0] == '*' && p[1] == '/')
		{
			depth--;
			p += 2;
		}
		else
			p++;
	} while (*p != '\0' && depth > 0);
	return p;
}

/*
 * From the end of a COPY FROM STDIN to the end of its rows.
 */
static const char *
skip_rows(const char *p)
{
	while ((p = strchr(p, '\n')) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		p++;
		if (p[0] == '\\' && p[1] == '.' && strchr("\r\n", p[2]) != NULL)
			return p + 2;
	}
	return NULL;
}

/*
 * A value as psql quotes it for :'name' or :"name".  The text before it must not
 * change its meaning: E, U& or the end of another literal.
 */
static char *
quoted_value(const char *value, char quote, bool at_start, char before)
{
	StringInfoData buf;
	char	   *literal;

	initStringInfo(&buf);
	if (!at_start && (migrate_is_variable_char(before) || strchr("&'\"$", before) != NULL))
		appendStringInfoChar(&buf, ' ');
	if (quote == '\'')
	{
		literal = quote_literal_cstr(value);
		appendStringInfoString(&buf, literal);
		return buf.data;
	}
	appendStringInfoChar(&buf, '"');
	for (; *value != '\0'; value++)
	{
		if (*value == '"')
			appendStringInfoChar(&buf, '"');
		appendStringInfoChar(&buf, *value);
	}
	appendStringInfoChar(&buf, '"');
	return buf.data;
}

/*
 * :{?name} is whether there is a value.
 */
static const char *
substitute_test(MigrateSubstitution *s, const char *p)
{
	int			n = 0;
	const MigrateVariable *var;

	while (migrate_is_variable_char(p[3 + n]))
		n++;
	if (n == 0 || p[3 + n] != '}')
		return p + 1;
	var = migrate_find_variable(s, p, p + 3, n, false);
	if (!s->lenient)
		migrate_substitute_value(s, p, p + n + 4, var ? "TRUE" : "FALSE");
	return p + n + 4;
}

/*
 * A colon outside of quotes: returns where to go on.  A name without a value is
 * left as it is, as psql does, for the parser to find words for; but a quoted one
 * is refused unless it may be a part of a slice.
 */
static const char *
scan_colon(MigrateSubstitution *s, const PsqlScan *scan, const char *p)
{
	char		quote = p[1] == '\'' || p[1] == '"' ? p[1] : '\0';
	const char *name = p + (quote ? 2 : 1);
	const MigrateVariable *var;
	const char *end;
	int			n = 0;

	if (p[1] == ':' || p[1] == '=')
		return p + 2;
	if (p[1] == '{' && p[2] == '?')
		return substitute_test(s, p);
	while (migrate_is_variable_char(name[n]))
		n++;
	if (n == 0 || (quote && name[n] != quote))
		return p + 1;
	end = name + n + (quote ? 1 : 0);
	var = migrate_find_variable(s, p, name, n, false);
	if (var == NULL && quote && scan->brackets == 0)
		migrate_refuse_undefined(s, p, name, n, NULL);
	if (var == NULL)
		return p + 1;
	migrate_substitute_value(s, p, end, quote ? quoted_value(var->value, quote, p == s->sql, p > s->sql ? p[-1] : '\0') :
							 var->value);
	return end;
}

static bool
is_keyword(const char *p, int length, const char *word)
{
	return length == strlen(word) && pg_strncasecmp(p, word, length) == 0;
}

/*
 * A word outside of quotes: returns where to go on.
 */
static const char *
scan_word(PsqlScan *scan, const char *p)
{
	int			n = identifier_length(p);

	if (p[n] == '\'' && is_keyword(p, n, "e"))
		return skip_literal(p + n, true);
	if (scan->words++ == 0)
		scan->copy = is_keyword(p, n, "copy");
	if (scan->copy && scan->parentheses == 0)
	{
		scan->rows |= scan->from && is_keyword(p, n, "stdin");
		scan->from = is_keyword(p, n, "from");
	}
	return p + n;
}

static bool
is_first_of_line(const MigrateSubstitution *s, const char *p)
{
	while (p > s->sql && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	return p == s->sql || p[-1] == '\n';
}

/*
 * A single character outside of quotes.
 */
static const char *
scan_character(MigrateSubstitution *s, PsqlScan *scan, const char *p)
{
	switch (*p)
	{
		case '(':
			scan->parentheses++;
			break;
		case ')':
			scan->parentheses = Max(scan->parentheses - 1, 0);
			break;
		case '[':
			scan->brackets++;
			break;
		case ']':
			scan->brackets = Max(scan->brackets - 1, 0);
			break;
		case '\\':
			/* one of psql's own commands */
			if (is_first_of_line(s, p))
				return skip_line(p);
			break;
		case ';':
			if (scan->parentheses == 0)
			{
				const char *after = scan->rows ? skip_rows(p) : p + 1;

				memset(scan, 0, sizeof(PsqlScan));
				return after ? after : p + strlen(p);
			}
			break;
	}
	return p + 1;
}

/*
 * Could there be a reference?  Without variables, only what is refused counts.
 */
static bool
may_have_reference(const MigrateSubstitution *s)
{
	for (const char *p = s->sql; (p = migrate_find_text(p, ":")) != NULL; p++)
	{
		if (p[1] == ':')
			p++;
		else if (p[1] == '\'' || p[1] == '"' || p[1] == '{')
			return true;
		else if ((s->sets != NIL || s->lenient) && migrate_is_variable_char(p[1]))
			return true;
	}
	return false;
}

/*
 * A word that may be the name of standard_conforming_strings, which a statement
 * sets: what literals after it mean.
 */
static void
follow_conforming(const char *p, bool *conforming)
{
	static const char name[] = "standard_conforming_strings";
	int			n = strlen(name);
	bool		value;

	if (pg_strncasecmp(p, name, n) != 0 || migrate_is_variable_char(p[n]))
		return;
	p += n + strspn(p + n, " \t\r\n");
	if (*p == '=')
		p++;
	else if (pg_strncasecmp(p, "to", 2) == 0)
		p += 2;
	else
		return;
	p += strspn(p, " \t\r\n'");
	if (parse_bool_with_len(p, strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01"), &value))
		*conforming = value;
}

/*
 * Substitute variables in a text of psql.
 */
void
migrate_substitute_psql(MigrateSubstitution *s)
{
	PsqlScan	scan = {0};
	const char *p = s->sql;
	bool		conforming = standard_conforming_strings;

	if (!may_have_reference(s))
		return;
	while (*p != '\0')
	{
		CHECK_FOR_INTERRUPTS();
		if (p[0] == '-' && p[1] == '-')
			p = skip_line(p);
		else if (p[0] == '/' && p[1] == '*')
			p = skip_block_comment(p);
		else if (*p == '\'')
			p = skip_literal(p, !conforming);
		else if (*p == '"')
		{
			const char *end = strchr(p + 1, '"');

			p = end ? end + 1 : p + strlen(p);
		}
		else if (*p == '$')
		{
			const char *end = migrate_skip_dollar_quote(p);

			p = end > p ? end : p + 1;
		}
		else if (*p == ':')
			p = scan_colon(s, &scan, p);
		else if (starts_word(*p))
		{
			follow_conforming(p, &conforming);
			p = scan_word(&scan, p);
		}
		else
			p = scan_character(s, &scan, p);
	}
}
