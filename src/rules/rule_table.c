/*-------------------------------------------------------------------------
 *
 * rule_table.c
 *		The table of rules.
 *
 * A rule reads facts, never the text of a statement.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/rule_table.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rules/findings_int.h"

static bool
waits_without_limit(const MigrateForesight *foresight, const MigrateFacts *facts,
					const MigrateRelationFact *fact)
{
	return fact->lock >= ShareRowExclusiveLock && facts->lock_timeout == 0 && fact->held < fact->lock;
}

static bool
locks_another(const MigrateForesight *foresight, const MigrateFacts *facts,
			  const MigrateRelationFact *fact)
{
	return fact->lock >= ShareRowExclusiveLock && foresight->large != NIL &&
		fact->held == NoLock;
}

static bool
holds_locks(const MigrateForesight *foresight, const MigrateFacts *facts,
			const MigrateRelationFact *fact)
{
	return foresight->large != NIL;
}

/*
 * It reads all rows while others wait for what the transaction has locked before: another
 * large relation, or the same with a stronger lock.
 */
static bool
holds_others(const MigrateForesight *foresight, const MigrateFacts *facts,
			 const MigrateRelationFact *fact)
{
	if (!fact->scanned || (fact->actions & (ACTION_CHANGE_ALL | ACTION_VALIDATE_SAME | ACTION_ADD_NOT_NULL)) != 0)
		return false;
	if (fact->held > fact->lock)
		return true;
	return list_length(foresight->large) > (fact->held != NoLock ? 1 : 0);
}

static bool
holds_no_locks(const MigrateForesight *foresight, const MigrateFacts *facts,
			   const MigrateRelationFact *fact)
{
	return foresight->large == NIL;
}

const MigrateRule migrate_rules[] = {
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
		"Drop it in a later release than the one that stops using it.", true
	},
	{
		"drop-table", WARN, ACTION_DROP_TABLE, NULL,
		"the rows of %s are lost",
		"Drop it in a later release than the one that stops using it.", true
	},
	{
		"truncate", WARN, ACTION_TRUNCATE, NULL,
		"the rows of %s are lost",
		"Check that nothing needs them.", true
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
		"while it waits for its lock, others wait for %s, too, and lock_timeout is not set",
		"Set lock_timeout."
	},
	{
		"several-tables", WARN, 0, locks_another,
		"%s is locked by a transaction that has locked another table",
		"Divide the migration, so that each transaction locks one table."
	},
	{
		"lock-window", WARN, 0, holds_others,
		"%s is scanned while locks that the transaction has taken before are held",
		"Divide the migration, so that what takes long has no locks of other statements."
	},
	{
		"several-scans", NOTE, ACTION_SCANS_AGAIN, NULL,
		"%s is scanned by several statements of a transaction",
		"One ALTER TABLE with all of the actions scans it once."
	},
	{
		"rename", WARN, ACTION_RENAME, NULL,
		"%s, its schema or a column gets another name, and statements with the old one fail",
		"Let a view or a generated column have the old name, or deploy the application in the same moment.", true
	},
	{
		"autovacuum-off", WARN, ACTION_AUTOVACUUM_OFF, NULL,
		"autovacuum no longer works on %s",
		"Change its thresholds instead."
	},
	{
		"grant-public", WARN, ACTION_GRANT_PUBLIC, NULL,
		"all roles get privileges on %s that they did not have",
		"Grant them to the roles that need them."
	},
	{
		"drop-used-index", WARN, ACTION_DROP_USED_INDEX, NULL,
		"an index of %s, %s, has been used by queries since statistics were reset",
		"Look at pg_stat_user_indexes over a longer time before dropping it."
	},
	{
		"view-owner", WARN, ACTION_OWNER_VIEW, NULL,
		"row security of %s does not hold for users of view %s, which reads it as its owner",
		"Create the view WITH (security_invoker)."
	},
	{
		"definer-path", WARN, ACTION_DEFINER, NULL,
		"function %s runs as its owner, with the search_path of its caller",
		"Add SET search_path to the function, with pg_temp as the last schema."
	},
	{
		"long-name", NOTE, ACTION_LONG_NAME, NULL,
		"a name is too long and is cut to %s",
		"Use a name of less than 64 bytes."
	},
	{
		"extension-update", NOTE, ACTION_EXTENSION, NULL,
		"extension %s is changed by a script of its own, which may lock tables",
		"Read the notes about its new version."
	},
	{
		"foreign-key-index", NOTE, ACTION_UNINDEXED_KEY, NULL,
		"no index of %s begins with the columns of a new foreign key, so that deleting from the other table scans it",
		"Add an index on the columns."
	},
	{
		"duplicate-index", NOTE, ACTION_DUPLICATE_INDEX, NULL,
		"a new index of %s has the same columns as %s",
		"Drop one of them."
	},
	{
		"no-primary-key", WARN, ACTION_NO_KEY, NULL,
		"%s loses its primary key",
		"Add another one."
	},
	{
		"replica-identity", STOP, ACTION_NO_IDENTITY, NULL,
		"updates and deletes in %s fail, because it is published and has no replica identity any more",
		"Add a primary key in the same transaction, or set another REPLICA IDENTITY first."
	},
	{
		"hidden-rows", WARN, ACTION_HIDES_ROWS, NULL,
		"%s gets row security without a policy, so that roles other than its owner find no rows",
		"Create policies in the same transaction."
	},
	{
		"idle-policy", NOTE, ACTION_POLICY_OFF, NULL,
		"%s gets a policy that has no effect, since row security is not enabled",
		"Use ALTER TABLE ... ENABLE ROW LEVEL SECURITY."
	},
	{
		"lost-statistics", NOTE, ACTION_STATISTICS, NULL,
		"%s has no statistics of columns with a new type until it is analyzed",
		"Use ANALYZE in the same migration."
	},
	{
		"invalid-index", NOTE, ACTION_INVALID_INDEX, NULL,
		"%s has an INVALID index, %s, which writes maintain and no query uses",
		"Drop it, or use REINDEX INDEX CONCURRENTLY."
	},
	{
		"not-validated", NOTE, ACTION_NOT_VALID, NULL,
		"%s has a constraint that is not validated, %s",
		"Use VALIDATE CONSTRAINT."
	},
	{
		"other-owner", NOTE, ACTION_OTHER_OWNER, NULL,
		"new table %s has another owner than the tables of its schema",
		"Run the migration as their owner, or use SET ROLE in it."
	},
};

const int	migrate_rules_count = lengthof(migrate_rules);

/*
 * The rule with a name, or NULL.
 */
const MigrateRule *
migrate_find_rule(const char *name)
{
	for (int i = 0; i < migrate_rules_count; i++)
		if (strcmp(migrate_rules[i].name, name) == 0)
			return &migrate_rules[i];
	return NULL;
}

/*
 * The rule about an action that only one is about.
 */
const MigrateRule *
migrate_rule_about(MigrateActions action)
{
	for (int i = 0; i < migrate_rules_count; i++)
		if ((migrate_rules[i].actions & action) != 0)
			return &migrate_rules[i];
	elog(ERROR, "no rule is about action " UINT64_FORMAT, action);
}

/*
 * Is it the name of a rule, or of another kind of finding?
 */
bool
migrate_is_rule(const char *name)
{
	return migrate_find_rule(name) != NULL || strcmp(name, RULE_NOT_KNOWN) == 0 ||
		strcmp(name, RULE_CASCADE) == 0;
}
