--
-- Liquibase: what must hold before a changeset runs, and what else its lines say.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- a changelog of one file
CREATE FUNCTION test.log(made text, VARIADIC lines text[]) RETURNS void LANGUAGE sql AS $$
	SELECT test.write(made || '/1.sql', E'--liquibase formatted sql\n' || array_to_string(lines, E'\n'))
$$;
CREATE FUNCTION test.states(made text) RETURNS TABLE (version text, state text, detail text) LANGUAGE sql AS $$
	SELECT version, state, regexp_replace(detail, 'failed at [^:]*:\d\d:[^:]*: ', 'failed: ') FROM migrate.status(test.made(made), project => made)
$$;
CREATE FUNCTION test.attempts(made text) RETURNS TABLE (version text, direction text, outcome text, statements int, error text) LANGUAGE sql AS $$
	SELECT version, direction, outcome, statements, error FROM migrate.history(made) ORDER BY id
$$;

--
-- what it is
--
SELECT test.log('bad', '--changeset a:1', '--precondition-table-exists table:x', 'SELECT 1;');
SELECT test.look('bad');
SELECT test.log('bad', '--changeset a:1', '--preconditions onFail:HALT', '--precondition-sql_check 0 SELECT 0', 'SELECT 1;');
SELECT test.look('bad');
SELECT test.log('bad', '--changeset a:1', '--precondition sql-check', 'SELECT 1;');
SELECT test.look('bad');
SELECT test.log('bad', '--changeset a:1', '--preconditions onFail:IGNORE', 'SELECT 1;');
SELECT test.look('bad');
SELECT test.log('bad', '--changeset a:1', '--preconditions onError:x', 'SELECT 1;');
SELECT test.look('bad');
SELECT line, test.log('bad', '--changeset a:1', line, 'SELECT 1;'), test.look('bad')
FROM (VALUES ('--precondition-sql-check'), ('--precondition-sql-check expectedResult:0'), ('--precondition-sql-check SELECT'), ('--precondition-sql-check ''0 SELECT 1'),
	('--precondition-sql-check expectedResult:-1 SELECT 1'), ('--precondition-sql-check expectedResult:"" SELECT 1')) v (line);
-- what no query is
SELECT test.log('bad', '--changeset a:1', '--precondition-sql-check 0 SELECT 0; SELECT 0', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('bad'))$$);
SELECT test.log('bad', '--changeset a:1', '--precondition-sql-check 0 CREATE TABLE x ()', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('bad'))$$);
SELECT note FROM migrate.plan(test.made('bad'));
SELECT test.log('bad', '--changeset a:1', '--precondition-sql-check 0 SELEC 0', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('bad'))$$);
SELECT test.try($$SELECT migrate.check(test.made('bad'))$$);

--
-- HALT, which is the default
--
SELECT test.log('halt', '--changeset a:1', 'CREATE TABLE a ();', '--changeset a:2', '--preconditions onFail:HALT onFailMessage:"Ask the owner first."',
	'--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_class WHERE relname = ''a''', 'CREATE TABLE b ();');
SELECT test.try($$SELECT migrate.apply(test.made('halt'), project => 'halt')$$);
CALL migrate.up(test.made('halt'), project => 'halt');
SELECT * FROM test.states('halt');
SELECT version, note FROM migrate.plan(test.made('halt'), project => 'halt');
DROP TABLE a;
SELECT test.log('halt', '--changeset a:1', '--precondition-sql-check 1 SELECT 1/0', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('halt'), project => 'halt2')$$);
SELECT test.log('halt', '--changeset a:1', '--precondition-sql-check expectedResult:1 SELECT 1 WHERE false', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('halt'), project => 'halt2')$$);
SELECT test.log('halt', '--changeset a:1', '--precondition-sql-check expectedResult:1 SELECT 1, 2', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('halt'), project => 'halt2')$$);
SELECT test.log('halt', '--changeset a:1', '--preconditions onErrorMessage:''No such table''', '--precondition-sql-check expectedResult:1 SELECT x FROM nowhere', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('halt'), project => 'halt2')$$);
SELECT test.log('halt', '--changeset a:1', '--precondition-sql-check expectedResult:1 SELECT NULL', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('halt'), project => 'halt2')$$);
SELECT test.log('halt', '--changeset a:1', '--precondition-sql-check expectedResult:1 SELECT repeat(''é'', 1000)', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('halt'), project => 'halt2')$$);
-- forms of the value; all of several must hold; what a query does is undone
SELECT test.log('forms', '--changeset a:1', '--preconditions onFail:HALT onError:HALT', '--precondition-sql-check 1 SELECT 1;', '--precondition-sql-check ''a b'' SELECT ''a b''',
	'-- PRECONDITION-SQL-CHECK expectedResult:"t" SELECT true', '--precondition-sql-check expectedResult:"${x}" SELECT ''${x}''', '--precondition-sql-check UTC SHOW TimeZone',
	'--precondition-sql-check 5 INSERT INTO left_over VALUES (5) RETURNING n', '--precondition-sql-check public SELECT set_config(''search_path'', ''public'', false)',
	'CREATE TABLE a AS SELECT current_setting(''search_path'') AS path;');
CREATE TABLE left_over (n int);
SET TimeZone = 'UTC';
SELECT version, statements FROM migrate.apply(test.made('forms'), project => 'forms', vars => '{"x": "y z"}');
SELECT count(*) FROM left_over;
SELECT path = current_setting('search_path') AS same FROM a;
DROP TABLE a, left_over;
-- also what outlives a rollback: advisory locks of the session and prepared statements
CREATE FUNCTION test.prepares() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	DEALLOCATE mine;
	EXECUTE 'PREPARE yours AS SELECT 2';
	PERFORM pg_advisory_lock(1), pg_advisory_lock(2), pg_advisory_unlock(3);
	RETURN 'yes';
END $$;
PREPARE mine AS SELECT 1;
SELECT pg_advisory_lock(2), pg_advisory_lock(3);
CREATE VIEW test.kept AS SELECT objid, (SELECT string_agg(name, ', ') FROM pg_prepared_statements) AS statements
	FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND objsubid = 1 ORDER BY 1;
SELECT test.log('kept', '--changeset a:1', '--precondition-sql-check yes SELECT test.prepares()', 'SELECT 1;');
SELECT version FROM migrate.apply(test.made('kept'), project => 'kept');
SELECT * FROM test.kept;
SELECT count(*) FROM migrate.rollback(project => 'kept');
PREPARE mine AS SELECT 1;
CALL migrate.up(test.made('kept'), project => 'kept2');
SELECT * FROM test.kept;
-- is_current() runs them, too
SELECT test.log('kept', '--changeset a:1', '--preconditions onFail:CONTINUE', '--precondition-sql-check no SELECT test.prepares()', 'SELECT 1;');
PREPARE mine AS SELECT 1;
SELECT migrate.is_current(test.made('kept'), project => 'kept3');
SELECT * FROM test.kept;
SELECT pg_advisory_unlock(1), pg_advisory_unlock(2), pg_advisory_unlock(2), pg_advisory_unlock(3);
SELECT test.log('forms', '--changeset a:1', '--precondition-sql-check 1 SELECT 1', '--precondition-sql-check 1 SELECT 2', '--precondition-sql-check 1 SELECT 1/0', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('forms'), project => 'forms2')$$);

--
-- MARK_RAN: recorded as applied, and undone like others
--
SELECT test.log('mark', '--changeset a:1', '--preconditions onFail:MARK_RAN', '--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_class WHERE relname = ''a''',
	'CREATE TABLE a ();', '--rollback DROP TABLE a;', '--changeset a:2', '--preconditions onError:mark_ran', '--precondition-sql-check 0 SELECT x FROM nowhere', 'CREATE TABLE b ();',
	'--rollback empty', '--changeset a:3', 'CREATE TABLE c ();', '--rollback DROP TABLE c;');
CREATE TABLE a ();
SELECT * FROM test.states('mark');
SELECT version, statements FROM migrate.apply(test.made('mark'), project => 'mark');
SELECT * FROM test.states('mark');
SELECT * FROM test.attempts('mark');
SELECT migrate.is_current(test.made('mark'), project => 'mark');
SELECT version FROM migrate.rollback(project => 'mark');
SELECT * FROM test.tables;
CREATE TABLE a ();
CALL migrate.up(test.made('mark'), project => 'mark');
SELECT * FROM test.attempts('mark') OFFSET 6;
CALL migrate.down(project => 'mark');
SELECT * FROM test.tables;

--
-- CONTINUE: it stays pending, and stops nothing
--
SELECT test.log('later', '--changeset a:1', '--preconditions onFail:CONTINUE onFailMessage:"Comes later."', '--precondition-sql-check expectedResult:1 SELECT count(*) FROM ready',
	'CREATE TABLE a ();', '--rollback DROP TABLE a;', '--changeset a:2', 'CREATE TABLE b ();', '--rollback DROP TABLE b;',
	'--changeset a:3', '--preconditions onError:CONTINUE', '--precondition-sql-check 0 SELECT x FROM nowhere', 'CREATE TABLE c ();');
CREATE TABLE ready (n int);
SELECT version, statements FROM migrate.apply(test.made('later'), project => 'later');
SELECT * FROM test.states('later');
SELECT version, statement, note FROM migrate.plan(test.made('later'), project => 'later');
SELECT migrate.is_current(test.made('later'), project => 'later');
SELECT version, statements FROM migrate.apply(test.made('later'), project => 'later');
CALL migrate.up(test.made('later'), project => 'later');
SELECT * FROM test.attempts('later');
INSERT INTO ready VALUES (1);
SELECT migrate.is_current(test.made('later'), project => 'later');
CALL migrate.up(test.made('later'), project => 'later');
SELECT migrate.is_current(test.made('later'), project => 'later');
SELECT version, state FROM test.states('later');
SELECT version FROM migrate.rollback(project => 'later', everything => true);
DELETE FROM ready;
CALL migrate.up(test.made('later'), project => 'later');
SELECT version, batch FROM migrate.status(test.made('later'), project => 'later') WHERE state = 'applied';
SELECT version FROM migrate.rollback(project => 'later', everything => true);
DROP TABLE ready;

--
-- WARN: it runs nevertheless
--
SELECT test.log('warn', '--changeset a:1', '--preconditions onFail:WARN onError:WARN onErrorMessage:"Never mind."', '--precondition-sql-check 0 SELECT 1', 'SELECT 1;',
	'--changeset a:2', '--preconditions onFail:WARN onError:WARN onErrorMessage:"Never mind."', '--precondition-sql-check 0 SELECT x', 'SELECT 2;');
SELECT version, statements FROM migrate.apply(test.made('warn'), project => 'warn');
-- an error that is not the precondition's is raised whatever it says
SELECT test.log('warn', '--changeset a:1', '--preconditions onFail:WARN, onError:CONTINUE,', '--precondition-sql-check 0 SELECT pg_sleep(10)::text', 'SELECT 1;');
SET statement_timeout = 100;
CALL migrate.up(test.made('warn'), project => 'cancelled');
RESET statement_timeout;
-- nor is one that tells of the server, also for a changeset that may fail
CREATE FUNCTION test.fail(state text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'error' USING ERRCODE = state; END $$;
SELECT state, test.log('server', '--changeset a:1', '--preconditions onError:' || reaction, format('--precondition-sql-check 0 SELECT test.fail(''%s'')', state), 'SELECT 1;'),
	test.try($try$SELECT migrate.apply(test.made('server'), project => 'server')$try$)
FROM unnest('{58000,58030,58P01,58P02,08006,54001,53100,40001,55P03,XX000}'::text[]) state, unnest('{MARK_RAN,CONTINUE}'::text[]) reaction;
SELECT state, test.log('server', '--changeset a:1 failOnError:false', format('SELECT test.fail(''%s'');', state)),
	test.try($try$SELECT migrate.apply(test.made('server'), project => 'server')$try$)
FROM unnest('{58030,58P01,08006,54001,53100,55P03,54000,P0001}'::text[]) state;
SELECT test.log('server', '--changeset a:1', '--preconditions onError:CONTINUE', '--precondition-sql-check 0 SELECT test.fail(''54000'')', 'SELECT 1;');
SELECT version FROM migrate.apply(test.made('server'), project => 'server');

--
-- runInTransaction:false, runOnChange, runAlways
--
SELECT test.log('single', '--changeset a:1', 'CREATE TABLE a (n int);', '--rollback DROP TABLE a;', '--changeset a:2 runInTransaction:false', '--preconditions onFail:MARK_RAN',
	'--precondition-sql-check 1 SELECT count(*) FROM a', 'CREATE INDEX CONCURRENTLY ai ON a (n);', 'SELECT 2;', '--rollback DROP INDEX IF EXISTS ai;',
	'--changeset a:3 runInTransaction:false', '--preconditions onFail:CONTINUE', '--precondition-sql-check 1 SELECT count(*) FROM a', 'CREATE INDEX CONCURRENTLY ai2 ON a (n);', 'SELECT 3;',
	'--changeset a:4 runInTransaction:false', '--preconditions onFail:CONTINUE', '--precondition-sql-check 0 SELECT count(*) FROM a', 'CREATE INDEX CONCURRENTLY ai3 ON a (n);', 'SELECT 4;',
	'--changeset a:5 runAlways:true', '--preconditions onFail:CONTINUE', '--precondition-sql-check 2 SELECT count(*) FROM a', 'INSERT INTO a VALUES (5);',
	'--changeset a:6 runOnChange:true', '--preconditions onFail:MARK_RAN', '--precondition-sql-check 0 SELECT count(*) FROM a', 'INSERT INTO a VALUES (6);');
CALL migrate.up(test.made('single'), project => 'single');
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'a'::regclass ORDER BY 1;
SELECT version, state FROM test.states('single');
INSERT INTO a VALUES (1);
CALL migrate.up(test.made('single'), project => 'single');
SELECT * FROM a ORDER BY n;
SELECT * FROM test.attempts('single');
DROP TABLE a;
-- its last one is passed over
SELECT test.log('last', '--changeset a:1', 'SELECT 1;', '--changeset a:2', '--preconditions onFail:CONTINUE', '--precondition-sql-check 1 SELECT 2', 'SELECT 2;');
CALL migrate.up(test.made('last'), project => 'last');
CALL migrate.up(test.made('last'), project => 'last');

--
-- failOnError:false: a failure stops nothing, and it stays pending
--
SELECT test.log('fails', '--changeset a:1 failOnError:false', 'CREATE TABLE a ();', 'SELECT 1/0;', '--changeset a:2', 'CREATE TABLE b ();', '--rollback DROP TABLE b;',
	'--changeset a:3 failOnError:true', 'CREATE TABLE c (n int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED);', '--rollback DROP TABLE c;', '--changeset a:4 failOnError:false', 'INSERT INTO c VALUES (1), (1);');
SELECT version, statements FROM migrate.apply(test.made('fails'), project => 'fails');
SELECT * FROM test.tables;
SELECT * FROM test.attempts('fails');
SELECT version, state FROM test.states('fails');
SELECT migrate.is_current(test.made('fails'), project => 'fails');
SELECT version FROM migrate.rollback(project => 'fails', everything => true);
CALL migrate.up(test.made('fails'), project => 'fails');
SELECT * FROM test.tables;
SELECT * FROM test.attempts('fails') OFFSET 6;
CALL migrate.down(everything => true, project => 'fails');
SELECT test.log('fails', '--changeset a:1 failOnError:false runInTransaction:false', 'CREATE TABLE a ();', 'SELECT 1/0;', '--changeset a:2', 'SELECT 2;');
CALL migrate.up(test.made('fails'), project => 'fails2');
DROP TABLE a;

--
-- check, rehearse, verify, baseline
--
SELECT test.log('others', '--changeset a:1', '--preconditions onFail:CONTINUE', '--precondition-sql-check 0 SELECT 1', 'CREATE TABLE a ();', '--rollback DROP TABLE a;',
	'--changeset a:2', '--preconditions onFail:MARK_RAN', '--precondition-sql-check 0 SELECT 1', 'CREATE TABLE b ();', 'SELECT 2;', '--rollback DROP TABLE b;',
	'--changeset a:3', '--precondition-sql-check 1 SELECT 1', 'CREATE TABLE c ();', '--rollback DROP TABLE c;',
	'--changeset a:4 failOnError:false', 'CREATE TABLE d ();', 'SELECT 1/0;');
SELECT version, outcome, error FROM migrate.rehearse(test.made('others'));
SELECT version, result, detail FROM migrate.verify(test.made('others'));
SELECT version, rule FROM migrate.check(test.made('others'));
SELECT version FROM migrate.baseline(test.made('others'), project => 'others');
SELECT test.log('others', '--changeset a:1', '--precondition-sql-check 0 SELECT 1', 'CREATE TABLE a ();', '--rollback DROP TABLE a;');
SELECT version, outcome, error FROM migrate.rehearse(test.made('others'));
SELECT version, result, detail FROM migrate.verify(test.made('others'));
SELECT version FROM migrate.baseline(test.made('others'), project => 'others2');
SELECT * FROM test.tables;

--
-- an ordinary role: the query runs as the caller
--
SELECT test.log('role', '--changeset a:1', '--precondition-sql-check 0 SELECT count(*) FROM pg_authid WHERE false', 'SELECT 1;');
CREATE ROLE migrate_precondition;
GRANT USAGE ON SCHEMA migrate, test TO migrate_precondition;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO migrate_precondition;
SELECT jsonb_build_object('1.sql', E'--liquibase formatted sql\n--changeset a:1\n--precondition-sql-check 0 SELECT count(*) FROM pg_authid\nSELECT 1;\n--changeset a:2\n--preconditions onError:CONTINUE\n--precondition-sql-check 0 SELECT count(*) FROM pg_authid\nSELECT 2;\n--changeset a:3\n--precondition-sql-check migrate_precondition SELECT current_user\nSELECT 3;\n') AS files \gset
SET ROLE migrate_precondition;
SELECT migrate.apply(files => :'files', project => 'role');
SELECT version FROM migrate.apply(files => :'files', project => 'role', versions => '{a:2,a:3}');
SELECT migrate.is_current(files => :'files', project => 'role');
RESET ROLE;
DROP OWNED BY migrate_precondition;
DROP ROLE migrate_precondition;

--
-- a way back that is another changeset
--
SELECT test.write('refer/1.sql', E'--liquibase formatted sql\n--changeset a:1\nCREATE TABLE a (n int);\n--rollback DROP TABLE a;\n--changeset a:2\nDROP TABLE a;\n--rollback changesetId:1 changesetAuthor:a\n');
SELECT test.write('refer/2.sql', E'--liquibase formatted sql\n--changeset b:1\nCREATE TABLE b ();\n/* liquibase rollback\nDROP TABLE b;\n*/\n--changeset b:2\nDROP TABLE b;\n/* liquibase rollback\n  changesetId:1\n  changesetAuthor:b */\n--changeset b:3\nCREATE TABLE a (n int);\n--rollback DROP TABLE a\n--changeset b:4\nDROP TABLE a;\n--rollback changesetPath:db/1.sql changesetId:1\n--rollback changesetAuthor:a\n--changeset b:5\nSELECT 5;\n/* liquibase rollback\n  not required\n*/\n');
SELECT version, reversible FROM migrate.status(test.made('refer'));
SELECT version, result, object FROM migrate.verify(test.made('refer'));
SELECT count(*) FROM migrate.apply(test.made('refer'), project => 'refer');
SELECT version, statements FROM migrate.rollback(project => 'refer', steps => 4);
SELECT version, statements FROM migrate.rollback(dir => test.made('refer'), project => 'refer', everything => true);
SELECT * FROM test.tables;
SELECT line, test.log('refers', '--changeset a:1', 'SELECT 1;', '--changeset a:2', 'SELECT 2;', line, '--changeset a:3', 'SELECT 3;'), test.look('refers')
FROM (VALUES ('--rollback changesetId:3 changesetAuthor:a'), ('--rollback changesetId:1'), ('--rollback changesetId:1 changesetAuthor:b'), ('--rollback changesetId:1 changesetAuthor:a changesetPath:2.sql'),
	('--rollback changesetId:2 changesetAuthor:a')) v (line);

--
-- properties: of all files from the one on that has them, or of one file
--
SELECT test.write('props/0.sql', E'--liquibase formatted sql\n--property name:one value:1 global:true\n-- property name: two value: 2\n--property name:local value:here global:false\n');
SELECT test.write('props/1.sql', E'--liquibase formatted sql\n--property name:one value:other\n--property name:mine value:m global:false\n--property name:mine value:n global:false\n--property name:by_context value:test context:test\n--property name:by_context value:prod context:"!test"\n--property name:late value:${mine}${two}\n--property name:quoted value:"q"\n'
	|| E'--changeset a:1\nSELECT ''${one} ${two} ${local} ${mine} ${by_context} ${late} ${quoted} ${later}'' AS said INTO said;\n--rollback DROP TABLE said;\n--changeset a:2\nINSERT INTO said VALUES (''${later}'');\n--property name:later value:l\n--changeset a:${two}0 context:${ctx}\nSELECT 1;\n');
SELECT test.write('props/2.sql', E'--liquibase formatted sql\n--changeset ${mine}${one}:1\nINSERT INTO said VALUES (''${one} ${mine} ${later}'');\n');
SELECT version, detail FROM migrate.status(test.made('props'));
SELECT test.try($$SELECT migrate.apply(test.made('props'), project => 'props', steps => 1)$$);
SET migrate.contexts = 'x';
SELECT version FROM migrate.apply(test.made('props'), project => 'props', versions => ARRAY['a:1', 'a:2', '2.sql:${mine}1:1']);
SELECT * FROM said;
SELECT test.try($$SELECT migrate.apply(test.made('props'), project => 'props')$$);
DROP TABLE said;
SELECT version FROM migrate.apply(test.made('props'), project => 'props2', steps => 1, vars => '{"one": "given", "quoted": "v"}');
SELECT * FROM said;
DROP TABLE said;
RESET migrate.contexts;
SELECT test.write('props/0.sql', E'--liquibase formatted sql\n--property name:one value:1 context:(a\n');
SELECT test.look('props');

--
-- checksums that are valid
--
SELECT test.log('valid', '--changeset a:1', 'SELECT 1;', '--changeset a:2', 'SELECT 2;', '--changeset a:3', 'SELECT 3;', '--changeset a:4', 'SELECT 4;');
SELECT count(*) FROM migrate.apply(test.made('valid'), project => 'valid');
SELECT test.log('valid', '--changeset a:1', '--validCheckSum: ANY', 'SELECT 11;', '--changeset a:2', '--validCheckSum 1:any', 'SELECT 22;',
	'--changeset a:3', '--validCheckSum: 9:' || md5('9:' || md5('SELECT3;') || ':'), 'SELECT 33;', '--changeset a:4', '--validCheckSum: 9:0', 'SELECT 44;');
SELECT * FROM test.states('valid');
SELECT test.log('valid', '--changeset a:1', '--validCheckSum: ANY', 'SELECT 11;', '--changeset a:2', '--validCheckSum 1:any', 'SELECT 22;',
	'--changeset a:3', '--validCheckSum: 9:' || md5('9:' || md5('SELECT3;') || ':'), 'SELECT 33;', '--changeset a:4', '--validCheckSum: 9:' || md5('9:' || md5('SELECT44;') || ':'), 'SELECT 44;');
SELECT version, state FROM test.states('valid');
SELECT version FROM migrate.apply(test.made('valid'), project => 'valid');

-- properties of properties
SELECT test.try(format('SELECT migrate.plan(files => jsonb_build_object(''a.sql'', %L))', E'--liquibase formatted sql\n--property name:k0 value:xxxxxxxxxx\n' ||
	(SELECT string_agg(format('--property name:k%s value:%s', i, repeat(format('${k%s}', i - 1), 10)), E'\n' ORDER BY i) FROM generate_series(1, 9) i) ||
	E'\n--changeset a:1\nSELECT 1;\n'));
BEGIN;
SET LOCAL statement_timeout = '30s';
CREATE FUNCTION test.sent(lines text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT test.try(format('SELECT migrate.plan(files => jsonb_build_object(''a.sql'', %L))', E'--liquibase formatted sql\n' || lines || E'\n--changeset a:1\nSELECT 1;\n')) $$;
SELECT test.sent((SELECT string_agg(format('--property name:k%s value:${k%s} global:%s', i, i + 1, i % 2 = 0), E'\n') FROM generate_series(1, 30000) i));
SELECT test.sent('--property name:k value:' || repeat('x', 1000000) || E'\n' || repeat(E'--property name:l value:${k}\n', 105));
-- a changeset has those before its end
SELECT count(*) FROM migrate.plan(files => jsonb_build_object('a.sql', E'--liquibase formatted sql\n' ||
	(SELECT string_agg(format(E'--changeset a:%1$s\nSELECT ''${k%1$s} ${g}'', ''${k0} ${g%1$s}'', ''${g}${g}${g}${g}${g}${g}'';\n--property name:k%2$s value:%1$s\n--property name:g value:%1$s global:false\n', i, i + 1), '') FROM generate_series(1, 2000) i)));
COMMIT;
SELECT test.log('case', '--changeset a:1', 'CREATE TABLE was AS SELECT ''${g} ${l} ${later}'' AS values;', '--property name:l value:1 global:false', '--property name:g value:1', '--changeset a:2', 'INSERT INTO was VALUES (''${g} ${l} ${L}'');',
	'--property name:l value:2 global:false', '--property name:g value:2', '--changeset a:3', 'INSERT INTO was VALUES (''${g} ${l}'');', '--property name:l value:3 global:false');
SELECT version FROM migrate.apply(test.made('case'), project => 'case');
TABLE was;
DROP TABLE was;
-- the case of a name does not matter in an attribute; of one file, the last counts
SELECT test.log('case', '--property name:Id value:one global:false', '--property name:ID value:two global:false', '--property name:W value:w', '--property name:w value:v',
	'--changeset ${iD}${w}:1 labels:"' || repeat('l', 130) || '"', 'SELECT 1;');
SELECT test.try($$SELECT migrate.apply(test.made('case'), project => 'case2')$$);
SELECT test.log('case', '--changeset a:1 context:"(' || repeat('l', 130) || '"', 'SELECT 1;');
SELECT test.look('case');
-- a precondition that halts a changeset whose failure is ignored, in both ways
SELECT test.write('halts/1.sql', E'--liquibase formatted sql\n--changeset a:1 failOnError:false\n--preconditions onFail:HALT\n--precondition-sql-check expectedResult:1 SELECT 0\nCREATE TABLE halted ();\n--changeset a:2\nSELECT 2;\n');
SELECT version FROM migrate.apply(test.made('halts'), project => 'halts');
CALL migrate.up(test.made('halts'), project => 'halts too');
SELECT version, state FROM migrate.status(test.made('halts'), project => 'halts too');

--
-- a path of its own: a file may move
--
SELECT test.write('moves/old.sql', E'--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--changeset a:2 logicalFilePath:own.sql\nSELECT 2;\n');
SELECT test.write('moves/own.sql', E'--liquibase formatted sql logicalFilePath:db/first.sql\n--changeset a:1\nSELECT 3;\n');
SELECT count(*) FROM migrate.apply(test.made('moves'), project => 'moves');
SELECT test.remove('moves/old.sql'), test.remove('moves/own.sql');
SELECT test.write('moves/a/new.sql', E'--liquibase formatted sql logicalFilePath:db/old.sql\n--changeset a:1\nSELECT 1;\n--changeset a:2 logicalFilePath:own.sql\nSELECT 2;\n');
SELECT test.write('moves/b/new.sql', E'--liquibase formatted sql logicalFilePath:db/first.sql\n--changeset a:1\nSELECT 3;\n');
SELECT version, state, file FROM migrate.status(test.made('moves'), project => 'moves');
SELECT migrate.is_current(test.made('moves'), project => 'moves');
SELECT version FROM migrate.apply(test.made('moves'), project => 'moves', target => 'own.sql:a:2');
SELECT test.write('moves/c.sql', E'--liquibase formatted sql logicalFilePath:db/first.sql\n--changeset a:1\nSELECT 4;\n');
SELECT test.look('moves');

--
-- other lines
--
SELECT line, test.log('lines', '--changeset a:1', 'SELECT 1;', line), test.look('lines')
FROM (VALUES ('--include file:x.sql'), ('-- includeAll path:x'), ('--rollbackSqlFile path:x'), ('--tagDatabase: v1'), ('-- include this'), ('--ignoreLines:x'), ('--changeset a:2 labels:"(x"'), ('--changeset a:2 context:")"')) v (line);
SELECT test.write('lines/1.sql', E'--liquibase formatted sql\n--ignoreLines:start\n--changeset a:0\nnonsense\n--property name:x value:no\n--ignoreLines:end\n--ignoreLines:1\n--changeset a:00\n--property name:x value:yes\n--changeset a:1 runOrder:last stripComments:false\nSELECT ''${x}''; -- one\n--changeset a:2 runOrder:first\nSELECT 2;\n');
SELECT version, statements FROM migrate.apply(test.made('lines'), project => 'lines');
