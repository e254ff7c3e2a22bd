--
-- What a team may ask of its migrations before they are deployed, with pgTAP, on a copy
-- of the database. Nothing is left of it. From the top of this tree:
--
--   pg_prove -d copy --set dir=/srv/app/migrations examples/tests/before_deployment.sql
--
\set ECHO none
\set QUIET true
\pset format unaligned
\pset tuples_only true
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\if :{?dir}
\else
	\set dir `pwd` /examples
\endif

BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SELECT plan(3);
SELECT set_config('migrate.directory', :'dir', true) AS dir \gset ignored_

-- a difference is a row, which is_empty() shows
SELECT is_empty($$SELECT * FROM migrate.check() WHERE severity = 'stop'$$, 'nobody has to wait for long');
SELECT is_empty($$SELECT * FROM migrate.verify() WHERE result <> 'reversible'$$, 'each migration can be undone');
SELECT isnt_empty($$SELECT * FROM migrate.status() WHERE state = 'pending'$$, 'and is still pending');

SELECT * FROM finish();
ROLLBACK;
