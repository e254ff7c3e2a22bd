--
-- check(): what the rules find about statements that are to run.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = warning;
SET TimeZone = 'UTC';

-- the same table three times: large, small and empty
CREATE DOMAIN checked AS int CHECK (VALUE > 0);
CREATE DOMAIN plain AS int;
CREATE TABLE other (id int PRIMARY KEY, filler text);
CREATE FUNCTION test.make(name text, rows int) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	EXECUTE format('CREATE TABLE %1$I (id int CONSTRAINT %1$s_id PRIMARY KEY, a int, b varchar(20), n numeric(10,2), ts timestamp, d plain,
		ck int CONSTRAINT %1$s_ck CHECK (ck IS NOT NULL), nv int, rid int CONSTRAINT %1$s_fk REFERENCES other)', name);
	EXECUTE format('ALTER TABLE %1$s ADD CONSTRAINT %1$s_nv CHECK (nv IS NOT NULL) NOT VALID', name);
	EXECUTE format('INSERT INTO %I SELECT g, g, ''x'', 1, now(), 1, 1, 1, NULL FROM generate_series(1, %s) g', name, rows);
	EXECUTE format('CREATE INDEX %1$s_b ON %1$s (b); CREATE UNIQUE INDEX %1$s_a ON %1$s (a);
		CREATE MATERIALIZED VIEW %1$s_mv AS SELECT id, repeat(''x'', 100) AS filler FROM %1$s', name);
END
$$;
SELECT test.make('big', 10000), test.make('small', 10), test.make('bare', 0);
INSERT INTO other SELECT g, repeat('x', 100) FROM generate_series(1, 10000) g;
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE big_part (id int); INSERT INTO big_part SELECT generate_series(1, 10000);
CREATE TABLE small_part (id int); INSERT INTO small_part VALUES (1);
CREATE TABLE bare_part (id int);
CREATE TABLE fitting_part (id int NOT NULL CHECK (id >= 0 AND id < 20000)); INSERT INTO fitting_part SELECT generate_series(1, 10000);
ANALYZE;
SET migrate.large_table = '200kB';
SET lock_timeout = '5s';

-- what is found in a script, without the sizes
CREATE FUNCTION test.found(sql text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(severity || ' ' || rule || CASE WHEN relation <> 'app.big' THEN ' ' || relation ELSE '' END, ', '), '-')
	FROM migrate.check(files => jsonb_build_object('1_one.sql', sql), format => 'plain')
	-- of big_nv, which each statement would find
	WHERE rule <> 'not-validated' $$;

-- each rule: on a large table; a small, an empty and a new one must not be found
CREATE TABLE test.statements (n int GENERATED ALWAYS AS IDENTITY, sql text);
INSERT INTO test.statements (sql) VALUES
	('CREATE INDEX ON big (a)'),
	('CREATE INDEX CONCURRENTLY ON big (a)'),
	('DROP INDEX big_b'),
	('DROP INDEX CONCURRENTLY big_b'),
	('REINDEX TABLE big'),
	('REINDEX TABLE CONCURRENTLY big'),
	('ALTER TABLE big ADD UNIQUE (a)'),
	('ALTER TABLE big ADD x int UNIQUE'),
	('ALTER TABLE big ADD UNIQUE USING INDEX big_a'),
	('ALTER TABLE big DROP CONSTRAINT big_id, ADD PRIMARY KEY USING INDEX big_a'),
	('ALTER TABLE big ADD EXCLUDE (a WITH =)'),
	('ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES other'),
	('ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES other NOT VALID'),
	('CREATE TABLE z (id int REFERENCES big)'),
	('ALTER TABLE big DROP CONSTRAINT big_fk'),
	('ALTER TABLE big ADD CHECK (a > 0)'),
	('ALTER TABLE big ADD CHECK (a > 0) NOT VALID'),
	('ALTER TABLE big ALTER a SET NOT NULL'),
	('ALTER TABLE big ALTER ck SET NOT NULL'),
	('ALTER TABLE big ALTER nv SET NOT NULL'),
	('ALTER TABLE big VALIDATE CONSTRAINT big_nv; ALTER TABLE big ALTER nv SET NOT NULL'),
	('ALTER TABLE big ADD x int NOT NULL'),
	('ALTER TABLE big ADD x int NOT NULL DEFAULT 1'),
	('ALTER TABLE big ADD x timestamptz DEFAULT now()'),
	('ALTER TABLE big ADD x timestamptz DEFAULT clock_timestamp()'),
	('ALTER TABLE big ADD x bigserial'),
	('ALTER TABLE big ADD x int GENERATED ALWAYS AS (a + 1) STORED'),
	('ALTER TABLE big ADD x checked'),
	('ALTER TABLE big ADD x plain'),
	('ALTER TABLE big ALTER a TYPE bigint'),
	('ALTER TABLE big ALTER b TYPE varchar(40)'),
	('ALTER TABLE big ALTER b TYPE varchar(10)'),
	('ALTER TABLE big ALTER ts TYPE timestamptz'),
	('SET TimeZone = ''Europe/Paris''; ALTER TABLE big ALTER ts TYPE timestamptz'),
	('ALTER TABLE big ALTER b TYPE varchar(20) COLLATE "POSIX"'),
	('ALTER TABLE big SET UNLOGGED'),
	('CLUSTER big USING big_b'),
	('VACUUM FULL big'),
	('ALTER TABLE parts ATTACH PARTITION big_part FOR VALUES FROM (0) TO (20000)'),
	('ALTER TABLE big DROP b'),
	('ALTER TABLE big RENAME TO big2; ALTER TABLE big2 DROP b'),
	('DROP TABLE big CASCADE'),
	('TRUNCATE big; ALTER TABLE big ALTER a TYPE bigint'),
	('REFRESH MATERIALIZED VIEW big_mv'),
	('ALTER TABLE big ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE big VALIDATE CONSTRAINT c'),
	('UPDATE big SET a = 1'),
	('UPDATE big SET a = 1 WHERE id BETWEEN 1 AND 10'),
	('ALTER TABLE big ADD x int; DELETE FROM big'),
	('ALTER TABLE big ADD x int; ALTER TABLE other ADD x int');
SELECT n, sql, test.found(sql) FROM test.statements ORDER BY n;
-- nothing of a small, an empty or a new table
SELECT s.n, t, test.found(replace(s.sql, 'big', t)) FROM test.statements s, unnest('{small,bare}'::text[]) t
WHERE test.found(replace(s.sql, 'big', t)) ~ t ORDER BY 1, 2;
SELECT n, test.found(E'CREATE TABLE new (LIKE big INCLUDING ALL);\nCREATE TABLE new_part (id int);\n' || replace(sql, 'big', 'new'))
FROM test.statements WHERE test.found(E'CREATE TABLE new (LIKE big INCLUDING ALL);\nCREATE TABLE new_part (id int);\n' || replace(sql, 'big', 'new')) ~ 'new' ORDER BY 1;
SELECT test.found('ALTER TABLE parts ATTACH PARTITION fitting_part FOR VALUES FROM (0) TO (20000)');
CREATE TABLE detached (id int) PARTITION BY RANGE (id);
CREATE TABLE detached_1 PARTITION OF detached FOR VALUES FROM (0) TO (20000);
SELECT test.found('ALTER TABLE detached DETACH PARTITION detached_1');
INSERT INTO detached SELECT generate_series(1, 10000);
SELECT test.found('ALTER TABLE detached DETACH PARTITION detached_1'), test.found('ALTER TABLE detached DETACH PARTITION detached_1 CONCURRENTLY');
DROP TABLE detached;
SELECT test.found('DROP TABLE big; CREATE TABLE big (a int); CREATE INDEX ON big (a)');
SELECT test.found('ALTER DOMAIN plain ADD CHECK (VALUE > 0)'), test.found('ALTER DOMAIN plain ADD CHECK (VALUE > 0) NOT VALID');
SELECT test.found('DO $$ BEGIN END $$');

-- no function of a user runs
CREATE FUNCTION boom(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'it has run'; END $$;
SELECT test.found('ALTER TABLE big ALTER a TYPE bigint USING boom(1)'), test.found('ALTER TABLE big ADD x int DEFAULT boom(1)'),
	test.found('ALTER TABLE parts ATTACH PARTITION big_part FOR VALUES FROM (boom(1)) TO (20000)');
-- a statement that cannot work: the name is that of a table
SELECT test.found('ALTER INDEX parts ATTACH PARTITION big_part'), test.found('ALTER SEQUENCE big OWNED BY big.a'), test.found('ALTER TABLE big ATTACH PARTITION other DEFAULT');
-- an error of a statement is not raised
SELECT rule, message FROM migrate.check(files => jsonb_build_object('1_one.sql', 'ALTER TABLE big ADD x int DEFAULT gone()'), format => 'plain');

-- the lock timeout in force
RESET lock_timeout;
SELECT test.found('ALTER TABLE big ADD x int'), test.found('ALTER TABLE small ADD x int'),
	test.found('SET lock_timeout = 100; ALTER TABLE big ADD x int'),
	test.found('BEGIN; SET LOCAL lock_timeout = 100; ALTER TABLE big ADD x int; COMMIT; BEGIN; ALTER TABLE big ADD y int; COMMIT');
-- what a script sets has no effect here
SHOW lock_timeout;
SET lock_timeout = '5s';

-- all columns
SELECT version, name, transaction, statement, file, line, command, rule, severity, relation, regexp_replace(message, '\([0-9].*', '(SIZE)') AS message, hint
FROM migrate.check(files => jsonb_build_object('1_one.sql', E'SELECT 1;\n\nCREATE INDEX ON big (a);', '2_two.sql', 'CREATE TABEL x ()'), format => 'plain');

-- comments that allow something
SELECT test.found(E'-- migrate: allow create-index nobody works at night\nCREATE INDEX ON big (a);');
SELECT test.found(E'CREATE INDEX ON big (a);\n-- migrate:allow create-index again\n-- another comment\n  CREATE INDEX ON big (a);');
SELECT test.found(E'-- migrate: allow create-index not directly above\n\nCREATE INDEX ON big (a);');
SELECT line, rule, severity, message, hint FROM migrate.check(files => jsonb_build_object('1_one.sql',
	E'-- migrate: allow create-index\nCREATE INDEX ON big (a);\n-- migrate: allow create-indexes typo\nSELECT 1;\n-- migrate: allow add-check useless\nSELECT 2;\n-- migrate: allow\nSELECT 3;'), format => 'plain')
WHERE rule <> 'create-index';
SELECT line, rule, severity, message FROM migrate.check(files => jsonb_build_object('1_one.sql',
	E'-- migrate: alow create-index typo\n-- Migrate: users move to accounts\n-- migrate:up\nSELECT 1;\n-- migrate: allow misspelt-marker\nSELECT 2;\n-- migrate: allow create-index no statement follows\n'), format => 'plain');
-- the guard against misspelt markers: used, and not used
SELECT version, line, statement, rule, message FROM migrate.check(files => jsonb_build_object('1_one.sql', E'-- +goose Up\nCREATE TABLE a ();\n-- migrate: allow misspelt-marker the word is the name of a table\n-- down\nCREATE TABLE down ();',
	'2_two.sql', E'-- +goose Up\nCREATE TABLE b ();\n-- migrate: allow misspelt-marker useless\nCREATE TABLE up ();'));

-- what only the end of the plan decides, and what is not about a relation as a whole
CREATE TABLE test.more (n int GENERATED ALWAYS AS IDENTITY, sql text);
-- both of a large table: the first is found, and the second is not
INSERT INTO test.more (sql) VALUES
	('ALTER TABLE big ADD CONSTRAINT k FOREIGN KEY (d) REFERENCES other NOT VALID'),
	('ALTER TABLE big ADD CONSTRAINT k FOREIGN KEY (d) REFERENCES other NOT VALID; CREATE INDEX CONCURRENTLY ON big (d, a)'),
	('CREATE INDEX CONCURRENTLY ON big (d); ALTER TABLE big ADD CONSTRAINT k FOREIGN KEY (d) REFERENCES other NOT VALID'),
	('CREATE INDEX CONCURRENTLY big_n ON big (a)'),
	('CREATE INDEX CONCURRENTLY big_n ON big (a); DROP INDEX CONCURRENTLY big_a'),
	('CREATE INDEX CONCURRENTLY ON big (a, b)'),
	('CREATE INDEX CONCURRENTLY ON big (a DESC)'),
	('CREATE INDEX CONCURRENTLY ON big (a) WHERE a > 0'),
	('CREATE INDEX CONCURRENTLY ON big (a) INCLUDE (b)'),
	('CREATE UNIQUE INDEX CONCURRENTLY ON big (b)'),
	('CREATE INDEX CONCURRENTLY ON big (b varchar_pattern_ops)'),
	('CREATE INDEX CONCURRENTLY ON big USING hash (a)'),
	('ALTER TABLE big DROP CONSTRAINT big_id'),
	('ALTER TABLE big DROP id'),
	('ALTER TABLE big DROP CONSTRAINT big_id; ALTER TABLE big ADD PRIMARY KEY USING INDEX big_a'),
	('ALTER TABLE big ENABLE ROW LEVEL SECURITY'),
	('ALTER TABLE big ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON big USING (true)'),
	('CREATE POLICY p ON big USING (true); ALTER TABLE big ENABLE ROW LEVEL SECURITY'),
	('ALTER TABLE big ENABLE ROW LEVEL SECURITY; ALTER TABLE big DISABLE ROW LEVEL SECURITY'),
	('CREATE POLICY p ON big USING (true)'),
	('ALTER TABLE big ALTER b TYPE text'),
	('ALTER TABLE big ALTER b TYPE text; ANALYZE big'),
	('ALTER TABLE big ALTER b TYPE text; ANALYZE'),
	('ALTER TABLE big ALTER b TYPE text; VACUUM (ANALYZE) big'),
	('ALTER TABLE big SET (autovacuum_enabled = off)'),
	('ALTER TABLE big SET (autovacuum_enabled = on, fillfactor = 90)'),
	('GRANT SELECT ON big TO PUBLIC'),
	('GRANT SELECT ON ALL TABLES IN SCHEMA app TO PUBLIC'),
	('GRANT REFERENCES ON big TO PUBLIC'),
	('ALTER TABLE big RENAME a TO aa'),
	('ALTER TABLE big SET SCHEMA public'),
	('ALTER SCHEMA app RENAME TO app2; ALTER TABLE app2.big DROP b'),
	('ALTER TABLE big RENAME CONSTRAINT big_fk TO big_fk2'),
	('ALTER TABLE big ADD CHECK (a > 0); ALTER TABLE big ADD CHECK (a > 1)'),
	('ALTER TABLE big ADD CHECK (a > 0), ADD CHECK (a > 1)'),
	('ALTER TABLE big ADD CHECK (a > 0); COMMIT; BEGIN; ALTER TABLE big ADD CHECK (a > 1)'),
	('ALTER TABLE big ADD x int; CREATE INDEX ON other (filler)'),
	('ALTER TABLE big ADD x int; CREATE INDEX ON big (d)'),
	('CREATE INDEX ON big (d); ALTER TABLE big ADD x int'),
	('CREATE TRIGGER tr BEFORE UPDATE ON big FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()');
SELECT n, sql, test.found(sql) FROM test.more ORDER BY n;
SELECT s.n, t, test.found(replace(s.sql, 'big', t)) FROM test.more s, unnest('{small,bare}'::text[]) t
WHERE test.found(replace(s.sql, 'big', t)) ~ t ORDER BY 1, 2;
SELECT n, test.found(E'CREATE TABLE new (LIKE big INCLUDING ALL);\n' || replace(sql, 'big', 'new')) FROM test.more
WHERE test.found(E'CREATE TABLE new (LIKE big INCLUDING ALL);\n' || replace(sql, 'big', 'new')) ~ 'new' ORDER BY 1;
-- two migrations; a comment above the statement that has left it open
SELECT version, line, rule FROM migrate.check(files => '{"1_one.sql": "SELECT 1;\nALTER TABLE big ADD CONSTRAINT k FOREIGN KEY (d) REFERENCES other NOT VALID;",
	"2_two.sql": "SELECT 2;"}', format => 'plain') WHERE rule <> 'not-validated';
SELECT version, line, rule FROM migrate.check(files => '{"1_one.sql": "SELECT 1;\nALTER TABLE big ADD CONSTRAINT k FOREIGN KEY (d) REFERENCES other NOT VALID;",
	"2_two.sql": "-- migrate: allow create-index for a moment\nCREATE INDEX ON big (d);"}', format => 'plain') WHERE rule <> 'not-validated';
SELECT test.found(E'-- migrate: allow rename planned\n-- migrate: allow foreign-key-index other never loses rows\nALTER TABLE big ADD CONSTRAINT k FOREIGN KEY (d) REFERENCES other NOT VALID');

-- published tables
SET client_min_messages = error;
CREATE PUBLICATION regress_migrate_check FOR TABLE big, small;
SET client_min_messages = warning;
SELECT sql, test.found(sql) FROM unnest(ARRAY['ALTER TABLE big DROP CONSTRAINT big_id', 'ALTER TABLE big REPLICA IDENTITY NOTHING', 'ALTER TABLE big REPLICA IDENTITY FULL; ALTER TABLE big DROP CONSTRAINT big_id',
	'ALTER TABLE big DROP CONSTRAINT big_id, ADD PRIMARY KEY USING INDEX big_a', 'ALTER TABLE small DROP CONSTRAINT small_id', 'ALTER TABLE other REPLICA IDENTITY NOTHING']) sql;
DROP PUBLICATION regress_migrate_check;

-- CASCADE
CREATE VIEW seen AS SELECT b FROM big;
CREATE VIEW seen_too AS SELECT * FROM seen;
CREATE TYPE mood AS ENUM ('fine');
CREATE FUNCTION moody(mood) RETURNS mood LANGUAGE sql RETURN $1;
ALTER TABLE other ADD m mood, ADD c int DEFAULT 1;
CREATE TABLE child (m mood) INHERITS (small);
CREATE SCHEMA test2;
CREATE TABLE test2.big AS SELECT * FROM big;
CREATE VIEW seen_there AS SELECT 1 FROM test2.big;
SELECT sql, rule, relation, regexp_replace(message, ' \([0-9].*', '') AS message FROM unnest(ARRAY['DROP VIEW seen CASCADE', 'DROP VIEW seen_too CASCADE', 'ALTER TABLE big DROP b CASCADE', 'ALTER TABLE big DROP b',
	'DROP TYPE mood CASCADE', 'DROP FUNCTION moody CASCADE', 'DROP TABLE small CASCADE', 'DROP SCHEMA test2 CASCADE', 'ALTER TABLE other DROP CONSTRAINT other_pkey CASCADE',
	'DROP TABLE IF EXISTS gone CASCADE', 'CREATE TABLE new (a int); CREATE VIEW v AS SELECT a FROM new; DROP TABLE new CASCADE', 'DROP SCHEMA test2 CASCADE; CREATE INDEX ON test2.big (a)']) sql,
	migrate.check(files => jsonb_build_object('1_one.sql', sql), format => 'plain') WHERE rule <> 'not-validated' ORDER BY sql COLLATE "C", rule COLLATE "C", relation COLLATE "C";
DROP SCHEMA test2 CASCADE;

-- what is used
SELECT test.found('DROP INDEX CONCURRENTLY big_b');
SET enable_seqscan = off;
SELECT count(*) FROM big WHERE b = 'x';
RESET enable_seqscan;
SELECT pg_stat_force_next_flush();
SELECT test.found('DROP INDEX CONCURRENTLY big_b');
SELECT message ~ '\(\d+ kB, \d+ scans? counted\)$' FROM migrate.check(files => '{"1_one.sql": "DROP TABLE big CASCADE"}') WHERE rule = 'drop-table';

-- functions, views, names, extensions
SELECT sql, rule, severity, message FROM unnest(ARRAY['CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS ''SELECT 1''', 'CREATE FUNCTION g() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = app, pg_temp AS ''SELECT 1''',
	'CREATE FUNCTION h() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1', 'CREATE FUNCTION i() RETURNS int LANGUAGE sql AS ''SELECT 1''',
	'ALTER TABLE big ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON big USING (true); CREATE VIEW v AS SELECT * FROM (SELECT 1) x, big',
	'ALTER TABLE big ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON big USING (true); CREATE VIEW w WITH (security_invoker) AS SELECT * FROM big',
	'ALTER TABLE small ENABLE ROW LEVEL SECURITY; CREATE VIEW y AS SELECT * FROM small', 'CREATE VIEW z AS SELECT * FROM big', 'ALTER EXTENSION migrate UPDATE',
	'CREATE TABLE ' || repeat('n', 64) || ' ()', 'CREATE TABLE "' || repeat('n ', 32) || '" ()', 'CREATE TABLE ' || repeat('n', 63) || ' ()', 'CREATE TABLE "' || repeat('n ', 20) || '""' || repeat(' n', 20) || '" ()', 'SELECT ''' || repeat('n', 64) || '''']) sql,
	migrate.check(files => jsonb_build_object('1_one.sql', sql), format => 'plain') WHERE rule <> 'not-validated';
-- row security of a temporary table is nobody else's
CREATE TEMP TABLE secret (id int);
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
INSERT INTO secret VALUES (1);
SELECT test.found('CREATE TEMP VIEW v AS SELECT * FROM secret');
DROP TABLE secret;

-- several foreign keys of a statement, with a name and without
SELECT sql, rule, message FROM unnest(ARRAY['ALTER TABLE big ADD FOREIGN KEY (c) REFERENCES small, ADD CONSTRAINT named FOREIGN KEY (filler) REFERENCES small',
	'ALTER TABLE big ADD FOREIGN KEY (c) REFERENCES small, ADD FOREIGN KEY (filler) REFERENCES small']) sql,
	migrate.check(files => jsonb_build_object('1_one.sql', sql), format => 'plain') WHERE rule LIKE '%index%';

-- the owner of new tables
CREATE ROLE regress_migrate_owner;
CREATE SCHEMA owned;
CREATE TABLE owned.a ();
ALTER TABLE owned.a OWNER TO regress_migrate_owner;
SELECT test.found('CREATE TABLE owned.b ()'), test.found('SET ROLE regress_migrate_owner; CREATE TABLE owned.b ()'), test.found('CREATE TABLE owned.b (); ALTER TABLE owned.b OWNER TO regress_migrate_owner'),
	test.found('CREATE TABLE owned.b (); ALTER TABLE owned.c OWNER TO regress_migrate_owner'), test.found('CREATE TABLE b ()'), test.found('CREATE TEMP TABLE b ()'), test.found('CREATE TABLE gone.b ()');
-- names of settings are those of core in any case, and what names no role is core's to refuse
SELECT test.found('SET "ROLE" = regress_migrate_owner; CREATE TABLE owned.b ()'), test.found('SET role = 5; CREATE TABLE owned.b ()');
CREATE TABLE owned.c ();
SELECT test.found('CREATE TABLE owned.b ()');
DROP SCHEMA owned CASCADE;
DROP ROLE regress_migrate_owner;

-- what earlier runs have left
ALTER TABLE other ADD CONSTRAINT c_low CHECK (c < 10) NOT VALID;
INSERT INTO other VALUES (-1, 'x', NULL, 1), (-2, 'x', NULL, 1);
\set VERBOSITY sqlstate
CREATE UNIQUE INDEX CONCURRENTLY other_filler ON other (filler);
\set VERBOSITY default
SELECT sql, rule, message FROM unnest(ARRAY['ALTER TABLE other ADD x int; ALTER TABLE other ADD y int', 'ALTER TABLE other VALIDATE CONSTRAINT c_low; REINDEX INDEX CONCURRENTLY other_filler', 'ALTER TABLE other DROP CONSTRAINT c_low; DROP INDEX CONCURRENTLY other_filler',
	'SELECT * FROM other']) sql,
	migrate.check(files => jsonb_build_object('1_one.sql', sql), format => 'plain') WHERE severity = 'note';

-- an ordinary role, a read-only transaction; the setting is not for that role
CREATE ROLE regress_migrate_check;
GRANT USAGE ON SCHEMA migrate, test, app TO regress_migrate_check;
GRANT EXECUTE ON FUNCTION migrate.check TO regress_migrate_check;
SET ROLE regress_migrate_check;
BEGIN READ ONLY;
SELECT test.found('CREATE INDEX ON big (a)');
-- it keeps no locks on the relations that it checked
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'app.big'::regclass;
COMMIT;
SELECT test.try('SET migrate.large_table = 0');
RESET ROLE;
DROP OWNED BY regress_migrate_check;
DROP ROLE regress_migrate_check;
-- nothing has happened
SELECT count(*) FROM pg_indexes WHERE tablename = 'big';
SELECT count(*) FROM migrate.history();
