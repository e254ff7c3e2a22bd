/*-------------------------------------------------------------------------
 *
 * owner_query.h
 *		Statements on the tables of the schema "migrate".
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/owner_query.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_HISTORY_OWNER_QUERY_H
#define MIGRATE_HISTORY_OWNER_QUERY_H

#include "nodes/pg_list.h"

#include "history/history.h"

/* which history: the first two parameters of a statement, see migrate_bind_key() */
#define MIGRATE_KEY_TYPES	TEXTOID, TEXTOID

#define MIGRATE_KEY_MATCHES \
	"project OPERATOR(pg_catalog.=) $1 AND schema OPERATOR(pg_catalog.=) $2"
#define MIGRATE_MAX_PARAMETERS		40

/*
 * A statement, planned once in each backend.
 */
typedef struct MigrateQuery
{
	const char *sql;
	int			nargs;
	Oid			types[MIGRATE_MAX_PARAMETERS];
	const struct MigrateTableDef *table;	/* that it reads or changes; NULL:
											 * none */
	struct _SPI_plan *plan;		/* filled in at first use */
} MigrateQuery;

/*
 * The values bound to a statement, in order.
 */
typedef struct MigrateParameters
{
	int			n;
	Datum		values[MIGRATE_MAX_PARAMETERS];
	char		nulls[MIGRATE_MAX_PARAMETERS];
} MigrateParameters;

/* in owner_query.c */
extern void migrate_bind(MigrateParameters *p, Datum value);
extern void migrate_bind_null(MigrateParameters *p);
extern void migrate_bind_oids(MigrateParameters *p, List *oids);
extern void migrate_bind_key(MigrateParameters *p, const MigrateHistory *history);
extern void migrate_bind_text(MigrateParameters *p, const char *str);
extern void migrate_bind_texts(MigrateParameters *p, List *texts);
extern void migrate_bind_vars(MigrateParameters *p, List *vars);
extern void migrate_bind_name(MigrateParameters *p, const char *name);
extern void migrate_bind_sha256(MigrateParameters *p, const uint8 *sha256);
extern void migrate_bind_client_address(MigrateParameters *p);
extern void migrate_bind_duration(MigrateParameters *p, int64 microseconds);

/*
 * What a statement sees.
 */
typedef enum MigrateSnapshot
{
	SNAPSHOT_STATEMENT,			/* what SPI finds right */
	SNAPSHOT_TRANSACTION,		/* what the transaction sees */
	SNAPSHOT_LATEST,			/* what is committed, also where the
								 * transaction's own snapshot is older */
} MigrateSnapshot;

/* in owner_query.c */
extern void migrate_require_row(bool found);
extern void migrate_as_owner(bool latest, void (*body) (void *arg), void *arg);
extern void migrate_query(MigrateQuery *query, MigrateParameters *p, MigrateSnapshot which,
						  int expected, void (*receive) (void *arg), void *arg);

#endif							/* MIGRATE_HISTORY_OWNER_QUERY_H */
