# DDL of a migration that has to wait for someone does not keep others waiting
# behind it for longer than migrate.lock_timeout: pgbench measures that.

use strict;
use warnings;

use IPC::Run;
use List::Util qw(max);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $TIMEOUT = $PostgreSQL::Test::Utils::timeout_default;

# lock_timeout and what a slow machine may add to it, and how long the
# blocker stays, all in seconds
my $LOCK_TIMEOUT = 0.3;
my $MARGIN = 1.7;
my $BLOCKED = 4;

my $node = PostgreSQL::Test::Cluster->new('lock_queue');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION migrate;
	CREATE ROLE reporter LOGIN;
	CREATE TABLE ran (version text);
	CREATE TABLE account (id int PRIMARY KEY, balance int);
	INSERT INTO account SELECT i, 0 FROM generate_series(1, 100) i;
	GRANT SELECT, UPDATE ON account TO reporter});

my $reader = "$PostgreSQL::Test::Utils::tmp_check/reader.sql";
append_to_file($reader,
	"\\set id random(1, 100)\nSELECT count(*) FROM account WHERE id = :id;\n");

sub value
{
	return $node->safe_psql('postgres', $_[0]);
}

sub register
{
	my ($version, $script) = @_;

	value("SELECT migrate_register('$version', 'm', \$m\$$script\$m\$)");
}

sub wait_until
{
	my ($condition, $what) = @_;

	$node->poll_query_until('postgres', "SELECT $condition")
	  or die "waited in vain until $what";
}

# A session that did something in a transaction that stays open; its pid.
sub open_transaction
{
	my ($command) = @_;

	local $ENV{PGAPPNAME} = 'blocker';
	my $session =
	  $node->background_psql('postgres', extra_params => [ '-U', 'reporter' ]);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');

	$session->query_safe("BEGIN; $command");
	return ($session, $pid);
}

# psql with a deployment under some settings, in the background.
sub start_deploy
{
	my ($settings) = @_;
	my $deploy = { out => '', err => '' };

	local $ENV{PGOPTIONS} = join ' ', map { "-c $_=$settings->{$_}" } sort keys %$settings;
	$deploy->{run} = IPC::Run::start(
		[
			'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose',
			'-d', $node->connstr('postgres'), '-c', 'CALL migrate_deploy()'
		],
		'<', \undef, '>', \$deploy->{out}, '2>', \$deploy->{err},
		IPC::Run::timeout($TIMEOUT));
	return $deploy;
}

sub finish_deploy
{
	my ($deploy) = @_;

	IPC::Run::finish($deploy->{run});
	return IPC::Run::result($deploy->{run}, 0);
}

# Readers of the table until stop_readers(); each transaction is in their log.
my $runs = 0;

sub start_readers
{
	my $readers = { out => '', err => '', prefix =>
		  "$PostgreSQL::Test::Utils::tmp_check/readers" . ++$runs };

	local $ENV{PGAPPNAME} = 'readers';
	$readers->{run} = IPC::Run::start(
		[
			'pgbench', '-n', '-c', '4', '-j', '2', '-T', '3600', '-R', '400',
			'-f', $reader, '--log', "--log-prefix=$readers->{prefix}",
			$node->connstr('postgres')
		],
		'<', \undef, '>', \$readers->{out}, '2>', \$readers->{err},
		IPC::Run::timeout($TIMEOUT));
	wait_until(
		"count(*) = 4 FROM pg_stat_activity WHERE application_name = 'readers' AND query ~ 'account' AND pid <> pg_backend_pid()",
		'the readers read');
	return $readers;
}

# How many transactions they made, and the latency of the slowest in seconds.
sub stop_readers
{
	my ($readers) = @_;
	my @latencies;

	# it writes its logs when all of its clients have failed
	value(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'readers'});
	IPC::Run::finish($readers->{run});
	foreach my $log (glob "$readers->{prefix}.*")
	{
		# client, number, latency and more, in microseconds
		push @latencies, map { (split)[2] / 1e6 } split /\n/, slurp_file($log);
	}
	return (scalar @latencies, max(@latencies));
}

# What is left when the test has gone well.
sub nothing_left
{
	my ($test) = @_;

	is( value(
			q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
		'0', "$test: no lock is left");
}

# A blocker stays for some time; the readers do not.

register('1', "INSERT INTO ran VALUES ('1');\nALTER TABLE account ADD note text;");
my ($blocker, $pid) = open_transaction('SELECT count(*) FROM account');
my $readers = start_readers();
my $start = time;
my $deploy = start_deploy(
	{ 'migrate.lock_timeout' => '300ms', 'migrate.lock_retries' => 1000 });
wait_until(
	q{EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'migrate worker'
			  AND query ~ 'pausing before attempt [4-9] of 1001')},
	'the worker has tried it three times');
usleep(10_000) while time < $start + $BLOCKED;
like(value('SELECT doing FROM migrate_progress'), qr/^\[1\/1\] 1_m, /, 'migrate_progress shows it meanwhile');
is(value('SELECT count(*) FROM ran'), '0', '... and nothing of it is to be seen');
my $blocked = time - $start;
$blocker->query_safe('COMMIT');
my $code = finish_deploy($deploy);
my ($n, $worst) = stop_readers($readers);

note(sprintf('%d reads in front of an ALTER TABLE that waited for %.1f s: the slowest took %.3f s',
		$n, $blocked, $worst));
is($code, 0, 'the migration succeeds when the blocker has left') or diag($deploy->{err});
is(value('SELECT count(*), count(note) FROM ran CROSS JOIN account'), '100|0', '... once');
cmp_ok($worst, '<', $LOCK_TIMEOUT + $MARGIN,
	'no reader waits for longer than lock_timeout, give or take');
cmp_ok($n, '>', 200, '... of very many');
like($deploy->{err},
	qr/^NOTICE:  00000: migration 1_m, line 2, statement 2: did not get a lock in time; attempt 2 of 1001 in \d+\.\d s$/m,
	'a notice says that it is tried again');
like($deploy->{err},
	qr/^DETAIL:  In the way: (pid \d+ \(.*\); )?pid $pid \(role reporter, application "blocker", idle in transaction, query for [0-9:]+, transaction for [0-9:]+, holds AccessShareLock on (public\.)?account\)/m,
	'... and who is in the way: pid, role, since when, and what it holds');
unlike($deploy->{err}, qr/SELECT count/, '... but not the text of its query');
is(value(q{SELECT count(*) FROM migrate_history WHERE outcome = 'failed'}),
	'0', 'attempts that are repeated are not failures');
is(value('SELECT state, steps_done FROM migrate_jobs'), 'done|1', 'the job is done');
nothing_left('retried');

# Without a timeout they would: this can be seen with the same means.

register('2', 'ALTER TABLE account ADD other text');
($blocker) = open_transaction('SELECT count(*) FROM account');
$readers = start_readers();
$deploy = start_deploy({ 'migrate.lock_timeout' => 0 });
wait_until(
	q{count(*) = 4 FROM pg_stat_activity WHERE application_name = 'readers' AND wait_event_type = 'Lock'},
	'all readers wait');
usleep(($LOCK_TIMEOUT + $MARGIN) * 1e6);
$blocker->query_safe('COMMIT');
is(finish_deploy($deploy), 0, 'migrate.lock_timeout = 0 waits for as long as it takes');
($n, $worst) = stop_readers($readers);
cmp_ok($worst, '>', $LOCK_TIMEOUT + $MARGIN, '... and the readers with it');

# The retries are used up.

register('3', "INSERT INTO ran VALUES ('3');\nALTER TABLE account ADD third text;");
($blocker, $pid) = open_transaction('SELECT count(*) FROM account');
$deploy = start_deploy({ 'migrate.lock_timeout' => '100ms', 'migrate.lock_retries' => 2 });
is(finish_deploy($deploy), 1, 'it gives up after migrate.lock_retries');
like($deploy->{err}, qr/^ERROR:  55P03: canceling statement due to lock timeout$/m,
	'... with the error that the server raised');
like($deploy->{err}, qr/^DETAIL:  In the way: pid $pid \(role reporter, application "blocker", idle in transaction, .*holds AccessShareLock on (public\.)?account\)/m,
	'... and with who was in the way');
like($deploy->{err}, qr/^CONTEXT:  migration 3_m, up script, line 2, statement 2$/m,
	'... and where');
is(scalar(() = $deploy->{err} =~ /^NOTICE: .*did not get a lock in time; attempt/mg),
	2, '... after a notice for each of the other attempts');
is(value(q{SELECT count(*) FROM ran WHERE version = '3'}), '0', 'nothing of it is kept');
is( value(q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'account'::regclass AND attname = 'third'}),
	'0', '... not even the column');
is( value(q{SELECT state FROM migrate_status WHERE version = '3'}), 'failed', 'its state is failed');
like( value(q{
		SELECT sqlstate, line, statement_no, detail FROM migrate_history
		 WHERE outcome = 'failed' AND version = '3'}),
	qr/^55P03\|2\|2\|In the way: pid $pid /, 'the history knows why');
nothing_left('given up');
$blocker->query_safe('COMMIT');
is(finish_deploy(start_deploy({})), 0, 'the next call succeeds');
is(value(q{SELECT count(*) FROM ran WHERE version = '3'}), '1', '... and does it once');

# Whoever waits for a row is not in front of anybody, and waits on.

register('4', "UPDATE account SET balance = balance + 1 WHERE id = 1; INSERT INTO ran VALUES ('4')");
($blocker) = open_transaction('UPDATE account SET balance = 10 WHERE id = 1');
$deploy = start_deploy({ 'migrate.lock_timeout' => '50ms', 'migrate.lock_retries' => 0 });
wait_until(
	q{EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
			  WHERE backend_type = 'migrate worker' AND locktype = 'transactionid' AND NOT granted
				AND clock_timestamp() - waitstart > '500ms')},
	'the worker has waited ten times as long');
$blocker->query_safe('COMMIT');
is(finish_deploy($deploy), 0, 'DML that waits for a row is not cut off by migrate.lock_timeout')
  or diag($deploy->{err});
unlike($deploy->{err}, qr/did not get a lock/, '... and was not tried twice');
is(value('SELECT balance FROM account WHERE id = 1'), '11', '... and sees what it waited for');

# ... but its session's own lock_timeout holds for it.

register('5', "UPDATE account SET balance = balance + 1 WHERE id = 1; INSERT INTO ran VALUES ('5')");
($blocker, $pid) = open_transaction('UPDATE account SET balance = 20 WHERE id = 1');
$deploy = start_deploy({ 'lock_timeout' => '50ms', 'migrate.lock_retries' => 0 });
is(finish_deploy($deploy), 1, 'the lock_timeout of the session is for DML');
like($deploy->{err}, qr/^ERROR:  55P03: canceling statement due to lock timeout$/m, '... and cuts it off');
$blocker->query_safe('ROLLBACK');
is(finish_deploy(start_deploy({})), 0, '... until the row is free');

# What the script sets itself wins, in either direction.

register('6', "SET LOCAL lock_timeout = 0;\nALTER TABLE account ADD sixth text;\nINSERT INTO ran VALUES ('6');");
($blocker) = open_transaction('SELECT count(*) FROM account');
$deploy = start_deploy({ 'migrate.lock_timeout' => '50ms', 'migrate.lock_retries' => 0 });
wait_until(
	q{EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
			  WHERE backend_type = 'migrate worker' AND locktype = 'relation' AND NOT granted
				AND clock_timestamp() - waitstart > '500ms')},
	'the worker has waited ten times as long');
$blocker->query_safe('COMMIT');
is(finish_deploy($deploy), 0, 'a script that sets lock_timeout = 0 waits') or diag($deploy->{err});
is(value(q{SELECT count(*) FROM ran WHERE version = '6'}), '1', '... and is done');

foreach my $command ('ALTER TABLE account ADD seventh text', 'UPDATE account SET balance = 0 WHERE id = 1')
{
	register('7', "SET lock_timeout = '50ms';\n$command;\nINSERT INTO ran VALUES ('7');");
	($blocker) = open_transaction('UPDATE account SET balance = 30 WHERE id = 1');
	$deploy = start_deploy({ 'migrate.lock_timeout' => '1h', 'migrate.lock_retries' => 0 });
	is(finish_deploy($deploy), 1, "a script that sets a short lock_timeout does not wait: $command");
	like($deploy->{err}, qr/^ERROR:  55P03: .*\bmigration 7_m, up script, line 2, statement 2$/ms,
		'... and fails there');
	$blocker->query_safe('ROLLBACK');
}
is(finish_deploy(start_deploy({})), 0, 'it is free to go on');
is(value('SELECT current_setting(\'lock_timeout\'), count(*) FROM migrate_status WHERE state <> \'applied\''),
	'0|0', 'all is applied in the end');
nothing_left('in the end');

$node->stop;
done_testing();
