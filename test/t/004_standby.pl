# On a hot standby and in a read-only transaction: functions that only show work,
# and so does a run with nothing to do; any other run raises an error.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = new_node('primary', streaming => 1);
my $original = create_database($primary, 'shop');
my $dir = fixture('updown');
query($original,
	"SELECT FROM migrate.apply('$dir', steps => 1); SELECT FROM migrate.apply('$dir', steps => 1)");

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
my $copy = database($standby, 'shop');

my $ask = "SELECT s::text FROM migrate.status('$dir') s;
	SELECT s::text FROM migrate.status() s;
	SELECT p::text FROM migrate.plan('$dir') p;
	SELECT count(*) FROM migrate.check('$dir') c;
	SELECT h::text FROM migrate.history() h;
	SELECT migrate.version()";

# What is refused, on either kind of server, and with which message.
sub refuses
{
	my ($db, $before, $words, $where) = @_;
	my %calls = (
		'migrate.apply()' => "migrate.apply('$dir')",
		'migrate.baseline()' => "migrate.baseline('$dir')",
		'migrate.rollback()' => 'migrate.rollback()',
		'migrate.redo()' => 'migrate.redo()',
		'migrate.refresh()' => 'migrate.refresh()');

	foreach my $routine (sort keys %calls)
	{
		fails_with(
			$db, "$before SELECT * FROM $calls{$routine}",
			'25006',
			qr/cannot execute \Q$routine\E $words/,
			"$where: $routine raises an error");
	}
	return;
}

# Functions that only show, and calls that have nothing to do.
sub serves
{
	my ($db, $before, $where) = @_;

	is( query($db, "$before $ask"),
		query($original, $ask),
		"$where: status, history and version are those of the primary");
	is(query($db, "$before SELECT * FROM migrate.apply('$dir', target => '002')"),
		'', "$where: nothing to apply is not an error");
	is(query($db, "$before SELECT * FROM migrate.rollback(project => 'none')"),
		'', "$where: nothing to undo is not an error");
	is(query($db, "$before SELECT * FROM migrate.repair('$dir')"),
		'', "$where: nothing to repair is not an error");
	return;
}

my $read_only = 'SET default_transaction_read_only = on;';

like(query($original, $ask), qr/003,deliveries,pending.*002$/s, 'a migration is pending');
serves($copy, '', 'standby');
refuses($copy, '', 'during recovery', 'standby');
serves($original, $read_only, 'read-only transaction');
refuses($original, $read_only, 'in a read-only transaction', 'read-only transaction');
is( query($original, "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE; $ask"),
	query($original, $ask),
	'SERIALIZABLE READ ONLY DEFERRABLE: status and history work');
like(query($copy, "SELECT p::text FROM migrate.plan('$dir') p"),
	qr/003,deliveries,1,1,.*CREATE TABLE/s, 'the plan of the standby has the pending migration');
is( query($copy, "BEGIN ISOLATION LEVEL REPEATABLE READ; $ask"),
	query($original, $ask),
	'REPEATABLE READ on the standby: status and history work');

my $objects = 'SELECT o::text FROM migrate.objects() o; SELECT migrate.fingerprint()';
is(query($copy, $objects), query($original, $objects), 'the standby has the objects of the primary');
is(query($original, "$read_only $objects"), query($original, $objects), 'and a read-only transaction');

# A session of the standby follows what the primary does.
my $session = open_session($copy);
is((ask($session, 'SELECT migrate.version()'))[0],
	'002', 'the standby has the version of the primary');
query($original, "SELECT FROM migrate.apply('$dir')");
$primary->wait_for_catchup($standby);
is((ask($session, 'SELECT migrate.version()'))[0], '003', 'and its new one');
is((ask($session, "SELECT count(*) FROM migrate.apply('$dir')"))[0],
	'0', 'a release that is up to date starts on the standby');
close_session($session);

# The standby also notices a changed file.
my $changed = new_directory();
foreach my $file ('001_subscribers.sql', '002_campaigns.sql', '003_deliveries.sql')
{
	my $text = PostgreSQL::Test::Utils::slurp_file("$dir/$file");
	$text =~ s/email     text/email     varchar(80)/;
	write_files($changed, $file => $text);
}
is( query($copy, "SELECT version, state FROM migrate.status('$changed')"),
	"001|modified\n002|applied\n003|applied",
	'the standby shows that a file has changed');
fails_with(
	$copy, "SELECT migrate.apply('$changed')",
	'55000',
	qr/"001_subscribers.sql" has been modified/,
	'and apply raises an error');
fails_with(
	$copy, "SELECT migrate.repair('$changed')",
	'25006',
	qr/cannot execute migrate.repair\(\) during recovery/,
	'repair must be called on the primary');

# The standby is promoted.
$primary->stop;
$standby->promote;
$standby->poll_query_until('shop', 'SELECT NOT pg_is_in_recovery()') or die 'not promoted';
is(query($copy, 'SELECT version FROM migrate.rollback()'),
	'003', 'after promotion, migrations can run');
is(query($copy, "SELECT version, batch FROM migrate.apply('$dir')"),
	'003|4', 'in both directions, with the next batch number');

$standby->stop;
done_testing();
