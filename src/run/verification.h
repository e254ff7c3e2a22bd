/*-------------------------------------------------------------------------
 *
 * verification.h
 *		verify(): whether there is a way back, and what a baseline's script makes.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/verification.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_VERIFICATION_H
#define MIGRATE_RUN_VERIFICATION_H

#include "nodes/pg_list.h"

#include "run/run.h"

/*
 * What verify() has found about a migration: a row of verify().
 */
typedef struct MigrateVerified
{
	const char *version;		/* NULL: about all together */
	const char *name;
	const char *result;
	const char *object;			/* kind and name, or NULL */
	const char *detail;			/* or NULL */
} MigrateVerified;

/* in verify.c */
extern List *migrate_run_verification(MigrateRequest *request, int64 budget);

/* in proof.c */
extern List *migrate_run_proof(MigrateRequest *request, int64 budget);

#endif							/* MIGRATE_RUN_VERIFICATION_H */
