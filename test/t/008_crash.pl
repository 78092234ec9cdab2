# The worker is killed, or the server stopped, in the middle of a run that
# commits on its way: what was done is kept and not repeated, what was begun is
# judged by its effect, and the next run completes the rest.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
# a worker waits for what the test holds until it is killed, however long that takes
$node->append_conf('postgresql.conf', "restart_after_crash = on\nmigrate.lock_timeout = 0\n");
$node->start;

# A database with the extension, and a table, without any key, in which each
# statement leaves a row: one that ran twice is seen.  Who passes gate(n) waits
# while another session has shut it, and so does an index over slow().
sub new_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql(
		$name, "CREATE EXTENSION migrate; $GATES");
}

sub register
{
	my ($database, $version, $name, $up, $down) = @_;

	$down = defined $down ? "\$m\$$down\$m\$" : 'NULL';
	return $node->safe_psql($database,
		"SELECT migrate_register('$version', '$name', \$m\$$up\$m\$, $down)");
}

sub psql
{
	return verbose_psql($node, @_);
}

sub start_session
{
	my ($database, @commands) = @_;

	return start_psql($node, $database, 'crash', @commands);
}

sub hold
{
	return hold_session($node, @_);
}

# The worker is in that statement of that migration, and waits for a lock.
sub wait_for_worker
{
	my ($database, $migration, $statement, $wait, $script) = @_;

	$script //= '%';
	$node->poll_query_until(
		$database, "SELECT count(*) = 1 FROM pg_stat_activity
		 WHERE backend_type = 'migrate worker' AND datname = '$database'
		   AND query LIKE 'migrate: [%] $migration, $script script, statement $statement of %'
		   AND wait_event_type = 'Lock' AND wait_event = '$wait'")
	  or die "the worker did not get to statement $statement of $migration";
}

# What has been waited for goes on, and its record is waited for instead.
sub hold_journal
{
	my ($database, $holder) = @_;
	my $session = hold($database, 'BEGIN; SELECT FROM migrate_journal FOR UPDATE');

	$holder->quit;
	$node->poll_query_until(
		$database, "SELECT count(*) = 1 FROM pg_stat_activity
		 WHERE backend_type = 'migrate worker' AND datname = '$database'
		   AND wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple')")
	  or die 'the worker did not get to its record';
	return $session;
}

# Without a query: psql would fail to read it where it cannot connect yet.
sub wait_for_server
{
	$node->poll_query_until('postgres', undef, '') or die 'the server does not come back';
}

my %calamity = (
	'kill -9' => sub {
		my ($database, $call) = @_;
		my $pid = $node->safe_psql($database,
			"SELECT pid FROM pg_stat_activity WHERE backend_type = 'migrate worker'");

		kill 'KILL', $pid or die "there is no worker $pid";
		# the server ends all sessions before it recovers
		isnt(finish_session($call), 0, 'kill -9: its caller is told');
		wait_for_server();
	},
	'immediate shutdown' => sub {
		my ($database, $call) = @_;

		$node->stop('immediate');
		isnt(finish_session($call), 0, 'immediate shutdown: its caller is told');
		$node->start;
	});

sub no_lock_left
{
	my ($database, $test) = @_;

	ok( $node->poll_query_until(
			$database, 'SELECT count(*) = 0 FROM pg_locks
			 WHERE objsubid BETWEEN 19783 AND 19786'),
		"$test: no lock is left");
}

sub status
{
	my ($database) = @_;

	return $node->safe_psql($database,
		'SELECT version, state, remark FROM migrate_status');
}

# Everything is applied, once, and nothing else is there.
sub complete
{
	my ($database, $ran, $test) = @_;

	no_lock_left($database, $test);
	is_complete($node, $database, $ran, $test);
}

sub deploy
{
	return deploy_again($node, @_);
}

# Where it happens: in a statement of a migration, waiting for what; what was
# done by then, and which states it leaves.

my $index = q{
INSERT INTO ran VALUES ('2.1');
CREATE INDEX CONCURRENTLY item_slow ON item (slow(id));
INSERT INTO ran VALUES ('2.3');
};
my $steps = q{
-- migrate:no-transaction
INSERT INTO ran VALUES ('3.1');
INSERT INTO ran SELECT '3.2' FROM gate(2);
INSERT INTO ran VALUES ('3.3');
};
my $whole = q{
INSERT INTO ran VALUES ('4.1');
CREATE TABLE four (id int);
INSERT INTO ran SELECT '4.2' FROM gate(3);
INSERT INTO ran VALUES ('4.3');
};
my $all = join "\n", qw(1 2.1 2.3 3.1 3.2 3.3 4.1 4.2 4.3 5);
my $in_index = "1|applied|\n2|interrupted|up script, 1 of 3 statements done\n3|pending|\n4|pending|\n5|pending|";
my $count_indexes = q{
SELECT count(*) FILTER (WHERE indisvalid), count(*) FILTER (WHERE NOT indisvalid)
  FROM pg_index WHERE indrelid = 'item'::regclass};
my @places = (
	{
		name => 'building an index',
		hold => 'SELECT pg_advisory_lock(1)',
		at => [ '2_index', 2, 'advisory' ],
		status => $in_index,
		ran => "1\n2.1",
		indexes => '0|1',
		notice => qr/clearing away what an earlier attempt has left: DROP INDEX CONCURRENTLY IF EXISTS public\.item_slow/
	},
	{
		name => 'an index waiting for a snapshot',
		hold => 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM ran',
		at => [ '2_index', 2, 'virtualxid' ],
		status => $in_index,
		ran => "1\n2.1",
		indexes => '0|1',
		notice => qr/clearing away what an earlier attempt has left: DROP INDEX CONCURRENTLY IF EXISTS public\.item_slow/
	},
	{
		name => 'an index that is not recorded yet',
		hold => 'SELECT pg_advisory_lock(1)',
		at => [ '2_index', 2, 'advisory' ],
		unrecorded => 1,
		status => $in_index,
		ran => "1\n2.1",
		indexes => '1|0',
		notice => qr/migration 2_index: statement 2 was done before, and is not repeated/
	},
	{
		name => 'between two statements',
		hold => 'SELECT pg_advisory_lock(2)',
		at => [ '3_steps', 2, 'advisory' ],
		status => "1|applied|\n2|applied|\n3|interrupted|up script, 1 of 3 statements done\n4|pending|\n5|pending|",
		ran => "1\n2.1\n2.3\n3.1",
		indexes => '1|0',
		notice => qr/migration 3_steps goes on after statement 1 of 3/
	},
	{
		name => 'in a transaction',
		hold => 'SELECT pg_advisory_lock(3)',
		at => [ '4_whole', 3, 'advisory' ],
		status => "1|applied|\n2|applied|\n3|applied|\n4|pending|\n5|pending|",
		ran => "1\n2.1\n2.3\n3.1\n3.2\n3.3",
		indexes => '1|0',
		notice => qr{\[1/2\] 4_whole: 4 statements}
	});

my $number = 0;
for my $calamity (sort keys %calamity)
{
	for my $place (@places)
	{
		my $test = "$calamity, $place->{name}";
		my $database = 'crash' . ++$number;

		new_database($database);
		register($database, '1', 'first', q{INSERT INTO ran VALUES ('1')});
		register($database, '2', 'index', $index);
		register($database, '3', 'steps', $steps);
		register($database, '4', 'whole', $whole);
		register($database, '5', 'last', q{INSERT INTO ran VALUES ('5')});

		my $holder = hold($database, $place->{hold});
		my $call = start_session($database, 'CALL migrate_deploy()');
		wait_for_worker($database, @{ $place->{at} });
		$holder = hold_journal($database, $holder) if $place->{unrecorded};
		is($node->safe_psql($database, 'SELECT state FROM migrate_jobs'),
			'running', "$test: the job is running before");
		$calamity{$calamity}->($database, $call);
		$holder->quit;

		no_lock_left($database, $test);
		is(status($database), $place->{status}, "$test: the status says how far it came");
		is($node->safe_psql($database, 'SELECT what FROM ran ORDER BY what'),
			$place->{ran}, "$test: what was committed is there");
		is($node->safe_psql($database, $count_indexes),
			$place->{indexes}, "$test: valid and INVALID indexes");
		is($node->safe_psql($database, 'SELECT state, finished_at, sqlstate FROM migrate_jobs'),
			'interrupted||', "$test: the job is interrupted");
		is($node->safe_psql($database, 'SELECT * FROM migrate_progress'),
			'', "$test: and not in progress");

		like(deploy($database, $test), $place->{notice}, "$test: and says what it found");
		complete($database, $all, $test);
		is($node->safe_psql($database, $count_indexes), '1|0', "$test: there is one index");
		is($node->safe_psql($database, q{SELECT count(*) FROM pg_class WHERE relname = 'four'}),
			'1', "$test: there is one table");
	}
}

# What else refuses a transaction, killed while it waits, and killed when it is
# done but not recorded.

# Migration 1 with $statement as its second of three, killed; $after is a query
# on what is left, and $found its results after the crash and after the next run.
sub interrupt
{
	my ($database, $prepare, $statement, $hold, $wait, $unrecorded, $after, $found, $next) = @_;
	my $test = "$database, " . ($unrecorded ? 'not recorded' : 'waiting');

	$database .= $unrecorded ? '_done' : '_waits';
	new_database($database);
	$node->safe_psql($database, $prepare);
	register($database, '1', 'it',
		"INSERT INTO ran VALUES ('1.1'); $statement; INSERT INTO ran VALUES ('1.3')");

	my $holder = hold($database, $hold);
	my $call = start_session($database, 'CALL migrate_deploy()');
	wait_for_worker($database, '1_it', 2, $wait);
	$holder = hold_journal($database, $holder) if $unrecorded;
	$calamity{'kill -9'}->($database, $call);
	$holder->quit;

	no_lock_left($database, $test);
	is( status($database), '1|interrupted|up script, 1 of 3 statements done',
		"$test: it is interrupted");
	is($node->safe_psql($database, $after), $found, "$test: what the crash left");
	my $err = deploy($database, $test);
	complete($database, "1.1\n1.3", $test);
	is($node->safe_psql($database, $after), $next, "$test: what the next run left");
	return $err;
}

my $indexes = q{
SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = 'item'::regclass ORDER BY 1};
my $shut = 'SELECT pg_advisory_lock(1)';
my ($holder, $call, $code, $out, $err);

$err = interrupt('reindex', 'CREATE INDEX item_slow ON item (slow(id))',
	'REINDEX INDEX CONCURRENTLY item_slow', $shut, 'advisory', 0,
	$indexes, "item_slow|t\nitem_slow_ccnew|f", 'item_slow|t');
like($err, qr/clearing away .* DROP INDEX CONCURRENTLY IF EXISTS public\.item_slow_ccnew/,
	'reindex: its leftover is cleared away');
interrupt('reindex_table', 'CREATE INDEX item_slow ON item (slow(id)); CREATE INDEX item_id ON item (id)',
	'REINDEX (CONCURRENTLY) TABLE item', $shut, 'advisory', 0,
	$indexes, "item_id|t\nitem_id_ccnew|f\nitem_slow|t\nitem_slow_ccnew|f", "item_id|t\nitem_slow|t");

# the old index is still there while it may be in use
interrupt('reindex', 'CREATE INDEX item_slow ON item (slow(id))',
	'REINDEX INDEX CONCURRENTLY item_slow', $shut, 'advisory', 1,
	$indexes, 'item_slow|t', 'item_slow|t');

$err = interrupt('unnamed', '', 'CREATE INDEX CONCURRENTLY ON item (slow(id))', $shut, 'advisory', 0,
	$indexes, 'item_slow_idx|f', 'item_slow_idx|t');
like($err, qr/clearing away .* DROP INDEX CONCURRENTLY IF EXISTS public\.item_slow_idx/,
	'unnamed: its INVALID index is cleared away');
$err = interrupt('unnamed', 'CREATE INDEX ON item (slow(id))',
	'CREATE INDEX CONCURRENTLY ON item (slow(id))', $shut, 'advisory', 1,
	$indexes, "item_slow_idx|t\nitem_slow_idx1|t", "item_slow_idx|t\nitem_slow_idx1|t");
like($err, qr/statement 2 was done before, and is not repeated/,
	'unnamed: it is found, although another index is just like it');

interrupt('drop', 'CREATE INDEX item_id ON item (id)', 'DROP INDEX CONCURRENTLY item_id',
	'BEGIN; SELECT FROM item', 'virtualxid', 0, $indexes, 'item_id|f', '');
$err = interrupt('drop', 'CREATE INDEX item_id ON item (id)', 'DROP INDEX CONCURRENTLY item_id',
	'BEGIN; SELECT FROM item', 'virtualxid', 1, $indexes, '', '');
like($err, qr/statement 2 was done before, and is not repeated/, 'drop: it is not repeated');

my $partitions = q{
CREATE TABLE part (id int) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
INSERT INTO part VALUES (1)};
my $detached = q{
SELECT (SELECT count(*) FROM part_1),
	   (SELECT string_agg(inhdetachpending::text, '') FROM pg_inherits
		 WHERE inhrelid = 'part_1'::regclass)};
my $detach = 'ALTER TABLE part DETACH PARTITION part_1 CONCURRENTLY';
$err = interrupt('detach', $partitions, $detach, 'BEGIN; SELECT FROM part', 'virtualxid', 0,
	$detached, '1|true', '1|');
like($err, qr/ALTER TABLE public\.part DETACH PARTITION public\.part_1 FINALIZE/,
	'detach: it is finalized');
interrupt('detach', $partitions, $detach, 'BEGIN; SELECT FROM part', 'virtualxid', 1,
	$detached, '1|', '1|');

interrupt('vacuum', '', 'VACUUM item', 'BEGIN; LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE',
	'relation', 0, 'SELECT count(*) FROM item', '100', '100');
interrupt('vacuum', '', 'VACUUM item', 'BEGIN; LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE',
	'relation', 1, 'SELECT count(*) FROM item', '100', '100');

# What was left over before is somebody else's.

new_database('before');
$node->safe_psql('before', 'CREATE INDEX item_slow ON item (slow(id))');
$holder = hold('before', $shut);
psql('before', q{SET lock_timeout = '1ms'; REINDEX INDEX CONCURRENTLY item_slow});
register('before', '1', 'it', 'REINDEX INDEX CONCURRENTLY item_slow');
$call = start_session('before', 'CALL migrate_deploy()');
wait_for_worker('before', '1_it', 1, 'advisory');
$calamity{'kill -9'}->('before', $call);
$holder->quit;
is($node->safe_psql('before', $indexes), "item_slow|t\nitem_slow_ccnew|f\nitem_slow_ccnew1|f",
	'leftovers of two attempts');
deploy('before', 'leftovers');
is($node->safe_psql('before', $indexes), "item_slow|t\nitem_slow_ccnew|f",
	'... of which only the own is cleared away');
is(status('before'), '1|applied|', '... and it is applied');

# That a statement refuses a transaction may come out only when it runs: each
# partition's index is rebuilt in a transaction of its own.
interrupt('reindex_partitioned', q{
	CREATE TABLE part (id int) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1) TO (50);
	CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (50) TO (100);
	CREATE INDEX ON part (slow(id));
	INSERT INTO part VALUES (1), (50)},
	'REINDEX TABLE part', $shut, 'advisory', 0, 'SELECT count(*) FROM part', '2', '2');

# Killed while it clears away what was left, twice.

new_database('again');
register('again', '1', 'it',
	q{INSERT INTO ran VALUES ('1.1'); CREATE INDEX CONCURRENTLY ON item (slow(id)); INSERT INTO ran VALUES ('1.3')});
$holder = hold('again', $shut);
$call = start_session('again', 'CALL migrate_deploy()');
wait_for_worker('again', '1_it', 2, 'advisory');
$calamity{'kill -9'}->('again', $call);
$holder->quit;
for (1, 2)
{
	$holder = hold('again', 'BEGIN; SELECT FROM item');
	$call = start_session('again', 'CALL migrate_deploy()');
	wait_for_worker('again', '1_it', 1, 'virtualxid', 'repair');
	$calamity{'kill -9'}->('again', $call);
	$holder->quit;
	is(status('again'), '1|interrupted|up script, 1 of 3 statements done', 'again: it is interrupted');
}
deploy('again', 'again');
complete('again', "1.1\n1.3", 'again');
is($node->safe_psql('again', $indexes), 'item_slow_idx|t', 'again: there is one index');

# Killed after the last statement, in the verify script.

new_database('verify');
$node->safe_psql('verify', q{SELECT migrate_register('1', 'it',
	'INSERT INTO ran VALUES (''1.1''); CREATE INDEX CONCURRENTLY item_id ON item (id)', NULL, 'SELECT gate(2) = 2')});
$holder = hold('verify', 'SELECT pg_advisory_lock(2)');
$call = start_session('verify', 'CALL migrate_deploy()');
wait_for_worker('verify', '1_it', 1, 'advisory', 'verify');
$calamity{'kill -9'}->('verify', $call);
$holder->quit;
is(status('verify'), '1|interrupted|up script, 2 of 2 statements done', 'verify: it is interrupted');
deploy('verify', 'verify');
complete('verify', '1.1', 'verify');

# Finished by hand, which has to be said.

new_database('by_hand');
register('by_hand', '1', 'it', q{INSERT INTO ran VALUES ('1.1'); CREATE INDEX CONCURRENTLY item_slow ON item (slow(id))});
$holder = hold('by_hand', $shut);
$call = start_session('by_hand', 'CALL migrate_deploy()');
wait_for_worker('by_hand', '1_it', 2, 'advisory');
$calamity{'kill -9'}->('by_hand', $call);
$holder->quit;
$node->safe_psql('by_hand', q{REINDEX INDEX item_slow; SELECT migrate_mark('1', 'reindexed')});
is(status('by_hand'), '1|applied|', 'by hand: it is applied');
deploy('by_hand', 'by hand');
is( $node->safe_psql('by_hand', 'SELECT version FROM migrate_journal; SELECT * FROM migrate_verify_log(); SELECT what FROM ran'),
	'1.1', 'by hand: nothing is half done, nothing ran again, the log verifies');

# What the statements before have set holds for those after them, and for what
# is looked for.

new_database('settings');
$node->safe_psql('settings', q{
	CREATE ROLE owner;
	CREATE SCHEMA other AUTHORIZATION owner;
	CREATE TABLE other.item (id int, who text DEFAULT current_user);
	ALTER TABLE other.item OWNER TO owner;
	INSERT INTO other.item VALUES (50)});
register('settings', '1', 'it', q{
	SET search_path = other;
	SELECT pg_catalog.set_config('role', 'owner', false);
	SET LOCAL search_path = nowhere;
	CREATE INDEX CONCURRENTLY item_slow ON item (public.slow(id));
	INSERT INTO item VALUES (1)});
$holder = hold('settings', $shut);
$call = start_session('settings', 'CALL migrate_deploy()');
wait_for_worker('settings', '1_it', 4, 'advisory');
$calamity{'kill -9'}->('settings', $call);
$holder->quit;
is(status('settings'), '1|interrupted|up script, 3 of 5 statements done', 'settings: it is interrupted');
$err = deploy('settings', 'settings');
like($err, qr/clearing away .* DROP INDEX CONCURRENTLY IF EXISTS other\.item_slow/,
	'settings: what is left over is found by them');
complete('settings', '', 'settings');
is($node->safe_psql('settings', 'SELECT id, who FROM other.item ORDER BY id'), "1|owner\n50|postgres",
	'settings: the rest runs with them');

# A down script.

new_database('down');
register('down', '1', 'first', q{INSERT INTO ran VALUES ('1')}, q{INSERT INTO ran VALUES ('down 1')});
register('down', '2', 'index',
	q{CREATE INDEX CONCURRENTLY item_id ON item (id)},
	q{INSERT INTO ran VALUES ('down 2.1'); DROP INDEX CONCURRENTLY item_id; INSERT INTO ran VALUES ('down 2.3')});
deploy('down', 'before the way down');
$holder = hold('down', 'BEGIN; SELECT FROM item');
$call = start_session('down', q{CALL migrate_undo('base')});
wait_for_worker('down', '2_index', 2, 'virtualxid');
$calamity{'kill -9'}->('down', $call);
$holder->quit;
no_lock_left('down', 'down script');
is( status('down'), "1|applied|\n2|interrupted|down script, 1 of 3 statements done",
	'a down script is interrupted');
($out, $err) = psql('down', 'CALL migrate_deploy()');
like($err, qr/ERROR:  MG016: migration 2_index is half /, '... and nothing goes up before it is done');
is($node->safe_psql('down', 'SELECT what FROM ran ORDER BY what'), "1\ndown 2.1", '... nothing has run');
($code, $out, $err) = $node->psql('down', q{CALL migrate_undo('base')});
is($code, 0, 'the next call on the way down succeeds') or diag($err);
is( $node->safe_psql('down', 'SELECT what FROM ran ORDER BY what'),
	"1\ndown 1\ndown 2.1\ndown 2.3", '... and runs each statement once');
is($node->safe_psql('down', $indexes), '', '... the index is gone');
is(status('down'), "1|pending|\n2|pending|cannot run in a transaction: CREATE INDEX CONCURRENTLY, line 1",
	'... and nothing is applied');
is($node->safe_psql('down', 'SELECT * FROM migrate_verify_log(); SELECT version FROM migrate_journal'),
	'', '... the log verifies, nothing is half done');

# What cannot be judged waits for a person.

sub interrupt_create_database
{
	my ($name, $unrecorded) = @_;
	my ($out, $err);

	new_database($name);
	$node->safe_psql('postgres', "CREATE DATABASE ${name}_template");
	register($name, '1', 'first',
		"INSERT INTO ran VALUES ('1.1'); CREATE DATABASE ${name}_new TEMPLATE ${name}_template; INSERT INTO ran VALUES ('1.3')");
	register($name, '2', 'second', q{INSERT INTO ran VALUES ('2')});
	my $holder = hold($name, "BEGIN; ALTER DATABASE ${name}_template RENAME TO ${name}_renamed");
	my $call = start_session($name, 'CALL migrate_deploy()');
	wait_for_worker($name, '1_first', 2, 'object');
	$holder = hold_journal($name, $holder) if $unrecorded;
	$calamity{'kill -9'}->($name, $call);
	$holder->quit;

	no_lock_left($name, $name);
	is(status($name), "1|interrupted|up script, 1 of 3 statements done\n2|pending|",
		"$name: it is interrupted");
	for my $again (1, 2)
	{
		($out, $err) = psql($name, 'CALL migrate_deploy()');
		like($err, qr/ERROR:  MG016: migration 1_first was interrupted in statement 2, and it cannot be told whether that is done/,
			"$name: call $again refuses to guess");
		like($err, qr/DETAIL:  1 of 3 statements are done\. In doubt is: CREATE DATABASE ${name}_new/,
			"$name: and says what it is about");
		like($err, qr/HINT:  Look, and call migrate_resolve\('1', 'done'\) or migrate_resolve\('1', 'retry'\)/,
			"$name: and what to do");
		is( $node->safe_psql($name, 'SELECT version, state FROM migrate_status'),
			"1|interrupted\n2|pending", "$name: it stays interrupted");
		is($node->safe_psql($name, 'SELECT state, sqlstate FROM migrate_jobs ORDER BY job DESC LIMIT 1'),
			'failed|MG016', "$name: the job has failed");
	}
	is($node->safe_psql($name, 'SELECT what FROM ran'), '1.1', "$name: nothing more has run");
	no_lock_left($name, $name);
}

sub databases
{
	my ($name) = @_;

	return $node->safe_psql('postgres', "SELECT count(*) FROM pg_database WHERE datname = '${name}_new'");
}

interrupt_create_database('retry', 0);
is(databases('retry'), '0', 'retry: there is no database');
($out, $err) = psql('retry', q{SELECT migrate_resolve('1', 'perhaps')});
like($err, qr/ERROR:  22023: /, 'there are only two answers');
($out, $err) = psql('retry', q{SELECT migrate_resolve('2', 'done')});
like($err, qr/ERROR:  55000: no statement of migration 2_second is in doubt/, 'and they are for what is in doubt');
$node->safe_psql('retry', q{SELECT migrate_resolve('1', 'retry')});
deploy('retry', 'retry');
is(databases('retry'), '1', 'retry: there is a database');
complete('retry', "1.1\n1.3\n2", 'retry');
($out, $err) = psql('retry', q{SELECT migrate_resolve('1', 'done')});
like($err, qr/ERROR:  55000: no statement of migration 1_first is in doubt/, 'retry: nothing is in doubt any more');

interrupt_create_database('done', 1);
is(databases('done'), '1', 'done: there is a database');
$node->safe_psql('done', q{SELECT migrate_resolve('1', 'done')});
deploy('done', 'done');
complete('done', "1.1\n1.3\n2", 'done');
is( $node->safe_psql('done', q{SELECT event, outcome, version, reason FROM migrate_history WHERE event = 'resolve'}),
	'resolve|ok|1|statement 2: done', 'done: the history has the answer');

# An answer that is wrong leads to another question, not to a loss.
interrupt_create_database('wrong', 1);
$node->safe_psql('wrong', q{SELECT migrate_resolve('1', 'retry')});
($out, $err) = psql('wrong', 'CALL migrate_deploy()');
like($err, qr/ERROR:  42P04: database "wrong_new" already exists/, 'wrong: the statement itself fails');
is($node->safe_psql('wrong', 'SELECT version, state FROM migrate_status'), "1|failed\n2|pending",
	'wrong: the migration has failed');
$node->safe_psql('postgres', 'DROP DATABASE wrong_new');
deploy('wrong', 'wrong');
complete('wrong', "1.1\n1.3\n2", 'wrong');

# Nor can a procedure be judged that commits on its way; one that did not get
# to that is undone.

sub new_procedure
{
	my ($database, $body) = @_;

	new_database($database);
	$node->safe_psql($database,
		"CREATE PROCEDURE work() LANGUAGE plpgsql AS \$\$BEGIN $body END\$\$");
	register($database, '1', 'it', q{-- migrate:no-transaction
	INSERT INTO ran VALUES ('1.1'); CALL work(); INSERT INTO ran VALUES ('1.3')});
}

for my $commits (0, 1)
{
	my $database = $commits ? 'procedure_commits' : 'procedure';

	new_procedure($database, q{
		INSERT INTO ran VALUES ('1.2a');} . ($commits ? 'COMMIT;' : '') . q{
		PERFORM gate(1);
		INSERT INTO ran VALUES ('1.2b');});
	$holder = hold($database, $shut);
	$call = start_session($database, 'CALL migrate_deploy()');
	wait_for_worker($database, '1_it', 2, 'advisory');
	$calamity{'kill -9'}->($database, $call);
	$holder->quit;
	is(status($database), '1|interrupted|up script, 1 of 3 statements done',
		"$database: it is interrupted");
	if ($commits)
	{
		($out, $err) = psql($database, 'CALL migrate_deploy()');
		like($err, qr/ERROR:  MG016: migration 1_it was interrupted in statement 2, /,
			"$database: what has committed is not repeated");
		is($node->safe_psql($database, 'SELECT what FROM ran ORDER BY what'), "1.1\n1.2a",
			"$database: nothing more has run");
		$node->safe_psql($database,
			q{INSERT INTO ran VALUES ('1.2b'); SELECT migrate_resolve('1', 'done')});
	}
	deploy($database, $database);
	complete($database, "1.1\n1.2a\n1.2b\n1.3", $database);
}

# An error after the commit is no different, whatever it is.
my %error = (
	procedure_fails => [ q{RAISE division_by_zero;}, '22012' ],
	procedure_locks => [ q{PERFORM set_config('lock_timeout', '10ms', true); LOCK TABLE item;}, '55P03' ]);
for my $database (sort keys %error)
{
	my ($statement, $sqlstate) = @{ $error{$database} };

	new_procedure($database, "INSERT INTO ran VALUES ('1.2'); COMMIT; $statement");
	$holder = hold($database, 'BEGIN; SELECT FROM item');
	($out, $err) = psql($database, 'CALL migrate_deploy()');
	like($err, qr/ERROR:  $sqlstate: /, "$database: its error is raised");
	$holder->quit;
	is($node->safe_psql($database, 'SELECT version, state FROM migrate_status'), '1|failed',
		"$database: it has failed");
	($out, $err) = psql($database, 'CALL migrate_deploy()');
	like($err, qr/ERROR:  MG016: migration 1_it was interrupted in statement 2, /,
		"$database: what has committed is not repeated");
	is($node->safe_psql($database, 'SELECT what FROM ran ORDER BY what'), "1.1\n1.2",
		"$database: nothing has run twice");
	$node->safe_psql($database, q{SELECT migrate_resolve('1', 'done')});
	deploy($database, $database);
	complete($database, "1.1\n1.2\n1.3", $database);
}

# What is done may not change, what comes after it may.

new_database('changed');
register('changed', '1', 'it',
	q{-- migrate:no-transaction
	INSERT INTO ran VALUES ('1'); INSERT INTO ran VALUES ('2'); INSERT INTO nowhere VALUES ('3'); INSERT INTO ran VALUES ('4')});
($out, $err) = psql('changed', 'CALL migrate_deploy()');
like($err, qr/ERROR:  42P01: relation "nowhere" does not exist/, 'a statement fails');
like($err, qr/migrate_deploy\(\) of 1 migration: of this one 2 of 4 statements are done and kept, the failure is in migrate_history/,
	'... and its context says what is kept');
is(status('changed'), '1|failed|up script, 2 of 4 statements done: relation "nowhere" does not exist',
	'... it is failed, and half done');
no_lock_left('changed', 'a failed statement');
my %refused = (
	'another statement' => q{INSERT INTO ran VALUES ('1'); INSERT INTO ran VALUES ('two'); INSERT INTO ran VALUES ('3')},
	'a statement less' => q{INSERT INTO ran VALUES ('2'); INSERT INTO ran VALUES ('3')},
	'a statement more' => q{INSERT INTO ran VALUES ('0'); INSERT INTO ran VALUES ('1'); INSERT INTO ran VALUES ('2'); INSERT INTO ran VALUES ('3')},
	'another order' => q{INSERT INTO ran VALUES ('2'); INSERT INTO ran VALUES ('1'); INSERT INTO ran VALUES ('3')},
	'too few' => q{INSERT INTO ran VALUES ('1')});
for my $what (sort keys %refused)
{
	register('changed', '1', 'it', "-- migrate:no-transaction\n$refused{$what}");
	($out, $err) = psql('changed', 'CALL migrate_deploy()');
	like($err, qr/ERROR:  MG016: migration 1_it is half done, and what is done of it is not what its script says now/,
		"$what where it is done is refused");
	like($err, qr/HINT:  Register the text that ran so far, and change only what comes after/,
		"$what: with a hint");
}
is($node->safe_psql('changed', 'SELECT what FROM ran ORDER BY what'), "1\n2", 'nothing of that was run');
register('changed', '1', 'it',
	q{-- migrate:no-transaction
	-- comments do not matter
	INSERT INTO ran VALUES ('1'); INSERT  INTO ran VALUES ('2');
	INSERT INTO ran VALUES ('3'); INSERT INTO ran VALUES ('3b'); INSERT INTO ran VALUES ('4')});
deploy('changed', 'a corrected rest');
complete('changed', "1\n2\n3\n3b\n4", 'a corrected rest');

# A statement that was begun may change too: what it left is known by its old text.
for my $rest (
	[ 'gone', '' ],
	[ 'replaced', 'VACUUM item;' ],
	[ 'renamed', 'CREATE INDEX CONCURRENTLY item_other ON item (slow(id));' ],
	[ 'later', q{INSERT INTO ran VALUES ('1.2'); CREATE INDEX CONCURRENTLY item_slow ON item (slow(id));} ])
{
	my ($database, $text) = @$rest;

	new_database($database);
	register($database, '1', 'it',
		q{INSERT INTO ran VALUES ('1.1'); CREATE INDEX CONCURRENTLY item_slow ON item (slow(id))});
	$holder = hold($database, $shut);
	$call = start_session($database, 'CALL migrate_deploy()');
	wait_for_worker($database, '1_it', 2, 'advisory');
	$calamity{'kill -9'}->($database, $call);
	$holder->quit;
	($out, $err) = psql($database, 'SELECT migrate_apply()');
	like($err, qr/ERROR:  MG005: /, "$database: what is half done is not for a caller's transaction");
	register($database, '1', 'it', qq{-- migrate:no-transaction
		INSERT INTO ran VALUES ('1.1'); $text});
	deploy($database, $database);
	complete($database, $text =~ /1\.2/ ? "1.1\n1.2" : '1.1', $database);
	is($node->safe_psql($database, $indexes),
		{ gone => '', replaced => '', renamed => 'item_other|t', later => 'item_slow|t' }->{$database},
		"$database: the indexes that its text names are there");
}

# But what is found to be done must be what the script says.
new_database('was_done');
register('was_done', '1', 'it',
	q{INSERT INTO ran VALUES ('1.1'); CREATE INDEX CONCURRENTLY item_slow ON item (slow(id))});
$holder = hold('was_done', $shut);
$call = start_session('was_done', 'CALL migrate_deploy()');
wait_for_worker('was_done', '1_it', 2, 'advisory');
$holder = hold_journal('was_done', $holder);
$calamity{'kill -9'}->('was_done', $call);
$holder->quit;
for my $text ('', 'VACUUM item;', 'CREATE INDEX CONCURRENTLY item_slow ON item (id);')
{
	register('was_done', '1', 'it', "-- migrate:no-transaction\nINSERT INTO ran VALUES ('1.1'); $text");
	($out, $err) = psql('was_done', 'CALL migrate_deploy()');
	like($err, qr/ERROR:  MG016: migration 1_it is half done, and /, "was done, and is now \"$text\": is refused");
}
register('was_done', '1', 'it',
	q{INSERT INTO ran VALUES ('1.1'); CREATE INDEX CONCURRENTLY item_slow ON item (slow(id)); INSERT INTO ran VALUES ('1.3')});
deploy('was_done', 'was done, and something follows');
complete('was_done', "1.1\n1.3", 'was done, and something follows');

# An index that was left INVALID by the data, which are corrected, by hand or by
# the migration.

for my $database ('duplicate', 'duplicate_deleted')
{
	my $delete = 'DELETE FROM item WHERE ctid = (SELECT max(ctid) FROM item WHERE id = 7)';
	my $script = q{-- migrate:no-transaction
	INSERT INTO ran VALUES ('1.1');
	CREATE UNIQUE INDEX CONCURRENTLY item_id ON item (id);
	INSERT INTO ran VALUES ('1.3')};

	new_database($database);
	$node->safe_psql($database, 'INSERT INTO item VALUES (7)');
	register($database, '1', 'unique', $script);
	for my $attempt (1, 2)
	{
		($out, $err) = psql($database, 'CALL migrate_deploy()');
		like($err, qr/ERROR:  23505: could not create unique index "item_id"/, "duplicates make attempt $attempt fail");
		is( status($database),
			'1|failed|up script, 1 of 3 statements done: could not create unique index "item_id"',
			'... it has failed');
		is($node->safe_psql($database, $indexes), 'item_id|f', '... and left an INVALID index');
		is($node->safe_psql($database, 'SELECT state, sqlstate, steps_done FROM migrate_jobs ORDER BY job DESC LIMIT 1'),
			'failed|23505|0', '... the job has failed');
		no_lock_left($database, $database);
	}
	if ($database eq 'duplicate')
	{
		$node->safe_psql($database, $delete);
	}
	else
	{
		$script =~ s/CREATE/$delete; CREATE/;
		register($database, '1', 'unique', $script);
	}
	deploy($database, $database);
	complete($database, "1.1\n1.3", $database);
	is($node->safe_psql($database, $indexes), 'item_id|t', "$database: the index is valid");
}

$node->stop;
done_testing();
