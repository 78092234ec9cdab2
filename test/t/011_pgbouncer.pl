# Many clients deploy the same migrations through pgbouncer in transaction mode
# while backends, callers and workers alike, are terminated at random: in the
# end each migration is applied once, and nothing is left behind.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $CLIENTS = 64;
my $MIGRATIONS = 30;
my @CONCURRENT = (10, 20);
my $MOST_KILLS = 80;
my $TIMEOUT = $PostgreSQL::Test::Utils::timeout_default;

$ENV{PATH} .= ':/usr/sbin:/sbin';
my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } split /:/, $ENV{PATH};
plan skip_all => 'pgbouncer is not installed' unless defined $pgbouncer;

my $seed = 11;
srand($seed);
note("the seed is $seed");

my $node = PostgreSQL::Test::Cluster->new('pgbouncer');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "log_statement = none\nmax_connections = 100\n");
$node->start;
my $user = $node->safe_psql('postgres', 'SELECT session_user');

# Neither table has a key: what is done twice is seen.  The indexes take a
# while, so that some of those who build them are hit.
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql(
	'shop', qq{
	CREATE EXTENSION migrate;
	CREATE TABLE ran (version int, part text);
	CREATE TABLE item (id int);
	INSERT INTO item SELECT generate_series(1, 200);
	CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS \$\$
	BEGIN
		PERFORM pg_catalog.pg_sleep(0.001);
		RETURN \$1;
	END \$\$;
	SELECT count(migrate_register(i::text, 'table', format(
				'SELECT pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1);
				 CREATE TABLE t%1\$s (); INSERT INTO ran VALUES (%1\$s, ''first''); SELECT pg_sleep(0.05)', i)))
	  FROM generate_series(1, $MIGRATIONS) i
	 WHERE i NOT IN (@{[ join ', ', @CONCURRENT ]});
	SELECT count(migrate_register(i::text, 'index', format(
				'INSERT INTO ran VALUES (%1\$s, ''first'');
				 CREATE INDEX CONCURRENTLY item_%1\$s ON item (public.slow(id + %1\$s));
				 INSERT INTO ran VALUES (%1\$s, ''last'')', i)))
	  FROM unnest(ARRAY[@{[ join ', ', @CONCURRENT ]}]) i});

sub value
{
	return $node->safe_psql('shop', $_[0]);
}

# The pooler has fewer connections than clients, so they change hands.
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $port = PostgreSQL::Test::Cluster::get_free_port();
append_to_file(
	"$directory/pgbouncer.ini", qq{[databases]
shop = host=@{[ $node->host ]} port=@{[ $node->port ]} dbname=shop user=$user
[pgbouncer]
pool_mode = transaction
unix_socket_dir = $directory
listen_port = $port
auth_type = any
max_client_conn = 200
default_pool_size = 24
server_login_retry = 1
log_connections = 0
log_disconnections = 0
logfile = $directory/pgbouncer.log
pidfile = $directory/pgbouncer.pid
});
my $pooler = IPC::Run::start([ $pgbouncer, '-q', "$directory/pgbouncer.ini" ],
	'<', \undef, '>&', "$directory/pgbouncer.out");
my $pooled = "host=$directory port=$port dbname=shop user=$user";

for (1 .. 10 * $TIMEOUT)
{
	last if -S "$directory/.s.PGSQL.$port";
	$pooler->pump_nb;
	usleep(100_000);
}
is( (run_command([ 'psql', '-XAtq', '-d', $pooled, '-c', 'SELECT count(*) FROM migrate_pending()' ]))[0],
	$MIGRATIONS,
	'the pooler passes queries on')
  or die slurp_file("$directory/pgbouncer.out");

# Nothing goes on until one of each kind has been terminated.
my $gate = $node->background_psql('shop');
$gate->query_safe('SELECT pg_advisory_lock(1)');

# A client calls until a call succeeds; how often that was is its exit status.
my $client = q{
	for try in $(seq 1 100); do
		psql -XAtq -d "$1" -c 'CALL migrate_deploy()' 2>>"$2" && exit "$try"
		sleep 0.1
	done
	exit 101
};
my @clients = map {
	IPC::Run::start([ 'sh', '-c', $client, 'client', $pooled, "$directory/client$_" ],
		'<', \undef, '>>', "$directory/out", IPC::Run::timeout(5 * $TIMEOUT))
} 1 .. $CLIENTS;

# Every second victim is a worker, if there is one then, or a caller.
my %killed = ('migrate worker' => 0, 'client backend' => 0);
my $in_index = 0;
my $left = $MIGRATIONS;
while ($left > 0 && $killed{'migrate worker'} + $killed{'client backend'} < $MOST_KILLS)
{
	my $kind = rand() < 0.5 ? 'migrate worker' : 'client backend';
	my $which = rand();
	my $result;

	usleep(rand(100_000));
	$result = value(
		qq{WITH victims AS (
				SELECT pid, query, row_number() OVER (ORDER BY pid) - 1 AS n, count(*) OVER () AS of
				  FROM pg_stat_activity
				 WHERE datname = 'shop' AND backend_type = '$kind' AND state = 'active'
				   AND query ~ '^(CALL migrate_deploy|migrate: )')
		   SELECT 'killed', query ~ '_index, up script, statement 2', pg_terminate_backend(pid)
			 FROM victims WHERE n = floor($which * of);
		   SELECT 'left', count(*) FROM migrate_status WHERE state <> 'applied'});
	$killed{$kind}++ if $result =~ /^killed\|.\|t$/m;
	if ($gate && !grep { $_ == 0 } values %killed)
	{
		$gate->quit;
		$gate = undef;
	}
	$in_index++ if $result =~ /^killed\|t\|t$/m;
	($left) = $result =~ /^left\|(\d+)$/m;
}
note("terminated: $killed{$_} of kind $_") for sort keys %killed;
note("while an index was being built: $in_index; migrations left then: $left");
cmp_ok($killed{$_}, '>', 0, "some were terminated: $_") for sort keys %killed;

my @tries = map { IPC::Run::finish($_); IPC::Run::result($_, 0) } @clients;
is(scalar(grep { $_ >= 1 && $_ <= 100 } @tries), $CLIENTS, 'all clients succeed in the end');
note('calls that each made: ' . join(' ', sort { $a <=> $b } @tries));

# What they met with on the way.
my %met;
foreach my $file (glob "$directory/client*")
{
	$met{ s/\d+/N/gr }++ for slurp_file($file) =~ /(?:ERROR|FATAL|PANIC|error): +(.*)$/mg;
}
note("$met{$_} times: $_") for sort keys %met;
is_deeply(
	[
		grep {
			!/^terminating (connection|background worker "migrate worker") due to administrator command$/
			  && !/^server conn crashed\?$/
			  && !/^server closed the connection unexpectedly$/
		} sort keys %met
	],
	[],
	'no client met with anything but the end of a backend');

$node->poll_query_until('shop',
	q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'migrate worker'})
  or die 'a worker does not end';
is(value('SELECT state, count(*) FROM migrate_status GROUP BY 1'),
	"applied|$MIGRATIONS", 'every migration is applied');
is( value('SELECT part, count(*), count(DISTINCT version) FROM ran GROUP BY 1 ORDER BY 1'),
	"first|$MIGRATIONS|$MIGRATIONS\nlast|@{[ scalar @CONCURRENT ]}|@{[ scalar @CONCURRENT ]}",
	'each ran once');
is( value(q{SELECT count(*), count(DISTINCT version) FROM migrate_history WHERE outcome = 'ok'}),
	"$MIGRATIONS|$MIGRATIONS", 'the history has each success once');
is( value(q{SELECT DISTINCT sqlstate FROM migrate_history WHERE outcome <> 'ok' AND sqlstate <> '57P01'}),
	'', '... and no failure but those of terminated backends');
is(value('SELECT count(*) FROM migrate_journal'), '0', 'nothing is half done');
is(value(q{SELECT count(*) FROM migrate_jobs WHERE state = 'running'}), '0', 'no job is running');
is( value(q{SELECT string_agg(indexrelid::regclass::text, ' ' ORDER BY indexrelid::regclass::text), bool_and(indisvalid)
			  FROM pg_index WHERE indrelid = 'item'::regclass}),
	join(' ', map { "item_$_" } @CONCURRENT) . '|t',
	'both indexes are there, and no invalid one');
is(value('SELECT count(*) FROM pg_index WHERE NOT indisvalid'), '0', '... anywhere');
is(value(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
	'0', 'no advisory lock is left');
is(value('SELECT * FROM migrate_verify_log()'), '', 'the log verifies');
is(scalar(() = slurp_file($node->logfile) =~ /deadlock detected/g), 0, 'there was no deadlock');
is(scalar(() = slurp_file($node->logfile) =~ /PANIC:|TRAP:|terminated by signal/g),
	0, 'and no crash');

# What is in the pool serves the next one as well.
my ($out, $err) = run_command([ 'psql', '-XAtq', '-d', $pooled, '-c', 'CALL migrate_deploy()' ]);
is($err, 'NOTICE:  nothing to do: project "default" is where it should be',
	'one more call finds nothing to do');

IPC::Run::kill_kill($pooler);
$node->stop;
done_testing();
