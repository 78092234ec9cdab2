# The end of a caller ends a run, the end of a client does not end a job that
# was started: cancels, timeouts, lost clients and workers at three places of a
# run, and no free worker at all.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('jobs');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
# a worker waits for what the test holds until it is ended, however long that takes
$node->append_conf('postgresql.conf', "restart_after_crash = on\nmigrate.lock_timeout = 0\n");
$node->start;

# Five migrations that leave a row, without any key, for each statement: one
# that ran twice is seen.  Who passes gate(n) waits while another session has
# shut it: 1 in an index build, 2 between two statements, 3 in a transaction.
sub new_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql(
		$name, "CREATE EXTENSION migrate; $GATES" . q{
		SELECT migrate_register('1', 'first', $m$INSERT INTO ran VALUES ('1')$m$);
		SELECT migrate_register('2', 'index', $m$
			INSERT INTO ran VALUES ('2.1');
			CREATE INDEX CONCURRENTLY item_slow ON item (slow(id));
			INSERT INTO ran VALUES ('2.3');$m$);
		SELECT migrate_register('3', 'steps', $m$-- migrate:no-transaction
			INSERT INTO ran VALUES ('3.1');
			INSERT INTO ran SELECT '3.2' FROM gate(2);
			INSERT INTO ran VALUES ('3.3');$m$);
		SELECT migrate_register('4', 'whole', $m$
			INSERT INTO ran VALUES ('4.1');
			INSERT INTO ran SELECT '4.2' FROM gate(3);
			INSERT INTO ran VALUES ('4.3');$m$);
		SELECT migrate_register('5', 'last', $m$INSERT INTO ran VALUES ('5')$m$)});
}

my $ALL = join "\n", qw(1 2.1 2.3 3.1 3.2 3.3 4.1 4.2 4.3 5);

my @places = (
	{ name => 'index', gate => 1, migration => '2_index', wait => 'advisory', ran => "1\n2.1" },
	{ name => 'steps', gate => 2, migration => '3_steps', wait => 'advisory', ran => "1\n2.1\n2.3\n3.1" },
	{
		name => 'whole', gate => 3, migration => '4_whole', wait => 'advisory',
		ran => "1\n2.1\n2.3\n3.1\n3.2\n3.3"
	});

sub psql
{
	return verbose_psql($node, @_);
}

sub start_session
{
	my ($database, @commands) = @_;

	return start_psql($node, $database, 'caller', @commands);
}

sub hold
{
	return hold_session($node, @_);
}

# The worker is at the place's gate.
sub wait_for_place
{
	my ($database, $place) = @_;

	$node->poll_query_until(
		$database, "SELECT count(*) = 1 FROM pg_stat_activity
		 WHERE backend_type = 'migrate worker' AND datname = '$database'
		   AND query LIKE 'migrate: [%] $place->{migration}, up script, statement 2 of 3'
		   AND wait_event_type = 'Lock' AND wait_event = '$place->{wait}'")
	  or die "the worker did not get to $place->{migration}";
}

sub signal_caller
{
	my ($function, $database) = @_;

	is( $node->safe_psql($database,
			"SELECT $function(pid) FROM pg_stat_activity
			 WHERE application_name = 'caller' AND backend_type = 'client backend' AND datname = '$database'"),
		't', "$database: there is a caller");
}

# Without a query: psql would fail to read it where it cannot connect yet.
sub wait_for_server
{
	$node->poll_query_until('postgres', undef, '') or die 'the server does not come back';
}

# Nobody runs or waits any more, and no lock is held.
sub nobody_left
{
	my ($database, $test) = @_;

	ok( $node->poll_query_until(
			$database, "SELECT (SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
					  WHERE d.datname = '$database' AND l.objsubid BETWEEN 19783 AND 19786) = 0
				AND (SELECT count(*) FROM pg_stat_activity
					  WHERE datname = '$database' AND application_name = 'caller') = 0"),
		"$test: no lock, no worker and no caller is left");
}

# Everything is applied, once, and nothing else is there.
sub complete
{
	my ($database, $test) = @_;

	nobody_left($database, $test);
	is_complete($node, $database, $ALL, $test);
	is($node->safe_psql($database, q{SELECT count(*) FROM pg_index WHERE indrelid = 'item'::regclass}),
		'1', "$test: the index is there once");
}

sub deploy
{
	return deploy_again($node, @_);
}

# What ends a run: how, what its caller is told, how the job ended, and what the
# status and the history say of the migration in which it happened.

my $canceled = {
	job => 'canceled|57014',
	by_statement => qr/^failed\|up script, 1 of 3 statements done: canceling statement due to /,
	whole => qr/^failed\|canceling statement due to /,
	sqlstate => '57014',
	context => 1
};
my $terminated = {
	job => 'interrupted|',
	by_statement => qr/^interrupted\|up script, 1 of 3 statements done$/,
	whole => qr/^failed\|the session was terminated while the migration was running$/,
	sqlstate => '57P01'
};
my @ends = (
	{
		name => 'cancel',
		do => sub { signal_caller('pg_cancel_backend', @_) },
		error => qr/ERROR:  57014: canceling statement due to user request/,
		%$canceled
	},
	{
		name => 'timeout',
		before => q{SET statement_timeout = '5s'},
		do => sub { },
		error => qr/ERROR:  57014: canceling statement due to statement timeout/,
		%$canceled
	},
	{
		name => 'migrate_cancel',
		do => sub {
			is( $node->safe_psql($_[0],
					q{SELECT migrate_cancel(job) FROM migrate_jobs WHERE state = 'running'}),
				't', "$_[0]: there is a job to be canceled");
		},
		error => qr/ERROR:  57014: canceling statement due to user request/,
		%$canceled
	},
	{
		name => 'terminate',
		do => sub { signal_caller('pg_terminate_backend', @_) },
		error => qr/FATAL:  57P01: terminating connection due to administrator command/,
		%$terminated
	},
	{
		name => 'terminate_worker',
		do => sub {
			$node->safe_psql($_[0],
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				  WHERE backend_type = 'migrate worker' AND datname = '$_[0]'");
		},
		error => qr/ERROR:  57P01: terminating /,
		%$terminated
	},
	{
		name => 'lost_client',
		do => sub { $_[1]->{run}->signal('KILL') },
		error => undef,
		%$terminated
	});

for my $end (@ends)
{
	my @runs;

	for my $place (@places)
	{
		my $database = "$end->{name}_$place->{name}";

		new_database($database);
		push @runs, {
			place => $place,
			database => $database,
			holder => hold($database, "SELECT pg_advisory_lock($place->{gate})")
		};
	}
	$_->{call} = start_session($_->{database}, $end->{before} // (), 'CALL migrate_deploy()') for @runs;
	wait_for_place($_->{database}, $_->{place}) for @runs;
	$end->{do}->($_->{database}, $_->{call}) for @runs;
	for my $run (@runs)
	{
		my ($database, $place) = ($run->{database}, $run->{place});
		my $whole = $place->{name} eq 'whole';
		my ($version) = $place->{migration} =~ /^(\d)/;

		my $code = finish_session($run->{call});
		if (defined $end->{error})
		{
			isnt($code, 0, "$database: the call ends");
			like($run->{call}->{err}, $end->{error}, "$database: ... with this error");
		}
		like(
			$run->{call}->{err},
			$whole ? qr/migrate_deploy\(\) of 5 migrations: 3 are done and kept, nothing of this one was kept, the failure is in migrate_history/
			: qr/migrate_deploy\(\) of 5 migrations: \d (?:is|are) done and kept, of this one 1 of 3 statements are done and kept/,
			"$database: ... and says what was kept")
		  if $end->{context};
		nobody_left($database, $database);
		ok( $node->poll_query_until(
				$database, qq{
				SELECT count(*) = 1 FROM migrate_history
				 WHERE outcome = 'failed' AND version = '$version' AND sqlstate = '$end->{sqlstate}'
				   AND statement_no = 2 AND job IS NOT NULL}),
			"$database: the history says where it ended");
		is($node->safe_psql($database, 'SELECT state, sqlstate FROM migrate_jobs'),
			$end->{job}, "$database: the job's state");
		like(
			$node->safe_psql($database, "SELECT state, remark FROM migrate_status WHERE version = '$version'"),
			$whole ? $end->{whole} : $end->{by_statement},
			"$database: the migration's state");
		is( $node->safe_psql($database,
				"SELECT DISTINCT state FROM migrate_status WHERE version < '$version'
				  UNION ALL SELECT DISTINCT state FROM migrate_status WHERE version > '$version'"),
			"applied\npending", "$database: the states of the others");
		is($node->safe_psql($database, 'SELECT what FROM ran ORDER BY what'),
			$place->{ran}, "$database: what was committed is there");
		$run->{holder}->quit;
		deploy($database, $database);
		complete($database, $database);
	}
}

# A client that is lost while its call waits for its turn gets none.

new_database('queue');
my $holder = hold('queue', 'SELECT pg_advisory_lock(2)');
my $first = start_session('queue', 'CALL migrate_deploy()');
wait_for_place('queue', $places[1]);
my $second = start_session('queue', 'CALL migrate_deploy()');
$node->poll_query_until('queue',
	'SELECT count(*) = 1 FROM pg_locks WHERE objsubid = 19786 AND NOT granted')
  or die 'nobody waits';
$second->{run}->signal('KILL');
finish_session($second);
$node->safe_psql('queue', q{SELECT migrate_cancel(job) FROM migrate_jobs WHERE state = 'running'});
isnt(finish_session($first), 0, 'queue: who is running is canceled');
nobody_left('queue', 'queue');
is($node->safe_psql('queue', 'SELECT state FROM migrate_jobs'), 'canceled',
	'queue: who was lost while waiting starts nothing');
is($node->safe_psql('queue', 'SELECT what FROM ran ORDER BY what'), "1\n2.1\n2.3\n3.1",
	'queue: ... and runs nothing');
$holder->quit;
deploy('queue', 'queue');
complete('queue', 'queue');

# A started job needs nobody.

my %leaving = (
	end => sub { },
	kill => sub { $_[1]->{run}->signal('KILL') },
	pg_cancel_backend => sub { signal_caller('pg_cancel_backend', @_) },
	pg_terminate_backend => sub { signal_caller('pg_terminate_backend', @_) });
for my $how (sort keys %leaving)
{
	my @runs;

	for my $place (@places)
	{
		my $database = "start_${how}_$place->{name}";

		new_database($database);
		push @runs, {
			place => $place,
			database => $database,
			holder => hold($database, "SELECT pg_advisory_lock($place->{gate})")
		};
	}
	for my $run (@runs)
	{
		my ($database, $place) = ($run->{database}, $run->{place});
		my @commands = 'SELECT migrate_start()';

		# the server looks after a client that says nothing only if told to
		push @commands, q{SET client_connection_check_interval = '100ms'}, 'CALL migrate_wait(1)'
		  unless $how eq 'end';
		my $session = start_session($database, @commands);
		wait_for_place($database, $place);
		if ($how ne 'end')
		{
			$node->poll_query_until($database,
				'SELECT count(*) = 1 FROM pg_locks WHERE objsubid = 19785 AND NOT granted')
			  or die 'nobody waits for the job';
		}
		$leaving{$how}->($database, $session);
		finish_session($session);
		is($session->{out}, "1\n", "$database: there is a job's number");
		ok( $node->poll_query_until(
				$database, qq{SELECT count(*) = 0 FROM pg_stat_activity
				 WHERE application_name = 'caller' AND datname = '$database' AND backend_type = 'client backend'}),
			"$database: the caller is gone");
		is($node->safe_psql($database, 'SELECT job, state FROM migrate_jobs'),
			'1|running', "$database: the job is running");
		is( $node->safe_psql($database,
				"SELECT state FROM migrate_status WHERE version = '" . substr($place->{migration}, 0, 1) . q{'}),
			$place->{name} eq 'whole' ? 'pending' : 'running', "$database: the migration's state");
		my ($out, $err) = psql($database, q{CALL migrate_wait(1, '10ms')});
		like($err, qr/ERROR:  MG018: job 1 did not end within 10 ms/, "$database: migrate_wait gives up in time");
		$run->{holder}->quit;
		($out, $err) = psql($database, 'CALL migrate_wait(1)');
		like($err, qr/NOTICE:  00000: job 1 is done: 5 steps/, "$database: the job is done");
		complete($database, $database);
	}
}

# Other ends of a job.

new_database('job');
my ($place) = @places;
$holder = hold('job', 'SELECT pg_advisory_lock(1)');
my ($out, $err) = psql('job', 'BEGIN; SELECT migrate_start(); ROLLBACK');
like($out, qr/^\d+$/, 'a job is started in a transaction');
nobody_left('job', 'rolled back');
is($node->safe_psql('job', 'SELECT * FROM migrate_jobs; SELECT what FROM ran'),
	'', '... that is rolled back, and there is no job');
($out, $err) = psql('job', "CALL migrate_wait($out)");
like($err, qr/ERROR:  MG017: there is no job \d+/, '... to be waited for');
($out, $err) = psql('job', 'SELECT migrate_cancel(99)');
like($err, qr/ERROR:  MG017: there is no job 99/, '... or canceled');

# the client is killed before it commits
my $opener = hold('job', 'BEGIN; SELECT migrate_start()');
is( $node->safe_psql('job', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'migrate worker'}),
	'1', 'a worker waits for the commit');
$node->safe_psql('job',
	q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'});
nobody_left('job', 'never committed');
$opener->quit;
is($node->safe_psql('job', 'SELECT * FROM migrate_jobs; SELECT what FROM ran'),
	'', 'never committed: there is no job, and nothing was run');

my $job = $node->safe_psql('job', 'SELECT migrate_start()');
wait_for_place('job', $place);
is($node->safe_psql('job', "SELECT migrate_cancel($job)"), 't', 'a started job is canceled');
nobody_left('job', 'canceled');
is($node->safe_psql('job', "SELECT state, sqlstate, message FROM migrate_jobs WHERE job = $job"),
	'canceled|57014|canceling statement due to user request', '... its state');
is($node->safe_psql('job', "SELECT migrate_cancel($job)"), 'f', '... there is nothing more to cancel');
($out, $err) = psql('job', "CALL migrate_wait($job)");
like($err, qr/ERROR:  57014: job $job has failed: canceling statement due to user request/,
	'... and who waits is told');

$job = $node->safe_psql('job', 'SELECT migrate_start()');
wait_for_place('job', $place);
my $waiter = start_session('job', "CALL migrate_wait($job)");
my $pid = $node->safe_psql('job',
	q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'migrate worker'});
kill 'KILL', $pid or die "there is no worker $pid";
finish_session($waiter);
$holder->quit;
wait_for_server();
nobody_left('job', 'killed');
is($node->safe_psql('job', "SELECT state, sqlstate FROM migrate_jobs WHERE job = $job"),
	'interrupted|', 'a started job is killed: its state');
($out, $err) = psql('job', "CALL migrate_wait($job)");
like($err, qr/ERROR:  MG019: job $job has ended without an outcome/, '... and who waits is told');
$job = $node->safe_psql('job', 'SELECT migrate_start()');
($out, $err) = psql('job', "CALL migrate_wait($job)");
like($err, qr/job $job is done: 4 steps/, '... another goes on');
complete('job', 'killed');

# No worker is to be had.

sub refused
{
	my ($database, $test) = @_;

	for my $command ('CALL migrate_deploy()', 'SELECT migrate_start()')
	{
		($out, $err) = psql($database, $command);
		is($out, '', "$test: $command");
		like($err, qr/ERROR:  53000: no background worker slot is free/, '... is refused');
		like($err, qr/HINT:  Nothing was run\. .*max_worker_processes/, '... with a hint');
		nobody_left($database, $test);
		is( $node->safe_psql(
				$database, q{
				SELECT what FROM ran;
				SELECT version FROM migrate_status WHERE state <> 'pending';
				SELECT version FROM migrate_journal;
				SELECT * FROM migrate_verify_log();
				SELECT DISTINCT state, sqlstate FROM migrate_jobs}),
			'', '... nothing was run, and no job seems so');
	}
}

new_database('none');
new_database('none_done');
new_database('taken');
new_database('taker');
deploy('none_done', 'before there are no workers');
$node->append_conf('postgresql.conf', "max_worker_processes = 0\n");
$node->restart;
refused('none', 'without workers');
deploy('none_done', 'without workers, but nothing to do');

# one slot, which nobody but a job has
$node->append_conf('postgresql.conf', "max_worker_processes = 1\nmax_logical_replication_workers = 0\n");
$node->restart;
deploy('none', 'with a worker');
complete('none', 'with a worker');
$holder = hold('taker', 'SELECT pg_advisory_lock(2)');
$job = $node->safe_psql('taker', 'SELECT migrate_start()');
wait_for_place('taker', $places[1]);
refused('taken', 'with its slot taken');
$holder->quit;
($out, $err) = psql('taker', "CALL migrate_wait($job)");
like($err, qr/job $job is done: 5 steps/, 'who has the slot is not disturbed');
complete('taker', 'who has the slot');
$node->poll_query_until('taken',
	q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'migrate worker'})
  or die 'the worker does not end';
deploy('taken', 'with its slot free again');
complete('taken', 'with its slot free again');
$job = $node->safe_psql('taken', q{SELECT migrate_start('1')});
($out, $err) = psql('taken', "CALL migrate_wait($job)");
like($err, qr/job $job is done: 0 steps/, '... and for a job');

$node->stop;
done_testing();
