#!/usr/bin/perl
# Applies the migrations of a directory when the application starts: DBI, DBD::Pg.
#
# Usage: perl-dbi.pl [DIRECTORY]; the connection is in PGHOST, PGDATABASE and so on.
#
# Without AutoCommit, DBD::Pg opens a transaction, in which CALL migrate.up cannot run.
# Notices are warnings if PrintWarn is set; errstr has the hint and the context, and
# state the SQLSTATE.

use strict;
use warnings;

use DBI;
use Encode qw(decode FB_CROAK);
use File::Find;
use JSON::PP;

# All files: their names, relative and with "/", and their texts.
sub read_directory
{
	my ($top) = @_;
	my %files;

	my $read = sub {
		return unless -f;
		open my $file, '<:raw', $_ or die "$_: $!\n";
		my $bytes = do { local $/; <$file> };
		$files{ substr($_, length($top) + 1) } = decode('UTF-8', $bytes // '', FB_CROAK);
	};
	find({ wanted => $read, no_chdir => 1 }, $top);
	return \%files;
}

sub connect_to_database
{
	return DBI->connect('dbi:Pg:', undef, undef,
		{ AutoCommit => 1, RaiseError => 1, PrintError => 0, PrintWarn => 1 });
}

sub migrate
{
	my ($database, $top) = @_;
	my $files = JSON::PP->new->encode(read_directory($top));
	my ($applied) = $database->selectrow_array('CALL migrate.up(files => ?)', undef, $files);

	return $applied;
}

local $SIG{__WARN__} = sub { print STDERR $_[0] };
my $top = shift // 'migrations';
my $applied = eval { migrate(connect_to_database(), $top =~ s{/+\z}{}r) };
if (!defined $applied)
{
	# what is not from the database has no SQLSTATE
	die $@ unless defined $DBI::err;
	print STDERR "SQLSTATE $DBI::state\n$DBI::errstr\n";
	exit 1;
}
print "applied $applied\n";
