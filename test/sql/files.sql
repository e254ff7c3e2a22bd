--
-- Files that the client sends instead of a directory of the server.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- all that a directory has, as a client would send it
CREATE FUNCTION test.files(dir text) RETURNS jsonb LANGUAGE sql AS $$
	WITH RECURSIVE below (name, folder) AS (
		SELECT f, (pg_stat_file(dir || '/' || f)).isdir FROM pg_ls_dir(dir) f
		UNION ALL
		SELECT name || '/' || f, (pg_stat_file(dir || '/' || name || '/' || f)).isdir
		FROM below, pg_ls_dir(dir || '/' || name) f WHERE folder)
	SELECT coalesce(jsonb_object_agg(name, pg_read_file(dir || '/' || name)), '{}') FROM below WHERE NOT folder
$$;
-- what an object turns out to be, in one line, or as an error
CREATE FUNCTION test.see(given jsonb, format text DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	SELECT string_agg(concat_ws(' ', s.version, nullif(s.name, '')), ', ') INTO said
	FROM migrate.status(files => given, project => 'see', format => see.format) AS s;
	RETURN NEXT coalesce(said, 'nothing');
EXCEPTION WHEN OTHERS THEN
	RETURN QUERY SELECT test.try(format('SELECT migrate.status(files => %L, project => ''see'', format => %L)', given, see.format));
END
$$;

-- a role that has EXECUTE and nothing else
CREATE ROLE regress_migrate_deploy;
GRANT USAGE ON SCHEMA migrate, test TO regress_migrate_deploy;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_deploy;
GRANT USAGE, CREATE ON SCHEMA app TO regress_migrate_deploy;

--
-- What it must be: an object of names and texts.
--
SELECT given, test.see(given) FROM (VALUES ('null'::jsonb), ('[]'), ('"a"'), ('1'), ('true'), ('["1_a.sql"]')) v(given);
SELECT test.see('{}');
SELECT test.see(jsonb_build_object('1_a.sql', given)) FROM (VALUES ('null'::jsonb), ('1'), ('true'), ('[]'), ('{}'), ('["a"]'), ('{"a": "b"}')) v(given);
-- hidden ones too
SELECT test.see('{".hidden": 1}');

--
-- Names: those of files in a directory.
--
SELECT name, test.see(jsonb_build_object(name, 'SELECT 1;'))
FROM unnest('{/1_a.sql,//1_a.sql,1_a.sql/,a//1_a.sql,.,..,./1_a.sql,../1_a.sql,a/.,a/..,a/../1_a.sql,a/./1_a.sql,/,""}'::text[]) name;
-- control characters, and those that turn what is read
SELECT test.see(jsonb_build_object(format('1_%s.sql', chr(c)), 'SELECT 1;'))
FROM unnest('{1,7,9,10,13,27,31,127,128,155,159,1564,8206,8207,8232,8233,8234,8237,8238,8294,8297,65279}'::int[]) c;
SELECT test.see(jsonb_build_object(E'1_a\nERROR:  forged.sql', 'SELECT 1;'));
-- these are names
SELECT name, test.see(jsonb_build_object(name, 'SELECT 1;'))
FROM unnest(ARRAY['1_a b.sql', '1_...sql', '1_a..b.sql', E'1_\\a.sql', '1_é.sql', '1_"a".sql', '1_~.sql', '1_%s%n.sql', '1_../a.sql', '1_مرحبا.sql']) name;
-- too long
SELECT test.see(jsonb_build_object(repeat('x', 256), 'SELECT 1;'));
SELECT test.see(jsonb_build_object('1_' || repeat('x', 253), ''));
SELECT test.see(jsonb_build_object(repeat('1_y/', 1100) || '.sql', 'SELECT 1;'));
SELECT test.see(jsonb_build_object(repeat('é', 1000000), 'SELECT 1;'));
-- a file that is a folder, among names that sort between the two, and a hidden one
SELECT test.see('{"a": "", "a/b.sql": ""}');
SELECT test.see('{"1": "", "1-": "", "1.sql": "", "1/2/3.sql": "", "1/2": "", "1/2.sql": ""}');
SELECT test.see('{".a/b": "", ".a": ""}');
SELECT test.see('{"1_a.sql": "", "1_a.sql.orig": "", "1_a": "", "1_a.d/x": ""}');
-- hidden names are skipped, others left alone; what looks like a migration is named
SELECT test.see('{".git/1_a.sql": "SELECT 1;", "2_b.sql": "SELECT 2;", ".3_c.sql": "", "x/.4_d.sql": "", "x/.y/5_e.sql": "", "README.md": "# no"}');
SELECT version FROM migrate.apply(files => '{"1_a.sql": "", "seeds.sql": "", "notes.txt": "", ".more.sql": ""}', project => 'ignored');

--
-- Not together with a directory, and not mixed with the setting.
--
SELECT test.try(format('SELECT * FROM migrate.%s(dir => %L, files => %L)', routine, test.dir('plain'), '{}'))
FROM unnest('{apply,plan,status,rollback,redo,refresh,baseline,adopt,repair}'::text[]) routine;
\set VERBOSITY sqlstate
CALL migrate.up(dir => '/', files => '{}');
CALL migrate.down(dir => '/', files => '{}');
\set VERBOSITY default
SET migrate.directory = '/nowhere';
SELECT test.try($$SELECT migrate.status()$$);
SELECT version, state FROM migrate.status(files => '{"1_a.sql": "SELECT 1;"}');
SELECT test.try($$SELECT migrate.apply(files => '{}')$$);
SELECT test.try($$SELECT migrate.apply(files => '{"readme.sql": "SELECT 1;"}')$$);
SELECT test.try($$SELECT migrate.apply(files => '{"1_a.sql": "SELECT 1;"}', format => 'flyway')$$);
SELECT test.try($$SELECT migrate.apply(files => '{"folder\\V1__a.sql": "SELECT 1;"}')$$);
SELECT test.try($$SELECT migrate.rollback(files => '{}')$$);
SELECT test.try($$SELECT migrate.repair(files => '{}')$$);
RESET migrate.directory;
SELECT test.try($$SELECT migrate.apply()$$);
SELECT test.try($$SELECT migrate.apply(files => NULL)$$);
-- create() writes to the server
SELECT test.try($$SELECT migrate.create('x', files => '{}')$$);

--
-- Every routine, with EXECUTE alone.
--
SELECT '{
	"001_users.sql": "-- +goose Up\nCREATE TABLE users (id int);\n-- +goose Down\nDROP TABLE users;\n",
	"002_email.sql": "-- +goose Up\nALTER TABLE users ADD email text;\n-- +goose Down\nALTER TABLE users DROP email;\n",
	"003_index.sql": "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY users_idx ON users (email);\n-- +goose Down\nDROP INDEX CONCURRENTLY users_idx;\n"
}' AS files \gset
SET ROLE regress_migrate_deploy;
SELECT version, name, state, reversible, file FROM migrate.status(files => :'files');
SELECT version, transaction, statement, file, line, command, note FROM migrate.plan(files => :'files');
SELECT version, name, statements FROM migrate.apply(files => :'files', target => '2');
SELECT test.try(format('SELECT migrate.apply(files => %L)', :'files'));
CALL migrate.up(files => :'files');
CALL migrate.up(files => :'files');
SELECT version, state, applied_by FROM migrate.status(files => :'files');
CALL migrate.down(files => :'files', steps => 1);
CALL migrate.down(steps => 1);
SELECT version FROM migrate.rollback(files => jsonb_set(:'files', '{001_users.sql}', '"-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE users; SELECT 1/1;\n"'));
SELECT version FROM migrate.apply(files => :'files', steps => 2);
SELECT version FROM migrate.redo(files => :'files');
SELECT version FROM migrate.redo();
SELECT version FROM migrate.refresh(files => (:'files'::jsonb) - '003_index.sql');
SELECT version FROM migrate.reset();
SELECT version FROM migrate.baseline(files => (:'files'::jsonb) || '{"schema.sql": "CREATE TABLE users (id int, email text);\n"}', version => '2', script => 'schema.sql');
SELECT test.try(format('SELECT migrate.baseline(files => %L, script => ''schema.sql'', project => ''other'')', :'files'));
SELECT version, state FROM migrate.status(files => :'files');
SELECT version, name, action FROM migrate.repair(files => jsonb_set(:'files', '{002_email.sql}', '"-- +goose Up\nALTER TABLE users ADD email varchar;\n"'));
SELECT version, name, action FROM migrate.repair(files => :'files', version => '3', state => 'applied');
SELECT version, direction, outcome, role FROM migrate.history() LIMIT 2;
-- another tool's history
CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT '2026-01-01');
INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true);
SELECT version, name, note FROM migrate.adopt(files => :'files', project => 'adopted');
SELECT version, state FROM migrate.status(files => :'files', project => 'adopted');
RESET ROLE;
DROP TABLE goose_db_version, users;

--
-- The disk is not read, whatever the files ask for.
--
SELECT test.write('outside.sql', 'SELECT 1;');
SELECT test.write('there/1_a.sql', 'SELECT 1;');
CREATE FUNCTION test.asks(line text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT test.try(format('SELECT migrate.apply(files => %L, project => ''asks'')',
						   jsonb_build_object('1_a.sql', line, 'sub/inside.sql', 'SELECT 1/0;')))
$$;
CREATE FUNCTION test.asks_disk(line text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT test.write('asks/1_a.sql', line);
	SELECT test.try(format('SELECT migrate.apply(%L, project => ''asks'')', test.made('asks')))
$$;
SELECT test.write('asks/sub/inside.sql', 'SELECT 1/0;');
CREATE TABLE asked (n serial, line text);
INSERT INTO asked (line) VALUES
	('\i /etc/passwd'), ('\ir /etc/passwd'), ('\i ../outside.sql'), ('\ir ../outside.sql'), ('\i sub/../../outside.sql'),
	('\i .'), ('\i sub'), ('\i sub/'), ('\i .hidden'), ('\i nowhere.sql'), ('\i sub/inside.sql'), ('\ir ./sub//inside.sql'),
	('\i'), ('\copy t from /etc/passwd'));
GRANT INSERT ON asked TO regress_migrate_deploy;
SELECT line, test.asks(line) FROM asked ORDER BY n;
-- and it is said in the same words as of a directory
SELECT line AS differs FROM asked WHERE ARRAY(SELECT test.asks(line)) <> ARRAY(SELECT test.asks_disk(line));
SET ROLE regress_migrate_deploy;
SELECT left(t, 5) FROM test.try($$SELECT migrate.apply(project => 'asks', files => '{"1_a.sql": "COPY asked FROM ''/etc/passwd'';"}')$$) t LIMIT 1;
SELECT test.try($$SELECT migrate.apply(project => 'asks', files => '{"1_a.sql": "SELECT pg_read_file(''/etc/passwd'');"}')$$);
SELECT test.try(format('SELECT migrate.apply(%L)', test.made('there')));
RESET ROLE;

--
-- Layouts with folders, files about the others, checksums, includes.
--
CREATE SCHEMA layouts;
CREATE FUNCTION test.layout(name text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	files jsonb := test.files(test.dir(name));
	said text;
BEGIN
	SELECT string_agg(a.version, ' ') INTO said FROM migrate.apply(files => files, project => name, schema => 'layouts') a;
	RETURN NEXT 'applied ' || said;
	SELECT string_agg(a.version, ' ') INTO said FROM migrate.rollback(project => name, schema => 'layouts', force => true) a;
	RETURN NEXT 'undone ' || said;
END
$$;
SET client_min_messages = warning;
SELECT name, test.layout(name) FROM unnest('{diesel,prisma,sqitch,drizzle_folders,atlas,graphile-migrate,liquibase,goose_long}'::text[]) name;
RESET client_min_messages;
SELECT test.see(test.files(test.dir('drizzle')));
SELECT test.see(test.files(test.dir('drizzle')) - '0001_brave_pear.sql');
SELECT test.see(test.files(test.dir('sqitch')) - 'deploy/telescopes.sql' - 'sqitch.plan', 'sqitch');
SELECT test.see(test.files(test.dir('atlas')) || '{"atlas.sum": "h1:wrong\n"}');
SELECT test.see('{"1_a.sql": "-- +goose Up\n", "2_b.up.sql": ""}');
SELECT test.see('{"V1__a.sql": "", "deep/er/V2__b.sql": ""}');
SELECT version, statements FROM migrate.apply(project => 'include', files =>
	'{"1_a.sql": "\\i parts/one.sql\nSELECT 3;\n", "parts/one.sql": "SELECT 1;\n\\ir deep/two.sql\n", "parts/deep/two.sql": "SELECT 2;\n"}');

--
-- Texts: as files, with file and line.
--
SELECT test.see(jsonb_build_object('1_a.sql', E'\uFEFF-- +goose Up\nSELECT 1;\n'));
SELECT version FROM migrate.apply(project => 'crlf', files => jsonb_build_object('1_a.sql', E'\uFEFF-- +goose Up\r\nCREATE TABLE crlf (t text);\r\nINSERT INTO crlf VALUES (''a\r\nb'');\r\n-- +goose Down\r\nDROP TABLE crlf;\r\n'));
SELECT encode(convert_to(t, 'UTF8'), 'hex') FROM crlf;
SELECT version FROM migrate.rollback(project => 'crlf');
SELECT test.try($$SELECT migrate.apply(project => 'texts', files => '{"1_a.sql": "SELECT 1;\n\nSELECT 1 /\n0;\n"}')$$);
SELECT test.try($$SELECT migrate.apply(project => 'texts', files => '{"1_a.sql": "SELECT 1;\n", "2_b.sql": "SELECT 1;\n\nSELEC 2;\n"}')$$);
SELECT test.try($$SELECT migrate.apply(project => 'texts', files => '{"1_a.sql": "\\i parts/b.sql\n", "parts/b.sql": "\n\nSELEC 2;\n"}')$$);
SELECT test.try($$SELECT migrate.apply(project => 'texts', files => '{"1_a.sql": "-- +goose Up\n-- +goose Upp\n"}')$$);
SELECT test.try($$SELECT migrate.apply(project => 'texts', files => '{"1_a.sql": "-- +goose Up\n", "1_b.sql": "-- +goose Up\n"}')$$);
SELECT test.try($$SELECT migrate.apply(project => 'texts', files => '{"1_a.go": "package main", "2_b.sql": "-- +goose Up\n"}')$$);

--
-- Where an object comes from does not matter: a run that commits keeps its own.
--
CREATE TABLE releases (files jsonb);
INSERT INTO releases SELECT jsonb_object_agg(format('%s_a.sql', i), format(E'-- +goose Up\nCREATE TABLE c%s (i int); -- %s\n-- +goose Down\nDROP TABLE c%s;\n', i, repeat(md5(i::text), 100), i)) FROM generate_series(1, 40) i;
CREATE FUNCTION test.release() RETURNS jsonb LANGUAGE sql AS 'SELECT files FROM app.releases';
SET client_min_messages = warning;
CALL migrate.up(files => test.release(), project => 'release');
CALL migrate.down(files => test.release(), project => 'release', steps => 40);
CALL migrate.up(files => test.release() || '{"41_a.sql": "-- +goose NO TRANSACTION\n-- +goose Up\nDROP TABLE app.releases;\nVACUUM pg_class;\nDISCARD PLANS;", "42_a.sql": "-- +goose Up\nCREATE TABLE app.last ();"}', project => 'release');
SELECT to_regclass('app.releases'), to_regclass('app.last');
CALL migrate.down(project => 'release', steps => 1, force => true);
SET client_min_messages = error;
DROP TABLE last;
RESET client_min_messages;

--
-- An interrupted migration continues, also from other files.
--
CREATE TABLE people (email text);
INSERT INTO people VALUES ('a'), ('a');
\set VERBOSITY terse
CALL migrate.up(project => 'resume', files => '{"1_a.sql": "CREATE TABLE notes ();\nCREATE UNIQUE INDEX CONCURRENTLY people_email ON people (email);\n"}');
\set VERBOSITY default
SELECT version, state FROM migrate.status(project => 'resume', files => '{"1_a.sql": "CREATE TABLE notes ();\nCREATE UNIQUE INDEX CONCURRENTLY people_email ON people (email);\n"}');
SELECT test.try($$SELECT migrate.apply(project => 'resume', files => '{"1_a.sql": "CREATE TABLE notes ();\nCREATE UNIQUE INDEX CONCURRENTLY people_email ON people (email);\n"}')$$);
\set VERBOSITY sqlstate
CALL migrate.up(project => 'resume', files => '{"1_a.sql": "CREATE TABLE other ();\nSELECT 1;\n"}');
\set VERBOSITY default
CALL migrate.up(project => 'resume', files => '{"1_a.sql": "CREATE TABLE notes ();\nCREATE INDEX people_email ON people (email);\n"}');
DROP TABLE people, notes;

--
-- A changed file replaces what is stored only where the caller has the privileges of
-- the author.
--
CREATE ROLE regress_migrate_author;
CREATE ROLE regress_migrate_super SUPERUSER;
GRANT USAGE ON SCHEMA migrate, test TO regress_migrate_author;
GRANT USAGE, CREATE ON SCHEMA app TO regress_migrate_author;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_author;
CREATE VIEW test.stored AS
	SELECT a.version, a.up_role, a.down_role, btrim(s.text, E'\n') AS down
	FROM migrate.applied a LEFT JOIN migrate.script s ON s.sha256 = a.down_sha256 WHERE project = 'author';
CREATE FUNCTION test.down(first text, second text DEFAULT NULL, up text DEFAULT 'SELECT 1;') RETURNS jsonb LANGUAGE sql AS
	$$ SELECT jsonb_build_object('1_a.sql', test.goose(up, first), '2_b.sql', test.goose('SELECT 2;', second)) $$;
SET ROLE regress_migrate_author;
SELECT version FROM migrate.apply(project => 'author', files => test.down('SELECT ''old'';'));
-- another role: it stays, and the run goes on
SET ROLE regress_migrate_deploy;
SELECT version FROM migrate.apply(project => 'author', files => test.down('SELECT ''other'';', 'SELECT ''new'';'));
CALL migrate.up(project => 'author', files => test.down('SELECT ''other'';'));
SELECT version FROM migrate.apply(project => 'author', files => test.down('SELECT ''other'';') || jsonb_build_object('3_c.sql', test.goose('SELECT 3;')));
SELECT version, action FROM migrate.repair(project => 'author', files => test.down('SELECT ''other'';', up => 'SELECT ''changed'';'));
SELECT version, action FROM migrate.repair(project => 'author', files => test.down(NULL));
RESET ROLE;
SELECT * FROM test.stored ORDER BY 1;
-- a directory of the server is its administrator's
GRANT pg_read_server_files TO regress_migrate_deploy;
SELECT test.write('author/1_a.sql', test.goose('SELECT 1;', 'SELECT ''disk'';'));
SELECT test.write('author/2_b.sql', test.goose('SELECT 2;'));
SELECT test.write('author/3_c.sql', test.goose('SELECT 3;'));
SET ROLE regress_migrate_deploy;
SELECT version FROM migrate.apply(test.made('author'), project => 'author');
RESET ROLE;
REVOKE pg_read_server_files FROM regress_migrate_deploy;
SELECT * FROM test.stored ORDER BY 1;
SET ROLE regress_migrate_author;
SELECT version FROM migrate.apply(project => 'author', files => test.down('SELECT ''author'';') || jsonb_build_object('3_c.sql', test.goose('SELECT 3;')));
-- a member of the author's role, and a superuser
RESET ROLE;
GRANT regress_migrate_author TO regress_migrate_deploy;
SET ROLE regress_migrate_deploy;
SELECT version FROM migrate.apply(project => 'author', files => test.down('SELECT ''member'';', 'SELECT ''member'';'));
SET ROLE regress_migrate_super;
SELECT * FROM test.stored ORDER BY 1;
SELECT version, action FROM migrate.repair(project => 'author', files => test.down('SELECT ''superuser'';', up => 'SELECT ''changed'';'));
SELECT * FROM test.stored ORDER BY 1;
-- what a superuser has stored, others do not replace; it is run from the files of who asks
SET ROLE regress_migrate_deploy;
SELECT version FROM migrate.apply(project => 'author', files => test.down('SELECT ''mine'';', up => 'SELECT ''changed'';'));
SELECT version FROM migrate.rollback(project => 'author', everything => true, force => true);
SELECT version FROM migrate.rollback(project => 'author', everything => true, force => true, files => test.down('SELECT 1;', 'SELECT 1;'));
SET ROLE regress_migrate_super;
-- a repeatable one that has changed, settled by hand
SELECT version FROM migrate.apply(project => 'repeat', files => '{"V1__a.sql": "SELECT 1;", "R__v.sql": "SELECT 1;"}');
SET ROLE regress_migrate_author;
SELECT name, action FROM migrate.repair(project => 'repeat', version => 'R__v.sql', state => 'applied', files => '{"V1__a.sql": "SELECT 1;", "R__v.sql": "SELECT 2;"}');
RESET ROLE;
SELECT name, action FROM migrate.repair(project => 'repeat', version => 'R__v.sql', state => 'applied', files => '{"V1__a.sql": "SELECT 1;", "R__v.sql": "SELECT 2;"}');

--
-- Many names: each is looked up, none is searched for.
--
SELECT count(*) FROM migrate.plan(project => 'many', files => (SELECT jsonb_object_agg(format('%s_a.sql', i), 'SELECT 1;') FROM generate_series(1, 5000) i));

\set ECHO none
SET client_min_messages = error;
RESET ROLE;
DROP SCHEMA app, test, layouts CASCADE;
DROP EXTENSION migrate CASCADE;
DROP ROLE regress_migrate_deploy, regress_migrate_author, regress_migrate_super;
