# A dry run that does not come to its end, or goes through what is hostile:
# nothing stays, and the session goes on.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Digests;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', <<'CONF');
autovacuum = off
fsync = off
max_connections = 20
max_locks_per_transaction = 10
max_prepared_transactions = 0
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE dry');
$node->safe_psql('dry', <<"SQL");
	CREATE EXTENSION migrate;
	CREATE TABLE item (id int PRIMARY KEY, v text);
	INSERT INTO item SELECT g, 'v' || g FROM generate_series(1, 500) g;
	CREATE TABLE part (id int PRIMARY KEY, item int REFERENCES item DEFERRABLE INITIALLY DEFERRED);
	CREATE FUNCTION slow(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.05); RETURN id; END';
	CREATE VIEW locks AS SELECT count(*) AS n FROM pg_locks
		 WHERE pid = pg_backend_pid() AND (locktype = 'advisory' OR relation IN ('item'::regclass, 'part'::regclass));
	$DIGEST
SQL
my $digest = $node->safe_psql('dry', 'SELECT digest()');

sub nothing_stays
{
	my ($test) = @_;

	is($node->safe_psql('dry', 'SELECT digest()'), $digest, "$test: nothing stays");
}

# One session with a dry run in a transaction of its own, or in one that was
# begun before; then what it still has, and another dry run.
sub session
{
	my ($test, $setting, $call) = @_;
	my ($code, $out, $err) = $node->psql('dry', <<~SQL, on_error_stop => 0);
		$setting;
		$call;
		RESET ALL;
		SELECT 'locks ' || n FROM locks;
		SELECT 'again ' || string_agg(status, ' ') FROM migrate_dry_run_sql('ALTER TABLE item ADD c int; SELECT c FROM item');
		SELECT 'plain ' || count(*) FROM item;
		SQL

	is($code, 0, "$test: the session lives");
	like($out, qr/^locks 0\nagain done done\nplain 500$/m, "$test: and goes on, without a lock");
	nothing_stays($test);
	return ($out, $err);
}

sub dry_run
{
	my ($script) = @_;

	return "SELECT count(*), string_agg(DISTINCT concat_ws(' ', status, sqlstate), ',' ORDER BY concat_ws(' ', status, sqlstate)) FROM migrate_dry_run_sql(\$dry\$$script\$dry\$)";
}

# cancelled, at several places
my $work = 'ALTER TABLE item ADD c int; INSERT INTO part SELECT 1; CREATE TABLE made (id int); ';
my %cancelled = (
	'a sleep' => 'SELECT pg_sleep(600)',
	'an index build' => 'CREATE INDEX ON item (slow(id))',
	'an index build that would be concurrent' => 'CREATE INDEX CONCURRENTLY ON item (slow(id))',
	'a rewrite' => 'ALTER TABLE item ALTER v TYPE int USING slow(id)',
	'a handler of all errors' => 'DO $do$BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN others THEN NULL; END$do$',
	'a loop' => 'DO $do$BEGIN LOOP UPDATE item SET v = v WHERE id = 1; END LOOP; END$do$',
	'a block' => 'BEGIN; SAVEPOINT a; SELECT pg_sleep(600); COMMIT',
	'what is deferred' => 'CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $do$BEGIN PERFORM pg_sleep(600); RETURN NULL; END$do$; '
	  . 'CREATE CONSTRAINT TRIGGER late AFTER INSERT ON part DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late(); INSERT INTO part SELECT 2',
);

for my $what (sort keys %cancelled)
{
	my (undef, $err) = session("cancelled in $what", "SET statement_timeout = '300ms'", dry_run($work . $cancelled{$what}));

	like($err, qr/canceling statement due to statement timeout/, "cancelled in $what: as ever");
}
session('cancelled in a transaction', "BEGIN; SAVEPOINT a; SET LOCAL statement_timeout = '300ms'",
	dry_run("$work SELECT pg_sleep(600)") . '; ROLLBACK TO a; COMMIT');
# a script that catches the cancel itself goes on, as it would
my ($out) = session('caught', "SET statement_timeout = '300ms'",
	dry_run('DO $do$BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END$do$; SELECT 1'));
like($out, qr/^2\|done$/m, 'caught: both statements are done');

# by another session, also for good
for my $how ('pg_cancel_backend', 'pg_terminate_backend')
{
	my $session = start_psql($node, 'dry', $how, dry_run("$work SELECT pg_sleep(600)"));

	ok($node->poll_query_until('dry', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = '$how' AND wait_event = 'PgSleep'"),
		"$how: it is at work");
	is($node->safe_psql('dry', "SELECT count(*) > 0 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE application_name = '$how' AND mode = 'AccessExclusiveLock' AND relation = 'item'::regclass"),
		't', "$how: with locks");
	$node->safe_psql('dry', "SELECT $how(pid) FROM pg_stat_activity WHERE application_name = '$how'");
	finish_session($session);
	like($session->{err}, $how eq 'pg_cancel_backend' ? qr/57014/ : qr/57P01/, "$how: it has ended");
	ok($node->poll_query_until('dry', "SELECT count(*) = 0 FROM pg_locks WHERE relation = 'item'::regclass"), "$how: no lock is left");
	nothing_stays($how);
}

# a lock that is waited for, and had
my $holder = $node->background_psql('dry');
$holder->query_safe('BEGIN; LOCK TABLE part');
my $waiter = start_psql($node, 'dry', 'waiter', "SET migrate.dry_run_lock_timeout = '10min'",
	"SELECT w->>'relation', w->>'mode', w->>'granted', lock_wait_ms >= (w->>'ms')::float8 AND ms >= lock_wait_ms, jsonb_array_length(w->'sessions') "
	  . "FROM migrate_dry_run_sql('ALTER TABLE part ADD c int') d, jsonb_array_elements(d.waits_for) w");
ok($node->poll_query_until('dry', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'waiter' AND wait_event_type = 'Lock'"), 'it waits');
# long enough to be noticed
$node->safe_psql('dry', 'SELECT pg_sleep(0.2)');
$holder->query_safe('COMMIT');
finish_session($waiter);
is($waiter->{out}, "public.part|AccessExclusiveLock|true|t|1\n", 'a wait that ended is told of');
$holder->query_safe('BEGIN; LOCK TABLE part');
my (undef, $err) = session_waiting();
$holder->query_safe('COMMIT');
$holder->quit;
nothing_stays('after waits');

sub session_waiting
{
	my ($code, $out, $err) = $node->psql('dry', "SET statement_timeout = '300ms'; SET migrate.dry_run_lock_timeout = 0;\n" . dry_run('ALTER TABLE part ADD c int'));

	like($err, qr/canceling statement due to statement timeout/, 'cancelled in a wait that has no end');
	return ($out, $err);
}

# out of lock table space: by one statement, by many, and by a migration
my $many = 'DO $do$BEGIN FOR i IN 1..20000 LOOP EXECUTE format(\'CREATE TABLE many%s (id int)\', i); END LOOP; END$do$';
($out) = session('many tables in a statement', 'SELECT 1', dry_run("$work $many; SELECT 1"));
like($out, qr/^5\|done,failed 53200,not run$/m, 'many tables in a statement: it fails');
($out) = session('many tables', 'SELECT 1', dry_run($work . join '; ', map { "CREATE TABLE many$_ (id int)" } 1 .. 5000));
like($out, qr/^5003\|done,failed 53200,not run$/m, 'many tables: one of them fails');
($out) = session('many tables, each in a transaction', 'SELECT 1', dry_run("VACUUM item; $work" . join '; ', map { "CREATE TABLE many$_ (id int)" } 1 .. 5000));
like($out, qr/^5004\|done,failed 53200,not run,refused$|out of shared memory/m, 'many tables, each in a transaction: one of them fails');
($out) = session('a handler', 'SELECT 1', dry_run("$work DO \$x\$BEGIN EXECUTE \$y\$$many\$y\$; EXCEPTION WHEN out_of_memory THEN NULL; END\$x\$; SELECT 1"));
like($out, qr/^5\|done$/m, 'a handler: what it catches is no failure');

# at a statement of a migration, and at the end of one
$node->safe_psql('dry', 'SELECT migrate_register(v::text, \'m\', format(\'CREATE TABLE m%1$s (id int); INSERT INTO part VALUES (%1$s, %1$s); UPDATE item SET v = v; SELECT 1 / (%1$s - 3)\', v)) FROM generate_series(1, 5) v');
$digest = $node->safe_psql('dry', 'SELECT digest()');
for my $case ([ 'at a statement', '3: failed 22012', undef ],
	[ 'at the end', '2:  failed 23503', 'INSERT INTO part VALUES (22, 5022)' ])
{
	my ($test, $failed, $text) = @$case;

	$node->safe_psql('dry', "SELECT migrate_register('2', 'm', '$text')") if $text;
	$digest = $node->safe_psql('dry', 'SELECT digest()');
	$out = $node->safe_psql('dry', <<~'SQL');
		SELECT count(*) FILTER (WHERE status = 'done' AND statement > 0) || ' ' || count(*) FILTER (WHERE status = 'failed') || ' ' || count(*) FILTER (WHERE status = 'not run'),
			string_agg(concat_ws(' ', version || ':', CASE WHEN statement IS NULL THEN '' END, status, sqlstate), ',') FILTER (WHERE status = 'failed')
		  FROM migrate_dry_run()
		SQL
	is($out, $text ? "5 1 12|$failed" : "11 1 8|$failed", "it fails $test");
	nothing_stays("it fails $test");
}
is($node->safe_psql('dry', 'SELECT count(*) FROM migrate_history'), '0', 'no failure is remembered');

# what is half done goes on where it stopped
$node->safe_psql('dry', 'SELECT migrate_unregister(v::text) FROM generate_series(1, 5) v');
$node->safe_psql('dry', q{SELECT migrate_register('1', 'half', 'SET work_mem = ''7MB''; CREATE TABLE half (id int); CREATE INDEX CONCURRENTLY half_id ON half (id); SELECT 1/0; SELECT 2')});
$node->psql('dry', 'CALL migrate_deploy()');
$digest = $node->safe_psql('dry', 'SELECT digest()');
is($node->safe_psql('dry', q{SELECT string_agg(concat_ws(' ', statement, status, sqlstate), ',' ORDER BY statement) FROM migrate_dry_run()}),
	'4 failed 22012,5 not run', 'what is half done goes on');
$node->safe_psql('dry', q{SELECT migrate_register('1', 'half', 'SET work_mem = ''7MB''; CREATE TABLE half (id int); CREATE INDEX CONCURRENTLY half_id ON half (id); SELECT 1 / (current_setting(''work_mem'') = ''7MB'')::int')});
$digest = $node->safe_psql('dry', 'SELECT digest()');
is($node->safe_psql('dry', q{SELECT string_agg(concat_ws(' ', statement, status, sqlstate), ',' ORDER BY statement) FROM migrate_dry_run()}),
	'4 done', 'what is half done has its settings');
$node->safe_psql('dry', q{SELECT migrate_register('1', 'half', 'SELECT 1; SELECT 2')});
$digest = $node->safe_psql('dry', 'SELECT digest()');
is($node->safe_psql('dry', q{SELECT concat_ws(' ', statement, status, sqlstate) FROM migrate_dry_run() ORDER BY statement NULLS FIRST LIMIT 1}),
	'failed MG016', 'what does not fit cannot go on') or diag($node->safe_psql('dry', 'SELECT * FROM migrate_dry_run()'));
nothing_stays('what is half done');
$node->safe_psql('dry', q{SELECT migrate_unmark('1', 'undone by hand'); SELECT migrate_unregister('1'); DROP TABLE half});
$digest = $node->safe_psql('dry', 'SELECT digest()');

# hostile
($out) = session('10,000 statements', 'SELECT 1', dry_run(join ';', map { "SELECT $_" } 1 .. 10_000));
like($out, qr/^10000\|done$/m, '10,000 statements: all are there');
($out) = session('2,500 savepoints', 'SELECT 1', dry_run('BEGIN;' . ('SAVEPOINT a; UPDATE item SET v = v WHERE id = 1; ROLLBACK TO a; RELEASE a;' x 2500) . 'COMMIT'));
like($out, qr/^10000\|done$/m, '2,500 savepoints: all are there');
$node->safe_psql('dry', 'SELECT length(query) FROM migrate_dry_run_sql(format($$SELECT %L$$, repeat($$x$$, 5000000)))');
($out) = session('5 MB', 'SELECT 1', q{SELECT 'length ' || length(query) FROM migrate_dry_run_sql(format('SELECT %L', repeat('x', 5000000)))});
like($out, qr/^length 5000009$/m, '5 MB: it is there');
($out) = session('nested', 'SELECT 1', q{SELECT string_agg(concat_ws(' ', status, sqlstate), ',') FROM migrate_dry_run_sql('SELECT ' || repeat('1 + ', 100000) || '1; SELECT 1')});
like($out, qr/^failed (54001|42601)(,not run)?$/m, 'nested: it fails');
for my $depth ('probe', 'lint')
{
	($out) = session("nested, $depth", 'SELECT 1', qq{SELECT string_agg(DISTINCT status, ',' ORDER BY status) FROM migrate_dry_run_sql('SELECT ' || repeat('(', 3000) || '1' || repeat(')', 3000) || '; SELECT 1', '$depth')});
	like($out, qr/^(done|predicted|failed)/m, "nested, $depth: it is run or fails");
}
# what must not be done in a rehearsal
($out) = session('what lasts', 'SELECT 1',
	dry_run("VACUUM item; CREATE DATABASE made; ALTER SYSTEM SET work_mem = '7MB'; CREATE TABLESPACE made LOCATION '/made'; REINDEX DATABASE dry; CLUSTER"));
like($out, qr/^6\|refused$/m, 'what lasts: it is not run');
is($node->safe_psql('dry', q{SELECT (SELECT count(*) FROM pg_database WHERE datname = 'made') + (SELECT count(*) FROM pg_tablespace WHERE spcname = 'made') + (SELECT count(*) FROM pg_file_settings WHERE name = 'work_mem')}),
	'0', 'what lasts: nothing of it is there');

# an index is built by several processes
($out) = session('in parallel', 'SET max_parallel_maintenance_workers = 2; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0',
	q{SELECT 'in parallel ' || string_agg((l->>'relation') || ' ' || (l->>'mode'), ',') FROM migrate_dry_run_sql('CREATE INDEX ON item (v)') d, jsonb_array_elements(d.locks) l WHERE (l->>'existed')::bool});
like($out, qr/^in parallel public.item ShareLock$/m, 'in parallel: the lock is told of once');

# what is found is freed
$out = $node->safe_psql('dry', <<~'SQL');
	CREATE TEMP TABLE used (n serial, bytes bigint);
	CREATE TEMP TABLE script AS SELECT string_agg('INSERT INTO item VALUES (' || g || ')', ';') AS sql FROM generate_series(1001, 3000) g;
	DO $$ BEGIN
		FOR i IN 1..6 LOOP
			PERFORM count(*) FROM script, migrate_dry_run_sql(sql);
			INSERT INTO used (bytes) SELECT sum(used_bytes) FROM pg_backend_memory_contexts
			 WHERE name NOT IN ('TopTransactionContext', 'CurTransactionContext') AND name LIKE 'migrate%' OR name IN ('TopMemoryContext', 'CacheMemoryContext');
		END LOOP;
	END $$;
	SELECT max(bytes) - min(bytes) < 200000 FROM used WHERE n > 2;
	SQL
is($out, 't', 'no memory stays');

$node->stop;
done_testing();
