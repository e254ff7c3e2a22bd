# Ways in which a role could gain privileges, each of which once worked.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('attacks', conf => 'log_statement = none');
my $base = new_directory();
my $first = database($node, 'postgres');

query($first, 'CREATE ROLE eve LOGIN; CREATE ROLE app LOGIN');
my %eve = (user => 'eve');

# A database in which eve may deploy.
sub deployable
{
	my ($name) = @_;
	my $db = create_database($node, $name);

	query(
		$db,
		"GRANT USAGE ON SCHEMA migrate TO eve;
		 GRANT EXECUTE ON ALL ROUTINES IN SCHEMA migrate TO eve;
		 GRANT CREATE ON SCHEMA public TO eve;
		 CREATE SCHEMA eve AUTHORIZATION eve;
		 ALTER DATABASE $name SET migrate.allowed_directories = '$base'");
	return $db;
}

sub is_superuser
{
	my ($role) = @_;

	return query($first, "SELECT rolsuper FROM pg_roles WHERE rolname = '$role'");
}

#
# Default privileges of the role that installs the extension
#

query($first, 'CREATE DATABASE defaults');
my $db = database($node, 'defaults');
query(
	$db, 'ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO app, pg_database_owner;
	 ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO app;
	 ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO app;
	 ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO app;
	 CREATE EXTENSION migrate');
my $granted = q{SELECT string_agg(DISTINCT concat_ws(' ', kind, grantee::regrole, privilege_type), ', ')
	FROM (SELECT 'relation' AS kind, relowner AS owner, relacl AS acl FROM pg_class WHERE relnamespace = 'migrate'::regnamespace
		  UNION ALL SELECT 'routine', proowner, proacl FROM pg_proc WHERE pronamespace = 'migrate'::regnamespace
		  UNION ALL SELECT 'schema', nspowner, nspacl FROM pg_namespace WHERE nspname = 'migrate') o, aclexplode(acl)
	WHERE grantee <> owner};
is(query($db, $granted),
	'relation pg_database_owner SELECT, schema pg_database_owner USAGE',
	'default privileges do not apply to the objects of the extension');

#
# Settings of a module that a migration loads
#

$db = deployable('settings');
my $loads = write_files("$base/loads",
	'001_a.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\n"
	  . "DO \$\$BEGIN PERFORM 1; END\$\$;\n-- +goose StatementEnd\nSELECT 1;\n");
my $sets = write_files("$base/sets",
	'001_a.sql' => "-- +goose Up\nSET plpgsql.variable_conflict = 'use_column';\nCOMMIT;\nBEGIN;\n"
	  . "-- +goose StatementBegin\nDO \$\$BEGIN PERFORM 1; END\$\$;\n-- +goose StatementEnd\n"
	  . "CREATE TABLE public.seen AS SELECT current_setting('plpgsql.variable_conflict') AS conflict;\n");
my $show = "SELECT setting || ' ' || source FROM pg_settings WHERE name = 'plpgsql.variable_conflict'";
is( query($db, "SET plpgsql.variable_conflict = 'use_column'; DO \$\$BEGIN PERFORM 1; END\$\$; $show", %eve),
	'error default',
	'PostgreSQL refuses the setting when the module is loaded');
like(
	query($db, "SET plpgsql.variable_conflict = 'use_column'; CALL migrate.up('$loads'); $show", %eve),
	qr/^error default$/m,
	'up does not set it with more privileges than its caller has');
query($db, "SELECT FROM migrate.apply('$sets', project => 'sets')", %eve);
is(query($db, 'SELECT conflict FROM public.seen'), 'error', 'neither does apply where a file has a COMMIT');

#
# A wrapper: a SECURITY DEFINER function of a role with more privileges
#

$db = deployable('wrapper');
my $plain = write_files("$base/plain", '001_a.sql' => "-- +goose Up\nCREATE TABLE public.t1 (a int);\n");
my $tenant = write_files("$base/tenant", '001_a.sql' => "-- +goose Up\nINSERT INTO settings VALUES (1);\n");
query(
	$db, "CREATE SCHEMA app;
	 CREATE TABLE app.settings (a int);
	 CREATE FUNCTION public.deploy() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS
		\$\$BEGIN PERFORM * FROM migrate.apply('$plain'); END\$\$;
	 CREATE FUNCTION public.deploy_tenant() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
		\$\$BEGIN PERFORM * FROM migrate.apply('$tenant', schema => 'app'); END\$\$");
query(
	$db, "CREATE TABLE eve.t (a int);
	 CREATE FUNCTION eve.f() RETURNS trigger LANGUAGE plpgsql AS
		\$\$BEGIN EXECUTE 'ALTER ROLE eve SUPERUSER'; RETURN new; EXCEPTION WHEN insufficient_privilege THEN RETURN new; END\$\$;
	 CREATE CONSTRAINT TRIGGER c AFTER INSERT ON eve.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION eve.f()",
	%eve);
fails_with(
	$db,
	'BEGIN; INSERT INTO eve.t VALUES (1); SELECT public.deploy(); COMMIT',
	'42501',
	qr/permission denied to fire the deferred trigger or constraint "c" of schema "eve"/,
	'deferred triggers of its caller do not fire as the owner of a wrapper', %eve);
is(is_superuser('eve'), 'f', 'so they gain nothing');
query($db, 'SELECT public.deploy()', %eve);
is(query($db, "SELECT to_regclass('public.t1')"), 't1', 'without them, the wrapper works');
query(
	$db, 'CREATE TEMP TABLE settings (a int);
	 CREATE TRIGGER c BEFORE INSERT ON settings FOR EACH ROW EXECUTE FUNCTION eve.f();
	 SELECT public.deploy_tenant()', %eve);
is(is_superuser('eve'), 'f', 'temporary tables of its caller do not hide those of a tenant');
is(query($db, 'SELECT count(*) FROM app.settings'), '1', 'whose table gets the row');

# ... and schemas that its caller names are not searched
my $named = write_files("$base/named", '001_a.sql' => "-- +goose Up\nSELECT lower(name) FROM (VALUES ('x'::varchar)) v (name);\n");
query(
	$db, "CREATE SCHEMA shared;
	 CREATE FUNCTION public.deploy_named(history text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
		\$\$BEGIN PERFORM * FROM migrate.apply('$named', project => history, schema => 'app'); END\$\$;
	 CREATE FUNCTION public.deploy_shared() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
		SET search_path = pg_catalog, pg_temp SET migrate.schema_path = 'shared' AS
		\$\$BEGIN PERFORM public.deploy_named('shared'); END\$\$");
query($db, "CREATE FUNCTION eve.lower(varchar) RETURNS text LANGUAGE plpgsql AS
		\$\$BEGIN EXECUTE 'ALTER ROLE eve SUPERUSER'; RETURN ''; END\$\$", %eve);
my $refused = qr/permission denied to use setting "migrate.schema_path" of another role.*HINT:  Set it for that function/s;
fails_with($db, "SET migrate.schema_path = 'eve'; SELECT public.deploy_named('set')", '42501', $refused,
	'schemas that its caller has set are refused', %eve);
query($db, "SELECT migrate.version(); ALTER ROLE eve SET migrate.schema_path = 'eve'", %eve);
fails_with($db, "SELECT public.deploy_named('role')", '42501', $refused, 'those for its role, too', %eve);
{
	local $ENV{PGOPTIONS} = '-c migrate.schema_path=eve';

	fails_with($db, "SELECT public.deploy_named('options')", '42501', $refused, 'and those of its connection', %eve);
}
is(is_superuser('eve'), 'f', 'so they gain nothing');
query($db, 'SELECT public.deploy_shared()', %eve);
query($db, "SELECT migrate.version(); ALTER ROLE eve RESET migrate.schema_path", %eve);
query($db, "ALTER DATABASE wrapper SET migrate.schema_path = 'shared'");
query($db, "SELECT public.deploy_named('database')", %eve);
is(query($db, "SELECT string_agg(project, ' ' ORDER BY project) FROM migrate.applied WHERE schema = 'app' AND project <> 'default'"),
	'database shared', 'those of the function, and of the database, are used');

#
# An included file that changes between reading and storing, a small one, which is read
# once, and a large one
#

my ($out, $err);

foreach my $size ('small', 'large')
{
	my $drop = ($size eq 'large' ? "-- padding\n" x 10_000 : '') . "DROP TABLE public.t1;";
	my $up_and_down = "-- migrate:up\nCREATE TABLE public.t1 (a int);\n-- migrate:down\n\\i inc/drop.sql\n";

	$db = deployable("store_$size");
	mkdir "$base/$_" or die foreach "team_$size", "team_$size/inc", "copy_$size", "copy_$size/inc";
	my $team = write_files("$base/team_$size",
		'20250101000000_a.sql' => $up_and_down,
		'inc/drop.sql' => "$drop\n");
	my $copy = write_files("$base/copy_$size",
		'20250101000000_a.sql' => $up_and_down,
		'20250102000000_b.sql' => "-- migrate:up\nSELECT 2;\n-- migrate:down\n",
		'inc/drop.sql' => "$drop\n");
	query(
		$db, "CREATE TABLE eve.schema_migrations (version varchar(128) PRIMARY KEY);
		 INSERT INTO eve.schema_migrations VALUES ('20250101000000')", %eve);
	my $holder = open_session($db, %eve);
	my $adopter = open_session($db, %eve);
	ask($holder, "BEGIN; SELECT FROM migrate.baseline('$team', project => 'x');");
	start($adopter,
		"SET search_path = eve; SELECT FROM migrate.adopt('$copy', tool => 'dbmate', project => 'x');");
	wait_until('it waits', sub { query($db, "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'migrate.%: waiting for process %'") eq 't' });
	write_files($copy, 'inc/drop.sql' => "$drop ALTER ROLE eve SUPERUSER;\n");
	ask($holder, 'ROLLBACK;');
	($out, $err) = finish($adopter);
	$size eq 'large' ?
	  like($err, qr/ERROR:  55000: file "20250101000000_a.sql" has changed during the run/, "$size: adopt stores nothing") :
	  is(query($db, "SELECT count(*) FROM migrate.script WHERE text ~ 'DROP TABLE'"), '1', "$size: adopt stores the text");
	is(query($db, "SELECT count(*) FROM migrate.script WHERE text ~ 'SUPERUSER'"), '0', "$size: that it has read");
	is( query($db, "SELECT count(*) FROM migrate.script WHERE sha256 <> sha256(convert_to(text, 'UTF8'))"),
		'0', "$size: every text has its hash");
	query($db, "SELECT FROM migrate.apply('$team')");
	query($db, 'SELECT FROM migrate.rollback()');
	is(is_superuser('eve'), 'f', "$size: so a superuser's rollback runs the text that it has applied");
	close_session($_) foreach $holder, $adopter;
}

#
# A run whose statement releases the lock
#

$db = deployable('lock');
query($db, 'CREATE SEQUENCE once; CREATE TABLE log (statement int, pid int DEFAULT pg_backend_pid())');
my $unlocks = write_files("$base/unlocks",
	'001_a.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nINSERT INTO log SELECT 1;\n"
	  . "INSERT INTO log SELECT 2 FROM (SELECT CASE WHEN nextval('once') = 1 THEN "
	  . "(SELECT count(*) FROM (SELECT pg_advisory_unlock_all(), pg_advisory_lock(7)) x) END) y;\n"
	  . "INSERT INTO log SELECT 3;\nINSERT INTO log SELECT 4;\n");
my $blocker = open_session($db);
my $one = open_session($db);
ask($blocker, 'SELECT pg_advisory_lock(7);');
start($one, "CALL migrate.up('$unlocks');");
wait_until('it waits', sub { query($db, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND objid = 7") eq 't' });
is(query($db, "CALL migrate.up('$unlocks')"), '1', 'another run takes the lock and continues');
is(query($db, "SELECT state FROM migrate.status('$unlocks')"), 'applied', 'to the end');
ask($blocker, 'SELECT pg_advisory_unlock(7);');
($out, $err) = finish($one);
like($err, qr/ERROR:  55000: table "migrate.applied" has been changed during the run/,
	'the first one does not overwrite that record');
is(query($db, "SELECT state FROM migrate.status('$unlocks')"), 'applied', 'the migration stays applied');
is( query($db, "SELECT string_agg(statement || ' ' || n, ', ' ORDER BY statement) FROM (SELECT statement, count(*) AS n FROM log GROUP BY 1) l"),
	'1 1, 2 1, 3 1, 4 1',
	'and no statement has been committed twice');
close_session($_) foreach $blocker, $one;
is(advisory_locks($db), 0, 'no lock is left');

#
# A table that becomes a view while a superuser counts the rows of tables
#

$db = deployable('view');
query($db, 'CREATE TABLE eve.t (a int)', %eve);
my $proof = write_files("$base/proof", '001_a.sql' => "-- +goose Up\nCREATE TABLE t1 (a int);\n", 'all.sql' => "CREATE TABLE t1 (a int);\n");
my $counts = open_session($db);
ask($counts, 'SET track_counts = off; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;');
# from 16 on, this is an error
sql($db, 'CREATE RULE "_RETURN" AS ON SELECT TO eve.t DO INSTEAD SELECT 1 AS a', %eve);
start($counts, "SELECT result FROM migrate.verify('$proof', script => 'all.sql'); COMMIT;");
($out, $err) = finish($counts);
like($out, qr/^same$/m, 'it does not count as a table');
close_session($counts);

$node->stop;
done_testing();
