--
-- atlas's checkpoints: in an empty history, the last one runs instead of what is before
-- it; later, none runs.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
\set dir 'test.made(\'ck\')'
CREATE VIEW test.states AS SELECT version, name, state, regexp_replace(detail, ' after 1 statement.*', '') AS detail FROM migrate.status(test.made('ck'));
SELECT test.write('ck/1_a.sql', 'CREATE TABLE a ();');
SELECT test.write('ck/2_b.sql', 'CREATE TABLE b ();');
SELECT test.write('ck/3_checkpoint.sql', E'-- atlas:checkpoint v1\n\nCREATE TABLE a (); CREATE TABLE b ();\nCREATE TABLE from_checkpoint ();');
SELECT test.write('ck/4_c.sql', 'CREATE TABLE c ();');
-- atlas.sum's hashes are those of all files
CREATE FUNCTION test.write_sum() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	sum text := '';
	line record;
	running text := '';
	total text := '';
BEGIN
	FOR line IN SELECT name, pg_read_file(test.made('ck/' || name)) AS content
		FROM pg_ls_dir(test.made('ck')) AS name WHERE name LIKE '%.sql' ORDER BY name COLLATE "C" LOOP
		running := running || line.name || line.content;
		sum := sum || line.name || ' h1:' || encode(sha256(convert_to(running, 'UTF8')), 'base64') || E'\n';
		total := total || line.name || encode(sha256(convert_to(running, 'UTF8')), 'base64');
	END LOOP;
	PERFORM test.write('ck/atlas.sum', 'h1:' || encode(sha256(convert_to(total, 'UTF8')), 'base64') || E'\n' || sum);
END
$$;
SELECT test.write_sum();

-- an empty history
SELECT * FROM test.states;
SELECT version, name, statement, note FROM migrate.plan(:dir);
SELECT version, name, statements FROM migrate.apply(:dir);
SELECT * FROM test.tables;
SELECT * FROM test.states;
SELECT sort_key FROM migrate.applied ORDER BY 1;
SELECT migrate.is_current(:dir), migrate.version();
-- what is late there is out of order only after it
SELECT test.write('ck/2a_late.sql', 'CREATE TABLE late ();');
SELECT test.remove('ck/atlas.sum');
SELECT test.try($$SELECT migrate.apply(test.made('ck'), format => 'atlas')$$);
SELECT test.remove('ck/2a_late.sql');
SELECT test.write('ck/3a_late.sql', 'CREATE TABLE late ();');
SELECT test.try($$SELECT migrate.apply(test.made('ck'), format => 'atlas')$$);
SELECT test.remove('ck/3a_late.sql');
-- a later checkpoint is skipped
SELECT test.write('ck/5_checkpoint.sql', E'-- atlas:checkpoint\n\nCREATE TABLE nonsense ();');
SELECT test.write('ck/6_d.sql', 'CREATE TABLE d ();');
SELECT test.write_sum();
SELECT version, name FROM migrate.apply(:dir);
SELECT * FROM test.states;
-- one that ran must not change
SELECT test.write('ck/3_checkpoint.sql', E'-- atlas:checkpoint v1\n\nCREATE TABLE other ();');
SELECT test.write_sum();
SELECT test.try($$SELECT migrate.apply(test.made('ck'))$$);
SELECT test.write('ck/3_checkpoint.sql', E'-- atlas:checkpoint v1\n\nCREATE TABLE a (); CREATE TABLE b ();\nCREATE TABLE from_checkpoint ();');
SELECT test.write_sum();
-- undone: nothing but what has run
SELECT test.try($$SELECT migrate.rollback()$$);
SELECT version FROM migrate.rollback(everything => true, force => true);
DROP TABLE a, b, c, d, from_checkpoint;

-- a target before it: what is after the target does not count
SELECT version FROM migrate.apply(:dir, target => '2');
SELECT * FROM test.states;
SELECT version FROM migrate.apply(:dir);
SELECT version FROM migrate.rollback(everything => true, force => true);
DROP TABLE a, b, c, d;
SELECT version, name FROM migrate.apply(:dir, target => '4');
SELECT * FROM test.tables;
SELECT version FROM migrate.rollback(everything => true, force => true);
DROP TABLE a, b, c, from_checkpoint;
-- a checkpoint, by its tag
SELECT version, name FROM migrate.apply(:dir, target => 'v1');
SELECT version FROM migrate.rollback(everything => true, force => true);
DROP TABLE a, b, from_checkpoint;
-- one after the other
SELECT version, name FROM migrate.apply(:dir, steps => 1);
SELECT version, name FROM migrate.apply(:dir, steps => 1);
SELECT version FROM migrate.rollback(everything => true, force => true);
DROP TABLE nonsense, d;

-- a baseline up to a version before the checkpoint, and after
SELECT version, name FROM migrate.baseline(:dir, '2');
SELECT version, name FROM migrate.apply(:dir);
SELECT version FROM migrate.rollback(everything => true, force => true);
SELECT count(*) FROM migrate.applied;
DROP TABLE c, d;
SELECT version, name FROM migrate.baseline(:dir, '6');
SELECT * FROM test.states;
SELECT migrate.repair(version => v, state => 'pending') FROM unnest('{5,6}'::text[]) v;

-- it commits in parts; interrupted, it goes on
SELECT test.write('ck/5_checkpoint.sql', E'-- atlas:txmode none\n-- atlas:checkpoint\n\nCREATE TABLE e ();\nSELECT 1/0;');
SELECT test.write_sum();
CALL migrate.up(:dir);
SELECT * FROM test.states;
SELECT test.write('ck/5_checkpoint.sql', E'-- atlas:txmode none\n-- atlas:checkpoint\n\nCREATE TABLE e ();\nSELECT 1;');
SELECT test.write_sum();
CALL migrate.up(:dir);
SELECT * FROM test.states;
SELECT version FROM migrate.rollback(everything => true, force => true);
DROP TABLE e, d;

-- no checkpoint: not in the comment at the head, or that is the comment of a statement
SELECT test.write('ck/5_checkpoint.sql', E'-- atlas:checkpoint\nCREATE TABLE e ();');
SELECT test.write('ck/3_checkpoint.sql', E'CREATE TABLE a2 ();\n\n-- atlas:checkpoint\n\nCREATE TABLE b2 ();');
SELECT test.write_sum();
SELECT version FROM migrate.apply(:dir);
SELECT version FROM migrate.rollback(everything => true, force => true);
DROP TABLE a, b, c, d, e, a2, b2;

-- nothing but a checkpoint; files from the client, by an ordinary role
CREATE ROLE regress_migrate_checkpoint;
GRANT ALL ON SCHEMA app TO regress_migrate_checkpoint;
GRANT USAGE ON SCHEMA migrate TO regress_migrate_checkpoint;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO regress_migrate_checkpoint;
SET ROLE regress_migrate_checkpoint;
SELECT version, name FROM migrate.apply(files => '{"1_a.sql": "CREATE TABLE a ();", "2_all.sql": "-- atlas:checkpoint\n\nCREATE TABLE a ();"}', project => 'client', format => 'atlas');
SELECT version, state FROM migrate.status(files => '{"1_a.sql": "CREATE TABLE a ();", "2_all.sql": "-- atlas:checkpoint\n\nCREATE TABLE a ();", "3_b.sql": ""}', project => 'client', format => 'atlas');
SELECT version, name FROM migrate.apply(files => '{"2_all.sql": "-- atlas:checkpoint"}', project => 'only', format => 'atlas');
-- and numbered files that are not detected as atlas's
SELECT version, name FROM migrate.apply(files => '{"1_a.sql": "CREATE TABLE a ();", "2_all.sql": "-- atlas:checkpoint\n\nCREATE TABLE plain ();"}', project => 'plain');
SELECT version, name FROM migrate.apply(files => '{"1_a.up.sql": "CREATE TABLE a ();", "1_a.down.sql": "", "2_all.up.sql": "-- atlas:checkpoint\n\nCREATE TABLE pairs ();", "2_all.down.sql": "DROP TABLE pairs;"}', project => 'pairs');
SELECT version, name FROM migrate.rollback(project => 'pairs');
RESET ROLE;
DROP OWNED BY regress_migrate_checkpoint CASCADE;
DROP ROLE regress_migrate_checkpoint;

-- adopted: the tool's rows are those of the checkpoint and of what follows
SELECT test.write('ck/3_checkpoint.sql', E'-- atlas:checkpoint v1\n\nCREATE TABLE a (); CREATE TABLE b ();');
SELECT test.write('ck/5_checkpoint.sql', E'-- atlas:checkpoint v1\n\nCREATE TABLE nonsense ();');
SELECT test.write_sum();
CREATE SCHEMA atlas_schema_revisions;
CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (version varchar PRIMARY KEY, description varchar, type bigint, applied bigint, total bigint, executed_at timestamptz, execution_time bigint, error text, error_stmt text, hash varchar, partial_hashes jsonb, operator_version varchar);
INSERT INTO atlas_schema_revisions.atlas_schema_revisions SELECT v, '', 2, 1, 1, '2024-01-01', 1, NULL, NULL, NULL, NULL, 'Atlas CLI' FROM unnest('{3,4}'::text[]) v;
SELECT version, name, note FROM migrate.adopt(:dir, project => 'adopted');
SELECT version, state, detail FROM migrate.status(:dir, project => 'adopted');
SELECT version FROM migrate.apply(:dir, project => 'adopted');
-- a baseline of atlas means the migrations, not the checkpoints
UPDATE atlas_schema_revisions.atlas_schema_revisions SET type = 1 WHERE version = '4';
DELETE FROM atlas_schema_revisions.atlas_schema_revisions WHERE version = '3';
SELECT version, name, note FROM migrate.adopt(:dir, project => 'baseline');
SELECT version, state, detail FROM migrate.status(:dir, project => 'baseline');
DROP SCHEMA atlas_schema_revisions CASCADE;
