/*-------------------------------------------------------------------------
 *
 * variable_values.h
 *		The values of variables.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/variable_values.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_VARIABLE_VALUES_H
#define MIGRATE_RUN_VARIABLE_VALUES_H

#include "nodes/pg_list.h"

#include "format/format.h"
#include "history/history.h"
#include "run/run_int.h"
#include "util/errcontext.h"
#include "variables/variables.h"

/* in variable_values.c */
extern bool migrate_may_run_for(const char *author);
extern List *migrate_own_variables(List *stored, const char *author);
extern List *migrate_built_in_variables(MigrateRun *run, MigrateSyntax syntax,
										const char *file);
extern List *migrate_variables_of(MigrateRun *run, MigrateDirection direction,
								  const Migration *migration,
								  const AppliedMigration *applied,
								  MigrateSyntax syntax, const char *file);
extern List *migrate_step_variables(MigrateRun *run, const MigrateStep *step,
									MigrateSyntax syntax, const char *file);

extern char *migrate_text_with_values(MigrateRun *run, const Migration *file,
									  const AppliedMigration *applied, const char *sql,
									  List **used);

#endif							/* MIGRATE_RUN_VARIABLE_VALUES_H */
