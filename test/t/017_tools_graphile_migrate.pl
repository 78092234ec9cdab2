# graphile-migrate, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Digest::SHA qw(sha1_hex);
use PostgreSQL::Test::Utils;
use Test::More;
use Tools;

npm_install('graphile-migrate@1');
my $program = npm_program('graphile-migrate');
start_node('graphile_migrate');
my $n = 0;
my @versions;

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

	push @versions, sprintf('%06d', ++$n);
	# it would take the apostrophe in this for one that begins a literal
	$up =~ s/it's/it is/ if $step->{name} eq 'first-products';
	# nor does it commit a migration that is only a comment
	$up .= "SELECT 'a note';\n" if $step->{name} eq 'a_note';
	$up = "--! no-transaction\n$up" if $step->{alone};
	write_file("$work/all/current.sql", $up);
	run_tool("graphile-migrate commits $step->{name}",
		tool('alone', 'all', 'commit', '-m', $step->{name}));
}
copy_directory("$work/all/committed", "$work/half/committed", sub { $_[0] <= $HALF });
run_tool('graphile-migrate goes half way', tool('half', 'half', 'migrate'));
run_tool('graphile-migrate goes all the way', tool('alone', 'all', 'migrate'));
new_database($_, 'half') foreach 'changed', 'waiting';

my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/all/committed",
	adopted => [ @versions[ 0 .. $HALF - 1 ] ],
	pending => [ @versions[ $HALF .. $#versions ] ],
	history => 'TABLE graphile_migrate.migrations ORDER BY filename',
	dated => q{SELECT split_part(filename, '.', 1), date FROM graphile_migrate.migrations ORDER BY 1},
	without => ['schema graphile_migrate']);
take_over(%take);
finish(%take);

busy_is_refused(
	%take,
	template => 'waiting',
	tool => [ tool('busy', 'all', 'migrate') ]);

# An edited file is not what its own header says; with a header of its own it
# is not what ran.
copy_directory("$work/half", "$work/changed");
edit_file("$work/changed/.gmrc", '/half', '/changed');
my ($last) = glob "$work/changed/committed/$versions[$HALF - 1]*";
edit_file($last, "'a note'", "'another'");
new_database('fresh');
tool_fails(qr/Hash for .* does not match/, 'graphile-migrate refuses an edited file',
	tool('fresh', 'changed', 'migrate'));
query('fresh', 'CREATE SCHEMA mig; CREATE EXTENSION migrate SCHEMA mig');
my ($code, $out, $err) = $node->psql('fresh', "SELECT * FROM mig.migrate_load('$work/changed/committed')",
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  MG022: .*$versions[$HALF - 1]/, '... and so do we');
my ($previous) = slurp_file($last) =~ /^--! Previous: (\S+)$/m;
my ($old) = slurp_file($last) =~ /^--! Hash: (\S+)$/m;
my ($body) = slurp_file($last) =~ /\n\n(.*)\z/s;
changed_is_refused(
	template => 'changed',
	edited => "$work/changed/committed",
	file => $last =~ s{.*/}{}r,
	edit => [ $old, 'sha1:' . sha1_hex($previous . "\n" . $body) ],
	version => $versions[ $HALF - 1 ]);

done_testing();
