# Four real histories, linted migration by migration and applied one after the
# other, so that each is judged by the catalogs that it would have met.  Tables
# have no rows in there: the catalogs are told of a million in each.
#
# What is found is compared with test/histories/: how much of each rule, and
# some findings of the highest severity in full, with the reason why they are
# right.  What lint predicts of each statement is compared with what a dry run
# of it measures.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Histories;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Rehearsals;
use Test::More;
use Time::HiRes qw(time);

# Statements of which something else is measured, and why that cannot be
# predicted, or is no difference.
my %EXCEPTION = (
	'minder 000069 4' => 'RENAME has locked the table under its earlier name',
	'minder 000069 7' => 'RENAME has locked the table under its earlier name');

my $directory = "$FindBin::RealBin/../histories";
my $milliseconds = 0;
my $whole = 0;
my $linted = 0;
my $compared = 0;
my $excepted = 0;
my (@found, %explained);

have_histories('lint_histories');
$node->append_conf('postgresql.conf', "timezone = 'UTC'\n");
$node->restart;

# One session: a migration is linted, and what lint has locked is looked at,
# before it is tried and deployed.
sub replay
{
	my ($database, @versions) = @_;
	my $script = q{
		SET client_min_messages = warning;
		CREATE TABLE mig.found AS SELECT * FROM mig.migrate_lint_sql('');
		CREATE TABLE mig.linted (version text, milliseconds float8, locked text);
		CREATE TABLE mig.predicted AS SELECT ''::text AS version, * FROM mig.migrate_lint_effects('');
		CREATE TABLE mig.measured AS SELECT * FROM mig.migrate_dry_run_sql('');
	};

	foreach my $version (@versions)
	{
		$script .= qq{
			BEGIN;
			SELECT clock_timestamp() AS start \\gset
			INSERT INTO mig.found SELECT * FROM mig.migrate_lint(version => '$version');
			INSERT INTO mig.linted SELECT '$version', extract(epoch FROM clock_timestamp() - :'start') * 1000,
				(SELECT string_agg(DISTINCT relation::regclass::text, ' ') FROM pg_locks
				  WHERE pid = pg_backend_pid() AND relation >= 16384 AND mode <> 'AccessShareLock'
					AND (SELECT relnamespace FROM pg_class c WHERE c.oid = relation) <> 'mig'::regnamespace
					AND (SELECT relkind FROM pg_class c WHERE c.oid = relation) IN ('r', 'p', 'm', 'v', 'i', 'I', 'S'));
			COMMIT;
			INSERT INTO mig.predicted SELECT version, e.* FROM mig.migrate_migration m, mig.migrate_lint_effects(m.up) e
			 WHERE version = '$version';
			INSERT INTO mig.measured SELECT * FROM mig.migrate_dry_run('$version');
			CALL mig.migrate_deploy('$version');
			UPDATE pg_class SET relpages = 20000, reltuples = 1e6
			 WHERE relkind IN ('r', 'm') AND relpages < 20000 AND oid >= 16384
			   AND relnamespace NOT IN ('mig'::regnamespace, 'pg_toast'::regnamespace, 'information_schema'::regnamespace);
		};
	}
	$node->safe_psql($database, $script);
}

sub rows_of
{
	my ($database, $query) = @_;

	return map { decode_json($_) } split /\n/, $node->safe_psql($database, "SELECT to_json(r) FROM ($query) r");
}

# The two as lines that only one of them has.
sub same_lines
{
	my ($got, $expected, $test) = @_;
	my @got = split /\n/, $got;
	my @expected = split /\n/, $expected;
	my %got = map { $_ => 1 } @got;
	my %expected = map { $_ => 1 } @expected;

	ok($got eq $expected, $test)
	  or diag(join "\n", (map { "-$_" } grep { !$got{$_} } @expected), (map { "+$_" } grep { !$expected{$_} } @got));
}

# Every statement: the strong locks, rewrites and scans that were predicted and
# no others.  What cannot be seen must be told.
sub compare
{
	my ($name, $database) = @_;
	my (%predicted, %known, @wrong);
	my %dynamic = map { $_ => 1 } split /\n/,
	  $node->safe_psql($database, q{SELECT version || ' ' || line FROM mig.found WHERE rule = 'dynamic-statement'});
	my $unseen = 0;

	push @{ $predicted{"$_->{version} $_->{statement}"} }, $_
	  foreach rows_of($database, 'SELECT * FROM mig.predicted');
	foreach my $row (rows_of($database, q{
		SELECT version, statement, transaction, line, query, status, artefact, locks, rewrites, scans FROM mig.measured
		 WHERE script = 'up' ORDER BY version, statement}))
	{
		my $statement = "$row->{version} $row->{statement}";
		my @differences = differences($row, $predicted{$statement} // [], $known{ $row->{version} } //= {});

		# what was made before is used here in the same transaction
		next if $row->{status} eq 'failed' && $row->{artefact};
		if ($row->{status} eq 'failed')
		{
			push @wrong, "$statement: failed";
		}
		elsif (@differences && $dynamic{"$row->{version} $row->{line}"})
		{
			$unseen++;
		}
		elsif (@differences && $EXCEPTION{"$name $statement"})
		{
			$excepted++;
		}
		elsif (@differences)
		{
			push @wrong, map { "$statement: $_" } @differences;
		}
		$compared++;
	}
	is(join("\n", @wrong), '', "$name: locks, rewrites and scans are as predicted");
	note("$name: of $unseen statements what they do was not to be seen");
}

# A finding as test/histories/explained.txt has it, without the explanation.
sub block_of
{
	my ($name, $finding) = @_;
	my $path = $finding->{path} =~ s{.*/\Q$name\E/}{}r;
	my $text = "$name/$path:$finding->{line}:$finding->{column}: $finding->{severity}: $finding->{rule}\n";

	foreach my $field (qw(statement message why advice sql))
	{
		next unless defined $finding->{$field};
		my @lines = split /\n/, $finding->{$field};

		$text .= "$field:" . (@lines > 1 ? '' : " $lines[0]") . "\n";
		$text .= join('', map { "\t$_\n" } @lines) if @lines > 1;
	}
	return $text;
}

# Later versions have another way for some.
foreach my $file ('explained.txt', $major >= 18 ? 'explained_18.txt' : ())
{
	foreach my $block (split /^(?====\n)/m, slurp_file("$directory/$file"))
	{
		$explained{$2} = $1 if $block =~ /^===\n((.*?)\n.*?)right: \S/s;
	}
}

for my $history ([ 'minder', 117 ], [ 'crates.io', 285 ], [ 'hatchet', 225 ], [ 'trigger.dev', 820 ])
{
	my ($name, $count) = @$history;
	my $database = $name =~ tr/./_/r;

  SKIP:
	{
		skip "no history $name", 1 unless -d "$corpora/$name";
		my $start = time;

		new_database($database);
		load($database, "$corpora/$name");
		my $begun = time;
		is($node->safe_psql($database, q{SELECT version, line, rule, message FROM mig.migrate_lint() WHERE severity = 'error'}),
			'', "$name: in an empty database there is nothing to find fault with");
		$whole += time - $begun;
		replay($database, split /\n/, $node->safe_psql($database, 'SELECT version FROM mig.migrate_status'));
		is($node->safe_psql($database, 'SELECT count(*) FROM mig.linted'), $count, "$name: every migration is linted");
		is($node->safe_psql($database, 'SELECT state, count(*) FROM mig.migrate_status GROUP BY 1'),
			"applied|$count", '... and applied');
		is($node->safe_psql($database, 'SELECT version, locked FROM mig.linted WHERE locked IS NOT NULL'),
			'', '... and lint has locked nothing');
		is( $node->safe_psql($database, q{
				SELECT DISTINCT rule FROM mig.found WHERE rule NOT IN (SELECT name FROM mig.migrate_lint_rules())}),
			'', '... all findings are of known rules');
		compare($name, $database);

		push @found, map { [ $name, $_ ] } rows_of($database, 'SELECT * FROM mig.found');
		my $ms = $node->safe_psql($database, 'SELECT round(sum(milliseconds)) FROM mig.linted');
		$milliseconds += $ms;
		$linted += $count;
		note(sprintf('%s: replayed in %.1f s, linted in %s ms', $name, time - $start, $ms));
	}
}

is($linted, 1447, 'all migrations of the four');
cmp_ok($compared, '>', 4400, '... and their statements');
is($excepted, scalar keys %EXCEPTION, '... with no exception that is none');
note(sprintf('%d migrations linted one by one in %d ms, as four plans in %d ms; %d statements compared',
	$linted, $milliseconds, $whole * 1000, $compared));

{
	my (%count, %blocks, @got);

	foreach (@found)
	{
		my ($name, $finding) = @$_;

		$count{"$finding->{severity} $finding->{rule}"}{$name}++;
		next if $finding->{severity} ne 'error';

		my $block = block_of($name, $finding);
		$blocks{ $block =~ s/\n.*//sr } = $block;
	}
	my @names = ('minder', 'crates.io', 'hatchet', 'trigger.dev');
	my $lines = sprintf("%-45s%9s%11s%9s%13s\n", 'severity and rule', @names);
	$lines .= sprintf("%-45s%9d%11d%9d%13d\n", $_, map { $_ // 0 } @{ $count{$_} }{@names}) foreach sort keys %count;
	same_lines($lines, slurp_file("$directory/findings.txt"), 'how much is found of each rule');

	my %rules = map { /error: (\S+)/ ? ($1 => 1) : () } keys %explained;
	my %histories = map { m{^([^/]+)/} ? ($1 => 1) : () } keys %explained;

	cmp_ok(scalar keys %rules, '>=', 10, 'findings of ten rules are explained');
	is(join(' ', sort keys %histories), join(' ', sort @names), '... of all histories');
	foreach my $place (sort keys %explained)
	{
		same_lines($blocks{$place} // "nothing\n", $explained{$place}, "$place is found as it is explained");
	}
}

$node->stop;
done_testing();
