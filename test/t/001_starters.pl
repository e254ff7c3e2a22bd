# Application servers that start together: each calls migrate.apply(), one of them
# runs, the others wait and find nothing to do.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $starters = 32;
my $migrations = 100;
my $rounds = 5;

my $node = new_node('starters', conf => 'log_statement = none');

# The migrations take mostly processor time, which can be compared even on a machine
# whose disk has other work.
my $dir = new_directory(
	numbered(
		$migrations,
		sub {
			my ($n) = @_;
			return
				"CREATE TABLE t_$n (id integer, name text);\n"
			  . "INSERT INTO t_$n SELECT $n, max(md5(i::text)) FROM generate_series(1, 5000) i;\n"
			  . "COMMENT ON TABLE t_$n IS 'made by migration $n';\n";
		}));
my $apply = "SELECT count(*) FROM migrate.apply('$dir')";

# Start sessions at the same moment: they are forked first, then released by the
# end of a pipe.  Returns the seconds until the last has ended, and the result of
# each, "exit status:output".
sub together
{
	my ($count, $db, $sql) = @_;
	my $outputs = PostgreSQL::Test::Utils::tempdir;
	my @command = ('psql', '-XAtq', '-d', $node->connstr($db->{name}), '-c', $sql);
	my @results;

	pipe(my $gate, my $keeper) or die "pipe: $!";
	my @pids = map { start_behind($gate, $keeper, "$outputs/$_", @command) } 1 .. $count;
	close $gate;

	my $start = time;
	close $keeper;
	my %status = map { waitpid($_, 0); ($_ => $?) } @pids;
	my $seconds = time - $start;

	foreach my $n (1 .. $count)
	{
		my $text = PostgreSQL::Test::Utils::slurp_file("$outputs/$n");
		$text =~ s/^NOTICE:.*\n|^DETAIL:.*\n//mg;
		chomp $text;
		push @results, "$status{$pids[$n - 1]}:$text";
	}
	return ($seconds, @results);
}

sub start_behind
{
	my ($gate, $keeper, $output, @command) = @_;
	my $pid = fork;

	die "fork: $!" if !defined $pid;
	return $pid if $pid != 0;
	close $keeper;
	open STDOUT, '>', $output or POSIX::_exit(126);
	open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
	sysread $gate, my $nothing, 1;
	exec @command or POSIX::_exit(127);
}

# Seconds that a single call takes, on an empty database.
sub alone
{
	my ($name) = @_;
	my ($seconds, @results) = together(1, create_database($node, $name), $apply);

	is_deeply(\@results, ["0:$migrations"], "$name: a single call applies all");
	return $seconds;
}

my (@all, @alone, @nothing);

foreach my $round (1 .. $rounds)
{
	my $db = create_database($node, "together_$round");

	push @alone, alone("before_$round");
	my ($nothing, @selected) = together($starters, $db, 'SELECT 1');
	my ($all, @applied) = together($starters, $db, $apply);
	push @alone, alone("after_$round");

	is_deeply(
		\@selected,
		[ ('0:1') x $starters ],
		"round $round: $starters sessions can start together");
	is_deeply(
		[ sort @applied ],
		[ ('0:0') x ($starters - 1), "0:$migrations" ],
		"round $round: one of $starters applies all, the others find nothing to do, none fails");
	is( query(
			$db,
			'SELECT count(*), count(DISTINCT version), min(batch), max(batch),'
			  . " count(*) FILTER (WHERE direction = 'up' AND outcome = 'done')"
			  . ' FROM migrate.history()'),
		"$migrations|$migrations|1|1|$migrations",
		"round $round: the history has every migration once, all in batch 1");
	is( query($db, "SELECT count(*) FROM pg_description WHERE description ~ '^made by migration'"),
		$migrations,
		"round $round: every migration has run");
	push @nothing, $nothing;
	push @all, $all;
	note(
		sprintf '%d together %.3f s, a single call %.3f and %.3f s, %d times SELECT 1 %.3f s',
		$starters, $all, @alone[ -2, -1 ],
		$starters, $nothing);
}

my $expected = median(@alone) + median(@nothing);
my $ratio = median(@all) / $expected;
note(sprintf 'medians: %.3f s together, %.3f s expected, ratio %.2f',
	median(@all), $expected, $ratio);
cmp_ok($ratio, '<=', 1.3,
	"$starters together take at most 1.3 times as long as a single call and $starters times SELECT 1");
is(advisory_locks(database($node, 'postgres')), 0, 'no lock is left');

$node->stop;
done_testing();
