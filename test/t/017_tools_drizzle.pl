# Drizzle, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

npm_install('drizzle-orm@0.45', 'pg@8');
start_node('drizzle');
my $n = 0;
my @steps = grep { !$_->{alone} } @HISTORY;
my (@half, @all, @versions);

# The order is that of the journal; it runs all in one transaction, so that
# nothing can refuse one.
foreach my $step (@steps)
{
	my $tag = sprintf('%04d_%s', $n, $step->{name});
	push @versions, sprintf('%04d', $n);
	my $entry = sprintf('{"idx": %d, "version": "7", "when": %d, "tag": "%s", "breakpoints": true}',
		$n, 1704067200000 + $n * 1000, $tag);
	my $content = $step->{up};

	# as it writes them, between statements
	$content =~ s/;\n(?=CREATE|ALTER|COMMENT|\nCREATE)/;\n--> statement-breakpoint\n/g;
	$n++;
	push @all, $entry;
	push @half, $entry if $n <= $HALF - 1;
	write_file("$work/$_/$tag.sql", $content) foreach $n <= $HALF - 1 ? ('half', 'all') : 'all';
}
write_file("$work/half/meta/_journal.json", '{"version": "7", "dialect": "postgresql", "entries": [' . join(",\n", @half) . "]}\n");
write_file("$work/all/meta/_journal.json", '{"version": "7", "dialect": "postgresql", "entries": [' . join(",\n", @all) . "]}\n");
my $tool = node_script(<<'END', 'migrate(drizzle(client), { migrationsFolder: process.argv[2] })');
const { drizzle } = require('drizzle-orm/node-postgres');
const { migrate } = require('drizzle-orm/node-postgres/migrator');
END

new_database($_) foreach 'half', 'alone';
run_tool('Drizzle goes half way', $tool->('half', 'half'));
run_tool('Drizzle goes all the way', $tool->('alone', 'all'));
new_database('changed', 'half');

my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/all",
	adopted => [ @versions[ 0 .. $HALF - 2 ] ],
	pending => [ @versions[ $HALF - 1 .. $#versions ] ],
	history => 'TABLE drizzle.__drizzle_migrations ORDER BY id',
	without => ['schema drizzle']);
take_over(%take);
finish(%take);

copy_directory("$work/all", "$work/changed");
changed_is_refused(
	template => 'changed',
	edited => "$work/changed",
	file => '0001_product.sql',
	edit => [ 'name text', 'name varchar' ],
	version => $versions[1]);

done_testing();
