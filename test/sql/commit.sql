--
-- CALL up and CALL down: a commit after each migration, and everything psql can run.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

CREATE VIEW test.left_over AS
	SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks,
		   (SELECT count(*) FROM pg_index WHERE NOT indisvalid) AS invalid_indexes,
		   current_setting('search_path') AS search_path, current_user = session_user AS role;

\set dir :scratch '/d'
SELECT test.write('d/1_one.sql', test.goose('CREATE TABLE one (i int);', 'DROP TABLE one;'));
SELECT test.write('d/2_two.sql', test.goose('CREATE TABLE two (i int); INSERT INTO two VALUES (1); SELECT 1/0 FROM two;', 'DROP TABLE two;'));
SELECT test.write('d/3_three.sql', test.goose('CREATE TABLE three (i int);', 'DROP TABLE three;'));

-- an error where it cannot commit
BEGIN; CALL migrate.up(:'dir'); ROLLBACK;
DO $$ DECLARE n int; BEGIN CALL migrate.up('/nowhere', applied => n); END $$;
CREATE PROCEDURE app.nested() LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN COMMIT; CALL migrate.down(undone => n); END $$;
CALL app.nested();
CREATE FUNCTION app.nested_function() RETURNS void LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN CALL migrate.up('/nowhere', applied => n); END $$;
SELECT app.nested_function();
SELECT 1 \; CALL migrate.up('/nowhere');
DROP PROCEDURE app.nested; DROP FUNCTION app.nested_function;

-- a commit after each migration: the failed one is rolled back, those before it stay
CALL migrate.up(:'dir');
SELECT * FROM test.tables;
SELECT version, direction, outcome, batch, statements, error FROM migrate.history();
SELECT version, state, regexp_replace(detail, ' at [^:]*:[^:]*:[^:]*:', ' at <time>:') FROM migrate.status(:'dir');
SELECT * FROM test.left_over;
-- corrected, the run continues
SELECT test.write('d/2_two.sql', test.goose('CREATE TABLE two (i int); INSERT INTO two VALUES (1);', 'DROP TABLE two;'));
CALL migrate.up(:'dir');
CALL migrate.up(:'dir');
SELECT version, state, batch, detail FROM migrate.status(:'dir');
CALL migrate.down(steps => 1);
CALL migrate.down(target => '1');
SELECT * FROM test.tables;
CALL migrate.up(dir => :'dir', steps => 1);
CALL migrate.down(everything => true);
CALL migrate.down();
SELECT version, direction, outcome, batch FROM migrate.history() LIMIT 6;

-- an error at commit
\set dir :scratch '/atcommit'
SELECT test.write('atcommit/1_fk.sql', test.goose('CREATE TABLE p (i int PRIMARY KEY); CREATE TABLE c (i int REFERENCES p DEFERRABLE INITIALLY DEFERRED);', 'DROP TABLE c, p;'));
SELECT test.write('atcommit/2_row.sql', test.goose(E'CREATE TABLE row (i int);\nCOMMIT;\nINSERT INTO c VALUES (1);\nBEGIN;', 'DROP TABLE row;'));
CALL migrate.up(:'dir', project => 'atcommit');
SELECT version, state, detail ~ 'violates foreign key' AS why FROM migrate.status(:'dir', project => 'atcommit');
SELECT * FROM test.left_over;
-- committed statements stay: the next run continues after them
SELECT test.write('atcommit/2_row.sql', test.goose(E'CREATE TABLE row (i int);\nCOMMIT;\nINSERT INTO p VALUES (1);\nINSERT INTO c VALUES (1);\nBEGIN;', 'DROP TABLE row;'));
SELECT * FROM migrate.apply(:'dir', project => 'atcommit');
SELECT * FROM migrate.rollback(project => 'atcommit');
CALL migrate.down(project => 'atcommit');
CALL migrate.up(:'dir', project => 'atcommit');
SELECT * FROM c;
SELECT version, direction, outcome, statements FROM migrate.history('atcommit');
-- unless committed statements have changed
SELECT test.write('atcommit/3_more.sql', test.goose(E'CREATE TABLE more (i int);\nCOMMIT;\nSELECT 1/0;\nBEGIN;', 'DROP TABLE row;'));
CALL migrate.up(:'dir', project => 'atcommit');
SELECT test.write('atcommit/3_more.sql', test.goose(E'CREATE TABLE much_more (i int);\nCOMMIT;\nSELECT 1;\nBEGIN;', 'DROP TABLE row;'));
CALL migrate.up(:'dir', project => 'atcommit');
SELECT version, name, action FROM migrate.repair(:'dir', version => '3', state => 'pending', project => 'atcommit');
CALL migrate.up(:'dir', project => 'atcommit');
SELECT version, state FROM migrate.status(:'dir', project => 'atcommit');

-- after COMMIT, each statement is a transaction of its own
\set dir :scratch '/leaves'
SELECT test.write('leaves/1_x.sql', test.goose(E'CREATE TABLE leaves (i int);\nCOMMIT;\nCREATE INDEX CONCURRENTLY leaves_i ON leaves (i);\nINSERT INTO leaves VALUES (1);\nSELECT 1/0;', 'DROP TABLE leaves; COMMIT; SELECT 1;'));
CALL migrate.up(:'dir', project => 'leaves');
SELECT * FROM leaves;
SELECT test.write('leaves/1_x.sql', test.goose(E'CREATE TABLE leaves (i int);\nCOMMIT;\nCREATE INDEX CONCURRENTLY leaves_i ON leaves (i);\nINSERT INTO leaves VALUES (1);\nINSERT INTO leaves VALUES (2);', 'DROP TABLE leaves; COMMIT; SELECT 1;'));
CALL migrate.up(:'dir', project => 'leaves');
SELECT * FROM leaves;
CALL migrate.down(project => 'leaves');
SELECT version, statements FROM migrate.apply(:'dir', project => 'leaves');
SELECT * FROM leaves;
SELECT version, statements FROM migrate.rollback(project => 'leaves');
-- BEGIN after other statements, as prisma writes it: they join its transaction
SELECT test.write('leaves/1_x.sql', test.goose(E'CREATE TABLE leaves (i int);\nBEGIN;\nINSERT INTO leaves VALUES (1);\nSELECT 1/0;\nCOMMIT;'));
CALL migrate.up(:'dir', project => 'leaves');
SELECT to_regclass('leaves');
SELECT test.write('leaves/1_x.sql', test.goose(E'CREATE TABLE leaves (i int);\nBEGIN;\nINSERT INTO leaves VALUES (1);\nCOMMIT;\nINSERT INTO leaves VALUES (2);\nBEGIN;\nINSERT INTO leaves VALUES (3);\nSELECT 1/0;\nCOMMIT;'));
CALL migrate.up(:'dir', project => 'leaves');
SELECT * FROM leaves;
SELECT test.write('leaves/1_x.sql', test.goose(E'CREATE TABLE leaves (i int);\nBEGIN;\nINSERT INTO leaves VALUES (1);\nCOMMIT;\nINSERT INTO leaves VALUES (2);\nBEGIN;\nINSERT INTO leaves VALUES (3);\nCOMMIT;', 'DROP TABLE leaves;'));
CALL migrate.up(:'dir', project => 'leaves');
SELECT * FROM leaves;
CALL migrate.down(project => 'leaves');
SELECT version, statements FROM migrate.apply(:'dir', project => 'leaves');
SELECT version, statements FROM migrate.rollback(project => 'leaves');
-- still refused
CREATE FUNCTION test.refused(script text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('leaves/1_x.sql', test.goose(script));
	RETURN QUERY SELECT test.try(format('SELECT * FROM migrate.apply(%L, project => ''leaves'')', test.made('leaves')));
END
$$;
SELECT test.refused(E'SELECT 1;\nBEGIN;\nSELECT 2;');
SELECT test.refused(E'BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;');
SELECT test.refused(E'SELECT 1;\nBEGIN;\nBEGIN;\nCOMMIT;');
SELECT * FROM test.left_over;

-- a COMMIT outside a transaction is a warning, with its line
CREATE FUNCTION test.warned(script text, down text DEFAULT 'SELECT 1;') RETURNS SETOF int LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('lone/1_x.sql', test.goose(script, down));
	PERFORM migrate.apply(test.made('lone'), project => 'lone');
	RETURN QUERY SELECT statements FROM migrate.history('lone') LIMIT 1;
	PERFORM migrate.rollback(1, dir => test.made('lone'), project => 'lone');
END
$$;
SELECT test.warned(E'CREATE TABLE lone_t ();\nCOMMIT;', E'DROP TABLE lone_t;\n/* of old */ END;');
SELECT test.warned(E'BEGIN;\nSELECT 1;\nCOMMIT;\nSELECT 2;\nCOMMIT;');
SELECT test.warned(E'SELECT 1;\nCOMMIT;\nCOMMIT;');
SELECT test.warned(E'SELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;\nCOMMIT;');
SELECT test.warned(E'-- +goose NO TRANSACTION\nSELECT 1;\nCOMMIT;');
SELECT test.warned('COMMIT;');
SELECT test.write('lone/1_x.sql', E'-- +goose Up\nSELECT 1;\n\\i x.inc\n');
SELECT test.write('lone/x.inc', E'\nSELECT 2;\nEND;\n');
SELECT line, statement, note FROM migrate.plan(test.made('lone'), project => 'lone');
CALL migrate.up(test.made('lone'), project => 'lone');
CALL migrate.up(test.made('lone'), project => 'lone');

-- everything that cannot run in a transaction block
\set dir :scratch '/all'
CREATE TABLE big (i int, j int);
INSERT INTO big SELECT i, i FROM generate_series(1, 1000) i;
CREATE TABLE part (i int, j int) PARTITION BY RANGE (i);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
SELECT test.write('all/1_all.sql', $f$-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY big_i ON big (i);
CREATE UNIQUE INDEX CONCURRENTLY big_j ON big (j);
REINDEX INDEX CONCURRENTLY big_i;
REINDEX TABLE CONCURRENTLY big;
REINDEX SCHEMA app;
VACUUM;
VACUUM (FULL, ANALYZE) big;
ANALYZE big;
CREATE INDEX part_i ON part (i);
CLUSTER big USING big_i;
CLUSTER;
REINDEX TABLE part;
CLUSTER part USING part_i;
ALTER TABLE part DETACH PARTITION part_1 CONCURRENTLY;
CREATE DATABASE regress_migrate_db;
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE regress_migrate_space LOCATION '';
ALTER DATABASE regress_migrate_db SET TABLESPACE regress_migrate_space;
DROP DATABASE regress_migrate_db;
DROP TABLESPACE regress_migrate_space;
ALTER SYSTEM SET application_name = 'x';
ALTER SYSTEM RESET application_name;
SET client_min_messages = error;
CREATE SUBSCRIPTION regress_migrate_sub CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE);
RESET client_min_messages;
ALTER SUBSCRIPTION regress_migrate_sub SET PUBLICATION q WITH (refresh = false);
DROP SUBSCRIPTION regress_migrate_sub;
CREATE PROCEDURE twice() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO big VALUES (-1, -1); COMMIT; INSERT INTO big VALUES (-2, -2); END $$;
CALL twice();
DO $$ BEGIN INSERT INTO big VALUES (-3, -3); COMMIT; INSERT INTO big VALUES (-4, -4); END $$;
CHECKPOINT;
LISTEN regress_migrate;
NOTIFY regress_migrate;
UNLISTEN regress_migrate;
EXPLAIN (COSTS off) SELECT 1;
CREATE TEMP TABLE session_table (i int);
INSERT INTO session_table VALUES (1);
DROP TABLE session_table;
PREPARE stmt AS SELECT 1;
EXECUTE stmt;
DEALLOCATE stmt;
SELECT pg_advisory_unlock_all();
SET work_mem = '77kB';
DISCARD ALL;
CREATE TABLE app.at_end AS SELECT current_setting('work_mem') AS work_mem, current_setting('search_path') AS search_path;
-- +goose Down
DROP TABLE app.at_end;
DROP PROCEDURE app.twice;
ALTER TABLE app.part ATTACH PARTITION app.part_1 FOR VALUES FROM (0) TO (10);
DROP INDEX CONCURRENTLY app.big_i;
DROP INDEX CONCURRENTLY app.big_j;
$f$);
SELECT test.write('all/2_unmarked.sql', $f$-- +goose Up
SET LOCAL work_mem = '99kB';
LOCK TABLE big;
CREATE TABLE in_block AS SELECT current_setting('work_mem');
CREATE INDEX CONCURRENTLY unmarked ON big (j, i);
CREATE TABLE after_block AS SELECT current_setting('work_mem');
REINDEX TABLE part;
CREATE TABLE last_block ();
-- +goose Down
DROP TABLE in_block, after_block, last_block;
DROP INDEX CONCURRENTLY unmarked;
$f$);
SET work_mem = '5MB';
CALL migrate.up(:'dir', project => 'all');
SELECT * FROM at_end;
SELECT * FROM in_block, after_block;
SELECT count(*), min(i) FROM big;
SELECT * FROM test.left_over;
SHOW work_mem;
SHOW application_name;
CALL migrate.down(project => 'all');
SELECT * FROM test.left_over;
SELECT indexname FROM pg_indexes WHERE tablename = 'big';
RESET work_mem;

-- how long settings and roles last
\set dir :scratch '/set'
CREATE ROLE regress_migrate_owner;
GRANT USAGE, CREATE ON SCHEMA app TO regress_migrate_owner;
SELECT test.write('set/1_set.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSET ROLE regress_migrate_owner;\nSET search_path = app;\nSET "my.own" = 1;\nCREATE TABLE owned ();\n-- +goose Down\nDROP TABLE owned;');
SELECT test.write('set/2_set.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSET ROLE regress_migrate_owner;\nCREATE TABLE owned_2 ();\nSELECT 1/0;');
CALL migrate.up(:'dir', project => 'set');
SELECT relname, relowner::regrole FROM pg_class WHERE relname LIKE 'owned%' ORDER BY 1;
SELECT * FROM test.left_over;
SELECT version, role = current_user AS mine FROM migrate.history('set');
SELECT version, state, author FROM migrate.status(project => 'set');
SELECT version, action FROM migrate.repair(:'dir', version => '2', state => 'applied', project => 'set');

-- SET TRANSACTION first
\set dir :scratch '/mode'
SELECT test.write('mode/1_mode.sql', test.goose($$SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE mode AS SELECT current_setting('transaction_isolation') AS mode;$$));
CALL migrate.up(:'dir', project => 'mode');
SELECT * FROM mode;

-- a failed CREATE UNIQUE INDEX CONCURRENTLY leaves an INVALID index, which the next try removes
\set dir :scratch '/invalid'
CREATE TABLE doubled (i int);
INSERT INTO doubled VALUES (1), (1);
SELECT test.write('invalid/1_unique.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE before_index ();\nCREATE UNIQUE INDEX CONCURRENTLY doubled_i ON doubled (i);\nCREATE TABLE after_index ();\n-- +goose Down\nDROP TABLE after_index, before_index; DROP INDEX CONCURRENTLY doubled_i;');
CALL migrate.up(:'dir', project => 'invalid');
SELECT version, state FROM migrate.status(:'dir', project => 'invalid');
SELECT * FROM test.left_over;
DELETE FROM doubled WHERE ctid = '(0,1)';
CALL migrate.up(:'dir', project => 'invalid');
SELECT * FROM test.left_over;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'doubled'::regclass;
CALL migrate.down(project => 'invalid');

-- corrected twice, with its version written differently; settings of committed statements apply to the rest
\set dir :scratch '/twice'
SELECT test.write('twice/1_twice.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSET search_path = test;\nCREATE TABLE twice_1 ();\nSELECT 1/0;');
CALL migrate.up(:'dir', project => 'twice');
SELECT test.remove('twice/1_twice.sql');
SELECT test.write('twice/01_twice.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSET search_path = test;\nCREATE TABLE twice_1 ();\nCREATE TABLE twice_2 ();\nSELECT 1/0;');
CALL migrate.up(:'dir', project => 'twice');
SELECT test.write('twice/01_twice.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSET search_path = test;\nCREATE TABLE twice_1 ();\nCREATE TABLE twice_2 ();\nCREATE TABLE twice_3 ();');
CALL migrate.up(:'dir', project => 'twice');
SELECT relname FROM pg_class WHERE relnamespace = 'test'::regnamespace AND relkind = 'r' ORDER BY 1;
SELECT version, state, statements FROM migrate.status(:'dir', project => 'twice');
SELECT version, outcome, statements, error FROM migrate.history('twice');

-- an interrupted down migration continues, too
\set dir :scratch '/downs'
SELECT test.write('downs/1_downs.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE d_1 (); CREATE TABLE d_2 ();\n-- +goose Down\nDROP TABLE d_2;\nSELECT 1/0;\nDROP TABLE d_1;');
CALL migrate.up(:'dir', project => 'downs');
CALL migrate.down(project => 'downs');
SELECT version, state FROM migrate.status(:'dir', project => 'downs');
CALL migrate.up(:'dir', project => 'downs');
CALL migrate.down(project => 'downs');
SELECT test.write('downs/1_downs.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE d_1 (); CREATE TABLE d_2 ();\n-- +goose Down\nDROP TABLE d_2;\nDROP TABLE d_1;');
CALL migrate.down(dir => :'dir', project => 'downs');
SELECT version, direction, outcome, statements FROM migrate.history('downs');

-- an interrupted migration must be finished first
\set dir :scratch '/before'
SELECT test.write('before/1_a.sql', E'-- +goose Up\nCREATE TABLE before_1 ();\nCOMMIT;\nSELECT 1/0;\nBEGIN;');
SELECT test.write('before/2_b.sql', test.goose('CREATE TABLE before_2 ();'));
CALL migrate.up(:'dir', project => 'before');
CALL migrate.up(:'dir', versions => '{2}', project => 'before');
SELECT migrate.version('before');
SELECT version, action FROM migrate.repair(version => '1', state => 'pending', project => 'before');
-- read only, if a migration sets it, lasts until its end, and does not prevent its record
SELECT test.write('before/1_a.sql', E'-- +goose Up\nSET default_transaction_read_only = on; SET search_path = test;\nCOMMIT;\nBEGIN;\nSELECT 1;');
CALL migrate.up(:'dir', project => 'before');
SHOW default_transaction_read_only;
SHOW search_path;
CALL migrate.down(everything => true, force => true, project => 'before');
SELECT test.write('before/1_a.sql', E'-- +goose Up\nCREATE TABLE before_3 ();\nSET TRANSACTION READ ONLY;');
CALL migrate.up(:'dir', steps => 1, project => 'before');
SHOW transaction_read_only;
CALL migrate.down(force => true, project => 'before');
DROP TABLE before_3;
-- settings are restored even if the failure cannot be recorded
SELECT test.write('before/1_a.sql', E'-- +goose Up\nSET search_path = test;\nALTER TABLE migrate.history RENAME TO elsewhere;\nCOMMIT;\nBEGIN;\nSELECT 1/0;');
CALL migrate.up(:'dir', steps => 1, project => 'before');
SHOW search_path;
ALTER TABLE migrate.elsewhere RENAME TO history;
-- a statement that failed before it did anything left nothing to remove
SELECT version, action FROM migrate.repair(version => '1', state => 'pending', project => 'before');
SELECT test.write('before/1_a.sql', E'-- +goose Up\nCREATE INDEX CONCURRENTLY ON no_such_table (i);');
CALL migrate.up(:'dir', project => 'before');
SELECT version, state, done, started FROM migrate.applied WHERE project = 'before';

-- a procedure that failed after it committed: its effects are unknown
\set dir :scratch '/unknown'
CREATE PROCEDURE half() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO doubled VALUES (10); COMMIT; PERFORM 1/0; END $$;
CREATE PROCEDURE fails() LANGUAGE plpgsql AS $$ BEGIN PERFORM 1/0; END $$;
SELECT test.write('unknown/1_none.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCALL fails();');
CALL migrate.up(:'dir', project => 'unknown');
SELECT version, state FROM migrate.status(:'dir', project => 'unknown');
SELECT test.write('unknown/1_none.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCALL half();\nSELECT 1;');
CALL migrate.up(:'dir', project => 'unknown');
CALL migrate.up(:'dir', project => 'unknown');
SELECT version, action FROM migrate.repair(:'dir', version => '1', state => 'applied', project => 'unknown');
SELECT version, state FROM migrate.status(:'dir', project => 'unknown');

-- a new enum value is committed before it is used
\set dir :migrations '/bad/enum_use'
CALL migrate.up(:'dir', project => 'enum');

-- a tenant
\set dir :scratch '/d'
CREATE SCHEMA "Tenant 1";
CALL migrate.up(:'dir', schema => 'Tenant 1');
SELECT relname FROM pg_class WHERE relnamespace = '"Tenant 1"'::regnamespace ORDER BY 1;
CALL migrate.down(schema => 'Tenant 1', everything => true);
CALL migrate.up(:'dir', schema => 'nowhere');
-- adopting
CREATE TABLE two ();
CALL migrate.up(:'dir', adopt_existing => true);
SELECT version, outcome FROM migrate.history() LIMIT 3;
-- irreversible ones stop before anything runs
\set dir :scratch '/irreversible'
SELECT test.write('irreversible/1_a.sql', test.goose('SELECT 1;'));
SELECT test.write('irreversible/2_b.sql', test.goose('CREATE TABLE b ();', 'DROP TABLE b;'));
CALL migrate.up(:'dir', project => 'irreversible');
CALL migrate.down(project => 'irreversible');
CALL migrate.down(project => 'irreversible', force => true);
-- the lock timeout, with and without retries
\set dir :scratch '/d'
SET migrate.lock_retries = 2;
SET migrate.lock_retry_delay = '10ms';
SHOW migrate.lock_retry_delay;
-- what a procedure has committed is not repeated
CREATE TABLE committed (i int);
CREATE PROCEDURE commits_and_fails() LANGUAGE plpgsql AS $$BEGIN
	INSERT INTO committed VALUES (1);
	COMMIT;
	IF (SELECT count(*) FROM committed) < 3 THEN
		RAISE 'locked' USING ERRCODE = '55P03';
	END IF;
END$$;
CALL migrate.up(files => jsonb_build_object('1_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nCALL commits_and_fails();\n'), project => 'procedure');
SELECT count(*) FROM committed;
SELECT version, state FROM migrate.status(project => 'procedure');
DROP TABLE committed;
DROP PROCEDURE commits_and_fails();
RESET migrate.lock_retries;

-- what a hint says to call is for the history of the call, and can be copied as it is
CALL migrate.up(files => jsonb_build_object('1_a.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\nSELECT 1/0;\n'), project => 'it''s', schema => 'app');
CALL migrate.down(project => 'it''s', schema => 'app');
SELECT * FROM migrate.repair(version => '1', state => 'applied', project => 'it''s', schema => 'app');

SET client_min_messages = warning;
DROP OWNED BY regress_migrate_owner;
DROP SCHEMA app, test, "Tenant 1" CASCADE;
DROP EXTENSION migrate;
DROP ROLE regress_migrate_owner;
