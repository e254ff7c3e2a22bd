# A standby that is promoted in the middle of CALL up, and logical replication: a
# publication of all tables, which mixes two histories, and one of the application's
# schema, which does not.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The primary stops while a migration builds an index, which waits for a transaction;
# the standby becomes the primary, and the run continues there.

my $primary = new_node('first', streaming => 1, conf => "wal_level = logical\nmax_prepared_transactions = 2\n");
my $shop = create_database($primary, 'shop');
my $dir = new_directory(
	'1_frogs.sql' => "-- +goose Up\nCREATE TABLE frogs (i integer);\nINSERT INTO frogs SELECT generate_series(1, 100);\n",
	'2_index.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE ponds (i integer);\n"
	  . "CREATE INDEX CONCURRENTLY frogs_i ON frogs (i);\nINSERT INTO ponds VALUES (1);\n",
	'3_toads.sql' => "-- +goose Up\nCREATE TABLE toads (i integer);\n");

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('second');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

query($shop, "CALL migrate.up('$dir', target => '1')");

my $holder = open_session($shop);
ask($holder, 'BEGIN; DELETE FROM frogs WHERE i = 1');
my $runner = open_session($shop, application => 'runner');
start($runner, "CALL migrate.up('$dir')");
wait_for_activity($shop, 'runner', "wait_event_type = 'Lock'");
$primary->wait_for_catchup($standby);

my $copy = database($standby, 'shop');
is(query($copy, "SELECT version, state FROM migrate.status('$dir')"),
	"1|applied\n2|interrupted\n3|pending", 'the standby shows where the run is');
is(query($copy, "SELECT migrate.is_current('$dir'), migrate.at_least('1'), migrate.at_least('2')"),
	'f|t|f', 'and it is not ready');

my $waiter = open_session($copy);
start($waiter, "CALL migrate.wait_for('3', '1 min')");
wait_until('the standby waits', sub { has_written($waiter, qr/waiting for version "3"/) });
$primary->stop('immediate');
$standby->promote;
$standby->poll_query_until('shop', 'SELECT NOT pg_is_in_recovery()') or die 'not promoted';
eval { close_session($_) } foreach $runner, $holder;

is(query($copy, "SELECT version, state FROM migrate.status('$dir')"),
	"1|applied\n2|interrupted\n3|pending", 'after promotion, the migration is interrupted');
my (undef, undef, $err) = sql($copy, "CALL migrate.up('$dir')");
like($err, qr/dropping index "frogs_i", which an interrupted statement has left invalid/, 'up drops the INVALID index');
is(query($copy, "SELECT version, state FROM migrate.status('$dir')"),
	"1|applied\n2|applied\n3|applied", 'and completes the run');
is(query($copy, "SELECT indisvalid, (SELECT count(*) FROM ponds), (SELECT count(*) FROM frogs) FROM pg_index WHERE indexrelid = 'frogs_i'::regclass"),
	't|1|100', 'each statement has run once');
is((finish($waiter))[1] =~ /ERROR/, '', 'wait_for() goes on over the promotion');
close_session($waiter);

# Logical replication, from the new primary to another cluster.  All tables: those of
# migrate, too.

my $subscriber = new_node('subscriber', conf => "wal_level = logical\n");
my $source = create_database($standby, 'source');
my $connection = $standby->connstr('source') =~ s{'}{''}gr;
my $app = new_directory('1_books.sql' => "-- +goose Up\nCREATE TABLE books (id integer PRIMARY KEY);\n");
my $more = new_directory(
	'1_books.sql' => slurp_file("$app/1_books.sql"),
	'2_loans.sql' => "-- +goose Up\nCREATE TABLE loans (id integer PRIMARY KEY);\n");

sub subscribe
{
	my ($name, $publication) = @_;
	my $db = create_database($subscriber, $name);

	query($db, "CALL migrate.up('$more')") if $name ne 'empty';
	query($db, "CREATE TABLE books (id integer PRIMARY KEY)") if $name eq 'empty';
	query($db, "CREATE SUBSCRIPTION $name CONNECTION '$connection' PUBLICATION $publication");
	return $db;
}

sub replicated
{
	my ($db, $sql, $expected) = @_;

	$db->{node}->poll_query_until($db->{name}, $sql, $expected) or die "not replicated: $sql";
	return;
}

my $mixed = qr/WARNING:  55000: table migrate\.\w+ is filled by a subscription/;

query($source, "CALL migrate.up('$app'); CREATE PUBLICATION everything FOR ALL TABLES;
	CREATE PUBLICATION application FOR TABLES IN SCHEMA public");

# The subscriber has run nothing, and believes what the publisher has applied.
my $empty = subscribe('empty', 'everything');
replicated($empty, 'SELECT version FROM migrate.applied', '1');
query($source, "CALL migrate.up('$more')");
replicated($empty, 'SELECT max(version) FROM migrate.applied', '2');
is( query($empty, "SELECT to_regclass('loans'), (SELECT string_agg(version || ' ' || state, ', ') FROM migrate.status('$more'))"),
	'|1 applied, 2 applied', 'FOR ALL TABLES: the subscriber believes that a migration is applied, and has no table');

my $third = new_directory(
	map({ $_ => slurp_file("$more/$_") } '1_books.sql', '2_loans.sql'),
	'3_fines.sql' => "-- +goose Up\nCREATE TABLE fines (id integer PRIMARY KEY);\n");

like(
	fails_with($empty, "CALL migrate.up('$third')", '23505', qr/"history_pkey"/, 'its next run has a number that is taken'),
	$mixed, 'and a WARNING that says why');

# Both have applied the same: the subscription stops.
my $both = subscribe('twice', 'everything');
wait_until('the subscription meets a duplicate key',
	sub { slurp_file($subscriber->logfile) =~ /duplicate key value violates unique constraint "\w+".*\n.*\n?.*COPY (applied|history|script)/ });
pass('FOR ALL TABLES, both sides migrate: the subscription stops at a duplicate key');
like((sql($both, "BEGIN; SELECT count(*) FROM migrate.apply('$third'); ROLLBACK"))[2], $mixed, 'and a run gives a WARNING');

# Out of it: what the hint says.
query($both, "ALTER SUBSCRIPTION twice SET PUBLICATION application");
query($source, 'INSERT INTO books VALUES (7)');
replicated($both, 'SELECT id FROM books', '7');
unlike((sql($both, "CALL migrate.up('$third')"))[2], qr/WARNING/, 'with another publication, there is no WARNING');
query($_, "ALTER SUBSCRIPTION $_->{name} DISABLE; ALTER SUBSCRIPTION $_->{name} SET (slot_name = NONE); DROP SUBSCRIPTION $_->{name}")
  foreach $empty, $both;

# The application's schema: each side migrates, and refreshes its subscription.
my $clean = subscribe('clean', 'application');
replicated($clean, 'SELECT id FROM books', '7');
query($clean, "CALL migrate.up('$third')");
query($source, "CALL migrate.up('$third'); INSERT INTO loans VALUES (8)");
replicated($clean, 'SELECT id FROM loans', '8');
query($clean, 'ALTER SUBSCRIPTION clean REFRESH PUBLICATION');
query($source, 'INSERT INTO fines VALUES (9)');
replicated($clean, 'SELECT id FROM fines', '9');
is( query($clean, 'SELECT version, batch FROM migrate.applied ORDER BY 1'),
	"1|1\n2|1\n3|2",
	'FOR TABLES IN SCHEMA: the subscriber has a history of its own');
is(query($clean, 'SELECT srrelid::regclass FROM pg_subscription_rel ORDER BY 1'),
	"books\nloans\nfines", 'and only tables of the application are replicated');
unlike((sql($clean, "CALL migrate.up('$third')"))[2], qr/WARNING/, 'no WARNING');

$subscriber->stop('immediate');
$standby->stop('immediate');
done_testing();
