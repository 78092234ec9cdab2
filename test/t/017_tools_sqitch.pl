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
	script('verify', $step->{name}, "SELECT 1 / count(*) FROM customer WHERE false OR true;\n", 'ROLLBACK')
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
note(`cat $work/all/sqitch.plan; ls $work/all/*; cat $work/all/deploy/touch*`);
note run_tool('sqitch goes half way', tool('half', 'deploy', '--to', 'a_note', 'db:pg:'));
note run_tool('sqitch goes all the way', tool('alone', 'deploy', 'db:pg:'));
foreach my $t ('projects', 'releases', 'changes', 'tags', 'dependencies', 'events')
{
note("$t\n".query('half', "TABLE sqitch.$t"));
}
note($node->safe_psql('half', '\d sqitch.*'));
note(`cd $work/all/deploy; sha1sum *`);
note run_tool('status', tool('half', 'status', 'db:pg:'));
done_testing();
