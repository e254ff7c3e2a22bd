--
-- The other formats, and how the format of a directory is detected.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- updown, in batches: 001 is the first, 002 and 003 the second
SELECT version, name, batch, statements FROM migrate.apply(test.dir('updown'), steps => 1);
-- a file that fails leaves nothing: here 003, at its second statement
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('updown_broken'))$$);
SELECT version, state FROM migrate.status(test.dir('updown_broken'));
-- corrected
SELECT version, name, batch, statements FROM migrate.apply(test.dir('updown'));
SELECT version, name, state, batch, description, author, detail FROM migrate.status(test.dir('updown'));
-- header fields are kept
SELECT version, name, description, author, detail FROM migrate.status();
-- one rollback undoes exactly the second batch
SELECT version, name, batch FROM migrate.rollback();
SELECT version, state FROM migrate.status(test.dir('updown'));
SELECT version, name FROM migrate.reset();
SELECT * FROM test.tables;

-- plain, with undo scripts
SELECT version, name, batch, statements FROM migrate.apply(test.dir('plain'));
SELECT version, name, state, reversible, description, author, file, detail FROM migrate.status(test.dir('plain'));
SELECT version, name, statements FROM migrate.rollback();
SELECT * FROM test.tables;

-- pairs, one without a down file, and a stray file
SELECT version, name, batch, statements FROM migrate.apply(test.dir('pairs'));
SELECT version, name, state, reversible, file FROM migrate.status(test.dir('pairs'));
SELECT version, name FROM migrate.rollback(force => true);

-- a format that is given
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('pairs'), format => 'rails')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('plain'), format => 'goose')$$);
SELECT version, file FROM migrate.status(test.dir('updown'), format => 'plain');

-- two formats in one directory: the first that is detected is used for all
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('bad/mixed'))$$);

SELECT test.write('two/001_a.up.sql', 'CREATE TABLE a ();');
SELECT test.write('two/002_b.sql', test.goose('CREATE TABLE b ();'));
SELECT test.try($$SELECT * FROM migrate.apply(test.made('two'))$$);
SELECT version FROM migrate.status(test.made('two'), format => 'golang-migrate', project => 'two');

-- atlas.sum with the files of another tool, which atlas writes, too
SELECT test.write('summed/1_a.down.sql', 'DROP TABLE a;');
SELECT test.write('summed/1_a.up.sql', 'CREATE TABLE a ();');
SELECT test.write('summed/atlas.sum', E'h1:x\n1_a.up.sql h1:x\n');
SELECT version, name, reversible, file FROM migrate.status(test.made('summed'), project => 'summed');
SELECT test.remove('summed');
SELECT test.write('summed/1_a.sql', test.goose('CREATE TABLE a ();', 'DROP TABLE a;'));
SELECT test.write('summed/atlas.sum', E'h1:x\n1_a.sql h1:x\n');
SELECT version, name, reversible, file FROM migrate.status(test.made('summed'), project => 'summed');
SELECT test.write('summed/1_a.sql', 'CREATE TABLE a ();');
SELECT test.try($$SELECT * FROM migrate.status(test.made('summed'), project => 'summed')$$);

-- details of goose's markers
SELECT test.write('markup/00001_case.sql', E'-- a comment\n\n--+GOOSE up is no marker\n-- +goose up\nCREATE TABLE a ();\n-- +goose STATEMENTBEGIN\nCREATE TABLE b ();\n-- +goose statementend\n--+goose Down\nDROP TABLE b, a;\n');
SELECT test.write('markup/00002_crlf.sql', E'-- +goose Up\r\nCREATE TABLE c\r\n();\r\n-- +goose Down\r\nDROP TABLE c;\r\n');
SELECT test.write('markup/00003_no_semicolon.sql', E'-- +goose Up\nCREATE TABLE d ()');
SELECT test.write('markup/00004_empty.sql', E'-- +goose Up\n-- +goose Down');
SELECT test.write('markup/00005_bom.sql', U&'\FEFF-- +goose Up' || E'\nCREATE TABLE e ();');
SELECT test.write('markup/.00006_hidden.sql', 'no migration');
SELECT test.write('markup/00007_folder.sql/x', 'no migration');
SELECT test.write('markup/README.md', 'no migration');
SELECT test.write('markup/stray.sql', 'no migration');
SELECT version, name, statements FROM migrate.apply(test.made('markup'));
SELECT version, reversible FROM migrate.status(test.made('markup'));
SELECT version FROM migrate.rollback(force => true);

-- the files of a migration may write the version differently
SELECT test.write('numbers/001_one.sql', 'CREATE TABLE one ();');
SELECT test.write('numbers/1_rollback.sql', 'DROP TABLE one;');
SELECT test.write('numbers/02-two.sql', 'CREATE TABLE two ();');
SELECT test.write('numbers/10_ten.sql', 'CREATE TABLE ten ();');
SELECT test.write('numbers/0099999999999999999999999999999999_big.sql', 'CREATE TABLE big ();');
SELECT version, name, reversible, file FROM migrate.status(test.made('numbers'));
SELECT version FROM migrate.apply(test.made('numbers'), target => '2');
SELECT version FROM migrate.apply(test.made('numbers'), target => '10_ten');
SELECT version FROM migrate.apply(test.made('numbers'), target => '0099999999999999999999999999999999_big.sql');

-- "Reversible:" has no effect
SELECT test.write('header/1_a.sql', E'-- Migration: the title\n-- DESCRIPTION: what it does  \n--Author:\tAnn\n-- Date: 2024-02-03\n-- Reversible: Yes\nCREATE TABLE h ();\n-- Author: nobody\n');
SELECT version, reversible, description, author, detail FROM migrate.status(test.made('header'), project => 'header');
SELECT version FROM migrate.apply(test.made('header'), project => 'header');

--
-- The history has the format.
--
SELECT test.write('remember/001_users.sql', 'CREATE TABLE users ();'),
	   test.write('remember/002_posts.sql', 'CREATE TABLE posts ();'),
	   test.write('remember/reset.sql', 'DROP TABLE users;') \gset ignored_
SELECT version FROM migrate.apply(test.made('remember'), project => 'remember');
SELECT DISTINCT format FROM migrate.applied WHERE project = 'remember';
-- the table of another tool has no effect, whatever role created it
CREATE SCHEMA atlas_schema_revisions;
CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (version text, operator_version text);
SELECT version, state FROM migrate.status(test.made('remember'), project => 'remember');
SELECT version FROM migrate.apply(test.made('remember'), project => 'remember');
-- where nothing is applied it has, if the caller or a superuser owns it
SELECT version, state FROM migrate.status(test.made('remember'), project => 'new');
CREATE ROLE regress_migrate_other;
ALTER TABLE atlas_schema_revisions.atlas_schema_revisions OWNER TO regress_migrate_other;
SELECT version, state FROM migrate.status(test.made('remember'), project => 'new');
SET client_min_messages = error;
DROP SCHEMA atlas_schema_revisions CASCADE;
DROP ROLE regress_migrate_other;
RESET client_min_messages;
-- files of another format
SELECT test.write('changed/001_users.sql', E'-- +goose Up\nCREATE TABLE users ();'),
	   test.write('changed/002_posts.sql', E'-- +goose Up\nCREATE TABLE posts ();'),
	   test.write('changed/10_more.sql', E'-- +goose Up\nSELECT 1;') \gset ignored_
SELECT test.try(format('SELECT migrate.apply(%L, project => ''remember'')', test.made('changed')));
SELECT test.try(format('SELECT migrate.status(%L, project => ''remember'')', test.made('changed')));
SET migrate.on_modified = warn;
SELECT version FROM migrate.apply(test.made('changed'), project => 'remember', format => 'goose');
RESET migrate.on_modified;
SELECT version, format FROM migrate.applied WHERE project = 'remember' ORDER BY sort_key;
SELECT version, state FROM migrate.status(test.made('changed'), project => 'remember');
-- two files with the same version
SELECT test.write('same/1_a.sql', E'-- +migrate Up\nSELECT 1;'), test.write('same/01_b.sql', E'-- +migrate Up\nSELECT 1;') \gset ignored_
SELECT version FROM migrate.apply(test.made('same'), project => 'same', format => 'sql-migrate');
SELECT test.write('other/2_c.sql', E'-- +goose Up\nSELECT 1;') \gset ignored_
SELECT test.try(format('SELECT migrate.apply(%L, project => ''same'', format => ''goose'')', test.made('other')));
-- the markers of the first file decide before anything is said about the names of others
SELECT test.write('named/1_a.sql', E'-- +goose Up\nSELECT 1;'), test.write('named/2_undo.sql', E'-- +goose Up\nSELECT 1;') \gset ignored_
SELECT version, name FROM migrate.apply(test.made('named'), project => 'named');
SELECT test.write('plain/1_a.sql', E'SELECT 1;'), test.write('plain/2_undo.sql', E'SELECT 1;') \gset ignored_
SELECT test.try(format('SELECT migrate.apply(%L, project => ''plain'')', test.made('plain')));
