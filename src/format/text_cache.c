/*-------------------------------------------------------------------------
 *
 * text_cache.c
 *		Texts of files that need not be read again, up to a limit of memory.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/text_cache.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "format/filename.h"
#include "format/format_int.h"

/* so much is kept */
#define CACHE_BYTES	(16 * 1024 * 1024)
/* ... of files that are no larger than this */
#define CACHE_FILE_BYTES	(64 * 1024)

typedef struct CachedFile
{
	char	   *sql;			/* NULL: not kept */
	int			length;
	bool		may_include;
} CachedFile;

struct MigrateTextCache
{
	List	   *names;			/* of the directory */
	CachedFile *files;			/* one for each name */
	size_t		bytes;
};

/*
 * A cache, still empty, of the files that are called "names" (char *, sorted), which
 * it refers to.
 */
MigrateTextCache *
migrate_text_cache_create(List *names)
{
	MigrateTextCache *cache = palloc0(sizeof(MigrateTextCache));

	cache->names = names;
	cache->files = palloc_extended(list_length(names) * sizeof(CachedFile),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	return cache;
}

/*
 * The text of a file, NULL if it is not kept (or "cache" is NULL, for none).  *length
 * is its bytes, *may_include whether a line of it may include a file, *name the name of the
 * file as long as the cache lives.
 */
char *
migrate_text_cache_get(const MigrateTextCache *cache, const char *file, int *length,
					   bool *may_include, const char **name)
{
	int			number = cache == NULL ? -1 : migrate_find_name(cache->names, file);

	if (number < 0 || cache->files[number].sql == NULL)
		return NULL;
	*name = list_nth(cache->names, number);
	*length = cache->files[number].length;
	*may_include = cache->files[number].may_include;
	return cache->files[number].sql;
}

/*
 * Keep a copy of the text of a file, as long as there is room; nothing if "cache" is
 * NULL.
 */
void
migrate_text_cache_put(MigrateTextCache *cache, const char *file, const char *sql, int length,
					   bool may_include)
{
	int			number = cache == NULL ? -1 : migrate_find_name(cache->names, file);
	CachedFile *cached;

	if (number < 0 || length > CACHE_FILE_BYTES || cache->bytes + length > CACHE_BYTES)
		return;
	cached = &cache->files[number];
	cached->sql = MemoryContextStrdup(GetMemoryChunkContext(cache), sql);
	cached->length = length;
	cached->may_include = may_include;
	cache->bytes += length;
}
