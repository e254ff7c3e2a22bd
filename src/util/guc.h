/*-------------------------------------------------------------------------
 *
 * guc.h
 *		Settings.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/guc.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_UTIL_GUC_H
#define MIGRATE_UTIL_GUC_H

typedef enum MigrateOnModified
{
	ON_MODIFIED_ERROR,
	ON_MODIFIED_WARN,
	ON_MODIFIED_IGNORE,
} MigrateOnModified;

typedef enum MigrateOutOfOrder
{
	OUT_OF_ORDER_ERROR,
	OUT_OF_ORDER_APPLY,
} MigrateOutOfOrder;

typedef enum MigrateOnFindings
{
	ON_FINDINGS_IGNORE,
	ON_FINDINGS_WARN,
	ON_FINDINGS_ERROR,
	ON_FINDINGS_STRICT,
} MigrateOnFindings;

typedef enum MigrateLockWait
{
	LOCK_WAIT_QUEUE,
	LOCK_WAIT_POLL,
} MigrateLockWait;

typedef enum MigrateVerifyScripts
{
	VERIFY_SCRIPTS_AUTO,		/* as the tool's settings file says */
	VERIFY_SCRIPTS_ON,
	VERIFY_SCRIPTS_OFF,
} MigrateVerifyScripts;

typedef enum MigrateTopLevelBy
{
	TOP_LEVEL_SESSION,
	TOP_LEVEL_WORKER,
} MigrateTopLevelBy;

/* in init.c */
extern char *migrate_directory;
extern char *migrate_allowed_directories;
extern int	migrate_on_modified;
extern int	migrate_out_of_order;
extern char *migrate_contexts;
extern char *migrate_labels;
extern char *migrate_notify_channel;
extern bool migrate_keep_in_step;
extern bool migrate_callbacks_always;
extern int	migrate_verify_scripts;
extern int	migrate_lock_retries;
extern int	migrate_lock_retry_delay;
extern int	migrate_lock_wait;
extern int	migrate_lock_poll_limit;
extern int	migrate_top_level;
extern int	migrate_large_table;
extern int	migrate_on_findings;
extern bool migrate_record_objects;
extern bool migrate_allow_sync;
extern char *migrate_schema_path;

#endif							/* MIGRATE_UTIL_GUC_H */
