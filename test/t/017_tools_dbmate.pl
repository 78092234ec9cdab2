# dbmate, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

npm_install('dbmate@2');
start_node('dbmate');
my ($dbmate) = glob(npm_directory() . '/node_modules/@dbmate/*/bin/dbmate');
my $n = 0;
my @versions;

# The order is that of the names, as text.
foreach my $step (@HISTORY)
{
	my $version = sprintf('2024%02d01%06d', ++$n, 100 - $n);
	push @versions, $version;
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

my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/all",
	adopted => [ @versions[ 0 .. $HALF - 1 ] ],
	pending => [ @versions[ $HALF .. $#versions ] ],
	history => 'TABLE schema_migrations',
	without => ['schema_migrations']);
take_over(%take);
finish(%take);

# The way back: dbmate finds its rows.
my $rows = query('half', q{SELECT mig.migrate_export('dbmate')});
new_database('back', 'alone');
query('back', 'DROP TABLE schema_migrations');
query('back', $rows);
rows('back', 'TABLE schema_migrations', join("\n", @versions), 'the exported rows are those of dbmate');
is(query('back', q{SELECT pg_catalog.format_type(atttypid, atttypmod), attnotnull
		FROM pg_attribute WHERE attrelid = 'schema_migrations'::regclass AND attnum > 0}),
	query('alone', q{SELECT pg_catalog.format_type(atttypid, atttypmod), attnotnull
		FROM pg_attribute WHERE attrelid = 'schema_migrations'::regclass AND attnum > 0}),
	'... in a table like its own');
like(run_tool('dbmate knows it', dbmate('back', 'all', 'status')), qr/^Pending: 0$/m, '... and has nothing to do');
is(run_tool('dbmate goes on with it', dbmate('back', 'all', 'up')), '', '... and does nothing');
same_dump('back', 'alone', 'all is as it was', 'schema_migrations');
write_file("$work/all/20250101000000_more.sql", "-- migrate:up\nCREATE TABLE more (id int);\n-- migrate:down\nDROP TABLE more;\n");
like(run_tool('dbmate goes on', dbmate('back', 'all', 'up')), qr/^Applied: 20250101000000_more.sql/m, '... with what is new');

# What ran and is not there any more
new_database('missing', 'alone');
register('missing', "$work/half");
refused('missing', '', qr/ERROR:  MG023: .*\n.*\Q$versions[$HALF]\E/, 'a migration that is not registered cannot be taken over');

done_testing();
