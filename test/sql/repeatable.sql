--
-- Migrations that run again when they have changed, in all routines.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
\set fly 'test.made(\'fly\')'
CREATE VIEW test.states AS SELECT version, name, state, batch, detail FROM migrate.status(test.made('fly'));

SELECT test.write('fly/V2__b.sql', 'CREATE TABLE b ();');
SELECT test.write('fly/U2__b.sql', 'DROP TABLE b CASCADE;');
SELECT test.write('fly/R__b_view.sql', 'CREATE OR REPLACE VIEW bv AS SELECT 1 AS one FROM a;');
SELECT test.write('fly/R__a_note.sql', 'COMMENT ON TABLE a IS ''first'';');
SELECT test.write('fly/V1__a.sql', 'CREATE TABLE a ();');
SELECT test.write('fly/U1__a.sql', 'DROP TABLE a CASCADE;');
-- after the versioned migrations, by name
SELECT version, name, statements FROM migrate.apply(:fly);
SELECT * FROM test.states;
SELECT migrate.version();
-- unchanged, and changed without a difference
SELECT * FROM migrate.apply(:fly);
SELECT test.write('fly/R__a_note.sql', E'-- a comment\r\nCOMMENT  ON TABLE a IS ''first'';');
SELECT * FROM migrate.apply(:fly);
CALL migrate.up(:fly);
-- changed
SELECT test.write('fly/R__a_note.sql', 'COMMENT ON TABLE a IS ''second'';');
SELECT * FROM test.states;
SET migrate.on_modified = error;
SELECT version, name, batch FROM migrate.apply(:fly);
SELECT * FROM test.states;
SELECT obj_description('a'::regclass);
SELECT test.write('fly/R__a_note.sql', 'COMMENT ON TABLE a IS ''third'';');
CALL migrate.up(:fly);
SELECT obj_description('a'::regclass);
SELECT version, name, direction, outcome FROM migrate.history() ORDER BY id;
-- failing again: the row stays
SELECT test.write('fly/R__a_note.sql', 'COMMENT ON TABLE nothing IS ''fourth'';');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
SELECT version, name, state, batch FROM test.states;
\set VERBOSITY terse
CALL migrate.up(:fly);
\set VERBOSITY default
SELECT version, name, state, batch, regexp_replace(detail, 'at .*: ', 'at ...: ') AS detail FROM test.states;
SELECT version, name, outcome, error FROM migrate.history() LIMIT 2;
-- repair leaves them for apply
SELECT * FROM migrate.repair(:fly);
SELECT version, name, state FROM test.states;
SELECT test.write('fly/R__a_note.sql', 'COMMENT ON TABLE a IS ''fifth'';');
-- its state can be set with repair
SELECT * FROM migrate.repair(:fly, 'R__a_note.sql', 'applied');
SELECT * FROM migrate.repair(:fly, 'R__a_note.sql', 'applied');
SELECT version, name, state FROM test.states;
SELECT test.write('fly/R__a_note.sql', 'COMMENT ON TABLE a IS ''sixth'';');
-- a new versioned migration above runs before it, one below is out of order
SELECT test.write('fly/V3__c.sql', 'CREATE TABLE c ();');
SELECT test.write('fly/U3__c.sql', 'DROP TABLE c;');
SELECT version, name FROM migrate.apply(:fly);
SELECT test.write('fly/V2.5__late.sql', 'CREATE TABLE late ();');
SELECT test.write('fly/U2.5__late.sql', 'DROP TABLE late;');
SELECT test.try($$SELECT migrate.apply(test.made('fly'))$$);
SET migrate.out_of_order = apply;
SELECT version, name FROM migrate.apply(:fly);
RESET migrate.out_of_order;
-- a new repeatable migration is never out of order
SELECT test.write('fly/R__0_first.sql', 'SELECT 1;');
-- target, steps, versions
SELECT test.write('fly/V4__d.sql', 'CREATE TABLE d ();');
SELECT test.write('fly/U4__d.sql', 'DROP TABLE d;');
SELECT version, name FROM migrate.apply(:fly, target => '4');
SELECT version, name FROM migrate.apply(:fly, target => '4');
SELECT version, name FROM migrate.apply(:fly, target => 'R_0_first');
SELECT test.write('fly/R__a_note.sql', 'COMMENT ON TABLE a IS ''seventh'';');
SELECT test.write('fly/R__b_view.sql', 'CREATE OR REPLACE VIEW bv AS SELECT 2 AS one FROM a;');
SELECT version, name FROM migrate.apply(:fly, steps => 1);
SELECT version, name FROM migrate.apply(:fly, versions => '{R__b_view.sql}');
SELECT test.try($$SELECT migrate.apply(test.made('fly'), versions => '{R}')$$);
SELECT test.try($$SELECT migrate.apply(test.made('fly'), target => 'R__nothing')$$);
-- one without a file
SELECT test.remove('fly/R__0_first.sql');
SELECT version, name, state FROM test.states;
SELECT * FROM migrate.apply(:fly);
-- undone with those that ran before it, without running anything
SELECT version, name, statements FROM migrate.rollback(steps => 1);
SELECT version, name, state FROM test.states;
SELECT version, name FROM migrate.apply(:fly);
SELECT version, name FROM migrate.rollback(target => '2');
SELECT version, name FROM migrate.apply(:fly);
CALL migrate.down(steps => 1);
CALL migrate.up(:fly);
SELECT version, name FROM migrate.redo(:fly);
SELECT version, name FROM migrate.redo();
SELECT version, name, state FROM test.states;
SELECT version, name FROM migrate.refresh(:fly);
-- what is outdated
BEGIN;
SELECT version, name FROM migrate.refresh(files => '{"V1__a.sql": "CREATE TABLE ra ();", "U1__a.sql": "DROP TABLE ra;", "R__b.sql": "SELECT 1;"}', project => 'rb');
SELECT version, name FROM migrate.refresh(files => '{"V1__a.sql": "CREATE TABLE ra ();", "U1__a.sql": "DROP TABLE ra;", "R__b.sql": "SELECT 2;"}', project => 'rb');
ROLLBACK;
SELECT version, name, state FROM test.states;
SELECT version, name FROM migrate.reset();
SELECT version, name, state FROM test.states;
SELECT migrate.version();
SELECT * FROM test.tables;
-- only repeatable ones are left to undo
SELECT test.write('only/R__one.sql', 'CREATE TABLE IF NOT EXISTS one ();');
SELECT version, name FROM migrate.apply(test.made('only'), project => 'only');
SELECT migrate.version('only');
SELECT version, name FROM migrate.rollback(project => 'only');
SELECT version, name FROM migrate.apply(test.made('only'), project => 'only');
SELECT version, name FROM migrate.redo(test.made('only'), project => 'only');
SELECT version, name FROM migrate.reset(project => 'only');
DROP TABLE one;

-- several transactions, interrupted at the second run
SELECT test.write('parts/V1__a.sql', 'CREATE TABLE a (n int);');
SELECT test.write('parts/R__index.sql', E'DROP INDEX IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON a (n);');
CALL migrate.up(test.made('parts'), project => 'parts');
SELECT test.write('parts/R__index.sql', E'DROP INDEX IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON a (m);');
\set VERBOSITY terse
CALL migrate.up(test.made('parts'), project => 'parts');
\set VERBOSITY default
SELECT version, name, state FROM migrate.status(test.made('parts'), project => 'parts');
SELECT test.try($$SELECT migrate.apply(test.made('parts'), project => 'parts')$$);
SELECT test.write('parts/R__index.sql', E'DROP INDEX IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON a (n, n);');
CALL migrate.up(test.made('parts'), project => 'parts');
SELECT version, name, state FROM migrate.status(test.made('parts'), project => 'parts');
SELECT pg_get_indexdef('i'::regclass);
DROP TABLE a;

-- liquibase: runOnChange, runAlways
SELECT test.write('liqui/1.sql', E'--liquibase formatted sql\n--changeset a:1\nCREATE TABLE a (n int);\n--rollback DROP TABLE a;\n--changeset a:always runAlways:true\nINSERT INTO a VALUES (1);\n--rollback DELETE FROM a;\n--changeset a:change runOnChange:true\nINSERT INTO a VALUES (10);\n--changeset a:2\nCREATE TABLE b ();\n--rollback DROP TABLE b;\n');
SELECT version FROM migrate.apply(test.made('liqui'), project => 'liqui');
SELECT version FROM migrate.apply(test.made('liqui'), project => 'liqui');
CALL migrate.up(test.made('liqui'), project => 'liqui');
SELECT version, state, detail FROM migrate.status(test.made('liqui'), project => 'liqui');
SELECT test.shell('sed -i s/10/20/ liqui/1.sql');
SELECT version FROM migrate.apply(test.made('liqui'), project => 'liqui');
SELECT * FROM a;
SELECT version FROM migrate.refresh(test.made('liqui'), project => 'liqui');
SELECT * FROM a;
SELECT test.shell('sed -i s/20/30/ liqui/1.sql');
SELECT version FROM migrate.refresh(test.made('liqui'), project => 'liqui');
SELECT * FROM a;
SELECT version, statements FROM migrate.rollback(project => 'liqui', everything => true);
