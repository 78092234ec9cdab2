# Verification of what really happened: workers killed, indexes that failed to
# be built, a log that was tampered with, standbys; cancelled in the midst; how
# psql ends; and how long it takes where there is much.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "restart_after_crash = on\nmigrate.lock_timeout = 0\n");
$node->start;

my ($code, $out, $err, $holder, $call, $session);
# a run that has not left its snapshot
my $untold = "\ndrift: info: a run is at work, or has ended without leaving a snapshot: what it has changed cannot be told from drift";

sub new_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, "CREATE EXTENSION migrate; $GATES");
	return $name;
}

sub register
{
	my ($database, $version, $up, $verify) = @_;

	$verify = defined $verify ? "\$m\$$verify\$m\$" : 'NULL';
	$node->safe_psql($database,
		"SELECT migrate_register('$version', 'it', \$m\$$up\$m\$, NULL, $verify)");
}

sub found
{
	my ($database, $server) = @_;
	my $rows = ($server // $node)->safe_psql($database,
		q{SELECT concat_ws(': ', check_name, severity, coalesce(version, object), problem) FROM migrate_verify()});

	$rows =~ s/(pid|job) \d+/$1 N/g;
	return $rows;
}

# Do what the rows of a check say, the first command of each.
sub mend
{
	my ($database, $check) = @_;
	my $actions = $node->safe_psql($database,
		"SELECT action FROM migrate_verify() WHERE check_name = '$check'");
	my @commands = $actions =~ /^.*?(CALL \w+\(\)|(?:REINDEX|DROP) INDEX CONCURRENTLY [\w.]*\w)/mg;

	$node->safe_psql($database, $_) for @commands;
	return scalar @commands;
}

sub wait_for_activity
{
	my ($database, $condition) = @_;

	$node->poll_query_until($database,
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = '$database' AND $condition")
	  or die "there is no activity where $condition";
}

sub kill_worker
{
	my ($database) = @_;

	kill 'KILL',
	  $node->safe_psql($database,
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'migrate worker' AND datname = '$database'");
	finish_session($call);
	$node->poll_query_until('postgres', undef, '') or die 'the server does not come back';
}

#
# A worker that builds an index, while it is at it and when it was killed
#
my $db = new_database('killed');
register($db, 1, 'SELECT 1');
register($db, 2, "INSERT INTO ran VALUES ('2.1');\nCREATE INDEX CONCURRENTLY item_slow ON item (slow(id));\nINSERT INTO ran VALUES ('2.3');\n");
register($db, 3, 'SELECT 3');
$holder = hold_session($node, $db, 'SELECT pg_advisory_lock(1)');
$call = start_psql($node, $db, 'call', 'CALL migrate_deploy()');
wait_for_activity($db, q{backend_type = 'migrate worker' AND query LIKE '%2_it, up script, statement 2 of 3' AND wait_event = 'advisory'});
is( found($db),
	"pending: warning: 3: it is registered and waits to be run\n"
	  . substr($untold, 1) . "\n"
	  . "index at work: info: public.item_slow: it is not valid yet, or not any more: pid N is at it (building index: scanning table)\n"
	  . 'running: info: 2: a worker is at it: up script, 1 of 3 statements done',
	'a worker is at work, and so is the index');
kill_worker($db);
$holder->quit;
is( found($db),
	"interrupted: error: 2: it is half done: up script, 1 of 3 statements done\n"
	  . "invalid index: error: public.item_slow: it is INVALID: no query of public.item uses it\n"
	  . "pending: warning: 3: it is registered and waits to be run$untold",
	'it was killed: the migration and the index are told of');
is(mend($db, 'interrupted'), 1, 'there is something to do about it');
is(found($db), '', 'and then all is well');

# killed between the phases: writes maintain the index already
register($db, 4, 'CREATE INDEX CONCURRENTLY item_id ON item (id)');
$holder = hold_session($node, $db, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM ran');
$call = start_psql($node, $db, 'call', 'CALL migrate_deploy()');
wait_for_activity($db, q{backend_type = 'migrate worker' AND wait_event = 'virtualxid'});
kill_worker($db);
$holder->quit;
like(found($db), qr/^interrupted.*\ninvalid index: error: public\.item_id: it is INVALID: no query of public\.item uses it, and all writes maintain it\ndrift: info/,
	'killed while it waited');
is(mend($db, 'invalid index'), 1, 'the index is rebuilt by hand');
is(found($db), "interrupted: error: 4: it is half done: up script, 0 of 1 statements done$untold", 'the migration is still half done');
is(mend($db, 'interrupted'), 1, 'it goes on');
is(found($db), '', 'and then all is well');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_index WHERE indrelid = 'item'::regclass}), '2', 'no index is there twice');

# what nobody but a person can tell
$node->safe_psql($db, q{CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$
	BEGIN INSERT INTO ran VALUES ('5.1'); COMMIT; PERFORM gate(1); END $$});
register($db, 5, "-- migrate:no-transaction\nCALL commits();\nINSERT INTO ran VALUES ('5.2');\n");
$holder = hold_session($node, $db, 'SELECT pg_advisory_lock(1)');
$call = start_psql($node, $db, 'call', 'CALL migrate_deploy()');
wait_for_activity($db, q{backend_type = 'migrate worker' AND wait_event = 'advisory'});
kill_worker($db);
$holder->quit;
is(found($db), "interrupted: error: 5: it is half done: up script, 0 of 2 statements done$untold", 'a procedure that had committed');
($code, $out, $err) = $node->psql($db, 'CALL migrate_deploy()');
isnt($code, 0, 'nobody knows how far it came');
is(found($db), 'unresolved: error: 5: it is not known whether statement 1 is done: CALL commits()', 'which is told of');
$node->safe_psql($db, q{SELECT migrate_resolve('5', 'done')});
is(found($db), 'interrupted: error: 5: it is half done: up script, 1 of 2 statements done', 'until it is resolved');
is(mend($db, 'interrupted'), 1, 'it goes on');
is(found($db), '', 'and then all is well');

#
# Failures
#
$db = new_database('failed');
register($db, 1, "SELECT 1;\nSELECT 1 / 0;\n");
$node->psql($db, 'SELECT migrate_apply()');
is(found($db), 'failed: error: 1: the last attempt failed, and left nothing: division by zero', 'a failed run');
$node->psql($db, 'CALL migrate_deploy()');
is(found($db), 'failed: error: 1: the last attempt failed, and left nothing: division by zero', 'a failed job');
register($db, 1, 'SELECT 1');
$node->safe_psql($db, 'CALL migrate_deploy()');
is(found($db), '', 'corrected');
register($db, 2, "-- migrate:no-transaction\nINSERT INTO ran VALUES ('2.1');\nSELECT 1 / 0;\n");
$node->psql($db, 'CALL migrate_deploy()');
is(found($db), 'failed: error: 2: it is half done: up script, 1 of 2 statements done: division by zero', 'a failure half way');
register($db, 2, "-- migrate:no-transaction\nINSERT INTO ran VALUES ('2.1');\nSELECT 2;\n");
$node->safe_psql($db, 'CALL migrate_deploy()');
is(found($db), '', 'corrected');
register($db, 3, 'CREATE TABLE three (id int); ALTER TABLE item ALTER id TYPE bigint');
$node->psql($db, 'CALL migrate_deploy()', extra_params => [], on_error_stop => 0);
$node->safe_psql($db, q{SELECT migrate_register('4', 'it', 'CREATE INDEX ON item (id)')});
$node->psql($db, q{CALL migrate_deploy()});
is(found($db), '', 'a run without a gate');
register($db, 5, 'DROP TABLE item');
($code, $out, $err) = $node->psql($db, "SET migrate.lint = error;\nCALL migrate_deploy()");
like($err, qr/lint has 1 finding/, 'the gate refuses a plan');
is( found($db),
	"job: warning: job N: the last job (deploy) failed: lint has 1 finding of severity error in this plan\n"
	  . 'pending: warning: 5: it is registered and waits to be run',
	'a job that failed before its first step');
$node->safe_psql($db, q{SELECT migrate_unregister('5')});
is(found($db), '', 'nothing is to be run any more, and all is well');

#
# Indexes that failed by hand
#
$db = new_database('indexes');
$node->safe_psql($db, q{CREATE TABLE doc (id int, body text); INSERT INTO doc VALUES (1, 'a'), (1, 'b');
	CREATE INDEX doc_slow ON doc (slow(id))});
($code, $out, $err) = $node->psql($db, 'CREATE UNIQUE INDEX CONCURRENTLY doc_id ON doc (id)');
like($err, qr/could not create unique index/, 'a unique index that cannot be');
is(found($db), 'invalid index: error: public.doc_id: it is INVALID: no query of public.doc uses it', 'is INVALID');
$node->safe_psql($db, q{DELETE FROM doc WHERE body = 'b'});
is(mend($db, 'invalid index'), 1, 'it is rebuilt');
is(found($db), '', 'and well');
$node->safe_psql($db, 'UPDATE doc SET id = 50; INSERT INTO doc SELECT i + 100, i FROM generate_series(1, 10) i');

# a REINDEX, while it is at work and when it was cancelled, of the TOAST table too
$holder = hold_session($node, $db, 'SELECT pg_advisory_lock(1)');
$session = start_psql($node, $db, 'reindex', 'REINDEX TABLE CONCURRENTLY doc');
wait_for_activity($db, q{application_name = 'reindex' AND wait_event = 'advisory'});
my $rows = found($db);
unlike($rows, qr/invalid/, 'a REINDEX is at work: nothing is INVALID');
is(scalar(() = $rows =~ /^index at work: info: .*_ccnew: it is not valid yet, or not any more: pid N is at it/mg),
	3, 'each of its new indexes is at work');
$node->safe_psql($db, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'reindex'});
finish_session($session);
$holder->quit;
$rows = found($db);
is(scalar(() = $rows =~ /^invalid index: error: \S+_ccnew: it is INVALID: no query of \S+ uses it/mg), 3, 'cancelled: they are INVALID');
like($rows, qr/^invalid index: error: pg_toast\.pg_toast_\d+_index_ccnew: /m, 'that of the TOAST table too');
is(scalar(split /\n/, $rows), 3, 'and nothing else is');
is(mend($db, 'invalid index'), 3, 'they are dropped');
is(found($db), '', 'and all is well');

# an index that is being dropped
$node->safe_psql($db, 'CREATE INDEX doc_body ON doc (body)');
$holder = hold_session($node, $db, 'BEGIN; SELECT FROM doc');
$session = start_psql($node, $db, 'drop', 'DROP INDEX CONCURRENTLY doc_body');
wait_for_activity($db, q{application_name = 'drop' AND wait_event = 'virtualxid'});
is(found($db), 'index at work: info: public.doc_body: it is not valid yet, or not any more: pid N is at it', 'an index is being dropped');
$node->safe_psql($db, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'drop'});
finish_session($session);
$holder->quit;
like(found($db), qr/^invalid index: error: public\.doc_body: it is INVALID/, 'cancelled');
is(mend($db, 'invalid index'), 1, 'it is rebuilt');
is(found($db), '', 'and all is well');

#
# The log
#
$db = new_database('tampered');
register($db, $_, "SELECT $_") for 1 .. 5;
$node->safe_psql($db, 'CALL migrate_deploy()');
is(found($db), '', 'a sound log');
$node->safe_psql($db, q{ALTER TABLE migrate_log DISABLE TRIGGER ALL; UPDATE migrate_log SET acting_role = 'nobody' WHERE id = 3;
	DELETE FROM migrate_log WHERE id = 5; ALTER TABLE migrate_log ENABLE ALWAYS TRIGGER migrate_log_append_only});
is( found($db),
	"log: error: entry 3: this entry was changed\nlog: error: entry 5: the last entry is missing",
	'it was tampered with');

#
# Cancelled, terminated, and out of time
#
$db = new_database('cancelled');
register($db, 1, 'CREATE TABLE t (id int)', 'SELECT true');
$node->safe_psql($db, 'CALL migrate_deploy()');
register($db, 1, 'CREATE TABLE t (id int)',
	q{INSERT INTO t VALUES (1); LOCK t; SELECT pg_advisory_lock(2); SET work_mem = '123kB'; SELECT true; SELECT pg_sleep(1000)});
my $directory = PostgreSQL::Test::Utils::tempdir;
# what the session has afterwards: settings, locks, rows, and that it runs none
my $afterwards = q{
SELECT current_setting('work_mem') <> '123kB', current_setting('transaction_read_only'),
	(SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND (locktype = 'advisory' OR relation = 't'::regclass AND mode <> 'AccessShareLock')),
	(SELECT count(*) FROM t), (SELECT count(*) FROM migrate_apply());
};
for my $way ('cancel', 'statement_timeout')
{
	my $script = 'BEGIN; ' . ($way eq 'cancel' ? '' : q{SET statement_timeout = '300ms'; })
	  . "SAVEPOINT s; SELECT * FROM migrate_verify(); ROLLBACK TO s; $afterwards COMMIT;";

	($out, $err) = ('', '');
	append_to_file("$directory/$way.sql", $script);
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($db), '-f', "$directory/$way.sql" ],
		'<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout($TIMEOUT));
	if ($way eq 'cancel')
	{
		wait_for_activity($db, q{query LIKE 'migrate: 1_it, verify script, %' AND wait_event = 'PgSleep'});
		$node->safe_psql($db, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
	}
	IPC::Run::finish($run);
	like($err, qr/ERROR:  canceling statement due to .*\nCONTEXT:  migration 1_it, verify script, line 1, statement 6$/,
		"$way: an error that ends it all");
	is($out, "t|off|0|0|0\n", "$way: nothing is left of it");
}
$session = start_psql($node, $db, 'terminated', 'SELECT * FROM migrate_verify()');
wait_for_activity($db, q{query LIKE 'migrate: 1_it, verify script, %' AND wait_event = 'PgSleep'});
$node->safe_psql($db, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
finish_session($session);
like($session->{err}, qr/57P01/, 'terminated');
is($node->safe_psql($db, q{SELECT count(*) FROM migrate_history WHERE outcome = 'failed'}), '0', 'which is no failure of a migration');
is($node->safe_psql($db, 'SELECT count(*) FROM t'), '0', 'no row is left');

#
# A pipeline
#
$db = new_database('pipeline');
register($db, 1, 'SELECT 1');
sub pipeline
{
	my ($call, $status, $test, $like) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($db), '-c', $call ],
		'>', \$out, '2>', \$err);
	is($? >> 8, $status, $test);
	like($status ? $err : $out, $like, "$test: what it says");
}
pipeline('SELECT migrate_verify_or_fail()', 0, 'only warnings', qr/^1$/);
pipeline("SELECT migrate_verify_or_fail('warning')", 1, 'if warnings are to fail',
	qr/^ERROR:  verification found 1 warning\nDETAIL:  warning: pending, version 1: it is registered and waits to be run\nHINT:  migrate_verify\(\) says what to do about each\.$/);
$node->safe_psql($db, 'CALL migrate_deploy()');
pipeline("SELECT migrate_verify_or_fail('info')", 0, 'all is well', qr/^0$/);
register($db, 1, 'SELECT 2');
pipeline('SELECT migrate_verify_or_fail()', 1, 'an error', qr/^ERROR:  verification found 1 error$/m);
($code, $out, $err) = run_command([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($db),
	'-c', 'SELECT migrate_verify_or_fail()', '-c', 'SELECT 1' ]);
is($code, '', 'nothing comes after it');

#
# A standby
#
$db = new_database('standby');
register($db, 1, 'CREATE TABLE one (id int)', 'SELECT count(*) = 0 FROM one');
register($db, 2, 'CREATE TABLE two (id int)', "INSERT INTO two VALUES (1);\nSELECT count(*) = 1 FROM two");
register($db, 3, 'CREATE TABLE three (id int)', 'SELECT true');
$node->safe_psql($db, 'CALL migrate_deploy()');
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
my $writes = 'verify script: info: 2: its verify script does more than to read, and was not judged on this standby';
is(found($db), '', 'all is well on the primary');
is(found($db, $standby), $writes, 'on the standby one script cannot be judged');
$node->safe_psql($db, 'DROP TABLE three; ALTER TABLE one ADD CHECK (id > 0) NOT VALID; CREATE UNIQUE INDEX x ON two (id); CREATE TABLE three (id int)');
$node->safe_psql($db, q{INSERT INTO one VALUES (1)});
register($db, 4, "INSERT INTO ran VALUES ('4.1');\nCREATE INDEX CONCURRENTLY item_slow ON item (slow(id));\n");
$holder = hold_session($node, $db, 'SELECT pg_advisory_lock(1)');
$call = start_psql($node, $db, 'call', 'CALL migrate_deploy()');
wait_for_activity($db, q{backend_type = 'migrate worker' AND wait_event = 'advisory'});
$node->wait_for_catchup($standby);
is( found($db, $standby),
	"verify script: error: 1: line 1: the verify script answered false\n"
	  . "constraint not valid: warning: one_id_check on public.one: it is NOT VALID: rows from before it were never checked\n"
	  . "invalid index: warning: public.item_slow: it is INVALID: no query of public.item uses it; whether it is being built can be seen on the primary only\n"
	  . "unfinished: warning: 4: it is half done, and whether a worker is at it can be seen on the primary only: up script, 1 of 2 statements done$untold\n"
	  . $writes,
	'what can be seen on the standby');
$holder->quit;
finish_session($call);
$node->wait_for_catchup($standby);
is($standby->safe_psql($db, q{SELECT string_agg(check_name || ' ' || severity || coalesce(' ' || object, ''), ', ') FROM migrate_verify()}),
	'verify script error, constraint not valid warning one_id_check on public.one, drift warning constraint one_id_check on public.one, drift warning index public.x, verify script info', 'drift too');
($code, $out, $err) = $standby->psql($db, q{SELECT migrate_verify_or_fail()});
like($err, qr/verification found 1 error/, 'the error is one there too');
$standby->stop;

#
# Much of everything
#
$db = new_database('much');
$node->safe_psql($db, q{
	SELECT count(migrate_register(to_char(n, 'FM00000'), 'it', format('CREATE TABLE t%s (id int)', n), NULL,
		format('SELECT count(*) = 0 FROM t%s', n))) FROM generate_series(1, 10000) n});
$node->safe_psql($db, q{
	DO $$ BEGIN FOR n IN 1 .. 10000 LOOP
		EXECUTE format('CREATE TABLE t%s (id int CHECK (id > 0), v text)', n);
		EXECUTE format('CREATE INDEX ON t%s (v)', n);
		IF n % 500 = 0 THEN COMMIT; END IF;
	END LOOP; END $$});
$node->safe_psql($db, q{SELECT migrate_baseline('10000')});
$node->safe_psql($db, 'VACUUM ANALYZE');
my %seconds;
for my $what (
	[ 'records', 'SELECT count(*) FROM migrate_verify_records()' ],
	[ 'objects', 'SELECT count(*) FROM migrate_verify_objects()' ],
	[ 'log', 'SELECT count(*) FROM migrate_verify_log()' ],
	[ 'all', 'SELECT count(*) FROM migrate_verify()' ])
{
	my $start = time;

	is($node->safe_psql($db, $what->[1]), '0', "10,000 migrations with verify scripts, 10,000 tables: $what->[0]");
	$seconds{ $what->[0] } = time - $start;
}
$node->safe_psql($db, 'CREATE TABLE extra ()');
my $looked = time;
is($node->safe_psql($db, q{SELECT string_agg(object || ' ' || severity, ',') FROM migrate_verify()}),
	'table public.extra warning', 'one more, made by hand');
$seconds{drift} = time - $looked;
$node->safe_psql($db, 'DROP TABLE extra');
note(join ', ', map { sprintf '%s %.2f s', $_, $seconds{$_} } sort keys %seconds);
cmp_ok($seconds{all}, '<', 60, 'which is ordinary');
$node->safe_psql($db, q{UPDATE migrate_migration SET fingerprint = '\x00', file_gone = true;
	DELETE FROM migrate_migration WHERE version <= '05000'});
my $start = time;
is($node->safe_psql($db, q{SELECT string_agg(c, ' ' ORDER BY c) FROM (SELECT check_name || ' ' || count(*) AS c FROM migrate_verify() GROUP BY check_name) x}),
	'changed 5000 missing 5000', '10,000 findings');
note(sprintf '10,000 findings: %.2f s', time - $start);
cmp_ok(time - $start, '<', 60, 'are ordinary too');

done_testing();
