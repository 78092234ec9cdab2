# The dry run against measurements of what DDL does: of each statement it must
# report exactly the locks, rewrites, scans and rows that were measured on this
# major version, and leave nothing behind - neither done, nor with a statement
# after it that fails, nor cancelled.
#
# MIGRATE_REFERENCE names the directory that has them (ddl-effects/ in it).

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Digests;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $effects = ($ENV{MIGRATE_REFERENCE} // '') . '/ddl-effects';
plan skip_all => 'MIGRATE_REFERENCE does not name the directory of the measurements'
  unless -d $effects;

my $json = JSON::PP->new->utf8->canonical;

sub read_file
{
	my ($path) = @_;

	open my $file, '<:raw', $path or die "$path: $!";
	local $/;
	return scalar <$file>;
}

# What the measurements had beside the fixture, and do not tell.
my $more = <<'SQL';
CREATE TABLE tpk (v int, w int NOT NULL);
INSERT INTO tpk SELECT g, g FROM generate_series(1, 1000) g;
CREATE TABLE tnnx (v int, w int);
INSERT INTO tnnx SELECT g, g FROM generate_series(1, 1000) g;
CREATE UNIQUE INDEX tnnx_w ON tnnx (w);
CREATE TABLE tnny (v int, w int NOT NULL);
INSERT INTO tnny SELECT g, g FROM generate_series(1, 1000) g;
CREATE UNIQUE INDEX tnny_w ON tnny (w);
CREATE TABLE tib (a int);
INSERT INTO tib SELECT generate_series(1, 3000);
CREATE INDEX tib_a_idx ON tib (a);
CREATE TABLE tck (vc varchar(10) CHECK (vc <> ''));
INSERT INTO tck SELECT 'a' FROM generate_series(1, 500);
CREATE TABLE fkp (id bigint, k int);
CREATE TABLE inh2 (LIKE par);
CREATE INDEX ei ON emptyt ((a + 1));
SQL

# ... only for one statement: by its group, what makes it and what undoes it.
my %prelude = (
	'ALTER INDEX ATTACH PARTITION' => [
		q{CREATE INDEX pki ON ONLY p (k); CREATE INDEX p1ki ON p1 (k)},
		q{DROP INDEX pki, p1ki}
	],
	'ALTER DOMAIN VALIDATE' => [
		q{ALTER DOMAIN dom ADD CONSTRAINT q CHECK (value <> '') NOT VALID},
		q{ALTER DOMAIN dom DROP CONSTRAINT q}
	],
	'SET NOT NULL (CHECK v>0 proves not null?)' => [
		q{ALTER TABLE tnn ADD CONSTRAINT pre CHECK (w > 0)},
		q{ALTER TABLE tnn DROP CONSTRAINT pre}
	],
	'SET NOT NULL (CHECK NOT VALID)' => [
		q{ALTER TABLE tnn ADD CONSTRAINT pre CHECK (w IS NOT NULL) NOT VALID},
		q{ALTER TABLE tnn DROP CONSTRAINT pre}
	],
	'SET NOT NULL (compound CHECK)' => [
		q{ALTER TABLE tnn ADD CONSTRAINT pre CHECK (w IS NOT NULL AND w > 0)},
		q{ALTER TABLE tnn DROP CONSTRAINT pre}
	],
	'SET NOT NULL after NOT VALID NN (PG18)' => [
		q{ALTER TABLE tnn ADD CONSTRAINT w_nn NOT NULL w NOT VALID},
		q{ALTER TABLE tnn DROP CONSTRAINT w_nn}
	],
	'VALIDATE NOT NULL' => [
		q{ALTER TABLE tnn ADD CONSTRAINT w_nn NOT NULL w NOT VALID},
		q{ALTER TABLE tnn DROP CONSTRAINT w_nn}
	],
);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nfsync = off\ntrack_counts = on\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE effects');
$node->safe_psql('effects', read_file("$effects/fixture.sql") . ";\n$more\nANALYZE;");
$node->safe_psql('effects',
	"ALTER DATABASE effects SET search_path = m, public;
	 CREATE SCHEMA tools; CREATE EXTENSION migrate SCHEMA tools; SET search_path = public; $DIGEST");

my ($major) = $node->safe_psql('postgres', 'SHOW server_version') =~ /^(\d+)/;
my @measured = grep { $_->{pg} == $major }
  map { $json->decode($_) } split /\n/, read_file("$effects/statements.jsonl");
plan skip_all => "nothing was measured on PostgreSQL $major" unless @measured;

# A relation as the measurements name it, but for numbers in it.
sub relation_name
{
	my ($name) = @_;

	$name =~ s/^pg_toast\.pg_toast_\d+_index$/toast index/;
	return $name;
}

sub list
{
	my %seen = map { $_ => 1 } @_;

	return join("\n", sort keys %seen) . "\n";
}

# The locks on relations of the fixture that a plain transaction takes here,
# with the names that they had before.
sub plain_locks
{
	my ($text) = @_;
	my $out = $node->safe_psql('effects', <<~SQL);
		DROP TABLE IF EXISTS tools.names;
		CREATE TABLE tools.names AS
			SELECT c.oid, CASE WHEN c.relkind = 't' THEN 'toast(m.' || o.relname || ')'
							   ELSE n.nspname || '.' || c.relname END AS name
			  FROM pg_class c
			  JOIN pg_namespace n ON n.oid = c.relnamespace
			  LEFT JOIN pg_class o ON c.relkind = 't' AND o.reltoastrelid = c.oid
			 WHERE n.nspname IN ('m', 'pg_toast');
		BEGIN;
		SET LOCAL client_min_messages = error;
		$text;
		SELECT 'lock ' || name || ' ' || mode
		  FROM pg_locks l JOIN tools.names n ON n.oid = l.relation WHERE pid = pg_backend_pid();
		ROLLBACK;
		DROP TABLE tools.names;
		SQL

	return map { /^lock (\S+) (\w+)$/ ? relation_name($1) . " $2" : () } split /\n/, $out;
}

sub expected
{
	my ($row, @plain) = @_;
	my %created = map { (my $name = $_) =~ s/^.*?\.|:.$//g; $name => 1 } @{ $row->{created} };
	my @locks = map { relation_name($_->{rel}) . " $_->{mode}" } grep { $_->{pre} } @{ $row->{locks} };

	# the dry run tells the name that the relation had before
	s/^m\.q /m.t / for $row->{sql} eq 'alter table t rename to q' ? @locks : ();

	# Minor releases since the measurements lock what a new object depends on
	# against being dropped; here a plain transaction says which.
	push @locks, grep { / AccessShareLock$/ } @plain;
	return join "\n", "locks", list(@locks), "rewrites",
	  list(map { relation_name($_ =~ s/:.$//r) } @{ $row->{rewritten} }), "scans",
	  list(map { "$_->{rel} $_->{seq} $_->{tup} $_->{idx}" } grep { !$created{ $_->{rel} } } @{ $row->{scans} }),
	  "rows", list(map { "$_->{rel} $_->{ins} $_->{upd} $_->{del}" } grep { !$created{ $_->{rel} } } @{ $row->{rows} });
}

# The locks on what existed before, of all rows.
sub locks
{
	return list(map { my $row = $_; map { $_->{existed} ? relation_name($_->{relation}) . " $_->{mode}" : () } @{ $row->{locks} } } @_);
}

sub reported
{
	my (@rows) = @_;
	my (@locks, @rewrites, @scans, @rows_changed);

	for my $row (@rows)
	{
		for my $lock (grep { $_->{existed} } @{ $row->{locks} })
		{
			my $name = $lock->{kind} eq 'TOAST table' ? "toast($lock->{of})" : $lock->{relation};
			push @locks, relation_name($name) . " $lock->{mode}";
		}
		push @rewrites, map { $_->{kind} eq 'TOAST table' ? () : $_->{relation} } grep { $_->{existed} } @{ $row->{rewrites} };
		push @rewrites, map { relation_name($_->{index}) }
		  grep { $_->{existed} && $_->{action} eq 'rebuilt' } @{ $row->{indexes} };
		push @scans, map { ($_->{relation} =~ s/^m\.//r) . " $_->{sequential} $_->{tuples} $_->{index}" }
		  grep { $_->{existed} } @{ $row->{scans} };
		push @rows_changed, map { ($_->{relation} =~ s/^m\.//r) . " $_->{inserted} $_->{updated} $_->{deleted}" }
		  grep { $_->{existed} } @{ $row->{rows} };
	}
	return join "\n", "locks", list(@locks), "rewrites", list(@rewrites), "scans", list(@scans),
	  "rows", list(@rows_changed);
}

# A dry run that is committed; what it reports, and which locks it leaves, but
# for those on sequences, also on ones that it made, which the server keeps.
sub dry_run
{
	my ($text) = @_;
	my $out = $node->safe_psql('effects', <<~SQL);
		BEGIN;
		SELECT to_jsonb(d) FROM tools.migrate_dry_run_sql(\$text\$$text\$text\$) d;
		SELECT jsonb_build_object('left', coalesce(jsonb_agg(relation::regclass || ' ' || mode), '[]'))
		  FROM pg_locks l
		 WHERE pid = pg_backend_pid() AND locktype NOT IN ('virtualxid', 'transactionid')
		   AND NOT (mode = 'AccessShareLock' AND relation < 16384)
		   AND NOT (mode = 'RowExclusiveLock'
					AND coalesce((SELECT c.relkind = 'S' FROM pg_class c WHERE c.oid = l.relation), true));
		COMMIT;
		SQL
	my @rows = map { $json->decode($_) } split /\n/, $out;
	my $left = pop @rows;

	return ($left->{left}, @rows);
}

my $tables = $node->safe_psql('effects', q{
	SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
	 WHERE relnamespace = 'm'::regnamespace AND relkind IN ('r', 'p', 'v')});

for my $row (@measured)
{
	my $prelude = $prelude{ $row->{group} };
	my $label = "$row->{group}: $row->{sql}";

	$node->safe_psql('effects', $prelude->[0]) if $prelude;
	# versions of rows that were rolled back are scanned as well
	$node->safe_psql('effects', 'VACUUM m.t, m.par, m.inh');
	my $before = $node->safe_psql('effects', 'SELECT public.digest()');
	my $text = join ";\n", @{ $row->{before} }, $row->{sql};
	my @plain = plain_locks($text);
	my ($left, @rows) = dry_run($text);

	is_deeply([ map { $_->{message} } grep { $_->{status} ne 'done' } @rows ], [], "runs: $label");
	is(reported(@rows), expected($row, @plain), "as measured: $label");
	is_deeply($left, [], "no lock is left: $label");

	# what an earlier transaction has locked already is foretold
	(undef, my @again) = dry_run("BEGIN;\nLOCK TABLE $tables;\nCOMMIT;\nBEGIN;\n$text;\nCOMMIT");
	is(locks(@again[ 1 .. $#again ]), locks(@rows), "as foretold: $label");

	($left, @rows) = dry_run("$text;\nSELECT 1/0;\nSELECT 1");
	is(join(' ', map { $_->{status} } @rows[ -2, -1 ]), 'failed not run', "fails after: $label");
	is_deeply($left, [], "no lock is left by a failure: $label");

	my ($code, undef, $err) = $node->psql('effects',
		"SET statement_timeout = '400ms'; SELECT tools.migrate_dry_run_sql(\$text\$$text;\nSELECT pg_sleep(100)\$text\$)");
	like($err, qr/canceling statement due to statement timeout/, "cancelled: $label");
	is($node->safe_psql('effects', 'SELECT public.digest()'), $before, "nothing stays: $label");
	$node->safe_psql('effects', $prelude->[1]) if $prelude;
}

done_testing();
