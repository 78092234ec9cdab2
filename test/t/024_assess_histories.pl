# Four real histories, each judged as one plan for an empty database and then
# rehearsed: they are known to run, so nothing may be said to fail, and what
# each migration alters has been made by those before it, so nobody waits.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Histories;
use Test::More;
use Time::HiRes qw(time);

have_histories('assess_histories');

for my $history ([ 'minder', 117 ], [ 'crates.io', 285 ], [ 'hatchet', 225 ], [ 'trigger.dev', 820 ])
{
	my ($name, $count) = @$history;
	my $database = $name =~ tr/./_/r;

  SKIP:
	{
		skip "no history $name", 1 unless -d "$corpora/$name";
		new_database($database);
		load($database, "$corpora/$name");
		my $start = time;
		my $verdict = $node->safe_psql($database, q{
			SELECT count(*), count(*) FILTER (WHERE will_fail IN ('medium', 'high')),
				   count(*) FILTER (WHERE data = 'high'),
				   count(*) FILTER (WHERE availability IN ('medium', 'high'))
			  FROM mig.migrate_assess()});
		my $seconds = time - $start;

		is($verdict, "$count|0|0|0", "$name: what is new harms nobody");
		cmp_ok($seconds, '<', 5, sprintf('%s: %.2f s', $name, $seconds));
		is( $node->safe_psql($database, q{
			SELECT version, failure_reasons FROM mig.migrate_assess(dry_run => true)
			 WHERE will_fail = 'high' OR duration_basis NOT LIKE 'dry run%'}),
			'', "$name: nothing fails in a dry run");
		is($node->safe_psql($database, q{SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace}),
			'0', "$name: and nothing is left of it");
	}
}

done_testing();
