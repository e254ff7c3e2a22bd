--
-- What a hostile caller, a hostile migration or another hostile role may try.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = warning;

-- a directory of one migration
CREATE FUNCTION test.put(name text, up text, down text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write(name || '/001_a.sql', test.goose(up, down));
	RETURN test.made(name);
END
$$;
-- apply such a directory, as a project of its own
CREATE FUNCTION test.apply(name text, arguments text DEFAULT '') RETURNS SETOF text LANGUAGE sql AS
	$$ SELECT test.try(format('SELECT * FROM migrate.apply(%L, project => %L%s)', test.made(name), name, arguments)) $$;

CREATE ROLE regress_migrate_alice;
CREATE ROLE regress_migrate_mallory;
GRANT USAGE ON SCHEMA migrate, test TO regress_migrate_alice, regress_migrate_mallory;
GRANT USAGE, CREATE ON SCHEMA app TO regress_migrate_alice, regress_migrate_mallory;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_alice, regress_migrate_mallory;
GRANT pg_read_server_files TO regress_migrate_alice, regress_migrate_mallory;

--
-- A schema of look-alikes before everything else: none of them is called.
--
CREATE SCHEMA hostile;
GRANT USAGE ON SCHEMA hostile TO PUBLIC;
DO $$
DECLARE
	type text;
	name text;
BEGIN
	FOREACH type IN ARRAY '{text,name,bytea,bool,int4,int8,oid,timestamptz,interval,inet}'::text[] LOOP
		EXECUTE format('CREATE FUNCTION hostile.operator(%1$I, %1$I) RETURNS bool LANGUAGE plpgsql AS
						''BEGIN RAISE EXCEPTION ''''hostile operator''''; END''', type);
		FOREACH name IN ARRAY '{=,<>,<,>,<=,>=,||,~~,~,+,-}'::text[] LOOP
			EXECUTE format('CREATE OPERATOR hostile.%1$s (leftarg = %2$I, rightarg = %2$I, function = hostile.operator)', name, type);
		END LOOP;
		FOREACH name IN ARRAY '{max,count,octet_length,length,text,name,bytea,current_setting,sha256,format}'::text[] LOOP
			EXECUTE format('CREATE FUNCTION hostile.%1$I(%2$I) RETURNS %2$I LANGUAGE plpgsql AS
							''BEGIN RAISE EXCEPTION ''''hostile function''''; END''', name, type);
		END LOOP;
	END LOOP;
	FOREACH name IN ARRAY '{now,clock_timestamp,inet_client_addr,session_user,current_user}'::text[] LOOP
		EXECUTE format('CREATE FUNCTION hostile.%I() RETURNS text LANGUAGE plpgsql AS
						''BEGIN RAISE EXCEPTION ''''hostile function''''; END''', name);
	END LOOP;
	FOREACH type IN ARRAY '{text,name,bytea,int4,bool,inet}'::text[] LOOP
		EXECUTE format('CREATE DOMAIN hostile.%1$I AS pg_catalog.%1$I CHECK (hostile.operator(true, true))', type);
	END LOOP;
END
$$;
CREATE TABLE hostile.applied ();
CREATE TABLE hostile.history ();
CREATE TABLE hostile.script ();
SELECT test.put('harmless', 'SELECT;', 'SELECT;') AS harmless \gset

SET search_path = hostile, pg_catalog;
-- temporary tables and functions come before all of these
CREATE TEMP TABLE applied (i int);
CREATE TEMP TABLE history (i int);
CREATE TEMP TABLE script (i int);
CREATE TEMP TABLE pg_class (i int);
CREATE FUNCTION pg_temp.max(pg_catalog.int4) RETURNS pg_catalog.int4 LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''hostile''; END';
-- the trap works
SELECT 'a'::pg_catalog.text = 'b';
SELECT octet_length('a'::pg_catalog.bytea);

SELECT version FROM migrate.apply(:'harmless');
SELECT version FROM migrate.status(:'harmless');
SELECT version FROM migrate.history();
SELECT migrate.version();
SELECT version FROM migrate.redo();
SELECT version FROM migrate.redo(:'harmless');
SELECT version FROM migrate.refresh();
SELECT version FROM migrate.repair(:'harmless');
SELECT version FROM migrate.rollback(target => '1');
SELECT version FROM migrate.rollback(dir => :'harmless');
SELECT version FROM migrate.apply(:'harmless', versions => '{001}');
SELECT version FROM migrate.reset();
CALL migrate.up(:'harmless');
CALL migrate.down();
SET ROLE regress_migrate_alice;
SELECT version FROM migrate.apply(:'harmless');
SELECT version FROM migrate.status(:'harmless');
SELECT version FROM migrate.history() LIMIT 1;
SELECT migrate.version();
SELECT version FROM migrate.redo();
SELECT version FROM migrate.refresh(:'harmless');
SELECT version FROM migrate.rollback();
CALL migrate.up(:'harmless');
CALL migrate.down();
RESET ROLE;
SET search_path = app, pg_catalog;
DROP TABLE pg_temp.applied, pg_temp.history, pg_temp.script, pg_temp.pg_class;
DROP FUNCTION pg_temp.max(int4);
SET client_min_messages = error;
DROP SCHEMA hostile CASCADE;
SET client_min_messages = warning;

--
-- A stored script never runs with more power than its author had.
--
SELECT test.put('store',
	'CREATE TABLE app.store ();',
	'DROP TABLE app.store;') \gset ignored_
SET ROLE regress_migrate_mallory;
SELECT test.apply('store');
RESET ROLE;
-- not for a superuser
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'store')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'store', force => true)$$);
SELECT test.try($$SELECT * FROM migrate.reset(project => 'store')$$);
SELECT test.try($$SELECT * FROM migrate.redo(project => 'store')$$);
SELECT test.try($$SELECT * FROM migrate.refresh(project => 'store')$$);
-- or for another role
SET ROLE regress_migrate_alice;
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'store')$$);
RESET ROLE;
SELECT to_regclass('app.store'), migrate.version('store');
-- the files of a directory that the caller names do run
SELECT version FROM migrate.redo(test.made('store'), project => 'store');
SELECT version, up_role = current_user AS mine FROM migrate.applied WHERE project = 'store';
SELECT version FROM migrate.rollback(project => 'store');

-- a superuser's script runs for every role, with the privileges of that role
SELECT test.put('store', 'CREATE TABLE app.store ();', 'DROP TABLE app.store;') \gset ignored_
SELECT test.apply('store');
SET ROLE regress_migrate_alice;
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'store')$$);
RESET ROLE;

-- a changed down script belongs to the role whose run stored it
SELECT test.put('store', 'CREATE TABLE app.store ();', 'DROP TABLE app.store; CREATE TABLE app.taken_over ();') \gset ignored_
SET ROLE regress_migrate_mallory;
SET client_min_messages = notice;
SELECT test.apply('store');
SET client_min_messages = warning;
RESET ROLE;
SELECT up_role = current_user AS up_mine, down_role FROM migrate.applied WHERE project = 'store';
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'store')$$);
SELECT test.try($$SELECT * FROM migrate.redo(project => 'store')$$);
-- repair() does the same for the up script
SELECT test.put('store', 'CREATE TABLE app.store (i int);', 'DROP TABLE app.store;') \gset ignored_
SELECT action FROM migrate.repair(test.made('store'), project => 'store');
SELECT test.put('store', 'CREATE TABLE app.taken_over ();', 'DROP TABLE app.store;') \gset ignored_
SET ROLE regress_migrate_mallory;
SELECT action FROM migrate.repair(test.made('store'), project => 'store');
RESET ROLE;
SELECT up_role, down_role = current_user AS down_mine FROM migrate.applied WHERE project = 'store';
SELECT test.try($$SELECT * FROM migrate.redo(project => 'store')$$);
SELECT to_regclass('app.store'), to_regclass('app.taken_over');
SELECT version FROM migrate.rollback(project => 'store');

-- SET ROLE to the author is as safe as being the author: the script cannot get at
-- the privileges of the session user, neither now nor at COMMIT
CREATE TABLE test.log (how text, who name);
GRANT INSERT ON test.log TO PUBLIC;
SET ROLE regress_migrate_mallory;
CREATE FUNCTION app.note(how text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		EXECUTE 'RESET ROLE';
	EXCEPTION WHEN insufficient_privilege THEN
	END;
	INSERT INTO test.log VALUES (how, current_user);
	RETURN how;
END
$$;
CREATE TABLE app.noted (n int);
CREATE FUNCTION app.note_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.n > 0 THEN	-- once more, as late as possible
		SET CONSTRAINTS ALL DEFERRED;
		INSERT INTO app.noted VALUES (new.n - 1);
	ELSE
		PERFORM app.note('deferred trigger');
	END IF;
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER note_later AFTER INSERT ON app.noted
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.note_later();
RESET ROLE;
SELECT test.put('reserve1', 'SELECT;', $$SELECT app.note('at once');$$),
	   test.put('reserve2', 'SELECT;', $$RESET ROLE; SELECT app.note('reset');$$),
	   test.put('reserve3', 'SELECT;', $$SET SESSION AUTHORIZATION DEFAULT; SELECT app.note('session authorization');$$),
	   test.put('reserve4', 'SELECT;', $$SELECT set_config('role', 'none', false); SELECT app.note('set_config');$$),
	   test.put('reserve5', 'SELECT;', $$DO 'BEGIN RESET ROLE; EXCEPTION WHEN OTHERS THEN END'; SELECT app.note('caught');$$),
	   test.put('reserve6', 'SELECT;', $$DECLARE c CURSOR WITH HOLD FOR SELECT app.note('cursor');$$),
	   test.put('reserve7', 'SELECT;', $$INSERT INTO app.noted VALUES (0);$$),
	   test.put('reserve8', 'SELECT;', $$INSERT INTO app.noted VALUES (3);$$),
	   test.put('reserve9', 'SELECT;', $$RESET ROLE; COMMIT; BEGIN; SELECT app.note('next transaction');$$) \gset ignored_
SET ROLE regress_migrate_mallory;
SELECT n, test.apply('reserve' || n) FROM generate_series(1, 9) n;
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'reserve1')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'reserve2')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'reserve3')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'reserve4')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'reserve5')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'reserve6')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'reserve7')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'reserve8')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'reserve9')$$);
\set VERBOSITY sqlstate
CALL migrate.down(project => 'reserve2');
CALL migrate.down(project => 'reserve6');
CALL migrate.down(project => 'reserve8');
CALL migrate.down(project => 'reserve9');
\set VERBOSITY default
SELECT current_user;
RESET ROLE;
-- the same for a session with SET SESSION AUTHORIZATION
SET SESSION AUTHORIZATION regress_migrate_mallory;
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'reserve3')$$);
RESET SESSION AUTHORIZATION;
SELECT how AS hole FROM test.log WHERE who <> 'regress_migrate_mallory';
SELECT DISTINCT how COLLATE "C" AS ran FROM test.log ORDER BY 1;

-- a script that changes the stored scripts after the run has checked them
SELECT test.write('tamper/001_a.sql', test.goose('SELECT 1;', 'SELECT 1; SELECT 2; SELECT 3;')),
	   test.write('tamper/002_b.sql', test.goose('SELECT 1;', 'UPDATE migrate.script SET text = ''SELECT 1;'';')) \gset ignored_
SELECT test.apply('tamper');
SELECT test.try($$SELECT * FROM migrate.rollback(project => 'tamper')$$);
-- a row that is changed by hand
SELECT t FROM test.try('UPDATE migrate.applied SET down_role = NULL') t LIMIT 1;

--
-- What a migration does to the session ends with it.
--
CREATE VIEW test.session AS
	SELECT current_user AS me, session_user AS login, current_setting('role') AS role,
		   current_setting('search_path') AS search_path, current_setting('statement_timeout') AS timeout,
		   current_setting('default_transaction_read_only') AS read_only,
		   current_setting('transaction_read_only') AS this_read_only,
		   current_setting('default_transaction_isolation') AS isolation,
		   current_setting('session_replication_role') AS replication,
		   current_setting('client_encoding') = getdatabaseencoding() AS encoding;
GRANT SELECT ON test.session TO PUBLIC;
-- what differs from what remember() saved
CREATE FUNCTION test.remember() RETURNS void LANGUAGE sql AS
	$$ SELECT set_config('test.session', to_jsonb(s)::text, false) FROM test.session s $$;
CREATE FUNCTION test.changes() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT n.key || ': ' || n.value
	FROM test.session s, jsonb_each_text(to_jsonb(s)) n, jsonb_each_text(current_setting('test.session')::jsonb) o
	WHERE n.key = o.key AND n.value <> o.value ORDER BY n.key COLLATE "C"
$$;
SELECT test.put('settings', $$
	SET search_path = pg_catalog;
	SET LOCAL search_path = app, pg_catalog;
	SET statement_timeout = '1h';
	SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE;
	SET client_encoding = SQL_ASCII;
	SELECT set_config('test.leak', 'leak', false);
	SELECT 1; COMMIT; BEGIN; SELECT 2;$$),
	test.put('role', 'SET session_replication_role = replica; SET default_transaction_read_only = on; SET ROLE regress_migrate_alice; COMMIT; BEGIN; SELECT 1;'),
	test.put('authorization', 'SET SESSION AUTHORIZATION regress_migrate_alice; COMMIT; BEGIN; SELECT 1;'),
	test.put('reset', 'RESET ALL; RESET ROLE; RESET SESSION AUTHORIZATION; COMMIT; BEGIN; SELECT 1;'),
	test.put('read_only', 'SET TRANSACTION READ ONLY; SELECT 1;'),
	test.put('fails', 'SET search_path = pg_catalog; SET ROLE regress_migrate_alice; SELECT 1/0;'),
	test.put('fails2', 'SET SESSION AUTHORIZATION regress_migrate_alice; RESET ROLE; COMMIT; BEGIN; SELECT 1/0;') \gset ignored_
SELECT test.remember();
BEGIN;
SELECT test.apply('settings');
SELECT test.changes();
SELECT test.apply('role');
SELECT test.changes();
SELECT test.apply('authorization');
SELECT test.changes();
SELECT test.apply('reset');
SELECT test.changes();
SELECT test.apply('read_only');
SELECT test.changes();
-- a migration that changes the role is recorded with the caller's
SELECT DISTINCT h.login = session_user AS login, h.role = current_user AS role, a.applied_by = current_user AS by, a.up_role = current_user AS up
FROM migrate.applied a, migrate.history(a.project) h
WHERE a.project IN ('settings', 'role', 'authorization', 'reset', 'read_only');
ROLLBACK;
SELECT test.changes();
-- a caller that has changed its role keeps it
SET ROLE regress_migrate_mallory;
SELECT test.remember();
SELECT test.apply('reset');
SELECT test.changes();
SELECT test.apply('read_only');
SELECT test.changes();
SELECT DISTINCT login = session_user AS login, role FROM migrate.history('reset');
RESET ROLE;
SET SESSION AUTHORIZATION regress_migrate_mallory;
SELECT test.remember();
SELECT test.apply('settings');
SELECT test.changes();
SELECT DISTINCT login, role FROM migrate.history('settings');
RESET SESSION AUTHORIZATION;
-- after an error: at top level, to a savepoint, in a function that catches it
\set VERBOSITY terse
SELECT test.remember();
SELECT * FROM migrate.apply(test.made('fails'));
SELECT test.changes();
BEGIN;
SAVEPOINT s;
SELECT * FROM migrate.apply(test.made('fails2'));
ROLLBACK TO s;
SELECT test.changes();
SELECT test.apply('fails');
SELECT test.changes();
SELECT test.apply('fails2', ', adopt_existing => true');
SELECT test.changes();
COMMIT;
SELECT test.changes();
SELECT current_setting('test.leak', true) = '' AS no_leak;
-- a migration that commits, and fails later
SELECT test.put('fails3', 'SET search_path = pg_catalog; SET default_transaction_read_only = on; SET ROLE regress_migrate_alice; COMMIT; BEGIN; SELECT 1/0;') \gset ignored_
CALL migrate.up(test.made('settings'), project => 'call1');
SELECT test.changes();
CALL migrate.up(test.made('authorization'), project => 'call2');
SELECT test.changes();
CALL migrate.up(test.made('fails2'), project => 'call3');
SELECT test.changes();
CALL migrate.up(test.made('fails3'), project => 'call4');
SELECT test.changes();
SELECT project, outcome, error FROM migrate.history WHERE project LIKE 'call%' ORDER BY id;
\set VERBOSITY default

--
-- A migration cannot run migrations, and the next run works whatever happened.
--
SELECT test.put('again', $$
	CREATE TABLE app.recursion (message text);
	DO 'BEGIN PERFORM migrate.apply(''/''); EXCEPTION WHEN OTHERS THEN INSERT INTO app.recursion VALUES (SQLSTATE); END';
	DO 'BEGIN PERFORM migrate.rollback(); EXCEPTION WHEN OTHERS THEN INSERT INTO app.recursion VALUES (SQLSTATE); END';
	DO 'BEGIN PERFORM migrate.repair(''/''); EXCEPTION WHEN OTHERS THEN INSERT INTO app.recursion VALUES (SQLSTATE); END';
	INSERT INTO app.recursion SELECT count(*) > 0 FROM migrate.status();$$),
	test.put('sleeps', 'SELECT pg_sleep(60);') \gset ignored_
SELECT test.try(format('SELECT * FROM migrate.apply(%L)', test.dir('bad/recursion')));
SELECT test.apply('again');
SELECT * FROM app.recursion;
SET statement_timeout = '50ms';
SELECT * FROM migrate.apply(test.made('sleeps'));
RESET statement_timeout;
SELECT test.apply('harmless');

--
-- check() runs nothing: no function of another role is called, neither for a literal nor
-- for a constant in a check, a domain or a key.
--
SET client_min_messages = error;
SET ROLE regress_migrate_mallory;
CREATE FUNCTION app.trap(anyelement) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
	$$ BEGIN RAISE WARNING 'trap(%) is called by %', $1, CURRENT_USER; RETURN true; END $$;
CREATE DOMAIN app.checked AS text CHECK (app.trap(value));
CREATE DOMAIN app.constant AS int CHECK (value > 0 OR app.trap(1));
CREATE DOMAIN app.over AS app.constant;
CREATE TYPE app.pair AS (i int, c app.checked);
CREATE TYPE app.spread AS RANGE (subtype = app.checked);
CREATE FUNCTION app.takes(app.checked[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OPERATOR app.+! (rightarg = app.checked[], function = app.takes);
CREATE TABLE app.traps (i int, a app.checked[]);
ALTER TABLE app.traps ADD CHECK (i > 0 OR app.trap(1));
CREATE TABLE app.listed (a app.checked[]) PARTITION BY LIST (a);
CREATE TABLE app.simple (i int) PARTITION BY LIST (i);
CREATE FUNCTION app.keyed(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN 1;
CREATE TABLE app.parted (i int) PARTITION BY LIST ((i + app.keyed(1)));
CREATE OR REPLACE FUNCTION app.keyed(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN app.trap(1)::int;
RESET ROLE;
CREATE TABLE app.mine (i int, t text);
CREATE TABLE app.part (i int);
INSERT INTO app.mine VALUES (1, 'x');
INSERT INTO app.part VALUES (1);
INSERT INTO app.traps VALUES (1);
RESET client_min_messages;
SET migrate.large_table = 0;
CREATE FUNCTION test.checked(ddl text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(': ', ddl, string_agg(rule || ' ' || message, '; ' ORDER BY rule))
	FROM migrate.check(project => 'checks', files => jsonb_build_object('1_a.up.sql', ddl))
	WHERE rule <> 'lock-timeout'
$$;
\t
SELECT test.checked(statement) FROM unnest(ARRAY[
	$$ALTER TABLE app.mine ADD a app.checked[] DEFAULT '{x}'$$, $$ALTER TABLE app.mine ADD a app.pair DEFAULT '(1,x)'$$,
	$$ALTER TABLE app.mine ADD a app.spread DEFAULT '[a,b]'$$, $$ALTER TABLE app.mine ADD a app.spread_multirange DEFAULT '{[a,b]}'$$,
	$$ALTER TABLE app.mine ADD a text DEFAULT ('{x}'::app.checked[])::text$$, $$ALTER TABLE app.mine ADD a int DEFAULT app.takes('{x}')$$,
	$$ALTER TABLE app.mine ADD a int DEFAULT (OPERATOR(app.+!) '{x}')$$,
	$$ALTER TABLE app.mine ADD a app.constant$$, $$ALTER TABLE app.mine ADD a app.over[] DEFAULT '{1}'$$,
	$$ALTER TABLE app.mine ALTER i TYPE app.over$$, $$ALTER TABLE app.mine ALTER t TYPE text USING ('{x}'::app.checked[])::text$$,
	$$ALTER TABLE app.traps ALTER i TYPE int USING cardinality(a || '{x}')$$, $$ALTER TABLE app.traps ALTER i SET NOT NULL$$,
	$$ALTER TABLE app.simple ATTACH PARTITION app.traps FOR VALUES IN (1)$$, $$ALTER TABLE app.parted ATTACH PARTITION app.part FOR VALUES IN (1)$$,
	$$ALTER TABLE app.listed ATTACH PARTITION app.part FOR VALUES IN ('{x}')$$, $$CREATE TABLE app.p PARTITION OF app.parted FOR VALUES IN (1)$$]) statement;
-- views that have another one twice, and so on, are gone through once
SET ROLE regress_migrate_mallory;
DO $$
BEGIN
	FOR i IN 1..40 LOOP
		EXECUTE format('CREATE VIEW app.v%s AS SELECT x.i FROM app.%s x, app.%2$s y', i, CASE i WHEN 1 THEN 'simple' ELSE 'v' || i - 1 END);
	END LOOP;
END
$$;
RESET ROLE;
SET statement_timeout = '30s';
SELECT test.checked(statement) FROM unnest(ARRAY['LOCK TABLE app.v40', 'UPDATE app.v40 SET i = 1']) statement;
RESET statement_timeout;
-- what does not call any is analyzed
SELECT test.checked(statement) FROM unnest(ARRAY[
	$$ALTER TABLE app.mine ADD a text[] DEFAULT '{x}'$$, $$ALTER TABLE app.mine ALTER t SET NOT NULL$$]) statement;
\t
RESET migrate.large_table;
SET client_min_messages = error;
DROP TABLE app.mine, app.part;
SET ROLE regress_migrate_mallory;
DROP TABLE app.traps, app.listed, app.simple, app.parted CASCADE;
DROP TYPE app.spread, app.pair, app.over, app.constant;
DROP DOMAIN app.checked CASCADE;
DROP FUNCTION app.keyed, app.trap CASCADE;
RESET ROLE;
SET client_min_messages = warning;

--
-- A migration drops the extension: an error, or a new extension, but no crash.
--
SELECT test.put('drop1', 'DROP EXTENSION migrate;'),
	   test.put('drop2', 'DROP EXTENSION migrate; CREATE EXTENSION migrate;', 'SELECT;'),
	   test.put('drop3', 'ALTER EXTENSION migrate DROP TABLE migrate.applied; DROP TABLE migrate.applied;'),
	   test.put('drop4', 'ALTER EXTENSION migrate DROP SEQUENCE migrate.script_id_seq; ALTER EXTENSION migrate DROP TABLE migrate.script; DROP TABLE migrate.script;'),
	   test.put('drop5', 'ALTER TABLE migrate.applied RENAME version TO other;'),
	   test.put('drop6', 'ALTER EXTENSION migrate DROP FUNCTION migrate.apply; DROP FUNCTION migrate.apply;'),
	   test.put('drop7', 'ALTER SCHEMA migrate RENAME TO elsewhere;') \gset ignored_
BEGIN;
SAVEPOINT s;
SELECT test.apply('drop1');
ROLLBACK TO s;
SELECT test.apply('drop2');
SELECT version FROM migrate.rollback(project => 'drop2');
ROLLBACK TO s;
SELECT test.apply('drop3');
ROLLBACK TO s;
SELECT test.apply('drop4');
ROLLBACK TO s;
SELECT test.apply('drop5');
ROLLBACK TO s;
SELECT test.apply('drop6');
ROLLBACK TO s;
SELECT test.apply('drop7');
ROLLBACK;
SELECT count(*) FROM migrate.history('drop1');

--
-- Everywhere that a function can be called.
--
CREATE FUNCTION test.up() RETURNS bigint LANGUAGE plpgsql AS
	$$ BEGIN RETURN (SELECT count(*) FROM migrate.apply(test.dir('updown'), project => 'where')); END $$;
CREATE FUNCTION test.count() RETURNS bigint LANGUAGE sql AS
	$$ SELECT count(*) FROM migrate.applied WHERE project = 'where' $$;
\set up 'SELECT version FROM migrate.apply(test.dir(''updown''), project => ''where'')'
\set down 'SELECT version FROM migrate.rollback(project => ''where'')'
-- a cursor: when it is read; a holdable one at COMMIT
BEGIN;
DECLARE c CURSOR FOR :up;
SELECT test.count();
FETCH 1 FROM c;
SELECT test.count();
CLOSE c;
DECLARE c CURSOR FOR :down;
SAVEPOINT s;
MOVE ALL IN c;
SELECT test.count();
ROLLBACK TO s;
SELECT test.count();
ROLLBACK;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR :up;
COMMIT;
FETCH ALL FROM c;
CLOSE c;
:down;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT * FROM migrate.apply(test.made('fails'));
COMMIT;
-- joined, repeated, in the target list
BEGIN;
WITH a AS MATERIALIZED (:up), b AS MATERIALIZED (:down)
SELECT 'up', version FROM a UNION ALL SELECT 'down', version FROM b;
SELECT n, version FROM generate_series(1, 4) n, LATERAL migrate.apply(test.dir('updown'), project => 'where', steps => sign(n)::int);
SELECT n, (migrate.rollback(project => 'where', steps => sign(n)::int)).version FROM generate_series(1, 4) n;
ROLLBACK;
-- inside other commands
BEGIN;
COPY (SELECT test.up()) TO '/dev/null';
SELECT test.count();
ROLLBACK;
BEGIN;
DO $$ BEGIN EXECUTE 'EXPLAIN ANALYZE SELECT test.up()'; END $$;
SELECT test.count();
ROLLBACK;
BEGIN;
CREATE TABLE app.versions AS :up;
SELECT * FROM app.versions;
ROLLBACK;
BEGIN;
PREPARE p AS SELECT test.up();
EXECUTE p;
EXECUTE p;
DEALLOCATE p;
ROLLBACK;
SELECT test.try('CREATE INDEX ON app.recursion ((migrate.version()))');
-- triggers: before the row, at COMMIT; and on a table that the migration alters
CREATE TABLE app.fires (i int);
CREATE FUNCTION test.fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM test.up(); RETURN new; END $$;
CREATE TRIGGER fires BEFORE INSERT ON app.fires FOR EACH ROW EXECUTE FUNCTION test.fires();
BEGIN;
INSERT INTO app.fires VALUES (1), (2);
SELECT test.count();
ROLLBACK;
DROP TRIGGER fires ON app.fires;
CREATE CONSTRAINT TRIGGER fires AFTER INSERT ON app.fires DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test.fires();
INSERT INTO app.fires VALUES (1), (2);
SELECT test.count();
SELECT count(*) FROM migrate.reset(project => 'where');
DROP TRIGGER fires ON app.fires;
SELECT test.put('alter', 'ALTER TABLE app.fires ADD j int;') \gset ignored_
CREATE OR REPLACE FUNCTION test.fires() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN PERFORM migrate.apply(test.made('alter'), project => 'alter'); RETURN new; END $$;
CREATE TRIGGER fires BEFORE INSERT ON app.fires FOR EACH ROW EXECUTE FUNCTION test.fires();
SELECT test.try('INSERT INTO app.fires VALUES (1)');
DROP TABLE app.fires;
-- an event trigger that runs migrations, fired by them
CREATE FUNCTION test.event() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM test.up(); END $$;
CREATE EVENT TRIGGER regress_migrate_event ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION test.event();
SELECT test.try('SELECT test.up()');
DROP EVENT TRIGGER regress_migrate_event;
-- a SECURITY DEFINER function: the privileges of its owner, that role in the
-- history, and no change of the role
CREATE FUNCTION test.definer(command text) RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS
	$$ SELECT test.try(command) $$;
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA migrate FROM regress_migrate_alice;
BEGIN;
SET LOCAL ROLE regress_migrate_alice;
SELECT test.try('SELECT test.up()');
SELECT test.definer('SELECT test.up()');
SELECT test.definer($$SELECT * FROM migrate.apply(test.made('role'), project => 'role')$$);
RESET ROLE;
SELECT DISTINCT role = current_user AS definer FROM migrate.history('where');
ROLLBACK;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_alice;

--
-- Names and arguments of all kinds
--
SELECT test.write('names/001_%s%n%d.sql', test.goose('SELECT ''%s%n'';', 'SELECT ''%s%n'';')),
	   test.write('names/002_it''s; DROP -- x.sql', test.goose('SELECT 1;', 'SELECT 1;')),
	   test.write('names/003_back\slash.sql', test.goose('SELECT 1;', 'SELECT 1;')),
	   test.write(E'names/004_new\nline\ttab.sql', test.goose('SELECT 1;', 'SELECT %s%n;')),
	   test.write('names/005_' || repeat('x', 240) || '.sql', test.goose('SELECT 1;', 'SELECT 1;')),
	   test.write('names/%s%n.sql', 'SELECT 1;') \gset ignored_
\set project '''p%s%n"''''\\'''
SELECT version, name = E'new\nline\ttab' AS four, length(name) FROM migrate.apply(test.made('names'), project => :project);
SELECT version, state, reversible, detail FROM migrate.status(test.made('names'), project => :project);
SELECT test.try(format('SELECT * FROM migrate.rollback(project => %L)', :project));
SET client_min_messages = notice;
SELECT action FROM migrate.repair(version => '004', state => 'pending', project => :project);
SELECT version FROM migrate.rollback(project => :project, force => true, target => '003');
SET client_min_messages = warning;
SELECT version, direction, outcome FROM migrate.history(:project) LIMIT 2;
SELECT test.write('format1/001_%s%n.sql', E'-- +goose Up\n-- +goose %s%n%d\n'),
	   test.write('format2/001_%s%n.sql', E'-- +goose Up\n\\%s%n x\n'),
	   test.write('format3/001_%s%n.sql', E'-- +goose Up\nSELECT %s%n;\n'),
	   test.write('format4/001_%s%n.sql', E'-- +goose Up\nDO $$ BEGIN RAISE EXCEPTION ''%%s%%n'' USING DETAIL = ''%s%n'', HINT = ''%d''; END $$;\n') \gset ignored_
SELECT test.apply('format1');
SELECT test.apply('format2');
SELECT test.apply('format3');
SELECT test.apply('format4');
SELECT test.try($$SELECT * FROM migrate.apply('%s%n')$$);
SELECT test.try($$SELECT * FROM migrate.apply('/%s%n')$$);
SELECT test.try($$SELECT * FROM migrate.apply('/tmp', format => '%s%n')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.made('harmless'), target => '%s%n')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.made('harmless'), versions => '{%s%n}')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.made('harmless'), project => 'x', schema => '%s%n"')$$);
SELECT test.try($$SET migrate.directory = '%s%n'$$);
SELECT test.try($$SET migrate.on_modified = '%s%n'$$);
-- long names
CREATE FUNCTION test.short(command text) RETURNS SETOF text LANGUAGE sql AS
	$$ SELECT regexp_replace(t, '(.)\1{20,}', '\1...', 'g') FROM test.try(command) t $$;
SELECT substr(t, 8) AS message FROM test.short($$SELECT * FROM migrate.apply('/' || repeat('x', 10000))$$) t;	-- 18 has a code for it
SELECT test.short($$SELECT * FROM migrate.apply(test.made('harmless'), project => repeat('x', 300), schema => repeat('y', 300))$$);
SELECT test.short($$SELECT * FROM migrate.apply(test.made('names'), project => 'y', target => repeat('x', 100000))$$);
-- a character of several bytes at the limit of what names are compared by
SELECT t LIKE '42704: %does not exist' AS said
FROM test.try(format('SELECT * FROM migrate.apply(test.made(''harmless''), target => %L)', repeat('x', 254) || chr(233))) t LIMIT 1;
-- a name that is not valid text
DO $$ BEGIN EXECUTE format('COPY (SELECT 1 WHERE false) TO PROGRAM %L',
	format('mkdir "%1$s" && cp "%2$s"/001_a.sql "%1$s/$(printf ''001_\377'').sql"', test.made('bytes'), test.made('harmless'))); END $$;
SELECT t FROM test.apply('bytes') t WHERE t NOT LIKE 'DETAIL%';

-- NULL
SELECT test.try('SELECT * FROM migrate.apply(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)');
SELECT test.try('SELECT * FROM migrate.apply(schema => NULL)');
SELECT count(*) FROM migrate.apply(test.made('harmless'), NULL, NULL, NULL, 'null', '', NULL, NULL, NULL);
SELECT test.try('SELECT * FROM migrate.rollback(NULL, NULL, NULL, NULL, NULL, NULL, NULL)');
SELECT count(*) FROM migrate.rollback(NULL, NULL, NULL, NULL, NULL, 'null', '');
SELECT test.try('SELECT * FROM migrate.reset(NULL, NULL, NULL)');
SELECT test.try('SELECT * FROM migrate.redo(NULL, NULL, NULL, NULL, NULL)');
SELECT test.try('SELECT * FROM migrate.refresh(NULL, NULL, NULL, NULL, NULL)');
SELECT test.try('SELECT * FROM migrate.repair(NULL, NULL, NULL, NULL, NULL, NULL)');
SELECT test.try('SELECT * FROM migrate.status(NULL, NULL, NULL, NULL)');
SELECT test.try('SELECT * FROM migrate.history(NULL, NULL)');
SELECT test.try('SELECT migrate.version(NULL, NULL)');
-- numbers, arrays
SELECT n, test.try(format('SELECT * FROM migrate.apply(test.made(''harmless''), steps => %L, project => ''n'')', n)) AS apply,
	   test.try(format('SELECT * FROM migrate.rollback(steps => %L, project => ''n'')', n)) AS rollback
FROM unnest('{0,-1,-2147483648,2147483647}'::int[]) n;
SELECT v, test.try(format('SELECT * FROM migrate.apply(test.made(''harmless''), versions => %L, project => ''n'')', v))
FROM unnest('{"{}","{NULL}","{001,NULL}","{{001,1},{01,0001}}","{{1,2},{3,4}}","[5:6]={1,1}"}'::text[]) v;
SELECT count(*) FROM migrate.apply(test.made('harmless'), versions => array_fill('1'::text, '{100000}'), project => 'n');
SELECT test.try('SELECT * FROM migrate.rollback(steps => 1, target => ''1'', everything => true, project => ''n'')');

--
-- The leftover of an interrupted statement is removed only if the role owns it.
--
CREATE TABLE test.victim (i int);
INSERT INTO test.victim VALUES (1), (1);
SELECT test.write('index/001_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY mallory ON test.victim (i);\n') \gset ignored_
\set VERBOSITY terse
SET ROLE regress_migrate_mallory;
CALL migrate.up(test.made('index'), project => 'index');
RESET ROLE;
CREATE UNIQUE INDEX CONCURRENTLY twice ON test.victim (i);
SET ROLE regress_migrate_mallory;
CALL migrate.up(test.made('index'), project => 'index');
RESET ROLE;
\set VERBOSITY default
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'test.victim'::regclass;

--
-- Tenants: a search_path, quoted, for the run only
--
CREATE SCHEMA "We""ird %s;--";
SELECT test.put('tenant', 'CREATE TABLE tenant (i int); SET search_path = pg_catalog; SELECT 1;',
	$$DO 'BEGIN RAISE WARNING ''%'', current_setting(''search_path''); END'; DROP TABLE tenant;$$) \gset ignored_
SELECT version FROM migrate.apply(test.made('tenant'), project => 'tenant', schema => 'We"ird %s;--');
SELECT count(*) FROM "We""ird %s;--".tenant;
SELECT test.changes();
\set VERBOSITY terse
SELECT version FROM migrate.rollback(project => 'tenant', schema => 'We"ird %s;--');
\set VERBOSITY default
SELECT test.changes();
SELECT test.try($$SELECT * FROM migrate.apply(test.made('tenant'), schema => 'missing', project => 'tenant')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.made('tenant'), schema => 'app, public', project => 'tenant')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.made('tenant'), schema => 'pg_temp', project => 'tenant')$$);
-- PostgreSQL reads this one as the role's own schema, even in quotes
CREATE SCHEMA "$user";
SELECT test.try($$SELECT * FROM migrate.apply(test.made('tenant'), schema => '$user', project => 'tenant')$$);
DROP SCHEMA "$user", "We""ird %s;--" CASCADE;

--
-- Statements of all kinds
--
SELECT test.put('forms', $forms$;;;;
/* only a comment */ ; -- and another
CREATE TABLE app.forms (i int DEFAULT 0, t text, "end" int);
SELECT U&'d\0061t\+000061', U&'d!0061' UESCAPE '!', E'\';', 'it''s;', $q$ ; $p$ ; $q$, ";" FROM (VALUES (1)) v(";");
CREATE FUNCTION app.atomic(x int) RETURNS text LANGUAGE sql BEGIN ATOMIC
	SELECT CASE WHEN x > 0 THEN 'a;' ELSE CASE x WHEN 1 THEN 'b' END END;
	SELECT f.end AS end FROM app.forms f;
	SELECT 'c' AS "end";
END;
CREATE PROCEDURE app.nothing() LANGUAGE sql BEGIN ATOMIC END;
CREATE TABLE app.ruled (i int);
CREATE RULE forms AS ON INSERT TO app.ruled DO ALSO
	(INSERT INTO app.forms VALUES (new.i); INSERT INTO app.forms VALUES (new.i + 1));
INSERT INTO app.ruled VALUES (2);
CREATE SCHEMA forms CREATE TABLE a (i int) CREATE VIEW b AS SELECT * FROM a GRANT SELECT ON b TO PUBLIC;
DROP SCHEMA forms CASCADE;
PREPARE forms (int) AS INSERT INTO app.forms VALUES ($1);
EXECUTE forms (4);
DEALLOCATE forms;
LISTEN forms; NOTIFY forms; UNLISTEN forms;
DECLARE hold CURSOR WITH HOLD FOR SELECT * FROM app.forms;
MOVE 1 IN hold; FETCH 1 IN hold; CLOSE hold;
DO $f$ BEGIN EXECUTE $$SELECT '
a line of a string;'$$; END $f$;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
INSERT INTO app.forms VALUES (5, 'a\\b');
SET standard_conforming_strings = on;
INSERT INTO app.forms VALUES (6, 'a\\b');
SELECT 1 -- no semicolon at the end$forms$) \gset ignored_
SELECT statements FROM migrate.apply(test.made('forms'), project => 'forms');
SELECT i, t FROM app.forms ORDER BY i;
SELECT test.write('crlf/001_a.sql', E'-- +goose Up\r\nSELECT ''a\r\nb'';\r\n-- +goose StatementBegin\r\nSELECT 2;\r\n-- +goose StatementEnd\r\n-- +goose Down\r\nSELECT 3;\r\n') \gset ignored_
SELECT version, statements FROM migrate.apply(test.made('crlf'), project => 'crlf');
SELECT version, statements FROM migrate.rollback(project => 'crlf');
-- a marker is a line, wherever it is
SELECT test.put('marker', E'DO $x$ BEGIN NULL;\n-- +goose Down\nEND $x$;') \gset ignored_
SELECT left(t, 45) FROM test.apply('marker') t LIMIT 1;
-- deep, long, many: errors, and no crash
SELECT test.put('deep1', 'SELECT ' || repeat('(', 20000) || '1' || repeat(')', 20000)),
	   test.put('deep2', 'SELECT ' || repeat('1+', 300000) || '1'),
	   test.put('deep3', 'SELECT 1', 'SELECT ' || repeat('(', 20000)),
	   test.put('long', 'SELECT ''' || repeat('x', 3000000) || ''''),
	   test.put('many', repeat('SELECT;', 20000)),
	   test.put('empty', repeat(';', 300000)),
	   test.put('backslashes', 'SELECT 1 ' || repeat('\', 100000)) \gset ignored_
SELECT left(t, 40) FROM test.apply('deep1') t LIMIT 1;
SELECT left(t, 40) FROM test.apply('deep2') t LIMIT 1;
\set VERBOSITY terse
SELECT left(t, 40) FROM test.apply('deep3') t LIMIT 1;
\set VERBOSITY default
SELECT reversible, left(detail, 60) FROM migrate.status(project => 'deep3');
SELECT statements FROM migrate.apply(test.made('long'), project => 'long');
SELECT statements FROM migrate.apply(test.made('many'), project => 'many');
SELECT statements FROM migrate.apply(test.made('empty'), project => 'empty');
SELECT left(t, 40) FROM test.apply('backslashes') t LIMIT 1;

--
-- Deferred constraints: a migration checks its own as a transaction does at its end,
-- and leaves the caller's alone.
--
CREATE SCHEMA private;
CREATE TABLE private.parent (id int PRIMARY KEY);
CREATE TABLE private.child (id int CONSTRAINT fk REFERENCES private.parent DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE private.other (id int CONSTRAINT fk REFERENCES private.parent);
SELECT test.write('deferred/001_a.sql', test.goose('CREATE TABLE app.one (i int); INSERT INTO app.one VALUES (1);')),
	   test.write('deferred/002_b.sql', test.goose('
			CREATE TABLE app.parent (i int PRIMARY KEY);
			CREATE TABLE app.child (i int CONSTRAINT fk REFERENCES app.parent DEFERRABLE INITIALLY DEFERRED);
			CREATE TABLE app.namesake (i int CONSTRAINT fk REFERENCES app.parent);
			INSERT INTO app.child VALUES (1);
			INSERT INTO app.parent VALUES (1);')),
	   test.write('deferred/003_c.sql', test.goose('ALTER TABLE app.child ADD j int;')),
	   test.write('deferred/004_d.sql', test.goose('
			CREATE FUNCTION app.add_child() RETURNS int LANGUAGE sql AS ''INSERT INTO app.child VALUES (2) RETURNING 1'';
			INSERT INTO app.parent VALUES (2);
			ALTER TABLE app.one ADD j int DEFAULT app.add_child();
			SET CONSTRAINTS ALL IMMEDIATE;')),
	   test.write('deferred/005_e.sql', test.goose('
			ALTER TABLE app.one ADD k int DEFAULT app.add_child();')),
	   test.write('deferred/006_f.sql', test.goose('ALTER TABLE app.child ADD k int;')) \gset ignored_
SET ROLE regress_migrate_alice;
SELECT test.apply('deferred');
RESET ROLE;
SELECT version FROM migrate.status(test.made('deferred'), project => 'deferred') WHERE state = 'applied';
DROP TABLE IF EXISTS app.one, app.child, app.namesake, app.parent;
-- those of the caller are unchanged
CREATE TABLE app.callers (id int REFERENCES private.parent DEFERRABLE INITIALLY DEFERRED);
SELECT test.put('insert', 'CREATE TABLE app.one (i int); INSERT INTO app.one VALUES (1);') \gset ignored_
BEGIN;
SELECT test.apply('insert');
INSERT INTO app.callers VALUES (1);
INSERT INTO private.parent VALUES (1);
COMMIT;
-- temporary tables: those of a migration are dropped at its end, the caller's are not
SELECT test.write('temporary/001_a.sql', test.goose('CREATE TEMP TABLE scratch ON COMMIT DROP AS SELECT 1; CREATE TEMP TABLE IF NOT EXISTS mine (i int) ON COMMIT DROP;')),
	   test.write('temporary/002_b.sql', test.goose('CREATE TEMP TABLE scratch (i int) ON COMMIT DROP; COMMIT; CREATE TEMP TABLE scratch (i int) ON COMMIT DROP; BEGIN; CREATE TEMP TABLE scratch (i int) ON COMMIT DROP;')),
	   test.write('temporary/003_c.sql', test.goose('CREATE TEMP TABLE scratch (i int) ON COMMIT DROP; DROP TABLE scratch; CREATE TEMP TABLE scratch (j int);')) \gset ignored_
CREATE TEMP TABLE mine (i int);
SELECT test.apply('temporary');
SELECT relname FROM pg_class WHERE relname IN ('mine', 'scratch') AND relpersistence = 't' ORDER BY relname;
DROP TABLE mine, scratch;

-- the tables that adopt() reads belong to other roles: their code runs as their owner
CREATE SCHEMA theirs AUTHORIZATION regress_migrate_mallory;
SET search_path = theirs, app, pg_catalog;
SELECT test.write('pair/1_a.up.sql', 'SELECT 1;'),
	   test.write('change/a.sql', E'--liquibase formatted sql\n--changeset ann:1\nSELECT 1;\n') \gset ignored_
SET ROLE regress_migrate_mallory;
CREATE FUNCTION theirs.tell() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'running as %', current_user; RETURN 1; END $$;
CREATE FUNCTION theirs.folded(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN theirs.tell(); END $$;
CREATE TABLE theirs.schema_migrations (version bigint, dirty boolean);
INSERT INTO theirs.schema_migrations VALUES (1, false);
SET client_min_messages = error;
CREATE INDEX ON theirs.schema_migrations ((theirs.folded(1)));
CREATE TYPE theirs.evil AS (x int);
CREATE FUNCTION theirs.evil_lock(theirs.evil) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM theirs.tell(); RETURN false; END $$;
CREATE TABLE theirs.databasechangelog (id text, author text, filename text, dateexecuted timestamp, orderexecuted int, exectype text, md5sum text);
CREATE TABLE theirs.databasechangeloglock (id int, locked theirs.evil, lockedby text);
INSERT INTO theirs.databasechangeloglock VALUES (1, ROW(1), 'x');
RESET client_min_messages;
RESET ROLE;
-- a cast runs as its owner, which must own one of its types
SET ROLE regress_migrate_mallory;
CREATE CAST (theirs.evil AS boolean) WITH FUNCTION theirs.evil_lock(theirs.evil);
RESET ROLE;
SELECT version FROM migrate.adopt(test.made('pair'), 'golang-migrate', project => 'theirs');
SELECT version FROM migrate.adopt(test.made('change'), 'liquibase', project => 'theirs');
-- through a superuser's view of such a table, and a table that only looks readable
CREATE TABLE app.private_versions (version text);
INSERT INTO app.private_versions VALUES ('001');
CREATE VIEW app.over AS SELECT version::text FROM theirs.schema_migrations;
CREATE VIEW app.invoker WITH (security_invoker) AS SELECT version FROM app.private_versions;
CREATE TABLE app.parts (version text) PARTITION BY LIST (version);
CREATE TABLE theirs.part PARTITION OF app.parts DEFAULT;
ALTER TABLE theirs.part OWNER TO regress_migrate_mallory;
GRANT SELECT ON app.over, app.invoker, app.parts TO regress_migrate_mallory;
GRANT EXECUTE ON FUNCTION migrate.adopt TO regress_migrate_mallory;
GRANT USAGE ON SCHEMA migrate, test, app TO regress_migrate_mallory;
SELECT test.write('mate/001_a.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\n') \gset ignored_
SET ROLE regress_migrate_mallory;
SELECT relation, t FROM unnest('{over,invoker,parts}'::text[]) relation,
	test.try(format('SELECT * FROM migrate.adopt(test.made(''mate''), ''dbmate'', %L, project => ''mate'')', 'app.' || relation)) t;
RESET ROLE;
DROP VIEW app.over, app.invoker;
DROP TABLE app.parts, app.private_versions;
-- a role that may not read a table cannot adopt from it
REVOKE ALL ON theirs.schema_migrations FROM PUBLIC;
CREATE ROLE regress_migrate_reader;
GRANT USAGE ON SCHEMA theirs, migrate, test TO regress_migrate_reader;
GRANT EXECUTE ON FUNCTION migrate.adopt TO regress_migrate_reader;
GRANT pg_read_server_files TO regress_migrate_reader;
SET ROLE regress_migrate_reader;
SELECT test.try($$SELECT * FROM migrate.adopt(test.made('pair'), 'golang-migrate', project => 'reader')$$);
RESET ROLE;
-- expressions that the planner evaluates are code of the table's owner
SET ROLE regress_migrate_mallory;
CREATE FUNCTION theirs.folded(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM theirs.tell(); RETURN $1; END $$;
CREATE TABLE theirs.estimated (version text);
CREATE TABLE theirs.checked (version int);
INSERT INTO theirs.estimated VALUES ('001');
INSERT INTO theirs.checked VALUES (1);
GRANT SELECT ON theirs.estimated, theirs.checked TO PUBLIC;
SET client_min_messages = warning;
CREATE STATISTICS theirs.guess ON (theirs.folded('x') || version), version FROM theirs.estimated;
ALTER TABLE theirs.checked ADD CHECK (version <> length(theirs.folded('')));
RESET client_min_messages;
RESET ROLE;
SELECT test.write('tern/001_a.sql', 'SELECT 1;') \gset ignored_
SET constraint_exclusion = on;
SET ROLE regress_migrate_reader;
SELECT test.try($$SELECT * FROM migrate.adopt(test.made('mate'), 'dbmate', 'theirs.estimated', project => 'guess')$$);
SELECT version FROM migrate.adopt(test.made('tern'), 'tern', 'theirs.checked', project => 'checked');
RESET ROLE;
RESET constraint_exclusion;
-- a schema without USAGE for the caller is ignored
CREATE SCHEMA atlas_schema_revisions AUTHORIZATION regress_migrate_mallory;
GRANT EXECUTE ON FUNCTION migrate.status TO regress_migrate_reader;
SELECT test.write('counted/1_a.sql', 'SELECT 1;') \gset ignored_
SET ROLE regress_migrate_reader;
SELECT version, state FROM migrate.status(test.made('counted'), project => 'reader');
RESET ROLE;
-- scripts that are only recorded do not come from outside the directory, even for a superuser
SELECT test.shell('mkdir -p leads && ln -sf /etc/hostname leads/1_a.sql') \gset ignored_
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('leads'), project => 'leads')$$);
-- neither does a dangling link
SELECT test.shell('mkdir -p leads_nowhere && ln -sf not_there leads_nowhere/1_a.sql') \gset ignored_
SELECT test.try($$SELECT * FROM migrate.baseline(test.made('leads_nowhere'), project => 'leads')$$);
-- extreme batch numbers in a tool's table
CREATE TABLE theirs._migrations (id int, name text, batch int, executed_at timestamptz);
INSERT INTO theirs._migrations VALUES (1, '001_subscribers.sql', 2147483647, now());
SELECT version FROM migrate.adopt(test.dir('updown'), 'updown', project => 'batches');
SELECT version, batch FROM migrate.status(project => 'batches');
SET search_path = app, pg_catalog;
SET client_min_messages = error;
DROP SCHEMA theirs, atlas_schema_revisions CASCADE;
RESET client_min_messages;
DROP OWNED BY regress_migrate_reader;
DROP ROLE regress_migrate_reader;

SET client_min_messages = error;
DROP SCHEMA private CASCADE;
DROP OWNED BY regress_migrate_alice, regress_migrate_mallory CASCADE;
DROP ROLE regress_migrate_alice, regress_migrate_mallory;
