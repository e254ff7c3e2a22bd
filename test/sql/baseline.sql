--
-- baseline(): migrations recorded as applied without running them, and a script
-- that runs instead.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- up to a version, written in any equivalent form
SELECT * FROM migrate.baseline(test.dir('goose_long'), '003');
SELECT * FROM migrate.baseline(test.dir('goose_long'), '3');
SELECT version, batch, statements, duration FROM migrate.baseline(test.dir('goose_long'), '00004_create_orders');
SELECT version, batch FROM migrate.baseline(test.dir('goose_long'), '00005_create_order_items.sql');
SELECT * FROM test.tables;
SELECT version, state, batch, statements, reversible, applied_by = current_user AS mine, detail
FROM migrate.status(test.dir('goose_long')) WHERE state <> 'pending';
SELECT version, direction, outcome, statements, duration, error FROM migrate.history();
SELECT migrate.version();
SELECT version, command FROM migrate.plan(test.dir('goose_long'), steps => 1);
SELECT test.try($$SELECT * FROM migrate.baseline(test.dir('goose_long'), '4711')$$);

-- all of them; nothing remains to apply
SELECT count(*) FROM migrate.baseline(test.dir('updown'), project => 'all');
SELECT count(*) FROM migrate.baseline(test.dir('updown'), project => 'all');
SELECT count(*) FROM migrate.apply(test.dir('updown'), project => 'all');
SELECT version, state FROM migrate.status(project => 'all');

-- what is applied stays applied, earlier pending migrations are recorded too
SELECT test.write('late/1_a.sql', test.goose('CREATE TABLE a ();', 'DROP TABLE a;'));
SELECT test.write('late/2_b.sql', test.goose('CREATE TABLE b ();', 'DROP TABLE b;'));
SELECT test.write('late/3_c.sql', test.goose('CREATE TABLE c ();', 'DROP TABLE c;'));
SELECT test.write('late/4_d.sql', test.goose('CREATE TABLE d ();', 'DROP TABLE d;'));
SELECT version FROM migrate.apply(test.made('late'), versions => '{2}', project => 'late');
SELECT version, batch FROM migrate.baseline(test.made('late'), '3', project => 'late');
SELECT version, batch FROM migrate.apply(test.made('late'), project => 'late');
SELECT version, state FROM migrate.status(test.made('late'), project => 'late');
SELECT * FROM test.tables;

-- rollback stops there, unless it is forced
SELECT test.try($$SELECT * FROM migrate.rollback(steps => 2, project => 'late')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(target => '2', project => 'late')$$);
SELECT test.try($$SELECT * FROM migrate.reset(project => 'late')$$);
SELECT test.try($$SELECT * FROM migrate.refresh(test.made('late'), project => 'late')$$);
\set VERBOSITY terse
CALL migrate.down(everything => true, project => 'late');
SELECT version FROM migrate.rollback(project => 'late');
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'late')$$);
SELECT test.try($$SELECT * FROM migrate.redo(project => 'late')$$);
-- then its down script runs like any other
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'late', force => true)$$);
CREATE TABLE a (); CREATE TABLE c ();
SELECT version, statements FROM migrate.rollback(project => 'late', force => true);
SELECT * FROM test.tables;
SELECT version, state FROM migrate.status(test.made('late'), project => 'late');
CALL migrate.down(project => 'late');
SELECT version, direction, outcome FROM migrate.history('late') ORDER BY id;
\set VERBOSITY default

-- changes of its files are noticed like those of others
SELECT count(*) FROM migrate.baseline(test.made('late'), '2', project => 'watch');
SELECT test.write('late/1_a.sql', test.goose('CREATE TABLE a (x int);', 'DROP TABLE a;'));
SELECT test.write('late/2_b.sql', test.goose('CREATE TABLE b ();', 'DROP TABLE b CASCADE;'));
SELECT version, state, detail FROM migrate.status(test.made('late'), project => 'watch');
SELECT test.try($$SELECT * FROM migrate.apply(test.made('late'), project => 'watch')$$);
SELECT version, action FROM migrate.repair(test.made('late'), project => 'watch');
SELECT version, state FROM migrate.status(test.made('late'), project => 'watch');
SELECT version, action FROM migrate.repair(version => '2', state => 'pending', project => 'watch');
SELECT version, state FROM migrate.status(test.made('late'), project => 'watch');

-- repeatable migrations: with the others, or when they are due
SELECT version, name FROM migrate.baseline(test.dir('flyway'), '1.10', project => 'fly');
SELECT version, name, state FROM migrate.status(test.dir('flyway'), project => 'fly');
SELECT version, name FROM migrate.baseline(test.dir('flyway'), project => 'fly');
SELECT version FROM migrate.baseline(test.dir('liquibase'), 'ada:first-seeds', project => 'liquibase');
SELECT version FROM migrate.baseline(test.dir('sqitch'), '@v1.0', project => 'sqitch');

--
-- With a script
--
SET client_min_messages = warning;
CREATE FUNCTION test.schema(path text) RETURNS void LANGUAGE sql AS $$
	SELECT test.write(path || '/1_a.sql', test.goose('CREATE TABLE a (id int);', 'DROP TABLE a;'));
	SELECT test.write(path || '/2_b.sql', test.goose('CREATE TABLE b (id int);', 'DROP TABLE b;'));
	SELECT test.write(path || '/3_c.sql', test.goose('CREATE TABLE c (id int);', 'DROP TABLE c;'));
$$;
SELECT test.schema('script');
-- as pg_dump writes it
SELECT test.write('script/schema.sql', $$\restrict abc
SET statement_timeout = 0;
SET client_min_messages = error;
SELECT pg_catalog.set_config('search_path', '', false);
SET default_tablespace = '';
CREATE TABLE app.a (id int);
CREATE TABLE app.b (id int);
CREATE FUNCTION app.f() RETURNS int LANGUAGE sql BEGIN ATOMIC; SELECT 1; END;
COPY app.a (id) FROM stdin;
1
2
\.
\ir parts/more.sql
CREATE INDEX CONCURRENTLY ON app.b (id);
VACUUM app.b;
\unrestrict abc
$$);
SELECT test.write('script/parts/more.sql', E'INSERT INTO app.b VALUES (3);\n');
RESET client_min_messages;
SELECT version, batch, statements, duration > '0' AS timed FROM migrate.baseline(test.made('script'), '2', 'schema.sql', project => 'script');
SHOW search_path;
SHOW client_min_messages;
SELECT count(*) FROM a;
SELECT count(*) FROM b;
SELECT version, state, statements, reversible, file FROM migrate.status(test.made('script'), project => 'script');
SELECT version, outcome, statements FROM migrate.history('script');
SELECT version FROM migrate.apply(test.made('script'), project => 'script');
SELECT version FROM migrate.rollback(everything => true, force => true, project => 'script');
DROP FUNCTION f;

-- only with an empty history
SELECT count(*) FROM migrate.baseline(test.made('script'), '1', project => 'script');
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), script => 'schema.sql', project => 'script')$$);
-- an existing file that is not a migration
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), script => 'none.sql', project => 'x')$$);
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), script => '1_a.sql', project => 'x')$$);
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), script => '../late/1_a.sql', project => 'x')$$);
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), script => '/etc/passwd', project => 'x')$$);
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), script => 'parts', project => 'x')$$);
-- all or nothing, with the place of the error
SELECT test.write('script/broken.sql', E'CREATE TABLE a ();\nCREATE TABLE b ();\nSELECT 1/0;\n');
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), '2', 'broken.sql', project => 'x')$$);
SELECT test.write('script/syntax.sql', E'CREATE TABLE a ();\n\nCREATE TABEL b ();\n');
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), '2', 'syntax.sql', project => 'x')$$);
SELECT test.write('script/psql.sql', E'CREATE TABLE a ();\n\\connect other\n');
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), '2', 'psql.sql', project => 'x')$$);
SELECT test.write('script/parts/bad.sql', E'\nSELECT 1/0;\n');
SELECT test.write('script/include.sql', E'CREATE TABLE a ();\n\\i parts/bad.sql\n');
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), '2', 'include.sql', project => 'x')$$);
SELECT test.write('script/vars.sql', E'CREATE TABLE a ();\nSELECT :''owner'';\n');
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), '2', 'vars.sql', project => 'x')$$);
SELECT test.write('script/database.sql', E'CREATE TABLE a ();\nCREATE DATABASE x;\n');
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), '2', 'database.sql', project => 'x')$$);
SELECT test.write('script/again.sql', E'SELECT migrate.version();\nSELECT migrate.apply();\n');
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), '2', 'again.sql', project => 'x')$$);
SELECT test.write('script/history.sql', E'INSERT INTO migrate.applied SELECT (jsonb_populate_record(a, ''{"project": "x"}'')).* FROM migrate.applied a LIMIT 1;');
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script'), '2', 'history.sql', project => 'x')$$);
SELECT * FROM test.tables;
SELECT count(*) FROM migrate.history('x');

-- in a schema
CREATE SCHEMA tenant;
SELECT test.write('script/plain.sql', E'CREATE TABLE mine ();\n');
SELECT version FROM migrate.baseline(test.made('script'), '1', 'plain.sql', schema => 'tenant', project => 'x');
SELECT 'tenant.mine'::regclass;
DROP SCHEMA tenant CASCADE;

-- in the caller's transaction
BEGIN;
SELECT count(*) FROM migrate.baseline(test.made('script'), script => 'plain.sql', project => 'y');
ROLLBACK;
SELECT * FROM test.tables;
SELECT count(*) FROM migrate.status(project => 'y');
SELECT test.try('SELECT * FROM migrate.baseline()');
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('script/parts'), '1')$$);
BEGIN READ ONLY;
SELECT test.try($$SELECT * FROM migrate.baseline(test.dir('updown'), project => 'never')$$);
ROLLBACK;

-- not while a migration is interrupted
CREATE TABLE rows (a int);
INSERT INTO rows VALUES (1), (1);
SELECT test.write('stop/1_a.sql', test.goose(E'CREATE TABLE stop (a int);\nCREATE UNIQUE INDEX CONCURRENTLY rows_key ON rows (a);\nSELECT 1;', 'DROP TABLE stop;'));
SELECT test.write('stop/2_b.sql', test.goose('SELECT 2;', 'SELECT 1;'));
\set VERBOSITY terse
CALL migrate.up(test.made('stop'), project => 's');
\set VERBOSITY default
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('stop'), project => 's')$$);
