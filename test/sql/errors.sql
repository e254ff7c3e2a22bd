--
-- Invalid input: each error has its SQLSTATE, what is wrong, where, and what to do.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

CREATE FUNCTION test.bad(name text) RETURNS SETOF text LANGUAGE sql AS
	$$ SELECT test.try(format('SELECT * FROM migrate.apply(test.dir(%L))', 'bad/' || name)) $$;

-- the directory
SELECT test.try($$SELECT * FROM migrate.apply('')$$);
SELECT test.try($$SELECT * FROM migrate.apply('migrations')$$);
SELECT test.try($$SELECT * FROM migrate.apply('./migrations')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('missing'))$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('README.md'))$$);
SELECT test.write('empty/x', '');
SELECT test.remove('empty/x');
SELECT test.try($$SELECT * FROM migrate.apply(test.made('empty'))$$);
SELECT count(*) FROM migrate.status(test.made('empty'));
DO $$ BEGIN EXECUTE format('COPY (SELECT 1 WHERE false) TO PROGRAM %L', 'mkdir ' || test.made('fifo') || ' && mkfifo ' || test.made('fifo/001_a.sql')); END $$;
SELECT test.try($$SELECT * FROM migrate.apply(test.made('fifo'))$$);

-- a format's markers
SELECT test.bad('unknown_marker');
SELECT test.bad('two_up');
SELECT test.bad('down_before_up');
SELECT test.bad('sql_before_up');
SELECT test.bad('no_up');
SELECT test.bad('statement_end_without_begin');
SELECT test.bad('updown_two_up');
SELECT test.bad('updown_sql_before_up');
SELECT test.bad('go_file');
SELECT test.bad('duplicate_version');

-- the text
SELECT test.bad('bad_utf8');
SELECT test.bad('nul_byte');
SELECT test.bad('unterminated_quote');
SELECT test.bad('syntax_last');
SELECT test.bad('connect');

-- transaction control
BEGIN;
SELECT test.bad('lone_commit');
ROLLBACK;
SELECT test.bad('begin_no_commit');
SELECT test.bad('rollback_stmt');
SELECT test.bad('savepoint');

-- what is found only when it runs
SELECT test.bad('fail_runtime');
SELECT test.bad('recursion');
SELECT test.bad('deferred');

-- none of them leaves anything
SELECT * FROM test.tables;
SELECT * FROM migrate.history();
SELECT count(*) FROM migrate.script;

-- as psql shows it: the failing statement, not the file
\set dir :migrations '/bad/syntax_last'
SELECT * FROM migrate.apply(:'dir');
\set dir :migrations '/bad/fail_runtime'
SELECT * FROM migrate.apply(:'dir');
\set dir :migrations '/bad/unterminated_quote'
SELECT * FROM migrate.apply(:'dir');
\set dir :migrations '/updown_broken'
SELECT * FROM migrate.apply(:'dir');

-- arguments
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), steps => 0)$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), steps => -1)$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), steps => 1, target => '00001')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), target => '00100')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), versions => '{00001,audit}')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), versions => '{}')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), versions => '{NULL}')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), project => NULL)$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), schema => 'nowhere')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), schema => '$user')$$);
SELECT test.try($$SELECT * FROM migrate.apply(test.dir('goose_app'), vars => '[1]')$$);
SELECT test.try($$SELECT * FROM migrate.repair(test.dir('goose_app'), version => '00001')$$);
SELECT test.try($$SELECT * FROM migrate.repair(test.dir('goose_app'), version => '00001', state => 'done')$$);
SELECT test.try($$SELECT * FROM migrate.rollback(target => '00001', everything => true)$$);
SELECT test.try($$SELECT * FROM migrate.rollback(steps => 0)$$);
SELECT test.try($$SELECT * FROM migrate.rollback(target => '00001')$$);

-- names of files are shown on one line, whatever they contain
SELECT test.write(E'shown/1_a\nNOTICE:  applied 2_b.sql', 'SELECT 1;');
SELECT test.write(E'shown/2_b\u202elqs.sql', 'CREATE TABLE shown AS SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid();');
SELECT test.write(E'shown/3_c\x1b[2J\u0085.sql', E'SELECT 1;\n\nSELECT 1/0;');
BEGIN;
SELECT version FROM migrate.apply(test.made('shown'), steps => 2, project => 'shown');
SELECT query ~ E'\u202e', query ~ 'b\\u202elqs' FROM shown;
ROLLBACK;
SELECT test.try(format('SELECT * FROM migrate.apply(%L, project => ''shown'')', test.made('shown')));

-- in a read-only transaction: showing is allowed, running is not
BEGIN READ ONLY;
SELECT count(*) FROM migrate.status(test.dir('goose_app'));
SELECT count(*) FROM migrate.history();
SELECT migrate.version();
\set dir :migrations '/goose_app'
SELECT * FROM migrate.apply(:'dir');
ROLLBACK;

-- the session still works after all that
SELECT count(*) FROM migrate.apply(test.dir('goose_app'));
SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database());

--
-- Our hints are added to errors of the server, and do not replace other hints.
--
CREATE FUNCTION test.raise(using_what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.write('raise/1_a.sql', format('DO $x$ BEGIN RAISE EXCEPTION USING %s; END $x$;', using_what));
	RETURN QUERY SELECT test.try(format('SELECT migrate.apply(%L, project => ''raise'')', test.made('raise')));
END
$$;
SELECT code, r FROM unnest('{25001,53200,55P04,2D000,42601}'::text[]) code,
	test.raise(format('ERRCODE = %L, MESSAGE = %L, HINT = %L', code, 'theirs', 'their hint')) r;
SELECT code, r FROM unnest('{25001,53200,55P04,2D000,42601}'::text[]) code,
	test.raise(format('ERRCODE = %L, MESSAGE = %L', code, 'theirs')) r;
SELECT test.write('raise/1_a.sql', $$DO $x$ BEGIN RAISE WARNING USING ERRCODE = '25001', MESSAGE = 'theirs'; END $x$;$$) \gset ignored_
CALL migrate.up(test.made('raise'), project => 'raise');
-- the same where PostgreSQL has that hint itself
SELECT test.write('raise/2_enum.sql', $$CREATE TYPE mood AS ENUM ('fine');$$),
	   test.write('raise/3_add.sql', $$ALTER TYPE mood ADD VALUE 'well'; SELECT 'well'::mood;$$) \gset ignored_
CALL migrate.up(test.made('raise'), '2', project => 'raise');
SELECT test.try(format('SELECT migrate.apply(%L, project => ''raise'')', test.made('raise')));
