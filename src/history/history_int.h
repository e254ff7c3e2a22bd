/*-------------------------------------------------------------------------
 *
 * history_int.h
 *		What the files of this folder share, beside statements (owner_query.h).
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/history_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_HISTORY_HISTORY_INT_H
#define MIGRATE_HISTORY_HISTORY_INT_H

#include "nodes/pg_list.h"

#include "history/history.h"
#include "history/table.h"

/* in write.c */
extern const MigrateTableDef migrate_applied_table;
extern const MigrateTableDef migrate_history_table;
extern const MigrateTableDef migrate_history_by_key;

/* of its columns: the key, and what else is read without a statement */
#define HISTORY_ID			1
#define HISTORY_PROJECT		2
#define HISTORY_SCHEMA		3
#define HISTORY_BATCH		9

/* in script_store.c */
typedef struct MigrateScriptStore MigrateScriptStore;

extern MigrateScriptStore *migrate_script_store_open(int count);
extern void migrate_script_store_close(MigrateScriptStore *store);
extern void migrate_put_script(MigrateScriptStore *store, const uint8 *sha256, const char *str);
extern void migrate_store_script(const uint8 *sha256, const char *str);

/* in replace.c */
extern void migrate_replace_down(const MigrateHistory *history, const char *key,
								 const Migration *file, const char *down, List *vars,
								 bool reversible, const char *down_error,
								 const uint8 *digest);

#endif							/* MIGRATE_HISTORY_HISTORY_INT_H */
