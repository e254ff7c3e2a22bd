/*-------------------------------------------------------------------------
 *
 * changelog.h
 *		What the files of a Liquibase changelog share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/changelog.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_CHANGELOG_H
#define MIGRATE_FORMAT_CHANGELOG_H

#include "nodes/pg_list.h"

#include "format/format.h"
#include "util/lines.h"
#include "util/names.h"

/*
 * A property whose contexts or labels are not decided.
 */
typedef struct MigrateUndecided
{
	const char *name;
	const char *setting;		/* that decides it */
	int			number;			/* from 0, in their order */
} MigrateUndecided;

/*
 * What the files have in common, in their order, and what the current one has.
 */
typedef struct MigrateChangelog
{
	List	   *properties;		/* of MigrateVariable; the first of a name
								 * counts */
	List	   *local_properties;	/* of the file; the last of a name counts */
	MigrateNames *by_name;		/* the same by name, in small letters */
	MigrateNames *local_by_name;	/* likewise, NULL: none */
	const uint8 *properties_hash;	/* of "properties", NULL without any */
	int			limit;			/* so many of these count, -1: all */
	List	   *undecided;		/* of MigrateUndecided ... */
	MigrateNames *undecided_names;	/* ... and by name, the first of several */
	int			longest_undecided;	/* bytes of a name */
	int64		expanded;		/* bytes of values with those of properties */
	const char *last_file;		/* that has properties, or NULL */
	MigrateNames *changesets;	/* Migrations, by path and version */
	bool		refers;			/* the file names a changeset of another one */
	bool		needs_all;		/* one that has not been parsed is needed: all
								 * files are to be */
} MigrateChangelog;

/*
 * "--rollback changesetId:..." as a changeset has it.
 */
typedef struct MigrateReference
{
	int			line;			/* 0: has none */
	char	   *id;
	char	   *author;
	char	   *path;
} MigrateReference;

/* in changelog.c */
extern MigrateChangelog *migrate_changelog_create(void);
extern MigrateChangelog *migrate_changelog_resume(const MigrateChangelog *others, int limit);
extern void migrate_changelog_next_file(MigrateChangelog *changelog);
extern void migrate_changelog_add_property(MigrateChangelog *changelog, const char *file,
										   const MigrateLine *line, const char *rest);
extern bool migrate_changelog_has_properties_of(const MigrateChangelog *changelog, const char *file);
extern char *migrate_changelog_expand(MigrateChangelog *changelog, char *value,
									  const char *file, const MigrateLine *line);
extern void migrate_changelog_add(MigrateChangelog *changelog, Migration *migration);
extern void migrate_known_changeset(MigrateChangelog *changelog, Migration *migration);
extern void migrate_changelog_doubt(const MigrateChangelog *changelog, Migration *migration,
									const char *begin, const char *end);
extern void migrate_changelog_refuse_commercial(const char *file, const MigrateLine *line);
extern bool migrate_changelog_parse_reference(MigrateReference *reference, const MigrateLine *line,
											  const char *after);
extern void migrate_changelog_refer(MigrateChangelog *changelog, Migration *migration,
									const MigrateReference *reference);

#endif							/* MIGRATE_FORMAT_CHANGELOG_H */
