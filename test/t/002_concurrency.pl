# Many sessions at once: every migration runs exactly once, and sessions that
# are cancelled or terminated leave all of a call or nothing, and no lock.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $SESSIONS = 16;
my $TIMEOUT = $PostgreSQL::Test::Utils::timeout_default;

my $node = PostgreSQL::Test::Cluster->new('concurrency');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "log_statement = none\nmax_connections = 60\n");
$node->start;

# A database with the extension and a table, without any key, in which each
# migration leaves a row: one that ran twice is seen.
sub new_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION migrate; CREATE TABLE ran (version int)');
}

sub register
{
	my ($database, $from, $to, $script, $down) = @_;

	$down = defined $down ? "replace(\$m\$$down\$m\$, '%i', i::text)" : 'NULL';
	$node->safe_psql(
		$database, qq{
		SELECT count(migrate_register(i::text, 'step ' || i,
									  replace(\$m\$$script\$m\$, '%i', i::text), $down))
		  FROM generate_series($from, $to) i});
}

# psql running commands in the background, each in a transaction of its own.
sub start_session
{
	my ($database, $application, @commands) = @_;
	my $session = { out => '', err => '' };

	local $ENV{PGAPPNAME} = $application;
	$session->{run} = IPC::Run::start(
		[
			'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database),
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

# Sessions that all get to their commands and then go on at the same moment.
sub at_once
{
	my ($database, @commands) = @_;
	my $n = @commands;
	my $arrived = "FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND objsubid = 1 AND";
	my $barrier = start_session($database, 'barrier', 'SELECT pg_advisory_lock(1)',
		'SELECT barrier_opens()');
	my @sessions;

	$node->poll_query_until($database, "SELECT count(*) = 1 $arrived granted")
	  or die 'there is no barrier';
	push @sessions, start_session($database, "runner $_",
		'DO $$BEGIN PERFORM pg_advisory_xact_lock_shared(1); END$$', @{ $commands[$_] })
	  for 0 .. $n - 1;
	$node->poll_query_until($database, "SELECT count(*) = $n $arrived NOT granted")
	  or die 'the sessions did not arrive at the barrier';
	$node->safe_psql($database, 'INSERT INTO barrier VALUES (true)');
	finish_session($barrier);
	return @sessions;
}

sub make_barrier
{
	my ($database) = @_;

	$node->safe_psql(
		$database, q{
		CREATE TABLE barrier (open boolean);
		CREATE FUNCTION barrier_opens() RETURNS void LANGUAGE plpgsql AS $$
		BEGIN
			WHILE NOT EXISTS (SELECT FROM barrier) LOOP
				PERFORM pg_sleep(0.01);
			END LOOP;
			DELETE FROM barrier;
		END $$});
}

sub no_lock_left
{
	my ($database, $test) = @_;

	ok( $node->poll_query_until(
			$database, "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'"),
		$test);
}

# Sixteen sessions, one database, fifty migrations.

new_database('sixteen');
make_barrier('sixteen');
register('sixteen', 1, 50,
	'CREATE TABLE t%i (id int PRIMARY KEY); INSERT INTO ran VALUES (%i); INSERT INTO t%i VALUES (%i);');

my @sessions = at_once('sixteen', (['SELECT migrate_apply()']) x $SESSIONS);
my @codes = map { finish_session($_) } @sessions;
my @rows = map { scalar(() = $_->{out} =~ /^\(/mg) } @sessions;

is_deeply(\@codes, [ (0) x $SESSIONS ], 'all calls succeed');
is_deeply([ sort { $a <=> $b } @rows ],
	[ (0) x ($SESSIONS - 1), 50 ],
	'one call applied everything, the others return no row');
is( $node->safe_psql(
		'sixteen', 'SELECT count(*), count(DISTINCT version), min(version), max(version) FROM ran'),
	'50|50|1|50',
	'each migration ran once');
is( $node->safe_psql(
		'sixteen',
		'SELECT count(*), count(DISTINCT version), count(DISTINCT pid) FROM migrate_history'),
	'50|50|1',
	'the history has each once, from one session');
is($node->safe_psql('sixteen', 'SELECT migrate_current()'), '50', 'the last is current');
is($node->safe_psql('sixteen', 'SELECT * FROM migrate_verify_log()'), '', 'the log verifies');
no_lock_left('sixteen', 'no advisory lock is left');

# Somebody cancels and terminates the sessions meanwhile.

new_database('rounds');
make_barrier('rounds');
srand(7);
my %fate;
for my $round (1 .. 6)
{
	my $last = $round * 20;
	my $finished = 0;

	register('rounds', $last - 19, $last,
		'CREATE TABLE t%i (); INSERT INTO ran VALUES (%i); SELECT pg_sleep(0.01);');
	my $before = $node->safe_psql('rounds', 'SELECT count(*) FROM migrate_status WHERE how IS NOT NULL');
	@sessions = at_once('rounds', (['SELECT migrate_apply()']) x 8);

	# the round ends by itself: each victim is hit, or it has finished
	for (1 .. 40)
	{
		my $call = rand() < 0.5 ? 'pg_cancel_backend' : 'pg_terminate_backend';
		my $number = int(rand(8));

		# every second round may succeed
		last if $round % 2 == 0 && $_ > 5;
		usleep(5_000 + rand(20_000));
		last
		  if $node->safe_psql(
			'rounds', qq{
			SELECT $call(pid) FROM pg_stat_activity WHERE application_name = 'runner $number';
			SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'runner %'})
		  =~ /^0$/m;
	}
	for my $session (@sessions)
	{
		my $code = finish_session($session);
		my $rows = () = $session->{out} =~ /^\(/mg;
		my $what =
			$code == 0 ? $rows > 0 ? 'applied' : 'nothing to do'
		  : $session->{err} =~ /canceling statement due to user request/ ? 'cancelled'
		  : $session->{err} =~ /terminating connection/ ? 'terminated'
		  : $session->{err};

		$fate{$what}++;
		$finished += $rows;
	}
	no_lock_left('rounds', "round $round: no lock is left");
	is( $node->safe_psql(
			'rounds', "SELECT count(*) FROM migrate_status WHERE how IS NOT NULL"),
		$before + $finished,
		"round $round: what the calls returned is what is applied");
	ok($finished % 20 == 0, "round $round: all of a call or nothing");
	is( $node->safe_psql(
			'rounds', q{
			SELECT (SELECT count(*) FROM ran) = (SELECT count(DISTINCT version) FROM ran),
				   (SELECT array_agg(version::text ORDER BY version) FROM ran)
				   IS NOT DISTINCT FROM
				   (SELECT array_agg(version ORDER BY version::int)
					  FROM migrate_status WHERE state = 'applied'),
				   (SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$')
				   = (SELECT count(*) FROM ran)}),
		't|t|t',
		"round $round: effects and records agree");
	is($node->safe_psql('rounds', 'SELECT * FROM migrate_verify_log()'),
		'', "round $round: the log verifies");
}
note("$fate{$_} sessions: $_") for sort keys %fate;
is_deeply(
	[ grep { !/^(applied|nothing to do|cancelled|terminated)$/ } keys %fate ],
	[], 'no session met with anything but its cancel or its end');
ok($fate{cancelled} && $fate{terminated}, 'both happened');

$node->safe_psql('rounds', 'SELECT migrate_apply()');
is($node->safe_psql('rounds', 'SELECT state, count(*) FROM migrate_status GROUP BY 1'),
	'applied|120', 'a last call completes the history');
is( $node->safe_psql(
		'rounds', 'SELECT count(*), count(DISTINCT version), max(version) FROM ran'),
	'120|120|120', 'each migration ran once');
is($node->safe_psql('rounds', 'SELECT * FROM migrate_verify_log()'), '', 'the log verifies');
is( $node->safe_psql(
		'rounds', q{
		SELECT count(*), count(DISTINCT version)
		  FROM migrate_history WHERE event = 'apply' AND outcome = 'ok'}),
	'120|120',
	'the history has each success once');
is( $node->safe_psql(
		'rounds',
		q{SELECT DISTINCT sqlstate FROM migrate_history WHERE outcome = 'failed'
		  AND sqlstate NOT IN ('57014', '57P01')}),
	'', 'the failures in it are the calls that were ended');
is($node->safe_psql('rounds', 'SELECT count(*) = max(id) FROM migrate_history'),
	't', 'its numbers have no gap');
no_lock_left('rounds', 'no lock is left');

# Half of the sessions go up and the other half down.

new_database('updown');
make_barrier('updown');
register('updown', 1, 10, 'CREATE TABLE t%i (); INSERT INTO ran VALUES (%i)',
	'DROP TABLE t%i; DELETE FROM ran WHERE version = %i');
@sessions = at_once('updown',
	map { my $f = $_ % 2 ? q{migrate_rollback('base')} : 'migrate_apply()';
		  [ ("SELECT count(*) FROM $f") x 5 ] } 1 .. 8);
@codes = map { finish_session($_) } @sessions;
is_deeply(\@codes, [ (0) x 8 ], 'calls in both directions all succeed')
  or diag(map { $_->{err} } @sessions);
is_deeply([ grep { !/^(0|10)$/ } map { split /\n/, $_->{out} } @sessions ],
	[], 'each of them did everything or nothing');
is( $node->safe_psql(
		'updown', q{
		SELECT (SELECT count(*) FROM ran) = (SELECT count(*) FROM migrate_status WHERE state = 'applied'),
			   (SELECT count(*) FROM ran) = (SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$'),
			   (SELECT sum(CASE event WHEN 'apply' THEN 1 ELSE -1 END) FROM migrate_history)
			   = (SELECT count(*) FROM ran)}),
	't|t|t',
	'effects, records and history agree');
is($node->safe_psql('updown', 'SELECT * FROM migrate_verify_log()'), '', 'the log verifies');
no_lock_left('updown', 'no lock is left');

# Sessions that do not wait say so.

new_database('nowait');
register('nowait', 1, 1, 'INSERT INTO ran VALUES (%i); SELECT pg_sleep(600)');
my $holder = start_session('nowait', 'holder', 'SELECT migrate_apply();');
$node->poll_query_until('nowait',
	q{SELECT count(*) = 1 FROM migrate_lock_holder WHERE doing LIKE 'migrate: %statement 2 of 2'})
  or die 'the run did not begin';
my ($code, $out, $err) = $node->psql('nowait', "SET migrate.lock_wait = 0; SELECT migrate_apply()",
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
is($code, 3, 'migrate.lock_wait = 0 does not wait');
like($err, qr/ERROR:  55P03: another run of project "default" is going on/, '... and says why');
like($err, qr/holder/, '... and for whom');
($code, $out, $err) = $node->psql('nowait', "SET migrate.lock_wait = '100ms'; SELECT migrate_apply()",
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
is($code, 3, 'a short migrate.lock_wait gives up');
like($err, qr/ERROR:  55P03: another run of project "default" did not end within 100 ms/, '... and says so');
is( $node->safe_psql(
		'nowait', q{SET migrate.project = 'other'; SELECT count(*) FROM migrate_apply()}),
	'0',
	'another project is not held up');
$node->safe_psql('nowait', q{
	SET migrate.project = 'other';
	SELECT migrate_register('1', 'beside', 'INSERT INTO ran VALUES (100)');
	SELECT migrate_apply()});
is($node->safe_psql('nowait', 'SELECT version FROM ran'), '100', '... and applies beside it');
$node->safe_psql('nowait',
	q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'});
isnt(finish_session($holder), 0, 'the run is cancelled');
is($node->safe_psql('nowait', 'SELECT version FROM ran'), '100', 'and undone');
no_lock_left('nowait', 'no lock is left');

$node->stop;
done_testing();
