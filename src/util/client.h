/*-------------------------------------------------------------------------
 *
 * client.h
 *		The connection to the client.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/client.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_UTIL_CLIENT_H
#define MIGRATE_UTIL_CLIENT_H

/* in client.c */
extern void migrate_client_collect(void);
extern void migrate_client_send(void);

#endif							/* MIGRATE_UTIL_CLIENT_H */
