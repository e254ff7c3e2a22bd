# PgBouncer between the clients and the server, in each of its modes: 32 starters, a
# migration that fails, a call that is cancelled, prepared statements; and what
# docs/running.md says of a pool.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($bouncer) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';

plan skip_all => 'SKIPPED: pgbouncer is not installed' if !defined $bouncer;

my ($major, $minor) = `$bouncer --version` =~ /PgBouncer (\d+)\.(\d+)/;
my $renames = $major > 1 || $minor >= 21;    # prepared statements, in all modes

my $starters = 32;
my $connections = 4;                         # to the server, for each database of PgBouncer
my $node = new_node('poolers');
my $direct = create_database($node, 'shop');
my $dir = PostgreSQL::Test::Utils::tempdir_short;
my $port = PostgreSQL::Test::Cluster::get_free_port();

query($direct, 'CREATE ROLE deploy LOGIN; GRANT USAGE ON SCHEMA migrate TO deploy; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO deploy');

my $target = 'host=' . $node->host . ' port=' . $node->port . ' dbname=shop';

write_files(
	$dir,
	'users' => qq("postgres" ""\n"deploy" ""\n),
	'ini' => "[databases]\n"
	  . join('', map { "$_ = $target pool_mode=$_ pool_size=$connections\n" } 'session', 'transaction', 'statement')
	  . "one = $target pool_mode=transaction pool_size=1\n"
	  . "two = $target pool_mode=transaction pool_size=2\n"
	  . "[pgbouncer]\nlisten_port = $port\nunix_socket_dir = $dir\nauth_type = trust\nauth_file = $dir/users\n"
	  . "admin_users = postgres\nmax_client_conn = 200\nlogfile = $dir/log\n"
	  . ($renames ? "max_prepared_statements = 100\n" : ''));

my $server = IPC::Run::start([ $bouncer, '-q', "$dir/ini" ], '<', \undef, '>', "$dir/out", '2>', "$dir/err");

END
{
	my $status = $?;

	$server->kill_kill if defined $server;
	$? = $status;
}

# The cluster as clients of PgBouncer see it.
{
	package Pooled;

	our @ISA = ('PostgreSQL::Test::Cluster');

	sub connstr
	{
		my ($self, $name) = @_;

		return "host=$dir port=$port dbname=$name";
	}
}

my $pool = bless {%$node}, 'Pooled';
my $admin = database($pool, 'pgbouncer');

wait_until('PgBouncer answers', sub { (sql($admin, 'SHOW VERSION'))[0] == 0 });

# A history of its own for each test, so that each starts with nothing.
my $app = new_directory(
	'1_frogs.sql' => "-- +goose Up\nCREATE TABLE :\"t\" (i integer);\nINSERT INTO :\"t\" SELECT generate_series(1, 1000);\n-- +goose Down\nDROP TABLE :\"t\";\n",
	'2_index.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY ON :\"t\" (i);\n-- +goose Down\nSELECT 1;\n",
	'3_more.sql' => "-- +goose Up\nINSERT INTO :\"t\" VALUES (1001);\n-- +goose Down\nDELETE FROM :\"t\" WHERE i = 1001;\n");

sub up
{
	my ($project) = @_;

	return "CALL migrate.up('$app', project => '$project', vars => '{\"t\": \"$project\"}')";
}

# The first of them, in the caller's transaction.
sub apply
{
	my ($project) = @_;

	return "SELECT count(*) FROM migrate.apply('$app', target => '1', project => '$project', vars => '{\"t\": \"$project\"}')";
}

# Start so many sessions at once; returns how many ended without an error, and what
# those wrote that did not.
sub together
{
	my ($db, $count, $sql) = @_;
	my @sessions = map {
		my $session = { out => '', err => '' };
		$session->{run} = IPC::Run::start(
			[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $pool->connstr($db), '-c', $sql ],
			'<', \undef, '>', \$session->{out}, '2>', \$session->{err},
			IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
		$session
	} 1 .. $count;
	my @failed = grep { !$_->{run}->finish } @sessions;

	return ($count - @failed, join('', map { $_->{err} } @failed));
}

foreach my $mode ('session', 'transaction', 'statement')
{
	my $db = database($pool, $mode);

	# 32 starters, of which four are served at a time.
	my ($ended, $err) = together($mode, $starters, up("many_$mode"));

	is("$ended $err", "$starters ", "$mode: $starters starters");
	is( query($direct, "SELECT version, direction, outcome FROM migrate.history('many_$mode') ORDER BY 1"),
		"1|up|done\n2|up|done\n3|up|done",
		"$mode: each migration has run once");
	is(query($direct, "SELECT count(*) FROM many_$mode"), '1001', "$mode: and done what it does");

	# A migration fails; the connection to the server is in the pool again.
	my $broken = new_directory('1_stops.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE stops_$mode (i integer);\nSELECT 1 / 0;\n");
	my $failing = "CALL migrate.up('$broken', project => 'fails_$mode')";

	fails_with($db, $failing, '22012', qr/division by zero.*CONTEXT:.*file "1_stops.sql", line 4/s, "$mode: a migration fails") for 1 .. 2;
	is(advisory_locks($direct), '0', "$mode: no lock is left");
	write_files($broken, '1_stops.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE stops_$mode (i integer);\nSELECT 1;\n");
	is(query($db, $failing), '1', "$mode: corrected, it continues where it stopped");

	# A call is cancelled while a migration waits for a lock.
	my $holder = open_session($direct);
	my $waits = new_directory('1_waits.sql' => "-- +goose Up\nDROP TABLE many_$mode;\n-- +goose Down\nSELECT 1;\n");
	my $session = open_session($db, application => "waits_$mode");

	ask($holder, "BEGIN; LOCK TABLE many_$mode");
	start($session, "CALL migrate.up('$waits', project => 'waits_$mode')");
	wait_for_activity($direct, "waits_$mode", "wait_event_type = 'Lock'");
	$session->{run}->signal('INT');
	like((close_session($session))[1], qr/ERROR:  57014: canceling statement due to user request/, "$mode: a call is cancelled");
	ask($holder, 'COMMIT');
	close_session($holder);
	is(advisory_locks($direct), '0', "$mode: no lock is left");
	is(query($db, "CALL migrate.up('$waits', project => 'waits_$mode')"), '1', "$mode: the next call runs it");

	# In one transaction, of the caller or of its own.
	my $apply = apply("apply_$mode");

	if ($mode eq 'statement')
	{
		like((sql($db, "BEGIN;\n$apply;\nCOMMIT;"))[2], qr/transaction blocks not allowed in statement pooling mode/,
			"$mode: no transaction blocks, as without migrate");
		wait_until('the connection is closed', sub { query($direct, "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'") == 0 });
		is(query($db, $apply), '1', "$mode: apply()");
	}
	else
	{
		is(query($db, "BEGIN;\n$apply;\nROLLBACK;\nBEGIN;\n$apply;\nCOMMIT;"), "1\n1", "$mode: apply() in a transaction block");
	}

	# Extended protocol without and with the name of a statement.
	write_files($dir, 'script' => up("extended_$mode") . ";\n");
	command_ok([ 'pgbench', '-n', '-M', 'extended', '-c', '8', '-t', '5', '-f', "$dir/script", $pool->connstr($mode) ],
		"$mode: unnamed prepared statements");
	is(query($direct, "SELECT count(*) FROM migrate.history('extended_$mode')"), '3', "$mode: each migration has run once");
}

# Named statements: in session mode, and in the others from PgBouncer 1.21 on.
sub prepared
{
	my ($name) = @_;
	my ($out, $err) = ('', '');

	write_files($dir, 'script' => up("prepared_$name") . ";\n");
	IPC::Run::run([ 'pgbench', '-n', '-M', 'prepared', '-c', $connections, '-t', '5', '-f', "$dir/script", $pool->connstr($name) ],
		'>', \$out, '2>', \$err);
	return $err =~ s/^NOTICE:.*\n//mgr;
}

unlike(prepared('session'), qr/error/, 'session: named prepared statements');
like(prepared('one'), $renames ? qr/^((?!error).)*$/s : qr/ERROR:  prepared statement "\w+" already exists/,
	'transaction: named prepared statements, which fail before 1.21, as without migrate');

# Starters that wait take connections of a pool in transaction mode, and others wait
# for them.
my $runner = open_session($direct);

ask($runner, 'BEGIN');
ask($runner, apply('waiting'));

my @waiting = map { open_session(database($pool, 'two'), application => "starter_$_") } 1, 2;

start($_, up('waiting')) foreach @waiting;
wait_until('both starters wait', sub { query($direct, "SELECT count(*) FROM migrate.activity() WHERE state = 'waiting for a run'") == 2 });

my $old_release = open_session_later('two');

start($old_release, 'SELECT 42');
wait_until('the old release waits for a connection',
	sub { $old_release->{run}->pump_nb; query($admin, 'SHOW POOLS') =~ /^two\|\w+\|2\|1\|/m });
pass('two starters that wait leave nothing of a pool of two');
ask($runner, 'COMMIT');
is((finish($old_release))[0], '42', 'when the run has ended, the old release goes on');
is(join(',', sort map { (finish($_))[0] } @waiting), '0,2', 'and the starters');
close_session($_) foreach $runner, $old_release, @waiting;

# As open_session(), without waiting for an answer.
sub open_session_later
{
	my ($name) = @_;
	my $session = { in => '', out => '', err => '', asked => 0 };

	$session->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $pool->connstr($name), '-f', '-' ],
		'<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return $session;
}

# Settings of the connection are refused or dropped; those of the role are in force.
my @options = (options => '-c lock_timeout=10ms');
my $transaction = database($pool, 'transaction');

like((sql($transaction, 'SELECT 1', @options))[2], qr/unsupported startup parameter.*options/, 'PGOPTIONS is refused');
query($admin, "SET ignore_startup_parameters = 'options'");
is(query($transaction, 'SHOW lock_timeout', @options), '0', 'or, with ignore_startup_parameters, has no effect');

query($direct, "ALTER ROLE deploy SET lock_timeout = '10ms'; GRANT CREATE ON SCHEMA public TO deploy; ALTER DATABASE shop SET migrate.allowed_directories = '$app'");
$runner = open_session($direct);
ask($runner, 'BEGIN');
ask($runner, apply('timeout'));
fails_with($transaction, up('timeout'), '55P03', qr/lock timeout/, "the role's lock_timeout is in force", user => 'deploy');
ask($runner, 'ROLLBACK');
close_session($runner);
is(query($transaction, up('timeout'), user => 'deploy'), '3', 'and when nobody holds the lock, the run goes on');

done_testing();
