/*-------------------------------------------------------------------------
 *
 * findings.c
 *		The table of rules, and what they find.
 *
 * A rule speaks of a relation that existed before the run, has rows, and is large:
 * migrate.large_table.  It reads facts, never the text of a statement.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/findings.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "rules/rules.h"
#include "rules/rules_int.h"
#include "util/guc.h"
#include "util/lines.h"

#define STOP	"stop"
#define WARN	"warn"
#define NOTE	"note"

typedef struct Rule
{
	const char *name;
	const char *severity;
	int			actions;		/* one of these ... */
	bool		(*applies) (const MigrateForesight *foresight, const MigrateFacts *facts,
							const MigrateRelationFact *fact);	/* ... and this */
	const char *message;		/* with a %s for the relation */
	const char *hint;
} Rule;

static bool
is_locked_before(const MigrateForesight *foresight, const MigrateRelationFact *fact)
{
	return list_member_oid(foresight->large, fact->relid);
}

static bool
waits_without_limit(const MigrateForesight *foresight, const MigrateFacts *facts,
					const MigrateRelationFact *fact)
{
	return fact->lock == AccessExclusiveLock && facts->lock_timeout == 0 &&
		!is_locked_before(foresight, fact);
}

static bool
locks_another(const MigrateForesight *foresight, const MigrateFacts *facts,
			  const MigrateRelationFact *fact)
{
	return fact->lock >= ShareRowExclusiveLock && foresight->large != NIL &&
		!is_locked_before(foresight, fact);
}

static bool
holds_locks(const MigrateForesight *foresight, const MigrateFacts *facts,
			const MigrateRelationFact *fact)
{
	return foresight->large != NIL;
}

static bool
holds_no_locks(const MigrateForesight *foresight, const MigrateFacts *facts,
			   const MigrateRelationFact *fact)
{
	return foresight->large == NIL;
}

static const Rule rules[] = {
	{
		"create-index", STOP, ACTION_INDEX, NULL,
		"writes to %s wait while an index is built",
		"Use CREATE INDEX CONCURRENTLY, in a migration without a transaction."
	},
	{
		"drop-index", WARN, ACTION_DROP_INDEX, NULL,
		"dropping an index locks out reads of %s",
		"Use DROP INDEX CONCURRENTLY, in a migration without a transaction."
	},
	{
		"reindex", STOP, ACTION_REINDEX, NULL,
		"writes to %s wait while indexes are built",
		"Use REINDEX CONCURRENTLY, in a migration without a transaction."
	},
	{
		"add-key", STOP, ACTION_KEY, NULL,
		"reads and writes of %s wait while the index of a constraint is built",
		"Use CREATE UNIQUE INDEX CONCURRENTLY, and add the constraint with USING INDEX."
	},
	{
		"add-key-nullable", STOP, ACTION_KEY_NULLABLE, NULL,
		"reads and writes of %s wait while the columns of the primary key are checked for nulls",
		"Make the columns NOT NULL first, in the way of rule set-not-null."
	},
	{
		"add-exclusion", STOP, ACTION_EXCLUDE, NULL,
		"reads and writes of %s wait while an exclusion constraint is built and checked",
		"Run it at a time of low load; there is no concurrent way."
	},
	{
		"add-foreign-key", STOP, ACTION_FOREIGN_KEY, NULL,
		"writes to %s wait while a foreign key is checked",
		"Add it with NOT VALID, and use VALIDATE CONSTRAINT in a later migration."
	},
	{
		"lock-referenced", NOTE, ACTION_REFERENCED | ACTION_LOCKS_REFERENCED, NULL,
		"a foreign key locks out writes to %s, to which it refers",
		"Add it in a migration of its own, with lock_timeout set."
	},
	{
		"drop-foreign-key", WARN, ACTION_DROP_FOREIGN_KEY, NULL,
		"dropping a foreign key locks out reads of %s as well, the other table of it",
		"Drop it in a migration of its own, with lock_timeout set."
	},
	{
		"add-check", STOP, ACTION_CHECK, NULL,
		"reads and writes of %s wait while a CHECK constraint is checked",
		"Add it with NOT VALID, and use VALIDATE CONSTRAINT in a later migration."
	},
	{
		"set-not-null", STOP, ACTION_NOT_NULL, NULL,
		"reads and writes of %s wait while a column is checked for nulls",
		"Add CHECK (column IS NOT NULL) NOT VALID, validate it in a later migration, then SET NOT NULL."
	},
	{
		"add-not-null", STOP, ACTION_ADD_NOT_NULL, NULL,
		"a new NOT NULL column without a default fails, because %s has rows",
		"Give it a default, or add it without NOT NULL first."
	},
	{
		"rewrite-default", STOP, ACTION_DEFAULT, NULL,
		"%s is rewritten to store the values of a column",
		"Add the column without the default, then SET DEFAULT, and fill it in batches."
	},
	{
		"rewrite-type", STOP, ACTION_TYPE, NULL,
		"%s is rewritten to change the type of a column",
		"Add a column of the new type, fill it in batches, and exchange the two."
	},
	{
		"recheck-type", STOP, ACTION_TYPE_CHECKS, NULL,
		"reads and writes of %s wait while indexes or checks are made for the new type of a column",
		"Drop them before; make indexes CONCURRENTLY and constraints NOT VALID after it."
	},
	{
		"rewrite-table", STOP, ACTION_STORAGE, NULL,
		"%s is rewritten while reads and writes wait",
		"Run it at a time of low load, or use an extension that rewrites tables concurrently."
	},
	{
		"attach-partition", STOP, ACTION_ATTACH, NULL,
		"%s is scanned for rows outside of its partition",
		"Add a CHECK constraint that implies the partition's bounds first, with NOT VALID, and validate it."
	},
	{
		"detach-partition", WARN, ACTION_DETACH, NULL,
		"detaching a partition locks out reads of %s",
		"Use DETACH PARTITION CONCURRENTLY, in a migration without a transaction."
	},
	{
		"drop-column", WARN, ACTION_DROP_COLUMN, NULL,
		"the values of a column of %s are lost",
		"Drop it in a later release than the one that stops using it."
	},
	{
		"drop-table", WARN, ACTION_DROP_TABLE, NULL,
		"the rows of %s are lost",
		"Drop it in a later release than the one that stops using it."
	},
	{
		"truncate", WARN, ACTION_TRUNCATE, NULL,
		"the rows of %s are lost",
		"Check that nothing needs them."
	},
	{
		"refresh", WARN, ACTION_REFRESH, NULL,
		"reads of %s wait while it is filled",
		"Use REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index."
	},
	{
		"domain", STOP, ACTION_DOMAIN, NULL,
		"writes to %s wait while its columns of a domain are checked",
		"Add the constraint of the domain with NOT VALID, and validate it at a time of low load."
	},
	{
		"validate-same-transaction", WARN, ACTION_VALIDATE_SAME, NULL,
		"a constraint of %s is validated in the transaction that adds it, and its lock stays until the end",
		"Use VALIDATE CONSTRAINT in a later migration."
	},
	{
		"change-all-rows", WARN, ACTION_CHANGE_ALL, holds_no_locks,
		"all rows of %s are scanned, and may change, in one transaction",
		"Change them in batches, each in a transaction of its own."
	},
	{
		"change-all-rows-locked", STOP, ACTION_CHANGE_ALL, holds_locks,
		"all rows of %s are scanned, and may change, while locks of this transaction are held",
		"Change them in batches, in another migration."
	},
	{
		"lock-timeout", WARN, 0, waits_without_limit,
		"while it waits for its lock, others that use %s wait, too, and lock_timeout is not set",
		"Set lock_timeout."
	},
	{
		"several-tables", WARN, 0, locks_another,
		"%s is locked by a transaction that has locked another table",
		"Divide the migration, so that each transaction locks one table."
	},
};

#define NOT_KNOWN	"not-known"
#define ALLOW		"allow"

static bool
is_rule(const char *name)
{
	for (int i = 0; i < lengthof(rules); i++)
		if (strcmp(rules[i].name, name) == 0)
			return true;
	return strcmp(name, NOT_KNOWN) == 0;
}

static MigrateFinding *
new_finding(const char *rule, const char *severity, const char *relation, char *message,
			const char *hint)
{
	MigrateFinding *finding = palloc(sizeof(MigrateFinding));

	finding->rule = rule;
	finding->severity = severity;
	finding->relation = relation;
	finding->message = message;
	finding->hint = hint;
	return finding;
}

static bool
is_large(const MigrateRelationFact *fact)
{
	return fact->known && !fact->emptied && fact->bytes > 0 &&
		fact->bytes >= (int64) migrate_large_table * 1024;
}

static char *
message_of(const Rule *rule, const MigrateRelationFact *fact)
{
	char	   *message = psprintf(rule->message, fact->name);
	char	   *size = text_to_cstring(DatumGetTextPP(DirectFunctionCall1(pg_size_pretty,
																		  Int64GetDatum(fact->bytes))));

	return psprintf("%s (%s)", message, size);
}

/*
 * What all rules find about a relation.
 */
static List *
find_about(MigrateForesight *foresight, const MigrateFacts *facts, const MigrateRelationFact *fact)
{
	List	   *findings = NIL;

	if (!fact->known)
		return list_make1(new_finding(NOT_KNOWN, NOTE, fact->name,
									  psprintf("what this does to %s is not known: somebody has locked it or a child of it", fact->name),
									  "Check again when nobody has it locked."));
	if (!is_large(fact))
		return NIL;
	for (int i = 0; i < lengthof(rules); i++)
	{
		const Rule *rule = &rules[i];

		if (rule->actions != 0 && (fact->actions & rule->actions) == 0)
			continue;
		if (rule->applies != NULL && !rule->applies(foresight, facts, fact))
			continue;
		findings = lappend(findings, new_finding(rule->name, rule->severity, fact->name,
												 message_of(rule, fact), rule->hint));
	}
	return findings;
}

/*
 * Is there something that only running a statement shows, and that may matter?
 */
static bool
may_hide_something(const MigrateFacts *facts)
{
	ListCell   *lc;

	if (facts->known)
		return false;
	foreach(lc, facts->relations)
	{
		if (is_large(lfirst(lc)))
			return true;
	}
	return facts->relations == NIL;
}

/*
 * Remember the locks on large relations for the rest of the transaction.
 */
static void
remember_locks(MigrateForesight *foresight, const MigrateFacts *facts)
{
	MemoryContext old = MemoryContextSwitchTo(foresight->context);
	ListCell   *lc;

	foreach(lc, facts->relations)
	{
		const MigrateRelationFact *fact = lfirst(lc);

		if (fact->lock >= ShareRowExclusiveLock && is_large(fact))
			foresight->large = list_append_unique_oid(foresight->large, fact->relid);
	}
	MemoryContextSwitchTo(old);
}

/*
 * Take what a comment allows out of the findings, or add what is wrong with it.
 */
static List *
allow(List *findings, const char *name, bool has_reason)
{
	bool		used = false;
	ListCell   *lc;

	if (strcmp(name, "misspelt-marker") == 0)
		return findings;
	if (!is_rule(name))
		return lappend(findings, new_finding(ALLOW, NOTE, NULL,
											 psprintf("rule \"%s\" does not exist", name),
											 "docs/rules.md lists the rules."));
	if (!has_reason)
		return lappend(findings, new_finding(ALLOW, NOTE, NULL,
											 psprintf("rule \"%s\" is not allowed without a reason", name),
											 "Write the reason after the name of the rule."));
	foreach(lc, findings)
	{
		if (strcmp(((MigrateFinding *) lfirst(lc))->rule, name) != 0)
			continue;
		findings = foreach_delete_current(findings, lc);
		used = true;
	}
	if (used)
		return findings;
	return lappend(findings, new_finding(ALLOW, NOTE, NULL,
										 psprintf("rule \"%s\" finds nothing to allow here", name),
										 "Remove the comment."));
}

/*
 * Apply the comments directly above a statement.
 */
static List *
apply_allowances(List *findings, const char *comments, int length)
{
	MigrateLineReader lines;
	List	   *names = NIL;
	List	   *reasons = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	migrate_lines_start(&lines, comments, length);
	while (migrate_lines_next(&lines))
	{
		char	   *name;
		bool		has_reason;
		int			blank = migrate_skip_spaces(lines.line.str, lines.line.length);

		if (migrate_line_allowance(&lines.line, &name, &has_reason))
		{
			names = lappend(names, name);
			reasons = lappend_int(reasons, has_reason);
		}
		else if (lines.next != NULL &&
				 !(lines.line.length - blank >= 2 && memcmp(lines.line.str + blank, "--", 2) == 0))
			names = reasons = NIL;	/* not directly above */
	}
	forboth(lc, names, lc2, reasons)
		findings = allow(findings, lfirst(lc), lfirst_int(lc2));
	return findings;
}

/*
 * What the rules find about a statement: a list of MigrateFinding.  "comments" is
 * the text before it, from the end of the statement before.
 */
List *
migrate_findings(MigrateForesight *foresight, const MigrateFacts *facts, const char *comments,
				 int length)
{
	List	   *findings = NIL;
	ListCell   *lc;

	foreach(lc, facts->relations)
	{
		const MigrateRelationFact *fact = lfirst(lc);

		if (!fact->recursed && fact->lock > AccessShareLock)
			findings = list_concat(findings, find_about(foresight, facts, fact));
	}
	if (may_hide_something(facts))
		findings = lappend(findings, new_finding(NOT_KNOWN, NOTE, NULL,
												 psprintf("what this does is not known: %s", facts->reason), NULL));
	remember_locks(foresight, facts);
	return apply_allowances(findings, comments, length);
}
