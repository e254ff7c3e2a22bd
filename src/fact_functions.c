/*-------------------------------------------------------------------------
 *
 * fact_functions.c
 *		SQL-callable functions about facts, for the tests.
 *
 * The extension does not define them: test/sql/facts.sql does.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/fact_functions.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "rules/rules.h"

PG_FUNCTION_INFO_V1(migrate_facts_rows_of);

#define FACT_COLUMNS 6

static void
put_fact(ReturnSetInfo *rsinfo, const MigrateFacts *facts, const MigrateRelationFact *fact)
{
	Datum		values[FACT_COLUMNS] = {0};
	bool		nulls[FACT_COLUMNS] = {0};

	nulls[0] = nulls[1] = nulls[2] = nulls[3] = fact == NULL;
	if (fact != NULL)
	{
		values[0] = CStringGetTextDatum(fact->name);
		values[1] = CStringGetTextDatum(GetLockmodeName(DEFAULT_LOCKMETHOD, fact->lock));
		values[2] = BoolGetDatum(fact->rewritten);
		values[3] = BoolGetDatum(fact->scanned);
	}
	values[4] = BoolGetDatum(facts->known && (fact == NULL || fact->known));
	nulls[5] = facts->reason == NULL;
	if (facts->reason != NULL)
		values[5] = CStringGetTextDatum(facts->reason);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

#undef FACT_COLUMNS

/*
 * facts(statements text[]): relation, lock, rewritten, scanned, known, reason, of
 * statements of one transaction.
 */
Datum
migrate_facts_rows_of(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	MigrateForesight *foresight = migrate_foresight_create(false);
	Datum	   *values;
	int			count;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &count);
	migrate_foresight_begin(foresight);
	for (int i = 0; i < count; i++)
	{
		MigrateFacts *facts = migrate_facts(foresight, TextDatumGetCString(values[i]), 1);

		foreach(lc, facts->relations)
			put_fact((ReturnSetInfo *) fcinfo->resultinfo, facts, lfirst(lc));
		if (facts->relations == NIL)
			put_fact((ReturnSetInfo *) fcinfo->resultinfo, facts, NULL);
	}
	migrate_foresight_end(foresight);
	return (Datum) 0;
}
