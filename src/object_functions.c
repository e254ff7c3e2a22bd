/*-------------------------------------------------------------------------
 *
 * object_functions.c
 *		The SQL-callable functions that show the schema as data.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/object_functions.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "arguments.h"
#include "objects/objects.h"
#include "run/drift.h"
#include "run/run.h"
#include "util/printable.h"

PG_FUNCTION_INFO_V1(migrate_objects_rows);

PG_FUNCTION_INFO_V1(migrate_fingerprint);

PG_FUNCTION_INFO_V1(migrate_drift_rows);

static bool
required_bool(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", name)));
	return PG_GETARG_BOOL(n);
}

/*
 * The arguments of both functions: schemas, owners, privileges.
 */
static void
filter_arguments(FunctionCallInfo fcinfo, MigrateObjectFilter *filter)
{
	Datum	   *values;
	bool	   *nulls;
	int			count;

	filter->owners = required_bool(fcinfo, 1, "owners");
	filter->privileges = required_bool(fcinfo, 2, "privileges");
	if (PG_ARGISNULL(0))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT,
					  &values, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" must not contain nulls", "schemas")));
		filter->schemas = lappend(filter->schemas, TextDatumGetCString(values[i]));
	}
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be empty", "schemas")));
}

#define OBJECT_COLUMNS 3

static void
put_object(const char *kind, const char *name, const char *definition, void *arg)
{
	ReturnSetInfo *rsinfo = arg;
	bool		nulls[OBJECT_COLUMNS] = {0};
	Datum		values[OBJECT_COLUMNS];

	values[0] = CStringGetTextDatum(kind);
	values[1] = CStringGetTextDatum(name);
	values[2] = CStringGetTextDatum(definition);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	for (int i = 0; i < OBJECT_COLUMNS; i++)
		pfree(DatumGetPointer(values[i]));
}

#undef OBJECT_COLUMNS

/* objects(schemas, owners, privileges) */
Datum
migrate_objects_rows(PG_FUNCTION_ARGS)
{
	MigrateObjectFilter filter = {0};

	filter_arguments(fcinfo, &filter);
	InitMaterializedSRF(fcinfo, 0);
	migrate_objects(&filter, put_object, fcinfo->resultinfo);
	return (Datum) 0;
}

#define DRIFT_COLUMNS 5

static void
put_change(const char *change, const char *kind, const char *name, const char *definition,
		   const char *before, void *arg)
{
	ReturnSetInfo *rsinfo = arg;
	bool		nulls[DRIFT_COLUMNS] = {0};
	Datum		values[DRIFT_COLUMNS] = {0};

	migrate_put_text(values, nulls, 0, change);
	migrate_put_text(values, nulls, 1, kind);
	migrate_put_text(values, nulls, 2, name);
	migrate_put_text(values, nulls, 3, definition);
	migrate_put_text(values, nulls, 4, before);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	for (int i = 0; i < DRIFT_COLUMNS; i++)
		if (!nulls[i])
			pfree(DatumGetPointer(values[i]));
}

#undef DRIFT_COLUMNS

/* drift(project, schema); the record is one for all histories */
Datum
migrate_drift_rows(PG_FUNCTION_ARGS)
{
	MigrateRequest request = {.routine = "drift"};

	migrate_history_arguments(fcinfo, 0, &request);
	InitMaterializedSRF(fcinfo, 0);
	migrate_drift(put_change, fcinfo->resultinfo);
	return (Datum) 0;
}

/* fingerprint(schemas, owners, privileges) */
Datum
migrate_fingerprint(PG_FUNCTION_ARGS)
{
	MigrateObjectFilter filter = {0};

	filter_arguments(fcinfo, &filter);
	PG_RETURN_TEXT_P(cstring_to_text(migrate_objects_fingerprint(&filter)));
}
