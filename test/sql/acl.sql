--
-- Privileges.  This test lists every routine and relation of the extension: a
-- new one must be added, with a call, or the queries below show it.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- privileges of roles other than the owner
CREATE FUNCTION test.grants(acl aclitem[], kind "char", owner oid) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END || ': ' || a.privilege_type, ', '
					  ORDER BY a.grantee, a.privilege_type)
	FROM aclexplode(coalesce(acl, acldefault(kind, owner))) a
	WHERE a.grantee <> owner
$$;

-- routines: PUBLIC has no privileges, none runs as its owner or in a worker;
-- a SET clause would keep the procedures from committing
SELECT p.oid::regprocedure AS routine, p.prokind AS kind, p.prosecdef AS definer, p.provolatile AS volatile,
	   p.proparallel AS parallel, p.proconfig AS settings, test.grants(p.proacl, 'f', p.proowner)
FROM pg_proc p WHERE p.pronamespace = 'migrate'::regnamespace ORDER BY p.proname COLLATE "C", p.oid;

-- schema and relations: other roles can only read
SELECT n.nspname, test.grants(n.nspacl, 'n', n.nspowner) FROM pg_namespace n WHERE n.nspname = 'migrate';
SELECT c.relname, c.relkind AS kind, c.relrowsecurity AS rls, c.relhasrules AS rules,
	   test.grants(c.relacl, CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner)
FROM pg_class c WHERE c.relnamespace = 'migrate'::regnamespace AND c.relkind NOT IN ('i', 't')
ORDER BY c.relname COLLATE "C";
SELECT attrelid::regclass, attname FROM pg_attribute
WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'migrate'::regnamespace) AND attacl IS NOT NULL;
SELECT tgrelid::regclass, tgname FROM pg_trigger
WHERE tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'migrate'::regnamespace);

-- all have one owner, a superuser, and belong to the extension
SELECT count(DISTINCT owner) AS owners, bool_and(rolsuper) AS superusers
FROM (SELECT proowner FROM pg_proc WHERE pronamespace = 'migrate'::regnamespace
	  UNION ALL SELECT relowner FROM pg_class WHERE relnamespace = 'migrate'::regnamespace
	  UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'migrate') o(owner)
JOIN pg_roles r ON r.oid = o.owner;
SELECT pg_describe_object(classid, objid, 0) AS not_a_member
FROM (SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = 'migrate'::regnamespace
	  UNION ALL
	  SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relnamespace = 'migrate'::regnamespace AND relkind NOT IN ('i', 't')
	  UNION ALL
	  SELECT 'pg_namespace'::regclass, oid FROM pg_namespace WHERE nspname = 'migrate') o(classid, objid)
WHERE NOT EXISTS (SELECT FROM pg_depend d
				  WHERE d.classid = o.classid AND d.objid = o.objid AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
				  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'migrate'));

-- all are described
SELECT p.oid::regprocedure AS without_comment
FROM pg_proc p WHERE p.pronamespace = 'migrate'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
UNION ALL
SELECT NULL FROM pg_class c WHERE c.relnamespace = 'migrate'::regnamespace AND c.relkind = 'r' AND obj_description(c.oid, 'pg_class') IS NULL
UNION ALL
SELECT NULL FROM pg_namespace n WHERE n.nspname = 'migrate' AND obj_description(n.oid, 'pg_namespace') IS NULL;

-- each setting has a description, which begins with a verb and is a sentence
SELECT name, short_desc, extra_desc FROM pg_settings
WHERE name LIKE 'migrate.%' AND (short_desc ~ '^[A-Z][a-z]+s .*[.]$' AND coalesce(extra_desc, 'None.') ~ '^[A-Z].*[.]$') IS NOT TRUE;

-- settings: which of them only a superuser can change
SELECT name, context FROM pg_settings WHERE name LIKE 'migrate.%' ORDER BY name COLLATE "C";

--
-- Each routine: a call without EXECUTE is refused, a call with it is not.
--
CREATE TABLE test.calls (routine regprocedure PRIMARY KEY, call text);
INSERT INTO test.calls VALUES
	('migrate.activity()', 'SELECT * FROM migrate.activity()'),
	('migrate.adopt(text,text,regclass,text,text,jsonb)', 'SELECT * FROM migrate.adopt()'),
	('migrate.apply(text,text,integer,text[],text,text,text,jsonb,boolean,jsonb)', 'SELECT * FROM migrate.apply()'),
	('migrate.at_least(text,text,text)', 'SELECT migrate.at_least(''1'')'),
	('migrate.baseline(text,text,text,text,text,text,jsonb)', 'SELECT * FROM migrate.baseline()'),
	('migrate.check(text,text,integer,text[],text,text,text,jsonb,jsonb)', 'SELECT * FROM migrate.check()'),
	('migrate.create(text,text,text)', 'SELECT migrate.create(''x'')'),
	('migrate.down(integer,text,boolean,boolean,text,text,text,jsonb,integer)', 'CALL migrate.down()'),
	('migrate.drift(text,text)', 'SELECT * FROM migrate.drift()'),
	('migrate.fingerprint(text[],boolean,boolean)', 'SELECT migrate.fingerprint()'),
	('migrate.history(text,text)', 'SELECT * FROM migrate.history()'),
	('migrate.is_current(text,text,text,text,jsonb)', 'SELECT migrate.is_current()'),
	('migrate.objects(text[],boolean,boolean)', 'SELECT * FROM migrate.objects()'),
	('migrate.plan(text,text,integer,text[],text,text,text,jsonb,jsonb)', 'SELECT * FROM migrate.plan()'),
	('migrate.redo(text,text,text,text,jsonb,jsonb)', 'SELECT * FROM migrate.redo()'),
	('migrate.refresh(text,text,text,text,jsonb,jsonb)', 'SELECT * FROM migrate.refresh()'),
	('migrate.rehearse(text,text,integer,text[],text,text,text,jsonb,jsonb,interval)', 'SELECT * FROM migrate.rehearse()'),
	('migrate.repair(text,text,text,text,text,text,jsonb)', 'SELECT * FROM migrate.repair()'),
	('migrate.reset(boolean,text,text)', 'SELECT * FROM migrate.reset()'),
	('migrate.rollback(integer,text,boolean,boolean,text,text,text,jsonb)', 'SELECT * FROM migrate.rollback()'),
	('migrate.status(text,text,text,text,jsonb)', 'SELECT * FROM migrate.status()'),
	('migrate.status_schemas(text,text[],text,text,jsonb)', 'SELECT * FROM migrate.status_schemas()'),
	('migrate.sync(text,text,text,text,jsonb,jsonb)', 'SELECT * FROM migrate.sync()'),
	('migrate.up(text,text,integer,text[],text,text,text,jsonb,boolean,jsonb,integer)', 'CALL migrate.up()'),
	('migrate.up_schemas(text,text[],text,text,text,jsonb,jsonb,text,integer,integer,integer)', 'CALL migrate.up_schemas()'),
	('migrate.verify(text,text,integer,text[],text,text,text,jsonb,jsonb,interval,text,text)', 'SELECT * FROM migrate.verify()'),
	('migrate.version(text,text)', 'SELECT migrate.version()'),
	('migrate.wait_for(text,interval,text,text)', 'CALL migrate.wait_for(NULL)');
SELECT p.oid::regprocedure AS not_in_the_list FROM pg_proc p
WHERE p.pronamespace = 'migrate'::regnamespace AND p.oid NOT IN (SELECT routine FROM test.calls);

CREATE ROLE regress_migrate_user;
GRANT USAGE ON SCHEMA test TO regress_migrate_user;
GRANT SELECT ON test.calls TO regress_migrate_user;

-- without USAGE on the schema
SET ROLE regress_migrate_user;
SELECT c.call, t FROM test.calls c, test.try(c.call) t ORDER BY c.call COLLATE "C";
RESET ROLE;

-- USAGE on the schema only
GRANT USAGE ON SCHEMA migrate TO regress_migrate_user;
SET ROLE regress_migrate_user;
SELECT c.call, t FROM test.calls c, test.try(c.call) t ORDER BY c.call COLLATE "C";
RESET ROLE;

-- EXECUTE on one routine allows that one and no other
DO $$
DECLARE
	granted regprocedure;
	refused regprocedure[];
BEGIN
	FOR granted IN SELECT routine FROM test.calls LOOP
		EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO regress_migrate_user', granted);
		SET LOCAL ROLE regress_migrate_user;
		SELECT array_agg(routine) INTO refused FROM test.calls, test.try(call) t WHERE t LIKE '42501%';
		ASSERT (SELECT bool_and((routine = granted) <> (routine = ANY (refused))) FROM test.calls), granted;
		RESET ROLE;
		EXECUTE format('REVOKE EXECUTE ON ROUTINE %s FROM regress_migrate_user', granted);
	END LOOP;
END
$$;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_user;
SET ROLE regress_migrate_user;
SELECT c.call, t FROM test.calls c, test.try(c.call) t ORDER BY c.call COLLATE "C", t COLLATE "C";

-- EXECUTE is enough for the history, without any privilege on the tables; it
-- does not allow reading files
SELECT test.try(format('SELECT * FROM migrate.%s(%L)', routine, test.dir('goose_app')))
FROM unnest('{apply,baseline,plan,redo,refresh,repair,status}'::text[]) routine;
SELECT test.try(format('SELECT migrate.create(''x'', %L)', test.dir('goose_app')));
SELECT test.try(format('SELECT * FROM migrate.rollback(dir => %L)', test.dir('goose_app')));
\set VERBOSITY sqlstate
CALL migrate.up(test.dir('goose_app'));
CALL migrate.down(dir => test.dir('goose_app'));
\set VERBOSITY default
RESET ROLE;
GRANT pg_read_server_files TO regress_migrate_user;
GRANT USAGE, CREATE ON SCHEMA app TO regress_migrate_user;
SET client_min_messages = warning;
-- with that too, everything works; the history has the role
SET ROLE regress_migrate_user;
SELECT count(*) FROM migrate.apply(test.dir('plain'));
SELECT version, direction, outcome, role FROM migrate.history() h ORDER BY h.id;
SELECT version, state, applied_by FROM migrate.status();

RESET ROLE;

--
-- The tables: their owner can write; a database owner can read, for pg_dump.
--
-- the messages differ by version
CREATE FUNCTION test.state(command text) RETURNS text LANGUAGE sql AS
	$$ SELECT t FROM (SELECT split_part(test.try(command), ':', 1)) s(t) LIMIT 1 $$;
CREATE TEMP TABLE reading (command text);
INSERT INTO reading VALUES
	('SELECT * FROM migrate.applied'),
	('SELECT * FROM migrate.history'),
	('SELECT * FROM migrate.script'),
	('SELECT * FROM migrate.object'),
	('SELECT last_value, is_called FROM migrate.script_id_seq'),
	('SELECT last_value, is_called FROM migrate.history_id_seq'),
	('LOCK TABLE migrate.applied, migrate.history, migrate.script IN ACCESS SHARE MODE'),
	('COPY migrate.script TO ''/dev/null''');	-- that one with pg_write_server_files
CREATE TEMP TABLE writing (command text);
INSERT INTO writing VALUES
	('INSERT INTO migrate.script DEFAULT VALUES'),
	('INSERT INTO migrate.history DEFAULT VALUES'),
	('INSERT INTO migrate.applied DEFAULT VALUES'),
	('INSERT INTO migrate.object DEFAULT VALUES'),
	('UPDATE migrate.script SET text = NULL'),
	('UPDATE migrate.history SET role = ''nobody'''),
	('UPDATE migrate.applied SET up_role = current_user, down_role = current_user'),
	('DELETE FROM migrate.script'),
	('DELETE FROM migrate.history'),
	('DELETE FROM migrate.applied'),
	('DELETE FROM migrate.object'),
	('TRUNCATE migrate.applied, migrate.history, migrate.script'),
	('LOCK TABLE migrate.applied IN EXCLUSIVE MODE'),
	('SELECT * FROM migrate.applied FOR UPDATE'),
	('SELECT nextval(''migrate.history_id_seq'')'),
	('SELECT nextval(''migrate.script_id_seq'')'),
	('SELECT setval(''migrate.history_id_seq'', 1)'),
	('CREATE TRIGGER t BEFORE INSERT ON migrate.applied FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()'),
	('CREATE RULE r AS ON INSERT TO migrate.history DO INSTEAD NOTHING'),
	('CREATE POLICY p ON migrate.applied'),
	('CREATE INDEX ON migrate.applied ((version::bigint))'),
	('CREATE STATISTICS s ON version, name FROM migrate.applied'),
	('CREATE TABLE app.child () INHERITS (migrate.applied)'),
	('CREATE TABLE app.reference (id bigint REFERENCES migrate.history)'),
	('CREATE TABLE migrate.other ()'),
	('CREATE FUNCTION migrate.apply(dir text) RETURNS int LANGUAGE sql AS ''SELECT 1'''),
	('CREATE OR REPLACE FUNCTION migrate.version(project text DEFAULT ''default'', schema text DEFAULT '''') RETURNS text LANGUAGE sql AS ''SELECT 1'''),
	('ALTER TABLE migrate.applied DISABLE TRIGGER ALL'),
	('ALTER TABLE migrate.applied OWNER TO CURRENT_USER'),
	('ALTER SCHEMA migrate OWNER TO CURRENT_USER'),
	('ALTER SCHEMA migrate RENAME TO other'),
	('ALTER FUNCTION migrate.version SECURITY DEFINER'),
	('ALTER EXTENSION migrate DROP TABLE migrate.applied'),
	('DROP TABLE migrate.applied CASCADE'),
	('DROP SCHEMA migrate CASCADE'),
	('DROP EXTENSION migrate CASCADE'),
	('CREATE EVENT TRIGGER regress_migrate_trigger ON ddl_command_start EXECUTE FUNCTION pg_event_trigger_dropped_objects()');

-- a role with all routines
GRANT SELECT ON reading, writing TO regress_migrate_user;
SET ROLE regress_migrate_user;
SELECT command, test.state(command) FROM reading;
SELECT command, test.state(command) FROM writing;
RESET ROLE;

-- the owner of the database: can read, but not call
CREATE ROLE regress_migrate_owner;
GRANT USAGE ON SCHEMA test TO regress_migrate_owner;
GRANT USAGE, CREATE ON SCHEMA app TO regress_migrate_owner;
GRANT SELECT ON reading, writing, test.calls TO regress_migrate_owner;
GRANT pg_write_server_files TO regress_migrate_owner;	-- for the COPY
BEGIN;
ALTER DATABASE :DBNAME OWNER TO regress_migrate_owner;
SET LOCAL ROLE regress_migrate_owner;
SELECT command, test.state(command) FROM reading;
SELECT command, test.state(command) FROM writing;
SELECT c.call, t FROM test.calls c, test.try(c.call) t ORDER BY c.call COLLATE "C";
ROLLBACK;

SELECT count(*) FROM migrate.applied;

SET client_min_messages = error;
DROP OWNED BY regress_migrate_user, regress_migrate_owner CASCADE;
DROP ROLE regress_migrate_user, regress_migrate_owner;
