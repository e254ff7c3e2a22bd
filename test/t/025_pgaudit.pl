# pgAudit, which tracks every statement.  1.7.0, of Debian 12, does not allow a
# statement at top level in a CALL: that is an error, without other effects.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('pgaudit');
my $available = query(database($node, 'postgres'),
	"SELECT default_version FROM pg_available_extensions WHERE name = 'pgaudit'");

if ($available eq '')
{
	diag('pgAudit is not installed: its test is skipped');
	plan skip_all => 'pgAudit is not installed';
}
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pgaudit'\npgaudit.log = 'all'\n");
$node->restart;
my $db = create_database($node, 'pgaudit');
query($db, 'CREATE EXTENSION pgaudit');

my $ordinary = new_directory(
	'1_a.sql' => "-- +goose Up\nCREATE TABLE a (i integer);\nINSERT INTO a VALUES (1);\n-- +goose Down\nDROP TABLE a;\n",
	'2_b.sql' => "-- +goose Up\nCREATE TABLE b (i integer);\nCOMMIT;\nINSERT INTO b VALUES (1);\nBEGIN;\n-- +goose Down\nDROP TABLE b;\n",
	'3_c.sql' => "-- +goose Up\nCREATE TABLE c (i integer);\nCOPY c FROM stdin;\n1\n\\.\n");
my $concurrent = new_directory(
	'1_a.sql' => "-- +goose Up\nCREATE TABLE d (i integer);\n",
	'2_index.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE e (i integer);\n"
	  . "CREATE INDEX CONCURRENTLY d_i ON d (i);\nVACUUM d;\nREINDEX TABLE CONCURRENTLY d;\n"
	  . "-- +goose Down\nDROP INDEX CONCURRENTLY d_i;\nDROP TABLE e;\n",
	'3_b.sql' => "-- +goose Up\nCREATE TABLE f (i integer);\n");

# What the server logs while a session does something, and the session's output.
sub logged
{
	my ($session, $sql) = @_;
	my $offset = -s $node->logfile;
	my ($out, $err) = ask($session, $sql);

	return ($err, PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset));
}

my $session = open_session($db);
my ($pid) = ask($session, 'SELECT pg_backend_pid()');

sub is_clean
{
	my ($name) = @_;

	is( query($db,
			"SELECT state, backend_xmin, (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid) FROM pg_stat_activity a WHERE pid = $pid"
		),
		'idle||0',
		"$name: no lock, no snapshot, no transaction is left");
	is(query($db, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 0, "$name: no INVALID index");
	is((ask($session, 'SELECT 1'))[0], 1, "$name: the session still works");
	return;
}

my ($err, $log) = logged($session, "CALL migrate.up('$ordinary')");
unlike($err, qr/ERROR/, 'ordinary migrations work');
like($log, qr/AUDIT: SESSION,\d+,\d+,DDL,CREATE TABLE,.*CREATE TABLE a \(i integer\)/, 'and are audited');
is( query($db, 'SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b), (SELECT count(*) FROM c)'),
	'1|1|1', 'with all their effects');
($err) = logged($session, 'CALL migrate.down(steps => 3, force => true)');
unlike($err, qr/ERROR/, 'and are undone');
is_clean('ordinary migrations');

my $up = "CALL migrate.up('$concurrent', project => 'concurrent')";
my $states =
  "SELECT string_agg(version || ' ' || state, ', ' ORDER BY version) FROM migrate.status('$concurrent', project => 'concurrent')";
($err, $log) = logged($session, $up);
if ($err =~ /ERROR/)
{
	diag("pgAudit $available refuses statements at top level in a CALL");
	foreach my $time ('first', 'second')
	{
		like($err, qr/ERROR:  0A000: this version of pgaudit does not allow the statement in a CALL\nHINT:.*set migrate\.top_level to "worker", or.*migrate\.repair/,
			"the $time time: the error has the reason and a hint");
		like($err, qr/CONTEXT:.*migration 2 "index" \(up\), statement 1 of 4, file "2_index\.sql", line 3/,
			"the $time time: and the place");
		is(query($db, $states), '1 applied, 2 pending, 3 pending', "the $time time: nothing of it is done");
		is_clean("the $time time");
		($err) = logged($session, $up);
	}
	is( query($db,
			q{SELECT string_agg(version || ' ' || outcome || coalesce(' ' || substr(error, 1, 5), ''), ', ' ORDER BY id) FROM migrate.history('concurrent')}
		),
		'1 done, 2 failed 0A000, 2 failed 0A000, 2 failed 0A000',
		'the history has each attempt');

	# as the hint says
	query($db, 'CREATE INDEX CONCURRENTLY d_i ON d (i)');
	query($db, "SELECT FROM migrate.repair('$concurrent', version => '2', state => 'applied', project => 'concurrent')");
	($err) = logged($session, $up);
	unlike($err, qr/ERROR/, 'after repair() has set the state, the next call continues');
	is(query($db, $states), '1 applied, 2 applied, 3 applied', 'to the end');

	# or by a background worker
	query($db, 'DROP INDEX d_i');
	query($db, "SELECT FROM migrate.repair('$concurrent', version => '$_', state => 'pending', project => 'concurrent')")
	  foreach 3, 2;
	query($db, 'DROP TABLE f');
	($err, $log) = logged($session, "SET migrate.top_level = worker; $up");
	unlike($err, qr/ERROR/, 'a background worker runs it');
	is(query($db, $states), '1 applied, 2 applied, 3 applied', 'to the end');
	foreach my $statement ('CREATE TABLE e (i integer)', 'CREATE INDEX CONCURRENTLY d_i ON d (i)', 'VACUUM d')
	{
		like($log, qr/AUDIT: SESSION,.*\Q$statement\E,/, "and it is audited: $statement");
	}
	is_clean('a background worker');
	($err) = logged($session, "CALL migrate.down(steps => 2, project => 'concurrent', force => true)");
	unlike($err, qr/ERROR/, 'and down');
}
else
{
	is(query($db, $states), '1 applied, 2 applied, 3 applied', 'statements at top level work');
	foreach my $statement ('CREATE INDEX CONCURRENTLY d_i ON d (i)', 'VACUUM d', 'REINDEX TABLE CONCURRENTLY d',
		'CREATE TABLE f (i integer)')
	{
		my $count = () = $log =~ /AUDIT: SESSION,.*\Q$statement\E,/g;
		cmp_ok($count, '>=', 1, "and are audited: $statement");
	}
	is_clean('statements at top level');
	($err) = logged($session, "CALL migrate.down(steps => 2, project => 'concurrent', force => true)");
	unlike($err, qr/ERROR/, 'and down');
}

# After all that, other statements are still audited, and errors are errors.
my $broken = new_directory('1_broken.sql' => "-- +goose Up\nCREATE TABLE g (i integer);\nSELECT 1 / 0;\n");
foreach my $time (1 .. 3)
{
	($err) = logged($session, "CALL migrate.up('$broken', project => 'broken')");
	like($err, qr/ERROR:  22012: division by zero/, 'an error in a migration is reported as it is');
}
is_clean('an error');
($err, $log) = logged($session, 'CREATE TABLE last (i integer)');
like($log, qr/AUDIT: SESSION,.*CREATE TABLE last/, 'later statements of the session are audited');

close_session($session);
is(advisory_locks($db), 0, 'no lock is left');
$node->stop;
done_testing();
