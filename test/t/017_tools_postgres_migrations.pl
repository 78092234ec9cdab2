# postgres-migrations, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

npm_install('postgres-migrations@5', 'pg@8');
start_node('postgres_migrations');
my $n = 0;

# The order is that of the numbers.
foreach my $step (@HISTORY)
{
	my $mark = $step->{alone} ? "-- postgres-migrations disable-transaction\n" : '';

	$n++;
	write_file("$work/$_/${n}_$step->{name}.sql", $mark . $step->{up})
	  foreach $n <= $HALF ? ('half', 'all') : 'all';
}
my $tool = node_script("const { migrate } = require('postgres-migrations');",
	'migrate({ client }, process.argv[2])');

new_database($_) foreach 'half', 'alone';
run_tool('postgres-migrations goes half way', $tool->('half', 'half'));
run_tool('postgres-migrations goes all the way', $tool->('alone', 'all'));
new_database($_, 'half') foreach 'changed', 'waiting';

my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/all",
	adopted => [ 1 .. $HALF ],
	pending => [ $HALF + 1 .. @HISTORY ],
	history => 'TABLE migrations ORDER BY id',
	dated => 'SELECT id, executed_at AT TIME ZONE current_setting(\'TimeZone\') FROM migrations WHERE id > 0 ORDER BY id::text COLLATE "C"',
	without => ['migrations']);
take_over(%take);
finish(%take);

busy_is_refused(
	%take,
	template => 'waiting',
	tool => [ $tool->('busy', 'all') ]);

copy_directory("$work/all", "$work/changed");
changed_is_refused(
	template => 'changed',
	edited => "$work/changed",
	file => '2_product.sql',
	edit => [ 'name text', 'name varchar' ],
	version => 2);

done_testing();
