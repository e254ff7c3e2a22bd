/*-------------------------------------------------------------------------
 *
 * tools.h
 *		Tables of other tools.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/tools/tools.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_TOOLS_TOOLS_H
#define MIGRATE_TOOLS_TOOLS_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "storage/lock.h"

#include "format/format.h"
#include "util/names.h"

/*
 * What a tool knows a migration by.
 */
typedef enum MigrateKey
{
	KEY_NUMBER,					/* a number, which gives the order */
	KEY_DOTTED,					/* several numbers; NULL: the title of one
								 * that is repeatable */
	KEY_VERSION,				/* the version as it is written */
	KEY_FILE,					/* the name of the file */
	KEY_STEM,					/* the same without a suffix */
	KEY_FOLDER,					/* the folder of the file */
	KEY_CHANGE,					/* sqitch: the name, each time that it comes */
	KEY_CHANGESET,				/* liquibase: author and id, in a file */
	KEY_WHEN,					/* drizzle: the time in the journal, or in the
								 * folder's name */
} MigrateKey;

/*
 * Another tool, and how its table is read.  Expressions are SQL.
 */
typedef struct MigrateChecksumInput MigrateChecksumInput;

typedef struct MigrateToolTable MigrateToolTable;

typedef enum MigrateChecked
{
	CHECKED_SAME,
	CHECKED_CHANGED,
	CHECKED_UNKNOWN,			/* it cannot be computed here */
} MigrateChecked;

typedef struct MigrateTool
{
	const char *name;
	const char *formats;		/* that its directories have, the usual one
								 * first */
	const char *schema;			/* of its table, NULL: as search_path says */
	const char *tables;			/* names that it may have */
	const char *columns;		/* that it has, with the categories of their
								 * types */
	bool		only;			/* and no others */
	bool		always_there;	/* even where the tool has applied nothing */
	const char *refusal;		/* why its table cannot be adopted, or NULL */
	const char *manifest;		/* a file about the others */

	/* rows, of which the last one counts that is equal in "newest_by" */
	const char *each;			/* what to join a row "t" with, if it has
								 * several */
	const char *newest_by;
	const char *where;
	const char *order;

	/* what a row has */
	MigrateKey	key;
	const char *id;
	const char *title;
	const char *path;
	const char *through;		/* all up to it are applied too */
	const char *failure;		/* a sentence, if it is not just applied */
	const char *checksum;
	MigrateChecked (*check) (const MigrateChecksumInput *in, const char *recorded);
	const char *applied_at;
	const char *applied_by;		/* a column, which need not be there */
	const char *duration;		/* microseconds */
	const char *batch;

	/* its lock: an advisory one, their keys, or what takes it */
	int64		lock_key;
	int			(*lock_keys) (const MigrateToolTable *tool_table, int64 *keys);
	void		(*lock) (const MigrateToolTable *tool_table);
} MigrateTool;

#define MIGRATE_TOOL_LOCKS	2

/*
 * A table of a tool, found.
 */
struct MigrateToolTable
{
	const MigrateTool *tool;
	Oid			relid;
	char	   *schema;
	char	   *table;
	bool		has_applied_by;
	bool		named;			/* by the caller: may be a view as well */
	int			nlocks;			/* so many are held for the session */
	LOCKTAG		locks[MIGRATE_TOOL_LOCKS];
};

/*
 * A row of it.
 */
typedef struct MigrateToolRow
{
	char	   *id;				/* NULL: has none, for KEY_DOTTED */
	char	   *title;			/* or NULL, as all below */
	char	   *path;
	bool		through;
	char	   *failure;
	char	   *checksum;
	bool		has_time;
	TimestampTz applied_at;
	char	   *applied_by;
	int64		duration;		/* 0: not known */
	int			batch;			/* 0: has none */
} MigrateToolRow;

/* in tool_table.c */
extern bool migrate_tool_table_counts(Oid relid, bool decides);
extern MigrateToolTable *migrate_tool_table_of_format(const char *format, const char *tenant,
													  const char *flyway_table);
extern MigrateToolTable *migrate_tool_table_find(const char *tool, Oid relid, const char *schema,
												 const char *flyway_table);
extern List *migrate_tool_table_read(const MigrateToolTable *tool_table, const char *project);

/* in tool_lock.c */
extern void migrate_tool_table_lock(const MigrateToolTable *tool_table);
extern void migrate_tool_table_lock_session(MigrateToolTable *tool_table);
extern void migrate_tool_table_relock_session(const MigrateToolTable *tool_table);
extern void migrate_tool_table_unlock_session(const MigrateToolTable *tool_table);

/*
 * What is recorded in a tool's table of a migration that has been applied or undone.
 */
typedef struct MigrateToolRecord
{
	const char *id;				/* as the tool's key is; NULL: has none */
	const char *title;
	const char *path;			/* of its file, relative to the directory */
	const char *checksum;		/* the tool's; NULL: none, or not known */
	const char *last;			/* version of the highest one that is applied
								 * now, or NULL */
	int64		duration;		/* microseconds */
	TimestampTz started;
} MigrateToolRecord;

/* in tool_record.c */
extern bool migrate_tool_can_record(const char *tool);
extern char *migrate_tools_recorded(void);
extern bool migrate_tool_has_checksum(const MigrateTool *tool);
extern void migrate_tool_require_plain(const MigrateToolTable *tool_table, Oid role);
extern char *migrate_tool_checksum(const MigrateTool *tool, const MigrateChecksumInput *in);
extern void migrate_tool_record(const MigrateToolTable *tool_table, bool up,
								const MigrateToolRecord *record, Oid role);

/*
 * What a checksum may be about.
 */
struct MigrateChecksumInput
{
	const Migration *file;
	const char *bytes;			/* of the file with its up section ... */
	int			length;
	const char *sql;			/* ... and their text, in the database
								 * encoding */
	MigrateNames *sums;			/* those that the file about the others has of
								 * them (char *), or NULL */
};

/* in tool_checksums.c */
extern bool migrate_changeset_is_valid(const List *valid, const char *ran, const char *now);

#endif							/* MIGRATE_TOOLS_TOOLS_H */
