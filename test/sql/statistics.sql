-- Sizes of one database's relations, exported and imported in another.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE SCHEMA statistics;
SET search_path = statistics, public;

CREATE TABLE filled (id int PRIMARY KEY, t text);
ALTER TABLE filled ALTER t SET STORAGE EXTERNAL;
INSERT INTO filled SELECT g, repeat('x', 5000) FROM generate_series(1, 100) g;
CREATE INDEX ON filled (t) WHERE id < 0;
VACUUM ANALYZE filled;
CREATE TABLE empty (id int);
CREATE TABLE parted (id int) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
CREATE MATERIALIZED VIEW "odd ""name""" AS SELECT id FROM filled;
CREATE VIEW seen AS SELECT id FROM filled;
CREATE SEQUENCE numbers;
CREATE TEMP TABLE temporary (id int);
CREATE TABLE fresh (id int);

-- never analyzed, in a transaction that has not ended: rows by the pages
BEGIN;
INSERT INTO fresh SELECT g FROM generate_series(1, 10000) g;
CREATE TEMP TABLE exported AS SELECT migrate_statistics_export() AS statistics;
-- it has locked no relation of a user but what the transaction itself wrote
SELECT DISTINCT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
 WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'statistics'::regnamespace;
COMMIT;

SELECT jsonb_object_agg(key, jsonb_typeof(value)) FROM exported, jsonb_each(statistics);
SELECT key, statistics ->> key = v.value AS right
  FROM exported, (VALUES ('database', current_database()::text), ('server_version', current_setting('server_version'))) v (key, value);
SELECT s.key, s.value = current_setting(s.key) AS right FROM exported, jsonb_each_text(statistics -> 'settings') s
 ORDER BY s.key COLLATE "C";
CREATE TEMP VIEW relation AS
	SELECT r.* FROM exported, jsonb_to_recordset(statistics -> 'relations') r
	(schema text, name text, kind text, rows bigint, bytes bigint, toast_bytes bigint, index_bytes bigint);
SELECT name, kind, CASE name WHEN 'fresh' THEN rows BETWEEN 5000 AND 20000 WHEN 'odd "name"' THEN rows BETWEEN 50 AND 400 ELSE rows = CASE name WHEN 'filled' THEN 100 WHEN 'filled_pkey' THEN 100 ELSE 0 END END AS rows_right,
	   bytes = pg_relation_size(format('statistics.%I', name)::regclass) AS bytes_right,
	   toast_bytes > 500000 AS toasted, index_bytes = pg_indexes_size(format('statistics.%I', name)::regclass) AS indexes_right
  FROM relation WHERE schema = 'statistics' ORDER BY name COLLATE "C";
SELECT DISTINCT schema FROM relation WHERE schema IN ('pg_catalog', 'information_schema', 'pg_toast') OR schema LIKE 'pg\_temp%' OR name LIKE 'migrate\_%';

-- there and back
SELECT migrate_statistics_import(statistics) = jsonb_array_length(statistics -> 'relations') AS all_of_them FROM exported;
SELECT s.name, (s.kind, s.rows, s.bytes, s.toast_bytes, s.index_bytes)
		IS NOT DISTINCT FROM (r.kind, r.rows, r.bytes, coalesce(r.toast_bytes, 0), coalesce(r.index_bytes, 0)) AS same
  FROM migrate_statistic s JOIN relation r ON r.schema = s.schema_name AND r.name = s.name
 WHERE s.schema_name = 'statistics' ORDER BY s.name COLLATE "C";
SELECT database = current_database() AS database, server_version = current_setting('server_version') AS version,
	   exported_at::timestamptz <= imported_at AS at, imported_by = session_user AS by
  FROM migrate_statistic_source;

-- another import takes its place
SELECT migrate_statistics_import('{"format": 1, "relations": [{"schema": "a", "name": "b", "kind": "table", "rows": 12.6, "bytes": 8192}, {"name": "c", "schema": "a", "kind": "index"}], "more": [1]}');
SELECT schema_name, name, kind, rows, bytes, toast_bytes, index_bytes FROM migrate_statistic ORDER BY name;
SELECT database, server_version, exported_at FROM migrate_statistic_source;

-- what is not like it is refused, with nothing changed
\set VERBOSITY default
SELECT migrate_statistics_import(NULL);
SELECT migrate_statistics_import('[]');
SELECT migrate_statistics_import('7');
SELECT migrate_statistics_import('null');
SELECT migrate_statistics_import('{}');
SELECT migrate_statistics_import('{"format": 2, "relations": []}');
SELECT migrate_statistics_import('{"format": "1", "relations": []}');
SELECT migrate_statistics_import('{"format": 1}');
SELECT migrate_statistics_import('{"format": 1, "relations": {}}');
SELECT migrate_statistics_import('{"format": 1, "relations": [1]}');
SELECT migrate_statistics_import('{"format": 1, "relations": [[]]}');
SELECT migrate_statistics_import('{"format": 1, "database": {}, "relations": []}');
CREATE FUNCTION one(members text) RETURNS integer LANGUAGE sql
	RETURN migrate_statistics_import(format('{"format": 1, "relations": [{"schema": "x", "name": "y", "kind": "table"}, {%s}]}', members)::jsonb);
\set VERBOSITY terse
\set SHOW_CONTEXT never
DO $$
DECLARE
	members text;
	detail text;
BEGIN
	FOREACH members IN ARRAY ARRAY['', '"schema": "a"', '"schema": "a", "name": ""', '"schema": 1, "name": "b"',
		'"schema": "a", "name": "b"', '"schema": "a", "name": "b", "kind": "view"', '"schema": "a", "name": "b", "kind": null',
		'"schema": "a", "name": "b", "kind": "table", "rows": "1"', '"schema": "a", "name": "b", "kind": "table", "rows": -1',
		'"schema": "a", "name": "b", "kind": "table", "bytes": 1e400', '"schema": "a", "name": "b", "kind": "table", "bytes": 2e18',
		'"schema": "a", "name": "b", "kind": "table", "toast_bytes": true', '"schema": "a", "name": "b", "kind": "table", "index_bytes": []',
		'"schema": "a", "name": "' || repeat('n', 64) || '", "kind": "table"', '"schema": "x", "name": "y", "kind": "index"']
	LOOP
		BEGIN
			PERFORM one(members);
			RAISE WARNING 'imported %', members;
		EXCEPTION WHEN invalid_parameter_value THEN
			GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
			RAISE WARNING '%', detail;
		END;
	END LOOP;
END $$;
SELECT count(*) FROM migrate_statistic;

-- many, and forgotten
SELECT migrate_statistics_import(jsonb_build_object('format', 1, 'relations',
	(SELECT jsonb_agg(jsonb_build_object('schema', 's', 'name', 't' || g, 'kind', 'table', 'rows', g)) FROM generate_series(1, 20000) g)));
BEGIN;
SELECT migrate_statistics_forget();
SELECT count(*) FROM migrate_statistic;
ROLLBACK;
SELECT count(*) FROM migrate_statistic;
SELECT migrate_statistics_forget();
SELECT count(*) FROM migrate_statistic_source;
SELECT migrate_statistics_forget();

-- where nothing can be written
BEGIN READ ONLY;
SELECT jsonb_typeof(migrate_statistics_export());
SAVEPOINT s;
SELECT migrate_statistics_import('{"format": 1, "relations": []}');
ROLLBACK TO s;
SELECT migrate_statistics_forget();
ROLLBACK;

DROP SCHEMA statistics CASCADE;
