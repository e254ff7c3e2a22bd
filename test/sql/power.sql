--
-- Whose privileges apply to what runs at the end of a transaction, deferred
-- triggers and cursors WITH HOLD, and to stored values.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
\set VERBOSITY terse
CREATE ROLE regress_migrate_owner;
CREATE SCHEMA owned AUTHORIZATION regress_migrate_owner;
CREATE TABLE app.who (what text, role name DEFAULT current_user, path text DEFAULT current_setting('search_path'));
GRANT USAGE ON SCHEMA app TO PUBLIC;
GRANT ALL ON app.who TO PUBLIC;
SET ROLE regress_migrate_owner;
CREATE TABLE owned.t (i int);
CREATE FUNCTION owned.log() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO app.who VALUES (TG_ARGV[0]); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON owned.t DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION owned.log('trigger');
CREATE FUNCTION owned.fetched() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO app.who VALUES ('cursor'); RETURN 1; END $$;
RESET ROLE;
-- what ran, and whether as the session user
CREATE FUNCTION test.who() RETURNS TABLE (what text, whose text, path text) LANGUAGE sql AS $$
	WITH gone AS (DELETE FROM app.who RETURNING *)
	SELECT what, CASE role WHEN session_user THEN 'the session''s' ELSE role END, path FROM gone $$;

\set up '-- +goose Up\n'
\set trigger 'SET LOCAL ROLE regress_migrate_owner;\nSET LOCAL search_path = owned;\nINSERT INTO owned.t VALUES (1);\n'
\set cursor 'SET ROLE regress_migrate_owner;\nDECLARE held CURSOR WITH HOLD FOR SELECT owned.fetched();\n'
SELECT test.write('trigger/1_a.sql', replace(:'up' || :'trigger' || '-- +goose Down\n' || :'trigger', '\n', E'\n')),
	   test.write('last/1_a.sql', replace(:'up' || 'SELECT 1;\nCOMMIT;\nBEGIN;\n' || :'trigger', '\n', E'\n')),
	   test.write('each/1_a.sql', replace('-- +goose NO TRANSACTION\n' || :'up' || 'SET ROLE regress_migrate_owner;\nINSERT INTO owned.t VALUES (1);\n', '\n', E'\n')),
	   test.write('cursor/1_a.sql', replace(:'up' || :'cursor', '\n', E'\n')) \gset ignored_

-- at the commit of up and down
CALL migrate.up(test.made('trigger'), project => 'trigger');
SELECT * FROM test.who();
CALL migrate.down(project => 'trigger');
SELECT * FROM test.who();
-- of the last of several transactions, and of each
CALL migrate.up(test.made('last'), project => 'last');
SELECT * FROM test.who();
CALL migrate.up(test.made('each'), project => 'each');
SELECT * FROM test.who();
CALL migrate.up(test.made('cursor'), project => 'cursor');
SELECT * FROM test.who();
SELECT name FROM pg_cursors;
CLOSE ALL;
SELECT current_user = session_user AS mine, current_setting('search_path') AS path;
SELECT DISTINCT login = session_user AS login, role = session_user AS role FROM migrate.history('each');

-- before the role is restored, in the caller's transaction
SELECT count(*) FROM unnest('{last,each,cursor}'::text[]) p, migrate.rollback(force => true, project => p) r;
BEGIN;
SELECT name FROM migrate.apply(test.made('trigger'), project => 'trigger');
SELECT * FROM test.who();
SELECT name FROM migrate.rollback(project => 'trigger');
SELECT * FROM test.who();
SELECT name FROM migrate.apply(test.made('last'), project => 'last');
SELECT * FROM test.who();
-- the caller's own cursor stays
DECLARE mine CURSOR WITH HOLD FOR SELECT 1;
SELECT name FROM migrate.apply(test.made('cursor'), project => 'cursor');
SELECT name FROM pg_cursors ORDER BY name;
COMMIT;
SELECT * FROM test.who();
CLOSE mine;
-- what the caller has deferred fires first, as the caller
SELECT migrate.rollback(force => true, project => 'last') \gset ignored_
SELECT count(*) FROM test.who();
BEGIN;
INSERT INTO owned.t VALUES (0);
SELECT name FROM migrate.apply(test.made('last'), project => 'last');
SELECT * FROM test.who();
COMMIT;
SELECT * FROM test.who();
-- a trigger that its owner hides in a schema without USAGE
SELECT migrate.rollback(force => true, project => 'last') \gset ignored_
SELECT count(*) FROM test.who();
SET ROLE regress_migrate_owner;
CREATE FUNCTION owned.hide() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN REVOKE USAGE ON SCHEMA owned FROM regress_migrate_owner; RETURN NULL; END $$;
CREATE TRIGGER now AFTER INSERT ON owned.t EXECUTE FUNCTION owned.hide();
RESET ROLE;
SELECT test.try(format('SELECT migrate.apply(%L, project => ''last'')', test.made('last')));
SELECT * FROM test.who();

--
-- A stored value of another role, with and without adopt_existing.
--
CREATE ROLE regress_migrate_author;
GRANT USAGE ON SCHEMA migrate, app, test TO regress_migrate_author;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_author;
GRANT pg_read_server_files TO regress_migrate_author;
SELECT test.write('stored/R__r.sql', 'SELECT ${v};'), test.write('stored/V1__a.sql', 'SELECT 1;') \gset ignored_
SET ROLE regress_migrate_author;
SELECT name FROM migrate.apply(test.made('stored'), project => 'stored',
	vars => '{"v": "1; DO $x$ BEGIN RESET ROLE; INSERT INTO app.who VALUES (''stored''); END $x$"}');
RESET ROLE;
SELECT * FROM test.who();
SELECT test.write('stored/R__r.sql', 'SELECT 2; SELECT ${v};') \gset ignored_
SET ROLE regress_migrate_author;
\set VERBOSITY default
SELECT test.try(format('SELECT migrate.apply(%L, project => ''stored'', adopt_existing => %L)', test.made('stored'), a))
FROM (VALUES (false), (true)) v (a);
CALL migrate.up(test.made('stored'), project => 'stored', adopt_existing => true);
RESET ROLE;
SELECT * FROM test.who();

--
-- COPY with a condition reads its columns.
--
CREATE TABLE app.inbox (a int, b int);
INSERT INTO app.inbox VALUES (7, 7);
GRANT INSERT ON app.inbox TO regress_migrate_author;
SELECT test.write('inbox/1_a.sql', E'COPY app.inbox FROM stdin;\n1\t1\n\\.\n'),
	   test.write('inbox/2_b.sql', E'COPY app.inbox FROM stdin WHERE a > 1;\n1\t1\n2\t2\n\\.\n') \gset ignored_
SET ROLE regress_migrate_author;
SELECT test.try(format('SELECT migrate.apply(%L, project => ''inbox'')', test.made('inbox')));
SELECT version FROM migrate.apply(test.made('inbox'), '1', project => 'inbox');
RESET ROLE;
GRANT SELECT (b) ON app.inbox TO regress_migrate_author;
SET ROLE regress_migrate_author;
SELECT test.try(format('SELECT migrate.apply(%L, project => ''inbox'')', test.made('inbox')));
RESET ROLE;
GRANT SELECT (a) ON app.inbox TO regress_migrate_author;
SET ROLE regress_migrate_author;
SELECT version FROM migrate.apply(test.made('inbox'), project => 'inbox');
RESET ROLE;
SELECT * FROM app.inbox;

DROP OWNED BY regress_migrate_owner, regress_migrate_author CASCADE;
DROP ROLE regress_migrate_owner, regress_migrate_author;
