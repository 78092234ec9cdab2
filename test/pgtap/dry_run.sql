-- What the dry run reports of a statement: a table of texts, each with an
-- answer that it must give and, beside it, one where it must not.
-- Not in one transaction: what it holds is not taken again by a dry run.
SET client_min_messages = warning;
SELECT no_plan();

CREATE SCHEMA dry;
SET search_path = dry, public;
SET lock_timeout = '4s';
SET TimeZone = 'UTC';
CREATE TABLE big (id int PRIMARY KEY, v text, n int);
INSERT INTO big SELECT g, 'v' || g, g FROM generate_series(1, 1000) g;
CREATE INDEX big_n ON big (n);
CREATE TABLE child (id int PRIMARY KEY, big int REFERENCES big);
INSERT INTO child SELECT g, g FROM generate_series(1, 100) g;
CREATE TABLE wide (t text);
INSERT INTO wide SELECT string_agg(md5(i::text || g), '') FROM generate_series(1, 200) i, generate_series(1, 50) g GROUP BY g;
CREATE TABLE p (k int) PARTITION BY RANGE (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE pdef PARTITION OF p DEFAULT;
INSERT INTO p SELECT g FROM generate_series(0, 29) g;
CREATE TABLE ready (k int);
INSERT INTO ready VALUES (50);
CREATE DOMAIN positive AS int;
CREATE TABLE counted (n positive);
INSERT INTO counted SELECT generate_series(1, 20);
CREATE SEQUENCE sq;
CREATE TABLE made_by_default (id int GENERATED ALWAYS AS IDENTITY, v int);
CREATE MATERIALIZED VIEW mv AS SELECT count(*) FROM big;
ANALYZE counted;
CREATE FUNCTION changing() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO child SELECT 1000 + NEW.id; RETURN NEW; END$$;
CREATE TRIGGER changing BEFORE UPDATE ON wide FOR EACH ROW WHEN (false) EXECUTE FUNCTION changing();

-- The last row of a text, at a depth; "old" are locks as "name mode", with a
-- + for a lock that is named and a ~ for one that is predicted.
CREATE FUNCTION last_row(sql text, depth text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT to_jsonb(d) FROM (SELECT * FROM migrate_dry_run_sql(sql, depth)) d ORDER BY d.statement DESC NULLS LAST LIMIT 1$$;
CREATE FUNCTION locks(r jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(replace(l->>'relation', 'dry.', '') || ' ' || replace(l->>'mode', 'Lock', '') ||
		CASE WHEN (l->>'named')::bool THEN '+' ELSE '' END || CASE WHEN (l->>'predicted')::bool THEN '~' ELSE '' END ||
		CASE WHEN (l->>'blocks_reads')::bool THEN ' R' ELSE '' END || CASE WHEN (l->>'blocks_writes')::bool THEN ' W' ELSE '' END, ', ' ORDER BY o), '')
	  FROM jsonb_array_elements(r->'locks') WITH ORDINALITY _(l, o) WHERE (l->>'existed')::bool AND l->>'relation' NOT LIKE 'pg_toast%'$$;
CREATE FUNCTION list(r jsonb, field text, VARIADIC keys text[]) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg((SELECT string_agg(replace(coalesce(e->>k, '-'), 'dry.', ''), ' ' ORDER BY n) FROM unnest(keys) WITH ORDINALITY _(k, n)), ', ' ORDER BY o), '')
	  FROM jsonb_array_elements(r->field) WITH ORDINALITY _(e, o)
	 WHERE coalesce(e->>'kind', '') <> 'TOAST table' AND coalesce(e->>'index', '') NOT LIKE 'pg_toast%'$$;
CREATE FUNCTION rewrites(r jsonb) RETURNS text LANGUAGE sql AS $$SELECT list(r, 'rewrites', 'relation', 'reason')$$;
CREATE FUNCTION indexes(r jsonb) RETURNS text LANGUAGE sql AS $$SELECT list(r, 'indexes', 'index', 'action')$$;
CREATE FUNCTION scans(r jsonb) RETURNS text LANGUAGE sql AS $$SELECT list(r, 'scans', 'relation', 'sequential', 'tuples', 'index', 'reason')$$;
CREATE FUNCTION changes(r jsonb) RETURNS text LANGUAGE sql AS $$SELECT list(r, 'rows', 'relation', 'inserted', 'updated', 'deleted')$$;
CREATE FUNCTION objects(r jsonb) RETURNS text LANGUAGE sql AS $$SELECT list(r, 'objects', 'action', 'type', 'identity')$$;
CREATE FUNCTION leaks(r jsonb) RETURNS text LANGUAGE sql AS $$SELECT list(r, 'leaks', 'kind', 'object')$$;
CREATE FUNCTION status(r jsonb) RETURNS text LANGUAGE sql AS $$SELECT concat_ws(' ', r->>'status', r->>'sqlstate', CASE WHEN (r->>'artefact')::bool THEN 'artefact' END)$$;
CREATE FUNCTION setting(r jsonb) RETURNS text LANGUAGE sql AS $$SELECT concat_ws('; ', r #>> '{settings,lock_timeout}', r #>> '{settings,statement_timeout}', r #>> '{settings,TimeZone}', r #>> '{settings,search_path}')$$;
-- is a number there, and more than nothing
CREATE FUNCTION more(r jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', 'wal ' || ((r->>'wal_bytes')::bigint > 0), 'records ' || ((r->>'wal_records')::bigint > 0), 'temporary ' || ((r->>'temporary_bytes')::bigint > 0),
		'buffers ' || ((r->>'buffers_hit')::bigint + (r->>'buffers_read')::bigint > 0), 'ms ' || ((r->>'ms')::float8 > 0))$$;

CREATE TABLE cases (n serial, field text, sql text, wanted text, depth text DEFAULT 'execute');
INSERT INTO cases (field, sql, wanted) VALUES
-- locks: mode, named or hidden, what they block, names of what is dropped
('locks', 'SELECT 1', ''),
('locks', 'SELECT v FROM big WHERE id = 1', 'big AccessShare+, big_n AccessShare, big_pkey AccessShare'),
('locks', 'UPDATE big SET v = v WHERE id = -1', 'big RowExclusive+, big_n RowExclusive, big_pkey RowExclusive'),
('locks', 'CREATE INDEX ON big (v)', 'big Share+ W'),
('locks', 'ALTER TABLE big ADD c int', 'big AccessExclusive+ R W'),
('locks', 'ALTER TABLE big SET (fillfactor = 90)', 'big ShareUpdateExclusive+'),
('locks', 'DROP TABLE child', 'big AccessExclusive R W, child AccessExclusive+ R W, child_pkey AccessExclusive R W'),
('locks', 'DROP INDEX big_n', 'big AccessExclusive R W, big_n AccessExclusive+ R W'),
('locks', 'ALTER TABLE big RENAME TO large', 'big AccessExclusive+ R W'),
('locks', 'ALTER TABLE big RENAME TO large; ALTER INDEX big_n RENAME TO large_n', 'big_n ShareUpdateExclusive+'),
('locks', 'CREATE TABLE fresh (a int)', ''),
('locks', 'CREATE TABLE fresh (a int REFERENCES big)', 'big AccessShare+, big ShareRowExclusive+ W, big_pkey AccessShare'),
('locks', 'DO $x$BEGIN EXECUTE ''ALTER TABLE b'' || ''ig ADD c int''; END$x$', 'big AccessExclusive R W'),
-- ... that an earlier transaction of a run would have given back
('locks', 'ALTER TABLE big ADD c int; ALTER TABLE big ADD d int', ''),
('locks', 'BEGIN; ALTER TABLE big ADD c int; COMMIT; ALTER TABLE big ADD d int', 'big AccessExclusive+~ R W'),
('locks', 'BEGIN; LOCK TABLE big; COMMIT; DROP TABLE child', 'big AccessExclusive~ R W, child AccessExclusive+ R W, child_pkey AccessExclusive R W'),
('locks', 'BEGIN; LOCK TABLE big; COMMIT; SELECT 1', ''),
('locks', 'SAVEPOINT a; LOCK TABLE big; ROLLBACK TO a; LOCK TABLE big', 'big AccessExclusive+ R W'),
-- ... and of what runs in another form, or not at all
('locks', 'CREATE INDEX CONCURRENTLY ON big (v)', 'big ShareUpdateExclusive+~'),
('locks', 'DROP INDEX CONCURRENTLY big_n', 'big ShareUpdateExclusive~, big_n ShareUpdateExclusive+~'),
('locks', 'REINDEX INDEX CONCURRENTLY big_n', 'big ShareUpdateExclusive~, big_n ShareUpdateExclusive+~'),
('locks', 'ALTER TABLE p DETACH PARTITION p1', 'p AccessExclusive+ R W, p1 AccessExclusive+ R W, pdef AccessExclusive R W'),
('locks', 'VACUUM FULL child', 'child Share+~ W, child AccessExclusive+~ R W, child_pkey AccessExclusive~ R W'),
('locks', 'VACUUM child', 'child ShareUpdateExclusive+~, child_pkey RowExclusive~'),
-- rewrites, with the reason; none where nothing is rewritten
('rewrites', 'ALTER TABLE big ALTER n TYPE bigint', 'big column type'),
('rewrites', 'ALTER TABLE big ALTER v TYPE varchar', ''),
('rewrites', 'ALTER TABLE big ADD c float DEFAULT random()', 'big volatile default'),
('rewrites', 'ALTER TABLE big ADD c timestamptz DEFAULT now()', ''),
('rewrites', 'ALTER TABLE big ADD c int GENERATED ALWAYS AS (n + 1) STORED', 'big generated column'),
('rewrites', 'ALTER TABLE big ADD c serial', 'big identity or serial column'),
('rewrites', 'ALTER TABLE wide SET UNLOGGED', 'wide persistence'),
('rewrites', 'ALTER TABLE counted SET LOGGED', ''),
('rewrites', 'CLUSTER big USING big_n', 'big cluster'),
('rewrites', 'TRUNCATE wide', 'wide truncate'),
('rewrites', 'REFRESH MATERIALIZED VIEW mv', 'mv refresh'),
('rewrites', 'VACUUM FULL child', 'child vacuum full'),
('rewrites', 'VACUUM child', ''),
('rewrites', 'DO $x$BEGIN ALTER TABLE big ALTER n TYPE bigint; EXCEPTION WHEN others THEN NULL; END$x$', 'big column type'),
-- indexes
('indexes', 'CREATE INDEX big_v ON big (v)', 'big_v built'),
('indexes', 'CREATE INDEX CONCURRENTLY big_v ON big (v)', 'big_v built'),
('indexes', 'REINDEX TABLE big', 'big_n rebuilt, big_pkey rebuilt'),
('indexes', 'ALTER TABLE big ALTER n TYPE bigint', 'big_n built, big_pkey rebuilt'),
('indexes', 'ALTER TABLE big ADD c int', ''),
('indexes', 'DROP INDEX big_n', ''),
-- scans, with tuples and reason
('scans', 'SELECT 1', ''),
('scans', 'SELECT count(*) FROM big', 'big 1 1000 0 query'),
('scans', 'SET LOCAL enable_seqscan = off; SELECT v FROM big WHERE id = 1', 'big 0 0 1 query'),
('scans', 'CREATE INDEX ON big (v)', 'big 1 1000 0 index build'),
('scans', 'ALTER TABLE big ADD CHECK (n > 0)', 'big 1 1000 0 check'),
('scans', 'ALTER TABLE big ADD CHECK (n > 0) NOT VALID', ''),
('scans', 'ALTER TABLE big ALTER n SET NOT NULL', 'big 1 1000 0 not null'),
('scans', 'ALTER TABLE big ALTER id SET NOT NULL', ''),
('scans', 'ALTER TABLE child ADD FOREIGN KEY (id) REFERENCES big', 'big 1 1000 0 foreign key, child 1 100 0 foreign key'),
('scans', 'ALTER TABLE child ADD FOREIGN KEY (id) REFERENCES big NOT VALID', ''),
('scans', 'ALTER DOMAIN positive ADD CHECK (VALUE > 0)', 'counted 1 20 0 domain constraint'),
('scans', 'LOCK TABLE counted; ALTER DOMAIN positive ADD CHECK (VALUE > 0)', 'counted 1 20 0 domain constraint'),
('scans', 'ALTER TABLE p ATTACH PARTITION ready FOR VALUES FROM (50) TO (60)', 'pdef 1 20 0 default partition, ready 1 1 0 partition bound'),
('scans', 'LOCK TABLE pdef; ALTER TABLE p ATTACH PARTITION ready FOR VALUES FROM (50) TO (60)', 'pdef 1 20 0 default partition, ready 1 1 0 partition bound'),
('scans', 'LOCK TABLE pdef; CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (50) TO (60)', 'pdef 1 20 0 default partition'),
('scans', 'DECLARE c CURSOR FOR SELECT * FROM counted; FETCH ALL FROM c', 'counted 1 20 0 query'),
('scans', 'COPY counted FROM PROGRAM ''echo 1''; COPY counted TO ''/dev/null''', 'counted 1 21 0 query'),
('scans', 'VACUUM FULL counted', 'counted 1 20 0 vacuum full'),
-- rows
('rows', 'SELECT count(*) FROM big', ''),
('rows', 'INSERT INTO child SELECT g FROM generate_series(201, 210) g', 'child 10 0 0'),
('rows', 'UPDATE big SET v = v WHERE id <= 7', 'big 0 7 0'),
('rows', 'DELETE FROM child WHERE id <= 3', 'child 0 0 3'),
('rows', 'ALTER TABLE child DROP CONSTRAINT child_big_fkey, ADD FOREIGN KEY (big) REFERENCES big ON DELETE CASCADE; DELETE FROM big WHERE id <= 5', 'big 0 0 5, child 0 0 5'),
('rows', 'INSERT INTO p VALUES (1), (2), (20)', 'p1 2 0 0, pdef 1 0 0'),
('rows', 'INSERT INTO p VALUES (1), (20); INSERT INTO p VALUES (2), (21)', 'p1 1 0 0, pdef 1 0 0'),
('rows', 'COPY counted FROM PROGRAM ''seq 5''', 'counted 5 0 0'),
('rows', E'LOCK TABLE counted;\nCOPY counted FROM stdin;\n7\n8\n\\.\n', 'counted 2 0 0'),
('rows', 'TRUNCATE wide', ''),
('rows', 'WITH x AS (INSERT INTO child VALUES (300) RETURNING *) SELECT * FROM x', 'child 1 0 0'),
('rows', 'DO $x$BEGIN INSERT INTO child VALUES (300); INSERT INTO child VALUES (301); UPDATE child SET id = id WHERE id > 299; END$x$', 'child 2 2 0'),
-- objects, also those that no hook is told of
('objects', 'SELECT 1', ''),
('objects', 'CREATE TABLE fresh (a int UNIQUE)', 'created table fresh, created table constraint fresh_a_key on fresh, created index fresh_a_key'),
('objects', 'ALTER TABLE big ADD c int', 'created table column big.c'),
('objects', 'DROP TABLE ready', 'dropped table ready'),
('objects', 'DROP SEQUENCE sq', 'dropped sequence sq'),
('objects', 'GRANT SELECT ON big TO pg_monitor', 'altered table big'),
('objects', 'ALTER TABLE big ENABLE ROW LEVEL SECURITY', 'altered table big'),
('objects', 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''SELECT 1''', 'created function f()'),
('objects', 'CREATE TYPE mood AS ENUM (''sad'')', 'created type mood'),
('objects', 'CREATE TEMP TABLE x (a int); DROP TABLE x; SELECT 1', ''),
-- what a rollback does not undo
('leaks', 'SELECT 1', ''),
('leaks', 'SELECT nextval(''sq'')', 'sequence sq'),
('leaks', 'SELECT setval(''sq'', 100)', 'sequence sq'),
('leaks', 'SELECT last_value FROM sq', ''),
('leaks', 'INSERT INTO made_by_default (v) VALUES (1)', 'sequence made_by_default_id_seq, bloat made_by_default'),
('leaks', 'CREATE SEQUENCE mine; SELECT nextval(''mine'')', ''),
('leaks', 'UPDATE big SET v = v WHERE id = 1', 'bloat big'),
('leaks', 'DELETE FROM child WHERE id = 1', ''),
('leaks', 'CREATE TABLE fresh (a int); INSERT INTO fresh VALUES (1)', ''),
('leaks', 'NOTIFY somebody', 'notify somebody'),
('leaks', 'SELECT pg_notify(''somebody'', ''x'')', 'notify -'),
('leaks', 'COPY (SELECT 1) TO ''/dev/null''', 'file /dev/null'),
('leaks', 'COPY (SELECT 1) TO PROGRAM ''cat >/dev/null''', 'program cat >/dev/null'),
('leaks', 'COPY counted FROM PROGRAM ''echo 1''', 'program echo 1, bloat counted'),
('leaks', 'SELECT pg_stat_reset_single_table_counters(''big''::regclass)', 'function pg_stat_reset_single_table_counters'),
('leaks', 'DO $x$BEGIN PERFORM pg_logical_emit_message(false, ''a'', ''b''); END$x$', 'function pg_logical_emit_message'),
('leaks', 'LOAD ''plpgsql''', 'session plpgsql'),
('leaks', 'PREPARE x AS SELECT 1; DEALLOCATE x', 'session x'),
('leaks', 'SET work_mem = ''9MB''', ''),
-- settings in force
('settings', 'SELECT 1', '4s; 0; UTC; dry, public'),
('settings', 'SET lock_timeout = ''1s''; SELECT 1', '1s; 0; UTC; dry, public'),
('settings', 'SET LOCAL statement_timeout = ''90s''; SET TIME ZONE ''Asia/Tokyo''; SET search_path = public; SELECT 1', '4s; 90s; Asia/Tokyo; public'),
('settings', 'SAVEPOINT a; SET lock_timeout = ''1s''; ROLLBACK TO a; SELECT 1', '4s; 0; UTC; dry, public'),
-- status
('status', 'SELECT 1', 'done'),
('status', 'SELECT 1/0', 'failed 22012'),
('status', 'SELECT 1/0; SELECT 1', 'not run'),
('status', 'VACUUM big', 'refused'),
('status', 'CREATE UNIQUE INDEX CONCURRENTLY ON big (v)', 'refused'),
('status', 'CREATE UNIQUE INDEX CONCURRENTLY ON big ((n / 2))', 'failed 23505'),
('status', 'DO ''BEGIN COMMIT; END''', 'failed 2D000 artefact'),
('status', 'DO ''BEGIN COMMIT; END''; SELECT 1/0', 'failed 22012 artefact'),
('status', 'DO ''BEGIN COMMIT; END''; SELECT 1', 'done'),
('status', 'VACUUM big; SELECT 1/0', 'failed 22012'),
('status', 'CREATE TYPE mood AS ENUM (''sad''); BEGIN; ALTER TYPE mood ADD VALUE ''ok''; COMMIT; SELECT ''ok''::mood', 'failed 55P04 artefact'),
('status', 'INSERT INTO child VALUES (300, 1); ALTER TABLE child ADD c int', 'done'),
-- numbers
('more', 'SELECT 1', 'wal false records false temporary false buffers false ms true'),
('more', 'CREATE TABLE fresh (a int)', 'wal true records true temporary false buffers true ms true'),
('more', 'SET LOCAL work_mem = ''64kB''; SELECT count(*) FROM (SELECT g FROM generate_series(1, 50000) g ORDER BY -g) x', 'wal false records false temporary true buffers true ms true');
-- probe: rewrites are stopped, and nothing else
INSERT INTO cases (depth, field, sql, wanted) VALUES
('probe', 'status', 'ALTER TABLE big ALTER n TYPE bigint', 'probed'),
('probe', 'rewrites', 'ALTER TABLE big ALTER n TYPE bigint', 'big column type'),
('probe', 'scans', 'ALTER TABLE big ALTER n TYPE bigint', ''),
('probe', 'indexes', 'ALTER TABLE big ALTER n TYPE bigint', ''),
('probe', 'status', 'ALTER TABLE big ALTER v TYPE varchar', 'done'),
('probe', 'status', 'ALTER TABLE big ADD c timestamptz DEFAULT now()', 'done'),
('probe', 'status', 'DO $x$BEGIN ALTER TABLE big ALTER n TYPE bigint; EXCEPTION WHEN others THEN NULL; END$x$', 'probed'),
('probe', 'status', 'CLUSTER big USING big_n', 'probed'),
('probe', 'status', 'REFRESH MATERIALIZED VIEW mv', 'probed'),
('probe', 'status', 'ALTER TABLE big ADD c serial; SELECT c FROM big', 'failed 42703 artefact'),
('probe', 'scans', 'ALTER TABLE big ADD CHECK (n > 0)', 'big 1 1000 0 check'),
('probe', 'rows', 'INSERT INTO child VALUES (300)', 'child 1 0 0'),
-- lint: nothing is run
('lint', 'status', 'SELECT 1/0', 'predicted'),
('lint', 'locks', 'ALTER TABLE big ALTER n TYPE bigint', 'big Share+~ W, big AccessExclusive+~ R W, big_n AccessExclusive~ R W, big_pkey AccessExclusive~ R W'),
('lint', 'locks', 'SELECT 1', ''),
('lint', 'rewrites', 'ALTER TABLE big ADD c float DEFAULT random()', 'big volatile default'),
('lint', 'rewrites', 'ALTER TABLE big ADD c timestamptz DEFAULT now()', ''),
('lint', 'scans', 'ALTER TABLE counted ADD CHECK (n > 0)', 'counted 1 20 0 check'),
('lint', 'scans', 'ALTER TABLE counted ADD CHECK (n > 0) NOT VALID', ''),
('lint', 'indexes', 'CREATE INDEX ON big (v)', '- built'),
('lint', 'indexes', 'REINDEX INDEX big_n', 'big_n rebuilt'),
('lint', 'objects', 'DROP TABLE child', ''),
('lint', 'leaks', 'SELECT nextval(''sq'')', ''),
('lint', 'more', 'CREATE TABLE fresh (a int)', ''),
('lint', 'settings', 'SET lock_timeout = ''90s''; SET statement_timeout = 1500; SELECT 1', '90s; 1500ms');

CREATE FUNCTION answer(field text, r jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT CASE field WHEN 'locks' THEN locks(r) WHEN 'rewrites' THEN rewrites(r) WHEN 'indexes' THEN indexes(r) WHEN 'scans' THEN scans(r)
		WHEN 'rows' THEN changes(r) WHEN 'objects' THEN objects(r) WHEN 'leaks' THEN leaks(r) WHEN 'settings' THEN setting(r)
		WHEN 'status' THEN status(r) WHEN 'more' THEN more(r) END$$;
SELECT is(answer(c.field, last_row(c.sql, c.depth)), c.wanted, c.depth || ', ' || c.field || ': ' || c.sql) FROM cases c ORDER BY c.n;

-- each of them, and nothing is other than it was
SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'dry'::regnamespace AND relname IN ('fresh', 'large', 'p3')), 0::bigint, 'nothing that was made stays');
SELECT is((SELECT count(*) FROM big) + (SELECT count(*) FROM child) + (SELECT count(*) FROM counted) + (SELECT count(*) FROM p), 1150::bigint, 'no row is more or less');
BEGIN;
LOCK TABLE child IN ACCESS EXCLUSIVE MODE;
SELECT is(changes(last_row('DO $x$BEGIN INSERT INTO child VALUES (300); END$x$', 'execute')), 'child 1 0 0', 'what was locked before is looked at as well');
SELECT is(locks(last_row('INSERT INTO child VALUES (300)', 'execute')), 'child RowExclusive+', 'a weaker lock shows');
SELECT is(locks(last_row('ALTER TABLE child ADD c int', 'execute')), 'child AccessExclusive+~ R W', 'the same is predicted');
ROLLBACK;
BEGIN;
SELECT is(count(*), 6::bigint, 'all of it') FROM migrate_dry_run_sql('ALTER TABLE big ADD c int; DROP TABLE child; CREATE TABLE fresh (a serial); INSERT INTO fresh DEFAULT VALUES; SELECT nextval(''sq''); SELECT 1/0');
SELECT is(array_agg(l.relation::regclass || ' ' || l.mode), '{"sq RowExclusiveLock"}', 'no lock stays but those on sequences')
  FROM pg_locks l JOIN pg_class c ON c.oid = l.relation AND c.relnamespace = 'dry'::regnamespace WHERE l.pid = pg_backend_pid();
COMMIT;

-- sizes
SELECT ok((r->>'old_bytes')::bigint > 0 AND (r->>'new_bytes')::bigint > (r->>'old_bytes')::bigint / 2, 'a rewrite has its sizes')
  FROM jsonb_array_elements(last_row('ALTER TABLE big ALTER n TYPE bigint', 'execute')->'rewrites') r WHERE r->>'kind' = 'table';
SELECT is(r->>'new_bytes', NULL, 'one that was stopped has no new one')
  FROM jsonb_array_elements(last_row('ALTER TABLE big ALTER n TYPE bigint', 'probe')->'rewrites') r WHERE r->>'kind' = 'table';
SELECT ok((r->>'old_bytes')::bigint > pg_relation_size('wide'), 'a size is that of the TOAST table as well')
  FROM jsonb_array_elements(last_row('TRUNCATE wide', 'execute')->'rewrites') r WHERE r->>'kind' = 'table';
SELECT is((i->>'bytes')::bigint, pg_relation_size('big_n'), 'an index has its size')
  FROM jsonb_array_elements(last_row('CREATE INDEX big_n2 ON big (n)', 'execute')->'indexes') i;
-- how long locks are held: to the end of the transaction
SELECT ok(held[1] >= 60 AND held[2] >= 30 AND held[2] < held[1] AND held[3] < 30, 'locks are held to the end of their transaction')
  FROM (SELECT array_agg(held ORDER BY statement) AS held FROM (
	SELECT statement, (locks #>> '{0,held_ms}')::float8 AS held
	  FROM migrate_dry_run_sql('BEGIN; LOCK TABLE big; SELECT pg_sleep(0.03); LOCK TABLE child; SELECT pg_sleep(0.03); COMMIT; LOCK TABLE wide') WHERE locks <> '[]') x) y;

-- the document has the same, and sums
CREATE TABLE doc AS SELECT migrate_dry_run_sql_json('ALTER TABLE big RENAME TO large; CREATE INDEX ON large (v); DROP TABLE child; SELECT nextval(''sq''); SELECT 1/0') AS d;
SELECT is(d->'format', '1', 'format') FROM doc;
SELECT is(d->'failed', 'true', 'failed') FROM doc;
SELECT is((SELECT string_agg(m->>'status' || ' ' || (m->>'statements'), ',') FROM jsonb_array_elements(d->'migrations') m), 'failed 5', 'one text') FROM doc;
SELECT is((SELECT string_agg(s->>'status', ' ' ORDER BY (s->>'statement')::int) FROM jsonb_array_elements(d->'statements') s), 'done done done done failed', 'statements') FROM doc;
SELECT is((SELECT string_agg(concat_ws(' ', r->>'relation', r->>'mode', r->>'statement'), ', ' ORDER BY o) FROM jsonb_array_elements(d->'relations') WITH ORDINALITY _(r, o)),
	'dry.big AccessExclusiveLock 1, dry.child AccessExclusiveLock 3, dry.child_pkey AccessExclusiveLock 3, dry.sq RowExclusiveLock 4', 'relations by their first strongest lock') FROM doc;
SELECT is((SELECT string_agg(l->>'object', ' ') FROM jsonb_array_elements(d->'leaks') l), 'dry.sq', 'leaks') FROM doc;

SELECT * FROM finish();
SET client_min_messages = error;
DROP SCHEMA dry CASCADE;
