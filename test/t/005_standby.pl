# A standby shows everything and changes nothing; promoted, it goes on where
# the primary was.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $TIMEOUT = $PostgreSQL::Test::Utils::timeout_default;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ]);
$primary->start;
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

my $directory = PostgreSQL::Test::Utils::tempdir;
append_to_file("$directory/1_one.sql", "-- migrate:up\nCREATE TABLE loaded (id int);\n");

sub psql
{
	my ($node, $sql) = @_;

	my ($code, $out, $err) = $node->psql(
		'postgres', $sql,
		on_error_stop => 0,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return wantarray ? ($out, $err) : $out;
}

sub start_session
{
	my ($node, $application, $sql) = @_;
	my $session = { out => '', err => '' };

	local $ENV{PGAPPNAME} = $application;
	$session->{run} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', $sql ],
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

# A run of 4, which waits for whoever has the advisory lock 7, or does not.
sub start_run
{
	my $session = start_session($primary, 'runner', 'SELECT version FROM migrate_apply()');

	$primary->poll_query_until(
		'postgres', q{
		SELECT count(*) = 1 FROM pg_stat_activity
		 WHERE application_name = 'runner' AND query LIKE 'migrate: [1/1] 4_slow, up script, statement 2 of 3'
		   AND wait_event_type = 'Lock'})
	  or die 'the run did not get to statement 2';
	return $session;
}

$primary->safe_psql(
	'postgres', q{
	CREATE EXTENSION migrate;
	CREATE TABLE gorp_migrations (id text NOT NULL PRIMARY KEY, applied_at timestamptz);
	INSERT INTO gorp_migrations VALUES ('1_one.sql', now()), ('3_three.sql', now());
	SELECT migrate_register('1', 'one', 'CREATE TABLE one (id int)', 'DROP TABLE one');
	SELECT migrate_register('2', 'two', 'CREATE TABLE two (id int)', 'DROP TABLE two');
	SELECT migrate_register(NULL, 'view', 'CREATE OR REPLACE VIEW one_view AS SELECT id FROM one');
	SELECT migrate_apply();
	SELECT migrate_rollback('1');
	SELECT migrate_mark('2', 'by hand');
	SELECT migrate_register('3', 'three', 'SELECT 1/0', 'SELECT 3');
	SET migrate.project = 'shop';
	SELECT migrate_register('10', 'ten', 'CREATE TABLE ten (id int)');
	SELECT migrate_baseline('10')});
psql($primary, 'SELECT migrate_apply()');
$primary->wait_for_catchup($standby);

# What can be seen is what the primary shows.

my %look = (
	'migrate_current()' => 'SELECT migrate_current()',
	'migrate_status' => 'SELECT * FROM migrate_status',
	'migrate_history' => 'SELECT * FROM migrate_history',
	'migrate_pending()' => 'SELECT * FROM migrate_pending()',
	'migrate_plan()' => 'SELECT * FROM migrate_plan()',
	'migrate_plan() down' => q{SELECT * FROM migrate_plan('-1')},
	'migrate_script()' => 'SELECT migrate_script()',
	'migrate_script() down' => q{SELECT migrate_script('base')},
	'migrate_require()' => q{SELECT migrate_require('2')},
	'migrate_verify_log()' => 'SELECT count(*) FROM migrate_verify_log()',
	'migrate_project()' => 'SELECT migrate_project()',
	'migrate_lock_key()' => q{SELECT migrate_lock_key('default')},
	'migrate_lock_holder' => 'SELECT count(*) FROM migrate_lock_holder',
	'migrate_adopt()' => q{SELECT * FROM migrate_adopt('gorp_migrations', dry_run => true)},
	'migrate_export()' => q{SELECT migrate_export('flyway')},
	'migrate_new()' => q{SELECT * FROM migrate_new('another', 'number')},
	'a project' => q{SET migrate.project = 'shop'; SELECT * FROM migrate_status; SELECT * FROM migrate_history},
	'migrate_identity()' => q{SELECT environment, project, database, schema, session_role, acting_role,
		server_version, system_identifier, extension_version FROM migrate_identity()});

# On both the same, in this state of the history.
sub same_on_standby
{
	my ($state) = @_;

	$primary->wait_for_catchup($standby);
	foreach my $what (sort keys %look)
	{
		my ($expected, $expected_err) = psql($primary, $look{$what});
		my ($got, $err) = psql($standby, $look{$what});

		is("$got\n$err", "$expected\n$expected_err", "$state: $what on the standby is the primary's");
	}
}

same_on_standby('with history');
is($standby->safe_psql('postgres', 'SELECT version, state, how FROM migrate_status'),
	"1|applied|run\n2|applied|marked\n3|failed|\nview|applied|run", 'the standby has a status');
is( $standby->safe_psql('postgres', 'SELECT id, event, outcome, version FROM migrate_history'),
	join("\n",
		'1|apply|ok|1', '2|apply|ok|2', '3|apply|ok|view', '4|rollback|ok|2', '5|mark|ok|2',
		'6|apply|failed|3'),
	'... and a history, with the failure');
is($standby->safe_psql('postgres', 'SELECT version, action FROM migrate_plan()'),
	'3|apply', '... and a plan');
my $rows = 'SELECT count(*), md5(string_agg(s::text, chr(10))) FROM migrate_snapshot() s';
is($standby->safe_psql('postgres', $rows), $primary->safe_psql('postgres', $rows),
	'migrate_snapshot() is the same');
like($standby->safe_psql('postgres', 'SELECT migrate_script()'),
	qr/^SELECT 1\/0$/m, '... and its script');
is($standby->safe_psql('postgres', 'SELECT in_recovery FROM migrate_identity()'),
	't', 'migrate_identity() says that it is in recovery');
is($primary->safe_psql('postgres', 'SELECT in_recovery FROM migrate_identity()'),
	'f', '... and that the primary is not');
my ($out, $err) = psql($standby, q{SELECT migrate_require('3')});
like($err, qr/ERROR:  MG009: version "3" is not applied/, 'migrate_require() refuses on a standby too');
like($err, qr/current version 2\./, '... and says what there is');
$standby->safe_psql('postgres', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM migrate_status;
	SELECT * FROM migrate_plan(); SELECT * FROM migrate_verify_log(); COMMIT');

# What changes anything is refused.

my %change = (
	migrate_apply => ['migrate_apply()', q{migrate_apply('3')}, q{migrate_apply('+1')}],
	migrate_rollback => ['migrate_rollback()', q{migrate_rollback('base')}],
	migrate_register => [
		q{migrate_register('9', 'nine', 'SELECT 9')},
		# what is there already
		q{migrate_register('1', 'one', 'CREATE TABLE one (id int)', 'DROP TABLE one')}
	],
	migrate_register_file => [q{migrate_register_file('9_nine.sql', 'SELECT 9')}],
	migrate_load => ["migrate_load('$directory')"],
	migrate_unregister => [q{migrate_unregister('3')}],
	migrate_baseline => [q{migrate_baseline('3')}],
	migrate_mark => [q{migrate_mark('3', 'by hand')}],
	migrate_unmark => [q{migrate_unmark('2', 'by hand')}],
	migrate_repair => [q{migrate_repair('1')}],
	migrate_adopt => [q{migrate_adopt()}, q{migrate_adopt('gorp_migrations', lenient => true)}]);

my $before = $standby->safe_psql('postgres', $look{'migrate_history'});
foreach my $function (sort keys %change)
{
	foreach my $call (@{ $change{$function} })
	{
		($out, $err) = psql($standby, "SELECT $call");
		like($err, qr/^psql:<stdin>:1: ERROR:  25006: \Q$function\E\(\) cannot run on a standby$/m,
			"$call is refused on a standby");
		like($err, qr/^HINT:  .*\bprimary\b/m, '... with a hint to the primary');
		is($out, '', '... and nothing else');
	}
}
# where nothing is pending there is nothing to refuse for, but no reason to differ either
($out, $err) = psql($standby, q{SET migrate.project = 'shop'; SELECT migrate_apply()});
like($err, qr/ERROR:  25006: migrate_apply\(\) cannot run on a standby/,
	'migrate_apply() is refused also if nothing is pending');
($out, $err) = psql($standby, 'BEGIN; SELECT migrate_current(); SAVEPOINT s; SELECT migrate_apply();
	ROLLBACK TO s; SELECT migrate_current(); COMMIT');
is($out, "2\n2", '... and a transaction can go on');
($out, $err) = psql($standby, "UPDATE migrate_state SET how = 'marked'");
like($err, qr/ERROR:  25006: /, 'the tables are read-only as all are');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
	'0', 'no lock was left');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'migrate%'}),
	'0', '... nor any worker');
is($standby->safe_psql('postgres', $look{'migrate_history'}), $before, '... nor any entry');
unlike(slurp_file($standby->logfile), qr/migrate recorder|TRAP|PANIC/, '... nor anything in the log');

# A run on the primary is seen when it is committed.

$primary->safe_psql(
	'postgres', q{
	SELECT migrate_register('3', 'three', 'CREATE TABLE three (id int)', 'DROP TABLE three');
	SELECT migrate_apply();
	SELECT migrate_register('4', 'slow', 'CREATE TABLE four (id int); SELECT pg_advisory_xact_lock(7); INSERT INTO four VALUES (4)',
		'DROP TABLE four')});
same_on_standby('after a run');
is($standby->safe_psql('postgres', 'SELECT migrate_require(\'3\')'), 't', 'the standby has what was applied');

my $gate = $primary->background_psql('postgres');
$gate->query_safe('SELECT pg_advisory_lock(7)');
my $run = start_run();
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($primary->safe_psql('postgres', 'SELECT application, waiting FROM migrate_lock_holder'),
	'runner|0', 'a run is going on');
is($standby->safe_psql('postgres', 'SELECT migrate_current(), state FROM migrate_status WHERE version = \'4\''),
	'3|pending', '... which the standby does not have');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM migrate_lock_holder'), '0', '... nor its lock');
$gate->query_safe('SELECT pg_advisory_unlock(7)');
is(finish_session($run), 0, 'the run ends');
is($run->{out}, "4\n", '... well');
same_on_standby('after the run that was watched');
is($standby->safe_psql('postgres', 'SELECT migrate_current(), count(*) FROM four'),
	'4|1', '... which the standby now has');
$primary->safe_psql('postgres', 'SELECT migrate_rollback()');
same_on_standby('after a rollback');
is($standby->safe_psql('postgres', 'SELECT migrate_current()'), '3', '... which the standby has, too');

# The standby is promoted in the middle of a run.

$gate->query_safe('SELECT pg_advisory_lock(7)');
$run = start_run();
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
$before = $primary->safe_psql('postgres', $look{'migrate_history'});
my $identity = $standby->safe_psql('postgres', $look{'migrate_identity()'});
my $session = $standby->background_psql('postgres', on_error_stop => 0);
$session->query('SELECT migrate_current(); SELECT migrate_apply()');
$standby->promote;

is($standby->safe_psql('postgres', 'SELECT in_recovery FROM migrate_identity()'),
	'f', 'promoted: it is in recovery no more');
is($standby->safe_psql('postgres', $look{'migrate_identity()'}), $identity, '... and else the same');
is($standby->safe_psql('postgres', $look{'migrate_history'}), $before, '... it has the history');
is($standby->safe_psql('postgres', 'SELECT * FROM migrate_verify_log()'), '', '... which verifies');
is( $standby->safe_psql('postgres', q{
		SELECT migrate_current(), (SELECT string_agg(version, ' ') FROM migrate_pending()),
			   to_regclass('four'), (SELECT count(*) FROM migrate_lock_holder)}),
	'3|4||0', '... and nothing of the run that did not end');
my ($text) = $session->query('SELECT version FROM migrate_apply()');
is($text, '4', 'a session from before applies what is pending');
$session->quit;
is($standby->safe_psql('postgres', 'SELECT version FROM migrate_apply()'), '', '... once');

($out, $err) = psql($standby, q{
	SELECT migrate_register('5', 'five', 'SELECT 1/0');
	SELECT migrate_apply()});
like($err, qr/ERROR:  22012: division by zero/, 'a failure');
is($standby->safe_psql('postgres', q{SELECT version, sqlstate FROM migrate_history ORDER BY id DESC LIMIT 1}),
	'5|22012', '... is recorded');
is( $standby->safe_psql('postgres', qq{
		SELECT migrate_register('5', 'five', 'CREATE TABLE five (id int)', 'DROP TABLE five');
		SELECT version FROM migrate_apply();
		SELECT version FROM migrate_rollback('-2');
		SELECT migrate_mark('4', 'by hand');
		SELECT migrate_unmark('4', 'not by hand');
		SELECT migrate_repair('1');
		SELECT migrate_unregister('5');
		SET migrate.project = 'load';
		SELECT version, action FROM migrate_load('$directory');
		SELECT migrate_baseline('1')}),
	join("\n", 'replaced', '5', '5', '4', '', '', 'unchanged', '', '1|registered', '1'),
	'what was refused on the standby works on the primary that it is now');
is( $standby->safe_psql('postgres', q{
		SELECT (SELECT count(*) FROM migrate_verify_log()),
			   (SELECT count(*) = max(id) FROM migrate_history),
			   (SELECT count(*) FROM migrate_history WHERE event = 'apply' AND version = '4'),
			   (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')}),
	'0|t|2|0', '... and the log goes on and verifies');

# The old primary's run ends as if nothing had happened there.
$gate->query_safe('SELECT pg_advisory_unlock(7)');
is(finish_session($run), 0, 'the run on the old primary ends');
is($primary->safe_psql('postgres', 'SELECT migrate_current(); SELECT * FROM migrate_verify_log()'),
	'4', '... in a history of its own');
$gate->quit;

$standby->stop;
$primary->stop;
done_testing();
