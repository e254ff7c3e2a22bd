--
-- migrate.lock_wait = poll: which locks are taken before the transaction, and which
-- are left to the statements.  test/specs/lock_wait.spec has the sessions that meet.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- settings
SELECT name, setting, unit, enumvals, min_val, context FROM pg_settings WHERE name IN ('migrate.lock_wait', 'migrate.lock_poll_limit') ORDER BY name;
SET migrate.lock_wait = nowait;
\set VERBOSITY sqlstate
SET migrate.lock_poll_limit = -1;
\set VERBOSITY default

CREATE TABLE big (id int PRIMARY KEY, a int);
INSERT INTO big SELECT g, g FROM generate_series(1, 1000) g;
CREATE TABLE small (id int PRIMARY KEY);
CREATE TABLE other (id int PRIMARY KEY);
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE DOMAIN number AS int;
CREATE TABLE numbered (n number);

-- the locks that are held, as a migration sees them at its beginning
CREATE FUNCTION test.held(OUT held text) LANGUAGE sql AS $$
	SELECT coalesce(string_agg(format('%s:%s', relation::regclass, mode), ' ' ORDER BY relation::regclass::text, mode), 'nothing')
	FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation::regclass::text IN ('big', 'small', 'other', 'parts', 'part', 'numbered', 'own')
$$;
CREATE TABLE test.seen (nr serial, name text, held text);
-- a trigger sees them without a statement of its own that has a volume
CREATE FUNCTION test.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.held := test.held(); RETURN NEW; END $$;
CREATE TRIGGER see BEFORE INSERT ON test.seen FOR EACH ROW EXECUTE FUNCTION test.see();


-- what a run with these scripts locks first; in each, an INSERT comes first that sees it
CREATE FUNCTION test.call(sql text, format text DEFAULT 'plain', schema text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT format('CALL migrate.up(files => %L, format => %L, schema => %L)', jsonb_build_object('1_a.sql', replace(sql, 'SEE', 'INSERT INTO test.seen (name) VALUES (current_user)')), format, schema)
$$;
CREATE FUNCTION test.locked(OUT locked text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY DELETE FROM test.seen RETURNING held;
	DELETE FROM migrate.applied; DELETE FROM migrate.history;
END
$$;
SET migrate.large_table = '16kB';
SET migrate.lock_wait = poll;
SET client_min_messages = notice;
\pset format unaligned
\pset tuples_only on

-- one
SELECT test.call('SEE; ALTER TABLE big ADD b int') \gexec
SELECT test.locked();
-- several, also the other table of a foreign key, and children
SELECT test.call('SEE; CREATE TABLE new (id int REFERENCES other); ALTER TABLE parts ADD b int; LOCK TABLE small IN SHARE MODE; ALTER TABLE small ADD b int') \gexec
SELECT test.locked();
-- statements that only change rows need none that others wait for
SELECT test.call('SEE; INSERT INTO small VALUES (1); UPDATE big SET a = 1 WHERE id = 1') \gexec
SELECT test.locked();
-- if others do, these are taken with them, so that there is one order
SELECT test.call('SEE; INSERT INTO small VALUES (2); ALTER TABLE other ADD c int') \gexec
SELECT test.locked();
-- each transaction has its own
SELECT test.call('BEGIN; SEE; ALTER TABLE other ADD d int; COMMIT; BEGIN; SEE; ALTER TABLE small ADD d int; COMMIT') \gexec
SELECT test.locked();
-- the way down, from what is stored
SELECT test.call(E'-- UP\nALTER TABLE other ADD e int;\n-- DOWN\nSEE; ALTER TABLE other DROP e;', 'updown') \gexec
CALL migrate.down();
SELECT test.locked();
-- SET TRANSACTION still comes before any snapshot
SELECT test.call('BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SEE; ALTER TABLE other ADD f int; COMMIT') \gexec
SELECT test.locked();
-- a run's schema, and search_path in the script, decide what a name means
SET search_path = public;
SELECT test.call('SEE; ALTER TABLE other ADD g int', schema => 'app') \gexec
SELECT test.locked();
SELECT test.call('SET search_path = app; SEE; ALTER TABLE other ADD h int') \gexec
SELECT test.locked();
SELECT test.call('BEGIN; SET search_path = app; SELECT 1; COMMIT; BEGIN; SEE; ALTER TABLE other ADD i int; COMMIT') \gexec
SELECT test.locked();
RESET search_path;
SET search_path = app, public;

--
-- Locks after a statement that may write or read many rows are left to the queue.
--
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; UPDATE big SET a = 2; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; DELETE FROM big WHERE a < 0; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; UPDATE big SET a = 1 WHERE id = 1; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; UPDATE big SET a = 1 FROM small WHERE small.id = big.id; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; UPDATE big SET a = 1 WHERE id IN (SELECT id FROM small); ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; UPDATE small SET id = id; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; INSERT INTO big SELECT id + 10000 FROM small; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; INSERT INTO big SELECT 20000; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; INSERT INTO big SELECT generate_series(30000, 30001); ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; INSERT INTO big VALUES (40000), (40001); ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; SELECT count(*) FROM small; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; SELECT set_config(''test.test'', ''1'', true); ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; SELECT test.held(); ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; CREATE TABLE copy_1 AS SELECT * FROM small; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; CREATE TABLE copy_2 AS SELECT 1 AS id; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; CREATE TABLE copy_3 AS SELECT * FROM small WITH NO DATA; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; CREATE INDEX ON big (a); ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; CREATE INDEX ON small (id); ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; DO $x$ BEGIN END $x$; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; MERGE INTO small USING big ON small.id = big.id WHEN MATCHED THEN UPDATE SET id = big.id; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
\set ECHO none
SELECT test.call('SEE; ALTER TABLE small ALTER id SET DEFAULT 2; INSERT INTO small SELECT -1 /* ' || repeat('x', 70000) || ' */; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
\set ECHO all
-- rows of COPY
SELECT test.call(E'SEE;\nCOPY small (id) FROM stdin;\n-2\n\\.\nALTER TABLE other ALTER id SET DEFAULT 1;') \gexec
SELECT test.locked();
\set ECHO none
SELECT test.call(E'SEE;\nCOPY big (id, a) FROM stdin;\n' || (SELECT string_agg(format(E'%s\t1', g), E'\n') FROM generate_series(100000, 110000) g) || E'\n\\.\nALTER TABLE other ALTER id SET DEFAULT 1;') \gexec
SELECT test.locked();
\set ECHO all
-- a stronger one than the statement before has
SELECT test.call('SEE; UPDATE big SET a = 3; ALTER TABLE big ALTER a SET DEFAULT 3') \gexec
SELECT test.locked();
-- it runs outside of a transaction block
SELECT test.call('VACUUM FULL small; SEE; ALTER TABLE other ALTER id SET DEFAULT 1') \gexec
SELECT test.locked();
SELECT test.call('CREATE INDEX CONCURRENTLY ON big (a)') \gexec
SELECT test.locked();

--
-- A role takes first what it may lock in any case, and nothing else.
--
\pset tuples_only off
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_migrate_poll;
CREATE ROLE regress_migrate_poll;
GRANT USAGE ON SCHEMA app, test, migrate TO regress_migrate_poll;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_poll;
GRANT INSERT ON test.seen TO regress_migrate_poll;
GRANT USAGE ON SEQUENCE test.seen_nr_seq TO regress_migrate_poll;
CREATE TABLE own (id int PRIMARY KEY, other int CONSTRAINT own_other REFERENCES other);
ALTER TABLE own OWNER TO regress_migrate_poll;
GRANT REFERENCES ON small TO regress_migrate_poll;
GRANT TRUNCATE ON part TO regress_migrate_poll;
\pset tuples_only on
SET client_min_messages = notice;
SET ROLE regress_migrate_poll;
SELECT test.call('SEE; ALTER TABLE own ADD a int; ALTER TABLE own ADD small int REFERENCES small; TRUNCATE part') \gexec
RESET ROLE;
SELECT test.locked();
SET ROLE regress_migrate_poll;
-- the other table of a foreign key that it drops
SELECT test.call('SEE; ALTER TABLE own DROP CONSTRAINT own_other') \gexec
RESET ROLE;
SELECT test.locked();
SET ROLE regress_migrate_poll;
-- it would fail, and locks nothing of others before
SELECT test.call('SEE; SELECT pg_sleep(0); ALTER TABLE other ADD b int') \gexec
RESET ROLE;
SELECT test.locked();
SELECT test.call('SEE; LOCK TABLE pg_class IN SHARE ROW EXCLUSIVE MODE; ALTER TABLE own ADD x nowhere') \gexec
SELECT test.locked();
DROP OWNED BY regress_migrate_poll;
DROP ROLE regress_migrate_poll;
