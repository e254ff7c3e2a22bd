/*-------------------------------------------------------------------------
 *
 * notify.c
 *		The NOTIFY at the end of a run, see migrate.notify_channel.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/run/notify.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/async.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/json.h"

#include "run/notify.h"
#include "util/guc.h"

/* of a text; NOTIFY takes less than 8000 bytes, and a byte may need six in JSON */
#define MAX_TEXT	256

static void
append_text(StringInfo buf, const char *name, const char *value)
{
	char	   *clipped = pnstrdup(value, pg_mbcliplen(value, strlen(value), MAX_TEXT));

	appendStringInfo(buf, "%s\"%s\": ", buf->len > 1 ? ", " : "", name);
	escape_json(buf, clipped);
	pfree(clipped);
}

/*
 * Send, with the commit of the current transaction, that a run has ended: "count"
 * migrations went up or down, "last" is the last one, or the one that failed.
 * "outcome" is done or failed.  Nothing if no channel is set.
 */
void
migrate_notify(const MigrateRun *run, MigrateDirection direction, const char *outcome,
			   int count, const MigrateResult *last)
{
	StringInfoData buf;

	if (*migrate_notify_channel == '\0')
		return;
	initStringInfo(&buf);
	appendStringInfoChar(&buf, '{');
	append_text(&buf, "project", run->request->history.project);
	append_text(&buf, "schema", run->request->history.schema);
	append_text(&buf, "direction", direction == MIGRATE_UP ? "up" : "down");
	append_text(&buf, "outcome", outcome);
	appendStringInfo(&buf, ", \"migrations\": %d", count);
	append_text(&buf, "version", last->version);
	appendStringInfo(&buf, ", \"batch\": %d}", last->batch);
	Async_Notify(migrate_notify_channel, buf.data);
	pfree(buf.data);
}
