/*-------------------------------------------------------------------------
 *
 * script.c
 *		SQL text -> transactions of statements.
 *
 * The server's lexer finds where a statement ends (a semicolon outside of
 * parentheses and of BEGIN ATOMIC ... END), and what only psql understands;
 * the server's parser judges each statement.  Quotes, dollar quotes, nested
 * comments and the rest are therefore right by construction.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/keywords.h"
#include "mb/pg_wchar.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "parser/scansup.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"

#include "migrate.h"

/*
 * The server's lexer at work on one text.
 */
typedef struct Lexer
{
	core_yyscan_t scanner;
	core_yy_extra_type extra;
	core_YYSTYPE value;
	int			location;		/* bytes before the current token */
} Lexer;

/*
 * The numbers of the keywords that matter here.  The grammar's header is not
 * installed from 16 on, so they are looked up by name.
 */
typedef struct Keywords
{
	int			as;
	int			atomic;
	int			begin;
	int			case_;
	int			end;
} Keywords;

/*
 * State of cutting and judging one script.
 */
typedef struct ScriptParser
{
	const char *source;
	MigratePlace *place;
	int			first_line;		/* line of the text's first byte in its file */
	int			counted;		/* bytes up to which lines are counted ... */
	int			line;			/* ... and the line there */
	MigrateScript *script;
	int			capacity;
	bool		transactional;
	bool		in_transaction;
	bool		own_pair;		/* the section began with BEGIN */
	int			transaction;	/* number of the current transaction */
	MemoryContext context;		/* of the result */
	MemoryContext scratch;		/* reset after each statement */
} ScriptParser;

static int
keyword(const char *word)
{
	return ScanKeywordTokens[ScanKeywordLookup(word, &ScanKeywords)];
}

static const Keywords *
keywords(void)
{
	static Keywords k;

	if (k.atomic == 0)
	{
		k.as = keyword("as");
		k.begin = keyword("begin");
		k.case_ = keyword("case");
		k.end = keyword("end");
		k.atomic = keyword("atomic");
	}
	return &k;
}

static void
lexer_start(Lexer *lexer, const char *sql)
{
	lexer->scanner = scanner_init(sql, &lexer->extra, &ScanKeywords, ScanKeywordTokens);
	/* the same literals are lexed again when they run: warn then */
	lexer->extra.escape_string_warning = false;
}

/*
 * The next token's number, 0 at the end.
 */
static int
lexer_next(Lexer *lexer)
{
	return core_yylex(&lexer->value, &lexer->location, lexer->scanner);
}

/*
 * The current token as it is written: flex ends it with a NUL until the next
 * one is asked for (contrib/pg_stat_statements relies on it too).
 */
static const char *
lexer_token_text(const Lexer *lexer)
{
	return lexer->extra.scanbuf + lexer->location;
}

static void
lexer_end(Lexer *lexer)
{
	scanner_finish(lexer->scanner);
}

/*
 * The line of an offset that is not before the last one asked for.
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
 * Are two tokens, as written, the same?  Letter case matters only where there
 * are quotes, and line ends inside of a literal count as one, since checkouts
 * of the same file differ in them.
 */
static bool
same_token(const char *one, const char *other)
{
	bool		exact = strpbrk(one, "'\"$") != NULL;

	for (;;)
	{
		if (one[0] == '\r' && one[1] == '\n')
			one++;
		if (other[0] == '\r' && other[1] == '\n')
			other++;
		if (exact ? *one != *other :
			pg_ascii_tolower((unsigned char) *one) != pg_ascii_tolower((unsigned char) *other))
			return false;
		if (*one == '\0')
			return true;
		one++;
		other++;
	}
}

/*
 * Do two scripts consist of the same tokens?  White space, comments and the
 * letter case of keywords and unquoted names do not count.
 *
 * A text that the lexer refuses is the same as none.
 */
bool
migrate_script_same(const char *one, const char *other)
{
	volatile bool same = true;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate comparison",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Lexer		a;
	Lexer		b;

	PG_TRY();
	{
		int			token;

		lexer_start(&a, one);
		lexer_start(&b, other);
		do
		{
			CHECK_FOR_INTERRUPTS();
			token = lexer_next(&a);
			same = token == lexer_next(&b) &&
				(token == 0 || same_token(lexer_token_text(&a), lexer_token_text(&b)));
		} while (same && token != 0);
	}
	PG_CATCH();
	{
		/*
		 * The lexer holds nothing but memory, so its own errors can be
		 * dropped without a subtransaction.
		 */
		if (!migrate_is_script_error(geterrcode()))
			PG_RE_THROW();
		FlushErrorState();
		same = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return same;
}

/*
 * Is it an error that migrate_script_parse() raises about the text, which the
 * caller may catch without a subtransaction?  Nothing but memory is held then.
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
skip_blank(const char *sql, int length)
{
	int			i = 0;
	int			depth = 0;

	while (i < length)
	{
		bool		pair = i + 1 < length;

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
	return skip_blank(sql, length) == length;
}

pg_noreturn static void refuse_statement(MigratePlace *place, int line, const char *what,
										 const char *hint);
pg_noreturn static void refuse_transaction(MigratePlace *place, int line, const char *message,
										   const char *hint);

static void
refuse_statement(MigratePlace *place, int line, const char *what, const char *hint)
{
	place->line = line;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s cannot be used in a migration", what),
			 hint ? errhint("%s", hint) : 0));
}

static void
refuse_transaction(MigratePlace *place, int line, const char *message, const char *hint)
{
	place->line = line;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
			 errmsg("%s", message),
			 errhint("%s", hint)));
}

/*
 * Has a script nothing yet but SET?  Such lines stand before the BEGIN of many a
 * file.
 */
static bool
has_only_settings(const MigrateScript *script)
{
	for (int i = 0; i < script->nstatements; i++)
	{
		if (!script->statements[i].set_session)
			return false;
	}
	return true;
}

/*
 * Transaction control: BEGIN and COMMIT shape a migration, everything else is
 * refused.  Returns false for COMMIT PREPARED and ROLLBACK PREPARED, which are
 * ordinary statements here.
 */
static bool
control_transaction(ScriptParser *parser, const TransactionStmt *stmt, int line)
{
	static const char *const pair_hint =
		"COMMIT and BEGIN may stand in the middle of a migration, or as a pair around all of it.";
	bool		first = !parser->own_pair && has_only_settings(parser->script);

	if (stmt->chain)
		refuse_statement(parser->place, line, "AND CHAIN", NULL);
	switch (stmt->kind)
	{
		case TRANS_STMT_BEGIN:
		case TRANS_STMT_START:
			if (stmt->options != NIL)
				refuse_statement(parser->place, line, "BEGIN with a transaction mode",
								 "Use SET TRANSACTION as the first statement.");
			if (parser->in_transaction && !(first && parser->transactional))
				refuse_transaction(parser->place, line,
								   "there is already a transaction in progress", pair_hint);
			if (parser->in_transaction)
				parser->own_pair = true;
			parser->in_transaction = true;
			break;
		case TRANS_STMT_COMMIT:
			if (!parser->in_transaction)
				refuse_transaction(parser->place, line,
								   "there is no transaction in progress", pair_hint);
			parser->in_transaction = false;
			break;
		case TRANS_STMT_COMMIT_PREPARED:
		case TRANS_STMT_ROLLBACK_PREPARED:
			return false;
		case TRANS_STMT_PREPARE:
			refuse_statement(parser->place, line, "PREPARE TRANSACTION", NULL);
			break;
		case TRANS_STMT_ROLLBACK:
			refuse_statement(parser->place, line, "ROLLBACK",
							 "Raise an error to have the migration undone.");
			break;
		default:
			refuse_statement(parser->place, line, "SAVEPOINT",
							 "Use the EXCEPTION clause of a PL/pgSQL block.");
	}
	parser->transaction++;
	return true;
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
 * Take one parsed statement into the script.
 */
static void
add_statement(ScriptParser *parser, Node *node, int offset, int length, int line)
{
	MigrateStatement *statement;

	if (IsA(node, TransactionStmt) &&
		control_transaction(parser, (TransactionStmt *) node, line))
		return;
	if (IsA(node, CopyStmt) && ((CopyStmt *) node)->filename == NULL)
		refuse_statement(parser->place, line,
						 ((CopyStmt *) node)->is_from ? "COPY FROM STDIN" : "COPY TO STDOUT",
						 ((CopyStmt *) node)->is_from ? "Use INSERT." : NULL);

	statement = new_statement(parser);
	statement->offset = offset;
	statement->length = length;
	statement->line = line;
	migrate_statement_classify(statement, node);

	/*
	 * here it may commit, and what it has committed nobody knows after a
	 * crash
	 */
	if (!parser->in_transaction && (IsA(node, CallStmt) || IsA(node, DoStmt)))
		statement->top_level = TOP_UNKNOWN;

	/* outside of a transaction, and outside of a block, each is one alone */
	if (!parser->in_transaction || statement->outside_block)
		parser->transaction++;
	statement->transaction = parser->transaction;
	if (!parser->in_transaction || statement->outside_block)
		parser->transaction++;
}

/*
 * Take a statement that was parsed from between "offset" and "end".
 */
static void
add_parsed(ScriptParser *parser, const RawStmt *raw, int offset, int end)
{
	int			start = offset + raw->stmt_location;
	int			stop = raw->stmt_len > 0 ? start + raw->stmt_len : end;

	start += skip_blank(parser->source + start, stop - start);
	add_statement(parser, raw->stmt, start, stop - start, line_of(parser, start));
}

/*
 * Parse what lies between two cuts, which is one statement, or more where what
 * looks like a nested block is none.
 */
static void
judge(ScriptParser *parser, int start, int end)
{
	int			blank = skip_blank(parser->source + start, end - start);
	int			offset = start + blank;
	int			line = line_of(parser, offset);
	MigratePlace *place = parser->place;
	MemoryContext old;
	char	   *query;
	List	   *raws;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	place->statement = parser->script->nstatements + 1;
	place->line = line;

	old = MemoryContextSwitchTo(parser->scratch);
	query = pnstrdup(parser->source + offset, end - offset);
	place->source = place->query = query;
	place->source_line = line;
	raws = pg_parse_query(query);
	place->source = place->query = NULL;
	MemoryContextSwitchTo(parser->context);
	foreach(lc, raws)
	{
		add_parsed(parser, lfirst_node(RawStmt, lc), offset, end);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(parser->scratch);
}

/*
 * Refuse what only psql understands: a backslash that starts a line.
 */
static void
refuse_meta_command(ScriptParser *parser, int location)
{
	const char *sql = parser->source + location;

	for (const char *p = sql; p > parser->source && p[-1] != '\n'; p--)
		if (p[-1] != ' ' && p[-1] != '\t')
			return;				/* the parser will find words for it */
	refuse_statement(parser->place, line_of(parser, location),
					 psprintf("psql's \"%.*s\"", (int) strcspn(sql, " \t\r\n"), sql),
					 "The server runs the file, not psql.");
}

/*
 * Run the lexer over the whole text and judge() each statement as its end is
 * found.
 */
static void
cut(ScriptParser *parser)
{
	const Keywords *k = keywords();
	Lexer		lexer;
	int			start = 0;
	int			length = strlen(parser->source);
	int			query = skip_blank(parser->source, length); /* start, after comments */
	int			parentheses = 0;
	int			atomic = 0;		/* nesting in BEGIN ATOMIC ... END */
	int			previous = 0;
	bool		any = false;	/* token since the last cut */
	int			token;

	lexer_start(&lexer, parser->source);
	do
	{
		CHECK_FOR_INTERRUPTS();

		/* for errors of the lexer itself */
		parser->place->source = parser->source;
		parser->place->source_line = parser->first_line;
		parser->place->query = parser->source + query;
		parser->place->statement = parser->script->nstatements + 1;
		token = lexer_next(&lexer);
		parser->place->source = parser->place->query = NULL;

		if (token == '\\')
			refuse_meta_command(parser, lexer.location);
		if (token == '(')
			parentheses++;
		else if (token == ')')
			parentheses = Max(parentheses - 1, 0);
		else if (token == k->atomic && previous == k->begin)
			atomic = 1;
		else if (atomic > 0 && (previous == '.' || previous == k->as))
			 /* a name: END and CASE may be column labels */ ;
		else if (atomic > 0 && token == k->case_)
			atomic++;
		else if (atomic > 0 && token == k->end)
			atomic--;
		previous = token;
		any |= token != 0 && token != ';';

		if (token == 0 || (token == ';' && parentheses == 0 && atomic == 0))
		{
			int			end = token == 0 ? length : lexer.location;

			if (any)
				judge(parser, start, end);
			any = false;
			start = end + 1;
			if (token != 0)
				query = start + skip_blank(parser->source + start, length - start);
		}
	} while (token != 0);
	lexer_end(&lexer);
}

/*
 * Parse and check one section of a migration.
 *
 * "sql" is that section, "line" the line of its first byte in the file.
 * "transactional" is false for a section marked "no transaction".  "place" is
 * kept up to date for the error context.  Errors: 42601 and others of the
 * parser, 0A000 for what cannot run in a migration, 2D000 where BEGIN and
 * COMMIT do not match.
 */
MigrateScript *
migrate_script_parse(const char *sql, bool transactional, int line, MigratePlace *place)
{
	ScriptParser parser = {0};
	MemoryContext lexing = AllocSetContextCreate(CurrentMemoryContext, "migrate script",
												 ALLOCSET_DEFAULT_SIZES);

	parser.context = CurrentMemoryContext;
	parser.source = sql;

	parser.place = place;
	parser.first_line = line;
	parser.line = line;
	parser.transactional = transactional;
	parser.in_transaction = transactional;
	parser.capacity = 8;
	parser.script = palloc0(sizeof(MigrateScript));
	parser.script->statements = palloc(parser.capacity * sizeof(MigrateStatement));
	parser.scratch = AllocSetContextCreate(lexing, "migrate statement",
										   ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(lexing);
	cut(&parser);
	MemoryContextSwitchTo(parser.context);
	MemoryContextDelete(lexing);

	place->statement = 0;
	parser.script->statements = repalloc(parser.script->statements,
										 Max(parser.script->nstatements, 1) * sizeof(MigrateStatement));
	if (parser.in_transaction != (transactional && !parser.own_pair))
		refuse_transaction(place, parser.line,
						   parser.in_transaction ? "BEGIN without COMMIT" : "COMMIT without BEGIN",
						   "A migration has to end as it started: inside its transaction, or outside of one if it is marked so.");
	return parser.script;
}
