# Citus: a coordinator with two workers.  The test is skipped where Citus is not
# installed; see docs/citus.md.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $probe = new_node('citus_probe');
my $available = query(database($probe, 'postgres'),
	"SELECT default_version FROM pg_available_extensions WHERE name = 'citus'");
$probe->stop;
if ($available eq '')
{
	diag('Citus is not installed: its test is SKIPPED');
	plan skip_all => 'Citus is not installed';
}

# Its nodes connect to each other over TCP.
my $conf = "shared_preload_libraries = 'citus'\nlisten_addresses = '127.0.0.1'\nmax_prepared_transactions = 20\n"
  . "citus.shard_count = 4\ncitus.enable_statistics_collection = off\ncitus.node_conninfo = 'sslmode=prefer'\n";
my @nodes = map {
	my $node = PostgreSQL::Test::Cluster->new("citus_$_");
	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', $conf);
	$node->append_conf('pg_hba.conf', "host all all 127.0.0.1/32 trust\n");
	$node->start;
	query(database($node, 'postgres'), "CREATE DATABASE app;\n\\c app\nCREATE EXTENSION citus;");
	$node
} 0 .. 2;
my $db = database($nodes[0], 'app');
query($db, "SELECT citus_set_coordinator_host('127.0.0.1', " . $nodes[0]->port . ')');
query($db, "SELECT citus_add_node('127.0.0.1', " . $_->port . ')') foreach @nodes[ 1, 2 ];
diag(query($db, "SELECT split_part(citus_version(), ' on ', 1) || ', PostgreSQL ' || current_setting('server_version')"));
query($db, 'CREATE EXTENSION migrate');
is(query(database($nodes[1], 'app'), "SELECT count(*) FROM pg_extension WHERE extname = 'migrate'"),
	1, 'Citus creates the extension on the workers, too');

sub up
{
	my ($dir, $project) = @_;

	return "CALL migrate.up('$dir', project => '$project')";
}

sub works
{
	my ($sql, $name, %options) = @_;
	my ($status, $out, $err) = sql($db, $sql, %options);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($status, 0, $name) or diag($err);
	return $err;
}

# The indexes of a name on all nodes, with those of shards.
sub everywhere
{
	my ($name) = @_;

	return query($db,
		"SELECT string_agg(result, ' ' ORDER BY result) FROM run_command_on_all_nodes(\$\$SELECT string_agg("
		  . "CASE WHEN relname ~ '_[0-9]+\$' THEN 'shard' ELSE 'shell' END || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END, ' ' ORDER BY relname ~ '_[0-9]+\$') "
		  . "FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relname ~ '^$name(_[0-9]+)?\$'\$\$) WHERE result <> ''");
}

#
# Ordinary migrations
#

my $sequential = "SET LOCAL citus.multi_shard_modify_mode TO 'sequential';\n";
my $dir = new_directory(
	'1_tables.sql' => "-- +goose Up\n"
	  . "CREATE TABLE tenant (id bigint PRIMARY KEY, name text);\n"
	  . "CREATE TABLE event (tenant bigint NOT NULL, id bigint, payload text, PRIMARY KEY (tenant, id));\n"
	  . "CREATE TABLE country (code text PRIMARY KEY, name text);\n"
	  . "SELECT create_distributed_table('tenant', 'id');\nSELECT create_distributed_table('event', 'tenant', colocate_with => 'tenant');\n"
	  . "SELECT create_reference_table('country');\n"
	  . "-- +goose Down\nDROP TABLE event, tenant, country;\n",
	'2_rows.sql' => "-- +goose Up\n$sequential"
	  . "COPY country FROM stdin;\nde\tGermany\nfr\tFrance\n\\.\nCOPY tenant FROM stdin;\n" . join('', map { "$_\ttenant $_\n" } 1 .. 300) . "\\.\n"
	  . "INSERT INTO event SELECT i % 300 + 1, i, i::text FROM generate_series(1, 3000) i;\n"
	  . "ALTER TABLE event ADD COLUMN country text REFERENCES country (code);\n"
	  . "ALTER TABLE event ADD CONSTRAINT event_tenant FOREIGN KEY (tenant) REFERENCES tenant (id);\n"
	  . "CREATE INDEX event_payload ON event (payload);\n"
	  . "-- +goose Down\n$sequential"
	  . "DROP INDEX event_payload;\nALTER TABLE event DROP CONSTRAINT event_tenant;\nALTER TABLE event DROP COLUMN country;\n"
	  . "DELETE FROM event;\nDELETE FROM tenant;\nDELETE FROM country;\n");
my $counts = 'SELECT (SELECT count(*) FROM tenant), (SELECT count(*) FROM event), (SELECT count(*) FROM country)';
my $shells = "SELECT pg_relation_size('tenant') + pg_relation_size('event') + pg_relation_size('country')";

# what runs migrations and undoes them leaves nothing on the nodes
is(query($db, "$sequential SELECT count(*) FROM migrate.rehearse('$dir', budget => NULL)" =~ s/LOCAL //r), 13, 'rehearse');
is(query($db, "$sequential SELECT version, result FROM migrate.verify('$dir', budget => NULL)" =~ s/LOCAL //r), "1|reversible\n2|reversible", 'verify');
is(query($db, q{SELECT string_agg(result, ' ') FROM run_command_on_all_nodes($$SELECT count(*) FROM pg_class WHERE relname ~ '^(tenant|event|country)'$$)}),
	'0 0 0', 'and nothing is left on the nodes');

works("SET citus.multi_shard_modify_mode TO 'sequential'; SELECT count(*) FROM migrate.apply('$dir')", 'apply');
is(query($db, $counts), '300|3000|2', 'all rows are there');
is(query($db, $shells), 0, 'and none of them in the shell on the coordinator');
works("SET citus.multi_shard_modify_mode TO 'sequential'; SELECT count(*) FROM migrate.rollback()", 'rollback');
works("CALL migrate.up('$dir')", 'up');
is(query($db, $counts), '300|3000|2', 'all rows are there');
is(query($db, $shells), 0, 'and none of them in the shell');
works('CALL migrate.down(steps => 1)', 'down');
is(query($db, $counts), '0|0|0', 'and none after that');
works("CALL migrate.up('$dir')", 'up again');
is(query($db, "SELECT string_agg(version || ' ' || state, ', ') FROM migrate.status('$dir')"), '1 applied, 2 applied', 'status');

# the error of Citus that its setting cures
my $parallel = new_directory('1_parallel.sql' => "-- +goose Up\nUPDATE event SET payload = '1';\nALTER TABLE event ADD COLUMN to_country text REFERENCES country (code);\n");
fails_with($db, up($parallel, 'parallel'), 'XX000', qr/HINT:.*multi_shard_modify_mode.*statement 2 of 2, file "1_parallel\.sql", line 3/s,
	'an error of Citus has its hint, with file and line');

#
# Statements at top level, by the session and by a background worker
#

my $top = new_directory('1_top.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\n"
	  . join('', map { "$_;\n" } 'VACUUM (ANALYZE) event', 'CREATE INDEX CONCURRENTLY event_c ON event (payload, id)',
		'REINDEX INDEX CONCURRENTLY event_c', 'REINDEX TABLE CONCURRENTLY event',
		'CREATE TABLE late (a bigint, b text)', "SELECT create_distributed_table('late', 'a')",
		"INSERT INTO late SELECT i, i::text FROM generate_series(1, 100) i",
		'CREATE UNIQUE INDEX CONCURRENTLY late_u ON late (a, b)', 'DROP INDEX CONCURRENTLY event_payload',
		'CREATE INDEX CONCURRENTLY country_name ON country (name)', 'VACUUM FULL late')
	  . "-- +goose Down\nDROP INDEX CONCURRENTLY country_name;\nCREATE INDEX CONCURRENTLY event_payload ON event (payload);\n"
	  . "DROP TABLE late;\nDROP INDEX CONCURRENTLY event_c;\n");
my $unique = new_directory('1_unique.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\n"
	  . "CREATE UNIQUE INDEX CONCURRENTLY event_u ON event (tenant, payload);\n-- +goose Down\nDROP INDEX CONCURRENTLY event_u;\n");

foreach my $by ('session', 'worker')
{
	my $set = "SET migrate.top_level = $by; ";

	works($set . up($top, $by), "$by: statements at top level");
	is(everywhere('event_c'), 'shell shell shard shard shell shard shard', "$by: the index is valid on all nodes");
	is(everywhere('event_payload'), '', "$by: and the other one is gone from all");
	works($set . "CALL migrate.down(project => '$by')", "$by: and down");
	is(everywhere('event_c'), '', "$by: then it is gone");

	# what a failed one has left on the nodes
	query($db, "UPDATE event SET payload = 'twice'");
	fails_with($db, $set . up($unique, "$by unique"), '23505', qr/statement 1 of 1, file "1_unique\.sql", line 3/s, "$by: a duplicate key on a shard");
	like(everywhere('event_u'), qr/INVALID/, "$by: leaves INVALID indexes");
	query($db, 'DELETE FROM event');
	query($db, "INSERT INTO event SELECT i % 300 + 1, i, i::text FROM generate_series(1, 3000) i");
	like(works($set . up($unique, "$by unique"), "$by: the next call creates it"), qr/dropping index "event_u"/, "$by: says what it drops");
	is(everywhere('event_u'), 'shell shell shard shard shell shard shard', "$by: and it is valid on all nodes");
	works($set . "CALL migrate.down(project => '$by unique')", "$by: and down");
}

#
# COPY into tables of each kind has the effects that it has on an ordinary table.
#

# Which columns a COPY names, and its rows; more than one INSERT has.
my $numbers = join '', map { "$_\t{t}\n" } 1 .. 250;
my @copies = (
	[ '(k, f)', $numbers ],
	[ '(a, "B c", d, e, f)', "one\tk\t1.005\t2026-01-01 00:00:00+00\t{t,f}\ntwo \\\\ ' \"\t\\N\t\\N\tinfinity\t\\N\n" ],
	[ '(id, k, a)', "1000\t-1\t\\N\n" ],
	[ '(k, m, n)', "5\thappy\t1000\n6\tsad\t1001\n" ],
	[ '(k)', '' ],
	[ '(k)', "7\n", 'WITH (FREEZE off)' ]);
# an option since PostgreSQL 16
push @copies, [ '(k, n, a)', "8\t\\D\t\\D\n9\t\\D\tx\n", "WITH (DEFAULT '\\D')" ] if $nodes[0]->pg_version >= 16;
my $columns = 'id, k, a, "B c", twice, d, e, f, m, n, by';
my %distribute = (
	ordinary => '',
	distributed => "SELECT create_distributed_table('%s', 'k')",
	default => "SELECT create_distributed_table('%s', 'n')",
	identity => "SELECT create_distributed_table('%s', 'id')",
	single => "SELECT create_distributed_table('%s', NULL)",
	reference => "SELECT create_reference_table('%s')",
	managed => "SELECT citus_add_local_table_to_metadata('%s')");
my %calls = (
	apply => "SELECT count(*) FROM migrate.apply('%s', project => '%s')",
	up => "CALL migrate.up('%s', project => '%s')",
	session => "CALL migrate.up('%s', project => '%s')",
	worker => "SET migrate.top_level = worker; CALL migrate.up('%s', project => '%s')");

query($db, q{CREATE TYPE mood AS ENUM ('sad', 'happy')});
foreach my $call (sort keys %calls)
{
	my $flag = $call eq 'session' || $call eq 'worker' ? "-- +goose NO TRANSACTION\n" : '';
	my $expected;

	foreach my $kind ('ordinary', grep { $_ ne 'ordinary' } sort keys %distribute)
	{
		my $table = "${kind}_$call";
		my $dir = new_directory('1_rows.sql' => "$flag-- +goose Up\n"
			  . join('', map { "COPY $table $_->[0] FROM stdin " . ($_->[2] // '') . ";\n$_->[1]\\.\n" } @copies));

		query($db, "CREATE TABLE $table (gone integer, id bigint GENERATED ALWAYS AS IDENTITY, k bigint DEFAULT 7, a text DEFAULT 'as usual', \"B c\" varchar(5), "
			  . 'twice bigint GENERATED ALWAYS AS (k * 2) STORED, d numeric(8, 2), e timestamptz, f boolean[], m mood, n bigserial, '
			  . "uuid uuid DEFAULT gen_random_uuid(), at timestamptz DEFAULT clock_timestamp(), since timestamptz DEFAULT now(), by text DEFAULT current_user);\n"
			  . "ALTER TABLE $table DROP gone;\n" . sprintf($distribute{$kind}, $table));
		works(sprintf($calls{$call}, $dir, $table), "$call: COPY into a table of the kind $kind");
		my $rows = query($db, "SELECT $columns FROM $table ORDER BY n, id")
		  . query($db, "SELECT count(DISTINCT uuid), count(DISTINCT at) > 1, count(DISTINCT since) FROM $table");
		if ($kind eq 'ordinary')
		{
			$expected = $rows;
			is(query($db, "SELECT count(*) FROM $table"), 250 + 2 + 1 + 2 + 0 + 1 + (@copies > 6 ? 2 : 0), "$call: all rows are there");
			next;
		}
		is($rows, $expected, "$call: they are those of an ordinary table");
		is(query($db, "SELECT pg_relation_size('$table')"), 0, "$call: and none of them in the shell");
		is( query($db, "SELECT count(*) > 1, count(DISTINCT result), bool_and(success) FROM run_command_on_placements('$table', 'SELECT md5(string_agg(t::text, '' '' ORDER BY n, id)) FROM %s t')"),
			't|1|t', "$call: all nodes have the same, also of what differs between rows") if $kind eq 'reference';
	}
}

# An error on a node
my $twice = new_directory('1_twice.sql' => "-- +goose Up\nCOPY tenant FROM stdin;\n" . join('', map { "$_\tx\n" } 1001 .. 1120) . "1119\tx\n\\.\n");
foreach my $call ('apply', 'up')
{
	fails_with($db, sprintf($calls{$call}, $twice, 'twice'), '23505',
		qr/\(id\)=\(1119\).*\nSQL statement "INSERT INTO public\.tenant \(id, name\) OVERRIDING SYSTEM VALUE VALUES \.\.\."\nCOPY tenant, lines 101 to 121\nmigration 1/s,
		"$call: an error on a node names the lines of its INSERT");
}

# FREEZE; and what a down script copies
foreach my $kind (grep { $_ ne 'ordinary' } sort keys %distribute)
{
	my $table = "${kind}_up";
	my $dir = new_directory('1_frozen.sql' => "-- +goose Up\nCOPY $table (k) FROM stdin WITH (FREEZE);\n-100\n\\.\n-- +goose Down\nCOPY $table (k) FROM stdin FREEZE;\n-200\n-200\n\\.\n");
	my $notice = qr/NOTICE:  00000: option FREEZE of COPY is ignored for distributed table "$table"/;

	foreach my $calls ([ 'SELECT migrate.apply(%s)', 'SELECT migrate.rollback(%s)' ], [ 'CALL migrate.up(%s)', 'CALL migrate.down(%s)' ])
	{
		my ($up, $down) = map { sprintf $_, "project => '$table $calls->[0]'" } @$calls;

		$up =~ s/\(/('$dir', /;
		is(scalar(() = works($up, "$kind: $up") =~ /$notice/g), 1, 'says that FREEZE is ignored');
		is(scalar(() = works($down, "$kind: $down") =~ /$notice/g), 1, 'says that FREEZE is ignored');
	}
	is(query($db, "SELECT count(*) FILTER (WHERE k = -100), count(*) FILTER (WHERE k = -200) FROM $table"), '2|4', "$kind: the rows of up and of down scripts");
}

# A role that may write some columns.  Citus passes its privileges on to the shards.
query($db, q{
	CREATE ROLE writer LOGIN;
	GRANT pg_read_server_files TO writer;
	GRANT USAGE ON SCHEMA migrate TO writer;
	GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO writer;
});
foreach my $kind (grep { $_ ne 'default' } sort keys %distribute)
{
	my $table = "${kind}_some";
	my $some = new_directory('1_some.sql' => "-- +goose Up\nCOPY $table (a, k, id) FROM stdin;\n" . join('', map { "x\t$_\t$_\n" } 1 .. 150) . "\\.\n");
	my $other = new_directory('1_other.sql' => "-- +goose Up\nCOPY $table (k, id, n, other) FROM stdin;\n1\t1\t1\t1\n\\.\n");

	query($db, "CREATE TABLE $table (id bigint, k bigint, a text, n bigint, other text);\n" . sprintf($distribute{$kind}, $table)
		  . ";\nGRANT INSERT (id, k, a, n) ON $table TO writer");
	foreach my $call ('apply', 'up')
	{
		works(sprintf($calls{$call}, $some, "$table $call"), "$kind: $call as a role that may write the columns of COPY", user => 'writer');
		fails_with($db, sprintf($calls{$call}, $other, "$table other $call"), '42501', qr/permission denied for table $table\n/, "$kind: and $call as one that may not", user => 'writer');
	}
	is(query($db, "SELECT count(*), count(DISTINCT k), min(a), count(other) FROM $table"), '300|150|x|0', "$kind: the rows");

	# Citus names columns with a default in what it sends to a shard
	query($db, "ALTER TABLE $table ALTER other SET DEFAULT 'other'");
	foreach my $call ('apply', 'up')
	{
		my $project = "$table default $call";

		if ($kind eq 'ordinary')
		{
			works(sprintf($calls{$call}, $some, $project), "$kind: $call with a default of another column", user => 'writer');
		}
		else
		{
			fails_with($db, sprintf($calls{$call}, $some, $project), '42501', qr/permission denied for table ${table}_\d+\n/,
				"$kind: $call with a default of another column needs the privilege on that one, too", user => 'writer');
		}
	}
}

#
# Starters at once, and schemas as tenants
#

my @starters = map { open_session($db) } 1 .. 4;
my $next = new_directory('1_next.sql' => "-- +goose Up\nCREATE TABLE next (a bigint);\nSELECT create_distributed_table('next', 'a');\n");
start($_, up($next, 'next')) foreach @starters;
is(join(' ', sort map { (finish($_))[0] } @starters), '0 0 0 1', 'of four starters one runs');
close_session($_) foreach @starters;

query($db, "SET citus.enable_schema_based_sharding = on; CREATE SCHEMA t1; CREATE SCHEMA t2;");
# Citus makes such tables of those that are created at top level
my $tenant = new_directory('1_tenant.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE note (id bigserial PRIMARY KEY, t text);\nCOPY note FROM stdin;\n1000\tone\n\\.\nCOPY note (t) FROM stdin;\ntwo\nthree\n\\.\n",
	'2_index.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY note_t ON note (t);\n");
works("CALL migrate.up_schemas('$tenant', schemas => '{t1,t2}')", 'schema-based sharding: up_schemas');
is(query($db, "SELECT string_agg(concat_ws(' ', id, t), ', ' ORDER BY id) FROM $_.note"), '1 two, 2 three, 1000 one', "$_: with the rows of COPY")
  foreach 't1', 't2';
is(query($db, "SELECT count(*) FROM citus_tables WHERE citus_table_type = 'schema'"), 2, 'as tables of Citus');

# a history that another tool has left
query($db, 'CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now());'
	  . 'INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true)');
is(query($db, "SELECT version FROM migrate.adopt('$next', project => 'adopted')"), 1, 'adopt');

is(advisory_locks($db), 0, 'no lock is left');
$_->stop foreach @nodes;
done_testing();
