# The reference of drift under fire: runs that fail, are cancelled, killed, or
# meet others' locks; runs of several projects at once; dumps, copies, standbys.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "restart_after_crash = on\nmax_worker_processes = 20\n");
$node->start;

my $DRIFT = q{
	SELECT concat_ws(' ', kind, identity, change) FROM migrate_drift()
	 WHERE part_of IS NULL GROUP BY kind, identity, change ORDER BY kind, identity};
my $TWICE = q{
	SELECT count(*) FROM (SELECT FROM migrate_object GROUP BY kind, identity, component
						  HAVING count(*) > 1) t};

sub new_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, "CREATE EXTENSION migrate; $GATES");
	register($name, 0, 'CREATE TABLE base (id int PRIMARY KEY, a text); CREATE VIEW base_view AS SELECT * FROM base');
	$node->safe_psql($name, 'SELECT * FROM migrate_apply()');
}

sub register
{
	my ($database, $version, $up) = @_;

	$node->safe_psql($database, "SELECT migrate_register('$version', 'm', \$m\$$up\$m\$)");
}

sub drift_is
{
	my ($database, $expected, $test) = @_;

	is($node->safe_psql($database, $DRIFT), $expected, $test);
	is($node->safe_psql($database, $TWICE), '0', "$test: nothing is in the reference twice");
}

sub worker_waits
{
	my ($database) = @_;

	$node->poll_query_until(
		$database, "SELECT count(*) = 1 FROM pg_stat_activity
		 WHERE backend_type = 'migrate worker' AND datname = '$database' AND wait_event_type = 'Lock'")
	  or die 'the worker does not wait';
}

# A deployment that fails keeps what it has committed.
new_database('fails');
register('fails', 1, 'CREATE TABLE one (a int)');
register('fails', 2, 'CREATE TABLE two (a int)');
register('fails', 3, 'CREATE TABLE three (a int); SELECT 1 / 0');
my ($out, $err) = verbose_psql($node, 'fails', 'CALL migrate_deploy()');
like($err, qr/22012/, 'a migration fails');
drift_is('fails', '', 'what was committed before it is no drift');
is($node->safe_psql('fails', 'SELECT count(*) FROM migrate_unsettled'), '0', 'the run is settled');
register('fails', 3, 'CREATE TABLE three (a int)');
$node->safe_psql('fails', 'CREATE TABLE by_hand (a int)');
($out, $err) = verbose_psql($node, 'fails', 'CALL migrate_deploy()');
like($err, qr/WARNING:  MG028: 1 object is not as the last run has left it\nDETAIL:  table public.by_hand: added\n/,
	'the next one warns');
drift_is('fails', 'table public.by_hand added', 'drift is still drift after a run');
# statement by statement, half done
register('fails', 4, 'CREATE TABLE four (a int); CREATE INDEX CONCURRENTLY four_idx ON four (a); SELECT 1 / 0');
($out, $err) = verbose_psql($node, 'fails', 'CALL migrate_deploy()');
like($err, qr/22012/, 'a migration fails half way');
drift_is('fails', 'table public.by_hand added', 'its statements that are done are no drift');

# The worker is killed: nobody knows what was its work, until the next run ends.
new_database('killed');
register('killed', 1, 'CREATE TABLE one (a int)');
register('killed', 2, 'SELECT gate(1); CREATE TABLE two (a int)');
my $gate = hold_session($node, 'killed', 'SELECT pg_advisory_lock(1)');
my $call = start_psql($node, 'killed', 'caller', 'CALL migrate_deploy()');
worker_waits('killed');
my $pid = $node->safe_psql('killed', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'migrate worker'");
kill 'KILL', $pid or die "there is no worker $pid";
isnt(finish_session($call), 0, 'a worker is killed');
$gate->{run}->finish;
$node->poll_query_until('postgres', undef, '') or die 'the server does not come back';
drift_is('killed', 'table public.one added', 'what it had committed is shown as drift');
is($node->safe_psql('killed', 'SELECT count(*) FROM migrate_unsettled'), '1', 'a run is unsettled');
($out, $err) = verbose_psql($node, 'killed', 'SET migrate.drift = error; CALL migrate_deploy()');
unlike($err, qr/MG028/, 'the next run takes it as its own');
drift_is('killed', '', 'afterwards there is no drift');
is($node->safe_psql('killed', 'SELECT count(*) FROM migrate_unsettled'), '0', 'all is settled');

# Others' locks: the run is done, and says what it could not keep.
new_database('locks');
my $reads = 'CREATE OR REPLACE VIEW base_view AS SELECT id, a, 1 AS b FROM base';
for my $way ('CALL migrate_deploy()', 'SELECT version FROM migrate_apply()')
{
	my $n = $way =~ /CALL/ ? 1 : 2;
	my $holder = hold_session($node, 'locks', 'BEGIN; LOCK TABLE base_view, base IN ACCESS EXCLUSIVE MODE');

	register('locks', $n, "CREATE TABLE made_$n (a int)");
	($out, $err) = verbose_psql($node, 'locks', $way);
	is($node->safe_psql('locks', 'SELECT migrate_current()'), $n, "$way: the run is done beside a lock");
	unlike($err, qr/ERROR/, "$way: without an error") or diag($err);
	if ($err =~ /could not keep a snapshot/)
	{
		like($err, qr/WARNING:  55P03: could not keep a snapshot of what the run has left: canceling statement due to lock timeout/,
			"$way: it says what is locked");
		is($node->safe_psql('locks', 'SELECT count(*) FROM migrate_unsettled'), '1', "$way: it is unsettled");
	}
	$holder->query_safe('ROLLBACK');
	$holder->quit;
	register('locks', "$n.1", "CREATE TABLE made_after_$n (a int)");
	($out, $err) = verbose_psql($node, 'locks', "SET migrate.drift = error; $way");
	unlike($err, qr/ERROR|WARNING/, "$way: the next run is quiet") or diag($err);
	drift_is('locks', '', "$way: then there is no drift");
	is($node->safe_psql('locks', 'SELECT count(*) FROM migrate_unsettled'), '0', "$way: all is settled");
}
# where drift is an error, not to know is one too
$node->safe_psql('locks', 'CREATE TABLE by_hand (a int)');
my $holder = hold_session($node, 'locks', 'BEGIN; LOCK TABLE migrate_object IN ACCESS EXCLUSIVE MODE');
register('locks', 3, 'CREATE TABLE made_3 (a int)');
($out, $err) = verbose_psql($node, 'locks', 'SET migrate.drift = error; SELECT version FROM migrate_apply()');
like($err, qr/ERROR:  55P03/, 'what cannot be compared is an error where drift is one');
is($node->safe_psql('locks', 'SELECT migrate_current()'), '2.1', 'and nothing was run');
($out, $err) = verbose_psql($node, 'locks', 'SELECT version FROM migrate_apply()');
like($err, qr/WARNING:  55P03: could not look for drift: .*WARNING:  55P03: could not keep a snapshot/s, 'else it is a warning');
is($node->safe_psql('locks', 'SELECT migrate_current()'), '3', 'and the run is done');
# a cancel is no such thing
register('locks', 4, 'CREATE TABLE made_4 (a int)');
($out, $err) = verbose_psql($node, 'locks', "SET statement_timeout = '500ms'; SELECT version FROM migrate_apply()");
like($err, qr/ERROR:  57014/, 'a run in a transaction can be cancelled at its end');
is($node->safe_psql('locks', 'SELECT migrate_current()'), '3', 'and is undone');
$holder->query_safe('ROLLBACK');
$holder->quit;
verbose_psql($node, 'locks', 'SELECT version FROM migrate_apply()');
drift_is('locks', '', 'the run after the one that was not kept takes all as its own');

# Runs of several projects at once.
new_database('many');
my @projects = map { "project_$_" } 1 .. 3;
for my $project (@projects)
{
	$node->safe_psql(
		'many', "SET migrate.project = '$project';
		SELECT migrate_register(i::text, 'm', format('CREATE TABLE ${project}_%1\$s (id int PRIMARY KEY, b int);
			CREATE INDEX ON ${project}_%1\$s (b); ALTER TABLE ${project}_%2\$s ADD c_%1\$s int', i, greatest(i - 1, 1)))
		  FROM generate_series(1, 20) i");
}
my @sessions = map
{
	my $project = $_;
	start_psql($node, 'many', $project, "SET migrate.project = '$project'", 'SET migrate.drift = error',
		map { $_ % 2 ? 'CALL migrate_deploy($$+1$$)' : 'SELECT count(*) FROM migrate_apply($$+1$$)' } 1 .. 20);
} @projects;
for my $session (@sessions)
{
	is(finish_session($session), 0, 'twenty runs beside two other projects') or diag($session->{err});
}
is($node->safe_psql('many', $DRIFT), '', 'runs of three projects at once leave no drift');
register('many', 1, 'CREATE TABLE last (a int)');
($out, $err) = verbose_psql($node, 'many', 'SET migrate.drift = error; CALL migrate_deploy()');
unlike($err, qr/ERROR/, 'a run after them') or diag($err);
drift_is('many', '', 'and no drift after it');
is( $node->safe_psql('many', q{
		SELECT count(*) FROM migrate_object WHERE kind = 'table' AND identity LIKE 'public.project%' AND component = 'definition'}),
	'60', 'and all their tables are known');

# A dump and a copy have the drift of the old one, and no other.
$node->safe_psql('many', 'CREATE TABLE by_hand (a int)');
my $dump = "$PostgreSQL::Test::Utils::tmp_check/drift.sql";
$node->command_ok([ 'pg_dump', '-d', $node->connstr('many'), '-f', $dump ], 'a dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], 'is restored');
drift_is('restored', 'table public.by_hand added', 'a restored database has the drift that was there');
$node->safe_psql('restored', "SELECT migrate_accept_drift('is mine')");
drift_is('restored', '', '... until it is accepted');
$node->safe_psql('restored', "SELECT migrate_register('2', 'm', 'CREATE TABLE more (a int)')");
($out, $err) = verbose_psql($node, 'restored', 'SET migrate.drift = error; CALL migrate_deploy()');
unlike($err, qr/ERROR/, 'runs go on there') or diag($err);
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE many');
drift_is('copied', 'table public.by_hand added', 'so has a copy');
# what is no change
$node->safe_psql('copied', 'DROP TABLE by_hand');
drift_is('copied', '', 'what is undone is none');
my $stamp = $node->safe_psql('copied', 'SELECT migrate_snapshot_stamp()');
$node->safe_psql('copied', 'VACUUM (FULL, ANALYZE)');
$node->safe_psql('copied', 'REINDEX DATABASE copied');
$node->restart;
isnt($node->safe_psql('copied', 'SELECT migrate_snapshot_stamp()'), $stamp, 'maintenance has written to the catalogs');
$node->safe_psql('copied', "SELECT migrate_register('2', 'm', 'CREATE TABLE more (a int)')");
($out, $err) = verbose_psql($node, 'copied', 'SET migrate.drift = error; CALL migrate_deploy()');
unlike($err, qr/ERROR/, 'and is no drift') or diag($err);

# On a standby.
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
$node->safe_psql('many', 'ALTER TABLE base ADD COLUMN b int');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('many', $DRIFT), "column public.base.b added\ntable public.by_hand added",
	'a standby tells the drift');
($out, $err) = verbose_psql($standby, 'many', "SELECT migrate_accept_drift('x')");
like($err, qr/25006/, '... and accepts none');

done_testing();
