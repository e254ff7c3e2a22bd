/*-------------------------------------------------------------------------
 *
 * verify_functions.c
 *		The SQL-callable function verify().
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/verify_functions.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"

#include "arguments.h"
#include "run/verification.h"
#include "util/printable.h"

PG_FUNCTION_INFO_V1(migrate_verify);

/*
 * "script" and "version", at n and n + 1.  22023 for what makes no sense together.
 */
static void
script_arguments(FunctionCallInfo fcinfo, int n, MigrateRequest *request)
{
	char	   *version = migrate_text_argument(fcinfo, n + 1);

	request->script = migrate_text_argument(fcinfo, n);
	if (request->script == NULL && version != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is only for a script", "version"),
				 errhint("Use \"target\" or \"versions\" to choose migrations.")));
	if (request->script == NULL)
		return;
	if (request->target != NULL || request->steps != 0 || request->versions != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" cannot be used together with \"target\", \"steps\" or \"versions\"", "script"),
				 errhint("The argument \"version\" is the last migration that the script replaces.")));
	request->target = version;
}

#define VERIFY_COLUMNS 5

/*
 * verify(dir, target, steps, versions, project, schema, format, vars, files, budget,
 * script, version)
 */
Datum
migrate_verify(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigrateRequest request = {.routine = "verify"};
	int64		budget;
	List	   *rows;
	ListCell   *lc;

	migrate_choice_arguments(fcinfo, 8, &request);
	budget = migrate_interval_argument(fcinfo, 9, "budget");
	script_arguments(fcinfo, 10, &request);
	InitMaterializedSRF(fcinfo, 0);
	rows = request.script ? migrate_run_proof(&request, budget) :
		migrate_run_verification(&request, budget);
	foreach(lc, rows)
	{
		const MigrateVerified *row = lfirst(lc);
		Datum		values[VERIFY_COLUMNS];
		bool		nulls[VERIFY_COLUMNS] = {0};

		migrate_put_text(values, nulls, 0, row->version);
		migrate_put_text(values, nulls, 1, row->name);
		migrate_put_text(values, nulls, 2, row->result);
		migrate_put_text(values, nulls, 3, row->object);
		migrate_put_text(values, nulls, 4, row->detail);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

#undef VERIFY_COLUMNS
