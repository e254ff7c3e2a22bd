--
-- sync(): the database follows the directory, as when a branch is switched.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = error;
CREATE ROLE regress_migrate_dev;
CREATE ROLE regress_migrate_other;
GRANT USAGE ON SCHEMA migrate, test TO regress_migrate_dev, regress_migrate_other;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_dev, regress_migrate_other;
GRANT ALL ON SCHEMA app TO regress_migrate_dev, regress_migrate_other;
RESET client_min_messages;

-- two branches of one directory
SELECT test.write('main/1_one.sql', test.goose('CREATE TABLE one ();', 'DROP TABLE one;'));
SELECT test.write('main/2_two.sql', test.goose('CREATE TABLE two ();', 'DROP TABLE two;'));
SELECT test.write('main/4_four.sql', test.goose('CREATE TABLE four ();', 'DROP TABLE four;'));
SELECT test.write('branch/1_one.sql', test.goose('CREATE TABLE one ();', 'DROP TABLE one;'));
SELECT test.write('branch/2_two.sql', test.goose('CREATE TABLE two ();', 'DROP TABLE two;'));
SELECT test.write('branch/3_mine.sql', test.goose('CREATE TABLE mine ();', 'DROP TABLE mine;'));
SELECT test.write('branch/5_more.sql', test.goose('CREATE TABLE more (); CREATE VIEW v AS SELECT;', 'DROP VIEW v; DROP TABLE more;'));

-- only where it is allowed, by a superuser
SELECT version FROM migrate.apply(test.made('main'), steps => 2);
SELECT test.try($$SELECT * FROM migrate.sync(test.made('branch'))$$);
SET ROLE regress_migrate_dev;
SELECT test.try('SET migrate.allow_sync = on');
RESET ROLE;
SET migrate.allow_sync = on;

-- nothing to undo, then to and fro
SELECT version, name, batch, statements, direction FROM migrate.sync(test.made('branch'));
SELECT * FROM migrate.sync(test.made('branch'));
SELECT version, name, batch, statements, direction FROM migrate.sync(test.made('main'));
SELECT * FROM test.tables;
SELECT version, name, direction FROM migrate.sync(test.made('branch'));
SELECT * FROM test.tables;
SELECT version, state FROM migrate.status(test.made('branch'));
SELECT version, direction, outcome FROM migrate.history() LIMIT 3;
-- only what is not in the directory is undone, whatever came after it
SELECT test.write('branch/6_last.sql', test.goose('CREATE TABLE last ();', 'DROP TABLE last;'));
SELECT version, direction FROM migrate.sync(test.made('branch'));
SELECT test.remove('branch/5_more.sql');
SELECT version, direction FROM migrate.sync(test.made('branch'));

-- another migration with the same version
SELECT test.write('main/3_theirs.sql', test.goose('CREATE TABLE theirs ();', 'DROP TABLE theirs;'));
SELECT test.remove('main/4_four.sql');
SELECT version, name, direction FROM migrate.sync(test.made('main'));
SELECT * FROM test.tables;
-- the same one under another name
SELECT test.shell('mv main/3_theirs.sql main/3_renamed.sql');
SELECT version, name, direction FROM migrate.sync(test.made('main'));
-- a changed one is an error, as everywhere, before anything runs
SELECT test.write('main/4_new.sql', test.goose('CREATE TABLE new ();', 'DROP TABLE new;'));
SELECT test.write('main/2_two.sql', test.goose('CREATE TABLE two (changed int);', 'DROP TABLE two;'));
SELECT test.write('main/3_renamed.sql', test.goose('CREATE TABLE theirs (changed int);', 'DROP TABLE theirs;'));
SELECT test.try($$SELECT * FROM migrate.sync(test.made('main'))$$);
SELECT test.write('main/3_renamed.sql', test.goose('CREATE TABLE theirs ();', 'DROP TABLE theirs;'));
SELECT test.try($$SELECT * FROM migrate.sync(test.made('main'))$$);
SET migrate.on_modified = warn;
SELECT version, name, direction FROM migrate.sync(test.made('main'));
RESET migrate.on_modified;
-- what helps: undo it with what was stored, and sync again
SELECT version FROM migrate.rollback(target => '1');
SELECT version, name, direction FROM migrate.sync(test.made('main'));
SELECT attname FROM pg_attribute WHERE attrelid = 'two'::regclass AND attnum > 0;
-- a corrected way back
SELECT test.write('main/4_new.sql', test.goose('CREATE TABLE new ();', 'DROP TABLE new; SELECT 1;'));
SELECT version, name, direction FROM migrate.sync(test.made('main'));

-- late ones, as the setting says
SELECT test.write('late/1_one.sql', test.goose('CREATE TABLE one ();', 'DROP TABLE one;'));
SELECT test.write('late/2_two.sql', test.goose('CREATE TABLE two ();', 'DROP TABLE two;'));
SELECT test.write('late/3_three.sql', test.goose('CREATE TABLE three ();', 'DROP TABLE three;'));
CREATE SCHEMA late;
SET search_path = late, pg_catalog;
SELECT version FROM migrate.apply(test.made('late'), versions => '{1,3}', project => 'late');
SELECT test.try($$SELECT * FROM migrate.sync(test.made('late'), 'late')$$);
SET migrate.out_of_order = apply;

SELECT version, direction FROM migrate.sync(test.made('late'), 'late');
SET search_path = app, pg_catalog;
RESET migrate.out_of_order;

-- a wrong path must not undo everything
SELECT test.write('wrong/1_x.sql', test.goose('CREATE TABLE x ();', 'DROP TABLE x;'));
SELECT test.write('wrong/9_y.sql', test.goose('CREATE TABLE y ();', 'DROP TABLE y;'));
SELECT test.try($$SELECT * FROM migrate.sync(test.made('wrong'))$$);
SELECT test.write('empty/x', '');
SELECT test.try($$SELECT * FROM migrate.sync(test.made('empty'))$$);
SELECT test.try('SELECT * FROM migrate.sync()');
-- where nothing is applied, it has nothing to undo
SELECT version, direction FROM migrate.sync(test.made('wrong'), 'first');
SELECT test.try($$SELECT * FROM migrate.sync(test.made('wrong'), NULL)$$);

-- each way back is checked before the first one runs
SELECT test.write('ways/1_a.sql', test.goose('CREATE TABLE a ();', 'DROP TABLE a;'));
SELECT test.write('ways/2_b.sql', test.goose('CREATE TABLE b ();'));
SELECT test.write('ways/3_c.sql', test.goose('CREATE TABLE c ();', 'DROP TABLE c;'));
SELECT version FROM migrate.apply(test.made('ways'), project => 'ways');
SELECT test.remove('ways/2_b.sql');
SELECT test.remove('ways/3_c.sql');
SELECT test.write('ways/3_d.sql', test.goose('CREATE TABLE d ();', 'DROP TABLE d;'));
SELECT test.try($$SELECT * FROM migrate.sync(test.made('ways'), 'ways')$$);
SELECT version, state FROM migrate.status(test.made('ways'), 'ways');
DROP TABLE b;
SELECT version, action FROM migrate.repair(version => '2', state => 'pending', project => 'ways');
SELECT version, name, direction FROM migrate.sync(test.made('ways'), 'ways');
-- so is what would be applied
SELECT test.remove('ways/3_d.sql');
SELECT test.write('ways/4_e.sql', test.goose('CREATE TABLE e (;', 'DROP TABLE e;'));
SELECT test.try($$SELECT * FROM migrate.sync(test.made('ways'), 'ways')$$);
SELECT count(*) FROM d;
-- one that fails leaves all as it was
SELECT test.write('ways/4_e.sql', test.goose('CREATE TABLE a ();', 'DROP TABLE a;'));
SELECT test.try($$SELECT * FROM migrate.sync(test.made('ways'), 'ways')$$);
SELECT version, state FROM migrate.status(test.made('ways'), 'ways');
SELECT count(*) FROM d;

-- a baseline is never undone
SELECT test.write('base/1_a.sql', test.goose('CREATE TABLE base_a ();', 'DROP TABLE base_a;'));
SELECT test.write('base/2_b.sql', test.goose('CREATE TABLE base_b ();', 'DROP TABLE base_b;'));
SELECT test.write('base/3_c.sql', test.goose('CREATE TABLE base_c ();', 'DROP TABLE base_c;'));
SELECT version FROM migrate.baseline(test.made('base'), '1', project => 'base');
SELECT version FROM migrate.apply(test.made('base'), project => 'base');
SELECT test.remove('base/1_a.sql');
SELECT test.remove('base/3_c.sql');
SELECT version, name, direction FROM migrate.sync(test.made('base'), 'base');
SELECT version, state FROM migrate.status(test.made('base'), 'base');

-- an interrupted one comes first
SELECT test.write('half/1_a.sql', test.goose('CREATE TABLE half_a ();', 'DROP TABLE half_a;'));
SELECT test.write('half/2_b.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE half_b ();\nSELECT 1/0;\n');
\set VERBOSITY terse
CALL migrate.up(test.made('half'), project => 'half');
\set VERBOSITY default
SELECT test.try($$SELECT * FROM migrate.sync(test.made('half'), 'half')$$);
SELECT test.remove('half/2_b.sql');
SELECT test.try($$SELECT * FROM migrate.sync(test.made('half'), 'half')$$);

-- another role: the script of its author, or nothing
SET ROLE regress_migrate_dev;
SELECT version FROM migrate.apply(project => 'roles', files => '{"1_a.up.sql": "CREATE TABLE role_a ();", "1_a.down.sql": "DROP TABLE role_a;", "2_b.up.sql": "CREATE TABLE role_b ();", "2_b.down.sql": "DROP TABLE role_b;"}');
SET ROLE regress_migrate_other;
SELECT test.try($$SELECT * FROM migrate.sync(project => 'roles', files => '{"1_a.up.sql": "CREATE TABLE role_a ();", "1_a.down.sql": "DROP TABLE role_a;"}')$$);
SET ROLE regress_migrate_dev;
SELECT version, direction FROM migrate.sync(project => 'roles', files => '{"1_a.up.sql": "CREATE TABLE role_a ();", "1_a.down.sql": "DROP TABLE role_a;", "3_c.up.sql": "CREATE TABLE :name ();"}', vars => '{"name": "role_c"}');
RESET ROLE;

-- repeatable ones, and another schema
SELECT test.write('r/V1__a.sql', 'CREATE TABLE a ();');
SELECT test.write('r/R__view.sql', 'CREATE OR REPLACE VIEW seen AS SELECT 1 AS i;');
SELECT version, name, direction FROM migrate.sync(test.made('r'), 'r', 'late', format => 'flyway');
SELECT test.write('r/R__view.sql', 'CREATE OR REPLACE VIEW seen AS SELECT 2 AS i;');
SELECT version, name, direction FROM migrate.sync(test.made('r'), 'r', 'late', format => 'flyway');
SELECT * FROM late.seen;
SELECT test.remove('r/R__view.sql');
SELECT version, name, direction FROM migrate.sync(test.made('r'), 'r', 'late', format => 'flyway');
SELECT * FROM late.seen;

SET client_min_messages = error;
DROP EXTENSION migrate CASCADE;
DROP SCHEMA app, late, test CASCADE;
DROP ROLE regress_migrate_dev, regress_migrate_other;
