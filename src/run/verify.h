/*-------------------------------------------------------------------------
 *
 * verify.h
 *		What verify() and the proof of a baseline's script share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/verify.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_VERIFY_H
#define MIGRATE_RUN_VERIFY_H

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"

#include "history/history.h"
#include "run/run_int.h"
#include "util/names.h"

/*
 * An object as it was at some time.
 */
typedef struct MigratePictured
{
	const char *object;			/* kind and name */
	const char *definition;
	Oid			id;
	Oid			of_id;			/* that it is a part of, or "id" again */
} MigratePictured;

/*
 * The objects of a time, all or some of them.
 */
typedef struct MigratePicture
{
	List	   *objects;		/* of MigratePictured */
	MigrateNames *names;		/* the same by "object" */
} MigratePicture;

/*
 * Gets a difference: "leaves", "lacks" or "differs".
 */
typedef void (*MigrateDifference) (const char *result, const char *object, const char *detail,
								   void *arg);

/* in picture.c */
extern MigratePicture *migrate_picture_empty(void);
extern void migrate_picture_add(MigratePicture *picture, const MigratePictured *object);
extern MigratePicture *migrate_picture_all(void);
extern MigratePicture *migrate_picture_of(const ObjectAddress *addresses, int count);
extern void migrate_picture_compare(const MigratePicture *before, const MigratePicture *after,
									MigrateDifference report, void *arg);

/* phases, and the begin of a detail about the last one */
#define VERIFY_UP			"up"
#define VERIFY_DOWN			"down"
#define VERIFY_AGAIN		"up again"
#define VERIFY_AFTER_AGAIN	"after it was applied again:\n"

/*
 * How a trial has ended.
 */
typedef struct MigrateTrialResult
{
	ErrorData  *error;			/* NULL: all has run */
	const char *refused;		/* why, if it is not an error of what has run */
	const char *phase;			/* the last one */
	int			differences;
} MigrateTrialResult;

/* in trial.c */
extern void migrate_verify_step(MigrateRun *run, MigrateStep *step);
extern ErrorData *migrate_verify_try(void (*body) (void *arg), void *arg, bool undo);
extern bool migrate_verify_is_due(MigrateRun *run, MigrateStep *step, ErrorData **error);
extern const char *migrate_verify_refused(void);
extern const char *migrate_verify_run(MigrateRun *run, MigrateStep *step, ErrorData **error);
extern MigrateTrialResult migrate_trial(MigrateRun *run, MigrateStep *up, MigrateStep *down,
										MigrateDifference report, void *arg);

#endif							/* MIGRATE_RUN_VERIFY_H */
