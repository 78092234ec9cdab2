# A second session sees who is running migrations and where the run is, and a
# session that has to wait says for whom.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $TIMEOUT = $PostgreSQL::Test::Utils::timeout_default;

my $node = PostgreSQL::Test::Cluster->new('progress');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->start;
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');

# The second migration waits until the test lets it go.
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION migrate;
	CREATE ROLE watcher LOGIN;
	GRANT SELECT ON migrate_lock_holder TO watcher;
	GRANT EXECUTE ON FUNCTION migrate_lock_holders() TO watcher;
	CREATE TABLE gate (open boolean);
	CREATE FUNCTION wait_at_gate() RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		WHILE NOT EXISTS (SELECT FROM gate) LOOP
			PERFORM pg_sleep(0.02);
		END LOOP;
	END $$;
	SELECT migrate_register('1', 'first', 'CREATE TABLE first (id int)', 'DROP TABLE first');
	SELECT migrate_register('2', 'second', E'CREATE TABLE second ();\nSELECT wait_at_gate();\nSELECT 1;',
							E'DROP TABLE second;\nSELECT wait_at_gate();', 'SELECT true');
	SELECT migrate_register('3', 'third', 'CREATE TABLE third (id int)', 'DROP TABLE third')});

sub start_session
{
	my ($application, @commands) = @_;
	my $session = { out => '', err => '' };

	local $ENV{PGAPPNAME} = $application;
	$session->{run} = IPC::Run::start(
		[
			'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'),
			map { ('-c', $_) } @commands
		],
		'<', \undef, '>', \$session->{out}, '2>', \$session->{err},
		IPC::Run::timeout($TIMEOUT));
	return $session;
}

sub finish_session
{
	my ($session) = @_;

	IPC::Run::finish($session->{run});
	return IPC::Run::result($session->{run}, 0);
}

sub activity
{
	my ($application, $like) = @_;

	return $node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity
		  WHERE application_name = '$application' AND query LIKE '$like'");
}

is($node->safe_psql('postgres', 'SELECT count(*) FROM migrate_lock_holder'), '0', 'nobody is running migrations');

# Up: while it runs, while another waits, and afterwards.

my $call = 'SELECT version FROM migrate_apply()';
my $runner = start_session('my-deploy', $call);
ok(activity('my-deploy', 'migrate: [2/3] 2\_second, up script, statement 2 of 3'),
	'a second session sees where the run is');
my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE application_name = 'my-deploy'});
is( $node->safe_psql(
		'postgres', q{
		SELECT project, pid, role, application, client_addr IS NULL, doing, waiting,
			   since BETWEEN now() - interval '1 hour' AND now() FROM migrate_lock_holder}),
	"default|$pid|$superuser|my-deploy|t|migrate: [2/3] 2_second, up script, statement 2 of 3|0|t",
	'migrate_lock_holder tells who and where');
is( $node->safe_psql(
		'postgres', q{
		SET SESSION AUTHORIZATION watcher;
		SELECT pid, doing FROM migrate_lock_holder;
		SELECT query FROM pg_stat_activity WHERE application_name = 'my-deploy'}),
	"$pid|migrate: [2/3] 2_second, up script, statement 2 of 3\n<insufficient privilege>",
	'... also to a role that must not see queries');
is($node->safe_psql('postgres', q{SELECT migrate_current() IS NULL, to_regclass('first') IS NULL}), 't|t',
	'nothing of the run is there yet');

my $waiter = start_session('waiter', $call);
ok( $node->poll_query_until('postgres', q{SELECT waiting = 1 FROM migrate_lock_holder}),
	'... and how many wait');
is( $node->safe_psql(
		'postgres', q{
		SELECT pg_blocking_pids(pid) = ARRAY[(SELECT h.pid FROM migrate_lock_holder h)], wait_event_type
		  FROM pg_stat_activity WHERE application_name = 'waiter'}),
	't|Lock', 'the server tells for whom as well');
is( $node->safe_psql(
		'postgres', q{
		SELECT classid::bigint << 32 | objid::bigint = migrate_lock_key('default')
		  FROM pg_locks WHERE locktype = 'advisory' AND granted}),
	't', 'the lock is found in pg_locks by its key');
is($node->safe_psql('postgres', q{SET migrate.project = 'other'; SELECT project, pid FROM migrate_lock_holder}),
	"default|$pid", 'a session of another project sees it too');

$node->safe_psql('postgres', 'INSERT INTO gate VALUES (true)');
is(finish_session($waiter), 0, 'the waiting session goes on');
is(finish_session($runner), 0, 'the run ends');
like($waiter->{err}, qr/NOTICE:  waiting for another run of project "default" to end/, 'waiting is told');
like($waiter->{err}, qr/DETAIL: .*pid $pid\b.*role $superuser\b.*"my-deploy"/, '... with the holder');
like($waiter->{err}, qr/DETAIL: .*\[2\/3\] 2_second/, '... and what it is doing');
is($waiter->{out}, '', '... and then nothing is left to do');
like($runner->{out}, qr/^1\n2\n3\n/, 'the run did everything');
like($runner->{err},
	qr/NOTICE:  \[1\/3\] 1_first: 1 statement, \d+ ms\n.*NOTICE:  \[2\/3\] 2_second: 3 statements, \d+ ms\n.*NOTICE:  \[3\/3\] 3_third: 1 statement, \d+ ms/s,
	'a notice a migration');

# One session, looked at from outside, during a run and after it.

$node->safe_psql('postgres', 'DELETE FROM gate');
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query(q{SET application_name = 'session'});
$session->query_until(qr/started/, "\\echo started\nSELECT version FROM migrate_rollback('base');\n\\echo ended\n");
ok(activity('session', 'migrate: [2/3] 2\_second, down script, statement 2 of 2'), 'a rollback is seen as well');
like($node->safe_psql('postgres', 'SELECT doing FROM migrate_lock_holder'), qr/2_second, down script/, '... in the view');
$node->safe_psql('postgres', 'INSERT INTO gate VALUES (true)');
$session->query_until(qr/ended/, '');
ok( $node->poll_query_until(
		'postgres', q{
		SELECT state = 'idle' AND query NOT LIKE 'migrate: %' FROM pg_stat_activity
		 WHERE application_name = 'session'}),
	'after the run the activity is the SQL again');
like($node->safe_psql('postgres', q{SELECT query FROM pg_stat_activity WHERE application_name = 'session'}),
	qr/migrate_rollback/, '... the call itself');
is($node->safe_psql('postgres', 'SELECT count(*) FROM migrate_lock_holder'), '0', 'nobody holds the lock');

# In an explicit transaction the lock stays, and says so.
$session->query('BEGIN');
$session->query(q{SELECT migrate_apply('1')});
is($node->safe_psql('postgres', 'SELECT project, application, doing FROM migrate_lock_holder'),
	'default|session|idle in transaction', 'a transaction that has run something still holds the lock');
$session->query('ROLLBACK');
is($node->safe_psql('postgres', 'SELECT count(*) FROM migrate_lock_holder'), '0', '... until it ends');

# After a failure the activity is the SQL again, too.
$node->safe_psql('postgres', q{SELECT migrate_register('1', 'first', 'SELECT 1/0')});
$session->query('BEGIN; SAVEPOINT s');
$session->query('SELECT migrate_apply() /* fails */');
like($node->safe_psql('postgres', q{SELECT query FROM pg_stat_activity WHERE application_name = 'session'}),
	qr/fails/, 'after a failure the activity is the SQL again');
$session->query('ROLLBACK TO s');
is($node->safe_psql('postgres', 'SELECT count(*) FROM migrate_lock_holder'), '0', '... and ROLLBACK TO frees the lock');
$session->query('COMMIT');

# Nothing pending: no lock is taken at all.
$node->safe_psql('postgres', q{SELECT migrate_unregister('1'); SELECT migrate_apply()});
$session->query('BEGIN');
$session->query('SELECT migrate_apply()');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}), '0',
	'with nothing pending no lock is taken');
$session->query('COMMIT');
$session->quit;

# Two projects at once.
$node->safe_psql(
	'postgres', q{
	DELETE FROM gate;
	SET migrate.project = 'a';
	SELECT migrate_register('1', 'slow', 'SELECT wait_at_gate()');
	SET migrate.project = 'b';
	SELECT migrate_register('1', 'slow', 'SELECT wait_at_gate()')});
my @sessions = map { start_session("project $_", "SET migrate.project = '$_'", 'SELECT migrate_apply()') } 'a', 'b';
ok(activity("project $_", 'migrate: [1/1]%'), "project $_ runs") for 'a', 'b';
is($node->safe_psql('postgres', 'SELECT project, application FROM migrate_lock_holder ORDER BY 1'),
	"a|project a\nb|project b", 'two projects run side by side, and both are shown');
$node->safe_psql('postgres', 'INSERT INTO gate VALUES (true)');
is(finish_session($_), 0, 'one of them ends') for @sessions;

# Another database has a lock of its own.
$node->safe_psql('postgres', 'CREATE DATABASE another');
$node->safe_psql('another', 'CREATE EXTENSION migrate');
$node->safe_psql('postgres', q{DELETE FROM gate; SELECT migrate_register('4', 'slow', 'SELECT wait_at_gate()')});
$runner = start_session('my-deploy', $call);
ok(activity('my-deploy', 'migrate: [1/1]%'), 'a run in one database');
is($node->safe_psql('another', q{SELECT count(*) FROM migrate_lock_holder}), '0', '... is not shown in another');
$node->safe_psql('another', q{
	SET migrate.lock_wait = 0;
	SELECT migrate_register('1', 'one', 'SELECT 1'); SELECT migrate_apply()});
is($node->safe_psql('another', 'SELECT migrate_current()'), '1', '... and does not hold it up');
$node->safe_psql('postgres', 'INSERT INTO gate VALUES (true)');
is(finish_session($runner), 0, 'the run ends');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}), '0', 'no lock is left');

$node->stop;
done_testing();
