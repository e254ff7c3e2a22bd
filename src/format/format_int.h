/*-------------------------------------------------------------------------
 *
 * format_int.h
 *		What the files of this folder share.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/format_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_FORMAT_INT_H
#define MIGRATE_FORMAT_FORMAT_INT_H

#include "nodes/pg_list.h"

#include "format/flyway_settings.h"
#include "format/format.h"
#include "format/grammar.h"
#include "format/source.h"

struct MigrateChangelog;

/*
 * A format: how it is detected and read.  The evidence for it may be a name or
 * text; a format without evidence is used if it is given, or if its tool's table
 * exists.
 */
struct MigrateFormat
{
	const char *name;

	/* evidence */
	bool		(*looks_like) (List *names);	/* by all names together */
	bool		by_markers;		/* by the markers of one file */
	bool		by_name;		/* by the name of one file */
	const char *like;			/* formats that may be meant where the tool's
								 * table is there */
	const char *table;			/* which is this, schema-qualified if need be */
	const char *column;			/* and has this column */

	/* layout */
	bool		(*parse_name) (const char *file, MigrateFileName *parsed);
	List	   *(*parse_manifest) (const struct MigrateLayout *layout, const char *manifest,
								   const char *str, List *names);
	const char *manifest;		/* a file about the others */
	struct MigrateLayout *(*parse_settings) (const char *file, const char *str);
	const char *settings_file;	/* of the tool, for the whole directory */
	bool		file_sums;		/* which has their checksums */
	bool		nested;			/* folders hold migrations, too */
	bool		unique_versions;	/* equal versions are an error, though
									 * they may have different places in the
									 * order */
	bool		from_one;		/* there is no version 0 */
	bool		consecutive;	/* nor any gap */
	void		(*refuse) (const char *file);	/* what would have to run too */
	bool		callbacks;		/* has files that run at moments of a run */
	bool		(*parse_hook) (const char *file, MigrateFileName *parsed);	/* likewise */
	const char *down_name;		/* of a down script; %s is the version */
	bool		needs_up;		/* a down file without an up file is an error */
	const char *wider;			/* a format with these names and others, which
								 * a directory may be meant for, too */
	const char *twin;			/* a format that reads the same names, perhaps
								 * in another order ... */
	bool		(*is_sure) (List *names);	/* ... unless this is true */
	List	   *(*choose) (List *files);	/* which of several files of a
											 * version counts */
	bool		is_default;		/* of new migrations in an empty directory */

	/* content */
	const MigrateGrammar *grammar;
	bool		changesets;		/* a file is several migrations */
	bool		hashed;			/* each file has the hash of the one before */
	bool		depends;		/* a file may say on which others it depends */
	bool		header;			/* has header comment lines */
	bool		atlas_directives;	/* has those of atlas */
	const char *metadata_file;	/* suffix or name of a file with settings */
	MigrateSyntaxKind syntax;	/* of variables */
	bool		templates;		/* of tern */
	bool		own_session;	/* the tool runs each migration in a session
								 * of its own */

	/* how a new one looks */
	const MigrateTemplate *template;
};

/* room for what a file's markers may be evidence for */
#define MIGRATE_MAX_FORMATS		40

/* in format.c */
extern const MigrateFormat migrate_formats[];
extern const char *migrate_format_manifest(const MigrateFormat *format,
										   const struct MigrateLayout *layout);
extern bool migrate_format_has_file_sums(const MigrateFormat *format);
extern bool migrate_format_has_unique_versions(const MigrateFormat *format);
extern bool migrate_format_needs_head(const MigrateFormat *format);
extern void migrate_format_parse_head(const MigrateFormat *format, Migration *migration,
									  const char *sql, int length);
extern List *migrate_format_files(const MigrateFormat *format, List *names,
								  const struct MigrateLayout *layout, const char *manifest,
								  List **callbacks, List **ignored);
extern char *migrate_format_metadata_file(const MigrateFormat *format, const char *file);
extern List *migrate_format_parse(const MigrateFormat *format,
								  const MigrateFlywaySettings *flyway, const char *evidence,
								  const MigrateFileName *parsed,
								  const char *sql, int length,
								  struct MigrateChangelog *changelog);
extern List *migrate_format_assemble(const MigrateFormat *format, List *parts,
									 List **ignored);

/* in detect.c */
extern const MigrateFormat *migrate_format_by_names(List *names, const char **evidence);
extern const MigrateFormat *migrate_format_detect(const MigrateFormat *best,
												  const char *file, const char *sql);
extern bool migrate_format_may_be(const MigrateFormat *format, const MigrateFormat *other);
extern const MigrateFormat *migrate_format_by_table(const MigrateFormat *format,
													MigrateTableExists exists);
extern const MigrateFormat *migrate_format_of_history(const MigrationSet *set, const char *remembered);
extern void migrate_format_check_ignored(const MigrateFormat *format, const char *evidence,
										 const char *file, const char *sql);
extern bool migrate_format_reads(const MigrateFormat *format, const char *file);
extern void migrate_format_check_order(const MigrationSet *set, List *names, MigrateTableExists exists);
extern const MigrateFormat *migrate_format_marked(const MigrateFormat *format, const char *sql,
												  bool ambiguous);
extern const MigrateFormat *migrate_format_foreign(const MigrateFormat *format,
												   const char *evidence, const char *sql);
extern void migrate_format_refuse_foreign(const MigrateFormat *format, const char *evidence,
										  const char *file, const MigrateFormat *other);

/* in assemble.c */
extern List *migrate_assemble(List *parts, List **ignored);
extern void migrate_refuse_equal_versions(List *migrations);
extern void migrate_refuse_gaps(List *migrations, const char *format);
extern void migrate_check_chain(List *migrations);

/* in metadata.c */
extern void migrate_parse_header(Migration *migration, const char *sql, int length);
extern void migrate_check_provider(const char *manifest, const char *str);
extern void migrate_parse_metadata_file(Migration *migration, const char *metadata_file,
										const char *str);

/* in atlas.c */
extern void migrate_parse_atlas_directives(Migration *migration, const char *sql, int length);

/* in yoyo.c */
extern void migrate_parse_yoyo_directives(Migration *migration, const char *sql, int length);
extern List *migrate_order_by_dependencies(List *migrations);

/* in liquibase.c */
extern List *migrate_changesets_parse(const MigrateFileName *file,
									  const char *sql, int length,
									  struct MigrateChangelog *changelog);

/* in unread.c */
extern void migrate_refuse_unread(bool (*parse_name) (const char *file, MigrateFileName *parsed),
								  const char *file, List *names);
extern int	migrate_before_other_suffix(const char *file);
extern void migrate_refuse_down_names(List *files, const char *example);
extern void migrate_refuse_lone_downs(List *files);
extern bool migrate_looks_like_down_file(const char *file);

/* in text_cache.c */
typedef struct MigrateTextCache MigrateTextCache;
extern MigrateTextCache *migrate_text_cache_create(List *names);
extern char *migrate_text_cache_get(const MigrateTextCache *cache, const char *file, int *length,
									bool *may_include, const char **name);
extern void migrate_text_cache_put(MigrateTextCache *cache, const char *file,
								   const char *sql, int length, bool may_include);
extern void migrate_text_cache_put_whole(MigrateTextCache *cache, const char *file, const uint8 *sha256,
										 const char *text, int length);
extern char *migrate_text_cache_get_whole(const MigrateTextCache *cache, const char *file,
										  const uint8 *sha256);

/* in section.c */
extern const char *migrate_grammar_up(const MigrateGrammar *grammar);
extern bool migrate_grammar_parse(const MigrateGrammar *grammar, Migration *migration,
								  MigratePart part, const char *sql, int length);
extern bool migrate_lacks_semicolon(const char *start, const char *end);

/* in section_text.c */
extern void migrate_section_finish(MigrateSection *section);
extern char *migrate_section_text(const MigrateSection *section, const char *sql,
								  int *length);
extern int	migrate_section_end(const MigrateSection *section);

#endif							/* MIGRATE_FORMAT_FORMAT_INT_H */
