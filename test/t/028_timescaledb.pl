# TimescaleDB, whose statements must run at top level: some commit, and one of them
# would crash the server through SPI.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('timescaledb');
if (query(
		database($node, 'postgres'),
		"SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb'") == 0)
{
	diag('TimescaleDB is not installed: its test is skipped');
	plan skip_all => 'TimescaleDB is not installed';
}
$node->append_conf('postgresql.conf',
	"shared_preload_libraries = 'timescaledb'\ntimescaledb.telemetry_level = off\n");
$node->restart;
my $db = create_database($node, 'timescaledb');
query($db, 'CREATE EXTENSION timescaledb');

my $hypertable = <<'SQL';
-- +goose Up
CREATE TABLE reading (at timestamptz NOT NULL, value float);
SELECT create_hypertable('reading', 'at', chunk_time_interval => interval '1 day');
INSERT INTO reading SELECT '2026-01-01Z'::timestamptz + i * interval '1 hour', i FROM generate_series(0, 99) i;
-- +goose Down
DROP TABLE reading;
SQL
my $index = 'CREATE INDEX reading_value ON reading (value) WITH (timescaledb.transaction_per_chunk)';
my $dir = new_directory(
	'1_hypertable.sql' => $hypertable,
	'2_index.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\n$index;\n-- +goose Down\nDROP INDEX reading_value;\n",
	'3_cluster.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCLUSTER reading USING reading_value;\n-- +goose Down\nSELECT 1;\n");

# The options of such an index show what it needs, also in a file without a marker.
my $unmarked = new_directory('1_index.sql' =>
	  "-- +goose Up\n$index;\n-- +goose Down\nDROP INDEX reading_value;\n");

my $session = open_session($db);
my ($out, $err) = ask($session, "CALL migrate.up('$dir')");
unlike($err, qr/ERROR|WARNING/, 'hypertable, index by chunk and CLUSTER');
is($out, 3, 'are applied');
is(query($db, 'SELECT count(*) > 1 FROM pg_inherits WHERE inhparent = \'reading\'::regclass'),
	't', 'the table has several chunks');
is( query(
		$db,
		"SELECT bool_and(EXISTS (SELECT FROM pg_index WHERE indrelid = inhrelid AND indisvalid AND indisclustered
			AND pg_get_indexdef(indexrelid) ~ 'value')) FROM pg_inherits WHERE inhparent = 'reading'::regclass"),
	't', 'each of which has the index, and is clustered on it');

# In one transaction it is refused, and the server does not crash.
query($db, 'CALL migrate.down(steps => 2)');
is(query($db, "SELECT to_regclass('reading_value')"), '', 'undone');
($out, $err) = ask($session, "SELECT migrate.apply('$unmarked', project => 'unmarked')");
like($err, qr/ERROR:  25001:.*CALL migrate\.up.*file "1_index\.sql", line 2/s, 'apply refuses it');
is((ask($session, 'SELECT 1'))[0], 1, 'and the session still works');
($out, $err) = ask($session, "CALL migrate.up('$unmarked', project => 'unmarked')");
is($out, 1, 'up applies it');
is(query($db, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'reading_value'::regclass"),
	't', 'and the index is valid');

# An error of the extension is like any other, and can be repeated.
my $continuous = new_directory('1_view.sql' =>
	  "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE MATERIALIZED VIEW daily WITH (timescaledb.continuous) AS "
	  . "SELECT time_bucket('1 day', at) AS day, avg(value) FROM reading GROUP BY 1;\n-- +goose Down\nDROP MATERIALIZED VIEW daily;\n");
foreach my $time ('first', 'second')
{
	($out, $err) = ask($session, "CALL migrate.up('$continuous', project => 'continuous')");
	like(
		$err,
		qr/ERROR:  0A000: functionality not supported under the current "apache" license.*file "1_view\.sql", line 3/s,
		"a continuous aggregate, the $time time: Debian's edition does not have them");
	is((ask($session, 'SELECT 1'))[0], 1, 'after which the session still works');
}
close_session($session);
is(advisory_locks($db), 0, 'no lock is left');

$node->stop;
done_testing();
