/*-------------------------------------------------------------------------
 *
 * script_store.c
 *		The table of scripts, each text once.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/history/script_store.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/sha2.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"

#include "history/history.h"
#include "history/history_int.h"
#include "history/table.h"
#include "util/hash.h"

/* the table is asked for so many scripts, which are written together */
#define FEW_SCRIPTS		2

/* a larger text would make pg_dump of the whole database fail */
#define MAX_STORED_SCRIPT	(64 * 1024 * 1024)

/* a larger one is written at once, and not together with others */
#define MAX_KEPT_SCRIPT		(8 * 1024)

static const MigrateColumn script_columns[] = {
	{"id", INT8OID, true}, {"sha256", BYTEAOID, true}, {"bytes", INT8OID, true},
	{"text", TEXTOID, false}, {NULL}
};

#define SCRIPT_ID			1
#define SCRIPT_SHA256		2
#define SCRIPT_TEXT			4

static const MigrateTableDef script_table = {
	"script", "script_pkey", {SCRIPT_SHA256, SCRIPT_ID}, "script_id_seq", script_columns
};

#ifdef USE_ASSERT_CHECKING
static bool
has_sha256(const char *str, size_t length, const uint8 *sha256)
{
	uint8		actual[PG_SHA256_DIGEST_LENGTH];

	migrate_sha256(str, length, actual);
	return memcmp(sha256, actual, sizeof(actual)) == 0;
}
#endif

/*
 * The table of scripts, to store some.
 */
struct MigrateScriptStore
{
	MigrateTable *table;
	HTAB	   *added;			/* hashes of those that have been stored here;
								 * NULL: so few that the table can tell, and
								 * these: */
	const uint8 *unwritten[FEW_SCRIPTS];
	int			nunwritten;
	bool		was_empty;		/* no others have been stored */
};

/*
 * Open the table to store so many scripts, until migrate_script_store_close(); all in
 * the same memory context.  Errors: those of migrate_table_open().
 */
MigrateScriptStore *
migrate_script_store_open(int count)
{
	MigrateScriptStore *store = palloc0(sizeof(MigrateScriptStore));
	HASHCTL		control = {.keysize = PG_SHA256_DIGEST_LENGTH,.entrysize = PG_SHA256_DIGEST_LENGTH,
	.hcxt = CurrentMemoryContext};

	store->table = migrate_table_open(&script_table);
	if (count > FEW_SCRIPTS)
	{
		store->added = hash_create("migrate scripts", count, &control,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		store->was_empty = migrate_table_is_empty(store->table);
	}
	return store;
}

void
migrate_script_store_close(MigrateScriptStore *store)
{
	migrate_table_close(store->table);
	if (store->added != NULL)
		hash_destroy(store->added);
	pfree(store);
}

/*
 * Is a script stored, the value of its hash being this?  If not, it is going to be; the
 * hash stays where it is until then.
 */
static bool
is_stored(MigrateScriptStore *store, const uint8 *sha256, Datum value)
{
	bool		found = false;

	if (store->added != NULL)
		(void) hash_search(store->added, sha256, HASH_ENTER, &found);
	for (int i = 0; i < store->nunwritten && !found; i++)
		found = memcmp(store->unwritten[i], sha256, PG_SHA256_DIGEST_LENGTH) == 0;
	return found || (!store->was_empty && migrate_table_has(store->table, SCRIPT_SHA256, value));
}

/*
 * A script has been inserted whose hash the store does not keep.
 */
static void
note_unwritten(MigrateScriptStore *store, const uint8 *sha256)
{
	if (store->nunwritten == FEW_SCRIPTS)
	{
		migrate_table_flush(store->table);
		store->nunwritten = 0;
	}
	else
		store->unwritten[store->nunwritten++] = sha256;
}

/*
 * Store a script, unless it is there.  Whoever has the same text later will trust what
 * is stored under its hash: that is for the caller to get right, and
 * migrate_source_text() does.
 */
void
migrate_put_script(MigrateScriptStore *store, const uint8 *sha256, const char *str)
{
	size_t		length = strlen(str);
	MigrateParameters row = {0};

	migrate_bind(&row, Int64GetDatum(0));
	migrate_bind_sha256(&row, sha256);
	if (is_stored(store, sha256, row.values[SCRIPT_SHA256 - 1]))
		return;
	Assert(has_sha256(str, length, sha256));
	row.values[0] = Int64GetDatum(migrate_table_next_id(store->table));
	migrate_bind(&row, Int64GetDatum((int64) length));
	migrate_bind_text(&row, length <= MAX_STORED_SCRIPT ? str : NULL);
	migrate_table_insert(store->table, &row);
	if (store->added == NULL)
		note_unwritten(store, sha256);
	if (length > MAX_KEPT_SCRIPT)
		migrate_table_flush(store->table);
}

/*
 * A script to store, as the argument of store_script().
 */
typedef struct Script
{
	const uint8 *sha256;
	const char *str;
} Script;

static void
store_script(void *arg)
{
	Script	   *script = arg;
	MigrateScriptStore *store = migrate_script_store_open(1);

	migrate_put_script(store, script->sha256, script->str);
	migrate_script_store_close(store);
	CommandCounterIncrement();
}

/*
 * Store a script, unless it is there.
 */
void
migrate_store_script(const uint8 *sha256, const char *str)
{
	Script		script = {sha256, str};

	migrate_write_tables(store_script, &script);
}

/*
 * A script to find, as the argument of read_script().
 */
typedef struct ScriptRead
{
	const uint8 *sha256;
	MemoryContext context;		/* of the result */
	char	   *str;
} ScriptRead;

/*
 * Keep the text of a row; all of that hash have the same.
 */
static void
collect_script(void *arg, const Datum *values, const bool *nulls)
{
	ScriptRead *read = arg;
	MemoryContext old = MemoryContextSwitchTo(read->context);

	if (read->str == NULL && !nulls[SCRIPT_TEXT - 1])
		read->str = TextDatumGetCString(values[SCRIPT_TEXT - 1]);
	MemoryContextSwitchTo(old);
}

static void
read_script(void *arg)
{
	ScriptRead *read = arg;
	const AttrNumber columns[] = {SCRIPT_SHA256};
	MigrateParameters p = {0};

	migrate_bind_sha256(&p, read->sha256);
	migrate_table_read(&script_table, columns, p.values, lengthof(columns), collect_script,
					   read);
}

/*
 * A stored script, palloc'd; NULL if only its hash has been stored.
 */
char *
migrate_history_script(const uint8 *sha256)
{
	ScriptRead	read = {sha256, CurrentMemoryContext};

	migrate_as_owner(true, read_script, &read);
	return read.str;
}
