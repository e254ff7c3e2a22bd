# CALL migrate.up() over the simple, extended and prepared protocol, with modules
# that track every statement.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('protocols', conf => "log_statement = all\n");
my $probe = database($node, 'postgres');

plan skip_all => 'contrib is not installed'
  if query($probe,
	"SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'") == 0;

$node->append_conf(
	'postgresql.conf', q{
	shared_preload_libraries = 'pg_stat_statements, auto_explain'
	pg_stat_statements.track = all
	auto_explain.log_min_duration = 0
	auto_explain.log_nested_statements = on
	auto_explain.log_analyze = on
	auto_explain.log_triggers = on});
$node->restart;
my $db = create_database($node, 'protocols');
query($db, 'CREATE EXTENSION pg_stat_statements');

my @statements = (
	'CREATE TABLE t (i integer)',
	'INSERT INTO t SELECT generate_series(1, 100)',
	'CREATE INDEX CONCURRENTLY t_i ON t (i)',
	'VACUUM (ANALYZE) t',
	'REINDEX TABLE CONCURRENTLY t',
	'CREATE PROCEDURE two() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t WHERE i = 1; COMMIT; DELETE FROM t WHERE i = 2; END $$',
	'CALL two()',
	'DO $$ BEGIN UPDATE t SET i = 200 WHERE i = 3; COMMIT; END $$',
	'UPDATE t SET i = 201 WHERE i = 4');
my $dir = new_directory(
	'1_many.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\n"
	  . join('', map { "$_;\n" } @statements)
	  . "-- +goose Down\nDROP INDEX CONCURRENTLY t_i;\nDROP PROCEDURE two;\nDROP TABLE t;\n",
	'2_one.sql' => "-- +goose Up\nCREATE TABLE u (i integer);\nINSERT INTO u VALUES (1), (2);\n"
	  . "-- +goose Down\nDROP TABLE u;\n");
my $broken = new_directory(
	'1_broken.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE v (i integer);\nVACUUM missing;\n");

# Run a script of pgbench in a new session.  In the simple protocol, variables are
# inserted into the text, so they have quotes there; in the others they are
# parameters.
sub pgbench
{
	my ($mode, $script, %variables) = @_;
	my $file = new_directory(script => $script) . '/script';
	my $quote = $mode eq 'simple' ? q{'} : '';
	my @command = (
		$node->installed_command('pgbench'), '-n', '-c', 1, '-t', 1, '-M', $mode, '-f', $file,
		map { ('-D', "$_=$quote$variables{$_}$quote") } sort keys %variables);
	my ($out, $err) = ('', '');

	IPC::Run::run([ @command, $node->connstr($db->{name}) ], '<', \undef, '>', \$out, '2>', \$err);
	return ($? >> 8, $err);
}

my $trace = q{SELECT (SELECT count(*) || ' ' || max(i) FROM %1$s.t), (SELECT count(*) FROM %1$s.u),
			  (SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = '%1$s.t'::regclass)};
my $outcomes =
  q{SELECT string_agg(version || ' ' || direction || ' ' || outcome, ', ' ORDER BY id) FROM migrate.history('default', '%s')};

sub trace_of
{
	my ($query, $schema) = @_;

	$query =~ s/%(1\$)?s/$schema/g;
	return query($db, $query);
}

foreach my $mode ('simple', 'extended', 'prepared')
{
	query($db, "CREATE SCHEMA $mode");
	my $offset = -s $node->logfile;
	my ($status, $err) =
	  pgbench($mode, "CALL migrate.up(:dir, schema => :schema);\n", dir => $dir, schema => $mode);
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset);

	is($status, 0, "$mode: up works") or diag($err);
	is(trace_of($trace, $mode), '98 201|2|t', "$mode: all has been done");
	is(trace_of($outcomes, $mode), '1 up done, 2 up done', "$mode: and is recorded in the history");
	foreach my $statement (@statements, 'CREATE TABLE u (i integer)', 'INSERT INTO u VALUES (1), (2)')
	{
		my $count = () = $log =~ /LOG:  statement: \Q$statement\E\n/g;
		is($count, 1, "$mode: log_statement: " . substr $statement, 0, 40);
	}
	unlike($log, qr/LOG:  statement: .*INTO migrate\./, "$mode: log_statement: nothing of the history");
	like($log, qr/Query Text: INSERT INTO u VALUES \(1\), \(2\)\n\s+Insert on u/,
		"$mode: auto_explain shows plans");

	# an argument that is INOUT, a second call, and down
	($status, $err) = pgbench(
		$mode,
		"CALL migrate.up(:dir, schema => :schema, applied => :n);\n"
		  . "CALL migrate.down(steps => :n, schema => :schema, undone => :n);\n"
		  . "CALL migrate.up(:dir, schema => :schema, applied => :n);\n"
		  . "CALL migrate.down(schema => :schema, undone => :n, everything => true);\n",
		dir => $dir, schema => $mode, n => 1);
	is($status, 0, "$mode: with an INOUT argument, up and down") or diag($err);
	is( trace_of($outcomes, $mode),
		'1 up done, 2 up done, 2 down done, 2 up done, 2 down done, 1 down done',
		"$mode: all has been undone");

	# an error, twice, and the same session still works
	($status, $err) =
	  pgbench($mode, "CALL migrate.up(:dir, schema => :schema, project => 'broken');\n",
		dir => $broken, schema => $mode);
	isnt($status, 0, "$mode: an error");
	like($err, qr/relation "missing" does not exist/, "$mode: has its message");
	is( trace_of(
			q{SELECT string_agg(state || ' ' || done, '') FROM migrate.applied WHERE project = 'broken' AND schema = '%s'},
			$mode),
		'interrupted up 1',
		"$mode: it is interrupted there");

	# not in a pipeline, where what came before could not be rolled back
	next if $mode eq 'simple';
	($status, $err) = pgbench($mode,
		"\\startpipeline\nSELECT 1;\nCALL migrate.up(:dir, schema => :schema);\n\\endpipeline\n",
		dir => $dir, schema => $mode);
	isnt($status, 0, "$mode: not in a pipeline");
	like($err, qr/CALL migrate\.up cannot (be executed within a pipeline|run inside a transaction block)/,
		"$mode: with PostgreSQL's own message");
	is(trace_of('SELECT count(*) FROM migrate.status(schema => \'%s\')', $mode), 0, "$mode: nothing runs");
}

# Each statement separately, once for each of the three.
foreach my $statement (@statements[ 0, 2, 3, 4, 6 ])
{
	is( query($db,
			"SELECT sum(calls) FROM pg_stat_statements WHERE query = \$q\$$statement\$q\$"),
		3, "pg_stat_statements: $statement");
}
is( query($db, q{SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE 'INSERT INTO u VALUES%'}),
	6, 'pg_stat_statements: INSERT, which up has run twice each');
is(advisory_locks($db), 0, 'no lock is left');

$node->stop;
done_testing();
