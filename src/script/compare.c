/*-------------------------------------------------------------------------
 *
 * compare.c
 *		Are two scripts the same but for comments and white space?
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/compare.c
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
#include "util/lines.h"

/*
 * Are two texts the same but for their line ends, as checkouts of a file are?
 */
static bool
same_lines(const char *one, const char *other)
{
	for (;;)
	{
		const char *one_end = one + strcspn(one, "\n");
		const char *other_end = other + strcspn(other, "\n");
		size_t		one_length = one_end - one;
		size_t		other_length = other_end - other;

		CHECK_FOR_INTERRUPTS();
		if (one_length > 0 && one_end[0] == '\n' && one_end[-1] == '\r')
			one_length--;
		if (other_length > 0 && other_end[0] == '\n' && other_end[-1] == '\r')
			other_length--;
		if (one_length != other_length || memcmp(one, other, one_length) != 0 ||
			*one_end != *other_end)
			return false;
		if (*one_end == '\0')
			return true;
		one = one_end + 1;
		other = other_end + 1;
	}
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
 * Are the rows after two COPY statements the same, apart from line ends?
 */
static bool
same_rows(const char *one, int one_length, const char *other, int other_length)
{
	const char *one_end = one + one_length;
	const char *other_end = other + other_length;

	for (size_t n = 0;; n++)
	{
		if (n % MIGRATE_BLOCK == 0)
			CHECK_FOR_INTERRUPTS();
		if (one_end - one > 1 && one[0] == '\r' && one[1] == '\n')
			one++;
		if (other_end - other > 1 && other[0] == '\r' && other[1] == '\n')
			other++;
		if (one == one_end || other == other_end)
			return one == one_end && other == other_end;
		if (*one++ != *other++)
			return false;
	}
}

/*
 * The next token that is not a line for psql.
 */
static const MigrateToken *
next_sql_token(MigrateLexer *lexer)
{
	const MigrateToken *token;

	do
		token = migrate_lexer_next(lexer);
	while (token->kind == MIGRATE_COMMAND_LINE);
	return token;
}

static bool
same_tokens(const char *one, const char *other)
{
	MigrateLexer *one_lexer = migrate_lexer_start(one);
	MigrateLexer *other_lexer = migrate_lexer_start(other);
	const MigrateToken *a;
	const MigrateToken *b;

	do
	{
		a = next_sql_token(one_lexer);
		b = next_sql_token(other_lexer);
		if (a->kind != b->kind || (a->kind != 0 && !same_token(a->str, b->str)) ||
			!same_rows(one + a->rows, a->rows_length, other + b->rows, b->rows_length))
			return false;
	} while (a->kind != 0);
	return true;
}

/*
 * Two texts that are compared.
 */
typedef struct Comparison
{
	const char *one;
	const char *other;
	bool		same;
} Comparison;

static void
compare_texts(void *arg)
{
	Comparison *comparison = arg;

	comparison->same = same_lines(comparison->one, comparison->other) ||
		same_tokens(comparison->one, comparison->other);
}

/*
 * Do two scripts consist of the same tokens and rows?  White space, comments,
 * the letter case of keywords and unquoted names, and lines that only psql reads
 * do not count.
 *
 * A text that the lexer refuses is the same as none.
 */
bool
migrate_script_same(const char *one, const char *other)
{
	Comparison	comparison = {one, other, false};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate comparison",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	(void) migrate_try_to_lex(compare_texts, &comparison);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return comparison.same;
}
