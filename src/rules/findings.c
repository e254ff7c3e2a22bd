/*-------------------------------------------------------------------------
 *
 * findings.c
 *		What the rules find.
 *
 * A rule speaks of a relation that existed before the run, has rows, and is large:
 * migrate.large_table.
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

#include "rules/findings_int.h"
#include "util/guc.h"

MigrateFinding *
migrate_new_finding(const char *rule, const char *severity, const char *relation, const char *message,
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
message_of(const MigrateRule *rule, const MigrateRelationFact *fact)
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
		return list_make1(migrate_new_finding(RULE_NOT_KNOWN, NOTE, fact->name,
											  psprintf("what this does to %s is not known: somebody has locked it or a child of it", fact->name),
											  "Check again when nobody has it locked."));
	if (!is_large(fact))
		return NIL;
	for (int i = 0; i < migrate_rules_count; i++)
	{
		const MigrateRule *rule = &migrate_rules[i];

		if (rule->actions != 0 && (fact->actions & rule->actions) == 0)
			continue;
		if (rule->applies != NULL && !rule->applies(foresight, facts, fact))
			continue;
		findings = lappend(findings, migrate_new_finding(rule->name, rule->severity, fact->name,
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
 * What the rules find about a statement: a list of MigrateFinding.  "comments" is
 * the text before it, from the end of the statement before; the comments in it that
 * allow something are added to *allowed (char *, NAME REASON), or have no effect if "allowed" is
 * NULL.
 */
List *
migrate_findings(MigrateForesight *foresight, const MigrateFacts *facts, const char *comments,
				 int length, List **allowed)
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
		findings = lappend(findings, migrate_new_finding(RULE_NOT_KNOWN, NOTE, NULL,
														 psprintf("what this does is not known: %s", facts->reason), NULL));
	remember_locks(foresight, facts);
	return migrate_apply_allowances(findings, comments, length, allowed);
}

/*
 * Does it stop a run where migrate.on_findings asks for that?
 */
bool
migrate_finding_stops(const MigrateFinding *finding)
{
	return strcmp(finding->severity, STOP) == 0;
}
