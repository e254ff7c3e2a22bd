/*-------------------------------------------------------------------------
 *
 * findings_int.h
 *		Rules, and comments that allow what they find.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/findings_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RULES_FINDINGS_INT_H
#define MIGRATE_RULES_FINDINGS_INT_H

#include "rules/rules_int.h"

/* severities */
#define STOP	"stop"
#define WARN	"warn"
#define NOTE	"note"

/* names of findings that are not those of a rule */
#define RULE_NOT_KNOWN	"not-known"
#define RULE_CASCADE	"drop-cascade"
#define RULE_ALLOW		"allow"

/*
 * A rule.  What it finds is about a relation with one of the actions, or with any.
 */
typedef struct MigrateRule
{
	const char *name;
	const char *severity;
	MigrateActions actions;		/* one of these ... */
	bool		(*applies) (const MigrateForesight *foresight, const MigrateFacts *facts,
							const MigrateRelationFact *fact);	/* ... and this */
	const char *message;		/* with a %s for the relation, or what it is
								 * about, and another for a part of it */
	const char *hint;
	bool		tells_reads;	/* the message says whether it is used */
} MigrateRule;

/* in rule_table.c */
extern const MigrateRule migrate_rules[];
extern const int migrate_rules_count;
extern bool migrate_is_rule(const char *name);
extern const MigrateRule *migrate_find_rule(const char *name);
extern const MigrateRule *migrate_rule_about(MigrateActions action);

/* in findings.c */
extern MigrateFinding *migrate_new_finding(const char *rule, const char *severity, const char *relation,
										   const char *message, const char *hint);

/* in allowance.c */
extern List *migrate_apply_allowances(MigrateForesight *foresight, List *findings, const char *comments,
									  int length, List **allowed);

#endif							/* MIGRATE_RULES_FINDINGS_INT_H */
