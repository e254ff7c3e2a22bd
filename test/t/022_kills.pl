# CALL migrate.up is interrupted, at many moments and in four ways: the next CALL
# continues where it stopped, each statement takes effect exactly once, and nothing
# incomplete is left.  What cannot be known is reported, and repair() sets its state.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

# for each of the four ways
my $moments = 40;

my $node = new_node('kills',
	conf => "restart_after_crash = on\nautovacuum = off\n"
	  . "log_statement = none\nlog_min_messages = warning\n");
my $postgres = database($node, 'postgres');
my $killer;

#
# The migrations
#

# The second one is the migration of 12 transactions.
my $dir = new_directory(
	'0001_before.sql' => "-- +goose Up\nCREATE TABLE before_it (id integer);\nINSERT INTO before_it VALUES (1);\n",
	'0002_many.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\n"
	  . join('', map { "$_;\n" } (
		'CREATE TABLE log (n integer)',
		'INSERT INTO log VALUES (1)',
		'CREATE INDEX CONCURRENTLY big_a ON big (a)',
		'INSERT INTO log VALUES (2)',
		'VACUUM big',
		'CREATE UNIQUE INDEX CONCURRENTLY big_b ON big (b)',
		'DROP INDEX CONCURRENTLY big_old',
		'REINDEX TABLE CONCURRENTLY big',
		'INSERT INTO log VALUES (3)',
		'ALTER TABLE part DETACH PARTITION part_1 CONCURRENTLY',
		'CREATE TABLE made AS SELECT count(*) AS n FROM log',
		'REINDEX INDEX CONCURRENTLY big_a')),
	'0003_after.sql' => "-- +goose Up\nCREATE TABLE after_it (id integer);\nINSERT INTO after_it VALUES (1);\n");

# The tables of a tenant before a run: each run is in a schema of its own, which is
# cheaper than a database of its own.
my $prepare = q{
	CREATE FUNCTION prepare(tenant text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('CREATE SCHEMA %I', tenant);
		PERFORM set_config('search_path', tenant, true);
		CREATE TABLE big (id integer PRIMARY KEY, a integer, b integer, t text);
		INSERT INTO big SELECT i, i % 100, i FROM pg_catalog.generate_series(1, 20000) i;
		CREATE INDEX big_old ON big (a, b);
		CREATE TABLE part (i integer) PARTITION BY RANGE (i);
		CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
		CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
		INSERT INTO part SELECT pg_catalog.generate_series(0, 19);
	END $$};

sub up
{
	my ($schema, $directory) = @_;
	$directory = $dir if !defined $directory;

	return "CALL migrate.up('$directory', schema => '$schema')";
}

# The indexes of a tenant's table, and anything incomplete among these, those of its
# TOAST table and of the other tables.
sub indexes
{
	my ($schema) = @_;

	return qq{
		(SELECT string_agg(c.relname, ', ' ORDER BY c.relname)
		   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = '$schema.big'::regclass),
		(SELECT string_agg(i.indexrelid::regclass::text, ', ')
		   FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		  WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
			AND (c.relnamespace = '$schema'::regnamespace
				 OR c.oid IN (SELECT reltoastrelid FROM pg_class WHERE relnamespace = '$schema'::regnamespace)))};
}

# All that a finished run has done in a tenant's schema, by one row.
sub traces
{
	my ($schema) = @_;
	my $ours = "schema = '$schema'";
	my $here = "'$schema'::regnamespace";

	return qq{SELECT
		(SELECT string_agg(version || ' ' || state, ', ' ORDER BY version) FROM migrate.applied WHERE $ours),
		(SELECT string_agg(version, ', ' ORDER BY version) FROM migrate.history WHERE $ours AND outcome = 'done'),
		(SELECT string_agg(n::text, ', ' ORDER BY n) FROM $schema.log),
		(SELECT string_agg(n::text, ', ') FROM $schema.made),
		(SELECT count(*) FROM $schema.before_it), (SELECT count(*) FROM $schema.after_it),
		${\ indexes($schema)},
		(SELECT string_agg(inhrelid::regclass::text || inhdetachpending, ', ') FROM pg_inherits
			WHERE inhparent = '$schema.part'::regclass),
		(SELECT count(*) FROM $schema.part_1)};
}

sub all_done
{
	my ($schema) = @_;

	return join '|', '0001 applied, 0002 applied, 0003 applied', '0001, 0002, 0003', '1, 2, 3', 3,
	  1, 1, 'big_a, big_b, big_pkey', '', "$schema.part_2false", 10;
}

# A ready tenant, and a session whose backend has migrate loaded.
sub new_tenant
{
	my ($db, $schema) = @_;
	my $session = open_session($db, application => 'runner');

	ask($session, "SELECT prepare('$schema'); SELECT migrate.version()");
	my ($pid) = ask($session, 'SELECT pg_backend_pid()');
	return ($session, $pid);
}

# The moments are spread over the duration of recent runs, because the machine has
# other work.
my @recent;

sub typical_seconds
{
	my @last = @recent > 5 ? @recent[ -5 .. -1 ] : @recent;

	return median(@last);
}

#
# The four ways.  "cut" gets the pid, "after" returns when the server works again.
#

my $restarted = qr/all server processes terminated; reinitializing/;
my %ways = (
	'pg_cancel_backend' => { cut => sub { ask($killer, "SELECT pg_cancel_backend($_[0])") } },
	'pg_terminate_backend' =>
	  { cut => sub { ask($killer, "SELECT pg_terminate_backend($_[0])") } },
	'SIGKILL' => {
		cut => sub { kill 'KILL', $_[0] },
		after => sub { $node->wait_for_log($restarted, $_[0]) },
		crash => 1 },
	'immediate shutdown' => {
		cut => sub { $node->stop('immediate') },
		after => sub { $node->start },
		crash => 1 });

# Interrupt what a session does now.
sub cut_off
{
	my ($way, $session, $pid) = @_;
	my $offset = -s $node->logfile;

	close_session($killer) if $ways{$way}{crash};
	$ways{$way}{cut}->($pid);
	my ($out, $err) = close_session($session);
	$ways{$way}{after}->($offset) if $ways{$way}{after};
	if ($ways{$way}{crash})
	{
		query_when_up($postgres, 'SELECT 1');
		$killer = open_session($postgres);
	}
	return $err;
}

# One test: the next call finishes, and everything exists once.
sub finishes
{
	my ($db, $schema, $name) = @_;
	my ($status, $out, $err) = sql($db, up($schema));
	my (undef, $found, $missing) = sql($db, traces($schema));
	my $good = $status == 0 && $found eq all_done($schema);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($good, $name)
	  or diag("expected " . all_done($schema) . "\n     got $found$missing\nstatus $status\n$err\n"
		  . query($db, "SELECT * FROM migrate.history WHERE schema = '$schema' ORDER BY id"));
	return $good;
}

my $db = create_database($node, 'spread');
query($db, $prepare);
$killer = open_session($postgres);

# The duration of an undisturbed run.
foreach my $n (1 .. 5)
{
	my ($session) = new_tenant($db, "quiet_$n");
	my $start = time;

	ask($session, up("quiet_$n"));
	push @recent, time - $start;
	close_session($session);
	is(query($db, traces("quiet_$n")), all_done("quiet_$n"), 'an undisturbed run');
}
note(sprintf 'an undisturbed run takes %.3f s', typical_seconds());

#
# At moments spread over the run
#

# ... which must leave at least so many different histories, that of a whole run included.
my $places = 6;

sub spread_over
{
	my ($way, $name) = @_;
	my (%stopped_at, $reached);
	my $runs = 0;

	# A machine that has become slower needs later moments.
	for (; $runs < 3 * $moments && ($runs < $moments || keys %stopped_at < $places); $runs++)
	{
		my $schema = "${name}_$runs";
		my $part = (1 + int($runs / $moments)) * ($runs % $moments + 0.5) / $moments;
		my ($session, $pid) = new_tenant($db, $schema);

		start($session, up($schema));
		usleep($part * typical_seconds() * 1_000_000);
		my $err = cut_off($way, $session, $pid);
		$reached = query($db,
			"SELECT coalesce(string_agg(version || ' ' || state || ' ' || done, ', ' ORDER BY version), 'nothing')"
			  . " FROM migrate.applied WHERE schema = '$schema'");
		$stopped_at{$reached}++;
		finishes($db, $schema, sprintf '%s at %.1f %% (%s): the next call finishes',
			$way, 100 * $part, $reached)
		  or diag("the first call: $err");
	}

	# otherwise the moments were not during the runs, and the test has shown nothing
	my $all = delete $stopped_at{'0001 applied 0, 0002 applied 0, 0003 applied 0'} // 0;
	cmp_ok($all, '<=', 0.75 * $runs, "$way interrupted most of the runs");
	cmp_ok(scalar keys %stopped_at, '>=', $places - 1, "$way interrupted them at different statements")
	  or diag(join "\n", sort keys %stopped_at);
	note("$way: " . (keys %stopped_at) . " different moments, $all of $runs runs finished");
	return;
}

spread_over('pg_cancel_backend', 'canceled');
spread_over('pg_terminate_backend', 'terminated');
spread_over('SIGKILL', 'killed');
spread_over('immediate shutdown', 'shut_down');

#
# While a statement waits between its transactions, which the moments above seldom
# hit: it waits for another session that reads, writes or holds a snapshot.
#

my %holders = (
	reader => 'BEGIN; SELECT FROM big LIMIT 1',
	writer => 'BEGIN; DELETE FROM big WHERE false',
	'late reader' => 'BEGIN; SELECT FROM big LIMIT 1',
	detach => 'BEGIN; SELECT FROM part LIMIT 1',
	snapshot => 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');

# Wait until a backend waits for a lock, or no longer runs.
sub wait_until_it_waits
{
	my ($session, $pid) = @_;
	my $state;

	wait_until(
		'the run waits or has ended',
		sub {
			$session->{run}->pump_nb;
			($state) = ask($killer,
				"SELECT CASE WHEN wait_event_type = 'Lock' THEN 'waits'"
				  . " WHEN state = 'idle' AND query NOT LIKE 'SELECT pg_backend_pid%' THEN 'through' ELSE '' END"
				  . " FROM pg_stat_activity WHERE pid = $pid");
			return $state ne '';
		});
	return $state;
}

# What a backend waits for.
sub holders_of
{
	my ($pid) = @_;

	return (ask($killer, "SELECT array_to_string(pg_blocking_pids($pid), ' ')"))[0];
}

# Interrupt the run where that statement waits for such a session; the run is the
# first one that waits for that kind.
my $waits = 0;

sub while_waiting
{
	my ($way, $kind, $number, $directory) = @_;
	my $schema = 'waits_' . ++$waits;
	my $at = "$way while statement $number waits for a $kind";
	my ($session, $pid) = new_tenant($db, $schema);
	my ($holder, $late) = map { open_session($db) } 1 .. 2;

	ask($_, "SET search_path = $schema") foreach $holder, $late;
	ask($holder, $holders{$kind});
	start($session, up($schema, $directory));
	my $state = wait_until_it_waits($session, $pid);
	if ($kind eq 'late reader')
	{
		my $waits_for = holders_of($pid);
		ask($late, $holders{$kind});
		ask($holder, 'COMMIT');
		wait_until('it waits for the next one', sub { holders_of($pid) !~ /^(|$waits_for)$/ });
	}
	my $err = cut_off($way, $session, $pid);
	close_session($_) foreach $holder, $late;
	my $done = query($db,
		"SELECT done FROM migrate.applied WHERE schema = '$schema' AND version = '0002'");
	is($state . ' at ' . ($done + 1), "waits at $number", "$at: it does");
	return ($schema, $at, $err);
}

foreach my $way ('pg_cancel_backend', 'pg_terminate_backend', 'SIGKILL')
{
	foreach my $wait ([ writer => 3 ], [ snapshot => 3 ], [ reader => 7 ], [ detach => 10 ])
	{
		my ($schema, $at, $err) = while_waiting($way, @$wait);
		finishes($db, $schema, "$at: the next call finishes")
		  or diag("the first call: $err");
	}
}

# REINDEX waits for writers when it has created the new index, for snapshots when
# it has filled it, for readers before the old one is dead, and for later ones
# before it is dropped.
my %reindex = map {
	$_ => new_directory('0002_reindex.sql' =>
		  "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE made (n integer);\n"
		  . "REINDEX $_;\nINSERT INTO made VALUES (1);\n")
} 'TABLE CONCURRENTLY big', 'INDEX CONCURRENTLY big_old';

sub one_is_finished
{
	my ($schema, $directory, $at, $first) = @_;
	my ($status, $out, $err) = sql($db, up($schema, $directory));
	my $found = query($db, "SELECT (SELECT count(*) FROM $schema.made), " . indexes($schema));

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is("$status: $found", '0: 1|big_old, big_pkey|', "$at: the next call finishes")
	  or diag("$err\nthe first call: $first");
	return;
}

foreach my $what (sort keys %reindex)
{
	foreach my $way ('pg_cancel_backend', 'pg_terminate_backend', 'SIGKILL')
	{
		foreach my $kind ('writer', 'snapshot', 'reader', 'late reader')
		{
			my ($schema, $at, $err) = while_waiting($way, $kind, 2, $reindex{$what});
			one_is_finished($schema, $reindex{$what}, "$at, REINDEX $what", $err);
		}
	}
}

# The same for DROP INDEX.
my $drop = new_directory('0002_drop.sql' =>
	  "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE made (n integer);\nINSERT INTO made VALUES (1);\n"
	  . "CREATE INDEX to_go ON big (b);\nDROP INDEX CONCURRENTLY to_go;\n");
foreach my $way ('pg_cancel_backend', 'pg_terminate_backend', 'SIGKILL')
{
	foreach my $kind ('reader', 'late reader')
	{
		my ($schema, $at, $err) = while_waiting($way, $kind, 4, $drop);
		one_is_finished($schema, $drop, "$at, DROP INDEX", $err);
	}
}

#
# A procedure that commits
#

my $unknown = new_directory(
	'0001_procedure.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\n"
	  . "INSERT INTO steps VALUES ('before');\nCALL in_two();\nSELECT pg_advisory_xact_lock(3);\n"
	  . "INSERT INTO steps VALUES ('after');\n",
	'0002_next.sql' => "-- +goose Up\nINSERT INTO steps VALUES ('next');\n");
my $procedure = q{
	CREATE TABLE steps (step text);
	CREATE PROCEDURE in_two() LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_advisory_xact_lock(1);
		INSERT INTO steps VALUES ('one');
		COMMIT;
		PERFORM pg_advisory_xact_lock(2);
		INSERT INTO steps VALUES ('two');
	END $$};

my $gates = 0;

# A database where a run was interrupted while it waited for that lock.
sub cut_off_at
{
	my ($way, $gate) = @_;
	my $name = 'gate_' . ++$gates;
	my $cut = create_database($node, $name);

	query($cut, $procedure);
	my $keeper = open_session($cut);
	ask($keeper, "SELECT pg_advisory_lock($gate)");
	my $session = open_session($cut, application => $name);
	my ($pid) = ask($session, 'SELECT pg_backend_pid()');
	start($session, up('', $unknown));
	wait_for_activity($cut, $name, "wait_event = 'advisory'");
	cut_off($way, $session, $pid);
	close_session($keeper);
	return $cut;
}

my $steps = "SELECT string_agg(step, ' ' ORDER BY ctid) FROM steps";
my $states = "SELECT string_agg(version || ' ' || state, ', ') FROM migrate.status('$unknown')";

# One test: the next call continues.
sub goes_on
{
	my ($way, $gate, $name) = @_;
	my $cut = cut_off_at($way, $gate);

	is(query($cut, $states), '0001 interrupted, 0002 pending', "$way $name: it is interrupted");
	my ($status, $out, $err) = sql($cut, up('', $unknown));
	is("$status: " . query($cut, $steps), '0: before one two after next',
		"$way $name: the next call completes it")
	  or diag($err);
	return;
}

# Some tests: it is reported, and its state is set.
sub is_reported
{
	my ($way, $gate, $name, $found, $state) = @_;
	my $cut = cut_off_at($way, $gate);

	is(query($cut, $steps), $found, "$way $name: what has been done");
	is(query($cut, $states), '0001 interrupted, 0002 pending', "$way $name: it is interrupted");
	fails_with($cut, up('', $unknown), '55000', qr/outcome of the interrupted statement is unknown.*HINT:.*migrate\.repair/s,
		"$way $name: what cannot be known is reported");
	fails_with($cut, "SELECT migrate.apply('$unknown')", '55000', qr/./,
		"$way $name: to migrate.apply() as well");
	is(query($cut, $steps), $found, "$way $name: and nothing is run");
	set_state($cut, $state, "$way $name");
	return;
}

# The state after a check by hand: either it is done, or it has been undone.
sub set_state
{
	my ($cut, $state, $name) = @_;

	query($cut, 'DELETE FROM steps') if $state eq 'pending';
	query($cut, "SELECT FROM migrate.repair('$unknown', version => '0001', state => '$state')");
	like(query($cut, $states), qr/^0001 $state, 0002 pending$/, "$name: recorded as $state");
	my $before = query($cut, "$steps");
	my ($status, $out, $err) = sql($cut, up('', $unknown));
	is("$status: " . query($cut, $steps),
		'0: ' . ($state eq 'pending' ? 'before one two after next' : "$before next"),
		"$name: and then the next call completes")
	  or diag($err);
	return;
}

# Before the procedure has committed, an error shows that it has done nothing; after
# a kill, nothing does.
goes_on('pg_cancel_backend', 1, 'before the procedure commits');
is_reported('pg_cancel_backend', 2, 'after the procedure has committed', 'before one', 'pending');
goes_on('pg_cancel_backend', 3, 'after the procedure');
is_reported('pg_terminate_backend', 1, 'before the procedure commits', 'before', 'pending');
is_reported('pg_terminate_backend', 2, 'after the procedure has committed', 'before one', 'applied');
goes_on('pg_terminate_backend', 3, 'after the procedure');
is_reported('SIGKILL', 1, 'before the procedure commits', 'before', 'pending');
is_reported('SIGKILL', 2, 'after the procedure has committed', 'before one', 'applied');
goes_on('SIGKILL', 3, 'after the procedure');

is(advisory_locks($postgres), 0, 'no lock is left');
close_session($killer);
$node->stop;
done_testing();
