# The README's recipes for the start of an application, as they stand there:
# each goes on where the version is, waits for it where it is not, and ends
# with an error where it does not come or the database is another.  A language
# whose interpreter or driver is not here is skipped.

use strict;
use warnings;

use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/../perl';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

my $readme = slurp_file('README.md');
my ($section) = $readme =~ /^## When an application starts\n(.*?)^## /ms;
my %recipe;
$recipe{$1} //= $2 while $section =~ /^```(\w+)\n(.*?)^```$/mgs;

my $directory = PostgreSQL::Test::Utils::tempdir();

# Writes a file and returns its name.
sub script
{
	my ($name, $text) = @_;

	append_to_file("$directory/$name", $text);
	return "$directory/$name";
}

# The first command of several that succeeds with these arguments.
sub first_of
{
	my ($arguments, @commands) = @_;

	foreach my $command (@commands)
	{
		my ($out, $err) = ('', '');
		my $done = eval { IPC::Run::run([ @$command, @$arguments ], '<', \undef, '>', \$out, '2>', \$err) };

		return $command if $done;
	}
	return undef;
}

sub python
{
	my ($driver) = @_;
	my $python = first_of([ '-c', "import $driver" ], ['python3'], ['/usr/bin/python3']) // return undef;

	return [ @$python,
		script("$driver.app.py", "import os\nimport $driver as psycopg\n$recipe{python}print('started')\n") ];
}

# What runs a recipe, made complete by what stands around it, or undef.
my @drivers = grep { -e }
  ((map { "$_/pg" } split /:/, $ENV{NODE_PATH} // ''), '/usr/share/nodejs/pg', '/usr/lib/node_modules/pg',
	'/usr/local/lib/node_modules/pg');
my @jars = grep { -e } (split(/:/, $ENV{CLASSPATH} // ''), '/usr/share/java/postgresql.jar');
my %language = (
	psycopg => sub { return python('psycopg') },
	psycopg2 => sub { return python('psycopg2') },
	go => sub {
		return undef unless -d '/usr/share/gocode/src/github.com/jackc/pgx/v4' && first_of(['version'], ['go']);
		local @ENV{qw(GOPATH GO111MODULE GOCACHE)} = ('/usr/share/gocode', 'off', "$directory/cache");
		IPC::Run::run([ 'go', 'build', '-o', "$directory/app",
			script('app.go', "package main\nimport (\n\"database/sql\"\n\"log\"\n\"os\"\n_ \"github.com/jackc/pgx/v4/stdlib\"\n)\n"
			  . "func main() {\n$recipe{go}os.Stdout.WriteString(\"started\\n\")\n}\n") ])
		  or die 'go cannot build it';
		return ["$directory/app"];
	},
	js => sub {
		return undef unless @drivers && first_of(['--version'], ['node']);
		mkdir "$directory/node_modules";
		symlink($drivers[0], "$directory/node_modules/pg") or die $!;
		return [ 'node', '--preserve-symlinks',
			script('app.mjs', "import pg from 'pg';\n$recipe{js}console.log('started');\nawait client.end();\n") ];
	},
	java => sub {
		return undef unless @jars && first_of([ '--list-modules' ], ['java']) && first_of(['--version'], ['javac']);
		return [ 'java', '-cp', $jars[0],
			script('App.java', "import java.sql.*;\npublic class App {\npublic static void main(String[] a) throws SQLException {\n"
			  . "$recipe{java}System.out.println(\"started\");\n}\n}\n") ];
	},
	sh => sub {
		script('server', "#!/bin/sh\necho started\n");
		chmod 0755, "$directory/server";
		return [ 'sh', '-c', "cd '$directory'; $recipe{sh}" ];
	});

my $node = PostgreSQL::Test::Cluster->new('recipes');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'\n");
$node->append_conf('pg_hba.conf', "host all all 127.0.0.1/32 trust\n");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE ROLE app LOGIN;
	CREATE DATABASE shop;
	CREATE DATABASE shop_copy;
	ALTER DATABASE shop SET migrate.environment = 'production';
	ALTER DATABASE shop_copy SET migrate.environment = 'production'});

# The recipe's process in a database; finish() ends it.
sub start_app
{
	my ($command, $database) = @_;
	my $app = { out => '', err => '' };
	my $where = '127.0.0.1:' . $node->port . "/$database";

	local $ENV{DATABASE_URL} = "postgresql://app\@$where";
	local $ENV{JDBC_URL} = "jdbc:postgresql://$where?user=app";
	$app->{run} = IPC::Run::start($command, '<', \undef, '>', \$app->{out}, '2>', \$app->{err},
		IPC::Run::timeout($TIMEOUT));
	return $app;
}

sub run_app
{
	my $app = start_app(@_);

	finish_session($app);
	return ($app->{out}, $app->{err});
}

foreach my $name (sort keys %language)
{
  SKIP:
	{
		ok(defined $recipe{ $name =~ /^psycopg/ ? 'python' : $name }, "the README has a recipe: $name");
		my $command = $language{$name}->();
		skip "no interpreter or driver for $name", 9 unless defined $command;
		note("$name: @$command");

		my ($out, $err) = run_app($command, 'shop');
		is($out, '', "$name: without the extension the application does not start");
		like($err, qr/procedure migrate_wait_for\(.*\) does not exist/, "$name: ... and says why");

		$node->safe_psql($_, q{CREATE EXTENSION migrate; SELECT migrate_register('003', 'three', 'CREATE TABLE three ()')})
		  for ('shop', 'shop_copy');
		my $app = start_app($command, 'shop');
		$node->poll_query_until(
			'postgres', q{
			SELECT count(*) = 1 FROM pg_stat_activity
			 WHERE datname = 'shop' AND query LIKE 'CALL migrate_wait_for%' AND wait_event = 'Extension'
			   AND backend_xmin IS NULL AND usename = 'app'})
		  or die "$name does not wait: $app->{err}";
		$node->safe_psql('shop', 'CALL migrate_deploy()');
		is(finish_session($app), 0, "$name: it starts when the version is there") or diag($app->{err});
		is($app->{out}, "started\n", "$name: ... and goes on");
		($out, $err) = run_app($command, 'shop');
		is($out, "started\n", "$name: where the version is it starts at once") or diag($err);

		($out, $err) = run_app($command, 'shop_copy');
		is($out, '', "$name: in another database it does not start");
		like($err, qr/this is database "shop_copy", not "shop"/, "$name: ... and says why");
		$node->safe_psql('postgres', q{ALTER DATABASE shop SET migrate.environment = 'staging'});
		($out, $err) = run_app($command, 'shop');
		is($out, '', "$name: in another environment it does not start");
		like($err, qr/this is environment "staging", not "production"/, "$name: ... and says why");

		$node->safe_psql('postgres', q{ALTER DATABASE shop SET migrate.environment = 'production'});
		$node->safe_psql($_, 'DROP EXTENSION migrate; DROP TABLE IF EXISTS three') for ('shop', 'shop_copy');
	}
}

$node->stop;
done_testing();
