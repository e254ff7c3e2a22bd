--
-- sqitch: the project's root with its sqitch.conf, and verify scripts.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
-- the same files, in a directory and as the client sends them
CREATE TABLE test.file (name text PRIMARY KEY, content text);
CREATE FUNCTION test.put(name text, content text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO test.file VALUES (name, content) ON CONFLICT ON CONSTRAINT file_pkey DO UPDATE SET content = excluded.content;
	SELECT test.write('sq/' || name, content) $$;
CREATE FUNCTION test.sent() RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_object_agg(name, content) FROM test.file $$;
CREATE FUNCTION test.seen(dir text, files jsonb) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	SELECT string_agg(concat_ws(' ', s.version, s.file), ', ') INTO said
	FROM migrate.status(dir => seen.dir, files => seen.files, project => 'seen') AS s;
	RETURN NEXT coalesce(said, 'nothing');
EXCEPTION WHEN OTHERS THEN
	RETURN QUERY SELECT test.try(format('SELECT migrate.status(dir => %L, files => %L, project => ''seen'')', dir, files));
END
$$;
-- what a sqitch.conf makes of them, in both ways
CREATE FUNCTION test.conf(content text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	of_dir text[];
	of_files text[];
BEGIN
	PERFORM test.put('sqitch.conf', content);
	of_dir := array(SELECT test.seen(test.made('sq'), NULL));
	of_files := array(SELECT test.seen(NULL, test.sent()));
	RETURN QUERY SELECT unnest(of_dir);
	IF of_dir IS DISTINCT FROM of_files THEN
		RETURN QUERY SELECT 'with files: ' || line FROM unnest(of_files) AS line;
	END IF;
END
$$;
\set sq 'test.made(\'sq\')'

-- the plan where top_dir says
SELECT test.put('db/sqitch.plan', E'%project=p\n\na 2024-01-01T00:00:00Z A <a@b> # one\nf/b [a] 2024-01-02T00:00:00Z A <a@b> # two\n@v1 2024-01-03T00:00:00Z A <a@b>\na [f/b] 2024-01-04T00:00:00Z A <a@b> # again\n');
SELECT test.put('db/deploy/' || name || '.sql', format('BEGIN; CREATE TABLE %I (); COMMIT;', replace(name, '/', '_'))) FROM unnest(array['a', 'a@v1', 'f/b']) AS name;
SELECT test.put('db/revert/' || name || '.sql', format('DROP TABLE %I;', replace(name, '/', '_'))) FROM unnest(array['a', 'a@v1', 'f/b']) AS name;
SELECT test.put('web/page.sql', 'SELECT nonsense');
SELECT test.conf(E'[core]\n\tengine = pg\n\ttop_dir = db\n');
SELECT test.conf(E'[core]\n\ttop_dir = ./db/\n');
-- without a word, it is in the root
SELECT test.conf(E'[core]\n\tengine = pg\n');
SELECT test.conf('');
-- the folder of the plan needs no sqitch.conf
SELECT test.seen(test.made('sq/db'), NULL);

--
-- How it is written
--
SELECT test.conf($$# comment
; another
[Core] ; after a section
	engine = pg # after a value
	Top_Dir = "d\
b"	; quotes, and a line that continues
[engine "mysql"]
	top_dir = nowhere
[add.x]key = value
$$);
SELECT test.conf(E'[core]\r\n\tengine = pg\r\n\ttop_dir = db \r\n');
SELECT test.conf(E'[core]\n\ttop_dir = \\\n  db');
SELECT test.conf(E'top_dir = db\n');
SELECT test.conf(E'[core\ntop_dir = db\n');
SELECT test.conf(E'[]\n');
SELECT test.conf(E'[target "x]\ntop_dir = db\n');
SELECT test.conf(E'[target "x\\y"]\n');
SELECT test.conf(E'[core]\n\n= db\n');
SELECT test.conf(E'[core]\n\ttop_dir = "db\n');
SELECT test.conf(E'[core]\n\ttop_dir = d\\b\\x\n');
SELECT test.conf(E'[core]\n\ttop_dir = db\n[core]\n\ttop_dir = db\n');

--
-- Paths
--
SELECT test.conf(E'[core]\n\ttop_dir = /db\n');
SELECT test.conf(E'[core]\n\ttop_dir = db\n\tplan_file = ../sqitch.plan\n');
SELECT test.conf(E'[core]\n\ttop_dir = db/..\n');
SELECT test.conf(E'[core]\n\ttop_dir = db\n\tverify_dir = C:\\\\verify\n');
SELECT test.conf(E'[core]\n\ttop_dir = elsewhere\n');
SELECT test.conf(E'[core]\n\ttop_dir = db\n\tplan_file = db/other.plan\n');
SELECT test.conf(E'[core]\n\ttop_dir = db\n\tdeploy_dir = deploy\n');
-- all of them, other suffixes, and older scripts elsewhere
SELECT test.put('plans/p.plan', content) FROM test.file WHERE name = 'db/sqitch.plan';
SELECT test.put('up/' || name || '.ddl', format('CREATE TABLE %I ();', replace(name, '/', '_'))) FROM unnest(array['a', 'f/b']) AS name;
SELECT test.put('old/up/a@v1.ddl', 'CREATE TABLE "a@v1" ();');
SELECT test.put('down/a.ddl', 'DROP TABLE a;');
SELECT test.conf(E'[core]\n\tplan_file = plans/p.plan\n\tdeploy_dir = up\n\trevert_dir = down\n\treworked_dir = old\n\textension = ddl\n');
SELECT test.conf(E'[core]\n\tplan_file = plans/p.plan\n\tdeploy_dir = up\n\trevert_dir = down\n\treworked_deploy_dir = old/up\n\textension = ddl\n');
SELECT test.conf(E'[core]\n\tplan_file = plans/p.plan\n\tdeploy_dir = up\n\textension = ddl\n');

--
-- Engines and targets
--
SELECT test.conf(E'[core]\n\tengine = mysql\n\ttop_dir = db\n');
SELECT test.conf(E'[core]\n\tengine = pg\n\ttop_dir = nowhere\n[engine "pg"]\n\ttop_dir = db\n');
SELECT test.conf(E'[core]\n\tengine = pg\n\ttop_dir = nowhere\n[engine "pg"]\n\ttarget = db:pg:app\n\ttop_dir = db\n');
SELECT test.conf(E'[core]\n\tengine = pg\n\ttop_dir = nowhere\n[engine "pg"]\n\ttarget = Live\n\ttop_dir = nowhere\n[target "Live"]\n\turi = db:pg:app\n\ttop_dir = db\n');
SELECT test.conf(E'[core]\n\ttarget = live\n\ttop_dir = db\n[target "live"]\n\turi = db:sqlite:app\n');
SELECT test.conf(E'[core]\n\ttarget = db:postgresql://localhost/app\n\ttop_dir = db\n');
SELECT test.conf(E'[core]\n\ttarget = db:firebird:app\n\ttop_dir = db\n');
SELECT test.conf(E'[core]\n\ttarget = live\n\ttop_dir = db\n');

--
-- Variables: the caller's win, then those of the target, of revert, and so on
--
SELECT test.put('db/deploy/a@v1.sql', 'CREATE TABLE :"First" (note text DEFAULT :''word''); CREATE TABLE :second ();');
SELECT test.put('db/revert/a@v1.sql', 'DROP TABLE :"First"; DROP TABLE :second; CREATE TABLE :third ();');
SELECT test.conf($$[core]
	top_dir = db
[core "variables"]
	First = one
	second = core
	word = "it's a # \"word\""
[deploy "variables"]
	second = two
[revert.variables]
	third = three
[engine "pg.variables"]
	third = drei
[engine "pg"]
$$);
SELECT version, statements FROM migrate.apply(:sq, target => 'a@v1', vars => '{"second": "zwei"}');
SELECT * FROM test.tables;
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'one'::regclass;
SELECT version FROM migrate.rollback();
SELECT * FROM test.tables;
DROP TABLE drei;
SELECT version FROM migrate.apply(files => test.sent(), target => 'a@v1');
SELECT * FROM test.tables;
SELECT version FROM migrate.rollback(files => test.sent());
DROP TABLE drei;
SELECT test.put('db/deploy/a@v1.sql', 'CREATE TABLE "a@v1" ();');
SELECT test.put('db/revert/a@v1.sql', 'DROP TABLE "a@v1";');

--
-- Verify scripts
--
SELECT test.put('db/verify/a@v1.sql', E'BEGIN;\nSELECT 1/count(*) FROM pg_class WHERE relname = ''a@v1'';\nINSERT INTO f_b DEFAULT VALUES;\nROLLBACK;\n');
SELECT test.put('db/verify/f/b.sql', E'START TRANSACTION;\nSET search_path = pg_catalog;\nCREATE TABLE app.left_over ();\nINSERT INTO app.f_b DEFAULT VALUES;\nCOMMIT;\nDO $body$ BEGIN\n\tASSERT (SELECT count(*) = 1 FROM app.f_b);\nEND $body$;\nROLLBACK;\n');
SELECT test.conf(E'[core]\n\ttop_dir = db\n');
-- off unless asked for
SELECT version FROM migrate.apply(:sq);
SELECT count(*) FROM migrate.rollback(everything => true);
SET migrate.verify_scripts = on;
SELECT test.try($$SELECT migrate.apply(test.made('sq'))$$);
SELECT test.try($$SELECT migrate.apply(files => test.sent())$$);
SELECT * FROM test.tables;
-- the change stays undone, and those before it done
CALL migrate.up(:sq);
SELECT version, state, detail ~ 'f_b' AS has_reason FROM migrate.status(:sq);
SELECT * FROM test.tables;
SELECT test.put('db/verify/a@v1.sql', E'BEGIN;\nSELECT 1/count(*) FROM pg_class WHERE relname = ''a@v1'';\nROLLBACK;\n');
CALL migrate.up(:sq);
SHOW search_path;
SELECT * FROM test.tables;
SELECT count(*) FROM f_b;
SELECT version, direction, outcome FROM migrate.history();
SELECT count(*) FROM migrate.script WHERE text ~ 'left_over';
SELECT count(*) FROM migrate.rollback(everything => true);
-- as sqitch.conf says, but the setting wins
SET migrate.verify_scripts = auto;
SELECT test.put('db/verify/f/b.sql', 'SELECT 1/0;');
SELECT test.conf(E'[core]\n\ttop_dir = db\n[deploy]\n\tverify = maybe\n');
SELECT test.conf(E'[core]\n\ttop_dir = db\n[deploy]\n\tverify\n');
SELECT test.try($$SELECT migrate.apply(test.made('sq'))$$);
SET migrate.verify_scripts = off;
SELECT version FROM migrate.apply(:sq);
SELECT count(*) FROM migrate.rollback(everything => true);
SET migrate.verify_scripts = auto;
SELECT test.conf(E'[core]\n\ttop_dir = db\n[deploy]\n\tverify = no\n');
SELECT version FROM migrate.apply(files => test.sent());
SELECT count(*) FROM migrate.rollback(everything => true);
SET migrate.verify_scripts = on;

-- what outlives a rollback is released: advisory locks of the session and prepared statements
SELECT test.put('db/verify/f/b.sql', 'SELECT pg_advisory_lock(1); PREPARE left_over AS SELECT 1; SET work_mem = ''5MB'';');
SELECT version FROM migrate.apply(:sq);
SELECT count(*) FROM migrate.rollback(everything => true);
CALL migrate.up(:sq);
CALL migrate.down(everything => true);
SELECT name FROM pg_prepared_statements;
SELECT objid FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
SHOW work_mem;

-- a verify script runs as if in a session of its own, with the deploy script's variables
SELECT test.put('db/deploy/f/b.sql', 'CREATE TEMPORARY TABLE gone (); SET search_path = pg_catalog; CREATE TABLE app.f_b (); SET enable_seqscan = off;');
SELECT test.put('db/verify/f/b.sql', 'SELECT 1/(to_regclass(''gone'') IS NULL AND current_setting(''search_path'') ~ ''^app'' AND current_setting(''enable_seqscan'') = :''scan'')::int;');
SELECT test.conf(E'[core]\n\ttop_dir = db\n[core "variables"]\n\tscan = on\n');
SELECT version FROM migrate.apply(:sq);
SELECT count(*) FROM migrate.rollback(everything => true);
CALL migrate.up(:sq);
CALL migrate.down(everything => true);
CREATE SCHEMA sqitch_tenant;
SELECT test.put('db/deploy/f/b.sql', 'SET search_path = pg_catalog; CREATE TABLE sqitch_tenant.f_b ();');
SELECT test.put('db/verify/f/b.sql', 'SELECT * FROM f_b; SELECT 1/(current_setting(''search_path'') = ''sqitch_tenant'')::int;');
SELECT version FROM migrate.apply(:sq, schema => 'sqitch_tenant');
SELECT count(*) FROM migrate.rollback(everything => true, schema => 'sqitch_tenant', force => true);
CALL migrate.up_schemas(:sq, '{sqitch_tenant}');
CALL migrate.down(everything => true, schema => 'sqitch_tenant');
DROP SCHEMA sqitch_tenant;

-- of a migration with several transactions, what is committed stays; only the check is repeated
SELECT test.put('db/deploy/f/b.sql', 'BEGIN; CREATE TABLE f_b (i int); COMMIT; CREATE INDEX CONCURRENTLY f_b_i ON f_b (i);');
SELECT test.put('db/verify/f/b.sql', E'-- Verify p:f/b\n\nSELECT 1/0;');
CALL migrate.up(:sq);
SELECT version, state FROM migrate.status(:sq);
SELECT relname FROM pg_class WHERE relname LIKE 'f_b%' ORDER BY 1;
CALL migrate.up(:sq);
SELECT test.put('db/verify/f/b.sql', 'SELECT 1;');
CALL migrate.up(:sq);
SELECT version, state FROM migrate.status(:sq);
SELECT version, direction, outcome, statements FROM migrate.history() LIMIT 4;
CALL migrate.down(everything => true);

-- what cannot run
SELECT test.put('db/verify/f/b.sql', E'BEGIN;\nVACUUM f_b;\nROLLBACK;');
SELECT test.try($$SELECT migrate.apply(test.made('sq'))$$);
SELECT test.put('db/verify/f/b.sql', E'BEGIN;\nSAVEPOINT s;\nROLLBACK;');
SELECT test.try($$SELECT migrate.apply(test.made('sq'))$$);
SELECT test.put('db/verify/f/b.sql', E'BEGIN;\nSELECT 1 FROM;\nROLLBACK;');
SELECT test.try($$SELECT migrate.apply(test.made('sq'))$$);
SELECT test.put('db/verify/f/b.sql', E'\\set x `cat f`\nSELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('sq'))$$);
SELECT test.put('db/verify/f/b.sql', E'SELECT :''nothing'';');
SELECT test.try($$SELECT migrate.apply(test.made('sq'))$$);
-- ROLLBACK in a deploy script stays an error
SELECT test.put('db/verify/f/b.sql', 'ROLLBACK;');
SELECT test.put('db/deploy/f/b.sql', E'BEGIN;\nCREATE TABLE f_b ();\nROLLBACK;');
SELECT test.try($$SELECT migrate.apply(test.made('sq'))$$);
SELECT test.put('db/deploy/f/b.sql', 'CREATE TABLE f_b ();');

-- rehearse() and verify() run them, too
SELECT test.put('db/verify/f/b.sql', 'SELECT 1/0;');
SELECT version, statement, outcome, error FROM migrate.rehearse(:sq);
SELECT version, result, detail FROM migrate.verify(:sq);
SELECT test.put('db/verify/f/b.sql', 'COPY f_b TO PROGRAM ''false'';');
SELECT version, statement, outcome, error FROM migrate.rehearse(:sq);
SELECT test.put('db/verify/f/b.sql', 'SELECT * FROM f_b;');
SELECT version, statement, outcome, error FROM migrate.rehearse(:sq);
SELECT version, result, detail FROM migrate.verify(:sq);
SELECT * FROM test.tables;

-- redo and refresh
SELECT version FROM migrate.apply(:sq);
SELECT test.put('db/verify/a.sql', 'SELECT 1/0;');
SELECT test.try($$SELECT migrate.redo(test.made('sq'))$$);
SELECT test.put('db/verify/a.sql', 'SELECT 1;');
SELECT version FROM migrate.redo(:sq);
SELECT version FROM migrate.refresh(:sq);

-- adopted: the plan and the scripts are where sqitch.conf says, and the plan names the project
CALL migrate.down(everything => true);
CREATE SCHEMA sqitch;
CREATE TABLE sqitch.changes (change_id text PRIMARY KEY, script_hash text, change text NOT NULL, project text NOT NULL,
	note text NOT NULL, committed_at timestamptz NOT NULL, committer_name text NOT NULL, committer_email text NOT NULL,
	planned_at timestamptz NOT NULL, planner_name text NOT NULL, planner_email text NOT NULL);
INSERT INTO sqitch.changes SELECT 'id' || n, CASE n WHEN 1 THEN '0123456789012345678901234567890123456789' END, c, p, '', to_timestamp(n), '', '', now(), '', ''
FROM (VALUES (1, 'a', 'p'), (2, 'f/b', 'p'), (3, 'other', 'q')) t (n, c, p);
SELECT version, name, note FROM migrate.adopt(:sq);
SELECT version, state, file FROM migrate.status(:sq);
DROP SCHEMA sqitch CASCADE;
SELECT migrate.repair(version => v, state => 'pending') FROM unnest('{a@v1,f/b}'::text[]) v;

-- an ordinary role
CREATE ROLE regress_migrate_sqitch;
GRANT ALL ON SCHEMA app TO regress_migrate_sqitch;
GRANT USAGE ON SCHEMA test TO regress_migrate_sqitch;
GRANT SELECT ON test.file TO regress_migrate_sqitch;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_sqitch;
GRANT USAGE ON SCHEMA migrate TO regress_migrate_sqitch;
SET ROLE regress_migrate_sqitch;
SELECT version FROM migrate.apply(files => test.sent());
SELECT version FROM migrate.rollback();
RESET ROLE;
SELECT set_config('migrate.allowed_directories', current_setting('test.scratch'), false) \gset ignored_
SET ROLE regress_migrate_sqitch;
CALL migrate.up(:sq);
CALL migrate.down();
RESET ROLE;
RESET migrate.allowed_directories;
DROP OWNED BY regress_migrate_sqitch;
DROP ROLE regress_migrate_sqitch;
