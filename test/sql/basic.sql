--
-- The basics: apply a directory, show its status, undo, apply again.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup

-- a long history of goose, with sequence numbers and timestamps: the order
SELECT version, name, batch, statements, duration > '0' AS timed
FROM migrate.apply(test.dir('goose_long'));
SELECT version, name, state, batch, applied_by = current_user AS mine, statements, reversible, file, detail
FROM migrate.status(test.dir('goose_long'));
SELECT migrate.version();
SELECT count(*) FROM test.tables;
SET client_min_messages = warning;

-- nothing to do
SELECT * FROM migrate.apply(test.dir('goose_long'));

-- an irreversible migration stops it before anything runs
SELECT test.try('SELECT * FROM migrate.rollback()');
SELECT test.try('SELECT * FROM migrate.rollback(steps => 1)');
SELECT count(*) FROM test.tables;
SELECT version, name, batch, statements FROM migrate.rollback(steps => 3, force => true);
SELECT version, name, batch, statements FROM migrate.rollback();
SELECT * FROM test.tables;
SELECT migrate.version();

-- again, down to the irreversible migration
SELECT count(*) FROM migrate.apply(test.dir('goose_long'), target => '20241203090000');
SELECT version, state, batch FROM migrate.status(test.dir('goose_long')) WHERE state <> 'applied' OR version = '9';
SELECT count(*) FROM migrate.rollback();
SELECT * FROM test.tables;

-- what was done, newest first, each attempt once
SELECT direction, outcome, batch, count(*), bool_and(login = session_user::text AND role = current_user::text) AS mine
FROM (SELECT direction, outcome, batch, login, role FROM migrate.history()) h(direction, outcome, batch, login, role)
GROUP BY direction, outcome, batch ORDER BY direction, outcome, batch;
SELECT version, name, direction, outcome, statements FROM migrate.history() LIMIT 2;

RESET client_min_messages;

-- the caller rolls it back
BEGIN;
SELECT count(*) FROM migrate.apply(test.dir('goose_app'));
ROLLBACK;
SELECT * FROM test.tables;
SELECT count(*) FROM migrate.status();

-- a directory with its own BEGIN and COMMIT, rows backed up and restored, and a down that is not SQL
SELECT version, name, batch, statements FROM migrate.apply(test.dir('goose_app'));
SELECT version, reversible, detail FROM migrate.status(test.dir('goose_app')) WHERE detail IS NOT NULL;
SELECT version, reversible, detail FROM migrate.status() WHERE detail IS NOT NULL;
SELECT test.try('SELECT * FROM migrate.rollback()');
-- which force does not skip
SELECT test.try('SELECT * FROM migrate.rollback(steps => 1, force => true)');
SELECT version, action FROM migrate.repair(version => '00007', state => 'pending');
SELECT version, name, statements FROM migrate.reset();
SELECT * FROM test.tables;

-- without a directory
SELECT test.try('SELECT * FROM migrate.apply()');
SET migrate.directory = 'relative/path';
SELECT set_config('migrate.directory', test.dir('pairs'), false) <> '' AS set;
SELECT version, name FROM migrate.apply();
SELECT version, name, state FROM migrate.status();
RESET migrate.directory;
SELECT version, name, state FROM migrate.status();
