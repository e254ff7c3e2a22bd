package MigrateDocs;

# Functions for the tests of documents: the fenced blocks of a page, and psql as a
# reader would run it.

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(fenced_blocks run_psql run_with_input);

# The fenced blocks of a page, in order: line, the heading of the second level
# above, the paragraph before, language (empty if there is none), text, and the
# output, which is the text block that follows with at most a blank line between.
sub fenced_blocks
{
	my ($text) = @_;
	my ($heading, $end, @blocks) = ('', -1);

	while ($text =~ /^## ([^\n]*)\n|^```(\w*)\n(.*?)^```\n/msg)
	{
		my ($new_heading, $language, $content, $start) = ($1, $2, $3, $-[0]);

		if (defined $new_heading)
		{
			$heading = $new_heading;
			next;
		}
		if (   $language eq 'text'
			&& $end >= 0
			&& $blocks[-1]{language} ne 'text'
			&& substr($text, $end, $start - $end) =~ /\A\n?\z/)
		{
			$blocks[-1]{output} = $content;
		}
		else
		{
			push @blocks,
			  {
				line => 1 + (substr($text, 0, $start) =~ tr/\n//),
				heading => $heading,
				before => substr($text, 0, $start) =~ s/\n+\z//r =~ s/\A.*\n\n//sr,
				language => $language,
				text => $content
			  };
		}
		$end = pos $text;
	}
	return @blocks;
}

# Run a command; returns its exit status and what it wrote to both outputs.
sub run_with_input
{
	my ($command, $in) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run($command, '<', \$in, '>', \$out, '2>', \$err,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return ($? >> 8, $out, $err);
}

# Feed SQL to psql's standard input, so that messages have no file and line.
sub run_psql
{
	my ($node, $database, $sql, @options) = @_;

	return run_with_input(
		[   $node->installed_command('psql'),
			'-X', '-v', 'ON_ERROR_STOP=1', @options, '-d', $node->connstr($database) ],
		$sql);
}

1;
