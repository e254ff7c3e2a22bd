/*-------------------------------------------------------------------------
 *
 * variables.c
 *		Puts the values of variables into the text of a migration.
 *
 * Each syntax finds its references as its tool does, so that a file means here
 * what it means there.  A value that has line ends shifts the lines that are
 * reported for what stands after it.
 *
 * Nothing here does I/O or asks a catalog; who may use which value has been
 * decided by the caller.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "migrate.h"

static const char *const syntax_names[] = {
	[SYNTAX_PSQL] = "psql",
	[SYNTAX_GOOSE] = "goose",
	[SYNTAX_GOOSE_ON] = "goose on",
	[SYNTAX_FLYWAY] = "flyway",
	[SYNTAX_LIQUIBASE] = "liquibase",
	[SYNTAX_GRAPHILE] = "graphile",
	[SYNTAX_NONE] = "none",
};

/*
 * The name that a syntax is recorded under.
 */
const char *
migrate_syntax_name(MigrateSyntax syntax)
{
	return syntax_names[syntax];
}

/*
 * The syntax of that name; XX000 for an unknown one.
 */
MigrateSyntax
migrate_syntax_named(const char *name)
{
	for (int i = 0; i < lengthof(syntax_names); i++)
		if (strcmp(syntax_names[i], name) == 0)
			return (MigrateSyntax) i;
	elog(ERROR, "unrecognized syntax of variables: \"%s\"", name);
}

/*
 * Substitution in one text.
 */
typedef struct Substitution
{
	const char *sql;
	int			first_line;		/* line of the text's first byte in its file */
	List	   *vars;			/* of MigrateVariable */
	List	   *used;			/* those of them that were put in */
	MigratePlace *place;
	bool		lenient;		/* only look for references, refuse nothing */
	bool		found;			/* any reference, with a value or not */
	const char *copied;			/* what stands before is in the result */
	StringInfoData result;
} Substitution;

static void
set_line(Substitution *s, const char *at)
{
	s->place->line = s->first_line + migrate_count_lines(s->sql, at - s->sql) - 1;
}

static void
refuse_undefined(Substitution *s, const char *at, const char *name, int length,
				 const char *detail)
{
	if (s->lenient)
		return;
	set_line(s, at);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("variable \"%.*s\" has no value", length, name),
			 detail && *detail ? errdetail_internal("%s", detail) : 0,
			 errhint("Give it one in \"vars\".")));
}

static void
refuse_reference(Substitution *s, const char *at, const char *message, const char *hint)
{
	if (s->lenient)
		return;
	set_line(s, at);
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("%s", message),
			 hint ? errhint("%s", hint) : 0));
}

/*
 * A value that is there and must not be put in.
 */
static void
refuse_value(Substitution *s, const char *at, const MigrateVariable *var)
{
	set_line(s, at);
	if (var->origin == VARIABLE_FORBIDDEN)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to use the stored value of variable \"%s\" of role \"%s\"",
						var->name, var->author),
				 errhint("Log in as that role or use SET ROLE, or give a value in \"vars\" where there is such an argument.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("value of variable \"%s\" has characters that are not put into SQL", var->name),
			 errhint("Give it a value in \"vars\".")));
}

static bool
same_name(const char *name, const char *other, int length, bool fold)
{
	return strlen(name) == length &&
		(fold ? pg_strncasecmp(name, other, length) : strncmp(name, other, length)) == 0;
}

/*
 * The first variable of that name, NULL if there is none; noted as used.
 */
static const MigrateVariable *
find(Substitution *s, const char *at, const char *name, int length, bool fold)
{
	ListCell   *lc;

	s->found = true;
	foreach(lc, s->vars)
	{
		MigrateVariable *var = lfirst(lc);

		if (!same_name(var->name, name, length, fold))
			continue;
		if (s->lenient)
			return NULL;
		if (var->origin == VARIABLE_FORBIDDEN || var->value == NULL)
			refuse_value(s, at, var);
		s->used = list_append_unique_ptr(s->used, var);
		return var;
	}
	return NULL;
}

/*
 * Put "value" into the place of what stands from "from" to "to".
 */
static void
replace(Substitution *s, const char *from, const char *to, const char *value)
{
	if (s->copied == NULL)
	{
		initStringInfo(&s->result);
		s->copied = s->sql;
	}
	appendBinaryStringInfo(&s->result, s->copied, from - s->copied);
	appendStringInfoString(&s->result, value);
	s->copied = to;
}

/*
 * psql.
 *
 * What is quoted, or a comment, is passed over as core's lexer would.  The
 * lexer itself would raise errors of its own, before anybody has set up how
 * they are to be shown.
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
is_variable_char(char c)
{
	return isalnum((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}

static bool
starts_word(char c)
{
	return isalpha((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}

static int
word_length(const char *p)
{
	int			n = 0;

	while (is_variable_char(p[n]) || p[n] == '$')
		n++;
	return n;
}

static const char *
skip_line(const char *p)
{
	return p + strcspn(p, "\r\n");
}

/*
 * Where a literal goes on behind its closing quote: at a quote after white space
 * with a line end; NULL if nowhere.
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

static const char *
skip_dollar_quote(const char *p)
{
	int			n = 1;
	char	   *delimiter;
	const char *end;

	if (starts_word(p[1]))
		while (is_variable_char(p[n]))
			n++;
	if (p[n] != '$')
		return p + 1;
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
		p++;
		if (p[0] == '\\' && p[1] == '.' && strchr("\r\n", p[2]) != NULL)
			return p + 2;
	}
	return NULL;
}

/*
 * A value as psql quotes it for :'name' or :"name".  What stands before must not
 * change its meaning: E, U& or the end of another literal.
 */
static char *
quoted_value(const char *value, char quote, bool at_start, char before)
{
	StringInfoData text;
	char	   *literal;

	initStringInfo(&text);
	if (!at_start && (is_variable_char(before) || strchr("&'\"$", before) != NULL))
		appendStringInfoChar(&text, ' ');
	if (quote == '\'')
	{
		literal = quote_literal_cstr(value);
		appendStringInfoString(&text, literal);
		return text.data;
	}
	appendStringInfoChar(&text, '"');
	for (; *value != '\0'; value++)
	{
		if (*value == '"')
			appendStringInfoChar(&text, '"');
		appendStringInfoChar(&text, *value);
	}
	appendStringInfoChar(&text, '"');
	return text.data;
}

/*
 * :{?name} is whether there is a value.
 */
static const char *
take_test(Substitution *s, const char *p)
{
	int			n = 0;
	const MigrateVariable *var;

	while (is_variable_char(p[3 + n]))
		n++;
	if (n == 0 || p[3 + n] != '}')
		return p + 1;
	var = find(s, p, p + 3, n, false);
	if (!s->lenient)
		replace(s, p, p + n + 4, var ? "TRUE" : "FALSE");
	return p + n + 4;
}

/*
 * A colon outside of quotes: returns where to go on.  A name without a value is
 * left as it is, as psql does, for the parser to find words for; but a quoted one
 * is refused unless it may be a part of a slice.
 */
static const char *
take_colon(Substitution *s, const PsqlScan *scan, const char *p)
{
	char		quote = p[1] == '\'' || p[1] == '"' ? p[1] : '\0';
	const char *name = p + (quote ? 2 : 1);
	const MigrateVariable *var;
	const char *end;
	int			n = 0;

	if (p[1] == ':' || p[1] == '=')
		return p + 2;
	if (p[1] == '{' && p[2] == '?')
		return take_test(s, p);
	while (is_variable_char(name[n]))
		n++;
	if (n == 0 || (quote && name[n] != quote))
		return p + 1;
	end = name + n + (quote ? 1 : 0);
	var = find(s, p, name, n, false);
	if (var == NULL && quote && scan->brackets == 0)
		refuse_undefined(s, p, name, n, NULL);
	if (var == NULL)
		return p + 1;
	replace(s, p, end, quote ? quoted_value(var->value, quote, p == s->sql, p > s->sql ? p[-1] : '\0') :
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
take_word(PsqlScan *scan, const char *p)
{
	int			n = word_length(p);

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
is_first_of_line(const Substitution *s, const char *p)
{
	while (p > s->sql && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	return p == s->sql || p[-1] == '\n';
}

/*
 * A single character outside of quotes.
 */
static const char *
take_self(Substitution *s, PsqlScan *scan, const char *p)
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

static void
substitute_psql(Substitution *s)
{
	PsqlScan	scan = {0};
	const char *p = s->sql;

	while (*p != '\0')
	{
		CHECK_FOR_INTERRUPTS();
		if (p[0] == '-' && p[1] == '-')
			p = skip_line(p);
		else if (p[0] == '/' && p[1] == '*')
			p = skip_block_comment(p);
		else if (*p == '\'')
			p = skip_literal(p, !standard_conforming_strings);
		else if (*p == '"')
		{
			const char *end = strchr(p + 1, '"');

			p = end ? end + 1 : p + strlen(p);
		}
		else if (*p == '$')
			p = skip_dollar_quote(p);
		else if (*p == ':')
			p = take_colon(s, &scan, p);
		else if (starts_word(*p))
			p = take_word(&scan, p);
		else
			p = take_self(s, &scan, p);
	}
}

/*
 * Could there be a reference?  Without variables, only what is refused counts.
 */
static bool
may_have_psql(const Substitution *s)
{
	for (const char *p = s->sql; (p = strchr(p, ':')) != NULL; p++)
	{
		if (p[1] == ':')
			p++;
		else if (p[1] == '\'' || p[1] == '"' || p[1] == '{')
			return true;
		else if ((s->vars != NIL || s->lenient) && is_variable_char(p[1]))
			return true;
	}
	return false;
}

/*
 * Flyway: ${name} everywhere, in any letter case.  Liquibase: the same, in this
 * case, and what has no value is left alone.
 */
static void
substitute_flyway(Substitution *s, bool liquibase)
{
	const char *p = s->sql;

	while ((p = strstr(p, "${")) != NULL)
	{
		const char *name = p + 2;
		const char *end = strchr(name, '}');
		const MigrateVariable *var;

		CHECK_FOR_INTERRUPTS();
		if (end == NULL)
		{
			if (!liquibase)
				refuse_reference(s, p, "\"${\" without \"}\"", NULL);
			return;
		}
		var = find(s, p, name, end - name, !liquibase);
		if (var == NULL && liquibase)
		{
			p = name;
			continue;
		}
		if (var == NULL)
			refuse_undefined(s, p, name, end - name, NULL);
		else
			replace(s, p, end + 1, var->value);
		p = end + 1;
	}
}

/*
 * graphile-migrate: :NAME everywhere, as a word; left alone without a value.
 */
static void
substitute_graphile(Substitution *s)
{
	const char *p = s->sql;

	while ((p = strchr(p, ':')) != NULL)
	{
		const char *name = ++p;
		const MigrateVariable *var;

		CHECK_FOR_INTERRUPTS();
		while ((*p >= 'A' && *p <= 'Z') || (p > name && (isdigit((unsigned char) *p) || *p == '_')))
			p++;
		if (p - name < 2 || (*p >= 'a' && *p <= 'z'))
			continue;
		var = find(s, name - 1, name, p - name, false);
		if (var != NULL)
			replace(s, name - 1, p, var->value);
	}
}

/*
 * goose: v3.27, which has the module mfridman/interpolate do it line by line.  A
 * variable without a value is an error here, and not nothing.
 */
typedef struct GooseLine
{
	Substitution *s;
	const char *p;				/* where we are */
	const char *end;
} GooseLine;

static void expand(GooseLine *line, char stop, StringInfo out);

static const char *const dollar_hint =
"Write \"$$\" for a dollar sign, or turn the substitution off by a line \"-- +goose ENVSUB OFF\".";

static bool
at_text(const GooseLine *line, const char *text)
{
	int			n = strlen(text);

	return line->end - line->p >= n && memcmp(line->p, text, n) == 0;
}

/*
 * A number, which white space may surround, up to one of "stops".
 */
static int
take_number(GooseLine *line, const char *stops)
{
	const char *start = line->p;
	char	   *text;
	char	   *rest;
	long		number;

	while (line->p < line->end && strchr(stops, *line->p) == NULL)
		line->p++;
	text = pnstrdup(start, line->p - start);

	errno = 0;
	number = strtol(text, &rest, 10);
	while (isspace((unsigned char) *rest))
		rest++;
	if (line->p == start || *rest != '\0' || errno != 0 || number < PG_INT32_MIN || number > PG_INT32_MAX)
		refuse_reference(line->s, start, "offset or length in a reference to a variable is not a number",
						 dollar_hint);
	return (int) number;
}

/*
 * A part of a value, counted in characters; negative numbers count from its end.
 */
static char *
part_of(const char *value, int offset, bool has_length, int length)
{
	int			bytes = strlen(value);
	int64		n = pg_mbstrlen_with_len(value, bytes);
	int64		from = offset < 0 ? Max(offset + n, 0) : Min(offset, n);
	int64		to = !has_length ? n : length >= 0 ? from + length : Max(n + length, from);
	int			start = pg_mbcharcliplen(value, bytes, (int) from);
	int			stop = pg_mbcharcliplen(value, bytes, (int) Min(to, n));

	return pnstrdup(value + start, stop - start);
}

/*
 * ${name:offset} and ${name:offset:length}
 */
static void
expand_part(GooseLine *line, const char *name, int n, const MigrateVariable *var, StringInfo out)
{
	int			offset = take_number(line, ":}");
	bool		has_length = line->p < line->end && *line->p == ':';
	int			length = 0;

	if (has_length)
	{
		line->p++;
		length = take_number(line, "}");
	}
	if (out == NULL)
		return;
	if (var == NULL)
		refuse_undefined(line->s, name, name, n, NULL);
	else
		appendStringInfoString(out, part_of(var->value, offset, has_length, length));
}

/*
 * What stands in braces behind a name.
 */
static void
expand_operation(GooseLine *line, const char *name, int n, const MigrateVariable *var,
				 StringInfo out)
{
	bool		colon = *line->p == ':';
	bool		unset = var == NULL || (colon && *var->value == '\0');
	char		op;

	if (colon)
		line->p++;
	op = line->p < line->end ? *line->p : '\0';
	if (op == '-')
	{
		line->p++;
		expand(line, '}', unset ? out : NULL);
	}
	else if (op == '?')
	{
		StringInfoData message;

		initStringInfo(&message);
		line->p++;
		expand(line, '}', unset && out ? &message : NULL);
		if (unset && out)
			refuse_undefined(line->s, name, name, n, message.data);
	}
	else if (colon)
	{
		expand_part(line, name, n, var, out);
		return;
	}
	else
		refuse_reference(line->s, name, "unrecognized operation on a variable", dollar_hint);
	if (!unset && out)
		appendStringInfoString(out, var->value);
}

/*
 * A reference, from behind its dollar sign.
 */
static void
expand_reference(GooseLine *line, StringInfo out)
{
	bool		braces = *line->p == '{';
	const char *name = braces ? line->p + 1 : line->p;
	const char *end = name;
	const MigrateVariable *var;

	while (end < line->end && (is_variable_char(*end)))
		end++;
	if (end == name || !(isalpha((unsigned char) *name) || IS_HIGHBIT_SET(*name)))
	{
		refuse_reference(line->s, name, "name of a variable does not begin with a letter", dollar_hint);
		line->p = line->end;
		return;
	}
	line->p = end;
	var = out ? find(line->s, name, name, end - name, false) : NULL;
	if (!braces || (end < line->end && *end == '}'))
	{
		if (braces)
			line->p++;
		if (out && var == NULL)
			refuse_undefined(line->s, name, name, end - name, NULL);
		if (out && var != NULL)
			appendStringInfoString(out, var->value);
		return;
	}
	if (end < line->end)
		expand_operation(line, name, end - name, var, out);
	if (line->p >= line->end || *line->p != '}')
	{
		refuse_reference(line->s, name, "\"${\" without \"}\"", dollar_hint);
		line->p = line->end;
		return;
	}
	line->p++;
}

/*
 * Expand up to "stop", or the end of the line.  If "out" is NULL, what is
 * expanded is not wanted.
 */
static void
expand(GooseLine *line, char stop, StringInfo out)
{
	static const struct
	{
		const char *written;
		const char *meant;
	}			escapes[] = {{"\\\\", "\\\\"}, {"\\$", "$"}, {"$$", "$"}, {"$(", "$("}};

	check_stack_depth();
	while (line->p < line->end && !(stop != '\0' && *line->p == stop))
	{
		bool		escaped = false;

		for (int i = 0; i < lengthof(escapes) && !escaped; i++)
		{
			escaped = at_text(line, escapes[i].written);
			if (escaped && out)
				appendStringInfoString(out, escapes[i].meant);
		}
		if (escaped)
			line->p += 2;
		else if (*line->p == '$' && line->p < line->end - 1)
		{
			line->p++;
			expand_reference(line, out);
		}
		else
		{
			if (out)
				appendStringInfoChar(out, *line->p);
			line->p++;
		}
	}
}

/*
 * Is it a marker line of goose with this command?
 */
static bool
is_goose_marker(const char *line, const char *end, const char *command)
{
	static const char tag[] = "+goose";
	int			n = strlen(command);

	if (end - line < 2 || line[0] != '-' || line[1] != '-')
		return false;
	for (line += 2; line < end && (*line == ' ' || *line == '\t' || *line == '-'); line++)
		;
	if (end - line < sizeof(tag) - 1 || memcmp(line, tag, sizeof(tag) - 1) != 0)
		return false;
	for (line += sizeof(tag) - 1; line < end && (*line == ' ' || *line == '\t'); line++)
		;
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return end - line == n && pg_strncasecmp(line, command, n) == 0;
}

/*
 * Does goose end a statement with this line: does the last word before a comment
 * end in a semicolon?
 */
static bool
ends_statement(const char *line, int length)
{
	const char *end = line + length;
	char		last = '\0';

	while (line < end)
	{
		const char *word;

		while (line < end && isspace((unsigned char) *line))
			line++;
		word = line;
		while (line < end && !isspace((unsigned char) *line))
			line++;
		if (line - word >= 2 && word[0] == '-' && word[1] == '-')
			break;
		if (line > word)
			last = line[-1];
	}
	return last == ';';
}

static bool
is_comment_line(const char *line, const char *end)
{
	while (line < end && isspace((unsigned char) *line))
		line++;
	return end - line >= 2 && line[0] == '-' && line[1] == '-';
}

/*
 * Expand one line; returns whether it ends a statement.
 */
static bool
substitute_line(Substitution *s, const char *start, const char *end, bool on)
{
	GooseLine	line = {.s = s,.p = start,.end = end};
	StringInfoData out;
	bool		ends;

	if (!on || memchr(start, '$', end - start) == NULL)
		return ends_statement(start, end - start);
	initStringInfo(&out);
	expand(&line, '\0', &out);
	ends = ends_statement(out.data, out.len);
	if (!s->lenient)
		replace(s, start, end, out.data);
	pfree(out.data);
	return ends;
}

/*
 * Comments between statements are dropped by goose before it looks for
 * variables, those inside of one are not.
 */
static void
substitute_goose(Substitution *s, bool on)
{
	const char *next = s->sql;
	bool		block = false;	/* between StatementBegin and StatementEnd */
	bool		inside = false; /* of a statement */

	while (next != NULL)
	{
		const char *start = next;
		const char *newline = strchr(start, '\n');
		const char *end = newline ? newline : start + strlen(start);

		CHECK_FOR_INTERRUPTS();
		next = newline ? newline + 1 : NULL;
		if (end > start && end[-1] == '\r')
			end--;
		if (is_goose_marker(start, end, "ENVSUB ON"))
			on = true;
		else if (is_goose_marker(start, end, "ENVSUB OFF"))
			on = false;
		else if (is_goose_marker(start, end, "StatementBegin"))
			block = true;
		else if (is_goose_marker(start, end, "StatementEnd"))
			block = inside = false;
		else if (inside || (end > start && !is_comment_line(start, end)))
			inside = !substitute_line(s, start, end, on) || block;
	}
}

static void
substitute(Substitution *s, MigrateSyntax syntax)
{
	switch (syntax)
	{
		case SYNTAX_PSQL:
			if (may_have_psql(s))
				substitute_psql(s);
			break;
		case SYNTAX_GOOSE:
		case SYNTAX_GOOSE_ON:
			if (strchr(s->sql, '$') != NULL)
				substitute_goose(s, syntax == SYNTAX_GOOSE_ON);
			break;
		case SYNTAX_FLYWAY:
		case SYNTAX_LIQUIBASE:
			substitute_flyway(s, syntax == SYNTAX_LIQUIBASE);
			break;
		case SYNTAX_GRAPHILE:
			substitute_graphile(s);
			break;
		case SYNTAX_NONE:
			break;
	}
}

/*
 * The text with the values of variables put in: "sql" itself if there is nothing
 * to put in, else palloc'd.
 *
 * "line" is that of its first byte in the file.  The first of "vars"
 * (MigrateVariable) that has a name counts.  *used becomes a list of those that
 * were put in, pointers into "vars", without those that are built in.  Errors,
 * with place->line set: 42704 for a variable without a value, 42501 for a value
 * that is forbidden, 42601 for what is no reference and looks like one.
 */
char *
migrate_substitute(MigrateSyntax syntax, const char *sql, int line, List *vars,
				   List **used, MigratePlace *place)
{
	Substitution s = {.sql = sql,.first_line = line,.vars = vars,.place = place};
	ListCell   *lc;

	substitute(&s, syntax);
	*used = NIL;
	foreach(lc, s.used)
	{
		if (((MigrateVariable *) lfirst(lc))->origin != VARIABLE_BUILT_IN)
			*used = lappend(*used, lfirst(lc));
	}
	if (s.copied == NULL)
		return unconstify(char *, sql);
	appendStringInfoString(&s.result, s.copied);
	return s.result.data;
}

/*
 * Does the text refer to any variable?
 */
bool
migrate_has_variables(MigrateSyntax syntax, const char *sql)
{
	Substitution s = {.sql = sql,.lenient = true};

	substitute(&s, syntax);
	return s.found;
}

/*
 * Has one of these variables this origin?
 */
bool
migrate_variables_come_from(List *vars, MigrateOrigin origin)
{
	ListCell   *lc;

	foreach(lc, vars)
	{
		if (((MigrateVariable *) lfirst(lc))->origin == origin)
			return true;
	}
	return false;
}

/*
 * A name without the colon that graphile-migrate writes before it.
 */
static char *
variable_name(const JsonbValue *key)
{
	const char *name = key->val.string.val;
	int			n = key->val.string.len;

	return n > 1 && *name == ':' ? pnstrdup(name + 1, n - 1) : pnstrdup(name, n);
}

/*
 * The text of a scalar, NULL for null; 22023 for what has no single one.
 */
static char *
variable_value(const char *name, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return NULL;
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value of variable \"%s\" must be a string, a number or a boolean",
							name)));
	}
}

/*
 * Add a variable, unless its value is null; 22023 if there is one of that name.
 */
static List *
add_variable(List *vars, const char *name, const char *value, MigrateOrigin origin)
{
	MigrateVariable *var;
	ListCell   *lc;

	foreach(lc, vars)
	{
		if (strcmp(((MigrateVariable *) lfirst(lc))->name, name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("variable \"%s\" is given twice", name)));
	}
	if (value == NULL)
		return vars;
	var = palloc0(sizeof(MigrateVariable));
	var->name = name;
	var->value = value;
	var->origin = origin;
	return lappend(vars, var);
}

/*
 * Variables (MigrateVariable) from a JSON object of scalars; 22023 if it is
 * something else.  All is palloc'd, nothing points into it.
 */
List *
migrate_variables_read(Datum object, MigrateOrigin origin)
{
	Jsonb	   *jsonb = DatumGetJsonbP(object);
	List	   *vars = NIL;
	JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);
	JsonbIteratorToken token;
	JsonbValue	item;

	if (!JB_ROOT_IS_OBJECT(jsonb))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be a JSON object", "vars"),
				 errhint("For example: '{\"name\": \"value\"}'.")));
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = variable_name(&item);
		(void) JsonbIteratorNext(&iterator, &item, true);
		vars = add_variable(vars, name, variable_value(name, &item), origin);
	}
	return vars;
}

/*
 * The same the other way round, as text; NULL for none.
 */
char *
migrate_variables_write(List *vars)
{
	StringInfoData text;
	ListCell   *lc;

	if (vars == NIL)
		return NULL;
	initStringInfo(&text);
	foreach(lc, vars)
	{
		MigrateVariable *var = lfirst(lc);

		appendStringInfoChar(&text, text.len > 0 ? ',' : '{');
		escape_json(&text, var->name);
		appendStringInfoChar(&text, ':');
		escape_json(&text, var->value);
	}
	appendStringInfoChar(&text, '}');
	return text.data;
}
