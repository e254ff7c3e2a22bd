# What others see of a run: the server log, pg_stat_activity, and modules that
# track statements.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('log', conf => 'log_statement = ddl');
my $db = create_database($node, 'log');

# What the server has logged while some SQL ran.
sub logged
{
	my ($sql, %options) = @_;
	my $offset = -s $node->logfile;

	query($db, $sql, %options);
	return PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset);
}

#
# log_statement: PostgreSQL logs what clients send, which is only a SELECT
#

my $dir =
  new_directory('001_a.sql' => "-- +goose Up\nCREATE TABLE a (id integer);\n"
	  . "INSERT INTO a VALUES (1);\nSELECT 'just asking';\nALTER TABLE a ADD COLUMN b text;\n"
	  . "CREATE INDEX CONCURRENTLY a_idx ON a (id);\nVACUUM a;\n"
	  . "-- +goose Down\nDELETE FROM a;\nDROP TABLE a;\n");
my $apply = "SELECT count(*) FROM migrate.apply('$dir')";
my $reset = 'SELECT count(*) FROM migrate.reset()';

my $ddl = logged("$apply; $reset");
like($ddl, qr/LOG:  statement: \Q$_\E/, "log_statement = ddl: $_")
  foreach 'CREATE TABLE a (id integer)', "ALTER TABLE a ADD COLUMN b text",
  'CREATE INDEX CONCURRENTLY a_idx ON a (id)', 'DROP TABLE a';
unlike($ddl, qr/statement: $_/, "log_statement = ddl: no $_") foreach 'INSERT', 'SELECT', 'DELETE';
is(scalar(() = $ddl =~ /statement: CREATE TABLE a/g), 1, 'log_statement = ddl: each once');
unlike(
	$ddl,
	qr/INTO migrate\.|FROM migrate\.applied/,
	'log_statement = ddl: nothing of the history');

is(scalar(() = $ddl =~ /LOG:  migrate: 1 migration (?:applied|undone) in project/g), 2,
	'log_statement = ddl: a line for each successful run');
unlike(logged("BEGIN; $apply; ROLLBACK; SET log_statement = 'none'; $apply; $reset"),
	qr/LOG:  migrate: .*LOG:  migrate: /s, 'log_statement = none: no such line');
like(logged("SET client_min_messages = warning; CALL migrate.up('$dir', project => 'logged')"),
	qr/LOG:  migrate: 1 migration applied in project "logged"/, 'and for CALL');
query($db, "SET client_min_messages = warning; CALL migrate.down(project => 'logged')");

my $mod = logged("SET log_statement = 'mod'; $apply; $reset");
like($mod, qr/LOG:  statement: \Q$_\E/, "log_statement = mod: $_")
  foreach 'CREATE TABLE a (id integer)', 'INSERT INTO a VALUES (1)', 'DELETE FROM a';
unlike($mod, qr/statement: SELECT 'just asking'/, 'log_statement = mod: no SELECT');
like(
	logged("SET log_statement = 'all'; $apply; $reset"),
	qr/statement: SELECT 'just asking'/,
	'log_statement = all: SELECT as well');
unlike(
	logged("SET log_statement = 'none'; $apply; $reset"),
	qr/LOG:  statement: (?!SET log_statement)/,
	'log_statement = none: nothing');

# An error is logged with the statement of the migration, and its place.
my $broken = new_directory('001_broken.sql' => "CREATE TABLE c (id integer);\n\nSELECT 1 / 0;\n");
my $offset = -s $node->logfile;
sql($db, "SELECT migrate.apply('$broken')");
like(
	PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset),
	qr/ERROR:  division by zero.*CONTEXT:  SQL statement "SELECT 1 \/ 0"\s+migration 001 "broken" \(up\), statement 2 of 2, file "001_broken.sql", line 3\n.*STATEMENT:  SELECT migrate\.apply/s,
	'an error is logged with its place');

#
# pg_stat_activity
#

# Two statements that each wait until they are released.
my $stops =
  new_directory('007_stops.sql' =>
		"-- +goose Up\nSELECT pg_advisory_xact_lock(1);\nSELECT 'next', pg_advisory_xact_lock(2);\n"
	  . "-- +goose Down\nSELECT pg_advisory_xact_lock(1);\n");
my $keeper = open_session($db);
my $runner = open_session($db, application => 'runner');
my $activity =
  "SELECT state || ': ' || query FROM pg_stat_activity WHERE application_name = 'runner'";
my $blocked = "wait_event_type = 'Lock' AND query LIKE";

ask($keeper, 'SELECT pg_advisory_lock(1), pg_advisory_lock(2)');
start($runner, "SELECT count(*) FROM migrate.apply('$stops')");
wait_for_activity($db, 'runner', "$blocked '%advisory_xact_lock(1)%'");
is( query($db, $activity),
	'active: migrate.apply("default", ""): migration "007" "stops" (up), statement 1 of 2, file "007_stops.sql", line 2, SELECT: SELECT pg_advisory_xact_lock(1)',
	'pg_stat_activity names migration and statement while it runs');
ask($keeper, 'SELECT pg_advisory_unlock(1)');
wait_for_activity($db, 'runner', "$blocked '%advisory_xact_lock(2)%'");
is( query($db, $activity),
	"active: migrate.apply(\"default\", \"\"): migration \"007\" \"stops\" (up), statement 2 of 2, file \"007_stops.sql\", line 3, SELECT: SELECT 'next', pg_advisory_xact_lock(2)",
	'and the next statement');
ask($keeper, 'SELECT pg_advisory_unlock(2)');
finish($runner);

ask($keeper, 'SELECT pg_advisory_lock(1)');
start($runner, 'BEGIN; SELECT FROM migrate.rollback(); SELECT pg_advisory_lock(3)');
wait_for_activity($db, 'runner', "$blocked '%advisory_xact_lock(1)%'");
is( query($db, $activity),
	'active: migrate.rollback("default", ""): migration "007" "stops" (down), statement 1 of 1, file "007_stops.sql", line 5, SELECT: SELECT pg_advisory_xact_lock(1)',
	'and so for a rollback');
ask($keeper, 'SELECT pg_advisory_lock(3), pg_advisory_unlock(1)');
wait_for_activity($db, 'runner', "$blocked 'SELECT pg_advisory_lock(3)%'");
like(
	query($db, $activity),
	qr/^active: SELECT pg_advisory_lock\(3\)/,
	'after it, the next statement of the session');
ask($keeper, 'SELECT pg_advisory_unlock(3)');
finish($runner);
ask($runner, 'COMMIT');

# The caller's own statement shows again when it continues after a run, also after
# a failed one.
my %calls = (
	'a run' => "migrate.apply('$dir')",
	'a run that failed' => "migrate.apply('$broken', project => 'broken')");
foreach my $what (sort keys %calls)
{
	ask($keeper, 'SELECT pg_advisory_lock(4)');
	start(
		$runner,
		"DO \$\$ BEGIN
			BEGIN PERFORM $calls{$what}; EXCEPTION WHEN division_by_zero THEN NULL; END;
			PERFORM pg_advisory_xact_lock(4);
		 END \$\$");
	wait_for_activity($db, 'runner', "wait_event_type = 'Lock'");
	like(
		query($db, $activity),
		qr/^active: DO \$\$ BEGIN/,
		"after $what the caller's statement shows again");
	ask($keeper, 'SELECT pg_advisory_unlock(4)');
	finish($runner);
}
# A session that waits for another run shows which one.
my $held = new_directory('001_held.sql' => "CREATE TABLE held (id integer);\n");
my ($holder_pid) = ask($keeper, 'SELECT pg_backend_pid()');
ask($keeper, "SET client_min_messages = warning; BEGIN; SELECT count(*) FROM migrate.apply('$held', project => 'held')");
foreach my $call ("SELECT count(*) FROM migrate.apply('$held', project => 'held')",
	"CALL migrate.up('$held', project => 'held')")
{
	start($runner, $call);
	wait_for_activity($db, 'runner', "query LIKE 'migrate.%: waiting for process %'");
	like(
		query($db, $activity),
		qr/^active: migrate\.\w+\("held", ""\): waiting for process $holder_pid: \Q$call\E/,
		'pg_stat_activity names the other run');
	if ($call =~ /apply/)
	{
		my $event = $node->pg_version >= 17 ? 'MigrateRun' : 'Extension';

		wait_for_activity($db, 'runner', "wait_event = '$event'");
		pass('and the wait event');
	}
	query($db, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'runner'");
	finish($runner);
}
ask($keeper, 'ROLLBACK');
close_session($_) foreach $keeper, $runner;

#
# Modules that track each statement, and could fail with ours
#

SKIP:
{
	skip 'contrib is not installed', 16
	  if query($db,
		"SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'") == 0;

	$node->append_conf(
		'postgresql.conf', q{
		log_statement = none
		shared_preload_libraries = 'pg_stat_statements, auto_explain'
		pg_stat_statements.track = all
		auto_explain.log_min_duration = 0
		auto_explain.log_nested_statements = on
		auto_explain.log_analyze = on
		auto_explain.log_verbose = on
		auto_explain.log_triggers = on});
	$node->restart;
	$db = create_database($node, 'watched');
	query($db, 'CREATE EXTENSION pg_stat_statements');

	my %directories = (
		(map { $_ => fixture($_) } 'goose_app', 'goose_long', 'updown', 'plain', 'pairs'),
		mixed => $dir);
	foreach my $name (sort keys %directories)
	{
		my $directory = $directories{$name};
		my $watched = create_database($node, "watched_$name");
		my ($status, $out, $err) = sql(
			$watched,
			"SELECT count(*) > 0 FROM migrate.apply('$directory');
			 SELECT count(*) FROM migrate.status('$directory') WHERE state <> 'applied'");
		is("$status:$out", "0:t\n0", "pg_stat_statements and auto_explain: $name can be applied")
		  or diag($err);
		# its down script is not SQL
		query($watched, "SELECT migrate.repair(version => '00007', state => 'pending')") if $name eq 'goose_app';
		($status, $out, $err) = sql(
			$watched,
			"SELECT count(*) FROM migrate.rollback(everything => true, force => true) HAVING count(*) = 0;
			 SELECT count(*) FROM migrate.status()");
		is("$status:$out", '0:0', 'and undone') or diag($err);
	}

	query($db, 'SELECT pg_stat_statements_reset()');
	my $log = logged($apply);
	is( query(
			$db, "SELECT calls FROM pg_stat_statements WHERE query = 'INSERT INTO a VALUES (\$1)'"),
		1,
		'pg_stat_statements has each statement separately');
	is( query(
			$db,
			"SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%CREATE TABLE a%' AND query LIKE '%INSERT INTO a%'"
		),
		0,
		'and nothing larger');
	is( query(
			$db,
			"SELECT calls FROM pg_stat_statements WHERE query LIKE 'CREATE INDEX CONCURRENTLY a_idx%'"
		),
		1,
		'including one that has been changed to run in a transaction');
	like(
		$log,
		qr/Query Text: INSERT INTO a VALUES \(1\)\s+Insert on public\.a/,
		'auto_explain shows the plan of each statement');
}

$node->stop;
done_testing();
