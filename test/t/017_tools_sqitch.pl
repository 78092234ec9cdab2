# Sqitch, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

need('DBD::Pg', 'perl', '-MDBD::Pg', '-e', '1');
my $program = need('sqitch', 'sqitch', '--version');
start_node('sqitch');
new_database($_) foreach 'half', 'alone';

sub tool
{
	my ($database, @command) = @_;

	return ($database, $program, '--chdir', "$work/all", @command);
}

sub script
{
	my ($kind, $name, $sql, $end) = @_;

	write_file("$work/all/$kind/$name.sql", "-- $kind shop:$name\n\n" . (defined $end ? "BEGIN;\n\n$sql\n$end;\n" : $sql));
}

sub scripts
{
	my ($step) = @_;
	my $end = $step->{alone} ? undef : 'COMMIT';

	script('deploy', $step->{name}, $step->{up}, $end);
	script('revert', $step->{name}, $step->{down}, $end);
	script('verify', $step->{name}, qq{SELECT id, customer, product FROM "order" WHERE false;\n}, 'ROLLBACK')
	  if $step->{name} eq 'order';
}

my %requires = (
	touch => ['customer'],
	'first-products' => ['product'],
	customer_email_lower => [ 'customer', 'touch' ],
	order => [ 'customer', 'product', '@v1' ],
	order_state => ['order'],
	revenue => ['order_state'],
	order_customer => ['order'],
	first_orders => [ 'order_state', 'first-products', '@v2' ],
	pieces => ['order']);

write_file("$work/all/sqitch.conf", "[core]\n\tengine = pg\n[user]\n\tname = Anna Example\n\temail = anna\@example.org\n");
run_tool('sqitch init', tool('half', 'init', 'shop', '--uri', 'https://example.org/shop/'));


foreach my $step (@HISTORY)
{
	my $name = $step->{name};

	run_tool("sqitch adds $name",
		tool('half', 'add', $name, '-n', "The $name", map { ('-r', $_) } @{ $requires{$name} // [] }));
	scripts($step);
	if ($name eq 'first-products' || $name eq 'a_note')
	{
		my $tag = $name eq 'a_note' ? 'v2' : 'v1';

		run_tool("sqitch tags $tag", tool('half', 'tag', $tag, '-n', 'a version'));
	}
	if ($name eq 'customer_email_lower' || $name eq 'order_state')
	{
		my $by = $name eq 'order_state' ? 10 : 5;

		run_tool('sqitch reworks touch', tool('half', 'rework', 'touch', '-n', "by $by",
			$by == 10 ? ('-x', 'other:nobody') : ()));
		script('deploy', 'touch', $HISTORY[2]{up} =~ s/CREATE FUNCTION/CREATE OR REPLACE FUNCTION/r
			=~ s/CREATE TRIGGER.*//sr =~ s/\+ 1;/+ $by;/r, 'COMMIT');
	}
}
run_tool('Sqitch goes half way', tool('half', 'deploy', '--to', 'a_note', 'db:pg:'));
run_tool('Sqitch goes all the way', tool('alone', 'deploy', 'db:pg:'));
new_database($_, 'half') foreach 'changed', 'waiting';

my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/all",
	adopted => [ 'customer', 'product', 'touch', 'first-products', 'customer_email_lower', 'touch#2', 'a_note' ],
	pending => [ 'order', 'order_state', 'touch#3', 'revenue', 'order_customer', 'first_orders', 'pieces' ],
	history => 'SELECT * FROM sqitch.changes JOIN sqitch.events USING (change_id) ORDER BY 1',
	dated => q{SELECT change || CASE WHEN note LIKE 'by %' THEN '#2' ELSE '' END, committed_at
		FROM sqitch.changes ORDER BY 1},
	without => ['schema sqitch']);
take_over(%take);
rows('half', q{SELECT DISTINCT applied_by FROM mig.migrate_status WHERE state = 'applied'},
	qr/^Anna Example/, '... and who did it');
finish(%take);

busy_is_refused(
	%take,
	template => 'waiting',
	tool => [ tool('busy', 'deploy', 'db:pg:') ]);

# The tags of the plan are targets, and the reverts ours too.
query('half', q{CALL mig.migrate_undo('@v2')});
new_database('undone');
run_tool('Sqitch goes to a tag', tool('undone', 'deploy', '--to', '@v2', 'db:pg:'));
same_dump('half', 'undone', 'rolled back to the tag, all is as Sqitch makes it', '--schema-only', 'schema sqitch');

copy_directory("$work/all", "$work/changed");
changed_is_refused(
	template => 'changed',
	edited => "$work/changed",
	file => 'deploy/touch@v1.sql',
	edit => [ 'OLD.changed + 1;', 'OLD.changed + 2;' ],
	version => 'touch');

done_testing();
