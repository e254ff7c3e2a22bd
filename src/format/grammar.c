/*-------------------------------------------------------------------------
 *
 * grammar.c
 *		Lines that mark what a file holds -> the sections of a migration.
 *
 * Each tool's grammar is a MigrateGrammar: a function that classifies a line, and
 * what the tool does with several sections and with text before the first one.
 * Rows of migrate_formats[] refer to it.  To add a grammar, add both, and declare
 * it in grammar.h.
 *
 * Like the tools, this searches all lines for markers, even within a literal.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/grammar.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "format/grammar.h"
#include "util/lines.h"

/*
 * The first occurrence of "what" in a line, or NULL.
 */
static const char *
find_in_line(const MigrateLine *line, const char *what)
{
	const char *end = line->str + line->length;
	int			n = strlen(what);

	for (const char *p = line->str; p + n <= end; p++)
	{
		p = memchr(p, *what, end - n + 1 - p);
		if (p == NULL)
			break;
		if (memcmp(p, what, n) == 0)
			return p;
	}
	return NULL;
}

/*
 * The length of the word a text begins with.
 */
static int
word_length(const char *str, int length)
{
	int			n = 0;

	while (n < length && strchr(" \t\r", str[n]) == NULL)
		n++;
	return n;
}

/*
 * Is one of the words of a text "option"?
 */
static bool
has_option(const char *str, int length, const char *option)
{
	while (length > 0)
	{
		int			blank = migrate_skip_spaces(str, length);
		int			word = word_length(str + blank, length - blank);

		if (word == strlen(option) && memcmp(str + blank, option, word) == 0)
			return true;
		str += blank + Max(word, 1);

		length -= blank + Max(word, 1);
	}
	return false;
}

/*
 * goose: a comment with "+goose" and a command in any case; v3.27, parser.go.
 * What goose refuses is MARK_UNKNOWN.
 */
static MigrateMarker
goose_mark(MigrateLine *line)
{
	static const struct
	{
		const char *word;
		MigrateMarker marker;
	}			commands[] = {
		{"Up", MARK_UP},
		{"Down", MARK_DOWN},
		{"StatementBegin", MARK_BEGIN},
		{"StatementEnd", MARK_END},
		{"NO TRANSACTION", MARK_BOTH_NO_TRANSACTION},
		{"ENVSUB ON", MARK_VARIABLES_ON},
		{"ENVSUB OFF", MARK_VARIABLES_OFF},
	};
	const char *end = line->str + line->length;
	int			indent = migrate_skip_spaces(line->str, line->length);
	const char *tag;
	const char *command;

	if (line->length - indent < 2 || memcmp(line->str + indent, "--", 2) != 0)
		return MARK_NONE;
	tag = find_in_line(line, "+goose");
	if (tag == NULL)
		return MARK_NONE;
	if (indent > 0)
		return MARK_UNKNOWN;
	command = tag + strlen("+goose");
	for (int i = 0; i < lengthof(commands); i++)
		if (migrate_is_word(command, end - command, commands[i].word) &&
			migrate_is_word(line->str + 2, tag - line->str - 2, ""))
			return commands[i].marker;
	return MARK_UNKNOWN;
}

/*
 * updown: "-- UP" and "-- DOWN", each on a line of its own.
 */
static MigrateMarker
updown_mark(MigrateLine *line)
{
	int			length;
	const char *rest = migrate_line_after(line, "--", &length);

	if (rest == NULL)
		return MARK_NONE;
	if (migrate_is_word(rest, length, "UP"))
		return MARK_UP;
	if (migrate_is_word(rest, length, "DOWN"))
		return MARK_DOWN;
	return MARK_NONE;
}

/*
 * sql-migrate: exactly "-- +migrate ", a command, options; v1.8, sqlparse.go.
 * What it would take for nothing without a word is MARK_UNKNOWN.
 */
static MigrateMarker
sql_migrate_mark(MigrateLine *line)
{
	static const struct
	{
		const char *word;
		MigrateMarker marker;
		MigrateMarker no_transaction;
	}			commands[] = {
		{"Up", MARK_UP, MARK_UP_NO_TRANSACTION},
		{"Down", MARK_DOWN, MARK_DOWN_NO_TRANSACTION},
		{"StatementBegin", MARK_BEGIN, MARK_BEGIN},
		{"StatementEnd", MARK_END, MARK_END},
	};
	int			length;
	const char *rest = migrate_line_after(line, "-- +migrate ", &length);
	int			blank;
	int			word;

	if (rest == NULL)
		return MARK_NONE;
	blank = migrate_skip_spaces(rest, length);
	word = word_length(rest + blank, length - blank);
	for (int i = 0; i < lengthof(commands); i++)
		if (word == strlen(commands[i].word) && memcmp(rest + blank, commands[i].word, word) == 0)
			return has_option(rest + blank + word, length - blank - word, "notransaction") ?
				commands[i].no_transaction : commands[i].marker;
	return MARK_UNKNOWN;
}

/*
 * dbmate: "--", spaces, "migrate:up" or "migrate:down", options; v2.35,
 * parsing.go.
 */
static MigrateMarker
dbmate_mark(MigrateLine *line)
{
	int			length;
	const char *rest = migrate_line_after(line, "--", &length);
	int			blank;
	bool		up;
	int			word;
	bool		no_transaction;

	if (rest == NULL)
		return MARK_NONE;
	blank = migrate_skip_spaces(rest, length);
	rest += blank;
	length -= blank;
	word = word_length(rest, length);
	up = word == strlen("migrate:up") && memcmp(rest, "migrate:up", word) == 0;
	if (!up && (word != strlen("migrate:down") || memcmp(rest, "migrate:down", word) != 0))
		return MARK_NONE;
	no_transaction = has_option(rest + word, length - word, "transaction:false");
	if (up)
		return no_transaction ? MARK_UP_NO_TRANSACTION : MARK_UP;
	return no_transaction ? MARK_DOWN_NO_TRANSACTION : MARK_DOWN;
}

/*
 * tern: a line between up and down; v2.4, migrate.go.
 */
static MigrateMarker
tern_mark(MigrateLine *line)
{
	int			length;
	const char *rest;

	if (find_in_line(line, "---- create above / drop below ----") != NULL)
		return MARK_DOWN;
	rest = migrate_line_after(line, "---- tern: disable-tx ----", &length);
	return rest != NULL && migrate_is_word(rest, length, "") ? MARK_NO_TRANSACTION : MARK_NONE;
}

/*
 * rambler: "-- rambler up" and "-- rambler down"; v5.4.  Any other word ends a
 * section.
 */
static MigrateMarker
rambler_mark(MigrateLine *line)
{
	int			length;
	const char *rest = migrate_line_after(line, "-- rambler", &length);

	if (rest == NULL)
		return MARK_NONE;
	if (migrate_is_word(rest, length, "up"))
		return MARK_UP;
	return migrate_is_word(rest, length, "down") ? MARK_DOWN : MARK_STOP;
}

/*
 * node-pg-migrate: "-- Up Migration" and "-- Down Migration" in any case, with
 * hyphens and spaces before; v10, sqlMigration.ts.
 */
static MigrateMarker
node_pg_mark(MigrateLine *line)
{
	const char *p = line->str;
	const char *end = line->str + line->length;
	bool		up;

	p += migrate_skip_spaces(p, end - p);
	if (end - p < 2 || memcmp(p, "--", 2) != 0)
		return MARK_NONE;
	while (p < end && strchr(" \t-", *p) != NULL)
		p++;
	up = end - p > 2 && pg_strncasecmp(p, "up", 2) == 0;
	if (!up && (end - p <= 4 || pg_strncasecmp(p, "down", 4) != 0))
		return MARK_NONE;
	p += up ? 2 : 4;
	if (migrate_skip_spaces(p, end - p) == 0)
		return MARK_NONE;
	p += migrate_skip_spaces(p, end - p);
	if (end - p < 9 || pg_strncasecmp(p, "migration", 9) != 0)
		return MARK_NONE;
	return up ? MARK_UP : MARK_DOWN;
}

/*
 * graphile-migrate 2: a committed file begins with the hash of the one before; "--!
 * no-transaction" is the first line after that header.
 */
static MigrateMarker
graphile_mark(MigrateLine *line)
{
	int			length;
	const char *rest = migrate_line_after(line, "--!", &length);

	if (rest == NULL)
		return MARK_NONE;
	if (line->number == 1 && migrate_line_after(line, "--! Previous:", &length) != NULL)
		return MARK_UP;
	return has_option(rest, length, "no-transaction") ? MARK_NO_TRANSACTION : MARK_NONE;
}

/*
 * drizzle: the separator of statements, anywhere in a line.
 */
static MigrateMarker
drizzle_mark(MigrateLine *line)
{
	static const char separator[] = "--> statement-breakpoint";
	const char *p = find_in_line(line, separator);

	if (p == NULL)
		return MARK_NONE;
	line->mark = p - line->str;
	line->mark_length = strlen(separator);
	return MARK_SEPARATOR;
}

/*
 * How tools without sections mark a file that must not run in a transaction: sqlx
 * in the first line, postgres-migrations and supabase anywhere.
 */
static MigrateMarker
plain_mark(MigrateLine *line)
{
	int			length;
	const char *rest;

	if (line->length < 2 || memcmp(line->str, "--", 2) != 0)
		return MARK_NONE;
	if (line->number == 1 && migrate_line_after(line, "-- no-transaction", &length) != NULL)
		return MARK_NO_TRANSACTION;
	if (find_in_line(line, "-- postgres-migrations disable-transaction") != NULL)
		return MARK_NO_TRANSACTION;
	rest = migrate_line_after(line, "-- supabase:disable-transaction", &length);
	return rest != NULL && migrate_is_word(rest, length, "") ? MARK_NO_TRANSACTION : MARK_NONE;
}

/*
 * Hasura: the first line says that a file must not run in a transaction (CLI v2,
 * migrate.go).
 */
static MigrateMarker
hasura_mark(MigrateLine *line)
{
	int			blank = migrate_skip_spaces(line->str, line->length);

	return line->number == 1 &&
		migrate_is_word(line->str + blank, line->length - blank, "-- hasura:no-transaction") ?
		MARK_NO_TRANSACTION : MARK_NONE;
}

/*
 * liquibase: the line that a formatted file begins with, "-- liquibase formatted",
 * in any case and with any white space; v5, FormattedSqlChangeLogParser.java.
 * What else such a file holds is for liquibase.c.
 */
static MigrateMarker
liquibase_mark(MigrateLine *line)
{
	static const char *const words[] = {"--", "liquibase", "formatted"};
	const char *p = line->str;
	const char *end = line->str + line->length;

	for (int i = 0; i < lengthof(words); i++)
	{
		int			n = strlen(words[i]);

		p += migrate_skip_spaces(p, end - p);
		if (end - p < n || pg_strncasecmp(p, words[i], n) != 0)
			return MARK_NONE;
		p += n;
	}
	return MARK_UP;
}

/*
 * Does a line begin as a comment, or one of MySQL?  All markers that identify a
 * grammar do.
 */
static bool
is_comment(const MigrateLine *line)
{
	int			blank = migrate_skip_spaces(line->str, line->length);

	return (line->length - blank >= 2 && memcmp(line->str + blank, "--", 2) == 0) ||
		(line->length > blank && line->str[blank] == '#');
}

/*
 * The index of the first of "n" grammars with a marker of a section in the text; -1
 * if none has one.
 */
int
migrate_grammar_first(const MigrateGrammar *const *grammars, int n, const char *sql)
{
	MigrateLineReader lines;
	int			found = n;

	if (n == 0)
		return -1;
	for (int i = n - 1; i >= 0; i--)
		if (grammars[i]->is_text != NULL && grammars[i]->is_text(sql))
			found = i;
	migrate_lines_start(&lines, sql, strlen(sql));
	while (migrate_lines_next(&lines))
	{
		for (int i = 0; i < found && is_comment(&lines.line); i++)
		{
			MigrateMarker marker = grammars[i]->mark ? grammars[i]->mark(&lines.line) : MARK_NONE;

			if (marker == MARK_UP || marker == MARK_UP_NO_TRANSACTION ||
				((grammars[i]->whole_file || grammars[i]->down_tells) && marker == MARK_DOWN))
				found = i;
		}
	}
	return found < n ? found : -1;
}

/*
 * Is a grammar's up marker a comment that others may write as well?
 */
bool
migrate_grammar_is_ambiguous(const MigrateGrammar *grammar)
{
	return grammar->ambiguous;
}

/*
 * Does a word speak of transactions?
 */
static bool
is_about_transactions(const char *word, int length)
{
	static const char *const parts[] = {"trans", "txn", "tx"};

	for (int i = 0; i < lengthof(parts); i++)
		for (int at = 0; at + (int) strlen(parts[i]) <= length; at++)
			if (pg_strncasecmp(word + at, parts[i], strlen(parts[i])) == 0)
				return true;
	return false;
}

/*
 * Has the line of a marker a word about transactions that its tool does not know,
 * and would take for nothing?
 */
static bool
has_other_words(const MigrateLine *line, const char *const *known, int n)
{
	const char *p = line->str;
	const char *end = line->str + line->length;

	while (p < end)
	{
		int			blank = migrate_skip_spaces(p, end - p);
		int			word = word_length(p + blank, end - p - blank);
		bool		found = false;

		for (int i = 0; i < n; i++)
			found |= word == strlen(known[i]) && memcmp(p + blank, known[i], word) == 0;
		if (!found && is_about_transactions(p + blank, word))
			return true;
		p += blank + Max(word, 1);
	}
	return false;
}

static bool
dbmate_has_odd_option(const MigrateLine *line)
{
	static const char *const known[] = {"transaction:false", "transaction:true"};

	return has_other_words(line, known, lengthof(known));
}

static bool
sql_migrate_has_odd_option(const MigrateLine *line)
{
	static const char *const known[] = {"notransaction"};

	return has_other_words(line, known, lengthof(known));
}

/*
 * The grammars.
 */
const MigrateGrammar migrate_grammar_none = {.whole_file = true};

const MigrateGrammar migrate_grammar_plain = {
	.mark = plain_mark,.whole_file = true,.no_transaction_marker = "-- no-transaction",
};

const MigrateGrammar migrate_grammar_goose = {
	.mark = goose_mark,.up_marker = "-- +goose Up",.down_marker = "-- +goose Down",
	.no_transaction_marker = "-- +goose NO TRANSACTION",
};

const MigrateGrammar migrate_grammar_updown = {
	.mark = updown_mark,.up_marker = "-- UP",.down_marker = "-- DOWN",.down_tells = true,.ambiguous = true,
};

const MigrateGrammar migrate_grammar_sql_migrate = {
	.mark = sql_migrate_mark,.up_marker = "-- +migrate Up",.down_marker = "-- +migrate Down",
	.no_transaction_marker = "-- +migrate Up notransaction",.has_odd_option = sql_migrate_has_odd_option,
	.skips_prelude = true,.repeats = true,.no_transaction_for_all = true,.any_order = true,
};

const MigrateGrammar migrate_grammar_dbmate = {
	.mark = dbmate_mark,.up_marker = "-- migrate:up",.down_marker = "-- migrate:down",
	.no_transaction_marker = "-- migrate:up transaction:false",.has_odd_option = dbmate_has_odd_option,
	.needs_down = true,.repeats = true,.down_backwards = true,
};

const MigrateGrammar migrate_grammar_tern = {
	.mark = tern_mark,.up_marker = "---- create above / drop below ----",
	.down_marker = "---- create above / drop below ----",
	.no_transaction_marker = "---- tern: disable-tx ----",.whole_file = true,
};

const MigrateGrammar migrate_grammar_rambler = {
	.mark = rambler_mark,.up_marker = "-- rambler up",.down_marker = "-- rambler down",
	.skips_prelude = true,.repeats = true,.down_backwards = true,.any_order = true,
};

const MigrateGrammar migrate_grammar_node_pg = {
	.mark = node_pg_mark,.up_marker = "-- Up Migration",.down_marker = "-- Down Migration",
	.whole_file = true,.skips_prelude = true,.any_order = true,.ambiguous = true,
};

const MigrateGrammar migrate_grammar_graphile = {
	.mark = graphile_mark,.whole_file = true,.no_transaction_marker = "--! no-transaction",
};

const MigrateGrammar migrate_grammar_hasura = {
	.mark = hasura_mark,.whole_file = true,.no_transaction_marker = "-- hasura:no-transaction",
};

const MigrateGrammar migrate_grammar_yoyo = {.is_text = migrate_is_yoyo_text,.whole_file = true};

const MigrateGrammar migrate_grammar_play = {
	.mark = migrate_play_mark,.up_marker = "-- !Ups",.down_marker = "-- !Downs",
	.skips_prelude = true,.repeats = true,.any_order = true,.doubled_semicolons = true,
};

const MigrateGrammar migrate_grammar_drizzle = {.mark = drizzle_mark,.whole_file = true};

const MigrateGrammar migrate_grammar_liquibase = {
	.mark = liquibase_mark,.up_marker = "--liquibase formatted sql",
};
