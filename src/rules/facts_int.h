/*-------------------------------------------------------------------------
 *
 * facts_int.h
 *		The kinds of statements.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/rules/facts_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RULES_FACTS_INT_H
#define MIGRATE_RULES_FACTS_INT_H

#include "rules/rules_int.h"

/* in statement.c */
extern void migrate_facts_statement(Producer *producer, Node *node);

/* in long_name.c */
extern void migrate_facts_names(Producer *producer, const char *query);

/* in drop.c */
extern void migrate_facts_drop(Producer *producer, const DropStmt *stmt);
extern void migrate_facts_truncate(Producer *producer, const TruncateStmt *stmt);
extern void migrate_facts_rename(Producer *producer, const RenameStmt *stmt);
extern void migrate_facts_set_schema(Producer *producer, const AlterObjectSchemaStmt *stmt);

/* in index.c */
extern void migrate_facts_index(Producer *producer, const IndexStmt *stmt);
extern void migrate_facts_reindex(Producer *producer, const ReindexStmt *stmt);

/* in volume.c */
extern void migrate_facts_volume(Producer *producer, Node *node);

/* in domain.c */
extern void migrate_facts_domain(Producer *producer, const AlterDomainStmt *stmt);

/* in rows.c */
extern void migrate_facts_rows(Producer *producer, const RangeVar *relation, const Node *where);
extern void migrate_facts_of_view(Producer *producer, Oid view, LOCKMODE lock, bool scans);
extern void migrate_facts_refresh(Producer *producer, const RefreshMatViewStmt *stmt);

#endif							/* MIGRATE_RULES_FACTS_INT_H */
