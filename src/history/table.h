/*-------------------------------------------------------------------------
 *
 * table.h
 *		Inserts and deletes rows of our tables without a statement.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/table.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_HISTORY_TABLE_H
#define MIGRATE_HISTORY_TABLE_H

#include "access/attnum.h"

#include "history/owner_query.h"
#include "util/compat.h"

/*
 * A column as the install script makes it.
 */
typedef struct MigrateColumn
{
	const char *name;
	Oid			type;
	bool		not_null;
} MigrateColumn;

#define MIGRATE_TABLE_KEYS	3

/*
 * A table as the install script makes it, and an index of it.
 */
typedef struct MigrateTableDef
{
	const char *name;
	const char *index;			/* by which rows are found, or NULL */
	AttrNumber	key[MIGRATE_TABLE_KEYS];	/* its columns, 0 for none */
	const char *sequence;		/* of the column "id", or NULL */
	const MigrateColumn *columns;	/* in their order, ended by one without a
									 * name */
} MigrateTableDef;

typedef struct MigrateTable MigrateTable;
typedef struct MigrateTableScan MigrateTableScan;

/* in table.c */
extern void migrate_write_tables(void (*body) (void *arg), void *arg);
pg_noreturn extern void migrate_refuse_table(const MigrateTableDef *def);
extern void migrate_table_require(const MigrateTableDef *def);
extern MigrateTable *migrate_table_open(const MigrateTableDef *def);
extern int64 migrate_table_next_id(const MigrateTable *table);
extern void migrate_table_insert(MigrateTable *table, const MigrateParameters *row);
extern void migrate_table_flush(MigrateTable *table);
extern bool migrate_table_is_empty(const MigrateTable *table);
extern bool migrate_table_has(MigrateTable *table, AttrNumber column, Datum value);
extern bool migrate_table_delete(MigrateTable *table, const AttrNumber *columns,
								 const Datum *values, int ncolumns);
extern void migrate_table_read(const MigrateTableDef *def, const AttrNumber *columns,
							   const Datum *values, int ncolumns,
							   void (*receive) (void *arg, const Datum *values, const bool *nulls),
							   void *arg);
extern void migrate_table_close(MigrateTable *table);
extern MigrateTableScan *migrate_table_scan_begin(const MigrateTableDef *def, const AttrNumber *columns,
												  const Datum *values, int ncolumns, bool latest);
extern const Datum *migrate_table_scan_next(MigrateTableScan *scan, const bool **nulls);
extern void migrate_table_scan_end(MigrateTableScan *scan);

#endif							/* MIGRATE_HISTORY_TABLE_H */
