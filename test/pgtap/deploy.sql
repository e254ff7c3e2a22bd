--
-- A deployment, tested with pgTAP: all of it is rolled back at the end.  Run it with
-- pg_prove, with the top of this tree as the current directory; the migrations are
-- in examples/.
--
\set ECHO none
\set QUIET true
\pset format unaligned
\pset tuples_only true
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\set dir `pwd` /examples

BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SELECT plan(16);
SELECT set_config('migrate.directory', :'dir', true) AS dir \gset ignored_

-- before
SELECT has_function('migrate', 'apply', 'migrate is installed');
SELECT is(migrate.version(), NULL, 'nothing is applied yet');
SELECT isnt_empty($$SELECT * FROM migrate.status() WHERE state = 'pending'$$, 'there is something to do');
SELECT hasnt_table('books', 'no table yet');

-- up
SELECT lives_ok('SELECT * FROM migrate.apply()', 'the deploy works');
SELECT is_empty($$SELECT * FROM migrate.status() WHERE state <> 'applied'$$, 'nothing is left to do');
SELECT has_table('books', 'the table is there');
SELECT is_empty('SELECT * FROM migrate.apply()', 'a second deploy finds nothing');

-- every migration can be undone and applied again, one by one
SELECT is_empty('SELECT * FROM migrate.status() WHERE NOT reversible', 'all can be undone');
SELECT lives_ok('SELECT * FROM migrate.refresh()', 'down and up again');
SELECT results_eq('SELECT count(*)::int FROM migrate.rollback(steps => 1)', ARRAY[1], 'one step back');
SELECT results_eq('SELECT count(*)::int FROM migrate.status() WHERE state = ''pending''', ARRAY[1], 'it is pending now');
SELECT lives_ok('SELECT * FROM migrate.reset()', 'all the way back');
SELECT hasnt_table('books', 'no table any more');

-- errors are those of the statements
SELECT throws_ok('SELECT * FROM migrate.apply(target => ''nowhere'')', '42704', NULL, 'an unknown target');
SELECT throws_ok('SELECT * FROM migrate.apply(''somewhere'')', '22023', NULL, 'a relative path');

SELECT * FROM finish();
ROLLBACK;
