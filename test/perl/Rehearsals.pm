# What lint predicts of a migration's statements, beside what a dry run of the
# same statements has measured.

package Rehearsals;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(differences);

my %strength;
@strength{
	qw(AccessShareLock RowShareLock RowExclusiveLock ShareUpdateExclusiveLock
	  ShareLock ShareRowExclusiveLock ExclusiveLock AccessExclusiveLock)
} = 1 .. 8;

sub qualified
{
	my ($name) = @_;

	return $name =~ /\./ ? $name : "public.$name";
}

# Modes that are in the way of more than DDL.  Weaker ones are those of queries
# and of foreign keys' checks, which depend on the rows there are.
sub strong
{
	return grep { $strength{$_} > $strength{RowExclusiveLock} } @_;
}

sub list
{
	my ($modes) = @_;

	return join(',', sort keys %{ $modes // {} }) || 'none';
}

# The differences of one statement, as lines.  measured is a row of the dry
# run; predicted are the rows of migrate_lint_effects(); known is, for the
# migration, what has been said of locks already.
#
# What is not compared:
# - Locks that the transaction has taken already: a dry run says what is new.
# - Scans by queries, which the planner chooses; of tables that a FOREIGN KEY
#   references, which are looked up by their index, and not at all where the
#   referencing table has no row; by the index builds of a TRUNCATE.
sub differences
{
	my ($measured, $predicted, $known) = @_;
	my (%got, %expected, @result);

	$known->{held} = {} if ($known->{transaction} // 0) != $measured->{transaction};
	$known->{transaction} = $measured->{transaction};
	foreach my $lock (@{ $measured->{locks} })
	{
		$got{ $lock->{relation} }{ $lock->{mode} } = 1
		  if $lock->{existed} && defined $lock->{relation} && strong($lock->{mode});
	}
	foreach my $effect (grep { $_->{existed} } @$predicted)
	{
		my $name = qualified($effect->{relation});

		$expected{$name}{$_} = 1
		  foreach grep { !$known->{held}{$name}{$_} } strong(@{ $effect->{locks} });
	}
	foreach my $name (sort keys %{ { %got, %expected } })
	{
		push @result, sprintf('lock of %s: %s, predicted %s', $name, list($got{$name}), list($expected{$name}))
		  if list($got{$name}) ne list($expected{$name});
	}
	foreach my $locks (\%got, \%expected)
	{
		foreach my $name (keys %$locks)
		{
			$known->{held}{$name}{$_} = 1 foreach keys %{ $locks->{$name} };
		}
	}

	my %rewritten = map { $_->{relation} => 1 } grep { $_->{existed} } @{ $measured->{rewrites} };
	my %scanned = map { $_->{relation} => 1 }
	  grep { $_->{existed} && $_->{sequential} && $_->{reason} !~ /^(query|truncate)$/ } @{ $measured->{scans} };
	my (%rewrites, %scans, %unsure);

	foreach my $effect (grep { $_->{existed} && $_->{kind} =~ /[rm]/ } @$predicted)
	{
		my $name = qualified($effect->{relation});
		my $why = $effect->{reason} // '';

		$rewrites{$name} = 1 if $effect->{rewrites} || $why eq 'truncate';
		$scans{$name} = 1 if $effect->{scans} || $effect->{rewrites} || $effect->{builds};
		$unsure{$name} = 1 if $why =~ /^(query|foreign key|truncate)$/;
	}
	foreach my $name (sort keys %{ { %rewritten, %rewrites } })
	{
		push @result, sprintf('rewrite of %s: %d, predicted %d', $name, $rewritten{$name} // 0, $rewrites{$name} // 0)
		  if !$rewritten{$name} != !$rewrites{$name};
	}
	foreach my $name (sort keys %{ { %scanned, %scans } })
	{
		push @result, sprintf('scan of %s: %d, predicted %d', $name, $scanned{$name} // 0, $scans{$name} // 0)
		  if !$scanned{$name} != !$scans{$name} && !($unsure{$name} && $scans{$name});
	}
	return @result;
}

1;
