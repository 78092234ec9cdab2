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
run_tool('sql-migrate goes half way', tool('half', 'up', "-limit=$HALF"));
run_tool('sql-migrate goes all the way', tool('alone', 'up'));

my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/all",
	adopted => [ 1 .. $HALF ],
	pending => [ $HALF + 1 .. @HISTORY ],
	history => 'TABLE gorp_migrations ORDER BY id',
	dated => q{SELECT split_part(id, '_', 1), applied_at FROM gorp_migrations ORDER BY 1},
	without => ['gorp_migrations']);
take_over(%take);
finish(%take);

# Its down scripts are ours too.
query('half', "CALL mig.migrate_undo('$HALF')");
new_database('undone');
run_tool('sql-migrate goes half way again', tool('undone', 'up', "-limit=$HALF"));
same_dump('half', 'undone', 'rolled back, all is as it was at half way', '--schema-only', 'gorp_migrations');

done_testing();
