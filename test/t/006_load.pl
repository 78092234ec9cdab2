# migrate_load(): directories of every format, of any encoding and with any
# names; what is refused, and that it leaves nothing; files that go, come back
# and are edited; and where an error in a file is.

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(sha1_hex sha256_base64);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use POSIX qw(mkfifo);
use Test::More;
use Time::HiRes qw(time);

# Bytes in, bytes out: names and texts here are UTF-8, and nothing decodes them.

my $top = abs_path(PostgreSQL::Test::Utils::tempdir());
my $node = PostgreSQL::Test::Cluster->new('load');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->start;

sub new_database
{
	my ($name, $options) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name " . ($options || ''));
	$node->safe_psql($name, 'CREATE EXTENSION migrate');
}

sub psql
{
	my ($database, $sql, %params) = @_;

	my ($code, $out, $err) = $node->psql(
		$database, $sql,
		on_error_stop => 0,
		extra_params => [ '-v', 'VERBOSITY=verbose', '-v', 'SHOW_CONTEXT=always',
			@{ $params{options} || [] } ]);
	return wantarray ? ($out, $err) : $out;
}

sub write_file
{
	my ($path, $content) = @_;

	make_path(dirname($path));
	open my $file, '>:raw', $path or die "$path: $!";
	print $file $content;
	close $file or die "$path: $!";
}

# A new directory with these files; a content that is undef makes a directory.
sub directory
{
	my ($name, %files) = @_;
	my $directory = "$top/$name";

	make_path($directory);
	for my $file (keys %files)
	{
		defined $files{$file} ? write_file("$directory/$file", $files{$file}) :
		  make_path("$directory/$file");
	}
	return $directory;
}

sub literal
{
	my ($text) = @_;

	return "'" . $text =~ s/'/''/gr . "'";
}

# What migrate_load() returns, but for the paths, and what it says.
sub load
{
	my ($database, $directory, %params) = @_;

	return psql($database,
		'SELECT version, name, format, action FROM migrate_load(' . literal($directory) . ')', %params);
}

sub rows
{
	return join "\n", @_;
}

# The tables and functions that migrations have made: their names begin with x_.
sub objects
{
	my ($database) = @_;

	return $node->safe_psql(
		$database, q{
		SELECT coalesce(string_agg(name, ' ' ORDER BY name), '') FROM (
			SELECT relname::text AS name FROM pg_class WHERE relname LIKE 'x\_%' AND relkind IN ('r', 'v')
			UNION ALL
			SELECT proname FROM pg_proc WHERE proname LIKE 'x\_%') o});
}

sub states
{
	my ($database) = @_;

	return $node->safe_psql($database, 'SELECT version, state, remark FROM migrate_status');
}

# The number of the line in which something stands.
sub line_of
{
	my ($text, $what) = @_;
	my $before = substr($text, 0, index($text, $what));

	return 1 + ($before =~ tr/\n//);
}

# A history of each format: loaded twice, applied, and rolled back to base.

sub history
{
	my ($format, %h) = @_;
	my $directory = directory("formats/$format", %{ $h{files} });
	my $database = "format_$format" =~ tr/-/_/r;
	my @versions = @{ $h{versions} };
	my $worker = $h{worker};

	new_database($database);
	my ($out, $err) = load($database, $directory);
	is($out, rows(map { "$_|$format|registered" } @versions), "$format: loaded in order");
	$h{skipped} ? like($err, $h{skipped}, "$format: what is skipped") :
	  is($err, '', "$format: without a word");
	($out, $err) = load($database, $directory);
	is($out, rows(map { "$_|$format|unchanged" } @versions), "$format: loaded again it is unchanged");
	is( $node->safe_psql($database, q{SELECT version FROM migrate_plan() WHERE mode = 'worker'}),
		$worker || '',
		"$format: the plan has what needs a worker") if defined $worker;
	is( $node->safe_psql($database,
			'SELECT path FROM migrate_status'), rows(map { "$directory/$_" } @{ $h{paths} }),
		"$format: the paths are those of the up scripts");
	my $target = $h{target} ? "'$h{target}'" : '';
	is($node->safe_psql($database, "SELECT version, name, action FROM migrate_apply($target)"),
		rows(map { "$_|applied" } @{ $h{applied} || \@versions }), "$format: applied in order");
	is(objects($database), $h{objects}, "... and its objects are there");
	($out, $err) = load($database, $directory);
	is($out, rows(map { "$_|$format|unchanged" } @versions), "$format: applied, it is unchanged");
	if ($h{rolled_back})
	{
		is($node->safe_psql($database, q{SELECT version, action FROM migrate_rollback('base')}),
			rows(map { "$_|rolled back" } @{ $h{rolled_back} }), "$format: rolled back to base");
		is(objects($database), $h{left} || '', '... and the objects are gone');
	}
	else
	{
		($out, $err) = psql($database, q{SELECT migrate_rollback('base')});
		like($err, qr/ERROR:  MG006: /, "$format: there are no down scripts");
		is(objects($database), $h{objects}, '... and nothing has happened');
	}
}

history(
	'native',
	files => {
		'001_users.sql' => "-- migrate:up\nCREATE TABLE x_users (id int PRIMARY KEY);\n\n-- migrate:down\nDROP TABLE x_users;\n",
		'002_orders.sql' => "-- of users\n-- migrate:up\nCREATE TABLE x_orders (user_id int REFERENCES x_users);\n"
		  . "-- migrate:down\nDROP TABLE x_orders;\n-- migrate:verify\nSELECT count(*) = 0 FROM x_orders;\n",
		'10_dbmate.sql' => "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY x_index ON x_users (id);\n"
		  . "-- migrate:down transaction:false\nDROP INDEX CONCURRENTLY x_index;\n",
		'user_orders.sql' => "-- migrate:repeatable\n-- migrate:requires 002\n-- migrate:up\n"
		  . "CREATE OR REPLACE VIEW x_user_orders AS SELECT * FROM x_users JOIN x_orders ON id = user_id;\n"
		  . "-- migrate:down\nDROP VIEW x_user_orders;\n"
	},
	versions => [ '001|users', '002|orders', '10|dbmate', 'user_orders|user_orders' ],
	paths => [ '001_users.sql', '002_orders.sql', '10_dbmate.sql', 'user_orders.sql' ],
	worker => '10',
	target => '002',
	applied => [ '001|users', '002|orders' ],
	objects => 'x_orders x_users',
	rolled_back => [ '002', '001' ]);
$node->safe_psql('format_native',
	q{SELECT migrate_apply('002'); SELECT migrate_mark('10', 'not needed here'); SELECT migrate_apply()});
is(objects('format_native'), 'x_orders x_user_orders x_users', 'native: the repeatable comes last');
is( $node->safe_psql('format_native', q{SELECT migrate_unmark('10', 'again');
		SELECT version FROM migrate_rollback('base')}),
	rows('', 'user_orders', '002', '001'), '... and goes first');

history(
	'golang-migrate',
	files => {
		'1_a.up.sql' => 'CREATE TABLE x_a (id int);',
		'1_a.down.sql' => 'DROP TABLE x_a;',
		'10_c.up.sql' => 'ALTER TABLE x_b ADD c int;',
		'10_c.down.sql' => 'ALTER TABLE x_b DROP c;',
		'2_b.up.sql' => 'CREATE TABLE x_b (id int);',
		'2_b.down.sql' => 'DROP TABLE x_b;'
	},
	versions => [ '1|a', '2|b', '10|c' ],
	paths => [ '1_a.up.sql', '2_b.up.sql', '10_c.up.sql' ],
	worker => '',
	objects => 'x_a x_b',
	rolled_back => [ '10', '2', '1' ]);

history(
	'goose',
	files => {
		'00001_f.sql' => "-- +goose Up\n-- +goose StatementBegin\nCREATE FUNCTION x_f() RETURNS int LANGUAGE plpgsql AS \$\$\n"
		  . "BEGIN\n\t-- ; +goose Down\n\tRETURN 1;\nEND \$\$;\n-- +goose StatementEnd\n-- +goose Down\nDROP FUNCTION x_f;\n",
		'00002_t.sql' => "-- +goose Up\nCREATE TABLE x_t (f int DEFAULT x_f());\n-- +goose Down\nDROP TABLE x_t;\n",
		'20240101000000_i.sql' => "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY x_i ON x_t (f);\n"
	},
	versions => [ '00001|f', '00002|t', '20240101000000|i' ],
	paths => [ '00001_f.sql', '00002_t.sql', '20240101000000_i.sql' ],
	worker => '20240101000000',
	target => '2',
	applied => [ '00001|f', '00002|t' ],
	objects => 'x_f x_t',
	rolled_back => [ '00002', '00001' ]);

history(
	'diesel',
	files => {
		'00000000000000_diesel_initial_setup/up.sql' => 'CREATE TABLE x_setup (id int);',
		'00000000000000_diesel_initial_setup/down.sql' => 'DROP TABLE x_setup;',
		'2024-01-02-030405_create_posts/up.sql' => 'CREATE TABLE x_posts (id int);',
		'2024-01-02-030405_create_posts/down.sql' => 'DROP TABLE x_posts;',
		'2024-01-02-030405_create_posts/metadata.toml' => "run_in_transaction = true\n",
		'2025-01-02-030405_index/up.sql' => 'CREATE INDEX x_index ON x_posts (id);',
		'2025-01-02-030405_index/metadata.toml' => "# concurrently\nrun_in_transaction = false\n",
		'.gitkeep' => ''
	},
	skipped => qr/NOTICE:  00000: 1 file is no migration and was skipped: \Q$top\E\/formats\/diesel\/\.gitkeep/,
	versions => [ '00000000000000|diesel_initial_setup', '20240102030405|create_posts', '20250102030405|index' ],
	paths => [
		'00000000000000_diesel_initial_setup/up.sql', '2024-01-02-030405_create_posts/up.sql',
		'2025-01-02-030405_index/up.sql'
	],
	worker => '20250102030405',
	target => '20240102030405',
	applied => [ '00000000000000|diesel_initial_setup', '20240102030405|create_posts' ],
	objects => 'x_posts x_setup',
	rolled_back => [ '20240102030405', '00000000000000' ]);

history(
	'prisma',
	files => {
		'20240101000000_b/migration.sql' => 'CREATE TABLE x_b (id int);',
		'20240101000000_a/migration.sql' => 'CREATE TABLE x_a (id int);',
		'20230101000000_init/migration.sql' => 'CREATE TABLE x_init (id int);',
		'migration_lock.toml' => 'provider = "postgresql"'
	},
	skipped => qr/NOTICE:  00000: 1 file is no migration and was skipped: \S+\/migration_lock\.toml/,
	versions => [ '20230101000000_init|init', '20240101000000_a|a', '20240101000000_b|b' ],
	paths => [ map { "$_/migration.sql" } '20230101000000_init', '20240101000000_a', '20240101000000_b' ],
	objects => 'x_a x_b x_init');

history(
	'flyway',
	files => {
		'V1__first_table.sql' => 'CREATE TABLE x_one (id int);',
		'U1__first_table.sql' => 'DROP TABLE x_one;',
		'V1_10__ten.sql' => 'CREATE TABLE x_ten (id int);',
		'U1.10__other_name.sql' => 'DROP TABLE x_ten;',
		'V1.2__two.sql' => 'CREATE TABLE x_two (id int);',
		'U1.2__two.sql' => 'DROP TABLE x_two;',
		'V2__index.sql' => 'CREATE INDEX CONCURRENTLY x_index ON x_two (id);',
		'V2__index.sql.conf' => "executeInTransaction=false\n",
		'R__a_function.sql' => 'CREATE OR REPLACE FUNCTION x_f() RETURNS int LANGUAGE sql AS $$SELECT 1$$;'
	},
	versions => [ '1|first table', '1.2|two', '1.10|ten', '2|index', 'a function|a function' ],
	paths => [ 'V1__first_table.sql', 'V1.2__two.sql', 'V1_10__ten.sql', 'V2__index.sql', 'R__a_function.sql' ],
	worker => '2',
	target => '1.10',
	applied => [ '1|first table', '1.2|two', '1.10|ten' ],
	objects => 'x_one x_ten x_two',
	rolled_back => [ '1.10', '1.2', '1' ]);

history(
	'sqlx',
	files => {
		'1_a.up.sql' => 'CREATE TABLE x_a (id int);',
		'1_a.down.sql' => 'DROP TABLE x_a;',
		'2_b.up.sql' => "-- no-transaction\nCREATE INDEX CONCURRENTLY x_b ON x_a (id);",
		'2_b.down.sql' => "DROP INDEX x_b;"
	},
	versions => [ '1|a', '2|b' ],
	paths => [ '1_a.up.sql', '2_b.up.sql' ],
	worker => '2',
	target => '1',
	applied => ['1|a'],
	objects => 'x_a',
	rolled_back => ['1']);

history(
	'plain',
	files => {
		'1.10_c.sql' => 'CREATE TABLE x_c (id int);',
		'1.2_b.sql' => 'CREATE TABLE x_b (id int);',
		'1_A.SQL' => 'CREATE TABLE x_a (id int);'
	},
	versions => [ '1|A', '1.2|b', '1.10|c' ],
	paths => [ '1_A.SQL', '1.2_b.sql', '1.10_c.sql' ],
	worker => '',
	objects => 'x_a x_b x_c');

# Flyway's baseline script stands for the versions up to its own, on an empty
# database only.

my %flyway = (
	'V1__one.sql' => 'CREATE TABLE x_one (id int);',
	'V2__two.sql' => 'CREATE TABLE x_two (id int);',
	'V3__three.sql' => 'CREATE TABLE x_three (id int);');
my $baseline = directory('baseline', %flyway);
new_database('history');
load('history', $baseline);
$node->safe_psql('history', q{SELECT migrate_apply('1')});
write_file("$baseline/B2__base.sql", 'CREATE TABLE x_base (id int);');

new_database('empty');
my ($out, $err) = load('empty', $baseline);
is( rows(sort split /\n/, $out),
	rows('1|one|flyway|registered', '2|base|flyway|registered', '2|two|flyway|registered', '3|three|flyway|registered'),
	'baseline: registered beside the version of the same number');
is( $node->safe_psql('empty', 'SELECT version, name, action FROM migrate_apply()'),
	rows('2|base|applied', '1|one|covered', '2|two|covered', '3|three|applied'),
	'baseline: on an empty database it covers the versions up to it');
is(objects('empty'), 'x_base x_three', '... and runs in their place');
is($node->safe_psql('empty', q{SELECT count(*) FROM migrate_status WHERE state <> 'applied'}),
	'0', '... and everything is applied');
is($node->safe_psql('empty', 'SELECT count(*) FROM migrate_pending(); SELECT count(*) FROM migrate_apply()'),
	rows(0, 0), '... with nothing left to do');

load('history', $baseline);
is( $node->safe_psql('history', 'SELECT name, kind, state FROM migrate_status ORDER BY name'),
	rows('base|baseline|ignored', 'one|versioned|applied', 'three|versioned|pending', 'two|versioned|pending'),
	'baseline: on a database with a history it is ignored');
is($node->safe_psql('history', 'SELECT version, name, action FROM migrate_apply()'),
	rows('2|two|applied', '3|three|applied'), '... and the versions run');
is(objects('history'), 'x_one x_three x_two', '... as if it were not there');

# Encodings.

my $umlauts = directory(
	'umlauts',
	'001_größe.sql' => "-- größer\n-- migrate:up\nCREATE TABLE größe (note text DEFAULT 'äöü ÿ');\n"
	  . "INSERT INTO größe DEFAULT VALUES;\n-- migrate:down\nDROP TABLE größe;\n");
my $euro = directory(
	'euro',
	'001_good.sql' => 'CREATE TABLE x_good (id int);',
	'002_price.sql' => "-- 5 \xe2\x82\xac\nCREATE TABLE x_price (id int);");
new_database('latin1', q{ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
($out, $err) = load('latin1', $euro);
like($err, qr/ERROR:  22P05: .*"LATIN1".*\Q"$euro\/002_price.sql"\E/s,
	'LATIN1: a character that it lacks is an error that names the file');
is(states('latin1'), '', '... and leaves nothing');
write_file("$umlauts/001_groesse.sql", slurp_file("$umlauts/001_größe.sql"));
unlink "$umlauts/001_größe.sql";
($out, $err) = load('latin1', $umlauts);
is("$out$err", '001|groesse|native|registered', 'LATIN1: umlauts are loaded');
$node->safe_psql('latin1', 'SELECT migrate_apply()');
is($node->safe_psql('latin1', qq{SELECT encode(convert_to(note, 'LATIN1'), 'hex') FROM "gr\xf6\xdfe"}),
	'e4f6fc20ff', '... and applied as what they are');
is($node->safe_psql('latin1', 'SELECT action FROM migrate_load(' . literal($umlauts) . ')'),
	'unchanged', '... and unchanged when loaded again');
write_file("$umlauts/002_fehler.sql", "-- ä\n-- migrate:up\n/* ü */ SELECT 'ö', \n 'ß', keine_größe;\n");
load('latin1', $umlauts);
($out, $err) = psql('latin1', q{SET client_encoding = 'UTF8'; SELECT migrate_apply()});
like($err, qr/ERROR:  42703: column "keine_größe" does not exist.*\Q($umlauts\/002_fehler.sql), line 4\E/s,
	'LATIN1: errors are where they are in the file');
is($node->safe_psql('latin1', 'SELECT * FROM migrate_verify_log()'), '', '... and the log verifies');
$node->safe_psql('latin1', q{SELECT migrate_unregister('002'); SELECT migrate_rollback('base')});
is($node->safe_psql('latin1', qq{SELECT to_regclass('"gr\xf6\xdfe"') IS NULL}), 't', 'LATIN1: rolled back');

my $latin_name = directory('names_latin1', '001_größe.sql' => 'SELECT 1;');
new_database('latin1_name', q{ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
psql('latin1_name', 'SELECT migrate_load(' . literal($latin_name) . ')');
is($node->safe_psql('latin1_name', q{SET client_encoding = 'UTF8'; SELECT name FROM migrate_status}),
	'größe', 'LATIN1: names of files are UTF-8 as their contents are');

# Hashes are of the files' bytes, whatever the server's encoding.
my $sql = "SELECT 'größe';";
my $hash = sha256_base64("1_ä.sql$sql") . '=';
my %latin_hashes = (
	atlas => directory(
		'latin1_atlas',
		'1_ä.sql' => $sql,
		'atlas.sum' => 'h1:' . sha256_base64("1_ä.sql$hash") . "=\n1_ä.sql h1:$hash\n"),
	'graphile-migrate' => directory(
		'latin1_graphile',
		'committed/000001-a.sql' => "--! Previous: -\n--! Hash: sha1:" . sha1_hex("$sql\n") . "\n\n$sql\n",
		'current.sql' => "-- nothing yet\n"),
	drizzle => directory(
		'latin1_drizzle',
		'0000_a.sql' => $sql,
		'meta/_journal.json' => '{"entries": [{"tag": "0000_a"}]}'));
for my $format (sort keys %latin_hashes)
{
	is($node->safe_psql('latin1_name', "SET migrate.project = '$format'; SELECT format, action FROM migrate_load("
			. literal($latin_hashes{$format}) . ')'),
		"$format|registered", "LATIN1: $format");
}
write_file("$latin_hashes{atlas}/1_ä.sql", "$sql ");
($out, $err) = psql('latin1_name', q{SET migrate.project = 'atlas'; SELECT migrate_load(} . literal($latin_hashes{atlas}) . ')');
like($err, qr/ERROR:  MG022: .*is not what atlas\.sum says/, '... and what does not fit is refused');

new_database('ascii', q{ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0});
($out, $err) = load('ascii', $euro);
is($out, rows('001|good|plain|registered', '002|price|plain|registered'), 'SQL_ASCII: bytes are taken as they are');

# A byte order mark is no part of the text.

my $bom = "\xef\xbb\xbf";
my $marked = directory(
	'bom',
	'001_a.sql' => "$bom-- migrate:up\nCREATE TABLE x_a (id int);\n",
	'002_b.sql' => "$bom-- migrate:up\r\nCREATE TABLE x_b (id int);\r\n",
	'003_only.sql' => "-- migrate:up\nCREATE TABLE x_c (id int);\n");
new_database('bom');
($out, $err) = load('bom', $marked);
is($out, rows('001|a|native|registered', '002|b|native|registered', '003|only|native|registered'),
	'BOM: the first line is read');
is($err, '', '... without a word');
$node->safe_psql('bom', 'SELECT migrate_apply()');
is(objects('bom'), 'x_a x_b x_c', '... and the rest applied');
write_file("$marked/001_a.sql", "-- migrate:up\nCREATE TABLE x_a (id int);\n");
write_file("$marked/003_only.sql", "$bom-- migrate:up\nCREATE TABLE x_c (id int);\n");
($out, $err) = load('bom', $marked);
is($out, rows('001|a|native|unchanged', '002|b|native|unchanged', '003|only|native|unchanged'),
	'BOM: nothing changes when it comes or goes');
is($err, '', '... without a word');
my $bom_plain = directory(
	'bom_plain',
	'1_a.sql' => "${bom}CREATE TABLE x_d (id int);",
	'2_b.sql' => "$bom-- no-transaction\nCREATE INDEX CONCURRENTLY x_e ON x_d (id);",
	'3_c.sql' => $bom);
new_database('bom_plain');
($out, $err) = load('bom_plain', $bom_plain);
is($out, rows('1|a|sqlx|registered', '2|b|sqlx|registered', '3|c|sqlx|registered'),
	'BOM: sqlx is recognised behind one');
is($node->safe_psql('bom_plain', q{SELECT version FROM migrate_plan() WHERE mode = 'worker'}), '2',
	'... and what its first line says');

# What is refused leaves nothing, and says which files it is about.

new_database('refused');
my $refused = 0;

# The code and the text of the error, the files that it has to name, and the
# files that there are.
sub refused
{
	my ($test, $sqlstate, $text, $named, %files) = @_;
	my $directory = directory('refused/' . ++$refused, %files);

	return refused_directory($test, $sqlstate, $text, $directory, map { "$directory/$_" } @$named);
}

sub refused_directory
{
	my ($test, $sqlstate, $text, $directory, @named) = @_;
	my ($out, $err) = load('refused', $directory);

	like($err, qr/^\S+ ERROR:  $sqlstate: .*$text/ms, "refused: $test");
	my @missing = grep { index($err, qq{"$_"}) < 0 } @named;
	is_deeply(\@missing, [], '... which names ' . (@named == 1 ? 'the file' : scalar @named . ' files'))
	  or diag($err);
	is($out . states('refused'), '', '... and nothing is registered')
	  or $node->safe_psql('refused', q{SELECT migrate_unregister(version) FROM migrate_status});
}

my $up = "-- migrate:up\nSELECT 1;\n";
my %native = ('001_a.sql' => $up, '002_b.sql' => $up, '003_c.sql' => $up);

refused('native and golang-migrate', 'MG010', 'different formats', ['004_d.up.sql'],
	%native, '004_d.up.sql' => 'SELECT 1;');
refused('native and goose', 'MG010', 'different formats', ['004_d.sql'],
	%native, '004_d.sql' => "-- +goose Up\nSELECT 1;\n");
refused('golang-migrate and Flyway', 'MG010', 'different formats', ['V3__c.sql'],
	'1_a.up.sql' => '', '2_b.up.sql' => '', 'V3__c.sql' => '');
refused('plain and Flyway', 'MG010', 'different formats', ['V3__c.sql'],
	'1_a.sql' => '', '2_b.sql' => '', 'V3__c.sql' => '');
refused('diesel and prisma', 'MG010', 'different formats', ['3_c/migration.sql'],
	'1_a/up.sql' => '', '2_b/up.sql' => '', '3_c/migration.sql' => '');
refused('diesel and plain', 'MG010', '', ['3_c.sql'],
	'1_a/up.sql' => '', '2_b/up.sql' => '', '3_c.sql' => '');
refused('two formats in one file', 'MG010', 'two formats', ['001_a.sql'],
	'001_a.sql' => "-- migrate:up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n");

refused('a name that does not fit', 'MG010', 'does not fit.*format native.*<version>_<name>\.sql', ['schema.sql'],
	%native, 'schema.sql' => 'SELECT 1;');
refused('a name that does not fit, in golang-migrate', 'MG010', 'does not fit', ['seed.sql'],
	'1_a.up.sql' => '', '2_b.up.sql' => '', 'seed.sql' => '');
refused('a name that does not fit, in Flyway', 'MG010', 'does not fit', ['aftermigrate.sql'],
	'V1__a.sql' => '', 'V2__b.sql' => '', 'aftermigrate.sql' => '');
refused('a version that Flyway cannot read', 'MG010', '', ['V2x__b.sql'],
	'V1__a.sql' => '', 'V2x__b.sql' => '');
refused('a directory that diesel cannot read', 'MG010', '', ['second/up.sql'],
	'1_a/up.sql' => '', 'second/up.sql' => '');
refused('nothing that fits', 'MG010', 'known format', ['schema.sql'], 'schema.sql' => 'SELECT 1;');
refused('a file in a subdirectory', 'MG010', 'subdirectory', ['more/004_d.sql'],
	%native, 'more/004_d.sql' => $up);

refused('a version without a description in Flyway', 'MG010', 'no name', ['V2.sql'],
	'V1__a.sql' => '', 'V2.sql' => '');
refused('a down without an up', 'MG010', 'no up script', ['3_c.down.sql'],
	'1_a.up.sql' => '', '1_a.down.sql' => '', '2_b.up.sql' => '', '3_c.down.sql' => 'SELECT 1;');
refused('a down without an up in Flyway', 'MG010', 'no up script', ['U2__b.sql'],
	'V1__a.sql' => '', 'U2__b.sql' => '');
refused('a down without an up in diesel', 'MG010', 'no up script', ['2_b/down.sql'],
	'1_a/up.sql' => '', '2_b/down.sql' => '');
refused('settings without an up', 'MG010', '', ['V2__b.sql.conf'],
	'V1__a.sql' => '', 'V2__b.sql.conf' => "executeInTransaction=false\n");

refused('no "-- migrate:up"', 'MG010', 'no line "-- migrate:up"', ['004_d.sql'],
	%native, '004_d.sql' => 'SELECT 1;');
refused('no "-- migrate:up", but a down', 'MG010', 'line 2', ['004_d.sql'],
	%native, '004_d.sql' => "-- nothing up\n-- migrate:down\nSELECT 1;\n");
refused('no "-- +goose Up"', 'MG010', 'no line "-- \+goose Up"', ['2_b.sql'],
	'1_a.sql' => "-- +goose Up\nSELECT 1;\n", '2_b.sql' => 'SELECT 1;');
refused('an unknown directive', 'MG010', 'line 3', ['004_d.sql'],
	%native, '004_d.sql' => "-- migrate:up\nSELECT 1;\n-- migrate:dwon\nSELECT 2;\n");
refused('an unknown setting of Flyway', 'MG010', 'line 2', ['V1__a.sql.conf'],
	'V1__a.sql' => '', 'V1__a.sql.conf' => "executeInTransaction=true\ngroup=true\n");
refused('an invalid setting of diesel', 'MG010', 'line 1', ['1_a/metadata.toml'],
	'1_a/up.sql' => '', '1_a/metadata.toml' => 'run_in_transaction = no');

refused('021 and 21', 'MG003', 'version', [ '021_a.sql', '21_b.sql' ],
	'020_x.sql' => $up, '021_a.sql' => $up, '21_b.sql' => $up);
refused('two files of one version', 'MG003', '021', [ '021_a.sql', '021_b.sql' ],
	'020_x.sql' => $up, '021_a.sql' => $up, '021_b.sql' => $up);
refused('two versions that are one, and one name', 'MG003', 'version', [ '021_a.sql', '21_a.sql' ],
	'020_x.sql' => $up, '021_a.sql' => $up, '21_a.sql' => $up);
refused('1.0 and 1 in Flyway', 'MG003', 'version', [ 'V1.0__a.sql', 'V1__b.sql' ],
	'V1.0__a.sql' => '', 'V1__b.sql' => '', 'V2__c.sql' => '');
refused('two ups of one version', 'MG003', '', [ '2_b.up.sql', '2_c.up.sql' ],
	'1_a.up.sql' => '', '2_b.up.sql' => '', '2_c.up.sql' => '');
refused('two downs of one version', 'MG003', '', [ '2_b.down.sql', '2_c.down.sql' ],
	'1_a.up.sql' => '', '2_b.up.sql' => '', '2_b.down.sql' => 'SELECT 1', '2_c.down.sql' => 'SELECT 2');
refused('two repeatables of one name', 'MG003', '', [ '001_view.sql', 'view.sql' ],
	'001_view.sql' => "-- migrate:repeatable\nSELECT 1;\n", 'view.sql' => "-- migrate:repeatable\nSELECT 1;\n");

refused('invalid UTF-8', '22021', 'UTF-8', ['004_d.sql'], %native, '004_d.sql' => "-- migrate:up\nSELECT 'caf\xe9';\n");
refused('UTF-8 cut short', '22021', 'UTF-8', ['004_d.sql'], %native, '004_d.sql' => "-- migrate:up\nSELECT 1; -- \xc3");
refused('an overlong character', '22021', 'UTF-8', ['004_d.sql'], %native, '004_d.sql' => "-- migrate:up\n-- \xc0\xaf\n");
refused('a surrogate', '22021', 'UTF-8', ['004_d.sql'], %native, '004_d.sql' => "-- migrate:up\n-- \xed\xa0\x80\n");
refused('a NUL byte', '22021', 'UTF-8', ['004_d.sql'], %native, '004_d.sql' => "-- migrate:up\nSELECT 1;\0DROP TABLE x;\n");
refused('a NUL byte at the end', '22021', 'UTF-8', ['004_d.sql'], %native, '004_d.sql' => "-- migrate:up\nSELECT 1;\n\0");
refused('UTF-16', '22021', 'UTF-8', ['004_d.sql'], %native,
	'004_d.sql' => "\xff\xfe" . join('', map { "$_\0" } split //, $up));
refused('UTF-16 without a mark', '22021', 'UTF-8', ['004_d.sql'], %native,
	'004_d.sql' => join('', map { "\0$_" } split //, $up));
refused('settings that are no UTF-8', 'MG010', 'UTF-8', ['1_a/metadata.toml'],
	'1_a/up.sql' => '', '1_a/metadata.toml' => "# \xff\nrun_in_transaction = true");

# Names that SQL cannot have.
refused('a file name that is no UTF-8', '22021', '', [], %native, "004_gr\xf6\xdfe.sql" => $up);
refused('a file name with a line end', '\w+', '', ["004_d\ne.sql"], %native, "004_d\ne.sql" => $up);
refused('a directory name with a line end', '\w+', '', ["2024_d\ne/migration.sql"],
	'2023_c/migration.sql' => '', "2024_d\ne/migration.sql" => '');

# An error while registering comes after others are registered.
my $conflict = directory('conflict', %native);
new_database('conflict');
load('conflict', $conflict);
rename "$conflict/002_b.sql", "$conflict/002_renamed.sql" or die $!;
write_file("$conflict/001_a.sql", "-- migrate:up\nSELECT 2;\n");
write_file("$conflict/004_d.sql", $up);
($out, $err) = load('conflict', $conflict);
like($err, qr/ERROR:  MG003: .*002_b.*002_renamed.*\Q$conflict\/002_b.sql\E.*\Q$conflict\/002_renamed.sql\E/s,
	'a version under another name is refused, with both files');
is( $node->safe_psql('conflict', 'SELECT version, name, path FROM migrate_status'),
	rows(map { "$_|$conflict/$_.sql" =~ s/^(\d+)_(\w)/$1|$2/r } '001_a', '002_b', '003_c'),
	'... and what was registered before stays');
is($node->safe_psql('conflict', q{SELECT count(*) FROM migrate_plan() WHERE statements <> 1}), '0',
	'... as it was');
is( $node->safe_psql('conflict', qq{
		DO \$\$
		BEGIN
			PERFORM migrate_load('$conflict');
		EXCEPTION WHEN SQLSTATE 'MG003' THEN
			PERFORM migrate_register('9', 'handled', 'SELECT 1');
		END\$\$;
		SELECT version FROM migrate_status}),
	rows('001', '002', '003', '9'), '... also for a handler that goes on');
is( $node->safe_psql('conflict', q{SELECT migrate_unregister('002')}) . load('conflict', $conflict),
	rows('001|a|native|replaced', '002|renamed|native|registered', '003|c|native|unchanged', '004|d|native|registered'),
	'a pending one can be renamed after migrate_unregister()');
$node->safe_psql('conflict', q{SELECT migrate_unregister('002')});
rename "$conflict/002_renamed.sql", "$conflict/2_b.sql" or die $!;
load('conflict', $conflict);
rename "$conflict/2_b.sql", "$conflict/0002_b.sql" or die $!;
is(scalar load('conflict', $conflict),
	rows('001|a|native|unchanged', '0002|b|native|unchanged', '003|c|native|unchanged', '004|d|native|unchanged'),
	'a version can be spelled with other zeros');

# Files and directories that cannot be read.

my $unreadable = directory('unreadable', %native, '004_d.sql' => $up, 'README' => 'read it');
chmod 0, "$unreadable/004_d.sql", "$unreadable/README";
refused_directory('a file that cannot be read', '42501', 'could not open', $unreadable, "$unreadable/004_d.sql");
chmod 0600, "$unreadable/004_d.sql";
is(scalar load('refused', $unreadable),
	rows(map { "$_|native|registered" } '001|a', '002|b', '003|c', '004|d'),
	'what is skipped need not be readable');
$node->safe_psql('refused', q{SELECT migrate_unregister(version) FROM migrate_status});
chmod 0, $unreadable;
refused_directory('a directory that cannot be read', '42501', 'could not open directory', $unreadable, $unreadable);
chmod 0700, $unreadable;
refused_directory('a directory that does not exist', '58P01', 'could not open directory', "$top/none", "$top/none");
refused_directory('a directory that is a file', '42809', 'could not open directory',
	"$unreadable/001_a.sql", "$unreadable/001_a.sql");
refused_directory('no directory', '\w+', '', '');

# What is no migration is skipped, and said.

my $skips = directory(
	'skips',
	%native,
	'README' => "caf\xe9 \0", 'README.md' => '', 'LICENSE' => '', '.gitkeep' => '', 'logo.png' => "\x89PNG\0",
	'001_a.sql~' => 'SELEC', '002_b.sql.orig' => 'SELEC', '.003_c.sql.swp' => "\0", '.004_hidden.sql' => 'SELEC',
	'sql' => '', '.git/005_e.sql' => 'SELEC', 'docs/manual.txt' => '');
new_database('skips');
($out, $err) = load('skips', $skips);
is($out, rows('001|a|native|registered', '002|b|native|registered', '003|c|native|registered'),
	'skipped: files that are no migrations');
like($err, qr/NOTICE:  00000: 11 files are no migrations and were skipped: /, '... with a NOTICE');
unlike($err, qr/ERROR|WARNING|\.git\//, '... and nothing else');
my $few = directory('few', '1_a.sql' => '', 'README' => '', '.gitkeep' => '', 'LICENSE' => '');
($out, $err) = load('skips', $few =~ s/few$/.\/\/few\/\//r);
my @skipped = $err =~ /NOTICE:  00000: 3 files are no migrations and were skipped: (.*)/ ? sort split /, /, $1 : ();
is_deeply(\@skipped, [ map { "$few/$_" } '.gitkeep', 'LICENSE', 'README' ], 'skipped: the NOTICE lists them');

my $empty = directory('empty');
new_database('nothing');
($out, $err) = load('nothing', $empty);
is($out, '', 'an empty directory has no migrations');
like($err, qr/WARNING:  02000: there are no migrations in directory "\Q$empty\E"/, '... which is a WARNING');
unlike($err, qr/NOTICE|ERROR/, '... and nothing else');
write_file("$empty/README", '');
($out, $err) = load('nothing', $empty);
like($err, qr/WARNING:  02000: .*\Q$empty\E"/, 'a README is no migration either');
like($err, qr/NOTICE: .*\Q$empty\/README\E/, '... and skipped');
is($node->safe_psql('nothing', 'SELECT count(*) FROM migrate_load(NULL)'), '0', 'nothing is loaded from NULL')
  if $node->safe_psql('nothing', q{SELECT proisstrict FROM pg_proc WHERE proname = 'migrate_load'}) eq 't';

# Files that go and come back.

my $gone = directory(
	'gone', map { ("00${_}_t$_.sql" => "-- migrate:up\nCREATE TABLE x_$_ (id int);\n-- migrate:down\nDROP TABLE x_$_;\n") } 1 .. 4);
new_database('gone');
load('gone', $gone);
$node->safe_psql('gone', q{SELECT migrate_apply('003')});
my $kept = slurp_file("$gone/002_t2.sql");
unlink "$gone/002_t2.sql", "$gone/004_t4.sql";
($out, $err) = load('gone', $gone);
is($out, rows('001|t1|native|unchanged', '003|t3|native|unchanged'), 'gone: the rest is loaded');
like($err, qr/WARNING:  58P01: 2 registered migrations have no file/, '... with a WARNING');
like($err, qr/DETAIL:  Missing: .*002_t2 \(\Q$gone\/002_t2.sql\E\)/, '... that names what is missing');
like($err, qr/DETAIL:  Missing: .*004_t4 \(\Q$gone\/004_t4.sql\E\)/, '... pending ones as well');
is(states('gone'), rows('001|applied|', '002|missing|', '003|applied|', '004|pending|'),
	'gone: what was applied is missing');
is($node->safe_psql('gone', 'SELECT migrate_current(), migrate_require(\'002\')'), '003|t', '... but applied');
($out, $err) = psql('gone', q{SELECT migrate_unregister('002')});
like($err, qr/ERROR:  MG014: /, '... and stays registered');
is($node->safe_psql('gone', q{SELECT migrate_unregister('004'); SELECT count(*) FROM migrate_apply()}),
	rows('', 0), 'gone: what is pending can be unregistered, and nothing is left to do');
write_file("$gone/005_t5.sql", "-- migrate:up\nCREATE TABLE x_5 (id int);\n-- migrate:down\nDROP TABLE x_5;\n");
load('gone', $gone);
is($node->safe_psql('gone', 'SELECT version FROM migrate_apply()'), '005', '... and what is new is applied');
write_file("$gone/002_t2.sql", $kept);
($out, $err) = load('gone', $gone);
is($out, rows(map { "00$_|t$_|native|unchanged" } 1, 2, 3, 5), 'gone: it is back');
is($err, '', '... without a word');
is(states('gone'), rows(map { "00$_|applied|" } 1, 2, 3, 5), '... and applied');
unlink "$gone/002_t2.sql";
load('gone', $gone);
is($node->safe_psql('gone', q{SELECT version FROM migrate_rollback('001')}), rows('005', '003', '002'),
	'gone: it is rolled back with the text that is registered');
is(objects('gone'), 'x_1', '... which is the right one');
unlink glob "$gone/*";
($out, $err) = load('gone', $gone);
like($err, qr/WARNING:  02000: there are no migrations/, 'gone: all');
like($err, qr/WARNING:  58P01: .*001_t1/s, '... which are missing');
is($node->safe_psql('gone', q{SELECT state FROM migrate_status WHERE version = '001'}), 'missing', '... as one sees');

# A directory that moves takes its files with it; another with a longer name is another.
my $old = directory('moves', '1_a.sql' => 'CREATE TABLE x_a (id int);');
directory('moves_not', '2_b.sql' => 'CREATE TABLE x_b (id int);');
new_database('moves');
load('moves', $old);
load('moves', "${old}_not");
$node->safe_psql('moves', 'SELECT migrate_apply()');
unlike((load('moves', $old))[1], qr/WARNING/, 'a directory knows of its own files only');
rename $old, "$top/moved" or die $!;
($out, $err) = load('moves', "$top/moved");
is($out, '1|a|plain|unchanged', 'a directory that was moved is unchanged');
is($err, '', '... without a word');
is($node->safe_psql('moves', q{SELECT state, path FROM migrate_status WHERE version = '1'}),
	"applied|$top/moved/1_a.sql", '... and the path follows');

# Files that are edited.

my %edited = (
	'001_a.sql' => "-- migrate:up\nCREATE TABLE x_a (id int);\n-- migrate:down\nDROP TABLE x_a;\n",
	'002_b.sql' => "-- migrate:up\nCREATE TABLE x_b (id int);\nINSERT INTO x_b VALUES (1);\n-- migrate:down\nDROP TABLE x_b;\n",
	'003_c.sql' => "-- migrate:up\nCREATE TABLE x_c (id int);\n");
my $edits = directory('edits', %edited);
new_database('edits');
load('edits', $edits);
$node->safe_psql('edits', q{SELECT migrate_apply('002')});
write_file("$edits/003_c.sql", "-- migrate:up\nCREATE TABLE x_cc (id int);\n");
($out, $err) = load('edits', $edits);
is("$out$err", rows('001|a|native|unchanged', '002|b|native|unchanged', '003|c|native|replaced'),
	'edited: a pending one is replaced without a word');

write_file("$edits/001_a.sql", $edited{'001_a.sql'} =~ s/id int/id bigint/r);
($out, $err) = load('edits', $edits);
is($out, rows('001|a|native|replaced', '002|b|native|unchanged', '003|c|native|unchanged'), 'edited: an applied one');
like($err, qr/WARNING:  MG001: applied migration 001_a was registered with another text/, '... with a WARNING');
is(states('edits'), rows('001|changed|', '002|applied|', '003|pending|'), '... and seen in the status');
($out, $err) = psql('edits', 'SELECT migrate_apply()');
like($err, qr/ERROR:  MG001: .*001_a.*\Q$edits\/001_a.sql\E/s, 'edited: nothing is applied, and the file is named');
is(objects('edits'), 'x_a x_b', '... nothing at all');
($out, $err) = psql('edits', q{SELECT migrate_apply('+1')});
like($err, qr/ERROR:  MG001: /, '... also towards a target');
load('edits', $edits);
is(states('edits'), rows('001|changed|', '002|applied|', '003|pending|'), 'edited: loading again settles nothing');
is($node->safe_psql('edits', q{SELECT migrate_repair('001'); SELECT migrate_repair('001')}), rows('repaired', 'unchanged'),
	'edited: migrate_repair() accepts it');
is(states('edits'), rows('001|applied|', '002|applied|', '003|pending|'), '... as one sees');
is(scalar load('edits', $edits), rows(map { "$_|native|unchanged" } '001|a', '002|b', '003|c'), '... for good');
is($node->safe_psql('edits', 'SELECT version FROM migrate_apply()'), '003', '... and the rest is applied');
is(objects('edits'), 'x_a x_b x_cc', '... in its new text');

write_file("$edits/002_b.sql", $edited{'002_b.sql'} =~ s/VALUES \(1\)/VALUES (2)/r);
load('edits', $edits);
write_file("$edits/002_b.sql", $edited{'002_b.sql'});
($out, $err) = load('edits', $edits);
unlike($err, qr/WARNING/, 'edited: bringing the text back is no edit');
is(states('edits'), rows(map { "$_|applied|" } '001', '002', '003'), '... and settles it');

write_file("$edits/002_b.sql", $edited{'002_b.sql'} =~ s/DROP TABLE x_b/DROP TABLE x_b CASCADE/r);
($out, $err) = load('edits', $edits);
is("$out$err", rows('001|a|native|unchanged', '002|b|native|replaced', '003|c|native|unchanged'),
	'edited: a down script may be');
is(states('edits'), rows(map { "$_|applied|" } '001', '002', '003'), '... since it has not run');

write_file("$edits/002_b.sql",
	"-- migrate:up\n/* the second */\nCREATE   TABLE x_b\n(\n\tid int -- a number\n);\n\n\ninsert into x_b values (1)\n;\n"
	  . "-- migrate:down\nDROP TABLE x_b;\n");
($out, $err) = load('edits', $edits);
is($out, rows('001|a|native|unchanged', '002|b|native|replaced', '003|c|native|unchanged'), 'cosmetic: replaced');
unlike($err, qr/WARNING/, '... without a WARNING');
like($err, qr/NOTICE: .*002_b/, '... but with a NOTICE');
is(states('edits'), rows('001|applied|', '002|applied|cosmetic change since it was applied', '003|applied|'),
	'... and with a remark');
is($node->safe_psql('edits', 'SELECT count(*) FROM migrate_apply()'), '0', '... and accepted');
write_file("$edits/004_d.sql", "-- migrate:up\nCREATE TABLE x_d (id int);\n");
load('edits', $edits);
is($node->safe_psql('edits', 'SELECT version FROM migrate_apply()'), '004', '... so that the next is applied');

# Line ends are no edit, whatever they stand in.

my %lines = (
	'001_function.sql' => "-- migrate:up\nCREATE FUNCTION x_f() RETURNS text LANGUAGE sql AS \$\$\nSELECT 'a\nb';\n\$\$;\n"
	  . "-- migrate:down\nDROP FUNCTION x_f;\n",
	'002_string.sql' => "-- migrate:up\nCREATE TABLE x_t (note text);\nINSERT INTO x_t VALUES ('one\ntwo'), (E'\\\n'), (U&'\n');\n",
	'003_copy.sql' => "-- migrate:up\nCOPY x_t FROM stdin;\na\nb\\nc\n\\.\nSELECT 1;\n",
	'004_comment.sql' => "-- migrate:up\n-- one\n\n/* two\nthree */ SELECT 1;\n\n-- migrate:verify\nSELECT\ntrue;\n");
my $crlf = directory('crlf', %lines);
new_database('crlf');
load('crlf', $crlf);
$node->safe_psql('crlf', 'SELECT migrate_apply()');
for my $ends ("\r\n", "\n", "\r\n")
{
	my $to = $ends eq "\n" ? 'LF' : 'CRLF';
	write_file("$crlf/$_", $lines{$_} =~ s/\n/$ends/gr) for keys %lines;
	($out, $err) = load('crlf', $crlf);
	unlike($err, qr/WARNING|ERROR/, "$to: no edit");
	is(states('crlf'), rows(map { "00$_|applied|" } 1 .. 4), '... and the states are as they were');
	is($node->safe_psql('crlf', 'SELECT count(*) FROM migrate_apply()'), '0', '... and nothing is left to do');
}
new_database('crlf_first');
load('crlf_first', $crlf);
is($node->safe_psql('crlf_first', 'SELECT count(*) FROM migrate_apply()'), '4', 'CRLF: it is applied');
is($node->safe_psql('crlf_first', q{SELECT count(*) FROM x_t}), '5', '... with the data of COPY');

# A repeatable runs again.
my $repeatable = directory('repeatable', 'x_v.sql' => "-- migrate:repeatable\nCREATE OR REPLACE VIEW x_v AS SELECT 1 AS a;\n");
new_database('repeatable');
load('repeatable', $repeatable);
$node->safe_psql('repeatable', 'SELECT migrate_apply()');
write_file("$repeatable/x_v.sql", "-- migrate:repeatable\nCREATE OR REPLACE VIEW x_v AS SELECT 1 AS a, 2 AS b;\n");
($out, $err) = load('repeatable', $repeatable);
is("$out$err", 'x_v|x_v|native|replaced', 'an edited repeatable is replaced without a word');
is($node->safe_psql('repeatable', 'SELECT version FROM migrate_apply(); SELECT b FROM x_v'), rows('x_v', 2), '... and runs again');

# Who may load.

my $files = directory('privileges', '1_a.sql' => 'CREATE TABLE x_a (id int);', '2_b.sql' => 'CREATE TABLE x_b (id int);');
my @as_loader = (options => [ '-U', 'loader' ]);
new_database('privileges');
$node->safe_psql('privileges', 'CREATE ROLE loader LOGIN');
($out, $err) = load('privileges', $files, @as_loader);
like($err, qr/ERROR:  42501: permission denied for function migrate_load/, 'without EXECUTE nothing is loaded');
$node->safe_psql('privileges', 'GRANT EXECUTE ON FUNCTION migrate_load(text) TO loader');
($out, $err) = load('privileges', $files, @as_loader);
like($err, qr/ERROR:  42501: .*pg_read_server_files.*HINT:  .*migrate_register_files\(\)/s,
	'without pg_read_server_files neither, with a hint');
($out, $err) = load('privileges', "$top/none", @as_loader);
like($err, qr/ERROR:  42501: .*pg_read_server_files/s, '... nor is anything told of what files there are');
is(states('privileges'), '', '... and nothing is registered');
$node->safe_psql('privileges', 'GRANT pg_read_server_files TO loader');
($out, $err) = load('privileges', $files, @as_loader);
is("$out$err", rows('1|a|plain|registered', '2|b|plain|registered'), 'with both they are');
is($node->safe_psql('privileges', 'SELECT DISTINCT registered_by FROM migrate_status'), 'loader', '... by that role');
($out, $err) = psql('privileges', 'SELECT migrate_apply()');
like($err, qr/ERROR:  MG007: /, 'a superuser does not run what that role has loaded');
is(objects('privileges'), '', '... nothing of it');
($out, $err) = load('privileges', $files);
is($out, rows('1|a|plain|unchanged', '2|b|plain|unchanged'), '... but may load it too');
is($node->safe_psql('privileges', 'SELECT count(*) FROM migrate_apply()'), '2', '... and run it then');
load('privileges', $files, @as_loader);
is($node->safe_psql('privileges', 'SELECT DISTINCT registered_by FROM migrate_status'),
	$node->safe_psql('privileges', 'SELECT session_user'), '... which the other role does not undo');
$node->safe_psql('privileges', 'REVOKE pg_read_server_files FROM loader');
($out, $err) = load('privileges', $files, @as_loader);
like($err, qr/ERROR:  42501: /, 'REVOKE takes it away');

# Links, pipes and depths.

my $real = directory('real', '001_a.sql' => $up, '002_b.sql' => $up);
my $links = directory('links', '003_c.sql' => $up, 'docs/a/b/c/d/e/f/README' => '', 'docs/more/README' => '');
symlink "$real/001_a.sql", "$links/001_a.sql" or die $!;
symlink '../real/002_b.sql', "$links/002_b.sql" or die $!;
symlink '..', "$links/docs/parent" or die $!;
symlink '.', "$links/docs/self" or die $!;
mkfifo("$links/004_pipe.sql", 0600) or die $!;
new_database('links');
my @three = map { "$_|native|registered" } '001|a', '002|b', '003|c';
($out, $err) = load('links', $links);
is($out, rows(@three), 'links: linked files are loaded, and what leads in circles or nowhere does no harm');
unlike($err, qr/ERROR|WARNING/, '... without errors');
is($node->safe_psql('links', 'SELECT path FROM migrate_status'), rows(map { "$links/$_.sql" } '001_a', '002_b', '003_c'),
	'... under the names that they have here');
symlink 'nobody@nowhere.1234', "$links/.#003_c.sql" or die $!;
is(scalar load('links', $links), rows(map { s/registered/unchanged/r } @three),
	'links: nor does what an editor leaves while a file is edited');
unlink "$links/.#003_c.sql";
symlink $links, "$top/link" or die $!;
($out, $err) = load('links', "$top/link");
is($out, rows(map { s/registered/unchanged/r } @three), 'links: the directory itself may be one');
is($node->safe_psql('links', q{SELECT path FROM migrate_status WHERE version = '001'}), "$top/link/001_a.sql",
	'... under its own name');

my $nested = directory('nested', '2024_a/up.sql' => 'SELECT 1;', '2024_a/down.sql' => 'SELECT 1;');
make_path("$top/elsewhere");
write_file("$top/elsewhere/up.sql", 'SELECT 1;');
symlink "$top/elsewhere", "$nested/2025_b" or die $!;
symlink '.', "$nested/circle" or die $!;
symlink '../2024_a', "$nested/2024_a/again" or die $!;
new_database('nested');
($out, $err) = load('nested', $nested);
is($out, rows('2024|a|diesel|registered', '2025|b|diesel|registered'), 'links: directories of migrations may be such');

symlink '.', "$real/circle" or die $!;
refused_directory('files that are there twice, in a circle', 'MG010', 'subdirectory', $real);
unlink "$real/circle";
symlink "$top/none.sql", "$real/003_c.sql" or die $!;
refused_directory('a link to a migration that is gone', '58P01', '', $real, "$real/003_c.sql");
unlink "$real/003_c.sql";
symlink '003_c.sql', "$real/003_c.sql" or die $!;
refused_directory('a link to itself', '\w+', '', $real, "$real/003_c.sql");

# Any names.

my %odd = (
	'001' => 'add users', '002' => "it's", '003' => 'say "x"', '004' => 'größe ÄÖÜ', '005' => '100%s %n %d%%',
	'006' => 'back\\slash \\n', '007' => '-- x; DROP TABLE y', '008' => '$1 $$ $x$', '009' => ' leading', '010' => 'trailing ',
	'011' => '日本語', '012' => 'a.b.c', '013' => '{a,b} *?[x]', '014' => '😀', '015' => ':x :\'y\'', '016' => 'x' x 240);
my $odd = directory("odd %s 'dir' \"ü\"", map { ("${_}_$odd{$_}.sql" => "-- migrate:up\nCREATE TABLE x_$_ (id int);\n") } keys %odd);
new_database('odd');
($out, $err) = load('odd', $odd);
is($out, rows(map { "$_|$odd{$_}|native|registered" } sort keys %odd), 'names: any are loaded');
is($err, '', '... without a word');
is($node->safe_psql('odd', 'SELECT path FROM migrate_status'), rows(map { "$odd/${_}_$odd{$_}.sql" } sort keys %odd),
	'... with their paths');
is(scalar load('odd', "$odd/"), rows(map { "$_|$odd{$_}|native|unchanged" } sort keys %odd), '... and found again');
my $script = $node->safe_psql('odd', 'SELECT migrate_script()');
($out, $err) = psql('odd', 'SELECT version, name FROM migrate_apply()');
is($out, rows(map { "$_|$odd{$_}" } sort keys %odd), 'names: and applied');
my @told = $err =~ /NOTICE:  00000: \[\d+\/16\] (.*): 1 statement, \d+ ms$/mg;
is_deeply(\@told, [ map { "${_}_$odd{$_}" } sort keys %odd ], '... which the NOTICEs tell');
new_database('odd_script');
load('odd_script', $odd);
($out, $err) = psql('odd_script', $script);
is($err, '', 'names: psql can run the output of migrate_script()');
is(objects('odd_script'), objects('odd'), '... with the same outcome');
unlink "$odd/005_$odd{'005'}.sql";
($out, $err) = load('odd', $odd);
ok(index($err, "Missing: 005_$odd{'005'} ($odd/005_$odd{'005'}.sql).") >= 0, 'names: told when the file is gone')
  or diag($err);
for my $version ('005', '002', '004')
{
	my $path = "$odd/${version}0_$odd{$version}.sql";
	write_file($path, "-- migrate:up\n\nSELECT keine;\n");
	load('odd', $odd);
	($out, $err) = psql('odd', "SELECT migrate_apply('${version}0')");
	ok(index($err, "CONTEXT:  migration ${version}0_$odd{$version}, up script ($path), line 3, statement 1") >= 0,
		"names: $odd{$version} in an error") or diag($err);
	$node->safe_psql('odd', "SELECT migrate_unregister('${version}0')");
	unlink $path;
}

# Where an error is: its line is one of the file, whatever section it is in.

my %broken = (
	'1_down.sql' => "-- a table\n\n-- migrate:up\nCREATE TABLE x_a (id int, note text);\nINSERT INTO x_a\n\tVALUES (1, 'größer; als\nzwei');\n\n"
	  . "-- migrate:down\n\n-- in three\nDROP INDEX IF EXISTS x_i;\nDELETE FROM x_a\n WHERE 'ü' <> note AND\n\tkeine_spalte = 1;\nDROP TABLE x_a;\n",
	'2_up.sql' => "\n-- migrate:requires 1\n\n-- migrate:up\nCREATE TABLE x_b (id int);\n/* a\n comment */\nSELECT 'ä', '\n',\n\tid\n"
	  . "  FROM x_b, keine_tabelle;\n-- migrate:down\nDROP TABLE x_b;\n",
	'3_false.sql' => "-- migrate:up\nCREATE TABLE x_c (id int);\n-- migrate:down\nDROP TABLE x_c;\n\n-- migrate:verify\n\nSELECT true;\nSELECT 1 = 2;\n",
	'4_verify.sql' => "-- migrate:up\nSELECT 1;\n-- migrate:verify\nSELECT true;\n-- down comes later\nSELECT 1\n  / falscher_name;\n"
	  . "-- migrate:down\nSELECT 1;\n",
	'5_copy.sql' => "-- migrate:up\nCREATE TABLE x_e (\n\tid int\n);\nCOPY x_e (id)\n  FROM stdin;\n1\n2\ndrei\n4\n\\.\n-- migrate:down\nDROP TABLE x_e;\n",
	'6_syntax.sql' => "-- migrate:up\nSELECT 1;\nSELECT 2,\n\t'ß'\n  FORM x_a;\n-- migrate:down\nSELECT 1;\n",
	'7_raise.sql' => "-- migrate:up\nSELECT 1;\n\nSELECT 1 / 0 AS teil;\n",
	'8_broken_down.sql' => "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 1;\n\nDRUP TABLE x_f;\n",
	'9_body.sql' => "-- migrate:up\nSELECT 1;\nCREATE FUNCTION x_g() RETURNS int LANGUAGE sql\nAS \$\$\n\tSELECT nichts\n\$\$;\n");

sub where
{
	my ($database, $sql, $sqlstate, $label, $what, $path, $content, $mark) = @_;
	my $line = line_of($content, $mark);
	my ($out, $err) = psql($database, $sql);

	like($err, qr/ERROR:  $sqlstate: .*^CONTEXT:  (?:COPY .*\n)?(?:SQL function .*\n)?migration $label, $what script \(\Q$path\E\), line $line, statement \d+$/ms,
		"$database: $what script of $label, line $line");
	is($node->safe_psql($database, 'SELECT sqlstate, path, line FROM migrate_history ORDER BY id DESC LIMIT 1'),
		"$sqlstate|$path|$line", '... in the history too');
}

for my $variant ([ 'lf', '', "\n" ], [ 'crlf', '', "\r\n" ], [ 'bom', $bom, "\n" ], [ 'bom_crlf', $bom, "\r\n" ])
{
	my ($name, $mark, $end) = @$variant;
	my $database = "where_$name";
	my %content = map { $_ => $mark . $broken{$_} =~ s/\n/$end/gr } keys %broken;
	my $directory = directory($database, %content);
	my @files = map { ("$directory/$_", $content{$_}) } sort keys %content;

	new_database($database);
	($out, $err) = load($database, $directory);
	like($err, qr/WARNING:  .*6_syntax.*syntax error at or near "x_a", line ${\line_of($broken{'6_syntax.sql'}, 'FORM')} of \Q$directory\E\/6_syntax\.sql/,
		"$database: what cannot be parsed is told at once, with file and line");
	like($err, qr/WARNING:  .*8_broken_down.*syntax error at or near "DRUP", line ${\line_of($broken{'8_broken_down.sql'}, 'DRUP')} of \Q$directory\E\/8_broken_down\.sql/,
		'... also of a down script');
	$node->safe_psql($database, q{SELECT migrate_apply('1')});
	where($database, 'SELECT migrate_rollback()', '42703', '1_down', 'down', @files[0, 1], 'keine_spalte');
	where($database, q{SELECT migrate_apply('2')}, '42P01', '2_up', 'up', @files[2, 3], 'keine_tabelle');
	$node->safe_psql($database, q{SELECT migrate_mark('2', 'broken')});
	where($database, q{SELECT migrate_apply('3')}, 'MG011', '3_false', 'verify', @files[4, 5], '1 = 2');
	$node->safe_psql($database, q{SELECT migrate_mark('3', 'broken')});
	where($database, q{SELECT migrate_apply('4')}, '42703', '4_verify', 'verify', @files[6, 7], 'falscher_name');
	$node->safe_psql($database, q{SELECT migrate_mark('4', 'broken')});
	where($database, q{SELECT migrate_apply('5')}, '22P02', '5_copy', 'up', @files[8, 9], 'drei');
	$node->safe_psql($database, q{SELECT migrate_mark('5', 'broken')});
	my $form = line_of($content{'6_syntax.sql'}, 'FORM');
	($out, $err) = psql($database, q{SELECT migrate_apply('6')});
	like($err, qr/ERROR:  42601: .*6_syntax, up script \(\Q$files[10]\E\), line $form\b/s,
		"$database: a syntax error, line $form");
	$node->safe_psql($database, q{SELECT migrate_mark('6', 'broken')});
	where($database, q{SELECT migrate_apply('7')}, '22012', '7_raise', 'up', @files[12, 13], 'teil');
	$node->safe_psql($database, q{SELECT migrate_mark('7', 'broken'); SELECT migrate_apply('8')});
	($out, $err) = psql($database, 'SELECT migrate_rollback()');
	my $drup = line_of($content{'8_broken_down.sql'}, 'DRUP');
	like($err, qr/ERROR:  42601: .*8_broken_down, down script \(\Q$files[14]\E\), line $drup\b/s,
		"$database: a syntax error in a down script, line $drup");
	where($database, q{SELECT migrate_apply('9')}, '42703', '9_body', 'up', @files[16, 17], 'nichts');
}

# In other formats too.
for my $format (
	[ 'golang', '1_a.up.sql' => "SELECT 1;\n", '1_a.down.sql' => "-- undo\nSELECT 1;\n\nSELECT keine;\n" ],
	[ 'goose', '1_a.sql' => "-- +goose Up\nSELECT 1;\n\n-- +goose Down\nSELECT 1;\n\nSELECT keine;\n" ],
	[ 'diesel', '1_a/up.sql' => "SELECT 1;\n", '1_a/down.sql' => "SELECT 1;\nSELECT keine;\n" ],
	[ 'flyway', 'V1__a.sql' => "SELECT 1;\n", 'U1__a.sql' => "\n\n\nSELECT keine;\n" ],
	[ 'sqlx', '1_a.up.sql' => "SELECT 1;\n", '1_a.down.sql' => "SELECT 1,\n\tkeine;\n", '2_b.up.sql' => "-- no-transaction\n" ])
{
	my ($name, %content) = @$format;
	my $directory = directory("where_$name", %content);
	my ($file) = grep { $content{$_} =~ /keine/ } keys %content;

	new_database("where_$name");
	load("where_$name", $directory);
	$node->safe_psql("where_$name", q{SELECT migrate_apply('1')});
	where("where_$name", 'SELECT migrate_rollback()', '42703', '1_a', 'down', "$directory/$file", $content{$file}, 'keine');
}

# Two thousand files.

my $many = directory('many',
	map { (sprintf('%05d_step_%d.sql', $_, $_) => "-- migrate:up\nCREATE TABLE x_$_ (id int);\n-- migrate:down\nDROP TABLE x_$_;\n") } 1 .. 2000);
new_database('many');
for my $action ('registered', 'unchanged')
{
	my $start = time;
	$out = psql('many', "SELECT action, count(*), min(version), max(version) FROM migrate_load('$many') GROUP BY 1");
	note(sprintf('2,000 files: %s in %.2f s', $action, time - $start));
	is($out, "$action|2000|00001|02000", "2,000 files: $action");
}
is($node->safe_psql('many', 'SELECT count(*) FROM migrate_plan()'), '2000', '... and planned');
unlink glob "$many/*[13579]_*";
($out, $err) = load('many', $many);
like($err, qr/WARNING:  58P01: 1000 registered migrations have no file.*DETAIL:  Missing: .* and 990 more\./s,
	'2,000 files: a thousand of them gone');

$node->stop;
done_testing();
