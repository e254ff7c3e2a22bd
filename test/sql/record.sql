--
-- A run in one transaction writes its records together, which is not visible.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
-- a migration sees the records of its run, including those that it undoes later
SELECT test.write('seen/1_a.sql', E'-- +goose Up\nCREATE TABLE seen (at text, version text, name text, state text);\n-- +goose Down\nDROP TABLE seen;\n');
SELECT test.write('seen/2_b.sql', E'-- +goose Up\nINSERT INTO seen SELECT ''in 2'', version, name, state FROM migrate.status(project => ''seen'');\n-- +goose Down\nSELECT 1;\n');
SELECT test.write('seen/3_c.sql', E'-- +goose Up\nDO $$\nBEGIN\n\tPERFORM * FROM migrate.history(''seen'');\n\tRAISE division_by_zero;\nEXCEPTION WHEN division_by_zero THEN\n\tBEGIN\n\t\tINSERT INTO seen SELECT ''in 3'', version, name, state FROM migrate.status(project => ''seen'');\n\tEND;\nEND $$;\n-- +goose Down\nSELECT 1;\n');
SELECT test.write('seen/4_d.sql', E'-- +goose Up\nDO $$\nBEGIN\n\tPERFORM * FROM migrate.history(''seen'');\n\tBEGIN\n\t\tPERFORM * FROM migrate.history(''seen'');\n\t\tRAISE division_by_zero;\n\tEXCEPTION WHEN division_by_zero THEN NULL;\n\tEND;\nEND $$;\nINSERT INTO seen SELECT ''in 4'', version, direction, outcome FROM migrate.history(''seen'');\n-- +goose Down\nINSERT INTO seen SELECT ''undo 4'', version, name, state FROM migrate.status(project => ''seen'');\n');
SELECT version FROM migrate.apply(test.made('seen'), project => 'seen');
SELECT version FROM migrate.rollback(project => 'seen', steps => 2);
SELECT * FROM seen;
SELECT version, direction, outcome FROM migrate.history('seen');
SELECT version, state, a.history_id = h.id AS right_attempt FROM migrate.applied a JOIN migrate.history h USING (project, version) WHERE project = 'seen' AND direction = 'up' ORDER BY 1;
-- more records than are collected at once, and back
DO $do$
BEGIN
	EXECUTE format('COPY (SELECT 1 WHERE false) TO PROGRAM %L', format('mkdir "%1$s"; seq 1100 | awk ''{ f = "%1$s/" $1 "_m.sql"; printf "-- +goose Up\nSELECT %%d;\n-- +goose Down\nSELECT -%%d;\n", $1, $1 %% 7 >f; close(f) }''', test.made('many')));
END
$do$;
SET client_min_messages = warning;
SELECT count(*) FROM migrate.apply(test.made('many'), project => 'many');
SELECT count(*), count(DISTINCT history_id), min(version::int), max(version::int) FROM migrate.applied WHERE project = 'many';
SELECT bool_and(version::int = n) AS in_order FROM (SELECT version, row_number() OVER (ORDER BY history_id) n FROM migrate.applied WHERE project = 'many') a;
SELECT count(*) FROM migrate.script WHERE text ~ '^SELECT -\d;\n?$';
SELECT count(*) FROM migrate.rollback(project => 'many');
SELECT count(*) FROM migrate.applied WHERE project = 'many';
SELECT direction, count(*) FROM migrate.history('many') GROUP BY direction ORDER BY direction;
-- the tables' constraints are kept in the session; another one counts as soon as it is there
SELECT test.write('kept/1_a.sql', E'SELECT 1;\n');
SELECT test.write('kept/2_b.sql', E'SELECT 2;\n');
SELECT version FROM migrate.apply(test.made('kept'), project => 'kept', steps => 1);
ALTER TABLE migrate.applied ADD CONSTRAINT no_two CHECK (project <> 'kept' OR version <> '2');
\set VERBOSITY sqlstate
SELECT version FROM migrate.apply(test.made('kept'), project => 'kept');
\set VERBOSITY default
ALTER TABLE migrate.applied DROP CONSTRAINT no_two;
SELECT version FROM migrate.apply(test.made('kept'), project => 'kept');
-- a batch has a number of its own, whatever was undone, repaired or has failed before it
SELECT test.write('batch/1_a.sql', E'-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n');
SELECT test.write('batch/2_b.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\nSELECT 1 / 0;\n-- +goose Down\nSELECT 1;\n');
SELECT batch FROM migrate.apply(test.made('batch'), project => 'batch', steps => 1);
SELECT batch FROM migrate.rollback(project => 'batch');
SELECT batch FROM migrate.apply(test.made('batch'), project => 'batch', steps => 1);
\set VERBOSITY sqlstate
CALL migrate.up(test.made('batch'), project => 'batch');
\set VERBOSITY default
SELECT version, action FROM migrate.repair(version => '2', state => 'applied', project => 'batch');
SELECT batch FROM migrate.rollback(project => 'batch', everything => true);
SELECT batch FROM migrate.apply(test.made('batch'), project => 'batch', steps => 1);
SELECT version, direction, outcome, batch FROM migrate.history('batch');
-- each text is stored once, also where a script is its own way back
SELECT text FROM migrate.script GROUP BY text HAVING count(*) > 1;
-- triggers of the tables' owner fire, however many rows are written together
CREATE TABLE test.log (at text, version text);
CREATE FUNCTION test.log() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
	INSERT INTO test.log VALUES (lower(tg_when || ' ' || tg_table_name), new.version);
	IF tg_when = 'BEFORE' THEN
		new.name := new.name || '!';
	END IF;
	RETURN new;
END$$;
CREATE TRIGGER after_row AFTER INSERT ON migrate.applied FOR EACH ROW EXECUTE FUNCTION test.log();
CREATE TRIGGER before_row BEFORE INSERT ON migrate.history FOR EACH ROW EXECUTE FUNCTION test.log();
SELECT test.write('fired/1_a.sql', E'SELECT 1;\n');
SELECT test.write('fired/2_b.sql', E'SELECT 2;\n');
SELECT test.write('fired/3_c.sql', E'SELECT 2;\n');
SELECT version, name FROM migrate.apply(test.made('fired'), project => 'fired');
SELECT * FROM test.log;
SELECT version, name, outcome FROM migrate.history('fired');
DROP TRIGGER before_row ON migrate.history;
CREATE TRIGGER after_row AFTER INSERT ON migrate.history FOR EACH ROW EXECUTE FUNCTION test.log();
SELECT count(*) FROM migrate.apply(test.made('many'), project => 'fired many');
SELECT at, count(*), count(DISTINCT version) FROM test.log GROUP BY at ORDER BY at;
DROP TRIGGER after_row ON migrate.applied;
DROP TRIGGER after_row ON migrate.history;
-- more checks of the owner than are kept, and one that keeps something itself
DO $$BEGIN
	FOR i IN 90001..90020 LOOP
		EXECUTE format('ALTER TABLE migrate.history ADD CONSTRAINT no_%s CHECK (version <> %1$L)', i);
	END LOOP;
END$$;
ALTER TABLE migrate.applied ADD CONSTRAINT whole CHECK (pg_column_size(applied) > 0);
CALL migrate.up(test.made('fired'), project => 'many checks');
\set VERBOSITY sqlstate
CALL migrate.up(files => '{"90017_a.sql": "SELECT 1"}', project => 'many checks', format => 'plain');
\set VERBOSITY default
ALTER TABLE migrate.applied DROP CONSTRAINT whole;
DO $$BEGIN
	FOR i IN 90001..90020 LOOP
		EXECUTE format('ALTER TABLE migrate.history DROP CONSTRAINT no_%s', i);
	END LOOP;
END$$;
-- a table that is another one than the extension has created is refused, and not misread
CREATE FUNCTION test.altered(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	call text;
	said text;
	states text[];
BEGIN
	EXECUTE change;
	FOREACH call IN ARRAY ARRAY['migrate.status(project => ''seen'')', 'migrate.history(''seen'')',
								'migrate.status_schemas(files => ''{"1_a.sql": "SELECT 1"}'', project => ''seen'')',
								'migrate.apply(files => ''{"1_a.sql": "SELECT 1", "2_b.sql": "SELECT 2"}'', project => ''altered'')',
								'migrate.repair(version => ''1'', state => ''pending'', project => ''seen'')',
								'migrate.rollback(project => ''seen'')',
								'migrate.drift(''seen'')'] LOOP
		SELECT t INTO said FROM test.try('SELECT count(*) FROM ' || call) t LIMIT 1;
		states := states || split_part(said, ':', 1);
		IF said LIKE 'XX%' THEN
			RAISE '%', said;
		END IF;
	END LOOP;
	RAISE SQLSTATE 'TE001';
EXCEPTION WHEN SQLSTATE 'TE001' THEN
	RETURN array_to_string(states, ', ');
END
$$;
SET migrate.record_objects = on;
SELECT count(*) FROM migrate.apply(files => '{"1_a.sql": "SELECT 1"}', project => 'altered');
RESET migrate.record_objects;
SELECT change, test.altered('ALTER TABLE migrate.' || change) FROM unnest(ARRAY[
	'applied ALTER version TYPE int USING 1', 'applied ALTER batch TYPE text', 'applied ALTER sort_key TYPE bytea USING sort_key::bytea',
	'applied ALTER invalid_indexes TYPE text USING NULL', 'applied ALTER up_vars TYPE json', 'applied ALTER name DROP NOT NULL',
	'history ALTER batch TYPE text', 'history ALTER batch TYPE bigint', 'history ALTER duration TYPE text', 'history ALTER client_addr TYPE text',
	'history ALTER error TYPE int USING NULL', 'history ALTER started_at DROP NOT NULL',
	'script ALTER text TYPE int USING 1', 'script ALTER bytes TYPE text', 'object ALTER definition TYPE int USING 1',
	'applied ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', 'applied ENABLE ROW LEVEL SECURITY, OWNER TO pg_database_owner',
	'applied ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, OWNER TO pg_database_owner']) change;
-- so is a value that no run has written
SELECT count(*) FROM migrate.apply(files => '{"1_a.sql": "SELECT 1"}', project => 'by hand');
UPDATE migrate.applied SET done = -7, state = 'interrupted up' WHERE project = 'by hand';
CALL migrate.up(files => '{"1_a.sql": "SELECT 1"}', project => 'by hand');
UPDATE migrate.applied SET done = 0, up_sha256 = '' WHERE project = 'by hand';
SELECT test.try($$SELECT migrate.status(project => 'by hand')$$);
-- the file has lost the statement that was interrupted, its last one
CREATE TABLE twice (i int);
INSERT INTO twice VALUES (1), (1);
\set VERBOSITY sqlstate
CALL migrate.up(files => '{"1_a.sql": "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\nCREATE UNIQUE INDEX CONCURRENTLY ON twice (i);\n-- +goose Down\nSELECT 1;\nSELECT 2;\n"}', project => 'lost');
\set VERBOSITY default
SELECT done, started FROM migrate.applied WHERE project = 'lost';
CALL migrate.up(files => '{"1_a.sql": "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\nSELECT 2;\n"}', project => 'lost');
UPDATE migrate.applied SET state = 'interrupted down', done = 2, started = true, invalid_indexes = '{0}' WHERE project = 'lost';
CALL migrate.down(project => 'lost');
-- so is a table with a rule, where that counts
CREATE RULE nothing AS ON UPDATE TO migrate.applied DO INSTEAD NOTHING;
SELECT test.try($$SELECT migrate.repair(files => '{"1_a.sql": "SELECT 3"}', project => 'altered')$$);
SELECT test.try($$SELECT migrate.repair(version => '1', state => 'pending', project => 'altered')$$);
DROP RULE nothing ON migrate.applied;
-- a migration that replaces the routine that runs it, as ALTER EXTENSION ... UPDATE may
CALL migrate.up(files => '{"1_a.sql": "DROP EXTENSION migrate; CREATE EXTENSION migrate", "2_b.sql": "SELECT 2"}');
CREATE SCHEMA tenant;
CALL migrate.up_schemas(files => '{"1_a.sql": "DROP EXTENSION migrate; CREATE EXTENSION migrate"}', schemas => '{tenant}', project => 'tenants');
DROP SCHEMA tenant;
SELECT project, version, state FROM migrate.applied ORDER BY project, version;
DROP SCHEMA app, test CASCADE;
DROP EXTENSION migrate;
