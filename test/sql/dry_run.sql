-- The dry run: which rows there are, what it refuses, and that nothing stays.
-- What is measured of each statement is tested elsewhere.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'dry_run';
CREATE SCHEMA dry_run;
SET search_path = dry_run, public;
\pset null (null)
\set SHOW_CONTEXT never
CREATE TABLE customer (id integer PRIMARY KEY, name text);
INSERT INTO customer SELECT i, 'c' || i % 400 FROM generate_series(1, 500) i;
CREATE FUNCTION run(sql text, depth text DEFAULT 'execute')
	RETURNS TABLE (statement integer, line integer, command text, status text, artefact boolean, sqlstate text, message text, reason text)
	LANGUAGE sql AS $$SELECT statement, line, command, status, artefact, sqlstate, message, reason FROM migrate_dry_run_sql(sql, depth)$$;

-- arguments
SELECT * FROM migrate_dry_run_sql(NULL);
SELECT * FROM migrate_dry_run_sql('SELECT 1', NULL);
SELECT * FROM migrate_dry_run_sql('SELECT 1', 'deep');
SELECT * FROM migrate_dry_run('7');
-- nothing to do
SELECT * FROM migrate_dry_run();
SELECT * FROM migrate_dry_run_sql('');
SELECT * FROM migrate_dry_run_sql('-- nothing', 'lint');
SELECT migrate_dry_run_json() - 'server_version';
SELECT migrate_dry_run_sql_json('', 'lint') - 'server_version';

-- all columns, of each depth
\x on
SELECT statement, line, command, query, script, status, reason, substitute, sqlstate, message, detail, hint, error_line, artefact, transaction,
	ms > 0 AS ms, lock_wait_ms, wal_bytes > 0 AS wal_bytes, wal_records > 0 AS wal_records, wal_fpi >= 0 AS wal_fpi, buffers_hit > 0 AS buffers_hit,
	buffers_read >= 0 AS buffers_read, buffers_dirtied >= 0 AS buffers_dirtied, buffers_written >= 0 AS buffers_written, temporary_bytes,
	(SELECT jsonb_agg(l - 'held_ms' ORDER BY n) FROM jsonb_array_elements(locks) WITH ORDINALITY _(l, n) WHERE l->>'relation' NOT LIKE 'pg_toast%') AS locks,
	waits_for, (SELECT jsonb_agg(r - '{old_bytes,new_bytes}'::text[] ORDER BY n) FROM jsonb_array_elements(rewrites) WITH ORDINALITY _(r, n)) AS rewrites,
	(SELECT jsonb_agg(i - 'bytes' ORDER BY n) FROM jsonb_array_elements(indexes) WITH ORDINALITY _(i, n)) AS indexes,
	scans, rows, objects, settings - '{TimeZone}'::text[] AS settings, leaks
  FROM migrate_dry_run_sql(E'-- one\nALTER TABLE customer ALTER COLUMN name TYPE varchar(20);\nUPDATE customer SET name = \'x\' WHERE id <= 10');
SELECT line, command, status, reason, ms > 0 AS ms, rows, (SELECT jsonb_agg(r - 'old_bytes' ORDER BY n) FROM jsonb_array_elements(rewrites) WITH ORDINALITY _(r, n)) AS rewrites
  FROM migrate_dry_run_sql(E'-- one\nALTER TABLE customer ALTER COLUMN id TYPE bigint', 'probe');
SELECT line, command, status, reason, ms, wal_bytes, temporary_bytes, (SELECT jsonb_agg(r - 'old_bytes' ORDER BY n) FROM jsonb_array_elements(rewrites) WITH ORDINALITY _(r, n)) AS rewrites,
	(SELECT jsonb_agg(l ORDER BY n) FROM jsonb_array_elements(locks) WITH ORDINALITY _(l, n) WHERE l->>'relation' NOT LIKE 'pg_toast%') AS locks, settings, leaks
  FROM migrate_dry_run_sql(E'-- one\nSET lock_timeout = \'3s\';\nALTER TABLE customer ALTER COLUMN id TYPE bigint', 'lint');
\x off

-- what fails, and what comes after
SELECT * FROM run(E'SELECT 1;\nSELECT 1/0;\nSELECT 2');
SELECT * FROM run(E'SELECT 1;\nSELEC 2;');
SELECT * FROM run(E'SELECT 1;\nSELEC 2;', 'lint');
SELECT * FROM run(E'SELECT 1;\nSELECT "');
SELECT error_line, line, message FROM migrate_dry_run_sql(E'\nSELECT\n1,\n nowhere') ;
-- what only the end of a transaction would say
SELECT * FROM run(E'CREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO self VALUES (1, 2);');
SELECT * FROM run(E'BEGIN;\nCREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO self VALUES (1, 2);\nCOMMIT;\nSELECT 1');
-- blocks and savepoints
SELECT * FROM run(E'BEGIN;\nCREATE TABLE one (a int);\nSAVEPOINT s;\nINSERT INTO one VALUES (1);\nROLLBACK TO s;\nSELECT 1 / (1 - count(*)) FROM one;\nCOMMIT;\nBEGIN;\nDROP TABLE customer;\nROLLBACK;\nSELECT 1 / 500 FROM customer');
SELECT * FROM run(E'BEGIN;\nROLLBACK TO nowhere;\nSELECT 1;\nCOMMIT;');

-- what refuses a transaction is not run, but for what can be in another form
SELECT statement, command, status, substitute, sqlstate, message, reason FROM migrate_dry_run_sql($$VACUUM customer; CREATE DATABASE nowhere; DROP DATABASE nowhere; ALTER SYSTEM SET work_mem = '5MB';
	CREATE TABLESPACE nowhere LOCATION '/nowhere'; CREATE SUBSCRIPTION nowhere CONNECTION 'host=/nowhere' PUBLICATION nowhere;
	REINDEX SCHEMA dry_run; CREATE INDEX CONCURRENTLY customer_name ON customer (name); REINDEX INDEX CONCURRENTLY customer_name;
	DROP INDEX CONCURRENTLY customer_name; CREATE UNIQUE INDEX CONCURRENTLY ON customer (name); SELECT 1$$);
SELECT count(*) AS databases FROM pg_database WHERE datname = 'nowhere';
SELECT * FROM run('DISCARD ALL');
SELECT * FROM run('SELECT 1; COMMIT PREPARED ''x''');
-- what is missing because it was not done is no fault of a later statement
SELECT * FROM run(E'DO $x$BEGIN CREATE TABLE made (a int); COMMIT; END$x$;\nSELECT * FROM made;\nSELECT 1/0;\nSELECT 1');
-- ... but what VACUUM leaves undone is not missed
SELECT * FROM run(E'VACUUM customer;\nSELECT * FROM nowhere;\nSELECT 1');
SELECT * FROM run(E'CREATE TYPE mood AS ENUM (''sad'');\nBEGIN; ALTER TYPE mood ADD VALUE ''ok'';\nCOMMIT; SELECT ''ok''::mood;\nSELECT 1/0');
-- nothing inside of it may begin another
SELECT * FROM run('SELECT migrate_dry_run_sql(''SELECT 1'')');
SELECT * FROM run('SELECT migrate_apply()');

-- a plan, with all that belongs to it
SELECT migrate_register('1', 'one', E'CREATE TABLE one (id int PRIMARY KEY);\nINSERT INTO one SELECT generate_series(1, 10)', 'DROP TABLE one', 'SELECT count(*) = 10 FROM one');
SELECT migrate_register('2', 'two', E'CREATE INDEX CONCURRENTLY one_two ON one (id);\nSELECT 1', 'DROP INDEX one_two', 'SELECT count(*) = 11 FROM one');
SELECT migrate_register('3', 'three', 'DROP TABLE one');
SELECT step, version, name, script, statement, command, status, transaction, sqlstate, message FROM migrate_dry_run();
SELECT step, version, script, statement, command, status FROM migrate_dry_run('1');
SELECT step, version, script, statement, command, status FROM migrate_dry_run(depth => 'lint');
SELECT version FROM migrate_apply('1');
SELECT step, version, script, statement, command, status FROM migrate_dry_run('base');
SELECT step, version, script, statement, command, status FROM migrate_dry_run('-1', 'lint');
-- ... as a document
SELECT key, CASE WHEN jsonb_typeof(value) IN ('array', 'object') THEN jsonb_typeof(value) ELSE value::text END AS value
  FROM jsonb_each(migrate_dry_run_json('2')) WHERE key <> 'server_version' ORDER BY key COLLATE "C";
SELECT jsonb_agg(DISTINCT k.key COLLATE "C") FROM jsonb_array_elements(migrate_dry_run_json('2')->'migrations') m, jsonb_object_keys(m) k(key);
-- ... with the same fields as the rows
SELECT (SELECT array_agg(k COLLATE "C" ORDER BY k COLLATE "C") FROM jsonb_object_keys(migrate_dry_run_json('2') #> '{statements,0}') k) =
	(SELECT array_agg(a COLLATE "C" ORDER BY a COLLATE "C") FROM pg_proc p, unnest(p.proargnames, p.proargmodes) _(a, m) WHERE p.proname = 'migrate_dry_run' AND m = 'o') AS same;

-- hooks and repeatables are run as well
SELECT migrate_unregister(v) FROM unnest('{2,3}'::text[]) v;
SELECT action FROM migrate_register_file('dry/first.sql', E'-- migrate:repeatable before-run\n-- migrate:up\nCREATE TABLE hello (a int);\n');
SELECT action FROM migrate_register_file('dry/each.sql', E'-- migrate:repeatable after-each\n-- migrate:up\nINSERT INTO hello VALUES (1);\n');
SELECT action FROM migrate_register_file('dry/last.sql', E'-- migrate:repeatable after-run\n-- migrate:up\nSELECT 1 / (count(*) - 2) FROM hello;\n');
SELECT action FROM migrate_register_file('dry/R__ones.sql', 'CREATE OR REPLACE VIEW ones AS SELECT * FROM customer');
SELECT migrate_register('5', 'five', 'SELECT 5');
SELECT step, version, name, script, command, status, line, message FROM migrate_dry_run();
SELECT migrate_unregister('5');

-- nothing of all this stays
SELECT migrate_current();
SELECT version, state FROM migrate_status ORDER BY version COLLATE "C";
SELECT count(*) AS failures FROM migrate_history WHERE version <> '1';
SELECT relname FROM pg_class WHERE relnamespace = 'dry_run'::regnamespace ORDER BY relname COLLATE "C";
SELECT locktype, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype NOT IN ('relation', 'virtualxid');
BEGIN;
SELECT count(*) FROM migrate_dry_run();
SELECT locktype, relation::regclass, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype NOT IN ('virtualxid', 'transactionid') AND (relation IS NULL OR relation >= 16384);
COMMIT;

-- what a script leaves in the session does not stay, or it is said to
PREPARE mine AS SELECT 1;
SET work_mem = '5MB';
SELECT pg_advisory_lock(41);
SELECT command, status, leaks FROM migrate_dry_run_sql($$SET work_mem = '7MB'; SET LOCAL enable_seqscan = off; SET ROLE pg_monitor; LISTEN dry; PREPARE theirs AS SELECT 1; RESET ROLE;
	CREATE TEMP TABLE gone (a int); SELECT pg_advisory_lock(42); SELECT pg_advisory_unlock(41); SELECT pg_advisory_xact_lock(43);
	DECLARE c CURSOR WITH HOLD FOR SELECT 1; NOTIFY dry, 'x'; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET SESSION AUTHORIZATION pg_monitor; RESET ALL$$);
SELECT name, setting FROM pg_settings WHERE name IN ('work_mem', 'enable_seqscan', 'role', 'lock_timeout', 'deadlock_timeout', 'log_lock_waits', 'default_transaction_read_only') ORDER BY name COLLATE "C";
SELECT session_user = current_user AS myself;
SELECT name FROM pg_prepared_statements;
SELECT name FROM pg_cursors WHERE name <> '';
SELECT pg_listening_channels();
SELECT objid, mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT pg_advisory_unlock(41);
RESET work_mem;
BEGIN;
SET LOCAL work_mem = '6MB';
SELECT count(*) FROM migrate_dry_run_sql('SET work_mem = ''7MB''; RESET ALL');
SHOW work_mem;
COMMIT;
CREATE SEQUENCE counter;
SELECT command, leaks FROM migrate_dry_run_sql($$SELECT nextval('counter'); SELECT nextval('counter'); UPDATE customer SET name = name WHERE id = 1; DELETE FROM customer WHERE id = 1;
	SELECT pg_logical_emit_message(false, 'a', 'b'); DEALLOCATE ALL; CHECKPOINT; DISCARD PLANS$$);
SELECT nextval('counter');

-- where it may not be called
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM migrate_dry_run();
ROLLBACK;
BEGIN READ ONLY;
SELECT * FROM migrate_dry_run_sql('SELECT 1');
ROLLBACK;
-- ... but lint's depth
BEGIN READ ONLY;
SELECT status FROM migrate_dry_run_sql('SELECT 1', 'lint');
ROLLBACK;
-- who may, and as whom
CREATE ROLE regress_migrate_dry;
GRANT USAGE ON SCHEMA dry_run TO regress_migrate_dry;
SET ROLE regress_migrate_dry;
SELECT * FROM migrate_dry_run();
SELECT * FROM migrate_dry_run_sql('SELECT 1', 'lint');
SELECT migrate_dry_run_json();
SELECT migrate_dry_run_sql_json('SELECT 1');
RESET ROLE;
GRANT EXECUTE ON FUNCTION migrate_dry_run_sql(text, text), migrate_dry_run(text, text) TO regress_migrate_dry;
SET ROLE regress_migrate_dry;
SELECT * FROM run('SELECT current_user::text::int');
SELECT * FROM run('DROP TABLE customer');
SELECT * FROM run('RESET ROLE; DROP TABLE customer');
RESET ROLE;
-- a superuser does not run for anybody else
GRANT EXECUTE ON FUNCTION migrate_register(text, text, text, text, text, text[]) TO regress_migrate_dry;
SET SESSION AUTHORIZATION regress_migrate_dry;
SET migrate.project = 'dry_run';
SELECT migrate_register('4', 'four', 'SELECT 1');
RESET SESSION AUTHORIZATION;
SELECT * FROM migrate_dry_run();

SELECT migrate_unregister('4');
DROP OWNED BY regress_migrate_dry;
DROP ROLE regress_migrate_dry;
SET client_min_messages = error;
DROP SCHEMA dry_run CASCADE;
