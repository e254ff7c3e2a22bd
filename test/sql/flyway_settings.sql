--
-- Flyway's configuration of a directory: flyway.toml and flyway.conf.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
\set fly 'test.made(\'fly\')'
CREATE VIEW test.states AS SELECT version, name, state, file FROM migrate.status(test.made('fly'));
-- the rest of a message, for a file of a directory that has one migration
CREATE FUNCTION test.refused(file text, settings text) RETURNS SETOF text LANGUAGE plpgsql
	SET client_min_messages = warning AS $$
BEGIN
	PERFORM test.shell('rm -rf bad');
	PERFORM test.write('bad/V1__a.sql', 'CREATE TABLE refused ();');
	PERFORM test.write('bad/' || file, settings);
	RETURN QUERY SELECT test.try($try$SELECT migrate.apply(test.made('bad'), project => 'bad')$try$);
	DROP TABLE IF EXISTS refused;
	DELETE FROM migrate.applied WHERE project = 'bad';
END
$$;

--
-- names of files
--
SELECT test.write('fly/flyway.conf', E'# names\nflyway.url=jdbc:postgresql:x\nflyway.user : me\n! more\n flyway.sqlMigrationPrefix = M\nflyway.repeatableSqlMigrationPrefix=REP\n'
	'flyway.undoSqlMigrationPrefix Undo\nflyway.baselineMigrationPrefix=Base\nflyway.sqlMigrationSeparator=-\nflyway.sqlMigrationSuffixes=.pgsql, .ddl\n');
SELECT test.write('fly/M1-a.pgsql', 'CREATE TABLE a ();');
SELECT test.write('fly/sub/M1_1-b__c.DDL', 'CREATE TABLE b ();');
SELECT test.write('fly/Undo1.1-b.pgsql', 'DROP TABLE b;');
SELECT test.write('fly/REP-view.pgsql', 'CREATE OR REPLACE VIEW v AS SELECT 1 AS one;');
SELECT test.write('fly/beforeMigrate-x.ddl', 'CREATE TABLE before ();');
SELECT test.write('fly/V2__no.sql', 'SELECT 1/0;');
SELECT test.write('fly/M2.sql', 'SELECT 1/0;');
SELECT version, name, state, file FROM migrate.status(:fly);
SELECT version, name, file, command, note FROM migrate.plan(:fly);
SELECT version, name FROM migrate.apply(:fly);
SELECT * FROM test.states;
SELECT migrate.is_current(:fly);
SELECT kind, version, name, format FROM migrate.applied ORDER BY applied_at;
CALL migrate.down(target => '1');
SELECT to_regclass('b');
SELECT test.shell('rm fly/before*');
CALL migrate.up(:fly);
-- a new one has such a name; a changed name is another file
SELECT replace(migrate.create('add d', :fly), current_setting('test.scratch'), '');
SELECT test.write('fly/flyway.conf', 'flyway.sqlMigrationSuffixes=.sql');
SELECT * FROM test.states;
-- the longest prefix counts, an event as well
DELETE FROM migrate.applied;
SELECT test.shell('rm -r fly');
SELECT test.write('fly/flyway.conf', E'flyway.sqlMigrationPrefix=\nflyway.undoSqlMigrationPrefix=undo\n');
SELECT test.write('fly/1__a.sql', 'CREATE TABLE a1 ();');
SELECT test.write('fly/undo1__a.sql', 'DROP TABLE a1;');
SELECT test.write('fly/V2__b.sql', 'SELECT 1/0;');
SELECT test.write('fly/R__c.sql', 'SELECT 1;');
SELECT test.write('fly/afterMigrate.sql', 'SELECT 1;');
CALL migrate.up(:fly);
SELECT * FROM test.states;

--
-- locations: folders below the directory
--
DELETE FROM migrate.applied;
SELECT test.shell('rm -r fly');
SELECT test.write('fly/flyway.toml', E'[flyway]\nlocations = [ "filesystem:db//one/", # the first\n\t"filesystem:./two",\n\t''filesystem:db/one/sub'', ]\n');
SELECT test.write('fly/db/one/V1__a.sql', 'CREATE TABLE l1 ();');
SELECT test.write('fly/db/one/sub/V3__c.sql', 'CREATE TABLE l3 ();');
SELECT test.write('fly/two/V2__b.sql', 'CREATE TABLE l2 ();');
SELECT test.write('fly/two/other.sql', 'SELECT 1/0;');
SELECT test.write('fly/two2/V4__d.sql', 'SELECT 1/0;');
SELECT test.write('fly/V5__e.sql', 'SELECT 1/0;');
SELECT test.write('fly/1_goose.sql', E'-- +goose Up\nSELECT 1/0;');
SELECT test.write('fly/afterMigrate.sql', 'SELECT 1/0;');
SELECT test.write('fly/two/afterMigrate__x.sql', 'CREATE TABLE after ();');
SELECT version, name FROM migrate.apply(:fly);
SELECT * FROM test.states;
SELECT format, file FROM migrate.applied ORDER BY sort_key;
SELECT replace(migrate.create('next', :fly), current_setting('test.scratch'), '');
-- wildcards
SELECT test.write('fly/flyway.toml', E'flyway.locations = ["filesystem:**/o?e/*", "filesystem:t*o"]');
SELECT * FROM test.states;
SELECT test.write('fly/flyway.toml', E'flyway = { locations = ["filesystem:**/V1__*.sql"] }');
SELECT * FROM test.states;
-- an absolute one, if it is below the directory
SELECT test.write('fly/flyway.conf', 'flyway.locations=filesystem:' || test.made('fly') || '/two,filesystem:' || test.made('fly') || '/db');
SELECT test.shell('rm fly/flyway.toml');
SELECT * FROM test.states;
SELECT test.write('fly/flyway.conf', 'flyway.locations=filesystem:' || test.made('flyx') || '/two');
SELECT replace(test.try($$SELECT migrate.apply(test.made('fly'))$$), current_setting('test.scratch'), '<scratch>');
-- one without files is passed over, unless the configuration says otherwise
SELECT test.write('fly/flyway.conf', E'flyway.locations=filesystem:two,filesystem:none\n');
SELECT * FROM test.states;
SELECT test.write('fly/flyway.conf', E'flyway.locations=filesystem:two,filesystem:none\nflyway.failOnMissingLocations=true\n');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
SELECT test.write('fly/flyway.conf', E'flyway.locations=filesystem:none\n');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
SELECT replace(migrate.create('first', :fly), current_setting('test.scratch'), '');
SELECT test.shell('mkdir fly/none');
SELECT replace(migrate.create('first', :fly), current_setting('test.scratch'), '');
-- callbacks elsewhere, or nowhere
DELETE FROM migrate.applied;
DROP TABLE l1, l2, l3, after;
SELECT test.write('fly/flyway.conf', E'flyway.locations=filesystem:two\nflyway.callbackLocations=filesystem:calls\n');
SELECT test.write('fly/calls/afterMigrate.sql', 'CREATE TABLE called ();');
SELECT test.write('fly/calls/V9__no.sql', 'SELECT 1/0;');
SELECT version, name FROM migrate.apply(:fly);
SELECT * FROM test.tables WHERE relname IN ('after', 'called', 'l2');
SELECT test.write('fly/flyway.conf', E'flyway.locations=filesystem:two\nflyway.skipDefaultCallbacks=TRUE\n');
SELECT test.write('fly/two/V6__f.sql', 'CREATE TABLE l6 ();');
SELECT version, name FROM migrate.apply(:fly);
SELECT to_regclass('after');
-- the same from the client, as a role that has EXECUTE only
CREATE ROLE migrate_test_caller;
GRANT USAGE ON SCHEMA migrate TO migrate_test_caller;
GRANT CREATE ON SCHEMA public TO migrate_test_caller;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO migrate_test_caller;
GRANT USAGE ON SCHEMA test TO migrate_test_caller;
SET ROLE migrate_test_caller;
SELECT version, name FROM migrate.apply(project => 'client', schema => 'public', files => '{
	"flyway.toml": "[flyway]\nlocations = [\"filesystem:sql\"]\n[flyway.placeholders]\nname = \"x\"\n",
	"sql/V1__x.sql": "CREATE TABLE ${name} ()", "V2__y.sql": "SELECT 1/0"}');
SELECT to_regclass('public.x');
SELECT test.try($$SELECT migrate.apply(project => 'client', files => '{
	"flyway.conf": "flyway.locations=filesystem:/srv/x", "V1__x.sql": ""}')$$);
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
RESET ROLE;
DROP TABLE public.x;

--
-- placeholders
--
DELETE FROM migrate.applied;
SELECT test.shell('rm -r fly');
SELECT test.write('fly/flyway.conf', E'flyway.placeholders.name=one\nflyway.placeholders.Other Name = ignored\nflyway.placeholders.long=a,\\\n   b\nflyway.placeholders.path=c:\\\\d\\e\nflyway.placeholders.empty=\n');
SELECT test.write('fly/V1__a.sql', 'CREATE TABLE p1 AS SELECT ''${NAME}'' AS a, ''${long}'' AS b, ''${path}'' AS c, ''${empty}'' AS d, ''${flyway:filename}'' AS e;');
SELECT test.write('fly/U1__a.sql', 'DROP TABLE p1; CREATE TABLE "undone_${name}" ();');
SELECT test.write('fly/R__v.sql', 'CREATE OR REPLACE VIEW pv AS SELECT ''${name}'' AS name;');
SELECT version, name FROM migrate.apply(:fly);
TABLE p1;
SELECT up_syntax, up_vars, down_vars FROM migrate.applied ORDER BY sort_key;
-- another value: what is applied stays, but a repeatable one runs again, as with Flyway
SELECT test.write('fly/flyway.conf', E'flyway.placeholders.name=two\nflyway.placeholders.long=x\nflyway.placeholders.path=y\nflyway.placeholders.empty=z\n');
SELECT * FROM test.states;
SELECT migrate.is_current(:fly);
SELECT version, name, note FROM migrate.plan(:fly);
-- a value in "vars" takes precedence
SELECT version, name FROM migrate.apply(:fly, vars => '{"name": "one"}');
CALL migrate.up(:fly);
TABLE pv;
SELECT migrate.is_current(:fly);
SELECT version, name FROM migrate.apply(:fly, vars => '{"name": "three"}');
TABLE pv;
-- the way back has the values of the way there
CALL migrate.down(target => '1');
CALL migrate.down(everything => true, force => true);
SELECT relname FROM test.tables WHERE relname LIKE 'undone%';
-- others around the name
SELECT test.shell('rm fly/*');
SELECT test.write('fly/flyway.toml', E'[flyway]\nplaceholderPrefix = "#["\nplaceholderSuffix = "]#"\nplaceholderSeparator = "_"\nplaceholders = { name = "o\\u006e\\u00e9", "a b" = 12, yes = true }\n');
SELECT test.write('fly/V1__a.sql', 'CREATE TABLE q1 AS SELECT ''#[name]# ${name} #[A b]# #[yes]# #[flyway_table]#'' AS a;');
SELECT test.write('fly/U1__a.sql', 'DROP TABLE q1; COMMENT ON SCHEMA app IS ''#[name]# ${x} #[flyway_filename]#'';');
SELECT result, version FROM migrate.verify(:fly);
SELECT version, name, outcome FROM migrate.rehearse(:fly);
SELECT version, name FROM migrate.apply(:fly);
TABLE q1;
SELECT up_syntax, up_vars, digest IS NOT NULL AS has_digest FROM migrate.applied ORDER BY sort_key;
SELECT version, name, state, reversible FROM migrate.status(:fly);
CALL migrate.down(steps => 1);
SELECT obj_description('app'::regnamespace);
SELECT test.write('fly/V1__a.sql', 'SELECT ''#[name '';');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
SELECT test.write('fly/V1__a.sql', 'SELECT ''#[none]# '';');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
-- none at all, unless a script's own settings say so
SELECT test.write('fly/flyway.toml', E'flyway.placeholderReplacement = false\nflyway.placeholders.name = "n"');
SELECT test.write('fly/V1__a.sql', 'CREATE TABLE r1 AS SELECT ''${name}'' AS a;');
SELECT test.write('fly/U1__a.sql', 'DROP TABLE r1;');
SELECT test.write('fly/V2__b.sql', 'CREATE TABLE r2 AS SELECT ''${name}'' AS a;');
SELECT test.write('fly/V2__b.sql.conf', 'placeholderReplacement=true');
SELECT version, name FROM migrate.apply(:fly);
SELECT r1.a, r2.a FROM r1, r2;
SELECT version, up_syntax FROM migrate.applied ORDER BY sort_key;
-- what has run stays applied, as with Flyway, whatever it would mean now
SELECT test.shell('rm fly/flyway.toml');
SELECT version, state FROM migrate.status(:fly);
-- no transaction for any
SELECT test.write('fly/flyway.toml', E'flyway.executeInTransaction = false');
SELECT test.write('fly/V3__c.sql', 'CREATE TABLE r3 (); CREATE INDEX CONCURRENTLY ON r2 (a); SELECT 1/0;');
SELECT test.write('fly/V4__d.sql', 'CREATE TABLE r4 (); SELECT 1/0;');
SELECT test.write('fly/V4__d.sql.conf', 'executeInTransaction=true');
SELECT version, transaction, statement FROM migrate.plan(:fly);
\set VERBOSITY terse
CALL migrate.up(:fly);
SELECT to_regclass('r3');
SELECT test.write('fly/V3__c.sql', 'CREATE TABLE r3 (); CREATE INDEX CONCURRENTLY ON r2 (a); SELECT 1;');
CALL migrate.up(:fly);
SELECT to_regclass('r4');
\set VERBOSITY default

--
-- what decides about a run
--
DELETE FROM migrate.applied;
SELECT test.shell('rm -r fly');
SELECT test.write('fly/V2__b.sql', 'CREATE TABLE o2 ();');
SELECT version, name FROM migrate.apply(:fly);
SELECT test.write('fly/V1__a.sql', 'CREATE TABLE o1 ();');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
SELECT test.write('fly/flyway.conf', 'flyway.outOfOrder=true');
SELECT version, note FROM migrate.plan(:fly);
SELECT version, name FROM migrate.apply(:fly);
-- the schema has to be the one that migrations run in
SELECT test.write('fly/V3__c.sql', 'CREATE TABLE o3 ();');
SELECT test.write('fly/flyway.conf', E'\nflyway.schemas=other, app\n');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
SELECT test.try($$SELECT migrate.plan(test.made('fly'))$$);
CALL migrate.up(:fly);
SELECT version, state FROM migrate.status(:fly);
SELECT version, name FROM migrate.apply(:fly, project => 'tenant', schema => 'public');
DROP TABLE public.o1, public.o2, public.o3;
SELECT test.write('fly/flyway.conf', E'flyway.defaultSchema=app\nflyway.schemas=other, app\n');
SELECT version, name FROM migrate.apply(:fly);
-- a baseline that Flyway would make
SELECT test.shell('rm -r fly');
SELECT test.write('fly/V1__a.sql', 'CREATE TABLE t1 ();');
SELECT test.write('fly/V2__b.sql', 'CREATE TABLE t2 ();');
SELECT test.write('fly/flyway.conf', E'flyway.baselineOnMigrate=true\nflyway.baselineVersion=1.5');
SELECT test.try($$SELECT migrate.apply(test.made('fly'), project => 'baseline')$$);
SELECT version, name FROM migrate.baseline(:fly, '1', project => 'baseline');
SELECT version, name FROM migrate.apply(:fly, project => 'baseline');
CREATE SCHEMA empty;
SELECT version, name FROM migrate.apply(:fly, project => 'baseline', schema => 'empty');
-- many schemas
SELECT test.write('fly/flyway.conf', E'flyway.outOfOrder=true\nflyway.locations=filesystem:.\nflyway.placeholders.x=y');
SELECT test.write('fly/V1.1__late.sql', 'CREATE TABLE late_${x} ();');
CALL migrate.up_schemas(:fly, '{empty}', project => 'baseline');
SELECT to_regclass('empty.late_y');

--
-- both files: TOML is read alone, the user's last
--
SELECT test.shell('rm -r fly');
SELECT test.write('fly/V1__a.sql', 'SELECT ''${x}'';');
SELECT test.write('fly/flyway.conf', E'flyway.target=7\nflyway.placeholders.x=conf');
SELECT test.write('fly/flyway.toml', E'[flyway.placeholders]\nx = "toml"\ny = "toml"');
SELECT test.write('fly/flyway.user.toml', E'[flyway]\nplaceholders.x = "user"\n[environments.default]\nurl = "u"');
SELECT version, name FROM migrate.apply(:fly, project => 'both');
SELECT up_vars FROM migrate.applied WHERE project = 'both';
-- not for another format
SELECT test.shell('rm fly/V1__a.sql');
SELECT test.write('fly/1_a.sql', E'-- +goose Up\nSELECT 1;');
SELECT version FROM migrate.plan(:fly, format => 'goose', project => 'both2');
SELECT test.try($$SELECT migrate.plan(test.made('fly'), project => 'both2')$$);
SELECT test.write('fly/V1__a.sql', E'-- +goose Up\nSELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('fly'), project => 'both2')$$);
-- nor where the history has another one
SELECT version FROM migrate.apply(project => 'other', files => '{"V1__a.sql": "SELECT 1"}', format => 'refinery');
SELECT test.try($$SELECT migrate.status(project => 'other', files => '{"V1__a.sql": "SELECT 1", "flyway.conf": ""}')$$);

--
-- Flyway's own table
--
SELECT test.shell('rm -r fly');
SELECT test.write('fly/db/V1__a.sql', 'CREATE TABLE own1 ();');
SELECT test.write('fly/db/R__v.sql', 'CREATE OR REPLACE VIEW own_v AS SELECT ''${x}'' AS x;');
SELECT test.write('fly/db/afterMigrate.sql', 'SELECT 1;');
SELECT test.write('fly/flyway.toml', E'[flyway]\ntable = "own history"\nlocations = ["filesystem:db"]\nplaceholders.x = "y"');
CREATE TABLE "own history" ("installed_rank" INT NOT NULL PRIMARY KEY, "version" VARCHAR(50),
	"description" VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT NULL, "script" VARCHAR(1000) NOT NULL, "checksum" INTEGER,
	"installed_by" VARCHAR(100) NOT NULL, "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
	"execution_time" INTEGER NOT NULL, "success" BOOLEAN NOT NULL);
SET migrate.keep_in_step = on;
SELECT version, name FROM migrate.apply(:fly, project => 'own');
-- that of a repeatable one is, as Flyway records it, about its text with values
SELECT version, description, script, checksum FROM "own history" ORDER BY 1;
SELECT version, name, note FROM migrate.adopt(:fly, project => 'own2');
SELECT version, state FROM migrate.status(:fly, project => 'own2');
SELECT test.write('fly/flyway.toml', E'[flyway]\ntable = "own history"\nlocations = ["filesystem:db"]\nplaceholders.x = "z"');
SELECT version, name, note FROM migrate.adopt(:fly, project => 'own3');
-- one that was adopted runs again, since its value has changed; repair() accepts that
SELECT version, state FROM migrate.status(:fly, project => 'own2');
SELECT * FROM migrate.repair(:fly, 'R_v', 'applied', project => 'own2');
SELECT * FROM migrate.repair(:fly, 'R_v', 'applied', project => 'own2');
SELECT version, state FROM migrate.status(:fly, project => 'own2');
SELECT name, up_vars FROM migrate.applied WHERE project = 'own2' ORDER BY name;
-- the same for a baseline
SELECT version FROM migrate.baseline(:fly, project => 'own5');
SELECT test.write('fly/flyway.toml', E'[flyway]\ntable = "own history"\nlocations = ["filesystem:db"]');
SELECT version, state FROM migrate.status(:fly, project => 'own5');
SELECT test.write('fly/flyway.toml', E'[flyway]\ntable = "own history"\nlocations = ["filesystem:db"]\nplaceholders.x = "y"');
SELECT version, state FROM migrate.status(:fly, project => 'own5');
SELECT test.write('fly/flyway.toml', E'[flyway]\ntable = "own history"\nlocations = ["filesystem:db"]\nplaceholders.x = "z"');
-- callbacks alone are not recorded there
SELECT version, name FROM migrate.apply(:fly, project => 'own');
DROP TABLE "own history";
SET migrate.callbacks_always = on;
SELECT version, name FROM migrate.apply(:fly, project => 'own');
CALL migrate.up(:fly, project => 'own');
SELECT test.write('fly/db/V2__b.sql', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('fly'), project => 'own')$$);
RESET migrate.callbacks_always;
RESET migrate.keep_in_step;
SELECT test.try($$SELECT migrate.adopt(test.made('fly'), project => 'own4')$$);

-- of several values of a placeholder, that of the user counts: a repeatable migration stays applied
CREATE FUNCTION test.several(value text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('R__a.sql', 'SELECT ''${X}'';', 'flyway.toml', E'[flyway]\nplaceholders.x = "all"\n',
		'flyway.user.toml', format(E'[flyway]\nplaceholders.x = "%s"\n', value))
$$;
SELECT version FROM migrate.apply(files => test.several('mine'), project => 'several');
SELECT value, state FROM unnest('{mine,other}'::text[]) value, migrate.status(files => test.several(value), project => 'several');

--
-- what is not supported, or not valid
--
SELECT test.refused('flyway.conf', settings) FROM unnest(array[
	'flyway.locations=classpath:db/migration', E'\n\nflyway.locations=db/migration', 'flyway.locations=s3:bucket',
	'flyway.locations=filesystem:../x', 'flyway.locations=filesystem:${DIR}', 'flyway.sqlMigrationPrefix=${P}x',
	'flyway.placeholders.x=${HOME}', 'flyway.placeholderSuffix=${HOME}', 'flyway.target=3', 'flyway.target=latest', 'flyway.sqlMigrationPrefx=x',
	'flyway.callbacks=com.example.Call', 'flyway.callbacks=', 'flyway.encoding=ISO-8859-1', 'flyway.encoding=utf-8',
	'flyway.outOfOrder=yes', 'flyway.skipExecutingMigrations=true', 'flyway.initSql=SET ROLE x', 'flyway.sqlMigrationSeparator=',
	E'flyway.url=jdbc:x\\\nflyway.target=3', 'sqlMigrationPrefix=X', 'flyway.oracle.sqlplus=true', 'flyway.password=${PASSWORD}']) settings;
SELECT test.refused('flyway.toml', settings) FROM unnest(array[
	E'[flyway]\nlocations = "filesystem:."', E'[flyway]\nlocations = ["filesystem:.", [1]]', E'[flyway]\nlocations = [\n"filesystem:.",\n', '[flyway',
	E'[flyway]\nsqlMigrationPrefix = "V\nx = 1', E'[flyway]\nsqlMigrationPrefix = V', E'[flyway]\nsqlMigrationPrefix = "V" x',
	E'[flyway]\nsqlMigrationPrefix = "V"\n\nsqlMigrationPrefix = "V"', E'[flyway]\n[flyway]', E'[flyway]\nsqlMigrationPrefix "V"',
	E'[flyway]\nsqlMigrationPrefix = "\\q"', E'[flyway]\nsqlMigrationPrefix = "\\ud800"', E'[flyway]\nsqlMigrationPrefix = ["V"]',
	E'[flyway]\noutOfOrder = 1', E'[flyway]\nplaceholders.x = "${env.HOME}"', E'[flyway]\nplaceholders.x = "!{${env.HOME}}"',
	E'[flyway]\nplaceholders.x = "${x}"', E'[flyway]\nplaceholders = { x = "y"', E'[flyway]\nerrorOverrides = ["a:b:c"]',
	E'[flyway]\nmyOwn = "x"', E'[flyway]\ntarget = "5"', E'= 1', E'[flyway]\nx.=1', E'flyway.placeholderPrefix = ""',
	E'[flyway]\nplaceholders.x = """a\n"b" \\\n   c"""\nplaceholders.y = ''''''\n''x\\''''''\n[a]\nb = 1979-05-27 07:32:00 # time\nc = [ [1, 2], {x = 1, y.z = 2}, +inf ]\n[[b]]\nc = 1\n[b.d]\ne = 0x1f\n[[b]]\nc = 2\n[b.d]\ne = -1.5e3\n',
	E'\r\n[flyway]\r\nplaceholders.x = "y"\r\noutOfOrder = true\r\n']) settings;
-- a deep one
SELECT * FROM test.try(format('SELECT migrate.status(project => ''deep'', files => jsonb_build_object(''flyway.toml'', %L))', E'\nx = ' || repeat('[', 1000000))) AS said
WHERE said !~ 'HINT';
-- long names and values are shown up to a limit
SELECT test.refused('flyway.conf', 'flyway.' || repeat('a', 200) || '=x');
SELECT test.refused('flyway.toml', 'flyway.locations = ["' || repeat('a', 200) || '"]');
-- long ones, and many: no more time or memory than their length
SELECT test.try(format('SELECT migrate.status(project => ''long'', files => jsonb_build_object(''flyway.toml'', %L))', settings))
FROM unnest(ARRAY['[' || repeat('a', 1000000) || E']\nx = 1', 'a' || repeat('.a', 40000) || ' = 1']) settings;
BEGIN;
SET LOCAL statement_timeout = '30s';
SELECT state FROM migrate.status(project => 'many', files => jsonb_build_object('V1__a.sql', 'SELECT 1;',
	'flyway.toml', E'[flyway.placeholders]\nx = "' || repeat('${', 1000000) || '"'));
SELECT state FROM migrate.status(project => 'many', files => jsonb_build_object('V1__a.sql', 'SELECT ''${k1}'';',
	'flyway.conf', (SELECT string_agg(format('flyway.placeholders.k%s = 1', i), E'\n') FROM generate_series(1, 100000) i)));
COMMIT;
DROP OWNED BY migrate_test_caller;
DROP ROLE migrate_test_caller;
