# Sessions that create migrations at the same time, and errors of the operating
# system.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('create');
my $db = create_database($node, 'one');
my $other = create_database($node, 'other');

# The files of a directory, hidden ones too, sorted.
sub files
{
	my ($dir) = @_;

	opendir my $handle, $dir or die "$dir: $!";
	my @names = sort grep { !/^\.\.?$/ } readdir $handle;
	closedir $handle;
	return @names;
}

# Sessions of two databases create files at once: no number is used twice.
sub race
{
	my ($dir, $format, $each) = @_;
	my $sessions = 6;
	my @sessions =
	  map { open_session($_ % 2 ? $db : $other) } 1 .. $sessions;
	my $n = 0;

	foreach my $session (@sessions)
	{
		$n++;
		start($session,
			"SELECT count(migrate.create('s$n ' || g, '$dir', '$format')) FROM generate_series(1, $each) g"
		);
	}
	foreach my $session (@sessions)
	{
		is((finish($session))[0], $each, "$format: a session has created its files");
		close_session($session);
	}
	is( query($db,
			"SELECT count(*), count(DISTINCT version) FROM migrate.status('$dir', format => '$format')"),
		$sessions * $each . '|' . $sessions * $each,
		"$format: each has a number of its own");
	return;
}

my $numbers = new_directory();
race($numbers, 'tern', 20);
is( join(' ', map { /^(\d+)/ } files($numbers)),
	join(' ', map { sprintf '%03d', $_ } 1 .. 120),
	'numbers have no gaps');
my $times = new_directory();
race($times, 'goose', 10);
my $folders = new_directory();
race($folders, 'diesel', 5);
is(scalar(files($folders)), 30, 'no other folders exist');
my $pairs = new_directory();
race($pairs, 'golang-migrate', 5);
is(scalar(files($pairs)), 60, 'there are both files of each, and no others');

is(query($db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), '0', 'no lock is left');

# A directory without write permission: nothing is left in it.
SKIP:
{
	my $closed = new_directory('001_a.sql' => "SELECT 1;\n");

	chmod 0555, $closed or die "$closed: $!";
	skip 'the server may write anywhere', 2 if $> == 0;
	fails_with($db, "SELECT migrate.create('x', '$closed')",
		'42501', qr/could not create file "002_x.sql".*needs permission to write into the directory/s,
		'without permission of the operating system');
	is(join(' ', files($closed)), '001_a.sql', 'nothing is left there');
	chmod 0755, $closed;
}

# A file is not part of the transaction.
my $rolled_back = new_directory('001_a.sql' => "SELECT 1;\n");
query($db, "BEGIN; SELECT migrate.create('x', '$rolled_back'); ROLLBACK;");
is(join(' ', files($rolled_back)), '001_a.sql 002_x.sql', 'a file stays after ROLLBACK');

# A link to the directory, and one in the directory that leads to a folder.
my $parent = new_directory();
set_link($rolled_back, "$parent/current");
is(query($db, "SELECT migrate.create('y', '$parent/current')"),
	"$parent/current/003_y.sql", 'through a link, the path is returned as given');
is(join(' ', files($rolled_back)), '001_a.sql 002_x.sql 003_y.sql', 'and the file exists');

$node->stop;
done_testing();
