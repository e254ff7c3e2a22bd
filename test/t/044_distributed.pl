# Tables of Citus, whose rows are elsewhere: what writes into them goes through statements,
# which Citus sees.  Its catalog is imitated here, so that this runs without it; 046_citus.pl
# has Citus itself.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('distributed', conf => "allow_system_table_mods = on\n");
my $db = create_database($node, 'distributed');

# Each statement that inserts or drops is counted.
query($db, q{
	CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
	INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
		VALUES (99999, 'citus', 10, 'pg_catalog'::regnamespace, false, '13.2');
	CREATE TABLE seen (what text);
	CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN INSERT INTO seen VALUES (TG_TABLE_NAME); RETURN NULL; END$$;
	CREATE FUNCTION see_drop() RETURNS event_trigger LANGUAGE plpgsql AS
		$$BEGIN INSERT INTO seen SELECT object_identity FROM pg_event_trigger_dropped_objects(); END$$;
	CREATE EVENT TRIGGER drops ON sql_drop WHEN TAG IN ('DROP INDEX') EXECUTE FUNCTION see_drop();
	CREATE FUNCTION make(name text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('CREATE TABLE %1$I (gone integer, id bigint GENERATED ALWAYS AS IDENTITY, a text DEFAULT ''as usual'','
			' "B c" varchar(5), double bigint GENERATED ALWAYS AS (id * 2) STORED, d numeric(8, 2), e timestamptz, f boolean[],'
			' n serial, UNIQUE (a, "B c"));'
			'ALTER TABLE %1$I DROP gone;'
			'CREATE TRIGGER see AFTER INSERT ON %1$I FOR EACH STATEMENT EXECUTE FUNCTION see()', name);
	END $$;
	SELECT make('plain'), make('distributed');
	CREATE ROLE writer LOGIN;
	GRANT USAGE ON SCHEMA migrate TO writer;
	GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO writer;
	GRANT pg_read_server_files TO writer;
	GRANT INSERT (a, f) ON plain, distributed TO writer;
	GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO writer;
	GRANT SELECT ON pg_dist_partition TO PUBLIC;
	GRANT ALL ON seen TO writer;
	CREATE TABLE no_column ();
	INSERT INTO pg_dist_partition VALUES ('distributed'), ('no_column');
});

# an option since PostgreSQL 16
my $has_default = $node->pg_version >= 16;

sub copies
{
	my ($table) = @_;
	my $wide = join '', map { "$_\tx$_\t{t}\n" } 1 .. 250;

	my $default = $has_default ? "COPY $table (a, n) FROM stdin WITH (DEFAULT '\\D');\n\\D\t\\D\nlast\t\\D\n\\.\n" : '';

	return "-- +goose Up\n$default"
	  . "COPY $table (\"B c\", a, d, e, f) FROM stdin;\nk\tone\t1.005\t2026-01-01 00:00:00+00\t{t,f}\n\\N\ttwo \\\\ ' \"\t\\N\t\\N\t\\N\n\\.\n"
	  . "COPY $table (id, a, f) FROM stdin;\n$wide\\.\n"
	  . "COPY $table FROM stdin WITH (FORMAT csv, HEADER, FORCE_NULL (\"B c\"));\nid,a,B c,d,e,f,n\n1000,,\"\",3,,\"{t}\",77\n\\.\n"
	  . "COPY $table (a) FROM stdin;\n\\.\n"
	  . "COPY $table (a) FROM stdin;\n\xc3\xa9t\xc3\xa9\n\\.\n";
}

foreach my $table ('plain', 'distributed')
{
	my $dir = new_directory('1_rows.sql' => copies($table));

	query($db, "SELECT count(*) FROM migrate.apply('$dir', project => '$table')");
}
my $differences = 'SELECT count(*) FROM ((TABLE plain EXCEPT ALL TABLE distributed) UNION ALL (TABLE distributed EXCEPT ALL TABLE plain)) d';
is(query($db, "SELECT count(*) FROM distributed"), $has_default ? 256 : 254, 'all rows of COPY are there');
is(query($db, $differences), 0, 'they are those that COPY writes, also where these are defaults');
is( query($db, 'SELECT what, count(*) FROM seen GROUP BY 1 ORDER BY 1'),
	$has_default ? "distributed|7\nplain|6" : "distributed|6\nplain|5", 'they were written with INSERT, 100 at a time');

# the same on the other path
query($db, 'TRUNCATE plain, distributed RESTART IDENTITY');
foreach my $table ('plain', 'distributed')
{
	my $dir = new_directory('1_rows.sql' => copies($table));

	query($db, "CALL migrate.up('$dir', project => '$table up')");
}
is(query($db, $differences), 0, 'CALL migrate.up() as well');

# A role that may not write all columns, and FREEZE, which Citus ignores.
query($db, 'TRUNCATE plain, distributed RESTART IDENTITY');
foreach my $table ('plain', 'distributed')
{
	my $dir = new_directory('1_rows.sql' => "-- +goose Up\nCOPY $table (a, f) FROM stdin;\none\t{t}\ntwo\t\\N\n\\.\n");

	query($db, "SELECT count(*) FROM migrate.apply('$dir', project => '$table writer')", user => 'writer');
}
is(query($db, 'SELECT string_agg(concat_ws(\' \', id, a, f, n), \', \' ORDER BY id) FROM distributed'), '1 one {t} 1, 2 two 2',
	'a role that may write the columns that COPY names');
is(query($db, $differences), 0, 'other columns have their defaults, as from COPY');
foreach my $call ('SELECT migrate.apply', 'CALL migrate.up')
{
	foreach my $option ('FREEZE', 'FREEZE off')
	{
		my $dir = new_directory('1_frozen.sql' => "-- +goose Up\nCOPY distributed (a) FROM stdin WITH ($option);\n$call $option\n\\.\n");
		my (undef, undef, $err) = sql($db, "$call('$dir', project => '$call $option')");

		unlike($err, qr/ERROR/, "$call: $option");
		is(scalar(() = $err =~ /NOTICE:  00000: option FREEZE of COPY is ignored for distributed table "distributed"/g),
			$option eq 'FREEZE' ? 1 : 0, "$call: $option: the NOTICE");
	}
}

# Errors
sub copy_fails
{
	my ($copy, $sqlstate, $pattern, $name, %options) = @_;
	my $dir = new_directory('1_bad.sql' => "-- +goose Up\n$copy\\.\n");

	fails_with($db, "SELECT migrate.apply('$dir', project => 'bad')", $sqlstate, $pattern, $name, %options);
	return;
}

copy_fails("COPY distributed (id, a) FROM stdin;\n5000\tx\nx\ty\n", '22P02',
	qr/invalid input syntax for type bigint: "x"\nCONTEXT:  COPY distributed, line 2, column id: "x"\n.*file "1_bad\.sql", line 2/s,
	'an error in a row names its line');
copy_fails("COPY distributed (a, \"B c\") FROM stdin;\nz\tmuch too long\n", '22001', qr/value too long/, 'a value that does not fit');
copy_fails("COPY distributed (a, \"B c\") FROM stdin;\ntwice\tk\ntwice\tk\n", '23505',
	qr/duplicate key.*\nCONTEXT:  SQL statement "INSERT INTO public\.distributed \(a, "B c"\) OVERRIDING SYSTEM VALUE VALUES \.\.\."\nCOPY distributed, lines 1 to 2\nmigration 1/s,
	'a key that is there already; the context has the lines and not all parameters');
copy_fails("COPY distributed (a, \"B c\") FROM stdin WITH (FORMAT csv, HEADER);\na,B c\n" . join('', map { "\"$_\n\",k\n" } 1 .. 100) . "\"1\n\",k\n", '23505',
	qr/\.\.\."\nCOPY distributed, line 203\nmigration 1/, 'also of a single line');
copy_fails("COPY distributed (a) FROM stdin WHERE a > 'x';\nz\n", '0A000',
	qr/COPY FROM with WHERE is not supported for distributed table "distributed"\nHINT:  Use INSERT/, 'WHERE is refused');
copy_fails("COPY distributed (a) FROM stdin WITH (ON_ERROR ignore);\nz\n", '0A000', qr/ON_ERROR/, 'ON_ERROR is refused');
copy_fails("COPY distributed (a, d) FROM stdin;\nz\t1\n", '42501', qr/permission denied for table distributed/, 'a column that the role may not write', user => 'writer');
copy_fails("COPY no_column FROM stdin;\n", '0A000', qr/has no column to copy into/, 'a table without columns');
is(query($db, "SELECT count(*) FROM distributed WHERE id = 5000"), 0, 'nothing of these is left');

# What an interrupted CREATE INDEX CONCURRENTLY has left goes by a statement.
query($db, 'TRUNCATE seen; INSERT INTO distributed (a) VALUES (\'twice\'), (\'twice\')');
my $unique = new_directory('1_unique.sql' =>
	  "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE UNIQUE INDEX CONCURRENTLY \"Unique a\" ON distributed (a);\n");
my $up = "CALL migrate.up('$unique', project => 'unique')";
fails_with($db, $up, '23505', qr/could not create unique index/, 'a failed CREATE INDEX CONCURRENTLY');
is(query($db, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 1, 'has left an INVALID index');
query($db, "DELETE FROM distributed");
my ($status, $out, $err) = sql($db, $up);
is($status, 0, 'the next call creates it') or diag($err);
like($err, qr/dropping index "Unique a", which an interrupted statement has left invalid/, 'and says what it drops');
is(query($db, "SELECT what FROM seen WHERE what ~ 'Unique'"), 'public."Unique a"', 'which is dropped by a statement');
is( query($db, "SELECT indisvalid FROM pg_index WHERE indexrelid = '\"Unique a\"'::regclass"),
	't', 'the index is valid');

is(advisory_locks($db), 0, 'no lock is left');
$node->stop;
done_testing();
