/*-------------------------------------------------------------------------
 *
 * budget.h
 *		How long a run that is undone may be in the way of others.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/budget.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_BUDGET_H
#define MIGRATE_RUN_BUDGET_H

#include "datatype/timestamp.h"

#define MIGRATE_NO_BUDGET	PG_INT64_MAX

/*
 * migrate_run_undone() begins and ends a budget.  Whoever runs statements in it calls
 *
 *	migrate_budget_before()		before each statement; raises the error that ends the
 *								run, if it is to end
 *	migrate_budget_harmless()	after that, if the statement is a utility statement that
 *								locks no relation which others see, unless a function
 *								that it calls does: then it may take its time
 *	migrate_budget_after()		after each statement that has not failed, and after a
 *								subtransaction of one that has
 *
 * COPY from and to files of the server and programs, which would not be undone, is refused
 * in the same way.  The error is like that of a cancel request (57014); migrate_budget_stopped() tells
 * them apart.  It must reach migrate_run_undone().
 */

/* in budget.c */
extern void migrate_budget_begin(int64 limit);
extern void migrate_budget_end(void);
extern void migrate_budget_before(void);
extern void migrate_budget_harmless(void);
extern void migrate_budget_after(void);
extern TimestampTz migrate_budget_since(void);
extern const char *migrate_budget_stopped(void);

#endif							/* MIGRATE_RUN_BUDGET_H */
