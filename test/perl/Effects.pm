# What statements really do to relations, beside what lint predicts of them
# and what a dry run reports: SQL functions that a test calls before and after
# statements, in a transaction that is then rolled back.

package Effects;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw($ORACLE);

# oracle.predict(text) remembers what is predicted and what a dry run says;
# then, in another session, whose caches are as empty as they were,
# oracle.before() looks at the relations, the counters and the locks that there
# are, and after the text oracle.after(queries) says what differs.  With
# queries, a scan that was not predicted is the planner's choice.
our $ORACLE = <<'SQL';
CREATE SCHEMA oracle;
CREATE FUNCTION oracle.modes() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	SELECT '{AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'::text[] $$;

CREATE FUNCTION oracle.strongest(modes text[]) RETURNS text LANGUAGE sql AS $$
	SELECT m FROM unnest(oracle.modes()) WITH ORDINALITY u(m, o)
	 WHERE m = ANY (modes) ORDER BY o DESC LIMIT 1 $$;

-- relations of users, what is held on them and the counters
CREATE FUNCTION oracle.look() RETURNS json LANGUAGE sql AS $$
	SELECT coalesce(json_agg(r), '[]') FROM (
		SELECT c.oid AS rel, quote_ident(nspname) || '.' || quote_ident(relname) AS name,
			   CASE WHEN nspname = ANY (current_schemas(false)) THEN quote_ident(relname) END AS short,
			   relkind AS kind, relfilenode AS file, pg_stat_get_xact_numscans(c.oid) AS seq,
			   pg_stat_get_xact_tuples_returned(c.oid) AS returned, pg_stat_get_xact_tuples_fetched(c.oid) AS fetched,
			   ARRAY(SELECT DISTINCT mode FROM pg_locks
					  WHERE relation = c.oid AND pid = pg_backend_pid() AND locktype = 'relation'
						AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS modes
		  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		 WHERE c.oid >= 16384 AND nspname NOT IN ('oracle', 'mig')) r $$;

CREATE FUNCTION oracle.locks() RETURNS json LANGUAGE sql AS $$
	SELECT coalesce(json_agg(r), '[]') FROM (SELECT relation AS rel, array_agg(DISTINCT mode) AS modes FROM pg_locks
		WHERE pid = pg_backend_pid() AND locktype = 'relation' GROUP BY 1) r $$;

CREATE UNLOGGED TABLE oracle.result (predicted json, dry json);
INSERT INTO oracle.result DEFAULT VALUES;
CREATE FUNCTION oracle.predict(statement text) RETURNS void LANGUAGE sql AS $$
	UPDATE oracle.result SET
		predicted = (SELECT coalesce(json_agg(e), '[]') FROM migrate_lint_effects(statement) e),
		dry = (SELECT coalesce(json_agg(e), '[]') FROM migrate_dry_run_sql(statement) e) $$;
CREATE FUNCTION oracle.before() RETURNS void LANGUAGE sql AS $$
	SELECT set_config('oracle.was', oracle.look()::text, true) $$;

CREATE FUNCTION oracle.after(queries boolean) RETURNS SETOF text LANGUAGE sql AS $$
	WITH was AS MATERIALIZED (
		SELECT * FROM json_to_recordset(current_setting('oracle.was')::json)
			AS r(rel oid, name text, short text, kind "char", file oid, seq bigint, returned bigint, fetched bigint, modes text[])),
	now_ AS MATERIALIZED (
		SELECT * FROM json_to_recordset(oracle.look())
			AS r(rel oid, name text, short text, kind "char", file oid, seq bigint, returned bigint, fetched bigint, modes text[])),
	held AS MATERIALIZED (SELECT * FROM json_to_recordset(oracle.locks()) AS r(rel oid, modes text[])),
	fact AS MATERIALIZED (
		SELECT w.rel, w.name, w.short, n.name AS new_name, n.short AS new_short, w.kind, n.rel IS NULL AS gone,
			   ARRAY(SELECT unnest(h.modes) EXCEPT SELECT unnest(w.modes)) AS modes,
			   coalesce(n.file, w.file) <> w.file AS refiled, n.seq - w.seq AS seq, n.returned - w.returned AS returned,
			   n.returned + n.fetched - w.returned - w.fetched > 0 AS scanned
		  FROM was w LEFT JOIN now_ n USING (rel) LEFT JOIN held h USING (rel)),
	said AS MATERIALIZED (
		SELECT relation, array_agg(lock) AS locks, bool_or(scans) AS scans, bool_or(rewrites) AS rewrites, bool_or(builds) AS builds,
			   bool_or(loses) AS loses, string_agg(reason, ',') AS reason
		  FROM json_to_recordset((SELECT predicted FROM oracle.result))
			AS p(relation text, existed boolean, lock text, scans boolean, rewrites boolean, builds boolean, loses boolean, reason text)
		 WHERE existed GROUP BY relation),
	prediction AS MATERIALIZED (
		SELECT f.rel, array_agg(s.relation) AS names, array_agg(l) AS locks, bool_or(scans) AS scans, bool_or(rewrites) AS rewrites, bool_or(builds) AS builds, bool_or(loses) AS loses
		  FROM fact f JOIN said s ON s.relation IN (f.name, f.short, f.new_name, f.new_short) LEFT JOIN LATERAL unnest(s.locks) l ON true GROUP BY f.rel),
	lint AS (
		SELECT f.*, oracle.strongest(p.locks) AS lock, coalesce(p.scans, false) AS p_scans, coalesce(p.rewrites, false) AS p_rewrites,
			   coalesce(p.builds, false) AS p_builds, coalesce(p.loses, false) AS p_loses
		  FROM fact f LEFT JOIN prediction p USING (rel)),
	dry AS MATERIALIZED (
		SELECT * FROM json_to_recordset((SELECT dry FROM oracle.result))
			AS d(statement int, command text, status text, message text, reason text, locks json, rewrites json, indexes json, scans json)),
	dry_locks AS MATERIALIZED (
		SELECT relation, array_agg(DISTINCT mode) AS modes FROM dry, json_to_recordset(locks) AS l(relation text, mode text, existed boolean) WHERE existed GROUP BY relation),
	dry_rewrites AS MATERIALIZED (
		SELECT DISTINCT relation FROM dry, json_to_recordset(rewrites) AS l(relation text, kind text, existed boolean) WHERE existed),
	dry_scans AS MATERIALIZED (
		SELECT relation, sum(sequential) AS seq, sum(tuples) AS tuples FROM dry, json_to_recordset(scans) AS l(relation text, existed boolean, sequential bigint, tuples bigint) WHERE existed GROUP BY 1),
	dry_indexes AS MATERIALIZED (
		SELECT DISTINCT index FROM dry, json_to_recordset(indexes) AS l(index text, action text, existed boolean) WHERE existed AND action = 'rebuilt')
	SELECT format('lint lock of %s: %s, predicted %s', name, coalesce(oracle.strongest(modes), 'none'), coalesce(lock, 'none'))
	  FROM lint WHERE oracle.strongest(modes) IS DISTINCT FROM lock
	UNION ALL
	SELECT format('lint scan of %s: %s, predicted %s', name, scanned, p_scans)
	  FROM lint WHERE kind IN ('r', 'm') AND NOT gone AND (scanned AND NOT p_scans AND NOT queries OR p_scans AND NOT scanned)
	UNION ALL
	SELECT format('lint rewrite of %s: %s, predicted %s', name, refiled, p_rewrites)
	  FROM lint WHERE kind IN ('r', 'm') AND NOT gone AND refiled <> (p_rewrites OR p_loses)
	UNION ALL
	SELECT format('lint build of %s: %s, predicted %s', name, refiled, p_builds)
	  FROM lint WHERE kind = 'i' AND name NOT LIKE '%pg_toast%' AND refiled AND NOT p_builds AND (SELECT NOT coalesce(bool_or(p_loses), false) FROM lint)
	UNION ALL
	SELECT format('lint build of %s: %s, predicted %s', name, refiled, p_builds)
	  FROM lint WHERE kind = 'i' AND p_builds AND NOT refiled AND NOT gone
	UNION ALL
	SELECT 'lint of unknown relation: ' || relation || coalesce(' ' || oracle.strongest(locks), '') || coalesce(' ' || reason, '') FROM said
	 WHERE NOT EXISTS (SELECT FROM fact f WHERE relation IN (f.name, f.short, f.new_name, f.new_short))
	UNION ALL
	SELECT format('dry %s: %s %s', statement, status, coalesce(message, reason)) FROM dry WHERE status <> 'done'
	UNION ALL
	SELECT format('dry lock of %s: %s, reported %s', f.name, (SELECT array_agg(m ORDER BY m) FROM unnest(f.modes) m), (SELECT array_agg(m ORDER BY m) FROM unnest(d.modes) m))
	  FROM fact f LEFT JOIN LATERAL (SELECT array_agg(m) AS modes FROM dry_locks, unnest(modes) m WHERE relation IN (f.name, f.new_name)) d ON true
	 WHERE NOT (f.modes @> coalesce(d.modes, '{}') AND f.modes <@ coalesce(d.modes, '{}'))
	UNION ALL
	SELECT format('dry rewrite of %s: %s, reported %s', f.name, f.refiled, d.relation IS NOT NULL)
	  FROM fact f LEFT JOIN dry_rewrites d ON d.relation IN (f.name, f.new_name)
	 WHERE kind IN ('r', 'm') AND NOT gone AND f.refiled <> (d.relation IS NOT NULL)
	UNION ALL
	SELECT format('dry rebuild of %s: %s, reported %s', f.name, f.refiled, d.index IS NOT NULL)
	  FROM fact f LEFT JOIN dry_indexes d ON d.index IN (f.name, f.new_name)
	 WHERE kind IN ('i') AND NOT gone AND f.refiled <> (d.index IS NOT NULL) AND f.name NOT LIKE 'pg_toast%'
	UNION ALL
	SELECT format('dry scan of %s: %s %s, reported %s %s', f.name, f.seq, f.returned, d.seq, d.tuples)
	  FROM fact f LEFT JOIN dry_scans d ON d.relation IN (f.name, f.new_name)
	 WHERE kind IN ('r', 'm') AND NOT gone AND (f.seq <> coalesce(d.seq, 0) OR f.returned <> coalesce(d.tuples, 0))
$$;
SQL

1;
