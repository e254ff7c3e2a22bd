# Resuming an interrupted migration: with a corrected file, its own settings, indexes
# of other sessions, a table that another session uses.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('resume', conf => "autovacuum = off\nlog_statement = none\n");
my $db;
my $dir;

# A migration, in a new database; then other versions of its file.
sub migration
{
	my ($name, @statements) = @_;

	$db = create_database($node, $name);
	$dir = new_directory();
	mend(@statements);
	return;
}

sub mend
{
	my @statements = @_;

	write_files($dir,
		'1_steps.sql' => join '', "-- +goose NO TRANSACTION\n-- +goose Up\n", map { "$_;\n" } @statements);
	return;
}

# One test: a call succeeds, and then a query returns the expected rows.
sub completes
{
	my ($name, $sql, $expected) = @_;
	my ($status, $out, $err) = sql($db, "CALL migrate.up('$dir')");
	my (undef, $found, $error) = sql($db, $sql);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is("$status: $found", "0: $expected", $name) or diag("$err$error");
	return;
}

sub is_interrupted
{
	my ($name, $done) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(query($db, 'SELECT state, done FROM migrate.applied'), "interrupted up|$done", $name);
	return;
}

# A file is corrected twice: the statements that ran are done, of each version.
{
	my $names = q{SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relname ~ '^step_'};

	migration('mended', 'CREATE TABLE step_1 ()', 'SELECT 1 / 0');
	fails_with($db, "CALL migrate.up('$dir')", '22012', qr/statement 2 of 2/, 'the first mistake');
	mend('CREATE TABLE step_1 ()', 'CREATE TABLE step_2 ()', 'SELECT 1 / 0');
	fails_with($db, "CALL migrate.up('$dir')", '22012', qr/statement 3 of 3/,
		'corrected, it continues to the second mistake');
	is_interrupted('and is interrupted there', 2);
	mend('CREATE TABLE step_1 ()', 'CREATE TABLE step_two ()', 'CREATE TABLE step_3 ()');
	fails_with($db, "CALL migrate.up('$dir')", '55000', qr/a completed statement of the interrupted migration has been changed/,
		'statements that ran after the first correction must not change');
	mend('CREATE TABLE step_1 ()', '-- with a comment', 'CREATE TABLE step_2 ()', 'CREATE TABLE step_3 ()');
	completes('corrected again, it is completed', $names, 'step_1 step_2 step_3');
	like(
		query($db, 'SELECT text FROM migrate.script s JOIN migrate.applied a ON s.sha256 = a.up_sha256'),
		qr/step_2.*step_3/s,
		'and the last version of the file is stored');
}

# Settings of statements that are done apply to the rest, too.
{
	migration('settings',
		'SET search_path = app', 'SET ROLE owner', 'CREATE TABLE first ()', 'SELECT 1 / 0');
	query($db, 'CREATE ROLE owner; CREATE SCHEMA app AUTHORIZATION owner');
	fails_with($db, "CALL migrate.up('$dir')", '22012', qr/statement 4 of 4/, 'it fails after SET');
	mend('SET search_path = app', 'SET ROLE owner', 'CREATE TABLE first ()', 'CREATE TABLE second ()');
	completes(
		'settings are restored when it is resumed',
		q{SELECT string_agg(relnamespace::regnamespace || '.' || relname || ' of ' || relowner::regrole, ', ' ORDER BY relname)
		  FROM pg_class WHERE relname IN ('first', 'second')},
		'app.first of owner, app.second of owner');
}

# The same for CREATE INDEX CONCURRENTLY, whose leftover is in a schema that is only
# in the migration's search_path.
{
	migration('settings_index',
		'SET search_path = app', 'CREATE UNIQUE INDEX CONCURRENTLY t_i ON t (i)', 'SELECT 1');
	query($db, 'CREATE SCHEMA app; CREATE TABLE app.t AS SELECT 1 AS i FROM generate_series(1, 2)');
	fails_with($db, "CALL migrate.up('$dir')", '23505', qr/statement 2 of 3/, 'an index fails after SET');
	query($db, 'DELETE FROM app.t WHERE ctid = \'(0,1)\'');
	completes(
		'it is found and built again',
		q{SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ', ') FROM pg_index WHERE indrelid = 'app.t'::regclass},
		'app.t_i true');
}

# An index that another session creates meanwhile is not the one that failed.
{
	my $indexes =
	  q{SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ', ' ORDER BY indexrelid::regclass::text)
		FROM pg_index WHERE indrelid = 't'::regclass};

	migration('other_index', 'SELECT 1', 'CREATE UNIQUE INDEX CONCURRENTLY t_i ON t (i)');
	query($db, 'CREATE TABLE t AS SELECT 1 AS i FROM generate_series(1, 2)');
	fails_with($db, "CALL migrate.up('$dir')", '23505', qr/could not create unique index/, 'an index fails');
	query($db, q{DELETE FROM t WHERE ctid = '(0,1)'; CREATE INDEX of_somebody ON t (i)});
	completes('an index of another session does not count as the missing one', $indexes, 'of_somebody true, t_i true');
}

# A statement that failed does not count as done because there is nothing to do for
# it.
{
	migration('no_partition', 'SELECT 1', 'ALTER TABLE p DETACH PARTITION q CONCURRENTLY');
	query($db, 'CREATE TABLE p (i integer) PARTITION BY RANGE (i); CREATE TABLE q (i integer)');
	my $why = qr/relation "q" is not a partition of relation "p"/;
	fails_with($db, "CALL migrate.up('$dir')", '42P01', $why, 'a table that is not a partition cannot be detached');
	fails_with($db, "CALL migrate.up('$dir')", '42P01', $why, 'and not the second time');
}

# Another session vacuums the table when an INVALID index is to be dropped: the run
# waits for that, as a statement from psql would.
{
	migration('vacuumed', 'SELECT 1', 'CREATE UNIQUE INDEX CONCURRENTLY t_i ON t (i)');
	query($db, 'CREATE TABLE t AS SELECT 1 AS i FROM generate_series(1, 2)');
	fails_with($db, "CALL migrate.up('$dir')", '23505', qr/could not create unique index/, 'an index fails');
	query($db, q{DELETE FROM t WHERE ctid = '(0,1)'});
	my $holder = open_session($db);
	ask($holder, 'BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE');
	my $runner = open_session($db, application => 'runner');
	start($runner, "CALL migrate.up('$dir')");
	wait_for_activity($db, 'runner', q{(wait_event_type = 'Lock' OR state = 'idle' AND query NOT LIKE 'SELECT 1%')});
	ask($holder, 'COMMIT');
	my ($out, $err) = finish($runner);
	unlike($err, qr/ERROR/, 'a run waits for a table that is being vacuumed');
	close_session($_) foreach $holder, $runner;
}

# REINDEX of many tables, interrupted at one of them.
foreach my $what ('TABLE CONCURRENTLY p', 'INDEX CONCURRENTLY p_i', 'SCHEMA CONCURRENTLY public')
{
	my $name = lc $what =~ s/ .*//r;

	migration("reindex_$name", 'SELECT 1', "REINDEX $what");
	query($db, q{
		CREATE TABLE p (i integer) PARTITION BY RANGE (i);
		CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
		CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);
		CREATE INDEX p_i ON p (i)});
	my $holder = open_session($db);
	ask($holder, 'BEGIN; SELECT FROM p_1');
	my $runner = open_session($db, application => 'reindexer');
	start($runner, "CALL migrate.up('$dir')");
	wait_for_activity($db, 'reindexer', q{wait_event_type = 'Lock'});
	query($db, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'reindexer'});
	like((finish($runner))[1], qr/ERROR:  57014/, "REINDEX $what is interrupted");
	close_session($_) foreach $holder, $runner;
	completes("REINDEX $what is done at last, with nothing left over",
		q{SELECT string_agg(c.relname || ' ' || i.indisvalid, ', ' ORDER BY c.relname)
			FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace},
		'p_1_i_idx true, p_2_i_idx true, p_i true');
}

is(advisory_locks($db), 0, 'no lock is left');
$node->stop;
done_testing();
