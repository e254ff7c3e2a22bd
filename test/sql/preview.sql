--
-- plan(): what would run, statement by statement.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = warning;

-- transactions are counted over all rows; a NO TRANSACTION migration has one for each statement
SELECT * FROM migrate.plan(test.dir('goose_long'), target => '3');
SELECT version, transaction, statement, line, command, note FROM migrate.plan(test.dir('goose_long'))
WHERE note IS NOT NULL;
SELECT * FROM migrate.plan(test.dir('sqlx_simple'), format => 'sqlx');
-- nothing has happened
SELECT * FROM test.tables;
SELECT count(*) FROM migrate.history();

-- what apply() does in a single transaction, and what it cannot do
CREATE TABLE old (a int);
CREATE TABLE parts (a int) PARTITION BY RANGE (a);
CREATE TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (2);
CREATE INDEX old_idx ON old (a);
CREATE INDEX parts_idx ON parts (a);
SELECT test.write('block/1_new.sql', test.goose(E'CREATE TABLE new (a int);\nCREATE INDEX CONCURRENTLY new_idx ON new (a);\nVACUUM new;\nVACUUM (ANALYZE) new;\nREINDEX INDEX CONCURRENTLY new_idx;', 'DROP TABLE new;'));
SELECT test.write('block/2_old.sql', test.goose(E'CREATE INDEX CONCURRENTLY ON old (a);\nALTER TABLE old ADD b int;\nVACUUM old;', '--'));
SELECT test.write('block/3_unknown.sql', test.goose(E'SELECT 1;\nDROP INDEX CONCURRENTLY old_idx;\nREINDEX INDEX parts_idx;\nALTER TABLE parts DETACH PARTITION part CONCURRENTLY;\nALTER SYSTEM RESET work_mem;\nREINDEX SCHEMA CONCURRENTLY app;', 'SELECT 2;'));
SELECT test.write('block/4_copy.sql', test.goose(E'INSERT INTO new VALUES (1);\nCOMMIT;\nVACUUM;\nBEGIN;\nCOPY new FROM stdin;\n2\n\\.\n\\echo done\nINSERT INTO new VALUES (3);', 'SELECT 2;'));
SELECT version AS v, transaction AS t, statement AS s, file, line, command, note FROM migrate.plan(test.made('block'));
-- it keeps no locks on the relations that it checked
BEGIN;
SELECT count(*) FROM migrate.plan(test.made('block'));
SELECT relation::regclass, mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation IN ('old'::regclass, 'old_idx'::regclass, 'parts'::regclass);
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
ROLLBACK;
DROP TABLE old, parts;

-- an error hides only its own migration; an empty migration has a row
SELECT test.write('errors/1_a.sql', test.goose('CREATE TABLE a ();', 'DROP TABLE a;'));
SELECT test.write('errors/2_syntax.sql', test.goose(E'CREATE TABLE b ();\nCREATE TABEL c ();', 'DROP TABLE b;'));
SELECT test.write('errors/3_commit.sql', test.goose(E'SELECT 1;\nCOMMIT;', 'DROP TABLEE b;'));
SELECT test.write('errors/4_savepoint.sql', test.goose(E'SAVEPOINT a;', 'SELECT 1;'));
SELECT test.write('errors/5_empty.sql', test.goose('-- nothing', 'SELECT 1;'));
SELECT test.write('errors/6_variable.sql', test.goose($$SELECT :'x';$$, $$SELECT :'x';$$));
SELECT test.write('errors/7_quote.sql', test.goose($$SELECT 'x;$$));
SELECT test.write('errors/8_end.sql', test.goose('SELECT 1;'));
SELECT version AS v, transaction AS t, statement AS s, line, command, note FROM migrate.plan(test.made('errors'));
SELECT version AS v, transaction AS t, statement AS s, line, command, note
FROM migrate.plan(test.made('errors'), versions => '{6,8}', vars => '{"x": 1}');

-- line numbers are those of included files
SELECT test.write('include/1_a.sql', E'-- one\n\\i parts/x.sql\nSELECT 4;\n');
SELECT test.write('include/parts/x.sql', E'\nSELECT 2;\n\n\nSELECT 5;\n');
SELECT statement, file, line, command FROM migrate.plan(test.made('include'), format => 'plain');

-- order, changes and repeatable migrations
SELECT count(*) FROM migrate.apply(test.dir('flyway'), target => '1.1', vars => '{"region": "north"}', project => 'fly');
SELECT version, name, statement, command, note FROM migrate.plan(test.dir('flyway'), vars => '{"region": "north"}', project => 'fly', target => '1.9');
SELECT test.write('fly/V1__a.sql', 'CREATE TABLE fly ();');
SELECT test.write('fly/V3__c.sql', 'ALTER TABLE fly ADD c int;');
SELECT test.write('fly/R__v.sql', 'CREATE OR REPLACE VIEW v AS SELECT 1 AS one;');
SELECT version, name, note FROM migrate.plan(test.made('fly'), project => 'f');
SELECT count(*) FROM migrate.apply(test.made('fly'), project => 'f');
SELECT * FROM migrate.plan(test.made('fly'), project => 'f');
SELECT test.write('fly/V1__a.sql', 'CREATE TABLE fly (a int);');
SELECT test.write('fly/V2__b.sql', 'ALTER TABLE fly ADD b int;');
SELECT test.write('fly/R__v.sql', 'CREATE OR REPLACE VIEW v AS SELECT 1 AS one, 2 AS two;');
SELECT version, name, transaction AS t, statement AS s, line, note FROM migrate.plan(test.made('fly'), project => 'f');
SET migrate.on_modified = warn;
SET migrate.out_of_order = apply;
SELECT version, name, note FROM migrate.plan(test.made('fly'), project => 'f');
SET migrate.on_modified = ignore;
SELECT version, name, note FROM migrate.plan(test.made('fly'), project => 'f', steps => 1);
RESET migrate.on_modified;
RESET migrate.out_of_order;

-- an interrupted migration continues where it stopped
CREATE TABLE rows (a int);
INSERT INTO rows VALUES (1), (1);
SELECT test.write('stop/1_a.sql', test.goose(E'CREATE TABLE stop (a int);\nCREATE UNIQUE INDEX CONCURRENTLY rows_key ON rows (a);\nSELECT 1;', 'DROP TABLE stop;'));
SELECT test.write('stop/2_b.sql', test.goose('SELECT 2;', 'SELECT 1;'));
\set VERBOSITY terse
CALL migrate.up(test.made('stop'), project => 's');
\set VERBOSITY default
SELECT version, transaction AS t, statement AS s, line, command, note FROM migrate.plan(test.made('stop'), project => 's');
SELECT version, transaction AS t, statement AS s, line, command, note FROM migrate.plan(test.made('stop'), project => 's', versions => '{2}');
SELECT test.write('stop/1_a.sql', test.goose(E'CREATE TABLE other (a int);\nSELECT 1;', 'DROP TABLE stop;'));
SELECT version, statement AS s, line, command, note FROM migrate.plan(test.made('stop'), project => 's');
SELECT test.remove('stop/1_a.sql');
SELECT version, statement AS s, line, command, note FROM migrate.plan(test.made('stop'), project => 's');

-- where there is nothing to show, an error
SELECT test.try('SELECT * FROM migrate.plan()');
SELECT test.try($$SELECT * FROM migrate.plan(test.made('none'))$$);
SELECT test.try($$SELECT * FROM migrate.plan(test.dir('plain'), target => '9')$$);
SELECT test.try($$SELECT * FROM migrate.plan(test.dir('plain'), steps => 0)$$);
SELECT test.try($$SELECT * FROM migrate.plan(test.dir('plain'), target => '1', steps => 1)$$);
SELECT test.try($$SELECT * FROM migrate.plan(test.dir('plain'), schema => 'none')$$);
SELECT test.try($$SELECT * FROM migrate.plan(test.dir('bad/duplicate_version'))$$);

-- in a read-only transaction, and in a function
BEGIN READ ONLY;
SELECT count(*) FROM migrate.plan(test.dir('plain'));
COMMIT;
DO $$ BEGIN PERFORM FROM migrate.plan(test.made('errors')); ASSERT FOUND; END $$;

-- relations are searched in the schema of the run
CREATE SCHEMA tenant;
CREATE TABLE tenant.theirs (a int);
SELECT test.write('tenant/1_a.sql', 'CREATE INDEX CONCURRENTLY ON theirs (a);');
SELECT note FROM migrate.plan(test.made('tenant'));
SELECT note FROM migrate.plan(test.made('tenant'), schema => 'tenant');
SHOW search_path;
DROP SCHEMA tenant CASCADE;
