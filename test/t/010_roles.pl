# Roles: what an ordinary role needs, and with whose privileges a stored script runs.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('roles', conf => 'log_statement = none');
my $base = new_directory();
my $db = create_database($node, 'roles');

query(
	$db,
	"CREATE ROLE ada LOGIN;
	 CREATE ROLE bob LOGIN;
	 CREATE ROLE eve LOGIN;
	 CREATE ROLE boss LOGIN SUPERUSER;
	 GRANT USAGE ON SCHEMA migrate TO ada, bob;
	 GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA migrate TO ada, bob, eve;
	 GRANT CREATE ON SCHEMA public TO ada, bob;
	 CREATE TABLE who (what text, role name DEFAULT current_user, login name DEFAULT session_user);
	 GRANT INSERT, SELECT ON who TO PUBLIC;
	 ALTER DATABASE roles SET migrate.allowed_directories = '$base';");
my %ada = (user => 'ada');
my %bob = (user => 'bob');
my %boss = (user => 'boss');

my $not_author =
  qr/permission denied to run a stored script of role "(\w+)".*HINT:.*(?:SET ROLE.*|Give the )directory/s;

sub may_not_run_script_of
{
	my ($author, $sql, $name, %options) = @_;
	my $error = fails_with($db, $sql, '42501', $not_author, $name, %options);

	is($error =~ $not_author ? $1 : '', $author, "it belongs to $author");
	return $error;
}

# A directory of one migration that records the role that runs it, up and down.
sub write_who
{
	my ($name, $down) = @_;

	return write_files("$base/$name",
			'001_who.sql' => "-- +goose Up\nINSERT INTO who VALUES ('up');\n"
		  . "-- +goose Down\n"
		  . (defined $down ? $down : "INSERT INTO who VALUES ('down');\n"));
}

# What the migrations have recorded since the last call.
sub recorded
{
	return query($db, "SELECT what || ' as ' || role FROM who; DELETE FROM who");
}

#
# What an ordinary role needs
#

my $tables = write_files(
	"$base/tables",
	'001_a.sql' => "-- +goose Up\nCREATE TABLE a (id integer);\n-- +goose Down\nDROP TABLE a;\n",
	'002_b.sql' => "-- +goose Up\nCREATE TABLE b (id integer);\n-- +goose Down\nDROP TABLE b;\n");

is(query($db, "SELECT version FROM migrate.apply('$tables')", %ada),
	"001\n002", 'USAGE, EXECUTE and an allowed directory are all that apply needs');
is(query($db, "SELECT tableowner FROM pg_tables WHERE tablename IN ('a', 'b')"),
	"ada\nada", 'the caller owns what it creates');
is( query($db, 'SELECT version, login, role, outcome FROM migrate.history()', %ada),
	"002|ada|ada|done\n001|ada|ada|done",
	'the history has the role');
is(query($db, "SELECT version, applied_by FROM migrate.status('$tables')", %ada),
	"001|ada\n002|ada", 'and so has status');
is(query($db, 'SELECT version FROM migrate.rollback(steps => 1)', %ada),
	'002', 'rollback needs no more');
is(query($db, 'SELECT version FROM migrate.redo()', %ada), '001', 'neither does redo');
is(query($db, 'SELECT version FROM migrate.reset()', %ada), '001', 'neither does reset');
is(query($db, 'SELECT count(*) FROM migrate.history', %boss), 6, 'the history has everything');

foreach my $table ('script', 'history', 'applied')
{
	fails_with(
		$db, "SELECT * FROM migrate.$table",
		'42501',
		qr/permission denied for table/,
		"the table $table cannot be read", %ada);
	fails_with(
		$db, "DELETE FROM migrate.$table",
		'42501', qr/permission denied for table/,
		'and not written', %ada);
}

my @calls = (
	"migrate.apply('$tables')", 'migrate.rollback()',
	'migrate.reset()', 'migrate.redo()',
	'migrate.refresh()', "migrate.repair('$tables')",
	"migrate.status('$tables')", 'migrate.history()',
	'migrate.version()');
query($db,
	'GRANT USAGE ON SCHEMA migrate TO PUBLIC; REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA migrate FROM eve'
);
fails_with(
	$db, "SELECT $_", '42501',
	qr/permission denied for function/,
	'without EXECUTE: ' . s/\(.*//r,
	user => 'eve') foreach @calls;
query($db,
	'REVOKE USAGE ON SCHEMA migrate FROM PUBLIC; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA migrate TO eve'
);
fails_with(
	$db, "SELECT $_", '42501',
	qr/permission denied for schema migrate/,
	'without USAGE: ' . s/\(.*//r,
	user => 'eve') foreach @calls;

# A migration cannot do what its role cannot do.
my $forbidden =
  write_files("$base/forbidden", '001_role.sql' => "CREATE ROLE mallory SUPERUSER;\n");
fails_with(
	$db, "SELECT migrate.apply('$forbidden')",
	'42501',
	qr/superuser.*migration 001 "role" \(up\)/s,
	'a migration has only the privileges of its caller', %ada);

#
# With whose privileges a stored script runs
#

my $who = write_who('who');

query($db, "SELECT FROM migrate.apply('$who')", %ada);
may_not_run_script_of(
	'ada',
	'SELECT migrate.rollback()',
	'another role cannot undo it with the stored script', %bob);
may_not_run_script_of('ada', 'SELECT migrate.reset()', 'and not with reset', %bob);
may_not_run_script_of('ada', 'SELECT migrate.redo()', 'and not with redo', %bob);
may_not_run_script_of('ada', 'SELECT migrate.refresh()', 'and not with refresh', %bob);
may_not_run_script_of('ada', 'SELECT migrate.rollback(force => true)', 'and not with force', %bob);
may_not_run_script_of('ada', 'SELECT migrate.rollback()', 'not even a superuser can', %boss);
is(recorded(), 'up as ada', 'nothing of all that has run');
is(query($db, 'SET ROLE ada; SELECT version FROM migrate.rollback()', %boss),
	'001', 'SET ROLE to the author allows it');
is(recorded(), 'down as ada', 'it runs as the author');

query($db, "SELECT FROM migrate.apply('$who')", %ada);
is(query($db, "SELECT version FROM migrate.rollback(dir => '$who')", %bob),
	'001', 'so does the directory, whose files run');
is(recorded(), "up as ada\ndown as bob", 'as the caller');

query($db, "SELECT FROM migrate.apply('$who')", %ada);
query($db, 'GRANT ada TO bob');
may_not_run_script_of(
	'ada',
	'SELECT migrate.rollback()',
	'a member of the author\'s role is not the author', %bob);
is(query($db, 'SET ROLE ada; SELECT version FROM migrate.rollback()', %bob),
	'001', 'but can with SET ROLE');
is(query($db, 'SELECT direction, login, role FROM migrate.history() LIMIT 2'),
	"down|bob|ada\nup|ada|ada", 'the history has both roles');
query($db, 'REVOKE ada FROM bob; DELETE FROM who');

# The script of a superuser can run with fewer privileges than its author had.
query($db, "SELECT FROM migrate.apply('$who')", %boss);
is(query($db, 'SELECT version FROM migrate.rollback()', %ada),
	'001', 'a superuser\'s script can be undone by others');
is(recorded(), "up as boss\ndown as ada", 'with their own privileges');
query($db, "SELECT FROM migrate.apply('$tables')", %boss);
fails_with(
	$db, 'SELECT migrate.rollback()',
	'42501',
	qr/must be owner of table b/,
	'which may not suffice', %ada);
is(query($db, 'SELECT version FROM migrate.rollback()'), "002\n001", 'the script of another superuser can be undone');

# The script of a former superuser
query($db, "SELECT FROM migrate.apply('$who')", %boss);
query($db, 'ALTER ROLE boss NOSUPERUSER');
may_not_run_script_of(
	'boss',
	'SELECT migrate.rollback()',
	'the script of a former superuser is that of an ordinary role', %ada);
query($db, 'ALTER ROLE boss SUPERUSER');
is(query($db, 'SELECT version FROM migrate.rollback()', %ada), '001', 'and can be undone once its author is a superuser again');
recorded();

# A migration that changes its role: the author is still the caller.
my $switching = write_files(
	"$base/switching",
	'001_who.sql' => "-- +goose Up\nSET ROLE ada;\nINSERT INTO who VALUES ('up');\n"
	  . "-- +goose Down\nSET SESSION AUTHORIZATION bob;\nINSERT INTO who VALUES ('down');\n",
	'002_who.sql' =>
	  "-- +goose Up\nINSERT INTO who VALUES ('up');\n-- +goose Down\nINSERT INTO who VALUES ('down');\n"
);
query($db, "SELECT FROM migrate.apply('$switching')", %boss);
is(query($db, 'SELECT DISTINCT up_role, down_role, applied_by FROM migrate.applied'),
	'boss|boss|boss', 'SET ROLE in a migration does not change its author');
is( query($db, 'SELECT version FROM migrate.rollback(); SELECT current_user, session_user', %boss),
	"002\n001\nboss|boss",
	'and SET SESSION AUTHORIZATION ends with it');
is( recorded(),
	"up as ada\nup as boss\ndown as boss\ndown as bob",
	'each lasts as long as its migration');

# A trap: bob changes a down script, which is stored when he calls apply.  It must
# not run for any other role.
sub set_trap
{
	my ($author) = @_;
	my $trap = write_who('trap');

	query($db, "SELECT FROM migrate.apply('$trap')", user => $author);
	write_who('trap', "INSERT INTO who VALUES ('trap');\n");
	my ($status, $out, $err) = sql($db, "SELECT * FROM migrate.apply('$trap')", %bob);
	like(
		$err,
		qr/NOTICE:.*replaced the stored down script of migration "001_who"/,
		"a changed down script of a migration of $author is stored, with a notice");
	may_not_run_script_of(
		'bob',
		'SELECT migrate.rollback()',
		"$author cannot undo it from the store any more",
		user => $author);
	may_not_run_script_of('bob', 'SELECT migrate.rollback()', 'and neither can another superuser');
	is(recorded(), "up as $author", 'the trap has not run');
	return $trap;
}

my $trap = set_trap('ada');
is(query($db, "SELECT version FROM migrate.rollback(dir => '$trap')", %ada),
	'001', 'with the directory, the files run');
is(recorded(), 'trap as ada', 'as the caller');
set_trap('boss');
is(query($db, 'SELECT version FROM migrate.rollback()', %bob), '001', 'bob himself can undo it');
is(recorded(), 'trap as bob', 'as bob');

# The same with repair, for the up script, which redo runs.
my $up = write_who('up');
query($db, "SELECT FROM migrate.apply('$up')", %ada);
write_files($up,
	'001_who.sql' => "-- +goose Up\nINSERT INTO who VALUES ('trap');\n-- +goose Down\nSELECT 1;\n");
is( query($db, "SELECT action FROM migrate.repair('$up')", %bob),
	'up and down script replaced',
	'both scripts replaced by another role');
may_not_run_script_of('bob', 'SELECT migrate.redo()', 'redo does not run them', %ada);
may_not_run_script_of('bob', 'SELECT migrate.refresh()', 'nor does refresh, of a superuser', %boss);
recorded();

# An author that was dropped: no other role takes its place by chance.
query($db, "SELECT FROM migrate.rollback(dir => '$up')", %boss);
query($db,
	'CREATE ROLE temp LOGIN; GRANT USAGE ON SCHEMA migrate TO temp; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA migrate TO temp'
);
query($db, "SELECT FROM migrate.apply('$who')", user => 'temp');
query($db, 'DROP OWNED BY temp; DROP ROLE temp');
may_not_run_script_of(
	'temp',
	'SELECT migrate.rollback()',
	'the script of a dropped role', %ada);
like(
	may_not_run_script_of('temp', 'SELECT migrate.rollback()', 'not for a superuser either',
		%boss),
	qr/DETAIL:  The role does not exist.*HINT:  Give the directory/s,
	'without a hint to use SET ROLE');
is(query($db, "SELECT version FROM migrate.rollback(dir => '$who')", %boss),
	'001', 'but the files can run');

# What a superuser has set for a role is in force from its login on, before the library is loaded.
query($db, 'CREATE TABLE big AS SELECT generate_series(1, 1000) a; ALTER TABLE big OWNER TO ada;
	GRANT EXECUTE ON PROCEDURE migrate.up TO ada;
	ALTER ROLE ada SET migrate.on_findings = error; ALTER ROLE ada SET migrate.large_table = 0');
foreach my $call ('SELECT migrate.apply', 'CALL migrate.up')
{
	fails_with($db, qq[$call(project => 'findings', files => '{"1_big.sql": "CREATE INDEX ON big (a)"}')],
		'55000', qr/finding/, "$call with a finding", %ada);
}
is(query($db, 'SHOW migrate.on_findings', %ada), 'error', 'by the setting');

$node->stop;
done_testing();
