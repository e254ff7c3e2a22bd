/*-------------------------------------------------------------------------
 *
 * touched.h
 *		Which objects statements create, change and drop.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/touched.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_TOUCHED_H
#define MIGRATE_RUN_TOUCHED_H

#include "catalog/objectaddress.h"

#include "script/script.h"

/* in touched.c */
extern void migrate_touched_begin(void);
extern void migrate_touched_end(void);
extern void migrate_touched_forget(void);
extern void migrate_touched_pause(bool pause);
extern void migrate_touched_statement(const MigrateStatement *statement, const char *sql);
extern ObjectAddress *migrate_touched(int *count);

#endif							/* MIGRATE_RUN_TOUCHED_H */
