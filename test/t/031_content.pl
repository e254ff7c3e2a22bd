# What a file can contain, where SQL alone cannot test it: the output of a real
# pg_dump; what other sessions see of COPY with rows in the file, and how it is
# canceled.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('content');

#
# pg_dump writes a migration
#

query(database($node, 'postgres'), "CREATE ROLE app_owner;\nCREATE DATABASE source;");
query(
	database($node, 'source'), q{
	CREATE SCHEMA app AUTHORIZATION app_owner;
	SET ROLE app_owner;
	SET search_path = app, public;
	CREATE TYPE mood AS ENUM ('good', 'it''s; bad');
	CREATE DOMAIN code AS text CHECK (VALUE ~ '^[A-Z\\\\]+$');
	CREATE TABLE item (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
		mood mood DEFAULT 'good', data bytea, tags text[], doc jsonb, code code,
		twice integer GENERATED ALWAYS AS (length(name) * 2) STORED);
	CREATE TABLE part (item integer REFERENCES item, day date, PRIMARY KEY (item, day)) PARTITION BY RANGE (day);
	CREATE TABLE part_old PARTITION OF part FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
	CREATE TABLE part_new PARTITION OF part DEFAULT;
	CREATE TABLE empty ();
	CREATE TABLE log (n serial, what text);
	CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		-- \restrict; COPY nothing FROM stdin;
		INSERT INTO app.log (what) VALUES (new.name);
		RETURN NULL;
	END
	$$;
	CREATE FUNCTION two(i integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN i > 1 THEN 1 END; END;
	CREATE PROCEDURE clear() LANGUAGE sql AS 'DELETE FROM app.log';
	INSERT INTO item (name, mood, data, tags, doc, code) SELECT e'\\\\.\n' || i || e'\t;--/*''"$$\r\v', 'it''s; bad', '\x00ff0a5c2e',
		ARRAY['a,b', NULL, '"', e'\n'], '{"a": "\\\\n"}', 'A\\\\' FROM generate_series(1, 1000) i;
	INSERT INTO item (name) VALUES (''), ('\\\\N'), ('\\.'), ('\\restrict');
	INSERT INTO part SELECT 1, date '2019-12-01' + i FROM generate_series(1, 60) i;
	INSERT INTO empty DEFAULT VALUES;
	CREATE TRIGGER note AFTER INSERT ON item FOR EACH ROW EXECUTE FUNCTION note();
	CREATE VIEW names AS SELECT name FROM item WHERE mood <> 'good';
	CREATE MATERIALIZED VIEW moods AS SELECT mood, count(*) FROM item GROUP BY 1;
	CREATE UNIQUE INDEX moods_mood ON moods (mood);
	CREATE POLICY own ON log USING (what = current_user);
	ALTER TABLE log ENABLE ROW LEVEL SECURITY;
	COMMENT ON COLUMN item.doc IS e'a\n\\\\.\nb';
	GRANT SELECT ON ALL TABLES IN SCHEMA app TO public;
	SELECT setval('app.log_n_seq', 42);
});

sub dump_of
{
	my ($name, @options) = @_;
	my ($out, $err);

	IPC::Run::run(
		[   $node->installed_command('pg_dump'), '-d', $node->connstr($name), '--schema=app', @options ],
		'>', \$out, '2>', \$err)
	  or die $err;
	return $out;
}

# Each dump has a different word.
sub without_words
{
	my ($dump) = @_;

	$dump =~ s/^\\(un)?restrict .*$//mg;
	return $dump;
}

my $dump = dump_of('source');
my $inserts = dump_of('source', '--inserts');
my %written = (
	'rows' => $dump,
	'inserts' => $inserts,
	'columns' => dump_of('source', '--column-inserts', '--clean', '--if-exists'));
my $number = 0;

foreach my $kind (sort keys %written)
{
	my $dir = new_directory('001_dump.sql' => $written{$kind});

	foreach my $way ('apply', 'up')
	{
		my $run = $way eq 'up' ? "CALL migrate.up('$dir')" : "SELECT count(*) FROM migrate.apply('$dir')";
		my $name = 'target' . ++$number;
		my $db = create_database($node, $name);
		my $settings = q{SELECT string_agg(name || ' ' || setting, ',' ORDER BY name) FROM pg_settings WHERE source = 'session'};
		my $session = open_session($db);
		my ($before) = ask($session, "SET lock_timeout = '5s'; SET search_path = app, public; SET row_security = on;\n$settings");
		my ($out, $err) = ask($session, $run);

		unlike($err, qr/ERROR|WARNING/, "$kind, $way: no error");
		is((ask($session, $settings))[0], $before, "$kind, $way: settings are as before");
		close_session($session);
		ok(without_words(dump_of($name)) eq without_words($dump), "$kind, $way: the dump is the same");
	}
}

#
# COPY of rows: what is logged and visible, and how it is canceled
#

my $db = create_database($node, 'rows');
query(
	$db, q{
	CREATE TABLE t (i integer);
	CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF new.i = 2 THEN
			PERFORM pg_advisory_xact_lock(1);
		END IF;
		RETURN new;
	END
	$$;
	CREATE TRIGGER wait BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION wait();
});
my $dir = new_directory('1_rows.sql' => "CREATE TABLE before_it (i integer);\nCOPY t FROM stdin;\n1\n2\n3\n\\.\n");
my $holder = open_session($db);
my $runner = open_session($db, application => 'runner');
ask($holder, 'SELECT pg_advisory_lock(1)');
foreach my $way ('apply', 'up')
{
	my $run = $way eq 'up' ? "CALL migrate.up('$dir')" : "SELECT count(*) FROM migrate.apply('$dir')";
	my $offset = -s $node->logfile;
	my ($out, $err) = ask($runner, "SET log_statement = 'mod'; SET statement_timeout = '300ms';\n$run");

	like($err, qr/ERROR:  57014: canceling statement due to statement timeout/, "$way: statement_timeout");
	like($err, qr/COPY t, line 2: "2"\nmigration 1 "rows" \(up\), statement 2 of 2, file "1_rows.sql", line 2/,
		"$way: and the place");
	like(PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset),
		qr/LOG:  statement: COPY t FROM stdin\n/, "$way: is logged");

	ask($runner, 'SET statement_timeout = 0');
	start($runner, $run);
	wait_for_activity($db, 'runner', "wait_event = 'advisory'");
	is( query($db, "SELECT query FROM pg_stat_activity WHERE application_name = 'runner'"),
		qq{migrate.$way("default", ""): migration "1" "rows" (up), statement 2 of 2, file "1_rows.sql", line 2, COPY: COPY t FROM stdin},
		"$way: pg_stat_activity shows it");
	is(query($db, "SELECT command, type, relid::regclass FROM pg_stat_progress_copy"),
		'COPY FROM|CALLBACK|t', "$way: and its progress");
	query($db, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'runner'");
	($out, $err) = finish($runner);
	like($err, qr/ERROR:  57014: canceling statement due to user request/, "$way: cancel");
	is(query($db, "SELECT (SELECT count(*) FROM t), to_regclass('before_it') IS NULL"), '0|t', "$way: nothing is left");
}
close_session($holder);
my ($out, $err) = ask($runner, "CALL migrate.up('$dir')");
unlike($err, qr/ERROR/, 'and then it runs');
is(query($db, 'SELECT count(*) FROM t'), 3, 'once');

close_session($runner);

# Rows are already in the encoding of the database, whatever ENCODING is given.
my $latin = create_database($node, 'latin', "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
my $letters =
  new_directory('1_letters.sql' => "SET client_encoding = 'UTF8';\nCREATE TABLE letters (t text);\n"
	  . "COPY letters FROM stdin WITH (ENCODING 'UTF8');\nBj\xc3\xb8rn\n\\.\n");
query($latin, "SELECT migrate.apply('$letters')");
is(query($latin, 'SELECT octet_length(t), ascii(substr(t, 3)) FROM letters'),
	'5|248', 'rows in a LATIN1 database');
is(advisory_locks($db), 0, 'no lock is left');
$node->stop;
done_testing();
