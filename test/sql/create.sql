--
-- create(): the next file of a directory.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- the name of the new file, with times replaced by their kind
CREATE FUNCTION test.mask(path text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(replace(path, current_setting('test.scratch') || '/', ''),
		'(?<![0-9])20\d\d(-?)\d\d(-?)\d\d(-?)\d{6}(-?)(\d{4})?(?=[_/])', '<time\1\2\3\4\5>'),
		'(?<![0-9])20\d{15}(?=_)', '<time with ms>'), '(?<![0-9])1\d{9}(\d{3})?(?=_)', '<seconds or ms>')
$$;
CREATE FUNCTION test.create(dir text, name text, format text DEFAULT NULL) RETURNS text LANGUAGE sql AS
	$$ SELECT test.mask(migrate.create(name, test.made(dir), format)) $$;
-- an empty directory
CREATE FUNCTION test.empty(dir text) RETURNS void LANGUAGE sql AS $$
	SELECT test.write(dir || '/x', '');
	SELECT test.remove(dir || '/x');
$$;
-- the files of a directory, with their contents
CREATE FUNCTION test.files(dir text) RETURNS TABLE (file text, content text) LANGUAGE sql AS $$
	WITH RECURSIVE f(path, isdir) AS (
		SELECT test.made(dir), true
		UNION ALL
		SELECT f.path || '/' || name, (pg_stat_file(f.path || '/' || name)).isdir
		FROM f, pg_ls_dir(CASE WHEN isdir THEN f.path ELSE '.' END) name WHERE isdir)
	SELECT test.mask(path), pg_read_file(path) FROM f WHERE NOT isdir ORDER BY test.mask(path) COLLATE "C"
$$;

-- in an empty directory the format is goose's, with the time in UTC
SELECT test.empty('new');
SELECT test.create('new', 'create users');
SELECT * FROM test.files('new');
SELECT abs(extract(epoch FROM to_timestamp(left(pg_ls_dir, 14) || ' +00', 'YYYYMMDDHH24MISS TZH') - now())) < 600 AS now
FROM pg_ls_dir(test.made('new'));
-- the next version is later, even in the same second
SELECT test.create('new', 'Second'), test.create('new', 'third');
SELECT count(*), count(DISTINCT version), string_agg(name, ' ' ORDER BY version) FROM migrate.status(test.made('new'));

-- each format, in an empty directory and in one with a migration
CREATE TABLE test.formats (format text);
INSERT INTO test.formats VALUES ('sqitch'), ('drizzle'), ('prisma'), ('diesel'), ('atlas'), ('graphile-migrate'),
	('liquibase'), ('refinery'), ('flyway'), ('golang-migrate'), ('goose'), ('sql-migrate'), ('dbmate'), ('tern'),
	('rambler'), ('node-pg-migrate'), ('updown'), ('play'), ('hasura'), ('pop'), ('postgrator'), ('yoyo'), ('plain'), ('sqlx'), ('supabase'), ('postgres-migrations');
SELECT count(test.empty('f/' || format)) FROM test.formats;
DELETE FROM test.formats WHERE format IN ('sqitch', 'drizzle', 'atlas', 'graphile-migrate', 'liquibase', 'yoyo');
SELECT format, test.create('f/' || format, 'a-b', format) FROM test.formats;
SELECT format, test.create('f/' || format, 'Next', format) FROM test.formats;
SELECT * FROM test.files('f');
-- all of them are empty migrations
SELECT f.format, s.version ~ '^\d+$' AS number, s.name, s.state FROM test.formats f, migrate.status(test.made('f/' || f.format), format => f.format) s
ORDER BY f.format COLLATE "C", s.file COLLATE "C";

--
-- A new file follows the others of its directory.  The real ones:
--
CREATE FUNCTION test.copy(dir text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('COPY (SELECT 1 WHERE false) TO PROGRAM %L',
				   format('cp -r "%s" "%s"', test.dir(dir), test.made('copy_' || dir)));
END
$$;
CREATE TABLE test.copies (dir text, format text);
INSERT INTO test.copies SELECT d, NULL FROM unnest('{goose_long,goose_app,goose_envsub,updown,plain,pairs,prisma,diesel,flyway,refinery,golang-migrate,node-pg-migrate,sql-migrate,dbmate,tern,rambler,play,hasura,pop,postgrator}'::text[]) d;
INSERT INTO test.copies VALUES ('sqlx', 'sqlx'), ('sqlx_simple', 'sqlx'), ('supabase', 'supabase'), ('postgres-migrations', 'postgres-migrations');
INSERT INTO test.copies SELECT d, NULL FROM unnest('{sqitch,drizzle,drizzle_folders,atlas,graphile-migrate,liquibase,yoyo}'::text[]) d;
SELECT count(test.copy(dir)) FROM test.copies;
SELECT dir, t FROM test.copies, test.try(format('SELECT test.create(%L, %L, %L)', 'copy_' || dir, 'more', format)) t;
DELETE FROM test.copies WHERE dir IN ('sqitch', 'drizzle', 'drizzle_folders', 'atlas', 'graphile-migrate', 'liquibase', 'yoyo', 'sql-migrate');
SELECT dir, (SELECT test.mask(file) FROM migrate.status(test.made('copy_' || dir), format => format) s WHERE s.name = 'more') FROM test.copies;

-- the new number has the form of the last one
CREATE FUNCTION test.next(last text, format text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('next/' || last, CASE format WHEN 'dbmate' THEN '-- migrate:up' WHEN 'rambler' THEN '-- rambler up' ELSE '' END);
	RETURN test.create('next', 'n', format);
EXCEPTION WHEN OTHERS THEN
	RETURN test.mask(SQLSTATE || ': ' || SQLERRM);
END
$$;
CREATE FUNCTION test.nexts(format text, VARIADIC lasts text[]) RETURNS TABLE (last text, next text) LANGUAGE plpgsql AS $$
BEGIN
	FOREACH last IN ARRAY lasts LOOP
		next := test.next(last, format);
		PERFORM test.remove('next');
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT * FROM test.nexts('plain', '1_a.sql', '9_a.sql', '0009_a.sql', '099-a.sql', '999_a.sql', '20240101_a.sql', '99999999_a.sql',
	'202401011200_a.sql', '20240101120000_a.sql', '20991231235959_a.sql', '20241301000000_a.sql', '1700000000_a.sql', '1700000000000_a.sql',
	'20240101120000123_a.sql', '123456789012345_a.sql', '00000000000000000000000000000000001_a.sql');
SELECT * FROM test.nexts('flyway', 'V1__a.sql', 'V1.9__a.sql', 'V1_09__a.sql', 'V2024.01.01__a.sql', 'V20240101120000__a.sql', 'sub/dir/V7__a.sql');
SELECT * FROM test.nexts('dbmate', '1_a.sql', '9_a.sql', '09_a.sql');
SELECT * FROM test.nexts('rambler', '001_a.sql', 'a.sql');
SELECT * FROM test.nexts('diesel', '2024-01-01-120000_a/up.sql', '20240101120000_a/up.sql', '00000000000001_a/up.sql', '2024-01-01-120000-0000_a/up.sql', 'a/up.sql');
SELECT * FROM test.nexts('postgres-migrations', '1-a.sql', '1_a.sql');
-- bare numbers, and dates with hyphens: today's, as a separator the last one's
SELECT * FROM test.nexts('plain', '1.sql', '9.sql', '009.sql', '1.up.sql', '01_a.up.sql');
SELECT test.write('barepair/1.up.sql', ''), test.write('barepair/1.down.sql', ''), test.create('barepair', 'x');
SELECT * FROM test.files('barepair');
SELECT * FROM test.nexts('postgrator', '1.do.sql', '009.do.a.sql');
SELECT last, replace(next, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD'), '<today>') AS next
FROM test.nexts('plain', '2017-06-05-a.sql', '2017-06-05_a.sql', '2017-06-05.sql', '2999-12-31-a.sql', '2999-12-31-z.sql', '2017-13-05-a.sql');
SELECT test.write('bare/9.sql', 'SELECT 9;'), test.write('bare/10.sql', 'SELECT 10;'), test.create('bare', 'Add users'), test.create('bare', 'more');
SELECT test.write('dated/2017-06-05-a.sql', ''), test.write('dated/2017-06-05-a.down.sql', '') \gset ignored_
SELECT replace(test.create('dated', 'Add users'), to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD'), '<today>');
SELECT replace(file, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD'), '<today>') AS file, content FROM (SELECT * FROM test.files('bare') UNION ALL SELECT * FROM test.files('dated')) f;
-- a down script where the last migration has one
SELECT test.write('down/1_a.sql', ''), test.write('down/1_rollback.sql', ''), test.create('down', 'b');
SELECT test.write('down/3-a.sql', ''), test.write('down/3-a.down.sql', ''), test.create('down', 'b');
SELECT file FROM test.files('down');

-- names
SELECT test.create('new', 'Ab_c-9 d.e"f'), test.create('new', U&'\00FCber $x'), right(test.create('new', repeat('x', 200)), 10);
SELECT test.try(format('SELECT migrate.create(%L, test.made(%L))', name, 'new'))
FROM unnest('{"","/","a/b","../a",".a",$,---}'::text[] || repeat('x', 201)) name;
SELECT test.try($$SELECT migrate.create(NULL, test.made('new'))$$);
-- no file is overwritten
SELECT test.write('taken/1_a.sql', 'x'), test.write('taken/2_b.sql/x', 'x'), test.create('taken', 'c', 'plain');
SELECT test.try($$SELECT test.create('taken', 'rollback', 'plain')$$);
SELECT test.write('pair/1_a.up.sql', 'x'), test.write('pair/2_b.down.sql/x', 'x');
SELECT test.try($$SELECT test.create('pair', 'b')$$);
SELECT test.remove('pair/2_b.down.sql'), test.write('pair/2_b.up.sql/x', 'x');
SELECT test.try($$SELECT test.create('pair', 'b')$$);
SELECT test.write('folder/2024-01-01-000000_a/up.sql', 'x'), test.create('folder', 'a');
-- no other files remain
SELECT file FROM test.files('taken') UNION ALL SELECT file FROM test.files('pair') UNION ALL SELECT file FROM test.files('folder');
SELECT name FROM unnest('{taken,pair,folder,new}'::text[]) dir, pg_ls_dir(test.made(dir)) name WHERE name LIKE '.%';

-- privileges: reading is not enough
SELECT test.try($$SELECT migrate.create('x')$$);
SELECT test.try($$SELECT migrate.create('x', 'relative')$$);
SELECT test.try($$SELECT migrate.create('x', test.made('none'))$$);
CREATE ROLE regress_migrate_creator;
GRANT USAGE ON SCHEMA migrate, test TO regress_migrate_creator;
GRANT EXECUTE ON FUNCTION migrate.create TO regress_migrate_creator;
SET migrate.allowed_directories = '/';
SET ROLE regress_migrate_creator;
SELECT test.try($$SELECT migrate.create('x', test.made('new'))$$);
RESET ROLE;
GRANT pg_write_server_files TO regress_migrate_creator;
SET ROLE regress_migrate_creator;
SELECT test.create('new', 'mine');
RESET ROLE;
RESET migrate.allowed_directories;
SET ROLE regress_migrate_creator;
SELECT test.try($$SELECT migrate.create('x', test.made('new'))$$);
RESET ROLE;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
DROP OWNED BY regress_migrate_creator;
DROP ROLE regress_migrate_creator;

-- not in a format other than the directory's
SELECT test.write('other/1_a.sql', E'-- +goose Up\nSELECT 1;\n') \gset ignored_
SELECT test.try($$SELECT migrate.create('b', test.made('other'), format => 'flyway')$$);
-- a call leaves no descriptor open, and a read-only transaction writes no file
SELECT test.shell('mkdir -p descriptors') \gset ignored_
SELECT count(*) AS before FROM pg_ls_dir('/proc/' || pg_backend_pid() || '/fd') \gset
SELECT count(migrate.create('m' || i, test.made('descriptors'))) FROM generate_series(1, 200) i;
SELECT count(*) - :before < 100 AS closed FROM pg_ls_dir('/proc/' || pg_backend_pid() || '/fd');
BEGIN READ ONLY;
SELECT test.try(format('SELECT migrate.create(''x'', %L)', test.made('descriptors')));
ROLLBACK;
