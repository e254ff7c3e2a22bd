/*-------------------------------------------------------------------------
 *
 * objects_int.h
 *		The queries of the kinds of objects, inside src/objects.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/objects_int.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_OBJECTS_OBJECTS_INT_H
#define MIGRATE_OBJECTS_OBJECTS_INT_H

#include "nodes/pg_list.h"
#include "utils/array.h"
#include "utils/portal.h"

#include "objects/objects.h"

/*
 * One kind.  The query has a row for each object:
 *
 *		of_class, of_id		the object that an extension has as its member
 *		class, id			the object that comments and labels name
 *		schema				0 if it is in none
 *		name				unique within the kind
 *		owner				0 if it has none of its own
 *		acl, base, kind		privileges, those that mean nothing is to be
 *							granted, and the kind of object for acldefault()
 *		definition			lines
 *
 * Parameters are those of migrate_object_query().
 */
typedef struct MigrateObjectKind
{
	const char *kind;
	const char *query;
	Oid			class;			/* as in the rows; InvalidOid: several */
	Oid			of_class;		/* likewise, if it is another object */
	bool		superuser;		/* reads what nobody else may */
	const char *common_query;	/* the same without what not every role may
								 * read; NULL: the query itself */
} MigrateObjectKind;

/* parameters of the queries: see migrate_object_query() */
#define MIGRATE_OBJECT_PARAMETERS	5

/* the objects that have one of the numbers $5 */
#define MIGRATE_OBJECTS_BY_NUMBER	"AND o.id = ANY ($5) "

/*
 * Rows of a kind that are to be read.
 */
typedef struct MigrateObjectRows
{
	const MigrateObjectKind *kind;
	bool		common;			/* its common_query, if it has one */
	const char *condition;		/* as for migrate_object_query() */
	Datum	   *values;			/* of MIGRATE_OBJECT_PARAMETERS */
	MigrateObjectVisitor visit;
	void	   *arg;
} MigrateObjectRows;

/* in objects.c */
extern Oid	migrate_object_types[MIGRATE_OBJECT_PARAMETERS];
extern int	migrate_objects_pin_settings(void);
extern Datum migrate_objects_schemas(List *names);
extern ArrayType *migrate_object_numbers(const Oid *ids, int count);
extern char *migrate_object_query(const MigrateObjectKind *kind, bool common, const char *condition);
extern char *migrate_object_list_query(const MigrateObjectKind *kind, bool common, const char *condition);

/* in read.c */
extern void migrate_object_rows(const MigrateObjectRows *rows, Portal portal);

/* in kinds.c: in the order of their names, ended by one without a name */
extern const MigrateObjectKind migrate_object_kinds[];

/* in relations.c */
extern const char migrate_sql_schema[];
extern const char migrate_sql_table[];
extern const char migrate_sql_foreign_table[];
extern const char migrate_sql_view[];
extern const char migrate_sql_materialized_view[];
extern const char migrate_sql_sequence[];

/* in parts.c */
extern const char migrate_sql_index[];
extern const char migrate_sql_constraint[];
extern const char migrate_sql_trigger[];
extern const char migrate_sql_rule[];
extern const char migrate_sql_policy[];
extern const char migrate_sql_statistics[];

/* in types.c */
extern const char migrate_sql_type[];
extern const char migrate_sql_domain[];
extern const char migrate_sql_collation[];
extern const char migrate_sql_conversion[];
extern const char migrate_sql_ts_parser[];
extern const char migrate_sql_ts_template[];
extern const char migrate_sql_ts_dictionary[];
extern const char migrate_sql_ts_configuration[];

/* in routines.c */
extern const char migrate_sql_function[];
extern const char migrate_sql_procedure[];
extern const char migrate_sql_aggregate[];
extern const char migrate_sql_operator[];
extern const char migrate_sql_operator_family[];
extern const char migrate_sql_operator_class[];

/* in global.c */
extern const char migrate_sql_extension[];
extern const char migrate_sql_language[];
extern const char migrate_sql_access_method[];
extern const char migrate_sql_cast[];
extern const char migrate_sql_transform[];
extern const char migrate_sql_foreign_data_wrapper[];
extern const char migrate_sql_server[];
extern const char migrate_sql_user_mapping[];
extern const char migrate_sql_common_user_mapping[];
extern const char migrate_sql_event_trigger[];
extern const char migrate_sql_publication[];
extern const char migrate_sql_subscription[];
extern const char migrate_sql_common_subscription[];
extern const char migrate_sql_default_privileges[];
extern const char migrate_sql_privileges[];

/*
 * What the queries share.  A fragment that ends with "lines" in its comment is
 * a list of arguments of concat_ws(), of which those that are null give no line.
 */

/* what initdb has made has lower numbers: FirstNormalObjectId */
#define SQL_FIRST_OID	"16384"

#define SQL_USER_SCHEMA(n) \
	"NOT starts_with(" n ".nspname::text, 'pg_') " \
	"AND " n ".nspname <> ALL ('{information_schema,migrate}'::name[]) "

/* a name in a schema */
#define SQL_NAME(schema, name) \
	"quote_ident(" schema ") || '.' || quote_ident(" name ") "

#define SQL_ROLE(role) \
	"CASE " role " WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(" role ")) END "

/* a regproc, null if there is none */
#define SQL_FUNCTION(function) \
	"nullif(" function "::text, '-') "

#define SQL_COLLATION(collation) \
	"(SELECT ' COLLATE ' || " SQL_NAME("kn.nspname", "k.collname") \
	"FROM pg_collation k JOIN pg_namespace kn ON kn.oid = k.collnamespace WHERE k.oid = " collation ") "

/* lines: options of foreign objects */
#define SQL_OPTIONS(options) \
	"(SELECT string_agg('    OPTION ' || quote_ident(op.option_name) || ' ' || quote_literal(op.option_value), " \
	"E'\\n' ORDER BY op.option_name COLLATE \"C\") FROM pg_options_to_table(" options ") op) "

#define SQL_NO_PRIVILEGES \
	"NULL::aclitem[] AS acl, NULL::aclitem[] AS base, NULL::\"char\" AS kind "

/*
 * Lines, or null: how the privileges "acl" differ from "base", either of which
 * may be null for none.  A role that has all privileges of this kind of object
 * has ALL, because 17 has one more for tables; an owner is named OWNER, as it
 * is in another line.
 */
#define SQL_PRIVILEGES(acl, base, owner, kind, column) \
	"(SELECT string_agg(g.line, E'\\n' ORDER BY g.line COLLATE \"C\") FROM (" \
	"SELECT e.verb || ' ' || " \
	"CASE WHEN count(*) = (SELECT count(*) FROM aclexplode(acldefault(" kind ", 10)) f WHERE f.grantee = 10) THEN 'ALL' " \
	"ELSE string_agg(e.privilege, ', ' ORDER BY e.privilege COLLATE \"C\") END || '" column "' || " \
	"CASE e.verb WHEN 'GRANT' THEN ' TO ' ELSE ' FROM ' END || " \
	"CASE e.grantee WHEN " owner " THEN 'OWNER' ELSE " SQL_ROLE("e.grantee") "END || " \
	"CASE WHEN e.grantable THEN ' WITH GRANT OPTION' ELSE '' END || " \
	"CASE WHEN e.grantor <> " owner " THEN ' GRANTED BY ' || " SQL_ROLE("e.grantor") "ELSE '' END " \
	"FROM ((SELECT 'GRANT', x.* FROM aclexplode(" acl ") x EXCEPT SELECT 'GRANT', x.* FROM aclexplode(" base ") x) " \
	"UNION ALL " \
	"(SELECT 'REVOKE', x.* FROM aclexplode(" base ") x EXCEPT SELECT 'REVOKE', x.* FROM aclexplode(" acl ") x)) " \
	"AS e (verb, grantor, grantee, privilege, grantable) " \
	"GROUP BY e.verb, e.grantor, e.grantee, e.grantable) AS g (line)) "

#endif							/* MIGRATE_OBJECTS_OBJECTS_INT_H */
