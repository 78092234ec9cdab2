# Four real histories after all their ups: verification shows what is truly
# there and nothing else, and what is then done to them by hand.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Histories;
use Test::More;
use Time::HiRes qw(time);

have_histories('verify_histories');

sub found
{
	my ($database) = @_;
	my $start = time;
	my $rows = $node->safe_psql($database,
		q{SELECT concat_ws(': ', check_name, severity, coalesce(version, object), problem) FROM mig.migrate_verify()});

	note(sprintf('%s: %.2f s', $database, time - $start));
	return $rows;
}

# What is there, and why.
my %found = (

	# statements of down files without their semicolons or with an ON too much,
	# and a BEGIN without its COMMIT
	'minder' => [
		'broken: warning: 000003: its down script cannot be parsed: syntax error at or near "ALTER", line 16',
		'broken: warning: 000099: its down script cannot be parsed: syntax error at or near "ON", line 8',
		'broken: warning: 000104: its down script cannot be parsed: the script ends inside the transaction that it begins on line 4, line 4'
	],

	# a semicolon is missing; two constraints that nobody has validated yet
	'crates.io' => [
		'broken: warning: 20170318181441: its down script cannot be parsed: syntax error at or near "ALTER", line 2',
		'constraint not valid: warning: versions_num_max_length on public.versions: it is NOT VALID: rows from before it were never checked',
		'constraint not valid: warning: versions_tar_sha256_len on public.versions: it is NOT VALID: rows from before it were never checked'
	],

	# likewise; and indexes ON ONLY the partitioned tables, of which their
	# migration says that the partitions of that time go without
	'hatchet' => [
		'constraint not valid: warning: "WorkerAssignEvent_workerId_fkey" on public."WorkerAssignEvent": it is NOT VALID: rows from before it were never checked',
		'constraint not valid: warning: v1_payload_check on public.v1_payload: it is NOT VALID: rows from before it were never checked',
		'invalid index: warning: public.ix_v1_runs_olap_additional_metadata_gin: it is INVALID: a partition of public.v1_runs_olap has no valid index for it',
		'invalid index: warning: public.ix_v1_tasks_olap_additional_metadata_gin: it is INVALID: a partition of public.v1_tasks_olap has no valid index for it'
	],
	'trigger.dev' => [
		'constraint not valid: warning: "TaskSchedule_window_exclusive" on public."TaskSchedule": it is NOT VALID: rows from before it were never checked'
	]);

# What is done by hand then: the rows that come with it, in their place.
my %by_hand = (
	'minder' => [
		'DROP INDEX alert_events_evaluation_id_fk_idx',
		'drift: error: index public.alert_events_evaluation_id_fk_idx: it is not as the last run has left it: dropped'
	],
	'crates.io' => [
		'ALTER TABLE crates ALTER homepage TYPE text',
		'drift: error: column public.crates.homepage: it is not as the last run has left it: its definition changed'
	],
	'hatchet' => [ 'CREATE VIEW tenants AS SELECT id FROM "Tenant"', 'drift: warning: view public.tenants: it is not as the last run has left it: added' ],
	'trigger.dev' => [
		'ALTER TABLE "TaskSchedule" VALIDATE CONSTRAINT "TaskSchedule_window_exclusive"',
		'drift: error: constraint "TaskSchedule_window_exclusive" on public."TaskSchedule": it is not as the last run has left it: its definition changed'
	]);

for my $name (qw(minder crates.io hatchet trigger.dev))
{
	my $database = $name =~ tr/./_/r;

  SKIP:
	{
		skip "no history $name", 1 unless -d "$corpora/$name";
		new_database($database);
		load($database, "$corpora/$name");
		$node->safe_psql($database, 'CALL mig.migrate_deploy()');
		is(found($database), join("\n", @{ $found{$name} }), "$name: nothing but what is there");
		is($node->safe_psql($database, 'SELECT mig.migrate_verify_or_fail()'), scalar @{ $found{$name} }, "$name: no error");

		# as it is elsewhere
		my $dump = $node->basedir . "/$database.sql";
		$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr($database) ], "$name: a dump");
		$node->safe_psql('postgres', "CREATE DATABASE ${database}_restored");
		$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr("${database}_restored"), '-f', $dump ], "$name: restored");
		is(found("${database}_restored"), join("\n", @{ $found{$name} }), "$name: restored it is the same");

		my ($change, $row) = @{ $by_hand{$name} };
		$node->safe_psql($database, $change);
		is( join("\n", sort split /\n/, found($database)),
			join("\n", sort $row, grep { $change !~ /VALIDATE/ || !/NOT VALID/ } @{ $found{$name} }),
			"$name: $change");
	}
}

done_testing();
