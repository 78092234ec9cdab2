# A streaming standby: what looks works there, what changes is refused, and
# after a promotion the history goes on.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ]);
$primary->append_conf('postgresql.conf', "log_statement = none\nmax_connections = 20\n");
$primary->start;
$primary->safe_psql(
	'postgres', q{
	CREATE EXTENSION migrate;
	SELECT migrate_register('1', 'one', 'CREATE TABLE one (id int)', 'DROP TABLE one');
	SELECT migrate_register('2', 'two', 'INSERT INTO one VALUES (1)', 'DELETE FROM one');
	SELECT migrate_apply();
	SELECT migrate_register('3', 'three', 'CREATE TABLE three (id int)', 'DROP TABLE three');
	SELECT migrate_register('4', 'four', 'SELECT 1/0');
	SELECT migrate_register(NULL, 'every', 'CREATE OR REPLACE VIEW every AS SELECT * FROM one')});
$primary->psql('postgres', 'SELECT migrate_apply()');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));

# Looking.

for my $query (
	'SELECT migrate_current()',
	'SELECT * FROM migrate_status',
	'SELECT * FROM migrate_history',
	'SELECT * FROM migrate_pending()',
	'SELECT * FROM migrate_plan()',
	q{SELECT * FROM migrate_plan('base')},
	'SELECT migrate_script()',
	q{SELECT migrate_require('2')},
	'SELECT * FROM migrate_verify_log()',
	'SELECT * FROM migrate_lock_holder',
	'SELECT system_identifier, database, extension_version FROM migrate_identity()',
	q{SELECT path FROM migrate_new('next', 'number')})
{
	my ($code, $out, $err) = $standby->psql('postgres', $query);

	is("$code $out$err", '0 ' . $primary->safe_psql('postgres', $query),
		"$query works on a standby and tells what the primary tells");
}
is($standby->safe_psql('postgres', 'SELECT in_recovery, cluster_name FROM migrate_identity()'),
	't|standby', 'migrate_identity() knows where it is');
is($primary->safe_psql('postgres', 'SELECT in_recovery FROM migrate_identity()'), 'f', '... and where not');
my ($code, $out, $err) = $standby->psql('postgres', q{SELECT migrate_require('3')},
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  MG009: /, 'migrate_require() fails there as everywhere');

# Changing.

for my $call (
	'migrate_apply()',
	q{migrate_apply('3')},
	'migrate_rollback()',
	q{migrate_register('9', 'nine', 'SELECT 9')},
	q{migrate_register_file('9_nine.sql', 'SELECT 9')},
	q{migrate_load('.')},
	q{migrate_unregister('3')},
	q{migrate_baseline('3')},
	q{migrate_mark('3', 'by hand')},
	q{migrate_unmark('2', 'by hand')},
	q{migrate_repair('2')})
{
	my ($function) = $call =~ /^(\w+)/;

	($code, $out, $err) = $standby->psql('postgres', "SELECT $call",
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	is($code, 3, "$call is refused on a standby");
	like($err, qr/ERROR:  25006: $function\(\) cannot run on a standby/, '... with a clear message');
	like($err, qr/HINT:  Call it on the primary\./, '... and a hint');

	($code, $out, $err) = $primary->psql('postgres', "BEGIN READ ONLY; SELECT $call",
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, qr/ERROR:  25006: $function\(\) cannot run in a read-only transaction/,
		'... as in a read-only transaction');
}
is( $standby->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
	'0', 'no lock is left');

# What the primary does arrives.

$primary->safe_psql('postgres', q{SELECT migrate_apply('3')});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
is($standby->safe_psql('postgres', 'SELECT migrate_current(), count(*) FROM three'), '3|0',
	'a migration and its record arrive together');
is($standby->safe_psql('postgres', q{SELECT migrate_require('3')}), 't', '... for migrate_require() too');

# Promotion.

$primary->stop;
$standby->promote;
is($standby->safe_psql('postgres', 'SELECT in_recovery FROM migrate_identity()'), 'f', 'the standby is promoted');
($code, $out, $err) = $standby->psql('postgres', 'SELECT migrate_apply()');
like($err, qr/ERROR:  division by zero/, 'it applies, and fails as the primary did');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM migrate_history WHERE outcome = 'failed'}), '2',
	'... and records it');
is( $standby->safe_psql(
		'postgres', q{
		SELECT migrate_register('4', 'four', 'CREATE TABLE four (id int)', 'DROP TABLE four');
		SELECT version FROM migrate_apply()}),
	"replaced\n4\nevery", 'it registers and goes on');
is($standby->safe_psql('postgres', 'SELECT version FROM migrate_rollback()'), '4', 'it rolls back');
is($standby->safe_psql('postgres', 'SELECT * FROM migrate_verify_log()'), '', 'its log verifies');

$standby->stop;
done_testing();
