# migrate.applied.digest: files that are as they were recorded are not parsed, and
# nothing else is different for that.
#
# What status(), plan() and apply() say is compared with what they say when no digest
# is recorded, so that all files are parsed.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Digest::SHA qw(sha1_hex sha256);
use File::Find;
use MIME::Base64 qw(encode_base64);
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
	my @script = ('\set ON_ERROR_STOP 0');

	foreach my $call (
		"version, name, state, reversible, description, author, file, detail FROM migrate.status('$dir', '$project'$more)",
		"* FROM migrate.plan('$dir', project => '$project'$more)",
		"version, name, batch, statements FROM migrate.apply('$dir', project => '$project'$more)",
		"version, name, state, description, author, file, detail FROM migrate.status('$dir', '$project'$more)")
	{
		my $before = $call =~ /status/ && @script > 1 ? "SELECT FROM migrate.apply('$dir', project => '$project'$more);" : '';

		push @script, "BEGIN; UPDATE migrate.applied SET digest = NULL $without; $before SELECT $call; ROLLBACK;";
	}
	my (undef, $out, $err) = sql($on, join "\n", @script);
	return "$out\n$err";
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

	is($null, 0, "$name: each migration has a digest") if $name !~ /broken/;
	same_both_ways($dir, $project, "$name: as recorded");
	my $digests = digests($project);
	write_files($dir, map { $_ => crlf($files{$_}) } grep { /\.sql$/ } keys %files);
	same_both_ways($dir, $project, "$name: CRLF");
	# their hashes are of all bytes
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

# Files that depend on others: what atlas.sum, hashes and changesets say about these, and
# formats that the files alone do not show.

# What atlas writes about the files of a directory.
sub atlas_sum
{
	my (%files) = @_;
	my ($bytes, $sums, $lines) = ('', '', '');

	foreach my $file (sort grep { /^[^\/]*\.sql$/ } keys %files)
	{
		my $ignored = $files{$file} =~ /^-- atlas:sum ignore/;

		$bytes .= $file . ($ignored ? '' : $files{$file} =~ s/^$bom//r);
		next if $ignored;
		my $sum = encode_base64(sha256($bytes), '');
		$sums .= $file . $sum;
		$lines .= "$file h1:$sum\n";
	}
	return ('atlas.sum' => 'h1:' . encode_base64(sha256($sums), '') . "\n$lines");
}

sub atlas
{
	my (%files) = @_;

	return (%files, atlas_sum(%files));
}

# What graphile-migrate commits, from texts.
sub graphile
{
	my (@texts) = @_;
	my $previous = '-';
	my %files;

	foreach my $number (1 .. @texts)
	{
		my $text = $texts[ $number - 1 ];
		my $hash = 'sha1:' . sha1_hex(($previous eq '-' ? '' : "$previous\n") . ($text =~ s/^\s+|\s+$//gr) . "\n");

		$files{ sprintf 'committed/%06d.sql', $number } = "--! Previous: $previous\n--! Hash: $hash\n\n$text";
		$previous = $hash;
	}
	return %files;
}

# Record some files, change them, and compare.
sub changed_of
{
	my ($files, $format, $name, $states, %change) = @_;
	my $dir = new_directory(%$files);
	my $project = record($dir, 'apply', $format ? (format => $format) : ());

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is( query($db, "SELECT count(*) FROM migrate.applied WHERE project = '$project' AND digest IS NULL"),
		0, "$name: each migration has a digest") if defined $states;
	foreach my $file (sort keys %change)
	{
		unlink "$dir/$file";
		write_files($dir, $file => $change{$file}) if defined $change{$file};
	}
	is(states($dir, $project), $states, "$name: states") if defined $states;
	return ($dir, $project, same_both_ways($dir, $project, "$name: as with parsing"));
}

# Files with recorded digests are not parsed: those of other texts are taken for them.
sub not_parsed
{
	my ($name, $format, $files, $others) = @_;
	my @format = $format ? (format => $format) : ();
	my ($dir, $other) = (new_directory(%$files), new_directory(%$others));
	my ($project, $other_project) = (record($dir, 'apply', @format), record($other, 'apply', @format));
	my $count = "SELECT count(*) FROM migrate.status('$other', '$project')";

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	cmp_ok(query($db, "$count WHERE state = 'modified'"), '>', 0, "$name: others are modified");
	query($db,
		"UPDATE migrate.applied AS a SET digest = b.digest FROM migrate.applied AS b
		WHERE a.sort_key = b.sort_key AND a.project = '$project' AND b.project = '$other_project'");
	is(query($db, "$count WHERE state = 'modified'"), 0, "$name: files with the recorded digest are not parsed");
	same_both_ways($dir, $project, "$name: files with another one are");
}

my %atlas = atlas('1_a.sql' => "SELECT 1;\n", '2_b.sql' => "SELECT 2;\n", '3_c.sql' => "-- atlas:sum ignore\nSELECT 3;\n");
my $all3 = '1 applied, 2 applied, 3 applied';

# The files of %atlas with a change, and their sums.
sub rehashed
{
	my %files = (%atlas, @_);

	delete $files{'atlas.sum'};
	return atlas(%files);
}

changed_of(\%atlas, undef, 'atlas: nothing changed', $all3);
changed_of(\%atlas, undef, 'atlas: a file', undef, '1_a.sql' => "SELECT 11;\n");
changed_of(\%atlas, undef, 'atlas: a comment', undef, '2_b.sql' => "SELECT 2; -- two\n");
changed_of(\%atlas, undef, 'atlas: CRLF', undef, '1_a.sql' => "SELECT 1;\r\n");
changed_of(\%atlas, undef, 'atlas: a byte order mark', $all3, '1_a.sql' => "${bom}SELECT 1;\n");
changed_of(\%atlas, undef, 'atlas: a file that is not counted', '1 applied, 2 applied, 3 modified', '3_c.sql' => "-- atlas:sum ignore\nSELECT 33;\n");
changed_of(\%atlas, undef, 'atlas: a file that is counted now', undef, '3_c.sql' => "SELECT 3;\n");
changed_of(\%atlas, undef, 'atlas: its sum', undef, 'atlas.sum' => $atlas{'atlas.sum'} =~ s/^(1_a.sql h1:)../$1xx/mr);
changed_of(\%atlas, undef, 'atlas: no sums', $all3, 'atlas.sum' => undef);
changed_of(\%atlas, undef, 'atlas: no file', undef, '2_b.sql' => undef);
changed_of(\%atlas, undef, 'atlas: another file', undef, '4_d.sql' => "SELECT 4;\n");
changed_of(\%atlas, undef, 'atlas: another file with its sum', "$all3, 4 pending", rehashed('4_d.sql' => "SELECT 4;\n"));
changed_of(\%atlas, undef, 'atlas: one in between', "0 out of order, $all3", rehashed('0_z.sql' => "SELECT 0;\n"));
changed_of(\%atlas, undef, 'atlas: another text with its sum', '1 modified, 2 applied, 3 applied', rehashed('1_a.sql' => "SELECT 10;\n"));
changed_of(\%atlas, undef, 'atlas: a checkpoint', undef, rehashed('2_b.sql' => "-- atlas:checkpoint\n\nSELECT 2;\n"));
not_parsed('atlas', undef, \%atlas, { rehashed('1_a.sql' => "SELECT 10;\n") });

my @committed = ("SELECT 1;\n", "SELECT 2;\n", "SELECT 3;\n");
my %graphile = graphile(@committed);
my ($first, $second, $third) = sort keys %graphile;

$all3 = '000001 applied, 000002 applied, 000003 applied';
changed_of(\%graphile, undef, 'graphile: nothing changed', $all3);
changed_of(\%graphile, undef, 'graphile: a statement', undef, $second => $graphile{$second} =~ s/SELECT 2/SELECT 22/r);
changed_of(\%graphile, undef, 'graphile: a comment', undef, $second => "$graphile{$second}-- two\n");
changed_of(\%graphile, undef, 'graphile: an empty line', $all3, $second => "$graphile{$second}\n");
changed_of(\%graphile, undef, 'graphile: CRLF', undef, $second => crlf($graphile{$second}));
changed_of(\%graphile, undef, 'graphile: a byte order mark', $all3, $second => $bom . $graphile{$second});
changed_of(\%graphile, undef, 'graphile: no file', undef, $second => undef);
changed_of(\%graphile, undef, 'graphile: no first file', undef, $first => undef);
changed_of(\%graphile, undef, 'graphile: no last file', '000001 applied, 000002 applied, 000003 missing', $third => undef);
changed_of(\%graphile, undef, 'graphile: the file before', undef, $first => { graphile('SELECT 10;') }->{$first});
changed_of(\%graphile, undef, 'graphile: the file before, marked as changed', undef,
	$first => { graphile('SELECT 10;') }->{$first} =~ s/\n\n/\n--! AllowInvalidHash\n\n/r);
changed_of(\%graphile, undef, 'graphile: a message', $all3, $third => $graphile{$third} =~ s/\n\n/\n--! Message: three\n\n/r);
changed_of(\%graphile, undef, 'graphile: a file more', "$all3, 000004 pending", graphile(@committed, "SELECT 4;\n"));
changed_of(\%graphile, undef, 'graphile: one that follows another', undef,
	'committed/000004.sql' => { graphile("SELECT 0;\n", @committed) }->{'committed/000004.sql'});
changed_of(\%graphile, undef, 'graphile: other texts', '000001 applied, 000002 modified, 000003 applied',
	graphile($committed[0], 'SELECT 22;', $committed[2]));
not_parsed('graphile', undef, \%graphile, { graphile($committed[0], 'SELECT 22;', $committed[2]) });

# Dependencies of yoyo, which decide about the order.
my %yoyo = (
	'20240101_01_aaaaa-a.sql' => "SELECT 1;\n",
	'20240101_02_bbbbb-b.rollback.sql' => "SELECT -2;\n",
	'20240101_02_bbbbb-b.sql' => "-- depends: 20240101_01_aaaaa-a\nSELECT 2;\n",
	'20240101_03_ccccc-c.sql' => "-- depends: 20240101_02_bbbbb-b\nSELECT 3;\n");

$all3 = '20240101_01_aaaaa applied, 20240101_02_bbbbb applied, 20240101_03_ccccc applied';
changed_of(\%yoyo, undef, 'yoyo: nothing changed', $all3);
changed_of(\%yoyo, undef, 'yoyo: a dependency', $all3, '20240101_01_aaaaa-a.sql' => "-- depends: 20240101_03_ccccc-c\nSELECT 1;\n",
	'20240101_02_bbbbb-b.sql' => "SELECT 2;\n", '20240101_03_ccccc-c.sql' => "SELECT 3;\n");
changed_of(\%yoyo, undef, 'yoyo: one that is missing', undef, '20240101_01_aaaaa-a.sql' => undef);
changed_of(\%yoyo, undef, 'yoyo: a circle', undef, '20240101_01_aaaaa-a.sql' => "-- depends: 20240101_03_ccccc-c\nSELECT 1;\n");
changed_of(\%yoyo, undef, 'yoyo: a transaction', $all3, '20240101_03_ccccc-c.sql' => "-- depends: 20240101_02_bbbbb-b\n-- transactional: false\nSELECT 3;\n");
changed_of(\%yoyo, undef, 'yoyo: a down script', $all3, '20240101_02_bbbbb-b.rollback.sql' => "SELECT -3;\n");
changed_of(\%yoyo, undef, 'yoyo: one that comes before', "$all3, 20240101_04_ddddd out of order",
	'20240101_04_ddddd-d.sql' => "SELECT 4;\n", '20240101_03_ccccc-c.sql' => "-- depends: 20240101_04_ddddd-d\nSELECT 3;\n");
not_parsed('yoyo', undef, \%yoyo, { %yoyo, '20240101_03_ccccc-c.sql' => "-- depends: 20240101_02_bbbbb-b\nSELECT 33;\n" });

# Changesets.
my $changesets = "--liquibase formatted sql\n";
my %liquibase = (
	'a.sql' => "$changesets--changeset me:1\n--comment the first\nSELECT 1;\n--rollback SELECT -1;\n--changeset me:2 runOnChange:true\nSELECT 2;\n",
	'b.sql' => "$changesets--changeset me:1\nSELECT 3;\n--changeset me:2\nSELECT 4;\n--rollback changesetId:1 changesetAuthor:me\n",
	'c.sql' => "$changesets--changeset me:5 logicalFilePath:old/c.sql\nSELECT 5;\n--changeset me:6\nSELECT 6;\n");
my $rows5 = 'me:1 applied, me:1 applied, me:2 applied, me:2 applied, me:5 applied, me:6 applied';

changed_of(\%liquibase, undef, 'changesets: nothing changed', $rows5);
changed_of(\%liquibase, undef, 'changesets: a statement', undef, 'a.sql' => $liquibase{'a.sql'} =~ s/SELECT 1/SELECT 11/r);
changed_of(\%liquibase, undef, 'changesets: one that runs again', undef, 'a.sql' => $liquibase{'a.sql'} =~ s/SELECT 2/SELECT 22/r);
changed_of(\%liquibase, undef, 'changesets: a comment', $rows5, 'a.sql' => $liquibase{'a.sql'} =~ s/the first/another/r);
changed_of(\%liquibase, undef, 'changesets: a rollback', $rows5, 'a.sql' => $liquibase{'a.sql'} =~ s/SELECT -1/SELECT -11/r);
changed_of(\%liquibase, undef, 'changesets: CRLF', $rows5, map { $_ => crlf($liquibase{$_}) } keys %liquibase);
changed_of(\%liquibase, undef, 'changesets: byte order marks', $rows5, map { $_ => $bom . $liquibase{$_} } keys %liquibase);
changed_of(\%liquibase, undef, 'changesets: one more at the end', "$rows5, me:7 pending", 'c.sql' => "$liquibase{'c.sql'}--changeset me:7\nSELECT 7;\n");
changed_of(\%liquibase, undef, 'changesets: one at the beginning', undef, 'c.sql' => $liquibase{'c.sql'} =~ s/--changeset me:5/--changeset me:7\nSELECT 7;\n--changeset me:5/r);
changed_of(\%liquibase, undef, 'changesets: another order', undef, 'b.sql' => "$changesets--changeset me:2\nSELECT 4;\n--changeset me:1\nSELECT 3;\n");
changed_of(\%liquibase, undef, 'changesets: one less', undef, 'c.sql' => $liquibase{'c.sql'} =~ s/--changeset me:6.*//sr);
changed_of(\%liquibase, undef, 'changesets: a file less', undef, 'b.sql' => undef);
changed_of(\%liquibase, undef, 'changesets: a file in another folder', undef, 'c.sql' => undef, 'd/c.sql' => $liquibase{'c.sql'});
changed_of(\%liquibase, undef, 'changesets: the same path twice', undef, 'd.sql' => "$changesets--changeset me:5 logicalFilePath:old/c.sql\nSELECT 5;\n");
changed_of(\%liquibase, undef, 'changesets: the same path in a file before', undef, '0.sql' => "$changesets--changeset me:5 logicalFilePath:old/c.sql\nSELECT 5;\n");
changed_of(\%liquibase, undef, 'changesets: a reference to one that is not parsed', undef,
	'd.sql' => "$changesets--changeset me:9\nSELECT 9;\n--rollback changesetId:1 changesetAuthor:me changesetPath:a.sql\n");
changed_of(\%liquibase, undef, 'changesets: a property', undef,
	'0.sql' => "$changesets--property name:who value:me\n", 'b.sql' => $liquibase{'b.sql'} =~ s/me:2/\${who}:2/r);
changed_of(\%liquibase, undef, 'changesets: a precondition', $rows5, 'b.sql' => $liquibase{'b.sql'} =~ s/SELECT 3/--preconditions onFail:CONTINUE\n--precondition-sql-check expectedResult:1 SELECT 1\nSELECT 3/r);
changed_of(\%liquibase, undef, 'changesets: one that is ignored', undef, 'b.sql' => $liquibase{'b.sql'} =~ s/me:2/me:2 ignore:true/r);
changed_of(\%liquibase, undef, 'changesets: one that runs always', undef, 'b.sql' => $liquibase{'b.sql'} =~ s/me:2/me:2 runAlways:true/r);
changed_of(\%liquibase, undef, 'changesets: a path of its own', undef, 'b.sql' => $liquibase{'b.sql'} =~ s/sql\n/sql logicalFilePath:b.sql\n/r);
not_parsed('changesets', undef, \%liquibase, { %liquibase, 'b.sql' => $liquibase{'b.sql'} =~ s/SELECT 3/SELECT 33/r });

# Which of them have no digest, since other files depend on them, or they on others.
{
	my %files = (
		'a.sql' => "$changesets--property name:who value:me\n--changeset \${who}:1\nSELECT 1;\n",
		'b.sql' => "$changesets--changeset \${who}:2\nSELECT 2;\n",
		'c.sql' => "$changesets--changeset me:3\nSELECT 3;\n--rollback changesetId:2 changesetAuthor:me changesetPath:b.sql\n",
		'd.sql' => "$changesets--changeset me:4 runAlways:true\nSELECT 4;\n--changeset me:5\nSELECT 5;\n",
		'e.sql' => "$changesets--changeset me:6\nSELECT 6;\n");
	my $dir = new_directory(%files);
	my $project = record($dir, 'apply');
	my $digests = "SELECT string_agg(version, ' ' ORDER BY version) FROM migrate.applied WHERE project = '$project' AND digest";

	is(query($db, "$digests IS NOT NULL"), 'me:2 me:6', 'changesets that have a digest');
	is(query($db, "$digests IS NULL"), 'me:1 me:3 me:4 me:5', 'and that have none');
	same_both_ways($dir, $project, 'changesets: properties');
	write_files($dir, 'c.sql' => $files{'c.sql'} =~ s/--rollback.*//r, 'a.sql' => $files{'a.sql'} =~ s/value:me/value:you/r);
	like(states($dir, $project), qr/you:2 out of order/, 'a file depends on the properties of another one');
	same_both_ways($dir, $project, 'changesets: another value of a property');
	write_files($dir, 'a.sql' => "$files{'a.sql'}--property name:other value:x\n");
	same_both_ways($dir, $project, 'changesets: another property');
	write_files($dir, 'a.sql' => $files{'a.sql'} =~ s/value:me/value:me context:prod/r);
	same_both_ways($dir, $project, 'changesets: a property of which it is not decided whether it counts');
}

# A format that the names do not show: it is given once, and then the history has it.
foreach my $test (
	[ 'sqlx', { '1_a.sql' => "SELECT 1;\n", '2_b.sql' => "SELECT 2;\n" }, '1 %s, 2 %s' ],
	[ 'sqlx', { '1_a.up.sql' => "SELECT 1;\n", '1_a.down.sql' => "SELECT -1;\n", '2_b.up.sql' => "SELECT 2;\n" }, '1 %s, 2 %s' ],
	[ 'supabase', { '1_a.sql' => "SELECT 1;\n", '2_b.sql' => "SELECT 2;\n" }, '1 %s, 2 %s' ],
	[ 'postgres-migrations', { '1_a.sql' => "SELECT 1;\n", '2_b.sql' => "SELECT 2;\n" }, '1 %s, 2 %s' ],
	[ 'atlas', { '1_a.sql' => "SELECT 1;\n", '2_b.sql' => "SELECT 2;\n" }, '1 %s, 2 %s' ],
	[ 'yoyo', { '1_a.sql' => "SELECT 1;\n", '2_b.sql' => "SELECT 2;\n" }, '1 %s, 2 %s' ],
	[ 'refinery', { 'V1__a.sql' => "SELECT 1;\n", 'V2__b.sql' => "SELECT 2;\n" }, '1 %s, 2 %s' ])
{
	my ($format, $files, $pattern) = @$test;
	my ($one, $other) = sort grep { !/down/ } keys %$files;
	my $applied = $pattern =~ s/%s/applied/gr;
	my %changed = (%$files, $one => "SELECT 11;\n");

	changed_of($files, $format, "$format: nothing changed", $applied);
	changed_of($files, $format, "$format: a statement", $applied =~ s/applied/modified/r, $one => "SELECT 11;\n");
	changed_of($files, $format, "$format: a comment", $applied, $one => "SELECT 1; -- one\n");
	changed_of($files, $format, "$format: CRLF", $applied, map { $_ => crlf($files->{$_}) } keys %$files);
	changed_of($files, $format, "$format: no first file", undef, map { $_ => undef } grep { /1_/ } keys %$files);
	changed_of($files, $format, "$format: a marker of another one", undef, $other => "-- +goose Up\nSELECT 2;\n");
	changed_of($files, $format, "$format: markers that are not sure", undef, $other => "-- UP\nSELECT 2;\n-- DOWN\n");
	changed_of($files, $format, "$format: a file of another one", undef, '3.sql' => "-- migrate:up\nSELECT 3;\n");
	changed_of($files, $format, "$format: names of another one", undef, '3_c.up.sql' => "SELECT 3;\n");
	changed_of($files, $format, "$format: names of Flyway", undef, 'V3__c.sql' => "SELECT 3;\n");
	not_parsed($format, $format, $files, \%changed);

	my $project = record(new_directory(%$files), 'apply', format => $format);
	foreach my $given ($format, 'plain', 'golang-migrate', 'flyway')
	{
		same_both_ways(new_directory(%$files), $project, "$format: format $given", format => $given);
	}
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
foreach my $test (
	[ 'plain', { '1_a.sql' => "SELECT 1;\n", '2_b.sql' => "SELECT 2;\n" }, { '3_c.sql' => "SELECT 3;\n" }, "1\n2\n3" ],
	[ 'changesets', {
			'0.sql' => "$changesets--property name:who value:me\n",
			'a.sql' => "$changesets--changeset \${who}:1\nSELECT 1;\n--changeset me:2 logicalFilePath:x\nSELECT 2;\n--rollback changesetId:1 changesetAuthor:me\n",
			'b.sql' => "$changesets--changeset \${who}:3 runOnChange:true\nSELECT 3;\n" },
		{ 'c.sql' => "$changesets--changeset me:4\nSELECT 4;\n" }, "me:1\nme:2\nme:4\nme:3" ],
	[ 'yoyo', { %yoyo }, { '20240101_04_ddddd-d.sql' => "SELECT 4;\n", '20240101_02_bbbbb-b.sql' => "-- depends: 20240101_04_ddddd-d\nSELECT 2;\n" },
		"20240101_01_aaaaa\n20240101_04_ddddd\n20240101_02_bbbbb\n20240101_03_ccccc" ],
	[ 'graphile', { %graphile }, { graphile(@committed, "SELECT 4;\n") }, "000001\n000002\n000003\n000004" ])
{
	my ($name, $files, $more, $runs) = @$test;
	my $dir = new_directory(%$files);
	my $project = record($dir, 'apply');
	my $session = open_session($db);
	my $holder = open_session($db);

	ask($holder, "BEGIN; SELECT FROM migrate.rollback(project => '$project', everything => true, force => true)");
	write_files($dir, %$more);
	start($session, "SET migrate.out_of_order = apply; SELECT version FROM migrate.apply('$dir', project => '$project')");
	wait_until('the session waits', sub {
		query($db, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Extension'") > 0;
	});
	ask($holder, 'COMMIT');
	my ($out) = finish($session);
	is($out, $runs, "$name: files that were as recorded run when they have been undone meanwhile");
	same_both_ways($dir, $project, "$name: as with parsing, after that");
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

sub changeset
{
	my ($id) = @_;
	my @attributes = map { any_of(6) ? '' : " $_" } 'runOnChange:true', 'context:prod', 'logicalFilePath:p.sql', 'runInTransaction:false';

	return "--changeset me:$id" . join('', @attributes) . "\n" . (any_of(4) ? '' : "--comment c$id\n") . body() .
	  (any_of(3) ? '' : "--rollback SELECT $id;\n") . (any_of(12) ? '' : "--rollback changesetId:$id changesetAuthor:me\n") .
	  (any_of(12) ? '' : "--property name:p$id value:$id\n");
}

# What its tool does with a directory after a change; sometimes that is forgotten.
my %finish = (
	atlas => sub { write_files($_[0], atlas_sum(files_of($_[0]))) },
	graphile => sub {
		my %files = files_of($_[0]);
		my @names = sort grep { /committed/ } keys %files;
		my %committed = graphile(map { $files{$_} =~ s/^(--! .*\n)*\n//r } @names);

		write_files($_[0], map { $names[$_] => $committed{ (sort keys %committed)[$_] } } 0 .. $#names);
	});

# Formats that the files do not show.
my %given = (sqlx => 'sqlx');

# Files of a migration, by format.
my %writers = (
	goose => sub { ("$_[0]_m.sql" => "-- +goose Up\n" . body() . (any_of(2) ? "-- +goose Down\n" . body() : '')) },
	dbmate => sub { ("$_[0]_m.sql" => '-- migrate:up' . (any_of(4) ? '' : ' transaction:false') . "\n" . body() . "-- migrate:down\n" . body()) },
	pairs => sub { ("$_[0]_m.up.sql" => body(), any_of(2) ? ("$_[0]_m.down.sql" => body()) : ()) },
	plain => sub { ("$_[0]_m.sql" => (any_of(2) ? "-- Description: d" . any_of(9) . "\n" : '') . body(), any_of(2) ? ("$_[0]_rollback.sql" => body()) : ()) },
	flyway => sub { ("V$_[0]__m.sql" => body(), any_of(3) ? () : ("U$_[0]__m.sql" => body()), any_of(3) ? () : ("R__r$_[0].sql" => body()), any_of(3) ? () : ("V$_[0]__m.sql.conf" => "executeInTransaction=false\n")) },
	diesel => sub { ("000$_[0]-1_m/up.sql" => body(), "000$_[0]-1_m/down.sql" => body(), any_of(3) ? () : ("000$_[0]-1_m/metadata.toml" => "run_in_transaction = false\n")) },
	yoyo => sub { ("20240101_0$_[0]_aaaa$_[0]-m.sql" => (any_of(2) && $_[0] > 1 ? "-- depends: 20240101_0${\ ($_[0] - 1)}_aaaa${\ ($_[0] - 1)}-m\n" : '') . body()) },
	liquibase => sub { my $n = $_[0]; ("c$n.sql" => $changesets . join '', map { changeset("$n$_") } 0 .. any_of(3)) },
	atlas => sub { ("$_[0]_m.sql" => (any_of(4) ? '' : "-- atlas:sum ignore\n") . body()) },
	graphile => sub { ("committed/00000$_[0].sql" => "--! Previous: -\n--! Hash: -\n\n" . body()) },
	sqlx => sub { ("$_[0]_m.sql" => body()) },
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

foreach my $round (1 .. 72)
{
	my $format = (sort keys %writers)[ $round % keys %writers ];
	my $writer = $writers{$format};
	my $dir = new_directory(
		(map { ("shared/s$_.sql" => "SELECT 's$_';\n") } 0 .. 2),
		(map { $writer->($_) } 1 .. 4));
	my $project = 'p' . ++$projects;
	my $how = any_of(2) ? 'apply' : 'baseline';
	my $more = $given{$format} ? ", format => '$given{$format}'" : '';
	my $finish = $finish{$format} || sub { };
	$finish->($dir);
	my ($status, undef, $err) = sql($db, "SET client_min_messages = error; SELECT FROM migrate.$how('$dir', project => '$project'$more)");
	my @edits;

	# a random one may be refused
	if ($status != 0)
	{
		same_both_ways($dir, $project, "$format $round: refused");
		next;
	}
	same_both_ways($dir, $project, "$format $round: recorded by $how");
	push @edits, edit($dir, $writer) for 1 .. 1 + any_of(4);
	$finish->($dir) if any_of(3);
	same_both_ways($dir, $project, "$format $round: " . join ', ', @edits);

	# go on with it, as far as that goes
	write_files($dir, $writer->(9));
	$finish->($dir);
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
