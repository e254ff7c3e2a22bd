/*-------------------------------------------------------------------------
 *
 * doubt.c
 *		Lines of a file that look like a marker but are not one.
 *
 * After a misspelt "down" marker, the statements that undo a migration would run
 * with the others, in silence.  So a comment that has only such a word, perhaps
 * with words that tools use around it, stops a pending migration, unless the line
 * above allows it:
 *
 *		-- migrate: allow misspelt-marker REASON
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/doubt.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/varlena.h"

#include "format/doubt.h"
#include "format/format.h"
#include "script/script.h"
#include "util/lines.h"
#include "util/printable.h"

/* a comment with more letters says more than a marker */
#define MAX_LETTERS		48
/* edits that make another word of one */
#define MAX_EDITS		2

/* words that may surround the one that matters */
static const struct
{
	const char *word;
	bool		begins_marker;	/* a tool's, which writes it before the word */
}			fillers[] =

{
	{"migrations", false}, {"migration", false}, {"migrate", false}, {"goose", true},
	{"dbmate", true}, {"rambler", true}, {"sqlmigrate", false}, {"tern", false},
	{"flyway", false}, {"sqlx", false}, {"diesel", false}, {"supabase", false},
	{"postgres", false}, {"sql", false}, {"section", false}, {"script", false},
	{"part", false}, {"begin", false}, {"start", false}, {"statements", false},
	{"the", false}, {"hasura", true}, {"yoyo", true}, {"postgrator", false}, {"pop", false},
};

static const char *const downs[] = {
	"down", "downs", "rollback", "undo", "revert", "downgrade", "downrollback", "rolldown",
};

static const char *const no_transactions[] = {
	"notransaction", "notransactions", "transactionalfalse", "transactionfalse", "transactionoff", "transactionnone",
	"disabletransaction", "disabletransactions", "transactiondisable", "disabletx", "notx", "notxn",
	"nontransactional", "withouttransaction", "txmodenone", "runintransactionfalse",
	"executeintransactionfalse",
};

static bool
is_listed(const char *word, const char *const *list, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

/*
 * Take words off both ends of "letters" as long as they are fillers.
 */
static char *
without_fillers(char *letters)
{
	bool		changed = true;

	while (changed)
	{
		changed = false;
		for (int i = 0; i < lengthof(fillers); i++)
		{
			int			length = strlen(letters);
			int			n = strlen(fillers[i].word);

			if (length > n && strncmp(letters, fillers[i].word, n) == 0)
				letters += n;
			else if (length > n && strcmp(letters + length - n, fillers[i].word) == 0)
				letters[length - n] = '\0';
			else
				continue;
			changed = true;
		}
	}
	return letters;
}

/*
 * Is a word nearly one of the tools'?  Short ones are like too many.
 */
static bool
is_nearly_filler(const char *word, int length)
{
	int			edits = length < 5 ? 1 : MAX_EDITS;

	if (length < 4)
		return false;
	for (int i = 0; i < lengthof(fillers); i++)
		if (strlen(fillers[i].word) >= 5 &&
			varstr_levenshtein_less_equal(word, length, fillers[i].word, strlen(fillers[i].word), 1, 1, 1,
										  edits, true) <= edits)
			return true;
	return false;
}

/*
 * The letters of a comment without the fillers, in lower case, into "letters" of
 * MAX_LETTERS bytes; NULL if the line is not a comment, or has more text than a
 * marker would.
 */
static char *
marker_word(const MigrateLine *line, char *letters)
{
	int			blank = migrate_skip_spaces(line->str, line->length);
	const char *p = line->str + blank;
	const char *end = line->str + line->length;
	int			n = 0;
	int			word = 0;		/* where the current one begins */
	bool		first = true;

	if (end - p < 2 || (memcmp(p, "--", 2) != 0 && memcmp(p, "/*", 2) != 0))
		return NULL;
	while (end > p && strchr(" \t\r;*/", end[-1]) != NULL)
		end--;
	for (; p <= end; p++)
	{
		if (p < end && isalpha((unsigned char) *p))
		{
			if (n == MAX_LETTERS - 1)
				return NULL;
			letters[n++] = pg_tolower((unsigned char) *p);
			continue;
		}
		if (p < end && (*p == ';' || isdigit((unsigned char) *p) || IS_HIGHBIT_SET(*p)))
			return NULL;
		/* "gooose down" */
		if (first && n > word && is_nearly_filler(letters + word, n - word))
			n = word;
		first &= n == word;
		word = n;
	}
	letters[n] = '\0';
	return without_fillers(letters);
}

/*
 * Does a line say "down" or the like, and nothing else?
 */
bool
migrate_line_is_down(const MigrateLine *line)
{
	char		letters[MAX_LETTERS];
	const char *word = marker_word(line, letters);

	return word != NULL && is_listed(word, downs, lengthof(downs));
}

/*
 * Is a line that says "down" spelled as the marker of a tool is: "+goose Down",
 * "migrate:down", "!Downs"?
 */
bool
migrate_line_is_like_marker(const MigrateLine *line)
{
	for (int i = 0; i < line->length; i++)
	{
		const char *p = line->str + i;
		int			left = line->length - i;

		if (*p == '+' || (*p == '!' && left > 1 && isalpha((unsigned char) p[1])) ||
			(*p == ':' && i > 0 && left > 1 && isalpha((unsigned char) p[-1]) &&
			 isalpha((unsigned char) p[1])))
			return true;
		for (int j = 0; j < lengthof(fillers); j++)
		{
			int			n = strlen(fillers[j].word);

			if (fillers[j].begins_marker && left >= n &&
				pg_strncasecmp(p, fillers[j].word, n) == 0)
				return true;
		}
	}
	return false;
}

/*
 * Does it say "no transaction", and nothing else?
 */
bool
migrate_line_is_no_transaction(const MigrateLine *line)
{
	char		letters[MAX_LETTERS];
	const char *word = marker_word(line, letters);

	return word != NULL && is_listed(word, no_transactions, lengthof(no_transactions));
}

/*
 * Does a line allow "name" in the next one, with a reason?
 */
bool
migrate_line_allows(const MigrateLine *line, const char *name)
{
	const char *allowed;
	const char *reason;

	return migrate_line_allowance(line, &allowed, &reason) && reason != NULL && strcmp(allowed, name) == 0;
}

/*
 * The line at which a text that a tool would leave out holds statements, from 1; 0
 * for none.  Since there may be prose, only a line that has a semicolon or begins
 * like a statement counts.
 */
int
migrate_first_statement(const char *sql, int length)
{
	static const char *const verbs[] = {
		"alter", "begin", "call", "comment", "copy", "create", "delete", "do", "drop", "grant", "insert",
		"revoke", "select", "set", "truncate", "update", "with",
	};
	MigrateLineReader lines;

	if (migrate_script_is_blank(sql, length))
		return 0;
	migrate_lines_start(&lines, sql, length);
	while (migrate_lines_next(&lines))
	{
		const MigrateLine *line = &lines.line;
		int			blank = migrate_skip_spaces(line->str, line->length);
		const char *p = line->str + blank;
		int			left = line->length - blank;

		/* Play takes comments of MySQL, too */
		if (left == 0 || *p == '#' || (left >= 2 && memcmp(p, "--", 2) == 0))
			continue;
		if (memchr(p, ';', left) != NULL)
			return line->number;
		for (int i = 0; i < lengthof(verbs); i++)
		{
			int			n = strlen(verbs[i]);

			if (left > n && pg_strncasecmp(p, verbs[i], n) == 0 && strchr(" \t\r", p[n]) != NULL)
				return line->number;
		}
	}
	return 0;
}

/*
 * Remember that a file may not mean what it says; the first doubt counts.
 * "refuses" is for what must not run; "hint" may be NULL.
 */
void
migrate_add_doubt(Migration *migration, int line, bool refuses, const char *message,
				  const char *hint)
{
	MigrateDoubt *doubt;

	if (migration->doubt != NULL)
		return;
	doubt = palloc0(sizeof(MigrateDoubt));
	doubt->file = migration->file;
	doubt->line = line;
	doubt->refuses = refuses;
	doubt->message = message;
	doubt->hint = hint;
	migration->doubt = doubt;
}

/*
 * Raise the doubt about a migration: an error, 42601, if it is "pending" and the
 * doubt is one that refuses, else a WARNING.
 */
void
migrate_raise_doubt(const Migration *migration, bool pending)
{
	const MigrateDoubt *doubt = migration->doubt;

	if (doubt == NULL)
		return;
	if (pending && doubt->refuses)
		migrate_bad_file(doubt->file, doubt->line, doubt->message, doubt->hint);
	/* psql does not show the context of a warning */
	ereport(WARNING,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("%s", doubt->message),
			 errdetail("File \"%s\", line %d.", doubt->file, doubt->line),
			 doubt->hint ? errhint("%s", doubt->hint) : 0));
}
