# What others see of runs: activity(), NOTIFY at the end, and waiting for a
# version; on a standby, too.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('activity', streaming => 1, conf => "listen_addresses = '127.0.0.1'\nmax_prepared_transactions = 4\n");
my $db = create_database($node, 'app');
my $other = open_session($db);

query($db, 'CREATE ROLE viewer LOGIN; GRANT USAGE ON SCHEMA migrate TO viewer;'
	  . ' GRANT EXECUTE ON FUNCTION migrate.activity, migrate.at_least TO viewer;'
	  . ' GRANT EXECUTE ON PROCEDURE migrate.wait_for TO viewer');

# Rows of activity(), without what varies.
my $rows = "SELECT string_agg(concat_ws('|', project, schema, routine, version, name, statement || '/' || statements,"
  . " file || ':' || line, command, state, cardinality(blocked_by), percent, query), E'\\n' ORDER BY state, routine)"
  . ' FROM migrate.activity()';

#
# An index of a large table, built while a writer holds the table
#

query($db, 'CREATE TABLE big (id integer, filler text);'
	  . " INSERT INTO big SELECT i, 'x' FROM generate_series(1, 1000) i");
my $dir = new_directory(
	'001_index.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nSET work_mem = '1MB';\n\nCREATE INDEX CONCURRENTLY big_id ON big (id);\n-- +goose Down\nDROP INDEX big_id;\n",
	'002_last.sql' => "-- +goose Up\nCREATE TABLE last (i integer);\n-- +goose Down\nDROP TABLE last;\n");
my $runner = open_session($db, application => 'runner');
my $waiter = open_session($db, application => 'waiter');
my $poller = open_session($db, application => 'poller');

is(query($db, $rows), '', 'nothing runs');
ask($other, 'BEGIN; INSERT INTO big VALUES (0)');
start($runner, "CALL migrate.up('$dir')");
wait_for_activity($db, 'runner', "wait_event_type = 'Lock'");
is( query($db, $rows),
	'default||up|001|index|2/2|001_index.sql:5|CREATE INDEX|waiting for a lock|1|CREATE INDEX CONCURRENTLY big_id ON big (id)',
	'a run that waits for a lock');
is( query($db, q{SELECT blocked_by = ARRAY[(SELECT pid FROM pg_locks WHERE relation = 'big'::regclass AND mode = 'RowExclusiveLock')],
		run_started_at <= statement_started_at, statement_started_at <= clock_timestamp(), pid = (SELECT pid FROM pg_stat_activity WHERE application_name = 'runner')
		FROM migrate.activity()}),
	't|t|t|t',
	'who blocks it, and since when it runs');

# those that want their turn
start($waiter, "CALL migrate.up('$dir')");
wait_for_activity($db, 'waiter', "wait_event_type = 'Lock'");
start($poller, "SELECT count(*) FROM migrate.apply('$dir')");
wait_for_activity($db, 'poller', "query LIKE 'migrate.apply(%): waiting for process %'");
is( query($db, $rows),
	'default||up|001|index|2/2|001_index.sql:5|CREATE INDEX|waiting for a lock|1|CREATE INDEX CONCURRENTLY big_id ON big (id)'
	  . "\ndefault||apply|waiting for a run|1\ndefault||up|waiting for a run|1",
	'runs that wait for it');
is( query($db, q{SELECT count(DISTINCT blocked_by), bool_and(blocked_by[1] = (SELECT pid FROM pg_stat_activity WHERE application_name = 'runner'))
		FROM migrate.activity() WHERE state = 'waiting for a run'}),
	'1|t',
	'and for whom');

# a role that may not see what others do
is( query($db, "SELECT count(*), count(project), count(query), count(run_started_at), string_agg(DISTINCT state, ',' ORDER BY state) FROM migrate.activity()", user => 'viewer'),
	'3|0|0|0|running,waiting for a run',
	'another role sees that there are runs');

ask($poller, 'SELECT 1') if 0;
query($db, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'poller'");
finish($poller);
ask($other, 'COMMIT');
finish($runner);
finish($waiter);
is(query($db, $rows), '', 'and then nothing runs');

# The middle of a long statement: how much of it is done.
query($db, 'INSERT INTO big SELECT i FROM generate_series(1, 300000) i');
my $slow = new_directory('003_slow.sql' =>
	  "-- +goose Up\nCREATE FUNCTION slow(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS \$\$ BEGIN IF \$1 = 150000 THEN PERFORM pg_advisory_xact_lock(7); END IF; RETURN \$1; END \$\$;\nCREATE INDEX big_slow ON big (slow(id));\n");
ask($other, 'SELECT pg_advisory_lock(7)');
start($runner, "SELECT count(*) FROM migrate.apply('$slow', project => 'slow')");
wait_for_activity($db, 'runner', "wait_event = 'advisory'");
is( query($db, "SELECT project, command, percent > 5, percent < 95 FROM migrate.activity()"),
	'slow|CREATE INDEX|t|t',
	'how much of it is done');
ask($other, 'SELECT pg_advisory_unlock(7)');
finish($runner);

# What is longer than pg_stat_activity keeps is cut: the names are not known then.
my $long = 'p' x 600;
my $stops = new_directory('004_' . 'n' x 200 . '.sql' => "-- +goose Up\nSELECT pg_advisory_xact_lock(7);\n");
ask($other, 'SELECT pg_advisory_lock(7)');
ask($runner, 'SET search_path = public');
start($runner, "SELECT count(*) FROM migrate.apply('$stops', project => '$long')");
wait_for_activity($db, 'runner', "wait_event = 'advisory'");
is(query($db, "SELECT length(project), length(name), statement, left(query, 8) FROM migrate.activity()"),
	'600|200|1|', 'a text that is cut off');
ask($other, 'SELECT pg_advisory_unlock(7)');
finish($runner);

# Prepared transactions keep the locks of their runs, and belong to no process.
foreach my $project ('one', 'two')
{
	query($db, "BEGIN; SELECT FROM migrate.apply(files => '{\"1_a.sql\": \"SELECT 1;\"}', project => '$project'); PREPARE TRANSACTION '$project'");
}
is(query($db, 'SELECT count(*), count(pid), string_agg(DISTINCT state, \', \') FROM migrate.activity()'),
	'2|0|prepared', 'prepared transactions');
query($db, "COMMIT PREPARED '$_'") foreach 'one', 'two';

#
# NOTIFY
#

# The payloads that a session has received, by now.
sub received
{
	my ($session) = @_;
	my ($out) = ask($session, 'SELECT 1');

	return join "\n", $out =~ /notification "\w+" with payload "(.*)" received/g;
}

my $listener = open_session($db);
my $channel = 'SET migrate.notify_channel = migrations';
ask($listener, 'LISTEN migrations');
my $two = new_directory(
	'001_a.sql' => "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n",
	'002_b.sql' => "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n");
my $broken = new_directory(
	'001_a.sql' => "-- +goose Up\nSELECT 1;\n",
	'002_b.sql' => "-- +goose Up\nSELECT 1/0;\n");

sub notifies
{
	my ($sql, $expected, $name) = @_;

	sql($db, "$channel;\n$sql");
	is(received($listener), $expected, $name);
	return;
}

sub payload
{
	my (%what) = @_;

	return sprintf '{"project": "%s", "schema": "", "direction": "%s", "outcome": "%s", "migrations": %d, "version": "%s", "batch": %d}',
	  @what{qw(project direction outcome migrations version batch)};
}

my %up = (project => 'n', direction => 'up', outcome => 'done', migrations => 2, version => '002', batch => 1);
notifies("SELECT FROM migrate.apply('$two', project => 'n')", payload(%up), 'apply() sends one NOTIFY');
notifies("SELECT FROM migrate.apply('$two', project => 'n')", '', 'none if there was nothing to do');
notifies("BEGIN;\nSELECT FROM migrate.rollback(project => 'n');\nROLLBACK", '', 'none if it was rolled back');
notifies("SELECT FROM migrate.rollback(project => 'n')",
	payload(%up, direction => 'down', version => '001'), 'rollback()');
notifies("CALL migrate.up('$two', project => 'n')", payload(%up, batch => 2), 'up() sends one, with its last commit');
notifies("CALL migrate.down(project => 'n', steps => 1)",
	payload(%up, direction => 'down', migrations => 1, batch => 2), 'down()');
notifies("CALL migrate.up('$broken', project => 'f')",
	payload(%up, project => 'f', outcome => 'failed', migrations => 1), 'up() that fails');
notifies("SELECT FROM migrate.apply('$broken', project => 'g')", '', 'apply() that fails sends none');
notifies("CALL migrate.up('$two', project => 'n', target => '2');\nRESET migrate.notify_channel;\nSELECT FROM migrate.rollback(project => 'n', steps => 1)",
	payload(%up, migrations => 1, batch => 3), 'none without a channel');
my $wide = '"' x 2000;
sql($db, "$channel;\nSELECT FROM migrate.apply('$two', project => '$wide')");
like(received($listener), qr/^\{"project": "(\\"){256}", "schema"/, 'a long name is cut');
fails_with($db, 'SELECT migrate.version(); SET migrate.notify_channel = ' . "'" . 'c' x 64 . "'", '22023', qr/must be shorter than 64 bytes/, 'a channel has a name as others');

#
# A version is waited for, by a role that may do nothing else
#

my $ready = open_session($db, user => 'viewer', application => 'ready');
start($ready, "CALL migrate.wait_for('003', '1 h', project => 'later')");
wait_until('it waits', sub { has_written($ready, qr/waiting for version "003"/) });
is(query($db, "SELECT backend_xmin IS NULL FROM pg_stat_activity WHERE application_name = 'ready' AND wait_event IN ('Extension', 'MigrateVersion')") || 't',
	't', 'it holds no snapshot');
my $three = new_directory(numbered(3, sub { '-- +goose Up' . "\nSELECT 1;\n" }));
query($db, "CALL migrate.up('$three', project => 'later')");
my ($out, $err) = finish($ready);
unlike($err, qr/ERROR/, 'until it is applied');
is(query($db, "SELECT migrate.at_least('3', project => 'later')", user => 'viewer'), 't', 'and at_least() says so');

# A canceled one leaves the session as it was.
start($ready, "CALL migrate.wait_for('004', project => 'later')");
wait_until('it waits', sub { has_written($ready, qr/waiting for version "004"/) });
query($db, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'ready'");
($out, $err) = finish($ready);
like($err, qr/ERROR:  57014/, 'it can be canceled');
is((ask($ready, 'SELECT 1'))[0], 1, 'and the session goes on');

#
# The client learns in time what has run: the kernel may collect messages, but it
# does not wait for the next migration
#

my $waits = new_directory(
	'1_quick.sql' => "-- +goose Up\nCREATE TABLE quick (i integer);\n",
	'2_slow.sql' => "-- +goose Up\nDO 'BEGIN PERFORM pg_advisory_xact_lock(7); END';\n",
	'3_fails.sql' => "-- +goose Up\nDO 'BEGIN PERFORM 1/0; END';\n");
foreach my $host ('127.0.0.1', '')
{
	foreach my $call ('CALL migrate.up', 'SELECT FROM migrate.apply')
	{
		my $where = $call . ($host ? ' over TCP' : ' over a socket');
		my $project = "notices $where";
		my $client = open_session($db, application => 'client', $host ? (host => $host) : ());

		query($db, 'DROP TABLE IF EXISTS quick');
		ask($other, 'BEGIN; SELECT pg_advisory_xact_lock(7)');
		start($client, "$call('$waits', project => '$project')");
		wait_until("$where: the first NOTICE, while the second migration waits",
			sub { has_written($client, qr/applied 1_quick/) });
		wait_for_activity($db, 'client', "wait_event_type = 'Lock'");
		unlike($client->{err}, qr/applied 2_slow/, "$where: it waits");
		ask($other, 'COMMIT');
		($out, $err) = finish($client);
		like($err, qr/applied 2_slow.*ERROR:  22012/s, "$where: the rest, and the error");
		is((ask($client, "SELECT 'after'"))[0], 'after', "$where: and the session goes on");
		close_session($client);
	}
}

#
# activity() and what waits for a version, on a standby
#

$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('ready_standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
my $there = database($standby, 'app');
my $far = open_session($there, application => 'far');

is(query($there, "SELECT migrate.at_least('3', project => 'later'), migrate.is_current('$three', project => 'later')"),
	't|t', 'a standby answers');
is(query($there, 'SELECT count(*) FROM migrate.activity()'), 0, 'and has no runs');
start($far, "CALL migrate.wait_for('004', '1 h', project => 'later')");
wait_until('it waits', sub { has_written($far, qr/waiting for version "004"/) });
my $four = new_directory(numbered(4, sub { '-- +goose Up' . "\nSELECT 1;\n" }));
is(query($there, "SELECT migrate.is_current('$four', project => 'later')"), 'f', 'not yet');
query($db, "SELECT FROM migrate.apply('$four', project => 'later')");
($out, $err) = finish($far);
unlike($err, qr/ERROR/, 'a standby waits for a version');
is(query($there, "SELECT migrate.is_current('$four', project => 'later')"), 't', 'and then has it');

$standby->stop;
done_testing();
