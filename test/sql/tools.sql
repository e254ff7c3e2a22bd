--
-- Directories of other tools that are broken, ambiguous or unusual: detection of
-- formats, manifests, checksums.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

--
-- two formats in one directory
--
SELECT test.write('goose_dbmate/1_a.sql', test.goose('SELECT 1;'));
SELECT test.write('goose_dbmate/2_b.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\n');
SELECT test.look('goose_dbmate');
SELECT test.look('goose_dbmate', 'dbmate');
SELECT test.write('dbmate_plain/1_a.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\n');
SELECT test.write('dbmate_plain/2_b.sql', 'SELECT 1;');
SELECT test.look('dbmate_plain');
SELECT test.write('plain_dbmate/1_a.sql', 'SELECT 1;');
SELECT test.write('plain_dbmate/2_b.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\n');
SELECT test.look('plain_dbmate');
SELECT test.look('plain_dbmate', 'plain');
SELECT test.write('flyway_goose/V1__a.sql', 'SELECT 1;');
SELECT test.write('flyway_goose/2_b.sql', test.goose('SELECT 1;'));
SELECT test.look('flyway_goose');
SELECT test.look('flyway_goose', 'flyway');
SELECT test.write('flyway_plain/V1__a.sql', 'SELECT 1;');
SELECT test.write('flyway_plain/2_b.sql', 'SELECT 1;');
SELECT test.look('flyway_plain');
SELECT test.write('flyway_marked/V1__a.sql', test.goose('SELECT 1;', 'SELECT 1;'));
SELECT test.look('flyway_marked');
SELECT test.write('pairs_marked/1_a.up.sql', test.goose('SELECT 1;', 'SELECT 1;'));
SELECT test.look('pairs_marked');
SELECT test.write('liquibase_goose/1_a.sql', E'--liquibase formatted sql\n--changeset a:1\nSELECT 1;');
SELECT test.write('liquibase_goose/2_b.sql', test.goose('SELECT 1;'));
SELECT test.look('liquibase_goose');
SELECT test.write('rambler_migrate/1_a.sql', E'-- rambler up\nSELECT 1;');
SELECT test.write('rambler_migrate/2_b.sql', E'-- +migrate Up\nSELECT 1;');
SELECT test.look('rambler_migrate');
SELECT test.write('both_in_one/1_a.sql', E'-- +goose Up\nSELECT 1;\n-- +migrate Up\nSELECT 1;');
SELECT test.look('both_in_one');
SELECT test.write('prisma_goose/1_a/migration.sql', 'SELECT 1;');
SELECT test.write('prisma_goose/2_b.sql', test.goose('SELECT 1;'));
SELECT test.look('prisma_goose');
SELECT test.write('atlas_pairs/atlas.sum', 'h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
SELECT test.write('atlas_pairs/1_a.up.sql', 'SELECT 1;');
SELECT test.look('atlas_pairs');

-- a format that is given and does not match
SELECT test.write('fits/1_a.up.sql', 'SELECT 1;');
SELECT test.write('fits/1_a.down.sql', 'SELECT 1;');
SELECT test.look('fits', 'goose');
SELECT test.look('fits', 'sqitch');
SELECT test.look('fits', 'drizzle');
SELECT test.look('fits', 'prisma');
SELECT test.look('fits', 'diesel');
SELECT test.look('fits', 'atlas');
SELECT test.look('fits', 'graphile-migrate');
SELECT test.look('fits', 'liquibase');
SELECT test.look('fits', 'flyway');
SELECT test.look('fits', 'refinery');
SELECT test.look('fits', 'dbmate');
SELECT test.look('fits', 'tern');
SELECT test.look('fits', 'rambler');
SELECT test.look('fits', 'postgres-migrations');
SELECT test.look('fits', 'supabase');
SELECT test.look('fits', 'plain');
SELECT test.look('fits', 'node-pg-migrate');
SELECT test.look('fits', 'Goose');
SELECT test.look('fits', '');

--
-- files that several tools would read, each differently
--
SELECT test.write('sqlx/1_a.up.sql', 'CREATE TABLE a ();');
SELECT test.write('sqlx/1_a.down.sql', 'DROP TABLE a;');
SELECT test.write('sqlx/2_b.sql', 'CREATE TABLE b ();');
SELECT test.look('sqlx');
SELECT test.look('sqlx', 'sqlx');
SELECT test.look('sqlx', 'golang-migrate');
CREATE TABLE _sqlx_migrations (version bigint, execution_time bigint);
SELECT test.look('sqlx');
DROP TABLE _sqlx_migrations;
CREATE TABLE pgmigrations (id int, name text, run_on timestamp);
SELECT test.look('sqlx');
DROP TABLE pgmigrations;
-- a table of that name alone has no effect
CREATE TABLE migrations (name text);
SELECT test.write('numbers/01_a.sql', 'SELECT 1;');
SELECT test.write('numbers/03b.sql', 'SELECT 1;');
SELECT test.look('numbers');
ALTER TABLE migrations ADD executed_at timestamp;
SELECT test.look('numbers');
SELECT test.look('numbers', 'plain');
DROP TABLE migrations;
CREATE SCHEMA supabase_migrations;
CREATE TABLE supabase_migrations.schema_migrations (version text, statements text[]);
SELECT test.write('dates/9_b.sql', 'SELECT 1;');
SELECT test.write('dates/10_a.sql', 'SELECT 1;');
SELECT test.look('dates');
DROP SCHEMA supabase_migrations CASCADE;
SELECT test.look('dates');

--
-- files that should run and cannot
--
SELECT test.write('code_go/1_a.sql', test.goose('SELECT 1;'));
SELECT test.write('code_go/1_a_test.go', '');
SELECT test.write('code_go/main.go', '');
SELECT test.look('code_go');
SELECT test.write('code_go/2_b.go', '');
SELECT test.look('code_go');
SELECT test.write('code_js/1_a.sql', E'-- Up Migration\nSELECT 1;');
SELECT test.write('code_js/1_a.d.ts', '');
SELECT test.look('code_js');
SELECT test.write('code_js/2_b.js', '');
SELECT test.look('code_js');
SELECT test.shell('mv code_js/2_b.js code_js/2_b.ts');
SELECT test.look('code_js');
SELECT test.write('code_rs/V1__a.sql', 'SELECT 1;');
SELECT test.write('code_rs/U2__b.sql', 'SELECT 1;');
SELECT test.write('code_rs/mod.rs', '');
SELECT test.look('code_rs');
SELECT test.write('code_rs/V3__c.rs', '');
SELECT test.look('code_rs');
SELECT test.write('code_flyway/V1__a.sql', 'SELECT 1;');
SELECT test.write('code_flyway/db/afterConnect.sql', 'SELECT 1;');
SELECT test.look('code_flyway');
SELECT test.shell('mv code_flyway/db/afterConnect.sql code_flyway/db/beforeEachMigrateStatement__vacuum.sql');
SELECT test.look('code_flyway');
SELECT test.shell('mv code_flyway/db/*.sql code_flyway/afterwards.sql');
SELECT test.look('code_flyway');
SELECT test.write('code_tern/1_a.sql', E'SELECT 1;\n{{ if .name }}\n---- create above / drop below ----\nSELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('code_tern'), project => 'code_tern')$$);
SELECT test.write('code_tern/1_a.sql', E'{{ template "shared/a.sql" . }}\nSELECT 1;\n');
SELECT test.try($$SELECT migrate.apply(test.made('code_tern'), project => 'code_tern')$$);
SELECT test.try($$SELECT migrate.apply(test.made('code_tern'), project => 'code_tern', format => 'tern')$$);

--
-- numbers
--
SELECT test.write('gap/1_a.sql', E'SELECT 1;\n---- create above / drop below ----\n');
SELECT test.write('gap/3_b.sql', E'SELECT 1;\n');
SELECT test.look('gap');
SELECT test.look('gap', 'postgres-migrations');
SELECT test.shell('mv gap/3_b.sql gap/0_b.sql');
SELECT test.look('gap');
SELECT test.look('gap', 'goose');
SELECT test.look('gap', 'golang-migrate');
SELECT test.shell('mv gap/0_b.sql gap/01_b.sql');
SELECT test.look('gap');
SELECT test.look('gap', 'postgres-migrations');
SELECT test.look('gap', 'dbmate');
SELECT test.look('gap', 'plain');
SELECT test.write('sorted/10_b.sql', E'-- migrate:up\n-- migrate:down\n');
SELECT test.write('sorted/9_a.sql', E'-- migrate:up\n-- migrate:down\n');
SELECT test.look('sorted');
SELECT test.write('sorted/9_c.sql', E'-- migrate:up\n-- migrate:down\n');
SELECT test.look('sorted');
SELECT test.write('lengths/20240101_a.sql', 'SELECT 1;');
SELECT test.write('lengths/20230101120000_b.sql', 'SELECT 1;');
SELECT test.write('lengths/202501011200001_c.sql', 'SELECT 1;');
SELECT test.write('lengths/20211208000000_init.sql', 'SELECT 1;');
SELECT test.look('lengths', 'supabase');
SELECT test.look('lengths');
SELECT test.write('node/17000000000000_none.sql', 'SELECT 1;');
SELECT test.write('node/1700000000000_down-first.sql', E'-- Down Migration\nSELECT 1;\n-- Up Migration\nSELECT 2;');
SELECT test.write('node/1700000000001_only-down.sql', E'SELECT 1;\n-- Down Migration\nSELECT 2;');
SELECT test.write('node/20231114221320002_third.sql', E'  --- up   MIGRATION\nSELECT 1;');
SELECT test.write('node/1700000000003_same.sql', 'SELECT 1;');
SELECT test.write('node/1700000000003_same-too.sql', 'SELECT 1;');
SELECT test.write('node/1700000000004_pair.up.sql', 'SELECT 1;');
SELECT test.write('node/1700000000004_pair.down.sql', 'SELECT 1;');
SELECT test.write('node/99999999999999999_no-date.sql', 'SELECT 1;');
SELECT test.look('node');
SELECT version, name, reversible, file FROM migrate.status(test.made('node'), format => 'node-pg-migrate');
SELECT test.write('node/01700000000001.sql', 'SELECT 1;');
SELECT version, name, statements FROM migrate.apply(test.made('node'), format => 'node-pg-migrate', project => 'node');
SELECT version, statements FROM migrate.rollback(project => 'node', steps => 3, force => true);

--
-- drizzle's journal
--
SELECT test.write('journal/0000_quiet_apple.sql', E'CREATE TABLE a ()--> statement-breakpoint\nCREATE TABLE aa ()');
SELECT test.write('journal/0001_brave_pear.sql', 'CREATE TABLE b ();');
SELECT test.write('journal/0002_custom_sorts.sql', 'CREATE TABLE c ();');
CREATE FUNCTION test.journal(VARIADIC tags text[]) RETURNS void LANGUAGE sql AS $$
	SELECT test.write('journal/meta/_journal.json',
					  format('{"entries": [%s]}', string_agg(format('{"idx": %s, "tag": "%s"}', n, tag), ', ')))
	FROM unnest(tags) WITH ORDINALITY AS t (tag, n)
$$;
SELECT test.journal('0000_quiet_apple', '0002_custom_sorts');
SELECT version, statements FROM migrate.apply(test.made('journal'), project => 'journal');
-- a new entry between others is out of order
SELECT test.journal('0000_quiet_apple', '0001_brave_pear', '0002_custom_sorts');
SELECT version, state FROM migrate.status(test.made('journal'), project => 'journal');
SELECT test.try($$SELECT migrate.apply(test.made('journal'), project => 'journal')$$);
SET migrate.out_of_order = apply;
SELECT version FROM migrate.apply(test.made('journal'), project => 'journal');
RESET migrate.out_of_order;
SELECT version, state FROM migrate.status(test.made('journal'), project => 'journal');
SELECT version FROM migrate.rollback(everything => true, force => true, project => 'journal');
DROP TABLE a, aa, b, c;
SELECT test.journal('0000_quiet_apple', '0007_gone');
SELECT test.look('journal');
SELECT test.journal('0000_quiet_apple', '../journal/0001_brave_pear');
SELECT test.look('journal');
SELECT test.journal('0000_quiet_apple', '0000_quiet_apple');
SELECT test.look('journal');
SELECT test.write('journal/meta/_journal.json', '{"entries": []}');
SELECT test.look('journal');
SELECT test.try($$SELECT migrate.apply(test.made('journal'))$$);
SELECT test.write('journal/meta/_journal.json', '{"entries": [{"idx": 0}]}');
SELECT test.look('journal');
SELECT test.write('journal/meta/_journal.json', '{"entries": [{"tag": 7}]}');
SELECT test.look('journal');
SELECT test.write('journal/meta/_journal.json', '{"entries": ["0000_quiet_apple"]}');
SELECT test.look('journal');
SELECT test.write('journal/meta/_journal.json', '{"version": "7"}');
SELECT test.look('journal');
SELECT test.write('journal/meta/_journal.json', '[]');
SELECT test.look('journal');
SELECT test.write('journal/meta/_journal.json', '');
SELECT test.look('journal');
SELECT test.write('journal/meta/_journal.json', E'{"entries": [\n<<<<<<< HEAD\n{"tag": "0000_quiet_apple"}]}');
SELECT test.look('journal');
-- the layout without a journal
SELECT test.write('folders/20240101_a/migration.sql', E'SELECT 1--> statement-breakpoint\nSELECT 2');
SELECT test.write('folders/20240101_a/snapshot.json', '{}');
SELECT test.write('folders/20240102_b/snapshot.json', '{}');
SELECT test.write('folders/20240103_c/deep/migration.sql', 'SELECT 1');
SELECT test.write('folders/notes.sql', 'SELECT 1');
SELECT version, name, statements FROM migrate.apply(test.made('folders'), project => 'folders');

--
-- prisma, diesel
--
SELECT test.write('prisma/20240101_a/migration.sql', 'SELECT 1');
SELECT test.write('prisma/b/migration.sql', 'SELECT 1');
SELECT test.write('prisma/migration_lock.toml', E'# a comment\nprovider = "mysql"\n');
SELECT test.look('prisma');
SELECT test.write('prisma/migration_lock.toml', E'# provider = "mysql"\r\n  provider   =  "postgresql"  \r\n');
SELECT test.write('prisma/c/README.md', '');
SELECT test.write('prisma/b/extra.sql', '');
SELECT test.write('prisma/dev.sql', '');
SELECT version, name FROM migrate.apply(test.made('prisma'), project => 'prisma');
SELECT test.write('diesel/00000000000000_diesel_initial_setup/up.sql', 'CREATE TABLE a ();');
SELECT test.write('diesel/00000000000000_diesel_initial_setup/down.sql', E'-- nothing\n');
SELECT test.write('diesel/20170820112233_old/up.sql', 'CREATE TABLE b ();');
SELECT test.write('diesel/20170820112233_old/down.sql', 'DROP TABLE b;');
SELECT test.write('diesel/2017-08-20-112232_new/up.sql', 'CREATE TABLE c ();');
SELECT test.write('diesel/2017-08-20-112232_new/metadata.toml', E'run_in_transaction = false\n');
SELECT test.write('diesel/2017-08-20-112232_new/notes.sql', 'SELECT 1;');
SELECT test.write('lone/2017-08-20-112233_a/up.sql', 'SELECT 1;');
SELECT test.write('lone/2017-08-20-112234/down.sql', 'SELECT 1;');
SELECT test.look('lone', 'diesel');
SELECT version, name FROM migrate.apply(test.made('diesel'), project => 'diesel');
SELECT version, reversible FROM migrate.status(test.made('diesel'), project => 'diesel');
SELECT test.try($$SELECT migrate.rollback(project => 'diesel')$$);
SELECT version FROM migrate.rollback(project => 'diesel', force => true);
DROP TABLE a, c;
SELECT test.write('diesel/2017-0820112232_twice/up.sql', 'SELECT 1;');
SELECT test.look('diesel');

--
-- sqitch
--
CREATE FUNCTION test.plan(VARIADIC lines text[]) RETURNS void LANGUAGE sql AS $$
	SELECT test.write('sqitch/sqitch.plan', E'%syntax-version=1.0.0\n%project=roof\n\n' ||
		string_agg(regexp_replace(line, '^([^@]\S*)( \[.*\])?', '\& 2024-02-01T09:00:00Z Ada <ada@example.org>'), E'\n' ORDER BY n))
	FROM unnest(lines) WITH ORDINALITY AS l (line, n)
$$;
SELECT test.write(format('sqitch/deploy/%s.sql', name), format('CREATE TABLE %s ();', name)),
	   test.write(format('sqitch/revert/%s.sql', name), format('DROP TABLE %s;', name))
FROM unnest('{a, b, c, d}'::text[]) AS name;
SELECT test.plan('a # first', '@v1 2024', 'c [a @v1 !d other:x] # third');
SELECT version, name, description, author FROM migrate.status(test.made('sqitch'));
SELECT version FROM migrate.apply(test.made('sqitch'), target => '@v1');
SELECT version FROM migrate.apply(test.made('sqitch'));
-- a new line between others: rows keep their identity
SELECT test.plan('a', '@v1', 'b', 'c');
SELECT version, state FROM migrate.status(test.made('sqitch'));
SELECT test.try($$SELECT migrate.apply(test.made('sqitch'))$$);
SET migrate.out_of_order = apply;
SELECT version FROM migrate.apply(test.made('sqitch'));
RESET migrate.out_of_order;
SELECT version, state FROM migrate.status(test.made('sqitch'));
SELECT version FROM migrate.rollback(target => '@v1', dir => test.made('sqitch'));
CALL migrate.up(test.made('sqitch'));
SELECT version FROM migrate.rollback(everything => true);
-- rework: the old change has the name of the tag
SELECT test.plan('a', 'b', '@v1', 'c');
SELECT version FROM migrate.apply(test.made('sqitch'));
SELECT test.plan('a', 'b', '@v1', 'c', 'a [a@v1 c] # again');
SELECT test.look('sqitch');
SELECT test.shell('cd sqitch && cp deploy/a.sql deploy/a@v1.sql && cp revert/a.sql revert/a@v1.sql');
SELECT test.write('sqitch/deploy/a.sql', 'ALTER TABLE a ADD again int;');
SELECT test.write('sqitch/revert/a.sql', 'ALTER TABLE a DROP again;');
SELECT version, state FROM migrate.status(test.made('sqitch'));
SELECT version FROM migrate.apply(test.made('sqitch'));
SELECT version, state, file FROM migrate.status(test.made('sqitch'));
SELECT version, statements FROM migrate.rollback(target => 'c', dir => test.made('sqitch'));
CALL migrate.up(test.made('sqitch'));
SELECT version FROM migrate.rollback(everything => true);
CALL migrate.up(test.made('sqitch'));
CALL migrate.down(everything => true);
SELECT * FROM test.tables;
-- invalid plans
SELECT test.plan('a', 'gone');
SELECT test.look('sqitch');
SELECT test.plan('b [c]', 'c');
SELECT test.look('sqitch');
SELECT test.plan('b [@v9]');
SELECT test.look('sqitch');
SELECT test.plan('b [roof:nothing]');
SELECT test.look('sqitch');
SELECT test.plan('b', 'c [!b]');
SELECT test.look('sqitch');
SELECT test.plan('b', 'c', 'b');
SELECT test.look('sqitch');
SELECT test.plan('@v1', 'b');
SELECT test.look('sqitch');
SELECT test.write('sqitch/sqitch.plan', 'b [c 2024-02-01T09:00:00Z Ada <a@x>');
SELECT test.look('sqitch');
SELECT test.plan('-b');
SELECT test.look('sqitch');
SELECT test.write('sqitch/sqitch.plan', '');
SELECT test.look('sqitch');
SELECT test.write('sqitch/sqitch.plan', E'%project=roof\r\n\r\nb 2024-02-01T09:00:00Z Ada <a@x> # note\r\n@v1 2024-02-01T09:00:00Z Ada <a@x>\r\nc [b] 2024\r\n');
SELECT version, description, author FROM migrate.status(test.made('sqitch'), project => 'crlf');
-- no revert script
SELECT test.remove('sqitch/revert/c.sql');
CALL migrate.up(test.made('sqitch'));
SELECT test.try('SELECT migrate.rollback()');
SELECT version FROM migrate.rollback(force => true);
DROP TABLE c;

--
-- atlas
--
-- write atlas.sum for files of a directory; files that atlas ignores have no line
CREATE FUNCTION test.sum(dir text, VARIADIC files text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	file text;
	bytes bytea;
	sum text;
	running bytea := '';
	lines text := '';
	total text := '';
BEGIN
	FOREACH file IN ARRAY files LOOP
		bytes := pg_read_binary_file(test.made(dir || '/' || file));
		running := running || convert_to(file, 'UTF8');
		CONTINUE WHEN convert_from(bytes, 'UTF8') LIKE '-- atlas:sum ignore%';
		running := running || bytes;
		sum := encode(sha256(running), 'base64');
		lines := lines || format(E'%s h1:%s\n', file, sum);
		total := total || file || sum;
	END LOOP;
	PERFORM test.write(dir || '/atlas.sum',
					   format(E'h1:%s\n%s', encode(sha256(convert_to(total, 'UTF8')), 'base64'), lines));
END
$$;
SELECT test.write('atlas/1_a.sql', E'CREATE TABLE a ();\n');
SELECT test.write('atlas/2_b.sql', E'CREATE TABLE b ();\n');
SELECT test.write('atlas/3_c.sql', E'CREATE TABLE c ();\n');
SELECT test.sum('atlas', '1_a.sql', '2_b.sql', '3_c.sql');
SELECT test.look('atlas');
SELECT test.write('atlas/2_b.sql', E'CREATE TABLE bb ();\n');
SELECT test.look('atlas');
SELECT test.look('atlas', 'atlas');
SELECT test.look('atlas', 'plain');
SELECT test.write('atlas/2_b.sql', E'CREATE TABLE b ();\n');
SELECT test.write('atlas/2_bb.sql', E'CREATE TABLE b ();\n');
SELECT test.look('atlas');
SELECT test.shell('mv atlas/2_bb.sql atlas/9_bb.sql');
SELECT test.look('atlas');
SELECT test.shell('mv atlas/9_bb.sql atlas/0_bb.sql');
SELECT test.look('atlas');
-- but not for a file that it ignores
SELECT test.write('atlas/0_bb.sql', E'-- atlas:sum ignore\n\nCREATE TABLE bb ();\n');
SELECT test.look('atlas');
SELECT test.sum('atlas', '0_bb.sql', '1_a.sql', '2_b.sql', '3_c.sql');
SELECT test.look('atlas');
-- nor for one at the end, whose name is a part of no sum
SELECT test.write('atlas/4_d.sql', E'-- atlas:sum ignore\n\nCREATE TABLE d ();\n');
SELECT test.sum('atlas', '0_bb.sql', '1_a.sql', '2_b.sql', '3_c.sql', '4_d.sql');
SELECT test.look('atlas');
SELECT test.shell('rm atlas/4_d.sql');
-- no file at all, or none that is counted
SELECT version, name, state FROM migrate.status(files => jsonb_build_object('atlas.sum', E'h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'));
SELECT version, name, state FROM migrate.status(files => jsonb_build_object('1_a.sql', E'-- atlas:sum ignore\nSELECT 1;\n', 'atlas.sum', E'h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'));
SELECT test.shell('rm atlas/0_bb.sql atlas/3_c.sql');
SELECT test.look('atlas');
SELECT test.sum('atlas', '1_a.sql', '2_b.sql');
SELECT test.shell('sed -i "s/^2_b/2_c/" atlas/atlas.sum');
SELECT test.look('atlas');
SELECT test.sum('atlas', '1_a.sql', '2_b.sql');
SELECT test.shell('sed -i 2d atlas/atlas.sum');
SELECT test.look('atlas');
SELECT test.write('atlas/atlas.sum', E'nothing\n');
SELECT test.look('atlas');
SELECT test.write('atlas/atlas.sum', E'h1:x\n1_a.sql\n');
SELECT test.look('atlas');
SELECT test.write('atlas/atlas.sum', '');
SELECT test.look('atlas');
SELECT test.sum('atlas', '1_a.sql', '2_b.sql');
SELECT test.shell('sed -i "s/$/\r/" atlas/atlas.sum');
SELECT test.look('atlas');
SELECT test.remove('atlas/atlas.sum');
SELECT test.look('atlas', 'atlas');
-- versions are text, and must differ
SELECT test.write('atlas/1_again.sql', 'SELECT 1;');
SELECT test.look('atlas', 'atlas');
-- the head of a file
SELECT test.write('head/1_newlines.sql', E'-- atlas:delimiter \\n\\n\\n\n\nCREATE TABLE a (n int)\n\n\nCREATE FUNCTION f() RETURNS text LANGUAGE sql AS $f$\n\n\n SELECT 1;\n SELECT ''a\n\n\nb'' $f$ -- a comment\n\n\nINSERT INTO a VALUES (1);\n\n\n/* another\n\n\n */ SELECT 1 AS "b\n\n\n"\n\n\n');
SELECT test.write('head/2_slashes.sql', E'-- atlas:delimiter //\nCREATE TABLE b () //\n-- http://example.org\nSELECT ''//'' //\nSELECT E''\\''//''');
SELECT test.write('head/3_comment.sql', E'-- atlas:delimiter -- end\nCREATE TABLE c ()\n-- end\nDO $$ BEGIN -- end\nEND $$;\n-- end\nSELECT $1//$x$');
SELECT test.write('head/4_word.sql', E'-- atlas:delimiter \\nGO\n-- atlas:txmode none\n\nCREATE INDEX CONCURRENTLY ON a (n)\nGO\nCREATE TABLE d (GO int)\nGO');
SELECT test.write('head/5_semicolon.sql', E'-- atlas:delimiter ;\nCREATE TABLE e (); CREATE TABLE ee ();');
SELECT test.write('head/6_late.sql', E'CREATE TABLE g ();\n-- atlas:delimiter //\n-- atlas:checkpoint\n');
SELECT test.write('head/7_only.sql', '-- atlas:delimiter //');
SELECT test.try($$SELECT migrate.apply(test.made('head'), format => 'atlas', project => 'head')$$);
SELECT test.write('head/3_comment.sql', E'-- atlas:delimiter -- end\nCREATE TABLE c ()\n-- end\nDO $$ BEGIN -- end\nEND $$;\n-- end\nSELECT $x$//$x$');
SELECT version, name, statements FROM migrate.apply(test.made('head'), format => 'atlas', project => 'head');
SELECT f(), count(*) FROM a;
SELECT * FROM test.tables;
SELECT test.write('head/8_failing.sql', E'-- atlas:delimiter \\n\\n\n\nSELECT 1\n\nSELECT 2\n\nSELECT 1/0\n\nSELECT 3');
SELECT test.try($$SELECT migrate.apply(test.made('head'), format => 'atlas', project => 'head')$$);
SELECT test.write('head/8_failing.sql', E'-- atlas:delimiter   \n\nSELECT 1');
SELECT test.look('head', 'atlas');
SELECT test.write('head/8_failing.sql', E'-- a comment\n-- atlas:checkpoint v1\n\nSELECT 1');
SELECT test.look('head', 'atlas');
SELECT test.look('head');
SELECT version FROM migrate.rollback(everything => true, force => true, project => 'head');
DROP TABLE a, b, c, d, e, ee, g;
DROP FUNCTION f();

--
-- graphile-migrate
--
SELECT test.shell('cp -r "' || test.dir('graphile-migrate') || '" graphile');
SELECT test.look('graphile');
-- files outside "committed" are not migrations
SELECT test.shell('echo "SELECT 1;" > graphile/3-sequences.sql');
SELECT test.look('graphile');
SELECT test.look('graphile', 'graphile-migrate');
SELECT test.shell('rm graphile/3-sequences.sql');
SELECT test.shell('echo "SELECT 1;" >> graphile/committed/000002-voices.sql');
SELECT test.look('graphile');
SELECT test.shell('sed -i "3a --! AllowInvalidHash" graphile/committed/000002-voices.sql');
SELECT test.look('graphile');
-- white space around the body is ignored
SELECT test.shell('cp "' || test.dir('graphile-migrate') || '/committed/000002-voices.sql" graphile/committed && echo >> graphile/committed/000002-voices.sql');
SELECT test.look('graphile');
SELECT test.shell('mv graphile/committed/000001.sql graphile/away');
SELECT test.look('graphile');
SELECT test.shell('mv graphile/away graphile/committed/000001.sql && mv graphile/committed/000002-voices.sql graphile/committed/000005-voices.sql');
SELECT test.look('graphile');
SELECT test.shell('sed -i "/^--! Hash/d" graphile/committed/000001.sql');
SELECT test.look('graphile');
SELECT test.write('graphile/committed/000001.sql', 'SELECT 1;');
SELECT test.look('graphile');
SELECT test.write('graphile/committed/000001.sql', '');
SELECT test.look('graphile');
-- the folder itself is detected from its files
SELECT test.shell('cp "' || test.dir('graphile-migrate') || '/committed/000001.sql" graphile/committed && mv graphile/committed/000005-voices.sql graphile/committed/000002-voices.sql && cp -r graphile/committed alone');
SELECT test.look('alone');

-- a possible down section does not run silently
SELECT test.write('meant/1_a.sql', E'-- UP\nCREATE TABLE meant ();\n-- ==== DOWN ====\nDROP TABLE meant;\n');
SELECT test.try($$SELECT * FROM migrate.apply(test.made('meant'))$$);
SELECT test.write('meant/1_a.sql', E'CREATE TABLE meant ();\n-- DOWN\nDROP TABLE meant;\n');
SELECT test.try($$SELECT * FROM migrate.apply(test.made('meant'))$$);
SELECT test.write('meant/1_a.sql', E'CREATE TABLE meant ();\n-- Rollback:\n-- DROP TABLE meant;\n');
SELECT version, statements FROM migrate.plan(test.made('meant')) AS p (version, name, transaction, statements, file, line, command, note);
SELECT test.write('meant/1_a.sql', E'CREATE TABLE meant ();\n-- migrate:down\nDROP TABLE meant;\n');
SELECT version, command FROM migrate.plan(test.made('meant'));
SELECT test.try($$SELECT * FROM migrate.apply(test.made('meant'))$$);
-- neither does one where the markers of both directions are misspelt
SELECT test.write('meant/1_a.sql', E'-- +gose Up\nCREATE TABLE meant ();\n-- +gose Down\nDROP TABLE meant;\n');
SELECT test.try($$SELECT * FROM migrate.apply(test.made('meant'))$$);
SELECT test.write('meant/1_a.sql', E'-- goose Up\nCREATE TABLE meant ();\n-- goose Down\nDROP TABLE meant;\n');
SELECT test.try($$SELECT * FROM migrate.apply(test.made('meant'))$$);
-- a line without the spelling of a marker may be a heading
SELECT test.write('meant/1_a.sql', E'CREATE TABLE meant ();\n-- Rollback\nDROP TABLE meant;\n');
SELECT version, command FROM migrate.plan(test.made('meant'));
-- neither does one of updown where another file is of node-pg-migrate
SELECT test.write('flips/001_a.sql', E'-- UP\nCREATE TABLE a ();\n-- DOWN\nDROP TABLE a;\n');
SELECT test.write('flips/002_b.sql', E'-- Up Migration\nCREATE TABLE b ();\n-- Down Migration\nDROP TABLE b;\n');
SELECT test.try($$SELECT * FROM migrate.apply(test.made('flips'))$$);
-- another file in place of an applied one
SELECT test.write('taken/1_a.sql', 'CREATE TABLE taken_a ();');
SELECT version FROM migrate.apply(test.made('taken'), project => 'taken');
SELECT test.remove('taken/1_a.sql');
SELECT test.write('taken/1_b.sql', 'CREATE TABLE taken_b ();');
SELECT version, name, state, detail FROM migrate.status(test.made('taken'), project => 'taken');
SELECT test.try($$SELECT * FROM migrate.apply(test.made('taken'), project => 'taken')$$);
SELECT version FROM migrate.rollback(force => true, project => 'taken');
DROP TABLE taken_a;
