/*-------------------------------------------------------------------------
 *
 * preconditions.c
 *		The lines of a changeset that say what must hold before it runs.
 *
 * The rules are those of Liquibase 5.0, FormattedSqlChangeLogParser.java:
 * "--preconditions onFail:X onError:Y", and after it lines "--precondition-sql-check
 * expectedResult:X SELECT ...".  run/precondition.c checks them.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/preconditions.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "format/attributes.h"
#include "format/preconditions.h"
#include "util/lines.h"
#include "util/printable.h"

static MigrateReaction
parse_reaction(const char *file, const MigrateLine *line, const char *after, const char *key)
{
	static const char *const names[] = {
		[REACTION_HALT] = "HALT",
		[REACTION_CONTINUE] = "CONTINUE",
		[REACTION_MARK_RAN] = "MARK_RAN",
		[REACTION_WARN] = "WARN",
	};
	char	   *value = migrate_attribute(line, after, key);

	if (value != NULL)
		value[migrate_word_length(value)] = '\0';
	for (int i = 0; value != NULL && i < lengthof(names); i++)
		if (pg_strcasecmp(value, names[i]) == 0)
			return i;
	if (value != NULL)
		migrate_bad_file(file, line->number,
						 psprintf("unknown value \"%s\" of \"%s\"", migrate_excerpt(value), key),
						 "It is one of HALT, CONTINUE, MARK_RAN and WARN.");
	return REACTION_HALT;
}

/*
 * "expectedResult:0 SELECT ...": the value is a word or in quotes, and may come without
 * its name.
 */
static MigratePrecondition *
parse_sql_check(const char *file, const MigrateLine *line, const char *p)
{
	static const char key[] = "expectedResult:";
	MigratePrecondition *check = palloc(sizeof(MigratePrecondition));
	const char *end = line->str + line->length;
	const char *value;
	const char *value_end = NULL;

	p += migrate_skip_spaces(p, end - p);
	while (end > p && strchr(" \t\r", end[-1]) != NULL)
		end--;
	if (end - p > strlen(key) && pg_strncasecmp(p, key, strlen(key)) == 0)
		p += strlen(key);
	value = p;
	if (p < end && (*p == '\'' || *p == '"'))
	{
		value++;
		value_end = memchr(value, *p, end - value);
		p = value_end ? value_end + 1 : NULL;
	}
	else
	{
		p += Min(migrate_word_length(p), end - p);
		value_end = p;
	}
	if (p == NULL || value_end == value || p + 1 >= end || *p != ' ')
		migrate_bad_file(file, line->number, "precondition has no expected result, or no query",
						 "Write it as \"--precondition-sql-check expectedResult:0 SELECT ...\"; a value that is not a word is in quotes.");
	check->file = file;
	check->line = line->number;
	check->expected = pnstrdup(value, value_end - value);
	check->sql = pnstrdup(p + 1, end - p - 1);
	return check;
}

/*
 * Parse a line about preconditions into *preconditions, which is palloc'd if it is NULL;
 * false for any other line.  Errors, with file and line: 42601, and 0A000 for a
 * precondition of another kind.
 */
bool
migrate_parse_precondition(MigratePreconditions **preconditions, const char *file,
						   const MigrateLine *line)
{
	const char *end = line->str + line->length;
	const char *rest = migrate_line_directive(line, "precondition");
	MigratePreconditions *container = palloc0(sizeof(MigratePreconditions));
	int			length = 1;

	if (rest == NULL)
		return false;
	if (rest < end && pg_tolower((unsigned char) *rest) == 's')
	{
		container->on_fail = parse_reaction(file, line, rest, "onFail");
		container->on_error = parse_reaction(file, line, rest, "onError");
		container->fail_message = migrate_attribute(line, rest, "onFailMessage");
		container->error_message = migrate_attribute(line, rest, "onErrorMessage");
		*preconditions = container;
		return true;
	}
	if (rest == end || *rest != '-')
		migrate_bad_file(file, line->number, "precondition has no kind",
						 "Write it as \"--precondition-sql-check expectedResult:0 SELECT ...\".");
	while (rest + length < end && (isalnum((unsigned char) rest[length]) || rest[length] == '-'))
		length++;
	if (length != strlen("-sql-check") || pg_strncasecmp(rest, "-sql-check", length) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("precondition \"%s\" is not supported", migrate_excerpt(pnstrdup(rest + 1, length - 1))),
				 errhint("Write it as \"--precondition-sql-check expectedResult:0 SELECT ...\"."),
				 errcontext("file \"%s\", line %d", file, line->number)));
	if (*preconditions == NULL)
		*preconditions = container;
	(*preconditions)->checks = lappend((*preconditions)->checks,
									   parse_sql_check(file, line, rest + length));
	return true;
}

/*
 * May a changeset with these preconditions, or NULL, be passed over, and stay pending?
 */
bool
migrate_may_pass_over(const MigratePreconditions *preconditions)
{
	return preconditions != NULL && preconditions->checks != NIL &&
		(preconditions->on_fail == REACTION_CONTINUE || preconditions->on_error == REACTION_CONTINUE);
}
