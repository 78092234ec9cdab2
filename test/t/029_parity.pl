# Two environments that are the same compare as the same, through psql alone as
# the README says: restored from a dump, of the same history, of another major
# version, and made by the baseline of an existing database.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Histories;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

have_histories('parity');

my $directory = PostgreSQL::Test::Utils::tempdir;

# The commands of the README's section.
my ($section) = slurp_file("$FindBin::RealBin/../../README.md") =~ /^### Parity\n(.*?)^### /ms;
my ($recipe, $gate) = $section =~ /^```sh\n(.*?)^```/msg;
die 'no commands in the README' unless $recipe && $gate;

# Where both services are, and where the extension is in them.
sub run_there
{
	my ($commands, $prod, $staging) = @_;

	open my $file, '>', "$directory/services" or die $!;
	for (['prod', @$prod], ['staging', @$staging])
	{
		my ($name, $server, $database) = @$_;
		print $file "[$name]\n", map { "$_\n" } split / /, $server->connstr, -1;
		print $file "dbname=$database\n";
	}
	close $file;
	local $ENV{PGSERVICEFILE} = "$directory/services";
	local $ENV{PGOPTIONS} = '-c search_path=public,mig';
	delete local $ENV{PGDATABASE};
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'sh', '-c', $commands ], '>', \$out, '2>', \$err);
	return ($out, $err, $? >> 8);
}

# What differs in the second from the first, as psql prints it.
sub differences
{
	my ($prod, $staging) = @_;
	my ($out, $err, $status) = run_there($recipe =~ s/^(.*psql -X) (-d service=staging)/$1 -qAt $2/mr, $prod, $staging);

	return $err . $out;
}

sub psql_file
{
	my ($database, $file) = @_;

	my ($out, $err) = run_command(
		[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', $file ]);
	die $err if $err =~ /ERROR/;
}

sub write_file
{
	my ($name, $text) = @_;

	open my $file, '>', "$directory/$name" or die $!;
	print $file $text;
	close $file;
	return "$directory/$name";
}

# A fresh database on which the baseline of an old one is applied.
sub fresh
{
	my ($old, $new, $call) = @_;

	new_database($new);
	my $text = $node->safe_psql($old, "SELECT up FROM mig.migrate_migration WHERE kind = 'baseline'");
	write_file('register', "SELECT mig.migrate_register('100', 'baseline', \$baseline\$$text\$baseline\$);\n");
	psql_file($new, "$directory/register");
	$node->safe_psql($new, $call);
	return $text;
}

my $other = PostgreSQL::Test::Cluster->new('parity_other');
$other->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$other->start;

# The golden schemas: dumped and restored, and by a baseline.
for my $name ('crates.io', 'minder', 'trigger.dev')
{
	(my $database = $name) =~ s/\W.*//;
	my $golden = "$corpora/golden/$name.sql";

	new_database($database);
	psql_file($database, $golden);
	run_command([ 'pg_dump', '-d', $node->connstr($database), '-f', "$directory/dump" ]);
	$node->safe_psql('postgres', "CREATE DATABASE ${database}_restored");
	psql_file("${database}_restored", "$directory/dump");
	is(differences([ $node, $database ], [ $node, "${database}_restored" ]), '', "$name: dumped and restored, nothing differs");

	# the server's own pg_dump
	my $start = time;
	is($node->safe_psql($database, "SELECT mig.migrate_baseline('100', from_schema => true)"), '1', "$name: its schema is a baseline");
	note(sprintf '%s: baseline from the schema in %.2f s', $name, time - $start);
	my $text = fresh($database, "${database}_fresh", 'SELECT mig.migrate_apply()');
	cmp_ok(length $text, '>', 10000, '... which is not an empty one');
	unlike($text, qr/CREATE EXTENSION IF NOT EXISTS migrate|SCHEMA mig/, '... without this extension');
	is(differences([ $node, $database ], [ $node, "${database}_fresh" ]), '', '... by which a fresh database is the same');
	is(differences([ $node, "${database}_fresh" ], [ $node, $database ]), '', '... and the other way round');

	# text given by the user
	run_command([ 'pg_dump', '-s', '-d', $node->connstr("${database}_restored"), '-f', "$directory/dump" ]);
	write_file('baseline', "\\set dump `cat $directory/dump`\nSELECT mig.migrate_baseline('100', script => :'dump');\n");
	psql_file("${database}_restored", "$directory/baseline");
	fresh("${database}_restored", "${database}_deployed", 'CALL mig.migrate_deploy()');
	is(differences([ $node, "${database}_restored" ], [ $node, "${database}_deployed" ]), '', "$name: the same by what psql gives");
	is(differences([ $node, $database ], [ $node, "${database}_deployed" ]), '', '... and the two are one');
}

# One of every kind of object: what snapshot.sql has.
my ($zoo) = slurp_file("$FindBin::RealBin/../pgtap/snapshot.sql") =~ /^(CREATE ROLE snap_owner;.*^COMMENT ON TABLE t IS .*?;\n)/ms;
my ($roles, $objects) = $zoo =~ /^((?:CREATE ROLE [^\n]*\n)+)(.*)/s;
$node->safe_psql('postgres', $roles);
new_database('zoo');
psql_file('zoo', write_file('zoo', "SET client_min_messages = error;\n$objects"));
$node->safe_psql('zoo', q{
	SELECT mig.migrate_guard_on();
	GRANT USAGE ON SCHEMA mig TO snap_reader;
	GRANT EXECUTE ON FUNCTION mig.migrate_plan(text) TO snap_reader;
	GRANT SELECT ON mig.migrate_status TO snap_reader;
	COMMENT ON SCHEMA mig IS 'ours'; COMMENT ON SCHEMA mig IS NULL;
	SELECT mig.migrate_baseline('100', true)});
my $text = fresh('zoo', 'zoo_fresh', 'SELECT mig.migrate_apply()');
unlike($text, qr/migrate_|SCHEMA mig/, 'nothing of what is ours is in the baseline');
like(differences([ $node, 'zoo' ], [ $node, 'zoo_fresh' ]), qr/^schema\|mig\|privileges\|differs\|[^\n]*$/,
	'one of everything: nothing differs but who may use the extension');
$node->safe_psql('zoo_fresh', 'GRANT USAGE ON SCHEMA mig TO snap_reader');
is(differences([ $node, 'zoo' ], [ $node, 'zoo_fresh' ]), '', '... and that is said anew');
cmp_ok($node->safe_psql('zoo', q{SELECT count(*) FROM jsonb_object_keys(mig.migrate_manifest() -> 'objects')}), '>=', 30,
	'... of many kinds');

# The same history, by two servers; and what is altered then.
for my $name ('minder', 'crates.io')
{
	(my $database = "h_$name") =~ s/\W.*//;
	my @altered = $name eq 'minder' ?
	  ([ 'CREATE INDEX added ON projects (name)', 'index|public.added||extra here', 'DROP INDEX added' ],
		[ 'ALTER TABLE projects ADD added text', 'column|public.projects.added||extra here', 'ALTER TABLE projects DROP added' ],
		[ q{COMMENT ON TABLE projects IS 'said'}, 'table|public.projects|comment|differs', 'COMMENT ON TABLE projects IS NULL' ],
		[ 'GRANT SELECT ON projects TO PUBLIC', 'table|public.projects|privileges|differs', 'REVOKE SELECT ON projects FROM PUBLIC' ],
		[ 'ALTER TABLE projects ALTER name DROP NOT NULL', 'column|public.projects.name|definition|differs', 'ALTER TABLE projects ALTER name SET NOT NULL' ])
	  : ();

	for my $server ($node, $other)
	{
		$server->safe_psql('postgres', "CREATE DATABASE $database");
		$server->safe_psql($database, 'CREATE SCHEMA mig; CREATE EXTENSION migrate SCHEMA mig');
		$server->safe_psql($database, "SET client_min_messages = error; SELECT count(*) FROM mig.migrate_load('$corpora/$name')");
		$server->safe_psql($database, 'CALL mig.migrate_deploy()');
	}
	is(differences([ $node, $database ], [ $other, $database ]), '', "$name: the same history, applied twice: nothing differs");
	is_deeply([ run_there($gate, [ $node, $database ], [ $other, $database ]) ], [ '', '', 0 ], '... nor for a pipeline');
	for (@altered)
	{
		my ($command, $expected, $undo) = @$_;

		$other->safe_psql($database, "SET client_min_messages = error; $command");
		like(differences([ $node, $database ], [ $other, $database ]), qr/^\Q$expected\E\|[^\n]*\n?$/, "$command: that alone");
		my ($out, $err, $status) = run_there($gate, [ $node, $database ], [ $other, $database ]);
		is($status, 3, '... which stops a pipeline');
		like($out . $err, qr/^\Q$expected\E\|.*staging is not like production/s, '... and is named');
		$other->safe_psql($database, $undo);
		is(differences([ $node, $database ], [ $other, $database ]), '', '... and undone, nothing');
	}

	# a version more, and one that is rolled back
	$other->safe_psql($database, q{SELECT mig.migrate_register('99999999999999', 'more', 'SELECT 1')});
	like(differences([ $node, $database ], [ $other, $database ]), qr/^migration\|99999999999999\|\|extra here\|pending\|\|[0-9a-f]{64}\|\|$/,
		"$name: a version that is registered on one side");
	$other->safe_psql($database, q{SELECT mig.migrate_unregister('99999999999999'); SELECT mig.migrate_unmark(mig.migrate_current(), 'to be missed')});
	like(differences([ $node, $database ], [ $other, $database ]), qr/^migration\|[^|]+\|state\|applied there\|pending\|applied\|\|\|$/,
		'... and one that is applied on one side');
}

# The histories and the objects of every kind by another major version.
SKIP:
{
	my $manifests = $ENV{MIGRATE_MANIFESTS};
	my @files = defined $manifests ? glob "$manifests/*.json" : ();

	skip 'MIGRATE_MANIFESTS names no directory with manifests of other versions', 1 unless @files;
	my %databases = ('minder' => 'h_minder', 'crates.io' => 'h_crates', 'trigger.dev' => 'versions_trigger', 'zoo' => 'versions_zoo');

	new_database($_) for 'versions_trigger', 'versions_zoo';
	psql_file('versions_trigger', "$corpora/golden/trigger.dev.sql");
	psql_file('versions_zoo', "$directory/zoo");
	for my $file (@files)
	{
		my ($name, $version) = $file =~ m{([^/]*)\.(\d+)\.json$} or die $file;
		my $compare = q{
			CREATE TEMPORARY TABLE manifest (m jsonb);
			\\copy manifest FROM '} . $file . q{' WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
			};
		my $same = $version == $major;

		my $differences = $node->safe_psql($databases{$name},
			"$compare SELECT c.* FROM manifest, mig.migrate_compare(m) c WHERE change <> 'not comparable'");

		# what the versions truly differ in: what extensions they have, and from
		# 18 on subscriptions are streamed in parallel unless that is declined
		unless ($same)
		{
			$differences =~ s/^extension\|\w+\|version\|differs\|.*\n?//mg;
			$differences =~ s/^subscription\|sub\|definition\|differs\|[^|]*streaming = parallel.*\n?//m
			  if ($major >= 18) != ($version >= 18);
		}
		is($differences, '', "$name of PostgreSQL $version: nothing differs in $major");
		my $worded = $node->safe_psql($databases{$name},
			"$compare SELECT DISTINCT component FROM manifest, mig.migrate_compare(m) c WHERE change = 'not comparable'");
		like($worded, $same ? qr/^$/ : qr/^(text)?$/, '... but the wording, which is not compared');
	}
}

# What may go wrong when the server dumps.
my $hostile = q{it's "a" \ $(touch touched) `x`};
(my $quoted = $hostile) =~ s/"/""/g;
$node->safe_psql('postgres', qq{CREATE DATABASE "$quoted"; CREATE ROLE "$quoted" LOGIN SUPERUSER; CREATE ROLE stranger SUPERUSER});
(my $escaped = $hostile) =~ s/([\\'])/\\$1/g;
my $hostile_db = $node->connstr . " dbname='$escaped'";
my $safe = sub {
	my ($sql) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $hostile_db ], '<', \$sql, '>', \$out, '2>', \$err);
	return $err . $out;
};
is($safe->('CREATE EXTENSION migrate; CREATE TABLE t (a integer)'), '', 'a database with a hostile name');
is($safe->(qq{SET ROLE "$quoted"; SELECT migrate_baseline('1', true)}), "1\n", '... is dumped, by a role of such a name');
ok(!-e $node->data_dir . '/touched', '... and the shell executes nothing of it');
like($safe->(q{SET ROLE stranger; SELECT migrate_baseline('2', true)}),
	qr/^ERROR:  38000: pg_dump could not dump this database\nDETAIL:  pg_dump: error: .*role "stranger" is not permitted to log in\nHINT:  .*script/s,
	'one who may not log in is told so by pg_dump');

# a lock of another
$node->safe_psql('postgres', 'CREATE DATABASE locked');
$node->safe_psql('locked', 'CREATE EXTENSION migrate; CREATE TABLE t (a integer)');
my $holder = $node->background_psql('locked');
$holder->query_safe('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
my ($code, $out, $err) = $node->psql('locked', q{SET statement_timeout = '1s'; SELECT migrate_baseline('1', true)}, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  57014: canceling statement due to statement timeout/, 'the wait for a lock can be cancelled');
ok($node->poll_query_until('locked', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'migrate baseline'}),
	'... and pg_dump ends with it');
my $start = time;
($code, $out, $err) = $node->psql('locked', q{SELECT migrate_baseline('1', true)}, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  38000: .*LOCK TABLE public.t/s, 'pg_dump does not wait for ever');
cmp_ok(time - $start, '<', 60, '... but for some seconds');
$holder->query_safe('ROLLBACK');
$holder->quit;
is($node->safe_psql('locked', q{SELECT count(*) FROM migrate_status}), '0', '... nothing is registered');
is($node->safe_psql('locked', q{SELECT migrate_baseline('1', true)}), '1', '... and without the lock it is dumped');
is($node->safe_psql('locked', q{SELECT migrate_baseline('1', true)}), '0', '... again, and nothing has changed');

$node->stop;
$other->stop;
done_testing();
