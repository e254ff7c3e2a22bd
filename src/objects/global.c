/*-------------------------------------------------------------------------
 *
 * global.c
 *		Queries for what is in no schema, and for default privileges and those on system objects.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/global.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "objects/objects_int.h"
#include "util/compat.h"

#define SQL_GLOBAL(catalog, o) \
	"'" catalog "'::regclass::oid AS of_class, " o ".oid AS of_id, '" catalog "'::regclass::oid AS class, " o ".oid AS id, " \
	"0::oid AS schema "

#define SQL_INIT_COLUMN_PRIVILEGES \
	"(SELECT string_agg(" \
	SQL_PRIVILEGES("a.attacl", "ip.initprivs", "o.owner", "'c'", " (' || quote_ident(a.attname) || ')") \
	", E'\\n' ORDER BY a.attname COLLATE \"C\") " \
	"FROM pg_attribute a LEFT JOIN pg_init_privs ip ON ip.classoid = 'pg_class'::regclass AND ip.objoid = a.attrelid AND ip.objsubid = a.attnum " \
	"WHERE a.attrelid = o.id AND NOT a.attisdropped AND (a.attacl IS NOT NULL OR ip.objoid IS NOT NULL)) "

/* its members are not rows, nor is its version */
const char	migrate_sql_extension[] =
"SELECT " SQL_GLOBAL("pg_extension", "e") ", quote_ident(e.extname) AS name, 0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"'CREATE EXTENSION ' || quote_ident(e.extname) || ' SCHEMA ' || quote_ident(n.nspname) AS definition "
"FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
"WHERE $2 AND e.oid >= " SQL_FIRST_OID " AND e.extname <> 'migrate' ";

const char	migrate_sql_language[] =
"SELECT " SQL_GLOBAL("pg_language", "l") ", quote_ident(l.lanname) AS name, l.lanowner AS owner, "
"l.lanacl AS acl, acldefault('l', l.lanowner) AS base, 'l'::\"char\" AS kind, "
"concat_ws(E'\\n', 'CREATE ' || CASE WHEN l.lanpltrusted THEN 'TRUSTED ' ELSE '' END || 'LANGUAGE ' || quote_ident(l.lanname), "
"'    HANDLER ' || " SQL_FUNCTION("l.lanplcallfoid::regproc") ", "
"'    INLINE ' || " SQL_FUNCTION("l.laninline::regproc") ", "
"'    VALIDATOR ' || " SQL_FUNCTION("l.lanvalidator::regproc") ") AS definition "
"FROM pg_language l "
"WHERE $2 AND l.oid >= " SQL_FIRST_OID " AND l.lanispl ";

const char	migrate_sql_access_method[] =
"SELECT " SQL_GLOBAL("pg_am", "m") ", quote_ident(m.amname) AS name, 0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"'CREATE ACCESS METHOD ' || quote_ident(m.amname) || ' TYPE ' || CASE m.amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END || "
"' HANDLER ' || " SQL_FUNCTION("m.amhandler") " AS definition "
"FROM pg_am m "
"WHERE $2 AND m.oid >= " SQL_FIRST_OID " ";

/* without those that come with range types */
const char	migrate_sql_cast[] =
"SELECT " SQL_GLOBAL("pg_cast", "c") ", "
"'(' || format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) || ')' AS name, "
"0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"'CREATE CAST (' || format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) || ') ' || "
"CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure::text WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END || "
"CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END AS definition "
"FROM pg_cast c "
"WHERE $2 AND c.oid >= " SQL_FIRST_OID " "
"AND NOT EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget) ";

const char	migrate_sql_transform[] =
"SELECT " SQL_GLOBAL("pg_transform", "t") ", "
"'FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' || quote_ident(l.lanname) AS name, "
"0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
"'CREATE TRANSFORM FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' || quote_ident(l.lanname) || ' (', "
"CASE WHEN t.trffromsql <> 0 THEN '    FROM SQL WITH FUNCTION ' || t.trffromsql::oid::regprocedure::text END, "
"CASE WHEN t.trftosql <> 0 THEN '    TO SQL WITH FUNCTION ' || t.trftosql::oid::regprocedure::text END, "
"')') AS definition "
"FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang "
"WHERE $2 AND t.oid >= " SQL_FIRST_OID " ";

const char	migrate_sql_foreign_data_wrapper[] =
"SELECT " SQL_GLOBAL("pg_foreign_data_wrapper", "w") ", quote_ident(w.fdwname) AS name, w.fdwowner AS owner, "
"w.fdwacl AS acl, acldefault('F', w.fdwowner) AS base, 'F'::\"char\" AS kind, "
"concat_ws(E'\\n', 'CREATE FOREIGN DATA WRAPPER ' || quote_ident(w.fdwname), "
"'    HANDLER ' || " SQL_FUNCTION("w.fdwhandler::regproc") ", "
"'    VALIDATOR ' || " SQL_FUNCTION("w.fdwvalidator::regproc") ", "
SQL_OPTIONS("w.fdwoptions") ") AS definition "
"FROM pg_foreign_data_wrapper w "
"WHERE $2 AND w.oid >= " SQL_FIRST_OID " ";

const char	migrate_sql_server[] =
"SELECT " SQL_GLOBAL("pg_foreign_server", "s") ", quote_ident(s.srvname) AS name, s.srvowner AS owner, "
"s.srvacl AS acl, acldefault('S', s.srvowner) AS base, 'S'::\"char\" AS kind, "
"concat_ws(E'\\n', 'CREATE SERVER ' || quote_ident(s.srvname), "
"'    TYPE ' || quote_literal(s.srvtype), "
"'    VERSION ' || quote_literal(s.srvversion), "
"'    FOREIGN DATA WRAPPER ' || quote_ident(w.fdwname), "
SQL_OPTIONS("s.srvoptions") ") AS definition "
"FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw "
"WHERE $2 ";

/* "options" are lines */
#define SQL_USER_MAPPING(options) \
	"SELECT 'pg_foreign_server'::regclass::oid AS of_class, m.srvid AS of_id, 'pg_user_mapping'::regclass::oid AS class, m.umid AS id, " \
	"0::oid AS schema, 'FOR ' || quote_ident(m.usename) || ' SERVER ' || quote_ident(m.srvname) AS name, 0::oid AS owner, " SQL_NO_PRIVILEGES ", " \
	"concat_ws(E'\\n', 'CREATE USER MAPPING FOR ' || quote_ident(m.usename) || ' SERVER ' || quote_ident(m.srvname), " \
	options ") AS definition " \
	"FROM pg_user_mappings m " \
	"WHERE $2 "

/* the view has the options for those who may read them */
const char	migrate_sql_user_mapping[] = SQL_USER_MAPPING(SQL_OPTIONS("m.umoptions"));

const char	migrate_sql_common_user_mapping[] = SQL_USER_MAPPING("NULL");

const char	migrate_sql_event_trigger[] =
"SELECT " SQL_GLOBAL("pg_event_trigger", "t") ", quote_ident(t.evtname) AS name, t.evtowner AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', 'CREATE EVENT TRIGGER ' || quote_ident(t.evtname) || ' ON ' || quote_ident(t.evtevent), "
"'    WHEN TAG IN (' || (SELECT string_agg(quote_literal(g), ', ' ORDER BY g COLLATE \"C\") FROM unnest(t.evttags) g) || ')', "
"'    EXECUTE FUNCTION ' || t.evtfoid::regprocedure::text, "
"CASE t.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END) AS definition "
"FROM pg_event_trigger t "
"WHERE $2 ";

const char	migrate_sql_publication[] =
"SELECT " SQL_GLOBAL("pg_publication", "p") ", quote_ident(p.pubname) AS name, p.pubowner AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', 'CREATE PUBLICATION ' || quote_ident(p.pubname), "
"CASE WHEN p.puballtables THEN '    FOR ALL TABLES' END, "
"(SELECT string_agg('    FOR TABLES IN SCHEMA ' || quote_ident(n.nspname), E'\\n' ORDER BY n.nspname COLLATE \"C\") "
"FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid "
"WHERE s.pnpubid = p.oid AND " SQL_USER_SCHEMA("n") "), "
"(SELECT string_agg(concat('    FOR TABLE ', l.name, "
"' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname COLLATE \"C\") "
"FROM unnest(r.prattrs) k JOIN pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = k) || ')', "
"' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')'), E'\\n' ORDER BY l.name COLLATE \"C\") "
"FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace, "
"LATERAL (SELECT " SQL_NAME("n.nspname", "c.relname") ") AS l (name) "
"WHERE r.prpubid = p.oid AND " SQL_USER_SCHEMA("n") " "
"AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')), "
"'    PUBLISH ' || nullif(concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, "
"CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END), ''), "
"CASE WHEN p.pubviaroot THEN '    PUBLISH_VIA_PARTITION_ROOT' END, "
MIGRATE_SQL_PUBLICATION_GENERATED("p") ") AS definition "
"FROM pg_publication p "
"WHERE $2 ";

/* "connection" is a line */
#define SQL_SUBSCRIPTION(connection) \
	"SELECT " SQL_GLOBAL("pg_subscription", "s") ", quote_ident(s.subname) AS name, s.subowner AS owner, " SQL_NO_PRIVILEGES ", " \
	"concat_ws(E'\\n', 'CREATE SUBSCRIPTION ' || quote_ident(s.subname), " \
	connection ", " \
	"'    PUBLICATION ' || (SELECT string_agg(quote_ident(b), ', ' ORDER BY b COLLATE \"C\") FROM unnest(s.subpublications) b), " \
	"'    SLOT_NAME ' || coalesce(quote_literal(s.subslotname), 'NONE'), " \
	"CASE WHEN s.subbinary THEN '    BINARY' END, " \
	MIGRATE_SQL_SUBSCRIPTION_STREAMING("s") ", " \
	"CASE WHEN s.subtwophasestate <> 'd' THEN '    TWO_PHASE' END, " \
	"CASE WHEN s.subdisableonerr THEN '    DISABLE_ON_ERROR' END, " \
	"CASE WHEN s.subsynccommit <> 'off' THEN '    SYNCHRONOUS_COMMIT ' || quote_literal(s.subsynccommit) END, " \
	MIGRATE_SQL_SUBSCRIPTION_OPTIONS("s") ") AS definition " \
	"FROM pg_subscription s " \
	"WHERE $2 AND s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) "

/* for superusers, as others may not read the connection */
const char	migrate_sql_subscription[] = SQL_SUBSCRIPTION("'    CONNECTION ' || quote_literal(s.subconninfo)");

const char	migrate_sql_common_subscription[] = SQL_SUBSCRIPTION("NULL");

/* those of one schema add to the others, so they have no base */
const char	migrate_sql_default_privileges[] =
"SELECT 'pg_default_acl'::regclass::oid AS of_class, d.oid AS of_id, 'pg_default_acl'::regclass::oid AS class, d.oid AS id, "
"d.defaclnamespace AS schema, "
"'FOR ROLE ' || " SQL_ROLE("d.defaclrole") " || coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '') || ' ON ' || k.name AS name, "
"0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
"'ALTER DEFAULT PRIVILEGES FOR ROLE ' || " SQL_ROLE("d.defaclrole") " || coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '') || ' ON ' || k.name, "
SQL_PRIVILEGES("d.defaclacl", "CASE WHEN d.defaclnamespace = 0 THEN acldefault(k.acl, d.defaclrole) END", "d.defaclrole", "k.acl", "") ") AS definition "
"FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace, "
"LATERAL (SELECT CASE d.defaclobjtype WHEN 'S' THEN 's'::\"char\" ELSE d.defaclobjtype END, "
"CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' "
"WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END) AS k (acl, name) "
"WHERE $4 AND (d.defaclnamespace = ANY ($1) OR d.defaclnamespace = 0 AND $2) ";

/* on what the server and extensions have made, where they differ from how they made it */
const char	migrate_sql_privileges[] =
"SELECT 0::oid AS of_class, 0::oid AS of_id, 0::oid AS class, 0::oid AS id, "
"0::oid AS schema, i.type || ' ' || i.identity AS name, 0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
SQL_PRIVILEGES("o.acl", "coalesce(p.initprivs, o.base)", "o.owner", "o.kind", "") ", "
"CASE WHEN o.class = 'pg_class'::regclass THEN " SQL_INIT_COLUMN_PRIVILEGES " END) AS definition "
"FROM ( "
"SELECT 'pg_proc'::regclass::oid, r.oid, r.pronamespace, r.proowner, coalesce(r.proacl, acldefault('f', r.proowner)), acldefault('f', r.proowner), 'f'::\"char\", r.proacl IS NOT NULL FROM pg_proc r "
"UNION ALL "
"SELECT 'pg_class'::regclass, r.oid, r.relnamespace, r.relowner, coalesce(r.relacl, acldefault(k.k, r.relowner)), acldefault(k.k, r.relowner), k.k, r.relacl IS NOT NULL "
"OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attacl IS NOT NULL) "
"FROM pg_class r, LATERAL (SELECT CASE r.relkind WHEN 'S' THEN 's'::\"char\" ELSE 'r'::\"char\" END) AS k (k) WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') "
"UNION ALL "
"SELECT 'pg_type'::regclass, r.oid, r.typnamespace, r.typowner, coalesce(r.typacl, acldefault('T', r.typowner)), acldefault('T', r.typowner), 'T', r.typacl IS NOT NULL FROM pg_type r "
"UNION ALL "
"SELECT 'pg_namespace'::regclass, r.oid, r.oid, r.nspowner, coalesce(r.nspacl, acldefault('n', r.nspowner)), acldefault('n', r.nspowner), 'n', r.nspacl IS NOT NULL FROM pg_namespace r "
"UNION ALL "
"SELECT 'pg_language'::regclass, r.oid, 0, r.lanowner, coalesce(r.lanacl, acldefault('l', r.lanowner)), acldefault('l', r.lanowner), 'l', r.lanacl IS NOT NULL FROM pg_language r WHERE r.lanispl "
"UNION ALL "
"SELECT 'pg_foreign_data_wrapper'::regclass, r.oid, 0, r.fdwowner, coalesce(r.fdwacl, acldefault('F', r.fdwowner)), acldefault('F', r.fdwowner), 'F', r.fdwacl IS NOT NULL FROM pg_foreign_data_wrapper r "
"UNION ALL "
"SELECT 'pg_foreign_server'::regclass, r.oid, 0, r.srvowner, coalesce(r.srvacl, acldefault('S', r.srvowner)), acldefault('S', r.srvowner), 'S', r.srvacl IS NOT NULL FROM pg_foreign_server r "
") AS o (class, id, schema, owner, acl, base, kind, given) "
"LEFT JOIN pg_namespace n ON n.oid = o.schema "
"LEFT JOIN pg_init_privs p ON p.classoid = o.class AND p.objoid = o.id AND p.objsubid = 0, "
"LATERAL (SELECT * FROM pg_identify_object(o.class, o.id, 0)) AS i "
"WHERE $2 AND $4 AND (o.given OR p.objoid IS NOT NULL) "
"AND n.nspname IS DISTINCT FROM 'migrate' AND n.nspname IS DISTINCT FROM 'information_schema' "
"AND (n.nspname = 'pg_catalog' OR o.class = 'pg_language'::regclass AND o.id < " SQL_FIRST_OID " "
"OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.id AND d.deptype = 'e')) "
"AND concat(" SQL_PRIVILEGES("o.acl", "coalesce(p.initprivs, o.base)", "o.owner", "o.kind", "") ", "
"CASE WHEN o.class = 'pg_class'::regclass THEN " SQL_INIT_COLUMN_PRIVILEGES " END) <> '' ";
