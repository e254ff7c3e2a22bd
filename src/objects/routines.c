/*-------------------------------------------------------------------------
 *
 * routines.c
 *		Queries for functions, procedures, aggregates and operators.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/objects/routines.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "objects/objects_int.h"
#include "util/compat.h"

#define SQL_ROUTINE \
	"'pg_proc'::regclass::oid AS of_class, p.oid AS of_id, 'pg_proc'::regclass::oid AS class, p.oid AS id, " \
	"p.pronamespace AS schema, p.oid::regprocedure::text AS name, p.proowner AS owner, " \
	"p.proacl AS acl, acldefault('f', p.proowner) AS base, 'f'::\"char\" AS kind "

#define SQL_MODIFY(modify) \
	"CASE " modify " WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END "

#define SQL_OPERATOR(operator) \
	"(SELECT 'OPERATOR(' || quote_ident(cn.nspname) || '.' || co.oprname || ')' " \
	"FROM pg_operator co JOIN pg_namespace cn ON cn.oid = co.oprnamespace WHERE co.oid = " operator ") "

/* lines: what depends on a class or a family of operators */
#define SQL_MEMBERS(catalog, id) \
	"(SELECT string_agg('    OPERATOR ' || m.amopstrategy || ' ' || m.amopopr::regoperator::text || " \
	"coalesce(' FOR ORDER BY ' || " SQL_NAME("sn.nspname", "sf.opfname") ", ''), E'\\n' " \
	"ORDER BY m.amopstrategy, m.amopopr::regoperator::text COLLATE \"C\") " \
	"FROM pg_depend d JOIN pg_amop m ON m.oid = d.objid " \
	"LEFT JOIN pg_opfamily sf ON sf.oid = m.amopsortfamily LEFT JOIN pg_namespace sn ON sn.oid = sf.opfnamespace " \
	"WHERE d.classid = 'pg_amop'::regclass AND d.refclassid = '" catalog "'::regclass AND d.refobjid = " id "), " \
	"(SELECT string_agg('    FUNCTION ' || m.amprocnum || ' (' || format_type(m.amproclefttype, NULL) || ', ' || " \
	"format_type(m.amprocrighttype, NULL) || ') ' || m.amproc::oid::regprocedure::text, E'\\n' " \
	"ORDER BY m.amprocnum, format_type(m.amproclefttype, NULL) COLLATE \"C\", format_type(m.amprocrighttype, NULL) COLLATE \"C\") " \
	"FROM pg_depend d JOIN pg_amproc m ON m.oid = d.objid " \
	"WHERE d.classid = 'pg_amproc'::regclass AND d.refclassid = '" catalog "'::regclass AND d.refobjid = " id ") "

const char	migrate_sql_function[] =
"SELECT " SQL_ROUTINE ", rtrim(pg_get_functiondef(p.oid), E'\\n') AS definition "
"FROM pg_proc p "
"WHERE p.pronamespace = ANY ($1) AND p.prokind IN ('f', 'w') "
"AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i') ";

const char	migrate_sql_procedure[] =
"SELECT " SQL_ROUTINE ", rtrim(pg_get_functiondef(p.oid), E'\\n') AS definition "
"FROM pg_proc p "
"WHERE p.pronamespace = ANY ($1) AND p.prokind = 'p' ";

const char	migrate_sql_aggregate[] =
"SELECT " SQL_ROUTINE ", "
"concat_ws(E'\\n', "
"'CREATE AGGREGATE ' || " SQL_NAME("n.nspname", "p.proname") " || '(' || "
"CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END || ') (', "
"'    SFUNC = ' || " SQL_FUNCTION("a.aggtransfn") ", "
"'    STYPE = ' || format_type(a.aggtranstype, NULL), "
"CASE WHEN a.aggtransspace <> 0 THEN '    SSPACE = ' || a.aggtransspace END, "
"'    INITCOND = ' || quote_literal(a.agginitval), "
"'    FINALFUNC = ' || " SQL_FUNCTION("a.aggfinalfn") ", "
"CASE WHEN a.aggfinalextra THEN '    FINALFUNC_EXTRA' END, "
"CASE WHEN a.aggfinalfn <> 0 AND a.aggfinalmodify <> m.usual "
"THEN '    FINALFUNC_MODIFY = ' || " SQL_MODIFY("a.aggfinalmodify") " END, "
"'    COMBINEFUNC = ' || " SQL_FUNCTION("a.aggcombinefn") ", "
"'    SERIALFUNC = ' || " SQL_FUNCTION("a.aggserialfn") ", "
"'    DESERIALFUNC = ' || " SQL_FUNCTION("a.aggdeserialfn") ", "
"'    MSFUNC = ' || " SQL_FUNCTION("a.aggmtransfn") ", "
"'    MINVFUNC = ' || " SQL_FUNCTION("a.aggminvtransfn") ", "
"CASE WHEN a.aggmtranstype <> 0 THEN '    MSTYPE = ' || format_type(a.aggmtranstype, NULL) END, "
"CASE WHEN a.aggmtransspace <> 0 THEN '    MSSPACE = ' || a.aggmtransspace END, "
"'    MINITCOND = ' || quote_literal(a.aggminitval), "
"'    MFINALFUNC = ' || " SQL_FUNCTION("a.aggmfinalfn") ", "
"CASE WHEN a.aggmfinalextra THEN '    MFINALFUNC_EXTRA' END, "
"CASE WHEN a.aggmfinalfn <> 0 AND a.aggmfinalmodify <> m.usual "
"THEN '    MFINALFUNC_MODIFY = ' || " SQL_MODIFY("a.aggmfinalmodify") " END, "
"'    SORTOP = ' || " SQL_OPERATOR("a.aggsortop") ", "
"CASE WHEN a.aggkind = 'h' THEN '    HYPOTHETICAL' END, "
"CASE p.proparallel WHEN 's' THEN '    PARALLEL = safe' WHEN 'r' THEN '    PARALLEL = restricted' END, "
"')') AS definition "
"FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_aggregate a ON a.aggfnoid = p.oid, "
"LATERAL (SELECT CASE a.aggkind WHEN 'n' THEN 'r'::\"char\" ELSE 'w'::\"char\" END) AS m (usual) "
"WHERE p.pronamespace = ANY ($1) ";

const char	migrate_sql_operator[] =
"SELECT 'pg_operator'::regclass::oid AS of_class, o.oid AS of_id, 'pg_operator'::regclass::oid AS class, o.oid AS id, "
"o.oprnamespace AS schema, quote_ident(n.nspname) || '.' || o.oprname || '(' || l.name || ', ' || r.name || ')' AS name, "
"o.oprowner AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
"'CREATE OPERATOR ' || quote_ident(n.nspname) || '.' || o.oprname || ' (', "
"'    FUNCTION = ' || " SQL_FUNCTION("o.oprcode") ", "
"CASE WHEN o.oprleft <> 0 THEN '    LEFTARG = ' || l.name END, "
"'    RIGHTARG = ' || r.name, "
"'    COMMUTATOR = ' || " SQL_OPERATOR("o.oprcom") ", "
"'    NEGATOR = ' || " SQL_OPERATOR("o.oprnegate") ", "
"CASE WHEN o.oprcanmerge THEN '    MERGES' END, "
"CASE WHEN o.oprcanhash THEN '    HASHES' END, "
"'    RESTRICT = ' || " SQL_FUNCTION("o.oprrest") ", "
"'    JOIN = ' || " SQL_FUNCTION("o.oprjoin") ", "
"')') AS definition "
"FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace, "
"LATERAL (SELECT CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END) AS l (name), "
"LATERAL (SELECT format_type(o.oprright, NULL)) AS r (name) "
"WHERE o.oprnamespace = ANY ($1) AND o.oprcode <> 0 ";

const char	migrate_sql_operator_family[] =
"SELECT 'pg_opfamily'::regclass::oid AS of_class, f.oid AS of_id, 'pg_opfamily'::regclass::oid AS class, f.oid AS id, "
"f.opfnamespace AS schema, " SQL_NAME("n.nspname", "f.opfname") " || ' USING ' || quote_ident(am.amname) AS name, "
"f.opfowner AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
"'CREATE OPERATOR FAMILY ' || " SQL_NAME("n.nspname", "f.opfname") " || ' USING ' || quote_ident(am.amname), "
SQL_MEMBERS("pg_opfamily", "f.oid") ") AS definition "
"FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am am ON am.oid = f.opfmethod "
"WHERE f.opfnamespace = ANY ($1) ";

const char	migrate_sql_operator_class[] =
"SELECT 'pg_opclass'::regclass::oid AS of_class, o.oid AS of_id, 'pg_opclass'::regclass::oid AS class, o.oid AS id, "
"o.opcnamespace AS schema, " SQL_NAME("n.nspname", "o.opcname") " || ' USING ' || quote_ident(am.amname) AS name, "
"o.opcowner AS owner, " SQL_NO_PRIVILEGES ", "
"concat_ws(E'\\n', "
"'CREATE OPERATOR CLASS ' || " SQL_NAME("n.nspname", "o.opcname") ", "
"CASE WHEN o.opcdefault THEN '    DEFAULT' END, "
"'    FOR TYPE ' || format_type(o.opcintype, NULL) || ' USING ' || quote_ident(am.amname), "
"'    FAMILY ' || " SQL_NAME("fn.nspname", "f.opfname") ", "
"CASE WHEN o.opckeytype <> 0 THEN '    STORAGE ' || format_type(o.opckeytype, NULL) END, "
SQL_MEMBERS("pg_opclass", "o.oid") ") AS definition "
"FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am am ON am.oid = o.opcmethod "
"JOIN pg_opfamily f ON f.oid = o.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace "
"WHERE o.opcnamespace = ANY ($1) ";
