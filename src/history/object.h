/*-------------------------------------------------------------------------
 *
 * object.h
 *		The objects that the last run has recorded: migrate.object.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/object.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_HISTORY_OBJECT_H
#define MIGRATE_HISTORY_OBJECT_H

#include "nodes/pg_list.h"

#include "history/history.h"

/*
 * An object of the database.
 */
typedef struct MigrateObject
{
	const char *kind;
	const char *name;
	const char *definition;
} MigrateObject;

typedef struct MigrateObjectScan MigrateObjectScan;

/* in object.c */
extern MigrateObjectScan *migrate_object_scan_begin(bool latest);
extern const char *migrate_object_scan_server(const MigrateObjectScan *scan);
extern const MigrateObject *migrate_object_scan_next(MigrateObjectScan *scan);
extern void migrate_object_scan_end(MigrateObjectScan *scan);
extern void migrate_record_object_changes(const MigrateHistory *history, List *gone, List *found);
extern void migrate_record_object_server(const MigrateHistory *history, bool exists);

#endif							/* MIGRATE_HISTORY_OBJECT_H */
