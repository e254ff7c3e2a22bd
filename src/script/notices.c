/*-------------------------------------------------------------------------
 *
 * notices.c
 *		NOTICEs and WARNINGs about a script, and its place in an error context.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/script/notices.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "script/script.h"
#include "util/errcontext.h"
#include "util/line_map.h"
#include "util/printable.h"

/*
 * From here on "errctx" is about a script whose text is "sql".
 */
void
migrate_begin_script(const MigrateScript *script, const char *sql, MigrateErrorContext *errctx)
{
	errctx->nstatements = script->nstatements;
	errctx->str = script->has_markers ? sql : NULL;
	errctx->text_line = script->line;
	memset(&errctx->mapped, 0, sizeof(MigrateLines));
}

/*
 * And no longer.  An error leaves in "errctx" where it was.
 */
void
migrate_end_script(MigrateErrorContext *errctx)
{
	errctx->statement = 0;
	errctx->line = 0;
	errctx->str = NULL;
}

/*
 * The names of skipped commands in a script, listed; NULL for none.
 */
char *
migrate_skipped_names(const MigrateScript *script)
{
	StringInfoData names;
	ListCell   *lc;

	if (script->skipped == NIL)
		return NULL;
	initStringInfo(&names);
	foreach(lc, script->skipped)
	{
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", (char *) lfirst(lc));
	}
	return names.data;
}

/*
 * Report once what has no effect in a script: a NOTICE for what is skipped, a
 * WARNING for a COMMIT that ends no transaction.
 */
void
migrate_report_oddities(const MigrateScript *script, MigrateErrorContext *errctx)
{
	char	   *names = migrate_skipped_names(script);
	const char *file;
	int			line;

	if (names != NULL)
	{
		ereport(NOTICE,
				(errmsg("skipping commands in migration \"%s\": %s",
						migrate_label(errctx->version, errctx->name), names)));
		pfree(names);
	}
	if (script->lone_commit == 0)
		return;
	line = migrate_map_line(errctx, script->lone_commit, &file);
	ereport(WARNING,
			(errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION),
			 errmsg("COMMIT without BEGIN in migration \"%s\"",
					migrate_label(errctx->version, errctx->name)),
			 errdetail("File \"%s\", line %d.", file, line)));
}
