--
-- repair() with a version and a state, in all kinds of directories.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- one of each format, by its identifier: applied, again, status, pending, again
CREATE TABLE test.names (project text, dir text, format text, name text);
INSERT INTO test.names VALUES
	('goose', 'goose_long', NULL, '2'),
	('pairs', 'pairs', NULL, '002_create_readings'),
	('updown', 'updown', NULL, '002_campaigns.sql'),
	('flyway', 'flyway', NULL, '1.1'),
	('flyway R', 'flyway', NULL, 'R_lighthouse_names'),
	('flyway R file', 'flyway', NULL, 'R__lighthouse_names.sql'),
	('liquibase', 'liquibase', NULL, 'ada:first-seeds'),
	('liquibase file', 'liquibase', NULL, '001_seeds.sql'),
	('sqitch', 'sqitch', NULL, '@v1.0'),
	('prisma', 'prisma', NULL, '20240112140000_loaves'),
	('diesel', 'diesel', NULL, '2024-03-09-171500_create_harvests/up.sql'),
	('drizzle', 'drizzle', NULL, '0001'),
	('graphile', 'graphile-migrate', NULL, '2'),
	('sql-migrate', 'sql-migrate', NULL, '2'),
	('sql-migrate file', 'sql-migrate', NULL, '2_stall_fees.sql'),
	('node-pg-migrate', 'node-pg-migrate', NULL, '20240305100000000'),
	('supabase', 'supabase', 'supabase', '20240118093000_create_ingredients');
CREATE FUNCTION test.repair(n test.names, state text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT format('%s "%s": %s', r.version, r.name, r.action)
			FROM migrate.repair(test.dir(n.dir), n.name, repair.state, n.project, format => n.format) r);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;
SET client_min_messages = error;
SELECT n.project, test.repair(n, 'applied') FROM test.names n;
SELECT n.project, test.repair(n, 'applied') FROM test.names n;
SELECT n.project, s.version, s.name, s.state, s.statements FROM test.names n, migrate.status(test.dir(n.dir), n.project, format => n.format) s WHERE s.state = 'applied';
SELECT n.project, test.repair(n, 'pending') FROM test.names n;
SELECT n.project, test.repair(n, 'pending') FROM test.names n;
SELECT count(*) FROM test.names n, migrate.status(test.dir(n.dir), n.project, format => n.format) s WHERE s.state = 'applied';
SELECT direction, outcome, count(*) FROM migrate.history h GROUP BY 1, 2 ORDER BY 1, 2;
SELECT direction, outcome FROM migrate.history('liquibase') h ORDER BY id;
RESET client_min_messages;
SELECT * FROM test.tables;

-- a changed repeatable migration: to run again, or not
SELECT test.write('r/V1__a.sql', 'CREATE TABLE a ();');
SELECT test.write('r/R__v.sql', 'CREATE OR REPLACE VIEW v AS SELECT 1 AS one;');
SELECT version FROM migrate.apply(test.made('r'));
SELECT test.write('r/R__v.sql', 'CREATE OR REPLACE VIEW v AS SELECT 2 AS one;');
SELECT version, name, state FROM migrate.status(test.made('r'));
SELECT * FROM migrate.repair(test.made('r'));
SELECT * FROM migrate.repair(test.made('r'), 'R_v', 'applied');
SELECT version, name, state FROM migrate.status(test.made('r'));
SELECT * FROM v;
SELECT * FROM migrate.repair(test.made('r'), 'R_v', 'pending');
SELECT version FROM migrate.apply(test.made('r'));
SELECT * FROM v;

-- a migration without its file, without the directory
SELECT * FROM migrate.repair(version => '1', state => 'pending');
SELECT version, name, state FROM migrate.status();
SELECT test.try($$SELECT * FROM migrate.repair(version => '1', state => 'applied')$$);
SELECT test.try($$SELECT * FROM migrate.repair(test.made('r'), '1', 'baseline')$$);
SELECT test.try($$SELECT * FROM migrate.repair(test.made('r'), '1')$$);
