# Four real histories, each with one CALL migrate_deploy(), and back again as
# far as their down scripts go.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use File::Basename qw(basename dirname);
use Histories;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

have_histories('deploy_corpora');

# The up and the down of each migration as files that psql can run, in order.
sub files_of
{
	my ($name) = @_;
	my @result;

	if ($name eq 'minder')
	{
		for my $up (sort glob "$corpora/minder/*.up.sql")
		{
			my ($version) = basename($up) =~ /^(\d+)/;
			my ($down) = glob "$corpora/minder/${version}_*.down.sql";

			push @result, { version => $version, up => $up, down => $down };
		}
	}
	elsif ($name eq 'hatchet')
	{
		my $parts = PostgreSQL::Test::Utils::tempdir();

		for my $file (sort glob "$corpora/hatchet/*.sql")
		{
			my $text = slurp_file($file);
			my $own = $text =~ /^-- \+goose NO TRANSACTION/mi;
			my ($up, $down) = map { $own ? $_ : "BEGIN;\n$_\n;\nCOMMIT;\n" } split /^-- \+goose Down.*\n/mi, $text, 2;
			my ($version) = basename($file) =~ /^(\d+)/;
			my $entry = { version => $version, up => "$parts/$version.up.sql" };

			append_to_file($entry->{up}, $up);
			if (defined $down)
			{
				$entry->{down} = "$parts/$version.down.sql";
				append_to_file($entry->{down}, $down);
			}
			push @result, $entry;
		}
	}
	else
	{
		my $up = $name eq 'trigger.dev' ? 'migration.sql' : 'up.sql';

		for my $file (glob "$corpora/$name/*/$up")
		{
			my $directory = dirname($file);
			my ($version) = basename($directory) =~ ($name eq 'trigger.dev' ? qr/(.*)/ : qr/^([^_]+)_/);

			$version =~ tr/-//d if $name eq 'crates.io';
			push @result, { version => $version, up => $file, down => "$directory/down.sql" };
		}
		@result = sort { $a->{version} cmp $b->{version} } @result;
	}
	for my $entry (@result)
	{
		delete $entry->{down} unless defined $entry->{down} && -e $entry->{down};
	}
	return @result;
}

# What psql makes of the down files, from the last on: which of them fail.  A
# file that fails leaves nothing behind, unless it cannot be in a transaction;
# neither does one that does not end its own.
sub psql_down
{
	my ($database, @files) = @_;
	my @failed;

	for my $entry (reverse grep { defined $_->{down} } @files)
	{
		my $text = slurp_file($entry->{down});
		my @single = $text =~ /concurrently|^\s*begin\s*;/mi ? () : ('-1');
		my ($out, $err) = run_command(
			[
				'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', @single,
				'-d', $node->connstr($database), '-f', $entry->{down}
			]);

		push @failed, $entry->{version}
		  if $err =~ /ERROR/ || ($text =~ /^\s*begin\s*;/mi && $text !~ /^\s*commit\s*;/mi);
	}
	return @failed;
}

# CALL migrate_undo() to base, past each down script that fails: their versions.
sub undo_all
{
	my ($database, $directory) = @_;
	my @failed;

	while (1)
	{
		my ($code, $out, $err) = $node->psql($database, q{CALL mig.migrate_undo('base')});
		return @failed if $code == 0;
		my ($label, $path) = $err =~ /^(?:CONTEXT:  )?migration (.+?), down script \((.+?)\), line \d+/m
		  or die $err;
		my $version = $node->safe_psql($database,
			"SELECT version FROM mig.migrate_status WHERE '$label' IN (version, version || '_' || name)");

		ok($path =~ /^\Q$directory\E/ && -e $path,
			"$database: the broken down of $version is told with file and line");
		push @failed, $version;
		$node->safe_psql($database, "SELECT mig.migrate_unmark('$version', 'its down script is broken')");
	}
}

for my $history ([ 'minder', 117 ], [ 'crates.io', 285 ], [ 'hatchet', 225 ], [ 'trigger.dev', 820 ])
{
	my ($name, $count) = @$history;
	my $database = $name =~ tr/./_/r;

  SKIP:
	{
		skip "no history $name", 1 unless -d "$corpora/$name";
		my @files = files_of($name);
		my $start = time;

		is(scalar @files, $count, "$name: $count files");
		new_database($database);
		load($database, "$corpora/$name");
		$node->safe_psql($database, 'SET client_min_messages = warning; CALL mig.migrate_deploy()');
		note(sprintf('%s: loaded and deployed in %.1f s', $name, time - $start));
		is( $node->safe_psql($database, 'SELECT state, how, count(*) FROM mig.migrate_status GROUP BY 1, 2'),
			"applied|run|$count", "$name: one CALL applies all");
		is( $node->safe_psql($database, 'SELECT state, steps, steps_done FROM mig.migrate_jobs'),
			"done|$count|$count", '... as one job');
		is( $node->safe_psql($database, q{
				SELECT count(*) FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE NOT indisvalid AND relkind = 'i';
				SELECT count(*) FROM mig.migrate_journal;
				SELECT count(*) FROM mig.migrate_verify_log();
				SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
			"0\n0\n0\n0", '... with nothing left over');
		psql_files("${database}_psql", map { $_->{up} } @files);
		my $psql = dump_of("${database}_psql");
		same_schema(dump_of($database), $psql, "$name: the schema is what psql makes of the files");
		same_schema(dump_of($database), golden_or_psql($name, "${database}_golden"),
			"$name: the schema is the golden one")
		  if $major == 15 && -e "$corpora/golden/$name.sql";

		my @down = grep { defined $_->{down} } @files;
		next unless @down;
		$start = time;
		$node->safe_psql($database, q{
			SELECT mig.migrate_unmark(m.version, 'it has no down script') FROM mig.migrate_migration m WHERE m.down IS NULL});
		my @failed = undo_all($database, "$corpora/$name/");
		note(sprintf('%s: undone in %.1f s but for %s', $name, time - $start, join(' ', @failed)));
		is($node->safe_psql($database, q{SELECT count(*) FROM mig.migrate_status WHERE state <> 'pending' AND state <> 'failed'}),
			'0', "$name: nothing is applied any more");
		my @psql_failed = psql_down("${database}_psql", @files);
		is_deeply([ sort @failed ], [ sort @psql_failed ], '... the downs that fail are those that fail with psql');
		same_schema(dump_of($database), dump_of("${database}_psql"),
			"$name: what is left is what psql leaves", 10);
	}
}

$node->stop;
done_testing();
