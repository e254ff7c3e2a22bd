/*-------------------------------------------------------------------------
 *
 * call.c
 *		Runs the statement that is its argument: what a program does at its
 *		start, without the start of psql.
 *
 * The database is that of the environment.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		bench/lib/call.c
 *
 *-------------------------------------------------------------------------
 */
#include <libpq-fe.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	PGconn	   *conn = PQconnectdb("");
	PGresult   *result = PQexec(conn, argc == 2 ? argv[1] : "");
	int			failed = PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK;

	if (failed)
		fprintf(stderr, "%s", PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
	return failed;
}
