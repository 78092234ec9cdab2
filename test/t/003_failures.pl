# What fails is undone, said and remembered: errors in scripts, in explicit
# transactions, without workers; timeouts, cancels, and the end of the client
# or of the server in the middle of a run.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('failures');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;

# A database with the extension, and migrations 1 (works) and 2, which is $script.
sub new_database
{
	my ($name, $script) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql(
		$name, qq{
		CREATE EXTENSION migrate;
		CREATE TABLE pace (seconds float8);
		INSERT INTO pace VALUES (600);
		SELECT migrate_register('1', 'first', 'CREATE TABLE one (id int)');
		SELECT migrate_register('2', 'second', \$m\$$script\$m\$);
		SELECT migrate_register('3', 'third', 'CREATE TABLE three (id int)')});
}

my $SLOW = "CREATE TABLE two (id int);\nSELECT pg_sleep(seconds) FROM pace;\nSELECT 1;\n";

sub psql
{
	return verbose_psql($node, @_);
}

sub start_session
{
	return start_psql($node, @_);
}

sub wait_for_statement
{
	my ($database, $application, $statement) = @_;

	$node->poll_query_until(
		$database, "SELECT count(*) = 1 FROM pg_stat_activity
		 WHERE application_name = '$application' AND query LIKE 'migrate: %statement $statement of %'")
	  or die "$application did not get to statement $statement";
}

sub signal_session
{
	my ($database, $application, $function) = @_;

	$node->safe_psql($database,
		"SELECT $function(pid) FROM pg_stat_activity WHERE application_name = '$application'");
}

# Tables there are, applied versions, locks left, breaks of the log.
sub nothing_left
{
	my ($database, $test) = @_;

	ok( $node->poll_query_until(
			$database, "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'"),
		"$test: no lock is left");
	is( $node->safe_psql(
			$database, q{
			SELECT (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
					 WHERE relname IN ('one', 'two', 'three')),
				   migrate_current(),
				   (SELECT count(*) FROM migrate_status WHERE how IS NOT NULL),
				   (SELECT count(*) FROM migrate_verify_log())}),
		'||0|0',
		"$test: nothing is left");
}

sub failures
{
	my ($database, $columns) = @_;

	return $node->safe_psql($database,
		"SELECT $columns FROM migrate_history WHERE outcome = 'failed' ORDER BY id");
}

sub finish_history
{
	my ($database, $test) = @_;

	$node->safe_psql($database, 'UPDATE pace SET seconds = 0');
	is($node->safe_psql($database, 'SELECT count(*) FROM migrate_apply()'),
		'3', "$test: the next call works");
	is( $node->safe_psql(
			$database, 'SELECT state, count(*) FROM migrate_status GROUP BY 1;
			SELECT * FROM migrate_verify_log()'),
		'applied|3', "$test: and completes the history");
}

# A script with an error on line 14 of its file.

my $file = <<'SQL';
-- migrate:up
CREATE TABLE größe (id int, note text);
/* a comment /* inside of another; with 'quotes" */
   and ümläuts */
CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS $body$
BEGIN
	-- ; is not the end
	RETURN 2; -- 日本語
END;
$body$;
INSERT INTO größe VALUES (1, 'größer; als
zwei Zeilen');

INSERT INTO keine_größe VALUES (1);
INSERT INTO größe VALUES (2, 'nie');
-- migrate:down
DROP TABLE größe;
SQL
my $path = 'db/migrations/2_größe.sql';
new_database('script', 'SELECT 1');
$node->safe_psql(
	'script', qq{
	SET client_encoding = 'UTF8';
	SELECT migrate_unregister('2');
	SELECT migrate_register_file('$path', \$f\$$file\$f\$)});
my ($out, $err) = psql('script', 'SELECT migrate_apply()');
like($err, qr/ERROR:  42P01: relation "keine_größe" does not exist/, 'the error of the script is raised');
like($err, qr/CONTEXT: .*migration 2_größe, up script \(\Q$path\E\), line 14, statement 4/s,
	'its context names migration, file, line and statement');
like($err, qr/nothing of this run was kept, the failure is in migrate_history/,
	'... and what was kept');
is( failures('script', 'event, version, name, sqlstate, message, path, line, statement_no, statement, session_role'),
	"apply|2|größe|42P01|relation \"keine_größe\" does not exist|$path|14|4|INSERT INTO keine_größe VALUES (1)|"
	  . $node->safe_psql('script', 'SELECT session_user'),
	'the history has the failed attempt, although its transaction is gone');
nothing_left('script', 'failed script');
is($node->safe_psql('script', q{SELECT version, state, remark FROM migrate_status}),
	"1|pending|\n2|failed|relation \"keine_größe\" does not exist\n3|pending|",
	'the status shows it');
psql('script', 'SELECT migrate_apply()');
is(failures('script', 'id, line'), "1|14\n2|14", 'each attempt is remembered');
$node->safe_psql('script', 'CREATE TABLE keine_größe (id int); SELECT migrate_apply()');
is( $node->safe_psql('script', 'SELECT version, state, remark FROM migrate_status'),
	"1|applied|\n2|applied|\n3|applied|",
	'once it succeeds the status is clean');
is( $node->safe_psql('script', 'SELECT id, event, outcome, version FROM migrate_history;
		SELECT * FROM migrate_verify_log()'),
	"1|apply|failed|2\n2|apply|failed|2\n3|apply|ok|1\n4|apply|ok|2\n5|apply|ok|3",
	'and the history has it all, in order');

# In an explicit transaction that has applied something before.

new_database('explicit', 'SELECT 1/0');
my $start = time;
($out, $err) = psql(
	'explicit', q{
	BEGIN;
	SELECT version FROM migrate_apply('+1');
	SELECT migrate_apply();
	SELECT 'unreachable';
	COMMIT;});
my $elapsed = time - $start;
is($out, '1', 'the first call of the transaction succeeds');
like($err, qr/WARNING:  \w+: the failure could not be recorded/,
	'a failure cannot be recorded while its own transaction holds the log');
like($err, qr/ERROR:  22012: division by zero/, '... and the original error is raised');
unlike($err, qr/is in migrate_history/, '... which does not claim to be recorded');
cmp_ok($elapsed, '<', 7, '... in bounded time');
note(sprintf('a failure that could not be recorded took %.1f s', $elapsed));
nothing_left('explicit', 'explicit transaction');
is(failures('explicit', '*'), '', 'nothing was recorded');
is($node->safe_psql('explicit', "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'migrate%'"),
	'0', 'no worker is left');

# Savepoints.

($out, $err) = psql(
	'explicit', q{
	BEGIN;
	CREATE TABLE mine (id int);
	SAVEPOINT before;
	SELECT migrate_apply();
	ROLLBACK TO before;
	SELECT 'locks', count(*) FROM pg_locks WHERE locktype = 'advisory';
	INSERT INTO mine VALUES (1);
	COMMIT;
	SELECT 'mine', id FROM mine;});
is($out, "locks|0\nmine|1", 'after a savepoint the transaction goes on, without the lock');
like($err, qr/ERROR:  22012: division by zero/, '... the error was raised');
is(failures('explicit', 'version, sqlstate'), '2|22012', '... and is recorded');
nothing_left('explicit', 'savepoint');

($out, $err) = psql(
	'explicit', q{
	BEGIN;
	SELECT version FROM migrate_apply('1');
	SAVEPOINT before;
	SELECT migrate_apply();
	ROLLBACK TO before;
	COMMIT;
	SELECT migrate_current();});
is($out, "1\n1", 'what succeeded before the savepoint is kept');
is($node->safe_psql('explicit', 'SELECT * FROM migrate_verify_log()'), '', '... and the log verifies');
is(failures('explicit', 'version'), '2', '... and has no trace of what could not be recorded');

($out, $err) = psql(
	'explicit', q{
	DO $$
	BEGIN
		PERFORM migrate_apply();
	EXCEPTION WHEN division_by_zero THEN
		CREATE TABLE handled (id int);
	END $$;
	SELECT count(*) FROM handled;
	SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';});
is($out, "0\n0", 'a handler in plpgsql can go on');
is(failures('explicit', 'version'), "2\n2", '... and the failure is recorded');

($out, $err) = psql(
	'explicit', q{
	BEGIN;
	SELECT migrate_apply();
	ROLLBACK;
	SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';});
is($out, '0', 'ROLLBACK after a failure leaves no lock');
is(failures('explicit', 'version'), "2\n2\n2", '... and the failure is recorded');

# Without a record.

new_database('unrecorded', 'SELECT 1/0');
($out, $err) = psql('unrecorded', 'SET migrate.record_failures = off; SELECT migrate_apply()');
like($err, qr/ERROR:  22012: division by zero/, 'migrate.record_failures = off: the error is raised');
unlike($err, qr/WARNING|is in migrate_history/, '... without a warning');
is(failures('unrecorded', '*'), '', '... and nothing is recorded');
nothing_left('unrecorded', 'record_failures = off');

# An error of the server's kind.

new_database('no_space', q{
CREATE TABLE two (id int);
DO $$BEGIN
	RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device'
		USING ERRCODE = '53100', HINT = 'Check free disk space.';
END$$;});
($out, $err) = psql('no_space', 'SELECT migrate_apply()');
like($err, qr/ERROR:  53100: could not extend file/, 'no space: the error is raised');
like($err, qr/HINT:  Check free disk space\./, '... with its own hint');
is(failures('no_space', 'version, sqlstate, statement_no, hint'), '2|53100|2|Check free disk space.',
	'... and recorded');
nothing_left('no_space', 'no space');

# Timeouts and cancels.

new_database('slow', $SLOW);
($out, $err) = psql('slow', q{SET statement_timeout = '300ms'; SELECT migrate_apply()});
like($err, qr/ERROR:  57014: canceling statement due to statement timeout/, 'statement_timeout ends a migration');
nothing_left('slow', 'statement_timeout');
is(failures('slow', 'version, sqlstate, line, statement_no'), '2|57014|2|2', 'statement_timeout is recorded');

my $session = start_session('slow', 'victim', 'SELECT migrate_apply()');
wait_for_statement('slow', 'victim', 2);
signal_session('slow', 'victim', 'pg_cancel_backend');
isnt(finish_session($session), 0, 'pg_cancel_backend ends a migration');
like($session->{err}, qr/ERROR:  57014: canceling statement due to user request/, '... as a cancel');
nothing_left('slow', 'cancel');
is(failures('slow', 'id, version, sqlstate'), "1|2|57014\n2|2|57014", 'the cancel is recorded');

$session = start_session('slow', 'victim', 'SELECT migrate_apply()');
wait_for_statement('slow', 'victim', 2);
signal_session('slow', 'victim', 'pg_terminate_backend');
isnt(finish_session($session), 0, 'pg_terminate_backend ends a migration');
nothing_left('slow', 'terminate');
ok( $node->poll_query_until('slow',
		q{SELECT count(*) = 1 FROM migrate_history WHERE sqlstate = '57P01' AND version = '2' AND outcome = 'failed'}),
	'the end of the session is recorded');

# A lock that somebody else holds.
$node->safe_psql('slow', q{UPDATE pace SET seconds = 0});
$session = start_session('slow', 'reader',
	'BEGIN; LOCK TABLE pace; SELECT pg_sleep(600); COMMIT');
$node->poll_query_until('slow',
	q{SELECT count(*) = 1 FROM pg_locks WHERE relation = 'pace'::regclass AND mode = 'AccessExclusiveLock' AND granted})
  or die 'the table is not locked';
($out, $err) = psql('slow', q{SET migrate.lock_timeout = '200ms'; SELECT migrate_apply()});
like($err, qr/ERROR:  55P03: canceling statement due to lock timeout/, 'migrate.lock_timeout ends a wait');
signal_session('slow', 'reader', 'pg_cancel_backend');
finish_session($session);
nothing_left('slow', 'lock_timeout');
is($node->safe_psql('slow', q{SELECT count(*) FROM migrate_history WHERE sqlstate = '55P03' AND version = '2'}),
	'1', 'the lock timeout is recorded');
finish_history('slow', 'after timeouts and cancels');

# The client goes away.

new_database('client', $SLOW);
$session = start_session('client', 'lost',
	"SET client_connection_check_interval = '100ms'; SELECT migrate_apply()");
wait_for_statement('client', 'lost', 2);
$session->{run}->signal('TERM');
finish_session($session);
ok( $node->poll_query_until('client',
		q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'lost'}),
	'the server notices that the client is gone');
nothing_left('client', 'lost client');

# Without that setting it is noticed with the next message.
$node->safe_psql('client', 'UPDATE pace SET seconds = 1');
$session = start_session('client', 'lost', 'SELECT migrate_apply()');
wait_for_statement('client', 'lost', 2);
$session->{run}->signal('TERM');
finish_session($session);
ok( $node->poll_query_until('client',
		q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'lost'}),
	'the server notices later that the client is gone');
nothing_left('client', 'client lost unnoticed');
finish_history('client', 'after a lost client');

# The server goes away.

new_database('server', $SLOW);
$session = start_session('server', 'victim', 'SELECT migrate_apply()');
wait_for_statement('server', 'victim', 2);
$node->stop('immediate');
isnt(finish_session($session), 0, 'an immediate shutdown ends a run');
$node->start;
nothing_left('server', 'after a crash');
is($node->safe_psql('server', 'SELECT version, state FROM migrate_status'),
	"1|pending\n2|pending\n3|pending", 'everything is pending again');
finish_history('server', 'after a crash');

# A fast shutdown.
new_database('fast', $SLOW);
$session = start_session('fast', 'victim', 'SELECT migrate_apply()');
wait_for_statement('fast', 'victim', 2);
$node->stop('fast');
isnt(finish_session($session), 0, 'a fast shutdown ends a run');

# No worker is to be had.
$node->append_conf('postgresql.conf', 'max_worker_processes = 0');
$node->start;
nothing_left('fast', 'after a fast shutdown');
finish_history('fast', 'after a fast shutdown');

new_database('workers', 'SELECT 1/0');
($out, $err) = psql('workers', 'SELECT migrate_apply()');
like($err, qr/WARNING:  \w+: the failure could not be recorded/,
	'without workers there is a warning');
like($err, qr/HINT:  Consider raising max_worker_processes\./, '... with a hint');
like($err, qr/ERROR:  22012: division by zero/, '... and the original error is raised');
unlike($err, qr/is in migrate_history/, '... which does not claim to be recorded');
nothing_left('workers', 'without workers');
is(failures('workers', '*'), '', 'nothing was recorded');

$node->stop;
done_testing();
