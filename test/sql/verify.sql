--
-- verify(): whether the way back of each migration undoes it, and whether a script makes
-- what the migrations make.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = warning;
\pset format unaligned

CREATE TABLE base (id int PRIMARY KEY, a text, b int, c int);
CREATE VIEW seen AS SELECT id, a FROM base;
CREATE FUNCTION app.half(i int) RETURNS int LANGUAGE sql AS 'SELECT i / 2';
INSERT INTO base SELECT g FROM generate_series(1, 10) g;

-- files of updown: each text is "up|down"
CREATE FUNCTION test.files(VARIADIC texts text[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_object_agg(format('%s_m.sql', n), format(E'-- UP\n%s\n-- DOWN\n%s\n', split_part(t, '|', 1), split_part(t, '|', 2)))
	FROM unnest(texts) WITH ORDINALITY AS x(t, n) $$;
CREATE FUNCTION test.verify(VARIADIC texts text[]) RETURNS TABLE (version text, result text, object text, detail text) LANGUAGE sql AS $$
	SELECT version, result, object, detail FROM migrate.verify(files => test.files(VARIADIC texts), format => 'updown', budget => NULL) $$;

-- what undoes everything
SELECT * FROM test.verify(
	'CREATE TABLE t (id serial PRIMARY KEY, x text); CREATE INDEX ON t (x);|DROP TABLE t;',
	'ALTER TABLE base ADD d int DEFAULT 1, ADD CHECK (d > 0);|ALTER TABLE base DROP d;',
	'ALTER TABLE base RENAME COLUMN a TO e;|ALTER TABLE base RENAME COLUMN e TO a;',
	'COMMENT ON COLUMN base.b IS ''x'';|COMMENT ON COLUMN base.b IS NULL;',
	'GRANT SELECT ON base TO pg_monitor; GRANT USAGE ON SCHEMA app TO pg_monitor;|REVOKE SELECT ON base FROM pg_monitor; REVOKE USAGE ON SCHEMA app FROM pg_monitor;',
	'CREATE TYPE mood AS ENUM (''a''); CREATE DOMAIN plus AS int CHECK (VALUE > 0);|DROP TYPE mood; DROP DOMAIN plus;',
	'CREATE OR REPLACE FUNCTION app.half(i int) RETURNS int LANGUAGE sql AS ''SELECT i / 3'';|CREATE OR REPLACE FUNCTION app.half(i int) RETURNS int LANGUAGE sql AS ''SELECT i / 2'';',
	'CREATE TRIGGER g BEFORE UPDATE ON base FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger(); ALTER TABLE base ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON base;|DROP TRIGGER g ON base; DROP POLICY p ON base; ALTER TABLE base DISABLE ROW LEVEL SECURITY;',
	'DROP VIEW seen;|CREATE VIEW seen AS SELECT id, e AS a FROM base;',
	E'CREATE TABLE filled (i int);\nCOPY filled FROM stdin;\n1\n\\.\n|DROP TABLE filled;',
	'CREATE INDEX CONCURRENTLY new_index ON t (x);|DROP INDEX CONCURRENTLY new_index;');

-- what does not, one by one
SELECT * FROM test.verify('CREATE TABLE t (id int); CREATE TYPE mood AS ENUM (''a'');|DROP TABLE t;');
SELECT * FROM test.verify('CREATE TABLE t (id int);|');
SELECT * FROM test.verify('CREATE TABLE t (id int);|ALTER TABLE t RENAME TO u;');
SELECT version, result, object FROM test.verify('DROP VIEW seen;|SELECT 1;');
SELECT * FROM test.verify('ALTER TABLE base DROP b;|ALTER TABLE base ADD b int;');
SELECT * FROM test.verify('ALTER TABLE base ALTER b SET DEFAULT 1;|ALTER TABLE base ALTER b SET DEFAULT 2;');
SELECT * FROM test.verify('ALTER TABLE base ALTER c TYPE bigint;|ALTER TABLE base DROP c; ALTER TABLE base ADD c int NOT NULL DEFAULT 0;');
SELECT * FROM test.verify('COMMENT ON TABLE base IS ''x'';|SELECT 1;');
SELECT * FROM test.verify('COMMENT ON FUNCTION app.half(int) IS ''x'';|SELECT 1;');
SELECT * FROM test.verify('COMMENT ON CONSTRAINT base_pkey ON base IS ''x'';|SELECT 1;');
SELECT * FROM test.verify('GRANT SELECT (a) ON base TO pg_monitor;|SELECT 1;');
SELECT * FROM test.verify('GRANT EXECUTE ON FUNCTION app.half(int) TO pg_monitor;|SELECT 1;');
SELECT * FROM test.verify('ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO pg_monitor;|SELECT 1;');
SELECT * FROM test.verify('CREATE TABLE t (id int);|DROP TABLE nowhere;');
SELECT * FROM test.verify('CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''SELECT 1'';|DROP TABLE t; ALTER FUNCTION f() STABLE;');
-- the second time it makes something else
SELECT * FROM test.verify('CREATE SEQUENCE times; CREATE TABLE one ();|DROP TABLE one;',
	'DO $do$ BEGIN EXECUTE format(''CREATE TABLE made_%s ()'', nextval(''times'')); END $do$;|DO $do$ DECLARE t text; BEGIN FOR t IN SELECT relname FROM pg_class WHERE relname LIKE ''made_%'' LOOP EXECUTE format(''DROP TABLE %I'', t); END LOOP; END $do$;');

-- what the statements do not say is seen in the end, for all together
SELECT * FROM test.verify('CREATE TABLE t (id int);|DROP TABLE t;',
	'DO $do$ BEGIN COMMENT ON VIEW seen IS ''x''; END $do$;|SELECT 1;');
-- also after one without a way back
SELECT * FROM test.verify('CREATE TABLE t (id int);|', 'CREATE TABLE u (id int);|DROP TABLE u;',
	'DO $do$ BEGIN COMMENT ON VIEW seen IS ''x''; END $do$;|SELECT 1;');
-- two that are reversible only one by one
SELECT * FROM test.verify('CREATE TABLE IF NOT EXISTS t (id int);|DROP TABLE t;', 'CREATE TABLE IF NOT EXISTS t (id int);|DROP TABLE IF EXISTS t;');

-- errors, and what follows
SELECT * FROM test.verify('CREATE TABLE t (id int);|DROP TABLE t;', 'SELECT 1 / 0;|SELECT 1;', 'ALTER TABLE t ADD a int;|ALTER TABLE t DROP a;', 'SELECT * FROM nowhere;|SELECT 1;');
-- what cannot run here, and what follows
SELECT * FROM test.verify('CREATE INDEX CONCURRENTLY base_a ON base (a);|DROP INDEX base_a;', 'COMMENT ON INDEX base_a IS ''x'';|COMMENT ON INDEX base_a IS NULL;', 'CREATE TABLE t (id int);|DROP TABLE t;');
SELECT * FROM test.verify('CREATE TABLE t (id int);|DROP TABLE t; COPY base TO ''/nowhere'';');
SELECT * FROM test.verify('CREATE TYPE mood AS ENUM (''a'');|DROP TYPE mood;', 'ALTER TYPE mood ADD VALUE ''b'';|', 'CREATE TABLE t (m mood DEFAULT ''b'');|DROP TABLE t;');
SELECT * FROM test.verify('BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE t (id int); COMMIT;|DROP TABLE t;');

-- a down section with an error has no way back; that of a file raises, as in apply()
\set VERBOSITY terse
SELECT * FROM test.verify('CREATE TABLE t (id int);|DROP TABEL t;');
\set VERBOSITY default
SELECT test.try($$SELECT * FROM test.verify('CREATE TABEL t (id int);|DROP TABLE t;')$$);

-- which ones: the arguments of apply()
SELECT version, result FROM migrate.verify(files => test.files('CREATE TABLE t ();|DROP TABLE t;', 'CREATE TABLE u ();|', 'CREATE TABLE v ();|DROP TABLE v;'), format => 'updown', target => '2');
SELECT version, result FROM migrate.verify(files => test.files('CREATE TABLE t ();|DROP TABLE t;', 'CREATE TABLE u ();|', 'CREATE TABLE v ();|DROP TABLE v;'), format => 'updown', steps => 1);
SELECT version, result FROM migrate.verify(files => test.files('CREATE TABLE t ();|DROP TABLE t;'), format => 'updown', schema => 'app', project => 'p');
SELECT version, result, detail FROM migrate.verify(files => '{"V1__a.sql": "CREATE TABLE a ();", "R__r.sql": "CREATE OR REPLACE VIEW r AS SELECT 1 AS one;"}', format => 'flyway');
SELECT version, result FROM migrate.verify(files => '{"1_a.sql": "CREATE TABLE :name (); ", "1_a.down.sql": "DROP TABLE :name;"}', format => 'plain', vars => '{"name": "from_vars"}');
SELECT * FROM migrate.verify(files => '{}', format => 'plain');
SELECT version, result FROM migrate.verify(test.dir('goose_app'));

-- nothing is left, neither of what succeeds nor of what fails
SELECT migrate.fingerprint('{app}') AS before \gset
SET search_path = app, public;
SELECT * FROM test.verify('SET search_path = nowhere; SET work_mem = ''1MB''; CREATE TABLE app.t (id int); SELECT pg_advisory_lock(4711);|DROP TABLE app.t;');
SHOW search_path;
SHOW work_mem;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';
SELECT migrate.fingerprint('{app}') = :'before' AS nothing_left, (SELECT count(*) FROM migrate.history()) AS attempts, (SELECT count(*) FROM migrate.applied) AS applied;
-- in a transaction, what it has done stays
BEGIN;
CREATE TABLE mine (id int);
SELECT * FROM test.verify('ALTER TABLE mine ADD a int;|ALTER TABLE mine DROP a;');
SELECT * FROM mine;
ROLLBACK;

-- the budget
SELECT version, result, detail FROM migrate.verify(files => test.files('CREATE TABLE t ();|DROP TABLE t;', 'ALTER TABLE base ADD d int; SELECT pg_sleep(60);|ALTER TABLE base DROP d;', 'CREATE TABLE u ();|DROP TABLE u;'), format => 'updown', budget => '10ms') WHERE version > '1';
SELECT test.try($$SELECT * FROM migrate.verify(files => '{"1_a.sql": "SELECT 1"}', budget => '-1s')$$);
SELECT test.try($$SELECT * FROM migrate.verify(files => '{"1_a.sql": "SELECT 1"}', version => '1')$$);
SELECT test.try($$SELECT * FROM migrate.verify(files => '{"1_a.sql": "SELECT 1"}', script => 'schema.sql', target => '1')$$);
BEGIN READ ONLY;
SELECT * FROM migrate.verify(files => '{"1_a.sql": "SELECT 1"}', format => 'plain');
ROLLBACK;

--
-- Does the script of a baseline make what the migrations make?
--
CREATE FUNCTION test.proof(script text, VARIADIC texts text[]) RETURNS TABLE (version text, result text, object text, detail text) LANGUAGE sql AS $$
	SELECT version, result, object, detail
	FROM migrate.verify(files => test.files(VARIADIC texts) || jsonb_build_object('schema.sql', script), format => 'updown', script => 'schema.sql', budget => NULL) $$;

SELECT * FROM test.proof('CREATE TABLE t (id int PRIMARY KEY, a text DEFAULT ''x'');', 'CREATE TABLE t (id int PRIMARY KEY);|', 'ALTER TABLE t ADD a text DEFAULT ''x'';|');
SELECT * FROM test.proof('CREATE TABLE t (id int); CREATE TABLE more ();', 'CREATE TABLE t (id int PRIMARY KEY);|', 'CREATE VIEW v AS SELECT 1 AS one;|');
-- rows, which a schema file lacks
SELECT * FROM test.proof('CREATE TABLE t (id int); CREATE TABLE u (id int); INSERT INTO u VALUES (1); CREATE TABLE w (id int); INSERT INTO w VALUES (1);',
	'CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2); CREATE TABLE u (id int); INSERT INTO u VALUES (1), (2); CREATE TABLE w (id int); INSERT INTO base VALUES (11);|');
-- up to a version
SELECT version, result, object FROM migrate.verify(files => test.files('CREATE TABLE t ();|', 'CREATE TABLE u ();|') || '{"schema.sql": "CREATE TABLE t ();"}', format => 'updown', script => 'schema.sql', version => '1');
SELECT version, result, object FROM migrate.verify(files => test.files('CREATE TABLE t ();|', 'CREATE TABLE u ();|') || '{"schema.sql": "CREATE TABLE t ();"}', format => 'updown', script => 'schema.sql');
-- errors in either
SELECT * FROM test.proof('CREATE TABLE t (id int); SELECT 1 / 0;', 'CREATE TABLE t (id int);|');
SELECT * FROM test.proof('CREATE TABLE t (id int);', 'CREATE TABLE t (id int); SELECT 1 / 0;|');
SELECT test.try($$SELECT * FROM test.proof('CREATE TABEL t (id int);', 'CREATE TABLE t (id int);|')$$);
SELECT test.try($$SELECT * FROM migrate.verify(files => test.files('CREATE TABLE t ();|'), format => 'updown', script => 'nowhere.sql')$$);
SELECT migrate.fingerprint('{app}') = :'before' AS nothing_left, (SELECT count(*) FROM migrate.history()) AS attempts;
-- only if nothing has been applied
SELECT version FROM migrate.apply(files => test.files('CREATE TABLE t ();|DROP TABLE t;'), format => 'updown');
SELECT test.try($$SELECT * FROM test.proof('CREATE TABLE t (id int);', 'CREATE TABLE t ();|DROP TABLE t;')$$);
SELECT * FROM test.verify('CREATE TABLE t ();|DROP TABLE t;');
SELECT * FROM test.verify('CREATE TABLE t ();|DROP TABLE t;', 'ALTER TABLE t ADD a int;|ALTER TABLE t DROP a;');

-- prepared statements and advisory locks outlive the rollback of a trial
SELECT version, result, object, detail FROM migrate.verify(files => test.files('PREPARE prepared AS SELECT 1; SELECT pg_advisory_lock(1);|DEALLOCATE ALL; SELECT pg_advisory_unlock(1);', 'EXECUTE prepared;|'), format => 'updown', budget => NULL, project => 'prepared');
SELECT count(*) FROM pg_prepared_statements;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();

-- an ordinary role, for what is its own
DROP ROLE IF EXISTS regress_migrate_verify;
CREATE ROLE regress_migrate_verify;
CREATE SCHEMA verified AUTHORIZATION regress_migrate_verify;
GRANT USAGE ON SCHEMA migrate, test TO regress_migrate_verify;
GRANT EXECUTE ON FUNCTION migrate.verify TO regress_migrate_verify;
SET ROLE regress_migrate_verify;
SELECT version, result, object, detail FROM migrate.verify(files => test.files('CREATE TABLE verified.t (id int);|DROP TABLE verified.t;', 'ALTER TABLE verified.t ADD a int;|SELECT 1;', 'ALTER TABLE app.base ADD z int;|ALTER TABLE app.base DROP z;'), format => 'updown', project => 'own');
SELECT version, result, object FROM migrate.verify(files => test.files('CREATE TABLE verified.t (id int); INSERT INTO verified.t VALUES (1);|') || '{"schema.sql": "CREATE TABLE verified.t (id int);"}', format => 'updown', script => 'schema.sql', project => 'own');
RESET ROLE;
DROP OWNED BY regress_migrate_verify;
DROP ROLE regress_migrate_verify;
