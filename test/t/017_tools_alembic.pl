# Alembic, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Digest::SHA qw(sha1_hex);
use Test::More;
use Tools;

my $python = need('alembic and psycopg2', '/usr/bin/python3', '-c', 'import alembic, psycopg2; print(alembic.__version__)');
start_node('alembic');

sub revision
{
	my ($name) = @_;

	return substr(sha1_hex($name), 0, 12);
}

# Two branches, which meet: at half way there are two heads.
my $previous = '';
my %after = (
	'first-products' => ['product'],
	a_note => ['first-products'],
	customer_email_lower => ['touch'],
	order => [ 'customer_email_lower', 'a_note' ]);
foreach my $step (@HISTORY)
{
	my $name = $step->{name};
	my @after = @{ $after{$name} // [ $previous || () ] };
	my $down_revision = join ', ', map { "'" . revision($_) . "'" } @after;
	my $content = "from alembic import op\n\nrevision = '" . revision($name) . "'\n"
	  . 'down_revision = ' . (@after > 1 ? "($down_revision)" : $down_revision || 'None')
	  . "\nbranch_labels = None\ndepends_on = None\n";

	foreach my $direction ('up', 'down')
	{
		my $execute = qq{op.execute(r"""$step->{$direction}""")};

		$content .= "\n\ndef ${direction}grade():\n";
		$content .= $step->{$direction} !~ /;$/m ? "    pass\n" : $step->{alone}
		  ? "    with op.get_context().autocommit_block():\n        $execute\n" : "    $execute\n";
	}
	write_file("$work/versions/" . revision($name) . '_' . $name =~ s/-/_/r . '.py', $content);
	$previous = $name;
}
write_file("$work/alembic.ini", "[alembic]\nscript_location = $work\n");
write_file("$work/env.py", <<"END");
from alembic import context
from sqlalchemy import create_engine

with create_engine('postgresql+psycopg2://').connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
END

sub tool
{
	my ($database, @command) = @_;

	return ($database, $python, '-m', 'alembic', '-c', "$work/alembic.ini", @command);
}

new_database($_) foreach 'half', 'alone';
run_tool('Alembic goes half way, on one branch', tool('half', 'upgrade', revision('customer_email_lower')));
run_tool('... and on the other', tool('half', 'upgrade', revision('a_note')));
run_tool('Alembic goes all the way', tool('alone', 'upgrade', 'head'));
note(query('half', 'TABLE alembic_version'));
note(query('alone', 'TABLE alembic_version'));
note($node->safe_psql('half', '\d alembic_version'));
note run_tool('history', tool('half', 'history'));
note(`ls $work/versions; cat $work/versions/*_order.py`);
done_testing();
