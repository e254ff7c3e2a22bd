/*-------------------------------------------------------------------------
 *
 * allowance.c
 *		Comments that allow what a rule finds.
 *
 * "-- migrate: allow RULE REASON", in the lines directly above a statement.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/allowance.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rules/findings_int.h"
#include "util/lines.h"

/* this one is of the guard against misspelt markers, not of a rule */
#define MISSPELT_MARKER	"misspelt-marker"

/*
 * A comment that allows something, or means to.
 */
typedef struct Allowance
{
	const char *name;
	const char *reason;			/* NULL: none */
	bool		above;			/* the statement is directly below */
} Allowance;

static List *
add_note(List *findings, const char *message, const char *hint)
{
	return lappend(findings, migrate_new_finding(RULE_ALLOW, NOTE, NULL, message, hint));
}

/*
 * Mark the points that the current statement has left open and that a rule is about;
 * false if there are none.
 */
static bool
allow_points(MigrateForesight *foresight, const char *name)
{
	const MigrateRule *rule = migrate_find_rule(name);
	bool		used = false;
	int			n = list_length(foresight->points);

	/* they are the last ones */
	while (rule != NULL && n > 0)
	{
		OpenPoint  *point = list_nth(foresight->points, --n);

		if (point->statement != foresight->statement)
			break;
		if ((point->action & rule->actions) == 0)
			continue;
		point->allowed = used = true;
	}
	return used;
}

static MigrateFinding *
new_idle(const char *name)
{
	return migrate_new_finding(RULE_ALLOW, NOTE, NULL,
							   psprintf("rule \"%s\" finds nothing to allow here", name), "Remove the comment.");
}

/*
 * What is found about a comment that allows a misspelt marker where nothing looks like one.
 */
MigrateFinding *
migrate_idle_allowance_finding(void)
{
	return new_idle(MISSPELT_MARKER);
}

/*
 * Take what a comment allows out of the findings, or add what is wrong with it.
 */
static List *
allow(MigrateForesight *foresight, List *findings, const Allowance *allowance, List **allowed)
{
	const char *name = allowance->name;
	bool		used = false;
	ListCell   *lc;

	if (strcmp(name, MISSPELT_MARKER) != 0 && !migrate_is_rule(name))
		return add_note(findings, *name == '\0' ? pstrdup("a comment allows nothing, as it names no rule") :
						psprintf("rule \"%s\" does not exist", name),
						"docs/rules.md lists the rules.");
	if (allowance->reason == NULL)
		return add_note(findings, psprintf("rule \"%s\" is not allowed without a reason", name),
						"Write the reason after the name of the rule.");
	if (strcmp(name, MISSPELT_MARKER) == 0)
		return findings;
	if (!allowance->above)
		return add_note(findings, psprintf("rule \"%s\" is not allowed by a comment that is not directly above a statement", name),
						"Move the comment to the line above the statement, or remove it.");
	foreach(lc, findings)
	{
		if (strcmp(((MigrateFinding *) lfirst(lc))->rule, name) != 0)
			continue;
		findings = foreach_delete_current(findings, lc);
		used = true;
	}
	used |= allow_points(foresight, name);
	if (!used)
		return lappend(findings, new_idle(name));
	*allowed = lappend(*allowed, psprintf("%s %s", name, allowance->reason));
	return findings;
}

/*
 * A line that begins like such a comment and goes on with another word: the word,
 * palloc'd, else NULL.  dbmate has two of its own.
 */
static char *
unknown_word(const MigrateLine *line)
{
	const char *p = migrate_line_directive(line, "migrate:");
	const char *end = line->str + line->length;
	char	   *word;
	int			length = 0;

	if (p == NULL)
		return NULL;
	p += migrate_skip_spaces(p, end - p);
	while (p + length < end && strchr(" \t\r", p[length]) == NULL)
		length++;
	word = pnstrdup(p, length);
	if (strcmp(word, "up") == 0 || strcmp(word, "down") == 0 || strcmp(word, "allow") == 0)
		return NULL;
	return word;
}

/*
 * Is a line only a comment?
 */
static bool
is_comment(const MigrateLine *line)
{
	int			blank = migrate_skip_spaces(line->str, line->length);

	return line->length - blank >= 2 && memcmp(line->str + blank, "--", 2) == 0;
}

/*
 * The comments in a text that mean to allow something: a List of Allowance.  What is
 * wrong with any of them is added to *findings.
 */
static List *
read_allowances(const char *comments, int length, List **findings)
{
	MigrateLineReader lines;
	List	   *allowances = NIL;
	ListCell   *lc;

	migrate_lines_start(&lines, comments, length);
	while (migrate_lines_next(&lines))
	{
		Allowance  *allowance = palloc(sizeof(Allowance));
		char	   *word = unknown_word(&lines.line);

		if (word != NULL)
			*findings = add_note(*findings, psprintf("unrecognized word \"%s\" after \"migrate:\" in a comment", word),
								 "If the comment is meant to allow something, write \"-- migrate: allow RULE\" and a reason.");
		if (migrate_line_allowance(&lines.line, &allowance->name, &allowance->reason))
		{
			allowance->above = true;
			allowances = lappend(allowances, allowance);
		}
		else if (lines.next != NULL && !is_comment(&lines.line))
		{
			foreach(lc, allowances)
				((Allowance *) lfirst(lc))->above = false;
		}
	}
	return allowances;
}

/*
 * Apply the comments before a statement to the findings about it: what is left of
 * them, and what is wrong with the comments.  Arguments as migrate_findings().
 */
List *
migrate_apply_allowances(MigrateForesight *foresight, List *findings, const char *comments,
						 int length, List **allowed)
{
	ListCell   *lc;

	if (allowed == NULL)
		return findings;
	foreach(lc, read_allowances(comments, length, &findings))
		findings = allow(foresight, findings, lfirst(lc), allowed);
	return findings;
}

/*
 * What is wrong with comments that no statement follows: a List of MigrateFinding.
 */
List *
migrate_trailing_findings(const char *comments, int length)
{
	List	   *findings = NIL;
	List	   *allowed = NIL;
	ListCell   *lc;

	foreach(lc, read_allowances(comments, length, &findings))
	{
		((Allowance *) lfirst(lc))->above = false;
		findings = allow(NULL, findings, lfirst(lc), &allowed);
	}
	return findings;
}
