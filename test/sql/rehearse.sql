--
-- rehearse(): what pending migrations do, by running and undoing them.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = warning;

-- what came of a script, without what varies
CREATE FUNCTION test.rehearsed(sql text, budget interval DEFAULT NULL, OUT n int, OUT command text, OUT outcome text, OUT rows bigint,
	OUT locks text[], OUT rewritten text[], OUT scanned text[], OUT held boolean, OUT error text)
RETURNS SETOF record LANGUAGE sql SET search_path FROM CURRENT AS $$
	SELECT r.statement, r.command, r.outcome, r.rows, r.locks, r.rewritten, r.scanned, r.held IS NOT NULL, r.error
	FROM migrate.rehearse(files => jsonb_build_object('1_one.sql', sql), format => 'plain', budget => rehearsed.budget) r $$;

CREATE TABLE big (id int PRIMARY KEY, a int, b text);
INSERT INTO big SELECT g, g, 'x' FROM generate_series(1, 10000) g;
CREATE TABLE other (id int PRIMARY KEY);
INSERT INTO other SELECT generate_series(1, 10000);
CREATE SEQUENCE numbers;
CREATE VIEW seen AS SELECT id FROM other;
ANALYZE;

--
-- Statements and what they do
--
SELECT * FROM test.rehearsed($$
	CREATE TABLE made (id int REFERENCES other);
	INSERT INTO made SELECT id FROM other;
	ALTER TABLE big ADD c int;
	UPDATE big SET c = 1 WHERE id < 10;
	CREATE INDEX ON big (c);
	ALTER TABLE big ALTER a TYPE bigint;
	SELECT count(*) FROM big;
	TRUNCATE other CASCADE;
	DROP VIEW seen;
	DROP TABLE big;
	ALTER SEQUENCE numbers RESTART;
$$);
SELECT relname FROM test.tables;
SELECT count(*), max(a) FROM big;

-- all columns
\x on
SELECT version, name, transaction, statement, file, line, command, outcome, duration > '0' AS duration, rows, wal_bytes > 0 AS wal, locks, rewritten, scanned, held > '0' AS held,
	findings, error FROM migrate.rehearse(files => '{"1_one.sql": "CREATE INDEX ON big (a);", "2_two.sql": "SELECT 1;\n\nSELECT x;\nSELECT 2"}', format => 'plain');
\x off

-- findings of the rules, by what was measured; also where only running it shows anything
SET migrate.large_table = '200kB';
CREATE FUNCTION test.findings(sql text) RETURNS SETOF text LANGUAGE sql SET search_path FROM CURRENT AS $$
	SELECT r.statement || ' ' || split_part(f, ':', 1)
	FROM migrate.rehearse(files => jsonb_build_object('1_one.sql', sql), format => 'plain') r, unnest(r.findings) f $$;
SELECT test.findings('ALTER TABLE big ADD x int; ALTER TABLE big ALTER a SET NOT NULL');
SELECT test.findings('SET lock_timeout = 100; ALTER TABLE big ADD x int; ALTER TABLE big ALTER a TYPE bigint');
SELECT test.findings($$SET lock_timeout = 100; DO 'BEGIN ALTER TABLE big ALTER a TYPE bigint; END'$$);
SELECT test.findings('CREATE TABLE big2 (LIKE big); INSERT INTO big2 SELECT * FROM big; CREATE INDEX ON big2 (a); ALTER TABLE big2 ALTER a TYPE bigint');
SELECT test.findings(E'-- migrate: allow create-index nobody works at night\nCREATE INDEX ON big (a);\n-- migrate: allow create-index\nCREATE INDEX ON big (b);');
-- the same statements in transactions of their own, and in one
SELECT test.findings('SET lock_timeout = 100; ALTER TABLE big ADD x int; ALTER TABLE other ADD x int');
RESET migrate.large_table;

--
-- An error
--
SELECT * FROM test.rehearsed('CREATE TABLE made (); SELECT 1/0; SELECT 1');
SELECT * FROM test.rehearsed('CREATE TABLE made (); CREATE TABLE made (); SELECT 1');
-- at the end of the transaction
SELECT * FROM test.rehearsed($$CREATE TABLE made (id int REFERENCES other DEFERRABLE INITIALLY DEFERRED); INSERT INTO made VALUES (-1); COMMIT; SELECT 1$$);
-- before the first statement
SELECT test.try($$SELECT * FROM test.rehearsed('SELECT 1; CREATE TABEL x ()')$$);
SELECT test.try($$SELECT * FROM migrate.rehearse()$$);
SELECT test.try($$SELECT * FROM migrate.rehearse(files => '{"1_one.sql": "SELECT 1"}', format => 'plain', target => '2')$$);
SELECT test.try($$SELECT * FROM test.rehearsed('SELECT 1', '-1s')$$);
-- what is about the server is raised
SELECT * FROM test.rehearsed('DO ''BEGIN RAISE EXCEPTION USING ERRCODE = ''''query_canceled''''; END''');
SET statement_timeout = '1s';
SELECT * FROM test.rehearsed('CREATE TABLE made (); SELECT pg_sleep(1000)');
RESET statement_timeout;
SELECT * FROM test.rehearsed('CREATE TABLE made (); SET lock_timeout = 1; SELECT 1');

--
-- What cannot be undone is not run, and what depends on it is not rehearsed
--
SELECT n, command, outcome, error FROM test.rehearsed($$
	COMMIT;
	SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
	SELECT 1;
	COMMIT;
	CREATE INDEX CONCURRENTLY big_a ON big (a);
	ALTER TABLE big ADD UNIQUE USING INDEX big_a;
	VACUUM big;
	ALTER SYSTEM SET work_mem = '1MB';
	CREATE TABLE made (id int);
	CREATE INDEX CONCURRENTLY ON made (id);
	VACUUM ANALYZE made;
	REINDEX TABLE made;
	COPY (SELECT 1) TO PROGRAM 'false';
	COPY made FROM '/nowhere';
	COPY (SELECT 1) TO '/nowhere';
	COPY made FROM stdin;
1
2
\.
	SELECT id FROM made;
$$);
-- nor does COPY run in a function
SELECT n, command, outcome, error FROM test.rehearsed($$DO $d$ BEGIN COPY (SELECT 1) TO PROGRAM 'false'; END $d$; SELECT 1$$);
-- a new value of an enum can be used after a commit
CREATE TYPE mood AS ENUM ('good');
SELECT n, command, outcome, error FROM test.rehearsed($$CREATE TABLE made (m mood); ALTER TYPE mood ADD VALUE 'bad'; INSERT INTO made VALUES ('bad'); SELECT 1$$);

-- functions may do something that is not undone
CREATE FUNCTION test.quiet() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION test.loud() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION test.definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION test.inlined() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION test.trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE PROCEDURE test.procedure() LANGUAGE plpgsql AS 'BEGIN END';
SELECT n, command, outcome FROM test.rehearsed($$
	SELECT now(), random();
	SELECT test.quiet();
	SELECT test.loud();
	SELECT test.definer();
	SELECT test.inlined();
	CALL test.procedure();
	DO 'BEGIN END';
	CREATE TABLE made (id int);
	CREATE TRIGGER t BEFORE INSERT ON made FOR EACH ROW EXECUTE FUNCTION test.trigger();
	INSERT INTO made VALUES (1);
	ALTER TABLE made ADD x int DEFAULT test.loud();
$$);

--
-- The budget: of locks stronger than RowExclusiveLock on relations that exist
--
SELECT n, command, outcome, held, error FROM test.rehearsed('LOCK TABLE big IN SHARE MODE; SELECT pg_sleep(1000); SELECT 1', '1s');
SELECT n, command, outcome, held, error FROM test.rehearsed($$DO 'BEGIN LOCK TABLE big; PERFORM pg_sleep(1000); END'; SELECT 1$$, '1s');
SELECT n, command, outcome, held, error FROM test.rehearsed($$UPDATE big SET a = 1; SELECT pg_sleep(0.1); SELECT 1$$, '0');
SELECT n, command, outcome, held, error FROM test.rehearsed($$CREATE TABLE made AS SELECT 1 AS a; CREATE INDEX ON made (a); LOCK TABLE made; SELECT 1$$, '0');
-- one that was rolled back counts no more
SELECT n, command, outcome, held, error FROM test.rehearsed($$
	DO 'BEGIN BEGIN LOCK TABLE big; RAISE ''x''; EXCEPTION WHEN raise_exception THEN NULL; END; END';
	LOCK TABLE big IN ROW EXCLUSIVE MODE; SELECT 1$$, '5s');
-- the caller's locks are not those of the rehearsal
BEGIN;
LOCK TABLE big;
SELECT n, command, outcome, held, error FROM test.rehearsed('ALTER TABLE big ADD x int; SELECT 1');
COMMIT;
SELECT n, command, outcome, held, error FROM test.rehearsed('ALTER TABLE big ADD x int; SELECT 1');

--
-- Nothing is left
--
LISTEN heard;
BEGIN;
SET LOCAL work_mem = '3MB';
SET CONSTRAINTS ALL DEFERRED;
CREATE TEMP TABLE mine (id int) ON COMMIT DELETE ROWS;
INSERT INTO mine VALUES (1);
DECLARE mine_cursor CURSOR FOR SELECT 1;
PREPARE mine_statement AS SELECT 1;
PREPARE other_statement AS SELECT 1;
SELECT pg_advisory_lock(1), pg_advisory_lock(1), pg_advisory_lock(2), pg_advisory_xact_lock(3), pg_advisory_lock_shared(5, 6);
CREATE VIEW test.advisory AS SELECT classid, objid, objsubid, mode FROM pg_locks
	WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND objsubid < 3 ORDER BY 1, 2, 3, 4;
SELECT n, command, outcome, error FROM test.rehearsed($$
	SET work_mem = '5MB'; SET search_path = pg_catalog; SET ROLE pg_monitor; RESET ROLE; RESET search_path;
	CREATE TEMP TABLE yours (id int) ON COMMIT DROP;
	DROP TABLE mine;
	DECLARE your_cursor CURSOR WITH HOLD FOR SELECT 1;
	PREPARE your_statement AS SELECT 2;
	DEALLOCATE other_statement; PREPARE other_statement AS SELECT 3;
	SELECT pg_advisory_lock(1), pg_advisory_unlock(2), pg_advisory_lock(3), pg_advisory_lock(4), pg_advisory_xact_lock(7), pg_advisory_unlock_shared(5, 6);
	NOTIFY heard; UNLISTEN *; LISTEN other;
	SET CONSTRAINTS ALL IMMEDIATE;
	CREATE ROLE regress_migrate_rehearsed;
	SELECT lo_create(4711), setval('app.numbers', 1);
$$);
SHOW work_mem;
SHOW search_path;
SELECT * FROM mine;
FETCH mine_cursor;
SELECT name FROM pg_cursors WHERE name LIKE '%\_cursor';
SELECT name FROM pg_prepared_statements ORDER BY name;
SELECT * FROM test.advisory;
-- as often as before
SELECT pg_advisory_unlock(1), pg_advisory_unlock(1), pg_advisory_unlock(2), pg_advisory_unlock_shared(5, 6);
SELECT * FROM test.advisory;
SELECT pg_listening_channels();
SELECT to_regclass('pg_temp.yours') AS yours, to_regrole('regress_migrate_rehearsed') AS role, (SELECT count(*) FROM pg_largeobject_metadata WHERE oid = 4711) AS large;
SELECT count(*) FROM migrate.history();
COMMIT;
SELECT count(*) FROM mine;
DEALLOCATE ALL;
UNLISTEN *;
-- the lock for runs is free again, and nothing runs
SELECT count(*) FROM migrate.activity();
SELECT version FROM migrate.apply(files => '{"1_one.sql": "SELECT 1"}', format => 'plain', project => 'after');
-- what the history shows to a migration is there while it runs
SELECT n, command, outcome, rows FROM test.rehearsed($$SELECT 1; COMMIT; SELECT * FROM migrate.history()$$);
SELECT r.version, r.rows, r.outcome FROM migrate.rehearse(files => '{"1_one.sql": "SELECT 1", "2_two.sql": "SELECT * FROM migrate.history()", "3_three.sql": "SELECT * FROM migrate.apply()"}', format => 'plain') r;

--
-- Who may, and where
--
CREATE ROLE regress_migrate_rehearse;
GRANT USAGE ON SCHEMA migrate, test, app TO regress_migrate_rehearse;
GRANT CREATE ON SCHEMA app TO regress_migrate_rehearse;
SET ROLE regress_migrate_rehearse;
SELECT test.try($$SELECT * FROM test.rehearsed('SELECT 1')$$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION migrate.rehearse TO regress_migrate_rehearse;
SET ROLE regress_migrate_rehearse;
SELECT * FROM test.rehearsed('CREATE TABLE made (id int); INSERT INTO made VALUES (1); ALTER TABLE big ADD x int');
SELECT test.try($$SELECT * FROM migrate.rehearse(test.dir('plain'))$$);
BEGIN READ ONLY;
SELECT test.try($$SELECT * FROM test.rehearsed('SELECT 1')$$);
COMMIT;
RESET ROLE;
DROP OWNED BY regress_migrate_rehearse;
DROP ROLE regress_migrate_rehearse;
-- in a migration
SELECT version FROM migrate.apply(files => '{"1_one.sql": "CREATE TABLE errors AS SELECT test.try(''SELECT * FROM test.rehearsed(''''SELECT 1'''')'')"}', format => 'plain', project => 'nested');
SELECT * FROM errors;
-- with a directory, a tenant, and variables; nothing is pending
SELECT version, name, statement, outcome FROM migrate.rehearse(test.dir('plain'), project => 'dir', steps => 1);
SELECT version, outcome FROM migrate.rehearse(files => '{"1_one.sql": "SELECT 1"}', format => 'plain', project => 'after');
CREATE SCHEMA tenant;
SELECT outcome, rows FROM migrate.rehearse(files => '{"1_one.sql": "CREATE TABLE here ();\nSELECT 1 WHERE to_regclass(''tenant.here'') IS NOT NULL;"}', format => 'plain', schema => 'tenant');
DROP SCHEMA tenant;

--
-- What was measured for test/facts is measured here
--
CREATE SCHEMA f;
SET search_path = f, public;
SET client_min_messages = error;
\set facts :abs_srcdir '/facts/setup.sql'
\i :facts
\set measured :abs_srcdir '/facts/measured.txt'
CREATE TABLE test.measured (since int, name text, statement text, locks text, rewritten text, scanned text);
COPY test.measured FROM :'measured';
DELETE FROM test.measured WHERE since > current_setting('server_version_num')::int / 10000;

-- the words, without indexes and numbers, sorted
CREATE FUNCTION test.tables(words text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(DISTINCT split_part(w, ':', 1), ' ' ORDER BY split_part(w, ':', 1))
	FROM unnest(string_to_array(nullif(words, '-'), ' ')) w WHERE w !~ '\(i\)');
CREATE FUNCTION test.strongest(words text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(w, ' ' ORDER BY w COLLATE "C") FROM unnest(string_to_array(nullif(words, '-'), ' ')) w);
CREATE FUNCTION test.relation(name text) RETURNS text LANGUAGE sql
RETURN (SELECT c.relname FROM pg_class c WHERE c.oid = to_regclass(name) AND c.relkind = ANY ('{r,p,m,v}'));
CREATE FUNCTION test.compare(OUT name text, OUT outcomes text, OUT locks text, OUT measured_locks text, OUT rewritten text, OUT measured_rewritten text,
	OUT scanned text, OUT measured_scanned text) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	m record;
BEGIN
	FOR m IN SELECT * FROM test.measured LOOP
		name := m.name;
		measured_locks := test.strongest(m.locks);
		measured_rewritten := test.tables(m.rewritten);
		measured_scanned := test.tables(m.scanned);
		WITH r AS MATERIALIZED (SELECT * FROM migrate.rehearse(files => jsonb_build_object('1_one.sql', m.statement), format => 'plain'))
		SELECT (SELECT string_agg(DISTINCT r.outcome, ' ') FROM r),
			(SELECT string_agg(l, ' ' ORDER BY l COLLATE "C") FROM (
				SELECT test.relation(split_part(w, ' on ', 2)) || ':' ||
					(array_agg(split_part(w, ' on ', 1) ORDER BY array_position('{AccessExclusiveLock,ExclusiveLock,ShareRowExclusiveLock,ShareLock,ShareUpdateExclusiveLock,RowExclusiveLock,RowShareLock}', split_part(w, ' on ', 1))))[1] AS l
				FROM r, unnest(r.locks) w GROUP BY split_part(w, ' on ', 2)) s),
			(SELECT string_agg(DISTINCT test.relation(w), ' ' ORDER BY test.relation(w)) FROM r, unnest(r.rewritten) w),
			(SELECT string_agg(DISTINCT test.relation(w), ' ' ORDER BY test.relation(w)) FROM r, unnest(r.scanned) w)
		INTO outcomes, locks, rewritten, scanned;
		RETURN NEXT;
	END LOOP;
END $$;
CREATE TABLE test.compared AS SELECT * FROM test.compare();
SELECT count(*) >= 255 AS all_of_them, count(*) FILTER (WHERE outcomes <> 'done') AS not_done FROM test.compared;
SELECT * FROM test.compared WHERE (locks, rewritten, scanned) IS DISTINCT FROM (measured_locks, measured_rewritten, measured_scanned) ORDER BY name;

RESET search_path;
DROP SCHEMA f CASCADE;
