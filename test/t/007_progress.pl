# What others see of a run while it is going on: in pg_stat_activity, in
# migrate_lock_holder, and in the notice to whoever has to wait.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

$ENV{PGCLIENTENCODING} = 'UTF8';

my $node = PostgreSQL::Test::Cluster->new('progress');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
my $me = $node->safe_psql('postgres', 'SELECT session_user');
$node->safe_psql('postgres', 'CREATE DATABASE progress');
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION migrate');

# A migration waits at gate(n) while the session $gates has shut it.
$node->safe_psql(
	'progress', q{
	CREATE EXTENSION migrate;
	CREATE FUNCTION gate(n int) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_advisory_lock_shared(n);
		PERFORM pg_advisory_unlock_shared(n);
	END $$;
	CREATE ROLE reader LOGIN;
	CREATE ROLE nobody LOGIN;
	CREATE ROLE deployer LOGIN;
	GRANT CREATE ON SCHEMA public TO deployer;
	GRANT SELECT ON migrate_status, migrate_history, migrate_lock_holder TO reader;
	GRANT EXECUTE ON FUNCTION migrate_pending(), migrate_plan(text), migrate_verify_log(), migrate_lock_holders() TO reader;
	GRANT SELECT ON migrate_status, migrate_history, migrate_lock_holder TO deployer;
	GRANT EXECUTE ON FUNCTION migrate_register(text, text, text, text, text, text[]), migrate_register_file(text, text),
		migrate_unregister(text), migrate_new(text, text), migrate_pending(), migrate_plan(text), migrate_script(text),
		migrate_apply(text), migrate_rollback(text), migrate_lock_holders(), migrate_verify_log() TO deployer});

my $gates = $node->background_psql('progress');

sub shut_gates
{
	$gates->query_safe("SELECT pg_advisory_lock($_)") foreach @_;
}

sub open_gate
{
	my ($n) = @_;

	$gates->query_safe("SELECT pg_advisory_unlock($n)");
}

# A session that is there before, during and after its commands; its pid.
sub connect_as
{
	my ($role, $application) = @_;

	local $ENV{PGAPPNAME} = $application;
	my $session = $node->background_psql('progress',
		on_error_stop => 0, extra_params => [ '-U', $role ]);
	# what is left on stderr would be taken for an error of the next command
	$session->query_safe('SET client_min_messages = warning');
	return ($session, scalar $session->query_safe('SELECT pg_backend_pid()'));
}

# Gives a session a command without waiting for its end.
sub send_command
{
	my ($session, $command) = @_;

	$session->query_until(qr/^sent$/m, "\\echo sent\n$command;\n");
}

sub start_session
{
	return start_psql($node, 'progress', @_);
}

sub psql
{
	my ($role, $sql) = @_;

	return verbose_psql($node, 'progress', $sql,
		extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ]);
}

sub superuser
{
	my ($sql) = @_;

	return $node->safe_psql('progress', $sql);
}

# A command as it was given, whatever the helpers put after it.
sub command
{
	return $_[0] =~ s/\s*;\z//r;
}

# Waits for a session to wait for a gate, and says what it shows then.
sub activity_at_gate
{
	my ($pid, $n) = @_;

	$node->poll_query_until(
		'progress', "SELECT count(*) = 1 FROM pg_locks
		 WHERE locktype = 'advisory' AND objsubid = 1 AND objid = $n AND pid = $pid AND NOT granted")
	  or die "$pid did not get to gate $n";
	return command(superuser("SELECT query FROM pg_stat_activity WHERE pid = $pid AND state = 'active'"));
}

# Waits for a session to have nothing to do, and says what it did last.
sub activity_when_idle
{
	my ($pid, $state) = @_;

	$node->poll_query_until('progress',
		"SELECT state = '" . ($state // 'idle') . "' FROM pg_stat_activity WHERE pid = $pid")
	  or die "$pid is not idle";
	return command(superuser("SELECT query FROM pg_stat_activity WHERE pid = $pid"));
}

my $HOLDER = 'SELECT project, pid, role, application, doing, waiting FROM migrate_lock_holder';

sub nothing_left
{
	my ($test) = @_;

	is(superuser($HOLDER), '', "$test: nobody holds the lock");
	is( superuser(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid <> 1}),
		'0', "$test: no lock of a run is left");
}

# A run, step by step.

superuser(q{
	SELECT migrate_register('1', 'first', 'CREATE TABLE one (id int)');
	SELECT migrate_register('2', 'second', E'CREATE TABLE two (id int);\nSELECT gate(2);\nINSERT INTO two VALUES (1)',
		'DROP TABLE two', 'SELECT gate(3)');
	SELECT migrate_register('3', 'third', 'CREATE TABLE three (id int)', 'DROP TABLE three')});
is(superuser($HOLDER), '', 'nobody runs migrations');
shut_gates(2 .. 3);
my $APPLY = 'SELECT count(*) AS "a secret" FROM migrate_apply()';
my ($runner, $pid) = connect_as('deployer', 'deploy job');
send_command($runner, $APPLY);

my $doing = 'migrate: [2/3] 2_second, up script, statement 2 of 3';
is(activity_at_gate($pid, 2), $doing, 'pg_stat_activity shows which statement runs');
is(superuser($HOLDER), "default|$pid|deployer|deploy job|$doing|0", 'migrate_lock_holder shows who runs it');
is( superuser(q{
		SELECT h.since = a.xact_start, h.client_addr IS NOT DISTINCT FROM a.client_addr
		  FROM migrate_lock_holder h JOIN pg_stat_activity a USING (pid)}),
	't|t', '... since when, and from where');
is( superuser(qq{
		SELECT count(*) FROM pg_locks
		 WHERE locktype = 'advisory' AND pid = $pid AND granted AND mode = 'ExclusiveLock'
		   AND (classid::bigint << 32) | objid::bigint = migrate_lock_key('default')}),
	'1', '... by the lock with the key of migrate_lock_key()');
is($node->safe_psql('other', 'SELECT count(*) FROM migrate_lock_holder'), '0',
	'... and in another database nobody does');
is(superuser('SELECT version, state FROM migrate_status'), "1|pending\n2|pending\n3|pending",
	'nothing is applied yet');

# Somebody has to wait.

my $waiter = start_session('second job', 'SELECT version FROM migrate_apply()');
ok($node->poll_query_until('progress', 'SELECT waiting = 1 FROM migrate_lock_holder'),
	'migrate_lock_holder shows that somebody waits');
my $row = "default|$pid|deployer|deploy job|$doing|1";
is(superuser($HOLDER), $row, '... and who runs it, as before');
is( superuser(q{
		SELECT query, wait_event_type, wait_event FROM pg_stat_activity WHERE application_name = 'second job'}),
	'SELECT version FROM migrate_apply()|Lock|advisory', 'who waits shows just that');
IPC::Run::pump($waiter->{run}) while $waiter->{err} !~ /^DETAIL:.*\n/m;
like($waiter->{err}, qr/^NOTICE:  .*waiting for another run of project "default" to end$/m,
	'who waits is told so');
my $told = qr/pid $pid \(role deployer, application "deploy job", address local\) since \d\d:\d\d:\d\d: \Q$doing\E\./;
like($waiter->{err}, qr/^DETAIL:  It is held by $told$/m, '... and for whom, and what that does');
my ($out, $err) = psql($me, 'SET migrate.lock_wait = 0; SELECT migrate_apply()');
like($err, qr/ERROR:  55P03: another run of project "default" is going on\nDETAIL:  It is held by $told\n/,
	'who does not want to wait is told as well');
unlike($err, qr/NOTICE/, '... once');
($out, $err) = psql($me, q{SET migrate.lock_wait = '10ms'; SELECT migrate_mark('1', 'for a test')});
like($err, qr/ERROR:  55P03: another run of project "default" did not end within 10 ms\nDETAIL:  It is held by $told\n/,
	'who waits no longer is told again');
is(superuser($HOLDER), $row, '... and is not waiting any more');

# Another one waits, until it is cancelled.
my ($third, $third_pid) = connect_as('deployer', 'third job');
send_command($third, q{SELECT migrate_unregister('99')});
ok($node->poll_query_until('progress', 'SELECT waiting = 2 FROM migrate_lock_holder'), 'another one waits');
superuser("SELECT pg_cancel_backend($third_pid)");
ok($node->poll_query_until('progress', 'SELECT waiting = 1 FROM migrate_lock_holder'), '... until it is cancelled');
is(activity_when_idle($third_pid), q{SELECT migrate_unregister('99')}, '... and shows its own command');

# What roles see that are no superusers.

is(psql('reader', $HOLDER), $row, 'a reader sees the same');
is(psql('reader', "SELECT query FROM pg_stat_activity WHERE pid = $pid"),
	'<insufficient privilege>', '... but not the activity of the session itself');
is(psql('deployer', $HOLDER), $row, 'so does a deployer');
($out, $err) = psql('nobody', $HOLDER);
like($err, qr/ERROR:  42501: permission denied for view migrate_lock_holder/, 'nobody else does');
($out, $err) = psql('nobody', 'SELECT * FROM migrate_lock_holders()');
like($err, qr/ERROR:  42501: permission denied for function migrate_lock_holders/, '... through the function either');

# Another project does not wait, and is told apart.

superuser(q{SET migrate.project = 'shop'; SELECT migrate_register('1', 'shop', 'SELECT 1; SELECT gate(12)')});
shut_gates(12);
my ($shop, $shop_pid) = connect_as($me, 'shop job');
$shop->query_safe(q{SET migrate.project = 'shop'});
send_command($shop, 'SELECT version FROM migrate_apply()');
my $shop_doing = 'migrate: [1/1] 1_shop, up script, statement 2 of 2';
is(activity_at_gate($shop_pid, 12), $shop_doing, 'another project runs at the same time');
is(superuser("SET migrate.project = 'shop'; $HOLDER ORDER BY project"),
	"$row\nshop|$shop_pid|$me|shop job|$shop_doing|0", 'its own sessions see both');
is(superuser("$HOLDER ORDER BY project"),
	"$row\nshop|$shop_pid|$me|shop job|$shop_doing|0", '... and so do others, although it has never run before');
open_gate(12);
is(activity_when_idle($shop_pid), 'SELECT version FROM migrate_apply()', '... and it ends first');
is(superuser($HOLDER), $row, '... and leaves the other');
$shop->quit;

# The verify script, and the end.

open_gate(2);
$doing = 'migrate: [2/3] 2_second, verify script, statement 1 of 1';
is(activity_at_gate($pid, 3), $doing, 'pg_stat_activity shows the verify script');
is(superuser($HOLDER), "default|$pid|deployer|deploy job|$doing|1", '... and migrate_lock_holder too');
open_gate(3);
is(activity_when_idle($pid), $APPLY, 'after the run its session shows its own command');
is(finish_session($waiter), 0, 'who waited goes on');
is($waiter->{out}, '', '... and finds nothing left to do');
unlike($waiter->{err}, qr/ERROR|WARNING/, '... and nothing to complain about');
nothing_left('after the run');
is(superuser('SELECT version, state FROM migrate_status'), "1|applied\n2|applied\n3|applied",
	'all is applied');

# A run in a transaction that goes on.

superuser(q{SELECT migrate_register('4', 'fourth', 'CREATE TABLE four (id int)', 'SELECT 4; SELECT gate(4); DROP TABLE four')});
$runner->query_safe('BEGIN');
$runner->query_safe($APPLY);
is(activity_when_idle($pid, 'idle in transaction'), $APPLY,
	'in a transaction the session shows its own command after the run');
is(superuser($HOLDER), "default|$pid|deployer|deploy job|idle in transaction|0",
	'... and migrate_lock_holder that it is idle');
shut_gates(5);
send_command($runner, q{SELECT 'a secret', gate(5)});
is(activity_at_gate($pid, 5), q{SELECT 'a secret', gate(5)}, 'its own commands are shown as ever');
is(psql('reader', $HOLDER), "default|$pid|deployer|deploy job|active|0", '... but not to a reader');
$waiter = start_session('second job', 'SELECT version FROM migrate_apply()');
ok($node->poll_query_until('progress', 'SELECT waiting = 1 FROM migrate_lock_holder'), 'somebody waits');
open_gate(5);
activity_when_idle($pid, 'idle in transaction');
$runner->query_safe('COMMIT');
is(finish_session($waiter), 0, '... until the commit');
is($waiter->{out}, '', '... and finds nothing left to do');
nothing_left('after the transaction');

# The rest of the command after a run shows the command again.

superuser(q{SELECT migrate_register('5', 'fifth', 'SELECT gate(6)', 'SELECT 5')});
shut_gates(6 .. 7);
my $DO = q{DO $$BEGIN PERFORM migrate_apply(); PERFORM gate(7); END$$};
send_command($runner, $DO);
is(activity_at_gate($pid, 6), 'migrate: [1/1] 5_fifth, up script, statement 1 of 1', 'a run from a function');
open_gate(6);
is(activity_at_gate($pid, 7), $DO, '... shows the command again when the run has ended');
is(superuser($HOLDER), "default|$pid|deployer|deploy job|active|0", '... with the lock still held');
open_gate(7);
is(activity_when_idle($pid), $DO, '... and when all has');
nothing_left('after the function');

# Rollback.

shut_gates(4);
send_command($runner, q{SELECT migrate_rollback('3')});
$doing = 'migrate: [2/2] 4_fourth, down script, statement 2 of 3';
is(activity_at_gate($pid, 4), $doing, 'pg_stat_activity shows a down script');
is(superuser($HOLDER), "default|$pid|deployer|deploy job|$doing|0", '... and migrate_lock_holder too');
open_gate(4);
is(activity_when_idle($pid), q{SELECT migrate_rollback('3')}, '... and the command when it has ended');
nothing_left('after the rollback');

# Errors.

superuser(q{
	SELECT migrate_unregister('4');
	SELECT migrate_unregister('5');
	SELECT migrate_register('6', 'sixth', 'SELECT gate(8); SELECT 1/0')});
shut_gates(8);
send_command($runner, $APPLY);
is(activity_at_gate($pid, 8), 'migrate: [1/1] 6_sixth, up script, statement 1 of 2', 'a run that will fail');
open_gate(8);
is(activity_when_idle($pid), $APPLY, '... shows the command when it has failed');
is(superuser(q{SELECT version, sqlstate FROM migrate_history WHERE outcome = 'failed'}), '6|22012',
	'... as it did');
nothing_left('after an error');

shut_gates(9);
$DO = q{DO $$BEGIN PERFORM migrate_apply(); EXCEPTION WHEN division_by_zero THEN PERFORM gate(9); END$$};
send_command($runner, $DO);
is(activity_at_gate($pid, 9), $DO, 'a handler of the error shows the command again');
nothing_left('in the handler');
open_gate(9);
activity_when_idle($pid);

superuser(q{SELECT migrate_register('6', 'sixth', 'SELECT 1', NULL, 'SELECT false')});
$runner->query($APPLY);
is(activity_when_idle($pid), $APPLY, 'so does a session whose verify script has failed');
nothing_left('after a verify script');

superuser(q{SELECT migrate_register('6', 'sixth', 'CREATE TABEL six ()')});
$runner->query($APPLY);
is(activity_when_idle($pid), $APPLY, '... or whose script cannot be parsed');
nothing_left('after a script that cannot be parsed');

superuser(q{SELECT migrate_register('6', 'sixth', 'SELECT gate(10)')});
shut_gates(10);
send_command($runner, $APPLY);
activity_at_gate($pid, 10);
superuser("SELECT pg_cancel_backend($pid)");
is(activity_when_idle($pid), $APPLY, '... or one that was cancelled');
nothing_left('after a cancel');

$runner->query('BEGIN');
send_command($runner, $APPLY);
activity_at_gate($pid, 10);
superuser("SELECT pg_cancel_backend($pid)");
is(activity_when_idle($pid, 'idle in transaction (aborted)'), $APPLY, '... in a transaction');
nothing_left('in the aborted transaction');
$runner->query('ROLLBACK');

send_command($runner, $APPLY);
activity_at_gate($pid, 10);
superuser("SELECT pg_terminate_backend($pid)");
ok($node->poll_query_until('progress', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid"),
	'a session that is terminated ends');
nothing_left('after its end');
$runner->{run}->finish;
open_gate(10);

# Names that do not fit are cut between two letters.

superuser(q{SELECT migrate_unregister('6')});
($runner, $pid) = connect_as('deployer', 'long names');
shut_gates(11);
foreach my $prefix ('', 'x')
{
	superuser(qq{SELECT migrate_register('7', '$prefix' || repeat('ä', 150), 'SELECT gate(11)')});
	send_command($runner, $APPLY);
	like(activity_at_gate($pid, 11), qr/^migrate: \[1\/1\] 7_${prefix}ä.*, up script, statement 1 of 1$/,
		"a long name that begins with \"$prefix\" is cut");
	# what is broken within a letter is an error here
	is(psql($me, q{
			SELECT convert_from(convert_to(doing, 'UTF8'), 'UTF8') = doing FROM migrate_lock_holder}),
		't', '... between two letters');
	superuser("SELECT pg_cancel_backend($pid)");
	activity_when_idle($pid);
	superuser(q{SELECT migrate_unregister('7')});
}
open_gate(11);
$runner->quit;
$third->quit;
$gates->quit;

ok( $node->poll_query_until('progress', q{SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'}),
	'no lock is left at all');
is(superuser('SELECT * FROM migrate_verify_log()'), '', 'the log verifies');

$node->stop;
done_testing();
