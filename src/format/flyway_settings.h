/*-------------------------------------------------------------------------
 *
 * flyway_settings.h
 *		What Flyway's configuration of a directory decides.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/flyway_settings.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_FLYWAY_SETTINGS_H
#define MIGRATE_FORMAT_FLYWAY_SETTINGS_H

#include "nodes/pg_list.h"

#include "files/files.h"
#include "format/format.h"
#include "lib/stringinfo.h"

/*
 * Settings that are not given have the values of Flyway.
 */
typedef struct MigrateFlywaySettings
{
	const char *file;			/* that has them, NULL: there is none */

	/* names of files */
	const char *versioned_prefix;
	const char *repeatable_prefix;
	const char *undo_prefix;
	const char *baseline_prefix;
	const char *separator;
	List	   *suffixes;		/* of char *; NIL: ".sql" */
	bool		ignores_callbacks;

	/* folders with migrations, and with callbacks: of char *, see below */
	List	   *locations;		/* NIL: all of the directory */
	List	   *callback_locations; /* NIL: the same */
	bool		needs_locations;	/* one that is missing is an error */

	/* scripts */
	bool		without_transaction;
	bool		without_variables;
	const char *variable_prefix;
	const char *variable_suffix;
	const char *variable_separator; /* in names of those that Flyway defines */
	List	   *variables;		/* of MigrateVariable */

	/* runs */
	bool		out_of_order;
	bool		baselines;		/* a database with objects and no history, at
								 * this version ... */
	const char *baseline_version;
	const char *schema;			/* NULL: whichever is the current one */
	const char *table;			/* Flyway's own */

	/* where they are set, for messages */
	int			schema_line;
	int			baselines_line;
} MigrateFlywaySettings;

/* in flyway_settings.c */
extern const MigrateFlywaySettings migrate_flyway_defaults;
extern bool migrate_has_flyway_settings(List *names);
extern const MigrateFlywaySettings *migrate_flyway_settings_read(MigrateDirectory *dir);
extern void migrate_flyway_settings_say(const MigrateFlywaySettings *settings, StringInfo buf);
extern struct MigrateLayout *migrate_flyway_layout(const MigrateFlywaySettings *settings);
extern MigrateSyntax migrate_flyway_syntax(const MigrateFlywaySettings *settings);

/* in flyway_locations.c */
extern char *migrate_flyway_location(const MigrateDirectory *dir, const char *location,
									 const char **why_not);
extern const char *migrate_flyway_relative(List *locations, const char *file);
extern const char *migrate_flyway_missing(List *locations, List *names);
extern bool migrate_flyway_looks_into(List *locations, const char *folder);
extern List *migrate_flyway_files(const MigrateFlywaySettings *settings, List *names,
								  List **callbacks, List **ignored);
extern char *migrate_flyway_new_file(const MigrateFlywaySettings *settings, const char *name);

/* in filename_flyway.c */
extern const char *migrate_flyway_suffix(const MigrateFlywaySettings *settings, const char *base);
extern bool migrate_flyway_parse_name(const MigrateFlywaySettings *settings, const char *file,
									  MigrateFileName *parsed);

#endif							/* MIGRATE_FORMAT_FLYWAY_SETTINGS_H */
