# Runs that record the objects of the database, and routines that show them, while another
# session makes and drops some: what the functions of the server say of an object that is just
# gone is no error of theirs.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('meanwhile');
my $db = create_database($node, 'app');
my $runs = 40;

# A session that makes and drops, until stop() is called, with a pause after each drop.
sub start_dropping
{
	my ($pause) = @_;
	my $other = open_session($db);

	query($db, 'CREATE TABLE stop_when_there_is_none AS SELECT 1');
	start($other, <<"SQL");
SET client_min_messages = error;
DO \$\$
BEGIN
	WHILE EXISTS (SELECT 1 FROM stop_when_there_is_none) LOOP
		FOR i IN 1..20 LOOP
			EXECUTE format('CREATE TABLE z%s (a int PRIMARY KEY, b int DEFAULT 1 CHECK (b > 0))', i);
			EXECUTE format('CREATE VIEW zv%s AS SELECT a, b FROM z%1\$s', i);
		END LOOP;
		COMMIT;
		FOR i IN 1..20 LOOP
			EXECUTE format('DROP TABLE z%s CASCADE', i);
			COMMIT;
			PERFORM pg_sleep($pause);
		END LOOP;
	END LOOP;
END
\$\$;
SQL
	wait_until('there is a view', sub { query($db, q{SELECT EXISTS (SELECT 1 FROM pg_views WHERE viewname LIKE 'zv%')}) eq 't' });
	return $other;
}

sub stop
{
	my ($other) = @_;

	query($db, 'DELETE FROM stop_when_there_is_none');
	finish($other);
	close_session($other);
	query($db, 'DROP TABLE stop_when_there_is_none');
	return;
}

my $other = start_dropping(0);
my $errors = '';
for my $i (1 .. $runs)
{
	my (undef, undef, $err) = sql($db, "SET migrate.record_objects = on;\n"
		  . "SELECT version FROM migrate.apply(files => jsonb_build_object('$i.sql', 'CREATE TABLE t$i ()'), project => 'p$i')");
	$errors .= $err if $err =~ /ERROR/;
}
is($errors, '', 'no run has failed');
is(query($db, q{SELECT count(*) FROM pg_class WHERE relname ~ '^t\d+$'}), $runs, 'all have run');

stop($other);

# where as much is dropped as a busy application does
$other = start_dropping(0.05);
my $pending = q{'{"1.up.sql": "CREATE TABLE tried ()", "1.down.sql": "DROP TABLE tried"}'};
my %shows = (
	'objects()' => 'SELECT count(*) FROM migrate.objects()',
	'fingerprint()' => 'SELECT migrate.fingerprint()',
	'drift()' => 'SELECT count(*) FROM migrate.drift()',
	'verify()' => "SELECT version, result, detail FROM migrate.verify(files => $pending, project => 'tried')",
	'check()' => "SELECT count(*) FROM migrate.check(files => $pending, project => 'tried')",
	'rehearse()' => "SELECT count(*) FROM migrate.rehearse(files => $pending, project => 'tried')",
	'status()' => "SELECT count(*) FROM migrate.status(files => $pending, project => 'tried')",
	'plan()' => "SELECT count(*) FROM migrate.plan(files => $pending, project => 'tried')");
foreach my $routine (sort keys %shows)
{
	my (undef, undef, $err) = sql($db, "SET client_min_messages = error;\n" . "$shows{$routine};\n" x 10);

	is($err, '', "$routine does not fail");
}
stop($other);

query($db, q{SET migrate.record_objects = on; SELECT version FROM migrate.apply(files => '{"1.sql": "SELECT 1"}', project => 'last')});
is(query($db, q{SELECT count(*) FROM migrate.drift()}), '0', 'what the last run has recorded is the database');

done_testing();
