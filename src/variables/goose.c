/*-------------------------------------------------------------------------
 *
 * goose.c
 *		goose's variables in a script: $name, ${name} and what can be done to it.
 *
 * As in v3.27, which has the module mfridman/interpolate do it line by line;
 * except that a variable without a value is an error here, and not nothing.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/variables/goose.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "variables/variables.h"
#include "variables/variables_int.h"

/*
 * A line that is being expanded.
 */
typedef struct GooseLine
{
	MigrateSubstitution *s;
	const char *p;				/* where we are */
	const char *end;
} GooseLine;

static void expand_line(GooseLine *line, char stop, StringInfo out);

static const char *const dollar_hint =
"Write \"$$\" for a dollar sign, or turn the substitution off by a line \"-- +goose ENVSUB OFF\".";

static bool
at_text(const GooseLine *line, const char *str)
{
	int			n = strlen(str);

	return line->end - line->p >= n && memcmp(line->p, str, n) == 0;
}

/*
 * A number, which white space may surround, up to one of "stops".
 */
static int
parse_number(GooseLine *line, const char *stops)
{
	const char *start = line->p;
	char	   *str;
	char	   *rest;
	long		number;

	while (line->p < line->end && strchr(stops, *line->p) == NULL)
		line->p++;
	str = pnstrdup(start, line->p - start);

	errno = 0;
	number = strtol(str, &rest, 10);
	while (isspace((unsigned char) *rest))
		rest++;
	if (line->p == start || *rest != '\0' || errno != 0 || number < PG_INT32_MIN || number > PG_INT32_MAX)
		migrate_refuse_reference(line->s, start, "offset or length in a reference to a variable is not a number",
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
	int64		n = 0;
	int			start;
	int			stop = bytes;

	/* a value may be long, and referred to often */
	if (offset < 0 || (has_length && length < 0))
		n = pg_mbstrlen_with_len(value, bytes);
	start = pg_mbcharcliplen(value, bytes, (int) (offset < 0 ? Max(offset + n, 0) : offset));
	if (has_length && length >= 0)
		stop = start + pg_mbcharcliplen(value + start, bytes - start, length);
	else if (has_length)
		stop = Max(pg_mbcharcliplen(value, bytes, (int) Max(n + length, 0)), start);
	return pnstrdup(value + start, stop - start);
}

/*
 * ${name:offset} and ${name:offset:length}
 */
static void
expand_part(GooseLine *line, const char *name, int n, const MigrateVariable *var, StringInfo out)
{
	int			offset = parse_number(line, ":}");
	bool		has_length = line->p < line->end && *line->p == ':';
	int			length = 0;

	if (has_length)
	{
		line->p++;
		length = parse_number(line, "}");
	}
	if (out == NULL)
		return;
	if (var == NULL)
		migrate_refuse_undefined(line->s, name, name, n, NULL);
	else
		appendStringInfoString(out, part_of(var->value, offset, has_length, length));
}

/*
 * Parse what follows a name in braces.
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
		expand_line(line, '}', unset ? out : NULL);
	}
	else if (op == '?')
	{
		StringInfoData message;

		initStringInfo(&message);
		line->p++;
		expand_line(line, '}', unset && out ? &message : NULL);
		if (unset && out)
			migrate_refuse_undefined(line->s, name, name, n, message.data);
	}
	else if (colon)
	{
		expand_part(line, name, n, var, out);
		return;
	}
	else
		migrate_refuse_reference(line->s, name, "unrecognized operation on a variable", dollar_hint);
	if (!unset && out)
		appendStringInfoString(out, var->value);
}

/*
 * Parse a reference after its dollar sign.
 */
static void
expand_reference(GooseLine *line, StringInfo out)
{
	bool		braces = *line->p == '{';
	const char *name = braces ? line->p + 1 : line->p;
	const char *end = name;
	const MigrateVariable *var;

	while (end < line->end && (migrate_is_variable_char(*end)))
		end++;
	if (end == name || !(isalpha((unsigned char) *name) || IS_HIGHBIT_SET(*name)))
	{
		migrate_refuse_reference(line->s, name, "name of a variable does not begin with a letter", dollar_hint);
		line->p = line->end;
		return;
	}
	line->p = end;
	var = out ? migrate_find_variable(line->s, name, name, end - name, false) : NULL;
	if (!braces || (end < line->end && *end == '}'))
	{
		if (braces)
			line->p++;
		if (out && var == NULL)
			migrate_refuse_undefined(line->s, name, name, end - name, NULL);
		if (out && var != NULL)
			appendStringInfoString(out, var->value);
		return;
	}
	if (end < line->end)
		expand_operation(line, name, end - name, var, out);
	if (line->p >= line->end || *line->p != '}')
	{
		migrate_refuse_reference(line->s, name, "\"${\" without \"}\"", dollar_hint);
		line->p = line->end;
		return;
	}
	line->p++;
}

/*
 * Expand up to "stop", or the end of the line.  If "out" is NULL, the expansion is
 * discarded.
 */
static void
expand_line(GooseLine *line, char stop, StringInfo out)
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

		CHECK_FOR_INTERRUPTS();
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
substitute_line(MigrateSubstitution *s, const char *start, const char *end, bool on)
{
	GooseLine	line = {.s = s,.p = start,.end = end};
	StringInfoData out;
	bool		ends;

	if (!on || memchr(start, '$', end - start) == NULL)
		return ends_statement(start, end - start);
	initStringInfo(&out);
	expand_line(&line, '\0', &out);
	ends = ends_statement(out.data, out.len);
	if (!s->lenient)
		migrate_substitute_value(s, start, end, out.data);
	pfree(out.data);
	return ends;
}

/*
 * Substitute variables in a text of goose; "on" if substitution was turned on
 * before it.
 *
 * goose drops comments between statements before it searches for variables, but not
 * those within a statement.
 */
void
migrate_substitute_goose(MigrateSubstitution *s, bool on)
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
