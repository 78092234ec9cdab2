# graphile-migrate, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

npm_install('graphile-migrate');
my $program = npm_program('graphile-migrate');
start_node('graphile_migrate');
my $n = 0;

sub tool
{
	my ($database, $directory, @command) = @_;

	return ($database,
		{
			DATABASE_URL => "socket://$user\@$ENV{PGHOST}?db=$database",
			SHADOW_DATABASE_URL => "socket://$user\@$ENV{PGHOST}?db=shadow",
			ROOT_DATABASE_URL => "socket://$user\@$ENV{PGHOST}?db=postgres"
		},
		$program, '-c', "$work/$directory/.gmrc", @command);
}

write_file("$work/$_/.gmrc", qq({"migrationsFolder": "$work/$_"}\n)) foreach 'half', 'all';
new_database($_) foreach 'half', 'alone', 'shadow';
foreach my $step (@HISTORY)
{
	my $up = $step->{up};

	$n++;
	# it would take the apostrophe in this for one that begins a literal
	$up =~ s/it's/it is/ if $step->{name} eq 'first-products';
	# nor does it commit a migration that is only a comment
	$up .= "SELECT 'a note';\n" if $step->{name} eq 'a_note';
	$up = "--! no-transaction\n$up" if $step->{alone};
	write_file("$work/all/current.sql", $up);
	note run_tool("graphile-migrate commits $step->{name}", tool('alone', 'all', 'commit', '-m', $step->{name}));
}
note(`ls $work/all/committed; cat $work/all/committed/*`);
mkdir "$work/half/committed";
system("cp $work/all/committed/00000[1-$HALF]* $work/half/committed/");
note run_tool('graphile-migrate goes half way', tool('half', 'half', 'migrate'));
run_tool('graphile-migrate goes all the way', tool('alone', 'all', 'migrate'));
note(query('half', 'TABLE graphile_migrate.migrations'));
note($node->safe_psql('half', '\d graphile_migrate.*'));
note(query('half', 'TABLE graphile_migrate.current'));
done_testing();
