# Drift on real schemas: each change of a schema is reported as what it is and
# as nothing else, and what changes no schema is not reported.  The changes are
# those of test/drift, made on each of the golden schemas.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Histories;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Variants;

my $texts = "$FindBin::RealBin/../drift";
my $directory = PostgreSQL::Test::Utils::tempdir;

# What is reported, and what the guard has seen of it.
my $drift = q(SELECT * FROM mig.migrate_drift());

sub psql_file
{
	my ($database, @files) = @_;

	my ($out, $err) = run_command(
		[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), map { ('-f', $_) } @files ]);
	die $err if $err =~ /ERROR/;
}

# The names that each schema has for what is changed.
sub read_names
{
	my @schemas;

	for my $line (split /\n/, slurp_file("$texts/names.txt"))
	{
		next if $line =~ /^#/;
		my ($name, @values) = split /\t/, $line;

		$schemas[$_]{$name} = $values[$_] for 0 .. $#values;
	}
	$_->{major} = $major for @schemas;
	return @schemas;
}

# The cases for one of the schemas: what names nothing of it is made on one of
# them only, in turn.
sub cases_for
{
	my ($number, $count, @cases) = @_;
	my %turn;

	return grep { $_->{change} =~ /\{/ || $turn{ $_->{name} =~ s/:.*//r }++ % $count == $number } @cases;
}

# Does the guard name who it was, and the statement, of each row that says
# something?
sub seen_by_guard
{
	my ($case, $names, @rows) = @_;
	my $text = fill_in($case->{change}, $names) =~ s/\s+/ /gr;
	my %following = map { $_ => 1 } following($case, $names);
	my @unseen;

	for my $row (@rows)
	{
		my ($kind, $identity, $component, $change, $part_of, $old, $new, $differs, $seen, $role, $tag, $statement) =
		  split /\x1f/, $row, -1;

		next if $following{"$kind | $identity"};
		$statement =~ s/\s+/ /g;
		$statement =~ s/;? *$//;
		# a password is not recorded
		my $said = quotemeta($statement) =~ s/\\\*\\\*\\\*/.*/gr;
		push @unseen, "$kind $identity, $component: by $role, $tag, $statement"
		  unless $seen eq 't' && $role eq 'postgres' && $tag =~ /^[A-Z ]+$/ && $statement ne '' && $text =~ /$said/;
	}
	return join "\n", @unseen;
}

have_histories('drift');
$node->append_conf('postgresql.conf', "wal_level = logical\nallow_in_place_tablespaces = on\nfsync = off\n");
$node->restart;
$node->safe_psql('postgres',
	q(CREATE ROLE drift_a; CREATE ROLE drift_b; CREATE ROLE drift_super SUPERUSER));
$node->safe_psql('postgres', q(CREATE TABLESPACE drift_space LOCATION ''));

my @variants = read_variants("$texts/variants.sql", $major);
my @same = read_variants("$texts/same.sql", $major);
my @schemas = read_names();

cmp_ok(scalar @variants, '>=', 120, 'there are changes of many kinds: ' . @variants);
is(join(', ', map { $_->{name} } grep { !@{ $_->{report} } } @variants), '', 'of each something is to be reported');
is(join(', ', map { $_->{name} } grep { @{ $_->{report} } } @same), '', 'of others nothing is');

for my $number (0 .. $#schemas)
{
	my $names = $schemas[$number];
	my $database = $names->{database};
	my $start = time;

	new_database($database);
	psql_file($database, "$corpora/golden/$names->{golden}.sql", "$texts/fixture.sql");
	$node->safe_psql($database, q(SELECT mig.migrate_guard_on('record')));
	$node->safe_psql($database, q(SELECT mig.migrate_accept_drift('as it is')));
	is($node->safe_psql($database, $drift), '', "$names->{schema}: what is accepted is no drift");

	my @cases = cases_for($number, scalar @schemas, @variants);
	my @results = run_variants($node->connstr($database), $drift, $names, @cases);
	my %kinds = map { $_->{name} =~ s/:.*//r => 1 } @cases;

	is(join(', ', grep { !$kinds{$_} } map { $_->{name} =~ s/:.*//r } @variants), '', "$names->{schema}: a change of each kind");
	for my $i (0 .. $#cases)
	{
		my ($case, $result) = ($cases[$i], $results[$i]);
		my $name = "$names->{schema}, $case->{name}";

		if ($case->{flags}{fails})
		{
			like($result->{errors}, qr/^ERROR: /, "$name: fails");
		}
		elsif ($result->{errors} ne '')
		{
			fail("$name: $result->{errors}");
		}
		is(reported(@{ $result->{rows} }), expected_report($case, $names), $name);
		is(seen_by_guard($case, $names, @{ $result->{rows} }), '', '... as the guard has seen it')
		  unless $case->{flags}{unseen};
		is(reported(@{ $result->{undone} }), '', '... and nothing when it is undone') if defined $case->{undo};
	}

	@results = run_variants($node->connstr($database), $drift, $names, @same);
	for my $i (0 .. $#same)
	{
		is($results[$i]{errors} . reported(@{ $results[$i]{rows} }), '', "$names->{schema}, $same[$i]{name}: nothing");
	}
	is($node->safe_psql($database, $drift), '', "$names->{schema}: nothing is left of all that");
	note(sprintf('%s: %d changes, %d that are none, in %.1f s', $names->{schema}, scalar @cases, scalar @same, time - $start));
}

# What others do meanwhile: with temporary objects, in other databases.
my $first = $schemas[0]{database};
my $other = $node->background_psql($first);
$other->query_safe('CREATE TEMPORARY TABLE kept (id serial PRIMARY KEY, t text); CREATE INDEX ON kept (t);
	CREATE TEMPORARY VIEW kept_view AS SELECT * FROM kept; CREATE FUNCTION pg_temp.kept() RETURNS int LANGUAGE sql AS $$SELECT 1$$');
is($node->safe_psql($first, $drift), '', "another session's temporary objects are not reported");
$other->query_safe('BEGIN; CREATE TABLE extra.not_yet (id integer)');
is($node->safe_psql($first, $drift), '', 'nor is what is not committed');
$other->query_safe('ROLLBACK');
$other->quit;
$node->safe_psql($schemas[1]{database}, 'CREATE TABLE extra.elsewhere (id integer); CREATE SCHEMA elsewhere');
is($node->safe_psql($first, $drift), '', 'nor what is done in another database');
is($node->safe_psql($schemas[1]{database}, 'SELECT count(*) FROM mig.migrate_drift() WHERE part_of IS NULL'), '4', '... which has that');
$node->safe_psql($schemas[1]{database}, 'DROP TABLE extra.elsewhere; DROP SCHEMA elsewhere');
$node->safe_psql('postgres', q(CREATE ROLE drift_c; GRANT drift_c TO drift_a; ALTER ROLE drift_a SET search_path = extra; ALTER SYSTEM SET work_mem = '5MB'));
$node->safe_psql($first, 'VACUUM');
$node->safe_psql($first, 'VACUUM FULL');
$node->safe_psql($first, "REINDEX DATABASE $first");
is($node->safe_psql($first, $drift), '', 'nor roles, settings, nor what is done to all of a database');

$node->restart;
for my $names (@schemas)
{
	is($node->safe_psql($names->{database}, $drift), '', "$names->{schema}: after a restart nothing is reported");
}

# Dumps.  A security label cannot be restored without its provider, and of an
# extension the newest version is.
for my $names (@schemas)
{
	my $database = $names->{database};
	my $label = q(INSERT INTO pg_catalog.pg_seclabel VALUES ('extra.parent'::regclass, 'pg_class'::regclass, 0, 'drift', 'secret'));

	$node->safe_psql($database, 'ALTER EXTENSION hstore UPDATE');
	like($node->safe_psql($database, 'SELECT mig.migrate_accept_drift($$before a dump$$)'), qr/^1$/, "$names->{schema}: accepted");
	run_command([ 'pg_dump', '--no-security-labels', '-d', $node->connstr($database), '-f', "$directory/dump" ]);
	$node->safe_psql('postgres', "CREATE DATABASE ${database}_2");
	psql_file("${database}_2", "$directory/dump");
	$node->safe_psql("${database}_2", $label);
	is($node->safe_psql("${database}_2", $drift), '', "$names->{schema}: dumped and restored, nothing is reported");
	$node->safe_psql("${database}_2", 'DROP TABLE extra.child');
	is($node->safe_psql("${database}_2", q(SELECT kind, identity, change, tag FROM mig.migrate_drift() WHERE part_of IS NULL AND component = 'definition')),
		'table|extra.child|dropped|DROP TABLE', '... and then what is done there');
}

$node->stop;
done_testing();
