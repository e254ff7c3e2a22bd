--
-- Lines that look like a marker and are not one.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = error;

-- every spelling of "down" in a format whose sections are marked in the file
CREATE TABLE test.spellings (n serial, format text, up text, line text);
INSERT INTO test.spellings (format, up, line)
SELECT f.format, f.up, l.line
FROM (VALUES ('goose', '-- +goose Up'), ('dbmate', '-- migrate:up'), ('sql-migrate', '-- +migrate Up'),
			 ('rambler', '-- rambler up'), ('updown', '-- UP'), ('node-pg-migrate', '-- Up Migration'),
			 ('tern', '')) f (format, up),
	 (VALUES ('-- ==== DOWN ===='), (' -- migrate: down'), ('-- migrate: down'), ('-- + goose Down'), ('--+migrate Down'),
			 ('-- goose down:'), ('-- rollback'), ('-- Undo'), ('/* down */'), ('-- Revert.'), ('-- dbmate:down'),
			 ('-- migrate:down;'), ('-- gooose Down'), ('-- rambler: down'), ('--- migration down ---'), ('--down')) l (line);
SELECT count(test.write(format('spelt%s/%s.sql', n, CASE format WHEN 'node-pg-migrate' THEN '1700000000000_a' ELSE '001_a' END),
						concat_ws(E'\n', nullif(up, ''), 'CREATE TABLE spelt ();', line, 'DROP TABLE spelt;')))
FROM test.spellings WHERE NOT (format = 'sql-migrate' AND line = '-- +migrate Down');
CREATE FUNCTION test.outcome(n int, format text) RETURNS text LANGUAGE sql AS
	$$ SELECT t FROM test.try(format('SELECT migrate.apply(%L, project => %L, format => %L)', test.made('spelt' || n), 'spelt' || n, format)) t LIMIT 1 $$;
ALTER TABLE test.spellings ADD outcome text;
UPDATE test.spellings SET outcome = test.outcome(n, format);
SELECT format, outcome, count(*) FROM test.spellings GROUP BY 1, 2 ORDER BY 1, 2;
-- that one is a marker
SELECT format, line, outcome FROM test.spellings WHERE outcome !~ 'looks like' ORDER BY 1, 2;
SELECT count(*) FROM migrate.applied;
SELECT * FROM test.tables;
RESET client_min_messages;

-- what to do
SELECT test.try(format('SELECT migrate.apply(%L)', test.made('spelt1')));
SELECT version, state, detail FROM migrate.status(test.made('spelt1'));
SELECT version, note FROM migrate.plan(test.made('spelt1'));
SELECT test.write('allowed/1_a.sql', E'-- +goose Up\nCREATE TABLE a ();\n-- migrate: allow misspelt-marker the word is the name of a table\n-- down\nCREATE TABLE down ();'),
	   test.write('noreason/1_a.sql', E'-- +goose Up\nCREATE TABLE a ();\n-- migrate:allow misspelt-marker\n-- down\nCREATE TABLE down ();'),
	   test.write('prose/1_a.sql', E'-- +goose Up\nCREATE TABLE b ();\n-- rollback of orders that nobody has paid\n-- go down there\nCREATE TABLE c ();'),
	   test.write('nothing/1_a.sql', E'-- +goose Up\nCREATE TABLE d ();\n-- down\n-- nothing to do\n') \gset ignored_
SELECT version FROM migrate.apply(test.made('allowed'), project => 'allowed');
SELECT test.try(format('SELECT migrate.apply(%L, project => ''noreason'')', test.made('noreason')));
SELECT version FROM migrate.apply(test.made('prose'), project => 'prose');
SELECT version FROM migrate.apply(test.made('nothing'), project => 'nothing');

-- where the way down is another file, it is a warning
SELECT test.write('pair/1_a.up.sql', E'CREATE TABLE e ();\n-- down\nDROP TABLE e;'), test.write('pair/1_a.down.sql', 'SELECT 1;'),
	   test.write('flyway/V1__a.sql', E'CREATE TABLE e ();\n-- undo\nDROP TABLE e;') \gset ignored_
SELECT version FROM migrate.apply(test.made('pair'), project => 'pair');
SELECT version FROM migrate.apply(test.made('flyway'), project => 'flyway');
-- the same for an applied migration, which does not stop the run
SELECT version FROM migrate.apply(test.made('pair'), project => 'pair');
SELECT test.write('applied/1_a.sql', E'-- +goose Up\nCREATE TABLE f ();\n') \gset ignored_
SELECT version FROM migrate.apply(test.made('applied'), project => 'applied');
SELECT test.write('applied/1_a.sql', E'-- +goose Up\nCREATE TABLE f ();\n-- down\n'), test.write('applied/2_b.sql', E'-- +goose Up\nCREATE TABLE g ();') \gset ignored_
SELECT version FROM migrate.apply(test.made('applied'), project => 'applied');

-- "no transaction"
SELECT test.write('alone/1_a.sql', E'-- +goose Up\n-- goose no transaction\nSELECT 1;'),
	   test.write('alone2/1_a.sql', E'-- migrate:up transaction: false\nSELECT 1;\n-- migrate:down'),
	   test.write('alone3/1_a.sql', E'-- +migrate Up no-transaction\nSELECT 1;'),
	   test.write('alone4/1_a.sql', E'SELECT 1;\n-- no-transaction\nSELECT 2;'),
	   test.write('alone5/1_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\n-- no transaction\nSELECT 1;') \gset ignored_
SELECT made, t FROM unnest('{alone,alone2,alone3,alone4,alone5}'::text[]) made,
	test.try(format('SELECT migrate.apply(%L, project => %L)', test.made(made), made)) t;

-- statements that would be left out, and dbmate's down section
SELECT test.write('left1/1_a.sql', E'CREATE TABLE left_out ();\n-- +migrate Up\nSELECT 1;'),
	   test.write('left2/1_a.sql', E'CREATE TABLE left_out ();\n-- rambler up\nSELECT 1;'),
	   test.write('left3/1700000000000_a.sql', E'CREATE TABLE left_out ();\n-- Up Migration\nSELECT 1;'),
	   test.write('left4/a.sql', E'--liquibase formatted sql\nCREATE TABLE left_out ();\n--changeset a:1\nSELECT 1;'),
	   test.write('left5/1_a.sql', E'-- migrate:up\nSELECT 1;') \gset ignored_
SELECT made, t FROM unnest('{left1,left2,left3,left4,left5}'::text[]) made,
	test.try(format('SELECT migrate.apply(%L, project => %L)', test.made(made), made)) t;
SELECT to_regclass('left_out');
-- the line is that of the statement
SELECT test.write('left6/1_a.sql', E'-- a\n\nprose\n\n  CREATE TABLE left_out ();\n\n-- +migrate Up\nSELECT 1;'),
	   test.write('left7/a.sql', E'--liquibase formatted sql\n\n-- a\nCREATE TABLE left_out ();\n--changeset a:1\nSELECT 1;') \gset ignored_
SELECT made, t FROM unnest('{left6,left7}'::text[]) made,
	test.try(format('SELECT migrate.apply(%L, project => %L)', test.made(made), made)) t;

--
-- Files that might be migrations: they are read, or an error names them.
--
SELECT count(test.write(path, content)) FROM (VALUES
	('suffixes/000001_a.up.sql', 'SELECT 1;'), ('suffixes/000002_b.up.pgsql', 'SELECT 1;'), ('suffixes/000002_b.down.pgsql', 'SELECT 1;'),
	('suffixes/000003_c.up.SQL', 'SELECT 1;'), ('suffixes/README.md', ''), ('suffixes/gen.go', ''),
	('goose_upper/00001_a.sql', E'-- +goose Up\nSELECT 1;'), ('goose_upper/00002_b.SQL', E'-- +goose Up\nSELECT 1;'),
	('ts/20240101000000_a/migration.sql', 'SELECT 1;'), ('ts/20240102000000_b/migration.ts', ''),
	('go/1_a.up.sql', 'SELECT 1;'), ('go/2_b.up.go', ''),
	('rs/V1__a.sql', 'SELECT 1;'), ('rs/V2__b.rs', ''),
	('py/001_a.sql', 'SELECT 1;'), ('py/002_b.py', ''), ('helper/001_a.sql', 'SELECT 1;'), ('helper/001_a.sh', ''), ('helper/run.sh', ''),
	('bare/V1.sql', 'SELECT 1;'), ('bare/V6.4.0.1.sql', 'SELECT 2;'), ('bare/V6.4.0.2__b.sql', 'SELECT 3;'),
	('headless/a.sql', E'--liquibase formatted sql\n--changeset a:1\nSELECT 1;'), ('headless/b.sql', 'SELECT 2;'),
	('rollback1/0118_a.sql', 'SELECT 1;'), ('rollback1/0119_b.sql', 'SELECT 1;'), ('rollback1/0119_b.rollback.sql', 'SELECT 1;'),
	('rollback2/0119_b.sql', 'SELECT 1;'), ('rollback2/0119_b_down.sql', 'SELECT 1;'),
	('rollback3/0119_b_up.sql', 'SELECT 1;'), ('rollback3/0119_b_down.sql', 'SELECT 1;'),
	('rollback4/000001_down.sql', 'SELECT 1;'), ('undo/0001_a.sql', 'SELECT 1;'), ('undo/0002_add_undo.sql', 'SELECT 1;')) f (path, content);
SELECT made, l FROM unnest('{suffixes,goose_upper,ts,go,rs,py,helper,bare,headless,rollback1,rollback2,rollback3,rollback4,undo}'::text[]) made, test.look(made) l;

-- a statement separator does not split literals
SELECT test.write('breakpoint/meta/_journal.json', '{"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true}]}'),
	   test.write('breakpoint/0000_a.sql', E'CREATE TABLE bp (i int);--> statement-breakpoint\nCREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT ''\n--> statement-breakpoint\n'' $$;') \gset ignored_
SELECT test.try(format('SELECT migrate.apply(%L, project => ''breakpoint'')', test.made('breakpoint')));
-- a literal or comment not closed before a separator is an error of that migration only
SELECT test.write('broken/meta/_journal.json', '{"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true},{"idx":1,"version":"7","when":2,"tag":"0001_b","breakpoints":true},{"idx":2,"version":"7","when":3,"tag":"0002_c","breakpoints":true}]}'),
	   test.write('broken/0000_a.sql', E'CREATE TABLE br (i int);--> statement-breakpoint\nSELECT 1;'),
	   test.write('broken/0001_b.sql', E'SELECT 1;\nSELECT ''open;\n--> statement-breakpoint\nSELECT 2;'),
	   test.write('broken/0002_c.sql', E'SELECT 1; /* open\n--> statement-breakpoint\nSELECT 2;') \gset ignored_
SELECT version, state, detail FROM migrate.status(test.made('broken'), project => 'broken');
SELECT test.try(format('SELECT migrate.plan(%L, project => ''broken'')', test.made('broken')));
SELECT test.try(format('SELECT migrate.apply(%L, project => ''broken'')', test.made('broken')));
SELECT to_regclass('bp');

-- plan() shows the error of a migration that runs again, as apply() raises it
SELECT test.write('rerun/a.sql', E'--liquibase formatted sql\n--changeset a:1 runOnChange:true\nSELECT 1;') \gset ignored_
SELECT version FROM migrate.apply(test.made('rerun'), project => 'rerun');
SELECT test.write('rerun/a.sql', E'--liquibase formatted sql\nSELECT 0;\n--changeset a:1 runOnChange:true\nSELECT 2;') \gset ignored_
SELECT version, note FROM migrate.plan(test.made('rerun'), project => 'rerun');
SELECT test.try($$SELECT migrate.apply(test.made('rerun'), project => 'rerun')$$);
