# A plan of Sqitch as Sqitch itself reads it: the same changes in the same
# order, with the same tags, and of each reworked change the same scripts.

use strict;
use warnings;

use File::Path qw(make_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($version) = eval { run_command([ 'sqitch', '--version' ]) };
plan skip_all => 'no sqitch here' unless defined $version && $version =~ /sqitch/;
plan skip_all => 'no DBD::Pg here' unless eval { require DBD::Pg };
note($version);

my $node = PostgreSQL::Test::Cluster->new('sqitch');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;

my $work = PostgreSQL::Test::Utils::tempdir();
chmod 0755, $work;
$ENV{HOME} = $work;
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{SQITCH_FULLNAME} = "Anna O'Neil";
$ENV{SQITCH_EMAIL} = 'anna@example.org';
make_path(map { "$work/p/$_/area/of" } qw(deploy revert verify));

# Every third change was reworked, some of them twice.  A file of an earlier
# instance may be called after any of the tags until then.
my $plan = "%syntax-version=1.0.0\n%project=shop\n%uri=https://example.org/shop\n\n# it's a plan\n";
my $second = 0;
my @changes;
my (%last, @tags, %tags_of);

sub line
{
	my ($what, $note) = @_;

	$second++;
	return sprintf("%s 2025-01-31T12:%02d:%02dZ Anna O'Neil <anna\@example.org>%s\n",
		$what, $second / 60, $second % 60, $note ? " # $note" : '');
}

foreach my $n (1 .. 48)
{
	my $name = $n % 3 ? "c$n" : $n % 2 ? 'area/of/r-first' : sprintf('r%d', $n / 6 % 3);
	my @needs = grep { $_ } (
		$n > 2 ? $changes[ ($n * 7) % ($n - 1) ]{name} : undef,
		@tags && $n % 5 == 0 ? '@' . $tags[ $n % @tags ] : undef,
		$n % 8 == 0 ? '!other:nothing' : undef);

	if (defined $last{$name})
	{
		my $before = $changes[ $last{$name} ];
		my @possible = map { @{ $tags_of{$_} // [] } } reverse $last{$name} .. $#changes;

		@possible or next;
		# the name that Sqitch gives, or another that it finds
		$before->{file} = "$name\@" . $possible[ $n % 2 ? 0 : $n % @possible ];
		push @needs, "$name\@$possible[0]";
	}
	my %seen;
	@needs = grep { !$seen{$_}++ } @needs;
	$plan .= line($name . (@needs ? " [@needs]" : ''), $n % 4 ? '' : "no. $n: it's # \"one\"");
	$last{$name} = @changes;
	push @changes, { name => $name, file => $name, n => $n };
	next if $n % 4 == 1;
	foreach my $tag ($n % 4 == 2 ? ("v$n", "v$n.1") : ("v$n"))
	{
		$plan .= line("\@$tag") . "\n";
		push @tags, $tag;
		push @{ $tags_of{$#changes} }, $tag;
	}
}
append_to_file("$work/p/sqitch.plan", $plan);
append_to_file("$work/p/sqitch.conf", "[core]\n\tengine = pg\n");
foreach my $change (@changes)
{
	append_to_file("$work/p/deploy/$change->{file}.sql",
		"-- Deploy shop:$change->{name} to pg\n\nBEGIN;\n\nINSERT INTO public.seen (what) VALUES ('$change->{name} $change->{n}');\n\nCOMMIT;\n");
	append_to_file("$work/p/revert/$change->{file}.sql",
		"BEGIN;\nDELETE FROM public.seen WHERE what = '$change->{name} $change->{n}';\nCOMMIT;\n");
	append_to_file("$work/p/verify/$change->{file}.sql",
		"BEGIN;\n\nINSERT INTO public.seen (what) VALUES ('verify');\nSELECT false, 1 / count(*) FROM public.seen WHERE what = '$change->{name} $change->{n}';\n\nROLLBACK;\n");
}
cmp_ok((grep { /@/ } map { $_->{file} } @changes), '>', 10, 'many changes were reworked');

sub sqitch
{
	my (@command) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ 'sqitch', '--chdir', "$work/p", @command ],
		'<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));

	ok($ok, "sqitch $command[0]") or diag("$out$err");
	return $out;
}

my $seen = 'CREATE TABLE seen (n bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL)';
foreach my $database ('theirs', 'ours')
{
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, $seen);
}
$node->safe_psql('ours', 'CREATE SCHEMA mig; CREATE EXTENSION migrate SCHEMA mig');

# names and tags, in order
my $expected = sqitch('plan', '--no-headers', '--format', 'format:%n%t');
my $loaded = $node->safe_psql('ours', "SELECT version FROM mig.migrate_load('$work/p')");
my $got = $node->safe_psql('ours',
	q{SELECT regexp_replace(version, '#[0-9]+$', '')
			|| coalesce(' ' || (SELECT string_agg('@' || t, ' ') FROM unnest(tags) t), '')
	    FROM mig.migrate_migration ORDER BY order_key});
is($loaded =~ s/#\d+$//mgr, $got =~ s/ .*//mgr, 'they are listed in the order in which they run');
$expected =~ s/, @/ @/g;
is($got, $expected =~ s/\n+\z//r, 'changes and tags in the order of sqitch plan');
is($node->safe_psql('ours', 'SELECT count(*), count(DISTINCT version) FROM mig.migrate_migration'),
	@changes . '|' . @changes, '... each of them a migration');

# what is run, up to a tag, to the end and back
sub same
{
	my ($test) = @_;

	is( $node->safe_psql('ours', 'SELECT what FROM seen ORDER BY n'),
		$node->safe_psql('theirs', 'SELECT what FROM seen ORDER BY n'), $test);
}
my $half = $tags[ @tags / 2 ];
sqitch('deploy', '--verify', '--to', "\@$half", 'db:pg:theirs');
$node->safe_psql('ours', "CALL mig.migrate_deploy('\@$half')");
same("the same scripts, to the tag $half");
cmp_ok($node->safe_psql('ours', 'SELECT count(*) FROM seen'), '>', 15, '... which are some');
sqitch('deploy', '--verify', 'db:pg:theirs');
$node->safe_psql('ours', 'SELECT mig.migrate_apply()');
same('the same scripts, to the end');
is($node->safe_psql('ours', 'SELECT count(*) FROM seen'), scalar @changes, '... which are all');
sqitch('revert', '-y', '--to', "\@$half", 'db:pg:theirs');
$node->safe_psql('ours', "SELECT mig.migrate_rollback('\@$half')");
same("the same scripts, back to the tag $half");

# what Sqitch refuses
foreach my $broken (
	[ 'a dependency that is not there', line('x [nowhere]'), qr/which is not there before it/ ],
	[ 'a conflict with what is not there', line('x [!nowhere]'), qr/which is not there/, 'deploy' ],
	[ 'a dependency that comes later', line('x [y]') . line('y'), qr/which is not there before it/ ],
	[ 'a change twice', line('x') . line('x'), qr/second change "x"/ ],
	[ 'a tag twice', line("\@$half"), qr/second tag/ ],
	[ 'no planner', "x 2025-01-31T12:00:00Z\n", qr/no planner/ ],
	[ 'a bad name', line('x-'), qr/is no name of a change/ ])
{
	my ($what, $lines, $message, $command) = @$broken;
	my ($out, $err) = ('', '');

	unlink "$work/p/sqitch.plan";
	append_to_file("$work/p/sqitch.plan", $plan . $lines);
	append_to_file("$work/p/deploy/$_.sql", '') foreach 'x', 'y', 'x-';
	ok(!IPC::Run::run([ 'sqitch', '--chdir', "$work/p", $command ? ($command, 'db:pg:theirs') : 'plan' ],
			'<', \undef, '>', \$out, '2>', \$err),
		"$what: Sqitch refuses it");
	my ($code, $ours, $error) = $node->psql('ours', "SELECT mig.migrate_load('$work/p')");
	isnt($code, 0, '... and so do we');
	like($error, $message, '... and say why');
}
is($node->safe_psql('ours', 'SELECT count(*) FROM mig.migrate_migration'), scalar @changes, '... and nothing was changed');

done_testing();
