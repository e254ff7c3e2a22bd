# A run that is interrupted, at many moments and in four ways: afterwards history
# and schema agree, both have nothing or all of it, and the next run finishes.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $migrations = 200;
my $moments = 20;

my $node = new_node('kills',
	conf => "restart_after_crash = on\nautovacuum = off\n"
	  . "log_statement = none\nlog_min_messages = warning\n");
my $log_restarted = qr/all server processes terminated; reinitializing/;

# The comment is the last statement, so it shows that the migration is complete.
my $dir = new_directory(
	numbered(
		$migrations,
		sub {
			my ($n) = @_;
			return
				"CREATE TABLE t_$n (id integer);\n"
			  . "INSERT INTO t_$n VALUES ($n);\n"
			  . "COMMENT ON TABLE t_$n IS 'done';\n";
		}));

# Each run is in a schema of its own, as of a tenant, which is cheaper than a
# database of its own.
sub apply
{
	my ($schema) = @_;

	return "SELECT count(*) FROM migrate.apply('$dir', schema => '$schema')";
}

# The traces of a run: applied, history, tables, comments, the last batch.
sub traces
{
	my ($schema) = @_;

	return qq{
		SELECT (SELECT count(*) FROM migrate.applied WHERE schema = '$schema'),
			   (SELECT count(*) FROM migrate.history WHERE schema = '$schema'),
			   count(*),
			   count(obj_description(oid, 'pg_class')),
			   (SELECT max(batch) FROM migrate.history WHERE schema = '$schema')
		  FROM pg_class
		 WHERE relkind = 'r' AND relnamespace IN ('$schema'::regnamespace, 'public'::regnamespace)};
}

my $nothing = '0|0|0|0|';
my $all = join('|', ($migrations) x 4, 1);

# The machine has other work, more at some times than at others, so the moments
# are spread over the duration of recent runs.
my @recent;

sub typical_seconds
{
	my @last = @recent > 3 ? @recent[ -3 .. -1 ] : @recent;

	return median(@last);
}

# Apply the rest, undisturbed.
sub run_to_the_end
{
	my ($db, $schema) = @_;
	my $session = open_session($db);
	my $start = time;
	my ($out, $err) = ask($session, apply($schema));

	push @recent, time - $start if $out eq $migrations;
	close_session($session);
	return $err;
}

# One way to interrupt a run, at moments spread over its duration.  "before" gives
# a statement to run first, "cut" gets the pid and interrupts the run, "after"
# returns when the server has noticed.
sub cut_off
{
	my ($way, $name, %how) = @_;
	my $db = create_database($node, $name);
	my $cut_off = 0;

	foreach my $n (0 .. $moments - 1)
	{
		my $schema = "moment_$n";
		my $part = ($n + 0.5) / $moments;
		my $delay = $part * typical_seconds();
		my $at = sprintf '%s at %.1f %%', $way, 100 * $part;
		my $offset = -s $node->logfile;
		my $session = open_session($db);

		ask($session, "CREATE SCHEMA $schema");
		ask($session, $how{before}->($delay)) if $how{before};
		my ($pid) = ask($session, 'SELECT pg_backend_pid()');
		start($session, apply($schema));
		usleep($delay * 1_000_000);
		$how{cut}->($pid) if $how{cut};
		my ($out, $err) = close_session($session);
		$how{after}->($offset) if $how{after};

		my $found = query_when_up($db, traces($schema));
		ok($found eq $nothing || $found eq $all, "$at: all or nothing")
		  or diag("applied, history, tables, comments, batch: $found\n$out\n$err");
		$cut_off++ if $found eq $nothing;

		$err = run_to_the_end($db, $schema);
		is(query($db, traces($schema)), $all, "$at: the next run finishes")
		  or diag($err);
	}

	# otherwise the moments were not during the runs, and the test has shown nothing
	cmp_ok($cut_off, '>=', $moments / 3, "$way has interrupted enough of the runs");
	note("$way interrupted $cut_off of $moments runs");
	return;
}

my $quiet = create_database($node, 'undisturbed');
foreach my $n (1 .. 3)
{
	query($quiet, "CREATE SCHEMA quiet_$n");
	run_to_the_end($quiet, "quiet_$n");
	is(query($quiet, traces("quiet_$n")), $all, 'an undisturbed run');
}
note(sprintf 'an undisturbed run takes %.3f s', typical_seconds());

my $postgres = database($node, 'postgres');
my $killer = open_session($postgres);
cut_off('pg_terminate_backend', 'terminated',
	cut => sub { ask($killer, "SELECT pg_terminate_backend($_[0])") });
close_session($killer);

cut_off('statement_timeout', 'timed_out',
	before => sub { 'SET statement_timeout = ' . (1 + int($_[0] * 1000)) });

cut_off(
	'SIGKILL', 'killed',
	cut => sub { kill 'KILL', $_[0] },
	after => sub { $node->wait_for_log($log_restarted, $_[0]) });

cut_off(
	'immediate shutdown', 'shut_down',
	cut => sub { $node->stop('immediate') },
	after => sub { $node->start });

is(advisory_locks($postgres), 0, 'no lock is left');
$node->stop;
done_testing();
