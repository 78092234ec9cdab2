# A function that tells whether anything in a database is other than before.

package Digests;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw($DIGEST);

# Digests of the catalogs, of what all tables hold, and of what statements may
# not leave: all but what the server itself does not roll back.
# - Of pg_class: sizes, which are statistics, and relhasindex, a hint that
#   CREATE INDEX sets where others see it at once and only VACUUM takes back.
# - Of pg_database: the age of transaction ids.
our $DIGEST = <<'SQL';
CREATE FUNCTION digest() RETURNS text LANGUAGE plpgsql
	SET search_path = pg_catalog AS $$
DECLARE
	rel record;
	digest text;
	result text := '';
BEGIN
	FOR rel IN
		SELECT c.oid, c.oid::regclass AS name, n.nspname
		  FROM pg_class c
		  JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE c.relkind IN ('r', 'm')
		   AND n.nspname NOT IN ('information_schema', 'pg_toast')
		   AND n.nspname !~ '^pg_temp'
		   AND c.relname NOT IN ('pg_statistic', 'pg_statistic_ext_data')
		 ORDER BY 2::text
	LOOP
		EXECUTE format('SELECT md5(string_agg(h, '''' ORDER BY h)) FROM '
					   '(SELECT md5((to_jsonb(whole_row) - %L::text[])::text) AS h FROM ONLY %s whole_row) y',
					   CASE rel.name::text
							WHEN 'pg_class' THEN '{relpages,reltuples,relallvisible,relallfrozen,relhasindex}'
							WHEN 'pg_database' THEN '{datfrozenxid,datminmxid}'
							ELSE '{}' END,
					   rel.name)
		   INTO digest;
		result := result || rel.name::text || ' ' || coalesce(digest, '-') || E'\n';
	END LOOP;
	RETURN result;
END
$$;
SQL

1;
