--
-- Statements and transactions: where they begin and end, what remains after them,
-- and what cannot run with others in a transaction.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- the server's parser determines where a statement ends
SELECT test.write('split/1_split.sql', $f$-- +goose Up
CREATE TABLE t (c text DEFAULT 'a;b', "d;" text DEFAULT E'it\'s; ', e text DEFAULT $q$;$q$); /* ; /* nested ; */ ; */
CREATE FUNCTION f(i int) RETURNS text LANGUAGE sql BEGIN ATOMIC
	SELECT CASE i WHEN 1 THEN 'one;' ELSE 'more' END;
	SELECT CASE WHEN i = 1 THEN 'x' END; -- ; end
END;
CREATE FUNCTION labels() RETURNS bigint LANGUAGE sql BEGIN ATOMIC
	SELECT l.end + l.case AS end FROM (SELECT 1 AS end, 2 AS case) l; SELECT CASE WHEN true THEN 3 END AS case;
END;
CREATE RULE r AS ON DELETE TO t DO INSTEAD (SELECT 1; SELECT 2);
CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'in p;'; END; $$;
CALL p();;
;
DO $do$ BEGIN PERFORM f(1); END $do$;
PREPARE s AS SELECT f($1); EXECUTE s(1); DEALLOCATE s;
SELECT 1 \; SELECT 2$f$);
SELECT test.try($$SELECT * FROM migrate.apply(test.made('split'))$$);
SELECT test.write('split/1_split.sql', replace(pg_read_file(test.made('split/1_split.sql')), ' \; SELECT 2', ''));
SELECT version, statements FROM migrate.apply(test.made('split'));
SELECT f(1), f(2);

-- settings end with their migration; SET LOCAL with its transaction
SELECT test.write('set/1_set.sql', $f$-- +goose Up
SET work_mem = '123kB';
SET LOCAL search_path = pg_catalog;
CREATE TABLE app.seen AS SELECT current_setting('work_mem') AS work_mem, current_setting('search_path') AS search_path;
COMMIT;
BEGIN;
INSERT INTO seen SELECT current_setting('work_mem'), current_setting('search_path');
COMMIT;
BEGIN;
SELECT set_config('work_mem', '456kB', false), set_config('search_path', '', true);
SET LOCAL work_mem = '789kB';
SET enable_seqscan = off; SET random_page_cost = 1.25; SET client_min_messages = error; SET "my.own" = 'it''s';
SET LOCAL enable_seqscan = on; SET LOCAL random_page_cost = 2; SET LOCAL client_min_messages = debug1; SET LOCAL "my.own" = '';
INSERT INTO app.seen SELECT current_setting('work_mem'), current_setting('search_path');
COMMIT;
BEGIN;
INSERT INTO seen SELECT current_setting('work_mem'), current_setting('search_path');
INSERT INTO seen SELECT current_setting('enable_seqscan'), concat_ws(' ', current_setting('random_page_cost'), current_setting('client_min_messages'), current_setting('my.own'));
$f$);
SELECT test.write('set/2_set.sql', test.goose($$INSERT INTO seen SELECT current_setting('work_mem'), current_setting('search_path');$$));
SET work_mem = '5MB';
SELECT version FROM migrate.apply(test.made('set'), project => 'set');
SELECT * FROM seen;
SHOW work_mem;
SHOW search_path;
RESET work_mem;
-- a pair around the whole file may have settings before it
SELECT test.write('pair/1_pair.sql', E'SET client_min_messages = error;\nBEGIN;\nCREATE TABLE pair ();\nCOMMIT;\n');
SELECT version, statements FROM migrate.apply(test.made('pair'), project => 'pair');
-- a custom setting that has been reset to nothing
SET my.var = 'x';
SELECT test.write('reset/1_reset.sql', E'-- +goose Up\nRESET ALL;\nCOMMIT; BEGIN;\nSELECT 1;');
SELECT version FROM migrate.apply(test.made('reset'), project => 'reset');
SHOW my.var;

-- SET TRANSACTION lasts until the end of the transaction, and precedes any snapshot
SELECT test.write('mode/1_mode.sql', E'-- +goose Up\nCREATE TABLE mode_1 ();\nCOMMIT; BEGIN;\nSET TRANSACTION READ ONLY;\nSELECT 1;\nCOMMIT; BEGIN;\nCREATE TABLE mode_2 ();');
SELECT version FROM migrate.apply(test.made('mode'), project => 'mode');
-- a comment ends where PostgreSQL's lexer ends it
SELECT test.write('cr/1_cr.sql', E'-- +goose Up\n-- comment\rCREATE TABLE cr_1 ();\rCREATE TABLE cr_2 (); -- end\r\n;; ; -- +');
SELECT version, statements FROM migrate.apply(test.made('cr'), project => 'cr');

-- constraints are checked where a file's transaction ends, and deferred again
SELECT test.write('deferred/1_tables.sql', test.goose('CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);'));
SELECT test.write('deferred/2_fill.sql', test.goose('INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);'));
SELECT test.write('deferred/3_more.sql', test.goose('INSERT INTO child VALUES (2); INSERT INTO parent VALUES (2); ALTER TABLE child ADD c int;'));
SELECT test.try($$SELECT * FROM migrate.apply(test.made('deferred'), project => 'deferred')$$);
SELECT test.write('deferred/3_more.sql', test.goose(E'INSERT INTO child VALUES (2); INSERT INTO parent VALUES (2);\nCOMMIT;\nBEGIN;\nALTER TABLE child ADD c int;'));
SELECT version FROM migrate.apply(test.made('deferred'), project => 'deferred');
SELECT test.write('deferred/4_violation.sql', test.goose('INSERT INTO child VALUES (3);'));
SELECT test.write('deferred/5_after.sql', test.goose('INSERT INTO parent VALUES (3);'));
SELECT test.try($$SELECT * FROM migrate.apply(test.made('deferred'), project => 'deferred')$$);
-- a deferred constraint may have the name of one that cannot be deferred
CREATE TABLE namesake (id int, CONSTRAINT child_id_fkey CHECK (id > 0));
CREATE TABLE other_child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
-- initially deferred ones still are for the rest of the caller's transaction
SELECT test.remove('deferred/4_violation.sql');
BEGIN;
SELECT version FROM migrate.apply(test.made('deferred'), project => 'deferred');
INSERT INTO other_child VALUES (4);
INSERT INTO parent VALUES (4);
COMMIT;

-- a constraint that is created later is deferred as declared
SELECT test.write('later/1_row.sql', test.goose('CREATE TABLE row_1 (i int); INSERT INTO row_1 VALUES (1);'));
SELECT test.write('later/2_later.sql', test.goose('CREATE TABLE p2 (id int PRIMARY KEY); CREATE TABLE c2 (id int REFERENCES p2 DEFERRABLE INITIALLY DEFERRED); INSERT INTO c2 VALUES (1); INSERT INTO p2 VALUES (1);'));
SELECT version FROM migrate.apply(test.made('later'), project => 'later');
-- other deferred constraints are not affected
CREATE ROLE regress_migrate_deploy;
GRANT USAGE, CREATE ON SCHEMA app, test TO regress_migrate_deploy;
GRANT pg_read_server_files TO regress_migrate_deploy;
GRANT USAGE ON SCHEMA migrate TO regress_migrate_deploy;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA migrate TO regress_migrate_deploy;
CREATE SCHEMA private;
CREATE TABLE private.t (i int UNIQUE DEFERRABLE INITIALLY DEFERRED);
SELECT test.write('role/1_row.sql', test.goose('CREATE TABLE row_2 (i int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO row_2 VALUES (1), (1); UPDATE row_2 SET i = 2 WHERE ctid = ''(0,1)'';'));
SET ROLE regress_migrate_deploy;
SELECT version FROM migrate.apply(test.made('role'), project => 'role');
RESET ROLE;
DROP SCHEMA private CASCADE;

-- temporary tables are dropped as at the end of a transaction
SELECT test.write('temp/1_temp.sql', test.goose('CREATE TEMP TABLE scratch (i int) ON COMMIT DROP; INSERT INTO scratch VALUES (1);'));
SELECT test.write('temp/2_temp.sql', test.goose('CREATE TEMP TABLE scratch ON COMMIT DROP AS SELECT 2; COMMIT; BEGIN; CREATE TEMP TABLE scratch (i int) ON COMMIT DROP;'));
BEGIN;
CREATE TEMP TABLE mine (i int) ON COMMIT DROP;
SELECT version FROM migrate.apply(test.made('temp'), project => 'temp');
SELECT * FROM mine;
SELECT * FROM scratch;
ROLLBACK;

-- so do cursors, and the rows of some tables
SELECT test.write('ends/1_ends.sql', test.goose('CREATE TEMP TABLE emptied (i int) ON COMMIT DELETE ROWS; INSERT INTO emptied VALUES (1); CREATE TABLE held (i int); DECLARE c CURSOR FOR SELECT * FROM held; COMMIT; BEGIN; ALTER TABLE held ADD j int; INSERT INTO held SELECT count(*) FROM emptied;'));
SELECT test.write('ends/2_ends.sql', test.goose('DECLARE c CURSOR FOR SELECT * FROM held; CLOSE c;'));
BEGIN;
DECLARE callers CURSOR FOR SELECT 1;
SELECT version FROM migrate.apply(test.made('ends'), project => 'ends');
SELECT i FROM held;
SELECT name FROM pg_cursors;
ROLLBACK;
-- and those of the caller stay
BEGIN;
CREATE TEMP TABLE callers (i int) ON COMMIT DROP;
SELECT test.write('temp2/1_temp.sql', test.goose('CREATE TEMP TABLE IF NOT EXISTS callers (i int) ON COMMIT DROP; INSERT INTO callers VALUES (1); CREATE TEMP TABLE renamed (i int) ON COMMIT DROP; ALTER TABLE renamed RENAME TO renamed_too;'));
SELECT version FROM migrate.apply(test.made('temp2'), project => 'temp2');
SELECT * FROM callers;
SELECT to_regclass('renamed_too');
ROLLBACK;
-- cursors that functions have opened end, too, before the tables that they read; others stay
CREATE FUNCTION test.open_cursor(name refcursor, query text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	OPEN name FOR EXECUTE query;
	FETCH name INTO r;
END$$;
SELECT test.write('cursors/1_emptied.sql', test.goose('CREATE TEMP TABLE emptied2 ON COMMIT DELETE ROWS AS SELECT generate_series(1, 1000); SELECT test.open_cursor(''c1'', ''SELECT * FROM emptied2'');')),
	   test.write('cursors/2_dropped.sql', test.goose('CREATE TEMP TABLE dropped2 ON COMMIT DROP AS SELECT generate_series(1, 1000); SELECT test.open_cursor(''c2'', ''SELECT * FROM dropped2'');')),
	   test.write('held_emptied/1_a.sql', test.goose('CREATE TEMP TABLE emptied3 ON COMMIT DELETE ROWS AS SELECT generate_series(1, 1000); DECLARE c3 CURSOR WITH HOLD FOR SELECT * FROM emptied3; FETCH c3;')),
	   test.write('held_dropped/1_a.sql', test.goose('CREATE TEMP TABLE dropped3 ON COMMIT DROP AS SELECT generate_series(1, 1000); DECLARE c3 CURSOR WITH HOLD FOR SELECT * FROM dropped3; FETCH c3;')) \gset ignored_
BEGIN;
SELECT test.open_cursor('mine', 'SELECT generate_series(1, 3)');
SELECT version FROM migrate.apply(test.made('cursors'), project => 'cursors');
SELECT name FROM pg_cursors ORDER BY name;
FETCH mine;
SELECT count(*) FROM emptied2;
COMMIT;
SELECT test.try($$SELECT * FROM migrate.apply(test.made('held_emptied'), project => 'held')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.made('held_dropped'), project => 'held')$$);
-- a commit keeps what such a cursor reads
CALL migrate.up(test.made('held_emptied'), project => 'held_emptied');
FETCH c3;
CLOSE c3;
CALL migrate.up(test.made('held_dropped'), project => 'held_dropped');
FETCH c3;
CLOSE c3;

-- statements that cannot run in a transaction block can on new relations
SELECT test.write('new/1_new.sql', $f$-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE new (i int, j int) PARTITION BY RANGE (i);
CREATE TABLE new_1 PARTITION OF new FOR VALUES FROM (1) TO (10);
CREATE INDEX CONCURRENTLY new_1_j ON new_1 (j);
CREATE INDEX CONCURRENTLY IF NOT EXISTS new_1_j ON new_1 (j);
REINDEX INDEX CONCURRENTLY new_1_j;
REINDEX (CONCURRENTLY) TABLE new_1;
INSERT INTO new SELECT i, i FROM generate_series(1, 9) i;
VACUUM new_1;
VACUUM (ANALYZE, VERBOSE false) new_1;
ANALYZE new_1;
ALTER TABLE new DETACH PARTITION new_1 CONCURRENTLY;
DROP INDEX CONCURRENTLY new_1_j;
DROP INDEX CONCURRENTLY IF EXISTS no_such_index;
CREATE TEMP TABLE old_temp (i int);
CREATE UNIQUE INDEX CONCURRENTLY old_temp_i ON old_temp (i);
DROP TABLE old_temp;
-- +goose Down
DROP TABLE new, new_1;
$f$);
SELECT version, statements FROM migrate.apply(test.made('new'), project => 'new');
SELECT indexname FROM pg_indexes WHERE tablename = 'new_1';
SELECT reltuples FROM pg_class WHERE relname = 'new_1';
SELECT version FROM migrate.rollback(project => 'new');
-- and are refused on others, before anything runs if that is known
CREATE TABLE existing_table (id int, name text);
CREATE INDEX existing_index ON existing_table (id);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('bad/cic_existing'), project => 'cic')$$);
CREATE FUNCTION test.outside(statement text, before text DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('outside/1_x.sql', test.goose(coalesce(before || E';\n', '') || statement || ';'));
	RETURN QUERY SELECT test.try(format('SELECT * FROM migrate.apply(test.made(''outside''), project => %L)', concat(before, statement)));
END
$$;
SELECT test.outside('VACUUM');
SELECT test.outside('VACUUM existing_table');
SELECT test.outside('VACUUM no_such_table');
SELECT test.outside('DROP INDEX CONCURRENTLY existing_index');
SELECT test.outside('REINDEX TABLE CONCURRENTLY existing_table');
SELECT test.outside('REINDEX SCHEMA app');
SELECT test.outside('CREATE DATABASE never');
SELECT test.outside('ALTER SYSTEM SET work_mem = ''1MB''');
SELECT test.outside('DISCARD ALL');
SELECT test.outside('CLUSTER');
SELECT test.outside('CREATE INDEX CONCURRENTLY ON existing_table (id)', 'CREATE TABLE other ()');
-- here it is known only when it runs
SELECT test.outside('CREATE INDEX CONCURRENTLY ON existing_table (id)', 'DO ''BEGIN END''');
-- and here the table is indeed new
SELECT test.outside('CREATE INDEX CONCURRENTLY ON existing_table (id)',
					'ALTER TABLE existing_table RENAME TO old_table; CREATE TABLE existing_table (id int)');
-- the same for down scripts
SELECT test.write('outside_down/1_x.sql', test.goose('ALTER TABLE old_table ADD added int;', E'ALTER TABLE old_table DROP added;\nDROP INDEX CONCURRENTLY existing_index;'));
SELECT version FROM migrate.apply(test.made('outside_down'), project => 'down');
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'down')$$);
-- a truncated table is not new
SELECT test.outside('CREATE INDEX CONCURRENTLY ON old_table (id)', 'TRUNCATE old_table');

-- statements that SPI would refuse with another message
SELECT test.outside('COPY existing_table TO STDOUT');
SELECT test.outside('COMMIT AND CHAIN', 'SELECT 1');
SELECT test.outside('BEGIN ISOLATION LEVEL SERIALIZABLE');
SELECT test.outside('PREPARE TRANSACTION ''x''');
SELECT test.outside('CALL app.p2()', 'CREATE PROCEDURE app.p2() LANGUAGE plpgsql AS ''BEGIN COMMIT; END''');
SELECT * FROM test.tables;

SET client_min_messages = warning;
DROP SCHEMA app, test CASCADE;
DROP EXTENSION migrate;
DROP ROLE regress_migrate_deploy;
