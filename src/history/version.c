/*-------------------------------------------------------------------------
 *
 * version.c
 *		Are the library and what the database has of the extension of one version?
 *
 * They differ between an upgrade of the packages and ALTER EXTENSION ... UPDATE, in a
 * session that has loaded the library before it was replaced, and on a standby whose
 * packages are older than those of the primary.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/version.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "history/history.h"
#include "util/printable.h"

/*
 * The version of the extension in this database, palloc'd; NULL if it has none.
 *
 * No cache of the server has it, and an update invalidates nothing that we could keep it
 * with.  The table has a page in most databases, and an index would be one more
 * relation to open in a new session.
 */
static char *
installed_version(void)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *version = NULL;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("migrate"));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(rel),
										 &isnull);

		version = TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return version;
}

/*
 * Is version a, such as "1.10", before version b, such as "1.9"?
 */
static bool
is_before(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0')
	{
		char	   *a_end;
		char	   *b_end;
		unsigned long x = strtoul(a, &a_end, 10);
		unsigned long y = strtoul(b, &b_end, 10);

		if (x != y)
			return x < y;
		a = a_end + (*a_end != '\0');
		b = b_end + (*b_end != '\0');
	}
	return *a == '\0' && *b != '\0';
}

static void
compare_versions(int elevel)
{
	char	   *installed = installed_version();

	if (installed == NULL || strcmp(installed, MIGRATE_VERSION) == 0)
		return;
	ereport(elevel,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("extension \"migrate\" has version %s in this database, and its library has version %s",
					migrate_shown(installed), MIGRATE_VERSION),
			 is_before(installed, MIGRATE_VERSION) ?
			 errhint("Use ALTER EXTENSION migrate UPDATE.") :
			 errhint("Connect again: this session may have loaded the library before it was replaced. Otherwise, install version %s on this server.",
					 migrate_shown(installed))));
}

/*
 * For a routine that changes nothing: a WARNING if the versions differ.  It works as
 * long as the tables have the columns that it reads.
 */
void
migrate_warn_version(void)
{
	compare_versions(WARNING);
}

/*
 * For a routine that is about to change something: 55000 if the versions differ.
 */
void
migrate_require_version(void)
{
	compare_versions(ERROR);
}
