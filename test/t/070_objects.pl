# objects() is what pg_dump -s writes: a database that is restored from a dump
# has the rows of the one that was dumped.  test/objects/everything.sql has every
# kind of object; then come all directories of test/migrations.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('objects', conf => "wal_level = logical\nmax_locks_per_transaction = 256\n");
my $files = "$FindBin::RealBin/../objects";
my $dumps = PostgreSQL::Test::Utils::tempdir;
my $postgres = database($node, 'postgres');

# All rows as one text.
my $rows = q{SELECT string_agg(concat_ws(E'\n', kind || ' ' || name, definition), E'\n\n' ORDER BY ordinality)
	FROM migrate.objects() WITH ORDINALITY};

# A dump without what differs from one to the next, as a set of lines: "equal but
# for the order" is what the documents promise.
sub dump_of
{
	my ($name) = @_;
	my $file = "$dumps/$name.sql";

	command_ok([ 'pg_dump', '-s', '-f', $file, $node->connstr($name) ], "$name: pg_dump");
	my @lines = grep { !/^(--|\\|$)/ } split /\n/, slurp_file($file);
	return ($file, join "\n", sort map { s/,$//r } @lines);
}

# Dump a database, restore it, compare.  The subscription must not be left: it
# would keep the copy from being dropped.
sub survives_dump
{
	my ($db) = @_;
	my $name = $db->{name};
	my ($file, $dump) = dump_of($name);

	query($postgres, "CREATE DATABASE ${name}_copy TEMPLATE template0");
	my $copy = database($node, "${name}_copy");
	command_ok(
		[ 'psql', '-XAtq', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', $file, $node->connstr("${name}_copy") ],
		"$name: restored");
	is(query($copy, $rows), query($db, $rows), "$name: the copy has the same objects");
	is( query($copy, 'SELECT migrate.fingerprint()'),
		query($db, 'SELECT migrate.fingerprint()'),
		"$name: and the same fingerprint");
	is((dump_of("${name}_copy"))[1], $dump, "$name: its dump has the same lines");
	return $copy;
}

query($postgres, slurp_file("$files/roles.sql"));
my $everything = create_database($node, 'everything', 'TEMPLATE template0');
query($everything, slurp_file("$files/everything.sql"));
my $copy = survives_dump($everything);

# Each kind is there.
my @kinds = split /\n/, query($everything, 'SELECT DISTINCT kind FROM migrate.objects() ORDER BY 1');
is(scalar @kinds, 39, 'every kind of object is there') or diag(join "\n", @kinds);
is( query($everything, q{SELECT kind, name FROM migrate.objects() WHERE definition ~ '(^|\n)(\n|$)' AND kind <> 'rule'}),
	'', 'no definition has an empty line or ends in one');

# A column of the parents that is declared again where it is not in their order:
# the dump does not keep the order, so it is not the same.
query($everything,
	'CREATE TABLE app.turned (b text, a integer NOT NULL, late integer, CONSTRAINT a_positive CHECK (a > 0)); ALTER TABLE app.turned INHERIT app.parent;');
my ($file, $dump) = dump_of('everything');
query($postgres, 'CREATE DATABASE turned TEMPLATE template0');
my $turned = database($node, 'turned');
command_ok([ 'psql', '-XAtq', '-o', '/dev/null', '-f', $file, $node->connstr('turned') ], 'restored');
like(query($everything, q{SELECT definition FROM migrate.objects() WHERE name = 'app.turned'}), qr/ b text.* a integer/s, 'b before a');
like(query($turned, q{SELECT definition FROM migrate.objects() WHERE name = 'app.turned'}), qr/ a integer.* b text/s, 'a before b in a copy');

# Rows are those of the snapshot, but core's functions see what is committed: what they
# would show of an object that another session has dropped is left out.
my $session = open_session($everything);
ask($session, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
query($everything, 'CREATE TABLE app.passing (a integer); CREATE VIEW app.passing_view AS SELECT a FROM app.passing');
is((ask($session, "SELECT count(*) FROM migrate.objects() WHERE name ~ 'passing'"))[0], '0', 'an old snapshot does not have new objects');
ask($session, 'COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
query($everything, 'DROP TABLE app.passing CASCADE');
is( (ask($session, "SELECT kind, definition FROM migrate.objects() WHERE name ~ 'passing'"))[0],
	"table|CREATE TABLE app.passing (\n    a integer\n)\nOWNER TO postgres",
	'of an old snapshot a table is whole, and a view is gone');
is( (ask($session, q{SELECT count(*) FROM migrate.objects() WHERE name !~ 'passing'}))[0],
	query($everything, 'SELECT count(*) FROM migrate.objects()'),
	'the others are there');
ask($session, 'ROLLBACK');
close_session($session);

# Directories of migrations.

opendir my $handle, fixture('.') or die $!;
my @directories = sort grep { !/^(\.|bad$|updown_broken$)/ && -d fixture($_) } readdir $handle;
closedir $handle;
cmp_ok(scalar @directories, '>', 25, 'there are directories');

my %arguments = (
	flyway => q{, vars => '{"first_lighthouse": "Skagen", "commented_table": "lighthouses", "region": "north"}'},
	sqlx_simple => q{, format => 'sqlx'},
	goose_envsub => q{, vars => '{"BOX_KEEPER": "Ada"}'});

query($postgres, 'CREATE ROLE regress_migrate_owner');
foreach my $name (@directories)
{
	(my $short = $name) =~ tr/-/_/;
	my $db = create_database($node, $short, 'TEMPLATE template0');
	my $dir = fixture($name);
	my ($status, $out, $err) = sql($db, "CALL migrate.up('$dir'" . ($arguments{$name} // '') . ')');
	is($status, 0, "$name: applied") or diag($err);
	survives_dump($db);
	query($postgres, "DROP DATABASE $short; DROP DATABASE ${short}_copy");
}

done_testing();
