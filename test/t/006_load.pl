# migrate_load(): directories of every format, and all that can be wrong
# with files, their names and their texts.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Path qw(make_path);
use POSIX qw(mkfifo);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('load');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->start;
my $root = PostgreSQL::Test::Utils::tempdir();

# A fresh directory with files; their texts are bytes.
my $directories = 0;

sub directory
{
	my (%files) = @_;
	my $dir = "$root/d" . ++$directories;

	make_path($dir);
	put($dir, %files);
	return $dir;
}

sub put
{
	my ($dir, %files) = @_;

	for my $name (keys %files)
	{
		make_path(dirname("$dir/$name"));
		open my $file, '>:raw', "$dir/$name" or die "$dir/$name: $!";
		print $file $files{$name};
		close $file;
	}
}

my $databases = 0;

sub new_database
{
	my ($options) = @_;
	my $name = 'load' . ++$databases;

	$node->safe_psql('postgres', "CREATE DATABASE $name " . ($options // ''));
	$node->safe_psql($name, 'CREATE EXTENSION migrate');
	return $name;
}

sub literal
{
	my ($text) = @_;

	$text =~ s/'/''/g;
	return "'$text'";
}

# What psql prints, and its messages with SQLSTATEs.
sub psql
{
	my ($database, $sql) = @_;
	local $ENV{PGCLIENTENCODING} = 'UTF8';

	my ($code, $out, $err) = $node->psql($database, $sql,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return ($out, $err);
}

sub query
{
	my ($database, $sql) = @_;
	local $ENV{PGCLIENTENCODING} = 'UTF8';

	return $node->safe_psql($database, $sql);
}

sub load
{
	my ($database, $dir) = @_;

	return psql($database,
		'SELECT version, name, format, action FROM migrate_load(' . literal($dir) . ')');
}

sub load_fails
{
	my ($database, $dir, $pattern, $test) = @_;
	my ($out, $err) = load($database, $dir);

	like($err, $pattern, $test);
	is(query($database, 'SELECT count(*) FROM migrate_status'), '0', '... and nothing is registered');
}

# Every format: a table, a column, a function, and back.

my $up1 = "CREATE TABLE artikel (id int PRIMARY KEY);\n";
my $up2 = "ALTER TABLE artikel ADD größe text DEFAULT 'groß';\n";
my $up3 = "CREATE FUNCTION anzahl() RETURNS bigint LANGUAGE plpgsql AS \$\$\nBEGIN\n\tRETURN (SELECT count(*) FROM artikel); -- ;\nEND \$\$;\nINSERT INTO artikel VALUES (1);\n";
my $down1 = "DROP TABLE artikel;\n";
my $down2 = "ALTER TABLE artikel DROP größe;\n";
my $down3 = "DROP FUNCTION anzahl();\nDELETE FROM artikel;\n";
my %formats = (
	native => {
		downs => 1,
		files => {
			'1_artikel.sql' => "-- migrate:up\n$up1-- migrate:verify\nSELECT count(*) = 0 FROM artikel;\n-- migrate:down\n$down1",
			'2_größe.sql' => "-- migrate:up\n$up2\n-- migrate:down\n$down2",
			'10_anzahl.sql' => "-- a note\n-- migrate:requires 1, 2\n-- migrate:up\n$up3\n-- migrate:down\n$down3"
		},
		rows => "1|artikel|native|registered\n2|größe|native|registered\n10|anzahl|native|registered"
	},
	'golang-migrate' => {
		downs => 1,
		files => {
			'1_artikel.up.sql' => $up1,
			'1_artikel.down.sql' => $down1,
			'2_größe.up.sql' => "BEGIN;\n${up2}COMMIT;\n",
			'2_größe.down.sql' => "BEGIN;\n${down2}COMMIT;\n",
			'10_anzahl.up.sql' => $up3,
			'10_anzahl.down.sql' => $down3
		},
		rows => "1|artikel|golang-migrate|registered\n2|größe|golang-migrate|registered\n10|anzahl|golang-migrate|registered"
	},
	goose => {
		downs => 1,
		files => {
			'1_artikel.sql' => "-- +goose Up\n$up1\n-- +goose Down\n$down1",
			'2_größe.sql' => "-- +goose Up\n$up2\n-- +goose Down\n$down2",
			'10_anzahl.sql' => "-- +goose Up\n-- +goose StatementBegin\n$up3-- +goose StatementEnd\n\n-- +goose Down\n$down3"
		},
		rows => "1|artikel|goose|registered\n2|größe|goose|registered\n10|anzahl|goose|registered"
	},
	diesel => {
		downs => 1,
		files => {
			'2024-01-01-000000_artikel/up.sql' => $up1,
			'2024-01-01-000000_artikel/down.sql' => $down1,
			'20240102000000_größe/up.sql' => $up2,
			'20240102000000_größe/down.sql' => $down2,
			'20240102000000_größe/metadata.toml' => "run_in_transaction = true\n",
			'2024-02-01-000000_anzahl/up.sql' => $up3,
			'2024-02-01-000000_anzahl/down.sql' => $down3,
			'.gitkeep' => ''
		},
		rows => "20240101000000|artikel|diesel|registered\n20240102000000|größe|diesel|registered\n20240201000000|anzahl|diesel|registered"
	},
	prisma => {
		files => {
			'20240101000000_artikel/migration.sql' => $up1,
			'20240101000000_groesse/migration.sql' => $up2,
			'20240201000000_anzahl/migration.sql' => $up3,
			'migration_lock.toml' => "provider = \"postgresql\"\n"
		},
		rows => "20240101000000_artikel|artikel|prisma|registered\n20240101000000_groesse|groesse|prisma|registered\n20240201000000_anzahl|anzahl|prisma|registered"
	},
	flyway => {
		downs => 1,
		files => {
			'V1__artikel.sql' => $up1,
			'U1__artikel.sql' => $down1,
			'V1_2__größe_des_Artikels.sql' => $up2,
			'U1.2__größe_des_Artikels.sql' => $down2,
			'V1.10__anzahl.sql' => $up3,
			'U1.10__anzahl.sql' => $down3
		},
		rows => "1|artikel|flyway|registered\n1.2|größe des Artikels|flyway|registered\n1.10|anzahl|flyway|registered"
	},
	sqlx => {
		downs => 1,
		files => {
			'1_artikel.up.sql' => $up1,
			'1_artikel.down.sql' => $down1,
			'2_größe.up.sql' => $up2,
			'2_größe.down.sql' => $down2,
			'10_anzahl.up.sql' => $up3,
			'10_anzahl.down.sql' => $down3,
			'11_index.up.sql' => "-- no-transaction\nCREATE INDEX CONCURRENTLY artikel_groesse ON artikel (größe);\n",
			'11_index.down.sql' => "-- no-transaction\nDROP INDEX CONCURRENTLY artikel_groesse;\n"
		},
		rows => "1|artikel|sqlx|registered\n2|größe|sqlx|registered\n10|anzahl|sqlx|registered\n11|index|sqlx|registered"
	},
	plain => {
		files => {
			'001_artikel.sql' => $up1,
			'002-größe.sql' => $up2,
			'010_anzahl.sql' => $up3
		},
		rows => "001|artikel|plain|registered\n002|größe|plain|registered\n010|anzahl|plain|registered"
	});

my $effects = q{
	SELECT coalesce(string_agg(attname, ' ' ORDER BY attnum), 'none'), to_regproc('anzahl') IS NOT NULL
	  FROM pg_attribute WHERE attrelid = to_regclass('artikel') AND attnum > 0 AND NOT attisdropped};

sub round_trip
{
	my ($format, $options, $what) = @_;
	my $case = $formats{$format};
	my $dir = directory(%{ $case->{files} });
	my $database = new_database($options);

	my ($out, $err) = load($database, $dir);
	is($out, $case->{rows}, "$what: registered, in order");
	unlike($err, qr/ERROR|WARNING/, '... without a warning');
	($out, $err) = load($database, $dir);
	is($out, $case->{rows} =~ s/registered/unchanged/gr, "$what: again, nothing changes");
	if ($format eq 'sqlx')
	{
		query($database, q{SELECT migrate_apply('10')});
		like(query($database, q{SELECT mode || ': ' || reason FROM migrate_plan()}),
			qr/^worker: .*CONCURRENTLY, line 2/, "$what: no-transaction needs a worker");
		is(query($database, query($database, q{SELECT migrate_script('+1')}) =~ s/^\\set .*//mr), '',
			'... and runs with psql');
	}
	else
	{
		query($database, 'SELECT migrate_apply()');
	}
	is(query($database, $effects), 'id größe|t', "$what: applied");
	is(query($database, 'SELECT DISTINCT state FROM migrate_status'), 'applied', '... and recorded');

	if (!$case->{downs})
	{
		($out, $err) = psql($database, 'SELECT migrate_rollback()');
		like($err, qr/ERROR:  MG006: .*anzahl/s, "$what: without a down nothing rolls back");
		return $database;
	}
	query($database, query($database, q{SELECT migrate_script('-1')}) =~ s/^\\set .*//mr)
	  if $format eq 'sqlx';
	query($database, q{SELECT migrate_rollback()});
	is(query($database, $effects), 'id größe|f', "$what: one step down");
	query($database, q{SELECT migrate_rollback('base')});
	is(query($database, $effects), 'none|f', "$what: down to base");
	is(query($database, 'SELECT migrate_current() IS NULL'), 't', '... and nothing is applied');
	query($database, $format eq 'sqlx' ? q{SELECT migrate_apply('10')} : 'SELECT migrate_apply()');
	is(query($database, $effects), 'id größe|t', "$what: up again");
	is(query($database, 'SELECT * FROM migrate_verify_log()'), '', '... and the log verifies');
	return $database;
}

round_trip($_, '', $_) for sort keys %formats;
my $latin1 = "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0";
my $database;
for my $format (qw(native golang-migrate goose flyway plain))
{
	$database = round_trip($format, $latin1, "$format in LATIN1");
	is( query($database, q{SELECT count(*) FROM migrate_status WHERE name ~ U&'^gr\00F6\00DFe'}),
		'1', '... with names in that encoding');
}

# Texts that are not simply lines of ASCII.

$database = new_database();
my $dir = directory(
	'1_a.sql' => "\xEF\xBB\xBF-- migrate:up\r\nCREATE TABLE a (id int);\r\nCOPY a FROM stdin;\r\n1\r\n2\r\n\\.\r\n-- migrate:down\r\nDROP TABLE a;\r\n",
	'2_b.sql' => "-- migrate:up\nCREATE TABLE b (id int) -- no semicolon, no line end");
my ($out, $err) = load($database, $dir);
query($database, 'SELECT migrate_apply()');
is(query($database, 'SELECT count(*), sum(id) FROM a'), '2|3', 'a byte order mark and CRLF do no harm');
is(query($database, 'SELECT count(*) FROM b'), '0', '... nor a text without an end');
put($dir, '1_a.sql' => "-- migrate:up\nCREATE TABLE a (id int);\nCOPY a FROM stdin;\n1\n2\n\\.\n-- migrate:down\nDROP TABLE a;\n");
($out, $err) = load($database, $dir);
is(query($database, 'SELECT DISTINCT state FROM migrate_status'), 'applied', 'other line ends are no change');
unlike($err, qr/WARNING/, '... and nothing to warn of');
is(query($database, 'SELECT count(*) FROM migrate_apply()'), '0', '... nor to run');

# The encoding of the database cannot hold everything.
$dir = directory('1_a.sql' => "CREATE TABLE a (id int);\n", '2_b.sql' => "SELECT '日本';\n");
load_fails(new_database($latin1), $dir, qr/ERROR:  22P05: .*2_b\.sql/s, 'a character that LATIN1 does not have: the file is named');

# Names.

my $strange = q{1_it's "größer" now; \\ 'x' %s $1.sql};
$database = new_database();
$dir = directory($strange => "CREATE TABLE strange (id int);\n", '2_ two  blanks .sql' => "SELECT 1/0;\n");
($out, $err) = load($database, $dir);
is($out, q{1|it's "größer" now; \\ 'x' %s $1|plain|registered} . "\n2| two  blanks |plain|registered",
	'a file name may have anything in it');
($out, $err) = psql($database, 'SELECT migrate_apply()');
my $label = $strange =~ s/\.sql$//r;
like($err, qr/\[1\/2\] \Q$label\E: 1 statement/, '... which a notice tells');
like($err, qr/2_ two  blanks , up script \(\Q$dir\E\/2_ two  blanks \.sql\), line 1/, '... and an error');
query($database, q{SELECT migrate_apply('1')});
is(query($database, q{SELECT path = '} . "$dir/" . $strange =~ s/'/''/gr . q{' FROM migrate_history WHERE version = '1'}),
	't', '... and the history');
put($dir, '2_ two  blanks .sql' => "SELECT 1;\n");
load($database, $dir);
is(query($database, query($database, 'SELECT migrate_script()') =~ s/^\\set .*//mr), "1\n", '... and a script for psql works');
is(query($database, 'SELECT migrate_current()'), '2', '... and records it');

$dir = directory('1_a.sql' => "SELECT 1;\n");
SKIP:
{
	eval { put($dir, "2_\xff\xfe.sql" => "SELECT 2;\n"); };
	skip 'the file system has no such names', 2 if $@;
	load_fails(new_database(), $dir, qr/ERROR:  \w+: .*file/, 'a file name that is not UTF-8 is refused');
}

# What is wrong with a directory.

my $good = "CREATE TABLE good (id int);\n";
my $goose = "-- +goose Up\n$good";
$database = new_database();
load_fails($database, "$root/nowhere", qr/ERROR:  58P01: .*\Q$root\E\/nowhere/, 'a directory that is not there is named');
load_fails($database, directory('1_a.sql' => $good) . '/1_a.sql', qr/ERROR:  42809|ERROR:  \w+: .*\/1_a\.sql/, 'a file is no directory');
($out, $err) = load($database, directory());
like($err, qr/WARNING:  \w+: there are no migrations in directory/, 'an empty directory is told');

for (
	[ { '1_a.up.sql' => $good, '2_b.sql' => $goose }, '(1_a\.up|2_b)\.sql', 'a mixture of golang-migrate and goose' ],
	[ { '1_a.sql' => $good, 'V2__b.sql' => $good }, '(1_a|V2__b)\.sql', 'a mixture of plain and Flyway' ],
	[ { '1_a.sql' => "-- migrate:up\n$good", '2_b.sql' => $good }, '2_b\.sql', 'a file without its migrate:up' ],
	[ { '1_a/up.sql' => $good, '1_a/down.sql' => $good, '2_b/migration.sql' => $good }, '(1_a\/up|1_a\/down|2_b\/migration)\.sql', 'a mixture of diesel and prisma' ],
	[ { '1_a.sql' => $good, 'notes.sql' => $good }, 'notes\.sql', 'a .sql file whose name does not fit' ],
	[ { '1_a.up.sql' => $good, '1.up.sql' => $good }, '1\.up\.sql', 'an up without a name' ],
	[ { '1_a.up.sql' => $good, '2_.up.sql' => $good }, '2_\.up\.sql', 'an up with an empty name' ],
	[ { '1_a.up.sql' => $good, '2_b.down.sql' => $good }, '2_b\.down\.sql', 'a down without an up' ],
	[ { '1_a/up.sql' => $good, '2_b/down.sql' => $good }, '2_b\/down\.sql', 'a down.sql without an up.sql' ],
	[ { 'V1__a.sql' => $good, 'U2__b.sql' => $good }, 'U2__b\.sql', 'an undo without a version' ],
	[ { '1_a.sql' => $goose, '2_b.sql' => "-- +goose Down\n$good" }, '2_b\.sql', 'a goose file without Up' ],
	[ { '1_a.sql' => "-- migrate:down\n$good" }, '1_a\.sql', 'a native file without up' ],
	[ { '1_a.sql' => "-- migrate:up\n$good-- migrate:dwn\n" }, '1_a\.sql', 'an unknown directive' ],
	[ { '1_a.sql' => $good, '2_b.sql' => "SELECT '\xff';\n" }, '2_b\.sql', 'invalid UTF-8' ],
	[ { '1_a.sql' => $good, '2_b.sql' => "SELECT 1;\0\n" }, '2_b\.sql', 'a NUL byte' ],
	[ { '1_a.sql' => $good, 'sub/2_b.sql' => $good }, '(sub\/2_b|1_a)\.sql', 'a migration in a subdirectory' ],
	[ { '1_a/metadata.toml' => "run_in_transaction = maybe\n", '1_a/up.sql' => $good }, '1_a\/metadata\.toml', 'settings that make no sense' ]
  )
{
	my ($files, $file, $what) = @$_;

	$dir = directory(%$files);
	load_fails($database, $dir, qr/ERROR:  (?:MG010|22021): .*\Q$dir\E\/$file/s, "$what: the file is named");
}

$dir = directory('020_x.sql' => $good, '021_a.sql' => $good, '21_b.sql' => $good);
load_fails($database, $dir, qr/ERROR:  MG003: (?=.*\Q$dir\E\/021_a\.sql)(?=.*\Q$dir\E\/21_b\.sql)/,
	'two files of one version: both are named');
$dir = directory('1_a.up.sql' => $good, '1_b.up.sql' => $good);
load_fails($database, $dir, qr/ERROR:  MG003: (?=.*1_a\.up\.sql)(?=.*1_b\.up\.sql)/, '... also with the same number');
$dir = directory('V1.0__a.sql' => $good, 'V1_0__b.sql' => $good);
load_fails($database, $dir, qr/ERROR:  MG003: (?=.*V1\.0__a\.sql)(?=.*V1_0__b\.sql)/, '... also of Flyway');

SKIP:
{
	$dir = directory('1_a.sql' => $good, '2_b.sql' => $good);
	chmod 0, "$dir/2_b.sql";
	skip 'this user can read everything', 4 if -r "$dir/2_b.sql";
	load_fails($database, $dir, qr/ERROR:  42501: .*\Q$dir\E\/2_b\.sql/, 'an unreadable file is named');
	chmod 0600, "$dir/2_b.sql";
	chmod 0, $dir;
	load_fails($database, $dir, qr/ERROR:  42501: .*\Q$dir\E/, 'an unreadable directory is named');
	chmod 0700, $dir;
}

# What does no harm.

$database = new_database();
$dir = directory(
	'1_a.sql' => $good,
	'README.md' => '# \xff not read',
	'.hidden.sql' => 'nor this',
	'seed.go' => 'package main',
	'docs/deep/er/still/9_x.sql' => 'SELECT',
	'.git/config' => '[core]');
symlink $dir, "$dir/.loop";
symlink 'nowhere', "$dir/.#1_a.sql";
symlink 'self', "$dir/self";
mkfifo("$dir/2_pipe.sql", 0600) or die $!;
($out, $err) = load($database, $dir);
is($out, '1|a|plain|registered', 'other files, links that lead nowhere and a pipe do no harm');
like($err, qr/NOTICE: .*skipped: (?=.*README\.md)(?=.*seed\.go)/, '... those that are skipped are listed');

$dir = directory('1_a.sql' => $good);
symlink $dir, "$dir/loop";
($out, $err) = load(new_database(), $dir);
like("$out$err", qr/1\|a\|plain\|registered|ERROR:  MG010: .*loop\/1_a\.sql/, 'a link to the directory itself does not hang');

$dir = directory('1_a.sql' => $good);
symlink 'nowhere', "$dir/2_b.sql";
load_fails(new_database(), $dir, qr/ERROR:  58P01: .*2_b\.sql/, 'a migration that is a broken link is named');

my $other = directory('1_real.sql' => $good);
$dir = directory();
symlink "$other/1_real.sql", "$dir/1_link.sql";
($out, $err) = load(new_database(), $dir);
is($out, '1|link|plain|registered', 'a link to a file is a file');

# Files come, change and go.

$database = new_database();
$dir = directory(
	'1_a.sql' => "CREATE TABLE a (id int);\n",
	'2_b.sql' => "CREATE TABLE b (id int);\n",
	'3_c.sql' => "CREATE TABLE c (id int);\n");
load($database, $dir);
query($database, q{SELECT migrate_apply('2')});
($out, $err) = load($database, "$dir/");
is($out =~ s/^.*\|//mgr, "unchanged\nunchanged\nunchanged", 'a slash at the end is no other directory');
unlike($err, qr/WARNING/, '... and nothing is missing');

put($dir, '3_c.sql' => "CREATE TABLE c (id bigint);\n");
($out, $err) = load($database, $dir);
is($out =~ s/^.*\|//mgr, "unchanged\nunchanged\nreplaced", 'a pending file that was edited replaces what was registered');
unlike($err, qr/WARNING/, '... without a warning');

put($dir, '1_a.sql' => "-- the first\nCREATE TABLE a\n\t(id int); /* done */\n");
($out, $err) = load($database, $dir);
is($out =~ s/^.*\|//mgr, "replaced\nunchanged\nunchanged", 'an applied one, edited in comments and white space');
like($err, qr/NOTICE: .*1_a/, '... is told');
unlike($err, qr/WARNING/, '... without a warning');
is(query($database, q{SELECT state, remark FROM migrate_status WHERE version = '1'}),
	'applied|cosmetic change since it was applied', '... and accepted');

put($dir, '2_b.sql' => "CREATE TABLE b (id bigint);\n");
($out, $err) = load($database, $dir);
like($err, qr/WARNING:  MG001: .*2_b/, 'an applied one, edited, is warned of');
is(query($database, q{SELECT state FROM migrate_status WHERE version = '2'}), 'changed', '... and shown');
($out, $err) = psql($database, 'SELECT migrate_apply()');
like($err, qr/ERROR:  MG001: .*2_b/s, '... and nothing runs');
is(query($database, q{SELECT to_regclass('c') IS NULL}), 't', '... of what is pending');
is(query($database, q{SELECT migrate_repair('2')}), 'repaired', '... until it is accepted');
is(query($database, 'SELECT version FROM migrate_apply()'), '3', '... and then it goes on');

put($dir, '4_d.sql' => "SELECT 4;\n");
load($database, $dir);
unlink "$dir/2_b.sql", "$dir/4_d.sql";
($out, $err) = load($database, $dir);
like($err, qr/WARNING: .*2 registered migrations have no file.*2_b.*4_d/s, 'files that are gone are warned of');
is(query($database, 'SELECT version, state FROM migrate_status'),
	"1|applied\n2|missing\n3|applied\n4|pending", '... and one that is applied is missing');
put($dir, '2_b.sql' => "CREATE TABLE b (id bigint);\n");
load($database, $dir);
is(query($database, q{SELECT state FROM migrate_status WHERE version = '2'}), 'applied', '... until it is back');

my $moved = "$root/moved";
rename $dir, $moved;
query($database, q{SELECT migrate_unregister('4')});
($out, $err) = load($database, $moved);
is($out =~ s/^.*\|//mgr, "unchanged\nunchanged\nunchanged", 'a directory may move');
unlike($err, qr/WARNING/, '... without a warning');

put($moved, '2_b.sql' => "CREATE TABLE b (id bigint);\n", '5_e.sql' => "SELECT ;;;\nSELEKT;\n");
($out, $err) = load($database, $moved);
like($err, qr/WARNING:  MG015: .*5_e.*line 2/, 'a text that cannot be parsed is warned of, with its line');
is(query($database, q{SELECT state FROM migrate_status WHERE version = '5'}), 'pending', '... and registered');

rename "$moved/1_a.sql", "$moved/1_renamed.sql";
($out, $err) = load($database, $moved);
like($err, qr/ERROR:  MG003: .*1.*1_a.*1_renamed/s, 'another name for an applied version is a conflict');

# Who may.

$node->safe_psql('postgres', 'CREATE ROLE reader LOGIN; CREATE ROLE deployer LOGIN IN ROLE pg_read_server_files');
$database = new_database();
query($database, 'GRANT EXECUTE ON FUNCTION migrate_load(text) TO reader');
$dir = directory('1_a.sql' => $good);
for ([ 'deployer', qr/ERROR:  42501: permission denied for function migrate_load/, 'without the right to execute' ],
	[ 'reader', qr/ERROR:  42501: .*read migration files/, 'without pg_read_server_files' ])
{
	my ($role, $pattern, $what) = @$_;

	($out, $err) = psql($database, "SET SESSION AUTHORIZATION $role; SELECT * FROM migrate_load('$dir')");
	like($err, $pattern, "$what nothing is loaded");
}
query($database, 'GRANT EXECUTE ON FUNCTION migrate_load(text) TO deployer');
is(query($database, "SET SESSION AUTHORIZATION deployer; SELECT action FROM migrate_load('$dir')"),
	'registered', 'with both rights it is');
is(query($database, 'SELECT registered_by FROM migrate_status'), 'deployer', '... in the name of who did it');

# Flyway: a baseline script stands for what is below it, on an empty database.

my %flyway = (
	'V1__a.sql' => 'CREATE TABLE a (id int);',
	'V2__b.sql' => 'CREATE TABLE b (id int);',
	'B2__all_so_far.sql' => "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nCREATE TABLE from_baseline ();",
	'V3__c.sql' => 'CREATE TABLE c (id int);',
	'R__view.sql' => 'CREATE OR REPLACE VIEW every AS SELECT id FROM a;');
$database = new_database();
$dir = directory(%flyway);
($out, $err) = load($database, $dir);
is($out, "2|all so far|flyway|registered\n1|a|flyway|registered\n2|b|flyway|registered\n3|c|flyway|registered\nview|view|flyway|registered",
	'Flyway: baseline, versions and repeatables');
is(query($database, 'SELECT version, action FROM migrate_apply()'), "2|applied\n1|covered\n2|covered\n3|applied\nview|applied",
	'... on an empty database the baseline covers what is below it');
is(query($database, q{SELECT to_regclass('from_baseline') IS NOT NULL, migrate_current(), migrate_require('1')}), 't|3|t',
	'... which counts as applied');
is(query($database, 'SELECT kind, version, state FROM migrate_status'),
	"baseline|2|applied\nversioned|1|applied\nversioned|2|applied\nversioned|3|applied\nrepeatable|view|applied",
	'... and is shown so');
is(query($database, 'SELECT count(*) FROM migrate_apply()'), '0', '... and nothing is left');

put($dir, 'R__view.sql' => 'CREATE OR REPLACE VIEW every AS SELECT id FROM b;');
load($database, $dir);
is(query($database, 'SELECT version FROM migrate_apply()'), 'view', 'a repeatable that changed runs again');
is(query($database, 'SELECT count(*) FROM migrate_apply()'), '0', '... once');

$database = new_database();
my %first = %flyway;
delete @first{ 'B2__all_so_far.sql', 'V2__b.sql', 'V3__c.sql' };
load($database, directory(%first));
query($database, 'SELECT migrate_apply()');
load($database, $dir);
is(query($database, q{SELECT version FROM migrate_apply() WHERE version <> 'view'}), "2\n3",
	'with something applied the versions run');
is(query($database, q{SELECT to_regclass('from_baseline') IS NULL,
		(SELECT state FROM migrate_status WHERE kind = 'baseline')}), 't|ignored', '... and the baseline is ignored');
is(query($database, 'SELECT count(*) FROM migrate_apply()'), '0', '... and nothing is left');

$node->stop;
done_testing();
