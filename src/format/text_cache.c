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

/*
 * The text of a section with the files that it includes.
 */
typedef struct WholeSection
{
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];	/* of this text */
	int			length;
	char text[	FLEXIBLE_ARRAY_MEMBER];
} WholeSection;

typedef struct CachedFile
{
	char	   *sql;			/* NULL: not kept */
	int			length;
	bool		may_include;
	WholeSection *whole;		/* of its first section that includes a file */
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

/*
 * Keep a copy of the text of a section of a file, with what it includes, if there is room
 * and none of that file is kept; nothing if "cache" is NULL.
 */
void
migrate_text_cache_put_whole(MigrateTextCache *cache, const char *file, const uint8 *sha256,
							 const char *text, int length)
{
	int			number = cache == NULL ? -1 : migrate_find_name(cache->names, file);
	WholeSection *whole;

	if (number < 0 || length > CACHE_FILE_BYTES || cache->bytes + length > CACHE_BYTES ||
		cache->files[number].whole != NULL)
		return;
	whole = MemoryContextAlloc(GetMemoryChunkContext(cache), offsetof(WholeSection, text) + length + 1);
	memcpy(whole->sha256, sha256, PG_SHA256_DIGEST_LENGTH);
	whole->length = length;
	memcpy(whole->text, text, length + 1);
	cache->files[number].whole = whole;
	cache->bytes += length;
}

/*
 * The text of the section of that hash, with what it includes, palloc'd; NULL if it is not
 * kept (or "cache" is NULL).
 */
char *
migrate_text_cache_get_whole(const MigrateTextCache *cache, const char *file, const uint8 *sha256)
{
	int			number = cache == NULL ? -1 : migrate_find_name(cache->names, file);
	const WholeSection *whole = number < 0 ? NULL : cache->files[number].whole;

	if (whole == NULL || memcmp(whole->sha256, sha256, PG_SHA256_DIGEST_LENGTH) != 0)
		return NULL;
	return pnstrdup(whole->text, whole->length);
}
