/*-------------------------------------------------------------------------
 *
 * subtransaction.c
 *		Errors that are not the end of a transaction.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/subtransaction.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "util/subtransaction.h"

/*
 * Call "body" in a subtransaction.  Returns NULL if it succeeds.  Otherwise returns
 * its error, copied into the current memory context, and everything that it has
 * done or holds is undone.  Callers that cannot go on use ReThrowError().
 *
 * Catching an error without a subtransaction would leak locks, references and SPI
 * connections.
 */
ErrorData *
migrate_try(void (*body) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		body(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}
