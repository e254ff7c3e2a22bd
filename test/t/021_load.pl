# Application servers that start together on a busy database, with indexes created
# CONCURRENTLY: half of them with CALL migrate.up(), half with migrate.apply().
# For comparison, the same with a plain advisory lock.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run;
use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $rows = 1_000_000;
my $callers = 16;

my $node = new_node('load',
	conf => "log_statement = none\nmax_connections = 100\nmaintenance_work_mem = '256MB'\n"
	  . "max_parallel_maintenance_workers = 0\nmax_wal_size = '4GB'\nshared_buffers = '256MB'\n");
my $db = create_database($node, 'load');
my $indexes = q{SELECT string_agg(c.relname || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END, ', ' ORDER BY c.relname)
				FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 'big'::regclass};

query($db,
	"CREATE TABLE big (id integer PRIMARY KEY, a integer, b integer, c integer);"
	  . "INSERT INTO big SELECT i, i % 1000, i % 7919, i FROM generate_series(1, $rows) i");

my $dir = new_directory(
	'0001_before.sql' => "-- +goose Up\nCREATE TABLE made_before (i integer);\n",
	'0002_indexes.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\n"
	  . join('', map { "CREATE INDEX CONCURRENTLY big_$_ ON big ($_);\n" } qw(a b c)),
	'0003_after.sql' => "-- +goose Up\nCREATE TABLE made_after (i integer);\n");

# Sessions that write all the time, until they are stopped.
sub start_writers
{
	my ($clients) = @_;
	my $script = new_directory('write.sql' =>
		  "\\set id random(1, $rows)\nUPDATE big SET a = a + 1 WHERE id = :id;\n"
		  . "BEGIN;\nUPDATE big SET b = b + 1 WHERE id = :id;\n\\sleep 2 ms\nSELECT a FROM big WHERE id = :id;\nCOMMIT;\n")
	  . '/write.sql';
	my $output = '';

	return {
		output => \$output,
		run => IPC::Run::start(
			[   $node->installed_command('pgbench'), '-n', '-c', $clients, '-T', 600,
				'-f', $script, $node->connstr($db->{name}) . ' application_name=writer' ],
			'<', \undef, '>', \$output, '2>', \$output) };
}

sub stop_writers
{
	my ($writers) = @_;

	$writers->{run}->signal('INT');
	eval { $writers->{run}->finish };
	return ${ $writers->{output} };
}

my @calls = map {
	my $apply = $_ % 2;
	{   apply => $apply,
		sql => $apply
		? "SELECT count(*) FROM migrate.apply('$dir')"
		: "CALL migrate.up('$dir')" }
} 1 .. 2 * $callers;

# All start at the same moment: each waits for a lock that is released for all at
# once.
my $gate = open_session($db);
ask($gate, 'CREATE TABLE gate ()');
ask($gate, 'BEGIN; LOCK TABLE gate');
my $offset = -s $node->logfile;
my $writers = start_writers(4);
wait_until('pgbench writes',
	sub { query($db, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'writer'") >= 4 });

foreach my $call (@calls)
{
	$call->{session} = open_session($db, application => 'starter');
	start($call->{session}, "SELECT FROM gate;\n$call->{sql}");
}
wait_until('all are ready',
	sub { query($db, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'starter' AND wait_event_type = 'Lock'")
			== @calls });
my $started = time;
ask($gate, 'COMMIT');
($_->{out}, $_->{err}) = finish($_->{session}) foreach @calls;
note(sprintf 'all were done after %.1f s', time - $started);
my $pgbench = stop_writers($writers);
close_session($_->{session}) foreach @calls;

# The results
my (%ended, @wrong);
foreach my $call (@calls)
{
	my ($error) = $call->{err} =~ /ERROR:  (\w{5})/;
	my $hint = $call->{err} =~ /HINT:.*CALL migrate\.up/;
	my $kind = $call->{apply} ? 'SELECT' : 'CALL';

	$ended{ "$kind " . ($error // 'works') }++;
	next if !defined $error && $call->{out} =~ /^\s*[0-3]$/;
	next if defined $error && $call->{apply} && $error =~ /^(40P01|25001)$/ && $hint;
	push @wrong, "$call->{sql}: $call->{out}\n$call->{err}";
}
note(join ', ', map { "$_: $ended{$_}" } sort keys %ended);
is($ended{'CALL works'}, $callers, 'every CALL works');
is(scalar @wrong, 0, 'a SELECT works, or fails with 40P01 or 25001 and a hint')
  or diag(join "\n", @wrong);
cmp_ok(($ended{'SELECT 25001'} // 0) + ($ended{'SELECT 40P01'} // 0), '>', 0,
	'some SELECT ran while there was something to do');

my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset);
my @deadlocks = $log =~ /ERROR:  deadlock detected\n.*DETAIL:  (.*)/g;
my @foreign = grep { !/^The migration run of process \d+ waits for this transaction\.$/ } @deadlocks;
is(scalar @foreign, 0, 'the server has detected no deadlock') or diag("@foreign");
is(scalar @deadlocks, $ended{'SELECT 40P01'} // 0, 'only calls of SELECT have failed with 40P01');
unlike($pgbench, qr/ERROR|aborted/, 'pgbench has no errors');
cmp_ok(query($db, 'SELECT count(*) FROM big WHERE b <> id % 7919'),
	'>', 100, 'and wrote all the time');

is(query($db, $indexes), 'big_a, big_b, big_c, big_pkey', 'all indexes exist and are valid');
is(query($db, "SELECT string_agg(version, ' ' ORDER BY id) FROM migrate.history() WHERE outcome = 'done'"),
	'0001 0002 0003', 'each migration ran once');
is(query($db, "SELECT count(*) FROM migrate.history() WHERE outcome <> 'done'"),
	0, 'and none has failed');
is(query($db, 'SELECT count(*) FROM pg_tables WHERE tablename IN (\'made_before\', \'made_after\')'),
	2, 'and created its table');
is(advisory_locks($db), 0, 'no lock is left');

#
# An advisory lock that a SELECT waits for does deadlock: CREATE INDEX CONCURRENTLY
# waits for the snapshot of the waiting session.
#

{
	my $runner = open_session($db, application => 'plain_runner');
	my $waiter = open_session($db, application => 'plain_waiter');

	$offset = -s $node->logfile;
	ask($runner, 'SELECT pg_advisory_lock(1)');
	start($waiter, 'SELECT pg_advisory_lock(1)');
	wait_for_activity($db, 'plain_waiter', "wait_event_type = 'Lock'");
	start($runner, 'CREATE INDEX CONCURRENTLY big_plain ON big (c, a); SELECT pg_advisory_unlock_all()');
	my $errors = join "\n", map { (finish($_))[1] } $runner, $waiter;

	like($errors, qr/ERROR:  40P01: deadlock detected/, 'with a plain advisory lock there is a deadlock');
	like(
		PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset),
		qr/ERROR:  deadlock detected\n.*DETAIL:  Process \d+ waits for (?!.*migration run)/,
		'which the log shows');
	close_session($_) foreach $runner, $waiter;
}

close_session($gate);
$node->stop;
done_testing();
