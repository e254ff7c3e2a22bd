/*-------------------------------------------------------------------------
 *
 * client.c
 *		How messages go to the client while a run is active.
 *
 * Core sends each NOTICE at once.  With one for each of many small migrations, the
 * packets, and a client that wakes up for each, take about as long as what the migrations do.
 * Where the kernel can collect them for a moment, and sends them by itself after
 * that, it does: on Linux over TCP, where the moment is 200 milliseconds, see tcp(7).
 * So a client still learns in time what has run, whatever the next statement waits for.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/client.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* of Port only the socket is needed, and not the headers of other libraries */
#undef ENABLE_GSS
#undef USE_OPENSSL
#include "libpq/libpq-be.h"
#include "miscadmin.h"

#include "util/client.h"

/* the kernel collects, because of us */
static bool collecting = false;

/*
 * Make the kernel collect messages, or send them at once.  False where it cannot, as on
 * a Unix-domain socket.
 */
static bool
set_cork(int on)
{
#if defined(TCP_CORK) && defined(__linux__)
	if (MyProcPort != NULL)
		return setsockopt(MyProcPort->sock, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)) == 0;
#endif
	return false;
}

/*
 * From here on, until migrate_client_send(), messages may be collected for a moment.
 */
void
migrate_client_collect(void)
{
	collecting = set_cork(1);
}

/*
 * Send what is collected, and each message at once from here on.  Also after an error.
 */
void
migrate_client_send(void)
{
	if (collecting)
		(void) set_cork(0);
	collecting = false;
}
