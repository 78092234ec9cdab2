# Whether the down scripts of two real histories undo their up scripts: each
# migration is tried before it is applied, where tables have rows; and then,
# with all applied to empty tables, on the way down.  Each verdict that is not
# "reversible" is in test/histories/reversible.txt with the reason why it is
# right.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Histories;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

have_histories('reversible');

# What is expected: by history and version the verdict and the findings.
my %expected;
{
	my $current;

	for (split /\n/, slurp_file("$FindBin::RealBin/../histories/reversible.txt"))
	{
		if (/^(minder|crates\.io) (\d+) (\w+): (.+)/)
		{
			$current = $expected{$1}{$2} = [$3];
		}
		elsif (/^    (\S.*)/)
		{
			push @$current, $1;
		}
	}
}

# A row in each table that has none, as far as that can be; and a trial, of
# empty tables if such a row is in the way of the migration.
my $tools = q{
	CREATE TABLE mig.found (up boolean, version text, name text, verdict text, problem text, kind text, identity text,
		component text, change text, expected text, actual text, lost bigint, script text, statement int, line int, sqlstate text);
	CREATE TABLE mig.failed (version text, message text);
	CREATE FUNCTION mig.tables(OUT name regclass, OUT id oid) RETURNS SETOF record LANGUAGE sql AS $$
		SELECT c.oid, c.oid FROM pg_class c
		 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
		   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
		 ORDER BY c.oid $$;
	CREATE FUNCTION mig.fill() RETURNS void LANGUAGE plpgsql SET search_path = public AS $f$
	DECLARE
		t record;
		again boolean := true;
		filled boolean;
		names text;
		vals text;
	BEGIN
		WHILE again LOOP
			again := false;
			FOR t IN SELECT * FROM mig.tables() LOOP
				EXECUTE format('SELECT EXISTS (SELECT FROM %s)', t.name) INTO filled;
				CONTINUE WHEN filled;
				SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum), string_agg(coalesce(
					   (SELECT format('(SELECT %I FROM %s LIMIT 1)', k.attname, confrelid::regclass)
						  FROM pg_constraint c JOIN pg_attribute k ON k.attrelid = confrelid AND k.attnum = confkey[1]
						 WHERE conrelid = t.id AND contype = 'f' AND conkey = ARRAY[a.attnum] LIMIT 1),
					   (SELECT quote_literal(enumlabel) FROM pg_enum WHERE enumtypid = y.oid ORDER BY enumsortorder LIMIT 1),
					   CASE WHEN typcategory = 'A' THEN '''{}'''
							WHEN typcategory IN ('S', 'N') THEN '''1'''
							WHEN typname = 'bool' THEN 'true'
							WHEN typname = 'uuid' THEN '''00000000-0000-0000-0000-000000000001'''
							WHEN typname IN ('timestamp', 'timestamptz', 'date') THEN '''2020-02-02'''
							WHEN typname IN ('json', 'jsonb') THEN '''{}'''
							WHEN typname = 'bytea' THEN '''\x01'''
							WHEN typname = 'ltree' THEN '''a.b'''
							ELSE 'NULL' END), ', ' ORDER BY attnum)
				  INTO names, vals
				  FROM pg_attribute a JOIN pg_type y ON y.oid = atttypid
				 WHERE attrelid = t.id AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = '' AND typname <> 'tsvector';
				CONTINUE WHEN names IS NULL;
				BEGIN
					EXECUTE format('INSERT INTO %s (%s) VALUES (%s)', t.name, names, vals);
					again := true;
				EXCEPTION WHEN OTHERS THEN NULL;
				END;
			END LOOP;
		END LOOP;
	END $f$;
	CREATE FUNCTION mig.try(which text) RETURNS void LANGUAGE plpgsql SET search_path = public AS $f$
	BEGIN
		PERFORM mig.fill();
		INSERT INTO mig.found SELECT true, r.* FROM mig.migrate_reversible(which) r;
		IF EXISTS (SELECT FROM mig.found WHERE version = which AND verdict = 'untested') THEN
			DELETE FROM mig.found WHERE version = which;
			EXECUTE (SELECT 'TRUNCATE ' || string_agg(name::text, ', ') || ' CASCADE' FROM mig.tables());
			INSERT INTO mig.found SELECT true, r.* FROM mig.migrate_reversible(which) r;
		END IF;
	END $f$;
};

# A migration's findings, without the order of columns.
my $findings = q{
	SELECT version, verdict,
		   concat_ws(' ', script || ':', problem, kind, identity, component, lost || ' lost', 'statement ' || statement, 'line ' || line)
	  FROM mig.found WHERE up AND (verdict <> 'reversible' OR problem NOT LIKE 'the order of columns%')
	 ORDER BY 1, 3};

# A NOT NULL has a name from 18 on, here after a table's former one.
push @{ $expected{'crates.io'}{'20240412144536'} }, 'down: is missing column public.crates.downloads text'
  if $major >= 18;
$expected{'crates.io'}{'20240412144536'}[0] = 'irreversible' if $major >= 18;
$_ = [ $_->[0], sort @$_[ 1 .. $#$_ ] ] for values %{ $expected{'crates.io'} };

# An index is built with a search_path of the server's own from 17 on, where a
# function fails that has lost its setting of it, and so two more downs do.
for my $history ([ 'minder', 117, 13 ], [ 'crates.io', 285, $major >= 17 ? 10 : 8 ])
{
	my ($name, $count, $broken) = @$history;
	my $database = $name =~ tr/./_/r;
	my $start = time;
	my %found;
	my ($code, $out, $err);

	new_database($database);
	load($database, "$corpora/$name");
	my @versions = split /\n/, $node->safe_psql($database, 'SELECT version FROM mig.migrate_plan()');
	is(scalar @versions, $count, "$name: $count migrations");
	$node->safe_psql($database, $tools);
	$node->safe_psql($database,
		join '', "SET client_min_messages = error;\n",
		map { "SELECT mig.try('$_');\nCALL mig.migrate_deploy('$_');\n" } @versions);
	note(sprintf('%s: up in %.1f s', $name, time - $start));
	is($node->safe_psql($database, 'SELECT count(DISTINCT version) FROM mig.found'), $count, '... each of which was tried');
	is($node->safe_psql($database, q{SELECT version FROM mig.found WHERE verdict = 'untested'}), '', '... none in vain');
	for (split /\n/, $node->safe_psql($database, $findings))
	{
		my ($version, $verdict, $finding) = split /\|/, $_, 3;

		$found{$version} //= [$verdict];
		push @{ $found{$version} }, $finding unless $finding =~ /^down: the order of columns/;
	}
	is_deeply([ sort keys %found ], [ sort keys %{ $expected{$name} } ], "$name: those whose verdict is explained have one");
	is_deeply($found{$_}, $expected{$name}{$_}, "$name: $_ is as explained") for sort keys %{ $expected{$name} };
	is( $node->safe_psql($database, q{SELECT count(*) FROM (SELECT version FROM mig.found GROUP BY version HAVING bool_and(problem IS NULL OR problem LIKE 'the order%')) f}),
		$count - keys %found, '... and of all others it is sound');

	# all are applied: on the way down, what fails is what was foretold
	$start = time;
	$database .= '_down';
	new_database($database);
	load($database, "$corpora/$name");
	$node->safe_psql($database, $tools);
	$node->safe_psql($database, 'CALL mig.migrate_deploy()');
	my $script = join '', "SET client_min_messages = error;\n", map { qq{
		INSERT INTO mig.found SELECT false, r.* FROM mig.migrate_reversible('$_') r;
		CALL mig.migrate_undo();
		\\if :ERROR
		INSERT INTO mig.failed VALUES ('$_', :'LAST_ERROR_MESSAGE');
		SELECT mig.migrate_unmark('$_', 'it cannot be undone');
		\\endif
	} } reverse split /\n/, $node->safe_psql($database, 'SELECT version FROM mig.migrate_status');
	$node->psql($database, $script, on_error_stop => 0);
	note(sprintf('%s: down in %.1f s', $name, time - $start));
	is($node->safe_psql($database, 'SELECT count(DISTINCT version), mig.migrate_current() IS NULL FROM mig.found'), "$count|t", "$name: tried on the way down");
	is( $node->safe_psql($database, q{
			SELECT coalesce(s.version, f.version), s.problem, f.message
			  FROM (SELECT * FROM mig.found WHERE script = 'down' AND problem LIKE 'down fails%' OR problem = 'it has no down script') s
			  FULL JOIN mig.failed f ON f.version = s.version
			 WHERE s.version IS NULL OR f.version IS NULL
				OR (problem <> 'it has no down script' AND problem <> 'down fails: ' || message)}),
		'', '... and each that fails then was said to, with that message');
	note("$name, broken downs: ", $node->safe_psql($database, q{SELECT string_agg(version || ': ' || message, E'\n' ORDER BY version) FROM mig.failed}));
	is( $node->safe_psql($database, q{
			SELECT count(*) FILTER (WHERE message NOT LIKE 'the script ends inside%' AND message NOT LIKE 'cannot roll back without%') FROM mig.failed}),
		$broken, "... which are the $broken that are broken upstream");
}

done_testing();
