# A rehearsal that is interrupted, at many moments and in five ways: nothing of it is
# left, in the database or in the session.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $moments = 20;
my $crashes = 4;

my $node = new_node('rehearse',
	conf => "restart_after_crash = on\nautovacuum = off\nlog_min_messages = warning\n");
my $log_restarted = qr/all server processes terminated; reinitializing/;
my $db = create_database($node, 'app');

query($db, q{CREATE TABLE big (id int PRIMARY KEY, a int, b text);
	INSERT INTO big SELECT i, i, 'x' FROM generate_series(1, 5000) i;
	CREATE TABLE other (id int PRIMARY KEY, a int);
	INSERT INTO other SELECT i, i FROM generate_series(1, 1000) i;
	CREATE SEQUENCE numbers});

# Each migration locks, rewrites and changes what exists, makes what does not, and
# leaves something in the session.
my $dir = new_directory(
	numbered(
		8,
		sub {
			my ($n) = @_;
			return
				"CREATE TABLE t_$n (id integer REFERENCES other);\n"
			  . "INSERT INTO t_$n VALUES ($n);\n"
			  . "ALTER TABLE other ADD c_$n int DEFAULT 1;\n"
			  . "CREATE INDEX ON big (a, b);\n"
			  . "UPDATE other SET a = $n;\n"
			  . "SET work_mem = '${n}MB';\n"
			  . "CREATE TEMP TABLE temp_$n (id int) ON COMMIT DROP;\n"
			  . "PREPARE s_$n AS SELECT 1;\n"
			  . "SELECT pg_advisory_lock($n);\n"
			  . "ALTER TABLE big ALTER a TYPE "
			  . ($n % 2 ? 'bigint' : 'int') . ";\n"
			  . "NOTIFY heard;\n";
		}));

sub rehearse
{
	my ($budget) = @_;
	my $given = defined $budget ? "'$budget'" : 'NULL';

	return "SELECT count(*), count(*) FILTER (WHERE outcome = 'done'), string_agg(error, ' ') FROM migrate.rehearse('$dir', budget => $given)";
}

# What is in the database.
my $traces = q{SELECT migrate.fingerprint(), (SELECT count(*) FROM migrate.history), (SELECT count(*) FROM migrate.applied),
	(SELECT count(*) FROM migrate.script), (SELECT sum(a) FROM big), (SELECT sum(a) FROM other),
	(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' OR relation IN ('big'::regclass, 'other'::regclass)),
	(SELECT count(*) FROM migrate.activity())};

# What is in a session.
my $session_traces = q{SELECT current_setting('work_mem'), (SELECT count(*) FROM pg_prepared_statements),
	(SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
	(SELECT count(*) FROM pg_class WHERE relname LIKE 'temp\_%'), (SELECT count(*) FROM pg_cursors)};

my $nothing = query($db, $traces);
my $quiet = query($db, $session_traces);

# The duration of one that nobody interrupts.
my $start = time;
my $whole = query($db, rehearse());
my $duration = time - $start;
like($whole, qr/^(\d+)\|\1\|$/, 'all statements are rehearsed');
is(query($db, $traces), $nothing, 'nothing is left of a whole one');

# One way to interrupt it, at moments spread over its duration: "cut" gets the pid.
# Returns what the sessions wrote.
sub at_moments
{
	my ($way, $count, $cut, %how) = @_;
	my @written;

	foreach my $n (0 .. $count - 1)
	{
		my $part = ($n + 0.5) / $count;
		my $at = sprintf '%s at %.1f %%', $way, 100 * $part;
		my $session = open_session($db);
		my ($pid) = ask($session, 'SELECT pg_backend_pid()');
		my $offset = -s $node->logfile;
		my ($out, $err);

		start($session, rehearse($how{budget}));
		usleep(1_000_000 * $part * $duration);
		$cut->($pid);
		if ($how{ends})
		{
			($out, $err) = close_session($session);
			$node->wait_for_log($log_restarted, $offset) if $how{crashes};
		}
		else
		{
			($out, $err) = finish($session);
			my ($left) = ask($session, $session_traces);
			is($left, $quiet, "$at: nothing is left in the session");
			close_session($session);
		}
		is(query_when_up($db, $traces), $nothing, "$at: nothing is left");
		push @written, "$out$err";
	}
	return @written;
}

#
# Cancelled, terminated, killed
#

my @written = at_moments('cancelled', $moments, sub { query($db, "SELECT pg_cancel_backend($_[0])") });
ok((grep { /57014/ } @written) > 0, 'some were cancelled');
is((grep { !/57014/ && !/^\d+\|\d+\|$/m } @written), 0, 'a cancel request is raised');
@written = at_moments('terminated', $moments,
	sub { query($db, "SELECT pg_terminate_backend($_[0], 10000)") }, ends => 1);
ok((grep { /57P01/ } @written) > 0, 'some were terminated');
at_moments('killed', $crashes, sub { kill 'KILL', $_[0] }, ends => 1, crashes => 1);

# Cancelled while the session is put in order again, which takes long with many prepared
# statements.
{
	my $many = q{DO $$ BEGIN FOR i IN 1..20000 LOOP EXECUTE format('PREPARE of_session_%s AS SELECT 1', i); END LOOP; END $$};
	my $statements = q{SELECT count(*) FROM pg_prepared_statements};
	my $one = new_directory('1.sql' => "PREPARE s AS SELECT 1;\nSELECT pg_advisory_lock(1);\n");
	my $rehearsal = "SELECT count(*) FROM migrate.rehearse('$one')";
	my $locks = q{SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'};
	my $session = open_session($db);
	my %left;

	ask($session, $many);
	is((ask($session, $rehearsal))[0], 2, 'two statements are rehearsed');
	$start = time;
	ask($session, $rehearsal);
	my $duration_ms = 1000 * (time - $start);

	foreach my $n (1 .. 2 * $moments)
	{
		ask($session, sprintf 'SET statement_timeout = %d', 1 + $duration_ms * $n / (2 * $moments));
		ask($session, $rehearsal);
		ask($session, 'RESET statement_timeout');
		my ($left) = ask($session, "$statements; $locks");
		$left{$left}++;
	}
	is_deeply([ keys %left ], ["20000\n0"], 'cancelled while the session is put in order: nothing is left');
	close_session($session);
}

#
# Out of budget
#

foreach my $n (1 .. $moments)
{
	my $budget = int(1000 * $n / ($moments + 1) * $duration) . 'ms';
	my $session = open_session($db);
	my ($out) = ask($session, rehearse($budget));
	my ($left) = ask($session, $session_traces);

	like($out, qr/^\d+\|\d+\|(a lock was held for as long as the budget allows)?$/, "budget $n of $moments: its result");
	is($left, $quiet, "budget $n of $moments: nothing is left in the session");
	is(query($db, $traces), $nothing, "budget $n of $moments: nothing is left");
	close_session($session);
}

#
# Somebody waits
#

my $reader = open_session($db);
my @waits;
@written = at_moments(
	'awaited',
	$moments,
	sub {
		my $begin = time;
		ask($reader, 'SELECT count(*) FROM big, LATERAL (SELECT count(*) FROM other) o');
		push @waits, time - $begin;
	});
ok((grep { /another process waits for it/ } @written) > 0, 'some gave way');
is((grep { !/^\d+\|\d+\|(another process waits for it)?$/m } @written), 0, 'all have a result');
@waits = sort { $a <=> $b } @waits;
note(sprintf 'a whole rehearsal takes %.0f ms; readers waited for %.0f ms (median), %.0f ms at most',
	1000 * $duration, 1000 * median(@waits), 1000 * $waits[-1]);

#
# A reader that waits within a long statement, with a budget
#

$dir = new_directory('1_long.sql' => "ALTER TABLE big ADD x int;\nSELECT pg_sleep(1000);\n");
@waits = ();
foreach my $n (1 .. 5)
{
	my $session = open_session($db, application => 'long');
	start($session, rehearse('500ms'));
	wait_for_activity($db, 'long', "wait_event = 'PgSleep'");
	my $begin = time;
	my ($count) = ask($reader, 'SELECT count(*) FROM big');
	push @waits, time - $begin;
	my ($out) = finish($session);
	is($count, 5000, "long statement $n: the reader goes on");
	is($out, '2|1|a lock was held for as long as the budget allows', "long statement $n: the budget ends it");
	close_session($session);
}
is(query($db, $traces), $nothing, 'nothing is left after long statements');
note(sprintf 'with a budget of 500 ms they waited for %s ms', join ', ', map { int(1000 * $_) } @waits);
close_session($reader);

#
# A rehearsal that waits for a lock itself: others wait after it, so that counts
#

my $holder = open_session($db);
ask($holder, 'BEGIN; SELECT count(*) FROM big');
like(query($db, rehearse('500ms')), qr/^2\|0\|a lock was held/, 'its own wait counts');
ask($holder, 'COMMIT');
close_session($holder);

$node->stop;
done_testing();
