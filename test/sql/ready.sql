--
-- Is the database what an application needs: is_current(), at_least(),
-- wait_for(); and activity(), of which test/t/014_activity.pl has the rest.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = warning;

SELECT test.write('ready/001_a.up.sql', 'CREATE TABLE a (i int);'),
	   test.write('ready/001_a.down.sql', 'DROP TABLE a;'),
	   test.write('ready/002_b.up.sql', 'CREATE TABLE b (i int);'),
	   test.write('ready/002_b.down.sql', 'DROP TABLE b;') \g /dev/null
SELECT test.made('ready') AS dir \gset

-- nothing is applied, then something, then all
SELECT migrate.is_current(:'dir');
SELECT count(*) FROM migrate.apply(:'dir', steps => 1);
SELECT migrate.is_current(:'dir');
SELECT count(*) FROM migrate.apply(:'dir');
SELECT migrate.is_current(:'dir');
-- as files of the client, and in a transaction that only reads
BEGIN READ ONLY;
SELECT migrate.is_current(files => '{"001_a.up.sql": "CREATE TABLE a (i int);", "002_b.up.sql": "CREATE TABLE b (i int);"}');
COMMIT;
-- what the directory does not have does not count
SELECT migrate.is_current(files => '{"001_a.up.sql": "CREATE TABLE a (i int);"}');
-- another history, another project
SELECT migrate.is_current(:'dir', project => 'other'), migrate.is_current(:'dir', schema => 'test');
-- a file that has changed: as apply() with the setting
SELECT migrate.is_current(files => '{"001_a.up.sql": "CREATE TABLE changed (i int);", "002_b.up.sql": "CREATE TABLE b (i int);"}');
SET migrate.on_modified = warn;
SELECT migrate.is_current(files => '{"001_a.up.sql": "CREATE TABLE changed (i int);", "002_b.up.sql": "CREATE TABLE b (i int);"}');
SET migrate.on_modified = ignore;
SELECT migrate.is_current(files => '{"001_a.up.sql": "CREATE TABLE changed (i int);", "002_b.up.sql": "CREATE TABLE b (i int);"}');
RESET migrate.on_modified;
-- out of order: pending in any case
SET migrate.out_of_order = apply;
SELECT migrate.is_current(files => '{"001_a.up.sql": "CREATE TABLE a (i int);", "000_x.up.sql": "SELECT 1;"}');
RESET migrate.out_of_order;
-- repeatable ones
SELECT count(*) FROM migrate.apply(files => '{"V1__a.sql": "SELECT 1;", "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;"}', project => 'flyway');
SELECT migrate.is_current(files => '{"V1__a.sql": "SELECT 1;", "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;"}', project => 'flyway'),
	   migrate.is_current(files => '{"V1__a.sql": "SELECT 1;", "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 2 AS one;"}', project => 'flyway');
-- nothing to compare with is an error, as with apply()
SELECT test.try($$SELECT migrate.is_current()$$);
SELECT test.try($$SELECT migrate.is_current(files => '{}')$$);
SELECT test.try(format($$SELECT migrate.is_current(%L)$$, test.dir('missing')));
-- it leaves no lock and no message
SET client_min_messages = notice;
SELECT migrate.is_current(files => '{"001_a.up.sql": "CREATE TABLE a (i int);", "notes.sql": "-- nothing"}');
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';

-- at_least(): in any form of the number
SELECT v, migrate.at_least(v) FROM unnest('{001,1,0000002,2,3,002_b,"",x,-1,1.0,1..0}'::text[]) v;
SELECT v, migrate.at_least(v, project => 'flyway') FROM unnest('{1,1.0,1_0,001,2,1.0.1}'::text[]) v;
SELECT migrate.at_least('001', project => 'other'), migrate.at_least('001', schema => 'test');
SELECT test.try($$SELECT migrate.at_least(NULL)$$);
SELECT test.try($$SELECT migrate.at_least('1', project => NULL)$$);
-- a baseline counts, what is undone does not
SELECT count(*) FROM migrate.baseline(files => '{"001_a.up.sql": "SELECT 1;", "002_b.up.sql": "SELECT 1;"}', version => '1', project => 'based');
SELECT migrate.at_least('1', project => 'based'), migrate.at_least('2', project => 'based');
SELECT count(*) FROM migrate.rollback(steps => 1);
SELECT version, state FROM migrate.status();
SELECT migrate.at_least('2'), migrate.at_least('1');
-- and what is on its way does not
SET client_min_messages = warning;
CALL migrate.up(files => '{"1_x.sql": "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\nVACUUM a;\nSELECT 1/0;\n"}', project => 'broken');
SELECT version, state FROM migrate.status(project => 'broken');
SELECT migrate.at_least('1', project => 'broken');
SET client_min_messages = notice;

-- wait_for(): at once, in time, and not
CALL migrate.wait_for('001');
CALL migrate.wait_for('002', '0');
CALL migrate.wait_for('002', '50 ms');
CALL migrate.wait_for(NULL);
CALL migrate.wait_for('001', '-1 s');
CALL migrate.wait_for('001', '100000000 years');
BEGIN;
CALL migrate.wait_for('001');
ROLLBACK;
SET lock_timeout = '1ms';
SET default_transaction_read_only = on;
CALL migrate.wait_for('2', '20 ms');
RESET default_transaction_read_only;
RESET lock_timeout;
SET statement_timeout = '30ms';
CALL migrate.wait_for('2');
RESET statement_timeout;

-- activity(): nothing here, and a migration sees its own run
SELECT count(*) FROM migrate.activity();
CREATE TABLE seen (a text);
SELECT count(*) FROM migrate.apply(files => '{"003_a \"quoted\" name.sql": "SELECT 1;\n\nINSERT INTO seen SELECT row_to_json(a)::jsonb - ''pid'' - ''run_started_at'' - ''statement_started_at'' FROM migrate.activity() a WHERE pid = pg_backend_pid() AND run_started_at <= statement_started_at;"}',
	project => 'a "project", (odd)');
SELECT jsonb_pretty(a::jsonb) FROM seen;
-- a text alone is no run
SELECT /* migrate.up("default", ""): migration "1" "a" (up), statement 1 of 1, file "a", line 1, SELECT: */ count(*) FROM migrate.activity();
