/*-------------------------------------------------------------------------
 *
 * printable.c
 *		Text of messages, shown on one line.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/printable.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/string.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"

#include "util/printable.h"

/* a message that is longer is cut: it may quote one of a statement's */
#define MAX_MESSAGE		(1024 * 1024)

/*
 * What a terminal or a reader would not see as it is: control characters, and
 * those that turn the direction of what comes after them.
 */
static bool
is_unprintable(pg_wchar c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/*
 * A text, in the encoding of the database, to be shown on one line: what is not
 * printable is written as an escape.  Returns "text" itself where nothing is to be
 * done.
 */
char *
migrate_shown(const char *text)
{
	bool		is_utf8 = GetDatabaseEncoding() == PG_UTF8;
	StringInfoData shown;
	const char *done = text;
	const char *p = text;

	initStringInfo(&shown);
	while (*p != '\0')
	{
		unsigned char byte = *p;
		int			length = 1;
		pg_wchar	c = IS_HIGHBIT_SET(byte) ? 0xa0 : byte;

		if (IS_HIGHBIT_SET(byte))
		{
			length = strnlen(p, pg_mblen(p));
			if (is_utf8 && length == pg_utf_mblen((const unsigned char *) p))
				c = utf8_to_unicode((const unsigned char *) p);
		}
		if (is_unprintable(c))
		{
			appendBinaryStringInfo(&shown, done, p - done);
			if (c == '\n' || c == '\r' || c == '\t')
				appendStringInfo(&shown, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
			else
				appendStringInfo(&shown, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned int) c);
			done = p + length;
		}
		p += length;
	}
	if (done == text)
	{
		pfree(shown.data);
		return unconstify(char *, text);
	}
	appendStringInfoString(&shown, done);
	return shown.data;
}

/*
 * The text of a message, as psprintf() makes it, to be shown on one line.
 */
char *
migrate_printable(const char *format,...)
{
	int			saved_errno = errno;	/* for %m */
	StringInfoData text;

	initStringInfo(&text);
	for (;;)
	{
		va_list		args;
		int			needed;

		errno = saved_errno;
		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	if (text.len > MAX_MESSAGE)
		text.		data[pg_mbcliplen(text.data, text.len, MAX_MESSAGE)] = '\0';

	return migrate_shown(text.data);
}

/*
 * As errcode_for_file_access(), for any errno: what core has no class for (ELOOP,
 * ENAMETOOLONG ...) is an error of the system all the same, not of ours.
 */
int
migrate_errcode_for_file(void)
{
	int			save_errno = errno;

	(void) errcode_for_file_access();
	if (geterrcode() == ERRCODE_INTERNAL_ERROR)
		(void) errcode(ERRCODE_SYSTEM_ERROR);
	errno = save_errno;
	return 0;
}
