/*-------------------------------------------------------------------------
 *
 * types.c
 *		Queries for types, collations, conversions and text search.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/types.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "objects/objects_int.h"
#include "util/compat.h"

#define SQL_TYPE \
	"'pg_type'::regclass::oid AS of_class, t.oid AS of_id, 'pg_type'::regclass::oid AS class, t.oid AS id, " \
	"t.typnamespace AS schema, " SQL_NAME("n.nspname", "t.typname") "AS name, t.typowner AS owner, " \
	"t.typacl AS acl, acldefault('T', t.typowner) AS base, 'T'::\"char\" AS kind "

#define SQL_TEXT_SEARCH(catalog, prefix) \
	"'" catalog "'::regclass::oid AS of_class, o.oid AS of_id, '" catalog "'::regclass::oid AS class, o.oid AS id, " \
	"o." prefix "namespace AS schema, " SQL_NAME("n.nspname", "o." prefix "name") "AS name "

/* without the row types, arrays and multiranges that come with others */
const char	migrate_sql_type[] =
"SELECT " SQL_TYPE ", "
"CASE "
"WHEN NOT t.typisdefined THEN 'CREATE TYPE ' || " SQL_NAME("n.nspname", "t.typname") " "
"WHEN t.typtype = 'e' THEN "
"concat_ws(E'\\n', 'CREATE TYPE ' || " SQL_NAME("n.nspname", "t.typname") " || ' AS ENUM (', "
"(SELECT string_agg('    ' || quote_literal(e.enumlabel), E'\\n' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), "
"')') "
"WHEN t.typtype = 'c' THEN "
"concat_ws(E'\\n', 'CREATE TYPE ' || " SQL_NAME("n.nspname", "t.typname") " || ' AS (', "
"(SELECT string_agg('    ' || quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) || "
"CASE WHEN a.attcollation <> at.typcollation THEN " SQL_COLLATION("a.attcollation") " ELSE '' END, E'\\n' ORDER BY a.attnum) "
"FROM pg_attribute a JOIN pg_type at ON at.oid = a.atttypid "
"WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), "
"')', "
"(SELECT string_agg('COMMENT ON COLUMN ' || quote_ident(a.attname) || ' IS ' || quote_literal(d.description), E'\\n' ORDER BY a.attnum) "
"FROM pg_description d JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid "
"WHERE d.classoid = 'pg_class'::regclass AND d.objoid = t.typrelid AND d.objsubid > 0)) "
"WHEN t.typtype = 'r' THEN "
"(SELECT concat_ws(E'\\n', 'CREATE TYPE ' || " SQL_NAME("n.nspname", "t.typname") " || ' AS RANGE (', "
"'    SUBTYPE = ' || format_type(r.rngsubtype, NULL), "
"'    MULTIRANGE_TYPE_NAME = ' || format_type(r.rngmultitypid, NULL), "
"CASE WHEN NOT o.opcdefault THEN '    SUBTYPE_OPCLASS = ' || " SQL_NAME("opn.nspname", "o.opcname") " END, "
"CASE WHEN r.rngcollation <> st.typcollation THEN '   ' || " SQL_COLLATION("r.rngcollation") " END, "
"'    CANONICAL = ' || " SQL_FUNCTION("r.rngcanonical") ", "
"'    SUBTYPE_DIFF = ' || " SQL_FUNCTION("r.rngsubdiff") ", "
"')') "
"FROM pg_range r JOIN pg_type st ON st.oid = r.rngsubtype JOIN pg_opclass o ON o.oid = r.rngsubopc "
"JOIN pg_namespace opn ON opn.oid = o.opcnamespace WHERE r.rngtypid = t.oid) "
"ELSE concat_ws(E'\\n', 'CREATE TYPE ' || " SQL_NAME("n.nspname", "t.typname") " || ' (', "
"'    INTERNALLENGTH = ' || CASE t.typlen WHEN -1 THEN 'variable' ELSE t.typlen::text END, "
"'    INPUT = ' || " SQL_FUNCTION("t.typinput") ", "
"'    OUTPUT = ' || " SQL_FUNCTION("t.typoutput") ", "
"'    RECEIVE = ' || " SQL_FUNCTION("t.typreceive") ", "
"'    SEND = ' || " SQL_FUNCTION("t.typsend") ", "
"'    TYPMOD_IN = ' || " SQL_FUNCTION("t.typmodin") ", "
"'    TYPMOD_OUT = ' || " SQL_FUNCTION("t.typmodout") ", "
"'    ANALYZE = ' || " SQL_FUNCTION("t.typanalyze") ", "
"CASE WHEN t.typcollation <> 0 THEN '    COLLATABLE = true' END, "
"'    DEFAULT = ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)), "
"'    SUBSCRIPT = ' || " SQL_FUNCTION("t.typsubscript") ", "
"CASE WHEN t.typelem <> 0 THEN '    ELEMENT = ' || format_type(t.typelem, NULL) END, "
"CASE WHEN t.typcategory <> 'U' THEN '    CATEGORY = ' || quote_literal(t.typcategory::text) END, "
"CASE WHEN t.typispreferred THEN '    PREFERRED = true' END, "
"CASE WHEN t.typdelim <> ',' THEN '    DELIMITER = ' || quote_literal(t.typdelim::text) END, "
"'    ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE 'double' END, "
"'    STORAGE = ' || CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'x' THEN 'extended' ELSE 'main' END, "
"CASE WHEN t.typbyval THEN '    PASSEDBYVALUE' END, "
"')') "
"END AS definition "
"FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
"WHERE t.typnamespace = ANY ($1) AND t.typtype IN ('b', 'c', 'e', 'r', 'p') "
"AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')) "
"AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid) ";

const char	migrate_sql_domain[] =
"SELECT " SQL_TYPE ", "
"concat_ws(E'\\n', "
"'CREATE DOMAIN ' || " SQL_NAME("n.nspname", "t.typname") " || ' AS ' || format_type(t.typbasetype, t.typtypmod) || "
"CASE WHEN t.typcollation <> bt.typcollation THEN " SQL_COLLATION("t.typcollation") " ELSE '' END, "
"'    DEFAULT ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)), "
"CASE WHEN t.typnotnull THEN '    ' || coalesce( "
"(SELECT 'CONSTRAINT ' || quote_ident(o.conname) || ' ' FROM pg_constraint o "
"WHERE o.contypid = t.oid AND o.contype = 'n' "
"AND (o.conname <> t.typname || '_not_null' OR obj_description(o.oid, 'pg_constraint') IS NOT NULL)), '') || 'NOT NULL' END, "
"(SELECT string_agg('    CONSTRAINT ' || quote_ident(o.conname) || ' ' || pg_get_constraintdef(o.oid), E'\\n' ORDER BY o.conname COLLATE \"C\") "
"FROM pg_constraint o WHERE o.contypid = t.oid AND o.contype = 'c'), "
"(SELECT string_agg('COMMENT ON CONSTRAINT ' || quote_ident(o.conname) || ' IS ' || quote_literal(d.description), E'\\n' ORDER BY o.conname COLLATE \"C\") "
"FROM pg_constraint o JOIN pg_description d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = o.oid "
"WHERE o.contypid = t.oid)) AS definition "
"FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type bt ON bt.oid = t.typbasetype "
"WHERE t.typnamespace = ANY ($1) AND t.typtype = 'd' ";

const char	migrate_sql_collation[] =
"SELECT 'pg_collation'::regclass::oid AS of_class, c.oid AS of_id, 'pg_collation'::regclass::oid AS class, c.oid AS id, "
"c.collnamespace AS schema, " SQL_NAME("n.nspname", "c.collname") " AS name, c.collowner AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
"'CREATE COLLATION ' || " SQL_NAME("n.nspname", "c.collname") " || ' (', "
"'    PROVIDER = ' || CASE c.collprovider WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' ELSE 'default' END, "
"CASE WHEN NOT c.collisdeterministic THEN '    DETERMINISTIC = false' END, "
"'    LOCALE = ' || quote_literal(" MIGRATE_SQL_COLLATION_LOCALE("c") "), "
"'    LC_COLLATE = ' || quote_literal(c.collcollate), "
"'    LC_CTYPE = ' || quote_literal(c.collctype), "
"'    RULES = ' || quote_literal(" MIGRATE_SQL_COLLATION_RULES("c") "), "
"')') AS definition "
"FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace "
"WHERE c.collnamespace = ANY ($1) ";

const char	migrate_sql_conversion[] =
"SELECT 'pg_conversion'::regclass::oid AS of_class, c.oid AS of_id, 'pg_conversion'::regclass::oid AS class, c.oid AS id, "
"c.connamespace AS schema, " SQL_NAME("n.nspname", "c.conname") " AS name, c.conowner AS owner, " SQL_NO_PRIVILEGES ", "
"'CREATE ' || CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END || 'CONVERSION ' || " SQL_NAME("n.nspname", "c.conname") " || "
"' FOR ' || quote_literal(pg_encoding_to_char(c.conforencoding)) || ' TO ' || quote_literal(pg_encoding_to_char(c.contoencoding)) || "
"' FROM ' || " SQL_FUNCTION("c.conproc") " AS definition "
"FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace "
"WHERE c.connamespace = ANY ($1) ";

const char	migrate_sql_ts_parser[] =
"SELECT " SQL_TEXT_SEARCH("pg_ts_parser", "prs") ", 0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
"'CREATE TEXT SEARCH PARSER ' || " SQL_NAME("n.nspname", "o.prsname") " || ' (', "
"'    START = ' || " SQL_FUNCTION("o.prsstart") ", "
"'    GETTOKEN = ' || " SQL_FUNCTION("o.prstoken") ", "
"'    END = ' || " SQL_FUNCTION("o.prsend") ", "
"'    HEADLINE = ' || " SQL_FUNCTION("o.prsheadline") ", "
"'    LEXTYPES = ' || " SQL_FUNCTION("o.prslextype") ", "
"')') AS definition "
"FROM pg_ts_parser o JOIN pg_namespace n ON n.oid = o.prsnamespace "
"WHERE o.prsnamespace = ANY ($1) ";

const char	migrate_sql_ts_template[] =
"SELECT " SQL_TEXT_SEARCH("pg_ts_template", "tmpl") ", 0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
"'CREATE TEXT SEARCH TEMPLATE ' || " SQL_NAME("n.nspname", "o.tmplname") " || ' (', "
"'    INIT = ' || " SQL_FUNCTION("o.tmplinit") ", "
"'    LEXIZE = ' || " SQL_FUNCTION("o.tmpllexize") ", "
"')') AS definition "
"FROM pg_ts_template o JOIN pg_namespace n ON n.oid = o.tmplnamespace "
"WHERE o.tmplnamespace = ANY ($1) ";

const char	migrate_sql_ts_dictionary[] =
"SELECT " SQL_TEXT_SEARCH("pg_ts_dict", "dict") ", o.dictowner AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
"'CREATE TEXT SEARCH DICTIONARY ' || " SQL_NAME("n.nspname", "o.dictname") " || ' (', "
"'    TEMPLATE = ' || " SQL_NAME("tn.nspname", "t.tmplname") ", "
"'    ' || o.dictinitoption, "
"')') AS definition "
"FROM pg_ts_dict o JOIN pg_namespace n ON n.oid = o.dictnamespace "
"JOIN pg_ts_template t ON t.oid = o.dicttemplate JOIN pg_namespace tn ON tn.oid = t.tmplnamespace "
"WHERE o.dictnamespace = ANY ($1) ";

const char	migrate_sql_ts_configuration[] =
"SELECT " SQL_TEXT_SEARCH("pg_ts_config", "cfg") ", o.cfgowner AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
"'CREATE TEXT SEARCH CONFIGURATION ' || " SQL_NAME("n.nspname", "o.cfgname") " || ' (', "
"'    PARSER = ' || " SQL_NAME("pn.nspname", "p.prsname") ", "
"')', "
"(SELECT string_agg(m.line, E'\\n' ORDER BY m.line COLLATE \"C\") "
"FROM (SELECT 'ADD MAPPING FOR ' || quote_ident(k.alias) || ' WITH ' || string_agg(" SQL_NAME("dn.nspname", "d.dictname") ", ', ' ORDER BY m.mapseqno) "
"FROM pg_ts_config_map m JOIN ts_token_type(p.oid) k ON k.tokid = m.maptokentype "
"JOIN pg_ts_dict d ON d.oid = m.mapdict JOIN pg_namespace dn ON dn.oid = d.dictnamespace "
"WHERE m.mapcfg = o.oid GROUP BY k.alias) m (line))) AS definition "
"FROM pg_ts_config o JOIN pg_namespace n ON n.oid = o.cfgnamespace "
"JOIN pg_ts_parser p ON p.oid = o.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace "
"WHERE o.cfgnamespace = ANY ($1) ";
