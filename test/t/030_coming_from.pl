# The pages for users of other tools: what they tell to run runs, and gives what
# they say.  A page is about a directory of test/migrations.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use File::Basename qw(basename);
use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $pages = "$FindBin::RealBin/../../docs/coming-from";
my $node = new_node('pages');

# Directories of other names than their pages.
my %directory = (
	'README' => 'golang-migrate',
	'goose' => 'goose_app',
	'home-made-scripts' => 'updown');

# The tables of the tools, where only the first migrations have been applied.
my $first_drizzle = 'encode(sha256(pg_read_binary_file('
  . quote(fixture('drizzle/0000_quiet_apple.sql')) . ")), 'hex')";
my %tracking = (
	'atlas' => q{CREATE SCHEMA atlas_schema_revisions
		CREATE TABLE atlas_schema_revisions (
			version varchar PRIMARY KEY, applied int, total int, error text);
		INSERT INTO atlas_schema_revisions.atlas_schema_revisions VALUES
			('20240301100000', 2, 2, NULL), ('20240315083000', 1, 1, ''),
			('20240322160000', 0, 1, 'it failed')},
	'dbmate' => q{CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
		INSERT INTO schema_migrations VALUES ('20240105101500'), ('20240112093000')},
	'diesel' => q{CREATE TABLE __diesel_schema_migrations (
			version varchar(50) PRIMARY KEY, run_on timestamp DEFAULT now());
		INSERT INTO __diesel_schema_migrations VALUES ('20240301080000'), ('20240309171500')},
	'drizzle' => qq{CREATE SCHEMA drizzle
		CREATE TABLE __drizzle_migrations (id serial, hash text NOT NULL, created_at bigint);
		INSERT INTO drizzle.__drizzle_migrations (hash, created_at)
			SELECT $first_drizzle, 1704103200000},
	'flyway' => q{CREATE TABLE flyway_schema_history (
			installed_rank int PRIMARY KEY, version varchar(50), success boolean);
		INSERT INTO flyway_schema_history VALUES (1, '1', true), (2, '1.1', true), (3, NULL, true)},
	'golang-migrate' => q{CREATE TABLE schema_migrations (
			version bigint PRIMARY KEY, dirty boolean NOT NULL);
		INSERT INTO schema_migrations VALUES (2, false)},
	'goose' => q{CREATE TABLE goose_db_version (
			id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL);
		INSERT INTO goose_db_version (version_id, is_applied)
			VALUES (0, true), (1, true), (2, true)},
	'graphile-migrate' => q{CREATE SCHEMA graphile_migrate
		CREATE TABLE migrations (hash text PRIMARY KEY, filename text NOT NULL);
		INSERT INTO graphile_migrate.migrations
			VALUES ('sha1:1', '000001.sql'), ('sha1:2', '000002.sql')},
	'home-made-scripts' => q{CREATE TABLE _migrations (id serial, name text, batch int);
		INSERT INTO _migrations (name, batch)
			VALUES ('001_subscribers.sql', 1), ('002_campaigns.sql', 1)},
	'liquibase' => q{CREATE TABLE databasechangelog (
			id varchar(255), author varchar(255), filename varchar(255));
		INSERT INTO databasechangelog
			VALUES ('create-seeds', 'ada', '001_seeds.sql'), ('first-seeds', 'ada', '001_seeds.sql')},
	'node-pg-migrate' => q{CREATE TABLE pgmigrations (
			id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp DEFAULT now());
		INSERT INTO pgmigrations (name)
			VALUES ('1709287200000_create-players'), ('20240305100000000_create-games')},
	'postgres-migrations' => q{CREATE TABLE migrations (id int PRIMARY KEY, name varchar(100));
		INSERT INTO migrations
			VALUES (0, 'create-migrations-table'), (1, 'create-gauges'), (2, 'create-levels')},
	'prisma' => q{CREATE TABLE _prisma_migrations (
			migration_name varchar(255), finished_at timestamptz, rolled_back_at timestamptz);
		INSERT INTO _prisma_migrations VALUES ('20240105093000_init', now()),
			('20240112140000_loaves', now()), ('20240220081500_bakery_name_is_unique', NULL)},
	'rambler' => q{CREATE TABLE migrations (migration varchar(255) NOT NULL);
		INSERT INTO migrations VALUES ('001_trails.sql'), ('002_signposts.sql')},
	'refinery' => q{CREATE TABLE refinery_schema_history (version int PRIMARY KEY, name varchar(255));
		INSERT INTO refinery_schema_history VALUES (1, 'create_vats'), (2, 'create_brews')},
	'sql-migrate' => q{CREATE TABLE gorp_migrations (id text PRIMARY KEY, applied_at timestamptz);
		INSERT INTO gorp_migrations VALUES ('1_create_stalls.sql'), ('2_create_traders.sql')},
	'sqitch' => q{CREATE SCHEMA sqitch CREATE TABLE changes (change text);
		INSERT INTO sqitch.changes VALUES ('telescopes'), ('sky/sightings')},
	'sqlx' => q{CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, success boolean NOT NULL);
		INSERT INTO _sqlx_migrations VALUES (20240301090000, true), (20240308171500, true)},
	'supabase' => q{CREATE SCHEMA supabase_migrations
		CREATE TABLE schema_migrations (version text PRIMARY KEY, name text);
		INSERT INTO supabase_migrations.schema_migrations
			VALUES ('20240110120000'), ('20240118093000')},
	'tern' => q{CREATE TABLE schema_version (version int PRIMARY KEY);
		INSERT INTO schema_version VALUES (2)});

sub quote
{
	my ($text) = @_;

	$text =~ s/'/''/g;
	return "'$text'";
}

# The blocks of a page: line, the heading above, statements, and the output that
# follows, if there is one.
sub blocks
{
	my ($text) = @_;
	my ($heading, @blocks) = ('');

	while ($text =~ /^## ([^\n]*)\n|^```sql\n(.*?)^```\n(?:```text\n(.*?)^```\n)?/msg)
	{
		my ($new_heading, $statements, $output) = ($1, $2, $3);
		my $line = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);

		$heading = $new_heading if defined $new_heading;
		push @blocks,
		  { line => $line, heading => $heading, sql => $statements, output => $output }
		  if defined $statements;
	}
	return @blocks;
}

# psql's exit status and what it wrote to both outputs.
sub run_block
{
	my ($db, $sql) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run(
		[   $node->installed_command('psql'),
			'-XqAt', '-F', ' | ', '-v', 'ON_ERROR_STOP=1',
			'-d', $node->connstr($db->{name}), '-f', '-' ],
		'<', \$sql, '>', \$out, '2>', \$err,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return ($? >> 8, $out, $err);
}

# /srv/app/migrations is the directory of the page, /srv/app/<other> is another.
sub with_directories
{
	my ($page, $sql) = @_;
	my $own = exists $directory{$page} ? $directory{$page} : $page;

	$sql =~ s{/srv/app/([\w-]+)}{fixture($1 eq 'migrations' ? $own : $1)}eg;
	return $sql;
}

# A page tells of two databases: a new one, and one that the tool has migrated.
sub test_page
{
	my ($page, $number) = @_;
	my $new = create_database($node, "page_$number");
	my $old = create_database($node, "page_${number}_old");

	my @blocks = blocks(slurp_file("$pages/$page.md"));

	query($old, $tracking{$page}) if exists $tracking{$page};
	cmp_ok(@blocks, '>', 1, "$page has statements");
	foreach my $block (@blocks)
	{
		my $db = $block->{heading} =~ /has the schema already/ ? $old : $new;
		my ($status, $out, $err) = run_block($db, with_directories($page, $block->{sql}));
		my $name = "$page.md, line $block->{line}";

		is($status, 0, "$name runs") or diag($err);
		is($out, $block->{output}, "$name gives what the page says")
		  if defined $block->{output};
	}
	return;
}

my $index = slurp_file("$pages/README.md");
my $number = 0;
foreach my $path (sort glob "$pages/*.md")
{
	my $page = basename($path, '.md');

	like($index, qr/\(\Q$page\E\.md\)/, "$page is in the list of pages") if $page ne 'README';
	test_page($page, ++$number);
}
cmp_ok($number, '>', 1, 'there are pages');

$node->stop;
done_testing();
