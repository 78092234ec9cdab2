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
new_database('unknown', 'half');

my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/versions",
	adopted => [ map { revision($_->{name}) } @HISTORY[ 0 .. $HALF - 1 ] ],
	pending => [ map { revision($_->{name}) } @HISTORY[ $HALF .. $#HISTORY ] ],
	history => 'TABLE alembic_version ORDER BY 1',
	without => ['alembic_version']);
take_over(%take);

# All of it is Python: what is left is for Alembic to do, and then ours to know.
my ($code, $out, $err) = $node->psql('half', 'CALL mig.migrate_deploy()', extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  MG020: /, 'what is written in Python we cannot run');
run_tool('Alembic does it', tool('half', 'upgrade', 'head'));
rows('half', q{SELECT count(*) FROM mig.migrate_adopt() WHERE action = 'adopted'}, @HISTORY - $HALF,
	'... and we take over the rest');
finish(%take);

# A head that is none of ours
query('unknown', q{UPDATE alembic_version SET version_num = 'cafecafecafe' WHERE version_num = '} . revision('a_note') . q{'});
register('unknown', "$work/versions");
refused('unknown', '', qr/ERROR:  MG023: .*\n.*cafecafecafe/, 'a head that is not registered is refused');

done_testing();
