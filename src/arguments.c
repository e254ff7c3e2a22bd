/*-------------------------------------------------------------------------
 *
 * arguments.c
 *		Arguments of the SQL-callable functions: into a request.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/arguments.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "arguments.h"
#include "util/printable.h"
#include "variables/variables.h"

/*
 * A text, palloc'd; NULL for null.
 */
char *
migrate_text_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/*
 * A boolean; null is false.
 */
bool
migrate_bool_argument(FunctionCallInfo fcinfo, int n)
{
	return !PG_ARGISNULL(n) && PG_GETARG_BOOL(n);
}

/*
 * A number of steps: 0 if none is given, negative if it makes no sense.
 */
int
migrate_steps_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return 0;
	return PG_GETARG_INT32(n) > 0 ? PG_GETARG_INT32(n) : -1;
}

/*
 * An array of texts (char *), in one piece of memory; 22004 if one of them is null.
 */
List *
migrate_texts_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(n);
	List	   *texts = NIL;
	Size		size = 0;
	char	   *next;
	Datum	   *values;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" must not contain nulls", name)));
		size += VARSIZE_ANY_EXHDR(DatumGetTextPP(values[i])) + 1;
	}
	next = palloc_extended(size, MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		text	   *value = DatumGetTextPP(values[i]);

		text_to_cstring_buffer(value, next, VARSIZE_ANY_EXHDR(value) + 1);
		texts = lappend(texts, next);
		next += VARSIZE_ANY_EXHDR(value) + 1;
	}
	pfree(values);
	pfree(nulls);
	PG_FREE_IF_COPY(array, n);
	return texts;
}

List *
migrate_versions_argument(FunctionCallInfo fcinfo, int n)
{
	List	   *versions;

	if (PG_ARGISNULL(n))
		return NIL;
	versions = migrate_texts_argument(fcinfo, n, "versions");
	if (versions == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be empty", "versions")));
	return versions;
}

/*
 * Where the files are: "dir" and "files".  What the client has sent is used where
 * it is, except by a run that commits: it has a copy in its own memory context,
 * which outlives commits.
 */
void
migrate_location_arguments(FunctionCallInfo fcinfo, int dir, int files, MigrateRequest *request)
{
	request->location.dir = migrate_text_argument(fcinfo, dir);
	if (PG_ARGISNULL(files))
		return;
	if (request->location.dir != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" and \"%s\" cannot be given together", "dir", "files")));
	request->location.files = request->commits ?
		PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(files)) : PG_DETOAST_DATUM(PG_GETARG_DATUM(files));
}

/*
 * The project of histories, at n, whose schemas the caller fills in.
 */
void
migrate_project_argument(FunctionCallInfo fcinfo, int n, MigrateRequest *request)
{
	request->history.project = migrate_text_argument(fcinfo, n);
	request->history.schema = pstrdup("");
	request->history.role = GetUserNameFromId(GetUserId(), false);
	request->history.login = GetUserNameFromId(GetSessionUserId(), false);
	request->history.application = pstrdup(application_name ? application_name : "");
	if (request->history.project == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", "project")));
}

/*
 * Which history: project and schema, at n and n + 1.
 */
void
migrate_history_arguments(FunctionCallInfo fcinfo, int n, MigrateRequest *request)
{
	migrate_project_argument(fcinfo, n, request);
	request->history.schema = migrate_text_argument(fcinfo, n + 1);
	if (request->history.schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", "schema")));
}

List *
migrate_vars_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NIL : migrate_variables_read(PG_GETARG_DATUM(n), VARIABLE_GIVEN);
}

void
migrate_choice_arguments(FunctionCallInfo fcinfo, int files, MigrateRequest *request)
{
	migrate_location_arguments(fcinfo, 0, files, request);
	request->target = migrate_text_argument(fcinfo, 1);
	request->steps = migrate_steps_argument(fcinfo, 2);
	request->versions = migrate_versions_argument(fcinfo, 3);
	migrate_history_arguments(fcinfo, 4, request);
	request->format = migrate_text_argument(fcinfo, 6);
	request->vars = migrate_vars_argument(fcinfo, 7);
}

/*
 * The version that the caller asks for.
 */
char *
migrate_version_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", "version")));
	return migrate_text_argument(fcinfo, n);
}

/*
 * An interval in microseconds, a month as 30 days; PG_INT64_MAX for null and what is
 * longer.  22023 if it is negative.
 */
int64
migrate_interval_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	const Interval *interval;
	double		usecs;

	if (PG_ARGISNULL(n))
		return PG_INT64_MAX;
	interval = PG_GETARG_INTERVAL_P(n);
	usecs = (double) interval->time +
		((double) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY;
	if (usecs < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must not be negative", name)));
	return usecs < (double) PG_INT64_MAX / 2 ? (int64) usecs : PG_INT64_MAX;
}

void
migrate_put_text(Datum *values, bool *nulls, int n, const char *value)
{
	nulls[n] = value == NULL;
	if (value != NULL)
		values[n] = CStringGetTextDatum(value);
}

/*
 * The first columns of plan(), check() and rehearse(): version, name, transaction,
 * statement, file, line, command.
 */
void
migrate_put_preview(Datum *values, bool *nulls, const MigratePreview *row)
{
	migrate_put_text(values, nulls, 0, row->version);
	migrate_put_text(values, nulls, 1, row->name);
	values[2] = Int32GetDatum(row->transaction);
	nulls[2] = row->transaction == 0;
	values[3] = Int32GetDatum(row->statement);
	nulls[3] = row->statement == 0;
	migrate_put_text(values, nulls, 4, row->file);
	values[5] = Int32GetDatum(row->line);
	nulls[5] = row->line == 0;
	migrate_put_text(values, nulls, 6, row->command);
}
