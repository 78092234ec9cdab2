# Four real histories, linted migration by migration and applied one after the
# other, so that each is judged by the catalogs that it would have met.  Tables
# have no rows in there: the catalogs are told of a million in each.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Histories;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

have_histories('lint_histories');

# One session: a migration is linted, and what lint has locked is looked at,
# before it is deployed.
sub replay
{
	my ($database, @versions) = @_;
	my $script = q{
		SET client_min_messages = warning;
		CREATE TABLE mig.found (version text, rule text, severity text, path text, line integer, statement text);
		CREATE TABLE mig.linted (version text, milliseconds float8, locked text);
	};

	foreach my $version (@versions)
	{
		$script .= qq{
			BEGIN;
			SELECT clock_timestamp() AS start \\gset
			INSERT INTO mig.found SELECT '$version', rule, severity, path, line, statement
			  FROM mig.migrate_lint(version => '$version');
			INSERT INTO mig.linted SELECT '$version', extract(epoch FROM clock_timestamp() - :'start') * 1000,
				(SELECT string_agg(DISTINCT relation::regclass::text, ' ') FROM pg_locks
				  WHERE pid = pg_backend_pid() AND relation >= 16384 AND mode <> 'AccessShareLock'
					AND (SELECT relnamespace FROM pg_class c WHERE c.oid = relation) <> 'mig'::regnamespace
					AND (SELECT relkind FROM pg_class c WHERE c.oid = relation) IN ('r', 'p', 'm', 'v', 'i', 'I', 'S'));
			COMMIT;
			CALL mig.migrate_deploy('$version');
			UPDATE pg_class SET relpages = 20000, reltuples = 1e6
			 WHERE relkind IN ('r', 'm') AND relpages < 20000 AND oid >= 16384
			   AND relnamespace NOT IN ('mig'::regnamespace, 'pg_toast'::regnamespace, 'information_schema'::regnamespace);
		};
	}
	$node->safe_psql($database, $script);
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
		replay($database, split /\n/, $node->safe_psql($database, 'SELECT version FROM mig.migrate_status'));
		is($node->safe_psql($database, 'SELECT count(*) FROM mig.linted'), $count, "$name: every migration is linted");
		is($node->safe_psql($database, 'SELECT state, count(*) FROM mig.migrate_status GROUP BY 1'),
			"applied|$count", '... and applied');
		is($node->safe_psql($database, 'SELECT version, locked FROM mig.linted WHERE locked IS NOT NULL'),
			'', '... and lint has locked nothing');
		is( $node->safe_psql($database, q{
				SELECT DISTINCT rule FROM mig.found WHERE rule NOT IN (SELECT name FROM mig.migrate_lint_rules())}),
			'', '... all findings are of known rules');
		cmp_ok($node->safe_psql($database, q{SELECT count(*) FROM mig.found WHERE severity = 'error'}),
			'>', 0, '... there are some of the highest severity');
		note(sprintf('%s: replayed in %.1f s, linted in %s ms', $name, time - $start,
			$node->safe_psql($database, 'SELECT round(sum(milliseconds)) FROM mig.linted')));
		note($node->safe_psql($database,
			'SELECT severity, rule, count(*) FROM mig.found GROUP BY 1, 2 ORDER BY 1, 3 DESC'));
	}
}

$node->stop;
done_testing();
