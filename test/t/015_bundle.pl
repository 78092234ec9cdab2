# migrate_bundle: what it prints is run by psql, and registers the files to the
# byte, whatever is in them; what was altered or cut off is refused; and real
# histories go through a pooler in transaction mode.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::RealBin/../perl";

use Cwd qw(getcwd);
use File::Basename qw(basename);
use Histories;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $TIMEOUT = $PostgreSQL::Test::Utils::timeout_default;
my $bundle = "$FindBin::RealBin/../../src/bin/migrate_bundle";
my $base = PostgreSQL::Test::Utils::tempdir();

$node = PostgreSQL::Test::Cluster->new('bundle');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->start;
$major = int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);

# Runs a command, what it reads given: its status, output and messages.
sub run_with
{
	my ($in, @command) = @_;
	my ($out, $err) = ('', '');

	# not from a pipe, which may be closed before all is read
	open my $handle, '>:raw', "$base/in" or die $!;
	print $handle $in;
	close $handle or die $!;
	IPC::Run::run(\@command, '<', "$base/in", '>', \$out, '2>', \$err, IPC::Run::timeout(5 * $TIMEOUT));
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, $out, $err);
}

sub make_bundle
{
	return run_with('', 'sh', $bundle, @_);
}

sub psql_with
{
	my ($database, $script, @more) = @_;

	return run_with($script, 'psql', '-X', '-d', $node->connstr($database), @more);
}

# A directory with these files, which may lie in others.
sub directory
{
	my ($name, %files) = @_;

	mkdir "$base/$name" or die "$base/$name: $!";
	for my $file (sort keys %files)
	{
		my $path = "$base/$name";

		for my $part (split m{/}, $file)
		{
			mkdir $path unless -d $path;
			$path .= "/$part";
		}
		open my $handle, '>:raw', $path or die "$path: $!";
		print $handle $files{$file};
		close $handle or die "$path: $!";
	}
	return "$base/$name";
}

# What is registered, by file.
sub texts
{
	my ($database, $column) = @_;

	return map { my ($path, $hex) = split /\|/, $_, -1; ($path => pack('H*', $hex)) }
	  split /\n/, $node->safe_psql($database,
		qq{SET client_encoding = UTF8; SELECT ${column}_path, encode(convert_to($column, 'UTF8'), 'hex') FROM mig.migrate_migration WHERE $column IS NOT NULL});
}

sub registered
{
	my ($database) = @_;

	return $node->safe_psql($database, 'SELECT count(*) FROM mig.migrate_migration');
}

# Odd files.

my $text = "SELECT 'with : :x :''x'' and \\', E'\\\\q \\'', \$\$ \\! false \$\$;";
my $other = "SELECT 1;\n";
my %odd = (
	'001_no_newline.sql' => $text,
	'002_crlf.sql' => "-- one\r\nSELECT 1;\r\n\r\nSELECT 2;\r\n",
	'003_bom.sql' => "\xEF\xBB\xBFSELECT 'b\xC3\xA4h';\n",
	'004_psql.sql' => "SELECT 1 /*\n\\q\n\\i nothing\n\\if false\n\\endif\n*/;\n-- \\! false\n",
	'005_empty.sql' => '',
	'006_newlines.sql' => "\n\n\n",
	'007_tags.sql' => "SELECT \$m_\$, \$m_" . sha256_hex($other) . '$' . $other . '$m_' . sha256_hex($other) . '$, $m_$;$',
	'008_end.sql' => '-- $m_',
	'009_other.sql' => $other,
	"010_it's \"quoted\" \\ and more.sql" => "SELECT 10;\n",
	"011_b\xC3\xA4h \$1 `false` ;%s&.sql" => "SELECT '\xE2\x82\xAC\xF0\x9F\x90\x98\xF4\x8F\xBF\xBF\xED\x9F\xBF\xE0\xA0\x80';\n",
	'012_large.sql' => 'SELECT length($$' . join('', map { "a line of words, number $_ of them\n" } 1 .. 250_000) . "\$\$);\n",
	'-dash.txt' => 'x',
	'-' => 'x',
	"tab\tand\rreturn" => 'x',
	'README' => "\0 \xFF",
	'.013_hidden.sql' => 'SELECT 13');

my $odd = directory("it's \\odd", %odd);
my $prefix = "it's \\odd/";
cmp_ok(-s "$odd/012_large.sql", '>', 8_000_000, 'a file is large');
new_database('odd');
$node->safe_psql('postgres',
	'ALTER DATABASE odd SET standard_conforming_strings = off; ALTER DATABASE odd SET client_encoding = LATIN1');
my ($status, $script, $err) = make_bundle($odd);
is($status, 0, 'odd files are bundled') or diag($err);
is($err, '', '... without a word');
my $out;
($status, $out, $err) = psql_with('odd', $script);
is($status, 0, 'psql runs the bundle') or diag($err);
like($out, qr/^migrate_bundle: 12 registered, 0 replaced, 0 unchanged\n$/, '... and says what it did');
like($err, qr/4 files are no migrations and were skipped: \Q${prefix}-, ${prefix}-dash.txt, ${prefix}README, ${prefix}tab\E\tand\rreturn$/m,
	'... and what was skipped');
my %is = texts('odd', 'up');
my %should = map { ($prefix . $_ => $odd{$_} =~ s/^\xEF\xBB\xBF//r) } grep { /^0/ } keys %odd;
is_deeply([ sort keys %is ], [ sort keys %should ], 'every migration is registered, by its path');
for my $path (sort keys %should)
{
	ok($is{$path} eq $should{$path}, "to the byte: $path");
}
($status, $out, $err) = psql_with('odd', $script);
is("$status $out $err", "0 migrate_bundle: nothing new in 12 files\n ", 'a second time there is nothing to send');

# The same files, the same bytes.

my @shells = grep { (run_with('', @$_, '-c', ':'))[0] == 0 }
  grep { my ($shell) = @$_; grep { -x "$_/$shell" } split /:/, $ENV{PATH} }
  ([ 'dash' ], [ 'bash', '--posix' ], [ 'busybox', 'sh' ], [ 'ksh' ], [ 'mksh' ]);
for my $shell (@shells)
{
	is((run_with('', @$shell, $bundle, $odd))[1], $script, "the same bytes from @$shell");
}
my $here = getcwd();
chdir $odd or die;
is((make_bundle('.'))[1], $script, '... from the directory itself');
is((make_bundle('../it\'s \\odd//'))[1], $script, '... and by another name');
{
	local $ENV{LC_ALL} = 'C.UTF-8';
	is((make_bundle($odd))[1], $script, '... in another locale');
}
{
	mkdir "$base/temporary" or die;
	chdir $base or die;
	local $ENV{TMPDIR} = 'temporary';
	is((make_bundle($odd))[1], $script, '... with temporary files elsewhere');
	is_deeply([ glob "$base/temporary/*" ], [], '... of which none is left');
}
chdir $here or die;

# Bundles that were altered or cut off.

new_database('altered');
(my $altered = $script) =~ s/SELECT 10;/SELECT 11;/ or die;
($status, $out, $err) = psql_with('altered', $altered);
is($status, 3, 'an altered file is refused');
like($err, qr/ERROR:  file "\Q$prefix\E010_.*" is not what its hash says\nDETAIL:  The SHA-256 of its content is [0-9a-f]{64}, and [0-9a-f]{64} was given\./,
	'... by its hash');
is(registered('altered'), 0, '... and nothing is registered');
unlike(slurp_file($node->logfile), qr/a line of words, number/, '... nor is all of it in the server log');
($altered = $script) =~ s/^'[0-9a-f]{64}',$/'@{[ '0' x 64 ]}',/mg or die;
($status, $out, $err) = psql_with('altered', $altered);
is($status, 3, 'so are altered hashes');
is(registered('altered'), 0, '... with nothing registered');
(my $untidy = $script) =~ s/\n/\r\n/g;
($status, $out, $err) = psql_with('altered', $untidy);
isnt($status, 0, 'and line ends that were changed on the way');
is(registered('altered'), 0, '... with nothing registered');

my @cuts = (
	[ 'after its question', index($script, 'BEGIN;') ],
	[ 'in the middle', length($script) / 2 ],
	[ 'at the end of a file', index($script, "\n\$m_", length($script) / 2) ],
	[ 'before it commits', rindex($script, 'COMMIT;') ]);
for my $cut (@cuts)
{
	($status, $out, $err) = psql_with('altered', substr($script, 0, $cut->[1]));
	isnt($status, 0, "a bundle that is cut off $cut->[0] is an error");
	is(registered('altered'), 0, '... and registers nothing');
}
($status, $out, $err) = psql_with('altered', substr($script, 0, rindex($script, '\\endif')));
is($status, 3, 'without its last line it is one too');

# What cannot be done is refused by name, and psql does not take it for nothing.

new_database('refused');
my %good = map { (sprintf('%03d_good.sql', $_) => "SELECT $_;\n") } 1 .. 30;
my %refused = (
	nul => [ '017_nul.sql' => "SELECT 1;\0\n", qr{file \S+/017_nul\.sql is not valid UTF-8 or has NUL bytes} ],
	latin => [ '017_l.sql' => "SELECT '\xE9'", qr{file \S+/017_l\.sql is not valid UTF-8} ],
	cut => [ '017_c.sql' => "SELECT '\xE2\x82", qr{file \S+/017_c\.sql is not valid UTF-8} ],
	overlong => [ '017_o.sql' => "-- \xC3\xA4 \xE0\x80\x80\n", qr{file \S+/017_o\.sql is not valid UTF-8} ],
	surrogate => [ '017_s.sql' => "-- \xED\xA0\x80\n", qr{file \S+/017_s\.sql is not valid UTF-8} ],
	above => [ '017_a.sql' => "-- \xF4\x90\x80\x80\n", qr{file \S+/017_a\.sql is not valid UTF-8} ],
	last => [ '031_last.sql' => "-- \xC3\xA4\x84\n", qr{file \S+/031_last\.sql is not valid UTF-8} ],
	newline => [ "017_a\nb.sql" => '', qr{line break in the name of a file: 017_a} ],
	name => [ "017_\xE4.sql" => '', qr{has a name that is not valid UTF-8} ]);
for my $name (sort keys %refused)
{
	my ($file, $content, $message) = @{ $refused{$name} };
	my $directory = directory($name, %good, $file => $content);

	($status, $script, $err) = make_bundle('--deploy', $directory);
	is($status, 1, "$name: refused");
	like($err, $message, '... by name');
	($status, $out, $err) = psql_with('refused', $script);
	is($status, 3, '... and psql fails as well');
	is(registered('refused'), 0, '... and registers nothing');
}
my $links = directory('links', %good);
symlink 'nowhere', "$links/031_link.sql" or die;
($status, $out, $err) = make_bundle($links);
like("$status $err", qr{^1 migrate_bundle: \S+/031_link\.sql is a link to nothing$}m, 'a link to nothing is refused');
unlink "$links/031_link.sql";
symlink '001_good.sql', "$links/031_link.sql" or die;
symlink '.', "$links/link" or die;
($status, $out, $err) = make_bundle($links);
is($status, 0, 'a link to a file is one, and one that leads back does not go on for ever');
SKIP:
{
	skip 'root may read everything', 2 if $> == 0;
	my $unreadable = directory('unreadable', %good);
	chmod 0, "$unreadable/009_good.sql";
	($status, $out, $err) = make_bundle($unreadable);
	like("$status $err", qr{^1 sha256sum: 009_good\.sql: Permission denied}m, 'an unreadable file is refused');
	unlink "$unreadable/009_good.sql";
	mkdir "$unreadable/inner", 0;
	($status, $out, $err) = make_bundle($unreadable);
	like("$status $err", qr{^1 .*could not read directory \S+/inner$}m, 'so is a directory');
}

# Who writes, who reads.

my $good = directory('good', %good);
($status, $script) = make_bundle('--deploy', $good);
like(join(' ', run_with('', 'sh', '-c', 'sh "$0" "$1" >/dev/full', $bundle, $good)),
	qr/^1 .*No space left on device/s, 'a full disk is an error');
my $wide = directory('wide', map { (sprintf('%04d_wide.sql', $_) => "-- " . 'x' x 3000 . "\n") } 1 .. 500);
for my $trap ('', 'trap "" PIPE;')
{
	is_deeply(
		[ run_with('', 'sh', '-c', "$trap (sh \"\$0\" \"\$1\"; echo \$? >&2) | head -n 1 >/dev/null", $bundle, $wide) ],
		[ 0, '', "0\n" ], "a reader who has read enough is none ($trap)");
}

for my $way ([ 'a file', [ '-f', "$base/script" ], '' ], [ '-f -', [ '-f', '-' ], $script ], [ 'its input', [], $script ])
{
	my ($name, $arguments, $in) = @$way;
	my $database = 'way_' . $name =~ tr/a-z//cdr;

	new_database($database);
	append_to_file("$base/script", $script) unless -e "$base/script";
	($status, $out, $err) = psql_with($database, $in, @$arguments);
	is("$status $out", "0 migrate_bundle: 30 registered, 0 replaced, 0 unchanged\n", "deployed from $name");
	is($node->safe_psql($database, 'SELECT state, count(*) FROM mig.migrate_status GROUP BY 1'), 'applied|30', '... to the end');
	($status, $out, $err) = psql_with($database, $in, @$arguments, '-v', 'AUTOCOMMIT=off');
	is("$status $out", "0 migrate_bundle: nothing new in 30 files\n", '... once');
	like($err, qr/NOTICE:  nothing to do/, '... as is said');
}
$node->safe_psql('postgres', 'CREATE DATABASE bare');
($status, $out, $err) = psql_with('bare', $script);
is($status, 3, 'without the extension psql stops');
like($err, qr/ERROR:  extension "migrate" is not installed in database "bare"\nHINT:  .*CREATE EXTENSION/, '... and says why');

# What changes from one deployment to the next.

append_to_file("$good/031_new.sql", 'CREATE TABLE IF NOT EXISTS new ()');
unlink "$good/030_good.sql" or die;
($status, $script) = make_bundle('--deploy', '--target', '031', $good);
($status, $out, $err) = psql_with('way_afile', $script);
is("$status $out", "0 migrate_bundle: 1 registered, 0 replaced, 29 unchanged\n", 'what is new is registered');
like($err, qr{WARNING:  1 registered migration has no file in the directory any more\nDETAIL:  Missing: 030_good \(good/030_good\.sql\)\.},
	'what is gone is told');
is($node->safe_psql('way_afile', q{SELECT state FROM mig.migrate_status WHERE version = '031'}), 'applied', '... and applied');
append_to_file("$good/032_broken.sql", "SELECT 1;\nSELECT * FROM nothing");
append_to_file("$good/033_never.sql", 'SELECT 1');
($status, $script) = make_bundle('--deploy', $good);
($status, $out, $err) = psql_with('way_afile', $script);
is($status, 3, 'a migration that fails is a failure of psql');
like($err, qr{ERROR:  relation "nothing" does not exist.*^CONTEXT:  migration 032_broken, up script \(good/032_broken\.sql\), line 2}ms,
	'... with file and line');
($status, $out, $err) = psql_with('way_afile', $script);
is("$status $out", "3 migrate_bundle: nothing new in 32 files\n", 'it fails again, although the files are known');

# A project, which no setting of the session may say.

for my $project ("it's \\one", 'two')
{
	($status, $script) = make_bundle('--deploy', '--project', $project, '--target=3', $good);
	($status, $out, $err) = psql_with('way_afile', $script);
	is("$status $out", "0 migrate_bundle: 32 registered, 0 replaced, 0 unchanged\n", "project $project is deployed");
	like($err, qr/NOTICE:  job \d+ is done: 3 steps$/, '... to the target');
	($status, $out, $err) = psql_with('way_afile', $script, '-c', "\\echo '[':migrate_job']'");
	($status, $out, $err) = psql_with('way_afile', $script);
	is("$status $out $err", "0 migrate_bundle: nothing new in 32 files\nmigrate_bundle: nothing to do\n ", '... once');
}
is( $node->safe_psql('way_afile', q{SELECT project, count(*) FROM mig.migrate_state GROUP BY 1 ORDER BY 1}),
	"default|31\nit's \\one|3\ntwo|3", 'each project has its own');
($status, $script) = make_bundle('--deploy', '--project', 'two', $good);
($status, $out, $err) = psql_with('way_afile', $script);
is($status, 3, 'a job that fails is a failure of psql');
like($err, qr{ERROR:  job \d+ has failed: relation "nothing" does not exist.*\(good/032_broken\.sql\), line 2}s, '... with file and line');

# Directories in directories, and none at all.

new_database('nested');
my $diesel = directory('diesel',
	'2020-01-01-000000_one/up.sql' => 'CREATE TABLE one ()', '2020-01-01-000000_one/down.sql' => 'DROP TABLE one',
	'2020-01-02-000000_two/up.sql' => 'VACUUM', '2020-01-02-000000_two/metadata.toml' => "run_in_transaction = false\n",
	'2020-01-02-000000_two/.hidden/up.sql' => '(', '2020-01-02-000000_two/a/b/c/d.sh' => '(', '2020-01-02-000000_two/a/b/c/d/e.sql' => '(');
($status, $script) = make_bundle('--deploy', $diesel);
($status, $out, $err) = psql_with('nested', $script);
is("$status $out", "0 migrate_bundle: 2 registered, 0 replaced, 0 unchanged\n", 'directories are read, and files of settings') or diag($err);
like($err, qr{skipped: \S+/d\.sh, \S+/a/b/c/d/$}m, '... not those that are too deep');
is($node->safe_psql('nested', q{SELECT version, up_no_transaction FROM mig.migrate_migration ORDER BY 1}),
	"20200101000000|f\n20200102000000|t", '... and honoured');
my $none = directory('none');
($status, $script, $err) = make_bundle('--deploy', $none);
is("$status$err", '0', 'an empty directory is bundled');
new_database('none');
($status, $out, $err) = psql_with('none', $script);
is("$status $out", "0 migrate_bundle: 0 registered, 0 replaced, 0 unchanged\n", '... and registers nothing');
like($err, qr/WARNING:  there are no migrations/, '... with a warning');
my $dash = directory('-dash', '1_one.sql' => 'SELECT 1');
chdir $base or die;
($status, $script, $err) = make_bundle('--', '-dash');
is("$status$err", '0', 'a name may begin with a dash');
chdir $here or die;

# How it is called.

for my $wrong ([], [''], ['--nothing', $good], [ $good, $good ], [ '--project' ], [ '--project', '', $good ], [ '--target', '1', $good ],
	[ '--deploy', '--target', '-1', $good ], [ '--deploy', '--target=base', $good ], [ '--check', '--deploy', $good ], [ "a\nb" ])
{
	($status, $script, $err) = make_bundle(@$wrong);
	is($status, 2, "usage: @$wrong");
	like($err, qr/^migrate_bundle: .*--help\)$/m, '... is told');
}
($status, $script, $err) = make_bundle("$base/not there");
is($status, 1, 'no such directory');
is((psql_with('refused', $script))[0], 3, '... is an error for psql as well');
($status, $out, $err) = make_bundle('--help');
like("$status $err$out", qr/^0 usage: migrate_bundle /, 'help');

# The check.

SKIP:
{
	skip 'no pg_virtualenv', 1 unless grep { -x "$_/pg_virtualenv" } split /:/, $ENV{PATH};
	skip 'pg_virtualenv takes another server', 1
	  unless run_log([ 'pg_virtualenv', 'sh', '-c', qq{test "\${PGVERSION%%.*}" = $major} ]);
	delete local @ENV{ grep { /^PG/ } keys %ENV };
	my $example = "$FindBin::RealBin/../example";

	($status, $out, $err) = make_bundle('--check', $example);
	is("$status $out$err",
		"0 example/003_order.sql:12:32: info: no index on order_line (product_id), which references product [fk-without-index]\n"
		  . "migrate_bundle: $example: 6 applied, 6 rolled back and applied again\n",
		'a good directory is checked');
	my $one_way = directory('one_way', '1_one.sql' => "-- migrate:up\nCREATE TABLE one ()",
		'2_two.sql' => "-- migrate:up\nCREATE TABLE two ();\n-- migrate:down\nDROP TABLE two");
	($status, $out, $err) = make_bundle('--check', '--project', "it's", $one_way);
	like("$status $out$err", qr/^0 .*: 2 applied, 1 rolled back and applied again\n.*not further back than 1, for lack of down scripts$/s,
		'... as far back as there is a way');
	my $no_way = directory('no_way', '1_one.sql' => "-- migrate:up\nCREATE TABLE one ();\n-- migrate:down\nSELECT 1");
	($status, $out, $err) = make_bundle('--check', $no_way);
	like("$status $out$err", qr{^1 .*relation "one" already exists.*no_way/1_one\.sql\), line 2.*could not be applied again}s,
		'a down script that undoes nothing is found');
	my $no_down = directory('no_down', '1_one.sql' => "-- migrate:up\nCREATE TABLE one ();\n-- migrate:down\nDROP TABLE two");
	($status, $out, $err) = make_bundle('--check', $no_down);
	like("$status $out$err", qr{^1 .*table "two" does not exist.*no_down/1_one\.sql\), line 4.*could not be rolled back}s,
		'so is one that fails');
	($status, $out, $err) = make_bundle('--check', $good);
	like("$status $out$err", qr{^1 .*"nothing" does not exist.*good/032_broken\.sql\), line 2.*the server is new.*check of \S+ failed: the migrations could not be applied$}s,
		'so is an up script');
	($status, $out, $err) = make_bundle('--check', "$base/latin");
	like("$status $out$err", qr{^1 .*file \S+/017_l\.sql is not valid UTF-8.*could not be registered$}s, 'so is a file that cannot be bundled');
	my $mixed = directory('mixed', '1_one.sql' => '-- migrate:up', '2_two.sql' => '-- +goose Up');
	($status, $out, $err) = make_bundle('--check', $mixed);
	like("$status $out$err", qr{^1 .*ERROR: .*mixed/.*could not be registered$}s, 'so is one that does not fit the others');
}

# Real histories through pgbouncer in transaction mode.

SKIP:
{
	$corpora = $ENV{MIGRATE_CORPORA};
	skip 'MIGRATE_CORPORA does not name the directory of the histories', 1 unless defined $corpora && -d "$corpora/minder";
	local $ENV{PATH} = "$ENV{PATH}:/usr/sbin:/sbin";
	my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } split /:/, $ENV{PATH};
	skip 'pgbouncer is not installed', 1 unless defined $pgbouncer;

	my $user = $node->safe_psql('postgres', 'SELECT session_user');
	my $directory = PostgreSQL::Test::Utils::tempdir_short();
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	append_to_file(
		"$directory/pgbouncer.ini", qq{[databases]
* = host=@{[ $node->host ]} port=@{[ $node->port ]} user=$user
[pgbouncer]
pool_mode = transaction
unix_socket_dir = $directory
listen_port = $port
auth_type = any
default_pool_size = 3
server_round_robin = 1
logfile = $directory/pgbouncer.log
pidfile = $directory/pgbouncer.pid
});
	my $pooler = IPC::Run::start([ $pgbouncer, '-q', "$directory/pgbouncer.ini" ],
		'<', \undef, '>&', "$directory/pgbouncer.out");
	for (1 .. 10 * $TIMEOUT)
	{
		last if -S "$directory/.s.PGSQL.$port";
		$pooler->pump_nb;
		usleep(100_000);
	}

	for my $history ([ 'minder', 117 ], [ 'crates.io', 285, 'registry' ], [ 'hatchet', 225 ], [ 'trigger.dev', 820 ])
	{
		my ($name, $count, $project) = @$history;
		my $database = $name =~ tr/./_/r;
		my @project = defined $project ? ('--project', $project) : ();

		next unless -d "$corpora/$name";
		new_database($database);
		($status, $script) = make_bundle('--deploy', @project, "$corpora/$name");
		is($status, 0, "$name: bundled");
		my @pooled = ('psql', '-X', '-d', "host=$directory port=$port dbname=$database user=$user");
		($status, $out, $err) = run_with($script, @pooled);
		is("$status $out", "0 migrate_bundle: $count registered, 0 replaced, 0 unchanged\n", "$name: deployed through the pooler")
		  or diag(substr($err, -2000));
		is( $node->safe_psql($database, 'SELECT project, how, count(*) FROM mig.migrate_state GROUP BY 1, 2'),
			($project // 'default') . "|run|$count", '... every migration of it');
		if ($major == 15 && -e "$corpora/golden/$name.sql")
		{
			same_schema(dump_of($database), golden_or_psql($name, "${database}_golden"), "$name: the schema is the golden one");
		}
		else
		{
			new_database("${database}_loaded");
			load("${database}_loaded", "$corpora/$name");
			$node->safe_psql("${database}_loaded", 'SET client_min_messages = warning; CALL mig.migrate_deploy()');
			same_schema(dump_of($database), dump_of("${database}_loaded"), "$name: the schema is that of files on the server");
		}
		($status, $out, $err) = run_with($script, @pooled);
		like("$status $out", qr/^0 migrate_bundle: nothing new in \d+ files\n/, "$name: a second time there is nothing new");
		like("$out$err", qr/nothing to do/, '... and nothing to do');
	}
	is($node->safe_psql('minder', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}), '0', 'no lock is left');
	IPC::Run::kill_kill($pooler);
}

$node->stop;
done_testing();
