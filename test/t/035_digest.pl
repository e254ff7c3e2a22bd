# migrate.applied.digest: files that are as they were recorded are not parsed, and
# nothing else is different for that.
#
# What status(), plan() and apply() say is compared with what they say when no digest
# is recorded, so that all files are parsed.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use File::Find;
use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('digest', conf => 'log_statement = none');
my $db = create_database($node, 'digest');

# All that the routines say of a directory, with the digests as they are recorded, or
# without.
sub said
{
	my ($dir, $project, $digests, %options) = @_;
	my $without = $digests ? 'WHERE false' : '';
	my $more = defined $options{format} ? ", format => '$options{format}'" : '';
	my $on = defined $options{db} ? $options{db} : $db;
	my @said;

	foreach my $call (
		"version, name, state, reversible, description, author, file, detail FROM migrate.status('$dir', '$project'$more)",
		"* FROM migrate.plan('$dir', project => '$project'$more)",
		"version, name, batch, statements FROM migrate.apply('$dir', project => '$project'$more)",
		"version, name, state, description, author, file, detail FROM migrate.status('$dir', '$project'$more)")
	{
		my $before = $call =~ /status/ && @said ? "SELECT FROM migrate.apply('$dir', project => '$project'$more);" : '';

		push @said, $call,
		  sql($on,
			"BEGIN; UPDATE migrate.applied SET digest = NULL $without; $before SELECT $call; ROLLBACK");
	}
	return join "\n", @said;
}

# One test: it is the same both ways.
sub same_both_ways
{
	my ($dir, $project, $name, %options) = @_;
	my $with = said($dir, $project, 1, %options);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($with, said($dir, $project, 0, %options), $name);
	return $with;
}

sub states
{
	my ($dir, $project, $on) = @_;

	return query(defined $on ? $on : $db,
		"SELECT string_agg(version || ' ' || state, ', ' ORDER BY version) FROM migrate.status('$dir', '$project')");
}

sub digests
{
	my ($project, $on) = @_;

	return query(defined $on ? $on : $db,
		"SELECT string_agg(pg_catalog.encode(digest, 'hex'), ' ' ORDER BY sort_key) FROM migrate.applied WHERE project = '$project'");
}

my $projects = 0;

# Record a directory, as applied or as a baseline; returns the project.
sub record
{
	my ($dir, $how, %options) = @_;
	my $project = 'p' . ++$projects;
	my $more = defined $options{format} ? ", format => '$options{format}'" : '';

	query(
		defined $options{db} ? $options{db} : $db,
		"SET client_min_messages = error; SELECT FROM migrate.$how('$dir', project => '$project'$more)");
	return $project;
}

sub files_of
{
	my ($dir) = @_;
	my %files;

	find(
		{   wanted => sub { $files{ substr $_, length($dir) + 1 } = slurp_file($_) if -f $_ },
			no_chdir => 1
		},
		$dir);
	return %files;
}

sub crlf
{
	my ($text) = @_;

	return $text =~ s/\r?\n/\r\n/gr;
}

my $bom = "\xEF\xBB\xBF";

# Every format as its tool writes it: recorded, checked out with other line ends, with
# byte order marks.
my %no_digest = map { $_ => 1 } qw(atlas graphile-migrate liquibase yoyo);
foreach my $path (sort glob fixture('*'))
{
	my $name = $path =~ s/.*\///r;

	next if !-d $path || $name =~ /^(bad|copy|dump)$/;
	my %files = files_of($path);
	my $dir = new_directory(%files);
	my ($status, $out) = sql($db, "SELECT count(*) FROM migrate.status('$dir')");
	next if $status != 0 || $out == 0;
	my $project = record($dir, 'baseline');
	my $null = query($db, "SELECT count(*) FROM migrate.applied WHERE project = '$project' AND digest IS NULL");

	if ($no_digest{$name})
	{
		cmp_ok($null, '>', 0, "$name: no digest");
	}
	elsif ($name !~ /broken/)
	{
		is($null, 0, "$name: each migration has a digest");
	}
	same_both_ways($dir, $project, "$name: as recorded");
	my $digests = digests($project);
	write_files($dir, map { $_ => crlf($files{$_}) } grep { /\.sql$/ } keys %files);
	same_both_ways($dir, $project, "$name: CRLF");
	next if $name =~ /atlas|graphile/;
	my $again = record($dir, 'baseline');
	is(digests($again), $digests, "$name: CRLF has the same digests");
	write_files($dir, map { $_ => $bom . $files{$_} } grep { /\.sql$/ } keys %files);
	same_both_ways($dir, $project, "$name: byte order marks");
	$again = record($dir, 'baseline');
	is(digests($again), $digests, "$name: byte order marks have the same digests");
}

# One input after the other.
my %plain = (
	'001_a.sql' => "-- Description: the first\n-- Author: me\nSELECT 1;\n",
	'001_rollback.sql' => "SELECT -1;\n",
	'002_b.sql' => "\\i parts/one.sql\n\\ir parts/two.sql\nSELECT 2;\n",
	'003_c.sql' => "SELECT ':x', :x;\n",
	'parts/one.sql' => "SELECT 11;\n",
	'parts/two.sql' => "SELECT 12;\n",
	'one.sql' => "SELECT 13;\n");

sub changed
{
	my ($name, $states, %change) = @_;
	my $dir = new_directory(%plain);
	my $project = 'p' . ++$projects;

	query($db, "SELECT FROM migrate.apply('$dir', project => '$project', vars => '{\"x\": \"1\"}')");
	foreach my $file (sort keys %change)
	{
		unlink "$dir/$file";
		write_files($dir, $file => $change{$file}) if defined $change{$file};
	}
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(states($dir, $project), $states, "$name: states");
	my $said = same_both_ways($dir, $project, "$name: as with parsing");
	return ($dir, $project, $said);
}

my $all = '001 applied, 002 applied, 003 applied';

my (undef, undef, $unchanged) = changed('nothing changed', $all);
like($unchanged, qr/ignoring file that is not a migration: "one.sql"/, 'included files are not in the list of those left alone');
unlike($unchanged, qr/ignoring[^\n]*parts/, 'nor those in folders');
changed('a statement', '001 modified, 002 applied, 003 applied', '001_a.sql' => "SELECT 2;\n");
changed('a comment', $all, '001_a.sql' => "-- Description: another\n-- Author: you\nSELECT 1;\n");
changed('a down script', $all, '001_rollback.sql' => "SELECT -2;\n");
changed('no down script', $all, '001_rollback.sql' => undef);
changed('another down script', $all, '003_rollback.sql' => "SELECT -3;\n");
changed('an included file', '001 applied, 002 modified, 003 applied', 'parts/two.sql' => "SELECT 13;\n");
changed('the comments of an included file', $all, 'parts/two.sql' => "SELECT 12; -- twelve\n");
changed('no included file', '001 applied, 002 modified, 003 applied', 'parts/two.sql' => undef);
changed('the order of included files', '001 applied, 002 modified, 003 applied',
	'002_b.sql' => "\\ir parts/two.sql\n\\i parts/one.sql\nSELECT 2;\n");
changed('a file that comes before an included one', '001 applied, 002 modified, 003 applied',
	'parts/parts/two.sql' => '', '002_b.sql' => "\\i parts/one.sql\n\\i parts/parts/two.sql\nSELECT 2;\n");
changed('one that includes no file any more', '001 applied, 002 modified, 003 applied', '002_b.sql' => "SELECT 2;\n");
changed('a file that is renamed', $all, '003_c.sql' => undef, '003_d.sql' => $plain{'003_c.sql'});
changed('one with another number', '001 applied, 002 applied, 003 missing, 004 pending',
	'003_c.sql' => undef, '004_c.sql' => $plain{'003_c.sql'});
changed('one that is missing', '001 missing, 002 applied, 003 applied', '001_a.sql' => undef, '001_rollback.sql' => undef);
changed('one that is out of order', '000 out of order, 001 applied, 002 applied, 003 applied', '000_z.sql' => "SELECT 0;\n");
changed('CRLF', $all, map { $_ => crlf($plain{$_}) } keys %plain);
changed('one CR', $all, '003_c.sql' => "SELECT ':x',\r:x;\n");
changed('a byte order mark', $all, map { $_ => $bom . $plain{$_} } keys %plain);
changed('a doubt', $all, '003_c.sql' => "SELECT ':x', :x;\n-- rollback\n");

# A bad byte is an error as before.
{
	my $dir = new_directory(%plain);
	my $project = 'p' . ++$projects;

	query($db, "SELECT FROM migrate.apply('$dir', project => '$project', vars => '{\"x\": \"1\"}')");
	write_files($dir, '001_a.sql' => "$plain{'001_a.sql'}-- \xE9\n");
	fails_with($db, "SELECT FROM migrate.status('$dir', '$project')", '22021', qr/file "001_a.sql", line 4/,
		'a bad byte is an error');
	write_files($dir, %plain);

	# values and settings decide nothing about what is applied
	foreach my $vars ('{"x": "1"}', '{"x": "2"}', '{"y": "1"}')
	{
		is(query($db, "SELECT count(*) FROM migrate.apply('$dir', project => '$project', vars => '$vars')"),
			0, "nothing to do with the variables $vars");
	}

	# a format that is given is that of the history, or changes it
	same_both_ways($dir, $project, 'the format given', format => 'plain');
	same_both_ways($dir, $project, 'another format', format => 'postgres-migrations');
}

# Contexts, labels, several changesets in a file.
{
	my $head = "--liquibase formatted sql\n--changeset me:1\nSELECT 1;\n--changeset me:2 context:test\nSELECT 2;\n";
	my $dir = new_directory('changes.sql' => $head);
	my $project = 'p' . ++$projects;

	query($db, "SET migrate.contexts = 'prod'; SELECT FROM migrate.apply('$dir', project => '$project')");
	is(query($db, "SET migrate.contexts = 'prod'; SELECT string_agg(version || ' ' || state, ', ' ORDER BY version) FROM migrate.status('$dir', '$project')"),
		'me:1 applied, me:2 skipped', 'a changeset is skipped');
	is(query($db, "SET migrate.contexts = 'test'; SELECT string_agg(version || ' ' || state, ', ' ORDER BY version) FROM migrate.status('$dir', '$project')"),
		'me:1 applied, me:2 pending', 'and pending in its context');
	write_files($dir, 'changes.sql' => "$head--changeset me:3\nSELECT 3;\n");
	like(states($dir, $project), qr/me:3 pending/, 'another changeset is found');
}

# The digest decides, and only its owner can write it.
{
	my $dir = new_directory('1_a.sql' => "SELECT 1;\n");
	my $project = record($dir, 'apply');
	my $old = digests($project);

	write_files($dir, '1_a.sql' => "SELECT 2;\n");
	is(states($dir, $project), '1 modified', 'a file is modified');
	my $new = digests(record($dir, 'apply'));
	isnt($new, $old, 'another text has another digest');
	query($db, "UPDATE migrate.applied SET digest = '\\x$new' WHERE project = '$project'");
	is(states($dir, $project), '1 applied', 'a file with the recorded digest is not parsed');
	query($db, "UPDATE migrate.applied SET digest = sha256('another version of the reader') WHERE project = '$project'");
	is(states($dir, $project), '1 modified', 'one with another digest is');
	fails_with($db, "UPDATE migrate.applied SET digest = NULL", '42501', qr/permission denied/,
		'an ordinary role cannot change it', user => 'nobody')
	  if query($db, 'CREATE ROLE nobody LOGIN') eq '';
	fails_with($db, "UPDATE migrate.applied SET digest = 'short'", '23514', qr/check constraint/,
		'it has the length of a hash');
}

# A run that writes anyway records the digests of files that differ only in comments,
# one that finds nothing to do writes nothing.
{
	my $dir = new_directory('1_a.sql' => "SELECT 1;\n", '2_b.sql' => "SELECT 2;\n");
	my $project = record($dir, 'apply');
	my $digests = digests($project);

	write_files($dir, '1_a.sql' => "SELECT  1; -- one\n");
	is(query($db, "SET default_transaction_read_only = on; SELECT count(*) FROM migrate.apply('$dir', project => '$project')"),
		0, 'nothing to do, in a transaction that is read only');
	is(digests($project), $digests, 'nothing is written');
	write_files($dir, '3_c.sql' => "SELECT 3;\n");
	query($db, "CALL migrate.up('$dir', project => '$project')");
	isnt((split / /, digests($project))[0], (split / /, $digests)[0], 'up records the digest of a file with another comment');
	is(digests(record($dir, 'apply')), digests($project), 'as one that runs it would');
	query($db, "UPDATE migrate.applied SET digest = NULL WHERE project = '$project'");
	write_files($dir, '4_d.sql' => "SELECT 4;\n");
	$digests = digests(record($dir, 'apply'));
	query($db, "SELECT FROM migrate.apply('$dir', project => '$project')");
	is(digests($project), $digests, 'apply records those that are missing');
	write_files($dir, '1_a.sql' => "-- Description: one\nSELECT 1;\n", '5_e.sql' => "SELECT 5;\n");
	query($db, "SELECT FROM migrate.apply('$dir', project => '$project')");
	same_both_ways($dir, $project, 'a description that is not recorded is shown nevertheless');
	write_files($dir, '1_a.sql' => "-- Description: ten\nSELECT 10;\n");
	query($db, "SELECT FROM migrate.repair('$dir', project => '$project')");
	is(digests($project), digests(record($dir, 'apply')), 'repair() records the digest of the new file');
	same_both_ways($dir, $project, 'what repair() has accepted');
}

# What another session does meanwhile counts.
{
	my $dir = new_directory('1_a.sql' => "SELECT 1;\n", '2_b.sql' => "SELECT 2;\n");
	my $project = record($dir, 'apply');
	my $session = open_session($db);
	my $holder = open_session($db);

	ask($holder, "BEGIN; SELECT FROM migrate.rollback(project => '$project', everything => true, force => true)");
	write_files($dir, '3_c.sql' => "SELECT 3;\n");
	start($session, "SELECT version FROM migrate.apply('$dir', project => '$project')");
	wait_until('the session waits', sub {
		query($db, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Extension'") > 0;
	});
	ask($holder, 'COMMIT');
	my ($out) = finish($session);
	is($out, "1\n2\n3", 'files that were as recorded run when they have been undone meanwhile');
	close_session($session);
	close_session($holder);
}

# Digests do not depend on the encoding of the database.
{
	my %files = ('1_a.sql' => "-- Description: caf\xC3\xA9\nSELECT 'caf\xC3\xA9';\n");
	my $dir = new_directory(%files);
	my $digest = digests(record($dir, 'apply'));

	foreach my $encoding ('LATIN1', 'SQL_ASCII')
	{
		my $other = create_database($node, lc $encoding, "ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
		my $project = record($dir, 'apply', db => $other);

		is(digests($project, $other), $digest, "$encoding: the same digest");
		same_both_ways($dir, $project, "$encoding: as with parsing", db => $other);
		write_files($dir, '1_a.sql' => "-- Description: caf\xC3\xA8\nSELECT 'caf\xC3\xA9';\n");
		same_both_ways($dir, $project, "$encoding: another description", db => $other);
		write_files($dir, %files);
	}
}

# Random directories with random edits, always the same ones.
my $random = 20261129;

sub any_of
{
	my ($n) = @_;

	$random = ($random * 1103515245 + 12345) % 2147483648;
	return int($random / 65536) % $n;
}

sub statement
{
	my $n = any_of(100);
	my @statements = (
		"SELECT $n;\n", "SELECT 'a\nb $n';\n", "DO \$\$\nBEGIN\n  PERFORM $n;\nEND\n\$\$;\n",
		"-- $n\nSELECT 1;\n", "\\ir shared/s" . any_of(3) . ".sql\n", "SELECT '\n\\i shared/s1.sql\n';\n",
		"/* \\i shared/s0.sql */\nSELECT $n;\n", "CREATE TEMP TABLE IF NOT EXISTS t$n (a text);\n");

	return $statements[ any_of(scalar @statements) ];
}

sub body
{
	return join '', map { statement() } 0 .. any_of(3);
}

# Files of a migration, by format.
my %writers = (
	goose => sub { ("$_[0]_m.sql" => "-- +goose Up\n" . body() . (any_of(2) ? "-- +goose Down\n" . body() : '')) },
	dbmate => sub { ("$_[0]_m.sql" => '-- migrate:up' . (any_of(4) ? '' : ' transaction:false') . "\n" . body() . "-- migrate:down\n" . body()) },
	pairs => sub { ("$_[0]_m.up.sql" => body(), any_of(2) ? ("$_[0]_m.down.sql" => body()) : ()) },
	plain => sub { ("$_[0]_m.sql" => (any_of(2) ? "-- Description: d" . any_of(9) . "\n" : '') . body(), any_of(2) ? ("$_[0]_rollback.sql" => body()) : ()) },
	flyway => sub { ("V$_[0]__m.sql" => body(), any_of(3) ? () : ("U$_[0]__m.sql" => body()), any_of(3) ? () : ("R__r$_[0].sql" => body()), any_of(3) ? () : ("V$_[0]__m.sql.conf" => "executeInTransaction=false\n")) },
	diesel => sub { ("000$_[0]-1_m/up.sql" => body(), "000$_[0]-1_m/down.sql" => body(), any_of(3) ? () : ("000$_[0]-1_m/metadata.toml" => "run_in_transaction = false\n")) },
	prisma => sub { ("2025010100000$_[0]_m/migration.sql" => body(), 'migration_lock.toml' => "provider = \"postgresql\"\n") });

# Change a file, or several; returns what was done.
sub edit
{
	my ($dir, $writer) = @_;
	my %files = files_of($dir);
	my @names = sort grep { /\.sql$/ } keys %files;
	my $name = $names[ any_of(scalar @names) ];
	my $text = $files{$name};
	my @edits = (
		[ 'comment' => sub { write_files($dir, $name => "$text-- a comment\n") } ],
		[ 'first comment' => sub { write_files($dir, $name => "-- Description: e\n$text") } ],
		[ 'statement' => sub { write_files($dir, $name => $text . statement()) } ],
		[ 'number' => sub { write_files($dir, $name => $text =~ s/(\d+);/"${\ ($1 + 1)};"/er) } ],
		[ 'CRLF' => sub { write_files($dir, map { $_ => crlf($files{$_}) } @names) } ],
		[ 'CRLF of one' => sub { write_files($dir, $name => crlf($text)) } ],
		[ 'mark' => sub { write_files($dir, $name => $bom . $text) } ],
		[ 'gone' => sub { unlink "$dir/$name" } ],
		[ 'renamed' => sub { rename "$dir/$name", "$dir/" . ($name =~ s/m(?=[._])/n/r) if $name !~ /\// } ],
		[ 'new' => sub { write_files($dir, $writer->(8)) } ],
		[ 'old' => sub { write_files($dir, $writer->(0)) } ],
		[ 'written again' => sub { write_files($dir, $writer->(1 + any_of(4))) } ],
		[ 'shared' => sub { write_files($dir, 'shared/s' . any_of(3) . '.sql' => "SELECT 's" . any_of(3) . "';\n") } ],
		[ 'shared gone' => sub { unlink "$dir/shared/s" . any_of(3) . '.sql' } ],
		[ 'stray' => sub { write_files($dir, 'notes.sql' => "SELECT 1;\n") } ],
		[ 'marker' => sub { write_files($dir, $name => "$text-- +goose Down\nSELECT 1;\n") } ],
		[ 'odd marker' => sub { write_files($dir, $name => "$text-- rollback\nSELECT 1;\n") } ],
		[ 'settings' => sub { unlink glob "$dir/*.conf $dir/*/metadata.toml" } ],
		[ 'nothing' => sub { } ]);
	my $edit = $edits[ any_of(scalar @edits) ];

	$edit->[1]->();
	return "$edit->[0] $name";
}

foreach my $round (1 .. 42)
{
	my $format = (sort keys %writers)[ $round % keys %writers ];
	my $writer = $writers{$format};
	my $dir = new_directory(
		(map { ("shared/s$_.sql" => "SELECT 's$_';\n") } 0 .. 2),
		(map { $writer->($_) } 1 .. 4));
	my $project = 'p' . ++$projects;
	my $how = any_of(2) ? 'apply' : 'baseline';
	my ($status, undef, $err) = sql($db, "SET client_min_messages = error; SELECT FROM migrate.$how('$dir', project => '$project')");
	my @edits;

	# a random one may be refused
	if ($status != 0)
	{
		same_both_ways($dir, $project, "$format $round: refused");
		next;
	}
	same_both_ways($dir, $project, "$format $round: recorded by $how");
	push @edits, edit($dir, $writer) for 1 .. 1 + any_of(4);
	same_both_ways($dir, $project, "$format $round: " . join ', ', @edits);

	# go on with it, as far as that goes
	write_files($dir, $writer->(9));
	sql($db, "SET migrate.on_modified = ignore; SET migrate.out_of_order = apply; SELECT FROM migrate.apply('$dir', project => '$project')");
	same_both_ways($dir, $project, "$format $round: after another run");
}

#
# A file that cannot be read
#

# One that a comment alone names is not needed; one that is included is the fault of its
# migration, with a digest as without.
my $unreadable = create_database($node, 'unreadable');
my $part = new_directory(
	'001_a.sql' => "SELECT 1;\n/*\n\\i old.txt\n*/\n",
	'old.txt' => "SELECT 2;\n",
	'002_b.sql' => "\\i new.txt\n",
	'new.txt' => "SELECT 3;\n");
chmod 0, "$part/old.txt" or die;
is(query($unreadable, "SELECT count(*) FROM migrate.apply('$part')"), 2, 'a file that only a comment names may be unreadable');
is(query($unreadable, "SELECT count(digest) FROM migrate.applied"), 1, 'then there is no digest');
is(query($unreadable, "SELECT migrate.is_current('$part')"), 't', 'and nothing to do');
chmod 0, "$part/new.txt" or die;
write_files($part, '003_c.sql' => "SELECT 4;\n");
foreach my $digest ('with a digest', 'without')
{
	is( query($unreadable, "SELECT string_agg(version || ' ' || state, ', ' ORDER BY version) FROM migrate.status('$part')"),
		'001 applied, 002 modified, 003 pending', "$digest: an included file that cannot be read");
	query($unreadable, 'UPDATE migrate.applied SET digest = NULL');
}
is(query($unreadable, "SET migrate.on_modified = ignore; SELECT count(*) FROM migrate.apply('$part')"), 1, 'others can be applied');
chmod 0644, "$part/old.txt", "$part/new.txt";

done_testing();
