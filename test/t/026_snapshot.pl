# What a snapshot must not depend on: a dump and its restore, column numbers,
# a database's encoding, and what else goes on; and what it must not wait for.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Histories;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

have_histories('snapshot');

# The rows of a database as one value, in which there is no line end.
my $rows = 'SELECT jsonb_agg(s) FROM mig.migrate_snapshot() s';
my $directory = PostgreSQL::Test::Utils::tempdir;

sub psql_file
{
	my ($database, $file) = @_;

	my ($out, $err) = run_command(
		[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', $file ]);
	die $err if $err =~ /ERROR/;
}

# What differs in a database from the rows of another.
sub differences
{
	my ($database, $before) = @_;

	open my $file, '>', "$directory/rows" or die $!;
	print $file $before;
	close $file;
	return $node->safe_psql($database, qq{
		CREATE TEMPORARY TABLE before (rows jsonb);
		\\copy before FROM '$directory/rows' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')
		SELECT c.* FROM before, mig.migrate_snapshot_compare(rows) c;});
}

# Each column behind one that is dropped again: other numbers, with the same
# names and order.
sub renumber
{
	my ($database) = @_;

	$node->safe_psql($database, q{
		DO $$
		DECLARE
			r record;
			i integer;
		BEGIN
			FOR r IN SELECT c.oid::regclass AS relation FROM pg_class c
				WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
			LOOP
				FOR i IN 1 .. 3 LOOP
					EXECUTE format('ALTER TABLE %s ADD COLUMN renumbered integer', r.relation);
					EXECUTE format('ALTER TABLE %s DROP COLUMN renumbered', r.relation);
				END LOOP;
			END LOOP;
		END $$});
}

for my $name ('crates.io', 'minder', 'trigger.dev')
{
	my $golden = "$corpora/golden/$name.sql";
	(my $database = $name) =~ s/\W.*//;

	next unless -e $golden;
	new_database($database);
	psql_file($database, $golden);
	my $before = $node->safe_psql($database, $rows);
	cmp_ok(length $before, '>', 50000, "$name: there is something");
	renumber($database);
	is($node->safe_psql($database, $rows), $before, "$name: columns with gaps between them");

	run_command([ 'pg_dump', '-d', $node->connstr($database), '-f', "$directory/$name" ]);
	$node->safe_psql('postgres', "CREATE DATABASE ${database}_2");
	psql_file("${database}_2", "$directory/$name");
	is($node->safe_psql("${database}_2", $rows), $before, "$name: dumped and restored, all is equal");
	is(differences("${database}_2", $before), '', '... and nothing differs');
	$node->safe_psql('postgres', "CREATE DATABASE ${database}_3 ENCODING 'LATIN1' TEMPLATE template0");
	if ($before !~ /[^\x00-\x7f]/)
	{
		psql_file("${database}_3", "$directory/$name");
		is(differences("${database}_3", $before), '', "$name: in another encoding too");
	}
}

# A schema with what those do not have, by the same way.
new_database('zoo');
$node->safe_psql('zoo', q{
	CREATE SCHEMA z;
	SET search_path = z;
	CREATE TABLE parent (a integer, b text DEFAULT 'x', c varchar(3) CHECK (c NOT IN ('q', 'r')));
	CREATE TABLE child (own integer, b text DEFAULT 'y', PRIMARY KEY (own)) INHERITS (parent);
	CREATE TABLE adopted (z integer, b text, a integer, c varchar(3), CONSTRAINT parent_c_check CHECK (c NOT IN ('q', 'r')));
	ALTER TABLE adopted INHERIT parent;
	CREATE TABLE list (k integer, t timestamptz, v numeric(5, 2)) PARTITION BY RANGE (t);
	CREATE TABLE list1 PARTITION OF list FOR VALUES FROM ('2020-01-01 12:00+02') TO ('2021-01-01') PARTITION BY HASH (k);
	CREATE TABLE list1a PARTITION OF list1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE list2 (v numeric(5, 2), gone integer, t timestamptz, k integer);
	ALTER TABLE list2 DROP COLUMN gone;
	ALTER TABLE list ATTACH PARTITION list2 DEFAULT;
	CREATE INDEX list_k ON list (k) INCLUDE (v);
	CREATE UNIQUE INDEX list_u ON list (k, t);
	CREATE TABLE refers (k integer DEFAULT 1 CHECK (k > 0), t timestamptz, FOREIGN KEY (k, t) REFERENCES list (k, t));
	CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
	CREATE TRIGGER tr BEFORE INSERT ON list FOR EACH ROW WHEN (NEW.k = ANY (ARRAY[1, 2])) EXECUTE FUNCTION tf();
	ALTER TABLE list2 DISABLE TRIGGER tr;
	CREATE VIEW v AS SELECT p.a, p.b, x.k FROM parent p LEFT JOIN LATERAL (SELECT k FROM list WHERE k = p.a LIMIT 1) x ON true
		WHERE p.c IN ('s', 't') AND p.b LIKE ANY (ARRAY['x%'::varchar, 'y%']);
	ALTER VIEW v RENAME COLUMN k TO key;
	CREATE VIEW v2 AS SELECT a AS n FROM parent UNION ALL SELECT k FROM list;
	ALTER VIEW v2 RENAME COLUMN n TO m;
	CREATE MATERIALIZED VIEW mv AS SELECT interval '1 mon 2 days' AS i, '2020-01-01'::date AS d, 1.5::float8 AS f, '\x00'::bytea AS y;
	CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO parent VALUES (NEW.a, NEW.b);
	CREATE TYPE mood AS ENUM ('sad', 'happy');
	ALTER TYPE mood ADD VALUE 'fine' BEFORE 'happy';
	CREATE TYPE pair AS (x integer, y text COLLATE "C");
	ALTER TYPE pair DROP ATTRIBUTE x;
	ALTER TYPE pair ADD ATTRIBUTE w mood;
	CREATE DOMAIN d AS varchar(5) CHECK (VALUE IN ('a', 'b')) DEFAULT 'a' NOT NULL;
	CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
	CREATE FUNCTION f(a integer, b d DEFAULT 'b', OUT o integer) LANGUAGE sql STABLE SET TimeZone = 'UTC' AS 'SELECT a';
	CREATE FUNCTION body(i integer) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM parent p WHERE p.a = i AND p.c IN ('u', 'v'); END;
	CREATE AGGREGATE agg(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
	CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, COMMUTATOR = ===, HASHES);
	CREATE OPERATOR CLASS oc FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
	CREATE INDEX oi ON parent (a oc DESC, lower(b)) WHERE c IN ('l', 'm');
	CREATE TEXT SEARCH CONFIGURATION tc (COPY = pg_catalog.english);
	CREATE COLLATION co FROM "C";
	CREATE STATISTICS st (ndistinct, mcv) ON a, (b || c) FROM parent;
	ALTER TABLE parent ENABLE ROW LEVEL SECURITY;
	CREATE ROLE reader;
	CREATE ROLE other;
	CREATE POLICY po ON parent FOR UPDATE TO reader USING (c IN ('x', 'y')) WITH CHECK (a IN (SELECT k FROM list));
	GRANT SELECT ON parent TO reader WITH GRANT OPTION;
	GRANT USAGE ON SCHEMA z TO reader;
	SET ROLE reader;
	GRANT SELECT ON z.parent TO other;
	RESET ROLE;
	SET search_path = z;
	GRANT UPDATE (a), SELECT (b) ON parent TO PUBLIC;
	REVOKE ALL ON list FROM CURRENT_USER;
	GRANT ALL ON list1 TO other;
	REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;
	ALTER TABLE child OWNER TO other;
	ALTER DEFAULT PRIVILEGES FOR ROLE other IN SCHEMA z GRANT ALL ON TABLES TO reader;
	ALTER DEFAULT PRIVILEGES FOR ROLE other REVOKE ALL ON FUNCTIONS FROM PUBLIC;
	ALTER DEFAULT PRIVILEGES FOR ROLE other REVOKE ALL ON TYPES FROM PUBLIC;
	COMMENT ON COLUMN v.key IS 'it''s a key';
	COMMENT ON CONSTRAINT parent_c_check ON parent IS 'checked';
	CREATE FOREIGN DATA WRAPPER w;
	CREATE SERVER sv TYPE 't' VERSION '1' FOREIGN DATA WRAPPER w OPTIONS (b '2', a '1');
	CREATE USER MAPPING FOR reader SERVER sv OPTIONS (password 'x');
	CREATE FOREIGN TABLE ft (a integer OPTIONS (q 'r'), b text NOT NULL DEFAULT 'd') SERVER sv OPTIONS (t 'u');
	CREATE PUBLICATION pu FOR TABLES IN SCHEMA public;
});
my $zoo = $node->safe_psql('zoo', $rows);
run_command([ 'pg_dump', '-d', $node->connstr('zoo'), '-f', "$directory/zoo" ]);
$node->safe_psql('postgres', 'CREATE DATABASE zoo_2');
psql_file('zoo_2', "$directory/zoo");
is(differences('zoo_2', $zoo), '', 'one of everything, dumped and restored: nothing differs');
is($node->safe_psql('zoo_2', $rows), $zoo, '... not in a byte');

# No-ops that want no transaction.
$node->safe_psql('zoo', $_)
  for 'VACUUM FULL', 'REINDEX DATABASE zoo', 'VACUUM ANALYZE', 'REINDEX INDEX CONCURRENTLY z.oi',
  'REFRESH MATERIALIZED VIEW z.mv', 'CHECKPOINT';
is($node->safe_psql('zoo', $rows), $zoo, 'VACUUM FULL, REINDEX and the like change nothing');

# The stamp: who wrote the rows of the catalogs outlives all that is done to them.
my $stamp = $node->safe_psql('zoo', 'SELECT mig.migrate_snapshot_stamp()');
like($stamp, qr/^-?\d+$/, 'there is a stamp');
$node->safe_psql('zoo', $_) for 'VACUUM FREEZE', 'ANALYZE';
$node->safe_psql('zoo', "SELECT lo_create(0); CREATE TABLE public.gone (a integer); DROP TABLE public.gone");
is($node->safe_psql('zoo', 'SELECT mig.migrate_snapshot_stamp()'), $stamp, 'frozen rows have the same stamp');
$node->restart;
is($node->safe_psql('zoo', 'SELECT mig.migrate_snapshot_stamp()'), $stamp, '... after a restart too');
$node->stop('immediate');
$node->start;
is($node->safe_psql('zoo', 'SELECT mig.migrate_snapshot_stamp()'), $stamp, '... and after a crash');
$node->safe_psql('zoo', q{
	BEGIN;
	DO $$ BEGIN CREATE TABLE public.never (a integer); RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN END $$;
	CREATE TABLE public.never (a integer);
	ROLLBACK});
is($node->safe_psql('zoo', 'SELECT mig.migrate_snapshot_stamp()'), $stamp, '... and after what was rolled back');
my $other = $node->background_psql('zoo');
$other->query_safe('BEGIN; COMMENT ON TABLE z.parent IS $$new$$');
is($node->safe_psql('zoo', 'SELECT mig.migrate_snapshot_stamp()'), $stamp, '... and before another commits');
$other->query_safe('COMMIT');
$other->quit;
isnt($node->safe_psql('zoo', 'SELECT mig.migrate_snapshot_stamp()'), $stamp, '... but not afterwards');
$node->safe_psql('zoo', 'COMMENT ON TABLE z.parent IS NULL');
is($node->safe_psql('zoo', 'SELECT mig.migrate_snapshot_stamp()'), $stamp, 'a row that came and went is no change');
# that notes new files in pg_class, but rewrites rows with those who wrote them
my $writers = 'SELECT sum(hashint8(xmin::text::bigint)::bigint), count(*) FROM ';
my %written = map { $_ => $node->safe_psql('zoo', "$writers $_") } qw(pg_attribute pg_proc pg_rewrite pg_description);
$node->safe_psql('zoo', "VACUUM (FULL, FREEZE) $_") for keys %written, 'pg_class';
is($node->safe_psql('zoo', "$writers $_"), $written{$_}, "VACUUM FULL keeps who wrote $_") for sort keys %written;
my $written = $node->safe_psql('zoo', 'SELECT mig.migrate_snapshot_stamp()');
$node->safe_psql('zoo', 'VACUUM FREEZE');
is($node->safe_psql('zoo', 'SELECT mig.migrate_snapshot_stamp()'), $written, 'frozen again it is the same stamp');
is($node->safe_psql('zoo', $rows), $zoo, 'and the same snapshot');

# Locks: none is left, and what is locked by another is not waited for, but for
# what the server locks to write down a view, a rule and expressions.
is($node->safe_psql('zoo', q{
		BEGIN;
		SELECT count(*) > 150 FROM mig.migrate_snapshot();
		SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation >= 16384
			AND relation NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
			AND relation::regclass::text LIKE 'z.%';
		SELECT pg_current_xact_id_if_assigned() IS NULL;
		COMMIT}), "t\n0\nt", 'no lock is left, and no transaction number used');

# One who holds everything off is waited for where an expression or a query has
# to be written down, and not for ever.
my $holder = $node->background_psql('zoo');
$holder->query_safe('BEGIN; LOCK TABLE z.parent IN ACCESS EXCLUSIVE MODE');
my ($code, $out, $err) = $node->psql('zoo', "SET lock_timeout = '200ms'; SELECT count(*) FROM mig.migrate_snapshot()",
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  55P03: canceling statement due to lock timeout/, 'lock_timeout ends the wait for a lock');
$holder->query_safe('ROLLBACK; BEGIN; CREATE TABLE public.mine (a integer DEFAULT 1, b text PRIMARY KEY); LOCK TABLE z.refers');
is($node->safe_psql('zoo', "SET lock_timeout = '200ms'; $rows"), $zoo, 'what is not committed is not seen, and defaults and checks do not wait');
$holder->query_safe('ROLLBACK');
$holder->quit;

# More views than locks fit into the server's memory.
$node->safe_psql('zoo', q{
	DO $$ BEGIN
		FOR i IN 1 .. 300 LOOP
			EXECUTE format('CREATE TABLE public.t%s (a integer); CREATE VIEW public.v%s AS SELECT a FROM public.t%s', i, i, i);
		END LOOP;
	END $$});
$node->append_conf('postgresql.conf', "max_locks_per_transaction = 10\nmax_connections = 10\nautovacuum_max_workers = 1\nmax_worker_processes = 1\nmax_wal_senders = 0\n");
$node->restart;
is($node->safe_psql('zoo', q{SELECT count(*) FROM mig.migrate_snapshot() WHERE kind = 'view' AND component = 'text' AND identity LIKE 'public.v%'}),
	'300', 'hundreds of views, and few locks to be had');

# While others create and drop things a snapshot fails never, and in the end
# is what it was.
my $calm = $node->safe_psql('zoo', $rows);
my $script = "$directory/busy";
open my $file, '>', $script or die $!;
print $file map { qq{
	CREATE TABLE public.busy (a integer DEFAULT 1, CHECK (a > 0)); CREATE VIEW public.busy_v AS SELECT a FROM public.busy;
	CREATE FUNCTION public.busy_f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE INDEX ON public.busy ((a + 1));
	DROP FUNCTION public.busy_f(); ALTER TABLE public.busy RENAME a TO b; DROP VIEW public.busy_v; DROP TABLE public.busy;\n} } 1 .. 150;
close $file;
my $busy = IPC::Run::start([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('zoo'), '-f', $script ]);
my $failed = '';
my $taken = 0;
do
{
	my ($code, $out, $err) = $node->psql('zoo', 'SELECT count(*) FROM mig.migrate_snapshot()');
	$failed .= $err if $code != 0;
	$taken++;
} while ($busy->pumpable && $taken < 15);
ok($busy->finish, 'others change the schema');
is($failed, '', "... while $taken snapshots are taken");
is($node->safe_psql('zoo', $rows), $calm, '... and afterwards it is as before');

# Everything in one transaction, and by an isolation level that sees no changes
# of others: its own are seen all the same.
is($node->safe_psql('zoo', q{
		BEGIN ISOLATION LEVEL REPEATABLE READ;
		CREATE TABLE public.own (a integer);
		SELECT count(*) FROM mig.migrate_snapshot() WHERE identity LIKE 'public.own%';
		ROLLBACK}), '4', 'a transaction sees its own changes');

$node->stop;
done_testing();
