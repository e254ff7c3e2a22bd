"""Statements on the relations of test/facts/setup.sql, and on MORE of them, right or wrong.

In the tables, <name> is one of RULES['name'], {a|b|} is one of these texts, and <this> is a relation,
the same in all of a statement.  A new kind of statement is a row of STATEMENTS, a new subcommand of
ALTER TABLE one of RULES['alteration'].  What core itself calls an internal error is not here: changes
of rows of pg_class, REINDEX of it in a subtransaction, a domain with GENERATED."""

import os
import re

FACTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'facts')

# What there is beside the relations of setup.sql.  Its tables keep some rows each: all are
# large, and a join of two is quick.
MORE = """
CREATE TABLE "T x" (a int);
CREATE DOMAIN domd AS posint CHECK (VALUE > 1) DEFAULT 5;
CREATE TABLE tx (id int, a domd, d posint, b text);
INSERT INTO tx VALUES (1, 2, 3, 'x');
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE ft (a int, b text, id int) SERVER s;
SET session_replication_role = replica;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'f'::regnamespace AND relkind = 'r' LOOP
        EXECUTE 'DELETE FROM ONLY ' || name || ' WHERE ctid > ''(0,50)''';
    END LOOP;
END $$;
RESET session_replication_role;
REFRESH MATERIALIZED VIEW mv;
REFRESH MATERIALIZED VIEW mv2;
CREATE PUBLICATION existing FOR TABLE nokey, p;
ANALYZE;
"""
# Those of a session.
TEMPORARY = """
CREATE TEMP TABLE tt (id int, a int, b text);
INSERT INTO tt VALUES (1, 2, 'x');
CREATE TEMP TABLE tsec (id int, a int);
ALTER TABLE tsec ENABLE ROW LEVEL SECURITY;
INSERT INTO tsec VALUES (1, 1);
"""

LONG = 'L' * 70
# Relations of every kind, and what is none; t has what most rules look for.
TABLES = [
    't', 't', 't', 't', 't', 'p', 'q', 'parent', 'child', 'vw', 'mv', 'mv2', 'nosuch', 'tt', 'ft', 't_b', 'sq', 'comp', 'unlogged', 'secured',
    'generated', 'nokey', 'spans', 'typed', '"T x"', 'f.t', 'nos.t', 'pg_temp.tt', 'tx',
    '"' + '\u00e9' * 40 + '"', '"' + 'a' * 70 + '"', 'x' * 80, 'parts', 'p1', 'qd', 'neg',
]

RULES = {
    # names
    'table': TABLES,  # whose rows may be changed
    'relation': TABLES + ['pg_class'],
    'relations': ['<relation>', '<relation>, <relation>', '<relation>, <relation>, <relation>'],
    'column': ['a', 'a', 'b', 'b', 'id', 'id', 'nosuch', 'ctid', '"A"', LONG, 'x', 'k', 'nn', 'rid', 'd', 'n', 'ts', 'during'],
    'columns': ['<column>', '<column>, <column>', '<column>, <column>, <column>'],
    'named': ['', f'CONSTRAINT {{nv|fknv|valid|c1|nosuch|{LONG}|"C 1"}} '],
    'type': [
        'int', 'bigint', 'text', 'varchar(3)', 'nosuch', 'posint', 'chkdom', 'mood', 'comp', 'serial', 'bigserial', 'int[]', 'int4range', 'timestamptz',
        't', 'a.b.c', 't.a%TYPE', 'nosuch.x%TYPE', 'numeric(3,1)', '"char"', 'setof int', 'xml', 'jsonb', 'domd', 'f.domd',
    ],

    # expressions and queries
    'expression': [
        '1', 'NULL', 'a', "'x'", '$1', 'DEFAULT', 't.*', 'x.y.z.w.v', 'a + 1', 'a > 0', 'NOT a > 1', 'a IS NOT NULL', 'a BETWEEN 1 AND 2', 'a IN (1, 2)',
        'a = ANY (ARRAY[1])', '(a, b) = (1, 2)', 'a OPERATOR(pg_catalog.+) 1', 'a::bigint', 'a::text::int', 'b COLLATE "C"', "a AT TIME ZONE 'x'",
        'now()', 'nosuch(1)', "nextval('sq')", 'nextval(NULL)', 'random()', 'df()', 'count(*)', 'GROUPING(a)', 'extract(year FROM ts)', 'CURRENT_DATE',
        'COALESCE(a, 1)', 'CASE WHEN a > 0 THEN 1 END', 'ARRAY[a]', 'ROW(1, 2)', '(SELECT 1)', 'EXISTS (SELECT 1 FROM t)',
        'XMLELEMENT(name x)', "json_object('a': 1)", 'JSON_SCALAR(1)',
    ],
    'condition': [
        'id = 1', 'id = 1 AND a = 2', 'id IN (SELECT 1)', 't.* = 1', '* = 1', 'EXISTS (SELECT 1)', '(id, a) = (1, 2)', 'id = ANY (SELECT 1)', '1 = id',
        'NOT id = 1', 'f.t.id = 1', 'id IS NULL',
    ],
    'select': [
        'SELECT', 'SELECT <expression> FROM <relation>', 'TABLE <relation>', 'VALUES (1, <expression>)', 'SELECT a INTO newt FROM <relation>',
        'SELECT * FROM <relation> FOR UPDATE OF t', 'SELECT * FROM <relation> a JOIN <relation> b USING (id) FOR SHARE',
        'SELECT * FROM (SELECT * FROM t) s, LATERAL df() x, ROWS FROM (df(), generate_series(1, 2)) FOR UPDATE',
        'SELECT 1 UNION SELECT a FROM <relation> ORDER BY 1 FOR UPDATE', 'SELECT * FROM t TABLESAMPLE system (1)',
        'WITH w AS (<with>) SELECT * FROM w',
        'WITH RECURSIVE r AS (SELECT 1 x UNION ALL SELECT x + 1 FROM r WHERE x < 5) SEARCH DEPTH FIRST BY x SET o CYCLE x SET y USING z SELECT * FROM r',
        'SELECT sum(a) OVER w, count(*) FILTER (WHERE a > 0) FROM t WINDOW w AS (PARTITION BY b) GROUP BY GROUPING SETS ((a), ROLLUP (b))',
        'SELECT (t).a, (ARRAY[1])[1:2], t.a[1] FROM t',
        "SELECT * FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS x int)", "SELECT XMLSERIALIZE(DOCUMENT 'x' AS text), MERGE_ACTION() FROM t",
        "SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (a int PATH '$', NESTED PATH '$.x' COLUMNS (b int)))",
        "SELECT JSON_VALUE('{}', '$' DEFAULT 1 ON ERROR), JSON_ARRAYAGG(a), JSON('{}'), '1' IS JSON, JSON_SERIALIZE('1') FROM t",
    ],
    'with': [
        'SELECT 1', 'DELETE FROM <table> RETURNING *', 'UPDATE <table> SET a = 1 RETURNING 1', 'INSERT INTO <table> DEFAULT VALUES RETURNING *',
        'MERGE INTO t USING t s ON t.id = s.id WHEN MATCHED THEN DELETE RETURNING 1',
    ],
    'write': [
        'INSERT INTO <table> DEFAULT VALUES', 'INSERT INTO t AS z VALUES (1) RETURNING WITH (OLD AS o) o.*',
        'INSERT INTO <table> (a) <select> ON CONFLICT (a) DO UPDATE SET a = EXCLUDED.a WHERE t.a > 1 RETURNING *',
        'UPDATE {|ONLY }<table> SET (a, b) = (SELECT 1, 2), n = DEFAULT WHERE <expression>', 'UPDATE <table> SET a = 1 FROM <relation> z WHERE <expression>',
        'UPDATE t SET a = 1 WHERE CURRENT OF c',
        'DELETE FROM <table>', 'DELETE FROM <table> USING <relation> z WHERE <expression>', 'DELETE FROM <table> WHERE <condition>',
        'MERGE INTO <table> USING (<select>) s ON <expression> WHEN NOT MATCHED THEN INSERT DEFAULT VALUES WHEN MATCHED THEN UPDATE SET a = 1',
    ],

    # parts of tables
    'action': ['', ' ON DELETE CASCADE', ' ON DELETE SET NULL', ' DEFERRABLE', ' NOT VALID', ' NOT ENFORCED', ' NO INHERIT', ' MATCH FULL'],
    'constraint': [
        '<named>CHECK (<expression>)<action>', '<named>UNIQUE (<columns>)<action>', '<named>UNIQUE NULLS NOT DISTINCT (a)<action>',
        '<named>PRIMARY KEY (<columns>)<action>', '<named>FOREIGN KEY (<columns>) REFERENCES <relation>{|(id)|(<columns>)}<action>',
        '<named>UNIQUE USING INDEX {t_a_u|nosuch|t_b}<action>', '<named>PRIMARY KEY USING INDEX t_a_u<action>', '<named>EXCLUDE (a WITH =)<action>',
        '<named>EXCLUDE USING gist (during WITH &&) WHERE (id > 0)<action>', '<named>NOT NULL <column><action>',
        '<named>UNIQUE (id, during WITHOUT OVERLAPS)<action>', '<named>FOREIGN KEY (id, PERIOD during) REFERENCES spans (id, PERIOD during)<action>',
    ],
    'column_constraint': [
        '', '<named>NOT NULL', '<named>NULL', '<named>DEFAULT <expression>', '<named>CHECK (<expression>)', '<named>UNIQUE', '<named>PRIMARY KEY',
        '<named>REFERENCES <relation><action>', '<named>REFERENCES <relation>(id)', '<named>GENERATED ALWAYS AS (<expression>){| STORED| VIRTUAL}',
        '<named>GENERATED BY DEFAULT AS IDENTITY', '<named>GENERATED ALWAYS AS IDENTITY (START 5)', 'COLLATE "C"', 'COLLATE nosuch', 'STORAGE plain',
        'COMPRESSION pglz', "OPTIONS (a 'b')",
    ],
    'domain_constraint': [
        '', '<named>NOT NULL', '<named>NULL', '<named>DEFAULT <expression>', '<named>CHECK (<expression>)', '<named>UNIQUE', '<named>PRIMARY KEY',
        '<named>REFERENCES <relation><action>', 'COLLATE "C"', 'COLLATE nosuch',
    ],
    'definition': ['<column> <type>', '<column> <type> <column_constraint>', '<column> <type> <column_constraint> <column_constraint>'],
    'element': ['<definition>', '<constraint>', 'LIKE <relation> INCLUDING ALL'],
    'elements': ['<element>', '<element>, <element>', '<element>, <element>, <element>'],
    'bound': [
        'DEFAULT', 'FOR VALUES FROM (1) TO (10)', 'FOR VALUES FROM (MINVALUE) TO (MAXVALUE)', 'FOR VALUES FROM (40000) TO (50000)',
        'FOR VALUES FROM (1, 2) TO (3, 4)', 'FOR VALUES FROM (now()) TO (a)', "FOR VALUES FROM ('x') TO ('y')", 'FOR VALUES FROM (1::int8) TO (NULL)',
        'FOR VALUES IN (1, 2, NULL)', 'FOR VALUES IN (x.y)', 'FOR VALUES WITH (MODULUS 2, REMAINDER 1)',
    ],

    # ALTER
    'alteration': [
        'ADD {|COLUMN |COLUMN IF NOT EXISTS }<definition>', 'DROP {|COLUMN |IF EXISTS }<column>{| CASCADE}',
        'ALTER <column> TYPE <type>{| COLLATE "C"}{| USING <expression>}', 'ALTER <column> SET DEFAULT <expression>', 'ALTER <column> DROP DEFAULT',
        'ALTER <column> {SET|DROP} NOT NULL', 'ALTER {<column>|1} SET STATISTICS 10', 'ALTER <column> {SET (n_distinct = 1)|RESET (n_distinct)}',
        'ALTER <column> SET STORAGE EXTERNAL', 'ALTER <column> SET COMPRESSION default', 'ALTER <column> SET EXPRESSION AS (<expression>)',
        'ALTER <column> DROP EXPRESSION{| IF EXISTS}', 'ALTER <column> ADD GENERATED ALWAYS AS IDENTITY',
        'ALTER <column> SET GENERATED BY DEFAULT SET START 4 RESTART', 'ALTER <column> DROP IDENTITY IF EXISTS', "ALTER <column> OPTIONS (ADD a 'b')",
        f'VALIDATE CONSTRAINT {{nv|fknv|c1|nosuch|{LONG}}}', 'DROP CONSTRAINT {|IF EXISTS }{nv|fknv|valid|t_pkey|c1|nosuch}{| CASCADE}',
        'ALTER CONSTRAINT {fknv|nv|nosuch} {DEFERRABLE|NOT DEFERRABLE|ENFORCED|NOT ENFORCED|INHERIT|NO INHERIT}',
        'SET LOGGED', 'SET UNLOGGED', 'SET TABLESPACE {pg_default|nosuch}', 'SET ACCESS METHOD {heap|nosuch|DEFAULT|btree}',
        'SET (fillfactor = 50, autovacuum_enabled{|= off|= nonsense|= 5}, toast.autovacuum_enabled = off)', 'RESET (autovacuum_enabled)',
        'INHERIT <relation>', 'NO INHERIT <relation>', 'OF {comp|nosuch|t}', 'NOT OF', 'OWNER TO {CURRENT_USER|SESSION_USER|nosuch}',
        'REPLICA IDENTITY {FULL|DEFAULT|NOTHING|USING INDEX t_a_u|USING INDEX nosuch}', '{ENABLE|DISABLE|FORCE} ROW LEVEL SECURITY',
        'CLUSTER ON t_b', 'SET WITHOUT {CLUSTER|OIDS}', 'ENABLE TRIGGER ALL', 'DISABLE TRIGGER nosuch', 'ENABLE REPLICA RULE x', "OPTIONS (ADD a 'b')",
    ],
    'alterations': ['<alteration>', '<alteration>, <alteration>', '<alteration>, <alteration>, <alteration>', '<two>', '<two_new>'],
    'kind': ['TABLE'] * 12 + ['TABLE ONLY', 'TABLE IF EXISTS', 'TABLE IF EXISTS ONLY', 'INDEX', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE', 'SEQUENCE'],
    'alter': ['ALTER <kind> <relation> <alterations>'] * 10 + [
        'ALTER <kind> <relation> ATTACH PARTITION <relation> <bound>', 'ALTER <kind> <relation> DETACH PARTITION <relation>{| CONCURRENTLY| FINALIZE}',
        'ALTER TYPE {comp|mood|posint|nosuch} <type_alteration>',
    ],
    'type_alteration': [
        'ADD ATTRIBUTE <column> <type> CASCADE', 'ALTER ATTRIBUTE x TYPE <type> CASCADE', 'DROP ATTRIBUTE {|IF EXISTS }x CASCADE',
        'ADD ATTRIBUTE y int, DROP ATTRIBUTE x', 'RENAME ATTRIBUTE x TO y CASCADE', 'OWNER TO CURRENT_USER', 'SET SCHEMA f', 'RENAME TO z', "ADD VALUE 'z'",
        "RENAME VALUE 'a' TO 'q'", 'SET (receive = x)',
    ],

    # parts of other statements
    'indexed': [
        'a', 'b', 'a, b', '(a + 1)', 'a, (b || c)', 'a DESC NULLS LAST', 'c COLLATE "C"', 'b text_pattern_ops', 'lower(b)', 'nosuch', 'ctid', 'a, a', LONG,
    ],
    'routine_options': ['', '<routine_option>', '<routine_option> <routine_option>', '<routine_option> <routine_option> <routine_option>'],
    'routine_option': [
        'LANGUAGE sql', 'SECURITY DEFINER', 'SECURITY INVOKER', 'EXTERNAL SECURITY DEFINER', 'IMMUTABLE', 'SET search_path = a', 'SET search_path FROM CURRENT',
        'SET search_path TO DEFAULT', 'RESET ALL', 'RESET search_path', 'SET TIME ZONE LOCAL', 'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
        'SET ROLE x', 'SET XML OPTION DOCUMENT', 'COST 5', 'ROWS 1', 'PARALLEL SAFE', 'SUPPORT x', 'WINDOW', "AS 'SELECT 1'", "AS 'a', 'b'",
        'TRANSFORM FOR TYPE int',
    ],
    'object': [
        'COLUMN <relation>.a', 'COLUMN a', 'COLUMN a.b.c.d.e', '{TABLE|VIEW|MATERIALIZED VIEW|INDEX} <relation>', 'TABLE a.b.c.d',
        '{CONSTRAINT nv|TRIGGER tr2|POLICY existing|RULE r} ON <relation>', 'CONSTRAINT x ON DOMAIN posint', 'TYPE int', 'FUNCTION df()',
        'CAST (int AS text)', 'LARGE OBJECT 1', 'OPERATOR +(int, int)', 'SCHEMA f', 'DATABASE postgres', 'ROLE postgres', 'STATISTICS existing',
        'TRANSFORM FOR int LANGUAGE sql',
    ],
    'setting': [
        'search_path = f, nosuch', 'search_path TO DEFAULT', 'search_path = 1.5, true', 'role = 5', 'role = a, b', 'role TO DEFAULT', 'role FROM CURRENT',
        'ROLE {nosuch|NONE|postgres}', 'SESSION AUTHORIZATION DEFAULT', "lock_timeout = '5{s|x}'", 'lock_timeout TO 0', 'lock_timeout FROM CURRENT',
        'TimeZone = 5', "TIME ZONE INTERVAL '1' HOUR TO MINUTE", 'TIME ZONE {-3.5|LOCAL}', "CATALOG 'x'", "SCHEMA 'f'", "NAMES 'x'", 'a.b = 1',
        'XML OPTION CONTENT', 'TRANSACTION READ ONLY', 'SESSION CHARACTERISTICS AS TRANSACTION DEFERRABLE', "TRANSACTION SNAPSHOT 'x'",
    ],
    'explained': [
        '<select>', '<write>', 'EXECUTE e', 'CREATE TABLE x AS <select>', 'REFRESH MATERIALIZED VIEW mv', 'DECLARE c CURSOR FOR SELECT 1',
    ],
}

RULES['alteration'] += [f'ADD {row}' for row in RULES['constraint']]
# Two of a kind, since a rule may take one for the other.
RULES['two'] = [f'{row}, {row}' for row in RULES['alteration']]
RULES['two_new'] = [row for row in RULES['two'] if row.startswith('ADD')]

# One kind in each row.
STATEMENTS = [
    # relations
    'CREATE {|TEMP |UNLOGGED }TABLE {|IF NOT EXISTS }{newt|<this>|pg_temp.z|f.z} (<elements>)'
    '{|| INHERITS (<relation>)| PARTITION BY RANGE ({a|(a + 1)|nosuch})}',
    'CREATE TABLE newt (<elements>){ PARTITION BY LIST (a)| ON COMMIT DROP| WITH (fillfactor = 10)| USING heap| TABLESPACE nosuch}',
    'CREATE TABLE n1 PARTITION OF <this> {|(a NOT NULL) |(a DEFAULT 1, CHECK (a > 0), CONSTRAINT x FOREIGN KEY (id) REFERENCES ref) }<bound>'
    '{| PARTITION BY LIST (id)}',
    'CREATE TABLE n2 OF {comp|nosuch|t}{| (x PRIMARY KEY)| (x WITH OPTIONS DEFAULT 1)}',
    'CREATE TABLE n3 {|(a, b) }AS {<select>|EXECUTE e(1)} WITH {|NO }DATA',
    'CREATE {|OR REPLACE }{|TEMP }{|RECURSIVE }VIEW {n5|vw|<this>}{| (x)} AS {<select>|SELECT * FROM <relation>}{| WITH CHECK OPTION}',
    'CREATE {|OR REPLACE }VIEW {n5|vw} {|WITH (security_invoker{|= nonsense}) |WITH (security_barrier, security_invoker = false) }AS '
    'SELECT * FROM {<relation>|secured|tsec|secured, tt, tsec}',
    'CREATE MATERIALIZED VIEW n4 AS <select>',
    'CREATE SEQUENCE ns OWNED BY <this>.a',
    'CREATE FOREIGN TABLE nft {(a int, CHECK (a > 0)) INHERITS (parent)|PARTITION OF p <bound>} SERVER s',
    'IMPORT FOREIGN SCHEMA x FROM SERVER s INTO f',
    'DROP TABLE {|IF EXISTS }<relations>{| CASCADE}',
    'DROP {VIEW|MATERIALIZED VIEW|SEQUENCE|FOREIGN TABLE} {|IF EXISTS }{<this>|a.b.c|a.b.c.d}{| CASCADE}',
    'TRUNCATE {|ONLY }<relations>{| CASCADE| RESTART IDENTITY}',
    'LOCK {|TABLE }{|ONLY }<relations>{| NOWAIT| IN {ACCESS SHARE|SHARE|EXCLUSIVE} MODE}',
    'REFRESH MATERIALIZED VIEW {|CONCURRENTLY }<this>{| WITH NO DATA}',
    f'ALTER <kind> <this> {{RENAME TO {{rn|"{LONG}"}}|RENAME {{a|COLUMN nosuch}} TO rn|RENAME CONSTRAINT nv TO nv2|SET SCHEMA {{f|nosuch}}}}',
    'ALTER <kind> <this> {OWNER TO CURRENT_USER|DEPENDS ON EXTENSION plpgsql|ATTACH PARTITION t_b|ALTER COLUMN 1 SET STATISTICS 5}',
    'ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE x',
    'ALTER TABLE t RENAME TO u; ALTER TABLE u ADD CHECK (a > 0); DROP TABLE u; CREATE TABLE t (a int); ALTER TABLE t ADD c int',
    'ALTER TABLE <this> RENAME TO y1; ALTER TABLE {y1|<this>} <alterations>',
    'DROP TABLE <this> CASCADE; ALTER TABLE <this> <alterations>',

    # what is on them
    f'CREATE {{|UNIQUE }}INDEX {{|CONCURRENTLY }}{{|IF NOT EXISTS i |t_b |IF NOT EXISTS t_b |{LONG} }}ON {{|ONLY }}<this> {{|USING hash |USING nosuch }}'
    '(<indexed>){| INCLUDE (n)}{| NULLS NOT DISTINCT}{| WHERE <expression>}',
    'DROP INDEX {|CONCURRENTLY }{|IF EXISTS }<relation>{|, <relation>}{| CASCADE}',
    'CREATE POLICY np ON <this>{| AS RESTRICTIVE| FOR SELECT TO PUBLIC}{| USING (<expression>)| WITH CHECK (<expression>)}',
    'ALTER POLICY existing ON <this> {TO PUBLIC|RENAME TO x|USING (true)}',
    'CREATE {|CONSTRAINT |OR REPLACE }TRIGGER nt AFTER INSERT OR UPDATE OF a ON <this> {|FROM ref |DEFERRABLE |REFERENCING NEW TABLE AS n }'
    'FOR EACH {ROW|STATEMENT} {|WHEN (NEW.a > 0) }EXECUTE FUNCTION trg()',
    'CREATE RULE r AS ON {INSERT|SELECT|UPDATE} TO <table> {|WHERE a > 0 }DO {NOTHING|INSTEAD (<write>; <write>)|ALSO <select>|INSTEAD NOTIFY x}',
    'ALTER {TRIGGER tr2|RULE r} ON <this> RENAME TO z',
    'DROP {TRIGGER|RULE|POLICY} {|IF EXISTS }{tr2|existing|nosuch} ON <this>{| CASCADE}',
    'CREATE STATISTICS {|ns |IF NOT EXISTS ns }{|(ndistinct) }ON a, {b|(a + 1)} FROM {<this>|t JOIN ref ON true|(SELECT 1) s|df()|<this>, t}',
    'ALTER STATISTICS existing {SET STATISTICS 5|RENAME TO x|SET SCHEMA f|SET STATISTICS DEFAULT}',
    'CREATE PUBLICATION np {|FOR ALL TABLES|FOR TABLE <this>|FOR TABLE ONLY <this> (a), t WHERE (a > 0), <this> *|WITH (publish = \'insert\')}',
    'CREATE PUBLICATION np FOR {TABLES IN SCHEMA f, CURRENT_SCHEMA|TABLE t, TABLES IN SCHEMA f}',
    "ALTER PUBLICATION existing {ADD TABLE <this>|SET TABLE ONLY <this>|DROP TABLE <this>|SET (publish = 'x')|RENAME TO x|OWNER TO CURRENT_USER}",
    'ALTER PUBLICATION existing ADD TABLES IN SCHEMA f',
    "COMMENT ON <object> IS {'x'|NULL}",
    "SECURITY LABEL {|FOR x }ON {TABLE <this>|COLUMN <this>.a|COLUMN a|TYPE int|VIEW vw} IS 'x'",

    # maintenance
    'REINDEX {|(VERBOSE) |(CONCURRENTLY on) |(TABLESPACE x, CONCURRENTLY off) }{INDEX|TABLE} {|CONCURRENTLY }<table>',
    'REINDEX {SCHEMA f|DATABASE postgres|SYSTEM postgres|DATABASE|SCHEMA CONCURRENTLY nosuch}',
    'VACUUM {|FULL |(FULL false, ANALYZE) |(FULL) |(ANALYZE maybe) |FREEZE VERBOSE ANALYZE }{|<this>|<this> (a, b)|<this>, t|ONLY t}',
    'ANALYZE {|<this>|<this> (a)|(VERBOSE) <this>}',
    'CLUSTER {|<this>|<this> USING t_b|VERBOSE|t_b ON <this>}',
    'CHECKPOINT',

    # privileges and owners
    'GRANT {SELECT|ALL|ALL PRIVILEGES|SELECT (a), UPDATE|INSERT, nosuch|USAGE|MAINTAIN|SELECT (a, b)|truncate} ON {|TABLE }<this>, t '
    'TO {PUBLIC|CURRENT_USER|PUBLIC, nosuch|GROUP nosuch}',
    'GRANT {SELECT ON ALL TABLES IN SCHEMA f, nosuch|ALL ON ALL SEQUENCES IN SCHEMA f|USAGE ON SCHEMA f|EXECUTE ON FUNCTION df()} TO PUBLIC',
    'GRANT ALL ON {DATABASE postgres|LARGE OBJECT 1|TYPE mood|PARAMETER work_mem|FOREIGN SERVER s} TO PUBLIC',
    'GRANT pg_monitor TO postgres',
    'REVOKE ALL ON <this> FROM PUBLIC CASCADE',
    'ALTER DEFAULT PRIVILEGES IN SCHEMA f GRANT SELECT ON TABLES TO PUBLIC',
    'DROP OWNED BY CURRENT_USER CASCADE',
    'REASSIGN OWNED BY postgres TO CURRENT_USER',
    'CREATE ROLE xr',
    'ALTER ROLE postgres SET search_path = x',

    # types, routines and what else there is
    'CREATE DOMAIN nd AS <type> <domain_constraint>',
    'ALTER DOMAIN {posint|chkdom|nosuch|a.b|domd|int} {SET NOT NULL|DROP NOT NULL|SET DEFAULT 5|ADD CONSTRAINT n NOT NULL|OWNER TO CURRENT_USER}',
    'ALTER DOMAIN {posint|chkdom|nosuch|domd} {ADD CHECK (VALUE > 0)|ADD CONSTRAINT x CHECK (VALUE > 0) NOT VALID|VALIDATE CONSTRAINT x}',
    'ALTER DOMAIN {posint|chkdom|nosuch|domd} {DROP CONSTRAINT IF EXISTS x CASCADE|RENAME CONSTRAINT a TO b}',
    'CREATE TYPE ny{| AS (a int, b nosuch)| AS ENUM ()| AS RANGE (subtype = int)}',
    'DROP {TYPE|DOMAIN} {|IF EXISTS }{<this>|a.b.c|comp|posint|int[]|mood}{| CASCADE}',
    'DROP {COLLATION|CONVERSION|STATISTICS|TEXT SEARCH PARSER|TEXT SEARCH DICTIONARY} {|IF EXISTS }{a.b.c|a.b.c.d|existing}',
    'DROP {FUNCTION df|FUNCTION df()|FUNCTION nosuch(int, text[])|PROCEDURE df|ROUTINE pf|AGGREGATE sum(int)|AGGREGATE nosuch(*)} CASCADE',
    'DROP {OPERATOR +(int, int)|OPERATOR CLASS x USING btree|OPERATOR FAMILY x USING btree|CAST (int AS text)|TRANSFORM FOR int LANGUAGE sql} CASCADE',
    'DROP {SCHEMA f|SCHEMA nosuch|EXTENSION plpgsql|EXTENSION nosuch|LANGUAGE plpgsql|EVENT TRIGGER e|ACCESS METHOD heap} CASCADE',
    'DROP {SERVER s|FOREIGN DATA WRAPPER w|PUBLICATION existing} CASCADE',
    'CREATE {|OR REPLACE }FUNCTION nf({|a int|INOUT x int, VARIADIC y text[]|int = 5|OUT a int}) {|RETURNS int |RETURNS TABLE (a int) |RETURNS SETOF nosuch }'
    '<routine_options>{| RETURN 1| BEGIN ATOMIC SELECT 1; <write>; END}',
    "CREATE PROCEDURE np() LANGUAGE sql SECURITY DEFINER AS ''",
    'CREATE AGGREGATE na (int) (sfunc = int4pl, stype = int)',
    'CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq)',
    'CREATE CAST (int AS comp) WITH INOUT',
    'CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION trg()',
    'CREATE ACCESS METHOD m TYPE TABLE HANDLER heap_tableam_handler',
    'CREATE TEXT SEARCH CONFIGURATION c (COPY = english)',
    'CREATE SCHEMA {AUTHORIZATION CURRENT_USER|ns {|AUTHORIZATION CURRENT_USER}}',
    'CREATE SCHEMA ns CREATE TABLE z (a int REFERENCES <this>) CREATE VIEW zz AS SELECT 1 CREATE INDEX ON z (a) GRANT SELECT ON z TO PUBLIC',
    'ALTER SCHEMA {f|nosuch|pg_temp} RENAME TO g',
    "ALTER EXTENSION {plpgsql UPDATE|nosuch UPDATE TO 'x'|plpgsql ADD TABLE t|plpgsql SET SCHEMA f}",
    'CREATE EXTENSION {plpgsql|nosuch CASCADE|IF NOT EXISTS migrate}',
    'CREATE DATABASE x',
    "CREATE TABLESPACE x LOCATION '/x'",
    'ALTER SYSTEM SET work_mem = 5',

    # sessions
    'SET {|LOCAL |SESSION }<setting>',
    'RESET {ALL|role|search_path|SESSION AUTHORIZATION|lock_timeout|TIME ZONE|TRANSACTION ISOLATION LEVEL}',
    'SHOW {search_path|ALL}',
    'SET CONSTRAINTS ALL DEFERRED',
    'EXPLAIN {|ANALYZE |(ANALYZE off) |(ANALYZE maybe) |(ANALYZE, BUFFERS) |VERBOSE }<explained>',
    'PREPARE pe{|(int)} AS {<select>|<write>}',
    'EXECUTE pe(1)',
    'DEALLOCATE ALL',
    'DECLARE c CURSOR WITH HOLD FOR <select>',
    'FETCH 1 FROM c',
    'CLOSE ALL',
    "COPY {<this> FROM STDIN|<this> TO STDOUT|<this> (a, b) FROM '/nosuch'|({<select>|<write>}) TO STDOUT|<this> FROM PROGRAM 'x' WHERE a > 0}",
    "DO {'BEGIN END'|LANGUAGE nosuch ''}",
    'CALL {nosuch(1)|df()}',
    '{NOTIFY|LISTEN} a',
    'DISCARD ALL',
    "LOAD 'x'",
]

CHOICE = re.compile(r'\{([^{}]*\|[^{}]*)\}')
RULE = re.compile('<([a-z_]+)>')


def fill(random, text):
    """A row with one of the choices in each place."""
    while choice := CHOICE.search(text):
        text = text[:choice.start()] + random.choice(choice[1].split('|')) + text[choice.end():]
    return RULE.sub(lambda rule: fill(random, random.choice(RULES[rule[1]])), text)


def measured():
    """The statements of measured.txt."""
    with open(os.path.join(FACTS, 'measured.txt'), encoding='utf-8') as file:
        return [line.split('\t')[2] for line in file]


MEASURED = measured()


def of_measured(random):
    """One of them, most often on another relation."""
    text, table = random.choice(MEASURED), random.choice(TABLES)
    return re.sub(r'\bt\b', lambda _: table, text) if random.random() < .7 else text


def of_rows(random):
    return fill(random, random.choice(STATEMENTS).replace('<this>', random.choice(RULES['relation'])))


def alteration(random):
    return fill(random, '<alter>')


def query(random):
    return fill(random, '{<write>|<write>|<select>}')


# How a statement comes about, and how often.
WAYS = [of_measured] * 2 + [alteration] * 7 + [query] * 3 + [of_rows] * 7


def script(random):
    """One statement, or some."""
    number = random.randint(1, 6) if random.random() < .3 else 1
    return ';\n'.join(random.choice(WAYS)(random) for _ in range(number))
