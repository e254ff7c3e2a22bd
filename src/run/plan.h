/*-------------------------------------------------------------------------
 *
 * plan.h
 *		The statements of a plan, one by one.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/plan.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_PLAN_H
#define MIGRATE_RUN_PLAN_H

#include "run/run.h"
#include "script/script.h"

/*
 * What sees the statements of a plan in their order.  An error between begin and end
 * aborts the subtransaction around them; end is not called then.
 */
typedef struct MigrateVisitor MigrateVisitor;

struct MigrateVisitor
{
	void		(*begin) (MigrateVisitor *visitor, const Migration *file);
	void		(*statement) (MigrateVisitor *visitor, const MigratePreview *row,
							  const MigrateScript *script, int number, const char *sql);
	void		(*end) (MigrateVisitor *visitor);	/* of a migration */
	void		(*error) (MigrateVisitor *visitor, const MigratePreview *row, const char *message);
};

/* in plan.c */
extern char *migrate_command_of(const MigrateStatement *statement);
extern List *migrate_preview_visited(MigrateRequest *request, MigrateVisitor *visitor);

#endif							/* MIGRATE_RUN_PLAN_H */
