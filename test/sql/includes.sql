--
-- Files that \i and \ir name become part of a migration.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- a plain migration and other files
CREATE FUNCTION test.include(content text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('inc/1_run.sql', content);
	RETURN QUERY SELECT test.try($c$SELECT * FROM migrate.apply(test.made('inc'), project => 'inc')$c$);
	PERFORM migrate.rollback(project => 'inc', everything => true, force => true);
	RETURN QUERY SELECT coalesce(a, 'null') FROM app.t;
	TRUNCATE app.t;
END
$$;
SET client_min_messages = warning;
CREATE TABLE t (a text);
SELECT test.write('inc/parts/one.sql', E'-- part one\nINSERT INTO t VALUES (''one'');\n');
SELECT test.write('inc/parts/two words.sql', E'INSERT INTO t VALUES (''two'')');
SELECT test.write('inc/parts/deep/three.sql', E'\\ir ../one.sql\n\\ir ./four.sql\n\\i parts/one.sql\nINSERT INTO t VALUES (''three'')');
SELECT test.write('inc/parts/deep/four.sql', E'INSERT INTO t VALUES (''four'');');
SELECT test.write('inc/parts/deep/beside.sql', E'\\i four.sql');
SELECT test.write('inc/parts/rows.sql', E'COPY t FROM stdin;\nrow 1\n\\i parts/one.sql\nrow 2');
SELECT test.write('inc/parts/bad.sql', E'-- comment\n\nSELECT 1,\n  FROM;\n');
SELECT test.write('inc/parts/fails.sql', E'\\ir one.sql\n\n\nSELECT 1 /\n  0;\n');
SELECT test.write('inc/parts/open.sql', E'\nSELECT ''open\n');
SELECT test.write('inc/parts/loop.sql', E'SELECT 1;\n\\ir loop2.sql\n');
SELECT test.write('inc/parts/loop2.sql', E'\\i parts/../parts//loop.sql\n');
SELECT test.write('inc/parts/up.sql', E'\\ir ../../outside.sql\n');
SELECT count(test.write(format('inc/parts/chain%s.sql', i), format(E'\\ir chain%s.sql\n', i + 1))) FROM generate_series(1, 17) i;
SELECT test.write('inc/parts/chain18.sql', '');
SELECT test.write('outside.sql', 'SELECT 1;');

SELECT test.include(E'\\i parts/one.sql');
SELECT test.include(E'\\i parts/one.sql\nINSERT INTO t VALUES (''after'');\n');
SELECT test.include(E'\\include ''parts/two words.sql'' \r\n  \\include_relative ./parts/one.sql;\r\nINSERT INTO t VALUES (''after'');\r\n');
SELECT test.include(E'INSERT INTO t VALUES (''before'');\n\\i parts/deep/three.sql\nINSERT INTO t VALUES (''after'')');
SELECT test.include(E'\\i parts/deep/beside.sql\n');
SELECT test.include(E'\\i parts/rows.sql\nINSERT INTO t VALUES (''after'')');

-- not a psql command: in quotes, comments and rows
SELECT test.include(E'INSERT INTO t VALUES (''\n\\i nowhere.sql\n'');\n/*\n\\i nowhere.sql\n*/\nDO $$ BEGIN /*\n\\i nowhere.sql\n*/ END $$;\nCOPY t FROM stdin;\n\\i nowhere.sql\n\\.\n');

-- line numbers are those of the files
SELECT test.include(E'\\i parts/one.sql\n\nSELEC 1;\n');
SELECT test.include(E'SELECT 1;\n\\i parts/one.sql\n\n\\i parts/bad.sql\nSELECT 1;\n');
SELECT test.include(E'SELECT 1;\n\\i parts/one.sql\n\n\\i parts/fails.sql\nSELECT 1;\n');
SELECT test.include(E'SELECT 1;\n\\i parts/fails.sql\n');
SELECT test.include(E'\\i parts/deep/three.sql\n\n\nSELECT 1/0;\n');
SELECT test.include(E'\\i parts/one.sql\n\\connect other\n');
\set dir :scratch '/sections'
SELECT test.write('sections/1_a.sql', E'-- +goose Up\n\\i parts/one.sql\n-- +goose Down\nSELECT 1;\nSELECT 1/0;\n');
SELECT test.write('sections/parts/one.sql', E'INSERT INTO t\nVALUES\n(''one'');\n');
SELECT version FROM migrate.apply(:'dir', project => 'sections');
SELECT test.try($$SELECT migrate.rollback(project => 'sections')$$);
SELECT test.write('sections/1_a.sql', E'-- +goose Up\n\\i parts/one.sql\n-- +goose Down\nSELECT 1;\n\nSELEC 1;\n');
SELECT version, state, reversible, detail FROM migrate.status(:'dir', project => 'other');
RESET client_min_messages;
SELECT version FROM migrate.apply(:'dir', project => 'other');
SET client_min_messages = warning;
TRUNCATE t;

-- the text of an included file is part of the migration
SELECT test.write('sections/1_a.sql', E'-- +goose Up\n\\i parts/one.sql\n');
SELECT test.write('sections/parts/one.sql', E'INSERT INTO t\nVALUES\n(''two'');\n');
SELECT version, state FROM migrate.status(:'dir', project => 'sections');
SELECT test.remove('sections');

-- errors
SELECT test.include(E'\\i parts/one.sql\n\\i parts/open.sql\nSELECT 1;\n');
SELECT test.include(E'SELECT 1;\n\\i parts/nowhere.sql\n');
SELECT test.include(E'\n\\i\n');
SELECT test.include(E'\n\\i parts/one.sql parts/one.sql\n');
SELECT test.include(E'\\i parts/one.sql\n\\i ../outside.sql\n');
SELECT test.include(E'\\i /etc/hosts\n');
SELECT test.include(E'\\i parts/up.sql\n');
SELECT test.include(E'SELECT 1;\n\\i parts/loop.sql\n');
SELECT test.include(E'\\i 1_run.sql\n');
SELECT test.include(E'\\i parts/chain2.sql\n');
SELECT test.include(E'\\i parts/chain3.sql\n');
-- ten times ten times ten ... files, however long they are; a path of any length
SELECT count(test.write(format('inc/parts/many%s.sql', i), repeat(format(E'\\ir many%s.sql\n', i + 1), 10))) FROM generate_series(1, 8) i;
SELECT test.write('inc/parts/many9.sql', 'SELECT 1;');
SELECT test.include(E'\\i parts/many1.sql\n');
SELECT state, detail FROM migrate.status(test.made('inc'), project => 'inc');
SELECT command, note FROM migrate.plan(test.made('inc'), project => 'inc');
SELECT test.include(E'\\i parts/many7.sql\nINSERT INTO t VALUES (''111 files'');\n');
SELECT test.include(E'\\i ' || repeat('parts/../', 20000) || E'parts/one.sql\n');
SELECT test.include(E'\\i ' || repeat('parts/../', 20000) || E'../outside.sql\n') ~ 'is outside of the directory';
SELECT test.include(E'SELECT\n\\i parts/one.sql\n1;\n');
SELECT test.include(E'SELECT 1; \\i parts/one.sql\n');
-- a file in the same folder is used, and not named as one that is ignored
SELECT test.write('beside/1_a.sql', E'-- +goose Up\n\\i seed.sql\n'),
	   test.write('beside/seed.sql', 'SELECT 1;'),
	   test.write('beside/other.sql', 'SELECT 1;') \gset ignored_
SET client_min_messages = notice;
SELECT version FROM migrate.apply(test.made('beside'), project => 'beside');
RESET client_min_messages;
-- a file that is missing after its migration was applied is an error of that migration
SELECT test.write('gone/1_a.sql', E'-- +goose Up\n\\i parts/a.sql\n-- +goose Down\n\\i parts/down.sql\n');
SELECT test.write('gone/2_b.sql', E'-- +goose Up\nCREATE TABLE gone_b ();\n-- +goose Down\nDROP TABLE gone_b;\n');
SELECT test.write('gone/parts/a.sql', E'CREATE TABLE gone_a ();\n');
SELECT test.write('gone/parts/down.sql', E'DROP TABLE gone_a;\n');
SELECT version FROM migrate.apply(test.made('gone'), project => 'gone');
SELECT test.remove('gone/parts');
SELECT test.write('gone/3_c.sql', E'-- +goose Up\nCREATE TABLE gone_c ();\n-- +goose Down\nDROP TABLE gone_c;\n');
SELECT version, state, reversible, detail FROM migrate.status(test.made('gone'), project => 'gone');
SELECT version, file, line, command, note FROM migrate.plan(test.made('gone'), project => 'gone');
SELECT test.try($$SELECT version FROM migrate.apply(test.made('gone'), project => 'gone')$$);
SET migrate.on_modified = warn;
SELECT version FROM migrate.apply(test.made('gone'), project => 'gone');
RESET migrate.on_modified;
SELECT test.try($$SELECT migrate.repair(test.made('gone'), project => 'gone')$$);
-- undone from the stored script, which is complete
SELECT version FROM migrate.rollback(everything => true, project => 'gone');
-- if it is pending, it stops what would run it, and nothing else
SELECT test.write('gone/1_a.sql', E'-- +goose Up\nCREATE TABLE gone_a ();\n');
SELECT test.write('gone/2_b.sql', E'-- +goose Up\n\\i parts/b.sql\n-- +goose Down\n\\i parts/down.sql\n');
SELECT version, state, reversible, detail FROM migrate.status(test.made('gone'), project => 'gone');
SELECT version, file, line, command, note FROM migrate.plan(test.made('gone'), project => 'gone');
SELECT test.try($$SELECT version FROM migrate.apply(test.made('gone'), project => 'gone')$$);
SELECT version FROM migrate.apply(test.made('gone'), steps => 1, project => 'gone');
SELECT version FROM migrate.rollback(everything => true, force => true, project => 'gone');
-- so does one whose down script cannot be stored, before anything runs
SELECT test.write('gone/2_b.sql', E'-- +goose Up\nCREATE TABLE gone_b ();\n-- +goose Down\n\\i parts/down.sql\n');
SELECT version, note FROM migrate.plan(test.made('gone'), project => 'gone');
SELECT test.try($$SELECT version FROM migrate.apply(test.made('gone'), project => 'gone')$$);
SELECT to_regclass('gone_b');
DROP TABLE gone_a;
CALL migrate.up(test.made('gone'), steps => 1, project => 'gone');
SELECT * FROM t;
