--
-- What has changed in the database since the last run: migrate.record_objects and
-- drift().  test/t/003_dump.pl has the record in dumps.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = error;
CREATE ROLE regress_migrate_dev;
GRANT USAGE ON SCHEMA migrate, test TO regress_migrate_dev;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_dev;
GRANT ALL ON SCHEMA app TO regress_migrate_dev;
RESET client_min_messages;

SELECT test.write('d/1_one.sql', test.goose('CREATE TABLE one (id int PRIMARY KEY);', 'DROP TABLE one;'));
SELECT test.write('d/2_two.sql', test.goose('CREATE TABLE two (id int); CREATE VIEW shown AS SELECT 1 AS id;', 'DROP VIEW shown; DROP TABLE two;'));
SELECT test.write('d/3_three.sql', test.goose('INSERT INTO one VALUES (1);', 'DELETE FROM one;'));

-- nothing is recorded
SHOW migrate.record_objects;
SELECT test.try('SELECT * FROM migrate.drift()');
SELECT version FROM migrate.apply(test.made('d'), steps => 1);
SELECT test.try('SELECT * FROM migrate.drift()');
SELECT count(*) FROM migrate.object;
SET migrate.record_objects = on;
SELECT test.try('SELECT * FROM migrate.drift()');
-- a run that has nothing to do records nothing
SELECT version FROM migrate.apply(test.made('d'), versions => '{1}');
SELECT test.try('SELECT * FROM migrate.drift()');
SELECT version FROM migrate.rollback();
-- there is a record, of a database without the table
SELECT version FROM migrate.rollback();
SELECT * FROM migrate.drift();

-- a run records
SELECT version FROM migrate.apply(test.made('d'), steps => 2);
SELECT * FROM migrate.drift();
SELECT kind, name FROM migrate.object WHERE name ~ 'app' ORDER BY kind, name;
\pset format unaligned
ALTER TABLE one ADD note text;
COMMENT ON VIEW shown IS 'by hand';
CREATE INDEX by_id ON two (id);
ALTER TABLE one DROP CONSTRAINT one_pkey;
SELECT * FROM migrate.drift();
-- once it is turned off as well, by anyone, and in a read-only transaction
SET migrate.record_objects = off;
SELECT change, kind, name FROM migrate.drift('other', 'any');
BEGIN READ ONLY;
SET LOCAL ROLE regress_migrate_dev;
SELECT change, kind, name FROM migrate.drift();
COMMIT;
\pset format aligned
SELECT test.try('SELECT * FROM migrate.drift(NULL)');
SELECT test.try('SELECT * FROM migrate.drift(schema => NULL)');

-- the next run records what there is; of any history
SET migrate.record_objects = on;
SELECT test.write('other/1_x.sql', test.goose('SELECT 1;', 'SELECT 1;'));
SELECT version FROM migrate.apply(test.made('other'), project => 'other');
SELECT * FROM migrate.drift();
-- only the differences are written
SELECT project, array_agg(kind || ' ' || name ORDER BY kind, name) FROM migrate.object
WHERE name ~ 'app' OR kind = '' GROUP BY project ORDER BY project;

-- every routine that runs something, each once
CREATE VIEW test.record AS SELECT count(*) FILTER (WHERE kind = 'table' AND name ~ 'app') AS tables, count(*) > 0 AS recorded FROM migrate.object;
CREATE TABLE x ();
SELECT version FROM migrate.rollback(steps => 1);
SELECT * FROM migrate.drift();
SELECT * FROM test.record;
CREATE TABLE y ();
CALL migrate.up(test.made('d'));
SELECT * FROM migrate.drift();
SELECT * FROM test.record;
DROP TABLE y;
CALL migrate.down(steps => 2);
SELECT * FROM migrate.drift();
SELECT * FROM test.record;
DROP TABLE x;
SELECT version FROM migrate.redo();
SELECT * FROM migrate.drift();
SELECT version FROM migrate.refresh();
SELECT * FROM migrate.drift();
SELECT version FROM migrate.reset();
SELECT * FROM migrate.drift();
SELECT * FROM test.record;
CREATE TABLE x ();
SELECT version FROM migrate.baseline(test.made('d'), '1');
SELECT * FROM migrate.drift();
DROP TABLE x;
SELECT change, name FROM migrate.drift();
-- what is right as it is, with no migration to run
SELECT * FROM migrate.repair(test.made('d'));
SELECT * FROM migrate.drift();
BEGIN READ ONLY;
SELECT * FROM test.try('SELECT * FROM migrate.repair(test.made(''d''))');
COMMIT;
CREATE TABLE goose_db_version (id serial, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now());
INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true);
SELECT version FROM migrate.adopt(test.made('d'), 'goose', 'goose_db_version', 'adopted');
SELECT * FROM migrate.drift();
DROP TABLE goose_db_version;

-- a run that is undone leaves the record as it was
BEGIN;
CREATE TABLE undone ();
SELECT version FROM migrate.apply(test.made('d'), project => 'third', steps => 1);
SELECT * FROM migrate.drift();
ROLLBACK;
SELECT * FROM migrate.drift();
-- so does one that fails
CREATE TABLE two ();
SELECT test.try($$SELECT * FROM migrate.apply(test.made('d'), project => 'third')$$);
SELECT change, kind, name FROM migrate.drift();
-- of up, what is committed before the failure is recorded
\set VERBOSITY terse
CALL migrate.up(test.made('d'), project => 'third');
SELECT * FROM migrate.drift();
DROP TABLE two;
SELECT test.write('parts/1_parts.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE part ();\nCREATE TABLE part ();\n');
CALL migrate.up(test.made('parts'), project => 'parts');
SELECT * FROM migrate.drift();
\set VERBOSITY default
DROP TABLE part;
SELECT version, action FROM migrate.repair(version => '1', state => 'pending', project => 'parts');
SELECT * FROM migrate.drift();

-- the snapshot of a transaction
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM migrate.object WHERE name ~ 'part';
SELECT version FROM migrate.apply(test.made('d'), project => 'third');
CREATE TABLE late ();
SELECT change, kind, name FROM migrate.drift();
COMMIT;
DROP TABLE late;
SELECT * FROM migrate.drift();

-- who records and who asks makes no difference: passwords are not recorded
SET client_min_messages = error;
CREATE FOREIGN DATA WRAPPER regress_migrate_wrapper;
CREATE SERVER regress_migrate_server FOREIGN DATA WRAPPER regress_migrate_wrapper;
CREATE USER MAPPING FOR regress_migrate_dev SERVER regress_migrate_server OPTIONS (password 'secret');
CREATE SUBSCRIPTION regress_migrate_sub CONNECTION 'dbname=nowhere password=secret' PUBLICATION p WITH (connect = false, slot_name = NONE, streaming = off);
RESET client_min_messages;
SELECT change, kind, definition FROM migrate.drift() WHERE kind IN ('user mapping', 'subscription');
SELECT version FROM migrate.apply(test.made('other'), project => 'by superuser');
SET ROLE regress_migrate_dev;
SELECT * FROM migrate.drift();
SELECT version FROM migrate.apply(project => 'by role', files => '{"1_x.sql": "SELECT 1;"}');
SELECT * FROM migrate.drift();
RESET ROLE;
SELECT * FROM migrate.drift();
SELECT count(*) FROM migrate.object WHERE definition ~ 'secret';
ALTER SUBSCRIPTION regress_migrate_sub CONNECTION 'dbname=elsewhere';
ALTER USER MAPPING FOR regress_migrate_dev SERVER regress_migrate_server OPTIONS (SET password 'other');
SELECT * FROM migrate.drift();
ALTER SUBSCRIPTION regress_migrate_sub SET PUBLICATION q WITH (refresh = false);
SELECT change, definition FROM migrate.drift();
SET client_min_messages = error;
DROP SUBSCRIPTION regress_migrate_sub;
DROP FOREIGN DATA WRAPPER regress_migrate_wrapper CASCADE;
RESET client_min_messages;

-- it is written in the order of bytes
SET client_min_messages = error;
CREATE TABLE "B" (); CREATE TABLE b (); CREATE TABLE "_" (); CREATE TABLE "é" (); CREATE TABLE "a.b" (); CREATE TABLE aa (); CREATE TABLE "a b" ();
RESET client_min_messages;
SELECT change, name FROM migrate.drift() WHERE kind = 'table';
SELECT count(*) FROM migrate.repair(test.made('d'), project => 'third');
SELECT * FROM migrate.drift();
DROP TABLE "B", b, "_", "é", "a.b", aa, "a b";
SELECT change, name FROM migrate.drift() WHERE kind = 'table';

-- definitions of another version of the server
UPDATE migrate.object SET definition = '14' WHERE kind = '';
DO $$
BEGIN
	PERFORM FROM migrate.drift();
END
$$;
SELECT count(*) FROM migrate.repair(test.made('d'), project => 'third');
SELECT definition = substring(current_setting('server_version_num') FOR 2) AS this_one FROM migrate.object WHERE kind = '';

-- what keeps the record from being made does not stop the run
ALTER TABLE migrate.object DROP CONSTRAINT object_pkey;
SELECT test.try('SELECT * FROM migrate.drift()');
SELECT version FROM migrate.apply(test.made('other'), project => 'unrecorded');
CALL migrate.up(test.made('other'), project => 'unrecorded too');
-- nor does an index of that name which has not all rows, or has them in another order
CREATE FUNCTION test.with_index(index text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	IF to_regclass('migrate.object_pkey') IS NOT NULL THEN
		DROP INDEX migrate.object_pkey;
	END IF;
	EXECUTE format(index, 'INDEX object_pkey ON migrate.object');
	RETURN QUERY SELECT try FROM test.try('SELECT * FROM migrate.drift()') try;
END
$$;
SELECT index, test.with_index(index) FROM (VALUES ('CREATE %s USING hash (kind)'), ('CREATE %s (name, kind)'), ('CREATE %s (kind)'),
	('CREATE %s (kind DESC, name)'), ('CREATE %s (kind COLLATE "POSIX", name)'), ('CREATE %s (kind, lower(name))'), ('CREATE %s (kind, name) WHERE false')) i(index);
DROP INDEX migrate.object_pkey;
CREATE INDEX object_pkey ON migrate.history (kind, name);
SELECT test.try('SELECT * FROM migrate.drift()');
DROP INDEX migrate.object_pkey;
ALTER TABLE migrate.object ADD CONSTRAINT object_pkey PRIMARY KEY (kind, name);
SELECT count(*) FROM migrate.repair(test.made('d'), project => 'third');
SELECT * FROM migrate.drift();

-- rows of a history are found without it
BEGIN;
ALTER TABLE migrate.applied DROP CONSTRAINT applied_pkey;
CREATE INDEX applied_pkey ON migrate.applied (project, schema, sort_key) WHERE false;
SELECT version, state FROM migrate.status(test.made('other'), project => 'unrecorded');
SELECT version FROM migrate.apply(test.made('other'), project => 'unrecorded');
SELECT version FROM migrate.rollback(project => 'unrecorded');
ROLLBACK;

DROP EXTENSION migrate CASCADE;
SET client_min_messages = error;
DROP SCHEMA app, test CASCADE;
DROP ROLE regress_migrate_dev;
