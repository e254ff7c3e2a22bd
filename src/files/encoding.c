/*-------------------------------------------------------------------------
 *
 * encoding.c
 *		The text of a file, in the encoding of the database.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/encoding.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"

#include "files/files.h"
#include "util/compat.h"
#include "util/line_map.h"
#include "util/lines.h"
#include "util/printable.h"

/* of a character, in bytes */
#define MAX_UTF8_LENGTH	4

/*
 * How many bytes of a text are UTF-8, from its beginning on.
 */
static int
verify_utf8(const char *data, int length)
{
	int			good = 0;

	while (good < length)
	{
		int			block = Min(length - good, MIGRATE_BLOCK);
		bool		last = good + block == length;
		int			n;

		CHECK_FOR_INTERRUPTS();
		n = pg_encoding_verifymbstr(PG_UTF8, data + good, block);
		good += n;

		/* a character may go on in the next block */
		if (n < block && (last || block - n >= MAX_UTF8_LENGTH))
			break;
	}
	return good;
}

/*
 * Check that a file's bytes are text in UTF-8, and convert it to the database
 * encoding, without a byte order mark.  "data" is palloc'd, and changed or freed.
 * Errors: 22021 for a bad byte, 22P05 for a character that the database encoding
 * lacks, with file and line.
 */
char *
migrate_directory_decode(const char *name, char *data, int *length)
{
	int			encoding = GetDatabaseEncoding();
	Oid			conversion;
	int			good;
	size_t		room;
	char	   *str;

	if (*length >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0)
	{
		*length -= 3;
		memmove(data, data + 3, *length + 1);
	}
	good = verify_utf8(data, *length);
	if (good < *length)
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("invalid byte sequence for encoding \"%s\": 0x%02x",
						"UTF8", (unsigned char) data[good]),
				 errhint("Save the file as UTF-8."),
				 errcontext("file \"%s\", line %d", name,
							migrate_count_lines(data, good))));
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return data;

	conversion = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(conversion))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("default conversion function for encoding \"%s\" to \"%s\" does not exist",
						"UTF8", pg_encoding_to_char(encoding))));
	if (*length > (INT_MAX - 1) / MAX_CONVERSION_GROWTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("file \"%s\" is too large to be converted to encoding \"%s\"",
						name, pg_encoding_to_char(encoding))));
	room = (size_t) *length * MAX_CONVERSION_GROWTH + 1;
	str = MemoryContextAllocHuge(CurrentMemoryContext, room);

	good = pg_do_encoding_conversion_buf(conversion,
										 PG_UTF8, encoding,
										 (unsigned char *) data, *length,
										 (unsigned char *) str, (int) Min(room, INT_MAX),
										 true);
	if (good < *length)
		ereport(ERROR,
				(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
				 errmsg("character \"%s\" has no equivalent in encoding \"%s\"",
						psprintf("U+%04X", utf8_to_unicode((unsigned char *) data + good)),
						pg_encoding_to_char(encoding)),
				 errcontext("file \"%s\", line %d", name,
							migrate_count_lines(data, good))));
	pfree(data);
	*length = strlen(str);
	return str;
}
