# Applications that wait for a version: beside a deployment, on a standby,
# through pgbouncer; and how such a wait ends other than by the version.

use strict;
use warnings;

use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/../perl';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;
use Time::HiRes qw(time usleep);

my $WAITERS = 50;
my $MIGRATIONS = 25;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "max_connections = 120\nautovacuum = off\n");
$node->start;
my $user = $node->safe_psql('postgres', 'SELECT session_user');

sub create_database
{
	my ($name, $sql) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, "CREATE EXTENSION migrate; $sql");
}

# So many sessions wait, and are between two looks.
sub wait_for_waiters
{
	my ($where, $database, $count) = @_;

	$where->poll_query_until(
		'postgres', qq{
		SELECT count(*) = $count FROM pg_stat_activity
		 WHERE datname = '$database' AND query LIKE 'CALL migrate_wait_for%' AND wait_event = 'Extension'})
	  or die "not $count sessions wait in $database";
}

# Of those who wait in a database: does any keep others from anything?
my $HARM = q{
	SELECT count(*) FILTER (WHERE a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL),
		   count(l.pid), bool_or(a.xact_start < now() - interval '3 seconds')
	  FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype <> 'virtualxid'
	 WHERE a.datname = current_database() AND a.query LIKE 'CALL migrate_wait_for%' AND a.wait_event = 'Extension'};

# What it says, who runs, and how an attempt has failed.
create_database(
	'shop', qq{
	ALTER DATABASE shop SET migrate.environment = 'test';
	CREATE ROLE app LOGIN;
	CREATE ROLE deployer SUPERUSER LOGIN;
	$GATES
	SELECT migrate_register('1', 'one', 'CREATE TABLE one ()');
	SELECT migrate_register('2', 'two', 'SELECT gate(1); CREATE TABLE two ()');
	SELECT migrate_register('3', 'three', 'SELECT 1/0 AS secret');});
my $shut = hold_session($node, 'shop', 'SELECT pg_advisory_lock(1)');
my $deploy = do {
	local $ENV{PGUSER} = 'deployer';
	start_psql($node, 'shop', 'release 7', 'CALL migrate_deploy()');
};
$node->poll_query_until('shop',
	q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted})
  or die 'the deployment does not get to the gate';
my $waiter = start_psql($node, 'shop', 'app', 'SET SESSION AUTHORIZATION app',
	q{CALL migrate_wait_for('2', '10 minutes', 'shop', 'test')}, 'SELECT version FROM migrate_current() v(version)');
wait_for_waiters($node, 'shop', 1);
usleep(300_000);
$shut->query_safe('SELECT pg_advisory_unlock(1)');
isnt(finish_session($deploy), 0, 'the deployment fails at its last migration');
is(finish_session($waiter), 0, 'what was waited for has come before');
is($waiter->{out}, "2\n", '... when the call returned');
is(scalar(() = $waiter->{err} =~ /NOTICE/g), 1, 'it says once that it waits');
like(
	$waiter->{err},
	qr/NOTICE: .*waiting for version "2"\nDETAIL:  Database "shop", environment "test", project "default", current version 1\. Pid \d+ \(role deployer, application "release 7"\) is running migrations since \d\d:\d\d:\d\d: migrate: \[2\/3\] 2_two, up script, statement 1 of 2\.\n/,
	'... for what, and who is at it');
my ($out, $err) = verbose_psql($node, 'shop', q{SET SESSION AUTHORIZATION app; CALL migrate_wait_for('3', '100 ms')});
like(
	$err,
	qr/ERROR:  MG009: version "3" was not applied within 100 ms\nDETAIL:  Database "shop", environment "test", project "default", current version 2\. Nobody is running migrations\. The last attempt failed: apply of version 3, SQLSTATE 22012, at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\./,
	'a timeout tells that the last attempt has failed');
unlike($err, qr/secret|division/, '... without its texts');
my $start = time;
verbose_psql($node, 'shop', q{CALL migrate_wait_for('3', '1500 ms')});
cmp_ok(time - $start, '>=', 1.5, 'a timeout is not too short');
cmp_ok(time - $start, '<', 5, '... nor too long');
$shut->quit;

# Many wait while a deployment runs: each for its version and no longer.
my $half = int($MIGRATIONS / 2);
create_database(
	'many', qq{
	$GATES
	SELECT count(migrate_register(i::text, 'table', format('CREATE TABLE t%s ()', i),
		   CASE WHEN i = $half THEN NULL END))
	  FROM generate_series(1, $MIGRATIONS) i WHERE i <> $half;
	SELECT migrate_register('$half', 'index', 'CREATE INDEX CONCURRENTLY item_slow ON item (slow(id)); CREATE TABLE t$half ()');});
my @waiters = map {
	my $version = 1 + $_ % $MIGRATIONS;
	start_psql($node, 'many', "app $_", "CALL migrate_wait_for('$version')",
		"SELECT to_regclass('t$version')")
} 1 .. $WAITERS;
wait_for_waiters($node, 'many', $WAITERS);
is($node->safe_psql('many', $HARM), '0|0|f', "$WAITERS sessions that wait have no snapshot, lock or old transaction");
$shut = hold_session($node, 'many', 'SELECT pg_advisory_lock(1)');
$start = time;
$deploy = start_psql($node, 'many', 'deployer', 'CALL migrate_deploy()');
my $early = $WAITERS / $MIGRATIONS * ($half - 1);
wait_for_waiters($node, 'many', $WAITERS - $early);
is( $node->safe_psql('many', 'SELECT migrate_current()'),
	$half - 1, "the deployment is at an index, $early sessions have gone on");
note(sprintf('after %.2f s', time - $start));
is($node->safe_psql('many', $HARM), '0|0|f', 'the others wait as before');
$shut->query_safe('SELECT pg_advisory_unlock(1)');
is(finish_session($deploy), 0, 'the deployment ends beside them') or diag($deploy->{err});
my $deployed = time;
is(scalar(grep { finish_session($_) == 0 } @waiters), $WAITERS, 'all sessions go on');
my $late = time - $deployed;
note(sprintf('the last did %.2f s after the deployment', $late));
cmp_ok($late, '<', 5, '... soon after it');
is_deeply(
	[ map { $_->{out} } @waiters ],
	[ map { 't' . (1 + $_ % $MIGRATIONS) . "\n" } 1 .. $WAITERS ],
	'... and each has what it has waited for');
$shut->quit;
is($node->safe_psql('many', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
	0, 'no advisory lock is left');

# How it ends otherwise.
create_database('other', q{SELECT migrate_register('1', 'one', 'CREATE TABLE one ()')});
my $CALL = q{CALL migrate_wait_for('1')};
$waiter = start_psql($node, 'other', 'app', $CALL);
wait_for_waiters($node, 'other', 1);
$waiter->{run}->kill_kill;
$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'other'})
  or die 'the backend of a killed client does not end';
pass('a session whose client was killed ends');

foreach my $how ('cancel', 'terminate')
{
	$waiter = start_psql($node, 'other', 'app', $CALL);
	wait_for_waiters($node, 'other', 1);
	$node->safe_psql('postgres',
		qq{SELECT pg_${how}_backend(pid) FROM pg_stat_activity WHERE datname = 'other'});
	isnt(finish_session($waiter), 0, "$how: the call fails");
	like($waiter->{err}, $how eq 'cancel' ? qr/ERROR:  57014/ : qr/FATAL:  57P01/, "$how: ... and says so");
}

$waiter = start_psql($node, 'other', 'app', $CALL);
wait_for_waiters($node, 'other', 1);
$start = time;
$node->restart;
cmp_ok(time - $start, '<', 10, 'a restart of the server does not wait for who waits');
isnt(finish_session($waiter), 0, '... whose call fails');
like($waiter->{err}, qr/FATAL:  57P01/, '... and says so');
$waiter = start_psql($node, 'other', 'app', $CALL, q{SELECT to_regclass('one')});
wait_for_waiters($node, 'other', 1);
$node->stop('immediate');
isnt(finish_session($waiter), 0, 'so does one whose server crashes');
$node->start;
$waiter = start_psql($node, 'other', 'app', $CALL, q{SELECT to_regclass('one')});
wait_for_waiters($node, 'other', 1);
$node->safe_psql('other', 'SELECT migrate_apply()');
is(finish_session($waiter), 0, 'called again, it waits on') or diag($waiter->{err});
is($waiter->{out}, "one\n", '... for what then comes');

# A name and a template: the same database, and another one.
($out, $err) = verbose_psql($node, 'other', q{SELECT migrate_require('1', 'shop', 'production')});
like($err, qr/ERROR:  MG025: this is database "other", not "shop"; an environment without a label, not "production"/,
	'another database is not what was required');
is($node->safe_psql('shop', q{SELECT migrate_require('1', 'shop', 'test', (SELECT system_identifier FROM migrate_identity()))}),
	't', 'this one is');

# A database without the extension.
$node->safe_psql('postgres', 'CREATE DATABASE empty');
($out, $err) = verbose_psql($node, 'empty', q{CALL migrate_wait_for('1', '1 s')});
like($err, qr/ERROR:  42883: procedure migrate_wait_for\(unknown, unknown\) does not exist/,
	'without the extension there is an error of its own');

# On a standby, which nothing is written to, and where whoever has a snapshot
# would hold up replication.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = -1\nhot_standby_feedback = on\n");
$standby->start;
create_database('replica', q{
	CREATE TABLE item AS SELECT i FROM generate_series(1, 1000) i;
	SELECT migrate_register('1', 'one', 'CREATE TABLE one ()'), migrate_register('2', 'two', 'CREATE TABLE two ()'),
		   migrate_register('3', 'three', 'CREATE TABLE three ()')});
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
my $feedback = q{SELECT count(*) FILTER (WHERE backend_xmin IS NOT NULL) FROM pg_stat_replication};
($out, $err) = verbose_psql($standby, 'replica', q{CALL migrate_wait_for('1', '200 ms', 'other')});
like($err, qr/ERROR:  MG025/, 'a standby knows which database it is');
($out, $err) = verbose_psql($standby, 'replica', q{CALL migrate_wait_for('1', '200 ms')});
like($err, qr/NOTICE: .*\nDETAIL: .* This is a standby, which gets it from its primary\..*ERROR:  MG009/s,
	'... and that its primary must bring the version');
$waiter = start_psql($standby, 'replica', 'app', $CALL, q{SELECT to_regclass('one')});
my $second = start_psql($standby, 'replica', 'app', q{CALL migrate_wait_for('3')}, q{SELECT to_regclass('three')});
wait_for_waiters($standby, 'replica', 2);
is($standby->safe_psql('replica', $HARM), '0|0|f', 'who waits there has no snapshot, lock or old transaction');
$node->safe_psql('replica', 'UPDATE item SET i = -i; DELETE FROM item WHERE i % 2 = 0');
$node->safe_psql('replica', 'VACUUM (FREEZE) item');
$node->safe_psql('replica', 'VACUUM (FULL) item');
$node->safe_psql('replica', 'DROP TABLE item');
$start = time;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
cmp_ok(time - $start, '<', 10, 'what removes rows and tables is replayed beside it');
$node->safe_psql('replica', q{SELECT migrate_apply('2')});
is(finish_session($waiter), 0, 'the call returns when the version is replayed') or diag($waiter->{err});
is($waiter->{out}, "one\n", '... with what it has brought');
is($standby->safe_psql('replica', q{SELECT migrate_require('2', 'replica')}), 't', '... to migrate_require() too');
wait_for_waiters($standby, 'replica', 1);
$standby->promote;
wait_for_waiters($standby, 'replica', 1);
$standby->safe_psql('replica', 'CALL migrate_deploy()');
is(finish_session($second), 0, 'one goes on to wait beyond the promotion') or diag($second->{err});
is($second->{out}, "three\n", '... for what the new primary applies itself');
$standby->stop;

# Through a pooler, where a connection is everybody's: more clients than those
# it has, and each wait leaves it as it was.
SKIP:
{
	my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin', '/sbin';

	skip 'pgbouncer is not installed', 6 unless defined $pgbouncer;
	create_database('pooled', q{
		SELECT count(migrate_register(i::text, 'table', format('CREATE TABLE t%s ()', i))) FROM generate_series(1, 4) i});
	my $directory = PostgreSQL::Test::Utils::tempdir_short();
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	append_to_file(
		"$directory/pgbouncer.ini", qq{[databases]
pooled = host=@{[ $node->host ]} port=@{[ $node->port ]} dbname=pooled user=$user
[pgbouncer]
pool_mode = transaction
unix_socket_dir = $directory
listen_port = $port
auth_type = any
max_client_conn = 50
default_pool_size = 6
logfile = $directory/pgbouncer.log
pidfile = $directory/pgbouncer.pid
});
	my $pooler = IPC::Run::start([ $pgbouncer, '-q', "$directory/pgbouncer.ini" ],
		'<', \undef, '>&', "$directory/pgbouncer.out");
	my @psql = ('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', "host=$directory port=$port dbname=pooled user=$user");
	for (1 .. 10 * $TIMEOUT)
	{
		last if -S "$directory/.s.PGSQL.$port";
		$pooler->pump_nb;
		usleep(100_000);
	}

	# twelve wait, four at a time: for 1, then 2, then 3
	my @clients = map {
		my $client = { out => '', err => '' };
		my $version = $_;
		$client->{run} = IPC::Run::start(
			[ @psql, '-c', "CALL migrate_wait_for('$version', '10 minutes', 'pooled')", '-c', "SELECT to_regclass('t$version')" ],
			'<', \undef, '>', \$client->{out}, '2>', \$client->{err}, IPC::Run::timeout($TIMEOUT));
		$client
	} (1, 2, 3) x 4;
	wait_for_waiters($node, 'pooled', 6);
	is( (run_command([ @psql[ 0 .. 3 ], '-d', $node->connstr('pooled'), '-c', 'CALL migrate_deploy()' ]))[1] =~ tr/\n//,
		3, 'the deployment has its four migrations told');
	is(scalar(grep { finish_session($_) == 0 } @clients), 12, 'all go on');
	is(join('', map { $_->{out} } @clients), "t1\nt2\nt3\n" x 4, '... each with what it has waited for');
	($out, $err) = run_command([ @psql, '-c', q{CALL migrate_wait_for('9', '50 ms')} ]);
	like($err, qr/ERROR:  version "9" was not applied within 50 ms/, 'a timeout comes through');
	is( (run_command([ @psql, '-c', q{BEGIN; CALL migrate_wait_for('1'); COMMIT} ]))[1] =~ /cannot run inside a transaction block/,
		1, '... and so does a refusal');
	is($node->safe_psql('pooled', q{SELECT count(*) FROM pg_stat_activity
		 WHERE datname = current_database() AND pid <> pg_backend_pid() AND (state <> 'idle' OR backend_xmin IS NOT NULL)}),
		0, 'the connections of the pool are as they were');
	$pooler->kill_kill;
}

$node->stop;
done_testing();
