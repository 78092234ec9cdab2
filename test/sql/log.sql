-- The log can be appended to only, and whoever edits it all the same is found.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
\set VERBOSITY terse
CREATE SCHEMA log;
SET search_path = log, public;

-- two projects, each with a chain of its own
SET migrate.project = 'log_other';
SELECT migrate_register('1', 'other', 'SELECT 1');
SELECT version FROM migrate_apply();
SET migrate.project = 'log';
SELECT migrate_register(i::text, 'step', 'SELECT 1', 'SELECT 1') FROM generate_series(1, 6) i;
SELECT version FROM migrate_apply('4');
SELECT version FROM migrate_rollback();
SELECT migrate_mark('5', 'by hand');
SELECT migrate_register('6', 'step', 'SELECT 1 / 0', 'SELECT 1');
SET migrate.out_of_order = skip;
SELECT version FROM migrate_apply();
RESET migrate.out_of_order;
SELECT id, event, outcome, version, reason, sqlstate FROM migrate_history ORDER BY id;
SELECT * FROM migrate_verify_log();

-- each entry's hash stands in the next, and the head has the last
SELECT id, previous_hash = coalesce(lag(hash) OVER (ORDER BY id), decode(repeat('00', 32), 'hex')) AS follows,
	   length(hash) AS bytes
  FROM migrate_log WHERE project = 'log' ORDER BY id;
SELECT h.entries, h.hash = l.hash AS same
  FROM migrate_log_head h JOIN migrate_log l ON l.project = h.project AND l.id = h.entries
 WHERE h.project = 'log';

-- refused, also to a superuser and its owner, also if no row is concerned
UPDATE migrate_log SET outcome = 'ok' WHERE project = 'log' AND id = 7;
\echo :LAST_ERROR_SQLSTATE
UPDATE migrate_log SET outcome = 'ok' WHERE false;
DELETE FROM migrate_log WHERE project = 'log' AND id = 7;
\echo :LAST_ERROR_SQLSTATE
TRUNCATE migrate_log;
\echo :LAST_ERROR_SQLSTATE
MERGE INTO migrate_log l USING (VALUES (7)) v(id) ON l.id = v.id AND l.project = 'log' WHEN MATCHED THEN DELETE;
INSERT INTO migrate_log SELECT * FROM migrate_log WHERE project = 'log' AND id = 1 ON CONFLICT (project, id) DO UPDATE SET outcome = 'failed';
BEGIN;
SET LOCAL session_replication_role = replica;
-- the trigger fires for a replica too, or it is found afterwards: not both silent
UPDATE migrate_log SET outcome = 'ok' WHERE project = 'log' AND id = 7;
RESET session_replication_role;
SELECT count(*) > 0 AS found FROM migrate_verify_log();
ROLLBACK;

-- as owner with the trigger off; every case is undone by a rollback
CREATE FUNCTION tamper(what text) RETURNS TABLE (project text, id bigint, problem text) LANGUAGE plpgsql AS $$
BEGIN
	ALTER TABLE migrate_log DISABLE TRIGGER ALL;
	EXECUTE what;
	RETURN QUERY SELECT v.project, v.id, v.problem FROM migrate_verify_log() v;
END $$;
-- every column counts
DO $$
DECLARE
	c record;
	what text;
	found text;
	columns int := 0;
BEGIN
	FOR c IN SELECT attname, atttypid::regtype::text AS type FROM pg_attribute
			  WHERE attrelid = 'migrate_log'::regclass AND attnum > 0
	LOOP
		what := format('UPDATE migrate_log SET %I = %s WHERE project = ''log'' AND id = 3', c.attname,
			CASE WHEN c.attname = 'outcome' THEN '''failed'''
				 WHEN c.attname = 'project' THEN '''log2'''
				 WHEN c.attname = 'id' THEN '99'
				 WHEN c.type = 'text' THEN format('coalesce(%I, '''') || ''x''', c.attname)
				 WHEN c.type = 'bytea' THEN format('sha256(coalesce(%I, ''''))', c.attname)
				 WHEN c.type IN ('integer', 'bigint') THEN format('coalesce(%I, 0) + 1', c.attname)
				 WHEN c.type LIKE 'timestamp%' THEN format('%I + interval ''1 us''', c.attname)
				 WHEN c.type = 'pg_lsn' THEN '''0/1'''
			END);
		BEGIN
			SELECT string_agg(t.problem, '; ') INTO found FROM tamper(what) t;
			RAISE EXCEPTION USING ERRCODE = 'UNDO1';
		EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
			columns := columns + 1;
			IF found IS NULL THEN
				RAISE WARNING 'not found: %', what;
			END IF;
		END;
	END LOOP;
	RAISE WARNING 'edited % of % columns', columns, (SELECT relnatts FROM pg_class WHERE oid = 'migrate_log'::regclass);
END $$;
-- NULL is not the empty text, nor does a text move over to the next column
BEGIN;
SELECT * FROM tamper($$UPDATE migrate_log SET reason = '' WHERE project = 'log' AND id = 3$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$UPDATE migrate_log SET message = 'division by ', detail = 'zero' WHERE project = 'log' AND sqlstate = '22012'$$);
ROLLBACK;
-- delete one in the middle, two, the first, the last, all
BEGIN;
SELECT * FROM tamper($$DELETE FROM migrate_log WHERE project = 'log' AND id = 3$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$DELETE FROM migrate_log WHERE project = 'log' AND id IN (3, 4)$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$DELETE FROM migrate_log WHERE project = 'log' AND id = 1$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$DELETE FROM migrate_log WHERE project = 'log' AND id = 7$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$DELETE FROM migrate_log WHERE project = 'log'$$);
ROLLBACK;
-- delete one and close the gap in the numbers
BEGIN;
SELECT * FROM tamper($$DELETE FROM migrate_log WHERE project = 'log' AND id = 3;
	UPDATE migrate_log SET id = id - 1 WHERE project = 'log' AND id = 4;
	UPDATE migrate_log SET id = id - 1 WHERE project = 'log' AND id = 5;
	UPDATE migrate_log SET id = id - 1 WHERE project = 'log' AND id = 6;
	UPDATE migrate_log SET id = id - 1 WHERE project = 'log' AND id = 7$$);
ROLLBACK;
-- swap two
BEGIN;
SELECT * FROM tamper($$UPDATE migrate_log SET id = 99 WHERE project = 'log' AND id = 2;
	UPDATE migrate_log SET id = 2 WHERE project = 'log' AND id = 3;
	UPDATE migrate_log SET id = 3 WHERE project = 'log' AND id = 99$$);
ROLLBACK;
-- put one in at the end, as a copy of another
BEGIN;
SELECT * FROM tamper($$INSERT INTO migrate_log SELECT (json_populate_record(l, json_build_object('id', 8))).*
	FROM migrate_log l WHERE project = 'log' AND id = 7$$);
ROLLBACK;
-- replace an entry by one of another project
BEGIN;
SELECT * FROM tamper($$DELETE FROM migrate_log WHERE project = 'log' AND id = 1;
	UPDATE migrate_log SET project = 'log' WHERE project = 'log_other'$$);
ROLLBACK;
-- the head
BEGIN;
SELECT * FROM tamper($$UPDATE migrate_log_head SET entries = 6 WHERE project = 'log'$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$UPDATE migrate_log_head SET entries = 8 WHERE project = 'log'$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$UPDATE migrate_log_head SET hash = sha256('x') WHERE project = 'log'$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$UPDATE migrate_log_head SET hash = '\x00' WHERE project = 'log'$$);
ROLLBACK;
BEGIN;
SELECT * FROM tamper($$DELETE FROM migrate_log_head WHERE project = 'log'$$);
ROLLBACK;
-- shorten both: the last entry is gone and the head says six, with its old hash
BEGIN;
SELECT * FROM tamper($$DELETE FROM migrate_log WHERE project = 'log' AND id = 7;
	UPDATE migrate_log_head SET entries = 6 WHERE project = 'log'$$);
ROLLBACK;

-- appended to what was edited, the break stays where it was
BEGIN;
SELECT * FROM tamper($$UPDATE migrate_log SET message = 'all is well' WHERE project = 'log' AND id = 3$$);
ALTER TABLE migrate_log ENABLE TRIGGER ALL;
SELECT migrate_unmark('5', 'was not run');
SELECT * FROM migrate_verify_log();
ROLLBACK;

-- after all that it is sound
SELECT * FROM migrate_verify_log();

-- who, from where, with what: filled in
SELECT DISTINCT session_role = session_user AS session_role, acting_role = current_user AS acting_role,
	   application LIKE 'pg_regress%' AS application, pid = pg_backend_pid() AS pid,
	   server_version = current_setting('server_version_num')::int AS server_version,
	   wal_lsn <= pg_current_wal_insert_lsn() AS lsn,
	   started_at <= finished_at AS took_time, finished_at <= clock_timestamp() AS past
  FROM migrate_history;
DROP SCHEMA log CASCADE;
