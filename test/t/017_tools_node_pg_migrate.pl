# node-pg-migrate, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

npm_install('node-pg-migrate', 'pg');
my $program = npm_program('node-pg-migrate');
start_node('node_pg_migrate');
my $n = 0;

# The order is that of the numbers; only in JavaScript can a migration refuse a
# transaction.
foreach my $step (@HISTORY)
{
	$n++;
	if ($step->{alone})
	{
		write_file("$work/all/${n}_$step->{name}.js",
			"exports.up = (pgm) => { pgm.noTransaction(); pgm.sql('$step->{up}'.trim()) }\n"
			  =~ s/\n'/'/r);
	}
	else
	{
		write_file("$work/all/${n}_$step->{name}.sql",
			"-- Up Migration\n$step->{up}\n--- down MIGRATION\n$step->{down}");
	}
}

sub tool
{
	my ($database, @command) = @_;

	return ($database, $program, @command, '-m', "$work/all");
}

new_database($_) foreach 'half', 'alone';
note run_tool('node-pg-migrate goes half way', tool('half', 'up', $HALF));
run_tool('node-pg-migrate goes all the way', tool('alone', 'up'));
note(query('half', 'TABLE pgmigrations'));
note($node->safe_psql('half', '\d pgmigrations'));
done_testing();
