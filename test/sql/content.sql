--
-- What a file can contain: rows of COPY, psql commands, output of pg_dump.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- apply a directory of one plain file, and delete its history
CREATE FUNCTION test.run(content text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('run/1_run.sql', content);
	RETURN QUERY SELECT test.try($c$SELECT * FROM migrate.apply(test.made('run'), project => 'run')$c$);
	PERFORM migrate.rollback(project => 'run', everything => true, force => true);
END
$$;
CREATE TABLE t (a integer, b text);
CREATE FUNCTION test.rows(content text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT test.run(content);
	RETURN QUERY SELECT coalesce(a::text, 'null') || ' ' || coalesce(pg_catalog.quote_literal(b), 'null') FROM app.t;
	TRUNCATE app.t;
END
$$;

-- rows: in apply, from the stored script, in a CALL
\set dir :migrations '/copy'
SELECT version, statements FROM migrate.apply(:'dir');
SELECT * FROM colours;
SELECT version FROM migrate.rollback();
SELECT * FROM test.tables;
CALL migrate.up(:'dir');
SELECT * FROM colours;
CALL migrate.down();
SELECT test.write('store/1_a.sql', E'-- +goose Up\nCREATE TABLE u (a integer);\n-- +goose Down\nCOPY t FROM stdin;\n1\tdown\n\\.\nDROP TABLE u;\n');
SELECT version FROM migrate.apply(test.made('store'), project => 'store');
SELECT version FROM migrate.rollback(project => 'store');
SELECT * FROM t;
TRUNCATE t;
\set dir :scratch '/notx'
SELECT test.write('notx/1_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCOPY t FROM stdin;\n1\tone\n\\.\nCREATE INDEX CONCURRENTLY t_a ON t (a);\nCOPY t FROM stdin; COPY t FROM stdin;\n2\ttwo\n\\.\n3\tthree\n\\.\nVACUUM t;\n-- +goose Down\nDROP INDEX t_a;\n');
CALL migrate.up(:'dir', project => 'notx');
SELECT * FROM t;
CALL migrate.down(project => 'notx');
TRUNCATE t;
\set dir :scratch '/freeze'
SELECT test.write('freeze/1_a.sql', E'-- +goose Up\nCREATE TABLE f (a integer);\nCOPY f FROM stdin (FREEZE);\n1\n\\.\n-- +goose Down\nDROP TABLE f;\n');
SELECT version FROM migrate.apply(:'dir', project => 'freeze');
CALL migrate.down(project => 'freeze');
CALL migrate.up(:'dir', project => 'freeze');
SELECT * FROM f;
CALL migrate.down(project => 'freeze');

-- where rows begin and end
SELECT test.rows(E'COPY t FROM stdin;\n\\.\nINSERT INTO t VALUES (1);');
SELECT test.rows(E'COPY t FROM stdin;\n1\ta\n2\tb');
SELECT test.rows(E'COPY t FROM stdin;\n1\ta\n2\tb\n\\.');
SELECT test.rows(E'COPY t FROM stdin;');
SELECT test.rows(E'COPY t FROM stdin');
SELECT test.rows(E'COPY t FROM stdin; -- the rows\n1\t;''"\n2\t$$\n3\t/*\n4\t-- x\n\\.\nSELECT 1;');
SELECT test.rows(E'copy t(b)\n  from stdin /* ; */;\n\\\\.\n\\.\nSELECT 1;');
SELECT test.rows(E'COPY t FROM stdin; COPY t FROM STDIN; INSERT INTO t VALUES (3);\n1\ta\n\\.\n2\tb\n\\.\nINSERT INTO t VALUES (4);');
SELECT test.rows(E'COPY t FROM stdin;\r\n1\ta\r\n2\tb\r\n\\.\r\nINSERT INTO t VALUES (3);\r\n');
SELECT test.rows(E'COPY t FROM stdin CSV HEADER;\na,b\n1,"x\ny"\n2,";"\n\\.\nINSERT INTO t VALUES (3);');
SELECT test.rows(E'COPY t FROM stdin WITH (DELIMITER '';'', NULL ''-'');\n1;-\n\\.\n');
SELECT test.rows(E'COPY t FROM stdin WHERE a > 1;\n1\ta\n2\tb\n\\.\n');
SELECT test.rows(E'COPY t FROM stdin WITH (FREEZE, ENCODING ''latin1'');\n1\t\u00e9\n\\.\n');
SELECT test.rows(E'SET client_encoding = latin1;\nCOPY t FROM stdin;\n1\t\u00e9\n\\.\n');
SELECT test.rows(E'CREATE TABLE app.f (b text);\nCOPY app.f FROM stdin WITH (FREEZE);\n1\n\\.\nINSERT INTO t SELECT 1, b FROM app.f;\nDROP TABLE app.f;');
CREATE TABLE "copy" ("from" text, "stdin" text);
SELECT test.rows(E'COPY "copy" ("from") FROM stdin;\n1\n\\.\nCOPY (SELECT stdin FROM "copy") TO ''/dev/null'';\nINSERT INTO t SELECT "from"::int FROM copy;\n');
DROP TABLE "copy";
SELECT test.run(E'COPY t FROM stdin; SELECT 1,\n1\ta\n\\.\n2;');
SELECT test.run(E'COPY t TO stdout;');
SELECT test.run(E'COPY (SELECT 1) TO stdout;');

-- errors in a row and in the statement
\set VERBOSITY default
\set dir :scratch '/run'
SELECT test.write('run/1_run.sql', E'SELECT 1;\n\nCOPY t FROM stdin;\n1\ta\nx\tb\n\\.\n');
SELECT * FROM migrate.apply(:'dir');
SELECT test.write('run/1_run.sql', E'SELECT 1;\n\nCOPY t\n  FROM stdin\n  WHERE c > 1;\n1\ta\n\\.\n');
SELECT * FROM migrate.apply(:'dir');
SELECT test.run(E'COPY nowhere FROM stdin;\n1\n\\.\n');
SELECT test.run(E'COPY t (a, c) FROM stdin;\n1\n\\.\n');
SELECT test.run(E'COPY t FROM stdin WITH (nothing);\n1\n\\.\n');
SELECT test.run(E'COPY t FROM stdin;\n1\n\\.\n');
SELECT test.run(E'COPY t FROM stdin;\n1\ta\n\\.\nSELECT 1/0;\n');
SELECT test.run(E'COPY t FROM stdin;\n1\ta\n\\.\n''');
SELECT test.run(E'COPY t FROM stdin;\n\u00e9\u00e9\u00e9\u00e9\ta\n\\.\nSELEC 1;');
SELECT test.run(E'COPY t FROM stdin;\n\u00e9\u00e9\u00e9\u00e9\ta\n\\.\nSELECT 1; SELECT ''');
SELECT test.run(E'SET TRANSACTION READ ONLY;\nCOPY t FROM stdin;\n1\ta\n\\.\n');
CREATE TABLE g (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED);
SELECT test.run(E'COPY g FROM stdin WHERE b > 1;\n1\n\\.\n');
SELECT test.run(E'COPY g FROM stdin WHERE g IS NOT NULL;\n1\n\\.\n');
DROP TABLE g;
CREATE VIEW v AS SELECT 1 AS a;
SELECT test.run(E'COPY v FROM stdin;\n1\n\\.\n');
DROP VIEW v;
SELECT count(*) FROM t;

-- what a role may do
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_migrate_owner;
RESET client_min_messages;
CREATE ROLE regress_migrate_owner;
GRANT USAGE ON SCHEMA app TO regress_migrate_owner;
SELECT test.run(E'SET ROLE regress_migrate_owner;\nCOPY t FROM stdin;\n1\ta\n\\.\n');
GRANT INSERT (a) ON t TO regress_migrate_owner;
SELECT test.run(E'SET ROLE regress_migrate_owner;\nCOPY t FROM stdin;\n1\ta\n\\.\n');
SELECT test.rows(E'SET ROLE regress_migrate_owner;\nCOPY t (a) FROM stdin;\n1\n\\.\n');
SELECT test.rows(E'SET TRANSACTION READ ONLY;\nCOPY t (a) FROM stdin;\n1\n\\.\n');
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
SELECT test.run(E'SET ROLE regress_migrate_owner;\nCOPY t (a) FROM stdin;\n1\n\\.\n');
ALTER TABLE t DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON t FROM regress_migrate_owner;
REVOKE ALL ON SCHEMA app FROM regress_migrate_owner;

-- triggers, defaults, foreign keys, deferred ones at the end
CREATE TABLE p (i integer PRIMARY KEY);
CREATE TABLE c (i integer REFERENCES p DEFERRABLE INITIALLY DEFERRED, n serial);
CREATE FUNCTION app.twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app.p VALUES (new.i + 10); RETURN new; END $$;
CREATE TRIGGER twice BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION app.twice();
SELECT test.run(E'COPY c (i) FROM stdin;\n1\n2\n\\.\nCOPY p FROM stdin;\n1\n2\n\\.\n');
SELECT i, n FROM c;
SELECT i FROM p;
SELECT test.run(E'COPY c (i) FROM stdin;\n3\n\\.\n');
DROP TABLE c, p; DROP FUNCTION twice;

-- a changed row is a change; line ends and psql commands are not
SELECT test.write('same/1_a.sql', E'\\restrict one\nCOPY t FROM stdin;\n1\ta\n\\.\nSELECT 1;\n');
SELECT version FROM migrate.apply(test.made('same'), project => 'same');
SELECT test.write('same/1_a.sql', E'\\restrict two\r\ncopy t from STDIN;\r\n1\ta\r\n\\.\r\nselect 1;');
SELECT state FROM migrate.status(test.made('same'), project => 'same');
SELECT test.write('same/1_a.sql', E'COPY t FROM stdin;\n1\tA\n\\.\nSELECT 1;\n');
SELECT state FROM migrate.status(test.made('same'), project => 'same');
SELECT test.write('same/1_a.sql', E'COPY t FROM stdin;\n1\ta\n\n\\.\nSELECT 1;\n');
SELECT state FROM migrate.status(test.made('same'), project => 'same');
TRUNCATE t;

-- resuming after an error: committed rows must not change
\set dir :scratch '/resume'
SELECT test.write('resume/1_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCOPY t FROM stdin; SELECT 1;\n1\ta\n\\.\nCOPY t FROM stdin;\n2\tb\n\\.\nCOPY t FROM stdin;\nx\tc\n\\.\n');
CALL migrate.up(:'dir', project => 'resume');
SELECT * FROM t;
SELECT test.write('resume/1_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCOPY t FROM stdin; SELECT 1;\n1\ta\n\\.\nCOPY t FROM stdin;\n3\tb\n\\.\nCOPY t FROM stdin;\n3\tc\n\\.\n');
CALL migrate.up(:'dir', project => 'resume');
SELECT test.write('resume/1_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCOPY t FROM stdin; SELECT 1;\n1\ta\n\\.\nCOPY t FROM stdin;\n2\tb\n\\.\nCOPY t FROM stdin;\n3\tc\n\\.\n');
CALL migrate.up(:'dir', project => 'resume');
SELECT * FROM t;
TRUNCATE t;

-- psql commands that change nothing
\set dir :scratch '/psql'
SELECT test.write('psql/1_a.sql', E'\\set ON_ERROR_STOP on\n\\timing\n\\echo it''s ; $$ /* begun\nSELECT ''\n\\echo not this\n'';\n/*\n\\connect not_this\n*/\n  \\pset pager off \\x\nCREATE TABLE w (i int); \\qecho done\n\\encoding UTF8\r\n\\encoding ''utf-8''\n\\warn\n\\a\n\\t\n\\set QUIET\n\\echo the end');
SELECT version, statements FROM migrate.apply(:'dir', project => 'psql');
SELECT state FROM migrate.status(:'dir', project => 'psql');
SELECT version FROM migrate.rollback(project => 'psql', force => true);
DROP TABLE w;
SELECT test.write('psql/1_a.sql', E'-- +goose Up\nCREATE TABLE w (i int);\n-- +goose Down\n\\echo down\nDROP TABLE w;\n');
SELECT version FROM migrate.apply(:'dir', project => 'psql');
CALL migrate.down(project => 'psql');

-- and the others
SELECT test.run(E'SELECT 1;\n\\connect other\n');
SELECT test.run(E'SELECT 1;\n\\copy t from ''x''\n');
SELECT test.run(E'SELECT ''SELECT 1''\n\\gexec\n');
SELECT test.run(E'SELECT ''SELECT 1'' \\gexec\n');
SELECT test.run(E'SELECT 1 AS a \\gset\n');
SELECT test.run(E'\\if true\nSELECT 1;\n\\endif\n');
SELECT test.run(E'\\set x 1\n');
SELECT test.run(E'\\set AUTOCOMMIT off\n');
SELECT test.run(E'\\set ON_ERROR_ROLLBACK on\n');
SELECT test.run(E'\\set\n');
SELECT test.run(E'\\encoding latin1\n');
SELECT test.run(E'\\! true\n');
SELECT test.run(E'SELECT 1 \\; SELECT 2;\n');
SELECT test.run(E'\\.\n');
SELECT test.run(E'\\d\n');
SELECT test.run(E'\\timing \\connect other\n');
SELECT test.run(E'\\echo \\\\ SELECT 1;\n');
SELECT test.run(E'SELECT 1\n\\echo in the middle\n;\n');
SELECT test.run(E'SELECT (\n\\echo in the middle\n1);\n');
SELECT test.run(E'\\');
SELECT test.run(E'SELECT 1;\n\\echo one\n\n\\echo two\nSELEC 2;\n');

-- output of pg_dump; all settings are restored
\set dir :migrations '/dump'
SELECT set_config('lock_timeout', '5s', false) IS NULL AS ok;
SET xmloption = document;
CREATE VIEW test.settings AS
	SELECT name, setting, source FROM pg_settings
	WHERE name IN ('search_path', 'lock_timeout', 'client_min_messages', 'row_security', 'xmloption', 'check_function_bodies', 'statement_timeout', 'default_tablespace')
	ORDER BY name COLLATE "C";
CREATE TABLE test.settings_before AS SELECT * FROM test.settings;
SELECT version, statements FROM migrate.apply(:'dir', project => 'dump');
SELECT * FROM test.settings EXCEPT SELECT * FROM test.settings_before;
SELECT * FROM clinic.animals;
SELECT * FROM clinic.visits;
SELECT nextval('clinic.animals_id_seq'), clinic.visits_of(3), obj_description('clinic.animals'::regclass);
SELECT tableowner FROM pg_tables WHERE schemaname = 'clinic';
SELECT version FROM migrate.rollback(project => 'dump', force => true);
SET client_min_messages = warning;
DROP SCHEMA clinic CASCADE;
TRUNCATE test.settings_before; INSERT INTO test.settings_before SELECT * FROM test.settings;
CALL migrate.up(:'dir', project => 'dump');
SELECT * FROM test.settings EXCEPT SELECT * FROM test.settings_before;
SELECT count(*) FROM clinic.animals;
DROP SCHEMA clinic CASCADE;
RESET lock_timeout;
RESET xmloption;
RESET client_min_messages;

-- line ends, a last statement without semicolon, files without statements
SELECT test.rows(E'INSERT INTO t\r\nVALUES (1, ''a\r\nb'');\r\n-- end\r\n');
SELECT test.rows(E'INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2)');
SELECT test.rows(E'INSERT INTO t VALUES (1);;;\n;\n');
SELECT test.rows('');
SELECT test.rows(E'\n\r\n  \t');
SELECT test.rows(E'-- only\n/* a comment /* and */ one */');
SELECT test.rows(';');

-- bodies, prepared statements, temporary tables, transactions
SELECT test.rows(E'CREATE FUNCTION app.atomic(i int) RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n  SELECT CASE WHEN i > 1 THEN 1 ELSE 2 END; SELECT i AS end;\nEND;\nINSERT INTO t VALUES (app.atomic(3));\nDROP FUNCTION app.atomic;');
SELECT test.rows(E'PREPARE put (int) AS INSERT INTO t VALUES ($1);\nEXECUTE put(1);\nEXECUTE put(2);\nDEALLOCATE put;');
SELECT test.rows(E'CREATE TEMP TABLE temp_rows (a int);\nCOPY temp_rows FROM stdin;\n7\n\\.\nINSERT INTO t SELECT a FROM temp_rows;\nDROP TABLE temp_rows;');
SELECT test.rows(E'CREATE TEMP TABLE temp_rows (a int) ON COMMIT DROP;\nCOPY temp_rows FROM stdin;\n7\n\\.\nINSERT INTO t SELECT a FROM temp_rows;');
\set dir :scratch '/middle'
SELECT test.write('middle/1_a.sql', E'\\restrict x\nCOPY t FROM stdin;\n1\ta\n\\.\nPREPARE put AS INSERT INTO t VALUES (2, ''b'');\nCREATE TEMP TABLE temp_rows (a int);\nCOMMIT;\nCREATE INDEX CONCURRENTLY t_a ON t (a);\nBEGIN;\nCOPY temp_rows FROM stdin;\n3\n\\.\nEXECUTE put;\nDEALLOCATE put;\nINSERT INTO t SELECT a, ''c'' FROM temp_rows;\nDROP TABLE temp_rows');
SELECT test.try(format('SELECT * FROM migrate.apply(%L, project => %L)', :'dir', 'middle'));
CALL migrate.up(:'dir', project => 'middle');
SELECT * FROM t;
DROP INDEX t_a;
TRUNCATE t;

-- templates that the callers of the tools fill in
SELECT test.run('CREATE TABLE {{ index .Options "schema" }}.t ();');

-- messages of the parser appear when a statement runs, not when it is checked
SELECT test.write('long/1_a.sql', format('CREATE TABLE %s (i int);', repeat('long', 16)));
SELECT test.write('long/1_rollback.sql', format('DROP TABLE %s;', repeat('long', 16)));
\set dir :scratch '/long'
SET client_min_messages = notice;
SELECT version, state FROM migrate.status(:'dir', project => 'long');
CALL migrate.up(:'dir', project => 'long');
SELECT version, statements FROM migrate.rollback(project => 'long');
SELECT test.write('long/1_a.sql', format('-- a comment%sCREATE TABLE %s (i int);', E'\n', repeat('long', 16)));
SELECT version, statements FROM migrate.apply(:'dir', project => 'long');
SELECT version, state FROM migrate.status(:'dir', project => 'long');
CALL migrate.down(project => 'long');
RESET client_min_messages;
SELECT test.write('inner/1_a.sql', E'\\i parts/a.sql\nSELECT 1;'),
	   test.write('inner/parts/a.sql', format('CREATE TABLE %s (i int);', repeat('long', 16))),
	   test.write('split/meta/_journal.json', '{"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true}]}'),
	   test.write('split/0000_a.sql', format(E'DROP TABLE %s;\n--> statement-breakpoint\nSELECT 1;', repeat('long', 16))) \gset ignored_
SET client_min_messages = notice;
SELECT version, statements FROM migrate.apply(test.made('inner'), project => 'inner');
SELECT version, statements FROM migrate.apply(test.made('split'), project => 'split');
RESET client_min_messages;

-- a character that crosses the end of a block, near the end of the file
SELECT test.write('boundary/1_a.sql', repeat('-', 1048575) || E'\u00e9\n'),
	   test.write('boundary/2_b.sql', repeat('-', 1048573) || E'\U0001f40d') \gset ignored_
SELECT version, state FROM migrate.status(test.made('boundary'), project => 'boundary');
SELECT test.shell('printf ''\303'' >>boundary/2_b.sql') \gset ignored_
SELECT test.try(format('SELECT migrate.status(%L, project => ''boundary'')', test.made('boundary')));

-- several MB: many statements, rows, COPY statements and psql commands
SELECT test.write('large/1_inserts.sql', string_agg(format(E'INSERT INTO t VALUES (%s, %L);\n', i, repeat('i', 50)), '')) FROM generate_series(1, 5000) i;
SELECT test.write('large/2_rows.sql', E'COPY t FROM stdin;\n' || string_agg(i || E'\t' || repeat('r', 100) || E'\n', '')) FROM generate_series(1, 40000) i;
SELECT test.write('large/3_copies.sql', string_agg(format(E'\\echo %s\nCOPY t FROM stdin;\n', i) || repeat(i || E'\t' || repeat('c', 100) || E'\n', 40) || E'\\.\n', '')) FROM generate_series(1, 1000) i;
\set dir :scratch '/large'
SELECT version, statements FROM migrate.apply(:'dir', project => 'large');
SELECT left(b, 1) AS kind, count(*), count(DISTINCT a) FROM t GROUP BY 1 ORDER BY 1;
SELECT state FROM migrate.status(:'dir', project => 'large');
DROP OWNED BY regress_migrate_owner;
DROP ROLE regress_migrate_owner;
