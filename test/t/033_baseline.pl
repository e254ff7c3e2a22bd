# A dump of a migrated database replaces its migrations: a database created from it
# is the same, and later migrations can be applied.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('baseline');

# The output of pg_dump for a database, without what differs between dumps.
sub dump_of
{
	my ($db) = @_;
	my ($out, $err) = run_command(
		[
			'pg_dump', '--exclude-schema=migrate',
			'--dbname' => $node->connstr($db->{name})
		]);

	die $err if $out eq '';
	return $out;
}

sub comparable
{
	my ($dump) = @_;

	$dump =~ s/^\\(un)?restrict .*\n//mg;
	return $dump;
}

foreach my $name ('goose_long', 'plain', 'pairs')
{
	my $migrated = create_database($node, "migrated_$name");
	my $new = create_database($node, "new_$name");
	my $dir = new_directory();

	PostgreSQL::Test::RecursiveCopy::copypath(fixture($name), "$dir/m");
	query($migrated, "SELECT FROM migrate.apply('$dir/m')");
	query($migrated, 'CREATE TABLE filled (a int, b text); INSERT INTO filled SELECT g, $$a;$$ FROM generate_series(1, 3) g');
	my $dump = dump_of($migrated);

	write_files("$dir/m", 'schema.sql' => $dump);
	my $last = query($migrated, 'SELECT migrate.version()');
	is( query($new,
			"SELECT count(*), sum(statements) > 1 FROM migrate.baseline('$dir/m', script => 'schema.sql')"),
		query($migrated, 'SELECT count(*), true FROM migrate.status()'),
		"$name: the dump runs, and all migrations are recorded");
	is(comparable(dump_of($new)), comparable($dump), "$name: the databases are the same");
	is(query($new, "SELECT migrate.version(), count(*) FROM migrate.apply('$dir/m')"),
		"$last|0", "$name: nothing is left to do");
	is(query($new, 'SHOW search_path'), '"$user", public', "$name: search_path is as before");
	query($new, "SELECT migrate.create('one more', '$dir/m')");
	is( query($new, "SELECT name, state FROM migrate.status('$dir/m') WHERE state <> 'baseline'"),
		'one_more|pending', "$name: the next one is pending");

	# the state survives another dump and restore
	my $restored = database($node, "restored_$name");
	query(database($node, 'postgres'), "CREATE DATABASE restored_$name");
	my ($all) = run_command([ 'pg_dump', '--dbname' => $node->connstr($new->{name}) ]);
	my $file = write_files(new_directory(), 'all.sql' => $all) . '/all.sql';
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file,
			'-d', $node->connstr($restored->{name}) ], "$name: dump and restore");
	is(query($restored, "SELECT s::text FROM migrate.status('$dir/m') s"),
		query($new, "SELECT s::text FROM migrate.status('$dir/m') s"),
		"$name: the restored database has its baseline");
}

$node->stop;
done_testing();
