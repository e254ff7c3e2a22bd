# The run lock, with timing, killed sessions and prepared transactions.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_node('lock', conf => "max_prepared_transactions = 5\nlog_statement = none\n");
my $db = create_database($node, 'lock');
my $neighbour = create_database($node, 'neighbour');

my $two = new_directory(
	'1_a.sql' => "CREATE TABLE a (id integer);\n",
	'1_a.down.sql' => "DROP TABLE a;\n",
	'2_b.sql' => "CREATE TABLE b (id integer);\n",
	'2_b.down.sql' => "DROP TABLE b;\n");
my $other_tables = new_directory(
	'1_c.sql' => "CREATE TABLE c (id integer);\n",
	'1_c.down.sql' => "DROP TABLE c;\n");
my $apply = "SELECT version FROM migrate.apply('$two')";
my $waits = "wait_event_type = 'Extension'";

# Start the call of a session, and wait until it waits for the lock.
sub start_waiter
{
	my ($sql, %options) = @_;
	my $waiter = open_session($db, application => 'waiter');

	ask($waiter, $options{before}) if defined $options{before};
	start($waiter, $sql);
	wait_for_activity($db, 'waiter', $waits);
	return $waiter;
}

# A session that holds the lock in an open transaction, and its pid.
sub open_holder
{
	my ($sql) = @_;
	my $holder = open_session($db, application => 'holder');
	my ($pid) = ask($holder, 'SELECT pg_backend_pid()');

	ask($holder, "BEGIN; $sql");
	return ($holder, $pid);
}

# Nothing applied, no lock held: each part below begins and ends with this.
sub clean
{
	my ($part) = @_;

	wait_until("no lock is left after $part", sub { advisory_locks($db) == 0 });
	query($db, 'SELECT FROM migrate.reset()');
	return;
}

# A waiting session reports once what it waits for; then it continues with what it
# finds.
{
	my ($holder, $pid) = open_holder($apply);
	my $since = query($db, "SELECT xact_start FROM pg_stat_activity WHERE pid = $pid");
	my $waiter = start_waiter($apply);

	usleep(1_000_000);
	ok(has_written($waiter, qr/process $pid/), 'a waiting session says so before it has the lock');
	ask($holder, 'COMMIT');
	my ($out, $err) = finish($waiter);
	my @notices = $err =~ /NOTICE:.*/g;
	is(scalar @notices, 1, 'it says so only once')
	  or diag($err);
	my ($named, $time) = $notices[0] =~ /waiting for the migration run of process (\d+), whose transaction began at (.*)/;
	is($named, $pid, 'it names the process that holds the lock');
	is(query($db, "SELECT '$time'::timestamptz = '$since'"),
		't', 'and when its transaction began');
	is($out, '', 'it finds nothing left to do, which is not an error');
	unlike($err, qr/ERROR/, 'it has no error');
	close_session($_) foreach $holder, $waiter;
	clean('a commit');
}

# A role that may not see what the other one does is not told since when, as in
# pg_stat_activity.
{
	query($db, 'CREATE ROLE regress_migrate_other; GRANT USAGE ON SCHEMA migrate TO regress_migrate_other; '
		  . 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA migrate TO regress_migrate_other');
	my ($holder, $pid) = open_holder($apply);

	foreach my $grant ('', 'GRANT pg_read_all_stats TO regress_migrate_other')
	{
		query($db, $grant) if $grant;
		my $waiter = open_session($db);

		ask($waiter, 'SET SESSION AUTHORIZATION regress_migrate_other; SET lock_timeout = 500');
		start($waiter, q{SELECT migrate.apply(files => '{"1_a.sql": "SELECT 1"}', format => 'plain')});
		my ($out, $err) = finish($waiter);

		like($err, $grant ? qr/run of process $pid, whose transaction began at \d/ : qr/run of process $pid$/m,
			'the time is told to ' . ($grant ? 'a role that may see it' : 'no other role'));
		close_session($waiter);
	}
	ask($holder, 'ROLLBACK');
	close_session($holder);
	query($db, 'DROP OWNED BY regress_migrate_other; DROP ROLE regress_migrate_other');
	clean('another role');
}

# If the holder rolls back, the waiting session runs.
{
	my ($holder) = open_holder($apply);
	my $waiter = start_waiter($apply);

	ask($holder, 'ROLLBACK');
	is((finish($waiter))[0],
		"1\n2", 'after a rollback of the holder, the waiting session runs the migrations');
	close_session($_) foreach $holder, $waiter;
	clean('a rollback');
}

# Calls of rollback wait, too, and see what the holder has done.
{
	my ($holder) = open_holder("$apply LIMIT 1");
	ask($holder, 'COMMIT; BEGIN; SELECT FROM migrate.rollback(steps => 1)');
	my $waiter = start_waiter('SELECT version FROM migrate.rollback()');

	ask($holder, 'COMMIT');
	is((finish($waiter))[0], '1', 'a rollback that has waited undoes what is left of the batch');
	close_session($_) foreach $holder, $waiter;
	clean('a rollback of migrations');
}

# The wait ends like other waits: by lock_timeout, cancel, statement_timeout.
{
	my ($holder, $pid) = open_holder($apply);

	fails_with(
		$db, "SET lock_timeout = '300ms'; $apply",
		'55P03',
		qr/canceling statement due to lock timeout.*\bDETAIL:.*process $pid\b/is,
		'lock_timeout ends the wait and names the holder');
	fails_with(
		$db, "SET statement_timeout = '300ms'; $apply",
		'57014',
		qr/canceling statement due to statement timeout/,
		'statement_timeout ends the wait');

	my $waiter = start_waiter($apply);
	query($db,
		"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'waiter'");
	like(
		(finish($waiter))[1],
		qr/ERROR:  57014: canceling statement due to user request/,
		'a waiter can be canceled');
	is((ask($waiter, 'SELECT 1'))[0], '1', 'and its session still works');
	close_session($waiter);

	$waiter = start_waiter($apply);
	query($db,
		"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'waiter'"
	);
	like((close_session($waiter))[1], qr/FATAL:  57P01:/, 'a waiter can be terminated');

	is(query($db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
		1, 'only the holder has a lock after all these calls');
	close_session($holder);
	clean('timeouts');
}

# lock_timeout counts from the start of the wait, however long the holder has had
# the lock, and a wait that ends in time is not an error.
{
	my ($holder) = open_holder($apply);
	my $waiter = start_waiter("SET lock_timeout = '30s'; $apply");

	usleep(500_000);
	ask($holder, 'COMMIT');
	my ($out, $err) = finish($waiter);
	unlike($err, qr/ERROR/, 'a lock_timeout that has not passed has no effect');
	close_session($_) foreach $holder, $waiter;
	clean('a long timeout');
}

# A holder that waits for the waiting session, directly and through a third
# session: the deadlock detector cannot see that, so the waiting session raises an
# error.
{
	my $alter = new_directory('1_alter.sql' => "ALTER TABLE contested ADD COLUMN name text;\n");
	my $give_way = qr/deadlock detected.*HINT:.*CALL migrate\.up/s;
	query($db, 'CREATE TABLE contested (id integer); CREATE TABLE other (id integer)');

	my $waiter = open_session($db, application => 'waiter');
	my $holder = open_session($db, application => 'holder');
	ask($waiter, 'BEGIN; LOCK TABLE contested IN ACCESS SHARE MODE');
	start($holder, "SELECT version FROM migrate.apply('$alter', project => 'cycle')");
	wait_for_activity($db, 'holder', "wait_event_type = 'Lock'");
	my ($out, $err) = ask($waiter, "SELECT FROM migrate.apply('$alter', project => 'cycle')");
	like($err, qr/ERROR:  40P01:/, 'a waiting session that the holder waits for raises an error');
	like($err, $give_way, 'with a hint');
	ask($waiter, 'ROLLBACK');
	($out, $err) = finish($holder);
	is($out, '1', 'and the holder continues');
	unlike($err, qr/ERROR/, 'without an error');

	my $between = open_session($db, application => 'between');
	query($db,
		"SELECT migrate.rollback(project => 'cycle', force => true); ALTER TABLE contested DROP COLUMN name"
	);
	ask($waiter, 'BEGIN; LOCK TABLE other');
	ask($between, 'BEGIN; LOCK TABLE contested IN ACCESS SHARE MODE');
	start($between, 'LOCK TABLE other');
	wait_for_activity($db, 'between', "wait_event_type = 'Lock'");
	start($holder, "SELECT version FROM migrate.apply('$alter', project => 'cycle')");
	wait_for_activity($db, 'holder', "wait_event_type = 'Lock'");
	($out, $err) = ask($waiter, "SELECT FROM migrate.apply('$alter', project => 'cycle')");
	like($err, qr/ERROR:  40P01:/, 'so does one that the holder waits for through a third session');
	ask($waiter, 'ROLLBACK');
	finish($between);
	ask($between, 'COMMIT');
	is((finish($holder))[0], '1', 'and the holder continues');
	close_session($_) foreach $waiter, $holder, $between;
	clean('cycles');
}

# Two transactions that run two histories in opposite order: at least one raises
# an error, and the other one can continue.
{
	my $one = "SELECT version FROM migrate.apply('$two')";
	my $other = "SELECT version FROM migrate.apply('$other_tables', project => 'other')";
	my ($first, $second) = map { open_session($db, application => $_) } 'first', 'second';

	ask($first, "BEGIN; $one");
	ask($second, "BEGIN; $other");
	start($first, $other);
	wait_for_activity($db, 'first', $waits);
	start($second, $one);
	my @errors = map { (finish($_))[1] } $first, $second;
	ok((grep { /ERROR:  40P01:/ } @errors), 'two runs that wait for each other: one raises an error')
	  or diag(@errors);
	ask($_, 'COMMIT') foreach $first, $second;
	my $done = query($db,
		"SELECT DISTINCT project FROM migrate.applied WHERE project IN ('default', 'other') ORDER BY 1"
	);
	is($done, (grep { /ERROR/ } @errors) == 2 ? '' : "default\nother", 'the other one continues');
	close_session($_) foreach $first, $second;
	query($db, "SELECT FROM migrate.reset(project => 'other')");
	clean('crossing runs');
}

# CREATE INDEX CONCURRENTLY waits for snapshots, also for that of a waiting session.
# The run that this session waits for waits for the index, and the index for the
# session.
{
	my $alter = new_directory('1_alter.sql' => "ALTER TABLE contested ADD COLUMN size integer;\n");
	my $apply_alter = "SELECT version FROM migrate.apply('$alter', project => 'index')";
	my ($waiter, $index, $holder) =
	  map { open_session($db, application => $_) } 'waiter', 'index', 'holder';

	ask($waiter, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class');
	start($index, 'CREATE INDEX CONCURRENTLY ON contested (id)');
	wait_for_activity($db, 'index', "wait_event = 'virtualxid'");
	start($holder, $apply_alter);
	wait_for_activity($db, 'holder', "wait_event = 'relation'");
	my ($out, $err) = ask($waiter, $apply_alter);
	like($err, qr/ERROR:  40P01:/, 'a waiting session whose snapshot an index build waits for raises an error');
	ask($waiter, 'ROLLBACK');
	unlike((finish($index))[1], qr/ERROR/, 'the index is built');
	is((finish($holder))[0], '1', 'and the holder continues');
	close_session($_) foreach $waiter, $index, $holder;
	clean('an index');
}

# A holder whose backend or client is killed frees the lock.
{
	my ($holder, $pid) = open_holder($apply);
	my $waiter = start_waiter($apply);

	query($db, "SELECT pg_terminate_backend($pid)");
	is((finish($waiter))[0],
		"1\n2", 'after the end of the holder\'s backend, the waiting session runs the migrations');
	close_session($_) foreach $holder, $waiter;
	clean('a terminated holder');

	($holder) = open_holder($apply);
	$waiter = start_waiter($apply);
	$holder->{run}->signal('KILL');
	is((finish($waiter))[0], "1\n2", 'and after the end of its psql');
	$holder->{run}->finish;
	close_session($waiter);
	clean('a killed client');
}

# A prepared transaction keeps the lock, and its process goes on to other things,
# such as waiting for the waiting session.  That process must not be named, and this
# is not a cycle.
{
	my ($innocent, $pid) = open_holder($apply);
	query($db, 'CREATE TABLE held (id integer)');
	ask($innocent, "PREPARE TRANSACTION 'run'");

	my $waiter = open_session($db, application => 'waiter');
	ask($waiter, "SET lock_timeout = '2s'; BEGIN; LOCK TABLE held");
	start($innocent, 'BEGIN; LOCK TABLE held');
	wait_for_activity($db, 'holder', "wait_event_type = 'Lock'");
	my ($out, $err) = ask($waiter, $apply);
	like($err, qr/ERROR:  55P03:/, 'the wait for a prepared transaction ends by lock_timeout');
	unlike($err, qr/\b$pid\b/, 'the process that prepared it is not named');
	like(
		$err,
		qr/NOTICE:.*waiting for .*prepared transaction/,
		'the message names a prepared transaction');
	ask($waiter, 'ROLLBACK');
	finish($innocent);
	ask($innocent, 'COMMIT');

	start($waiter, "SET lock_timeout = 0; $apply");
	wait_for_activity($db, 'waiter', $waits);
	query($db, "COMMIT PREPARED 'run'");
	($out, $err) = finish($waiter);
	is($out, '', 'after COMMIT PREPARED the waiting session finds nothing left to do');
	unlike($err, qr/ERROR/, 'and raises no error');
	is(query($db, 'SELECT version FROM migrate.status()'),
		"1\n2", 'the history has what was prepared');
	close_session($_) foreach $innocent, $waiter;
	query($db, 'DROP TABLE held');
	clean('COMMIT PREPARED');

	query($db, "BEGIN; $apply; PREPARE TRANSACTION 'run'");
	$waiter = start_waiter($apply);
	query($db, "ROLLBACK PREPARED 'run'");
	is((finish($waiter))[0], "1\n2", 'after ROLLBACK PREPARED it runs the migrations');
	close_session($waiter);
	clean('ROLLBACK PREPARED');

	# the lock survives a restart
	query($db, "BEGIN; $apply; PREPARE TRANSACTION 'run'");
	$node->restart;
	fails_with(
		$db, "SET lock_timeout = '200ms'; $apply",
		'55P03',
		qr/lock timeout/,
		'a prepared transaction keeps the lock across a restart');
	query($db, "ROLLBACK PREPARED 'run'");
	is(query($db, $apply), "1\n2", 'until it is rolled back');
	clean('a restart');
}

# Above READ COMMITTED, changes of the history that the snapshot does not show are
# an error: the run would repeat what has been done.
foreach my $level ('REPEATABLE READ', 'SERIALIZABLE')
{
	my $too_late = qr/ERROR:  40001: could not serialize access due to concurrent migration/;
	my $begin = "BEGIN ISOLATION LEVEL $level; SELECT count(*) FROM pg_class";
	my $one = "SELECT version FROM migrate.apply('$two', steps => 1)";
	my $late = open_session($db, application => 'late');

	ask($late, $begin);
	query($db, $one);
	like((ask($late, $apply))[1], $too_late, "$level: a run after another one's commit is refused");
	ask($late, 'ROLLBACK');
	is((ask($late, "BEGIN ISOLATION LEVEL $level; $apply; COMMIT"))[0],
		'2', "$level: the retry runs what is left");

	ask($late, $begin);
	query($db, 'SELECT FROM migrate.rollback(steps => 1)');
	like((ask($late, 'SELECT migrate.rollback()'))[1], $too_late, "$level: so is a rollback");
	ask($late, 'ROLLBACK');

	# one that had to wait
	my ($holder) = open_holder($apply);
	my $waiter = start_waiter($apply, before => $begin);
	ask($holder, 'COMMIT');
	like((finish($waiter))[1], $too_late, "$level: so is a run that has waited for the other one");
	ask($waiter, 'ROLLBACK');
	is((ask($waiter, "$begin; $apply"))[0] =~ /\A\d+\z/,
		1, "$level: the retry finds nothing left to do");
	close_session($_) foreach $late, $holder, $waiter;

	# several runs in one transaction see each other
	is( query(
			$db,
			"BEGIN ISOLATION LEVEL $level;
			 SELECT count(*) FROM migrate.reset();
			 SELECT count(*) FROM migrate.apply('$two', steps => 1);
			 SELECT count(*) FROM migrate.apply('$two');
			 COMMIT"),
		"2\n1\n1",
		"$level: several runs in one transaction do not conflict");
	clean($level);
}

# Runs on different histories do not share a lock.
{
	my ($holder) = open_holder($apply);
	my $now = "SET lock_timeout = '100ms';";
	my $other = new_directory('1_other.sql' => "CREATE TABLE elsewhere (id integer);\n");

	query($db, 'CREATE SCHEMA tenant');
	is(query($db, "$now SELECT version FROM migrate.apply('$other', project => 'second')"),
		'1', 'another project does not wait');
	is(query($db, "$now SELECT version FROM migrate.apply('$other', schema => 'tenant')"),
		'1', 'another tenant does not wait');
	is(query($neighbour, "$now $apply"), "1\n2", 'another database does not wait');
	ask($holder, 'COMMIT');

	# a long migration does not prevent up-to-date releases from starting
	my $three = new_directory(
		(   map { my $file = $_; $file => PostgreSQL::Test::Utils::slurp_file("$two/$file") }
			  '1_a.sql',
			'2_b.sql'),
		'3_c.sql' => "CREATE TABLE c (id integer);\n");
	ask($holder, "BEGIN; SELECT FROM migrate.apply('$three')");
	my ($status, $out, $err) = sql($db, "$now $apply");
	is("$status|$out|$err", '0||',
		'an up-to-date release starts while the next one migrates');
	is(query($db, "$now SELECT migrate.version()"), '2', 'version does not wait');
	like(query($db, "$now SELECT version, state FROM migrate.status('$three')"),
		qr/3\|pending/, 'and neither does status');
	fails_with(
		$db, "$now SELECT migrate.apply('$three')",
		'55P03',
		qr/lock timeout/,
		'but a call with something to do waits');
	close_session($holder);
}

$node->stop;
done_testing();
