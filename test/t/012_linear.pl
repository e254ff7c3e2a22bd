# Time is proportional to the work: twice as much takes twice as long, not four
# times.  Where the server has statistics, these are compared; elsewhere four times
# as much work must take less than ten times as long as the same once, not sixteen
# times.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('linear', conf => "autovacuum = off\n");
my $db = create_database($node, 'linear');

#
# What is written and read
#

sub statistics
{
	my ($select) = @_;

	return split /\|/, query($db, "SELECT pg_stat_force_next_flush(); $select") =~ s/^\s+//r;
}

my $writes = "SELECT n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_all_tables WHERE relid = 'migrate.%s'::regclass";
my $dir = new_directory('1_a.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE nt (i integer);\n"
	  . join('', map { "INSERT INTO nt VALUES ($_);\n" } 1 .. 300)
	  . "-- +goose Down\nDROP TABLE nt;\n");
query($db, "SET client_min_messages = warning; CALL migrate.up('$dir'); SELECT pg_stat_force_next_flush()");
my ($inserted, $updated, $deleted) = statistics(sprintf $writes, 'applied');
cmp_ok($inserted, '<=', 2, 'a migration that commits 300 times: its row is inserted once, and at the end');
cmp_ok($deleted, '<=', 1, 'and not deleted for that');
cmp_ok($updated, '>=', 300, 'each commit updates its progress');
($inserted) = statistics(sprintf $writes, 'script');
is($inserted, 2, 'its scripts are written once');

my $scans = "SELECT seq_scan, 0 FROM pg_stat_sys_tables WHERE relid = 'pg_constraint'::regclass";
my ($before) = statistics($scans);
$dir = new_directory(numbered(50, sub { "CREATE TABLE c$_[0] (i integer PRIMARY KEY, CHECK (i > 0));\nINSERT INTO c$_[0] VALUES (1);\n" }));
query($db, "SET client_min_messages = warning; SELECT count(*) FROM migrate.apply('$dir', project => 'constraints')");
my ($after) = statistics($scans);
cmp_ok($after - $before, '<', 10, '50 migrations that may leave deferred checks do not each read all constraints');

# but find those that appear during the run
$dir = new_directory(
	'1_a.sql' => "CREATE TABLE p (i integer PRIMARY KEY);\nCREATE TABLE f (i integer);\nINSERT INTO f VALUES (1);\n",
	'2_b.sql' => "INSERT INTO p VALUES (1);\nALTER TABLE f ADD CONSTRAINT f_fk FOREIGN KEY (i) REFERENCES p DEFERRABLE;\nINSERT INTO f VALUES (1);\n",
	'3_c.sql' => "ALTER TABLE f ALTER CONSTRAINT f_fk DEFERRABLE INITIALLY DEFERRED;\nINSERT INTO f VALUES (2);\n");
fails_with($db, "SELECT migrate.apply('$dir', project => 'foreign')", '23503', qr/migration 3 "c"/,
	'a constraint that has become deferred is checked at the end of its migration');
PostgreSQL::Test::Utils::append_to_file("$dir/3_c.sql", "INSERT INTO p VALUES (2);\n");
is(query($db, "SET client_min_messages = warning; SELECT count(*) FROM migrate.apply('$dir', project => 'foreign')"),
	3, 'and passes then');

#
# The same work once and four times
#

# The time of the SQL that make() returns for n.
sub seconds
{
	my ($n, $make) = @_;
	my $sql = $make->($n);
	my $begin = time;

	query($db, "SET client_min_messages = error; $sql");
	return time - $begin;
}

sub is_linear
{
	my ($name, $n, $make) = @_;
	my $ratio;

	# other work of the machine can spoil one
	foreach my $try (1 .. 4)
	{
		my $once = seconds($n, $make);

		$ratio = seconds(4 * $n, $make) / $once;
		last if $ratio < 10;
	}
	cmp_ok($ratio, '<', 10, $name);
	return;
}

sub plan_of
{
	my %files = @_;

	my $d = new_directory();

	foreach my $name (keys %files)
	{
		my ($folder, $base) = $name =~ m{^(.*/)?(.*)$};
		write_files($d . '/' . ($folder // ''), $base => $files{$name});
	}
	return "SELECT count(*) FROM migrate.plan('$d', project => 'other')";
}

is_linear(
	'versions that are named one by one',
	1000,
	sub {
		my ($n) = @_;
		my $d = new_directory(numbered($n, sub { "SELECT 1;\n" }));

		return "SELECT count(*) FROM migrate.plan('$d', project => 'other', versions => ARRAY(SELECT version FROM migrate.status('$d', project => 'other')))";
	});
is_linear(
	'variables that are given',
	10000,
	sub {
		return "SELECT count(*) FROM migrate.plan('" . new_directory('1_a.sql' => "SELECT 1;\n")
		  . "', project => 'other', vars => (SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, $_[0]) i))";
	});
is_linear(
	'variables that are used',
	15000,
	sub {
		return plan_of('a.sql' => "--liquibase formatted sql\n"
			  . join('', map { "--property name:p$_ value:$_\n" } 1 .. $_[0])
			  . "--changeset a:1\n"
			  . join('', map { "SELECT \${p$_};\n" } 1 .. $_[0]));
	});
is_linear(
	'variables that many files use',
	400,
	sub {
		my ($n) = @_;
		my $last = 200 * $n;
		my $sql = join('', map { "SELECT :k$_;\n" } $last - 7 .. $last);

		return "SELECT count(*) FROM migrate.plan('" . new_directory(numbered($n, sub { $sql }))
		  . "', project => 'other', vars => (SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, $last) i))";
	});
is_linear('references that are not closed', 60000,
	sub { return plan_of('a.sql' => "--liquibase formatted sql\n--changeset a:1\nSELECT '" . '${' x $_[0] . "}';\n"); });
is_linear(
	'tables with an index created CONCURRENTLY',
	6000,
	sub {
		return plan_of('1_a.sql' =>
			  join('', map { "CREATE TABLE t$_ (i integer);\nCREATE INDEX CONCURRENTLY ON t$_ (i);\n" } 1 .. $_[0]));
	});
is_linear(
	'separators without statements',
	10000,
	sub {
		return plan_of(
			'meta/_journal.json' => '{"entries": [{"idx": 0, "tag": "0000_a", "when": 1}]}',
			'0000_a.sql' => "SELECT 1;\n" . "--> statement-breakpoint\n" x $_[0]);
	});
is_linear(
	'the path of an included file',
	30000,
	sub {
		return plan_of('x.sql' => "SELECT 1;\n", '1_a.sql' => '\i ' . 'x/' x $_[0] . '../' x $_[0] . "x.sql\n");
	});
is_linear(
	'notices of a script from several files',
	5000,
	sub {
		my ($n) = @_;

		return "SELECT count(*) FROM migrate.apply('"
		  . new_directory(
			'x.inc' => "SELECT 1;\n",
			'1_a.sql' => "\\ir x.inc\n" . join('', map { "DROP TABLE IF EXISTS nosuch$_;\n" } 1 .. $n))
		  . "', project => 'notices'); SELECT count(*) FROM migrate.rollback(project => 'notices', force => true)";
	});

# what a directory could contain to keep the server busy
is_linear(
	'names of files that Flyway and refinery could both have',
	2000,
	sub {
		my ($n) = @_;
		my $names = new_directory(map { ("U${_}__a.sql" => '', 'V' . ($_ + 1_000_000) . '__a.sql' => '') } 1 .. $n);

		return "SELECT count(*) FROM migrate.status('$names', project => 'names')";
	});
is_linear(
	'labels of a changeset and of the setting',
	5000,
	sub {
		my ($n) = @_;
		my $labels = new_directory('1.sql' => "--liquibase formatted sql\n--changeset a:1 labels:"
			  . join(',', map { "a$_" } 1 .. $n) . "\nSELECT 1;\n");

		return "SELECT set_config('migrate.labels', string_agg('b' || i, ','), false) FROM generate_series(1, $n) i;"
		  . " SELECT count(*) FROM migrate.status('$labels', project => 'labels')";
	});
is_linear(
	'changesets of a file',
	20000,
	sub {
		my ($n) = @_;
		my $changesets = new_directory('1.sql' => "--liquibase formatted sql\n" . join('', map { "--changeset a:$_\nSELECT 1;\n" } 1 .. $n));

		return "SELECT count(*) FROM migrate.status('$changesets', project => 'changesets')";
	});
is_linear(
	'breakpoints inside a literal',
	5000,
	sub {
		my ($n) = @_;
		my $breakpoints = new_directory(
			'meta/_journal.json' => '{"entries": [{"idx": 0, "tag": "0000_a", "when": 1}]}',
			'0000_a.sql' => "SELECT '\n" . ("--> statement-breakpoint\n" x $n) . "';\n");

		return "SELECT count(*) FROM migrate.status('$breakpoints', project => 'breakpoints')";
	});
is_linear(
	'tags of sqitch that changes require',
	1000,
	sub {
		my ($n) = @_;
		my $plan = "%syntax-version=1.0.0\n%project=p\n\n";

		foreach my $i (1 .. $n)
		{
			$plan .= "c$i " . ($i > 1 ? '[@t' . ($i - 1) . '] ' : '') . "2026-01-01T00:00:00Z A <a\@b> # x\n";
			$plan .= "\@t$i 2026-01-01T00:00:00Z A <a\@b> # x\n";
		}
		my $tags = new_directory('sqitch.plan' => $plan, map { ("deploy/c$_.sql" => 'SELECT 1;') } 1 .. $n);

		return "SELECT count(*) FROM migrate.status('$tags', project => 'tags')";
	});

is_linear(
	'changes of sqitch that are reworked, and tags',
	500,
	sub {
		my ($n) = @_;
		my $line = "2026-01-01T00:00:00Z A <a\@b> # x\n";
		my $changes = join '', map { "c$_ $line" } 1 .. $n;
		my $tags = join '', map { "\@t$_ $line" } 1 .. 4 * $n;
		my $dir = new_directory(
			'sqitch.plan' => "%syntax-version=1.0.0\n%project=p\n\n$changes$tags$changes",
			map { ("deploy/c$_.sql" => 'SELECT 1;', "deploy/c$_\@t" . 4 * $n . '.sql' => 'SELECT 1;') } 1 .. $n);

		return "SELECT count(*) FROM migrate.status('$dir', project => 'reworked')";
	});
is_linear(
	'sections with statements that end at a marker',
	4000,
	sub {
		my ($n) = @_;
		my $dir = new_directory('1_a.sql' =>
			join '', map { "-- +migrate Up\n-- +migrate StatementBegin\nSELECT $_\n-- +migrate StatementEnd\n" } 1 .. $n);

		return "SELECT count(*) FROM migrate.status('$dir', project => 'sections')";
	});
is_linear(
	'lines of a rollback with a delimiter',
	5000,
	sub {
		my ($n) = @_;
		my $dir = new_directory('a.sql' => "--liquibase formatted sql\n--changeset a:1 rollbackEndDelimiter:/\nSELECT 1;\n"
			  . join '', map { "--rollback SELECT $_/\n" } 1 .. $n);

		return "SELECT count(*) FROM migrate.status('$dir', project => 'rollbacks')";
	});
is_linear(
	'changesets after properties that are not decided',
	500,
	sub {
		my ($n) = @_;
		my $dir = new_directory('a.sql' => "--liquibase formatted sql\n"
			  . join('', map { "--property name:p$_ value:x context:dev\n" } 1 .. $n)
			  . join('', map { "--changeset a:$_\nSELECT $_;\n" } 1 .. $n));

		return "SELECT count(*) FROM migrate.status('$dir', project => 'undecided')";
	});
is_linear('properties of later ones', 10000,
	sub { return plan_of('a.sql' => "--liquibase formatted sql\n" . join('', map { "--property name:p$_ value:\${p@{[$_ + 1]}}\n" } 1 .. $_[0]) . "--changeset a:1\nSELECT 1;\n"); });
is_linear(
	'changesets between properties',
	800,
	sub {
		return plan_of('a.sql' => "--liquibase formatted sql\n"
			  . join('', map { "--property name:p value:$_ global:false\n--property name:p$_ value:$_\n--changeset a:$_\nSELECT \${p}, " . "\${p$_}, " x 9 . "1;\n" } 1 .. $_[0]));
	});
is_linear(
	'a long line with many backslashes',
	20000,
	sub {
		my ($n) = @_;
		my $dir = new_directory('1_a.sql' => "\\i b.txt\n-- " . '\\i' x $n . "\nSELECT 1;\n", 'b.txt' => 'SELECT 2;');

		return "SELECT count(*) FROM migrate.apply('$dir', project => 'backslashes$n', format => 'plain')";
	});

my %placeholders = map
{
	my $n = $_;
	my $d = new_directory('R__a.sql' => "SELECT '" . join(' ', map { "\${p$_}" } 1 .. $n) . "';\n",
		'flyway.conf' => join '', map { "flyway.placeholders.p$_=x\n" } 1 .. $n);

	query($db, "SET client_min_messages = warning; SELECT count(*) FROM migrate.apply('$d', project => 'placeholders$n')");
	$n => $d;
} 5000, 20000;
is_linear(
	'placeholders of a repeatable migration that is applied',
	5000,
	sub { return "SELECT count(*) FROM migrate.status('$placeholders{$_[0]}', project => 'placeholders$_[0]')" });

#
# A timeout ends a part of the whole work
#

$dir = new_directory('1_a.sql' => "CREATE TABLE big (t text);\nCOPY big FROM stdin;\n"
	  . ('y' x 99 . "\n") x 1_000_000 . "\\.\n");
# Measured in the server: starting psql takes as long as a part of it.
query($db, <<'SQL');
CREATE FUNCTION took(dir text) RETURNS double precision LANGUAGE plpgsql AS $$
BEGIN
	PERFORM count(*) FROM migrate.plan(dir, project => 'other');
	RETURN extract(epoch FROM clock_timestamp() - statement_timestamp());
EXCEPTION WHEN query_canceled THEN
	RETURN extract(epoch FROM clock_timestamp() - statement_timestamp());
END
$$;
SQL
my ($whole, $late);
foreach my $try (1 .. 3)
{
	my @late;

	$whole = query($db, "SELECT took('$dir')");
	foreach my $part (1 .. 5)
	{
		my $timeout = int(1000 * $whole * $part / 8);

		push @late, query($db, "SET statement_timeout = $timeout; SELECT took('$dir')") - $timeout / 1000;
	}
	($late) = sort { $b <=> $a } @late;
	note sprintf '%.3f s, with timeouts late by %s', $whole, join ' ', map { sprintf '%.3f', $_ } @late;
	last if $late < $whole / 8;
}
cmp_ok($late, '<', $whole / 8, 'a large file does not delay a timeout');

done_testing();
