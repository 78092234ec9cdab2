# node-pg-migrate, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

npm_install('node-pg-migrate@9', 'pg@8');
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
run_tool('node-pg-migrate goes half way', tool('half', 'up', $HALF));
run_tool('node-pg-migrate goes all the way', tool('alone', 'up'));
new_database('waiting', 'half');

my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/all",
	adopted => [ 1 .. $HALF ],
	pending => [ $HALF + 1 .. @HISTORY ],
	history => 'TABLE pgmigrations ORDER BY id',
	dated => q{SELECT split_part(name, '_', 1), run_on AT TIME ZONE current_setting('TimeZone') FROM pgmigrations ORDER BY 1},
	without => [ 'pgmigrations', 'pgmigrations_id_seq' ]);
take_over(%take);

# A migration in JavaScript is a hole, which somebody else has to fill.
my ($code, $out, $err) = $node->psql('half', 'CALL mig.migrate_deploy()', extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  MG020: /, 'what is written in JavaScript is in the way');
rows('half', q{SELECT version FROM mig.migrate_status WHERE state = 'hole'}, '10', '... as the status says');
query('half', q{CALL mig.migrate_deploy('9')});
query('half', $HISTORY[9]{up});
query('half', q{SELECT mig.migrate_mark('10', 'by hand')});
finish(%take);

busy_is_refused(
	%take,
	template => 'waiting',
	tool => [ tool('busy', 'up') ]);

done_testing();
