# Four directories, as their own tools write them: up, down and up again produces
# the schema of the first time, in both ways to run, and both produce the same.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MigrateTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('sets');

# Each with the migrations that can be undone: the last ones of two directories
# cannot.
my @sets = (
	[ 'goose_long', '20241203090000', 42 ],
	[ 'goose_app', '00006', 6 ],
	[ 'updown', '003', 3 ],
	[ 'plain', '003', 3 ],
	[ 'pairs', '003', 3 ]);

# The schema from pg_dump, without what differs between dumps.
sub schema_of
{
	my ($db) = @_;
	my ($out, $err);

	IPC::Run::run(
		[   $node->installed_command('pg_dump'), '-s', '-d',
			$node->connstr($db->{name}) ],
		'>', \$out, '2>', \$err) or die $err;
	$out =~ s/^\\(un)?restrict .*\n//mg;
	return $out;
}

sub applied
{
	my ($db) = @_;

	return query($db, 'SELECT count(*) FROM migrate.applied');
}

foreach my $set (@sets)
{
	my ($name, $target, $count) = @$set;
	my $dir = fixture($name);
	my %ways = (
		apply => [
			"SELECT FROM migrate.apply('$dir', target => '$target')",
			'SELECT FROM migrate.rollback()' ],
		call => [
			"CALL migrate.up('$dir', target => '$target')",
			'CALL migrate.down()' ]);
	my %schemas;

	foreach my $way (sort keys %ways)
	{
		my $db = create_database($node, "${name}_$way");
		my ($up, $down) = @{ $ways{$way} };
		my $empty = schema_of($db);

		query($db, $up);
		$schemas{$way} = schema_of($db);
		is(applied($db), $count, "$name: $way applies");
		isnt($schemas{$way}, $empty, "$name: $way creates something");
		query($db, $down);
		is(applied($db), 0, "$name: the last batch of $way has all migrations");
		is(schema_of($db), $empty, "$name: nothing is left of it");
		query($db, $up);
		is(schema_of($db), $schemas{$way}, "$name: up, down, up is up");
	}
	is($schemas{call}, $schemas{apply}, "$name: both ways produce the same");
}

# In batches: 003 first fails at its second statement and leaves nothing, is
# corrected, and the run is repeated; one rollback undoes only that batch.
foreach my $way ('apply', 'call')
{
	my $db = create_database($node, "batches_$way");
	my ($good, $bad) = (fixture('updown'), fixture('updown_broken'));
	my %up = (
		apply => sub { "SELECT FROM migrate.apply('$_[0]', steps => $_[1])" },
		call => sub { "CALL migrate.up('$_[0]', steps => $_[1])" });
	my $first;

	query($db, $up{$way}->($good, 1));
	$first = schema_of($db);
	fails_with($db, $up{$way}->($bad, 2), '42703', qr/statement 2 of 3/,
		"$way: 003 fails at its second statement");
	if ($way eq 'apply')
	{
		is(schema_of($db), $first, 'apply: nothing is left of the whole run');
	}
	else
	{
		is(applied($db), 2, 'call: what came before it stays');
		unlike(schema_of($db), qr/deliveries/, 'call: nothing is left of 003');
	}
	query($db, $up{$way}->($good, 2));
	is(applied($db), 3, "$way: corrected, the rest is applied");
	query($db, $way eq 'apply' ? 'SELECT FROM migrate.rollback()' : 'CALL migrate.down()');
	is(query($db, 'SELECT max(version) FROM migrate.applied'),
		$way eq 'apply' ? '001' : '002',
		"$way: a rollback undoes the last batch");
}

done_testing();
