--
-- Layouts that differ from others only in a part of a name: which tool a directory
-- is of, and what stops where that cannot be known.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

--
-- Bare numbers: Play's by its markers, otherwise plain
--
SELECT version, statements FROM migrate.apply(test.dir('play'), project => 'play');
SELECT name FROM orchards;
SELECT prosrc FROM pg_proc WHERE proname = 'check_pruning';
SELECT version, statements FROM migrate.rollback(project => 'play');
SELECT * FROM test.tables;
SELECT test.write('bare/1.sql', 'CREATE TABLE one ();') \gset ignored_
SELECT test.write('bare/2.sql', 'CREATE TABLE two ();') \gset ignored_
SELECT test.write('bare/10.sql', 'CREATE TABLE ten ();') \gset ignored_
SELECT test.look('bare');
-- one file with markers makes it a directory of Play
SELECT test.write('bare/2.sql', E'# --- !Ups\nCREATE TABLE two ();\n# --- !Downs\nDROP TABLE two;') \gset ignored_
SELECT test.look('bare');
SELECT test.write('bare/1.sql', E'-- The first\n-- !Ups\nCREATE TABLE one ();') \gset ignored_
SELECT test.look('bare');
SELECT test.shell('mv bare/10.sql bare/003.sql') \gset ignored_
SELECT test.look('bare');
SELECT test.write('bare/003.sql', E'# some; notes\n --- !Ups (three)\n;;\nSELECT '';;'', '';;;'';;;\n--!Downs\n') \gset ignored_
SELECT version, reversible FROM migrate.status(test.made('bare'), project => 'play');
SELECT version, statements FROM migrate.apply(test.made('bare'), project => 'play');
SELECT test.try($$SELECT migrate.rollback(project => 'play')$$);
SELECT count(*) FROM migrate.rollback(force => true, project => 'play');
DROP TABLE one;
-- a misspelt marker does not run the other part
SELECT test.write('bare/1.sql', E'# --- !Ups\nCREATE TABLE one ();\n-- !downs\nDROP TABLE one;') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('bare'), project => 'play')$$);
SELECT test.write('bare/1.sql', E'CREATE TABLE one ();\n-- !Downs\nDROP TABLE one;') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('bare'), project => 'play')$$);
SELECT test.write('bare/1.sql', E'CREATE TABLE one ();\n-- !Ups\n-- !Downs\nDROP TABLE one;') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('bare'), project => 'play')$$);
-- Play stops at a gap, and begins with 1
SELECT test.write('gap/1.sql', E'-- !Ups\nSELECT 1;') \gset ignored_
SELECT test.write('gap/3.sql', E'-- !Ups\nSELECT 1;') \gset ignored_
SELECT test.look('gap');
SELECT test.shell('mv gap/3.sql gap/0.sql') \gset ignored_
SELECT test.look('gap');
SELECT test.shell('mv gap/0.sql gap/01.sql') \gset ignored_
SELECT test.look('gap');
-- a name is not Play's
SELECT test.write('named/1_a.sql', E'# --- !Ups\nSELECT 1;\n# --- !Downs\n') \gset ignored_
SELECT test.look('named');
SELECT test.write('named_too/1.sql', E'# --- !Ups\nSELECT 1;\n# --- !Downs\n') \gset ignored_
SELECT test.write('named_too/2_b.sql', E'# --- !Ups\nSELECT 1;\n# --- !Downs\n') \gset ignored_
SELECT test.look('named_too');
SELECT test.look('named_too', 'play');
-- bare numbers of other formats
SELECT test.write('dbmate/1.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\n') \gset ignored_
SELECT test.write('dbmate/2.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('dbmate');
SELECT test.write('goose/1_a.sql', test.goose('SELECT 1;')) \gset ignored_
SELECT test.write('goose/2.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('goose');
-- bare numbers beside names, and pairs
SELECT test.write('plain/001_a.sql', 'CREATE TABLE a ();') \gset ignored_
SELECT test.write('plain/002.sql', 'CREATE TABLE b ();') \gset ignored_
SELECT test.write('plain/002.down.sql', 'DROP TABLE b;') \gset ignored_
SELECT test.write('plain/3.up.sql', 'CREATE TABLE c ();') \gset ignored_
SELECT test.write('plain/03.down.sql', 'DROP TABLE c;') \gset ignored_
SELECT test.write('plain/10.txt', 'no migration') \gset ignored_
SELECT test.write('plain/4.2.sql', 'no migration') \gset ignored_
SELECT version, name, reversible, file FROM migrate.status(test.made('plain'), project => 'plain');
SELECT version, name, statements FROM migrate.apply(test.made('plain'), project => 'plain');
SELECT version FROM migrate.rollback(target => '1', project => 'plain');
SELECT test.write('plain/3.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('plain');
SELECT test.look('plain', 'golang-migrate');
SELECT test.look('plain', 'goose');
SELECT version FROM migrate.rollback(force => true, project => 'plain');
DROP TABLE a;
SELECT test.write('pairs/1_a.up.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('pairs/2.up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('pairs');

--
-- Dates with hyphens
--
SELECT test.write('dates/2017-06-05-add-b.sql', 'CREATE TABLE b ();') \gset ignored_
SELECT test.write('dates/2017-06-05-add-a.sql', 'CREATE TABLE a ();') \gset ignored_
SELECT test.write('dates/2017-06-05-add-a.down.sql', 'DROP TABLE a;') \gset ignored_
SELECT test.write('dates/2017-06-05-add-b_rollback.sql', 'DROP TABLE b;') \gset ignored_
SELECT test.write('dates/2016-12-31_before.up.sql', 'CREATE TABLE z ();') \gset ignored_
SELECT test.write('dates/2016-12-31_before.down.sql', 'DROP TABLE z;') \gset ignored_
SELECT test.write('dates/2017-10-01.sql', 'CREATE TABLE c ();') \gset ignored_
SELECT test.write('dates/2018-13-01-no-date.sql', 'CREATE TABLE d ();') \gset ignored_
SELECT test.look('dates');
SELECT test.remove('dates/2018-13-01-no-date.sql') \gset ignored_
SELECT version, name, reversible, file FROM migrate.status(test.made('dates'), project => 'dates');
SELECT version, name FROM migrate.apply(test.made('dates'), project => 'dates', target => '2017-06-05-add-a.sql');
SELECT test.try($$SELECT migrate.apply(test.made('dates'), project => 'dates', target => '2017-06-05')$$);
SELECT version, name FROM migrate.apply(test.made('dates'), project => 'dates', target => '2017-06-05_add-b');
SELECT version, name FROM migrate.apply(test.made('dates'), project => 'dates');
SELECT migrate.version('dates');
SELECT version, name, state FROM migrate.status(test.made('dates'), project => 'dates');
-- a late one
SELECT test.write('dates/2017-06-05-add-aa.sql', 'CREATE TABLE aa ();') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('dates'), project => 'dates')$$);
SELECT version FROM migrate.rollback(target => '2016-12-31', force => true, project => 'dates');
SELECT * FROM test.tables;
SELECT count(*) FROM migrate.reset(force => true, project => 'dates');
DROP TABLE c;
-- a down script of another name does not run as a migration
SELECT test.write('dates/2017-06-05-add-a-rollback.sql', 'DROP TABLE a;') \gset ignored_
SELECT test.look('dates');
-- updown
SELECT test.write('updown/2017-06-05-b.sql', E'-- UP\nCREATE TABLE b ();\n-- DOWN\nDROP TABLE b;') \gset ignored_
SELECT test.write('updown/2017-06-05-a.sql', E'-- UP\nCREATE TABLE a ();\n-- DOWN\nDROP TABLE a;') \gset ignored_
SELECT version, name FROM migrate.apply(test.made('updown'), project => 'updown');
SELECT version, name FROM migrate.rollback(project => 'updown');

--
-- hasura
--
SELECT version, name, statements FROM migrate.apply(test.dir('hasura'), project => 'hasura');
SELECT version, name, state, reversible, file FROM migrate.status(test.dir('hasura'), project => 'hasura');
SELECT DISTINCT format FROM migrate.applied WHERE project = 'hasura';
CALL migrate.down(project => 'hasura');
SELECT * FROM test.tables;
-- diesel has the same folders, and another order
SELECT test.write('folders/1_a/up.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('folders/2_b/up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('folders');
SELECT test.write('folders/10_c/up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('folders');
SELECT test.look('folders', 'hasura');
SELECT test.look('folders', 'diesel');
-- the history decides, and diesel's table; Hasura's is there in all databases that it serves
SELECT version FROM migrate.apply(test.made('folders'), format => 'diesel', project => 'folders', steps => 1);
SELECT test.look('folders');
SELECT count(*) FROM migrate.rollback(force => true, project => 'folders');
CREATE TABLE __diesel_schema_migrations (version varchar(50), run_on timestamp);
SELECT test.look('folders');
DROP TABLE __diesel_schema_migrations;
-- evidence in names
SELECT test.write('folders/3_d/up.yaml', '[]') \gset ignored_
SELECT test.look('folders');
SELECT test.write('folders/3_d/up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('folders');
SELECT test.write('folders/3_d/up.yaml', E'- type: run_sql\n  args:\n    sql: CREATE TABLE t ();\n') \gset ignored_
SELECT test.look('folders');
SELECT test.shell('rm folders/3_d/up.yaml') \gset ignored_
SELECT test.write('folders/3_d/metadata.toml', 'run_in_transaction = true') \gset ignored_
SELECT test.look('folders');
SELECT test.shell('mv folders/3_d folders/2024-01-01-000000_d') \gset ignored_
SELECT test.look('folders');
SELECT test.look('folders', 'hasura');
SELECT test.remove('folders') \gset ignored_
SELECT test.write('folders/1700000000001_a/up.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('folders/1700000000002_b/down.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('folders/2_c.up.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('folders/2_c.down.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('folders');
SELECT version, name FROM migrate.apply(test.made('folders'), project => 'hasura');
SELECT count(*) FROM migrate.rollback(force => true, project => 'hasura');
SELECT test.write('folders/01700000000001_again/up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('folders');
SELECT test.remove('folders/01700000000001_again') \gset ignored_
SELECT test.write('folders/1700000000003_late/up.sql', E'-- a comment\n-- hasura:no-transaction\nSELECT 1;') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('folders'), project => 'hasura')$$);
SELECT test.write('metadata/1700000000000_a.up.yaml', '[]') \gset ignored_
SELECT test.write('metadata/1700000000001_b.up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('metadata');

--
-- postgrator
--
SELECT version, name, statements FROM migrate.apply(test.dir('postgrator'), project => 'postgrator');
SELECT version, name, state, reversible, file FROM migrate.status(test.dir('postgrator'), project => 'postgrator');
SELECT DISTINCT format FROM migrate.applied WHERE project = 'postgrator';
SELECT version FROM migrate.rollback(project => 'postgrator');
SELECT * FROM test.tables;
SELECT test.write('undo/1.do.a.b.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('undo/01.do.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('undo');
SELECT test.remove('undo/01.do.sql') \gset ignored_
SELECT test.write('undo/2.undo.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('undo/3.Do.sql', 'SELECT 1;') \gset ignored_
SELECT version, name FROM migrate.apply(test.made('undo'), project => 'undo');
SELECT test.write('undo/4.do.js', '') \gset ignored_
SELECT test.look('undo');

--
-- pop
--
SELECT version, name, statements FROM migrate.apply(test.dir('pop'), project => 'pop');
SELECT version, name, state, reversible, file FROM migrate.status(test.dir('pop'), project => 'pop');
SELECT DISTINCT format FROM migrate.applied WHERE project = 'pop';
SELECT version FROM migrate.rollback(project => 'pop');
SELECT * FROM test.tables;
SELECT test.write('dialects/1_a.sqlite3.up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('dialects');
SELECT test.write('dialects/1_a.pg.up.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('dialects/1_a.down.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('dialects/sub/2_b.up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('dialects');
SELECT test.write('dialects/1_a.postgresql.up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('dialects');
SELECT test.remove('dialects/1_a.postgresql.up.sql') \gset ignored_
SELECT test.write('dialects/10_c.up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('dialects');
SELECT test.look('dialects', 'pop');
SELECT test.look('dialects', 'golang-migrate');
SELECT test.remove('dialects/10_c.up.sql') \gset ignored_
SELECT test.write('dialects/3_d.fizz.up.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('dialects');
SELECT test.remove('dialects/3_d.fizz.up.sql') \gset ignored_
SELECT test.write('dialects/3_d.up.fizz', 'create_table("a")') \gset ignored_
SELECT test.look('dialects');

--
-- yoyo
--
SELECT version, name, statements FROM migrate.apply(test.dir('yoyo'), project => 'yoyo');
SELECT version, name, state, reversible, file FROM migrate.status(test.dir('yoyo'), project => 'yoyo');
SELECT DISTINCT format FROM migrate.applied WHERE project = 'yoyo';
SELECT test.try($$SELECT migrate.rollback(project => 'yoyo')$$);
CALL migrate.down(project => 'yoyo');
SELECT * FROM test.tables;
-- dependencies decide, names where there are none
SELECT test.write('order/a.sql', E'-- depends: c\nSELECT 1;') \gset ignored_
SELECT test.write('order/b.sql', E'-- depends: a d\nSELECT 1;') \gset ignored_
SELECT test.write('order/c.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('order/d.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('order/e.sql', E'\n--\tdepends : a\n-- depends: c\n\nSELECT 1;') \gset ignored_
SELECT test.write('order/e.rollback.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('order');
SELECT version FROM migrate.apply(test.made('order'), project => 'order');
SELECT version FROM migrate.rollback(project => 'order', force => true, steps => 4);
-- a new one in between is late, and the others keep their rows
SELECT test.write('order/b.sql', E'-- depends: a d bb\nSELECT 1;') \gset ignored_
SELECT test.write('order/bb.sql', 'SELECT 1;') \gset ignored_
SELECT version, state FROM migrate.status(test.made('order'), project => 'order');
SELECT version FROM migrate.apply(test.made('order'), project => 'order');
SELECT version, state FROM migrate.status(test.made('order'), project => 'order');
SELECT version FROM migrate.apply(test.made('order'), project => 'order');
SELECT version FROM migrate.reset(project => 'order', force => true);
SELECT test.write('order/a.sql', E'-- depends: b\nSELECT 1;') \gset ignored_
SELECT test.look('order');
SELECT test.write('order/a.sql', E'-- depends: a\nSELECT 1;') \gset ignored_
SELECT test.look('order');
SELECT test.write('order/a.sql', E'\n-- depends: c x\nSELECT 1;') \gset ignored_
SELECT test.look('order');
SELECT test.write('order/a.sql', E'-- Transactional: false\n-- transactional: no\nSELECT 1;') \gset ignored_
SELECT test.look('order');
-- a directive counts only before the first statement
SELECT test.write('order/a.sql', E'SELECT 1;\n-- depends: x') \gset ignored_
SELECT test.look('order');
SELECT test.write('order/post-apply.py', '') \gset ignored_
SELECT test.look('order');
SELECT test.remove('order/post-apply.py') \gset ignored_
SELECT test.write('order/1.f.py', '') \gset ignored_
SELECT test.look('order');
-- hooks run after each run that has applied something
SELECT test.write('hooks/20240101_01_aB3de.sql', E'-- \n-- depends: \n\nCREATE TABLE hooked (n int);') \gset ignored_
SELECT test.write('hooks/20240101_01_aB3de.rollback.sql', 'DROP TABLE hooked;') \gset ignored_
SELECT test.write('hooks/post-apply-2.sql', 'INSERT INTO hooked VALUES (2);') \gset ignored_
SELECT test.write('hooks/post-apply.sql', 'INSERT INTO hooked VALUES (1);') \gset ignored_
SELECT test.write('hooks/post-apply.rollback.sql', 'SELECT 1/0;') \gset ignored_
SELECT version, statement, file, note FROM migrate.plan(test.made('hooks'), project => 'hooks');
SELECT version FROM migrate.apply(test.made('hooks'), project => 'hooks');
SELECT version FROM migrate.apply(test.made('hooks'), project => 'hooks');
TABLE hooked;
SELECT kind, version, name, outcome FROM migrate.history WHERE project = 'hooks' ORDER BY id;
SELECT test.write('hooks/20240101_02_aB3de.sql', E'-- \n-- depends: 20240101_01_aB3de\n\nSELECT 2;') \gset ignored_
CALL migrate.up(test.made('hooks'), project => 'hooks');
SELECT n, count(*) FROM hooked GROUP BY n ORDER BY n;
SELECT test.write('hooks/post-apply.sql', E'-- a hook\nSELECT 1/0;') \gset ignored_
SELECT test.write('hooks/20240101_03_aB3de.sql', 'SELECT 3;') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('hooks'), project => 'hooks')$$);
SELECT count(*) FROM migrate.rollback(everything => true, force => true, project => 'hooks');
-- names alone: where the order of numbers is another, it must be given
SELECT test.write('undone/1_a.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('undone/1_a.rollback.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('undone/2_b.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('undone');
SELECT test.write('undone/10_c.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('undone');
SELECT test.look('undone', 'yoyo');
SELECT test.look('undone', 'plain');
SELECT version, reversible FROM migrate.status(test.made('undone'), format => 'plain', project => 'undone');
SELECT test.remove('undone') \gset ignored_
SELECT test.write('undone/1.a.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('undone/1.a.rollback.sql', 'SELECT 1;') \gset ignored_
SELECT test.write('undone/10.c.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('undone');
SELECT test.write('undone/2.b.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('undone');
SELECT test.write('undone/2.b.sql', E'-- depends: 1.a\nSELECT 1;') \gset ignored_
SELECT test.look('undone');
-- a name of five letters is not one that yoyo has made
SELECT test.write('words/20240101_01_users.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('words');
SELECT test.write('words/20240102_01_us3rs.sql', 'SELECT 1;') \gset ignored_
SELECT test.look('words');
-- a comment with that word in a file of another format
SELECT test.write('comment/1_a.up.sql', E'-- depends: nothing\nSELECT 1;') \gset ignored_
SELECT test.look('comment');
SELECT test.write('comment2/1_a.sql', E'-- depends: nothing\n-- +goose Up\nSELECT 1;') \gset ignored_
SELECT test.look('comment2');
SELECT test.write('comment3/1_a.sql', E'-- Depends on: nothing\nSELECT 1;') \gset ignored_
SELECT test.look('comment3');
SELECT test.write('comment4/1_a.sql', E'-- depends: nothing\nSELECT 1;') \gset ignored_
SELECT test.look('comment4');
SELECT test.look('comment4', 'plain');

--
-- Directories without migrations: what they have instead
--
CREATE FUNCTION test.nothing(dir text, given text DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS
	$$ SELECT test.try(format('SELECT migrate.apply(test.made(%L), format => %L)', dir, given)) $$;
SELECT test.write('none/README.md', '') \gset ignored_
SELECT test.nothing('none');
SELECT test.nothing('none', 'goose');
SELECT test.write('capitals/1_a.SQL', 'SELECT 1;') \gset ignored_
SELECT test.nothing('capitals');
SELECT test.write('none/schema.sql', 'SELECT 1;') \gset ignored_
SELECT test.nothing('none');
SELECT test.write('none/1-2.x', '') \gset ignored_
SELECT test.write('none/4.2.sql', 'SELECT 1;') \gset ignored_
SELECT test.nothing('none');
SELECT test.nothing('none', 'flyway');
SELECT test.nothing('none', 'hasura');
SELECT test.nothing('none', 'graphile-migrate');
SELECT test.nothing('none', 'play');
SELECT test.write('none/default/1.sql', '') \gset ignored_
SELECT test.write('none/db.changelog-master.xml', '') \gset ignored_
SELECT test.nothing('none');
SELECT test.write('none/a/1.sql', ''), test.write('none/a/b/1.sql', ''), test.write('none/b/x', ''),
	test.write('none/c/1.sql', ''), test.write('none/d/1.sql', '') \gset ignored_
SELECT test.nothing('none', 'liquibase');
SELECT test.write('none/1_a.mysql.up.sql', '') \gset ignored_
SELECT test.nothing('none', 'pop');
SELECT test.write('downs/1_a.down.sql', '') \gset ignored_
SELECT test.nothing('downs', 'golang-migrate');

--
-- Two files of one version: what helps
--
SELECT test.write('same1/1_a.postgres.up.sql', ''), test.write('same1/1_a.sqlite.up.sql', '') \gset ignored_
SELECT test.look('same1', 'golang-migrate');
SELECT test.write('same2/1_a-mysql.sql', ''), test.write('same2/1_a-pg.sql', '') \gset ignored_
SELECT test.look('same2');
SELECT test.write('same3/1_a.sql', E'-- +goose Up\n'), test.write('same3/1_a.rollback.sql', E'-- +goose Up\n') \gset ignored_
SELECT test.look('same3');
SELECT test.write('same4/1_a_up.sql', ''), test.write('same4/1_a_down.sql', '') \gset ignored_
SELECT test.look('same4');
SELECT test.look('same4', 'postgres-migrations');
SELECT test.write('same5/2017_06_05_a.sql', ''), test.write('same5/2017_06_06_b.sql', '') \gset ignored_
SELECT test.look('same5');
SELECT test.look('same5', 'tern');
SELECT test.write('same6/V1__a.sql', ''), test.write('same6/V1.0__b.sql', '') \gset ignored_
SELECT test.look('same6');
