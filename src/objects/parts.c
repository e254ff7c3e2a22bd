/*-------------------------------------------------------------------------
 *
 * parts.c
 *		Queries for what belongs to a relation: indexes, constraints, triggers, ...
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/parts.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "objects/objects_int.h"
#include "util/compat.h"

#define SQL_PART_OF_RELATION \
	"'pg_class'::regclass::oid AS of_class, c.oid AS of_id "

/* lines: what CREATE INDEX and ADD CONSTRAINT do not say of an index */
#define SQL_INDEX_STATE \
	"(SELECT 'TABLESPACE ' || quote_ident(s.spcname) FROM pg_tablespace s WHERE s.oid = x.reltablespace), " \
	"(SELECT 'ATTACHED TO ' || " SQL_NAME("pn.nspname", "p.relname") \
	"FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace " \
	"WHERE h.inhrelid = x.oid), " \
	"CASE WHEN i.indisclustered THEN 'CLUSTER' END, " \
	"CASE WHEN i.indisreplident THEN 'REPLICA IDENTITY' END "

const char	migrate_sql_index[] =
"SELECT " SQL_PART_OF_RELATION ", 'pg_class'::regclass::oid AS class, x.oid AS id, x.relnamespace AS schema, "
SQL_NAME("n.nspname", "x.relname") " AS name, 0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', pg_get_indexdef(x.oid), " SQL_INDEX_STATE ", "
"(SELECT string_agg('ALTER COLUMN ' || a.attnum || ' SET STATISTICS ' || a.attstattarget, E'\\n' ORDER BY a.attnum) "
"FROM pg_attribute a WHERE a.attrelid = x.oid AND a.attstattarget >= 0)) AS definition "
"FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid "
"JOIN pg_namespace n ON n.oid = x.relnamespace "
"WHERE x.relnamespace = ANY ($1) AND (i.indisvalid OR c.relkind = 'p') AND i.indisready "
"AND NOT EXISTS (SELECT FROM pg_constraint o "
"WHERE o.conrelid = i.indrelid AND o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x')) ";

/* NOT NULL that is valid is a word of its column */
const char	migrate_sql_constraint[] =
"SELECT " SQL_PART_OF_RELATION ", 'pg_constraint'::regclass::oid AS class, o.oid AS id, c.relnamespace AS schema, "
"quote_ident(o.conname) || ' ON ' || " SQL_NAME("n.nspname", "c.relname") " AS name, 0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', 'CONSTRAINT ' || quote_ident(o.conname) || ' ' || pg_get_constraintdef(o.oid), "
"CASE WHEN o.contype IN ('p', 'u', 'x') THEN ( "
"SELECT nullif(concat_ws(E'\\n', "
"(SELECT 'WITH ' || string_agg(r, ', ' ORDER BY r COLLATE \"C\") FROM unnest(x.reloptions) r), "
SQL_INDEX_STATE ", "
"'COMMENT ON INDEX IS ' || quote_literal(obj_description(x.oid, 'pg_class')), "
"(SELECT string_agg('INDEX DEPENDS ON EXTENSION ' || quote_ident(e.extname), E'\\n' ORDER BY e.extname COLLATE \"C\") "
"FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid "
"WHERE d.classid = 'pg_class'::regclass AND d.objid = x.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x')), '') "
"FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE x.oid = o.conindid) END) AS definition "
"FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
"WHERE c.relnamespace = ANY ($1) "
"AND (o.contype IN ('p', 'u', 'x') "
"OR o.contype = 'f' AND o.conparentid = 0 "
"OR o.contype = 'c' AND (o.conislocal OR c.relispartition AND o.convalidated) "
"OR o.contype = 'n' AND NOT o.convalidated AND o.conislocal) ";

/* those of partitions only where they are not enabled as their parents are */
const char	migrate_sql_trigger[] =
"SELECT " SQL_PART_OF_RELATION ", 'pg_trigger'::regclass::oid AS class, t.oid AS id, c.relnamespace AS schema, "
"quote_ident(t.tgname) || ' ON ' || " SQL_NAME("n.nspname", "c.relname") " AS name, 0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', CASE WHEN t.tgparentid = 0 THEN pg_get_triggerdef(t.oid) END, "
"CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' "
"ELSE CASE WHEN t.tgparentid <> 0 THEN 'ENABLE' END END) AS definition "
"FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
"LEFT JOIN pg_trigger u ON u.oid = t.tgparentid "
"WHERE c.relnamespace = ANY ($1) "
"AND (NOT t.tgisinternal AND t.tgparentid = 0 OR t.tgenabled <> u.tgenabled) ";

const char	migrate_sql_rule[] =
"SELECT " SQL_PART_OF_RELATION ", 'pg_rewrite'::regclass::oid AS class, r.oid AS id, c.relnamespace AS schema, "
"quote_ident(r.rulename) || ' ON ' || " SQL_NAME("n.nspname", "c.relname") " AS name, 0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', pg_get_ruledef(r.oid), "
"CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END) AS definition "
"FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace "
"WHERE c.relnamespace = ANY ($1) AND NOT (r.rulename = '_RETURN' AND c.relkind IN ('v', 'm')) ";

const char	migrate_sql_policy[] =
"SELECT " SQL_PART_OF_RELATION ", 'pg_policy'::regclass::oid AS class, p.oid AS id, c.relnamespace AS schema, "
"quote_ident(p.polname) || ' ON ' || " SQL_NAME("n.nspname", "c.relname") " AS name, 0::oid AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', 'CREATE POLICY ' || quote_ident(p.polname) || ' ON ' || " SQL_NAME("n.nspname", "c.relname") ", "
"'    AS ' || CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, "
"'    FOR ' || CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, "
"'    TO ' || (SELECT string_agg(" SQL_ROLE("r") ", ', ' ORDER BY " SQL_ROLE("r") " COLLATE \"C\") FROM unnest(p.polroles) r), "
"'    USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', "
"'    WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') AS definition "
"FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
"WHERE c.relnamespace = ANY ($1) ";

const char	migrate_sql_statistics[] =
"SELECT " SQL_PART_OF_RELATION ", 'pg_statistic_ext'::regclass::oid AS class, s.oid AS id, s.stxnamespace AS schema, "
SQL_NAME("n.nspname", "s.stxname") " AS name, s.stxowner AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', pg_get_statisticsobjdef(s.oid), "
"CASE WHEN s.stxstattarget >= 0 THEN 'SET STATISTICS ' || s.stxstattarget END) AS definition "
"FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid JOIN pg_namespace n ON n.oid = s.stxnamespace "
"WHERE s.stxnamespace = ANY ($1) ";
