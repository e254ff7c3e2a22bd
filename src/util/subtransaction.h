/*-------------------------------------------------------------------------
 *
 * subtransaction.h
 *		Errors that are not the end of a transaction.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/subtransaction.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_UTIL_SUBTRANSACTION_H
#define MIGRATE_UTIL_SUBTRANSACTION_H

extern bool migrate_is_error_of_input(int sqlerrcode);
extern bool migrate_is_error_of_statement(int sqlerrcode);
extern ErrorData *migrate_try(void (*body) (void *arg), void *arg);
extern ErrorData *migrate_try_undone(void (*body) (void *arg), void *arg);

#endif							/* MIGRATE_UTIL_SUBTRANSACTION_H */
