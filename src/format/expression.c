/*-------------------------------------------------------------------------
 *
 * expression.c
 *		Expressions of contexts and labels: "and", "or", "not" or "!", commas for "or",
 *		parentheses, "@" for a name that is required.
 *
 * The rules are those of Liquibase 5.0, ExpressionMatcher.java and
 * ContextExpression.java: names may have white space in them, letters are compared in any
 * case, and without any names every expression is true but for "@name", "nocontexts" and
 * what these are a part of.  Parentheses around something else than an operand, which
 * make Liquibase compare a name that nobody has written, are an error.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/expression.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "utils/formatting.h"

#include "format/expression.h"
#include "util/names.h"

/* the stack must do for parentheses in parentheses */
#define MAX_DEPTH	500

/* with more of them, a hash table is faster */
#define MANY_NAMES	16

#define SPACES " \t\n\v\f\r"

typedef enum NodeKind
{
	NODE_NAME,
	NODE_GROUP,					/* in parentheses */
	NODE_AND,
	NODE_OR,
} NodeKind;

typedef struct MigrateExpression
{
	NodeKind	kind;
	bool		negated;
	bool		required;		/* "@" before it */
	char	   *name;
	List	   *operands;		/* of MigrateExpression */
} MigrateExpression;

typedef enum TokenKind
{
	TOKEN_WORD,
	TOKEN_COMMA,
	TOKEN_OPEN,
	TOKEN_CLOSE,
} TokenKind;

typedef struct Token
{
	TokenKind	kind;
	const char *str;
	int			length;
	int			match;			/* of TOKEN_OPEN: its TOKEN_CLOSE */
} Token;

typedef struct Parser
{
	Token	   *tokens;
	int			ntokens;
	int			depth;
	const char *error;			/* or NULL */
} Parser;

/*
 * The tokens of a text; false if its parentheses do not match.
 */
static bool
tokenize(Parser *parser, const char *str)
{
	int			length = strlen(str);
	int		   *open = palloc_extended((length + 1) * sizeof(int), MCXT_ALLOC_HUGE);
	int			nopen = 0;
	const char *p = str;

	parser->tokens = palloc_extended((length + 1) * sizeof(Token), MCXT_ALLOC_HUGE);
	while (*(p += strspn(p, SPACES)) != '\0')
	{
		Token	   *token = &parser->tokens[parser->ntokens];

		CHECK_FOR_INTERRUPTS();
		token->str = p;
		token->length = 1;
		if (*p == ',')
			token->kind = TOKEN_COMMA;
		else if (*p == '(')
		{
			token->kind = TOKEN_OPEN;
			open[nopen++] = parser->ntokens;
		}
		else if (*p == ')')
		{
			token->kind = TOKEN_CLOSE;
			if (nopen == 0)
				return false;
			parser->tokens[open[--nopen]].match = parser->ntokens;
		}
		else
		{
			token->kind = TOKEN_WORD;
			token->length = strcspn(p, SPACES ",()");
		}
		p += token->length;
		parser->ntokens++;
	}
	pfree(open);
	return nopen == 0;
}

static bool
is_word(const Token *token, const char *word)
{
	return token->kind == TOKEN_WORD && token->length == strlen(word) &&
		memcmp(token->str, word, token->length) == 0;
}

/*
 * Take a prefix off a text; false if it has another.
 */
static bool
skip_prefix(const char **str, const char *prefix)
{
	if (strncmp(*str, prefix, strlen(prefix)) != 0)
		return false;
	*str += strlen(prefix);
	*str += strspn(*str, SPACES);
	return true;
}

/*
 * What comes before a name: "!", "not ", "@", or both in either order.  Returns the name.
 */
static const char *
parse_prefixes(MigrateExpression *node, const char *str)
{
	const char *inner = str;

	if (skip_prefix(&str, "!") || skip_prefix(&str, "not "))
		node->negated = true;
	else if (skip_prefix(&inner, "@") && (skip_prefix(&inner, "!") || skip_prefix(&inner, "not ")))
	{
		node->negated = true;
		str = inner;
	}
	if (skip_prefix(&str, "@"))
		node->required = true;
	return str;
}

static MigrateExpression *parse_or(Parser *parser, int from, int to);

/*
 * An operand: a group, or a name, which is all that is written from the first to the last
 * of its words.
 */
static MigrateExpression *
parse_operand(Parser *parser, int from, int to)
{
	MigrateExpression *node = palloc0(sizeof(MigrateExpression));
	const Token *tokens = parser->tokens;
	const Token *last = &tokens[to - 1];
	int			open = from;
	char	   *text;
	const char *rest;

	node->kind = NODE_NAME;
	node->name = "";
	if (from >= to)
		return node;
	while (open < to && tokens[open].kind != TOKEN_OPEN)
		open++;
	if (open == to)
	{
		text = pnstrdup(tokens[from].str, last->str + last->length - tokens[from].str);

		node->name = pstrdup(parse_prefixes(node, text));
		return node;
	}
	text = psprintf("%.*s ", open > from ?
					(int) (tokens[open - 1].str + tokens[open - 1].length - tokens[from].str) : 0,
					tokens[from].str);

	node->kind = NODE_GROUP;
	rest = parse_prefixes(node, text);
	if (tokens[open].match != to - 1 || rest[strspn(rest, SPACES)] != '\0')
		parser->error = "parentheses in it are not around an operand";
	else if (open + 1 == to - 1)
		parser->error = "parentheses in it are empty";
	else if (++parser->depth > MAX_DEPTH)
		parser->error = "parentheses in it are nested too deeply";
	else
		node->operands = list_make1(parse_or(parser, open + 1, to - 1));
	parser->depth--;
	return node;
}

/*
 * Operands between tokens for which "separates" holds, which are not in parentheses; an
 * operator begins no operand, and does not end the text.
 */
static MigrateExpression *
parse_list(Parser *parser, NodeKind kind, int from, int to,
		   MigrateExpression *(*parse) (Parser *parser, int from, int to))
{
	MigrateExpression *node = palloc0(sizeof(MigrateExpression));
	int			start = from;

	node->kind = kind;
	for (int i = from; i < to && parser->error == NULL; i++)
	{
		const Token *token = &parser->tokens[i];

		CHECK_FOR_INTERRUPTS();
		if (token->kind == TOKEN_OPEN)
			i = token->match;
		else if ((kind == NODE_OR && token->kind == TOKEN_COMMA) ||
				 (i > start && i < to - 1 && is_word(token, kind == NODE_OR ? "or" : "and")))
		{
			node->operands = lappend(node->operands, parse(parser, start, i));
			start = i + 1;
		}
	}
	if (node->operands == NIL || start < to)
		node->operands = lappend(node->operands, parse(parser, start, to));
	return list_length(node->operands) == 1 ? linitial(node->operands) : node;
}

static MigrateExpression *
parse_and(Parser *parser, int from, int to)
{
	return parse_list(parser, NODE_AND, from, to, parse_operand);
}

static MigrateExpression *
parse_or(Parser *parser, int from, int to)
{
	return parse_list(parser, NODE_OR, from, to, parse_and);
}

static bool
is_word_char(char c)
{
	return isalnum((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}

/*
 * Is "nocontexts" a word of a text, but not as "@nocontexts"?
 */
static bool
mentions_nocontexts(const char *str)
{
	static const char word[] = "nocontexts";

	for (const char *p = str; (p = strstr(p, word)) != NULL; p++)
		if ((p == str || (!is_word_char(p[-1]) && p[-1] != '@')) &&
			!is_word_char(p[strlen(word)]))
			return true;
	return false;
}

static MigrateNames *
names_of(List *names)
{
	MigrateNames *by_name = migrate_names_create();
	ListCell   *lc;

	foreach(lc, names)
		(void) migrate_names_add(by_name, lfirst(lc), NULL);
	return by_name;
}

static bool
has_name(const MigrateExpressions *expressions, const char *name)
{
	ListCell   *lc;

	if (expressions->by_name != NULL)
		return migrate_names_have(expressions->by_name, name);
	foreach(lc, expressions->names)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * Add an item of a list, which has these tokens.
 */
static void
add_item(MigrateExpressions *expressions, Parser *parser, int from, int to)
{
	const Token *first = &parser->tokens[from];
	const Token *last = &parser->tokens[to - 1];
	char	   *text = from < to ? pnstrdup(first->str, last->str + last->length - first->str) : pstrdup("");
	const char *name = text;
	const char *inner = text;

	expressions->items = lappend(expressions->items, parse_or(parser, from, to));
	expressions->has_required |= inner[strspn(inner, "(" SPACES)] == '@';
	expressions->has_nocontexts |= mentions_nocontexts(text);
	(void) skip_prefix(&name, "@");
	expressions->names = lappend(expressions->names, unconstify(char *, name));
	if (expressions->by_name == NULL && list_length(expressions->names) > MANY_NAMES)
		expressions->by_name = names_of(expressions->names);
	else if (expressions->by_name != NULL)
		(void) migrate_names_add(expressions->by_name, name, NULL);
}

/*
 * Parse a list of expressions, NULL for none, into the current memory context.  NULL and
 * *error, the rest of a sentence, if it is not one.
 */
MigrateExpressions *
migrate_expressions_parse(const char *list, const char **error)
{
	MigrateExpressions *expressions = palloc0(sizeof(MigrateExpressions));
	Parser		parser = {0};
	int			start = 0;

	if (list == NULL)
		return expressions;
	if (!tokenize(&parser, str_tolower(list, strlen(list), C_COLLATION_OID)))
		parser.error = "parentheses in it do not match";
	for (int i = 0; i < parser.ntokens && parser.error == NULL; i++)
	{
		if (parser.tokens[i].kind == TOKEN_OPEN)
			i = parser.tokens[i].match;
		else if (parser.tokens[i].kind == TOKEN_COMMA)
		{
			add_item(expressions, &parser, start, i);
			start = i + 1;
		}
	}
	if (start < parser.ntokens && parser.error == NULL)
		add_item(expressions, &parser, start, parser.ntokens);
	*error = parser.error;
	return parser.error == NULL ? expressions : NULL;
}

/*
 * Is an expression true of these names?
 */
static bool
is_true(const MigrateExpression *node, const MigrateExpressions *names)
{
	bool		is_empty = names->items == NIL;
	ListCell   *lc;
	bool		value;

	switch (node->kind)
	{
		case NODE_OR:
		case NODE_AND:
			foreach(lc, node->operands)
			{
				CHECK_FOR_INTERRUPTS();
				if (is_true(lfirst(lc), names) == (node->kind == NODE_OR))
					return node->kind == NODE_OR;
			}
			return node->kind == NODE_AND;
		case NODE_GROUP:
			value = is_true(linitial(node->operands), names);
			if (!node->negated && !node->required)
				return value;
			return (is_empty && !node->required) || value != node->negated;
		case NODE_NAME:
			if (!node->required && strcmp(node->name, "nocontexts") == 0)
				return node->negated != is_empty;
			return (is_empty && !node->required) ||
				has_name(names, node->name) != node->negated;
	}
	pg_unreachable();
}

/*
 * Is one of the expressions true of the items of another list as names?
 */
bool
migrate_expressions_match(const MigrateExpressions *expressions, const MigrateExpressions *names)
{
	bool		is_empty = names->items == NIL;
	ListCell   *lc;

	foreach(lc, expressions->items)
	{
		const MigrateExpression *node = lfirst(lc);

		/*
		 * in Liquibase, a group alone is true without names, whatever is in
		 * it
		 */
		if ((is_empty && node->kind == NODE_GROUP && !node->required) || is_true(node, names))
			return true;
	}
	return false;
}
