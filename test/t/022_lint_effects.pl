# What migrate_lint_effects() predicts, beside what was measured elsewhere and
# what the statements really do here: locks on every relation that was there
# before, scans, rewrites, index builds; type changes and defaults.
#
# MIGRATE_REFERENCE names the directory that has the measurements.

use strict;
use warnings;

use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/../perl';

use Effects;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# Where planning decides, or what a measurement has is of another minor
# version, by the statement: what may differ, and why.
my %EXCEPTION = (
	'alter table other add foreign key (id) references t' =>
	  [ qr/^lint scan of /, 'rows of two indexes are compared without the tables' ],
	'update kid set state = p.note from parent p where p.id = kid.parent_id and kid.id = 3' =>
	  [ qr/^dry scan of m.kid/, 'the table has grown by the rows that the dry run left: another plan' ],
	'alter table lonely add foreign key (id) references hashed' =>
	  [ qr/^lint scan of m.hashed_.: f/, 'a table that has grown is looked up in by its index' ],
	'alter table ev add constraint n foreign key (tenant) references "Order"' =>
	  [ qr/^lint scan of shop."Order": f/, 'the few keys are looked up in the index from 17 on' ],
	'alter table ev_1 add constraint n foreign key (tenant) references "Order"' =>
	  [ qr/^lint scan of shop."Order": f/, 'the few keys are looked up in the index from 17 on' ],
	'alter table ev attach partition ev_new for values in (9)' =>
	  [ qr/^lint scan of shop.customer: f/, 'the few keys are looked up in the index from 17 on' ],
	'alter table led add foreign key (tx_id, tx_at) references tx' =>
	  [ qr/^lint scan of "App Data".tx_\w+: f/, 'the few keys are looked up in the index from 17 on' ],
	'select * from hsh where id is null' =>
	  [ qr/^lint lock of shop.hsh_0/, 'from 17 on the planner knows that what is NOT NULL is not NULL' ],
	'alter table two add foreign key (a) references parent' =>
	  [ qr/^lint scan of m.parent: f/, 'the few keys are looked up in the index' ]);

# What was there for measurements whose file does not say so.
my %BEFORE = (
	'alter domain dom validate constraint q' => "alter domain dom add constraint q check (value <> 'q') not valid",
	'alter index pki attach partition p1ki' => 'create index pki on only p (id); create index p1ki on p1 (id)',
	'alter index ei alter column 1 set statistics 100' => 'create index ei on emptyt ((a + 1))',
	'alter table tpk add primary key(w)' =>
	  'create table tpk (id int, w int not null); insert into tpk select g, g from generate_series(1, 1000) g',
	'alter table tnnx add primary key using index tnnx_w' =>
	  'create table tnnx (w int); insert into tnnx select generate_series(1, 1000); create unique index tnnx_w on tnnx (w)',
	'alter table tnny add primary key using index tnny_w' =>
	  'create table tnny (w int not null); insert into tnny select generate_series(1, 1000); create unique index tnny_w on tnny (w)',
	'alter table tib alter column a type bigint' =>
	  'create table tib (a int); insert into tib select generate_series(1, 3000); create index tib_a_idx on tib (a)',
	'alter table tck alter column vc type varchar(30)' =>
	  q{create table tck (vc varchar(10) check (vc <> 'q')); insert into tck select 'a' from generate_series(1, 500)},
	'alter table inh2 inherit par' => 'create table inh2 (like par including all)',
	'alter table fkp add foreign key(id,k) references p' => 'create table fkp (id bigint, k int)',
	'alter table tnn validate constraint w_nn' => 'alter table tnn add constraint w_nn not null w not valid');

plan skip_all => 'MIGRATE_REFERENCE does not name the directory that has the measurements'
  unless defined $ENV{MIGRATE_REFERENCE} && -d "$ENV{MIGRATE_REFERENCE}/ddl-effects";
my $reference = "$ENV{MIGRATE_REFERENCE}/ddl-effects";
my $node = PostgreSQL::Test::Cluster->new('effects');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nfsync = off\n");
$node->start;
my $major = int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);
my $locking_dependencies = $node->safe_psql('postgres', q{
	SELECT v >= 180005 OR v BETWEEN 170011 AND 179999 OR v BETWEEN 160015 AND 169999 OR v BETWEEN 150019 AND 159999
	  FROM CAST(current_setting('server_version_num') AS int) v}) eq 't';

sub lines_of
{
	my ($file) = @_;

	return map { decode_json($_) } split /\n/, slurp_file($file);
}

# Runs texts between the two looks; for each, the lines of what differs, of
# what is predicted, and of errors.  What a text needs before it is done in a
# copy of the database, but for settings.
sub try_statements
{
	my ($database, $path, @statements) = @_;
	my $prepare = "SET client_min_messages = error;\nSET search_path = $path, mig, oracle;\n";
	my $script = "\\set QUIET on\n\\pset tuples_only on\n\\pset format unaligned\n$prepare";

	foreach my $i (0 .. $#statements)
	{
		my ($before, $sql) = @{ $statements[$i] };
		my ($last) = $sql =~ /([^;]*)$/;
		my $queries = $last =~ /^\s*(select|insert|update|delete|merge|with|explain|copy|values|table|prepare|declare|create (materialized view|table \w+ as))\b/
		  ? 'true' : 'false';
		my $setting = $before =~ /^set [^;]*$/ ? "$before;\n" : '';

		$script .= "\\c postgres\nCREATE DATABASE copy TEMPLATE $database;\n\\c copy\n$prepare$before;\n"
		  if $before && !$setting;
		$script .= "\\echo =$i\n\\o /dev/null\n${setting}SELECT oracle.predict(\$q\$$sql\$q\$);\n\\o\n\\c\n$prepare$setting"
		  . "SELECT 'predicted ' || predicted FROM oracle.result;\n"
		  . "SELECT 'relations ' || oracle.look();\n"
		  . "BEGIN;\n\\o /dev/null\nSELECT oracle.before();\n$sql;\n"
		  . "\\o\nSELECT 'differs: ' || d FROM oracle.after($queries) d;\nSELECT 'done';\nROLLBACK;\n\\c\n$prepare";
		$script .= "\\c $database\nDROP DATABASE copy;\n$prepare" if $before && !$setting;
	}
	my ($ret, $out, $err) = $node->psql($database, $script, on_error_stop => 0, timeout => 900);
	my @results;
	foreach (split /^=/m, $out)
	{
		next unless /^(\d+)\n(.*)/s;
		$results[$1] = $2;
	}
	return ($err, @results);
}

sub predicted
{
	my ($result) = @_;

	return $result =~ /^predicted (.*?)^relations /ms ? @{ decode_json($1) } : ();
}

sub create_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE SCHEMA mig; CREATE EXTENSION migrate SCHEMA mig');
	$node->safe_psql('postgres', "ALTER DATABASE $name SET search_path = public, mig");
	return;
}

create_database('further');
my @further;
my $directory = dirname(__FILE__) . '/../effects';

{
	my $fixture = slurp_file("$reference/fixture.sql");

	create_database('measured');
	$node->safe_psql('measured', $fixture);
	$node->safe_psql('measured', $ORACLE);

	# as they were measured
	my @rows = grep { $_->{pg} == $major } lines_of("$reference/statements.jsonl");
	my @tried = map { [ $_->{before}[0] // $BEFORE{ $_->{sql} } // '', $_->{sql} ] } @rows;
	my ($err, @results) = try_statements('measured', 'm, public', @tried);
	my @modes = qw(AccessShareLock RowShareLock RowExclusiveLock ShareUpdateExclusiveLock
	  ShareLock ShareRowExclusiveLock ExclusiveLock AccessExclusiveLock);
	my %strength = map { $modes[$_] => $_ } 0 .. $#modes;
	my %set_not_null;

	foreach my $i (0 .. $#rows)
	{
		my $row = $rows[$i];
		my $sql = $row->{sql};
		my $query = $sql =~ /^(select|update|delete|merge|insert)/;
		my (%locks, %facts, %says);

		# its three other measurements had constraints that are not told
		next if $sql eq 'alter table tnn alter column w set not null' && $set_not_null{$sql}++;
		foreach (@{ $row->{locks} })
		{
			next unless $_->{pre} && defined $_->{rel};
			my $name = $_->{rel} =~ s/pg_toast_\d+/pg_toast_N/r;
			$name =~ s/^toast\(m\./toast(/;
			$name = 'm.t' if $name eq 'm.q' && $sql =~ / rename to q$/;
			$locks{$name} = $_->{mode}
			  if !defined $locks{$name} || $strength{ $locks{$name} } < $strength{ $_->{mode} };
		}
		$facts{"lock $_ $locks{$_}"} = 1 foreach keys %locks;
		$facts{"scan $_->{rel}"} = 1 foreach grep { $_->{tup} > 0 } @{ $row->{scans} };
		foreach (@{ $row->{rewritten} })
		{
			my ($name, $kind) = /(.*):(.)$/;
			$facts{"rewrite $name"} = 1 if $kind =~ /[rm]/;
		}
		my %toasts;
		if (($results[$i] // '') =~ /^relations (.*?\])$/ms)
		{
			my $relations = decode_json($1);
			$toasts{"pg_toast.pg_toast_$_->{rel}"} = "toast(" . ($_->{short} // $_->{name}) . ")" foreach @$relations;
		}
		foreach (predicted($results[$i] // ''))
		{
			next unless $_->{existed};
			my $name = $toasts{ $_->{relation} } // $_->{relation};
			$says{"scan $name"} = 1 if $_->{scans} && (!$query || $facts{"scan $name"});
			$name = "m.$name" unless $name =~ /[.(]/;
			$name =~ s/pg_toast_\d+/pg_toast_N/;
			$says{"rewrite $name"} = 1 if $_->{rewrites} || $_->{loses} && $sql =~ /^truncate/;
			next unless defined $_->{lock};
			# locks of dependencies are newer than the measurements
			next if $locking_dependencies && $_->{lock} eq 'AccessShareLock' && !defined $locks{$name};
			$says{"lock $name $_->{lock}"} = 1;
		}
		delete $facts{$_} foreach grep { $query && /^scan/ && !$says{$_} } keys %facts;
		is(join("\n", sort keys %says), join("\n", sort keys %facts), "as measured: $sql");
		# and here
		is(join("\n", grep { /^differs/ } split /\n/, $results[$i] // ''), '', "as here: $sql");
		like($results[$i] // $err, qr/^done$/m, '... which is done');
	}

	# type changes
	my $types = q{
		CREATE TYPE mood2 AS ENUM ('a', 'b', 'c'); CREATE TYPE ct AS (a int, b text);
		CREATE DOMAIN dom_int AS int; CREATE DOMAIN dom_text AS text; CREATE DOMAIN dom_vc10 AS varchar(10);
		CREATE DOMAIN dom_text_ck AS text CHECK (value <> '');};
	my @changes = grep { defined $_->{by_pg}{$major} } lines_of("$reference/type_changes.jsonl");
	my (%table, $script);
	$script = "SET search_path = m, public, mig; SET timezone = 'Europe/Paris';";
	foreach (@changes)
	{
		next if $table{ $_->{from} };
		$table{ $_->{from} } = 'changed_' . keys %table;
		$types .= "CREATE TABLE $table{$_->{from}} (c $_->{from});";
	}
	$node->safe_psql('measured', "SET search_path = m, public, mig; CREATE EXTENSION citext SCHEMA public; $types");
	foreach (@changes)
	{
		my $sql = "alter table $table{$_->{from}} alter column c type $_->{to}";
		my $want = $_->{by_pg}{$major} =~ s/:.*//r;
		$script .= qq{
			SELECT \$q\$$_->{from} to $_->{to}: $want, predicted \$q\$ || p FROM (
				SELECT CASE WHEN bool_or(reason = 'no conversion') THEN 'error'
							WHEN bool_or(rewrites) THEN 'rewrite' ELSE 'none' END
				  FROM migrate_lint_effects(\$q\$$sql\$q\$)) e(p) WHERE p <> '$want';};
	}
	is($node->safe_psql('measured', $script), '', scalar(@changes) . ' type changes are all right');
	cmp_ok(scalar @changes, '>', 1000, '... and they are many');

	# defaults
	my @defaults = lines_of("$reference/defaults.jsonl");
	$node->safe_psql('measured', 'CREATE TABLE m.with_default (id int); INSERT INTO m.with_default VALUES (1)');
	foreach (@defaults)
	{
		my $sql = $_->{sql} =~ s/alter table t /alter table m.with_default /r;
		my $want = $_->{rewrite}{$major} // $_->{rewrite}{17};
		my $got = $node->safe_psql('measured', "SELECT bool_or(rewrites) FROM migrate_lint_effects(\$q\$$sql\$q\$)");
		is($got, $want ? 't' : 'f', "default: $sql");
	}
	# roles are of all databases
	$node->safe_psql('further', $fixture =~ s/create role mrole;//r);
}

# Statements of a file, of which some need others before, or a newer server.
sub statements_of
{
	my ($file) = @_;
	my @result;

	foreach (split /\n/, slurp_file("$directory/$file"))
	{
		next if /^--/ || !/\S/;
		next if s/^\[(\d+)\] // && $1 > $major;
		push @result, / ;; / ? [ split / ;; /, $_, 2 ] : [ '', $_ ];
	}
	return @result;
}

sub try_file
{
	my ($database, $path, @statements) = @_;
	my ($err, @results) = try_statements($database, $path, @statements);

	foreach my $i (0 .. $#statements)
	{
		my ($before, $sql) = @{ $statements[$i] };
		my @differs = grep { s/^differs: // } split /\n/, $results[$i] // '';
		my $exception = $EXCEPTION{$sql};

		@differs = grep { $_ !~ $exception->[0] } @differs if $exception;
		is(join("\n", @differs), '', $before ? "$before; $sql" : $sql);
		like($results[$i] // '', qr/^done$/m, '... which is done') or diag $err;
	}
	return;
}

$node->safe_psql('further', slurp_file("$directory/fixture.sql"));
$node->safe_psql('further', 'ANALYZE');
$node->safe_psql('further', $ORACLE);
@further = statements_of('statements.txt');
try_file('further', 'm, public', @further);

# the same with other schemas
foreach my $name ('shop', 'ledger', 'types')
{
	my $fixture = slurp_file("$directory/$name.sql");
	my ($path) = $fixture =~ /^-- path: (.*)$/m;

	create_database($name);
	$node->safe_psql($name, $fixture);
	$node->safe_psql($name, 'ANALYZE') unless $fixture =~ /\banalyze;/;
	$node->safe_psql($name, $ORACLE);
	try_file($name, $path, statements_of("$name.txt"));
}
my $err;

# No lock is kept on anything but catalogs, by any of them.
my $all = join "\n", map { "PERFORM migrate_lint_effects(\$q\$$_->[1]\$q\$);" } @further;
is( $node->safe_psql('further', qq{
		SET search_path = m, public, mig;
		BEGIN;
		DO \$do\$ BEGIN $all END \$do\$;
		SELECT relation::regclass FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation >= 16384}),
	'', 'no lock on a user\'s relation');

# Texts of a size that nobody writes.
my $start = time;
my $count = $node->safe_psql('further', q{
	SET search_path = m, public, mig;
	SELECT count(*) FROM migrate_lint_effects((SELECT string_agg(format('ALTER TABLE kid ADD COLUMN c%s int', n), '; ')
		FROM generate_series(1, 2000) n))});
is($count, 2000, 'thousands of statements');
cmp_ok(time - $start, '<', 20, '... in seconds');
my ($ret, $out);
($ret, $out, $err) = $node->psql('further', q{
	SET search_path = m, public, mig;
	SELECT count(*) FROM migrate_lint_effects('ALTER TABLE lonely ADD COLUMN c int DEFAULT ' || repeat('(', 30000) || '1' || repeat(')', 30000));
	SELECT count(*) FROM migrate_lint_effects('SELECT ' || repeat('1 + ', 30000) || '1 FROM lonely');
	SELECT count(*) FROM migrate_lint_effects('UPDATE lonely SET v = ''' || repeat('x', 5000000) || '''')}, on_error_stop => 0);
unlike($err, qr/terminat|crash/, 'what nests deeply is understood or refused');
like($out, qr/^\d+$/m, '... and the session goes on');
is($node->safe_psql('further', q{
	SET search_path = m, public, mig;
	SELECT bool_and(rewrites) FROM migrate_lint_effects('ALTER TABLE lonely ADD COLUMN c int DEFAULT there_is_none(1)') WHERE relation = 'lonely'}),
	't', 'a default that cannot be understood is taken to rewrite');
is($node->safe_psql('further', q{
	SET search_path = m, public, mig;
	SELECT count(*) FROM migrate_lint_effects('ALTER TABLE nowhere ADD COLUMN c int; DROP TABLE nowhere; SELECT * FROM nowhere')}),
	0, 'what is not there is not affected');

$node->stop;
done_testing();
