/*-------------------------------------------------------------------------
 *
 * long_name.c
 *		Names that the server cuts.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/long_name.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/keywords.h"
#include "miscadmin.h"
#include "parser/scanner.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "rules/facts_int.h"
#include "rules/rules_int.h"

/*
 * The bytes of a name that begins at "p", without quotes.
 */
static int
name_length(const char *p)
{
	int			n = 0;

	if (*p != '"')
	{
		while (isalnum((unsigned char) p[n]) || p[n] == '_' || p[n] == '$' || IS_HIGHBIT_SET(p[n]))
			n++;
		return n;
	}
	for (p++; *p != '\0' && (*p != '"' || p[1] == '"'); p++, n++)
		if (*p == '"')
			p++;
	return n;
}

/*
 * May a text have a name that is too long?
 */
static bool
may_have_long_name(const char *query)
{
	int			run = 0;
	const char *quote = NULL;

	for (const char *p = query; *p != '\0'; p++)
	{
		run = isalnum((unsigned char) *p) || *p == '_' || *p == '$' || IS_HIGHBIT_SET(*p) ? run + 1 : 0;
		if (run >= NAMEDATALEN)
			return true;
		if (*p != '"')
			continue;
		if (p[1] == '"')
		{
			/* one in a name, which goes on, or of an empty string */
			p++;
			continue;
		}
		if (quote != NULL && p - quote >= NAMEDATALEN)
			return true;
		quote = p;
	}
	return false;
}

/*
 * The number of the token that a name is.
 */
static int
name_token(void)
{
	static int	token = 0;
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location;
	core_yyscan_t scanner;

	if (token != 0)
		return token;
	scanner = scanner_init("x", &extra, &ScanKeywords, ScanKeywordTokens);
	token = core_yylex(&value, &location, scanner);
	scanner_finish(scanner);
	return token;
}

/*
 * Note the names in a statement that are longer than those of the server, which cuts
 * them.
 */
void
migrate_facts_names(Producer *producer, const char *query)
{
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location;
	core_yyscan_t scanner;
	int			name = name_token();
	int			token;
	int			guc_level;

	if (!may_have_long_name(query))
		return;

	/* the lexer's own NOTICE has come when the script was parsed */
	guc_level = NewGUCNestLevel();
	(void) set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	scanner = scanner_init(query, &extra, &ScanKeywords, ScanKeywordTokens);
	while ((token = core_yylex(&value, &location, scanner)) != 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == name && name_length(query + location) >= NAMEDATALEN)
			migrate_fact_other(producer, ACTION_LONG_NAME, quote_identifier(value.str), NULL);
	}
	scanner_finish(scanner);
	AtEOXact_GUC(false, guc_level);
}
