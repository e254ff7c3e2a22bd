# Files are UTF-8, whatever the encoding of the database is.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('encodings', conf => 'log_statement = none');
my %databases = (
	UTF8 => create_database($node, 'utf8'),
	LATIN1 => create_database($node, 'latin1', "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"),
	SQL_ASCII =>
	  create_database($node, 'sql_ascii', "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"));

is(query($databases{$_}, 'SHOW server_encoding'), $_, "there is a $_ database")
  foreach sort keys %databases;

# Bytes that are not UTF-8 are an error in each of them.
foreach my $encoding (sort keys %databases)
{
	my $db = $databases{$encoding};

	foreach my $routine ('apply', 'status')
	{
		fails_with(
			$db,
			"SELECT * FROM migrate.$routine('" . fixture('bad/bad_utf8') . "')",
			'22021',
			qr/invalid byte sequence for encoding "UTF8": 0xe9.*file "00001_drinks.sql", line 4\b/s,
			"$encoding: $routine names file and line of an invalid byte");
		fails_with(
			$db,
			"SELECT * FROM migrate.$routine('" . fixture('bad/nul_byte') . "')",
			'22021',
			qr/invalid byte sequence for encoding "UTF8": 0x00.*file "00001_drinks.sql", line 3\b/s,
			"$encoding: $routine names file and line of a zero byte");
	}
	is(query($db, 'SELECT count(*) FROM migrate.history()'), 0, "$encoding: nothing has run");
}

# A character that the database lacks is an error only there.
my $not_latin1 = fixture('bad/not_latin1');
fails_with(
	$databases{LATIN1},
	"SELECT migrate.apply('$not_latin1')",
	'22P05',
	qr/character "U\+4E2D" has no equivalent in encoding "LATIN1".*file "00001_drinks.sql", line 4\b/s,
	'LATIN1: a character that it lacks is an error with file and line');
is(query($databases{LATIN1}, 'SELECT count(*) FROM migrate.history()'),
	0, 'LATIN1: nothing has run');
foreach my $encoding ('UTF8', 'SQL_ASCII')
{
	is( query(
			$databases{$encoding},
			"SELECT version FROM migrate.apply('$not_latin1', project => 'drinks')"),
		'00001',
		"$encoding: the same file runs");
}

# The result, as bytes: in a table, and in the history.
my $e = "\303\251";    # e with an acute accent
my $accents = new_directory(
	'001_accents.sql' => "\357\273\277-- Migration: caf$e\n-- Description: caf$e\n\n-- UP\n"
	  . "CREATE TABLE accents (name text);\n"
	  . "INSERT INTO accents VALUES ('caf$e');\n\n"
	  . "-- DOWN\nDELETE FROM accents WHERE name <> 'caf$e';\nDROP TABLE accents;\n",
	'002_mark_alone.sql' =>
	  "\357\273\277-- UP\nINSERT INTO accents VALUES ('$e$e');\n\n-- DOWN\nSELECT '$e';\n");
my $broken = new_directory('003_broken.sql' => "-- UP\nSELECT '$e', 'x'::integer;\n\n-- DOWN\n");
my %bytes = (UTF8 => 'c3a9', SQL_ASCII => 'c3a9', LATIN1 => 'e9');

# SQL for the bytes of a text.
sub bytes
{
	my ($text) = @_;

	return "encode(convert_to($text, getdatabaseencoding()), 'hex')";
}

foreach my $encoding (sort keys %databases)
{
	my $db = $databases{$encoding};
	my $byte = $bytes{$encoding};

	is(query($db, "SELECT version, statements FROM migrate.apply('$accents')"),
		"001|2\n002|1", "$encoding: a byte order mark is dropped");
	is(query($db, 'SELECT ' . bytes('name') . ' FROM accents'),
		"636166$byte\n$byte$byte", "$encoding: text is in the encoding of the database");
	is(query($db, 'SELECT ' . bytes('description') . " FROM migrate.status('$accents') LIMIT 1"),
		"636166$byte", "$encoding: so is the description");
	is( query(
			$db,
			'SELECT count(*) FROM migrate.applied JOIN migrate.script ON sha256 IN (up_sha256, down_sha256)'
			  . " WHERE project = 'default' AND "
			  . bytes('text')
			  . " ~ '$byte'"),
		4,
		"$encoding: and the scripts that are stored");
	is(query($db, "SELECT state FROM migrate.status('$accents')"),
		"applied\napplied", "$encoding: the files are found unchanged");

	my $error = fails_with(
		$db, "SET client_encoding = SQL_ASCII; SELECT migrate.apply('$broken')",
		'22P02',
		qr/file "003_broken.sql", line 2/,
		"$encoding: an error in such a file");
	like($error, qr/SELECT '\Q@{[ pack 'H*', $byte ]}\E',/, "$encoding: shows the statement");

	is(query($db, "SELECT version FROM migrate.rollback(target => '1')"),
		'002', "$encoding: stored scripts can run");
	is(query($db, 'SELECT version FROM migrate.rollback()'), '001', "$encoding: to the end");
	is(query($db, "SELECT to_regclass('accents')"), '', "$encoding: which leaves nothing");
}

# Names of files are text, too, and are recorded in the history.  As with
# pg_ls_dir(), they are assumed to be in the encoding of the database.
my $named = new_directory("001_caf$e.sql" => "SELECT 1;\n");
is(query($databases{UTF8}, 'SELECT ' . bytes('name') . " FROM migrate.status('$named')"),
	'636166c3a9', 'UTF8: the name of a file');
is(query($databases{LATIN1}, 'SELECT ' . bytes('name') . " FROM migrate.status('$named')"),
	'636166c3a9', 'LATIN1: the name of a file');
my $misnamed = new_directory("001_caf\351.sql" => "SELECT 1;\n");
fails_with(
	$databases{UTF8}, "SELECT * FROM migrate.$_('$misnamed')",
	'22021',
	qr/invalid byte sequence for encoding "UTF8"/,
	"$_: a name that is not UTF-8 is an error") foreach 'apply', 'status';
is(query($databases{UTF8}, "SELECT count(*) FROM migrate.applied WHERE version = '001'"),
	0, 'and is not stored');

# A client whose encoding lacks a character of a file's name gets the notices
# nevertheless, and what they report has been committed.
my $japanese = new_directory(
	"1_\346\227\245.sql" => "CREATE TABLE day_one ();\n",
	"2_\360\237\220\230.sql" => "CREATE TABLE day_two ();\n",
	"3_\346\234\254.sql" => "SELECT 1/0;\n");
my ($status, $out, $err) = sql($databases{UTF8},
	"SET client_encoding = LATIN1; CALL migrate.up('$japanese', project => 'days')");
is($status, 3, 'the third file ends the run');
like($err, qr/NOTICE:  00000: applied 1_\\u65e5 /, 'a notice with an escape');
like($err, qr/NOTICE:  00000: applied 2_\\U0001f418 /, 'and one with a longer one');
like($err, qr/ERROR:  22012: .*file "3_\\u672c.sql", line 1/s, 'and in the context of an error');
is( query($databases{UTF8}, "SELECT version, name FROM migrate.applied WHERE project = 'days' ORDER BY version"),
	"1|\346\227\245\n2|\360\237\220\230", 'what was applied has its name');

# A byte order mark of UTF-16 is not one of UTF-8.
my $utf16 = new_directory('001_wide.sql' => "\377\376S\0E\0L\0E\0C\0T\0 \0001\0;\0");
fails_with($databases{UTF8}, "SELECT * FROM migrate.apply('$utf16')",
	'22021',
	qr/invalid byte sequence for encoding "UTF8": 0xff.*file "001_wide.sql", line 1\b/s, 'UTF-16');

$node->stop;
done_testing();
