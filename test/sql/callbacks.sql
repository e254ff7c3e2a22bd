--
-- Flyway's callbacks and baseline files.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
\set fly 'test.made(\'fly\')'
CREATE TABLE test.log (id serial, entry text);
GRANT ALL ON ALL TABLES IN SCHEMA test TO PUBLIC;
CREATE VIEW test.logged AS SELECT string_agg(entry, ' ' ORDER BY id) AS entries FROM test.log;
CREATE VIEW test.states AS SELECT version, name, state, detail FROM migrate.status(test.made('fly'));
CREATE VIEW test.attempts AS SELECT kind, version, name, direction, outcome, batch, statements, error
	FROM migrate.history ORDER BY id;
CREATE FUNCTION test.callback(file text, entry text) RETURNS void LANGUAGE sql AS $$
	SELECT test.write('fly/' || file, format('INSERT INTO test.log (entry) VALUES (%L);', entry)) $$;

--
-- all events, in their order; several of one, by name, without a name first
--
SELECT test.write('fly/V1__a.sql', 'CREATE TABLE a ();');
SELECT test.write('fly/V2__b.sql', 'CREATE TABLE b ();');
SELECT test.write('fly/R__view.sql', 'CREATE OR REPLACE VIEW v AS SELECT 1 AS one;');
SELECT test.callback(file, regexp_replace(file, '.*/|[.]sql', '', 'g')) FROM unnest(array[
	'beforeValidate.sql', 'afterValidate.sql', 'beforeMigrate__b.sql', 'sub/beforeMigrate__a_z.SQL', 'beforeMigrate.sql',
	'beforeEachMigrate.sql', 'afterEachMigrate__x.sql', 'beforeRepeatables.sql', 'afterVersioned.sql', 'afterMigrateApplied.sql',
	'afterMigrate.sql', 'afterMigrateError.sql', 'afterEachMigrateError.sql', 'afterValidateError.sql', 'beforeMigrate_no.sql']) file;
SELECT version, name, transaction, statement, file, command, note FROM migrate.plan(:fly);
SELECT version, name, batch, statements FROM migrate.apply(:fly);
SELECT * FROM test.logged;
SELECT * FROM test.attempts;
SELECT count(*) FILTER (WHERE version IS NULL), count(*) FROM migrate.history();

-- nothing is pending: none runs, unless asked for
TRUNCATE test.log;
SELECT * FROM migrate.apply(:fly);
CALL migrate.up(:fly);
SELECT * FROM test.logged;
SELECT migrate.is_current(:fly);
SET migrate.callbacks_always = on;
SELECT migrate.is_current(:fly);
SELECT * FROM migrate.apply(:fly);
SELECT * FROM test.logged;
SELECT name, batch FROM test.attempts WHERE batch IS NULL;
TRUNCATE test.log;
CALL migrate.up(:fly);
SELECT * FROM test.logged;
RESET migrate.callbacks_always;

-- with commits; a repeatable one only
TRUNCATE test.log;
SELECT test.write('fly/R__view.sql', 'CREATE OR REPLACE VIEW v AS SELECT 2 AS one;');
CALL migrate.up(:fly);
SELECT * FROM test.logged;
-- redo
TRUNCATE test.log;
SELECT test.write('fly/V3__c.sql', 'CREATE TABLE c ();');
SELECT test.write('fly/U3__c.sql', 'DROP TABLE c;');
SELECT test.callback(file, regexp_replace(file, '.*/|[.]sql', '', 'g')) FROM unnest(array[
	'beforeUndo.sql', 'beforeEachUndo.sql', 'afterEachUndo.sql', 'afterUndo.sql', 'afterUndoError.sql']) file;
CALL migrate.up(:fly);
TRUNCATE test.log;
SELECT version, name FROM migrate.redo(:fly);
SELECT * FROM test.logged;
-- undone from the store, without files there are no callbacks; with them there are
TRUNCATE test.log;
CALL migrate.down(steps => 1);
SELECT * FROM test.logged;
CALL migrate.up(:fly);
TRUNCATE test.log;
CALL migrate.down(dir => :fly, steps => 1);
SELECT * FROM test.logged;
SELECT kind, name, direction, batch FROM test.attempts WHERE direction = 'down' ORDER BY 1, 2, 4;

--
-- failures
--
CALL migrate.up(:fly);
TRUNCATE test.log;
SELECT test.write('fly/V4__d.sql', 'CREATE TABLE d (); SELECT 1/0;');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
SELECT * FROM test.logged;
\set VERBOSITY terse
CALL migrate.up(:fly);
SELECT * FROM test.logged;
SELECT kind, name, outcome FROM test.attempts OFFSET (SELECT count(*) - 6 FROM test.attempts);
-- of a callback in the transaction of a migration
TRUNCATE test.log;
SELECT test.write('fly/V4__d.sql', 'CREATE TABLE d ();');
SELECT test.write('fly/afterEachMigrate__x.sql', 'SELECT 1/0;');
\set VERBOSITY default
CALL migrate.up(:fly);
SELECT * FROM test.logged;
SELECT to_regclass('d');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
-- of one before all: no other runs
TRUNCATE test.log;
SELECT test.write('fly/beforeMigrate.sql', 'SELECT 2/0;');
CALL migrate.up(:fly);
SELECT * FROM test.logged;
SELECT kind, name, outcome, error FROM test.attempts OFFSET (SELECT count(*) - 3 FROM test.attempts);
SELECT test.shell('rm fly/beforeMigrate.sql fly/afterEachMigrate__x.sql');
-- of one after an error: the first error counts
TRUNCATE test.log;
SELECT test.write('fly/V4__d.sql', 'SELECT 3/0;');
SELECT test.write('fly/afterMigrateError.sql', 'SELECT 4/0;');
CALL migrate.up(:fly);
SELECT * FROM test.logged;
-- of one after all: the migrations stay
SELECT test.write('fly/V4__d.sql', 'CREATE TABLE d ();');
SELECT test.write('fly/afterMigrate.sql', 'SELECT 5/0;');
TRUNCATE test.log;
CALL migrate.up(:fly);
SELECT * FROM test.logged;
SELECT version, state FROM test.states;
SELECT test.shell('rm fly/*igrate*.sql fly/*Val* fly/*Vers* fly/*Rep* fly/*Undo* fly/sub/*');
-- errors are found before anything runs
SELECT test.write('fly/V5__e.sql', 'CREATE TABLE e ();');
SELECT test.write('fly/afterMigrate.sql', E'SELECT 1;\nSELEC 2;');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
CALL migrate.up(:fly);
SELECT version, name, file, line, note FROM migrate.plan(:fly);
SELECT test.write('fly/afterMigrate.sql', 'SELECT ${x};');
CALL migrate.up(:fly);

--
-- transactions
--
-- what a callback sets is set for the migration, and no longer
SELECT test.shell('rm fly/afterMigrate.sql');
SELECT test.write('fly/beforeEachMigrate.sql', 'SET work_mem = ''4321kB''; SET LOCAL my.own = ''${x}'';');
SELECT test.write('fly/V5__e.sql', 'INSERT INTO test.log (entry) SELECT concat_ws('','', current_setting(''work_mem''), current_setting(''my.own''));');
SELECT test.write('fly/afterEachMigrate.sql', 'INSERT INTO test.log (entry) SELECT concat_ws('','', ''after'', current_setting(''work_mem''));');
TRUNCATE test.log;
SELECT name FROM migrate.apply(:fly, vars => '{"x": "local"}');
SELECT * FROM test.logged;
SHOW work_mem;
SELECT test.write('fly/V6__f.sql', 'INSERT INTO test.log (entry) SELECT concat_ws('','', current_setting(''work_mem''), current_setting(''my.own''));');
CALL migrate.up(:fly, vars => '{"x": "local"}');
SELECT test.write('fly/V7__g.sql', 'INSERT INTO test.log (entry) SELECT current_setting(''work_mem''); COMMIT; INSERT INTO test.log (entry) SELECT current_setting(''work_mem'') || '' again'';');
CALL migrate.up(:fly, vars => '{"x": "local"}');
SELECT * FROM test.logged;
SHOW work_mem;
-- one that would end the transaction, or cannot run in one
SELECT test.write('fly/V8__h.sql', 'CREATE TABLE h ();');
SELECT test.write('fly/afterEachMigrate.sql', 'SELECT 1; COMMIT; SELECT 2;');
CALL migrate.up(:fly, vars => '{"x": "local"}');
SELECT test.write('fly/afterEachMigrate.sql', 'VACUUM;');
CALL migrate.up(:fly, vars => '{"x": "local"}');
SELECT version, name, statement, note FROM migrate.plan(:fly, vars => '{"x": "local"}');
-- elsewhere it can, with commits
SELECT test.shell('mv fly/afterEachMigrate.sql fly/afterMigrate.sql');
SELECT test.try($$SELECT migrate.apply(test.made('fly'), vars => '{"x": "local"}')$$);
CALL migrate.up(:fly, vars => '{"x": "local"}');
SELECT kind, name, outcome, statements FROM test.attempts OFFSET (SELECT count(*) - 3 FROM test.attempts);
-- an interrupted migration goes on: the callbacks before it run again, those after it at its end
SELECT test.write('fly/beforeEachMigrate.sql', 'SET work_mem = ''4321kB''; INSERT INTO test.log (entry) VALUES (''before'');');
SELECT test.write('fly/afterEachMigrate.sql', 'INSERT INTO test.log (entry) VALUES (''after'');');
SELECT test.write('fly/V9__i.sql', E'CREATE TABLE i (i int);\nCOMMIT;\nCREATE INDEX CONCURRENTLY i_i ON i (i);\nSELECT 1/count(*) FROM i;\nINSERT INTO test.log (entry) SELECT current_setting(''work_mem'');');
TRUNCATE test.log;
CALL migrate.up(:fly);
SELECT version, state, detail ~ 'after 2 statements' AS done FROM test.states WHERE version = '9';
INSERT INTO i VALUES (1);
SELECT test.write('fly/afterEachMigrate.sql', 'INSERT INTO test.log (entry) VALUES (''after''); SELECT 1/0;');
CALL migrate.up(:fly);
SELECT * FROM test.logged;
SELECT version, state, detail ~ 'after 4 statements' AS done FROM test.states WHERE version = '9';
SELECT test.write('fly/afterEachMigrate.sql', 'INSERT INTO test.log (entry) VALUES (''after'');');
CALL migrate.up(:fly);
SELECT * FROM test.logged;
SELECT version, state FROM test.states WHERE version = '9';

--
-- names and settings files
--
SELECT test.write('fly/V10__j.sql', 'CREATE TABLE j ();');
SELECT test.write('fly/sub/beforeEachMigrate.sql', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
SELECT test.shell('rm fly/sub/beforeEachMigrate.sql fly/*Each* fly/afterMigrate.sql');
SELECT test.write('fly/beforeMigrate.sql', 'SELECT ''${none}'';');
SELECT test.write('fly/beforeMigrate.sql.conf', 'placeholderReplacement=false');
SELECT version, name FROM migrate.apply(:fly);
SELECT test.write('fly/V11__k.sql', 'CREATE TABLE k ();');
SELECT test.write('fly/afterEachMigrateStatement.sql', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
SELECT test.shell('rm fly/afterEachMigrateStatement.sql');
-- as a role that only has EXECUTE, from the client's files
CREATE ROLE migrate_test_caller;
GRANT USAGE ON SCHEMA migrate TO migrate_test_caller;
GRANT CREATE ON SCHEMA public TO migrate_test_caller;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO migrate_test_caller;
GRANT USAGE ON SCHEMA test TO migrate_test_caller;
SET ROLE migrate_test_caller;
SELECT version, name FROM migrate.apply(project => 'client', schema => 'public',
	files => '{"V1__x.sql": "CREATE TABLE x ()", "afterEachMigrate.sql": "INSERT INTO x DEFAULT VALUES; SET ROLE none"}');
SELECT count(*) FROM public.x;
CALL migrate.up(project => 'client', schema => 'public',
	files => '{"V1__x.sql": "CREATE TABLE x ()", "V2__y.sql": "CREATE TABLE y ()", "afterMigrate.sql": "INSERT INTO x DEFAULT VALUES"}');
SELECT count(*) FROM public.x;
SELECT version, name, direction, batch, role FROM migrate.history('client', 'public') ORDER BY id;
RESET ROLE;
DROP OWNED BY migrate_test_caller;
DROP ROLE migrate_test_caller;

--
-- baseline files: in an empty history the last one runs instead of all before it
--
\set based 'test.made(\'based\')'
CREATE VIEW test.based AS SELECT version, name, state, detail, file FROM migrate.status(test.made('based'), 'based');
SELECT test.write('based/V1__a.sql', 'CREATE TABLE ba ();');
SELECT test.write('based/V2__b.sql', 'CREATE TABLE bb ();');
SELECT test.write('based/V3__c.sql', 'CREATE TABLE bc ();');
SELECT test.write('based/B1__a.sql', 'CREATE TABLE ba ();');
SELECT test.write('based/B2__ab.sql', 'CREATE TABLE ba (); CREATE TABLE bb ();');
SELECT test.write('based/R__view.sql', 'CREATE OR REPLACE VIEW bv AS SELECT 1 AS one;');
SELECT * FROM test.based;
SELECT version, name, statement, note FROM migrate.plan(:based, project => 'based');
BEGIN;
SELECT version, name FROM migrate.baseline(:based, '2', project => 'based');
SELECT * FROM test.based;
ROLLBACK;
BEGIN;
SELECT version, name FROM migrate.apply(:based, target => '2', project => 'based');
SELECT version, name FROM migrate.apply(:based, project => 'based', versions => '{V1__a.sql}');
ROLLBACK;
SELECT version, name FROM migrate.apply(:based, project => 'based');
SELECT * FROM test.based;
SELECT migrate.version('based'), migrate.at_least('2', 'based'), migrate.is_current(:based, 'based');
-- a later one, and a late migration below it
SELECT test.write('based/B3__abc.sql', 'SELECT 1/0;');
SELECT test.write('based/V1.5__late.sql', 'SELECT 1/0;');
SELECT version, name FROM migrate.apply(:based, project => 'based');
SELECT * FROM test.based;
SELECT test.write('based/V2.5__late.sql', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('based'), project => 'based')$$);
-- a history without one: the files do not matter
SELECT test.shell('rm based/B* based/V2.5*');
SELECT test.write('based/V1.5__late.sql', 'SELECT 1;');
-- a target that a baseline file of its own version replaces
SELECT test.write('based/B1__a.sql', 'CREATE TABLE of_base ();');
BEGIN;
SELECT version, name FROM migrate.apply(:based, target => 'V1__a.sql', project => 'other', schema => 'public');
SELECT 'public.of_base'::regclass;
SELECT version, file, state FROM migrate.status(:based, project => 'other', schema => 'public');
ROLLBACK;
BEGIN;
SELECT version, name FROM migrate.baseline(:based, 'V1__a.sql', project => 'other', schema => 'public');
SELECT version, file, state FROM migrate.status(:based, project => 'other', schema => 'public');
ROLLBACK;
SELECT test.shell('rm based/B*');
SELECT version, name FROM migrate.apply(:based, target => 'V1__a.sql', project => 'other', schema => 'public');
SELECT test.write('based/B2__ab.sql', 'SELECT 1/0;');
SELECT version, name, state FROM migrate.status(:based, project => 'other', schema => 'public');
-- only one, and later versions
SELECT test.write('only/B1_20_0__all.sql', 'CREATE TABLE only_a ();');
SELECT test.write('only/V1.20.1__b.sql', 'CREATE TABLE only_b ();');
SELECT version, name FROM migrate.apply(test.made('only'), project => 'only');
SELECT version, name, state FROM migrate.status(test.made('only'), 'only');
SELECT version, name, state FROM migrate.status(project => 'only');
-- callbacks are checked like migrations
SELECT test.shell('rm fly/*.conf');
SELECT test.write('fly/beforeMigrate.sql', 'DROP TABLE i;');
SET migrate.large_table = 0;
SET lock_timeout = '5s';
ANALYZE i;
SELECT version, name, rule, severity FROM migrate.check(:fly);
SET migrate.on_findings = warn;
SELECT test.write('fly/beforeMigrate.sql', E'-- migrate: allow drop-table is not used any more\nDROP TABLE i;');
SELECT version, name FROM migrate.apply(:fly);
SELECT kind, name, allowed FROM migrate.history WHERE allowed IS NOT NULL;

--
-- rehearse() and verify() run them, too
--
TRUNCATE test.log;
SELECT test.shell('rm -rf fly');
DELETE FROM migrate.applied;
SELECT test.write('fly/V1__a.sql', 'CREATE TABLE ra (i int);');
SELECT test.write('fly/U1__a.sql', 'DROP TABLE ra;');
SELECT test.write('fly/V2__b.sql', 'CREATE TABLE rb (i int); INSERT INTO before_all VALUES (2);');
SELECT test.write('fly/U2__b.sql', 'DROP TABLE rb;');
SELECT test.write('fly/beforeMigrate.sql', 'CREATE TABLE before_all (i int);');
SELECT test.write('fly/beforeEachMigrate.sql', 'SET LOCAL my.each = ''each''; INSERT INTO before_all VALUES (0);');
SELECT test.write('fly/afterEachMigrate.sql', 'CREATE TABLE IF NOT EXISTS after_each (entry text); INSERT INTO after_each VALUES (current_setting(''my.each''));');
SELECT test.write('fly/afterMigrate.sql', 'ALTER TABLE before_all ADD j int; VACUUM;');
SELECT test.write('fly/beforeEachUndo.sql', 'INSERT INTO before_all VALUES (3);');
SELECT version, name, transaction, statement, command, outcome, rows, error FROM migrate.rehearse(:fly);
SELECT * FROM migrate.verify(:fly);
SELECT to_regclass('before_all'), count(*) FROM test.log;
-- however many run
SELECT result, count(*) FROM migrate.verify(files => (SELECT jsonb_object_agg(file, content) FROM (
	SELECT format('%s%s__m.sql', kind, n), format('%s TABLE many_%s;', CASE kind WHEN 'V' THEN 'CREATE' ELSE 'DROP' END,
		n || CASE kind WHEN 'V' THEN ' ()' ELSE '' END) FROM unnest(array['V', 'U']) kind, generate_series(1, 25) n
	UNION ALL SELECT format('beforeEachMigrate__%s.sql', n), 'SELECT 1;' FROM generate_series(1, 15) n) f (file, content))) GROUP BY result;
-- one that fails
SELECT test.write('fly/afterMigrate.sql', 'DROP TABLE before_all;');
SELECT test.write('fly/afterEachMigrate.sql', 'SELECT 1/count(*) FROM before_all WHERE i = 2;');
SELECT version, name, transaction, statement, outcome, error FROM migrate.rehearse(:fly);
SELECT * FROM migrate.verify(:fly);
SELECT test.write('fly/beforeMigrate.sql', 'SELECT 1/0;');
SELECT version, name, transaction, statement, outcome, error FROM migrate.rehearse(:fly);
SELECT * FROM migrate.verify(:fly);
SELECT test.write('fly/beforeMigrate.sql', 'CREATE TABLE before_all (i int);');
SELECT test.write('fly/afterEachMigrate.sql', 'VACUUM;');
SELECT test.try($$SELECT migrate.rehearse(test.made('fly'))$$);
-- nothing is pending
SELECT test.shell('rm fly/afterEach* fly/beforeEachU*');
CALL migrate.up(:fly);
SELECT name FROM migrate.rehearse(:fly);
SET migrate.callbacks_always = on;
SELECT version, name, outcome, error FROM migrate.rehearse(:fly);
SELECT * FROM migrate.verify(:fly);
RESET migrate.callbacks_always;
