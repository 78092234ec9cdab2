# Four real histories, in the formats of golang-migrate, diesel, prisma and
# goose, applied by migrate_apply() as far as that can.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use File::Basename qw(basename dirname);
use Histories;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

have_histories('corpora');

# migrate_apply() to a target; how many calls it took.  A value that one
# migration adds to an enum can be used by another only after a commit.
sub apply
{
	my ($database, $target) = @_;
	my $calls = 1;

	while (1)
	{
		my ($code, $out, $err) = $node->psql(
			$database, "SELECT mig.migrate_apply('$target')",
			extra_params => [ '-v', 'VERBOSITY=verbose' ]);
		return $calls if $code == 0;
		die $err unless $err =~ /ERROR:  55P04: .*^CONTEXT:  migration (\S+), up script/ms;
		$node->safe_psql($database, qq{
			SELECT mig.migrate_apply((
				SELECT b.version FROM mig.migrate_plan() a JOIN mig.migrate_plan() b ON b.step = a.step - 1
				 WHERE '$1' IN (a.version, a.version || '_' || a.name)))});
		$calls += 2;
	}
}

# Apply what runs in a transaction with one call, and what does not with psql
# and the output of migrate_script(), to the end; how many of those.
sub finish_with_psql
{
	my ($database) = @_;
	my $script = "$PostgreSQL::Test::Utils::tmp_check/script.sql";
	my $scripts = 0;
	my $calls = 0;

	while (1)
	{
		my ($mode, $target) = split /\|/, $node->safe_psql($database, q{
			WITH plan AS MATERIALIZED (SELECT * FROM mig.migrate_plan())
			SELECT p.mode, t.version FROM plan p, plan t
			 WHERE p.step = 1
			   AND t.step = greatest(1, coalesce((SELECT min(step) - 1 FROM plan WHERE mode = 'worker'),
												(SELECT max(step) FROM plan)))});
		last unless defined $mode;
		if ($mode eq 'transaction')
		{
			$calls += apply($database, $target);
			next;
		}
		open my $file, '>', $script or die $!;
		print $file $node->safe_psql($database, q{SELECT mig.migrate_script('+1')});
		close $file;
		my ($out, $err) = run_command(
			[ 'psql', '-Xq', '-d', $node->connstr($database), '-f', $script ]);
		die "$target: $err" if $err =~ /ERROR/;
		$scripts++;
	}
	note("$database: finished with $calls calls of migrate_apply() and $scripts scripts for psql");
	return $scripts;
}

# minder: golang-migrate

my @up = sort glob "$corpora/minder/*.up.sql";
new_database('minder');
is(load('minder', "$corpora/minder"), 'golang-migrate|registered|117', 'minder: one call registers all');
is(load('minder', "$corpora/minder"), 'golang-migrate|unchanged|117', 'minder: again, it changes nothing');
is( $node->safe_psql('minder',
		q{SELECT version, name FROM mig.migrate_plan() WHERE mode = 'worker' ORDER BY step}),
	"000006|entity_profiles_unique\n000067|rule_evaluations_repo_index",
	'minder: the plan names the two that need a worker');
is( $node->safe_psql('minder', q{SELECT reason FROM mig.migrate_plan() WHERE mode = 'worker' ORDER BY step LIMIT 1}),
	'CREATE INDEX CONCURRENTLY, line 6', '... and why');
my ($code, $out, $err) = $node->psql('minder', 'SELECT mig.migrate_apply()',
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  MG005: .*000006_entity_profiles_unique: CREATE INDEX CONCURRENTLY, line 6 of \Q$corpora\E/s,
	'minder: a plan with them is refused, with file and line');
like($err, qr/CALL migrate_deploy\(\)/, '... and what to do instead');
is($node->safe_psql('minder', 'SELECT count(*) FROM mig.migrate_history'), '0', '... before anything has run');
is($node->safe_psql('minder', q{SELECT count(*) FROM mig.migrate_apply('000005')}), '5',
	'minder: what comes before applies in one call');

# Down again, as far as the down scripts go, and compared with what psql makes
# of the same ones: not all of them undo everything.
new_database('minder5');
load('minder5', "$corpora/minder");
$node->safe_psql('minder5', q{SELECT mig.migrate_apply('5')});
is($node->safe_psql('minder5', q{SELECT version, action FROM mig.migrate_rollback('3')}),
	"000005|rolled back\n000004|rolled back", 'minder: 5 rolls back to 3');
psql_files('minder5_psql', @up[ 0 .. 4 ], map { s/\.up\.sql$/.down.sql/r } @up[ 4, 3 ]);
my $three = dump_of('minder5_psql');
is(dump_of('minder5'), $three, '... which leaves what psql leaves');
for ([ '000003', 'rule_evaluations_pr_num', 'line 16' ], [ '000001', 'init', 'line 6, statement 2' ])
{
	my ($version, $name, $place) = @$_;
	my $current = $node->safe_psql('minder5', 'SELECT mig.migrate_current()');

	($code, $out, $err) = $node->psql('minder5', q{SELECT mig.migrate_rollback('base')});
	is($code, 3, "minder: $current does not roll back to base");
	like($err, qr/migration ${version}_$name, down script \(\Q$corpora\E\/minder\/${version}_$name\.down\.sql\), $place\b/,
		"... because the down of $version is broken, which is told with file and line");
	is(dump_of('minder5'), $three, '... and nothing of it was kept');
	is($node->safe_psql('minder5', 'SELECT mig.migrate_current()'), $current, '... nor recorded');
	# past it by hand
	$node->safe_psql('minder5', "SELECT mig.migrate_unmark('$version', 'its down script is broken')")
	  if $version eq '000003';
}
is($node->safe_psql('minder5', q{SELECT version FROM mig.migrate_rollback()}), '000002', 'minder: one more step works');

my $scripts = finish_with_psql('minder');
is($scripts, 2, 'minder: two scripts for psql, the rest with migrate_apply()');
is($node->safe_psql('minder', 'SELECT state, how, count(*) FROM mig.migrate_status GROUP BY 1, 2 ORDER BY 2'),
	"applied|marked|2\napplied|run|115", 'minder: everything is applied');
same_schema(dump_of('minder'), golden_or_psql('minder', 'minder_psql', @up),
	'minder: the schema is what psql makes of the files');
is($node->safe_psql('minder', 'SELECT * FROM mig.migrate_verify_log()'), '', 'minder: the log verifies');

# Up step by step; at each, the down is tried.  What is broken upstream says
# where, and changes nothing.
my $walk = 'minder_walk';
my @broken;
my $state = q{
	SELECT md5(string_agg(t::text, ' ')) FROM (SELECT version, state, how, applied_at, remark FROM mig.migrate_status) t;
	SELECT mig.migrate_current()};
my $start = time;
new_database($walk);
load($walk, "$corpora/minder");
for my $up (@up)
{
	my ($version) = basename($up) =~ /^(\d+)/;

	if ($version eq '000006' || $version eq '000067')
	{
		$node->safe_psql($walk, $node->safe_psql($walk, q{SELECT mig.migrate_script('+1')}) =~ s/^\\set.*$//mr
			=~ s/^(CREATE (?:UNIQUE )?INDEX) CONCURRENTLY/$1/mr);
		next;
	}
	$node->safe_psql($walk, q{SELECT mig.migrate_apply('+1')});
	my $before = $node->safe_psql($walk, $state);
	($code, $out, $err) = $node->psql($walk, 'BEGIN; SELECT mig.migrate_rollback(); ROLLBACK');
	next if $code == 0;
	my ($label) = basename($up) =~ /(.*)\.up\.sql/;
	my $dump = dump_of($walk);
	($code, $out, $err) = $node->psql($walk, 'SELECT mig.migrate_rollback()');
	push @broken, $version;
	like($err, qr/migration \Q$label\E, down script \(\Q$corpora\E\/minder\/\Q$label\E\.down\.sql\), line \d+/,
		"minder: the broken down of $version is told with file and line");
	note($err =~ /ERROR:  (.*)/, ' (', $err =~ /down\.sql\), (.*)/, ')');
	ok($node->safe_psql($walk, $state) eq $before && dump_of($walk) eq $dump, '... and changes nothing');
}
is_deeply(
	\@broken,
	[ map { sprintf '%06d', $_ } 1, 3, 21, 26, 52, 64, 69, 75, 98, 99, 104 ],
	'minder: the downs that fail are those that fail with psql, and one that does not end its transaction');
note(sprintf('minder: walked in %.1f s', time - $start));

# crates.io: diesel

my @crates = sort { $a->{version} cmp $b->{version} }
  map {
	my $dir = dirname($_);
	my ($version) = basename($dir) =~ /^([^_]+)_/;
	my $toml = -e "$dir/metadata.toml" ? slurp_file("$dir/metadata.toml") : '';
	{   version => $version =~ tr/-//dr,
		file => $_,
		worker => $toml =~ /run_in_transaction\s*=\s*false/ } } glob "$corpora/crates.io/*/up.sql";
new_database('crates');
is(load('crates', "$corpora/crates.io"), 'diesel|registered|285', 'crates.io: one call registers all');
is(load('crates', "$corpora/crates.io"), 'diesel|unchanged|285', 'crates.io: again, it changes nothing');
is( $node->safe_psql('crates', 'SELECT version FROM mig.migrate_status'),
	join("\n", map { $_->{version} } @crates),
	'crates.io: the order is that of the versions without dashes');
is( $node->safe_psql('crates', q{SELECT version FROM mig.migrate_plan() WHERE mode = 'worker' ORDER BY step}),
	join("\n", map { $_->{version} } grep { $_->{worker} } @crates),
	'crates.io: those without a transaction need a worker');
my @before;
for my $migration (@crates)
{
	last if $migration->{worker};
	push @before, $migration;
}
$start = time;
is( $node->safe_psql('crates', "SELECT count(*) FROM mig.migrate_apply('$before[-1]{version}')"),
	scalar @before, 'crates.io: everything before the first of them applies in one call');
note(sprintf('crates.io: %d migrations applied in %.1f s', scalar @before, time - $start));
psql_files('crates_psql', map { $_->{file} } @before);
same_schema(dump_of('crates'), dump_of('crates_psql'), 'crates.io: the schema is what psql makes of the files');

# Down again to base, from where the down scripts still work.
new_database('crates_down');
load('crates_down', "$corpora/crates.io");
my $empty = dump_of('crates_down');
$node->safe_psql('crates_down', "SELECT mig.migrate_apply('$crates[20]{version}')");
isnt(dump_of('crates_down'), $empty, 'crates.io: 21 migrations change the schema');
is($node->safe_psql('crates_down', q{SELECT count(*) FROM mig.migrate_rollback('base')}), '21',
	'crates.io: they roll back to base in one call');
is(dump_of('crates_down'), $empty, '... which leaves the schema as it was');
is($node->safe_psql('crates_down', 'SELECT mig.migrate_current() IS NULL'), 't', '... and nothing applied');

is(finish_with_psql('crates'), 7, 'crates.io: seven scripts for psql go on to the end');
same_schema(dump_of('crates'),
	golden_or_psql('crates.io', 'crates_all', map { $_->{file} } @crates),
	'crates.io: the whole schema is what psql makes of the files');

# trigger.dev: prisma, and hatchet: goose

sub without_comments
{
	my ($text) = @_;

	$text =~ s/--[^\n]*//g;
	$text =~ s{/\*.*?\*/}{}gs;
	return $text;
}

SKIP:
{
	skip 'no history of trigger.dev', 8 unless -d "$corpora/trigger.dev";
	my @files = sort glob "$corpora/trigger.dev/*/migration.sql";

	new_database('trigger');
	is(load('trigger', "$corpora/trigger.dev"), 'prisma|registered|820', 'trigger.dev: one call registers all');
	is(load('trigger', "$corpora/trigger.dev"), 'prisma|unchanged|820', 'trigger.dev: again, it changes nothing');
	is( $node->safe_psql('trigger', 'SELECT version FROM mig.migrate_status'),
		join("\n", map { basename(dirname($_)) } @files),
		'trigger.dev: the whole name is the version');
	is( $node->safe_psql('trigger', q{
			SELECT version FROM mig.migrate_plan() WHERE reason LIKE '%CONCURRENTLY%' ORDER BY step}),
		join("\n", map { basename(dirname($_)) }
			  grep { without_comments(slurp_file($_)) =~ /concurrently/i } @files),
		'trigger.dev: the plan finds every CONCURRENTLY');
	is($node->safe_psql('trigger', q{SELECT count(*) FROM mig.migrate_plan() WHERE mode = 'worker'}),
		'71', 'trigger.dev: how many need a worker');
	$start = time;
	is(finish_with_psql('trigger'), 71, 'trigger.dev: as many scripts for psql go on to the end');
	note(sprintf('trigger.dev: applied in %.1f s', time - $start));
	same_schema(dump_of('trigger'), golden_or_psql('trigger.dev', 'trigger_psql', @files),
		'trigger.dev: the schema is what psql makes of the files');
}

SKIP:
{
	skip 'no history of hatchet', 3 unless -d "$corpora/hatchet";

	new_database('hatchet');
	is(load('hatchet', "$corpora/hatchet"), 'goose|registered|225', 'hatchet: one call registers all');
	is(load('hatchet', "$corpora/hatchet"), 'goose|unchanged|225', 'hatchet: again, it changes nothing');
	is( $node->safe_psql('hatchet', q{SELECT version FROM mig.migrate_plan() WHERE mode = 'worker' ORDER BY step}),
		join("\n", map { basename($_) =~ /^(\d+)/ }
			  grep { slurp_file($_) =~ /^-- \+goose NO TRANSACTION/mi } sort glob "$corpora/hatchet/*.sql"),
		'hatchet: those without a transaction need a worker');
}

$node->stop;
done_testing();
