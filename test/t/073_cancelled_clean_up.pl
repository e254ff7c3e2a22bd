# A cancel request that arrives while CALL cleans up after an error: the session is as it
# was, and the request is not lost.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('cancelled', conf => "autovacuum = off\n");
my $db = create_database($node, 'cancelled');
my $watcher = open_session($db);
my $blocker = open_session($db);

# Wait until a session waits for a lock of that type.
sub wait_until_waiting
{
	my ($pid, $type) = @_;

	wait_until("the session waits for a lock of type $type", sub {
		(ask($watcher, "SELECT count(*) FROM pg_locks WHERE pid = $pid AND NOT granted AND locktype = '$type'"))[0] eq '1' });
	return;
}

# Settings are restored with a look at catalogs, which another session has locked.
{
	my $dir = new_directory('1_a.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nSET work_mem = '77kB';\n"
		  . "SET default_tablespace = '';\nDO \$\$ BEGIN PERFORM pg_advisory_xact_lock(7); RAISE division_by_zero; END \$\$;\n");
	my $session = open_session($db);
	my ($pid) = ask($session, 'SELECT pg_backend_pid()');
	my $settings = "SELECT current_setting('work_mem'), current_setting('default_tablespace')";

	ask($session, "SET work_mem = '5MB'; SET default_tablespace = pg_default");
	ask($watcher, 'SELECT pg_advisory_lock(7)');
	start($session, "CALL migrate.up('$dir', project => 'settings')");
	wait_until_waiting($pid, 'advisory');
	ask($blocker, 'BEGIN; LOCK TABLE pg_catalog.pg_tablespace IN ACCESS EXCLUSIVE MODE');
	ask($watcher, 'SELECT pg_advisory_unlock(7)');
	wait_until_waiting($pid, 'relation');
	ask($watcher, "SELECT pg_cancel_backend($pid)");
	ask($blocker, 'COMMIT');
	my ($out, $err) = finish($session);
	like($err, qr/ERROR:  22012: /, 'the error is the first one');
	is((ask($session, $settings))[0], '5MB|pg_default', 'the settings are those of the session');
	is(advisory_locks($db), 0, 'no lock is left');
	close_session($session);
}

# A failure is recorded while another session has locked the table.
{
	my $dir = new_directory('1_a.sql' => "CREATE TABLE a (i integer);\nSELECT 1 / count(*) FROM go;\n");
	my $session = open_session($db);
	my ($pid) = ask($session, 'SELECT pg_backend_pid()');

	query($db, 'CREATE SCHEMA s1; CREATE TABLE s1.go AS SELECT WHERE false;'
		  . ' CREATE SCHEMA s2; CREATE TABLE s2.go AS SELECT');
	ask($blocker, 'BEGIN; LOCK TABLE migrate.history IN SHARE MODE');
	start($session, "CALL migrate.up_schemas('$dir', '{s1,s2}', on_error => 'continue')");
	wait_until_waiting($pid, 'relation');
	ask($watcher, "SELECT pg_cancel_backend($pid)");
	ask($blocker, 'COMMIT');
	my ($out, $err) = finish($session);
	like($err, qr/ERROR:  57014: canceling statement due to user request/, 'the request ends the call');
	is(query($db, "SELECT to_regclass('s2.a') IS NULL"), 't', 'the next schema is not migrated');
	is(advisory_locks($db), 0, 'no lock is left');
	close_session($session);
}

# A callback runs after a failure.
{
	my $dir = new_directory('V1__a.sql' => "CREATE TABLE b (i integer);\nSELECT 1 / count(*) FROM go;\n",
		'afterMigrateError__a.sql' => "SELECT pg_advisory_xact_lock(7);\n",
		'afterMigrateError__b.sql' => "CREATE TABLE public.called (i integer);\n");
	my $session = open_session($db);
	my ($pid) = ask($session, 'SELECT pg_backend_pid()');
	my $call = "CALL migrate.up_schemas('$dir', '{s1,s2}', project => 'callback', on_error => 'continue')";

	ask($watcher, 'SELECT pg_advisory_lock(7)');
	start($session, $call);
	wait_until_waiting($pid, 'advisory');
	ask($watcher, "SELECT pg_cancel_backend($pid)");
	my ($out, $err) = finish($session);
	like($err, qr/WARNING:  57014: callback "afterMigrateError__a.sql" has failed.*ERROR:  57014: canceling statement due to user request/s,
		'the request ends the callbacks, and the call');
	is(query($db, "SELECT to_regclass('s2.b') IS NULL AND to_regclass('called') IS NULL"), 't', 'nothing runs after it');

	# a timeout is for its statement
	($out, $err) = ask($session, "SET statement_timeout = '100ms'; $call");
	like($err, qr/WARNING:  57014: callback "afterMigrateError__a.sql" has failed/, 'a callback takes too long');
	is(query($db, "SELECT to_regclass('s2.b') IS NULL OR to_regclass('called') IS NULL"), 'f', 'the others run, and the next schema');
	ask($watcher, 'SELECT pg_advisory_unlock(7)');
	close_session($session);
}

close_session($_) foreach $watcher, $blocker;
$node->stop;
done_testing();
