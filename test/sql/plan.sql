--
-- What a run decides to do: order, changes, missing files, selections.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

SELECT test.write('d/1_one.sql', test.goose('CREATE TABLE one ();', 'DROP TABLE one;'));
SELECT test.write('d/2_two.sql', test.goose('CREATE TABLE two ();', 'DROP TABLE two;'));
SELECT test.write('d/3_three.sql', test.goose('CREATE TABLE three ();', 'DROP TABLE three;'));
SELECT test.write('d/4_four.sql', test.goose('CREATE TABLE four ();', 'DROP TABLE four;'));

-- selections
SELECT version FROM migrate.apply(test.made('d'), versions => '{3,003,3_three,3_three.sql}');
SELECT test.try($$SELECT version FROM migrate.apply(test.made('d'), versions => '{1}')$$);
SELECT version FROM migrate.rollback();
SELECT version FROM migrate.apply(test.made('d'), versions => '{1}');
SELECT version FROM migrate.apply(test.made('d'), versions => '{3,1}');

-- out of order: never silently
SELECT version, state FROM migrate.status(test.made('d'));
SELECT test.try($$SELECT * FROM migrate.apply(test.made('d'))$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.made('d'), target => '2')$$);
SET migrate.out_of_order = 'ignore';
SET migrate.out_of_order = 'apply';
SELECT version, batch FROM migrate.apply(test.made('d'), steps => 1);
SELECT version, batch FROM migrate.apply(test.made('d'));
RESET migrate.out_of_order;
-- undone in reverse order of application, not of versions
SELECT version, batch FROM migrate.rollback(steps => 4);
SELECT version FROM migrate.apply(test.made('d'));

-- comments, white space, line ends and letter case are not a change
SELECT test.write('d/1_one.sql', E'-- +goose Up\r\n/* why */ create  TABLE One -- so\r\n();\r\n-- +goose Down\r\nDROP TABLE one;\r\n');
SELECT version, state, detail FROM migrate.status(test.made('d'));
SELECT version FROM migrate.apply(test.made('d'));

-- inside quotes they are
SELECT test.write('q/1_q.sql', test.goose($$CREATE TABLE q (c text DEFAULT 'A b');$$));
SELECT version FROM migrate.apply(test.made('q'), project => 'q');
SELECT test.write('q/1_q.sql', test.goose($$CREATE TABLE q (c text DEFAULT 'a b');$$));
SELECT version, state FROM migrate.status(test.made('q'), project => 'q');
SELECT test.write('q/1_q.sql', test.goose($$CREATE TABLE "Q" (c text DEFAULT 'A b');$$));
SELECT version, state FROM migrate.status(test.made('q'), project => 'q');
SELECT test.write('q/1_q.sql', test.goose($$CREATE TABLE q (c text DEFAULT 'A b$$));
SELECT version, state FROM migrate.status(test.made('q'), project => 'q');

-- a changed up
SELECT test.write('d/2_two.sql', test.goose('CREATE TABLE two (a int);', 'DROP TABLE two;'));
SELECT test.write('d/5_five.sql', test.goose('CREATE TABLE five ();', 'DROP TABLE five;'));
SELECT version, state, detail FROM migrate.status(test.made('d'));
SELECT test.try($$SELECT * FROM migrate.apply(test.made('d'))$$);
SET migrate.on_modified = warn;
SELECT version FROM migrate.apply(test.made('d'));
SELECT version FROM migrate.apply(test.made('d'));
SET migrate.on_modified = ignore;
SELECT version FROM migrate.apply(test.made('d'));
RESET migrate.on_modified;
SELECT version, name, action FROM migrate.repair(test.made('d'));
SELECT version, name, action FROM migrate.repair(test.made('d'));
SELECT version, state, detail FROM migrate.status(test.made('d'));

-- a changed down replaces the stored one
SELECT test.write('d/5_five.sql', test.goose('CREATE TABLE five ();', 'DROP TABLE IF EXISTS five;'));
SELECT version, state, detail FROM migrate.status(test.made('d')) WHERE version = '5';
SELECT version FROM migrate.apply(test.made('d'));
SELECT version FROM migrate.apply(test.made('d'));
SELECT text FROM migrate.applied JOIN migrate.script ON sha256 = down_sha256 WHERE version = '5';
-- one that the file no longer has is kept; repair removes it
SELECT test.write('d/5_five.sql', test.goose('CREATE TABLE five ();'));
SELECT version FROM migrate.apply(test.made('d'));
SELECT version, reversible, detail FROM migrate.status(test.made('d')) WHERE version = '5';
SELECT version, action FROM migrate.repair(test.made('d'));
SELECT version, reversible, detail FROM migrate.status(test.made('d')) WHERE version = '5';
-- and one that cannot be parsed is stored with a warning
SELECT test.write('d/5_five.sql', test.goose('CREATE TABLE five ();', 'DROP TABEL five;'));
SELECT version FROM migrate.apply(test.made('d'));
SELECT version, reversible, detail FROM migrate.status(test.made('d')) WHERE version = '5';
SELECT test.write('d/5_five.sql', test.goose('CREATE TABLE five ();', 'DROP TABLE five;'));
SELECT version FROM migrate.apply(test.made('d'));

-- an older release against a newer database
SELECT test.remove('d/5_five.sql');
SELECT version, state FROM migrate.status(test.made('d'));
SELECT version FROM migrate.apply(test.made('d'));
SELECT version, name FROM migrate.rollback(steps => 1);

-- a file with another name and the same version is the same migration
SELECT test.write('d/04_four_renamed.sql', test.goose('CREATE TABLE four ();', 'DROP TABLE four;'));
SELECT test.try($$SELECT * FROM migrate.apply(test.made('d'))$$);
SELECT test.remove('d/4_four.sql');
SELECT version, name, state FROM migrate.status(test.made('d'));
SELECT version FROM migrate.apply(test.made('d'));
SELECT version, name FROM migrate.rollback(steps => 1, dir => test.made('d'));

-- projects are independent, including their batches
SELECT version, batch FROM migrate.apply(test.made('d'), project => 'other', versions => '{4}');
SELECT version, state FROM migrate.status(project => 'other');
SELECT migrate.version(), migrate.version('other'), migrate.version('none');

-- with schema, the run happens in that schema
CREATE SCHEMA "Tenant 1";
SELECT version, batch FROM migrate.apply(test.made('d'), schema => 'Tenant 1');
SELECT relname FROM pg_class WHERE relnamespace = '"Tenant 1"'::regnamespace ORDER BY relname;
SHOW search_path;
SELECT version FROM migrate.reset(schema => 'Tenant 1');
SELECT version, state FROM migrate.status(schema => 'Tenant 1');
DROP SCHEMA "Tenant 1";

-- adopting objects that were created by hand
SELECT test.write('a/1_a.sql', test.goose('CREATE TABLE a (i int); CREATE TABLE b ();', 'DROP TABLE b; DROP TABLE a;'));
SELECT test.write('a/2_c.sql', test.goose('CREATE TABLE c (); ALTER TABLE a ADD i int;', 'DROP TABLE c;'));
SELECT test.write('a/3_d.sql', test.goose('CREATE TABLE d ();', 'DROP TABLE d;'));
SELECT test.write('a/4_e.sql', test.goose('SELECT 1/0;'));
CREATE TABLE b ();
CREATE TABLE a (i int);
SELECT test.try($$SELECT * FROM migrate.apply(test.made('a'), project => 'adopt')$$);
SELECT version, statements FROM migrate.apply(test.made('a'), project => 'adopt', adopt_existing => true, steps => 3);
SELECT version, direction, outcome FROM migrate.history('adopt');
SELECT * FROM test.tables;
-- other errors stay errors
SELECT test.try($$SELECT * FROM migrate.apply(test.made('a'), project => 'adopt', adopt_existing => true)$$);
SELECT version, state FROM migrate.status(test.made('a'), project => 'adopt');
