--
-- Liquibase's changesets, Flyway's files, sections of other tools: what is unusual.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- a changelog of one file
CREATE FUNCTION test.log(made text, VARIADIC lines text[]) RETURNS void LANGUAGE sql AS $$
	SELECT test.write(made || '/1.sql', E'--liquibase formatted sql\n' || array_to_string(lines, E'\n'))
$$;
-- up in one transaction, back, up with commits, and back
CREATE FUNCTION test.round(made text, given text DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT format('%s: %s', concat_ws(' ', version, nullif(name, '')), statements)
		FROM migrate.apply(test.made(made), project => made, format => given);
	RETURN QUERY SELECT format('back %s: %s', concat_ws(' ', version, nullif(name, '')), statements)
		FROM migrate.rollback(everything => true, force => true, project => made);
	RETURN QUERY SELECT 'left: ' || relname FROM test.tables;
END
$$;

--
-- liquibase
--
SELECT test.log('dbms', '--changeset a:1 dbms:oracle,mysql', 'SELECT x;', '--changeset a:2 dbms:postgresql,h2', 'CREATE TABLE a ();',
	'--rollback DROP TABLE a;', '--changeset a:3 dbms:!postgresql', 'SELECT x;', '--changeset a:4 dbms:!oracle', 'SELECT 4;',
	'--changeset a:5 ignore:true', 'SELECT x;', '--changeset a:6 dbms:all', 'SELECT 6;', '--changeset a:7 dbms:none', 'SELECT x;',
	'--changeset a:8 dbms:"postgresql, oracle"', 'SELECT 8;');
SELECT test.round('dbms');
SELECT test.log('dbms', '--changeset a:1 dbms:none,postgresql', 'SELECT x;', '--changeset a:2 dbms:!oracle,!h2', 'SELECT 2;', '--changeset a:3 dbms:!oracle,h2', 'SELECT x;',
	'--changeset a:4 dbms:postgresql,!postgresql', 'SELECT x;', '--changeset a:5 dbms:PostgreSQL', 'SELECT 5;', '--changeset a:6 dbms:all,none', 'SELECT 6;');
SELECT test.look('dbms');
SELECT test.log('dbms', '--changeset a:1 dbms:oracle', '--preconditions onFail:MARK_RAN', '--precondition-table-exists table:x', 'SELECT 1;', '--rollback changesetId:9 changesetAuthor:none');
SELECT test.look('dbms');
-- rollback sections
SELECT test.log('back', '--changeset a:1', 'CREATE TABLE a ();', 'CREATE TABLE b ();', '--rollback DROP TABLE', '--rollback a;', '--rollback DROP TABLE b;',
	'--changeset a:2', 'CREATE TABLE c ();', '/* liquibase rollback', 'DROP TABLE', 'c;', '*/',
	'--changeset a:3', 'SELECT 1;', '--rollback empty', '--changeset a:4', 'SELECT 1;', '--rollback not required',
	'--changeset a:5', 'DROP TABLE c;', '--rollback changesetId:2 changesetAuthor:a', '--changeset a:6', 'SELECT 1;',
	'--changeset a:7', 'CREATE TABLE d ();', '--ROLLBACK drop table d', '--changeset a:8', 'CREATE TABLE e ();', '  -- rollback   DROP TABLE e; SELECT 1;');
SELECT version, reversible FROM migrate.status(test.made('back'), project => 'back');
SELECT test.round('back');
SELECT test.log('back', '--changeset a:1', 'SELECT 1;', '/* liquibase rollback', 'SELECT 1;');
SELECT test.look('back');
-- the end of a file, and of a comment inside a block
SELECT test.log('back', '--changeset a:1', 'CREATE TABLE a ();', '/* liquibase rollback', 'DROP TABLE /* "a" */ a; */');
SELECT version, reversible, detail FROM migrate.status(test.made('back'), project => 'ends');
SELECT test.round('back');
SELECT test.write('back/1.sql', E'--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--property');
SELECT test.look('back');
SELECT test.write('back/1.sql', E'--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--changeset');
SELECT test.look('back');
SELECT test.write('back/1.sql', E'--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--rollback');
SELECT test.look('back');
SELECT test.log('back', '--changeset a:1', 'SELECT 1;', '--rollback SELECT 1;', '--rollback SELECT', '--rollback nothing;');
SELECT version, reversible, detail FROM migrate.status(test.made('back'), project => 'back');
-- delimiters
SELECT test.log('ends', '--changeset a:1 endDelimiter://', 'CREATE TABLE a (t text)//', 'INSERT INTO a VALUES (''//''), (''http://x'')//', '--rollback DROP TABLE a',
	'--changeset a:2 endDelimiter:\nGO', 'CREATE TABLE b ()', 'GO', 'SELECT 1', 'go', '--rollback DROP TABLE b',
	'--changeset a:3 endDelimiter:/', 'CREATE TABLE c ()', '/', 'SELECT 4 / 2', '/', '--rollback DROP TABLE c',
	'--changeset a:4', 'CREATE TABLE d ()', '/', 'SELECT 1', 'GO', 'SELECT 1', '--rollback DROP TABLE d;',
	'--changeset a:5 splitStatements:false', 'CREATE TABLE e (); CREATE TABLE f ();', '--rollback DROP TABLE e, f;',
	'--changeset a:6 endDelimiter:@@ rollbackEndDelimiter:@@', 'CREATE TABLE g ()@@', '--rollback DROP TABLE g@@', '--rollback SELECT 1@@',
	'--changeset a:7 endDelimiter:";"', 'CREATE TABLE h ();', '--rollback DROP TABLE h;',
	'--changeset a:8 endDelimiter:END;;', 'SELECT 1 END;;', 'SELECT 2 END;;');
SELECT test.round('ends');
-- values
SELECT test.log('values', '--property name:table value:"t t"', '--property name:other value:o dbms:oracle', '--property name:other value:p',
	'--changeset a:1', 'CREATE TABLE "${table}" ();', 'CREATE TABLE ${other} ();', 'SELECT ''${unknown}'';', '--rollback DROP TABLE "${table}", ${other};');
SELECT test.round('values');
SELECT test.log('values', '--property name:table', '--changeset a:1', 'SELECT 1;');
SELECT test.look('values');
-- lines that are ignored
SELECT test.log('ignored', '--changeset a:1', 'CREATE TABLE a ();', '--ignoreLines:2', 'nonsense', 'nonsense', 'CREATE TABLE b ();',
	'--ignoreLines:start', '--changeset a:none', 'nonsense', '--ignoreLines:end', 'CREATE TABLE c ();', '--rollback DROP TABLE a, b, c;',
	'--changeset a:2', 'SELECT 1;', '--ignoreLines:start', 'nonsense');
SELECT test.round('ignored');
-- the same id in two files means two changesets, in one file it is an error
SELECT test.log('twice', '--changeset a:1', 'CREATE TABLE a ();', '--rollback DROP TABLE a;', '--changeset b:1', 'CREATE TABLE b ();', '--rollback DROP TABLE b;');
SELECT test.write('twice/sub/2.sql', E'-- LIQUIBASE  formatted SQL\n--changeset a:1\nCREATE TABLE c ();\n--rollback DROP TABLE c;');
SELECT test.write('headless/a.sql', E'--liquibase formatted sql\n--changeset a:1\nSELECT 1;');
SELECT test.write('headless/no_header.sql', E'--changeset a:9\nSELECT 1;');
SELECT test.look('headless');
SELECT test.round('twice');
SELECT test.try($$SELECT migrate.apply(test.made('twice'), project => 'twice', target => 'a:1')$$);
SELECT test.try($$SELECT migrate.apply(test.made('twice'), project => 'twice', target => '1.sql')$$);
SELECT version FROM migrate.apply(test.made('twice'), project => 'twice', versions => '{sub/2.sql:a:1}');
SELECT test.try($$SELECT migrate.apply(test.made('twice'), project => 'twice')$$);
SET migrate.out_of_order = apply;
SELECT version FROM migrate.apply(test.made('twice'), project => 'twice', target => '1.sql:a:1');
SELECT version FROM migrate.apply(test.made('twice'), project => 'twice', target => 'b:1');
RESET migrate.out_of_order;
SELECT test.try($$SELECT migrate.rollback(project => 'twice', target => 'a:1')$$);
SELECT version FROM migrate.rollback(project => 'twice', everything => true);
SELECT test.log('twice', '--changeset a:1', 'SELECT 1;', '--changeset a:2', 'SELECT 1;', '--changeset "a":"1" runOnChange:true', 'SELECT 2;');
SELECT test.look('twice');
SELECT test.log('twice', '--changeset a:1 dbms:oracle', 'SELECT 1;', '--changeset a:1 dbms:postgresql', 'SELECT 2;');
SELECT test.look('twice');
SELECT test.log('twice', '--changeset a', 'SELECT 1;');
SELECT test.look('twice');
SELECT test.log('twice', '--changeset', 'SELECT 1;');
SELECT test.look('twice');
SELECT test.log('twice', '--changeset a:', 'SELECT 1;');
SELECT test.look('twice');
SELECT test.log('twice', 'SELECT 1;', '-- a comment', '--changeset a b:"1 2" labels:x', 'SELECT 1;');
SELECT test.look('twice');
SELECT test.log('twice', 'SELECT 1;');
SELECT test.look('twice');
SELECT test.remove('twice/sub');
SELECT test.try($$SELECT migrate.apply(test.made('twice'))$$);
-- a new changeset between others is out of order, and the others keep their rows
SELECT test.log('between', '--changeset a:1', 'CREATE TABLE a ();', '--changeset a:3', 'CREATE TABLE c ();');
SELECT version FROM migrate.apply(test.made('between'), project => 'between');
SELECT test.log('between', '--changeset a:1', 'CREATE TABLE a ();', '--changeset a:2', 'CREATE TABLE b ();', '--changeset a:3', 'CREATE TABLE c ();');
SELECT version, state FROM migrate.status(test.made('between'), project => 'between');
DROP TABLE a, c;
CALL migrate.up(test.made('ends'), project => 'ends');
CALL migrate.down(everything => true, force => true, project => 'ends');
SELECT * FROM test.tables;

--
-- flyway
--
SELECT test.write('versions/V1__a.sql', 'SELECT 1;');
SELECT test.write('versions/V1.10__c.SQL', 'SELECT 1;');
SELECT test.write('versions/deep/er/V1_9__b.sql', 'SELECT 1;');
SELECT test.write('versions/U1.9.0__b.sql', 'SELECT 1;');
SELECT test.write('versions/V002__d.Sql', 'SELECT 1;');
SELECT test.write('versions/V2.0.1__e__f.sql', 'SELECT 1;');
SELECT test.write('versions/V3_.sql', 'SELECT 1;');
SELECT test.write('versions/v4__lower.sql', 'SELECT 1;');
SELECT test.write('versions/V__none.sql', 'SELECT 1;');
SELECT test.write('versions/V5.a__letter.sql', 'SELECT 1;');
SELECT test.write('versions/V0__zero.sql', 'SELECT 1;');
SELECT version, name, reversible, file FROM migrate.status(test.made('versions'));
SELECT test.round('versions');
SELECT test.write('versions/V1_0__one.sql', 'SELECT 1;');
SELECT test.look('versions');
SELECT test.remove('versions/V1_0__one.sql');
SELECT test.write('versions/deep/U1_9__b.sql', 'SELECT 1;');
SELECT test.look('versions');
SELECT test.write('again/R__one.sql', 'SELECT 1;');
SELECT test.write('again/sub/R__one.sql', 'SELECT 1;');
SELECT test.write('again/V1__a.sql', 'SELECT 1;');
SELECT test.look('again');
SELECT test.write('conf/V1__a.sql', 'CREATE TABLE a (); SELECT ''${x}'';');
SELECT test.look('conf');
SELECT test.try($$SELECT migrate.apply(test.made('conf'), project => 'conf')$$);
SELECT test.write('conf/V1__a.sql.conf', E'# flyway.placeholderReplacement=false\nplaceholderReplacement = FALSE\r\nexecuteInTransaction=false\nencoding = UTF-8\nshouldExecute=true');
SELECT test.write('conf/V2__b.sql', 'SELECT 1; CREATE INDEX CONCURRENTLY ON a ((1));');
SELECT test.round('conf');
DROP TABLE a;
SELECT test.write('conf/V2__b.sql.conf', 'encoding=ISO-8859-1');
SELECT test.look('conf');
SELECT test.write('conf/V2__b.sql.conf', 'shouldExecute=${now}');
SELECT test.look('conf');

--
-- sql-migrate
--
SELECT test.write('sections/2_a.sql', E'nonsense\n-- +migrate Up\nCREATE TABLE a ();\n-- +migrate Down\nDROP TABLE a;\n-- +migrate Up notransaction\nCREATE TABLE aa ();\n-- +migrate Down\nDROP TABLE aa;');
SELECT test.write('sections/2_b.sql', E'-- +migrate Down\nDROP TABLE b;\n-- +migrate Up\n-- +migrate StatementBegin\nCREATE TABLE b ()\n-- +migrate StatementEnd\nSELECT 1');
SELECT test.write('sections/10-c.sql', E'-- +migrate Up\n');
SELECT test.write('sections/name.sql', E'-- +migrate Up\r\nCREATE TABLE c ();\r\n-- +migrate Down notransaction\r\nDROP TABLE c;\r\n');
SELECT test.round('sections');
SELECT test.write('sections/2_b.sql', E'-- +migrate Up\nSELECT 1;\n-- +migrate Down;\nSELECT 1;');
SELECT test.look('sections');
SELECT test.write('sections/2_b.sql', E'-- +migrate up\nSELECT 1;');
SELECT test.look('sections');
SELECT test.write('sections/2_b.sql', E'-- +migrate Up\n-- +migrate StatementBegin\nSELECT 1;');
SELECT test.look('sections');
SELECT test.write('sections/2_b.sql', E'-- +migrate Down\nSELECT 1;');
SELECT test.look('sections');
SELECT test.write('sections/2_b.sql', '');
SELECT test.look('sections');

--
-- dbmate
--
SELECT test.write('mate/1_a.sql', E'-- comment\n\n-- migrate:up transaction:false\nCREATE TABLE a (n int);\nCREATE INDEX CONCURRENTLY ai ON a (n);\n-- migrate:down\nDROP TABLE a;\n--migrate:up\nCREATE TABLE b ();\nALTER TABLE a ADD b int;\n-- migrate:down transaction:false\nALTER TABLE a DROP b;\nDROP TABLE b;\n');
SELECT test.write('mate/2_b.sql', E'-- migrate:up foo:bar\nCREATE TABLE c ()\n-- migrate:down\nDROP TABLE c');
SELECT test.round('mate');
CALL migrate.up(test.made('mate'), project => 'mate');
CALL migrate.down(everything => true, project => 'mate');
SELECT * FROM test.tables;
SELECT test.write('mate/2_b.sql', E'-- migrate:down\nSELECT 1;\n-- migrate:up\nSELECT 1;');
SELECT test.look('mate');
SELECT test.write('mate/2_b.sql', E'SELECT 1;\n-- migrate:up\nSELECT 1;');
SELECT test.look('mate');
SELECT test.write('mate/2_b.sql', E'-- migrate:Up\nSELECT 1;');
SELECT test.look('mate');
SELECT test.write('mate/2_b.sql', E'-- migrate:up\nSELECT 1;');
SELECT version, reversible FROM migrate.status(test.made('mate'), project => 'mate');

--
-- rambler, tern, goose
--
SELECT test.write('groups/a.sql', E'nonsense\n-- rambler up\nCREATE TABLE a ();\n-- rambler down\nDROP TABLE a;\n-- rambler up\nALTER TABLE a ADD n int;\n-- rambler note\nnonsense\n-- rambler down\nALTER TABLE a DROP n;\n-- rambler end\nnonsense');
SELECT test.round('groups');
SELECT test.write('tern/1_a.sql', E'---- tern: disable-tx ----\nCREATE TABLE a (n int);\nCREATE INDEX CONCURRENTLY ON a (n);\n\n---- create above / drop below ----\n\nDROP TABLE a;');
SELECT test.write('tern/2_b.sql', E'CREATE TABLE b ();\n  ---- create above / drop below ---- \nDROP TABLE b;\n---- create above / drop below ----\n');
SELECT test.look('tern');
SELECT test.write('tern/2_b.sql', E'CREATE TABLE b ()\n---- create above / drop below ----\nDROP TABLE b');
SELECT test.write('tern/sub/3_c.sql', 'CREATE TABLE c ();');
SELECT test.round('tern');
SELECT test.write('goose/1_a.sql', E'-- +goose Up\n-- +goose StatementBegin\nCREATE TABLE a ()\n-- +goose StatementEnd\nCREATE TABLE b ();\n-- +goose Down\n-- +goose StatementBegin\nDROP TABLE a\n-- +goose StatementEnd\n-- +goose StatementBegin\nDROP TABLE b;\n-- +goose StatementEnd');
SELECT test.write('goose/2_c.sql', E'-- +goose ENVSUB ON\n-- +goose Up\nCREATE TABLE ${TABLE:-c} ();\n-- +goose ENVSUB OFF\nSELECT ''$TABLE'';\n-- +goose Down\nDROP TABLE c;');
SELECT test.round('goose');

--
-- Contexts and labels: an error unless they are set.
--
SELECT test.write('chosen/a.sql', E'--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--changeset a:2 context:test\nSELECT 2;\n--changeset a:3 contextFilter:"!test, dev"\nSELECT 3;\n--changeset a:4 labels:v1,v2\nSELECT 4;\n--changeset a:5 context:"test and dev"\nSELECT 5;\n') \gset ignored_
SELECT test.try(format('SELECT migrate.apply(%L, project => ''chosen'')', test.made('chosen')));
SELECT version, state, detail FROM migrate.status(test.made('chosen'), project => 'chosen');
SELECT version, note FROM migrate.plan(test.made('chosen'), project => 'chosen');
CREATE FUNCTION test.chosen(contexts text, labels text) RETURNS text LANGUAGE sql
	SET migrate.contexts FROM CURRENT SET migrate.labels FROM CURRENT AS $$
	SELECT set_config('migrate.contexts', contexts, false), set_config('migrate.labels', labels, false);
	SELECT string_agg(version || ' ' || state || coalesce(' (' || detail || ')', ''), ', ') FROM migrate.status(test.made('chosen'), project => 'chosen')
$$;
SELECT contexts, labels, test.chosen(contexts, labels)
FROM (VALUES ('*', '*'), ('test', '*'), ('dev', 'v2'), ('prod', '!v1'), ('!test', 'v3'), ('TEST, dev', 'v1')) v (contexts, labels);
SET migrate.contexts = 'prod';
SET migrate.labels = '*';
SELECT version FROM migrate.apply(test.made('chosen'), project => 'prod');
SET migrate.contexts = '*';
SELECT version FROM migrate.apply(test.made('chosen'), project => 'chosen');
-- what is applied stays applied
SET migrate.contexts = 'prod';
SELECT version, state FROM migrate.status(test.made('chosen'), project => 'chosen');
SELECT version FROM migrate.apply(test.made('chosen'), project => 'chosen');

--
-- Expressions, as Liquibase 5.0 reads them.
--
CREATE FUNCTION test.runs(contexts text, setting text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('runs/1.sql', format(E'--liquibase formatted sql\n--changeset a:1 context:"%s"\nSELECT 1;\n', contexts));
	PERFORM set_config('migrate.contexts', setting, true);
	RETURN (SELECT state FROM migrate.status(test.made('runs'), project => 'runs'));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;
SELECT contexts, setting, test.runs(contexts, setting)
FROM (VALUES ('a and b', 'a'), ('a and b', 'a, b'), ('a AND B', 'b,A'), ('a or b', 'b'), ('a, b', 'b'), ('a and !b', 'a'), ('a and !b', 'a, b'),
	('not a', 'b'), ('not a', 'a'), ('NOT a', 'a'), ('! a', 'a'), ('a or b and c', 'a'), ('(a or b) and c', 'a'), ('(a or b) and c', 'a, c'), ('(a, b) and c', 'b, c'),
	('!(a or b)', 'b'), ('!(a or b)', 'c'), ('not (a and b)', 'a'), ('((a))', 'a'), ('(a) or(b)', 'b'), ('a b', 'a b'), ('a b', 'a'), ('or', 'or'), ('a or or', 'or'),
	('prod', 'test or prod'), ('a, b', 'a or b'), ('a, b', '!a'), ('a,b', '!a'), ('a', '!a, b'), ('prod', '!prod'), ('prod', '!test'), ('!test', 'test'), ('a and b', '!(a or b)'), ('a', '(a or b) and !c'),
	('@a', '*'), ('@a', 'a'), ('@a', 'b'), ('a', '@a'), ('a', '@b'), ('@!a', 'b'), ('!@a', '*'), ('@a or b', '*'), ('@a and b', '*'), ('(@a)', '*'), ('(@a) and b', '*'), ('@(a)', '*'),
	('nocontexts', '*'), ('!nocontexts and a', '*'), ('!nocontexts and a', 'a'), ('@nocontexts', '*'), ('a, , b', 'b'), (' ', 'a'), ('', 'a'),
	('(a', 'a'), ('a)', 'a'), ('()', 'a'), ('a(b)', 'a'), ('(a)b', 'a'), ('a', '(a')) v (contexts, setting);
SELECT n, right(test.runs(repeat('(', n) || 'a' || repeat(')', n), 'a'), 50) FROM (VALUES (400), (501)) v (n);
-- a context that is required
SELECT test.log('required', '--changeset a:1', 'SELECT 1;', '--changeset a:2 context:x', 'SELECT 2;', '--changeset a:3 context:@x', 'SELECT 3;');
CREATE FUNCTION test.required(setting text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('migrate.contexts', setting, true);
	RETURN (SELECT string_agg(version || ' ' || state, ', ') FROM migrate.status(test.made('required'), project => 'required'));
END
$$;
SELECT setting, test.required(setting) FROM (VALUES ('x'), ('@x'), ('y'), ('@y, x'), ('*')) v (setting);
SELECT test.try(format('SET migrate.labels = %L', 'a and (b'));
SELECT test.try(format('SET migrate.contexts = %L', '(a) (b)'));
-- labels: the setting is the expression
CREATE FUNCTION test.labelled(labels text, setting text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('runs/1.sql', format(E'--liquibase formatted sql\n--changeset a:1 labels:"%s"\nSELECT 1;\n', labels));
	PERFORM set_config('migrate.contexts', '*', true), set_config('migrate.labels', setting, true);
	RETURN (SELECT state FROM migrate.status(test.made('runs'), project => 'runs'));
END
$$;
SELECT labels, setting, test.labelled(labels, setting)
FROM (VALUES ('a', 'a and b'), ('a, b', 'a and b'), ('A,b', 'b AND a'), ('a', '!b'), ('a, b', '!b'), ('a, b', '!b or a'), ('a', 'b, a'), ('a', '(b or c) and !d'), ('c', '(b, c) and !d'),
	('a and b', 'a'), ('a and b', 'a and b'), ('', 'a'), ('@a', 'a'), ('x', '*')) v (labels, setting);
RESET migrate.contexts;
RESET migrate.labels;
