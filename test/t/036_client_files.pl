# The same directory, once on the server's disk and once sent by the client: rows,
# messages and errors are the same but for the place.  And what a client may send
# that is large.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use File::Find;
use JSON::PP;
use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('client');
my $server = database($node, 'postgres');
my $root = fixture('');
my %not_text = map { $_ => 1 } qw(bad/bad_utf8 bad/nul_byte);
my $vars = encode_json(
	{   first_lighthouse => 'north',
		commented_table => 'lighthouses',
		region => 'north',
		BOX_KEEPER => 'ann'
	});

query($server, 'CREATE ROLE regress_migrate_owner');

# Back to an empty database with the extension; that is faster than a new one.
my $empty = <<'END';
SET client_min_messages = error;
DROP EXTENSION migrate;
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' \gexec
CREATE SCHEMA public;
CREATE EXTENSION migrate;
CREATE TABLE existing_table (id integer);
END
my %databases = map { ($_ => create_database($node, $_)) } qw(from_disk from_client);

# All files of a directory, as a client reads them; undef if they are not text.
sub object_of
{
	my ($dir) = @_;
	my %files;

	find({ no_chdir => 1, wanted => sub {
		return unless -f;
		my $text = slurp_file($File::Find::name);
		die "$File::Find::name is not text" unless utf8::decode($text);
		$files{ substr($File::Find::name, length($dir) + 1) } = $text;
	} }, $dir);
	return JSON::PP->new->utf8->canonical->encode(\%files);
}

# What psql shows of some SQL, in which FILES is the place of the files.
sub shown
{
	my ($db, $dir, $json, $place, $sql) = @_;
	my ($status, $out, $err) = $node->psql(
		$db->{name},
		"\\set files `cat '$json'`\n\\set dir '$dir'\n" . $sql =~ s/FILES/$place/gr,
		on_error_stop => 0,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	my $all = "status $status\n$err\n$out";

	$all =~ s/directory "\Q$dir\E\/?"/PLACE/g;
	$all =~ s/"files"/PLACE/g;
	$all =~ s/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*[+-]\d\d/TIME/g;
	$all =~ s/\b(?:from_disk|from_client)\b/DATABASE/g;
	return $all;
}

my $columns = 'version, name, state, batch, applied_by, statements, reversible, description, author, file, detail';
my @calls = (
	"SELECT $columns FROM migrate.status(FILES)",
	"SELECT * FROM migrate.plan(FILES, vars => :'vars')",
	"BEGIN; SELECT version, name, batch, statements FROM migrate.apply(FILES, vars => :'vars'); SELECT $columns FROM migrate.status(FILES);
	 SELECT version, name, statements FROM migrate.redo(FILES, vars => :'vars');
	 SELECT version, name, statements FROM migrate.rollback(FILES, force => true); SELECT version FROM migrate.refresh(FILES, vars => :'vars'); ROLLBACK",
	"CALL migrate.up(FILES, vars => :'vars', steps => 1)",
	"CALL migrate.up(FILES, vars => :'vars')",
	"SELECT $columns FROM migrate.status(FILES)",
	'SELECT direction, outcome, version, statements, error, error_context FROM migrate.history()',
	"CALL migrate.down(FILES, steps => 1)",
	'CALL migrate.down(force => true, everything => true)',
	"SELECT version, name FROM migrate.baseline(FILES, project => 'base')",
	"SELECT version, action FROM migrate.repair(FILES, project => 'base')",
	"SELECT $columns FROM migrate.status(FILES, project => 'base')",
	"SELECT * FROM migrate.adopt(FILES)",
	"SELECT md5(string_agg(sha256::text || coalesce(text, ''), ' ' ORDER BY sha256)) FROM migrate.script");

# Do all calls give the same, from the disk and as files?
sub compare
{
	my ($name) = @_;
	my $dir = "$root$name";
	my $json = new_directory('files.json' => object_of($dir)) . '/files.json';
	my %places = (from_disk => "dir => :'dir'", from_client => "files => :'files'");
	my %shown;

	foreach my $way (sort keys %places)
	{
		query($databases{$way}, $empty);
		$shown{$way} = shown($databases{$way}, $dir, $json, $places{$way},
			join(";\n", "\\set vars '$vars'", @calls) =~ s/;//r . ";\n");
	}
	my $applied = $shown{from_client} =~ /NOTICE:  00000: applied/;
	is($shown{from_client}, $shown{from_disk}, $name . ($applied ? '' : ', which is not applied'));
	return;
}

opendir(my $all, $root) or die "$root: $!";
my @names = grep { !/^\./ && $_ ne 'bad' && -d "$root$_" } readdir $all;
opendir(my $bad, "${root}bad") or die "${root}bad: $!";
push @names, map { "bad/$_" } grep { !/^\./ } readdir $bad;
compare($_) foreach grep { !$not_text{$_} } sort @names;

# What is not text in UTF-8 is no JSON, which the type says.
my $db = $databases{from_client};
fails_with($db, q{SELECT migrate.status(files => '{"1_a.sql": "a\u0000"}')}, '22P05', qr/\\u0000/,
	'a zero byte is refused by the type');

#
# Encodings: bytes are those of the file, text is that of the database
#
foreach my $encoding (qw(LATIN1 EUC_JP SQL_ASCII))
{
	my $other = create_database($node, lc $encoding, "ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	my %texts = (LATIN1 => "caf\xc3\xa9", EUC_JP => "\xe6\x97\xa5", SQL_ASCII => "caf\xc3\xa9");
	my %files = (
		'1_a.sql' => "-- +goose Up\n-- $texts{$encoding}\nCREATE TABLE a ();\nCOMMENT ON TABLE a IS '$texts{$encoding}';\n",
		'2_b.sql' => "-- +goose Up\nSELECT 1;\n");
	my $dir = new_directory(%files);
	my $json = new_directory('files.json' => object_of($dir)) . '/files.json';
	my $client = $encoding eq 'SQL_ASCII' ? '' : "SET client_encoding = 'UTF8';\n";
	my $sql = "${client}BEGIN; SELECT version, name, state, file FROM migrate.status(FILES); SELECT version FROM migrate.apply(FILES);\n"
	  . "SELECT obj_description('a'::regclass); SELECT sha256 FROM migrate.script ORDER BY 1; ROLLBACK;\n";

	like(shown($other, $dir, $json, "files => :'files'", $sql), qr/^\Q$texts{$encoding}\E$/m, "$encoding, files");
	is( shown($other, $dir, $json, "files => :'files'", $sql),
		shown($other, $dir, $json, "dir => :'dir'", $sql),
		"$encoding, as from disk");
}
fails_with(database($node, 'sql_ascii'), qq{SELECT migrate.status(files => E'{"1_a.sql": "SELECT 1;\\\\n-- caf\\xe9"}')},
	'22021', qr/file "1_a.sql", line 2/, 'bytes in a database without an encoding are UTF-8');

#
# Large ones, and how long they take
#
query($db, $empty);

# a million names: listed, and one more refused
query($db, q{CREATE TABLE many (files jsonb);
	ALTER TABLE many ALTER files SET STORAGE EXTERNAL;
	INSERT INTO many SELECT jsonb_object_agg(format('docs/%s/%s.txt', i % 1000, i), '') || '{"1_a.sql": "SELECT 1;"}' FROM generate_series(1, 999999) i});
is(query($db, 'SELECT version, state FROM many, migrate.status(files => files)'), '1|pending', 'a million names');
fails_with($db, q{SELECT migrate.status(files => files || '{"more": ""}') FROM many}, '54000', qr/more than 1000000 files/,
	'and no more');
fails_with($db, q{SELECT migrate.status(files => (files - 'docs/1/1.txt'::text) || '{"docs": ""}') FROM many}, '22023',
	qr/"docs" in "files" is both a file and a folder/, 'one of them is a folder of the others');
query($db, 'DROP TABLE many');

# names that begin with one another, and deep ones: what is compared is not compared again
query($db, q{CREATE TABLE many (files jsonb);
	INSERT INTO many SELECT jsonb_object_agg(repeat('a/b', i / 4) || repeat('x', i % 4), '') FROM generate_series(4, 5000) i});
is(query($db, 'SELECT count(*) FROM many, migrate.status(files => files)'), '0', 'names that begin with one another');
query($db, 'DROP TABLE many');

# the largest object: its texts are not copied, but for one at a time
my $session = open_session($db);
ask($session, q{CREATE TABLE large (files jsonb); ALTER TABLE large ALTER files SET STORAGE EXTERNAL});
ask($session, q{INSERT INTO large SELECT jsonb_object_agg(i || '_a.sql', format(E'CREATE TABLE l%s ();\n/* %s */', i, repeat('x', 25 * 1024 * 1024))) FROM generate_series(1, 10) i});
my ($out, $err) = ask($session, q{SELECT count(*) FROM large, migrate.status(files => files)});
is("$out$err", '10', 'an object of 250 MB');
($out, $err) = ask($session, q{SET client_min_messages = error; SELECT count(*) FROM large, migrate.apply(files => files)});
is("$out$err", '10', 'whose migrations are applied');
($out, $err) = ask($session, q{CREATE FUNCTION given() RETURNS jsonb LANGUAGE sql AS 'SELECT files FROM large'; CALL migrate.up(files => given())});
is("$out$err", '0', 'and found to be applied');
ask($session, 'DROP TABLE large');
close_session($session);

done_testing();
