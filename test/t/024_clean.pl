# What CALL leaves, especially after an error: no lock, no changed setting, no
# snapshot, no memory.  Also its waits: lock_timeout with migrate.lock_retries,
# cancel, statement_timeout.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = new_node('clean',
	conf => "autovacuum = off\nlog_statement = none\nlog_min_messages = log\n");
my $db = create_database($node, 'clean');
my $watcher = open_session($db);

query(
	$db, q{
	CREATE ROLE some_role;
	CREATE TABLE twice AS SELECT 1 AS i FROM generate_series(1, 2);
	CREATE TABLE key (i integer PRIMARY KEY);
	CREATE TABLE late (i integer REFERENCES key DEFERRABLE INITIALLY DEFERRED);
	CREATE PROCEDURE half() LANGUAGE plpgsql AS $$ BEGIN COMMIT; PERFORM 1 / 0; END $$});

my $settings =
  "SET work_mem = '77kB';\nSET search_path = pg_catalog;\nSET statement_timeout = '1h';\n"
  . "SET ROLE some_role;\nSET my.own = 'migration';\n";
my $mark = "-- +goose NO TRANSACTION\n-- +goose Up\n";

# Calls that fail, each in its own way.  Each has a project, so that the history of
# one does not affect another.
my %failing = (
	statement => "-- +goose Up\n${settings}SELECT 1 / 0;\n",
	commit => "-- +goose Up\n${settings}RESET ROLE;\nINSERT INTO public.late VALUES (1);\n",
	top_level => "${mark}${settings}RESET ROLE;\nVACUUM public.not_there;\n",
	top_level_first => "${mark}CREATE UNIQUE INDEX CONCURRENTLY twice_i ON twice (i);\n",
	between => "${mark}${settings}SELECT 1 / 0;\n",
	procedure => "${mark}CALL half();\n",
	syntax => "-- +goose Up\n${settings}SELEC 1;\n",
	in_transaction => "-- +goose Up\n${settings}COMMIT;\nSET work_mem = '78kB';\nBEGIN;\nSELECT 1 / 0;\n");

sub up
{
	my ($dir, $project) = @_;

	return "CALL migrate.up('$dir', project => '$project')";
}

my %calls = (
	no_directory => up('/nowhere', 'nowhere'),
	map { ($_ => up(new_directory('1_fails.sql' => $failing{$_}), $_)) } keys %failing);

#
# A session after an error
#

my $own = "SELECT pg_backend_pid(), current_setting('work_mem'), current_setting('search_path'),"
  . " current_setting('statement_timeout'), current_user, current_setting('my.own', true),"
  . " (SELECT source FROM pg_settings WHERE name = 'statement_timeout'), pg_my_temp_schema()";

# What another session sees of a session: transaction, snapshot, locks.
sub seen
{
	my ($pid) = @_;
	my ($out) = ask(
		$watcher, qq{
		SELECT state, coalesce(backend_xmin::text, 'no snapshot'), coalesce(backend_xid::text, 'no xid'),
			   coalesce(xact_start::text, 'no transaction'),
			   (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid) || ' locks'
		  FROM pg_stat_activity a WHERE pid = $pid});

	return $out;
}

my $nothing = 'idle|no snapshot|no xid|no transaction|0 locks';

foreach my $name (sort keys %calls)
{
	my $session = open_session($db);

	ask($session, "SET work_mem = '5MB'; SET my.own = 'session'");
	my ($before) = ask($session, $own);
	my ($pid) = split /\|/, $before;
	foreach my $time ('first', 'second')
	{
		my ($out, $err) = ask($session, $calls{$name});

		like($err, qr/^psql:\S+ ERROR:  (?!XX)/m, "$name: it fails the $time time");
		is(seen($pid), $nothing, "$name: no transaction, snapshot or lock is left");
		is((ask($session, $own))[0], $before, "$name: no setting is changed");
	}
	ask($session, 'CREATE TEMP TABLE works (i integer); BEGIN; INSERT INTO works VALUES (1); COMMIT');
	is((ask($session, 'SELECT count(*) FROM works'))[0], 1, "$name: the session still works");
	close_session($session);
}

# The same after a call that works.
{
	my $dir = new_directory('1_works.sql' => "${mark}${settings}RESET ROLE;\nVACUUM public.twice;\n",
		'2_works.sql' => "-- +goose Up\n${settings}SELECT 1;\n");
	my $session = open_session($db);
	my ($before) = ask($session, $own);
	my ($pid) = split /\|/, $before;

	my ($out, $err) = ask($session, up($dir, 'works'));
	like($err, qr/applied 2_works/, 'a call that works');
	is(seen($pid), $nothing, 'no transaction, snapshot or lock is left');
	is((ask($session, $own))[0], $before, 'no setting is changed');
	close_session($session);
}

#
# 10,000 failing calls
#

# Run N of them in turn, and count those that fail.  They come from a file, because
# psql and this test would wait for each other if both wrote as much.
sub fail_often
{
	my ($session, $count) = @_;
	my @names = sort keys %calls;
	my $script = join '', map { "$calls{ $names[ $_ % @names ] };\n" } 0 .. $count - 1;
	my ($out, $err) = ask($session, '\i ' . new_directory(script => $script) . '/script');

	return scalar(() = $err =~ /ERROR:/g);
}

{
	my $count = 10_000;
	my $session = open_session($db);

	ask($session, 'SET client_min_messages = error; SET jit = off');
	held($node, $session);
	is(fail_often($session, 500), 500, '500 calls fail');
	my %before = held($node, $session);
	my $start = time;
	is(fail_often($session, $count), $count, '10,000 more fail');
	note(sprintf '%d calls took %.1f s', $count, time - $start);
	my %after = held($node, $session);

	note(join ', ', map { "$_ $before{$_} -> $after{$_}" } sort keys %before);
	cmp_ok($after{contexts} - $before{contexts}, '<=', 10 * $count, 'memory contexts are flat');
	cmp_ok($after{resident} - $before{resident}, '<=', 1024, "the backend's memory does not grow");
	cmp_ok($before{files}, '>', 0, 'there are open files to count');
	cmp_ok($after{files}, '<=', $before{files}, 'no file stays open');
	is($after{locks}, 0, 'no lock is left');
	close_session($session);
}

#
# 20,000 notices
#

{
	my $count = 20_000;
	my $raise = "DO \$\$ BEGIN FOR i IN 1..%d LOOP RAISE DEBUG 'notice \\u0007 %%', i; END LOOP; END \$\$;";
	my @dirs = map { new_directory('1_notices.sql' => "SELECT 1;\n\\ir parts/notices.sql\n") } 1, 2;
	my $session = open_session($db);

	write_files("$dirs[0]/parts", 'notices.sql' => sprintf($raise, 100));
	write_files("$dirs[1]/parts", 'notices.sql' => sprintf($raise, $count));

	# debug1 for the log, which psql does not wait for
	ask($session, 'SET client_min_messages = notice; SET log_min_messages = debug1; SET jit = off');
	held($node, $session);
	my ($out, $err) = ask($session, up($dirs[0], 'few notices'));
	like($err, qr/applied 1_notices/, 'few notices');
	my %before = held($node, $session);
	($out, $err) = ask($session, up($dirs[1], 'many notices'));
	like($err, qr/applied 1_notices/, 'many notices');
	my %after = held($node, $session);
	note(join ', ', map { "$_ $before{$_} -> $after{$_}" } sort keys %before);
	cmp_ok($after{contexts} - $before{contexts}, '<=', 10 * $count, 'memory contexts are flat');
	close_session($session);
}

#
# Retries on a busy table
#

my $busy = new_directory(
	'1_busy.sql' => "-- +goose Up\nCREATE TABLE made_before (i integer);\nALTER TABLE busy ADD COLUMN j integer;\n"
	  . "-- +goose Down\nDROP TABLE made_before;\nALTER TABLE busy DROP COLUMN j;\n");
my $busy_index = new_directory('1_busy.sql' =>
	  "${mark}CREATE TABLE made_first (i integer);\nCREATE INDEX CONCURRENTLY busy_i ON busy (i);\n");

# A session that keeps the table busy, and its pid.
sub open_holder
{
	my ($lock) = @_;
	my $holder = open_session($db);
	my ($pid) = ask($holder, 'SELECT pg_backend_pid()');

	ask($holder, "BEGIN; $lock");
	return ($holder, $pid);
}

my $impatient = "SET lock_timeout = '100ms'; SET migrate.lock_retry_delay = '50ms'";
my $patient = "$impatient; SET migrate.lock_retries = 1000";
my $lock = 'LOCK TABLE busy IN ACCESS SHARE MODE';
my $write = 'INSERT INTO busy VALUES (1)';

query($db, 'CREATE TABLE busy (i integer)');

{
	my ($holder) = open_holder($lock);

	fails_with($db, "$impatient; " . up($busy, 'busy'),
		'55P03', qr/canceling statement due to lock timeout/, 'without retries lock_timeout ends the run');
	is( query($db, q{SELECT direction, outcome, substr(error, 1, 6) FROM migrate.history('busy')}),
		'up|failed|55P03:', 'which the history has');
	is( query($db, "SELECT state, detail ~ 'lock timeout' FROM migrate.status('$busy', project => 'busy')"),
		'pending|t', 'and status shows');
	fails_with($db, "$impatient; SET migrate.lock_retries = 2; " . up($busy, 'busy'),
		'55P03', qr/(trying again.*){2}canceling statement/s, 'and so it does after the allowed number of retries');
	close_session($holder);
}

# The victim of a deadlock is also retried.
{
	my $dir = new_directory(
		'1_a.sql' => "ALTER TABLE dead1 ADD COLUMN j integer;\nSELECT pg_advisory_xact_lock(77);\n"
		  . "ALTER TABLE dead2 ADD COLUMN j integer;\n");
	my $gate = open_session($db);
	my $other = open_session($db, application => 'other');
	my $runner = open_session($db, application => 'victim');

	query($db, 'CREATE TABLE dead1 (i integer); CREATE TABLE dead2 (i integer)');
	ask($other, "SET deadlock_timeout = '1h'; BEGIN; LOCK TABLE dead2 IN ACCESS SHARE MODE");
	ask($runner, "SET deadlock_timeout = '100ms'; SET migrate.lock_retries = 1000; SET migrate.lock_retry_delay = '50ms'");
	ask($gate, 'SELECT pg_advisory_lock(77)');
	start($runner, up($dir, 'deadlock'));
	wait_for_activity($db, 'victim', "wait_event = 'advisory'");
	start($other, 'LOCK TABLE dead1 IN ACCESS SHARE MODE');
	wait_for_activity($db, 'other', "wait_event_type = 'Lock'");
	ask($gate, 'SELECT pg_advisory_unlock(77)');
	wait_until('a NOTICE about the deadlock', sub { has_written($runner, qr/deadlock in migration "1_a", trying again/) });
	finish($other);
	ask($other, 'COMMIT');
	finish($runner);
	is( query($db, "SELECT state FROM migrate.status('$dir', project => 'deadlock')"),
		'applied', 'a migration that was the victim of a deadlock is applied in the end');
	close_session($_) foreach $gate, $other, $runner;
}

# With retries: the notices, the locks meanwhile, and success in the end.
foreach my $case ([ 'a transaction', $busy, $lock ], [ 'a top-level statement', $busy_index, $write ])
{
	my ($what, $dir, $by) = @$case;
	my ($holder, $holder_pid) = open_holder($by);
	my $runner = open_session($db, application => 'patient');
	my ($pid) = ask($runner, 'SELECT pg_backend_pid()');
	my $project = "patient $what";

	ask($runner, $patient);
	start($runner, up($dir, $project));
	wait_until('it tries again', sub { has_written($runner, qr/(trying again.*){2}/s) });
	wait_until(
		'it sleeps',
		sub {
			# its only lock is the run lock
			seen($pid) =~ /^active\|no snapshot\|no xid\|.*\|2 locks$/;
		});
	pass("$what: it sleeps without a snapshot and without a lock on the table");
	ask($holder, 'COMMIT');
	my ($out, $err) = finish($runner);
	like($err, qr/NOTICE:.*lock timeout in migration "1_busy", trying again\nDETAIL:.*locked by process \b$holder_pid\b/,
		"$what: a NOTICE names the process with the lock");
	like($err, qr/applied 1_busy/, "$what: it is applied when the table is free");
	unlike($err, qr/ERROR/, "$what: without an error");
	is(query($db, "SELECT outcome FROM migrate.history('$project')"),
		'done', "$what: the history has no failure");
	is(seen($pid), $nothing, "$what: nothing is left");
	close_session($_) foreach $holder, $runner;
}
is(query($db, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indrelid = \'busy\'::regclass'),
	0, 'no INVALID index is left of the tries');
query($db, 'DROP INDEX busy_i');

# Tables that the migration finds and the session does not: because of the role that
# it sets, or of the schema of the run.  Also a MERGE, which has a relation, too.
{
	my $roles = new_directory('1_roles.sql' =>
		  "-- +goose Up\nSET ROLE keeper;\nALTER TABLE kept.busy ADD COLUMN j integer;\nRESET ROLE;\n");
	my $merge = new_directory('1_merge.sql' =>
		  "-- +goose Up\nMERGE INTO merged m USING (VALUES (1)) v (i) ON m.i = v.i WHEN NOT MATCHED THEN INSERT VALUES (v.i);\n");
	my $tenant = new_directory('1_tenant.sql' => "-- +goose Up\nALTER TABLE tenant_busy ADD COLUMN j integer;\n");

	query(
		$db, q{
		CREATE ROLE keeper;
		CREATE SCHEMA kept AUTHORIZATION keeper;
		CREATE TABLE kept.busy (i integer);
		ALTER TABLE kept.busy OWNER TO keeper;
		CREATE TABLE merged (i integer);
		CREATE SCHEMA tenant;
		CREATE TABLE tenant.tenant_busy (i integer);
		CREATE ROLE runner NOINHERIT IN ROLE keeper;
		GRANT USAGE ON SCHEMA migrate TO runner;
		GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO runner});
	foreach my $case (
		[ 'a merge', 'merged', up($merge, 'merge') ],
		[ 'a role', 'kept.busy', "CALL migrate.up('$roles', project => 'roles')" ],
		[ 'a schema', 'tenant.tenant_busy', "CALL migrate.up('$tenant', project => 'tenant', schema => 'tenant')" ])
	{
		my ($what, $table, $call) = @$case;
		my ($holder, $holder_pid) = open_holder("LOCK TABLE $table IN SHARE MODE");
		my $runner = open_session($db, application => 'patient');

		ask($runner, $patient);
		ask($runner, "SET migrate.allowed_directories = '$roles'; SET SESSION AUTHORIZATION runner") if $what eq 'a role';
		start($runner, $call);
		wait_until("$what: it tries again", sub { has_written($runner, qr/trying again|ERROR/) });
		ask($holder, 'COMMIT');
		my ($out, $err) = finish($runner);
		like($err, qr/lock timeout in migration "1_\w+", trying again\nDETAIL:.*locked by process \b$holder_pid\b/,
			"$what: a NOTICE names the process with the lock");
		like($err, qr/applied 1_/, "$what: it is applied when the table is free");
		close_session($_) foreach $holder, $runner;
	}
}

# Down retries, too.
{
	my ($holder) = open_holder($lock);
	my $runner = open_session($db, application => 'patient');

	ask($runner, $patient);
	start($runner, "CALL migrate.down(project => 'patient a transaction')");
	wait_until('it tries again', sub { has_written($runner, qr/trying again/) });
	ask($holder, 'COMMIT');
	my ($out, $err) = finish($runner);
	like($err, qr/undone 1_busy|reverted 1_busy|rolled back 1_busy/, 'down tries again, too')
	  or diag($err);
	close_session($_) foreach $holder, $runner;
}

# The sleep ends at once when it is canceled, and statement_timeout does not apply
# to it, because no statement runs.
{
	my ($holder) = open_holder($lock);
	my $runner = open_session($db, application => 'patient');
	my ($pid) = ask($runner, 'SELECT pg_backend_pid()');

	ask($runner, "$patient; SET migrate.lock_retry_delay = '100s'");
	start($runner, up($busy, 'canceled'));
	wait_until('it sleeps', sub { has_written($runner, qr/trying again/) });
	my $start = time;
	ask($watcher, "SELECT pg_cancel_backend($pid)");
	my ($out, $err) = finish($runner);
	like($err, qr/ERROR:  57014: canceling statement due to user request/, 'the sleep can be canceled');
	cmp_ok(time - $start, '<', 10, 'at once');
	is(seen($pid), $nothing, 'nothing is left of it');

	ask($runner, "SET migrate.lock_retry_delay = '1s'; SET migrate.lock_retries = 1; SET statement_timeout = '300ms'");
	start($runner, up($busy, 'slept'));
	($out, $err) = finish($runner);
	like($err, qr/ERROR:  55P03: canceling statement due to lock timeout/,
		'statement_timeout does not apply to the sleep');
	close_session($_) foreach $holder, $runner;
}

#
# The wait for the run lock
#

{
	my $gate = new_directory('1_gate.sql' => "-- +goose Up\nSELECT pg_advisory_xact_lock(1);\n");
	my ($keeper) = open_holder('SELECT pg_advisory_lock(1)');
	my $holder = open_session($db, application => 'holder');
	my ($holder_pid) = ask($holder, 'SELECT pg_backend_pid()');
	start($holder, up($gate, 'gate'));
	wait_for_activity($db, 'holder', "wait_event_type = 'Lock'");

	my $waiter = open_session($db, application => 'waiter');
	my ($pid) = ask($waiter, 'SELECT pg_backend_pid()');
	start($waiter, up($gate, 'gate'));
	wait_for_activity($db, 'waiter', "wait_event_type = 'Lock'");
	like(seen($pid), qr/^active\|no snapshot\|no xid\|/, 'a waiter holds no snapshot');
	wait_until('it says so', sub { has_written($waiter, qr/waiting for the migration run of process $holder_pid/) });
	pass('and shows what it waits for');
	my $start = time;
	ask($watcher, "SELECT pg_cancel_backend($pid)");
	my ($out, $err) = finish($waiter);
	like($err, qr/ERROR:  57014: canceling statement due to user request/, 'the wait can be canceled');
	cmp_ok(time - $start, '<', 10, 'at once');
	is(seen($pid), $nothing, 'nothing is left of it');
	($out, $err) = ask($waiter, "SET lock_timeout = '100ms'; " . up($gate, 'gate') . "; RESET lock_timeout");
	like($err, qr/ERROR:  55P03: canceling statement due to lock timeout/, 'lock_timeout limits the wait');
	is(seen($pid), $nothing, 'nothing is left of it');

	start($waiter, up($gate, 'gate'));
	wait_for_activity($db, 'waiter', "wait_event_type = 'Lock'");
	ask($keeper, 'SELECT pg_advisory_unlock(1)');
	($out, $err) = finish($waiter);
	unlike($err, qr/ERROR/, 'otherwise a waiting session continues');
	is($out, '0', 'and finds nothing to do');
	finish($holder);
	is(query($db, "SELECT count(*) FROM migrate.history('gate')"), 1, 'it has run once');
	close_session($_) foreach $keeper, $holder, $waiter;
}

#
# statement_timeout
#

{
	my $short = join '', map { "SELECT pg_sleep(0.4);\n" } 1 .. 3;
	my $three = new_directory('1_three.sql' => "-- +goose Up\n$short");
	my $each = new_directory('1_each.sql' => "$mark$short");
	my $long = new_directory('1_long.sql' => "-- +goose Up\nSELECT pg_sleep(5);\n");
	my $limit = "SET statement_timeout = '800ms'; ";
	my $timeout = qr/canceling statement due to statement timeout/;

	is(query($db, $limit . up($three, 'three')), 1, 'in CALL up statement_timeout applies to each statement');
	is(query($db, $limit . up($each, 'each')), 1, 'even if each is a transaction');
	fails_with($db, $limit . up($long, 'long'), '57014', $timeout, 'a longer statement is canceled');
	is(query($db, "SELECT outcome, error FROM migrate.history('long')"),
		'failed|57014: canceling statement due to statement timeout', 'which the history has');
	fails_with($db, "${limit}SELECT FROM migrate.apply('$three', project => 'apply')",
		'57014', $timeout, 'in apply it applies to the whole run');

	# a setting of a migration applies only to its own statements
	my $sets = new_directory('1_sets.sql' => "${mark}SET statement_timeout = '200ms';\nSELECT pg_sleep(5);\n");
	fails_with($db, up($sets, 'sets'), '57014', $timeout, 'a statement_timeout that a migration sets');
	is(query($db, up($three, 'three again')), 1, 'ends with it');
}

is(advisory_locks($db), 0, 'no lock is left');
close_session($watcher);
$node->stop;
done_testing();
