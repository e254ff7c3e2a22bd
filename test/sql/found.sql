--
-- Inputs that once were faults, found by random input or by readers of the code; what
-- belongs to a subject is in its own test.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
\set VERBOSITY terse

-- lines that are nearly a marker: an error, and nothing runs
CREATE TABLE test.near (n serial, up text, line text);
INSERT INTO test.near (up, line) SELECT '-- migrate:up', unnest(ARRAY[' -- migrate:down', '-- migrate: down', '-- migrate:Down', '--- migrate:down',
	'-- migrate:down;', '-- migrate:rollback', '/* migrate:down */', '-- migrate-down', '-- dbmate:down', '-- down', '']);
INSERT INTO test.near (up, line) SELECT '-- +goose Up', unnest(ARRAY[' -- +goose Down', '-- + goose Down', '-- goose Down', '-- +migrate Down', '-- down',
	'-- +gooose Down']);
INSERT INTO test.near (up, line) SELECT '-- +migrate Up', unnest(ARRAY[' -- +migrate Down', '--+migrate Down', '-- + migrate Down', '-- +migrate down',
	'-- +Migrate Down', '--  +migrate Down']);
SELECT up, line, (SELECT t FROM test.try(format('SELECT migrate.apply(files => %L, project => %L)',
	jsonb_build_object('1_a.sql', concat_ws(E'\n', up, 'CREATE TABLE t (id int);', line, 'DROP TABLE t;')), n)) t LIMIT 1) FROM test.near ORDER BY n;
SELECT to_regclass('t');

-- 39 down scripts whose variables have values of the run, the first one after a text
-- that fills the memory of a migration
CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version text, description text, type text, script text, checksum int,
	installed_by text, installed_on timestamp DEFAULT now(), execution_time int, success boolean);
INSERT INTO flyway_schema_history SELECT v, v, 'a', 'SQL', format('V%s__a.sql', v), NULL, 'nobody', now(), 1, true FROM generate_series(1, 39) v;
SELECT jsonb_object_agg(name, text) AS files FROM (
	SELECT format('V%s__a.sql', v), format(E'CREATE TABLE a%s (i int);\n', v) || repeat('-- ' || repeat('x', 97) || E'\n', CASE v WHEN 1 THEN 90000 ELSE 0 END) FROM generate_series(1, 39) v
	UNION ALL SELECT format('U%s__a.sql', v), format(E'DROP TABLE a%s; -- ${flyway:user} ${flyway:database}\n', v) FROM generate_series(1, 39) v) f (name, text) \gset
SELECT count(*), count(note) FROM migrate.adopt(files => :'files', project => 'adopted');
SELECT count(*) FROM migrate.status(project => 'adopted') WHERE reversible;

-- an older directory is not stopped by what a newer one has interrupted
SELECT '{"1_a.sql": "CREATE TABLE a (i int);"}'::jsonb AS old,
	   '{"1_a.sql": "CREATE TABLE a (i int);", "2_b.sql": "CREATE TABLE b (i int); CREATE INDEX CONCURRENTLY ai ON a (nope);"}'::jsonb AS new \gset
CALL migrate.up(files => :'new', project => 'newer');
CALL migrate.up(files => :'old', project => 'newer');
SELECT count(*) FROM migrate.apply(files => :'old', project => 'newer');
SELECT test.try(format('SELECT migrate.apply(files => %L, project => ''newer'', target => ''3'')', :'old'));
-- so plan() and is_current() do not say that it stops the run, unless the down script of
-- the older one has changed
SELECT version, note FROM migrate.plan(files => :'old', project => 'newer');
SELECT migrate.is_current(files => :'old', project => 'newer');
SELECT :'old'::jsonb || '{"1_rollback.sql": "DROP TABLE a;"}' AS changed \gset
SELECT version, note FROM migrate.plan(files => :'changed', project => 'newer');
SELECT migrate.is_current(files => :'changed', project => 'newer');
SELECT test.try(format('SELECT migrate.apply(files => %L, project => ''newer'')', :'changed'));

-- force does not pass over a down script that cannot be parsed
SELECT count(*) FROM migrate.apply(project => 'forced', files => jsonb_build_object('1_a.sql', test.goose('CREATE TABLE f1 (a int);', 'DROP TABLE f1;'),
	'2_b.sql', test.goose('CREATE TABLE f2 (a int);', 'DROP TABLE IF EXIST f2;'), '3_c.sql', test.goose('INSERT INTO f1 VALUES (1);', '')));
SELECT test.try($$SELECT migrate.rollback(everything => true, force => true, project => 'forced')$$);
SELECT test.try($$SELECT migrate.rollback(everything => true, project => 'forced')$$);
SELECT version FROM migrate.rollback(steps => 1, force => true, project => 'forced');

-- pg_dump of 17 and later sets what older servers do not have
SET client_min_messages = warning;
SELECT count(*) FROM migrate.apply(project => 'settings',
	files => '{"1_d.up.sql": "SET statement_timeout = 0;\nSET transaction_timeout = 0;\nCREATE TABLE d (i int);"}');
RESET client_min_messages;
SELECT to_regclass('d');

-- a DO whose commit fails has committed nothing, so it is known what it has done
SELECT jsonb_build_object('1_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE parent (i int PRIMARY KEY);\n'
	'CREATE TABLE child (i int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);\nDO $$ BEGIN INSERT INTO child VALUES (1); END $$;\n') AS files \gset
CALL migrate.up(files => :'files', project => 'deferred');
SELECT state FROM migrate.status(project => 'deferred');
INSERT INTO parent VALUES (1);
CALL migrate.up(files => :'files', project => 'deferred');
SELECT count(*) FROM child;

-- plan() of a statement on what the role may not look up: an error, not a note
CREATE ROLE regress_found;
GRANT USAGE ON SCHEMA migrate TO regress_found;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_found;
CREATE SCHEMA secret CREATE TABLE t (i int);
SET ROLE regress_found;
SELECT version, statement, note FROM migrate.plan(project => 'secret',
	files => '{"001_a.up.sql": "CREATE INDEX CONCURRENTLY ON secret.t (i);", "002_a.up.sql": "SELECT 1;"}');
RESET ROLE;
DROP SCHEMA secret CASCADE;
DROP OWNED BY regress_found;
DROP ROLE regress_found;

-- one snapshot: what a REPEATABLE READ transaction does not see, it does not show
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT migrate.version(project => 'snapshot'), count(*) FROM migrate.history(project => 'snapshot');
\setenv PGDATABASE :DBNAME
\setenv PGPORT :PORT
\setenv PGHOST :HOST
\! psql -X -q -c "SET client_min_messages = error" -c "CALL migrate.up(files => '{\"1_a.up.sql\": \"SELECT 1;\"}', project => 'snapshot')" | tail -n 2 | tr -d ' \n' && echo
SELECT migrate.version(project => 'snapshot'), count(*) FROM migrate.history(project => 'snapshot');
SELECT count(*) FROM migrate.status(project => 'snapshot');
COMMIT;
SELECT migrate.version(project => 'snapshot'), count(*) FROM migrate.history(project => 'snapshot');

-- sync() replaces a migration by another one of the same version, also in the table of a
-- tool that is kept in step
SET client_min_messages = warning;
SET migrate.allow_sync = on;
SET migrate.keep_in_step = on;
CREATE TABLE goose_db_version (id serial, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now());
CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
SELECT version FROM migrate.apply(project => 'branch', files => jsonb_build_object('1_a.sql', test.goose('SELECT 1;', 'SELECT -1;'), '2_a.sql', test.goose('SELECT 2;', 'SELECT -2;')));
SELECT version, direction FROM migrate.sync(project => 'branch', files => jsonb_build_object('1_a.sql', test.goose('SELECT 1;'), '2_b.sql', test.goose('SELECT 3;')));
SELECT version_id FROM goose_db_version ORDER BY id;
SELECT version FROM migrate.apply(project => 'pairs', files => '{"1_a.up.sql": "SELECT 1;", "1_a.down.sql": "SELECT 1;", "2_a.up.sql": "SELECT 2;", "2_a.down.sql": "SELECT 2;"}');
SELECT version, direction FROM migrate.sync(project => 'pairs', files => '{"1_a.up.sql": "SELECT 1;", "2_b.up.sql": "SELECT 3;"}');
SELECT version FROM schema_migrations;
-- but not what only the tool has applied
INSERT INTO goose_db_version (version_id, is_applied) VALUES (3, true);
SELECT test.try(format('SELECT migrate.sync(project => ''branch'', files => %L)', jsonb_build_object('1_a.sql', test.goose('SELECT 1;'), '2_b.sql', test.goose('SELECT 3;'), '3_c.sql', test.goose('SELECT 3;'))));
DROP TABLE goose_db_version, schema_migrations;

-- and where the stored scripts run, with the checksum of the file that they came from
DROP TABLE flyway_schema_history;
CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200), type varchar(20), script varchar(1000),
	checksum int, installed_by varchar(100), installed_on timestamp DEFAULT now(), execution_time int, success boolean);
SELECT version FROM migrate.apply(project => 'stored', files => '{"V1__a.sql": "SELECT 1;\r\nSELECT ''\u00e9'';\n", "U1__a.sql": "SELECT -1;", "R__b.sql": "SELECT 2;"}');
SELECT version FROM migrate.redo(project => 'stored');
SELECT version FROM migrate.refresh(project => 'stored');
SELECT installed_rank, version, description, type, script, checksum FROM flyway_schema_history ORDER BY 1;
-- that table is found in the search_path of the caller, as adopt() and up() find it
CREATE SCHEMA found_tenant;
SELECT version FROM migrate.apply(project => 'found', schema => 'found_tenant', files => '{"V7__a.sql": "SELECT 1;", "U7__a.sql": "SELECT 1;"}');
SELECT version FROM migrate.rollback(project => 'found', schema => 'found_tenant');
CALL migrate.up(project => 'found', schema => 'found_tenant', files => '{"V7__a.sql": "SELECT 1;"}');
SELECT installed_rank, version, type FROM flyway_schema_history WHERE version = '7' ORDER BY 1;
DROP TABLE flyway_schema_history;
RESET migrate.keep_in_step;

-- callbacks after a failure are part of the run whose objects are recorded, and so is what a
-- schema has done that fails
SET migrate.record_objects = on;
SELECT '{"V1__a.sql": "SELECT 1 / 0;", "afterMigrateError.sql": "CREATE TABLE IF NOT EXISTS after_error ();"}' AS files \gset
CALL migrate.up(files => :'files', project => 'callbacks');
SELECT change, kind, name FROM migrate.drift();
CALL migrate.up_schemas(files => '{"001_a.up.sql": "CREATE TABLE begun ();\nCOMMIT;\nBEGIN;\nSELECT 1 / 0;"}', schemas => '{found_tenant}', project => 'begun');
SELECT change, kind, name FROM migrate.drift();
DROP TABLE after_error, found_tenant.begun;
CALL migrate.up_schemas(files => :'files', schemas => '{found_tenant}', project => 'callbacks', on_error => 'continue');
SELECT change, kind, name FROM migrate.drift();
RESET migrate.record_objects;

-- callbacks that always run do so in every schema
SELECT '{"V1__a.sql": "SELECT 1;", "afterMigrate.sql": "SELECT 1;"}' AS files \gset
CALL migrate.up_schemas(files => :'files', schemas => '{found_tenant}', project => 'always');
SET migrate.callbacks_always = on;
CALL migrate.up_schemas(files => :'files', schemas => '{found_tenant}', project => 'always');
SELECT kind, name, outcome FROM migrate.history WHERE project = 'always' ORDER BY id;
RESET migrate.callbacks_always;
DROP SCHEMA found_tenant CASCADE;
RESET client_min_messages;
