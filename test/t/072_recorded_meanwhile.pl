# Runs that record the objects of the database while another session makes and drops
# some: what the functions of the server say of an object that is just gone is no error of
# a run.

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
my $other = open_session($db);
my $runs = 40;

start($other, <<'SQL');
CREATE TABLE stop_when_there_is_a_row (i int);
SET client_min_messages = error;
DO $$
BEGIN
	WHILE NOT EXISTS (SELECT 1 FROM stop_when_there_is_a_row) LOOP
		FOR i IN 1..20 LOOP
			EXECUTE format('CREATE TABLE z%s (a int PRIMARY KEY, b int DEFAULT 1 CHECK (b > 0))', i);
			EXECUTE format('CREATE VIEW zv%s AS SELECT a, b FROM z%1$s', i);
		END LOOP;
		COMMIT;
		FOR i IN 1..20 LOOP
			EXECUTE format('DROP TABLE z%s CASCADE', i);
			COMMIT;
		END LOOP;
	END LOOP;
END
$$;
SQL
wait_until('there is a view', sub { query($db, q{SELECT EXISTS (SELECT 1 FROM pg_views WHERE viewname LIKE 'zv%')}) eq 't' });
my $errors = '';
for my $i (1 .. $runs)
{
	my (undef, undef, $err) = sql($db, "SET migrate.record_objects = on;\n"
		  . "SELECT version FROM migrate.apply(files => jsonb_build_object('$i.sql', 'CREATE TABLE t$i ()'), project => 'p$i')");
	$errors .= $err if $err =~ /ERROR/;
}
query($db, 'INSERT INTO stop_when_there_is_a_row VALUES (1)');
finish($other);
is($errors, '', 'no run has failed');
is(query($db, q{SELECT count(*) FROM pg_class WHERE relname ~ '^t\d+$'}), $runs, 'all have run');
close_session($other);

query($db, q{SET migrate.record_objects = on; SELECT version FROM migrate.apply(files => '{"1.sql": "SELECT 1"}', project => 'last')});
is(query($db, q{SELECT count(*) FROM migrate.drift()}), '0', 'what the last run has recorded is the database');

done_testing();
