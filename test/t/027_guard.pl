# The guard beyond one session: who is named, runs of every kind, dumps, ends in
# the midst, standbys, and the ways out.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('guard');
$node->init(allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'\n");
$node->start;

my $dumps = PostgreSQL::Test::Utils::tempdir;
my $major = $node->safe_psql('postgres',
	q(SELECT current_setting('server_version_num')::int / 10000));

# Output and messages; errors are part of it.
sub psql
{
	my ($database, $sql, %how) = @_;
	local $ENV{PGAPPNAME} = $how{application} // 'test';
	local $ENV{PGOPTIONS} = $how{options} // '';
	my $connection = $node->connstr($database);

	$connection =~ s/host=\S+/host=127.0.0.1/ if $how{tcp};
	$connection .= " user=$how{role}" if $how{role};
	my ($out, $err) = ('', '');
	IPC::Run::run(
		[ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $connection ],
		'<', \$sql, '>', \$out, '2>', \$err, IPC::Run::timeout($TIMEOUT));
	chomp $out;
	# psql tells the C source's file and line as well
	$err =~ s/^(psql:<stdin>:\d+: |LOCATION:.*\n?)//mg;
	return wantarray ? ($out, $err) : $out;
}

sub rows
{
	my ($database, $columns, $condition) = @_;

	return psql($database,
		"SELECT $columns FROM migrate_ddl WHERE " . ($condition // 'true') . ' ORDER BY id');
}

sub new_database
{
	my ($name, $mode) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION migrate');
	$node->safe_psql($name, "GRANT CREATE ON SCHEMA public TO joe");
	$node->safe_psql($name, "SELECT migrate_guard_on('$mode')") if $mode;
	return $name;
}

my ($out, $err);
$node->safe_psql('postgres', 'CREATE ROLE joe LOGIN');

#
# Who, from where, which object, by which statement
#
my $db = new_database('named', 'record');
psql($db, 'CREATE TABLE t (id int)', role => 'joe');
psql($db, 'ALTER TABLE t /* by hand */ ADD COLUMN c int; -- done', role => 'joe', tcp => 1,
	application => 'admin tool');
is( rows($db, 'session_role, acting_role, client_addr, application, tag, object_type, object_identity, statement'),
	"joe|joe||test|CREATE TABLE|table|public.t|CREATE TABLE t (id int)\n"
	  . 'joe|joe|127.0.0.1|admin tool|ALTER TABLE|table|public.t|ALTER TABLE t /* by hand */ ADD COLUMN c int',
	'one row each: role, address, application, object, statement');
is(psql($db, q(SELECT count(*) FROM migrate_ddl WHERE seen_at BETWEEN now() - interval '1 hour' AND now()
	AND pid <> pg_backend_pid() AND xid < pg_current_xact_id() AND project IS NULL)),
	'2', 'when, which process, which transaction');
is(psql($db, 'SELECT count(*) FROM migrate_ddl', role => 'joe'), '', 'not for everybody to read');

# several statements in one message of the protocol, of which each is its own
$node->command_ok([ 'psql', '-Xq', '-d', $node->connstr($db), '-c',
	q(CREATE ROLE guarded PASSWORD 'topsecret'; CREATE TABLE m1 (); DO $$BEGIN CREATE TABLE m2 (); END$$) ],
	'several statements at once');
is(rows($db, 'statement', q(object_identity IN ('public.m1', 'public.m2'))),
	"CREATE TABLE m1 ()\nDO \$\$BEGIN CREATE TABLE m2 (); END\$\$", 'each has its own text');

# undone
psql($db, 'BEGIN; CREATE TABLE undone (); ROLLBACK; BEGIN; CREATE TABLE half (); SAVEPOINT s; CREATE TABLE undone (); ROLLBACK TO s; COMMIT');
is(rows($db, 'object_identity', q(object_identity ~ 'undone|half')), 'public.half', 'no row of what was rolled back');

# commands that commit before they end
psql($db, 'CREATE INDEX CONCURRENTLY ci ON t (c)');
psql($db, 'DROP INDEX CONCURRENTLY ci');
psql($db, 'CREATE TABLE p (k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)');
psql($db, 'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY');
psql($db, 'REINDEX TABLE CONCURRENTLY t');
psql($db, 'VACUUM FULL t');
is(rows($db, 'tag, object_identity', q(statement ~ 'CONCURRENTLY|VACUUM')),
	"CREATE INDEX|public.ci\nDROP INDEX|public.ci\nALTER TABLE|public.p", 'concurrently: a row each; maintenance: none');

# a command that makes its own transaction read only
psql($db, 'CREATE FUNCTION hide() RETURNS text LANGUAGE sql AS $$SELECT set_config(\'transaction_read_only\', \'on\', true)$$;
	CREATE TABLE hidden AS SELECT hide()', role => 'joe');
is(psql($db, q(SELECT count(*) FROM hidden)) . rows($db, 'tag', q(object_identity = 'public.hidden')), '1CREATE TABLE AS',
	'a transaction that has become read only');

# foreign tables by the dozen
SKIP:
{
	skip 'no postgres_fdw', 1
	  unless psql($db, q(SELECT 1 FROM pg_available_extensions WHERE name = 'postgres_fdw'));
	my $port = $node->port;
	my $host = $node->host;
	psql($db, "CREATE EXTENSION postgres_fdw; CREATE SCHEMA ext; CREATE SCHEMA loc; CREATE TABLE ext.a (x int); CREATE TABLE ext.b (y int);
		CREATE SERVER self FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname '$db');
		CREATE USER MAPPING FOR CURRENT_USER SERVER self;");
	psql($db, 'IMPORT FOREIGN SCHEMA ext FROM SERVER self INTO loc');
	is(rows($db, q(tag, (SELECT string_agg(DISTINCT o->>'identity', ',' ORDER BY o->>'identity') FROM jsonb_array_elements(objects) o)), q(tag ~ 'IMPORT')),
		'IMPORT FOREIGN SCHEMA|loc.a,loc.b', 'IMPORT FOREIGN SCHEMA: one row, all its tables');
}

#
# Runs
#
$db = new_database('runs', 'error');
psql($db, q(SELECT migrate_register('1', 'one', 'CREATE TABLE one (id int); CREATE TABLE one_b (id int)', 'DROP TABLE one, one_b');
	SELECT migrate_register('2', 'two', '-- migrate:no-transaction
CREATE INDEX CONCURRENTLY one_id ON one (id);
ALTER TABLE one ADD COLUMN c int', '-- migrate:no-transaction
DROP INDEX CONCURRENTLY one_id;
ALTER TABLE one DROP COLUMN c');
	SELECT migrate_register('after', 'h', '-- migrate:after-each
COMMENT ON TABLE one IS ''hook''')));
is(psql($db, q(SELECT count(*) FROM migrate_dry_run() WHERE sqlstate IS NULL)), '4', 'a dry run is not refused')
  or diag(psql($db, 'SELECT * FROM migrate_dry_run()'));
is(psql($db, 'SELECT count(*) FROM migrate_ddl'), '0', 'a dry run leaves nothing');
($out, $err) = psql($db, q(SELECT version FROM migrate_apply('1')), application => 'applier');
is($out, '1', 'a run is not refused');
($out, $err) = psql($db, q(CALL migrate_deploy()), application => 'deployer', tcp => 1);
unlike($err, qr/ERROR|WARNING/, 'nor is one by a worker');
is(rows($db, q(project, version, name, script, coalesce(job, 0), application, client_addr, tag, object_identity), q(tag <> 'COMMENT')),
	join("\n",
		'default|1|one|up|0|applier||CREATE TABLE|public.one',
		'default|1|one|up|0|applier||CREATE TABLE|public.one_b',
		'default|2|two|up|1|deployer|127.0.0.1|CREATE INDEX|public.one_id',
		'default|2|two|up|1|deployer|127.0.0.1|ALTER TABLE|public.one'),
	'each is attributed to its migration, and to its caller');
like(rows($db, 'context', q(object_identity = 'public.one_b')), qr/^migration 1_one, up script, line 1, statement 2/,
	'with its line');
psql($db, q(CALL migrate_undo('base')));
is(rows($db, q(version, script, tag), q(script = 'down')), "2|down|DROP INDEX\n2|down|ALTER TABLE\n1|down|DROP TABLE",
	'the way back too');
like(psql($db, q(SELECT string_agg(DISTINCT outside::text, ',') FROM migrate_ddl_history)), qr/^false$/, 'none is outside');
($out, $err) = psql($db, 'CREATE TABLE outside ()');
like($err, qr/^ERROR:  MG027: CREATE TABLE is refused outside of a migration\nDETAIL:  It would change table public.outside.\nHINT:  Nothing was changed\./,
	'outside it is refused, with a hint');
is(psql($db, q(SELECT to_regclass('outside') IS NULL)), 't', 'and nothing was changed');

# what commits before it ends is refused before it begins
psql($db, 'SET migrate.guard = off; CREATE TABLE c (id int); CREATE INDEX c_id ON c (id);
	CREATE TABLE p (k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)');
for my $sql ('CREATE INDEX CONCURRENTLY c_id2 ON c (id)', 'DROP INDEX CONCURRENTLY c_id',
	'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY',
	q(CREATE SUBSCRIPTION s CONNECTION 'password=x' PUBLICATION p WITH (connect = false)))
{
	($out, $err) = psql($db, $sql);
	like($err, qr/^ERROR:  MG027: /, "refused: $sql");
}
is(psql($db, q(SELECT string_agg(relname || ' ' || coalesce(indisvalid::text, relispartition::text), ',' ORDER BY relname)
	FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE relname IN ('c_id', 'c_id2', 'p1'))),
	'c_id true,p1 true', 'and nothing of them was done');
($out, $err) = psql($db, 'CREATE TEMP TABLE tt (id int); CREATE INDEX CONCURRENTLY ON tt (id); DROP TABLE tt');
is($err, '', 'those of temporary tables are not');

#
# Exempt, and not
#
($out, $err) = psql($db, "SET migrate.guard = off; CREATE TABLE smuggled (); SHOW migrate.guard", role => 'joe');
like($err, qr/permission denied to set parameter "migrate.guard".*ERROR:  MG027/s, 'SET, before the library is there');
is($out, 'on', '... has no effect');
($out, $err) = psql($db, 'CREATE TABLE smuggled ()', role => 'joe', options => '-c migrate.guard=off');
like($err, qr/ERROR:  MG027/, 'nor have options of the connection');
($out, $err) = psql($db, 'ALTER ROLE joe SET migrate.guard = off', role => 'joe');
like($err, qr/ERROR:  42501/, 'nor can he have it as a setting of his');
$node->safe_psql($db, 'ALTER ROLE joe SET migrate.guard = record');
($out, $err) = psql($db, 'CREATE TABLE allowed (); SELECT migrate_guard_mode()', role => 'joe');
is("$out$err", 'record', 'a superuser can give it to him');
is(rows($db, 'session_role', q(object_identity = 'public.allowed')), 'joe', 'recorded');
$node->safe_psql($db, 'ALTER ROLE joe SET migrate.guard = off');
($out, $err) = psql($db, 'DROP TABLE allowed', role => 'joe');
is("$err" . rows($db, 'tag', q(tag = 'DROP TABLE' AND project IS NULL)), '', 'or exempt him altogether');
$node->safe_psql($db, 'ALTER ROLE joe RESET migrate.guard; ALTER ROLE joe IN DATABASE runs SET migrate.guard = warn');
($out, $err) = psql($db, 'CREATE TABLE warned ()', role => 'joe');
like($err, qr/^WARNING:  MG027: CREATE TABLE outside of a migration\nDETAIL:  It changes table public.warned, and is recorded in migrate_ddl\.\nHINT: /,
	'or be warned');
$node->safe_psql($db, 'ALTER ROLE joe IN DATABASE runs RESET migrate.guard; ALTER DATABASE runs SET migrate.guard = off');
($out, $err) = psql($db, 'DROP TABLE warned', role => 'joe');
is($err, '', 'a database can be exempt');
$node->safe_psql($db, 'ALTER DATABASE runs RESET migrate.guard; GRANT SET ON PARAMETER migrate.guard TO joe');
($out, $err) = psql($db, 'SET migrate.guard = off; CREATE TABLE granted ()', role => 'joe');
is($err, '', 'who was granted the setting can set it');
$node->safe_psql($db, 'REVOKE SET ON PARAMETER migrate.guard FROM joe');
$node->safe_psql($db, 'SET migrate.guard = off; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO joe');
for my $call (q(migrate_guard_on()), q(migrate_guard_off()))
{
	($out, $err) = psql($db, "SELECT $call", role => 'joe');
	like($err, qr/^ERROR:  42501: permission denied to call migrate_guard_o\w+\(\)\nHINT:  Must be superuser/, "$call is a superuser's");
}
($out, $err) = psql($db, q(SELECT migrate_guard_on('loud')));
like($err, qr/^ERROR:  22023: unknown mode "loud"\nHINT:  Modes are record, warn and error\./, 'modes have names');
($out, $err) = psql($db, q(SELECT migrate_guard_on(NULL)));
like($err, qr/^ERROR:  22004: mode must not be null/, 'and none is null');

#
# A record that cannot be made
#
$db = new_database('broken', 'record');
my $holder = hold_session($node, $db, 'BEGIN; LOCK TABLE migrate_ddl IN ACCESS EXCLUSIVE MODE');
($out, $err) = psql($db, q(SET lock_timeout = '100ms'; CREATE TABLE locked ()), role => 'joe');
like($err, qr/^WARNING:  55P03: CREATE TABLE could not be recorded by the guard: canceling statement due to lock timeout/,
	'a lock timeout is a warning');
is(psql($db, q(SELECT to_regclass('locked') IS NOT NULL)), 't', 'and the command is done');
($out, $err) = psql($db, q(SET statement_timeout = '200ms'; CREATE TABLE cancelled ()), role => 'joe');
like($err, qr/^ERROR:  57014: /, 'a statement timeout is one');
is(psql($db, q(SELECT to_regclass('cancelled') IS NULL)), 't', 'and the command is not');
$holder->query_safe('COMMIT');
$holder->quit;

# ended in the midst
psql($db, q(SELECT migrate_register('1', 'one', 'CREATE TABLE first ()');
	SELECT migrate_register('2', 'two', 'CREATE TABLE second (); SELECT pg_sleep(600)');
	SELECT migrate_start()));
$node->poll_query_until($db, q(SELECT count(*) = 1 FROM pg_stat_activity
	WHERE backend_type = 'migrate worker' AND wait_event = 'PgSleep' AND query ~ '2_two'))
  or die 'the worker does not come to its second migration';
psql($db, q(SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE backend_type = 'migrate worker'));
is(rows($db, 'version, object_identity', 'job IS NOT NULL'), '1|public.first', 'a worker that was killed leaves what it has committed');
my $session = hold_session($node, $db, 'BEGIN; CREATE TABLE killed ()');
my $pid = $session->query_safe('SELECT pg_backend_pid()');
$node->safe_psql($db, "SELECT pg_terminate_backend($pid, 10000)");
eval { $session->quit };
is(rows($db, 'tag', q(object_identity = 'public.killed')), '', 'a session that was killed leaves no row');
$session = hold_session($node, $db, 'BEGIN; CREATE TABLE crashed ()');
$node->stop('immediate');
eval { $session->quit };
$node->start;
is(rows($db, 'tag', q(object_identity = 'public.crashed')), '', 'nor does a crash');
psql($db, 'CREATE TABLE later ()');
is(rows($db, 'tag', q(object_identity = 'public.later')), 'CREATE TABLE', 'and it goes on');

#
# Ways out
#
$db = new_database('out', 'error');
($out, $err) = psql($db, 'CREATE TABLE a ()', options => '-c migrate.guard=off');
is($err, '', 'PGOPTIONS of a superuser');
psql($db, q(ALTER EVENT TRIGGER migrate_guard_command DISABLE));
is(psql($db, 'SELECT migrate_guard_mode()'), 'off', 'disabled is off');
is((psql($db, 'CREATE TABLE b ()'))[1], '', 'ALTER EVENT TRIGGER is not refused');
is(psql($db, q(SELECT migrate_guard_on('error'))), 'unchanged', 'and the guard can be switched on again');
like((psql($db, 'CREATE TABLE c ()'))[1], qr/MG027/, '... enabled');

# the library is gone, or not what the functions want
psql($db, q(UPDATE pg_proc SET probin = '$libdir/gone' WHERE proname LIKE 'migrate\_guard\_%'));
like((psql($db, 'CREATE TABLE c ()'))[1], qr/ERROR:  (58P01|42883).*gone/, 'without the library nothing goes');
if ($major >= 17)
{
	is((psql($db, 'SET event_triggers = off; CREATE TABLE c ()'))[1], '', 'but without event triggers');
}
$node->stop;
my $single = "CREATE TABLE in_single_user_mode ();\n";
IPC::Run::run([ $node->installed_command('postgres'), '--single', '-D', $node->data_dir, '-j', $db ],
	'<', \$single, '>', \my $single_out, '2>&1', IPC::Run::timeout($TIMEOUT));
$node->start;
is(psql($db, q(SELECT to_regclass('in_single_user_mode') IS NOT NULL)), 't', 'nor in single-user mode are there any');
is((psql($db, 'ALTER EVENT TRIGGER migrate_guard_command DISABLE; ALTER EVENT TRIGGER migrate_guard_drop DISABLE;
	ALTER EVENT TRIGGER migrate_guard_rewrite DISABLE; ALTER EVENT TRIGGER migrate_guard_start DISABLE; CREATE TABLE d ()'))[1],
	'', 'they can be disabled without it');
is((psql($db, 'DROP EXTENSION migrate; CREATE TABLE e ()'))[1], '', 'and dropped with the extension');
is(psql($db, 'SELECT count(*) FROM pg_event_trigger'), '0', 'of which none is left');
psql($db, 'CREATE EXTENSION migrate');
is(psql($db, q(SELECT migrate_guard_on('error') || migrate_guard_on('warn') || migrate_guard_on('warn'))),
	'installedchangedunchanged', 'installed again');
is((psql($db, q(SELECT migrate_guard_on('error'); DROP EXTENSION migrate)))[1], '', 'it is not in the way of DROP EXTENSION');

#
# Dumps
#
$db = new_database('source', 'error');
psql($db, q(SELECT migrate_register('1', 'one', 'CREATE TABLE one (id int PRIMARY KEY); CREATE MATERIALIZED VIEW mv AS SELECT 1 AS x; COMMENT ON TABLE one IS ''x''; GRANT SELECT ON one TO joe; CREATE VIEW v AS SELECT * FROM one');
	SELECT migrate_apply()));
psql($db, 'SET migrate.guard = record; CREATE TABLE drift (id serial)');
my $before = rows($db, 'id, xid, tag, object_identity, statement');
is(scalar(split /\n/, $before), 6, 'what there is');
for my $format ('plain', 'custom', 'directory')
{
	my $file = "$dumps/$format";
	$node->command_ok([ 'pg_dump', '-d', $node->connstr($db), "--format=$format", '-f', $file ], "pg_dump, $format");
	my $copy = "copy_$format";
	$node->safe_psql('postgres', "CREATE DATABASE $copy");
	my @restore = $format eq 'plain' ?
	  ([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($copy), '-f', $file ]) :
	  ([ 'pg_restore', '-d', $node->connstr($copy), '--exit-on-error', ($format eq 'directory' ? ('-j', '4') : ()), $file ]);
	$node->command_ok($restore[0], "restored, $format");
	is(rows($copy, 'id, xid, tag, object_identity, statement'), $before, '... which logs nothing');
	is(psql($copy, 'SELECT migrate_guard_mode()'), 'error', '... and leaves the guard as it was');
	like((psql($copy, 'CREATE TABLE x ()'))[1], qr/MG027/, '... at work');
	psql($copy, 'SET migrate.guard = record; CREATE TABLE next ()');
	is(psql($copy, 'SELECT count(*) FROM migrate_ddl'), (split /\n/, $before) + 1, '... and its numbers go on');
	next if $format eq 'plain';

	# over itself, the guard being on
	$node->command_ok([ 'pg_restore', '-d', $node->connstr($copy), '--clean', '--if-exists', '--exit-on-error',
			($format eq 'directory' ? ('-j', '4') : ()), $file ], "restored with --clean, $format");
	is(rows($copy, 'id, xid, tag, object_identity, statement'), $before, '... which logs nothing either');
}
is(psql('copy_custom', 'SELECT x FROM mv'), '1', 'materialized views are refreshed, the guard being there');
$node->command_ok([ 'pg_dump', '-d', $node->connstr($db), '--clean', '--if-exists', '-f', "$dumps/clean.sql" ], 'pg_dump --clean');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('copy_plain'), '-f', "$dumps/clean.sql" ], 'restored');
is(rows('copy_plain', 'id, xid, tag, object_identity, statement'), $before, '... which logs nothing');

# after a restore the extension is one that others depend on
($out, $err) = psql('copy_custom', 'DROP EXTENSION migrate');
like($err, qr/ERROR:  2BP01: .*event trigger migrate_guard_command depends on/s, 'after a restore DROP EXTENSION asks for CASCADE');
psql('copy_custom', q(SELECT migrate_guard_on('error')));
is((psql('copy_custom', 'DROP EXTENSION migrate'))[1], '', '... until the guard is switched on');
is((psql('copy_directory', 'SET client_min_messages = warning; DROP EXTENSION migrate CASCADE'))[1], '', '... or with it');

# another's tables into a database that is guarded: a change like any other, unless it is said
my $other = new_database('guarded', 'record');
$node->command_ok([ 'pg_dump', '-d', $node->connstr($db), '-Fc', '-t', 'one', '-f', "$dumps/one" ], 'a table dumped');
{
	local $ENV{PGOPTIONS} = '-c migrate.guard=off';
	$node->command_ok([ 'pg_restore', '-d', $node->connstr($other), "$dumps/one" ], 'restored where there is a guard');
}
is(psql($other, 'SELECT count(*) FROM migrate_ddl'), '0', 'switched off for that, it logs nothing');
psql($other, 'SET migrate.guard = off; DROP TABLE one');
{
	delete local $ENV{PGAPPNAME};
	$node->command_ok([ 'pg_restore', '-d', $node->connstr($other), "$dumps/one" ], 'restored without that');
}
like(rows($other, 'tag, application', q(object_identity = 'public.one' AND tag = 'CREATE TABLE')), qr/^CREATE TABLE\|pg_restore$/,
	'it is a change like any other');

#
# A standby
#
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
psql($other, 'CREATE TABLE replicated ()');
$node->wait_for_catchup($standby);
is($standby->safe_psql($other, q(SELECT tag FROM migrate_ddl_history WHERE object_identity = 'public.replicated')), 'CREATE TABLE',
	'a standby has the rows');
is($standby->safe_psql($other, 'SELECT migrate_guard_mode()'), 'record', '... and the mode');
for my $call ('migrate_guard_on()', 'migrate_guard_off()', q(migrate_guard_forget('1 day')))
{
	my ($code, $sout, $serr) = $standby->psql($other, "SELECT $call");
	like($serr, qr/cannot execute .* (in a read-only transaction|during recovery)/, "... where $call cannot be");
}
$standby->promote;
$standby->safe_psql($other, 'CREATE TABLE promoted ()');
is($standby->safe_psql($other, q(SELECT tag FROM migrate_ddl WHERE object_identity = 'public.promoted')), 'CREATE TABLE',
	'promoted, it guards');

$standby->stop;
$node->stop;
done_testing();
