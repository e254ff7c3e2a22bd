# The kinds of statement that run outside a transaction block and need more than the
# regress tests have: subscriptions, which connect to a publisher, and prepared
# transactions.  The others are in test/sql/commit.sql.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = new_node('publisher', conf => "wal_level = logical\n", streaming => 1);
my $subscriber = new_node('subscriber', conf => "max_prepared_transactions = 5\n");
my $source = create_database($publisher, 'source');
my $db = create_database($subscriber, 'target');
my $connection = $publisher->connstr('source') =~ s/'/''/gr;

query($source, 'CREATE TABLE one (i integer PRIMARY KEY); CREATE TABLE two (i integer PRIMARY KEY);
	CREATE PUBLICATION ones FOR TABLE one; CREATE PUBLICATION twos FOR TABLE two;
	INSERT INTO one VALUES (1)');
query($db, 'CREATE TABLE one (i integer PRIMARY KEY); CREATE TABLE two (i integer PRIMARY KEY)');

sub slots
{
	return query($source, 'SELECT count(*) FROM pg_replication_slots WHERE slot_name = $$sub$$');
}

# In a file without a marker about transactions: each is a transaction of its own.
my $dir = new_directory(
	'001_subscribe.up.sql' => "CREATE TABLE before_it (i integer);\n"
	  . "CREATE SUBSCRIPTION sub CONNECTION '$connection' PUBLICATION ones;\n"
	  . "ALTER SUBSCRIPTION sub ADD PUBLICATION twos;\n"
	  . "ALTER SUBSCRIPTION sub REFRESH PUBLICATION;\n"
	  . "ALTER SUBSCRIPTION sub DROP PUBLICATION ones;\n"
	  . "ALTER SUBSCRIPTION sub SET PUBLICATION ones, twos;\n"
	  . "CREATE TABLE after_it (i integer);\n",
	'001_subscribe.down.sql' => "DROP TABLE before_it, after_it;\nDROP SUBSCRIPTION sub;\n");

fails_with($db, "SELECT FROM migrate.apply('$dir')", '25001',
	qr/CREATE SUBSCRIPTION.*HINT:  Use CALL migrate\.up\(\)/s,
	'apply refuses a subscription before anything runs');
query($db, "CALL migrate.up('$dir')");
is(slots(), 1, 'CREATE SUBSCRIPTION has created its slot');
is(query($db, 'SELECT array_to_string(subpublications, $$ $$) FROM pg_subscription'),
	'ones twos', 'ALTER SUBSCRIPTION: all of them have run');
ok($db->{node}->poll_query_until('target', 'SELECT count(*) = 1 FROM one'),
	'rows arrive');
query($db, 'CALL migrate.down()');
is(slots(), 0, 'DROP SUBSCRIPTION has dropped its slot');
is(query($db, 'SELECT count(*) FROM migrate.applied'), 0, 'and the migration is undone');

# A subscription without a slot can run in a transaction block, and does.
my $slotless = new_directory(
	'001_slotless.up.sql' => "SET LOCAL work_mem = '123kB';\n"
	  . "CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE);\n"
	  . "DROP SUBSCRIPTION sub;\n"
	  . "CREATE TABLE in_block AS SELECT current_setting('work_mem') AS work_mem;\n");

query($db, "CALL migrate.up('$slotless', project => 'slotless')");
is(query($db, 'SELECT work_mem FROM in_block'), '123kB', 'without a slot everything is one transaction');

# A slot cannot be created in a transaction that has written.
my $slot = new_directory('1_t.up.sql' => "CREATE TABLE t (i integer);\nSELECT pg_create_logical_replication_slot('found', 'pgoutput');\n");

foreach my $call ("SELECT FROM migrate.apply('$slot')", "CALL migrate.up('$slot')")
{
	fails_with($source, $call, '25001', qr/cannot create logical replication slot in transaction.*HINT:/s,
		"a slot after other statements: $call says what to do");
}

# A migration ends prepared transactions of other sessions.
query($db, "BEGIN; CREATE TABLE kept (i integer); PREPARE TRANSACTION 'to keep';
	BEGIN; CREATE TABLE lost (i integer); PREPARE TRANSACTION 'to lose'");
my $prepared = new_directory(
	'001_prepared.up.sql' => "COMMIT PREPARED 'to keep';\nROLLBACK PREPARED 'to lose';\n"
	  . "INSERT INTO kept VALUES (1);\n");

fails_with($db, "SELECT FROM migrate.apply('$prepared', project => 'prepared')", '25001',
	qr/COMMIT PREPARED/, 'apply refuses COMMIT PREPARED');
query($db, "CALL migrate.up('$prepared', project => 'prepared')");
is(query($db, 'SELECT count(*) FROM kept'), 1, 'COMMIT PREPARED');
is(query($db, "SELECT to_regclass('lost') IS NULL"), 't', 'ROLLBACK PREPARED');
is(query($db, 'SELECT count(*) FROM pg_prepared_xacts'), 0, 'nothing is left of them');
is(query($db, "SELECT statements FROM migrate.history('prepared')"), 3, 'all statements are recorded');

done_testing();
