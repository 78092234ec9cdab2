# dbmate, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

npm_install('dbmate');
start_node('dbmate');
my ($dbmate) = glob(Tools::npm_directory() . '/node_modules/@dbmate/*/bin/dbmate');
my $n = 0;

# The order is that of the names, as text.
foreach my $step (@HISTORY)
{
	my $version = sprintf('2024%02d01%06d', ++$n, 100 - $n);
	my $mark = $step->{alone} ? ' transaction:false' : '';
	my $content = "-- migrate:up$mark\n$step->{up}\n-- migrate:down$mark\n$step->{down}";

	write_file("$work/$_/${version}_$step->{name}.sql", $content)
	  foreach $n <= $HALF ? ('half', 'all') : 'all';
}

sub dbmate
{
	my ($database, $directory, @command) = @_;

	return ($database, $dbmate, '--no-dump-schema', '--migrations-dir', "$work/$directory",
		'--url', "postgres://$user\@/$database?host=$ENV{PGHOST}&port=$ENV{PGPORT}&sslmode=disable",
		@command);
}

new_database($_) foreach 'half', 'alone';
run_tool('dbmate goes half way', dbmate('half', 'half', 'up'));
run_tool('dbmate goes all the way', dbmate('alone', 'all', 'up'));
note(query('half', 'TABLE schema_migrations'));
note($node->safe_psql('half', '\d schema_migrations'));
note(run_tool('status', dbmate('half', 'half', 'status')));
done_testing();
