# sql-migrate, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

my $program = need('sql-migrate', 'sql-migrate', '--version');
start_node('sql_migrate');
my $n = 0;

# The order is that of the numbers.
foreach my $step (@HISTORY)
{
	my ($up, $down) = map { /\$|^[^;]*\Z|^--/ ? "-- +migrate StatementBegin\n$_-- +migrate StatementEnd\n" : $_ } $step->{up}, $step->{down};
	my $mark = $step->{alone} ? ' notransaction' : '';

	$n++;
	write_file("$work/all/${n}_$step->{name}.sql", "-- +migrate Up$mark\n$up\n-- +migrate Down$mark\n$down");
}
write_file("$work/dbconfig.yml", <<"END");
development:
  dialect: postgres
  datasource: host=\${PGHOST} port=\${PGPORT} user=\${PGUSER} dbname=\${PGDATABASE} sslmode=disable
  dir: $work/all
END

sub tool
{
	my ($database, @command) = @_;

	return ($database, $program, @command, "-config=$work/dbconfig.yml");
}

new_database($_) foreach 'half', 'alone';
note run_tool('sql-migrate goes half way', tool('half', 'up', "-limit=$HALF"));
run_tool('sql-migrate goes all the way', tool('alone', 'up'));
note(query('half', 'TABLE gorp_migrations'));
note($node->safe_psql('half', '\d gorp_migrations'));
note run_tool('status', tool('half', 'status'));
done_testing();
