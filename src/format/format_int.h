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

#include "format/format.h"
#include "format/grammar.h"

/* in format.c */
extern const MigrateFormat *migrate_format_by_names(List *names, const char **evidence);
extern const MigrateFormat *migrate_format_detect(const MigrateFormat *best,
												  const char *file, const char *sql);
extern bool migrate_format_may_be(const MigrateFormat *format, const MigrateFormat *other);
extern const MigrateFormat *migrate_format_by_table(const MigrateFormat *format,
													MigrateTableExists exists);
extern void migrate_format_check_ignored(const MigrateFormat *format, const char *evidence,
										 const char *file, const char *sql);
extern bool migrate_format_reads(const MigrateFormat *format, const char *file);
extern const char *migrate_format_manifest(const MigrateFormat *format);
extern bool migrate_format_has_file_sums(const MigrateFormat *format);
extern bool migrate_format_has_unique_versions(const MigrateFormat *format);
extern List *migrate_format_files(const MigrateFormat *format, List *names,
								  const char *index, List **ignored);
extern char *migrate_format_metadata_file(const MigrateFormat *format, const char *file);
extern List *migrate_format_parse(const MigrateFormat *format, const char *evidence,
								  const MigrateFileName *parsed,
								  const char *sql, int length);
extern List *migrate_format_assemble(const MigrateFormat *format, List *parts,
									 List **ignored);

/* in assemble.c */
extern List *migrate_assemble(List *parts, List **ignored);
extern void migrate_refuse_equal_versions(List *migrations);
extern void migrate_refuse_gaps(List *migrations, const char *format);
extern void migrate_check_chain(List *migrations);

/* in metadata.c */
extern void migrate_parse_header(Migration *migration, const char *sql, int length);
extern void migrate_check_provider(const char *index, const char *text);
extern void migrate_parse_metadata_file(Migration *migration, const char *metadata_file,
										const char *text);

/* in atlas.c */
extern void migrate_parse_atlas_directives(Migration *migration, const char *sql, int length);

/* in liquibase.c */
extern List *migrate_changesets_parse(const MigrateFileName *file,
									  const char *sql, int length);

/* in section.c */
extern const char *migrate_grammar_up(const MigrateGrammar *markers);

/* in unread.c */
extern void migrate_refuse_unread(bool (*claims) (const char *file, MigrateFileName *parsed),
								  const char *file, List *names);
extern void migrate_refuse_down_names(List *files, const char *example);
extern void migrate_refuse_lone_downs(List *files);

/* in section.c */
extern bool migrate_grammar_parse(const MigrateGrammar *markers, Migration *migration,
								  MigratePart part, const char *sql, int length);
extern bool migrate_lacks_semicolon(const char *start, const char *end);
extern void migrate_section_finish(MigrateSection *section);
extern char *migrate_section_text(const MigrateSection *section, const char *sql,
								  int *length);
extern int	migrate_section_end(const MigrateSection *section);

#endif							/* MIGRATE_FORMAT_FORMAT_INT_H */
