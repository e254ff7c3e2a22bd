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
#include "util/compat.h"
#include "util/printable.h"

#define ONE_KEY_CLASS		1	/* SQL functions with one key; 2: with two */

/*
 * golang-migrate names the database as its URL does, with a slash, or as the
 * program that embeds it (v4, database/util.go).  So there are two keys.
 */
int
migrate_keys_golang_migrate(const MigrateToolTable *tool_table, int64 *keys)
{
	static const char *const slashes[MIGRATE_TOOL_LOCKS] = {"/", ""};

	for (int i = 0; i < MIGRATE_TOOL_LOCKS; i++)
	{
		StringInfoData name;

		initStringInfo(&name);
		appendBinaryStringInfo(&name, tool_table->schema, strlen(tool_table->schema) + 1);
		appendBinaryStringInfo(&name, tool_table->table, strlen(tool_table->table) + 1);
		appendStringInfo(&name, "%s%s", slashes[i], get_database_name(MyDatabaseId));
		keys[i] = migrate_crc32(name.data, name.len) * (uint32) 1486364155;
	}
	return MIGRATE_TOOL_LOCKS;
}

/*
 * Flyway adds Java's hash of the table's name (Flyway 13,
 * PostgreSQLAdvisoryLockTemplate.java), which is one of UTF-16.
 */
int
migrate_keys_flyway(const MigrateToolTable *tool_table, int64 *keys)
{
	char	   *name = psprintf("\"%s\".\"%s\"", tool_table->schema, tool_table->table);
	uint32		hash = 0;

	for (const char *c = name; *c != '\0'; c++)
	{
		if (IS_HIGHBIT_SET(*c))
			return 0;
		hash = hash * 31 + *c;
	}
	keys[0] = INT64CONST(77431708279161) + (int32) hash;
	return 1;
}

int
migrate_keys_sqlx(const MigrateToolTable *tool_table, int64 *keys)
{
	char	   *name = get_database_name(MyDatabaseId);

	keys[0] = INT64CONST(0x3d32ad9e) * migrate_crc32(name, strlen(name));
	return 1;
}

/*
 * The lock tags of a tool, those of pg_advisory_lock(key).  Returns how many.
 */
static int
lock_tags(const MigrateToolTable *tool_table, LOCKTAG *tags)
{
	const MigrateTool *tool = tool_table->tool;
	int64		keys[MIGRATE_TOOL_LOCKS];
	int			n = 0;

	if (tool->lock_key != 0)
		keys[n++] = tool->lock_key;
	else if (tool->lock_keys != NULL)
		n = tool->lock_keys(tool_table, keys);
	for (int i = 0; i < n; i++)
		SET_LOCKTAG_ADVISORY(tags[i], MyDatabaseId, (uint32) ((uint64) keys[i] >> 32),
							 (uint32) keys[i], ONE_KEY_CLASS);
	return n;
}

static void
acquire(const MigrateToolTable *tool_table, const LOCKTAG *tag, bool session)
{
	if (LockAcquire(tag, ExclusiveLock, session, true) == LOCKACQUIRE_NOT_AVAIL)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("another process holds the lock of %s", tool_table->tool->name),
				 errhint("Wait until it has ended, and try again.")));
}

/*
 * Take, until the end of the transaction, the lock that the tool takes when it
 * runs; 55P03 if another process has it.
 */
void
migrate_tool_table_lock(const MigrateToolTable *tool_table)
{
	LOCKTAG		tags[MIGRATE_TOOL_LOCKS];
	int			n = lock_tags(tool_table, tags);

	for (int i = 0; i < n; i++)
		acquire(tool_table, &tags[i], false);
	if (tool_table->tool->lock != NULL)
		tool_table->tool->lock(tool_table);
}

/*
 * The same for the session, as a run that commits needs it, until
 * migrate_tool_table_unlock_session().
 */
void
migrate_tool_table_lock_session(MigrateToolTable *tool_table)
{
	int			n = lock_tags(tool_table, tool_table->locks);

	/* counted one by one: what the session holds by itself stays its own */
	for (tool_table->nlocks = 0; tool_table->nlocks < n; tool_table->nlocks++)
		acquire(tool_table, &tool_table->locks[tool_table->nlocks], true);
}

/*
 * Take it again where a migration may have dropped the session's locks.
 */
void
migrate_tool_table_relock_session(const MigrateToolTable *tool_table)
{
	for (int i = 0; i < tool_table->nlocks; i++)
	{
		if (!migrate_lock_held(&tool_table->locks[i], ExclusiveLock))
			acquire(tool_table, &tool_table->locks[i], true);
	}
}

/*
 * Give back what is held of it, also after an error.
 */
void
migrate_tool_table_unlock_session(const MigrateToolTable *tool_table)
{
	for (int i = 0; i < tool_table->nlocks; i++)
	{
		if (migrate_lock_held(&tool_table->locks[i], ExclusiveLock))
			(void) LockRelease(&tool_table->locks[i], ExclusiveLock, true);
	}
}
