# The programs of examples/clients against a cluster, as an ordinary role, with a
# password, over TCP.  What each must do:
#
#   four that start at once apply each migration exactly once, and show its notice
#   a second start finds nothing to do
#   the texts arrive byte for byte, also those of links, as in mounted volumes
#   a broken migration ends with status 1, SQLSTATE, message, hint, file and line
#   so does what is not about a migration, with status 1
#   a notice is shown while the call still runs, but by those of %late
#
# And what drivers must be told: in a transaction of the driver's own, the call fails.
#
# Those for which Debian has packages; test/clients/run names others in
# MIGRATE_CLIENTS, a file with a line for each: its name, its version, a shell command
# and "embedded" if test/clients/migrations is compiled in; or its name and why it is
# skipped.  Tabs separate them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Digest::MD5 qw(md5_hex);
use IPC::Run;
use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $programs = "$FindBin::RealBin/../../examples/clients";
my $starters = 4;

# A Node.js that is not Debian's does not look where Debian's packages are, and an
# ES module only in a folder beside or above it.
my $debian_node = new_directory();
symlink '/usr/share/nodejs', "$debian_node/node_modules" or die "$debian_node: $!";
write_files($debian_node, 'node-pg.mjs' => slurp_file("$programs/node-pg.mjs"));

# The name, what prints the version, or fails if the package is not there, and the
# command.
my @debian = (
	[   'python-psycopg', q{/usr/bin/python3 -c 'import psycopg; print(psycopg.__version__)'},
		"/usr/bin/python3 $programs/python-psycopg.py" ],
	[   'python-psycopg2', q{/usr/bin/python3 -c 'import psycopg2; print(psycopg2.__version__.split()[0])'},
		"/usr/bin/python3 $programs/python-psycopg2.py" ],
	[   'node-pg', q{NODE_PATH=/usr/share/nodejs node -p 'require("pg/package.json").version'},
		"env NODE_PATH=/usr/share/nodejs node $debian_node/node-pg.mjs" ],
	[ 'ruby-pg', q{ruby -rpg -e 'puts PG::VERSION'}, "ruby $programs/ruby-pg.rb" ],
	[   'php-pdo', q{php -r 'extension_loaded("pdo_pgsql") || exit(1); echo PHP_VERSION;'},
		"php $programs/php-pdo.php" ],
	[   'perl-dbi', q{/usr/bin/perl -MDBD::Pg -e 'print "$DBD::Pg::VERSION"'},
		"/usr/bin/perl $programs/perl-dbi.pl" ],
	[ 'psql', q{jq --version >&2 && psql --version | cut -d ' ' -f 3}, "$programs/psql.sh" ],
	[ 'ci', q{jq --version >&2 && psql --version | cut -d ' ' -f 3}, "$programs/ci.sh" ]);

# Calls in a transaction that the driver has opened by itself, or because it is used so.
my $call = 'CALL migrate.up(files => ';
my %in_transaction = (
	'python-psycopg' => [ '/usr/bin/python3', '-c', qq{import psycopg\npsycopg.connect().execute("$call%s)", ["{}"])} ],
	'python-psycopg2' => [ '/usr/bin/python3', '-c',
		qq{import psycopg2\nc = psycopg2.connect("")\nc.autocommit = True\nwith c: c.cursor().execute("$call%s)", ["{}"])} ],
	'perl-dbi' => [ '/usr/bin/perl', '-MDBI', '-e',
		qq{DBI->connect('dbi:Pg:', undef, undef, { AutoCommit => 0 })->do('$call?)', undef, '{}')} ]);

# Drivers that hand notices on when the call ends.
my %late = map { $_ => 1 } qw(python-psycopg2 java-pgjdbc);

# The text of a note has what drivers easily change: line ends, what quotes, what looks
# like a parameter.
my $migrations = "$FindBin::RealBin/../clients/migrations";
my %good = map { $_ => slurp_file("$migrations/$_") } qw(001_notes.sql 002_index.sql 003_late.sql parts/words.sql);
my %broken = ('004_broken.sql' => "CREATE TABLE misspelt (name text);\n\nSELECT nme FROM misspelt;\n");
my ($note) = $good{'parts/words.sql'} =~ /'(.*\r\n.*)'/ or die 'the note has lost its line end';

my $dir = as_volume(new_directory(%good), '003_late.sql');
my $broken = new_directory(%good, %broken);
my $live = new_directory(%good, '101_first.sql' => "SELECT 1;\n", '102_waits.sql' => "INSERT INTO gate VALUES (1);\n");

my $node = new_node('clients', conf => "listen_addresses = '127.0.0.1'\nmax_connections = 30\n");
my $server = database($node, 'postgres');
my $password = md5_hex(join ' ', $$, rand, time);

query($server, "CREATE ROLE deploy LOGIN PASSWORD '$password'");
my $access = slurp_file($node->data_dir . '/pg_hba.conf') =~ s/^(host.*)\btrust$/${1}scram-sha-256/gmr;
write_files($node->data_dir, 'pg_hba.conf' => $access);
$node->reload;

my %connection = (PGHOST => '127.0.0.1', PGPORT => $node->port, PGUSER => 'deploy', PGPASSWORD => $password);

# A file as in a volume that Kubernetes has made of a ConfigMap: a link to one in a
# hidden folder, which is itself a link.
sub as_volume
{
	my ($top, $name) = @_;

	mkdir "$top/..1" or die "$top: $!";
	rename "$top/$name", "$top/..1/$name" or die "$top: $!";
	set_link('..1', "$top/..data");
	set_link("..data/$name", "$top/$name");
	return $top;
}

# The clients as hashes, with a version or the reason why it is skipped.
sub clients_of_debian
{
	my @clients;

	foreach my $row (@debian)
	{
		my ($name, $print_version, $command) = @$row;
		my ($version, $err) = ('', '');

		IPC::Run::run([ 'sh', '-c', $print_version ], '<', \undef, '>', \$version, '2>', \$err)
		  or $version = '';
		chomp $version;
		push @clients, { name => $name, version => $version, command => $command,
			skipped => $version eq '' && 'its Debian package is not installed' };
	}
	return @clients;
}

sub clients_of_file
{
	my ($path) = @_;
	my @clients;

	foreach my $line (split /\n/, slurp_file($path))
	{
		my ($name, $version, $command, $embedded) = split /\t/, $line;
		push @clients, { name => $name, version => $version, command => $command, embedded => $embedded,
			skipped => !defined $command && $version };
	}
	return @clients;
}

# Start a client for a database and a directory, or what is compiled in, without
# waiting.
sub start_client
{
	my ($client, $database, @top) = @_;

	return start_command([ 'sh', '-c', "exec $client->{command} \"\$@\"", 'sh', @top ], $database);
}

sub start_command
{
	my ($command, $database) = @_;
	my $run = { out => '', err => '' };

	local @ENV{ keys %connection } = values %connection;
	local $ENV{PGDATABASE} = $database;
	$run->{harness} = IPC::Run::start($command,
		'<', \undef, '>', \$run->{out}, '2>', \$run->{err},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return $run;
}

sub finish_client
{
	my ($run) = @_;

	$run->{harness}->finish;
	$run->{status} = $run->{harness}->result(0);
	($run->{applied}) = $run->{out} =~ /^applied (\d+)$/m;
	return $run;
}

sub run_client
{
	my ($client, $database, @top) = @_;

	return finish_client(start_client($client, $database, @top));
}

# The first migration waits for the gate until all starters have called.
sub start_together
{
	my ($client, $db) = @_;
	my $gate = open_session($db);
	my $calls = q{SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'deploy' AND state = 'active'};

	ask($gate, 'BEGIN; LOCK TABLE gate');
	my @runs = map { start_client($client, $db->{name}, $dir) } 1 .. $starters;
	my $given_up = 0;
	wait_until('all starters have called', sub {
		$_->{harness}->pump_nb foreach @runs;
		$given_up = grep { !$_->{harness}->pumpable } @runs;
		return $given_up || query($db, $calls) == $starters;
	});
	ask($gate, 'COMMIT');
	close_session($gate);
	finish_client($_) foreach @runs;
	is($given_up, 0, 'all starters wait');
	return @runs;
}

sub test_starters
{
	my ($client, $db) = @_;
	my @runs = start_together($client, $db);
	my $notices = join '', map { $_->{err} } @runs;
	my $sum = 0;

	$sum += $_->{applied} // 0 foreach @runs;
	is(join(' ', map { $_->{status} } @runs), '0 0 0 0', 'four starters succeed') or diag($notices);
	is($sum, 3, 'each migration is applied once, as they print') or diag(map { $_->{out} } @runs);
	is( query($db, q{SELECT string_agg(concat_ws(' ', version, direction, outcome, role), ', ' ORDER BY version) FROM migrate.history()}),
		'001 up done deploy, 002 up done deploy, 003 up done deploy',
		'and as the history says');
	is( query($db, 'SELECT md5(note) FROM notes'), md5_hex($note), 'the text has arrived byte for byte');
	return if drops_notices($client);
	is_deeply([ sort $notices =~ /applied (\w+) \(/g ], [qw(001_notes 002_index 003_late)],
		'each notice is shown once') or diag($notices);
	return;
}

# PDO before PHP 8.4
sub drops_notices
{
	my ($client) = @_;

	return $client->{name} eq 'php-pdo' && $client->{version} =~ /(\d+)\.(\d+)/ && 100 * $1 + $2 < 804;
}

sub test_errors
{
	my ($client, $db) = @_;
	my $run = run_client($client, $db->{name}, $broken);

	is($run->{status}, 1, 'a broken migration: status 1');
	unlike($run->{out}, qr/applied \d/, 'and no success');
	like($run->{err}, $_, "shown: $_")
	  foreach qr/42703/, qr/column "nme" does not exist/, qr/Perhaps you meant to reference the column "misspelt.name"/,
	  qr/statement 2 of 2, file "004_broken\.sql", line 3/;
	unlike($run->{err}, qr/\{"|Traceback|\bat .*:\d+:\d+\b/, 'neither the files nor a stack');

	$run = run_client($client, 'no_such_database', $dir);
	is($run->{status}, 1, 'no database: status 1');
	like($run->{err}, qr/database "no_such_database" does not exist/, 'and why');
	return;
}

# The second migration waits for the gate; is the notice of the first one there?
sub test_live_notice
{
	my ($client, $db) = @_;

	return if drops_notices($client);

	my $gate = open_session($db);
	my $waits = q{SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'deploy' AND wait_event_type = 'Lock'};

	ask($gate, 'BEGIN; LOCK TABLE gate');
	my $run = start_client($client, $db->{name}, $live);
	wait_until('the second migration waits', sub { $run->{harness}->pump_nb; return query($db, $waits) == 1 });
	if ($late{ $client->{name} })
	{
		ask($gate, 'COMMIT');
		finish_client($run);
	}
	else
	{
		wait_until('a notice while the call runs', sub { $run->{harness}->pump_nb; return $run->{err} =~ /applied 101_first/ });
		unlike($run->{err}, qr/102_waits/, 'a notice is shown while the call runs');
		ask($gate, 'COMMIT');
		finish_client($run);
	}
	close_session($gate);
	like($run->{err}, qr/applied 101_first.*applied 102_waits/s, 'both notices are shown');
	is("$run->{status} $run->{out}", "0 applied 2\n", 'and both are applied');
	return;
}

sub test_in_transaction
{
	my ($client, $db) = @_;
	my $command = $in_transaction{ $client->{name} } // return;
	my $run = finish_client(start_command($command, $db->{name}));

	like($run->{err}, qr/cannot run inside a transaction block\n.*Turn on autocommit in the client/s,
		'in a transaction: the error says what to do');
	return;
}

sub test_client
{
	my ($client) = @_;
	my $name = $client->{name} =~ s/\W/_/gr;
	my $db = create_database($node, $name);

	query($db, 'CREATE TABLE gate (i integer); GRANT INSERT ON gate TO deploy; GRANT CREATE ON SCHEMA public TO deploy;'
		  . 'GRANT USAGE ON SCHEMA migrate TO deploy; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO deploy;');
	test_starters($client, $db);
	foreach my $top ([$dir], $client->{embedded} ? [] : ())
	{
		my $run = run_client($client, $name, @$top);

		is("$run->{status} $run->{out}", "0 applied 0\n",
			(@$top ? 'a second start' : 'what is compiled in is the same:') . ' finds nothing to do') or diag($run->{err});
	}
	test_errors($client, $db);
	test_live_notice($client, $db);
	test_in_transaction($client, $db);
	return;
}

foreach my $client ($ENV{MIGRATE_CLIENTS} ? clients_of_file($ENV{MIGRATE_CLIENTS}) : clients_of_debian())
{
  SKIP:
	{
		skip "$client->{name}: $client->{skipped}", 1 if $client->{skipped};
		subtest("$client->{name} $client->{version}",
			sub { eval { test_client($client); 1 } or fail("it can be tested: $@") });
	}
}

$node->stop;
done_testing();
