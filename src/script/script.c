/*-------------------------------------------------------------------------
 *
 * script.c
 *		SQL text -> transactions of statements.
 *
 * The server's lexer finds where a statement ends, and what only psql
 * understands (lexer.c); the server's parser parses each statement.  Quotes,
 * dollar quotes, nested comments and the rest are therefore right by
 * construction.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/script.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "script/lexer.h"
#include "script/script.h"
#include "script/script_int.h"
#include "util/compat.h"
#include "util/errcontext.h"
#include "util/line_map.h"
#include "util/lines.h"
#include "util/printable.h"
#include "util/subtransaction.h"

/*
 * State of parsing one script.
 */
typedef struct ScriptParser
{
	const char *source;
	MigrateLexer *lexer;
	const MigrateToken *token;	/* the current one */
	MigrateErrorContext *errctx;
	int			first_line;		/* line of the text's first byte in its file */
	int			counted;		/* bytes up to which lines are counted ... */
	int			line;			/* ... and the line there */
	MigrateScript *script;
	int			capacity;
	bool		conforming;		/* standard_conforming_strings, as the text
								 * sets it */
	MigrateBlocks blocks;		/* of BEGIN and COMMIT */
	MemoryContext context;		/* of the result */
	MemoryContext scratch;		/* reset after each statement */
} ScriptParser;

/*
 * The line of an offset; offsets must not decrease from call to call.
 */
static int
line_of(ScriptParser *parser, int offset)
{
	parser->line += migrate_count_lines(parser->source + parser->counted,
										offset - parser->counted) - 1;
	parser->counted = offset;
	return parser->line;
}

/*
 * Is it an error that migrate_script_parse() raises about the text?  A caller may
 * then report it instead of raising it again.
 */
bool
migrate_is_script_error(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_FEATURE_NOT_SUPPORTED:
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_INVALID_TRANSACTION_TERMINATION:
		case ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION:
			return true;
		default:
			return false;
	}
}

/*
 * Bytes of white space and comments that a text starts with.
 */
static int
skip_to_token(const char *sql, int length)
{
	int			i = 0;
	int			next_check = 0;
	int			depth = 0;

	while (i < length)
	{
		bool		pair = i + 1 < length;

		if (i >= next_check)
		{
			CHECK_FOR_INTERRUPTS();
			next_check = i + MIGRATE_BLOCK;
		}
		if (pair && sql[i] == '/' && sql[i + 1] == '*')
		{
			depth++;
			i += 2;
		}
		else if (depth > 0 && pair && sql[i] == '*' && sql[i + 1] == '/')
		{
			depth--;
			i += 2;
		}
		else if (depth > 0 || scanner_isspace(sql[i]))
			i++;
		else if (pair && sql[i] == '-' && sql[i + 1] == '-')
		{
			/* either line end ends it, as in core's scan.l */
			while (i < length && sql[i] != '\n' && sql[i] != '\r')
				i++;
		}
		else
			break;
	}
	return i;
}

/*
 * Is there no token in the text, only white space and comments?
 */
bool
migrate_script_is_blank(const char *sql, int length)
{
	return skip_to_token(sql, length) == length;
}

/*
 * Refuse a statement, "what", on a line: 0A000.
 */
void
migrate_refuse_statement(MigrateErrorContext *errctx, int line, const char *what, const char *hint)
{
	errctx->line = line;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s cannot be used in a migration", what),
			 hint ? errhint("%s", hint) : 0));
}

static MigrateStatement *
new_statement(ScriptParser *parser)
{
	MigrateScript *script = parser->script;

	if (script->nstatements == parser->capacity)
	{
		parser->capacity *= 2;
		script->statements = repalloc(script->statements,
									  parser->capacity * sizeof(MigrateStatement));
	}
	memset(&script->statements[script->nstatements], 0, sizeof(MigrateStatement));
	return &script->statements[script->nstatements++];
}

/*
 * COPY that is not to read or write a file has to read the rows that follow it.
 */
static void
check_copy(ScriptParser *parser, const CopyStmt *stmt, int line)
{
	if (!stmt->is_from)
		migrate_refuse_statement(parser->errctx, line, "COPY TO STDOUT", NULL);
	if (parser->token->rows == 0)
		migrate_refuse_statement(parser->errctx, line, "COPY FROM STDIN without rows", NULL);
}

/*
 * Note the name of a skipped command, once.
 */
static void
note_skipped(ScriptParser *parser, const char *name)
{
	MemoryContext old;
	ListCell   *lc;

	foreach(lc, parser->script->skipped)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return;
	}
	old = MemoryContextSwitchTo(parser->context);
	parser->script->skipped = lappend(parser->script->skipped, pstrdup(name));
	MemoryContextSwitchTo(old);
}

/*
 * A setting of PostgreSQL 17 that every newer pg_dump writes, and older servers do
 * not know.
 */
static bool
is_unknown_setting(Node *node)
{
	static const char name[] = "transaction_timeout";

	return IsA(node, VariableSetStmt) && ((VariableSetStmt *) node)->name != NULL &&
		pg_strcasecmp(((VariableSetStmt *) node)->name, name) == 0 &&
		GetConfigOption(name, true, false) == NULL;
}

/*
 * SET standard_conforming_strings decides how the rest of the text is read, as in
 * psql.
 */
static void
follow_setting(ScriptParser *parser, Node *node)
{
	VariableSetStmt *stmt = (VariableSetStmt *) node;

	if (!IsA(node, VariableSetStmt) || stmt->name == NULL ||
		pg_strcasecmp(stmt->name, "standard_conforming_strings") != 0)
		return;
	parser->conforming = standard_conforming_strings;
	if (stmt->kind == VAR_SET_VALUE)
		(void) parse_bool(ExtractSetVariableArgs(stmt), &parser->conforming);
	migrate_lexer_set_conforming(parser->lexer, parser->conforming);
}

/*
 * Parse a statement with the setting that the text has made before it.
 */
static List *
parse_as_set(const ScriptParser *parser, const char *query)
{
	bool		saved = standard_conforming_strings;
	List	   *volatile raws = NIL;

	PG_TRY();
	{
		standard_conforming_strings = parser->conforming;
		raws = pg_parse_query(query);
	}
	PG_FINALLY();
	{
		standard_conforming_strings = saved;
	}
	PG_END_TRY();
	return raws;
}

/*
 * Add a parsed statement to the script.
 */
static void
add_statement(ScriptParser *parser, Node *node, int offset, int length, int line)
{
	MigrateStatement *statement;

	if (IsA(node, TransactionStmt) &&
		migrate_control_transaction(&parser->blocks, (TransactionStmt *) node, parser->script,
									line, parser->errctx))
		return;
	if (IsA(node, CopyStmt) && ((CopyStmt *) node)->filename == NULL)
		check_copy(parser, (CopyStmt *) node, line);
	if (is_unknown_setting(node))
	{
		note_skipped(parser, "SET transaction_timeout");
		return;
	}

	statement = new_statement(parser);
	statement->offset = offset;
	statement->length = length;
	statement->line = line;
	statement->rows = parser->token->rows;
	statement->rows_length = parser->token->rows_length;
	migrate_statement_classify(statement, node);
	follow_setting(parser, node);

	if (!parser->blocks.in_transaction)
		migrate_classify_outside(statement, node);

	/*
	 * outside a transaction and outside a block, each is a transaction of its
	 * own
	 */
	if (!parser->blocks.in_transaction || statement->outside_block)
		parser->blocks.transaction++;
	statement->transaction = parser->blocks.transaction;
	if (!parser->blocks.in_transaction || statement->outside_block)
		parser->blocks.transaction++;
}

/*
 * Add a statement that was parsed from between "offset" and "end".
 */
static void
add_parsed(ScriptParser *parser, const RawStmt *raw, int offset, int end)
{
	int			start = offset + raw->stmt_location;
	int			stop = raw->stmt_len > 0 ? start + raw->stmt_len : end;
	const char *sql = migrate_lexer_text(parser->lexer);

	start += skip_to_token(sql + start, stop - start);
	add_statement(parser, raw->stmt, start, stop - start, line_of(parser, start));
}

/*
 * Parse the text between two cuts.  It is one statement, or more if what looks like
 * a nested block is not one.
 */
static void
parse_statements(ScriptParser *parser, int start, int end)
{
	const char *sql = migrate_lexer_text(parser->lexer);
	int			offset = start + skip_to_token(sql + start, end - start);
	int			line = line_of(parser, offset);
	MigrateErrorContext *errctx = parser->errctx;
	MemoryContext old;
	char	   *query;
	List	   *raws;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	errctx->statement = parser->script->nstatements + 1;
	errctx->line = line;

	old = MemoryContextSwitchTo(parser->scratch);
	query = pnstrdup(sql + offset, end - offset);
	errctx->source = errctx->query = query;
	errctx->source_line = line;
	raws = parse_as_set(parser, query);
	errctx->source = errctx->query = NULL;
	MemoryContextSwitchTo(parser->context);
	foreach(lc, raws)
	{
		add_parsed(parser, lfirst_node(RawStmt, lc), offset, end);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(parser->scratch);
}

/*
 * Pass over a line for psql, or refuse it.
 */
static void
skip_command_line(ScriptParser *parser, const MigrateToken *token)
{
	const char *sql = parser->source + token->location;
	MemoryContext old = MemoryContextSwitchTo(parser->scratch);
	List	   *skipped = NIL;
	const char *refused = migrate_psql_skip(sql, token->line_length, &skipped);
	ListCell   *lc;

	if (refused != NULL)
		migrate_refuse_statement(parser->errctx, line_of(parser, token->location),
								 psprintf("psql's \"\\%s\"", refused),
								 migrate_psql_hint(refused, false));
	foreach(lc, skipped)
	{
		note_skipped(parser, psprintf("\\%s", (char *) lfirst(lc)));
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(parser->scratch);
}

/*
 * Refuse what only psql understands in a statement: no statement has a backslash
 * outside of quotes.
 */
static void
refuse_backslash(ScriptParser *parser, const MigrateToken *token)
{
	const char *at = parser->source + token->location;
	const char *name = migrate_psql_name(&at, at + strlen(at));

	migrate_refuse_statement(parser->errctx, line_of(parser, token->location),
							 psprintf("psql's \"\\%s\"", name),
							 migrate_psql_hint(name, token->in_statement));
}

/*
 * Refuse a statement that begins on the line of a COPY and ends after its rows.
 */
static void
refuse_around_rows(ScriptParser *parser, const MigrateToken *token)
{
	migrate_refuse_statement(parser->errctx, line_of(parser, token->location),
							 "a statement around the rows of COPY",
							 "Begin the statement on the line after the rows.");
}

/*
 * The next token.  "query" is where the statement begins, for errors of the lexer
 * itself.
 */
static const MigrateToken *
next_token(ScriptParser *parser, int query)
{
	MigrateErrorContext *errctx = parser->errctx;
	const MigrateToken *token;

	errctx->source = migrate_lexer_text(parser->lexer);
	errctx->source_line = parser->first_line;
	errctx->query = errctx->source + query;
	errctx->statement = parser->script->nstatements + 1;
	token = migrate_lexer_next(parser->lexer);
	errctx->source = errctx->query = NULL;
	return token;
}

/*
 * Run the lexer over the whole text and parse_statements() each statement as its end is
 * found.
 */
static void
cut(void *arg)
{
	ScriptParser *parser = arg;
	int			start = 0;
	int			length = strlen(parser->source);
	int			query = skip_to_token(parser->source, length);	/* start, after comments */
	const MigrateToken *token;

	parser->lexer = migrate_lexer_start(parser->source);
	do
	{
		token = parser->token = next_token(parser, query);
		if (token->kind == MIGRATE_COMMAND_LINE)
		{
			skip_command_line(parser, token);
			start = token->location + token->line_length;
		}
		else if (token->kind == '\\')
			refuse_backslash(parser, token);
		else if (token->ends_statement)
		{
			int			end = token->kind == 0 ? length : token->location;

			if (token->around_rows)
				refuse_around_rows(parser, token);
			if (token->in_statement)
				parse_statements(parser, start, end);
			start = Min(end + 1, length);
		}
		else
			continue;
		query = start + skip_to_token(migrate_lexer_text(parser->lexer) + start, length - start);
	} while (token->kind != 0);
	migrate_lexer_end(parser->lexer);
}

/*
 * Call "body" without what the lexer and the parser have to say, of names that are
 * too long, for one: that comes once, when the statement runs.
 */
static void
lex_quietly(void (*body) (void *arg), void *arg)
{
	int			shown = client_min_messages;

	PG_TRY();
	{
		client_min_messages = ERROR;
		body(arg);
	}
	PG_FINALLY();
	{
		client_min_messages = shown;
	}
	PG_END_TRY();
}

/*
 * What migrate_try_to_lex() is to call.
 */
typedef struct Lexing
{
	void		(*body) (void *arg);
	void	   *arg;
} Lexing;

static void
lex_body(void *arg)
{
	Lexing	   *lexing = arg;

	lex_quietly(lexing->body, lexing->arg);
}

/*
 * Call "body", which runs the lexer over a text, as quietly.  Returns NULL on
 * success, or the error that is in the text; raises any other.
 */
ErrorData *
migrate_try_to_lex(void (*body) (void *arg), void *arg)
{
	Lexing		lexing = {body, arg};
	ErrorData  *error = migrate_try(lex_body, &lexing);

	if (error != NULL && !migrate_is_script_error(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

/*
 * The statements of a script, in the current context, and no larger than they are: there
 * may be thousands of scripts.
 */
static MigrateStatement *
copy_statements(const MigrateScript *script)
{
	MigrateStatement *statements = palloc(Max(script->nstatements, 1) * sizeof(MigrateStatement));

	memcpy(statements, script->statements, script->nstatements * sizeof(MigrateStatement));
	return statements;
}

/*
 * Parse and check one section of a migration.
 *
 * "sql" is that section, "line" the line of its first byte in the file.
 * "transactional" is false for a section marked "no transaction".  "errctx" is
 * kept up to date for the error context.  Errors: 42601 and others of the
 * parser, 0A000 for what cannot run in a migration, 2D000 where BEGIN and
 * COMMIT do not match.
 */
MigrateScript *
migrate_script_parse(const char *sql, bool transactional, int line, MigrateErrorContext *errctx)
{
	ScriptParser parser = {0};
	MemoryContext lexing = AllocSetContextCreate(CurrentMemoryContext, "migrate script",
												 ALLOCSET_DEFAULT_SIZES);

	parser.context = CurrentMemoryContext;
	parser.source = sql;
	parser.errctx = errctx;
	parser.first_line = line;
	parser.line = line;
	parser.blocks.in_transaction = transactional;
	parser.conforming = standard_conforming_strings;
	parser.capacity = 8;
	parser.script = palloc0(sizeof(MigrateScript));
	parser.script->line = line;
	parser.script->has_markers = migrate_find_text(sql, MIGRATE_LINE_MARKER) != NULL;
	migrate_begin_script(parser.script, sql, errctx);
	parser.scratch = AllocSetContextCreate(lexing, "migrate statement",
										   ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(lexing);
	parser.script->statements = palloc(parser.capacity * sizeof(MigrateStatement));
	lex_quietly(cut, &parser);
	MemoryContextSwitchTo(parser.context);
	parser.script->statements = copy_statements(parser.script);
	MemoryContextDelete(lexing);

	errctx->statement = 0;
	migrate_check_blocks(&parser.blocks, parser.script, parser.line, errctx);
	return parser.script;
}

/*
 * The bytes of a text that its first "count" statements take, with the rows of
 * COPY among them.
 */
int
migrate_statements_end(const MigrateScript *script, int count)
{
	int			end = 0;

	for (int i = 0; i < count; i++)
	{
		const MigrateStatement *statement = &script->statements[i];

		end = Max(end, statement->rows > 0 ? statement->rows + statement->rows_length :
				  statement->offset + statement->length);
	}
	return end;
}
