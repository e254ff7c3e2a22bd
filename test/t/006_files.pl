# What a directory contains, which roles may read it, and changes during a run.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Cwd qw(getcwd);
use IO::Socket::UNIX;
use MigrateTest;
use POSIX qw(getppid mkfifo);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_node('files');
my $db = create_database($node, 'files');
my $base = new_directory();

# An ordinary role that may call everything, as for deployments.
query(
	$db,
	'CREATE ROLE deploy LOGIN;
	 GRANT USAGE ON SCHEMA migrate TO deploy;
	 GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA migrate TO deploy;
	 GRANT CREATE ON SCHEMA public TO deploy;
	 CREATE TABLE seen (what text);
	 GRANT ALL ON seen TO deploy');
my %deploy = (user => 'deploy');

# New sessions may read these directories.
sub allow
{
	my (@directories) = @_;
	my $list = join ', ', @directories;

	query($db, "ALTER DATABASE files SET migrate.allowed_directories = '$list'");
	return;
}

sub states
{
	my ($dir) = @_;

	return "SELECT version, state FROM migrate.status('$dir')";
}

# A run has left nothing.
sub nothing_done
{
	my ($name) = @_;

	is(query($db, 'SELECT (SELECT count(*) FROM migrate.applied), (SELECT count(*) FROM seen)'),
		'0|0', $name);
	return;
}

# A migration that leaves a trace, with a description.
sub updown
{
	my ($word) = @_;

	return "-- Migration: $word\n-- Description: $word\n\n-- UP\n"
	  . "INSERT INTO seen VALUES ('$word');\n\n-- DOWN\n$word;\n";
}

my $insert = "INSERT INTO seen VALUES ('x');\n";

#
# Paths that are not directories, and files that cannot be read
#

my $good = write_files("$base/good", '001_a.sql' => $insert);
my $status = 'SELECT * FROM migrate.status';

fails_with(
	$db, "$status('$base/missing')", '58P01',
	qr/could not open directory "$base\/missing": No such file/,
	'a missing directory');
fails_with(
	$db, "$status('$good/001_a.sql')", '42809',
	qr/"$good\/001_a.sql" is not a directory/,
	'a file is not a directory');
fails_with(
	$db, "$status('$good/001_a.sql/x')",
	'42809',
	qr/is not a directory/,
	'and a directory cannot be below a file');
fails_with(
	$db, "$status('good')", '22023',
	qr/path of directory "good" is not absolute/,
	'a relative path');
fails_with($db, "$status('')", '22023', qr/not absolute/, 'an empty path');
fails_with(
	$db, 'SELECT migrate.apply()',
	'22023',
	qr/no directory of migrations is given.*HINT:.*migrate\.directory/s,
	'no directory');

my $long = 'x' x 300;
fails_with(
	$db, "$status('$base/$long')", '\w{5}',
	qr/could not open directory.*File name too long/,
	'a name that is too long');
mkfifo("$base/fifo", 0644) or die "mkfifo: $!";
fails_with($db, "$status('$base/fifo')", '42809', qr/is not a directory/, 'a FIFO is not a directory');

my $user = getpwuid($>);

chmod 0, $good;
fails_with(
	$db, "$status('$good')", '42501',
	qr/could not open directory "$good": Permission denied.*HINT:  The server runs as operating system user "$user", which needs permission to read it, and to search the folders above it\./s,
	'a directory that the server cannot read');
chmod 0755, $good;
chmod 0, "$good/001_a.sql";
fails_with(
	$db, "$status('$good')", '42501',
	qr/could not open file "001_a.sql": Permission denied.*HINT:  The server runs as operating system user "$user"/s,
	'a file that the server cannot read');
chmod 0644, "$good/001_a.sql";

my $empty = write_files("$base/empty");
fails_with(
	$db, "SELECT migrate.apply('$empty')",
	'58P01',
	qr/directory "$empty" has no migrations.*HINT:/s,
	'an empty directory');
is(query($db, "$status('$empty')"), '', 'status has no rows for it');

#
# Files that are not regular files
#

my $odd = write_files(
	"$base/odd",
	'001_a.sql' => $insert,
	'.002_hidden.sql' => 'not SQL',
	'README' => 'not SQL');
mkfifo("$odd/002_x.sql", 0644) or die "mkfifo: $!";
fails_with(
	$db, "SELECT migrate.apply('$odd')",
	'42809',
	qr/"002_x.sql" is not a regular file/,
	'a FIFO is refused, without waiting for its writer');
nothing_done('before anything has run');
fails_with($db, states($odd), '42809', qr/"002_x.sql" is not a regular file/, 'and by status');
unlink "$odd/002_x.sql";

mkfifo("$odd/notes.sql", 0644) or die "mkfifo: $!";
mkfifo("$odd/pipe", 0644) or die "mkfifo: $!";
is(query($db, states($odd)), '001|pending',
	'a FIFO without the name of a migration is ignored');
unlink "$odd/notes.sql", "$odd/pipe";

# the name of a socket must be short
{
	my $cwd = getcwd();
	chdir $odd or die "$odd: $!";
	my $socket = IO::Socket::UNIX->new(Local => '002_s.sql', Listen => 1) or die "socket: $!";
	chdir $cwd or die "$cwd: $!";
	fails_with($db, states($odd), '42809', qr/"002_s.sql" is not a regular file/, 'a socket');
	unlink "$odd/002_s.sql";
}

set_link('/dev/zero', "$odd/002_zero.sql");
fails_with(
	$db, states($odd), '42809',
	qr/"002_zero.sql" is not a regular file/,
	'a link to a device without an end');
unlink "$odd/002_zero.sql";

set_link("$odd/002_loop.sql", "$odd/002_loop.sql");
fails_with(
	$db, states($odd), '58000',
	qr/could not open file "002_loop.sql": Too many levels/,
	'a link to itself');
unlink "$odd/002_loop.sql";

set_link('nowhere', "$odd/002_nowhere.sql");
fails_with(
	$db, states($odd), '58P01',
	qr/could not open file "002_nowhere.sql": No such file/,
	'a dangling link');
unlink "$odd/002_nowhere.sql";

mkdir "$odd/002_directory.sql" or die "mkdir: $!";
is(query($db, states($odd)),
	'001|pending',
	'a subdirectory is ignored, and so are hidden files, whatever their names');

{
	open my $file, '>', "$odd/003_large.sql" or die $!;
	truncate $file, 1024 * 1024 * 1024 or die "truncate: $!";
	close $file;
	fails_with($db, states($odd), '54000', qr/file "003_large.sql" is too large/, 'a file of 1 GB');
	unlink "$odd/003_large.sql";
}

# A name is only data.
my $names = write_files(
	"$base/names",
	"001_%s%n%d.sql" => $insert,
	"002_'; DROP TABLE seen; --.sql" => $insert,
	'003_"two words" \\ $$.sql' => "INSERT INTO seen VALUES ('x'), (1/0::text);\n");
is( query($db, "SELECT name, file FROM migrate.status('$names') LIMIT 2"),
	"%s%n%d|001_%s%n%d.sql\n'; DROP TABLE seen; --|002_'; DROP TABLE seen; --.sql",
	'names with special characters');
fails_with(
	$db, "SELECT migrate.apply('$names')",
	'42883',
	qr/NOTICE:.*applied 001_%s%n%d.*migration 003 ""two words" \\ \$\$" \(up\)/s,
	'in notices and in an error');
is( query(
		$db,
		"SELECT name FROM migrate.apply('$names', steps => 2); SELECT name FROM migrate.reset(force => true)"
	),
	"%s%n%d\n'; DROP TABLE seen; --\n'; DROP TABLE seen; --\n%s%n%d",
	'and in the history');
query($db, 'DELETE FROM seen');

#
# Links that are followed for a superuser
#

my $linked = write_files("$base/linked");
write_files("$base/elsewhere", 'one.sql' => $insert);
set_link("$base/elsewhere/one.sql", "$linked/001_a.sql");
set_link('../elsewhere/one.sql', "$linked/002_b.sql");
set_link($linked, "$base/current");
is(query($db, states("$base/current")),
	"001|pending\n002|pending", 'links to the directory and to files are followed');
is(query($db, states("$base//good/../current/./")),
	"001|pending\n002|pending", 'the path may have redundant parts');
is(query($db, "SELECT version FROM migrate.apply('$base/current')"),
	"001\n002", 'and their targets run');
is(query($db, states($linked)), "001|applied\n002|applied", 'by whatever path');
query($db, 'SELECT FROM migrate.reset(force => true); DELETE FROM seen');

#
# Files that change, between two runs and during one
#

my $changing = write_files("$base/changing", '001_a.sql' => $insert, '002_b.sql' => $insert);
query($db, "SELECT FROM migrate.apply('$changing', steps => 1)");
write_files($changing, '001_a.sql' => "-- a comment\r\nINSERT   INTO seen\r\nVALUES ('x') ;\r\n");
is(query($db, states($changing)),
	"001|applied\n002|pending", 'a comment, white space and line ends are not a change');
write_files($changing, '001_a.sql' => "INSERT INTO seen VALUES ('y');\n");
fails_with(
	$db, "SELECT migrate.apply('$changing')",
	'55000',
	qr/applied migration "001_a.sql" has been modified.*HINT:/s,
	'a file changed after it was applied');
is(query($db, 'SELECT count(*) FROM seen'), 1, 'nothing more has run');
unlink "$changing/001_a.sql";
is(query($db, "SELECT version FROM migrate.apply('$changing')"),
	'002', 'a file that is missing after it was applied does not stop a run');
is(query($db, states($changing)), "001|missing\n002|applied", 'and shows as missing');
query($db, 'SELECT FROM migrate.reset(force => true); DELETE FROM seen');

# enough for a file not to be kept in memory
my $large = '-- ' . ('x' x 100_000) . "\n";

# A directory of two migrations, of which the first one runs a statement that changes
# a file.  All files begin with "head".
sub changing_directory
{
	my ($change, $head) = @_;
	my $dir = new_directory(
		'001_a.up.sql' => $insert,
		'001_a.down.sql' => "${head}DELETE FROM seen;",
		'002_b.up.sql' => "$head$insert",
		'002_b.down.sql' => "${head}DELETE FROM seen;");

	$change =~ s/DIR/$dir/g;
	write_files($dir, '001_a.up.sql' => "$head$insert$change;\n");
	return $dir;
}

# Large files are read again when they run, and must be the same as when checked.
sub changed_during_run
{
	my ($change, $sqlstate, $pattern, $name) = @_;
	my $dir = changing_directory($change, $large);

	fails_with($db, "SELECT migrate.apply('$dir')", $sqlstate, $pattern, $name);
	nothing_done('and nothing has run');
	return;
}

my $changed = qr/has changed during the run.*HINT:/s;
changed_during_run(
	"COPY (SELECT 'INSERT INTO seen VALUES (''z'')') TO 'DIR/002_b.up.sql'",
	'55000',
	qr/"002_b.up.sql" $changed/,
	'a later file changed during the run');
changed_during_run(
	"COPY (SELECT 'DROP TABLE seen') TO 'DIR/002_b.down.sql'",
	'55000',
	qr/"002_b.down.sql" $changed/,
	'the down script of a later one changed during the run');
changed_during_run(
	"COPY (SELECT 'DROP TABLE seen') TO 'DIR/001_a.down.sql'",
	'55000',
	qr/"001_a.down.sql" $changed/,
	'its own down script changed during the run');
changed_during_run(
	"SELECT lo_from_bytea(4711, 'SELECT 1'); SELECT lo_export(4711, 'DIR/002_b.up.sql')",
	'55000',
	qr/"002_b.up.sql" $changed/,
	'a file exported during the run');
changed_during_run(
	"COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm DIR/002_b.up.sql'",
	'58P01',
	qr/could not open file "002_b.up.sql": No such file/,
	'a file removed during the run');
changed_during_run(
	"COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm DIR/002_b.up.sql; mkfifo DIR/002_b.up.sql'",
	'42809',
	qr/"002_b.up.sql" is not a regular file/,
	'a file that becomes a FIFO during the run');

# Small files are read once: what was checked runs, and is stored.
foreach my $change (
	"COPY (SELECT 'INSERT INTO seen VALUES (''z'')') TO 'DIR/002_b.up.sql'",
	"COPY (SELECT 'DROP TABLE seen') TO 'DIR/002_b.down.sql'",
	"COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm DIR/002_b.up.sql'")
{
	my $dir = changing_directory($change, '');

	is(query($db, "SELECT version FROM migrate.apply('$dir')"),
		"001\n002", 'a small file has been read before it changes during the run');
	is(query($db, "SELECT string_agg(what, ',') FROM seen"), 'x,x', 'and runs as it was checked');
	is(query($db, 'SELECT count(*) FROM migrate.rollback(); SELECT count(*) FROM seen'),
		"2\n0", 'and down, too');
}

# A release that a link to the directory switches: the run stays in the old one.
{
	my $switch = "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; ln -sfn release2 $base/release'";
	write_files(
		"$base/release1",
		'001_a.sql' => "$switch;\n",
		'002_b.sql' => "INSERT INTO seen VALUES ('old');\n");
	write_files(
		"$base/release2",
		'001_a.sql' => "$switch;\n",
		'002_b.sql' => "INSERT INTO seen VALUES ('new');\n");
	set_link('release1', "$base/release");
	is(query($db, "SELECT version FROM migrate.apply('$base/release')"),
		"001\n002", 'a link to the directory is switched during the run');
	is(query($db, 'SELECT what FROM seen'),
		'old', 'which continues in the directory where it began');
	query($db, 'SELECT FROM migrate.reset(force => true); DELETE FROM seen');
}

#
# An ordinary role: only the allowed directories
#

my $outside = write_files("$base/outside", '001_a.sql' => updown('SECRET'));
my $allowed = write_files("$base/a/b", '001_a.sql' => $insert);
my $denied = qr/permission denied for directory/;

fails_with(
	$db, states($allowed), '42501',
	qr/$denied.*HINT:.*allowed_directories/s,
	'without allowed directories an ordinary role cannot read any', %deploy);
allow($allowed, "$base/second");
is(query($db, states($allowed), %deploy), '001|pending', 'an allowed directory can be read');
is(query($db, "SELECT version FROM migrate.apply('$allowed')", %deploy), '001', 'and run');
query($db, 'SELECT FROM migrate.reset(force => true); DELETE FROM seen');
write_files("$allowed/below", '001_a.sql' => $insert);
is(query($db, states("$allowed/below"), %deploy), '001|pending', 'so can a directory below it');
is(query($db, states("$allowed/below/.."), %deploy), '001|pending', 'also by an indirect path');

# each entry of the list, each kind of path that is not in it
write_files("$base/a/bc", '001_a.sql' => $insert);
foreach my $path (
	$outside, $base,
	"$base/a", '/',
	'/etc', "$base/a/bc",
	"$allowed/../bc", "$allowed/../../outside",
	"$allowed/below/../../../outside", "$allowed//..",
	"$base/missing", "$allowed/../missing")
{
	my $text =
	  fails_with($db, states($path), '42501', $denied, 'not allowed: ' . $path =~ s/^\Q$base\E//r,
		%deploy);
	unlike($text, qr/SECRET|No such file/, 'and the message has nothing about it');
}
fails_with(
	$db, states("$allowed/missing"),
	'58P01',
	qr/No such file/,
	'a missing file inside is reported', %deploy);
query($db, 'CREATE ROLE reader LOGIN IN ROLE pg_read_server_files, deploy');
is(query($db, states($outside), user => 'reader'),
	'001|pending', 'a role with the privileges of pg_read_server_files needs no allowed directory');

# The lists that a superuser can set
allow("$allowed/", '/var/empty/nothing');
is(query($db, states($allowed), %deploy), '001|pending', 'an entry can end in a slash');
set_link($allowed, "$base/link_to_allowed");
allow("$base/link_to_allowed");
is(query($db, states("$base/link_to_allowed"), %deploy), '001|pending', 'an entry can be a link');
is(query($db, states($allowed), %deploy), '001|pending', 'which allows its target');
fails_with($db, states("$base/a/bc"), '42501', $denied, 'and for nothing else', %deploy);

write_files("$base/a comma, a space", '001_a.sql' => $insert);
allow("$allowed, \"$base/a comma, a space\"");
is(query($db, states("$base/a comma, a space"), %deploy), '001|pending', 'an entry can be quoted');

# Links inside that lead outside
allow($allowed, "$base/second");
write_files("$base/second", '001_a.sql' => updown('SECOND'));
my $links = write_files("$allowed/links");
my %targets = (
	'to a file outside' => "$outside/001_a.sql",
	'by a relative path' => '../../../outside/001_a.sql',
	'to nothing outside' => "$outside/none.sql",
	'to a directory outside' => $outside,
	'to a device' => '/dev/zero',
	'through a second link' => "$allowed/second_link",
	'to another allowed directory' => "$base/second/001_a.sql");
set_link("$outside/001_a.sql", "$allowed/second_link");
foreach my $kind (sort keys %targets)
{
	set_link($targets{$kind}, "$links/001_a.sql");
	my $text = fails_with(
		$db, states($links), '42501',
		qr/permission denied for file "001_a.sql".*DETAIL:.*link/s,
		"a link to a file, $kind", %deploy);
	unlike($text, qr/SECRET|SECOND/, 'and the message has nothing of its target');
}
set_link("$allowed/below/001_a.sql", "$links/001_a.sql");
is(query($db, states($links), %deploy), '001|pending', 'a link to a file inside can be read');

# Where a link leads outside, messages do not show what is there.
set_link($outside, "$allowed/out");
write_files("$outside/there", '001_a.sql' => updown('SECRET'));
foreach my $path ('', '/there', '/not_there', '/001_a.sql', '/there/not_there')
{
	fails_with($db, states("$allowed/out$path"),
		'42501', $denied, "a link to a directory outside, and then \"$path\"", %deploy);
}
set_link("$base/missing", "$allowed/out");
fails_with($db, states("$allowed/out"), '42501', $denied,
	'a link to a missing directory outside', %deploy);

#
# A ConfigMap of Kubernetes: links to ..data, which is a link to a hidden
# directory, and is switched atomically
#

my $mount = "$allowed/mount";
write_files("$mount/..2025_01", '001_a.sql' => "INSERT INTO seen VALUES ('one');\n");
write_files(
	"$mount/..2025_02",
	'001_a.sql' => "INSERT INTO seen VALUES ('one');\n",
	'002_b.sql' => "INSERT INTO seen VALUES ('two');\n");
set_link('..2025_01', "$mount/..data");
set_link('..data/001_a.sql', "$mount/001_a.sql");
is(query($db, "SELECT version FROM migrate.apply('$mount')", %deploy), '001', 'a ConfigMap');
set_link('..2025_02', "$mount/..data");
set_link('..data/002_b.sql', "$mount/002_b.sql");
is(query($db, "SELECT version FROM migrate.apply('$mount')", %deploy),
	'002', 'and its next version');
is(query($db, 'SELECT string_agg(what, $$ $$) FROM seen'), 'one two', 'have run');
query($db, 'SELECT FROM migrate.reset(force => true); DELETE FROM seen');

my $flip = "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; ln -sfn ..2025_02 $mount/..data'";
write_files("$mount/..2025_01", '001_a.sql' => "$flip;\n", '002_b.sql' => "$large$insert");
write_files("$mount/..2025_02", '001_a.sql' => "$flip;\n");
set_link('..2025_01', "$mount/..data");
fails_with(
	$db, "SELECT migrate.apply('$mount')",
	'55000',
	qr/"002_b.sql" $changed/,
	'a ConfigMap that is switched during the run');
nothing_done('leaves nothing');

#
# A link that is constantly switched between inside and outside
#

write_files("$allowed/inside", '001_a.sql' => updown('INSIDE'));

# One call, and all of its rows and messages.
query(
	$db, q{
	CREATE FUNCTION attempt(routine text, dir text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		outcome text;
		detail text;
		hint text;
		context text;
	BEGIN
		IF routine = 'status' THEN
			outcome := (SELECT string_agg(s::text, ' ') FROM migrate.status(dir) s);
		ELSE
			PERFORM migrate.apply(dir);
			outcome := (SELECT string_agg(what, ' ') FROM seen);
			DELETE FROM seen;
			-- its down section is not SQL
			PERFORM migrate.repair(version => version, state => 'pending') FROM migrate.status();
		END IF;
		RETURN routine || ': ' || outcome;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
			context = PG_EXCEPTION_CONTEXT;
		RETURN format('%s: %s %s %s %s %s', routine, SQLSTATE, SQLERRM, detail, hint, context);
	END $$});

# Such calls for a second, and longer until both kinds of outcome have been seen:
# text from inside, and the expected error.
sub attempts
{
	my ($dir, $refused) = @_;

	return qq{
		SET client_min_messages = error;
		CREATE TEMP TABLE outcomes (text text);
		DO \$\$
		DECLARE
			began timestamptz := clock_timestamp();
			inside bool := false;
			refused bool := false;
			outcome text;
		BEGIN
			WHILE clock_timestamp() < began + '1 s'
			   OR (clock_timestamp() < began + '30 s' AND NOT (inside AND refused)) LOOP
				FOREACH outcome IN ARRAY ARRAY[attempt('status', '$dir'), attempt('apply', '$dir')] LOOP
					INSERT INTO outcomes VALUES (outcome);
					inside := inside OR outcome ~ 'INSIDE';
					refused := refused OR outcome ~ '$refused';
				END LOOP;
			END LOOP;
		END \$\$;
		SELECT count(*), text FROM outcomes GROUP BY text ORDER BY 1 DESC};
}

# They run while another process switches something.  Nothing in their rows and
# messages may come from outside.
sub switched
{
	my ($name, $dir, $refused, $switch) = @_;
	my $parent = $$;
	my $child = fork;

	die "fork: $!" if !defined $child;
	if ($child == 0)
	{
		$switch->() while getppid == $parent;
		POSIX::_exit(0);
	}

	my $outcomes = query($db, attempts($dir, defined $refused ? $refused : ''), %deploy);
	kill 'KILL', $child;
	waitpid $child, 0;

	unlike($outcomes, qr/SECRET/, "$name: nothing is read outside");
	like($outcomes, qr/INSIDE/, "$name: the inside is read at times");
	like($outcomes, qr/$refused/, "$name: it is refused at times") if defined $refused;
	unlike($outcomes, qr/\|\w+: [0-9A-Z]{5} /, "$name: nothing fails") if !defined $refused;
	note("$name: $1 times $2") while $outcomes =~ /^(\d+)\|(\w+: [(\w]+)/mg;
	return;
}

my @both = ("$allowed/inside", $outside);
my $turn = 0;
my $race = write_files("$allowed/race");
my $refused = ': 42501 permission denied';

switched('a link to a file',
	$race, $refused, sub { set_link($both[ $turn++ % 2 ] . '/001_a.sql', "$race/001_a.sql") });
switched('a link to the directory',
	"$allowed/race_link", $refused, sub { set_link($both[ $turn++ % 2 ], "$allowed/race_link") });

# a file, or a directory of the path, that becomes a link and a file again
switched(
	'a file', $race, $refused,
	sub {
		link "$allowed/inside/001_a.sql", "$race/new";
		rename "$race/new", "$race/001_a.sql";
		usleep(rand 100);
		set_link("$outside/001_a.sql", "$race/001_a.sql");
		usleep(rand 100);
	});
write_files("$allowed/real/001", '001_a.sql' => updown('INSIDE'));
write_files("$base/outside_parent/001", '001_a.sql' => updown('SECRET'));
switched(
	'a directory of the path',
	"$allowed/real/001",
	$refused,
	sub {
		usleep(rand 200);
		rename "$allowed/real", "$allowed/real.away";
		symlink "$base/outside_parent", "$allowed/real";
		usleep(rand 100);
		unlink "$allowed/real";
		rename "$allowed/real.away", "$allowed/real";
	});

# a FIFO that replaces the file must not make the server wait
switched(
	'a FIFO in place of the file',
	$race,
	': 42809 "001_a.sql" is not a regular file',
	sub {
		mkfifo("$race/fifo", 0644);
		rename "$race/fifo", "$race/001_a.sql";
		usleep(rand 100);
		link "$allowed/inside/001_a.sql", "$race/new";
		rename "$race/new", "$race/001_a.sql";
		usleep(rand 100);
	});

# a ConfigMap, whose versions are all inside, is always complete
write_files("$allowed/map/..$_", '001_a.sql' => updown('INSIDE')) foreach 'one', 'two';
set_link('..one', "$allowed/map/..data");
set_link('..data/001_a.sql', "$allowed/map/001_a.sql");
switched('a ConfigMap', "$allowed/map", undef,
	sub { set_link($turn++ % 2 ? '..one' : '..two', "$allowed/map/..data") });

is( query($db, "SELECT count(*) FILTER (WHERE text ~ 'SECRET'), count(*) > 0 FROM migrate.script"),
	'0|t',
	'no text from outside has been stored');
nothing_done('and none has run');

#
# Which roles can set the settings
#

allow($allowed);
query($db, "CREATE ROLE landlady LOGIN IN ROLE deploy; ALTER DATABASE files OWNER TO landlady");
my $no_parameter = qr/permission denied to set parameter "migrate\.\w+"/;
foreach my $setting ('migrate.directory', 'migrate.allowed_directories')
{
	fails_with($db, "SELECT migrate.version(); SET $setting = '$outside'",
		'42501', $no_parameter, "$setting cannot be set by an ordinary role", %deploy);
	fails_with($db, "SELECT migrate.version(); SELECT set_config('$setting', '$outside', false)",
		'42501', $no_parameter, 'and not with set_config()', %deploy);
	foreach my $before ('', 'SELECT migrate.version();')
	{
		fails_with(
			$db, "$before ALTER DATABASE files SET $setting = '$outside'",
			'42501', $no_parameter,
			'and not for a database by its owner',
			user => 'landlady');
		fails_with($db, "$before ALTER ROLE deploy SET $setting = '$outside'",
			'42501', $no_parameter, 'and not for the role itself', %deploy);
	}
}

# Set before the library is loaded, it has no effect.
my $steal = "SELECT * FROM migrate.status('$outside')";
fails_with($db, "SET migrate.allowed_directories = '$outside'; $steal",
	'42501', $denied, 'a setting made before the extension is loaded has no effect', %deploy);
fails_with($db, $steal, '42501', $denied, 'and neither has one of the connection',
	%deploy, options => "-c migrate.allowed_directories=$outside");
fails_with(
	$db,
	"CREATE FUNCTION steal() RETURNS bigint LANGUAGE sql SET migrate.allowed_directories = '$outside'
	 AS \$\$ SELECT count(*) FROM migrate.status('$outside') \$\$;
	 SELECT steal()",
	'42501', qr/permission denied/, 'and neither has one of a function', %deploy);
fails_with(
	$db, "SET migrate.directory = '$outside'; SELECT migrate.apply()",
	'22023',
	qr/no directory of migrations is given/,
	'and so does the directory', %deploy);
fails_with(
	$db, 'SELECT migrate.version(); SHOW migrate.allowed_directories',
	'42501',
	qr/must be superuser|permission denied/,
	'an ordinary role cannot see which directories are allowed', %deploy);

query($db, 'SELECT migrate.version(); GRANT SET ON PARAMETER migrate.directory TO deploy');
is( query(
		$db, "SET migrate.directory = '$allowed/below'; SELECT version FROM migrate.apply()",
		%deploy),
	'001',
	'GRANT SET ON PARAMETER allows setting the directory');
fails_with($db, "SET migrate.directory = '$outside'; SELECT migrate.apply()",
	'42501', $denied, 'which must still be allowed', %deploy);

foreach my $setting ('migrate.directory', 'migrate.allowed_directories')
{
	fails_with($db, "SELECT migrate.version(); SET $setting = 'relative'",
		'22023', qr/DETAIL:.*absolute/, "$setting does not accept a relative path");
}

$node->stop;
done_testing();
