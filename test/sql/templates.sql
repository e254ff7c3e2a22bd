--
-- tern's templates: files of folders that others include, variables, and tern.conf.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
CREATE TABLE test.file (name text PRIMARY KEY, content text);
CREATE FUNCTION test.put(name text, content text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO test.file VALUES (name, content) ON CONFLICT ON CONSTRAINT file_pkey DO UPDATE SET content = excluded.content;
	SELECT test.write('tn/' || name, content) $$;
CREATE FUNCTION test.sent() RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_object_agg(name, content) FROM test.file $$;
-- what a second file makes of it, in both ways
CREATE FUNCTION test.second(content text, vars jsonb DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	of_dir text[];
	of_files text[];
BEGIN
	PERFORM test.put('2_second.sql', content);
	of_dir := array(SELECT test.try(format('SELECT migrate.apply(%L, vars => %L)', test.made('tn'), vars)));
	of_files := array(SELECT test.try(format('SELECT migrate.apply(files => %L, vars => %L)', test.sent(), vars)));
	RETURN QUERY SELECT unnest(of_dir);
	IF of_dir IS DISTINCT FROM of_files THEN
		RETURN QUERY SELECT 'with files: ' || line FROM unnest(of_files) AS line;
	END IF;
END
$$;
\set tn 'test.made(\'tn\')'

SELECT test.put('1_first.sql', E'create table {{ .prefix }}_config (note text default ''{{.prefix}}{{- " " -}}'');\n{{ template "shared/v1.sql" . }}\nselect 1;\n---- create above / drop below ----\ndrop view v1; drop table {{.prefix}}_config;\n') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('tn'), vars => '{"prefix": "foo"}')$$);
SELECT test.put('1_first.sql', E'create table {{ .prefix }}_config (note text default ''{{.prefix}}'');\n{{/* a\n comment */}}\n{{- template "shared/v1.sql" . }}\nselect 1;\n---- create above / drop below ----\ndrop view v1; drop table {{.prefix}}_config;\n') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('tn'), vars => '{"prefix": "foo"}')$$);
SELECT test.put('shared/v1.sql', E'create view {{.prefix}}v1 as\n  select * from {{.prefix}}_config;\n{{ template "shared/deep/f.sql" . }}') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('tn'), vars => '{"prefix": "foo"}')$$);
SELECT test.put('shared/deep/f.sql', E'create function f() returns text language sql as $f$\n{{ template `shared/body.sql` . }}\n$f$;\n-- {{.prefix}}\n') \gset ignored_
SELECT test.put('shared/body.sql', E'  -- two\n  select ''{{.prefix}}''::text') \gset ignored_
SELECT test.put('1_first.sql', replace(content, 'view v1', 'function f(); drop view foov1')) FROM test.file WHERE name = '1_first.sql' \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('tn'))$$);
SELECT version, statements FROM migrate.apply(:tn, vars => '{"prefix": "foo"}');
SELECT f(), prosrc FROM pg_proc WHERE proname = 'f';
SELECT * FROM foov1;
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'foo_config'::regclass;
SELECT text FROM migrate.script ORDER BY length(text) DESC LIMIT 1;
-- a change of an included file is one of the migration; a comment is none
SELECT digest IS NOT NULL AS has_digest FROM migrate.applied;
SELECT migrate.is_current(:tn);
SELECT test.put('shared/body.sql', E'  -- three\n  select ''{{.prefix}}''::text || ''''') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('tn'))$$);
SELECT test.put('shared/body.sql', E'  -- two\n  select ''{{.prefix}}''::text') \gset ignored_
SELECT test.put('shared/deep/f.sql', E'/* new */ create function f() returns text language sql as $f$\n{{ template `shared/body.sql` . }}\n$f$;\n') \gset ignored_
SELECT test.try($$SELECT migrate.apply(test.made('tn'))$$);
-- undone from the store, with the values that it ran with; from the files, with others
SELECT test.try($$SELECT migrate.rollback(files => test.sent() || '{"1_first.sql": "create table x ();\n---- create above / drop below ----\ndrop table {{.nothing}};"}')$$);
SELECT version FROM migrate.rollback();
SELECT * FROM test.tables;

-- tern.conf
SELECT test.put('tern.conf', E'[database]\nhost = {{env "PGHOST"}}\n# comment\n; another\n[data]\nprefix = foo\nunknown = {{env "X"}}\n') \gset ignored_
SELECT version, statements FROM migrate.apply(files => test.sent());
SELECT * FROM test.tables;
SELECT version FROM migrate.rollback(files => test.sent());
SELECT version, statements FROM migrate.apply(:tn, vars => '{"prefix": "bar"}');
SELECT * FROM test.tables;
DROP FUNCTION f;
DROP TABLE bar_config CASCADE;
SELECT count(*) FROM migrate.repair(:tn, '1', 'pending');
SELECT test.put('1_first.sql', E'select 1;\n---- create above / drop below ----\n') \gset ignored_
SELECT version, statements FROM migrate.apply(:tn);
SELECT test.second('create table {{.unknown}} ();');
SELECT test.put('tern.conf', E'[data]\nprefix foo\n') \gset ignored_
SELECT test.second('select 1;');
SELECT test.put('tern.conf', E'[data\nprefix = foo\n') \gset ignored_
SELECT test.second('select 1;');
SELECT test.put('tern.conf', E'[data]\nprefix = foo\n') \gset ignored_

--
-- Other actions, and templates that cannot be included
--
SELECT test.second(E'select 1;\n\n{{ if .x }} select 2; {{ end }}');
SELECT test.second(E'select 1;\n{{ .x | upper }}');
SELECT test.second(E'{{ .a.b }}');
SELECT test.second(E'{{ . }}');
SELECT test.second(E'{{}}');
SELECT test.second(E'{{ install_snapshot "001" }}');
SELECT test.second(E'\n{{ template "shared/v1.sql" }}');
SELECT test.second(E'{{ template "shared/v1.sql" "word" }}');
SELECT test.second(E'{{ template "shared/v1.sql" "a" "b" }}');
SELECT test.second(E'{{ template "shared/v1.sql" 1 }}');
SELECT test.second(E'{{ template "shared/v1.sql" .x }}');
SELECT test.second(E'{{ block "x" . }}{{ end }}');
SELECT test.second(E'select ''{{1,2},{3,4}}''::int[];');
SELECT test.second(E'select 1;\n{{ .prefix ');
SELECT test.second(E'select 1;\n{{ template "a }} ');
SELECT test.second(E'{{/* a }}');
SELECT test.second(E'select 1;\n{{ template "shared/nothing.sql" . }}');
SELECT test.second(E'{{ template "1_first.sql" . }}');
SELECT test.second(E'{{ template "../shared/v1.sql" . }}');
SELECT test.second(E'{{ template "/etc/v1.sql" . }}');
SELECT test.put('shared/loop.sql', E'--\n{{ template "shared/loop.sql" . }}') \gset ignored_
SELECT test.second(E'{{ template "shared/loop.sql" . }}');
SELECT test.put('shared/deep' || i || '.sql', format('{{ template "shared/deep%s.sql" . }}', i + 1)) FROM generate_series(1, 17) i \g (format=unaligned tuples_only=on) /dev/null
SELECT test.second(E'{{ template "shared/deep1.sql" . }}');
SELECT test.second(E'select 1;\n---- create above / drop below ----\n{{ range .x }}');
-- lines of errors, after what was put in
SELECT test.put('shared/three.sql', E'select 1;\nselect 2;\nselect 3;\n') \gset ignored_
SELECT test.put('shared/broken.sql', E'select 1;\nselect 1/0;') \gset ignored_
SELECT test.second(E'{{ template "shared/three.sql" . }}\nselect ''{{ template "shared/three.sql" . }}'';\nselect 4\n/0;');
SELECT test.second(E'select 4;\n{{ template "shared/broken.sql" . }}\n');
SELECT test.second(E'select 4;\n{{ template "shared/broken.sql" . }}\nselect 5 from;');
SELECT test.second(E'select 4;  {{ template "shared/three.sql" . }} select {{ .one }} /0;', '{"one": "1"}');
SELECT test.second(E'{{- template "shared/three.sql" . -}}\n\n\n\nselect {{ .two }}');
SELECT test.put('shared/var.sql', E'\nselect {{ .three }};') \gset ignored_
SELECT test.second(E'select 1;\n{{ template "shared/var.sql" . }}');
-- without data, or with a string
SELECT test.put('shared/dot.sql', '/* {{ . }} */ select {{ . }};') \gset ignored_
SELECT test.put('shared/dots.sql', 'select 1; {{ template "shared/dot.sql" . }}') \gset ignored_
SELECT test.second(E'{{ template "shared/three.sql" }} {{ template "shared/dots.sql" "1" }}\n {{ template "shared/dot.sql" `0/0` }}');
SELECT test.second(E'{{ template "shared/dot.sql" }}');
-- rows of COPY are left alone
CREATE TABLE copied (a int, b text);
SELECT test.put('shared/rows.sql', E'1\tone\n2\ttwo\n') \gset ignored_
SELECT test.second(E'copy copied from stdin;\n{{ template "shared/rows.sql" . -}}\n3\tthree\n\\.\nselect 1/0;');
SELECT test.put('2_second.sql', E'copy copied from stdin;\n{{ template "shared/rows.sql" . -}}\n3\tthree\n\\.\n') \gset ignored_
SELECT version FROM migrate.apply(:tn);
SELECT version FROM migrate.rollback(force => true, steps => 1);
TABLE copied;
SELECT test.second(E'copy copied from stdin;\n4\tfour\n\\.\n{{ template "shared/broken.sql" . }}');

-- an applied migration with an action that cannot run does not stop others
SELECT test.put('2_second.sql', 'select 2;') \gset ignored_
SELECT version FROM migrate.apply(:tn);
SELECT test.put('2_second.sql', '{{ if .x }}') \gset ignored_
SELECT test.put('3_third.sql', 'select 3;') \gset ignored_
SELECT version, state, detail FROM migrate.status(:tn);
SELECT test.try($$SELECT migrate.apply(test.made('tn'))$$);
SET migrate.on_modified = ignore;
SELECT version FROM migrate.apply(:tn);
RESET migrate.on_modified;

-- other formats have none
SELECT test.try($$SELECT migrate.apply(files => '{"1_a.sql": "create table {{.a}} ();"}', project => 'plain')$$);
SELECT version FROM migrate.apply(files => '{"1_a.sql": "select ''{{1,2},{3,4}}''::int[];"}', project => 'plain');
SELECT version FROM migrate.apply(files => '{"1_a.sql": "create table {{.a}} ();"}', vars => '{"a": "given"}', format => 'tern', project => 'given');
SELECT * FROM test.tables;

-- an ordinary role: nothing outside of the directory
CREATE ROLE regress_migrate_tern;
GRANT ALL ON SCHEMA app TO regress_migrate_tern;
GRANT USAGE ON SCHEMA test, migrate TO regress_migrate_tern;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_tern;
SELECT set_config('migrate.allowed_directories', current_setting('test.scratch') || '/tn', false) \gset ignored_
SELECT test.shell('mkdir -p out && echo "select 1;" >out/secret.sql && ln -s ../out tn/out') \gset ignored_
SELECT test.put('4_fourth.sql', '{{ template "out/secret.sql" . }}') \gset ignored_
SELECT test.put('2_second.sql', 'select 2;') \gset ignored_
SET ROLE regress_migrate_tern;
SELECT test.try($$SELECT migrate.apply(test.made('tn'))$$);
RESET ROLE;
SELECT test.put('4_fourth.sql', 'create table {{.prefix}}_of_role ({{ template "shared/column.sql" . }});') \gset ignored_
SELECT test.put('shared/column.sql', 'n int') \gset ignored_
SET ROLE regress_migrate_tern;
CALL migrate.up(:tn);
RESET ROLE;
SELECT relname, relowner::regrole FROM pg_class WHERE relname ~ 'of_role';
RESET migrate.allowed_directories;
-- too much, though little of it is put in
\set below '---- create above / drop below ----\nSELECT 2;\n'
SELECT test.try(format('SELECT migrate.apply(project => ''much'', files => %L)', jsonb_build_object('001_a.sql', E'SELECT 1;\n' || repeat('{{ template "s/x.sql" . }}', 600) || E'\n' || :'below',
	's/x.sql', '{{/*' || repeat(' ', 1000000) || '*/}}')));
SELECT test.try(format('SELECT migrate.apply(project => ''much'', files => %L)', jsonb_build_object('001_a.sql', '{{ ' || repeat('a', 1000) || E' }}\n' || :'below')));
-- many values, and long templates
BEGIN;
SET LOCAL statement_timeout = '30s';
SELECT state FROM migrate.status(project => 'many', files => jsonb_build_object('001_a.sql', E'SELECT {{ .k7 }};\n---- create above / drop below ----\nSELECT 2;',
	'tern.conf', E'[data]\n' || (SELECT string_agg(format('k%s = %s', i, i), E'\n') FROM generate_series(1, 50000) i)));
SELECT count(*) FROM migrate.plan(project => 'many', files => jsonb_build_object('001_a.sql', E'{{ template "s/x.sql" . }}\nSELECT 1;\n---- create above / drop below ----\nSELECT 2;',
	's/x.sql', repeat(E'SELECT 1;\n', 20000)));
SELECT version FROM migrate.apply(project => 'many', files => jsonb_build_object('001_a.sql', E'{{ template "s/x.sql" . }}\n' || :'below', 's/x.sql', 'SELECT 1;'));
SELECT state FROM migrate.status(project => 'many', files => jsonb_build_object('001_a.sql', E'SELECT 1;\n' || :'below' || repeat('{{template ', 300000) || '}}', 's/x.sql', 'SELECT 1;'));
COMMIT;
DROP OWNED BY regress_migrate_tern;
DROP ROLE regress_migrate_tern;
