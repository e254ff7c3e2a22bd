/*-------------------------------------------------------------------------
 *
 * actions.h
 *		What statements do, as far as rules ask for it.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/actions.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RULES_ACTIONS_H
#define MIGRATE_RULES_ACTIONS_H

/*
 * What a statement does to a relation.  A bit is set only if it costs what its rule
 * says: ACTION_NOT_NULL if rows are scanned for it.
 */
typedef uint64 MigrateActions;

#define MIGRATE_ACTION(bit)	(UINT64CONST(1) << (bit))
#define ACTION_INDEX			MIGRATE_ACTION(0)	/* builds an index while
													 * writes wait */
#define ACTION_DROP_INDEX		MIGRATE_ACTION(1)
#define ACTION_REINDEX			MIGRATE_ACTION(2)
#define ACTION_KEY				MIGRATE_ACTION(3)	/* builds the index of a
													 * constraint */
#define ACTION_KEY_NULLABLE		MIGRATE_ACTION(4)	/* primary key, its
													 * columns are checked */
#define ACTION_EXCLUDE			MIGRATE_ACTION(5)
#define ACTION_FOREIGN_KEY		MIGRATE_ACTION(6)	/* checks one */
#define ACTION_REFERENCED		MIGRATE_ACTION(7)	/* the other table of it */
#define ACTION_LOCKS_REFERENCED	MIGRATE_ACTION(8)	/* likewise, without a
													 * check */
#define ACTION_DROP_FOREIGN_KEY	MIGRATE_ACTION(9)	/* the other table */
#define ACTION_CHECK			MIGRATE_ACTION(10)
#define ACTION_NOT_NULL			MIGRATE_ACTION(11)
#define ACTION_ADD_NOT_NULL		MIGRATE_ACTION(12)	/* a column without a
													 * value */
#define ACTION_DEFAULT			MIGRATE_ACTION(13)	/* rewrites for new values */
#define ACTION_TYPE				MIGRATE_ACTION(14)	/* rewrites for another
													 * type */
#define ACTION_TYPE_CHECKS		MIGRATE_ACTION(15)	/* only indexes and checks */
#define ACTION_STORAGE			MIGRATE_ACTION(16)	/* rewrites the same rows */
#define ACTION_ATTACH			MIGRATE_ACTION(17)	/* scans the partition */
#define ACTION_DETACH			MIGRATE_ACTION(18)
#define ACTION_DROP_COLUMN		MIGRATE_ACTION(19)
#define ACTION_DROP_TABLE		MIGRATE_ACTION(20)
#define ACTION_TRUNCATE			MIGRATE_ACTION(21)
#define ACTION_REFRESH			MIGRATE_ACTION(22)
#define ACTION_DOMAIN			MIGRATE_ACTION(23)	/* checks its columns of a
													 * domain */
#define ACTION_VALIDATE_SAME	MIGRATE_ACTION(24)	/* in the transaction that
													 * added it */
#define ACTION_CHANGE_ALL		MIGRATE_ACTION(25)	/* UPDATE or DELETE that
													 * scans all */
#define ACTION_RENAME			MIGRATE_ACTION(26)	/* it, or a column */
#define ACTION_AUTOVACUUM_OFF	MIGRATE_ACTION(27)
#define ACTION_GRANT_PUBLIC		MIGRATE_ACTION(28)	/* which it had not */
#define ACTION_SCANS_AGAIN		MIGRATE_ACTION(29)	/* in this transaction,
													 * like a statement before */

/* in MigrateOtherFact */
#define ACTION_DROP_USED_INDEX	MIGRATE_ACTION(32)
#define ACTION_OWNER_VIEW		MIGRATE_ACTION(33)	/* reads a table whose row
													 * security it passes over */
#define ACTION_DEFINER			MIGRATE_ACTION(34)	/* without a search_path */
#define ACTION_LONG_NAME		MIGRATE_ACTION(35)
#define ACTION_EXTENSION		MIGRATE_ACTION(36)

/* decided at the end of the plan, see open_point.c */
#define ACTION_UNINDEXED_KEY	MIGRATE_ACTION(40)	/* foreign key without an
													 * index */
#define ACTION_DUPLICATE_INDEX	MIGRATE_ACTION(41)
#define ACTION_NO_KEY			MIGRATE_ACTION(42)	/* the primary key is
													 * dropped */
#define ACTION_NO_IDENTITY		MIGRATE_ACTION(43)	/* published, updates fail */
#define ACTION_HIDES_ROWS		MIGRATE_ACTION(44)	/* row security without a
													 * policy */
#define ACTION_POLICY_OFF		MIGRATE_ACTION(45)	/* policy without row
													 * security */
#define ACTION_STATISTICS		MIGRATE_ACTION(46)	/* of a column are lost */
#define ACTION_INVALID_INDEX	MIGRATE_ACTION(47)	/* is there, and stays */
#define ACTION_NOT_VALID		MIGRATE_ACTION(48)	/* a constraint, likewise */
#define ACTION_OTHER_OWNER		MIGRATE_ACTION(49)	/* new table */

#endif							/* MIGRATE_RULES_ACTIONS_H */
