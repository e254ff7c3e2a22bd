/*-------------------------------------------------------------------------
 *
 * attributes.c
 *		Attributes in the lines of Liquibase's formatted SQL: "key:value".
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/attributes.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "format/attributes.h"
#include "util/lines.h"

/*
 * Parse a word, or a text in quotes, that ends before one of "stops"; *p is moved past
 * it.  palloc'd.
 */
char *
migrate_attribute_word(const char **p, const char *end, const char *stops)
{
	const char *start = *p;
	const char *quote;

	if (start < end && (*start == '"' || *start == '\'') &&
		(quote = memchr(start + 1, *start, end - start - 1)) != NULL)
	{
		*p = quote + 1;
		return pnstrdup(start + 1, quote - start - 1);
	}
	while (*p < end && strchr(stops, **p) == NULL)
		(*p)++;
	return pnstrdup(start, *p - start);
}

/*
 * The value of an attribute, "key:value" as a word of a line after that position,
 * palloc'd; NULL if it has none.
 */
char *
migrate_attribute(const MigrateLine *line, const char *after, const char *key)
{
	const char *end = line->str + line->length;
	int			n = strlen(key);

	for (const char *p = after; p + n < end; p++)
	{
		if ((p > line->str && strchr(" \t", p[-1]) == NULL) ||
			pg_strncasecmp(p, key, n) != 0 || p[n] != ':')
			continue;
		p += n + 1;
		return migrate_attribute_word(&p, end, " \t\r");
	}
	return NULL;
}

/*
 * The length of the letters, digits and underscores that a text begins with: what Liquibase
 * reads of most values.
 */
int
migrate_word_length(const char *str)
{
	int			length = 0;

	while (isalnum((unsigned char) str[length]) || str[length] == '_')
		length++;
	return length;
}

/*
 * Is the value of an attribute, NULL if it is missing, true?
 */
bool
migrate_attribute_is_true(const char *value, bool otherwise)
{
	if (value == NULL)
		return otherwise;
	return migrate_word_length(value) == strlen("true") && pg_strncasecmp(value, "true", strlen("true")) == 0;
}

/*
 * Is what has this attribute "dbms", NULL if it is missing, for PostgreSQL?  It lists the
 * systems it is for, or with "!" those it is not for (DatabaseList.java).
 */
bool
migrate_dbms_is_ours(const char *dbms)
{
	char	   *list;
	char	   *save = NULL;
	bool		all = false;
	bool		none = false;
	bool		excluded = false;
	bool		named = false;
	bool		others = false;

	if (dbms == NULL)
		return true;
	list = pstrdup(dbms);
	for (char *name = strtok_r(list, ", ", &save); name != NULL;
		 name = strtok_r(NULL, ", ", &save))
	{
		all |= pg_strcasecmp(name, "all") == 0;
		none |= pg_strcasecmp(name, "none") == 0;
		excluded |= pg_strcasecmp(name, "!postgresql") == 0;
		named |= pg_strcasecmp(name, "postgresql") == 0;
		others |= *name != '!';
	}
	pfree(list);
	return all || (!none && !excluded && (named || !others));
}

/*
 * The delimiter as a piece of text at the end of a line: a regular expression for
 * line ends and white space adds nothing to that.  NULL for the usual one.
 */
const char *
migrate_plain_delimiter(const char *delimiter)
{
	static const char *const nothing[] = {"\\r", "\\n", "\\s*", "\\s+", "\\s", "^", "$", "?"};
	StringInfoData buf;

	if (delimiter == NULL)
		return NULL;
	initStringInfo(&buf);
	while (*delimiter != '\0')
	{
		int			skip = 0;

		for (int i = 0; i < lengthof(nothing) && skip == 0; i++)
			if (strncmp(delimiter, nothing[i], strlen(nothing[i])) == 0)
				skip = strlen(nothing[i]);
		if (skip == 0)
			appendStringInfoChar(&buf, *delimiter);
		delimiter += Max(skip, 1);
	}
	return buf.len == 0 || strcmp(buf.data, ";") == 0 ? "" : buf.data;
}
