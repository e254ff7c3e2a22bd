# migrate.top_level = worker: a background worker runs what has to be at top level, with
# the role and the settings of the session, which waits until it has ended, whatever
# happens to either of them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_node('worker', conf => "migrate.top_level = worker\nautovacuum = off\nmax_worker_processes = 8\n");
my $db = create_database($node, 'worker');
my $postgres = database($node, 'postgres');
my $start = "-- +goose NO TRANSACTION\n-- +goose Up\n";

query($db, q{
	CREATE TABLE big (id integer PRIMARY KEY, a integer, t text);
	INSERT INTO big SELECT i, i % 100, i::text FROM generate_series(1, 10000) i;
	CREATE TABLE done_by (tag text, process text, who text, settings text);
	CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO public.done_by SELECT tg_tag, backend_type, session_user || ' ' || current_user,
			concat_ws(', ', current_setting('search_path'), current_setting('work_mem'), current_setting('app.name', true),
				current_setting('session_replication_role'), application_name)
		FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid();
	END $$;
	CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note();
	ALTER EVENT TRIGGER note ENABLE ALWAYS;
	CREATE ROLE deploy LOGIN;
	CREATE ROLE owner;
	GRANT owner TO deploy;
	CREATE SCHEMA mine AUTHORIZATION deploy;
	GRANT USAGE ON SCHEMA migrate TO deploy, owner;
	GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO deploy, owner;
	GRANT pg_read_server_files TO deploy, owner;
	GRANT ALL ON done_by TO PUBLIC;
});

sub workers
{
	return query($db, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'migrate worker'");
}

sub indexes
{
	my ($db) = @_;

	return query($db,
		"SELECT coalesce(string_agg(indexrelid::regclass || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END, ', ' ORDER BY indexrelid::regclass::text), '')"
		  . " FROM pg_index WHERE indrelid = 'public.big'::regclass AND NOT indisprimary");
}

#
# What it runs
#

my $all = new_directory('1_all.sql' => $start
	  . join('', map { "$_;\n" } 'CREATE SCHEMA other', 'CREATE TABLE other.big (a integer)',
		'CREATE INDEX CONCURRENTLY big_a ON big (a)', "SET app.name = 'it''s'", "SET work_mem = '5MB'",
		'SET search_path = other, "$user"', 'SET session_replication_role = replica',
		'ALTER DATABASE worker SET search_path = public',
		'CREATE INDEX CONCURRENTLY big_a ON big (a)', 'VACUUM big', 'REINDEX TABLE CONCURRENTLY big',
		'CLUSTER big USING big_a', 'DROP INDEX CONCURRENTLY big_a', 'ALTER DATABASE worker RESET search_path', 'RESET ALL',
		'CREATE TABLE part (i integer) PARTITION BY RANGE (i)', 'CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10)',
		'ALTER TABLE part DETACH PARTITION part_1 CONCURRENTLY', 'REINDEX TABLE part', 'ALTER SYSTEM RESET work_mem',
		'CREATE DATABASE made', 'DROP DATABASE made', 'DROP INDEX CONCURRENTLY big_a')
	  . "-- +goose Down\nCREATE INDEX CONCURRENTLY back ON big (t);\nDROP TABLE part_1, part, other.big;\nDROP SCHEMA other;\n");
my ($status, $out, $err) = sql($db, "CALL migrate.up('$all')", application => 'ci');
is($status, 0, 'all kinds of statements') or diag($err);
unlike($err, qr/WARNING/, 'without a warning');
is(query($db, "SELECT DISTINCT process FROM done_by WHERE tag ~ 'INDEX' OR tag = 'CLUSTER'"),
	'migrate worker', 'which a worker runs');
is(query($db, "SELECT DISTINCT process FROM done_by WHERE tag ~ 'CREATE (TABLE|SCHEMA)'"),
	'client backend', 'ordinary ones run in the session');
is( query($db, "SELECT who || ' ' || settings FROM done_by WHERE tag = 'CREATE INDEX' ORDER BY ctid"),
	qq{postgres postgres "\$user", public, 4MB, origin, ci\npostgres postgres other, "\$user", 5MB, it's, replica, ci},
	'with the role and the settings of the session');
is(indexes($db), '', 'on the tables that the session means');
is(query($db, "SELECT state || ' ' || started || coalesce(invalid_indexes::text, '') FROM migrate.applied"), 'applied false',
	'it is applied');
query($db, "CALL migrate.down()");
is(indexes($db), 'back', 'and down');
is(workers(), 0, 'no worker is left');
query($db, 'DROP INDEX back');

# as a role that is no superuser, and in a file without a mark
my $plain = new_directory('1_plain.sql' => "-- +goose Up\nCREATE TABLE mine.t (i integer);\nINSERT INTO mine.t VALUES (1);\n"
	  . "COMMIT;\nCREATE INDEX CONCURRENTLY t_i ON mine.t (i);\nBEGIN;\nINSERT INTO mine.t VALUES (2);\n");
query($db, 'TRUNCATE done_by');
($status, $out, $err) = sql($db, "CALL migrate.up('$plain', project => 'plain')", user => 'deploy');
is($status, 0, 'a role that is no superuser') or diag($err);
is(query($db, "SELECT who FROM done_by WHERE tag = 'CREATE INDEX'"), 'deploy deploy', 'runs it with its own privileges');

#
# What it does not run
#

sub refused
{
	my ($before, $up, $pattern, $name, %options) = @_;
	my $dir = new_directory('1_no.sql' => "$start\n$up;\n");
	my $project = 'refused';

	fails_with($db, "$before; CALL migrate.up('$dir', project => '$project')", '0A000', $pattern, $name, %options);
	is(query($db, "SELECT count(*) FROM migrate.applied WHERE project = '$project'"), 0, "$name: nothing is recorded as begun");
	return;
}

my $index = 'CREATE INDEX CONCURRENTLY no ON big (a)';
my $other = qr/ERROR:  0A000: statement cannot run in a background worker\nDETAIL:  The current role is not the one.*\nHINT:.*\nCONTEXT:  migration 1 "no" \(up\), statement 1 of 1, file "1_no\.sql", line 4/;
refused('SET ROLE owner', $index, $other, 'SET ROLE', user => 'deploy');
refused('SET SESSION AUTHORIZATION deploy', $index, $other, 'SET SESSION AUTHORIZATION');
# a role that new sessions would have
query($db, 'CREATE TABLE owned (i integer); ALTER TABLE owned OWNER TO owner; CREATE ROLE login LOGIN NOINHERIT; GRANT owner TO login;'
	  . ' GRANT USAGE ON SCHEMA migrate TO login; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO login; ALTER ROLE login SET role = owner');
my $owned = "files => jsonb_build_object('1_owned.sql', '${start}SELECT 1;\nCREATE INDEX CONCURRENTLY owned_i ON owned (i);')";
fails_with($db, "SET ROLE none; CALL migrate.up($owned, project => 'owned')", '42501', qr/must be owner of table owned/,
	'the worker leaves the role that new sessions have', user => 'login');
is(query($db, "SELECT count(*) FROM pg_index WHERE indrelid = 'owned'::regclass"), 0, 'and builds nothing with its power');
query($db, 'DROP TABLE owned; ALTER ROLE login RESET role');

# nor does it take the one that they cannot have
query($db, 'CREATE ROLE super LOGIN SUPERUSER');
my $early = open_session($db, user => 'super');
my $as_other = new_directory('1_other.sql' => "${start}CREATE INDEX CONCURRENTLY big_other ON big (a);\n");
query($db, 'TRUNCATE done_by; ALTER ROLE super SET session_authorization = deploy');
(undef, $err) = ask($early, "CALL migrate.up('$as_other', project => 'other role')");
unlike($err, qr/ERROR/, 'the worker of a role whose new sessions should be those of another one');
is(query($db, "SELECT who FROM done_by WHERE tag = 'CREATE INDEX'"), 'super super', 'is that of the session');
close_session($early);
query($db, 'DROP INDEX big_other; DROP ROLE super');

# a function that the statement calls
query($db, q{CREATE FUNCTION nested(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
	$$BEGIN PERFORM migrate.apply(files => '{"1_inner.sql": "CREATE TABLE inner_table ()"}', project => 'inner'); RETURN $1; END$$});
my $nested = new_directory('1_nested.sql' => "${start}CREATE INDEX CONCURRENTLY big_nested ON big (nested(a));\n");
foreach my $process ('session', 'worker')
{
	fails_with($db, "SET migrate.top_level = $process; CALL migrate.up('$nested', project => 'nested in $process')", '55000', qr/a migration cannot run migrations/,
		"a function that runs migrations, in the $process");
	query($db, 'DROP INDEX big_nested');
}
refused('CREATE TEMP TABLE big (a integer)', $index, qr/DETAIL:  Relation "big" is a temporary one of this session/, 'a temporary table');
refused('CREATE TEMP TABLE big (a integer); CREATE INDEX small ON big (a)', 'DROP INDEX CONCURRENTLY small',
	qr/DETAIL:  Relation "small" is a temporary one/, 'an index of one');
refused('CREATE TEMP TABLE big (a integer)', 'VACUUM big', qr/DETAIL:  Relation "big" is a temporary one/, 'VACUUM of one');
my $discard = new_directory('1_discard.sql' => "${start}DISCARD ALL;\n");
query($db, "CALL migrate.up('$discard', project => 'discard')");

# a role that may not log in any more
my $own = open_session($db, user => 'deploy');
query($db, 'ALTER ROLE deploy NOLOGIN');
my $late = new_directory('1_late.sql' => "${start}CREATE INDEX CONCURRENTLY t_late ON mine.t (i);\n");
($out, $err) = ask($own, "CALL migrate.up('$late', project => 'late')");
like($err, qr/ERROR:  0A000:.*not permitted to log in/s, 'a role that may not log in any more');
query($db, 'ALTER ROLE deploy LOGIN');
($out, $err) = ask($own, "CALL migrate.up('$late', project => 'late')");
is($out, 1, 'and one that may again') or diag($err);
close_session($own);

#
# Errors
#

my $broken = new_directory('1_broken.sql' => $start . "\nCREATE INDEX CONCURRENTLY no ON big\n    (nonsense);\n");
$err = fails_with($db, "CALL migrate.up('$broken', project => 'broken')", '42703',
	qr/column "nonsense" does not exist\n.*CONTEXT:  migration 1 "broken" \(up\), statement 1 of 1, file "1_broken\.sql", line [45]\n/s,
	'an error has file and line');
is(query($db, "SELECT count(*) FROM migrate.applied WHERE project = 'broken'"), 1, 'what may be left is recorded');
my $unique = new_directory('1_unique.sql' => $start . "CREATE UNIQUE INDEX CONCURRENTLY big_u ON big (a);\nDROP INDEX CONCURRENTLY big_u;\n");
fails_with($db, "CALL migrate.up('$unique', project => 'unique')", '23505', qr/could not create unique index/, 'a duplicate key');
is(indexes($db), 'big_u INVALID', 'leaves an INVALID index');
query($db, 'UPDATE big SET a = id');
($status, $out, $err) = sql($db, "CALL migrate.up('$unique', project => 'unique')");
is($status, 0, 'the next call continues') or diag($err);
like($err, qr/dropping index "big_u"/, 'and drops it');
is(indexes($db), '', 'to the end');

#
# Who waits for whom
#

my $waiting = new_directory('1_first.sql' => "${start}CREATE INDEX CONCURRENTLY big_1 ON big (a);\n",
	'2_second.sql' => "${start}CREATE INDEX CONCURRENTLY big_2 ON big (a);\n");
my $up = "CALL migrate.up('$waiting', project => 'waiting')";
my $states = "SELECT string_agg(version || ' ' || state, ', ') FROM migrate.status('$waiting', project => 'waiting')";
my $undo = "SELECT FROM migrate.reset(force => true, project => 'waiting'); DROP INDEX IF EXISTS big_1, big_2";

# A session, and its worker, which waits for a writer.
sub waiting_run
{
	my ($before) = @_;
	my $writer = open_session($db);
	my $session = open_session($db);
	my ($pid) = ask($session, 'SELECT pg_backend_pid()');

	ask($session, $before) if defined $before;
	ask($writer, 'BEGIN; UPDATE big SET t = t WHERE id = 1');
	start($session, $up);
	return ($session, $pid, $writer);
}

sub worker_waits
{
	wait_until('the worker waits',
		sub { query($db, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'migrate worker' AND wait_event_type = 'Lock'") == 1 });
	return query($db, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'migrate worker'");
}

sub completes
{
	my ($name, $writer) = @_;

	close_session($writer);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($status, $out, $err) = sql($db, $up);
	is("$status " . query($db, $states) . ' ' . indexes($db), '0 1 applied, 2 applied big_1, big_2', "$name: the next call completes")
	  or diag($err);
	is(workers() . advisory_locks($db), '00', "$name: no worker and no lock is left");
	query($db, $undo);
	return;
}

my ($session, $pid, $writer) = waiting_run();
my $worker = worker_waits();
is( query($db, "SELECT pid = $pid, state, version, command, blocked_by = ARRAY[(SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction')] FROM migrate.activity()"),
	't|waiting for a lock|1|CREATE INDEX|t', 'activity() shows what it waits for');
like(query($db, "SELECT query FROM pg_stat_activity WHERE pid = $worker"), qr/^migrate\.up\("waiting", ""\): migration "1" "first"/,
	'pg_stat_activity shows for whom the worker works');
is(query($db, "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = $pid"), 't', 'the session holds no snapshot');
my $second = open_session($db, application => 'second');
start($second, $up);
wait_for_activity($db, 'second', "wait_event = 'advisory'");
close_session($writer);
($out, $err) = finish($session);
is($out, 2, 'then it goes on') or diag($err);
($out, $err) = finish($second);
is($out, 0, 'and a second run after it');
close_session($_) foreach $session, $second;
query($db, $undo);

my %ways = (
	'the session is cancelled' => [ sub { "SELECT pg_cancel_backend($_[0])" }, qr/ERROR:  57014: canceling statement due to user request/ ],
	'the session is terminated' => [ sub { "SELECT pg_terminate_backend($_[0])" }, qr/FATAL:  57P01/ ],
	'the worker is cancelled' => [ sub { "SELECT pg_cancel_backend($_[1])" }, qr/ERROR:  57014:.*file "1_first\.sql", line 3/s ],
	'the worker is terminated' => [ sub { "SELECT pg_terminate_backend($_[1])" }, qr/ERROR:  57P01:.*file "1_first\.sql", line 3/s ]);

foreach my $way (sort keys %ways)
{
	($session, $pid, $writer) = waiting_run();
	$worker = worker_waits();
	query($db, $ways{$way}[0]->($pid, $worker));
	if ($way =~ /session is terminated/)
	{
		# whoever gets the lock after it, finds no worker
		my $next = open_session($db);
		($out, $err) = ask($next, "SET lock_timeout = '20s'; SELECT migrate.apply('$waiting', project => 'waiting')");
		like($err, qr/ERROR:  55000:.*interrupted/s, "$way: the next run begins");
		is(workers(), 0, "$way: when its worker has ended");
		close_session($next);
		(undef, $err) = close_session($session);
	}
	else
	{
		($out, $err) = finish($session);
		is(workers(), 0, "$way: the worker has ended");
		close_session($session);
	}
	like($err, $ways{$way}[1], "$way: the error");
	is(query($db, $states), '1 interrupted, 2 pending', "$way: it is interrupted");
	completes($way, $writer);
}

foreach my $timeout ('lock_timeout', 'statement_timeout')
{
	($session, $pid, $writer) = waiting_run("SET $timeout = '300ms'");
	($out, $err) = finish($session);
	my $reason = $timeout =~ /lock/ ? 'ERROR:  55P03: canceling statement due to lock timeout' : 'ERROR:  57014: canceling statement due to statement timeout';
	like($err, qr/$reason/, "$timeout: the error");
	is(workers(), 0, "$timeout: the worker has ended");
	close_session($session);
	completes($timeout, $writer);
}

# with retries
($session, $pid, $writer) = waiting_run("SET lock_timeout = '200ms'; SET migrate.lock_retries = 100; SET migrate.lock_retry_delay = '50ms'");
wait_until('it retries', sub { has_written($session, qr/lock timeout|trying again|retr/i) });
close_session($writer);
($out, $err) = finish($session);
is($out, 2, 'lock_retries: it gets through') or diag($err);
close_session($session);
query($db, $undo);

# A run in a transaction that the worker waits for
($session, $pid, $writer) = waiting_run();
worker_waits();
($out, $err) = ask($writer, "SELECT migrate.apply('$waiting', project => 'waiting')");
like($err, qr/ERROR:  40P01: deadlock detected/, 'a run that the worker waits for gives way');
($out, $err) = finish($session);
is($out, 2, 'and the other one completes');
close_session($_) foreach $session, $writer;
query($db, $undo);

# Locks of the session, which nobody but the session sees as those that its worker waits for
query($db, 'CREATE FUNCTION locking(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS'
	  . ' $$BEGIN PERFORM pg_advisory_lock(77); PERFORM pg_advisory_unlock(77); RETURN $1; END$$');
my $locking = new_directory('1_locking.sql' => "${start}CREATE INDEX CONCURRENTLY big_locking ON big (locking(a));\n");
my $up_locking = "CALL migrate.up('$locking', project => 'locking')";
my $deadlock = qr/ERROR:  40P01: deadlock detected\nDETAIL:  The background worker that runs the statement, process \d+, waits for a lock of this session\.\nHINT:  Release the session's advisory locks.*file "1_\w+\.sql", line 3/s;
$session = open_session($db);
ask($session, 'SELECT pg_advisory_lock(77)');
(undef, $err) = ask($session, $up_locking);
like($err, $deadlock, 'the worker waits for an advisory lock of its session');
is(workers(), 0, 'and has ended');
(undef, $err) = ask($session, "SELECT pg_advisory_unlock(77); $up_locking");
unlike($err, qr/ERROR/, 'without the lock, the next call completes');
is(indexes($db), 'big_locking', 'and there is the index');
query($db, 'DROP INDEX big_locking');

ask($session, 'SELECT pg_advisory_lock(77)');
$writer = open_session($db, application => 'writer');
ask($writer, 'BEGIN; UPDATE big SET t = t WHERE id = 1');
start($writer, 'SELECT pg_advisory_lock(77)');
wait_for_activity($db, 'writer', "wait_event = 'advisory'");
(undef, $err) = ask($session, $up);
like($err, $deadlock, 'the worker waits for another session, and that one for the lock');
ask($session, 'SELECT pg_advisory_unlock(77)');
finish($writer);
close_session($_) foreach $session, $writer;
completes('without the lock', open_session($db));

#
# The worker has committed, and the session cannot record it
#

sub unrecorded
{
	my $locker = open_session($db);

	($session, $pid, $writer) = waiting_run();
	worker_waits();
	ask($locker, 'BEGIN; LOCK TABLE migrate.applied IN EXCLUSIVE MODE');
	close_session($writer);
	wait_until('the session waits for the table', sub { query($db, "SELECT wait_event_type = 'Lock' AND wait_event = 'relation' FROM pg_stat_activity WHERE pid = $pid") eq 't' });
	return $locker;
}

my $locker = unrecorded();
query($db, "SELECT pg_terminate_backend($pid)");
wait_until('it is gone', sub { query($db, "SELECT count(*) FROM pg_stat_activity WHERE pid = $pid") == 0 });
close_session($_) foreach $locker, $session;
is(indexes($db), 'big_1', 'terminated before the record: the statement has been committed');
fails_with($db, $up, '55000', qr/outcome of the interrupted statement is unknown\nHINT:.*migrate\.repair.*file "1_first\.sql", line 3/s,
	'its outcome is unknown');
fails_with($db, $up, '55000', qr/outcome of the interrupted statement is unknown/, 'and remains so');
query($db, "SELECT FROM migrate.repair('$waiting', version => '1', state => 'applied', project => 'waiting')");
completes('repair()', open_session($db));

# likewise, but somebody drops the index: then it certainly is not there
$locker = unrecorded();
query($db, "SELECT pg_terminate_backend($pid)");
wait_until('it is gone', sub { query($db, "SELECT count(*) FROM pg_stat_activity WHERE pid = $pid") == 0 });
close_session($_) foreach $locker, $session;
query($db, 'DROP INDEX big_1');
completes('an index that is not there', open_session($db));

# cancelled: what is known is recorded
$locker = unrecorded();
query($db, "SELECT pg_cancel_backend($pid)");
close_session($locker);
($out, $err) = finish($session);
like($err, qr/ERROR:  57014/, 'cancelled before the record: the error');
is(query($db, "SELECT done || ' ' || started FROM migrate.applied WHERE project = 'waiting'"), '1 false', 'the statement is recorded as done');
close_session($session);
completes('cancelled', open_session($db));

#
# Random moments
#

my $killer = open_session($postgres);
my $restarted = qr/all server processes terminated; reinitializing/;
my $one = new_directory('1_index.sql' => "${start}CREATE INDEX CONCURRENTLY big_1 ON big (lower(t));\n");
my $one_up = "CALL migrate.up('$one', project => 'one')";
my $unknown = 0;
query($db, 'INSERT INTO big SELECT i, i, i::text FROM generate_series(20001, 60000) i');
$node->append_conf('postgresql.conf', "restart_after_crash = on\n");
$node->reload;
foreach my $round (1 .. 40)
{
	my $way = ('cancel', 'terminate', 'terminate worker', 'kill', 'kill worker')[ $round % 5 ];
	my $at = sprintf '%s at %d ms', $way, 4 * $round;
	my $offset = -s $node->logfile;

	$session = open_session($db);
	ask($session, 'SELECT migrate.version()');
	($pid) = ask($session, 'SELECT pg_backend_pid()');
	start($session, $one_up);
	usleep(4000 * $round);
	my ($of_worker) = $way =~ /worker/ ?
	  ask($killer, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'migrate worker'") : ($pid);
	if ($of_worker eq '')
	{
		finish($session);
	}
	elsif ($way =~ /^kill/)
	{
		kill 'KILL', $of_worker;
		close_session($killer);
		$node->wait_for_log($restarted, $offset);
		$killer = open_session($postgres);
	}
	else
	{
		my $function = $way =~ /^cancel/ ? 'pg_cancel_backend' : 'pg_terminate_backend';

		ask($killer, "SELECT $function($of_worker)");
		$session->{run}->pump_nb;
	}
	close_session($session);
	($status, $out, $err) = sql($db, $one_up);
	if ($err =~ /outcome of the interrupted statement is unknown/ && indexes($db) eq 'big_1')
	{
		$unknown++;
		query($db, "SELECT FROM migrate.repair('$one', version => '1', state => 'applied', project => 'one')");
		($status, $out, $err) = sql($db, $one_up);
	}
	is("$status " . indexes($db) . ' ' . workers(), '0 big_1 0', "$at: the next call completes") or diag($err);
	query($db, "SELECT FROM migrate.reset(force => true, project => 'one'); DROP INDEX IF EXISTS big_1");
}
note("unknown outcomes: $unknown");
close_session($killer);

#
# Shutdown, and no worker
#

($session, $pid, $writer) = waiting_run();
worker_waits();
$node->stop('fast');
close_session($_) foreach $session, $writer;
$node->start;
completes('a fast shutdown', open_session($db));

$node->append_conf('postgresql.conf', "max_worker_processes = 0\nmax_parallel_workers = 0\n");
$node->restart;
fails_with($db, $up, '53000', qr/no background worker is free for the statement\nHINT:  You may need to increase max_worker_processes\.\nCONTEXT:.*file "1_first\.sql", line 3/s,
	'no worker is free');
is(query($db, $states), '1 pending, 2 pending', 'nothing is begun');
query($db, "SET migrate.top_level = session; $up");
is(query($db, $states), '1 applied, 2 applied', 'the session can run it');

is(advisory_locks($db), 0, 'no lock is left');
$node->stop;
done_testing();
