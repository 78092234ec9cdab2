# Inputs of the shapes that squawk is tested with, for each of its rules that we
# have: squawk says of each what we say, or the input says why not.  And the
# README's table has our rules as they are, and a star where squawk knows them.
#
# The files of test/squawk have the inputs:
#   -- == RULE: what it is             [transaction] after the rule: squawk is told
#                                      that the migration has a transaction
#   -- + SQL                           what is there before
#   -- ours: RULE                      the rule by which we say the same
#   -- differs: why                    we say the opposite, and rightly

use strict;
use warnings;

use lib 'test/perl';
use File::Basename qw(basename);
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Tools;

npm_install('squawk-cli@2.66.0');
my ($squawk) = glob npm_directory() . '/node_modules/@squawk-cli/*/bin/squawk';
start_node('lint_squawk');

my @cases;
foreach my $file (sort glob 'test/squawk/*.sql')
{
	next if basename($file) eq 'fixture.sql';
	foreach my $text (split /^(?=-- == )/m, slurp_file($file))
	{
		my ($rule, $transaction, $title, $input) = $text =~ /\A-- == (\S+?)( \[transaction\])?: (\N*)\n(.*)/s
		  or die "$file: $text";
		my $case = {
			rule => $rule,
			transaction => defined $transaction,
			title => "$rule: $title",
			ours => $input =~ /^-- ours: (.*)$/m ? "$1" : $rule,
			setup => join(";\n", $input =~ /^-- \+ (.*)$/mg),
			differs => join(' ', $input =~ /^-- differs: (.*)$/mg) };

		$input =~ s/^-- (\+|ours:|differs:) .*\n//mg;
		$case->{input} = $input;
		push @cases, $case;
	}
}
cmp_ok(scalar @cases, '>', 200, 'there are inputs');

# The rules that squawk names for each of the inputs.
foreach my $transaction (0, 1)
{
	my $directory = "$work/" . ($transaction ? 'transaction' : 'plain');

	foreach my $i (grep { $cases[$_]->{transaction} == $transaction } 0 .. $#cases)
	{
		write_file("$directory/$i.sql", $cases[$i]->{input});
		$cases[$i]->{theirs} = {};
	}
	my ($out, $err) = run_command(
		[
			$squawk, '--reporter', 'json', '--include', 'require-table-schema', '--pg-version',
			int($node->pg_version) . '.0',
			$transaction ? '--assume-in-transaction' : '--no-assume-in-transaction',
			glob "$directory/*.sql"
		]);
	my $findings = eval { decode_json($out) };

	ok(ref $findings eq 'ARRAY' && @$findings, 'squawk finds something') or die "$err$out";
	foreach my $finding (@$findings)
	{
		my ($i) = $finding->{file} =~ /(\d+)\.sql$/;

		$cases[$i]->{theirs}{ $finding->{rule_name} } = 1;
		die "$cases[$i]->{title}: $finding->{message}" if $finding->{rule_name} eq 'syntax-error';
	}
}

new_database('squawk');
query('squawk', 'CREATE SCHEMA mig; CREATE EXTENSION migrate SCHEMA mig');
query('squawk', slurp_file('test/squawk/fixture.sql'));
my %ours = map { $_ => 1 } split /\n/, query('squawk', 'SELECT name FROM mig.migrate_lint_rules()');
my ($same, $differs) = (0, 0);
foreach my $case (@cases)
{
	my $found = query(
		'squawk', qq{
		SET search_path = shop;
		SET migrate.lint_rows = 0;
		SET migrate.lint_size = 0;
		SET migrate.lint_rules = 'style=warning, require-statement-timeout=warning';
		SET client_min_messages = warning;
		BEGIN;
		$case->{setup};
		SELECT DISTINCT rule FROM mig.migrate_lint_sql(\$input\$$case->{input}\$input\$);
		ROLLBACK});
	my $they_say = exists $case->{theirs}{ $case->{rule} } ? 1 : 0;
	my $we_say = (grep { $_ eq $case->{ours} } split /\n/, $found) ? 1 : 0;
	my $say = sub { $_[0] ? 'complains' : 'is content' };

	ok($ours{ $case->{ours} }, "$case->{title}: we have the rule");
	if ($case->{differs})
	{
		$differs++;
		isnt($we_say, $they_say, "$case->{title}: squawk " . $say->($they_say) . ", but $case->{differs}");
	}
	else
	{
		$same++;
		is($we_say, $they_say, "$case->{title}: squawk " . $say->($they_say)) or diag("ours: $found");
	}
}

# What squawk does not know in a comment of its own it says.
my ($rules) = slurp_file('README.md') =~ /^### Lint\n(.*?)^### /ms;
my (@listed, @stars, %unknown);
while ($rules =~ /^\| `([a-z-]+)`(\\\*)? (\| .*) \|$/mg)
{
	push @listed, "| $1 $3";
	push @stars, $1 if $2;
}
my $table = query(
	'squawk', q{
	SELECT concat_ws(' | ', '| ' || name, rule_group, default_severity, summary)
	  FROM mig.migrate_lint_rules()});
is_deeply([ sort @listed ], [ sort split /\n/, $table ], 'README lists the rules');
write_file("$work/names.sql", join('', map { "-- squawk-ignore $_\nSELECT 1;\n" } sort keys %ours));
my ($names) = run_command([ $squawk, '--reporter', 'json', "$work/names.sql" ]);
$unknown{$_} = 1 for map { $_->{message} =~ /unknown name (\S+)/ } @{ decode_json($names) };
is_deeply([ sort @stars ], [ grep { !$unknown{$_} } sort keys %ours ], "... and which names are squawk's");

note("$same inputs of the same verdict, $differs of another");
$node->stop;

done_testing();
