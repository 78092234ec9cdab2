# Knex, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

npm_install('knex', 'pg');
my $program = npm_program('knex');
start_node('knex');
my $n = 0;

foreach my $step (@HISTORY)
{
	my $content = '';

	$n++;
	$content .= "exports.$_ = (knex) => knex.raw(String.raw`$step->{$_}`);\n" foreach 'up', 'down';
	$content .= "exports.config = { transaction: false };\n" if $step->{alone};
	write_file(sprintf("$work/%s/2024%02d01120000_%s.js", $_, $n, $step->{name}), $content)
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

	return ($database, { NODE_PATH => Tools::npm_directory() . '/node_modules' },
		$program, '--knexfile', "$work/$directory.js", @command);
}

new_database($_) foreach 'half', 'alone';
note run_tool('Knex goes half way', tool('half', 'half', 'migrate:latest'));
run_tool('Knex goes all the way', tool('alone', 'all', 'migrate:latest'));
note(query('half', 'TABLE knex_migrations'));
note($node->safe_psql('half', '\d knex_migrations'));
note($node->safe_psql('half', '\d knex_migrations_lock'));
note($node->safe_psql('half', 'table knex_migrations_lock'));
done_testing();
