--
-- migrate.on_findings: what a run does about what the rules of check() find.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = warning;
-- messages count scans
SET track_counts = off;
CREATE TABLE big (a int, b int);
INSERT INTO big SELECT g, g FROM generate_series(1, 1000) g;
CREATE TABLE other (a int PRIMARY KEY);
INSERT INTO other SELECT g FROM generate_series(1, 1000) g;
ANALYZE;
SET migrate.large_table = '8kB';
SET lock_timeout = '5s';

-- two migrations: what stops, what does not, and what is allowed
CREATE FUNCTION test.files() RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('1_one.sql', E'-- +goose Up\nCREATE TABLE new (a int);\nCREATE INDEX ON new (a);\n-- migrate: allow create-index  nobody writes to it at night \nCREATE INDEX big_a ON big (a);\n-- +goose Down\nDROP TABLE new;\nDROP INDEX big_a;',
		'2_two.sql', E'-- +goose Up\nALTER TABLE big DROP b;\n\nALTER TABLE big ADD c int DEFAULT random();\nALTER TABLE big ADD CHECK (a > 0);\n-- +goose Down\nSELECT 1;') $$;
-- messages without sizes, and with the hint and the details
CREATE FUNCTION test.run(command text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(t, '\(\d[^)]*\)', '(SIZE)', 'g') FROM test.try(command) t $$;
CREATE FUNCTION test.recorded() RETURNS TABLE (version text, direction text, outcome text, allowed text[]) LANGUAGE sql AS $$
	SELECT version, direction, outcome, allowed FROM migrate.history ORDER BY id $$;

SHOW migrate.on_findings;
SET migrate.on_findings = 'sometimes';

-- error: nothing runs, and nothing is recorded
SET migrate.on_findings = error;
SELECT test.run('SELECT migrate.apply(files => test.files())');
SELECT * FROM test.recorded();
SELECT to_regclass('new'), to_regclass('big_a');
-- the first one alone is allowed
SELECT version FROM migrate.apply(files => test.files(), steps => 1);
SELECT * FROM test.recorded();
-- redo: the table of the second run is new again, and the index is built again
SELECT version FROM migrate.redo();
SELECT test.run($$SELECT migrate.redo(files => jsonb_set(test.files(), '{1_one.sql}', to_jsonb(replace(test.files()->>'1_one.sql', 'migrate: allow', 'it may')))
	- '2_two.sql')$$);
SELECT test.run($$SELECT migrate.refresh(files => jsonb_set(test.files(), '{1_one.sql}', to_jsonb(replace(test.files()->>'1_one.sql', 'CREATE INDEX big_a', E'\nCREATE INDEX big_a'))))$$);
-- undoing is not checked
SELECT version FROM migrate.rollback();
SELECT * FROM test.recorded();

-- strict: comments allow nothing; check() shows what such a run would stop at
SET migrate.on_findings = strict;
SELECT test.run('SELECT migrate.apply(files => test.files(), steps => 1)');
SELECT version, line, rule, severity FROM migrate.check(files => test.files());

-- warn: it runs
SET migrate.on_findings = warn;
SELECT test.write('warn/1_one.sql', '-- migrate: alow truncate gone anyway' || E'\nTRUNCATE other;\nALTER TABLE other ADD b text') \gset ignored_
SELECT version FROM migrate.apply(test.made('warn'));
SELECT test.run('SELECT migrate.rollback(force => true)');
TRUNCATE migrate.history, migrate.applied;
DROP TABLE IF EXISTS new;

-- CALL migrate.up(): before the first transaction
SET migrate.on_findings = error;
\set VERBOSITY sqlstate
CALL migrate.up(files => test.files());
\set VERBOSITY default
SELECT * FROM test.recorded();
SELECT to_regclass('new'), to_regclass('big_a');
CALL migrate.up(files => test.files(), steps => 1);
SELECT * FROM test.recorded();
-- no setting of the check is left, and no lock
SHOW search_path;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'big'::regclass;

-- each transaction alone, where it commits; together, where it does not
TRUNCATE migrate.history, migrate.applied;
CREATE FUNCTION test.two() RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('1_one.sql', 'ALTER TABLE big ADD CONSTRAINT c CHECK (a > 0) NOT VALID;', '2_two.sql', 'ALTER TABLE big VALIDATE CONSTRAINT c; UPDATE big SET a = a;') $$;
SELECT test.run('SELECT migrate.apply(files => test.two())');
SELECT version, transaction, rule, severity FROM migrate.check(files => test.two());
SELECT version, transaction, statement FROM migrate.plan(files => test.two());

-- an interrupted migration: only what is still to run
TRUNCATE migrate.history, migrate.applied;
DROP INDEX big_a;
SET migrate.on_findings = ignore;
\set VERBOSITY sqlstate
CALL migrate.up(files => jsonb_build_object('1_one.sql', E'COMMIT;\nBEGIN; CREATE INDEX big_a ON big (a); COMMIT;\nBEGIN; SELECT 1/0; COMMIT;'), format => 'plain');
SET migrate.on_findings = error;
CALL migrate.up(files => jsonb_build_object('1_one.sql', E'COMMIT;\nBEGIN; CREATE INDEX big_a ON big (a); COMMIT;\nBEGIN; SELECT 1/1; COMMIT;'), format => 'plain');
\set VERBOSITY default
SELECT version, direction, outcome FROM migrate.history ORDER BY id;
TRUNCATE migrate.history, migrate.applied;

-- an ordinary role cannot set it, but is bound by it
CREATE ROLE regress_migrate_findings;
GRANT USAGE ON SCHEMA migrate, test TO regress_migrate_findings;
GRANT USAGE, CREATE ON SCHEMA app TO regress_migrate_findings;
GRANT EXECUTE ON FUNCTION migrate.apply TO regress_migrate_findings;
GRANT EXECUTE ON PROCEDURE migrate.up TO regress_migrate_findings;
ALTER TABLE big OWNER TO regress_migrate_findings;
SET ROLE regress_migrate_findings;
SET migrate.on_findings = ignore;
SELECT test.run($$SELECT migrate.apply(files => '{"1_one.sql": "CREATE INDEX ON big (a)"}')$$);
-- nor can the migration
SELECT test.run($$SELECT migrate.apply(files => '{"1_one.sql": "SET migrate.on_findings = ignore; CREATE INDEX ON big (b)"}')$$);
RESET ROLE;
-- a setting of the role or the database, which is in force before the extension is loaded;
-- test/t/010_roles.pl logs in as an ordinary role
SELECT current_database() AS db \gset
ALTER DATABASE :"db" SET migrate.on_findings = 'error';
ALTER DATABASE :"db" SET migrate.large_table = '8kB';
\c -
SET search_path = app, pg_catalog;
SET ROLE regress_migrate_findings;
\set VERBOSITY sqlstate
SELECT migrate.apply(files => '{"1_one.sql": "CREATE INDEX ON big (a)"}');
CALL migrate.up(files => '{"1_one.sql": "CREATE INDEX ON big (a)"}');
\set VERBOSITY default
SHOW migrate.on_findings;
RESET ROLE;
ALTER DATABASE :"db" RESET migrate.on_findings;
ALTER DATABASE :"db" RESET migrate.large_table;
SET client_min_messages = warning;
REASSIGN OWNED BY regress_migrate_findings TO CURRENT_USER;
DROP OWNED BY regress_migrate_findings;
DROP ROLE regress_migrate_findings;
SELECT count(*) FROM migrate.history;
