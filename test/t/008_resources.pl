# Resources that could run out or leak: the lock table, memory, file descriptors,
# locks.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

#
# A lock table that is too small for the run
#

my $node = new_node('resources',
	conf => "max_locks_per_transaction = 10\nmax_connections = 5\nmax_wal_senders = 0\n"
	  . "max_worker_processes = 0\nautovacuum = off\nlog_statement = none\n");
my $db = create_database($node, 'resources');

# Names are not compared with each other.
{
	my $count = 30_000;
	my $seconds = sub {
		my (%prefix) = @_;
		my $dir = write_files(new_directory() . '/many',
			map { my $p = $prefix{$_}; map { ("${p}${_}__a.sql" => '') } ($_ eq 'low' ? (1 .. $count) : ($count + 1 .. 2 * $count)) } keys %prefix);
		my $start = time;

		is(query($db, "SELECT count(*) FROM migrate.status('$dir', project => 'many')"), 2 * $count, 'many files are read');
		return time - $start;
	};
	my $flyway = $seconds->(low => 'V', high => 'V');
	my $refinery = $seconds->(low => 'V', high => 'U');

	note("Flyway: $flyway s, refinery: $refinery s");
	cmp_ok($refinery, '<', 3 * $flyway + 1, 'refinery is distinguished from Flyway quickly');
}

# Tables of a migration, each with a statement of its own or all with one.
sub tables
{
	my ($n, $count) = @_;

	return join '', map { "CREATE TABLE t_${n}_$_ (id integer);\n" } 1 .. $count if $n % 2;
	return "DO \$\$ BEGIN FOR n IN 1..$count LOOP\n"
	  . "EXECUTE format('CREATE TABLE t_${n}_%s (id integer)', n);\nEND LOOP; END \$\$;\n";
}

my $many = new_directory(numbered(10, sub { tables($_[0], 300) }));
my $one = new_directory('1_one.sql' => tables(2, 5000));
foreach my $dir ($many, $one)
{
	my $error = fails_with(
		$db, "SELECT migrate.apply('$dir')",
		'53200',
		qr/out of shared memory/,
		'more tables than the lock table has room for');
	like(
		$error,
		qr/HINT:.*max_locks_per_transaction.*CALL migrate\.up\(\)/,
		'the hint names the setting and the alternative');
	like($error, qr/migration \d+ "\w+" \(up\), statement \d+ of \d+, file "/, 'and the context the place');
	is( query(
			$db,
			"SELECT count(*) FROM pg_class WHERE relname ~ '^t_'; SELECT count(*) FROM migrate.history()"
		),
		"0\n0",
		'nothing is left of it');
}
is( query(
		$db,
		"SELECT count(*) FROM migrate.apply('"
		  . new_directory(numbered(10, sub { tables($_[0], 3) })) . "')"),
	10,
	'the server still works, and so do smaller runs');
query($db, 'SELECT FROM migrate.reset(force => true)');

#
# Calls in one session: what they still hold when they end
#

$node->append_conf('postgresql.conf', 'max_locks_per_transaction = 64');
$node->restart;
$db = create_database($node, 'leaks');

my $works = new_directory(
	numbered(
		5,
		sub {
			"-- +goose Up\nCREATE TABLE w_$_[0] (id integer);\n-- +goose Down\nDROP TABLE w_$_[0];\n";
		}));
my $large = '-- ' . 'x' x 200_000 . "\n";
query($db, 'CREATE TABLE existing_table (id integer)');

# Calls that fail: when they read, when they parse, when they check, when they
# run.  DDL is of the simplest kind, because with others PostgreSQL itself keeps
# some memory when a transaction is aborted.
my @failing = map { "SELECT count(*) FROM migrate.apply('$_')" } (
	"$works/missing",
	new_directory('1_a.sql' => "SELECT 1;\n${large}SELECT 1 / 0;\n"),
	new_directory('1_a.sql' => "SELECT 1;\n", '2_b.sql' => "${large}SELECT 1; SELEC 2;\n"),
	map { fixture("bad/$_") } 'recursion',
	'bad_utf8',
	'unknown_marker',
	'duplicate_version',
	'cic_existing',
	'syntax_last');
my @failing_with_ddl = "SELECT count(*) FROM migrate.apply('"
  . new_directory(
	'1_a.sql' => "CREATE TABLE a (id integer);\n",
	'2_b.sql' => "CREATE VIEW v AS TABLE a; SELECT 1 / 0;\n") . "')";

my $done = new_directory('1_a.sql' => "SELECT 1;\n");
query($db, "SELECT FROM migrate.apply('$done', project => 'done')");
my @asking = (
	'SELECT count(*) FROM migrate.history()',
	"SELECT count(*) FROM migrate.status('$works')",
	'SELECT migrate.version()',
	"SELECT count(*) FROM migrate.apply('$done', project => 'done')");
my @working = (
	"SELECT count(*) FROM migrate.apply('$works')",
	@asking,
	'SELECT count(*) FROM migrate.redo()',
	'SELECT count(*) FROM migrate.reset()',
	'DELETE FROM migrate.history');

# Run N statements in turn, and count those that fail.  They come from a file,
# because psql and this test would wait for each other if both wrote as much.
sub calls
{
	my ($session, $count, @statements) = @_;
	my $script = join '', map { $statements[ $_ % @statements ] . ";\n" } 0 .. $count - 1;
	my ($out, $err) = ask($session, '\i ' . new_directory(script => $script) . '/script');
	my $errors = () = $err =~ /ERROR:/g;

	return $errors;
}

# The same inside one transaction, which stays open thanks to subtransactions.
sub calls_in_transaction
{
	my ($session, $count, @statements) = @_;
	my $list = join ', ', map { "\$q\$$_\$q\$" } @statements;

	my ($out, $err) = ask(
		$session,
		"BEGIN;
		 DO \$do\$
		 DECLARE
			statements text[] := ARRAY[$list];
		 BEGIN
			FOR n IN 0 .. $count - 1 LOOP
				BEGIN
					EXECUTE statements[n % cardinality(statements) + 1];
				EXCEPTION WHEN OTHERS THEN
					NULL;
				END;
			END LOOP;
		 END \$do\$");
	die $err if $err =~ /ERROR/;
	return;
}

# The first calls fill caches; after that nothing may be added.  The limits are
# above the variations of malloc and caches, and below 200 bytes for each call.
sub leaks_nothing
{
	my ($name, $count, $calls, @statements) = @_;
	my $session = open_session($db);

	ask($session, 'SET client_min_messages = error');
	held($node, $session);
	$calls->($session, 100, @statements);
	my %before = held($node, $session);
	$calls->($session, $count, @statements);
	my %after = held($node, $session);

	note("$name: " . join ', ', map { "$_ $before{$_} -> $after{$_}" } sort keys %before);
	cmp_ok(
		$after{contexts} - $before{contexts},
		'<=',
		200 * $count,
		"$name: memory contexts do not grow");
	cmp_ok($after{resident} - $before{resident}, '<=', 1024, "$name: the backend's memory does not grow");
	cmp_ok($before{files}, '>', 0, "$name: there are open files to count");
	cmp_ok($after{files}, '<=', $before{files}, "$name: no file stays open");
	is($after{locks}, 0, "$name: no lock is left");
	close_session($session);
	return;
}

my $probe = open_session($db);
my $failing = @failing + 1;
is(calls($probe, $failing, @failing, @failing_with_ddl), $failing, 'all of the failing calls fail');
is(calls($probe, scalar @working, @working), 0, 'none of the others fails');
close_session($probe);

leaks_nothing('2,000 failing calls', 2000, \&calls, @failing, @failing_with_ddl);
leaks_nothing('600 calls that work', 600, \&calls, @working);
leaks_nothing('500 failing calls in one transaction', 500, \&calls_in_transaction, @failing);
leaks_nothing('500 calls that ask in one transaction', 500, \&calls_in_transaction, @asking);
is(advisory_locks($db), 0, 'no lock is left in the cluster');

$node->stop;
done_testing();
