# pg_dump and pg_upgrade keep everything that is recorded: the rows of all four
# tables and the sequence, so that the history continues where it was.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Comments that allow a finding are recorded where runs are checked.
my $node = new_node('dump', conf => "log_statement = none\nmigrate.on_findings = warn");

my $dir = new_directory(
	'001_boxes.up.sql' => "CREATE TABLE boxes (id integer PRIMARY KEY);\n",
	'001_boxes.down.sql' => "DROP TABLE boxes;\n",
	'002_labels.up.sql' => "CREATE TABLE labels (id integer, text text);\n"
	  . "INSERT INTO labels VALUES (1, E'a tab\\t, a \\\\ and an \303\251');\n",
	'002_labels.down.sql' => "DROP TABLE labels;\n",
	'003_shelves.up.sql' => "CREATE TABLE shelves (id integer);\n-- migrate: allow definer-path all names have a schema\n"
	  . "CREATE FUNCTION shelf() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';\n",
	'003_shelves.down.sql' => "DROP FUNCTION shelf(); DROP TABLE shelves;\n",
	'004_no_way_back.up.sql' => "COMMENT ON TABLE boxes IS 'kept';\n",
	'005_pending.up.sql' => "CREATE TABLE pending (id integer);\n");
my $other = fixture('goose_app');
my $dumps = PostgreSQL::Test::Utils::tempdir;
my $attempts = 5 + 7;    # that fill() makes

# Two batches, of which the last has been undone and applied again, so that the
# history has more rows than there are applied migrations, and another project.
sub fill
{
	my ($db, %options) = @_;

	query(
		$db,
		"SET migrate.record_objects = on;
		 SELECT FROM migrate.apply('$dir', steps => 2);
		 SELECT FROM migrate.apply('$dir', target => '3');
		 SELECT FROM migrate.rollback();
		 SELECT FROM migrate.apply('$dir', target => '003');
		 SELECT FROM migrate.apply('$other', project => 'other');",
		%options);
	return;
}

# Everything that is recorded, as text.
sub remembered
{
	my ($db) = @_;

	return query(
		$db,
		"SELECT s::text FROM migrate.script s ORDER BY sha256;
		 SELECT h::text FROM migrate.history h ORDER BY id;
		 SELECT a::text FROM migrate.applied a ORDER BY project, sort_key;
		 SELECT o::text FROM migrate.object o ORDER BY kind, name;
		 SELECT last_value, is_called FROM migrate.history_id_seq;
		 SELECT s::text FROM migrate.status('$dir') s;
		 SELECT s::text FROM migrate.status('$other', project => 'other') s;
		 SELECT migrate.version();
		 SELECT h::text FROM migrate.history() h;
		 SELECT h::text FROM migrate.history('other') h");
}

# An empty database to restore into.
sub target
{
	my ($name) = @_;

	query(database($node, 'postgres'), "CREATE DATABASE $name TEMPLATE template0");
	return $node->connstr($name);
}

sub psql_on
{
	my ($file, $name) = @_;

	return ('psql', '-XAtq', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', $file,
		target($name));
}

# The extension still works: the numbers of the history continue, what was applied
# before can be undone, what is pending can be applied.
sub goes_on
{
	my ($db, $how) = @_;

	is(query($db, 'SELECT count(*) FROM migrate.drift()'), 0, "$how: no object differs from those recorded");
	is(query($db, 'SELECT version, name, batch FROM migrate.rollback()'),
		'003|shelves|3', "$how: the last batch is undone with the stored scripts");
	is( query($db, 'SELECT max(id) FROM migrate.history'),
		$attempts + 1,
		"$how: the numbers of the history continue");
	is(query($db, "SELECT version, batch FROM migrate.apply('$dir')"),
		"003|4\n004|4\n005|4", "$how: pending migrations are applied, in the next batch");
	is(query($db, 'SELECT count(*) FROM shelves, pending'), 0, "$how: and their tables exist");
	is(query($db, "SELECT version FROM migrate.rollback(everything => true, force => true)"),
		"005\n004\n003\n002\n001", "$how: all can be undone");
	is(query($db, "SELECT to_regclass('boxes'), to_regclass('labels')"), '|', "$how: and no table is left");
	return;
}

my $shop = create_database($node, 'shop');
fill($shop);
my $remembered = remembered($shop);
is(query($shop, 'SELECT max(id), count(*) FROM migrate.history'),
	"$attempts|$attempts", 'the history has the rows that the tests below need');

is( query($shop, "SELECT count(*) FROM migrate.history WHERE allowed = ARRAY['definer-path all names have a schema']"),
	2, 'and what a comment has allowed, in each attempt');

# Dump and restore by a superuser.

my $source = $node->connstr('shop');
my $plain = database($node, 'plain');
command_ok([ 'pg_dump', '-f', "$dumps/plain", $source ], 'pg_dump');
command_ok([ psql_on("$dumps/plain", 'plain') ], 'its output can be restored');
is(remembered($plain), $remembered, 'pg_dump: everything is as before');
goes_on($plain, 'pg_dump');

my $custom = database($node, 'custom');
command_ok([ 'pg_dump', '-Fc', '-f', "$dumps/custom", $source ], 'pg_dump -Fc');
command_ok([ 'pg_restore', '--exit-on-error', '-d', target('custom'), "$dumps/custom" ],
	'pg_restore');
is(remembered($custom), $remembered, 'pg_dump -Fc: everything is as before');
goes_on($custom, 'pg_dump -Fc');

my $parallel = database($node, 'parallel');
command_ok([ 'pg_dump', '-Fd', '-j', '3', '-f', "$dumps/parallel", $source ], 'pg_dump -Fd -j 3');
command_ok([ 'pg_restore', '--exit-on-error', '-j', '3', '-d', target('parallel'), "$dumps/parallel" ],
	'pg_restore -j 3');
is(remembered($parallel), $remembered, 'pg_dump -Fd -j 3: everything is as before');
goes_on($parallel, 'pg_dump -Fd -j 3');

# A copy by the server itself.

query(database($node, 'postgres'), 'CREATE DATABASE template TEMPLATE shop');
is(remembered(database($node, 'template')), $remembered, 'CREATE DATABASE ... TEMPLATE: everything is as before');
goes_on(database($node, 'template'), 'CREATE DATABASE ... TEMPLATE');

# One schema.  That of the application comes without the extension, and without its
# history: what is in the dump is recorded in the new database by baseline().

my $public = database($node, 'public_only');
command_ok([ 'pg_dump', '-n', 'public', '-f', "$dumps/public", $source ], 'pg_dump -n public');
unlike(slurp_file("$dumps/public"), qr/migrate/, 'has nothing of migrate');
my $restored = target('public_only');
query($public, 'DROP SCHEMA public');
command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dumps/public", $restored ], 'its output can be restored');
query($public, 'CREATE EXTENSION migrate');
is(query($public, "SELECT count(*) FROM migrate.baseline('$dir', '3')"), '3', 'baseline() records what is there');
is(query($public, "SELECT version FROM migrate.apply('$dir')"), "004\n005", 'and the others are applied');

# The schema "migrate" as such has only what does not belong to the extension: with
# -e, the rows are dumped as well.
command_ok([ 'pg_dump', '-n', 'migrate', '-f', "$dumps/migrate", $source ], 'pg_dump -n migrate');
unlike(slurp_file("$dumps/migrate"), qr/COPY migrate/, 'pg_dump -n migrate has no history');
my $history = database($node, 'history_only');
command_ok([ 'pg_dump', '-n', 'migrate', '-e', 'migrate', '-f', "$dumps/history", $source ], 'pg_dump -n migrate -e migrate');
command_ok([ psql_on("$dumps/history", 'history_only') ], 'its output can be restored');
is(remembered($history), $remembered, 'pg_dump -n migrate -e migrate: the history is as before');

# The schema alone: no history, and nothing that fails.

command_ok([ 'pg_dump', '-s', '-f', "$dumps/schema", $source ], 'pg_dump -s');
command_ok([ psql_on("$dumps/schema", 'schema_only') ], 'its output can be restored');
is( query(
		database($node, 'schema_only'),
		"SELECT count(*) FROM migrate.history();
		 SELECT DISTINCT state FROM migrate.status('$dir');
		 SELECT nextval('migrate.history_id_seq')"),
	"0\npending\n1",
	'pg_dump -s: the extension exists, and its history is empty');

# The dump of a database owner that is not a superuser.

query(database($node, 'postgres'), 'CREATE ROLE landlady LOGIN');
my $owned = create_database($node, 'owned', 'OWNER landlady');
query(
	$owned,
	"GRANT USAGE ON SCHEMA migrate TO landlady;
	 GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA migrate TO landlady;
	 ALTER DATABASE owned SET migrate.allowed_directories = '$dir, $other';
	 ALTER SCHEMA public OWNER TO landlady;");
fill($owned, user => 'landlady');
my $remembered_by_owner = remembered($owned);
unlike($remembered_by_owner, qr/postgres/, 'nothing in it belongs to the superuser');

foreach my $format ('plain', 'custom')
{
	my $as_owner = $node->connstr('owned') . ' user=landlady';
	my $file = "$dumps/owned_$format";
	my $name = "by_owner_$format";
	my @restore =
	  $format eq 'plain'
	  ? psql_on($file, $name)
	  : ('pg_restore', '--exit-on-error', '-d', target($name), $file);

	command_ok(
		[ 'pg_dump', "--format=$format", '-f', $file, $as_owner ],
		"pg_dump --format=$format by the owner of the database");
	command_ok(\@restore, 'its output can be restored');
	is(remembered(database($node, $name)),
		$remembered_by_owner, "--format=$format: everything is as before");
}

fails_with(
	$owned, "$_ migrate.applied",
	'42501',
	qr/permission denied/,
	"the owner may not $_",
	user => 'landlady') foreach 'DELETE FROM', 'TRUNCATE';

# A dump during a run has the state before it, and neither waits for the other.
{
	my $runner = open_session($custom);
	my $before = remembered($custom);

	ask($runner, "BEGIN; SELECT FROM migrate.apply('$dir')");
	command_ok(
		[   'pg_dump', '--lock-wait-timeout=1s', '-Fc', '-f',
			"$dumps/during", $node->connstr('custom') ],
		'pg_dump during a run');
	ask($runner, 'COMMIT');
	close_session($runner);
	command_ok([ 'pg_restore', '--exit-on-error', '-d', target('during'), "$dumps/during" ],
		'its output can be restored');
	is( remembered(database($node, 'during')) =~ s/^\d+\|[tf]$//mr,
		$before =~ s/^\d+\|[tf]$//mr,
		'the dump does not have the run');
}

# pg_upgrade, between two clusters of the same version.

my $upgraded = PostgreSQL::Test::Cluster->new('upgraded');
$upgraded->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
my $bin = $node->config_data('--bindir');
$node->stop;
chdir $dumps or die "$dumps: $!";    # where pg_upgrade leaves its scripts
command_ok(
	[   'pg_upgrade', '--no-sync', '--old-bindir', $bin,
		'--new-bindir', $bin, '--old-datadir', $node->data_dir,
		'--new-datadir', $upgraded->data_dir, '--old-port', $node->port,
		'--new-port', $upgraded->port, '--socketdir', $node->host ],
	'pg_upgrade');
$upgraded->start;
$shop = database($upgraded, 'shop');
is(remembered($shop), $remembered, 'pg_upgrade: everything is as before');
goes_on($shop, 'pg_upgrade');
$owned = database($upgraded, 'owned');
is(remembered($owned), $remembered_by_owner, 'pg_upgrade: also in a database of another owner');
is(query($owned, 'SELECT version FROM migrate.rollback()', user => 'landlady'),
	'003', 'whose owner can undo it');

$upgraded->stop;
done_testing();
