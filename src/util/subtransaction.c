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
 * Is an error one of what was read, a file or a statement, and not of the server's state
 * or of ours?  Only such an error may be reported in another way than by raising it.
 */
bool
migrate_is_error_of_input(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INTERNAL_ERROR:
			return false;
	}
	return true;
}

/*
 * Is an error one of what a statement says, so that its migration may decide what comes
 * of it?  Not one that tells of the server, of its files or of another server, nor that a
 * lock is not to be had: it may succeed when it is tried again.
 */
bool
migrate_is_error_of_statement(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_CONNECTION_EXCEPTION:
		case ERRCODE_SYSTEM_ERROR:
			return false;
	}
	return sqlerrcode != ERRCODE_STATEMENT_TOO_COMPLEX && sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE &&
		migrate_is_error_of_input(sqlerrcode);
}

/*
 * Call "body" in a subtransaction, which is rolled back after an error, and if
 * "undo" also without one.
 */
static ErrorData *
call_in_subtransaction(void (*body) (void *arg), void *arg, bool undo)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		body(arg);
		if (undo)
			RollbackAndReleaseCurrentSubTransaction();
		else
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
	return call_in_subtransaction(body, arg, false);
}

/*
 * The same, but everything is undone if it succeeds, too.  "body" is called in the
 * current memory context, so what it has allocated there remains.
 */
ErrorData *
migrate_try_undone(void (*body) (void *arg), void *arg)
{
	return call_in_subtransaction(body, arg, true);
}
