package MigrateTest;

# Functions for the TAP tests: clusters and databases with the extension,
# directories of migrations, psql with checks of SQLSTATEs.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Path     qw(make_path);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

our @EXPORT = qw(
  new_node database create_database
  fixture new_directory write_files set_link numbered
  sql query fails_with
  open_session start finish ask has_written close_session
  wait_until wait_for_activity query_when_up advisory_locks held median
);

# A new cluster, started.  "conf" is for postgresql.conf, "streaming"
# allows standbys.
sub new_node
{
	my ($name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(
		allows_streaming => $options{streaming},
		extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', $options{conf})
	  if defined $options{conf};
	$node->start;
	return $node;
}

# A database of a cluster, for all the functions below.
sub database
{
	my ($node, $name) = @_;

	return { node => $node, name => $name };
}

# A new database, with the extension; "options" is the rest of CREATE DATABASE.
sub create_database
{
	my ($node, $name, $options) = @_;
	my $with = defined $options ? $options : '';

	query(database($node, 'postgres'),
		"CREATE DATABASE $name $with;\n\\c $name\nCREATE EXTENSION migrate;");
	return database($node, $name);
}

# The path of a directory below test/migrations.
sub fixture
{
	my ($name) = @_;

	return abs_path(dirname(__FILE__) . '/../migrations') . "/$name";
}

# Write files into a directory, byte for byte; it is created if it does not exist.
sub write_files
{
	my ($dir, %files) = @_;

	make_path($dir);
	foreach my $name (sort keys %files)
	{
		make_path(dirname("$dir/$name"));
		open my $file, '>:raw', "$dir/$name" or die "$dir/$name: $!";
		print $file $files{$name};
		close $file or die "$dir/$name: $!";
	}
	return $dir;
}

# A new directory with files, removed after the test.
sub new_directory
{
	my (%files) = @_;

	return write_files(abs_path(PostgreSQL::Test::Utils::tempdir()), %files);
}

# Create a link, or atomically change the target of an existing one.
sub set_link
{
	my ($target, $link) = @_;

	unlink "$link.new";
	symlink $target, "$link.new" or die "$link.new: $!";
	rename "$link.new", $link or die "$link: $!";
	return;
}

# Files 0001_step.sql and so on; a function returns their contents.
sub numbered
{
	my ($count, $text) = @_;

	return map { (sprintf('%04d_step.sql', $_) => $text->($_)) } 1 .. $count;
}

sub connection
{
	my ($db, %options) = @_;
	my $string = $db->{node}->connstr($db->{name});

	$string .= " host=$options{host}" if defined $options{host};
	$string .= " user=$options{user}" if defined $options{user};
	$string .= " application_name=$options{application}"
	  if defined $options{application};
	$string .= " options='$options{options}'" if defined $options{options};
	return $string;
}

# Run SQL in a new session; returns psql's exit status and what it wrote to both
# outputs, with SQLSTATEs.  Options: host, user, application, options (as PGOPTIONS).
sub sql
{
	my ($db, $sql, %options) = @_;

	return $db->{node}->psql(
		$db->{name}, $sql,
		connstr => connection($db, %options),
		extra_params => [ '-v', 'VERBOSITY=verbose' ],
		timeout => $PostgreSQL::Test::Utils::timeout_default);
}

# The rows that SQL returns; dies if it fails.
sub query
{
	my ($db, $sql, %options) = @_;
	my ($status, $out, $err) = sql($db, $sql, %options);

	die "$sql\n$err" if $status != 0;
	return $out;
}

# One test: SQL ends with an error with that SQLSTATE, and the output of psql matches
# that pattern.
sub fails_with
{
	my ($db, $sql, $sqlstate, $pattern, $name, %options) = @_;
	my ($status, $out, $err) = sql($db, $sql, %options);
	my $good = $status == 3 && $err =~ /ERROR:  $sqlstate:/ && $err =~ $pattern;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($good, $name)
	  or diag("expected $sqlstate and $pattern, got status $status:\n$out\n$err");
	return $err;
}

# A session that stays open, as an object for the functions below.  Options as
# for sql(); an error does not end it.
sub open_session
{
	my ($db, %options) = @_;
	my $session = { in => '', out => '', err => '', asked => 0 };

	# after a crash the server may not accept connections yet
	wait_until_up($db);
	$session->{run} = IPC::Run::start(
		[   $db->{node}->installed_command('psql'),
			'-XAtq', '-d', connection($db, %options),
			'-v', 'VERBOSITY=verbose', '-f', '-' ],
		'<',
		\$session->{in},
		'>',
		\$session->{out},
		'2>',
		\$session->{err},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	ask($session, 'SELECT 1');
	return $session;
}

# Send SQL to a session without waiting.
sub start
{
	my ($session, $sql) = @_;
	my $banner = 'answer ' . ++$session->{asked};

	$session->{out} = $session->{err} = '';
	$session->{in} .= "$sql\n;\n\\echo '$banner'\n\\warn '$banner'\n";
	$session->{run}->pump_nb;
	return;
}

# Wait until a session has run what was sent; returns what psql wrote to its two
# outputs.
sub finish
{
	my ($session) = @_;
	my $banner = qr/^answer $session->{asked}\n/m;

	$session->{run}->pump until $session->{out} =~ $banner && $session->{err} =~ $banner;
	foreach my $output ($session->{out}, $session->{err})
	{
		$output =~ s/$banner//;
		chomp $output;
	}
	return ($session->{out}, $session->{err});
}

sub ask
{
	my ($session, $sql) = @_;

	start($session, $sql);
	return finish($session);
}

# Whether a session has written something that matches by now.
sub has_written
{
	my ($session, $pattern) = @_;

	$session->{run}->pump_nb;
	return $session->{err} =~ $pattern;
}

# End a session, by the end of psql's input, because psql may have lost its
# connection and ended; returns what it wrote meanwhile.
sub close_session
{
	my ($session) = @_;

	$session->{run}->finish;
	return ($session->{out}, $session->{err});
}

# Wait until a function returns true.
sub wait_until
{
	my ($what, $condition) = @_;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;

	while (!$condition->())
	{
		die "waited too long until $what" if time > $end;
		usleep(20_000);
	}
	return;
}

# Wait until the condition on pg_stat_activity holds for a session, which is named by
# its application_name.
sub wait_for_activity
{
	my ($db, $application, $condition) = @_;

	wait_until(
		"$application: $condition",
		sub {
			query($db,
				"SELECT count(*) FROM pg_stat_activity WHERE application_name = '$application' AND $condition"
			) > 0;
		});
	return;
}

# The number of advisory locks in the whole cluster.
sub advisory_locks
{
	my ($db) = @_;

	return query($db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
}

# Wait until the server accepts connections.  A psql that has none may end before
# it has read its input, which would end the test with a broken pipe.
sub wait_until_up
{
	my ($db) = @_;
	my @ready = ($db->{node}->installed_command('pg_isready'),
		'-q', '-d', $db->{node}->connstr('postgres'));

	wait_until('the server accepts connections', sub { system(@ready) == 0 });
	return;
}

# Repeat while the server starts again.
sub query_when_up
{
	my ($db, $sql) = @_;
	my $result;

	wait_until(
		'the server is up',
		sub {
			wait_until_up($db);
			my ($status, $out, $err) = sql($db, $sql);
			die "$sql\n$err" if $status != 0 && $status != 2;
			$result = $out;
			return $status == 0;
		});
	return $result;
}

# What the session's backend holds: bytes in memory contexts, kB of resident
# memory that is its own, locks, open files.  The server's own files are cached
# and do not count.
sub held
{
	my ($node, $session) = @_;
	my $data = $node->data_dir;
	my ($out, $err) = ask(
		$session,
		q{SELECT pg_backend_pid(),
				 (SELECT sum(total_bytes) FROM pg_backend_memory_contexts),
				 substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s*(\d+)'),
				 (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')});
	my %held;

	die $err if $err ne '';
	my ($pid, @values) = split /\|/, $out;
	@held{ 'contexts', 'resident', 'locks' } = @values;
	$held{files} = grep { !m{^\Q$data\E/} } map { readlink($_) // () } glob "/proc/$pid/fd/*";
	return %held;
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;

	return $sorted[ $#sorted / 2 ];
}

1;
