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
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "rules/findings_int.h"

/* so many objects that CASCADE drops are named */
#define MAX_LISTED	5

MigrateFinding *
migrate_new_finding(const char *rule, const char *severity, const char *relation, const char *message,
					const char *hint)
{
	MigrateFinding *finding = palloc0(sizeof(MigrateFinding));

	finding->rule = rule;
	finding->severity = severity;
	finding->relation = relation;
	finding->message = message;
	finding->hint = hint;
	return finding;
}

static char *
message_of(const MigrateRule *rule, const MigrateRelationFact *fact)
{
	char	   *message = psprintf(rule->message, fact->name);
	char	   *size = text_to_cstring(DatumGetTextPP(DirectFunctionCall1(pg_size_pretty,
																		  Int64GetDatum(fact->bytes))));

	if (rule->tells_reads && fact->reads > 0)
		return psprintf("%s (%s, " INT64_FORMAT " %s counted)", message, size, fact->reads,
						fact->reads == 1 ? "scan" : "scans");
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
	if (!migrate_fact_is_large(fact))
		return NIL;
	for (int i = 0; i < migrate_rules_count; i++)
	{
		const MigrateRule *rule = &migrate_rules[i];

		if (rule->actions != 0 ? (fact->actions & rule->actions) == 0 : fact->lock <= AccessShareLock)
			continue;
		if (rule->applies != NULL && !rule->applies(foresight, facts, fact))
			continue;
		findings = lappend(findings, migrate_new_finding(rule->name, rule->severity, fact->name,
														 message_of(rule, fact), rule->hint));
	}
	return findings;
}

/*
 * What a rule finds about a part of a relation, or about something else.
 */
static List *
find_other(List *findings, const MigrateOtherFact *other)
{
	const MigrateRule *rule = migrate_rule_about(other->action);
	const MigrateRelationFact *fact = other->relation;

	if (fact != NULL && !migrate_fact_is_large(fact))
		return findings;
	return lappend(findings,
				   migrate_new_finding(rule->name, rule->severity, fact ? fact->name : NULL,
									   fact ? psprintf(rule->message, fact->name, other->name) :
									   psprintf(rule->message, other->name),
									   rule->hint));
}

static char *
list_cascaded(const List *cascaded)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "CASCADE also drops ");
	foreach(lc, cascaded)
	{
		if (foreach_current_index(lc) == MAX_LISTED)
			break;
		appendStringInfo(&buf, "%s%s", foreach_current_index(lc) > 0 ? ", " : "", (char *) lfirst(lc));
	}
	if (list_length(cascaded) > MAX_LISTED)
		appendStringInfo(&buf, ", and %d more", list_length(cascaded) - MAX_LISTED);
	return buf.data;
}

/*
 * Has the statement whose facts were asked for last left something open, which may
 * become a finding at the end?
 */
bool
migrate_left_open(const MigrateForesight *foresight)
{
	return foresight->points != NIL &&
		((OpenPoint *) llast(foresight->points))->statement == foresight->statement;
}

/*
 * What is found when the plan is complete: a list of MigrateFinding, in the order of
 * the statements that they are about.
 */
List *
migrate_findings_at_end(MigrateForesight *foresight)
{
	List	   *findings = NIL;
	ListCell   *lc;

	foreach(lc, foresight->points)
	{
		const OpenPoint *point = lfirst(lc);
		const MigrateRule *rule = migrate_rule_about(point->action);
		PlannedRelation *planned = NULL;
		MigrateFinding *finding;

		CHECK_FOR_INTERRUPTS();
		if (migrate_point_is_closed(foresight, point))
			continue;
		if (OidIsValid(point->relid))
			planned = migrate_planned_relation(foresight, point->relid);
		finding = migrate_new_finding(rule->name, rule->severity, planned ? planned->shown : NULL,
									  planned ? psprintf(rule->message, planned->shown, point->name) :
									  psprintf(rule->message, point->name),
									  rule->hint);
		finding->statement = point->statement;
		findings = lappend(findings, finding);
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
		if (migrate_fact_is_large(lfirst(lc)))
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

		PlannedRelation *planned;

		if (fact->lock < ShareRowExclusiveLock || !migrate_fact_is_large(fact))
			continue;
		planned = migrate_planned_relation(foresight, fact->relid);
		if (planned->held == NoLock)
			foresight->large = lappend(foresight->large, planned);
		planned->held = Max(planned->held, fact->lock);
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

		if (!fact->recursed && (fact->lock > AccessShareLock || fact->actions != 0))
			findings = list_concat(findings, find_about(foresight, facts, fact));
	}
	foreach(lc, facts->others)
		findings = find_other(findings, lfirst(lc));
	if (facts->cascaded != NIL)
		findings = lappend(findings, migrate_new_finding(RULE_CASCADE, WARN, NULL,
														 list_cascaded(facts->cascaded),
														 "Drop them by name, so that the migration says what it drops."));
	if (may_hide_something(facts))
		findings = lappend(findings, migrate_new_finding(RULE_NOT_KNOWN, NOTE, NULL,
														 psprintf("what this does is not known: %s", facts->reason), NULL));
	remember_locks(foresight, facts);
	return migrate_apply_allowances(foresight, findings, comments, length, allowed);
}

/*
 * Does a finding of this severity stop a run where migrate.on_findings asks for that?
 */
bool
migrate_severity_stops(const char *severity)
{
	return strcmp(severity, STOP) == 0;
}
