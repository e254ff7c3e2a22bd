/*-------------------------------------------------------------------------
 *
 * lexer.c
 *		SQL text -> tokens, ends of statements, rows of COPY, psql's lines.
 *
 * The server's lexer reads the text.  What is not SQL in it is hidden from the
 * lexer: the rows that follow a COPY ... FROM STDIN, and lines that begin with a
 * backslash.  They are overwritten with spaces as they are found, in the lexer's
 * own buffer, since restarting after each of them would take time quadratic in
 * their number.  A semicolon now and then among the spaces for rows makes the lexer
 * return, so that it can be interrupted.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/lexer.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/keywords.h"
#include "miscadmin.h"
#include "parser/scanner.h"

#include "script/lexer.h"
#include "script/script.h"
#include "util/lines.h"

/* so many spaces for rows in the lexer's buffer are followed by a semicolon */
#define ROWS_STEP		(64 * 1024)

struct MigrateLexer
{
	core_yyscan_t scanner;
	core_yy_extra_type extra;
	core_YYSTYPE value;
	const char *source;
	int			length;
	char	   *blanked;		/* copy of source with spaces, NULL: none yet */
	MemoryContext context;		/* of that copy */
	MigrateToken token;

	/* the statement so far */
	int			start;			/* bytes before its first token */
	int			parentheses;
	int			atomic;			/* nesting in BEGIN ATOMIC ... END */
	int			previous;		/* token */
	bool		copy;			/* its first token is COPY ... */
	bool		from_stdin;		/* ... and FROM STDIN has come */

	/* the rows found last, with the line that ends them */
	int			rows_begin;
	int			rows_end;
	bool		rows_open;		/* they end with the text */
};

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
	int			copy;
	int			end;
	int			from;
	int			stdin_;
} Keywords;

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
		k.copy = keyword("copy");
		k.end = keyword("end");
		k.from = keyword("from");
		k.stdin_ = keyword("stdin");
		k.atomic = keyword("atomic");
	}
	return &k;
}

/*
 * Begin to read a text, which has to stay where it is.  All is allocated in the
 * current memory context.
 */
MigrateLexer *
migrate_lexer_start(const char *sql)
{
	MigrateLexer *lexer = palloc0(sizeof(MigrateLexer));

	lexer->source = sql;
	lexer->length = strlen(sql);
	lexer->context = CurrentMemoryContext;
	lexer->scanner = scanner_init(sql, &lexer->extra, &ScanKeywords, ScanKeywordTokens);
	/* the same literals are lexed again when they run: warn then */
	lexer->extra.escape_string_warning = false;
	return lexer;
}

/*
 * From here on, is a backslash in an ordinary literal an ordinary character?
 */
void
migrate_lexer_set_conforming(MigrateLexer *lexer, bool conforming)
{
	lexer->extra.standard_conforming_strings = conforming;
}

void
migrate_lexer_end(MigrateLexer *lexer)
{
	scanner_finish(lexer->scanner);
}

/*
 * The text, with spaces for what has been found so far that is no SQL.  Lines
 * and offsets are those of the text itself.
 */
const char *
migrate_lexer_text(const MigrateLexer *lexer)
{
	return lexer->blanked ? lexer->blanked : lexer->source;
}

/*
 * Where the line ends that an offset is in: at its newline, or at the end.
 */
static int
line_end(const MigrateLexer *lexer, int offset)
{
	const char *newline = memchr(lexer->source + offset, '\n', lexer->length - offset);

	return newline ? newline - lexer->source : lexer->length;
}

static int
next_line(const MigrateLexer *lexer, int offset)
{
	return Min(line_end(lexer, offset) + 1, lexer->length);
}

/*
 * Overwrite a part of the text with spaces, except line ends, and the part from
 * "lexed" on in the lexer's buffer: flex keeps the byte after the current token
 * elsewhere, so the buffer may be changed only after that byte.
 */
static void
blank(MigrateLexer *lexer, int begin, int lexed, int end)
{
	if (lexer->blanked == NULL)
	{
		lexer->blanked = MemoryContextAllocHuge(lexer->context, (Size) lexer->length + 1);
		memcpy(lexer->blanked, lexer->source, (Size) lexer->length + 1);
	}
	for (int i = begin; i < end; i++)
	{
		if (i % MIGRATE_BLOCK == 0)
			CHECK_FOR_INTERRUPTS();
		if (lexer->source[i] == '\n' || lexer->source[i] == '\r')
			continue;
		lexer->blanked[i] = ' ';
		if (i >= lexed)
			lexer->extra.scanbuf[i] = ' ';
	}
}

/*
 * Is the token one that the rows found last have got?
 */
static bool
is_in_rows(const MigrateLexer *lexer, const MigrateToken *token)
{
	return token->kind == ';' && token->location > lexer->rows_begin &&
		token->location < lexer->rows_end;
}

/*
 * Is the line that begins at "offset" the one that ends rows?
 */
static bool
ends_rows(const MigrateLexer *lexer, int offset, int end)
{
	int			length = end - offset;

	if (length == 3 && lexer->source[offset + 2] == '\r')
		length--;
	return length == 2 && memcmp(lexer->source + offset, "\\.", 2) == 0;
}

/*
 * A COPY ... FROM STDIN ends with the current token: find its rows and hide them.
 * As in psql they begin on the next line, or after those of another COPY on the
 * same line.
 */
static void
find_rows(MigrateLexer *lexer)
{
	int			begin = next_line(lexer, lexer->token.location);
	int			end;

	if (begin == lexer->rows_begin)
		begin = lexer->rows_end;
	else
		lexer->rows_begin = begin;
	lexer->rows_open = true;
	for (end = begin; end < lexer->length && lexer->rows_open; end = next_line(lexer, end))
	{
		CHECK_FOR_INTERRUPTS();
		lexer->token.rows_length = end - begin;
		lexer->rows_open = !ends_rows(lexer, end, line_end(lexer, end));
	}
	if (lexer->rows_open)
		lexer->token.rows_length = end - begin;
	lexer->token.rows = begin;
	lexer->rows_end = end;
	if (end <= begin)
		return;
	blank(lexer, begin, begin, end);
	for (int i = begin + ROWS_STEP; i < end; i += ROWS_STEP)
		lexer->extra.scanbuf[i] = ';';
}

/*
 * The current token is a backslash.  Where a statement might begin, and a letter
 * follows, it is a line for psql; hide it.
 */
static bool
find_command_line(MigrateLexer *lexer)
{
	MigrateToken *token = &lexer->token;
	int			end = line_end(lexer, token->location);
	char		first = lexer->source[token->location + 1];
	int			location;

	if (token->in_statement || !((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z')))
		return false;
	if (end > token->location && lexer->source[end - 1] == '\r')
		end--;
	blank(lexer, token->location, token->location + 2, end);
	token->line_length = end - token->location;

	/* the letter that flex has kept is a name of its own now */
	(void) core_yylex(&lexer->value, &location, lexer->scanner);
	token->kind = MIGRATE_COMMAND_LINE;
	return true;
}

/*
 * Follow the nesting in which a semicolon does not end a statement.
 */
static void
follow_nesting(MigrateLexer *lexer, int kind)
{
	const Keywords *k = keywords();

	if (kind == '(')
		lexer->parentheses++;
	else if (kind == ')')
		lexer->parentheses = Max(lexer->parentheses - 1, 0);
	else if (kind == k->atomic && lexer->previous == k->begin)
		lexer->atomic = 1;
	else if (lexer->atomic > 0 && (lexer->previous == '.' || lexer->previous == k->as))
		 /* a name: END and CASE may be column labels */ ;
	else if (lexer->atomic > 0 && kind == k->case_)
		lexer->atomic++;
	else if (lexer->atomic > 0 && kind == k->end)
		lexer->atomic--;
}

/*
 * Take a token into the statement.
 */
static void
follow_token(MigrateLexer *lexer)
{
	MigrateToken *token = &lexer->token;
	const Keywords *k = keywords();
	int			kind = token->kind;

	follow_nesting(lexer, kind);
	if (kind != 0 && kind != ';' && !token->in_statement)
	{
		token->in_statement = true;
		lexer->start = token->location;
		lexer->copy = kind == k->copy;
	}
	if (lexer->copy && kind == k->stdin_ && lexer->previous == k->from && lexer->parentheses == 0)
		lexer->from_stdin = true;
	lexer->previous = kind;
	token->ends_statement = kind == 0 ||
		(kind == ';' && lexer->parentheses == 0 && lexer->atomic == 0);
	token->around_rows = token->in_statement && lexer->start < lexer->rows_begin &&
		token->location > lexer->rows_begin;
}

/*
 * The next token, which is valid until the one after it.  Errors: those of
 * core's lexer, with a position in migrate_lexer_text().
 */
const MigrateToken *
migrate_lexer_next(MigrateLexer *lexer)
{
	MigrateToken *token = &lexer->token;

	CHECK_FOR_INTERRUPTS();
	if (token->ends_statement)
	{
		token->in_statement = false;
		lexer->copy = false;
		lexer->from_stdin = false;
	}
	token->ends_statement = false;
	token->rows = 0;
	token->rows_length = 0;

	do
	{
		CHECK_FOR_INTERRUPTS();
		token->kind = core_yylex(&lexer->value, &token->location, lexer->scanner);
	} while (is_in_rows(lexer, token));
	/* flex ends it with a NUL until the next one is read */
	token->str = lexer->extra.scanbuf + token->location;
	if (token->kind == '\\' && find_command_line(lexer))
		return token;
	follow_token(lexer);
	if (token->ends_statement && lexer->from_stdin)
		find_rows(lexer);
	return token;
}

/*
 * What has to be appended to the text, at its end, so that what follows it does
 * not belong to its last statement; "" for nothing.
 */
const char *
migrate_lexer_missing_end(const MigrateLexer *lexer)
{
	if (lexer->from_stdin)
		return ";\n\\.\n";
	if (lexer->token.in_statement)
		return ";\n";
	return lexer->rows_open ? "\\.\n" : "";
}
