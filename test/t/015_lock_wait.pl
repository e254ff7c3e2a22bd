# migrate.lock_wait = poll: who blocks, tables that are never free, autovacuum, prepared
# transactions, cancel requests, several sessions, and a standby.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('poll', streaming => 1, conf => "max_prepared_transactions = 5\nlog_statement = none\nautovacuum_naptime = 1\ndeadlock_timeout = 200ms\n");
my $db = create_database($node, 'poll');
my $polls = $node->safe_psql('postgres', "SELECT current_setting('server_version_num')::int >= 170000") eq 't' ?
  "wait_event = 'MigrateLock'" : "wait_event = 'Extension'";

query($db, 'CREATE TABLE a (id integer); CREATE TABLE b (id integer); CREATE TABLE c (id integer)');

# Directories of one migration that adds a column to each of these tables.
my $columns = 0;
sub alter
{
	my (@tables) = @_;

	$columns++;
	return new_directory(
		'1_alter.sql' => join("\n", map { "ALTER TABLE $_ ADD COLUMN c$columns integer;" } @tables),
		'1_alter.down.sql' => join("\n", map { "ALTER TABLE $_ DROP COLUMN c$columns;" } @tables));
}

sub up
{
	my ($dir, $project) = @_;

	return "CALL migrate.up('$dir', project => '$project')";
}

# A session that polls, and one that has a transaction open.
sub open_runner
{
	my (%options) = @_;
	my $runner = open_session($db, application => 'runner');

	ask($runner, "SET migrate.lock_wait = poll; SET migrate.lock_poll_limit = '" . ($options{limit} // '10min') . "'");
	return $runner;
}

sub open_holder
{
	my ($sql) = @_;
	my $holder = open_session($db, application => 'holder');
	my ($pid) = ask($holder, 'SELECT pg_backend_pid()');

	ask($holder, "BEGIN; $sql");
	return ($holder, $pid);
}

sub polling
{
	my ($sql, %options) = @_;
	my $runner = open_runner(%options);

	start($runner, $sql);
	wait_for_activity($db, 'runner', $polls);
	return $runner;
}

sub locks_of_runner
{
	return query($db, "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
		WHERE application_name = 'runner' AND relation IN ('a'::regclass, 'b'::regclass, 'c'::regclass)");
}

# The process that blocks is named, activity() shows the wait, and readers go on.
{
	my ($holder, $pid) = open_holder('SELECT count(*) FROM b');
	my $runner = polling(up(alter('a', 'b'), 'named'));

	is(query($db, "SET statement_timeout = '30s'; SELECT count(*) FROM a; SELECT count(*) FROM b; INSERT INTO b VALUES (1)"),
		"0\n0", 'nobody waits while it polls');
	wait_until('it says what it waits for', sub { has_written($runner, qr/DETAIL:/) });
	wait_until('activity() shows that it waits',
		sub { query($db, 'SELECT state FROM migrate.activity()') eq 'waiting for a lock' });
	ask($holder, 'COMMIT');
	my ($out, $err) = finish($runner);
	is($out, '1', 'it runs when the table is free');
	my @notices = $err =~ /NOTICE:.*polling for the locks of migration "1_alter"/g;
	is(scalar @notices, 1, 'it says once that it polls');
	like($err, qr/DETAIL:  public\.b is locked by process $pid\./, 'and which process has which table locked');
	close_session($_) foreach $holder, $runner;
}

# A table that is never free: for a short time in the queue, then the error.
{
	my ($holder, $pid) = open_holder('SELECT count(*) FROM a');
	my $dir = alter('c', 'a');
	my $runner = open_runner(limit => '100ms');
	my ($out, $err) = ask($runner, up($dir, 'busy'));

	like($err, qr/NOTICE:.*could not get the locks of migration "1_alter" within 100 ms of polling/, 'after the limit it queues');
	like($err, qr/ERROR:  55P03: canceling statement due to lock timeout/, 'and gives up');
	like($err, qr/DETAIL:  public\.a is locked by process $pid\.\n.*migration 1 "alter" \(up\)/s, 'naming who has it locked');
	is(query($db, "SELECT outcome, error FROM migrate.history('busy')"), 'failed|55P03: canceling statement due to lock timeout', 'the attempt is recorded');
	is(locks_of_runner() . advisory_locks($db), '00', 'and no lock is left');

	# the limit counts for each try that migrate.lock_retries allows
	($out, $err) = ask($runner, "SET migrate.lock_retries = 1; SET migrate.lock_retry_delay = '1ms'; " . up($dir, 'busy'));
	my @queues = $err =~ /could not get the locks/g;
	is(scalar @queues, 2, 'migrate.lock_retries repeats it');
	ask($holder, 'COMMIT');
	is((ask($runner, up($dir, 'busy')))[0], '1', 'and later it runs');
	close_session($_) foreach $holder, $runner;
}

# A shorter lock_timeout, of the session or of the script, is that of the queue.
{
	my ($holder) = open_holder('SELECT count(*) FROM a');
	my $runner = open_runner(limit => '1ms');
	my $dir = new_directory('1_a.sql' => "SET lock_timeout = '10ms'; ALTER TABLE a ADD COLUMN never integer");

	my ($out, $err) = ask($runner, up($dir, 'timeout'));
	like($err, qr/ERROR:  55P03/, 'a lock_timeout of the script is that of the queue');
	ask($holder, 'ROLLBACK');
	close_session($_) foreach $holder, $runner;
}

# Autovacuum gives way, as to those that wait in the queue.
{
	query($db, 'CREATE TABLE vacuumed (id integer, filler text) WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2000000000)');
	query($db, "INSERT INTO vacuumed SELECT g, repeat('x', 500) FROM generate_series(1, 20000) g");
	query($db, 'DELETE FROM vacuumed WHERE id % 2 = 0');
	my $works = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%vacuumed%'";
	wait_until('autovacuum works on a table', sub { query($db, $works) > 0 });
	my $runner = open_runner();
	my ($out, $err) = ask($runner, up(alter('vacuumed'), 'autovacuum'));
	is($out, '1', 'a worker of autovacuum is cancelled');
	close_session($runner);
	query($db, 'DROP TABLE vacuumed');
}

# A prepared transaction blocks, too.
{
	query($db, "BEGIN; SELECT count(*) FROM a; PREPARE TRANSACTION 'blocks'");
	my $runner = polling(up(alter('a'), 'prepared'));

	wait_until('a prepared transaction is named', sub { has_written($runner, qr/public\.a is locked by a transaction that is prepared/) });
	query($db, "ROLLBACK PREPARED 'blocks'");
	is((finish($runner))[0], '1', 'it runs when that has ended');
	close_session($runner);
}

# A cancel request, a timeout and a kill end it, and leave nothing.
{
	my ($holder) = open_holder('SELECT count(*) FROM b');
	my $dir = alter('a', 'b');
	my $runner = polling(up($dir, 'cancel'));

	query($db, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'runner'");
	like((finish($runner))[1], qr/ERROR:  57014: canceling statement due to user request/, 'a cancel request ends the polling');
	is(query($db, "SELECT outcome FROM migrate.history('cancel')"), 'failed', 'the attempt is recorded');
	is(locks_of_runner() . advisory_locks($db), '00', 'no lock is left');
	start($runner, "SET statement_timeout = '300ms'; " . up($dir, 'cancel'));
	wait_for_activity($db, 'runner', $polls);
	is(query($db, "SELECT pg_sleep(1), count(*) FROM pg_stat_activity WHERE application_name = 'runner' AND $polls"), '|1',
		'statement_timeout is for statements, and does not count while it polls');
	query($db, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'runner'");
	close_session($runner);
	wait_until('no lock is left after a kill', sub { advisory_locks($db) == 0 });
	ask($holder, 'ROLLBACK');
	close_session($holder);
}

# Eight sessions, eight tables, each in another order: no deadlock.
{
	my @tables = map { "t$_" } 1 .. 8;
	query($db, join(';', map { "CREATE TABLE $_ (id integer)" } @tables));
	my @sessions = map { open_runner() } 1 .. 8;
	my @done;

	foreach my $round (1 .. 5)
	{
		foreach my $number (0 .. 7)
		{
			my @order = sort { ($a * (2 * $number + $round) + $number) % 17 <=> ($b * (2 * $number + $round) + $number) % 17 } 0 .. 7;

			start($sessions[$number], up(alter(map { $tables[$_] } @order), "eight${round}_$number"));
		}
		push @done, map { [ finish($_) ] } @sessions;
	}
	is(join(' ', map { $_->[0] } @done), join(' ', (1) x 40), 'eight sessions with eight tables in different orders all run');
	is((grep { $_->[1] =~ /ERROR|deadlock/ } @done), 0, 'without an error');
	close_session($_) foreach @sessions;
}

# A standby has no lock while the primary polls, though one of the tables is free.
{
	my $standby = PostgreSQL::Test::Cluster->new('poll_standby');
	$node->backup('polled');
	$standby->init_from_backup($node, 'polled', has_streaming => 1);
	$standby->start;
	my ($holder) = open_holder('SELECT count(*) FROM b');
	my $runner = polling(up(alter('a', 'b'), 'standby'));

	query($db, 'SELECT pg_sleep(0.5)');
	$node->wait_for_catchup($standby);
	is(query(database($standby, "poll"), "SET statement_timeout = '30s'; SELECT count(*) FROM a"), '0', 'a standby can read what is free');
	ask($holder, 'ROLLBACK');
	is((finish($runner))[0], '1', 'and it runs on the primary');
	close_session($_) foreach $holder, $runner;
	$standby->stop;
}

$node->stop;
done_testing();
