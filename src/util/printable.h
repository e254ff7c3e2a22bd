/*-------------------------------------------------------------------------
 *
 * printable.h
 *		Messages that show names from disk on one line.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/util/printable.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_UTIL_PRINTABLE_H
#define MIGRATE_UTIL_PRINTABLE_H

/*
 * What we say may contain names from disk and from tables of other tools, which may
 * contain anything: a line end followed by a forged message, or control sequences
 * of a terminal.  So each of our messages goes through migrate_printable().  Text
 * that must not be escaped, such as that of a statement, goes through
 * errmsg_internal() and errcontext_msg().  Error context callbacks use the
 * migrate_callback_*() functions, which free what they allocate.
 */
extern char *migrate_printable(const char *format,...) pg_attribute_printf(1, 2);
extern char *migrate_shown(const char *str);
extern char *migrate_excerpt(const char *str);
extern bool migrate_is_printable(const char *str, int length);
extern void migrate_callback_context(const char *format,...) pg_attribute_printf(1, 2);
extern void migrate_callback_hint(const char *format,...) pg_attribute_printf(1, 2);
extern int	migrate_errcode_for_file(void);
extern int	migrate_errhint_for_file(const char *action);

#undef errcontext
#define errmsg(...)		errmsg_internal("%s", migrate_printable(__VA_ARGS__))
#define errdetail(...)	errdetail_internal("%s", migrate_printable(__VA_ARGS__))
#define errhint(...)	errhint("%s", migrate_printable(__VA_ARGS__))
#define errcontext(...) errcontext_msg("%s", migrate_printable(__VA_ARGS__))
#define errmsg_plural(one, many, n, ...) \
	errmsg_internal("%s", migrate_printable((n) == 1 ? (one) : (many), __VA_ARGS__))

#endif							/* MIGRATE_UTIL_PRINTABLE_H */
