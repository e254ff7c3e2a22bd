--
-- Many schemas, each with a history of its own: up_schemas() and status_schemas().
-- test/specs/tenants.spec has sessions that share the work.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = error;
CREATE ROLE regress_migrate_dev;
GRANT USAGE ON SCHEMA migrate, test TO regress_migrate_dev;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_dev;
CREATE SCHEMA t1;
CREATE SCHEMA t2;
CREATE SCHEMA "T 3";
CREATE SCHEMA t4 AUTHORIZATION regress_migrate_dev;
CREATE SCHEMA shared;
RESET client_min_messages;
CREATE VIEW test.relations AS
	SELECT n.nspname AS schema, string_agg(c.relname, ' ' ORDER BY c.relname COLLATE "C") AS relations
	FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
	WHERE n.nspname IN ('t1', 't2', 'T 3', 't4') GROUP BY n.nspname ORDER BY n.nspname COLLATE "C";

SELECT test.write('d/1_one.sql', test.goose('CREATE TABLE one (id int);', 'DROP TABLE one;'));
SELECT test.write('d/2_two.sql', test.goose('CREATE TABLE two (id int); INSERT INTO one VALUES (2);', 'DROP TABLE two;'));

-- arguments
CALL migrate.up_schemas(test.made('d'));
CALL migrate.up_schemas(test.made('d'), '{t1,NULL}');
CALL migrate.up_schemas(test.made('d'), '{t1,t2,t1}');
CALL migrate.up_schemas(test.made('d'), '{t1,nowhere}');
CALL migrate.up_schemas(test.made('d'), '{t1,""}');
CALL migrate.up_schemas(test.made('d'), '{t1}', project => NULL);
CALL migrate.up_schemas(test.made('d'), '{t1}', on_error => 'ignore');
CALL migrate.up_schemas(test.made('d'), '{t1}', on_error => NULL);
CALL migrate.up_schemas(test.made('d'), '{t1}', canary => 1);
CALL migrate.up_schemas(test.made('d'), '{t1}', on_error => 'continue', canary => 0);
CALL migrate.up_schemas(test.made('d'), '{t1}', target => '9');
CALL migrate.up_schemas(schemas => '{t1}');
BEGIN;
CALL migrate.up_schemas(test.made('d'), '{t1}');
ROLLBACK;
DO $$ BEGIN CALL migrate.up_schemas(current_setting('test.scratch') || '/d', '{t1}'); END $$;
SELECT * FROM test.relations;
SELECT * FROM migrate.status_schemas(test.made('d'));
CALL migrate.up_schemas(test.made('d'), '{}');

-- in the order given, each with its own history
CALL migrate.up_schemas(test.made('d'), '{t2,"T 3",t1}', target => '1');
SELECT * FROM test.relations;
CALL migrate.up_schemas(test.made('d'), '{t2,"T 3",t1}', target => '1');
CALL migrate.up(test.made('d'), schema => 't2');
SELECT schema, version, applied, pending, state, failed_at, error FROM migrate.status_schemas(test.made('d'));
CALL migrate.up_schemas(test.made('d'), '{t1,t2,"T 3"}');
SELECT schema, version, batch FROM migrate.applied ORDER BY schema COLLATE "C", version;
SELECT schema, version, applied, pending, state FROM migrate.status_schemas(test.made('d'), '{t4,t1}');
-- without a directory
SELECT schema, version, applied, pending, state FROM migrate.status_schemas();
SELECT * FROM migrate.status_schemas(schemas => '{}');
SELECT test.try($$SELECT * FROM migrate.status_schemas(schemas => '{NULL}')$$);
SELECT test.try($$SELECT * FROM migrate.status_schemas(project => NULL)$$);
-- projects are independent
SELECT count(*) FROM migrate.status_schemas(project => 'other');

-- one that fails: nothing after it, and the others stay
SELECT test.write('d/3_three.sql', test.goose('CREATE TABLE three (id int PRIMARY KEY); INSERT INTO three SELECT id FROM one;', 'DROP TABLE three;'));
INSERT INTO t2.one VALUES (2);
CALL migrate.up_schemas(test.made('d'), '{t1,t2,"T 3"}');
SELECT * FROM test.relations;
SELECT schema, version, applied, pending, state, failed_at IS NOT NULL AS failed, error FROM migrate.status_schemas(test.made('d'));
-- or passed over
CALL migrate.up_schemas(test.made('d'), '{t1,t2,"T 3"}', on_error => 'continue');
SELECT * FROM test.relations;
CALL migrate.up_schemas(test.made('d'), '{t1,t2,"T 3",t4}', on_error => 'continue');
-- but for the first ones
DELETE FROM t2.one;
CALL migrate.up_schemas(test.made('d'), '{t1,t2,"T 3",t4}', on_error => 'continue');
SELECT schema, version, applied, pending, state, failed_at, error FROM migrate.status_schemas(test.made('d'));
SELECT test.write('d/4_four.sql', test.goose('CREATE TABLE four (id int);', 'DROP TABLE four;'));
CREATE TABLE t1.four ();
CREATE TABLE t4.four ();
CALL migrate.up_schemas(test.made('d'), '{t1,t2,"T 3",t4}', on_error => 'continue', canary => 2);
SELECT * FROM test.relations;
CALL migrate.up_schemas(test.made('d'), '{t2,t1,"T 3",t4}', on_error => 'continue', canary => 1);
SELECT * FROM test.relations;
DROP TABLE t1.four, t4.four;
CALL migrate.up_schemas(test.made('d'), '{t2,t1,"T 3",t4}', on_error => 'continue', canary => 9);

-- errors before a migration runs
SELECT test.write('d/5_five.sql', test.goose('CREATE TABLE five (id int;', 'DROP TABLE five;'));
CALL migrate.up_schemas(test.made('d'), '{t1,t2}', on_error => 'continue');
SELECT test.write('d/5_five.sql', test.goose('CREATE TABLE five (id int);', 'DROP TABLE five;'));
SELECT test.write('d/1_one.sql', test.goose('CREATE TABLE one (id bigint);', 'DROP TABLE one;'));
CALL migrate.up_schemas(test.made('d'), '{t1,t2}');
CALL migrate.up_schemas(test.made('d'), '{t1,t2}', on_error => 'continue');
SET migrate.on_modified = ignore;
CALL migrate.up_schemas(test.made('d'), '{t1,t2}');
SELECT schema, pending, state FROM migrate.status_schemas(test.made('d'));
RESET migrate.on_modified;
SELECT test.write('d/1_one.sql', test.goose('CREATE TABLE one (id int);', 'DROP TABLE one;'));
CALL migrate.up_schemas(test.made('d'), '{t1,t2,"T 3",t4}');

-- what each of them needs: no transaction, settings of its own, an interruption
SELECT test.write('d/6_six.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSET search_path = shared;\nCREATE INDEX CONCURRENTLY six ON "T 3".one (id);\nDROP INDEX CONCURRENTLY "T 3".six;\nRESET search_path;\nCREATE TABLE six ();\nSELECT 1 / (SELECT count(*) FROM two);\n');
INSERT INTO t1.two VALUES (1);
CALL migrate.up_schemas(test.made('d'), '{t1,t2}', on_error => 'continue');
SHOW search_path;
SELECT schema, applied, pending, state FROM migrate.status_schemas(test.made('d'));
INSERT INTO t2.two VALUES (1);
CALL migrate.up_schemas(test.made('d'), '{t1,t2}', on_error => 'continue');
SELECT * FROM test.relations;
SELECT test.remove('d/6_six.sql');
-- a newer one
CALL migrate.up_schemas(test.made('d'), '{t1,t2}');

-- the name of a setting in other letters
SELECT version FROM migrate.apply(files => jsonb_build_object('1_a.sql', 'RESET "Search_Path"; CREATE TABLE cased ();'), project => 'cased', schema => 't1');
SELECT to_regclass('t1.cased');
DROP TABLE t1.cased;

-- the objects of the database, once
SET migrate.record_objects = on;
SELECT test.write('d/7_seven.sql', test.goose('CREATE TABLE seven ();', 'DROP TABLE seven;'));
CALL migrate.up_schemas(test.made('d'), '{t1,t2}');
SELECT * FROM migrate.drift();
SELECT test.write('d/8_eight.sql', test.goose('CREATE TABLE eight ();', 'DROP TABLE eight;'));
CREATE TABLE t2.eight ();
CALL migrate.up_schemas(test.made('d'), '{t1,t2}');
SELECT * FROM migrate.drift();
DROP TABLE t2.eight;
CALL migrate.up_schemas(test.made('d'), '{t1,t2}', on_error => 'continue');
SELECT * FROM migrate.drift();
RESET migrate.record_objects;

-- files of the client, variables, and a role without other privileges
SET ROLE regress_migrate_dev;
CALL migrate.up_schemas(schemas => '{t4,t1}', project => 'role', vars => '{"name": "mine"}', on_error => 'continue',
	files => '{"1_a.sql": "CREATE TABLE :name (id int);", "2_b.sql": "SELECT id FROM :name;"}');
RESET ROLE;
SELECT schema, version, applied, pending, state, error FROM migrate.status_schemas(project => 'role', files => '{"1_a.sql": "CREATE TABLE :name (id int);", "2_b.sql": "SELECT id FROM :name;"}');

-- types and functions that all tenants share
SELECT test.write('e/1_a.sql', test.goose('CREATE TABLE typed (kind label);'));
CREATE DOMAIN shared.label AS text;
CALL migrate.up_schemas(test.made('e'), '{t1,t2}', project => 'typed');
SET migrate.schema_path = shared, 'pg_catalog';
SHOW migrate.schema_path;
CALL migrate.up_schemas(test.made('e'), '{t1,t2}', project => 'typed');
SELECT attrelid::regclass, atttypid::regtype FROM pg_attribute WHERE attrelid IN ('t1.typed'::regclass, 't2.typed'::regclass) AND attnum > 0;
SET migrate.schema_path = 'a, "b';
SET migrate.schema_path = '"T 3", shared';
SELECT version FROM migrate.apply(project => 'path', schema => 't1', files => '{"1_a.sql": "CREATE TABLE path AS SELECT current_setting(''search_path'') AS path, current_schemas(false) AS schemas;"}');
SELECT * FROM t1.path;
RESET migrate.schema_path;
SELECT version FROM migrate.rollback(project => 'typed', schema => 't1');

-- an extension in a tenant's schema
SET client_min_messages = warning;
SELECT version FROM migrate.apply(project => 'extension', schema => 't1', files => '{"1_a.sql": "CREATE EXTENSION hstore;"}');
CALL migrate.up(project => 'extension 2', schema => 't1', files => '{"1_a.sql": "DROP EXTENSION hstore; CREATE EXTENSION IF NOT EXISTS hstore; VACUUM t1.one;"}');
SELECT version FROM migrate.apply(project => 'extension 3', schema => 't1', files => '{"1_a.sql": "CREATE EXTENSION IF NOT EXISTS hstore;"}');
SELECT version FROM migrate.apply(project => 'extension 4', schema => 't1', files => '{"1_a.sql": "DROP EXTENSION hstore; CREATE EXTENSION hstore SCHEMA shared;"}');
RESET client_min_messages;

-- another format than that of a history
SELECT version FROM migrate.apply(project => 'format', schema => 't1', format => 'plain', files => '{"1_a.sql": "CREATE TABLE f ();"}');
CALL migrate.up_schemas(schemas => '{t1,t2}', project => 'format', files => '{"1_a.up.sql": "CREATE TABLE f ();", "2_b.up.sql": "SELECT 1;"}');

-- memory does not grow with the number of schemas, also where some fail
SET client_min_messages = error;
DO $$ BEGIN FOR n IN 1 .. 20 LOOP EXECUTE format('CREATE SCHEMA memory%s', n); END LOOP; END $$;
CREATE TABLE test.memory (schema text, bytes bigint);
CREATE FUNCTION test.memories() RETURNS text[] LANGUAGE sql AS $$ SELECT array_agg('memory' || n ORDER BY n) FROM generate_series(1, 20) n $$;
SET client_min_messages = notice;
CALL migrate.up_schemas(schemas => test.memories(), project => 'memory', on_error => 'continue',
	files => '{"1_a.sql": "INSERT INTO test.memory SELECT current_schema(), sum(used_bytes) FROM pg_backend_memory_contexts WHERE name = ''migrate run''", "2_b.sql": "SELECT 1 / (substr(current_schema(), 7)::int % 3)"}');
SELECT count(*) AS schemas, (max(bytes) FILTER (WHERE schema = 'memory20')) <= (max(bytes) FILTER (WHERE schema = 'memory5')) + 512 AS flat FROM test.memory;
-- nor do the server's caches: each schema looks up 500 names that are not there
SET client_min_messages = warning;
CREATE TABLE test.caches (n serial, bytes bigint);
CREATE TABLE test.looked_up (n int);
CALL migrate.up_schemas(schemas => test.memories(), project => 'caches',
	files => '{"1_a.sql": "DO $$ BEGIN FOR n IN 1 .. 500 LOOP PERFORM to_regclass(''none'' || n); INSERT INTO test.looked_up VALUES (n); END LOOP; END $$; INSERT INTO test.caches (bytes) SELECT used_bytes FROM pg_backend_memory_contexts WHERE name = ''CacheMemoryContext''"}');
SELECT count(*) AS schemas, (max(bytes) FILTER (WHERE n = 20)) < (max(bytes) FILTER (WHERE n = 1)) + 1000000 AS flat FROM test.caches;
-- what is counted of relations is reported once a second, and not at the end
CALL migrate.up(project => 'counts', schema => 't1', files => '{"1_a.sql": "CREATE TABLE counted (); INSERT INTO counted DEFAULT VALUES",
	"2_b.sql": "SELECT pg_sleep(1.1)", "3_c.sql": "CREATE TABLE test.counted AS SELECT pg_stat_get_tuples_inserted(''counted''::regclass) AS inserted"}');
TABLE test.counted;

SET client_min_messages = error;
DROP EXTENSION migrate CASCADE;
DROP SCHEMA app, test, t1, t2, "T 3", t4, shared CASCADE;
DO $$ BEGIN FOR n IN 1 .. 20 LOOP EXECUTE format('DROP SCHEMA memory%s CASCADE', n); END LOOP; END $$;
DROP ROLE regress_migrate_dev;
