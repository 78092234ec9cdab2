# Knex, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

npm_install('knex@3', 'pg@8');
my $program = npm_program('knex');
start_node('knex');
my $n = 0;
my @versions;

foreach my $step (@HISTORY)
{
	my $content = '';

	push @versions, sprintf('2024%02d01120000', ++$n);
	$content .= "exports.$_ = (knex) => knex.raw(String.raw`$step->{$_}`);\n" foreach 'up', 'down';
	$content .= "exports.config = { transaction: false };\n" if $step->{alone};
	write_file("$work/$_/$versions[-1]_$step->{name}.js", $content)
	  foreach $n <= $HALF ? ('half', 'all') : 'all';
}
foreach my $directory ('half', 'all')
{
	write_file("$work/$directory.js", <<"END");
module.exports = {
  client: 'pg',
  connection: {
    host: process.env.PGHOST, port: process.env.PGPORT, user: process.env.PGUSER,
    database: process.env.PGDATABASE,
  },
  migrations: { directory: '$work/$directory' },
};
END
}

sub tool
{
	my ($database, $directory, @command) = @_;

	return ($database, { NODE_PATH => npm_directory() . '/node_modules' },
		$program, '--knexfile', "$work/$directory.js", @command);
}

new_database($_) foreach 'half', 'alone';
run_tool('Knex goes half way', tool('half', 'half', 'migrate:latest'));
run_tool('Knex goes all the way', tool('alone', 'all', 'migrate:latest'));
new_database($_, 'half') foreach 'locked', 'waiting';

my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/all",
	adopted => [ @versions[ 0 .. $HALF - 1 ] ],
	pending => [ @versions[ $HALF .. $#versions ] ],
	history => 'TABLE knex_migrations ORDER BY id',
	dated => q{SELECT split_part(name, '_', 1), migration_time FROM knex_migrations ORDER BY 1},
	without => [ 'knex_migrations', 'knex_migrations_lock' ]);
take_over(%take);

# All of it is JavaScript: what is left is for Knex to do, and then ours to know.
my ($code, $out, $err) = $node->psql('half', 'CALL mig.migrate_deploy()', extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  MG020: /, 'what is written in JavaScript we cannot run');
rows('half', q{SELECT count(*) FROM mig.migrate_status WHERE state = 'hole'}, @HISTORY - $HALF, '... as the status says');
run_tool('Knex does it', tool('half', 'all', 'migrate:latest'));
rows('half', 'SELECT version, action FROM mig.migrate_adopt() ORDER BY 1',
	join("\n", (map { "$_|already applied" } @{ $take{adopted} }), map { "$_|adopted" } @{ $take{pending} }),
	'... and we take over the rest');
finish(%take);

busy_is_refused(
	%take,
	template => 'waiting',
	tool => [ tool('busy', 'all', 'migrate:latest') ]);

# What Knex leaves behind when it is killed
query('locked', 'UPDATE knex_migrations_lock SET is_locked = 1');
register('locked', "$work/all");
refused('locked', '', qr/ERROR:  55P03: Knex is at work/, 'while Knex is at work nothing is taken over');

done_testing();
