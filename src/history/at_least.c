/*-------------------------------------------------------------------------
 *
 * at_least.c
 *		Whether a version is applied.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/at_least.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "format/format.h"
#include "history/history.h"
#include "history/history_int.h"
#include "history/owner_query.h"

/* the version as given, without leading zeros if it is a number, and as Flyway's key */
static MigrateQuery version_query = {
	"SELECT NULL::pg_catalog.text FROM migrate.applied"
	" WHERE " MIGRATE_KEY_MATCHES
	" AND state OPERATOR(pg_catalog.=) 'applied'"
	" AND (version OPERATOR(pg_catalog.=) $3 OR sort_key OPERATOR(pg_catalog.=) $5"
	" OR (version OPERATOR(pg_catalog.~) '^[0-9]+$' AND pg_catalog.ltrim(version, '0') OPERATOR(pg_catalog.=) $4))"
	" LIMIT 1",
	5, {MIGRATE_KEY_TYPES, TEXTOID, TEXTOID, TEXTOID},
	&migrate_applied_table
};

static void
note_found(void *arg)
{
	*(bool *) arg = SPI_processed > 0;
}

/*
 * Is that version applied, in any form in which it is the same, and not interrupted?
 */
bool
migrate_history_has_version(const MigrateHistory *history, const char *version)
{
	MigrateParameters p;
	char	   *dotted = pstrdup(version);
	size_t		digits = strspn(version, "0123456789");
	bool		found = false;

	for (char *c = dotted; *c != '\0'; c++)
		if (*c == '_')
			*c = '.';

	migrate_bind_key(&p, history);
	migrate_bind_text(&p, version);
	migrate_bind_text(&p, digits > 0 && version[digits] == '\0' ? version + strspn(version, "0") : NULL);
	migrate_bind_text(&p, digits > 0 && dotted[strspn(dotted, "0123456789.")] == '\0' && strstr(dotted, "..") == NULL ?
					  migrate_dotted_key(dotted) : NULL);
	CommandCounterIncrement();
	migrate_query(&version_query, &p, SNAPSHOT_STATEMENT, SPI_OK_SELECT, note_found, &found);
	return found;
}
