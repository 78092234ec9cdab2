# Changes of a schema as text, each with what is to be reported of it, and what
# a database reports when they are made one by one.
#
#	-- kind: what is done [conditions]
#	SQL
#	-- undo
#	SQL; without it the transaction is rolled back
#	-- = kind | identity | components | change
#	-- ~ the same, of what follows from a command on another object
#	-- + identity of what came or went | what with it, by kind
#
# {NAME} stands for what a schema calls it; a line of the last kinds that
# begins with a schema's name and a colon, or with versions as below, is for
# these alone.  Conditions:
# "17-" and "-17" are versions of the server, "alone" is outside of a
# transaction, "fails" ends in an error (and changes something all the same),
# "unseen" is what no event trigger is told of.

package Variants;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;

our @EXPORT = qw(read_variants fill_in run_variants reported expected_report following);

# Between the fields of a row.
my $SEPARATOR = "\x1f";

# Is it "17-" or the like, and does it fit?
sub is_version
{
	my ($text, $major) = @_;

	return ($text =~ /^(\d+)-$/ && $major >= $1) || ($text =~ /^-(\d+)$/ && $major <= $1);
}

sub read_variants
{
	my ($path, $major) = @_;
	my (@cases, $case, $part);

	open my $file, '<', $path or die "$path: $!";
	while (my $line = <$file>)
	{
		if ($line =~ /^-- ([a-z][a-z -]*: .*?)(?: \[([^\]]*)\])?$/)
		{
			$case = { name => $1, flags => { map { $_ => 1 } split ' ', $2 // '' }, change => '', report => [] };
			$part = 'change';
			push @cases, $case;
		}
		elsif ($line =~ /^-- undo$/)     { $part = 'undo' }
		elsif ($line =~ /^-- ([=~+] .*)$/) { push @{ $case->{report} }, $1 }
		elsif ($line =~ /^--/)           { die "$path: not understood: $line" if defined $case }
		elsif (defined $case)            { $case->{$part} .= $line }
	}
	close $file;
	return grep {
		my @versions = grep { /^\d+-$|^-\d+$/ } keys %{ $_->{flags} };
		!grep { !is_version($_, $major) } @versions;
	} @cases;
}

sub fill_in
{
	my ($text, $names) = @_;

	$text =~ s/\{(\w+)\}/$names->{$1} \/\/ die "no name for $1"/ge;
	return $text;
}

# What a case's lines say that a database should report.
sub expected_report
{
	my ($case, $names) = @_;
	my @lines;

	for my $line (map { fill_in($_, $names) } @{ $case->{report} })
	{
		my ($mark, $rest) = $line =~ /^([=~+]) (.*)$/;
		my $fits = 1;

		while ($rest =~ s/^([a-z]+|\d+-|-\d+): //)
		{
			$fits = 0 unless $1 eq $names->{schema} || is_version($1, $names->{major});
		}
		$mark = '=' if $mark eq '~';
		push @lines, "$mark $rest" if $fits;
	}
	return join "\n", sort @lines;
}

# Objects that follow from a command on another one.
sub following
{
	my ($case, $names) = @_;

	return map { /^~ (?:\S+: )*(.*? \| .*?) \|/ } map { fill_in($_, $names) } @{ $case->{report} };
}

# Makes changes one after the other in one session, and after each of them and
# when it is undone asks for the drift, by a query with migrate_drift()'s columns.
# For each case: rows, rows when it is undone, and what psql has complained of.
sub run_variants
{
	my ($connstr, $drift, $names, @cases) = @_;
	my $query = "SELECT kind, identity, component, change, part_of, old_definition IS NOT NULL, "
	  . "new_definition IS NOT NULL, old_definition IS DISTINCT FROM new_definition, "
	  . "seen_at IS NOT NULL, session_role, tag, replace(statement, chr(10), ' ') FROM ($drift) d";
	my $script = '';

	for my $i (0 .. $#cases)
	{
		my $case = $cases[$i];
		my $alone = $case->{flags}{alone};

		$script .= "\\echo ${SEPARATOR}case $i\n\\warn ${SEPARATOR}case $i\n";
		$script .= "BEGIN;\n" unless $alone;
		$script .= fill_in($case->{change}, $names);
		$script .= "$query;\n\\echo ${SEPARATOR}undone\n";
		$script .= fill_in($case->{undo}, $names) . "$query;\n" if defined $case->{undo};
		$script .= "ROLLBACK;\n" unless $alone;
	}
	$script .= "\\echo ${SEPARATOR}end\n\\warn ${SEPARATOR}end\n";

	IPC::Run::run(
		[ 'psql', '-XqAt', '-F', $SEPARATOR, '-v', 'VERBOSITY=terse', '-d', $connstr ],
		'<', \$script, '>', \my $out, '2>', \my $err);
	die "psql did not get to the end: $err" unless $out =~ /^${SEPARATOR}end$/m;
	my @results;
	for my $part (split /^${SEPARATOR}case /m, $out)
	{
		my ($i, $rest) = $part =~ /^(\d+)\n(.*)/s or next;
		my ($before, $after) = split /^${SEPARATOR}undone\n/m, $rest;

		$after =~ s/^${SEPARATOR}end\n.*//ms;
		$results[$i] = { rows => [ split /\n/, $before ], undone => [ split /\n/, $after ], errors => '' };
	}
	for my $part (split /^${SEPARATOR}case /m, $err)
	{
		my ($i, $rest) = $part =~ /^(\d+)\n(.*)/s or next;

		$rest =~ s/^${SEPARATOR}end\n.*//ms;
		$rest =~ s/^(NOTICE|DETAIL|HINT|drop cascades|WARNING:  (tables were not|subscription was|wal_level|operator|terminating|changing return|type ")).*\n//mg;
		$results[$i]{errors} = $rest;
	}
	return @results;
}

# Rows as lines of a case: each object once, with its components, and what came
# or went with it by numbers.
sub reported
{
	my (@rows) = @_;
	my (%components, %parts, @lines);

	for my $row (@rows)
	{
		my ($kind, $identity, $component, $change, $part_of, $old, $new, $differs) = split /$SEPARATOR/, $row, -1;
		my $both = "$old$new$differs";

		# one definition, or two that differ
		push @lines, "definitions of $kind $identity, $component, $change: $both"
		  unless ($change eq 'added' && $both eq 'ftt')
		  || ($change eq 'dropped' && $both eq 'tft')
		  || ($change eq 'changed' && $both =~ /^(ttt|tft|ftt)$/);
		if ($part_of eq '')
		{
			push @{ $components{"$kind | $identity"}{$change} }, $component;
		}
		else
		{
			$parts{$part_of}{$kind}{$identity} = 1;
		}
	}
	for my $object (keys %components)
	{
		push @lines, map { "= $object | " . join(', ', @{ $components{$object}{$_} }) . " | $_" } keys %{ $components{$object} };
	}
	for my $whole (keys %parts)
	{
		push @lines, "+ $whole | " . join(', ', map { "$_ " . keys %{ $parts{$whole}{$_} } } sort keys %{ $parts{$whole} });
	}
	return join "\n", sort @lines;
}

1;
