# NOTIFY on the channel "migrate" at the end of each migration and run: what
# comes, when, and that no text is too long for it.

use strict;
use warnings;
use utf8;

use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $TIMEOUT = $PostgreSQL::Test::Utils::timeout_default;

$ENV{PGCLIENTENCODING} = 'UTF8';

my $node = PostgreSQL::Test::Cluster->new('notify');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION migrate');
$node->safe_psql('postgres',
	q{ALTER DATABASE postgres SET migrate.environment = 'test "1"'});

my $listener = $node->background_psql('postgres');
$listener->query_safe('LISTEN migrate');

# What the listener has heard (decoded JSON), once so many runs' ends are among
# it.
sub heard
{
	my ($ends) = @_;
	my $out = '';
	my @heard;
	my $deadline = time + $TIMEOUT;

	while (time < $deadline)
	{
		$out .= $listener->query_safe('SELECT 1') . "\n";
		last if (() = $out =~ /\{"event": "run"/g) >= $ends;
		select(undef, undef, undef, 0.01);
	}
	push @heard, decode_json($1)
	  while $out =~ /^Asynchronous notification "migrate" with payload "(\{.*\})" received from server process with PID \d+\.$/mg;
	return @heard;
}

# What psql prints; the settings are this call's own.
sub run_sql
{
	my ($sql) = @_;
	my ($code, $out, $err) =
	  $node->psql('postgres', "SET client_min_messages = warning;\n$sql");

	return $code == 0 ? $out : "failed: $err";
}

# A payload in a line; times and the job's number are another matter.
sub brief
{
	my ($payload) = @_;

	return join ' ', map { "$_=$payload->{$_}" }
	  grep { exists $payload->{$_} }
	  qw(event action outcome project version name step steps steps_done statements sqlstate message);
}

sub register
{
	my ($version, $up) = @_;

	return run_sql("SELECT migrate_register('$version', 'm$version', \$up\$$up\$up\$, 'SELECT 1; SELECT 2')");
}

# through a worker
register(1, 'CREATE TABLE t1 ()');
register(2, "-- migrate:no-transaction\nCREATE TABLE t2 (); VACUUM t2");
is(run_sql('CALL migrate_deploy()'), '', 'a deploy');
my @heard = heard(1);
is_deeply(
	[ map { brief($_) } @heard ],
	[
		'event=migration action=apply outcome=ok project=default version=1 name=m1 step=1 steps=2 statements=1',
		'event=migration action=apply outcome=ok project=default version=2 name=m2 step=2 steps=2 statements=2',
		'event=run action=apply outcome=ok project=default steps=2 steps_done=2'
	],
	'each migration, and the run');
my $job = $node->safe_psql('postgres', 'SELECT max(job) FROM migrate_jobs');
is_deeply(
	[ map { "$_->{database}, $_->{environment}, $_->{job}" } @heard ],
	[ ("postgres, test \"1\", $job") x 3 ],
	'with the database, its label and the job');
is(scalar(grep { ($_->{duration_ms} // '') =~ /^\d+(\.\d+)?$/ } @heard),
	2, 'and how long it took');

# down
is(run_sql('CALL migrate_undo()'), '', 'an undo');
is_deeply(
	[ map { brief($_) } heard(1) ],
	[
		'event=migration action=rollback outcome=ok project=default version=2 name=m2 step=1 steps=1 statements=2',
		'event=run action=rollback outcome=ok project=default steps=1 steps_done=1'
	],
	'the way down');

# a failure: what was done before it, and what it was
run_sql("SELECT migrate_unregister('2')");
register(2, 'CREATE TABLE t3 ()');
register(3, 'SELECT 1 / 0');
like(run_sql('CALL migrate_deploy()'), qr/division by zero/, 'a deploy that fails');
is_deeply(
	[ map { brief($_) } heard(1) ],
	[
		'event=migration action=apply outcome=ok project=default version=2 name=m2 step=1 steps=2 statements=1',
		'event=run action=apply outcome=failed project=default version=3 name=m3 steps=2 steps_done=1 sqlstate=22012 message=division by zero'
	],
	'is told with its error');

# in a caller's transaction: when that commits, and only then
like(run_sql('SELECT migrate_apply()'), qr/division by zero/, 'an apply that fails');
register(3, 'CREATE TABLE t3b ()');
run_sql('BEGIN; SELECT migrate_apply(); ROLLBACK');
run_sql("SET migrate.project = 'other'; SELECT migrate_register('1', 'end', 'SELECT 1'); SELECT migrate_apply()");
is_deeply(
	[ map { brief($_) } heard(1) ],
	[
		'event=migration action=apply outcome=ok project=other version=1 name=end step=1 steps=1 statements=1',
		'event=run action=apply outcome=ok project=other steps=1 steps_done=1'
	],
	'what is rolled back is not told');
run_sql('BEGIN; SELECT migrate_apply(); COMMIT');
is_deeply(
	[ map { brief($_) } heard(1) ],
	[
		'event=migration action=apply outcome=ok project=default version=3 name=m3 step=1 steps=1 statements=1',
		'event=run action=apply outcome=ok project=default steps=1 steps_done=1'
	],
	'and what is committed is');

# nothing to do, nothing to tell
run_sql('CALL migrate_deploy(); SELECT migrate_apply()');

# texts that would be too long for it, whole or with what JSON makes of them
register(4, q{DO $$ BEGIN RAISE '%', repeat('ä', 10000); END $$});
like(run_sql('CALL migrate_deploy()'), qr/\xc3\xa4\xc3\xa4/, 'a long message');
@heard = heard(1);
is(scalar(@heard), 1, 'is told');
like($heard[0]{message}, qr/^\x{e4}{400,}$/, 'as far as there is room, in whole characters');
register(4, q{DO $$ BEGIN RAISE '%', repeat(chr(1), 10000); END $$});
run_sql('CALL migrate_deploy()');
@heard = heard(1);
like($heard[0]{message}, qr/^\x01{100,}$/, 'and so is what is six times as long in JSON');
run_sql("SELECT migrate_unregister('4')");
run_sql(q{SET migrate.project = 'long'; SELECT migrate_register('1', repeat('"', 512), 'DO $$ BEGIN RAISE ''%'', repeat(chr(1), 10000); END $$')});
unlike(run_sql(q{SET migrate.project = 'long'; CALL migrate_deploy()}),
	qr/payload|could not be recorded/, 'also where a name is long');
@heard = heard(1);
is($heard[0]{outcome}, 'failed', 'which is told');
run_sql(q{SET migrate.project = 'long'; SELECT migrate_register('1', repeat('"', 512), 'SELECT 1')});
is(run_sql(q{SET migrate.project = 'long'; CALL migrate_deploy()}), '', 'or where it succeeds');
is(scalar(heard(1)), 2, 'which is told too');

$listener->quit;
$node->stop;
done_testing();
