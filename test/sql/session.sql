--
-- What a migration does to its session, and how its statements are sent.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
\set VERBOSITY terse

-- RESET restores the tenant's search_path
CREATE SCHEMA tenant;
SELECT test.write('path/1_reset.sql', E'-- +goose Up\nRESET search_path;\nCREATE TABLE by_reset ();'),
	   test.write('path/2_all.sql', E'-- +goose Up\nSET search_path = app;\nRESET ALL;\nCREATE TABLE by_reset_all ();'),
	   test.write('path/3_default.sql', E'-- +goose Up\nSET search_path TO DEFAULT;\nCREATE TABLE by_default ();'),
	   test.write('path/4_local.sql', E'-- +goose Up\nSET search_path = app;\nSET LOCAL search_path TO DEFAULT;\nCREATE TABLE by_local ();\nCOMMIT;\nBEGIN;\nCREATE TABLE by_session ();'),
	   test.write('path/5_alone.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nRESET search_path;\nCREATE TABLE alone ();\nDISCARD ALL;\nCREATE TABLE after_discard ();') \gset ignored_
SELECT version FROM migrate.apply(test.made('path'), target => '4', schema => 'tenant');
SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relname ~ '^(by_|alone|after_)' ORDER BY relname;
SELECT count(*) AS undone FROM migrate.rollback(force => true, schema => 'tenant');
DROP TABLE tenant.by_reset, tenant.by_reset_all, tenant.by_default, tenant.by_local, by_session;
CALL migrate.up(test.made('path'), schema => 'tenant');
SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relname ~ '^(by_|alone|after_)' ORDER BY relname;
SET search_path = app, pg_catalog;

-- the caller's statement_timeout limits apply(), whatever a file sets
SELECT test.write('timeout/1_a.sql', E'-- +goose Up\nSET statement_timeout = 0;\nSELECT 1;'),
	   test.write('timeout/2_b.sql', E'-- +goose Up\nSET statement_timeout = ''5s'';\nSELECT 1;'),
	   test.write('timeout/3_c.sql', E'-- +goose Up\nSET LOCAL statement_timeout = ''5s'';\nSELECT 1;') \gset ignored_
SELECT version FROM migrate.apply(test.made('timeout'), project => 'timeout');

-- a file can set how literals are read
SELECT test.write('literals/1_a.up.sql', E'SET standard_conforming_strings = off;\nSET escape_string_warning = off;\nCREATE TABLE literals AS SELECT ''it\\''s; here'' AS a;\nSET standard_conforming_strings TO ''on'';\nINSERT INTO literals VALUES (''\\'');\nINSERT INTO literals VALUES (:''v'');') \gset ignored_
SELECT version FROM migrate.apply(files => jsonb_build_object('1_a.sql', 'SET "STANDARD_CONFORMING_STRINGS" = off; SET escape_string_warning = off; DO ''BEGIN PERFORM 1; END -- \'';''; SELECT 1;'), project => 'cased');
SELECT version, statements FROM migrate.apply(test.made('literals'), project => 'literals', vars => '{"v": "value"}');
SELECT * FROM literals;

-- each change of sqitch has its own session settings
SELECT test.write('sqitch/sqitch.plan', E'%project=a\n\na 2024-01-01T00:00:00Z A <a@b>\nb 2024-01-01T00:00:00Z A <a@b>\n'),
	   test.write('sqitch/deploy/a.sql', E'CREATE TEMPORARY TABLE work (a int);\nCREATE TEMP TABLE IF NOT EXISTS mine (a int);'),
	   test.write('sqitch/deploy/b.sql', E'CREATE TEMPORARY TABLE work (b int);') \gset ignored_
CREATE TEMP TABLE mine (b int);
SELECT name FROM migrate.apply(test.made('sqitch'), project => 'sqitch');
SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r';
SELECT count(*) AS undone FROM migrate.rollback(force => true, project => 'sqitch');
CALL migrate.up(test.made('sqitch'), project => 'sqitch');
SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r';
-- cursors that read such tables end before them
SELECT test.write('sqitch2/sqitch.plan', E'%project=b\n\na 2024-01-01T00:00:00Z A <a@b>\nb 2024-01-01T00:00:00Z A <a@b>\n'),
	   test.write('sqitch2/deploy/a.sql', E'CREATE TEMPORARY TABLE work AS SELECT generate_series(1, 3) AS a;\nDECLARE held CURSOR WITH HOLD FOR SELECT * FROM work;\n'
		   'DO $$DECLARE c refcursor := ''opened''; BEGIN OPEN c FOR SELECT * FROM work; END$$;'),
	   test.write('sqitch2/deploy/b.sql', E'CREATE TEMPORARY TABLE work (b int);') \gset ignored_
BEGIN;
DECLARE callers CURSOR WITH HOLD FOR SELECT 1;
SELECT name FROM migrate.apply(test.made('sqitch2'), project => 'sqitch2');
SELECT name FROM pg_cursors;
ROLLBACK;
CALL migrate.up(test.made('sqitch2'), project => 'sqitch2');
SELECT name FROM pg_cursors;

-- outside a transaction, utility statements are sent as psql would send them
SELECT test.write('alone/1_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSET LOCAL work_mem = ''1MB'';\nCREATE TABLE sent ();\nSET SESSION work_mem = ''2MB'';\nCREATE TABLE sent_later AS SELECT current_setting(''work_mem'') AS mem;\nLOCK TABLE sent;') \gset ignored_
CALL migrate.up(test.made('alone'), project => 'alone');
SELECT * FROM sent_later;
-- options of an extension, which may commit
SELECT test.write('options/1_a.sql', E'-- +goose Up\nCREATE TABLE options (i int);'),
	   test.write('options/2_b.sql', E'-- +goose Up\nCREATE INDEX ON options (i) WITH (timescaledb.transaction_per_chunk);') \gset ignored_
SELECT test.try(format('SELECT migrate.apply(%L, project => ''options'')', test.made('options')));
CALL migrate.up(test.made('options'), project => 'options');
SELECT test.write('options/2_b.sql', E'-- +goose Up\nCREATE MATERIALIZED VIEW v WITH (timescaledb.continuous) AS SELECT 1;') \gset ignored_
SELECT test.try(format('SELECT migrate.apply(%L, project => ''options'')', test.made('options')));
SELECT version, command, note FROM migrate.plan(test.made('options'), project => 'options');

--
-- What PostgreSQL does not accept CONCURRENTLY is refused even on a new relation.
--
CREATE FUNCTION test.refused(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('refused/1_a.sql', test.goose('CREATE TABLE p (i int) PARTITION BY LIST (i); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE pd PARTITION OF p DEFAULT; CREATE INDEX p_i ON p (i); CREATE TABLE a (i int); CREATE INDEX ai ON a (i); CREATE INDEX aj ON a (i);')),
			test.write('refused/2_b.sql', test.goose(statement));
	RETURN QUERY SELECT test.try(format('SELECT migrate.apply(%L, project => ''refused'')', test.made('refused'))) LIMIT 1;
END
$$;
SET client_min_messages = warning;
SELECT statement, test.refused(statement) FROM unnest(ARRAY['CREATE INDEX CONCURRENTLY ON p (i)', 'DROP INDEX CONCURRENTLY p_i',
	'DROP INDEX CONCURRENTLY ai, aj', 'DROP INDEX CONCURRENTLY ai CASCADE', 'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY', 'VACUUM (nonsense) a']) statement;
RESET client_min_messages;
-- an INVALID index that IF NOT EXISTS finds
CREATE TABLE twice (i int);
INSERT INTO twice VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY twice_i ON twice (i);
SELECT test.write('invalid/1_a.sql', test.goose('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS twice_i ON twice (i);')),
	   test.write('invalid/2_b.sql', test.goose('CREATE UNIQUE INDEX IF NOT EXISTS twice_i ON twice (i);')) \gset ignored_
CALL migrate.up(test.made('invalid'), project => 'invalid', steps => 1);
SELECT version FROM migrate.apply(test.made('invalid'), project => 'invalid');

-- a commit that fails leaves nothing, whatever its transaction ran
CREATE TABLE parent (i int PRIMARY KEY);
CREATE TABLE child (i int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
SELECT test.write('commit/1_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE before_do ();\nDO $$ BEGIN INSERT INTO child VALUES (1); END $$;\n') \gset ignored_
CALL migrate.up(test.made('commit'), project => 'commit');
SELECT version, state, done, started FROM migrate.applied WHERE project = 'commit';
INSERT INTO parent VALUES (1);
CALL migrate.up(test.made('commit'), project => 'commit');
-- hints for a run that commits
CREATE TYPE mood AS ENUM ('sad');
SELECT test.write('hint/1_a.sql', E'-- +goose Up\nALTER TYPE mood ADD VALUE ''happy'';\nSELECT ''happy''::mood;\n'),
	   test.write('hint2/20240101000000_a/migration.sql', E'ALTER TYPE mood ADD VALUE ''happy'';\nSELECT ''happy''::mood;\n'),
	   test.write('hint3/20240101000000_a/migration.sql', E'DO $$ BEGIN COMMIT; END $$;\n'),
	   test.write('hint4/1_a.sql', E'-- +goose Up\nDO $$ BEGIN COMMIT; END $$;\n') \gset ignored_
\set VERBOSITY default
CALL migrate.up(test.made('hint'), project => 'hint');
CALL migrate.up(test.made('hint2'), project => 'hint2', format => 'prisma');
CALL migrate.up(test.made('hint3'), project => 'hint3', format => 'prisma');
CALL migrate.up(test.made('hint4'), project => 'hint4');

-- history tables that a subscription fills
SET client_min_messages = error;
CREATE SUBSCRIPTION migrate_session CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, enabled = false);
INSERT INTO pg_subscription_rel SELECT oid, 'migrate.history'::regclass, 'r', NULL FROM pg_subscription WHERE subname = 'migrate_session';
RESET client_min_messages;
SELECT test.write('fed/1_a.sql', E'-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n') \gset ignored_
CALL migrate.up(test.made('fed'), project => 'fed');
CALL migrate.up(test.made('fed'), project => 'fed');
SELECT version FROM migrate.rollback(project => 'fed');
SET client_min_messages = error;
DROP SUBSCRIPTION migrate_session;
RESET client_min_messages;
SELECT version FROM migrate.apply(test.made('fed'), project => 'fed');
