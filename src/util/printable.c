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

#include "access/xact.h"
#include "catalog/namespace.h"
#include "common/string.h"
#include "common/username.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "util/printable.h"

/* a message that is longer is cut: it may quote one of a statement's */
#define MAX_MESSAGE		(1024 * 1024)
/* and a text from a file that a message shows, after so many bytes */
#define MAX_EXCERPT		128

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
 * Has a text, in the encoding of the database and of that many bytes, no character
 * that would be shown as an escape, whatever the client's encoding is?
 */
bool
migrate_is_printable(const char *str, int length)
{
	bool		is_utf8 = GetDatabaseEncoding() == PG_UTF8;

	for (int done = 0; done < length;)
	{
		unsigned char byte = str[done];
		int			size = IS_HIGHBIT_SET(byte) ? Min(pg_mblen(str + done), length - done) : 1;

		if (size == 1 && !IS_HIGHBIT_SET(byte) && is_unprintable(byte))
			return false;
		if (is_utf8 && size > 1 && is_unprintable(utf8_to_unicode((const unsigned char *) str + done)))
			return false;
		done += size;
	}
	return true;
}

/*
 * How characters of the database's encoding become those of the client's.
 */
typedef struct Conversion
{
	Oid			procedure;		/* InvalidOid: no conversion */
	int			encoding;		/* of the client */
} Conversion;

/*
 * The conversion that a message with such a text will pass through.  Outside a
 * transaction, the catalogs cannot be read to find it.
 */
static Conversion
conversion_to_client(const char *str)
{
	Conversion	conversion = {InvalidOid, pg_get_client_encoding()};

	if (conversion.encoding == GetDatabaseEncoding() || conversion.encoding == PG_SQL_ASCII ||
		GetDatabaseEncoding() == PG_SQL_ASCII || pg_is_ascii(str) || !IsTransactionState())
		return conversion;
	conversion.procedure = FindDefaultConversionProc(GetDatabaseEncoding(), conversion.encoding);
	return conversion;
}

/*
 * Does the client's encoding lack a character?  Sending it would be an error, and
 * a notice must not be the end of what has been committed.
 */
static bool
is_lacking(const Conversion *conversion, const char *character, int length)
{
	unsigned char source[MAX_MULTIBYTE_CHAR_LEN + 1];
	unsigned char converted[MAX_CONVERSION_GROWTH * MAX_MULTIBYTE_CHAR_LEN + 1];

	if (!OidIsValid(conversion->procedure))
		return false;
	memcpy(source, character, length);
	source[length] = '\0';
	return pg_do_encoding_conversion_buf(conversion->procedure, GetDatabaseEncoding(),
										 conversion->encoding, source, length,
										 converted, sizeof(converted), true) < length;
}

static void
append_escape(StringInfo shown, const char *character, int length, pg_wchar c)
{
	if (c == '\n' || c == '\r' || c == '\t')
		appendStringInfo(shown, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
	else if (c >= 0x80)
		appendStringInfo(shown, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned int) c);
	else
		for (int i = 0; i < length; i++)
			appendStringInfo(shown, "\\x%02x", (unsigned char) character[i]);
}

/*
 * Is a text all of printable characters of ASCII?  Most are, and this is faster.
 */
static bool
is_plain(const char *str)
{
	while (*str >= 0x20 && *str < 0x7f)
		str++;
	return *str == '\0';
}

/*
 * A text, in the encoding of the database, to be shown on one line: what is not
 * printable, and what the client's encoding lacks, is written as an escape.  Returns
 * "str" itself where nothing is to be done.
 */
char *
migrate_shown(const char *str)
{
	bool		is_utf8 = GetDatabaseEncoding() == PG_UTF8;
	Conversion	conversion;
	StringInfoData shown;
	const char *done = str;
	const char *p = str;

	if (is_plain(str))
		return unconstify(char *, str);
	conversion = conversion_to_client(str);
	initStringInfo(&shown);
	while (*p != '\0')
	{
		unsigned char byte = *p;
		bool		multibyte = IS_HIGHBIT_SET(byte);
		int			length = multibyte ? strnlen(p, pg_mblen(p)) : 1;
		bool		has_code = !multibyte ||
			(is_utf8 && length == pg_utf_mblen((const unsigned char *) p));
		pg_wchar	c = !multibyte ? byte :
			has_code ? utf8_to_unicode((const unsigned char *) p) : 0;

		if ((has_code && is_unprintable(c)) || (multibyte && is_lacking(&conversion, p, length)))
		{
			appendBinaryStringInfo(&shown, done, p - done);
			append_escape(&shown, p, length, c);
			done = p + length;
		}
		p += length;
	}
	if (done == str)
	{
		pfree(shown.data);
		return unconstify(char *, str);
	}
	appendStringInfoString(&shown, done);
	return shown.data;
}

/*
 * A text of a file or of a value, of any length, as a message shows it: its beginning,
 * palloc'd, or "str" itself if that is all of it.
 */
char *
migrate_excerpt(const char *str)
{
	int			length = strlen(str);

	if (length <= MAX_EXCERPT)
		return unconstify(char *, str);
	return psprintf("%.*s...", pg_mbcliplen(str, length, MAX_EXCERPT), str);
}

static char *printable(const char *format, va_list args) pg_attribute_printf(1, 0);

static char *
printable(const char *format, va_list args)
{
	int			saved_errno = errno;	/* for %m, here and in what comes next */
	StringInfoData buf;
	char	   *shown;

	initStringInfo(&buf);
	for (;;)
	{
		va_list		copy;
		int			needed;

		errno = saved_errno;
		va_copy(copy, args);
		needed = appendStringInfoVA(&buf, format, copy);
		va_end(copy);
		if (needed == 0)
			break;
		enlargeStringInfo(&buf, needed);
	}
	if (buf.len > MAX_MESSAGE)
		buf.data[pg_mbcliplen(buf.data, buf.len, MAX_MESSAGE)] = '\0';

	shown = migrate_shown(buf.data);
	if (shown != buf.data)
		pfree(buf.data);
	errno = saved_errno;
	return shown;
}

/*
 * The text of a message, as psprintf() makes it, to be shown on one line.
 */
char *
migrate_printable(const char *format,...)
{
	va_list		args;
	char	   *shown;

	va_start(args, format);
	shown = printable(format, args);
	va_end(args);
	return shown;
}

/*
 * errcontext() for an error context callback.  Those run in ErrorContext, which
 * nothing resets after a NOTICE.
 */
void
migrate_callback_context(const char *format,...)
{
	va_list		args;
	char	   *shown;

	va_start(args, format);
	shown = printable(format, args);
	va_end(args);
	errcontext_msg("%s", shown);
	pfree(shown);
}

/*
 * The same for errhint().
 */
void
migrate_callback_hint(const char *format,...)
{
	va_list		args;
	char	   *shown;

	va_start(args, format);
	shown = printable(format, args);
	va_end(args);
	(errhint) ("%s", shown);
	pfree(shown);
}

/*
 * A hint for an error of a file, where errno says that the operating system denies
 * "action" ("read it"): the permission that is missing is the server's, not the
 * caller's.
 */
int
migrate_errhint_for_file(const char *action)
{
	int			save_errno = errno;
	char	   *unknown;
	const char *user;

	if (errno != EACCES && errno != EPERM)
		return 0;
	user = get_user_name(&unknown);
	errhint("The server runs as operating system user \"%s\", which needs permission to %s.",
			user ? user : "?", action);
	errno = save_errno;
	return 0;
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
