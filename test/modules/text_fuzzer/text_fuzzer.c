/*-------------------------------------------------------------------------
 *
 * text_fuzzer.c
 *		libFuzzer in a backend: finds text that plan() does not survive.
 *
 * What reads text needs memory contexts and ereport(), so it runs in a server.
 * This module has libFuzzer's runtime and must be loaded before migrate, whose
 * library is compiled with -fsanitize=fuzzer-no-link and tells that runtime which
 * of its code an input reaches.
 *
 * An input is a byte that selects the format, one that selects the variables, and
 * files, each after a byte 0x1e: its name, a byte 0x1f, its text.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		test/modules/text_fuzzer/text_fuzzer.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(text_fuzzer);

/* of libFuzzer; does not return */
extern int	LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback) (const uint8 *data, size_t size));

#define MAX_FILES 16

static const char *const formats[] = {
	NULL, "sqitch", "drizzle", "prisma", "diesel", "atlas", "graphile-migrate", "liquibase", "refinery",
	"flyway", "golang-migrate", "goose", "sql-migrate", "dbmate", "tern", "rambler", "node-pg-migrate",
	"updown", "plain", "sqlx", "supabase", "postgres-migrations", "hasura", "play", "pop", "postgrator",
	"yoyo"
};

static const char *const variables[] = {
	NULL, "{}", "{\"name\": \"t1\"}", "{\"name\": \"a''b\", \"x\": 3}", "{\"a\": \"$a$\", \"name\": \"''\", \"x\": \"${y}\"}"
};

static SPIPlanPtr plan;
static MemoryContext context;

/*
 * Divide an input into arrays of names and texts; false if it has no file.
 */
static bool
split(const char *data, size_t size, Datum *names, Datum *texts)
{
	int			count = 0;
	Datum		name[MAX_FILES];
	Datum		text[MAX_FILES];

	for (const char *p = data, *end = data + size; p < end && count < MAX_FILES; count++)
	{
		const char *next = memchr(p, '\x1e', end - p);
		const char *after = next ? next : end;
		const char *middle = memchr(p, '\x1f', after - p);

		if (middle == NULL)
			return false;
		name[count] = PointerGetDatum(cstring_to_text_with_len(p, middle - p));
		text[count] = PointerGetDatum(cstring_to_text_with_len(middle + 1, after - middle - 1));
		p = after + 1;
	}
	if (count == 0)
		return false;
	*names = PointerGetDatum(construct_array(name, count, TEXTOID, -1, false, TYPALIGN_INT));
	*texts = PointerGetDatum(construct_array(text, count, TEXTOID, -1, false, TYPALIGN_INT));
	return true;
}

static void
set_text(Datum *values, char *nulls, int n, const char *text)
{
	nulls[n] = text == NULL ? 'n' : ' ';
	if (text != NULL)
		values[n] = CStringGetTextDatum(text);
}

/*
 * Plan one input.  Any error is right but an internal one.  Returns -1 for an input
 * that cannot be a value of the argument, which libFuzzer then forgets.
 */
static int
plan_input(const uint8 *data, size_t size)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	ResourceOwner owner = CurrentResourceOwner;
	Datum		values[4];
	char		nulls[4] = {' ', ' ', ' ', ' '};
	volatile bool failed = false;

	CHECK_FOR_INTERRUPTS();
	if (size < 3 || !pg_verify_mbstr(PG_UTF8, (const char *) data + 2, size - 2, true) ||
		!split((const char *) data + 2, size - 2, &values[0], &values[1]))
	{
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
		return -1;
	}
	set_text(values, nulls, 2, formats[data[0] % lengthof(formats)]);
	set_text(values, nulls, 3, variables[data[1] % lengthof(variables)]);
	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		SPI_execute_plan(plan, values, nulls, true, 0);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		failed = ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INTERNAL_ERROR;
		if (failed)
			fprintf(stderr, "internal error: %s\n", error->message);
	}
	PG_END_TRY();
	CurrentResourceOwner = owner;
	MemoryContextSwitchTo(old);
	MemoryContextReset(context);
	if (failed)
		abort();
	return 0;
}

/*
 * text_fuzzer(options text[]): runs libFuzzer with these options, and ends the process.
 */
Datum
text_fuzzer(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TEXTARRAYOID, TEXTARRAYOID, TEXTOID, TEXTOID};
	Datum	   *options;
	int			argc = 1;
	int			count;
	char	  **argv;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &options, NULL, &count);
	argv = MemoryContextAllocZero(TopMemoryContext, (count + 2) * sizeof(char *));
	argv[0] = "text_fuzzer";
	for (int i = 0; i < count; i++)
		argv[argc++] = MemoryContextStrdup(TopMemoryContext, TextDatumGetCString(options[i]));
	context = AllocSetContextCreate(TopMemoryContext, "text_fuzzer", ALLOCSET_DEFAULT_SIZES);
	SPI_connect();
	plan = SPI_prepare("SELECT pg_catalog.count(*) FROM migrate.plan(files => pg_catalog.jsonb_object($1, $2), "
					   "format => $3, vars => $4::pg_catalog.jsonb)", 4, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return Int32GetDatum(LLVMFuzzerRunDriver(&argc, &argv, plan_input));
}
