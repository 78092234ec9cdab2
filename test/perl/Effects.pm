# What a statement really does to relations, beside what is predicted of it:
# SQL functions that a test calls before and after the statement, in one
# transaction that is then rolled back.

package Effects;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw($ORACLE);

# oracle.before(sql) remembers the relations, the counters and the locks that
# there are, and what is predicted; oracle.after(queries) says what differs.
# With queries, a scan that was not predicted is the planner's choice.
our $ORACLE = <<'SQL';
CREATE SCHEMA oracle;

CREATE FUNCTION oracle.modes() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	SELECT '{AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'::text[] $$;

-- the strongest lock that is held on each relation of users
CREATE FUNCTION oracle.held(OUT rel oid, OUT modes text[]) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT relation, array_agg(DISTINCT mode) FROM pg_locks
	 WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation >= 16384
	   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
	 GROUP BY relation $$;

CREATE FUNCTION oracle.relations(OUT rel oid, OUT name text, OUT kind "char", OUT file oid,
								 OUT tuples bigint) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT c.oid, CASE WHEN n.nspname = ANY (current_schemas(false)) THEN quote_ident(relname)
				  ELSE quote_ident(n.nspname) || '.' || quote_ident(relname) END,
		   relkind, relfilenode, pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid)
	  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
	 WHERE c.oid >= 16384 AND nspname NOT IN ('oracle', 'mig') $$;

-- for a statement and for what only runs beside others
CREATE FUNCTION oracle.before(statement text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('oracle.predicted', (SELECT coalesce(json_agg(e), '[]')::text
		  FROM migrate_lint_effects(statement) e), true);
	PERFORM set_config('oracle.relations', (SELECT coalesce(json_agg(r), '[]')::text FROM oracle.relations() r), true);
	PERFORM set_config('oracle.held', (SELECT coalesce(json_agg(h), '[]')::text FROM oracle.held() h), true);
END $$;

CREATE FUNCTION oracle.strongest(modes text[]) RETURNS text LANGUAGE sql AS $$
	SELECT m FROM unnest(oracle.modes()) WITH ORDINALITY u(m, o)
	 WHERE m = ANY (modes) ORDER BY o DESC LIMIT 1 $$;

CREATE FUNCTION oracle.after(queries boolean, dropped boolean DEFAULT false) RETURNS SETOF text LANGUAGE sql AS $$
	WITH was AS (
		SELECT * FROM json_to_recordset(current_setting('oracle.relations')::json)
			AS r(rel oid, name text, kind "char", file oid, tuples bigint)),
	held_before AS (
		SELECT * FROM json_to_recordset(current_setting('oracle.held')::json) AS h(rel oid, modes text[])),
	held AS (
		SELECT h.rel, oracle.strongest(ARRAY(SELECT unnest(h.modes) EXCEPT SELECT unnest(b.modes))) AS mode
		  FROM oracle.held() h LEFT JOIN held_before b USING (rel)),
	predicted AS (
		SELECT * FROM json_to_recordset(current_setting('oracle.predicted')::json)
			AS p(relation text, existed boolean, lock text, scans boolean, rewrites boolean, builds boolean, loses boolean)
		 WHERE existed),
	facts AS (
		SELECT coalesce(was.name, p.relation) AS name, was.kind, held.mode, p.lock,
			   coalesce(p.scans, false) AS p_scans, coalesce(p.rewrites, false) AS p_rewrites,
			   coalesce(p.builds, false) AS p_builds, coalesce(p.loses, false) AS p_loses,
			   now_.rel IS NULL AS gone,
			   coalesce(now_.file, was.file) IS DISTINCT FROM was.file AS refiled,
			   coalesce(now_.tuples - was.tuples, 0) > 0 AS scanned, p.relation IS NOT NULL AS said
		  FROM was FULL JOIN predicted p ON p.relation = was.name
		  LEFT JOIN held ON held.rel = was.rel
		  LEFT JOIN oracle.relations() now_ ON now_.rel = was.rel)
	SELECT format('lock of %s: %s, predicted %s', name, coalesce(mode, 'none'), coalesce(lock, 'none'))
	  FROM facts WHERE mode IS DISTINCT FROM lock
	UNION ALL
	SELECT format('scan of %s: %s, predicted %s', name, scanned, p_scans)
	  FROM facts WHERE kind IN ('r', 'm') AND NOT gone AND (scanned AND NOT p_scans AND NOT queries OR p_scans AND NOT scanned)
	UNION ALL
	SELECT format('rewrite of %s: %s, predicted %s', name, refiled, p_rewrites)
	  FROM facts WHERE kind IN ('r', 'm') AND NOT gone AND refiled <> (p_rewrites OR p_loses)
	UNION ALL
	SELECT format('index build of %s: %s, predicted %s', name, refiled, p_builds)
	  FROM facts WHERE kind = 'i' AND name NOT LIKE '%pg_toast%' AND refiled AND NOT p_builds AND (SELECT NOT coalesce(bool_or(p_loses), false) FROM facts)
	UNION ALL
	SELECT format('index build of %s: %s, predicted %s', name, refiled, p_builds)
	  FROM facts WHERE kind = 'i' AND p_builds AND NOT refiled AND NOT gone
$$;
SQL

1;
