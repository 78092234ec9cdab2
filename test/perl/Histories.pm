# Real histories as tests: what is done with one, and how its result is
# compared with what psql makes of the same files.

package Histories;

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(basename dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

our @EXPORT = qw($corpora $node $major have_histories normalise dump_of same_schema
  new_database psql_files load golden_or_psql);
our ($corpora, $node, $major);

# MIGRATE_CORPORA names the directory that has them.
sub have_histories
{
	my ($name) = @_;

	$corpora = $ENV{MIGRATE_CORPORA};
	plan skip_all => 'MIGRATE_CORPORA does not name the directory of the histories'
	  unless defined $corpora && -d "$corpora/minder" && -d "$corpora/crates.io";
	$node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
	$node->append_conf('postgresql.conf', "log_statement = none\n");
	$node->start;
	$major = int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);
}

# What differs between two dumps of the same schema: comments, settings, the
# names of the roles, and what later minor versions of pg_dump add.
sub normalise
{
	my ($dump) = @_;

	return join "\n",
	  grep { !/^(--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict |ALTER .* OWNER TO |COMMENT ON EXTENSION )/ && /\S/ }
	  split /\n/, $dump;
}

sub dump_of
{
	my ($database) = @_;

	my ($out, $err) = run_command(
		[
			'pg_dump', '--schema-only', '--no-owner', '--exclude-schema=mig',
			'--exclude-extension=migrate', '-d', $node->connstr($database)
		]) if $major >= 17;
	($out, $err) = run_command(
		[
			'pg_dump', '--schema-only', '--no-owner', '--exclude-schema=mig',
			'-d', $node->connstr($database)
		]) if $major < 17;
	die $err if $err;
	$out = normalise($out);
	$out =~ s/^CREATE EXTENSION IF NOT EXISTS migrate .*\n//m;
	$out =~ s/^CREATE SCHEMA mig;\n//m;
	return $out;
}

sub same_schema
{
	my ($got, $expected, $test, $least) = @_;
	my @got = split /\n/, $got;
	my @expected = split /\n/, $expected;
	my $i = 0;

	$i++ while $i < @got && $i < @expected && $got[$i] eq $expected[$i];
	ok($got eq $expected, $test)
	  or diag("line $i differs:\n got: ", join("\n      ", grep { defined } @got[ $i .. $i + 5 ]),
		"\n expected: ", join("\n      ", grep { defined } @expected[ $i .. $i + 5 ]));
	cmp_ok(scalar @got, '>', $least // 100, '... which is not an empty one');
}

sub new_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE SCHEMA mig; CREATE EXTENSION migrate SCHEMA mig');
}

sub psql_files
{
	my ($database, @files) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->command_ok(
		[
			'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database),
			map { ('-f', $_) } @files
		],
		"psql applies the same files to $database");
}

sub load
{
	my ($database, $directory) = @_;
	my $start = time;
	my $actions = $node->safe_psql($database,
		"SELECT format, action, count(*) FROM mig.migrate_load('$directory') GROUP BY 1, 2");

	note(sprintf('%s: loaded in %.2f s: %s', basename($directory), time - $start, $actions));
	return $actions;
}

sub golden_or_psql
{
	my ($name, $database, @files) = @_;

	return normalise(slurp_file("$corpora/golden/$name.sql")) if $major == 15;
	psql_files($database, @files);
	return dump_of($database);
}

1;
