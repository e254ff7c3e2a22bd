/*-------------------------------------------------------------------------
 *
 * format.h
 *		Migrations as a directory has them, whatever tool wrote it.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/format.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_FORMAT_H
#define MIGRATE_FORMAT_FORMAT_H

#include "common/sha2.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "files/files.h"
#include "format/template.h"
#include "variables/variables.h"

/*
 * A piece of a file that belongs to a section.
 */
typedef struct MigrateSpan
{
	int			offset;			/* bytes before it in the file's text */
	int			length;
	int			line;			/* of its first byte, from 1 */
	bool		transactional;	/* false: marked "no transaction" */
	bool		wrapped;		/* gets BEGIN and COMMIT, since other spans
								 * have no transaction */
	bool		unfinished;		/* its last statement may go on in the next */
} MigrateSpan;

/*
 * A position in a file where a statement ends without a semicolon: one replaces
 * this number of bytes, perhaps 0.
 */
typedef struct MigrateTerminator
{
	int			offset;
	int			length;
} MigrateTerminator;

/*
 * One direction of a migration: a piece of a file, or several.
 */
typedef struct MigrateSection
{
	bool		present;		/* does the file have it at all? */
	bool		nothing;		/* it says that there is nothing to undo */
	bool		transactional;	/* false: marked "no transaction" */
	bool		doubled_semicolons; /* ";;" in it stands for ";" */
	int			offset;			/* bytes before it in the file's text */
	int			length;			/* its bytes */
	int			line;			/* line of its first byte, from 1 */
	char	   *file;			/* name relative to the directory */
	List	   *spans;			/* of MigrateSpan, if it is not just that */
	List	   *ends;			/* of MigrateTerminator */
	MigrateSyntax syntax;
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];	/* of its text */
	ErrorData  *broken;			/* why it has no text: a file that it includes
								 * cannot be read; NULL if it has one */
} MigrateSection;

/*
 * A line of a file that may have been meant as something else.
 */
typedef struct MigrateDoubt
{
	const char *file;
	int			line;
	bool		refuses;		/* the migration must not run so */
	const char *message;
	const char *hint;			/* or NULL */
} MigrateDoubt;

typedef enum MigrateKind
{
	KIND_VERSIONED,				/* runs once */
	KIND_REPEATABLE,			/* runs after those, again when it has changed */
	KIND_CALLBACK,				/* runs at a moment of each run */
} MigrateKind;

/*
 * The moment at which a callback runs.
 */
typedef enum MigrateEvent
{
	EVENT_NONE,
	EVENT_BEFORE_VALIDATE,
	EVENT_AFTER_VALIDATE,
	EVENT_BEFORE_RUN,
	EVENT_BEFORE_EACH,			/* migration, and in its transaction */
	EVENT_AFTER_EACH,
	EVENT_AFTER_EACH_ERROR,
	EVENT_BEFORE_REPEATABLES,
	EVENT_AFTER_VERSIONED,
	EVENT_AFTER_APPLIED,		/* of something */
	EVENT_AFTER_RUN,
	EVENT_AFTER_ERROR,
	EVENT_UNSUPPORTED,
} MigrateEvent;

/*
 * What the changesets of a file depend on, besides the file.
 */
typedef struct MigrateChangesetsRead
{
	int			count;			/* so many there are; 0: the format has none */
	const uint8 *properties;	/* hash of those that were defined before it,
								 * or NULL */
} MigrateChangesetsRead;

/*
 * What the digest of a migration is made of: one of its files.  Changesets of one file
 * share it.
 */
typedef struct MigrateDigestPart
{
	struct MigrateFileName *file;
	MigrateChangesetsRead changesets;
	bool		is_alone;		/* no other file is read for it */
	bool		is_digested;
	bool		has_failed;		/* it has no digest */
	uint64		text_hash;		/* of the text that was parsed, if not */
	uint8		digest[PG_SHA256_DIGEST_LENGTH];	/* of this file, then */
	struct MigrateDigestPart *down; /* of the down file, or NULL */
} MigrateDigestPart;

/*
 * A migration as a directory has it, whatever tool wrote that.
 */
typedef struct Migration
{
	char	   *file;			/* that it was found in */
	MigrateKind kind;
	MigrateEvent event;			/* of a callback */
	bool		always;			/* repeatable, changed or not */
	bool		shares_file;	/* with others */
	bool		stands_for_all; /* before it, in an empty history: a baseline
								 * file or a checkpoint */
	bool		said_reversible;	/* in header comments; decides nothing */
	bool		ignores_failure;	/* a run goes on, and it stays pending */
	bool		may_be_passed_over; /* for that or another reason */
	bool		has_digest;		/* see migrate_source_digest() */
	char	   *version;		/* as written in the file name */
	char	   *name;			/* the rest of the file name, may be "" */
	char	   *sort_key;		/* bytewise order = the format's order */
	List	   *tags;			/* of char *: other names for it as a target */
	char	   *description;	/* from header comments, or NULL */
	char	   *author;			/* likewise */
	char	   *created;		/* likewise */
	List	   *depends;		/* of char *: on files of these names, without
								 * the suffix ... */
	int			depends_line;	/* ... as this line says */
	char	   *hash;			/* of itself, from its header, or NULL ... */
	char	   *previous;		/* ... and of the one before */
	List	   *properties;		/* of MigrateVariable: values from the files
								 * ... */
	int			nproperties;	/* ... so many of which are before its end ... */
	List	   *local_properties;	/* ... and those from its file */
	int			nlocal_properties;
	List	   *valid_checksums;	/* of char *, of what may have run */
	struct MigratePreconditions *preconditions; /* or NULL */
	char	   *logical_path;	/* that the file is recorded with, or NULL */
	const char *format;			/* its directory's */
	MigrateDoubt *doubt;		/* or NULL */
	int			idle_allowance; /* line that allows a doubt where there is
								 * none, 0: none */
	const char *no_transaction_marker;	/* of its format, or NULL */
	char	   *verify;			/* see MigrateFileName */
	char	   *contexts;		/* in which it runs, or NULL */
	char	   *labels;			/* likewise */
	uint8		digest[PG_SHA256_DIGEST_LENGTH];	/* of what was read for
													 * it, see digest.c */
	MigrateDigestPart *digest_part; /* of its up file; NULL for what can have
									 * no digest, or has one */
	List	   *unread;			/* of MigrateFileName: files that are as they
								 * were recorded, and have not been parsed;
								 * see known.c ... */
	List	   *siblings;		/* ... of Migration: all changesets of its
								 * file, or NIL */
	MigrateSection up;
	MigrateSection down;
} Migration;

/* A run has one for each file, and memory comes in powers of two. */
StaticAssertDecl(sizeof(Migration) <= 512, "a Migration needs twice the memory");

typedef struct MigrateFormat MigrateFormat;

typedef enum MigratePart
{
	PART_BOTH,
	PART_UP,
	PART_DOWN,
	PART_NONE,					/* one for another DBMS */
} MigratePart;

/*
 * What a file is to a migration, by its name or by a file about it.
 */
typedef struct MigrateFileName
{
	char	   *file;
	MigratePart part;
	MigrateKind kind;
	MigrateEvent event;			/* of a callback */
	char	   *version;
	char	   *name;
	char	   *sort_key;
	char	   *description;	/* or NULL */
	char	   *author;			/* or NULL */
	List	   *tags;			/* of char * */
	bool		no_transaction; /* its section has none, as its name says */
	char	   *verify;			/* a script that checks what it has done,
								 * which may not exist; or NULL */
} MigrateFileName;

/* in format.c */
extern const MigrateFormat *migrate_format_named(const char *name, List *names);
extern const MigrateTemplate *migrate_format_template(const MigrateFormat *format);
extern const char *migrate_format_name(const MigrateFormat *format);
extern const MigrateFormat *migrate_format_default(void);
extern bool migrate_format_has_own_session(const char *name);

/* in template.c */
extern List *migrate_template_files(const MigrateTemplate *template, List *migrations,
									const char *name, TimestampTz now);

/* in filename.c */
extern char *migrate_numeric_key(const char *digits, int length);

/* in filename_flyway.c */
extern char *migrate_dotted_key(const char *version);
extern char *migrate_flyway_baseline_key(const char *version);

/* in liquibase.c */
extern const char *migrate_changeset_key_path(const char *sort_key);

#endif							/* MIGRATE_FORMAT_FORMAT_H */
