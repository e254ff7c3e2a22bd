--
-- Undoing: from the store, from files, partly, and again.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

SELECT test.write('d/1_one.sql', test.goose('CREATE TABLE one ();', 'DROP TABLE one;'));
SELECT test.write('d/2_two.sql', test.goose('CREATE TABLE two ();', 'DROP TABLE two;'));
SELECT test.write('d/3_three.sql', test.goose('CREATE TABLE three ();', 'DROP TABLE three;'));
SELECT version, batch FROM migrate.apply(test.made('d'), steps => 1);
SELECT version, batch FROM migrate.apply(test.made('d'));

-- the directory is no longer needed
SELECT test.remove('d');
SELECT version, batch FROM migrate.rollback();
SELECT version, batch FROM migrate.rollback();
SELECT * FROM migrate.rollback();
SELECT * FROM test.tables;

-- batches are not numbered again
SELECT test.write('d/1_one.sql', test.goose('CREATE TABLE one ();', 'DROP TABLE one;'));
SELECT test.write('d/2_two.sql', test.goose('CREATE TABLE two ();', 'DROP TABLE two;'));
SELECT test.write('d/3_three.sql', test.goose('CREATE TABLE three ();', 'DROP TABLE three;'));
SELECT version, batch FROM migrate.apply(test.made('d'));

-- to a target, which stays applied
SELECT test.try($$SELECT * FROM migrate.rollback(target => '7')$$);
SELECT version FROM migrate.rollback(target => '3');
SELECT version FROM migrate.rollback(target => '001');
SELECT version FROM migrate.apply(test.made('d'));
SELECT test.try($$SELECT * FROM migrate.rollback(steps => 3, target => '1')$$);
SELECT version FROM migrate.rollback(everything => true);
SELECT version FROM migrate.apply(test.made('d'));

-- the stored down runs, unless files are given
SELECT test.write('d/3_three.sql', test.goose('CREATE TABLE three ();', 'DROP TABLE three; CREATE TABLE undone_by_file ();'));
SELECT version, statements FROM migrate.rollback(steps => 1);
SELECT version FROM migrate.apply(test.made('d'));
SELECT test.write('d/3_three.sql', test.goose('CREATE TABLE three ();', 'DROP TABLE three; CREATE TABLE undone_by_changed_file ();'));
SELECT version, statements FROM migrate.rollback(steps => 1, dir => test.made('d'));
SELECT * FROM test.tables;
DROP TABLE undone_by_changed_file;

-- a failing down undoes nothing
SELECT version FROM migrate.apply(test.made('d'));
DROP TABLE two;
SELECT test.try($$SELECT * FROM migrate.rollback(steps => 2)$$);
SELECT version, state FROM migrate.status(test.made('d'));
CREATE TABLE two ();

-- redo: the last one, from the store or from the file
SELECT version, batch, statements FROM migrate.redo();
SELECT test.write('d/3_three.sql', test.goose('CREATE TABLE three (); CREATE TABLE more ();', 'DROP TABLE three;'));
SELECT version, batch, statements FROM migrate.redo(test.made('d'));
SELECT version, state FROM migrate.status(test.made('d'));
DROP TABLE more, undone_by_changed_file;

-- refresh: all of them
SELECT version, batch, statements FROM migrate.refresh();
SELECT * FROM test.tables;
DROP TABLE more;
SELECT test.write('d/4_four.sql', test.goose('CREATE TABLE four ();', 'DROP TABLE four;'));
SELECT version, batch, statements FROM migrate.refresh(test.made('d'));
SELECT version, direction FROM migrate.history() LIMIT 7;
DROP TABLE more;

-- not with an empty directory
SELECT test.write('empty/x', '');
SELECT test.try($$SELECT * FROM migrate.refresh(test.made('empty'))$$);
SELECT test.try($$SELECT * FROM migrate.rollback(dir => test.made('empty'))$$);
SELECT test.try($$SELECT * FROM migrate.rollback(dir => test.made('nowhere'))$$);
SELECT version, state FROM migrate.status(test.made('empty'));
SELECT test.write('empty/notes.sql', 'SELECT 1;');
SELECT version, state FROM migrate.status(test.made('empty'));
SELECT count(*) FROM migrate.status();
-- an irreversible migration stops all of these before anything runs
SELECT test.write('d/5_five.sql', test.goose('CREATE TABLE five ();'));
SELECT version FROM migrate.apply(test.made('d'));
SELECT test.try('SELECT * FROM migrate.redo()');
SELECT test.try($$SELECT * FROM migrate.refresh(test.made('d'))$$);
SELECT test.try('SELECT * FROM migrate.reset()');
SELECT version, state FROM migrate.status();
SELECT version, statements FROM migrate.reset(force => true);
SELECT version, direction, outcome FROM migrate.history() LIMIT 2;
SELECT * FROM test.tables;

-- a target that is only a file
SELECT version FROM migrate.apply(test.made('d'), target => '2');
SELECT test.try($$SELECT * FROM migrate.rollback(dir => test.made('d'), target => '3')$$);
-- a script that is not stored, as those of more than 64 MB
UPDATE migrate.script SET text = NULL WHERE sha256 = (SELECT down_sha256 FROM migrate.applied WHERE version = '2');
SELECT test.try('SELECT * FROM migrate.rollback(steps => 1)');
SELECT version, statements FROM migrate.rollback(dir => test.made('d'), steps => 1);
-- batches have an end
UPDATE migrate.applied SET batch = 2147483647;
UPDATE migrate.history SET batch = 2147483647;
SELECT test.try($$SELECT * FROM migrate.apply(test.made('d'), steps => 1)$$);
SELECT version, state FROM migrate.status(test.made('d'));
SELECT version FROM migrate.reset();
DELETE FROM migrate.history;

-- a row without a value that must be there, under a NOT NULL that is not valid, which 18 has
SELECT version FROM migrate.apply(test.made('d'), steps => 1);
CREATE FUNCTION test.missing(name text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN
	EXECUTE format('ALTER TABLE migrate.applied ALTER %1$I DROP NOT NULL; UPDATE migrate.applied SET %1$I = NULL', name);
	IF current_setting('server_version_num')::int >= 180000 THEN
		EXECUTE format('ALTER TABLE migrate.applied ADD NOT NULL %I NOT VALID', name);
	END IF;
	RETURN QUERY SELECT test.try('SELECT * FROM migrate.status()');
	RAISE EXCEPTION 'undo';
EXCEPTION WHEN raise_exception THEN
END $$;
SELECT test.missing('duration'), test.missing('up_syntax');
