--
-- Variables: how each syntax refers to them, where values come from, and which roles
-- can use stored values.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- apply one migration of a directory of its own, and undo it
CREATE FUNCTION test.one(up text, vars jsonb, format text DEFAULT 'plain') RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('one/1_one.sql', up);
	RETURN QUERY SELECT test.try(
		format('SELECT * FROM migrate.apply(test.made(''one''), project => ''one'', format => %L, vars => %L)',
			   format, vars));
	PERFORM test.remove('one');
	PERFORM migrate.rollback(everything => true, force => true, project => 'one');
END
$$;
CREATE FUNCTION test.role(role name) RETURNS name LANGUAGE sql AS
	$$ SELECT CASE WHEN role = (SELECT rolname FROM pg_roles WHERE oid = 10) THEN 'superuser' ELSE role END $$;
CREATE VIEW test.vars AS
	SELECT version, test.role(up_role) AS up_role, up_syntax, up_vars, test.role(down_role) AS down_role, down_syntax, down_vars
	FROM migrate.applied ORDER BY version;
CREATE TABLE said (n int GENERATED ALWAYS AS IDENTITY, what text);

-- the argument
SELECT test.one('SELECT 1', '"x"');
SELECT test.one('SELECT 1', 'null');
SELECT test.one('SELECT 1', '{"a": [1]}');
SELECT test.one('SELECT 1', '{"a": {"b": 1}}');
SELECT test.one('SELECT 1', '{"a": 1, ":a": 2}');
SELECT test.one('SELECT 1', '{"a": null, "b": true, "c": 1.50, "": 1}');
SELECT test.one($m$INSERT INTO said (what) VALUES (:'b'), (:'c'), (:'d'), (:'e')$m$,
				'{"b": true, "c": 1.50, ":d": "colon", "e": ""}');
SELECT what FROM said ORDER BY n; TRUNCATE said;
SELECT test.one($m$SELECT :'a'$m$, '{"a": null}');

-- psql
SELECT test.one($m$
CREATE TABLE :"Table" (:column :type DEFAULT :'value');
INSERT INTO :"Table" VALUES (DEFAULT);
INSERT INTO said (what) SELECT :column FROM :"Table";
INSERT INTO said (what) VALUES
	(':column :''value'''), (E'\':column'), ($$:column$$), ($a$ $$ :column $a$), ('a' /* :column ' /* */ */),
	(1::text), -- :column ' "
	((ARRAY[1, 2, 3])[:two:3]::text), ((ARRAY[1, 2, 3])[1::text::int]), (:{?column}::text || :{?nothing}), (':"column"'),
	(E'a\\' || :'value'), ('a'
':column'), (E'\''
'\':column'), (U&'\0061:column');
SET check_function_bodies = off;
CREATE FUNCTION one(a integer) RETURNS integer LANGUAGE plpgsql AS $f$ BEGIN a := :column; RETURN a; END $f$;
CREATE FUNCTION two(INOUT column$$ integer) LANGUAGE sql BEGIN ATOMIC SELECT :two; SELECT :two; END;
DROP FUNCTION two;
DROP TABLE :"Table";
$m$, '{"Table": "a \"table\"", "column": "c", "type": "text", "value": "it''s", ":two": 2}');
SELECT what FROM said ORDER BY n; TRUNCATE said;
-- names without a value
SELECT test.one($m$
SELECT 1;
SELECT :'a'$m$, NULL);
SELECT test.one($m$SELECT 1 AS :"a"$m$, '{"b": 1}');
SELECT test.one($m$SELECT 1;
SELECT :a$m$, '{"b": 1}');
SELECT test.one($m$SELECT 1;
SELECT a b c$m$, '{"b": 1}');
SELECT test.one($m$SELECT (ARRAY[1, 2])[1:'2']$m$, NULL);
-- neither rows nor psql's own commands have variables
SELECT test.one(E'COPY said (what) FROM STDIN;\n:\'nothing\' it\'s\n\\.\nSELECT :\'nothing\';', NULL);
SELECT test.one(E'  \\echo it\'s :\'nothing\'\nSELECT :\'nothing\';', NULL);
-- the line of the file, and the query as it ran
SELECT test.one($m$
SELECT :one,

	:nothing$m$, '{"one": 1, "nothing": "nowhere"}');
-- a value cannot break out of quotes
INSERT INTO said (what) VALUES ('stays');
SELECT test.one('INSERT INTO said (what) VALUES (:''a''); SELECT 1 AS :"a"', jsonb_build_object('a', attack))
FROM (VALUES ('''); DROP TABLE said; --'), ('\''); DROP TABLE said; --'), ('"; DROP TABLE said; --'),
			 ('\'), ('$$'), ('/*')) a (attack);
SELECT what FROM said ORDER BY n; TRUNCATE said;
SELECT test.one(format('INSERT INTO said (what) VALUES (%s:''a''); SELECT 1 AS :"a"', prefix), '{"a": "''); DROP TABLE said; --"}')
FROM (VALUES ('E'), ('U&'), ('N'), ('''x''')) p (prefix);
SELECT test.one(format('INSERT INTO said (what) VALUES (%s:''a''); SELECT 1 AS :"a"', prefix), '{"a": "\\''); DROP TABLE said; --"}')
FROM (VALUES ('E'), ('U&'), ('N'), ('''x''')) p (prefix);
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT test.one($m$INSERT INTO said (what) VALUES ('\':a'), (:'a')$m$, $j${"a": "\\'); DROP TABLE said; --"}$j$);
RESET standard_conforming_strings;
RESET escape_string_warning;
SELECT what FROM said ORDER BY n; TRUNCATE said;

-- goose: only between its markers, line by line
SELECT test.one($m$-- +goose Up
INSERT INTO said (what) VALUES ('$A ${A}');
-- +goose ENVSUB ON
-- $1 and ${ between statements do not count
INSERT INTO said (what) VALUES
	('$A|${A}|${A:-d}|${N:-d}|${N-d}|${E:-d}|${E-d}|${N:-${A}}|${N:-a ${M:-b} c}|x$A.y');
INSERT INTO said (what) VALUES ('${A:1}|${A:1:2}|${A: -2}|${A: -3 : -1}|${A:9}|${A:1:9}|${U:1:2}|${A?no}|${A:?no}');
INSERT INTO said (what) VALUES ('$$A|\$A|\\|\\$A|$(A)|$
');
-- +goose StatementBegin
DO $$$$
BEGIN
	-- $A
	INSERT INTO said (what) VALUES ('in a block: $A');
END
$$$$;
-- +goose StatementEnd
-- +goose envsub off
INSERT INTO said (what) VALUES ($$ $A $$);
$m$, '{"A": "abcd", "E": "", "U": "äöü"}', 'goose');
SELECT what FROM said ORDER BY n; TRUNCATE said;
SELECT test.one(format(E'-- +goose Up\n-- +goose ENVSUB ON\nSELECT 1;\nSELECT %L;\n', bad), '{"A": "a", "E": ""}', 'goose')
FROM (VALUES ('$N'), ('${N}'), ('${N:1}'), ('${N?is needed}'), ('${E:?is needed}'), ('${A'), ('$1'), ('${1}'),
			 ('${A:x}'), ('${A:1:}'), ('${A+b}'), ('${A:-'), ('${}'), ('${N:-$M}')) b (bad);

-- Flyway and graphile-migrate: a stored script with their syntax
SELECT test.write('f/1_one.sql', $m$INSERT INTO said (what) VALUES ($q$
${name}|${NAME}|{name}|$name|$${flyway:user}|${Flyway:Filename}|${flyway:table}|${flyway:defaultSchema}|:NAME :NAMES :xNAME
$q$);
$m$);
SELECT test.write('f/1_rollback.sql', 'SELECT 1;');
SELECT version FROM migrate.apply(test.made('f'));
UPDATE migrate.applied SET up_syntax = 'flyway';
SELECT test.try('SELECT * FROM migrate.redo()');
SELECT version FROM migrate.redo(vars => '{"Name": "*", "flyway:user": "me"}');
SELECT up_syntax, up_vars FROM migrate.applied;
UPDATE migrate.applied SET up_syntax = 'graphile';
SELECT version FROM migrate.redo(vars => '{":NAME": "*", "NAME_": "-", ":name": "+"}');
SELECT what FROM said ORDER BY n; TRUNCATE said;
SELECT version FROM migrate.rollback();
SELECT test.write('f/1_one.sql', $m$INSERT INTO said (what) VALUES ($q$:DATABASE_NAME|:DATABASE_OWNER|:DATABASE_OWNERS|$${flyway:environment}$q$);
$m$);
SELECT version FROM migrate.apply(test.made('f'));
UPDATE migrate.applied SET up_syntax = 'flyway';
SELECT test.try('SELECT * FROM migrate.redo()');
UPDATE migrate.applied SET up_syntax = 'graphile';
TRUNCATE said;
SELECT version FROM migrate.redo();
SELECT what = format('%s|%s|:DATABASE_OWNERS|$${flyway:environment}', current_database(), pg_get_userbyid(datdba)) AS same
FROM said, pg_database WHERE datname = current_database();
TRUNCATE said;
UPDATE migrate.applied SET up_syntax = 'none';
SELECT version FROM migrate.redo();
SELECT what FROM said; TRUNCATE said;
SELECT version FROM migrate.rollback();
-- a name from another role that would be more than a name
CREATE SCHEMA "a; DROP TABLE said";
SET search_path = "a; DROP TABLE said", app, pg_catalog;
SELECT test.write('f/1_one.sql', $m$INSERT INTO app.said (what) VALUES ($q$${flyway:defaultSchema}$q$);
$m$);
SELECT version FROM migrate.apply(test.made('f'));
UPDATE migrate.applied SET up_syntax = 'flyway';
SELECT test.try('SELECT * FROM migrate.redo()');
SELECT version FROM migrate.redo(vars => '{"flyway:defaultschema": "app"}');
SET search_path = app, pg_catalog;
DROP SCHEMA "a; DROP TABLE said";
SELECT what FROM said ORDER BY n; TRUNCATE said;
SELECT version FROM migrate.rollback();
SELECT test.remove('f');

-- without a value
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_envsub'))$$);
SELECT version, state, reversible, detail FROM migrate.status(test.dir('goose_envsub'));
SELECT version, statements FROM migrate.apply(test.dir('goose_envsub'), vars => '{"BOX_KEEPER": "Bo", "other": 1}');
SELECT obj_description('boxes'::regclass);
SELECT * FROM test.vars;
SELECT version, state, reversible, detail FROM migrate.status(test.dir('goose_envsub'));
SELECT version FROM migrate.redo(vars => '{"BOX_KEEPER": "Flo"}');
SELECT obj_description('boxes'::regclass), up_vars FROM migrate.applied;
SELECT version FROM migrate.redo();
SELECT obj_description('boxes'::regclass), up_vars FROM migrate.applied;
SELECT version FROM migrate.refresh(test.dir('goose_envsub'), vars => '{"BOX_KEEPER": "Jo"}');
SELECT version FROM migrate.redo(test.dir('goose_envsub'));
SELECT obj_description('boxes'::regclass), up_vars FROM migrate.applied;
SELECT version FROM migrate.rollback();

-- down: with the values of up, from the stored script and from the file
SELECT test.write('d/1_one.sql', E'-- +goose Up\nCREATE TABLE :"t" ();\n-- +goose Down\n-- +goose ENVSUB ON\nDROP TABLE ${t};\n');
SELECT test.write('d/2_two.sql', E'-- +goose Up\nCREATE TABLE two ();\n-- +goose Down\nDROP TABLE two :cascade;\n');
SELECT version, state, reversible, detail FROM migrate.status(test.made('d'));
SELECT version FROM migrate.apply(test.made('d'), vars => '{"t": "first"}');
SELECT version, reversible, detail FROM migrate.status(test.made('d'));
SELECT * FROM test.vars;
SELECT version FROM migrate.apply(test.made('d'));
SELECT test.try('SELECT * FROM migrate.rollback()');
SELECT test.try('SELECT * FROM migrate.rollback(steps => 1, force => true)');
SELECT version, action FROM migrate.repair(version => '2', state => 'pending');
DROP TABLE two;
SELECT version FROM migrate.rollback();
SELECT version FROM migrate.apply(test.made('d'), vars => '{"t": "first", "cascade": "CASCADE"}');
SELECT version, reversible, detail FROM migrate.status(test.made('d'));
SELECT version FROM migrate.rollback(steps => 1, dir => test.made('d'));
-- a new value is for up; down has the old one
SELECT version FROM migrate.redo(test.made('d'), vars => '{"t": "second"}');
SELECT * FROM test.tables;
SELECT version FROM migrate.redo(vars => '{"t": "third"}');
SELECT * FROM test.tables;
SELECT version, up_vars, down_vars FROM test.vars;
-- a changed down script has the values that are given, and those it had
SELECT test.write('d/1_one.sql', E'-- +goose Up\nCREATE TABLE :"t" ();\n-- +goose Down\n-- +goose ENVSUB ON\nDROP TABLE ${t} ${how};\n');
SELECT version FROM migrate.apply(test.made('d'), versions => '{1}', vars => '{"how": "RESTRICT"}');
SELECT version, up_vars, down_vars FROM test.vars;
SELECT test.write('d/1_one.sql', E'-- +goose Up\nCREATE TABLE :"t" (); SELECT :"t" FROM :"t" AS :"t";\n-- +goose Down\n-- +goose ENVSUB ON\nDROP TABLE ${t} ${how} ;;;\n');
SELECT version, action FROM migrate.repair(test.made('d'));
SELECT version, up_vars, down_vars FROM test.vars;
SELECT version FROM migrate.rollback(everything => true);
SELECT * FROM test.tables;
SELECT test.remove('d');

-- CALL, and an interrupted migration
SELECT test.write('c/1_one.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE :"t" ();\n:two_more\nSELECT 1/:divisor;\n-- +goose Down\nDROP TABLE :t;\n');
CALL migrate.up(test.made('c'), vars => '{"t": "one", "divisor": 0, "two_more": "CREATE TABLE two (); CREATE TABLE three ();"}');
SELECT state, done, up_vars, down_vars FROM migrate.applied;
SELECT version, state, detail LIKE 'interrupted while going up, after 3 statements%' AS detail FROM migrate.status(test.made('c'));
CALL migrate.up(test.made('c'), vars => '{"divisor": 1}');
CALL migrate.up(test.made('c'), vars => '{"t": "other"}');
-- with the stored values it continues, and fails again
CALL migrate.up(test.made('c'));
SELECT test.write('c/1_one.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE :"t" ();\n:two_more\nSELECT 1/:other;\n-- +goose Down\nDROP TABLE :t, two, three;\n');
CALL migrate.up(test.made('c'), vars => '{"t": "one", "other": 1}');
SELECT state, statements, up_vars, down_vars FROM migrate.applied;
CALL migrate.down();
SELECT * FROM test.tables;
SELECT test.remove('c');

--
-- Values are a part of the script: the role that recorded them is an author.
--
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_migrate_ann, regress_migrate_bob;
RESET client_min_messages;
CREATE ROLE regress_migrate_ann;
CREATE ROLE regress_migrate_bob;
GRANT USAGE ON SCHEMA migrate, test TO regress_migrate_ann, regress_migrate_bob;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate, test TO regress_migrate_ann, regress_migrate_bob;
GRANT ALL ON SCHEMA app TO regress_migrate_ann, regress_migrate_bob;
GRANT ALL ON said TO regress_migrate_ann, regress_migrate_bob;
GRANT pg_read_server_files TO regress_migrate_ann, regress_migrate_bob;
SELECT test.write('s/1_one.sql', E'-- +goose Up\nINSERT INTO said (what) SELECT :what;\n-- +goose Down\nINSERT INTO said (what) SELECT :what;\n');

-- Ann records an attack; it runs for no other role, stored or with a file of that role
SET ROLE regress_migrate_ann;
SELECT version FROM migrate.apply(test.made('s'),
	vars => '{"what": "test.role(current_user); RESET ROLE; ALTER ROLE regress_migrate_ann SUPERUSER"}');
RESET ROLE;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_migrate_ann';
ALTER ROLE regress_migrate_ann NOSUPERUSER;
DELETE FROM migrate.applied; TRUNCATE said;
SET ROLE regress_migrate_ann;
SELECT version FROM migrate.apply(test.made('s'), vars => '{"what": "test.role(current_user)"}');
RESET ROLE;
UPDATE migrate.applied SET
	up_vars = '{"what": "test.role(current_user); RESET ROLE; ALTER ROLE regress_migrate_ann SUPERUSER"}',
	down_vars = '{"what": "test.role(current_user); RESET ROLE; ALTER ROLE regress_migrate_ann SUPERUSER"}';
SELECT version, up_role, down_role FROM test.vars;
SELECT test.try('SELECT * FROM migrate.rollback()');
SELECT test.try($$SELECT * FROM migrate.rollback(dir => test.made('s'))$$);
SELECT test.try($$SELECT * FROM migrate.rollback(dir => test.made('s'), force => true)$$);
SELECT test.try($$SELECT * FROM migrate.redo(test.made('s'))$$);
CALL migrate.down(dir => test.made('s'));
SET ROLE regress_migrate_bob;
SELECT test.try('SELECT * FROM migrate.rollback()');
SELECT test.try($$SELECT * FROM migrate.rollback(dir => test.made('s'))$$);
RESET ROLE;
-- a superuser with SET ROLE to her runs it without superuser privileges
SET ROLE regress_migrate_ann;
SELECT test.try('SELECT * FROM migrate.rollback()');
SELECT test.try($$SELECT * FROM migrate.rollback(dir => test.made('s'))$$);
CALL migrate.down();
CALL migrate.down(dir => test.made('s'));
RESET ROLE;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_migrate_ann';
-- the value that is given is the caller's own
SELECT version FROM migrate.redo(test.made('s'), vars => '{"what": "test.role(current_user)::text || 1"}');
SELECT test.try($$SELECT * FROM migrate.redo(test.made('s'), vars => '{"what": "test.role(current_user)"}')$$);
SELECT version, up_role, down_role FROM test.vars;
SELECT what FROM said ORDER BY n; TRUNCATE said;
DELETE FROM migrate.applied;
-- a new text, up or down, does not keep her values
SET ROLE regress_migrate_ann;
SELECT version FROM migrate.apply(test.made('s'), vars => '{"what": "''from Ann''"}');
RESET ROLE;
SELECT test.write('s/1_one.sql', E'-- +goose Up\nINSERT INTO said (what) SELECT :what;\n-- +goose Down\nINSERT INTO said (what) SELECT :what::text;\n');
SELECT version FROM migrate.apply(test.made('s'));
SELECT version, up_role, down_role, down_vars FROM test.vars;
SELECT test.try('SELECT * FROM migrate.rollback()');
SELECT test.write('s/1_one.sql', E'-- +goose Up\nINSERT INTO said (what) SELECT :what::text;\n-- +goose Down\nINSERT INTO said (what) SELECT :what::text;\n');
SELECT version, action FROM migrate.repair(test.made('s'));
SELECT version, up_role, up_vars, down_role, down_vars FROM test.vars;
DELETE FROM migrate.applied; TRUNCATE said;

-- a script of the superuser with a value of Bob's is Bob's
SELECT version FROM migrate.apply(test.made('s'), vars => '{"what": "test.role(current_user)"}');
SET ROLE regress_migrate_bob;
SELECT version FROM migrate.redo(vars => '{"what": "''from Bob ''::text || test.role(current_user)"}');
RESET ROLE;
SELECT version, up_role, up_vars, down_role, down_vars FROM test.vars;
SELECT test.try('SELECT * FROM migrate.rollback()');
SET ROLE regress_migrate_ann;
SELECT test.try('SELECT * FROM migrate.rollback()');
SET ROLE regress_migrate_bob;
SELECT version FROM migrate.rollback();
RESET ROLE;
-- with a value of the superuser, any role can run it
SELECT version FROM migrate.apply(test.made('s'), vars => '{"what": "test.role(current_user)"}');
SET ROLE regress_migrate_bob;
SELECT version FROM migrate.redo(vars => '{"unused": "x"}');
RESET ROLE;
SELECT version, up_role, down_role, up_vars, down_vars FROM test.vars;
SET ROLE regress_migrate_ann;
SELECT version FROM migrate.rollback(dir => test.made('s'));
RESET ROLE;
SELECT what FROM said ORDER BY n; TRUNCATE said;

-- several transactions cannot be kept from those privileges
SELECT test.write('s/1_one.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1; SELECT :what; SELECT 1/0;\n-- +goose Down\n-- +goose ENVSUB ON\nSELECT 1; SELECT ${what};\n');
SET ROLE regress_migrate_ann;
CALL migrate.up(test.made('s'), vars => '{"what": "1"}');
CALL migrate.up(test.made('s'));
CALL migrate.up(test.made('s'), vars => '{"what": "1"}');
RESET ROLE;
CALL migrate.up(test.made('s'));
SELECT test.write('s/1_one.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1; SELECT :what;\n-- +goose Down\n-- +goose ENVSUB ON\nSELECT 1; SELECT ${what};\n');
SET ROLE regress_migrate_ann;
CALL migrate.up(test.made('s'), vars => '{"what": "1"}');
CALL migrate.down(dir => test.made('s'));
RESET ROLE;
DELETE FROM migrate.applied;

-- parts of a long value, in a line that has many
SET statement_timeout = '10s';
SELECT statements FROM migrate.apply(project => 'parts', vars => jsonb_build_object('V', repeat('é', 1000000)),
	files => jsonb_build_object('1_a.sql', E'-- +goose Up\n-- +goose ENVSUB ON\nSELECT ''' || repeat('${V:0:1}', 5000) || ''';'));
RESET statement_timeout;

-- River's comments, which are variables in strings as well
SELECT test.write('river/001_a.up.sql', E'CREATE TABLE /* TEMPLATE: schema */riverbank (a int);\nDO $$ BEGIN IF to_regclass(''/* TEMPLATE: schema */riverbank'') IS NULL THEN RAISE ''none''; END IF; END $$;\n');
SELECT test.write('river/001_a.down.sql', 'DROP TABLE /* TEMPLATE: schema */riverbank;');
SELECT version FROM migrate.apply(test.made('river'), project => 'river');
SELECT version FROM migrate.rollback(project => 'river');
SELECT version FROM migrate.apply(test.made('river'), project => 'river', vars => '{"schema": "app."}');
SELECT up_vars, down_vars FROM migrate.applied WHERE project = 'river';
SELECT version FROM migrate.rollback(project => 'river');
-- a down script without a value: rollback() has no "vars", redo() has
SELECT version FROM migrate.apply(files => '{"1_a.sql": "SELECT 1;", "1_a.down.sql": "SELECT :''x'';"}', project => 'no_value');
SELECT test.try($$SELECT migrate.rollback(project => 'no_value')$$);
SELECT version FROM migrate.redo(project => 'no_value', vars => '{"x": 1}');

SET client_min_messages = error;
DROP SCHEMA test CASCADE;
DROP EXTENSION migrate;
DROP OWNED BY regress_migrate_ann, regress_migrate_bob;
DROP ROLE regress_migrate_ann, regress_migrate_bob;
