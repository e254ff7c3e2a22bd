/*-------------------------------------------------------------------------
 *
 * tool_lock.c
 *		Locks of other tools.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/tools/tool_lock.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"

#include "tools/tools.h"
#include "tools/tools_int.h"
#include "util/hash.h"
#include "util/printable.h"

#define ONE_KEY_CLASS		1	/* SQL functions with one key; 2: with two */

/*
 * Take, until the end of the transaction, an advisory lock of another tool, that is
 * pg_try_advisory_xact_lock(key).  False if another session has it.
 */
static bool
try_lock(int64 key)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) ((uint64) key >> 32), (uint32) key,
						 ONE_KEY_CLASS);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Take a tool's lock; 55P03 if another process has it.
 */
static void
acquire_tool_lock(const MigrateToolTable *tool_table, int64 key)
{
	if (!try_lock(key))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("another process holds the lock of %s", tool_table->tool->name),
				 errhint("Wait until it has ended, and try again.")));
}

/*
 * golang-migrate names the database as its URL does, with a slash, or as the
 * program that embeds it (v4, database/util.go).
 */
void
migrate_lock_golang_migrate(const MigrateToolTable *tool_table)
{
	static const char *const slashes[] = {"/", ""};

	for (int i = 0; i < lengthof(slashes); i++)
	{
		StringInfoData name;

		initStringInfo(&name);
		appendBinaryStringInfo(&name, tool_table->schema, strlen(tool_table->schema) + 1);
		appendBinaryStringInfo(&name, tool_table->table, strlen(tool_table->table) + 1);
		appendStringInfo(&name, "%s%s", slashes[i], get_database_name(MyDatabaseId));
		acquire_tool_lock(tool_table, migrate_crc32(name.data, name.len) * (uint32) 1486364155);
	}
}

/*
 * Flyway adds Java's hash of the table's name (Flyway 13,
 * PostgreSQLAdvisoryLockTemplate.java), which is one of UTF-16.
 */
void
migrate_lock_flyway(const MigrateToolTable *tool_table)
{
	char	   *name = psprintf("\"%s\".\"%s\"", tool_table->schema, tool_table->table);
	uint32		hash = 0;

	for (const char *c = name; *c != '\0'; c++)
	{
		if (IS_HIGHBIT_SET(*c))
			return;
		hash = hash * 31 + *c;
	}
	acquire_tool_lock(tool_table, INT64CONST(77431708279161) + (int32) hash);
}

void
migrate_lock_sqlx(const MigrateToolTable *tool_table)
{
	char	   *name = get_database_name(MyDatabaseId);

	acquire_tool_lock(tool_table, INT64CONST(0x3d32ad9e) * migrate_crc32(name, strlen(name)));
}

/*
 * Take, until the end of the transaction, the lock that the tool takes when it
 * runs; 55P03 if another process has it.
 */
void
migrate_tool_table_lock(const MigrateToolTable *tool_table)
{
	if (tool_table->tool->lock_key != 0)
		acquire_tool_lock(tool_table, tool_table->tool->lock_key);
	if (tool_table->tool->lock != NULL)
		tool_table->tool->lock(tool_table);
}
