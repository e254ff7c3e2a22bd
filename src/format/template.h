/*-------------------------------------------------------------------------
 *
 * template.h
 *		How the files of a new migration look, by format.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/format/template.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_TEMPLATE_H
#define MIGRATE_FORMAT_TEMPLATE_H

typedef struct MigrateTemplate MigrateTemplate;

extern char *migrate_template_example(const MigrateTemplate *template);
extern const MigrateTemplate *migrate_template_flyway_named(const char *prefix, const char *separator,
															const char *suffix);

/* in template.c */
extern const MigrateTemplate migrate_template_sqitch;
extern const MigrateTemplate migrate_template_drizzle;
extern const MigrateTemplate migrate_template_prisma;
extern const MigrateTemplate migrate_template_diesel;
extern const MigrateTemplate migrate_template_atlas;
extern const MigrateTemplate migrate_template_graphile;
extern const MigrateTemplate migrate_template_liquibase;
extern const MigrateTemplate migrate_template_refinery;
extern const MigrateTemplate migrate_template_flyway;
extern const MigrateTemplate migrate_template_pairs;
extern const MigrateTemplate migrate_template_goose;
extern const MigrateTemplate migrate_template_sql_migrate;
extern const MigrateTemplate migrate_template_dbmate;
extern const MigrateTemplate migrate_template_tern;
extern const MigrateTemplate migrate_template_rambler;
extern const MigrateTemplate migrate_template_node_pg;
extern const MigrateTemplate migrate_template_updown;
extern const MigrateTemplate migrate_template_hasura;
extern const MigrateTemplate migrate_template_postgrator;
extern const MigrateTemplate migrate_template_yoyo;
extern const MigrateTemplate migrate_template_play;
extern const MigrateTemplate migrate_template_plain;
extern const MigrateTemplate migrate_template_sqlx;
extern const MigrateTemplate migrate_template_supabase;
extern const MigrateTemplate migrate_template_postgres_migrations;

#endif							/* MIGRATE_FORMAT_TEMPLATE_H */
