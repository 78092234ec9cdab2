# The README's list for a deployment, as it stands there: each statement on a
# plan with something to find, refused by the gate, corrected, run, watched,
# looked at afterwards and taken back.

use strict;
use warnings;

use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/../perl';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

my $readme = slurp_file('README.md');
my ($list) = $readme =~ /^\*\*Before a deployment\*\*.*?^```sql\n(.*?)^```$/ms
  or die 'the README has no such list';
my %statements;
$statements{$1} = [ map { "$_;" } grep { /\S/ } split /;\s*\n/, $2 ]
  while $list =~ /^-- (\d)\. [^\n]*\n(.*?)(?=^-- \d\. |\z)/msg;
is(join(' ', map { scalar @{ $statements{$_} } } sort keys %statements),
	'2 2 2 2 3 3 2 1', 'eight steps');

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(has_archiving => 1, allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', "CREATE EXTENSION migrate; $Sessions::GATES" . q{
	CREATE TABLE customer (id int PRIMARY KEY, name text, fax text);
	INSERT INTO customer SELECT g, 'c' || g, 'f' FROM generate_series(1, 20000) g;
	ANALYZE customer;
	SELECT migrate_register('1', 'first', 'CREATE TABLE first (id int)', 'DROP TABLE first');
	SELECT migrate_apply();
	SELECT migrate_register('2', 'index', 'CREATE INDEX customer_name ON customer (name)', 'DROP INDEX customer_name');
	SELECT migrate_register('3', 'fax', 'ALTER TABLE customer DROP fax', 'ALTER TABLE customer ADD fax text');
	SELECT migrate_register('4', 'gate', 'SELECT gate(1)', 'SELECT 1')});

# What the statements of a step print, one text each.
sub look
{
	my ($step) = @_;

	return map { $node->safe_psql('shop', $_) } @{ $statements{$step} };
}

my ($plan, $script) = look(1);
is($plan, "1|2|index|apply|transaction|high\n2|3|fax|apply|transaction|high\n3|4|gate|apply|transaction|low", 'the plan and its risk');
like($script, qr/CREATE INDEX customer_name.*DROP fax.*gate\(1\)/s, 'the script');

my ($lint, $levels) = look(2);
like($lint, qr/^2\|1\|require-concurrent-index-creation\|.*\|CREATE INDEX CONCURRENTLY .*\n3\|1\|ban-drop-column\|[^\n]*\z/, 'what lint finds, and what to write instead');
like($levels, qr/^2\|high\|low\|none\|00:00:00.0\d+\n3\|low\|high\|none\|00:00:00\n4\|none\|low\|low\|00:00:00\z/, 'the impact');

my ($rehearsal, $measured) = look(3);
like($rehearsal, qr/^2\|up\|1\|1\|done\|\|[\d.]+\n3\|up\|1\|1\|done\|\|[\d.]+\n4\|up\|1\|1\|done\|\|[\d.]+$/m, 'the rehearsal');
like($measured, qr/^(\d\|none\|\{\}\|00:00:[\d.]+\|dry run\n){2}4\|low\|\{"line 1: what function gate does [^\n]*\|00:00:[\d.]+\|dry run\z/,
	'nothing would fail but what cannot be seen, and how long it took');

my $restore_point = $statements{4}[1];
is($restore_point, 'SET migrate.restore_point = on;', 'a restore point is wanted');
my ($advice) = look(4);
like($advice, qr/^3\|Back up first what no script can bring back: line 1: column fax of customer .*Set migrate.restore_point too[^\n]*\z/, 'a backup is advised');

my ($back, $tried, $back_to) = look(5);
like($back, qr/^3\|lossy\|the down script cannot bring back[^\n]*\z/, 'the way back');
is($tried, '3|lossy|values are lost|public.customer.fax|20000', '... and what is lost on it');
is($back_to, '1', 'to where');

my @run = ($restore_point, @{ $statements{6} });
my ($code, $out, $err) = $node->psql('shop', join(' ', @run[0 .. 2]) . $run[3], on_error_stop => 1);
like($err, qr/ERROR:  lint has 2 findings of severity error in this plan/, 'the gate refuses it');
is($node->safe_psql('shop', 'SELECT migrate_current()'), '1', 'and nothing was run');

# as lint says, or with a reason
$node->safe_psql('shop', q{
	SELECT migrate_register('2', 'index', 'CREATE INDEX CONCURRENTLY customer_name ON customer (name)', 'DROP INDEX customer_name');
	SELECT migrate_register('3', 'fax', E'-- migrate:ignore ban-drop-column nobody has one\nALTER TABLE customer DROP fax', 'ALTER TABLE customer ADD fax text')});
my $shut = hold_session($node, 'shop', 'SELECT pg_advisory_lock(1)');
my $deployment = start_psql($node, 'shop', 'deployment', @run);
$node->poll_query_until('shop', q{SELECT count(*) > 0 FROM migrate_progress WHERE doing LIKE '%gate%' AND waiting_for IS NOT NULL})
  or die "it does not get to the gate: $deployment->{err}";
my ($progress, $holder) = look(7);
like($progress, qr/^deploy\|3\|3\|\[3\/3\] 4_gate, up script, statement 1 of 1\|00:00:[\d.]+\|\|\|pid \d+ \(.*\)\z/, 'how far it is, and who is in the way');
like($holder, qr/^\d+\|\w+\|migrate: \[3\/3\] 4_gate, up script, statement 1 of 1\|/, 'who runs it');
$shut->quit;
is(finish_session($deployment), 0, 'the run') or diag($deployment->{err});

is_deeply([ look(8) ], [''], 'all is there, and the history sound');
is($node->safe_psql('shop', q{SELECT DISTINCT restore_point FROM migrate_history WHERE restore_point IS NOT NULL}),
	'migrate default before 2', 'with a restore point');

$node->safe_psql('shop', "CALL migrate_undo('$back_to')");
is($node->safe_psql('shop', q{SELECT migrate_current(), to_regclass('customer_name') IS NULL, count(fax) FROM customer}),
	'1|t|0', 'and back, without what is lost');

done_testing();
