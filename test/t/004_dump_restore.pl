# pg_dump and restore keep status, history and a log that verifies, and the
# next call goes on; DROP EXTENSION leaves what the migrations made.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();
$ENV{PGCLIENTENCODING} = 'UTF8';

# A history with everything in it: applied, rolled back, failed, pending,
# changed, marked, baselined and repeatable migrations, in two projects.
sub make_history
{
	my ($database) = @_;

	$node->safe_psql(
		$database, q{
		SET timezone = 'Asia/Kathmandu';
		SELECT migrate_register('1', 'größe', 'CREATE TABLE artikel (größe text, id int)', 'DROP TABLE artikel');
		SELECT migrate_register('2', 'Füllung', E'INSERT INTO artikel VALUES (''groß\\\\\t\'\'; --'', 2);\r\n',
								'DELETE FROM artikel WHERE id = 2', 'SELECT true');
		SELECT migrate_register('10', 'rolled back', 'CREATE TABLE ten ()', 'DROP TABLE ten', requires => '{1,2}');
		SELECT migrate_apply();
		SELECT migrate_rollback();
		SELECT migrate_register('3', 'marked', 'SELECT 1/0');
		SELECT migrate_mark('3', 'von Hand: "geprüft"');
		SELECT migrate_register('4', 'repaired', 'CREATE TABLE four ()');
		SELECT migrate_apply('4');
		SELECT migrate_register('4', 'repaired', 'CREATE TABLE four (id int)');
		SELECT migrate_repair('4');
		SELECT migrate_register(NULL, 'view', 'CREATE OR REPLACE VIEW alle AS SELECT * FROM artikel');
		SELECT migrate_register('5', 'edited', 'CREATE TABLE five ()');
		SELECT migrate_apply('5');
		SELECT migrate_register('5', 'edited', '-- only a comment
			CREATE TABLE five ()');
		SELECT migrate_register('20', 'fails', E'SELECT 1;\nSELECT \'für nichts\'::int;');
		SET migrate.project = 'zweites Projekt';
		SELECT migrate_register('1', 'eins', 'CREATE TABLE zwei_eins ()', 'DROP TABLE zwei_eins');
		SELECT migrate_register('2', 'zwei', 'CREATE TABLE zwei_zwei ()');
		SELECT migrate_baseline('1');
		SELECT migrate_apply()});
	my ($code) = $node->psql($database, q{SELECT migrate_apply('20')});
	isnt($code, 0, "$database: the history has a failure");
	$node->safe_psql($database, q{SELECT migrate_apply('10')});
	$node->psql($database, 'SELECT migrate_apply()');
}

# All that the functions and views tell.
sub everything
{
	my ($database) = @_;

	return $node->safe_psql(
		$database, join ';',
		map {
			qq{SET migrate.project = '$_';
			SELECT * FROM migrate_status;
			SELECT * FROM migrate_history;
			SELECT migrate_current();
			SELECT * FROM migrate_plan();
			SELECT migrate_script()}
		} ('default', 'zweites Projekt'));
}

sub verifies
{
	my ($database, $test) = @_;

	is($node->safe_psql($database, 'SELECT * FROM migrate_verify_log()'), '', "$test: the log verifies");
}

# Go on where the source stands: register, fail, apply, roll back.
sub goes_on
{
	my ($database, $test) = @_;

	is( $node->safe_psql(
			$database, q{
			SELECT migrate_register('20', 'fails', 'CREATE TABLE twenty ()', 'DROP TABLE twenty');
			SELECT migrate_register('30', 'new', 'CREATE TABLE thirty ()');
			SELECT version FROM migrate_apply()}),
		"replaced\nregistered\n20\n30\nview", "$test: registers and applies");
	$node->safe_psql($database, q{SELECT migrate_register('31', 'broken', 'SELECT 1/0')});
	my ($code, $out, $err) = $node->psql($database, 'SELECT migrate_apply()');
	like($err, qr/the failure is in migrate_history/, "$test: records a failure");
	is( $node->safe_psql(
			$database, q{
			SET migrate.project = 'zweites Projekt';
			SELECT migrate_register('3', 'drei', 'CREATE TABLE zwei_drei ()', 'DROP TABLE zwei_drei');
			SELECT version FROM migrate_apply();
			SELECT version FROM migrate_rollback()}),
		"registered\n3\n3", "$test: the other project goes on as well");
	verifies($database, "$test, gone on");
	is( $node->safe_psql($database, q{SELECT count(*) = max(id), count(DISTINCT id) = count(*) FROM migrate_history}),
		't|t', "$test: the history's numbers go on");
}

sub refuses_changes
{
	my ($database, $test) = @_;

	for my $change (q{UPDATE migrate_log SET event = 'apply'}, 'DELETE FROM migrate_log', 'TRUNCATE migrate_log')
	{
		my ($code) = $node->psql($database, $change);
		isnt($code, 0, "$test: $change is refused");
	}
	is( $node->safe_psql(
			$database, q{
			SELECT count(*) FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
			  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'migrate'
			 WHERE p.proname IN ('migrate_apply', 'migrate_register', 'migrate_load', 'migrate_rollback')
			   AND has_function_privilege('public', p.oid, 'EXECUTE')}),
		'0', "$test: the public may not execute what changes anything");
}

$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', 'CREATE EXTENSION migrate');
make_history('source');
$node->safe_psql('source', 'CREATE ROLE deployer; GRANT EXECUTE ON FUNCTION migrate_apply(text) TO deployer');
my $all = everything('source');
is( $node->safe_psql('source', 'SELECT version, state, how FROM migrate_status'),
	"1|applied|run\n2|applied|run\n3|applied|marked\n4|applied|run\n5|applied|run\n10|applied|run\n20|failed|\nview|pending|",
	'the source has a bit of everything');
verifies('source', 'source');

# Plain text, custom format, directory format in parallel.

my %restore = (
	plain => sub {
		command_ok([ 'pg_dump', '-f', "$dir/plain", $node->connstr('source') ], 'pg_dump');
		command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain", $node->connstr('plain') ], 'psql');
	},
	custom => sub {
		command_ok([ 'pg_dump', '-Fc', '-f', "$dir/custom", $node->connstr('source') ], 'pg_dump -Fc');
		command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('custom'), "$dir/custom" ], 'pg_restore');
	},
	parallel => sub {
		command_ok([ 'pg_dump', '-Fd', '-j', '2', '-f', "$dir/parallel", $node->connstr('source') ], 'pg_dump -Fd -j');
		command_ok([ 'pg_restore', '--exit-on-error', '-j', '2', '-d', $node->connstr('parallel'), "$dir/parallel" ],
			'pg_restore -j');
	},
	inserts => sub {
		command_ok([ 'pg_dump', '--inserts', '-f', "$dir/inserts", $node->connstr('source') ], 'pg_dump --inserts');
		command_ok([ 'psql', '-Xq', '-1', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/inserts", $node->connstr('inserts') ],
			'psql -1');
	},
	strict => sub {
		# a database in which much is set, none of which may matter
		$node->safe_psql('postgres', q{
			ALTER DATABASE strict SET timezone = 'America/St_Johns';
			ALTER DATABASE strict SET datestyle = 'German';
			ALTER DATABASE strict SET bytea_output = 'escape';
			ALTER DATABASE strict SET intervalstyle = 'sql_standard';
			ALTER DATABASE strict SET extra_float_digits = 0});
		command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain", $node->connstr('strict') ], 'psql');
	});
for my $kind ('plain', 'custom', 'parallel', 'inserts', 'strict')
{
	$node->safe_psql('postgres', "CREATE DATABASE $kind TEMPLATE template0");
	$restore{$kind}->();
	is(everything($kind), $all, "$kind: status, history and plan are the same") if $kind ne 'strict';
	verifies($kind, $kind);
	is($node->safe_psql($kind, q{SELECT has_function_privilege('deployer', 'migrate_apply(text)', 'EXECUTE')}),
		't', "$kind: grants are kept");
	refuses_changes($kind, $kind);
	goes_on($kind, $kind);
}

# --schema-only has the structure, and the extension's tables without rows or
# with them; either is sound.
command_ok([ 'pg_dump', '--schema-only', '-f', "$dir/schema", $node->connstr('source') ], 'pg_dump --schema-only');
$node->safe_psql('postgres', 'CREATE DATABASE schema_only TEMPLATE template0');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/schema", $node->connstr('schema_only') ], 'psql');
verifies('schema_only', 'schema only');
my $rows = $node->safe_psql('schema_only', 'SELECT count(*) FROM migrate_status');
note("--schema-only restores $rows rows of migrate_status");
if ($rows > 0)
{
	is(everything('schema_only'), $all, 'schema only: status, history and plan are the same');
}
else
{
	is($node->safe_psql('schema_only', q{SELECT migrate_register('1', 'a', 'SELECT 1'); SELECT version FROM migrate_apply()}),
		"registered\n1", 'schema only: a new history can begin');
	verifies('schema_only', 'schema only, gone on');
}

# Another encoding.
$node->safe_psql('postgres', "CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain", $node->connstr('latin1') ],
	'a restore into LATIN1');
is($node->safe_psql('latin1', q{SELECT octet_length(name) FROM migrate_status WHERE version = '1'}), '5',
	'... which has the names in its own encoding');
is(everything('latin1'), $all, 'latin1: status, history and plan are the same');
verifies('latin1', 'latin1');
goes_on('latin1', 'latin1');

# ... and back.
command_ok([ 'pg_dump', '-f', "$dir/latin1", $node->connstr('latin1') ], 'pg_dump of LATIN1');
$node->safe_psql('postgres', 'CREATE DATABASE back TEMPLATE template0');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/latin1", $node->connstr('back') ], 'a restore of it into UTF8');
is(everything('back'), everything('latin1'), 'back in UTF8: status, history and plan are the same');
verifies('back', 'back in UTF8');

# The extension in a schema of its own, restored where it was.
$node->safe_psql('postgres', 'CREATE DATABASE own');
$node->safe_psql('own', 'CREATE SCHEMA "My Schema"; CREATE EXTENSION migrate SCHEMA "My Schema"');
$node->safe_psql('postgres', q{ALTER DATABASE own SET search_path = public, "My Schema"});
make_history('own');
$node->safe_psql('postgres', 'CREATE DATABASE own2 TEMPLATE template0');
$node->safe_psql('postgres', q{ALTER DATABASE own2 SET search_path = public, "My Schema"});
command_ok([ 'pg_dump', '-f', "$dir/own", $node->connstr('own') ], 'pg_dump with a schema');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/own", $node->connstr('own2') ], 'psql');
is(everything('own2'), everything('own'), 'a schema: status, history and plan are the same');
verifies('own2', 'a schema');
goes_on('own2', 'a schema');

# A copy by CREATE DATABASE.
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE source');
is(everything('copied'), $all, 'a copied database: status, history and plan are the same');
verifies('copied', 'a copied database');
goes_on('copied', 'a copied database');

# DROP EXTENSION.
my $objects = q{
	SELECT relkind, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
	 WHERE nspname = 'public' AND relname !~ '^migrate_' ORDER BY 1, 2;
	SELECT count(*) FROM artikel};
my $before = $node->safe_psql('source', $objects);
$node->safe_psql('source', 'DROP OWNED BY deployer; DROP EXTENSION migrate');
is($node->safe_psql('source', $objects), $before, 'DROP EXTENSION leaves what the migrations made');
is( $node->safe_psql(
		'source', q{
		SELECT relname::text FROM pg_class WHERE relname ~ '^migrate_' UNION
		SELECT proname::text FROM pg_proc WHERE proname ~ '^migrate_'}),
	'', '... and nothing of its own');
$node->safe_psql('source', 'CREATE EXTENSION migrate');
is($node->safe_psql('source', 'SELECT count(*) FROM migrate_status'), '0', '... and can come again');

$node->stop;
done_testing();
